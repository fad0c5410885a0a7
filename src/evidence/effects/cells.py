"""The four cells of a table of two arms and an event, and what zero cells do to an effect."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evidence.effects.checked import Array, at_least, choice, finite_effect
from evidence.effects.effect import Effect
from evidence.errors import ParameterError

To = Literal["where_needed", "all"]
Cells = tuple[Array, Array, Array, Array]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BinaryEffect(Effect):
    """An effect on an event, and what zero cells did to it.

    Attributes
    ----------
    value, variance : float or ndarray
        As in `Effect`.
    corrected : bool or ndarray
        Whether a constant was added to the cells, so that a reader can be warned.
    double_zero : bool or ndarray
        Whether nobody in either arm had the event, or everybody: such a trial says nothing about
        a ratio.
    """

    corrected: bool | Mask
    double_zero: bool | Mask


def read_cells(events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike) -> Cells:
    """Events and non-events of arm 1, then of arm 2, of one shape."""
    a, c = at_least("events_1", events_1, 0), at_least("events_2", events_2, 0)
    n_1, n_2 = at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    b, d = at_least("n_1 - events_1", n_1 - a, 0), at_least("n_2 - events_2", n_2 - c, 0)
    first, second, third, fourth = np.broadcast_arrays(a, b, c, d)
    return first, second, third, fourth


def with_constant(cells: Cells, needed: Mask, add: float, to: To) -> tuple[Cells, Mask]:
    """Add the constant to the cells of tables that need it, or of all; and say of which."""
    choice("to", to, ("where_needed", "all"))
    constant = at_least("add", add, 0)
    if constant == 0 and np.any(needed):
        raise ParameterError("add", 0.0, "above 0, since a table has a cell of 0")
    chosen = np.asarray(needed if to == "where_needed" else np.ones_like(needed))
    a, b, c, d = (np.asarray(cell + constant * chosen) for cell in cells)
    return (a, b, c, d), chosen & (constant > 0)


def double_zeros(cells: Cells) -> Mask:
    """Tables in which nobody, or everybody, of both arms had the event."""
    a, b, c, d = cells
    return np.asarray(((a == 0) & (c == 0)) | ((b == 0) & (d == 0)))


def binary_effect(value: Array, variance: Array, corrected: Mask, cells: Cells) -> BinaryEffect:
    """Give the effect with its flags, of the shape of the cells."""
    effect = finite_effect(value, variance)
    double_zero = double_zeros(cells)
    if double_zero.ndim == 0:
        return BinaryEffect(effect.value, effect.variance, bool(corrected), bool(double_zero))
    return BinaryEffect(effect.value, effect.variance, corrected, double_zero)
