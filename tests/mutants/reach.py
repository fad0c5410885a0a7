"""Which tests reach which function, by a run of each file of tests in a process of its own."""

import importlib
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import CodeType, FrameType

import pytest

from tests.mutants.changes import SOURCE

ROOT = SOURCE.parent
FOLDER = ROOT / ".cache" / "mutants"
REACHED = FOLDER / "reached.jsonl"
MEMORY = 12 * 2**30

FINDERS = (
    "tests/analysis", "tests/blocks", "tests/claims", "tests/cli",
    "tests/entry/test_designs_and_moments.py", "tests/entry/test_kinds_of_numbers.py",
    "tests/estimation", "tests/followup", "tests/ledger", "tests/manuscripts", "tests/meta",
    "tests/pages", "tests/published", "tests/summary", "tests/terminal", "tests/test_examples.py",
    "tests/test_free_text.py", "tests/test_workbook.py",
    "tests/reports/test_context_page.py", "tests/reports/test_crawl.py",
    "tests/mutants/built.py",
)  # fmt: skip
"""Files of tests that are run; that of built pages stands for the comparison of all reports."""
LEFT_OUT = {
    # They look at what other processes do, which a change in this one does not reach.
    "tests/cli/test_lab.py",
    "tests/manuscripts/test_commands.py",
}
_LOADED = (
    "matplotlib", "numpy", "pandas", "scipy.integrate", "scipy.optimize", "scipy.stats",
    "scipy.special", "statsmodels.api", "hypothesis.strategies", "hypothesis.extra.numpy",
    "lxml.html", "docx", "openpyxl", "frictionless", "jinja2", "mistune", "nbconvert", "pypdf",
    "typer", "matplotlib.figure", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg", "formulaic", "IPython.display", "typst", "papermill",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """What the tests of a file reach.

    Attributes
    ----------
    file : str
        From the folder of the project.
    seconds : dict of str to float
        How long each of its tests took, by its id.
    reached : dict of str to set of str
        Functions, as "module:function", by the id of a test.
    shared : set of str
        Functions that are reached while the file is read.
    """

    file: str
    seconds: dict[str, float]
    reached: dict[str, set[str]]
    shared: set[str]


def files() -> list[str]:
    """Return the files of tests that are run."""
    found: list[Path] = []
    for one in FINDERS:
        path = ROOT / one
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    names = [one.relative_to(ROOT).as_posix() for one in found]
    return [one for one in names if one not in LEFT_OUT]


def load() -> None:
    """Load what tests load of other packages, so that a process that is split off has it."""
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in _LOADED:
        with suppress(ImportError):
            importlib.import_module(name)


def apart(work: Callable[[], None], output: Path | None = None) -> int:
    """Run `work` in a process split off from this one and return what its end is waited as."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    # Nothing of this process may run on in the other, whatever happens there.
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if output is not None:
            into = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(into, 1)
            os.dup2(into, 2)
        work()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - told by the exit code
        traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(99)
    os._exit(0)


def tried(names: list[str], plugin: object, *more: str) -> int:
    """Run tests in this process, without what only slows them here."""
    from hypothesis import HealthCheck, Phase, settings

    # A failure is enough; the smallest one is not looked for.
    settings.register_profile(
        "found",
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    options = ["-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # Packages are loaded before; nothing of them is rewritten anyway.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:nbval"]
    options += ["--hypothesis-profile=found"]
    return int(pytest.main([*options, *more, *names], plugins=[plugin]))


class Recorder:
    """Notes the functions that run, and how long each test takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.reached: dict[str, set[str]] = {}
        self.shared: set[str] = set()
        self.failed: list[str] = []
        self._codes: set[CodeType] = set()
        self._names: dict[CodeType, str] = {}

    def start(self) -> None:
        threading.settrace(self._note)
        sys.settrace(self._note)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        self._codes.add(frame.f_code)

    def _taken(self) -> set[str]:
        found = {self._name(one) for one in list(self._codes)} - {""}
        self._codes.clear()
        return found

    def _name(self, code: CodeType) -> str:
        if code not in self._names:
            self._names[code] = function_of(code)
        return self._names[code]

    @pytest.hookimpl
    def pytest_collection_finish(self) -> None:
        self.shared = self._taken()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        done = yield
        self.reached[item.nodeid] = self._taken()
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known = self.seconds.get(report.nodeid, 0)
        self.seconds[report.nodeid] = known + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def function_of(code: CodeType) -> str:
    """Return "module:function" of code of the package, "" of other code."""
    path = Path(code.co_filename)
    if not path.is_relative_to(SOURCE / "evidence"):
        return ""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return f"{module}:{code.co_qualname}"


def record(tell: Callable[[str], None]) -> None:
    """Run each file of tests that is new or another one, and keep what it reaches."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = {one.file for one in read()}
    for file in files():
        if file in known:
            continue

        def work(file: str = file) -> None:
            # What other files of pages are compared with is written by this run.
            os.environ["MUTANTS_RECORD"] = "1"
            recorder = Recorder()
            recorder.start()
            tried([str(ROOT / file)], recorder)
            sys.settrace(None)
            if recorder.failed:
                sys.stdout.write(f"failed without any change: {recorder.failed}\n")
                raise RuntimeError
            names = sorted(set().union(recorder.shared, *recorder.reached.values()))
            numbers = {one: at for at, one in enumerate(names)}
            line = {
                "file": file,
                "digest": _digest(file),
                "names": names,
                "seconds": recorder.seconds,
                "shared": sorted(numbers[one] for one in recorder.shared),
                "reached": {
                    one: sorted(numbers[name] for name in found)
                    for one, found in recorder.reached.items()
                },
            }
            with REACHED.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        status = apart(work, FOLDER / "output.txt")
        tell(f"{file}: {'read' if not status else 'FAILED'}")


def read() -> list[Reach]:
    """Return what was recorded of files that are as they were then."""
    if not REACHED.is_file():
        return []
    found: dict[str, Reach] = {}
    asked = files()
    for line in REACHED.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if one["file"] not in asked or one["digest"] != _digest(one["file"]):
            continue
        names = one["names"]
        reached = {test: {names[at] for at in ats} for test, ats in one["reached"].items()}
        shared = {names[at] for at in one["shared"]}
        found[one["file"]] = Reach(one["file"], one["seconds"], reached, shared)
    return list(found.values())


def _digest(file: str) -> str:
    return sha256((ROOT / file).read_bytes()).hexdigest()[:12]
