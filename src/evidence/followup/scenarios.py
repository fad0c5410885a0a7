"""Participants who are missing at either time: the same comparison under assumptions about them."""

from typing import Any, NamedTuple

from evidence.effects.effect import Effect
from evidence.effects.missing import EventIs, Table, missing_scenarios
from evidence.estimation.from_events import METRICS, Counts
from evidence.estimation.from_events import table as in_words
from evidence.estimation.row import interval
from evidence.followup.event_counts import EventCounts
from evidence.followup.joint_tables import correlation_of_effects
from evidence.followup.two_times import change_from_post

SCENARIOS = ("observed", "missing_not_recovered", "missing_recovered", "best", "worst")
"""Observed cases; all randomized with nobody missing, everybody missing, or the missing of both
arms as favors the intervention most or least, with the good outcome (Cochrane Handbook 2019,
10.12.3)."""

SCENARIO_COLUMNS = (
    "change_id",
    "scenario",
    "timepoint",
    "estimate_id",
    "metric",
    "counts",
    "missing",
    "effect",
    "variance",
    "se",
    "ci_low",
    "ci_high",
    "n_intervention",
    "n_comparator",
    "correlation",
    "processing",
)


class _Names(NamedTuple):
    change: str
    post: str
    follow_up: str


def scenarios(
    counts: EventCounts, pair: tuple[Any, Any], change_id: str, correlation: float
) -> list[dict[str, Any]]:
    """Return an effect on an event at both times and its change, for each of `SCENARIOS`.

    Parameters
    ----------
    counts : EventCounts
        Counts of events.
    pair : tuple
        Estimates at post and at follow-up.
    change_id : str
        Id of the change among observed cases.
    correlation : float
        Correlation of the effects at both times, where the margins of the table allow it; else
        their nearest bound.

    Returns
    -------
    list of dict
        Keys `SCENARIO_COLUMNS`; empty where no counts or arm sizes are known.
    """
    post, later = (counts.table(row) for row in pair)
    randomized = counts.randomized(pair[0])
    if post is None or later is None or randomized is None:
        return []
    # More analyzed than randomized is a contradiction for the audit; nothing is missing then.
    if any(
        n > size
        for table in (post, later)
        for n, size in zip((table.n_1, table.n_2), randomized, strict=True)
    ):
        return []
    before, after = (
        _tables(table, randomized, good=pair[0].more_is == "better") for table in (post, later)
    )
    names = _Names(change_id, pair[0].estimate_id, pair[1].estimate_id)
    made: list[dict[str, Any]] = []
    for scenario in SCENARIOS:
        ends = before[scenario], after[scenario]
        made += _records(scenario, ends, pair, names, correlation, randomized)
    return made


def _tables(table: Table, randomized: tuple[int, int], *, good: bool) -> dict[str, Table]:
    event_is: EventIs = "good" if good else "bad"
    found = missing_scenarios(
        table.events_1,
        table.n_1,
        randomized[0],
        table.events_2,
        table.n_2,
        randomized[1],
        event_is=event_is,
    )
    without, having = found.missing_not_event, found.missing_event
    return {
        "observed": found.observed,
        "missing_not_recovered": without if good else having,
        "missing_recovered": having if good else without,
        "best": found.best,
        "worst": found.worst,
    }


def effect_of(table: Table, more_is: str, metric: str) -> Effect:
    """Return an effect on an event from counts, positive where it favors the intervention."""
    found = METRICS[metric](*table)
    sign = 1 if more_is == "better" else -1
    return Effect(sign * float(found.value), float(found.variance))


def _records(
    scenario: str,
    ends: tuple[Table, Table],
    pair: tuple[Any, Any],
    names: _Names,
    correlation: float,
    randomized: tuple[int, int],
) -> list[dict[str, Any]]:
    more_is, metric = pair[0].more_is, pair[0].metric
    suffix = "" if scenario == "observed" else f".{scenario}"
    observed = scenario == "observed"
    made = []
    for row, table, estimate_id in zip(pair, ends, names[1:], strict=True):
        effect = effect_of(table, more_is, metric)
        made.append(
            {
                "change_id": names.change,
                "scenario": scenario,
                "timepoint": row.timepoint,
                "estimate_id": f"{estimate_id}{suffix}",
                "metric": metric,
                "counts": in_words(Counts(*table)),
                "missing": sum(randomized) - row.n_intervention - row.n_comparator,
                **interval(float(effect.value), float(effect.variance)),
                "n_intervention": table.n_1,
                "n_comparator": table.n_2,
                "correlation": None,
                "processing": row.processing if observed else "imputed",
            }
        )
    bounds = correlation_of_effects(*ends, metric)
    used = bounds.nearest(correlation)
    change = change_from_post(
        effect_of(ends[0], more_is, metric), effect_of(ends[1], more_is, metric), used
    )
    last = made[-1]
    made.append(
        {
            **last,
            "timepoint": "change",
            "estimate_id": f"{names.change}{suffix}",
            "counts": "",
            "missing": None,
            **interval(float(change.value), float(change.variance)),
            "correlation": used,
            "processing": "imputed",
        }
    )
    return made
