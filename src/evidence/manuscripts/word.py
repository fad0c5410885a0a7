"""DOCX manuscripts: opened with distrust, read as they are once all changes are accepted."""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]

from evidence.errors import ParameterError
from evidence.manuscripts import Draft, Passage, Row, Span
from evidence.manuscripts import table as table_parts
from evidence.manuscripts.markdown import raised

LARGEST = 20_000_000
"""Largest file, in bytes."""
LARGEST_EXPANDED = 100_000_000
"""Largest sum of its parts, in bytes."""
LARGEST_PART = 12_000_000
"""Largest part of text, in bytes."""
MOST_PARTS = 2_000
DEEPEST = 200
"""How deep elements may be nested; Word writes some twenty."""

DOCUMENT = "document"
NOTES = ("footnote", "endnote")
"""Names of the parts that hold text for readers."""

_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def _refuse(found: str, expected: str) -> ParameterError:
    return ParameterError("draft", found, expected)


def read_parts(data: bytes) -> dict[str, Element]:
    """Return the text parts of a DOCX file as elements.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    dict of str to Element
        `DOCUMENT`, and those of `NOTES` that are there. Every other part of XML is read too, so
        that none that another tool opens later holds an entity or a type declaration.

    Raises
    ------
    ParameterError
        If it is no DOCX file, or one that expands beyond the limits, is encrypted, or has document
        type declarations, entities or elements nested without end.
    """
    if len(data) > LARGEST:
        raise _refuse(f"{len(data):,} bytes", f"at most {LARGEST:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts(archive)
    except ParameterError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError):
        raise _refuse("a file that is no intact zip archive", "a DOCX file") from None


@contextmanager
def fitting() -> Iterator[None]:
    """Let a library that opens, changes or saves a DOCX file say in one line what it cannot.

    Raises
    ------
    ParameterError
        If its parts do not fit together: one lacks, has another name or another root.
    """
    try:
        yield
    except (KeyError, ValueError, AttributeError, TypeError, SyntaxError, OSError) as error:
        # lxml says of XML that it does not read what Python says of programs.
        reason = " ".join(str(error.args[0] if error.args else error).split())[:200]
        raise _refuse(f"parts that do not fit together ({reason})", "a DOCX file") from None


def _parts(archive: zipfile.ZipFile) -> dict[str, Element]:
    members = archive.infolist()
    if len(members) > MOST_PARTS:
        raise _refuse(f"{len(members):,} parts", f"at most {MOST_PARTS:,}")
    names = [one.filename for one in members]
    if len(set(names)) != len(names):
        raise _refuse("a part that stands there twice", "each part once")
    found, total = {}, 0
    for member in members:
        content = _content(archive, member, LARGEST_EXPANDED - total)
        total += len(content)
        if member.filename.endswith((".xml", ".rels")):
            found[member.filename] = _element(member.filename, content)
    return _named(found)


def _named(elements: Mapping[str, Element]) -> dict[str, Element]:
    """Return the parts that hold text, found as the relations of the package name them."""
    main = next((path for kind, path in _related(elements, "") if kind == "officeDocument"), "")
    if main not in elements:
        raise _refuse("an archive without a document of Word", "a DOCX file")
    found = {DOCUMENT: elements[main]}
    for kind, path in _related(elements, main):
        name = kind.removesuffix("s")
        if name in NOTES and path in elements:
            found[name] = elements[path]
    return found


def _related(elements: Mapping[str, Element], source: str) -> Iterator[tuple[str, str]]:
    """Yield kind and path of the parts that a part names."""
    folder, _, name = source.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    for one in elements[path].iter(_RELATIONS) if path in elements else ():
        target = one.get("Target", "")
        joined = target[1:] if target.startswith("/") else f"{folder}/{target}".lstrip("/")
        yield one.get("Type", "").rpartition("/")[2], joined


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    """Return a part, reading no more than allowed whatever the archive says of its size."""
    text = member.filename.endswith((".xml", ".rels"))
    most = min(left, LARGEST_PART) if text else left
    with archive.open(member) as part:
        content = part.read(most + 1)
    if len(content) > most:
        raise _refuse(
            f"{member.filename[:60]} that expands beyond {most:,} bytes",
            f"at most {LARGEST_PART:,} bytes in a part and {LARGEST_EXPANDED:,} in all",
        )
    return content


def _element(name: str, content: bytes) -> Element:
    try:
        element: Element = safe.fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise _refuse(
            f"{name[:60]} with a document type or entities", "parts without them"
        ) from None
    except (ParseError, ValueError, LookupError):
        raise _refuse(f"{name[:60]} that is no well-formed XML", "a DOCX file") from None
    level, depth = [element], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _refuse(
                f"{name[:60]} with elements nested more than {DEEPEST} deep", "a DOCX file"
            )
        level = [child for one in level for child in one]
    return element


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

# What readers do not see: deletions, the old place of moved text, instructions of fields,
# phonetic guides, and the copy of a drawing for old programs.
_UNSEEN = frozenset(
    {
        f"{W}del",
        f"{W}moveFrom",
        f"{W}instrText",
        f"{W}delText",
        f"{W}delInstrText",
        f"{W}rt",
        f"{W}pPr",
        f"{W}rPr",
        f"{W}sdtPr",
        f"{W}tblPr",
        f"{W}trPr",
        f"{W}tcPr",
        f"{W}commentReference",
        FALLBACK,
    }
)
CODE_STYLE = "VerbatimChar"
"""Style that pandoc gives to code."""

_CITING = re.compile(r"ADDIN (?:ZOTERO|EN\.CITE|CSL_CITATION|Mendeley)|CITATION ")
_OFF = ("0", "false", "off")
_SPACES = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}ptab": "\t"}
_HYPHENS = {f"{W}noBreakHyphen": "-"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a character stands: the element of text, and the how manieth of its characters."""

    element: Any
    offset: int


@dataclass(slots=True)
class _Paragraph:
    characters: list[str] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    # How many fields are open, and which of them, counted so, cites sources.
    fields: int = 0
    citing: int = 0

    @property
    def cites(self) -> bool:
        """Whether the text that comes is that of a citation by a reference manager."""
        return 0 < self.citing <= self.fields

    def turn(self, kind: str | None) -> None:
        """Note that a field begins or ends."""
        self.fields += {"begin": 1, "end": -1}.get(kind or "", 0)
        if self.fields < self.citing:
            self.citing = 0

    def add(self, text: str, element: Any) -> None:
        for offset, letter in enumerate(text):
            self.characters.append(letter)
            self.spots.append(Spot(element, offset))


def parse(data: bytes) -> Draft:
    """Return a DOCX manuscript as passages.

    Tracked changes are read as accepted: insertions stand, deletions do not.

    Parameters
    ----------
    data : bytes
        The file.

    Raises
    ------
    ParameterError
        If it is no DOCX file that can be opened safely.
    """
    return draft_of(read_parts(data))


def draft_of(parts: Mapping[str, Any]) -> Draft:
    """Return the passages of the parts of a file, as `read_parts` gives them."""
    found = list(_Walk().body(parts[DOCUMENT]))
    for name in NOTES:
        for number, note in enumerate(_notes(parts.get(name, ()), name), 1):
            walk = _Walk(f"{name} {number}, ")
            found += list(walk.body(note))
    return Draft(tuple(found))


def _notes(part: Any, name: str) -> Iterator[Any]:
    for note in part:
        # Separators between text and notes have a type; notes of readers have none.
        if note.tag == f"{W}{name}" and note.get(f"{W}type") in (None, "normal"):
            yield note


class _Walk:
    """One walk through a body, counting its paragraphs and tables."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.paragraphs = 0
        self.tables = 0

    def body(self, element: Any) -> Iterator[Passage | Row]:
        """Yield the passages and rows below an element, in order."""
        open_paragraph: _Paragraph | None = None
        for child in _blocks(element):
            if child.tag == f"{W}tbl":
                yield from self._table(child)
                continue
            self.paragraphs += 1
            boxes: list[Any] = []
            paragraph = open_paragraph or _Paragraph()
            _read(child, paragraph, boxes)
            open_paragraph = paragraph if _mark_is_deleted(child) else None
            if open_paragraph is None:
                yield self._passage(paragraph, f"paragraph {self.paragraphs}")
            for box in boxes:
                yield from self.body(box)
        if open_paragraph is not None:
            yield self._passage(open_paragraph, f"paragraph {self.paragraphs}")

    def _passage(self, paragraph: _Paragraph, place: str) -> Passage:
        return Passage(
            "".join(paragraph.characters), tuple(paragraph.spots), f"{self.prefix}{place}"
        )

    def _table(self, table: Any) -> Iterator[Passage | Row]:
        self.tables += 1
        name = f"table {self.tables}"
        rows: list[list[tuple[int, Passage]]] = []
        inner: list[Any] = []
        for number, row in enumerate(_rows(table), 1):
            cells: list[tuple[int, Passage]] = []
            column = _skipped_columns(row)
            for cell in _below(row, f"{W}tc"):
                properties = cell.find(f"{W}tcPr")
                wide = properties.find(f"{W}gridSpan") if properties is not None else None
                if properties is None or properties.find(f"{W}cellDel") is None:
                    place = f"{name}, row {number}"
                    cells.append((column, self._cell(cell, place, len(cells) + 1, inner)))
                column += _number(wide, 1)
            rows.append(cells)
        yield from table_parts(rows)
        for one in inner:
            yield from self._table(one) if one.tag == f"{W}tbl" else self.body(one)

    def _cell(self, cell: Any, place: str, number: int, inner: list[Any]) -> Passage:
        """Return a cell as one passage; its paragraphs are apart by a line end."""
        whole = _Paragraph()
        for child in _blocks(cell):
            if child.tag == f"{W}tbl":
                inner.append(child)
                continue
            if whole.characters:
                whole.characters.append("\n")
                whole.spots.append(whole.spots[-1])
            _read(child, whole, inner)
        return self._passage(whole, f"{place}, cell {number}")


def _number(element: Any, otherwise: int) -> int:
    text = "" if element is None else str(element.get(f"{W}val", ""))
    return int(text) if text.isdigit() and len(text) < 4 else otherwise


def _skipped_columns(row: Any) -> int:
    properties = row.find(f"{W}trPr")
    return 0 if properties is None else _number(properties.find(f"{W}gridBefore"), 0)


def _below(element: Any, *tags: str) -> Iterator[Any]:
    """Yield the nearest elements of these tags, through any that only wrap them."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag not in _UNSEEN and child.tag not in (f"{W}p", f"{W}tbl"):
            yield from _below(child, *tags)


def _blocks(element: Any) -> Iterator[Any]:
    return _below(element, f"{W}p", f"{W}tbl")


def _rows(table: Any) -> Iterator[Any]:
    for row in _below(table, f"{W}tr"):
        properties = row.find(f"{W}trPr")
        if properties is None or properties.find(f"{W}del") is None:
            yield row


def _mark_is_deleted(paragraph: Any) -> bool:
    """Whether the end of a paragraph is deleted, so that it goes on in the next."""
    found = paragraph.find(f"{W}pPr/{W}rPr/{W}del")
    return found is not None


def _read(element: Any, into: _Paragraph, boxes: list[Any]) -> None:
    """Add the text of a paragraph; text boxes in it are set aside, to be read apart."""
    for child in element:
        tag = child.tag
        if tag == f"{W}instrText" and _CITING.search(child.text or ""):
            into.citing = into.fields
        if tag in _UNSEEN or not isinstance(tag, str):
            continue
        if tag == f"{W}txbxContent":
            boxes.append(child)
        elif tag == f"{W}r":
            if _is_struck(child):
                continue
            start = len(into.characters)
            _read(child, into, boxes)
            if into.cites or _is_raised(child):
                into.characters[start:] = raised("".join(into.characters[start:]))
        elif tag in (f"{W}t", f"{M}t"):
            into.add(child.text or "", child)
        elif tag in _SPACES:
            into.add(_SPACES[tag], child)
        elif tag in _HYPHENS:
            into.add(_HYPHENS[tag], child)
        elif tag == f"{W}sym":
            into.add(_symbol(child), child)
        elif tag == f"{W}fldChar":
            into.turn(child.get(f"{W}fldCharType"))
        else:
            _read(child, into, boxes)


def _symbol(element: Any) -> str:
    """Return a symbol by its code; of a font of signs the code is a place in that font."""
    code = str(element.get(f"{W}char", ""))
    return chr(int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{4}", code) else ""


def _is_struck(run: Any) -> bool:
    """Whether a run is struck out or quoted as code, and so claims nothing."""
    style = run.find(f"{W}rPr/{W}rStyle")
    if style is not None and style.get(f"{W}val") == CODE_STYLE:
        return True
    struck = (run.find(f"{W}rPr/{W}{name}") for name in ("strike", "dstrike"))
    return any(one is not None and one.get(f"{W}val") not in _OFF for one in struck)


def _is_raised(run: Any) -> bool:
    found = run.find(f"{W}rPr/{W}vertAlign")
    return found is not None and found.get(f"{W}val") == "superscript"


def rewritten(data: bytes, edit: Callable[[Draft], None]) -> bytes:
    """Return a DOCX file whose texts were edited in place, those of notes too.

    Parameters
    ----------
    data : bytes
        The file.
    edit : function
        Changes the elements of text that the spots of the manuscript name.

    Raises
    ------
    ParameterError
        If it is no DOCX file.
    """
    import docx
    from lxml import etree  # type: ignore[import-untyped]

    parts: dict[str, Any] = dict(read_parts(data))
    with fitting():
        document = docx.Document(io.BytesIO(data))
    parts[DOCUMENT] = document.element
    notes = list(_note_parts(document))
    for name, part in notes:
        # Read safely before: no entities, no document type.
        with fitting():
            parts[name] = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False))
    edit(draft_of(parts))
    target = io.BytesIO()
    with fitting():
        for name, part in notes:
            part._blob = etree.tostring(
                parts[name], xml_declaration=True, encoding="UTF-8", standalone=True
            )
        document.save(target)
    return target.getvalue()


def _note_parts(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts with footnotes and endnotes, each with its name."""
    for relation in document.part.rels.values():
        name = relation.reltype.rpartition("/")[2].removesuffix("s")
        if name in NOTES and not relation.is_external:
            yield name, relation.target_part


def replace(span: Span, start: int, text: str) -> None:
    """Put text in the place of what stands from a character on to the end of a span."""
    spots = span.passage.spots[start : span.end]
    for spot in reversed(spots):
        if spot.element.tag == f"{W}t":
            old = spot.element.text
            spot.element.text = old[: spot.offset] + old[spot.offset + 1 :]
    first = next(spot for spot in spots if spot.element.tag == f"{W}t")
    _insert(first.element, first.offset, text)


def can_put(spot: Any) -> bool:
    """Whether text can be put behind a character: not behind a symbol or in a formula."""
    return bool(spot.element.tag == f"{W}t")


def put(spot: Any, text: str) -> None:
    """Put text behind a character, set as it is."""
    _insert(spot.element, spot.offset + 1, text)


_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def _insert(element: Any, at: int, text: str) -> None:
    old = element.text
    element.text = old[:at] + text + old[at:]
    element.set(_XML_SPACE, "preserve")
