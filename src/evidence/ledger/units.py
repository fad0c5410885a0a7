"""What an estimate is counted in, whom it counts and when, where that is not plain."""

from typing import Any

from babel import Locale
from babel.numbers import get_currency_name

from evidence import language
from evidence.data.dataset import Dataset

IN_YEARS = "qaly_difference"
"""Metric of differences in quality-adjusted life years, which are no points of an instrument."""
IN_MONEY = "cost_difference"
"""Metric of differences of the outcome `COST`, which are no points either."""
COST = "cost"
DECIMALS = {IN_YEARS: 3, IN_MONEY: 1}
"""Decimals of what has not two, so that what a source prints can be found again."""
ANALYSIS_SET = {
    "itt": "by intention to treat",
    "completers": "among completers",
    "treated_cases_assessed": "among treated cases that were assessed",
}
"""Who was analyzed, in words."""


def metric(row: Any, dataset: Dataset) -> str:
    """Return the metric of an estimate in words, with what a difference is counted in."""
    return language.term(language.METRIC, quoted_metric(row, dataset))


def quoted_metric(row: Any, dataset: Dataset) -> str:
    """Return the metric of an estimate as it is quoted: a ratio, and what a difference counts."""
    statistics = dataset.statistics
    own = statistics.statistic[statistics.result_id.isin(row.result_ids)]
    if row.metric == "mean_difference" and (own == IN_YEARS).any():
        return IN_YEARS
    if row.metric == "mean_difference" and row.outcome_id == COST:
        return IN_MONEY
    return str(row.metric).removeprefix("log_")


def unit(row: Any, dataset: Dataset) -> str:
    """Return what a difference of means is counted in, money by the code that ends the id."""
    metric = quoted_metric(row, dataset)
    if metric != IN_MONEY:
        return language.QALY if metric == IN_YEARS else "points"
    code = str(row.instrument_id).rpartition("_")[2].upper()
    known = code in Locale("en").currencies
    return get_currency_name(code, count=2, locale="en") if known else f"of {code}"


def about(row: Any, dataset: Dataset) -> str:
    """Return what a row of the frame of estimates is on: outcome, measure, time, metric."""
    named = (
        metric(row, dataset)
        if row.metric in language.METRIC
        else {"direction": "in words", "not_reported": "not reported"}.get(
            row.metric, language.term(language.STATISTIC, row.metric)
        )
    )
    parts = (
        dataset.short("outcome", row.outcome_id),
        dataset.measure(row.instrument_id),
        dataset.in_text("event", row.event) if row.event else "",
        dataset.in_text("timepoint", row.timepoint),
        named,
    )
    return ", ".join(part for part in parts if part)


def analyzed(row: Any, dataset: Dataset) -> str:
    """Return which participants were analyzed, by its remark where several are of no kind."""
    if row.analysis_set in ANALYSIS_SET:
        return ANALYSIS_SET[row.analysis_set]
    statistics = dataset.statistics
    own = statistics[statistics.result_id.isin(row.result_ids)]
    if own.empty:
        return ""
    keys = [
        *("statistic", "instrument_id", "event", "timepoint"),
        *("intervention_arm_id", "comparator_arm_id"),
    ]
    one = own.iloc[0]
    same = statistics[(statistics[keys] == one[keys]).all(axis=1)]
    return f"in the analysis “{one.note}”" if len(same) > 1 and one.note else ""
