"""Altman DG. BMJ. 1998;317(7168):1309-1312, the worked example of 10% (-5% to 25%).

A second example: Barrowman NJ. CMAJ. 2002;166(13):1676-1677.
"""

import pytest

from evidence.meta.effect_size.events import number_needed_to_treat
from tests.tolerances import CLOSED_FORM, half_unit


def test_interval_through_infinity():
    result = number_needed_to_treat(0.10, -0.05, 0.25)
    assert result.number == pytest.approx(10, rel=CLOSED_FORM)
    assert result.favorable == pytest.approx(4, rel=CLOSED_FORM)
    assert result.unfavorable == pytest.approx(-20, rel=CLOSED_FORM)
    assert result.through_infinity
    assert result.direction == "benefit"


def test_barrowman_interval_on_one_side():
    result = number_needed_to_treat(0.166, 0.009, 0.322)
    assert result.number == pytest.approx(6, abs=half_unit("6"))
    assert result.favorable == pytest.approx(3.1, abs=half_unit("3.1"))
    assert result.unfavorable == pytest.approx(111.1, abs=half_unit("111.1"))
    assert not result.through_infinity
