"""Corrections: what a source prints is kept, what is used instead is checked and applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from evidence.validation.cells import read_cell
from evidence.validation.descriptor import Table, Value
from evidence.validation.faults import Faults
from evidence.validation.records import Row, Sheet

CORRECTED_TABLES = ("arm_results", "statistics")

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Values used instead of printed ones, by table, result and field; None is not used at all."""

    values: Mapping[Place, Value | None]

    def value(self, table: str, row: Row, field: str) -> Value | None:
        """Value of a cell as used; None where it is empty, withheld or at fault."""
        place = (table, row.word("result_id"), field)
        return self.values[place] if place in self.values else row.values.get(field)


def check_corrections(sheets: Mapping[str, Sheet], faults: Faults) -> Corrected:
    """Report corrections that name nothing, no longer match, or say two things of one value.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        Tables that could be read, by name.
    faults : Faults
        Where the faults are reported.

    Returns
    -------
    Corrected
        The corrections; a value with a correction at fault counts as not used.
    """
    values: dict[Place, Value | None] = {}
    said: dict[Place, int] = {}
    for row in sheets["corrections"].rows if "corrections" in sheets else ():
        sheet = sheets.get(row.word("table"))
        if sheet is None or row.word("table") not in CORRECTED_TABLES:
            continue
        check = _Check(row, sheet, sheets["corrections"].table.file, faults)
        if not check.place_exists():
            continue
        check.printed_matches()
        place = (sheet.table.name, row.word("result_id"), row.word("field"))
        used = check.used()
        if row.word("action") == "flag":
            continue
        if place in said:
            check.complain("action", f"one replace or withhold for a value (row {said[place]})")
        said.setdefault(place, row.line)
        values.setdefault(place, used)
    return Corrected(values)


class _Check:
    """One correction against the row that it corrects."""

    def __init__(self, row: Row, sheet: Sheet, file: str, faults: Faults) -> None:
        self.row = row
        self.sheet = sheet
        self.file = file
        self.faults = faults
        self.target = next(
            (one for one in sheet.rows if one.word("result_id") == row.word("result_id")), None
        )

    def complain(self, column: str, expected: str) -> None:
        self.faults.add(
            self.file,
            expected,
            row=self.row.line,
            column=column,
            value=self.row.text.get(column) or None,
        )

    def place_exists(self) -> bool:
        """Whether row and column of the printed value are there."""
        table = self.sheet.table
        accepted = [name for name in table.columns if name not in _keys_of(table)]
        field = self.row.word("field")
        if field and field not in accepted:
            self.complain("field", f"a column of {table.file} out of {', '.join(accepted)}")
        if self.target is None and self.sheet.complete and self.row.word("result_id"):
            self.complain("result_id", f"a result_id of {table.file}")
        return self.target is not None and field in accepted and field in self.sheet.columns

    def printed_matches(self) -> None:
        """Report a printed value that is no longer the one in the table."""
        field = self.row.word("field")
        if self.target is None or not self.row.word("printed") or self.target.faulty(field):
            return
        text = self.target.text[field]
        if not _same(self.row.word("printed"), text, self.sheet.table.columns[field].type):
            place = f"{self.sheet.table.file}, row {self.target.line}, column {field}"
            self.complain("printed", f"the value printed there, {text!r} ({place})")

    def used(self) -> Value | None:
        """Value used instead, which only a replacement has."""
        text = self.row.text.get("used", "")
        action = self.row.word("action")
        if not action or self.row.faulty("used"):
            return None
        if action != "replace":
            if text:
                self.complain("used", f"an empty cell, as the action is {action}")
            return None
        if not text:
            self.complain("used", "the value to use, as the action is replace")
            return None
        value, expected = read_cell(self.sheet.table.columns[self.row.word("field")], text)
        if expected is not None:
            self.complain("used", expected)
        return value


def _keys_of(table: Table) -> set[str]:
    """Columns of keys: a correction of one would move a result to another place."""
    return {*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)}


def _same(printed: str, text: str, kind: str) -> bool:
    if kind not in ("integer", "number"):
        return printed == text
    try:
        # "0.90" and "0.9" are the same number; their precision is not compared.
        return Decimal(printed) == Decimal(text)
    except InvalidOperation:
        return False
