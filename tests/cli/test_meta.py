"""The command `evidence meta`: one call, at most one refusal that names the option to add."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence import ledger, meta
from evidence.cli import app
from evidence.errors import ParameterError
from evidence.terms import ACCEPTED
from tests.meta import own
from tests.reports import extraction

pytestmark = pytest.mark.slow

MEANS = str(own.FOLDER / "twelve-studies-means.csv")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["meta", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_it_says_how_the_file_was_read_what_columns_are_and_the_result() -> None:
    said = run(MEANS, "--better", "lower")
    assert "twelve-studies-means.csv is read as text in UTF-8" in said
    assert "mean_1: mean_treat" in said
    assert "Hedges g 0.47 (0.26 to 0.69)" in said
    assert "11 above 0, 1 below" in said


def test_a_direction_is_asked_for_by_the_name_of_its_option() -> None:
    with pytest.raises(ParameterError, match="--better: found None, expected 'lower' or 'higher'"):
        run(MEANS)
    with pytest.raises(ParameterError, match="--better: found 'down', expected one of lower, hig"):
        run(MEANS, "--better", "down")


def test_groups_and_moderators_are_said_too() -> None:
    events = str(own.FOLDER / "events.csv")
    assert "Between groups" in run(events, "--by", "comparator")
    assert "Meta-regression" in run(events, "--moderators", "C(comparator)")


def test_every_accepted_choice_is_taken_and_named_in_the_help() -> None:
    for model in ACCEPTED["several_model"]:
        assert "6 " in run(str(own.FOLDER / "events.csv"), "--model", model)
    help_text = " ".join(run("--help").replace("│", " ").split())
    for choice in ("several_model", "tau2", "interval", "better"):
        assert all(one in help_text for one in ACCEPTED[choice])


def test_a_column_is_named_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        Path(MEANS).read_text("utf-8").replace("study,n_treat", "study,people"), "utf-8"
    )
    said = run(str(path), "--better", "lower", "--map", "n_1=people")
    assert "Hedges g 0.47 (0.26 to 0.69)" in said
    with pytest.raises(ParameterError, match="--map: found 'people', expected ROLE=COLUMN"):
        run(str(path), "--better", "lower", "--map", "people")


def test_json_is_one_object_and_a_template_is_a_table(tmp_path: Path) -> None:
    assert json.loads(run(MEANS, "--better", "lower", "--format", "json"))["k"] == 12
    path = tmp_path / "template.csv"
    path.write_text(run("--template"), "utf-8")
    assert "Hedges g" in run(str(path), "--better", "lower")
    with pytest.raises(ParameterError, match="FILE: found None"):
        run()
    with pytest.raises(ParameterError, match="--format: found 'xml'"):
        run(MEANS, "--format", "xml")


def test_a_figure_is_written(tmp_path: Path) -> None:
    path = tmp_path / "forest.svg"
    assert f"{path}: written" in run(MEANS, "--better", "lower", "--figure", str(path))
    assert "Adams 2001" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "reports"),
    [
        ("mine.csv", ["mine.html", "mine.html"]),
        ("mine.csv", ["mine.html", "./sub/../mine.html"]),
        ("mine.estimates.csv", ["mine.html"]),
        ("mine.estimates.csv", ["mine.pdf", "other.html"]),
    ],
)
def test_a_report_replaces_neither_its_table_nor_another(
    file: str, reports: list[str], tmp_path: Path
) -> None:
    """The ledger beside the first report would have replaced a table of its name."""
    path = tmp_path / file
    path.write_bytes(Path(MEANS).read_bytes())
    (tmp_path / "sub").mkdir()
    asked = [part for one in reports for part in ("--report", str(tmp_path / one))]
    figure = tmp_path / "forest.svg"
    with pytest.raises(ParameterError, match="replaces the table or another report"):
        run(str(path), "--better", "lower", *asked, "--figure", str(figure))
    assert path.read_bytes() == Path(MEANS).read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([file, "sub"])


def test_a_figure_has_a_name_of_its_own_and_an_end_that_is_known(tmp_path: Path) -> None:
    path = tmp_path / "mine.pdf"
    with pytest.raises(ParameterError, match="another file than that of a report"):
        run(MEANS, "--better", "lower", "--report", str(path), "--figure", str(path))
    with pytest.raises(ParameterError, match=r"\.svg, \.png or \.pdf"):
        run(MEANS, "--better", "lower", "--report", str(path), "--figure", str(tmp_path / "a.bmp"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", sorted(own.FOLDER.glob("*.csv")), ids=lambda one: one.stem)
def test_one_command_makes_a_report_in_three_formats(path: Path, tmp_path: Path) -> None:
    """All three say the result of the file, and a manuscript is checked against their ledger."""
    better = "lower" if "mean_" in path.read_text("utf-8-sig").partition("\n")[0] else None
    outputs = [tmp_path / f"mine.{kind}" for kind in ("html", "docx", "pdf")]
    reports = [part for one in outputs for part in ("--report", str(one))]
    said = run(str(path), *(("--better", better) if better else ()), *reports)
    kept = tmp_path / "mine.estimates.csv"
    assert all(f"{one}: written" in said for one in (*outputs, kept))
    fit = meta.read(str(path), better=better).fit  # type: ignore[arg-type]
    right = fit.scale.words(fit.effect, fit.ci_low, fit.ci_high)
    page, word, pdf = (one.read_bytes() for one in outputs)
    texts = [
        extraction.of_html(page.decode()),
        extraction.of_docx(word),
        extraction.of_pdf(pdf),
    ]
    for text in texts:
        assert extraction.dense(right) in extraction.dense(text)
        assert not re.search(r"\bnan\b|n = 0\b|\b0 participants", text)
    draft = tmp_path / "draft.md"
    main = ledger.read(kept)[0].estimate_id
    draft.write_text(f"We found {right} {{ev:{main}}}.\n", "utf-8")
    checked = CliRunner().invoke(app, ["check", str(draft), "--ledger", str(kept)])
    assert checked.exit_code == 0, checked.output
