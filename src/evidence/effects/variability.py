"""Whether scores scatter more in one arm than in the other, from means, SDs and sizes.

Arm 1 is the intervention; values are positive where its scores scatter more. All functions
broadcast; scalars give Python floats.
"""

import numpy as np
from numpy.typing import ArrayLike

from evidence.effects.checked import above, at_least, finite_effect
from evidence.effects.effect import Effect


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
