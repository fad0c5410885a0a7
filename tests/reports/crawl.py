"""The committed pages as a reader of HTML meets them: text in reading order, links, numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement

REPORTS = Path(__file__).parents[2] / "reports"
FIRST_SCREEN = 2000

# "−0.29", "1,000", "78.3%", ".97"; not the digits of "DASS-21", "NCT00329199" or "1.0.0".
NUMBER = re.compile(
    r"(?<![\w.])(?:[−-](?=[\d.]))?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)|(?=\.\d))(?:\.\d+)?%?"
)
_BREAKS = ("br", "td", "th", "dd", "dt", "li", "p", "summary", "h4", "span", "b", "caption")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text of a page: in single spaces, the link that it stands in, its element."""

    text: str
    link: HtmlElement | None
    element: HtmlElement


@cache
def page(name: str) -> HtmlElement:
    """Return a page."""
    return html.parse(str(REPORTS / name), html.HTMLParser(encoding="utf-8")).getroot()


@cache
def ids(name: str) -> dict[str, HtmlElement]:
    """Return the elements of a page that links can lead to."""
    return {one.get("id"): one for one in page(name).iter() if one.get("id")}


def text(element: HtmlElement) -> str:
    """Return the text of an element without ways back, in single spaces."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: HtmlElement) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.get("class") == "back":
        return
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    if element.tag in _BREAKS:
        yield " "


def _pieces(element: HtmlElement, link: HtmlElement | None = None) -> Iterator[Piece]:
    """Yield the text of an element in reading order; of drawings, only what is read aloud."""
    if not isinstance(element.tag, str) or element.get("class") == "back":
        return
    if element.tag == "a" and element.get("href"):
        # A link is one piece, whatever is in small type in it.
        yield Piece(text(element), element, element)
        return
    yield Piece(" ".join((element.text or "").split()), link, element)
    for child in element:
        if element.tag == "svg" and child.tag not in ("title", "desc"):
            continue
        yield from _pieces(child, link)
        yield Piece(" ".join((child.tail or "").split()), link, element)


def whole(name: str) -> list[Piece]:
    """Return all pieces of the main part of a page."""
    return [one for one in _pieces(page(name).xpath("//main")[0]) if one.text]


def first_screen(name: str) -> list[Piece]:
    """Return the pieces of the first characters of a page."""
    found = []
    seen = 0
    for piece in whole(name):
        if seen >= FIRST_SCREEN:
            break
        found.append(piece)
        seen += len(piece.text) + 1
    return found


def numbers(shown: str) -> list[str]:
    """Return the numbers of a text as printed, in order."""
    return [one[0] for one in NUMBER.finditer(shown) if one[0]]


def value(number: str) -> float:
    """Return a printed number as a number; of a percentage, the number before the sign."""
    return float(number.rstrip("%").replace("−", "-").replace(",", ""))


def around(element: HtmlElement) -> HtmlElement:
    """Return the box, item, row or paragraph that an element stands in."""
    for one in (element, *element.iterancestors()):
        if one.get("class") == "est" or one.tag in ("li", "tr", "p", "figure", "article", "dl"):
            return one
    return element
