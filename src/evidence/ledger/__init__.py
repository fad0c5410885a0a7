"""The ledger: every number of a report that has an id, one row each, on the scale of readers."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from evidence.data import atomic
from evidence.data.provenance import union
from evidence.errors import DataError, Fault, ParameterError, RenderError
from evidence.terms import EntryKind, Favors

TOLERANCE = 1e-9
"""How far a number may move before it counts as another: absolute or relative, the larger."""

_ID = re.compile(r"[a-z0-9_.]+")
# A spreadsheet computes a cell that starts so, also behind spaces; the wide forms are the same
# characters of East Asian keyboards.
_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|\s")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

HETEROGENEITY = ("q", "q_df", "q_p", "tau2", "i2", "se")
"""Columns of what a model says beside its estimate, which ledgers of earlier versions have not."""
_WITH_HETEROGENEITY = (EntryKind.POOLED, EntryKind.STRESS_TEST, EntryKind.STRESS_END)
_FLOATS = ("effect", "ci_low", "ci_high", "ci_level", "p_value", "q", "q_p", "tau2", "i2", "se")
_COUNTS = ("k", "n", "q_df")
_SIDES = {
    "difference": (Favors.ABOVE_0, Favors.BELOW_0),
    "ratio": (Favors.ABOVE_1, Favors.BELOW_1),
}
_NOT_IN_0_1 = {"entry_kind": EntryKind.TRIAL, "favors": "", "p_note": "", "counts": ""}
"""Columns that ledgers of version 0.1.0 have not, and what stands for them."""
_LISTS = ("trial_ids", "result_ids", "locator_ids", "correction_ids", "reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One number of a report.

    Numbers are kept to 12 significant digits and none beyond the twelfth decimal, a P below one in
    a million to 6 digits: processors differ in the last ones, and two machines write one file.

    Attributes
    ----------
    estimate_id : str
        Unique and stable; lower-case letters, digits, underscores and dots.
    label : str
        What the number is, in words.
    entry_kind : EntryKind
        What it is: the estimate of a trial, a pooled one, a stress test ...
    metric : str
        As ``hedges_g``, ``odds_ratio``, ``mean_difference``.
    scale : str
        ``difference``, ``ratio`` or ``proportion``: what readers quote, never a logarithm.
    favors : str
        ``above_0``, ``below_0``, ``above_1`` or ``below_1``: where the number favors the
        intervention (a change: where the effect is larger at follow-up); empty where no side does.
        Below for what is counted of a harm, as suicide attempts.
    effect : float
        As readers quote it.
    ci_low, ci_high, ci_level : float or None
        Interval and its level from 0 to 1; None where there is none.
    p_value : float or None
        Two-sided.
    p_note : str
        How the P was made and what another test gives, where that is not the P of the interval by
        its own quantile; empty elsewhere.
    k, n : int or None
        Trials and participants; None where not known.
    q, q_df, q_p, tau2, i2 : float, int or None
        Of pooled numbers: Q, its degrees of freedom and P, the variance between trials, and I2 from
        0 to 1; None where the model has none, and of every number that is no result of a model.
    se : float or None
        Standard error of the same; of a ratio that of its logarithm.
    counts : str
        Events of participants behind it, as "2 of 66 against 4 of 63".
    comparator, comparator_class, timepoint : str
        What it was compared with, and when.
    processing : str
        ``printed``, ``converted``, ``reconstructed`` or ``imputed``.
    method : str
        How it was computed, in a few words.
    trial_ids, result_ids, locator_ids, correction_ids : tuple of str
        Where it comes from.
    reports : tuple of str
        Reports that show it.
    data_version : str
        Version of the data package.

    Raises
    ------
    ParameterError
        If the id has other characters, a number is not finite, the side is none of the scale, or
        the kind is none.
    """

    estimate_id: str
    label: str
    entry_kind: EntryKind
    metric: str
    scale: str
    favors: str = ""
    effect: float
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float | None = None
    p_value: float | None = None
    p_note: str = ""
    k: int | None = None
    n: int | None = None
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    tau2: float | None = None
    i2: float | None = None
    se: float | None = None
    counts: str = ""
    comparator: str = ""
    comparator_class: str = ""
    timepoint: str = ""
    processing: str
    method: str
    trial_ids: tuple[str, ...] = ()
    result_ids: tuple[str, ...] = ()
    locator_ids: tuple[str, ...] = ()
    correction_ids: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    data_version: str

    def __post_init__(self) -> None:
        """Refuse what cannot be written, and turn numbers of numpy into plain ones."""
        if not _ID.fullmatch(self.estimate_id):
            raise ParameterError(
                "estimate_id", self.estimate_id, "lower-case letters, digits, _ and . only"
            )
        if self.entry_kind not in {*EntryKind}:
            raise ParameterError(
                f"{self.estimate_id}, entry_kind", self.entry_kind, f"one of {', '.join(EntryKind)}"
            )
        object.__setattr__(self, "entry_kind", EntryKind(self.entry_kind))
        if self.entry_kind not in _WITH_HETEROGENEITY:
            # What is made from a pooled number (a share, points of a scale) has other errors.
            for name in HETEROGENEITY:
                object.__setattr__(self, name, None)
        for name in _FLOATS:
            value = getattr(self, name)
            if value is None and name != "effect":
                continue
            if value is None or not math.isfinite(value):
                raise ParameterError(
                    f"{self.estimate_id}, {name}", value, "a finite number, or None for a limit"
                )
            object.__setattr__(self, name, _kept(float(value), is_p=name in ("p_value", "q_p")))
        if self.favors and self.favors not in _SIDES.get(self.scale, ()):
            raise ParameterError(
                f"{self.estimate_id}, favors", self.favors, f"a side that a {self.scale} has"
            )
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, int(value))
        for name in _LISTS:
            object.__setattr__(self, name, tuple(getattr(self, name)))


def _kept(value: float, *, is_p: bool) -> float:
    if is_p:
        # Far out in a tail the last digits of a statistic are a multiple of those of its P.
        return float(f"{value:.{12 if value >= 1e-6 else 6}g}")
    return round(float(f"{value:.12g}"), 12) + 0.0  # no negative zero


COLUMNS = tuple(field.name for field in fields(LedgerEntry))
"""Columns of the file, in order."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A value that no longer stands, a row of ``superseded.csv``.

    Attributes
    ----------
    estimate_id : str
        Whose value it was.
    effect, ci_low, ci_high : float or None
        The value with its limits, as readers quoted them; a limit is None where there was none.
    data_version, package_version : str
        Versions that it stood under; the second is empty where it is not known.
    until : date
        Day on which it ceased to stand.
    reason : str
        Why; empty in files of version 0.1.0.
    """

    estimate_id: str
    effect: float
    ci_low: float | None
    ci_high: float | None
    data_version: str
    package_version: str
    until: date
    reason: str


SUPERSEDED = tuple(field.name for field in fields(Superseded))
"""Columns of ``superseded.csv``, in order."""


def _finite(cell: str) -> float:
    if not math.isfinite(value := float(cell)):
        raise ValueError(cell)
    return value


def _id(cell: str) -> str:
    if not _ID.fullmatch(cell):
        raise ValueError(cell)
    return cell


def _text(cell: str) -> str:
    if not cell.strip():
        raise ValueError(cell)
    return cell


_KINDS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "estimate_id": (_id, "lower-case letters, digits, _ and . only"),
    "effect": (_finite, "a finite number"),
    "ci_low": (lambda cell: _finite(cell) if cell else None, "a finite number, or nothing"),
    "ci_high": (lambda cell: _finite(cell) if cell else None, "a finite number, or nothing"),
    "data_version": (_text, "the version of the data"),
    "package_version": (str, "text"),
    "until": (date.fromisoformat, "a date, as 2026-11-24"),
    "reason": (str, "text"),
}
"""What reads a cell of ``superseded.csv``, and what is accepted."""

_VALUES = tuple(name for name in COLUMNS if name not in ("reports", "data_version"))
_MOVING = ("metric", "scale", *_FLOATS, *_COUNTS)


@dataclass(frozen=True, slots=True)
class Moved:
    """One field of one number that differs between two ledgers."""

    estimate_id: str
    field: str
    old: object
    new: object

    def __str__(self) -> str:
        """Return the change as one line."""
        return f"{self.estimate_id}: {self.field} {self.old!r} -> {self.new!r}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two ledgers: fields that changed, ids that came and went."""

    changed: tuple[Moved, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def moved(self) -> tuple[Moved, ...]:
        """Changes of the number itself; the others are of its words and origin."""
        return tuple(one for one in self.changed if one.field in _MOVING)

    @property
    def superseded(self) -> tuple[str, ...]:
        """Ids whose old values no longer stand."""
        return tuple(sorted({one.estimate_id for one in self.moved} | set(self.removed)))


def csv_cell(text: str) -> str:
    """Return text for a cell of an exported CSV file, so that no spreadsheet computes it.

    Text that starts as a formula does gets an apostrophe before it; a plain number stays.

    Examples
    --------
    >>> csv_cell("=1+1")
    "'=1+1"
    >>> csv_cell("-0.28")
    '-0.28'
    """
    text = text.replace("\0", "\ufffd")
    if _NUMBER.fullmatch(text) or not _FORMULA.match(text):
        return text
    return f"'{text}"


def _plain(cell: str) -> str:
    """Undo `csv_cell`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def to_json(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as JSON has it: lists for tuples, null for what is missing."""
    return {
        name: list(value) if isinstance(value := getattr(entry, name), tuple) else value
        for name in COLUMNS
    }


def from_json(item: Mapping[str, Any]) -> LedgerEntry:
    """Return the entry that `to_json` wrote, in this version or before.

    Raises
    ------
    RenderError
        If fields are missing or unknown.
    """
    values: dict[str, Any] = {**dict.fromkeys(HETEROGENEITY), **item}
    if set(values) != set(COLUMNS):
        wrong = ", ".join(sorted(set(values) ^ set(COLUMNS)))
        raise RenderError(f"a number of a report has missing or unknown fields: {wrong}")
    return LedgerEntry(**values)


def to_csv(entries: Iterable[LedgerEntry]) -> str:
    """Return the ledger as CSV, sorted by id."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in sorted(entries, key=lambda one: one.estimate_id):
        writer.writerow(_cell(getattr(entry, name)) for name in COLUMNS)
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float | int):
        return repr(value)
    return csv_cell("; ".join(value) if isinstance(value, tuple) else str(value))


def write(path: Path, entries: Iterable[LedgerEntry]) -> None:
    """Replace the file of the ledger, sorted by id, in one step."""
    atomic.replace(path, to_csv(entries))


def utf8(path: Path) -> str:
    """Return the text of a file that a build has written, its line ends as they are.

    Raises
    ------
    DataError
        If it is no text in UTF-8, or has NUL characters: another program has changed it.
    """
    content = path.read_bytes()
    try:
        if (at := content.find(b"\0")) < 0:
            return content.decode("utf-8-sig")
        value, expected = "U+0000", "text without NUL characters"
    except UnicodeDecodeError as error:
        at = error.start
        value, expected = f"byte 0x{content[at]:02X}", "text in UTF-8"
    row = content.count(b"\n", 0, at) + 1
    raise DataError([Fault(path.name, row, None, value, expected)], path.name)


def table(
    path: Path, columns: tuple[str, ...], *, later: str = ""
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a file beside the ledger, each with its line; none where there is no file.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        Its columns, all and in this order.
    later : str
        A column that files of version 0.1.0 have not; "" stands for it.

    Raises
    ------
    DataError
        If it has another header, a row with more or fewer cells, or is no CSV.
    """
    if not path.is_file():
        return []
    accepted = [list(columns), [one for one in columns if one != later]]
    reader = csv.reader(io.StringIO(utf8(path), newline=""), strict=True)
    found, faults = [], []
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if line == 1:
                header = cells
            elif len(cells) == len(header):
                row = dict.fromkeys(columns, "") | dict(zip(header, cells, strict=True))
                found.append((line, row))
            else:
                expected = f"{len(header)}, as the header has"
                faults.append(Fault(path.name, line, None, f"{len(cells)} cells", expected))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(path.name, line, None, None, f"CSV ({error})"))
    if header not in accepted and (header or not faults):
        expected = f"the columns {', '.join(columns)}"
        faults = [Fault(path.name, 1, None, ",".join(header), expected)]
    if faults:
        raise DataError(faults, path.name)
    return found


def read_superseded(path: Path) -> tuple[Superseded, ...]:
    """Return the values that no longer stand; none where there is no file.

    Raises
    ------
    DataError
        If it is no such file, or a cell is not what its column holds.
    """
    found, faults = [], []
    for line, row in table(path, SUPERSEDED, later="reason"):
        values: dict[str, Any] = {}
        for name, (made, expected) in _KINDS.items():
            try:
                values[name] = made(row[name])
            except ValueError:
                faults.append(Fault(path.name, line, name, row[name], expected))
        if len(values) == len(_KINDS):
            found.append(Superseded(**values))
    if faults:
        raise DataError(faults, path.name)
    return tuple(found)


def superseded_csv(rows: Iterable[Superseded]) -> str:
    """Return values that no longer stand as the text of their file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(SUPERSEDED)
    for row in rows:
        cells = (getattr(row, name) for name in SUPERSEDED)
        writer.writerow(
            "" if one is None else repr(one) if isinstance(one, float) else str(one)
            for one in cells
        )
    return buffer.getvalue()


def read(path: Path, *, earlier: bool = False) -> tuple[LedgerEntry, ...]:
    """Return the entries of a file, with or without `HETEROGENEITY`.

    Parameters
    ----------
    path : Path
        The file.
    earlier : bool
        Whether a file of version 0.1.0 is read too. It does not say of what kind its numbers are,
        so that they are there to be compared, not to be cited.

    Raises
    ------
    DataError
        If columns or values are not those of a ledger.
    """
    reader = csv.DictReader(io.StringIO(utf8(path), newline=""))
    found, faults = [], []
    try:
        given = tuple(reader.fieldnames or ())
        before = tuple(one for one in COLUMNS if one not in HETEROGENEITY)
        old = tuple(one for one in before if one not in _NOT_IN_0_1)
        if given not in (COLUMNS, before) and not (earlier and given == old):
            expected = f"the columns {', '.join(COLUMNS)}"
            raise DataError([Fault(path.name, 1, None, None, expected)])
        for row in reader:
            try:
                found.append(_entry(row))
            except (TypeError, ValueError, AttributeError, ParameterError) as error:
                faults.append(Fault(path.name, reader.line_num, None, str(error), "a ledger row"))
    except csv.Error as error:
        faults.append(Fault(path.name, reader.line_num + 1, None, None, f"CSV ({error})"))
    if faults:
        raise DataError(faults)
    return tuple(found)


def _entry(row: Mapping[str, str]) -> LedgerEntry:
    values: dict[str, Any] = dict(_NOT_IN_0_1)
    for name, cell in row.items():
        if name in _FLOATS:
            values[name] = float(cell) if cell else None
        elif name in _COUNTS:
            values[name] = int(cell) if cell else None
        elif name in _LISTS:
            values[name] = tuple(_plain(cell).split("; ")) if cell else ()
        else:
            values[name] = _plain(cell)
    return LedgerEntry(**values)


def merge(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Return one entry per id, with all reports that show it, sorted by id.

    Raises
    ------
    RenderError
        If one id stands for two values; the message names both and their reports.
    """
    found: dict[str, LedgerEntry] = {}
    # Sorted, so that the result does not depend on which report was ready first.
    for entry in sorted(entries, key=lambda one: (one.estimate_id, one.reports, repr(one))):
        known = found.setdefault(entry.estimate_id, entry)
        if known is entry:
            continue
        known, entry = _in_this_version(known, entry), _in_this_version(entry, known)
        for name in _VALUES:
            old, new = getattr(known, name), getattr(entry, name)
            if not _same(old, new, TOLERANCE):
                raise RenderError(
                    f"one id stands for two values: {entry.estimate_id} has {name} {old!r} in "
                    f"{_reports(known)} and {new!r} in {_reports(entry)}"
                )
        reports = tuple(sorted(union([known.reports, entry.reports])))
        found[entry.estimate_id] = replace(known, reports=reports)
    return tuple(found.values())


def _beside(entry: LedgerEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in HETEROGENEITY}


def _in_this_version(entry: LedgerEntry, other: LedgerEntry) -> LedgerEntry:
    """Return an entry with `HETEROGENEITY` of the other, where an earlier version wrote it."""
    earlier = not any(one is not None for one in _beside(entry).values())
    return replace(entry, **_beside(other)) if earlier else entry


def _reports(entry: LedgerEntry) -> str:
    return ", ".join(entry.reports) or "no report"


def _same(old: object, new: object, tolerance: float) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=tolerance, abs_tol=tolerance)
    return old == new


def compare(
    old: Iterable[LedgerEntry], new: Iterable[LedgerEntry], tolerance: float = TOLERANCE
) -> Comparison:
    """Return what differs between two ledgers.

    Parameters
    ----------
    old, new : iterable of LedgerEntry
        Each id at most once.
    tolerance : float
        How far a number may move, absolute or relative, the larger.

    Returns
    -------
    Comparison
        Of every column; labels, methods and origins may change without a number having moved.

    Raises
    ------
    ParameterError
        If an id stands twice in one ledger.
    """
    before, after = _by_id("old", old), _by_id("new", new)
    # Columns that an earlier version did not have are no numbers that moved.
    before |= {key: _in_this_version(before[key], after[key]) for key in before.keys() & after}
    changed = tuple(
        Moved(key, name, getattr(before[key], name), getattr(after[key], name))
        for key in sorted(before.keys() & after.keys())
        for name in COLUMNS
        if not _same(getattr(before[key], name), getattr(after[key], name), tolerance)
    )
    return Comparison(
        changed,
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
    )


def _by_id(name: str, entries: Iterable[LedgerEntry]) -> dict[str, LedgerEntry]:
    listed = sorted(entries, key=lambda one: one.estimate_id)
    for one, two in pairwise(listed):
        if one.estimate_id == two.estimate_id:
            raise ParameterError(name, one.estimate_id, "each id once")
    return {one.estimate_id: one for one in listed}
