"""Transformations of correlations and back.

All functions broadcast; scalars give Python floats. Correlations lie between -1 and 1; others, and
missing values, raise `ParameterError`.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from evidence.effects.checked import (
    Array,
    above,
    at_least,
    between,
    finite_effect,
    inside,
    numbers,
    plain,
)
from evidence.effects.effect import Effect
from evidence.effects.proportion_scales import NORMAL_NODES, NORMAL_WEIGHTS


def fisher_z(r: ArrayLike) -> float | Array:
    """Fisher's z of a correlation, atanh r (Fisher 1921).

    Examples
    --------
    >>> round(fisher_z(0.6), 4)
    0.6931
    """
    return plain(np.arctanh(inside("r", r, -1, 1)))


def correlation_from_fisher_z(z: ArrayLike) -> float | Array:
    """Correlation of Fisher's z.

    Examples
    --------
    >>> round(correlation_from_fisher_z(0.6931), 3)
    0.6
    """
    return plain(np.tanh(numbers("z", z)))


def mean_correlation_from_fisher_z(z: ArrayLike, tau2: ArrayLike) -> float | Array:
    """Mean of the correlations whose z are normal with mean z and variance tau2.

    Examples
    --------
    >>> round(mean_correlation_from_fisher_z(0.9, 0.1), 4)
    0.6832
    """
    z, spread = np.broadcast_arrays(numbers("z", z), at_least("tau2", tau2, 0))
    points = z[..., None] + np.sqrt(spread)[..., None] * NORMAL_NODES
    return plain(np.tanh(points) @ NORMAL_WEIGHTS)


def fisher_z_of_r_squared(r_squared: ArrayLike) -> float | Array:
    """Fisher's z of the root of a share of explained variance from 0 to below 1.

    Examples
    --------
    >>> round(fisher_z_of_r_squared(0.6), 4)
    1.0317
    """
    share = at_least("r_squared", r_squared, 0)
    above("1 - r_squared", 1 - share, 0)
    return plain(np.arctanh(np.sqrt(share)))


def r_squared_from_fisher_z(z: ArrayLike) -> float | Array:
    """Share of explained variance of Fisher's z.

    Examples
    --------
    >>> round(r_squared_from_fisher_z(0.9), 4)
    0.5131
    """
    return plain(np.tanh(numbers("z", z)) ** 2)


def biserial_from_point_biserial(r: ArrayLike, share_1: ArrayLike) -> float | Array:
    """Biserial correlation of a point-biserial one, times sqrt(p q) / f.

    f is the normal density at the point that cuts off the share p of arm 1. Jacobs and Viechtbauer
    (2017), Res Synth Methods 8:161. The result can lie beyond 1 where scores are not normal.

    Examples
    --------
    >>> round(biserial_from_point_biserial(0.6, 0.4), 4)
    0.7608
    """
    return plain(inside("r", r, -1, 1) * _ratio(inside("share_1", share_1, 0, 1)))


def point_biserial_from_biserial(r: ArrayLike, share_1: ArrayLike) -> float | Array:
    """Point-biserial correlation of a biserial one, the inverse of the above.

    Examples
    --------
    >>> round(point_biserial_from_biserial(0.6, 0.4), 4)
    0.4732
    """
    return plain(inside("r", r, -1, 1) / _ratio(inside("share_1", share_1, 0, 1)))


def d_from_biserial(r: ArrayLike) -> float | Array:
    """Standardized mean difference of halves of equal size, cut at the median of a correlate.

    Examples
    --------
    >>> round(d_from_biserial(0.6), 4)
    1.0906
    """
    point_biserial = np.asarray(point_biserial_from_biserial(r, 0.5))
    return plain(2 * point_biserial / np.sqrt(1 - point_biserial**2))


def biserial_from_d(d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Effect:
    """Biserial correlation from a standardized mean difference.

    It stands for the correlation of the outcome with a normal variable that was cut in two to form
    the groups, which arms of a trial are not.

    Parameters
    ----------
    d : float or array
        Difference in pooled SDs, not corrected for small samples; its sign is kept.
    n_1, n_2 : float or array
        Participants of the groups, 1 or more and 3 or more together.

    Returns
    -------
    Effect
        With the variance of Soper (1914), Biometrika 10:384, as in Jacobs and Viechtbauer (2017),
        Res Synth Methods 8:161. The value can lie beyond 1 where scores are not normal.

    Raises
    ------
    ParameterError
        For groups below 1, or below 3 together, or a missing value.

    Examples
    --------
    >>> round(biserial_from_d(0.2, 20, 25).value, 4)
    0.1272
    """
    d, n_1, n_2 = numbers("d", d), at_least("n_1", n_1, 1), at_least("n_2", n_2, 1)
    n = at_least("n_1 + n_2", n_1 + n_2, 3)
    h = (n - 2) * (1 / n_1 + 1 / n_2)
    p, q = n_1 / n, n_2 / n
    ratio = _ratio(p)
    value = ratio * d / np.sqrt(d**2 + h)
    z, density = ndtri(q), np.sqrt(p * q) / ratio
    inner = p * q * z**2 / density**2 + (2 * p - 1) * z / density - 2.5
    variance = (value**4 + value**2 * inner + ratio**2) / (n - 1)
    return finite_effect(value, np.asarray(variance))


def alpha_root(alpha: ArrayLike) -> float | Array:
    """Coefficient alpha on the scale on which its distribution is near normal, 1 - (1 - x)^(1/3).

    Hakstian and Whalen (1976), Psychometrika 41:219.

    Examples
    --------
    >>> round(alpha_root(0.77), 4)
    0.3873
    """
    return plain(1 - np.cbrt(1 - between("alpha", alpha, 0, 1)))


def alpha_from_root(x: ArrayLike) -> float | Array:
    """Coefficient alpha of its cube-root scale; 0 below 0 and 1 above 1.

    Examples
    --------
    >>> round(alpha_from_root(0.3873), 2)
    0.77
    """
    return plain(1 - (1 - np.clip(numbers("x", x), 0, 1)) ** 3)


def _ratio(p: Array) -> Array:
    """Biserial over point-biserial correlation for groups of shares p and 1 - p."""
    density = np.exp(-(ndtri(p) ** 2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.sqrt(p * (1 - p)) / density)
