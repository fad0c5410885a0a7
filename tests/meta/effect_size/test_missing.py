import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.meta.effect_size.events import (
    Table,
    log_odds_ratio,
    missing_scenarios,
    risk_difference,
)


def test_scenarios_of_a_good_event():
    scenarios = missing_scenarios(27, 31, 35, 15, 29, 31)
    assert scenarios.observed == Table(27, 31, 15, 29)
    assert scenarios.missing_not_event == Table(27, 35, 15, 31)
    assert scenarios.missing_event == Table(31, 35, 17, 31)
    assert scenarios.best == Table(31, 35, 15, 31)
    assert scenarios.worst == Table(27, 35, 17, 31)


def test_a_bad_event_swaps_best_and_worst():
    good = missing_scenarios(2, 60, 66, 4, 60, 63)
    bad = missing_scenarios(2, 60, 66, 4, 60, 63, event_is="bad")
    assert (bad.best, bad.worst) == (good.worst, good.best)
    assert bad[:3] == good[:3]
    assert bad.best == Table(2, 66, 7, 63)


@st.composite
def counts(draw):
    given = []
    for _ in range(2):
        randomized = draw(st.integers(min_value=1, max_value=200))
        observed = draw(st.integers(min_value=1, max_value=randomized))
        given += [draw(st.integers(min_value=0, max_value=observed)), observed, randomized]
    return given


@given(counts())
def test_best_and_worst_bound_all_that_randomized_could_show(given):
    scenarios = missing_scenarios(*given)
    worst, best = (risk_difference(*table).value for table in (scenarios.worst, scenarios.best))
    for table in scenarios[1:]:
        assert worst <= risk_difference(*table).value <= best
        assert (table.n_1, table.n_2) == (given[2], given[5])


@given(counts())
def test_nobody_missing_leaves_one_table(given):
    events_1, observed_1, _, events_2, observed_2, _ = given
    scenarios = missing_scenarios(
        events_1, observed_1, observed_1, events_2, observed_2, observed_2
    )
    assert len(set(scenarios)) == 1


def test_tables_go_where_counts_go():
    scenarios = missing_scenarios(27, 31, 35, 15, 29, 31)
    assert log_odds_ratio(*scenarios.observed).value == pytest.approx(1.8405, abs=1e-4)
