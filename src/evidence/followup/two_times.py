"""One comparison at two times: its change, what is left of it, and contrasts with a shared arm.

All effects are positive where they favor the intervention; ratios are on the log scale. Nothing
here knows how two estimates of the same participants correlate: the correlation is an argument.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from evidence.effects.checked import at_least, between, finite_effect, inside
from evidence.effects.effect import Effect


class Fraction(NamedTuple):
    """A ratio of two effects with its interval.

    Attributes
    ----------
    value, low, high : float
        1 where nothing was lost, 0 where nothing is left, below 0 where the effect turned.
    """

    value: float
    low: float
    high: float


def change_from_post(post: Effect, follow_up: Effect, correlation: float) -> Effect:
    """Change of an effect after the end of treatment.

    Parameters
    ----------
    post, follow_up : Effect
        The same comparison at both times; ratios on the log scale.
    correlation : float
        Correlation of the two estimates, from -1 to 1.

    Returns
    -------
    Effect
        Follow-up minus post, below 0 where the effect shrank, with variance
        v1 + v2 - 2 r sqrt(v1 v2) (Borenstein et al. 2009, chapter 24, on time-points within a
        study). With log ratios it is the log of the ratio of the two ratios, and the variances are
        those of the delta method (Altman and Bland 2003 for uncorrelated ones).

    Raises
    ------
    ParameterError
        For a correlation outside -1 to 1, a negative or missing variance.

    Examples
    --------
    >>> change_from_post(Effect(5.0, 4.0), Effect(2.0, 4.0), 0.5)
    Effect(value=-3.0, variance=4.0)
    """
    before, after, covariance = _moments(post, follow_up, correlation)
    # Borenstein et al. 2009, chapter 24: a change of a correlated pair
    variance = before + after - 2 * covariance
    # With a correlation of 1 and equal variances the sum can fall below 0 by its last digit.
    return finite_effect(np.asarray(follow_up.value - post.value), np.maximum(variance, 0.0))


def retained_fraction(
    post: Effect, follow_up: Effect, correlation: float, *, level: float = 0.95
) -> Fraction | None:
    """Fraction of an effect that is left at follow-up, with its Fieller interval.

    Parameters
    ----------
    post, follow_up : Effect
        The same comparison at both times; ratios on the log scale.
    correlation : float
        Correlation of the two estimates, from -1 to 1.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    Fraction or None
        Follow-up over post. The interval holds every fraction f for which
        follow-up - f post is compatible with 0 (Fieller 1954). It is None where the effect at post
        is not further from 0 than the quantile of the level times its standard error: then the
        interval has no end, and a fraction of nearly nothing means nothing.

    Raises
    ------
    ParameterError
        For a level outside 0 to 1, and as `change_from_post`.

    Examples
    --------
    >>> fraction = retained_fraction(Effect(10.0, 4.0), Effect(5.0, 4.0), 0.5)
    >>> round(fraction.value, 2), round(fraction.low, 2), round(fraction.high, 2)
    (0.5, 0.13, 0.87)
    """
    z = float(ndtri((1 + inside("level", level, 0, 1)) / 2))
    before, after, covariance = _moments(post, follow_up, correlation)
    first, last = float(post.value), float(follow_up.value)
    # Fieller 1954: (last - f first)^2 <= z^2 (after - 2 f covariance + f^2 before), solved for f
    square = first**2 - z**2 * before
    if square <= 0:
        return None
    half = first * last - z**2 * covariance
    constant = last**2 - z**2 * after
    root = max(half**2 - square * constant, 0.0) ** 0.5
    return Fraction(last / first, (half - root) / square, (half + root) / square)


def between_treatments(
    one: Effect, two: Effect, n_one: float, n_two: float, n_shared: float
) -> Effect:
    """Difference between two treatments that were each compared with the same arm.

    Parameters
    ----------
    one, two : Effect
        Differences of each treatment from the shared arm, in points, positive where they favor
        the treatment.
    n_one, n_two, n_shared : float
        Participants of the three arms, 1 or more.

    Returns
    -------
    Effect
        One minus two. The covariance of the two contrasts is the variance of the shared arm
        (Franchini et al. 2012): with equal variances per participant they correlate at
        (1/n_shared) / sqrt((1/n_one + 1/n_shared) (1/n_two + 1/n_shared)), which is 0.5 for equal
        arms.

    Raises
    ------
    ParameterError
        For arms below 1, a negative or missing variance.

    Examples
    --------
    >>> between_treatments(Effect(5.0, 4.0), Effect(3.0, 4.0), 30, 30, 30)
    Effect(value=2.0, variance=4.0)
    """
    shared = 1 / at_least("n_shared", n_shared, 1)
    first = 1 / at_least("n_one", n_one, 1) + shared
    second = 1 / at_least("n_two", n_two, 1) + shared
    # Franchini et al. 2012: contrasts with a common arm covary by the variance of its mean
    return change_from_post(two, one, float(shared / np.sqrt(first * second)))


def _moments(post: Effect, follow_up: Effect, correlation: float) -> tuple[float, float, float]:
    before = float(at_least("post.variance", post.variance, 0))
    after = float(at_least("follow_up.variance", follow_up.variance, 0))
    r = float(between("correlation", correlation, -1, 1))
    return before, after, r * (before * after) ** 0.5
