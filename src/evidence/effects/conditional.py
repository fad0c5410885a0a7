"""Fisher's conditional maximum likelihood estimate of an odds ratio."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from evidence.effects.checked import Array, plain, whole
from evidence.errors import ParameterError

_STEPS = 200
"""Newton needs about ten steps; bisection alone would need about sixty."""


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
    # away from the ends no cell is 0, so that the sample odds ratio can start the search
    log_ratio = math.log(a * (n_2 - c)) - math.log(c * (n_1 - a))
    below, above = -math.inf, math.inf
    for _ in range(_STEPS):
        mean, variance = _moments(x, log_weight + x * log_ratio)
        # the mean rises with the odds ratio: keep what is known of the root on either side
        below, above = (log_ratio, above) if mean < a else (below, log_ratio)
        step = (a - mean) / variance if variance > 0 else math.copysign(1.0, a - mean)
        ahead = log_ratio + min(max(step, -2.0), 2.0)
        if not below <= ahead <= above:
            ahead = (below + above) / 2
        if abs(ahead - log_ratio) <= 1e-15 * max(1.0, abs(ahead)):
            break
        log_ratio = ahead
    return math.exp(log_ratio)


def _moments(x: Array, log_weight: Array) -> tuple[float, float]:
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = float(weight @ x)
    return mean, float(weight @ (x - mean) ** 2)
