"""Numbers that sources print of two arms with an event: each computed and tested on many tables.

A table has events and participants of arm 1, then of arm 2. Everything broadcasts over the rows
of an integer array of shape (tables, 4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import erfc, gammaln

from evidence.effects import conditional
from evidence.effects.decimals import Floats, Integers, Mask, Printed, Range, Rounding

_BLOCK = 2_000_000

# R's fisher.test counts tables as probable as the observed one with this relative allowance.
_AS_PROBABLE = 1e-7


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that is printed of both arms together.

    Attributes
    ----------
    low, high : float
        Smallest and largest number that can be printed.
    fits : callable
        Which tables give a value inside the range of a printed number.
    value : callable
        Value of each table; NaN where it has none.
    is_p : bool
        Whether sources also print it as below a value.
    """

    low: float
    high: float
    fits: Callable[[Integers, Printed, Rounding], Mask]
    value: Callable[[Integers], Floats]
    is_p: bool = False


def odds_ratio(tables: Integers) -> Floats:
    """Sample odds ratio of arm 1 against arm 2; infinite or NaN with zero cells."""
    return _divided(*_odds_ratio(tables))


def conditional_odds_ratio(tables: Integers) -> Floats:
    """Conditional maximum likelihood odds ratio, as printed beside Fisher's exact test.

    The odds ratio under which the expected events of arm 1, given all margins, are the observed
    ones (Fisher 1935; Agresti 2002, 3.6.1). 0 or infinite where the events are the fewest or
    most that the margins allow; NaN where they allow one table only.
    """
    e1, n1, e2, n2 = tables.T
    free = np.maximum(0, e1 + e2 - n2) < np.minimum(n1, e1 + e2)
    values = np.full(len(tables), np.nan)
    values[free] = conditional.conditional_odds_ratio(e1[free], n1[free], e2[free], n2[free])
    return values


def fisher_p(tables: Integers) -> Floats:
    """Two-sided p of Fisher's exact test: tables no more probable than the observed one."""

    def of_block(block: Integers) -> Floats:
        events, log_weights = _support(block)
        observed = np.take_along_axis(log_weights, block[:, :1] - events[:, :1], axis=1)
        weights = np.exp(log_weights)
        as_rare = log_weights <= observed + _AS_PROBABLE
        return np.asarray((weights * as_rare).sum(axis=1) / weights.sum(axis=1))

    return _by_block(tables, of_block)


def chi2_p(tables: Integers, *, corrected: bool = False) -> Floats:
    """P of Pearson's chi-square with one df, with or without Yates' correction; NaN if empty."""
    e1, n1, e2, n2 = tables.astype(np.float64).T
    total, events = n1 + n2, e1 + e2
    difference = np.abs(e1 * n2 - e2 * n1)
    if corrected:
        difference = np.maximum(difference - total / 2, 0)  # Yates 1934
    with np.errstate(invalid="ignore", divide="ignore"):
        chi2 = total * difference**2 / (n1 * n2 * events * (total - events))
        return np.asarray(erfc(np.sqrt(chi2 / 2)))


def _odds_ratio(tables: Integers) -> tuple[Integers, Integers]:
    e1, n1, e2, n2 = tables.T
    return e1 * (n2 - e2), (n1 - e1) * e2


def _risk_ratio(tables: Integers) -> tuple[Integers, Integers]:
    e1, n1, e2, n2 = tables.T
    return e1 * n2, e2 * n1


def _risk_difference(tables: Integers) -> tuple[Integers, Integers]:
    e1, n1, e2, n2 = tables.T
    return 100 * (e1 * n2 - e2 * n1), n1 * n2


def _number_needed(tables: Integers) -> tuple[Integers, Integers]:
    e1, n1, e2, n2 = tables.T
    return n1 * n2, np.abs(e1 * n2 - e2 * n1)


def _divided(numerator: Integers, denominator: Integers) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator / denominator)


def _ratio(parts: Callable[[Integers], tuple[Integers, Integers]], low: float) -> Measure:
    return Measure(
        low,
        np.inf,
        lambda tables, printed, rounding: printed.range(rounding).holds_ratio(*parts(tables)),
        lambda tables: _divided(*parts(tables)),
    )


def _number_needed_fits(tables: Integers, printed: Printed, rounding: Rounding) -> Mask:
    parts = _number_needed(tables)
    fits = printed.range(rounding).holds_ratio(*parts)
    if printed.digits == 0:
        # a number needed to treat in whole people is by convention rounded up (Altman 1998)
        up = Range(printed.scaled - 1, printed.scaled, 1, low_open=True)
        fits |= up.holds_ratio(*parts)
    return fits


def _p(value: Callable[[Integers], Floats]) -> Measure:
    return Measure(
        0,
        1,
        lambda tables, printed, rounding: printed.range(rounding).holds(value(tables)),
        value,
        is_p=True,
    )


def _conditional_fits(tables: Integers, printed: Printed, rounding: Rounding) -> Mask:
    # The expected events rise with the odds ratio: the estimate lies in a range if the observed
    # ones lie between the expectations at its ends.
    low, high = printed.range(rounding).ends
    fits = np.zeros(len(tables), dtype=np.bool_)

    def of_block(block: Integers) -> Floats:
        events, log_weights = _support(block)
        free = events[:, 0] < np.where(np.isfinite(log_weights), events, -1).max(axis=1)
        below = _expected(events, log_weights, low) <= block[:, 0] + 1e-9
        above = _expected(events, log_weights, high) >= block[:, 0] - 1e-9
        return np.asarray(free & below & above, dtype=np.float64)

    fits[:] = _by_block(tables, of_block) > 0
    return fits


def _support(tables: Integers) -> tuple[Integers, Floats]:
    """Events that arm 1 can have given the margins, and log weights relative to the largest."""
    e1, n1, e2, n2 = tables.T
    total = e1 + e2
    fewest, most = np.maximum(0, total - n2), np.minimum(n1, total)
    events = fewest[:, None] + np.arange(int((most - fewest).max(initial=0)) + 1)
    inside = events <= most[:, None]
    x = np.where(inside, events, fewest[:, None])
    n1, n2, total = n1[:, None], n2[:, None], total[:, None]
    log_factorial = gammaln(np.arange(int((n1 + n2).max(initial=0)) + 1) + 1.0)
    log_weights = -(
        log_factorial[x]
        + log_factorial[n1 - x]
        + log_factorial[total - x]
        + log_factorial[n2 - total + x]
    )
    log_weights = np.where(inside, log_weights, -np.inf)
    return events, np.asarray(log_weights - log_weights.max(axis=1, keepdims=True))


def _expected(events: Integers, log_weights: Floats, psi: float) -> Floats:
    """Events of arm 1 that are expected given the margins, at an odds ratio."""
    if psi <= 0:
        return events[:, 0].astype(np.float64)
    tilted = log_weights + events * np.log(psi)  # Agresti 2002, eq. 3.20
    weights = np.exp(tilted - tilted.max(axis=1, keepdims=True))
    return np.asarray((weights * events).sum(axis=1) / weights.sum(axis=1))


def _by_block(tables: Integers, of_block: Callable[[Integers], Floats]) -> Floats:
    """Apply a function block by block, since each table needs a row of possible counts."""
    values = np.empty(len(tables))
    width = int(tables[:, 1].max(initial=0)) + 1
    rows = max(1, _BLOCK // width)
    for start in range(0, len(tables), rows):
        values[start : start + rows] = of_block(tables[start : start + rows])
    return values


MEASURES: Final[dict[str, Measure]] = {
    "odds_ratio": _ratio(_odds_ratio, 0),
    "risk_ratio": _ratio(_risk_ratio, 0),
    "risk_difference": _ratio(_risk_difference, -100),
    "number_needed_to_treat": Measure(
        1,
        np.inf,
        _number_needed_fits,
        lambda tables: _divided(*_number_needed(tables)),
    ),
    "p_chi2": _p(chi2_p),
    "p_chi2_corrected": _p(lambda tables: chi2_p(tables, corrected=True)),
    "p_fisher": _p(fisher_p),
    "conditional_odds_ratio": Measure(0, np.inf, _conditional_fits, conditional_odds_ratio),
}
"""Measures by the name of the argument that takes them, those that are quick to test first."""
