"""The widgets without a browser: a change of one shows what follows, in order of the keyboard."""

from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from evidence.explore import NAMES, Explorer
from evidence.explore.model import OPTIONS, Model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "reports").mkdir()
    copyfile(ROOT / "reports" / "catalog.toml", tmp_path / "reports" / "catalog.toml")
    for name in ("notebooks", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.fixture
def explorer(model: Model, root: Path, monkeypatch: pytest.MonkeyPatch) -> Explorer:
    monkeypatch.setattr("evidence.explore.model.Model", lambda _: model)
    return Explorer(
        model.dataset, therapy="abft", outcome="depression", timepoint="post", root=root
    )


def said(explorer: Explorer) -> str:
    return str(explorer.parts["answer"].value)


def test_every_choice_has_its_label_and_its_main_value(explorer: Explorer) -> None:
    assert list(explorer.choices) == list(NAMES)
    for name, widget in explorer.choices.items():
        assert widget.description == NAMES[name]
        assert widget.value in [value for _, value in widget.options]
        assert len({label for label, _ in widget.options}) == len(widget.options)
        if name in OPTIONS:
            assert len(widget.options) == len(OPTIONS[name])


@pytest.mark.parametrize(
    ("name", "value", "shows"),
    [
        ("interval", "wald", "0.15 to 0.89"),
        ("comparator_class", "inactive", "0.65"),
        ("instrument", "clinician_first", "0.56"),
        ("outcome", "suicidal_ideation", "0.77"),
        ("therapy", "abct", "13.20 points"),
    ],
)
def test_a_change_shows_what_follows(explorer: Explorer, name: str, value: Any, shows: str) -> None:
    before = {one: widget.value for one, widget in explorer.parts.items()}
    explorer.choices[name].value = value
    assert shows in said(explorer)
    changed = [one for one, old in before.items() if explorer.parts[one].value != old]
    assert {"answer", "forest", "panel"} <= set(changed)
    assert getattr(explorer.specification, name) == value


def test_any_comparator_leads_back(explorer: Explorer) -> None:
    explorer.choices["comparator_class"].value = "inactive"
    explorer.choices["comparator_class"].value = "any"
    assert explorer.specification.comparator_class is None
    assert "This is the main analysis." in said(explorer)


def test_a_trial_goes_out_and_comes_back(explorer: Explorer) -> None:
    explorer.trials["diamond2010"].value = False
    assert explorer.specification.leave_out == ("diamond2010",)
    assert "two trials" in said(explorer)
    explorer.trials["diamond2010"].value = True
    assert "three trials, 118 adolescents" in said(explorer)


def test_a_change_of_a_choice_leaves_the_boxes_of_trials_in_place(explorer: Explorer) -> None:
    """A box that was made anew would lose the focus of the keyboard."""
    boxes = dict(explorer.trials)
    explorer.trials["israel2013"].value = False
    explorer.choices["tau2"].value = "DL"
    assert explorer.trials == boxes


def test_nothing_to_pool_is_a_sentence(explorer: Explorer) -> None:
    for box in explorer.trials.values():
        box.value = False
    assert "Nothing to pool" in said(explorer)
    assert explorer.form.preview.disabled
    explorer.reset.click()
    assert "This is the main analysis." in said(explorer)
    assert all(box.value for box in explorer.trials.values())


def test_the_correlation_waits_for_estimates_that_rest_on_it(explorer: Explorer) -> None:
    assert explorer.choices["correlation"].disabled
    explorer.choices["adjustment"].value = "ppc"
    assert not explorer.choices["correlation"].disabled


def test_choices_become_a_report_in_two_steps(explorer: Explorer, root: Path) -> None:
    path = root / "reports" / "catalog.toml"
    before = path.read_text(encoding="utf-8")
    explorer.choices["interval"].value = "wald"
    form = explorer.form
    assert form.confirm.disabled
    form.report_id.value = "mine"
    form.preview.click()
    assert "id = &quot;mine&quot;" in form.said.value
    assert path.read_text(encoding="utf-8") == before
    form.title.value = "<b>Mine</b>"
    assert form.confirm.disabled, "an entry that is no longer the one that was shown"
    form.preview.click()
    assert "<b>" not in form.said.value
    form.confirm.click()
    assert "evidence build mine" in form.said.value
    assert 'title = "<b>Mine</b>"' in path.read_text(encoding="utf-8")
    form.preview.click()
    assert "has a report of these choices already: mine" in form.said.value
    assert form.confirm.disabled


def test_what_stands_in_the_way_is_said(explorer: Explorer, root: Path) -> None:
    explorer.choices["interval"].value = "wald"
    explorer.form.report_id.value = "No Id"
    explorer.form.preview.click()
    assert "lower-case letters" in explorer.form.said.value
    explorer.form.report_id.value = "mine"
    explorer.form.preview.click()
    (root / "reports" / "catalog.toml").write_text("# other\n", encoding="utf-8")
    explorer.form.confirm.click()
    assert "Nothing was written" in explorer.form.said.value
    assert (root / "reports" / "catalog.toml").read_text(encoding="utf-8") == "# other\n"


def test_viewers_without_a_kernel_read_the_result(explorer: Explorer) -> None:
    made = explorer._repr_mimebundle_()
    assert "g = 0.52 (95% CI, −0.29 to 1.33" in made["text/plain"]
    assert made["text/html"].startswith("<p>ABFT compared with")
    explorer.choices["comparator_class"].value = "active"
    assert explorer._repr_mimebundle_()["text/plain"].startswith("Nothing to pool")
