"""A manuscript checked against the ledger, as JSON and for reading."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from evidence.blocks.escape import markdown
from evidence.errors import ParameterError, of_file
from evidence.language import fixed, p_value, percent
from evidence.manuscripts import MARK, Draft, word
from evidence.manuscripts import markdown as markdown_draft
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import BAD, STATUSES, Finding, judge, unknown_ids

_ALMOST_A_MARK = re.compile(
    r"[(\[] ?ev ?: ?[a-z0-9_]+\.[a-z0-9_.]+[^)\]]{0,40}[)\]]", re.IGNORECASE
)
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
    "ci_level": "level of the interval",
    "q": "Q",
    "q_df": "degrees of freedom of Q",
    "q_p": "P of heterogeneity",
    "tau2": "tau²",
    "i2": "I²",
    "se": "standard error",
    "citation": "citation",
    "correlation": "correlation",
    "statistic": "statistic",
    "unread": "number",
    "metric": "metric",
    "trial": "trial",
    "outcome": "outcome",
    "timepoint": "time",
    "comparator": "comparator",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    findings : tuple of Finding
        One for each number compared, in the order of the manuscript.
    remarks : tuple of str
        Marks that name no number, with the nearest ids, and what looks like a mark and is none.
    warnings : tuple of str
        Marks that are read, but not written as they should be.
    """

    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 if a number is wrong, superseded or not compared, or a mark names none; else 0."""
        bad = any(one.status in BAD for one in self.findings)
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
    with of_file(path.name):
        return word.parse(content) if is_word else markdown_draft.parse(content)


def check_draft(draft: Draft, known: Known) -> Checked:
    """Hold a manuscript against the ledger."""
    remarks = tuple(
        f"a mark names {one!r}, expected {known.expected(one)}" for one in unknown_ids(draft, known)
    )
    texts = [one.text for one in draft.passages]
    almost = [one[0] for text in texts for one in _ALMOST_A_MARK.finditer(text)]
    remarks += tuple(f"{one} is no mark, expected {{ev:ID}}" for one in dict.fromkeys(almost))
    capital = [one[0] for text in texts for one in MARK.finditer(text) if "ev" not in one[0][:5]]
    warnings = tuple(f"{one} is read as a mark; {{ev:ID}} is how it is written" for one in capital)
    return Checked(tuple(judge(draft, known)), remarks, warnings)


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
        "reason": one.reason,
        "closest": None
        if one.closest is None
        else {"estimate_id": one.closest.estimate_id, "field": one.closest.field},
        "candidates": list(one.candidates),
    }


def as_markdown(findings: Sequence[Finding]) -> str:
    """Return findings for reading: a count of each kind, then what is not right."""
    counts = [
        f"{sum(one.status == status for one in findings)} {status.replace('_', ' ')}"
        for status in STATUSES
    ]
    number = "number" if len(findings) == 1 else "numbers"
    lines = [f"{len(findings)} {number} found: {', '.join(counts)}."]
    for status in STATUSES[1:]:
        listed = [one for one in findings if one.status == status]
        if listed:
            lines += ["", f"{status.replace('_', ' ').capitalize()}:", ""]
        if status == "unmarked":
            for _, same in groupby(listed, lambda one: (one.statement, one.place)):
                statement = list(same)
                printed = ", ".join(f"{IN_WORDS[one.field]} {one.printed}" for one in statement)
                lines.append(
                    f"- {markdown(statement[0].place)}: {markdown(printed)}; "
                    f"{suggested(statement, _code)}"
                )
            continue
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
    if isinstance(value, str):
        return value
    if finding.field == "ci_level":
        return f"{value:g}%"
    if finding.field in ("n", "k"):
        return str(value)
    exponent = number.value.as_tuple().exponent
    digits = max(-exponent, 0) if isinstance(exponent, int) else 0
    if finding.field == "p_value":
        return p_value(float(value))
    if finding.share:
        return f"{percent(float(value))} ({fixed(value, 3)})"
    return fixed(value, max(digits, 2))


MOST_OFFERED = 3
"""How many ids with the same numbers are named."""


def suggested(statement: Sequence[Finding], code: Callable[[str], str] = str) -> str:
    """Return which number of the ledger a statement without a mark would be.

    Parameters
    ----------
    statement : sequence of Finding
        Its numbers, none of which a mark binds.
    code : callable
        How an id is set.
    """
    ids = statement[0].candidates
    if not ids:
        return "no mark, and no number of the ledger like it"
    agree = [IN_WORDS[one.field] for one in statement if one.agrees]
    if {"lower limit", "upper limit"} <= set(agree):
        agree = ["limits", *(one for one in agree if one[6:] != "limit")]
    parts = [f"{', '.join(agree)} agree{'s' * (agree not in (['limits'], []) and len(agree) == 1)}"]
    parts = parts if agree else []
    parts += [
        f"{IN_WORDS[one.field]} {markdown(one.printed)} should be {shown(one)}"
        for one in statement
        if not one.agrees and one.closest is not None
    ]
    others = ids[1:MOST_OFFERED]
    more = f" and {len(ids) - MOST_OFFERED} more" if len(ids) > MOST_OFFERED else ""
    same = f"; the same numbers: {', '.join(map(code, others))}{more}" if others else ""
    return f"no mark; closest: {code(ids[0])}: {', '.join(parts)}{same}"


def explained(finding: Finding, code: Callable[[str], str] = str) -> str:
    """Return what the ledger says of a number, and which number it would be.

    Parameters
    ----------
    finding : Finding
        What was found.
    code : callable
        How an id is set.
    """
    if finding.reason:
        return finding.reason
    would = ""
    if finding.closest is not None and finding.estimate_id is not None:
        name = IN_WORDS[finding.closest.field]
        would = f"it agrees with the {name} of {code(finding.closest.estimate_id)}"
    if finding.estimate_id is None:
        return suggested([finding], code)
    has = f"{code(finding.estimate_id)} has {shown(finding)}"
    if finding.status == "superseded":
        return f"that was so in an earlier version; {has} now"
    return f"{has}; {would}" if would else has
