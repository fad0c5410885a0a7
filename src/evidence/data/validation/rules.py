"""Corrections applied to what sources print, and rules on the values as used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from evidence.data.validation.descriptor import Table, Value
from evidence.data.validation.faults import Faults
from evidence.data.validation.rows import Row, Sheet, read_cell

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


_FACTS: Mapping[str, tuple[Callable[[Decimal], bool], str]] = {
    "cluster_size": (lambda value: value >= 1, "1 or more"),
    "icc": (lambda value: 0 <= value <= 1, "from 0 to 1"),
    "within_person_correlation": (
        lambda value: -1 < value < 1,
        "between -1 and 1, neither included",
    ),
}
"""What the facts that enter a variance can be, and the words of it."""


def check_rules(sheets: Mapping[str, Sheet], corrected: Corrected, faults: Faults) -> None:
    """Report limits in the wrong order, more events than participants, an arm against itself.

    Facts that enter a variance are held to what they can be.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        Tables that could be read, by name.
    corrected : Corrected
        Values used instead of printed ones.
    faults : Faults
        Where the faults are reported.
    """
    for name, sheet in sheets.items():
        if name in CORRECTED_TABLES and not _corrections_known(sheets):
            continue
        pairs = list(_ordered(sheet))
        if name == "arm_results":
            pairs.append(("events", "n_analyzed"))
        for row in sheet.rows:
            for low, high in pairs:
                smaller = corrected.value(name, row, low)
                larger = corrected.value(name, row, high)
                if _exceeds(smaller, larger):
                    faults.add(
                        sheet.table.file,
                        f"at most {high}, which is {row.text[high]}",
                        row=row.line,
                        column=low,
                        value=row.text[low],
                    )
    for name in ("statistics", "directions"):
        for row in sheets[name].rows if name in sheets else ():
            _check_contrast(sheets[name], row, faults)
    for row in sheets["trial_facts"].rows if "trial_facts" in sheets else ():
        _check_fact(sheets["trial_facts"], row, faults)


def _corrections_known(sheets: Mapping[str, Sheet]) -> bool:
    """Whether all corrections could be read: without them a misprint looks like a fault."""
    return "corrections" in sheets and sheets["corrections"].complete


def _ordered(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Pairs of columns that hold a lower and an upper limit."""
    for column in sheet.table.columns:
        other = f"{column.removesuffix('_low')}_high"
        if column.endswith("_low") and other in sheet.table.columns:
            yield column, other


def _exceeds(smaller: Value | None, larger: Value | None) -> bool:
    if smaller is None or larger is None or isinstance(smaller, str) or isinstance(larger, str):
        return False
    return bool(smaller > larger)  # type: ignore[operator]


def _check_contrast(sheet: Sheet, row: Row, faults: Faults) -> None:
    intervention = row.word("intervention_arm_id")
    if intervention and intervention == row.word("comparator_arm_id"):
        faults.add(
            sheet.table.file,
            "another arm than the intervention arm",
            row=row.line,
            column="comparator_arm_id",
            value=intervention,
        )


def _check_fact(sheet: Sheet, row: Row, faults: Faults) -> None:
    value = row.number("value")
    possible, accepted = _FACTS.get(row.word("fact"), (None, ""))
    if possible is not None and value is not None and not possible(value):
        faults.add(
            sheet.table.file, accepted, row=row.line, column="value", value=row.text["value"]
        )
