"""The audit as a user runs it: what it lists, and when it says that something is not handled."""

import csv
import io
import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess

from tests import commands
from tests.commands import ROOT


def run(*arguments: str) -> CompletedProcess[str]:
    return commands.run("audit", *arguments)


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    return folder


def without(folder: Path, correction_id: str) -> None:
    path = folder / "corrections.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(one for one in lines if not one.startswith(f"{correction_id},")))


def test_every_correction_is_found_again_and_nothing_grave_is_open() -> None:
    done = run("--format", "csv")
    assert done.returncode == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    with (ROOT / "data" / "corrections.csv").open(encoding="utf-8", newline="") as file:
        corrections = {row["correction_id"] for row in csv.DictReader(file)}
    assert corrections <= {row["correction_id"] for row in rows}
    grave = [row for row in rows if row["severity"] == "high"]
    assert grave
    assert all(row["action"] in ("replace", "withhold") for row in grave)


def test_it_shows_the_arithmetic() -> None:
    done = run()
    assert "F(1, 127) = 181 gives p = 3e-26; p = 0.18 is printed." in done.stdout
    assert "15 of 29" in done.stdout


def test_json_keeps_every_field() -> None:
    found = json.loads(run("--format", "json").stdout)
    one = next(row for row in found if row["correction_id"] == "c03")
    assert one["trial_id"] == "diamond2019"
    assert (one["printed"], one["used"], one["action"]) == ("181, p = 0.18", "1.81", "replace")


def test_a_grave_finding_without_a_correction_ends_with_1_and_its_name(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    without(folder, "c01")
    done = run("--data", str(folder))
    assert done.returncode == 1
    assert done.stderr == (
        "evidence: high severity without a row in corrections.csv: recompute of d10_si_euc_post\n"
    )
    assert "54.32" in done.stdout


def test_one_of_medium_severity_may_stay_without(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    without(folder, "c14")
    assert run("--data", str(folder)).returncode == 0


def test_a_broken_package_and_an_unknown_format_end_with_2(tmp_path: Path) -> None:
    assert run("--format", "xml").returncode == 2
    folder = copy(tmp_path)
    (folder / "arms.csv").unlink()
    done = run("--data", str(folder))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "arms.csv" in done.stderr
