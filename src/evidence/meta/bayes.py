"""Bayesian companion of the random-effects model, by quadrature instead of simulation.

Effects are normal about a mean with a flat prior and vary between trials with standard deviation
tau, which has a half-normal or half-Cauchy prior.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import LIMIT, Sets, arrange_one, moments

PRIORS = ("half_normal", "half_cauchy")

REACH = 3.8
"""Range of u: tau runs over its scale times exp(-35) to exp(35)."""

SHORTEST_GRID = 50
"""Starting points among which the shortest interval is looked for."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known of the mean effect and of tau after the trials; positive favors intervention.

    Attributes
    ----------
    median, mean : float
        Of the mean effect.
    sd : float or None
        None where it is infinite (half-Cauchy prior and two trials).
    ci_low, ci_high : float
        Central interval: equal tails.
    shortest_low, shortest_high : float
        The shortest of all intervals of that probability.
    level : float
        Probability within each interval.
    probability_positive : float
        Probability that the mean effect is above 0.
    tau_median, tau_mean : float
        Of the standard deviation between trials.
    tau_sd : float or None
        None where it is infinite.
    tau_ci_low, tau_ci_high, tau_shortest_low, tau_shortest_high : float
        Intervals of tau.
    prediction_median, prediction_low, prediction_high : float
        Effect of a new trial, with its central interval.
    prior : str
        Family of the prior of tau.
    prior_scale : float
        Its scale, in units of the effect.
    k : int
        Number of trials.
    """

    median: float
    mean: float
    sd: float | None
    ci_low: float
    ci_high: float
    shortest_low: float
    shortest_high: float
    level: float
    probability_positive: float
    tau_median: float
    tau_mean: float
    tau_sd: float | None
    tau_ci_low: float
    tau_ci_high: float
    tau_shortest_low: float
    tau_shortest_high: float
    prediction_median: float
    prediction_low: float
    prediction_high: float
    prior: str
    prior_scale: float
    k: int


def posterior(
    effect: Any,
    variance: Any,
    *,
    scale: float,
    prior: str = "half_normal",
    level: float = 0.95,
) -> Posterior:
    """Give the posterior of the mean effect and of tau.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances, of two or more trials.
    scale : float
        Scale of the prior of tau, in units of the effect: 0.5 is usual for standardized mean
        differences (Röver et al. 2021).
    prior : {"half_normal", "half_cauchy"}
        Family of the prior of tau.
    level : float
        Probability within the intervals.

    Returns
    -------
    Posterior

    Raises
    ------
    ParameterError
        For fewer than two trials, where the prior alone would decide; for a number that is not
        finite, a variance or scale that is not positive, or a name that is not accepted.

    Notes
    -----
    Röver (2020), J Stat Softw 93(6), section 2: p(tau | y) is proportional to the prior
    times the restricted likelihood; given tau the mean is normal with the inverse-variance mean
    and 1 / sum(w). tau is integrated by the trapezoidal rule in u with tau = scale exp(pi/2 sinh u)
    (Takahasi and Mori 1974), which converges exponentially.

    Examples
    --------
    >>> after = posterior([0.2, 0.4, 0.6], [0.04, 0.05, 0.06], scale=0.5)
    >>> round(after.median, 2), round(after.probability_positive, 2)
    (0.38, 0.96)
    """
    check_choice("prior", prior, PRIORS)
    check_level(level)
    if isinstance(scale, bool) or not isinstance(scale, int | float | np.floating):
        raise ParameterError("scale", scale, "a positive number in units of the effect")
    if not 1 / LIMIT <= scale <= LIMIT:
        raise ParameterError("scale", scale, "a positive number in units of the effect")
    sets = arrange_one(effect, variance)
    k = int(sets.count[0])
    if k < 2:
        raise ParameterError(
            "effect", k, "two or more trials; with one, the prior alone would decide"
        )
    # Four times as many nodes change nothing above 1e-11 of the width of an interval.
    u = np.linspace(-REACH, REACH, 1001 + 2 * int(50 * np.sqrt(k)))
    tau, log_density = _log_density(sets, scale, prior, u)
    density = np.exp(log_density - log_density.max())  # of u
    weight = density / density.sum()
    at = moments(sets.effect, sets.variance, tau**2)
    mean, sd = at.mean + sets.shift[0], 1 / np.sqrt(at.total)
    spread = _Tau(u, density, float(scale))
    effect_of = _Mixture(weight, mean, sd)
    predicted = _Mixture(weight, mean, np.sqrt(sd**2 + tau**2))
    average, tau_average = float(weight @ mean), float(weight @ tau)
    # p(tau | y) falls as tau^-(k + 1) under a half-Cauchy prior: no variance for k = 2.
    has_variance = prior == "half_normal" or k > 2
    tail = (1 - level) / 2
    shortest = _shortest(effect_of.quantile, effect_of.density, level, tail / SHORTEST_GRID)
    tau_shortest = _shortest(spread.quantile, spread.density, level, 0.0)
    return Posterior(
        median=effect_of.quantile(0.5),
        mean=average,
        sd=float(np.sqrt(weight @ (sd**2 + (mean - average) ** 2))) if has_variance else None,
        ci_low=effect_of.quantile(tail),
        ci_high=effect_of.quantile(1 - tail),
        shortest_low=shortest[0],
        shortest_high=shortest[1],
        level=float(level),
        probability_positive=1 - effect_of.probability_below(0.0),
        tau_median=spread.quantile(0.5),
        tau_mean=tau_average,
        tau_sd=float(np.sqrt(weight @ (tau - tau_average) ** 2)) if has_variance else None,
        tau_ci_low=spread.quantile(tail),
        tau_ci_high=spread.quantile(1 - tail),
        tau_shortest_low=tau_shortest[0],
        tau_shortest_high=tau_shortest[1],
        prediction_median=predicted.quantile(0.5),
        prediction_low=predicted.quantile(tail),
        prediction_high=predicted.quantile(1 - tail),
        prior=prior,
        prior_scale=float(scale),
        k=k,
    )


def _log_density(sets: Sets, scale: float, prior: str, u: Floats) -> tuple[Floats, Floats]:
    """Give tau at the nodes, and the logarithm of the posterior density of u, up to a constant."""
    tau = scale * np.exp(np.pi / 2 * np.sinh(u))
    at = moments(sets.effect, sets.variance, tau**2)
    likelihood = (np.log(at.weight).sum(axis=0) - np.log(at.total) - at.q) / 2
    ratio = tau / scale
    log_prior = -(ratio**2) / 2 if prior == "half_normal" else -np.log1p(ratio**2)
    # dtau/du = tau pi/2 cosh u
    return tau, likelihood + log_prior + np.log(tau) + np.log(np.cosh(u))


class _Mixture:
    """A mixture of normal distributions."""

    def __init__(self, weight: Floats, mean: Floats, sd: Floats) -> None:
        # What is left out sums to less than 1e-16.
        kept = weight > 1e-20
        self.weight, self.mean, self.sd = weight[kept], mean[kept], sd[kept]

    def probability_below(self, x: float) -> float:
        return float(self.weight @ special.ndtr((x - self.mean) / self.sd))

    def density(self, x: float) -> float:
        z = (x - self.mean) / self.sd
        return float(self.weight @ (np.exp(-(z**2) / 2) / self.sd) / np.sqrt(2 * np.pi))

    def quantile(self, probability: float) -> float:
        # It lies between the least and the greatest of the components' own quantiles.
        of_each = self.mean + self.sd * special.ndtri(probability)
        low, high = float(of_each.min()), float(of_each.max())
        return _root(self.probability_below, probability, low, high, 1e-14 * float(self.sd.min()))


class _Tau:
    """The posterior of tau, interpolated between the nodes."""

    def __init__(self, u: Floats, density: Floats, scale: float) -> None:
        # Loading this, and what the roots below need, takes longer than all of a command
        # without a posterior.
        from scipy.interpolate import make_interp_spline

        self.scale = scale
        self.of_u = make_interp_spline(u, density, k=5)
        self.below = self.of_u.antiderivative()
        self.total = float(self.below(REACH))

    def _u(self, probability: float) -> float:
        return _root(lambda u: float(self.below(u)) / self.total, probability, -REACH, REACH, 1e-15)

    def quantile(self, probability: float) -> float:
        if probability <= 0:
            return 0.0
        return self.scale * float(np.exp(np.pi / 2 * np.sinh(self._u(probability))))

    def density(self, tau: float) -> float:
        u = float(np.arcsinh(2 / np.pi * np.log(max(tau, 1e-13 * self.scale) / self.scale)))
        slope = max(tau, 1e-13 * self.scale) * np.pi / 2 * np.cosh(u)
        return float(self.of_u(u) / self.total / slope)


def _root(
    function: Callable[[float], float], probability: float, low: float, high: float, step: float
) -> float:
    # At an end the function can miss the probability by rounding.
    if function(low) >= probability:
        return low
    if function(high) <= probability:
        return high
    from scipy.optimize import brentq

    return float(brentq(lambda x: function(x) - probability, low, high, xtol=step, rtol=1e-14))


def _shortest(
    quantile: Callable[[float], float],
    density: Callable[[float], float],
    level: float,
    first: float,
) -> tuple[float, float]:
    """Find the shortest interval of a probability; its limits have equal density or are an end.

    Parameters
    ----------
    quantile, density : callable
    level : float
    first : float
        Smallest probability below the lower limit that is tried; 0 lets the interval begin at the
        end of the range.
    """
    last = 1 - level - (1 - level) / 2 / SHORTEST_GRID
    below = np.linspace(first, last, SHORTEST_GRID)
    lows = [quantile(float(p)) for p in below]
    highs = [quantile(float(p) + level) for p in below]
    best = int(np.argmin(np.subtract(highs, lows)))

    def difference(probability: float) -> float:
        return density(quantile(probability)) - density(quantile(probability + level))

    left, right = below[max(best - 1, 0)], below[min(best + 1, SHORTEST_GRID - 1)]
    at_left, at_right = difference(left), difference(right)
    if at_left < 0 < at_right:
        from scipy.optimize import brentq

        best_probability = float(brentq(difference, left, right, xtol=1e-15))
        return quantile(best_probability), quantile(best_probability + level)
    return lows[best], highs[best]
