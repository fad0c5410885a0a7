"""Each comparison at both times with its change, by correlation, and what is left of the effect."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evidence.data.provenance import union
from evidence.estimation.row import interval
from evidence.followup.event_counts import EventCounts
from evidence.followup.joint_tables import Bounds, correlation_of_effects
from evidence.followup.pairs import (
    SHARED_CONTROL,
    TIMES,
    Timing,
    change_from_post,
    retained_fraction,
)
from evidence.meta.effect_size import Effect
from evidence.meta.effect_size.events import Table

CORRELATION = 0.5
"""The one that the main intervals suppose: their ids do not name it."""

CORRELATIONS = (0.0, 0.3, 0.5, 0.7, 0.9)
"""Correlations of the effects at both times that are tried: no source prints one."""

_OF_THE_COMPARISON = (
    *("trial_id", "label", "therapy", "intervention", "intervention_arm_id", "comparator_arm_id"),
    *("comparator", "comparator_class", "outcome_id", "instrument_id", "event", "more_is"),
    *("rater", "metric"),
)
_OF_A_TIME = {
    "id": "estimate_id",
    "effect": "effect",
    "variance": "variance",
    "ci_low": "ci_low",
    "ci_high": "ci_high",
    "n_intervention": "n_intervention",
    "n_comparator": "n_comparator",
    "processing": "processing",
}
_OF_THE_CHANGE = (
    *("correlation", "change", "change_se", "change_ci_low", "change_ci_high", "retained_fraction"),
    *("retained_ci_low", "retained_ci_high"),
)

COMPARISON_COLUMNS = (
    "change_id",
    "retained_id",
    *_OF_THE_COMPARISON,
    *(f"{time}_{name}" for time in TIMES for name in _OF_A_TIME),
    *("weeks_since_randomization", "follow_up_weeks", "follow_up_weeks_low"),
    *("follow_up_weeks_high", "correlation_low", "correlation_high"),
    *_OF_THE_CHANGE,
    *("derived", "processing", "result_ids", "locator_ids", "correction_ids", "remarks"),
)
NUMBERS = dict.fromkeys(_OF_THE_CHANGE, "float64")
WEEKS = dict.fromkeys(("follow_up_weeks", "follow_up_weeks_low", "follow_up_weeks_high"), "float64")
CHANGE_COLUMNS = ("change_id", "estimate_id", "retained_id", *_OF_THE_CHANGE, "reason")

ANY_CORRELATION = Bounds(-1.0, 1.0)


def named(change_id: str, correlation: float) -> str:
    """Return the id of a change with its correlation, where that is not the usual one."""
    plain = change_id.partition(".correlation_")[0]
    if correlation == CORRELATION:
        return plain
    return f"{plain}.correlation_{correlation:g}".replace("-", "minus_")


def stem(row: Any) -> str:
    """Return the id of an estimate up to its time, so what all times of a measure share."""
    return str(row.estimate_id).partition(f".{row.timepoint}.")[0]


def comparison(
    counts: EventCounts,
    timing: Timing,
    pair: tuple[Any, Any],
    change_id: str,
    correlation: float,
) -> dict[str, Any]:
    """Return one comparison at both times as a record with the keys `COMPARISON_COLUMNS`.

    Parameters
    ----------
    counts : EventCounts
        Counts of events.
    timing : Timing
        Weeks since the end of treatment.
    pair : tuple
        Estimates at post and at follow-up.
    change_id : str
        Id of the change.
    correlation : float
        Correlation of the effects at both times; for events the nearest that the margins allow.
    """
    post, later = pair
    bounds = _bounds(counts, pair)
    weeks = timing.weeks(later)
    used = bounds.nearest(correlation)
    at_times = {
        f"{time}_{name}": getattr(row, column)
        for time, row in zip(TIMES, pair, strict=True)
        for name, column in _OF_A_TIME.items()
    }
    return {
        "change_id": change_id,
        "retained_id": change_id.replace(".change.", ".retained_fraction."),
        **{name: getattr(later, name) for name in _OF_THE_COMPARISON},
        **at_times,
        "weeks_since_randomization": later.weeks_since_randomization,
        "follow_up_weeks": later.follow_up_weeks,
        "follow_up_weeks_low": weeks.low,
        "follow_up_weeks_high": weeks.high,
        "correlation_low": bounds.low,
        "correlation_high": bounds.high,
        **_change(pair, used),
        "derived": later.route == SHARED_CONTROL,
        # The interval of a change rests on a correlation that no source gives.
        "processing": "imputed",
        "result_ids": union([post.result_ids, later.result_ids]),
        "locator_ids": union([post.locator_ids, later.locator_ids]),
        "correction_ids": union([post.correction_ids, later.correction_ids]),
        "remarks": union([post.remarks, later.remarks]),
    }


def changes(
    comparisons: pd.DataFrame, pairs: Sequence[tuple[Any, Any]], correlations: Sequence[float]
) -> pd.DataFrame:
    """Return the change of each comparison by correlation, those that cannot be included."""
    made = []
    for pair, (_, one) in zip(pairs, comparisons.iterrows(), strict=True):
        for r in correlations:
            record: dict[str, Any] = {
                "change_id": one.change_id,
                "estimate_id": named(one.change_id, r),
                "retained_id": named(one.retained_id, r),
                "correlation": r,
                "reason": "",
            }
            if one.correlation_low <= r <= one.correlation_high:
                record |= _change(pair, r)
            else:
                record["reason"] = (
                    "the margins of the event allow correlations of the two effects from "
                    f"{one.correlation_low:.2f} to {one.correlation_high:.2f} only"
                )
            made.append(record)
    return pd.DataFrame(made, columns=list(CHANGE_COLUMNS)).astype(NUMBERS)


def _bounds(counts: EventCounts, pair: tuple[Any, Any]) -> Bounds:
    post, later = pair
    tables = [counts.table(row) for row in pair]
    if not post.event or any(table is None for table in tables):
        return ANY_CORRELATION
    one, two = (table for table in tables if isinstance(table, Table))
    return correlation_of_effects(one, two, later.metric)


def _change(pair: tuple[Any, Any], correlation: float) -> dict[str, Any]:
    post, later = (Effect(row.effect, row.variance) for row in pair)
    change = change_from_post(post, later, correlation)
    limits = interval(float(change.value), float(change.variance))
    fraction = retained_fraction(post, later, correlation)
    return {
        "correlation": correlation,
        "change": limits["effect"],
        "change_se": limits["se"],
        "change_ci_low": limits["ci_low"],
        "change_ci_high": limits["ci_high"],
        "retained_fraction": None if fraction is None else fraction.value,
        "retained_ci_low": None if fraction is None else fraction.low,
        "retained_ci_high": None if fraction is None else fraction.high,
    }
