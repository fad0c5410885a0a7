"""From results printed arm by arm to effects between arms."""

from collections.abc import Iterator
from typing import Any

from evidence.effects.standardized import Convention
from evidence.errors import ParameterError
from evidence.estimation import from_events, from_means
from evidence.estimation.context import Context, number
from evidence.estimation.row import Row
from evidence.provenance import union
from evidence.records import records
from evidence.terms import LeftOut


def rows(context: Context, *, convention: Convention, correlation: float) -> list[Row]:
    """Return the estimates of every pair of arms, and a row for each result that stands alone.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    convention : str
        Small-sample convention of Hedges g.
    correlation : float
        Correlation of baseline and outcome for the variance of d_ppc2.
    """
    made: list[Row] = []
    paired: set[str] = set()
    results = list(records(context.arm_results))
    baselines: dict[tuple[str, str], list[Any]] = {}
    for one in results:
        if one.timepoint == "baseline" and not one.event and from_means.complete(one):
            baselines.setdefault((one.arm_id, one.instrument_id), []).append(one)
    for one, two in pairs(context, results):
        paired |= {one.result_id, two.result_id}
        if not context.randomized(one.trial_id):
            made.append(
                _without(
                    context, (one, two), "not_randomized", LeftOut.NOT_RANDOMIZED, NOT_RANDOMIZED
                )
            )
        elif one.event:
            made += from_events.estimates(context, (one, two))
        elif from_means.complete(one) and from_means.complete(two):
            try:
                made += from_means.estimates(
                    context,
                    (one, two),
                    _before(baselines, one, two),
                    convention=convention,
                    correlation=correlation,
                )
            except ParameterError as error:
                made.append(_no_mean(context, (one, two), f"{IMPOSSIBLE}: {error}"))
        else:
            made.append(_no_mean(context, (one, two), "mean, SD or n is missing in an arm"))
    alone = [one for one in results if one.result_id not in paired]
    made += [_without(context, (one,), "arm_result", LeftOut.ONE_ARM, ONE_ARM) for one in alone]
    return made


NOT_RANDOMIZED = "the groups were not formed at random; no effect of the therapy is estimated"
IMPOSSIBLE = "what is printed allows no estimate"
ONE_ARM = "one arm only at this time; a change without a control group is no effect of the therapy"


def _key(one: Any) -> tuple[Any, ...]:
    # Only follow-ups are told apart by week: at the end of treatment arms may differ in length.
    week = number(one.weeks) if one.timepoint in ("follow_up", "mid") else None
    clock = one.clock if week is not None else ""
    return one.trial_id, one.instrument_id, one.event, one.timepoint, week, clock, one.analysis_set


def pairs(context: Context, results: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the results of intervention and comparator arm that belong together."""
    comparators: dict[tuple[Any, ...], list[Any]] = {}
    for one in results:
        if context.arms[one.arm_id].role == "comparator":
            comparators.setdefault(_key(one), []).append(one)
    for one in results:
        if context.arms[one.arm_id].role == "intervention":
            for two in comparators.get(_key(one), ()):
                yield one, two


def _before(
    baselines: dict[tuple[str, str], list[Any]], one: Any, two: Any
) -> tuple[Any, Any] | None:
    if one.timepoint == "baseline":
        return None
    found = []
    for result in (one, two):
        bases = baselines.get((result.arm_id, result.instrument_id), [])
        same_set = [base for base in bases if base.analysis_set == result.analysis_set]
        found.append(same_set or bases)
    return (found[0][0], found[1][0]) if all(len(one) == 1 for one in found) else None


def _no_mean(context: Context, pair: tuple[Any, Any], reason: str) -> Row:
    return _without(context, pair, "mean", LeftOut.NO_ESTIMATE, reason)


def _without(
    context: Context, group: tuple[Any, ...], metric: str, by: LeftOut, reason: str
) -> Row:
    one = group[0]
    row = context.base(one.trial_id, one.arm_id, group[1].arm_id if len(group) > 1 else "")
    row = context.measured(row, one.instrument_id, one.event)
    row = from_means.clocked(row, (one, group[-1]))
    row, _ = context.sized(row, one.n_analyzed, group[1].n_analyzed if len(group) > 1 else None)
    row = context.corrected(row, "arm_results", tuple(result.result_id for result in group))
    return row.without(
        by,
        reason,
        metric=metric,
        locator_ids=union([[result.locator_id for result in group]]),
    )
