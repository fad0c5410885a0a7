import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.meta.effect_size.conversions import CORRELATIONS, chi2_bound, range_over_correlations
from tests.meta.effect_size.strategies import effects, sizes
from tests.tolerances import CLOSED_FORM


def test_range_over_correlations():
    low, high = range_over_correlations(1.0)
    assert low == pytest.approx(np.sqrt(1 - 0.8**2), rel=CLOSED_FORM)
    assert high == pytest.approx(np.sqrt(2 * (1 - 0.3)), rel=CLOSED_FORM)
    assert range_over_correlations(-1.0) == (-high, -low)
    assert range_over_correlations(0.0) == (0, 0)


@given(effects, st.sampled_from(CORRELATIONS))
def test_each_model_and_correlation_lies_in_the_range(d, rho):
    low, high = range_over_correlations(d)
    for factor in (np.sqrt(1 - rho**2), np.sqrt(2 * (1 - rho))):
        assert low - CLOSED_FORM <= d * factor <= high + CLOSED_FORM


def test_range_of_arrays():
    low, high = range_over_correlations(np.array([1.0, -1.0]), (0.5,))
    np.testing.assert_allclose(low, [np.sqrt(0.75), -1], rtol=CLOSED_FORM)
    np.testing.assert_allclose(high, [1, -np.sqrt(0.75)], rtol=CLOSED_FORM)


def test_printed_chi_square_counts_by_its_upper_end():
    assert chi2_bound("0.06", 30, 30) == pytest.approx(np.sqrt(0.065 / 15), rel=CLOSED_FORM)
    assert chi2_bound(0.06, 30, 30) == pytest.approx(np.sqrt(0.06 / 15), rel=CLOSED_FORM)


@given(st.data(), sizes, sizes)
def test_no_contrast_of_three_times_exceeds_the_bound(data, n_1, n_2):
    # group differences at three times, as z; the chi-square tests them together
    z = np.array(data.draw(st.lists(effects, min_size=3, max_size=3)))
    weights = np.array(
        data.draw(st.lists(st.floats(min_value=0.1, max_value=1), min_size=3, max_size=3))
    )
    contrast = weights @ z / np.sqrt(weights @ weights)
    d = contrast * np.sqrt(1 / n_1 + 1 / n_2)
    assert abs(d) <= chi2_bound(z @ z, n_1, n_2) + CLOSED_FORM
