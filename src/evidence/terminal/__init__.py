"""Frames, records and lines as CSV, JSON, Markdown, or text that fits the width of a terminal."""

import csv
import io
import json
import math
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from unicodedata import combining, east_asian_width

import pandas as pd

from evidence.blocks.escape import markdown
from evidence.data.records import records
from evidence.data.safety import ID, visible
from evidence.errors import ParameterError
from evidence.language import fixed, listed
from evidence.ledger import csv_cell
from evidence.terms import Remark, words_of

FORMATS = ("csv", "json", "md")

FORMS = (*FORMATS, "text")
"""Forms of a command whose output a terminal shows in its width: text."""

WIDEST_CELL = 40
"""A column with wider cells than this has lines of its own, above or below the row."""

FEWEST_COLUMNS = 40
"""Width that is used in the narrowest terminal."""

_HEADS = {"label": "trial", "n_intervention": "n int.", "n_comparator": "n comp."}


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a list."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of some columns of a frame, of all where none is named."""

    frame: pd.DataFrame
    columns: tuple[str, ...] = ()

    def rows(self) -> tuple[list[str], list[list[Any]]]:
        """Return the names of its columns, and its cells without lists, remarks and missing."""
        names = list(self.columns or self.frame.columns)
        return names, [[_flat(one) for one in record] for record in records(self.frame[names])]


Part = str | Item | Table
"""What a command says: a line (an empty one parts), a point of a list, a table."""


def render(frame: pd.DataFrame, form: str, columns: tuple[str, ...] = ()) -> str:
    """Return a frame as text.

    Parameters
    ----------
    frame : DataFrame
        What to show.
    form : {"csv", "json", "md", "text"}
        CSV and JSON hold every column at full precision; Markdown and text are for reading.
    columns : tuple of str
        Columns of the table for reading; all if empty.

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
    return page([Table(frame, columns)], form)


def page(parts: Iterable[Part], form: str, width: int | None = None) -> str:
    """Return what a command says, for reading.

    Parameters
    ----------
    parts : iterable of str, Item or Table
        What it says, not escaped.
    form : {"md", "text"}
        Markdown, in which all of it is text and never markup, or lines as wide as a terminal. There
        words are parted where lines end and columns that are empty have no place; an id is whole
        in one line, to be copied.
    width : int, optional
        Columns of the terminal; its own where none is given.

    Raises
    ------
    ParameterError
        If the form is unknown.
    """
    if form == "md":
        return "\n".join(line for part in parts for line in _markdown(part))
    if form == "text":
        room = max(width or shutil.get_terminal_size().columns, FEWEST_COLUMNS)
        return "\n".join(line.rstrip() for part in parts for line in _text(part, room))
    raise ParameterError("format", form, f"one of {', '.join(FORMS)}")


def left_out(frame: pd.DataFrame) -> list[Part]:
    """Return what was left out: each reason once, with how many it is said of, and which."""
    by_reason: dict[str, list[str]] = {}
    for row in records(frame):
        by_reason.setdefault(str(row.reason), []).append(str(row.estimate_id))
    items: list[Part] = [
        Item(f"{reason}{f' ({len(ids)})' * (len(ids) > 1)}: {', '.join(ids)}")
        for reason, ids in by_reason.items()
    ]
    return ["", f"Left out ({len(frame)})", *items]


def remarks(frame: pd.DataFrame) -> list[Part]:
    """Return the remarks on estimates: each once, with the trials that it is said of."""
    by_text: dict[str, dict[str, None]] = {}
    for row in records(frame):
        for one in row.remarks:
            by_text.setdefault(words_of(one.text), {})[str(row.label)] = None
    said: list[Part] = [Item(f"{listed(labels)}: {text}") for text, labels in by_text.items()]
    return ["", "Remarks", *said] if said else []


def _markdown(part: Part) -> Iterator[str]:
    if isinstance(part, Table):
        names, rows = part.rows()
        yield f"| {' | '.join(names)} |"
        yield f"|{'|'.join('---' for _ in names)}|"
        for row in rows:
            yield f"| {' | '.join(markdown(_shown(one)) for one in row)} |"
    else:
        yield f"- {markdown(part.text)}" if isinstance(part, Item) else markdown(part)


def _text(part: Part, width: int) -> Iterator[str]:
    if isinstance(part, Table):
        yield from _aligned(part, width)
    elif isinstance(part, Item):
        yield from _wrapped(f"- {part.text}", width, "  ")
    else:
        yield from _wrapped(part, width) or [""]


def _aligned(table: Table, width: int) -> Iterator[str]:
    names, rows = table.rows()
    cells = [[_worded(name, one) for name, one in zip(names, row, strict=True)] for row in rows]
    heads = [_HEADS.get(name, name.replace("_", " ")) for name in names]
    widest = [max(map(_columns, column)) for column in zip(*cells, strict=True)] or [0] * len(names)
    above = [0] if widest[0] > WIDEST_CELL else []
    below = [at for at, one in enumerate(widest) if one > WIDEST_CELL and at not in above]
    inside = [at for at, one in enumerate(widest) if 0 < one <= WIDEST_CELL]
    indent = "  " * bool(above)
    words = [
        max((_columns(word) for row in [heads, *cells] for word in row[at].split()), default=0)
        for at in range(len(names))
    ]
    room = width - len(indent) - 2 * (len(inside) - 1)
    wide = {at: max(widest[at], _columns(heads[at])) for at in inside}
    while sum(wide.values()) > room:
        at = max(inside, key=lambda one: (wide[one] - words[one], wide[one]))
        if wide[at] <= words[at]:
            break
        wide[at] -= 1
    right = {
        at for at in inside if not any(isinstance(row[at], str) and row[at] != "" for row in rows)
    }
    fits = sum(wide.values()) <= room
    yield from (heads[at] for at in above)
    if fits and inside:
        yield from _row(heads, wide, right, indent)
    for row in cells:
        yield from (row[at] for at in above)
        if fits:
            yield from _row(row, wide, right, indent)
        else:
            pairs = "; ".join(f"{heads[at]} {row[at]}" for at in inside if row[at])
            yield from _wrapped(f"{indent}{pairs}", width, "  ")
        for at in below:
            if row[at]:
                yield from _wrapped(f"    {heads[at]}: {row[at]}", width, "    ")


def _row(cells: Sequence[str], wide: Mapping[int, int], right: set[int], indent: str) -> list[str]:
    columns = [_wrapped(cells[at], room) for at, room in wide.items()]
    return [
        indent
        + "  ".join(
            f"{' ' * (room - _columns(one))}{one}" if at in right else
            f"{one}{' ' * (room - _columns(one))}"
            for one, (at, room) in zip(line, wide.items(), strict=True)
        )
        for line in zip_longest(*columns, fillvalue="")
    ]  # fmt: skip


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    lead = text[: len(text) - len(text.lstrip(" "))]
    return textwrap.wrap(
        visible(text).strip(" "),
        width,
        initial_indent=lead,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in ("W", "F") else 1 for one in text
    )


def _worded(name: str, value: Any) -> str:
    """Return a cell for a terminal: terms in words, ids as they are."""
    text = " ".join(visible(_shown(value)).split())
    is_term = not name.endswith("_id") and isinstance(value, str) and ID.fullmatch(text)
    return text.replace("_", " ") if is_term else text


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


def _shown(value: Any) -> str:
    return fixed(value) if isinstance(value, float) else str(value)
