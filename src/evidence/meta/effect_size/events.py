"""Effects of two arms on an event: from counts, in absolute terms, and with missing outcomes.

Arm 1 is the intervention. Values compare arm 1 with arm 2 and are positive where the event is more
frequent in arm 1: the caller, who knows whether the event is good or bad, turns them so that
positive favors the intervention. Ratios are on the log scale. All functions broadcast; scalars give
Python floats.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size import Array, above, at_least, between, numbers, plain, whole
from evidence.meta.effect_size.association import (
    BinaryEffect,
    To,
    binary_effect,
    double_zeros,
    read_cells,
    with_constant,
)

HigherIs = Literal["worse", "better"]


@dataclass(frozen=True, slots=True)
class NumberNeededToTreat:
    """Number needed to treat for one more participant to benefit or be harmed (Altman 1998).

    Positive numbers are needed to treat for one more to benefit, negative ones for one more to be
    harmed; there is none between -1 and 1. Infinity is no difference. The interval runs from
    `favorable` through ever larger numbers; where it includes no difference it passes through
    infinity and ends among the harms.

    Attributes
    ----------
    number : float
        1 / risk difference.
    favorable, unfavorable : float
        Limits: the one that favors the intervention most, and least.
    through_infinity : bool
        Whether the interval includes no difference, so that it is not the range between its limits.
    """

    number: float
    favorable: float
    unfavorable: float
    through_infinity: bool

    @property
    def direction(self) -> Literal["benefit", "harm", "none"]:
        """Whom the estimate favors."""
        if math.isinf(self.number):
            return "none"
        return "benefit" if self.number > 0 else "harm"


class Counts(NamedTuple):
    """Participants of an arm with the event, and all of them."""

    events: float
    n: float


def combined_events(arms: Sequence[Counts]) -> Counts:
    """Combine arms into one, as if their participants had been in the same.

    Parameters
    ----------
    arms : sequence of Counts
        One or more.

    Returns
    -------
    Counts
        The sums; Cochrane Handbook 2019, 6.2.9.

    Raises
    ------
    ParameterError
        For no arm, counts that are not whole or negative, and more events than participants.

    Examples
    --------
    >>> combined_events([Counts(26, 27), Counts(22, 71)])
    Counts(events=48.0, n=98.0)
    """
    if not arms:
        raise ParameterError("arms", list(arms), "one or more arms")
    n = whole("n", [one.n for one in arms], 1)
    events = whole("events", [one.events for one in arms], 0)
    if (events > n).any():
        raise ParameterError("events", events.tolist(), "at most the participants of the arm")
    return Counts(float(events.sum()), float(n.sum()))


def number_needed_to_treat(difference: float, ci_low: float, ci_high: float) -> NumberNeededToTreat:
    """Derive the number needed to treat from a risk difference and its interval.

    Parameters
    ----------
    difference : float
        Risk difference as a fraction, from -1 to 1, positive where it favors the intervention.
    ci_low, ci_high : float
        Limits around it, as fractions. Limits beyond -1 or 1, which simple intervals can have,
        are taken as -1 or 1.

    Returns
    -------
    NumberNeededToTreat
        Reciprocals of estimate and limits (Altman 1998, p. 1310).

    Raises
    ------
    ParameterError
        For a difference outside -1 to 1 or outside its limits, a missing value.

    Examples
    --------
    >>> result = number_needed_to_treat(0.10, -0.05, 0.25)
    >>> result.number, result.favorable, result.unfavorable, result.through_infinity
    (10.0, 4.0, -20.0, True)
    """
    center = float(between("difference", difference, -1, 1))
    low, high = float(numbers("ci_low", ci_low)), float(numbers("ci_high", ci_high))
    at_least("difference - ci_low", center - low, 0)
    at_least("ci_high - difference", high - center, 0)
    return NumberNeededToTreat(
        number=_reciprocal(center),
        favorable=_reciprocal(min(high, 1.0)),
        unfavorable=_reciprocal(max(low, -1.0)),
        through_infinity=low <= 0 <= high,
    )


def difference_from_number_needed(number: float) -> float:
    """Return the risk difference behind a number needed to treat, or behind a limit of one.

    Parameters
    ----------
    number : float
        1 or more for benefit, -1 or less for harm, as printed.

    Returns
    -------
    float
        1 over the number (Altman 1998, p. 1310), from -1 to 1.

    Raises
    ------
    ParameterError
        For a number between -1 and 1, or missing.

    Examples
    --------
    >>> difference_from_number_needed(4.0)
    0.25
    """
    at_least("abs(number)", abs(float(numbers("number", number))), 1)
    return 1 / number


@dataclass(frozen=True, slots=True)
class ExpectedResponse:
    """Response expected from a normal distribution of scores; imputed, never observed.

    Attributes
    ----------
    proportion : float or ndarray
        Expected share of participants with a response.
    events : float or ndarray
        That share of the arm, not rounded.
    """

    proportion: float | Array
    events: float | Array


def response_from_means(
    mean: ArrayLike, sd: ArrayLike, n: ArrayLike, threshold: ArrayLike, higher_is: HigherIs
) -> ExpectedResponse:
    """Response expected in one arm from mean and SD, for absolute effects only.

    Parameters
    ----------
    mean, sd : float or array
        Mean and SD of the scores after treatment, in points; SD above 0.
    n : float or array
        Participants, 1 or more.
    threshold : float or array
        Score at which a participant counts as a responder, such as half the mean at baseline.
    higher_is : {"worse", "better"}
        With "worse" a responder scores at or below the threshold, with "better" at or above it.

    Returns
    -------
    ExpectedResponse
        Normal probability of a response (Furukawa et al. 2005) and that share of n. Scores that
        are skewed or bounded make it wrong, so ratios are not computed from it.

    Raises
    ------
    ParameterError
        For an SD of 0 or less, n below 1, a missing value, an unknown direction.

    Examples
    --------
    >>> round(response_from_means(12.6, 13.88, 35, 16.5, "worse").proportion, 3)
    0.611
    """
    check_choice("higher_is", higher_is, ("worse", "better"))
    distance = numbers("threshold", threshold) - numbers("mean", mean)
    sign = 1.0 if higher_is == "worse" else -1.0
    proportion = ndtr(sign * distance / above("sd", sd, 0))  # Furukawa et al. 2005, p. 50
    return ExpectedResponse(plain(proportion), plain(proportion * at_least("n", n, 1)))


def _reciprocal(value: float) -> float:
    return math.inf if value == 0 else 1.0 / value


EventIs = Literal["good", "bad"]


class Table(NamedTuple):
    """Events and participants of intervention (1) and comparator (2).

    It can be put in where counts are taken: ``log_odds_ratio(*table)``.
    """

    events_1: int
    n_1: int
    events_2: int
    n_2: int


class MissingScenarios(NamedTuple):
    """One table per assumption; only `observed` leaves the missing participants out.

    Attributes
    ----------
    observed : Table
        Participants with an outcome.
    missing_not_event, missing_event : Table
        All randomized; nobody missing had the event, or everybody.
    best, worst : Table
        All randomized; the missing of both arms did as favors the intervention most, or least.
    """

    observed: Table
    missing_not_event: Table
    missing_event: Table
    best: Table
    worst: Table


def missing_scenarios(
    events_1: int,
    n_observed_1: int,
    n_randomized_1: int,
    events_2: int,
    n_observed_2: int,
    n_randomized_2: int,
    *,
    event_is: EventIs = "good",
) -> MissingScenarios:
    """Tables for observed cases and for four assumptions about the missing.

    Parameters
    ----------
    events_1, events_2 : int
        Participants with the event in intervention and comparator.
    n_observed_1, n_observed_2 : int
        Participants with an outcome, 1 or more.
    n_randomized_1, n_randomized_2 : int
        Participants randomized, not below those observed.
    event_is : {"good", "bad"}
        Whether the event is one to be reached, such as recovery, or one to be avoided. With a
        good event the best case lets the missing of the intervention have it and those of the
        comparator not.

    Returns
    -------
    MissingScenarios
        Scenarios after the Cochrane Handbook 2019, 10.12.3. Best and worst cases bound the effect;
        they are not likely.

    Raises
    ------
    ParameterError
        For counts that are not whole, events above those observed, fewer randomized than observed,
        a missing value.

    Examples
    --------
    >>> missing_scenarios(27, 31, 35, 15, 29, 31).missing_not_event
    Table(events_1=27, n_1=35, events_2=15, n_2=31)
    """
    check_choice("event_is", event_is, ("good", "bad"))
    a, seen_1, all_1 = _arm(1, events_1, n_observed_1, n_randomized_1)
    c, seen_2, all_2 = _arm(2, events_2, n_observed_2, n_randomized_2)
    more_1, more_2 = a + all_1 - seen_1, c + all_2 - seen_2
    only_1 = Table(more_1, all_1, c, all_2)
    only_2 = Table(a, all_1, more_2, all_2)
    good = event_is == "good"
    return MissingScenarios(
        observed=Table(a, seen_1, c, seen_2),
        missing_not_event=Table(a, all_1, c, all_2),
        missing_event=Table(more_1, all_1, more_2, all_2),
        best=only_1 if good else only_2,
        worst=only_2 if good else only_1,
    )


def _arm(number: int, events: int, observed: int, randomized: int) -> tuple[int, int, int]:
    had = int(whole(f"events_{number}", events, 0))
    seen = int(whole(f"n_observed_{number}", observed, max(had, 1)))
    return had, seen, int(whole(f"n_randomized_{number}", randomized, seen))


def log_odds_ratio(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Logarithm of the odds ratio.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells (Haldane 1956; Gart and Zweifel 1967), 0 or more.
    to : {"where_needed", "all"}
        "where_needed" corrects tables with a cell of 0 only.

    Returns
    -------
    BinaryEffect
        log(ad / (bc)), positive where the event is more frequent in arm 1, with variance
        1/a + 1/b + 1/c + 1/d (Woolf 1955).

    Raises
    ------
    ParameterError
        For events outside 0 to n, an arm below 1, a cell of 0 with `add` 0, a missing value.

    Examples
    --------
    >>> round(log_odds_ratio(27, 31, 15, 29).value, 3)
    1.841
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = np.any([cell == 0 for cell in cells], axis=0)
    (a, b, c, d), corrected = with_constant(cells, needed, add, to)
    value = np.log(a * d) - np.log(b * c)  # Woolf 1955
    return binary_effect(value, 1 / a + 1 / b + 1 / c + 1 / d, corrected, cells)


def log_risk_ratio(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
    to: To = "where_needed",
) -> BinaryEffect:
    """Logarithm of the risk ratio.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells, 0 or more.
    to : {"where_needed", "all"}
        "where_needed" corrects tables only where an arm has no event or both have nothing else.

    Returns
    -------
    BinaryEffect
        log(p_1 / p_2), positive where the event is more frequent in arm 1, with variance
        1/a - 1/n_1 + 1/c - 1/n_2 (Katz et al. 1978).

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(log_risk_ratio(2, 66, 4, 63).value, 3)
    -0.74
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = (cells[0] == 0) | (cells[2] == 0) | ((cells[1] == 0) & (cells[3] == 0))
    (a, b, c, d), corrected = with_constant(cells, needed, add, to)
    # Katz et al. 1978
    value = np.log(a * (c + d)) - np.log(c * (a + b))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return binary_effect(value, variance, corrected, cells)


def risk_difference(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    add: float = 0.5,
) -> BinaryEffect:
    """Risk difference.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.
    add : float
        Constant added to all four cells for the variance alone, and only where both arms have a
        risk of 0 or 1, which would make the variance 0.

    Returns
    -------
    BinaryEffect
        p_1 - p_2, never corrected, positive where the event is more frequent in arm 1, with
        variance p_1 (1 - p_1) / n_1 + p_2 (1 - p_2) / n_2.

    Raises
    ------
    ParameterError
        As `log_odds_ratio`.

    Examples
    --------
    >>> round(risk_difference(27, 31, 15, 29).value, 3)
    0.354
    """
    cells = read_cells(events_1, n_1, events_2, n_2)
    needed = ((cells[0] == 0) | (cells[1] == 0)) & ((cells[2] == 0) | (cells[3] == 0))
    (a, b, c, d), corrected = with_constant(cells, needed, add, "where_needed")
    value = cells[0] / (cells[0] + cells[1]) - cells[2] / (cells[2] + cells[3])
    # Borenstein et al. 2009, eq. 5.19
    return binary_effect(value, a * b / (a + b) ** 3 + c * d / (c + d) ** 3, corrected, cells)


def arcsine_difference(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> BinaryEffect:
    """Difference of the arcsines of the square roots of the risks; needs no constant.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    BinaryEffect
        asin(sqrt(p_1)) - asin(sqrt(p_2)), positive where the event is more frequent in arm 1, with
        variance 1 / (4 n_1) + 1 / (4 n_2) (Rücker et al. 2009, section 2).

    Raises
    ------
    ParameterError
        For events outside 0 to n, an arm below 1, a missing value.

    Examples
    --------
    >>> round(arcsine_difference(2, 66, 4, 63).value, 3)
    -0.08
    """
    a, b, c, d = cells = read_cells(events_1, n_1, events_2, n_2)
    # Rücker et al. 2009, section 2
    value = np.arcsin(np.sqrt(a / (a + b))) - np.arcsin(np.sqrt(c / (c + d)))
    return binary_effect(
        value, 1 / (4 * (a + b)) + 1 / (4 * (c + d)), np.zeros_like(a, bool), cells
    )


def peto_log_odds_ratio(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> BinaryEffect:
    """Logarithm of the odds ratio by Peto's one-step method, for rare events.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    BinaryEffect
        (O - E) / V, positive where the event is more frequent in arm 1, with variance 1 / V
        (Yusuf et al. 1985, appendix).

    Raises
    ------
    ParameterError
        For tables without any event or with nothing else, on which the method is silent, and as
        `arcsine_difference`.

    Examples
    --------
    >>> round(peto_log_odds_ratio(2, 66, 4, 63).value, 3)
    -0.743
    """
    a, b, c, d = cells = read_cells(events_1, n_1, events_2, n_2)
    total, events = a + b + c + d, a + c
    if np.any(double_zeros(cells)):
        expected = "a participant with the event and one without, in the two arms together"
        raise ParameterError("events_1 + events_2", float(events[double_zeros(cells)][0]), expected)
    # Yusuf et al. 1985: observed minus expected, and the hypergeometric variance
    expected_1 = events * (a + b) / total
    v = expected_1 * (total - events) / total * (c + d) / (total - 1)
    return binary_effect((a - expected_1) / v, 1 / v, np.zeros_like(a, bool), cells)


def sample_odds_ratio(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike
) -> float | Array:
    """Odds ratio of the table as it is.

    Parameters
    ----------
    events_1, events_2 : float or array
        Participants with the event, from 0 to the size of the arm.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    float or ndarray
        ad / (bc), on the ratio scale, without a constant: 0 and infinity where cells are 0.

    Raises
    ------
    ParameterError
        For tables with both products 0, events outside 0 to n, an arm below 1, a missing value.

    Examples
    --------
    >>> round(sample_odds_ratio(21, 30, 9, 26), 3)
    4.407
    """
    a, b, c, d = read_cells(events_1, n_1, events_2, n_2)
    above, below = a * d, b * c
    if np.any((above == 0) & (below == 0)):
        raise ParameterError("events_1 + events_2", 0.0, "tables that give an odds ratio")
    with np.errstate(divide="ignore"):
        return plain(above / below)
