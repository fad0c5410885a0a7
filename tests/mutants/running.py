"""One change at a time: the tests that reach it are run until one fails."""

import gc
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutants.changes import Change, changed, file_of
from tests.mutants.reach import FOLDER, ROOT, Reach, apart, tried

BUDGET = 45.0
"""Seconds that the tests of a change take where nothing is changed; slower ones are not run."""
FEW = 3
"""Reports; where no more reach a change, all others are looked at too."""
STEPS = (3, 9)
"""Files of tests that are run first, and those before the rest."""
BUILT = "tests/mutants/built.py"
TOLD = FOLDER / "told.txt"
HANGS = 40
"""Seconds beyond ten times its own after which a test hangs; reading all files may take longer."""

Plan = list[dict[str, list[str]]]
"""Runs of tests, each its tests by their file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change.

    Attributes
    ----------
    found : str
        "tests" or "built" where one failed, "hangs" where one did not end, "unreadable" where tests
        could not be read; "" where none noticed.
    by : str
        What noticed it.
    tried : int
        Tests that were run.
    """

    found: str
    by: str
    tried: int


class Planted(MetaPathFinder):
    """Gives the changed module to whoever imports it; no file is written."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._change.module:
            return None
        file = file_of(name)
        inside = [str(file.parent)] if file.stem == "__init__" else None
        loader = _Loader(name, str(file), self._change.at)
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=inside)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, at: int) -> None:
        super().__init__(name, path)
        self._at = at

    def get_code(self, fullname: str) -> CodeType:
        return compile(changed(fullname, self._at), self.path, "exec", dont_inherit=True)


class Watch:
    """Tells what was begun, and ends the process where a test fails or does not end."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.alarm(int(HANGS + 10 * self._seconds[nodeid]))
        _tell(f"begun {nodeid}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            _tell(f"failed {report.nodeid}")
            os._exit(1)


class Once(Watch):
    """Reads all tests once and lets `work` run them as it wants, each time in another process."""

    def __init__(self, seconds: Mapping[str, float], work: Callable[["Once"], None]) -> None:
        super().__init__(seconds)
        self._work = work
        self._items: dict[str, pytest.Item] = {}
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        self._kept: list[Any] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {one.nodeid: one for one in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                code = one.__code__
                key = code.co_filename, code.co_qualname, code.co_firstlineno
                self._functions.setdefault(key, []).append(one)
            elif isinstance(one, _Cached):
                self._kept.append(one)
        gc.freeze()
        self._work(self)
        return True

    def plant(self, change: Change) -> bool:
        """Give the functions of this process the changed code; whether that is how it is done."""
        if change.module not in sys.modules:
            sys.meta_path.insert(0, Planted(change))
            return True
        planted = False
        file = str(file_of(change.module))
        whole = compile(changed(change.module, change.at), file, "exec", dont_inherit=True)
        for code in _codes(whole):
            key = file, code.co_qualname, code.co_firstlineno
            for function in self._functions.get(key, ()):
                if function.__code__ != code and change.function.startswith(code.co_qualname):
                    function.__code__ = code
                    planted = True
        return planted

    def run(self, tests: Sequence[str]) -> None:
        """Run tests in their order, with nothing kept of earlier calls."""
        for one in self._kept:
            one.cache_clear()
        items = [self._items[one] for one in tests]
        for at, item in enumerate(items, 1):
            following = items[at] if at < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class Chosen(Watch):
    """Runs chosen tests in their order, of all that were read."""

    def __init__(self, seconds: Mapping[str, float], chosen: Mapping[str, list[str]]) -> None:
        super().__init__(seconds)
        tests = [test for one in chosen.values() for test in one]
        self._order = {test: at for at, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (one for one in items if one.nodeid in self._order),
            key=lambda one: self._order[one.nodeid],
        )


_Cached = type(cache(lambda: None))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of functions that are in no other function."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            # What a class holds runs once; its functions are those that stay.
            if one.co_flags & inspect.CO_OPTIMIZED:
                yield one
            else:
                yield from _codes(one)


def _tell(line: str) -> None:
    with TOLD.open("a", encoding="utf-8") as told:
        told.write(f"{line}\n")


def plan(change: Change, reaches: Sequence[Reach]) -> Plan:
    """Return the tests of a change: those that reach it first, of each kind the fastest files.

    What is prepared once for a file, or for all files, is reached by its first test alone; so the
    other tests of a file that reaches it are run after those that do.
    """
    key = f"{change.module}:{change.function}"
    reaching: list[tuple[float, str, list[str]]] = []
    others: list[tuple[float, str, list[str]]] = []
    built: dict[str, list[str]] = {}
    for one in reaches:
        if key not in one.shared and not any(key in found for found in one.reached.values()):
            continue
        by_time = sorted(one.seconds, key=lambda test: one.seconds[test])
        direct = [test for test in by_time if key in one.reached[test]]
        rest = [test for test in by_time if key not in one.reached[test]]
        if one.file == BUILT:
            # Estimates are made once and kept; what shows them is each report.
            built = {BUILT: direct if len(direct) > FEW else [*direct, *rest]}
            continue
        for into, tests in ((reaching, direct), (others, rest)):
            if tests:
                # A file near the module is more likely to look at what it does.
                time = sum(one.seconds[test] for test in tests) + 1
                into.append((time / 30 ** _near(change.module, one.file), one.file, tests))
    seconds = {test: time for one in reaches for test, time in one.seconds.items()}
    runs: Plan = [{}, {}, {}, {}]
    left = BUDGET
    for at, (_, file, tests) in enumerate([*sorted(reaching), *sorted(others)]):
        into = 3 if at >= len(reaching) else sum(at >= step for step in STEPS)
        for test in tests:
            if seconds[test] <= left:
                left -= seconds[test]
                runs[into].setdefault(file, []).append(test)
    return [one for one in [*runs, built] if one]


def _near(module: str, file: str) -> int:
    """Count the parts of the name of a module that the path of a file of tests has."""
    names = {one.removeprefix("test_") for one in Path(file).with_suffix("").parts}
    # What is printed becomes an estimate by way of an entry.
    names |= {"estimation"} if "entry" in names else set()
    return sum(one in names for one in module.split(".")[1:])


def outcomes(
    changes: Sequence[Change],
    reaches: Sequence[Reach],
    keep: Callable[[Change, Outcome], None],
    *,
    plants: bool = True,
) -> None:
    """Run the tests of each change until one fails.

    Parameters
    ----------
    changes : sequence of Change
        What is tried, one after the other; those outside of functions come last.
    reaches : sequence of Reach
        What the tests reach.
    keep : callable
        Called with each change and what became of it.
    plants : bool
        Whether the change is made; without it all tests must pass.
    """
    seconds = {test: time for one in reaches for test, time in one.seconds.items()}
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    later = FOLDER / "later.txt"
    later.write_text("", encoding="utf-8")

    def work(once: Once) -> None:
        for at, change in enumerate(changes):
            found = _of_function(change, plan(change, reaches), once, plants=plants)
            if found is not None:
                keep(change, found)
            else:
                with later.open("a", encoding="utf-8") as lines:
                    lines.write(f"{at}\n")

    def read_once() -> None:
        tried([str(ROOT / one.file) for one in reaches], Once(seconds, work), "-s")

    if apart(read_once):
        raise RuntimeError("the tests cannot be read")
    for line in later.read_text(encoding="utf-8").splitlines():
        change = changes[int(line)]
        keep(change, _of_module(change, plan(change, reaches), seconds))


def _of_function(change: Change, runs: Plan, once: Once, *, plants: bool) -> Outcome | None:
    """Return what becomes of a change in a function; None where it is outside of all."""
    elsewhere = 77

    def work() -> None:
        if plants and not once.plant(change):
            os._exit(elsewhere)
        once.run([test for run in runs for tests in run.values() for test in tests])

    TOLD.write_text("", encoding="utf-8")
    status = apart(work, FOLDER / "output.txt")
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == elsewhere:
        return None
    return _told(status)


def _of_module(change: Change, runs: Plan, seconds: Mapping[str, float]) -> Outcome:
    """Return what becomes of a change that is made when its module is imported."""
    found = Outcome("", "", 0)
    TOLD.write_text("", encoding="utf-8")
    for chosen in runs:

        def work(chosen: dict[str, list[str]] = chosen) -> None:
            sys.meta_path.insert(0, Planted(change))
            signal.alarm(3 * HANGS)
            code = tried([str(ROOT / one) for one in chosen], Chosen(seconds, chosen))
            sys.stdout.flush()
            if code:
                os._exit(code)

        found = _told(apart(work, FOLDER / "output.txt"))
        if found.found:
            break
    return found


def _told(status: int) -> Outcome:
    """Return what tests told, from the end of their process."""
    lines = TOLD.read_text(encoding="utf-8").splitlines()
    failed = [one.partition(" ")[2] for one in lines if one.startswith("failed ")]
    begun = [one.partition(" ")[2] for one in lines if one.startswith("begun ")]
    if failed:
        return Outcome("built" if failed[0].startswith(BUILT) else "tests", failed[0], len(begun))
    if os.WIFSIGNALED(status):
        return Outcome("hangs", begun[-1] if begun else "", len(begun))
    if os.WEXITSTATUS(status):
        said = (FOLDER / "output.txt").read_text(encoding="utf-8", errors="replace")
        return Outcome("unreadable", said.strip()[-300:], len(begun))
    return Outcome("", "", len(begun))
