"""DOCX as it reads once all changes are accepted."""

import pytest

from evidence.manuscripts import Passage, Row, bound
from evidence.manuscripts import word as word_draft
from tests.manuscripts.words import paragraph, run, word


def texts(body: str, footnotes: str = "") -> list[str]:
    found = []
    for part in word_draft.parse(word(body, footnotes=footnotes)).parts:
        cells = part.cells if isinstance(part, Row) else (part,)
        found += [one.text for one in cells]
    return found


FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{}</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>{}'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)
INSERTED = '<w:ins w:id="1" w:author="A">{}</w:ins>'
DELETED = '<w:del w:id="2" w:author="A"><w:r><w:delText>{}</w:delText></w:r></w:del>'


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (run("0.") + run("52", "<w:b/>") + run(" (−0.29"), "0.52 (−0.29"),
        (run("g = ") + DELETED.format("0.62") + INSERTED.format(run("0.52")), "g = 0.52"),
        (
            f"<w:moveFrom>{run('old')}</w:moveFrom><w:moveTo>{run('new')}</w:moveTo>",
            "new",
        ),
        (f"<w:hyperlink>{run('0.5')}</w:hyperlink>", "0.5"),
        (
            f"<w:sdt><w:sdtPr><w:alias/></w:sdtPr><w:sdtContent>{run('0.5')}</w:sdtContent></w:sdt>",
            "0.5",
        ),
        ("<w:r><w:t>P</w:t><w:tab/><w:t>=</w:t><w:br/><w:t>.11</w:t></w:r>", "P\t=\n.11"),
        ("<w:r><w:t>P</w:t><w:tab/><w:tab/><w:t>=  .11</w:t></w:r>", "P\t= .11"),
        ("<w:r><w:noBreakHyphen/><w:t>0.29</w:t></w:r>", "-0.29"),
        ("<w:del><w:r><w:noBreakHyphen/></w:r></w:del>" + run("0.29"), "0.29"),
        ("<w:r><w:instrText>REF 0.9</w:instrText></w:r>" + run("0.5"), "0.5"),
        (FIELD.format("REF table_2", run("0.52")), "0.52"),
        (FIELD.format("ADDIN EN.CITE", run("12")) + run(" of 32"), "¹² of 32"),
        (run("0.52") + run("12", '<w:vertAlign w:val="superscript"/>'), "0.52¹²"),
        (run("0.9", "<w:strike/>") + run("0.5", '<w:strike w:val="0"/>'), "0.5"),
        ("<m:oMath><m:r><m:t>g=0.52</m:t></m:r></m:oMath>", "g=0.52"),
        (run("{ev:a", "<w:b/>") + run(".b}"), "{ev:a.b}"),
        (run("{ev:a}", '<w:rStyle w:val="VerbatimChar"/>'), ""),
    ],
)
def test_runs(content: str, seen: str) -> None:
    assert texts(paragraph(content)) == [seen]


def test_a_deleted_paragraph_end_joins_two_paragraphs() -> None:
    joined = paragraph(run("one "), properties="<w:rPr><w:del w:id='1'/></w:rPr>")
    assert texts(joined + paragraph(run("two")) + paragraph(run("three"))) == ["one two", "three"]


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('boxed'))}</w:txbxContent>"
    drawing = (
        f"<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert texts(paragraph(run("outside"), drawing)) == ["outside", "boxed"]


def test_footnotes_have_their_place() -> None:
    notes = (
        f"<w:footnote w:type='separator' w:id='-1'>{paragraph(run('line'))}</w:footnote>"
        f"<w:footnote w:id='2'>{paragraph(run('Note 0.5 {ev:a}'))}</w:footnote>"
    )
    body = paragraph(run("Text"), "<w:r><w:footnoteReference w:id='2'/></w:r>", run("."))
    text, note = word_draft.parse(word(body, footnotes=notes)).parts
    assert isinstance(text, Passage)
    assert isinstance(note, Passage)
    assert (text.text, text.where(0)) == ("Text.", "paragraph 1")
    assert (note.text, note.where(0)) == ("Note 0.5 {ev:a}", "footnote 1, paragraph 1")


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text))}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def test_tables_know_their_columns() -> None:
    body = table(
        row(cell("Trial"), cell("k"), cell("Hedges g"), cell("95% CI")),
        row(cell("Both", "<w:gridSpan w:val='2'/>"), cell("0.52"), cell("−0.29 to 1.33 {ev:a}")),
        row(cell("gone {ev:b}"), cell("3"), cell("0.1"), cell(""), properties="<w:del w:id='1'/>"),
        row(cell("C", "<w:cellDel w:id='2'/>"), cell("3"), cell("0.1"), cell("{ev:c}")),
    )
    rows = [one for one in word_draft.parse(word(body)).parts if isinstance(one, Row)]
    assert [[name for name, _ in one.hints] for one in rows] == [
        ["", "effect", "ci@95"],
        ["k", "effect", "ci@95"],
    ]
    marks = [one.estimate_id for one in bound(word_draft.parse(word(body))) if one.estimate_id]
    assert marks == ["a", "c"]


def test_a_table_in_a_cell() -> None:
    inner = table(row(cell("k")), row(cell("3 {ev:a}")))
    body = table(row(cell("x")), f"<w:tr><w:tc>{inner}{paragraph(run('y'))}</w:tc></w:tr>")
    assert texts(body) == ["x", "y", "k", "3 {ev:a}"]
