"""From the outputs of an executed notebook to a page, without running one."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pytest

from evidence import __version__
from evidence.blocks.output import MIME
from evidence.errors import RenderError
from evidence.ledger import to_json
from evidence.reports import render
from evidence.reports.catalog import Report
from evidence.reports.stamp import Stamp
from tests.ledger.test_ledger import ENTRY
from tests.reports import projects

REPORT = Report("a", "Title & <more>", "Whom <it> covers.", Path("n"), {}, ("html",))
STAMP = Stamp("1.2.0", date(2026, 11, 24))
PLACE = f'<p id="n-{ENTRY.estimate_id}">0.52</p>'


def page(*outputs: dict[str, Any], prose: str = "") -> render.Page:
    """Render a notebook with one cell of prose and one with these outputs."""
    made = projects.notebook(("", "markdown", prose), ("", "code", "hidden()"))
    made["cells"][1]["outputs"] = list(outputs)
    return render.page(nbformat.reads(json.dumps(made), as_version=4), REPORT, STAMP)


def shows(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def test_page_has_title_state_of_data_and_no_code() -> None:
    html = page().html
    assert "<title>Title &amp; &lt;more&gt;</title>" in html
    assert "<h1>Title &amp; &lt;more&gt;</h1>" in html
    assert (
        f'<p class="lede">Whom &lt;it&gt; covers. Data 1.2.0, workbook {__version__}, sources as '
        "of 24 November 2026; no systematic search.</p>"
    ) in html
    assert "hidden" not in html.partition("</style>")[2]
    assert html.index("<nav") < html.index("<main") < html.index("<h1>")
    assert '<html lang="en">' in html


def test_links_lead_only_to_what_is_there() -> None:
    assert 'href="#cite"' not in page().html
    assert 'href="#cite"' in page(prose="## How to cite {#cite}").html


def test_prose_has_headings_below_the_title_with_places_to_link_to() -> None:
    made = render.prose("# One & two\n\n*text*\n\n### Own {#mine}\n\n| a |\n|---|\n| b |")
    assert made.startswith('<h2 id="one-two">One &amp; two</h2>\n<p><em>text</em></p>')
    assert '<h3 id="mine">Own</h3>' in made
    assert "<td>b</td>" in made


def test_html_is_preferred_to_text_and_text_is_escaped() -> None:
    html = page(shows({"text/html": "<p>html</p>", "text/plain": "plain"})).html
    assert "<p>html</p>" in html
    assert "plain" not in html.partition("<main")[2]
    assert "<pre>&lt;b&gt;</pre>" in page(shows({"text/plain": "<b>"})).html


def test_streams_are_shown_but_for_the_one_of_errors() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "<out>"}
    html = page(stream, {**stream, "name": "stderr", "text": "log"}).html
    assert "<pre>&lt;out&gt;</pre>" in html
    assert "log" not in html.partition("<main")[2].partition("<footer")[0]


def test_a_picture_needs_alternative_text() -> None:
    data = {"image/png": "AA\n", "text/plain": "x"}
    html = page(shows(data, {"image/png": {"alt": "two <points>"}})).html
    assert '<img alt="two &lt;points&gt;" src="data:image/png;base64,AA">' in html
    with pytest.raises(RenderError, match="a picture without alternative text"):
        page(shows(data))


def test_numbers_are_gathered_as_those_of_this_report() -> None:
    payload = {"version": 1, "entries": [to_json(ENTRY)]}
    made = page(shows({"text/html": PLACE, MIME: payload}))
    assert made.entries == (replace(ENTRY, reports=("a",)),)


def test_the_footer_claims_of_the_ledger_only_numbers_with_an_id() -> None:
    payload = {"version": 1, "entries": [to_json(ENTRY)]}
    made = page(shows({"text/html": f"{PLACE}<p>0.11 (0.01 to 0.21)</p>", MIME: payload}))
    footer = made.html.partition("<footer")[2]
    assert [one.effect for one in made.entries] == [ENTRY.effect]
    claims = re.findall(r"[^.,;]* number[^,;.]*|Numbers[^,;.:]*(?=:)", footer)
    assert claims == ["Numbers with an id"]


def test_a_number_without_a_place_is_refused() -> None:
    payload = {"version": 1, "entries": [to_json(ENTRY)]}
    with pytest.raises(RenderError, match="no place 'n-abft"):
        page(shows({"text/html": "<p>0.52</p>", MIME: payload}))


def test_numbers_of_another_version_are_refused() -> None:
    with pytest.raises(RenderError, match="numbers of version 2, expected 1"):
        page(shows({"text/html": PLACE, MIME: {"version": 2, "entries": []}}))


def test_a_page_with_a_script_is_refused() -> None:
    with pytest.raises(RenderError, match="1 scripts, expected 0"):
        page(shows({"text/html": "<script>1</script>"}))


def test_summary_is_the_answer_or_the_first_paragraph() -> None:
    answer = shows({"text/html": '<p>First.</p><p class="say">It <b>is</b>\n5 &lt; 6.</p>'})
    assert page(answer).summary == "It is 5 < 6."
    assert page(prose="First *paragraph*.\n\nSecond.").summary == "First paragraph."
    assert page().summary == ""
