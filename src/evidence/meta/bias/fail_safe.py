"""Fail-safe N: how many trials without any effect it would take to undo a result.

None of these numbers says how many trials are missing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.bias import chance_warning
from evidence.meta.pooling import Pooled, pool
from evidence.meta.pooling.weights import arrange_one, moments, numbers
from evidence.terms import Tau2

LARGEST = 10_000_000
"""Numbers above this are not searched for."""

LAST_DIGITS = 1e-12
"""Excess over a whole number that rounding alone can give."""


@dataclass(frozen=True, slots=True)
class FailSafe:
    """The smallest number of trials averaging no effect that undoes a result.

    Attributes
    ----------
    n : int or None
        That number; 0 where there is nothing to undo, None above ten million.
    effect : float or None
        Average of the observed trials; None for "rosenthal".
    p_value : float or None
        P value of the observed trials, one-sided for "rosenthal"; None for "orwin".
    tau2 : float or None
        Variance between the observed trials; for "general" only.
    effect_with, p_value_with : float or None
        The same with the `n` trials added; where the method gives them.
    alpha, target : float or None
        What is to be reached: a P value of at least `alpha`, or an average that is not farther
        from 0 than `target`.
    method : str
        "rosenthal", "orwin", "rosenberg", or "general".
    k : int
        Number of trials that were observed.
    warnings : tuple of str
        Sentences that a reader needs.
    """

    n: int | None
    effect: float | None
    p_value: float | None
    tau2: float | None
    effect_with: float | None
    p_value_with: float | None
    alpha: float | None
    target: float | None
    method: str
    k: int
    warnings: tuple[str, ...]


def rosenthal(effect: Any, variance: Any, *, alpha: float = 0.05) -> FailSafe:
    """Find the N with which the one-sided combined P value rises to alpha.

    This is `fsn(type="Rosenthal")` of metafor.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances. The side is that of the sum of z.
    alpha : float
        P value to be reached.

    Returns
    -------
    FailSafe

    Raises
    ------
    ParameterError
        For an alpha that is not between 0 and 0.5, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Rosenthal (1979), Psychol Bull 86:638, by Stouffer's sum of z over the root of k.

    Examples
    --------
    >>> found = rosenthal([0.3, 0.4, 0.6], [0.04, 0.05, 0.06])
    >>> found.n, round(found.p_value, 4)
    (10, 0.0005)
    """
    _check_alpha(alpha, 0.5)
    k = int(arrange_one(effect, variance).count[0])
    z = numbers("effect", effect) / np.sqrt(numbers("variance", variance))
    total = abs(float(z.sum()))
    n = _whole((total / float(special.ndtri(1 - alpha))) ** 2 - k)
    return FailSafe(
        n=n,
        effect=None,
        p_value=float(special.ndtr(-total / math.sqrt(k))),
        tau2=None,
        effect_with=None,
        p_value_with=None if n is None else float(special.ndtr(-total / math.sqrt(k + n))),
        alpha=float(alpha),
        target=None,
        method="rosenthal",
        k=k,
        warnings=_warnings(k, n),
    )


def orwin(effect: Any, variance: Any = None, *, target: float | None = None) -> FailSafe:
    """Find the N with which the average effect falls to a target.

    This is `fsn(type="Orwin")` of metafor.

    Parameters
    ----------
    effect : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale).
    variance : array_like of shape (k,), optional
        Their sampling variances: then the average is weighted by their inverse, and the added
        trials have the average weight.
    target : float, optional
        Average that would no longer matter; only its size counts, its side is that of the
        average. Without one it is half the average, which always gives N = k.

    Returns
    -------
    FailSafe

    Raises
    ------
    ParameterError
        For a target that is 0 or not finite, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Orwin (1983), J Educ Stat 8:157: N = k (mean - target) / target.

    Examples
    --------
    >>> orwin([0.3, 0.4, 0.6], [0.04, 0.05, 0.06], target=0.1).n
    10
    """
    effects = numbers("effect", effect)
    sets = arrange_one(effects, np.ones(effects.shape) if variance is None else variance)
    mean = float((moments(sets.effect, sets.variance, 0.0).mean + sets.shift)[0])
    k = int(sets.count[0])
    goal = _goal(target, mean)
    n = _whole(k * (abs(mean) - abs(goal)) / abs(goal)) if mean else 0
    return FailSafe(
        n=n,
        effect=mean,
        p_value=None,
        tau2=None,
        effect_with=None if n is None else mean * k / (k + n),
        p_value_with=None,
        alpha=None,
        target=goal,
        method="orwin",
        k=k,
        warnings=_warnings(k, n),
    )


def rosenberg(effect: Any, variance: Any, *, alpha: float = 0.05) -> FailSafe:
    """Find the N with which the P value of the common effect rises to alpha.

    This is `fsn(type="Rosenberg")` of metafor.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        As in `rosenthal`.
    alpha : float
        Two-sided P value to be reached.

    Returns
    -------
    FailSafe

    Raises
    ------
    ParameterError
        For an alpha that is not between 0 and 1, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Rosenberg (2005), Evolution 59:464, with the normal distribution; the added trials have the
    average weight, so that sum(w y)^2 / (sum(w) + N mean(w)) = z^2.

    Examples
    --------
    >>> rosenberg([0.3, 0.4, 0.6], [0.04, 0.05, 0.06]).n
    6
    """
    _check_alpha(alpha, 1.0)
    pooled = pool(effect, variance, tau2="common", interval="wald")
    z = abs(pooled.effect) / pooled.se
    n = _whole(pooled.k * ((z / float(special.ndtri(1 - alpha / 2))) ** 2 - 1))
    share = None if n is None else pooled.k / (pooled.k + n)
    return FailSafe(
        n=n,
        effect=pooled.effect,
        p_value=pooled.p_value,
        tau2=None,
        effect_with=None if share is None else pooled.effect * share,
        p_value_with=None if share is None else _two_sided(z * math.sqrt(share)),
        alpha=float(alpha),
        target=None,
        method="rosenberg",
        k=pooled.k,
        warnings=_warnings(pooled.k, n),
    )


def general(
    effect: Any,
    variance: Any,
    *,
    alpha: float = 0.05,
    target: float | None = None,
    tau2: Tau2 = "REML",
) -> FailSafe:
    """Find the N that undoes a random-effects result.

    This is `fsn(type="General")` of metafor with its approximate calculation, save that N is
    always the smallest whole number; metafor's can be one above it.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        As in `rosenthal`.
    alpha : float
        Two-sided P value to be reached, where there is no target.
    target : float, optional
        Average to be reached instead; only its size counts.
    tau2 : str
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    FailSafe

    Raises
    ------
    ParameterError
        For an alpha that is not between 0 and 1, a target that is 0 or not finite, and as
        `evidence.meta.pooling.pool`.

    Notes
    -----
    See `add_null_trials` for what is added. With tau2 "common" this is `rosenberg`, and with a
    target `orwin`.

    Examples
    --------
    >>> found = general([0.3, 0.4, 0.6], [0.04, 0.05, 0.06])
    >>> found.n, round(found.p_value, 4), round(found.p_value_with, 3)
    (2, 0.0012, 0.074)
    """
    _check_alpha(alpha, 1.0)
    pooled = pool(effect, variance, tau2=tau2, interval="wald")
    variances = numbers("variance", variance)
    goal = None if target is None else _goal(target, pooled.effect)

    def with_added(n: int) -> tuple[float, float]:
        mean, se, _ = add_null_trials(pooled, effect, variances, n)
        return mean, _two_sided(mean / se)

    def undone(n: int) -> bool:
        mean, p_value = with_added(n)
        return p_value >= alpha if goal is None else abs(mean) <= abs(goal) * (1 + LAST_DIGITS)

    n = _first(undone)
    mean, p_value = (None, None) if n is None else with_added(n)
    return FailSafe(
        n=n,
        effect=pooled.effect,
        p_value=pooled.p_value,
        tau2=pooled.tau2,
        effect_with=mean,
        p_value_with=p_value,
        alpha=float(alpha) if goal is None else None,
        target=goal,
        method="general",
        k=pooled.k,
        warnings=_warnings(pooled.k, n),
    )


def add_null_trials(
    pooled: Pooled, effect: Any, variance: Any, n: int
) -> tuple[float, float, float]:
    """Pool trials together with n others whose effects average 0.

    The added trials have the harmonic mean of the variances, and effects that vary around 0 as
    much as the observed ones around their mean m. The variance between all k + n is then that of
    two samples put together, ((k - 1) tau2 + (n - 1) tau2 + m^2 k n / (k + n)) / (k + n - 1); 0
    in a common-effect model.

    Parameters
    ----------
    pooled : Pooled
        Estimate of the observed trials.
    effect, variance : array_like of shape (k,)
        The observed trials.
    n : int
        Number of added trials.

    Returns
    -------
    effect, se, tau2 : float

    Examples
    --------
    >>> effect, variance = [0.3, 0.4, 0.6], [0.04, 0.05, 0.06]
    >>> mean, se, tau2 = add_null_trials(pool(effect, variance), effect, variance, 3)
    >>> round(mean, 3), round(se, 3), round(tau2, 3)
    (0.211, 0.129, 0.051)
    """
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    k = pooled.k
    between = pooled.tau2 or 0.0
    if n and pooled.tau2_method != "common":
        apart = pooled.effect**2 * k * n / (k + n)
        between = ((k + n - 2) * between + apart) / (k + n - 1)
    weight = 1 / (variances + between)
    added = n / (1 / float(np.mean(1 / variances)) + between)
    total = float(weight.sum()) + added
    return float(weight @ effects) / total, 1 / math.sqrt(total), between


def _first(undone: Callable[[int], bool]) -> int | None:
    """Find the smallest number with which the result is undone, by doubling and halving."""
    if undone(0):
        return 0
    high = 1
    while not undone(high):
        high *= 2
        if high > LARGEST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if undone(middle) else (middle, high)
    return high


def _whole(needed: float) -> int | None:
    if needed > LARGEST:
        return None
    return max(0, math.ceil(needed - LAST_DIGITS * (1 + abs(needed))))


def _goal(target: float | None, mean: float) -> float:
    if target is None:
        return mean / 2
    goal = float(numbers("target", target))
    if not math.isfinite(goal) or goal == 0:
        raise ParameterError("target", target, "a finite number other than 0")
    return math.copysign(goal, mean)


def _check_alpha(alpha: object, below: float) -> None:
    is_number = isinstance(alpha, int | float | np.floating) and not isinstance(alpha, bool)
    if not is_number or not 0 < alpha < below:  # type: ignore[operator]
        raise ParameterError("alpha", alpha, f"a number between 0 and {below:g}, such as 0.05")


def _two_sided(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))


def _warnings(k: int, n: int | None) -> tuple[str, ...]:
    sentences = [
        *chance_warning(k),
        "A fail-safe N assumes that the trials in the file drawer average no effect at all, and "
        "does not say how many there are.",
    ]
    if n == 0:
        sentences.append("There is nothing to undo: no trial needs to be added.")
    if n is None:
        sentences.append(f"More than {LARGEST:,} trials would have to be added.")
    return tuple(sentences)
