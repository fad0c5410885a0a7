"""Fisher's conditional maximum likelihood estimate of an odds ratio."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from evidence.effects.checked import Array, plain, whole
from evidence.errors import ParameterError

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
