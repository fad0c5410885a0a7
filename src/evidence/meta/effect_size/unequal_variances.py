"""Two arms whose SDs differ: standardized differences, and how much scores scatter.

Arm 1 is the intervention; differences are arm 1 minus arm 2 with the raw sign of the instrument,
and measures of scatter are positive where its scores scatter more. All functions broadcast; scalars
give Python floats.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from evidence.errors import check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    finite_effect,
    large_sample_variance,
    numbers,
    plain,
    small_sample_correction,
)
from evidence.terms import Convention

VarianceMethod = Literal["LS", "LS2", "UB"]


def standardized_mean_difference_unequal(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Mean difference in units of the root mean square of both SDs, which may differ.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, above 0.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more, and 4 or more together.
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        J(n_1 + n_2 - 2) (mean_1 - mean_2) / sqrt((sd_1^2 + sd_2^2) / 2), SMDH of metafor, with
        the variance of Bonett (2009), Psychol Methods 14:225.

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 2 participants, a missing value, an unknown convention.

    Examples
    --------
    >>> round(standardized_mean_difference_unequal(12.5, 7.2, 11, 19.4, 5.2, 9).value, 3)
    -1.052
    """
    difference, sd_1, n_1, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    df = above("n_1 + n_2", n_1 + n_2, 3) - 2
    squares = (sd_1**2 + sd_2**2) / 2
    value = small_sample_correction(df, convention=convention) * difference / np.sqrt(squares)
    # Bonett (2009): variance of the difference, and of the squared SDs that divide it
    of_sds = value**2 * (sd_1**4 / (n_1 - 1) + sd_2**4 / (n_2 - 1)) / (8 * squares**2)
    return finite_effect(value, of_sds + (sd_1**2 / (n_1 - 1) + sd_2**2 / (n_2 - 1)) / squares)


def glass_delta(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    equal_variances: bool = True,
    convention: Convention = "exact",
) -> Effect:
    """Mean difference in SDs of the comparator, corrected for small samples.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, above 0; that of the comparator divides, that of the intervention enters the variance
        where the two may differ.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more, and 3 or more in arm 2.
    equal_variances : bool
        Whether the variance takes both arms to have one SD (SMD1 of metafor), or not (SMD1H).
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation.

    Returns
    -------
    Effect
        J(n_2 - 1) (mean_1 - mean_2) / sd_2 with variance 1/n_1 + 1/n_2 + value^2 / (2 n_2)
        (Hedges 1981), or sd_1^2 / (sd_2^2 (n_1 - 1)) + 1/(n_2 - 1) + value^2 / (2 (n_2 - 1))
        (Bonett 2008, Psychol Methods 13:99).

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 2 participants, fewer than 3 in arm 2, a missing value,
        an unknown convention.

    Examples
    --------
    >>> round(glass_delta(12.5, 7.2, 11, 19.4, 5.2, 9).value, 3)
    -1.198
    """
    difference, sd_1, n_1, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    df = at_least("n_2", n_2, 3) - 1
    value = small_sample_correction(df, convention=convention) * difference / sd_2
    if equal_variances:
        return finite_effect(value, 1 / n_1 + 1 / n_2 + value**2 / (2 * n_2))
    return finite_effect(
        value, sd_1**2 / (sd_2**2 * (n_1 - 1)) + 1 / (n_2 - 1) + value**2 / (2 * (n_2 - 1))
    )


def probability_of_superiority(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> Effect:
    """Give the probability that a participant of arm 1 scores higher than one of arm 2.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, above 0, which may differ.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.

    Returns
    -------
    Effect
        From 0 to 1 for normal scores, one half for no difference: the common language effect
        size of McGraw and Wong (1992), Psychol Bull 111:361 (CLESN of metafor), with its variance
        by the delta method.

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(probability_of_superiority(12.5, 7.2, 11, 19.4, 5.2, 9).value, 3)
    0.219
    """
    difference, sd_1, n_1, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    squares = sd_1**2 + sd_2**2
    z = difference / np.sqrt(squares)
    of_sds = z**2 * (sd_1**4 / (n_1 - 1) + sd_2**4 / (n_2 - 1)) / (2 * squares**2)
    spread = of_sds + (sd_1**2 / (n_1 - 1) + sd_2**2 / (n_2 - 1)) / squares
    return finite_effect(np.asarray(ndtr(z)), spread * np.exp(-(z**2)) / (2 * np.pi))


def variance_of_g(
    d: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    *,
    method: VarianceMethod = "LS",
    average: bool = False,
) -> float | Array:
    """Give the sampling variance of Hedges' g by other formulas than the usual one.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples.
    n_1, n_2 : float or array
        Participants behind it, 2 or more.
    method : {"LS", "LS2", "UB"}
        "LS": 1/n_1 + 1/n_2 + g^2 / (2 (n_1 + n_2)), the usual one. "LS2": the same of d, times
        J^2 (Borenstein 2009). "UB": the unbiased estimate of Hedges (1983), Psychol Bull 93:388.
    average : bool
        Whether the mean of all g, weighted by participants, stands for each g in "LS", so that
        the variances do not hang on their own effects (Hunter and Schmidt; AV of metafor).

    Returns
    -------
    float or ndarray

    Raises
    ------
    ParameterError
        For fewer than 2 participants per arm, a missing value, an unknown method, an average
        with another method than "LS".

    Examples
    --------
    >>> round(variance_of_g(0.5, 20, 20, method="UB"), 4)
    0.1033
    """
    check_choice("method", method, ("LS",) if average else ("LS", "LS2", "UB"))
    d, n_1, n_2 = numbers("d", d), at_least("n_1", n_1, 2), at_least("n_2", n_2, 2)
    df = n_1 + n_2 - 2
    factor = np.asarray(small_sample_correction(df))
    g = factor * d
    if method == "LS2":
        variance = factor**2 * large_sample_variance(d, n_1, n_2)
    elif method == "UB":
        # Hedges (1983): with E(g^2) in place of delta^2
        variance = 1 / n_1 + 1 / n_2 + (1 - (df - 2) / (df * factor**2)) * g**2
    else:
        total = np.broadcast_to(n_1 + n_2, g.shape)
        inserted = np.average(g, weights=total) if average else g
        variance = large_sample_variance(np.asarray(inserted), n_1, n_2)
    return plain(variance)


def _arms(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> tuple[Array, Array, Array, Array, Array]:
    return (
        numbers("mean_1", mean_1) - numbers("mean_2", mean_2),
        above("sd_1", sd_1, 0),
        at_least("n_1", n_1, 2),
        above("sd_2", sd_2, 0),
        at_least("n_2", n_2, 2),
    )


def log_variability_ratio(
    sd_1: ArrayLike, n_1: ArrayLike, sd_2: ArrayLike, n_2: ArrayLike
) -> Effect:
    """Logarithm of the ratio of two SDs (lnVR).

    Parameters
    ----------
    sd_1, sd_2 : float or array
        SDs of intervention and comparator, above 0.
    n_1, n_2 : float or array
        Participants behind them, 2 or more.

    Returns
    -------
    Effect
        log(sd_1 / sd_2) + 1 / (2 (n_1 - 1)) - 1 / (2 (n_2 - 1)) with variance
        1 / (2 (n_1 - 1)) + 1 / (2 (n_2 - 1)) (Nakagawa et al. 2015, Methods Ecol Evol 6:143,
        eq. 5 and 6).

    Raises
    ------
    ParameterError
        For an SD of 0 or less, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(log_variability_ratio(12.0, 20, 8.0, 20).value, 4)
    0.4055
    """
    sd_1, sd_2 = above("sd_1", sd_1, 0), above("sd_2", sd_2, 0)
    n_1, n_2 = at_least("n_1", n_1, 2), at_least("n_2", n_2, 2)
    first, second = 1 / (2 * (n_1 - 1)), 1 / (2 * (n_2 - 1))
    return finite_effect(np.log(sd_1) - np.log(sd_2) + first - second, first + second)


def log_coefficient_of_variation_ratio(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> Effect:
    """Logarithm of the ratio of two coefficients of variation (lnCVR).

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, above 0: the scale needs a true zero.
    sd_1, sd_2 : float or array
        SDs, above 0.
    n_1, n_2 : float or array
        Participants behind them, 2 or more.

    Returns
    -------
    Effect
        log((sd_1 / mean_1) / (sd_2 / mean_2)) corrected for bias in the SDs and in the means,
        with the variance of the logarithm of each mean and each SD (Nakagawa et al. 2015, eq. 11
        and 12; correction for the means as in Lajeunesse 2015, eq. 8).

    Raises
    ------
    ParameterError
        For a mean or an SD of 0 or less, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(log_coefficient_of_variation_ratio(20, 12.0, 20, 20, 8.0, 20).value, 4)
    0.4005
    """
    ratio = log_variability_ratio(sd_1, n_1, sd_2, n_2)
    mean_1, mean_2 = above("mean_1", mean_1, 0), above("mean_2", mean_2, 0)
    # squared coefficients of variation of the two means
    first = (above("sd_1", sd_1, 0) / mean_1) ** 2 / at_least("n_1", n_1, 2)
    second = (above("sd_2", sd_2, 0) / mean_2) ** 2 / at_least("n_2", n_2, 2)
    value = np.asarray(ratio.value) - np.log(mean_1) + np.log(mean_2) - (first - second) / 2
    return finite_effect(np.asarray(value), np.asarray(ratio.variance + first + second))
