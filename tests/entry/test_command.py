"""evidence add-trial: shows, and writes only when asked to."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from evidence.data.dataset import load
from evidence.entry.file import EntryError
from evidence.errors import EvidenceError
from tests.entry.entries import DATA, EXAMPLE, RAISED, WHOLE, contents, copied, edited


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["add-trial", *arguments])
    if isinstance(done.exception, EvidenceError):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    file = tmp_path / "entry.toml"
    file.write_text(WHOLE, encoding="utf-8")
    return file


def test_the_form_is_printed_alone() -> None:
    code, output = run("--template", "--data", str(DATA))
    assert code == 0
    assert "trial" in tomllib.loads(output)


def test_nothing_is_written_without_being_asked(entry: Path, tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    before = contents(folder)
    code, output = run(str(entry), "--data", str(folder))
    assert code == 0
    assert contents(folder) == before
    assert "Nothing was written." in output
    for heading in ("What would be written", "What would move", "What the checks"):
        assert f"## {heading}" in output


def test_it_is_written_when_asked(entry: Path, tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    code, output = run(str(entry), "--data", str(folder), "--write")
    assert code == 0
    assert f"data version {RAISED}" in output
    assert "make reports" in output
    assert "akerstrom2027" in set(load(folder).trials.trial_id)
    with pytest.raises(EntryError, match="akerstrom2027 has this DOI"):
        run(str(entry), "--data", str(folder), "--write")


def test_grave_findings_end_with_1_and_write_nothing(entry: Path, tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    before = contents(folder)
    wrong = edited(('percent = "52.6%"', "n = 38, percent = 51.0"))
    entry.write_text(wrong, encoding="utf-8")
    code, output = run(str(entry), "--data", str(folder))
    assert code == 1
    assert "[[correction]]" in output
    with pytest.raises(EvidenceError, match="nothing was written"):
        run(str(entry), "--data", str(folder), "--write")
    assert contents(folder) == before


def test_the_example_is_entered_into_a_copy_without_its_trial() -> None:
    before = contents(DATA)
    code, output = run(str(EXAMPLE), "--without", "diamond2010", "--data", str(DATA))
    assert code == 0
    assert "k = 3, n = 118" in output
    assert contents(DATA) == before


def test_a_copy_is_not_written(entry: Path) -> None:
    with pytest.raises(EvidenceError, match="a copy that is not kept"):
        run(str(entry), "--without", "diamond2010", "--write")


def test_an_entry_is_needed() -> None:
    with pytest.raises(EvidenceError, match="--template prints its form"):
        run()
