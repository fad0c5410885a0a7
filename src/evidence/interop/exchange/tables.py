"""The files that other tools read: `evidence export --metafor`, `--metapsy`, `--revman`."""

import csv
import io
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from evidence import atomic
from evidence.dataset import Dataset
from evidence.errors import ParameterError
from evidence.interop.exchange import metafor, metapsy, revman
from evidence.interop.exchange.contrast import contrasts, one_per_result
from evidence.ledger import csv_cell

Target = Literal["metafor", "metapsy", "revman"]


def export_table(dataset: Dataset, target: Target, path: Path, **filters: str) -> int:
    """Write estimates and the numbers behind them as a CSV file that another tool reads.

    Parameters
    ----------
    dataset : Dataset
        A data package as `evidence.load` returns it.
    target : {"metafor", "metapsy", "revman"}
        Whose column names to use; see `evidence.interop.exchange.metafor.rows` and its siblings.
    path : Path
        File to write, replaced in one step; the same data give the same bytes.
    **filters : str
        As `evidence.estimates` takes them, such as therapy, outcome, timepoint.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    ParameterError
        If the path does not end in .csv, or a filter or its value is unknown.
    SelectionError
        If no estimate with a variance is left, or one whose direction nothing states.
    """
    if path.suffix != ".csv" or path.is_dir():
        raise ParameterError(target, str(path), "a file that ends in .csv")
    convention = "metapsy" if target == "metapsy" else "exact"
    found = contrasts(dataset, convention=convention, **filters)
    header: tuple[str, ...]
    if target == "metafor":
        header, rows = metafor.COLUMNS, metafor.rows(found)
    elif target == "metapsy":
        header, rows = (
            metapsy.COLUMNS,
            metapsy.rows(dataset, one_per_result(found, metapsy.METRICS)),
        )
    else:
        header, rows = revman.COLUMNS, revman.rows(dataset, one_per_result(found, revman.METRICS))
    # R reads NA as missing, spreadsheets and RevMan an empty cell.
    missing = "" if target == "revman" else "NA"
    atomic.replace(path, _csv(header, rows, missing))
    return len(rows)


def _csv(header: tuple[str, ...], rows: list[dict[str, Any]], missing: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row.get(name), missing) for name in header])
    return buffer.getvalue()


def _cell(value: Any, missing: str) -> str:
    if value is None or pd.isna(value) or value == "":
        return missing
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    return csv_cell(str(value))
