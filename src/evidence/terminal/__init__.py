"""Frames and records as CSV, JSON or Markdown text, at full precision."""

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evidence.blocks.escape import markdown
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.language import fixed
from evidence.ledger import csv_cell
from evidence.terms import Remark, words_of

FORMATS = ("csv", "json", "md")


def render(frame: pd.DataFrame, form: str, columns: tuple[str, ...] = ()) -> str:
    """Return a frame as text.

    Parameters
    ----------
    frame : DataFrame
        What to show.
    form : {"csv", "json", "md"}
        CSV and JSON hold every column at full precision; Markdown is for reading.
    columns : tuple of str
        Columns of the Markdown table; all if empty.

    Raises
    ------
    ParameterError
        If the form is unknown.
    """
    if form == "csv":
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(frame.columns)
        for record in records(frame):
            writer.writerow([_csv(value) for value in record])
        return buffer.getvalue().rstrip("\n")
    if form == "json":
        return to_json([plain(record) for record in frame.to_dict("records")])
    if form == "md":
        names = list(columns or frame.columns)
        lines = [f"| {' | '.join(names)} |", f"|{'|'.join('---' for _ in names)}|"]
        lines += [
            f"| {' | '.join(_short(value) for value in record)} |"
            for record in records(frame[names])
        ]
        return "\n".join(lines)
    raise ParameterError("format", form, f"one of {', '.join(FORMATS)}")


def to_json(value: Any) -> str:
    """Return JSON text with full precision; missing numbers are null."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """Return a value made of dicts, lists, strings, numbers and None alone."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, pd.DataFrame):
        return [plain(record) for record in value.to_dict("records")]
    if value is None or value is pd.NA:
        return None
    if isinstance(value, Remark):
        return {"kind": value.kind.value, "text": words_of(value.text)}
    if isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "; ".join(str(_flat(one)) for one in value)
    value = words_of(value.text) if isinstance(value, Remark) else plain(value)
    return "" if value is None else value


def _csv(value: Any) -> str:
    flat = _flat(value)
    return repr(flat) if isinstance(flat, float) else csv_cell(str(flat))


def _short(value: Any) -> str:
    flat = _flat(value)
    return fixed(flat) if isinstance(flat, float) else markdown(str(flat))
