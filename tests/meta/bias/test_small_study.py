"""Small-study methods on cases whose answer is known without a reference."""

import dataclasses
import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.bias import (
    PREDICTORS,
    excess_significance,
    fail_safe,
    rank_test,
    regression_test,
)
from evidence.meta.bias.selection_models import selection_model
from evidence.meta.bias.trim_and_fill import ESTIMATORS, trimfill
from tests.meta.pooling.test_univariate import ALL
from tests.tolerances import CLOSED_FORM, ITERATIVE

EFFECTS = [0.1, 0.3, 0.25, 0.5, 0.9, 0.7]
VARIANCES = [0.01, 0.02, 0.04, 0.08, 0.2, 0.15]
SIZES = [400, 200, 100, 50, 20, 28]

trials = st.lists(
    st.tuples(st.floats(-2, 2).map(lambda x: round(x, 3)), st.floats(0.01, 1.0)),
    min_size=3,
    max_size=25,
).filter(lambda pairs: np.ptp([variance for _, variance in pairs]) > 0.01)


def apart(pairs):
    effects, variances = zip(*pairs, strict=True)
    return np.array(effects), np.array(variances)


def test_egger_is_the_regression_of_z_on_precision():
    found = regression_test(EFFECTS, VARIANCES, model="lm")
    se = np.sqrt(VARIANCES)
    # as Egger et al. (1997) wrote it: the intercept is the bias, the slope the limit
    egger = sm.OLS(np.array(EFFECTS) / se, sm.add_constant(1 / se)).fit()
    assert found.slope.estimate == pytest.approx(egger.params[0], rel=1e-10)
    assert found.slope.se == pytest.approx(egger.bse[0], rel=1e-10)
    assert found.p_value == pytest.approx(egger.pvalues[0], rel=1e-9)
    assert found.limit == pytest.approx(egger.params[1], rel=1e-10)
    assert found.limit_ci_low == pytest.approx(egger.conf_int()[1, 0], rel=1e-9)
    assert (found.df, found.tau2, found.k) == (4, None, 6)


@pytest.mark.parametrize("predictor", PREDICTORS)
@pytest.mark.parametrize("model", ["lm", "rma"])
def test_small_trials_with_larger_effects_show_by_each_predictor(predictor, model):
    found = regression_test(EFFECTS, VARIANCES, SIZES, model=model, predictor=predictor)
    larger_with_size = predictor in ("ni", "sqrtni")
    assert (found.slope.estimate < 0) == larger_with_size
    assert (found.limit is None) == larger_with_size
    assert found.slope.name == predictor


@settings(max_examples=50)
@given(trials)
def test_a_change_of_sign_changes_signs_alone(pairs):
    effects, variances = apart(pairs)
    for model in ("lm", "rma"):
        one = regression_test(effects, variances, model=model)
        other = regression_test(-effects, variances, model=model)
        assert other.slope.estimate == pytest.approx(-one.slope.estimate, rel=1e-7, abs=1e-9)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-6, abs=1e-12)
    one, other = rank_test(effects, variances), rank_test(-effects, variances)
    if one.tau is not None:
        assert other.tau == pytest.approx(-one.tau, abs=1e-9)
        assert other.p_value == pytest.approx(one.p_value, abs=1e-9)


def test_rank_test_counts_all_orders():
    found = rank_test(EFFECTS[:4], VARIANCES[:4])
    weight = 1 / np.array(VARIANCES[:4])
    mean = weight @ EFFECTS[:4] / weight.sum()
    deviates = (np.array(EFFECTS[:4]) - mean) / np.sqrt(np.array(VARIANCES[:4]) - 1 / weight.sum())

    def score(order):
        pairs = itertools.combinations(range(4), 2)
        return sum(np.sign((order[i] - order[j]) * (i - j)) for i, j in pairs)

    scores = [abs(score(order)) for order in itertools.permutations(deviates)]
    assert found.exact
    assert found.tau == pytest.approx(score(deviates) / 6, abs=CLOSED_FORM)
    assert found.p_value == pytest.approx(np.mean(np.array(scores) >= abs(score(deviates))))


def test_ties_leave_the_normal_distribution():
    assert not rank_test([0.1, 0.3, 0.5, 0.2], [0.1, 0.1, 0.2, 0.3]).exact
    assert not rank_test(EFFECTS, VARIANCES, exact=False).exact


@pytest.mark.parametrize(
    ("effects", "variances", "what"),
    [([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], "effects"), ([0.1, 0.2, 0.3], [0.2] * 3, "variances")],
)
def test_without_ranks_there_is_no_correlation(effects, variances, what):
    found = rank_test(effects, variances)
    assert found.tau is None
    assert found.p_value is None
    assert f"All {what} are the same: there are no ranks to correlate." in found.warnings


# Trim and fill


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0.01, 1.0)), min_size=2, max_size=12),
    st.sampled_from(ESTIMATORS),
    st.sampled_from(["left", "right"]),
)
def test_a_symmetric_funnel_is_left_alone(pairs, estimator, side):
    distances = np.array([distance / 16 for distance, _ in pairs])
    variances = np.array([variance for _, variance in pairs])
    effects = np.concatenate([0.5 + distances, 0.5 - distances])
    twice = np.concatenate([variances, variances])
    found = trimfill(effects, twice, estimator=estimator, side=side, tau2="DL")
    assert found.missing == 0
    assert found.converged


@settings(max_examples=60)
@given(trials, st.sampled_from(["L0", "R0"]), st.sampled_from(["common", "DL"]))
def test_a_change_of_sign_changes_the_side(pairs, estimator, tau2):
    effects, variances = apart(pairs)
    one = trimfill(effects, variances, estimator=estimator, side="left", tau2=tau2)
    other = trimfill(-effects, variances, estimator=estimator, side="right", tau2=tau2)
    assert other.missing == one.missing
    assert other.filled.effect == pytest.approx(-one.filled.effect, rel=1e-7, abs=1e-9)
    mirrored = [-value for value in one.imputed_effect]
    assert list(other.imputed_effect) == pytest.approx(mirrored, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("cut", [2, 3])
def test_what_was_cut_off_comes_back(estimator, cut):
    distances = np.arange(1, 13) / 10
    effects = np.concatenate([0.5 - distances[:-cut], [0.5], 0.5 + distances])
    # One large trial holds the center where it was.
    variances = np.where(effects == 0.5, 1e-6, 0.04)
    found = trimfill(effects, variances, estimator=estimator, side="left", tau2="common")
    # The estimators are cautious by at most one.
    assert cut - 1 <= found.missing <= cut
    # Mirrored about the center, which the large trial holds near 0.5 and not at it.
    expected = [2 * found.center - (0.5 + distance) for distance in distances[-found.missing :]]
    assert list(found.imputed_effect) == pytest.approx(expected, abs=CLOSED_FORM)
    assert found.filled.effect == pytest.approx(found.center, abs=1e-10)
    assert found.filled.k == found.k + found.missing
    assert found.unfilled.effect > found.filled.effect


def test_auto_takes_the_side_of_egger():
    assert trimfill(EFFECTS, VARIANCES).side == "left"
    assert trimfill([-effect for effect in EFFECTS], VARIANCES).side == "right"


def test_only_r0_has_a_p_value():
    found = trimfill(EFFECTS, VARIANCES, estimator="R0", side="left")
    assert found.missing_p == 0.5 ** (found.missing + 1)
    assert trimfill(EFFECTS, VARIANCES, side="left").missing_p is None


def test_none_added_shows_nothing():
    found = trimfill([0.4, 0.5, 0.6], [0.04, 0.04, 0.04], side="left")
    assert found.missing == 0
    assert found.filled == found.unfilled
    assert "No trial was added, which does not show that none is missing." in found.warnings


# All of them


def everything(effects, variances):
    yield regression_test(effects, variances)
    yield rank_test(effects, variances)
    yield trimfill(effects, variances)
    yield fail_safe.rosenthal(effects, variances)
    yield fail_safe.orwin(effects, variances)
    yield fail_safe.rosenberg(effects, variances)
    yield fail_safe.general(effects, variances)
    yield excess_significance.test_of_excess(effects, variances)
    yield selection_model(effects, variances)


def test_the_three_trials_of_abft_get_numbers_and_the_sentence():
    for found in everything(*ALL):
        assert found.k == 3
        assert found.warnings[0] == (
            "3 trials: with fewer than 10, methods for small-study effects cannot tell asymmetry "
            "from chance (Sterne et al. 2011)."
        )


def test_ten_trials_do_not_get_it():
    generator = np.random.default_rng(1)
    for found in everything(generator.normal(0.4, 0.3, 10), generator.uniform(0.02, 0.2, 10)):
        assert not any("Sterne" in sentence for sentence in found.warnings)


def test_results_are_frozen():
    for found in everything(*ALL):
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.k = 4
        assert not hasattr(found, "__dict__")


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_units_do_not_matter(scale):
    effects, variances = np.array(EFFECTS), np.array(VARIANCES)
    for one, other in zip(
        everything(effects, variances),
        everything(scale * effects, scale**2 * variances),
        strict=True,
    ):
        for name in ("p_value", "tau", "statistic", "n", "missing", "selection_statistic"):
            value = getattr(one, name, None)
            if value is not None:
                assert getattr(other, name) == pytest.approx(value, rel=1e-8, abs=CLOSED_FORM), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regression_test([0.1, 0.2], [0.1, 0.2]), "effect: found 2, expected three or"),
        (lambda: regression_test(EFFECTS, [0.1] * 6), "predictor|moderators"),
        (lambda: regression_test(EFFECTS, [0.1] * 6, model="lm"), "predictor: found 'sei'"),
        (lambda: regression_test(EFFECTS, VARIANCES, predictor="ni"), "n_analyzed: found None"),
        (
            lambda: regression_test(EFFECTS, VARIANCES, SIZES[:5], predictor="ni"),
            r"n_analyzed: found \(5,\), expected the shape of effect, \(6,\)",
        ),
        (
            lambda: regression_test(EFFECTS, VARIANCES, [0, *SIZES[1:]], predictor="ninv"),
            r"n_analyzed\[0\]: found 0.0, expected a finite positive number",
        ),
        (lambda: regression_test(EFFECTS, VARIANCES, model="ols"), "model: found 'ols'"),
        (lambda: regression_test(EFFECTS, VARIANCES, predictor="se"), "predictor: found 'se'"),
        (lambda: regression_test(EFFECTS, VARIANCES, model="lm", tau2="X"), "tau2: found 'X'"),
        (lambda: rank_test([0.1], [0.1]), "effect: found 1, expected two or more trials"),
        (lambda: trimfill(EFFECTS[:2], VARIANCES[:2]), "side: found 'auto', expected left or"),
        (lambda: trimfill(EFFECTS, [0.1] * 6), "side: found 'auto', expected left or right"),
        (lambda: trimfill(EFFECTS, VARIANCES, side="both"), "side: found 'both'"),
        (lambda: trimfill(EFFECTS, VARIANCES, estimator="L1"), "estimator: found 'L1'"),
        (lambda: trimfill(EFFECTS, [-1, *VARIANCES[1:]], side="left"), r"variance\[0\]: found -1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_trials_on_a_line_leave_nothing_to_test():
    variances = [0.04, 0.09, 0.16]
    assert regression_test([0.2, 0.3, 0.4], variances, model="lm").p_value < 1e-6
    level = regression_test([0.3, 0.3, 0.3], variances, model="lm")
    assert (level.statistic, level.p_value, level.slope.se) == (0, 1, 0)


def test_trim_and_fill_of_very_few_trials():
    # metafor 3.8-1 gives the same for two; it refuses one.
    found = trimfill([0.1, 0.3], [0.01, 0.02], side="left")
    assert (found.missing, found.filled.effect) == (1, pytest.approx(0.1, abs=ITERATIVE))
    alone = trimfill([0.1], [0.01], side="left")
    assert (alone.missing, alone.filled) == (0, alone.unfilled)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_trial_at_the_center_is_on_no_side(estimator):
    y, v = np.array([-0.2, -0.8, 0.2, 1.2, 0.6]), [0.29, 0.21, 0.2, 0.21, 0.29]
    found = [
        trimfill(sign * y, v, estimator=estimator, side=side, tau2="DL")
        for sign in (1, -1)
        for side in ("left", "right")
    ]
    assert {one.missing for one in found} == {0}
    assert len({one.missing_se for one in found}) == 1


def test_trials_at_the_mean_share_a_rank():
    y, v = np.array([-0.9, -0.1, -0.1, 0.7]), [0.02, 0.23, 0.5, 0.02]
    for sign in (1, -1):
        assert rank_test(sign * y, v).tau == 0
