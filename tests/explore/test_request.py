"""A report of one's own choices: checked, shown, then written whole or not at all."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from evidence.explore import request
from evidence.explore.model import Model
from evidence.reports import catalog, parameters

ROOT = Path(__file__).parents[2]
DEPRESSION = ("abft", "depression", "post")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose catalog may be changed; notebooks and data are those of this one."""
    (tmp_path / "reports").mkdir()
    copy = (ROOT / "reports" / "catalog.toml").read_text(encoding="utf-8")
    (tmp_path / "reports" / "catalog.toml").write_text(copy, encoding="utf-8")
    for name in ("notebooks", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def own(model: Model, **choice: Any) -> Specification:
    return replace(model.start(*DEPRESSION), **choice)


def reports(root: Path) -> dict[str, catalog.Report]:
    path = root / "reports" / "catalog.toml"
    found = catalog.read(path, notebooks=root / "notebooks", data=root / "data")
    return {one.report_id: one for one in found}


def test_an_entry_holds_every_choice_that_is_not_the_main_one(model: Model, root: Path) -> None:
    specification = own(
        model,
        comparator_class="usual_care",
        adjustment="ppc",
        correlation=0.7,
        tau2="DL",
        leave_out=("israel2013",),
    )
    proposal = request.propose(model.dataset, model.found(specification), root=root)
    entry = tomllib.loads(proposal.entry)["report"][0]
    assert entry["parameters"] == {
        "therapy": "abft",
        "outcome": "depression",
        "timepoint": "post",
        "comparator_class": "usual_care",
        "adjustment": "ppc",
        "correlation": 0.7,
        "tau2": "DL",
        "leave_out": ["israel2013"],
    }
    assert entry["notebook"] == request.NOTEBOOK
    assert "without Israel 2013" in entry["lede"]
    assert proposal.report_id.startswith("abft-depression-post-adjustment-ppc-correlation-0-7")


def test_nothing_is_written_before_it_is_asked_for(model: Model, root: Path) -> None:
    before = (root / "reports" / "catalog.toml").read_bytes()
    proposal = request.propose(model.dataset, model.found(own(model, tau2="DL")), root=root)
    assert (root / "reports" / "catalog.toml").read_bytes() == before
    request.write(proposal)
    made = reports(root)[proposal.report_id]
    assert made.parameters["tau2"] == "DL"
    text = (root / "reports" / "catalog.toml").read_text(encoding="utf-8")
    assert text.startswith(before.decode().rstrip())
    assert text.endswith(proposal.entry)


def test_the_same_choices_are_found_again(model: Model, root: Path) -> None:
    assert request.existing(root, own(model)) == "abft-depression-post"
    specification = own(model, comparator_class="inactive", leave_out=("waraan2021",))
    assert request.existing(root, specification) == ""
    proposal = request.propose(model.dataset, model.found(specification), root=root)
    request.write(proposal)
    assert request.existing(root, specification) == proposal.report_id
    assert request.existing(root, own(model, comparator_class="inactive")) == ""


def test_an_id_is_made_that_nobody_has(model: Model, root: Path) -> None:
    found = model.found(own(model))
    assert request.propose(model.dataset, found, root=root).report_id == "abft-depression-post-2"


@pytest.mark.parametrize(
    ("report_id", "says"),
    [
        ("claims", "an id that no other report has"),
        ("trial-diamond2010", "an id that no other report has"),
        ("../outside", "lower-case letters"),
        ("index", "not index"),
        ("Große", "lower-case letters"),
    ],
)
def test_an_id_that_cannot_be_is_refused(
    model: Model, root: Path, report_id: str, says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        request.propose(model.dataset, model.found(own(model)), root=root, report_id=report_id)


@pytest.mark.parametrize(
    "title", ['Quotes " and \\ and \n lines', 'x"\n[[report]]\nid = "y"', "–, ü, <b>"]
)
def test_a_title_stays_a_title(model: Model, root: Path, title: str) -> None:
    proposal = request.propose(
        model.dataset, model.found(own(model)), root=root, report_id="mine", title=title
    )
    request.write(proposal)
    assert reports(root)["mine"].title == title.strip()


def test_a_title_that_nobody_sees_is_refused(model: Model, root: Path) -> None:
    with pytest.raises(ParameterError, match=r"found '\[U\+007F\]\[U\+0001\]'"):
        request.propose(
            model.dataset, model.found(own(model)), root=root, report_id="mine", title="\x7f\x01"
        )


def test_choices_without_an_estimate_make_no_report(model: Model, root: Path) -> None:
    found = model.found(own(model, comparator_class="active"))
    with pytest.raises(ParameterError, match="choices that leave an estimate"):
        request.propose(model.dataset, found, root=root)


def test_a_catalog_that_has_changed_since_is_left_as_it_is(model: Model, root: Path) -> None:
    path = root / "reports" / "catalog.toml"
    proposal = request.propose(model.dataset, model.found(own(model, tau2="DL")), root=root)
    path.write_text(proposal.before + "\n# a remark\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="since the entry was shown"):
        request.write(proposal)
    assert path.read_text(encoding="utf-8") == proposal.before + "\n# a remark\n"


def test_a_catalog_that_cannot_be_read_is_named(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"catalog\.toml"):
        request.propose(model.dataset, model.found(own(model)), root=tmp_path)


def test_the_notebook_takes_every_choice(model: Model) -> None:
    """The last one differs from the first in every choice that the entry can hold."""
    every = own(
        model,
        comparator_class="usual_care",
        instrument="clinician_first",
        adjustment="ppc",
        correlation=0.3,
        imputed="exclude",
        tau2="PM",
        interval="wald",
        leave_out=("israel2013",),
    )
    given = request.parameters(every)
    notebook = ROOT / "notebooks" / request.NOTEBOOK
    assert parameters.checked(notebook, given) == given
    # The explorer pools one estimate for each trial of the workbook, and a report shows all.
    fixed = {"model", "rho", "extent", "data"}
    assert set(given) | fixed == {one.name for one in parameters.declared(notebook)}
