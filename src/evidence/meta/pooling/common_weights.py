"""Common-effect weights with an interval that allows for variation between trials."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import numbers

FAR = 12.0
"""Beyond this many standard errors the normal density adds less than 1e-31."""

PANELS = 48
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, slots=True)
class HenmiCopas:
    """The estimate of Henmi and Copas.

    Attributes
    ----------
    effect, se, ci_low, ci_high : float
        Estimate by common-effect weights, its standard error under variation between trials, and
        the interval.
    quantile : float
        What the standard error is multiplied by; above the normal quantile.
    level : float
        Coverage.
    tau2 : float
        Variance between trials (DerSimonian and Laird).
    k : int
        Number of trials.
    """

    effect: float
    se: float
    ci_low: float
    ci_high: float
    quantile: float
    level: float
    tau2: float
    k: int


def henmi_copas(effect: Any, variance: Any, *, level: float = 0.95) -> HenmiCopas:
    """Pool by common-effect weights, with an interval for effects that vary.

    Small trials, in which publication bias is largest, weigh less than in a random-effects
    estimate; the interval allows for variation between trials all the same.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances, of two or more trials.
    level : float
        Coverage of the interval.

    Returns
    -------
    HenmiCopas

    Raises
    ------
    ParameterError
        For fewer than two trials, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Henmi and Copas (2010), Stat Med 29:2969. With w = 1/v, W1 = sum w and W2 = sum w^2 the
    variance is (W1 + tau2 W2) / W1^2. The quantile is that of estimate over standard error, whose
    distribution is that of a normal variable R and of Q, given R: as in the paper a gamma
    distribution with the conditional mean and variance of Q, at the estimated tau2.

    Examples
    --------
    >>> found = henmi_copas([0.2, 0.4, 0.6, 1.9], [0.04, 0.05, 0.06, 0.05])
    >>> round(found.effect, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.747, -0.467, 1.961)
    """
    check_level(level)
    whole = pool(effect, variance, tau2="DL", interval="wald", level=level)
    if whole.k < 2:
        raise ParameterError("effect", whole.k, "two or more trials")
    common = pool(effect, variance, tau2="common", interval="wald", level=level)
    variances, tau2 = numbers("variance", variance), float(whole.tau2 or 0.0)
    tail = _upper_tail(variances, tau2)
    quantile = _root(tail, (1 - level) / 2)
    weight = 1 / variances
    total = weight.sum()
    se = float(np.sqrt(total + tau2 * (weight**2).sum()) / total)
    return HenmiCopas(
        effect=common.effect,
        se=se,
        ci_low=common.effect - quantile * se,
        ci_high=common.effect + quantile * se,
        quantile=quantile,
        level=float(level),
        tau2=tau2,
        k=whole.k,
    )


def _upper_tail(variances: Floats, tau2: float) -> Callable[[float], float]:
    """Give P(U > u) of U = (estimate - mu) / se as a function of u above 0.

    R is the standardized error of the estimate. U > u where se < R / u, that is where Q is below
    a bound that R sets; se is at least 1 / sqrt(W1), so that R starts there.
    """
    k = variances.size
    # Weights relative to the largest keep sums of squares within reach.
    scale = variances.min()
    w = scale / variances
    total, second = w.sum(), (w**2).sum()
    d = (variances + tau2) / scale
    # everything in units in which the smallest sampling variance is 1
    spread = (w**2 * d).sum() / total**2
    slope = w * d / (total * np.sqrt(spread))
    inner = np.diag(w) - np.outer(w, w) / total
    product = inner @ (np.diag(d) - np.outer(slope, slope))
    by_square = float(slope @ inner @ slope)
    mean_0, variance_0 = float(np.trace(product)), 2 * float(np.trace(product @ product))
    variance_2 = 4 * float(slope @ product @ inner @ slope)

    def tail(u: float) -> float:
        start = u / np.sqrt(total * spread)
        edges = np.linspace(start, start + FAR, PANELS + 1)
        half = np.diff(edges) / 2
        r = (edges[:-1] + half)[:, None] + half[:, None] * NODES
        bound = (k - 1) + (total - second / total) * (
            (r**2 * spread / u**2) * total**2 - total
        ) / second
        mean = mean_0 + by_square * r**2
        variance = variance_0 + variance_2 * r**2
        below = special.gammainc(mean**2 / variance, bound * mean / variance)
        density = np.exp(-(r**2) / 2) / np.sqrt(2 * np.pi)
        return float((half[:, None] * NODE_WEIGHTS * below * density).sum())

    return tail


def _root(tail: Callable[[float], float], target: float) -> float:
    high = 2.0
    while tail(high) > target:
        high *= 2
    # At the lower end the tail is one half.
    return float(optimize.brentq(lambda u: tail(u) - target, 1e-12, high, xtol=1e-13, rtol=1e-13))
