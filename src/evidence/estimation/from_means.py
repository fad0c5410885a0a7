"""From the means and standard deviations of two arms to effects."""

from dataclasses import replace
from typing import Any

from evidence.data.provenance import union
from evidence.errors import ParameterError
from evidence.estimation.lookups import Context, number
from evidence.estimation.row import Row, interval
from evidence.meta.effect_size import means, printed_values
from evidence.meta.reconstruction.five_numbers import moments_from_quantiles
from evidence.terms import Convention, LeftOut, RemarkKind

DIRECTION = {"worse": -1, "better": 1}
DIRECTION_UNKNOWN = "whether a higher score is better or worse is not known here"


CHANGE = {"reduction": -1, "change": 1, "level": 1, "": 1}
"""Sign that makes what is printed of a change later minus earlier; improvements have no such."""


_OF_CHANGES = (
    RemarkKind.CHANGE_SCORES,
    "changes from baseline, in SDs of the change, which differ from those of scores",
)


def completed(result: Any) -> tuple[Any, str]:
    """Return a result with mean and SD, from what else is printed of them, and a remark on it.

    The SD follows from the standard error or the interval of the mean, both from the median with
    quartiles or range. A result that allows neither comes back as it is, with an empty remark.
    """
    n, mean = number(result.n_analyzed), number(result.mean)
    if result.event or n is None or n < 2 or number(result.sd) is not None:
        return result, ""
    low, high = number(result.ci_low), number(result.ci_high)
    try:
        if mean is not None and number(result.se):
            sd = float(printed_values.sd_from_se(result.se, n))
            return result._replace(sd=sd), f"SD {sd:.2f} from the standard error {result.se:g}"
        if mean is not None and low is not None and high is not None:
            level = (number(result.ci_level) or 95) / 100
            sd = float(printed_values.sd_from_interval(low, high, n, level=level))
            return result._replace(sd=sd), f"SD {sd:.2f} from the interval {low:g} to {high:g}"
        if mean is None and number(result.median) is not None:
            names = ("minimum", "q1", "q3", "maximum")
            given = {name: number(getattr(result, name)) for name in names}
            found = moments_from_quantiles(int(n), result.median, **given)
            mean, sd = float(found.mean), float(found.sd)
            skewed = "; the scores are skewed, so that both may be off" if found.skewed else ""
            return result._replace(mean=mean, sd=sd), (
                f"mean {mean:.2f} and SD {sd:.2f} from the median {result.median:g} with quartiles "
                f"or range{skewed}"
            )
    except ParameterError:
        pass
    return result, ""


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
    change = one.measured_as not in ("", "level")
    improvement = one.measured_as == "improvement"
    sign = 1 if improvement else DIRECTION[higher_is] * CHANGE[one.measured_as]
    route = "change_means" if change else "means"
    arms = (one.mean, one.sd, int(one.n_analyzed), two.mean, two.sd, int(two.n_analyzed))
    g = means.standardized_mean_difference(*arms, convention=convention)
    difference = means.mean_difference(*arms)
    rows = [
        replace(
            row,
            metric="hedges_g",
            route=route,
            convention=convention,
            processing="converted",
            **interval(sign * float(g.value), float(g.variance)),
        ).remarked(*([_OF_CHANGES] if change else [])),
        replace(
            row,
            metric="mean_difference",
            route=route,
            convention="instrument points, unequal variances",
            processing="converted",
            **interval(sign * float(difference.value), float(difference.variance)),
        ),
    ]
    if before is not None and not change:
        base_one, base_two = before
        adjustment = means.pre_post_control(
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
                **interval(sign * float(adjustment.value), float(adjustment.variance)),
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
