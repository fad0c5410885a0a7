"""Cells: from the text in a file to a value, or to the sentence that says what is accepted."""

import math
import re

from evidence.safety import ADDRESS_WORDS, ID, ID_WORDS, INVISIBLE, SEEN_WORDS, is_address
from evidence.validation.descriptor import Column, Value

CELL_LIMIT = 32_767
"""Spreadsheets cut a cell after this many characters, so a longer one would not survive editing."""

# No published whole number comes near, and doubles hold each one of so many digits.
_DIGITS = 15

_INTEGER = re.compile(r"[+-]?0*([0-9]+)")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NUMBER_WITH_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9.,]*([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

# Ids that are made elsewhere, and cells that may name several.
_FOREIGN_IDS = ("registry_id",)
_SEVERAL_IDS = ("outcome_id",)

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number, such as -13.20",
    "date": "a date, such as 2026-11-24",
}


def read_cell(column: Column, text: str) -> tuple[Value | None, str | None]:
    """Read a cell.

    Parameters
    ----------
    column : Column
        Its column.
    text : str
        The text in the file.

    Returns
    -------
    value : str, int, Decimal, date or None
        None where the cell is empty or at fault.
    expected : str or None
        What is accepted, where the cell is at fault.
    """
    expected = _refuse_text(text) or (_refuse_reach(column.name, text) if text else None)
    if expected is None and text and column.type in ("integer", "number"):
        expected = _refuse_number(column.type, text)
    if expected is not None:
        return None, expected
    value, notes = column.read(text)
    if notes:
        return None, _sentence(column, next(iter(notes)))
    return value, None


def _refuse_text(text: str) -> str | None:
    if len(text) > CELL_LIMIT:
        return f"at most {CELL_LIMIT:,} characters in a cell"
    if text != text.strip():
        return "no spaces before or after the value"
    found = INVISIBLE.search(text)
    return f"{SEEN_WORDS} (U+{ord(found[0]):04X})" if found else None


def _refuse_reach(column: str, text: str) -> str | None:
    """Refuse ids and addresses that lead elsewhere than ids and addresses may."""
    if column in ("vocabulary", "term") or (column.endswith("_id") and column not in _FOREIGN_IDS):
        ids = text.split(";") if column in _SEVERAL_IDS else [text]
        return None if all(ID.fullmatch(one.strip()) for one in ids) else ID_WORDS
    if column.endswith("url") and not is_address(text):
        return ADDRESS_WORDS
    return None


def _refuse_number(kind: str, text: str) -> str | None:
    if _NUMBER_WITH_COMMA.fullmatch(text):
        return "a decimal point, not a decimal comma"
    if text.startswith("\N{MINUS SIGN}"):
        return "a hyphen (-) as minus sign"
    if _NOT_FINITE.fullmatch(text):
        return "a finite number; leave the cell empty where no number is printed"
    if kind == "integer":
        whole = _INTEGER.fullmatch(text)
        if whole is None:
            return _TYPES[kind]
        return None if len(whole[1]) <= _DIGITS else f"a whole number of at most {_DIGITS} digits"
    if not _NUMBER.fullmatch(text):
        return _TYPES[kind]
    value = float(text)
    if not math.isfinite(value):
        return "a finite number; this one is too large for a double"
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        return "a number that a double does not round to zero"
    return None


def _sentence(column: Column, constraint: str) -> str:
    """Say in words which constraint of the schema a value does not meet."""
    limit = column.constraints.get(constraint)
    match constraint:
        case "type":
            return _TYPES[column.type]
        case "required":
            return "a value"
        case "enum":
            return f"one of {', '.join(map(str, limit or ()))}"
        case "minimum":
            return f"at least {limit}"
        case "maximum":
            return f"at most {limit}"
        case "pattern" if limit == ID.pattern:
            return ID_WORDS
        case _:
            return f"a value that meets {constraint} {limit} of the schema"
