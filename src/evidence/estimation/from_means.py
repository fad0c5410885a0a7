"""From the means and standard deviations of two arms to effects."""

from dataclasses import replace
from typing import Any

from evidence.effects import continuous
from evidence.effects.standardized import Convention
from evidence.estimation.context import Context, number
from evidence.estimation.row import Row, interval
from evidence.provenance import union
from evidence.terms import LeftOut, RemarkKind

DIRECTION = {"worse": -1, "better": 1}
DIRECTION_UNKNOWN = "whether a higher score is better or worse is not known here"


def complete(result: Any) -> bool:
    """Whether a result has mean, SD and n."""
    return None not in (number(result.mean), number(result.sd), number(result.n_analyzed))


def estimates(
    context: Context,
    pair: tuple[Any, Any],
    before: tuple[Any, Any] | None,
    *,
    convention: Convention,
    correlation: float,
) -> list[Row]:
    """Return Hedges g, the mean difference and, with baseline means, d_ppc2 of two arms.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    pair : tuple
        Results of intervention and comparator arm.
    before : tuple or None
        Their baselines on the same instrument.
    convention : str
        Small-sample convention of `continuous.standardized_mean_difference`.
    correlation : float
        Correlation of baseline and outcome for the variance of d_ppc2; no source states one.
    """
    one, two = pair
    row = _row(context, pair)
    higher_is = context.instruments[one.instrument_id].higher_is
    if higher_is not in DIRECTION:
        return [row.without(LeftOut.SIGN_UNKNOWN, DIRECTION_UNKNOWN, metric="mean")]
    sign = DIRECTION[higher_is]
    arms = (one.mean, one.sd, int(one.n_analyzed), two.mean, two.sd, int(two.n_analyzed))
    g = continuous.standardized_mean_difference(*arms, convention=convention)
    difference = continuous.mean_difference(*arms)
    rows = [
        replace(
            row,
            metric="hedges_g",
            route="means",
            convention=convention,
            processing="converted",
            **interval(sign * float(g.value), float(g.variance)),
        ),
        replace(
            row,
            metric="mean_difference",
            route="means",
            convention="instrument points, unequal variances",
            processing="converted",
            **interval(sign * float(difference.value), float(difference.variance)),
        ),
    ]
    if before is not None:
        base_one, base_two = before
        change = continuous.pre_post_control(
            base_one.mean,
            one.mean,
            base_one.sd,
            int(one.n_analyzed),
            base_two.mean,
            two.mean,
            base_two.sd,
            int(two.n_analyzed),
            correlation=correlation,
        )
        adjusted = context.corrected(row, "arm_results", (base_one.result_id, base_two.result_id))
        rows.append(
            replace(
                adjusted,
                metric="d_ppc2",
                route="means_change",
                convention="Morris 2008, pooled baseline SD",
                processing="imputed",
                baseline_adjusted=True,
                locator_ids=union([row.locator_ids, (base_one.locator_id, base_two.locator_id)]),
                **interval(sign * float(change.value), float(change.variance)),
            ).remarked(
                (
                    RemarkKind.CORRELATION_IMPUTED,
                    f"variance imputed with a correlation of {correlation:g} between baseline and "
                    "outcome, which no source states",
                )
            )
        )
    return rows


def _row(context: Context, pair: tuple[Any, Any]) -> Row:
    one, two = pair
    row = context.base(one.trial_id, one.arm_id, two.arm_id)
    row = context.measured(row, one.instrument_id)
    row = clocked(row, pair)
    row = replace(
        row,
        n_intervention=int(one.n_analyzed),
        n_comparator=int(two.n_analyzed),
        locator_ids=union([(one.locator_id, two.locator_id)]),
    )
    return context.corrected(row, "arm_results", (one.result_id, two.result_id))


def clocked(row: Row, pair: tuple[Any, Any]) -> Row:
    """Return the row with timepoint and clocks of the intervention arm, and what differs."""
    one, two = pair
    remarks = [(RemarkKind.CLOCK, one.clock_note)] if one.clock_note else []
    if one.weeks_since_randomization != two.weeks_since_randomization and not (
        number(one.weeks_since_randomization) is None
        or number(two.weeks_since_randomization) is None
    ):
        remarks.append(
            (
                RemarkKind.UNEQUAL_TIMES,
                f"the arms were measured at different times: {one.weeks_since_randomization:g} and "
                f"{two.weeks_since_randomization:g} weeks after randomization",
            )
        )
    return replace(
        row,
        timepoint=one.timepoint,
        analysis_set=one.analysis_set,
        weeks_since_randomization=number(one.weeks_since_randomization),
        follow_up_weeks=number(one.follow_up_weeks),
    ).remarked(*remarks)
