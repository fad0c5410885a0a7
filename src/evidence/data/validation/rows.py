"""Cells and tables: from the text of a file to typed rows that know their line, or to faults."""

import csv
import io
import math
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evidence.data.safety import ADDRESS_WORDS, ID, ID_WORDS, INVISIBLE, SEEN_WORDS, is_address
from evidence.data.validation.descriptor import Column, Table, Value
from evidence.data.validation.faults import Faults

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


_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

_csv_limit = threading.Lock()


@dataclass(frozen=True, slots=True)
class Row:
    """A record.

    Attributes
    ----------
    line : int
        Line of the file on which it starts; the header is line 1.
    text : dict
        Text of each cell by column.
    values : dict
        Value by column; cells that are empty or at fault are not in it.
    """

    line: int
    text: dict[str, str]
    values: dict[str, Value]

    def word(self, column: str) -> str:
        """Value of a text column, "" where it is empty or at fault."""
        value = self.values.get(column)
        return value if isinstance(value, str) else ""

    def faulty(self, column: str) -> bool:
        """Whether the cell has text that is not a value."""
        return bool(self.text.get(column)) and column not in self.values

    def number(self, column: str) -> Decimal | None:
        """Value of a number column, None where it is empty or at fault."""
        value = self.values.get(column)
        return None if value is None or isinstance(value, str | date) else Decimal(value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as read; ``complete`` is False where a record could not be read."""

    table: Table
    rows: tuple[Row, ...]
    columns: frozenset[str]
    complete: bool


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let `csv` hand over cells of any length, so that a long one is reported like any other."""
    with _csv_limit:
        before = csv.field_size_limit(sys.maxsize)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def read_sheet(table: Table, text: str, faults: Faults) -> Sheet | None:
    """Read the records of a table.

    Parameters
    ----------
    table : Table
        Its schema.
    text : str
        Content of its file, line breaks as LF.
    faults : Faults
        Where faults are reported.

    Returns
    -------
    Sheet or None
        None where the file has no header that could be used.
    """
    separator = _other_separator(table, text)
    if separator is not None:
        faults.add(
            table.file, f"cells separated by commas, not {_SEPARATORS[separator]}", value=separator
        )
        return None
    with _long_cells():
        records, broken = _records(text)
    if broken is not None:
        line, message = broken
        faults.add(table.file, f"quotation marks as CSV needs them ({message})", row=line)
    header = _header(table, records, faults)
    if header is None:
        return None
    rows = []
    complete = broken is None
    for line, cells in records[1:]:
        if not any(cells):
            faults.add(table.file, "a record, not an empty line", row=line, cause=table.file)
        elif len(cells) != len(header):
            complete = False
            faults.add(
                table.file, _width(cells, len(header)), row=line, value=f"{len(cells)} cells"
            )
        else:
            rows.append(_row(table, line, header, cells, faults))
    columns = frozenset(name for name in header if name is not None)
    return Sheet(table, tuple(rows), columns, complete)


def _other_separator(table: Table, text: str) -> str | None:
    """Separator of the header where it is not the comma."""
    first = text.split("\n", 1)[0]

    def known(separator: str) -> int:
        return sum(cell.strip(' "') in table.columns for cell in first.split(separator))

    best = max(_SEPARATORS, key=known)
    return best if known(best) and not known(",") else None


def _records(
    text: str,
) -> tuple[list[tuple[int, list[str]]], tuple[int, str] | None]:
    """Return records with the line on which each starts, and the place where the quoting breaks."""
    # Empty lines at the end of a file are no records.
    reader = csv.reader(io.StringIO(text.rstrip("\n"), newline="\n"), strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        return records, (line, str(error))
    return records, None


def _header(
    table: Table, records: list[tuple[int, list[str]]], faults: Faults
) -> list[str | None] | None:
    """Column of each position, None for one that the schema does not have."""
    names = list(table.columns)
    cells = records[0][1] if records else []
    if not set(names) & {cell.strip() for cell in cells}:
        faults.add(
            table.file,
            f"a header with the columns {', '.join(names)}",
            row=1,
            value=",".join(cells) or None,
        )
        return None
    header: list[str | None] = []
    missing = [name for name in names if name not in {cell.strip() for cell in cells}]
    for position, cell in enumerate(cells):
        name = cell.strip()
        if cell != name:
            faults.add(
                table.file, "no spaces before or after the name of a column", row=1, value=cell
            )
        if name in header:
            faults.add(table.file, "each column once", row=1, value=name)
            header.append(None)
        elif name in table.columns:
            header.append(name)
        else:
            meant = names[position] if position < len(names) else None
            renamed = meant in missing
            faults.add(
                table.file,
                f"the column {meant}" if renamed else "only columns of the schema",
                row=1,
                value=name,
            )
            header.append(None)
            if renamed and meant is not None:
                missing.remove(meant)
    for name in missing:
        faults.add(table.file, f"the column {name}", row=1)
    found = [name for name in header if name is not None]
    if found != [name for name in names if name in found]:
        faults.add(table.file, f"columns in the order {', '.join(names)}", row=1)
    return header


def _width(cells: list[str], expected: int) -> str:
    accepted = f"{expected}, as the header has"
    if any(";" in cell for cell in cells) and len(cells) < expected:
        return f"{accepted}, separated by commas, not semicolons"
    if len(cells) > expected:
        return (
            f"{accepted}; text with a comma stands in quotation marks, and a decimal comma is "
            "not accepted"
        )
    return accepted


def _row(
    table: Table, line: int, header: list[str | None], cells: list[str], faults: Faults
) -> Row:
    texts: dict[str, str] = {}
    values: dict[str, Value] = {}
    for name, text in zip(header, cells, strict=True):
        if name is None:
            continue
        texts[name] = text
        value, expected = read_cell(table.columns[name], text)
        if expected is not None:
            faults.add(table.file, expected, row=line, column=name, value=text or None)
        elif value is not None:
            values[name] = value
    return Row(line, texts, values)
