"""The highest of all maxima of a (restricted) likelihood over tau2, for many sets at once.

Fisher scoring alone leaves some sets unconverged and can stop at a lower of two maxima. Here the
sign of the score is read on a grid that is dense on the log scale, between 0 and a bound above
which the likelihood falls; every change from rise to fall is refined inside its bracket, and the
highest is taken. 0 is taken whenever the likelihood there is not lower.
"""

from collections.abc import Callable, Iterator

import numpy as np

from evidence.synthesis.roots import Flags, Floats, Rows, bracketed_newton
from evidence.synthesis.weighted import Sets, moments

GRID_STEP = 0.25
"""On log(v + tau2); each trial's part of the likelihood changes over a distance of about 1."""

BLOCK = 2_000_000
"""Numbers held at once while the grid is scanned."""

Score = Callable[[Floats, Rows], tuple[Floats, Floats]]
LogLikelihood = Callable[[Floats, Rows], Floats]


def maximize(
    score: Score,
    log_likelihood: LogLikelihood,
    upper: Floats,
    smallest: Floats,
    k: int,
) -> tuple[Floats, Flags]:
    """Find the tau2 of the highest likelihood in each set.

    Parameters
    ----------
    score : callable
        Takes tau2 of shape (m,) or (m, g) and m rows, returns score and slope of that shape.
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
        values, _ = score(grid, rows)
        rise = values > 0
        row, cell = np.nonzero(rise[:, :-1] & ~rise[:, 1:])
        candidate, found = bracketed_newton(
            lambda x, at, rows=rows, row=row: score(x, rows[row[at]]),  # type: ignore[misc]
            grid[row, cell],
            grid[row, cell + 1],
            smallest[rows[row]],
        )
        # Where the score at 0 is positive, 0 is no maximum.
        floor = np.where(rise[:, 0], -np.inf, log_likelihood(grid[:, 0], rows))
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


def likelihood_score(
    sets: Sets, tau2: Floats, rows: Rows, *, restricted: bool
) -> tuple[Floats, Floats]:
    """Give the derivative of the (restricted) log-likelihood at tau2, (m,) or (m, g), and slope."""
    at = moments(*_of_rows(sets, tau2, rows), tau2)
    weighted = at.weight * at.residual  # P y
    squares = at.weight**2
    second = squares.sum(axis=0)
    if restricted:
        third = (squares * at.weight).sum(axis=0)
        trace = at.trace
        trace_squared = second - 2 * third / at.total + (second / at.total) ** 2  # tr(P P)
    else:
        trace, trace_squared = at.total, second
    # dl/dtau2 = (y'P P y - tr P) / 2; its slope is tr(P P) / 2 - y'P P P y
    value = ((weighted**2).sum(axis=0) - trace) / 2
    cross = (at.weight * weighted).sum(axis=0)
    cubic = (at.weight * weighted**2).sum(axis=0) - cross**2 / at.total
    return value, trace_squared / 2 - cubic


def _of_rows(sets: Sets, tau2: Floats, rows: Rows) -> tuple[Floats, Floats]:
    effect, variance = sets.effect[:, rows], sets.variance[:, rows]
    if tau2.ndim == 2:
        return effect[:, :, None], variance[:, :, None]
    return effect, variance


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

    def score(tau2: Floats, rows: Rows) -> tuple[Floats, Floats]:
        return likelihood_score(sets, tau2, rows, restricted=restricted)

    def log_likelihood(tau2: Floats, rows: Rows) -> Floats:
        at = moments(*_of_rows(sets, tau2, rows), tau2)
        # log of the weight where a trial is, 0 where none is
        logs = np.log(np.where(at.weight > 0, at.weight, 1.0)).sum(axis=0)
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
    return maximize(score, log_likelihood, upper, smallest, sets.effect.shape[0])
