"""The DOCX of a report as Word reads it: headings, tables, pictures, links, pages."""

import io
import re
import zipfile
from datetime import date
from typing import Any

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from evidence import __version__
from evidence.reports import catalog, render
from evidence.reports.documents.tables import LANDSCAPE, PORTRAIT
from tests.reports import pages
from tests.reports.documents.test_documents import REPORT, STAMP

STATE = f"Data 1.2.0, workbook {__version__}, sources as of 24 November 2026; no systematic search"


def make(page: str) -> bytes:
    return render.documents(page, REPORT, STAMP, ["docx"])["docx"]


@pytest.fixture(scope="module")
def content() -> bytes:
    return make(pages.page(rows=120, extra=pages.table(2, caption="Second &lt;table&gt;")))


@pytest.fixture(scope="module")
def document(content: bytes) -> Any:
    return docx.Document(io.BytesIO(content))


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {
            one: package.read(one).decode("utf-8")
            for one in package.namelist()
            if one.endswith((".xml", ".rels"))
        }


def test_headings_are_headings(document: Any) -> None:
    found = [
        (one.style.name, one.text)
        for one in document.paragraphs
        if one.style.name.startswith("Heading")
    ]
    assert found == [
        ("Heading 1", "Report <one>"),
        ("Heading 2", "The trials"),
        ("Heading 2", "Where each number comes from"),
        ("Heading 3", "Single trials"),
        ("Heading 4", "0.52 (−0.29 to 1.33) Diamond"),
        ("Heading 2", "How to cite"),
        ("Heading 2", "Wide tables"),
    ]


def _whole(paragraph: Any) -> str:
    return "".join(one.text for one in paragraph.iter(qn("w:t")))


def test_contents_are_a_field_with_a_link_to_each_heading(document: Any) -> None:
    kinds = [one.style.name for one in document.paragraphs]
    listed = [one.text for one in document.paragraphs if one.style.name == "Contents"]
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 2"]
    assert listed == headings[:-1]  # that of the wide tables is made afterwards
    assert kinds.index("Contents") == kinds.index("Heading 2") - len(listed)
    (field,) = document.element.body.iter(qn("w:instrText"))
    assert field.text.split()[:2] == ["TOC", "\\o"]
    marks = [one.get(qn("w:fldCharType")) for one in document.element.body.iter(qn("w:fldChar"))]
    assert marks == ["begin", "separate", "end"]


def test_a_paragraph_before_a_figure_stays_with_it(document: Any) -> None:
    kinds = [one.style.name for one in document.paragraphs]
    assert kinds[kinds.index("Captioned Figure") - 1] == "Lead"
    assert document.styles["Lead"].paragraph_format.keep_with_next


def test_captions_stand_with_their_tables_and_pictures(document: Any) -> None:
    kinds = [one.style.name for one in document.paragraphs]
    place = kinds.index("Captioned Figure")
    assert kinds[place + 1] == "Image Caption"
    assert _whole(document.paragraphs[place + 1]._p) == "Figure 1. Forest plot of 3 trials."
    for table, caption in zip(
        document.tables, ["Table 2. Second <table>", "Table 1. Numbers of the trials"], strict=True
    ):
        before = table._tbl.getprevious()
        while before.tag != qn("w:p"):
            before = before.getprevious()
        assert before.style == "TableCaption"
        assert _whole(before) == caption
    fields = [one.get(qn("w:instr")) for one in document.element.body.iter(qn("w:fldSimple"))]
    counted = [one.split()[:2] for one in fields]
    assert counted == [["SEQ", "Figure"], ["SEQ", "Table"], ["SEQ", "Table"]]
    assert document.styles["Table Caption"].paragraph_format.keep_with_next


def test_tables_repeat_their_head_and_keep_their_widths_where_they_are_pasted(
    document: Any,
) -> None:
    for table, room in zip(document.tables, [PORTRAIT, LANDSCAPE], strict=True):
        heads = [row.trPr.find(qn("w:tblHeader")) is not None for row in table._tbl.tr_lst]
        assert heads == [True] + [False] * (len(heads) - 1)
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in table._tbl.tr_lst)
        widths = [column.width for column in table.columns]
        assert 0.98 * Pt(room) < sum(widths) <= Pt(room)
        for row in table._tbl.tr_lst:
            assert [cell.width for cell in row.tc_lst] == pytest.approx(widths, abs=Pt(0.1))
        assert table._tbl.tblPr.find(qn("w:tblBorders")) is not None
        first = table.rows[0].cells
        assert [one.text for one in first] == ["Trial", "Estimate", "Id"]
        assert all(run.bold for cell in first for one in cell.paragraphs for run in one.runs)


def test_picture_is_a_png_with_its_text(document: Any, content: bytes) -> None:
    (drawing,) = document.element.body.iter(qn("w:drawing"))
    texts = [one.get("descr") for one in drawing.iter(qn("wp:docPr"), qn("pic:cNvPr"))]
    assert texts == [pages.ALT, pages.ALT]
    assert [drawing[0].get(f"dist{side}") for side in "TBLR"] == ["0"] * 4
    assert [one.get("cx") for one in drawing.iter(qn("wp:extent"))] == [str(int(Pt(PORTRAIT)))]
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        media = [one for one in package.namelist() if one.startswith("word/media/")]
        assert len(media) == 1
        assert package.read(media[0]).startswith(b"\x89PNG")


def test_links_lead_to_places_that_are_there(document: Any) -> None:
    body = document.element.body
    names = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    links = [one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))]
    inside = [one for one in links if one]
    # Two to the article, one each to a row, from a cell and to a wide table, three of the contents.
    assert len(inside) == 5 + 3
    assert set(inside) <= names
    outside = {one.target_ref for one in document.part.rels.values() if one.is_external}
    assert outside == {"https://doi.org/10.1000/a?b=c&d=%3C", "index.html"}


def test_a_link_from_a_number_leads_to_the_heading_of_its_origin(document: Any) -> None:
    body = document.element.body
    link = next(one for one in body.iter(qn("w:hyperlink")) if "0.52" in "".join(one.itertext()))
    (mark,) = (
        one
        for one in body.iter(qn("w:bookmarkStart"))
        if one.get(qn("w:name")) == link.get(qn("w:anchor"))
    )
    following = mark.getnext()
    while following.tag != qn("w:p"):
        following = following.getnext()
    assert "".join(following.itertext()).startswith("0.52 (−0.29 to 1.33)")
    (style,) = {one.get(qn("w:val")) for one in link.iter(qn("w:rStyle"))}
    assert style == "NumberLink"


def test_each_page_is_a4_with_its_number_and_the_state_of_the_data(document: Any) -> None:
    upright, turned = document.sections
    a4 = pytest.approx((Mm(210), Mm(297)), abs=Mm(0.1))
    assert (upright.page_width, upright.page_height) == a4
    assert (turned.page_height, turned.page_width) == a4
    assert turned.orientation == WD_ORIENT.LANDSCAPE
    for foot in (upright.footer, upright.first_page_footer, turned.footer):
        assert foot.paragraphs[0].text.startswith(f"{STATE}\tPage ")
        fields = [one.get(qn("w:instr")) for one in foot._element.iter(qn("w:fldSimple"))]
        assert fields == ["PAGE", "NUMPAGES"]
    assert upright.header.paragraphs[0].text == "Report <one>"
    assert not upright.first_page_header.paragraphs[0].text
    assert turned.header.is_linked_to_previous


def test_pages_without_wide_tables_are_all_upright() -> None:
    made = docx.Document(io.BytesIO(make(pages.page())))
    assert [one.orientation for one in made.sections] == [WD_ORIENT.PORTRAIT]


def test_properties_name_title_language_and_day(document: Any) -> None:
    properties = document.core_properties
    assert (properties.title, properties.language) == ("Report <one>", "en-US")
    assert properties.comments.startswith(STATE)
    assert properties.created.date() == properties.modified.date() == date(2026, 11, 24)


def test_terms_and_lists_below_them_stand_in_one_column(document: Any) -> None:
    facts = [one for one in document.paragraphs if one.style.name.startswith("Fact")]
    assert [one.text for one in facts] == [
        "Printed\tabft: mean 11.8\nwaitlist: -18.5",
        "Read in\tDiamond.",
        "Remarks",
        "One.",
        "Two.",
        "Id\tb.c",
    ]
    names = [one.style.name for one in facts]
    assert names == ["Fact", "Fact", "Fact Term", "Fact Item", "Fact Item", "Fact"]


def test_a_long_term_stands_above_what_is_said_of_it() -> None:
    extra = "<dl><dt>A term that is long, in words</dt><dd>said</dd></dl>"
    made = docx.Document(io.BytesIO(make(pages.page(extra=extra))))
    facts = [one.text for one in made.paragraphs if one.style.name == "Fact"]
    assert facts[-1] == "A term that is long, in words\nsaid"


def test_package_has_one_date_and_no_traces(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {one.date_time for one in package.infolist()} == {(2026, 11, 24, 0, 0, 0)}
        assert package.namelist()[0] == "[Content_Types].xml"
    everything = "".join(parts(content).values())
    assert "data:image" not in everything
    assert "picture:" not in everything
    assert re.findall(r"<script", everything) == []


def test_styles_name_their_fonts(content: bytes) -> None:
    styles = parts(content)["word/styles.xml"]
    assert "Theme" not in "".join(re.findall(r"<w:rFonts[^>]*>", styles))
    assert 'w:ascii="Arial"' in styles


def test_all_formats_are_those_of_the_catalog() -> None:
    assert set(render.documents(pages.page(), REPORT, STAMP, catalog.FORMATS)) == {"docx", "pdf"}
