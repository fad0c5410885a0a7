"""Seconds of the processor that commands take, in a copy of the project."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ("abft-depression-post", "abft-suicide-attempts", "trial-repair")
"""Measured in all formats; each is made by another notebook."""

CARD = """
id = "trial-repair"
title = "Trial card"
lede = "One trial: what it reports, and what is missing."
notebook = "21_trial_card.ipynb"
parameters = { trial_id = "repair" }
"""
"""The line of one trial, which the catalog has for all trials together."""

Command = Sequence[str | Path]


def run(*command: str | Path, folder: Path, may_fail: bool = False) -> float:
    """Run a command to its end and return the seconds of the processor that it took.

    Those of all that it starts count with it. A command that fails and may not ends the run with
    what it said.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(one) for one in command],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode and not may_fail:
        sys.exit(f"{Path(command[0]).name} {' '.join(map(str, command[1:]))}:\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def surroundings() -> dict[str, str]:
    """Return the environment of a command, with this package wherever it is run."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def evidence(*arguments: str, folder: Path) -> float:
    """Run the command of this package."""
    return run(sys.executable, "-m", "evidence", *arguments, folder=folder)


def copy(folder: Path, names: Sequence[str]) -> Path:
    """Copy what makes reports, with a catalog of these alone, of which none was built."""
    for one in ("data", "notebooks"):
        shutil.copytree(ROOT / one, folder / one)
    shutil.copy(ROOT / "requirements.lock", folder)
    text = (ROOT / "reports" / "catalog.toml").read_text(encoding="utf-8")
    parts = {tomllib.loads(f"[[report]]{one}")["report"][0]["id"]: one for one in _parts(text)}
    parts["trial-repair"] = CARD
    kept = "".join(f"[[report]]{parts[name]}" for name in names)
    (folder / "reports").mkdir()
    (folder / "reports" / "catalog.toml").write_text(kept, encoding="utf-8")
    return folder


def whole(folder: Path) -> Path:
    """Copy what makes reports, with the whole catalog and the ledger, but no report."""
    for one in ("data", "notebooks"):
        shutil.copytree(ROOT / one, folder / one)
    shutil.copy(ROOT / "requirements.lock", folder)
    (folder / "reports").mkdir()
    for path in (*(ROOT / "reports").glob("*.toml"), *(ROOT / "reports").glob("*.csv")):
        shutil.copy(path, folder / "reports")
    return folder


def _parts(catalog: str) -> list[str]:
    return catalog.split("[[report]]")[1:]


def reports_in_all() -> int:
    """Count the pages of the committed reports, without their index."""
    return len(list((ROOT / "reports").glob("*.html"))) - 1


def built(folder: Path) -> float:
    """Build the reports of a copy, one notebook at a time, as if none had been built."""
    return evidence("build", "--force", "--jobs", "1", folder=folder)


def plain(name: str, folder: Path) -> tuple[float, bool]:
    """Make one report in three formats by papermill, nbconvert, pandoc and typst.

    Returns seconds, and whether a PDF was made: typst refuses pages with links to other pages.
    """
    import pypandoc  # type: ignore[import-untyped]

    catalog = tomllib.loads((folder / "reports" / "catalog.toml").read_text(encoding="utf-8"))
    report = {one["id"]: one for one in catalog["report"]}[name]
    parameters: Mapping[str, object] = report.get("parameters", {})
    scripts = Path(sys.executable).parent
    pandoc = pypandoc.get_pandoc_path()
    made = folder / "plain"
    made.mkdir(exist_ok=True)
    commands: list[Command] = [
        (
            *(scripts / "papermill", folder / "notebooks" / report["notebook"], "report.ipynb"),
            *("-k", "python3", "-y", json.dumps(parameters)),
        ),
        (scripts / "jupyter-nbconvert", "--to", "html", "--no-input", "report.ipynb"),
        (pandoc, "report.html", "-o", "report.docx"),
        (pandoc, "-s", "report.html", "--extract-media=media", "-o", "report.typ"),
    ]
    taken = sum(run(*one, folder=made) for one in commands)
    typeset = "import typst; typst.compile('report.typ', output='report.pdf')"
    taken += run(sys.executable, "-c", typeset, folder=made, may_fail=True)
    has_pdf = (made / "report.pdf").is_file()
    shutil.rmtree(made)
    return taken, has_pdf
