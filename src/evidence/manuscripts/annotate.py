"""A manuscript with a Word comment at each number that is not right."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence import manuscripts as drafts
from evidence.data import atomic
from evidence.errors import ParameterError, of_file
from evidence.language import capitalized
from evidence.manuscripts import Draft, Span, markdown, word
from evidence.manuscripts.check import IN_WORDS, explained, read_manuscript, suggested
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import Finding, judge_bound
from evidence.manuscripts.prose import FIELDS
from evidence.manuscripts.word import M, Spot, W, draft_of

AUTHOR = "evidence check"
INITIALS = "EC"

PANDOC_INPUT = "commonmark_x-smart-attributes"
"""How pandoc reads a manuscript: as here, and braces are text."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What is said at some words."""

    words: Span
    text: str


def write_annotated(draft: Path, output: Path, known: Known) -> int:
    """Write a manuscript as DOCX with comments, and return how many there are.

    Parameters
    ----------
    draft : Path
        Manuscript in Markdown, which becomes DOCX first, or DOCX.
    output : Path
        File to write, another than the manuscript.
    known : Known
        Ledger.

    Raises
    ------
    ParameterError
        If the output is no DOCX file or the manuscript itself, or the manuscript cannot be read.
    """
    if output.suffix.lower() != ".docx":
        raise ParameterError("annotate", output.name, "a file that ends in .docx")
    if output.resolve() == draft.resolve():
        raise ParameterError("annotate", output.name, "another file than the manuscript")
    with of_file(draft.name):
        annotated, count = annotate_word(_as_word(draft), known)
    atomic.replace(output, annotated)
    return count


def _as_word(draft: Path) -> bytes:
    content, is_word = read_manuscript(draft)
    if is_word:
        return content
    import pypandoc  # type: ignore[import-untyped]

    text = markdown.text_of(content)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "draft.docx"
        # In the sandbox pandoc opens no file that the manuscript names.
        pypandoc.convert_text(
            text,
            "docx",
            format=PANDOC_INPUT,
            outputfile=str(target),
            extra_args=["--sandbox", "--quiet"],
        )
        return target.read_bytes()


def annotate_word(data: bytes, known: Known) -> tuple[bytes, int]:
    """Return a DOCX file with comments, and how many.

    Parameters
    ----------
    data : bytes
        The file.
    known : Known
        Ledger.
    """
    import docx

    parts: dict[str, Any] = dict(word.read_parts(data))
    with word.fitting():
        document = docx.Document(io.BytesIO(data))
    # The parts read safely are for reading; comments go into the tree that is written.
    parts[word.DOCUMENT] = document.element
    anchors = _note_anchors(parts)
    comments = list(_comments(draft_of(parts), known))
    # From the end to the start, so that no comment moves the words of one still to come.
    for one in reversed(comments):
        with word.fitting():
            comment = document.comments.add_comment(text=one.text, author=AUTHOR, initials=INITIALS)
        first, last = _runs(one.words, anchors)
        _enclose(first, last, comment.comment_id)
    target = io.BytesIO()
    with word.fitting():
        document.save(target)
    return target.getvalue(), len(comments)


def _comments(draft: Draft, known: Known) -> Iterator[Comment]:
    for bound in drafts.bound(draft):
        findings = judge_bound(bound, known)
        yield from _on_findings(findings)
        unknown = bound.estimate_id is not None and not (
            bound.estimate_id in known.entries or bound.estimate_id in known.superseded
        )
        if unknown and bound.mark is not None and bound.estimate_id is not None:
            yield Comment(
                bound.mark,
                f"This mark names no number; expected {known.expected(bound.estimate_id)}.",
            )


def _on_findings(findings: Sequence[Finding]) -> Iterator[Comment]:
    told: set[tuple[int, int]] = set()
    for one in findings:
        if one.status in ("right", "other"):
            continue
        if one.status == "unmarked":
            # One comment on an estimate and its limits, none on sizes and P beside it.
            group = (id(one.words.passage), one.reading.group)
            if one.field not in FIELDS[:3] or group in told:
                continue
            told.add(group)
            mark = f": {{ev:{one.candidates[0]}}}" if one.candidates else ""
            statement = [two for two in findings if two.statement == one.statement]
            yield Comment(one.words, f"{capitalized(suggested(statement))}{mark}")
            continue
        status = capitalized(one.status.replace("_", " "))
        yield Comment(one.words, f"{status} as {IN_WORDS[one.field]}: {explained(one)}.")


def _note_anchors(parts: dict[str, Any]) -> dict[int, Any]:
    """Return for each element of a note the run in the text that refers to the note.

    Word takes no comments inside notes.
    """
    anchors: dict[int, Any] = {}
    for name in word.NOTES:
        references = {
            one.get(f"{W}id"): one.getparent()
            for one in parts[word.DOCUMENT].iter(f"{W}{name}Reference")
        }
        for note in parts.get(name, ()):
            run = references.get(note.get(f"{W}id"))
            if run is not None:
                anchors.update((id(element), run) for element in note.iter())
    return anchors


def _runs(words: Span, anchors: dict[int, Any]) -> tuple[Any, Any]:
    """Return the first and last element of the words, runs split where the words start and end."""
    spots: Sequence[Spot] = words.passage.spots[words.start : words.end]
    first, last = spots[0], spots[-1]
    run = anchors.get(id(first.element))
    if run is not None:
        return run, run
    outside = _outside(first.element)
    if outside is not None:
        return outside, outside
    _split(last.element, last.offset + 1)
    starting = _split(first.element, first.offset)
    ending = starting if last.element is first.element else last.element.getparent()
    return starting, ending


def _outside(element: Any) -> Any:
    """Return what to comment instead of words that cannot be: a formula, the run of a text box."""
    found = None
    for one in element.iterancestors():
        if one.tag == f"{M}oMath":
            found = one
        elif one.tag == f"{W}txbxContent":
            found = next(one.iterancestors(f"{W}r"), found)
    return found


def _split(element: Any, offset: int) -> Any:
    """Split the run of an element before one of its characters; return the run with the rest."""
    run = element.getparent()
    text = element.text or ""
    whole = element.tag != f"{W}t"
    content = [child for child in run if child.tag != f"{W}rPr"]
    at = content.index(element)
    if offset >= (1 if whole else len(text)):
        return run if at + 1 == len(content) else _move(run, content[at + 1 :])
    if offset == 0:
        return run if at == 0 else _move(run, content[at:])
    rest = deepcopy(element)
    element.text, rest.text = text[:offset], text[offset:]
    for one in (element, rest):
        one.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    moved = _move(run, content[at + 1 :])
    properties = moved.find(f"{W}rPr")
    moved.insert(0 if properties is None else 1, rest)
    return moved


def _move(run: Any, children: Sequence[Any]) -> Any:
    """Move children of a run to a new one behind it, set in the same way."""
    moved = run.makeelement(run.tag, run.attrib)
    properties = run.find(f"{W}rPr")
    if properties is not None:
        moved.append(deepcopy(properties))
    moved.extend(children)
    run.addnext(moved)
    return moved


def _enclose(first: Any, last: Any, comment_id: int) -> None:
    """Put the marks of a comment around elements."""

    def mark(name: str) -> Any:
        return first.makeelement(f"{W}{name}", {f"{W}id": str(comment_id)})

    reference = first.makeelement(f"{W}r", {})
    reference.append(mark("commentReference"))
    first.addprevious(mark("commentRangeStart"))
    last.addnext(reference)
    last.addnext(mark("commentRangeEnd"))
