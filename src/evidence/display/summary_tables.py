"""Tables of a summary of findings, in the manner of the Cochrane Handbook."""

from dataclasses import dataclass

import pandas as pd

from evidence.dataset import RANDOMIZED, Dataset
from evidence.display import entries, text, words
from evidence.display import summary_entries as made
from evidence.display.escape import addressed, html
from evidence.display.output import Block
from evidence.display.tables import Cell, number_link, table, to_number
from evidence.estimation import estimates
from evidence.ledger import LedgerEntry
from evidence.records import records
from evidence.specification import Analysis, Specification, StressTest, stress_test
from evidence.summary import Finding, InPoints, Summary, in_points, most_used_instrument
from evidence.terms import RemarkKind, has, words_of


def named(one: Finding | Specification, dataset: Dataset) -> str:
    """Return outcome, therapy and time of a finding or an analysis."""
    outcome = dataset.short("outcome", one.outcome)
    therapy = dataset.in_text("therapy", one.therapy)
    return f"{words.capitalized(outcome)}, {therapy}, {dataset.in_text('timepoint', one.timepoint)}"


def overview(dataset: Dataset, summary: Summary) -> Block:
    """Return one row per outcome, time and class of comparators."""
    rows = []
    shown: list[LedgerEntry] = []
    for one in summary.findings:
        entry = made.of_finding(one, dataset)
        number, measure, size = Cell("no number", numeric=True), "–", "–"
        if entry is not None and one.analysis is not None:
            shown.append(entry)
            digits = 2 if one.points is None else 1
            shown_number = words.estimate(entry.effect, entry.ci_low, entry.ci_high, digits)
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
                made.with_sizes(one.without_number, dataset)
                if len(one.without_number)
                else Cell("–"),
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
        entries=shown,
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
    name = words.term(words.METRIC, chosen.metric)
    return f"{name}, imputed" if "imputed" in set(chosen.estimates.processing) else name


def _short(instrument_id: str) -> str:
    return instrument_id.upper().replace("_", "-")


def with_points(dataset: Dataset, summary: Summary) -> list[tuple[Analysis, str]]:
    """Return the analyses that can be said in points, each with the instrument."""
    instruments = {
        (one.specification.therapy, one.specification.outcome, one.specification.timepoint): (
            most_used_instrument(one)
        )
        for one in summary.totals
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
        each = made.points_of(analysis, instrument, dataset)
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
            each = [(one, made.of_points(one, zero, dataset)) for one in points]
            shown.append(Reexpressed(analysis, stress, zero, each))
    return shown


def points(dataset: Dataset, summary: Summary) -> Block:
    """Return standardized effects as points of a familiar instrument, once per SD."""
    rows = []
    shown: list[LedgerEntry] = []
    for effect in points_shown(dataset, summary):
        standardized = effect.standardized
        shown.append(standardized)
        for place, (one, entry) in enumerate(effect.each):
            shown.append(entry)
            locator = dataset.locator(one.locator_id)
            rows.append(
                (
                    Cell(
                        named(effect.analysis.specification, dataset) if place == 0 else "the same"
                    ),
                    Cell(_over(effect.analysis, effect.stress, dataset)),
                    to_number(
                        standardized,
                        words.estimate(
                            standardized.effect, standardized.ci_low, standardized.ci_high
                        ),
                    ),
                    Cell(
                        f"{one.sd:g}, {one.label}, comparator arm",
                        markup=html(f"{one.sd:g}, {one.label}, comparator arm (")
                        + addressed(locator.url, words_of(locator.place))
                        + ")",
                    ),
                    to_number(entry, words.estimate(entry.effect, entry.ci_low, entry.ci_high, 1)),
                    Cell(_short(one.instrument_id)),
                )
            )
    if not rows:
        said = "No comparator arm prints a standard deviation on an instrument used here."
        return Block(text=said, html=f"<p>{said}</p>")
    return table(
        "Standardized effects as points of a familiar instrument: imputed, once with each SD",
        ("Outcome", "Over", "g (95% CI)", "Times SD of", "Points (95% CI)", "Instrument"),
        rows,
        entries=shown,
    )


def _over(analysis: Analysis, stress: StressTest | None, dataset: Dataset) -> str:
    rows = analysis.selection.estimates
    if stress is not None:
        rows = pd.concat([rows, stress.entered])
        return f"{text.comparators(rows, dataset)}; unreported results at zero"
    name = analysis.specification.comparator_class
    return (
        text.comparators(rows, dataset)
        if name is None
        else dataset.in_text("comparator_class", name)
    )


def absolute(dataset: Dataset, summary: Summary) -> Block:
    """Return events per 1,000 at stated risks, with the ratio behind them."""
    rows = []
    shown: list[LedgerEntry] = []
    for one in summary.absolute:
        row = one.tables.row
        ratio, difference = made.of_ratio(one, dataset), made.of_absolute(one, dataset)
        shown += [ratio, difference]
        event = dataset.in_text("event", row.event)
        counts = one.tables.fewest_missing
        behind = (
            f"{row.label}"
            if one.events is None
            else words.listed(item.row.label for item in one.ratio.tables)
        )
        rows.append(
            (
                Cell(
                    f"{words.capitalized(event)}, {dataset.in_text('therapy', row.therapy)}, "
                    f"{text.when(row, dataset)}"
                ),
                Cell(
                    f"{made.per_1000(one.baseline)} with {text.comparator(row, dataset)} "
                    f"({counts.events_2} of {counts.n_2}, {row.label})"
                ),
                Cell(
                    f"{made.per_1000(one.risk)} ({made.per_1000(one.risk_low)} to "
                    f"{made.per_1000(one.risk_high)})",
                    numeric=True,
                ),
                to_number(difference, made.in_1000(difference)),
                to_number(ratio, words.estimate(ratio.effect, ratio.ci_low, ratio.ci_high)),
                Cell(
                    f"the odds ratio of {behind}, {one.n}; {words.SIDE[ratio.favors]} favors "
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
        entries=shown,
    )


def others(dataset: Dataset, summary: Summary) -> Block:
    """Return outcomes of randomized trials that stand in no row of the tables before."""
    instruments = dataset.instruments.set_index("instrument_id").name
    notes = dataset.statistics.set_index("result_id").note
    rows = []
    shown: list[LedgerEntry] = []
    for row in records(elsewhere(dataset, summary)):
        cell = Cell(row.reason or "–")
        if not pd.isna(row.effect):
            entry = entries.of_estimate(row, dataset)
            shown.append(entry)
            number = words.estimate(entry.effect, entry.ci_low, entry.ci_high, 3)
            name = instruments.get(row.instrument_id, row.instrument_id)
            note = notes.get(row.result_ids[0], "")
            after = f" ({note})" if note else ""
            cell = Cell(
                f"{name}, difference {number}{after}",
                markup=f"{html(name)}, difference {number_link(entry, number)}{html(after)}",
            )
        rows.append(
            (
                Cell(words.capitalized(dataset.in_text("outcome", row.outcome_id))),
                Cell(f"{row.label}, {dataset.in_text('timepoint', row.timepoint)}"),
                Cell(text.comparator(row, dataset)),
                cell,
            )
        )
    if not rows:
        said = "Every outcome that a randomized trial reports stands above."
        return Block(text=said, html=f"<p>{said}</p>")
    return table(
        "Other outcomes of randomized trials: what sources say, in words or on a scale of its own",
        ("Outcome", "Trial", "Compared with", "What it prints"),
        rows,
        entries=shown,
    )


def elsewhere(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Return the rows of the frame of estimates on outcomes that no finding is about."""
    told = {(one.therapy, one.outcome) for one in summary.findings}
    told |= {(one.tables.row.therapy, one.tables.row.outcome_id) for one in summary.absolute}
    trials = dataset.trials.set_index("trial_id")
    frame = estimates(dataset)
    chosen = [
        row.intervention == row.therapy
        and row.therapy in summary.therapies
        and bool(row.comparator_arm_id)
        and trials.design[row.trial_id] in RANDOMIZED
        and (row.therapy, row.outcome_id) not in told
        for row in records(frame)
    ]
    return frame[chosen]
