"""What follows from choices as HTML: in words, with alternative texts, and at once."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

import evidence
from evidence.analysis.multiverse import panel
from evidence.blocks.escape import plain
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.selection import select
from evidence.explore.model import Model
from evidence.explore.page import PARTS, basis, part
from evidence.followup import durability
from evidence.meta.pooling import batch
from tests.work import calls, name_of

DEPRESSION = ("abft", "depression", "post")
FITS = 4
"""The analysis, and the stress test with its two ends."""


def parts(model: Model, specification: Specification) -> dict[str, str]:
    return {name: part(model, name, specification) for name in PARTS}


def test_the_answer_can_be_quoted(model: Model) -> None:
    said = plain(parts(model, model.start(*DEPRESSION))["answer"])
    for piece in (
        "compared with 6-week waitlist, usual care or enhanced usual care",
        "g = 0.52 (95% CI, −0.29 to 1.33; P = .11; three trials, 118 adolescents)",
        "a stress test (imputed), g = 0.23 (−0.16 to 0.63",
        "neither benefit nor its absence is shown",
        "This is the main analysis.",
        "abft.depression.post.hedges_g.pooled",
    ):
        assert piece in said


def test_a_coefficient_in_points_stands_for_a_trial_without_means(model: Model) -> None:
    made = parts(model, model.start("abct", "affective_distress", "post"))
    assert "13.20 points lower on Depression Anxiety Stress Scales" in made["answer"]
    assert "MBSR" in made["forest"]
    assert "compared with usual care" in made["answer"]


def test_the_answer_names_the_choices_that_are_not_the_main_ones(model: Model) -> None:
    specification = replace(
        model.start(*DEPRESSION),
        comparator_class="usual_care",
        adjustment="ppc",
        correlation=0.7,
        tau2="DL",
        leave_out=("israel2013",),
    )
    said = plain(parts(model, specification)["answer"])
    for piece in (
        "comparisons with usual or enhanced usual care only",
        "pre-post-control",
        "pre-post correlation 0.7",
        "tau² by DL",
        "without Israel 2013",
    ):
        assert piece in said


@pytest.mark.parametrize(
    ("question", "choice", "reasons"),
    [
        (
            DEPRESSION,
            {"comparator_class": "active"},
            ("Diamond 2019: reports no difference", "is not another structured treatment"),
        ),
        (
            ("abct", "affective_distress", "post"),
            {"imputed": "exclude"},
            ("Collado-Navarro 2021: imputed, and imputed estimates are excluded",),
        ),
        (
            ("abct", "functional_impairment", "post"),
            {"leave_out": ("montero2018",)},
            ("Montero-Marin 2018: trial left out by request",),
        ),
        (
            ("abft", "suicidal_ideation", "follow_up"),
            {},
            ("Diamond 2010: metric odds ratio; this analysis uses Hedges g", "counts of events"),
        ),
        (("abft", "anxiety", "post"), {}, ("in words",)),
        (
            ("abft", "suicide_attempt", "post"),
            {"comparator_class": "inactive"},
            ("no trial on this outcome has waitlist or no intervention as its comparator",),
        ),
    ],
)
def test_nothing_has_its_reason(
    model: Model, question: tuple[str, str, str], choice: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    made = parts(model, replace(model.start(*question), **choice))
    said = plain(made["answer"])
    assert said.startswith("Nothing to pool on ")
    for reason in reasons:
        assert reason in said
    assert made["forest"] == ""
    assert "<svg" not in made["panel"]
    assert "Traceback" not in "".join(made.values())


def test_what_was_left_out_stands_with_its_reason(model: Model) -> None:
    specification = replace(model.start(*DEPRESSION), leave_out=("diamond2010",))
    said = part(model, "left_out", specification)
    trials = said.partition("<details>")[0]
    assert "Diamond 2010: trial left out by request." in trials
    assert "Waraan 2021: reports no difference" in trials
    assert "Israel" not in trials
    assert "israel2013.depression.ham_d.post.hedges_g" in said


def test_figures_have_their_words_and_no_link(model: Model) -> None:
    made = parts(model, replace(model.start(*DEPRESSION), tau2="DL", interval="wald"))
    for name in ("forest", "panel"):
        svg = re.search(r"<svg.*?</svg>", made[name], re.DOTALL)
        assert svg is not None
        root = ElementTree.fromstring(svg[0])
        assert root.get("role") == "img"
        assert len(root.findtext("desc") or "") > 100
        assert "<details><summary>The figure " in made[name]
    assert not any(re.search(r"<a\b|https?:", one) for one in made.values())
    assert "stand at place" in plain(made["panel"])
    assert "hollow: the main analysis" in made["panel"]


def test_both_times_stand_side_by_side_or_a_sentence_does(model: Model) -> None:
    ideation = model.start("abft", "suicidal_ideation", "post")
    shown = part(model, "trajectory", ideation)
    assert "<svg" in shown
    assert "35.4" in shown
    without = part(model, "trajectory", replace(ideation, leave_out=("diamond2010",)))
    assert "has a number on suicidal ideation at both times" in without
    apart = part(model, "trajectory", model.start(*DEPRESSION))
    assert "Apart, since uncontrolled: Diamond 2002" in apart


def test_effects_at_both_times_do_not_rest_on_how_trials_are_pooled(model: Model) -> None:
    start = model.start("abft", "suicidal_ideation", "post")
    other = replace(start, tau2="DL", leave_out=("aftercare",))
    assert basis(model, "trajectory", other) == replace(start, leave_out=("aftercare",))
    assert basis(model, "forest", other) == other


def test_data_are_text_and_never_markup(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = model.start(*DEPRESSION)
    found = model.found(specification)
    assert found.selection is not None
    rows = found.selection.left_out.assign(label="<script>x</script>", reason="<b>why</b>")
    hostile = replace(
        found, selection=replace(found.selection, left_out=rows, without_number=rows.iloc[:0])
    )
    monkeypatch.setattr(model, "found", lambda _: hostile)
    said = part(model, "left_out", specification)
    assert "<script" not in said
    assert "<b>" not in said
    assert said.count("&lt;b&gt;why") > 1


CHANGES: dict[str, Callable[[Model], Specification]] = {
    "interval": lambda model: replace(model.start(*DEPRESSION), interval="wald"),
    "estimator": lambda model: replace(model.start(*DEPRESSION), tau2="EB"),
    "correlation": lambda model: replace(
        model.start(*DEPRESSION), adjustment="ppc", correlation=0.3
    ),
    "trial": lambda model: replace(model.start(*DEPRESSION), leave_out=("israel2013",)),
    "outcome": lambda model: model.start("abft", "suicidal_ideation", "post"),
    "therapy": lambda model: model.start("abct", "affective_distress", "post"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_costs_one_selection_and_a_few_fits(model: Model, change: str) -> None:
    """All else was computed when the model was made, so that the answer follows at once."""
    model.found.cache_clear()
    made = calls(lambda: parts(model, CHANGES[change](model)))
    assert made[name_of(select)] == 1
    assert 1 <= made[name_of(batch.fit)] <= FITS
    assert not any(made[name_of(one)] for one in (estimates, panel, durability))


def test_what_a_change_does_not_do_would_be_seen() -> None:
    made = calls(lambda: Model(evidence.load()))
    assert all(made[name_of(one)] for one in (estimates, panel, durability))
