"""What an estimate is counted in, whom it counts and when, where that is not plain."""

from typing import Any

from evidence.dataset import Dataset
from evidence.display import words

IN_YEARS = "qaly_difference"
"""Metric of differences in quality-adjusted life years, which are no points of an instrument."""


def metric(row: Any, dataset: Dataset) -> str:
    """Return the metric of an estimate in words, with what a difference is counted in."""
    return words.term(words.METRIC, quoted_metric(row, dataset))


def quoted_metric(row: Any, dataset: Dataset) -> str:
    """Return the metric of an estimate as it is quoted: a ratio, and what a difference counts."""
    statistics = dataset.statistics
    own = statistics.statistic[statistics.result_id.isin(row.result_ids)]
    if row.metric == "mean_difference" and (own == IN_YEARS).any():
        return IN_YEARS
    return str(row.metric).removeprefix("log_")


def about(row: Any, dataset: Dataset) -> str:
    """Return what a row of the frame of estimates is on: outcome, measure, time, metric."""
    instrument = str(row.instrument_id).upper().replace("_", "-")
    event = dataset.in_text("event", row.event) if row.event else ""
    parts = (
        dataset.short("outcome", row.outcome_id),
        instrument,
        event,
        dataset.in_text("timepoint", row.timepoint),
        {"direction": "in words", "not_reported": "not reported"}.get(
            row.metric, words.term({**words.STATISTIC, **words.METRIC}, row.metric)
        ),
    )
    return ", ".join(part for part in parts if part)


def analyzed(row: Any, dataset: Dataset) -> str:
    """Return which participants were analyzed, where a source prints more than one analysis."""
    statistics = dataset.statistics
    own = statistics[statistics.result_id.isin(row.result_ids)]
    if own.empty:
        return ""
    keys = [
        "statistic",
        "instrument_id",
        "event",
        "timepoint",
        "intervention_arm_id",
        "comparator_arm_id",
    ]
    one = own.iloc[0]
    same = statistics[(statistics[keys] == one[keys]).all(axis=1)]
    return str(one.note) if len(same) > 1 else ""
