"""A comparison of two states of the data as text: for the changelog, and for machines."""

from typing import Any

import pandas as pd

from evidence.blocks.escape import markdown
from evidence.errors import ParameterError
from evidence.language import estimate, fixed
from evidence.ledger.entries import quoted_numbers
from evidence.manuscripts.diff import Cell, Diff, Moved
from evidence.terminal import FORMATS, render, to_json

__all__ = ["FORMATS", "as_text"]

COLUMNS = ("kind", "id", "field", "old", "new", "difference", "cells")
"""Columns of the CSV: one row per value that moved, conclusion that changed, cell that differs."""

_MOST_DIGITS = 9
_QUOTED = ("effect", "ci_low", "ci_high")


def as_text(diff: Diff, form: str) -> str:
    """Return a comparison as text.

    Parameters
    ----------
    diff : Diff
        The comparison.
    form : {"csv", "json", "md"}
        CSV and JSON hold every value at full precision on the scale of `evidence.estimates`
        (ratios as logarithms); Markdown is the changelog's text, on the scale that readers quote.

    Raises
    ------
    ParameterError
        If the form is unknown.
    """
    if form == "csv":
        return render(pd.DataFrame(_rows(diff), columns=list(COLUMNS), dtype=object), form)
    if form == "json":
        return to_json(as_record(diff))
    if form == "md":
        return as_markdown(diff)
    raise ParameterError("format", form, f"one of {', '.join(FORMATS)}")


def as_record(diff: Diff) -> dict[str, Any]:
    """Return a comparison as dicts and lists, values at full precision."""
    return {
        "old": {"name": diff.old.name, "data_version": diff.old.dataset.version},
        "new": {"name": diff.new.name, "data_version": diff.new.dataset.version},
        "moved": [
            {
                "estimate_id": one.estimate_id,
                "metric": one.metric,
                "fields": {name: _values(one, name) for name in one.fields},
                "cells": [_cell(cell) for cell in one.cells],
            }
            for one in diff.moved
        ],
        "conclusions": [
            {
                "kind": one.kind,
                "id": one.subject,
                "old": one.old,
                "new": one.new,
                "cells": [_cell(cell) for cell in one.cells],
            }
            for one in diff.conclusions
        ],
        "cells": [_cell(cell) for cell in diff.cells],
    }


def as_markdown(diff: Diff) -> str:
    """Return a comparison as a section of the changelog."""
    old, new = diff.old, diff.new
    lines = [
        "### Numbers that moved",
        "",
        f"From {markdown(old.name)} (data {old.dataset.version}) to {markdown(new.name)} "
        f"(data {new.dataset.version}).",
        "",
    ]
    if diff.moved:
        lines += [f"- `{one.estimate_id}`: {_move(one)}{_because(one.cells)}" for one in diff.moved]
    else:
        lines.append("None.")
    if diff.conclusions:
        lines += ["", "Conclusions that changed:", ""]
        lines += [
            f"- {one.kind}, `{one.subject}`: {one.old or '(none)'} -> {one.new or '(none)'}"
            f"{_because(one.cells)}"
            for one in diff.conclusions
        ]
    if diff.cells:
        lines += ["", "Cells that differ:", ""]
        lines += [f"- {_code(cell)}" for cell in diff.cells]
    return "\n".join(lines)


def _because(cells: tuple[Cell, ...]) -> str:
    return f" (by {'; '.join(map(_code, cells))})" if cells else ""


def _code(cell: Cell) -> str:
    """Return a cell as a code span, in which ids need no escaping."""
    return f"`{' '.join(str(cell).replace('`', '').split())}`"


def _move(one: Moved) -> str:
    """Return a move in words: the estimate where it moved, else the values beside it that did."""
    if one.old is None:
        return f"new, {_estimate(one, 'new', 2)}"
    if one.new is None:
        return f"no longer there, was {_estimate(one, 'old', 2)}"
    parts = []
    if set(one.fields) & set(_QUOTED):
        # As many decimals as it takes to show each value that moved.
        digits = next((n for n in range(2, _MOST_DIGITS) if _shows(one, n)), _MOST_DIGITS)
        old, new = _estimate(one, "old", digits), _estimate(one, "new", digits)
        parts.append(f"{old} -> {new}{_by(one, digits)}")
    # A standard error says nothing that its interval does not.
    beside = [name for name in one.fields if name not in (*_QUOTED, "se")]
    parts += [f"{name} {_beside(one, name)}" for name in beside]
    return "; ".join(parts) or f"se {_beside(one, 'se')}"


def _shows(one: Moved, digits: int) -> bool:
    """Whether every quoted value that moved differs with so many decimals."""
    places = digits - (one.metric == "risk_difference")
    pairs = [
        [_on_scale(one, side.get(name)) for side in (one.old or {}, one.new or {})]
        for name in _QUOTED
        if name in one.fields
    ]
    return all(fixed(old, places) != fixed(new, places) for old, new in pairs)


def _estimate(one: Moved, side: str, digits: int) -> str:
    values = getattr(one, side)
    effect, low, high = (values.get(name) for name in _QUOTED)
    extra = 1 if one.metric == "risk_difference" else 0
    if effect is None:
        return "no point estimate"
    numbers = quoted_numbers(one.metric, one.more_is, effect, low, high)[:3]
    return estimate(*numbers, digits - extra)


def _by(one: Moved, digits: int) -> str:
    """Return how far the effect moved, in the unit in which it is shown; nothing for ratios."""
    if one.metric.startswith("log_") or "effect" not in one.fields:
        return ""
    moved = _on_scale(one, one.difference("effect"))
    if moved is None:
        return ""
    shown = fixed(moved, digits - (one.metric == "risk_difference"))
    return f", by {'+' if moved > 0 else ''}{shown}"


def _beside(one: Moved, name: str) -> str:
    values = [None if side is None else side.get(name) for side in (one.old, one.new)]
    if name in ("k", "n", "n_intervention", "n_comparator"):
        return " -> ".join(fixed(value, 0) for value in values)
    if name in ("effect_low", "effect_high", "low", "high"):
        values = [_on_scale(one, value) for value in values]
    for digits in range(2, _MOST_DIGITS + 1):
        old, new = (fixed(value, digits) for value in values)
        if old != new:
            break
    return f"{old} -> {new}"


def _on_scale(one: Moved, value: float | None) -> float | None:
    return None if value is None else quoted_numbers(one.metric, one.more_is, value)[0]


def _values(one: Moved, name: str) -> dict[str, float | None]:
    old, new = (None if side is None else side.get(name) for side in (one.old, one.new))
    return {"old": old, "new": new, "difference": one.difference(name)}


def _cell(cell: Cell) -> dict[str, str | None]:
    return {
        "table": cell.table,
        "key": cell.key,
        "column": cell.column,
        "old": cell.old,
        "new": cell.new,
    }


def _rows(diff: Diff) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for one in diff.moved:
        cells = [str(cell) for cell in one.cells]
        for name in one.fields:
            values = _values(one, name)
            rows.append(("number", one.estimate_id, name, *values.values(), cells))
    for changed in diff.conclusions:
        cells = [str(cell) for cell in changed.cells]
        rows.append((changed.kind, changed.subject, "", changed.old, changed.new, None, cells))
    for cell in diff.cells:
        rows.append(("cell", f"{cell.table}/{cell.key}", cell.column, cell.old, cell.new, None, []))
    return rows
