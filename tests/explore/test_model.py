"""What choices lead to, without a browser: results, places in the panel, what is left out."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from evidence.analysis import analyze
from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from evidence.explore.model import CHOSEN_TRIALS, OPTIONS, Model
from tests.tolerances import CLOSED_FORM

DEPRESSION = ("abft", "depression", "post")


def test_the_main_analysis_is_the_one_of_the_reports(model: Model) -> None:
    found = model.found(model.start(*DEPRESSION))
    assert found.analysis is not None
    assert found.analysis.pooled.effect == pytest.approx(0.520527, abs=1e-6)
    assert found.stress is not None
    assert found.stress.at_zero.effect == pytest.approx(0.2331, abs=1e-4)


@pytest.mark.parametrize(
    "choice",
    [
        {"tau2": "DL", "interval": "wald"},
        {"instrument": "clinician_first"},
        {"adjustment": "ppc", "correlation": 0.8},
        {"comparator_class": "usual_care"},
        {"leave_out": ("diamond2002",)},
    ],
)
def test_each_choice_is_that_of_the_analysis(model: Model, choice: dict[str, Any]) -> None:
    """The frames that are made beforehand lead to what a fresh analysis leads to."""
    specification = replace(model.start(*DEPRESSION), **choice)
    fresh = analyze(model.dataset, specification)
    found = model.found(specification)
    assert found.analysis is not None
    assert found.analysis.estimate_id == fresh.estimate_id
    assert found.analysis.pooled == fresh.pooled
    assert fresh.pooled != model.found(model.start(*DEPRESSION)).analysis.pooled  # type: ignore[union-attr]


def test_every_question_and_choice_has_an_answer_or_a_reason(model: Model) -> None:
    """No combination raises: what cannot be pooled has a reason."""
    empty = full = 0
    for therapy in model.therapies():
        for outcome in model.outcomes(therapy):
            for timepoint in model.timepoints(therapy, outcome):
                start = model.start(therapy, outcome, timepoint)
                for compared, imputed, instrument in product(
                    OPTIONS["comparator_class"],
                    OPTIONS["imputed"],
                    model.instruments(therapy, outcome)[1:],
                ):
                    found = model.found(
                        replace(
                            start,
                            comparator_class=compared,
                            imputed=imputed,
                            instrument=instrument,
                        )
                    )
                    if found.analysis is None:
                        empty += 1
                        assert found.refused or found.selection is not None
                    else:
                        full += 1
    assert full > 20
    assert empty > 20


def test_a_new_question_keeps_the_choices_that_it_has(model: Model) -> None:
    now = replace(
        model.start(*DEPRESSION), instrument="bdi_ii", leave_out=("israel2013",), tau2="DL"
    )
    ideation = model.changed(now, "outcome", "suicidal_ideation")
    assert ideation.instrument == "self_report_first"
    assert ideation.leave_out == ()
    assert ideation.tau2 == "DL"
    assert model.changed(now, "timepoint", "follow_up").outcome == "depression"
    other = model.changed(now, "therapy", "abct")
    assert other.outcome in model.outcomes("abct")
    assert other.timepoint in model.timepoints("abct", other.outcome)


def test_a_question_that_nobody_asked_is_refused_with_what_is_accepted(model: Model) -> None:
    with pytest.raises(ParameterError, match="suicidal_ideation"):
        model.start("abft", "sleep", "post")
    with pytest.raises(ParameterError, match="abct"):
        model.start("cbt", "depression", "post")


def test_trials_without_a_number_can_be_left_out_too(model: Model) -> None:
    start = model.start(*DEPRESSION)
    trials = {one.trial_id: one for one in model.trials(start)}
    assert trials["diamond2002"].compared == "6-week waitlist, 16 + 16"
    without = model.found(replace(start, leave_out=("waraan2021", "diamond2019")))
    assert without.stress is None
    assert without.analysis is not None
    assert without.analysis.pooled.k == 3


def test_the_main_analysis_is_among_all_combinations(model: Model) -> None:
    place = model.place(model.found(model.start(*DEPRESSION)))
    assert place is not None
    assert place.among
    assert place.chosen == place.main
    assert place.panel.effect.is_monotonic_increasing


@pytest.mark.parametrize(
    ("choice", "among"),
    [
        ({"tau2": "DL", "interval": "wald"}, True),
        ({"adjustment": "ppc", "imputed": "include"}, True),
        ({"tau2": "ML"}, False),
        ({"leave_out": ("israel2013",)}, False),
        ({"adjustment": "ppc", "correlation": 0.8}, False),
    ],
)
def test_other_choices_stand_where_their_numbers_do(
    model: Model, choice: dict[str, Any], among: bool
) -> None:
    found = model.found(replace(model.start(*DEPRESSION), **choice))
    assert found.analysis is not None
    place = model.place(found)
    assert place is not None
    assert place.among == among
    row = place.panel.iloc[place.chosen]
    assert row.effect == pytest.approx(found.analysis.pooled.effect, abs=CLOSED_FORM)
    assert row.ci_low == pytest.approx(found.analysis.pooled.ci_low, abs=CLOSED_FORM)
    assert row.tau2_method == found.specification.tau2
    assert (row.trials == CHOSEN_TRIALS) == bool(found.specification.leave_out)
    assert place.panel.main.sum() == 1
    assert place.panel.iloc[place.main].effect == pytest.approx(0.520527, abs=1e-6)


def test_follow_up_holds_the_trials_that_are_in(model: Model) -> None:
    start = model.start("abft", "suicidal_ideation", "post")
    assert set(model.follow_up(start).comparisons.trial_id) == {"diamond2010"}  # type: ignore[union-attr]
    for choice in ({"leave_out": ("diamond2010",)}, {"comparator_class": "active"}):
        assert model.follow_up(replace(start, **choice)).comparisons.empty  # type: ignore[union-attr, arg-type]


def test_options_start_with_the_choices_of_the_main_analysis() -> None:
    main = Specification(therapy="", outcome="", timepoint="")
    for name, options in OPTIONS.items():
        assert getattr(main, name) in options
        if name != "correlation":
            assert getattr(main, name) == options[0]
