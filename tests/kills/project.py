"""A project with four small reports, in two states whose pages and numbers all differ."""

import json
from pathlib import Path

from tests.reports import projects

_REPORT = """
[[report]]
id = "{name}"
title = "{name}, {state}"
notebook = "tiny.ipynb"
parameters = {{ word = "{name}", value = {value} }}
formats = {formats}
"""
_FORMATS = {
    "one": '["html", "docx"]',
    "two": '["html"]',
    "three": '["html", "pdf"]',
    "four": '["html"]',
}
_STATES = {"old": (0.5, "1.1.0"), "new": (0.25, "1.2.0")}
STATES = tuple(_STATES)


def make(root: Path) -> None:
    """Write the project into a folder, in no state yet."""
    projects.make(root, catalog="")


def turn(root: Path, state: str) -> None:
    """Let a project ask for the reports of a state, with data of another version."""
    value, version = _STATES[state]
    reports = [
        _REPORT.format(name=name, state=state, value=value, formats=formats)
        for name, formats in _FORMATS.items()
    ]
    (root / "reports" / "catalog.toml").write_text("".join(reports), encoding="utf-8")
    descriptor = root / "data" / "datapackage.json"
    content = json.loads(descriptor.read_text(encoding="utf-8"))
    descriptor.write_text(json.dumps({**content, "version": version}), encoding="utf-8")
