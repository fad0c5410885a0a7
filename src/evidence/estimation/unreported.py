"""Rows for trials that measured an outcome and print no number of it."""

from collections.abc import Sequence

from evidence.estimation.context import Context
from evidence.estimation.row import Row
from evidence.provenance import union
from evidence.records import records
from evidence.terms import COMPARES, SAYS, LeftOut, Said, words_of

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
        words = SAYS[Said(one.direction)] + (f" ({one.note})" if one.note else "")
        earlier = found.get(key)
        said = Said(one.direction) if earlier is None else together(earlier.said, one.direction)
        found[key] = row.without(
            LeftOut.IN_WORDS,
            f"{words_of(earlier.reason)}; {words}" if earlier else words,
            said=said,
            outcome_id=one.outcome_id,
            timepoint=one.timepoint,
            metric="direction" if said in (*COMPARES, Said.SOURCES_DIFFER) else "not_reported",
            result_ids=union([earlier.result_ids if earlier else (), (one.direction_id,)]),
            locator_ids=union([earlier.locator_ids if earlier else (), (one.locator_id,)]),
        )
    return list(found.values())


def together(*said: str) -> Said:
    """Return what several sources say of two arms as one: a comparison tells more than none."""
    kinds = {Said(one) for one in said}
    kinds = {one for one in kinds if one in (*COMPARES, Said.SOURCES_DIFFER)} or kinds
    if len(kinds) == 1:
        return kinds.pop()
    return Said.NOT_SEEN if kinds == {Said.NOT_SEEN, Said.NOT_REPORTED} else Said.SOURCES_DIFFER
