"""Intervals of a proportion by every formula that sources use, by name."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.special import betainc, betaincinv, ndtri, stdtrit

from evidence.errors import check_choice
from evidence.meta.effect_size import inside, numbers
from evidence.meta.reconstruction.decimals import Floats, Mask, Range

_BISECTIONS = 45

_CONTAINING = 0.8
"""From this level on the proportion itself lies inside its interval by every formula."""

_MARGIN = 1e-6
"""For sieves, in percent: wider than any error of the limits that decide afterwards."""


def proportion_interval(
    formula: str, events: Floats, n: Floats, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Interval of a proportion by a named formula.

    Parameters
    ----------
    formula : str
        One of `FORMULAS`.
    events, n : float or array
        Participants with the event, of how many.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits as proportions; Wald limits can lie outside 0 to 1. NaN where the
        formula has no value (t with one participant, logit without or with all events).

    Raises
    ------
    ParameterError
        For an unknown formula, a level outside 0 to 1, events outside 0 to n.

    Notes
    -----
    Wald: Brown, Cai and DasGupta 2001, eq. 1; with t and n - 1 it is the interval of the mean of
    zeros and ones that packages print for any mean. Agresti-Coull: Agresti and Coull 1998.
    Wilson with and without correction: Newcombe 1998, methods 3 and 4; corrected Wald: method 2;
    Clopper-Pearson and mid-P: methods 5 and 6. Jeffreys, logit, arcsine: Brown, Cai and DasGupta
    2001, section 4.

    Examples
    --------
    >>> low, high = proportion_interval("wald_t_n_minus_1", 21, 30)
    >>> round(float(low), 3), round(float(high), 3)
    (0.526, 0.874)
    """
    check_choice("formula", formula, FORMULAS)
    inside("level", level, 0, 1)
    n = numbers("n", n)
    events = numbers("events", events)
    inside("events", events, -0.5, float(np.max(n, initial=0)) + 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        events, n = np.broadcast_arrays(events, n)
        return FORMULAS[formula](events, n, level)


def limits_inside(
    formula: str,
    events: Floats,
    n: Floats,
    *,
    level: float,
    low: Range | None,
    high: Range | None,
) -> Mask:
    """Whether printed limits are those of a formula.

    Parameters
    ----------
    formula : str
        One of `FORMULAS`.
    events, n : array
        Candidate counts.
    level : float
        Level of the interval.
    low, high : Range, optional
        Range of each printed limit, in percent; None where it is not printed or not trusted.

    Returns
    -------
    ndarray of bool
        True where each printed limit holds the computed one, as it is or cut at 0 and 100.
    """
    fits = np.ones(events.shape, dtype=np.bool_)
    if level >= _CONTAINING:
        # every formula gives limits on either side of the proportion
        if low is not None:
            fits &= 100 * events / n >= low.ends[0] - _MARGIN
        if high is not None:
            fits &= 100 * events / n <= high.ends[1] + _MARGIN
    if formula == "mid_p":
        # Both limits lie between those of Clopper-Pearson for neighboring counts: only the
        # candidates where that bracket meets the printed range are worth a bisection.
        fits &= _mid_p_possible(events, n, level, low, high)
    at = np.flatnonzero(fits)
    if at.size:
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = FORMULAS[formula](events[at], n[at], level)
        fits[at] = _held(low, 100 * lower) & _held(high, 100 * upper)
    return fits


def _held(printed: Range | None, percent: Floats) -> Mask:
    if printed is None:
        return np.ones(percent.shape, dtype=np.bool_)
    return np.asarray(printed.holds(percent) | printed.holds(np.clip(percent, 0, 100)))


def _z(level: float) -> float:
    return float(ndtri((1 + level) / 2))


def _t(n: Floats, level: float) -> Floats:
    return np.asarray(stdtrit(np.where(n > 1, n - 1, np.nan), (1 + level) / 2))


def _around(p: Floats, half: Floats) -> tuple[Floats, Floats]:
    return p - half, p + half


def _wald_z(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    p = events / n
    return _around(p, _z(level) * np.sqrt(p * (1 - p) / n))  # Brown et al. 2001, eq. 1


def _wald_z_n_minus_1(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    p = events / n
    return _around(p, _z(level) * np.sqrt(p * (1 - p) / (n - 1)))


def _wald_t(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    p = events / n
    return _around(p, _t(n, level) * np.sqrt(p * (1 - p) / n))


def _wald_t_n_minus_1(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    p = events / n
    # the SD of zeros and ones with n - 1 in its denominator is sqrt(n p (1 - p) / (n - 1))
    return _around(p, _t(n, level) * np.sqrt(p * (1 - p) / (n - 1)))


def _wald_corrected(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    p = events / n
    half = _z(level) * np.sqrt(p * (1 - p) / n) + 1 / (2 * n)  # Newcombe 1998, method 2
    return _around(p, half)


def _agresti_coull(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z = _z(level)
    wide = n + z**2
    p = (events + z**2 / 2) / wide  # Agresti and Coull 1998; Brown et al. 2001, eq. 5
    return _around(p, z * np.sqrt(p * (1 - p) / wide))


def _wilson(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z, p = _z(level), events / n
    root = z * np.sqrt(z**2 + 4 * n * p * (1 - p))  # Newcombe 1998, method 3
    middle, wide = 2 * n * p + z**2, 2 * (n + z**2)
    return (middle - root) / wide, (middle + root) / wide


def _wilson_corrected(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z, p = _z(level), events / n
    q = 1 - p
    middle, wide = 2 * n * p + z**2, 2 * (n + z**2)
    # Newcombe 1998, method 4; the limits are 0 without and 1 with all events
    lower = (middle - 1 - z * np.sqrt(z**2 - 2 - 1 / n + 4 * p * (n * q + 1))) / wide
    upper = (middle + 1 + z * np.sqrt(z**2 + 2 - 1 / n + 4 * p * (n * q - 1))) / wide
    return np.where(events == 0, 0.0, lower), np.where(events == n, 1.0, upper)


def _clopper_pearson(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    inner = np.where(events > 0, events, 1.0)
    outer = np.where(events < n, n - events, 1.0)
    # Newcombe 1998, method 5, by quantiles of the beta distribution
    lower = betaincinv(inner, n - events + 1, tail)
    upper = betaincinv(events + 1, outer, 1 - tail)
    return np.where(events > 0, lower, 0.0), np.where(events < n, upper, 1.0)


def _at_least(events: Floats, n: Floats, p: Floats) -> Floats:
    """Probability of at least so many events."""
    usual = (events >= 1) & (events <= n)
    a, b = np.where(usual, events, 1.0), np.where(usual, n - events + 1, 1.0)
    return np.where(usual, betainc(a, b, p), np.where(events < 1, 1.0, 0.0))


def _mid_p(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    # Newcombe 1998, method 6: half the probability of the observed count is in each tail
    tail = (1 - level) / 2
    lower = _mid_p_quantile(events, n, tail, _neighbors(events, n, level)[0])
    upper = _mid_p_quantile(events, n, 1 - tail, _neighbors(events, n, level)[1])
    return np.where(events > 0, lower, 0.0), np.where(events < n, upper, 1.0)


def _neighbors(
    events: Floats, n: Floats, level: float
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Give exact limits that enclose each mid-P limit: those of the count and of its neighbor."""
    lower, upper = _clopper_pearson(events, n, level)
    lower_next, _ = _clopper_pearson(np.minimum(events + 1, n), n, level)
    _, upper_before = _clopper_pearson(np.maximum(events - 1, 0), n, level)
    lower_next = np.where(events < n, lower_next, 1.0)
    upper_before = np.where(events > 0, upper_before, 0.0)
    return (lower, lower_next), (upper_before, upper)


def _mid_p_quantile(
    events: Floats, n: Floats, target: float, between: tuple[Floats, Floats]
) -> Floats:
    low, high = between
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        reached = (_at_least(events, n, middle) + _at_least(events + 1, n, middle)) / 2 >= target
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.asarray((low + high) / 2)


def _mid_p_possible(
    events: Floats, n: Floats, level: float, low: Range | None, high: Range | None
) -> Mask:
    (lower, lower_next), (upper_before, upper) = _neighbors(events, n, level)
    fits = np.ones(events.shape, dtype=np.bool_)
    if low is not None:
        fits &= (100 * lower <= low.ends[1] + _MARGIN) & (100 * lower_next >= low.ends[0] - _MARGIN)
    if high is not None:
        fits &= (100 * upper_before <= high.ends[1] + _MARGIN) & (
            100 * upper >= high.ends[0] - _MARGIN
        )
    return np.asarray(fits)


def _jeffreys(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    a, b = events + 0.5, n - events + 0.5
    # Brown et al. 2001, eq. 8; 0 without and 1 with all events, as they propose
    lower = np.where(events > 0, betaincinv(a, b, tail), 0.0)
    return lower, np.where(events < n, betaincinv(a, b, 1 - tail), 1.0)


def _logit(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    middle = np.log(events / (n - events))
    half = _z(level) * np.sqrt(n / (events * (n - events)))  # Brown et al. 2001, 4.1.3
    lower, upper = 1 / (1 + np.exp(half - middle)), 1 / (1 + np.exp(-half - middle))
    inner = (events > 0) & (events < n)
    return np.where(inner, lower, np.nan), np.where(inner, upper, np.nan)


def _arcsine(events: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    middle = np.arcsin(np.sqrt(events / n))
    half = _z(level) / (2 * np.sqrt(n))  # delta method: the variance of arcsin(sqrt(p)) is 1/(4n)
    lower = np.sin(np.clip(middle - half, 0, np.pi / 2)) ** 2
    return lower, np.sin(np.clip(middle + half, 0, np.pi / 2)) ** 2


FORMULAS: Final[dict[str, Callable[[Floats, Floats, float], tuple[Floats, Floats]]]] = {
    "wald_z": _wald_z,
    "wald_z_n_minus_1": _wald_z_n_minus_1,
    "wald_t": _wald_t,
    "wald_t_n_minus_1": _wald_t_n_minus_1,
    "wald_corrected": _wald_corrected,
    "agresti_coull": _agresti_coull,
    "wilson": _wilson,
    "wilson_corrected": _wilson_corrected,
    "clopper_pearson": _clopper_pearson,
    "mid_p": _mid_p,
    "jeffreys": _jeffreys,
    "logit": _logit,
    "arcsine": _arcsine,
}
"""Formulas by name, the simplest first."""
