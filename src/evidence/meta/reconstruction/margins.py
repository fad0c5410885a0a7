"""One 2 by 2 table from its margins and a printed measure of association.

`evidence.meta.reconstruction` finds every table that fits printed numbers; here the margins are
known, so that the measure leaves one table, up to the rounding of its print.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evidence.errors import ParameterError
from evidence.meta.effect_size import Array, above, at_least, inside, plain, whole


@dataclass(frozen=True, slots=True)
class MarginTable:
    """Counts that margins and a measure lead to.

    Attributes
    ----------
    events_1, events_2 : float or ndarray
        Participants with the event in each arm, rounded to whole numbers.
    n_1, n_2 : float or ndarray
        Sizes of the arms, as given.
    solution : float or ndarray
        Events in arm 1 before rounding; far from a whole number, the measure was printed to few
        digits or the margins are not those of the table.
    """

    events_1: float | Array
    n_1: float | Array
    events_2: float | Array
    n_2: float | Array
    solution: float | Array


def table_from_odds_ratio(
    odds_ratio: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, events: ArrayLike
) -> MarginTable:
    """Find the table with this odds ratio and these margins.

    Parameters
    ----------
    odds_ratio : float or array
        Odds ratio of the event in arm 1 against arm 2, above 0.
    n_1, n_2 : float or array
        Sizes of the arms, 1 or more.
    events : float or array
        Participants with the event in both arms, above 0 and below n_1 + n_2.

    Returns
    -------
    MarginTable

    Raises
    ------
    ParameterError
        For an odds ratio of 0 or less, numbers that are not whole, events outside their bounds, a
        missing value.

    Notes
    -----
    The events a of arm 1 solve a (n_2 - events + a) = OR (n_1 - a) (events - a); the one root
    within the margins is taken (Bonett 2007, Am Psychol 62:254).

    Examples
    --------
    >>> found = table_from_odds_ratio(4.41, 30, 26, 30)
    >>> found.events_1, found.events_2
    (21.0, 9.0)
    """
    ratio = above("odds_ratio", odds_ratio, 0)
    n_1, n_2, total = _margins(n_1, n_2, events)
    # (OR - 1) a^2 - b a + OR n_1 events = 0, with both roots free of cancellation
    b = ratio * (n_1 + total) + (n_2 - total)
    root = np.sqrt(b**2 - 4 * (ratio - 1) * ratio * n_1 * total)
    return _table(2 * ratio * n_1 * total / (b + root), n_1, n_2, total)


def table_from_phi(
    phi: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, events: ArrayLike
) -> MarginTable:
    """Find the table with this phi coefficient and these margins.

    Parameters
    ----------
    phi : float or array
        Correlation of arm and event, between -1 and 1, positive where the event is more frequent
        in arm 1.
    n_1, n_2, events : float or array
        As in `table_from_odds_ratio`.

    Returns
    -------
    MarginTable

    Raises
    ------
    ParameterError
        As `table_from_odds_ratio`, and for a phi that the margins do not allow.

    Examples
    --------
    >>> found = table_from_phi(0.355, 30, 26, 30)
    >>> found.events_1, found.events_2
    (21.0, 9.0)
    """
    phi = inside("phi", phi, -1, 1)
    n_1, n_2, total = _margins(n_1, n_2, events)
    n = n_1 + n_2
    # phi = (a n - n_1 events) / sqrt(n_1 n_2 events (n - events))
    excess = phi * np.sqrt(n_1 * n_2 * total * (n - total)) / n
    return _table(n_1 * total / n + excess, n_1, n_2, total)


def table_from_chi2(
    chi2: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    events: ArrayLike,
    *,
    more_frequent_in_arm_1: bool,
    continuity_corrected: bool,
) -> MarginTable:
    """Find the table with this chi-square and these margins.

    Parameters
    ----------
    chi2 : float or array
        Chi-square with one degree of freedom, 0 or more.
    n_1, n_2, events : float or array
        As in `table_from_odds_ratio`.
    more_frequent_in_arm_1 : bool
        The direction, which chi-square does not tell.
    continuity_corrected : bool
        Whether the printed value was computed with Yates' correction.

    Returns
    -------
    MarginTable

    Raises
    ------
    ParameterError
        As `table_from_odds_ratio`, and for a chi-square that the margins do not allow.

    Examples
    --------
    >>> found = table_from_chi2(
    ...     7.04, 30, 26, 30, more_frequent_in_arm_1=True, continuity_corrected=False
    ... )
    >>> found.events_1, found.events_2
    (21.0, 9.0)
    """
    chi2 = at_least("chi2", chi2, 0)
    n_1, n_2, total = _margins(n_1, n_2, events)
    n = n_1 + n_2
    # chi2 = n |a d - b c|^2 / (product of margins), Yates: |a d - b c| - n / 2 in place of it
    difference = np.sqrt(chi2 * n_1 * n_2 * total * (n - total) / n)
    if continuity_corrected:
        difference = difference + n / 2
    sign = 1.0 if more_frequent_in_arm_1 else -1.0
    return _table((n_1 * total + sign * difference) / n, n_1, n_2, total)


def _margins(n_1: ArrayLike, n_2: ArrayLike, events: ArrayLike) -> tuple[Array, Array, Array]:
    n_1, n_2, total = whole("n_1", n_1, 1), whole("n_2", n_2, 1), whole("events", events, 1)
    at_least("n_1 + n_2 - events", n_1 + n_2 - total, 1)
    return n_1, n_2, total


def _table(solution: Array, n_1: Array, n_2: Array, total: Array) -> MarginTable:
    solution, n_1, n_2, total = np.broadcast_arrays(solution, n_1, n_2, total)
    events_1 = np.rint(solution)
    events_2 = total - events_1
    impossible = (events_1 < 0) | (events_2 < 0) | (events_1 > n_1) | (events_2 > n_2)
    if impossible.any():
        raise ParameterError(
            "events_1",
            float(solution[impossible][0]),
            "a table within its margins, which this measure and these margins do not give",
        )
    return MarginTable(
        events_1=plain(events_1),
        n_1=plain(n_1.copy()),
        events_2=plain(events_2),
        n_2=plain(n_2.copy()),
        solution=plain(solution.copy()),
    )
