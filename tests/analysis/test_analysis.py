"""Pooled analyses of the real data: known values, ids, stress test, comparator classes."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from evidence.analysis import (
    Analysis,
    analyze,
    by_comparator_class,
    points_behind,
    with_other_choices,
    with_other_methods,
)
from evidence.analysis.alternatives import companions
from evidence.analysis.multiverse import CHOICES, ON_ESTIMATES, panel, placed
from evidence.analysis.stress_test import stress_test, with_events_converted, with_priors
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from tests.tolerances import CLOSED_FORM, half_unit

ABFT = Specification(therapy="abft", outcome="depression", timepoint="post")
ABCT = Specification(therapy="abct", outcome="affective_distress", timepoint="post")


@pytest.fixture(scope="module")
def main(dataset: Dataset) -> Analysis:
    return analyze(dataset, ABFT)


def close(value: float, printed: str) -> bool:
    return abs(value - float(printed)) <= half_unit(printed)


def test_main_analysis(main: Analysis) -> None:
    pooled = main.pooled
    assert main.estimate_id == "abft.depression.post.hedges_g.pooled"
    assert close(pooled.effect, "0.520527")
    assert close(pooled.ci_low, "-0.287521")
    assert close(pooled.ci_high, "1.328576")
    assert (pooled.k, main.size.n, pooled.tau2) == (3, 118, 0)
    assert pooled.tau2_ci_high is not None
    assert close(pooled.tau2_ci_high, "1.25")


@pytest.mark.parametrize(
    ("choice", "effect", "low", "high", "suffix"),
    [
        ({"interval": "hksj"}, "0.520527", "0.061672", "0.979382", ".interval_hksj"),
        (
            {"tau2": "common", "interval": "wald"},
            "0.520527",
            "0.152",
            "0.889",
            ".tau2_common.interval_wald",
        ),
        (
            {"convention": "metapsy"},
            "0.520265",
            "-0.288561",
            "1.329092",
            ".convention_metapsy",
        ),
        (
            {"comparator_class": "usual_care"},
            "0.472",
            "-2.32",
            "3.26",
            ".trials_usual_care",
        ),
        ({"comparator_class": "inactive"}, "0.652", "-0.06", "1.36", ".trials_inactive"),
    ],
)
def test_known_alternatives(
    dataset: Dataset, choice: dict[str, str], effect: str, low: str, high: str, suffix: str
) -> None:
    one = analyze(dataset, Specification(**{**_fields(ABFT), **choice}))
    assert close(one.pooled.effect, effect)
    assert close(one.pooled.ci_low, low)
    assert close(one.pooled.ci_high, high)
    assert one.estimate_id == f"abft.depression.post.hedges_g.pooled{suffix}"


def _fields(specification: Specification) -> dict[str, str]:
    return {
        "therapy": specification.therapy,
        "outcome": specification.outcome,
        "timepoint": specification.timepoint,
    }


def test_adjusted_for_the_imbalanced_baseline(dataset: Dataset, main: Analysis) -> None:
    found = {one.estimate_id: one for one in with_other_choices(dataset, main)}
    adjusted = found["abft.depression.post.hedges_g.pooled.adjustment_ppc_imbalanced"]
    assert close(adjusted.pooled.effect, "0.435")


def test_stress_test(main: Analysis) -> None:
    test = stress_test(main)
    assert test is not None
    assert close(test.at_zero.effect, "0.2331")
    assert test.at_zero.tau2 is not None
    assert close(test.at_zero.tau2, "0.0259")
    assert close(test.at_zero.ci_low, "-0.161")
    assert close(test.at_zero.ci_high, "0.628")
    assert close(test.low.effect, "0.20")
    assert close(test.high.effect, "0.34")
    assert (test.at_zero.k, test.size.n) == (5, 307)
    bounds = dict(zip(test.entered.trial_id, test.entered.bound, strict=True))
    assert close(bounds["diamond2019"], "0.345")
    # The printed chi-square already says that the effect is near zero.
    assert bounds["waraan2021"] == 0
    assert list(test.not_entered.trial_id) == ["nct00329199"]


def test_single_trial_in_points(dataset: Dataset) -> None:
    one = analyze(dataset, ABCT)
    assert one.pooled.k == 1
    assert one.pooled.tau2 is None
    points = points_behind(one)
    assert points is not None
    assert points.effect == 13.20
    assert stress_test(one) is None


def test_no_two_companions_share_an_id(dataset: Dataset, main: Analysis) -> None:
    beside = companions(dataset, main)
    ids = [main.estimate_id, *(one.estimate_id for one in beside.analyses)]
    assert beside.stress is not None
    ids.append(beside.stress.estimate_id)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9_.]+", one) for one in ids)


def test_other_methods_pool_the_same_trials(dataset: Dataset, main: Analysis) -> None:
    for one in with_other_methods(main):
        assert list(one.selection.estimates.estimate_id) == list(
            main.selection.estimates.estimate_id
        )


def test_classes_split_the_trials(dataset: Dataset, main: Analysis) -> None:
    split = by_comparator_class(dataset, main)
    trials = np.concatenate([one.selection.estimates.trial_id for one in split.values()])
    assert sorted(trials) == sorted(main.selection.estimates.trial_id)


def test_nothing_left_is_an_error(dataset: Dataset) -> None:
    with pytest.raises(ParameterError, match="choices that leave an estimate"):
        analyze(dataset, Specification(**_fields(ABCT), imputed="exclude"))


def test_remission_converted(main: Analysis) -> None:
    converted = with_events_converted(main)
    assert converted is not None
    assert list(converted.entered.trial_id) == ["waraan2021"]
    assert close(converted.entered.d.iloc[0], "0.244")
    assert close(converted.pooled.effect, "0.489")
    assert close(converted.pooled.ci_low, "-0.074")
    assert close(converted.pooled.ci_high, "1.052")
    assert converted.pooled.k == 4
    # Both counts are of those seen, none of whom stands in as randomized.
    assert str(converted.size) == str(118 + 60)


def test_events_stand_beside_no_points(dataset: Dataset) -> None:
    points = analyze(dataset, replace(ABFT, metric="mean_difference", instrument="bdi_ii"))
    left = points.selection.left_out
    assert "log_odds_ratio" in set(left.metric[left.trial_id == "waraan2021"])
    assert with_events_converted(points) is None


@pytest.mark.parametrize(
    ("number", "median", "low", "high"),
    [(0, "0.542", "0.007", "1.122"), (1, "0.546", "-0.151", "1.314")],
)
def test_posteriors(main: Analysis, number: int, median: str, low: str, high: str) -> None:
    view = with_priors(main, stress_test(main))[number]
    after = view.posterior
    for value, printed in ((after.median, median), (after.ci_low, low), (after.ci_high, high)):
        assert value == pytest.approx(float(printed), abs=1e-3)


def test_posterior_with_nulls(main: Analysis) -> None:
    after = with_priors(main, stress_test(main))[0].at_zero
    assert after is not None
    for value, printed in ((after.median, 0.242), (after.ci_low, -0.095), (after.ci_high, 0.672)):
        assert value == pytest.approx(printed, abs=1e-3)


def test_panel(dataset: Dataset, main: Analysis) -> None:
    frame = panel(dataset, ABFT)
    assert frame.estimate_id.is_unique
    assert frame.estimate_id.str.fullmatch(r"[a-z0-9_.]+").all()
    assert frame.main.sum() == 1
    first = frame[frame.main].iloc[0]
    assert first.estimate_id == main.estimate_id
    assert first.effect == main.pooled.effect
    by_id = frame.set_index("estimate_id").effect
    test = stress_test(main)
    assert test is not None
    assert by_id[test.estimate_id] == test.at_zero.effect
    for one in (*with_other_methods(main), *with_other_choices(dataset, main)):
        assert by_id[one.estimate_id] == one.pooled.effect


@pytest.mark.parametrize(
    ("therapy", "outcome", "timepoint"),
    [
        ("abft", "depression", "post"),
        ("abft", "suicidal_ideation", "post"),
        ("abct", "functional_impairment", "follow_up"),
    ],
)
def test_panel_tries_every_choice_that_touches_an_estimate(
    dataset: Dataset, therapy: str, outcome: str, timepoint: str
) -> None:
    """Choices that the panel does not try must be those that change nothing."""
    specification = Specification(therapy=therapy, outcome=outcome, timepoint=timepoint)
    frames = {one: estimates(dataset, convention=one) for one in CHOICES["convention"]}
    shown = set(panel(dataset, specification, frames).effect)
    for values in product(*(CHOICES[one] for one in ON_ESTIMATES)):
        choice: dict[str, Any] = dict(zip(ON_ESTIMATES, values, strict=True))
        for overall in ({}, {"overall": "as_post", "metric": "standardized"}):
            if overall and timepoint != "post":
                continue
            one = replace(specification, **choice, **overall)
            try:
                found = analyze(dataset, one, frames[one.convention])
            except (ParameterError, SelectionError):
                continue
            assert any(abs(found.pooled.effect - e) < CLOSED_FORM for e in shown), choice


@pytest.mark.parametrize(
    "choice",
    [
        {"tau2": "ML"},
        {"tau2": "SJ"},
        {"instrument": "bdi_ii", "leave_out": ("diamond2002",)},
        {"instrument": "clinician_first", "comparator_class": "inactive"},
    ],
)
def test_panel_marks_a_main_analysis_that_none_of_its_combinations_is(
    dataset: Dataset, choice: dict[str, Any]
) -> None:
    main = analyze(dataset, replace(ABFT, **choice))
    frame = panel(dataset, main.specification)
    assert frame.main.sum() == 1
    marked = frame[frame.main].iloc[0]
    assert marked.effect == pytest.approx(main.pooled.effect, abs=CLOSED_FORM)
    assert marked.ci_high == pytest.approx(main.pooled.ci_high, abs=CLOSED_FORM)
    assert marked.k == main.pooled.k


def test_an_analysis_under_another_id_has_the_row_of_its_numbers_and_methods(
    dataset: Dataset, main: Analysis
) -> None:
    frame = panel(dataset, ABFT)
    # Turned round, so that rows of the same effect by other methods stand before it.
    renamed = frame[::-1].reset_index(drop=True)
    renamed["estimate_id"] = [f"other.{at}" for at in renamed.index]
    same, place = placed(renamed, main)
    assert same is renamed
    row, first = renamed.loc[place], frame[frame.main].iloc[0]
    methods = ["tau2_method", "interval", "effect", "ci_low", "ci_high", "k"]
    assert row[methods].tolist() == first[methods].tolist()


@pytest.mark.parametrize(("apart", "found"), [(0.5e-9, True), (1e-9, False)])
def test_only_results_that_differ_by_less_than_the_bound_are_the_same(
    dataset: Dataset, main: Analysis, apart: float, found: bool
) -> None:
    zero = replace(main, pooled=replace(main.pooled, effect=0.0))
    first = panel(dataset, ABFT).query("main").assign(estimate_id="other", effect=apart)
    frame, _ = placed(first, zero)
    assert (len(frame) == len(first)) is found
    assert (frame.estimate_id.iloc[-1] == "other") is found


def test_what_is_printed_of_other_outcomes_opens_no_choice(dataset: Dataset) -> None:
    """ABFT has a statistic over the whole course on ideation, and none of depression."""
    frame = panel(dataset, replace(ABFT, metric="d_ppc2"))
    assert set(frame.trials) == {"all", "unreported_at_zero"}


def test_one_trial_has_no_variance_between_trials(dataset: Dataset) -> None:
    alone = Specification(therapy="abct", outcome="functional_impairment", timepoint="post")
    frame = panel(dataset, alone)
    assert (frame.k == 1).any()
    assert frame.tau2[frame.k == 1].isna().all()
    assert frame.tau2[frame.k > 1].notna().all()
