"""Transformations of proportions and back, for pooling and for reading pooled numbers.

All functions broadcast; scalars give Python floats. Arguments that are no proportion, or no finite
number, raise `ParameterError`.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr, ndtri
from scipy.special import logit as log_odds

from evidence.effects.checked import Array, above, at_least, between, inside, numbers, plain


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
