"""Pooled estimates of sets of trials: as they were added one by one, and of every subset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.numerics import Flags, generator
from evidence.meta.pooling import batch, pool
from evidence.meta.pooling.batch import PooledBatch
from evidence.meta.pooling.weights import numbers, refuse_first
from evidence.terms import Interval, Tau2

MOST_TRIALS = 16
"""2^16 - 1 subsets are pooled in seconds; beyond that a sample is drawn."""


@dataclass(frozen=True, slots=True)
class Cumulative:
    """A cumulative meta-analysis.

    Attributes
    ----------
    order : tuple of int
        Positions of the trials in the order in which they were added, from 0.
    pooled : PooledBatch
        Entry i is the analysis of the first i + 1 trials in that order. Its `weights` are by
        position in the input; a trial not yet added has 0.
    """

    order: tuple[int, ...]
    pooled: PooledBatch


def cumulative(
    effect: Any,
    variance: Any,
    order: Sequence[float] | None = None,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
    tau2_interval: bool = False,
) -> Cumulative:
    """Pool the first trial, the first two, and so on to all.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    order : sequence of k numbers, optional
        What trials are sorted by, such as the year; ties keep the order of the input, which is
        taken where nothing is given.
    tau2, interval, level, tau2_interval
        As in `evidence.meta.pooling.batch.pool`.

    Returns
    -------
    Cumulative

    Raises
    ------
    ParameterError
        For an order that is not one finite number per trial, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Lau et al. (1992), N Engl J Med 327:248. The intervals are those of single analyses: they do
    not allow for looking at the estimate after each trial.

    Examples
    --------
    >>> found = cumulative([0.2, 0.4, 0.6], [0.04, 0.05, 0.06], [2015, 2010, 2019])
    >>> found.order, found.pooled.effect.round(3).tolist()
    ((1, 0, 2), [0.4, 0.289, 0.373])
    """
    k = pool(effect, variance, tau2=tau2, interval=interval, level=level).k
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    places = np.arange(k)
    if order is not None:
        keys = numbers("order", order)
        if keys.shape != (k,):
            raise ParameterError("order", keys.shape, f"one number for each of {k} trials")
        refuse_first("order", keys, ~np.isfinite(keys), "a finite number")
        places = np.argsort(keys, kind="stable")
    rank = np.empty(k, dtype=np.intp)
    rank[places] = np.arange(k)
    pooled = batch.pool(
        np.broadcast_to(effects, (k, k)),
        variances,
        rank[None, :] <= np.arange(k)[:, None],
        tau2=tau2,
        interval=interval,
        level=level,
        tau2_interval=tau2_interval,
    )
    return Cumulative(tuple(places.tolist()), pooled)


@dataclass(frozen=True, slots=True)
class Subsets:
    """Estimates of subsets of trials.

    Attributes
    ----------
    members : ndarray of bool, shape (B, k)
        The trials of each subset, in the order of the input.
    pooled : PooledBatch
        One entry per subset.
    complete : bool
        True where every subset with at least one trial is there once.
    """

    members: Flags
    pooled: PooledBatch
    complete: bool


def all_subsets(
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "wald",
    sample: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
) -> Subsets:
    """Pool every subset of trials, or a random sample of subsets.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances. Without a sample at most 16 trials.
    tau2, interval
        As in `evidence.meta.pooling.pool`.
    sample : int, optional
        Number of subsets to draw: each trial is in with probability one half, subsets without a
        trial are drawn again, and a subset can come more than once.
    seed : int, optional
        Required with a sample, so that the result can be had again.
    jobs : int, optional
        As in `evidence.meta.numerics.in_parts`; the result is the same for any number.

    Returns
    -------
    Subsets
        All subsets are ordered as binary numbers whose lowest digit is the first trial.

    Raises
    ------
    ParameterError
        For more than 16 trials without a sample, a sample without a seed, and as
        `evidence.meta.pooling.pool`.

    Notes
    -----
    Olkin, Dahabreh and Trikalinos (2012), Res Synth Methods 3:214.

    Examples
    --------
    >>> found = all_subsets([0.2, 0.4, 1.5], [0.04, 0.05, 0.06], tau2="common")
    >>> found.members[4].tolist(), found.pooled.effect.round(2).tolist()
    ([True, False, True], [0.2, 0.4, 0.29, 1.5, 0.72, 0.9, 0.62])
    """
    k = pool(effect, variance, tau2=tau2, interval=interval).k
    if sample is None:
        if k > MOST_TRIALS:
            raise ParameterError(
                "effect", k, f"at most {MOST_TRIALS} trials, or a sample of subsets"
            )
        bits = np.arange(1, 2**k)
        members: Flags = (bits[:, None] >> np.arange(k)) % 2 == 1
    else:
        members = _drawn(k, sample, seed)
    pooled = batch.pool_in_parts(
        np.broadcast_to(numbers("effect", effect), members.shape),
        numbers("variance", variance),
        members,
        tau2=tau2,
        interval=interval,
        jobs=jobs,
    )
    return Subsets(members, pooled, sample is None)


def _drawn(k: int, sample: int, seed: int | None) -> Flags:
    random = generator(sample, seed, 1)
    members: Flags = random.integers(0, 2, (sample, k)) == 1
    while not (filled := members.any(axis=1)).all():
        empty = np.flatnonzero(~filled)
        members[empty] = random.integers(0, 2, (empty.size, k)) == 1
    return members
