"""Numbers that move while the version of the data stays: found before a build, said in short."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidence.analysis.missing_numbers import main_analyses
from evidence.data.atomic import replace_all
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.language import estimate, fixed
from evidence.ledger import Comparison, LedgerEntry, compare
from evidence.ledger.entries import of_analysis, of_estimate
from evidence.terms import EntryKind

SHOWN = 5
"""Numbers that the message names; its file has all."""

_MOST_DIGITS = 12


def foreseen(dataset: Dataset, old: Sequence[LedgerEntry]) -> Comparison:
    """Return which numbers of a ledger the data move, without running a notebook.

    The main analyses and the trial-level estimates are made again, in a second; all that is made
    from them moves with them.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    old : sequence of LedgerEntry
        The ledger; numbers that it does not have are no part of the comparison.
    """
    frame = estimates(dataset)
    known = {one.estimate_id: one for one in old}
    rows = frame[frame.estimate_id.isin(known) & frame.effect.notna()]
    made = [of_analysis(one, dataset) for one in main_analyses(dataset, frame)]
    made += [of_estimate(row, dataset) for row in records(rows)]
    now = {one.estimate_id: one for one in made if one.estimate_id in known}
    return compare([known[one] for one in now], now.values())


def message(
    comparison: Comparison, *, old: Sequence[LedgerEntry], file: Path, root: Path, before: bool
) -> str:
    """Return which numbers moved, pooled ones first and rounded, and how to go on.

    Parameters
    ----------
    comparison : Comparison
        Of the old ledger with the new one.
    old : sequence of LedgerEntry
        The old ledger.
    file : Path
        Where all that moved is written, with all digits.
    root : Path
        Folder of the project.
    before : bool
        Whether no notebook has run yet.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    known = {one.estimate_id: one for one in old}
    ids = sorted(
        comparison.superseded, key=lambda one: (known[one].entry_kind != EntryKind.POOLED, one)
    )
    moved: dict[str, dict[str, tuple[object, object]]] = {one: {} for one in ids}
    for one in comparison.moved:
        moved[one.estimate_id][one.field] = (one.old, one.new)
    versions = ", ".join(sorted({known[one].data_version for one in ids}))
    lines = [
        f"numbers moved while the version of the data stayed at {versions}; nothing was "
        f"{'built' if before else 'replaced'}",
        *(f"  {known[one].label}: {_said(known[one], moved[one])} ({one})" for one in ids[:SHOWN]),
    ]
    every = [*map(str, comparison.moved), *(f"{one}: not shown" for one in comparison.removed)]
    replace_all({file: "\n".join(every) + "\n"})
    if len(ids) > SHOWN:
        lines.append(f"  and {len(ids) - SHOWN} more; all are in {file.relative_to(root)}")
    if before:
        lines.append("  What is made from these moves with them.")
    return "\n".join(
        [
            *lines,
            "If the data are right, raise version in datapackage.json; if not, take the change "
            "back. If a method was changed on purpose, say why in reports/reasons.csv and build "
            "with --accept. The old values are then kept in reports/superseded.csv.",
        ]
    )


def _said(entry: LedgerEntry, fields: dict[str, tuple[object, object]]) -> str:
    """Return a move in as few decimals as show it; of one that is no longer there, that it went."""
    if not fields:
        return "no longer shown"
    number = ("effect", "ci_low", "ci_high")
    if fields.keys() & {*number}:
        was, now = (
            tuple(fields.get(name, (getattr(entry, name),) * 2)[side] for name in number)
            for side in (0, 1)
        )
        for digits in range(2, _MOST_DIGITS):
            before, after = _shown(was, digits), _shown(now, digits)
            if before != after:
                break
        return f"{before} -> {after}"
    return "; ".join(
        f"{name} {_plain(before)} -> {_plain(after)}" for name, (before, after) in fields.items()
    )


def _shown(numbers: tuple[Any, ...], digits: int) -> str:
    effect, low, high = numbers
    return estimate(effect, low, high, digits)


def _plain(value: object) -> str:
    return fixed(value, 4) if isinstance(value, float) else "none" if value is None else str(value)
