"""The estimate of every subset of trials: graphical display of study heterogeneity (GOSH)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.numerics import Flags, generator
from evidence.meta.pooling import batch, pool
from evidence.meta.pooling.batch import PooledBatch
from evidence.meta.pooling.weights import numbers

MOST_TRIALS = 16
"""2^16 - 1 subsets are pooled in seconds; beyond that a sample is drawn."""


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
    tau2: str = "REML",
    interval: str = "wald",
    sample: int | None = None,
    seed: int | None = None,
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
    pooled = batch.pool(
        np.broadcast_to(numbers("effect", effect), members.shape),
        numbers("variance", variance),
        members,
        tau2=tau2,
        interval=interval,
    )
    return Subsets(members, pooled, sample is None)


def _drawn(k: int, sample: int, seed: int | None) -> Flags:
    random = generator(sample, seed, 1)
    members: Flags = random.integers(0, 2, (sample, k)) == 1
    while not (filled := members.any(axis=1)).all():
        empty = np.flatnonzero(~filled)
        members[empty] = random.integers(0, 2, (empty.size, k)) == 1
    return members
