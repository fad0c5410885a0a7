"""Change within one arm, in SDs that stay or change and as a ratio of means.

Values are after minus before with the raw sign of the instrument. They show a change, not what
caused it: without a comparator, remission and entry by a high score are in it. All functions
broadcast; scalars give Python floats.
"""

import numpy as np
from numpy.typing import ArrayLike

from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    between,
    finite_effect,
    numbers,
    plain,
    small_sample_correction,
)
from evidence.terms import Convention


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


def standardized_mean_change_raw_unequal(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    sd_post: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Mean change in SDs of the scores before, where the SD may change.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, in points.
    sd_pre, sd_post : float or array
        SDs before and after, above 0.
    n : float or array
        Participants measured both times, 3 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1. It enters the variance only.
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        The value of `evidence.meta.effect_size.change.standardized_mean_change_raw` with variance
        sd_change^2 / (sd_pre^2 (n - 1)) + value^2 / (2 (n - 1)) (Bonett 2008, Psychol Methods
        13:99; SMCRH of metafor).

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 3 participants, a correlation outside -1 to 1, a
        missing value, an unknown convention.

    Examples
    --------
    >>> round(standardized_mean_change_raw_unequal(30.6, 38.5, 15.0, 11.6, 20, 0.47).value, 2)
    0.51
    """
    change = numbers("mean_post", mean_post) - numbers("mean_pre", mean_pre)
    sd, n = above("sd_pre", sd_pre, 0), at_least("n", n, 3)
    of_change = np.asarray(sd_of_change(sd, above("sd_post", sd_post, 0), correlation))
    value = small_sample_correction(n - 1, convention=convention) * change / sd
    # Bonett (2008), independent of equal SDs
    variance = (of_change / sd) ** 2 / (n - 1) + value**2 / (2 * (n - 1))
    return finite_effect(value, np.asarray(variance))


def standardized_mean_change_average(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    sd_post: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    equal_variances: bool = True,
    convention: Convention = "exact",
) -> Effect:
    """Mean change in units of the root mean square of the SDs before and after.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, in points.
    sd_pre, sd_post : float or array
        SDs before and after, above 0.
    n : float or array
        Participants measured both times, 3 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1. It enters the variance, and the
        value by the small-sample correction alone.
    equal_variances : bool
        Whether the variance takes the SD to be the same at both times (SMCRP of metafor), or not
        (SMCRPH).
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        J(df) (mean_post - mean_pre) / sqrt((sd_pre^2 + sd_post^2) / 2), df = 2 (n - 1) / (1 + r^2)
        (Cousineau 2020, Quant Methods Psychol 16:418), with variance
        2 (1 - r) / n + value^2 (1 + r^2) / (4 n), or that of Bonett (2008), Psychol Methods 13:99.

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 3 participants, a correlation outside -1 to 1, a
        missing value, an unknown convention.

    Examples
    --------
    >>> round(standardized_mean_change_average(30.6, 38.5, 15.0, 11.6, 20, 0.47).value, 2)
    0.57
    """
    change = numbers("mean_post", mean_post) - numbers("mean_pre", mean_pre)
    before, after = above("sd_pre", sd_pre, 0), above("sd_post", sd_post, 0)
    n, rho = at_least("n", n, 3), between("correlation", correlation, -1, 1)
    squares = (before**2 + after**2) / 2
    factor = small_sample_correction(2 * (n - 1) / (1 + rho**2), convention=convention)
    value = np.asarray(factor * change / np.sqrt(squares))
    if equal_variances:
        return finite_effect(value, 2 * (1 - rho) / n + value**2 * (1 + rho**2) / (4 * n))
    of_change = np.asarray(sd_of_change(before, after, rho))
    # Bonett (2008): the change, and the two correlated squared SDs that divide it
    of_sds = before**4 + after**4 + 2 * (rho * before * after) ** 2
    variance = of_change**2 / squares + value**2 * of_sds / (8 * squares**2)
    return finite_effect(value, np.asarray(variance / (n - 1)))


def ratio_of_mean_change(
    mean_pre: ArrayLike,
    mean_post: ArrayLike,
    sd_pre: ArrayLike,
    sd_post: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    bias_corrected: bool = True,
) -> Effect:
    """Logarithm of the ratio of the means after and before.

    Parameters
    ----------
    mean_pre, mean_post : float or array
        Means before and after, above 0: a ratio needs a scale with a true zero.
    sd_pre, sd_post : float or array
        SDs before and after, 0 or more.
    n : float or array
        Participants measured both times, 2 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1. It enters the variance only.
    bias_corrected : bool
        As in `evidence.meta.effect_size.means.ratio_of_means`.

    Returns
    -------
    Effect
        log(mean_post / mean_pre) with the variance of Lajeunesse (2011), Ecology 92:2049, for
        correlated means.

    Raises
    ------
    ParameterError
        For a mean of 0 or less, a negative SD, fewer than 2 participants, a correlation outside
        -1 to 1, a missing value.

    Examples
    --------
    >>> round(ratio_of_mean_change(30.6, 38.5, 15.0, 11.6, 20, 0.47).value, 3)
    0.226
    """
    before, after = above("mean_pre", mean_pre, 0), above("mean_post", mean_post, 0)
    n, rho = at_least("n", n, 2), between("correlation", correlation, -1, 1)
    # coefficients of variation
    first, second = at_least("sd_post", sd_post, 0) / after, at_least("sd_pre", sd_pre, 0) / before
    value = np.log(after) - np.log(before)
    if bias_corrected:
        value = value + (first**2 - second**2) / (2 * n)  # Lajeunesse 2015, eq. 8
    # as a sum that cannot fall below 0
    return finite_effect(value, ((first - second) ** 2 + 2 * (1 - rho) * first * second) / n)


def variance_of_raw_change(d: ArrayLike, n: ArrayLike, correlation: ArrayLike) -> float | Array:
    """Give the variance of a standardized mean change (raw SD) that its correction scales too.

    Parameters
    ----------
    d : float or array
        Mean change in SDs of the scores before, not corrected for small samples.
    n : float or array
        Participants measured both times, 3 or more.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1.

    Returns
    -------
    float or ndarray
        J^2 (2 (1 - r) / n + d^2 / (2 n)) (Borenstein 2009; LS2 of metafor), for the value of
        `evidence.meta.effect_size.change.standardized_mean_change_raw`.

    Raises
    ------
    ParameterError
        For fewer than 3 participants, a correlation outside -1 to 1, a missing value.

    Examples
    --------
    >>> round(variance_of_raw_change(0.5, 20, 0.5), 4)
    0.0518
    """
    d, n = numbers("d", d), at_least("n", n, 3)
    rho = between("correlation", correlation, -1, 1)
    factor = np.asarray(small_sample_correction(n - 1))
    return plain(factor**2 * (2 * (1 - rho) / n + d**2 / (2 * n)))


def unbiased_variance_of_change(d: ArrayLike, n: ArrayLike) -> float | Array:
    """Give the unbiased variance of a standardized mean change (SD of the change).

    Parameters
    ----------
    d : float or array
        Mean change in SDs of the change, not corrected for small samples.
    n : float or array
        Participants measured both times, 4 or more.

    Returns
    -------
    float or ndarray
        1/n + (1 - (n - 3) / ((n - 1) J^2)) g^2 with g = J d (Viechtbauer 2007, J Educ Behav Stat
        32:39; UB of metafor), for the value of
        `evidence.meta.effect_size.change.standardized_mean_change_change`.

    Raises
    ------
    ParameterError
        For fewer than 4 participants, a missing value.

    Examples
    --------
    >>> round(unbiased_variance_of_change(0.5, 20), 4)
    0.0567
    """
    d, n = numbers("d", d), at_least("n", n, 4)
    factor = np.asarray(small_sample_correction(n - 1))
    g = factor * d
    return plain(1 / n + (1 - (n - 3) / ((n - 1) * factor**2)) * g**2)
