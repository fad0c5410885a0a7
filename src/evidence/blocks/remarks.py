"""What has to be said beside the numbers of a first screen, each remark as HTML."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.alternatives import Companions
from evidence.blocks.escape import html
from evidence.blocks.tables import number_link, place_of, range_link, to_card, to_size
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.estimation.row import OF_COUNTS, participants
from evidence.estimation.selection import IMBALANCE
from evidence.ledger import entries, sentences
from evidence.ledger.chains import route
from evidence.terms import RemarkKind, Said, has, words_of


def of_pooled(dataset: Dataset, analysis: Analysis, beside: Companions) -> list[str]:
    """Return the remarks of a pooled analysis: comparators, gaps, methods, baselines, interests."""
    remarks = [_class_remark(dataset, analysis, beside.by_class)]
    remarks += _missing(dataset, analysis)
    remarks += _imputed(dataset, analysis)
    shown = [
        one
        for one in beside.other_methods
        if one.specification.interval == "hksj" or one.specification.tau2 == "common"
    ]
    if shown and analysis.pooled.k > 1:
        links = language.listed(
            number_link(
                entries.of_analysis(one, dataset),
                language.limits(one.pooled.ci_low, one.pooled.ci_high),
            )
            for one in shown
        )
        shared = ", unreported trials ignored too" if beside.stress is not None else ""
        remarks.append(f"Less cautious methods give {links}{shared}.")
    remarks += _imbalance(dataset, analysis)
    remarks.append(html(sentences.developers(analysis, dataset)))
    return remarks


def _imputed(dataset: Dataset, analysis: Analysis) -> list[str]:
    """Return what stands behind estimates from a test statistic."""
    said = []
    for row in records(analysis.selection.estimates):
        if row.metric != "d_from_test_statistic":
            continue
        method = route(row.route).method
        remark = f"{row.label}: the standardized value is {row.processing} {method}"
        if has(row, RemarkKind.FROM_A_MODEL):
            remark += " and can be off, more often too large"
        remark = f"{html(remark)}."
        if not pd.isna(row.effect_low):
            ends = range_link(entries.of_open_ends(row, dataset))
            remark += f" Over {entries.left_open(row)} it lies from {ends}."
        said.append(remark)
    return said


def _class_remark(dataset: Dataset, analysis: Analysis, by_class: dict[str, Analysis]) -> str:
    """Return comparators trial by trial with the estimate by class."""
    parts = []
    for name in CLASSES:
        if name not in by_class:
            parts.append(
                f"{html(dataset.in_text('comparator_class', name))}: {_lacking(analysis, name)}"
                f"{_silent(analysis, name)}"
            )
            continue
        one = by_class[name]
        trials = language.listed(one.selection.estimates.label)
        entry = entries.of_analysis(one, dataset)
        number = number_link(entry, language.estimate(entry.effect, entry.ci_low, entry.ci_high))
        parts.append(
            f"{html(dataset.in_text('comparator_class', name))} ({html(trials)}): {number}"
            f"{_silent(analysis, name)}"
        )
    rows = analysis.selection.estimates
    unknown = list(rows.label[rows.comparator_class == UNKNOWN_CLASS])
    if unknown:
        words = dataset.in_text("comparator_class", UNKNOWN_CLASS)
        parts.append(html(f"{words}: {language.listed(unknown)}"))
    return "By comparator: " + "; ".join(parts) + "."


def _lacking(analysis: Analysis, comparator_class: str) -> str:
    """Return what a class of comparators lacks; its trials may print other numbers, as a P."""
    if not (analysis.selection.without_number.comparator_class == comparator_class).any():
        return "no trial known here"
    means = analysis.selection.metric in ("hedges_g", "d_ppc2", "mixed")
    return NO_MEANS if means else "no usable number"


NO_MEANS = "no group means found"
"""Of a trial that may print other numbers, as a P: a difference of means is not what is known."""


def _silent(analysis: Analysis, comparator_class: str) -> str:
    """Return the trials of a class that report no clear difference without a usable number."""
    without = analysis.selection.without_number
    rows = without[
        (without.comparator_class == comparator_class) & (without.said == Said.NO_DIFFERENCE)
    ]
    return "" if rows.empty else html(f" (no clear difference in {language.listed(rows.label)})")


def _missing(dataset: Dataset, analysis: Analysis) -> list[str]:
    """Return the trials without a usable number, each with size, comparator and what it says."""
    without = analysis.selection.without_number
    if without.empty:
        return []
    parts = []
    for row in records(without):
        n = participants(row)
        planned = dataset.fact(row.trial_id, "n_planned")
        if n is not None:
            size = to_size(dataset, row.trial_id, n, str(n))
        elif not planned.empty:
            most = planned.value.max()
            size = f"{to_size(dataset, row.trial_id, most, f'{most:g}')} planned"
        else:
            size = "size not known"
        status = dataset.trial(row.trial_id).status
        state = "" if status == "published" else f", {status}"
        said = ": no clear difference" if row.said == Said.NO_DIFFERENCE else ""
        said += _printed_p(dataset, analysis, row.trial_id)
        parts.append(
            f"{html(row.label)} ({size}, "
            f"{html(f'{sentences.comparator(row, dataset)}{state}')}){said}"
            + _events(dataset, analysis, row.trial_id)
        )
    return ["Without a usable number: " + "; ".join(parts) + "."]


def _events(dataset: Dataset, analysis: Analysis, trial_id: str) -> str:
    """Return the odds ratio of an event where that is what a trial prints on the outcome."""
    rows = analysis.selection.left_out
    rows = rows[
        (rows.trial_id == trial_id)
        & (rows.metric == "log_odds_ratio")
        & rows.variance.notna()
        & (rows.timepoint == analysis.specification.timepoint)
    ]
    if rows.empty:
        return ""
    row = next(records(rows))
    entry = entries.of_estimate(row, dataset)
    event = dataset.vocabulary("event").get(row.event, row.event)
    shown = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
    measure = dataset.measure(row.instrument_id)
    on = "" if measure in event.upper() else f" on {measure}"
    # Beside an exact interval of the same counts this one has to say what it is.
    approximate = "normal approximation" if row.route in OF_COUNTS else ""
    made = "" if entry.processing == "printed" else entry.processing
    how = ", ".join(filter(None, (made, approximate)))
    how = f" ({how})" if how else ""
    side = language.SIDE[entry.favors]
    therapy = dataset.short("therapy", analysis.specification.therapy)
    said = f"{event}{on}{how}, {side} favors {therapy}"
    return f", odds ratio {number_link(entry, shown)} for {html(said)}"


def _printed_p(dataset: Dataset, analysis: Analysis, trial_id: str) -> str:
    """Return the exact P that a trial prints, where no estimate stands, as HTML."""
    rows = analysis.selection.left_out
    rows = rows[(rows.trial_id == trial_id) & (rows.route != "")]
    statistics = dataset.statistics
    found = statistics[
        statistics.result_id.isin([one for ids in rows.result_ids for one in ids])
        & statistics.p_value.notna()
        & (statistics.p_relation == "equal")
        & (statistics.event == "")
    ]
    if found.empty:
        return ""
    one = found.iloc[0]
    course = " over the whole course" if one.timepoint == "overall" else ""
    shown = to_card(trial_id, place_of(one.result_id), language.p_value(one.p_value))
    return f" ({shown}{course})"


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
                number_link(entries.of_estimate(one, dataset), language.fixed(one.effect, 1))
                for one in (before, after)
            )
            remarks.append(
                f"In {html(row.label)}, {there} of the {all_of_it} points between the arms were "
                f"there before treatment{_other_readings(dataset, row)}."
            )
    return remarks


def _other_readings(dataset: Dataset, row: Any) -> str:
    """Return what else is said of a chosen estimate: other times of its arms, other sources."""
    parts = [words_of(one.text) for one in row.remarks if one.kind == RemarkKind.UNEQUAL_TIMES]
    said = dataset.directions
    said = said[
        (said.trial_id == row.trial_id)
        & (said.outcome_id == row.outcome_id)
        & (said.timepoint == row.timepoint)
        & (said.direction == Said.NO_DIFFERENCE)
    ]
    parts += [note for note in said.note if note]
    return "".join(f"; {html(one)}" for one in parts)


def in_points(dataset: Dataset, analysis: Analysis, points: pd.Series) -> list[str]:
    """Return the remarks of a single trial in points: its registration, gaps, scale, interests."""
    trial = dataset.trial(points.trial_id)
    remarks = [html(f"{trial.label}: {trial.note}.")] if trial.note else []
    remarks += _missing(dataset, analysis)
    remarks += unknown_range(dataset, points.instrument_id)
    remarks.append(html(sentences.developers(analysis, dataset)))
    return remarks


def unknown_range(dataset: Dataset, instrument_id: str) -> list[str]:
    """Return that points cannot be judged where no source states the range of an instrument."""
    if pd.notna(dataset.instrument(instrument_id).range_high):
        return []
    return [
        html(
            f"The range of {instrument_id.upper().replace('_', '-')} is in no source seen, so the "
            "points cannot be called large or small."
        )
    ]
