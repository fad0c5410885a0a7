"""How far moderators that go together widen the intervals of their coefficients."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling.weights import numbers


def variance_inflation(covariance: Any) -> tuple[float, ...]:
    """Give the variance inflation factor of each coefficient but the intercept.

    Parameters
    ----------
    covariance : array_like of shape (p, p)
        Of the coefficients of a meta-regression, the intercept first, as `covariance` of
        `evidence.meta.regression.Regression`; p of 2 or more.

    Returns
    -------
    tuple of float
        One for each of the p - 1 coefficients, 1 where it goes with no other.

    Raises
    ------
    ParameterError
        For a matrix that is not square, symmetric and positive definite, or of the intercept alone.

    Notes
    -----
    Diagonal of the inverse of the correlation matrix of the coefficients (Fox and Monette 1992,
    J Am Stat Assoc 87:178), as metafor gives it.

    Examples
    --------
    >>> [round(value, 3) for value in variance_inflation([[1, 0, 0], [0, 1, 0.6], [0, 0.6, 1]])]
    [1.562, 1.562]
    """
    return tuple(np.diagonal(np.linalg.inv(_correlation(covariance))).tolist())


def generalized_variance_inflation(covariance: Any, together: Sequence[int]) -> float:
    """Give the inflation of the joint interval of several coefficients, as of a category.

    Parameters
    ----------
    covariance : array_like of shape (p, p)
        As in `variance_inflation`.
    together : sequence of int
        Positions of the coefficients, from 1; 0 is the intercept.

    Returns
    -------
    float
        Squared inflation of the joint confidence region of m coefficients; to the power 1 / (2 m)
        it compares with the root of a factor of one coefficient.

    Raises
    ------
    ParameterError
        As `variance_inflation`, and for positions that are not there, or twice.

    Notes
    -----
    Fox and Monette (1992): det(R_1) det(R_2) / det(R) of the correlation matrices of the chosen
    coefficients, of the others, and of all.

    Examples
    --------
    >>> matrix = [[1, 0, 0, 0], [0, 1, 0.6, 0.2], [0, 0.6, 1, 0.1], [0, 0.2, 0.1, 1]]
    >>> round(generalized_variance_inflation(matrix, [1, 2]), 3)
    1.042
    """
    correlation = _correlation(covariance)
    chosen = np.zeros(correlation.shape[0], dtype=bool)
    for place in together:
        if not 0 < place <= chosen.size or chosen[place - 1]:
            raise ParameterError("together", place, f"each position once, from 1 to {chosen.size}")
        chosen[place - 1] = True
    if not chosen.any():
        raise ParameterError("together", [], "at least one position")
    logs = [
        np.linalg.slogdet(correlation[np.ix_(part, part)])[1]
        for part in (chosen, ~chosen, np.ones(chosen.size, dtype=bool))
    ]
    return float(np.exp(logs[0] + logs[1] - logs[2]))


def _correlation(covariance: Any) -> Floats:
    """Correlation matrix of all coefficients but the first."""
    matrix = numbers("covariance", covariance)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] < 2:
        raise ParameterError(
            "covariance", matrix.shape, "a square matrix of the intercept and a moderator or more"
        )
    tested = matrix[1:, 1:]
    variances = np.diagonal(tested)
    if not np.isfinite(tested).all() or (variances <= 0).any():
        raise ParameterError("covariance", variances.tolist(), "finite numbers, variances above 0")
    sd = np.sqrt(variances)
    correlation: Floats = tested / (sd[:, None] * sd)
    smallest = float(np.linalg.eigvalsh(correlation)[0])
    if np.abs(correlation - correlation.T).max() > 1e-8 or smallest < 1e-14:
        raise ParameterError(
            "covariance", smallest, "a symmetric and positive definite matrix of coefficients"
        )
    return correlation
