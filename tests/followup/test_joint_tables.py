"""Bounds by margins against every joint table, tried one by one, and against simulation."""

import itertools

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.followup.joint_tables import (
    correlation_of_effects,
    correlation_of_events,
    joint_probability,
    staying_count,
    staying_share,
)
from evidence.meta.effect_size.events import Table, log_odds_ratio, log_risk_ratio, risk_difference
from tests.tolerances import CLOSED_FORM


def joint(n: int, first: int, second: int) -> list[tuple[int, int, int, int]]:
    """Every table (both, first only, second only, neither) of n people with these margins."""
    return [
        (both, first - both, second - both, n - first - second + both)
        for both in range(n + 1)
        if min(first - both, second - both, n - first - second + both) >= 0
    ]


MARGINS = [(n, a, b) for n in (1, 4, 7) for a in range(n + 1) for b in range(n + 1)]


@pytest.mark.parametrize(("n", "first", "second"), MARGINS)
def test_bounds_are_the_extremes_of_all_joint_tables(n: int, first: int, second: int) -> None:
    tables = joint(n, first, second)
    shares = [both / n for both, *_ in tables]
    assert np.allclose(
        joint_probability(first / n, second / n), (min(shares), max(shares)), atol=CLOSED_FORM
    )
    if first:
        stay = [both / first for both, *_ in tables]
        assert np.allclose(
            staying_share(first / n, second / n), (min(stay), max(stay)), atol=CLOSED_FORM
        )
    if 0 < first < n and 0 < second < n:
        people = [
            [(1, 1)] * one + [(1, 0)] * two + [(0, 1)] * three + [(0, 0)] * four
            for one, two, three, four in tables
        ]
        found = [np.corrcoef(np.array(each).T)[0, 1] for each in people]
        assert np.allclose(
            correlation_of_events(first / n, second / n), (min(found), max(found)), atol=1e-9
        )


@pytest.mark.parametrize(
    ("n", "recovered", "seen"),
    [(5, (3, 2), (4, 4)), (5, (4, 3), (5, 3)), (6, (3, 3), (3, 5)), (4, (4, 4), (4, 4))],
)
def test_count_bounds_hold_over_all_tables_with_missing(
    n: int, recovered: tuple[int, int], seen: tuple[int, int]
) -> None:
    """Each person is recovered, not recovered or missing at each time: all 3 by 3 tables."""
    both = set()
    for places in itertools.combinations(range(n + 8), 8):
        # Eight bars between n people make nine cells: every table once.
        table = np.diff([-1, *places, n + 8]).reshape(3, 3) - 1
        before, after = table.sum(axis=1), table.sum(axis=0)
        if (before[0], after[0]) == recovered and (n - before[2], n - after[2]) == seen:
            both.add(int(table[0, 0]))
    assert staying_count(*recovered, n) == (min(both), max(both))


METRICS = {
    "log_odds_ratio": log_odds_ratio,
    "log_risk_ratio": log_risk_ratio,
    "risk_difference": risk_difference,
}


def drawn(metric: str, coupling: str, n: int = 2000, times: int = 4000) -> float:
    """Correlation of the effects at both times where the events are coupled as far as can be."""
    rng = np.random.default_rng(1951)
    counts = []
    for first, second in ((0.87, 0.70), (0.52, 0.35)):
        low, high = joint_probability(first, second)
        both = high if coupling == "high" else low
        cells = (both, first - both, second - both, 1 - first - second + both)
        people = rng.multinomial(n, np.clip(cells, 0, 1), size=times)
        counts.append((people[:, 0] + people[:, 1], people[:, 0] + people[:, 2]))
    (a, b), (c, d) = counts
    post, later = METRICS[metric](a, n, c, n).value, METRICS[metric](b, n, d, n).value
    return float(np.corrcoef(post, later)[0, 1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("coupling", ["low", "high"])
def test_effects_correlate_as_far_as_simulation_can_make_them(metric: str, coupling: str) -> None:
    bounds = correlation_of_effects(
        Table(1740, 2000, 1040, 2000), Table(1400, 2000, 700, 2000), metric
    )
    # The standard error of a correlation of 4,000 draws is at most 0.016.
    assert abs(getattr(bounds, coupling) - drawn(metric, coupling)) < 0.05


def test_people_seen_once_lower_the_correlation() -> None:
    whole = correlation_of_effects(Table(20, 40, 10, 40), Table(20, 40, 10, 40), "risk_difference")
    half = correlation_of_effects(Table(20, 40, 10, 40), Table(10, 20, 5, 20), "risk_difference")
    assert np.isclose(whole.high, 1.0, atol=CLOSED_FORM)
    # Half as many at follow-up: n_both / sqrt(n1 n2) is sqrt(1/2).
    assert np.isclose(half.high, 0.5**0.5, atol=CLOSED_FORM)


def test_an_arm_where_everybody_recovers_still_has_bounds() -> None:
    low, high = correlation_of_effects(Table(10, 10, 5, 10), Table(9, 10, 5, 10), "log_odds_ratio")
    assert -1 <= low <= 0 <= high <= 1


def test_nearest_is_the_value_or_the_bound() -> None:
    bounds = correlation_of_events(0.5, 0.8)
    assert bounds.nearest(0.3) == 0.3
    assert bounds.nearest(0.9) == bounds.high
    assert bounds.nearest(-0.9) == bounds.low


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_proportion_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(ParameterError, match="first"):
        joint_probability(share, 0.5)


def test_nobody_recovered_leaves_nothing_to_stay() -> None:
    with pytest.raises(ParameterError, match="post"):
        staying_share(0.0, 0.5)


def test_no_more_recovered_than_randomized() -> None:
    with pytest.raises(ParameterError, match="n_randomized"):
        staying_count(27, 21, 26)


def test_a_table_has_no_negative_cell() -> None:
    with pytest.raises(ParameterError, match="cell"):
        correlation_of_effects(Table(11, 10, 5, 10), Table(9, 10, 5, 10), "risk_difference")


def test_a_metric_without_counts_is_refused() -> None:
    with pytest.raises(ParameterError, match="metric"):
        correlation_of_effects(Table(9, 10, 5, 10), Table(9, 10, 5, 10), "hedges_g")
