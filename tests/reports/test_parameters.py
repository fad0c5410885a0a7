"""Parameters are checked against the cell that declares them, before anything runs."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import evidence
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


DECLARED = 'therapy: str = "abft"  # a therapy\noutcome: "Optional[str]" = None  # an outcome'


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('therpay = "abct"', "found 'therpay', expected a name out of: therapy, outcome"),
        ("therapy = 1", "the notebook, therapy: found 1, expected str (a therapy)"),
        ("outcome = 2", "the notebook, outcome: found 2, expected Optional[str] (an outcome)"),
    ],
)
def test_what_papermill_puts_into_a_notebook_is_checked(
    given: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = ["", DECLARED, "# Parameters\n" + 'therapy = "abct"\noutcome = None\n', "x = 1"]
    shell = SimpleNamespace(user_ns={"In": ran})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    evidence.check_parameters()
    ran[2] = f"# Parameters\n{given}\n"
    with pytest.raises(ParameterError) as error:
        evidence.check_parameters()
    assert message in str(error.value)
    ran[:] = ["", DECLARED, "x = 1"]
    evidence.check_parameters()


def test_papermill_with_an_unknown_parameter_fails_and_names_the_known(tmp_path: Path) -> None:
    notebook = Path(__file__).parents[2] / "notebooks" / "31_prisma.ipynb"
    out = tmp_path / "out.ipynb"
    arguments = [notebook, out, "-p", "stat", "met", "-k", "python3", "--no-progress-bar"]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "found 'stat', expected a name out of: state" in done.stderr
