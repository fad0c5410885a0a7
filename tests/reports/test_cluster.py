"""Reports that workers of a scheduler make: the same bytes, also where a worker is killed."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.errors import ParameterError
from evidence.reports.build import Built, build
from evidence.reports.work import cluster
from tests import commands
from tests.reports import projects, workers

pytestmark = pytest.mark.slow

CATALOG = "".join(
    f"""
[[report]]
id = "{word}"
title = "Report {word}"
notebook = "tiny.ipynb"
parameters = {{ word = "{word}", value = 0.{number} }}
formats = {formats}
"""
    for number, (word, formats) in enumerate(
        [
            ("one", '["html", "docx", "pdf"]'),
            ("killed", '["html"]'),
            ("two", '["html"]'),
            ("four", '["html"]'),
        ],
        1,
    )
)
WAITS = """
import time
if word == "killed" and (place := os.environ.get("EVIDENCE_TEST_KILLED")):
    # The first time it says who runs it, and waits to be killed with it.
    if not Path(place).exists():
        import psutil
        above = [one for one in psutil.Process().parents() if "spawn_main" in str(one.cmdline())]
        Path(f"{place}.part").write_text(str(above[0].pid))
        Path(f"{place}.part").rename(place)
        threading.Event().wait()
"""


def project(root: Path) -> Path:
    made = projects.tiny()
    made["cells"][1]["source"] += WAITS.splitlines(keepends=True)
    return projects.make(root, catalog=CATALOG, made=made)


def files(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "reports").iterdir())}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as this machine builds it."""
    root = project(tmp_path_factory.mktemp("here"))
    assert build(root=root).made == ("four", "killed", "one", "two")
    return root


@pytest.fixture(scope="module")
def pid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "pid"


@pytest.fixture(scope="module")
def address(pid: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EVIDENCE_TEST_KILLED", str(pid))
        with workers.running(2) as found:
            yield found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, address: str, pid: Path) -> tuple[Path, Built]:
    """The project as two workers build it, of which the one is killed in the middle of a report."""
    root = project(tmp_path_factory.mktemp("there"))

    def kill() -> None:
        while not pid.exists():
            time.sleep(0.05)
        os.kill(int(pid.read_text()), signal.SIGKILL)

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    built = build(root=root, scheduler=address)
    killing.join()
    return root, built


def test_a_worker_that_is_killed_in_the_middle_of_a_report_costs_a_retry(
    here: Path, there: tuple[Path, Built]
) -> None:
    root, built = there
    assert built.failures == ()
    assert built.made == ("four", "killed", "one", "two")
    assert files(root) == files(here)
    assert {"one.docx", "one.pdf", "killed.html"} < set(files(root))


def test_a_report_whose_workers_end_one_after_the_other_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = projects.make(
        tmp_path, catalog=projects.CATALOG + projects.CATALOG.replace("first", "second")
    )
    # As a report does that needs more memory than a worker has.
    notebook = root / "notebooks" / "tiny.ipynb"
    notebook.write_text(notebook.read_text().replace("os.getpid()", "os.getppid()"))
    catalog = root / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace('"one"', '"die"', 1))
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    with workers.running(1) as address:
        built = build(root=root, scheduler=address)
    assert built.made == ("second",)
    assert [str(one) for one in built.failures] == [
        "first: workers ended one after the other while they ran its notebook "
        "(see .cache/logs/first.txt)"
    ]
    assert built.exit_code == 1


def test_the_notebook_with_its_outputs_comes_back(there: tuple[Path, Built]) -> None:
    executed = json.loads((there[0] / ".cache" / "executed" / "killed.ipynb").read_text())
    assert "<printed>" in json.dumps(executed["cells"][-1]["outputs"])


def test_nothing_is_sent_where_nothing_has_changed(there: tuple[Path, Built]) -> None:
    # No scheduler answers there.
    assert build(root=there[0], scheduler="tcp://127.0.0.1:1").made == ()


def test_an_error_of_a_report_is_told_as_if_it_had_run_here(
    there: tuple[Path, Built], address: str, tmp_path: Path
) -> None:
    failing = CATALOG.replace('word = "two"', 'word = "fail"')
    said = []
    for name, scheduler in (("here", None), ("there", address)):
        root = project(tmp_path / name)
        (root / "reports" / "catalog.toml").write_text(failing)
        built = build(["two", "one"], root=root, scheduler=scheduler)
        log = (root / ".cache" / "logs" / "two.txt").read_text()
        said.append((built.made, built.failures, built.exit_code, "Traceback" in log))
    assert said[0] == said[1]
    assert [one.kind for one in said[1][1]] == ["ParameterError"]


def test_what_workers_lack_is_said_before_anything_runs(
    there: tuple[Path, Built], address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "of_package", lambda _: "mine")
    with pytest.raises(ParameterError, match=r"worker tcp://\S+, source of the package: .*, mine"):
        build(root=project(tmp_path), scheduler=address)


def test_an_address_where_no_scheduler_answers_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    ended = commands.run("build", "--scheduler", "nowhere://x", cwd=project(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "evidence: scheduler: found 'nowhere://x', expected the address of a dask scheduler that "
        "answers, as in tcp://10.0.0.1:8786"
    ]


def test_without_the_extra_a_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    ended = commands.run("build", "--scheduler", "tcp://x:1", cwd=project(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "evidence: scheduler: found no dask.distributed, which `pip install '.[cluster]'` adds"
    ]
