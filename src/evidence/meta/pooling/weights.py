"""Sets of trials in the layout of the kernel, and their inverse-variance moments.

The kernel keeps trials on the first axis, because sums over it run over whole rows of memory.
A trial that a set lacks has infinite variance, hence weight 0, and needs no further case.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ParameterError
from evidence.meta.numerics import Flags, Floats, Rows

LIMIT = 1e50
"""Sums of cubed weights of numbers within this bound stay finite in double precision."""

FURTHEST_APART = 1e20
"""Largest ratio of variances with which systems of several coefficients are solved."""

over_trials = np.add.reduce
"""The sum over the first axis, without the detour of `sum` that small sets feel."""

TIED = 1e-12
"""Difference between results for a set of numbers, relative to their `magnitude`, that rounding
alone can give."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of trials, each sorted by variance and centered on its most precise trial.

    Centering there keeps the digits of near-equal effects under very unequal weights, and sorting
    makes results independent of the order in which trials are given.

    Attributes
    ----------
    effect : ndarray of shape (k, n)
        Effects less `shift`; 0 where a set has no such trial.
    variance : ndarray of shape (k, n)
        Sampling variances, smallest first; infinite where a set has no such trial.
    shift : ndarray of shape (n,)
        The effect of the most precise trial.
    count : ndarray of shape (n,)
        Trials per set.
    order : ndarray of shape (n, k)
        The position that each trial had when given.
    """

    effect: Floats
    variance: Floats
    shift: Floats
    count: NDArray[np.intp]
    order: NDArray[np.intp]

    def take(self, rows: Rows) -> "Sets":
        """Give the sets of these rows."""
        return Sets(
            self.effect[:, rows],
            self.variance[:, rows],
            self.shift[rows],
            self.count[rows],
            self.order[rows],
        )

    @property
    def degrees(self) -> Floats:
        """Degrees of freedom, one less than the trials."""
        return (self.count - 1).astype(np.float64)

    @property
    def present(self) -> Flags:
        """Which of the (k, n) places hold a trial."""
        return np.isfinite(self.variance)

    @property
    def mean(self) -> Floats:
        """Unweighted mean of the centered effects."""
        mean: Floats = self.effect.sum(axis=0) / self.count
        return mean

    @property
    def sum_of_squares(self) -> Floats:
        """Sum of squares of the effects about their unweighted mean."""
        squares = np.where(self.present, self.effect - self.mean, 0.0) ** 2
        total: Floats = squares.sum(axis=0)
        return total

    @property
    def largest_variance(self) -> Floats:
        """The largest sampling variance of each set."""
        largest: Floats = np.where(self.present, self.variance, 0.0).max(axis=0)
        return largest

    def as_given(self, values: Floats) -> Floats:
        """Put values of shape (k, n) back into the order of the input, shape (n, k)."""
        given = np.empty(self.order.shape)
        np.put_along_axis(given, self.order, values.T, axis=1)
        return given


def numbers(name: str, values: Any) -> Floats:
    """Read an argument as an array of doubles, or refuse it by name."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):
        raise ParameterError(name, values, "numbers") from None


def refuse_far_apart(variances: Floats) -> None:
    """Refuse variances beside which others vanish, so that a linear system has no solution."""
    low, high = float(variances.min()), float(variances.max())
    if high > FURTHEST_APART * low:
        expected = f"variances within a factor of {FURTHEST_APART:g} of each other"
        raise ParameterError("variance", (low, high), expected)


def refuse_first(name: str, values: Floats, bad: Flags, expected: str) -> None:
    """Raise for the first bad entry, naming its position."""
    if bad.any():
        position = tuple(int(i) for i in np.argwhere(bad)[0])
        place = ", ".join(str(i) for i in position)
        raise ParameterError(f"{name}[{place}]", float(values[position]), expected)


def arrange(effect: Floats, variance: Floats, mask: Flags | None = None) -> Sets:
    """Check the numbers of sets given as (n, k) and bring them into the layout of the kernel.

    Raises
    ------
    ParameterError
        For a number that is not finite, a variance that is not positive, either beyond 1e50 (a
        variance below 1e-50), or a set without a trial; the message names the position.
    """
    present = np.ones(effect.shape, dtype=bool) if mask is None else mask
    size = np.abs(effect)
    refuse_first(
        "effect", effect, present & ~(size <= LIMIT), "a finite number of magnitude up to 1e50"
    )
    within = (variance >= 1 / LIMIT) & (variance <= LIMIT)
    refuse_first(
        "variance", variance, present & ~within, "a finite positive number from 1e-50 to 1e50"
    )
    count = present.sum(axis=1)
    if (count == 0).any():
        row = int(np.flatnonzero(count == 0)[0])
        raise ParameterError(f"mask[{row}]", 0, "at least one trial in each set")
    filled_variance = np.where(present, variance, np.inf)
    filled_effect = np.where(present, effect, 0.0)
    order = np.lexsort((filled_effect, filled_variance), axis=1)
    sorted_variance = np.take_along_axis(filled_variance, order, axis=1)
    sorted_effect = np.take_along_axis(filled_effect, order, axis=1)
    shift = sorted_effect[:, 0].copy()
    centered = np.where(np.isfinite(sorted_variance), sorted_effect - shift[:, None], 0.0)
    return Sets(
        np.ascontiguousarray(centered.T),
        np.ascontiguousarray(sorted_variance.T),
        shift,
        count.astype(np.intp),
        order,
    )


def arrange_one(effect: Any, variance: Any) -> Sets:
    """Check the numbers of one set, given as two sequences, and arrange it.

    Raises
    ------
    ParameterError
        As `arrange`, and for sequences that are empty or not of one length.
    """
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    if effects.ndim != 1:
        raise ParameterError("effect", effects.shape, "a sequence of one number per trial")
    if variances.shape != effects.shape:
        raise ParameterError("variance", variances.shape, f"the shape of effect, {effects.shape}")
    if effects.size == 0:
        raise ParameterError("effect", [], "at least one trial")
    try:
        return arrange(effects[None, :], variances[None, :])
    except ParameterError as error:
        # The position in the sequence, not in the table of one row.
        name = error.name.replace("[0, ", "[")
        raise ParameterError(name, error.value, error.expected) from None


def magnitude(values: Floats) -> float:
    """Give the size of numbers, against which a difference may be one of rounding alone.

    Sums of numbers carry the rounding of the largest of them; below the smallest normal double
    they have fewer digits, down to none.
    """
    return max(float(np.abs(values).max()), float(np.finfo(np.float64).tiny))


def tied_ranks(values: Floats, tie: Floats | float) -> Floats:
    """Rank from 1, with the average rank for neighbors that differ by at most `tie`.

    Parameters
    ----------
    values : ndarray of shape (k,)
    tie : float or ndarray of shape (k,)
        Difference that rounding alone can give, of all values or of each.
    """
    order = np.argsort(values, kind="stable")
    each = np.broadcast_to(np.asarray(tie, dtype=np.float64), values.shape)[order]
    apart = np.diff(values[order]) > np.maximum(each[1:], each[:-1])
    group = np.concatenate([[0], np.cumsum(apart)])
    ranks = np.empty(values.size)
    average = np.bincount(group, np.arange(1.0, values.size + 1)) / np.bincount(group)
    ranks[order] = average[group]
    return ranks


@dataclass(frozen=True, slots=True)
class Moments:
    """Inverse-variance weights and what follows from them.

    Attributes
    ----------
    weight, residual : ndarray of shape (k, ...)
    total, mean : ndarray of shape (...)
        Sum of weights, weighted mean.
    """

    weight: Floats
    total: Floats
    mean: Floats
    residual: Floats

    @property
    def q(self) -> Floats:
        """Weighted sum of squared residuals, of shape (...)."""
        q: Floats = over_trials(self.weight * self.residual**2)
        return q

    @property
    def trace(self) -> Floats:
        """Trace of P = W - W 1 1'W / sum(w), free of cancellation.

        The first trial has the largest weight, so that only the others are subtracted from the
        total, and none of those is more than half of it.
        """
        others = self.weight[1:]
        rest = over_trials(others)
        # tr P = sum of w (sum w - w) / sum w
        pairs = over_trials(others * (self.total - others)) + self.weight[0] * rest
        trace: Floats = pairs / self.total
        return trace


def moments(effect: Floats, variance: Floats, tau2: Floats | float) -> Moments:
    """Weigh trials by 1 / (v + tau2); tau2 broadcasts against all axes but the first."""
    weight = 1 / (variance + tau2)
    total = over_trials(weight)
    mean = over_trials(weight * effect) / total
    return Moments(weight, total, mean, effect - mean)
