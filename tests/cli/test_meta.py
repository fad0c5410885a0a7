"""The command `evidence meta`: one call, at most one refusal that names the option to add."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from evidence.errors import ParameterError
from evidence.terms import ACCEPTED
from tests.meta import own

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
