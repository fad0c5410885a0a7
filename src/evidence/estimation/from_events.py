"""From counts of an event in two arms to effects."""

from dataclasses import replace
from typing import Any

from evidence.effects import binary
from evidence.estimation.context import Context, number
from evidence.estimation.from_means import clocked
from evidence.estimation.row import Row, interval
from evidence.provenance import union

EVENT_IS = {
    "no_longer_mdd": 1,
    "clinical_recovery": 1,
    "response_50": 1,
    "remission": 1,
    "attempt": -1,
}
"""Whether more of an event favors the intervention (1) or the comparator (-1)."""

_METRICS = {
    "log_odds_ratio": binary.log_odds_ratio,
    "log_risk_ratio": binary.log_risk_ratio,
    "risk_difference": binary.risk_difference,
}

PERCENT_ONLY = "percentages without counts: no route yet"
DIRECTION_UNKNOWN = "whether more of this event is better or worse is not known here"


def estimates(context: Context, pair: tuple[Any, Any]) -> list[Row]:
    """Return log odds ratio, log risk ratio and risk difference of two arms with counts.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    pair : tuple
        Results of intervention and comparator arm.
    """
    one, two = pair
    row = context.base(one.trial_id, one.arm_id, two.arm_id)
    row = clocked(context.measured(row, one.instrument_id, one.event), pair)
    row, _ = context.sized(row, one.n_analyzed, two.n_analyzed)
    row = context.corrected(row, "arm_results", (one.result_id, two.result_id))
    row = replace(row, locator_ids=union([(one.locator_id, two.locator_id)]))
    sign = EVENT_IS.get(one.event)
    if sign is None:
        return [replace(row, metric="events", reason=DIRECTION_UNKNOWN)]
    if None in [number(value) for arm in pair for value in (arm.events, arm.n_analyzed)]:
        return [replace(row, metric="events", reason=PERCENT_ONLY)]
    counts = (int(one.events), int(one.n_analyzed), int(two.events), int(two.n_analyzed))
    rows = []
    for metric, function in _METRICS.items():
        effect = function(*counts)
        warnings = ("half a participant added to each cell, as one is zero",)
        rows.append(
            replace(
                row,
                metric=metric,
                route="counts",
                processing="converted",
                warnings=row.warnings + (warnings if effect.corrected else ()),
                **interval(sign * float(effect.value), float(effect.variance)),
            )
        )
    return rows
