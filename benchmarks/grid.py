"""A grid of 500 reports from an imported database, stopped and gone on: `make grid` runs it.

The database is one of `data/context`. Its reports are those of each question that two of its trials
answer, by each estimator of the variance between trials and each interval, short and as HTML.
"""

import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import sections
from benchmarks.commands import ROOT, surroundings

REPORTS = 500
STOPPED_AT = 37
MOST = 20
"""Trials of a report; those of larger questions are not small."""
DATABASE = ROOT / "data" / "context" / "depression-childadol-psyctr"
PLACE = ROOT / ".cache" / "grid"
TAU2 = ("REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common")
INTERVALS = ("hksj_adhoc", "hksj", "wald")
TITLE = "A grid of 500 reports"


def imported(package: Path) -> None:
    """Import the database as a data package."""
    from evidence.metapsy import import_database

    source = json.loads((DATABASE / "source.json").read_text(encoding="utf-8"))
    told = ("title", "version", "doi", "outcome", "positive_g")
    import_database(
        DATABASE / "data.csv",
        package,
        accessed=date.fromisoformat(source["accessed"]),
        **{name: source[name] for name in told if name in source},
    )


def catalog(package: Path, count: int) -> str:
    """Return a catalog of so many pooled effects of the package."""
    from evidence.data.dataset import load
    from evidence.reports import package_catalog

    asked = package_catalog.questions(load(package))
    pooled = [
        one
        for one in asked
        if package_catalog.ENOUGH <= one.trials <= MOST and one.notebook.startswith("10_")
    ]
    choices = itertools.product(INTERVALS, TAU2, ("include", "exclude"), (0.5, 0.3, 0.4, 0.6, 0.7))
    grid: list[tuple[Any, dict[str, Any]]] = []
    for (interval, tau2, imputed, correlation), one in itertools.product(choices, pooled):
        given: dict[str, Any] = {"interval": interval, "tau2": tau2, "imputed": imputed}
        given |= {"correlation": correlation, "model": "one_per_trial"}
        grid.append((one, {**one.parameters, **given}))
    if len(grid) < count:
        sys.exit(f"the database has {len(grid)} reports, of {count}")
    text = ""
    for number, (one, given) in enumerate(grid[:count], start=1):
        values = ", ".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
        text += (
            f'\n[[report]]\nid = "grid-{number:03d}"\ntitle = {json.dumps(one.title)}\n'
            f'notebook = "{one.notebook}"\nparameters = {{ {values} }}\nformats = ["html"]\n'
        )
    return text


def build(package: Path, *options: str, stop_at: int = 0) -> tuple[int, float, float, list[str]]:
    """Build; return the exit code, seconds by the clock and of the processor, and progress.

    It is stopped, as by Ctrl-C, when it says that so many reports are ready.
    """
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.Popen(
        [sys.executable, "-m", "evidence", "build", "--data", str(package), *options],
        cwd=ROOT,
        env=surroundings(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert run.stderr is not None
    said = []
    for line in run.stderr:
        said.append(line.strip())
        if len(said) % 25 == 0:
            print(line, end="", flush=True)  # noqa: T201
        if stop_at and line.startswith(f"{stop_at} of "):
            run.send_signal(signal.SIGINT)
    run.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return run.returncode, time.perf_counter() - started, used, said


def main() -> None:
    """Build the grid, stop it at its 37th report, go on, and write what it took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS
    shutil.rmtree(PLACE, ignore_errors=True)
    package = PLACE / "package"
    imported(package)
    reports = package / "reports"
    reports.mkdir()
    (reports / "catalog.toml").write_text(catalog(package, count), encoding="utf-8")
    tomllib.loads((reports / "catalog.toml").read_text(encoding="utf-8"))
    jobs = os.cpu_count() or 1
    code, first, used_first, said = build(package, "--jobs", str(jobs), stop_at=STOPPED_AT)
    if code != 130 or list(reports.glob("*.html")):
        sys.exit(f"the build was not stopped as it should be ({code}): {said[-3:]}")
    ready = len(list((reports / ".cache" / "ready").glob("*.json")))
    code, second, used_second, said = build(package, "--jobs", str(jobs))
    expected = f"{ready} of {count} were ready when an earlier build stopped"
    pages = len(list(reports.glob("grid-*.html")))
    if code or said[0] != expected or ready < STOPPED_AT or pages != count:
        sys.exit(f"the build did not go on ({code}, {pages} pages): {said[:1]}, {said[-3:]}")
    ran = [one for one in said if re.match(rf"\d+ of {count}: ", one)]
    if len(ran) != count - ready:
        sys.exit(f"{len(ran)} reports ran after {ready} were ready")
    code, idle, _, _ = build(package)
    rest = f"{count - ready} reports; {second:.0f} s, {used_second:.0f} s of the processor"
    sections.put(
        TITLE,
        f"""Made by `make grid` in one run: {
            count
        } short reports (HTML) of pooled effects from the imported
database `{DATABASE.name}`, {jobs} notebooks at a time. The build is stopped as by Ctrl-C when it
says "{STOPPED_AT} of {count}", and goes on with the next command.

{sections.measured_on("numpy", "pandas", "papermill", "nbconvert")}

{
            sections.table(
                ("measure", "value"),
                [
                    (
                        "Until it was stopped",
                        f"{ready} reports ready, none replaced; {first:.0f} s",
                    ),
                    (
                        "From there to the end, with index and ledger",
                        rest,
                    ),
                    ("Reports a minute", f"{60 * (count - ready) / second:.0f} on {jobs} cores"),
                    (
                        "The same, calculated as if no other program had used the cores",
                        f"{60 * jobs * (count - ready) / used_second:.0f}",
                    ),
                    (
                        "Seconds of the processor for a report",
                        f"{(used_first + used_second) / count:.2f}",
                    ),
                    ("A build with nothing to do", f"{idle:.1f} s"),
                ],
            )
        }""",
    )


if __name__ == "__main__":
    main()
