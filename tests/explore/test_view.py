"""The widgets without a browser: a change of one shows what follows, in order of the keyboard."""

import base64
import random
import re
from collections import Counter
from html import unescape
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from evidence.blocks.output import taken_along
from evidence.explore import NAMES, Explorer
from evidence.explore.model import OPTIONS, Model
from evidence.explore.page import per_trial
from tests.explore import changes
from tests.metapsy.files import imported, means

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
            alone = len(explorer.model.alone(explorer.specification.question))
            also = alone if name == "comparator_class" else 0
            assert len(widget.options) == len(OPTIONS[name]) + also


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
    boxes = {one: (box.value, box.disabled) for one, box in explorer.trials.items()}
    # Its size is in no source, so that it enters no stress test either.
    assert boxes.pop("nct00329199") == (False, True)
    assert set(boxes.values()) == {(True, False)}


def test_a_trial_that_other_choices_keep_out_is_unticked_with_the_reason(
    explorer: Explorer,
) -> None:
    explorer.choices["comparator_class"].value = "inactive"
    box = explorer.trials["diamond2010"]
    assert (box.value, box.disabled) == (False, True)
    found = explorer.model.found(explorer.specification)
    _, reason = per_trial(explorer.model.dataset, found)["diamond2010"]
    assert reason
    assert box.description.endswith(f"; {reason}")
    assert explorer.specification.leave_out == ()
    explorer.choices["comparator_class"].value = "any"
    assert (box.value, box.disabled) == (True, False)
    assert explorer.trials["waraan2021"].description.endswith("at zero, in the stress test alone")
    box.value = False
    assert box.description.endswith("left out by hand")


def test_one_comparator_of_a_class_can_stand_alone(explorer: Explorer) -> None:
    compared = explorer.choices["comparator_class"]
    compared.value = "alone:enhanced_usual_care"
    assert explorer.specification.comparator_class == "usual_care"
    assert set(explorer.specification.leave_out) == {"israel2013", "waraan2021"}
    assert "one trial, 66 adolescents" in said(explorer)
    compared.value = "alone:usual_care"
    assert "israel2013" not in explorer.specification.leave_out
    # Taking its trials in by hand leads back to the class.
    for one in ("diamond2010", "nct00329199"):
        explorer.trials[one].value = True
    assert compared.value == "usual_care"
    compared.value = "any"
    assert "This is the main analysis." in said(explorer)


def test_the_code_leads_to_the_result(explorer: Explorer) -> None:
    explorer.choices["interval"].value = "wald"
    explorer.trials["diamond2002"].value = False
    markup = explorer.parts["code"].value
    lines = unescape(re.search(r"<pre>(.*?)</pre>", markup, re.DOTALL)[1])  # type: ignore[index]
    done: dict[str, Any] = {}
    exec(lines, done)
    analysis = explorer.model.found(explorer.specification).analysis
    assert analysis is not None
    assert repr(done["found"]) == repr(analysis)


def test_the_figure_and_the_data_are_there_to_save_until_a_choice_changes(
    explorer: Explorer,
) -> None:
    assert explorer.taken.value == ""
    explorer.take.click()
    files = taken_along(explorer.taken.value)
    kinds = Counter(name.rpartition(".")[2] for name in files)
    assert kinds == {"svg": 1, "png": 1, "pdf": 1, "csv": 2}
    rows = base64.b64decode(files["results.csv"]).decode()
    assert "waraan2021" in rows
    assert rows.startswith("estimate_id,label,comparator,")
    explorer.choices["tau2"].value = "DL"
    assert explorer.taken.value == ""


def test_what_is_suggested_for_a_report_is_of_these_choices_or_empty(explorer: Explorer) -> None:
    for box in explorer.trials.values():
        box.value = False
    assert explorer.form is not None
    assert (explorer.form.title.value, explorer.form.report_id.value) == ("", "")


def test_all_parts_agree_after_each_of_forty_changes(explorer: Explorer) -> None:
    """One state: sentence, widgets, boxes, title, id, code and what is the main analysis."""
    draw = random.Random(20261130)
    mains = 0
    for step in range(40):
        name, value = changes.drawn(explorer, draw)
        changes.apply(explorer, (name, value))
        specification = explorer.specification
        found = explorer.model.found(specification)
        at = f"step {step}, {name}: {specification}"
        for one, widget in explorer.choices.items():
            if one != "comparator_class":
                assert widget.value == getattr(specification, one), at
        compared = explorer.model.compared(specification)
        assert explorer.choices["comparator_class"].value == (compared or "any"), at
        answer = said(explorer)
        is_main = specification == explorer.model.start(*specification.question)
        mains += is_main
        if found.analysis is None:
            assert "Nothing to pool" in answer, at
            assert explorer.parts["code"].value == explorer.parts["forest"].value == "", at
        else:
            assert ("This is the main analysis." in answer) == is_main, at
            assert found.analysis.estimate_id in answer, at
            entered = set(found.analysis.selection.estimates.trial_id)
            at_zero = set() if found.stress is None else set(found.stress.entered.trial_id)
            ticked = {one for one, box in explorer.trials.items() if box.value}
            assert ticked == entered | at_zero, at
            assert not ticked & set(specification.leave_out), at
        form = explorer.form
        assert form is not None
        assert form.preview.disabled == (found.analysis is None), at
        assert ("choices other than the main ones" in form.title.value) == (
            found.analysis is not None and not is_main
        ), at
        if not form.preview.disabled:
            form.preview.click()
            assert "No entry can be made" not in form.said.value, at
    assert 0 < mains < 40


def test_a_database_is_explored_without_a_form_for_reports(tmp_path: Path) -> None:
    dataset = imported(tmp_path, means(), means(study="Bo, 2002")).dataset
    explorer = Explorer(dataset, therapy="cbt", outcome="depression", timepoint="post")
    assert explorer.form is None
    assert "two trials" in said(explorer)
    assert str(dataset.path) in explorer.parts["code"].value


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
