"""A second reading of what stands in the data: a form without the values, and what it finds.

Means or events of two arms in the place of each other are as possible as before, so that no check
of printed numbers finds them; somebody who reads the place again, without the first reading, does.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence import language
from evidence.blocks.origins import place_name
from evidence.data.dataset import Dataset
from evidence.data.validation import Package, read_package
from evidence.data.validation.descriptor import DESCRIPTOR, Column
from evidence.data.validation.rows import Row, Sheet, read_cell
from evidence.entry import values
from evidence.entry.file import EntryFaults, Part, one_of, read_tables, require
from evidence.entry.proposal import Change, contents, with_cells, with_version
from evidence.entry.values import RefusedError
from evidence.errors import ParameterError

NOT_PRINTED = "none"
"""What a reader writes where the place does not print a value."""

_WORDS = ("measured_as", "direction", "judgement", "favors_intervention_when", "se_of")
"""Columns of words that are read at a place; others only say which row is meant."""
_SAID = ("clock", "p_relation", "note", "said")
"""Columns of words that say neither which row is meant nor what is read there alone."""
_KEYS_OF_A_PLACE = ("locator", "readings", "accessed")

_HEAD = """\
# Second reading of {label}.
#
# Read each place again, without the data and without their first reading, and write what stands
# there, with all its digits: 70.0 is not 70. What is no plain number stands in straight quotation
# marks: ".18", "< .001". "{none}" says that the place does not print it. What you leave empty ("")
# counts as not read. A value that is printed there and not asked for can be added under the name
# of its column.
#
# "evidence read-again FORM.toml" compares, names each difference, and counts the reading of each
# place at which all values were read and agree.
{words}"""
_PLACE = """\

# {place}
# {url}
[[place]]
locator = {locator}
readings = {readings}   # so far; leave it as it is
accessed = ""   # date of your reading, such as 2027-03-01
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of the data and how it was read again.

    Attributes
    ----------
    locator_id : str
        Its place.
    table, row, column : str
        Where it stands; the row by its id, or by its words where it has none.
    first : str
        As the data have it; empty where they have none.
    second : str
        As it was read again; empty where it was not, `NOT_PRINTED` where the place has none.
    """

    locator_id: str
    table: str
    row: str
    column: str
    first: str
    second: str

    @property
    def agrees(self) -> bool:
        """Whether it was read again and is the same."""
        return self.second == (self.first or NOT_PRINTED)

    @property
    def differs(self) -> bool:
        """Whether it was read again and is not the same."""
        return bool(self.second) and not self.agrees

    @property
    def unread(self) -> bool:
        """Whether it was not read again."""
        return bool(self.first) and not self.second


@dataclass(frozen=True, slots=True)
class Reading:
    """A second reading beside the first; nothing has been written.

    Attributes
    ----------
    cells : tuple of Cell
        Every value of each place in the form.
    raised : mapping of str to int
        Places at which all values agree, with how often they are read now.
    version : str
        Version of the data with them; empty where nothing is raised.
    change : Change or None
        What would be written; None where nothing is raised.
    """

    cells: tuple[Cell, ...]
    raised: Mapping[str, int]
    version: str
    change: Change | None

    @property
    def differences(self) -> tuple[Cell, ...]:
        """Values that were read in two ways."""
        return tuple(one for one in self.cells if one.differs)


def form(dataset: Dataset, trial_id: str) -> str:
    """Return the form of a second reading: each place of a trial and what to read there.

    What other trials have at the same place stands in it too: readings are counted by place.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        The trial.

    Returns
    -------
    str
        A TOML file that holds no value of the data.

    Raises
    ------
    ParameterError
        If there is no such trial, or nothing was read of it.
    """
    label = dataset.trial(trial_id).label
    package = read_package(dataset.path)
    found = list(_rows(package))
    own = dict.fromkeys(one.locator_id for one in found if one.row.text.get("trial_id") == trial_id)
    if not own:
        raise ParameterError("TRIAL", trial_id, "a trial of which a value was read at a place")
    asked = [one for one in found if one.locator_id in own]
    words = "".join(f"#\n# {name}: {words}\n" for name, words in _accepted(asked).items())
    parts = [_HEAD.format(label=_line(label), none=NOT_PRINTED, words=words)]
    for locator_id in own:
        locator = dataset.locator(locator_id)
        parts.append(
            _PLACE.format(
                place=_line(place_name(locator, dataset)),
                url=_line(locator.url) or "no address",
                locator=_quoted(locator_id),
                readings=locator.readings,
            )
        )
        parts += [one.asked() for one in asked if one.locator_id == locator_id]
    return "".join(parts)


def _line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    return json.dumps(_line(text), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that was read at a place and holds a value."""

    locator_id: str
    sheet: Sheet
    key: str
    row: Row

    def columns(self) -> list[str]:
        """Return the columns of what is read at a place; weeks say which row is meant."""
        return [
            name
            for name, column in self.sheet.table.columns.items()
            if name in _WORDS or (column.type in ("integer", "number") and name != "weeks")
        ]

    def first(self, column: str) -> str:
        """Return a value as the data have it; P with its relation, as readers write it."""
        text = self.row.text[column]
        below = column == "p_value" and self.row.text["p_relation"] == "below"
        return f"< {text}" if text and below else text

    def asked(self) -> str:
        """Return its part of a form: what it is, and the values to read, all empty."""
        keys = ("locator_id", *self.sheet.table.primary_key)
        words = [self.row.text[one] for one in _named_by(self.sheet) if one not in keys]
        weeks = self.row.text.get("weeks")
        words.append(f"{weeks} weeks since {self.row.text['clock']}" if weeks else "")
        said = _line(", ".join(filter(None, words)))
        lines = [
            "",
            f"[[{self.sheet.table.name}]]" + (f"   # {said}" if said else ""),
            f"row = {_quoted(self.key)}",
        ]
        lines += [f'{name} = ""' for name in self.columns() if self.first(name)]
        return "\n".join(lines) + "\n"


def _accepted(rows: Sequence[_Read]) -> dict[str, str]:
    """Return the words that each column of words accepts, of those that rows ask for."""
    return {
        name: ", ".join(one.sheet.table.columns[name].constraints["enum"])
        for one in rows
        for name in one.columns()
        if one.first(name) and "enum" in one.sheet.table.columns[name].constraints
    }


def _named_by(sheet: Sheet) -> list[str]:
    """Return the columns that say which row is meant."""
    return [
        name
        for name, column in sheet.table.columns.items()
        if column.type == "string" and name not in (*_WORDS, *_SAID)
    ]


def _rows(package: Package) -> Iterator[_Read]:
    for name, sheet in package.sheets.items():
        if "locator_id" not in sheet.columns or name == "locators":
            continue
        taken: Counter[str] = Counter()
        for row in sheet.rows:
            keys = sheet.table.primary_key or _named_by(sheet)
            key = "/".join(row.text[one] for one in keys)
            taken[key] += 1
            same = f"/{taken[key]}" if taken[key] > 1 else ""
            read = _Read(row.text["locator_id"], sheet, _line(key + same), row)
            if any(map(read.first, read.columns())):
                yield read


def compare(path: Path, folder: Path) -> Reading:
    """Hold a second reading against the data; `write` counts it where both agree.

    Parameters
    ----------
    path : Path
        A form as `form` returns it, filled in.
    folder : Path
        The data package; nothing in it changes.

    Returns
    -------
    Reading

    Raises
    ------
    EntryError
        With every fault of the form.
    ParameterError
        If there is no such file.
    DataError
        If the data package has faults, or would have them with the reading counted.
    """
    package = read_package(folder)
    rows = list(_rows(package))
    faults = EntryFaults(path.name, "the second reading")
    tables = dict.fromkeys(one.sheet.table.name for one in rows)
    sections = read_tables(path, dict.fromkeys(("place", *tables), True), faults)
    require(("place",), sections, faults)
    read_at = {one.locator_id for one in rows}
    locators = package.sheets["locators"]
    known = {one.text["locator_id"]: one for one in locators.rows}
    places = _places(
        sections["place"], {name: one for name, one in known.items() if name in read_at}, faults
    )
    read = _values(
        [part for table in tables for part in sections[table]],
        {(one.sheet.table.name, one.key): one for one in rows if one.locator_id in places},
        faults,
    )
    cells = tuple(
        Cell(
            one.locator_id,
            one.sheet.table.name,
            one.key,
            column,
            one.first(column),
            read.get((one.sheet.table.name, one.key, column), ""),
        )
        for one in rows
        if one.locator_id in places
        for column in one.columns()
    )
    dates = {
        name: _date(part, locators.table.columns["accessed"], known[name].text["accessed"], faults)
        for name, part in places.items()
        if part.get("accessed") or any(one.second for one in cells if one.locator_id == name)
    }
    faults.raise_any()
    agreed = {
        name: int(known[name].text["readings"]) + 1
        for name in places
        if (own := [one for one in cells if one.locator_id == name and (one.first or one.second)])
        and all(one.agrees for one in own)
    }
    if not agreed:
        return Reading(cells, {}, "", None)
    old = contents(package, folder)
    changed = {
        known[name].line: {"readings": str(times), "accessed": dates[name]}
        for name, times in agreed.items()
    }
    name = locators.table.file
    descriptor, version = with_version(old[DESCRIPTOR], package.version, faults, rows=False)
    faults.raise_any()
    new = {name: with_cells(old[name], locators, changed), DESCRIPTOR: descriptor}
    change = Change(folder, old, new)
    change.loaded()
    return Reading(cells, agreed, version, change)


def write(reading: Reading) -> None:
    """Raise ``readings`` and ``accessed`` of the places at which all values agree, in the data.

    Their version is raised with them.

    Raises
    ------
    ChangedError
        If the data are no longer those that were compared.
    OSError
        If a file cannot be written; the data package then stands as it was.
    """
    if reading.change is not None:
        reading.change.put()


def _places(
    parts: Sequence[Part], known: Mapping[str, Row], faults: EntryFaults
) -> dict[str, Part]:
    """Return the places of a form, each once, read as often as the form says."""
    found: dict[str, Part] = {}
    for part in parts:
        name = str(part.values.get("locator", ""))
        for key in part.values:
            if key not in _KEYS_OF_A_PLACE:
                faults.add(part, key, None, one_of(key, _KEYS_OF_A_PLACE, "a key out of"))
        if name not in known:
            accepted = "a locator_id of locators.csv at which the data have a value"
            faults.add(part, "locator", name or None, accepted)
            continue
        if name in found:
            faults.add(part, "locator", name, "each place once")
        times = known[name].text["readings"]
        if part.values.get("readings") != times:
            expected = (
                f"{times}, as often as this place is read in the data; a form counts once, "
                f"evidence read-again TRIAL writes a new one"
            )
            faults.add(part, "readings", part.values.get("readings"), expected)
        found[name] = part
    return found


def _values(
    parts: Sequence[Part], rows: Mapping[tuple[str, str], _Read], faults: EntryFaults
) -> dict[tuple[str, str, str], str]:
    """Return what was read again, by table, row and column."""
    found: dict[tuple[str, str, str], str] = {}
    seen: set[tuple[str, str]] = set()
    for part in parts:
        key = (part.section, str(part.values.get("row", "")))
        if key not in rows:
            accepted = f"a row of {part.section}.csv that was read at a [[place]] of this form"
            faults.add(part, "row", key[1] or None, accepted)
            continue
        if key in seen:
            faults.add(part, "row", key[1], "each row once")
        seen.add(key)
        row = rows[key]
        for column, value in part.values.items():
            if column == "row" or value == "":
                continue
            if column not in row.columns():
                faults.add(part, column, None, one_of(column, row.columns(), "a key out of"))
                continue
            try:
                found[(*key, column)] = _value(row.sheet.table.columns[column], value)
            except RefusedError as error:
                faults.add(part, column, value, f'{error}; or "{NOT_PRINTED}", or ""')
    return found


def _value(column: Column, value: object) -> str:
    """Return a value in the form of the data, or that none is printed."""
    if value == NOT_PRINTED:
        return NOT_PRINTED
    relation = ""
    if column.name == "p_value":
        text, relation = values.p_value(value)
    else:
        # Of "about 35" the 35 alone would agree with what is printed as exact, and so would the 6
        # of "6%" with a mean.
        numeric = column.type in ("integer", "number")
        of_percents = numeric and column.name.startswith("percent")
        in_form = values.percent if of_percents else values.number if numeric else values.text
        text = in_form(value)
    refused = read_cell(column, text)[1]
    if refused is not None:
        raise RefusedError(refused)
    return f"< {text}" if relation == "below" else text


def _date(part: Part, column: Column, last: str, faults: EntryFaults) -> str:
    """Return when a place was read again."""
    given = str(part.values.get("accessed", ""))
    if read_cell(column, given)[0] is None or given < last:
        expected = f"the date of your reading, {last} (the last one) or later"
        faults.add(part, "accessed", given or None, expected)
    return given


def told(reading: Reading, dataset: Dataset) -> str:
    """Return what a second reading found, as lines.

    Parameters
    ----------
    reading : Reading
        As `compare` returns it.
    dataset : Dataset
        The data package.
    """
    both = [one for one in reading.cells if one.second and (one.first or one.differs)]
    unread = sum(one.unread for one in reading.cells)
    differ = reading.differences
    lines = [
        f"{language.count(len(both), 'value')} read again: {len(both) - len(differ)} "
        f"agree, {len(differ)} differ; {unread} not read again."
    ]
    for locator_id in dict.fromkeys(one.locator_id for one in reading.cells):
        cells = [one for one in reading.cells if one.locator_id == locator_id]
        lines += ["", f"{place_name(dataset.locator(locator_id), dataset)} ({locator_id})"]
        lines += [
            f"- {one.row}, {one.column}: first reading {one.first or NOT_PRINTED}, "
            f"second reading {one.second}{_exchanged(one, differ)}"
            for one in cells
            if one.differs
        ]
        left = sum(one.unread for one in cells)
        if locator_id in reading.raised:
            lines.append(f"- all values agree: {reading.raised[locator_id]} readings")
        elif left:
            lines.append(
                f"- {language.count(left, 'value')} not read again, so it counts as before"
            )
    if differ:
        lines += [
            "",
            "Look at the source once more where readings differ, and mend the data or the form: a "
            "place counts as read again once all its values agree.",
        ]
    return "\n".join(lines)


def _exchanged(cell: Cell, differ: Sequence[Cell]) -> str:
    """Return with which other row a value is exchanged, where that is so."""
    other = next(
        (
            one.row
            for one in differ
            if one is not cell
            and (one.table, one.column) == (cell.table, cell.column)
            and (one.first, one.second) == (cell.second, cell.first)
        ),
        "",
    )
    return f"; exchanged with {other}" if other else ""
