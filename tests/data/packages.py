"""Small data packages for the tests: a valid one, and changes of it."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data"
VALID = HERE / "valid"
BROKEN = HERE / "broken"

ABSENT = ".absent"
"""Ending of an empty file that says that the file of this name is not in the package."""


def build(folder: Path, overlay: Path | None = None) -> Path:
    """Make the valid package, under the schema of the real data, and lay files over it."""
    shutil.copytree(VALID, folder, dirs_exist_ok=True)
    shutil.copy(DATA / "datapackage.json", folder)
    if overlay is not None:
        for file in overlay.iterdir():
            if file.suffix == ABSENT:
                (folder / file.stem).unlink()
            elif file.name != "expected.txt":
                shutil.copy(file, folder)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> Path:
    """Replace a text that stands once in a file of the package."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    file.write_text(text.replace(old, new), encoding="utf-8", newline="")
    return folder
