"""Drawings as files: SVG inside a page or alone, PNG, PDF; the same bytes each time."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from PIL import Image

from evidence.meta.figures import AMBER, BLUE, INK, PAPER, SOFT

PNG_DPI = 150
PRINT_DPI = 300
PNG_COLORS = 32
"""Enough for lines, marks and the edges of letters, at a fourth of the bytes."""
FONT = "DejaVu Sans"
"""The font that figures are laid out with; matplotlib brings it."""
INKS = {INK: "ink", SOFT: "soft", BLUE: "blue", AMBER: "amber", PAPER: "paper"}
"""Colors that a page has names for, so that it can turn dark."""

_LOCAL = re.compile(r"^\{[^}]*\}")
_FONT_FAMILY = re.compile(r"font-family: [^;]*;? ?")
# An attribute that is a reference, or has one as url(#...): a color such as #ffffff is neither.
_REFERENCE = re.compile(r"(?:(?<=url\()|^)#([A-Za-z][\w.-]*)(?=\)|$)(?<!^#......)")
_INKED = re.compile("|".join(INKS))
_NAMED = re.compile(r"var\(--[a-z]+, (#[0-9a-f]{6})\)")
_DECIMALS = re.compile(r"(\.\d\d)\d+")


def to_png(drawing: Canvas, dpi: int = PNG_DPI) -> bytes:
    """Return a drawing as PNG with a palette, without a date."""
    drawn, buffer = io.BytesIO(), io.BytesIO()
    drawing.savefig(drawn, format="png", dpi=dpi)
    picture = Image.open(drawn).convert("RGB").quantize(PNG_COLORS)
    picture.save(buffer, "png", optimize=True, dpi=(dpi, dpi))
    return buffer.getvalue()


def to_pdf(drawing: Canvas) -> bytes:
    """Return a drawing as PDF with fonts inside (Type 42), without a date."""
    buffer = io.BytesIO()
    with mpl.rc_context({"pdf.fonttype": 42}):
        drawing.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Producer": None})
    return buffer.getvalue()


def alone(svg: str) -> str:
    """Return a drawing of a page so that it can be read outside it: its colors, and its font."""
    named = f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}, sans-serif"'
    svg = svg.replace('font-family="inherit"', "", 1).replace("<svg", named, 1)
    return _NAMED.sub(r"\1", svg)


def to_svg(
    drawing: Canvas, *, name: str, title: str, description: str, kind: str = "wide", told: str = ""
) -> str:
    """Return a drawing as an SVG element for the inside of an HTML page.

    Text stays text in the font of the page: it can be searched, and a difference between two
    versions can be read. Only ids that something refers to are kept, with the name before them, so
    that several drawings can stand in one page.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure
        What to draw.
    name : str
        Unique in the page.
    title, description : str
        Short and long text for readers who do not see it.
    kind : str
        Class of the element, by which a style sheet can show it.
    told : str
        Name of another drawing of the same, whose texts stand for its own.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
    # The text comes from matplotlib two lines above, so no entity of a stranger is in it.
    root = ElementTree.fromstring(buffer.getvalue())
    # A style element would act on the whole page, and the metadata name a program version.
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    wanted = {
        one
        for element in root.iter()
        for value in element.attrib.values()
        for one in _REFERENCE.findall(value)
    }
    for element in root.iter():
        element.tag = _local(element.tag)
        element.text = element.text.strip() if element.text else None
        element.tail = "\n"
        element.attrib = {
            _local(key): _attribute(_local(key), value, name)
            for key, value in element.attrib.items()
            if (key != "id" or value in wanted) and not value.startswith("rotate(-0 ")
        }
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "class": kind,
        "role": "img",
        "aria-labelledby": f"{told or name}-title {told or name}-description",
        "font-family": "inherit",
        "style": "stroke-linejoin: round; stroke-linecap: butt",
    }
    for tag, text in () if told else (("desc", description), ("title", title)):
        element = ElementTree.Element(
            tag, {"id": f"{name}-{'title' if tag == 'title' else 'description'}"}
        )
        element.text, element.tail = text, "\n"
        root.insert(0, element)
    return ElementTree.tostring(root, encoding="unicode").strip()


def _local(tag: str) -> str:
    return _LOCAL.sub("", tag)


def _attribute(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "style":
        value = _FONT_FAMILY.sub("", value)
        value = _INKED.sub(lambda found: f"var(--{INKS[found[0]]}, {found[0]})", value)
    if key in ("d", "x", "y", "transform", "points"):
        # A hundredth of a point cannot be seen.
        value = _DECIMALS.sub(r"\1", " ".join(value.split()))
    return _REFERENCE.sub(rf"#{name}-\1", value)
