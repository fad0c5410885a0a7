"""What every kind of document does to the tree of a page: tables, figures, wide tables at the end.

Parts that the kinds set in their own way are divs of these classes: ``sheet`` (a table, with its
layout), ``drawing`` (a picture and the blocks of its caption), ``turned`` (tables too wide or too
long to stand in the text).
"""

from dataclasses import dataclass, field

from evidence.report import document_tree as tree_of
from evidence.report.document_tables import Layout, prepared
from evidence.report.document_tree import Node, attributes, node, plain, words

TURNED_HEADING = "Wide tables"


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

    def change(one: Node) -> list[Node] | None:
        if one["t"] == "Figure":
            return [_figure(one)]
        if one["t"] == "Div" and "details" in one["c"][0][1]:
            return _opened(one["c"][1])
        if one["t"] != "Table":
            return None
        table, layout = prepared(one)
        sheet = _div("sheet", [table])
        if not layout.turned:
            upright.append(layout)
            return [sheet]
        turned.append((sheet, layout))
        name = f"wide-table-{len(turned)}"
        sheet["c"][0][0] = name
        return [_div("moved", [_pointer(plain(table["c"][1]), name)])]

    made = tree_of.rebuilt(blocks, change)
    if turned:
        heading = node("Header", [2, attributes("wide-tables"), words(TURNED_HEADING)])
        made.append(_div("turned", [heading, *(sheet for sheet, _ in turned)]))
    return Parts(made, upright + [layout for _, layout in turned])


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
