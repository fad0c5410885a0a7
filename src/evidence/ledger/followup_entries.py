"""From comparisons at two times to entries of the ledger, on the scale that readers quote."""

from dataclasses import replace
from typing import Any

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.row import QuotedScale, of_both
from evidence.followup import Durability
from evidence.followup.event_counts import ORIGINS
from evidence.language import METRIC, MINUS, term
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.terms import EntryKind, RemarkKind, has

LEVEL = 0.95

CHANGE = {
    "log_odds_ratio": "ratio of odds ratios",
    "log_risk_ratio": "ratio of risk ratios",
    "risk_difference": "change of the risk difference",
    "mean_difference": "change in points",
    "hedges_g": "change of Hedges g",
    "d_from_test_statistic": "change of g from a test statistic",
}
"""What the change of a metric is called."""


def measured(row: Any, dataset: Dataset) -> str:
    """Return what a comparison measures: the event in words, else the instrument."""
    if row.event:
        return event_in_words(row.event, dataset)
    return dataset.instrument_name(row.instrument_id)


def event_in_words(event: str, dataset: Dataset) -> str:
    """Return an event as its vocabulary has it."""
    return dataset.vocabulary("event").get(event, event.replace("_", " "))


def scenario_in_words(scenario: str, more_is: str) -> str:
    """Return an assumption about the missing in words that fit the event."""
    to_be_reached = more_is == "better"
    good, bad = ("recovered", "not recovered") if to_be_reached else ("without it", "with it")
    return {
        "observed": "participants assessed at the time",
        "missing_not_recovered": f"missing counted as {bad}",
        "missing_recovered": f"missing counted as {good}",
        "best": "missing counted so as to favor the therapy most",
        "worst": "missing counted so as to favor the therapy least",
    }[scenario]


def contrast(row: Any, dataset: Dataset) -> str:
    """Return both treatments of a comparison."""
    return (
        f"{dataset.in_text('condition', row.intervention)} against "
        f"{sentences.comparator(row, dataset)}"
    )


def of_time(row: Any, timepoint: str, found: Durability, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a comparison at one time.

    Parameters
    ----------
    row : namedtuple
        Row of ``comparisons``.
    timepoint : {"post", "follow_up"}
        Time.
    found : Durability
        Where the row is from.
    dataset : Dataset
        Data package.
    """
    rows = found.estimates
    estimate_id = getattr(row, f"{timepoint}_id")
    return entries.of_estimate(
        next(records(rows[rows.estimate_id == estimate_id])),
        dataset,
    )


def of_change(row: Any, dataset: Dataset, at: Any = None) -> LedgerEntry:
    """Return the entry of a change.

    Parameters
    ----------
    row : namedtuple
        Row of ``comparisons``.
    dataset : Dataset
        Data package.
    at : namedtuple, optional
        Row of ``changes`` for a correlation other than that of the comparison.
    """
    one = row if at is None else at
    return _between_times(
        row,
        dataset,
        row.change_id if at is None else at.estimate_id,
        f"{CHANGE.get(row.metric, f'change of {term(METRIC, row.metric)}')}{_assumed(one)}",
        EntryKind.CHANGE,
        (one.change, one.change_ci_low, one.change_ci_high),
        scale=QuotedScale(row.metric, row.more_is),
        method=f"follow-up minus post, correlation {one.correlation:g}",
    )


def of_retained(row: Any, dataset: Dataset, at: Any = None) -> LedgerEntry | None:
    """Return the entry of a retained fraction, None where there is none; see `of_change`."""
    one = row if at is None else at
    if pd.isna(one.retained_fraction):
        return None
    scale = " on the log scale" if row.metric.startswith("log_") else ""
    return _between_times(
        row,
        dataset,
        one.retained_id,
        f"retained fraction{_of_metric(row)}{scale}{_assumed(one)}",
        EntryKind.RETAINED,
        (one.retained_fraction, one.retained_ci_low, one.retained_ci_high),
        metric="retained_fraction",
        method=f"Fieller interval, correlation {one.correlation:g}",
    )


def of_scenario(one: Any, row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of an effect or a change under an assumption about the missing.

    Parameters
    ----------
    one : namedtuple
        Row of ``scenarios``, other than ``observed``.
    row : namedtuple
        Row of ``comparisons`` that it belongs to.
    dataset : Dataset
        Data package.
    """
    at = one.timepoint
    change = at == "change"
    what = (
        CHANGE.get(row.metric, row.metric)
        if change
        else f"{term(METRIC, row.metric)}, {dataset.in_text('timepoint', at)}"
    )
    entry = _between_times(
        row,
        dataset,
        one.estimate_id,
        f"{what}, {scenario_in_words(one.scenario, row.more_is)}{_assumed(one) if change else ''}",
        EntryKind.WHAT_IF,
        (one.effect, one.ci_low, one.ci_high),
        scale=QuotedScale(row.metric, row.more_is),
        metric="" if change else row.metric.removeprefix("log_"),
        method=f"follow-up minus post, correlation {one.correlation:g}"
        if change
        else "from the counts; normal quantile",
        counts="" if change else one.counts,
        timepoint=at,
        n=of_both(row, one.n_intervention, one.n_comparator),
    )
    # What is supposed at one time rests on the counts of that time alone.
    return replace(entry, **{name: getattr(one, name) for name in ORIGINS})


def _assumed(one: Any) -> str:
    """Return the correlation of both estimates that a number rests on, which no source prints."""
    return f", if both estimates correlate at {one.correlation:g} (assumed)".replace("-", MINUS)


def _of_metric(row: Any) -> str:
    return f" of the {METRIC[row.metric]}" if row.metric in METRIC else ""


def _between_times(
    row: Any,
    dataset: Dataset,
    estimate_id: str,
    what: str,
    kind: EntryKind,
    numbers: tuple[float, float, float],
    *,
    method: str,
    metric: str = "",
    scale: QuotedScale | None = None,
    counts: str = "",
    timepoint: str = "change",
    n: int | None = None,
) -> LedgerEntry:
    # A fraction of an effect has no side.
    effect, low, high = numbers if scale is None else scale.quoted(*numbers)
    below = (
        ""
        if scale is None or timepoint == "change"
        else entries.below_favors(scale, row.intervention, dataset)
    )
    return LedgerEntry(
        estimate_id=estimate_id,
        label=f"{row.label}, {measured(row, dataset)}, {contrast(row, dataset)}: {what}{below}",
        entry_kind=kind,
        metric=metric or what.replace(" ", "_").lower().partition(",")[0],
        scale="ratio" if scale is None or scale.ratio else "difference",
        favors="" if scale is None else scale.favors,
        effect=effect,
        ci_low=low,
        ci_high=high,
        ci_level=LEVEL,
        k=1,
        n=_followed_up(row) if n is None else n,
        counts=counts,
        comparator=row.comparator,
        comparator_class=row.comparator_class,
        timepoint=timepoint,
        processing="imputed",
        method=method,
        trial_ids=(row.trial_id,),
        result_ids=row.result_ids,
        locator_ids=row.locator_ids,
        correction_ids=row.correction_ids,
        data_version=dataset.version,
    )


def _followed_up(row: Any) -> int | None:
    """Return those assessed at follow-up, None where no source prints them."""
    n = of_both(row, row.follow_up_n_intervention, row.follow_up_n_comparator)
    return None if has(row, RemarkKind.SIZES_OF_RANDOMIZED) else n


def of_proportion(row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the share of an arm with an event.

    Parameters
    ----------
    row : namedtuple
        Row of ``arms`` or ``uncontrolled``, with a count.
    dataset : Dataset
        Data package.
    """
    condition = dataset.in_text("condition", row.condition)
    comparing = row.role == "comparator"
    return LedgerEntry(
        estimate_id=row.proportion_id,
        label=f"{row.label}, {event_in_words(row.event, dataset)}, {condition}, "
        f"{dataset.in_text('timepoint', row.timepoint)}",
        entry_kind=EntryKind.COUNT,
        metric="proportion",
        scale="proportion",
        effect=row.proportion,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        ci_level=LEVEL,
        k=1,
        n=int(row.n),
        counts=f"{int(row.events)} of {int(row.n)}",
        comparator=row.condition if comparing else "",
        comparator_class=dataset.comparator_class(row.condition) if comparing else "",
        timepoint=row.timepoint,
        processing=row.processing,
        method="Clopper-Pearson interval",
        trial_ids=(row.trial_id,),
        result_ids=tuple(row.result_ids),
        locator_ids=tuple(row.locator_ids),
        correction_ids=union(
            dataset.corrections_for("arm_results", one).correction_id for one in row.result_ids
        ),
        data_version=dataset.version,
    )
