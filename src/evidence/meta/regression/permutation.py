"""Tests of a pooled effect and of moderators that rest on rearranging the trials."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats, generator, in_parts
from evidence.meta.pooling import batch
from evidence.meta.pooling.batch import INTERVAL_METHODS
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.meta.pooling.weights import TIED, arrange_one, magnitude, numbers
from evidence.meta.regression.linear import (
    INTERCEPT,
    LinearModel,
    between_trial_variance,
    read_design,
    weighted_fit,
)
from evidence.terms import Interval, Tau2

MOST_FLIPS = 2**16
MOST_PERMUTATIONS = 5040
"""Every rearrangement is fitted up to these numbers: 16 trials without moderators, 7 with."""

PART = 250
"""Regressions in one part of the loop."""

TIE = 1e-8
"""Statistics that differ by less than this, relative to their size, are the same statistic."""


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """P values from rearranged data.

    Attributes
    ----------
    names : tuple of str
        Coefficients, "intercept" first.
    statistics : tuple of float
        Coefficient over its standard error in the data as given.
    p_values : tuple of float
        Share of rearrangements with a statistic at least as far from 0.
    qm, qm_p : float or None
        Test statistic of all coefficients but the intercept, and the share of rearrangements in
        which it is at least as large; None without moderators.
    rearrangements : int
        How many were made, the data as given included; no p value can be smaller than one over
        it.
    exact : bool
        True where these are all there are.
    """

    names: tuple[str, ...]
    statistics: tuple[float, ...]
    p_values: tuple[float, ...]
    qm: float | None
    qm_p: float | None
    rearrangements: int
    exact: bool


def permutation_test(
    effect: Any,
    variance: Any,
    moderators: Mapping[str, Sequence[Any]] | None = None,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    sample: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
) -> PermutationTest:
    """Test without a distribution: flip signs of effects, or deal moderators out anew.

    Without moderators every pattern of signs of the effects is as likely as any other if the true
    effects are symmetric about 0. With moderators every assignment of them to trials is, if they
    have no bearing on the effects.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances.
    moderators : mapping of str to sequence of length k, optional
        As in `evidence.meta.regression.meta_regression`.
    tau2, interval
        As in `evidence.meta.pooling.pool`; tau2 is estimated anew each time.
    sample : int, optional
        Number of random rearrangements, the data as given being the first. Without it all are
        made, for at most 16 trials, or 7 with moderators.
    seed : int, optional
        Required with a sample, so that the result can be had again.
    jobs : int, optional
        As in `evidence.meta.numerics.in_parts`; the result is the same for any number.

    Returns
    -------
    PermutationTest

    Raises
    ------
    ParameterError
        For too many trials without a sample, a sample without a seed, fewer than two trials, and
        as `evidence.meta.pooling.pool` and `meta_regression`.

    Notes
    -----
    Follmann and Proschan (1999), Biometrics 55:732, for the pooled effect; Higgins and Thompson
    (2004), Stat Med 23:1663, for moderators. That the data as given count among a random sample:
    Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9:39.

    Examples
    --------
    >>> found = permutation_test([0.2, 0.4, 0.6, 0.5], [0.04, 0.05, 0.06, 0.05], tau2="DL")
    >>> found.p_values, found.rearrangements
    ((0.125,), 16)
    """
    check_choice("tau2", tau2, TAU2_METHODS)
    check_choice("interval", interval, INTERVAL_METHODS)
    k = int(arrange_one(effect, variance).count[0])
    if k < 2:
        raise ParameterError("effect", k, "two or more trials")
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    # One direction for both, so that no rounding tells an effect from its mirror image.
    turn = next((float(np.sign(one)) for one in effects if one), 1.0)
    effects = turn * effects
    names: tuple[str, ...] = (INTERCEPT,)
    qm, qm_p = None, None
    if moderators is None:
        signs = _signs(k, sample, seed)
        statistics, terms = _pooled_statistics(signs * effects, variances, tau2, interval, jobs)
    else:
        design = read_design(moderators, k)
        orders = _orders(k, sample, seed)
        names = design.names
        parts = [
            (effects, variances, design.matrix, orders[at : at + PART], tau2, interval)
            for at in range(0, len(orders), PART)
        ]
        statistics, terms = map(
            np.concatenate, zip(*in_parts(_regressions, parts, jobs), strict=True)
        )
        roots, statistics = statistics[:, -1], statistics[:, :-1]
        qm, qm_p = float(roots[0] ** 2), _share(roots, terms[:, -1])
    return PermutationTest(
        names=names,
        statistics=tuple((turn * statistics[0]).tolist()),
        p_values=tuple(
            _share(np.abs(column), size)
            for column, size in zip(statistics.T, terms.T, strict=False)
        ),
        qm=qm,
        qm_p=qm_p,
        rearrangements=int(statistics.shape[0]),
        exact=sample is None,
    )


def _signs(k: int, sample: int | None, seed: int | None) -> Floats:
    """Patterns of signs of shape (n, k), the one as given first."""
    if sample is None:
        if 2**k > MOST_FLIPS:
            raise ParameterError("effect", k, "at most 16 trials, or a sample of rearrangements")
        flipped = (np.arange(2**k)[:, None] >> np.arange(k)) % 2
    else:
        flipped = generator(sample, seed, 2).integers(0, 2, (sample, k))
        flipped[0] = 0
    return np.where(flipped == 1, -1.0, 1.0)


def _orders(k: int, sample: int | None, seed: int | None) -> list[list[int]]:
    """Orders of the trials, the one as given first."""
    given = list(range(k))
    if sample is not None:
        random = generator(sample, seed, 2)
        return [given, *(random.permutation(k).tolist() for _ in range(sample - 1))]
    if math.factorial(k) > MOST_PERMUTATIONS:
        raise ParameterError(
            "effect", k, "at most 7 trials with moderators, or a sample of rearrangements"
        )
    return [list(order) for order in itertools.permutations(given)]


def _pooled_statistics(
    effects: Floats, variances: Floats, tau2: Tau2, interval: Interval, jobs: int | None
) -> tuple[Floats, Floats]:
    """Statistics, (n, 1), and the size of their terms."""
    pooled = batch.pool_in_parts(effects, variances, None, tau2=tau2, interval=interval, jobs=jobs)
    largest = np.full(pooled.se.shape, magnitude(effects))
    return _ratio(pooled.effect, pooled.se)[:, None], _ratio(largest, pooled.se)[:, None]


def _regressions(
    effects: Floats,
    variances: Floats,
    matrix: Floats,
    orders: list[list[int]],
    tau2: Tau2,
    interval: Interval,
) -> tuple[Floats, Floats]:
    """Statistics, (n, p + 1), and the size of their terms.

    They are those of the coefficients and the root of that of all but the intercept.
    """
    basis, triangle = np.linalg.qr(matrix)
    back = np.linalg.inv(triangle)
    sizes = np.maximum(np.abs(effects), np.finfo(np.float64).tiny)
    tested = 1.0 if interval == "wald" else float(np.sqrt(matrix.shape[1] - 1))
    rows, terms = [], []
    for order in orders:
        model = LinearModel(effects, variances, basis[order])
        between, _ = between_trial_variance(model, tau2)
        fit = weighted_fit(model, np.array([between]))
        factor = 1.0
        if interval != "wald":
            factor = float(fit.q[0]) / model.degrees
            factor = max(factor, 1.0) if interval == "hksj_adhoc" else factor
        covariance = factor * back @ fit.inverse[0] @ back.T
        # What each effect adds to each coefficient, and to those tested together once these are
        # turned so that each has a variance of 1 and none goes with another.
        shares = back @ fit.inverse[0] @ (fit.weight[0][:, None] * model.basis).T
        apart = np.linalg.solve(np.linalg.cholesky(covariance[1:, 1:]), shares[1:]) / tested
        se = np.sqrt(np.diagonal(covariance))
        joint, joint_size = (
            float(np.linalg.norm(part)) for part in (apart @ effects, np.abs(apart) @ sizes)
        )
        rows.append([*_ratio(back @ fit.coefficients[0], se), joint])
        terms.append([*_ratio(np.abs(shares) @ sizes, se), joint_size])
    return np.array(rows), np.array(terms)


def _ratio(estimate: Floats, se: Floats) -> Floats:
    """Estimate over standard error; 0 where the estimate is 0, whatever the standard error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = np.where(estimate == 0, 0.0, estimate / se)
    return ratio


def _share(statistic: Floats, terms: Floats) -> float:
    """Share of statistics at least as large as the first, or tied with it.

    Where terms cancel, a statistic has only the digits that its terms have.
    """
    # An infinite statistic, of effects that do not differ at all, ties with nothing below it.
    slack = TIED * np.where(np.isfinite(terms), terms, 0.0)
    return float(np.mean(statistic + slack >= statistic[0] * (1 - TIE) - slack[0]))
