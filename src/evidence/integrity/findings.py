"""What a check found, and what is done about it."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pandas as pd

from evidence.data.records import records
from evidence.integrity.printed_numbers import KEYS, Row, Tables

Severity = Literal["high", "medium", "low"]
"""high: the printed numbers cannot all be right. medium: they can only be right under a condition
that matters for their use. low: worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A printed number that does not agree with others.

    Attributes
    ----------
    check : str
        Name of the check.
    result_id : str
        The result, direction or trial that it is about.
    printed : str
        What is printed.
    expected : str
        What the other numbers give; empty where they do not give one value.
    severity : {"high", "medium", "low"}
        How much hangs on it.
    explanation : str
        One sentence with the arithmetic.
    at : Row, optional
        The row, where `result_id` alone does not tell it, as for one of the facts of a trial.
    fact : str
        Fact of the trial that it is about; empty where it is a result or a direction.
    """

    check: str
    result_id: str
    printed: str
    expected: str
    severity: Severity
    explanation: str
    at: Row | None = None
    fact: str = ""


_HANDLING = ["correction_id", "action", "used", "reason"]


class CorrectedTables(Tables, Protocol):
    """What of a data set is read: its tables, and its corrections."""

    @property
    def corrections(self) -> pd.DataFrame:
        """Rows of corrections."""


def handled(dataset: CorrectedTables, findings: pd.DataFrame) -> pd.DataFrame:
    """Join findings to the rows of corrections that say what is done about them.

    A correction answers a finding of its check on its result. Where the finding is about one
    printed number, that has to be the number of the correction, so that the correction of one limit
    of an interval does not stand for the other.

    Parameters
    ----------
    dataset : Dataset
        The data package that the findings are of.
    findings : DataFrame
        As `evidence.integrity.audit` returns them.

    Returns
    -------
    DataFrame
        The findings in their order with ``trial_id`` (empty on an instrument; of a claim its likely
        trial) and, each empty where no correction answers, ``correction_id``, ``action`` (replace,
        withhold or flag), ``used`` (the value in place of the printed one) and ``reason``.

    Examples
    --------
    >>> import evidence
    >>> from evidence.integrity import audit
    >>> data = evidence.load()
    >>> found = handled(data, audit(data))
    >>> found.action[found.severity == "high"].unique().tolist()
    ['withhold', 'replace']
    """
    corrections = list(records(dataset.corrections))
    trials = _trials(dataset)
    rows = []
    for finding in records(findings):
        answer = next((one for one in corrections if _answers(one, finding)), None)
        used = None if answer is None else answer.used
        rows.append(
            {
                "trial_id": trials.get(finding.result_id, ""),
                "correction_id": "" if answer is None else answer.correction_id,
                "action": "" if answer is None else answer.action,
                "used": "" if used is None or pd.isna(used) else str(used),
                "reason": "" if answer is None else answer.reason,
            }
        )
    joined = pd.DataFrame(rows, columns=["trial_id", *_HANDLING], dtype="str")
    return pd.concat([findings.reset_index(drop=True), joined], axis=1)


def not_handled(found: pd.DataFrame) -> pd.DataFrame:
    """Return the findings of high severity that no correction answers."""
    return found[(found.severity == "high") & (found.correction_id == "")]


def _answers(correction: Any, finding: Any) -> bool:
    if (correction.result_id, correction.check) != (finding.result_id, finding.check):
        return False
    printed, corrected = _number(finding.printed), _number(correction.printed)
    return printed is None or corrected is None or printed == corrected


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def _trials(dataset: CorrectedTables) -> dict[str, str]:
    """Trial of each id that a finding can be about."""
    found: dict[str, str] = {}
    for table, key in KEYS.items():
        rows = dataset.text(table)
        for column in {"trial_id", "likely_trial_id"} & {*rows}:
            found |= dict(zip(rows[key], rows[column], strict=True))
    for row in records(dataset.corrections):
        found[row.correction_id] = found.get(row.result_id, "")
    return found
