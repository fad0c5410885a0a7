"""Documents say what the page says, in the same order, whatever its data look like."""

import base64
import io
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pypdf
import pytest

from evidence.errors import RenderError
from evidence.reports import catalog, manifest, render
from evidence.reports.build import build
from evidence.reports.catalog import Report
from evidence.reports.stamp import Stamp
from tests.reports import extraction, pages, projects

REPOSITORY = Path(__file__).parents[3]
REPORT = Report("one", "Report <one>", "", Path("n"), {}, catalog.FORMATS)
STAMP = Stamp("1.2.0", date(2026, 11, 24))
OF = {"docx": extraction.of_docx, "pdf": extraction.of_pdf}


def committed() -> list[str]:
    """Return for each notebook the first of its reports whose page is there."""
    every = catalog.read(
        REPOSITORY / "reports" / "catalog.toml",
        notebooks=REPOSITORY / "notebooks",
        data=REPOSITORY / "data",
    )
    there = [one for one in every if (REPOSITORY / "reports" / f"{one.report_id}.html").is_file()]
    return list({one.notebook: one.report_id for one in reversed(there)}.values())


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_text_is_that_of_the_page(suffix: str) -> None:
    page = pages.page()
    made = render.documents(page, REPORT, STAMP, [suffix])[suffix]
    text = extraction.of_html(page)
    assert extraction.dense(OF[suffix](made)) == extraction.dense(text)
    assert extraction.numbers(OF[suffix](made)).count("-1.5") == 2
    assert "drawn" not in text


MOST_PAGES = {"abft-depression-post": 14}
"""Pages of paper that somebody prints."""


@pytest.mark.slow
@pytest.mark.parametrize("report_id", committed())
def test_numbers_of_a_report_are_the_same_in_all_formats(report_id: str) -> None:
    page = (REPOSITORY / "reports" / f"{report_id}.html").read_text(encoding="utf-8")
    made = render.documents(page, REPORT, STAMP, catalog.FORMATS)
    text = extraction.of_html(page)
    numbers = Counter(extraction.numbers(text))
    assert numbers.total() > 20
    for suffix, content in made.items():
        found = OF[suffix](content)
        assert Counter(extraction.numbers(found)) == numbers
        if report_id in MOST_PAGES and suffix == "pdf":
            assert len(pypdf.PdfReader(io.BytesIO(content)).pages) <= MOST_PAGES[report_id]
        if "Wide tables" not in found:
            assert extraction.dense(found) == extraction.dense(text)


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_a_table_of_many_rows_stands_at_the_end(suffix: str) -> None:
    page = pages.page(rows=120)
    made = render.documents(page, REPORT, STAMP, [suffix])[suffix]
    found = extraction.dense(OF[suffix](made))
    whole = extraction.dense(extraction.of_html(page))
    before, _, after = whole.partition("Numbersofthetrials")
    table, _, rest = after.partition("Whereeachnumber")
    pointer = "Numbersofthetrials:attheendofthisdocument."
    assert found == (f"{before}{pointer}Whereeachnumber{rest}WidetablesNumbersofthetrials{table}")


def test_a_picture_without_text_is_refused() -> None:
    with pytest.raises(RenderError, match="picture 1 of one has no text for its content"):
        render.documents(pages.page(alt=""), REPORT, STAMP, ["pdf"])


def test_a_picture_of_an_unknown_kind_is_refused() -> None:
    extra = '<p><img alt="x" src="data:image/jpeg;base64,AAAA"></p>'
    with pytest.raises(RenderError, match="a picture that is neither SVG nor PNG"):
        render.documents(pages.page(extra=extra), REPORT, STAMP, ["pdf"])


def test_a_png_of_a_page_stands_in_the_documents() -> None:
    from evidence.reports.documents import pdf
    from evidence.reports.documents import source as document_source

    drawn = document_source.read(pages.page()).pictures[0]
    encoded = base64.b64encode(pdf.to_png(drawn, 100)).decode()
    extra = f'<p><img alt="A &lt;PNG&gt;" src="data:image/png;base64,{encoded}"></p>'
    source = document_source.read(pages.page(extra=extra))
    assert [one.alt for one in source.pictures] == [pages.ALT, "A <PNG>"]
    made = render.documents(pages.page(extra=extra), REPORT, STAMP, catalog.FORMATS)
    assert sorted(made) == ["docx", "pdf"]


def test_nothing_is_made_where_the_page_is_all_that_is_asked_for() -> None:
    assert render.documents("", REPORT, STAMP, ["html"]) == {}


def test_documents_are_the_same_bytes_anywhere(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(pages.page(rows=120), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.reports.documents.test_documents import *\n"
        "page = Path(sys.argv[1]).read_text(encoding='utf-8')\n"
        "for name, content in render.documents(page, REPORT, STAMP, ['docx', 'pdf']).items():\n"
        "    Path(f'made.{name}').write_bytes(content)\n"
    )
    surroundings = [
        {"TZ": "Asia/Tokyo", "LANG": "C", "PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1"},
        {"TZ": "America/New_York", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    made = []
    for number, own in enumerate(surroundings):
        folder = tmp_path / f"folder {number}"
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "page.html")],
            cwd=folder,
            env={**os.environ, **own, "HOME": str(folder), "PYTHONPATH": str(REPOSITORY)},
            check=True,
        )
        made.append([(folder / f"made.{one}").read_bytes() for one in ("docx", "pdf")])
    assert made[0] == made[1]
    assert not [one for one in made[0] if str(tmp_path).encode() in one]


def test_a_build_makes_documents_and_clears_away_those_no_longer_wanted(tmp_path: Path) -> None:
    every = projects.CATALOG.replace('["html"]', '["html", "docx", "pdf"]')
    root = projects.make(tmp_path, catalog=every)
    assert build(root=root).exit_code == 0
    reports = root / "reports"
    for suffix in ("docx", "pdf"):
        text = OF[suffix]((reports / f"first.{suffix}").read_bytes())
        assert "<one>: 0.50 (−0.25 to 1.00)" in text
    assert build(root=root).made == ()
    whole = (reports / "first.pdf").read_bytes()
    (reports / "first.pdf").unlink()
    assert build(root=root).made == ("first",)
    assert (reports / "first.pdf").read_bytes() == whole
    (reports / "catalog.toml").write_text(every.replace('"docx", ', ""))
    assert build(root=root).made == ("first",)
    assert not (reports / "first.docx").exists()
    assert (reports / "first.pdf").is_file()


def test_the_frame_of_the_pdf_counts_as_source(tmp_path: Path) -> None:
    before = manifest.of_package(tmp_path)
    (tmp_path / "document.typ").write_text("#set page()")
    assert manifest.of_package(tmp_path) != before
