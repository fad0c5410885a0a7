"""From a summary of findings to entries of the ledger."""

import math
from dataclasses import replace
from typing import Any, cast

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import entries, origins, rare_entries, text, words
from evidence.display.card_links import to_size
from evidence.display.escape import html
from evidence.display.headline import plain
from evidence.display.tables import Cell
from evidence.estimation.row import QuotedScale, participants
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.records import records
from evidence.specification import Analysis
from evidence.summary import AbsoluteEffect, Finding, InPoints, Needed, in_points
from evidence.terms import EntryKind, Favors, Said

PUBLISHED = {
    "presumed": "as presumably pooled there",
    "presumed_bounded": "the same, at zero those whose difference a printed statistic bounds",
    "all": "all trials here that measured it and whose size is known",
    "own": "the same trials, for the value of this workbook",
}
"""Assumptions on which an average is asked for, in words."""


def assumed(one: Needed, analysis: Analysis) -> str:
    """Return on which assumption an average is asked for, and which trials it leaves out."""
    said = PUBLISHED[one.assumption]
    if one.assumption != "all":
        return said
    without = analysis.selection.without_number
    out = words.listed(
        f"{row.label} ({text.why_not_entered(row)})"
        for row in records(without[~without.trial_id.isin([*one.missing, *one.held])])
        if participants(row) is not None
    )
    return f"{said}, except {out}" if out else said


def of_finding(one: Finding, dataset: Dataset) -> LedgerEntry | None:
    """Return the entry of a finding: in points where a single trial prints these."""
    if one.points is not None:
        return entries.of_estimate(one.points, dataset)
    return None if one.analysis is None else entries.of_analysis(one.analysis, dataset)


def of_points(one: InPoints, standardized: LedgerEntry, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a standardized effect as points of an instrument."""
    instrument = dataset.instruments.set_index("instrument_id").name[one.instrument_id]
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
        processing="imputed",
        method=f"standardized effect times SD {one.sd:g} of the comparator arm of {one.label}",
        result_ids=union([standardized.result_ids, (one.result_id,)]),
        locator_ids=union([standardized.locator_ids, (one.locator_id,)]),
    )


def points_of(
    analysis: Analysis, instrument_id: str, dataset: Dataset
) -> list[tuple[InPoints, LedgerEntry]]:
    """Return a pooled result as points of an instrument, once per SD."""
    standardized = entries.of_analysis(analysis, dataset)
    made = in_points(
        dataset, analysis.estimate_id, analysis.pooled, analysis.specification, instrument_id
    )
    return [(one, of_points(one, standardized, dataset)) for one in made]


def of_ratio(one: AbsoluteEffect, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the odds ratio behind an absolute effect."""
    if one.events is None:
        return entries.of_estimate(one.ratio, dataset)
    # There is no absolute effect of an odds ratio that is not finite.
    return cast(LedgerEntry, rare_entries.of_result(one.ratio, one.events, dataset))


def of_absolute(one: AbsoluteEffect, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a difference of risks, with the therapy minus with the comparator."""
    row = one.tables.row
    ratio = of_ratio(one, dataset)
    scale = QuotedScale("risk_difference", row.more_is)
    whose = (
        ratio.label if one.events is None else rare_entries.label_of(one.ratio, one.events, dataset)
    )
    return replace(
        ratio,
        estimate_id=one.estimate_id,
        label=f"{whose}: difference of risks at {per_1000(one.baseline)} per 1,000 with "
        f"{text.comparator(row, dataset)}"
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
    return words.fixed(1000 * risk, 0)


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


def of_published(synthesis: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a published pooled value, as printed."""
    locator = dataset.locator(synthesis.locator_id)
    return LedgerEntry(
        estimate_id=f"published.{synthesis.synthesis_id}",
        label=f"{origins.reference_name(synthesis.publication_id, dataset)}, {synthesis.contrast}, "
        f"{dataset.in_text('outcome', synthesis.outcome_id)}",
        entry_kind=EntryKind.PUBLISHED,
        metric=synthesis.metric,
        scale="ratio" if synthesis.metric.endswith("_ratio") else "difference",
        favors=_FAVORS.get(synthesis.favors_intervention_when, ""),
        effect=synthesis.estimate,
        ci_low=_maybe(synthesis.ci_low),
        ci_high=_maybe(synthesis.ci_high),
        ci_level=None if pd.isna(synthesis.ci_low) else 0.95,
        p_value=None,
        p_note="",
        k=None if pd.isna(synthesis.k) else int(synthesis.k),
        n=None if pd.isna(synthesis.n) else int(synthesis.n),
        counts="",
        comparator="",
        comparator_class="",
        timepoint="post",
        processing="printed",
        method="as printed",
        trial_ids=(),
        result_ids=(synthesis.synthesis_id,),
        locator_ids=(locator.locator_id,),
        correction_ids=(),
        reports=(),
        data_version=dataset.version,
    )


def of_needed(
    one: Needed, analysis: Analysis, synthesis: Any, dataset: Dataset
) -> LedgerEntry | None:
    """Return the entry of an average that would make a pooled value hold."""
    if one.average is None:
        return None
    labels = dataset.trials.set_index("trial_id").label
    whose = (
        "this workbook"
        if one.assumption == "own"
        else origins.reference_name(synthesis.publication_id, dataset)
    )
    return replace(
        entries.of_analysis(analysis, dataset),
        estimate_id=one.estimate_id,
        label=f"Average of {words.listed(labels[trial] for trial in one.missing)} at which "
        f"{words.fixed(one.target)} of {whose} would hold, {assumed(one, analysis)}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}, against "
        f"{text.comparators(analysis.selection.estimates, dataset)}",
        entry_kind=EntryKind.WHAT_IF,
        effect=one.average,
        ci_low=None,
        ci_high=None,
        ci_level=None,
        p_value=None,
        k=len(one.missing),
        n=None,
        processing="imputed",
        method="root of the pooled value over one effect of these trials",
        trial_ids=(*one.known, *one.missing, *one.held),
    )


def _maybe(value: Any) -> float | None:
    return None if pd.isna(value) or not math.isfinite(value) else float(value)


_IN_WORDS = {
    # The words of a source that found no difference are no proof that there is none.
    Said.NO_DIFFERENCE: ": no clear difference",
    Said.FAVORS_INTERVENTION: ": in favor of the therapy, in words",
    Said.FAVORS_COMPARATOR: ": in favor of the comparator, in words",
    Said.SOURCES_DIFFER: ": sources differ",
    Said.NOT_SEEN: ": whether it is reported could not be seen",
}
"""What trials without a usable number say, after a colon."""


def with_sizes(frame: pd.DataFrame, dataset: Dataset) -> Cell:
    """Return trials without a usable number, each with its size and what it says in words."""
    parts = []
    for one in records(frame):
        n = participants(one)
        size = "" if n is None else f" ({to_size(dataset, one.trial_id, n, str(n))})"
        parts.append(f"{html(one.label)}{size}{_IN_WORDS.get(one.said, '')}")
    markup = "; ".join(parts)
    return Cell(plain(markup), markup=markup)
