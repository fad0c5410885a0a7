"""Marks written behind the statements of a manuscript that are certain; the rest is commented.

A statement is certain where effect and both limits stand together, every number of it agrees with
one number of the ledger, no other has the same (but by other choices of the same analysis), and
the mark, once written, binds nothing wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from evidence import manuscripts as drafts
from evidence.manuscripts import Bound, Draft, word
from evidence.manuscripts import markdown as markdown_draft
from evidence.manuscripts.annotate import annotate_word
from evidence.manuscripts.check import suggested
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


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """A mark to write: behind which character of the how manieth passage."""

    passage: int
    at: int
    text: str


def _certain(draft: Draft, known: Known) -> Iterator[_Mark]:
    numbers = {id(one): number for number, one in enumerate(draft.passages)}
    for bound in drafts.bound(draft):
        if bound.estimate_id is not None:
            continue
        for statement in _statements(judge_bound(bound, known)):
            found = [one for one in statement if one.field in FIELDS]
            effect_and_limits = [one.field for one in found if one.field in FIELDS[:3]]
            estimate_id = _one_of(statement[0].candidates, known)
            if estimate_id and sorted(effect_and_limits) == sorted(FIELDS[:3]):
                last = max(found, key=lambda one: one.words.end).words
                if bound.spans[0].cell:
                    last = found[-1].words
                at = _behind(last.passage.text, last.end)
                yield _Mark(numbers[id(last.passage)], at, f" {{ev:{estimate_id}}}")


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


def _binds_its_own(bound: Bound, known: Known) -> bool:
    """Whether a mark binds an effect that is right, and no number that is not."""
    findings = judge_bound(bound, known)
    effect = any(one.field == "effect" and one.status == "right" for one in findings)
    return effect and not any(one.status in (*BAD, "unmarked") for one in findings)


def _well_bound(written: Draft, marks: Sequence[_Mark], known: Known) -> list[_Mark]:
    """Return the marks that, read where they were written, bind what they were written for."""
    numbers = {id(one): number for number, one in enumerate(written.passages)}
    there = {
        (numbers[id(bound.mark.passage)], bound.mark.start): _binds_its_own(bound, known)
        for bound in drafts.bound(written)
        if bound.mark is not None
    }
    kept, passage, shift = [], -1, 0
    for one in marks:
        passage, shift = one.passage, shift if one.passage == passage else 0
        # A mark starts behind the space that is written with it.
        start = one.at + shift + 1
        if there.get((passage, start)):
            kept.append(one)
        # Where one could not be written, nothing moved.
        shift += len(one.text) if (passage, start) in there else 0
    return kept


def _marked(
    data: bytes,
    known: Known,
    parse: Callable[[bytes], Draft],
    write: Callable[[bytes, Sequence[_Mark]], bytes],
) -> Marked:
    """Return a manuscript with the marks that are certain, each held as it reads once written."""
    draft = parse(data)
    marks = sorted(_certain(draft, known))
    while True:
        content = write(data, marks)
        written = parse(content)
        kept = _well_bound(written, marks, known)
        if kept == marks:
            return Marked(content, len(marks), _left(written, known))
        marks = kept


def mark_markdown(data: bytes, known: Known) -> Marked:
    """Return a Markdown manuscript with a mark behind each statement that is certain.

    Parameters
    ----------
    data : bytes
        The file.
    known : Known
        Ledger.
    """
    return _marked(data, known, markdown_draft.parse, _write_markdown)


def _write_markdown(data: bytes, marks: Sequence[_Mark]) -> bytes:
    text = markdown_draft.text_of(data)
    passages = markdown_draft.parse_text(text).passages
    places = [(passages[one.passage].spots[one.at - 1] + 1, one.text) for one in marks]
    # From the end to the start, so that no mark moves those still to come.
    for at, mark in sorted(places, reverse=True):
        text = text[:at] + mark + text[at:]
    return text.encode("utf-8")


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
    marked = _marked(data, known, word.parse, _write_word)
    return replace(marked, content=annotate_word(marked.content, known)[0])


def _write_word(data: bytes, marks: Sequence[_Mark]) -> bytes:
    def edit(draft: Draft) -> None:
        passages = draft.passages
        # From the end to the start, so that no mark moves those still to come.
        for one in sorted(marks, reverse=True):
            spot = passages[one.passage].spots[one.at - 1]
            if word.can_put(spot):
                word.put(spot, one.text)

    return word.rewritten(data, edit)


def _left(draft: Draft, known: Known) -> tuple[str, ...]:
    """Return the statements without a mark, each with its place and what it could be."""
    return tuple(
        f"{statement[0].place}: {', '.join(one.printed for one in statement)}; "
        f"{suggested(statement)}"
        for bound in drafts.bound(draft)
        for statement in _statements(judge_bound(bound, known))
    )
