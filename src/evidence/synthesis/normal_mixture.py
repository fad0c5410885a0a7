"""Likelihoods of studies averaged over normal random effects, by adaptive quadrature.

Each study has a log-likelihood that is concave in its linear predictor. Gauss-Hermite nodes are
centered on the mode of the integrand and scaled by its curvature there (Liu and Pierce 1994,
Biometrika 81:624; Pinheiro and Bates 1995, J Comput Graph Stat 4:12). One node is the Laplace
approximation.
"""

from collections.abc import Callable

import numpy as np

from evidence.synthesis.roots import Floats

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
        # a step that leaves the bracket is halved
        outside = (following < low) | (following > high)
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
