"""Parameters are checked against the cell that declares them, before anything runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import ParameterError, RenderError
from evidence.reports.parameters import Parameter, checked, declared
from tests.reports import projects

CELL = """a: str = "x"  # a word: x or y
b = 2  # a count
c: float = 0.5
d: list[str] = []  # trials
e: str | None = None  # a trial
f: bool = True  # yes or no
g: tuple[int, ...] = (1, 2)  # numbers
"""


def path(folder: Path, *cells: tuple[str, str, str]) -> Path:
    file = folder / "n.ipynb"
    file.write_text(json.dumps(projects.notebook(*cells)))
    return file


def test_the_cell_is_read_with_types_defaults_and_comments(tmp_path: Path) -> None:
    found = declared(path(tmp_path, ("parameters", "code", CELL)))
    assert found[:4] == (
        Parameter("a", "str", "x", "a word: x or y"),
        Parameter("b", "int", 2, "a count"),
        Parameter("c", "float", 0.5, ""),
        Parameter("d", "list[str]", [], "trials"),
    )
    assert [(one.type, one.default) for one in found[4:]] == [
        ("str | None", None),
        ("bool", True),
        ("tuple[int, ...]", (1, 2)),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"a": "y", "b": 3, "c": 1, "d": ["t"], "e": "t", "f": False, "g": [1]},
        {"e": None, "d": [], "c": 0.1},
        {},
    ],
)
def test_what_fits_is_handed_on(tmp_path: Path, given: dict[str, Any]) -> None:
    assert checked(path(tmp_path, ("parameters", "code", CELL)), given) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": 1}, "n.ipynb, parameter: found 'x', expected a name out of: a, b, c, d, e, f, g"),
        ({"a": 1}, "n.ipynb, a: found 1, expected str (a word: x or y)"),
        ({"b": "2"}, "n.ipynb, b: found '2', expected int (a count)"),
        ({"b": True}, "n.ipynb, b: found True, expected int (a count)"),
        ({"b": 2.0}, "n.ipynb, b: found 2.0, expected int (a count)"),
        ({"c": True}, "n.ipynb, c: found True, expected float"),
        ({"d": "t"}, "n.ipynb, d: found 't', expected list[str] (trials)"),
        ({"d": [1]}, "n.ipynb, d: found [1], expected list[str] (trials)"),
        ({"e": 1}, "n.ipynb, e: found 1, expected str | None (a trial)"),
        ({"f": 1}, "n.ipynb, f: found 1, expected bool (yes or no)"),
        ({"g": ["1"]}, "n.ipynb, g: found ['1'], expected tuple[int, ...] (numbers)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        checked(path(tmp_path, ("parameters", "code", CELL)), given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("", "code", "a = 1")], "n.ipynb has 0 cells with the tag parameters, expected one"),
        ([("parameters", "code", "a = 1")] * 2, "n.ipynb has 2 cells"),
        ([("parameters", "code", "import os")], "line 1: expected name: type = value"),
        ([("parameters", "code", "a: int")], "line 1: expected name: type = value"),
        ([("parameters", "code", "a = f()")], "line 1: expected a literal value"),
    ],
)
def test_a_cell_that_is_no_list_of_parameters_is_refused(
    tmp_path: Path, cells: list[tuple[str, str, str]], message: str
) -> None:
    with pytest.raises(RenderError) as caught:
        declared(path(tmp_path, *cells))
    assert message in str(caught.value)


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text("{}")
    with pytest.raises(RenderError, match=r"n\.ipynb is not a notebook"):
        declared(tmp_path / "n.ipynb")
