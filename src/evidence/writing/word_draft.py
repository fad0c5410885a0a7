"""DOCX manuscripts: paragraphs, tables and notes as they read once all changes are accepted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.writing.draft import Draft, Passage, Row, hint
from evidence.writing.markdown_text import raised
from evidence.writing.word_package import DOCUMENT, NOTES, read_parts

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
        hints: dict[int, tuple[str, bool]] = {}
        for number, row in enumerate(_rows(table), 1):
            cells: list[Passage] = []
            columns: list[int] = []
            inner: list[Any] = []
            column = _skipped_columns(row)
            for cell in _below(row, f"{W}tc"):
                properties = cell.find(f"{W}tcPr")
                wide = properties.find(f"{W}gridSpan") if properties is not None else None
                if properties is None or properties.find(f"{W}cellDel") is None:
                    cells.append(self._cell(cell, f"{name}, row {number}", len(cells) + 1, inner))
                    columns.append(column)
                column += _number(wide, 1)
            if number == 1:
                hints = {at: hint(one.text) for at, one in zip(columns, cells, strict=True)}
                yield from cells
            else:
                yield Row(tuple(cells), tuple(hints.get(at, ("", False)) for at in columns))
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
        if tag in _UNSEEN or not isinstance(tag, str):
            continue
        if tag == f"{W}txbxContent":
            boxes.append(child)
        elif tag == f"{W}r":
            if _is_struck(child):
                continue
            start = len(into.characters)
            _read(child, into, boxes)
            if _is_raised(child):
                into.characters[start:] = raised("".join(into.characters[start:]))
        elif tag in (f"{W}t", f"{M}t"):
            into.add(child.text or "", child)
        elif tag in _SPACES:
            into.add(_SPACES[tag], child)
        elif tag in _HYPHENS:
            into.add(_HYPHENS[tag], child)
        else:
            _read(child, into, boxes)


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
