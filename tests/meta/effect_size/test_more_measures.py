"""What holds for the less usual measures whatever the data, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import hyp2f1

from evidence.errors import ParameterError
from evidence.meta.effect_size import (
    association,
    change,
    events,
    means,
    scales,
    single_group,
    unequal_variances,
)
from evidence.meta.reconstruction import five_numbers, margins
from tests.tolerances import CLOSED_FORM

COUNTS = st.tuples(*[st.integers(1, 60)] * 4)
MEANS = st.floats(-20, 20)
SDS = st.floats(0.5, 20)
SIZES = st.integers(4, 200)


def test_a_perfect_association_is_1_without_variance():
    # Rounding gave 1.0000000000000002 and a negative variance.
    perfect = association.phi_coefficient(39, 39, 0, 38)
    assert (perfect.value, perfect.variance) == (1, 0)


@given(COUNTS)
def test_turning_the_arms_turns_the_sign(cells):
    a, b, c, d = cells
    for measure in (
        association.phi_coefficient,
        association.yule_q,
        association.yule_y,
        association.probit_difference,
        association.tetrachoric_correlation,
    ):
        there, back = measure(a, a + b, c, c + d), measure(c, c + d, a, a + b)
        assert there.value == pytest.approx(-back.value, abs=1e-12)
        assert there.variance == pytest.approx(back.variance, rel=1e-9)
        sign = np.sign(a * d - b * c)
        assert np.sign(np.round(there.value, 13)) == sign


@given(MEANS, SDS, SIZES, MEANS)
def test_equal_sds_and_sizes_make_the_two_differences_one(m_1, sd, n, m_2):
    pooled = means.standardized_mean_difference(m_1, sd, n, m_2, sd, n)
    average = unequal_variances.standardized_mean_difference_unequal(m_1, sd, n, m_2, sd, n)
    assert average.value == pytest.approx(pooled.value, rel=1e-9, abs=1e-12)
    share = unequal_variances.probability_of_superiority(m_1, sd, n, m_2, sd, n)
    d = means.cohen_d(m_1, sd, n, m_2, sd, n).value
    assert share.value == pytest.approx(scales.superiority_from_d(d), rel=1e-9)
    assert unequal_variances.log_variability_ratio(sd, n, sd, n).value == pytest.approx(
        0, abs=1e-12
    )


@given(MEANS, SDS, SIZES, MEANS, SDS, SIZES)
def test_usual_variance_of_g_is_that_of_hedges_g(m_1, sd_1, n_1, m_2, sd_2, n_2):
    d = means.cohen_d(m_1, sd_1, n_1, m_2, sd_2, n_2).value
    usual = means.hedges_g(d, n_1, n_2)
    assert unequal_variances.variance_of_g(d, n_1, n_2) == pytest.approx(
        usual.variance, rel=CLOSED_FORM
    )
    alone = unequal_variances.variance_of_g(d, n_1, n_2, average=True)
    assert alone == pytest.approx(usual.variance, rel=CLOSED_FORM)


@given(st.floats(-5, 5), st.integers(2, 80), st.integers(2, 80))
def test_biserial_is_point_biserial_over_its_ratio(d, n_1, n_2):
    point = scales.r_from_d(d, n_1, n_2).value
    by_share = single_group.biserial_from_point_biserial(point, n_1 / (n_1 + n_2))
    whole = single_group.biserial_from_d(d, n_1, n_2).value
    assert whole == pytest.approx(by_share, rel=1e-9, abs=1e-12)


@given(st.floats(0.001, 0.999))
def test_scales_of_proportions_go_there_and_back(p):
    pairs = (
        (single_group.logit, single_group.proportion_from_logit),
        (single_group.probit, single_group.proportion_from_probit),
        (single_group.arcsine_root, single_group.proportion_from_arcsine_root),
        (single_group.cumulative_hazard, single_group.risk_from_cumulative_hazard),
        (single_group.fisher_z, single_group.correlation_from_fisher_z),
        (single_group.alpha_root, single_group.alpha_from_root),
        (
            lambda x: single_group.freeman_tukey(x, 30),
            lambda x: single_group.proportion_from_freeman_tukey(x, 30),
        ),
    )
    for there, back in pairs:
        assert back(there(p)) == pytest.approx(p, rel=1e-9)


def test_ends_of_the_double_arcsine():
    ends = single_group.freeman_tukey(np.array([0.0, 1.0]), 30)
    assert single_group.proportion_from_freeman_tukey(ends, 30).tolist() == [0, 1]
    outside = single_group.proportion_from_freeman_tukey([-1, 3], 30)
    assert outside.tolist() == [0, 1]


@given(COUNTS)
def test_odds_ratios_at_their_own_risk_give_the_risks_of_the_trial(cells):
    a, b, c, d = cells
    log_odds = events.log_odds_ratio(a, a + b, c, c + d).value
    risk = c / (c + d)
    ratio = single_group.risk_ratio_from_log_odds_ratio(log_odds, risk)
    assert ratio == pytest.approx(a / (a + b) / risk, rel=CLOSED_FORM)
    difference = single_group.risk_difference_from_log_odds_ratio(log_odds, risk)
    assert difference == pytest.approx(a / (a + b) - risk, abs=1e-12)


@given(COUNTS)
def test_tables_come_back_from_their_own_measures(cells):
    a, b, c, d = cells
    arms = (a + b, c + d, a + c)
    tables = [margins.table_from_odds_ratio(a * d / (b * c), *arms)]
    phi = association.phi_coefficient(a, a + b, c, c + d).value
    tables.append(margins.table_from_phi(phi, *arms))
    n, product = a + b + c + d, (a + b) * (c + d) * (a + c) * (b + d)
    more = a * d >= b * c
    tables.append(
        margins.table_from_chi2(
            n * (a * d - b * c) ** 2 / product,
            *arms,
            more_frequent_in_arm_1=more,
            continuity_corrected=False,
        )
    )
    if abs(a * d - b * c) > n / 2:
        yates = n * (abs(a * d - b * c) - n / 2) ** 2 / product
        tables.append(
            margins.table_from_chi2(
                yates, *arms, more_frequent_in_arm_1=more, continuity_corrected=True
            )
        )
    for table in tables:
        assert (table.events_1, table.events_2) == (a, c)
        assert table.solution == pytest.approx(a, abs=1e-10)


def test_margins_that_no_table_meets():
    with pytest.raises(ParameterError, match="expected a table within its margins"):
        margins.table_from_phi(0.99, 50, 50, 4)
    with pytest.raises(ParameterError, match="n_1 \\+ n_2 - events: found 0"):
        margins.table_from_odds_ratio(2, 5, 5, 10)
    with pytest.raises(ParameterError, match="odds_ratio: found 0"):
        margins.table_from_odds_ratio(0, 5, 5, 4)
    with pytest.raises(ParameterError, match="events: found 4"):
        margins.table_from_odds_ratio(2, 5, 5, 4.5)


@given(st.floats(-50, 50), st.floats(0.1, 20), st.integers(10, 500))
def test_symmetric_summaries_give_their_middle(middle, sd, n):
    by_range = five_numbers.moments_from_quantiles(
        n, middle, minimum=middle - 2 * sd, maximum=middle + 2 * sd
    )
    by_quartiles = five_numbers.moments_from_quantiles(n, middle, q1=middle - sd, q3=middle + sd)
    whole = five_numbers.moments_from_quantiles(
        n,
        middle,
        minimum=middle - 2 * sd,
        q1=middle - sd,
        q3=middle + sd,
        maximum=middle + 2 * sd,
    )
    for found in (by_range, by_quartiles, whole):
        assert found.mean == pytest.approx(middle, abs=1e-9 * (abs(middle) + sd))
        assert found.skewness == pytest.approx(0, abs=1e-9)
        assert not found.skewed
    low, high = sorted((by_range.sd, by_quartiles.sd))
    assert low * (1 - 1e-12) <= whole.sd <= high * (1 + 1e-12)


@pytest.mark.parametrize("n", [41, 200])
def test_summaries_of_normal_samples_give_mean_and_sd_and_seldom_skewness(n):
    scores = np.sort(np.random.default_rng(5).normal(10, 3, (20_000, n)), axis=1)
    q1, median, q3 = np.quantile(scores, [0.25, 0.5, 0.75], axis=1)
    extremes = {"minimum": scores[:, 0], "maximum": scores[:, -1]}
    for given_ in (extremes, {"q1": q1, "q3": q3}, extremes | {"q1": q1, "q3": q3}):
        found = five_numbers.moments_from_quantiles(n, median, **given_)
        assert found.mean.mean() == pytest.approx(10, abs=0.02)
        assert found.sd.mean() == pytest.approx(3, rel=0.03)
        # a level of 5%, as Shi et al. (2023) fitted it
        assert 0.04 < found.skewed.mean() < 0.06


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"q1": 4}, "q3: found None"),
        ({"maximum": 4}, "minimum: found None"),
        ({}, "q1: found None, expected the quartiles or the range"),
        ({"q1": 9, "q3": 12}, "median - q1: found -1"),
        ({"q1": 4, "q3": 7}, "q3 - median: found -1"),
        ({"minimum": 5, "q1": 4, "q3": 9, "maximum": 10}, "less minimum: found -1"),
        ({"minimum": 1, "maximum": 7}, "maximum less the last number before it: found -1"),
        ({"q1": 8, "q3": 8}, "q3 - q1: found 0"),
    ],
)
def test_summaries_out_of_order(given_, message):
    with pytest.raises(ParameterError, match=message):
        five_numbers.moments_from_quantiles(40, 8, **given_)


def test_the_series_continues_the_function_of_scipy():
    r = np.array([0.0, 0.1, 0.5, 0.9])
    for n in (48, 53, 60):
        expected = r * hyp2f1(0.5, 0.5, (n - 2) / 2, 1 - r**2)
        found = single_group.correlation(r, n, scale="unbiased").value
        np.testing.assert_allclose(found, expected, rtol=CLOSED_FORM)


def test_zero_and_full_counts():
    assert single_group.proportion(0, 20, scale="arcsine").value == 0
    assert single_group.proportion(0, 20).value == pytest.approx(np.log(0.5 / 20.5))
    assert single_group.proportion(20, 20, scale="log", add=0).value == 0
    # One participant is a group; none is not.
    assert single_group.proportion(1, 1, scale="arcsine").value == pytest.approx(np.pi / 2)
    with pytest.raises(ParameterError, match="n: found 0"):
        single_group.proportion(0, 0)
    with pytest.raises(ParameterError, match="add: found 0"):
        single_group.proportion(0, 20, add=0)
    with pytest.raises(ParameterError, match="n - events: found -1"):
        single_group.proportion(21, 20)
    with pytest.raises(ParameterError, match="scale: found 'odds'"):
        single_group.proportion(2, 20, scale="odds")


def test_refused():
    with pytest.raises(ParameterError, match="method: found 'UB', expected one of LS"):
        unequal_variances.variance_of_g(0.5, 20, 20, method="UB", average=True)
    with pytest.raises(ParameterError, match="sd_2: found 0"):
        unequal_variances.glass_delta(1, 2, 10, 1, 0, 10)
    with pytest.raises(ParameterError, match="n_2: found 2"):
        unequal_variances.glass_delta(1, 2, 10, 1, 1, 2)
    with pytest.raises(ParameterError, match="events_1 \\+ events_2: found 0"):
        association.phi_coefficient(0, 10, 0, 10)
    with pytest.raises(ParameterError, match="r: found 1"):
        single_group.fisher_z(1)
    with pytest.raises(ParameterError, match="1 - p: found 0"):
        single_group.cumulative_hazard(1)
    with pytest.raises(ParameterError, match="correlation: found 2"):
        change.standardized_mean_change_average(1, 2, 3, 3, 20, 2)
    with pytest.raises(ParameterError, match="mean_pre: found 0"):
        change.ratio_of_mean_change(0, 2, 3, 3, 20, 0.5)


def test_a_constant_is_said():
    effect = association.yule_q([0, 3], 10, [4, 4], 10)
    assert effect.corrected.tolist() == [True, False]
    assert effect.value[1] == association.yule_q(3, 10, 4, 10).value
