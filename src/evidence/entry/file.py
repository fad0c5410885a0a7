"""The file of an entry: read with digits as written, and each fault with line and key."""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from evidence.data.validation.faults import shorten
from evidence.entry.sections import ADD_TO, REQUIRED, SECTIONS
from evidence.errors import DataError, Fault, ParameterError

_HEADER = re.compile(r"\[(\[?)\s*([\w-]+)\s*\]?\]\s*(#.*)?")
_KEY = re.compile(r"(\"?)([\w-]+)\1\s*(=|\.)")
_LONG_QUOTES = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True, slots=True)
class Part:
    """A table of an entry.

    Attributes
    ----------
    section : str
        Name of its section.
    number : int
        Its place among the tables of the section, from 1.
    values : mapping
        Value by key: text (numbers with their digits), lists and mappings of text.
    several : bool
        Whether the section may stand several times.
    line : int or None
        Line of its header, where that is sure.
    lines : mapping of str to int
        Line of each key.
    """

    section: str
    number: int
    values: Mapping[str, Any]
    several: bool
    line: int | None
    lines: Mapping[str, int]

    @property
    def title(self) -> str:
        """The section as it stands in the file, with its number where it stands several times."""
        return f"[[{self.section}]] {self.number}" if self.several else f"[{self.section}]"

    def line_of(self, key: str) -> int | None:
        """Line of a key, else of the header."""
        return self.lines.get(key, self.line)

    def get(self, key: str) -> Any:
        """Value of a key; None where it is not given or empty."""
        value = self.values.get(key)
        return None if value in ("", [], {}) else value


class SyntaxFaultError(Exception):
    """A file that is no TOML: the line, its text and what is wrong."""

    def __init__(self, line: int | None, text: str | None, expected: str) -> None:
        super().__init__(expected)
        self.line = line
        self.text = text
        self.expected = expected


def read_sections(text: str) -> dict[str, Any]:
    r"""Return the content of a TOML file with each number as the text that stands there.

    Raises
    ------
    SyntaxFaultError
        If it is no TOML.

    Examples
    --------
    >>> read_sections("[a]\nmean = 70.0\nn = 35")
    {'a': {'mean': '70.0', 'n': '35'}}
    """
    try:
        # The numbers of a source have digits that a double forgets.
        read = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        raise _fault(str(error), text) from None
    except RecursionError:
        raise SyntaxFaultError(None, None, "fewer brackets inside one another") from None
    return {name: _plain(value) for name, value in read.items()}


def _fault(said: str, text: str) -> SyntaxFaultError:
    place = re.search(r"at line (\d+)", said)
    line = int(place[1]) if place else None
    lines = text.split("\n")
    shown = lines[line - 1].strip() if line is not None and line <= len(lines) else None
    what = re.sub(r" \(at .*\)$", "", said)
    return SyntaxFaultError(
        line,
        shown,
        f"valid TOML ({what}): key = value, with all but plain numbers in straight quotation "
        'marks, such as ".18", "70%", "< .001"',
    )


def _plain(value: Any) -> Any:
    """Return values as text, in their lists and mappings; true and false as they are."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool) else str(value)


def parts(text: str, name: str, value: Any, *, several: bool) -> Iterator[Part]:
    """Yield the tables of a section; a single one may stand in single or double brackets.

    Parameters
    ----------
    text : str
        Content of the file, for the lines.
    name : str
        Name of the section.
    value : dict or list of dict
        The section as read.
    several : bool
        Whether it may stand several times.
    """
    tables = value if isinstance(value, list) else [value]
    places = _places(text, name)
    sure = len(places) == len(tables)
    for number, one in enumerate(tables, start=1):
        line, lines = places[number - 1] if sure else (None, {})
        yield Part(name, number, one, several, line, lines)


def _places(text: str, name: str) -> list[tuple[int, dict[str, int]]]:
    """Return the line of each header of a section, and those of the keys below it."""
    found: list[tuple[int, dict[str, int]]] = []
    inside = False
    quoted = ""
    # Lines as TOML has them; others break at characters that may stand in a text.
    for number, line in enumerate(text.split("\n"), start=1):
        start = line.strip()
        if not quoted:
            header = _HEADER.fullmatch(start)
            key = _KEY.match(start)
            if header is not None:
                inside = header[2] == name
                if inside:
                    found.append((number, {}))
            elif key is not None and inside:
                found[-1][1].setdefault(key[2], number)
        # Lines inside a long text are neither headers nor keys.
        for mark in _LONG_QUOTES.findall(line):
            quoted = mark if not quoted else "" if mark == quoted else quoted
    return found


# What sources call a statistic, where that is far from the term of the data.
_ABBREVIATIONS: Mapping[str, tuple[str, ...]] = {
    "b": ("mixed_model_b",),
    "beta": ("standardized_beta", "mixed_model_b"),
    "or": ("odds_ratio",),
    "rr": ("risk_ratio",),
    "rd": ("risk_difference_percent",),
    "arr": ("risk_difference_percent",),
    "nnt": ("number_needed_to_treat",),
    "md": ("mean_difference",),
    "g": ("hedges_g",),
    "d": ("cohens_d",),
    "smd": ("cohens_d_unspecified",),
    "hr": ("hazard_ratio",),
    "irr": ("incidence_rate_ratio",),
    "rrr": ("relative_risk_reduction_percent",),
    "eta2": ("eta_squared",),
    "partial_eta2": ("partial_eta_squared",),
    "f": ("f_slope",),
    "chi2": ("chi2_groups",),
    "chi_square": ("chi2_groups",),
    "tau": ("usual_care",),
    "treatment_as_usual": ("usual_care",),
    "control": ("comparator", "waitlist"),
    "treatment": ("intervention",),
    "wait_list": ("waitlist",),
    "followup": ("follow_up",),
    "end_of_treatment": ("post",),
    "pre": ("baseline",),
    "rct": ("randomized",),
    "cluster": ("cluster_randomized",),
    "cross_over": ("crossover",),
}

_CLOSE = 0.6


@dataclass(frozen=True, slots=True)
class EntryFault(Fault):
    """One fault of an entry; ``row`` is a line of its file and ``column`` the key there.

    Attributes
    ----------
    section : str
        Section of the entry, as ``[[result]]``.
    """

    section: str = ""

    def __str__(self) -> str:
        """Return the fault as one line."""
        line = "" if self.row is None else f"line {self.row}"
        place = ", ".join(filter(None, (self.file, line, self.section, self.column)))
        found = "" if self.value is None else f"found {self.value!r}, "
        return f"{place}: {found}expected {self.expected}"


class EntryError(DataError):
    """Every fault of an entry, or of another form that is filled in, reported in one go."""

    def __init__(self, faults: Iterable[Fault], of: str = "the entry") -> None:
        super().__init__(faults, of=f"{of}; nothing was written")


class EntryFaults:
    """Faults of an entry found so far.

    Parameters
    ----------
    file : str
        Name of the file.
    of : str
        What the file holds.
    """

    def __init__(self, file: str, of: str = "the entry") -> None:
        self._file = file
        self._of = of
        self._found: list[Fault] = []
        self._cells: set[tuple[str, int, str]] = set()

    def __len__(self) -> int:
        """Count the faults."""
        return len(self._found)

    def add(self, part: Part | None, key: str, value: Any, expected: str) -> None:
        """Add a fault of a key of a part, or of the whole file where there is no part."""
        name = key.partition(".")[0]
        if part is not None:
            self._cells.add((part.section, part.number, key))
        fault = EntryFault(
            self._file,
            None if part is None else part.line_of(name),
            key or None,
            None if value is None else shorten(str(value)),
            expected,
            "" if part is None else part.title,
        )
        # What arms share is read for each of them, and said once.
        if fault not in self._found:
            self._found.append(fault)

    def add_line(self, line: int | None, value: str | None, expected: str) -> None:
        """Add a fault of a line of the file."""
        shown = None if value is None else shorten(value)
        self._found.append(EntryFault(self._file, line, None, shown, expected))

    def add_other(self, fault: Fault) -> None:
        """Add a fault that no part of the entry bears."""
        self._found.append(fault)

    def has(self, part: Part, key: str) -> bool:
        """Whether a key of a part is at fault already."""
        return (part.section, part.number, key) in self._cells

    def expect(self, part: Part, key: str) -> None:
        """Let what is said of a key go unsaid: it follows from another fault."""
        self._cells.add((part.section, part.number, key))

    def raise_any(self) -> None:
        """Raise an error with all faults in the order of the file.

        Raises
        ------
        EntryError
            If there is a fault.
        """
        if self._found:
            raise EntryError(sorted(self._found, key=lambda fault: fault.row or 0), self._of)


def slug(text: str) -> str:
    """Return a text as an id: lower case, letters without accents, digits, underscores.

    Examples
    --------
    >>> slug("Montero-Marín"), slug("Table 2")
    ('montero_marin', 'table_2')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def nearest(value: str, terms: Collection[str]) -> str:
    """Return the accepted term that a value seems to mean; empty where none is near.

    Examples
    --------
    >>> nearest("BDI-II", ["bdi", "bdi_ii"]), nearest("OR", ["odds_ratio"]), nearest("x", ["post"])
    ('bdi_ii', 'odds_ratio', '')
    """
    meant = slug(value)
    if meant in terms:
        return meant
    for term in _ABBREVIATIONS.get(meant, ()):
        if term in terms:
            return term
    close = difflib.get_close_matches(meant, list(terms), n=1, cutoff=_CLOSE)
    return close[0] if close else ""


def one_of(value: str, terms: Collection[str], what: str = "one of") -> str:
    """Return what is accepted with all terms, the nearest named apart."""
    near = nearest(value, terms)
    meant = f"; nearest: {near}" if near else ""
    return f"{what} {', '.join(terms)}{meant}"


MOST_BYTES = 1_000_000
"""An entry is written by hand; what is longer is another file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its file has it.

    Attributes
    ----------
    name : str
        Name of the file.
    sections : mapping of str to tuple of Part
        Tables of each section, in the order of the file; empty where there is none.
    faults : EntryFaults
        What is wrong with the file so far; others are added as rows are made.
    """

    name: str
    sections: Mapping[str, tuple[Part, ...]]
    faults: EntryFaults = field(repr=False)

    def one(self, section: str) -> Part | None:
        """Return the table of a section that stands once; None where there is none."""
        return next(iter(self.sections[section]), None)


def read_entry(path: Path) -> Entry:
    """Read the file of an entry.

    Parameters
    ----------
    path : Path
        A TOML file, as ``evidence add-trial --template`` prints it.

    Returns
    -------
    Entry
        With the faults of its sections; those of keys and values are found when rows are made.

    Raises
    ------
    ParameterError
        If there is no such file.
    EntryError
        If it is no TOML in UTF-8: nothing else can be read then.
    """
    faults = EntryFaults(path.name)
    several = {name: section.several for name, section in SECTIONS.items()}
    sections = read_tables(path, several, faults)
    there = any(ADD_TO in one.values for one in sections["trial"])
    require(("trial", *(() if there else REQUIRED)), sections, faults)
    return Entry(path.name, sections, faults)


def require(
    names: Iterable[str], sections: Mapping[str, Collection[Part]], faults: EntryFaults
) -> None:
    """Add a fault for each section that is not there."""
    for name in names:
        if not sections[name]:
            faults.add_line(None, None, f"a section [{name}]")


def read_tables(
    path: Path, several: Mapping[str, bool], faults: EntryFaults
) -> dict[str, tuple[Part, ...]]:
    """Read the sections of a form that is filled in.

    Parameters
    ----------
    path : Path
        A TOML file.
    several : mapping of str to bool
        Sections that it may have, with whether each may stand several times.
    faults : EntryFaults
        Gets what is wrong with its sections.

    Raises
    ------
    ParameterError
        If there is no such file.
    EntryError
        If it is no TOML in UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ParameterError(
            "ENTRY", str(path), f"a file that can be read ({error.strerror})"
        ) from None
    read = _content(content, faults)
    known: dict[str, Any] = {}
    for name, value in read.items():
        if name not in several:
            given = None if isinstance(value, dict | list) else value
            faults.add_line(None, name if given is None else f"{name} = {given}", one_of(
                name, tuple(several), "a section out of"
            ))  # fmt: skip
        elif _is_tables(value):
            known[name] = value
        else:
            faults.add_line(None, name, f"a section, that is a line [{name}] with keys below it")
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    sections = {
        name: tuple(parts(text, name, known[name], several=often)) if name in known else ()
        for name, often in several.items()
    }
    for name, often in several.items():
        if len(sections[name]) > 1 and not often:
            faults.add(sections[name][1], "", None, f"one section [{name}]")
    return sections


def _content(content: bytes, faults: EntryFaults) -> dict[str, Any]:
    try:
        if len(content) > MOST_BYTES:
            raise SyntaxFaultError(None, None, f"a file of at most {MOST_BYTES:,} bytes")
        return read_sections(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.add_line(line, f"byte 0x{content[error.start]:02X}", "text in UTF-8")
    except SyntaxFaultError as error:
        faults.add_line(error.line, error.text, error.expected)
    faults.raise_any()
    return {}


def _is_tables(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict)
