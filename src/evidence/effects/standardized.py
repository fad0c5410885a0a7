"""What standardized effects share: pooled SD, small-sample correction, large-sample variance."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from evidence.effects.checked import Array, above, at_least, choice, numbers, plain

Convention = Literal["exact", "metapsy"]
CONVENTIONS: tuple[Convention, ...] = ("exact", "metapsy")

_SERIES_FROM_DF = 300
"""From here on differences of log gamma lose more digits than the series leaves out."""


def small_sample_correction(df: ArrayLike, *, convention: Convention = "exact") -> float | Array:
    """Correction J for the small-sample bias of a standardized effect.

    Parameters
    ----------
    df : float or array
        Degrees of freedom of the SD, above 1: n_1 + n_2 - 2 for two arms, n - 1 for one.
    convention : {"exact", "metapsy"}
        "exact" by the gamma function (Hedges 1981, eq. 6e); "metapsy" by the approximation
        1 - 3 / (4 df - 1), which for two arms is 1 - 3 / (4 N - 9) (Hedges 1981, eq. 6f).

    Returns
    -------
    float or ndarray
        Factor between 0 and 1 by which the effect is multiplied.

    Raises
    ------
    ParameterError
        For df of 1 or less, a missing value, an unknown convention.

    Examples
    --------
    >>> round(small_sample_correction(30), 6)
    0.974754
    """
    choice("convention", convention, CONVENTIONS)
    df = above("df", df, 1)
    if convention == "metapsy":
        return plain(1 - 3 / (4 * df - 1))  # Hedges 1981, eq. 6f
    half = (df - 1) / 2
    near = np.minimum(half, _SERIES_FROM_DF)
    by_gamma = np.exp(gammaln(near + 0.5) - gammaln(near))
    far = np.maximum(half, 1.0)
    # expansion of gamma(x + 1/2) / gamma(x) in 1/x (Tricomi and Erdelyi 1951)
    by_series = np.sqrt(far) * (
        1 - 1 / (8 * far) + 1 / (128 * far**2) + 5 / (1024 * far**3) - 21 / (32768 * far**4)
    )
    ratio = np.where(df < _SERIES_FROM_DF, by_gamma, by_series)
    return plain(ratio / np.sqrt(df / 2))  # Hedges 1981, eq. 6e


def pooled_sd(sd_1: ArrayLike, n_1: ArrayLike, sd_2: ArrayLike, n_2: ArrayLike) -> float | Array:
    """Pooled SD of two arms.

    Parameters
    ----------
    sd_1, sd_2 : float or array
        SDs, 0 or more, in points of the instrument.
    n_1, n_2 : float or array
        Participants behind each SD, 2 or more.

    Returns
    -------
    float or ndarray
        sqrt(((n_1 - 1) sd_1^2 + (n_2 - 1) sd_2^2) / (n_1 + n_2 - 2)), Hedges 1981, eq. 3.

    Raises
    ------
    ParameterError
        For a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> pooled_sd(3.0, 11, 3.0, 21)
    3.0
    """
    sd_1, n_1 = at_least("sd_1", sd_1, 0), at_least("n_1", n_1, 2)
    sd_2, n_2 = at_least("sd_2", sd_2, 0), at_least("n_2", n_2, 2)
    # Hedges 1981, eq. 3; as a weighted mean of squared ratios, so that no square overflows
    largest = np.maximum(sd_1, sd_2)
    scale = np.where(largest > 0, largest, 1.0)
    squares = (n_1 - 1) * (sd_1 / scale) ** 2 + (n_2 - 1) * (sd_2 / scale) ** 2
    return plain(scale * np.sqrt(squares / (n_1 + n_2 - 2)))


class Moments(NamedTuple):
    """Participants of an arm with mean and SD of their scores."""

    n: float
    mean: float
    sd: float


def combined_arms(arms: Sequence[Moments]) -> Moments:
    """Combine arms into one, as if their participants had been in the same.

    Parameters
    ----------
    arms : sequence of Moments
        One or more; each with 1 participant or more.

    Returns
    -------
    Moments
        The sum of the sizes, the mean of all and the SD of all: for two arms the formula of the
        Cochrane Handbook 2019, 6.5.2.10; for more the same applied again, by sums of squares.

    Raises
    ------
    ParameterError
        For no arm, an arm below 1, fewer than 2 participants in all, a negative SD, a missing
        value.

    Examples
    --------
    >>> [round(float(one), 3) for one in combined_arms([Moments(27, -3.184, 1.474),
    ...                                                 Moments(71, 12.281, 4.158)])]
    [98.0, 8.02, 7.829]
    """
    n = at_least("n", [one.n for one in arms], 1)
    mean, sd = (
        numbers("mean", [one.mean for one in arms]),
        at_least("sd", [one.sd for one in arms], 0),
    )
    total = float(at_least("n together", n.sum(), 2))
    center = float((n * mean).sum() / total)
    squares = ((n - 1) * sd**2 + n * (mean - center) ** 2).sum()
    return Moments(total, center, float(np.sqrt(squares / (total - 1))))


def large_sample_variance(d: Array, n_1: Array, n_2: Array) -> Array:
    """Variance of a standardized difference, with d or g as the estimate of its size."""
    with np.errstate(over="ignore"):
        # Hedges and Olkin 1985, p. 86, eq. 14
        return np.asarray(1 / n_1 + 1 / n_2 + d**2 / (2 * (n_1 + n_2)))
