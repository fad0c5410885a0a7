"""Roots of many decreasing functions at once, bracketed so that none is left unconverged."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

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
        left = np.where(value > 0, point, left)
        right = np.where(value > 0, right, point)
        with np.errstate(all="ignore"):
            newton = point - value / slope
        usable = (newton >= left) & (newton <= right) & (step < NEWTON_STEPS)
        following = np.where(usable, newton, left + (right - left) / 2)
        done = np.abs(following - point) <= TOLERANCE * (following + scale[rows])
        root[rows] = following
        converged[rows] = done
        keep = ~done
        rows, left, right, point = rows[keep], left[keep], right[keep], following[keep]
    return root, converged
