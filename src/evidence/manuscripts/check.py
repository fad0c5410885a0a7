"""A manuscript checked against the ledger, as JSON and for reading."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.blocks.escape import markdown
from evidence.errors import ParameterError
from evidence.language import fixed, p_value, percent
from evidence.manuscripts import Draft, word
from evidence.manuscripts import markdown as markdown_draft
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import STATUSES, Finding, judge, unknown_ids

FORMATS = ("json", "md")
MARKDOWN = (".md", ".markdown")
WORD = (".docx",)

IN_WORDS = {
    "effect": "effect",
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "p_value": "P value",
    "n": "number of participants",
    "k": "number of trials",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    findings : tuple of Finding
        One for each number compared, in the order of the manuscript.
    remarks : tuple of str
        Marks that name no number, with the nearest ids.
    """

    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 if a number is wrong or superseded, or a mark names none; else 0."""
        bad = any(one.status in ("wrong", "superseded") for one in self.findings)
        return 1 if bad or self.remarks else 0


def read_bytes(path: Path, largest: int) -> bytes:
    """Return the content of a manuscript, reading no more than is allowed.

    Raises
    ------
    ParameterError
        If it cannot be read or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ParameterError("draft", str(path), f"a file that can be read ({reason})") from None
    if len(data) > largest:
        raise ParameterError("draft", str(path), f"at most {largest:,} bytes")
    return data


def read_manuscript(path: Path) -> tuple[bytes, bool]:
    """Return the content of a manuscript, and whether it is one of Word.

    Raises
    ------
    ParameterError
        If it is neither Markdown nor DOCX by its name, or cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in MARKDOWN:
        return read_bytes(path, markdown_draft.LARGEST), False
    if suffix in WORD:
        return read_bytes(path, word.LARGEST), True
    raise ParameterError("draft", path.name, "a file that ends in .md or .docx")


def read_draft(path: Path) -> Draft:
    """Return the passages of a manuscript in Markdown or DOCX.

    Raises
    ------
    ParameterError
        If it is neither, or cannot be read safely.
    """
    content, is_word = read_manuscript(path)
    return word.parse(content) if is_word else markdown_draft.parse(content)


def check_draft(draft: Draft, known: Known) -> Checked:
    """Hold a manuscript against the ledger."""
    remarks = tuple(
        f"a mark names {one!r}, expected {known.expected(one)}" for one in unknown_ids(draft, known)
    )
    return Checked(tuple(judge(draft, known)), remarks)


def as_json(findings: Sequence[Finding]) -> str:
    """Return findings as a list of objects, numbers at full precision."""
    return json.dumps([_record(one) for one in findings], ensure_ascii=False, indent=2)


def _record(one: Finding) -> dict[str, Any]:
    return {
        "estimate_id": one.estimate_id,
        "field": one.field,
        "status": one.status,
        "printed": one.printed,
        "expected": one.expected,
        "place": one.place,
        "closest": None
        if one.closest is None
        else {"estimate_id": one.closest.estimate_id, "field": one.closest.field},
    }


def as_markdown(findings: Sequence[Finding]) -> str:
    """Return findings for reading: a count of each kind, then what is not right."""
    counts = [f"{sum(one.status == status for one in findings)} {status}" for status in STATUSES]
    number = "number" if len(findings) == 1 else "numbers"
    lines = [f"{len(findings)} {number} compared: {', '.join(counts)}."]
    for status in STATUSES[1:]:
        listed = [one for one in findings if one.status == status]
        if listed:
            lines += ["", f"{status.capitalize()}:", ""]
            lines += [
                f"- {markdown(one.place)}: {markdown(one.printed)} as {IN_WORDS[one.field]}; "
                f"{explained(one, _code)}"
                for one in listed
            ]
    return "\n".join(lines)


def _code(estimate_id: str) -> str:
    """Return an id as code; what is none may be any text."""
    if re.fullmatch("[a-z0-9_.]+", estimate_id):
        return f"`{estimate_id}`"
    return markdown(estimate_id)


def shown(finding: Finding) -> str:
    """Return the expected number as the manuscript would print it."""
    value, number = finding.expected, finding.reading.number
    if value is None:
        return "none in the ledger"
    if finding.field in ("n", "k"):
        return str(value)
    exponent = number.value.as_tuple().exponent
    digits = max(-exponent, 0) if isinstance(exponent, int) else 0
    if finding.field == "p_value":
        return p_value(float(value))
    if finding.share:
        return f"{percent(float(value))} ({fixed(value, 3)})"
    return fixed(value, max(digits, 2))


def explained(finding: Finding, code: Callable[[str], str] = str) -> str:
    """Return what the ledger says of a number, and which number it would be.

    Parameters
    ----------
    finding : Finding
        What was found.
    code : callable
        How an id is set.
    """
    would = ""
    if finding.closest is not None:
        name = IN_WORDS[finding.closest.field]
        would = f"it agrees with the {name} of {code(finding.closest.estimate_id)}"
    if finding.estimate_id is None:
        return f"no mark; {would}" if would else "no mark, and no number of the ledger like it"
    has = f"{code(finding.estimate_id)} has {shown(finding)}"
    if finding.status == "superseded":
        return f"that was so in an earlier version; {has} now"
    return f"{has}; {would}" if would else has
