"""The highest point of a smooth function within bounds, with an answer to whether it is one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.synthesis.roots import Flags, Floats

Objective = Callable[[Floats], tuple[float, Floats]]

STEPS, TRIES = 100, 30

FIRST_DAMPING = 1e-2

RISE = 1e-10
"""Rise of a log-likelihood still to be expected below which a search has converged; it moves a
parameter by about 1e-5 of its standard error, and one more step follows."""

LEVEL = 1e-5
"""Slope without curvature, per one plus the parameter, that cannot be told from none."""

LAST_DIGITS = 1e-13

LEAST = 1e-60
"""Curvature that is 0; its square root still allows division."""

LONGEST = 10.0
"""Longest step, as a multiple of one plus the parameter."""

FLAT = 1e-7
"""Curvature, relative to that along the parameters, that cannot be told from none."""


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
    objective: Objective, starts: Sequence[Sequence[Floats]], lower: Floats, upper: Floats
) -> Optimum:
    """Climb from the best starting point of each family.

    Parameters
    ----------
    objective : callable
        Gives height and slope; a height of minus infinity where it cannot be computed.
    starts : sequence of sequences of ndarray of shape (p,)
        Families of points inside the bounds, unlike each other in what can hold a maximum.
    lower, upper : ndarray of shape (p,)

    Examples
    --------
    >>> import numpy as np
    >>> best = maximize(
    ...     lambda x: (-float((x + 1) @ (x - 3)), 2 - 2 * x),
    ...     [[np.array([0.5])]], np.zeros(1), np.full(1, 0.75))
    >>> best.theta.tolist(), best.converged
    ([0.75], True)
    """
    climbs = [
        _climb(objective, max(family, key=lambda start: objective(start)[0]), lower, upper)
        for family in starts
    ]
    best = max(climbs, key=lambda optimum: optimum.height)
    # Of climbs that end equally high, one that knows it has converged.
    return next((c for c in climbs if c.converged and c.height >= best.height - RISE), best)


def _climb(objective: Objective, start: Floats, lower: Floats, upper: Floats) -> Optimum:
    """Newton steps in the parameters that no bound holds, damped until they rise.

    Damping as Levenberg (1944), Q Appl Math 2:164: added to a diagonal of 1, it shortens steps and
    turns them towards the slope, so that some step rises wherever the slope is not 0.
    """
    point = start
    height, slope = objective(point)
    damping, converged, flat = FIRST_DAMPING, False, False
    for _ in range(STEPS):
        free = _free(point, slope, lower, upper)
        if not free.any():
            return Optimum(point, height, True, False)
        curvature = _curvature(objective, point, free, lower, upper)
        # In units of each parameter's own curvature, so that none hides another.
        size = np.abs(np.diag(curvature))
        least = max(LAST_DIGITS * float(np.abs(curvature).max()), LEAST)
        unit = 1 / np.sqrt(np.maximum(size, least))
        values, vectors = np.linalg.eigh(-curvature * unit[:, None] * unit)
        along = vectors.T @ (slope[free] * unit)
        top, steep = bool((values > -FLAT).all()), values > FLAT
        rise = float((along[steep] ** 2 / values[steep]).sum()) / 2
        # Where there is no curvature there may be no slope either.
        idle = (vectors[:, ~steep] @ along[~steep]) / unit * (1 + np.abs(point[free]))
        level = bool((np.abs(idle) < LEVEL).all())
        converged, flat = top and level and rise < RISE, top and level and not steep.all()
        for _ in range(TRIES):
            step = np.zeros(point.shape)
            step[free] = unit * (vectors @ (along / (values - min(values[0], 0.0) + damping)))
            longest = float((np.abs(step) / (1 + np.abs(point))).max())
            trial = np.clip(point + step * LONGEST / max(longest, LONGEST), lower, upper)
            reached, trial_slope = objective(trial)
            # Near the top heights agree to their last digits.
            if reached >= height - LAST_DIGITS * (1 + abs(height)):
                break
            damping *= 8
        else:
            break
        point, height, slope = trial, reached, trial_slope
        damping = max(damping / 10, LAST_DIGITS)
        if converged:
            # The error of that last step is the square of what was left.
            break
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
