"""Effect sizes: functions of plain numbers and arrays, without files or frames.

What they share stands here: the value and sampling variance that every one returns, the checks of
arguments on the way in and of effects on the way out, what standardized effects have in common
(pooled SD, small-sample correction, large-sample variance), and several effects of one trial as
one, where an analysis takes one effect per trial.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from evidence.errors import ParameterError, check_choice
from evidence.terms import Convention


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect size with its sampling variance.

    Attributes
    ----------
    value, variance : float or ndarray
        Both scalars, or both arrays of the broadcast shape of the arguments.
    """

    value: float | NDArray[np.float64]
    variance: float | NDArray[np.float64]

    @property
    def se(self) -> float | NDArray[np.float64]:
        """Standard error, the square root of the variance."""
        root = np.sqrt(self.variance)
        return float(root) if np.ndim(root) == 0 else root


Array = NDArray[np.float64]


def numbers(name: str, value: ArrayLike) -> Array:
    """Finite numbers as an array of floats; text is refused, since "1,5" has two readings."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        # None and the missing value of nullable pandas columns arrive as objects.
        try:
            array = array.astype(np.float64)
        except (OverflowError, TypeError, ValueError):
            raise ParameterError(name, value, "numbers, none missing") from None
    if array.dtype.kind not in "iuf":
        raise ParameterError(name, value, "numbers")
    array = array.astype(np.float64)
    return _accepted(name, array, np.isfinite(array), "finite numbers, none missing")


def at_least(name: str, value: ArrayLike, minimum: float) -> Array:
    """Finite numbers not below a minimum."""
    array = numbers(name, value)
    return _accepted(name, array, array >= minimum, f"{minimum:g} or more")


def whole(name: str, value: ArrayLike, minimum: float) -> Array:
    """Whole numbers not below a minimum."""
    array = at_least(name, value, minimum)
    return _accepted(name, array, array == np.floor(array), "whole numbers")


def above(name: str, value: ArrayLike, bound: float) -> Array:
    """Finite numbers above a bound."""
    array = numbers(name, value)
    return _accepted(name, array, array > bound, f"above {bound:g}")


def between(name: str, value: ArrayLike, low: float, high: float) -> Array:
    """Finite numbers from low to high, both included."""
    array = numbers(name, value)
    return _accepted(name, array, (array >= low) & (array <= high), f"from {low:g} to {high:g}")


def inside(name: str, value: ArrayLike, low: float, high: float) -> Array:
    """Finite numbers from low to high, neither included."""
    array = numbers(name, value)
    kept = (array > low) & (array < high)
    return _accepted(name, array, kept, f"between {low:g} and {high:g}, neither included")


def two_sided_p(p: ArrayLike) -> Array:
    """Two-sided p: above 0, since a printed 0 is a rounded number, and up to 1."""
    return between("p", above("p", p, 0), 0, 1)


def plain(value: ArrayLike) -> float | Array:
    """Give a Python float for a scalar, else an array of floats."""
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def finite_effect(value: Array, variance: Array) -> Effect:
    """Effect of the broadcast shape; an overflow is an error, never a silent infinity or NaN."""
    value, variance = np.broadcast_arrays(value, variance)
    kept = np.isfinite(value) & np.isfinite(variance)
    _accepted("effect", value, kept, "numbers of a size that a double can hold")
    return Effect(plain(value.copy()), plain(variance.copy()))


def _accepted(name: str, array: Array, kept: NDArray[np.bool_], expected: str) -> Array:
    if not np.all(kept):
        raise ParameterError(name, float(array[~kept][0]), expected)
    return array


CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

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
    check_choice("convention", convention, CONVENTIONS)
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


def composite(effect: ArrayLike, variance: ArrayLike, correlation: float) -> Effect:
    """Mean of several effects of one trial, with the variance that their correlation leaves it.

    Parameters
    ----------
    effect, variance : array_like of shape (m,)
        Effects on one scale (positive favors the intervention) and their sampling variances.
    correlation : float
        Supposed correlation of the errors of two of them, from 0 to 1.

    Returns
    -------
    Effect
        The plain mean, with variance (1/m)^2 (sum of v_i + sum of r sqrt(v_i v_j) over i != j)
        (Borenstein et al. 2009, Introduction to Meta-Analysis, chapter 24, multiple outcomes).

    Raises
    ------
    ParameterError
        For no effect, another number of variances, a missing value, a negative variance, or a
        correlation outside 0 to 1.

    Examples
    --------
    >>> composite([0.4, 0.6], [0.25, 0.25], 0.5)
    Effect(value=0.5, variance=0.1875)
    """
    effects = numbers("effect", effect)
    variances = at_least("variance", variance, 0)
    r = float(between("correlation", correlation, 0, 1))
    if effects.ndim != 1 or effects.size == 0 or variances.shape != effects.shape:
        raise ParameterError("effect", effects.shape, "a sequence with one variance for each")
    spread = np.sqrt(variances)
    # sum over all pairs of r s_i s_j, and the rest of the diagonal
    total = r * spread.sum() ** 2 + (1 - r) * variances.sum()
    return finite_effect(np.asarray(effects.mean()), np.asarray(total / effects.size**2))
