"""Values that no longer stand, kept so that whoever cited them can find them."""

import csv
import io
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from evidence.errors import DataError, Fault
from evidence.ledger import SUPERSEDED, Comparison, LedgerEntry, table

REASONS = ("data_version", "ids", "reason")
"""Columns of ``reasons.csv``: why numbers that stood under a version of the data moved by a change
of method. ``ids`` is a pattern of ids, with ``*`` for anything."""

_GENERATOR = re.compile(r'<meta name="generator" content="\S+ (\S+?)">')


def package_version(index: Path) -> str:
    """Return the package version that a page was made by; empty where there is no such page."""
    try:
        found = _GENERATOR.search(index.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return ""
    return found[1] if found else ""


def _reasons(path: Path) -> list[dict[str, str]]:
    """Return the rows of ``reasons.csv``, none of which leaves anything out."""
    rows = table(path, REASONS)
    faults = [
        Fault(path.name, line, name, cell, "text")
        for line, row in rows
        for name, cell in row.items()
        if not cell.strip()
    ]
    if faults:
        raise DataError(faults, path.name)
    return [row for _, row in rows]


def file(
    folder: Path, comparison: Comparison, old: Iterable[LedgerEntry], data_version: str
) -> tuple[str, tuple[str, ...]]:
    """Return ``superseded.csv`` with the old values of all numbers that moved or went, and why.

    Parameters
    ----------
    folder : Path
        Folder of reports, with ``superseded.csv`` so far, ``reasons.csv`` and the old index, which
        says the package version.
    comparison : Comparison
        Of the old ledger with the new one.
    old : iterable of LedgerEntry
        The old ledger.
    data_version : str
        Version of the data that the new one is from.

    Returns
    -------
    str
        The file.
    tuple of str
        Ids of numbers whose reason nothing says: no row of ``reasons.csv``, and not the data,
        whose version stayed, or which moved neither an effect nor a limit.

    Raises
    ------
    DataError
        If either file is not what it should be.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), tz=UTC) if epoch else datetime.now(tz=UTC)
    entries = {one.estimate_id: one for one in old}
    package = package_version(folder / "index.html") if comparison.superseded else ""
    given = _reasons(folder / "reasons.csv")
    rows = [row for _, row in table(folder / "superseded.csv", SUPERSEDED, later="reason")]
    numbers_moved = {
        one.estimate_id for one in comparison.moved if one.field in ("effect", "ci_low", "ci_high")
    }
    without = []
    for estimate_id in comparison.superseded:
        one = entries[estimate_id]
        why = [
            row["reason"]
            for row in given
            if row["data_version"] == one.data_version and fnmatchcase(estimate_id, row["ids"])
        ]
        if not why and estimate_id in comparison.removed:
            why = ["no report shows it any more"]
        if not why and one.data_version != data_version and estimate_id in numbers_moved:
            why = [f"data {one.data_version} became {data_version}"]
        if not why:
            without.append(estimate_id)
        numbers = ("" if n is None else repr(n) for n in (one.effect, one.ci_low, one.ci_high))
        values = (
            *(estimate_id, *numbers, one.data_version, package, now.date().isoformat()),
            "; ".join(why),
        )
        rows.append(dict(zip(SUPERSEDED, values, strict=True)))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, SUPERSEDED, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue(), tuple(without)
