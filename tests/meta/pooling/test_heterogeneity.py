from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.meta.pooling import batch
from evidence.meta.pooling.heterogeneity import i_squared, likelihood_score, typical_variance
from evidence.meta.pooling.weights import arrange, moments
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit


def log_likelihood(effect, variance, tau2, *, restricted):
    """Textbook form over an array of tau2."""
    weight = 1 / (variance[:, None] + tau2)
    total = weight.sum(axis=0)
    residual = effect[:, None] - (weight * effect[:, None]).sum(axis=0) / total
    height = np.log(weight).sum(axis=0) - (weight * residual**2).sum(axis=0)
    return (height - np.log(total) * restricted) / 2


@given(st.integers(0, 10**7), st.integers(2, 8), st.booleans(), st.integers(0, 4))
@settings(max_examples=300)
def test_likelihood_has_no_higher_point(seed, k, restricted, magnitudes):
    generator = np.random.default_rng(seed)
    variance = 10 ** generator.uniform(-magnitudes, magnitudes, k)
    effect = generator.standard_t(2, k) * np.sqrt(variance + generator.exponential())
    method = "REML" if restricted else "ML"
    pooled = batch.pool([effect], [variance], tau2=method)
    assert pooled.tau2_converged.all()
    dense = np.concatenate([[0.0], np.geomspace(variance.min() * 1e-4, 1e6, 20_000)])
    heights = log_likelihood(effect, variance, dense, restricted=restricted)
    found = log_likelihood(effect, variance, pooled.tau2, restricted=restricted)[0]
    assert found >= heights.max() - 1e-11 * (1 + abs(heights.max()))


@pytest.mark.parametrize("restricted", [True, False])
def test_score_is_the_derivative_of_the_likelihood(restricted):
    effect, variance = np.array([0.1, 0.9, -0.4, 0.6]), np.array([0.02, 0.5, 0.1, 1.3])
    sets, row = arrange(effect[None], variance[None]), np.array([0])
    step, tau2 = 1e-6, np.array([0.3])
    value, slope = likelihood_score(sets, tau2, row, restricted=restricted)
    heights = log_likelihood(
        effect, variance, np.array([0.3 - step, 0.3 + step]), restricted=restricted
    )
    assert value[0] == pytest.approx(np.diff(heights)[0] / (2 * step), rel=1e-7)
    before, after = (
        likelihood_score(sets, tau2 + h, row, restricted=restricted)[0][0] for h in (-step, step)
    )
    assert slope[0] == pytest.approx((after - before) / (2 * step), rel=1e-7)


def test_higher_of_two_maxima():
    # Two precise trials that agree and a third, imprecise one far off: the restricted likelihood
    # has a maximum near 0 and one far out; which is higher depends on the distance.
    variance = np.array([1e-4, 1.1e-4, 0.01, 0.01])
    dense = np.concatenate([[0.0], np.geomspace(1e-8, 100, 200_000)])
    picked = []
    for distance in np.linspace(0.2, 0.8, 25):
        effect = np.array([0.0, 0.001, distance, -distance])
        heights = log_likelihood(effect, variance, dense, restricted=True)
        tau2 = batch.pool([effect], [variance]).tau2[0]
        best = dense[heights.argmax()]
        assert tau2 == pytest.approx(best, rel=1e-3, abs=1e-7)
        inside = (heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])
        picked.append((inside.sum() + (heights[0] >= heights[1]), tau2))
    assert any(maxima > 1 for maxima, _ in picked)
    assert {tau2 > 1e-3 for maxima, tau2 in picked if maxima > 1} == {True, False}


@given(st.integers(0, 10**7), st.integers(2, 8))
@settings(max_examples=200)
def test_paule_mandel_solves_its_equation_over_eight_orders(seed, k):
    generator = np.random.default_rng(seed)
    variance = 10 ** generator.uniform(-4, 4, k)
    effect = generator.normal(0, 1, k) * np.sqrt(variance + generator.exponential())
    pooled = batch.pool([effect], [variance], tau2="PM", tau2_interval=True)
    tau2 = pooled.tau2[0]
    weight = 1 / (variance + tau2)
    residual = effect - (weight * effect).sum() / weight.sum()
    q = (weight * residual**2).sum()
    if tau2 > 0:
        assert q == pytest.approx(k - 1, rel=ITERATIVE)
    else:
        assert q <= k - 1
    assert pooled.tau2_ci_low[0] <= pooled.tau2_ci_high[0]


def exact_dersimonian_laird(effect, variance):
    """DL in rational arithmetic on the doubles given."""
    y, w = [Fraction(x) for x in effect], [1 / Fraction(v) for v in variance]
    total = sum(w)
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
    q = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
    return float((q - (len(y) - 1)) / (total - sum(a**2 for a in w) / total))


@pytest.mark.parametrize(
    ("effect", "variance"),
    [
        # sum w - sum w^2 / sum w subtracts nearly equal numbers
        ([0.0, 1.3, 2.9], [3e-9, 0.7, 1.1]),
        # nearly equal effects far from 0, one of them very precise
        ([1e9, 1e9 + 0.25, 1e9 - 0.5], [3e-11, 0.007, 0.011]),
    ],
)
def test_digits_are_kept_where_formulas_cancel(effect, variance):
    pooled = batch.pool([effect], [variance], tau2="DL")
    exact = exact_dersimonian_laird(effect, variance)
    assert exact > 0
    assert pooled.tau2[0] == pytest.approx(exact, rel=CLOSED_FORM)


def test_i_squared_of_the_q_profile_limits():
    # ABFT and depression after treatment, three trials: 0 to 91%.
    effect = np.array([[0.652027, 0.752034, 0.392203]])
    variance = np.array([[0.1316425, 0.2161595, 0.0619899]])
    high = batch.pool(effect, variance, tau2_interval=True).tau2_ci_high
    sets = arrange(effect, variance)
    alike = moments(sets.effect, sets.variance, 0.0)
    share, _ = i_squared(typical_variance(alike, sets.degrees), high)
    assert share[0] == pytest.approx(0.91, abs=half_unit("0.91"))
