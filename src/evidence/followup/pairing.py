"""Which estimates stand at both times, and contrasts that follow from two with a shared arm."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pandas as pd

from evidence.effects.effect import Effect
from evidence.estimation.context import Context, number
from evidence.estimation.row import Row, interval, to_frame
from evidence.followup.two_times import between_treatments
from evidence.provenance import Processing, union
from evidence.records import records
from evidence.terms import RemarkKind

TIMES = ("post", "follow_up")

SHARED_CONTROL = "shared_control"
"""Route of a contrast that is the difference of two with the same comparator arm."""

_CONTRAST = ("trial_id", "intervention_arm_id", "comparator_arm_id")
_MEASURE = (*_CONTRAST, "instrument_id", "event", "metric")


def with_interval(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame of estimates that are an effect with a variance at either time."""
    usable = frame.effect.notna() & frame.variance.notna() & frame.timepoint.isin(TIMES)
    return frame[usable & (frame.comparator_arm_id != "")]


def paired(frame: pd.DataFrame) -> list[tuple[Any, Any]]:
    """Return each estimate at follow-up with the one of the same comparison at post.

    Parameters
    ----------
    frame : DataFrame
        Rows with the columns of `evidence.estimates`.

    Returns
    -------
    list of tuple
        Rows at post and at follow-up that share trial, arms, instrument, event and metric. Where
        several routes lead to one of them, the one nearest to print stands.
    """
    post: dict[tuple[Any, ...], Any] = {}
    later: dict[tuple[Any, ...], Any] = {}
    for row in sorted(records(with_interval(frame)), key=distance_from_print):
        key = measure(row)
        if row.timepoint == "post":
            post.setdefault(key, row)
        else:
            weeks = number(row.follow_up_weeks), number(row.weeks_since_randomization)
            later.setdefault((*key, weeks), row)
    order = {one: place for place, one in enumerate(frame.estimate_id)}
    found = [(post[key[:-1]], row) for key, row in later.items() if key[:-1] in post]
    return sorted(found, key=lambda pair: order[pair[1].estimate_id])


def measure(row: Any) -> tuple[Any, ...]:
    """Return what has to be the same at both times."""
    return tuple(getattr(row, name) for name in _MEASURE)


def distance_from_print(row: Any) -> int:
    """Return how far a row is from print, 0 for what a source prints."""
    return Processing.of(row.processing)


def derived(context: Context, frame: pd.DataFrame, therapy: str) -> pd.DataFrame:
    """Return contrasts of a therapy with another treatment of its trial, by their shared arm.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    frame : DataFrame
        Rows with the columns of `evidence.estimates`.
    therapy : str
        Therapy.

    Returns
    -------
    DataFrame
        Columns of `evidence.estimates`, always ``imputed``: differences in points at post and at
        follow-up between the therapy and each treatment that was compared with the same arm, where
        no source prints the contrast itself.
    """
    rows = with_interval(frame)
    rows = rows[rows.metric == "mean_difference"]
    direct = {(*measure(row), row.timepoint) for row in records(rows)}
    made: list[Row] = []
    same = [
        "trial_id",
        "comparator_arm_id",
        "instrument_id",
        "event",
        "timepoint",
        "weeks_since_randomization",
        "follow_up_weeks",
    ]
    for _, group in rows.groupby(same, sort=False, dropna=False):
        for one, two in permutations(records(group), 2):
            if one.intervention != therapy or two.intervention == therapy:
                continue
            row = _contrast(context, one, two)
            if row is not None and (*measure(row), row.timepoint) not in direct:
                made.append(row)
    return to_frame(made)


def _contrast(context: Context, one: Any, two: Any) -> Row | None:
    sizes = (one.n_intervention, two.n_intervention, one.n_comparator)
    if any(pd.isna(size) for size in sizes):
        return None
    n_one, n_two, n_shared = (int(size) for size in sizes)
    difference = between_treatments(
        Effect(one.effect, one.variance), Effect(two.effect, two.variance), n_one, n_two, n_shared
    )
    base = context.base(one.trial_id, one.intervention_arm_id, two.intervention_arm_id)
    contrast = f"{base.intervention}_vs_{base.comparator}"
    measured = f"{one.outcome_id}.{one.instrument_id}.{one.timepoint}.{one.metric}"
    shared = context.arms[one.comparator_arm_id].condition.replace("_", " ")
    remark = (
        f"no source prints this contrast with an interval: it is the difference of the two against "
        f"{shared}, whose correlation follows from the shared arm and the sizes of the three"
    )
    return replace(
        base,
        estimate_id=f"{one.trial_id}.{contrast}.{measured}.{SHARED_CONTROL}",
        outcome_id=one.outcome_id,
        instrument_id=one.instrument_id,
        event=one.event,
        more_is=one.more_is,
        rater=one.rater,
        timepoint=one.timepoint,
        weeks_since_randomization=number(one.weeks_since_randomization),
        follow_up_weeks=number(one.follow_up_weeks),
        metric=one.metric,
        n_intervention=n_one,
        n_comparator=n_two,
        route=SHARED_CONTROL,
        convention="difference of two contrasts with one comparator arm, in points",
        processing="imputed",
        result_ids=union([one.result_ids, two.result_ids]),
        locator_ids=union([one.locator_ids, two.locator_ids]),
        correction_ids=union([one.correction_ids, two.correction_ids]),
        remarks=union([one.remarks, two.remarks]),
        **interval(float(difference.value), float(difference.variance)),
    ).remarked((RemarkKind.DERIVED_CONTRAST, remark))


def trials_with_both(pairs: Iterable[tuple[Any, Any]], therapy: str) -> int:
    """Return the most trials of a therapy that have one outcome on one metric at both times."""
    trials: dict[tuple[str, str], set[str]] = {}
    for _, row in pairs:
        if row.intervention == therapy and row.route != SHARED_CONTROL:
            trials.setdefault((row.outcome_id, row.metric), set()).add(row.trial_id)
    return max((len(found) for found in trials.values()), default=0)


def week(later: Any) -> str:
    """Return what tells the id of a follow-up from that of another of the same arms."""
    if not pd.isna(later.follow_up_weeks):
        return f"week_{later.follow_up_weeks:g}"
    if not pd.isna(later.weeks_since_randomization):
        return f"week_{later.weeks_since_randomization:g}_since_randomization"
    return "week_not_known"
