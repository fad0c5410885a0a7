"""How printed numbers are met or missed by a table of counts."""

from dataclasses import dataclass

import numpy as np

from evidence.effects.decimals import Floats, Integers, Printed, Rounding
from evidence.effects.proportion_intervals import proportion_interval
from evidence.effects.table_search import Query
from evidence.effects.two_by_two import MEASURES
from evidence.errors import ParameterError

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
