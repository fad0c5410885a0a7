"""What is wrong with an entry: each fault with its line, section, key, value and what to write."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.errors import DataError, Fault
from evidence.interop.entry.parts import Part
from evidence.validation.faults import shorten

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
    """Every fault of an entry, reported in one go."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__(faults, of="the entry; nothing was written")


class EntryFaults:
    """Faults of an entry found so far.

    Parameters
    ----------
    file : str
        Name of the file.
    """

    def __init__(self, file: str) -> None:
        self._file = file
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
        self._found.append(
            EntryFault(
                self._file,
                None if part is None else part.line_of(name),
                key or None,
                None if value is None else shorten(str(value)),
                expected,
                "" if part is None else part.title,
            )
        )

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
            raise EntryError(sorted(self._found, key=lambda fault: fault.row or 0))


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
