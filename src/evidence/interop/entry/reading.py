"""The file of an entry: read, its sections known and of the right shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.errors import ParameterError
from evidence.interop.entry.faults import EntryFaults, one_of
from evidence.interop.entry.parts import Part, SyntaxFaultError, parts, read_sections
from evidence.interop.entry.sections import REQUIRED, SECTIONS

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
        if name not in SECTIONS:
            given = None if isinstance(value, dict | list) else value
            faults.add_line(None, name if given is None else f"{name} = {given}", one_of(
                name, tuple(SECTIONS), "a section out of"
            ))  # fmt: skip
        elif _is_tables(value):
            known[name] = value
        else:
            faults.add_line(None, name, f"a section, that is a line [{name}] with keys below it")
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    sections = {
        name: tuple(parts(text, name, known[name], several=section.several))
        if name in known
        else ()
        for name, section in SECTIONS.items()
    }
    for name, section in SECTIONS.items():
        if not sections[name] and name in REQUIRED:
            faults.add_line(None, None, f"a section [{name}]")
        if len(sections[name]) > 1 and not section.several:
            faults.add(sections[name][1], "", None, f"one section [{name}]")
    return Entry(path.name, sections, faults)


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
