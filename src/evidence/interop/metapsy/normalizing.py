"""From cells to records: numbers with a decimal point, missing values empty, else as printed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from evidence.errors import DataError
from evidence.interop.metapsy.columns import (
    COUNTS,
    DESCRIPTIVE,
    NUMBERS,
    REQUIRED,
    SPREADS,
    TEXT_COLUMNS,
)
from evidence.interop.metapsy.printed_numbers import (
    MISSING_TEXT,
    NUMBER,
    missing,
    with_point,
)
from evidence.interop.metapsy.reading import RawRecord, RawTable, read_table
from evidence.validation.faults import Faults

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
    """

    file: str
    records: tuple[Record, ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    said: dict[str, int]


def read_database(path: Path) -> Database:
    """Read and normalize a database file.

    Parameters
    ----------
    path : Path
        File of the Metapsy data standard.

    Raises
    ------
    DataError
        With every fault: file, row, column, value and what is accepted.
    """
    faults = Faults()
    table = read_table(path, faults)
    said = Counter(table.said)
    records = tuple(_record(table, raw, faults, said) for raw in table.records)
    if len(faults):
        raise DataError(faults.in_order([path.name]), of=path.name)
    return Database(path.name, records, table.columns, table.ignored, dict(said))


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
        if expected is not None:
            _complain(table, raw, column, cell, expected, faults)
            continue
        numbers[column] = _whole(number) if column in COUNTS else number
    text = {}
    for column in TEXT_COLUMNS:
        cell = raw.cells.get(column, "")
        absent = cell.lower() in MISSING_TEXT
        text[column] = "" if absent else cell
        if absent and column in REQUIRED and column in table.columns:
            _complain(table, raw, column, cell, "a value", faults)
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
