"""Marks of a Markdown manuscript turned into the numbers they name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.display.escape import markdown
from evidence.writing import draft as drafts
from evidence.writing import markdown_draft
from evidence.writing.deciding import FILL, LEAVE, REMOVE, decide
from evidence.writing.draft import Bound
from evidence.writing.known import Known

_SPACE = re.compile(r"[ \t]*\n?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Filled:
    """A manuscript with its marks filled.

    Attributes
    ----------
    content : bytes
        The whole file.
    filled, removed : int
        Marks that became text, and marks behind numbers that are right, which are not needed.
    left : tuple of str
        Marks that stand behind a wrong number, each with its place: they stay.
    """

    content: bytes
    filled: int
    removed: int
    left: tuple[str, ...]


def fill_markdown(
    data: bytes, known: Known, *, style: str = "ama", keep_marks: bool = False
) -> Filled:
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
        decision = decide(bound, known, style, keep_marks=keep_marks)
        done.append(text[at:start])
        at = end
        if decision.action == REMOVE:
            # The space before the mark goes with it, and the line end where it opened a line.
            done[-1] = _SPACE.sub("", done[-1])
            removed += 1
            continue
        if decision.action == FILL:
            shown = markdown(decision.text)
            done.append(f"{shown} {text[start:end]}" if keep_marks else shown)
            filled += 1
            continue
        done.append(text[start:end])
        if decision.action == LEAVE:
            left.append(f"{decision.place}: {text[start:end]}")
    return Filled("".join([*done, text[at:]]).encode("utf-8"), filled, removed, tuple(left))


def _marks(text: str) -> Iterator[tuple[Bound, int, int]]:
    """Yield each mark with its place in the source, in order."""
    found: list[tuple[Bound, int, int]] = []
    for bound in drafts.bound(markdown_draft.parse_text(text)):
        if bound.mark is not None:
            spots: Sequence[int] = bound.mark.passage.spots[bound.mark.start : bound.mark.end]
            escaped = text[: spots[0]].endswith("\\")
            found.append((bound, spots[0] - escaped, spots[-1] + 1))
    yield from sorted(found, key=lambda one: one[1])
