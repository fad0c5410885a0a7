import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from evidence.errors import ParameterError
from evidence.meta.bias import fail_safe
from evidence.meta.bias.fail_safe import add_null_trials, general, orwin, rosenberg, rosenthal
from evidence.meta.pooling import pool
from tests.tolerances import CLOSED_FORM

EFFECTS, VARIANCES = [0.3, 0.4, 0.6, 0.5], [0.04, 0.05, 0.06, 0.02]

sets = st.lists(st.tuples(st.floats(0.05, 1.5), st.floats(0.01, 0.5)), min_size=2, max_size=12)


def common_p(effects, variances):
    return pool(effects, variances, tau2="common", interval="wald").p_value


def test_rosenthal_is_the_smallest_n_by_stouffer():
    z = np.array(EFFECTS) / np.sqrt(VARIANCES)
    found = rosenthal(EFFECTS, VARIANCES)

    def combined(n):
        return stats.combine_pvalues(
            special.ndtr(-np.concatenate([z, np.zeros(n)])), method="stouffer"
        ).pvalue

    assert combined(found.n) >= 0.05 > combined(found.n - 1)
    assert found.p_value == pytest.approx(combined(0), rel=1e-9)
    assert found.p_value_with == pytest.approx(combined(found.n), rel=1e-9)


def test_rosenberg_is_the_smallest_n_by_adding_trials():
    found = rosenberg(EFFECTS, VARIANCES)
    average = 1 / np.mean(1 / np.array(VARIANCES))

    def with_added(n):
        return common_p(EFFECTS + [0.0] * n, VARIANCES + [average] * n)

    assert with_added(found.n) >= 0.05 > with_added(found.n - 1)
    assert found.p_value_with == pytest.approx(with_added(found.n), rel=1e-9)


@pytest.mark.parametrize("variances", [None, VARIANCES])
def test_orwin_is_the_smallest_n_by_adding_trials(variances):
    found = orwin(EFFECTS, variances, target=0.1)
    weights = np.ones(4) if variances is None else 1 / np.array(variances)

    def average(n):
        return float(weights @ EFFECTS) / (weights.sum() + n * weights.mean())

    assert average(found.n) <= 0.1 < average(found.n - 1)
    assert found.effect_with == pytest.approx(average(found.n), rel=CLOSED_FORM)


@settings(max_examples=60)
@given(sets)
def test_half_the_average_needs_as_many_trials_again(pairs):
    effects, variances = zip(*pairs, strict=True)
    assert orwin(effects, variances).n == len(pairs)
    assert orwin(effects).n == len(pairs)


@settings(max_examples=60)
@given(sets, st.floats(0.05, 0.9))
def test_general_generalizes(pairs, share):
    effects, variances = zip(*pairs, strict=True)
    assert general(effects, variances, tau2="common").n == rosenberg(effects, variances).n
    goal = share * pool(effects, variances, tau2="common").effect
    by_target = general(effects, variances, tau2="common", target=goal)
    assert by_target.n == orwin(effects, variances, target=goal).n
    assert by_target.alpha is None


@settings(max_examples=60)
@given(sets)
def test_the_side_does_not_matter(pairs):
    effects, variances = (np.array(values) for values in zip(*pairs, strict=True))
    for method in (rosenthal, orwin, rosenberg, general):
        one, other = method(effects, variances), method(-effects, variances)
        assert one.n == other.n
        assert one.p_value is None or other.p_value == pytest.approx(one.p_value, rel=1e-9)


def test_general_is_the_smallest_n():
    effects, variances = [0.1, 0.9, 0.5, 0.7], [0.02, 0.03, 0.02, 0.05]
    found = general(effects, variances)
    pooled = pool(effects, variances)
    assert pooled.tau2 > 0

    def p_value(n):
        mean, se, _ = add_null_trials(pooled, effects, variances, n)
        return 2 * special.ndtr(-abs(mean / se))

    assert p_value(found.n) >= 0.05 > p_value(found.n - 1)
    assert found.p_value_with == p_value(found.n)
    assert found.tau2 == pooled.tau2


def test_the_added_trials_make_two_groups():
    # Two samples of true effects around m and 0: the variance of all is that of their union.
    effects, variances, n = [0.1, 0.9, 0.5, 0.7], [0.02, 0.03, 0.02, 0.05], 6
    pooled = pool(effects, variances)
    spread = math.sqrt(pooled.tau2)
    first = pooled.effect + spread * np.array([-1, 1, -1, 1]) * math.sqrt(3 / 4)
    second = spread * np.array([-1, 1, -1, 1, -1, 1]) * math.sqrt(5 / 6)
    union = np.concatenate([first, second]).var(ddof=1)
    assert add_null_trials(pooled, effects, variances, n)[2] == pytest.approx(union, rel=1e-9)


def test_nothing_to_undo():
    for method in (rosenthal, rosenberg, general):
        found = method([0.01, -0.02], [0.5, 0.6])
        assert found.n == 0
        assert "There is nothing to undo: no trial needs to be added." in found.warnings
    assert orwin([0.0, 0.0]).n == 0
    assert orwin([0.1, 0.1], target=0.5).n == 0


@pytest.mark.parametrize(("needed", "n"), [(1e7, 10_000_000), (1e7 + 1, None), (2.5, 3)])
def test_the_largest_number_is_counted(needed, n):
    assert fail_safe._whole(needed) == n


def test_very_many_are_not_counted():
    found = general([9.0, 9.1], [1e-9, 1e-9], tau2="common")
    assert found.n is None
    assert found.effect_with is None
    assert "More than 10,000,000 trials would have to be added." in found.warnings
    for method in (rosenthal, rosenberg):
        assert method([9.0, 9.1], [1e-9, 1e-9]).n is None


def test_it_does_not_count_missing_trials_and_says_so():
    assert any("does not say how many there are" in one for one in rosenthal([1], [0.1]).warnings)


@pytest.mark.parametrize("target", [0, math.nan, math.inf])
def test_a_target_is_a_number(target):
    for method in (orwin, general):
        with pytest.raises(
            ParameterError, match=r"target: found .*, expected a finite number other"
        ):
            method(EFFECTS, VARIANCES, target=target)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, True, "0.05", math.nan])
def test_alpha_is_a_share(alpha):
    for method in (rosenthal, rosenberg, general):
        with pytest.raises(ParameterError, match="alpha: found"):
            method(EFFECTS, VARIANCES, alpha=alpha)


def test_one_sided_alpha_is_below_half():
    with pytest.raises(ParameterError, match=r"a number between 0 and 0\.5"):
        rosenthal(EFFECTS, VARIANCES, alpha=0.5)


@pytest.mark.parametrize("method", [orwin, general])
def test_a_target_is_on_the_side_of_the_average(method):
    one, other = method(EFFECTS, VARIANCES, target=0.1), method(EFFECTS, VARIANCES, target=-0.1)
    assert one == other
    assert one.target == 0.1
    mirrored = method([-effect for effect in EFFECTS], VARIANCES, target=0.1)
    assert (mirrored.n, mirrored.target) == (one.n, -0.1)
