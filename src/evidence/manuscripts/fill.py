"""Marks of a manuscript, Markdown or Word, turned into the numbers that they name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence import manuscripts as drafts
from evidence.blocks.escape import markdown
from evidence.errors import ParameterError, check_choice
from evidence.ledger import LedgerEntry, quotation
from evidence.manuscripts import Bound, Draft, word
from evidence.manuscripts import markdown as markdown_draft
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import BAD, judge_bound
from evidence.manuscripts.prose import FIELDS, FIRM

FILL, REMOVE, LEAVE, KEEP = "fill", "remove", "leave", "keep"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a mark.

    Attributes
    ----------
    action : str
        `FILL`; `REMOVE` behind right numbers, or `KEEP` where marks are to stay; `LEAVE` behind a
        wrong one.
    text : str
        What stands for the mark, if it is filled.
    place : str
        Where it stands.
    """

    action: str
    text: str
    place: str


def number(entry: LedgerEntry, style: str) -> str:
    """Return the text that stands for a mark: number, interval, P, sizes, caveat."""
    parts = [
        quotation.statistic(entry, style),
        quotation.sizes(entry, style),
        quotation.caveat(entry),
    ]
    return "; ".join(part for part in parts if part)


def refuse_bad_marks(draft: Draft, known: Known, style: str) -> None:
    """Name all marks of a manuscript that name no number or no style at once.

    Raises
    ------
    ParameterError
        If there is one.
    """
    bad: list[str] = []
    first: ParameterError | None = None
    for bound in drafts.bound(draft):
        if bound.mark is None:
            continue
        try:
            known.entry(bound.estimate_id or "")
            check_choice("style", bound.style or style, quotation.STYLES)
        except ParameterError as error:
            first = first or error
            bad.append(f"{bound.mark.passage.where(bound.mark.start)}: {error}")
    if first is not None:
        if len(bad) == 1:
            raise first
        raise ParameterError("marks", f"{len(bad)} that name nothing", "; ".join(bad))


def decide(bound: Bound, known: Known, style: str, *, keep_marks: bool) -> Decision:
    """Return what becomes of a mark.

    A mark behind numbers of its estimate is not filled: a manuscript that kept its marks can be
    filled once more.

    Raises
    ------
    ParameterError
        If the mark names no number or no style.
    """
    entry = known.entry(bound.estimate_id or "")
    style = bound.style or style
    check_choice("style", style, quotation.STYLES)
    place = "" if bound.mark is None else bound.mark.passage.where(bound.mark.start)
    findings = [one for one in judge_bound(bound, known) if one.estimate_id is not None]
    # A number that only may be meant as the estimate counts if it is right.
    printed = any(
        one.field in FIELDS[:3] and (one.status == "right" or one.reading.sureness == FIRM)
        for one in findings
    )
    if not printed:
        return Decision(FILL, number(entry, style), place)
    if any(one.status in BAD for one in findings):
        return Decision(LEAVE, "", place)
    return Decision(KEEP if keep_marks else REMOVE, "", place)


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
    refuse_bad_marks(markdown_draft.parse_text(text), known, style)
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


def fill_word(data: bytes, known: Known, *, style: str = "ama", keep_marks: bool = False) -> Filled:
    """Return a DOCX manuscript with each mark replaced by the number it names.

    Parameters and rules are those of `fill_markdown`; the number is set as its mark was.

    Raises
    ------
    ParameterError
        If it is no DOCX file, or a mark names no number or no style.
    """
    left: list[str] = []
    done: list[str] = []

    def edit(draft: Draft) -> None:
        refuse_bad_marks(draft, known, style)
        marks = [one for one in drafts.bound(draft) if one.mark is not None]
        decisions = [decide(one, known, style, keep_marks=keep_marks) for one in marks]
        # From the end to the start, so that no change moves the marks still to come.
        for bound, decision in reversed(list(zip(marks, decisions, strict=True))):
            mark = bound.mark
            if mark is None:
                continue
            done.append(decision.action)
            if decision.action == REMOVE:
                before = mark.passage.text[: mark.start]
                word.replace(mark, mark.start - (before.endswith(" ")), "")
            elif decision.action == FILL:
                kept = f" {mark.text}" if keep_marks else ""
                word.replace(mark, mark.start, f"{decision.text}{kept}")
            elif decision.action == LEAVE:
                left.insert(0, f"{decision.place}: {mark.text}")

    content = word.rewritten(data, edit)
    return Filled(content, done.count(FILL), done.count(REMOVE), tuple(left))
