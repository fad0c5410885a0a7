"""The selection model of Copas: results of small and unfavorable trials are seen less often."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from scipy.optimize import Bounds, minimize

from evidence.errors import ParameterError
from evidence.meta.bias import chance_warning
from evidence.meta.numerics import Floats, curvature
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import arrange_one, numbers

FURTHEST = 0.9999
"""Correlations are looked for between minus this and this."""


@dataclass(frozen=True, slots=True)
class CopasPoint:
    """The effect if trials are seen as one pair of gammas says.

    Attributes
    ----------
    gamma0, gamma1 : float
        A trial is seen with probability Phi(gamma0 + gamma1 / SE).
    effect, se, ci_low, ci_high : float or None
        Effect of all trials, seen and unseen, with normal interval; without SE where the
        correlation or tau is at an end of its range or not determined.
    rho : float
        Correlation between being seen and the effect.
    tau2 : float
    log_likelihood : float
    unseen : float
        Expected number of trials not seen.
    asymmetry_p : float
        Likelihood-ratio test that selection leaves no further small-study effect; where it is
        small, there is more asymmetry than this selection explains.
    """

    gamma0: float
    gamma1: float
    effect: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    rho: float
    tau2: float
    log_likelihood: float
    unseen: float
    asymmetry_p: float


@dataclass(frozen=True, slots=True)
class Copas:
    """A sensitivity analysis: one point for each selection that is assumed.

    Attributes
    ----------
    points : tuple of CopasPoint
    level : float
    k : int
    warnings : tuple of str
    """

    points: tuple[CopasPoint, ...]
    level: float
    k: int
    warnings: tuple[str, ...]


def copas(effect: Any, variance: Any, gamma0: Any, gamma1: Any, *, level: float = 0.95) -> Copas:
    """Estimate the effect under assumed selection of trials by their size and result.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances, of three or more trials.
    gamma0, gamma1 : array_like of shape (m,)
        Assumed selection; `gamma1` 0 or more. The data say next to nothing about these: show what
        follows from several.
    level : float

    Returns
    -------
    Copas

    Raises
    ------
    ParameterError
        For fewer than three trials, gammas that are not finite or of unequal number, a negative
        gamma1, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Copas and Shi (2000), Biostatistics 1:247, equations 5 to 7; (2001), Stat Methods Med Res
    10:251, for the test. The likelihood is climbed from seven points to its maximum, where
    `copas` of metasens can stop lower.

    Examples
    --------
    >>> found = copas([0.1, 0.2, 0.4, 0.5, 0.9, 0.3], [0.01, 0.02, 0.05, 0.08, 0.2, 0.04],
    ...               [-0.5], [0.1]).points[0]
    >>> round(found.effect, 2), round(found.unseen, 1)
    (0.17, 6.1)
    """
    check_level(level)
    k = int(arrange_one(effect, variance).count[0])
    if k < 3:
        raise ParameterError("effect", k, "three or more trials")
    first, second = (
        np.atleast_1d(numbers(name, given))
        for name, given in (("gamma0", gamma0), ("gamma1", gamma1))
    )
    if first.ndim != 1 or first.shape != second.shape or not np.isfinite(first).all():
        raise ParameterError("gamma0", first.tolist(), "as many finite numbers as of gamma1")
    if not (np.isfinite(second) & (second >= 0)).all():
        raise ParameterError("gamma1", second.tolist(), "finite numbers of 0 or more")
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    points = (_point(effects, variances, *pair, level) for pair in zip(first, second, strict=True))
    return Copas(tuple(points), float(level), k, chance_warning(k))


class _Likelihood:
    """Log-likelihood at a mean, correlation, tau and slope on the SE, without constant."""

    def __init__(self, effects: Floats, variances: Floats, gamma0: float, gamma1: float) -> None:
        self.effects, self.variances = effects, variances
        self.error: Floats = np.sqrt(variances)
        self.u: Floats = gamma0 + gamma1 / self.error
        self.log_seen: Floats = special.log_ndtr(self.u)
        # lambda = phi / Phi; the variance of effects that are seen is (1 - c^2 rho^2) sigma^2
        mills = np.exp(-(self.u**2) / 2 - np.log(2 * np.pi) / 2 - self.log_seen)
        self.shrink: Floats = mills * (self.u + mills)

    def __call__(self, point: Floats) -> float:
        return float(self.at(point[None, :])[0])

    def at(self, points: Floats) -> Floats:
        """At several points, (n, 3) or with a slope (n, 4)."""
        mean, rho, tau = (points[:, i, None] for i in range(3))
        sigma2 = self.variances / (1 - self.shrink * rho**2)
        total = tau**2 + sigma2
        residual = self.effects - mean
        if points.shape[1] > 3:
            residual = residual - points[:, 3, None] * self.error
        share = rho * np.sqrt(sigma2 / total)
        seen = (self.u + share * residual / np.sqrt(total)) / np.sqrt(1 - share**2)
        parts = -np.log(total) / 2 - residual**2 / (2 * total) - self.log_seen
        height: Floats = (parts + special.log_ndtr(seen)).sum(axis=1)
        return height

    def starts(self, *, slope: bool) -> list[Floats]:
        """Give the highest point of a grid for each of several correlations, the ends included."""
        weight = 1 / self.variances
        reach = np.linspace(-1, 1, 9)
        slopes = 3 * float(np.ptp(self.effects) / np.ptp(self.error)) * reach if slope else [0.0]
        found = []
        for rho in (-FURTHEST, -0.9, -0.4, 0.0, 0.4, 0.9, FURTHEST):
            grid = [
                [weight @ (self.effects - b * self.error) / weight.sum() + shift, rho, tau, b]
                for b in slopes
                for shift in float(np.std(self.effects)) * reach
                for tau in float(np.std(self.effects)) * np.array([0.0, 0.1, 0.3, 0.6, 1.0])
            ]
            points = np.array(grid)[:, : 3 + slope]
            found.append(points[np.argmax(self.at(points))])
        return found


def _climb(height: _Likelihood, *, slope: bool) -> tuple[Floats, float]:
    """Climb from several correlations; in the arc tangent of rho, so that steps fit."""
    scale = float(np.median(height.error))
    unit = np.array([scale, 1.0, scale, 1.0])[: 3 + slope]
    end = np.arctanh(FURTHEST)
    upper = np.array([np.inf, end, np.inf, np.inf])[: 3 + slope]
    bounds = Bounds(np.array([-np.inf, -end, 0.0, -np.inf])[: 3 + slope], upper)

    def back(free: Floats) -> Floats:
        point: Floats = free * unit
        point[1] = np.tanh(free[1])
        return point

    def fall(free: Floats) -> float:
        return -height(back(free))

    def climb(start: Floats) -> tuple[float, Floats]:
        free: Floats = start / unit
        free[1], free[2] = np.arctanh(start[1]), max(free[2], 1e-3)
        found = minimize(fall, free, method="L-BFGS-B", jac="3-point", bounds=bounds, tol=1e-15)
        return -float(found.fun), back(found.x)

    top, point = max((climb(one) for one in height.starts(slope=slope)), key=lambda one: one[0])
    return point, top


def _point(
    effects: Floats, variances: Floats, gamma0: float, gamma1: float, level: float
) -> CopasPoint:
    height = _Likelihood(effects, variances, gamma0, gamma1)
    start = pool(effects, variances, tau2="ML", interval="wald")
    point, top = _climb(height, slope=False)
    with_slope = _climb(height, slope=True)[1]
    se = _standard_error(height, point, start.se)
    margin = None if se is None else float(special.ndtri((1 + level) / 2)) * se
    mean = float(point[0])
    return CopasPoint(
        gamma0=float(gamma0),
        gamma1=float(gamma1),
        effect=mean,
        se=se,
        ci_low=None if margin is None else mean - margin,
        ci_high=None if margin is None else mean + margin,
        rho=float(point[1]),
        tau2=float(point[2]) ** 2,
        log_likelihood=top,
        # For each trial that is seen (1 - P) / P are not
        unseen=float(np.expm1(-height.log_seen).sum()),
        asymmetry_p=float(special.chdtrc(1, max(0.0, 2 * (with_slope - top)))),
    )


def _standard_error(height: _Likelihood, point: Floats, scale: float) -> float | None:
    """By the observed information of the mean, rho and tau."""
    room = FURTHEST - abs(float(point[1]))
    steps = np.array([scale / 20, min(0.01, room / 3), min(scale / 20, point[2] / 3)])
    if room < 1e-3 or point[2] < 1e-3 * scale:
        return None
    information = -curvature(height, point, steps)
    if np.linalg.eigvalsh(information)[0] <= 0:
        return None
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))
