"""Slopes and curvature of smooth functions by central differences of sixth order."""

from collections.abc import Callable

import numpy as np

from evidence.synthesis.roots import Floats

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
