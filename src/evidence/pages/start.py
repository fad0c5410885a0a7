"""The page to start with: the questions, the trials, what there is and is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, points_behind
from evidence.analysis.alternatives import Companions
from evidence.analysis.rare_events import RareEvents
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.figures import forest_figure
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, Figure, anchor, joined
from evidence.blocks.tables import Cell, table, to_estimate
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, event_entries, sentences
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.pages import pooled as pooled_sections
from evidence.terms import RemarkKind, has


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question with the analysis that answers it and the report that tells it whole."""

    report_id: str
    analysis: Analysis
    beside: Companions


def opening(dataset: Dataset, questions: Sequence[Question]) -> Block:
    """Return what is known in a sentence per therapy, and the size of the evidence."""
    rows = dataset.randomized_trials
    rows = rows[rows.status == "published"]
    counts = language.listed(
        f"{language.count(int((rows.therapy == therapy).sum()))} of {name}"
        for therapy, name in dataset.worded("therapy").items()
    )
    single = [one.analysis for one in questions if one.analysis.pooled.k == 1]
    several = [one.analysis.pooled for one in questions if one.analysis.pooled.k > 1]
    parts = []
    if single:
        come = "comes from one trial" if len(single) == 1 else "come from one trial each"
        parts.append(
            f"{language.count(len(single))} of the "
            f"{language.count(len(questions), 'main result')} {come}"
        )
    over = sum(one.ci_low <= 0 <= one.ci_high for one in several)
    if len(several) == 1:
        parts.append(
            "the one over several trials "
            f"{'could be no effect' if over else 'has an interval that excludes no difference'}"
        )
    elif several:
        parts.append(
            f"of {language.count(len(several))} over several trials, {language.count(over)} "
            f"{'has' if over == 1 else 'have'} an interval that includes no difference"
        )
    little = "There is little evidence. " if 2 * len(single) > len(questions) else ""
    say = little + language.capitalized("; ".join(parts)) + "."
    developed = " ".join(
        sentences.developers_of(dataset, rows.trial_id[rows.therapy == therapy], therapy)
        for therapy in dataset.vocabulary("therapy")
    )
    paragraph = (
        f"{language.capitalized(language.count(len(rows), 'published randomized trial'))} are "
        "in this "
        f"workbook: {counts}.{_beside(dataset)} {developed} Of most trials only abstracts were "
        "read; where these give no usable number, each estimate shows what that could change. "
        "Positive values favor the therapy."
    )
    shown = answer(
        html(say),
        html(paragraph),
        (),
        [_item(dataset, one) for one in questions],
        [one.analysis.specification.outcome for one in questions],
    )
    return Block(shown.html, tuple(entry for one in questions for entry in _entries(dataset, one)))


def _beside(dataset: Dataset) -> str:
    """Return how many trials count as no randomized one, and how many are only planned."""
    trials = dataset.trials
    unclear = int((trials.design == "not_stated").sum())
    said = ""
    if unclear:
        do, groups = ("does", "its groups") if unclear == 1 else ("do", "their groups")
        said += (
            f" {language.capitalized(language.count(unclear, 'more comparison'))} of groups "
            f"{do} not "
            f"state how {groups} were formed and {'counts' if unclear == 1 else 'count'} as no "
            "randomized trial."
        )
    return " ".join([said, *sentences.planned(dataset, *dataset.worded("therapy"))])


def _entries(dataset: Dataset, question: Question) -> list[LedgerEntry]:
    points = points_behind(question.analysis)
    if points is not None:
        return [entries.of_estimate(points, dataset)]
    found = [entries.of_analysis(question.analysis, dataset)]
    if question.beside.stress is not None:
        found.append(entries.of_stress_test(question.beside.stress, question.analysis, dataset))
    return found


def _item(dataset: Dataset, question: Question) -> str:
    therapy, outcome = sentences.names(question.analysis, dataset)
    link = f'<a href="{html(question.report_id)}.html">{html(f"{therapy}: {outcome}")}</a>'
    shown = []
    points = points_behind(question.analysis)
    stress = question.beside.stress
    sizes = [question.analysis.size, *([] if stress is None else [stress.size])]
    for entry, size in zip(_entries(dataset, question), sizes, strict=False):
        digits = 2 if points is None else 1
        number = language.estimate(entry.effect, entry.ci_low, entry.ci_high, digits)
        unit = (
            language.term(language.METRIC, question.analysis.selection.metric)
            if points is None
            else f"points of {dataset.measure(points.instrument_id)}"
        )
        imputed = _imputed(dataset, question, entry, points)
        shown.append(
            f'<a class="n" href="#n-{html(entry.estimate_id)}">{html(number)}</a> {html(unit)}, '
            f"{language.count(entry.k or 0, 'trial')}, {size.of()}{imputed}"
        )
    compared = language.listed(
        dict.fromkeys(
            sentences.comparator(row, dataset)
            for row in records(question.analysis.selection.estimates)
        ),
        "or",
    )
    said = [
        pooled_sections.against_other_arms(dataset, question.analysis),
        pooled_sections.others(dataset, question.analysis) if points is not None else "",
    ]
    also = "".join(f" {html(one)}" for one in said if one)
    return f"{link}, against {html(compared)}: " + "; ".join(shown) + f".{also}"


def _imputed(
    dataset: Dataset, question: Question, entry: LedgerEntry, points: pd.Series | None
) -> str:
    """Return what of a number is imputed, in words."""
    stress = question.beside.stress
    if stress is not None and entry.estimate_id == stress.estimate_id:
        against = sentences.zeros_against(stress, dataset)
        return f", with unreported results at zero (imputed; {html(against)})"
    if entry.processing == "imputed":
        return ", imputed"
    if points is not None and has(points, RemarkKind.SIZES_IMPUTED):
        return ", arm sizes imputed"
    return ""


def overview_figure(
    dataset: Dataset, questions: Sequence[Question], events: Mapping[str, RareEvents]
) -> Figure:
    """Return all standardized answers on one axis, with their stress tests, and odds ratios below.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    questions : sequence of Question
        Answers in standard deviations.
    events : mapping of str to RareEvents
        Counted events by the report that tells of them, on an axis of their own.
    """
    rows: list[Row] = []
    body = []
    for one in questions:
        therapy, outcome = sentences.names(one.analysis, dataset)
        name = f"{therapy}, {outcome.partition(' (')[0]}"
        names = {
            sentences.comparator(row, dataset) for row in records(one.analysis.selection.estimates)
        }
        compared = names.pop() if len(names) == 1 else "several comparators"
        entry = entries.of_analysis(one.analysis, dataset)
        rows.append(_answered(entry, name, compared, str(one.analysis.size)))
        body.append(_told(rows[-1], to_estimate(entry), entry))
        stress = one.beside.stress
        if stress is not None:
            entry = entries.of_stress_test(stress, one.analysis, dataset)
            what = "stress test, imputed"
            rows.append(_answered(entry, "unreported at zero", what, str(stress.size)))
            body.append(_told(rows[-1], to_estimate(entry), entry, name))
    counted: list[Row] = []
    for report_id, found in events.items():
        name = ", ".join(event_entries.names(dataset, found))
        for result in found.results:
            number = event_entries.of_result(result, found, dataset)
            if result.method != "exact" or number is None:
                continue
            compared = language.listed(
                dict.fromkeys(sentences.comparator(item.row, dataset) for item in result.tables),
                "or",
            )
            counted.append(_answered(number, name, compared, str(number.n)))
            # Its place is on the page that tells how it was counted.
            place = f"{report_id}.html#{anchor(number.estimate_id)}"
            cell = Cell(f"odds ratio {counted[-1].shown}", place, numeric=True)
            body.append(_told(counted[-1], cell, number))
    parts = [
        Forest(
            rows=tuple(rows),
            name="Question",
            estimate="g (95% CI)",
            columns=("n (trials)",),
            axis="standardized difference, positive = favors the therapy",
            below="favors the comparator",
            above="favors the therapy",
            whole=True,
        ),
        Forest(
            rows=tuple(counted),
            name="Event",
            estimate="odds ratio (95% CI)",
            columns=("n (trials)",),
            axis="odds ratio",
            below="fewer with the therapy",
            above="more with the therapy",
            ratio=True,
            whole=True,
        ),
    ]
    drawn = [one for one in parts if one.rows]
    listed = "; ".join(f"{row.label} {row.shown}" for row in rows)
    ratios = "; ".join(f"{row.label} {row.shown}" for row in counted)
    return forest_figure(
        "overview",
        drawn,
        alt=f"Standardized differences at the end of treatment: {listed}."
        + (f" Odds ratios: {ratios}." if ratios else ""),
        caption="All main answers. Square: one trial. Diamond: several, pooled. Hollow: imputed, "
        "or with unreported results at zero, a stress test. Values of different outcomes and "
        "comparators are not to be compared with each other.",
        table=table(
            "The numbers of the overview",
            ("Question", "Compared with", "n (trials)", "Estimate (95% CI)", "How obtained"),
            body,
        ),
    )


def _answered(entry: LedgerEntry, name: str, compared: str, size: str) -> Row:
    """Return an answer as a row: a square where one trial is behind it, else a diamond."""
    n = f"{size} ({entry.k})"
    return Row(
        kind=Kind.TRIAL if entry.k == 1 else Kind.POOLED,
        label=name,
        below=compared,
        phone=f"{compared}; {n}",
        cells=(n,),
        effect=entry.effect,
        ci_low=entry.ci_low,
        ci_high=entry.ci_high,
        shown=language.estimate(entry.effect, entry.ci_low, entry.ci_high),
        imputed=entry.processing == "imputed",
    )


def _told(row: Row, number: Cell, entry: LedgerEntry, of: str = "") -> tuple[Cell, ...]:
    name = f"{of}, {row.label}" if of else row.label
    size = Cell(row.cells[0], numeric=True)
    return Cell(name), Cell(row.below), size, number, Cell("", tag=entry.processing)


def closing_sections(dataset: Dataset, frame: pd.DataFrame, questions: Sequence[Question]) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    names = language.listed(": ".join(sentences.names(one.analysis, dataset)) for one in questions)
    return joined(
        closing.methods(
            [
                f"This page shows the main results of the analyses of {names}. Each was made "
                "by the same rules: one estimate per trial, self-report before ratings by "
                "clinicians, Hedges g where any trial prints means, else g from a test "
                "statistic; random effects with restricted maximum likelihood; Hartung-Knapp "
                "interval with the ad hoc correction; unreported results entered at zero as a "
                "stress test. The report behind each link tells its methods whole."
            ]
        ),
        _provenance(dataset, questions),
        closing.citation(dataset, frame[frame.effect.notna()]),
        closing.limits(dataset, trial_ids=list(dataset.trials.trial_id)),
    )


def _provenance(dataset: Dataset, questions: Sequence[Question]) -> Block:
    """Return where the main results come from; what stands beside them is told on their pages."""
    points = [points_behind(one.analysis) for one in questions]
    estimates = [one.analysis.selection.estimates for one in questions]
    estimates += [pd.DataFrame([one]) for one in points if one is not None]
    made = [
        (one, each.report_id)
        for each in questions
        for one in pooled_sections.main_numbers(dataset, each.analysis, each.beside.stress)
    ]
    return origins.provenance(
        dataset,
        estimates=pd.concat(estimates),
        pooled=[one for one, _ in made],
        elsewhere={entry.estimate_id: report_id for (entry, _), report_id in made},
    )
