"""Kernels that are forked: as fresh as started ones, and killed alone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from jupyter_client.connect import write_connection_file

from evidence.reports import kernel
from evidence.reports.build import Built, build
from evidence.reports.work import forks
from evidence.reports.work.forks import Fork, Forks
from tests.reports import projects

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not forks.IS_POSSIBLE, reason="kernels are started here"),
]

WORDS = ("one", "two", "die", "late", "fail", "six")
"""What the reports ask for, each its id."""
LATE = """
import matplotlib
import numpy
import psutil
state = globals().setdefault("seen", [])
state.append(word)
print(word, state, os.environ["TZ"], os.environ["PYTHONHASHSEED"], hash("a text"))
print(Path.cwd() == Path(os.environ["EVIDENCE_DATA"]).parent, matplotlib.get_backend())
print(os.getpid() == os.getpgid(0), sys.path[0], __name__, sys.flags.utf8_mode)
written = Path(f".cache/ran-{word}").write_text(str(psutil.Process().ppid()))
"""


def project(root: Path) -> Path:
    catalog = "".join(
        projects.CATALOG.replace("first", word).replace('"one"', f'"{word}"') for word in WORDS
    )
    made = projects.tiny()
    made["cells"][-1]["source"] = LATE.splitlines(keepends=True)
    return projects.make(root, catalog=catalog, made=made)


def files(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "reports").iterdir())}


def parents(root: Path) -> set[str]:
    return {one.read_text() for one in (root / ".cache").glob("ran-*")}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Built]]:
    """The project as built by kernels that are forked, and by kernels that are started."""
    found = []
    for name, least in (("forked", 2), ("started", 99)):
        root = project(tmp_path_factory.mktemp(name))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(kernel, "FORKED", least)
            found.append((root, build(root=root)))
    return found


def test_they_make_the_same_reports(both: list[tuple[Path, Built]]) -> None:
    (forked, one), (started, two) = both
    assert files(forked) == files(started)
    assert set(files(forked)) > {f"{word}.html" for word in ("one", "two", "late", "six")}
    assert (one.made, one.exit_code) == (two.made, two.exit_code)
    page = (forked / "reports" / "late.html").read_text()
    assert "late [&#x27;late&#x27;] UTC 0" in page or "late [&#39;late&#39;] UTC 0" in page


def test_one_that_dies_ends_its_report_alone(both: list[tuple[Path, Built]]) -> None:
    kinds = [{one.report_id: one.kind for one in built.failures} for _, built in both]
    assert kinds == [{"die": "KernelEnded", "fail": "ParameterError"}] * 2


def test_all_are_forked_from_one_process_which_ends_with_the_build(
    both: list[tuple[Path, Built]],
) -> None:
    (forked, _), (started, _) = both
    [parent] = parents(forked)
    assert parents(started) == {str(os.getpid())}
    assert parent != str(os.getpid())
    assert not runs(int(parent))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Forks, Fork, Fork]]:
    """Two kernels that wait for what they are asked."""
    process = Forks()
    made = []
    for number in range(2):
        path = str(tmp_path / f"{number}.json")
        write_connection_file(path)
        made.append(process.start(path, cwd=tmp_path, env=os.environ))
    yield process, *made
    process.close()


def test_one_is_killed_and_the_other_runs_on(running: tuple[Forks, Fork, Fork]) -> None:
    _, one, two = running
    assert (one.poll(), two.poll()) == (None, None)
    one.kill()
    assert one.wait() == -signal.SIGKILL
    assert two.poll() is None
    # What has ended gets no signal: its number may be that of another process.
    one.kill()


def test_they_end_with_whoever_wanted_them(running: tuple[Forks, Fork, Fork]) -> None:
    process, one, two = running
    process.close()
    assert [kernel.wait() for kernel in (one, two)] == [-signal.SIGKILL] * 2
    ended([one.pid, two.pid])


def ended(pids: list[int]) -> None:
    """Wait until no such process runs."""
    while [pid for pid in pids if runs(pid)]:
        time.sleep(0.05)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_they_end_though_a_signal_to_them_was_not_read_any_more(
    running: tuple[Forks, Fork, Fork],
) -> None:
    process, one, two = running
    assert process._process is not None
    # As at Ctrl-C: what is to be killed and the end of all arrive together.
    process._process.send_signal(signal.SIGSTOP)
    one.kill()
    closing = threading.Thread(target=process.close)
    closing.start()
    while process._connection is not None and process._connection.fileno() >= 0:
        time.sleep(0.01)
    process._process.send_signal(signal.SIGCONT)
    closing.join()
    assert [kernel.wait() for kernel in (one, two)] == [-signal.SIGKILL] * 2


def test_where_the_process_that_forks_is_killed_a_kernel_has_ended(
    running: tuple[Forks, Fork, Fork], tmp_path: Path
) -> None:
    process, one, two = running
    assert process._process is not None
    process._process.kill()
    assert one.wait() == two.wait() == -signal.SIGKILL
    with pytest.raises(RuntimeError, match="ended"):
        process.start(str(tmp_path / "0.json"), cwd=tmp_path, env=os.environ)


def test_nothing_is_left_of_a_build_that_is_killed(tmp_path: Path) -> None:
    root = project(tmp_path)
    catalog = root / "reports" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace('"die"', '"wait"'))
    run = subprocess.Popen([sys.executable, "-m", "evidence", "build"], cwd=root)
    while not (root / ".cache" / "waits").exists():
        assert run.poll() is None
        time.sleep(0.05)
    below = [one.pid for one in psutil.Process(run.pid).children(recursive=True)]
    assert len(below) >= 2
    run.kill()
    run.wait()
    ended(below)
