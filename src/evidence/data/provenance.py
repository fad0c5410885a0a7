"""Where a number comes from and how it was obtained; combining takes the union and the worst."""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, TypeVar

from evidence.errors import EvidenceError
from evidence.terms import FreeText

One = TypeVar("One", bound=Hashable)


class Processing(IntEnum):
    """How far a number is from print, from best to worst."""

    PRINTED = 0
    CONVERTED = 1
    RECONSTRUCTED = 2
    IMPUTED = 3

    @property
    def term(self) -> str:
        """Term of the vocabulary ``processing``."""
        return self.name.lower()

    @classmethod
    def of(cls, term: str) -> "Processing":
        """Level of a term of the vocabulary.

        Raises
        ------
        EvidenceError
            If the term is unknown.
        """
        try:
            return cls[term.upper()]
        except KeyError:
            accepted = ", ".join(level.term for level in cls)
            raise EvidenceError(f"processing: found {term!r}, expected one of {accepted}") from None


def worst(terms: Iterable[str]) -> str:
    """Return the worst of several processing terms.

    Raises
    ------
    EvidenceError
        If there is none: a number without an origin is an error.
    """
    levels = [Processing.of(term) for term in terms]
    if not levels:
        raise EvidenceError("processing: a number needs at least one origin")
    return max(levels).term


def union(origins: Iterable[Iterable[One]]) -> tuple[One, ...]:
    """Return the ids or remarks of all origins, each once, in order of first appearance."""
    return tuple(dict.fromkeys(one for several in origins for one in several))


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in a publication where a number was read."""

    locator_id: str
    publication_id: str
    place: FreeText
    url: str
    readings: int
    accessed: date


class References(Mapping[str, dict[str, Any]]):
    """CSL items by id, each read anew from its text where it is asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, publication_id: str) -> dict[str, Any]:
        """Return a copy of an item."""
        item: dict[str, Any] = json.loads(self._texts[publication_id])
        return item

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._texts)
