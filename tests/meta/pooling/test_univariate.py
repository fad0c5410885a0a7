import dataclasses
import math

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from evidence.errors import ParameterError
from evidence.meta.effect_size.means import standardized_mean_difference
from evidence.meta.pooling import i2_limits, pool
from evidence.meta.pooling.batch import INTERVAL_METHODS
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.terms import RemarkKind, words_of
from tests.tolerances import CLOSED_FORM, half_unit

# BDI after treatment: comparator mean, SD, n; ABFT mean, SD, n. A lower score is better, so that
# the comparator comes first and a positive effect favors ABFT.
DIAMOND_2002 = (18.5, 11.1, 16, 11.8, 8.8, 16)
ISRAEL_2013 = (31.2, 8.8, 9, 22.8, 12.0, 11)
DIAMOND_2010 = (18.5, 15.91, 31, 12.6, 13.88, 35)


def abft(*trials, convention="exact"):
    effects = [standardized_mean_difference(*trial, convention=convention) for trial in trials]
    return [e.value for e in effects], [e.variance for e in effects]


ALL = abft(DIAMOND_2002, ISRAEL_2013, DIAMOND_2010)


def kinds(pooled):
    return [one.kind for one in pooled.warnings]


def test_main_analysis_of_abft():
    pooled = pool(*ALL)
    assert pooled.effect == pytest.approx(0.520527, abs=half_unit("0.520527"))
    assert pooled.ci_low == pytest.approx(-0.287521, abs=half_unit("0.287521"))
    assert pooled.ci_high == pytest.approx(1.328576, abs=half_unit("1.328576"))
    assert pooled.tau2 == 0
    assert pooled.tau2_ci_low == 0
    assert pooled.tau2_ci_high == pytest.approx(1.25, abs=half_unit("1.25"))
    assert pooled.i2 == 0
    assert i2_limits(pooled, ALL[1]) == pytest.approx((0, 0.91), abs=half_unit("0.91"))
    assert (pooled.k, pooled.df, pooled.q_df, pooled.prediction_df) == (3, 2, 2, 2)
    assert pooled.se == pytest.approx(0.188, abs=half_unit("0.188"))


@pytest.mark.parametrize(
    ("tau2", "interval", "low", "high"),
    [
        ("REML", "hksj", "0.061672", "0.979382"),
        ("common", "wald", "0.152", "0.889"),
        # with tau2 = 0 the factor is the same: at least 1
        ("common", "hksj_adhoc", "-0.287521", "1.328576"),
    ],
)
def test_other_intervals_of_abft(tau2, interval, low, high):
    pooled = pool(*ALL, tau2=tau2, interval=interval)
    assert pooled.ci_low == pytest.approx(float(low), abs=half_unit(low))
    assert pooled.ci_high == pytest.approx(float(high), abs=half_unit(high))


def test_plain_hartung_knapp_is_below_the_weights_and_says_so():
    pooled = pool(*ALL, interval="hksj")
    assert pooled.se == pytest.approx(0.107, abs=half_unit("0.107"))
    assert RemarkKind.INTERVAL_TOO_NARROW in kinds(pooled)
    assert RemarkKind.INTERVAL_TOO_NARROW not in kinds(pool(*ALL))
    scattered = pool([0.1, 0.9, 0.2, 0.8, 0.5], [0.02] * 5, interval="hksj")
    assert scattered.warnings == ()


def test_metapsy_convention_of_abft():
    pooled = pool(
        *abft(DIAMOND_2002, ISRAEL_2013, DIAMOND_2010, convention="metapsy"),
    )
    assert pooled.effect == pytest.approx(0.520265, abs=half_unit("0.520265"))
    assert pooled.ci_low == pytest.approx(-0.288561, abs=half_unit("0.288561"))
    assert pooled.ci_high == pytest.approx(1.329092, abs=half_unit("1.329092"))


def test_usual_care_only_is_two_trials():
    pooled = pool(*abft(ISRAEL_2013, DIAMOND_2010))
    assert pooled.effect == pytest.approx(0.472, abs=half_unit("0.472"))
    assert pooled.ci_low == pytest.approx(-2.32, abs=half_unit("2.32"))
    assert pooled.ci_high == pytest.approx(3.26, abs=half_unit("3.26"))
    assert pooled.warnings[0].kind == RemarkKind.TWO_TRIALS
    assert "hardly be estimated" in words_of(pooled.warnings[0].text)


def test_unreported_trials_at_zero():
    effects, variances = ALL
    pooled = pool([*effects, 0.0, 0.0], [*variances, 1 / 66 + 1 / 63, 1 / 30 + 1 / 30])
    assert pooled.effect == pytest.approx(0.2331, abs=half_unit("0.2331"))
    assert pooled.tau2 == pytest.approx(0.0259, abs=half_unit("0.0259"))
    assert pooled.ci_low == pytest.approx(-0.161, abs=half_unit("0.161"))
    assert pooled.ci_high == pytest.approx(0.628, abs=half_unit("0.628"))


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize("interval", INTERVAL_METHODS)
def test_one_trial_stands_for_itself(tau2, interval):
    effects, variances = abft(DIAMOND_2002)
    pooled = pool(effects, variances, tau2=tau2, interval=interval)
    assert pooled.effect == effects[0]
    assert pooled.effect == pytest.approx(0.652, abs=half_unit("0.652"))
    half = 1.959963984540054 * math.sqrt(variances[0])
    assert pooled.ci_low == pytest.approx(effects[0] - half, rel=CLOSED_FORM)
    assert pooled.ci_high == pytest.approx(effects[0] + half, rel=CLOSED_FORM)
    assert pooled.interval_method == "wald"
    assert pooled.weights == (1.0,)
    for name in [
        "df",
        "tau2",
        "tau2_ci_low",
        "tau2_ci_high",
        "i2",
        "h2",
        "q",
        "q_df",
        "q_p",
        "prediction_low",
        "prediction_high",
        "prediction_df",
    ]:
        assert getattr(pooled, name) is None, name
    assert kinds(pooled) == [RemarkKind.ONE_TRIAL]


def test_fields_are_fixed_and_frozen():
    pooled = pool(*ALL)
    assert [field.name for field in dataclasses.fields(pooled)] == [
        "effect",
        "se",
        "ci_low",
        "ci_high",
        "level",
        "p_value",
        "df",
        "tau2",
        "tau2_ci_low",
        "tau2_ci_high",
        "tau2_converged",
        "i2",
        "h2",
        "q",
        "q_df",
        "q_p",
        "prediction_low",
        "prediction_high",
        "prediction_df",
        "k",
        "weights",
        "tau2_method",
        "interval_method",
        "warnings",
    ]
    assert not hasattr(pooled, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        pooled.effect = 0.0
    for field in dataclasses.fields(pooled):
        kind = type(getattr(pooled, field.name))
        assert kind in (float, int, bool, str, tuple, type(None)), field.name


def test_weights_keep_the_order_of_the_input():
    pooled = pool([0.1, 0.2, 0.3], [0.4, 0.1, 0.2], tau2="common")
    assert pooled.weights == pytest.approx((1 / 7, 4 / 7, 2 / 7), rel=CLOSED_FORM)


def test_near_equal_effects_keep_tau2_at_zero_where_statsmodels_goes_below():
    effects = np.array([0.3, 0.3001, 0.2999, 0.3002, 0.3])
    variances = np.full(5, 0.1)
    below = combine_effects(effects, variances, method_re="dl").tau2
    assert below == pytest.approx(-0.0999, abs=1.1e-4)
    for method in TAU2_METHODS:
        pooled = pool(effects, variances, tau2=method)
        assert pooled.tau2 >= 0, method
        # SJ starts from a positive crude variance and never gives exactly 0.
        assert pooled.tau2 == 0 or (method == "SJ" and pooled.tau2 < 1e-8), method
        assert pooled.tau2_converged, method


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize("interval", INTERVAL_METHODS)
@pytest.mark.parametrize(
    ("effects", "variances"),
    [
        ([0.5, 0.5, 0.5], [0.1, 0.2, 0.3]),
        ([0.0, 0.0], [0.1, 0.1]),
        ([-1e6, 0.0, 1e6], [1e-3, 1e-3, 1e-3]),
        ([0.1, 0.9, -0.4, 0.3], [1e-8, 1e-3, 1.0, 1e2]),
        ([1e8, 1e8 + 1, 1e8 - 1], [1e-4, 1.0, 1e4]),
        ([1e50, -1e50], [1e-50, 1e50]),
        ([1e-40, 2e-40, 4e-40], [1e-50, 2e-50, 1e-50]),
    ],
)
def test_extremes_give_numbers(tau2, interval, effects, variances):
    pooled = pool(effects, variances, tau2=tau2, interval=interval)
    assert pooled.tau2_converged
    for name in ("effect", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "h2", "q", "q_p"):
        assert math.isfinite(getattr(pooled, name)), name
    assert math.isfinite(pooled.tau2_ci_low)
    assert math.isfinite(pooled.tau2_ci_high)
    assert 0 <= pooled.p_value <= 1
    assert 0 <= pooled.i2 <= 1


def test_one_trial_has_no_interval_of_i2():
    effects, variances = abft(DIAMOND_2002)
    assert i2_limits(pool(effects, variances), variances) is None


def test_empty_q_profile_is_said():
    pooled = pool([0.3, 0.3001, 0.2999, 0.3002], [0.1, 0.1, 0.1, 0.1])
    assert (pooled.tau2_ci_low, pooled.tau2_ci_high) == (0, 0)
    assert RemarkKind.CLOSER_THAN_CHANCE in kinds(pooled)


def test_small_numbers_of_trials_are_said():
    effects, variances = [0.1, 0.9, 0.2, 0.8, 0.5], [0.02] * 5
    said = [pool(effects[:k], variances[:k]) for k in (1, 2, 3, 4, 5)]
    small = [RemarkKind.ONE_TRIAL, RemarkKind.TWO_TRIALS, *[RemarkKind.FEW_TRIALS] * 2]
    assert [kinds(one)[0] for one in said[:4]] == small
    starts = [words_of(one.warnings[0].text).split()[0] for one in said[:4]]
    assert starts == ["One", "Two", "Three", "Four"]
    assert said[4].warnings == ()


def test_tau2_of_zero_is_never_called_homogeneity():
    said = [one for one in pool(*ALL).warnings if one.kind == RemarkKind.TAU2_OF_0]
    assert ["does not show that the effects are alike" in words_of(one.text) for one in said] == [
        True
    ]
    assert RemarkKind.TAU2_OF_0 not in kinds(pool(*ALL, tau2="common"))


def test_prediction():
    effects, variances = [0.1, 0.9, 0.2, 0.8, 0.5], [0.02] * 5
    by_t = pool(effects, variances)
    assert by_t.prediction_df == 4
    by_normal = pool(effects, variances, interval="wald")
    assert by_normal.prediction_df is None
    assert by_normal.prediction_low is not None
    assert pool(effects, variances, prediction_df="k-2").prediction_df == 3
    assert pool(effects[:2], variances[:2], prediction_df="k-2").prediction_low is None
    assert pool(effects, variances, tau2="common").prediction_low is None


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], []), {}, "effect: found [], expected at least one trial"),
        (([0.1, math.nan], [1, 1]), {}, "effect[1]: found nan, expected a finite number"),
        (([0.1, 0.2], [1, math.inf]), {}, "variance[1]: found inf, expected a finite positive"),
        (([0.1, 0.2], [0, 1]), {}, "variance[0]: found 0.0, expected a finite positive"),
        (([0.1, 0.2], [1, -1]), {}, "variance[1]: found -1.0, expected a finite positive"),
        (([0.1, 0.2], [1]), {}, "variance: found (1,), expected the shape of effect, (2,)"),
        (([[0.1]], [[1]]), {}, "effect: found (1, 1), expected a sequence"),
        ((["a"], [1]), {}, "effect: found ['a'], expected numbers"),
        (([0.1], [1]), {"tau2": "reml"}, "tau2: found 'reml', expected one of REML, ML, DL, PM"),
        (
            ([0.1], [1]),
            {"interval": "HKSJ"},
            "interval: found 'HKSJ', expected one of hksj_adhoc, hksj, wald",
        ),
        (([0.1], [1]), {"level": 95}, "level: found 95, expected a number between 0 and 1"),
        (([0.1], [1]), {"level": True}, "level: found True"),
        (([0.1], [1]), {"prediction_df": 3}, "prediction_df: found 3, expected one of default"),
    ],
)
def test_refusals_name_argument_and_value(arguments, options, message):
    with pytest.raises(ParameterError) as caught:
        pool(*arguments, **options)
    assert message in str(caught.value)
