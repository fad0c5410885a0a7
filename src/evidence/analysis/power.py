"""How much the trials could have shown: power, optimal information size, one more trial."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize_scalar
from scipy.special import nctdtr, stdtrit
from statsmodels.stats.power import TTestIndPower

from evidence.analysis import Analysis
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.row import participants
from evidence.meta.effect_size import above, at_least, inside
from evidence.meta.pooling import batch, pool
from evidence.terms import Interval, Tau2

EFFECTS = (0.3, 0.5)
"""Standardized differences for which power is told: conventions for small to medium effects."""

POWER = 0.8
"""Power that an optimal information size is made for."""

REACH = 3.0
"""Largest standardized difference of one more trial that is looked at."""

_GRID = 601


def power_of_trial(effect: float, n_1: float, n_2: float, *, level: float = 0.95) -> float:
    """Power of the two-sided t test of two arms.

    Parameters
    ----------
    effect : float
        True standardized difference, in SDs; its sign does not matter.
    n_1, n_2 : float
        Participants of the arms, 2 or more.
    level : float
        1 minus the two-sided error of the first kind.

    Returns
    -------
    float
        Probability from 0 to 1 that the test rejects no difference, by the noncentral t
        distribution (Cohen 1988, chapter 2; statsmodels ``TTestIndPower``). It supposes normal
        outcomes with one SD, and nobody missing.

    Raises
    ------
    ParameterError
        For an arm below 2, a level outside 0 to 1, numbers that are not finite.

    Examples
    --------
    >>> round(power_of_trial(0.5, 64, 64), 3)
    0.801
    """
    n_1, n_2 = (float(at_least(name, n, 2)) for name, n in (("n_1", n_1), ("n_2", n_2)))
    alpha = 1 - float(inside("level", level, 0, 1))
    size = abs(float(at_least("abs(effect)", abs(effect), 0)))
    found = float(TTestIndPower().power(size, n_1, alpha, n_2 / n_1, alternative="two-sided"))
    if math.isnan(found):
        # Of the tail on the other side next to nothing is left before it is not computed any more.
        df = n_1 + n_2 - 2
        away = size / math.sqrt(1 / n_1 + 1 / n_2)
        found = 1 - float(nctdtr(df, away, stdtrit(df, 1 - alpha / 2)))
    # Farther out neither tail is computed: nothing is left that does not reject.
    return 1.0 if math.isnan(found) else found


def detectable_effect(
    n_1: float, n_2: float, *, power: float = POWER, level: float = 0.95
) -> float:
    """Smallest true standardized difference that a trial of given size has the power for.

    Parameters
    ----------
    n_1, n_2 : float
        Participants of the arms, 2 or more.
    power, level : float
        As in `information_size`.

    Returns
    -------
    float
        In SDs, above 0; assumptions as in `power_of_trial`.

    Raises
    ------
    ParameterError
        As `power_of_trial`, and for a power that is not above 1 - level and below 1.

    Examples
    --------
    >>> round(detectable_effect(64, 64), 3)
    0.499
    """
    n_1, n_2 = (float(at_least(name, n, 2)) for name, n in (("n_1", n_1), ("n_2", n_2)))
    alpha = 1 - float(inside("level", level, 0, 1))
    wanted = float(inside("power", power, alpha, 1))

    def lacking(effect: float) -> float:
        return power_of_trial(effect, n_1, n_2, level=level) - wanted

    # Four standard errors reject nearly always, which keeps large trials where t is computed.
    high = 4 * math.sqrt(1 / n_1 + 1 / n_2)
    while lacking(high) < 0:
        high *= 2
    return float(brentq(lacking, 0.0, high, xtol=1e-12))


def information_size(effect: float, *, power: float = POWER, level: float = 0.95) -> int:
    """Optimal information size: participants that one trial with the power would need.

    Parameters
    ----------
    effect : float
        True standardized difference, in SDs, not 0; its sign does not matter.
    power : float
        Wanted power, above 1 - level and below 1.
    level : float
        1 minus the two-sided error of the first kind.

    Returns
    -------
    int
        Participants of two equal arms together, each rounded up (Pogue and Yusuf 1997; Guyatt et
        al. 2011, J Clin Epidemiol 64:1283). Trials whose effects differ need more.

    Raises
    ------
    ParameterError
        For an effect of 0 and values out of range.

    Examples
    --------
    >>> information_size(0.5), information_size(0.3)
    (128, 352)
    """
    size = float(above("abs(effect)", abs(effect), 0))
    alpha = 1 - float(inside("level", level, 0, 1))
    wanted = float(inside("power", power, alpha, 1))
    # A t test takes two of each arm; power grows with the size.
    arms = range(2, 2**50)
    found = bisect_left(arms, wanted, key=lambda n: power_of_trial(size, n, n, level=level))
    return 2 * arms[found]


def trial_power(analysis: Analysis, effects: Sequence[float] = EFFECTS) -> pd.DataFrame:
    """Return the power of each trial that measured the outcome and whose size is known.

    Parameters
    ----------
    analysis : Analysis
        Its trials, and those that print no usable number.
    effects : sequence of float
        True standardized differences.

    Returns
    -------
    DataFrame
        One row per trial and effect: trial_id, label, comparator, comparator_class, n_intervention,
        n_comparator, entered (False without a usable number), effect, power, detectable (smallest
        effect with a power of `POWER`), result_ids, locator_ids, remarks.
    """
    selection = analysis.selection
    level = analysis.specification.level
    made = []
    for frame, entered in ((selection.estimates, True), (selection.without_number, False)):
        # A t test takes two of each arm.
        known = (frame[["n_intervention", "n_comparator"]].fillna(0) >= 2).all(axis=1)
        for row in records(frame[known]):
            n_1, n_2 = int(row.n_intervention), int(row.n_comparator)
            made += [
                {
                    **row._asdict(),
                    "n_intervention": n_1,
                    "n_comparator": n_2,
                    "entered": entered,
                    "effect": effect,
                    "power": power_of_trial(effect, n_1, n_2, level=level),
                    "detectable": detectable_effect(n_1, n_2, level=level),
                }
                for effect in effects
            ]
    return pd.DataFrame(made, columns=_POWER_COLUMNS)


_POWER_COLUMNS = [
    *("trial_id", "label", "comparator", "comparator_class", "n_intervention", "n_comparator"),
    *("entered", "effect", "power", "detectable", "result_ids", "locator_ids", "remarks"),
]


@dataclass(frozen=True, slots=True)
class OneMoreTrial:
    """What one more trial would have to show to move the lower limit over zero.

    Attributes
    ----------
    n_1, n_2 : int
        Participants of its arms.
    low : float or None
        Smallest effect that does; None where none up to `REACH` does.
    high : float or None
        Largest of the effects from `low` on that do: a still larger one makes the trials differ so
        much that the interval includes zero again. None where all up to `REACH` do, or none.
    best_effect, best_limit : float
        Effect with the highest lower limit, and that limit.
    """

    n_1: int
    n_2: int
    low: float | None
    high: float | None
    best_effect: float
    best_limit: float


def one_more_trial(
    effect: Any,
    variance: Any,
    n_1: int,
    n_2: int,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> OneMoreTrial:
    """Find the effects of one more trial that move the lower limit of a pooled result over zero.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Standardized differences (positive favors the intervention) and sampling variances of the
        trials that there are, with a lower limit of 0 or less.
    n_1, n_2 : int
        Participants of the arms of the further trial, 2 or more.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    OneMoreTrial
        By root finding over the effect x of the further trial, from minus `REACH` to `REACH`. Its
        variance is 1/n_1 + 1/n_2 + x²/(2(n_1 + n_2)) (Hedges and Olkin 1985, p. 86, eq. 14).

    Raises
    ------
    ParameterError
        If the lower limit is above 0 already, and as `evidence.meta.pooling.pool`.

    Examples
    --------
    >>> found = one_more_trial([0.4], [0.09], 50, 50, tau2="common", interval="wald")
    >>> round(found.low, 3), found.high
    (0.295, None)
    """
    size_1, size_2 = int(at_least("n_1", n_1, 2)), int(at_least("n_2", n_2, 2))
    known = np.atleast_1d(np.asarray(effect, dtype=float))
    known_variance = np.atleast_1d(np.asarray(variance, dtype=float))
    now = pool(known, known_variance, tau2=tau2, interval=interval, level=level)
    if now.ci_low > 0:
        raise ParameterError("effect", now.ci_low, "trials with a lower limit of 0 or less")

    def entered(x: Any) -> tuple[Any, Any]:
        # Hedges and Olkin 1985, p. 86, eq. 14
        v = 1 / size_1 + 1 / size_2 + np.square(x) / (2 * (size_1 + size_2))
        shape = (*np.shape(x), len(known))
        return (
            np.concatenate([np.broadcast_to(known, shape), np.expand_dims(x, -1)], axis=-1),
            np.concatenate(
                [np.broadcast_to(known_variance, shape), np.expand_dims(v, -1)], axis=-1
            ),
        )

    def limit(x: float) -> float:
        return pool(*entered(np.float64(x)), tau2=tau2, interval=interval, level=level).ci_low

    grid = np.linspace(-REACH, REACH, _GRID)
    limits = batch.pool(*entered(grid), tau2=tau2, interval=interval, level=level).ci_low
    top = int(np.argmax(limits))
    ends = grid[max(top - 1, 0)], grid[min(top + 1, _GRID - 1)]
    best = minimize_scalar(lambda x: -limit(x), bounds=ends, method="bounded")
    best_effect, best_limit = float(best.x), -float(best.fun)
    if limits[top] > best_limit:
        best_effect, best_limit = float(grid[top]), float(limits[top])
    if best_limit <= 0:
        return OneMoreTrial(size_1, size_2, None, None, best_effect, best_limit)
    # The peak joins the points, since it can stand above zero between two that do not.
    points = np.append(grid, best_effect)
    above_zero = np.append(limits, best_limit) > 0
    order = np.argsort(points, kind="stable")
    points, above_zero = points[order], above_zero[order]
    first = int(np.argmax(above_zero))
    low = float(points[0])
    if first:
        low = float(brentq(limit, points[first - 1], points[first], xtol=1e-12))
    after = np.flatnonzero(~above_zero[first:])
    high = None
    if len(after):
        end = first + int(after[0])
        high = float(brentq(limit, points[end - 1], points[end], xtol=1e-12))
    return OneMoreTrial(size_1, size_2, low, high, best_effect, best_limit)


def known_sizes(analysis: Analysis) -> list[int]:
    """Return the participants of each trial that entered and whose size is known."""
    rows = analysis.selection.estimates
    return [n for row in records(rows) if (n := participants(row)) is not None]
