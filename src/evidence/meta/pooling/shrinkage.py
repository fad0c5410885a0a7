"""Effects of single trials in the light of all others: empirical Bayes, or BLUP."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.meta.numerics import Floats
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import quantile
from evidence.meta.pooling.weights import numbers
from evidence.terms import Interval, Tau2


@dataclass(frozen=True, slots=True)
class ShrunkenEffects:
    """True effects of trials as predicted from all; one entry per trial in the order of the input.

    Attributes
    ----------
    effect, se, low, high : tuple of float
        Best linear unbiased prediction (BLUP) of the trial's true effect with its interval.
    deviation, deviation_se, deviation_low, deviation_high : tuple of float
        The same of its random effect, which is its distance from the pooled effect.
    shrinkage : tuple of float
        Share of the way from the trial's own effect to the pooled one, v / (v + tau2); 1 where
        tau2 is 0.
    pooled : float
        Pooled effect.
    tau2 : float
    level : float
        Coverage of the intervals.
    df : int or None
        Degrees of freedom of t; None where the normal distribution is used.
    k : int
        Number of trials.
    """

    effect: tuple[float, ...]
    se: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    deviation: tuple[float, ...]
    deviation_se: tuple[float, ...]
    deviation_low: tuple[float, ...]
    deviation_high: tuple[float, ...]
    shrinkage: tuple[float, ...]
    pooled: float
    tau2: float
    level: float
    df: int | None
    k: int


def shrunken_effects(
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> ShrunkenEffects:
    """Predict the true effect of each trial by drawing it toward the pooled effect.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances. A single trial is its own prediction.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`; the interval decides on the standard error of the pooled
        effect and on t or the normal distribution.

    Returns
    -------
    ShrunkenEffects

    Raises
    ------
    ParameterError
        As `evidence.meta.pooling.pool`.

    Notes
    -----
    Raudenbush and Bryk (1985), J Educ Stat 10:75; Morris (1983), J Am Stat Assoc 78:47. With
    L = tau2 / (tau2 + v): prediction L y + (1 - L) mu with variance L v + (1 - L)^2 Var(mu),
    random effect L (y - mu) with variance L v + L^2 Var(mu). tau2 is taken as known, so that with
    few trials the intervals are too narrow.

    Examples
    --------
    >>> found = shrunken_effects([0.2, 0.4, 0.9, 1.5], [0.04, 0.05, 0.06, 0.05], tau2="DL")
    >>> [round(value, 2) for value in found.effect]
    [0.26, 0.45, 0.87, 1.39]
    """
    whole = pool(effect, variance, tau2=tau2, interval=interval, level=level)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    between = whole.tau2 or 0.0
    kept = between / (between + variances)
    given = variances / (between + variances)
    deviation = kept * (effects - whole.effect)
    mean_variance = whole.se**2
    se = np.sqrt(kept * variances + given**2 * mean_variance)
    deviation_se = np.sqrt(kept * variances + kept**2 * mean_variance)
    df = np.array([np.nan if whole.df is None else float(whole.df)])
    reach = quantile(df, level)[0]
    predicted = whole.effect + deviation
    return ShrunkenEffects(
        effect=_plain(predicted),
        se=_plain(se),
        low=_plain(predicted - reach * se),
        high=_plain(predicted + reach * se),
        deviation=_plain(deviation),
        deviation_se=_plain(deviation_se),
        deviation_low=_plain(deviation - reach * deviation_se),
        deviation_high=_plain(deviation + reach * deviation_se),
        shrinkage=_plain(given),
        pooled=whole.effect,
        tau2=between,
        level=whole.level,
        df=whole.df,
        k=whole.k,
    )


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())
