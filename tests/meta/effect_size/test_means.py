import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.meta import effect_size
from evidence.meta.effect_size import change, unequal_variances
from evidence.meta.effect_size import means as continuous
from tests.meta.effect_size.strategies import arms, correlations, means, sds, sizes
from tests.tolerances import CLOSED_FORM, ITERATIVE

DIFFERENCES = [
    continuous.cohen_d,
    continuous.standardized_mean_difference,
    continuous.mean_difference,
]


@pytest.mark.parametrize("function", DIFFERENCES)
@given(arms())
def test_swapping_the_arms_turns_the_sign(function, given):
    one, other = function(*given), function(*given[3:], *given[:3])
    assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)


@given(arms())
def test_swapping_the_arms_turns_a_ratio(given):
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = given
    given = (abs(mean_1) + 0.1, sd_1, n_1, abs(mean_2) + 0.1, sd_2, n_2)
    one = continuous.ratio_of_means(*given)
    other = continuous.ratio_of_means(*given[3:], *given[:3])
    assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)


@given(arms(), st.floats(min_value=0.01, max_value=100), st.floats(min_value=-50, max_value=50))
def test_standardized_effects_do_not_depend_on_unit_and_origin(given, unit, origin):
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = given
    one = continuous.standardized_mean_difference(*given)
    other = continuous.standardized_mean_difference(
        *(origin + unit * mean_1, unit * sd_1, n_1, origin + unit * mean_2, unit * sd_2, n_2)
    )
    assert other.value == pytest.approx(one.value, rel=ITERATIVE, abs=ITERATIVE)
    assert other.variance == pytest.approx(one.variance, rel=ITERATIVE)


@given(arms())
def test_correction_pulls_toward_zero_and_conventions_are_close(given):
    d = continuous.cohen_d(*given).value
    exact = continuous.standardized_mean_difference(*given)
    metapsy = continuous.standardized_mean_difference(*given, convention="metapsy")
    assert abs(exact.value) <= abs(d)
    assert exact.value == pytest.approx(metapsy.value, rel=0.003)
    assert metapsy.variance >= exact.variance - CLOSED_FORM


@given(arms())
def test_hedges_g_of_a_printed_d_is_that_of_the_means(given):
    d = continuous.cohen_d(*given).value
    for convention in ("exact", "metapsy"):
        assert continuous.hedges_g(
            d, given[2], given[5], convention=convention
        ) == continuous.standardized_mean_difference(*given, convention=convention)


@given(st.lists(arms(), min_size=1, max_size=5))
def test_arrays_give_what_scalars_give(many):
    columns = np.array(many, dtype=float).T
    together = continuous.standardized_mean_difference(*columns)
    for position, one in enumerate(many):
        alone = continuous.standardized_mean_difference(*one)
        assert together.value[position] == pytest.approx(alone.value, rel=CLOSED_FORM)
        assert together.variance[position] == pytest.approx(alone.variance, rel=CLOSED_FORM)


def test_arguments_broadcast():
    effect = continuous.standardized_mean_difference([[1.0], [2.0]], 3, 20, [0, 1, 2], 3, 20)
    assert effect.value.shape == effect.variance.shape == (2, 3)


@given(arms())
def test_pooled_sd_lies_between_the_two(given):
    _, sd_1, n_1, _, sd_2, n_2 = given
    pooled = effect_size.pooled_sd(sd_1, n_1, sd_2, n_2)
    assert min(sd_1, sd_2) * (1 - CLOSED_FORM) <= pooled <= max(sd_1, sd_2) * (1 + CLOSED_FORM)


def test_two_participants_are_enough_for_an_sd():
    assert effect_size.pooled_sd(3, 2, 4, 2) == pytest.approx(np.sqrt(12.5), rel=CLOSED_FORM)
    two = unequal_variances.log_coefficient_of_variation_ratio(20, 12, 2, 20, 8, 2)
    # Nakagawa et al. (2015), equation 12: 1 / (2 (n - 1)) and CV^2 / n of each arm
    assert two.variance == pytest.approx(1 + 0.36 / 2 + 0.16 / 2, rel=CLOSED_FORM)


def test_pooled_sd_does_not_overflow():
    assert effect_size.pooled_sd(1e300, 5, 1e300, 5) == pytest.approx(1e300, rel=CLOSED_FORM)
    assert effect_size.pooled_sd(0, 5, 0, 5) == 0


def test_equal_variances_change_the_variance_only():
    given = (12.5, 7.2, 11, 19.4, 5.2, 9)
    one = continuous.mean_difference(*given)
    other = continuous.mean_difference(*given, equal_variances=True)
    assert one.value == other.value
    assert one.variance == pytest.approx(7.2**2 / 11 + 5.2**2 / 9, rel=CLOSED_FORM)
    pooled = (10 * 7.2**2 + 8 * 5.2**2) / 18
    assert other.variance == pytest.approx(pooled * (1 / 11 + 1 / 9), rel=CLOSED_FORM)


@st.composite
def changes(draw):
    one = (draw(means), draw(means), draw(sds), draw(sizes))
    return (*one, draw(means), draw(means), draw(sds), draw(sizes))


STANDARDIZERS = ["pooled_pre", "own_pre", "pooled_post", "own_post"]


@pytest.mark.parametrize("standardizer", STANDARDIZERS)
@given(changes(), sds, sds, correlations)
def test_pre_post_control_is_antisymmetric(standardizer, given, sd_post_1, sd_post_2, rho):
    kind = {"standardizer": standardizer, "correlation": rho}
    one = continuous.pre_post_control(*given, **kind, sd_post_1=sd_post_1, sd_post_2=sd_post_2)
    other = continuous.pre_post_control(
        *given[4:], *given[:4], **kind, sd_post_1=sd_post_2, sd_post_2=sd_post_1
    )
    assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)
    assert one.variance > 0


@given(changes(), correlations)
def test_post_variants_divide_by_the_sds_after(given, rho):
    pre_1, post_1, sd_1, n_1, pre_2, post_2, sd_2, n_2 = given
    other_sds = (pre_1, post_1, 1.0, n_1, pre_2, post_2, 1.0, n_2)
    for kind in ("pooled", "own"):
        by_pre = continuous.pre_post_control(*given, correlation=rho, standardizer=f"{kind}_pre")
        by_post = continuous.pre_post_control(
            *other_sds,
            correlation=rho,
            standardizer=f"{kind}_post",
            sd_post_1=sd_1,
            sd_post_2=sd_2,
        )
        assert by_pre == by_post


@given(changes(), correlations)
def test_equal_means_before_leave_the_difference_after(given, rho):
    pre, post_1, sd_1, n_1, _, post_2, sd_2, n_2 = given
    ppc = continuous.pre_post_control(pre, post_1, sd_1, n_1, pre, post_2, sd_2, n_2)
    after = continuous.standardized_mean_difference(post_1, sd_1, n_1, post_2, sd_2, n_2)
    assert ppc.value == pytest.approx(after.value, rel=ITERATIVE, abs=ITERATIVE)


@given(changes(), correlations)
def test_own_sds_give_the_difference_of_two_standardized_changes(given, rho):
    one = change.standardized_mean_change_raw(*given[:4], rho)
    other = change.standardized_mean_change_raw(*given[4:], rho)
    both = continuous.pre_post_control(*given, correlation=rho, standardizer="own_pre")
    assert both.value == pytest.approx(one.value - other.value, rel=CLOSED_FORM)
    assert both.variance == pytest.approx(one.variance + other.variance, rel=CLOSED_FORM)


def test_correlation_of_one_leaves_the_uncertainty_of_the_sd():
    effect = continuous.pre_post_control(20, 15, 5, 20, 20, 18, 5, 20, correlation=1)
    assert 0 < effect.variance < 0.02
