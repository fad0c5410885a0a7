"""Tables of a summary of findings, in the manner of the Cochrane Handbook, with their numbers."""

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.blocks import origins
from evidence.blocks.escape import addressed, html
from evidence.blocks.output import Block, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate, to_number, to_size
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.row import QuotedScale, participants
from evidence.ledger import HETEROGENEITY, LedgerEntry, entries, event_entries, sentences
from evidence.summary import Summary
from evidence.summary.absolute_effects import AbsoluteEffect
from evidence.summary.findings import Finding, InPoints, in_points, most_used_instrument
from evidence.summary.needed_averages import Needed
from evidence.terms import EntryKind, Favors, RemarkKind, Said, has, words_of

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
    out = language.listed(
        f"{row.label} ({sentences.why_not_entered(row)})"
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
    instrument = dataset.instrument(one.instrument_id).name
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
    return cast(LedgerEntry, event_entries.of_result(one.ratio, one.events, dataset))


def of_absolute(one: AbsoluteEffect, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a difference of risks, with the therapy minus with the comparator."""
    row = one.tables.row
    ratio = of_ratio(one, dataset)
    scale = QuotedScale("risk_difference", row.more_is)
    whose = (
        ratio.label
        if one.events is None
        else event_entries.label_of(one.ratio, one.events, dataset)
    )
    return replace(
        ratio,
        estimate_id=one.estimate_id,
        label=f"{whose}: difference of risks at {per_1000(one.baseline)} per 1,000 with "
        f"{sentences.comparator(row, dataset)}"
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
    trials = language.listed(dataset.trial(trial).label for trial in one.missing)
    return replace(
        entries.of_analysis(analysis, dataset),
        estimate_id=one.estimate_id,
        label=f"Average of {trials} at which "
        f"{language.fixed(one.target)} of {whose} would hold, {assumed(one, analysis)}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}, against "
        f"{sentences.comparators(analysis.selection.estimates, dataset)}",
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
    return Cell(markup="; ".join(parts))


def named(one: Finding | Specification, dataset: Dataset) -> str:
    """Return outcome, therapy and time of a finding or an analysis."""
    outcome = dataset.short("outcome", one.outcome)
    therapy = dataset.in_text("therapy", one.therapy)
    return (
        f"{language.capitalized(outcome)}, {therapy}, {dataset.in_text('timepoint', one.timepoint)}"
    )


def overview(dataset: Dataset, summary: Summary) -> Block:
    """Return one row per outcome, time and class of comparators."""
    rows = []
    for one in summary.findings:
        entry = of_finding(one, dataset)
        number, measure, size = Cell("no number", numeric=True), "–", "–"
        if entry is not None and one.analysis is not None:
            digits = 2 if one.points is None else 1
            shown_number = language.estimate(entry.effect, entry.ci_low, entry.ci_high, digits)
            number = to_number(entry, shown_number)
            measure = _measure(one)
            n = one.analysis.size
            # Those randomized have brackets of their own.
            size = f"({n})" if n.randomized is None else n.named
            size = f"{one.analysis.pooled.k} {size}"
        rows.append(
            (
                Cell(named(one, dataset)),
                Cell(dataset.in_text("comparator_class", one.comparator_class)),
                Cell(size, numeric=True),
                number,
                Cell(measure),
                with_sizes(one.without_number, dataset) if len(one.without_number) else Cell("–"),
            )
        )
    return table(
        "Findings by outcome and class of comparators; positive favors the therapy",
        (
            "Outcome",
            "Compared with",
            "Trials (n)",
            "Effect (95% CI)",
            "Measure",
            "No usable number (n)",
        ),
        rows,
    )


def _measure(one: Finding) -> str:
    """Return the unit of a finding, and what of it is imputed."""
    if one.points is not None:
        imputed = has(one.points, RemarkKind.SIZES_IMPUTED)
        name = f"points of {_short(one.points.instrument_id)}"
        return f"{name}; arm sizes imputed" if imputed else name
    if one.analysis is None:
        return ""
    chosen = one.analysis.selection
    name = language.term(language.METRIC, chosen.metric)
    return f"{name}, imputed" if "imputed" in set(chosen.estimates.processing) else name


def _short(instrument_id: str) -> str:
    return instrument_id.upper().replace("_", "-")


def with_points(dataset: Dataset, summary: Summary) -> list[tuple[Analysis, str]]:
    """Return the analyses that can be said in points, each with the instrument."""
    instruments = {
        one.specification.question: (most_used_instrument(one)) for one in summary.totals
    }
    found: list[tuple[Analysis, str]] = []
    for total in summary.totals:
        found.append((total, most_used_instrument(total)))
    for one in summary.findings:
        if one.analysis is None or one.points is not None:
            continue
        key = (one.therapy, one.outcome, one.timepoint)
        instrument = instruments.get(key, most_used_instrument(one.analysis))
        if in_points(dataset, "", one.analysis.pooled, one.analysis.specification, instrument):
            found.append((one.analysis, instrument))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Reexpressed:
    """A standardized effect with what it is in points, once per SD."""

    analysis: Analysis
    stress: StressTest | None
    standardized: LedgerEntry
    each: list[tuple[InPoints, LedgerEntry]]


def points_shown(dataset: Dataset, summary: Summary) -> list[Reexpressed]:
    """Return standardized effects with what they are in points, the stress test of totals too."""
    shown = []
    totals = {one.estimate_id for one in summary.totals}
    for analysis, instrument in with_points(dataset, summary):
        stress = stress_test(analysis) if analysis.estimate_id in totals else None
        entry = entries.of_analysis(analysis, dataset)
        each = points_of(analysis, instrument, dataset)
        shown.append(Reexpressed(analysis, None, entry, each))
        if stress is not None:
            zero = entries.of_stress_test(stress, analysis, dataset)
            points = in_points(
                dataset,
                zero.estimate_id,
                stress.at_zero,
                analysis.specification,
                instrument,
            )
            each = [(one, of_points(one, zero, dataset)) for one in points]
            shown.append(Reexpressed(analysis, stress, zero, each))
    return shown


def points(dataset: Dataset, summary: Summary) -> Block:
    """Return standardized effects as points of a familiar instrument, once per SD."""
    rows = []
    for effect in points_shown(dataset, summary):
        standardized = effect.standardized
        for place, (one, entry) in enumerate(effect.each):
            locator = dataset.locator(one.locator_id)
            rows.append(
                (
                    Cell(
                        named(effect.analysis.specification, dataset) if place == 0 else "the same"
                    ),
                    Cell(_over(effect.analysis, effect.stress, dataset)),
                    to_estimate(standardized),
                    Cell(
                        markup=html(f"{one.sd:g}, {one.label}, comparator arm (")
                        + addressed(locator.url, words_of(locator.place))
                        + ")",
                    ),
                    to_estimate(entry, 1),
                    Cell(_short(one.instrument_id)),
                )
            )
    if not rows:
        return paragraphs(
            "No comparator arm prints a standard deviation on an instrument used here."
        )
    return table(
        "Standardized effects as points of a familiar instrument: imputed, once with each SD",
        ("Outcome", "Over", "g (95% CI)", "Times SD of", "Points (95% CI)", "Instrument"),
        rows,
    )


def _over(analysis: Analysis, stress: StressTest | None, dataset: Dataset) -> str:
    rows = analysis.selection.estimates
    if stress is not None:
        rows = pd.concat([rows, stress.entered])
        return f"{sentences.comparators(rows, dataset)}; unreported results at zero"
    name = analysis.specification.comparator_class
    return (
        sentences.comparators(rows, dataset)
        if name is None
        else dataset.in_text("comparator_class", name)
    )


def absolute(dataset: Dataset, summary: Summary) -> Block:
    """Return events per 1,000 at stated risks, with the ratio behind them."""
    rows = []
    for one in summary.absolute:
        row = one.tables.row
        ratio, difference = of_ratio(one, dataset), of_absolute(one, dataset)
        event = dataset.in_text("event", row.event)
        counts = one.tables.fewest_missing
        behind = (
            f"{row.label}"
            if one.events is None
            else language.listed(item.row.label for item in one.ratio.tables)
        )
        rows.append(
            (
                Cell(
                    f"{language.capitalized(event)}, {dataset.in_text('therapy', row.therapy)}, "
                    f"{sentences.when(row, dataset)}"
                ),
                Cell(
                    f"{per_1000(one.baseline)} with {sentences.comparator(row, dataset)} "
                    f"({counts.events_2} of {counts.n_2}, {row.label})"
                ),
                Cell(
                    f"{per_1000(one.risk)} ({per_1000(one.risk_low)} to {per_1000(one.risk_high)})",
                    numeric=True,
                ),
                to_number(difference, in_1000(difference)),
                to_estimate(ratio),
                Cell(
                    f"the odds ratio of {behind}, {one.n}; {language.SIDE[ratio.favors]} favors "
                    f"{dataset.in_text('therapy', row.therapy)}"
                ),
                Cell("", tag=one.processing),
            )
        )
    return table(
        "Events per 1,000 at risks counted in comparator arms. Every interval here follows from "
        "the odds ratio, with the comparator's risk taken as known",
        (
            "Event",
            "Per 1,000 with the comparator",
            "With the therapy (95% CI)",
            "Difference by the odds ratio (95% CI)",
            "Odds ratio (95% CI)",
            "From, n",
            "Obtained",
        ),
        rows,
    )


def others(dataset: Dataset, summary: Summary) -> Block:
    """Return outcomes of randomized trials that stand in no row of the tables before."""
    instruments = dataset.instruments.set_index("instrument_id").name
    notes = dataset.statistics.set_index("result_id").note
    rows = []
    for row in records(elsewhere(dataset, summary)):
        cell = Cell(row.reason or "–")
        if not pd.isna(row.effect):
            entry = entries.of_estimate(row, dataset)
            number = language.estimate(entry.effect, entry.ci_low, entry.ci_high, 3)
            name = instruments.get(row.instrument_id, row.instrument_id)
            note = notes.get(row.result_ids[0], "")
            after = f" ({note})" if note else ""
            cell = Cell(
                markup=f"{html(name)}, difference {number_link(entry, number)}{html(after)}",
                entries=(entry,),
            )
        rows.append(
            (
                Cell(language.capitalized(dataset.in_text("outcome", row.outcome_id))),
                Cell(f"{row.label}, {dataset.in_text('timepoint', row.timepoint)}"),
                Cell(sentences.comparator(row, dataset)),
                cell,
            )
        )
    if not rows:
        return paragraphs("Every outcome that a randomized trial reports stands above.")
    return table(
        "Other outcomes of randomized trials: what sources say, in words or on a scale of its own",
        ("Outcome", "Trial", "Compared with", "What it prints"),
        rows,
    )


def elsewhere(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Return the rows of the frame of estimates on outcomes that no finding is about."""
    told = {(one.therapy, one.outcome) for one in summary.findings}
    told |= {(one.tables.row.therapy, one.tables.row.outcome_id) for one in summary.absolute}
    frame = estimates(dataset)
    chosen = [
        row.intervention == row.therapy
        and row.therapy in summary.therapies
        and bool(row.comparator_arm_id)
        and dataset.trial(row.trial_id).design in RANDOMIZED
        and (row.therapy, row.outcome_id) not in told
        for row in records(frame)
    ]
    return frame[chosen]
