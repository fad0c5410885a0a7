"""How likely a trial is to be published given its P value, and the likelihood that follows.

A selection model multiplies the density of an effect by a weight of its P value and divides by
the mean weight of all effects that the trial could have had. Functions here take z, the effect
over its standard error, turned so that selection favors large z.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evidence.meta.numerics import Floats, Optimum, maximize

CONSTANT_BEYOND = 8.3
"""Beyond this z, one-sided P values are 0 or 1 to the last digit, and weights do not change."""

CENSORED = 1e-5
"""P values nearer to 0 or 1 are moved there, for functions that are infinite or 0 at the ends
(Citkowicz and Vevea 2017)."""

PANELS, NODES = 24, 16
"""Of the Gauss-Legendre rule; weights and densities change over distances of about 1 in z."""


@dataclass(frozen=True, slots=True)
class MeanWeights:
    """Logarithm of the mean weight of each trial, and its slopes.

    Attributes
    ----------
    value, by_mean, by_variance : ndarray of shape (k,)
        The logarithm, its slope by the mean and by the variance of z.
    by_parameter : ndarray of shape (p, k)
    """

    value: Floats
    by_mean: Floats
    by_variance: Floats
    by_parameter: Floats


@dataclass(frozen=True, slots=True)
class Smooth:
    """A weight that changes smoothly with the one-sided P value.

    Attributes
    ----------
    log_weight : callable
        Takes the parameters (p,), log P and log (1 - P), both (n,); returns the log of the
        weights, (n,), and its slopes, (p, n).
    no_selection, lowest : tuple of float
        Parameters without selection, and their lower bounds.
    censored : float
        P values nearer to 0 or 1 are moved there.
    """

    log_weight: Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
    no_selection: tuple[float, ...]
    lowest: tuple[float, ...]
    censored: float

    def weights(self, parameters: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Log of the weight of each trial, and its slopes."""
        reach = -special.ndtri(self.censored) if self.censored else np.inf
        inside = np.clip(z, -reach, reach)
        return self.log_weight(parameters, special.log_ndtr(-inside), special.log_ndtr(inside))

    def means(self, parameters: Floats, mean: Floats, variance: Floats) -> MeanWeights:
        """Mean weights where z has these means and variances, each of shape (k,)."""
        reach = -special.ndtri(self.censored) if self.censored else CONSTANT_BEYOND
        nodes, shares = _rule(float(reach))
        ends = np.array([-reach, reach])
        z = np.concatenate([nodes, ends])
        log_weights, slopes = self.log_weight(parameters, special.log_ndtr(-z), special.log_ndtr(z))
        top = log_weights.max()
        weights = np.exp(log_weights - top)
        sd = np.sqrt(variance)
        away = (nodes - mean[:, None]) / sd[:, None]
        density = shares * np.exp(-(away**2) / 2) / (np.sqrt(2 * np.pi) * sd[:, None])
        far = (ends - mean[:, None]) / sd[:, None]
        # Beyond the ends the weight is that of the end: normal probabilities
        tails = np.column_stack([special.ndtr(far[:, 0]), special.ndtr(-far[:, 1])])
        probability = np.column_stack([density, tails])
        total = probability @ weights
        edge = np.exp(-(far**2) / 2) / np.sqrt(2 * np.pi) * np.array([-1.0, 1.0])
        by_mean = np.column_stack([density * away, edge]) / sd[:, None]
        by_variance = np.column_stack([density * (away**2 - 1), edge * far]) / (
            2 * variance[:, None]
        )
        return MeanWeights(
            np.log(total) + top,
            by_mean @ weights / total,
            by_variance @ weights / total,
            (slopes * weights) @ probability.T / total,
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """A weight that is constant between cut points of the P value.

    Attributes
    ----------
    cuts : tuple of float
        Upper ends of the intervals, ascending; the last is 1.
    two_sided : bool
        Whether P values are two-sided.
    no_selection, lowest : tuple of float
        Weights of all intervals but the first, whose weight is 1.
    """

    cuts: tuple[float, ...]
    two_sided: bool
    no_selection: tuple[float, ...]
    lowest: tuple[float, ...]

    def interval(self, z: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        """Interval of each P value, from 0; a cut point belongs to the interval below it."""
        p = 2 * special.ndtr(-np.abs(z)) if self.two_sided else special.ndtr(-z)
        return np.searchsorted(np.array(self.cuts[:-1]), p, side="left")

    def weights(self, parameters: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Log of the weight of each trial, and its slopes."""
        where = self.interval(z)
        weight = np.concatenate([[1.0], parameters])
        member = np.arange(1, weight.size)[:, None] == where
        with np.errstate(divide="ignore"):
            # A weight of 0 makes a trial with it impossible
            return np.log(weight)[where], np.where(member, 1 / weight[where], 0.0)

    def means(self, parameters: Floats, mean: Floats, variance: Floats) -> MeanWeights:
        """Mean weights where z has these means and variances, each of shape (k,)."""
        weight = np.concatenate([[1.0], parameters])
        sides = [_between(self._bounds(), mean, variance)]
        if self.two_sided:
            mirrored = _between(self._bounds(), -mean, variance)
            sides.append((mirrored[0], -mirrored[1], mirrored[2]))
        probability, by_mean, by_variance = (sum(parts) for parts in zip(*sides, strict=True))
        total = probability @ weight
        with np.errstate(divide="ignore", invalid="ignore"):
            return MeanWeights(
                np.log(total),
                by_mean @ weight / total,
                by_variance @ weight / total,
                probability[:, 1:].T / total,
            )

    def _bounds(self) -> Floats:
        """Values of z at the ends of the intervals, descending from infinity."""
        inner = np.array(self.cuts[:-1])
        last = 0.0 if self.two_sided else -np.inf
        cuts = -special.ndtri(inner / 2 if self.two_sided else inner)
        return np.concatenate([[np.inf], cuts, [last]])


def _between(bounds: Floats, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Probabilities of z between bounds, (k, intervals), and their slopes."""
    sd = np.sqrt(variance)[:, None]
    far = (bounds - mean[:, None]) / sd
    high, low = far[:, :-1], far[:, 1:]
    # Upper tails where both are above 0, so that small probabilities keep their digits
    probability = np.where(
        low > 0,
        special.ndtr(-low) - special.ndtr(-high),
        special.ndtr(high) - special.ndtr(low),
    )
    height = np.exp(-(far**2) / 2) / np.sqrt(2 * np.pi)
    by_mean = (height[:, 1:] - height[:, :-1]) / sd
    moment = np.where(np.isinf(far), 0.0, far) * height
    by_variance = (moment[:, 1:] - moment[:, :-1]) / (2 * sd**2)
    return probability, by_mean, by_variance


def _rule(reach: float) -> tuple[Floats, Floats]:
    """Nodes and weights of integration from -reach to reach."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-reach, reach, PANELS + 1)
    half = (edges[1:] - edges[:-1])[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * shares).ravel()


def _beta(parameters: Floats, log_p: Floats, log_q: Floats) -> tuple[Floats, Floats]:
    return (parameters[0] - 1) * log_p + (parameters[1] - 1) * log_q, np.stack([log_p, log_q])


def _half_normal(parameters: Floats, log_p: Floats, _: Floats) -> tuple[Floats, Floats]:
    slope = -np.exp(2 * log_p)
    return parameters[0] * slope, slope[None, :]


def _negative_exponential(parameters: Floats, log_p: Floats, _: Floats) -> tuple[Floats, Floats]:
    slope = -np.exp(log_p)
    return parameters[0] * slope, slope[None, :]


def _logistic(parameters: Floats, log_p: Floats, _: Floats) -> tuple[Floats, Floats]:
    p = np.exp(log_p)
    # 2 exp(-d p) / (1 + exp(-d p)) = 2 / (1 + exp(d p))
    weight = np.log(2) - np.logaddexp(0.0, parameters[0] * p)
    return weight, (-p * special.expit(parameters[0] * p))[None, :]


def _power(parameters: Floats, _: Floats, log_q: Floats) -> tuple[Floats, Floats]:
    return parameters[0] * log_q, log_q[None, :]


SMOOTH = {
    # Citkowicz and Vevea (2017), Psychol Methods 22:28: P^(a - 1) (1 - P)^(b - 1)
    "beta": Smooth(_beta, (1.0, 1.0), (1e-5, 1e-5), CENSORED),
    # Preston, Ashby and Smyth (2004), J Eval Clin Pract 10:313: exp(-d P^2), exp(-d P),
    # 2 exp(-d P) / (1 + exp(-d P))
    "half_normal": Smooth(_half_normal, (0.0,), (0.0,), 0.0),
    "negative_exponential": Smooth(_negative_exponential, (0.0,), (0.0,), 0.0),
    "logistic": Smooth(_logistic, (0.0,), (0.0,), 0.0),
    # (1 - P)^d, of the same kind
    "power": Smooth(_power, (0.0,), (0.0,), CENSORED),
}


def step_function(cuts: Sequence[float], *, two_sided: bool) -> Steps:
    """Make a step function of cut points that end with 1."""
    count = len(cuts) - 1
    return Steps(tuple(cuts), two_sided, (1.0,) * count, (0.0,) * count)


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
