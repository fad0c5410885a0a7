"""Checks of printed numbers against each other: arithmetic only, no judgement of persons."""

import math
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from evidence.integrity import (
    counts,
    directions,
    moments,
    sources,
    standardized_effects,
    statistics,
)
from evidence.integrity.findings import Finding
from evidence.integrity.printed_numbers import Reading, Row, Tables

CHECKS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    statistics.check_possible,
    counts.check_sizes,
    counts.check_twice,
    counts.check_percent_counts,
    counts.check_percent_limits,
    counts.check_percent_integers,
    counts.check_percent_intervals,
    counts.check_joint_counts,
    moments.check_whole_scores,
    moments.check_ranges,
    moments.check_scales,
    moments.check_baseline,
    statistics.check_p,
    statistics.check_intervals,
    statistics.check_standard_errors,
    statistics.check_p_of_intervals,
    statistics.check_df,
    standardized_effects.check_d_against_t,
    standardized_effects.check_d_against_intervals,
    standardized_effects.check_f_against_t,
    standardized_effects.check_compared,
    sources.check_facts,
    sources.check_arm_sizes,
    sources.check_times,
    sources.check_publications,
    sources.check_same_numbers,
    sources.check_judgements,
    sources.check_claims,
    directions.check_roles,
    directions.check_favors,
    directions.check_event_directions,
    directions.check_instruments,
    directions.check_directions_of_sources,
    directions.check_direction_of_numbers,
    directions.check_direction_of_results,
)

_OF_TRIALS = ("arm_results", "statistics", "directions", "trial_facts", "risk_of_bias")
_SAID = ("result_id", "printed", "expected", "severity", "explanation", "fact")
_ORDER = {"high": 0, "medium": 1, "low": 2}


def audit(dataset: Tables) -> pd.DataFrame:
    """Check the printed numbers of a data package against each other.

    Values are taken as printed, before any correction; each check is arithmetic on printed
    numbers and their digits.

    Parameters
    ----------
    dataset : Dataset
        A data package.

    Returns
    -------
    DataFrame
        One row per finding, high severity first: ``check``, ``file`` and ``row`` (the line of the
        file on which the record starts; the header is line 1), ``result_id`` (a result; where
        none bears the number a direction, correction, instrument, arm, trial or claim),
        ``printed``, ``expected`` (empty where the other numbers do not give one value),
        ``severity`` (high: the printed numbers cannot all be right; medium: right only under a
        condition that matters; low: worth knowing), ``explanation`` (one
        sentence with the arithmetic), ``fact`` (of the trial; empty for a result or a direction).

    Examples
    --------
    >>> import evidence
    >>> found = audit(evidence.load())
    >>> found.columns.tolist()
    ['check', 'file', 'row', 'result_id', 'printed', 'expected', 'severity', 'explanation', 'fact']
    """
    reading = Reading(dataset)
    found = [finding for check in CHECKS for finding in check(reading)]
    found += _of_corrections(dataset, reading, {(one.check, one.result_id) for one in found})
    found.sort(key=lambda finding: _ORDER[finding.severity])
    rows = [(one, one.at or reading.row_of(one.result_id)) for one in found]
    table = pd.DataFrame(
        [[one.check, row.file, *(getattr(one, name) for name in _SAID)] for one, row in rows],
        columns=["check", "file", *_SAID],
        dtype="str",
    )
    table.insert(2, "row", pd.Series([row.line for _, row in rows], dtype="int64"))
    return table


class _Used:
    """Tables of the trials with a replaced value, with what is used in its place."""

    def __init__(self, dataset: Tables, replaced: Sequence[Row]) -> None:
        self._dataset = dataset
        self._replaced = replaced
        ids = {row["result_id"] for row in replaced}
        results = [dataset.text(table) for table in ("arm_results", "statistics")]
        self._trials = {
            trial for one in results for trial in one["trial_id"][one["result_id"].isin(ids)]
        }

    def _of_trials(self, table: str) -> "pd.Series[bool]":
        text = self._dataset.text(table)
        if "trial_id" in text and table in _OF_TRIALS:
            return text["trial_id"].isin(self._trials)
        return pd.Series(data=True, index=text.index)

    def _with(self, frame: pd.DataFrame, table: str, *, number: bool) -> pd.DataFrame:
        for row in self._replaced:
            if row["table"] == table:
                used = float(row["used"]) if number else row["used"]
                frame.loc[frame["result_id"] == row["result_id"], row["field"]] = used
        return frame[self._of_trials(table)]

    def printed(self, table: str) -> pd.DataFrame:
        """Values as used where they are replaced, else as printed."""
        return self._with(self._dataset.printed(table), table, number=True)

    def text(self, table: str) -> pd.DataFrame:
        """Text of the same."""
        return self._with(self._dataset.text(table), table, number=False)

    def lines(self, table: str) -> Sequence[int]:
        """Lines of the same."""
        kept = self._of_trials(table)
        return [line for line, keep in zip(self._dataset.lines(table), kept, strict=True) if keep]


def _of_corrections(
    dataset: Tables, reading: Reading, known: set[tuple[str, str]]
) -> Iterator[Finding]:
    """Find values of corrections that contradict what stands beside the printed ones."""
    replaced = [
        row
        for row in reading.rows("corrections")
        if row["action"] == "replace" and _is_number(row["used"])
    ]
    if not replaced:
        return
    used = Reading(_Used(dataset, replaced))
    left = [one for check in CHECKS for one in check(used) if one.severity != "low"]
    for row in replaced:
        for one in left:
            new = (one.check, one.result_id) not in known and one.severity == "high"
            if one.result_id == row["result_id"] and (one.check == row["check"] or new):
                yield Finding(
                    "correction", row["correction_id"], row["used"], one.expected, one.severity,
                    f"With {row['used']} in place of {row['printed']}: {one.explanation}", row,
                )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
