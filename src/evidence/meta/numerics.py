"""Numerical methods of the engine: roots, slopes, maxima within bounds, samples, shared loops.

Roots of many decreasing functions are bracketed, so that none is left unconverged. Slopes and
curvature come from central differences of sixth order. A search for the highest point of a smooth
function answers whether what it found is one. Random samples can be had again.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ParameterError

Made = TypeVar("Made")
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]

TOLERANCE = 2e-15
NEWTON_STEPS = 30
MAX_STEPS = 250


def bracketed_newton(
    evaluate: Callable[[Floats, Rows], tuple[Floats, Floats]],
    low: Floats,
    high: Floats,
    scale: Floats,
) -> tuple[Floats, Flags]:
    """Find where each function turns from positive to not positive.

    Newton steps are taken while they stay inside the bracket, bisection otherwise; after
    `NEWTON_STEPS` steps only bisection, which always ends.

    Parameters
    ----------
    evaluate : callable
        Takes points of shape (m,) and the rows of the functions they belong to, returns the
        values and slopes there.
    low, high : ndarray of shape (n,)
        Ends of the brackets: positive at `low`, not positive at `high`.
    scale : ndarray of shape (n,)
        Added to a root to give the size against which a step is small.

    Returns
    -------
    root : ndarray of shape (n,)
    converged : ndarray of shape (n,)
        Whether the last step was small.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.array([2.0, 9.0])
    >>> root, converged = bracketed_newton(
    ...     lambda x, rows: (target[rows] - x**2, -2 * x),
    ...     np.zeros(2), np.full(2, 10.0), np.ones(2))
    >>> root.round(6).tolist()
    [1.414214, 3.0]
    """
    root = low.copy()
    converged = np.zeros(low.shape, dtype=bool)
    rows: Rows = np.arange(low.size)
    left, right, point = low.copy(), high.copy(), low.copy()
    for step in range(MAX_STEPS):
        if rows.size == 0:
            break
        value, slope = evaluate(point, rows)
        rises = value > 0
        left = np.where(rises, point, left)
        right = np.where(rises, right, point)
        with np.errstate(all="ignore"):
            newton = point - value / slope
        usable = (newton >= left) & (newton <= right) & (step < NEWTON_STEPS)
        following = np.where(usable, newton, left + (right - left) / 2)
        done = np.abs(following - point) <= TOLERANCE * (following + scale)
        point = following
        if done.any():
            ended = rows[done]
            root[ended], converged[ended] = following[done], True
            keep = ~done
            rows, scale = rows[keep], scale[keep]
            left, right, point = left[keep], right[keep], following[keep]
    root[rows] = point
    return root, converged


FEW = 64
"""Numbers among which to look for equal ones takes longer than to evaluate all."""


def once_each(function: Callable[[Floats], Any], values: Floats) -> Floats:
    """Evaluate a function of single numbers once for each that differs.

    Parameters
    ----------
    function : callable
        Takes and returns an array of one dimension, each number by itself.
    values : ndarray of shape (n,)
        NaN is a value as others are.

    Examples
    --------
    >>> import numpy as np
    >>> once_each(np.square, np.repeat([2.0, 3.0], 100)).sum().item()
    1300.0
    """
    if values.size <= FEW:
        return np.asarray(function(values), dtype=np.float64)
    distinct, where = np.unique(values, return_inverse=True)
    return np.asarray(function(distinct), dtype=np.float64)[where]


FIRST = np.array([45.0, -9.0, 1.0]) / 60
"""Weights of f(x + m h) - f(x - m h) for m = 1, 2, 3, over h."""

SECOND = np.array([1.5, -0.15, 1 / 90])
"""Weights of f(x + m h) + f(x - m h) - 2 f(x), over h^2."""

Height = Callable[[Floats], float]
Slope = Callable[[Floats], Floats]


def slope(height: Height, point: Floats, steps: Floats) -> Floats:
    """Give the first derivatives at a point, by steps of about a twentieth of a standard error.

    Examples
    --------
    >>> import numpy as np
    >>> found = slope(lambda x: float(np.exp(x[0]) * x[1]), np.array([0.0, 2.0]), np.full(2, 0.05))
    >>> found.round(8).tolist()
    [2.0, 1.0]
    """
    found = np.zeros(point.size)
    for j in range(point.size):
        for m, weight in enumerate(FIRST, start=1):
            shift = _along(j, m, steps)
            found[j] += weight * (height(point + shift) - height(point - shift)) / steps[j]
    return found


def curvature(height: Height, point: Floats, steps: Floats) -> Floats:
    """Give the second derivatives at a point from values.

    Examples
    --------
    >>> import numpy as np
    >>> found = curvature(
    ...     lambda x: float(np.exp(x[0]) * x[1]), np.array([0.0, 2.0]), np.full(2, 0.05))
    >>> found.round(6).tolist()
    [[2.0, 1.0], [1.0, 0.0]]
    """
    matrix = np.zeros((point.size, point.size))
    center = height(point)
    for i in range(point.size):
        for m, weight in enumerate(SECOND, start=1):
            shift = _along(i, m, steps)
            sides = height(point + shift) + height(point - shift) - 2 * center
            matrix[i, i] += weight * sides / steps[i] ** 2
        for j in range(i):
            total = 0.0
            for m, first in enumerate(FIRST, start=1):
                for n, second in enumerate(FIRST, start=1):
                    one, other = _along(i, m, steps), _along(j, n, steps)
                    corners = height(point + one + other) - height(point + one - other)
                    corners += height(point - one - other) - height(point - one + other)
                    total += first * second * corners
            matrix[i, j] = matrix[j, i] = total / (steps[i] * steps[j])
    return matrix


def curvature_of_slope(slope_at: Slope, point: Floats, steps: Floats) -> Floats:
    """Give the second derivatives at a point from first derivatives."""
    rows = np.zeros((point.size, point.size))
    for j in range(point.size):
        for m, weight in enumerate(FIRST, start=1):
            shift = _along(j, m, steps)
            rows[j] += weight * (slope_at(point + shift) - slope_at(point - shift)) / steps[j]
    symmetric: Floats = (rows + rows.T) / 2
    return symmetric


def _along(j: int, m: int, steps: Floats) -> Floats:
    shift = np.zeros(steps.size)
    shift[j] = m * steps[j]
    return shift


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


def generator(sample: object, seed: object, least: int) -> np.random.Generator:
    """Check the size of a sample and give a generator that starts from the seed.

    Raises
    ------
    ParameterError
        For a sample that is not a whole number of at least `least`, or a seed that is not a whole
        number of at least 0.
    """
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < least:
        raise ParameterError("sample", sample, f"a whole number of at least {least}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(
            "seed", seed, "a whole number of at least 0, so that the sample can be had again"
        )
    return np.random.default_rng(seed)


def check_jobs(jobs: object) -> None:
    """Refuse a number of jobs that is none of joblib.

    Raises
    ------
    ParameterError
        For 0 and what is no whole number; for more than one where joblib is not installed.
    """
    if jobs is None:
        return
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0:
        raise ParameterError("jobs", jobs, "a whole number, -1 for all processors, or None")
    if jobs != 1 and find_spec("joblib") is None:
        raise ParameterError("jobs", jobs, "1, or joblib, which `pip install '.[cluster]'` adds")


def in_parts(
    work: Callable[..., Made], parts: Sequence[tuple[Any, ...]], jobs: int | None = None
) -> list[Made]:
    """Return what a function makes of each part of a loop, in the order of the parts.

    Parameters
    ----------
    work : callable
        Of a module, so that another process finds it.
    parts : sequence of tuple
        Its arguments, cut and seeded in the same way whoever works on them: the result does not
        depend on the number of jobs.
    jobs : int, optional
        Parts that are worked on at a time by joblib, -1 for all processors. Without it that which
        `joblib.parallel_config` says, whose backend counts in any case, "dask" too; else one.

    Raises
    ------
    ParameterError
        As `check_jobs`.
    """
    check_jobs(jobs)
    # Whoever has a backend of joblib has imported it; nobody else waits for its import.
    if len(parts) < 2 or jobs == 1 or (jobs is None and "joblib" not in sys.modules):
        return [work(*one) for one in parts]
    from joblib import Parallel, delayed

    made: list[Made] = Parallel(n_jobs=jobs)(delayed(work)(*one) for one in parts)
    return made
