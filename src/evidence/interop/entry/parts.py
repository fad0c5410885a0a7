"""An entry as its file has it: sections with their keys, digits as written, lines for messages."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

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
    lines = text.splitlines()
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
    for number, line in enumerate(text.splitlines(), start=1):
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
