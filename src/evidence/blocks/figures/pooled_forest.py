"""The forest plot of a pooled analysis, with its alt text and its table twin."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.stress_test import StressTest
from evidence.blocks import bias, origins
from evidence.blocks.figures import forest_figure
from evidence.blocks.output import Block, Figure
from evidence.blocks.remarks import NO_MEANS
from evidence.blocks.tables import Cell, table, to_number
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.estimation.row import OF_MEANS, Size, size_of
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.meta.figures.forest import DOUBTED, Forest, Kind, Row
from evidence.meta.figures.forest_rows import spread_line
from evidence.meta.pooling import FEW_TRIALS
from evidence.terms import Said

SIGN = {"low": "+", "high": DOUBTED, "some_concerns": "?", "self_report": "s"}
DIFFER = "±"
"""Signs of judgements on the risk of bias; the last where sources differ."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the plot with what its table needs: comparator, sizes, and its number."""

    row: Row
    comparator: str = ""
    sizes: str = ""
    entry: LedgerEntry | None = None
    points: Cell = Cell("")  # noqa: RUF009
    within: bool = False
    """Whether it pools the trials below the last heading alone."""


def pooled_forest(
    dataset: Dataset,
    analysis: Analysis,
    stress: StressTest | None,
    by_class: Mapping[str, Analysis] | None = None,
) -> Figure:
    """Return the forest plot of an analysis.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        What was pooled.
    stress : StressTest or None
        Its stress test, drawn as a hollow diamond below the trials without a number.
    by_class : mapping of str to Analysis, optional
        The same within each class of comparators, each of several trials with a diamond of its own.
    """
    therapy, outcome = sentences.names(analysis, dataset)
    lines = _lines(dataset, analysis, stress, by_class or {})
    metric = language.term(language.METRIC, analysis.selection.metric)
    scale = analysis.selection.scale
    side = f"{language.SIDE[scale.favors]} favors {therapy}"
    if not scale.ratio:
        better = "lower" if _lower_is_better(dataset, analysis) else "higher"
        side = f"positive = {better} {outcome.split(' (')[0]} with {therapy}"
    sides = ["favors the comparator", f"favors {therapy}"]
    below, above = reversed(sides) if scale.turned else sides
    means = OF_MEANS.issuperset(analysis.selection.estimates.route)
    small = "mean (SD)" if means else "as reported"
    plot = Forest(
        rows=tuple(line.row for line in lines),
        name="Trial",
        estimate=f"{'g' if metric.startswith(('Hedges g', 'g ')) else metric} (95% CI)",
        columns=(f"{therapy}\n{small}", f"Comparator\n{small}"),
        axis=f"{metric}, {side}",
        below=below,
        above=above,
        ratio=scale.ratio,
    )
    return forest_figure(
        "forest",
        [plot],
        alt=_in_words(lines, scale.no_difference),
        caption=f"{language.capitalized(metric)} for {outcome}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}; {side}. "
        f"Square: one trial{', its area by weight' if analysis.pooled.k > 1 else ''}. "
        f"{'Diamond: pooled. ' if analysis.pooled.k > 1 else ''}"
        f"{'' if stress is None else _hollow(stress)}{_bias_in_words(dataset, analysis)}".strip(),
        table=_twin(lines, therapy),
    )


def _at_zero(stress: StressTest) -> str:
    """Return how many of the trials without a number are at zero in a stress test."""
    entered, out = len(stress.entered), len(stress.not_entered)
    if out:
        return f"{language.count(entered)} of {language.count(entered + out)} at zero"
    count = {1: "it", 2: "both"}.get(entered, f"all {language.count(entered)}")
    return f"{count} at zero"


def _hollow(stress: StressTest) -> str:
    """Return what the hollow diamond is, and which trial is not in it."""
    out = language.listed(stress.not_entered.label)
    left = f" ({out} not entered)" if out else ""
    return f"Hollow diamond: a stress test, imputed, with {_at_zero(stress)}{left}. "


def _lower_is_better(dataset: Dataset, analysis: Analysis) -> bool:
    return {
        dataset.instrument(one).higher_is for one in analysis.selection.estimates.instrument_id
    } == {"worse"}


def _short(row: Any, dataset: Dataset) -> str:
    weeks = dataset.fact(row.trial_id, "comparator_weeks")
    short = dataset.short("condition", row.comparator)
    return short if weeks.empty else sentences.comparator(row, dataset)


def _arms(row: Any, dataset: Dataset) -> tuple[str, str]:
    """Return what the source prints of each arm: mean (SD) or events, and n."""
    printed = dataset.text("arm_results")
    printed = printed[printed.result_id.isin(row.result_ids) & (printed.timepoint == row.timepoint)]
    arms = dataset.arms
    known = arms[arms.trial_id == row.trial_id].n_randomized.notna().all()
    if not known or size_of([row]) == Size(None):
        return sentences.sizes(row, dataset), ""
    made = []
    for role in ("intervention", "comparator"):
        n = int(getattr(row, f"n_{role}"))
        own = printed[printed.arm_id == getattr(row, f"{role}_arm_id")]
        if len(own) != 1:
            # None, or several that are taken as one.
            made.append(f"n = {n}" if size_of([row]).n else f"{n} randomized")
            continue
        one = own.iloc[0]
        change = "" if one.measured_as in ("", "level") else f"{one.measured_as} "
        spread = f" ({one.sd})" if one.sd else f" (SE {one.se})" if one.se else ""
        if one["mean"]:
            made.append(language.minus(f"{change}{one['mean']}{spread}\nn = {n}"))
        else:
            made.append(f"{one.events} of {n}" if one.events else f"n = {n}")
    return made[0], made[1]


def _judged(dataset: Dataset, analysis: Analysis) -> pd.DataFrame:
    """Return the judgements of the tool that judged most of the trials; sources that differ."""
    rows = dataset.risk_of_bias
    shown = [*analysis.selection.estimates.trial_id, *analysis.selection.without_number.trial_id]
    # A judgement on another outcome says nothing here, and one on this outcome no domain.
    rows = rows[rows.trial_id.isin(shown) & ~rows.domain.isin(bias.OF_OUTCOME)]
    if rows.empty:
        return rows.assign(sign=[])
    differ = rows.groupby(["trial_id", "domain"]).judgement.transform("nunique") > 1
    rows = rows.assign(sign=rows.judgement.map(SIGN).mask(differ, DIFFER))
    most = rows.groupby("tool", sort=False).trial_id.nunique().idxmax()
    return rows[rows.tool == most]


def _bias_in_words(dataset: Dataset, analysis: Analysis) -> str:
    """Return what the signs of the risk of bias are, and whose they are."""
    rows = _judged(dataset, analysis)
    if rows.empty:
        return ""
    words = {sign: language.term(bias.JUDGEMENT, one) for one, sign in SIGN.items()}
    words[DIFFER] = "sources differ"
    domains = language.listed(one.replace("_", " ") for one in dict.fromkeys(rows.domain))
    signs = ", ".join(f"{one} {words[one]}" for one in words if one in set(rows.sign))
    by = origins.tool_name(str(rows.tool.iloc[0]), dataset)
    return f"Risk of bias for {domains}: {signs}; by {by}."


def _signs(judged: pd.DataFrame, trial_id: str) -> tuple[str, ...]:
    own = judged[judged.trial_id == trial_id].set_index("domain").sign
    return tuple(own.get(one, " ") for one in dict.fromkeys(judged.domain)) if len(own) else ()


def _lines(
    dataset: Dataset,
    analysis: Analysis,
    stress: StressTest | None,
    by_class: Mapping[str, Analysis],
) -> list[_Line]:
    """Return trials by class of comparator, each class with its pooled value, then all."""
    pooled, chosen = analysis.pooled, analysis.selection.estimates
    judged, points = _judged(dataset, analysis), _in_points(dataset, analysis)
    several = len(by_class) > 1
    weights = dict(zip(chosen.trial_id, pooled.weights, strict=True))
    silent = analysis.selection.without_number
    lines = []
    for name in (*CLASSES, UNKNOWN_CLASS):
        of_class = [
            _trial(row, dataset, analysis, judged, points, weights)
            for row in records(chosen[chosen.comparator_class == name])
        ]
        without = [
            _silent(row, dataset, analysis, judged)
            for row in records(silent[silent.comparator_class == name])
        ]
        if of_class or without:
            against = dataset.in_text("comparator_class", name)
            heading = against if name == UNKNOWN_CLASS else f"against {against}"
            label = language.capitalized(heading)
            lines += [_Line(Row(kind=Kind.HEADING, label=label)), *of_class]
            if several and name in by_class and by_class[name].pooled.k > 1:
                lines.append(_pooled(by_class[name], dataset, against=against))
            lines += without
    if pooled.k > 1:
        lines.append(_pooled(analysis, dataset, "All pooled" if several else "Pooled"))
    if stress is not None:
        entry = entries.of_stress_test(stress, analysis, dataset)
        row = _diamond(
            entry, f"With {_at_zero(stress)}", f"stress test, imputed; {stress.size.of()}"
        )
        lines.append(_Line(row, "stress test, imputed", str(stress.size), entry))
    if pooled.k > 1:
        _, variance = analysis.selection.effects()
        low, high = pooled.prediction_low, pooled.prediction_high
        said = f"no prediction interval from fewer than {language.count(FEW_TRIALS)} trials"
        if pooled.k >= FEW_TRIALS and low is not None and high is not None:
            ends = analysis.selection.scale.ends(low, high)
            said = f"prediction interval {language.limits(*ends)}"
        row = Row(kind=Kind.NOTE, label=spread_line(pooled, variance, said))
        lines.append(_Line(row))
    return lines


def _trial(
    row: Any,
    dataset: Dataset,
    analysis: Analysis,
    judged: pd.DataFrame,
    points: dict[str, Cell],
    weights: dict[str, float],
) -> _Line:
    effect, low, high = analysis.selection.scale.quoted(row.effect, row.ci_low, row.ci_high)
    short, sizes = _short(row, dataset), str(size_of([row]))
    if size_of([row]).n:
        sizes = sentences.sizes(row, dataset)
    measure = dataset.measure(row.instrument_id) if row.instrument_id else ""
    drawn = Row(
        kind=Kind.TRIAL,
        label=row.label,
        below="; ".join(filter(None, (measure, short))),
        phone=f"{short}, {sizes}",
        cells=_arms(row, dataset),
        signs=_signs(judged, row.trial_id),
        effect=effect,
        ci_low=low,
        ci_high=high,
        shown=language.estimate(effect, low, high),
        weight=weights[row.trial_id] if len(weights) > 1 else None,
        imputed=row.processing == "imputed",
    )
    entry = entries.of_estimate(row, dataset)
    return _Line(drawn, short, sizes, entry, points.get(row.label, Cell("")))


def _silent(row: Any, dataset: Dataset, analysis: Analysis, judged: pd.DataFrame) -> _Line:
    none = "no clear difference, " if row.said == Said.NO_DIFFERENCE else ""
    means = set(analysis.selection.estimates.metric) <= {"hedges_g", "d_ppc2"}
    short, sizes = _short(row, dataset), sentences.sizes(row, dataset)
    drawn = Row(
        kind=Kind.SILENT,
        label=row.label,
        below=f"{short}, {sizes}",
        signs=_signs(judged, row.trial_id),
        shown=f"{none}{NO_MEANS if means else 'no usable number'}",
    )
    return _Line(drawn, short, sizes)


def _diamond(entry: LedgerEntry, label: str, below: str) -> Row:
    return Row(
        kind=Kind.POOLED,
        label=label,
        below=below,
        effect=entry.effect,
        ci_low=entry.ci_low,
        ci_high=entry.ci_high,
        shown=language.estimate(entry.effect, entry.ci_low, entry.ci_high),
        imputed=entry.processing == "imputed",
    )


def _pooled(analysis: Analysis, dataset: Dataset, name: str = "Pooled", against: str = "") -> _Line:
    entry, size = entries.of_analysis(analysis, dataset), analysis.size
    row = _diamond(entry, f"{name}, {language.count(analysis.pooled.k, 'trial')}", size.of())
    return _Line(row, against, str(size), entry, within=bool(against))


def _in_words(lines: Sequence[_Line], none: float) -> str:
    """Return what the plot shows in words, computed from its data."""
    rows = [line.row for line in lines]
    trials = [row for row in rows if row.kind == Kind.TRIAL]
    parts = [
        f"Forest plot of {language.count(len(trials), 'trial')}: "
        + "; ".join(f"{row.label} {row.shown}" for row in trials)
    ]
    over = [row for row in trials if _over(row, none)]
    if len(trials) == 1:
        parts.append(f"Its interval {'includes' if over else 'excludes'} no difference")
    else:
        parts.append(
            f"{language.capitalized(language.count(len(over)) if over else 'none')} of "
            f"{language.count(len(trials))} trial intervals include no difference"
        )
    group = ""
    for line in lines:
        row = line.row
        group = row.label if row.kind == Kind.HEADING else group
        if row.kind == Kind.POOLED:
            parts.append(f"{f'{group}: ' if line.within else ''}{row.label} {row.shown}")
    silent = [f"{row.label} ({row.shown})" for row in rows if row.kind == Kind.SILENT]
    if silent:
        parts.append(f"Without a usable number: {'; '.join(silent)}")
    return ". ".join(parts) + "."


def _over(row: Row, none: float) -> bool:
    low, high = row.ci_low, row.ci_high
    return (none if low is None else low) <= none <= (none if high is None else high)


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


def _twin(lines: Iterable[_Line], therapy: str) -> Block:
    body, note = [], ""
    for line in lines:
        row = line.row
        if row.kind == Kind.NOTE:
            note = f" {row.label}."
            continue
        if row.kind == Kind.HEADING:
            continue
        arms = [Cell(one.replace("\n", ", "), numeric=True) for one in row.cells]
        body.append(
            (
                Cell(row.label),
                Cell(line.comparator),
                *(arms or (Cell(line.sizes, numeric=True), Cell("", numeric=True))),
                to_number(line.entry, row.shown) if line.entry else Cell(row.shown, numeric=True),
                Cell("" if row.weight is None else language.percent(row.weight), numeric=True),
                line.points,
            )
        )
    return table(
        f"The numbers of the forest plot.{note}",
        ("Trial", "Compared with", therapy, "Comparator", "Estimate (95% CI)", "Weight",
         "In points (95% CI)"),
        body,
    )  # fmt: skip
