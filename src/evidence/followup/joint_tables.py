"""What the margins of an event at two times allow: who stays recovered, and how times correlate.

Sources print how many recovered at each time, never how many of the same people. Fréchet (1951)
and Hoeffding (1940) bound every joint table by its margins.
"""

from collections.abc import Callable
from typing import NamedTuple

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import between, whole
from evidence.meta.effect_size.events import Table


class Bounds(NamedTuple):
    """Least and greatest value that any joint table allows."""

    low: float
    high: float

    def nearest(self, value: float) -> float:
        """Return the value, or the bound that it lies beyond."""
        return min(max(value, self.low), self.high)


def joint_probability(first: float, second: float) -> Bounds:
    """Bounds on the probability of an event at both of two times.

    Parameters
    ----------
    first, second : float
        Probability at each time, from 0 to 1.

    Returns
    -------
    Bounds
        max(0, p1 + p2 - 1) and min(p1, p2) (Fréchet 1951; Hoeffding 1940).

    Raises
    ------
    ParameterError
        For a probability outside 0 to 1.

    Examples
    --------
    >>> joint_probability(0.75, 0.5)
    Bounds(low=0.25, high=0.5)
    """
    one, two = float(between("first", first, 0, 1)), float(between("second", second, 0, 1))
    return Bounds(max(0.0, one + two - 1), min(one, two))  # Fréchet 1951


def staying_share(post: float, follow_up: float) -> Bounds:
    """Bounds on the share of those recovered at post who are recovered at follow-up.

    Parameters
    ----------
    post, follow_up : float
        Proportion recovered at each time, taken as those of the same people; post above 0.

    Returns
    -------
    Bounds
        From 0 to 1.

    Raises
    ------
    ParameterError
        For a proportion outside 0 to 1, or 0 at post.

    Examples
    --------
    >>> low, high = staying_share(0.8, 0.6)
    >>> round(low, 3), round(high, 3)
    (0.5, 0.75)
    """
    both = joint_probability(post, follow_up)
    if post == 0:
        raise ParameterError("post", post, "above 0")
    return Bounds(both.low / post, both.high / post)


def staying_count(recovered_post: int, recovered_follow_up: int, n_randomized: int) -> Bounds:
    """Bounds on how many were seen recovered at both times, over all joint tables of an arm.

    Parameters
    ----------
    recovered_post, recovered_follow_up : int
        Participants seen recovered at each time.
    n_randomized : int
        Participants of the arm; who is missing at which time is left open.

    Returns
    -------
    Bounds
        Whole numbers.

    Raises
    ------
    ParameterError
        For counts that are not whole or above the size of the arm.

    Examples
    --------
    >>> staying_count(27, 21, 35)
    Bounds(low=13, high=21)
    """
    one = int(whole("recovered_post", recovered_post, 0))
    two = int(whole("recovered_follow_up", recovered_follow_up, 0))
    n = int(whole("n_randomized", n_randomized, max(one, two)))
    return Bounds(max(0, one + two - n), min(one, two))  # Fréchet 1951, in counts


def correlation_of_events(first: float, second: float) -> Bounds:
    """Bounds on the correlation of an event at two times.

    Parameters
    ----------
    first, second : float
        Probability at each time, from 0 to 1.

    Returns
    -------
    Bounds
        Covariance over the product of the SDs of two binary variables with these margins. Both are
        0 where one of the margins is 0 or 1: such an event varies with nothing.

    Raises
    ------
    ParameterError
        For a probability outside 0 to 1.

    Examples
    --------
    >>> low, high = correlation_of_events(0.5, 0.8)
    >>> round(low, 3), round(high, 3)
    (-0.5, 0.5)
    """
    both = joint_probability(first, second)
    product = first * second
    sds = (first * (1 - first) * second * (1 - second)) ** 0.5
    if sds == 0:
        return Bounds(0.0, 0.0)
    return Bounds((both.low - product) / sds, (both.high - product) / sds)


def correlation_of_effects(post: Table, follow_up: Table, metric: str) -> Bounds:
    """Bounds on the correlation of two estimates of one effect on an event.

    Parameters
    ----------
    post, follow_up : Table
        Counts of both arms at each time.
    metric : {"log_odds_ratio", "log_risk_ratio", "risk_difference"}
        Scale of the effect.

    Returns
    -------
    Bounds
        Each arm adds the bound on its own correlation, times the share of participants seen at
        both times (at most the smaller n over the geometric mean of both), times its standard
        errors on the scale of the effect at both times by the delta method; the sum is divided by
        the standard errors of the effect. Half a participant is added to each cell of a table with
        a cell of 0.

    Raises
    ------
    ParameterError
        For an unknown metric or counts that are no table.

    Notes
    -----
    The proportions of an arm at two times have the covariance n_both / (n1 n2) times that of the
    event in one participant, which the margins bound. Those seen at both times are taken as a
    random part of the arm.

    Examples
    --------
    >>> low, high = correlation_of_effects(
    ...     Table(27, 31, 15, 29), Table(21, 30, 9, 26), "risk_difference"
    ... )
    >>> round(high, 3)
    0.626
    """
    check_choice("metric", metric, tuple(_ARM_VARIANCE))
    variance = _ARM_VARIANCE[metric]
    arms = [(_arm(post, arm), _arm(follow_up, arm)) for arm in (0, 1)]
    low = high = 0.0
    for (before, n_before), (after, n_after) in arms:
        bounds = correlation_of_events(before, after)
        seen_twice = (min(n_before, n_after) / max(n_before, n_after)) ** 0.5
        errors = (variance(before, n_before) * variance(after, n_after)) ** 0.5
        low += bounds.low * seen_twice * errors
        high += bounds.high * seen_twice * errors
    both_errors = (
        sum(variance(*before) for before, _ in arms) * sum(variance(*after) for _, after in arms)
    ) ** 0.5
    return Bounds(low / both_errors, high / both_errors)


def _arm(table: Table, arm: int) -> tuple[float, float]:
    """Return proportion and size of an arm, with half a participant where a cell is 0."""
    cells = (table.events_1, table.n_1 - table.events_1, table.events_2, table.n_2 - table.events_2)
    smallest = float(whole("participants of a cell", cells, 0).min())
    added = 0.5 if smallest == 0 else 0.0
    events, others = (cell + added for cell in cells[2 * arm : 2 * arm + 2])
    return events / (events + others), events + others


_ARM_VARIANCE: dict[str, Callable[[float, float], float]] = {
    # Woolf 1955; Katz et al. 1978; Borenstein et al. 2009, eq. 5.19: the part of one arm
    "log_odds_ratio": lambda p, n: 1 / (n * p * (1 - p)),
    "log_risk_ratio": lambda p, n: (1 - p) / (n * p),
    "risk_difference": lambda p, n: p * (1 - p) / n,
}
