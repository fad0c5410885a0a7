"""Newcombe RG. Two-sided confidence intervals for the single proportion: comparison of seven
methods. Stat Med. 1998;17:857-872. Table I: 95% intervals of four proportions by six methods.
"""

import pytest

from evidence.meta.reconstruction.proportion_intervals import proportion_interval
from tests.tolerances import half_unit

TABLE_1 = [
    ("wald_z", 81, 263, "0.2522", "0.3638"),
    ("wald_corrected", 81, 263, "0.2503", "0.3657"),
    ("wilson", 81, 263, "0.2553", "0.3662"),
    ("wilson_corrected", 81, 263, "0.2535", "0.3682"),
    ("clopper_pearson", 81, 263, "0.2527", "0.3676"),
    ("mid_p", 81, 263, "0.2544", "0.3658"),
    ("wald_z", 15, 148, "0.0527", "0.1500"),
    ("wald_corrected", 15, 148, "0.0494", "0.1534"),
    ("wilson", 15, 148, "0.0624", "0.1605"),
    ("wilson_corrected", 15, 148, "0.0598", "0.1644"),
    ("clopper_pearson", 15, 148, "0.0578", "0.1617"),
    ("mid_p", 15, 148, "0.0601", "0.1581"),
    ("wilson", 0, 20, "0.0000", "0.1611"),
    ("wilson_corrected", 0, 20, "0.0000", "0.2005"),
    ("clopper_pearson", 0, 20, "0.0000", "0.1684"),
    ("mid_p", 0, 20, "0.0000", "0.1391"),
    ("wilson", 1, 29, "0.0061", "0.1718"),
    ("wilson_corrected", 1, 29, "0.0018", "0.1963"),
    ("clopper_pearson", 1, 29, "0.0009", "0.1776"),
    ("mid_p", 1, 29, "0.0017", "0.1585"),
]


@pytest.mark.parametrize(("formula", "events", "n", "low", "high"), TABLE_1)
def test_table_1(formula, events, n, low, high):
    found_low, found_high = proportion_interval(formula, events, n)
    assert found_low == pytest.approx(float(low), abs=half_unit(low))
    assert found_high == pytest.approx(float(high), abs=half_unit(high))
