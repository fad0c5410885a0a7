"""The page of results: one section for each command that measures, each replaced alone."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.commands import ROOT

RESULTS = Path(__file__).with_name("results.md")
_SECTION = re.compile(r"^## ", re.MULTILINE)


def put(title: str, text: str) -> None:
    """Replace a section of the page, or add it; with an empty title the part before all others."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else ""
    RESULTS.write_text(replaced(old, title, text), encoding="utf-8")


def replaced(page: str, title: str, text: str) -> str:
    """Return a page with another text of one section; the others stay as they are."""
    first, *rest = _SECTION.split(page)
    sections = {one.partition("\n")[0]: one.partition("\n")[2].strip() for one in rest}
    if title:
        sections[title] = text.strip()
    else:
        first = text
    parts = [first.strip(), *(f"## {name}\n\n{one}" for name, one in sections.items())]
    return "\n\n".join(parts) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(one)} |" for one in lines)


def measured_on(*packages: str) -> str:
    """Return what was measured on which machine, as the lines of a list."""
    named = ", ".join(f"{one} {version(one)}" for one in packages)
    own = version("attachment-therapy-evidence")
    return f"- Machine: {machine()}\n- Commit: {commit()}\n- This package {own} with {named}"


def machine() -> str:
    """Tell what the run was on, without names of hosts and folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory, "
        f"{platform.system()}; Python {platform.python_version()}"
    )


def commit() -> str:
    """Return the commit that was measured, and whether files of the package differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "src", "data", "notebooks", "benchmarks/*.py")
    name = git("rev-parse", "--short=12", "HEAD") or "not known"
    return f"{name}, with changes that are not committed" if changed else name
