"""A project small enough to build in a second: one notebook, the small data package, a catalog."""

import json
from pathlib import Path
from typing import Any

from tests.data import packages

CATALOG = """
[[report]]
id = "first"
title = "First <report>"
notebook = "tiny.ipynb"
parameters = { word = "one" }
formats = ["html"]
"""
PARAMETERS = """word: str = "one"  # a word, or fail
value: float = 0.5  # a number
trial_id: str | None = None  # a trial
"""
SETUP = """import os
import signal
import sys
import threading
from pathlib import Path
import evidence
from evidence.blocks.escape import html
from evidence.blocks.output import Block
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
if word == "fail":
    raise ParameterError("word", word, "a word that selects something")
if word == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if word == "wait":
    Path(".cache/waits").touch()
    threading.Event().wait()
sys.stderr.write("for the log")
entry = LedgerEntry(
    estimate_id=f"tiny.{word}", label=f"<{word}>", entry_kind="pooled", metric="hedges_g",
    scale="difference", favors="above_0", effect=value, ci_low=-0.25, ci_high=1.0, ci_level=0.95,
    k=2, n=40, comparator="usual_care", comparator_class="usual_care", timepoint="post",
    processing="converted", method="none", data_version="1.0.0",
)
"""
ANSWER = """evidence.show(Block('<p class="say">The &lt;answer&gt;.</p>'))"""
PROSE = "# Title of the notebook\n\nSome *prose*.\n\n## How to cite {#cite}\n\nLike this."


def notebook(*cells: tuple[str, str, str]) -> dict[str, Any]:
    """Return a notebook of cells, each its tag, its type and its source."""
    made = []
    for number, (tag, kind, source) in enumerate(cells):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{number:02d}",
            "metadata": {"tags": [tag]} if tag else {},
            "source": source.splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    return {
        "cells": made,
        "metadata": {"kernelspec": {"name": "absent", "display_name": "x", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def tiny() -> dict[str, Any]:
    """Return the notebook of the project."""
    return notebook(
        ("parameters", "code", PARAMETERS),
        ("no-output", "code", SETUP),
        ("notebook-only", "markdown", "Not in the report."),
        ("", "code", ANSWER),
        ("", "markdown", PROSE),
        ("", "code", "evidence.show(entry)"),
        ("", "code", "print('<printed>')"),
    )


def make(root: Path, *, catalog: str = CATALOG, made: dict[str, Any] | None = None) -> Path:
    """Write the project into a folder and return it."""
    for name in ("notebooks", "reports"):
        (root / name).mkdir(parents=True, exist_ok=True)
    packages.build(root / "data")
    descriptor = root / "data" / "datapackage.json"
    content = json.loads(descriptor.read_text(encoding="utf-8"))
    descriptor.write_text(json.dumps({**content, "version": "1.0.0"}), encoding="utf-8")
    (root / "requirements.lock").write_text("nothing\n")
    (root / "notebooks" / "tiny.ipynb").write_text(json.dumps(made or tiny()))
    (root / "reports" / "catalog.toml").write_text(catalog)
    return root
