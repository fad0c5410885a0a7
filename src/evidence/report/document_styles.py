"""Styles of the DOCX of a report: fonts, sizes, colors and distances, by the names in Word."""

from dataclasses import dataclass
from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_UNDERLINE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from evidence.report.document_tables import SIZES

FONT, MONO = "Arial", "Courier New"
"""Fonts with the same widths stand on every system, under these names or others."""
INK, SOFT, BLUE, AMBER = "1B1F24", "57606A", "0B5394", "8A4F00"
WASH = "F6F8FA"
_LIST_STEP, _LIST_HANGING = 360, 240


@dataclass(frozen=True, slots=True)
class _Look:
    """A style: sizes and distances in points; None leaves what the style has."""

    size: float | None = None
    color: str | None = None
    bold: bool | None = None
    italic: bool | None = None
    before: float | None = None
    after: float | None = None
    keep: bool | None = None
    based: str = "Normal"


_PARAGRAPHS = {
    "Normal": _Look(10, INK, before=0, after=6),
    "Body Text": _Look(before=0, after=6),
    "First Paragraph": _Look(before=0, after=6),
    "Compact": _Look(before=0, after=3),
    "Heading 1": _Look(18, INK, bold=True, before=0, after=6, keep=True),
    "Heading 2": _Look(14, INK, bold=True, before=16, after=4, keep=True),
    "Heading 3": _Look(12, INK, bold=True, before=12, after=4, keep=True),
    "Heading 4": _Look(10, INK, bold=True, italic=False, before=10, after=2, keep=True),
    "Table Caption": _Look(9, SOFT, italic=False, before=8, after=3, keep=True),
    "Image Caption": _Look(9, SOFT, italic=False, before=2, after=8),
    "Captioned Figure": _Look(before=4, after=2, keep=True),
    "Lede": _Look(9, SOFT, after=8),
    "Answer": _Look(after=6),
    "Answer Lead": _Look(12, bold=True, after=4, based="Answer"),
    "Estimate": _Look(16, bold=True, before=4, after=0, keep=True),
    "Estimate Meaning": _Look(9, SOFT, after=6),
    "Citation": _Look(after=6),
    "Closing": _Look(8.5, SOFT, before=12),
    "Fact": _Look(9, before=0, after=2),
    "Fact Term": _Look(9, before=0, after=2, keep=True),
    "Fact Item": _Look(9, before=0, after=2),
    "Page Edge": _Look(8, SOFT, after=0),
}
_CHARACTERS = {
    "Hyperlink": _Look(color=BLUE),
    "Number Link": _Look(),
    "Aside": _Look(color=SOFT, bold=False),
    "As Printed": _Look(color=BLUE),
    "Not As Printed": _Look(color=AMBER),
}


def table_style(size: float) -> str:
    """Return the id of the style of text in tables with type of a size."""
    return f"TableText{size:g}"


def restyle(document: Any) -> None:
    """Give a document of pandoc the look of the reports.

    Fonts are named, not taken from a theme: another program has other themes.
    """
    styles = document.styles
    for fonts in styles.element.iter(qn("w:rFonts")):
        for key in list(fonts.attrib):
            del fonts.attrib[key]
        for key in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{key}"), FONT)
    for name, look in _PARAGRAPHS.items():
        _set(_style(styles, name, WD_STYLE_TYPE.PARAGRAPH, look.based), look)
    for size in SIZES:
        made = _style(styles, f"Table Text {size:g}", WD_STYLE_TYPE.PARAGRAPH, "Normal")
        made.element.set(qn("w:styleId"), table_style(size))
        _set(made, _Look(size, before=0, after=0))
    for name, look in _CHARACTERS.items():
        _set(_style(styles, name, WD_STYLE_TYPE.CHARACTER, None), look)
    styles["Number Link"].font.underline = WD_UNDERLINE.DOTTED
    styles["Hyperlink"].font.underline = True
    code = styles["Verbatim Char"].font
    code.name, code.size = MONO, Pt(7.5)
    for name in ("Answer", "Answer Lead", "Citation"):
        _shade(styles[name], line=BLUE if name.startswith("Answer") else "")
    fact = styles["Fact"].paragraph_format
    fact.left_indent, fact.first_line_indent = Mm(28), Mm(-28)
    fact.tab_stops.add_tab_stop(Mm(28))
    _set_lists(document)


def _style(styles: Any, name: str, kind: Any, based: str | None) -> Any:
    if name not in styles:
        made = styles.add_style(name, kind)
        if based and kind == WD_STYLE_TYPE.PARAGRAPH:
            made.base_style = styles[based]
        made.hidden, made.quick_style = False, True
    return styles[name]


def _set(style: Any, look: _Look) -> None:
    font = style.font
    if look.size is not None:
        font.size = Pt(look.size)
    if look.color is not None:
        font.color.rgb = RGBColor.from_string(look.color)
    if look.bold is not None:
        font.bold = look.bold
    if look.italic is not None:
        font.italic = look.italic
    if look.before is not None:
        style.paragraph_format.space_before = Pt(look.before)
    if look.after is not None:
        style.paragraph_format.space_after = Pt(look.after)
    if look.keep is not None:
        style.paragraph_format.keep_with_next = look.keep


def _shade(style: Any, line: str) -> None:
    """Set paragraphs of a style on a pale ground, with a line of that color at their left."""
    properties = style.element.get_or_add_pPr()
    if line:
        borders, left = OxmlElement("w:pBdr"), OxmlElement("w:left")
        for key, value in (("val", "single"), ("sz", "24"), ("space", "6"), ("color", line)):
            left.set(qn(f"w:{key}"), value)
        borders.append(left)
        _insert(properties, borders)
    ground = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", WASH)):
        ground.set(qn(f"w:{key}"), value)
    _insert(properties, ground)


def _insert(properties: Any, made: Any) -> None:
    """Put a property before those that have to follow it."""
    for after in ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl"):
        found = properties.find(qn(after))
        if found is not None:
            found.addprevious(made)
            return
    properties.append(made)


def _set_lists(document: Any) -> None:
    for level in document.part.numbering_part.element.iter(qn("w:lvl")):
        step = int(level.get(qn("w:ilvl"))) + 1
        for indent in level.iter(qn("w:ind")):
            indent.set(qn("w:left"), str(_LIST_STEP * step))
            indent.set(qn("w:hanging"), str(_LIST_HANGING))
