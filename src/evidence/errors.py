"""Errors that a user can act on: each says where, what was found and what is accepted."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SHOWN_FAULTS = 50


class EvidenceError(Exception):
    """Base of all errors that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a data package.

    Attributes
    ----------
    file : str
        Name of the file inside the data package.
    row : int or None
        Line of the file on which the record starts (the header is line 1); None for the whole file.
    column : str or None
        Column; None where the fault is of the row or the file.
    value : str or None
        The value found, shortened where it is long.
    expected : str
        What is accepted, as the end of a sentence.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    expected: str

    def __str__(self) -> str:
        """Return the fault as one line."""
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        found = "" if self.value is None else f"found {self.value!r}, "
        return f"{', '.join(place)}: {found}expected {self.expected}"


class DataError(EvidenceError):
    """Every fault of a data package, or of a file that is read, reported in one go.

    Parameters
    ----------
    faults : iterable of Fault
        All faults, in the order in which they are listed.
    of : str
        What they are in.
    """

    def __init__(self, faults: Iterable[Fault], of: str = "the data package") -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        count = len(self.faults)
        lines = [str(fault) for fault in self.faults[:SHOWN_FAULTS]]
        if count > SHOWN_FAULTS:
            lines.append(f"and {count - SHOWN_FAULTS} more")
        noun = "fault" if count == 1 else "faults"
        super().__init__("\n".join([f"{count} {noun} in {of}", *lines]))


class ParameterError(EvidenceError, ValueError):
    """An argument or notebook parameter that is not accepted.

    Parameters
    ----------
    name : str
        Name of the parameter.
    value : object
        What was given.
    expected : str
        What is accepted, as the end of a sentence.
    """

    def __init__(self, name: str, value: Any, expected: str) -> None:
        self.name = name
        self.value = value
        self.expected = expected
        super().__init__(f"{name}: found {value!r}, expected {expected}")


@contextmanager
def of_file(file: str, *arguments: str) -> Iterator[None]:
    """Name the file, or a place in it, in errors on what it holds; not in those on arguments."""
    try:
        yield
    except ParameterError as error:
        if error.name in arguments:
            raise
        raise ParameterError(f"{file}, {error.name}", error.value, error.expected) from None


def check_choice(name: str, value: object, accepted: Iterable[str]) -> None:
    """Refuse a value that is none of those accepted; case counts."""
    known = list(accepted)
    if not isinstance(value, str) or value not in known:
        raise ParameterError(name, value, f"one of {', '.join(known)}")


class SelectionError(EvidenceError):
    """A selection that cannot be made by the named rule."""


class RenderError(EvidenceError):
    """A report that could not be rendered."""
