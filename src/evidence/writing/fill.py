"""Marks of a manuscript turned into the numbers they name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.display import quote
from evidence.display.escape import markdown
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
from evidence.writing import draft as drafts
from evidence.writing import markdown_draft
from evidence.writing.draft import Bound
from evidence.writing.judging import judge_bound
from evidence.writing.known import Known
from evidence.writing.prose import FIRM

_SPACE = re.compile(r"[ \t]*\n?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Filled:
    """A manuscript with its marks filled.

    Attributes
    ----------
    text : str
        The whole file.
    filled, removed : int
        Marks that became text, and marks behind numbers that are right, which are not needed.
    left : tuple of str
        Marks that stand behind a wrong number, each with its place: they stay.
    """

    text: str
    filled: int
    removed: int
    left: tuple[str, ...]


def number(entry: LedgerEntry, style: str) -> str:
    """Return the text that stands for a mark: number, interval, P, sizes, caveat."""
    parts = [quote.statistic(entry, style), quote.sizes(entry, style), quote.caveat(entry)]
    return "; ".join(part for part in parts if part)


def fill(data: bytes, known: Known, *, style: str = "ama", keep_marks: bool = False) -> Filled:
    """Return a Markdown manuscript with each mark replaced by the number it names.

    A mark behind numbers of its estimate is not filled again: where they are right it goes, where
    one is not it stays. So a filled manuscript that kept its marks can be filled once more.

    Parameters
    ----------
    data : bytes
        The file.
    known : Known
        Ledger.
    style : str
        For marks that name no style of their own.
    keep_marks : bool
        Whether marks stay behind their numbers, so that `evidence check` can hold them.

    Raises
    ------
    ParameterError
        If a mark names no number or no style.
    """
    text = markdown_draft.text_of(data)
    done: list[str] = []
    left: list[str] = []
    filled = removed = at = 0
    for bound, start, end in _marks(text):
        entry = known.entry(bound.estimate_id or "")
        _known_style(bound.style or style)
        statuses = _statuses(bound, known)
        done.append(text[at:start])
        at = end
        if not statuses:
            shown = markdown(number(entry, bound.style or style))
            done.append(f"{shown} {text[start:end]}" if keep_marks else shown)
            filled += 1
        elif keep_marks or any(one != "right" for one in statuses):
            done.append(text[start:end])
            if any(one != "right" for one in statuses):
                left.append(f"{_place(bound)}: {text[start:end]}")
        else:
            # The space before the mark goes with it, and the line end where it opened a line.
            done[-1] = _SPACE.sub("", done[-1])
            removed += 1
    return Filled("".join([*done, text[at:]]), filled, removed, tuple(left))


def _statuses(bound: Bound, known: Known) -> list[str]:
    """Return how the effects before a mark stand; a number that may be another does not count."""
    return [
        one.status
        for one in judge_bound(bound, known)
        if one.field == "effect" and (one.status != "wrong" or one.reading.sureness == FIRM)
    ]


def _known_style(style: str) -> None:
    if style not in quote.STYLES:
        raise ParameterError("style", style, f"one of {', '.join(quote.STYLES)}")


def _marks(text: str) -> Iterator[tuple[Bound, int, int]]:
    """Yield each mark with its place in the source, in order."""
    found: list[tuple[Bound, int, int]] = []
    for bound in drafts.bound(markdown_draft.parse_text(text)):
        if bound.mark is not None:
            spots: Sequence[int] = bound.mark.passage.spots[bound.mark.start : bound.mark.end]
            escaped = text[: spots[0]].endswith("\\")
            found.append((bound, spots[0] - escaped, spots[-1] + 1))
    yield from sorted(found, key=lambda one: one[1])


def _place(bound: Bound) -> str:
    return "" if bound.mark is None else bound.mark.passage.where(bound.mark.start)
