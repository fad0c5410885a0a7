"""How a pooled estimate came about as trials were added one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.pooling import batch, pool
from evidence.meta.pooling.batch import PooledBatch
from evidence.meta.pooling.weights import numbers, refuse_first


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
    tau2: str = "REML",
    interval: str = "hksj_adhoc",
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
