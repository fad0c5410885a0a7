"""Where the seconds of a build go: `make profile` runs it and writes its section of results.

The build runs in this process, in a copy of the project, one notebook at a time, and functions of
it are wrapped. Seconds are those of the processor: of this process, and of kernels as the system
counts them before and after each cell.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks import commands, sections

TITLE = "Where the seconds of a build go"
STEPS = {
    "start": "Kernels: start, with the imports of Jupyter",
    "imports": "Kernels: first lines of a notebook, which import the package and read the data",
    "cells": "Kernels: all other cells",
    "shared": "Kernels: what they share",
    "client": "Messages with kernels, reading and writing of notebooks",
    "page": "Pages: HTML",
    "pandoc": "Word and PDF: pandoc",
    "docx": "Word: all else",
    "pdf": "PDF: all else, with typst",
    "rest": "What a build does once: imports, index, ledger, files",
}


@dataclass(slots=True)
class Spent:
    """Seconds by step, and by step and notebook."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    inner: float = 0.0

    def add(self, step: str, taken: float) -> None:
        """Count seconds of a step."""
        self.seconds[step] += taken


def _of_kernel(process: Any) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _of_children() -> float:
    """Return what processes that were started and have ended took, with all that they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def wrapped(spent: Spent) -> Iterator[None]:
    """Count what the parts of a build take, until the end of the block."""
    from nbclient import NotebookClient

    from evidence.reports import documents, kernel, render
    from evidence.reports.documents import pdf, word

    seen: dict[int, int] = {}
    replaced: list[tuple[Any, str, Any]] = []

    def replace(place: Any, name: str, by: Callable[..., Any]) -> None:
        replaced.append((place, name, getattr(place, name)))
        setattr(place, name, by)

    def timed(place: Any, name: str, step: str) -> None:
        real = getattr(place, name)

        def call(*given: Any, **named: Any) -> Any:
            before, within = time.process_time(), spent.inner
            try:
                return real(*given, **named)
            finally:
                taken = time.process_time() - before
                spent.add(step, taken - (spent.inner - within))
                spent.inner = within + taken

        replace(place, name, call)

    real_cell = NotebookClient.execute_cell

    def cell(client: Any, cell: Any, index: int, *rest: Any, **named: Any) -> Any:
        provisioner = client.km.provisioner
        pid = getattr(provisioner, "pid", None) or provisioner.process.pid
        process = psutil.Process(pid)
        before = _of_kernel(process)
        done = real_cell(client, cell, index, *rest, **named)
        taken = _of_kernel(process) - before
        if cell.cell_type == "code":
            count = seen[pid] = seen.get(pid, 0) + 1
            if count == 1:
                spent.add("start", before)
            first = "no-output" in cell.metadata.get("tags", ())
            spent.add("imports" if first else "cells", taken)
        return done

    real_pandoc = documents.pandoc

    def pandoc(*given: Any, **named: Any) -> Any:
        before = _of_children()
        try:
            return real_pandoc(*given, **named)
        finally:
            # No kernel ends meanwhile: notebooks run one at a time.
            spent.add("pandoc", _of_children() - before)

    replace(documents, "pandoc", pandoc)
    timed(kernel, "run", "client")
    timed(render, "page", "page")
    timed(word, "make", "docx")
    timed(pdf, "make", "pdf")
    replace(NotebookClient, "execute_cell", cell)
    try:
        yield
    finally:
        for place, name, real in reversed(replaced):
            setattr(place, name, real)


def profiled(way: str, names: list[str]) -> dict[str, float]:
    """Build reports of a copy and return what the steps took, and how many reports there are."""
    spent = Spent()
    started, below = time.process_time(), _of_children()
    from evidence.reports import kernel
    from evidence.reports.build import build

    if way == "started":
        kernel.FORKED = sys.maxsize
    with tempfile.TemporaryDirectory() as folder:
        root = commands.whole(Path(folder))
        with wrapped(spent):
            built = build(names or None, root=root, jobs=1, force=True, accept=True)
    if built.failures:
        sys.exit("\n".join(map(str, built.failures)))
    here = sum(spent.seconds[one] for one in ("client", "page", "docx", "pdf"))
    spent.add("rest", time.process_time() - started - here)
    known = sum(spent.seconds[one] for one in ("start", "imports", "cells", "pandoc"))
    spent.add("shared", _of_children() - below - known)
    return {**spent.seconds, "reports": float(len(built.made))}


def _in_a_process(way: str, names: list[str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.profile", way, *names],
        env=commands.surroundings(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure a build both ways, each in a process of its own, and write the results."""
    way, names = "".join(sys.argv[1:2]), sys.argv[2:]
    if way in ("started", "forked"):
        json.dump(profiled(way, names), sys.stdout)
        return
    before, after = (_in_a_process(one, sys.argv[1:]) for one in ("started", "forked"))
    rows = [
        (words, f"{before[one]:.1f} s", f"{after[one]:.1f} s", f"{after[one] / before[one]:.2f}")
        for one, words in STEPS.items()
    ]
    whole, less = (sum(found[one] for one in STEPS) for found in (before, after))
    rows.append(("In all", f"{whole:.1f} s", f"{less:.1f} s", f"{less / whole:.2f}"))
    sections.put(
        TITLE,
        f"""Made by `make profile` in one run: all {before["reports"]:.0f} reports in all formats,
one notebook at a time. Seconds of the processor, by step. "Started" is a build whose kernels each
start anew, as they did before they were forked from one process that has imported the package and
read the data.

{sections.measured_on("numpy", "pandas", "papermill", "nbconvert", "typst")}

{sections.table(("step", "started", "forked", "ratio"), rows)}""",
    )


if __name__ == "__main__":
    main()
