"""The DOCX of a report: pandoc writes it, then its pages, styles and tables are set for Word."""

import base64
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_UNDERLINE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from evidence.reports import documents as tree_of
from evidence.reports.documents import Node, attributes, node, pdf
from evidence.reports.documents.source import Picture
from evidence.reports.documents.tables import LANDSCAPE, PADDING, PORTRAIT, SIZES, Layout, Parts

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
    "Contents": _Look(9, before=0, after=1),
    "Lead": _Look(keep=True, based="Body Text"),
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


A4 = (Mm(210), Mm(297))
MARGIN, EDGE = Mm(18), Mm(10)
AFTER_TABLE = Pt(8)
TWIPS = 20
"""Of a point."""

_BLOCKS = {
    "say": "Answer Lead",
    "answer": "Answer",
    "value": "Estimate",
    "meaning": "Estimate Meaning",
    "lede": "Lede",
    "cite": "Citation",
    "closing": "Closing",
    "lead": "Lead",
    "summary": "Estimate Meaning",
}
_SPANS = {
    "small": "Aside",
    "printed": "As Printed",
    "converted": "As Printed",
    "reconstructed": "Not As Printed",
    "imputed": "Not As Printed",
}
_SHORT_TERM = 16
_TAB = "<w:r><w:tab/></w:r>"
_NUMBER = (
    '<w:r><w:t xml:space="preserve">{kind} </w:t></w:r>'
    '<w:fldSimple w:instr=" SEQ {kind} \\* ARABIC "><w:r><w:t>{number}</w:t></w:r></w:fldSimple>'
    "<w:r><w:t>.</w:t></w:r>"
)
"""The number of a caption as Word counts them, so that it can list and refer to them."""
_FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:instrText xml:space="preserve"> TOC \\o "2-2" \\n \\h \\z </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_FIELD_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
_TURN = "<w:p><w:pPr><w:sectPr/></w:pPr></w:p>"


def make(
    parts: Parts,
    pictures: Sequence[Picture],
    *,
    title: str,
    description: str,
    state: str,
    day: date,
) -> bytes:
    """Return a document as DOCX; the parameters are those of `document_pdf.make`.

    Raises
    ------
    RenderError
        If the document cannot be made.
    """
    blocks = tree_of.rebuilt(parts.blocks, _Writer(pictures).change)
    document = Document(io.BytesIO(tree_of.write(blocks, "docx")))
    restyle(document)
    for table, layout in zip(document.tables, parts.layouts, strict=True):
        _set_table(table, layout)
    _set_links(document)
    _set_pictures(document)
    _set_items(document)
    _set_pages(document, title, state)
    _set_properties(document, title, description, day)
    made = io.BytesIO()
    document.save(made)
    return _packed(made.getvalue(), day)


class _Writer:
    """Puts into a tree the names of styles and the pictures as PNG, which any Word shows."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures

    def change(self, one: Node) -> list[Node] | None:
        if one["t"] == "Div":
            return _div(one)
        if one["t"] == "Span":
            return _span(one)
        if one["t"] == "Image":
            return [self._image(one)]
        if one["t"] == "DefinitionList":
            return [block for item in one["c"] for block in _fact(*item)]
        return None

    def _image(self, one: Node) -> Node:
        picture = self._pictures[int(one["c"][2][0].removeprefix("picture:"))]
        encoded = base64.b64encode(pdf.to_png(picture, PORTRAIT)).decode()
        return node(
            "Image",
            [
                attributes(),
                tree_of.words(picture.alt),
                [f"data:image/png;base64,{encoded}", ""],
            ],
        )


def _styled(style: str, blocks: list[Node], name: str = "") -> Node:
    return node("Div", [attributes(name, (), [("custom-style", style)]), blocks])


def _div(one: Node) -> list[Node] | None:
    (name, kinds, _), blocks = one["c"]
    if "turned" in kinds:
        return [node("RawBlock", ["openxml", _TURN]), *blocks]
    if "drawing" in kinds:
        return [_styled("Captioned Figure", blocks[:1]), _styled("Image Caption", blocks[1:])]
    if "contents" in kinds:
        return [_styled("Contents", _contents(blocks))]
    for kind in kinds:
        if kind in _BLOCKS:
            return [_styled(_BLOCKS[kind], blocks, name)]
    return None


def _contents(links: list[Node]) -> list[Node]:
    """Return links to headings as a field that Word can make anew; it has no numbers of pages."""
    first, last = node("RawInline", ["openxml", _FIELD]), node("RawInline", ["openxml", _FIELD_END])
    paragraphs = [[*one["c"]] for one in links]
    paragraphs[0].insert(0, first)
    paragraphs[-1].append(last)
    return [node("Para", one) for one in paragraphs]


def _span(one: Node) -> list[Node] | None:
    (name, kinds, _), inlines = one["c"]
    if "numbered" in kinds:
        given = dict(one["c"][0][2])
        return [node("RawInline", ["openxml", _NUMBER.format(**given)])]
    for kind in kinds:
        if kind in _SPANS:
            values = [("custom-style", _SPANS[kind])]
            return [node("Span", [attributes(name, (), values), inlines])]
    return None


def _fact(term: list[Node], descriptions: list[list[Node]]) -> list[Node]:
    """Return a term with what is said of it behind a tab or on a line of its own, lists below."""
    blocks = [block for description in descriptions for block in description]
    inlines = [node("Strong", term)]
    if blocks and blocks[0]["t"] in ("Plain", "Para"):
        short = len(tree_of.plain(term)) <= _SHORT_TERM
        between = node("RawInline", ["openxml", _TAB]) if short else node("LineBreak")
        inlines += [between, *blocks[0]["c"]]
        blocks = blocks[1:]
    made = [_styled("Fact" if len(inlines) > 1 else "Fact Term", [node("Para", inlines)])]
    return [*made, *blocks]


def _set_table(table: Any, layout: Layout) -> None:
    """Set widths, lines and size of type in the table itself: it keeps them when it is pasted."""
    whole = LANDSCAPE if layout.turned else PORTRAIT
    widths = [str(round(share * whole * TWIPS)) for share in layout.shares]
    properties = table._tbl.tblPr
    width = properties.find(qn("w:tblW"))
    width.set(qn("w:type"), "dxa")
    width.set(qn("w:w"), str(sum(map(int, widths))))
    properties.find(qn("w:tblLayout")).addprevious(
        _borders("w:tblBorders", {"insideH": "D0D7DE", "bottom": "D0D7DE"}, 4)
    )
    properties.find(qn("w:tblLook")).addprevious(_margins())
    for column, one in zip(table._tbl.tblGrid, widths, strict=True):
        column.set(qn("w:w"), one)
    for row in table._tbl.tr_lst:
        row_properties = row.get_or_add_trPr()
        is_head = row_properties.find(qn("w:tblHeader")) is not None
        row_properties.insert(0, OxmlElement("w:cantSplit"))
        place = 0
        for cell in row.tc_lst:
            cell_properties = cell.get_or_add_tcPr()
            span = cell.grid_span
            cell_properties.width = Pt(sum(map(int, widths[place : place + span])) / TWIPS)
            place += span
            if is_head:
                cell_properties.append(_borders("w:tcBorders", {"bottom": "1B1F24"}, 8))
            for paragraph in cell.p_lst:
                paragraph.style = table_style(layout.size)
    following = table._tbl.getnext()
    while following is not None and following.tag == qn("w:bookmarkEnd"):
        following = following.getnext()
    if following is not None and following.tag == qn("w:p"):
        space = Paragraph(following, table).paragraph_format
        if space.space_before is None:
            space.space_before = AFTER_TABLE


def _borders(kind: str, colors: dict[str, str], eighths: int) -> Any:
    made = OxmlElement(kind)
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        if side in colors:
            line = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", str(eighths)), ("color", colors[side])):
                line.set(qn(f"w:{key}"), value)
            made.append(line)
    return made


def _margins() -> Any:
    made = OxmlElement("w:tblCellMar")
    for side, points in (("top", 2), ("left", PADDING), ("bottom", 2), ("right", PADDING)):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), str(round(points * TWIPS)))
        one.set(qn("w:type"), "dxa")
        made.append(one)
    return made


def _set_links(document: Any) -> None:
    """Let a number that leads to where it comes from look like a number."""
    for link in document.element.body.iter(qn("w:hyperlink")):
        if link.get(qn("w:anchor")):
            for style in link.iter(qn("w:rStyle")):
                style.set(qn("w:val"), "NumberLink")


def _set_pictures(document: Any) -> None:
    """Widen pictures to the text, and drop the copy that pandoc leaves as a description."""
    for picture in document.element.body.iter(qn("w:drawing")):
        outer, inner = next(picture.iter(qn("wp:extent"))), next(picture.iter(qn("a:ext")))
        width, height = int(outer.get("cx")), int(outer.get("cy"))
        wide = int(Pt(PORTRAIT))
        for one in (outer, inner):
            one.set("cx", str(wide))
            one.set("cy", str(height * wide // width))
        for side in "TBLR":
            # Without these, LibreOffice sets a distance of its own and the picture off the text.
            picture[0].set(f"dist{side}", "0")
        properties = next(picture.iter(qn("wp:docPr")))
        for one in picture.iter(qn("pic:cNvPr")):
            one.set("descr", properties.get("descr", ""))


def _set_items(document: Any) -> None:
    """Put the lists below a fact where its text stands; pandoc gives lists a style of their own."""
    below = False
    for paragraph in document.paragraphs:
        properties = paragraph._p.pPr
        listed = properties is not None and properties.numPr is not None
        below = paragraph.style.name.startswith("Fact") or (below and listed)
        if below and listed:
            paragraph.style = "Fact Item"
            paragraph.paragraph_format.left_indent = Mm(32)
            paragraph.paragraph_format.first_line_indent = Mm(-4)


def _set_pages(document: Any, title: str, state: str) -> None:
    last = len(document.sections) - 1
    for number, section in enumerate(document.sections):
        turned = number == last > 0
        section.page_width, section.page_height = A4[::-1] if turned else A4
        section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
        section.left_margin = section.right_margin = MARGIN
        section.top_margin = section.bottom_margin = MARGIN
        section.header_distance = section.footer_distance = EDGE
        # The first page has the title as its heading.
        section.different_first_page_header_footer = number == 0
        width = Pt(LANDSCAPE if turned else PORTRAIT)
        feet = [section.footer, section.first_page_footer] if number == 0 else [section.footer]
        for foot in feet:
            foot.is_linked_to_previous = False
            _set_foot(foot.paragraphs[0], state, width)
        if number == 0:
            section.header.is_linked_to_previous = False
            section.header.paragraphs[0].text = title
            section.header.paragraphs[0].style = "Page Edge"


def _set_foot(paragraph: Paragraph, state: str, width: Pt) -> None:
    paragraph.style = "Page Edge"
    paragraph.paragraph_format.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)
    paragraph.add_run(f"{state}\tPage ")
    for before, field in (("", "PAGE"), (" of ", "NUMPAGES")):
        if before:
            paragraph.add_run(before)
        simple = OxmlElement("w:fldSimple")
        simple.set(qn("w:instr"), field)
        simple.append(OxmlElement("w:r"))
        simple[0].append(OxmlElement("w:t"))
        simple[0][0].text = "1"
        paragraph._p.append(simple)


def _set_properties(document: Any, title: str, description: str, day: date) -> None:
    properties = document.core_properties
    properties.title, properties.comments = title, description
    properties.subject = description
    properties.author = properties.last_modified_by = pdf.AUTHOR
    properties.language, properties.revision = "en-US", 1
    properties.created = properties.modified = datetime.combine(day, time(), tzinfo=UTC)
    # Without it Word opens the file in a mode for files of its version of 2007.
    compatible = OxmlElement("w:compat")
    mode = OxmlElement("w:compatSetting")
    for key, value in (
        ("name", "compatibilityMode"),
        ("uri", "http://schemas.microsoft.com/office/word"),
        ("val", "15"),
    ):
        mode.set(qn(f"w:{key}"), value)
    compatible.append(mode)
    document.settings.element.find(qn("w:rsids")).addprevious(compatible)


def _packed(content: bytes, day: date) -> bytes:
    """Return a package with nothing in it that changes from one making to the next."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, source.read(name))
    return made.getvalue()
