"""What holds for trial-level results of any data."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta import influence
from evidence.meta.influence import baujat, diagnostics, standardized_residuals
from evidence.meta.influence import subsets as accumulation
from evidence.meta.influence.subsets import cumulative
from evidence.meta.pooling import pool, shrinkage
from evidence.meta.pooling.shrinkage import shrunken_effects

TRIALS = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=7).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@pytest.mark.parametrize("module", [accumulation, influence, shrinkage])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


@given(TRIALS)
def test_predictions_lie_between_a_trial_and_the_pool(trials):
    effects, variances = trials
    found = shrunken_effects(effects, variances, tau2="DL")
    low, high = np.minimum(effects, found.pooled), np.maximum(effects, found.pooled)
    assert (low - 1e-12 <= found.effect).all()
    assert (found.effect <= high + 1e-12).all()
    np.testing.assert_allclose(np.subtract(found.effect, found.pooled), found.deviation, atol=1e-12)


@given(TRIALS)
def test_random_effects_and_weighted_residuals_sum_to_zero(trials):
    effects, variances = trials
    found = shrunken_effects(effects, variances, tau2="DL")
    # tau2 times the sum of w (y - mu) with w = 1 / (v + tau2)
    assert abs(np.sum(found.deviation)) <= 1e-9 * (1 + np.abs(effects).sum())
    residuals = standardized_residuals(effects, variances, tau2="common")
    assert abs(np.sum(np.array(residuals.residual) / variances)) <= 1e-9 * np.sum(1 / variances)


@given(TRIALS)
def test_contributions_sum_to_q(trials):
    found = baujat(*trials, tau2="common")
    assert sum(found.heterogeneity) == pytest.approx(pool(*trials).q, rel=1e-9, abs=1e-9)


@given(TRIALS, st.integers(-5, 5))
def test_a_shift_of_all_effects_moves_predictions_alone(trials, shift):
    effects, variances = trials
    before, after = (shrunken_effects(y, variances, tau2="DL") for y in (effects, effects + shift))
    np.testing.assert_allclose(np.add(before.effect, shift), after.effect, atol=1e-7)
    np.testing.assert_allclose(before.se, after.se, rtol=1e-6)


def test_an_outlier_stands_out_more_when_it_is_left_out():
    data = [0.2, 0.4, 0.6, 0.3, 3.9], [0.04, 0.05, 0.06, 0.05, 0.05]
    inside, outside = standardized_residuals(*data), diagnostics(*data, interval="wald")
    assert np.argmax(np.abs(inside.standardized)) == 4
    assert abs(outside.rstudent[4]) > abs(inside.standardized[4])


def test_one_trial():
    found = shrunken_effects([0.4], [0.09])
    assert (found.effect, found.deviation, found.shrinkage) == ((0.4,), (0.0,), (1.0,))
    assert found.se == pytest.approx((0.3,))
    assert standardized_residuals([0.4], [0.09]).standardized == (None,)
    assert cumulative([0.4], [0.09]).pooled.effect.tolist() == [0.4]


@pytest.mark.parametrize(
    ("order", "message"),
    [([1, 2], r"order: found \(2,\), expected one number"), ([1, np.nan, 2], r"order\[1\]")],
)
def test_orders_that_order_nothing(order, message):
    with pytest.raises(ParameterError, match=message):
        cumulative([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], order)


def test_baujat_needs_two_trials():
    with pytest.raises(ParameterError, match="two or more trials"):
        baujat([0.1], [0.1])
