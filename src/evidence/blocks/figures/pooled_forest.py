"""The forest plot of a pooled analysis, with its alt text and its table twin."""

from typing import Any

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.stress_test import StressTest
from evidence.blocks.figures.forest import ForestRow, draw
from evidence.blocks.output import Block, Figure
from evidence.blocks.remarks import NO_MEANS
from evidence.blocks.tables import Cell, table, to_number
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.row import NORMAL_975, size_of
from evidence.ledger import entries, sentences
from evidence.terms import Said


def pooled_forest(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> Figure:
    """Return the forest plot of an analysis.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        What was pooled; positive favors the therapy.
    stress : StressTest or None
        Its stress test, drawn as a hollow diamond below the trials without a number.
    """
    therapy, outcome = sentences.names(analysis, dataset)
    rows = _rows(dataset, analysis, stress)
    metric = language.term(language.METRIC, analysis.selection.metric)
    better = "lower" if _lower_is_better(dataset, analysis) else "higher"
    symbol = {"hedges_g": "g", "d_from_test_statistic": "g"}.get(
        analysis.selection.metric, "effect"
    )
    canvas = draw(
        rows,
        axis_label=f"{metric}, positive = {better} {outcome.split(' (')[0]} with {therapy}",
        favors_low="favors other care",
        favors_high=f"favors {therapy}",
        heading=f"{symbol} (95% CI)",
    )
    return Figure(
        figure_id="forest",
        matplotlib_figure=canvas,
        alt=alt_text(dataset, analysis, stress),
        caption=f"Forest plot of {metric} for {outcome}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}; positive = {better} "
        f"with {therapy}. Squares: trials, their area in proportion to weight. Diamond: pooled. "
        "Trials that print no usable number stand below it"
        + ("" if stress is None else _hollow(stress))
        + ".",
        table=_twin(dataset, analysis, stress),
    )


def _at_zero(stress: StressTest) -> str:
    """Return how many of the trials without a number are at zero in a stress test."""
    entered, out = len(stress.entered), len(stress.not_entered)
    if out:
        return f"{language.count(entered)} of {language.count(entered + out)} at zero"
    count = {1: "it", 2: "both"}.get(entered, f"all {language.count(entered)}")
    return f"{count} at zero"


def _hollow(stress: StressTest) -> str:
    """Return what the hollow diamond is, as the end of a caption, and which trial is not in it."""
    out = language.listed(stress.not_entered.label)
    return f"; hollow diamond: a stress test, imputed, with {_at_zero(stress)}" + (
        f" ({out} not entered)" if out else ""
    )


def _lower_is_better(dataset: Dataset, analysis: Analysis) -> bool:
    return {
        dataset.instrument(one).higher_is for one in analysis.selection.estimates.instrument_id
    } == {"worse"}


def _short(row: Any, dataset: Dataset) -> str:
    weeks = dataset.fact(row.trial_id, "comparator_weeks")
    short = dataset.short("condition", row.comparator)
    return short if weeks.empty else sentences.comparator(row, dataset)


def _rows(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> list[ForestRow]:
    chosen = analysis.selection.estimates
    effect, variance = analysis.selection.effects()
    rows = []
    for i, row in enumerate(records(chosen)):
        margin = NORMAL_975 * variance[i] ** 0.5
        rows.append(
            ForestRow(
                "trial",
                row.label,
                _short(row, dataset),
                sentences.sizes(row, dataset) if size_of([row]).n else str(size_of([row])),
                float(effect[i]),
                float(effect[i] - margin),
                float(effect[i] + margin),
                analysis.pooled.weights[i],
            )
        )
    pooled = analysis.pooled
    means = set(chosen.metric) <= {"hedges_g", "d_ppc2"}
    if pooled.k > 1:
        rows.append(
            ForestRow(
                "pooled",
                f"Pooled, {language.count(pooled.k, 'trial')}",
                "",
                str(analysis.size),
                pooled.effect,
                pooled.ci_low,
                pooled.ci_high,
            )
        )
    for row in records(analysis.selection.without_number):
        none = "no clear difference, " if row.said == Said.NO_DIFFERENCE else ""
        said = f"{none}{NO_MEANS if means else 'no usable number'}"
        rows.append(
            ForestRow(
                "unreported",
                row.label,
                _short(row, dataset),
                sentences.sizes(row, dataset),
                remark=said,
            )
        )
    if stress is not None:
        rows.append(
            ForestRow(
                "stress",
                f"With {_at_zero(stress)}",
                "stress test, imputed",
                str(stress.size),
                stress.at_zero.effect,
                stress.at_zero.ci_low,
                stress.at_zero.ci_high,
            )
        )
    return rows


def alt_text(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> str:
    """Return what the plot shows in words, computed from its data."""
    rows = _rows(dataset, analysis, stress)
    trials = [row for row in rows if row.kind == "trial"]
    parts = [
        f"Forest plot of {language.count(len(trials), 'trial')}: "
        + "; ".join(
            f"{row.label} {language.estimate(row.effect or 0.0, row.ci_low, row.ci_high)}"
            for row in trials
        )
    ]
    over = [row for row in trials if (row.ci_low or 0) <= 0 <= (row.ci_high or 0)]
    if len(trials) == 1:
        parts.append(f"Its interval {'includes' if over else 'excludes'} no difference")
    else:
        parts.append(
            f"{language.capitalized(language.count(len(over)) if over else 'none')} of "
            f"{language.count(len(trials))} trial intervals include no difference"
        )
    for kind, name in (("pooled", "Pooled"), ("stress", "With unreported results at zero")):
        parts += [
            f"{name} {language.estimate(row.effect or 0.0, row.ci_low, row.ci_high)}"
            for row in rows
            if row.kind == kind
        ]
    unreported = [row for row in rows if row.kind == "unreported"]
    if unreported:
        parts.append(
            "Without a usable number: "
            + "; ".join(f"{row.label} ({row.remark})" for row in unreported)
        )
    return ". ".join(parts) + "."


def _weight(row: ForestRow, analysis: Analysis) -> str:
    """Return a weight among pooled trials; one trial alone has none to share."""
    return "" if row.weight is None or analysis.pooled.k == 1 else language.percent(row.weight)


def _in_points(dataset: Dataset, analysis: Analysis) -> dict[str, Cell]:
    """Return each trial's difference in points of its instrument, where it has one."""
    frame = analysis.frame
    frame = frame[(frame.metric == "mean_difference") & frame.effect.notna()]
    keys = ["instrument_id", "timepoint", "intervention_arm_id", "comparator_arm_id"]
    cells = {}
    for row in records(analysis.selection.estimates):
        same = frame[(frame[keys] == [getattr(row, one) for one in keys]).all(axis=1)]
        for one in records(same.head(1)):
            entry = entries.of_estimate(one, dataset)
            shown = language.estimate(one.effect, one.ci_low, one.ci_high, 1)
            instrument = dataset.measure(one.instrument_id)
            cells[row.label] = to_number(entry, f"{shown} {instrument}", numeric=False)
    return cells


def _twin(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> Block:
    pooled_entry = entries.of_analysis(analysis, dataset)
    rows = records(analysis.selection.estimates)
    entry_of = (entries.of_estimate(row, dataset) for row in rows)
    points = _in_points(dataset, analysis)
    stress_entry = entries.of_stress_test(stress, analysis, dataset) if stress else None
    by_kind = {"pooled": pooled_entry, "stress": stress_entry}
    body = []
    for row in _rows(dataset, analysis, stress):
        shown = (
            row.remark
            if row.effect is None
            else language.estimate(row.effect, row.ci_low, row.ci_high)
        )
        entry = next(entry_of) if row.kind == "trial" else by_kind.get(row.kind)
        body.append(
            (
                Cell(row.label),
                Cell(row.comparator),
                Cell(row.sizes, numeric=True),
                to_number(entry, shown) if entry else Cell(shown, numeric=True),
                Cell(_weight(row, analysis), numeric=True),
                points.get(row.label, Cell("")) if row.kind == "trial" else Cell(""),
            )
        )
    return table(
        "The numbers of the forest plot",
        ("Trial", "Compared with", "n", "Estimate (95% CI)", "Weight", "In points (95% CI)"),
        body,
    )
