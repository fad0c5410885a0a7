"""What has to be said beside the numbers of a first screen, each remark as HTML."""

import pandas as pd

from evidence.dataset import CLASSES, Dataset
from evidence.display import entries, text, words
from evidence.display.escape import html
from evidence.display.tables import number_link
from evidence.records import records
from evidence.selection import IMBALANCE
from evidence.specification import Analysis, Companions


def of_pooled(dataset: Dataset, analysis: Analysis, beside: Companions) -> list[str]:
    """Return the remarks of a pooled analysis: comparators, gaps, methods, baselines, interests."""
    remarks = [_class_remark(dataset, analysis, beside.by_class)]
    remarks += _missing(dataset, analysis)
    remarks += _imputed(analysis)
    shown = [
        one
        for one in beside.other_methods
        if one.specification.interval == "hksj" or one.specification.tau2 == "common"
    ]
    if shown and analysis.pooled.k > 1:
        links = words.listed(
            number_link(
                entries.of_analysis(one, dataset),
                words.limits(one.pooled.ci_low, one.pooled.ci_high),
            )
            for one in shown
        )
        shared = "; they share the gap" if beside.stress is not None else ""
        remarks.append(
            f"Less cautious methods give intervals of {links} for the same trials{shared}."
        )
    remarks += _imbalance(dataset, analysis)
    remarks.append(html(text.developers(analysis, dataset)))
    return remarks


def _imputed(analysis: Analysis) -> list[str]:
    """Return what stands behind estimates that are imputed from a test statistic."""
    return [
        html(
            f"{row.label} prints a model coefficient or its P and no means; the value is imputed "
            "from the P or interval and can be too large. Over pre-post correlations of 0.3 to 0.8 "
            f"it lies from {words.limits(row.effect_low, row.effect_high)} before the small-sample "
            "correction."
        )
        for row in records(analysis.selection.estimates)
        if row.metric == "d_from_test_statistic"
    ]


def _class_remark(dataset: Dataset, analysis: Analysis, by_class: dict[str, Analysis]) -> str:
    """Return comparators trial by trial with the estimate by class."""
    parts = []
    for name in CLASSES:
        if name not in by_class:
            parts.append(f"{html(words.COMPARATOR_CLASS[name])}: no number")
            continue
        one = by_class[name]
        trials = words.listed(one.selection.estimates.label)
        number = number_link(
            entries.of_analysis(one, dataset),
            words.estimate(one.pooled.effect, one.pooled.ci_low, one.pooled.ci_high),
        )
        parts.append(f"{html(words.COMPARATOR_CLASS[name])} ({html(trials)}): {number}")
    return "By comparator: " + "; ".join(parts) + "."


def _missing(dataset: Dataset, analysis: Analysis) -> list[str]:
    """Return the trials without a usable number, each with size, comparator and what it says."""
    without = analysis.selection.without_number
    if without.empty:
        return []
    status = dataset.trials.set_index("trial_id").status
    parts = []
    for row in records(without):
        n = text.total(row)
        planned = dataset.fact(row.trial_id, "n_planned")
        size = (
            str(n)
            if n is not None
            else (f"{planned.value.max():g} planned" if not planned.empty else "size not known")
        )
        state = "" if status[row.trial_id] == "published" else f", {status[row.trial_id]}"
        said = ": no difference" if "no difference" in row.reason else ""
        said += _printed_p(dataset, analysis, row.trial_id)
        parts.append(f"{row.label} ({size}, {text.comparator(row, dataset)}{state}){said}")
    return ["Not reported as numbers: " + html("; ".join(parts)) + "."]


def _printed_p(dataset: Dataset, analysis: Analysis, trial_id: str) -> str:
    """Return the exact P that a trial prints for the comparison, where no estimate stands."""
    rows = analysis.selection.left_out
    rows = rows[(rows.trial_id == trial_id) & (rows.route != "")]
    statistics = dataset.statistics
    found = statistics[
        statistics.result_id.isin([one for ids in rows.result_ids for one in ids])
        & statistics.p_value.notna()
        & (statistics.p_relation == "equal")
        & (statistics.event == "")
    ]
    return "" if found.empty else f" ({words.p_value(found.p_value.iloc[0])})"


def _imbalance(dataset: Dataset, analysis: Analysis) -> list[str]:
    """Return for each chosen trial how much of its difference was there before treatment."""
    frame = analysis.frame
    remarks = []
    for row in records(analysis.selection.estimates):
        same = frame[
            (frame.trial_id == row.trial_id)
            & (frame.instrument_id == row.instrument_id)
            & (frame.comparator_arm_id == row.comparator_arm_id)
        ]
        found = {(one.timepoint, one.metric): one for one in records(same)}
        imbalance = found.get(("baseline", "hedges_g"))
        if imbalance is None or abs(imbalance.effect) <= IMBALANCE:
            continue
        before, after = (found[(one, "mean_difference")] for one in ("baseline", row.timepoint))
        if before.effect * after.effect > 0:
            there, all_of_it = (
                number_link(entries.of_estimate(one, dataset), words.fixed(one.effect, 1))
                for one in (before, after)
            )
            remarks.append(
                f"In {html(row.label)}, {there} of the {all_of_it} points between the arms were "
                "there before treatment."
            )
    return remarks


def in_points(dataset: Dataset, analysis: Analysis, points: pd.Series) -> list[str]:
    """Return the remarks of a single trial in points: its registration, gaps, scale, interests."""
    trial = dataset.trials.set_index("trial_id").loc[points.trial_id]
    remarks = [html(f"{trial.label}: {trial.note}.")] if trial.note else []
    remarks += _missing(dataset, analysis)
    remarks += unknown_range(dataset, points.instrument_id)
    remarks.append(html(text.developers(analysis, dataset)))
    return remarks


def unknown_range(dataset: Dataset, instrument_id: str) -> list[str]:
    """Return that points cannot be judged where no source states the range of an instrument."""
    instruments = dataset.instruments.set_index("instrument_id")
    if instruments.range_high.notna()[instrument_id]:
        return []
    return [
        html(
            f"No source seen states the range of the total of {instruments.name[instrument_id]}, "
            "so the points cannot be called large or small."
        )
    ]
