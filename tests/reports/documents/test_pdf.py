"""The PDF of a report as PDF/UA has it: tags, texts, links, pages."""

import io
from typing import Any

import pypdf
import pytest

from evidence.errors import RenderError
from evidence.reports import documents, render
from evidence.reports.documents import pdf, tables
from tests.reports import extraction, pages
from tests.reports.documents.test_documents import REPORT, STAMP
from tests.reports.documents.test_word import STATE

A4 = (595.28, 841.89)
INLINE = ("a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup")


@pytest.fixture(scope="module")
def reader() -> Any:
    made = render.documents(pages.page(rows=120), REPORT, STAMP, ["pdf"])["pdf"]
    return pypdf.PdfReader(io.BytesIO(made))


def set_as_pdf(html: str, **changes: str) -> bytes:
    made = tables.parts(documents.read(html))
    texts = {"title": "T", "description": "D", "state": "S", **changes}
    return pdf.make(made, (), day=STAMP.sources_as_of, **texts)


def text_of(page: Any) -> str:
    return " ".join(page.extract_text().split())


def test_it_says_that_it_is_accessible_and_in_which_language(reader: Any) -> None:
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Report <one>"
    assert reader.metadata.subject.startswith(STATE)
    assert reader.metadata["/CreationDate"] == "D:20261124000000Z"


def test_what_is_not_accessible_is_refused() -> None:
    assert set_as_pdf("<h1>A</h1><p>b</p>").startswith(b"%PDF")
    with pytest.raises(RenderError, match=r"typst: PDF/UA-1 error: .*title"):
        set_as_pdf("<h1>A</h1><p>b</p>", title="")
    with pytest.raises(RenderError, match=r"typst: PDF/UA-1 error: .*heading"):
        set_as_pdf("<h1>A</h1><h3>b</h3>")


def test_a_link_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(RenderError, match="label `<absent>` does not exist"):
        set_as_pdf('<h1>A</h1><p><a href="#absent">b</a></p>')


@pytest.mark.parametrize(
    "place",
    [
        "<p id='x'>a</p>",
        "<ul id='x'><li>a</li></ul>",
        "<ul><li id='x'>a</li></ul>",
        "<dl><dt>a</dt><dd id='x'>b</dd></dl>",
        "<section id='x'><p>a</p></section>",
        "<blockquote id='x'><p>a</p></blockquote>",
        "<dl><dt id='x'>a</dt><dd>b</dd></dl>",
        "<figure><p>a</p><figcaption id='x'>b</figcaption></figure>",
        "<details><summary id='x'>a</summary><p>b</p></details>",
        "<pre id='x'>a</pre>",
        *(f"<p>a <{one} id='x'>b</{one}></p>" for one in INLINE),
        "<h2 id='x'>a</h2>",
        "<table id='x'><tr><td>a</td></tr></table>",
        "<table><caption id='x'>c</caption><tr><td>a</td></tr></table>",
        "<figure id='x'><p>a</p></figure>",
    ],
)
def test_every_name_of_a_page_can_be_led_to(place: str) -> None:
    page = f"<main><h1>A</h1><p><a href='#x'>b</a></p>{place}</main>"
    made = render.documents(page, REPORT, STAMP, ["pdf"])["pdf"]
    (link,) = pypdf.PdfReader(io.BytesIO(made)).pages[0]["/Annots"]
    assert target(pypdf.PdfReader(io.BytesIO(made)), link.get_object())


def test_tags_are_those_of_the_page(reader: Any) -> None:
    kinds = [path[-1]["/S"] for path in extraction.elements(reader)]
    headings = [one for one in kinds if one in ("/H1", "/H2", "/H3", "/H4")]
    assert headings == ["/H1", "/H2", "/H2", "/H3", "/H4", "/H2", "/H2"]
    assert kinds.count("/Table") == 1
    assert kinds.count("/TH") == 3
    assert kinds.count("/TR") == 121
    assert kinds.count("/Caption") == 2
    columns = [
        one.get("/Scope")
        for path in extraction.elements(reader)
        if path[-1]["/S"] == "/TH"
        for one in path[-1]["/A"]
        if "/Scope" in one
    ]
    assert columns == ["/Column"] * 3


def test_picture_has_its_text_and_stays_a_drawing(reader: Any) -> None:
    texts = [
        path[-1]["/Alt"] for path in extraction.elements(reader) if path[-1]["/S"] == "/Figure"
    ]
    assert texts == [pages.ALT]
    assert not [one for page in reader.pages for one in page.images]
    assert any("drawn 9.99" in page.extract_text() for page in reader.pages)


def test_each_page_is_a4_with_its_number_and_the_state_of_the_data(reader: Any) -> None:
    count = len(reader.pages)
    assert count > 3
    for number, page in enumerate(reader.pages, start=1):
        assert f"{STATE} Page {number} of {count}" in text_of(page)
        assert ("Report <one>" in text_of(page)) or number == 1
        size = (float(page.mediabox.width), float(page.mediabox.height))
        assert size in (pytest.approx(A4, abs=0.1), pytest.approx(A4[::-1], abs=0.1))
    turned = [page for page in reader.pages if page.mediabox.width > page.mediabox.height]
    assert turned == list(reader.pages)[-len(turned) :]
    assert text_of(turned[0]).partition("Wide tables")[1]
    # The head of the table stands on each of its pages.
    assert all("Trial Estimate Id" in text_of(page) for page in turned)


def test_links_lead_to_where_numbers_come_from(reader: Any) -> None:
    links = [
        one.get_object()
        for page in reader.pages
        for one in page.get("/Annots", [])
        if one.get_object()["/Subtype"] == "/Link"
    ]
    outside = {one["/A"]["/URI"] for one in links if "/A" in one and "/URI" in one["/A"]}
    assert outside == {"https://doi.org/10.1000/a?b=c&d=%3C", "index.html"}
    inside = [target(reader, one) for one in links if "/URI" not in one.get("/A", {})]
    # Four of the page, and one to each of four headings from the contents.
    assert len(inside) == 4 + 4
    (origin,) = (
        page for page in reader.pages if "Where each number comes from" in page.extract_text()
    )
    # The contents come where the first heading is, after the numbers of the first screen.
    own = [*inside[:2], *inside[-2:]]
    pages_led_to = [page.indirect_reference.idnum for page, _ in own]
    assert pages_led_to.count(origin.indirect_reference.idnum) == 2


def target(reader: Any, link: Any) -> tuple[Any, float]:
    """Return page and height that a link leads to."""
    place = link.get("/Dest") or link["/A"]["/D"]
    if isinstance(place, (str, bytes)):
        found = reader.named_destinations[str(place)]
        return found.page.get_object(), float(found.top)
    return place[0].get_object(), float(place[3])


def test_a_named_row_is_led_to_where_it_stands() -> None:
    rows = "".join(f"<tr id='r{n}'><th scope='row'>{n}</th><td>x</td></tr>" for n in range(90))
    html = (
        "<h1>A</h1><p><a href='#r0'>first</a> <a href='#r89'>last</a></p><table><thead><tr>"
        f"<th scope='col'>a</th><th scope='col'>b</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    made = pypdf.PdfReader(io.BytesIO(set_as_pdf(html)))
    first, last = (target(made, one.get_object()) for one in made.pages[0]["/Annots"])
    assert first[0] == made.pages[0]
    assert last[0] == made.pages[len(made.pages) - 1] != made.pages[0]


def test_a_long_id_ends_its_line_inside_its_column() -> None:
    html = (
        "<h1>A</h1><table><thead><tr><th scope='col'>Id</th><th scope='col'>Text</th></tr></thead>"
        f"<tbody><tr><td><code>{pages.LONG_ID}</code></td><td>{'word ' * 400}</td></tr></tbody>"
        "</table>"
    )
    lines = pypdf.PdfReader(io.BytesIO(set_as_pdf(html))).pages[0].extract_text().splitlines()
    assert "".join(lines).count(pages.LONG_ID) == 1
    assert not [one for one in lines if pages.LONG_ID in one]


def test_a_part_with_a_heading_is_led_to_where_its_heading_stands() -> None:
    links = "".join(f"<p><a href='#n{n}'>to {n}</a></p>" for n in range(60))
    articles = "".join(
        f"<article id='n{n}'><h2>Number {n}.</h2><dl><dt>a</dt><dd>b</dd></dl></article>"
        for n in range(60)
    )
    html = f"<main><h1>A</h1>{links}{articles}</main>"
    made = render.documents(html, REPORT, STAMP, ["pdf"])["pdf"]
    reader = pypdf.PdfReader(io.BytesIO(made))
    found = [one.get_object() for page in reader.pages for one in page.get("/Annots", [])]
    assert len(found) == 60
    for number, link in enumerate(found):
        place, _ = target(reader, link)
        (page,) = (one for one in reader.pages if one.get_object() == place)
        assert f"Number {number}." in text_of(page)
