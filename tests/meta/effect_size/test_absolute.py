import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.meta.effect_size.events import number_needed_to_treat, response_from_means
from tests.meta.effect_size.strategies import means, sds, sizes
from tests.tolerances import CLOSED_FORM


def test_harm_and_no_difference():
    harm = number_needed_to_treat(-0.2, -0.4, -0.1)
    assert (harm.number, harm.direction) == (pytest.approx(-5), "harm")
    assert (harm.favorable, harm.unfavorable) == (pytest.approx(-10), pytest.approx(-2.5))
    assert not harm.through_infinity
    none = number_needed_to_treat(0, -0.1, 0.1)
    assert (none.number, none.direction, none.through_infinity) == (math.inf, "none", True)


def test_limit_at_no_difference_is_infinite():
    result = number_needed_to_treat(0.2, 0, 0.4)
    assert result.unfavorable == math.inf
    assert result.through_infinity


def test_limits_beyond_what_a_difference_can_be():
    result = number_needed_to_treat(0.9, -1.2, 1.1)
    assert (result.favorable, result.unfavorable) == (1, -1)


@given(
    st.floats(min_value=-1, max_value=1),
    st.floats(min_value=0, max_value=0.5),
    st.floats(min_value=0, max_value=0.5),
)
def test_turning_the_difference_turns_benefit_and_harm(difference, below, above):
    one = number_needed_to_treat(difference, difference - below, difference + above)
    other = number_needed_to_treat(-difference, -difference - above, -difference + below)
    assert one.through_infinity == other.through_infinity
    assert 1 / other.number == pytest.approx(-1 / one.number, abs=CLOSED_FORM)
    assert 1 / other.favorable == pytest.approx(-1 / one.unfavorable, abs=CLOSED_FORM)
    assert min(abs(one.number), abs(one.favorable), abs(one.unfavorable)) >= 1


@given(means, sds, sizes, means)
def test_response_is_the_normal_share_beyond_the_threshold(mean, sd, n, threshold):
    worse = response_from_means(mean, sd, n, threshold, "worse")
    assert worse.proportion == pytest.approx(
        stats.norm.cdf(threshold, mean, sd), rel=1e-9, abs=CLOSED_FORM
    )
    assert worse.events == pytest.approx(n * worse.proportion, rel=CLOSED_FORM)
    better = response_from_means(mean, sd, n, threshold, "better")
    assert better.proportion == pytest.approx(1 - worse.proportion, abs=CLOSED_FORM)


def test_response_of_both_arms_at_once():
    made = response_from_means([12.6, 18.5], [13.88, 15.91], [35, 31], 16.5, "worse")
    assert made.proportion.shape == made.events.shape == (2,)
    assert np.all(np.diff(made.proportion) < 0)
