"""What a printed p, interval or number says: z, standard error, range."""

import re
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from evidence.errors import ParameterError
from evidence.meta.effect_size import Array, above, at_least, inside, numbers, plain, two_sided_p

_PRINTED = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def z_from_p(p: ArrayLike) -> float | Array:
    """Magnitude of z from a two-sided p.

    Parameters
    ----------
    p : float or array
        Two-sided p, above 0 and up to 1.

    Returns
    -------
    float or ndarray
        Quantile of the standard normal distribution at 1 - p/2, 0 or more.

    Raises
    ------
    ParameterError
        For p of 0 or less, above 1, missing.

    Examples
    --------
    >>> round(z_from_p(0.05), 6)
    1.959964
    """
    return plain(np.abs(ndtri(two_sided_p(p) / 2)))


def se_from_interval(
    ci_low: ArrayLike, ci_high: ArrayLike, *, level: float = 0.95, df: ArrayLike | None = None
) -> float | Array:
    """Derive the standard error from the width of a symmetric interval.

    Parameters
    ----------
    ci_low, ci_high : float or array
        Limits, the lower below the upper; those of a ratio as logarithms.
    level : float
        Level of the interval, between 0 and 1.
    df : float or array, optional
        Degrees of freedom of a t interval; without it the normal quantile.

    Returns
    -------
    float or ndarray
        (ci_high - ci_low) / (2 q) (Cochrane Handbook 2019, 6.5.2.2), with q to the precision of a
        double: 1.959964 at level 0.95, where hand calculations take 1.96.

    Raises
    ------
    ParameterError
        For limits in the wrong order, a level outside (0, 1), df of 0 or less, a missing value.

    Examples
    --------
    >>> round(se_from_interval(-19.57, -6.84), 4)
    3.2475
    """
    width = numbers("ci_high", ci_high) - numbers("ci_low", ci_low)
    width = above("ci_high - ci_low", width, 0)
    tail = (1 - inside("level", level, 0, 1)) / 2
    quantile = np.abs(ndtri(tail) if df is None else stdtrit(above("df", df, 0), tail))
    return plain(width / (2 * quantile))  # Cochrane Handbook 2019, 6.5.2.2


def se_from_p(estimate: ArrayLike, p: ArrayLike, *, df: ArrayLike | None = None) -> float | Array:
    """Derive the standard error from an estimate and the two-sided p of its z or t.

    Parameters
    ----------
    estimate : float or array
        Difference or logarithm of a ratio, not 0.
    p : float or array
        Two-sided p, above 0 and below 1.
    df : float or array, optional
        Degrees of freedom of the t behind p; without it p is that of a z.

    Returns
    -------
    float or ndarray
        |estimate| / z (Cochrane Handbook 2019, 6.3.2), with df |estimate| / t (6.5.2.3).

    Raises
    ------
    ParameterError
        For an estimate of 0, p outside (0, 1), df of 0 or less, a missing value.

    Examples
    --------
    >>> round(se_from_p(-3.01, 0.003), 3)
    1.014
    >>> round(se_from_p(-3.9, 0.03, df=72), 3)
    1.762
    """
    size = above("abs(estimate)", np.abs(numbers("estimate", estimate)), 0)
    if df is None:
        return plain(size / np.asarray(z_from_p(inside("p", p, 0, 1))))
    t = np.abs(stdtrit(above("df", df, 0), inside("p", p, 0, 1) / 2))
    return plain(size / t)  # Cochrane Handbook 2019, 6.5.2.3


def sd_from_se(se: ArrayLike, n: ArrayLike) -> float | Array:
    """Derive the SD of the scores of one arm from the standard error of their mean.

    Parameters
    ----------
    se : float or array
        In points of the instrument, 0 or more.
    n : float or array
        Participants of the arm, 2 or more.

    Returns
    -------
    float or ndarray
        se sqrt(n) (Cochrane Handbook 2019, 6.5.2.2).

    Raises
    ------
    ParameterError
        For a negative standard error, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(sd_from_se(1.36, 38), 2)
    8.38
    """
    return plain(at_least("se", se, 0) * np.sqrt(at_least("n", n, 2)))


def sd_from_interval(
    ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> float | Array:
    """Derive the SD of the scores of one arm from the interval of their mean.

    Parameters
    ----------
    ci_low, ci_high : float or array
        Limits in points of the instrument, the lower below the upper.
    n : float or array
        Participants of the arm, 2 or more.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    float or ndarray
        sqrt(n) (ci_high - ci_low) / (2 t), with the t of n - 1 degrees of freedom (Cochrane
        Handbook 2019, 6.5.2.2).

    Raises
    ------
    ParameterError
        As `se_from_interval`, and for fewer than 2 participants.

    Examples
    --------
    >>> round(sd_from_interval(30.0, 34.2, 25), 2)
    5.09
    """
    size = at_least("n", n, 2)
    return sd_from_se(se_from_interval(ci_low, ci_high, level=level, df=size - 1), size)


def range_from_printed(text: str) -> tuple[float, float]:
    """Range of the numbers that a printed number can stand for.

    Parameters
    ----------
    text : str
        Digits as printed, with a decimal point where there is one: "0.003", "70.0", "-13.20".

    Returns
    -------
    tuple of float
        Half a unit of the last printed digit below and above; both ends belong to it, since
        sources round half up and half to even.

    Raises
    ------
    ParameterError
        For text that is not a plain decimal number.

    Examples
    --------
    >>> range_from_printed("0.003")
    (0.0025, 0.0035)
    """
    try:
        matched = _PRINTED.fullmatch(text)
    except TypeError:
        # a number has lost the digits that it was printed with
        matched = None
    if matched is None:
        raise ParameterError("text", text, "a decimal number as printed, such as '0.003'")
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return float(value - half), float(value + half)
