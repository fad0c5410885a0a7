"""What stands beside the findings: published pooled values, and other outcomes."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, signature
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor, folded, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_card, to_estimate
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.row import NORMAL_975, participants
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages.summary.numbers import assumed, of_needed, of_published
from evidence.summary import Reconciliation, Summary
from evidence.summary.needed_averages import Needed, presumed_trials
from evidence.terms import Favors


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
    explained: set[str] = set()
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
            taken = (
                f"{outcome}, {assumed(needed, analysis)}{_left_out(needed, analysis, explained)}"
            )
            rows.append(
                (
                    Cell(taken),
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
    return folded("What each pooled value would take", shown)


def _left_out(needed: Needed, analysis: Analysis, explained: set[str]) -> str:
    """Return which trials of known size "all" leaves out, and why where that was not said."""
    if needed.assumption not in ("all", "own"):
        return ""
    without = analysis.selection.without_number
    left = without[~without.trial_id.isin([*needed.missing, *needed.held])]
    out = []
    for row in records(left):
        if participants(row) is not None:
            # Why a trial does not enter is the same for each outcome of it that stands here.
            key = f"{row.trial_id}.{analysis.specification.outcome}"
            why = "" if key in explained else f" ({sentences.why_not_entered(row)})"
            out.append(f"{row.label}{why}")
            explained.add(key)
    return f", except {language.listed(out)}" if out else ""


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
                limits = language.limits(published.ci_low, published.ci_high)
                narrower.append(f"{outcome} ({limits})")
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

    Numbers of one outcome share a row, and so do outcomes of which the same words are said.
    """
    said: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for row in records(elsewhere(dataset, summary)):
        when = dataset.in_text("timepoint", row.timepoint)
        where = row.label if row.timepoint == "post" else f"{row.label}, {when}"
        outcome = dataset.in_text("outcome", row.outcome_id)
        trial = said.setdefault((where, sentences.comparator(row, dataset)), {})
        cells = trial.setdefault(outcome, [])
        cells.append(_in_words(dataset, row, first=not cells))
    rows = []
    for (where, compared), outcomes in said.items():
        same: dict[str, tuple[list[str], tuple[LedgerEntry, ...]]] = {}
        for outcome, cells in outcomes.items():
            markup = "; ".join(dict.fromkeys(one.markup for one in cells))
            found = tuple(entry for one in cells for entry in one.entries)
            same.setdefault(markup, ([], found))[0].append(outcome)
        rows += [
            (
                Cell(language.capitalized(language.listed(several))),
                Cell(where),
                Cell(compared),
                Cell(markup=markup, entries=found),
            )
            for markup, (several, found) in same.items()
        ]
    if not rows:
        return paragraphs("Every outcome that a randomized trial reports is above.")
    return table(
        "What sources say of them, in words or on a scale of its own",
        ("Outcome", "Trial", "Compared with", "What it reports"),
        rows,
    )


def _in_words(dataset: Dataset, row: Any, *, first: bool) -> Cell:
    """Return what a source says of an outcome: a difference on a scale of its own, or words.

    Which side is which is said with the first of an outcome.
    """
    if pd.isna(row.effect):
        return Cell(markup=html(row.reason) or "–")
    entry = entries.of_estimate(row, dataset)
    notes = dataset.statistics.set_index("result_id").note
    after = f" ({note})" if (note := notes.get(row.result_ids[0], "")) else ""
    shown = to_told(entry, row, entries.quoted(entry), dataset)
    side = ""
    if first and entry.favors == Favors.ABOVE_0 and not row.event:
        worse = dataset.instrument(row.instrument_id).higher_is == "worse"
        side = f", above 0 is {'lower' if worse else 'higher'} with the therapy"
    return shown.followed_by(f" {dataset.instrument_name(row.instrument_id)}{side}{after}")


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
