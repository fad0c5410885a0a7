"""The page on context: built where a database is given, one file, refused in one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import ParameterError, RenderError
from evidence.reports.apart import build_context
from tests.metapsy.files import imported, means

ROOT = Path(__file__).parents[2]


def test_the_page(tmp_path: Path) -> None:
    records = [means(age_group="adol"), means(study="Bo 2002", age_group="adol")]
    database = imported(tmp_path, *records, title="A database").dataset.path
    output = tmp_path / "page.html"
    done = subprocess.run(
        [sys.executable, "-m", "evidence", "context", str(database), "--output", str(output)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    page = output.read_text("utf-8")
    assert "ABFT beside other psychotherapies" in page
    assert "cognitive behavioral therapy against" in page
    assert str(tmp_path) not in page
    committed = json.loads((ROOT / "notebooks" / "43_context.ipynb").read_text("utf-8"))
    assert "No database is given." in json.dumps(committed)


def test_what_the_notebook_refuses_is_said(tmp_path: Path) -> None:
    database = imported(tmp_path, means(age_group="adul")).dataset.path
    with pytest.raises(RenderError, match="age_group: found 'adolescents'"):
        build_context(database, tmp_path / "page.html", root=ROOT)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("page.pdf", {}, r"output: found 'page.pdf', expected a file that ends in .html"),
        ("page.html", {"age": "all"}, "parameter: found 'age'"),
        ("page.html", {"rho": "high"}, "rho: found 'high', expected float"),
    ],
)
def test_parameters_are_checked_before_anything_runs(
    tmp_path: Path, name: str, given: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        build_context(tmp_path, tmp_path / name, root=ROOT, **given)
