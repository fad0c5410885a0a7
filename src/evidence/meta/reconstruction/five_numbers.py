"""Means and SDs from medians, quartiles and ranges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from evidence.errors import ParameterError
from evidence.meta.effect_size import Array, above, at_least, numbers, plain, whole

Spread = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class EstimatedMoments:
    """A mean and an SD estimated from a summary, under a normal distribution of the scores.

    Attributes
    ----------
    mean, sd : float or ndarray
        In points of the instrument.
    skewness, critical : float or ndarray
        Statistic of the test for skewness, 0 for a symmetric summary, and its critical value at a
        level of 5%.
    skewed : bool or ndarray
        Whether the statistic exceeds it; then mean and SD should not be used.
    """

    mean: float | Array
    sd: float | Array
    skewness: float | Array
    critical: float | Array
    skewed: bool | NDArray[np.bool_]


def moments_from_quantiles(
    n: ArrayLike,
    median: ArrayLike,
    *,
    minimum: ArrayLike | None = None,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
) -> EstimatedMoments:
    """Estimate mean and SD from the median with the range, the quartiles, or both.

    Parameters
    ----------
    n : float or array
        Participants behind the summary, 5 or more.
    median : float or array
        In points of the instrument.
    minimum, maximum : float or array, optional
        Smallest and largest score; both or neither.
    q1, q3 : float or array, optional
        Quartiles; both or neither. One of the two pairs is needed.

    Returns
    -------
    EstimatedMoments
        Given even where the test finds skewness: `skewed` has to be looked at.

    Raises
    ------
    ParameterError
        For numbers that are out of order, one of a pair alone, neither pair, a range or quartiles
        that coincide, fewer than 5 participants, a missing value.

    Notes
    -----
    Mean: Luo et al. (2018), Stat Methods Med Res 27:1785. SD: Wan et al. (2014), BMC Med Res
    Methodol 14:135, and for all five numbers Shi et al. (2020), Res Synth Methods 11:641. Test for
    skewness: Shi et al. (2023), Stat Methods Med Res 32:1338.

    Examples
    --------
    >>> found = moments_from_quantiles(66, 8, q1=4, q3=13)
    >>> round(found.mean, 3), round(found.sd, 3), found.skewed
    (8.353, 6.821, False)
    """
    size, middle = whole("n", n, 5), numbers("median", median)
    extremes = _pair("minimum", minimum, "maximum", maximum)
    quartiles = _pair("q1", q1, "q3", q3)
    _refuse_disorder(middle, extremes, quartiles)
    if extremes is not None and quartiles is not None:
        return _from_all(size, middle, extremes, quartiles)
    if quartiles is not None:
        return _from_quartiles(size, middle, quartiles)
    if extremes is not None:
        return _from_range(size, middle, extremes)
    raise ParameterError("q1", None, "the quartiles or the range beside the median")


def _from_range(n: Array, median: Array, extremes: Spread) -> EstimatedMoments:
    share = 4 / (4 + n**0.75)  # Luo et al. (2018)
    return _moments(
        share * _middle(extremes) + (1 - share) * median,
        _width(extremes) / _expected_range(n),
        _asymmetry(extremes, median),
        1.01 / np.log(n + 9) + 2.43 / (n + 1),  # Shi et al. (2023)
    )


def _from_quartiles(n: Array, median: Array, quartiles: Spread) -> EstimatedMoments:
    share = 0.7 + 0.39 / n  # Luo et al. (2018)
    return _moments(
        share * _middle(quartiles) + (1 - share) * median,
        _width(quartiles) / _expected_quartiles(n),
        _asymmetry(quartiles, median),
        2.66 / np.sqrt(n) - 5.92 / n**2,  # Shi et al. (2023)
    )


def _from_all(n: Array, median: Array, extremes: Spread, quartiles: Spread) -> EstimatedMoments:
    # Luo et al. (2018)
    of_range, of_quartiles = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = of_range * _middle(extremes) + of_quartiles * _middle(quartiles)
    # Shi et al. (2020)
    by_range = 1 / (1 + 0.07 * n**0.6)
    sd = by_range * _width(extremes) / _expected_range(n)
    sd += (1 - by_range) * _width(quartiles) / _expected_quartiles(n)
    # Shi et al. (2023)
    range_factor = 2.65 * np.log(0.6 * n) / np.sqrt(n)
    return _moments(
        mean + (1 - of_range - of_quartiles) * median,
        sd,
        np.maximum(range_factor * _asymmetry(extremes, median), _asymmetry(quartiles, median)),
        2.97 / np.sqrt(n) - 39.1 / n**3,
    )


def _expected_range(n: Array) -> Array:
    """Range of n standard normal scores to expect; Wan et al. (2014)."""
    return np.asarray(2 * ndtri((n - 0.375) / (n + 0.25)))


def _expected_quartiles(n: Array) -> Array:
    """Distance of the quartiles of n standard normal scores to expect; Wan et al. (2014)."""
    return np.asarray(2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _pair(
    low_name: str, low: ArrayLike | None, high_name: str, high: ArrayLike | None
) -> Spread | None:
    if low is None and high is None:
        return None
    if low is None:
        raise ParameterError(low_name, None, f"a number, since {high_name} is given")
    if high is None:
        raise ParameterError(high_name, None, f"a number, since {low_name} is given")
    pair = numbers(low_name, low), numbers(high_name, high)
    above(f"{high_name} - {low_name}", pair[1] - pair[0], 0)
    return pair


def _refuse_disorder(median: Array, extremes: Spread | None, quartiles: Spread | None) -> None:
    if quartiles is not None:
        at_least("median - q1", median - quartiles[0], 0)
        at_least("q3 - median", quartiles[1] - median, 0)
    if extremes is not None:
        inner = (median, median) if quartiles is None else quartiles
        at_least("the first number after minimum, less minimum", inner[0] - extremes[0], 0)
        at_least("maximum less the last number before it", extremes[1] - inner[1], 0)


def _middle(pair: Spread) -> Array:
    return (pair[0] + pair[1]) / 2


def _width(pair: Spread) -> Array:
    return pair[1] - pair[0]


def _asymmetry(pair: Spread, median: Array) -> Array:
    return np.abs(2 * (_middle(pair) - median)) / _width(pair)


def _moments(mean: Array, sd: Array, statistic: Array, critical: Array) -> EstimatedMoments:
    statistic, critical = np.broadcast_arrays(statistic, critical)
    skewed = np.asarray(statistic > critical)
    return EstimatedMoments(
        mean=plain(mean),
        sd=plain(sd),
        skewness=plain(statistic),
        critical=plain(critical),
        skewed=bool(skewed) if skewed.ndim == 0 else skewed,
    )
