"""What notebooks show, and what a person sees who has no notebook."""

import base64
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

import evidence
from evidence.analysis import analyze
from evidence.blocks import drawing, output
from evidence.blocks.output import MIME, Block, Figure, items, joined, paragraphs
from evidence.blocks.tables import Cell, table
from evidence.estimation.choices import Specification
from evidence.ledger import from_json
from evidence.reports.inspection import faults
from tests.ledger.test_ledger import ENTRY


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What is published while a shell seems to run."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    monkeypatch.setattr(output, "_shell", lambda: object())
    monkeypatch.setattr(output, "_bundle", lambda data, metadata: found.append((data, metadata)))
    return found


def figure(text: str = "a < b & c") -> Figure:
    drawn = []
    for width in (4, 2):
        drawn.append(Canvas(figsize=(width, 2)))
        axes = drawn[-1].add_axes((0.1, 0.2, 0.8, 0.7))
        axes.plot([0, 1], [1, 0], marker="o", color="#abcdef")
        axes.set_xlabel(text)
    made = Block("<table><caption>table text</caption><tr><th>1</th></tr></table>", (ENTRY,))
    data = pd.DataFrame({"x": [0, 1], "y": [1, 0]})
    return Figure("forest", *drawn, "Two <points>.", "Points. More.", made, data)


def looked(markup: str) -> str:
    """Return what stands inside of the look that a notebook gets."""
    found = re.fullmatch(
        r'<style>.*\.evidence-shown .*</style>\n<div class="evidence-shown">(.*)</div>',
        markup,
        re.DOTALL,
    )
    assert found is not None
    return found[1]


def test_links_to_pages_lead_to_the_reports_beside_the_notebooks(
    bundles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    links = (
        '<a href="trial-x.html#n-1">a</a><a href="#n-2">b</a><a href="https://x.org/y.html">c</a>'
    )
    monkeypatch.delenv(output.FIGURES, raising=False)
    evidence.show(Block(links))
    shown = looked(bundles[0][0]["text/html"])
    assert re.findall(r'href="([^"]+)"', shown) == [
        "../reports/trial-x.html#n-1",
        "#n-2",
        "https://x.org/y.html",
    ]
    monkeypatch.setenv(output.FIGURES, "svg")
    evidence.show(Block(links))
    assert bundles[1][0]["text/html"] == links


def test_a_block_is_one_output_of_text_html_and_numbers(bundles: list[Any]) -> None:
    evidence.show(Block("<p>text</p>", (ENTRY,)))
    ((data, metadata),) = bundles
    assert metadata == {}
    assert data["text/plain"] == "text"
    assert looked(data["text/html"]) == "<p>text</p>"
    assert data[MIME]["version"] == 1
    assert [from_json(one) for one in data[MIME]["entries"]] == [ENTRY]


def test_text_and_tables_are_read_from_the_one_form() -> None:
    shown = table(
        "Trials & sizes",
        ("Trial", "n"),
        [(Cell("a < b\nc", tag="imputed"), Cell(markup='<a href="#n-x">1 | 2</a>', numeric=True))],
    )
    block = joined(paragraphs("Two: 1 < 2.", "So."), shown, Block(items(["<b>0.5</b>it"], "not")))
    assert block.text.splitlines() == [
        *("Two: 1 < 2.", "So.", "Trials & sizes", "Trial | n"),
        "a < b; c imputed | 1 | 2",
        "- 0.5: it",
    ]
    assert block.frame.equals(pd.DataFrame({"Trial": ["a < b; c imputed"], "n": ["1 | 2"]}))
    several = joined(shown, table("Empty", ("x", "y"), []))
    assert [list(one.columns) for one in several.frames] == [["Trial", "n"], ["x", "y"]]
    assert [len(one) for one in several.frames] == [1, 0]
    for one, tables in ((several, 2), (paragraphs("none"), 0)):
        with pytest.raises(ValueError, match=f"has {tables} tables"):
            _ = one.frame


def test_lines_that_are_set_as_they_stand_keep_breaks_and_spaces() -> None:
    assert Block("<p>a\n b</p><pre>+ 1,&lt;\n\n  2</pre>").text == "a b\n+ 1,<\n\n  2"


def test_without_numbers_there_is_no_type_of_numbers(bundles: list[Any]) -> None:
    evidence.show(Block("<p>text</p>"))
    assert set(bundles[0][0]) == {"text/plain", "text/html"}


def test_entries_are_lines_with_a_place_to_link_to(bundles: list[Any]) -> None:
    evidence.show([ENTRY, replace(ENTRY, estimate_id="b", label="<b>", ci_low=None)])
    ((data, _),) = bundles
    assert data["text/plain"].splitlines() == [
        "ABFT, depressive symptoms: 0.52 (−0.29 to 1.33)",
        "<b>: 0.52 (no interval)",
    ]
    assert f'<p id="n-{ENTRY.estimate_id}" tabindex="-1">ABFT, ' in data["text/html"]
    assert "&lt;b&gt;: 0.52" in data["text/html"]
    assert len(data[MIME]["entries"]) == 2


def test_without_a_notebook_the_text_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    evidence.show(ENTRY)
    evidence.show(figure())
    assert capsys.readouterr().out.splitlines() == [
        "ABFT, depressive symptoms: 0.52 (−0.29 to 1.33)",
        "Two <points>.",
        "Points. More.",
        "table text",
        "1",
    ]


def test_a_figure_in_a_notebook_is_a_picture_with_alt_text_and_a_table(
    bundles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(output.FIGURES, raising=False)
    evidence.show(figure())
    (picture, metadata), (beside, _) = bundles
    assert picture["image/png"].startswith(b"\x89PNG")
    assert picture["text/plain"] == "Two <points>."
    assert metadata == {"image/png": {"alt": "Two <points>."}}
    assert looked(beside["text/html"]) == "<p>Points. More.</p>\n" + figure().table.html
    assert len(beside[MIME]["entries"]) == 1


def test_a_figure_in_a_report_stands_in_the_page(
    bundles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(output.FIGURES, "svg")
    evidence.show(figure())
    ((data, _),) = bundles
    markup = data["text/html"]
    assert "image/png" not in data
    assert markup.startswith('<figure id="forest">')
    assert "<figcaption>Points. More.</figcaption>" in markup
    assert "<details><summary>The figure as a table</summary>\n<table><caption>table" in markup
    assert len(data[MIME]["entries"]) == 1
    wide, phone = (
        ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", markup, re.DOTALL)
    )
    named = {one.attrib["id"]: one.text for one in wide.iter() if "id" in one.attrib}
    for svg, kind in ((wide, "wide"), (phone, "phone")):
        assert (svg.attrib["role"], svg.attrib["class"]) == ("img", kind)
        titles = [named[one] for one in svg.attrib["aria-labelledby"].split()]
        assert titles == ["Points", "Two <points>."]
        assert any(one.text == "a < b & c" for one in svg.iter("text"))
    assert float(phone.attrib["viewBox"].split()[2]) < float(wide.attrib["viewBox"].split()[2])
    assert not faults(f"<main>{markup}</main>", anchors=())


def test_a_figure_of_a_report_can_be_taken_along_from_its_page(
    bundles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(output.FIGURES, "svg")
    evidence.show(figure())
    markup = bundles[0][0]["text/html"]
    taken = re.findall(r'<a download="forest\.(\w+)" href="data:([^"]+?);base64,([^"]+)">', markup)
    assert {kind: media for kind, media, _ in taken} == output.TAKEN
    files = {kind: base64.b64decode(content) for kind, _, content in taken}
    assert files["csv"] == b"x,y\n0,1\n1,0\n"
    assert files["png"].startswith(b"\x89PNG")
    assert files["pdf"].startswith(b"%PDF")
    assert b"/CreationDate" not in files["pdf"]
    svg = ElementTree.fromstring(files["svg"])
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"var(--" not in files["svg"]
    # Only a file that is saved may stand in a link.
    led = markup.replace(' download="forest.svg"', "")
    assert any("a link to 'data:image/svg" in one for one in faults(f"<main>{led}</main>"))


def test_colors_of_a_drawing_in_a_page_are_those_of_the_page() -> None:
    svg = drawing.to_svg(figure().matplotlib_figure, name="a", title="t", description="d")
    assert "var(--paper, #ffffff)" in svg
    assert "#ffffff" not in svg.replace("var(--paper, #ffffff)", "")
    assert drawing.alone(svg).count("#ffffff") == svg.count("#ffffff")


def test_drawings_are_the_same_each_time_and_keep_apart() -> None:
    one, two, other = (
        drawing.to_svg(figure().matplotlib_figure, name=name, title="t", description="d")
        for name in ("a", "a", "b")
    )
    assert one == two
    assert drawing.to_png(figure().matplotlib_figure) == drawing.to_png(figure().matplotlib_figure)
    names = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, other)]
    assert names[0]
    assert names[0].isdisjoint(names[1])
    references = set(re.findall(r'(?:href="|url\()#([^")]+)', one))
    assert references
    assert references <= names[0]


def test_a_drawing_holds_no_date_font_style_sheet_or_other_address() -> None:
    svg = drawing.to_svg(
        figure("see #abc and url(#x)").matplotlib_figure, name="a", title="t", description="d"
    )
    for part in ("metadata", "<style", "http", "DejaVu", "xmlns", "Matplotlib"):
        assert part not in svg
    assert "stroke: #abcdef" in svg
    assert ">see #abc and url(#x)<" in svg


def test_frames_and_results_are_shown_as_they_show_themselves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = evidence.load()
    asked = Specification(therapy="abft", outcome="suicide_attempt", timepoint="post")
    asked = replace(asked, metric="log_odds_ratio")
    analysis = analyze(data, asked)
    evidence.show(analysis)
    evidence.show(evidence.durability(data, therapy="abct"))
    evidence.show(pd.DataFrame({"a": [1], "b": ["<x>"]}))
    first, second, *table = capsys.readouterr().out.splitlines()
    assert first == repr(analysis)
    # A harm is said in its usual direction.
    assert "odds ratio 0.46 (" in first
    assert first.endswith("; below 1 favors abft")
    assert second.startswith("Durability of abct, all outcomes: ")
    assert [one.split() for one in table] == [["a", "b"], ["0", "1", "<x>"]]
    assert (evidence.__doc__ or "").split("\n\n")[1].startswith("What to do first::")
