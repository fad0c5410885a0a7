"""Rare events pooled from counts, without adding anything to empty cells.

Mantel-Haenszel and Peto estimates, and the exact conditional odds ratio with its interval. They
take one table or several. A table without an event in either arm stays in the count of trials,
says nothing about a ratio, and is listed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import brentq

from evidence.errors import check_choice
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level
from evidence.meta.rare_events.counts import (
    PooledEvents,
    Tables,
    log_choose,
    read_tables,
    sentences,
)

MEASURES = ("odds_ratio", "risk_ratio", "risk_difference")

WIDEST = 1e3
"""Logarithms of odds ratios are looked for between minus this and this."""

TIED = 1 + 1e-7
"""Probabilities of sums within this factor count as equal, as in R's ``fisher.test``."""

_Estimate = tuple[float, float] | None
_Test = tuple[float | None, int | None, float | None]


def mantel_haenszel(
    events_1: Any,
    n_1: Any,
    events_2: Any,
    n_2: Any,
    *,
    measure: str = "odds_ratio",
    level: float = 0.95,
) -> PooledEvents:
    """Pool counts by Mantel and Haenszel.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int or array_like of shape (k,)
        Events and participants in both arms. The effect is arm 1 against arm 2; where the event
        is harmful and a positive effect is to favor the intervention, the comparator is arm 1.
    measure : {"odds_ratio", "risk_ratio", "risk_difference"}
    level : float
        Coverage of the interval.

    Returns
    -------
    PooledEvents
        None for a ratio without a finite logarithm, which `warnings` says. No table is left out:
        one without an event moves a risk difference only, one in which everyone had it a risk ratio
        and a risk difference, toward none; neither moves an odds ratio.

    Raises
    ------
    ParameterError
        For counts that are not whole, negative, above the participants, or of unequal length.

    Notes
    -----
    Mantel and Haenszel (1959). Variances: log odds ratio Robins, Breslow and Greenland (1986),
    Biometrics 42:311; log risk ratio Greenland and Robins (1985), Biometrics 41:55; risk
    difference Sato, Greenland and Robins (1989), Biometrics 45:1323. Homogeneity: Breslow and Day
    (1980) with the correction of Tarone (1985).

    Examples
    --------
    >>> pooled = mantel_haenszel([2, 4], [66, 31], [4, 7], [63, 35])
    >>> round(pooled.effect, 3), round(pooled.ci_low, 3), round(pooled.ci_high, 3)
    (-0.619, -1.676, 0.439)
    """
    check_choice("measure", measure, MEASURES)
    check_level(level)
    tables = read_tables(events_1, n_1, events_2, n_2)
    estimate = {
        "odds_ratio": _odds_ratio,
        "risk_ratio": _risk_ratio,
        "risk_difference": _risk_difference,
    }[measure](tables)
    homogeneity: _Test = (None, None, None)
    if measure == "odds_ratio" and estimate is not None:
        homogeneity = _breslow_day(tables, float(np.exp(estimate[0])))
    return _normal(tables, measure, "mantel_haenszel", estimate, homogeneity, level)


def peto(events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, level: float = 0.95) -> PooledEvents:
    """Pool counts by the one-step method of Peto, for rare events and arms of similar size.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int or array_like of shape (k,)
        As in `mantel_haenszel`.
    level : float
        Coverage of the interval.

    Returns
    -------
    PooledEvents

    Raises
    ------
    ParameterError
        As `mantel_haenszel`.

    Notes
    -----
    Yusuf et al. (1985), Prog Cardiovasc Dis 27:335: log odds ratio = sum(O - E) / sum(V).

    Examples
    --------
    >>> pooled = peto([2, 4], [66, 31], [4, 7], [63, 35])
    >>> round(pooled.effect, 3), pooled.k
    (-0.595, 2)
    """
    check_level(level)
    tables = read_tables(events_1, n_1, events_2, n_2)
    total = float(tables.variance.sum())
    estimate = None
    homogeneity: _Test = (None, None, None)
    if total > 0:
        excess = float(tables.excess.sum())
        estimate = (excess / total, total**-0.5)
        kept = tables.informative
        # sum (O - E)^2 / V - (sum (O - E))^2 / sum V
        q = float((tables.excess[kept] ** 2 / tables.variance[kept]).sum() - excess**2 / total)
        homogeneity = _chi_square(q, int(kept.sum()))
    return _normal(tables, "odds_ratio", "peto", estimate, homogeneity, level)


def exact(events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, level: float = 0.95) -> PooledEvents:
    """Give the exact conditional odds ratio of one table, or the common one of several.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int or array_like of shape (k,)
        As in `mantel_haenszel`.
    level : float
        Coverage of the interval, which is at least this.

    Returns
    -------
    PooledEvents
        The conditional maximum likelihood estimate, infinite where arm 1 has as few or as many
        events as the margins allow. The interval inverts both exact tails at half the error each,
        and the p value is twice the smaller tail, so that they agree; ``p_fisher`` is the two-sided
        one of R's `fisher.test` and `mantelhaen.test(exact = TRUE)`.

    Raises
    ------
    ParameterError
        As `mantel_haenszel`.

    Notes
    -----
    Gart (1970), Biometrika 57:471: given all margins the events in arm 1 follow a product of
    noncentral hypergeometric distributions, and their sum is sufficient.

    Examples
    --------
    >>> pooled = exact(2, 66, 4, 63)
    >>> round(pooled.effect, 3), round(pooled.ci_low, 3), round(pooled.ci_high, 3)
    (-0.769, -3.206, 1.215)
    """
    check_level(level)
    tables = read_tables(events_1, n_1, events_2, n_2)
    kept = np.flatnonzero(tables.informative)
    if kept.size == 0:
        return _normal(tables, "odds_ratio", "exact_conditional", None, (None, None, None), level)
    first, log_weight = _null_distribution(tables, kept)
    support = first + np.arange(log_weight.size)
    observed = float(tables.events_1[kept].sum())

    def tilted(log_odds_ratio: float) -> Floats:
        return special.softmax(log_weight + support * log_odds_ratio)

    def at_least(log_odds_ratio: float) -> float:
        return float(tilted(log_odds_ratio)[support >= observed].sum())

    def at_most(log_odds_ratio: float) -> float:
        return float(tilted(log_odds_ratio)[support <= observed].sum())

    null = tilted(0.0)
    tail = (1 - level) / 2
    lowest, highest = observed == support[0], observed == support[-1]
    effect = -np.inf if lowest else np.inf
    if not lowest and not highest:
        effect = _rising_root(lambda x: float(tilted(x) @ support) - observed)
    low = -np.inf if lowest else _rising_root(lambda x: at_least(x) - tail)
    high = np.inf if highest else _rising_root(lambda x: tail - at_most(x))
    return PooledEvents(
        measure="odds_ratio",
        effect=float(effect),
        se=None,
        ci_low=float(low),
        ci_high=float(high),
        level=float(level),
        p_value=min(1.0, 2 * min(at_least(0.0), at_most(0.0))),
        p_fisher=min(1.0, float(null[null <= null[support == observed] * TIED].sum())),
        q=None,
        q_df=None,
        q_p=None,
        k=tables.n_1.size,
        k_informative=kept.size,
        double_zero=tables.double_zero,
        all_events=tables.all_events,
        method="exact_conditional",
        warnings=sentences(tables, "odds_ratio", finite=bool(np.isfinite(effect))),
    )


def _odds_ratio(tables: Tables) -> _Estimate:
    a, c, total = tables.events_1, tables.events_2, tables.total
    b, d = tables.n_1 - a, tables.n_2 - c
    r, s = a * d / total, b * c / total
    if r.sum() == 0 or s.sum() == 0:
        return None
    p, q = (a + d) / total, (b + c) / total
    # Variance of Robins, Breslow and Greenland, 1986
    variance = (
        (p * r).sum() / r.sum() ** 2
        + (p * s + q * r).sum() / (r.sum() * s.sum())
        + (q * s).sum() / s.sum() ** 2
    ) / 2
    return float(np.log(r.sum() / s.sum())), float(np.sqrt(variance))


def _risk_ratio(tables: Tables) -> _Estimate:
    a, c, total = tables.events_1, tables.events_2, tables.total
    r, s = (a * tables.n_2 / total).sum(), (c * tables.n_1 / total).sum()
    if r == 0 or s == 0 or not tables.informative.any():
        return None
    # Variance of Greenland and Robins, 1985
    part = (tables.n_1 * tables.n_2 * tables.events - a * c * total) / total**2
    return float(np.log(r / s)), float(np.sqrt(part.sum() / (r * s)))


def _risk_difference(tables: Tables) -> _Estimate:
    a, c, n_1, n_2, total = (
        tables.events_1,
        tables.events_2,
        tables.n_1,
        tables.n_2,
        tables.total,
    )
    weight = (n_1 * n_2 / total).sum()
    difference = ((a * n_2 - c * n_1) / total).sum() / weight
    # Variance of Sato, Greenland and Robins, 1989
    p = (n_1**2 * c - n_2**2 * a + n_1 * n_2 * (n_2 - n_1) / 2) / total**2
    q = (a * (n_2 - c) + c * (n_1 - a)) / (2 * total)
    variance = (difference * p.sum() + q.sum()) / weight**2
    # It is 0 without events, and cannot be negative but by rounding.
    return float(difference), float(np.sqrt(max(variance, 0.0)))


def _breslow_day(tables: Tables, odds_ratio: float) -> _Test:
    kept = tables.informative
    a, n_1, n_2 = tables.events_1[kept], tables.n_1[kept], tables.n_2[kept]
    events = tables.events[kept]
    # Expected events in arm 1: the root of A (n_2 - m + A) = OR (n_1 - A)(m - A) in range
    linear = n_2 - events + odds_ratio * (n_1 + events)
    quadratic = 1 - odds_ratio
    constant = odds_ratio * n_1 * events
    root = np.sqrt(np.maximum(linear**2 + 4 * quadratic * constant, 0.0))
    expected = 2 * constant / (linear + root)
    variance = 1 / (
        1 / expected
        + 1 / (n_1 - expected)
        + 1 / (events - expected)
        + 1 / (n_2 - events + expected)
    )
    gap = a - expected
    # Breslow and Day (1980), page 142, less the correction of Tarone (1985)
    q = float((gap**2 / variance).sum() - gap.sum() ** 2 / variance.sum())
    return _chi_square(q, int(kept.sum()))


def _chi_square(q: float, k: int) -> _Test:
    if k < 2:
        return None, None, None
    return q, k - 1, float(special.chdtrc(k - 1, max(q, 0.0)))


def _normal(
    tables: Tables,
    measure: str,
    method: str,
    estimate: _Estimate,
    homogeneity: _Test,
    level: float,
) -> PooledEvents:
    effect, se, low, high, p_value = None, None, None, None, None
    if estimate is not None:
        effect, se = estimate
        margin = float(special.ndtri((1 + level) / 2)) * se
        low, high = effect - margin, effect + margin
        if se > 0:
            p_value = float(2 * special.ndtr(-abs(effect) / se))
    return PooledEvents(
        measure=measure,
        effect=effect,
        se=se,
        ci_low=low,
        ci_high=high,
        level=float(level),
        p_value=p_value,
        p_fisher=None,
        q=homogeneity[0],
        q_df=homogeneity[1],
        q_p=homogeneity[2],
        k=tables.n_1.size,
        k_informative=tables.informative_for(measure),
        double_zero=tables.double_zero,
        all_events=tables.all_events,
        method=method,
        warnings=sentences(tables, measure, finite=estimate is not None),
    )


def _null_distribution(tables: Tables, kept: NDArray[np.intp]) -> tuple[float, Floats]:
    """Lowest sum of events in arm 1, and log weights up to a constant from there on, at ratio 1."""
    lowest = 0.0
    weights = np.ones(1)
    for i in kept:
        n_1, n_2, events = tables.n_1[i], tables.n_2[i], tables.events[i]
        first, last = max(0.0, events - n_2), min(n_1, events)
        x = np.arange(first, last + 1)
        log_part = log_choose(n_1, x) + log_choose(n_2, events - x)
        # Scaled to a maximum of 1 each time, so that many tables cannot overflow.
        weights = np.convolve(weights, np.exp(log_part - log_part.max()))
        weights = weights / weights.max()
        lowest += first
    with np.errstate(divide="ignore"):
        return lowest, np.log(weights)


def _rising_root(function: Callable[[float], float]) -> float:
    width = 1.0
    while (function(-width) > 0 or function(width) < 0) and width < WIDEST:
        width *= 2
    return float(brentq(function, -width, width, xtol=1e-14, rtol=1e-14))
