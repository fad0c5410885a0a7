"""Studies of one's own as widgets: what is shown is what the engine gives for what is chosen."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from evidence import meta
from evidence.explore.own_studies import StudiesExplorer
from evidence.meta.result import Fit
from tests.meta import own

MEANS = own.FOLDER / "twelve-studies-means.csv"


@pytest.fixture
def explorer() -> StudiesExplorer:
    return StudiesExplorer(meta.read(MEANS, better="lower"))


def said(explorer: StudiesExplorer) -> str:
    return str(explorer.parts["answer"].value)


def words(fit: Fit) -> str:
    return fit.scale.words(fit.effect, fit.ci_low, fit.ci_high)


def run(explorer: StudiesExplorer) -> dict[str, Any]:
    """Run the code that is shown."""
    found = re.search(r"<pre>(.*?)</pre>", explorer.parts["code"].value, re.DOTALL)
    assert found is not None
    done: dict[str, Any] = {}
    exec(unescape(found[1]), done)
    return done


def test_it_begins_with_the_result_of_the_file(explorer: StudiesExplorer) -> None:
    assert words(meta.read(MEANS, better="lower").fit) in said(explorer)
    assert "<svg" in explorer.parts["forest"].value
    assert run(explorer)["found"].fit.effect == explorer.found.fit.effect


def test_a_method_and_a_study_change_what_is_shown(
    explorer: StudiesExplorer, capsys: pytest.CaptureFixture[str]
) -> None:
    explorer.choices["tau2"].value = "DL"
    explorer.choices["interval"].value = "wald"
    study = next(iter(explorer.studies))
    explorer.studies[study].value = False
    shown = explorer.shown().fit
    assert (shown.k, shown.tau2_method, shown.interval_method) == (11, "DL", "wald")
    right = meta.read(MEANS, better="lower", tau2="DL", interval="wald")
    kept = right.effects[right.effects["study"] != study]
    assert shown.effect == meta.pool(kept, **right.options).effect
    assert words(shown) in said(explorer)
    done = run(explorer)
    assert done["found"].fit.k == 12
    assert words(shown).split(" ")[0] in capsys.readouterr().out


def test_no_study_is_a_sentence(explorer: StudiesExplorer) -> None:
    for box in explorer.studies.values():
        box.value = False
    assert "Nothing to pool" in said(explorer)
    assert explorer.parts["forest"].value == ""


@pytest.mark.parametrize("path", sorted(own.FOLDER.glob("*.csv")), ids=lambda one: one.stem)
def test_each_file_is_explored(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    better: Any = "lower" if "mean_" in path.read_text("utf-8-sig").partition("\n")[0] else None
    found = meta.read(path, better=better)
    explorer = StudiesExplorer(found)
    assert words(found.fit) in said(explorer)
    assert run(explorer)["found"].fit.effect == found.fit.effect
    assert "href" not in said(explorer)
    assert capsys.readouterr().out
    # Studies have the names of the file; without one of them the code leads to the same result.
    first = next(iter(explorer.studies))
    assert not first.isdigit()
    explorer.studies[first].value = False
    run(explorer)
    assert capsys.readouterr().out == f"{explorer.shown().fit!r}\n"


def test_ready_made_studies_under_another_name_have_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("author,yi,sei\nAhn 2001,0.5,0.2\nBo 2002,0.1,0.3\nCox 2003,0.4,0.2\n", "utf-8")
    explorer = StudiesExplorer(meta.read(path))
    assert list(explorer.studies) == ["Ahn 2001", "Bo 2002", "Cox 2003"]
    explorer.studies["Bo 2002"].value = False
    assert explorer.shown().fit.k == 2
    run(explorer)
    assert capsys.readouterr().out == f"{explorer.shown().fit!r}\n"
