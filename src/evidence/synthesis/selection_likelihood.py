"""Likelihood of effects that were published depending on their P values, and its highest point."""

from dataclasses import dataclass

import numpy as np

from evidence.synthesis.bounded_search import Optimum, maximize
from evidence.synthesis.roots import Floats
from evidence.synthesis.selection_functions import Smooth, Steps

HIGHEST = 100.0
"""Upper bound of the parameters of selection, beyond which the likelihood hardly changes."""

AT_BOUND = 1e-8
"""Distance from a bound that cannot be told from none."""

APART, NEARLY = 0.1, 2.0
"""Distance of means, in typical standard errors, and difference of log-likelihoods, from which
tops are two and up to which the data hardly tell one from the other."""

WIDTH = 1e-4
"""Of the differences that give the curvature, whose error is of the order of its square."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean and variance of true effects, and parameters of selection."""

    mean: float
    tau2: float
    shape: Floats


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-likelihood of mean, tau2 and shape, called with those of them that are estimated.

    Attributes
    ----------
    effect, variance : ndarray of shape (k,)
        In units in which a typical standard error is 1, turned so that selection favors large
        effects.
    function : Smooth or Steps
    fixed : ndarray or None
        Parameters of selection that are known.
    random : bool
        Whether tau2 is estimated; it is 0 otherwise.
    """

    effect: Floats
    variance: Floats
    function: Smooth | Steps
    fixed: Floats | None
    random: bool

    @property
    def size(self) -> int:
        """Number of estimated parameters."""
        return 1 + self.random + (len(self.function.no_selection) if self.fixed is None else 0)

    @property
    def z(self) -> Floats:
        """Effects over their standard errors."""
        return self.effect / np.sqrt(self.variance)

    @property
    def lower(self) -> Floats:
        """Lower bounds of the estimated parameters."""
        shape = self.function.lowest if self.fixed is None else ()
        return np.array([-np.inf, *([0.0] if self.random else []), *shape])

    @property
    def upper(self) -> Floats:
        """Upper bounds of the estimated parameters."""
        upper = np.full(self.size, np.inf)
        if self.fixed is None:
            upper[1 + self.random :] = HIGHEST
        return upper

    def pack(self, mean: float, tau2: float, shape: Floats) -> Floats:
        """Put the estimated ones into one array."""
        free = shape if self.fixed is None else np.empty(0)
        return np.concatenate([[mean], [tau2] if self.random else [], free])

    def unpack(self, theta: Floats) -> Estimate:
        """Read an array of estimated ones."""
        shape = theta[1 + self.random :] if self.fixed is None else self.fixed
        return Estimate(float(theta[0]), float(theta[1]) if self.random else 0.0, shape)

    def with_common_effect(self) -> "Likelihood":
        """Give the same with tau2 at 0."""
        return Likelihood(self.effect, self.variance, self.function, self.fixed, False)

    def without_selection(self, mean: float, tau2: float) -> float:
        """Log-likelihood of mean and tau2 where all trials are published."""
        total = self.variance + tau2
        squares = (self.effect - mean) ** 2 / total
        return -float((np.log(2 * np.pi * total) + squares).sum()) / 2

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Height and slope at (mean, tau2, shape)."""
        at = self.unpack(theta)
        se = np.sqrt(self.variance)
        total = self.variance + at.tau2
        residual = self.effect - at.mean
        log_weight, weight_slopes = self.function.weights(at.shape, self.z)
        expected = self.function.means(at.shape, at.mean / se, total / self.variance)
        # log w(P) + log phi(y; mean, v + tau2) - log E[w(P)]
        height = (
            float(log_weight.sum())
            - float(expected.value.sum())
            - float((np.log(2 * np.pi * total) + residual**2 / total).sum()) / 2
        )
        slope = [float((residual / total - expected.by_mean / se).sum())]
        if self.random:
            by_tau2 = (residual**2 / total - 1) / (2 * total) - expected.by_variance / self.variance
            slope.append(float(by_tau2.sum()))
        if self.fixed is None:
            slope += (weight_slopes - expected.by_parameter).sum(axis=1).tolist()
        slopes = np.array(slope)
        if not (np.isfinite(height) and np.isfinite(slopes).all()):
            return -np.inf, np.zeros(slopes.shape)
        return height, slopes


def search(likelihood: Likelihood, mean: float, tau2: float) -> tuple[Optimum, bool]:
    """Climb from weak, no and strong selection, and say whether other tops are nearly as high."""
    neutral = np.array(likelihood.function.no_selection)
    shapes = [likelihood.fixed] if likelihood.fixed is not None else _shapes(neutral)
    families = [
        [
            likelihood.pack(m, t, shape)
            for m in (mean, mean / 2, 0.0)
            for t in (tau2, tau2 / 4, 2 * tau2 + 1)
        ]
        for shape in shapes
    ]
    # Few trials can allow an effect far on the other side.
    families.append([likelihood.pack(-m, m * m / 4 + tau2, shapes[-1]) for m in (1.0, 4.0, 16.0)])
    tops = [
        maximize(likelihood, [family], likelihood.lower, likelihood.upper) for family in families
    ]
    best = max(tops, key=lambda top: (top.height, top.converged))
    apart = [top for top in tops if abs(top.theta[0] - best.theta[0]) > APART]
    return best, any(top.converged and top.height > best.height - NEARLY for top in apart)


def _shapes(neutral: Floats) -> list[Floats]:
    if neutral.all():
        return [neutral, neutral * 0.2, neutral * 3]
    return [neutral + 0.1, neutral + 1, neutral + 8]


def standard_errors(likelihood: Likelihood, theta: Floats) -> list[float | None]:
    """Root of the inverse curvature; None for a parameter at its lower bound."""
    free = np.flatnonzero(theta > likelihood.lower + AT_BOUND)
    rows = []
    for place in free:
        room = theta[place] - likelihood.lower[place]
        width = min(WIDTH * (0.1 + abs(theta[place])), room / 2)
        above, below = theta.copy(), theta.copy()
        above[place] += width
        below[place] -= width
        rows.append((likelihood(below)[1] - likelihood(above)[1])[free] / (2 * width))
    information = np.array(rows)
    information = (information + information.T) / 2
    se: list[float | None] = [None] * theta.size
    if np.linalg.eigvalsh(information)[0] <= 0:
        return se
    for place, value in zip(free, np.diagonal(np.linalg.inv(information)), strict=True):
        se[place] = float(np.sqrt(value))
    return se
