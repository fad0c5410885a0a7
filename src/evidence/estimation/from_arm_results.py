"""From results printed arm by arm to effects between arms."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation import from_events, from_means
from evidence.estimation.lookups import Context, number
from evidence.estimation.row import Row
from evidence.meta.effect_size import Moments, combined_arms
from evidence.terms import Convention, LeftOut, RemarkKind


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
    results: list[Any] = []
    derived: dict[str, tuple[RemarkKind, str]] = {}
    for printed in records(context.arm_results):
        one, remark = from_means.completed(printed)
        results.append(one)
        if remark:
            derived[one.result_id] = (RemarkKind.MOMENTS_DERIVED, remark)
    baselines: dict[tuple[str, str], list[Any]] = {}
    for one in results:
        if one.timepoint == "baseline" and not one.event and from_means.complete(one):
            baselines.setdefault((one.arm_id, one.instrument_id), []).append(one)
    found = list(pairs(context, results))
    for one, two in found:
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
    for sides in _several_arms(context, found):
        made += _combined(context, sides, baselines, convention=convention, correlation=correlation)
    alone = [one for one in results if one.result_id not in paired]
    made += [_without(context, (one,), "arm_result", LeftOut.ONE_ARM, ONE_ARM) for one in alone]
    return [
        row.remarked(*(derived[one] for one in row.result_ids if one in derived)) for row in made
    ]


NOT_RANDOMIZED = "the groups were not formed at random; no effect of the therapy is estimated"
IMPOSSIBLE = "what is printed allows no estimate"
ONE_ARM = "one arm only at this time; a change without a control group is no effect of the therapy"


def _key(one: Any) -> tuple[Any, ...]:
    # Only follow-ups are told apart by week: at the end of treatment arms may differ in length.
    week = number(one.weeks) if one.timepoint in ("follow_up", "mid") else None
    clock = one.clock if week is not None else ""
    measured = one.instrument_id, one.event, one.measured_as or "level"
    return one.trial_id, *measured, one.timepoint, week, clock, one.analysis_set


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


COMBINED = {
    "means": "combined_means",
    "change_means": "combined_change_means",
    "means_change": "combined_means_change",
    "counts": "combined_counts",
}
"""Route of an estimate of several arms of one condition taken as one, by that of a pair of arms."""

_Sides = tuple[list[Any], list[Any]]


def _several_arms(context: Context, found: list[tuple[Any, Any]]) -> Iterator[_Sides]:
    """Yield the results of two conditions, at least one of which several arms received."""
    groups: dict[tuple[Any, ...], _Sides] = {}
    for one, two in found:
        conditions = context.arms[one.arm_id].condition, context.arms[two.arm_id].condition
        sides = groups.setdefault((_key(one), *conditions), ([], []))
        for side, result in zip(sides, (one, two), strict=True):
            if result not in side:
                side.append(result)
    for sides in groups.values():
        # An arm with two results of one kind is no case for a sum.
        once = all(len({one.arm_id for one in side}) == len(side) for side in sides)
        if once and max(map(len, sides)) > 1 and context.randomized(sides[0][0].trial_id):
            yield sides


def _combined(
    context: Context,
    sides: _Sides,
    baselines: dict[tuple[str, str], list[Any]],
    *,
    convention: Convention,
    correlation: float,
) -> list[Row]:
    """Return the estimates of arms of one condition combined; none where that cannot be done.

    The rows bear the ids of the first arms, the route says that they stand for all.
    """
    everyone = [*sides[0], *sides[1]]
    before: tuple[Any, Any] | None = None
    try:
        pair = _as_one(sides[0]), _as_one(sides[1])
        if sides[0][0].event:
            made = from_events.estimates(context, pair)
        else:
            own = [_before(baselines, one, everyone[-1]) for one in everyone]
            if all(base is not None for base in own):
                bases = [base[0] for base in own if base is not None]
                first = len(sides[0])
                before = _as_one(bases[:first]), _as_one(bases[first:])
                everyone += bases
            made = from_means.estimates(
                context, pair, before, convention=convention, correlation=correlation
            )
    except ParameterError:
        return []
    remark = "; ".join(
        f"{len(side)} arms of {context.arms[side[0].arm_id].condition.replace('_', ' ')} combined"
        for side in sides
        if len(side) > 1
    )
    return [
        replace(
            context.corrected(row, "arm_results", tuple(one.result_id for one in used)),
            route=COMBINED[row.route],
            locator_ids=union([row.locator_ids, [one.locator_id for one in used]]),
        ).remarked((RemarkKind.ARMS_COMBINED, remark))
        for row in made
        if row.route in COMBINED
        for used in (everyone if row.baseline_adjusted else [*sides[0], *sides[1]],)
    ]


def _as_one(results: list[Any]) -> Any:
    """Return the results of several arms as that of one; the other columns are of the first."""
    first = results[0]
    if len(results) == 1:
        return first
    if first.event:
        counts = [(number(one.events), number(one.n_analyzed)) for one in results]
        if any(None in one for one in counts):
            raise ParameterError("events", None, "events and size of each arm")
        events, n = (int(sum(one or 0 for one in each)) for each in zip(*counts, strict=True))
        return first._replace(n_analyzed=n, events=events)
    if not all(from_means.complete(one) for one in results):
        raise ParameterError("mean", None, "mean and SD of each arm")
    # Cochrane Handbook 2019, 6.5.2.10
    whole = combined_arms([Moments(one.n_analyzed, one.mean, one.sd) for one in results])
    return first._replace(n_analyzed=int(whole.n), mean=whole.mean, sd=whole.sd)


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
