"""Tables of a summary of findings, in the manner of the Cochrane Handbook, with their numbers."""

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, signature
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_card, to_estimate, to_size
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.row import NORMAL_975, QuotedScale, participants
from evidence.ledger import HETEROGENEITY, LedgerEntry, entries, event_entries, sentences
from evidence.summary import Reconciliation, Summary
from evidence.summary.absolute_effects import AbsoluteEffect
from evidence.summary.findings import InPoints, in_points, most_used_instrument
from evidence.summary.needed_averages import Needed, presumed_trials
from evidence.terms import EntryKind, Favors, Said

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


def side_by_side(dataset: Dataset, summary: Summary) -> Block:
    """Return published pooled values beside those of this workbook, with what each pooled."""
    rows: list[tuple[Cell, ...]] = []
    told: set[tuple[str, ...]] = set()
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        published = of_published(one.synthesis, dataset)
        own = ours(one, summary, dataset)
        presumed = presumed_trials(dataset, one.synthesis)
        outcome = language.capitalized(dataset.in_text("outcome", one.synthesis.outcome_id))
        selection = one.analysis.selection
        rows += [
            (
                Cell(f"{outcome}, {_name(one, dataset)}"),
                to_estimate(published),
                _whole(published.k),
                _whole(published.n),
                Cell(_pooled_there(one, presumed, labels, again=presumed in told)),
            ),
            (
                Cell(f"{outcome}, this workbook"),
                to_estimate(own),
                _whole(one.analysis.pooled.k),
                Cell(str(one.analysis.size), numeric=True),
                Cell(
                    f"{language.listed(selection.estimates.label)}; without a usable number "
                    f"{language.listed(selection.without_number.label) or 'none'}"
                ),
            ),
        ]
        told.add(presumed)
    if not rows:
        return paragraphs(
            "No published synthesis in the data pools an outcome that is analyzed here."
        )
    return table(
        "Published pooled values beside those of this workbook",
        ("Outcome and source", "g (95% CI)", "Trials", "n", "Which trials"),
        rows,
    )


def ours(one: Reconciliation, summary: Summary, dataset: Dataset) -> LedgerEntry:
    """Return our value: that of a finding where the same estimates are behind both."""
    same = [
        found.analysis
        for found in summary.findings
        if found.analysis is not None and signature(found.analysis) == signature(one.analysis)
    ]
    return entries.of_analysis(same[0] if same else one.analysis, dataset)


def _whole(number: int | None) -> Cell:
    return Cell("–" if number is None else str(number), numeric=True)


def _pooled_there(
    one: Reconciliation, presumed: tuple[str, ...], labels: "pd.Series[str]", *, again: bool
) -> str:
    """Return which trials a synthesis pooled, as far as their sizes tell; else its note."""
    if not presumed:
        note = f". Note in the data: {one.synthesis.note}" if one.synthesis.note else ""
        return f"which trials is not known{note}"
    if again:
        return "presumably the same trials as above"
    return (
        f"presumably {language.listed(labels[trial] for trial in presumed)}, the only trials here "
        f"whose sizes add up to {one.synthesis.n:g}"
    )


def _name(one: Reconciliation, dataset: Dataset) -> str:
    return origins.reference_name(one.synthesis.publication_id, dataset)


def averages(dataset: Dataset, summary: Summary) -> Block:
    """Return what trials without a number would have had to average for a pooled value to hold.

    What is asked of the same trials for the published value and for ours is in one row.
    """
    rows = []
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        outcome = language.capitalized(dataset.in_text("outcome", one.synthesis.outcome_id))
        grouped: dict[tuple[str, str], dict[bool, tuple[Analysis, Needed]]] = {}
        for analysis, needed in one.needed:
            own = needed.assumption == "own"
            key = (analysis.estimate_id, "all" if own else needed.assumption)
            grouped.setdefault(key, {})[own] = (analysis, needed)
        for asked in grouped.values():
            analysis, needed = next(iter(asked.values()))
            rows.append(
                (
                    Cell(f"{outcome}, {assumed(needed, analysis)}"),
                    Cell(language.listed(labels[trial] for trial in needed.known)),
                    Cell(_missing_trials(needed, labels)),
                    *(_average(one, asked.get(own), dataset) for own in (False, True)),
                )
            )
    if not rows:
        return Block("")
    block = table(
        "What trials without a usable number would have had to average for a pooled value to hold, "
        "and its interval then",
        ("Trials taken", "With a number", "Without", "For the published value", "For ours"),
        rows,
    )
    said = " ".join(remarks(dataset, summary))
    shown = joined(block, paragraphs(said)) if said else block
    folded = (
        '<details>\n<summary class="again">What each pooled value would take</summary>\n'
        f"{shown.html}\n</details>"
    )
    return Block(folded, shown.entries)


def _average(one: Reconciliation, asked: tuple[Analysis, Needed] | None, dataset: Dataset) -> Cell:
    """Return the average for a pooled value, and the interval that it would have then."""
    if asked is None:
        return Cell("–")
    analysis, needed = asked
    entry = of_needed(needed, analysis, one.synthesis, dataset)
    target = f"{language.fixed(needed.target)}:"
    if entry is None or needed.pooled is None:
        return Cell(f"{target} none within 3 SD")
    then = language.limits(needed.pooled.ci_low, needed.pooled.ci_high)
    number = number_link(entry, language.fixed(entry.effect))
    return Cell(markup=f"{target} {number} (then {then})", entries=(entry,))


def _missing_trials(needed: Needed, labels: "pd.Series[str]") -> str:
    missing = language.listed(labels[trial] for trial in needed.missing)
    held = language.listed(labels[trial] for trial in needed.held)
    return f"{missing}; at zero {held}" if held else missing


def remarks(dataset: Dataset, summary: Summary) -> list[str]:
    """Return how averages compare with what trials report, and intervals with published ones."""
    said, narrower = [], []
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        published = of_published(one.synthesis, dataset)
        outcome = dataset.in_text("outcome", one.synthesis.outcome_id)
        for _, needed in one.needed:
            if needed.average is None or needed.pooled is None:
                continue
            if needed.assumption == "presumed_bounded" and len(needed.missing) == 1:
                bound = _bound(one.analysis, needed.missing[0])
                beyond = "beyond" if abs(needed.average) > bound else "within"
                said.append(
                    f"With {language.listed(labels[trial] for trial in needed.held)} at zero, as "
                    f"its printed statistic suggests, {labels[needed.missing[0]]} alone would have "
                    f"had to show {language.fixed(needed.average)} on {outcome}, {beyond} the "
                    f"±{language.fixed(bound)} that its “no difference” leaves open."
                )
            width = needed.pooled.ci_high - needed.pooled.ci_low
            if (
                needed.assumption == "presumed"
                and published.ci_low is not None
                and published.ci_high is not None
                and published.ci_high - published.ci_low > width
            ):
                narrower.append(outcome)
    if narrower:
        said.append(
            f"For {language.listed(dict.fromkeys(narrower))} the interval that the trials "
            "presumably pooled would give here is narrower than the published one: the trials "
            "without a number differed from each other, or the review used other numbers or "
            "another method."
        )
    return list(dict.fromkeys(said))


def _bound(analysis: Analysis, trial_id: str) -> float:
    """Return the largest effect that "no difference" leaves open for a trial."""
    rows = analysis.selection.without_number
    row = next(one for one in records(rows) if one.trial_id == trial_id)
    return float(NORMAL_975 * (1 / row.n_intervention + 1 / row.n_comparator) ** 0.5)


def others(dataset: Dataset, summary: Summary) -> Block:
    """Return outcomes of randomized trials that are in no row of the tables before.

    Numbers of one outcome share a row.
    """
    said: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for row in records(elsewhere(dataset, summary)):
        when = dataset.in_text("timepoint", row.timepoint)
        where = row.label if row.timepoint == "post" else f"{row.label}, {when}"
        outcome = dataset.in_text("outcome", row.outcome_id)
        trial = said.setdefault((where, sentences.comparator(row, dataset)), {})
        trial.setdefault(outcome, []).append(_in_words(dataset, row))
    rows = []
    for (where, compared), outcomes in said.items():
        for outcome, cells in outcomes.items():
            markup = "; ".join(dict.fromkeys(one.markup for one in cells))
            found = tuple(entry for one in cells for entry in one.entries)
            rows.append(
                (
                    Cell(language.capitalized(outcome)),
                    Cell(where),
                    Cell(compared),
                    Cell(markup=markup, entries=found),
                )
            )
    if not rows:
        return paragraphs("Every outcome that a randomized trial reports is above.")
    return table(
        "Other outcomes of randomized trials: what sources say, in words or on a scale of its own",
        ("Outcome", "Trial", "Compared with", "What it reports"),
        rows,
    )


def _in_words(dataset: Dataset, row: Any) -> Cell:
    """Return what a source says of an outcome: a difference on a scale of its own, or words."""
    if pd.isna(row.effect):
        return Cell(markup=html(row.reason) or "–")
    entry = entries.of_estimate(row, dataset)
    notes = dataset.statistics.set_index("result_id").note
    after = f" ({note})" if (note := notes.get(row.result_ids[0], "")) else ""
    shown = to_told(entry, row, entries.quoted(entry), dataset)
    return shown.followed_by(f" {dataset.instrument_name(row.instrument_id)}{after}")


def to_told(entry: LedgerEntry, row: Any, shown: str, dataset: Dataset) -> Cell:
    """Return an estimate of one trial with a link to its card, or into the report of an import."""
    if dataset.imported:
        return Cell(markup=number_link(entry, shown), entries=(entry,))
    return Cell(markup=to_card(row.trial_id, anchor(entry.estimate_id), shown))


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
