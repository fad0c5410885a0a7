"""Tables, figures and wide parts of a document: their width, their type, their place.

Parts that the kinds set in their own way are divs of these classes: ``sheet`` (a table, with its
layout), ``drawing`` (a picture and the blocks of its caption), ``turned`` (tables too wide or too
long to stand in the text), ``contents`` (a list of links to the headings), ``lead`` (a paragraph
that stays with the figure after it). The number of a caption is a span of the class ``numbered``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from evidence.reports import documents as tree_of
from evidence.reports.documents import Node, attributes, node, plain, words

PORTRAIT, LANDSCAPE = 493.0, 740.0
"""Width of the text on an upright and on a turned A4 page, in points."""

SIZES = (9.0, 8.0, 7.0)
"""Sizes of type in tables, in points."""

PADDING = 3.0
"""Space at either side of a cell, in points."""

MANY_COLUMNS = 6
MANY_ROWS = 100
_LONG_WORD = 24
# Widths over the size of type, as in Arial; the type of the PDF is narrower.
_WIDE, _CAPITAL, _DIGIT, _LETTER, _NARROW = 0.85, 0.72, 0.57, 0.56, 0.33
_BOLD = 1.08
_SHORT = (13.0, 8.0, 0.0)
_NUMBER = 13.0
_LEAST = 1.5
_HIGHER = 1.15
_NUMBERS = re.compile(r"(?:[\d.,%()+−–-]|\bto\b|\s)*")
_PIECES = re.compile(r"(?<=[._/])")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is set.

    Attributes
    ----------
    size : float
        Of type, in points.
    shares : tuple of float
        Width of each column, as part of the width of the text.
    turned : bool
        Whether it stands on a turned page at the end of the document.
    """

    size: float
    shares: tuple[float, ...]
    turned: bool


def pieces(word: str) -> list[str]:
    """Return a word, one too long for a column in parts between which a line may end."""
    return [one for one in _PIECES.split(word) if one] if len(word) > _LONG_WORD else [word]


def rows(table: Node) -> Iterator[tuple[list[Any], bool]]:
    """Yield the rows of a table, and of each whether it is of the head."""
    _, _, _, head, bodies, foot = table["c"]
    for row in head[1]:
        yield row, True
    for body in bodies:
        for row in body[2]:
            yield row, True
        for row in body[3]:
            yield row, False
    for row in foot[1]:
        yield row, False


def layout(table: Node) -> Layout:
    """Return how a table is set, from the text in it.

    Columns get what browsers give them: the least they need, and a share of the rest by what their
    text would take on one line. Numbers stay on one line where there is room, short texts where
    the table gets hardly higher by it.
    """
    lines, columns = _measured(table)
    if not columns:
        return Layout(SIZES[0], (), False)
    sizes = SIZES[:-1] if len(columns) < MANY_COLUMNS else SIZES[1:-1]
    numbers = [_least(columns, short) for short in _SHORT]
    words = [one.word for one in columns]
    choices = [
        *((PORTRAIT, size, numbers) for size in sizes),
        *((PORTRAIT, size, [words]) for size in sizes),
        *((PORTRAIT, SIZES[-1], every) for every in (numbers, [words])),
    ]
    turned = [(LANDSCAPE, SIZES[-1], every) for every in (numbers, [words])]
    for width, size, every in turned if len(lines) > MANY_ROWS else choices + turned:
        padding = 2 * PADDING / size
        room = width / size - padding * len(columns)
        fitting = [least for least in every if sum(least) <= room]
        if fitting:
            break
    made = [_shared([one.line for one in columns], least, room) for least in fitting or [words]]
    highest = _HIGHER * min(_height(lines, one) for one in made)
    chosen = next(one for one in made if _height(lines, one) <= highest)
    widths = [one + padding for one in chosen]
    # Shares that add up to a little more than one would make a table wider than the page.
    shares = tuple(int(10_000 * one / sum(widths)) / 10_000 for one in widths)
    return Layout(size, shares, width == LANDSCAPE)


def _height(lines: list[list[list[float]]], widths: list[float]) -> float:
    """Return about how many lines a table has whose lines of text are so wide."""
    return sum(
        max(
            (
                sum(max(1.0, one / width) for one in cell)
                for cell, width in zip(row, widths, strict=True)
            ),
            default=0.0,
        )
        for row in lines
    )


def _shared(natural: list[float], least: list[float], room: float) -> list[float]:
    """Return widths between the least and the natural ones that fill the room."""
    if sum(natural) <= room:
        return [one * room / sum(natural) for one in natural]
    wanted = [wide - small for wide, small in zip(natural, least, strict=True)]
    if sum(least) >= room or not sum(wanted):
        return [one * room / sum(least) for one in least]
    rest = room - sum(least)
    return [small + rest * more / sum(wanted) for small, more in zip(least, wanted, strict=True)]


@dataclass(slots=True)
class _Column:
    """Of the widest line, the widest below the head, of numbers, and word: width over size."""

    line: float = _LEAST
    body: float = _LEAST
    number: float = _LEAST
    word: float = _LEAST


def _least(columns: list[_Column], short: float) -> list[float]:
    """Return the least widths at which numbers and short texts stay on one line."""
    return [
        max(
            one.word,
            one.number,
            one.body if one.body <= short else 0,
        )
        for one in columns
    ]


def _width(text: str) -> float:
    """Return about how wide a text is on one line."""
    found = 0.0
    for one in text:
        if one in "mwMW%@●◐○△✕⊘":
            found += _WIDE
        elif one in "ijlt.,:;()[]'|!fr/ -":
            found += _NARROW
        elif one.isdigit():
            found += _DIGIT
        else:
            found += _CAPITAL if one.isupper() else _LETTER
    return found


def _measured(table: Node) -> tuple[list[list[list[float]]], list[_Column]]:
    """Return for each row the widths of the lines in each of its cells, and the columns."""
    every: list[list[list[float]]] = []
    found = [_Column() for _ in table["c"][2]]
    for row, is_head in rows(table):
        every.append([[] for _ in found])
        place = 0
        for cell in row[1]:
            span = cell[3]
            if span == 1:
                lines = plain(cell[4]).splitlines() or [""]
                words = [piece for line in lines for word in line.split() for piece in pieces(word)]
                scale = _BOLD if is_head or ("scope", "row") in map(tuple, cell[0][2]) else 1.0
                every[-1][place] = [scale * _width(one) for one in lines]
                line = max(every[-1][place])
                one = found[place]
                one.line = max(one.line, line)
                one.word = max(one.word, scale * max(map(_width, words), default=0))
                if not is_head:
                    one.body = max(one.body, line)
                    numbers = all(map(_NUMBERS.fullmatch, lines)) and line <= _NUMBER
                    one.number = max(one.number, line if numbers else 0)
            place += span
    return every, found


def prepared(table: Node) -> tuple[Node, Layout]:
    """Return a table with names, emphasis, alignment and widths in it, and its layout.

    Names of rows go to their first cells, since no format of documents has them on rows. Cells
    that head a row or a column are bold.
    """
    for row, _ in rows(table):
        for cell in row[1]:
            cell[4] = [_ids_apart(block) for block in cell[4]]
    made = layout(table)
    attr, caption, columns, head, bodies, foot = table["c"]
    for row, is_head in rows(table):
        (name, _, _), cells = row[0], row[1]
        row[0] = attributes()
        for cell in cells:
            if is_head or ("scope", "row") in map(tuple, cell[0][2]):
                cell[4] = [_strong(block) for block in cell[4]]
            if "r" in cell[0][1]:
                cell[1] = node("AlignRight")
            if cell[0][0]:
                cell[4] = _named(cell[0][0], cell[4])
            cell[0] = attributes()
        if name and cells:
            cells[0][4] = _named(name, cells[0][4])
    specifications = [
        [one[0], node("ColWidth", share)] for one, share in zip(columns, made.shares, strict=True)
    ]
    return node("Table", [attr, caption, specifications, head, bodies, foot]), made


def _ids_apart(block: Node) -> Node:
    """Return a block of a cell with long ids on lines of their own, as on the page."""
    if block["t"] not in ("Plain", "Para"):
        return block
    inlines = list(block["c"])
    for place, one in enumerate(inlines[1:]):
        if one["t"] == "Code" and len(one["c"][1]) > _LONG_WORD and inlines[place]["t"] == "Space":
            inlines[place] = node("LineBreak")
    return node(block["t"], inlines)


def _strong(block: Node) -> Node:
    if block["t"] not in ("Plain", "Para") or not block["c"]:
        return block
    return node(block["t"], [node("Strong", block["c"])])


def _named(name: str, blocks: list[Node]) -> list[Node]:
    """Return blocks with a place to link to at their start."""
    place = node("Span", [attributes(name), []])
    if blocks and blocks[0]["t"] in ("Plain", "Para"):
        return [node(blocks[0]["t"], [place, *blocks[0]["c"]]), *blocks[1:]]
    return [node("Plain", [place]), *blocks]


TURNED_HEADING = "Wide tables"
SECOND = 2
"""Level of the headings that a list of contents holds."""


@dataclass(slots=True)
class Parts:
    """The blocks of a document.

    Attributes
    ----------
    blocks : list
        In the order in which they are set.
    layouts : list of Layout
        Of the tables, in the same order.
    """

    blocks: list[Node] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)


def parts(blocks: list[Node]) -> Parts:
    """Return the blocks of a page as those of a document."""
    upright: list[Layout] = []
    turned: list[tuple[Node, Layout]] = []
    numbers = {"Table": count(1), "Figure": count(1)}

    def change(one: Node) -> list[Node] | None:
        if one["t"] == "Figure":
            _number(one["c"][1][1], "Figure", numbers)
            return [_figure(one)]
        if one["t"] == "Div" and "details" in one["c"][0][1]:
            return _opened(one["c"][1])
        if one["t"] != "Table":
            return None
        _number(one["c"][1][1], "Table", numbers)
        table, layout = prepared(one)
        sheet = _div("sheet", [table])
        if not layout.turned:
            upright.append(layout)
            return [sheet]
        turned.append((sheet, layout))
        name = f"wide-table-{len(turned)}"
        sheet["c"][0][0] = name
        return [_div("moved", [_pointer(plain(table["c"][1]), name)])]

    made = _with_contents(_led(tree_of.rebuilt(blocks, change)))
    if turned:
        heading = node("Header", [SECOND, attributes("wide-tables"), words(TURNED_HEADING)])
        made.append(_div("turned", [heading, *(sheet for sheet, _ in turned)]))
    return Parts(made, upright + [layout for _, layout in turned])


def _number(caption: list[Node], kind: str, numbers: Mapping[str, Iterator[int]]) -> None:
    """Begin a caption with the number of its table or figure."""
    if caption and caption[0]["t"] in ("Plain", "Para"):
        number = str(next(numbers[kind]))
        values = [("kind", kind), ("number", number)]
        shown = node("Span", [attributes("", ["numbered"], values), words(f"{kind} {number}.")])
        caption[0]["c"] = [shown, node("Space"), *caption[0]["c"]]


def _led(blocks: list[Node]) -> list[Node]:
    """Return blocks in which a paragraph before a figure is marked to stay with it."""
    made: list[Node] = []
    for place, one in enumerate(blocks):
        figure = place + 1 < len(blocks) and _has(blocks[place + 1], "figure")
        if figure and _is_paragraph(one):
            made.append(_div("lead", [one]))
        elif one["t"] == "Div":
            made.append(node("Div", [one["c"][0], _led(one["c"][1])]))
        else:
            made.append(one)
    return made


def _is_paragraph(one: Node) -> bool:
    """Whether a block is a paragraph, one with a name too, which stands in a div of its own."""
    if one["t"] == "Div" and len(one["c"][1]) == 1 and not one["c"][0][1]:
        return _is_paragraph(one["c"][1][0])
    return bool(one["t"] == "Para")


LEAST_HEADINGS = 3
"""Headings that are many enough for a list of them."""


def _with_contents(blocks: list[Node]) -> list[Node]:
    """Return blocks with links to the headings of the second level before the first of them."""
    headings = [one["c"] for one in _headings(blocks)]
    if len(headings) < LEAST_HEADINGS:
        return blocks
    links = [
        node("Para", [node("Link", [attributes(), words(plain(text)), [f"#{name}", ""]])])
        for _, (name, _, _), text in headings
    ]
    return _before_heading(blocks, _div("contents", links))


def _before_heading(blocks: list[Node], made: Node) -> list[Node]:
    """Return blocks with one more before the first heading of the second level, at its depth."""
    for place, one in enumerate(blocks):
        if not any(_headings([one])):
            continue
        before, after = blocks[:place], blocks[place + 1 :]
        # A section begins with its heading: the list stands before it.
        if one["t"] == "Div" and not any(_headings(one["c"][1][:1])):
            return [*before, node("Div", [one["c"][0], _before_heading(one["c"][1], made)]), *after]
        return [*before, made, one, *after]
    return blocks


def _headings(blocks: list[Node]) -> Iterator[Node]:
    for one in blocks:
        if one["t"] == "Div":
            yield from _headings(one["c"][1])
        elif one["t"] == "Header" and one["c"][0] == SECOND and one["c"][1][0]:
            yield one


def _div(kind: str, blocks: list[Node], name: str = "") -> Node:
    return node("Div", [attributes(name, [kind]), blocks])


def _pointer(caption: str, name: str) -> Node:
    """Return the sentence that stands where a table was."""
    link = node("Link", [attributes(), words("at the end of this document"), [f"#{name}", ""]])
    return node(
        "Para", [*words(f"{' '.join(caption.split())}:"), node("Space"), link, node("Str", ".")]
    )


def _figure(figure: Node) -> Node:
    """Return a figure as its picture with its caption, then what else it holds."""
    (name, _, _), (_, caption), blocks = figure["c"]
    pictures: list[Node] = []

    def take(one: Node) -> list[Node] | None:
        if one["t"] == "Image":
            pictures.append(one)
            return []
        return None

    rest = [one for one in tree_of.rebuilt(blocks, take) if not _is_empty(one)]
    drawings = [_div("drawing", [node("Plain", [one])]) for one in pictures]
    if drawings:
        drawings[-1]["c"][1] += caption
    else:
        rest = [*caption, *rest]
    return _div("figure", [*drawings, *rest], name)


def _opened(blocks: list[Node]) -> list[Node]:
    """Return what a page folds away, without the line to click on where a caption says the same."""
    rest = [one for one in blocks if not _has(one, "summary")]
    return rest if all(_is_sheet(one) for one in rest) else blocks


def _has(one: Node, kind: str) -> bool:
    return one["t"] == "Div" and kind in one["c"][0][1]


def _is_sheet(one: Node) -> bool:
    return (
        _has(one, "sheet")
        or _has(one, "moved")
        or (one["t"] == "Div" and all(map(_is_sheet, one["c"][1])))
    )


def _is_empty(one: Node) -> bool:
    """Whether nothing is left of a block but what stood around a picture."""
    if one["t"] in ("Plain", "Para"):
        return not one["c"]
    return one["t"] == "Div" and all(map(_is_empty, one["c"][1]))
