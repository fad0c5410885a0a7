from functools import partial

import numpy as np
import pandas as pd
import pytest

from evidence.errors import ParameterError
from evidence.meta import effect_size
from evidence.meta.effect_size import (
    association,
    change,
    conversions,
    events,
    finite_effect,
    means,
    numbers,
    plain,
    printed_values,
    scales,
)

ARMS = {"mean_1": 10, "sd_1": 5, "n_1": 20, "mean_2": 12, "sd_2": 6, "n_2": 22}
TABLE = {"events_1": 3, "n_1": 20, "events_2": 5, "n_2": 22}
SIZES = {"n_1": 20, "n_2": 22}
PRE_POST = {"mean_pre": 20, "mean_post": 15, "sd_pre": 5, "n": 20, "correlation": 0.5}
CHANGES = {
    **{"mean_pre_1": 20, "mean_post_1": 15, "sd_pre_1": 5, "n_1": 20},
    **{"mean_pre_2": 20, "mean_post_2": 15, "sd_pre_2": 5, "n_2": 20},
}
INTERVAL = {"ci_low": 0.1, "ci_high": 0.5}
COUNTS = {
    **{"events_1": 3, "n_observed_1": 20, "n_randomized_1": 22},
    **{"events_2": 5, "n_observed_2": 21, "n_randomized_2": 22},
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("function", "accepted", "name", "value"),
    [
        (means.standardized_mean_difference, ARMS, "mean_1", NAN),
        (means.standardized_mean_difference, ARMS, "mean_2", None),
        (means.standardized_mean_difference, ARMS, "mean_2", "12"),
        (means.standardized_mean_difference, ARMS, "mean_2", "12,5"),
        (means.standardized_mean_difference, ARMS, "sd_1", -0.1),
        (means.standardized_mean_difference, ARMS, "n_2", 1),
        (means.standardized_mean_difference, ARMS, "convention", "hedges"),
        (means.standardized_mean_difference, {**ARMS, "sd_2": 0}, "sd_1", 0),
        (means.cohen_d, ARMS, "n_1", float("inf")),
        (means.mean_difference, ARMS, "sd_2", -1),
        (means.ratio_of_means, ARMS, "mean_1", 0),
        (means.ratio_of_means, ARMS, "mean_2", -3),
        (means.hedges_g, {"d": 0.5, **SIZES}, "d", NAN),
        (means.hedges_g, {"d": 0.5, **SIZES}, "n_1", 0),
        (effect_size.small_sample_correction, {}, "df", 1),
        (effect_size.pooled_sd, {"sd_1": 1, "n_1": 5, "sd_2": 1, "n_2": 5}, "n_1", 1.5),
        (means.pre_post_control, CHANGES, "mean_post_2", NAN),
        (means.pre_post_control, CHANGES, "correlation", 1.01),
        (means.pre_post_control, CHANGES, "standardizer", "pre"),
        (means.pre_post_control, {**CHANGES, "standardizer": "own_pre"}, "sd_pre_2", 0),
        (means.pre_post_control, {**CHANGES, "sd_pre_2": 0}, "sd_pre_1", 0),
        (change.standardized_mean_change_raw, PRE_POST, "sd_pre", 0),
        (change.standardized_mean_change_raw, PRE_POST, "n", 2),
        (change.standardized_mean_change_raw, PRE_POST, "correlation", -2),
        (conversions.d_from_t, {"t": 2, **SIZES}, "t", NAN),
        (conversions.d_from_z, {"z": 2, **SIZES}, "n_2", 0.5),
        (conversions.d_from_f, {"f": 2, **SIZES}, "f", -0.1),
        (conversions.d_from_f, {"f": 2, **SIZES}, "df_numerator", 2),
        (conversions.d_from_p, {"p": 0.5, **SIZES}, "p", 0),
        (conversions.d_from_p, {"p": 0.5, **SIZES}, "p", 1.2),
        (conversions.d_from_p, {"p": 0.5, **SIZES}, "distribution", "z"),
        (printed_values.z_from_p, {}, "p", -0.01),
        (printed_values.se_from_p, {"estimate": 1, "p": 0.5}, "p", 1),
        (printed_values.se_from_interval, INTERVAL, "level", 95),
        (printed_values.se_from_interval, INTERVAL, "df", 0),
        (scales.d_from_b_and_sd, {"b": 2, "sd": 5, **SIZES}, "sd", 0),
        (scales.d_from_r, {"r": 0.2, **SIZES}, "r", 1),
        (scales.r_from_d, {"d": 0.2, **SIZES}, "d", NAN),
        (scales.d_from_odds_ratio, {"log_odds_ratio": 1, "variance": 1}, "variance", -1),
        (scales.d_from_odds_ratio, {"log_odds_ratio": 1, "variance": 1}, "method", "probit"),
        (printed_values.range_from_printed, {}, "text", "0,05"),
        (printed_values.range_from_printed, {}, "text", "< .05"),
        (printed_values.range_from_printed, {}, "text", ""),
        (printed_values.range_from_printed, {}, "text", 0.05),
        (conversions.range_over_correlations, {"d": 1}, "correlations", ()),
        (conversions.chi2_bound, {"chi2": 1, **SIZES}, "chi2", -1),
        (conversions.log_ratio, {}, "ratio", 0),
        (events.log_odds_ratio, TABLE, "events_1", -1),
        (events.log_odds_ratio, TABLE, "n_2", 0),
        (events.log_odds_ratio, TABLE, "add", -0.5),
        (events.log_odds_ratio, TABLE, "to", "only0"),
        (events.log_odds_ratio, {**TABLE, "events_1": 0}, "add", 0),
        (events.risk_difference, {**TABLE, "events_1": 0, "events_2": 0}, "add", 0),
        (association.conditional_odds_ratio, TABLE, "events_1", 2.5),
        (events.number_needed_to_treat, {"difference": 0.2, **INTERVAL}, "difference", 1.1),
        (events.missing_scenarios, COUNTS, "events_2", 5.5),
        (events.missing_scenarios, COUNTS, "n_observed_1", 2),
        (events.missing_scenarios, COUNTS, "n_randomized_2", 20),
        (events.missing_scenarios, COUNTS, "event_is", "neutral"),
        (
            events.response_from_means,
            {"mean": 10, "sd": 5, "n": 20, "threshold": 12, "higher_is": "worse"},
            "higher_is",
            "lower",
        ),
    ],
)
def test_refused_argument_is_named_with_its_value(function, accepted, name, value):
    with pytest.raises(ParameterError) as caught:
        function(**{**accepted, name: value})
    assert caught.value.name == name
    assert caught.value.value == pytest.approx(value, nan_ok=True) or value is None


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (means.hedges_g, (0.5, 1, 2), "n_1 + n_2"),
        (means.pre_post_control, (20, 15, 5, 2, 20, 15, 5, 2), "n_1 + n_2"),
        (partial(conversions.d_from_p, distribution="t"), (0.5, 1, 1), "n_1 + n_2"),
        (conversions.range_over_correlations, (1, (0.5, 1.5)), "correlations"),
        (scales.d_from_r, (0.5, 1, 1), "n_1 + n_2"),
        (printed_values.se_from_interval, (0.5, 0.5), "ci_high - ci_low"),
        (conversions.d_from_interval, (0.5, 0.6, 0.9, 20, 20), "estimate - ci_low"),
        (conversions.d_from_interval, (1.5, 0.6, 0.9, 20, 20), "ci_high - estimate"),
        (events.log_odds_ratio, (21, 20, 5, 22), "n_1 - events_1"),
        (association.conditional_odds_ratio, (3, 20, 23, 22), "n_2 - events_2"),
        (association.conditional_odds_ratio, (0, 20, 0, 22), "events_1 + events_2"),
        (events.peto_log_odds_ratio, (0, 20, 0, 22), "events_1 + events_2"),
        (events.peto_log_odds_ratio, ([3, 20], 20, [4, 22], 22), "events_1 + events_2"),
        (events.sample_odds_ratio, (0, 20, 0, 22), "events_1 + events_2"),
        (events.number_needed_to_treat, (0.1, 0.2, 0.3), "difference - ci_low"),
        (events.number_needed_to_treat, (0.1, 0.0, 0.05), "ci_high - difference"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(function, arguments, name):
    with pytest.raises(ParameterError) as caught:
        function(*arguments)
    assert caught.value.name == name


def test_post_standardizer_needs_the_sds_after():
    with pytest.raises(ParameterError, match="sd_post_2: found None, expected the SD that pooled"):
        means.pre_post_control(**CHANGES, standardizer="pooled_post", sd_post_1=5)


def test_message_names_the_value_found_in_an_array():
    with pytest.raises(ParameterError, match=r"sd_1: found -2\.0, expected 0 or more"):
        means.cohen_d([1, 2], [3, -2], 20, 0, 3, 20)


def test_missing_cell_of_a_nullable_column_is_refused():
    with pytest.raises(ParameterError, match="n_1"):
        means.cohen_d([1, 2], 3, pd.Series([20, None], dtype="Int64"), 0, 3, 20)


def test_overflow_is_an_error_and_not_an_infinity():
    with pytest.raises(ParameterError, match="effect"):
        means.cohen_d(1e200, 1e-200, 20, 0, 1e-200, 20)
    with pytest.raises(ParameterError, match="effect"):
        means.mean_difference(1, 1e200, 20, 0, 1, 20)
    with pytest.raises(ParameterError, match="effect"):
        finite_effect(np.array([1.0, np.nan]), np.array(1.0))


@pytest.mark.parametrize("given", [3, 3.0, np.float64(3), np.array(3), np.int64(3)])
def test_scalars_give_python_floats(given):
    effect = means.cohen_d(given, 2, 20, 0, 2, 20)
    assert type(effect.value) is float
    assert type(effect.variance) is float
    assert type(plain(numbers("x", given))) is float


def test_effects_do_not_change_with_the_arrays_put_in():
    points = np.array([1.0, 2.0])
    effect = means.mean_difference(points, 2, 20, 0, 2, 20)
    points[0] = 99
    np.testing.assert_array_equal(effect.value, [1, 2])


def test_elements_of_an_effect_do_not_share_memory():
    effect = means.mean_difference([1, 2], 2, 20, 0, 2, 20)
    effect.variance[0] = 99
    assert effect.variance[1] == pytest.approx(0.4)
