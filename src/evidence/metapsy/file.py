"""A database file as text and records: its encoding, its separator, its columns by any name."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from evidence.data.safety import INVISIBLE
from evidence.data.validation.faults import Faults
from evidence.errors import DataError

_ARMS = (1, 2)

TEXT_COLUMNS = (
    "study",
    *(f"condition_arm{arm}" for arm in _ARMS),
    *(f"descr_arm{arm}" for arm in _ARMS),
    *(f"multi_arm{arm}" for arm in _ARMS),
    *("outcome", "outcome_type", "instrument", "rating", "time", "dich", "dich_type", "age_group"),
    *("population", "country", "year", "reference", "doi"),
)
COUNTS = (
    *(f"n_arm{arm}" for arm in _ARMS),
    *(f"n_change_arm{arm}" for arm in _ARMS),
    *(f"bl_n_arm{arm}" for arm in _ARMS),
    *(f"event_arm{arm}" for arm in _ARMS),
    *(f"totaln_arm{arm}" for arm in _ARMS),
    *(f".event_arm{arm}" for arm in _ARMS),
    *(f".totaln_arm{arm}" for arm in _ARMS),
    *(f"rand_arm{arm}" for arm in _ARMS),
)
SPREADS = (
    *(f"sd_arm{arm}" for arm in _ARMS),
    *(f"sd_change_arm{arm}" for arm in _ARMS),
    *(f"bl_sd_arm{arm}" for arm in _ARMS),
    ".g_se",
    "precalc_g_se",
    ".log_rr_se",
    "precalc_log_rr_se",
)
NUMBERS = (
    "time_weeks",
    *(f"mean_arm{arm}" for arm in _ARMS),
    *(f"mean_change_arm{arm}" for arm in _ARMS),
    *(f"bl_mean_arm{arm}" for arm in _ARMS),
    ".g",
    "precalc_g",
    ".log_rr",
    "precalc_log_rr",
    *COUNTS,
    *SPREADS,
)
"""Columns that hold a number in every row that has one."""

DESCRIPTIVE = ("mean_age", "percent_women")
"""Columns that hold a number or a word; a word counts as missing."""

REQUIRED = ("study", "condition_arm1", "condition_arm2")
EFFECTS = (
    ("mean_arm1", "mean_arm2"),
    ("mean_change_arm1", "mean_change_arm2"),
    ("event_arm1", "event_arm2"),
    (".g",),
    ("precalc_g",),
    (".log_rr",),
    ("precalc_log_rr",),
)
"""Groups of columns one of which a file needs."""

_OTHER_NAMES = {
    "study_name": "study",
    "outcome_domain": "outcome",
    "bl_m_arm1": "bl_mean_arm1",
    "bl_m_arm2": "bl_mean_arm2",
    "baseline_mean_arm1": "bl_mean_arm1",
    "baseline_mean_arm2": "bl_mean_arm2",
    "baseline_m_arm1": "bl_mean_arm1",
    "baseline_m_arm2": "bl_mean_arm2",
    "baseline_sd_arm1": "bl_sd_arm1",
    "baseline_sd_arm2": "bl_sd_arm2",
    "baseline_n_arm1": "bl_n_arm1",
    "baseline_n_arm2": "bl_n_arm2",
    "precalc_se": "precalc_g_se",
    "precalc_logrr": "precalc_log_rr",
    "precalc_logrr_se": "precalc_log_rr_se",
    "dich_paper": "dich_type",
    "age_category": "age_group",
    "disorder": "population",
    "diagnosis": "population",
    "full_ref": "reference",
    "full_reference": "reference",
    "meanage": "mean_age",
    "propwomen": "percent_women",
    "perc_women": "percent_women",
    "proportion_women": "percent_women",
}
KNOWN = (*TEXT_COLUMNS, *NUMBERS, *DESCRIPTIVE)

BIAS = re.compile(r"(?:rob|risk_of_bias)(?:_(?P<domain>[a-z0-9_]+))?")
"""Columns of risk of bias; the bare name is that of all domains together."""
JUDGEMENTS = {
    "low": "low",
    "low risk": "low",
    "high": "high",
    "high risk": "high",
    "some concerns": "some_concerns",
    "some concern": "some_concerns",
}
"""What is read as a judgement, in lower case; scores and codes are not."""

_UNNAMED = re.compile(r"(unnamed_\d+|x|_*\d+)?")


def canonical(name: str) -> str:
    """Return the name that the importer uses for a column of a file.

    Parameters
    ----------
    name : str
        Name in the header; case, spaces, hyphens and question marks make no difference.

    Returns
    -------
    str
        Lower case with underscores; one of `KNOWN` for the columns that are read.

    Examples
    --------
    >>> canonical("Time weeks?"), canonical(".g"), canonical("Full_Ref")
    ('time_weeks', '.g', 'reference')
    """
    text = name.strip().strip("?").strip().lower()
    point = "." if text.startswith(".") else ""
    plain = point + re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return _OTHER_NAMES.get(plain, plain)


def unnamed(name: str) -> bool:
    """Return whether a name says nothing: empty, or what programs write for a column of numbers.

    Examples
    --------
    >>> unnamed(""), unnamed("...1"), unnamed("study")
    (True, True, False)
    """
    return bool(_UNNAMED.fullmatch(re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")))


SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs"}

LARGEST = 50_000_000
"""Bytes; the largest database of the standard has less than a tenth of this."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record: its number, the line on which it starts, and the text of each cell by column."""

    number: int
    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class RawTable:
    """A file as read.

    Attributes
    ----------
    name : str
        Name of the file.
    records : tuple of RawRecord
        Records in order; cells are stripped of spaces at both ends.
    columns : dict of str to str
        Name in the header of each column that is read, by the name of `columns.canonical`.
    ignored : tuple of str
        Names of the columns that are not read.
    said : dict of str to int
        What was normalized, in words, and how often.
    """

    name: str
    records: tuple[RawRecord, ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    said: dict[str, int]


def read_table(
    path: Path, faults: Faults, of_records: Faults, names: Mapping[str, str] = MappingProxyType({})
) -> RawTable:
    """Read a database file.

    Parameters
    ----------
    path : Path
        File with a header and cells separated by semicolons, commas or tabs.
    faults, of_records : Faults
        Where faults of the file, and of single records, are reported.
    names : mapping of str to str
        Name of the standard for columns of the file that are named otherwise.

    Raises
    ------
    DataError
        If the file cannot be read, is not text, or has no header that could be used.
    """
    said: Counter[str] = Counter()
    text = _text(path, faults, said)
    separator = _separator(text, names)
    rows, broken = _rows(text, separator)
    if broken is not None:
        faults.add(path.name, f"quotation marks as CSV needs them ({broken[1]})", row=broken[0])
    if separator != ",":
        said[f"cells separated by {SEPARATORS[separator]}"] = 1
    header = rows[0][1] if rows else []
    body = [(line, cells) for line, cells in rows[1:] if any(cell.strip() for cell in cells)]
    if len(rows) - 1 > len(body):
        said["empty record left out"] += len(rows) - 1 - len(body)
    if body and all(len(cells) == len(header) + 1 for _, cells in body):
        # R writes row names without a name for their column.
        header = ["", *header]
    columns = _header(path.name, header, faults, names)
    judged = {
        name
        for place, name in enumerate(columns)
        if BIAS.fullmatch(name)
        and any(
            "".join(cells[place : place + 1]).strip().lower() in JUDGEMENTS for _, cells in body
        )
    }
    ignored = _ignored(columns, header, body, said, {*KNOWN, *judged})
    read = {*KNOWN, *judged}
    positions = {name: place for place, name in enumerate(columns) if name in read}
    records = []
    for number, (line, cells) in enumerate(body, start=1):
        # Spreadsheets end a record with separators for columns that have no name.
        while len(cells) > len(header) and not cells[-1].strip():
            cells = cells[:-1]
        if len(cells) != len(header):
            of_records.add(
                path.name,
                f"{len(header)} cells, as the header has",
                row=line,
                value=f"{len(cells)} cells",
            )
            continue
        found = {name: _one_line(cells[place], said) for name, place in positions.items()}
        records.append(RawRecord(number, line, found))
    if not records and not len(faults) and not len(of_records):
        faults.add(path.name, "at least one record below the header")
    return RawTable(
        path.name,
        tuple(records),
        {name: header[place].strip() for name, place in positions.items()},
        ignored,
        dict(said),
    )


def _text(path: Path, faults: Faults, said: Counter[str]) -> str:
    try:
        if path.stat().st_size > LARGEST:
            faults.add(path.name, f"a file of at most {LARGEST // 1_000_000} megabytes")
            raise DataError(faults.in_order([path.name]), of=path.name)
        content = path.read_bytes()
    except OSError as error:
        faults.add(path.name, f"a file that can be read ({error.strerror})")
        raise DataError(faults.in_order([path.name]), of=path.name) from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    text = ""
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            said[f"text read as {encoding}, not UTF-8"] = 1
        elif content.startswith(codecs.BOM_UTF8):
            said["byte order mark left out"] = 1
        break
    if not text.strip() or "\0" in text:
        expected = "text with a header and records" + (", without NUL characters" * bool(text))
        faults.add(path.name, expected)
        raise DataError(faults.in_order([path.name]), of=path.name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _separator(text: str, names: Mapping[str, str]) -> str:
    """Return the separator by which the header has most of the columns that are read."""
    first = next(line for line in text.split("\n") if line.strip())

    def known(separator: str) -> int:
        try:
            cells = next(csv.reader([first], delimiter=separator), [])
        except csv.Error:  # Where it breaks is said when all is read.
            return 0
        return sum(canonical(names.get(cell.strip(), cell)) in KNOWN for cell in cells)

    return max(SEPARATORS, key=known)


def _rows(text: str, separator: str) -> tuple[list[tuple[int, list[str]]], tuple[int, str] | None]:
    """Return records with the line on which each starts, and where the quoting breaks."""
    start = len(text) - len(text.lstrip("\n"))
    reader = csv.reader(io.StringIO(text[start:], newline="\n"), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = first = 1 + start
    try:
        for cells in reader:
            rows.append((line, cells))
            line = first + reader.line_num
    except csv.Error as error:
        return rows, (line, str(error))
    return rows, None


def _header(file: str, header: list[str], faults: Faults, renamed: Mapping[str, str]) -> list[str]:
    """Return the canonical name of each column; "" for one that says nothing."""
    stated = [renamed.get(name.strip(), name) for name in header]
    names = ["" if unnamed(name) else canonical(name) for name in stated]
    found = {name.strip() for name in header}
    for old, new in renamed.items():
        if old not in found:
            faults.add(file, f"the column {old}, to be read as {new}; {_shown(header)}", row=1)
        elif canonical(new) not in KNOWN:
            faults.add(file, f"for {old} a column of the standard", row=1, value=new)
    lacking = [name for name in REQUIRED if name not in names]
    if len(lacking) == len(REQUIRED):
        faults.add(
            file,
            f"cells separated by {', '.join(SEPARATORS.values())} and a header with the columns "
            f"{', '.join(REQUIRED)} of the Metapsy data standard",
            row=1,
            value=", ".join(header) or None,
        )
        raise DataError(faults.in_order([file]), of=file)
    for name in lacking:
        faults.add(file, f"the column {name}; {_shown(header)}", row=1)
    if not any(set(group) <= set(names) for group in EFFECTS):
        groups = "; ".join(" and ".join(group) for group in EFFECTS)
        expected = f"columns with effects, at least one group of {groups}"
        faults.add(file, f"{expected}; {_shown(header)}", row=1)
    for name, times in Counter(names).items():
        if times > 1 and name in KNOWN:
            value = ", ".join(header[place] for place, one in enumerate(names) if one == name)
            faults.add(file, f"one column for {name}", row=1, value=value)
    return names


def _shown(header: list[str]) -> str:
    """Return the columns found, so that one named otherwise is seen."""
    return f"found are {', '.join(name.strip() for name in header if name.strip())}"


def _ignored(
    names: list[str],
    header: list[str],
    body: list[tuple[int, list[str]]],
    said: Counter[str],
    read: set[str],
) -> tuple[str, ...]:
    without = [place for place, name in enumerate(names) if not name]
    if without:
        said["column without a name left out"] = len(without)
    for place, name in enumerate(names):
        stated = header[place].strip()
        if name in KNOWN and stated != name:
            said[f"column {stated!r} read as {name}"] = 1
    return tuple(
        header[place].strip()
        for place, name in enumerate(names)
        if name and name not in read and any(cells[place : place + 1] for _, cells in body)
    )


def _one_line(cell: str, said: Counter[str]) -> str:
    text, unseen = INVISIBLE.subn(lambda found: " " if found[0].isspace() else "", cell)
    if unseen:
        said["character that nobody sees left out"] += unseen
    text = text.replace("\N{NO-BREAK SPACE}", " ").strip()
    if "\n" in text:
        said["line break in a cell replaced by a space"] += 1
        text = " ".join(text.split())
    return text
