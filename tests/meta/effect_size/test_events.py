import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.meta.effect_size import association
from evidence.meta.effect_size import events as binary
from tests.meta.effect_size.strategies import tables
from tests.tolerances import CLOSED_FORM

MEASURES = [
    binary.log_odds_ratio,
    binary.log_risk_ratio,
    binary.risk_difference,
    binary.arcsine_difference,
    binary.peto_log_odds_ratio,
]
SYMMETRIC = [measure for measure in MEASURES if measure is not binary.log_risk_ratio]


@pytest.mark.parametrize("measure", MEASURES)
@given(tables(smallest=1))
def test_swapping_the_arms_turns_the_sign(measure, table):
    one, other = measure(*table), measure(*table[2:], *table[:2])
    assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)
    assert one.variance > 0
    assert not one.corrected
    assert not one.double_zero


@pytest.mark.parametrize("measure", SYMMETRIC)
@given(tables(smallest=1))
def test_counting_those_without_the_event_turns_the_sign(measure, table):
    events_1, n_1, events_2, n_2 = table
    one, other = measure(*table), measure(n_1 - events_1, n_1, n_2 - events_2, n_2)
    assert other.value == pytest.approx(-one.value, rel=CLOSED_FORM, abs=CLOSED_FORM)
    assert other.variance == pytest.approx(one.variance, rel=CLOSED_FORM)


@given(tables(smallest=1))
def test_all_measures_agree_on_the_direction(table):
    signs = {np.sign(round(measure(*table).value, 12)) for measure in MEASURES}
    assert len(signs) == 1


@pytest.mark.parametrize("measure", [m for m in MEASURES if m is not binary.peto_log_odds_ratio])
@given(tables())
def test_any_table_has_a_finite_effect_and_says_what_was_done(measure, table):
    effect = measure(*table)
    events_1, n_1, events_2, n_2 = table
    assert np.isfinite(effect.value)
    assert 0 < effect.variance < np.inf
    assert type(effect.corrected) is type(effect.double_zero) is bool
    nobody, everybody = events_1 + events_2 == 0, events_1 + events_2 == n_1 + n_2
    assert effect.double_zero == (nobody or everybody)


@pytest.mark.parametrize(
    ("table", "odds", "risks", "difference"),
    [
        ((0, 20, 3, 20), True, True, False),
        ((3, 20, 0, 20), True, True, False),
        ((20, 20, 3, 20), True, False, False),
        ((20, 20, 20, 20), True, True, True),
        ((0, 20, 0, 20), True, True, True),
        ((0, 20, 20, 20), True, True, True),
        ((3, 20, 4, 20), False, False, False),
    ],
)
def test_half_is_added_only_where_needed(table, odds, risks, difference):
    assert binary.log_odds_ratio(*table).corrected is odds
    assert binary.log_risk_ratio(*table).corrected is risks
    assert binary.risk_difference(*table).corrected is difference
    assert binary.arcsine_difference(*table).corrected is False


def test_corrected_values():
    effect = binary.log_odds_ratio(0, 20, 3, 20)
    assert effect.value == pytest.approx(np.log(0.5 * 17.5 / (20.5 * 3.5)), rel=CLOSED_FORM)
    effect = binary.log_risk_ratio(0, 20, 3, 20)
    assert effect.value == pytest.approx(np.log(0.5 / 3.5), rel=CLOSED_FORM)
    assert effect.variance == pytest.approx(1 / 0.5 - 1 / 21 + 1 / 3.5 - 1 / 21, rel=CLOSED_FORM)


def test_risk_difference_keeps_its_value_and_never_has_a_variance_of_zero():
    effect = binary.risk_difference(0, 20, 10, 10)
    assert effect.value == -1
    assert effect.variance == pytest.approx(
        0.5 * 20.5 / 21**3 + 10.5 * 0.5 / 11**3, rel=CLOSED_FORM
    )


def test_double_zero_of_a_ratio_is_zero_with_a_wide_interval_and_visible():
    effect = binary.log_odds_ratio(0, 20, 0, 20)
    assert effect == association.BinaryEffect(0.0, pytest.approx(4 + 4 / 41), True, True)


def test_constant_for_all_is_said():
    effect = binary.log_odds_ratio([3, 0], 20, 4, 20, to="all")
    np.testing.assert_array_equal(effect.corrected, [True, True])
    effect = binary.log_odds_ratio([3, 0], 20, 4, 20)
    np.testing.assert_array_equal(effect.corrected, [False, True])
    np.testing.assert_array_equal(effect.double_zero, [False, False])


@given(tables(smallest=1))
def test_sample_odds_ratio_is_that_of_the_log(table):
    expected = np.exp(binary.log_odds_ratio(*table).value)
    assert binary.sample_odds_ratio(*table) == pytest.approx(expected, rel=CLOSED_FORM)


def test_sample_odds_ratio_at_zero_cells():
    assert binary.sample_odds_ratio(0, 20, 3, 20) == 0
    assert binary.sample_odds_ratio(3, 20, 0, 20) == np.inf


@given(tables(smallest=1), st.integers(min_value=1, max_value=5))
def test_arrays_give_what_scalars_give(table, length):
    columns = [np.full(length, number) for number in table]
    for measure in MEASURES:
        np.testing.assert_array_equal(measure(*columns).value, measure(*table).value)
        np.testing.assert_array_equal(measure(*columns).variance, measure(*table).variance)


@given(tables(smallest=1))
def test_peto_variance_is_that_of_the_hypergeometric_distribution(table):
    events_1, n_1, events_2, n_2 = table
    total, events = n_1 + n_2, events_1 + events_2
    v = n_1 * n_2 * events * (total - events) / (total**2 * (total - 1))
    effect = binary.peto_log_odds_ratio(*table)
    assert effect.variance == pytest.approx(1 / v, rel=CLOSED_FORM)
    assert effect.value == pytest.approx(
        (events_1 - n_1 * events / total) / v, rel=CLOSED_FORM, abs=CLOSED_FORM
    )
