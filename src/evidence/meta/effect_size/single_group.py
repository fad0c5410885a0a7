"""A proportion or a correlation of one group: scales for pooling, and back.

All functions broadcast; scalars give Python floats. Arguments that are no proportion, no
correlation between -1 and 1, or no finite number, raise `ParameterError`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, hyp2f1, ndtr, ndtri
from scipy.special import logit as log_odds

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    between,
    finite_effect,
    inside,
    numbers,
    plain,
)


def logit(p: ArrayLike) -> float | Array:
    """Logarithm of the odds of a proportion between 0 and 1.

    Examples
    --------
    >>> round(logit(0.2), 4)
    -1.3863
    """
    return plain(log_odds(inside("p", p, 0, 1)))


def proportion_from_logit(x: ArrayLike) -> float | Array:
    """Proportion of a logarithm of odds.

    Examples
    --------
    >>> round(proportion_from_logit(-1.3863), 3)
    0.2
    """
    return plain(expit(numbers("x", x)))


def mean_proportion_from_logit(x: ArrayLike, tau2: ArrayLike) -> float | Array:
    """Mean of the proportions whose logits are normal with mean x and variance tau2.

    A pooled logit goes back to the median proportion; this is the mean.

    Examples
    --------
    >>> round(mean_proportion_from_logit(0.9, 0.1), 4)
    0.7068
    """
    x, spread = np.broadcast_arrays(numbers("x", x), at_least("tau2", tau2, 0))
    points = x[..., None] + np.sqrt(spread)[..., None] * NORMAL_NODES
    return plain(expit(points) @ NORMAL_WEIGHTS)


def probit(p: ArrayLike) -> float | Array:
    """Give the normal quantile of a proportion between 0 and 1.

    Examples
    --------
    >>> round(probit(0.2), 4)
    -0.8416
    """
    return plain(ndtri(inside("p", p, 0, 1)))


def proportion_from_probit(x: ArrayLike) -> float | Array:
    """Proportion below a normal quantile.

    Examples
    --------
    >>> round(proportion_from_probit(-0.8416), 3)
    0.2
    """
    return plain(ndtr(numbers("x", x)))


def arcsine_root(p: ArrayLike) -> float | Array:
    """Arcsine of the square root of a proportion from 0 to 1.

    Examples
    --------
    >>> round(arcsine_root(0.5), 4)
    0.7854
    """
    return plain(np.arcsin(np.sqrt(between("p", p, 0, 1))))


def proportion_from_arcsine_root(x: ArrayLike) -> float | Array:
    """Proportion of an arcsine of a square root; 0 below 0 and 1 above pi / 2.

    Examples
    --------
    >>> round(proportion_from_arcsine_root(0.7854), 3)
    0.5
    """
    return plain(np.sin(np.clip(numbers("x", x), 0, np.pi / 2)) ** 2)


def freeman_tukey(p: ArrayLike, n: ArrayLike) -> float | Array:
    """Double arcsine of a proportion among n participants.

    (arcsin sqrt(x / (n + 1)) + arcsin sqrt((x + 1) / (n + 1))) / 2 with x = n p; Freeman and Tukey
    (1950), Ann Math Stat 21:607, here halved.

    Examples
    --------
    >>> round(freeman_tukey(0.2, 40), 4)
    0.4726
    """
    p, n = between("p", p, 0, 1), at_least("n", n, 1)
    x = n * p
    first, second = np.arcsin(np.sqrt(x / (n + 1))), np.arcsin(np.sqrt((x + 1) / (n + 1)))
    return plain((first + second) / 2)


def proportion_from_freeman_tukey(x: ArrayLike, n: ArrayLike) -> float | Array:
    """Proportion of a double arcsine among n participants, 0 and 1 at its ends.

    Miller (1978), Am Stat 32:138. Of a pooled value n is taken as the harmonic mean of the sizes,
    which can mislead where they differ much (Schwarzer et al. 2019, Res Synth Methods 10:476).

    Examples
    --------
    >>> round(proportion_from_freeman_tukey(0.4726, 40), 3)
    0.2
    """
    x, n = numbers("x", x), at_least("n", n, 1)
    low, high = np.asarray(freeman_tukey(0.0, n)), np.asarray(freeman_tukey(1.0, n))
    angle = 2 * np.clip(x, low, high)
    sine = np.sin(angle)
    inner = 1 - (sine + (sine - 1 / sine) / n) ** 2
    p = (1 - np.sign(np.cos(angle)) * np.sqrt(np.maximum(inner, 0.0))) / 2
    return plain(np.where(x <= low, 0.0, np.where(x >= high, 1.0, p)))


def harmonic_mean(n: ArrayLike) -> float:
    """Harmonic mean of sizes, for `proportion_from_freeman_tukey` of a pooled value.

    Examples
    --------
    >>> round(harmonic_mean([20, 40, 60]), 3)
    32.727
    """
    return float(1 / np.mean(1 / at_least("n", n, 1)))


def cumulative_hazard(p: ArrayLike) -> float | Array:
    """Cumulative hazard of a risk below 1, -log(1 - p).

    Examples
    --------
    >>> round(cumulative_hazard(0.2), 4)
    0.2231
    """
    p = at_least("p", p, 0)
    above("1 - p", 1 - p, 0)
    return plain(-np.log1p(-p))


def risk_from_cumulative_hazard(x: ArrayLike) -> float | Array:
    """Risk of a cumulative hazard, 1 - exp(-x); 0 below 0.

    Examples
    --------
    >>> round(risk_from_cumulative_hazard(0.2231), 3)
    0.2
    """
    return plain(-np.expm1(-np.maximum(numbers("x", x), 0.0)))


def risk_ratio_from_log_odds_ratio(
    log_odds_ratio: ArrayLike, risk_comparator: ArrayLike
) -> float | Array:
    """Risk ratio that an odds ratio means at a given risk in the comparator arm.

    Zhang and Yu (1998), JAMA 280:1690, which is exact for a trial without covariates.

    Examples
    --------
    >>> round(risk_ratio_from_log_odds_ratio(0.9, 0.3), 3)
    1.711
    """
    risk = inside("risk_comparator", risk_comparator, 0, 1)
    return plain(_risk(log_odds_ratio, risk) / risk)


def risk_difference_from_log_odds_ratio(
    log_odds_ratio: ArrayLike, risk_comparator: ArrayLike
) -> float | Array:
    """Risk difference that an odds ratio means at a given risk in the comparator arm.

    Examples
    --------
    >>> round(risk_difference_from_log_odds_ratio(0.9, 0.3), 3)
    0.213
    """
    risk = inside("risk_comparator", risk_comparator, 0, 1)
    return plain(_risk(log_odds_ratio, risk) - risk)


def mean_ratio(log_ratio: ArrayLike, tau2: ArrayLike) -> float | Array:
    """Mean of the ratios whose logarithms are normal with mean x and variance tau2.

    Examples
    --------
    >>> round(mean_ratio(0.0, 0.1), 4)
    1.0513
    """
    return plain(np.exp(numbers("log_ratio", log_ratio) + at_least("tau2", tau2, 0) / 2))


def _risk(log_odds_ratio: ArrayLike, risk: Array) -> Array:
    return np.asarray(expit(log_odds(risk) + numbers("log_odds_ratio", log_odds_ratio)))


def _normal_rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return np.asarray(nodes), np.asarray(weights / weights.sum())


NORMAL_NODES, NORMAL_WEIGHTS = _normal_rule()
"""Gauss-Hermite rule for the mean over a standard normal distribution."""


ProportionScale = Literal["raw", "log", "logit", "arcsine", "freeman_tukey"]
CorrelationScale = Literal["raw", "unbiased", "fisher_z"]

SERIES_FROM, SERIES_TERMS = 25.0, 120
"""Above this c the terms left out are below 1e-16 of the sum."""


def proportion(
    events: ArrayLike,
    n: ArrayLike,
    *,
    scale: ProportionScale = "logit",
    add: float = 0.5,
) -> Effect:
    """Give a proportion with its sampling variance on a scale for pooling.

    Parameters
    ----------
    events : float or array
        Participants with the event, from 0 to n.
    n : float or array
        Participants, 1 or more.
    scale : {"raw", "log", "logit", "arcsine", "freeman_tukey"}
        Proportion, its logarithm, its logit, arcsine of its root, or the double arcsine (PR, PLN,
        PLO, PAS and PFT of metafor).
    add : float
        Constant added to events and to non-events where one of them is 0, on the first three
        scales; the other two need none.

    Returns
    -------
    Effect
        Variance p (1 - p) / n, 1/x - 1/n, 1/x + 1/(n - x), 1/(4 n) and 1/(4 n + 2) (Freeman and
        Tukey 1950, Ann Math Stat 21:607).

    Raises
    ------
    ParameterError
        For events outside 0 to n, n below 1, an unknown scale, `add` 0 where a logarithm of 0 is
        asked for, a missing value.

    Examples
    --------
    >>> effect = proportion(21, 30)
    >>> round(effect.value, 3), round(effect.variance, 3)
    (0.847, 0.159)
    """
    check_choice("scale", scale, ("raw", "log", "logit", "arcsine", "freeman_tukey"))
    x, total = at_least("events", events, 0), at_least("n", n, 1)
    others = at_least("n - events", total - x, 0)
    x, total, others = np.broadcast_arrays(x, total, others)
    if scale == "arcsine":
        return finite_effect(np.arcsin(np.sqrt(x / total)), 1 / (4 * total))
    if scale == "freeman_tukey":
        value = freeman_tukey(x / total, total)
        return finite_effect(np.asarray(value), 1 / (4 * total + 2))
    constant = at_least("add", add, 0) * ((x == 0) | (others == 0))
    x, others = x + constant, others + constant
    total = x + others
    p = x / total
    if scale == "raw":
        return finite_effect(p, p * (others / total) / total)
    if np.any(x == 0) or (scale == "logit" and np.any(others == 0)):
        raise ParameterError("add", float(add), "above 0, since a count is 0")
    if scale == "log":
        return finite_effect(np.log(p), 1 / x - 1 / total)
    return finite_effect(np.log(x) - np.log(others), 1 / x + 1 / others)


def correlation(
    r: ArrayLike, n: ArrayLike, *, scale: CorrelationScale = "fisher_z", average: bool = False
) -> Effect:
    """Give a correlation with its sampling variance on a scale for pooling.

    Parameters
    ----------
    r : float or array
        Correlation, between -1 and 1.
    n : float or array
        Participants, 5 or more.
    scale : {"raw", "unbiased", "fisher_z"}
        The correlation (COR of metafor), without its bias (UCOR), or Fisher's z (ZCOR).
    average : bool
        Whether the mean of all correlations, weighted by participants, stands for each of them in
        the variance (Hunter and Schmidt; AV of metafor). Fisher's z does not need it.

    Returns
    -------
    Effect
        Variance (1 - r^2)^2 / (n - 1), with the unbiased estimate of Olkin and Pratt (1958), Ann
        Math Stat 29:201, for r where that is asked for, or 1 / (n - 3) (Fisher 1921).

    Raises
    ------
    ParameterError
        For r outside -1 to 1 (both included), n below 5, an unknown scale, a missing value.

    Examples
    --------
    >>> effect = correlation(0.5, 28)
    >>> round(effect.value, 4), effect.variance
    (0.5493, 0.04)
    """
    check_choice("scale", scale, ("raw", "unbiased", "fisher_z"))
    rho, n = np.broadcast_arrays(inside("r", r, -1, 1), at_least("n", n, 5))
    if scale == "fisher_z":
        return finite_effect(np.arctanh(rho), 1 / (n - 3))
    value = rho if scale == "raw" else _unbiased(rho, n)
    inserted = np.average(value, weights=n) if average else value
    return finite_effect(value, (1 - inserted**2) ** 2 / (n - 1))


def unbiased_variance_of_correlation(r: ArrayLike, n: ArrayLike) -> float | Array:
    """Give the unbiased variance of the unbiased correlation.

    Parameters
    ----------
    r, n : float or array
        As in `correlation`.

    Returns
    -------
    float or ndarray
        Square of the unbiased correlation less the unbiased estimate of the squared true one
        (Hedges 1989, J Educ Stat 14:367; UCOR with vtype UB of metafor). It can be negative.

    Raises
    ------
    ParameterError
        As `correlation`.

    Examples
    --------
    >>> round(unbiased_variance_of_correlation(0.5, 28), 4)
    0.0221
    """
    rho, n = np.broadcast_arrays(inside("r", r, -1, 1), at_least("n", n, 5))
    rest = 1 - rho**2
    square = 1 - (n - 3) / (n - 2) * rest * _hypergeometric(1.0, n / 2, rest)
    return plain(_unbiased(rho, n) ** 2 - square)


def _unbiased(rho: Array, n: Array) -> Array:
    # the estimate of Olkin and Pratt (1958)
    return rho * _hypergeometric(0.5, (n - 2) / 2, 1 - rho**2)


def _hypergeometric(a: float, c: Array, x: Array) -> Array:
    """Gauss' function F(a, a; c; x) for x from 0 to 1.

    That of scipy gives NaN for some c above 50; there the series falls off at once.
    """
    term, total = np.ones(c.shape), np.ones(c.shape)
    for k in range(SERIES_TERMS):
        term = term * (a + k) ** 2 / ((c + k) * (k + 1)) * x
        total = total + term
    return np.asarray(np.where(c > SERIES_FROM, total, hyp2f1(a, a, np.minimum(c, SERIES_FROM), x)))


def fisher_z(r: ArrayLike) -> float | Array:
    """Fisher's z of a correlation, atanh r (Fisher 1921).

    Examples
    --------
    >>> round(fisher_z(0.6), 4)
    0.6931
    """
    return plain(np.arctanh(inside("r", r, -1, 1)))


def correlation_from_fisher_z(z: ArrayLike) -> float | Array:
    """Correlation of Fisher's z.

    Examples
    --------
    >>> round(correlation_from_fisher_z(0.6931), 3)
    0.6
    """
    return plain(np.tanh(numbers("z", z)))


def mean_correlation_from_fisher_z(z: ArrayLike, tau2: ArrayLike) -> float | Array:
    """Mean of the correlations whose z are normal with mean z and variance tau2.

    Examples
    --------
    >>> round(mean_correlation_from_fisher_z(0.9, 0.1), 4)
    0.6832
    """
    z, spread = np.broadcast_arrays(numbers("z", z), at_least("tau2", tau2, 0))
    points = z[..., None] + np.sqrt(spread)[..., None] * NORMAL_NODES
    return plain(np.tanh(points) @ NORMAL_WEIGHTS)


def fisher_z_of_r_squared(r_squared: ArrayLike) -> float | Array:
    """Fisher's z of the root of a share of explained variance from 0 to below 1.

    Examples
    --------
    >>> round(fisher_z_of_r_squared(0.6), 4)
    1.0317
    """
    share = at_least("r_squared", r_squared, 0)
    above("1 - r_squared", 1 - share, 0)
    return plain(np.arctanh(np.sqrt(share)))


def r_squared_from_fisher_z(z: ArrayLike) -> float | Array:
    """Share of explained variance of Fisher's z.

    Examples
    --------
    >>> round(r_squared_from_fisher_z(0.9), 4)
    0.5131
    """
    return plain(np.tanh(numbers("z", z)) ** 2)


def biserial_from_point_biserial(r: ArrayLike, share_1: ArrayLike) -> float | Array:
    """Biserial correlation of a point-biserial one, times sqrt(p q) / f.

    f is the normal density at the point that cuts off the share p of arm 1. Jacobs and Viechtbauer
    (2017), Res Synth Methods 8:161. The result can lie beyond 1 where scores are not normal.

    Examples
    --------
    >>> round(biserial_from_point_biserial(0.6, 0.4), 4)
    0.7608
    """
    return plain(inside("r", r, -1, 1) * _ratio(inside("share_1", share_1, 0, 1)))


def point_biserial_from_biserial(r: ArrayLike, share_1: ArrayLike) -> float | Array:
    """Point-biserial correlation of a biserial one, the inverse of the above.

    Examples
    --------
    >>> round(point_biserial_from_biserial(0.6, 0.4), 4)
    0.4732
    """
    return plain(inside("r", r, -1, 1) / _ratio(inside("share_1", share_1, 0, 1)))


def d_from_biserial(r: ArrayLike) -> float | Array:
    """Standardized mean difference of halves of equal size, cut at the median of a correlate.

    Examples
    --------
    >>> round(d_from_biserial(0.6), 4)
    1.0906
    """
    point_biserial = np.asarray(point_biserial_from_biserial(r, 0.5))
    return plain(2 * point_biserial / np.sqrt(1 - point_biserial**2))


def biserial_from_d(d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Biserial correlation from a standardized mean difference.

    It stands for the correlation of the outcome with a normal variable that was cut in two to form
    the groups, which arms of a trial are not.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples; its sign is kept.
    n_1, n_2 : float or array
        Participants of the groups, 1 or more and 3 or more together.

    Returns
    -------
    Effect
        With the variance of Soper (1914), Biometrika 10:384, as in Jacobs and Viechtbauer (2017),
        Res Synth Methods 8:161. The value can lie beyond 1 where scores are not normal.

    Raises
    ------
    ParameterError
        For groups below 1, or below 3 together, or a missing value.

    Examples
    --------
    >>> round(biserial_from_d(0.2, 20, 25).value, 4)
    0.1272
    """
    d, n_1, n_2 = numbers("d", d), at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    n = at_least("n_1 + n_2", n_1 + n_2, 3)
    h = (n - 2) * (1 / n_1 + 1 / n_2)
    p, q = n_1 / n, n_2 / n
    ratio = _ratio(p)
    value = ratio * d / np.sqrt(d**2 + h)
    z, density = ndtri(q), np.sqrt(p * q) / ratio
    inner = p * q * z**2 / density**2 + (2 * p - 1) * z / density - 2.5
    variance = (value**4 + value**2 * inner + ratio**2) / (n - 1)
    return finite_effect(value, np.asarray(variance))


def alpha_root(alpha: ArrayLike) -> float | Array:
    """Coefficient alpha on the scale on which its distribution is near normal, 1 - (1 - x)^(1/3).

    Hakstian and Whalen (1976), Psychometrika 41:219.

    Examples
    --------
    >>> round(alpha_root(0.77), 4)
    0.3873
    """
    return plain(1 - np.cbrt(1 - between("alpha", alpha, 0, 1)))


def alpha_from_root(x: ArrayLike) -> float | Array:
    """Coefficient alpha of its cube-root scale; 0 below 0 and 1 above 1.

    Examples
    --------
    >>> round(alpha_from_root(0.3873), 2)
    0.77
    """
    return plain(1 - (1 - np.clip(numbers("x", x), 0, 1)) ** 3)


def _ratio(p: Array) -> Array:
    """Biserial over point-biserial correlation for groups of shares p and 1 - p."""
    density = np.exp(-(ndtri(p) ** 2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.sqrt(p * (1 - p)) / density)
