"""Builds: what runs, what is replaced, what stands when something fails."""

import csv
import errno
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from evidence import ledger
from evidence.errors import EvidenceError, ParameterError, RenderError
from evidence.reports import build as building
from evidence.reports import catalog as reports_catalog
from evidence.reports import kernel, render
from evidence.reports import manifest as supersede
from evidence.reports.build import Built, build
from tests.reports import projects

OTHER = """
[[report]]
id = "second"
title = "Second"
notebook = "tiny.ipynb"
parameters = { word = "two", value = 0.1 }
formats = ["html"]
"""
RAN: dict[tuple[str, str], Any] = {}
"""Notebooks of this file with their outputs, by what they say and their parameters."""
SUPERSEDED = "estimate_id,effect,ci_low,ci_high,data_version,package_version,until,reason"


def files(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "reports").iterdir())}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """A project with two reports, built once; tests work on copies."""
    root = projects.make(tmp_path_factory.mktemp("built"), catalog=projects.CATALOG + OTHER)
    return root, build(root=root)


@pytest.fixture(autouse=True)
def _each_notebook_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that ran through is not run again: what a build does with it is tested here."""
    real = kernel.run

    def once(notebook: Path, parameters: dict[str, Any], **rest: Any) -> Any:
        key = notebook.read_text("utf-8"), json.dumps(parameters, sort_keys=True)
        if key not in RAN:
            RAN[key] = real(notebook, parameters, **rest)
        return deepcopy(RAN[key])

    monkeypatch.setattr(kernel, "run", once)


@pytest.fixture
def built(first: tuple[Path, Built], tmp_path: Path) -> Path:
    """A copy of the built project."""
    root, _ = first
    for path in root.rglob("*"):
        kept = path.is_file() and not path.is_relative_to(root / ".cache" / "ipython")
        if kept:
            target = tmp_path / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path


def test_a_build_makes_pages_index_and_ledger(first: tuple[Path, Built]) -> None:
    root, result = first
    assert result.made == ("first", "second")
    assert result.exit_code == 0
    assert result.comparison.added == ("tiny.one", "tiny.two")
    assert set(files(root)) == {
        "catalog.toml",
        "estimates.csv",
        "first.html",
        "index.html",
        "second.html",
        "superseded.csv",
    }
    entries = ledger.read(root / "reports" / "estimates.csv")
    assert [(one.estimate_id, one.effect, one.reports) for one in entries] == [
        ("tiny.one", 0.5, ("first",)),
        ("tiny.two", 0.1, ("second",)),
    ]
    page = (root / "reports" / "first.html").read_text()
    assert "&lt;one&gt;: 0.50 (−0.25 to 1.00)" in page
    assert "<pre>&lt;printed&gt;\n</pre>" in page
    for hidden in ("Not in the report", "for the log", "import sys", "word"):
        assert hidden not in page.partition("</style>")[2]
    index = (root / "reports" / "index.html").read_text()
    assert "<p>The &lt;answer&gt;.</p>" in index
    assert 'href="first.html#n-tiny.one"' in index
    assert "Version 0.1.0 with data 1.0.0" in index
    assert (root / "reports" / "superseded.csv").read_text() == SUPERSEDED + "\n"


def test_nothing_runs_when_nothing_has_changed(built: Path) -> None:
    before = files(built)
    result = build(root=built)
    assert result.made == ()
    assert result.unchanged == ("first", "second")
    assert files(built) == before


def test_a_build_with_nothing_to_do_loads_nothing_heavy(built: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from evidence.reports.build import build\n"
        f"assert build(root=Path({str(built)!r})).made == ()\n"
        "print([m for m in ('pandas', 'papermill', 'matplotlib', 'nbconvert', 'scipy', 'numpy')"
        " if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_only_what_a_change_touches_is_built(built: Path) -> None:
    catalog = built / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace('title = "Second"', 'title = "Renamed"'))
    result = build(root=built)
    assert (result.made, result.unchanged) == (("second",), ("first",))
    assert "<h1>Renamed</h1>" in (built / "reports" / "second.html").read_text()
    assert "The &lt;answer&gt;" in (built / "reports" / "index.html").read_text()


@pytest.mark.parametrize("name", ["data/trials.csv", "requirements.lock"])
def test_data_and_lock_touch_every_report(built: Path, name: str) -> None:
    assert not _stale(built)
    path = built / name
    path.write_text(path.read_text() + "t3,Three\n")
    assert _stale(built) == ["first", "second"]


def test_the_code_of_a_notebook_counts_its_outputs_do_not(built: Path) -> None:
    path = built / "notebooks" / "tiny.ipynb"
    made = json.loads(path.read_text())
    made["cells"][5]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    path.write_text(json.dumps(made))
    assert not _stale(built)
    made["cells"][5]["source"] = ["evidence.show(entry)  # changed"]
    path.write_text(json.dumps(made))
    assert _stale(built) == ["first", "second"]


def _stale(root: Path) -> list[str]:
    """Return what a build would run."""
    folders = building.Folders(root, root / "data")
    every = reports_catalog.read(
        folders.reports / "catalog.toml", notebooks=folders.notebooks, data=folders.data
    )
    inputs = building._inputs(every, folders)
    manifest = folders.manifest()
    return [key for key, digest in inputs.items() if not manifest.is_whole(key, digest)]


def test_a_damaged_report_is_built_again(built: Path) -> None:
    page = built / "reports" / "first.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:100])
    assert build(root=built).made == ("first",)
    assert page.read_bytes() == whole


def test_a_report_that_is_no_longer_in_the_catalog_is_cleared_away(built: Path) -> None:
    (built / "reports" / "catalog.toml").write_text(projects.CATALOG)
    with pytest.raises(RenderError, match=r"moved.*\n.*no longer shown \(tiny\.two\)"):
        build(root=built)
    assert (built / "reports" / "second.html").is_file()
    result = build(root=built, accept=True)
    assert result.removed == ("second",)
    assert not (built / "reports" / "second.html").exists()
    assert [one.estimate_id for one in ledger.read(built / "reports" / "estimates.csv")] == [
        "tiny.one"
    ]


def test_a_number_that_moves_needs_to_be_accepted(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    catalog = built / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace("value = 0.1", "value = 0.2"))
    before = files(built)
    with pytest.raises(RenderError, match=r"was replaced\n.*: 0\.10 .* -> 0\.20 .*tiny\.two"):
        build(root=built)
    assert (built / ".cache" / "moved.txt").read_text() == "tiny.two: effect 0.1 -> 0.2\n"
    with pytest.raises(RenderError, match=r"nothing says why.*reasons\.csv.*: tiny\.two"):
        build(root=built, accept=True)
    assert files(built) == before
    reasons = built / "reports" / "reasons.csv"
    reasons.write_text(
        "data_version,ids,reason\n1.0.0,tiny.*,better so\n1.0.0,*.one,not this\n0.9.0,*,nor this\n"
    )
    assert build(root=built, accept=True).made == ("second",)
    rows = list(csv.reader((built / "reports" / "superseded.csv").read_text().splitlines()))
    assert rows == [
        SUPERSEDED.split(","),
        ["tiny.two", "0.1", "-0.25", "1.0", "1.0.0", "0.1.0", "2027-01-15", "better so"],
    ]
    assert build(root=built).made == ()


def test_a_number_that_the_data_move_is_said_before_anything_runs(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks(built, "three")
    before = files(built)
    moved = ledger.Comparison((ledger.Moved("tiny.two", "effect", 0.1, 0.2),), (), ())
    monkeypatch.setattr("evidence.reports.moved.foreseen", lambda *_: moved)
    monkeypatch.setattr(building, "_pages", lambda *_: pytest.fail("a notebook ran"))
    with pytest.raises(RenderError, match=r"was built\n.*: 0\.10 .* -> 0\.20 .*tiny\.two"):
        build(root=built)
    assert files(built) == before


def test_a_report_that_fails_leaves_the_old_one(built: Path) -> None:
    catalog = built / "reports" / "catalog.toml"
    catalog.write_text(
        catalog.read_text().replace('"two"', '"fail"').replace("First <report>", "New title")
    )
    second = (built / "reports" / "second.html").read_bytes()
    result = build(root=built)
    assert result.made == ("first",)
    assert result.exit_code == 2
    assert [str(one) for one in result.failures] == [
        "second: ParameterError: word: found 'fail', expected a word that selects something "
        "(see .cache/logs/second.txt)"
    ]
    assert "Traceback" in (built / ".cache" / "logs" / "second.txt").read_text()
    assert "<h1>New title</h1>" in (built / "reports" / "first.html").read_text()
    assert (built / "reports" / "second.html").read_bytes() == second
    assert [one.estimate_id for one in ledger.read(built / "reports" / "estimates.csv")] == [
        "tiny.one",
        "tiny.two",
    ]
    assert build(root=built).failures != ()


def test_one_id_with_two_values_stops_the_build(tmp_path: Path) -> None:
    clash = OTHER.replace('"two"', '"one"')
    root = projects.make(tmp_path, catalog=projects.CATALOG + clash)
    with pytest.raises(RenderError, match=r"tiny\.one has effect 0\.[15] in .* and 0\.[15] in"):
        build(root=root)
    assert list(files(root)) == ["catalog.toml"]


def test_in_a_fresh_clone_one_report_can_be_built_beside_committed_ones(built: Path) -> None:
    (built / ".cache" / "manifest.json").unlink()
    before = files(built)
    result = build(["second"], root=built)
    assert result.made == ("second",)
    assert files(built)["estimates.csv"] == before["estimates.csv"]
    assert build(root=built).made == ("first",)
    assert files(built) == before


def test_an_unknown_report_is_named_with_what_is_accepted(built: Path) -> None:
    with pytest.raises(ParameterError, match="report: found 'x', expected one of first, second"):
        build(["x"], root=built)


def test_the_project_is_found_from_a_folder_inside_it(
    built: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert building.find_root(built / "notebooks") == built
    with pytest.raises(ParameterError, match=r"expected one with reports/catalog\.toml"):
        building.find_root(tmp_path_factory.mktemp("elsewhere"))


REPOSITORY = Path(__file__).parents[2]


def test_a_pooled_page_is_built_where_no_card_stands_beside_it(tmp_path: Path) -> None:
    for part in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / part, tmp_path / part)
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "catalog.toml").write_text(
        '[[report]]\nid = "alone"\ntitle = "Alone"\nnotebook = "10_pooled_effects.ipynb"\n'
        'parameters = { therapy = "abft", outcome = "depression", timepoint = "post" }\n'
        'formats = ["html"]\n'
    )
    built = build(root=tmp_path)
    assert built.failures == ()
    page = (tmp_path / "reports" / "alone.html").read_text(encoding="utf-8")
    assert 'id="n-diamond2002.depression.bdi.post.hedges_g"' in page


TWO_REPORTS = ("abct-functional-impairment-post", "trial-israel2013")
"""A pooled page and one made for each trial; the gate compares one report of each notebook."""


@pytest.mark.slow
def test_two_builds_of_the_real_reports_are_identical(tmp_path: Path) -> None:
    surroundings = [
        {"TZ": "Asia/Tokyo", "LANG": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/New_York", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    running = []
    for name, own in zip(("a", "a longer name"), surroundings, strict=True):
        root = tmp_path / name
        for part in ("data", "notebooks", "reports"):
            (root / part).mkdir(parents=True)
            for path in (REPOSITORY / part).iterdir():
                if path.suffix in (".csv", ".json", ".ipynb", ".toml"):
                    (root / part / path.name).write_bytes(path.read_bytes())
        (root / "reports" / "estimates.csv").unlink(missing_ok=True)
        (root / "home").mkdir()
        (root / "requirements.lock").write_text("")
        running.append(
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "import sys; from evidence.reports.build import build\n"
                    "r = build(sys.argv[1:], jobs=1)\n"
                    "assert r.made and not r.failures, [str(one) for one in r.failures]",
                    *TWO_REPORTS,
                ],
                cwd=root,
                env={**os.environ, **own, "HOME": str(root / "home")},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in running:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    one, two = files(tmp_path / "a"), files(tmp_path / "a longer name")
    assert {f"{name}.html" for name in TWO_REPORTS} < set(one)
    assert one == two
    # No name of a folder or a machine is in what is committed.
    assert not [name for name, content in one.items() if str(tmp_path).encode() in content]


def test_a_raised_data_version_lets_numbers_move_and_keeps_the_old_ones(built: Path) -> None:
    catalog = built / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace("value = 0.1", "value = 0.2"))
    descriptor = built / "data" / "datapackage.json"
    descriptor.write_text(descriptor.read_text().replace("1.0.0", "1.1.0"))
    result = build(root=built)
    assert [one.estimate_id for one in result.comparison.moved] == ["tiny.two"]
    rows = list(csv.reader((built / "reports" / "superseded.csv").read_text().splitlines()))
    assert [row[:5] for row in rows[1:]] == [["tiny.two", "0.1", "-0.25", "1.0", "1.0.0"]]
    assert rows[1][-1] == "data 1.0.0 became 1.1.0"


def test_a_moved_n_alone_is_not_laid_to_the_data(tmp_path: Path) -> None:
    old = ledger.read(Path(__file__).parents[2] / "reports" / "estimates.csv")[0]
    old = replace(old, data_version="1.0.0")
    new = replace(old, n=None if old.n else 7, data_version="1.1.0")
    moved = ledger.compare([old], [new])
    assert supersede.file(tmp_path, moved, [old], "1.1.0")[1] == (old.estimate_id,)
    reason = f"1.0.0,{old.estimate_id},n is that of the row\n"
    (tmp_path / "reasons.csv").write_text(f"data_version,ids,reason\n{reason}")
    text, without = supersede.file(tmp_path, moved, [old], "1.1.0")
    assert (text.splitlines()[1].rpartition(",")[2], without) == ("n is that of the row", ())


def asks(root: Path, word: str) -> None:
    """Let the second report of a project ask for another word."""
    catalog = root / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace('word = "two"', f'word = "{word}"'))


def changed(root: Path) -> None:
    """Let both reports be made again, with other pages."""
    catalog = root / "reports" / "catalog.toml"
    catalog.write_text(
        catalog.read_text().replace("First <report>", "New").replace('"Second"', '"New 2"')
    )


def place(root: Path) -> dict[str, bytes]:
    """What stands in the folder of reports, but for the catalog."""
    return {name: one for name, one in files(root).items() if name != "catalog.toml"}


def test_a_kernel_that_dies_ends_its_report_alone(built: Path) -> None:
    asks(built, "die")
    result = build(root=built, force=True)
    assert result.made == ("first",)
    [failure] = result.failures
    assert (failure.report_id, failure.kind) == ("second", "KernelEnded")
    assert str(failure).startswith("second: the process that runs its notebook ended")
    assert "\n" not in str(failure)
    assert result.exit_code == 1


def test_a_cell_that_never_ends_is_stopped(built: Path) -> None:
    asks(built, "wait")
    before = (built / "reports" / "second.html").read_bytes()
    result = build(["second"], root=built, cell_timeout=1)
    [failure] = result.failures
    assert failure.kind == "CellTimeout"
    assert failure.message == (
        "a cell ran longer than 1 seconds and was stopped; --cell-timeout SECONDS sets another "
        "limit"
    )
    assert (built / "reports" / "second.html").read_bytes() == before


def test_control_c_ends_a_build_with_one_line_and_nothing_replaced(built: Path) -> None:
    asks(built, "wait")
    changed(built)
    before = place(built)
    run = subprocess.Popen(
        [sys.executable, "-m", "evidence", "build"],
        cwd=built,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # What runs in the background of a shell ignores it, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        while not (built / ".cache" / "waits").exists():
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    assert run.returncode == 130
    # A report that was ready before is one line of progress more.
    *ready, last = said.splitlines()
    assert last == "evidence: stopped; files that were not finished are as they were"
    assert [one for one in ready if not re.fullmatch(r"\d+ of \d+: \w+ ready", one)] == []
    assert place(built) == before


def stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stop a build in its second report; return the lines of its progress."""
    said: list[str] = []
    real = kernel.run

    def run(notebook: Path, parameters: dict[str, Any], **rest: Any) -> Any:
        if parameters["word"] == "two":
            raise KeyboardInterrupt
        return real(notebook, parameters, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(kernel, "run", run)
        with pytest.raises(KeyboardInterrupt):
            build(root=root, jobs=1, progress=said.append)
    return said


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which notebooks run."""
    ran: list[str] = []
    real = kernel.run

    def run(notebook: Path, parameters: dict[str, Any], **rest: Any) -> Any:
        ran.append(parameters["word"])
        return real(notebook, parameters, **rest)

    monkeypatch.setattr(kernel, "run", run)
    return ran


def test_a_build_goes_on_where_one_was_stopped(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(built)
    before, whole = place(built), build(root=built)
    after = place(built)
    # The state before, with the pages that were ready when a build was stopped.
    for name, content in before.items():
        (built / "reports" / name).write_bytes(content)
    assert stopped(built, monkeypatch) == ["1 of 2: first ready"]
    assert place(built) == before
    ran = counted(monkeypatch)
    said: list[str] = []
    assert build(root=built, progress=said.append).made == whole.made
    assert ran == ["two"]
    assert said == ["1 of 2 were ready when an earlier build stopped", "2 of 2: second ready"]
    assert place(built) == after
    assert list((built / ".cache" / "ready").iterdir()) == []


@pytest.mark.parametrize("why", ["forced", "other inputs", "cut", "another page in it", "no JSON"])
def test_a_page_that_was_ready_is_made_again_where_it_is_not_that_page(
    why: str, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(built)
    stopped(built, monkeypatch)
    [kept] = (built / ".cache" / "ready").iterdir()
    text = kept.read_text()
    if why == "other inputs":
        (built / "requirements.lock").write_text("something\n")
    elif why == "cut":
        kept.write_text(text[: len(text) // 2])
    elif why == "another page in it":
        kept.write_text(text.replace("The &lt;answer&gt;", "Another answer"))
    elif why == "no JSON":
        kept.write_text("[]")
    ran = counted(monkeypatch)
    build(root=built, jobs=1, force=why == "forced")
    assert ran == ["one", "two"]
    assert "The &lt;answer&gt;" in (built / "reports" / "first.html").read_text()


def test_a_fault_of_the_workbook_in_one_report_is_none_of_the_others(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = render.documents

    def broken(page: str, report: Any, *rest: Any) -> dict[str, bytes]:
        if report.report_id == "second":
            raise KeyError("no such thing")
        return real(page, report, *rest)

    monkeypatch.setattr(render, "documents", broken)
    result = build(root=built, force=True)
    assert result.made == ("first",)
    assert [one.kind for one in result.failures] == ["KeyError"]
    assert "Traceback" in (built / ".cache" / "logs" / "second.txt").read_text()


@pytest.mark.parametrize("left", range(8))
def test_a_full_disk_leaves_all_reports_and_the_index_as_they_were(
    left: int, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for so many more files, of the ten that this build writes where they belong."""
    changed(built)
    before, room, real = place(built), left, tempfile.mkstemp

    def full(suffix: str, prefix: str, folder: Path) -> tuple[int, str]:
        nonlocal room
        if not prefix.startswith(".empty"):
            room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(suffix, prefix, folder)

    monkeypatch.setattr("evidence.data.atomic.tempfile.mkstemp", full)
    with pytest.raises(OSError, match="No space left on device; no report was replaced") as caught:
        build(root=built)
    assert Path(caught.value.filename).is_relative_to(built)
    assert place(built) == before


def test_where_nothing_can_be_written_nothing_runs(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(built)
    before = place(built)

    def closed(suffix: str, prefix: str, folder: Path) -> tuple[int, str]:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("evidence.data.atomic.tempfile.mkstemp", closed)
    monkeypatch.setattr(building, "_pages", None)
    with pytest.raises(OSError, match="Read-only file system"):
        build(root=built)
    assert place(built) == before


def test_what_a_killed_build_left_is_cleared_away(built: Path) -> None:
    left = [
        built / "reports" / ".first.html.abc.evidence-part",
        built / ".cache" / ".manifest.json.abc.evidence-part",
        built / ".cache" / "numbers" / ".first.json.abc.evidence-part",
        built / ".cache" / "runtime" / "kernel-1.json",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    changed(built)
    build(root=built)
    assert [path for path in left if path.exists()] == []
    assert not [path for path in built.rglob("*") if path.name.endswith(".evidence-part")]


def test_a_build_killed_at_any_step_is_made_up_for_by_the_next(
    built: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each file is moved or cleared away: files are whole, no old value is lost."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    catalog = built / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace("0.1", "0.2"))
    descriptor = built / "data" / "datapackage.json"
    descriptor.write_text(descriptor.read_text().replace("1.0.0", "1.1.0"))
    changed(built)
    before = place(built)
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(built, undisturbed, dirs_exist_ok=True)
    assert build(root=undisturbed).exit_code == 0
    after = place(undisturbed)
    assert b"tiny.two,0.1," in after["superseded.csv"]
    killed = 0
    while True:
        root = tmp_path_factory.mktemp("killed")
        shutil.copytree(built, root, dirs_exist_ok=True)
        if not _ends_before_step(killed, root):
            break
        killed += 1
        stood = {name: one for name, one in place(root).items() if not name.startswith(".")}
        assert [name for name in stood if stood[name] not in (before[name], after[name])] == []
        assert build(root=root).exit_code == 0
        assert place(root) == after, killed
        assert list(root.rglob("*.evidence-part")) == []
    # Two pages that are kept until all are ready; then both, the numbers of one, old values, ledger
    # and index with the manifest: each is moved, and then its second names are cleared away.
    assert killed >= 3 * 9


def _ends_before_step(step: int, root: Path) -> bool:
    """Build in a process that is killed before a step from the first move on; whether it was."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    replace_file, unlink, steps = Path.replace, Path.unlink, count()
    moved = False

    def takes_a_step() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def replaced(path: Path, target: Path) -> Path:
        nonlocal moved
        moved = True
        takes_a_step()
        return replace_file(path, target)

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if moved:
            takes_a_step()
        unlink(path, missing_ok)

    # Nothing of the tests may run on in this process, whatever happens.
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", replaced)
            patch.setattr(Path, "unlink", unlinked)
            build(root=root)
    finally:
        os._exit(0)


def test_a_kernel_that_outlives_a_killed_build_leaves_no_file(built: Path) -> None:
    changed(built)
    late = built / ".cache" / "runtime" / "kernel-late.json"
    seen = []

    def progress(_: str) -> None:
        late.parent.mkdir(exist_ok=True)
        late.touch()
        seen.append(late.exists())

    assert build(root=built, progress=progress).exit_code == 0
    assert seen == [True, True]
    assert not late.exists()


def test_a_second_build_waits_for_the_first(built: Path) -> None:
    changed(built)
    said = []
    with (built / ".cache" / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def waiting(line: str) -> None:
            said.append(line)
            fcntl.flock(lock, fcntl.LOCK_UN)

        assert build(root=built, waiting=waiting).made == ("first", "second")
    assert said == ["waiting for another build of this folder to end"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.html",
        "data/trials.csv",
        "reports/catalog.toml",
        "reports/../x.html",
        "reports/mine.html",
    ],
)
def test_a_foreign_manifest_removes_nothing(name: str, built: Path) -> None:
    stands = [built.parent / "outside.html", built / "x.html", built / "reports" / "mine.html"]
    stands += [built / "data" / "trials.csv"]
    for path in stands[:3]:
        path.touch()
    manifest = built / ".cache" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["outputs"]["gone"] = {name: "x"}
    content["outputs"]["first"][name] = "x"
    manifest.write_text(json.dumps(content))
    build(root=built)
    assert all(path.exists() for path in stands)
    assert (built / "reports" / "catalog.toml").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"version": 1}',
        '{"version": 1, "inputs": {}, "outputs": []}',
        '{"version": 1, "inputs": {"a": 1}, "outputs": {}}',
        '{"version": 1, "inputs": {}, "outputs": {"first": {"reports/first.html": 1}}}',
        '{"version": 1, "inputs": {}, "outputs": {"first": "x"}}',
    ],
)
def test_a_manifest_without_its_keys_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "manifest.json").write_text(content)
    found = building.Folders(tmp_path, tmp_path / "data").manifest()
    assert (found.inputs, found.outputs) == ({}, {})


def latin(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xe9\n")


def changing(**changes: Any) -> Callable[[Path], None]:
    """A change of the notebook: keys that go (None) or become something else."""

    def change(path: Path) -> None:
        made = json.loads(path.read_text())
        for key, value in changes.items():
            inside = made["cells"][1] if key in ("source", "cell_type") else made
            inside.pop(key)
            inside |= {} if value is None else {key: value}
        path.write_text(json.dumps(made))

    return change


def no_metadata_of_a_cell(path: Path) -> None:
    made = json.loads(path.read_text())
    del made["cells"][2]["metadata"]
    path.write_text(json.dumps(made))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("data/trials.csv", latin),
        ("data/datapackage.json", latin),
        ("reports/catalog.toml", latin),
        ("reports/superseded.csv", latin),
        ("reports/superseded.csv", lambda path: path.write_text(f"{SUPERSEDED},more\n")),
        ("reports/superseded.csv", lambda path: path.write_text(f"{SUPERSEDED}\n{',' * 8}\n")),
        ("reports/reasons.csv", lambda path: path.write_text("version,ids,why\n1.0.0,*,so\n")),
        ("reports/reasons.csv", lambda path: path.write_text("data_version,ids,reason\n1,*,\n")),
        ("reports/estimates.csv", latin),
        ("reports/estimates.csv", lambda path: path.write_text('a,"b')),
        ("notebooks/tiny.ipynb", latin),
        ("notebooks/tiny.ipynb", lambda path: path.write_text("[]")),
        ("notebooks/tiny.ipynb", lambda path: path.write_text('{"cells": [1]}')),
        ("notebooks/tiny.ipynb", changing(metadata=None)),
        ("notebooks/tiny.ipynb", changing(nbformat=None)),
        ("notebooks/tiny.ipynb", changing(cells={})),
        ("notebooks/tiny.ipynb", changing(source=None)),
        ("notebooks/tiny.ipynb", changing(source=[1])),
        ("notebooks/tiny.ipynb", changing(cell_type=None)),
        ("notebooks/tiny.ipynb", no_metadata_of_a_cell),
    ],
)
def test_a_spoiled_file_is_one_message_and_nothing_replaced(
    name: str, spoil: Callable[[Path], object], built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(built)
    spoil(built / name)
    before = place(built)
    monkeypatch.setattr(building, "_pages", lambda *_: ({}, ()))
    with pytest.raises(EvidenceError) as caught:
        build(root=built)
    assert Path(name).name in str(caught.value)
    assert place(built) == before


def test_a_trial_that_would_lead_out_of_the_folder_makes_no_report(tmp_path: Path) -> None:
    catalog = projects.CATALOG.replace(
        'formats = ["html"]', 'formats = ["html"]\nfor_each = "trials"'
    )
    root = projects.make(tmp_path / "project", catalog=catalog)
    trials = root / "data" / "trials.csv"
    trials.write_text(trials.read_text().replace("two,Two", "../../../x,Two"))
    with pytest.raises(ParameterError, match="an id of lower-case"):
        build(root=root)
    folders = building.Folders(root, root / "data")
    for made in (folders.numbers, lambda name: folders.report(name, "html")):
        with pytest.raises(ParameterError, match="inside"):
            made("first-../../../x")
