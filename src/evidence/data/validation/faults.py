"""Faults, each cause once however many rows it breaks, and files read as text."""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.errors import Fault

SHOWN_CHARACTERS = 60
SHOWN_PLACES = 5


def shorten(text: str) -> str:
    """Return the text as it is, or its start and its length where it is long.

    Examples
    --------
    >>> shorten("0" * 1000).removeprefix("0" * 60)
    '... (1,000 characters)'
    """
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}... ({len(text):,} characters)"


@dataclass(slots=True)
class _Found:
    file: str
    row: int | None
    column: str | None
    value: str | None
    expected: str
    elsewhere: list[tuple[str, int | None]] = field(default_factory=list)

    def fault(self) -> Fault:
        also = ""
        if self.elsewhere:
            places = [
                file if row is None else f"{file} row {row}"
                for file, row in self.elsewhere[:SHOWN_PLACES]
            ]
            more = len(self.elsewhere) - len(places)
            also = f"; also in {', '.join(places)}{f' and {more} more' if more else ''}"
        value = None if self.value is None else shorten(self.value)
        return Fault(self.file, self.row, self.column, value, f"{self.expected}{also}")


class Faults:
    """Faults found so far."""

    def __init__(self) -> None:
        self._found: list[_Found] = []
        self._by_cause: dict[Hashable, _Found] = {}

    def __len__(self) -> int:
        """Count the causes."""
        return len(self._found)

    def add(
        self,
        file: str,
        expected: str,
        *,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        cause: Hashable = None,
    ) -> None:
        """Add a fault.

        Parameters
        ----------
        file, expected, row, column, value
            As in `evidence.errors.Fault`.
        cause : hashable, optional
            What is wrong; further places of the same cause are named in the first fault.
        """
        if cause is not None and cause in self._by_cause:
            self._by_cause[cause].elsewhere.append((file, row))
            return
        found = _Found(file, row, column, value, expected)
        self._found.append(found)
        if cause is not None:
            self._by_cause[cause] = found

    def in_order(self, files: Sequence[str]) -> list[Fault]:
        """Return the faults by file (in the order given), row and order of discovery."""
        place = {file: position for position, file in enumerate(files)}
        ordered = sorted(
            self._found, key=lambda found: (place.get(found.file, len(place)), found.row or 0)
        )
        return [found.fault() for found in ordered]


def read_text(folder: Path, name: str, faults: Faults) -> str | None:
    """Read a file as UTF-8 with line breaks as LF and without a byte order mark.

    Parameters
    ----------
    folder : Path
        Folder of the data package.
    name : str
        Name of the file in it.
    faults : Faults
        Where a file that is missing, unreadable or not text is reported.

    Returns
    -------
    str or None
        None where a fault was found.
    """
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        faults.add(name, "this file in the data package")
        return None
    except OSError as error:
        faults.add(name, f"a file that can be read ({error.strerror})")
        return None
    try:
        # Spreadsheets begin UTF-8 files with a byte order mark; "utf-8-sig" drops it.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        faults.add(
            name,
            'text in UTF-8; spreadsheets offer it as "CSV UTF-8"',
            row=error.object.count(b"\n", 0, error.start) + 1,
            value=f"byte 0x{byte:02X}",
        )
        return None
    # A cell with a line break has the same meaning on every system.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        faults.add(
            name,
            "text without NUL characters",
            row=text.count("\n", 0, text.index("\0")) + 1,
            value="\0",
        )
        return None
    return text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def parse_json(text: str, name: str, faults: Faults) -> Any:
    """Parse JSON; None, and a fault, where it is broken."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        faults.add(name, f"valid JSON ({error.msg} at column {error.colno})", row=error.lineno)
    except (ValueError, RecursionError) as error:
        faults.add(name, f"valid JSON ({error})")
    return None
