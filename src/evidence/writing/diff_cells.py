"""Which cells of two data packages differ, row by row, as text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evidence.dataset import Dataset
from evidence.records import records
from evidence.validation import TABLES

KEYS: Mapping[str, tuple[str, ...]] = {
    "publications": ("publication_id",),
    "locators": ("locator_id",),
    "trials": ("trial_id",),
    "arms": ("arm_id",),
    "trial_facts": ("trial_id", "fact", "locator_id"),
    "instruments": ("instrument_id",),
    "arm_results": ("result_id",),
    "statistics": ("result_id",),
    "directions": ("direction_id",),
    "corrections": ("correction_id",),
    "syntheses": ("synthesis_id",),
    "risk_of_bias": ("trial_id", "tool", "domain"),
    "claims": ("claim_id",),
    "vocabularies": ("vocabulary", "term"),
}
"""Columns that name a row of each table."""

_PROSE = frozenset({"note", "label", "reason", "name", "population", "country", "locator_id"})
"""Columns that no number is computed from."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that differs, or a row that only one side has.

    Attributes
    ----------
    table, key : str
        Table, and the key of the row; parts of a key are joined by a slash.
    column : str
        Column; empty for a whole row.
    old, new : str or None
        The text on either side; for a whole row its cells, None on the side that lacks it.
    row : mapping of str to str
        The row, of the new side where it has one: by it a cell finds its trial and its result.
    """

    table: str
    key: str
    column: str
    old: str | None
    new: str | None
    row: Mapping[str, str]

    @property
    def numeric(self) -> bool:
        """Whether a number can rest on it."""
        return self.column not in _PROSE

    def __str__(self) -> str:
        """Return the change as a few words."""
        place = f"{self.table}.csv, {self.key}"
        if self.column:
            return f"{place}, {self.column}: {_shown(self.old)} -> {_shown(self.new)}"
        return f"{place}: row {'added' if self.old is None else 'removed'}"


def _shown(text: str | None) -> str:
    return text or "(empty)"


def changed_cells(old: Dataset, new: Dataset) -> tuple[Cell, ...]:
    """Return what differs between two data packages, in the order of tables, rows and columns.

    Parameters
    ----------
    old, new : Dataset
        Data packages. The order of rows is no difference; a row with another key is one that went
        and one that came.
    """
    found: list[Cell] = []
    for table in TABLES:
        before, after = _rows(old, table), _rows(new, table)
        for key in dict.fromkeys([*before, *after]):
            found += _of_row(table, key, before.get(key), after.get(key))
    return tuple(found)


def _of_row(
    table: str, key: str, old: Mapping[str, str] | None, new: Mapping[str, str] | None
) -> list[Cell]:
    if old is None or new is None:
        row = old or new or {}
        texts = [
            None if one is None else ", ".join(filter(None, one.values())) for one in (old, new)
        ]
        return [Cell(table, key, "", texts[0], texts[1], row)]
    return [
        Cell(table, key, column, old.get(column, ""), new.get(column, ""), new)
        for column in dict.fromkeys([*old, *new])
        if old.get(column, "") != new.get(column, "")
    ]


def _rows(dataset: Dataset, table: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table by their keys; a key that comes again is counted."""
    seen: Counter[str] = Counter()
    found = {}
    for record in records(dataset.text(table)):
        row: dict[str, str] = record._asdict()
        key = "/".join(row[name] for name in KEYS[table])
        seen[key] += 1
        found[key if seen[key] == 1 else f"{key}/{seen[key]}"] = row
    return found
