from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.meta.effect_size.printed_values import (
    range_from_printed,
    sd_from_interval,
    sd_from_se,
    se_from_interval,
    se_from_p,
    z_from_p,
)
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.003", 0.0025, 0.0035),
        (".003", 0.0025, 0.0035),
        ("70", 69.5, 70.5),
        ("70.0", 69.95, 70.05),
        ("-13.20", -13.205, -13.195),
        ("+1", 0.5, 1.5),
        ("0.00", -0.005, 0.005),
        ("3.", 2.5, 3.5),
    ],
)
def test_range_by_the_digits(text, low, high):
    assert range_from_printed(text) == (low, high)


@given(
    st.decimals(min_value=-1000, max_value=1000, places=6),
    st.integers(min_value=0, max_value=4),
    st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_what_was_rounded_lies_in_the_range(true, digits, rounding):
    printed = f"{true.quantize(Decimal(1).scaleb(-digits), rounding):f}"
    low, high = range_from_printed(printed)
    assert Decimal(repr(low)) <= true <= Decimal(repr(high))
    assert high - low == pytest.approx(2 * half_unit(printed))


def test_z_of_small_p_keeps_its_digits():
    assert z_from_p(1e-300) == pytest.approx(stats.norm.isf(5e-301), rel=CLOSED_FORM)
    assert z_from_p(1) == 0
    np.testing.assert_allclose(z_from_p([0.05, 0.01]), [1.959963984540054, 2.5758293035489004])


def test_t_interval_is_wider_than_a_normal_one():
    normal = se_from_interval(-1, 3)
    assert normal == pytest.approx(2 / 1.959963984540054, rel=CLOSED_FORM)
    by_t = se_from_interval(-1, 3, df=10)
    assert by_t == pytest.approx(2 / stats.t.ppf(0.975, 10), rel=ITERATIVE)
    assert by_t < normal
    assert se_from_interval(-1, 3, level=0.9) > normal


@given(st.floats(min_value=0.01, max_value=5), st.floats(min_value=0.1, max_value=5))
def test_p_and_interval_lead_to_the_same_standard_error(z, se):
    p = 2 * stats.norm.sf(z)
    assert se_from_p(-z * se, p) == pytest.approx(se, rel=ITERATIVE)


def test_standard_error_by_the_t_of_p():
    """Cochrane Handbook 6.5.2.3: 3.8 points with p = .008 in 25 and 22; t 2.78, SE 1.37."""
    assert se_from_p(3.8, 0.008, df=45) == pytest.approx(1.37, abs=half_unit("1.37"))
    t = stats.t.isf(0.004, 45)
    assert se_from_p(-3.8, 0.008, df=45) == pytest.approx(3.8 / t, rel=ITERATIVE)
    # With one degree of freedom t is Cauchy's, whose upper quartile is 1.
    assert se_from_p(2.0, 0.5, df=1) == pytest.approx(2.0, rel=ITERATIVE)


def test_sd_of_an_arm_by_the_interval_of_its_mean():
    """Cochrane Handbook 6.5.2.2: 30.0 to 34.2 in 25 participants; divisor 4.128, SD 5.09."""
    assert sd_from_interval(30.0, 34.2, 25) == pytest.approx(5.09, abs=half_unit("5.09"))
    rng = np.random.default_rng(1)
    scores = rng.normal(12, 8, 38)
    by_scipy = stats.ttest_1samp(scores, 0).confidence_interval(0.9)
    sd = sd_from_interval(by_scipy.low, by_scipy.high, 38, level=0.9)
    assert sd == pytest.approx(np.std(scores, ddof=1), rel=ITERATIVE)
    assert sd_from_se(stats.sem(scores), 38) == pytest.approx(sd, rel=ITERATIVE)
