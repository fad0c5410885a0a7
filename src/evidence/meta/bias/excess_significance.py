"""Whether more trials have a small P value than the power of the trials leads to expect."""
# ruff: noqa: PT028
# test_of_excess is no test of pytest, which asks for parameters without defaults.

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

from evidence.errors import ParameterError, check_choice
from evidence.meta.bias import chance_warning
from evidence.meta.numerics import Flags, Floats
from evidence.meta.pooling import pool
from evidence.meta.pooling.weights import numbers

TESTS = ("exact", "chi2", "binom")
ALTERNATIVES = ("two_sided", "greater", "less")


@dataclass(frozen=True, slots=True)
class Excess:
    """Small P values that were observed, and that were to be expected.

    Attributes
    ----------
    observed : int
        Trials with a P value of at most `alpha`.
    expected : float
        Sum of the power of the trials.
    ratio : float or None
        Observed over expected; None where none is expected.
    p_value : float or None
        Probability of at least so many, one-sided; None where chi-square is not defined.
    statistic : float or None
        Chi-square with one degree of freedom; None for the other tests.
    power : tuple of float
        Of each trial, in the order of the input.
    small : tuple of bool
        Whether the P value of each trial is at most `alpha`.
    theta, tau2 : float
        Mean and variance of the true effects for which the power holds.
    theta_limit : float or None
        True effect, on the side of the common effect, at which `p_value` would be `limit_alpha`:
        where the true effect is nearer to 0, there is an excess. None where there is none even
        without any effect, or where `alternative` is the other side.
    alpha, limit_alpha : float
    alternative, test : str
    k : int
        Number of trials.
    warnings : tuple of str
        Sentences that a reader needs.
    """

    observed: int
    expected: float
    ratio: float | None
    p_value: float | None
    statistic: float | None
    power: tuple[float, ...]
    small: tuple[bool, ...]
    theta: float
    tau2: float
    theta_limit: float | None
    alpha: float
    limit_alpha: float
    alternative: str
    test: str
    k: int
    warnings: tuple[str, ...]


def test_of_excess(
    effect: Any,
    variance: Any,
    *,
    theta: float | None = None,
    tau2: float = 0.0,
    alpha: float = 0.05,
    alternative: str = "two_sided",
    test: str = "exact",
    limit_alpha: float = 0.10,
) -> Excess:
    """Test for an excess of small P values.

    This is `tes` of metafor.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    theta : float, optional
        True effect for which the power of the trials is computed; the common effect by default.
    tau2 : float
        Variance of the true effects around it.
    alpha : float
        P values up to this count as small.
    alternative : {"two_sided", "greater", "less"}
        Sidedness of the P values of the trials, from the normal distribution.
    test : {"exact", "chi2", "binom"}
        Distribution of the number of small P values: with each trial's power, chi-square, or
        binomial with the mean power.
    limit_alpha : float
        P value of the test that defines `theta_limit`.

    Returns
    -------
    Excess

    Raises
    ------
    ParameterError
        For an alpha that is not between 0 and 1, a theta that is not finite, a negative tau2, and
        as `evidence.meta.pooling.pool`.

    Notes
    -----
    Ioannidis and Trikalinos (2007), Clin Trials 4:245; exact test Francis (2013), J Math Psychol
    57:153.

    Examples
    --------
    >>> found = test_of_excess([0.5, 0.6, 0.4, 0.1], [0.04, 0.05, 0.03, 0.01])
    >>> found.observed, round(found.expected, 2), round(found.p_value, 3)
    (3, 1.6, 0.148)
    """
    check_choice("alternative", alternative, ALTERNATIVES)
    check_choice("test", test, TESTS)
    for name, value in (("alpha", alpha), ("limit_alpha", limit_alpha)):
        if not 0 < float(numbers(name, value)) < 1:
            raise ParameterError(name, value, "a number between 0 and 1, such as 0.05")
    pooled = pool(effect, variance, tau2="common", interval="wald")
    between = float(numbers("tau2", tau2))
    if not 0 <= between < np.inf:
        raise ParameterError("tau2", tau2, "a finite number that is not negative")
    center = pooled.effect if theta is None else float(numbers("theta", theta))
    if not np.isfinite(center):
        raise ParameterError("theta", theta, "a finite number")
    se = np.sqrt(numbers("variance", variance))
    small = _reached(numbers("effect", effect) / se, alpha, alternative)
    observed = int(small.sum())

    def p_value_at(value: float) -> float | None:
        return _test(observed, _power(value, se, between, alpha, alternative), test)[0]

    power = _power(center, se, between, alpha, alternative)
    expected = float(power.sum())
    p_value, statistic = _test(observed, power, test)
    return Excess(
        observed=observed,
        expected=expected,
        ratio=observed / expected if expected > 0 else None,
        p_value=p_value,
        statistic=statistic,
        power=tuple(power.tolist()),
        small=tuple(bool(flag) for flag in small),
        theta=center,
        tau2=between,
        theta_limit=(
            None
            if alternative == ("less" if pooled.effect >= 0 else "greater")
            else _limit(p_value_at, pooled.effect, float(se.max()), limit_alpha)
        ),
        alpha=float(alpha),
        limit_alpha=float(limit_alpha),
        alternative=alternative,
        test=test,
        k=pooled.k,
        warnings=_warnings(
            pooled.k,
            p_value,
            varied=between == 0 and pooled.q_p is not None and pooled.q_p < 0.1,
        ),
    )


def _reached(z: Floats, alpha: float, alternative: str) -> Flags:
    """Whether each z is at or beyond its quantile."""
    if alternative == "two_sided":
        reached: Flags = np.abs(z) >= special.ndtri(1 - alpha / 2)
    else:
        reached = (z if alternative == "greater" else -z) >= special.ndtri(1 - alpha)
    return reached


def _power(theta: float, se: Floats, tau2: float, alpha: float, alternative: str) -> Floats:
    """Probability of a small P value in each trial, over true effects with variance tau2."""
    spread = np.sqrt(se**2 + tau2)
    two_sided = alternative == "two_sided"
    bound = special.ndtri(1 - (alpha / 2 if two_sided else alpha)) * se
    power = np.zeros(se.shape)
    if alternative != "less":
        power = power + special.ndtr((theta - bound) / spread)
    if alternative != "greater":
        power = power + special.ndtr((-theta - bound) / spread)
    return np.asarray(power, dtype=np.float64)


def _test(observed: int, power: Floats, test: str) -> tuple[float | None, float | None]:
    """P value of at least so many, and chi-square where that is the test."""
    k, expected = power.size, float(power.sum())
    if test == "exact":
        return _at_least(observed, power), None
    if test == "binom":
        # P(X >= O) is an incomplete beta function
        share = min(expected / k, 1.0)
        return float(special.betainc(observed, k - observed + 1, share)) if observed else 1.0, None
    rest = k - expected
    if rest <= 0 or expected <= 0:
        return None, None
    # Ioannidis and Trikalinos (2007): (O - E)^2 / E + (O - E)^2 / (k - E)
    statistic = (observed - expected) ** 2 * (1 / expected + 1 / rest)
    return float(special.ndtr(-np.sign(observed - expected) * np.sqrt(statistic))), statistic


def _at_least(observed: int, power: Floats) -> float:
    """Probability of so many successes or more, adding one trial after the other."""
    distribution = np.zeros(power.size + 1)
    distribution[0] = 1.0
    for share in power:
        distribution[1:] = distribution[1:] * (1 - share) + distribution[:-1] * share
        distribution[0] *= 1 - share
    return min(1.0, float(distribution[observed:].sum()))


def _limit(
    p_value_at: Callable[[float], float | None], effect: float, reach: float, limit_alpha: float
) -> float | None:
    """Find the effect at which the test gives `limit_alpha`; its P value rises with the effect."""
    sign = -1.0 if effect < 0 else 1.0

    def excess(size: float) -> float:
        p_value = p_value_at(sign * size)
        # Where the power of all trials is complete there is no excess left.
        return (1.0 if p_value is None else p_value) - limit_alpha

    if excess(0.0) >= 0:
        return None
    high = reach
    while excess(high) < 0:
        high *= 2
        if high > 1e3 * reach:
            return None
    return sign * float(optimize.brentq(excess, 0.0, high, xtol=1e-14 * reach, rtol=1e-14))


def _warnings(k: int, p_value: float | None, *, varied: bool) -> tuple[str, ...]:
    sentences = list(chance_warning(k))
    if p_value is None:
        sentences.append("The power of all trials is complete or none: chi-square is not defined.")
    if varied:
        sentences.append(
            "The effects vary more than by chance, which alone can give more small P values than "
            "one true effect leads to expect."
        )
    return tuple(sentences)
