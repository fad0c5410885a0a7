"""What trials without a number would have had to average for a pooled value to hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from evidence.analysis import Analysis
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.estimation.lookups import Context
from evidence.meta.effect_size import numbers
from evidence.meta.pooling import Pooled, pool
from evidence.terms import Interval, Tau2

_FAR = 3.0
"""Largest standardized difference that is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Needed:
    """What trials without a usable number would have had to average for a pooled value to hold.

    Attributes
    ----------
    estimate_id : str
        Id of the average.
    assumption : str
        ``presumed``: the trials that a synthesis presumably pooled; ``presumed_bounded``: the same
        with trials at zero whose effect a printed statistic bounds; ``all``: all trials here;
        ``own``: all trials here and the pooled value of this workbook.
    synthesis_id : str
        The published synthesis.
    target : float
        The pooled value.
    known, missing, held : tuple of str
        Trials with a number, without, and held at zero.
    average : float or None
        Their common effect; None where none within 3 SD does.
    pooled : Pooled or None
        The pooled result at that value.
    """

    estimate_id: str
    assumption: str
    synthesis_id: str
    target: float
    known: tuple[str, ...]
    missing: tuple[str, ...]
    held: tuple[str, ...]
    average: float | None
    pooled: Pooled | None


def presumed_trials(dataset: Dataset, synthesis: Any) -> tuple[str, ...]:
    """Return the trials whose sizes add up to those of a synthesis; empty if not just one set does.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    synthesis : namedtuple
        Row of ``syntheses`` whose topic is a therapy, with k and n.
    """
    if pd.isna(synthesis.k) or pd.isna(synthesis.n):
        return ()
    context = Context.of(dataset)
    sizes = {
        one.trial_id: context.total_randomized(one.trial_id)
        for one in context.trials.values()
        if one.therapy == synthesis.topic and context.randomized(one.trial_id)
    }
    known = [one for one, size in sizes.items() if size is not None]
    found = [
        chosen
        for chosen in combinations(known, int(synthesis.k))
        if sum(sizes[one] or 0 for one in chosen) == synthesis.n
    ]
    return found[0] if len(found) == 1 else ()


def common_effect_needed(
    effect: Any,
    variance: Any,
    sizes: Sequence[tuple[int, int]],
    target: float,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
) -> tuple[float, Pooled] | None:
    """Find the effect that further trials would all have to have for a pooled value to result.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Standardized differences and sampling variances that are known.
    sizes : sequence of (int, int)
        Participants of both arms of each further trial, of which there is one or more.
    target : float
        Pooled value that is to result.
    tau2, interval
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    tuple or None
        The effect, by root finding between -3 and 3 with the variance
        1/n_1 + 1/n_2 + x²/(2(n_1 + n_2)), and the pooled result; None where no such effect does.

    Raises
    ------
    ParameterError
        As `evidence.meta.pooling.pool`.

    Examples
    --------
    >>> found = common_effect_needed([0.5], [0.04], [(50, 50)], 0.25, tau2="common")
    >>> round(found[0], 3)
    -0.0
    """
    known = np.atleast_1d(numbers("effect", effect))
    of_known = np.atleast_1d(numbers("variance", variance))
    n = np.asarray(sizes, dtype=float).reshape(-1, 2)

    def pooled(x: float) -> Pooled:
        # Hedges and Olkin 1985, p. 86, eq. 14
        v = 1 / n[:, 0] + 1 / n[:, 1] + x**2 / (2 * n.sum(axis=1))
        return pool(
            np.concatenate([known, np.full(len(n), x)]),
            np.concatenate([of_known, v]),
            tau2=tau2,
            interval=interval,
        )

    def away(x: float) -> float:
        return pooled(x).effect - target

    if away(-_FAR) * away(_FAR) > 0:
        return None
    found = float(brentq(away, -_FAR, _FAR, xtol=1e-12))
    return found, pooled(found)


def needed_averages(dataset: Dataset, analysis: Analysis, synthesis: Any) -> list[Needed]:
    """Return what the trials without a usable number would have had to average.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Trials with a number on the outcome of the synthesis.
    synthesis : namedtuple
        Row of ``syntheses`` whose topic is the therapy of the analysis.

    Returns
    -------
    list of Needed
        One per assumption that applies, see `Needed`.
    """
    stress = stress_test(analysis)
    entered = () if stress is None else tuple(stress.entered.trial_id)
    bounded = () if stress is None else tuple(stress.entered.trial_id[stress.entered.bound == 0])
    everyone = (*analysis.selection.estimates.trial_id, *entered)
    presumed = presumed_trials(dataset, synthesis)
    wanted = [
        ("presumed", presumed, (), float(synthesis.estimate)),
        (
            "presumed_bounded",
            presumed if set(bounded) & set(presumed) else (),
            bounded,
            float(synthesis.estimate),
        ),
        ("all", everyone, (), float(synthesis.estimate)),
        ("own", everyone, (), analysis.pooled.effect),
    ]
    made = [_needed(dataset, analysis, synthesis.synthesis_id, *one) for one in wanted if one[1]]
    return [one for one in made if one is not None]


def _needed(
    dataset: Dataset,
    analysis: Analysis,
    synthesis_id: str,
    assumption: str,
    trials: Sequence[str],
    bounded: Sequence[str],
    target: float,
) -> Needed | None:
    context = Context.of(dataset)
    rows = analysis.selection.estimates
    chosen = rows.trial_id.isin(trials).to_numpy()
    held = tuple(one for one in trials if one in bounded)
    known = tuple(rows.trial_id[chosen])
    missing = tuple(one for one in trials if one not in known and one not in held)
    sizes = {one: _sizes(context, one) for one in (*missing, *held)}
    if not known or not missing or None in sizes.values():
        return None
    effect, variance = (values[chosen] for values in analysis.selection.effects())
    at_zero = [1 / n_1 + 1 / n_2 for n_1, n_2 in (sizes[one] or (1, 1) for one in held)]
    specification = analysis.specification
    found = common_effect_needed(
        np.concatenate([effect, np.zeros(len(held))]),
        np.concatenate([variance, at_zero]),
        [sizes[one] or (1, 1) for one in missing],
        target,
        tau2=specification.tau2,
        interval=specification.interval,
    )
    return Needed(
        estimate_id=f"{analysis.estimate_id}.needed_for_{synthesis_id}.{assumption}",
        assumption=assumption,
        synthesis_id=synthesis_id,
        target=target,
        known=known,
        missing=missing,
        held=held,
        average=None if found is None else found[0],
        pooled=None if found is None else found[1],
    )


def _sizes(context: Context, trial_id: str) -> tuple[int, int] | None:
    """Return the arms of a trial with two of known size, None for any other."""
    ones, twos = (context.arms_of(trial_id, role) for role in ("intervention", "comparator"))
    if len(ones) != 1 or len(twos) != 1:
        return None
    one, two = context.size(ones[0].arm_id).n, context.size(twos[0].arm_id).n
    return None if one is None or two is None else (one, two)
