"""Frames of the rows of a table: values as printed, as used, and their text."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from evidence.validation import Corrected, Row, Sheet, Value


def text_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the text of each cell."""
    return pd.DataFrame(
        {
            name: pd.Series([row.text[name] for row in sheet.rows], dtype="str")
            for name in sheet.table.columns
        }
    )


def printed_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the values as printed."""
    return _frame(sheet, lambda row, column: row.values.get(column))


def used_frame(sheet: Sheet, corrected: Corrected) -> pd.DataFrame:
    """Return the values as used: replaced or withheld where a correction says so."""
    return _frame(sheet, lambda row, column: corrected.value(sheet.table.name, row, column))


def _frame(sheet: Sheet, value: Callable[[Row, str], Value | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: _series(column.type, [value(row, column.name) for row in sheet.rows])
            for column in sheet.table.columns.values()
        }
    )


def _series(kind: str, cells: list[Any]) -> "pd.Series[Any]":
    match kind:
        case "integer":
            return pd.Series(cells, dtype="Int64")
        case "number":
            numbers = [float("nan") if cell is None else float(cell) for cell in cells]
            return pd.Series(numbers, dtype="float64")
        case "date":
            return pd.Series(cells, dtype="object")
        case _:
            return pd.Series(["" if cell is None else cell for cell in cells], dtype="str")
