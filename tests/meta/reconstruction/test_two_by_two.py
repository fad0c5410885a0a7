import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact
from scipy.stats.contingency import odds_ratio as scipy_odds_ratio

from evidence.meta.reconstruction.decimals import Printed
from evidence.meta.reconstruction.two_by_two import (
    MEASURES,
    chi2_p,
    conditional_odds_ratio,
    fisher_p,
)
from tests.meta.effect_size.strategies import tables
from tests.tolerances import ITERATIVE, ITERATIVE_LOOSE


def square(table):
    events_1, n_1, events_2, n_2 = table
    return [[events_1, n_1 - events_1], [events_2, n_2 - events_2]]


@given(st.lists(tables(), min_size=1, max_size=5))
@settings(max_examples=60)
def test_fisher_p_agrees_with_scipy(several):
    theirs = [fisher_exact(square(table))[1] for table in several]
    np.testing.assert_allclose(fisher_p(np.array(several)), theirs, rtol=ITERATIVE, atol=1e-12)


@pytest.mark.parametrize("corrected", [False, True])
@given(tables(smallest=1))
@settings(max_examples=60)
def test_chi2_p_agrees_with_scipy(corrected, table):
    theirs = chi2_contingency(square(table), correction=corrected)[1]
    ours = chi2_p(np.array([table]), corrected=corrected)
    np.testing.assert_allclose(ours, theirs, rtol=ITERATIVE, atol=1e-14)


@given(tables(smallest=1))
@settings(max_examples=40)
def test_conditional_odds_ratio_agrees_with_scipy(table):
    theirs = scipy_odds_ratio(square(table), kind="conditional").statistic
    np.testing.assert_allclose(
        conditional_odds_ratio(np.array([table])), theirs, rtol=ITERATIVE_LOOSE
    )


def test_tables_without_events_have_no_chi2_and_no_conditional_odds_ratio():
    empty = np.array([[0, 10, 0, 12]])
    assert np.isnan(chi2_p(empty))[0]
    assert np.isnan(conditional_odds_ratio(empty))[0]
    assert fisher_p(empty)[0] == 1


@pytest.mark.parametrize("name", MEASURES)
@given(table=tables(), digits=st.integers(0, 3))
@settings(max_examples=60)
def test_a_table_fits_its_own_printed_value(name, table, digits):
    measure = MEASURES[name]
    row = np.array([table])
    value = measure.value(row)[0]
    if not np.isfinite(value) or value > 1e5:
        return
    printed = Printed.of(name, f"{value:.{digits}f}", low=-100, high=np.inf)
    assert measure.fits(row, printed, "half")[0]


@pytest.mark.parametrize(
    ("name", "printed", "fits"),
    [
        ("odds_ratio", "4.41", True),
        ("odds_ratio", "4.40", False),
        ("conditional_odds_ratio", "4.28", True),
        ("conditional_odds_ratio", "4.41", False),
        ("risk_ratio", "2.02", True),
        ("risk_ratio", "2.01", False),
        ("risk_difference", "35.4", True),
        ("risk_difference", "35", True),
        ("risk_difference", "-35.4", False),
        ("number_needed_to_treat", "2.8", True),
        ("number_needed_to_treat", "2", False),
        ("p_fisher", "0.015", True),
        ("p_fisher", "0.01", True),
        ("p_chi2", "0.008", True),
        ("p_chi2_corrected", "0.017", True),
        ("p_chi2", "0.017", False),
    ],
)
def test_21_of_30_against_9_of_26(name, printed, fits):
    measure = MEASURES[name]
    read = Printed.of(name, printed, low=-100, high=np.inf)
    assert measure.fits(np.array([[21, 30, 9, 26]]), read, "half")[0] is np.bool_(fits)


def test_ties_between_digits_are_decided_in_integers():
    # the risk difference of 2 of 3 and 13 of 24 is exactly 12.5 points
    row = np.array([[2, 3, 13, 24]])
    for printed in ("12", "13", "12.5"):
        read = Printed.of("risk_difference", printed, low=-100, high=100)
        assert MEASURES["risk_difference"].fits(row, read, "half")[0]
    cut = Printed.of("risk_difference", "13", low=-100, high=100)
    assert not MEASURES["risk_difference"].fits(row, cut, "truncation")[0]
