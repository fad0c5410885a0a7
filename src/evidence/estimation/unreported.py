"""Rows for trials that measured an outcome and print no number of it."""

from collections.abc import Sequence
from dataclasses import replace

from evidence.estimation.context import Context
from evidence.estimation.row import Row
from evidence.provenance import union
from evidence.records import records

SAYS = {
    "no_difference": "reports no difference between the arms, without a number",
    "favors_intervention": "reports a difference in favor of the intervention, without a number",
    "favors_comparator": "reports a difference in favor of the comparator, without a number",
    "measured_not_reported": "measured or planned, no result reported",
}
"""What a direction between arms says; mediation and changes within an arm are no comparison."""

_CONTINUOUS = ("hedges_g", "mean_difference", "d_from_test_statistic")


def rows(context: Context, known: Sequence[Row]) -> list[Row]:
    """Return one row per randomized contrast, outcome and timepoint with a direction but no number.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    known : sequence of Row
        Rows made from results; where one of them has an effect on a continuous scale for the same
        contrast, outcome and timepoint, the direction adds nothing to pool.
    """
    numbered = {
        (
            row.trial_id,
            row.intervention_arm_id,
            row.comparator_arm_id,
            row.outcome_id,
            row.timepoint,
        )
        for row in known
        if row.effect is not None
        and row.variance is not None
        and (row.metric in _CONTINUOUS or row.rater == "report")
    }
    found: dict[tuple[str, ...], Row] = {}
    for one in records(context.directions):
        if one.direction not in SAYS or not one.comparator_arm_id:
            continue
        key = (
            one.trial_id,
            one.intervention_arm_id,
            one.comparator_arm_id,
            one.outcome_id,
            one.timepoint,
        )
        if not context.randomized(one.trial_id) or key in numbered:
            continue
        row = context.base(*key[:3])
        row, _ = context.sized(row, None, None)
        said = SAYS[one.direction]
        remark = f" ({one.note})" if one.note else ""
        earlier = found.get(key)
        found[key] = replace(
            row,
            outcome_id=one.outcome_id,
            timepoint=one.timepoint,
            metric="not_reported" if one.direction == "measured_not_reported" else "direction",
            processing="",
            result_ids=union([earlier.result_ids if earlier else (), (one.direction_id,)]),
            locator_ids=union([earlier.locator_ids if earlier else (), (one.locator_id,)]),
            reason=f"{earlier.reason}; {said}{remark}" if earlier else f"{said}{remark}",
        )
    return list(found.values())
