import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.integrity.moments import grim, grimmer, largest_sd
from tests.integrity.packages import findings, result
from tests.tolerances import CLOSED_FORM

scores = st.lists(st.integers(0, 63), min_size=2, max_size=60)


@given(scores, st.integers(0, 3), st.integers(0, 3))
def test_real_whole_scores_pass(values, digits_mean, digits_sd):
    mean = f"{np.mean(values):.{digits_mean}f}"
    sd = f"{np.std(values, ddof=1):.{digits_sd}f}"
    assert grim(mean, len(values))
    assert grimmer(mean, sd, len(values))


def possible(mean, sd, n, highest):
    """Whether any scores from 0 to highest print so, by going through all of them."""
    reached = {(0, 0)}
    for _ in range(n):
        reached = {(s + x, q + x * x) for s, q in reached for x in range(highest + 1)}
    return any(
        f"{s / n:.2f}" == mean and f"{max((q - s * s / n) / (n - 1), 0) ** 0.5:.2f}" == sd
        for s, q in reached
    )


@pytest.mark.parametrize("n", [3, 5, 7])
def test_what_fails_is_given_by_no_scores_and_what_passes_by_some(n):
    wrong = 0
    for hundredths in range(150, 260, 7):
        mean = f"{(round(hundredths * n / 100) / n):.2f}"
        sd = f"{hundredths / 173:.2f}"
        if not grimmer(mean, sd, n):
            wrong += 1
            assert not possible(mean, sd, n, 6)
        elif n > 3:
            # whole numbers of any size, so a wider range than in print
            assert possible(mean, sd, n, 6)
    assert wrong > 5


def test_ties_may_be_rounded_either_way():
    # 41 of 40 is 1.025
    assert grim("1.02", 40)
    assert grim("1.03", 40)
    assert not grim("1.04", 40)


def test_equal_scores_have_an_sd_of_zero_and_unequal_ones_not():
    assert grimmer("2.00", "0.00", 10)
    assert not grimmer("2.50", "0.00", 10)
    assert not grimmer("2.50", "0.40", 10)
    # a sum of squares of 63 has the parity of the sum, 25, but the least possible is 65
    assert not grimmer("2.50", "0.24", 10)
    assert grimmer("2.50", "0.53", 10)


def test_largest_sd_is_reached_by_scores_at_the_ends():
    ends = np.array([0.0] * 6 + [63.0] * 4)
    assert largest_sd(ends.mean(), 10, 0, 63) == pytest.approx(ends.std(ddof=1), rel=CLOSED_FORM)


@given(scores)
def test_no_scores_exceed_the_largest_sd(values):
    limit = largest_sd(float(np.mean(values)), len(values), 0, 63)
    assert np.std(values, ddof=1) <= limit + 1e-9


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: grim(5.19, 28), "mean"),
        (lambda: grim("5.19", 0), "n"),
        (lambda: grimmer("5.19", "-1", 28), "sd"),
        (lambda: grimmer("5.19", "1.0", 1), "n"),
        (lambda: largest_sd(70, 10, 0, 63), "mean"),
        (lambda: largest_sd(30, 1, 0, 63), "n"),
    ],
)
def test_what_is_refused_is_named(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name


def test_whole_scores_are_checked_where_the_size_is_printed():
    rows = [
        result("r1", n_analyzed="28", mean="25.19", sd="5.0"),
        result("r2", n_analyzed="18", mean="23.44", sd="2.47"),
        result("r3", mean="25.19", sd="5.0"),
        result("r4", n_analyzed="28", mean="25.19", sd="5.0", instrument_id="vas"),
    ]
    assert findings(check="grim", arm_results=rows) == [("grim", "r1", "25.19", "", "medium")]
    assert findings(check="grimmer", arm_results=rows) == [("grimmer", "r2", "2.47", "", "medium")]


def test_means_and_sds_out_of_range():
    rows = [
        result("r1", n_analyzed="28", mean="64.0", sd="5.0"),
        result("r2", n_analyzed="28", mean="-0.6", sd="5.0"),
        result("r3", n_analyzed="28", mean="20.0", sd="30.0"),
        result("r4", n_analyzed="28", mean="63.0", sd="0.2"),
        result("r5", n_analyzed="28", mean="640", sd="5", instrument_id="vas"),
    ]
    found = findings(arm_results=rows)
    assert ("mean_range", "r1", "64.0", "0 to 63", "high") in found
    assert ("mean_range", "r2", "-0.6", "0 to 63", "high") in found
    assert ("sd_range", "r3", "30.0", "at most 29.88", "high") in found
    assert {one[1] for one in found if one[4] == "high"} == {"r1", "r2", "r3"}


def test_skew_is_a_remark():
    rows = [
        result("r1", n_analyzed="28", mean="12.6", sd="13.9"),
        result("r2", n_analyzed="28", mean="20.0", sd="13.9"),
        result("r3", n_analyzed="28", mean="27.8", sd="13.9"),
    ]
    assert findings(check="skew", arm_results=rows) == [
        ("skew", "r1", "12.6 (13.9)", "", "low"),
        ("skew", "r2", "20.0 (13.9)", "", "low"),
    ]


def test_a_standard_error_in_place_of_an_sd():
    rows = [
        result("r1", timepoint="baseline", n_analyzed="25", mean="30.2", sd="9.5"),
        result("r2", arm="b", timepoint="baseline", n_analyzed="25", mean="30.0", sd="9.1"),
        result("r3", n_analyzed="25", mean="22.0", sd="1.9"),
        result("r4", arm="b", n_analyzed="25", mean="25.0", sd="8.9"),
        # times the root of 2 it is near the others, but so it is by itself
        result("r5", arm="b", timepoint="follow_up", n_analyzed="2", mean="25.0", sd="6.4"),
    ]
    assert findings(check="se_as_sd", arm_results=rows) == [
        ("se_as_sd", "r3", "1.9", "9.5", "medium")
    ]


def test_baseline_imbalance_stands_at_the_results_that_it_bears_on():
    def rows(mean):
        return [
            result("b1", timepoint="baseline", n_analyzed="30", mean=mean, sd="8.0"),
            result("b2", arm="b", timepoint="baseline", n_analyzed="26", mean="28.0", sd="8.0"),
            result("p1", n_analyzed="30", mean="18.0", sd="9.0"),
            result("p2", arm="b", n_analyzed="26", mean="20.0", sd="9.0"),
        ]

    assert findings(check="baseline_imbalance", arm_results=rows("25.9")) == [
        ("baseline_imbalance", "p1", "18.0", "", "medium")
    ]
    assert findings(check="baseline_imbalance", arm_results=rows("26.1")) == []
