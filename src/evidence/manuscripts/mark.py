"""Marks written behind the statements of a manuscript that are certain; the rest is commented.

A statement is certain where effect and both limits stand together, every number of it agrees with
one number of the ledger, no other has the same (but by other choices of the same analysis), and
the mark, once written, binds nothing wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from evidence import manuscripts as drafts
from evidence.manuscripts import Draft, Passage, Row, word
from evidence.manuscripts import markdown as markdown_draft
from evidence.manuscripts.annotate import annotate_word
from evidence.manuscripts.check import suggested
from evidence.manuscripts.fill import can_put, put, rewritten
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import BAD, Finding, judge_bound
from evidence.manuscripts.prose import FIELDS

_CLOSING = ")]%"


@dataclass(frozen=True, slots=True)
class Marked:
    """A manuscript with marks.

    Attributes
    ----------
    content : bytes
        The whole file.
    written : int
        Marks that were written.
    left : tuple of str
        What is not certain, each with its place and why.
    """

    content: bytes
    written: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark to write: behind which character of which passage."""

    passage: Passage
    at: int
    text: str


def _certain(draft: Draft, known: Known) -> Iterator[_Mark]:
    for bound in drafts.bound(draft):
        if bound.estimate_id is not None:
            continue
        for statement in _statements(judge_bound(bound, known)):
            numbers = [one for one in statement if one.field in FIELDS]
            effect_and_limits = [one.field for one in numbers if one.field in FIELDS[:3]]
            estimate_id = _one_of(statement[0].candidates, known)
            if estimate_id and sorted(effect_and_limits) == sorted(FIELDS[:3]):
                last = max(numbers, key=lambda one: one.words.end).words
                if bound.spans[0].cell:
                    last = numbers[-1].words
                yield _Mark(
                    last.passage,
                    _behind(last.passage.text, last.end),
                    f" {{ev:{estimate_id}}}",
                )


def _one_of(ids: Sequence[str], known: Known) -> str:
    """Return the only number that a statement can be, empty where there are several.

    Where other choices of one analysis give the same digits, it is the analysis without them: they
    stand behind its id.
    """
    first = min(ids, key=len, default="")
    kinds = {known.entries[one].entry_kind for one in ids}
    others = all(one == first or one.startswith(f"{first}.") for one in ids)
    return first if others and len(kinds) == 1 else ""


def _statements(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    unmarked = [one for one in findings if one.status == "unmarked"]
    for _, statement in groupby(
        sorted(unmarked, key=lambda one: one.statement), lambda one: one.statement
    ):
        yield list(statement)


def _behind(text: str, at: int) -> int:
    """Return where a statement is closed: behind the bracket that its last number stands in."""
    while at < len(text) and text[at] in _CLOSING:
        at += 1
    return at


def _with(passage: Passage, marks: Sequence[_Mark]) -> tuple[Passage, dict[int, _Mark]]:
    """Return a passage with marks, and where each stands in it."""
    text, spots, lines = passage.text, list(passage.spots), list(passage.lines)
    own = sorted((one for one in marks if one.passage is passage), key=lambda one: one.at)
    starts: dict[int, _Mark] = {}
    shift = 0
    for one in own:
        at, size = one.at + shift, len(one.text)
        text = text[:at] + one.text + text[at:]
        spots[at:at] = [spots[at - 1]] * size
        lines[at:at] = [lines[at - 1]] * size if lines else []
        starts[at + 1] = one
        shift += size
    return replace(passage, text=text, spots=tuple(spots), lines=tuple(lines)), starts


def _wrong(draft: Draft, marks: Sequence[_Mark], known: Known) -> list[_Mark]:
    """Return the marks that would bind a number that is not theirs, or no effect."""
    found = []
    for part in draft.parts:
        cells = part.cells if isinstance(part, Row) else (part,)
        if not any(one.passage is cell for one in marks for cell in cells):
            continue
        made = [_with(cell, marks) for cell in cells]
        starts = {(id(cell), at): one for cell, own in made for at, one in own.items()}
        new = (
            replace(part, cells=tuple(one for one, _ in made))
            if isinstance(part, Row)
            else made[0][0]
        )
        for bound in drafts.bound(Draft((new,))):
            mark = bound.mark and starts.get((id(bound.mark.passage), bound.mark.start))
            if not mark:
                continue
            findings = judge_bound(bound, known)
            effect = any(one.field == "effect" and one.status == "right" for one in findings)
            if not effect or any(one.status in (*BAD, "unmarked") for one in findings):
                found.append(mark)
    return found


def _marks(draft: Draft, known: Known) -> list[_Mark]:
    """Return the marks to write, each held against the ledger as it would bind."""
    marks = list(_certain(draft, known))
    while wrong := _wrong(draft, marks, known):
        marks = [one for one in marks if one not in wrong]
    return marks


def mark_markdown(data: bytes, known: Known) -> Marked:
    """Return a Markdown manuscript with a mark behind each statement that is certain.

    Parameters
    ----------
    data : bytes
        The file.
    known : Known
        Ledger.
    """
    text = markdown_draft.text_of(data)
    marks = _marks(markdown_draft.parse_text(text), known)
    for one in sorted(marks, key=lambda one: one.passage.spots[one.at - 1], reverse=True):
        at = one.passage.spots[one.at - 1] + 1
        text = text[:at] + one.text + text[at:]
    return Marked(text.encode("utf-8"), len(marks), _left(markdown_draft.parse_text(text), known))


def mark_word(data: bytes, known: Known) -> Marked:
    """Return a DOCX manuscript with a mark behind each statement that is certain.

    The mark is set as the last number of its statement; at what is not certain, or not right,
    stands a comment, as `annotate_word` writes it.

    Parameters
    ----------
    data : bytes
        The file.
    known : Known
        Ledger.

    Raises
    ------
    ParameterError
        If it is no DOCX file.
    """
    marks: list[_Mark] = []

    def edit(draft: Draft) -> None:
        found = _marks(draft, known)
        marks.extend(one for one in found if can_put(one.passage.spots[one.at - 1]))
        # From the end to the start, so that no mark moves those still to come.
        for one in reversed(marks):
            put(one.passage.spots[one.at - 1], one.text)

    written = rewritten(data, edit)
    content, _ = annotate_word(written, known)
    return Marked(content, len(marks), _left(word.parse(written), known))


def _left(draft: Draft, known: Known) -> tuple[str, ...]:
    """Return the statements without a mark, each with its place and what it could be."""
    return tuple(
        f"{statement[0].place}: {', '.join(one.printed for one in statement)}; "
        f"{suggested(statement)}"
        for bound in drafts.bound(draft)
        for statement in _statements(judge_bound(bound, known))
    )
