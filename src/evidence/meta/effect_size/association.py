"""Two arms and an event beyond ratios and differences of risks, and the table behind them.

Arm 1 is the intervention; values are positive where the event is more frequent in arm 1. All
functions broadcast; scalars give Python floats. Arguments and errors are those of
`evidence.meta.effect_size.events.log_odds_ratio`.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr, ndtri

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    finite_effect,
    numbers,
    plain,
    whole,
)

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
    check_choice("to", to, ("where_needed", "all"))
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


_HALVINGS = 60
"""Enough to bring a bracket of any table to the precision of a double."""


def conditional_odds_ratio(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> float | Array:
    """Odds ratio by conditional maximum likelihood, which goes with Fisher's exact test.

    Parameters
    ----------
    events_1, events_2 : int or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : int or array
        Participants of the arms, 1 or more.

    Returns
    -------
    float or ndarray
        Odds ratio, above 1 where the event is more frequent in arm 1, at which the noncentral
        hypergeometric mean of the events in arm 1 is the observed number (Fisher 1935; Cornfield
        1956, eq. 8). 0 and infinity at the ends of what the margins allow. It lies nearer to 1
        than the sample odds ratio.

    Raises
    ------
    ParameterError
        For counts that are not whole, events outside 0 to n, an arm below 1, a table whose margins
        allow no other table, a missing value.

    Examples
    --------
    >>> round(conditional_odds_ratio(3, 30, 2, 30), 2)
    1.54
    """
    a, n_1 = whole("events_1", events_1, 0), whole("n_1", n_1, 1)
    c, n_2 = whole("events_2", events_2, 0), whole("n_2", n_2, 1)
    whole("n_1 - events_1", n_1 - a, 0)
    whole("n_2 - events_2", n_2 - c, 0)
    tables = np.broadcast_arrays(a, n_1, c, n_2)
    found = [_estimate(*row) for row in np.stack(tables, axis=-1).reshape(-1, 4).tolist()]
    return plain(np.reshape(found, tables[0].shape))


def _estimate(a: float, n_1: float, c: float, n_2: float) -> float:
    events = a + c
    low, high = max(0.0, events - n_2), min(n_1, events)
    if low == high:
        raise ParameterError(
            "events_1 + events_2", events, "margins that allow more than one table"
        )
    if a in (low, high):
        return 0.0 if a == low else math.inf
    x = np.arange(low, high + 1)
    log_weight = -gammaln(x + 1) - gammaln(n_1 - x + 1)
    log_weight -= gammaln(events - x + 1) + gammaln(n_2 - events + x + 1)
    # away from the ends no cell is 0; the estimate lies between no effect and the sample odds ratio
    # (Mantel and Hankey 1975), and the mean rises with the odds ratio
    sample = math.log(a * (n_2 - c)) - math.log(c * (n_1 - a))
    below, above = min(sample, 0.0), max(sample, 0.0)
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        # Cornfield 1956, eq. 8; centered at a, so that few digits cancel
        log_terms = log_weight + (x - a) * middle
        weight = np.exp(log_terms - log_terms.max())
        if weight @ (x - a) < 0:
            below = middle
        else:
            above = middle
    return math.exp((below + above) / 2)


NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(64)
STEPS = 100
"""Enough for bisection alone to end at neighboring doubles."""


def phi_coefficient(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> BinaryEffect:
    """Correlation of arm and event.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : float or array
        Events and sizes of the arms; someone, but not everybody, has the event.

    Returns
    -------
    BinaryEffect
        phi with its large-sample variance under multinomial sampling (Yule 1912, J R Stat Soc
        75:579).

    Raises
    ------
    ParameterError
        For events outside 0 to n, an arm below 1, a table without events or without anybody who
        lacks it, a missing value.

    Examples
    --------
    >>> round(phi_coefficient(21, 30, 9, 26).value, 3)
    0.354
    """
    a, b, c, d = cells = read_cells(events_1, n_1, events_2, n_2)
    above("events_1 + events_2", a + c, 0)
    above("participants without the event", b + d, 0)
    n = a + b + c + d
    arms, outcomes = (a + b) * (c + d), (a + c) * (b + d)
    # Rounding can pass 1, where the variance is 0.
    phi = np.clip((a * d - b * c) / np.sqrt(arms) / np.sqrt(outcomes), -1, 1)
    # differences of margins in units of their geometric means
    arm, outcome = (a + b - c - d) / np.sqrt(arms), (a + c - b - d) / np.sqrt(outcomes)
    variance = (
        1 - phi**2 + phi * (1 + phi**2 / 2) * arm * outcome - 0.75 * phi**2 * (arm**2 + outcome**2)
    ) / n
    return binary_effect(phi, np.maximum(variance, 0.0), np.zeros(phi.shape, bool), cells)


def yule_q(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Yule's Q, (OR - 1) / (OR + 1).

    Parameters
    ----------
    events_1, n_1, events_2, n_2, add, to
        As in `evidence.meta.effect_size.events.log_odds_ratio`.

    Returns
    -------
    BinaryEffect
        Q with variance (1 - Q^2)^2 / 4 times that of the log odds ratio (Yule 1912).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(yule_q(21, 30, 9, 26).value, 3)
    0.63
    """
    return _of_odds_ratio(read_cells(events_1, n_1, events_2, n_2), 2, add, to)


def yule_y(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Yule's Y, the coefficient of colligation, (sqrt OR - 1) / (sqrt OR + 1).

    Parameters
    ----------
    events_1, n_1, events_2, n_2, add, to
        As in `evidence.meta.effect_size.events.log_odds_ratio`.

    Returns
    -------
    BinaryEffect
        Y with variance (1 - Y^2)^2 / 16 times that of the log odds ratio (Yule 1912).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(yule_y(21, 30, 9, 26).value, 3)
    0.355
    """
    return _of_odds_ratio(read_cells(events_1, n_1, events_2, n_2), 4, add, to)


def probit_difference(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Difference of probits: a standardized mean difference of a dichotomized normal outcome.

    Parameters
    ----------
    events_1, n_1, events_2, n_2, add, to
        As in `evidence.meta.effect_size.events.log_odds_ratio`.

    Returns
    -------
    BinaryEffect
        z(p_1) - z(p_2) with variance 2 pi p (1 - p) exp(z^2) / n, summed over the arms
        (Sanchez-Meca, Marin-Martinez and Chacon-Moscoso 2003, Psychol Methods 8:448).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(probit_difference(21, 30, 9, 26).value, 3)
    0.92
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    (a, b, c, d), corrected = with_constant(cells, _any_zero(cells), add, to)
    z_1, z_2 = ndtri(a / (a + b)), ndtri(c / (c + d))
    variance = 2 * np.pi * _times_density(a, b, z_1) + 2 * np.pi * _times_density(c, d, z_2)
    return binary_effect(z_1 - z_2, variance, corrected, cells)


def tetrachoric_correlation(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Correlation of two normal variables that, dichotomized, give the table.

    Parameters
    ----------
    events_1, n_1, events_2, n_2, add, to
        As in `evidence.meta.effect_size.events.log_odds_ratio`.

    Returns
    -------
    BinaryEffect
        The maximum-likelihood estimate with its large-sample variance (Pearson 1900; Kirk 1973,
        Psychometrika 38:259).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(tetrachoric_correlation(21, 30, 9, 26).value, 3)
    0.528
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    (a, b, c, d), corrected = with_constant(cells, _any_zero(cells), add, to)
    n = a + b + c + d
    first, second, both = (a + b) / n, (a + c) / n, a / n
    h, k = ndtri(first), ndtri(second)
    rho = _correlation(h, k, both)
    complement = np.sqrt((1 - rho) * (1 + rho))
    density = np.exp(-(h**2 - 2 * rho * h * k + k**2) / (2 * complement**2)) / (
        2 * np.pi * complement
    )
    # rho solves P(h, k, rho) = a / n; its slopes in the margins, times the density
    of_first, of_second = ndtr((k - rho * h) / complement), ndtr((h - rho * k) / complement)
    # multinomial variance of a/n less both slopes times the margins
    gradient = (1 - of_first - of_second, -of_first, -of_second)
    mean = gradient[0] * both + gradient[1] * b / n + gradient[2] * c / n
    square = gradient[0] ** 2 * both + gradient[1] ** 2 * b / n + gradient[2] ** 2 * c / n
    return binary_effect(rho, (square - mean**2) / (n * density**2), corrected, cells)


def tetrachoric_from_log_odds_ratio(log_odds_ratio: ArrayLike) -> float | Array:
    """Approximate tetrachoric correlation of a log odds ratio: cos(pi / (1 + sqrt OR)).

    Parameters
    ----------
    log_odds_ratio : float or array
        Natural logarithm of the odds ratio.

    Returns
    -------
    float or ndarray
        Between -1 and 1 (Pearson 1900).

    Raises
    ------
    ParameterError
        For a missing value.

    Examples
    --------
    >>> round(tetrachoric_from_log_odds_ratio(0.9), 3)
    0.341
    """
    # 1 / (1 + sqrt OR) is one half at OR = 1; as a sine the value there is exactly 0
    return plain(np.sin(np.pi / 2 * np.tanh(numbers("log_odds_ratio", log_odds_ratio) / 4)))


def _any_zero(cells: Cells) -> Mask:
    return np.asarray(np.any([cell == 0 for cell in cells], axis=0))


def _of_odds_ratio(cells: Cells, divisor: int, add: float, to: To) -> BinaryEffect:
    """Take tanh of the log odds ratio over the divisor: Q with 2, Y with 4."""
    (a, b, c, d), corrected = with_constant(cells, _any_zero(cells), add, to)
    value = np.tanh((np.log(a * d) - np.log(b * c)) / divisor)
    variance = (1 - value**2) ** 2 / divisor**2 * (1 / a + 1 / b + 1 / c + 1 / d)
    return binary_effect(value, variance, corrected, cells)


def _times_density(events: Array, others: Array, z: Array) -> Array:
    n = events + others
    return np.asarray(events / n * (others / n) * np.exp(z**2) / n)


def _correlation(h: Array, k: Array, both: Array) -> Array:
    """Solve P(X < h, Y < k) = both for the correlation of X and Y.

    Its sine is the variable of Sheppard's integral: P = P(h) P(k) + the integral from 0 to the
    angle of exp(-(h^2 + k^2 - 2 h k sin t) / (2 cos^2 t)) / (2 pi).
    """
    target = both - ndtr(h) * ndtr(k)
    low, high = np.full(h.shape, -np.pi / 2), np.full(h.shape, np.pi / 2)
    angle = np.zeros(h.shape)
    for _ in range(STEPS):
        points = angle[..., None] * (NODES + 1) / 2
        excess = angle / 2 * (_density(h[..., None], k[..., None], points) @ NODE_WEIGHTS) - target
        low, high = np.where(excess < 0, angle, low), np.where(excess < 0, high, angle)
        with np.errstate(all="ignore"):
            newton = angle - excess / _density(h, k, angle)
        following = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
        if np.all(np.abs(following - angle) <= 1e-15):
            break
        angle = following
    return np.asarray(np.sin(angle))


def _density(h: Array, k: Array, angle: Array) -> Array:
    square = h**2 + k**2 - 2 * h * k * np.sin(angle)
    return np.asarray(np.exp(-square / (2 * np.cos(angle) ** 2)) / (2 * np.pi))


RateScale = Literal["raw", "log", "root", "freeman_tukey"]
RateComparison = Literal["log_ratio", "difference", "root_difference"]
"""Events per person-time. Counts are of events, which one person can have more than once; time is
the sum over participants, in any unit, the same in all trials."""


def rate(
    events: ArrayLike, time: ArrayLike, *, scale: RateScale = "log", add: float = 0.5
) -> Effect:
    """Give a rate per unit of time on a scale for pooling.

    Parameters
    ----------
    events : float or array
        Whole numbers of 0 or more.
    time : float or array
        Person-time, above 0.
    scale : {"raw", "log", "root", "freeman_tukey"}
        IR, IRLN, IRS and IRFT of metafor: x / t with variance x / t^2; its logarithm, 1 / x; its
        root, 1 / (4 t); the mean of the roots of x / t and (x + 1) / t, 1 / (4 t).
    add : float
        Added to a count of 0 on the scales "raw" and "log".

    Returns
    -------
    Effect

    Raises
    ------
    ParameterError
        For counts that are not whole, times that are not above 0, and a logarithm of 0.

    Notes
    -----
    Hasselblad and McCrory (1995), Med Decis Making 15:81; Freeman and Tukey (1950).

    Examples
    --------
    >>> found = rate(7, 1344, scale="log")
    >>> round(found.value, 3), round(found.variance, 3)
    (-5.257, 0.143)
    """
    check_choice("scale", scale, ("raw", "log", "root", "freeman_tukey"))
    x, t = whole("events", events, 0), above("time", time, 0)
    if scale in ("raw", "log"):
        x = x + at_least("add", add, 0) * (x == 0)
    if scale == "log":
        x = above("events", x, 0)
    value, variance = _of_counts(x, t, scale)
    return finite_effect(value, variance)


def rate_comparison(
    events_1: ArrayLike,
    time_1: ArrayLike,
    events_2: ArrayLike,
    time_2: ArrayLike,
    *,
    measure: RateComparison = "log_ratio",
    add: float = 0.5,
) -> Effect:
    """Compare the rates of two arms.

    Parameters
    ----------
    events_1, time_1, events_2, time_2 : float or array
        As in `rate`, of both arms.
    measure : {"log_ratio", "difference", "root_difference"}
        IRR (logarithm), IRD and IRSD of metafor.
    add : float
        Added to both counts where one of them is 0, but for "root_difference".

    Returns
    -------
    Effect

    Raises
    ------
    ParameterError
        As `rate`.

    Examples
    --------
    >>> found = rate_comparison(7, 1344, 11, 1988)
    >>> round(found.value, 3), round(found.variance, 3)
    (-0.061, 0.234)
    """
    check_choice("measure", measure, ("log_ratio", "difference", "root_difference"))
    x_1, t_1 = whole("events_1", events_1, 0), above("time_1", time_1, 0)
    x_2, t_2 = whole("events_2", events_2, 0), above("time_2", time_2, 0)
    if measure != "root_difference":
        constant: Array = at_least("add", add, 0) * ((x_1 == 0) | (x_2 == 0))
        x_1, x_2 = x_1 + constant, x_2 + constant
    scale: RateScale = "root"
    if measure == "log_ratio":
        x_1, x_2, scale = above("events_1", x_1, 0), above("events_2", x_2, 0), "log"
    elif measure == "difference":
        scale = "raw"
    first, second = (_of_counts(x, t, scale) for x, t in ((x_1, t_1), (x_2, t_2)))
    return finite_effect(first[0] - second[0], first[1] + second[1])


def _of_counts(x: Array, t: Array, scale: RateScale) -> tuple[Array, Array]:
    """Value and variance of counts to which the constant has been added."""
    if scale == "raw":
        return x / t, x / t**2
    if scale == "log":
        return np.log(x / t), 1 / x
    root = np.sqrt(x / t)
    if scale == "freeman_tukey":
        root = (root + np.sqrt((x + 1) / t)) / 2
    return root, 1 / (4 * t)
