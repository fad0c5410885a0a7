"""Absolute effects: number needed to treat, response expected from means and SDs."""

import math
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike
from scipy.special import ndtr

from evidence.effects.checked import Array, above, at_least, between, choice, numbers, plain

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
    choice("higher_is", higher_is, ("worse", "better"))
    distance = numbers("threshold", threshold) - numbers("mean", mean)
    sign = 1.0 if higher_is == "worse" else -1.0
    proportion = ndtr(sign * distance / above("sd", sd, 0))  # Furukawa et al. 2005, p. 50
    return ExpectedResponse(plain(proportion), plain(proportion * at_least("n", n, 1)))


def _reciprocal(value: float) -> float:
    return math.inf if value == 0 else 1.0 / value
