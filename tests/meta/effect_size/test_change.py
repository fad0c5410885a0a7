import pytest
from hypothesis import given

from evidence.errors import ParameterError
from evidence.meta.effect_size import change
from tests.meta.effect_size.strategies import correlations, means, sds, sizes
from tests.tolerances import CLOSED_FORM


@given(means, means, sds, sds, sizes, correlations)
def test_before_and_after_swapped_turn_the_sign(pre, post, sd_pre, sd_post, n, rho):
    for function in (change.mean_change, change.standardized_mean_change_change):
        one = function(pre, post, sd_pre, sd_post, n, rho)
        other = function(post, pre, sd_post, sd_pre, n, rho)
        assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
        assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)


@given(means, means, sds, sizes)
def test_half_a_correlation_makes_both_standardizers_the_same(pre, post, sd, n):
    # with equal SDs the SD of the change is sd sqrt(2 (1 - r))
    raw = change.standardized_mean_change_raw(pre, post, sd, n, 0.5)
    by_change = change.standardized_mean_change_change(pre, post, sd, sd, n, 0.5)
    assert by_change.value == pytest.approx(raw.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert by_change.variance == pytest.approx(raw.variance, rel=CLOSED_FORM)


def test_raw_change_is_standardized_by_the_sd_before():
    effect = change.standardized_mean_change_raw(30, 20, 5, 10_000_000, 0.5)
    assert effect.value == pytest.approx(-2, abs=1e-6)


@pytest.mark.parametrize(("rho", "expected"), [(0, 5), (1, 1), (-1, 7)])
def test_sd_of_change(rho, expected):
    assert change.sd_of_change(3, 4, rho) == pytest.approx(expected, rel=CLOSED_FORM)


def test_perfect_correlation_of_equal_sds_has_no_spread_of_change():
    assert change.sd_of_change(3, 3, 1) == 0
    with pytest.raises(ParameterError, match="SD of the change"):
        change.standardized_mean_change_change(20, 15, 3, 3, 20, 1)


def test_conventions_differ():
    exact = change.standardized_mean_change_raw(30, 20, 5, 5, 0.5)
    metapsy = change.standardized_mean_change_raw(30, 20, 5, 5, 0.5, convention="metapsy")
    assert metapsy.value == pytest.approx(-2 * 0.8, rel=CLOSED_FORM)
    assert exact.value == pytest.approx(-2 * 0.797884560802866, rel=CLOSED_FORM)
