import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from evidence.errors import ParameterError
from evidence.meta.bias import excess_significance
from tests.tolerances import CLOSED_FORM, ITERATIVE

EFFECTS, VARIANCES = [0.5, 0.6, 0.4, 0.1, 0.9], [0.04, 0.05, 0.03, 0.01, 0.2]


def test_exact_counts_all_combinations():
    found = excess_significance.test_of_excess(EFFECTS, VARIANCES)
    total = 0.0
    for outcome in itertools.product([0, 1], repeat=5):
        if sum(outcome) >= found.observed:
            total += math.prod(
                p if small else 1 - p for p, small in zip(found.power, outcome, strict=True)
            )
    assert found.p_value == pytest.approx(total, rel=CLOSED_FORM)
    assert found.observed == sum(found.small) == 4
    assert found.ratio == pytest.approx(4 / found.expected, rel=CLOSED_FORM)


def test_with_one_power_exact_is_binomial():
    effects, variances = [0.5, 0.1, 0.45, 0.2], [0.04] * 4
    exact = excess_significance.test_of_excess(effects, variances)
    binomial = excess_significance.test_of_excess(effects, variances, test="binom")
    expected = stats.binom.sf(exact.observed - 1, 4, exact.power[0])
    assert exact.p_value == pytest.approx(expected, rel=1e-10)
    assert binomial.p_value == pytest.approx(expected, rel=1e-10)


def test_chi_square_is_one_sided():
    found = excess_significance.test_of_excess(EFFECTS, VARIANCES, test="chi2")
    expected = stats.chi2.sf(found.statistic, 1) / 2
    assert found.observed > found.expected
    assert found.p_value == pytest.approx(expected, rel=1e-10)
    below = excess_significance.test_of_excess(EFFECTS, VARIANCES, test="chi2", theta=3.0)
    assert below.observed < below.expected
    assert below.p_value > 0.5


@pytest.mark.parametrize("alternative", ["two_sided", "greater", "less"])
def test_power_over_true_effects_that_vary(alternative):
    theta, tau2, variance = 0.3, 0.05, 0.04
    found = excess_significance.test_of_excess(
        [0.1], [variance], theta=theta, tau2=tau2, alternative=alternative
    )

    def power(true):
        bound = stats.norm.isf(0.025 if alternative == "two_sided" else 0.05)
        z = true / math.sqrt(variance)
        above, below = stats.norm.sf(bound - z), stats.norm.cdf(-bound - z)
        return {"two_sided": above + below, "greater": above, "less": below}[alternative]

    expected = integrate.quad(
        lambda x: power(x) * stats.norm.pdf(x, theta, math.sqrt(tau2)), -3, 3.6, epsabs=1e-13
    )[0]
    assert found.power[0] == pytest.approx(expected, rel=1e-9)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 0.5)), min_size=1, max_size=15),
    st.sampled_from(excess_significance.TESTS),
)
def test_a_change_of_sign_changes_nothing(pairs, test):
    effects, variances = (np.array(values) for values in zip(*pairs, strict=True))
    one = excess_significance.test_of_excess(effects, variances, test=test)
    other = excess_significance.test_of_excess(-effects, variances, test=test)
    assert one.observed == other.observed
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9, abs=1e-15)
    turned = excess_significance.test_of_excess(
        effects, variances, test=test, alternative="greater"
    )
    mirrored = excess_significance.test_of_excess(
        -effects, variances, test=test, alternative="less"
    )
    assert turned.p_value == pytest.approx(mirrored.p_value, rel=1e-9, abs=1e-15)
    for found in (one, turned):
        if found.p_value is not None:
            assert 0 <= found.p_value <= 1


@pytest.mark.parametrize("test", excess_significance.TESTS)
def test_at_the_limit_the_test_gives_its_alpha(test):
    found = excess_significance.test_of_excess(EFFECTS, VARIANCES, test=test, limit_alpha=0.2)
    at_limit = excess_significance.test_of_excess(
        EFFECTS, VARIANCES, test=test, theta=found.theta_limit
    )
    assert at_limit.p_value == pytest.approx(0.2, rel=ITERATIVE)
    mirrored = excess_significance.test_of_excess(
        [-effect for effect in EFFECTS], VARIANCES, test=test, limit_alpha=0.2
    )
    assert mirrored.theta_limit == pytest.approx(-found.theta_limit, rel=1e-9)


def test_no_limit():
    assert excess_significance.test_of_excess([0.1, 0.05], [0.1, 0.2]).theta_limit is None
    assert (
        excess_significance.test_of_excess(EFFECTS, VARIANCES, alternative="less").theta_limit
        is None
    )


def test_complete_power_and_none():
    found = excess_significance.test_of_excess([90.0, 91.0], [1.0, 1.0], test="chi2")
    assert (found.observed, found.p_value, found.statistic) == (2, None, None)
    assert any("chi-square is not defined" in sentence for sentence in found.warnings)
    nothing = excess_significance.test_of_excess([90.0, 91.0], [1.0, 1.0], alternative="less")
    assert (nothing.observed, nothing.ratio, nothing.p_value) == (0, None, 1.0)


def test_variation_between_trials_is_named():
    sentence = "The effects vary more than by chance, which alone can give more small P values"
    varied = excess_significance.test_of_excess([0.0, 1.0, 0.2], [0.01, 0.01, 0.01])
    assert any(one.startswith(sentence) for one in varied.warnings)
    # Q so large that its P is 0 in double precision.
    extreme = excess_significance.test_of_excess([0.0, 100.0, 1.0], [1e-3] * 3)
    assert any(one.startswith(sentence) for one in extreme.warnings)
    allowed = excess_significance.test_of_excess([0.0, 1.0, 0.2], [0.01, 0.01, 0.01], tau2=0.3)
    assert not any(one.startswith(sentence) for one in allowed.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "alpha: found 0, expected a number between 0 and 1"),
        ({"limit_alpha": 1}, "limit_alpha: found 1, expected a number between 0 and 1"),
        ({"theta": math.inf}, "theta: found inf, expected a finite number"),
        ({"tau2": -0.1}, "tau2: found -0.1, expected a finite number that is not negative"),
        ({"test": "z"}, "test: found 'z', expected one of exact, chi2, binom"),
        ({"alternative": "up"}, "alternative: found 'up', expected one of two_sided"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ParameterError, match=message):
        excess_significance.test_of_excess(EFFECTS, VARIANCES, **options)
