"""From cells to records: numbers with a decimal point, every digit kept, missing values empty."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from evidence.data.validation.faults import Faults
from evidence.data.validation.rows import CELL_LIMIT
from evidence.errors import DataError, Fault
from evidence.metapsy.file import (
    BIAS,
    COUNTS,
    DESCRIPTIVE,
    JUDGEMENTS,
    NUMBERS,
    REQUIRED,
    SPREADS,
    TEXT_COLUMNS,
    RawRecord,
    RawTable,
    read_table,
)
from evidence.metapsy.vocabulary import timepoint

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nr", "ni", "-", "."})
"""What files write for a number that is not there, in lower case."""

MISSING_TEXT = frozenset({"", "na", "n/a", "#n/a", "nan", "null"})
"""The same for words; "none" is a word there."""

NUMBER = "a number, such as 13.2 or 13,2, or NA where there is none"

_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_NOT_NEEDED = re.compile(r"(?:rand|bl_(?:mean|sd|n))_arm[12]|mean_age|percent_women")
_MINUS = str.maketrans(dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}", "-"))


def missing(text: str) -> bool:
    """Return whether a cell of a column of numbers holds none."""
    return text.strip().lower() in MISSING


def with_point(text: str) -> str | None:
    """Return a number as text with a decimal point and its digits as they are.

    One comma or point alone is the decimal separator. Of both the last one is, and the other
    separates thousands; so do several of one kind.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str or None
        None where the cell is no number.

    Examples
    --------
    >>> with_point("-0,23"), with_point("1.234,50"), with_point("1,234,567"), with_point("abc")
    ('-0.23', '1234.50', '1234567', None)
    """
    plain = text.strip().translate(_MINUS)
    if _PLAIN.fullmatch(plain):
        return plain.replace(",", ".").removeprefix("+")
    for pattern, thousands in ((_POINTS, "."), (_COMMAS, ",")):
        if pattern.fullmatch(plain):
            return plain.replace(thousands, "").replace(",", ".").removeprefix("+")
    return None


def decimals(text: str) -> int:
    """Return the number of digits behind the point of a number with a decimal point.

    Examples
    --------
    >>> decimals("-0.230"), decimals("12"), decimals("1.5e-3")
    (3, 0, 4)
    """
    mantissa, _, exponent = text.lower().partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))


ARMS = (1, 2)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the file.

    Attributes
    ----------
    number, line : int
        Its number, and the line of the file on which it starts.
    text : mapping of str to str
        Words by column; empty where there is none.
    numbers : mapping of str to str
        Numbers by column as text with a decimal point; a column without one is not in it.
    """

    number: int
    line: int
    text: Mapping[str, str]
    numbers: Mapping[str, str]

    def pair(self, *columns: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Return numbers of both arms, such as of ("mean", "sd", "n"); None unless all are there.

        Parameters
        ----------
        *columns : str
            Names without the ending that names the arm.
        """
        arms = [self.arm(arm, *columns) for arm in ARMS]
        if arms[0] is None or arms[1] is None:
            return None
        return arms[0], arms[1]

    def arm(self, arm: int, *columns: str) -> tuple[str, ...] | None:
        """Return numbers of one arm; None unless all are there."""
        found = [self.numbers.get(f"{column}_arm{arm}") for column in columns]
        return None if None in found else tuple(str(one) for one in found)

    def value(self, column: str) -> float | None:
        """Return a number, None where there is none."""
        text = self.numbers.get(column)
        return None if text is None else float(text)


@dataclass(frozen=True, slots=True)
class Database:
    """A file, normalized.

    Attributes
    ----------
    file : str
        Its name.
    records : tuple of Record
        Records in order.
    ignored : tuple of str
        Columns that are not read.
    columns : dict of str to str
        Name in the file of each column that is read.
    said : dict of str to int
        What was normalized, in words, and how often.
    aside : tuple of Fault
        Why records were set aside: row, column, value and what is accepted.
    """

    file: str
    records: tuple[Record, ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    said: dict[str, int]
    aside: tuple[Fault, ...] = ()

    @property
    def rows_aside(self) -> int:
        """How many records were set aside."""
        return len({one.row for one in self.aside})


def read_database(path: Path, names: Mapping[str, str] = MappingProxyType({})) -> Database:
    """Read and normalize a database file.

    A record with a fault is set aside and listed; the others are read.

    Parameters
    ----------
    path : Path
        File of the Metapsy data standard.
    names : mapping of str to str
        Name of the standard for columns of the file that are named otherwise.

    Raises
    ------
    DataError
        If the structure of the file is not understood, or every record has a fault: with each,
        its row, column, value and what is accepted.
    """
    faults, of_records = Faults(), Faults()
    table = read_table(path, faults, of_records, names)
    said = Counter(table.said)
    if len(faults):
        raise DataError(faults.in_order([path.name]), of=path.name)
    records = tuple(_record(table, raw, of_records, said) for raw in table.records)
    aside = tuple(of_records.in_order([path.name]))
    rows = {one.row for one in aside}
    kept = tuple(one for one in records if one.line not in rows)
    if not kept:
        raise DataError(aside, of=path.name)
    return Database(path.name, kept, table.columns, table.ignored, dict(said), aside)


def _record(table: RawTable, raw: RawRecord, faults: Faults, said: Counter[str]) -> Record:
    numbers = {}
    for column in (*NUMBERS, *DESCRIPTIVE):
        cell = raw.cells.get(column, "")
        if missing(cell):
            if cell:
                said[f"{cell!r} in a column of numbers read as missing"] += 1
            continue
        number = with_point(cell)
        if number is None:
            if column in DESCRIPTIVE:
                said["words in a column that describes participants left out"] += 1
                continue
            _complain(table, raw, column, cell, NUMBER, faults)
            continue
        _said(cell, number, said)
        expected = _refused(column, number)
        if expected is not None and _NOT_NEEDED.fullmatch(column):
            said[
                f"a number that cannot be, in a column that no effect needs, left out: {column}"
            ] += 1
            continue
        if expected is not None:
            _complain(table, raw, column, cell, expected, faults)
            continue
        numbers[column] = _whole(number) if column in COUNTS else number
    text = {}
    for column in TEXT_COLUMNS:
        cell = raw.cells.get(column, "")
        absent = cell.lower() in MISSING_TEXT
        text[column] = "" if absent else cell
        if len(cell) > CELL_LIMIT:
            expected = f"at most {CELL_LIMIT:,} characters in a cell"
            _complain(table, raw, column, cell, expected, faults)
        if absent and column in REQUIRED and column in table.columns:
            _complain(table, raw, column, cell, "a value", faults)
    if text["time"] and timepoint(text["time"]) is None:
        expected = "post, FU, FU1 to FU8, baseline, or NA where no time is named"
        _complain(table, raw, "time", text["time"], expected, faults)
    text |= {
        column: JUDGEMENTS[cell.lower()]
        for column, cell in raw.cells.items()
        if BIAS.fullmatch(column) and cell.lower() in JUDGEMENTS
    }
    return Record(raw.number, raw.line, text, numbers)


def _said(cell: str, number: str, said: Counter[str]) -> None:
    if cell == number:
        return
    if "," in cell and "." not in cell:
        said["decimal comma read as decimal point"] += 1
    elif "," in cell:
        said["thousands separator left out"] += 1
    else:
        said["sign or spelling of a number normalized"] += 1


def _refused(column: str, number: str) -> str | None:
    value = Decimal(number)
    if abs(value) > Decimal("1e15"):
        return "a number below 1e15 in size"
    if column in COUNTS:
        least = 0 if "event" in column else 1
        if value != value.to_integral_value() or value < least:
            return f"a whole number of at least {least}, or NA where there is none"
    if (column in SPREADS or column == "time_weeks") and value < 0:
        return "a number of at least 0, or NA where there is none"
    return None


def _whole(number: str) -> str:
    """Return a count without the zeros that spreadsheets add behind a point."""
    return str(int(Decimal(number)))


def _complain(
    table: RawTable, raw: RawRecord, column: str, cell: str, expected: str, faults: Faults
) -> None:
    faults.add(
        table.name,
        expected,
        row=raw.line,
        column=table.columns.get(column, column),
        value=cell or None,
    )
