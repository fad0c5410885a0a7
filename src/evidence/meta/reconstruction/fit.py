"""How printed numbers are met by a table of counts, and what comes nearest where none is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.reconstruction.decimals import Floats, Integers, Printed, Rounding
from evidence.meta.reconstruction.proportion_intervals import limits_inside, proportion_interval
from evidence.meta.reconstruction.two_by_two import (
    BRIEF,
    BRIEFEST,
    MEASURES,
    Found,
    Query,
    TooManyError,
    search,
)

LIMITS = ("ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Fit:
    """How one printed number is met or missed by one table.

    Attributes
    ----------
    name : str
        Which number: "percent_1", "ci_low_2", "n_1", "odds_ratio", ...
    printed : str
        As printed; for sizes the bound in words.
    value : float
        What the table gives.
    met : bool
        Whether the value is printed so.
    formula : str or None
        Interval formula, for limits.
    """

    name: str
    printed: str
    value: float
    met: bool
    formula: str | None = None


def printed_value(
    name: str, tables: Integers, query: Query, formula: str | None
) -> tuple[Printed | None, Floats]:
    """Give a printed number and its value in each table.

    Parameters
    ----------
    name : str
        A measure, "n_total", or "percent_1", "ci_low_1", "ci_high_1", "n_1", "events_1", ...
    tables : ndarray of int, shape (tables, 2 or 4)
        Events and participants of arm 1, then of arm 2.
    query : Query
        What is printed.
    formula : str or None
        Interval formula of the limits.

    Returns
    -------
    tuple
        The printed number (None for counts, which are exact), and values of shape (tables,).
    """
    if name in MEASURES:
        return query.joint[name], MEASURES[name].value(tables)
    if name == "n_total":
        return None, tables[:, 1::2].sum(axis=1).astype(np.float64)
    attribute, number = name.rsplit("_", 1)
    at = int(number) - 1
    events, n = tables[:, 2 * at].astype(np.float64), tables[:, 2 * at + 1].astype(np.float64)
    if attribute in ("n", "events"):
        return None, n if attribute == "n" else events
    of = n if query.percent_of == "arm" else tables[:, 1::2].sum(axis=1).astype(np.float64)
    arm = query.arms[at]
    if attribute == "percent" or formula is None:
        return arm.percent, 100 * events / of
    side = LIMITS.index(attribute)
    limit = 100 * proportion_interval(formula, events, of, level=query.level)[side]
    return (arm.ci_low, arm.ci_high)[side], limit


def fits_of(
    query: Query, table: Integers, formula: str | None, rounding: Rounding
) -> tuple[Fit, ...]:
    """How one table, of shape (1, 2 or 4), meets or misses each printed number."""
    return (
        *_sizes(query, table),
        *(
            _fit(f"{attribute}_{number}", query, table, formula, rounding)
            for number, arm in enumerate(query.arms, start=1)
            for attribute in ("percent", "ci_low", "ci_high")
            if getattr(arm, attribute) is not None
        ),
        *(_fit(name, query, table, None, rounding) for name in query.joint),
    )


def _fit(name: str, query: Query, table: Integers, formula: str | None, rounding: Rounding) -> Fit:
    printed, values = printed_value(name, table, query, formula)
    value = float(values[0])
    if printed is None:
        raise ParameterError("name", name, "a number that is printed with digits")
    if name in MEASURES:
        met = bool(MEASURES[name].fits(table, printed, rounding)[0])
        return Fit(name, printed.text, value, met)
    limit = formula if name.startswith("ci_") else None
    cut = np.clip(values, 0, 100)
    bounds = printed.range(rounding)
    met = bool(bounds.holds(values)[0] | (limit is not None and bounds.holds(cut)[0]))
    return Fit(name, printed.text, value, met, limit)


def _sizes(query: Query, table: Integers) -> list[Fit]:
    """Sizes and counts, which are exact or bounded."""
    fits = []
    for at, arm in enumerate(query.arms):
        events, n = int(table[0, 2 * at]), int(table[0, 2 * at + 1])
        words = f"{arm.n_low} to {arm.n_high}" if arm.n_low < arm.n_high else f"{arm.n_high}"
        fits.append(Fit(f"n_{at + 1}", words, n, arm.n_low <= n <= arm.n_high))
        if arm.events is not None:
            fits.append(Fit(f"events_{at + 1}", f"{arm.events}", events, events == arm.events))
    if query.n_total is not None:
        n = int(table[0, 1::2].sum())
        exact = query.total == "exact"
        words = f"{query.n_total}" if exact else f"at most {query.n_total}"
        met = n == query.n_total if exact else n <= query.n_total
        fits.append(Fit("n_total", words, n, met))
    return fits


KEPT = 3
"""Nearest tables kept for each printed number that is left out."""

_MANY = 5_000


@dataclass(frozen=True, slots=True)
class Near:
    """A table that fits most of the printed numbers.

    Attributes
    ----------
    table : ndarray of int
        Events and participants of arm 1, then of arm 2.
    formula : str or None
        Interval formula under which the other limits fit, if any limit is printed.
    count : int
        Tables that fit as well: the fewer, the more telling.
    """

    table: Integers
    formula: str | None
    count: int


def near_misses(query: Query) -> tuple[list[Near], list[str]]:
    """Find the tables that come nearest: all printed numbers but one, or else most of them.

    Parameters
    ----------
    query : Query
        What is printed; no table fits all of it.

    Returns
    -------
    tuple
        The nearest tables for each number left out, those first that leave the fewest tables;
        and the names that could not be left out, since too much would fit.
    """
    groups: list[list[Near]] = []
    skipped: list[str] = []
    for name in _names(query):
        try:
            groups.append(_without(query, name))
        except TooManyError:
            skipped.append(name)
    if not any(groups):
        groups = [_fewest_failures(query)]
    groups = sorted(filter(None, groups), key=lambda group: group[0].count)
    return [near for group in groups for near in group], skipped


def _names(query: Query) -> Iterator[str]:
    """Names of what is printed and could be wrong."""
    for number, arm in enumerate(query.arms, start=1):
        for attribute in ("percent", *LIMITS, "events"):
            if getattr(arm, attribute) is not None:
                yield f"{attribute}_{number}"
        yield f"n_{number}"
    yield from query.joint
    if query.n_total is not None:
        yield "n_total"


def _without(query: Query, name: str) -> list[Near]:
    """Find the nearest tables that fit all but one printed number."""
    reduced = query.without(name)
    slow = {"p_fisher", "conditional_odds_ratio"} & set(reduced.joint)
    found = search(reduced, "half", BRIEFEST if slow else BRIEF)
    rows, formulas = _by_formula(found, reduced)
    nearest: dict[tuple[int, ...], Near] = {}
    for at in np.argsort(_distance(name, rows, formulas, query), kind="stable"):
        near = Near(rows[at], formulas[at], len(found.tables))
        # one table counts once, under the formula that brings it nearest
        nearest.setdefault(tuple(rows[at].tolist()), near)
        if len(nearest) == KEPT:
            break
    return list(nearest.values())


def _fewest_failures(query: Query) -> list[Near]:
    """Find the tables with the printed percentages that miss the fewest other numbers."""
    bare = replace(
        query, joint={}, arms=tuple(replace(a, ci_low=None, ci_high=None) for a in query.arms)
    )
    try:
        tables = search(bare, "half", BRIEFEST).tables
    except TooManyError:
        return []
    if not len(tables):
        return []
    failures = np.zeros(len(tables), dtype=np.int64)
    for name, printed in query.joint.items():
        failures += ~MEASURES[name].fits(tables, printed, "half")
    by_formula = np.array(
        [_limits_missed(tables, query, formula) for formula in query.formulas if query.has_limits]
    )
    best = np.argmin(by_formula, axis=0) if len(by_formula) else np.zeros(len(tables), np.int64)
    if len(by_formula):
        failures += by_formula.min(axis=0)
    count = int((failures == failures.min()).sum())
    return [
        Near(tables[at], query.formulas[best[at]] if len(by_formula) else None, count)
        for at in np.argsort(failures, kind="stable")[:KEPT]
        if failures[at] == failures.min()
    ]


def _limits_missed(tables: Integers, query: Query, formula: str) -> Integers:
    """Count the printed limits that a formula does not give, in each table."""
    missed = np.zeros(len(tables), dtype=np.int64)
    total = tables[:, 1::2].sum(axis=1)
    for at, arm in enumerate(query.arms):
        of = tables[:, 2 * at + 1] if query.percent_of == "arm" else total
        pairs, where = np.unique(
            np.column_stack([tables[:, 2 * at], of]), axis=0, return_inverse=True
        )
        events, n = pairs.astype(np.float64).T
        for side in LIMITS:
            printed = getattr(arm, side)
            if printed is not None:
                ranges = {"low": None, "high": None, side.removeprefix("ci_"): printed.range()}
                fits = limits_inside(formula, events, n, level=query.level, **ranges)
                missed += ~fits[where.reshape(-1)]
    return missed


def _by_formula(found: Found, query: Query) -> tuple[Integers, list[str | None]]:
    """One row for each table and each formula under which it fits."""
    if found.formulas.shape[1]:
        at, formula = np.nonzero(found.formulas)
        return found.tables[at], [query.formulas[i] for i in formula]
    return found.tables, [None] * len(found.tables)


def _distance(name: str, tables: Integers, formulas: list[str | None], query: Query) -> Floats:
    """How far a number is from print, in units of its last digit."""
    if name == "n_total" or name.startswith("n_"):
        _, value = printed_value(name, tables, query, None)
        bound = query.n_total if name == "n_total" else query.arms[int(name[-1]) - 1].n_high
        return np.abs(value - float(bound or 0))
    if name.startswith("events_"):
        _, value = printed_value(name, tables, query, None)
        return np.abs(value - float(query.arms[int(name[-1]) - 1].events or 0))
    if name == "conditional_odds_ratio" and len(tables) > _MANY:
        # each conditional estimate takes an iteration; the sample one orders them well enough
        name, query = "odds_ratio", replace(query, joint={"odds_ratio": query.joint[name]})
    distance = np.full(len(tables), np.inf)
    for formula in dict.fromkeys(formulas):
        at = np.array([f == formula for f in formulas])
        printed, value = printed_value(name, tables[at], query, formula)
        if printed is not None:
            distance[at] = np.abs(value - printed.value) / printed.unit
    return np.where(np.isnan(distance), np.inf, distance)
