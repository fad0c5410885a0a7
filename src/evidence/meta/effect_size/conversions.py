"""From printed test statistics, P, intervals and coefficients to standardized effects, or bounds.

Arm sizes are required everywhere: formulas that are right for equal arms only, such as 2t/sqrt(df),
have no place here. Signs are those of the statistic; F, p and chi-square have none. None of the
effects is corrected for small samples: `correct_for_small_samples` does that. All functions
broadcast; scalars give Python floats.
"""

import math
from collections.abc import Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

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
    plain,
    small_sample_correction,
    two_sided_p,
)
from evidence.meta.effect_size.printed_values import (
    range_from_printed,
    se_from_interval,
    z_from_p,
)
from evidence.terms import Convention

CORRELATIONS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Pre-post correlations that are plausible for symptom scales over a treatment."""


@overload
def range_over_correlations(
    d: float, correlations: Sequence[float] = ...
) -> tuple[float, float]: ...


@overload
def range_over_correlations(
    d: Array, correlations: Sequence[float] = ...
) -> tuple[Array, Array]: ...


def range_over_correlations(
    d: float | Array, correlations: Sequence[float] = CORRELATIONS
) -> tuple[float | Array, float | Array]:
    """Range of the effect in SDs of the scores behind a d by the SE of a model.

    A model that adjusts for the baseline has residuals of SD sqrt(1 - r^2), one of changes has
    an SD of sqrt(2 (1 - r)), each in SDs of the scores (Morris and DeShon 2002, eq. 13; Borm,
    Fransen and Lemmens 2007). Both models are tried with each correlation.

    Parameters
    ----------
    d : float or array
        Effect in SDs of the residual or of the change.
    correlations : sequence of float
        Correlations of the scores before and after, from -1 to 1.

    Returns
    -------
    tuple
        Lowest and highest effect, with the sign of d.

    Raises
    ------
    ParameterError
        For a correlation outside -1 to 1, none at all, a missing value.

    Examples
    --------
    >>> low, high = range_over_correlations(1.0)
    >>> round(low, 3), round(high, 3)
    (0.6, 1.183)
    """
    rho = between("correlations", correlations, -1, 1)
    if rho.size == 0:
        raise ParameterError("correlations", (), "at least one correlation")
    # Borm, Fransen and Lemmens 2007 (adjusted); Morris and DeShon 2002, eq. 13 (change)
    factors = np.concatenate([np.sqrt(1 - rho**2), np.sqrt(2 * (1 - rho))])
    value = numbers("d", d)
    ends = value * factors.min(), value * factors.max()
    return plain(np.minimum(*ends)), plain(np.maximum(*ends))


def chi2_bound(chi2: str | ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> float | Array:
    """Upper bound on the size of d from a chi-square with two or more df.

    Every contrast inside the hypothesis that is tested has a squared z of at most the chi-square
    (Scheffé 1959, section 3.5). It is a bound, not an estimate, and holds if the difference
    between the two arms is such a contrast.

    Parameters
    ----------
    chi2 : str or float or array
        Chi-square, 0 or more. Text is taken as printed: its upper end by the last digit counts.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    float or ndarray
        sqrt(chi2 (1/n_1 + 1/n_2)).

    Raises
    ------
    ParameterError
        For a negative chi-square, arms below 1, a missing value.

    Examples
    --------
    >>> round(chi2_bound("0.06", 30, 30), 3)
    0.066
    """
    upper = range_from_printed(chi2)[1] if isinstance(chi2, str) else chi2
    unit = 1 / at_least("n_1", n_1, 1) + 1 / at_least("n_2", n_2, 1)
    return plain(np.sqrt(at_least("chi2", upper, 0) * unit))  # Scheffé 1959, 3.5


Distribution = Literal["normal", "t"]


def d_from_t(t: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Standardized mean difference from the t of two independent arms.

    Parameters
    ----------
    t : float or array
        t with n_1 + n_2 - 2 degrees of freedom; its sign is kept.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    Effect
        d = t sqrt(1/n_1 + 1/n_2) (Borenstein et al. 2009, eq. 7.1; Rosenthal 1994), with variance
        1/n_1 + 1/n_2 + d^2 / (2 (n_1 + n_2)).

    Raises
    ------
    ParameterError
        For arms below 1 or a missing value.

    Examples
    --------
    >>> round(d_from_t(2.5, 20, 30).value, 4)
    0.7217
    """
    n_1, n_2 = _sizes(n_1, n_2)
    with np.errstate(over="ignore"):
        d = numbers("t", t) * _unit(n_1, n_2)  # Rosenthal 1994, eq. 16-21
        return finite_effect(d, large_sample_variance(d, n_1, n_2))


def d_from_z(z: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Standardized mean difference from a z between two arms.

    Parameters
    ----------
    z : float or array
        Estimate over its standard error; its sign is kept.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    Effect
        d = z sqrt(1/n_1 + 1/n_2), with variance 1/n_1 + 1/n_2 so that value / se is the z put in.

    Raises
    ------
    ParameterError
        For arms below 1 or a missing value.

    Examples
    --------
    >>> round(d_from_z(1.96, 66, 63).value, 3)
    0.345
    """
    n_1, n_2 = _sizes(n_1, n_2)
    unit = _unit(n_1, n_2)
    return finite_effect(numbers("z", z) * unit, unit**2)


def d_from_f(f: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, *, df_numerator: int = 1) -> Effect:
    """Magnitude of the standardized mean difference from an F with one numerator df.

    Parameters
    ----------
    f : float or array
        F between two arms, 0 or more.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    df_numerator : int
        Degrees of freedom of the numerator; anything but 1 compares more than two means and is
        refused.

    Returns
    -------
    Effect
        |d| = sqrt(F (1/n_1 + 1/n_2)), since F(1, df) = t(df)^2, with variance as `d_from_t`.
        F says nothing about the direction.

    Raises
    ------
    ParameterError
        For a negative F, a numerator df other than 1, arms below 1, a missing value.

    Examples
    --------
    >>> round(d_from_f(1.81, 66, 63).value, 3)
    0.237
    """
    if df_numerator != 1:
        raise ParameterError("df_numerator", df_numerator, "1, since F with more has no direction")
    return d_from_t(np.sqrt(at_least("f", f, 0)), n_1, n_2)


def d_from_partial_eta_squared(
    eta_squared: ArrayLike, df: ArrayLike, n_1: ArrayLike, n_2: ArrayLike
) -> Effect:
    """Magnitude of the standardized mean difference from partial eta squared with one numerator df.

    Parameters
    ----------
    eta_squared : float or array
        Partial eta squared of the contrast of two arms, 0 or more and below 1; of Cohen's f it is
        f^2 / (1 + f^2).
    df : float or array
        Degrees of freedom of the denominator of its F, above 0: n_1 + n_2 - 2 for two arms alone.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    Effect
        As `d_from_f`, for F = df eta^2 / (1 - eta^2) (Cohen 1988, eq. 8.2.19 and 8.2.22; Lakens
        2013). It says nothing about the direction.

    Raises
    ------
    ParameterError
        For a share outside [0, 1), df of 0 or less, arms below 1, a missing value.

    Examples
    --------
    >>> round(d_from_partial_eta_squared(0.06, 72, 38, 36).value, 3)
    0.499
    """
    share = at_least("eta_squared", eta_squared, 0)
    rest = above("1 - eta_squared", 1 - share, 0)
    return d_from_f(above("df", df, 0) * share / rest, n_1, n_2)  # Cohen 1988, eq. 8.2.19


def design_effect(cluster_size: ArrayLike, icc: ArrayLike) -> float | Array:
    """Factor by which clusters enlarge a variance that was worked out without them.

    Parameters
    ----------
    cluster_size : float or array
        Mean number of participants in a cluster, 1 or more.
    icc : float or array
        Correlation of participants in a cluster, from 0 to 1.

    Returns
    -------
    float or ndarray
        1 + (cluster_size - 1) icc (Cochrane Handbook 2019, 23.1.4).

    Raises
    ------
    ParameterError
        For a size below 1, a correlation outside 0 to 1, a missing value.

    Examples
    --------
    >>> design_effect(8, 0.05)
    1.35
    """
    return plain(1 + (at_least("cluster_size", cluster_size, 1) - 1) * between("icc", icc, 0, 1))


def d_from_p(
    p: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, *, distribution: Distribution = "normal"
) -> Effect:
    """Magnitude of the standardized mean difference from a two-sided p.

    Parameters
    ----------
    p : float or array
        Two-sided p, above 0 and up to 1. Two digits leave a wide range: give the two ends of
        `range_from_printed` too.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more; with "t" 3 or more together.
    distribution : {"normal", "t"}
        "normal" for p of a z or of a mixed model, as `d_from_z`; "t" for p of a t test of two
        arms, as `d_from_t`.

    Returns
    -------
    Effect
        |d|. A p says nothing about the direction.

    Raises
    ------
    ParameterError
        For p outside (0, 1], arms below 1, a missing value, an unknown distribution.

    Examples
    --------
    >>> round(d_from_p(0.003, 23, 19).value, 2)
    0.92
    """
    check_choice("distribution", distribution, ("normal", "t"))
    if distribution == "normal":
        return d_from_z(z_from_p(p), n_1, n_2)
    n_1, n_2 = _sizes(n_1, n_2)
    df = above("n_1 + n_2", n_1 + n_2, 2) - 2
    return d_from_t(np.abs(stdtrit(df, two_sided_p(p) / 2)), n_1, n_2)


def d_from_interval(
    estimate: ArrayLike,
    ci_low: ArrayLike,
    ci_high: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    *,
    level: float = 0.95,
) -> Effect:
    """Standardized mean difference from a coefficient between two arms and its interval.

    The standard error of a repeated-measures or adjusted model is that of a change or of a
    residual, so the result can be too large: `range_over_correlations` says by how much.

    Parameters
    ----------
    estimate : float or array
        Difference between the arms, in points; its sign is kept.
    ci_low, ci_high : float or array
        Limits around it.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    Effect
        As `d_from_z`, for z = estimate / SE with the SE of `se_from_interval`.

    Raises
    ------
    ParameterError
        For an estimate outside its limits, arms below 1, and as `se_from_interval`.

    Examples
    --------
    >>> round(d_from_interval(-13.20, -19.57, -6.84, 30, 30).value, 3)
    -1.049
    """
    center = numbers("estimate", estimate)
    se = np.asarray(se_from_interval(ci_low, ci_high, level=level))
    above("estimate - ci_low", center - numbers("ci_low", ci_low), 0)
    above("ci_high - estimate", numbers("ci_high", ci_high) - center, 0)
    return d_from_z(center / se, n_1, n_2)


def correct_for_small_samples(
    effect: Effect, df: ArrayLike, *, convention: Convention = "exact"
) -> Effect:
    """Multiply a standardized effect by J and its variance by J squared.

    Value over standard error stays what it was.

    Parameters
    ----------
    effect : Effect
        Uncorrected standardized effect.
    df : float or array
        Degrees of freedom, above 1: n_1 + n_2 - 2 for two arms.
    convention : {"exact", "metapsy"}
        As in `small_sample_correction`.

    Returns
    -------
    Effect
        Corrected effect (Borenstein et al. 2009, eq. 4.22 to 4.24).

    Raises
    ------
    ParameterError
        For df of 1 or less, a missing value, an unknown convention.

    Examples
    --------
    >>> round(correct_for_small_samples(Effect(1.0, 0.1), 30).value, 3)
    0.975
    """
    factor = np.asarray(small_sample_correction(df, convention=convention))
    return finite_effect(factor * effect.value, factor**2 * effect.variance)


def log_ratio(ratio: float) -> float:
    """Logarithm of a printed ratio.

    Parameters
    ----------
    ratio : float
        Odds ratio, risk ratio or a limit of one, above 0.

    Returns
    -------
    float
        Natural logarithm.

    Raises
    ------
    ParameterError
        For a ratio of 0 or less, infinite or missing.

    Examples
    --------
    >>> log_ratio(1.0)
    0.0
    """
    return math.log(above("ratio", ratio, 0))


def _sizes(n_1: ArrayLike, n_2: ArrayLike) -> tuple[Array, Array]:
    return at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)


def _unit(n_1: Array, n_2: Array) -> Array:
    # standard error of a difference of two means in SDs, for a difference near 0
    return np.asarray(np.sqrt(1 / n_1 + 1 / n_2))
