"""Every integer table that fits printed numbers: candidates per arm, filtered, then joined."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from evidence.effects.decimals import Floats, Integers, Mask, Printed, Rounding
from evidence.effects.proportion_intervals import FORMULAS, limits_inside
from evidence.effects.two_by_two import MEASURES

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
