"""All checks over a data package."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, fields

import pandas as pd

from evidence.integrity import counts, moments, sources, standardized, statistics
from evidence.integrity.finding import Finding
from evidence.integrity.reading import Reading, Tables

CHECKS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    counts.check_sizes,
    counts.check_percent_counts,
    counts.check_percent_integers,
    counts.check_percent_intervals,
    counts.check_joint_counts,
    moments.check_whole_scores,
    moments.check_ranges,
    moments.check_se_as_sd,
    moments.check_baseline,
    statistics.check_p,
    statistics.check_intervals,
    standardized.check_d_against_t,
    standardized.check_d_against_intervals,
    standardized.check_f_against_t,
    standardized.check_compared,
    sources.check_facts,
    sources.check_arm_sizes,
    sources.check_times,
    sources.check_publications,
    sources.check_directions_of_sources,
    sources.check_direction_of_numbers,
)

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
        One row per finding, high severity first: ``check``, ``result_id`` (a result; a direction
        or trial where no result bears the number), ``printed``, ``expected`` (empty where the
        other numbers do not give one value), ``severity`` (high: the printed numbers cannot all
        be right; medium: right only under a condition that matters; low: worth knowing),
        ``explanation`` (one sentence with the arithmetic).

    Examples
    --------
    >>> import evidence
    >>> found = audit(evidence.load())
    >>> found.columns.tolist()
    ['check', 'result_id', 'printed', 'expected', 'severity', 'explanation']
    """
    reading = Reading(dataset)
    found = [finding for check in CHECKS for finding in check(reading)]
    found.sort(key=lambda finding: _ORDER[finding.severity])
    columns = [field.name for field in fields(Finding)]
    return pd.DataFrame([asdict(finding) for finding in found], columns=columns, dtype="str")
