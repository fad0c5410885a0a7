"""A proportion, or a correlation, of one group on the scales on which such numbers are pooled.

All functions broadcast; scalars give Python floats. How numbers go back to the scale that readers
know is in `evidence.effects.proportion_scales` and `evidence.effects.correlation_scales`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import hyp2f1

from evidence.effects.checked import Array, at_least, choice, finite_effect, inside, plain
from evidence.effects.effect import Effect
from evidence.effects.proportion_scales import freeman_tukey
from evidence.errors import ParameterError

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
    choice("scale", scale, ("raw", "log", "logit", "arcsine", "freeman_tukey"))
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
    choice("scale", scale, ("raw", "unbiased", "fisher_z"))
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
