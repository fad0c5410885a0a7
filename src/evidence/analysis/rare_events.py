"""An event too rare for a normal approximation: counts trial by trial, pooled without additions."""

import math
from dataclasses import dataclass
from itertools import product

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.provenance import worst
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.from_arm_results import pairs
from evidence.estimation.from_events import METRICS, Counts, EventTables, event_tables
from evidence.estimation.lookups import Context
from evidence.meta.rare_events import exact, mantel_haenszel, peto
from evidence.meta.rare_events.counts import PooledEvents

MOST_TABLES = 50
"""With more tables than this for one trial only the extreme ones are combined with others."""

METHODS = {"exact": exact, "mantel_haenszel": mantel_haenszel, "peto": peto}


@dataclass(frozen=True, slots=True, eq=False)
class RareResult:
    """One pooled odds ratio; above 1 favors the intervention.

    Attributes
    ----------
    estimate_id : str
        Its id.
    method : str
        Key of `METHODS`.
    pooled : PooledEvents
        On the log scale, above 0 where it favors the intervention.
    low, high : float
        Log odds ratio over all tables that fit what is printed.
    counts_low, counts_high : tuple of Counts
        Table by table, the counts that give the low and the high end.
    tables : tuple of EventTables
        What entered.
    processing : str
        The worst of them.
    """

    estimate_id: str
    method: str
    pooled: PooledEvents
    low: float
    high: float
    counts_low: tuple[Counts, ...]
    counts_high: tuple[Counts, ...]
    tables: tuple[EventTables, ...]
    processing: str


@dataclass(frozen=True, slots=True, eq=False)
class RareEvents:
    """An event in the randomized trials of a therapy.

    Attributes
    ----------
    therapy, outcome, event : str
        What is analyzed.
    tables : tuple of EventTables
        Trial by trial, at the last time that a source prints; trials with printed counts first.
    results : tuple of RareResult
        For the trials with printed counts, then for all, each by the methods of `METHODS`.
    """

    therapy: str
    outcome: str
    event: str
    tables: tuple[EventTables, ...]
    results: tuple[RareResult, ...]


def rare_events(dataset: Dataset, *, therapy: str, outcome: str, event: str) -> RareEvents:
    """Return counts of an event and what they pool to.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapy, outcome, event : str
        What is analyzed.

    Raises
    ------
    ParameterError
        If no randomized trial of the therapy prints the event by arm.
    """
    if not dataset.event_sign(event):
        known = [one for one in dataset.vocabulary("event") if dataset.event_sign(one)]
        raise ParameterError("event", event, f"one of {', '.join(known)}")
    context = Context.of(dataset)
    results = list(records(context.arm_results))
    found: dict[str, EventTables] = {}
    counted: set[str] = set()
    for one, two in pairs(context, results):
        row = context.measured(
            context.base(one.trial_id, one.arm_id, two.arm_id), one.instrument_id
        )
        if one.timepoint == "baseline":
            continue
        if not context.randomized(one.trial_id) or (
            (row.therapy, row.intervention, row.outcome_id) != (therapy, therapy, outcome)
        ):
            continue
        if dataset.event_sign(one.event):
            counted.add(one.event)
        if one.event == event:
            made = event_tables(context, (one, two))
            earlier = found.get(one.trial_id)
            if made is not None and (earlier is None or _time(made) >= _time(earlier)):
                found[one.trial_id] = made
    if not found:
        events = sorted({one.event for one in results} - {""})
        raise ParameterError(
            "event",
            f"{therapy}, {outcome}, {event}",
            f"an event that a randomized trial of the therapy prints by arm, out of {events}",
        )
    tables = sorted(found.values(), key=lambda one: one.processing)
    printed = [one for one in tables if one.processing == "converted"]
    groups = [("", printed)] if printed else []
    if len(tables) > len(printed):
        groups.append((".trials_with_reconstructed" if printed else "", tables))
    # Of one counted event the outcome is name enough.
    what = outcome if len(counted) == 1 else f"{outcome}.{event}"
    stem = f"{therapy}.{what}.last.log_odds_ratio.pooled"
    pooled = [
        _result(f"{stem}{suffix}.interval_{method}", method, group)
        for suffix, group in groups
        for method in METHODS
    ]
    return RareEvents(therapy, outcome, event, tuple(tables), tuple(pooled))


def _result(estimate_id: str, method: str, tables: list[EventTables]) -> RareResult:
    pooled = _pool(method, [one.fewest_missing for one in tables], tables)
    every = [
        (effect, combination)
        for combination in product(*(_ends(one) for one in tables))
        if (effect := _pool(method, list(combination), tables).effect) is not None
    ]
    low, counts_low = min(every, default=(math.nan, ()))
    high, counts_high = max(every, default=(math.nan, ()))
    return RareResult(
        estimate_id,
        method,
        pooled,
        low,
        high,
        counts_low,
        counts_high,
        tuple(tables),
        worst(one.processing for one in tables),
    )


def _time(one: EventTables) -> tuple[bool, float]:
    return one.row.timepoint == "follow_up", one.row.weeks_since_randomization or 0.0


def _ends(one: EventTables) -> tuple[Counts, ...]:
    """Return all tables of a trial, or of very many those with the most extreme odds ratios."""
    if len(one.tables) <= MOST_TABLES:
        return one.tables

    def log_odds_ratio(counts: Counts) -> float:
        return float(METRICS["log_odds_ratio"](*counts).value)

    ordered = sorted(one.tables, key=log_odds_ratio)
    return (ordered[0], ordered[-1])


def _pool(method: str, counts: list[Counts], tables: list[EventTables]) -> PooledEvents:
    # Arm 1 of the table is the one that a higher count speaks for: the comparator of a harm.
    ordered = [
        one
        if table.row.more_is == "better"
        else Counts(one.events_2, one.n_2, one.events_1, one.n_1)
        for one, table in zip(counts, tables, strict=True)
    ]
    columns = pd.DataFrame(ordered, columns=list(Counts._fields))
    return METHODS[method](*(columns[name].to_numpy() for name in Counts._fields))
