"""Change and retained fraction: closed forms, inversion, simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from evidence.errors import ParameterError
from evidence.followup.pairs import between_treatments, change_from_post, retained_fraction
from evidence.meta.effect_size import Effect
from tests.tolerances import CLOSED_FORM

Z = float(ndtri(0.975))
CORRELATIONS = st.floats(-0.95, 0.95)
EFFECTS = st.floats(-10, 10)
VARIANCES = st.floats(0.01, 10)


def distance(fraction: float, post: Effect, later: Effect, r: float) -> float:
    """How many standard errors later - fraction * post lies from 0."""
    covariance = r * (post.variance * later.variance) ** 0.5
    variance = later.variance - 2 * fraction * covariance + fraction**2 * post.variance
    return abs(later.value - fraction * post.value) / variance**0.5


def test_change_has_the_variance_of_correlated_differences() -> None:
    """Of two correlated normals, drawn."""
    post, later, r = Effect(1.0, 4.0), Effect(0.4, 9.0), 0.3
    covariance = r * 6.0
    rng = np.random.default_rng(20101)
    draws = rng.multivariate_normal([1.0, 0.4], [[4.0, covariance], [covariance, 9.0]], 400_000)
    change = change_from_post(post, later, r)
    simulated = draws[:, 1] - draws[:, 0]
    # The standard error of a variance of 400,000 draws is 0.22% of it.
    assert np.isclose(change.variance, simulated.var(), rtol=0.01)
    assert np.isclose(change.value, -0.6, atol=CLOSED_FORM)


@given(EFFECTS, VARIANCES, EFFECTS, VARIANCES, CORRELATIONS)
def test_a_change_turned_round_has_the_other_sign(a, v, b, w, r) -> None:
    there = change_from_post(Effect(a, v), Effect(b, w), r)
    back = change_from_post(Effect(b, w), Effect(a, v), r)
    assert there.value == -back.value
    assert there.variance == back.variance
    assert there.variance >= 0


@given(VARIANCES, VARIANCES)
def test_a_higher_correlation_makes_the_change_more_certain(v, w) -> None:
    found = [
        change_from_post(Effect(1.0, v), Effect(2.0, w), r).variance for r in (0, 0.3, 0.5, 0.9)
    ]
    assert found == sorted(found, reverse=True)


def test_the_same_effect_twice_has_no_uncertain_change() -> None:
    assert change_from_post(Effect(1.0, 0.3), Effect(1.0, 0.3), 1.0) == Effect(0.0, 0.0)


@given(EFFECTS, VARIANCES, EFFECTS, VARIANCES, CORRELATIONS)
def test_fieller_limits_are_where_the_pivot_reaches_the_quantile(a, v, b, w, r) -> None:
    post, later = Effect(a, v), Effect(b, w)
    fraction = retained_fraction(post, later, r)
    if fraction is None:
        assert a**2 <= Z**2 * v
        return
    assert a**2 > Z**2 * v
    if a**2 < 1.01 * Z**2 * v:
        return  # nearly without an end: the limits are too far out for doubles to tell
    assert fraction.low <= fraction.value <= fraction.high
    for limit in (fraction.low, fraction.high):
        assert np.isclose(distance(limit, post, later, r), Z, rtol=1e-6)
    assert distance(fraction.value, post, later, r) < Z
    outside = fraction.high + 0.1 * (fraction.high - fraction.low)
    assert distance(outside, post, later, r) > Z


def test_fieller_agrees_with_inversion_by_grid() -> None:
    """Every fraction that is not refuted, found by trying two million of them."""
    post, later, r = Effect(13.2, 10.546), Effect(7.2, 10.78), 0.5
    tried = np.linspace(-2, 3, 2_000_001)
    covariance = r * (post.variance * later.variance) ** 0.5
    variance = later.variance - 2 * tried * covariance + tried**2 * post.variance
    kept = tried[np.abs(later.value - tried * post.value) <= Z * np.sqrt(variance)]
    fraction = retained_fraction(post, later, r)
    assert fraction is not None
    assert np.allclose([kept[0], kept[-1]], [fraction.low, fraction.high], atol=3e-6)


def test_fieller_covers_as_often_as_it_says() -> None:
    true_post, true_later, r = 5.0, 3.0, 0.5
    rng = np.random.default_rng(1954)
    draws = rng.multivariate_normal([true_post, true_later], [[1, r], [r, 1]], 20_000)
    held = []
    for first, last in draws:
        fraction = retained_fraction(Effect(first, 1.0), Effect(last, 1.0), r)
        if fraction is not None:
            held.append(fraction.low <= true_later / true_post <= fraction.high)
    assert len(held) > 19_900
    # Four standard errors of a proportion of 0.95 in 20,000.
    assert abs(np.mean(held) - 0.95) < 0.0062


def test_an_effect_within_its_margin_of_zero_has_no_fraction() -> None:
    assert retained_fraction(Effect(1.95, 1.0), Effect(1.0, 1.0), 0.5) is None
    assert retained_fraction(Effect(1.97, 1.0), Effect(1.0, 1.0), 0.5) is not None


def test_contrasts_with_a_shared_arm_are_those_of_the_arms() -> None:
    """From arm means: the shared arm cancels whatever it is."""
    sd, n_one, n_two, n_shared = 3.0, 20, 35, 50
    one = Effect(10.0 - 4.0, sd**2 * (1 / n_one + 1 / n_shared))
    two = Effect(9.0 - 4.0, sd**2 * (1 / n_two + 1 / n_shared))
    found = between_treatments(one, two, n_one, n_two, n_shared)
    assert np.isclose(found.value, 1.0, atol=CLOSED_FORM)
    assert np.isclose(found.variance, sd**2 * (1 / n_one + 1 / n_two), rtol=CLOSED_FORM)


@pytest.mark.parametrize("correlation", [-1.1, 1.1, float("nan")])
def test_no_correlation_beyond_one(correlation: float) -> None:
    with pytest.raises(ParameterError, match="correlation"):
        change_from_post(Effect(1.0, 1.0), Effect(1.0, 1.0), correlation)


def test_no_negative_variance() -> None:
    with pytest.raises(ParameterError, match=r"follow_up\.variance"):
        retained_fraction(Effect(1.0, 1.0), Effect(1.0, -1.0), 0.5)
