"""What missing numbers could change, against hand computation and the joint stress test."""

from dataclasses import replace

import numpy as np
import pytest

import evidence
from evidence.analysis import Analysis, analyze
from evidence.analysis.missing_numbers import gaps, imputed_spread, main_analyses
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification
from evidence.meta.pooling import pool
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit


def test_the_weight_is_the_share_of_inverse_variances(depression: Analysis) -> None:
    first, second = gaps(depression)
    assert (first.row.trial_id, second.row.trial_id) == ("diamond2019", "waraan2021")
    _, variance = depression.selection.effects()
    own = 1 / (1 / 66 + 1 / 63)
    whole = (1 / variance).sum() + own
    assert first.information == pytest.approx(own / whole, rel=CLOSED_FORM)
    assert first.half_width == pytest.approx(
        1.959963984540054 / np.sqrt((1 / variance).sum()), rel=CLOSED_FORM
    )
    assert first.half_width_then == pytest.approx(
        1.959963984540054 / np.sqrt(whole), rel=CLOSED_FORM
    )
    # The interval of a common effect of the three trials is 0.152 to 0.889.
    assert 2 * first.half_width == pytest.approx(0.889 - 0.152, abs=2 * half_unit("0.889"))


def test_one_trial_moves_alone_and_by_the_method_of_the_analysis(depression: Analysis) -> None:
    first, _ = gaps(depression)
    effect, variance = depression.selection.effects()
    bound = 1.959963984540054 * np.sqrt(1 / 66 + 1 / 63)
    assert first.bound == pytest.approx(bound, rel=CLOSED_FORM)
    for value, found in ((-bound, first.low), (0.0, first.at_zero), (bound, first.high)):
        alone = pool(np.append(effect, value), np.append(variance, 1 / 66 + 1 / 63))
        assert found.effect == pytest.approx(alone.effect, rel=ITERATIVE)
        assert found.ci_low == pytest.approx(alone.ci_low, rel=ITERATIVE)
        assert found.k == 4
    assert first.spread == pytest.approx(first.high.effect - first.low.effect, rel=CLOSED_FORM)
    assert (
        first.estimate_id == "abft.depression.post.hedges_g.pooled.trials_with_diamond2019_at_zero"
    )


def test_other_choices_of_the_analysis_are_kept(dataset: Dataset) -> None:
    common = analyze(
        dataset,
        Specification(
            therapy="abft",
            outcome="depression",
            timepoint="post",
            tau2="common",
            interval="wald",
            level=0.9,
        ),
    )
    first, _ = gaps(common)
    assert first.at_zero.tau2_method == "common"
    assert first.at_zero.ci_high - first.at_zero.effect == pytest.approx(
        first.half_width_then, rel=ITERATIVE
    )
    assert first.half_width_then == pytest.approx(
        first.half_width * np.sqrt(1 - first.information), rel=CLOSED_FORM
    )


def test_a_printed_chi_square_bounds_more_closely(depression: Analysis) -> None:
    _, second = gaps(depression)
    assert second.bound == pytest.approx(0.066, abs=half_unit("0.066"))
    assert second.bound_source == "a printed chi-square"
    assert second.spread < 0.05 < gaps(depression)[0].spread


def test_together_they_are_the_stress_test(dataset: Dataset) -> None:
    """Where one trial alone lacks a number, the gap is the stress test itself."""
    specification = Specification(
        therapy="abft", outcome="depression", timepoint="post", leave_out=("waraan2021",)
    )
    analysis = analyze(dataset, specification)
    (one,) = gaps(analysis)
    stress = stress_test(analysis)
    assert stress is not None
    for mine, theirs in (
        (one.at_zero, stress.at_zero),
        (one.low, stress.low),
        (one.high, stress.high),
    ):
        assert mine.effect == pytest.approx(theirs.effect, rel=ITERATIVE)


def test_a_trial_of_unknown_size_is_no_gap_that_can_be_computed(dataset: Dataset) -> None:
    analysis = analyze(
        dataset, Specification(therapy="abct", outcome="affective_distress", timepoint="post")
    )
    assert list(analysis.selection.without_number.trial_id) == ["iabct_chronic"]
    assert gaps(analysis) == []


def test_imputed_values_are_moved_over_their_range(dataset: Dataset, depression: Analysis) -> None:
    analysis = analyze(
        dataset, Specification(therapy="abct", outcome="affective_distress", timepoint="post")
    )
    spread = imputed_spread(analysis)
    assert spread is not None
    row = analysis.selection.estimates.iloc[0]
    correction = analysis.pooled.effect / row.effect
    assert spread.low == pytest.approx(row.effect_low * correction, rel=ITERATIVE)
    assert spread.high == pytest.approx(row.effect_high * correction, rel=ITERATIVE)
    assert imputed_spread(depression) is None


def test_an_imputed_estimate_of_0_leaves_open_what_others_do(dataset: Dataset) -> None:
    analysis = analyze(
        dataset, Specification(therapy="abct", outcome="affective_distress", timepoint="post")
    )
    rows = analysis.selection.estimates
    selection = replace(analysis.selection, estimates=rows.assign(effect=0.0))
    spread = imputed_spread(replace(analysis, selection=selection))
    assert spread is not None
    usual = imputed_spread(analysis)
    assert usual is not None
    assert (spread.low, spread.high) == (usual.low, usual.high)


def test_every_outcome_with_a_number_has_its_main_analysis(dataset: Dataset) -> None:
    found = [one.estimate_id for one in main_analyses(dataset, evidence.estimates(dataset))]
    assert found == [
        "abft.depression.post.hedges_g.pooled",
        "abft.suicidal_ideation.post.hedges_g.pooled",
        "abct.affective_distress.post.d_from_test_statistic.pooled",
        "abct.affective_distress.follow_up.d_from_test_statistic.pooled",
        "abct.functional_impairment.post.d_from_test_statistic.pooled",
        "abct.functional_impairment.follow_up.d_from_test_statistic.pooled",
    ]
