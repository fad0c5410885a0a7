"""What a check found."""

from dataclasses import dataclass
from typing import Literal

from evidence.integrity.reading import Row

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
