"""What readers read in a report, taken out of each of its formats by other means than ours."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import docx
import pypdf
from docx.table import Table
from docx.text.paragraph import Paragraph

_TURN = re.compile(r"(?<=[._/])\s+")
_NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)*%?")
_CAPTION = re.compile(r"^(?:Table|Figure) \d*\. ", re.MULTILINE)
"""The number of a caption, which pages do not have."""
OF_A_FIGURE = "The figure as a table"
"""The line that opens a table, whose caption says the same where nothing is folded."""


class _Page(HTMLParser):
    """Text of the main part and the footer, without drawings and lines to click on."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._inside = 0
        self._unseen = 0
        self._labels = 0
        self._back = False
        self._named = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in ("main", "footer")
        # Readers of documents go back in other ways, take no file along and open nothing.
        names = dict(attrs)
        label = tag == "summary" and names.get("class") == "again"
        self._unseen += tag == "svg" or label
        self._labels += label
        self._back = tag == "a" and (names.get("class") == "back" or "download" in names)
        # Documents have in full what a page names by author and year.
        if "data-reference" in names:
            self.pieces.append(f" {names['data-reference']}")
            self._named = True
        if tag in ("br", "td", "th", "p", "dt", "dd", "li", "span", "h1", "h2", "h3", "h4"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag in ("main", "footer")
        label = tag == "summary" and self._labels > 0
        self._unseen -= tag == "svg" or label
        self._labels -= label
        self._back = False
        self._named = self._named and tag != "span"

    def handle_data(self, data: str) -> None:
        left = self._unseen or self._back or self._named
        if self._inside and not left and data != OF_A_FIGURE:
            self.pieces.append(data)


def of_html(page: str) -> str:
    """Return the text of a page, but for its ways back."""
    parsed = _Page()
    parsed.feed(page)
    parsed.close()
    return "".join(parsed.pieces)


def of_docx(content: bytes) -> str:
    """Return the text of a DOCX, but for edges of pages, contents and numbers of captions."""
    return "\n".join(_blocks(docx.Document(io.BytesIO(content))))


def _blocks(container: Any) -> Iterator[str]:
    for block in container.iter_inner_content():
        if isinstance(block, Paragraph):
            if block.style.name == "Contents":
                continue
            # In a caption the number is a field, which is no text of the paragraph.
            yield _CAPTION.sub("", block.text)
        elif isinstance(block, Table):
            for row in block.rows:
                for cell in row.cells:
                    yield from _blocks(cell)


def of_pdf(content: bytes) -> str:
    """Return the text of a PDF in its order, but for edges of pages and heads of tables set again.

    Contents and numbers of captions are left out, which pages do not have. Drawings are left out,
    since the text in them is a picture in DOCX files, and so are the marks of lists, which are no
    text in the other formats.
    """
    reader = pypdf.PdfReader(io.BytesIO(content))
    apart = set(_apart(reader))
    pieces: list[str] = []
    for page in reader.pages:
        skipped: list[bool] = []

        def before(operator: bytes, operands: Any, *_: Any) -> None:
            if operator in (b"BDC", b"BMC"):
                properties = operands[1] if len(operands) > 1 else {}
                place = (page.indirect_reference.idnum, properties.get("/MCID"))  # noqa: B023
                skipped.append(operands[0] == "/Artifact" or place in apart)  # noqa: B023
            elif operator == b"EMC":
                skipped.pop()  # noqa: B023

        def seen(text: str, *_: Any) -> None:
            if not any(skipped):  # noqa: B023
                pieces.append(text)

        page.extract_text(visitor_operand_before=before, visitor_text=seen)
    return _CAPTION.sub("", "".join(pieces))


def elements(reader: pypdf.PdfReader) -> Iterator[list[Any]]:
    """Yield the elements of the structure of a PDF in order, each behind those that it is in."""

    def inside(element: Any, around: list[Any]) -> Iterator[list[Any]]:
        path = [*around, element] if "/S" in element else around
        if "/S" in element:
            yield path
        for child in _children(element):
            if isinstance(child, pypdf.generic.DictionaryObject):
                yield from inside(child, path)

    root: Any = reader.trailer["/Root"]
    yield from inside(root["/StructTreeRoot"], [])


def _children(element: Any) -> list[Any]:
    inner = element.get("/K", [])
    every = inner if isinstance(inner, list) else [inner]
    return [one.get_object() if hasattr(one, "get_object") else one for one in every]


def _apart(reader: pypdf.PdfReader) -> Iterator[tuple[int, int]]:
    """Yield page and number of the content that is a drawing, contents or the mark of a list."""
    for path in elements(reader):
        if any(one["/S"] in ("/Figure", "/TOC") for one in path) or _is_mark(path):
            for child in _children(path[-1]):
                if isinstance(child, int):
                    yield path[-1].raw_get("/Pg").idnum, child
                elif "/MCID" in child:
                    page = child if "/Pg" in child else path[-1]
                    yield page.raw_get("/Pg").idnum, child["/MCID"]


def _is_mark(path: list[Any]) -> bool:
    """Whether an element is in the mark of a list; that of a list of terms is the term."""
    kinds = [one["/S"] for one in path]
    if "/Lbl" not in kinds:
        return False
    lists = [one for one in path if one["/S"] == "/L"]
    return "/None" not in str(lists[-1].get("/A"))


def dense(text: str) -> str:
    """Return a text without white space, of which each format has its own."""
    return "".join(text.split())


def numbers(text: str) -> list[str]:
    """Return the numbers of a text, in order; long ids may be set in more lines than one."""
    return _NUMBER.findall(_TURN.sub("", text))
