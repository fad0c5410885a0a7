"""Several effects of one trial made into one, before anything is pooled."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.multilevel.covariance import arrange_groups, rows_by_trial
from evidence.meta.multilevel.random_effects import read_effects


@dataclass(frozen=True, slots=True)
class Aggregated:
    """One effect per trial, in order of the trials' first appearance.

    Attributes
    ----------
    cluster : tuple
        The trials.
    effect, variance : tuple of float
    k_estimates : tuple of int
        Effects that each was made of.
    """

    cluster: tuple[Hashable, ...]
    effect: tuple[float, ...]
    variance: tuple[float, ...]
    k_estimates: tuple[int, ...]


def aggregate(
    effect: Any, covariance: Any, cluster: Sequence[Hashable], *, weighted: bool = True
) -> Aggregated:
    """Average the effects of each trial, with the variance that their correlation leaves.

    Parameters
    ----------
    effect : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale).
    covariance : array_like of shape (k,) or (k, k), or BlockCovariance
        Sampling variances of effects with independent errors, or their covariance, such as
        `evidence.meta.multilevel.covariance.correlated_covariance` gives it for an assumed
        correlation.
    cluster : sequence of length k
        The trial of each effect.
    weighted : bool
        Whether effects are weighted by the inverse of their covariance, which gives the smallest
        variance, or all alike. With a high correlation and unequal variances some weights are
        negative, and the average can lie outside the effects.

    Returns
    -------
    Aggregated

    Raises
    ------
    ParameterError
        For numbers that are not finite, another number of trials than of effects, or a covariance
        that is not positive definite.

    Notes
    -----
    Borenstein et al. (2009), chapter 24, for the simple average; generalized least squares for
    the weighted one (Gleser and Olkin 2009, in Cooper, Hedges and Valentine, chapter 19).

    Examples
    --------
    >>> found = aggregate([0.25, 0.35, 0.7], [0.04, 0.04, 0.05], ["a", "a", "b"])
    >>> found.cluster, found.effect, found.variance
    (('a', 'b'), (0.3, 0.7), (0.02, 0.05))
    """
    effects = read_effects(effect)
    if not isinstance(weighted, bool):
        raise ParameterError("weighted", weighted, "true or false")
    trials, rows = rows_by_trial(cluster, effects.size)
    mean, variance = np.empty(len(trials)), np.empty(len(trials))
    size = np.empty(len(trials), dtype=np.intp)
    for group in arrange_groups(covariance, trials, rows):
        ones = np.ones(group.rows.shape)
        weight = np.linalg.solve(group.covariance, ones[:, :, None])[:, :, 0] if weighted else ones
        share = weight / weight.sum(axis=1, keepdims=True)
        mean[group.trials] = (share * effects[group.rows]).sum(axis=1)
        variance[group.trials] = np.einsum("bi,bij,bj->b", share, group.covariance, share)
        size[group.trials] = group.rows.shape[1]
    return Aggregated(
        cluster=trials,
        effect=tuple(mean.tolist()),
        variance=tuple(variance.tolist()),
        k_estimates=tuple(size.tolist()),
    )
