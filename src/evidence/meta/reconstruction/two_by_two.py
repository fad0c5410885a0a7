"""Numbers that sources print of two arms with an event, and every table that gives them.

A table has events and participants of arm 1, then of arm 2. Everything broadcasts over the rows
of an integer array of shape (tables, 4).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from scipy.special import erfc, gammaln

from evidence.meta.effect_size import association
from evidence.meta.reconstruction.decimals import Floats, Integers, Mask, Printed, Range, Rounding
from evidence.meta.reconstruction.proportion_intervals import FORMULAS, limits_inside

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
    values[free] = association.conditional_odds_ratio(e1[free], n1[free], e2[free], n2[free])
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


Total = Literal["exact", "at_most"]
PercentOf = Literal["arm", "all"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is gone through: candidates per arm, pairs of them, tables that fit."""

    candidates: int
    pairs: int
    tables: int


FULL = Effort(2_000_000, 20_000_000, 500_000)
BRIEF = Effort(50_000, 1_000_000, 200_000)
BRIEFEST = Effort(50_000, 100_000, 100_000)

_CHUNK = 500_000

# Keys of the join are logarithms; what they let pass is tested again exactly.
_KEY_SLACK = 1e-9


class TooManyError(Exception):
    """More candidates, pairs or tables than can be gone through."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What is printed of one arm, read.

    Attributes
    ----------
    n_low, n_high : int
        Fewest and most participants.
    events : int or None
        Events, where they are printed.
    percent, ci_low, ci_high : Printed or None
        Percent with the event and the limits of its interval.
    """

    n_low: int
    n_high: int
    events: int | None = None
    percent: Printed | None = None
    ci_low: Printed | None = None
    ci_high: Printed | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is printed of all arms, read."""

    arms: tuple[Arm, ...]
    joint: dict[str, Printed] = field(default_factory=dict)
    n_total: int | None = None
    total: Total = "exact"
    percent_of: PercentOf = "arm"
    level: float = 0.95
    formulas: tuple[str, ...] = tuple(FORMULAS)

    @property
    def has_limits(self) -> bool:
        """Whether any limit of a percentage is printed."""
        return any(arm.ci_low or arm.ci_high for arm in self.arms)

    def without(self, name: str) -> "Query":
        """Leave out one printed number: a measure, or "percent_1", "n_2", "n_total" ..."""
        if name in self.joint:
            rest = {key: value for key, value in self.joint.items() if key != name}
            return replace(self, joint=rest)
        if name == "n_total":
            return replace(self, n_total=None)
        attribute, number = name.rsplit("_", 1)
        at = int(number) - 1
        arm = self.arms[at]
        if attribute == "n":
            # far enough for a slip in one digit, near enough to stay a search
            arm = replace(arm, n_low=1, n_high=2 * arm.n_high + 10)
        else:
            arm = _blank(arm, attribute)
        return replace(self, arms=(*self.arms[:at], arm, *self.arms[at + 1 :]))


def _blank(arm: Arm, attribute: str) -> Arm:
    if attribute == "events":
        return replace(arm, events=None)
    if attribute == "percent":
        return replace(arm, percent=None)
    return replace(arm, ci_low=None) if attribute == "ci_low" else replace(arm, ci_high=None)


@dataclass(frozen=True, slots=True)
class Found:
    """Tables that fit.

    Attributes
    ----------
    tables : ndarray of int, shape (tables, 2 or 4)
        Events and participants of arm 1, then of arm 2; each table once, sorted.
    formulas : ndarray of bool, shape (tables, formulas)
        Which formulas give every printed limit; without columns where no limit is printed.
    """

    tables: Integers
    formulas: Mask


def search(query: Query, rounding: Rounding, effort: Effort = FULL) -> Found:
    """Every table that fits, with the interval formulas under which it does.

    Parameters
    ----------
    query : Query
        What is printed.
    rounding : {"half", "truncation"}
        How the printed numbers were cut to their digits.
    effort : Effort
        Where to give up.

    Raises
    ------
    TooManyError
        If the printed numbers leave more than can be gone through.
    """
    formulas = query.formulas if query.has_limits else ()
    width = 2 * len(query.arms)
    hits: list[tuple[Integers, int]] = []
    count = 0
    for base in _bases(query):
        sides = [_candidates(arm, base, rounding, effort) for arm in query.arms]
        masks = [
            _fitting(arm, side, base, query, formulas, rounding)
            for arm, side in zip(query.arms, sides, strict=True)
        ]
        for at in range(max(1, len(formulas))):
            kept = [side[mask[at]] for side, mask in zip(sides, masks, strict=True)]
            for tables in _joined(kept, base, query, rounding, effort):
                count += len(tables)
                if count > effort.tables * max(1, len(formulas)):
                    raise TooManyError
                hits.append((tables, at))
    if not count:
        return Found(np.empty((0, width), np.int64), np.empty((0, len(formulas)), np.bool_))
    stacked = np.concatenate([tables for tables, _ in hits])
    marks = np.concatenate([np.full(len(tables), at) for tables, at in hits])
    unique, where = np.unique(stacked, axis=0, return_inverse=True)
    fits = np.zeros((len(unique), len(formulas)), dtype=np.bool_)
    if formulas:
        fits[where.reshape(-1), marks] = True
    return Found(unique, fits)


def _bases(query: Query) -> Iterator[int | None]:
    """Totals that percentages can refer to; None where they refer to their own arm."""
    if query.percent_of == "arm":
        yield None
        return
    most = sum(arm.n_high for arm in query.arms)
    if query.n_total is None:
        yield from range(len(query.arms), most + 1)
    elif query.total == "exact":
        yield query.n_total
    else:
        yield from range(len(query.arms), min(query.n_total, most) + 1)


def _candidates(arm: Arm, base: int | None, rounding: Rounding, effort: Effort) -> Integers:
    """Pairs of events and participants that fit the percentage and the counts of an arm."""
    most = arm.n_high if base is None else min(arm.n_high, base)
    n = np.arange(arm.n_low, most + 1, dtype=np.int64)
    low, high = np.zeros_like(n), n.copy()
    if arm.percent is not None:
        printed = arm.percent.range(rounding)
        of = n if base is None else np.full_like(n, base)
        # one event more on either side, since open ends and rounding are settled exactly below
        low = np.maximum(low, printed.low * of // (100 * printed.scale) - 1)
        high = np.minimum(high, printed.high * of // (100 * printed.scale) + 1)
    if arm.events is not None:
        low, high = np.maximum(low, arm.events), np.minimum(high, arm.events)
    counts = np.maximum(high - low + 1, 0)
    size = int(counts.sum())
    if size > effort.candidates:
        raise TooManyError
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    events = np.repeat(low, counts) + np.arange(size) - starts
    pairs = np.column_stack([events, np.repeat(n, counts)])
    if arm.percent is not None:
        of = pairs[:, 1] if base is None else np.full(size, base)
        pairs = pairs[arm.percent.range(rounding).holds_ratio(100 * pairs[:, 0], of)]
    return pairs


def _fitting(
    arm: Arm,
    pairs: Integers,
    base: int | None,
    query: Query,
    formulas: tuple[str, ...],
    rounding: Rounding,
) -> Mask:
    """Candidates by formula: all where an arm has no printed limit."""
    fits = np.ones((max(1, len(formulas)), len(pairs)), dtype=np.bool_)
    if arm.ci_low is None and arm.ci_high is None:
        return fits
    low = None if arm.ci_low is None else arm.ci_low.range(rounding)
    high = None if arm.ci_high is None else arm.ci_high.range(rounding)
    events = pairs[:, 0].astype(np.float64)
    n = pairs[:, 1].astype(np.float64) if base is None else np.full(len(pairs), float(base))
    for at, formula in enumerate(formulas):
        fits[at] = limits_inside(formula, events, n, level=query.level, low=low, high=high)
    return fits


def _joined(
    sides: list[Integers],
    base: int | None,
    query: Query,
    rounding: Rounding,
    effort: Effort,
) -> Iterator[Integers]:
    """Tables of all arms that fit what is printed of them together."""
    if len(sides) == 1:
        if len(sides[0]):
            yield sides[0]
        return
    one, two = sides
    if not (len(one) and len(two)):
        return
    for left, right in _pairs(one, two, query, rounding, effort):
        tables = np.concatenate([one[left], two[right]], axis=1)
        n = tables[:, 1] + tables[:, 3]
        if base is not None:
            tables = tables[n == base]
        elif query.n_total is not None:
            tables = tables[n == query.n_total if query.total == "exact" else n <= query.n_total]
        for name, measure in MEASURES.items():
            if name in query.joint and len(tables):
                tables = tables[measure.fits(tables, query.joint[name], rounding)]
        if len(tables):
            yield tables


def _pairs(
    one: Integers, two: Integers, query: Query, rounding: Rounding, effort: Effort
) -> Iterator[tuple[Integers, Integers]]:
    """Give indices of pairs worth testing: near in the key of a printed measure, else all."""
    first, last = np.zeros(len(one), np.int64), np.full(len(one), len(two))
    order = np.arange(len(two))
    key = _key(query, rounding)
    if key is not None:
        name, low, high = key
        keys_one, keys_two = _keys(name, one), _keys(name, two)
        order = np.argsort(keys_two)
        order = order[np.isfinite(keys_two[order])]
        ordered = keys_two[order]
        # the measure is key 1 minus key 2, so key 2 lies between key 1 - high and key 1 - low
        first = np.searchsorted(ordered, keys_one - high - _KEY_SLACK)
        last = np.searchsorted(ordered, keys_one - low + _KEY_SLACK, side="right")
        last = np.where(np.isfinite(keys_one), last, first)
    counts = last - first
    if int(counts.sum()) > effort.pairs:
        raise TooManyError
    chunk = np.cumsum(counts) // _CHUNK
    edges = np.flatnonzero(np.diff(chunk)) + 1
    for rows in np.split(np.arange(len(one)), edges):
        size = counts[rows]
        left = np.repeat(rows, size)
        starts = np.repeat(np.cumsum(size) - size, size)
        yield left, order[np.repeat(first[rows], size) + np.arange(len(left)) - starts]


def _key(query: Query, rounding: Rounding) -> tuple[str, float, float] | None:
    """Measure that is a difference of one number per arm, with the ends of its range."""
    for name in ("odds_ratio", "risk_ratio", "risk_difference"):
        if name not in query.joint:
            continue
        low, high = query.joint[name].range(rounding).ends
        if name == "risk_difference":
            return name, low / 100, high / 100
        if low > 0:
            return name, float(np.log(low)), float(np.log(high))
    return None


def _keys(name: str, pairs: Integers) -> Floats:
    events, n = pairs.astype(np.float64).T
    with np.errstate(divide="ignore"):
        if name == "odds_ratio":
            return np.asarray(np.log(events) - np.log(n - events))
        return np.asarray(np.log(events) - np.log(n) if name == "risk_ratio" else events / n)
