"""Values that no longer stand, kept so that whoever cited them can find them."""

import csv
import io
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from evidence.ledger import Comparison, LedgerEntry

COLUMNS = (
    "estimate_id",
    "effect",
    "ci_low",
    "ci_high",
    "data_version",
    "package_version",
    "until",
)
"""Columns of ``superseded.csv``."""

_GENERATOR = re.compile(r'<meta name="generator" content="\S+ (\S+?)">')


def package_version(index: Path) -> str:
    """Return the package version that a page was made by; empty where there is no such page."""
    try:
        found = _GENERATOR.search(index.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    return found[1] if found else ""


def text(path: Path) -> str:
    """Return the file of superseded values as it is, or its header alone where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ",".join(COLUMNS) + "\n"


def appended(
    before: str, comparison: Comparison, old: Iterable[LedgerEntry], package_version: str
) -> str:
    """Return the file with the old values of all numbers that moved or went.

    Parameters
    ----------
    before : str
        The file so far.
    comparison : Comparison
        Of the old ledger with the new one.
    old : iterable of LedgerEntry
        The old ledger.
    package_version : str
        That it was made by.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), tz=UTC) if epoch else datetime.now(tz=UTC)
    entries = {one.estimate_id: one for one in old}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for estimate_id in comparison.superseded:
        one = entries[estimate_id]
        numbers = ("" if n is None else repr(n) for n in (one.effect, one.ci_low, one.ci_high))
        writer.writerow(
            (estimate_id, *numbers, one.data_version, package_version, now.date().isoformat())
        )
    return before + buffer.getvalue()
