"""Drawings as files: SVG to stand inside a page, PNG for a notebook; the same bytes each time."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from PIL import Image

PNG_DPI = 150
PNG_COLORS = 32
"""Enough for lines, marks and the edges of letters, at a fourth of the bytes."""

_LOCAL = re.compile(r"^\{[^}]*\}")
_FONT_FAMILY = re.compile(r"font-family: [^;]*;? ?")
# An attribute that is a reference, or has one as url(#...): a color such as #ffffff is neither.
_REFERENCE = re.compile(r"(?:(?<=url\()|^)#([A-Za-z][\w.-]*)(?=\)|$)(?<!^#......)")
_DECIMALS = re.compile(r"(\.\d\d)\d+")


def to_png(drawing: Canvas) -> bytes:
    """Return a drawing as PNG with a palette, without a date."""
    drawn, buffer = io.BytesIO(), io.BytesIO()
    drawing.savefig(drawn, format="png", dpi=PNG_DPI)
    picture = Image.open(drawn).convert("RGB").quantize(PNG_COLORS)
    picture.save(buffer, "png", optimize=True, dpi=(PNG_DPI, PNG_DPI))
    return buffer.getvalue()


def to_svg(drawing: Canvas, *, name: str, title: str, description: str) -> str:
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
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-description",
        "font-family": "inherit",
        "style": "stroke-linejoin: round; stroke-linecap: butt",
    }
    for tag, text in (("desc", description), ("title", title)):
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
    if key in ("d", "x", "y", "transform", "points"):
        # A hundredth of a point cannot be seen.
        value = _DECIMALS.sub(r"\1", " ".join(value.split()))
    return _REFERENCE.sub(rf"#{name}-\1", value)
