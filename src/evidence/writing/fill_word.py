"""Marks of a Word manuscript turned into the numbers they name."""

import io
from collections.abc import Iterator
from typing import Any

from evidence.writing import draft as drafts
from evidence.writing import word_package
from evidence.writing.deciding import FILL, LEAVE, REMOVE, decide
from evidence.writing.draft import Span
from evidence.writing.fill import Filled
from evidence.writing.known import Known
from evidence.writing.word_draft import W, draft_of

_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def fill_word(data: bytes, known: Known, *, style: str = "ama", keep_marks: bool = False) -> Filled:
    """Return a DOCX manuscript with each mark replaced by the number it names.

    Parameters and rules are those of `fill_markdown`; the number is set as its mark was.

    Raises
    ------
    ParameterError
        If it is no DOCX file, or a mark names no number or no style.
    """
    import docx
    from lxml import etree  # type: ignore[import-untyped]

    parts: dict[str, Any] = dict(word_package.read_parts(data))
    with word_package.fitting():
        document = docx.Document(io.BytesIO(data))
    parts[word_package.DOCUMENT] = document.element
    notes = list(_notes(document))
    for name, part in notes:
        # Read safely before: no entities, no document type.
        with word_package.fitting():
            parts[name] = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False))
    left: list[str] = []
    filled = removed = 0
    marks = [one for one in drafts.bound(draft_of(parts)) if one.mark is not None]
    decisions = [decide(one, known, style, keep_marks=keep_marks) for one in marks]
    # From the end to the start, so that no change moves the marks still to come.
    for bound, decision in reversed(list(zip(marks, decisions, strict=True))):
        mark = bound.mark
        if mark is None:
            continue
        if decision.action == REMOVE:
            before = mark.passage.text[: mark.start]
            _replace(mark, mark.start - (before.endswith(" ")), "")
            removed += 1
        elif decision.action == FILL:
            _replace(
                mark, mark.start, f"{decision.text} {mark.text}" if keep_marks else decision.text
            )
            filled += 1
        elif decision.action == LEAVE:
            left.insert(0, f"{decision.place}: {mark.text}")
    target = io.BytesIO()
    with word_package.fitting():
        for name, part in notes:
            part._blob = etree.tostring(
                parts[name], xml_declaration=True, encoding="UTF-8", standalone=True
            )
        document.save(target)
    return Filled(target.getvalue(), filled, removed, tuple(left))


def _notes(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts with footnotes and endnotes, each with its name."""
    for relation in document.part.rels.values():
        name = relation.reltype.rpartition("/")[2].removesuffix("s")
        if name in word_package.NOTES and not relation.is_external:
            yield name, relation.target_part


def _replace(mark: Span, start: int, text: str) -> None:
    """Put text in the place of a mark, from a character on."""
    spots = mark.passage.spots[start : mark.end]
    for spot in reversed(spots):
        if spot.element.tag == f"{W}t":
            old = spot.element.text
            spot.element.text = old[: spot.offset] + old[spot.offset + 1 :]
    first = next(spot for spot in spots if spot.element.tag == f"{W}t")
    old = first.element.text
    first.element.text = old[: first.offset] + text + old[first.offset :]
    first.element.set(_XML_SPACE, "preserve")
