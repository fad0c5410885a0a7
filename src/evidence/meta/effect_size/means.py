"""Effect sizes of two arms from means, SDs and sizes.

Arm 1 is the intervention. Values are arm 1 minus arm 2 with the raw sign of the instrument: the
caller, who knows whether a higher score is worse, turns them so that positive favors the
intervention. All functions broadcast; scalars give Python floats.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    between,
    finite_effect,
    large_sample_variance,
    numbers,
    pooled_sd,
    small_sample_correction,
)
from evidence.meta.effect_size.change import (
    standardized_mean_change_raw,
)
from evidence.terms import Convention

Standardizer = Literal["pooled_pre", "own_pre", "pooled_post", "own_post"]
_STANDARDIZERS = ("pooled_pre", "own_pre", "pooled_post", "own_post")


def cohen_d(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> Effect:
    """Standardized mean difference by the pooled SD, not corrected for small samples.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more and not both 0.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.

    Returns
    -------
    Effect
        d = (mean_1 - mean_2) / pooled SD, raw sign, with variance
        1/n_1 + 1/n_2 + d^2 / (2 (n_1 + n_2)) (Hedges and Olkin 1985, p. 86, eq. 14).

    Raises
    ------
    ParameterError
        For a negative SD, a pooled SD of 0, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(cohen_d(12.5, 7.2, 11, 19.4, 5.2, 9).value, 2)
    -1.08
    """
    d, n_1, n_2 = _standardized(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    return finite_effect(d, large_sample_variance(d, n_1, n_2))


def hedges_g(
    d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, *, convention: Convention = "exact"
) -> Effect:
    """Hedges' g from an uncorrected standardized mean difference, as where d alone is printed.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples.
    n_1, n_2 : float or array
        Participants behind it, 1 or more per arm and 4 or more together.
    convention : {"exact", "metapsy"}
        As in `standardized_mean_difference`.

    Returns
    -------
    Effect
        g with the sign of d.

    Raises
    ------
    ParameterError
        For arms below 1 or below 4 together, a missing value, an unknown convention.

    Examples
    --------
    >>> round(hedges_g(1.08, 11, 9).value, 4)
    1.0343
    """
    d, n_1, n_2 = numbers("d", d), at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    return _corrected(d, n_1, n_2, convention)


def standardized_mean_difference(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Standardized mean difference corrected for small samples (Hedges' g).

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more and not both 0.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    convention : {"exact", "metapsy"}
        "exact": J by the gamma function, variance 1/n_1 + 1/n_2 + g^2 / (2 (n_1 + n_2)), the
        default of metafor. "metapsy": approximate J, variance with the uncorrected d in place
        of g, as in the databases of the Metapsy project.

    Returns
    -------
    Effect
        g = J (mean_1 - mean_2) / pooled SD, raw sign.

    Raises
    ------
    ParameterError
        As `cohen_d`, and for an unknown convention.

    Examples
    --------
    >>> effect = standardized_mean_difference(11.8, 8.8, 16, 18.5, 11.1, 16)
    >>> round(effect.value, 6)
    -0.652027
    """
    d, n_1, n_2 = _standardized(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    return _corrected(d, n_1, n_2, convention)


def mean_difference(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    equal_variances: bool = False,
) -> Effect:
    """Mean difference in points of the instrument.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    equal_variances : bool
        Whether the variance rests on the pooled SD.

    Returns
    -------
    Effect
        mean_1 - mean_2, raw sign, with variance sd_1^2/n_1 + sd_2^2/n_2, or the pooled variance
        times (1/n_1 + 1/n_2) (Borenstein et al. 2009, eq. 4.2 to 4.5).

    Raises
    ------
    ParameterError
        For a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(mean_difference(12.5, 7.2, 11, 19.4, 5.2, 9).value, 1)
    -6.9
    """
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    with np.errstate(over="ignore", invalid="ignore"):
        if equal_variances:
            # Borenstein et al. 2009, eq. 4.3 and 4.2
            variance = np.square(pooled_sd(sd_1, n_1, sd_2, n_2)) * (1 / n_1 + 1 / n_2)
        else:
            variance = sd_1**2 / n_1 + sd_2**2 / n_2  # Borenstein et al. 2009, eq. 4.5
        return finite_effect(mean_1 - mean_2, variance)


def ratio_of_means(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    bias_corrected: bool = True,
) -> Effect:
    """Logarithm of the ratio of two means.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, above 0: a ratio needs a scale with a true zero.
    sd_1, sd_2 : float or array
        SDs, 0 or more.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    bias_corrected : bool
        Whether the value is corrected to second order (Lajeunesse 2015, eq. 8), the default of
        metafor since its version 5. The variance is the first-order one either way.

    Returns
    -------
    Effect
        log(mean_1 / mean_2), raw sign, with variance
        sd_1^2 / (n_1 mean_1^2) + sd_2^2 / (n_2 mean_2^2)
        (Hedges, Gurevitch and Curtis 1999, eq. 1).

    Raises
    ------
    ParameterError
        For a mean of 0 or less, a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(ratio_of_means(10, 4, 20, 20, 4, 20, bias_corrected=False).value, 4)
    -0.6931
    """
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    mean_1, mean_2 = above("mean_1", mean_1, 0), above("mean_2", mean_2, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        # squared coefficients of variation of the two means
        first = sd_1**2 / (n_1 * mean_1**2)
        second = sd_2**2 / (n_2 * mean_2**2)
        value = np.log(mean_1) - np.log(mean_2)
        if bias_corrected:
            value = value + (first - second) / 2  # Lajeunesse 2015, eq. 8
        # Hedges, Gurevitch and Curtis 1999, eq. 1
        return finite_effect(value, first + second)


def pre_post_control(
    mean_pre_1: ArrayLike,
    mean_post_1: ArrayLike,
    sd_pre_1: ArrayLike,
    n_1: ArrayLike,
    mean_pre_2: ArrayLike,
    mean_post_2: ArrayLike,
    sd_pre_2: ArrayLike,
    n_2: ArrayLike,
    *,
    correlation: ArrayLike = 0.5,
    standardizer: Standardizer = "pooled_pre",
    sd_post_1: ArrayLike | None = None,
    sd_post_2: ArrayLike | None = None,
    convention: Convention = "exact",
) -> Effect:
    """Difference of the changes of two arms in SDs (Morris 2008).

    Parameters
    ----------
    mean_pre_1, mean_post_1, mean_pre_2, mean_post_2 : float or array
        Means before and after, in points.
    sd_pre_1, sd_pre_2 : float or array
        SDs before, 0 or more.
    n_1, n_2 : float or array
        Participants, 2 or more per arm and 5 or more together; 3 or more per arm for own SDs.
    correlation : float or array
        Correlation of the scores before and after, from -1 to 1, within each arm. It enters the
        variance only. Sources seldom state it: show the result over several.
    standardizer : {"pooled_pre", "own_pre", "pooled_post", "own_post"}
        "pooled_pre" is d_ppc2, "own_pre" (each arm by its own SD) d_ppc1. The post variants take
        the SDs after treatment, which the treatment itself may have changed.
    sd_post_1, sd_post_2 : float or array
        SDs after, needed by the post variants.
    convention : {"exact", "metapsy"}
        Small-sample correction by the gamma function or by its approximation (Morris used it).

    Returns
    -------
    Effect
        J ((mean_post_1 - mean_pre_1) - (mean_post_2 - mean_pre_2)) / SD, raw sign. Pooled SDs:
        variance by Morris 2008, eq. 25, which takes SDs before and after as equal. Own SDs: the
        sum of the variances of the two standardized mean changes (Becker 1988).

    Raises
    ------
    ParameterError
        For an SD that is negative, missing where needed, or 0 where it divides, too few
        participants, a correlation outside -1 to 1, a missing value, an unknown choice.

    Examples
    --------
    >>> round(pre_post_control(23.8, 11.8, 7.4, 16, 28, 18.5, 7.1, 16).value, 3)
    -0.336
    """
    check_choice("standardizer", standardizer, _STANDARDIZERS)
    sds, names = [sd_pre_1, sd_pre_2], ["sd_pre_1", "sd_pre_2"]
    if standardizer in ("pooled_post", "own_post"):
        names = ["sd_post_1", "sd_post_2"]
        if sd_post_1 is None or sd_post_2 is None:
            missing = names[0] if sd_post_1 is None else names[1]
            raise ParameterError(missing, None, f"the SD that {standardizer} divides by")
        sds = [sd_post_1, sd_post_2]
    if standardizer in ("own_pre", "own_post"):
        sd_1, sd_2 = (above(name, sd, 0) for name, sd in zip(names, sds, strict=True))
        n_1, n_2 = at_least("n_1", n_1, 3), at_least("n_2", n_2, 3)
        arms = ((mean_pre_1, mean_post_1, sd_1, n_1), (mean_pre_2, mean_post_2, sd_2, n_2))
        first, second = (
            standardized_mean_change_raw(*arm, correlation, convention=convention) for arm in arms
        )
        # Morris 2008, eq. 4, with the variance of independent arms (Becker 1988, eq. 15)
        return finite_effect(
            np.subtract(first.value, second.value), np.add(first.variance, second.variance)
        )
    sd_1, sd_2 = (at_least(name, sd, 0) for name, sd in zip(names, sds, strict=True))
    n_1, n_2 = at_least("n_1", n_1, 2), at_least("n_2", n_2, 2)
    total = at_least("n_1 + n_2", n_1 + n_2, 5)
    rho = between("correlation", correlation, -1, 1)
    change_1 = numbers("mean_post_1", mean_post_1) - numbers("mean_pre_1", mean_pre_1)
    change_2 = numbers("mean_post_2", mean_post_2) - numbers("mean_pre_2", mean_pre_2)
    factor = small_sample_correction(total - 2, convention=convention)
    with np.errstate(over="ignore", invalid="ignore"):
        # Morris 2008, eq. 8 to 10
        d = factor * (change_1 - change_2) / _divisor(names[0], pooled_sd(sd_1, n_1, sd_2, n_2))
        # Morris 2008, eq. 25, multiplied out so that a correlation of 1 divides nothing by 0
        inner = 2 * (1 - rho) * total / (n_1 * n_2) + d**2
        variance = factor**2 * (total - 2) / (total - 4) * inner - d**2
        return finite_effect(d, variance)


MeanScale = Literal["raw", "log", "standardized", "log_variation", "log_sd"]


def group_mean(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, *, scale: MeanScale = "raw") -> Effect:
    """Give the mean, or the spread, of one group with its sampling variance.

    Parameters
    ----------
    mean, sd, n : float or array
        Mean, SD (above 0) and participants (2 or more).
    scale : {"raw", "log", "standardized", "log_variation", "log_sd"}
        MN, MNLN, SMN, CVLN and SDLN of metafor: the mean; its logarithm; the mean in SDs, corrected
        for small samples; the logarithm of SD / mean, and of the SD, without bias.

    Returns
    -------
    Effect

    Raises
    ------
    ParameterError
        For an SD that is not above 0, and a mean that is not above 0 on a scale that takes its
        logarithm.

    Notes
    -----
    Nakagawa et al. (2015), Methods Ecol Evol 6:143, for the last two; Hedges (1981) for the third.

    Examples
    --------
    >>> found = group_mean(55, 47, 155)
    >>> found.value, round(found.variance, 2)
    (55.0, 14.25)
    """
    check_choice("scale", scale, ("raw", "log", "standardized", "log_variation", "log_sd"))
    m, sd, n = numbers("mean", mean), above("sd", sd, 0), at_least("n", n, 2)
    if scale in ("log", "log_variation"):
        m = above("mean", m, 0)
    with np.errstate(over="ignore"):
        if scale == "raw":
            return finite_effect(m, sd**2 / n)
        if scale == "log":
            return finite_effect(np.log(m), sd**2 / (n * m**2))
        if scale == "standardized":
            value = small_sample_correction(n - 1) * (m / sd)
            return finite_effect(np.asarray(value), 1 / n + value**2 / (2 * n))
        bias = 1 / (2 * (n - 1))
        if scale == "log_sd":
            return finite_effect(np.log(sd) + bias, np.asarray(bias))
        return finite_effect(np.log(sd / m) + bias, bias + sd**2 / (n * m**2))


def _arms(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> tuple[Array, Array, Array, Array, Array, Array]:
    return (
        numbers("mean_1", mean_1),
        at_least("sd_1", sd_1, 0),
        at_least("n_1", n_1, 2),
        numbers("mean_2", mean_2),
        at_least("sd_2", sd_2, 0),
        at_least("n_2", n_2, 2),
    )


def _standardized(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> tuple[Array, Array, Array]:
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    with np.errstate(over="ignore"):
        sd = _divisor("sd_1", pooled_sd(sd_1, n_1, sd_2, n_2))
        return (mean_1 - mean_2) / sd, n_1, n_2  # Hedges 1981, eq. 3


def _divisor(name: str, sd: float | Array) -> Array:
    if np.any(np.equal(sd, 0)):
        raise ParameterError(name, 0.0, "above 0 in at least one arm")
    return np.asarray(sd)


def _corrected(d: Array, n_1: Array, n_2: Array, convention: Convention) -> Effect:
    df = above("n_1 + n_2", n_1 + n_2, 3) - 2
    g = small_sample_correction(df, convention=convention) * d
    inserted = g if convention == "exact" else d
    return finite_effect(g, large_sample_variance(inserted, n_1, n_2))
