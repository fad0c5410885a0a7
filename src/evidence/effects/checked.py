"""Arguments checked on the way in, effects checked on the way out."""

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evidence.effects.effect import Effect
from evidence.errors import ParameterError

Array = NDArray[np.float64]


def numbers(name: str, value: ArrayLike) -> Array:
    """Finite numbers as an array of floats; text is refused, since "1,5" has two readings."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        # None and the missing value of nullable pandas columns arrive as objects.
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise ParameterError(name, value, "numbers, none missing") from None
    if array.dtype.kind not in "iuf":
        raise ParameterError(name, value, "numbers")
    array = array.astype(np.float64)
    return _accepted(name, array, np.isfinite(array), "finite numbers, none missing")


def at_least(name: str, value: ArrayLike, minimum: float) -> Array:
    """Finite numbers not below a minimum."""
    array = numbers(name, value)
    return _accepted(name, array, array >= minimum, f"{minimum:g} or more")


def whole(name: str, value: ArrayLike, minimum: float) -> Array:
    """Whole numbers not below a minimum."""
    array = at_least(name, value, minimum)
    return _accepted(name, array, array == np.floor(array), "whole numbers")


def above(name: str, value: ArrayLike, bound: float) -> Array:
    """Finite numbers above a bound."""
    array = numbers(name, value)
    return _accepted(name, array, array > bound, f"above {bound:g}")


def between(name: str, value: ArrayLike, low: float, high: float) -> Array:
    """Finite numbers from low to high, both included."""
    array = numbers(name, value)
    return _accepted(name, array, (array >= low) & (array <= high), f"from {low:g} to {high:g}")


def inside(name: str, value: ArrayLike, low: float, high: float) -> Array:
    """Finite numbers from low to high, neither included."""
    array = numbers(name, value)
    kept = (array > low) & (array < high)
    return _accepted(name, array, kept, f"between {low:g} and {high:g}, neither included")


def two_sided_p(p: ArrayLike) -> Array:
    """Two-sided p: above 0, since a printed 0 is a rounded number, and up to 1."""
    return between("p", above("p", p, 0), 0, 1)


def choice(name: str, value: str, accepted: Collection[str]) -> str:
    """One of the accepted words."""
    if value not in accepted:
        raise ParameterError(name, value, f"one of {', '.join(accepted)}")
    return value


def plain(value: ArrayLike) -> float | Array:
    """Give a Python float for a scalar, else an array of floats."""
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def finite_effect(value: Array, variance: Array) -> Effect:
    """Effect of the broadcast shape; an overflow is an error, never a silent infinity or NaN."""
    value, variance = np.broadcast_arrays(value, variance)
    kept = np.isfinite(value) & np.isfinite(variance)
    _accepted("effect", value, kept, "numbers of a size that a double can hold")
    return Effect(plain(value.copy()), plain(variance.copy()))


def _accepted(name: str, array: Array, kept: NDArray[np.bool_], expected: str) -> Array:
    if not np.all(kept):
        raise ParameterError(name, float(array[~kept][0]), expected)
    return array
