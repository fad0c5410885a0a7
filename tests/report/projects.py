"""A project small enough to build in a second: one notebook, data without trials, a catalog."""

import json
from pathlib import Path
from typing import Any

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
SETUP = """import sys
import evidence
from evidence.display.escape import html
from evidence.display.output import Block
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
if word == "fail":
    raise ParameterError("word", word, "a word that selects something")
sys.stderr.write("for the log")
entry = LedgerEntry(
    f"tiny.{word}", f"<{word}>", "hedges_g", "difference", value, -0.25, 1.0, 0.95, None, 2, 40,
    "usual_care", "usual_care", "post", "converted", "none", (), (), (), (), (), "1.0.0",
)
"""
ANSWER = """evidence.show(Block("The answer.", '<p class="say">The &lt;answer&gt;.</p>'))"""
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
    for name in ("data", "notebooks", "reports"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "data" / "datapackage.json").write_text('{"version": "1.0.0"}')
    (root / "data" / "locators.csv").write_text("locator_id,accessed\na,2025-03-01\nb,2026-01-09\n")
    (root / "data" / "trials.csv").write_text("trial_id,label\nt1,One 2001\nt2,Two 2002\n")
    (root / "requirements.lock").write_text("nothing\n")
    (root / "notebooks" / "tiny.ipynb").write_text(json.dumps(made or tiny()))
    (root / "reports" / "catalog.toml").write_text(catalog)
    return root
