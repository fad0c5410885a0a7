"""Tables of a pooled report: trials, comparator classes, choices, unreported results."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, points_behind
from evidence.analysis.alternatives import Companions
from evidence.analysis.multilevel import MultilevelAnalysis
from evidence.analysis.stress_test import StressTest
from evidence.blocks import closing
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, range_link, table, to_number, to_trial, with_id
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences, units
from evidence.terms import LeftOut


def studies(dataset: Dataset, analysis: Analysis | MultilevelAnalysis) -> Block:
    """Return the trials of an analysis, those without a usable number beside the others."""
    chosen = analysis.selection.estimates
    ids = dict.fromkeys([*chosen.trial_id, *analysis.selection.without_number.trial_id])
    trials = dataset.trials.set_index("trial_id")
    arms = dataset.arms
    measures: dict[str, dict[str, None]] = {}
    for row in records(chosen):
        used = f"{dataset.measure(row.instrument_id)}, {row.rater.replace('_', ' ')}"
        measures.setdefault(row.trial_id, {})[used] = None
    rows = []
    for trial_id in ids:
        trial = trials.loc[trial_id]
        of_trial = arms[arms.trial_id == trial_id]
        rows.append(
            (
                to_trial(dataset, trial_id, f"{trial.status}, read: {dataset.read_as(trial_id)}"),
                Cell(", ".join(part for part in (trial.population, _country(trial)) if part)),
                Cell("\n".join(_arm(arm, dataset) for arm in records(of_trial))),
                Cell(_weeks(dataset, trial_id)),
                Cell("\n".join(measures.get(trial_id, ("no usable number",)))),
                Cell(trial.developer_involved.replace("_", " ")),
                Cell(trial.note or "–"),
            )
        )
    block = table(
        "Randomized trials that measured the outcome",
        (
            *("Trial", "Who took part", "Arms (randomized)", "Treatment", "Measure used here"),
            *("Developers took part", "Remarks"),
        ),
        rows,
    )
    return closing.with_planned(block, dataset, analysis.specification.therapy)


def _country(trial: Any) -> str:
    return str(language.country(trial.country))


def _arm(arm: Any, dataset: Dataset) -> str:
    name = dataset.in_text("condition", arm.condition)
    size = "size not printed" if pd.isna(arm.n_randomized) else str(arm.n_randomized)
    note = f"; {arm.note}" if arm.note else ""
    return f"{name} ({size}{note})"


def _weeks(dataset: Dataset, trial_id: str) -> str:
    values = sorted(set(dataset.fact(trial_id, "treatment_weeks").value))
    if not values:
        return "length not known"
    return f"{' or '.join(f'{value:g}' for value in values)} weeks" + (
        " (sources differ)" if len(values) > 1 else ""
    )


def comparator_classes(dataset: Dataset, beside: Companions) -> Block:
    """Return the estimate for each class of comparators, and whether the classes differ."""
    rows = []
    for name, analysis in beside.by_class.items():
        entry = entries.of_analysis(analysis, dataset)
        pooled = analysis.pooled
        rows.append(
            (
                Cell(dataset.in_text("comparator_class", name)),
                Cell(language.listed(analysis.selection.estimates.label)),
                Cell(str(pooled.k), numeric=True),
                Cell(str(analysis.size), numeric=True),
                to_number(entry, language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
            )
        )
    block = table(
        "Estimates by class of comparator",
        ("Compared with", "Trials", "k", "n", "Estimate (95% CI)"),
        rows,
    )
    return joined(block, paragraphs(_between_classes(beside)))


def _between_classes(beside: Companions) -> str:
    """Return the test of comparator class as moderator in words."""
    model = beside.moderator
    if model is None or model.qm is None or model.qm_p is None:
        return "There are too few trials to test whether the effect differs between the classes."
    return (
        "Comparator class as moderator (meta-regression, "
        f"{language.INTERVAL[model.interval_method]}): "
        f"{language.p_value(model.qm_p)} for a difference between the classes. With "
        f"{language.count(model.k, 'trial')} this can neither show nor exclude one; about ten "
        "trials "
        "per characteristic are wanted for such a test."
    )


def unreported(
    dataset: Dataset, main: Analysis | MultilevelAnalysis, test: StressTest | None
) -> Block:
    """Return the trials without a usable number, and what they could change where sizes allow."""
    columns = ("Trial", "Compared with", "n", "What it reports", "Enters as")
    caption = "Trials without a usable number, and what they could change"
    without = main.selection.without_number
    not_entered = test.not_entered if test is not None else without
    missing = [
        (
            to_trial(dataset, row.trial_id),
            Cell(sentences.comparator(row, dataset)),
            Cell(sentences.sizes(row, dataset), numeric=True),
            Cell(row.reason),
            Cell(f"not entered: {sentences.why_not_entered(row)}"),
        )
        for row in records(not_entered)
    ]
    if without.empty:
        return paragraphs("No trial that is known to have measured it is without a usable number.")
    if test is None or isinstance(main, MultilevelAnalysis):
        return table(caption, columns, missing)
    entry = entries.of_stress_test(test, main, dataset)
    found = entries.of_stress_ends(test, main, dataset)
    rows = [
        (
            to_trial(dataset, row.trial_id),
            Cell(sentences.comparator(row, dataset)),
            Cell(sentences.sizes(row, dataset), numeric=True),
            Cell(row.reason),
            Cell(
                f"0, moved by up to ±{language.fixed(row.bound)}"
                if row.bound > 0
                else f"0, {row.bound_source}"
            ),
        )
        for row in records(test.entered)
    ]
    rows += missing
    pooled = test.at_zero
    rows.append(
        (
            Cell(f"Pooled with {language.count(len(test.entered), 'trial')} at zero"),
            Cell(""),
            Cell(str(test.size), numeric=True),
            Cell("a stress test; imputed, no result"),
            to_number(entry, language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
        )
    )
    rows.append(
        (
            Cell("Range of the pooled value"),
            Cell(""),
            Cell("", numeric=True),
            Cell("over what “no difference” allows"),
            Cell(markup=range_link(found), numeric=True, entries=found),
        )
    )
    return table(caption, columns, rows)


SHOWN = "shown on the first screen in points; the analysis pools the standardized value behind it"


def left_out(dataset: Dataset, analysis: Analysis | MultilevelAnalysis) -> Block:
    """Return every other estimate and result on the outcome, with the reason it did not enter."""
    if analysis.selection.left_out.empty:
        return Block("")
    points = points_behind(analysis) if isinstance(analysis, Analysis) else None
    shown = [] if points is None else [points.estimate_id]
    rows = [
        (
            to_trial(dataset, row.trial_id),
            with_id(_on(row, analysis, dataset), row.estimate_id),
            Cell(_shown(row), numeric=True),
            Cell(SHOWN if row.estimate_id in shown else _why(row, dataset)),
        )
        for row in records(analysis.selection.left_out)
    ]
    return table(
        "What did not enter the main analysis, and why",
        ("Trial", "Estimate or result", "Effect", "Reason"),
        rows,
    )


def _on(row: Any, analysis: Analysis | MultilevelAnalysis, dataset: Dataset) -> str:
    """Return what a row is on, without the outcome and the time that the page is about."""
    asked = analysis.specification
    same = (dataset.short("outcome", asked.outcome), dataset.in_text("timepoint", asked.timepoint))
    parts = units.about(row, dataset).split(", ")
    return ", ".join(one for one in parts if one not in same) or units.about(row, dataset)


def _why(row: Any, dataset: Dataset) -> str:
    """Return why an estimate did not enter; of another metric its name stands beside it."""
    if row.left_out_by == LeftOut.OTHER_METRIC:
        return "another metric"
    return sentences.reason_in_words(row, dataset)


def _shown(row: Any) -> str:
    """Return an effect on the scale that readers quote, a dash where there is none."""
    if pd.isna(row.effect):
        return "–"
    value, *_, digits = entries.quoted_numbers(row.metric, row.more_is, row.effect)
    unit = " percentage points" if row.metric == "risk_difference" else ""
    return f"{language.fixed(value, digits)}{unit}"
