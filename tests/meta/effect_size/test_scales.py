import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.meta.effect_size import means
from evidence.meta.effect_size.scales import (
    d_from_b_and_sd,
    d_from_odds_ratio,
    d_from_r,
    odds_ratio_from_d,
    r_from_d,
)
from tests.meta.effect_size.strategies import effects, sizes
from tests.tolerances import CLOSED_FORM

variances = st.floats(min_value=0.001, max_value=5)


@pytest.mark.parametrize("method", ["hasselblad_hedges", "cox"])
@given(effects, variances)
def test_odds_ratio_and_back(method, d, variance):
    ratio = odds_ratio_from_d(d, variance, method=method)
    back = d_from_odds_ratio(ratio.value, ratio.variance, method=method)
    assert back.value == pytest.approx(d, rel=CLOSED_FORM)
    assert back.variance == pytest.approx(variance, rel=CLOSED_FORM)
    assert ratio.value / ratio.se == pytest.approx(d / math.sqrt(variance), rel=CLOSED_FORM)


@given(effects, sizes, sizes)
def test_correlation_and_back(d, n_1, n_2):
    r = r_from_d(d, n_1, n_2)
    assert d_from_r(r.value, n_1, n_2).value == pytest.approx(d, rel=1e-9, abs=CLOSED_FORM)
    assert r_from_d(-d, n_2, n_1).value == -r.value


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_correlation_is_that_of_arm_and_score(seed):
    scores = np.random.default_rng(seed).normal(size=17)
    arm = np.array([1] * 6 + [0] * 11)
    one, two = scores[arm == 1], scores[arm == 0]
    d = means.cohen_d(one.mean(), one.std(ddof=1), 6, two.mean(), two.std(ddof=1), 11)
    expected = np.corrcoef(arm, scores)[0, 1]
    assert r_from_d(d.value, 6, 11).value == pytest.approx(expected, rel=1e-9, abs=CLOSED_FORM)


def test_variance_of_r_is_that_of_d_times_the_squared_slope():
    step = 1e-6
    slope = (r_from_d(0.5 + step, 20, 30).value - r_from_d(0.5 - step, 20, 30).value) / (2 * step)
    variance_of_d = 1 / 20 + 1 / 30 + 0.25 / 100
    assert r_from_d(0.5, 20, 30).variance == pytest.approx(slope**2 * variance_of_d, rel=1e-6)


@given(st.floats(min_value=-30, max_value=30), st.floats(min_value=1, max_value=30), sizes, sizes)
def test_coefficient_over_a_named_sd(b, sd, n_1, n_2):
    expected = means.cohen_d(b, sd, n_1, 0, sd, n_2)
    effect = d_from_b_and_sd(b, sd, n_1, n_2)
    assert effect.value == pytest.approx(expected.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert effect.variance == pytest.approx(expected.variance, rel=CLOSED_FORM)


def test_cox_gives_smaller_effects_than_hasselblad_and_hedges_do_not():
    logistic, normal = d_from_odds_ratio(1, 1).value, d_from_odds_ratio(1, 1, method="cox").value
    assert logistic == pytest.approx(math.sqrt(3) / math.pi, rel=CLOSED_FORM)
    assert normal == pytest.approx(1 / 1.65, rel=CLOSED_FORM)
