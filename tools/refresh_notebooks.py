"""Runs the notebooks with their default parameters and stores them clean: text and figures."""

import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from evidence.blocks.output import FIGURES, MIME, WIDGET
from evidence.data import atomic
from evidence.reports import kernel
from evidence.reports.build import alone, find_root
from evidence.reports.kernel import NotebookError
from evidence.reports.stamp import read_stamp
from evidence.reports.work.single import Folders

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
NOT_STORED = ("text/html", MIME, WIDGET)
"""Types of outputs that stand beside a text which says the same, or are named anew by each run."""

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


def clean(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook without what changes from run to run.

    Of an output its text and its picture stay: the page that holds the same is in the reports, the
    numbers behind it are in the ledger. Times, counts of executions, traces of papermill and of
    editors and object addresses go; cells are named by their place, so that their ids are the same
    each time.

    Parameters
    ----------
    notebook : dict
        As in its file; it stays as it is.
    """
    cells: list[dict[str, Any]] = []
    count = 0
    for number, cell in enumerate(notebook["cells"]):
        tags = [
            tag
            for tag in cell.get("metadata", {}).get("tags", [])
            if not tag.startswith("papermill-")
        ]
        made: dict[str, Any] = {
            "cell_type": cell["cell_type"],
            "id": f"cell-{number:02d}",
            "metadata": {"tags": tags} if tags else {},
            "source": _lines(cell["source"]),
        }
        if cell["cell_type"] == "code":
            count += 1
            outputs = [_output(one, count) for one in cell.get("outputs", ()) if _kept(one)]
            # Counted afresh: without a count nbval takes a cell for one that was never run.
            made |= {"execution_count": count, "outputs": outputs}
        cells.append(made)
    return {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _kept(output: dict[str, Any]) -> bool:
    return not (output["output_type"] == "stream" and output["name"] == "stderr")


def _output(output: dict[str, Any], count: int) -> dict[str, Any]:
    made = dict(output)
    if "execution_count" in made:
        made["execution_count"] = count
    if "text" in made:
        made["text"] = _lines(_ADDRESS.sub("at 0x0", "".join(made["text"])))
    if "data" in made:
        made["data"] = {
            kind: _lines(_ADDRESS.sub("at 0x0", "".join(value)))
            if kind.startswith("text/")
            else value
            for kind, value in made["data"].items()
            if kind not in NOT_STORED
        }
    return made


def _lines(text: str | Sequence[str]) -> list[str]:
    """Return a text as the list of lines that the format stores, one way of two."""
    return "".join(text).splitlines(keepends=True)


def to_text(notebook: dict[str, Any]) -> str:
    """Return a notebook as the text of its file."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def refresh(names: Sequence[str] = (), *, root: Path | None = None) -> tuple[Path, ...]:
    """Run notebooks with their default parameters and replace their files.

    Parameters
    ----------
    names : sequence of str
        File names in the folder of notebooks; all where none is given.
    root : Path, optional
        Folder of the project; found from the working folder where none is given.

    Returns
    -------
    tuple of Path
        Notebooks whose files changed.

    Raises
    ------
    NotebookError
        If a cell fails; its notebook stays as it is.
    """
    base = (root or find_root()).resolve()
    folders = Folders(base, base / "data")
    environment = kernel.surroundings(
        data=folders.data, cache=folders.cache, stamp=read_stamp(folders.data)
    )
    # Stored notebooks show what a person sees who runs them, so figures are pictures.
    del environment[FIGURES]
    paths = sorted(
        path for path in folders.notebooks.glob("*.ipynb") if not names or path.name in names
    )

    def run(path: Path) -> bool:
        made = kernel.run(path, {}, executed=None, kernel_manager=kernel_manager)
        text = to_text(clean(made))
        changed = text != path.read_text(encoding="utf-8")
        if changed:
            atomic.replace(path, text)
        return changed

    with alone(folders), ThreadPoolExecutor(kernel.default_jobs()) as pool:
        # The folder of the kernels is cleared first, so they are made inside.
        kernel_manager = kernel.manager(root=base, cache=folders.cache, environment=environment)
        changed = list(pool.map(run, paths))
    return tuple(path for path, differs in zip(paths, changed, strict=True) if differs)


def main() -> None:
    """Refresh the notebooks named on the command line, or all."""
    try:
        for path in refresh(sys.argv[1:]):
            sys.stdout.write(f"{path.name}: changed\n")
    except NotebookError as error:
        sys.stderr.write(f"{error}\n{error.log}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
