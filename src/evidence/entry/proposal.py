"""An entry against a data package: rows, files as they would become, and every fault."""

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.data import atomic
from evidence.data.dataset import Dataset, load
from evidence.data.validation import Package, read_package
from evidence.data.validation.descriptor import DESCRIPTOR
from evidence.data.validation.keys import REFERENCES, TERMS
from evidence.data.validation.rows import Sheet
from evidence.entry import rows as trial_rows
from evidence.entry.draft import Draft, DraftRow
from evidence.entry.file import Entry, EntryFaults, nearest
from evidence.entry.sections import KEY_OF, SECTIONS
from evidence.errors import DataError, EvidenceError, Fault

BOM = b"\xef\xbb\xbf"

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


def with_rows(
    content: bytes, columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> tuple[bytes, int]:
    """Return a CSV file with rows at its end.

    Parameters
    ----------
    content : bytes
        The file; its line ends and its byte order mark stay.
    columns : sequence of str
        Columns in the order of the file.
    rows : iterable of mappings
        Cells by column, each on one line; a column that is not in it stays empty.

    Returns
    -------
    content : bytes
        The file with the rows.
    line : int
        Line of the first of them; the header is line 1.
    """
    text = content.decode("utf-8")
    end = _line_end(text)
    # Empty lines at the end are no records, but would be between two.
    kept = text.rstrip("\r\n")
    line = len(_LINE_ENDS.findall(kept)) + 2
    written = "".join(_record(row, columns) + end for row in rows)
    return f"{kept}{end}{written}".encode(), line


def with_cells(content: bytes, sheet: Sheet, changes: Mapping[int, Mapping[str, str]]) -> bytes:
    """Return a CSV file with other cells in some of its rows, and all else as it was.

    Parameters
    ----------
    content : bytes
        The file.
    sheet : Sheet
        The same as read.
    changes : mapping of int to mapping
        Cells by column, by the line on which their row starts.
    """
    text = content.decode("utf-8")
    # Records count these as lines; other breaks are letters of a text.
    starts = [0, *(one.end() for one in _LINE_ENDS.finditer(text))]
    end = len(text)
    for row in reversed(sheet.rows):
        start = starts[row.line - 1]
        if row.line in changes:
            whole = text[start:end].rstrip("\r\n")
            # As they stand in the file, with the line breaks that they have there.
            cells = next(csv.reader(io.StringIO(whole, newline="")))
            was = dict(zip(sheet.table.columns, cells, strict=True))
            record = _record({**was, **changes[row.line]}, sheet.table.columns)
            text = text[:start] + record + text[start + len(whole) :]
        end = start
    return text.encode()


def _record(cells: Mapping[str, str], columns: Iterable[str]) -> str:
    buffer = io.StringIO()
    # Only breaks that the writer itself ends lines with are quoted.
    csv.writer(buffer, lineterminator="\r\n").writerow([cells.get(one, "") for one in columns])
    return buffer.getvalue().removesuffix("\r\n")


def with_items(content: bytes, items: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a JSON file, a list of objects, with items at its end, written as those before."""
    text = content.decode("utf-8")
    end = _line_end(text)
    body = text.rstrip()
    kept = body.removesuffix("]").rstrip()
    written = [
        "\n".join(f"  {line}" for line in json.dumps(one, ensure_ascii=False, indent=2).split("\n"))
        for one in items
    ]
    first = "" if kept.endswith("[") else ","
    added = first + "\n" + ",\n".join(written) + "\n]"
    return (kept + added.replace("\n", end) + text[len(body) :]).encode()


def with_version(
    content: bytes, old: str, faults: EntryFaults, *, rows: bool = True
) -> tuple[bytes, str]:
    """Return the descriptor of a data package with its version `raised`, all else as it was.

    A version that is not three numbers, or does not stand there so that it alone can be changed, is
    added to the faults.
    """
    text = content.decode("utf-8")
    described = json.loads(text.removeprefix(BOM.decode()))
    with suppress(ValueError):
        new = raised(old, rows=rows)
        for found in re.finditer(rf'("version"\s*:\s*"){re.escape(old)}(")', text):
            changed = f"{text[: found.start()]}{found[1]}{new}{found[2]}{text[found.end() :]}"
            if json.loads(changed.removeprefix(BOM.decode())) == described | {"version": new}:
                return changed.encode(), new
    expected = "a version such as 1.0.0, to raise"
    faults.add_other(Fault(DESCRIPTOR, None, "version", old, expected))
    return content, old


def raised(version: str, *, rows: bool = True) -> str:
    """Return a version with its middle number raised, as for new rows, else its last one.

    Raises
    ------
    ValueError
        If it is not three numbers with points between.

    Examples
    --------
    >>> raised("1.0.3"), raised("1.0.3", rows=False)
    ('1.1.0', '1.0.4')
    """
    major, minor, last = map(int, version.split("."))
    return f"{major}.{minor + 1}.0" if rows else f"{major}.{minor}.{last + 1}"


def _line_end(text: str) -> str:
    """Return the line end of the last line that has one."""
    ends = _LINE_ENDS.findall(text)
    return ends[-1] if ends else "\n"


class ChangedError(EvidenceError):
    """A data package that is no longer what was read."""


def contents(package: Package, folder: Path) -> dict[str, bytes]:
    """Return the files of a data package by their names."""
    tables = (sheet.table.file for sheet in package.sheets.values())
    return {name: (folder / name).read_bytes() for name in (DESCRIPTOR, REFERENCES, *tables)}


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Files of a data package as they are, and as they would become.

    Attributes
    ----------
    folder : Path
        The data package.
    old, new : mapping of str to bytes
        Its files as they are, and those that change, each after the files that it refers to.
    """

    folder: Path
    old: Mapping[str, bytes] = field(repr=False)
    new: Mapping[str, bytes] = field(repr=False)

    def loaded(self) -> Dataset:
        """Return the data package as it would become.

        Raises
        ------
        DataError
            With its faults, if it would have any.
        """
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {**self.old, **self.new}.items():
                (Path(folder) / name).write_bytes(content)
            return load(folder)

    def put(self) -> None:
        """Write the files, all or none.

        Raises
        ------
        ChangedError
            If an old file is no longer what it was.
        OSError
            If a file cannot be written; the data package then stands as it was.
        """
        for name, content in self.old.items():
            if (self.folder / name).read_bytes() != content:
                raise ChangedError(f"nothing was written: {name} changed since it was read")
        # Each file comes after those that it refers to, so even a power cut between two leaves a
        # package that loads.
        atomic.replace_all({self.folder / name: one for name, one in self.new.items()})


_STEPS = (
    trial_rows.trial,
    trial_rows.publications,
    trial_rows.locators,
    trial_rows.arms,
    trial_rows.facts,
    trial_rows.terms_and_instruments,
    trial_rows.results,
    trial_rows.statistics,
    trial_rows.directions,
    trial_rows.corrections,
    trial_rows.risk_of_bias,
)

ORDER = (
    *("vocabularies", "instruments", "trials", "publications", "locators", "arms", "trial_facts"),
    *("arm_results", "statistics", "directions", "corrections", "risk_of_bias"),
)
"""Tables, each after those that its rows refer to."""

_ELSEWHERE = re.compile(r"(\w+\.csv) row (\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Rows of an entry that fit a data package.

    Attributes
    ----------
    entry : Entry
        What they were made from.
    trial_id : str
        Id of the trial.
    rows : tuple of DraftRow
        Rows to add.
    change : Change
        What would be written.
    before, after : Dataset
        The data package without and with the entry.
    """

    entry: Entry
    trial_id: str
    rows: tuple[DraftRow, ...]
    change: Change
    before: Dataset
    after: Dataset

    def ids(self, column: str) -> set[str]:
        """Return what the rows have in a column."""
        return {row.cells[column] for row in self.rows if column in row.cells}


def propose(entry: Entry, folder: Path) -> Proposal:
    """Make the rows of an entry and check them with the whole data package.

    Parameters
    ----------
    entry : Entry
        As `evidence.entry.file.read_entry` returns it.
    folder : Path
        The data package; nothing in it changes.

    Returns
    -------
    Proposal

    Raises
    ------
    EntryError
        With every fault of the entry: line, section, key, value and what is accepted.
    DataError
        If the data package itself has faults.
    """
    package = read_package(folder)
    before = load(folder)
    old = contents(package, folder)
    draft = Draft(entry, package)
    for step in _STEPS:
        step(draft)
    new: dict[str, bytes] = {}
    if draft.references:
        new[REFERENCES] = with_items(old[REFERENCES], draft.references)
    lines: dict[tuple[str, int], DraftRow] = {}
    for table in ORDER:
        rows = draft.drafted(table)
        if not rows:
            continue
        stated = package.sheets[table].table
        name = stated.file
        new[name], line = with_rows(old[name], tuple(stated.columns), [row.cells for row in rows])
        lines |= {(name, line + at): row for at, row in enumerate(rows)}
    new[DESCRIPTOR], _ = with_version(old[DESCRIPTOR], package.version, entry.faults)
    change = Change(before.path, old, new)
    after = _checked(draft, change, lines)
    entry.faults.raise_any()
    if after is None:
        raise AssertionError("a package without faults loads")
    return Proposal(entry, draft.trial_id, tuple(draft.rows), change, before, after)


def _checked(
    draft: Draft, change: Change, lines: Mapping[tuple[str, int], DraftRow]
) -> Dataset | None:
    """Load the files as they would become; what is wrong with them is told as of the entry."""
    try:
        return change.loaded()
    except DataError as error:
        for fault in error.faults:
            _tell(draft, fault, lines)
    return None


def _tell(draft: Draft, fault: Fault, lines: Mapping[tuple[str, int], DraftRow]) -> None:
    """Add a fault of the data package as one of the part of the entry that its row came from."""
    row = None if fault.row is None else lines.get((fault.file, fault.row))
    if row is None:
        draft.faults.add_other(fault)
        return
    columns = (fault.column or "").split(", ")
    keys = [_key(row, column) for column in columns]
    if any(draft.faults.has(row.part, key) for key in keys):
        return

    def elsewhere(found: re.Match[str]) -> str:
        other = lines.get((found[1], int(found[2])))
        if other is None:
            return found[0]
        line = other.part.line_of(other.arm)
        return f"{other.part.title} {other.arm}".rstrip() + (f" (line {line})" if line else "")

    expected = _ELSEWHERE.sub(elsewhere, fault.expected)
    near = _nearest(draft.package, row, columns[-1], fault.value)
    draft.faults.add(row.part, ", ".join(keys), fault.value, expected + near)


def _key(row: DraftRow, column: str) -> str:
    """Return the key that fills a column, with its arm or fact where it stands inside of one."""
    section, name = row.part.section, row.arm
    key = KEY_OF[section].get(column, column)
    given = row.part.values.get(name)
    inside = isinstance(given, dict) and key in given
    if section == "facts":
        return name if key == "value" and not inside else f"{name}.{key}"
    if section == "result" and (inside or key not in SECTIONS[section].keys):
        return f"{name}.{key}" if key else name
    return key


def _nearest(package: Package, row: DraftRow, column: str, value: str | None) -> str:
    """Return the accepted term nearest to a value, and all of them where an id is unknown."""
    accepted = _accepted(package, row, column)
    if not accepted:
        return ""
    if value is None:
        return f", one of {', '.join(accepted)}"
    near = nearest(value, accepted)
    listed = f" ({', '.join(accepted)})" if column == "instrument_id" else ""
    return listed + (f"; nearest: {near}" if near else "")


def _accepted(package: Package, row: DraftRow, column: str) -> tuple[str, ...]:
    sheet = package.sheets[row.table]
    stated = sheet.table.columns.get(column)
    if stated is not None and "enum" in stated.constraints:
        return tuple(map(str, stated.constraints["enum"]))
    for table, name, vocabulary in TERMS:
        if (table, name) == (row.table, column):
            terms = package.sheets["vocabularies"].rows
            return tuple(one.text["term"] for one in terms if one.text["vocabulary"] == vocabulary)
    if column == "instrument_id" and row.table != "instruments":
        return tuple(one.text["instrument_id"] for one in package.sheets["instruments"].rows)
    return ()
