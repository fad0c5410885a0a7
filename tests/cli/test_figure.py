"""A figure of a built report as a file."""

import base64
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from evidence.errors import ParameterError


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "estimates.csv").write_text("", "utf-8")
    links = "".join(
        f'<a download="one-forest.{kind}" href="data:x/{kind};base64,'
        f'{base64.b64encode(kind.encode()).decode()}">{kind}</a>'
        for kind in ("svg", "png", "pdf", "csv")
    )
    rows = '<a download="places.csv" href="data:text/csv;base64,cm93cw==">Places</a>'
    (folder / "one.html").write_text(f"<figure>{links}</figure>{rows}", "utf-8")
    return folder


def test_a_figure_is_written_as_it_stands_in_its_page(reports: Path) -> None:
    run = CliRunner()
    listed = run.invoke(app, ["figure", "--reports", str(reports)])
    assert listed.output == "one-forest\n"
    for kind in ("svg", "csv"):
        path = reports.parent / f"taken.{kind}"
        asked = ["figure", "one-forest", "--reports", str(reports), "--output", str(path)]
        done = run.invoke(app, [*asked, "--format", kind])
        assert done.output == f"{path}: written\n"
        assert path.read_text("utf-8") == kind


def test_rows_that_are_no_figure_are_listed_and_written_as_csv_alone(reports: Path) -> None:
    run = CliRunner()
    asked = ["figure", "--reports", str(reports), "--format", "csv"]
    assert run.invoke(app, asked).output == "one-forest\nplaces\n"
    path = reports.parent / "places.csv"
    done = run.invoke(app, [*asked, "places", "--output", str(path)])
    assert (done.output, path.read_text("utf-8")) == (f"{path}: written\n", "rows")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["places"], "format: found 'svg', expected csv for places"),
        (["two-forest"], "id: found 'two-forest', expected one of one-forest"),
        (["one-forest", "--format", "gif"], "found 'gif', expected one of svg, png, pdf, csv"),
    ],
)
def test_what_is_not_there_is_named(reports: Path, asked: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["figure", *asked, "--reports", str(reports)])
    assert isinstance(done.exception, ParameterError)
    assert said in str(done.exception)
