"""What must not stand after a kill is told; builds themselves are killed by `make kills`."""

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import ledger
from tests.kills import project, running
from tests.kills.__main__ import AIMED, KILLS
from tests.kills.running import PHASES, Bench, Counts

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
LEDGER = ledger.to_csv([]).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A project whose files are as its old state has them, without a build."""
    made = Bench.__new__(Bench)
    work = tmp_path / "work"
    for folder in ("reports", ".cache/numbers", ".cache/runtime", "tmp"):
        (work / folder).mkdir(parents=True)
    old = {"a.html": b"old", "b.html": b"old b", "estimates.csv": LEDGER}
    for name, content in old.items():
        (work / "reports" / name).write_bytes(content)
    (work / ".cache" / "manifest.json").write_text("{}")
    new = {name: content.replace(b"old", b"new") for name, content in old.items()}
    made._work, made._shown = work, {"old": old, "new": new}
    made._good = {"old": {**old, ".cache/manifest.json": b"{}"}}
    return made


def before(bench: Bench) -> tuple[list[str], Counts]:
    counts = Counts()
    return bench._faults_before("old", "new", counts), counts


def test_whole_files_of_either_state_are_no_fault(bench: Bench) -> None:
    faults, counts = before(bench)
    assert (faults, counts.stood["all old"], counts.left) == ([], 1, 0)
    (bench._work / "reports" / "a.html").write_bytes(b"new")
    (bench._work / "reports" / ".b.html.x.evidence-part").write_bytes(b"n")
    faults, counts = before(bench)
    assert (faults, counts.stood["old and new"], counts.left) == ([], 1, 1)
    (bench._work / "reports" / "b.html").write_bytes(b"new b")
    assert before(bench)[1].stood["all new"] == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("reports/a.html", b"ne", "a.html is neither the old one nor the new one"),
        ("reports/b.html", None, "b.html is neither"),
        ("reports/c.html", b"new", "c.html is neither"),
        ("reports/estimates.csv", LEDGER[:9], "cannot be read"),
        (".cache/manifest.json", b"{", "cannot be read"),
    ],
)
def test_a_damaged_file_is_told(bench: Bench, name: str, content: bytes | None, said: str) -> None:
    path = bench._work / name
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    assert said in "; ".join(before(bench)[0])


def test_what_the_next_build_leaves_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SOON", 0)
    (bench._work / ".cache" / "build.lock").touch()
    assert bench._faults_after("old") == []
    (bench._work / "reports" / "b.html").write_bytes(b"another")
    (bench._work / "reports" / ".a.html.x.evidence-part").touch()
    (bench._work / ".cache" / "runtime" / "kernel-1.json").touch()
    with (bench._work / ".cache" / "build.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sleeper = subprocess.Popen(
            [sys.executable, "-c", "input()"], cwd=bench._work, stdin=subprocess.PIPE
        )
        try:
            said = "; ".join(bench._faults_after("old"))
        finally:
            sleeper.kill()
            sleeper.communicate()
    for part in (
        "b.html is another one than without a kill",
        "reports/.a.html.x.evidence-part was left behind",
        ".cache/runtime/kernel-1.json was left behind",
        "the lock is still held",
        f"process {sleeper.pid} runs on",
    ):
        assert part in said, part


def test_states_differ_in_every_report_and_in_the_version_of_the_data(tmp_path: Path) -> None:
    project.make(tmp_path)
    texts = []
    for state in project.STATES:
        project.turn(tmp_path, state)
        catalog = (tmp_path / "reports" / "catalog.toml").read_text("utf-8")
        texts.append((catalog, (tmp_path / "data" / "datapackage.json").read_text("utf-8")))
    (first, old), (second, new) = texts
    assert first.count("[[report]]") == second.count("[[report]]") == 4
    assert not set(re.findall(r"title = .*", first)) & set(re.findall(r"title = .*", second))
    assert old != new


def test_the_documentation_counts_what_is_killed() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Builds that are killed")[2]
    rows = re.findall(
        r"^\| (at any time|while files are replaced)" + r" \| (\d+)" * 7 + r" \|$", text, re.M
    )
    assert [(row[0], int(row[1])) for row in rows] == [
        ("at any time", KILLS),
        ("while files are replaced", AIMED),
    ]
    for _, kills, alone, *numbers in rows:
        *stood, _left, _failures = map(int, numbers)
        assert len(stood) == len(PHASES)
        assert sum(stood) == int(kills)
        assert 0 < int(alone) < int(kills)
