"""Bounds on an effect where the printed numbers do not fix it."""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from evidence.effects.checked import Array, at_least, between, numbers, plain
from evidence.effects.printed import range_from_printed
from evidence.errors import ParameterError

CORRELATIONS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Pre-post correlations that are plausible for symptom scales over a treatment."""


@overload
def range_over_correlations(
    d: float, correlations: Sequence[float] = ...
) -> tuple[float, float]: ...


@overload
def range_over_correlations(
    d: Array, correlations: Sequence[float] = ...
) -> tuple[Array, Array]: ...


def range_over_correlations(
    d: float | Array, correlations: Sequence[float] = CORRELATIONS
) -> tuple[float | Array, float | Array]:
    """Range of the effect in SDs of the scores behind a d by the SE of a model.

    A model that adjusts for the baseline has residuals of SD sqrt(1 - r^2), one of changes has
    an SD of sqrt(2 (1 - r)), each in SDs of the scores (Morris and DeShon 2002, eq. 13; Borm,
    Fransen and Lemmens 2007). Both models are tried with each correlation.

    Parameters
    ----------
    d : float or array
        Effect in SDs of the residual or of the change.
    correlations : sequence of float
        Correlations of the scores before and after, from -1 to 1.

    Returns
    -------
    tuple
        Lowest and highest effect, with the sign of d.

    Raises
    ------
    ParameterError
        For a correlation outside -1 to 1, none at all, a missing value.

    Examples
    --------
    >>> low, high = range_over_correlations(1.0)
    >>> round(low, 3), round(high, 3)
    (0.6, 1.183)
    """
    rho = between("correlations", correlations, -1, 1)
    if rho.size == 0:
        raise ParameterError("correlations", (), "at least one correlation")
    # Borm, Fransen and Lemmens 2007 (adjusted); Morris and DeShon 2002, eq. 13 (change)
    factors = np.concatenate([np.sqrt(1 - rho**2), np.sqrt(2 * (1 - rho))])
    value = numbers("d", d)
    ends = value * factors.min(), value * factors.max()
    return plain(np.minimum(*ends)), plain(np.maximum(*ends))


def chi2_bound(chi2: str | ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> float | Array:
    """Upper bound on the size of d from a chi-square with two or more df.

    Every contrast inside the hypothesis that is tested has a squared z of at most the chi-square
    (Scheffé 1959, section 3.5). It is a bound, not an estimate, and holds if the difference
    between the two arms is such a contrast.

    Parameters
    ----------
    chi2 : str or float or array
        Chi-square, 0 or more. Text is taken as printed: its upper end by the last digit counts.
    n_1, n_2 : float or array
        Participants of the arms, 1 or more.

    Returns
    -------
    float or ndarray
        sqrt(chi2 (1/n_1 + 1/n_2)).

    Raises
    ------
    ParameterError
        For a negative chi-square, arms below 1, a missing value.

    Examples
    --------
    >>> round(chi2_bound("0.06", 30, 30), 3)
    0.066
    """
    upper = range_from_printed(chi2)[1] if isinstance(chi2, str) else chi2
    unit = 1 / at_least("n_1", n_1, 1) + 1 / at_least("n_2", n_2, 1)
    return plain(np.sqrt(at_least("chi2", upper, 0) * unit))  # Scheffé 1959, 3.5
