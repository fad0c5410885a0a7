"""Notebooks are stored with their outputs, clean, and say what their parameters take."""

import json
import re
from pathlib import Path
from typing import Any

import papermill
import pytest
from tools import refresh_notebooks

from evidence.blocks.output import MIME, WIDGET
from evidence.reports import parameters

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
MOST_BYTES = 300_000
WITHOUT_OUTPUT = {"parameters", "no-output"}
TRACES = re.compile(r"/(?:home|root|Users|tmp|work|var)/|\bat 0x[1-9a-f]|[A-Z]:\\\\Users")


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((NOTEBOOKS / name).read_text("utf-8"))["cells"]
    return found


def tags(cell: dict[str, Any]) -> set[str]:
    return set(cell["metadata"].get("tags", ()))


def test_there_are_notebooks() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_cell_has_its_output_or_says_that_it_has_none(name: str) -> None:
    """Without stored outputs nbval compares nothing and passes."""
    code = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    missing = [
        cell["id"] for cell in code if not cell["outputs"] and not tags(cell) & WITHOUT_OUTPUT
    ]
    assert missing == []
    unexpected = [cell["id"] for cell in code if cell["outputs"] and tags(cell) & WITHOUT_OUTPUT]
    assert unexpected == []
    assert [cell["id"] for cell in code if cell["execution_count"] is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_cell_failed(name: str) -> None:
    kinds = {one["output_type"] for cell in cells(name) for one in cell.get("outputs", ())}
    assert "error" not in kinds


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stored_as_cleaning_stores_it(name: str) -> None:
    text = (NOTEBOOKS / name).read_text("utf-8")
    assert refresh_notebooks.to_text(refresh_notebooks.clean(json.loads(text))) == text


@pytest.mark.parametrize("name", NAMES)
def test_no_folder_or_address_is_in_an_output(name: str) -> None:
    for cell in cells(name):
        for output in cell.get("outputs", ()):
            shown = {key: one for key, one in output.get("data", {}).items() if key != "image/png"}
            found = TRACES.search(json.dumps([shown, output.get("text", "")]))
            assert found is None, (cell["id"], found)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_say_what_they_take(name: str) -> None:
    found = parameters.declared(NOTEBOOKS / name)
    assert [one.name for one in found if not one.comment] == []


@pytest.mark.parametrize("name", NAMES)
def test_papermill_reads_each_parameter_with_its_type(name: str) -> None:
    read = papermill.inspect_notebook(str(NOTEBOOKS / name))
    found = parameters.declared(NOTEBOOKS / name)
    assert {key: one["inferred_type_name"] for key, one in read.items()} == {
        one.name: one.type for one in found
    }
    assert "None" not in {one["inferred_type_name"] for one in read.values()}


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_parameters_that_it_does_not_have(name: str) -> None:
    code = [one for one in cells(name) if one["cell_type"] == "code"]
    lines = "".join(code[1]["source"]).splitlines()
    imports = [at for at, one in enumerate(lines) if one.startswith(("import ", "from "))]
    assert lines[imports[-1] + 2] == "evidence.check_parameters()"


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_a_title_what_it_answers_and_what_to_change(name: str) -> None:
    first, second, *_ = cells(name)
    assert first["cell_type"] == "markdown"
    title, *said = "".join(first["source"]).split("\n\n")
    assert title.startswith("# ")
    assert len(said) > 1
    assert said[-1].startswith("**To change**, in the next cell: ")
    assert tags(second) == {"parameters"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_is_small(name: str) -> None:
    """All were 4.2 MB when each output stood there as a page too."""
    assert (NOTEBOOKS / name).stat().st_size < MOST_BYTES
    kinds = {
        kind
        for cell in cells(name)
        for one in cell.get("outputs", ())
        for kind in one.get("data", ())
    }
    assert kinds <= {"text/plain", "image/png"}


def test_cleaning_takes_out_what_changes_from_run_to_run() -> None:
    png = {
        "image/png": "AA",
        "text/plain": "x",
        "text/html": "<p>x</p>",
        MIME: {"version": 1, "entries": []},
        WIDGET: {"model_id": "7f00aa11bb22"},
    }
    dirty = {
        "cells": [
            {
                "cell_type": "code",
                "id": "9f3c",
                "metadata": {
                    "tags": ["kept", "papermill-error-cell-tag"],
                    "papermill": {"duration": 1.5},
                    "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"},
                },
                "source": "a\nb",
                "execution_count": 17,
                "outputs": [
                    {"output_type": "stream", "name": "stderr", "text": ["warning"]},
                    {"output_type": "stream", "name": "stdout", "text": "<o at 0x7f00aa11bb22>"},
                    {
                        "output_type": "execute_result",
                        "data": png,
                        "metadata": {},
                        "execution_count": 17,
                    },
                ],
            },
            {"cell_type": "markdown", "metadata": {}, "source": ["text"]},
        ],
        "metadata": {"kernelspec": {"name": "other"}, "papermill": {"input_path": "/home/x"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    before = json.dumps(dirty)
    clean = refresh_notebooks.clean(dirty)
    assert json.dumps(dirty) == before
    assert clean["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    code, text = clean["cells"]
    assert code == {
        "cell_type": "code",
        "id": "cell-00",
        "metadata": {"tags": ["kept"]},
        "source": ["a\n", "b"],
        "execution_count": 1,
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["<o at 0x0>"]},
            {
                "output_type": "execute_result",
                "data": {"image/png": "AA", "text/plain": ["x"]},
                "metadata": {},
                "execution_count": 1,
            },
        ],
    }
    assert text == {"cell_type": "markdown", "id": "cell-01", "metadata": {}, "source": ["text"]}
    assert refresh_notebooks.clean(clean) == clean
