"""Entries of the ledger for what a summary makes: points, odds ratios, risks, averages needed."""

import math
from dataclasses import replace
from typing import Any, cast

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.blocks import origins
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.estimation.row import QuotedScale
from evidence.ledger import HETEROGENEITY, LedgerEntry, entries, event_entries, sentences
from evidence.meta.pooling import Pooled
from evidence.summary import Summary
from evidence.summary.absolute_effects import AbsoluteEffect
from evidence.summary.findings import ALL, InPoints, in_points, most_used_instrument
from evidence.summary.needed_averages import Needed
from evidence.terms import EntryKind, Favors

PUBLISHED = {
    "presumed": "as presumably pooled there",
    "presumed_bounded": "the same, at zero what a printed statistic holds near it",
    "all": "all trials here whose size is known",
    "own": "all trials here whose size is known",
}
"""Assumptions on which an average is asked for, in words."""


def assumed(one: Needed, analysis: Analysis) -> str:
    """Return on which assumption an average is asked for."""
    course = analysis.specification.overall == "as_post"
    said = PUBLISHED[one.assumption]
    return f"{said}, with a statistic over the whole course" if course else said


def of_points(one: InPoints, standardized: LedgerEntry, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a standardized effect as points of an instrument."""
    instrument = dataset.measure(one.instrument_id)
    without_model: dict[str, Any] = dict.fromkeys(HETEROGENEITY)
    return replace(
        standardized,
        estimate_id=one.estimate_id,
        label=f"{standardized.label}, as points of {instrument}, SD of {one.label}",
        # A stress test in other units is one still.
        entry_kind=EntryKind.POOLED_REEXPRESSED
        if standardized.entry_kind == EntryKind.POOLED
        else standardized.entry_kind,
        metric="mean_difference",
        effect=one.effect,
        ci_low=one.ci_low,
        ci_high=one.ci_high,
        p_value=None,
        **without_model,
        processing="imputed",
        method="standardized effect times the SD of a comparator arm",
        result_ids=union([standardized.result_ids, (one.result_id,)]),
        locator_ids=union([standardized.locator_ids, (one.locator_id,)]),
    )


def points_of(
    standardized: LedgerEntry, pooled: Pooled, analysis: Analysis, dataset: Dataset, instrument: str
) -> list[tuple[InPoints, LedgerEntry]]:
    """Return a standardized effect on the question of an analysis as points, once per SD."""
    made = in_points(dataset, standardized.estimate_id, pooled, analysis.specification, instrument)
    return [(one, of_points(one, standardized, dataset)) for one in made]


def points_shown(
    dataset: Dataset, summary: Summary
) -> dict[str, list[tuple[InPoints, LedgerEntry]]]:
    """Return what standardized effects are in points by their id, of totals at zero too.

    A trial that has points of its own is left with these. A class of comparators is said on the
    instrument of its total, where there is one.
    """
    shown: dict[str, list[tuple[InPoints, LedgerEntry]]] = {}
    instruments: dict[tuple[str, ...], str] = {}
    for one in (*summary.totals, *summary.findings):
        analysis = one.analysis
        if analysis is None or one.points is not None:
            continue
        question, found = (one.therapy, one.outcome, one.timepoint), most_used_instrument(analysis)
        instrument = instruments.get(question, found)
        effects = [(entries.of_analysis(analysis, dataset), analysis.pooled)]
        if one.comparator_class == ALL:
            instruments[question] = found
            if one.stress is not None:
                zero = entries.of_stress_test(one.stress, analysis, dataset)
                effects.append((zero, one.stress.at_zero))
        for entry, pooled in effects:
            if points := points_of(entry, pooled, analysis, dataset, instrument):
                shown[entry.estimate_id] = points
    return shown


def of_ratio(one: AbsoluteEffect, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the odds ratio behind an absolute effect."""
    if one.events is None:
        return entries.of_estimate(one.ratio, dataset)
    # There is no absolute effect of an odds ratio that is not finite.
    return cast(LedgerEntry, event_entries.of_result(one.ratio, one.events, dataset))


def of_absolute(one: AbsoluteEffect, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a difference of risks, with the therapy minus with the comparator."""
    row = one.tables.row
    ratio = of_ratio(one, dataset)
    scale = QuotedScale("risk_difference", row.more_is)
    # Of one trial the label of the ratio says against what.
    arm = "" if one.events is None else f" with {sentences.comparator(row, dataset)}"
    whose = (
        ratio.label
        if one.events is None
        else event_entries.label_of(one.ratio, one.events, dataset)
    )
    return replace(
        ratio,
        estimate_id=one.estimate_id,
        label=f"{whose}: difference of risks at {per_1000(one.baseline)} per 1,000{arm}"
        f"{entries.below_favors(scale, row.intervention, dataset)}",
        entry_kind=EntryKind.ABSOLUTE,
        metric="risk_difference",
        scale="difference",
        favors=scale.favors,
        effect=one.risk - one.baseline,
        ci_low=one.risk_low - one.baseline,
        ci_high=one.risk_high - one.baseline,
        p_value=None,
        p_note="",
        processing=one.processing,
        method="odds ratio at the risk with the comparator",
        result_ids=union([ratio.result_ids, row.result_ids]),
        locator_ids=union([ratio.locator_ids, row.locator_ids]),
    )


def per_1000(risk: float) -> str:
    """Return a risk per 1,000 as a whole number."""
    return language.fixed(1000 * risk, 0)


def more_or_fewer(difference: float) -> str:
    """Return a difference of risks per 1,000 as more or fewer events."""
    number = per_1000(abs(difference))
    return number if number == "0" else f"{number} {'more' if difference > 0 else 'fewer'}"


def in_1000(entry: LedgerEntry) -> str:
    """Return a difference of risks per 1,000 as more or fewer events, limits too."""
    said = more_or_fewer
    return f"{said(entry.effect)} ({said(entry.ci_low or 0.0)} to {said(entry.ci_high or 0.0)})"


_FAVORS = {
    "higher": Favors.ABOVE_0,
    "lower": Favors.BELOW_0,
    "above_1": Favors.ABOVE_1,
    "below_1": Favors.BELOW_1,
}
"""Which side of a published value favors the intervention, by what the data say."""
_BASIS = {
    "within": ", a change within the treated, compared with nobody",
    "not_stated": ", what it was compared with is not named in what was read",
}
"""What is said of a published value that is none against a comparison group."""


def of_published(synthesis: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a published value, as printed; of a landscape, for what it is.

    A change within the treated, and a value whose comparison is not named, favors nobody.
    """
    locator = dataset.locator(synthesis.locator_id)
    other = _BASIS.get(synthesis.basis, "")
    return LedgerEntry(
        estimate_id=f"published.{synthesis.synthesis_id}",
        label=f"{origins.reference_name(synthesis.publication_id, dataset)}, {synthesis.contrast}, "
        f"{dataset.in_text('outcome', synthesis.outcome_id)}{other}",
        entry_kind=EntryKind.PUBLISHED,
        metric=synthesis.metric,
        scale="ratio" if synthesis.metric.endswith("_ratio") else "difference",
        favors="" if other else _FAVORS.get(synthesis.favors_intervention_when, ""),
        effect=synthesis.estimate,
        ci_low=_maybe(synthesis.ci_low),
        ci_high=_maybe(synthesis.ci_high),
        ci_level=None if pd.isna(synthesis.ci_low) else 0.95,
        k=None if pd.isna(synthesis.k) else int(synthesis.k),
        n=None if pd.isna(synthesis.n) else int(synthesis.n),
        timepoint="" if synthesis.approach else "post",
        processing="printed",
        method="as printed",
        result_ids=(synthesis.synthesis_id,),
        locator_ids=(locator.locator_id,),
        data_version=dataset.version,
    )


def of_needed(
    one: Needed, analysis: Analysis, synthesis: Any, dataset: Dataset
) -> LedgerEntry | None:
    """Return the entry of an average that would make a pooled value hold."""
    if one.average is None:
        return None
    whose = (
        "this workbook"
        if one.assumption == "own"
        else origins.reference_name(synthesis.publication_id, dataset)
    )
    chosen = analysis.selection.estimates
    known = chosen[chosen.trial_id.isin(one.known)]
    trials = language.listed(dataset.trial(trial).label for trial in one.missing)
    therapy, outcome = sentences.names(analysis, dataset)
    when = dataset.in_text("timepoint", analysis.specification.timepoint)
    return replace(
        entries.of_analysis(analysis, dataset),
        estimate_id=one.estimate_id,
        label=f"{therapy}, {outcome}, {when}, average needed for {language.fixed(one.target)} of "
        f"{whose}, {assumed(one, analysis)}, of {trials}",
        entry_kind=EntryKind.WHAT_IF,
        effect=one.average,
        ci_low=None,
        ci_high=None,
        ci_level=None,
        p_value=None,
        k=len(one.missing),
        n=None,
        comparator="; ".join(union([known.comparator])),
        comparator_class="; ".join(union([known.comparator_class])),
        processing="imputed",
        method="root of the pooled value over one effect of these trials",
        trial_ids=(*one.known, *one.missing, *one.held),
        result_ids=union(known.result_ids),
        locator_ids=union(known.locator_ids),
        correction_ids=union(known.correction_ids),
    )


def _maybe(value: Any) -> float | None:
    return None if pd.isna(value) or not math.isfinite(value) else float(value)
