"""Builds that are killed at some moment, what stands then, and the build after it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from evidence import ledger
from evidence.errors import EvidenceError
from tests.kills import project

PART = ".evidence-part"
TIMEOUT = 600
"""Seconds after which a build hangs."""
SOON = 30
"""Seconds in which what a killed build had started must have ended."""
PHASES = ("all old", "old and new", "all new")

Files = Mapping[str, bytes]


@dataclass
class Counts:
    """What came of kills.

    Attributes
    ----------
    killed, alone : int
        Builds that were killed, and of how many only the first process.
    stood : Counter
        What stood after them, out of `PHASES`.
    left : int
        Kills that left an unfinished file, which the next build had to clear away.
    failures : list of str
        A text for each kill after which something was not as it must be.
    """

    killed: int = 0
    alone: int = 0
    stood: Counter[str] = field(default_factory=Counter)
    left: int = 0
    failures: list[str] = field(default_factory=list)


class Bench:
    """A project in two states, each built from the other without a kill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._work = folder / "work"
        self._good: dict[str, Files] = {}
        self._shown: dict[str, Files] = {}
        self.seconds: dict[str, float] = {}
        project.make(self._work)
        # The first build of all has no other before it, and is not measured.
        for state in (*project.STATES, *project.STATES):
            project.turn(self._work, state)
            (self._work / "reports" / "superseded.csv").unlink(missing_ok=True)
            started = time.monotonic()
            done = _build(self._work)
            if done.returncode:
                raise RuntimeError(done.stderr)
            self.seconds[state] = time.monotonic() - started
            self._good[state] = _made(self._work)
            self._shown[state] = _reports(self._work)
            shutil.rmtree(folder / state, ignore_errors=True)
            shutil.copytree(self._work, folder / state)

    def kill(self, step: int, seed: int, counts: Counts, *, aimed: bool = False) -> None:
        """Kill the build of a step at a moment that follows from step and seed, and the next one.

        Parameters
        ----------
        step, seed : int
            From which state, moment and what is killed follow.
        counts : Counts
            What came of it is added.
        aimed : bool
            Whether the moment is one of those in which files are written and replaced.
        """
        chance = Random(f"{seed} {aimed} {step}")
        old, new = project.STATES if step % 2 else project.STATES[::-1]
        alone = chance.random() < 0.5
        while True:
            share = chance.random()
            # None: when the first unfinished file is there.
            replaced = chance.randrange(len(self._shown[old])) if aimed else 0
            shutil.rmtree(self._work)
            shutil.copytree(self.folder_of(old), self._work)
            project.turn(self._work, new)
            # What one build supersedes is looked at; all before it would only grow.
            (self._work / "reports" / "superseded.csv").unlink(missing_ok=True)
            if self._killed(share * self.seconds[new], alone, replaced if aimed else None):
                break
        counts.killed += 1
        counts.alone += alone
        faults = self._faults_before(old, new, counts)
        done = _build(self._work)
        if done.returncode:
            faults.append(f"the next build ended with {done.returncode}: {done.stderr[-500:]}")
        faults += self._faults_after(new)
        if faults:
            kind = "first process" if alone else "all processes"
            place = f"seed {seed}, step {step}{', aimed' if aimed else ''}, {kind}, {share:.3f}"
            counts.failures.append(f"{place}: {'; '.join(faults)}")

    def folder_of(self, state: str) -> Path:
        """Return the folder with a project that was built in a state."""
        return self._folder / state

    def _killed(self, moment: float, alone: bool, replaced: int | None) -> bool:
        """Start a build and kill it; whether it still ran then.

        The moment is so many seconds after its start, or when so many files are replaced.
        """
        folder = self._work / "reports"
        before = _places(folder)
        run = subprocess.Popen(
            _COMMAND, cwd=self._work, env=_environment(self._work), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if replaced is None:
            time.sleep(moment)
        else:
            while run.poll() is None and not list(folder.glob(f".*{PART}")):
                time.sleep(0.002)
            while run.poll() is None and len(_places(folder) - before) < replaced:
                continue
        running = run.poll() is None
        # Kernels have sessions of their own, which a signal to that of the build does not reach.
        for one in [run.pid] if alone else [run.pid, *_below(run.pid)]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        run.wait()
        return running

    def _faults_before(self, old: str, new: str, counts: Counts) -> list[str]:
        """Count what stands after a kill, and return what must not stand there."""
        faults = []
        found = _reports(self._work)
        kinds: set[str] = set()
        for name in self._shown[old].keys() | self._shown[new].keys() | found.keys():
            states = {one for one in (old, new) if self._shown[one].get(name) == found.get(name)}
            # A file that is written by no build before is not there yet.
            if name == "superseded.csv" and name not in found:
                states = {old}
            if not states:
                faults.append(f"{name} is neither the old one nor the new one")
            elif len(states) == 1:
                kinds |= states
        counts.stood[PHASES[1 if len(kinds) == 2 else 2 if kinds == {new} else 0]] += 1
        counts.left += bool(list(self._work.rglob(f"*{PART}")))
        try:
            ledger.read(self._work / "reports" / "estimates.csv")
            ledger.read_superseded(self._work / "reports" / "superseded.csv")
            json.loads((self._work / ".cache" / "manifest.json").read_text(encoding="utf-8"))
        except (EvidenceError, ValueError, OSError) as error:
            faults.append(f"cannot be read: {error}")
        return faults

    def _faults_after(self, new: str) -> list[str]:
        """Return what is not as a build that nobody disturbed leaves it."""
        found, wanted = _made(self._work), self._good[new]
        faults = [
            f"{name} is another one than without a kill"
            for name in sorted(found.keys() | wanted.keys())
            if found.get(name) != wanted.get(name)
        ]
        left = list(self._work.rglob(f"*{PART}"))
        left += (self._work / ".cache" / "runtime").glob("*")
        faults += [f"{one.relative_to(self._work)} was left behind" for one in left]
        with (self._work / ".cache" / "build.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                faults.append("the lock is still held")
        until = time.monotonic() + SOON
        while (running := _inside(self._work)) and time.monotonic() < until:
            time.sleep(0.2)
        return faults + [f"process {one} runs on" for one in running]


_COMMAND = [sys.executable, "-m", "evidence", "build"]


def _environment(root: Path) -> dict[str, str]:
    # What pandoc reads stands in the folder of the system, which clears it away itself.
    (root / "tmp").mkdir(exist_ok=True)
    # The day on which a number was superseded stands in a file.
    return {**os.environ, "SOURCE_DATE_EPOCH": "1767225600", "TMPDIR": str(root / "tmp")}


def _build(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _COMMAND, cwd=root, env=_environment(root), capture_output=True, text=True,
        check=False, timeout=TIMEOUT,
    )  # fmt: skip


def _places(folder: Path) -> set[tuple[str, int]]:
    """Return the finished files of a folder, each with the place of its content on the disk."""
    with os.scandir(folder) as found:
        return {(one.name, one.inode()) for one in found if not one.name.endswith(PART)}


def _reports(root: Path) -> Files:
    """Return what readers see: all but the catalog, which is no work of a build."""
    return {
        one.name: one.read_bytes()
        for one in (root / "reports").iterdir()
        if one.name != "catalog.toml" and not one.name.endswith(PART)
    }


def _made(root: Path) -> Files:
    """Return all that a build makes and another reads."""
    known = [*(root / ".cache" / "numbers").iterdir(), root / ".cache" / "manifest.json"]
    return {**_reports(root), **{f".cache/{one.name}": one.read_bytes() for one in known}}


def _below(process: int) -> list[int]:
    """Return the processes that a process started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for one in Path("/proc").glob("[0-9]*"):
        try:
            stat = (one / "stat").read_text()
        except OSError:
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(one.name))
    found = parents.get(process, [])
    return [*found, *(below for one in found for below in _below(one))]


def _inside(root: Path) -> list[int]:
    """Return the processes that work in a folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if (one / "cwd").resolve().is_relative_to(root.resolve()):
                found.append(int(one.name))
        except OSError:
            continue
    return found
