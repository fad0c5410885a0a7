"""Events per person-time, of one group and of two arms, with their sampling variances.

Counts are of events, which one person can have more than once; time is the sum over participants,
in any unit, the same in all trials. Values compare arm 1 with arm 2 and are positive where events
are more frequent in arm 1: the caller, who knows whether the event is good or bad, turns them.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evidence.errors import check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    finite_effect,
    whole,
)

RateScale = Literal["raw", "log", "root", "freeman_tukey"]
Measure = Literal["log_ratio", "difference", "root_difference"]


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
    measure: Measure = "log_ratio",
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
