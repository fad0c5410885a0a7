"""Effect sizes of two arms from means, SDs and sizes.

Arm 1 is the intervention. Values are arm 1 minus arm 2 with the raw sign of the instrument: the
caller, who knows whether a higher score is worse, turns them so that positive favors the
intervention. All functions broadcast; scalars give Python floats.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from evidence.effects.checked import Array, above, at_least, choice, finite_effect, numbers, plain
from evidence.effects.effect import Effect
from evidence.errors import ParameterError

Convention = Literal["exact", "metapsy"]
CONVENTIONS: tuple[Convention, ...] = ("exact", "metapsy")

_SERIES_FROM_DF = 300
"""From here on differences of log gamma lose more digits than the series leaves out."""


def small_sample_correction(df: ArrayLike, *, convention: Convention = "exact") -> float | Array:
    """Correction J for the small-sample bias of a standardized effect.

    Parameters
    ----------
    df : float or array
        Degrees of freedom of the SD, above 1: n_1 + n_2 - 2 for two arms, n - 1 for one.
    convention : {"exact", "metapsy"}
        "exact" by the gamma function (Hedges 1981, eq. 6e); "metapsy" by the approximation
        1 - 3 / (4 df - 1), which for two arms is 1 - 3 / (4 N - 9) (Hedges 1981, eq. 6f).

    Returns
    -------
    float or ndarray
        Factor between 0 and 1 by which the effect is multiplied.

    Raises
    ------
    ParameterError
        For df of 1 or less, a missing value, an unknown convention.

    Examples
    --------
    >>> round(small_sample_correction(30), 6)
    0.974754
    """
    choice("convention", convention, CONVENTIONS)
    return plain(_correction(above("df", df, 1), convention))


def pooled_sd(sd_1: ArrayLike, n_1: ArrayLike, sd_2: ArrayLike, n_2: ArrayLike) -> float | Array:
    """Pooled SD of two arms.

    Parameters
    ----------
    sd_1, sd_2 : float or array
        SDs, 0 or more, in points of the instrument.
    n_1, n_2 : float or array
        Participants behind each SD, 2 or more.

    Returns
    -------
    float or ndarray
        sqrt(((n_1 - 1) sd_1^2 + (n_2 - 1) sd_2^2) / (n_1 + n_2 - 2)), Hedges 1981, eq. 3.

    Raises
    ------
    ParameterError
        For a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> pooled_sd(3.0, 11, 3.0, 21)
    3.0
    """
    sd_1, n_1 = at_least("sd_1", sd_1, 0), at_least("n_1", n_1, 2)
    sd_2, n_2 = at_least("sd_2", sd_2, 0), at_least("n_2", n_2, 2)
    return plain(_pooled(sd_1, n_1, sd_2, n_2))


def cohen_d(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> Effect:
    """Standardized mean difference by the pooled SD, not corrected for small samples.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more and not both 0.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.

    Returns
    -------
    Effect
        d = (mean_1 - mean_2) / pooled SD, raw sign, with variance
        1/n_1 + 1/n_2 + d^2 / (2 (n_1 + n_2)) (Hedges and Olkin 1985, p. 86, eq. 14).

    Raises
    ------
    ParameterError
        For a negative SD, a pooled SD of 0, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(cohen_d(12.5, 7.2, 11, 19.4, 5.2, 9).value, 2)
    -1.08
    """
    d, n_1, n_2 = _standardized(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    return finite_effect(d, _large_sample_variance(d, n_1, n_2))


def hedges_g(
    d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, *, convention: Convention = "exact"
) -> Effect:
    """Hedges' g from an uncorrected standardized mean difference, as where d alone is printed.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples.
    n_1, n_2 : float or array
        Participants behind it, 1 or more per arm and 4 or more together.
    convention : {"exact", "metapsy"}
        As in `standardized_mean_difference`.

    Returns
    -------
    Effect
        g with the sign of d.

    Raises
    ------
    ParameterError
        For arms below 1 or below 4 together, a missing value, an unknown convention.

    Examples
    --------
    >>> round(hedges_g(1.08, 11, 9).value, 4)
    1.0343
    """
    choice("convention", convention, CONVENTIONS)
    d, n_1, n_2 = numbers("d", d), at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    return _corrected(d, n_1, n_2, convention)


def standardized_mean_difference(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    convention: Convention = "exact",
) -> Effect:
    """Standardized mean difference corrected for small samples (Hedges' g).

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more and not both 0.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    convention : {"exact", "metapsy"}
        "exact": J by the gamma function, variance 1/n_1 + 1/n_2 + g^2 / (2 (n_1 + n_2)), the
        default of metafor. "metapsy": approximate J, variance with the uncorrected d in place
        of g, as in the databases of the Metapsy project.

    Returns
    -------
    Effect
        g = J (mean_1 - mean_2) / pooled SD, raw sign.

    Raises
    ------
    ParameterError
        For a negative SD, a pooled SD of 0, fewer than 2 participants, a missing value, an
        unknown convention.

    Examples
    --------
    >>> effect = standardized_mean_difference(11.8, 8.8, 16, 18.5, 11.1, 16)
    >>> round(effect.value, 6)
    -0.652027
    """
    choice("convention", convention, CONVENTIONS)
    d, n_1, n_2 = _standardized(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    return _corrected(d, n_1, n_2, convention)


def mean_difference(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    equal_variances: bool = False,
) -> Effect:
    """Mean difference in points of the instrument.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, in points.
    sd_1, sd_2 : float or array
        SDs, 0 or more.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    equal_variances : bool
        Whether the variance rests on the pooled SD.

    Returns
    -------
    Effect
        mean_1 - mean_2, raw sign, with variance sd_1^2/n_1 + sd_2^2/n_2, or the pooled variance
        times (1/n_1 + 1/n_2) (Borenstein et al. 2009, eq. 4.2 to 4.5).

    Raises
    ------
    ParameterError
        For a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(mean_difference(12.5, 7.2, 11, 19.4, 5.2, 9).value, 1)
    -6.9
    """
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    with np.errstate(over="ignore", invalid="ignore"):
        if equal_variances:
            # Borenstein et al. 2009, eq. 4.3 and 4.2
            variance = _pooled(sd_1, n_1, sd_2, n_2) ** 2 * (1 / n_1 + 1 / n_2)
        else:
            variance = sd_1**2 / n_1 + sd_2**2 / n_2  # Borenstein et al. 2009, eq. 4.5
        return finite_effect(mean_1 - mean_2, variance)


def ratio_of_means(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    *,
    bias_corrected: bool = True,
) -> Effect:
    """Logarithm of the ratio of two means.

    Parameters
    ----------
    mean_1, mean_2 : float or array
        Means of intervention and comparator, above 0: a ratio needs a scale with a true zero.
    sd_1, sd_2 : float or array
        SDs, 0 or more.
    n_1, n_2 : float or array
        Participants behind each mean, 2 or more.
    bias_corrected : bool
        Whether the value is corrected to second order (Lajeunesse 2015, eq. 8), the default of
        metafor since its version 5. The variance is the first-order one either way.

    Returns
    -------
    Effect
        log(mean_1 / mean_2), raw sign, with variance
        sd_1^2 / (n_1 mean_1^2) + sd_2^2 / (n_2 mean_2^2)
        (Hedges, Gurevitch and Curtis 1999, eq. 1).

    Raises
    ------
    ParameterError
        For a mean of 0 or less, a negative SD, fewer than 2 participants, a missing value.

    Examples
    --------
    >>> round(ratio_of_means(10, 4, 20, 20, 4, 20, bias_corrected=False).value, 4)
    -0.6931
    """
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    mean_1, mean_2 = above("mean_1", mean_1, 0), above("mean_2", mean_2, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        # squared coefficients of variation of the two means
        first = sd_1**2 / (n_1 * mean_1**2)
        second = sd_2**2 / (n_2 * mean_2**2)
        value = np.log(mean_1) - np.log(mean_2)
        if bias_corrected:
            value = value + (first - second) / 2  # Lajeunesse 2015, eq. 8
        # Hedges, Gurevitch and Curtis 1999, eq. 1
        return finite_effect(value, first + second)


def _arms(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> tuple[Array, Array, Array, Array, Array, Array]:
    return (
        numbers("mean_1", mean_1),
        at_least("sd_1", sd_1, 0),
        at_least("n_1", n_1, 2),
        numbers("mean_2", mean_2),
        at_least("sd_2", sd_2, 0),
        at_least("n_2", n_2, 2),
    )


def _standardized(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
) -> tuple[Array, Array, Array]:
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 = _arms(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    with np.errstate(over="ignore"):
        sd = _pooled(sd_1, n_1, sd_2, n_2)
        if np.any(sd == 0):
            raise ParameterError("sd_1", 0.0, "above 0 in at least one arm")
        return (mean_1 - mean_2) / sd, n_1, n_2  # Hedges 1981, eq. 3


def _pooled(sd_1: Array, n_1: Array, sd_2: Array, n_2: Array) -> Array:
    # Hedges 1981, eq. 3; as a weighted mean of squared ratios, so that no square overflows
    largest = np.maximum(sd_1, sd_2)
    scale = np.where(largest > 0, largest, 1.0)
    squares = (n_1 - 1) * (sd_1 / scale) ** 2 + (n_2 - 1) * (sd_2 / scale) ** 2
    return np.asarray(scale * np.sqrt(squares / (n_1 + n_2 - 2)))


def _large_sample_variance(d: Array, n_1: Array, n_2: Array) -> Array:
    with np.errstate(over="ignore"):
        # Hedges and Olkin 1985, p. 86, eq. 14
        return np.asarray(1 / n_1 + 1 / n_2 + d**2 / (2 * (n_1 + n_2)))


def _corrected(d: Array, n_1: Array, n_2: Array, convention: Convention) -> Effect:
    df = above("n_1 + n_2", n_1 + n_2, 3) - 2
    g = _correction(df, convention) * d
    inserted = g if convention == "exact" else d
    return finite_effect(g, _large_sample_variance(inserted, n_1, n_2))


def _correction(df: Array, convention: Convention) -> Array:
    if convention == "metapsy":
        return np.asarray(1 - 3 / (4 * df - 1))  # Hedges 1981, eq. 6f
    half = (df - 1) / 2
    near = np.minimum(half, _SERIES_FROM_DF)
    by_gamma = np.exp(gammaln(near + 0.5) - gammaln(near))
    far = np.maximum(half, 1.0)
    # expansion of gamma(x + 1/2) / gamma(x) in 1/x (Tricomi and Erdelyi 1951)
    by_series = np.sqrt(far) * (
        1 - 1 / (8 * far) + 1 / (128 * far**2) + 5 / (1024 * far**3) - 21 / (32768 * far**4)
    )
    ratio = np.where(df < _SERIES_FROM_DF, by_gamma, by_series)
    return np.asarray(ratio / np.sqrt(df / 2))  # Hedges 1981, eq. 6e
