"""Variation between trials: estimates of tau2, Q, I2, H2, intervals, and its likelihood.

All functions take `Sets` of two or more trials each and return one number per set.

The likelihood is taken at the highest of its maxima over tau2, for many sets at once. Fisher
scoring alone leaves some sets unconverged and can stop at a lower of two maxima. Here the sign of
the score is read on a grid that is dense on the log scale, between 0 and a bound above which the
likelihood falls; every change from rise to fall is refined inside its bracket, and the highest is
taken. 0 is taken whenever the likelihood there is not lower.
"""

from collections.abc import Callable, Iterator
from typing import get_args

import numpy as np
from scipy import special

from evidence.meta.numerics import Flags, Floats, Rows, bracketed_newton, once_each
from evidence.meta.pooling.weights import Moments, Sets, moments, over_trials
from evidence.terms import Tau2

GRID_STEP = 0.25
"""On log(v + tau2); each trial's part of the likelihood changes over a distance of about 1."""

BLOCK = 500_000
"""Numbers held at once while the grid is scanned; so many stay in the cache of a processor."""

Score = Callable[[Floats, Rows], tuple[Floats, Floats]]
Rise = Callable[[Floats, Rows], Floats]
LogLikelihood = Callable[[Floats, Rows], Floats]


def maximize(
    rise: Rise,
    score: Score,
    log_likelihood: LogLikelihood,
    upper: Floats,
    smallest: Floats,
    k: int,
) -> tuple[Floats, Flags]:
    """Find the tau2 of the highest likelihood in each set.

    Parameters
    ----------
    rise : callable
        Takes tau2 of shape (m, g) and m rows, returns the score of that shape.
    score : callable
        Takes tau2 of shape (m,) and m rows, returns the score and its slope.
    log_likelihood : callable
        Takes tau2 of shape (m,) and m rows, up to a constant of the set.
    upper : ndarray of shape (n,)
        The likelihood falls from here on; not above 0 where it falls everywhere.
    smallest : ndarray of shape (n,)
        Smallest sampling variance.
    k : int
        Trials per set, to bound memory.

    Returns
    -------
    tau2 : ndarray of shape (n,)
    converged : ndarray of shape (n,)
    """
    tau2 = np.zeros(upper.shape)
    converged = np.ones(upper.shape, dtype=bool)
    for rows, grid in _grids(upper, smallest, k):
        rises = rise(grid, rows) > 0
        row, cell = np.nonzero(rises[:, :-1] & ~rises[:, 1:])
        candidate, found = bracketed_newton(
            lambda x, at, rows=rows, row=row: score(x, rows[row[at]]),  # type: ignore[misc]
            grid[row, cell],
            grid[row, cell + 1],
            smallest[rows[row]],
        )
        # Where the score at 0 is positive, 0 is no maximum.
        floor = np.where(rises[:, 0], -np.inf, log_likelihood(grid[:, 0], rows))
        height = log_likelihood(candidate, rows[row])
        best = floor.copy()
        np.maximum.at(best, row, height)
        wins = (height == best[row]) & (height > floor[row])
        tau2[rows[row[wins]]] = candidate[wins]
        converged[rows[row[wins]]] = found[wins]
    return tau2, converged


def _grids(upper: Floats, smallest: Floats, k: int) -> Iterator[tuple[Rows, Floats]]:
    """Give blocks of rows with their grids from 0 to the bound, narrow ranges first."""
    reach = np.log1p(np.maximum(upper, 0.0) / smallest)
    rows = np.flatnonzero(reach > 0)
    rows = rows[np.argsort(reach[rows], kind="stable")]
    start = 0
    while start < rows.size:
        points = _points(float(reach[rows[start]]))
        # The widest range of a block sets its points, so the block is cut by that number too.
        stop = min(rows.size, start + max(1, BLOCK // (k * points)))
        widest = _points(float(reach[rows[stop - 1]]))
        stop = min(stop, start + max(1, BLOCK // (k * widest)))
        block = rows[start:stop]
        fraction = np.linspace(0.0, 1.0, widest)
        grid = smallest[block, None] * np.expm1(reach[block, None] * fraction)
        yield block, grid
        start = stop


def _points(reach: float) -> int:
    return max(8, int(np.ceil(reach / GRID_STEP)) + 1)


def likelihood_rise(sets: Sets, tau2: Floats, rows: Rows, *, restricted: bool) -> Floats:
    """Give the derivative of the (restricted) log-likelihood at tau2 of shape (m, g)."""
    at = moments(sets.effect[:, rows, None], sets.variance[:, rows, None], tau2)
    # dl/dtau2 = (y'P P y - tr P) / 2
    rise: Floats = over_trials((at.weight * at.residual) ** 2)
    return (rise - (at.trace if restricted else at.total)) / 2


def likelihood_score(
    sets: Sets, tau2: Floats, rows: Rows, *, restricted: bool
) -> tuple[Floats, Floats]:
    """Give the derivative of the (restricted) log-likelihood at tau2 of shape (m,), and slope."""
    at = moments(sets.effect[:, rows], sets.variance[:, rows], tau2)
    weighted = at.weight * at.residual  # P y
    squares = at.weight**2
    second = over_trials(squares)
    if restricted:
        third = over_trials(squares * at.weight)
        trace = at.trace
        trace_squared = second - 2 * third / at.total + (second / at.total) ** 2  # tr(P P)
    else:
        trace, trace_squared = at.total, second
    # dl/dtau2 = (y'P P y - tr P) / 2; its slope is tr(P P) / 2 - y'P P P y
    value = (over_trials(weighted**2) - trace) / 2
    cross = over_trials(at.weight * weighted)
    cubic = over_trials(at.weight * weighted**2) - cross**2 / at.total
    return value, trace_squared / 2 - cubic


def likelihood_tau2(sets: Sets, *, restricted: bool) -> tuple[Floats, Flags]:
    """Estimate tau2 by maximum likelihood, restricted or not, in sets of two or more trials.

    Parameters
    ----------
    sets : Sets
    restricted : bool
        REML, or ML.

    Returns
    -------
    tau2 : ndarray of shape (n,)
    converged : ndarray of shape (n,)

    Notes
    -----
    Viechtbauer (2005), J Educ Behav Stat 30:261: up to constants
    l_R = -(sum log(v + tau2) + log sum w + sum w r^2) / 2, and l without the middle term.
    """

    def rise(tau2: Floats, rows: Rows) -> Floats:
        return likelihood_rise(sets, tau2, rows, restricted=restricted)

    def score(tau2: Floats, rows: Rows) -> tuple[Floats, Floats]:
        return likelihood_score(sets, tau2, rows, restricted=restricted)

    def log_likelihood(tau2: Floats, rows: Rows) -> Floats:
        at = moments(sets.effect[:, rows], sets.variance[:, rows], tau2)
        # log of the weight where a trial is, 0 where none is
        logs = over_trials(np.log(np.where(at.weight > 0, at.weight, 1.0)))
        logs_total = np.log(at.total) if restricted else 0.0
        height: Floats = (logs - logs_total - at.q) / 2
        return height

    # y'P P y <= SS / (v_min + tau2)^2 and tr P >= (k - 1) / (v_max + tau2), so that the score is
    # negative beyond the larger root of (k - 1) t^2 = SS (t + v_max - v_min), t = v_min + tau2.
    # For ML tr W is larger still.
    degrees = sets.degrees
    squares = sets.sum_of_squares
    smallest = sets.variance[0]
    spread = sets.largest_variance - smallest
    bound = (squares + np.sqrt(squares**2 + 4 * degrees * squares * spread)) / (2 * degrees)
    # A little above, for with equal variances the bound is itself the root.
    upper = 1.001 * bound - smallest
    return maximize(rise, score, log_likelihood, upper, smallest, sets.effect.shape[0])


TAU2_METHODS: tuple[Tau2, ...] = get_args(Tau2)


def between_trial_variance(sets: Sets, method: str) -> tuple[Floats, Flags]:
    """Estimate tau2, truncated at 0.

    Parameters
    ----------
    sets : Sets
        Sets of two or more trials.
    method : str
        One of `TAU2_METHODS`; "common" sets tau2 to 0. EB solves the same equation as PM.

    Returns
    -------
    tau2 : ndarray of shape (n,)
    converged : ndarray of shape (n,)
        True for closed forms.

    Notes
    -----
    Veroniki et al. (2016), Res Synth Methods 7:55, section 3, and the sources named at each line.
    """
    if method in ("REML", "ML"):
        return likelihood_tau2(sets, restricted=method == "REML")
    if method in ("PM", "EB"):
        # Paule and Mandel (1982): Q(tau2) = k - 1. Morris (1983) arrives at the same equation.
        q = moments(sets.effect, sets.variance, 0.0).q
        return generalized_q_root(sets, sets.degrees, q)
    closed_form = _CLOSED_FORMS[method](sets)
    return np.maximum(closed_form, 0.0), np.isfinite(closed_form)


def _common(sets: Sets) -> Floats:
    return np.zeros(sets.count.shape)


def _dersimonian_laird(sets: Sets) -> Floats:
    at = moments(sets.effect, sets.variance, 0.0)
    # DerSimonian and Laird (1986), equation 8; sum w - sum w^2 / sum w is the trace of P
    tau2: Floats = (at.q - sets.degrees) / at.trace
    return tau2


def _hedges(sets: Sets) -> Floats:
    mean_variance = np.where(sets.present, sets.variance, 0.0).sum(axis=0) / sets.count
    # Hedges (1983), Psychol Bull 93:388; Hedges and Olkin (1985), chapter 9
    tau2: Floats = sets.sum_of_squares / sets.degrees - mean_variance
    return tau2


def _hunter_schmidt(sets: Sets) -> Floats:
    at = moments(sets.effect, sets.variance, 0.0)
    # Hunter and Schmidt, in the form of Viechtbauer (2005), J Educ Behav Stat 30:261
    tau2: Floats = (at.q - sets.count) / at.total
    return tau2


def _sidik_jonkman(sets: Sets) -> Floats:
    # Sidik and Jonkman (2005), Appl Stat 54:367: one step from a crude variance
    crude = sets.sum_of_squares / sets.count
    at = moments(sets.effect, sets.variance, crude)
    tau2: Floats = crude * at.q / sets.degrees
    return tau2


_CLOSED_FORMS: dict[str, Callable[[Sets], Floats]] = {
    "DL": _dersimonian_laird,
    "SJ": _sidik_jonkman,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "common": _common,
}


def generalized_q_root(sets: Sets, target: Floats, q: Floats) -> tuple[Floats, Flags]:
    """Find the tau2 at which Q(tau2) = sum of (y - mu)^2 / (v + tau2) equals the target.

    Q falls with tau2; where it starts (`q`) below the target the answer is 0. The root is sought in
    1/Q, which is nearly a straight line in tau2.
    """

    def reciprocal(tau2: Floats, rows: Rows) -> tuple[Floats, Floats]:
        at = moments(sets.effect[:, rows], sets.variance[:, rows], tau2)
        # dQ/dtau2 = -sum w^2 r^2
        fall = over_trials((at.weight * at.residual) ** 2)
        q = at.q
        return 1 / target[rows] - 1 / q, -fall / q**2

    tau2 = np.zeros(target.shape)
    converged = np.ones(target.shape, dtype=bool)
    above = np.flatnonzero(q > target)
    if above.size:
        # Q(tau2) <= SS / tau2, so that the root is at most SS / target.
        high = sets.sum_of_squares[above] / target[above]
        tau2[above], converged[above] = bracketed_newton(
            lambda x, rows: reciprocal(x, above[rows]),
            np.zeros(above.size),
            high,
            sets.variance[0, above],
        )
    return tau2, converged


def q_profile(sets: Sets, level: float, q: Floats) -> tuple[Floats, Floats]:
    """Interval of tau2 by inverting Q(tau2), which has a chi-square distribution; `q` is Q(0).

    Viechtbauer (2007), Stat Med 26:37. Where the effects lie closer together than
    even the lower limit at 0 allows, the interval is empty and both ends are given as 0.
    """
    tail = (1 - level) / 2
    n = sets.count.size
    targets = [chi_square_quantile(sets.degrees, one) for one in (1 - tail, tail)]
    # Both ends in one search.
    twice = sets.take(np.tile(np.arange(n), 2))
    ends, _ = generalized_q_root(twice, np.concatenate(targets), np.concatenate([q, q]))
    return ends[:n], ends[n:]


def chi_square_quantile(df: Floats, probability: float) -> Floats:
    """Quantile of chi-square, evaluated once per distinct df."""
    return once_each(lambda each: 2 * special.gammaincinv(each / 2, probability), df)


def typical_variance(alike: Moments, degrees: Floats) -> Floats:
    """Typical sampling variance: (k - 1) / (sum w - sum w^2 / sum w) with w = 1/v.

    Higgins and Thompson (2002), Stat Med 21:1539, equation 9, by the moments with a tau2 of 0.
    """
    typical: Floats = degrees / alike.trace
    return typical


def i_squared(typical: Floats, tau2: Floats) -> tuple[Floats, Floats]:
    """I2 (0 to 1) and H2 of a given tau2, beside the typical variance.

    Higgins and Thompson (2002), equations 9 and 10, with tau2 by any method: I2 = tau2 / (tau2 +
    typical variance), H2 = 1 / (1 - I2).
    """
    return tau2 / (tau2 + typical), (tau2 + typical) / typical


def i_squared_of_q(q: Floats, degrees: Floats) -> tuple[Floats, Floats]:
    """I2 (0 to 1) and H2 of a common-effect analysis, from Q alone.

    Higgins and Thompson (2002), equation 10: H2 = Q / (k - 1), I2 = (H2 - 1) / H2, at least 0.
    """
    h2: Floats = q / degrees
    i2: Floats = 1 - 1 / np.maximum(h2, 1.0)
    return i2, h2
