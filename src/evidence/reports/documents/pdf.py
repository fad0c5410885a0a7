"""The PDF of a report: pandoc writes typst, typst sets it as PDF/UA-1."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

import typst

from evidence.errors import RenderError
from evidence.reports import documents as tree_of
from evidence.reports.documents import Node, attributes, node
from evidence.reports.documents.source import Picture
from evidence.reports.documents.tables import Layout, Parts, pieces

AUTHOR = "Attachment-therapy evidence workbook"
"""Who is named as the author of documents."""

STANDARD: Final = "ua-1"
"""Universal accessibility: the compiler refuses what lacks a title, a language or a text."""

PICTURE_DPI = 300

_PLAIN = re.compile(r"[^\W_]+[.,;:]?")
_BLOCKS = {
    "answer": "answer",
    "say": "say",
    "value": "value",
    "meaning": "meaning",
    "lede": "lede",
    "cite": "cite-this",
    "closing": "closing",
    "summary": "meaning",
}
_TAGS = {
    "printed": "tag(blue)",
    "converted": "tag(blue)",
    "reconstructed": "tag(amber)",
    "imputed": "tag(amber)",
    "small": "small",
}


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Return the fonts of the compiler and the one that figures were laid out with, no others."""
    folder = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])


def _set(
    source: str,
    inputs: Mapping[str, str],
    kind: Literal["pdf", "png"],
    *,
    standards: Sequence[Literal["ua-1"]] = (),
    timestamp: int | None = None,
) -> bytes:
    try:
        return typst.compile(
            source.encode(),
            font_paths=_fonts(),
            format=kind,
            ppi=PICTURE_DPI if kind == "png" else None,
            sys_inputs=dict(inputs),
            pdf_standards=list(standards),
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        raise RenderError(f"typst: {' '.join(str(error).split())}") from error


def to_png(picture: Picture, width: float) -> bytes:
    """Return a drawing as PNG of a width in points."""
    source = (
        "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
        f'#image(bytes(sys.inputs.svg), format: "svg", width: {width}pt)'
    )
    return _set(source, {"svg": picture.svg}, "png")


def make(
    parts: Parts,
    pictures: Sequence[Picture],
    *,
    title: str,
    description: str,
    state: str,
    day: date,
) -> bytes:
    """Return a document as PDF.

    Parameters
    ----------
    parts : Parts
        Of the document.
    pictures : sequence of Picture
        That it refers to.
    title, description : str
        Of the whole document, for its properties.
    state : str
        What stands at the foot of each page.
    day : date
        Day of the document.

    Raises
    ------
    RenderError
        If the document cannot be set, or would not be accessible.
    """
    writer = _Writer(pictures, parts.layouts)
    blocks = tree_of.rebuilt(parts.blocks, writer.change)
    body = tree_of.write(blocks, "typst", ["--wrap=none"])
    frame = (files("evidence.reports") / "template" / "document.typ").read_text(encoding="utf-8")
    inputs = {f"picture-{number}": one.svg for number, one in enumerate(pictures)}
    return _set(
        f"{frame}\n{body.decode()}",
        {
            **inputs,
            "title": title,
            "author": AUTHOR,
            "description": description,
            "state": state,
        },
        "pdf",
        standards=[STANDARD],
        timestamp=int(datetime.combine(day, time(), tzinfo=UTC).timestamp()),
    )


def _raw(text: str) -> Node:
    return node("RawBlock", ["typst", text])


def _inline(text: str) -> Node:
    return node("RawInline", ["typst", text])


def _around(call: str, blocks: list[Node], end: str = "]") -> list[Node]:
    """Return blocks as the content of a function."""
    return [_raw(f"#{call}["), *blocks, _raw(end)]


def _string(text: str) -> str:
    """Return a text as a string of typst, in which nothing is markup."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Writer:
    """Puts into a tree what pandoc would not say in typst."""

    def __init__(self, pictures: Sequence[Picture], layouts: Sequence[Layout]) -> None:
        self._pictures = pictures
        self._layouts = iter(layouts)

    def change(self, one: Node) -> list[Node] | None:
        kind = one["t"]
        if kind == "Div":
            return self._div(one)
        if kind == "Span":
            return _span(one)
        if kind == "DefinitionList":
            return _terms(one["c"])
        if kind == "Image":
            return [_inline(f"#{self._drawing(one)};")]
        if kind == "Str":
            return _breakable(pieces(one["c"]), _text)
        if kind == "Code":
            return _breakable(pieces(one["c"][1]), _code)
        return None

    def _div(self, one: Node) -> list[Node] | None:
        (name, kinds, _), blocks = one["c"]
        made = blocks
        if "sheet" in kinds:
            made = _around(f"sized({next(self._layouts).size}pt)", blocks)
        elif "drawing" in kinds:
            made = _figure(blocks)
        elif "contents" in kinds:
            made = [_raw("#contents")]
        elif "lead" in kinds:
            made = _around("block(sticky: true)", blocks)
        elif "pair" in kinds:
            made = _pair(blocks)
        elif "est" in kinds:
            return None
        elif "turned" in kinds:
            made = [_raw("#set page(flipped: true)"), *blocks]
        for kind in kinds:
            if kind in _BLOCKS:
                made = _around(_BLOCKS[kind], made)
        return [node("Div", [attributes(name), made])] if name else made

    def _drawing(self, one: Node) -> str:
        """Return the call that sets a picture; pandoc would drop its text."""
        number = int(one["c"][2][0].removeprefix("picture:"))
        return f'drawing("picture-{number}", {_string(self._pictures[number].alt)})'


def _figure(blocks: list[Node]) -> list[Node]:
    """Return a picture, which stands as a call already, with its caption."""
    (drawing,), caption = blocks[0]["c"], blocks[1:]
    call = drawing["c"][1].removeprefix("#").removesuffix(";")
    return _around(f"figure({call}, caption: ", caption, "])")


def _pair(blocks: list[Node]) -> list[Node]:
    """Return boxes that stand side by side."""
    made = [_raw("#pair(")]
    for one in blocks:
        inner = one["c"][1] if one["t"] == "Div" else [one]
        made += [_raw("["), *inner, _raw("],")]
    return [*made, _raw(")")]


def _terms(items: list[Any]) -> list[Node]:
    """Return terms with what is said of each on the same line."""
    made = [_raw("#terms(")]
    for term, descriptions in items:
        blocks = [block for description in descriptions for block in description]
        made += [_raw("terms.item(["), node("Plain", term), _raw("], [")]
        made += [*blocks, _raw("]),")]
    return [*made, _raw(")")]


def _span(one: Node) -> list[Node]:
    (name, kinds, _), inlines = one["c"]
    made = inlines
    for kind in kinds:
        if kind in _TAGS:
            # The semicolon ends the call, whatever text follows.
            made = [_inline(f"#{_TAGS[kind]}["), *made, _inline("];")]
    return [_inline(f"#anchor({_string(name)});"), *made] if name else made


def _breakable(found: list[str], as_node: Callable[[str], Node]) -> list[Node]:
    """Return the parts of a word with places between them where a line may end."""
    made = [as_node(found[0])] if found else []
    for piece in found[1:]:
        made += [_inline("#turn;"), as_node(piece)]
    return made


def _text(word: str) -> Node:
    """Return a word as text; pandoc leaves to typst what makes a minus of the hyphen in "-1"."""
    return node("Str", word) if _PLAIN.fullmatch(word) else _inline(f"#{_string(word)};")


def _code(word: str) -> Node:
    return node("Code", [attributes(), word])
