"""Likelihoods of logistic mixed models, averaged over normal random effects.

Each study has a log-likelihood that is concave in its linear predictor. Gauss-Hermite nodes are
centered on the mode of the integrand and scaled by its curvature there (Liu and Pierce 1994,
Biometrika 81:624; Pinheiro and Bates 1995, J Comput Graph Stat 4:12). One node is the Laplace
approximation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from evidence.meta.numerics import Floats
from evidence.meta.rare_events.counts import Tables, log_choose

Derivatives = tuple[Floats, Floats, Floats]
Kernel = Callable[[Floats], Derivatives]
"""Log-likelihood, first and second derivative at predictors of shape (k, m)."""

Pair = Callable[[Floats, Floats], tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats]]]
"""The same for two predictors of independent parts, derivatives by predictor."""

STEPS = 100
ENOUGH = 1e-12


def hermite(nodes: int) -> tuple[Floats, Floats]:
    """Give nodes t and the logarithms of weights for integrals of exp(f(t)) over t."""
    points, weights = np.polynomial.hermite.hermgauss(nodes)
    return np.asarray(points), np.asarray(np.log(weights) + points**2)


def line_points(kernel: Kernel, center: Floats, spread: float, nodes: int) -> tuple[Floats, Floats]:
    """Place nodes of the random effect z of predictor center + spread z, with log masses.

    Returns
    -------
    z, mass : ndarray of shape (k, nodes)
        The log of the integral is the log of the sum of exp(mass).
    """
    mode, curvature = _mode(kernel, center, spread)
    points, logs = hermite(nodes)
    scale = np.sqrt(2 / curvature)
    z = mode[:, None] + scale[:, None] * points
    value = kernel(center[:, None] + spread * z)[0]
    mass = value - z**2 / 2 - np.log(2 * np.pi) / 2 + np.log(scale)[:, None] + logs
    return z, mass


def log_sum(mass: Floats) -> Floats:
    """Give the logarithm of the sum of exponentials over the last axis."""
    top = mass.max(axis=-1)
    total: Floats = top + np.log(np.exp(mass - top[..., None]).sum(axis=-1))
    return total


def _mode(kernel: Kernel, center: Floats, spread: float) -> tuple[Floats, Floats]:
    """Find where l(center + spread z) - z^2 / 2 is highest, and its negative curvature there.

    Its slope falls in z, so that a bracket holds Newton's steps.
    """
    z = np.zeros(center.shape)
    low, high = np.full(center.shape, -np.inf), np.full(center.shape, np.inf)
    for _ in range(STEPS):
        _, first, second = (part[:, 0] for part in kernel((center + spread * z)[:, None]))
        slope, curvature = spread * first - z, 1 - spread**2 * second
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
        following = z + np.clip(slope / curvature, -5.0, 5.0)
        # a step that leaves the bracket, or comes to an end of it, is halved; the last one may
        small = np.abs(following - z) <= ENOUGH * (1 + np.abs(z))
        outside = ~small & ((following <= low) | (following >= high))
        following = np.where(
            outside, (np.maximum(low, z - 5) + np.minimum(high, z + 5)) / 2, following
        )
        done = bool((np.abs(following - z) <= ENOUGH * (1 + np.abs(z))).all())
        z = following
        if done:
            break
    curvature = 1 - spread**2 * kernel((center + spread * z)[:, None])[2][:, 0]
    return z, curvature


def plane_points(
    pair: Pair, centers: tuple[float, float], spreads: tuple[float, float], k: int, nodes: int
) -> tuple[Floats, Floats, Floats]:
    """Place nodes of two independent random effects, u of the intercept and v of the contrast.

    The predictors are mu + s u + (theta + t v) / 2 and mu + s u - (theta + t v) / 2 with centers
    (mu, theta) and spreads (s, t).

    Returns
    -------
    u, v, mass : ndarray of shape (k, nodes^2)
        The log of the integral is the log of the sum of exp(mass).
    """
    mode, inverse = _plane_mode(pair, centers, spreads, k)
    # lower triangle of a root of the inverse curvature
    a = np.sqrt(inverse[0])
    b = inverse[1] / a
    c = np.sqrt(np.maximum(inverse[2] - b**2, 0.0))
    points, logs = hermite(nodes)
    first, second = (grid.ravel() for grid in np.meshgrid(points, points, indexing="ij"))
    log_weight = (logs[:, None] + logs[None, :]).ravel()
    u = mode[0][:, None] + np.sqrt(2) * a[:, None] * first
    v = mode[1][:, None] + np.sqrt(2) * (b[:, None] * first + c[:, None] * second)
    value = pair(*plane_predictors(u, v, centers, spreads))[0]
    mass = value - (u**2 + v**2) / 2 - np.log(2 * np.pi) + log_weight
    return u, v, mass + np.log(2 * a * c)[:, None]


def plane_predictors(
    u: Floats, v: Floats, centers: tuple[float, float], spreads: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Give the predictors of both arms."""
    middle = centers[0] + spreads[0] * u
    half = (centers[1] + spreads[1] * v) / 2
    return middle + half, middle - half


def _plane_mode(
    pair: Pair, centers: tuple[float, float], spreads: tuple[float, float], k: int
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Find the mode in (u, v) and the inverse of the negative curvature there: uu, uv, vv."""
    u, v = np.zeros((k, 1)), np.zeros((k, 1))
    s, t = spreads

    def at(u: Floats, v: Floats) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, ...]]:
        value, (g_1, g_2), (h_1, h_2) = pair(*plane_predictors(u, v, centers, spreads))
        slope = s * (g_1 + g_2) - u, t * (g_1 - g_2) / 2 - v
        bend = (
            1 - s**2 * (h_1 + h_2),
            -s * t * (h_1 - h_2) / 2,
            1 - t**2 * (h_1 + h_2) / 4,
        )
        return value - (u**2 + v**2) / 2, slope, bend

    height, slope, bend = at(u, v)
    for _ in range(STEPS):
        determinant = bend[0] * bend[2] - bend[1] ** 2
        du = (bend[2] * slope[0] - bend[1] * slope[1]) / determinant
        dv = (bend[0] * slope[1] - bend[1] * slope[0]) / determinant
        share = np.ones(u.shape)
        for _ in range(30):
            reached = at(u + share * du, v + share * dv)
            worse = reached[0] < height - ENOUGH * (1 + np.abs(height))
            if not worse.any():
                break
            share = np.where(worse, share / 2, share)
        u, v = u + share * du, v + share * dv
        height, slope, bend = at(u, v)
        if float(max(np.abs(du).max(), np.abs(dv).max())) <= 1e-9:
            break
    determinant = bend[0] * bend[2] - bend[1] ** 2
    inverse = tuple((part / determinant)[:, 0] for part in (bend[2], -bend[1], bend[0]))
    return (u[:, 0], v[:, 0]), (inverse[0], inverse[1], inverse[2])


WIDEST = 700.0
"""Largest logarithm of an odds ratio that is looked at."""


def binomial(events: Floats, n: Floats, offset: Floats | float = 0.0) -> Kernel:
    """Give the binomial log-likelihood of studies in the logit less an offset."""
    constant = log_choose(n, events)

    def kernel(x: Floats) -> Derivatives:
        eta = (x.T + offset).T
        p = special.expit(eta)
        # x log p + (n - x) log(1 - p), either of which is kept from 0 times infinity
        value = constant[:, None] - (
            events[:, None] * np.logaddexp(0, -eta) + (n - events)[:, None] * np.logaddexp(0, eta)
        )
        return value, events[:, None] - n[:, None] * p, -n[:, None] * p * (1 - p)

    return kernel


def at_own_risk(events: Floats, n: Floats) -> Floats:
    """Give the binomial log-likelihood of each study at its own proportion."""
    p = events / n
    logs: Floats = (
        log_choose(n, events) + special.xlogy(events, p) + special.xlogy(n - events, 1 - p)
    )
    return logs


def hypergeometric(tables: Tables) -> Kernel:
    """Give the noncentral hypergeometric log-likelihood of the events in arm 1."""
    supports = []
    for a, n_1, n_2, m in zip(tables.events_1, tables.n_1, tables.n_2, tables.events, strict=True):
        counts = np.arange(max(0.0, m - n_2), min(n_1, m) + 1)
        logs = log_choose(n_1, counts) + log_choose(n_2, m - counts)
        # against the observed count, so that its own probability is exp(0) over the sum
        supports.append((counts - a, logs - logs[counts == a][0]))

    def kernel(x: Floats) -> Derivatives:
        parts = np.empty((3, *x.shape))
        for i, (distance, logs) in enumerate(supports):
            weight = logs + x[i][:, None] * distance
            top = weight.max(axis=1, keepdims=True)
            weight = np.exp(weight - top)
            total = weight.sum(axis=1)
            mean = weight @ distance / total
            parts[0, i] = -(top[:, 0] + np.log(total))
            parts[1, i] = -mean
            spread = (distance - mean[:, None]) ** 2
            parts[2, i] = -(weight * spread).sum(axis=1) / total
        return parts[0], parts[1], parts[2]

    return kernel


def at_own_odds_ratio(kernel: Kernel, tables: Tables) -> Floats:
    """Give the log-likelihood of each table at its own odds ratio, 0 at an end of its support."""
    low, high = np.full(tables.n_1.shape, -WIDEST), np.full(tables.n_1.shape, WIDEST)
    for _ in range(90):
        middle = (low + high) / 2
        rising = kernel(middle[:, None])[1][:, 0] > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    values: Floats = kernel(low[:, None])[0][:, 0]
    least = np.maximum(0.0, tables.events - tables.n_2)
    most = np.minimum(tables.n_1, tables.events)
    at_end = (tables.events_1 == least) | (tables.events_1 == most)
    return np.where(at_end, 0.0, values)


def both_arms_at_own_risk(tables: Tables) -> float:
    """Give the binomial log-likelihood of all arms at their own proportions."""
    arms = ((tables.events_1, tables.n_1), (tables.events_2, tables.n_2))
    return float(sum(at_own_risk(*arm).sum() for arm in arms))


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
