"""The log-likelihoods of logistic mixed models, with what a search for their maximum needs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evidence.synthesis.count_likelihoods import (
    at_own_odds_ratio,
    at_own_risk,
    binomial,
    both_arms_at_own_risk,
    hypergeometric,
)
from evidence.synthesis.counts import Tables
from evidence.synthesis.normal_mixture import (
    Derivatives,
    Kernel,
    line_points,
    log_sum,
    plane_points,
    plane_predictors,
)
from evidence.synthesis.roots import Floats

INTERCEPT_STEPS, INTERCEPT_ENOUGH = 50, 1e-10


@dataclass(frozen=True, slots=True)
class Problem:
    """A log-likelihood of the effect, of what else is estimated, and of tau last.

    Attributes
    ----------
    at : callable
        Gives height and slope at parameters, of which those in `deviations` are SDs of at least 0.
        The slope is that of the integral, exact up to what the quadrature leaves out.
    start, unit : ndarray of shape (p,)
        A point to start from, and about the standard error of each parameter.
    deviations : tuple of int
    saturated : float or None
        Height with one effect for each study.
    """

    at: Callable[[Floats], tuple[float, Floats]]
    start: Floats
    unit: Floats
    deviations: tuple[int, ...]
    saturated: float | None


def conditional_exact(tables: Tables, nodes: int) -> Problem:
    """Events of arm 1 given the margins: noncentral hypergeometric."""
    kernel = hypergeometric(tables)
    saturated = float(at_own_odds_ratio(kernel, tables).sum())
    return _line(kernel, tables.n_1.size, *_guess(tables), nodes, saturated)


def conditional_approximate(tables: Tables, nodes: int) -> Problem:
    """Events of arm 1 given those of both arms: binomial, as if events were rare."""
    offset = np.log(tables.n_1) - np.log(tables.n_2)
    kernel = binomial(tables.events_1, tables.events, offset)
    saturated = float(at_own_risk(tables.events_1, tables.events).sum())
    return _line(kernel, tables.n_1.size, *_guess(tables), nodes, saturated)


def one_group(events: Floats, n: Floats, nodes: int) -> Problem:
    """Events of single groups: binomial, with the logit as effect."""
    pooled = float(events.sum() / n.sum())
    unit = 1 / np.sqrt(n.sum() * pooled * (1 - pooled))
    start = np.array([np.log(pooled) - np.log1p(-pooled), 0.5])
    saturated = float(at_own_risk(events, n).sum())
    return _line(
        binomial(events, n), n.size, start, np.array([unit, max(unit, 0.1)]), nodes, saturated
    )


def fixed_intercepts(tables: Tables, nodes: int) -> Problem:
    """Events of both arms: binomial, with an intercept for each study.

    The intercepts are profiled out, so that the height is that of the best ones.
    """
    first = binomial(tables.events_1, tables.n_1)
    second = binomial(tables.events_2, tables.n_2)
    # the intercepts found last, close to those of parameters nearby
    found = [_logit(tables.events / tables.total)]

    def at(theta: Floats) -> tuple[float, Floats]:
        center, spread = np.full(tables.n_1.shape, theta[0]), float(theta[1])
        for _ in range(INTERCEPT_STEPS):
            intercept = found[0]

            def kernel(x: Floats, intercept: Floats = intercept) -> Derivatives:
                at_1, at_2 = first(intercept[:, None] + x / 2), second(intercept[:, None] - x / 2)
                return at_1[0] + at_2[0], (at_1[1] - at_2[1]) / 2, (at_1[2] + at_2[2]) / 4

            z, mass = line_points(kernel, center, spread, nodes)
            total = log_sum(mass)
            share = np.exp(mass - total[:, None])
            x = center[:, None] + spread * z
            at_1, at_2 = first(intercept[:, None] + x / 2), second(intercept[:, None] - x / 2)
            # slope and curvature of the log of an integral: Louis (1982), J R Stat Soc B 44:226
            slopes = at_1[1] + at_2[1]
            slope = (share * slopes).sum(axis=1)
            bend = (share * (at_1[2] + at_2[2] + slopes**2)).sum(axis=1) - slope**2
            step = np.clip(slope / np.maximum(-bend, 1e-12), -2.0, 2.0)
            if float(np.abs(step).max()) <= INTERCEPT_ENOUGH:
                break
            found[0] = intercept + step
        contrast = share * (at_1[1] - at_2[1]) / 2
        return float(total.sum()), np.array([contrast.sum(), (contrast * z).sum()])

    return Problem(at, *_guess(tables), (1,), both_arms_at_own_risk(tables))


def random_intercepts(tables: Tables, nodes: int) -> Problem:
    """Events of both arms: binomial, with normal intercepts; effect, their mean and SD, and tau."""
    first = binomial(tables.events_1, tables.n_1)
    second = binomial(tables.events_2, tables.n_2)

    def pair(
        x_1: Floats, x_2: Floats
    ) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats]]:
        at_1, at_2 = first(x_1), second(x_2)
        return at_1[0] + at_2[0], (at_1[1], at_2[1]), (at_1[2], at_2[2])

    def at(theta: Floats) -> tuple[float, Floats]:
        centers, spreads = (float(theta[1]), float(theta[0])), (float(theta[2]), float(theta[3]))
        u, v, mass = plane_points(pair, centers, spreads, tables.n_1.size, nodes)
        total = log_sum(mass)
        share = np.exp(mass - total[:, None])
        slopes = pair(*plane_predictors(u, v, centers, spreads))[1]
        middle = share * (slopes[0] + slopes[1])
        contrast = share * (slopes[0] - slopes[1]) / 2
        slope = [contrast.sum(), middle.sum(), (middle * u).sum(), (contrast * v).sum()]
        return float(total.sum()), np.array(slope)

    start, unit = _guess(tables)
    wide = max(float(unit[0]), 0.3 / np.sqrt(tables.n_1.size))
    middle = float(_logit(tables.events.sum() / tables.total.sum()))
    return Problem(
        at,
        np.array([start[0], middle, 0.7, start[1]]),
        np.array([unit[0], wide, wide, unit[1]]),
        (2, 3),
        None,
    )


def _line(
    kernel: Kernel, k: int, start: Floats, unit: Floats, nodes: int, saturated: float
) -> Problem:
    """Give the problem of one normal effect for each of k studies."""

    def at(theta: Floats) -> tuple[float, Floats]:
        center, spread = np.full(k, theta[0]), float(theta[1])
        z, mass = line_points(kernel, center, spread, nodes)
        total = log_sum(mass)
        slopes = kernel(center[:, None] + spread * z)[1] * np.exp(mass - total[:, None])
        return float(total.sum()), np.array([slopes.sum(), (slopes * z).sum()])

    return Problem(at, start, unit, (1,), saturated)


def _guess(tables: Tables) -> tuple[Floats, Floats]:
    """Give a log odds ratio and tau to start from, with rough standard errors (Peto's)."""
    spread = float(tables.variance.sum())
    unit = 1 / np.sqrt(spread)
    effect = float(np.clip(tables.excess.sum() / spread, -5.0, 5.0))
    return np.array([effect, 0.5]), np.array([unit, max(unit, 0.1)])


def _logit(risk: Floats) -> Floats:
    logits: Floats = np.log(risk) - np.log1p(-risk)
    return logits
