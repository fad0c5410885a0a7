"""One changed cell: the numbers that moved by it, the cell, the conclusions, and nothing else."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from evidence.data.validation.descriptor import TABLES
from evidence.errors import DataError, ParameterError
from evidence.manuscripts.diff import KEYS, Diff, compare, read_sides
from evidence.manuscripts.diff.text import as_text
from tests.manuscripts.test_commands import evidence
from tests.manuscripts.test_drafts import ROOT
from tests.tolerances import CLOSED_FORM

DATA = ROOT / "data"
BDI = "israel2013.depression.bdi_ii.post"
POOLED = "abft.depression.post.hedges_g.pooled"
MOVED_BY_BDI = {
    f"{BDI}.hedges_g",
    f"{BDI}.mean_difference",
    f"{BDI}.d_ppc2",
    POOLED,
    f"{POOLED}.trials_with_unreported_at_zero",
}
MEAN = ("arm_results", "i13_bdi_abft_post", "mean", "22.8")


def set_cell(folder: Path, table: str, key: str, column: str, text: str) -> None:
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    (row,) = [one for one in rows if one[0] == key]
    row[header.index(column)] = text
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([header, *rows])
    path.write_text(buffer.getvalue(), encoding="utf-8")


def changed(folder: Path, *cells: tuple[str, str, str, str]) -> Path:
    copy = folder / "changed" / "data"
    shutil.copytree(DATA, copy)
    for cell in cells:
        set_cell(copy, *cell)
    return copy


def against(folder: Path) -> Diff:
    return compare(*read_sides(str(DATA), str(folder)))


@pytest.fixture(scope="module")
def two_cells(tmp_path_factory: pytest.TempPathFactory) -> Diff:
    """Differences by a mean, a direction and a note."""
    return against(
        changed(
            tmp_path_factory.mktemp("two"),
            ("arm_results", "i13_bdi_abft_post", "mean", "22.6"),
            ("directions", "d02_conflict", "direction", "no_difference"),
            ("arm_results", "i13_bdi_abft_post", "note", "read again"),
        )
    )


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> Diff:
    cell = ("arm_results", "i13_bdi_abft_post", "mean", "4.0")
    return against(changed(tmp_path_factory.mktemp("flipped"), cell))


def places(cells: object) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(one.table, one.key, one.column, one.old, one.new) for one in cells]  # type: ignore[attr-defined]


def test_one_cell_moves_its_numbers_and_no_others(flipped: Diff) -> None:
    cell = (*MEAN, "4.0")
    assert {one.estimate_id for one in flipped.moved} == MOVED_BY_BDI
    assert places(flipped.cells) == [cell]
    assert all(places(one.cells) == [cell] for one in flipped.moved)
    assert flipped.exit_code == 1


def test_how_far(flipped: Diff) -> None:
    (points,) = [one for one in flipped.moved if one.estimate_id == f"{BDI}.mean_difference"]
    assert points.difference("effect") == pytest.approx(18.8, rel=CLOSED_FORM)
    assert points.fields == ("effect", "ci_low", "ci_high")
    assert points.difference("se") == 0


def test_a_flipped_side_of_zero_is_named(flipped: Diff) -> None:
    found = {(one.kind, one.subject, one.old, one.new) for one in flipped.conclusions}
    sides = ("above zero, interval includes zero", "above zero, interval excludes zero")
    assert found == {
        ("side of zero", f"{BDI}.hedges_g", *sides),
        ("side of zero", f"{BDI}.mean_difference", *sides),
    }


def test_a_changed_verdict_is_named_with_its_own_cell(two_cells: Diff) -> None:
    (verdict,) = two_cells.conclusions
    assert (verdict.kind, verdict.subject) == ("verdict", "abft_conflict")
    assert (verdict.old, verdict.new) == ("partly supported", "not supported")
    direction = ("directions", "d02_conflict", "direction", "favors_intervention", "no_difference")
    assert places(verdict.cells) == [direction]


def test_each_number_has_its_own_cells_of_several(two_cells: Diff) -> None:
    assert {one.estimate_id for one in two_cells.moved} == MOVED_BY_BDI
    for one in two_cells.moved:
        assert places(one.cells) == [(*MEAN, "22.6")], one.estimate_id
    # A note that differs is shown, and moves nothing.
    assert [one.column for one in two_cells.cells] == ["mean", "note", "direction"]


def test_the_text_for_the_changelog(two_cells: Diff) -> None:
    text = as_text(two_cells, "md")
    cell = "`arm_results.csv, i13_bdi_abft_post, mean: 22.8 -> 22.6`"
    points = (
        f"- `{BDI}.mean_difference`: 8.40 (−0.73 to 17.53) -> 8.60 (−0.53 to 17.73), by +0.20"
        f" (by {cell})"
    )
    assert text.startswith("### Numbers that moved\n")
    assert points in text.splitlines()
    assert f"- {cell}" in text.splitlines()


def test_small_moves_are_shown_with_enough_decimals(tmp_path: Path) -> None:
    text = as_text(
        against(changed(tmp_path, ("arm_results", "i13_bdi_abft_post", "mean", "22.8004"))), "md"
    )
    assert "8.4000 (−0.7292 to 17.5292) -> 8.3996 (−0.7296 to 17.5288), by −0.0004" in text


def test_a_number_that_went_is_said_to_be_gone(tmp_path: Path) -> None:
    text = as_text(against(removed(tmp_path)), "md")
    gone = "diamond2002.depression.no_longer_mdd.post.log_odds_ratio`: no longer there, was"
    (told,) = (line.partition(gone)[2] for line in text.splitlines() if gone in line)
    # 13 of 16 against 7 of 15: 104 / 21, by the root of 1/13 + 1/3 + 1/7 + 1/8
    assert told.startswith(" 4.95 (0.99 to 24.87)"), told


def removed(folder: Path) -> Path:
    """Return a copy without a result and what corrects it."""
    copy = changed(folder)
    for table in ("arm_results", "corrections"):
        path = copy / f"{table}.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if "d02_mdd_wl_post" not in line]
        path.write_text("".join(kept), encoding="utf-8")
    return copy


def test_rows_that_went_are_cells_too(tmp_path: Path) -> None:
    found = against(removed(tmp_path))
    assert [(one.table, one.column, one.new) for one in found.cells] == [
        ("arm_results", "", None),
        ("corrections", "", None),
    ]
    gone = [one for one in found.moved if one.new is None]
    assert {one.metric for one in gone} == {"log_odds_ratio", "log_risk_ratio", "risk_difference"}
    assert all(one.cells == found.cells for one in gone)


def test_equal_packages_differ_in_nothing(tmp_path: Path) -> None:
    found = against(changed(tmp_path))
    assert (found.cells, found.moved, found.conclusions, found.exit_code) == ((), (), (), 0)
    assert "None." in as_text(found, "md").splitlines()


def test_every_table_has_a_key() -> None:
    assert set(KEYS) == set(TABLES)


def test_json_and_csv_hold_every_value(flipped: Diff) -> None:
    record = json.loads(as_text(flipped, "json"))
    (points,) = [one for one in record["moved"] if one["estimate_id"] == f"{BDI}.mean_difference"]
    assert points["fields"]["effect"]["new"] == pytest.approx(27.2, rel=CLOSED_FORM)
    rows: list[Mapping[str, str]] = list(csv.DictReader(io.StringIO(as_text(flipped, "csv"))))
    (row,) = [
        one for one in rows if (one["id"], one["field"]) == (f"{BDI}.mean_difference", "effect")
    ]
    assert float(row["difference"]) == points["fields"]["effect"]["difference"]
    assert {one["kind"] for one in rows} == {"number", "side of zero", "cell"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a commit, and another cell in its working tree."""
    project = tmp_path / "project"
    shutil.copytree(DATA, project / "data")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "data"), (*who, "commit", "-q", "-m", "Data")):
        subprocess.run(["git", "-C", project, *arguments], check=True)
    set_cell(project / "data", "arm_results", "i13_bdi_abft_post", "mean", "21.8")
    return project


def test_the_last_commit_and_the_working_tree(repository: Path) -> None:
    done = evidence("diff", "--format", "json", cwd=repository)
    assert done.returncode == 1, done.stderr
    record = json.loads(done.stdout)
    assert {one["estimate_id"] for one in record["moved"]} == MOVED_BY_BDI
    assert record["cells"] == [
        dict(zip(("table", "key", "column", "old", "new"), (*MEAN, "21.8"), strict=True))
    ]
    assert evidence("diff", "HEAD", "HEAD", cwd=repository).returncode == 0


def test_an_unknown_revision_is_one_clear_line(repository: Path) -> None:
    done = evidence("diff", "no-such-revision", cwd=repository)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "evidence: OLD: found 'no-such-revision', expected a git revision, "
        "or a folder with a data package in it or in its data/\n"
    )


def test_a_fault_names_its_side(tmp_path: Path) -> None:
    broken = changed(tmp_path, ("arm_results", "i13_bdi_abft_post", "mean", "many"))
    with pytest.raises(DataError) as caught:
        read_sides(str(DATA), str(broken.parent))
    assert caught.value.faults[0].file == f"{broken.parent}: arm_results.csv"


def test_another_format_is_refused(flipped: Diff) -> None:
    with pytest.raises(ParameterError, match="format"):
        as_text(flipped, "xml")
