"""From the page of a report to plain markup and pictures that a document is made of."""

import base64
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser

from evidence.blocks import drawing
from evidence.errors import RenderError
from evidence.reports.page_links import without_terms, without_ways_back

# What a document has no use for: the drawing for a phone, ways to take a figure along, and what
# opens a part right below its heading.
_OF_SCREENS = re.compile(
    r'<svg\b[^>]*class="phone".*?</svg>|<p class="take">.*?</p>'
    r'|<summary class="again">.*?</summary>',
    re.DOTALL,
)
# A publication by author and year: a document has no other place for the whole of it.
_NAMED = re.compile(r'<span data-reference="([^"]*)">.*?</span>')
_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_DESCRIPTION = re.compile(r"<desc\b[^>]*>(.*?)</desc>", re.DOTALL)
_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
_VOID = ("br", "hr", "img", "meta", "input", "wbr", "col")
_TO_DIV = ("section", "article", "div", "main", "footer", "nav", "aside", "header")
# pandoc forgets name and class of these, but keeps those of a div around them.
_WRAPPED = ("p", "ul", "ol", "dl", "pre", "blockquote")
# What has no room for a div around it gets its name in an empty span at its start.
_NAMED_INSIDE = (
    *("dd", "dt", "figcaption", "caption", "b", "i", "em", "strong", "small", "sup", "sub"),
)
_KEPT = ("href", "scope", "colspan", "rowspan", "start")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page.

    Attributes
    ----------
    svg : str
        The drawing, whole in itself.
    alt : str
        What it shows, in words.
    """

    svg: str
    alt: str


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is made of.

    Attributes
    ----------
    html : str
        Markup without navigation, styles and drawings. Pictures are ``img`` elements whose source
        is ``picture:`` and their place in `pictures`.
    pictures : tuple of Picture
        In the order of the page.
    """

    html: str
    pictures: tuple[Picture, ...]


def read(page: str) -> Source:
    """Return what a document of a page is made of: its main part and its footer.

    What the page folds away stands open. Names that links lead to are kept.

    Raises
    ------
    RenderError
        If a picture is neither SVG nor PNG.
    """
    pictures: list[Picture] = []

    def drawn(match: re.Match[str]) -> str:
        description = _DESCRIPTION.search(match[0])
        alt = " ".join(unescape(description[1]).split()) if description else ""
        pictures.append(Picture(_alone(match[0]), alt))
        return f'<img src="picture:{len(pictures) - 1}">'

    rewriter = _Rewriter(pictures)
    alone = _OF_SCREENS.sub("", without_terms(without_ways_back(page)))
    rewriter.feed(_SVG.sub(drawn, _NAMED.sub(r"\1", alone)))
    rewriter.close()
    return Source("".join(rewriter.out), tuple(pictures))


def _alone(svg: str) -> str:
    """Return a drawing of a page so that it can be read outside it, with the font it was made for.

    A title and a description inside would be read out twice: documents have them beside it.
    """
    return drawing.alone(re.sub(r"<(title|desc)\b.*?</\1>\s*", "", svg, flags=re.DOTALL))


def _from_png(encoded: str) -> str:
    width, height = struct.unpack(">II", base64.b64decode(encoded)[16:24])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
        f'xlink:href="data:image/png;base64,{encoded}"/></svg>'
    )


class _Rewriter(HTMLParser):
    """Writes again what it reads, in elements that pandoc keeps names and classes of."""

    def __init__(self, pictures: list[Picture]) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self._pictures = pictures
        # Of each element that is open: its name, its class, and what stands for its end.
        self._open: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if not self._open:
            if tag not in ("main", "footer"):
                return
            values = {"class": "closing"} if tag == "footer" else {}
        parent = self._open[-1][1] if self._open else ""
        start, end = _rewritten(tag, values, parent, self._picture)
        self.out.append(start)
        if tag not in _VOID:
            self._open.append((tag, values.get("class", ""), end))

    def _picture(self, values: dict[str, str]) -> str:
        png = _PNG.fullmatch(values.get("src", ""))
        if png:
            self._pictures.append(Picture(_from_png(png[1]), values.get("alt", "")))
            return f'<img src="picture:{len(self._pictures) - 1}">'
        drawn = values.get("src", "")
        if not drawn.startswith("picture:"):
            raise RenderError("a picture that is neither SVG nor PNG")
        return f'<img src="{escape(drawn)}">'

    def handle_endtag(self, tag: str) -> None:
        if tag not in (opened for opened, _, _ in self._open):
            return
        while self._open:
            opened, _, end = self._open.pop()
            self.out.append(end)
            if opened == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._open:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def _rewritten(
    tag: str, values: dict[str, str], parent: str, picture: Callable[[dict[str, str]], str]
) -> tuple[str, str]:
    """Return what stands for the start and for the end of an element."""
    if tag == "img":
        return picture(values), ""
    own = {name: values[name] for name in ("id", "class") if values.get(name)}
    kept = {name: values[name] for name in _KEPT if name in values}
    if parent == "est" and tag in ("b", "span"):
        # Two lines that only the style sheet sets apart.
        start, end = _element("div", {"class": "value" if tag == "b" else "meaning"})
        return f"{start}<p>", f"</p>{end}"
    if tag == "summary":
        start, end = _element("div", {**own, "class": "summary"})
        return f"{start}<p>", f"</p>{end}"
    if tag == "details":
        return _element("div", {**own, "class": "details"})
    if tag in _TO_DIV:
        return _element("div", own)
    if tag in _WRAPPED and own:
        outer, inner = _element("div", own), _element(tag, kept)
        return outer[0] + inner[0], inner[1] + outer[1]
    if tag in _NAMED_INSIDE:
        start, end = _element(tag, kept)
        return start + _place(own), end
    if tag == "code":
        start, end = _element(tag, {})
        return _place(own) + start, end
    return _element(tag, {**own, **kept})


def _place(own: dict[str, str]) -> str:
    """Return a place to link to, where an element has a name."""
    return f'<span id="{escape(own["id"])}"></span>' if "id" in own else ""


def _element(tag: str, values: dict[str, str]) -> tuple[str, str]:
    written = "".join(f' {name}="{escape(value)}"' for name, value in values.items())
    return f"<{tag}{written}>", "" if tag in _VOID else f"</{tag}>"
