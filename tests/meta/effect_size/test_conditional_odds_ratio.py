import math

import numpy as np
import pytest
from hypothesis import given
from scipy.stats.contingency import odds_ratio

from evidence.meta.effect_size.association import conditional_odds_ratio
from evidence.meta.effect_size.events import sample_odds_ratio
from tests.meta.effect_size.strategies import tables
from tests.tolerances import CLOSED_FORM, ITERATIVE


def degenerate(table):
    events_1, n_1, events_2, n_2 = table
    return events_1 + events_2 in (0, n_1 + n_2)


@given(tables())
def test_agrees_with_scipy(table):
    if degenerate(table):
        return
    events_1, n_1, events_2, n_2 = table
    expected = odds_ratio([[events_1, n_1 - events_1], [events_2, n_2 - events_2]]).statistic
    assert conditional_odds_ratio(*table) == pytest.approx(expected, rel=ITERATIVE)


@given(tables(smallest=1))
def test_lies_between_one_and_the_sample_odds_ratio(table):
    sample, conditional = np.log(sample_odds_ratio(*table)), np.log(conditional_odds_ratio(*table))
    assert abs(conditional) <= abs(sample) + ITERATIVE
    assert conditional * sample >= -ITERATIVE


@given(tables(smallest=1))
def test_swapping_the_arms_inverts_it(table):
    one, other = conditional_odds_ratio(*table), conditional_odds_ratio(*table[2:], *table[:2])
    assert one * other == pytest.approx(1, rel=ITERATIVE)


def test_ends_of_what_the_margins_allow():
    assert conditional_odds_ratio(0, 20, 3, 20) == 0
    assert conditional_odds_ratio(3, 20, 0, 20) == math.inf


def test_large_and_extreme_tables():
    for table in [(999, 1000, 1, 1000), (1, 5000, 4999, 5000), (1, 2, 5000, 10000)]:
        a, n_1, c, n_2 = table
        expected = odds_ratio([[a, n_1 - a], [c, n_2 - c]]).statistic
        assert conditional_odds_ratio(*table) == pytest.approx(expected, rel=ITERATIVE)


def test_arrays():
    together = conditional_odds_ratio([3, 21], 30, [[2], [9]], 30)
    assert together.shape == (2, 2)
    assert together[0, 0] == pytest.approx(conditional_odds_ratio(3, 30, 2, 30), rel=CLOSED_FORM)
    assert type(conditional_odds_ratio(3, 30, 2, 30)) is float
