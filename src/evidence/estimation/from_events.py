"""From counts or percentages of an event in two arms to effects."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd

from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.from_means import clocked
from evidence.estimation.lookups import Context, number
from evidence.estimation.row import QuotedScale, Row, interval
from evidence.meta.effect_size import events
from evidence.meta.reconstruction import PrintedArm, Reconstruction, reconstruct
from evidence.terms import LeftOut, RemarkKind

METRICS = {
    "log_odds_ratio": events.log_odds_ratio,
    "log_risk_ratio": events.log_risk_ratio,
    "risk_difference": events.risk_difference,
}

MOST_SOLUTIONS = 3
"""With more tables than this that fit, no point is given, only the range."""

MOST_UNEVEN = 2
"""How many times as large as the other an arm may be whose size no source prints."""

DOUBLE_ZERO = "nobody, or everybody, in both arms had the event: no ratio"
DIRECTION_UNKNOWN = "whether more of this event is better or worse is not known here"

_MEASURES = {
    "odds_ratio": "odds_ratio",
    "odds_ratio_fisher": "conditional_odds_ratio",
    "risk_difference_percent": "risk_difference",
    "risk_ratio": "risk_ratio",
    "number_needed_to_treat": "number_needed_to_treat",
}
"""Argument of `reconstruct` for each kind of statistic."""

# A frame of estimates is made several times for one report, each with the same few searches.
_search = lru_cache(maxsize=256)(reconstruct)


class Counts(NamedTuple):
    """Events and participants of both arms."""

    events_1: int
    n_1: int
    events_2: int
    n_2: int


def estimates(context: Context, pair: tuple[Any, Any]) -> list[Row]:
    """Return log odds ratio, log risk ratio and risk difference of two arms.

    Counts are taken as printed, or reconstructed from percentages with all that the source prints
    beside them.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    pair : tuple
        Results of intervention and comparator arm.
    """
    one, two = pair
    row = _row(context, pair)
    sized, _ = context.sized(row, one.n_analyzed, two.n_analyzed)
    unusable = replace(sized, metric="events")
    if not row.more_is:
        return [unusable.without(LeftOut.SIGN_UNKNOWN, DIRECTION_UNKNOWN)]
    counts = _printed_counts(pair)
    if counts is not None:
        return _effects(replace(row, route="counts", processing="converted"), counts)
    if number(one.percent) is None or number(two.percent) is None:
        return [unusable.without(LeftOut.NO_ESTIMATE, "neither counts nor percentages in an arm")]
    return _reconstructed(context, row, unusable, pair)


def _sign(row: Row) -> int:
    """Return whether more of the event favors the intervention (1) or the comparator (-1)."""
    return 1 if row.more_is == "better" else -1


def _effects(row: Row, counts: Counts) -> list[Row]:
    sign = _sign(row)
    made = []
    for metric, function in METRICS.items():
        effect = function(*counts)
        if effect.double_zero and metric != "risk_difference":
            made.append(
                row.without(
                    LeftOut.NO_ESTIMATE,
                    DOUBLE_ZERO,
                    metric=metric,
                    route="",
                    processing="",
                    n_intervention=counts.n_1,
                    n_comparator=counts.n_2,
                    convention=table(counts),
                )
            )
            continue
        added = (
            RemarkKind.ZERO_CELL,
            "half a participant added in the variance, as a cell is zero"
            if metric == "risk_difference"
            else "half a participant added to each cell, as one is zero",
        )
        made.append(
            replace(
                row,
                metric=metric,
                n_intervention=counts.n_1,
                n_comparator=counts.n_2,
                convention=table(counts),
                **interval(sign * float(effect.value), float(effect.variance)),
            ).remarked(*([added] if effect.corrected else []))
        )
    return made


@dataclass(frozen=True, slots=True)
class EventTables:
    """All tables of counts that fit what is printed of an event in two arms.

    Attributes
    ----------
    row : Row
        Trial, contrast, event, time and origins.
    tables : tuple of Counts
        One where counts are printed or only one table fits.
    processing : str
        converted for printed counts, reconstructed where few tables fit, else imputed.
    """

    row: Row
    tables: tuple[Counts, ...]
    processing: str

    @property
    def fewest_missing(self) -> Counts:
        """The table with most participants, which supposes the fewest missing."""
        return max(self.tables, key=lambda one: (one.n_1 + one.n_2, one))


def event_tables(context: Context, pair: tuple[Any, Any]) -> EventTables | None:
    """Return the tables that fit what is printed of two arms; None where nothing fits or is known.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    pair : tuple
        Results of intervention and comparator arm.
    """
    counts = _printed_counts(pair)
    if counts is not None:
        return EventTables(_row(context, pair), (counts,), "converted")
    try:
        found = reconstruction(context, pair)
    except ParameterError:
        return None
    if found is None or not found.solutions:
        return None
    # Which of many tables is the true one is a guess, whichever is taken.
    processing = "reconstructed" if len(found.solutions) <= MOST_SOLUTIONS else "imputed"
    return EventTables(_row(context, pair), tuple(_tables(found)), processing)


def reconstruction(context: Context, pair: tuple[Any, Any]) -> Reconstruction | None:
    """Return the search for the counts behind percentages of two arms, corrections applied.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    pair : tuple
        Results of intervention and comparator arm.

    Returns
    -------
    Reconstruction or None
        None where counts are printed, or no percentage in an arm.

    Raises
    ------
    ParameterError
        If too little is printed to search.
    """
    if _printed_counts(pair) is not None or any(number(one.percent) is None for one in pair):
        return None
    row = _row(context, pair)
    return _found(context, row, pair, _beside(context, row))


def _printed_counts(pair: tuple[Any, Any]) -> Counts | None:
    values = [number(value) for arm in pair for value in (arm.events, arm.n_analyzed)]
    return None if None in values else Counts(*(int(value or 0) for value in values))


def _row(context: Context, pair: tuple[Any, Any]) -> Row:
    one, two = pair
    row = context.base(one.trial_id, one.arm_id, two.arm_id)
    row = clocked(context.measured(row, one.instrument_id, one.event), pair)
    row = replace(row, more_is=context.more_is(one.event))
    row = context.corrected(row, "arm_results", (one.result_id, two.result_id))
    return replace(row, locator_ids=union([(one.locator_id, two.locator_id)]))


def table(counts: Counts) -> str:
    """Return counts in words: "21 of 30 against 9 of 26"."""
    return f"{counts.events_1} of {counts.n_1} against {counts.events_2} of {counts.n_2}"


def _reconstructed(context: Context, row: Row, unusable: Row, pair: tuple[Any, Any]) -> list[Row]:
    """Return effects of the counts that fit, their range where several do, or why there is none."""
    statistics = _beside(context, row)
    try:
        found = _found(context, row, pair, statistics)
    except ParameterError as error:
        return [unusable.without(LeftOut.NO_ESTIMATE, f"percentages without counts: {error}")]
    row = context.corrected(row, "statistics", tuple(statistics.result_id))
    row = replace(row, locator_ids=union([row.locator_ids, statistics.locator_id]))
    total = _only_total(context, row, pair)
    supposed = "" if total is None else f" with arms that add to {total}"
    if total is not None and _open(pair):
        supposed += ", neither more than twice the other"
    if not found.solutions:
        reason = f"no whole numbers fit what the source prints{supposed}"
        return [unusable.without(LeftOut.NO_ESTIMATE, reason)]
    solutions = _tables(found)
    many = len(solutions) > 1
    # Of several tables the one with most participants supposes the fewest missing.
    chosen = max(solutions, key=lambda one: (one.n_1 + one.n_2, one))
    if len(solutions) > MOST_SOLUTIONS:
        return [_undetermined(unusable, found)]
    remark = f"counts reconstructed: {table(chosen)} " + (
        "are those with most participants among the only whole numbers that fit: "
        + "; ".join(table(one) for one in solutions)
        if many
        else f"are the only whole numbers that fit what is printed{supposed}"
        + (", corrections applied" if row.correction_ids else "")
        + (", digits cut off and not rounded" if found.rounding == "truncation" else "")
    )
    randomized = context.total_randomized(row.trial_id)
    analyzed = chosen.n_1 + chosen.n_2
    remarks = [(RemarkKind.COUNTS_RECONSTRUCTED, remark)]
    if randomized is not None and analyzed < randomized:
        missing = f"observed cases: {randomized - analyzed} of {randomized} are missing"
        remarks.append((RemarkKind.PARTICIPANTS_MISSING, missing))
    row = replace(row, route="reconstructed_counts", processing="reconstructed").remarked(*remarks)
    made = _effects(row, chosen)
    if many:
        spans = [_span(row, one.metric, found) for one in made]
        made = [
            replace(one, effect_low=low, effect_high=high)
            for one, (low, high) in zip(made, spans, strict=True)
        ]
    return made


def _tables(found: Reconstruction) -> list[Counts]:
    return [Counts(*(int(count or 0) for count in one[:4])) for one in found.solutions]


def _span(row: Row, metric: str, found: Reconstruction) -> tuple[float, float]:
    values = [_sign(row) * float(METRICS[metric](*one).value) for one in _tables(found)]
    return min(values), max(values)


def _undetermined(row: Row, found: Reconstruction) -> Row:
    low, high = _span(row, "log_odds_ratio", found)
    scale = QuotedScale("log_odds_ratio", row.more_is)
    ends = scale.ends(low, high)
    return row.without(
        LeftOut.NO_ESTIMATE,
        f"{len(found.solutions)} tables fit the printed percentages; the estimate "
        f"of the odds ratio ({scale.favors.replace('_', ' ')} favors the intervention) lies "
        f"between {ends[0]:.2f} and {ends[1]:.2f} depending on the counts; its confidence interval "
        "is far wider and is not given here",
        metric="events",
        route="reconstructed_counts",
        effect_low=low,
        effect_high=high,
    )


def _beside(context: Context, row: Row) -> pd.DataFrame:
    """Return the statistics that the sources print on the same event, arms and time."""
    frame = context.statistics
    return frame[
        (frame.intervention_arm_id == row.intervention_arm_id)
        & (frame.comparator_arm_id == row.comparator_arm_id)
        & (frame.instrument_id == row.instrument_id)
        & (frame.event == row.event)
        & (frame.timepoint == row.timepoint)
        & frame.statistic.isin(_MEASURES)
        & _of_week(frame, row)
    ].drop_duplicates("statistic")


def _of_week(frame: pd.DataFrame, row: Row) -> "pd.Series[bool]":
    """Return which statistics are of the week of a row, by either clock; none is like none."""
    weeks = frame[["weeks_since_randomization", "follow_up_weeks"]]
    own = [row.weeks_since_randomization, row.follow_up_weeks]
    # One clock that neither has is no week that they share.
    return weeks.isna().all(axis=1) if own == [None, None] else weeks.eq(own).any(axis=1)


def _found(
    context: Context, row: Row, pair: tuple[Any, Any], statistics: pd.DataFrame
) -> Reconstruction:
    measures: dict[str, str] = {}
    for one in records(statistics):
        measures[_MEASURES[one.statistic]] = context.used_text(
            "statistics", one.result_id, "estimate"
        )
        p_value = context.used_text("statistics", one.result_id, "p_value")
        if one.statistic == "odds_ratio_fisher" and p_value:
            measures["p_fisher"] = ("<" if one.p_relation == "below" else "") + p_value
    sizes = [context.size(result.arm_id) for result in pair]
    total = _only_total(context, row, pair)
    is_open = total is not None and _open(pair)
    most = total
    if total is not None and is_open:
        # Percentages of a part of the participants fit arms that nobody would have randomized.
        most = total * MOST_UNEVEN // (MOST_UNEVEN + 1)
    arms = [
        PrintedArm(
            percent=context.used_text("arm_results", result.result_id, "percent"),
            ci_low=context.used_text("arm_results", result.result_id, "percent_ci_low") or None,
            ci_high=context.used_text("arm_results", result.result_id, "percent_ci_high") or None,
            n=None if pd.isna(result.n_analyzed) else int(result.n_analyzed),
            n_max=size.n if total is None else most,
        )
        for result, size in zip(pair, sizes, strict=True)
    ]
    # With arms of any size some numbers with digits cut off nearly always fit.
    return _search(arms[0], arms[1], n_total=total, cut=not is_open, **measures)


def _only_total(context: Context, row: Row, pair: tuple[Any, Any]) -> int | None:
    """Return the total randomized where no source prints the arms, else None.

    Shares of a total are a guess: the search takes the total and leaves the arms open. Where one
    arm is printed, the other is the rest and no guess.
    """
    imputed = all(context.size(result.arm_id).imputed for result in pair)
    if imputed and len(context.arms_of(row.trial_id)) == 2:
        return context.total_randomized(row.trial_id)
    return None


def _open(pair: tuple[Any, Any]) -> bool:
    """Say whether no source prints how many of either arm were analyzed."""
    return all(pd.isna(one.n_analyzed) for one in pair)
