"""The highest point of a smooth function within bounds, with an answer to whether it is one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from evidence.synthesis.roots import Flags, Floats

Objective = Callable[[Floats], tuple[float, Floats]]

CLIMBS = 3
"""Starting points, the highest of all that are offered, from which the search climbs."""

NEWTON_STEPS = 12

DECREMENT = 1e-10
"""Rise of a log-likelihood still to be expected below which a search has converged; it moves a
parameter by about 1e-5 of its standard error."""

FLAT = 1e-7
"""Curvature, relative to that along the parameters, that cannot be told from none."""

NEAR = 1e-4
"""Distance from a bound at which the bound itself is tried."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The highest point found.

    Attributes
    ----------
    theta : ndarray of shape (p,)
    height : float
    converged : bool
        Whether the slope within the bounds is that of a maximum.
    flat : bool
        Whether some direction leaves the height as it is, so that parameters are not determined.
    """

    theta: Floats
    height: float
    converged: bool
    flat: bool


def maximize(
    objective: Objective, starts: Sequence[Floats], lower: Floats, upper: Floats
) -> Optimum:
    """Climb from the best of many starting points.

    Parameters
    ----------
    objective : callable
        Gives height and slope.
    starts : sequence of ndarray of shape (p,)
        Points inside the bounds.
    lower, upper : ndarray of shape (p,)

    Examples
    --------
    >>> import numpy as np
    >>> best = maximize(
    ...     lambda x: (-float((x + 1) @ (x - 3)), 2 - 2 * x),
    ...     [np.array([0.5])], np.zeros(1), np.full(1, 0.75))
    >>> best.theta.tolist(), best.converged
    ([0.75], True)
    """
    ranked = sorted(starts, key=lambda start: -objective(start)[0])
    climbs = [_climb(objective, start, lower, upper) for start in ranked[:CLIMBS]]
    best = max(climbs, key=lambda optimum: optimum.height)
    # Of climbs that end equally high, one that knows it has converged.
    best = next((c for c in climbs if c.converged and c.height >= best.height - DECREMENT), best)
    return _settle(objective, best, lower, upper)


def _settle(objective: Objective, best: Optimum, lower: Floats, upper: Floats) -> Optimum:
    """Take a bound that is near for a parameter unless the height there is lower."""
    theta, height = best.theta.copy(), best.height
    for place in range(theta.size):
        for bound in (lower[place], upper[place]):
            if theta[place] == bound or abs(theta[place] - bound) > NEAR:
                continue
            trial = theta.copy()
            trial[place] = bound
            reached = objective(trial)[0]
            if reached >= height - DECREMENT:
                theta, height = trial, reached
    return Optimum(theta, height, best.converged, best.flat)


def _climb(objective: Objective, start: Floats, lower: Floats, upper: Floats) -> Optimum:
    unit = np.where(start == 0, 1.0, np.abs(start))

    def falling(point: Floats) -> tuple[float, Floats]:
        height, slope = objective(point * unit)
        return -height, -slope * unit

    found = minimize(
        falling,
        start / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower / unit, upper / unit, strict=True)),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
    )
    point = np.clip(found.x * unit, lower, upper)
    return _polish(objective, point, lower, upper)


def _polish(objective: Objective, point: Floats, lower: Floats, upper: Floats) -> Optimum:
    """Newton steps in the parameters that no bound holds, until no rise is left."""
    height, slope = objective(point)
    converged, flat = False, False
    for _ in range(NEWTON_STEPS):
        free = _free(point, slope, lower, upper)
        if not free.any():
            return Optimum(point, height, True, False)
        curvature = _curvature(objective, point, free, lower, upper)
        # In units of each parameter's own curvature, so that none hides another.
        unit = 1 / np.sqrt(np.maximum(np.abs(np.diag(curvature)), np.finfo(float).tiny))
        values, vectors = np.linalg.eigh(-curvature * unit[:, None] * unit)
        along = vectors.T @ (slope[free] * unit)
        steep = values > FLAT
        flat = not bool(steep.all())
        move = unit * (vectors[:, steep] @ (along[steep] / values[steep]))
        decrement = float(along[steep] @ (along[steep] / values[steep])) / 2
        converged = decrement < DECREMENT and bool((values > -FLAT).all())
        if decrement < DECREMENT * 1e-8:
            break
        step = np.zeros(point.shape)
        step[free] = move
        for shrink in 0.5 ** np.arange(20):
            trial = np.clip(point + shrink * step, lower, upper)
            reached, trial_slope = objective(trial)
            # Heights agree to their last digits near the top; the slope decides there.
            if reached >= height - 1e-13 * (1 + abs(height)):
                break
        else:
            break
        point, height, slope = trial, reached, trial_slope
    return Optimum(point, height, converged, flat)


def _free(point: Floats, slope: Floats, lower: Floats, upper: Floats) -> Flags:
    held = ((point <= lower) & (slope <= 0)) | ((point >= upper) & (slope >= 0))
    free: Flags = ~held
    return free


def _curvature(
    objective: Objective, point: Floats, free: Flags, lower: Floats, upper: Floats
) -> Floats:
    """Second derivatives from central differences of the slope, inside the bounds."""
    places = np.flatnonzero(free)
    rows = []
    for place in places:
        width = 1e-5 * max(abs(float(point[place])), 1e-3)
        above, below = point.copy(), point.copy()
        above[place] = min(point[place] + width, upper[place])
        below[place] = max(point[place] - width, lower[place])
        change = objective(above)[1] - objective(below)[1]
        rows.append(change[places] / (above[place] - below[place]))
    curvature = np.array(rows, dtype=np.float64)
    symmetric: Floats = (curvature + curvature.T) / 2
    return symmetric
