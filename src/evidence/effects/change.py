"""Change within one arm from means and SDs before and after.

Values are after minus before with the raw sign of the instrument. They show a change, not what
caused it: without a comparator, remission and entry by a high score are in it.
"""

import numpy as np
from numpy.typing import ArrayLike

from evidence.effects.checked import (
    Array,
    above,
    at_least,
    between,
    finite_effect,
    numbers,
    plain,
)
from evidence.effects.effect import Effect
from evidence.effects.standardized import Convention, small_sample_correction


def sd_of_change(sd_pre: ArrayLike, sd_post: ArrayLike, correlation: ArrayLike) -> float | Array:
    """SD of the change from the SDs before and after.

    Parameters
    ----------
    sd_pre, sd_post : float or array
        SDs before and after, 0 or more, in points.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1.

    Returns
    -------
    float or ndarray
        sqrt(sd_pre^2 + sd_post^2 - 2 r sd_pre sd_post) (Cochrane Handbook 2019, 6.5.2.8).

    Raises
    ------
    ParameterError
        For a negative SD, a correlation outside -1 to 1, a missing value.

    Examples
    --------
    >>> sd_of_change(3.0, 4.0, 0.0)
    5.0
    """
    sd_pre, sd_post = at_least("sd_pre", sd_pre, 0), at_least("sd_post", sd_post, 0)
    return plain(_sd_of_change(sd_pre, sd_post, between("correlation", correlation, -1, 1)))


def mean_change(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    sd_post: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
) -> Effect:
    """Mean change in points of the instrument.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, in points.
    sd_pre, sd_post : float or array
        SDs before and after, 0 or more.
    n : float or array
        Participants measured both times, 2 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1; it enters the variance.

    Returns
    -------
    Effect
        mean_post - mean_pre, raw sign, with the squared SD of the change over n.

    Raises
    ------
    ParameterError
        For a negative SD, fewer than 2 participants, a correlation outside -1 to 1, a missing
        value.

    Examples
    --------
    >>> mean_change(20.0, 14.0, 3.0, 4.0, 25, 0.0)
    Effect(value=-6.0, variance=1.0)
    """
    value = numbers("mean_post", mean_post) - numbers("mean_pre", mean_pre)
    sd = np.asarray(sd_of_change(sd_pre, sd_post, correlation))
    return finite_effect(value, sd**2 / at_least("n", n, 2))


def standardized_mean_change_raw(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Mean change in SDs of the scores before (smcr), corrected for small samples.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, in points.
    sd_pre : float or array
        SD before, above 0.
    n : float or array
        Participants measured both times, 3 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1. It enters the variance only.
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        J(n - 1) (mean_post - mean_pre) / sd_pre, raw sign, with variance
        2 (1 - r) / n + value^2 / (2 n) (Becker 1988, eq. 13).

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 3 participants, a correlation outside -1 to 1, a
        missing value, an unknown convention.

    Examples
    --------
    >>> round(standardized_mean_change_raw(30.6, 38.5, 15.0, 20, 0.47).value, 2)
    0.51
    """
    change = numbers("mean_post", mean_post) - numbers("mean_pre", mean_pre)
    sd, n = above("sd_pre", sd_pre, 0), at_least("n", n, 3)
    rho = between("correlation", correlation, -1, 1)
    with np.errstate(over="ignore"):
        value = (
            small_sample_correction(n - 1, convention=convention) * change / sd
        )  # Becker 1988, eq. 5
        variance = 2 * (1 - rho) / n + value**2 / (2 * n)  # Becker 1988, eq. 13
        return finite_effect(value, variance)


def standardized_mean_change_change(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    sd_post: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Mean change in SDs of the change (smcc), corrected for small samples.

    It grows with the correlation and does not compare with effects in SDs of the scores.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, in points.
    sd_pre, sd_post : float or array
        SDs before and after, 0 or more.
    n : float or array
        Participants measured both times, 3 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1. It enters value and variance:
        where it is assumed, show the result over several.
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        J(n - 1) (mean_post - mean_pre) / SD of the change, raw sign, with variance
        1 / n + value^2 / (2 n) (Gibbons, Hedeker and Davis 1993).

    Raises
    ------
    ParameterError
        For a negative SD, a change whose SD is 0, fewer than 3 participants, a correlation
        outside -1 to 1, a missing value, an unknown convention.

    Examples
    --------
    >>> round(standardized_mean_change_change(30.6, 38.5, 15.0, 11.6, 20, 0.47).value, 2)
    0.54
    """
    change = numbers("mean_post", mean_post) - numbers("mean_pre", mean_pre)
    sd = above("SD of the change", sd_of_change(sd_pre, sd_post, correlation), 0)
    n = at_least("n", n, 3)
    with np.errstate(over="ignore"):
        value = small_sample_correction(n - 1, convention=convention) * change / sd
        variance = 1 / n + value**2 / (2 * n)  # Gibbons, Hedeker and Davis 1993
        return finite_effect(value, variance)


def _sd_of_change(sd_pre: Array, sd_post: Array, rho: Array) -> Array:
    # Cochrane Handbook 2019, 6.5.2.8; the square is written so that it cannot fall below 0
    squares = (sd_pre - sd_post) ** 2 + 2 * (1 - rho) * sd_pre * sd_post
    return np.asarray(np.sqrt(squares))
