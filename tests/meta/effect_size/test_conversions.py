import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.meta import effect_size
from evidence.meta.effect_size import Effect, conversions, means
from tests.meta.effect_size.strategies import arms, effects, sizes
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit


@given(arms())
def test_t_of_the_means_leads_back_to_d(given):
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = given
    t = stats.ttest_ind_from_stats(mean_1, sd_1, n_1, mean_2, sd_2, n_2).statistic
    d = means.cohen_d(*given)
    by_t = conversions.d_from_t(t, n_1, n_2)
    assert by_t.value == pytest.approx(d.value, rel=ITERATIVE, abs=ITERATIVE)
    assert by_t.variance == pytest.approx(d.variance, rel=ITERATIVE)


@given(effects, sizes, sizes)
def test_f_is_a_squared_t_without_its_sign(t, n_1, n_2):
    by_f = conversions.d_from_f(t**2, n_1, n_2)
    by_t = conversions.d_from_t(t, n_1, n_2)
    assert by_f.value == pytest.approx(abs(by_t.value), rel=CLOSED_FORM)
    assert by_f.variance == pytest.approx(by_t.variance, rel=CLOSED_FORM)


@given(st.floats(min_value=0.01, max_value=8), sizes, sizes)
def test_p_leads_back_to_the_statistic(statistic, n_1, n_2):
    df = n_1 + n_2 - 2
    by_t = conversions.d_from_t(statistic, n_1, n_2)
    p = 2 * stats.t.sf(statistic, df)
    by_p = conversions.d_from_p(p, n_1, n_2, distribution="t")
    assert by_p.value == pytest.approx(by_t.value, rel=ITERATIVE)
    assert by_p.variance == pytest.approx(by_t.variance, rel=ITERATIVE)

    by_z = conversions.d_from_z(statistic, n_1, n_2)
    by_p = conversions.d_from_p(2 * stats.norm.sf(statistic), n_1, n_2)
    assert by_p.value == pytest.approx(by_z.value, rel=ITERATIVE)
    assert by_p.variance == pytest.approx(by_z.variance, rel=CLOSED_FORM)


def test_p_of_one_is_no_difference():
    assert conversions.d_from_p(1, 20, 30) == Effect(0, pytest.approx(1 / 20 + 1 / 30))
    assert conversions.d_from_p(1, 20, 30, distribution="t").value == 0


@given(effects, sizes, sizes)
def test_z_is_kept_as_value_over_standard_error(z, n_1, n_2):
    effect = conversions.d_from_z(z, n_1, n_2)
    assert effect.value / effect.se == pytest.approx(z, rel=CLOSED_FORM, abs=CLOSED_FORM)


@given(
    st.floats(min_value=-20, max_value=20),
    st.floats(min_value=0.1, max_value=10),
    st.floats(min_value=0.5, max_value=0.99),
    sizes,
    sizes,
)
def test_interval_leads_back_to_z(estimate, se, level, n_1, n_2):
    half = stats.norm.ppf((1 + level) / 2) * se
    effect = conversions.d_from_interval(
        estimate, estimate - half, estimate + half, n_1, n_2, level=level
    )
    z = effect.value / effect.se
    assert z == pytest.approx(estimate / se, rel=ITERATIVE, abs=ITERATIVE)


def test_unequal_arms_are_not_taken_as_equal():
    # 2 t / sqrt(df), right for equal arms, gives 0.577
    assert conversions.d_from_t(2, 10, 40).value == pytest.approx(
        2 * np.sqrt(0.125), rel=CLOSED_FORM
    )


@given(effects, st.integers(min_value=2, max_value=500))
def test_correction_leaves_value_over_standard_error(d, df):
    effect = Effect(d, 0.1)
    corrected = conversions.correct_for_small_samples(effect, df)
    assert corrected.value == pytest.approx(
        effect_size.small_sample_correction(df) * d, rel=CLOSED_FORM
    )
    assert corrected.value / corrected.se == pytest.approx(d / effect.se, rel=CLOSED_FORM)
    approximate = conversions.correct_for_small_samples(effect, df, convention="metapsy")
    assert approximate.value == pytest.approx((1 - 3 / (4 * df - 1)) * d, rel=CLOSED_FORM)


def test_arrays():
    effect = conversions.d_from_p([0.01, 0.5], 20, [[20], [30]])
    assert effect.value.shape == effect.variance.shape == (2, 2)
    assert effect.variance[0, 0] == effect.variance[0, 1] == 0.1


def test_log_ratio():
    assert conversions.log_ratio(np.e) == pytest.approx(1, rel=CLOSED_FORM)


def test_partial_eta_squared_of_two_arms_leads_back_to_d():
    rng = np.random.default_rng(2)
    one, two = rng.normal(12, 8, 38), rng.normal(16, 9, 36)
    everyone = np.concatenate([one, two])
    between = 38 * (one.mean() - everyone.mean()) ** 2 + 36 * (two.mean() - everyone.mean()) ** 2
    share = between / np.sum((everyone - everyone.mean()) ** 2)
    found = conversions.d_from_partial_eta_squared(share, 72, 38, 36)
    right = conversions.d_from_f(stats.f_oneway(one, two).statistic, 38, 36)
    assert found.value == pytest.approx(right.value, rel=ITERATIVE)
    assert found.variance == pytest.approx(right.variance, rel=ITERATIVE)


def test_design_effect_of_a_trial_in_classrooms():
    """Cochrane Handbook 23.1.5: 295 and 330 children in 21 classrooms, ICC 0.02; 1.576."""
    assert conversions.design_effect(29.8, 0.02) == pytest.approx(1.576, abs=half_unit("1.576"))
    assert conversions.design_effect(1, 0.7) == 1
