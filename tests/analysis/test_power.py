"""Power against the noncentral t distribution, one more trial against a search without roots."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import nctdtr, ndtr, stdtrit
from statsmodels.stats.power import TTestIndPower

from evidence.analysis import Analysis
from evidence.analysis.power import (
    detectable_effect,
    information_size,
    known_sizes,
    one_more_trial,
    power_of_trial,
    trial_power,
)
from evidence.analysis.stress_test import stress_test
from evidence.errors import ParameterError
from evidence.meta.pooling import pool
from tests.tolerances import ITERATIVE, ITERATIVE_LOOSE

SIZES = [(16, 16), (11, 9), (35, 31), (66, 63), (200, 20), (2, 2)]


def by_noncentral_t(effect: float, n_1: int, n_2: int) -> float:
    """Cohen 1988, chapter 2: both tails of t with the noncentrality d sqrt(n1 n2 / (n1 + n2))."""
    df = n_1 + n_2 - 2
    bound = stdtrit(df, 0.975)
    away = effect * np.sqrt(n_1 * n_2 / (n_1 + n_2))
    return float(1 - nctdtr(df, away, bound) + nctdtr(df, away, -bound))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("effect", [0.0, 0.3, 0.5, 1.2])
def test_power_is_that_of_the_noncentral_t(sizes: tuple[int, int], effect: float) -> None:
    expected = by_noncentral_t(effect, *sizes)
    assert power_of_trial(effect, *sizes) == pytest.approx(expected, abs=ITERATIVE)
    assert power_of_trial(-effect, *sizes) == power_of_trial(effect, *sizes)


@pytest.mark.parametrize(("effect", "per_arm"), [(0.5, 64), (0.8, 26)])
def test_cohen_prints_the_same(effect: float, per_arm: int) -> None:
    """Cohen 1988, table 2.4.1: per arm for a power of .80, two-sided .05.

    For 0.2 it prints 393, where 393.4 falls just short and 394 is needed.
    """
    assert information_size(effect) == 2 * per_arm


@pytest.mark.parametrize("sizes", SIZES)
def test_the_detectable_effect_has_the_power_and_is_that_of_statsmodels(
    sizes: tuple[int, int],
) -> None:
    found = detectable_effect(*sizes)
    assert by_noncentral_t(found, *sizes) == pytest.approx(0.8, abs=ITERATIVE)
    solved = TTestIndPower().solve_power(None, sizes[0], 0.05, 0.8, sizes[1] / sizes[0])
    assert found == pytest.approx(float(np.squeeze(solved)), abs=ITERATIVE_LOOSE)


@pytest.mark.parametrize(("effect", "expected"), [(0.3, 352), (0.5, 128), (-0.5, 128), (0.8, 52)])
def test_the_information_size_is_the_smallest_with_the_power(effect: float, expected: int) -> None:
    found = information_size(effect)
    assert found == expected
    half = found // 2
    assert by_noncentral_t(effect, half, half) >= 0.8
    assert by_noncentral_t(effect, half - 1, half - 1) < 0.8


def by_mixture(effect: float, n_1: int, n_2: int, level: float) -> float:
    """Power as the mean, over the SD that is found, of that of a z test with this SD."""
    df = n_1 + n_2 - 2
    bound = stdtrit(df, (1 + level) / 2)
    away = effect / np.sqrt(1 / n_1 + 1 / n_2)
    found = stats.chi(df)
    low, high = found.ppf(1e-15), found.isf(1e-15)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    y = (low + high) / 2 + (high - low) / 2 * nodes
    s = y / np.sqrt(df)
    rejects = ndtr(away - bound * s) + ndtr(-away - bound * s)
    return float(((high - low) / 2 * weights * found.pdf(y) * rejects).sum())


# At all of these the tail on the other side is too small to be computed.
@pytest.mark.parametrize(
    ("effect", "n", "level"), [(8.25, 2, 0.95), (9.5, 2, 0.95), (0.246, 1000, 0.999)]
)
def test_power_is_not_1_where_the_other_tail_is_not_computed(
    effect: float, n: int, level: float
) -> None:
    expected = by_mixture(effect, n, n, level)
    assert expected < 0.99
    assert power_of_trial(effect, n, n, level=level) == pytest.approx(expected, abs=ITERATIVE)


def test_a_high_power_of_the_smallest_trial_is_reached_where_it_is() -> None:
    found = detectable_effect(2, 2, power=0.99)
    assert by_mixture(found, 2, 2, 0.95) == pytest.approx(0.99, abs=ITERATIVE)


@pytest.mark.parametrize(
    ("effect", "power", "level"),
    [(0.05, 0.8, 0.9999), (0.3, 0.99, 0.999), (2.0, 0.9999, 0.999), (0.3, 0.8, 0.9999)],
)
def test_the_information_size_of_strict_tests_is_the_smallest_with_the_power(
    effect: float, power: float, level: float
) -> None:
    half = information_size(effect, power=power, level=level) // 2
    assert by_mixture(effect, half, half, level) >= power
    assert by_mixture(effect, half - 1, half - 1, level) < power


def test_no_effect_is_so_large_that_a_t_test_takes_fewer_than_two_of_each_arm() -> None:
    assert information_size(50) == 4


def test_each_trial_of_known_size_has_its_power(depression: Analysis) -> None:
    frame = trial_power(depression).set_index(["trial_id", "effect"])
    assert set(frame.index.get_level_values(0)) == {
        "diamond2002",
        "israel2013",
        "diamond2010",
        "waraan2021",
        "diamond2019",
    }
    assert frame.power["israel2013", 0.3] == pytest.approx(by_noncentral_t(0.3, 11, 9))
    assert frame.power["diamond2019", 0.5] == pytest.approx(by_noncentral_t(0.5, 66, 63))
    assert frame.detectable["diamond2010", 0.5] == detectable_effect(35, 31)
    assert list(frame.entered[:, 0.3]) == [True, True, True, False, False]


@pytest.mark.parametrize(
    "name_and_call",
    [
        ("n_1", lambda: power_of_trial(0.5, 1, 20)),
        ("level", lambda: power_of_trial(0.5, 20, 20, level=1.0)),
        ("abs(effect)", lambda: information_size(0.0)),
        ("power", lambda: information_size(0.5, power=0.01)),
        ("n_2", lambda: one_more_trial([0.1], [0.1], 10, 1)),
        ("effect", lambda: one_more_trial([1.0], [0.01], 10, 10)),
    ],
)
def test_what_is_not_accepted_is_named(name_and_call: tuple[str, object]) -> None:
    name, call = name_and_call
    with pytest.raises(ParameterError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.name == name


def limit(effect: object, variance: object, x: float, n_1: int, n_2: int) -> float:
    v = 1 / n_1 + 1 / n_2 + x * x / (2 * (n_1 + n_2))
    return pool(np.append(effect, x), np.append(variance, v)).ci_low


@pytest.mark.parametrize("n", [32, 66, 128, 352])
@pytest.mark.parametrize("with_zeros", [False, True])
def test_one_more_trial_is_what_a_dense_search_finds(
    depression: Analysis, n: int, with_zeros: bool
) -> None:
    effect, variance = depression.selection.effects()
    if with_zeros:
        stress = stress_test(depression)
        assert stress is not None
        effect = np.concatenate([effect, np.zeros(len(stress.entered))])
        variance = np.concatenate([variance, stress.entered.variance])
    half = n // 2
    found = one_more_trial(effect, variance, half, half)
    step = 0.02
    tried = np.arange(-1.0, 2.0, step)
    limits = np.array([limit(effect, variance, x, half, half) for x in tried])
    over = tried[limits > 0]
    assert found.best_limit >= limits.max()
    assert found.best_limit == limit(effect, variance, found.best_effect, half, half)
    if found.low is None or found.high is None:
        assert len(over) == 0
        return
    assert over.min() - step <= found.low <= over.min()
    assert over.max() <= found.high <= over.max() + step
    for edge in (found.low, found.high):
        assert limit(effect, variance, edge, half, half) == pytest.approx(0, abs=ITERATIVE)


def test_with_the_unreported_results_no_trial_of_median_size_would_do(depression: Analysis) -> None:
    stress = stress_test(depression)
    assert stress is not None
    assert np.median(known_sizes(depression)) == 32
    effect, variance = depression.selection.effects()
    effect = np.concatenate([effect, np.zeros(2)])
    variance = np.concatenate([variance, stress.entered.variance])
    found = one_more_trial(effect, variance, 16, 16)
    assert found.low is None
    assert found.high is None
    assert found.best_limit < 0


def test_a_common_effect_gives_the_closed_form() -> None:
    """(w y + u x) / (w + u) = z / sqrt(w + u), with u the weight of the further trial at x."""
    found = one_more_trial([0.4], [0.09], 50, 50, tau2="common", interval="wald")
    assert found.high is None
    assert found.low is not None
    u = 1 / (0.04 + found.low**2 / 200)
    w = 1 / 0.09
    from_weights = (w * 0.4 + u * found.low) / np.sqrt(w + u)
    assert from_weights == pytest.approx(1.959963984540054, abs=ITERATIVE)


def test_the_highest_limit_can_be_at_the_end_of_what_is_looked_at() -> None:
    """Any trial that agrees less with -4 widens the interval more than it moves the mean."""
    found = one_more_trial([-4.0], [0.01], 50, 50)
    tried = np.linspace(-3, 3, 61)
    limits = [limit([-4.0], [0.01], x, 50, 50) for x in tried]
    assert max(limits) == limits[0]
    assert found.best_effect == -3
    assert found.best_limit == pytest.approx(limits[0], rel=ITERATIVE)
    assert (found.low, found.high) == (None, None)


def test_a_large_trial_has_its_power() -> None:
    # Normal approximation, exact to 1e-3 at this size: 2.8016 standard errors (Cohen 1988).
    assert power_of_trial(0.5, 5000, 5000) == 1
    for n in (5_000, 1_000_000):
        assert detectable_effect(n, n) == pytest.approx(2.8016 * (2 / n) ** 0.5, rel=1e-3)
