"""Between scales of effects, and what a standardized difference means in overlap.

All functions broadcast; scalars give Python floats. d is the difference in SDs, arm 1 minus arm 2.
A missing value, or one that is no finite number, raises `ParameterError`.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from evidence.errors import check_choice
from evidence.meta.effect_size import (
    Array,
    Effect,
    above,
    at_least,
    finite_effect,
    inside,
    large_sample_variance,
    numbers,
    plain,
)

Method = Literal["hasselblad_hedges", "cox"]
_FACTORS: dict[Method, float] = {
    # SD of the standard logistic distribution (Hasselblad and Hedges 1995, eq. 5)
    "hasselblad_hedges": math.pi / math.sqrt(3),
    # Cox and Snell 1989; Sanchez-Meca, Marin-Martinez and Chacon-Moscoso 2003, eq. 18
    "cox": 1.65,
}
"""Log odds ratio per SD."""


def d_from_b_and_sd(b: ArrayLike, sd: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Standardized mean difference from a coefficient in points and a named SD.

    Parameters
    ----------
    b : float or array
        Difference between the arms, in points; its sign is kept.
    sd : float or array
        SD of the scores, above 0, in points.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    Effect
        b / sd, with variance as `d_from_t`.

    Raises
    ------
    ParameterError
        For an SD of 0 or less, arms below 1, a missing value.

    Examples
    --------
    >>> d_from_b_and_sd(-6.0, 12.0, 40, 40).value
    -0.5
    """
    n_1, n_2 = at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    with np.errstate(over="ignore"):
        d = numbers("b", b) / above("sd", sd, 0)
        return finite_effect(d, large_sample_variance(d, n_1, n_2))


def d_from_odds_ratio(
    log_odds_ratio: ArrayLike, variance: ArrayLike, *, method: Method = "hasselblad_hedges"
) -> Effect:
    """Standardized mean difference behind an odds ratio of a cut continuous outcome.

    Parameters
    ----------
    log_odds_ratio : float or array
        Natural logarithm of the odds ratio; its sign is kept.
    variance : float or array
        Variance of the logarithm, 0 or more.
    method : {"hasselblad_hedges", "cox"}
        "hasselblad_hedges" takes the outcome as logistic and multiplies by sqrt(3) / pi; "cox"
        divides by 1.65.

    Returns
    -------
    Effect
        d and its variance.

    Raises
    ------
    ParameterError
        For a negative variance, a missing value, an unknown method.

    Examples
    --------
    >>> round(d_from_odds_ratio(math.log((3 / 27) / (2 / 28)), 0.9).value, 3)
    0.244
    """
    factor = _factor(method)
    value, spread = numbers("log_odds_ratio", log_odds_ratio), at_least("variance", variance, 0)
    return finite_effect(value / factor, spread / factor**2)


def odds_ratio_from_d(
    d: ArrayLike, variance: ArrayLike, *, method: Method = "hasselblad_hedges"
) -> Effect:
    """Logarithm of the odds ratio that a standardized mean difference corresponds to.

    Parameters
    ----------
    d : float or array
        Standardized mean difference; its sign is kept.
    variance : float or array
        Its variance, 0 or more.
    method : {"hasselblad_hedges", "cox"}
        As in `d_from_odds_ratio`.

    Returns
    -------
    Effect
        Logarithm of the odds ratio and its variance.

    Raises
    ------
    ParameterError
        For a negative variance, a missing value, an unknown method.

    Examples
    --------
    >>> round(math.exp(odds_ratio_from_d(0.5, 0.1).value), 2)
    2.48
    """
    factor = _factor(method)
    value, spread = numbers("d", d), at_least("variance", variance, 0)
    return finite_effect(value * factor, spread * factor**2)


def d_from_r(r: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Standardized mean difference from the point-biserial correlation of arm and outcome.

    Parameters
    ----------
    r : float or array
        Correlation, between -1 and 1; positive where arm 1 has the higher mean.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more and 3 or more together.

    Returns
    -------
    Effect
        d = sqrt(h) r / sqrt(1 - r^2) with h = (n_1 + n_2 - 2) (1/n_1 + 1/n_2), the exact inverse
        of the correlation for the pooled SD; with h = 4 it is right for large equal arms only.
        Variance 1/n_1 + 1/n_2 + d^2 / (2 (n_1 + n_2)).

    Raises
    ------
    ParameterError
        For r outside (-1, 1), arms below 1, a missing value.

    Examples
    --------
    >>> round(d_from_r(0.6, 20, 25).value, 6)
    1.475424
    """
    rho = inside("r", r, -1, 1)
    n_1, n_2, h = _arms(n_1, n_2)
    d = np.sqrt(h) * rho / np.sqrt(1 - rho**2)  # Jacobs and Viechtbauer 2017, eq. 5
    return finite_effect(d, large_sample_variance(d, n_1, n_2))


def r_from_d(d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Point-biserial correlation of arm and outcome from a standardized mean difference.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples; its sign is kept.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more and 3 or more together.

    Returns
    -------
    Effect
        r = d / sqrt(d^2 + h), h as in `d_from_r`, with the variance of d carried over by the
        delta method (arm sizes fixed by design).

    Raises
    ------
    ParameterError
        For arms below 1 or a missing value.

    Examples
    --------
    >>> round(r_from_d(0.2, 20, 25).value, 6)
    0.101144
    """
    d = numbers("d", d)
    n_1, n_2, h = _arms(n_1, n_2)
    # Jacobs and Viechtbauer 2017, eq. 5 and 6; the slope of r in d is h / (d^2 + h)^(3/2)
    total = d**2 + h
    return finite_effect(d / np.sqrt(total), h**2 / total**3 * large_sample_variance(d, n_1, n_2))


def _factor(method: Method) -> float:
    check_choice("method", method, _FACTORS)
    return _FACTORS[method]


def _arms(n_1: ArrayLike, n_2: ArrayLike) -> tuple[Array, Array, Array]:
    n_1, n_2 = at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    df = at_least("n_1 + n_2", n_1 + n_2, 3) - 2
    return n_1, n_2, np.asarray(df * (1 / n_1 + 1 / n_2))


def cohen_u1(d: ArrayLike) -> float | Array:
    """Share of both distributions taken together that does not overlap.

    Cohen (1988), Statistical power analysis, 2nd edition, section 2.2.

    Examples
    --------
    >>> round(cohen_u1(0.9), 3)
    0.516
    """
    u2 = ndtr(np.abs(numbers("d", d)) / 2)
    return plain((2 * u2 - 1) / u2)


def cohen_u2(d: ArrayLike) -> float | Array:
    """Share of one arm that exceeds the same share of the other.

    Cohen (1988), section 2.2.

    Examples
    --------
    >>> round(cohen_u2(0.9), 3)
    0.674
    """
    return plain(ndtr(numbers("d", d) / 2))


def cohen_u3(d: ArrayLike) -> float | Array:
    """Share of arm 2 that lies below the mean of arm 1.

    Cohen (1988), section 2.2.

    Examples
    --------
    >>> round(cohen_u3(0.9), 3)
    0.816
    """
    return plain(ndtr(numbers("d", d)))


def superiority_from_d(d: ArrayLike) -> float | Array:
    """Probability that a participant of arm 1 scores higher than one of arm 2.

    The common language effect size of McGraw and Wong (1992), Psychol Bull 111:361.

    Examples
    --------
    >>> round(superiority_from_d(0.9), 3)
    0.738
    """
    return plain(ndtr(numbers("d", d) / np.sqrt(2)))


def binomial_effect_size(d: ArrayLike) -> float | Array:
    """Success rate of arm 1 when the correlation of arm and outcome is shown as 50% plus or minus.

    The binomial effect size display of Rosenthal and Rubin (1982), J Educ Psychol 74:166, for equal
    arms. It is no risk of any event.

    Examples
    --------
    >>> round(binomial_effect_size(0.9), 3)
    0.705
    """
    d = numbers("d", d)
    return plain(0.5 + d / np.sqrt(d**2 + 4) / 2)


def points_from_d(d: ArrayLike, sd: ArrayLike) -> float | Array:
    """Difference in points of an instrument whose scores have this SD.

    Cochrane Handbook 2019, 15.5.3.2.

    Examples
    --------
    >>> points_from_d(0.9, 2.5)
    2.25
    """
    return plain(numbers("d", d) * above("sd", sd, 0))
