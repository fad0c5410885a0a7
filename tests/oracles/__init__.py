"""Reference numbers from R; tests/oracles/README.md says what they are and what is compared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent


def names(folder: str) -> list[str]:
    """Data sets that have a file in a folder of oracles."""
    return sorted(path.stem for path in (ROOT / folder).glob("*.json"))


def read(folder: str, name: str) -> dict[str, Any]:
    """Read the oracles of one data set."""
    text = (ROOT / folder / f"{name}.json").read_text(encoding="utf-8")
    contents: dict[str, Any] = json.loads(text)
    return contents


def analyses(folder: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give every analysis of a folder as data set, its file, and the analysis."""
    for name in names(folder):
        contents = read(folder, name)
        for analysis in contents["analyses"]:
            yield name, contents, analysis
