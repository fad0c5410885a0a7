"""Between two states of the data: what moved, by which cell, and what it changes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELL = "israel2013_abft,bdi_ii,,post,12,randomization,11,22.8,12"


def diff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evidence", "diff", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_one_cell_names_what_it_moved(tmp_path: Path) -> None:
    changed = tmp_path / "data"
    shutil.copytree(ROOT / "data", changed)
    results = changed / "arm_results.csv"
    assert CELL in results.read_text()
    results.write_text(results.read_text().replace(CELL, CELL.replace("22.8", "26.8")))
    done = diff("data", str(changed))
    assert done.returncode == 1
    assert (
        "`israel2013.depression.bdi_ii.post.hedges_g`: 0.75 (−0.16 to 1.66) -> 0.39" in done.stdout
    )
    assert "`abft.depression.post.hedges_g.pooled`: 0.52" in done.stdout
    assert "22.8 -" in done.stdout
    assert "diamond2010.depression.bdi_ii.post.hedges_g" not in done.stdout
    assert "interval excludes zero -> above zero, interval includes zero" in done.stdout
    assert isinstance(
        json.loads(diff("data", str(changed), "--format", "json").stdout), dict | list
    )


def test_equal_data_move_nothing() -> None:
    done = diff("data", "data")
    assert done.returncode == 0
    assert "None." in done.stdout


def test_an_unknown_revision_is_one_line() -> None:
    done = diff("no-such-revision", "data")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no-such-revision" in done.stderr
