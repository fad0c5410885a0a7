"""An event at both times in counts, also under assumptions about the missing."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.from_arm_results import pairs
from evidence.estimation.from_events import METRICS, Counts, EventTables, event_tables
from evidence.estimation.from_events import table as in_words
from evidence.estimation.lookups import Context
from evidence.estimation.row import interval
from evidence.followup.joint_tables import correlation_of_effects, staying_count, staying_share
from evidence.followup.pairs import TIMES, change_from_post
from evidence.meta.effect_size import Effect
from evidence.meta.effect_size.events import EventIs, Table, missing_scenarios
from evidence.meta.reconstruction.proportion_intervals import proportion_interval

INTERVAL = "clopper_pearson"
"""Formula of the interval of a proportion: Newcombe 1998, method 5."""

ARM_COLUMNS = (
    *("proportion_id", "trial_id", "label", "arm_id", "condition", "role", "outcome_id"),
    *("instrument_id", "event", "timepoint", "weeks_since_randomization", "follow_up_weeks"),
    *("events", "n", "n_randomized", "proportion", "ci_low", "ci_high", "processing"),
    *("result_ids", "locator_ids"),
)
STAYING_COLUMNS = (
    *("trial_id", "label", "arm_id", "condition", "instrument_id", "event", "timepoint"),
    *("result_ids", "n_randomized", "events_post", "n_post", "events_follow_up", "n_follow_up"),
    *("share_low", "share_high", "count_low", "count_high"),
)


class EventCounts:
    """Counts of every event in two randomized arms at post and follow-up."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._found: dict[tuple[str, ...], EventTables] = {}
        for one, two in pairs(context, list(records(context.arm_results))):
            if context.dataset.event_sign(one.event) and one.timepoint in TIMES:
                made = event_tables(context, (one, two))
                if made is not None:
                    self._found[one.result_id, two.result_id] = made

    def of(self, row: Any) -> EventTables | None:
        """Return the counts behind an estimate, None where it is on no event or printed whole."""
        return self._found.get(tuple(row.result_ids[:2]))

    def table(self, row: Any) -> Table | None:
        """Return the counts of both arms that an estimate rests on."""
        found = self.of(row)
        return None if found is None else Table(*found.fewest_missing)

    def randomized(self, row: Any) -> tuple[int, int] | None:
        """Return the participants randomized to both arms, None where no source prints them."""
        sizes = [
            self._context.size(arm_id)
            for arm_id in (row.intervention_arm_id, row.comparator_arm_id)
        ]
        if any(size.n is None or size.imputed for size in sizes):
            return None
        one, two = (int(size.n or 0) for size in sizes)
        return one, two


def proportion(events: int, n: int) -> dict[str, float]:
    """Return a proportion with its interval as fields of a row."""
    low, high = proportion_interval(INTERVAL, np.asarray(float(events)), np.asarray(float(n)))
    return {"proportion": events / n, "ci_low": float(low), "ci_high": float(high)}


def arms(
    context: Context, counts: EventCounts, pair: tuple[Any, Any], stem: str, week: str
) -> list[Any]:
    """Return how many of each arm had an event at both times, one record per arm and time.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    counts : EventCounts
        Counts of events.
    pair : tuple
        Estimates at post and at follow-up.
    stem : str
        Beginning of the ids.
    week : str
        What tells the ids of several follow-ups apart, empty where there is one.
    """
    made = []
    randomized = counts.randomized(pair[0]) or (None, None)
    for row in pair:
        found = counts.of(row)
        if found is None:
            return []
        events_1, n_1, events_2, n_2 = found.fewest_missing
        for place, (role, arm_id, events, n) in enumerate(
            (
                ("intervention", row.intervention_arm_id, events_1, n_1),
                ("comparator", row.comparator_arm_id, events_2, n_2),
            )
        ):
            made.append(
                {
                    "proportion_id": f"{stem}.{row.timepoint}"
                    f"{week if row.timepoint == 'follow_up' else ''}.{role}.proportion",
                    **shared(row),
                    "arm_id": arm_id,
                    "condition": context.arms[arm_id].condition,
                    "role": role,
                    "events": events,
                    "n": n,
                    "n_randomized": randomized[place],
                    **proportion(events, n),
                    "processing": found.processing,
                    "result_ids": (row.result_ids[place],),
                    "locator_ids": row.locator_ids,
                }
            )
    return made


def shared(row: Any) -> dict[str, Any]:
    """Return the fields that a record of an arm takes over from an estimate."""
    names = (
        *("trial_id", "label", "outcome_id", "instrument_id", "event", "timepoint"),
        *("weeks_since_randomization", "follow_up_weeks"),
    )
    return {name: getattr(row, name) for name in names}


def staying(both_times: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return for each arm what its counts allow for those who recover and stay recovered.

    Parameters
    ----------
    both_times : DataFrame
        Columns `ARM_COLUMNS`; events to be avoided are left out.
    dataset : Dataset
        Data package, whose vocabulary says which these are.

    Returns
    -------
    DataFrame
        Columns `STAYING_COLUMNS`; time and results are those of the follow-up.
        ``share_low`` and ``share_high`` bound the share of those
        recovered at post who are recovered at follow-up, as if both proportions were those of the
        same people. ``count_low`` and ``count_high`` bound how many were seen recovered at both
        times over all joint tables of the arm, whoever is missing; <NA> where its size is not
        printed.
    """
    good = both_times[both_times.event.map(dataset.event_sign) > 0]
    made = []
    for _, group in good.groupby(["arm_id", "instrument_id", "event"], sort=False):
        before = next(records(group[group.timepoint == "post"]))
        # An arm of several comparisons stands there with each; weeks may be known of none.
        later = group[group.timepoint == "follow_up"].drop_duplicates("result_ids")
        for after in records(later):
            if not before.events:
                continue
            share = staying_share(before.proportion, after.proportion)
            sized = not pd.isna(before.n_randomized)
            count = (
                staying_count(before.events, after.events, int(before.n_randomized))
                if sized
                else (pd.NA, pd.NA)
            )
            made.append(
                {
                    "trial_id": before.trial_id,
                    "label": before.label,
                    "arm_id": before.arm_id,
                    "condition": before.condition,
                    "instrument_id": before.instrument_id,
                    "event": before.event,
                    "timepoint": after.timepoint,
                    "result_ids": after.result_ids,
                    "n_randomized": before.n_randomized,
                    "events_post": before.events,
                    "n_post": before.n,
                    "events_follow_up": after.events,
                    "n_follow_up": after.n,
                    "share_low": share[0],
                    "share_high": share[1],
                    "count_low": count[0],
                    "count_high": count[1],
                }
            )
    frame = pd.DataFrame(made, columns=list(STAYING_COLUMNS))
    return frame.astype({name: "Int64" for name in ("n_randomized", "count_low", "count_high")})


SCENARIOS = ("observed", "missing_not_recovered", "missing_recovered", "best", "worst")
"""Observed cases; all randomized with nobody missing, everybody missing, or the missing of both
arms as favors the intervention most or least, with the good outcome (Cochrane Handbook 2019,
10.12.3)."""

ORIGINS = ("result_ids", "locator_ids", "correction_ids")
"""What an effect rests on."""

SCENARIO_COLUMNS = (
    *("change_id", "scenario", "timepoint", "estimate_id", "metric", "counts", "missing", "effect"),
    *("variance", "se", "ci_low", "ci_high", "n_intervention", "n_comparator"),
    *("correlation", "processing"),
    *ORIGINS,
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
                **{one: getattr(row, one) for one in ORIGINS},
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
            **{one: union(getattr(row, one) for row in pair) for one in ORIGINS},
        }
    )
    return made
