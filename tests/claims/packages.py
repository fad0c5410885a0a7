"""Copies of the real data with cells changed, so that a verdict can be seen to follow the data."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import evidence
from evidence.data.dataset import Dataset

DATA = Path(__file__).parents[2] / "data"

Row = dict[str, str]
Change = tuple[str, Callable[[list[Row]], list[Row]]]
"""Name of a table, and what becomes of its rows."""


def changed(folder: Path, *changes: Change) -> Dataset:
    """Load a copy of the data after some changes."""
    shutil.copytree(DATA, folder, dirs_exist_ok=True)
    for table, change in changes:
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            rows = change(list(reader))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return evidence.load(folder)


def where(table: str, **values: str) -> Callable[..., Change]:
    """Return a change of the cells of all rows with some values.

    At least one row must have these values, so that a change that changes nothing fails.
    """

    def setting(**cells: str) -> Change:
        def change(rows: list[Row]) -> list[Row]:
            chosen = [row for row in rows if all(row[key] == one for key, one in values.items())]
            assert chosen, f"no row of {table} has {values}"
            for row in chosen:
                unknown = set(cells) - set(row)
                assert not unknown, f"{table} has no column {unknown}"
                row.update(cells)
            return rows

        return table, change

    return setting


def without(table: str, **values: str) -> Change:
    """Return a change that takes away all rows with some values."""

    def change(rows: list[Row]) -> list[Row]:
        kept = [row for row in rows if any(row[key] != one for key, one in values.items())]
        assert len(kept) < len(rows), f"no row of {table} has {values}"
        return kept

    return table, change


def added(table: str, like: Row, **cells: str) -> Change:
    """Return a change that adds a copy of a row, known by some values, with other cells."""

    def change(rows: list[Row]) -> list[Row]:
        found = [row for row in rows if all(row[key] == one for key, one in like.items())]
        assert found, f"no row of {table} has {like}"
        return [*rows, found[0] | cells]

    return table, change


def emptied(table: str) -> Change:
    """Return a change that leaves no row of a table."""
    return table, lambda _: []
