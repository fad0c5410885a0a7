"""The main figure of a pooled report, and the one in points of an instrument."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, points_behind
from evidence.analysis.alternatives import Companions
from evidence.blocks.figures import forest_figure
from evidence.blocks.figures.pooled_forest import pooled_forest
from evidence.blocks.output import Block, Figure
from evidence.blocks.tables import Cell, table, to_number
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.terms import RemarkKind, Said, has


def points_forest(dataset: Dataset, analysis: Analysis, points: pd.Series) -> Figure:
    """Draw the coefficients of a trial in points, at each time and for each of its arms.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        The analysis whose single trial prints coefficients.
    points : Series
        Its coefficient at the time of the analysis (`evidence.analysis.points_behind`).
    """
    rows = coefficients(analysis, points)
    instrument = dataset.instrument(points.instrument_id).name
    better = "lower" if _higher_is(dataset, points.instrument_id) == "worse" else "higher"
    said = unreported(dataset, analysis)
    plot = Forest(
        rows=(*(_row(row, dataset) for row in records(rows)), *said),
        name="Treatment and time",
        estimate="points (95% CI)",
        columns=("n",),
        axis=f"points, positive = {better} scores with the treatment named",
        below="favors the comparator",
        above="favors the treatment",
    )
    listed = "; ".join(
        f"{_name(row, dataset)} against {sentences.comparator(row, dataset)} "
        f"{language.estimate(row.effect, row.ci_low, row.ci_high, 1)}"
        for row in records(rows)
    )
    missing = "; ".join(f"{row.label}, {row.below}: {row.shown}" for row in said)
    return forest_figure(
        "forest",
        [plot],
        alt=f"Forest plot in points: {listed}."
        + (f" Without a number: {missing}." if missing else ""),
        caption=f"{dataset.trial(points.trial_id).label}: differences in "
        f"points of {instrument} as the trial prints them, positive = {better} with the treatment "
        "named. Comparisons reported without a number stand below.",
        table=_twin(dataset, rows, said),
    )


def coefficients(analysis: Analysis, points: pd.Series) -> pd.DataFrame:
    """Return the coefficients of a trial on one instrument, those of other active arms too."""
    frame = analysis.frame
    shown: pd.DataFrame = frame[
        (frame.trial_id == points.trial_id)
        & (frame.instrument_id == points.instrument_id)
        & (frame.metric == "mean_difference")
        & frame.effect.notna()
    ]
    return shown


def unreported(dataset: Dataset, analysis: Analysis) -> list[Row]:
    """Return rows for comparisons on the outcome that are reported without a number."""
    specification = analysis.specification
    frame = analysis.frame
    rows = frame[
        (frame.intervention == specification.therapy)
        & (frame.outcome_id == specification.outcome)
        & (frame.said != "")
    ]
    return [
        Row(
            kind=Kind.SILENT,
            label=f"{row.label}, {dataset.short('timepoint', row.timepoint)}",
            below=(short := dataset.short("condition", row.comparator)),
            cells=((n := "n not known" if pd.isna(row.n_intervention) else _sizes(row)),),
            phone=f"{short}, {n}",
            shown="no clear difference, no number"
            if row.said == Said.NO_DIFFERENCE
            else "no number",
        )
        for row in records(rows)
    ]


def _higher_is(dataset: Dataset, instrument_id: str) -> str:
    return str(dataset.instrument(instrument_id).higher_is)


def _name(row: Any, dataset: Dataset) -> str:
    therapy = dataset.short("condition", row.intervention)
    return f"{therapy}, {dataset.short('timepoint', row.timepoint)}"


def _sizes(row: Any) -> str:
    imputed = "*" if has(row, RemarkKind.SIZES_IMPUTED) else ""
    return f"{row.n_intervention} + {row.n_comparator}{imputed}"


def _row(row: Any, dataset: Dataset) -> Row:
    return Row(
        kind=Kind.TRIAL,
        label=_name(row, dataset),
        below=sentences.comparator(row, dataset),
        phone=f"{sentences.comparator(row, dataset)}, {_sizes(row)}",
        cells=(_sizes(row),),
        effect=row.effect,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        shown=language.estimate(row.effect, row.ci_low, row.ci_high, 1),
        imputed=row.processing == "imputed",
    )


def _twin(dataset: Dataset, frame: pd.DataFrame, said: list[Row]) -> Block:
    rows = []
    for row in records(frame):
        entry = entries.of_estimate(row, dataset)
        rows.append(
            (
                Cell(_name(row, dataset)),
                Cell(sentences.comparator(row, dataset)),
                Cell(_sizes(row), numeric=True),
                to_number(entry, language.estimate(row.effect, row.ci_low, row.ci_high, 1)),
            )
        )
    rows += [
        (Cell(one.label), Cell(one.below), Cell(one.cells[0], numeric=True), Cell(one.shown))
        for one in said
    ]
    return table(
        "The numbers of the forest plot (* arm sizes imputed: equal shares of the printed total)",
        ("Treatment and time", "Compared with", "n", "Points (95% CI)"),
        rows,
    )


def pooled_figure(dataset: Dataset, analysis: Analysis, beside: Companions) -> Figure:
    """Return the forest plot: standardized, or in points where a single trial prints those.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    beside : Companions
        What stands beside it.
    """
    points = points_behind(analysis)
    if points is not None:
        return points_forest(dataset, analysis, points)
    return pooled_forest(dataset, analysis, beside.stress, beside.by_class)
