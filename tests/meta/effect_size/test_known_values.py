"""Effects of the trials of this workbook from their printed numbers.

Positive favors the intervention: on these scales a higher score is worse, so signs are turned.
"""

import csv
import math
from pathlib import Path

import pytest

from evidence.meta import effect_size
from evidence.meta.effect_size import (
    association,
    conversions,
    events,
    means,
    printed_values,
    scales,
)
from tests.tolerances import CLOSED_FORM, half_unit

DATA = Path(__file__).parents[3] / "data"


def rows(table):
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return {row["result_id"]: row for row in csv.DictReader(file)}


ARM_RESULTS = rows("arm_results")
STATISTICS = rows("statistics")


def scores(*result_ids):
    given = []
    for result_id in result_ids:
        row = ARM_RESULTS[result_id]
        given += [float(row["mean"]), float(row["sd"]), int(row["n_analyzed"])]
    return given


@pytest.mark.parametrize(
    ("intervention", "comparator", "printed"),
    [
        ("d02_bdi_abft_post", "d02_bdi_wl_post", "0.652027"),
        ("i13_hamd_abft_post", "i13_hamd_tau_post", "1.034260"),
        ("i13_bdi_abft_post", "i13_bdi_tau_post", "0.752034"),
        ("d10_bdi_abft_post", "d10_bdi_euc_post", "0.392203"),
        ("d02_bdi_abft_base", "d02_bdi_wl_base", "0.565"),
    ],
)
def test_hedges_g_of_printed_means(intervention, comparator, printed):
    effect = means.standardized_mean_difference(*scores(intervention, comparator))
    assert -effect.value == pytest.approx(float(printed), abs=half_unit(printed))


def test_diamond_2002_before_treatment_and_as_difference_of_changes():
    before = scores("d02_bdi_abft_base", "d02_bdi_wl_base")
    after = scores("d02_bdi_abft_post", "d02_bdi_wl_post")
    assert -means.cohen_d(*before).value == pytest.approx(0.58, abs=half_unit("0.58"))
    change = means.pre_post_control(
        *(before[0], after[0], before[1], before[2]), *(before[3], after[3], before[4], before[5])
    )
    assert -change.value == pytest.approx(0.336, abs=half_unit("0.336"))
    # the means differ by 6.7 points at the end, of which 4.2 were there before
    assert -means.mean_difference(*after).value == pytest.approx(6.7, abs=CLOSED_FORM)
    assert -means.mean_difference(*before).value == pytest.approx(4.2, abs=CLOSED_FORM)


def test_israel_2013_prints_the_uncorrected_d():
    d = means.cohen_d(*scores("i13_hamd_abft_post", "i13_hamd_tau_post"))
    printed = STATISTICS["i13_es_post"]["estimate"]
    assert -d.value == pytest.approx(float(printed), abs=half_unit(printed))


def test_convention_of_the_database_that_prints_diamond_2010():
    row = STATISTICS["d10_si_g_post"]
    g, se = float(row["estimate"]), float(row["se"])
    n_1, n_2 = int(row["n_intervention"]), int(row["n_comparator"])
    d = g / effect_size.small_sample_correction(n_1 + n_2 - 2, convention="metapsy")
    effect = means.hedges_g(d, n_1, n_2, convention="metapsy")
    assert effect.value == pytest.approx(g, rel=CLOSED_FORM)
    assert effect.se == pytest.approx(se, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("result_id", "printed"),
    [
        ("c21_dass_abct_post", "1.049"),
        ("c21_dass_abct_fu", "0.566"),
        ("c21_dass_mbsr_post", "0.902"),
        ("c21_dass_mbsr_fu", "0.669"),
    ],
)
def test_collado_navarro_2021_by_the_interval_of_b(result_id, printed):
    row = STATISTICS[result_id]
    numbers = (float(row[column]) for column in ("estimate", "ci_low", "ci_high"))
    effect = conversions.d_from_interval(*numbers, 30, 30)
    assert -effect.value == pytest.approx(float(printed), abs=half_unit(printed))


@pytest.mark.parametrize(
    ("result_id", "printed", "low", "high", "by_b"),
    [
        ("m18_fiq_post", "0.920", "0.905", "0.937", "0.933"),
        ("m18_fiq_fu", "1.020", "0.984", "1.079", "1.032"),
    ],
)
def test_montero_marin_2018_by_p(result_id, printed, low, high, by_b):
    row = STATISTICS[result_id]
    p = row["p_value"]
    assert conversions.d_from_p(float(p), 23, 19).value == pytest.approx(
        float(printed), abs=half_unit(printed)
    )
    smallest, largest = printed_values.range_from_printed(p)
    assert conversions.d_from_p(largest, 23, 19).value == pytest.approx(
        float(low), abs=half_unit(low)
    )
    assert conversions.d_from_p(smallest, 23, 19).value == pytest.approx(
        float(high), abs=half_unit(high)
    )
    # what is printed as B equals the z that belongs to the printed p
    z = conversions.d_from_z(float(row["estimate"]), 23, 19).value
    assert -z == pytest.approx(float(by_b), abs=half_unit(by_b))


def test_diamond_2019_by_f():
    # the point of F is missing in the source
    f = float(STATISTICS["d19_si_f"]["estimate"]) / 100
    effect = conversions.d_from_f(f, 66, 63)
    assert effect.value == pytest.approx(0.237, abs=half_unit("0.237"))
    # what "no difference" at the 5% level still allows
    bound = conversions.d_from_z(printed_values.z_from_p(0.05), 66, 63).value
    assert bound == pytest.approx(0.345, abs=half_unit("0.345"))


def test_waraan_2021():
    row = STATISTICS["w21_bdi_chi2"]
    assert conversions.chi2_bound(row["estimate"], 30, 30) <= 0.066
    assert conversions.chi2_bound(row["estimate"], 30, 30) == pytest.approx(
        math.sqrt(0.065 / 15), rel=CLOSED_FORM
    )
    printed = STATISTICS["w21_hamd_or"]["estimate"]
    fisher = association.conditional_odds_ratio(3, 30, 2, 30)
    assert fisher == pytest.approx(float(printed), abs=half_unit(printed))
    ratio = events.log_odds_ratio(3, 30, 2, 30)
    d = scales.d_from_odds_ratio(ratio.value, ratio.variance)
    assert d.value == pytest.approx(0.244, abs=half_unit("0.244"))


def test_diamond_2010_recovery():
    at_post = events.missing_scenarios(27, 31, 35, 15, 29, 31)
    later = events.missing_scenarios(21, 30, 35, 9, 26, 31)
    assert events.sample_odds_ratio(*at_post.observed) == pytest.approx(6.30, abs=half_unit("6.30"))
    assert events.sample_odds_ratio(*later.observed) == pytest.approx(4.41, abs=half_unit("4.41"))
    assert events.sample_odds_ratio(*at_post.missing_not_event) == pytest.approx(
        3.60, abs=half_unit("3.60")
    )
    assert events.sample_odds_ratio(*later.missing_not_event) == pytest.approx(
        3.67, abs=half_unit("3.67")
    )
    for scenarios in (at_post, later):
        difference = events.risk_difference(*scenarios.observed).value
        assert 100 * difference == pytest.approx(35.4, abs=half_unit("35.4"))
