"""The design of a meta-regression and the weighted linear model that it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats, Rows, bracketed_newton
from evidence.meta.pooling.heterogeneity import chi_square_quantile, maximize
from evidence.meta.pooling.weights import numbers, refuse_first


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Effects with variances and a design whose columns are orthonormal.

    Attributes
    ----------
    effect, variance : ndarray of shape (k,)
    basis : ndarray of shape (k, p)
        Orthonormal columns that span the design.
    """

    effect: Floats
    variance: Floats
    basis: Floats

    @property
    def degrees(self) -> int:
        """Residual degrees of freedom, k - p."""
        return int(self.basis.shape[0] - self.basis.shape[1])

    @property
    def sum_of_squares(self) -> float:
        """Residual sum of squares without weights."""
        residual = self.effect - self.basis @ (self.basis.T @ self.effect)
        return float(residual @ residual)


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """The model at each of m values of tau2.

    Attributes
    ----------
    weight, residual : ndarray of shape (m, k)
    inverse : ndarray of shape (m, p, p)
        (X'W X)^-1.
    coefficients : ndarray of shape (m, p)
    q : ndarray of shape (m,)
        Weighted sum of squared residuals.
    trace : ndarray of shape (m,)
        Trace of P = W - W X (X'W X)^-1 X'W.
    """

    weight: Floats
    residual: Floats
    inverse: Floats
    coefficients: Floats
    q: Floats
    trace: Floats


def weighted_fit(model: LinearModel, tau2: Floats) -> WeightedFit:
    """Fit the model by weights 1 / (v + tau2), for tau2 of shape (m,)."""
    weight = 1 / (model.variance + tau2[:, None])
    inverse = np.asarray(np.linalg.inv(_products(model, weight)), dtype=np.float64)
    right = (weight * model.effect) @ model.basis
    coefficients = (inverse @ right[:, :, None])[:, :, 0]
    residual = model.effect - coefficients @ model.basis.T
    # tr P = sum w (1 - h), with the leverages h of the weighted regression
    leverage = weight * ((model.basis @ inverse) * model.basis).sum(axis=2)
    return WeightedFit(
        weight,
        residual,
        inverse,
        coefficients,
        (weight * residual**2).sum(axis=1),
        (weight * (1 - leverage)).sum(axis=1),
    )


def _products(model: LinearModel, weight: Floats) -> Floats:
    """X'W X for weights of shape (m, k)."""
    products: Floats = model.basis.T @ (weight[:, :, None] * model.basis)
    return products


def between_trial_variance(model: LinearModel, method: str) -> tuple[float, bool]:
    """Estimate tau2 of the residual effects, truncated at 0; method as in `pool`.

    Raudenbush (2009), in Cooper, Hedges and Valentine, chapter 16; Viechtbauer et al. (2015),
    Psychol Methods 20:360, for all estimators in the form used here.
    """
    if method in ("REML", "ML"):
        return _likelihood(model, restricted=method == "REML")
    if method in ("PM", "EB"):
        return generalized_q_root(model, float(model.degrees))
    at_zero = weighted_fit(model, np.zeros(1))
    q, k = float(at_zero.q[0]), model.effect.size
    tau2 = 0.0
    if method == "DL":
        tau2 = (q - model.degrees) / float(at_zero.trace[0])
    elif method == "HS":
        tau2 = (q - k) / float(at_zero.weight.sum())
    elif method == "HE":
        # (y'P y - tr(P V)) / (k - p) with the P of ordinary least squares
        shares = 1 - (model.basis**2).sum(axis=1)
        tau2 = (model.sum_of_squares - float(shares @ model.variance)) / model.degrees
    elif method == "SJ":
        crude = float(((model.effect - model.effect.mean()) ** 2).mean())
        at_crude = weighted_fit(model, np.array([crude]))
        tau2 = crude * float(at_crude.q[0]) / model.degrees
    return max(tau2, 0.0), True


def generalized_q_root(model: LinearModel, target: float) -> tuple[float, bool]:
    """Find the tau2 at which the weighted sum of squared residuals equals the target, or 0."""
    if float(weighted_fit(model, np.zeros(1)).q[0]) <= target:
        return 0.0, True

    def reciprocal(tau2: Floats, _: Rows) -> tuple[Floats, Floats]:
        at = weighted_fit(model, tau2)
        fall = ((at.weight * at.residual) ** 2).sum(axis=1)
        return 1 / target - 1 / at.q, -fall / at.q**2

    # The weighted sum at tau2 is at most SS / tau2, so that the root is at most SS / target.
    high = np.array([model.sum_of_squares / target])
    root, converged = bracketed_newton(
        reciprocal, np.zeros(1), high, np.array([model.variance.min()])
    )
    return float(root[0]), bool(converged[0])


def q_profile(model: LinearModel, level: float) -> tuple[float, float]:
    """Interval of tau2 by inverting Q(tau2); Viechtbauer (2007), Stat Med 26:37."""
    tail = (1 - level) / 2
    low, high = (
        generalized_q_root(
            model, float(chi_square_quantile(np.array([float(model.degrees)]), share)[0])
        )[0]
        for share in (1 - tail, tail)
    )
    return low, high


def likelihood_score(
    model: LinearModel, tau2: Floats, *, restricted: bool
) -> tuple[Floats, Floats]:
    """Give the derivative of the (restricted) log-likelihood at tau2, (m,), and its slope."""
    at = weighted_fit(model, tau2)
    weighted = at.weight * at.residual  # P y
    if restricted:
        second = at.inverse @ _products(model, at.weight**2)
        third = at.inverse @ _products(model, at.weight**3)
        trace = at.trace
        # tr(P P) = sum w^2 - 2 tr(A X'W^3 X) + tr(A X'W^2 X A X'W^2 X), A = (X'W X)^-1
        trace_squared = (
            (at.weight**2).sum(axis=1)
            - 2 * np.trace(third, axis1=1, axis2=2)
            + (second * second.transpose(0, 2, 1)).sum(axis=(1, 2))
        )
    else:
        trace, trace_squared = at.weight.sum(axis=1), (at.weight**2).sum(axis=1)
    # y'P P P y = sum w (w r)^2 - u'A u with u = X'W (w r)
    u = (at.weight * weighted) @ model.basis
    cubic = (at.weight * weighted**2).sum(axis=1) - (u * (at.inverse @ u[:, :, None])[:, :, 0]).sum(
        axis=1
    )
    return ((weighted**2).sum(axis=1) - trace) / 2, trace_squared / 2 - cubic


def _likelihood(model: LinearModel, *, restricted: bool) -> tuple[float, bool]:
    def score(tau2: Floats, _: Rows) -> tuple[Floats, Floats]:
        value, slope = likelihood_score(model, tau2.ravel(), restricted=restricted)
        return value.reshape(tau2.shape), slope.reshape(tau2.shape)

    def log_likelihood(tau2: Floats, _: Rows) -> Floats:
        at = weighted_fit(model, tau2)
        height: Floats = (np.log(at.weight).sum(axis=1) - at.q) / 2
        if restricted:
            height += np.linalg.slogdet(at.inverse)[1] / 2
        return height

    # As for pooling: the score is negative beyond the larger root of
    # (k - p) t^2 = SS (t + v_max - v_min), t = v_min + tau2.
    smallest = float(model.variance.min())
    spread = float(model.variance.max()) - smallest
    squares, degrees = model.sum_of_squares, model.degrees
    bound = (squares + np.sqrt(squares**2 + 4 * degrees * squares * spread)) / (2 * degrees)
    tau2, converged = maximize(
        score,
        log_likelihood,
        np.array([1.001 * bound - smallest]),
        np.array([smallest]),
        model.effect.size,
    )
    return float(tau2[0]), bool(converged[0])


INTERCEPT = "intercept"

DEPENDENT = 1e-8
"""A column of which less than this share is new is a combination of those before it."""


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of a regression, with the intercept first.

    Attributes
    ----------
    names : tuple of str
        Name of each column: the moderator, or "moderator: level" for a level of a category
        against its reference.
    matrix : ndarray of shape (k, p)
    moderators : int
        Number of moderators, however many columns they take.
    """

    names: tuple[str, ...]
    matrix: Floats
    moderators: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient with its interval.

    Attributes
    ----------
    name : str
        "intercept", the moderator, or "moderator: level" against its reference.
    estimate, se, ci_low, ci_high : float
        Change of the effect per unit of the moderator.
    p_value : float
        Two-sided, against 0.
    """

    name: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float


def read_design(moderators: Mapping[str, Sequence[Any]], k: int) -> Design:
    """Build the design from numbers and categories.

    Text is a category; its first level in alphabetical order is the reference.

    Raises
    ------
    ParameterError
        For a moderator of another length, with a missing value, without variation, or that the
        others determine (collinearity); and where no trial is left to estimate the residual.
    """
    names, columns = [INTERCEPT], [np.ones(k)]
    for name, values in moderators.items():
        added = _columns(f"moderators[{name!r}]", name, values, k)
        names += [column for column, _ in added]
        columns += [column for _, column in added]
    matrix = np.column_stack(columns)
    _refuse_dependent(names, matrix)
    if k <= matrix.shape[1]:
        raise ParameterError(
            "moderators",
            len(names),
            f"fewer columns, intercept included, than the {k} trials",
        )
    return Design(tuple(names), matrix, len(moderators))


def _columns(place: str, name: str, values: Sequence[Any], k: int) -> list[tuple[str, Floats]]:
    given = list(values)
    if len(given) != k:
        raise ParameterError(place, len(given), f"one value for each of {k} trials")
    if not any(isinstance(value, str) for value in given):
        column = numbers(place, given)
        refuse_first(place, column, ~np.isfinite(column), "a finite number")
        return [(name, column)]
    for i, value in enumerate(given):
        if not isinstance(value, str) or not value:
            raise ParameterError(f"{place}[{i}]", value, "text, as in other trials")
    levels = sorted(set(given))
    return [
        (f"{name}: {level}", np.array([float(value == level) for value in given]))
        for level in levels[1:]
    ] or [(name, np.ones(k))]


def _refuse_dependent(names: list[str], matrix: Floats) -> None:
    """Refuse the first column that the columns before it determine."""
    basis = np.empty((matrix.shape[0], 0))
    for name, column in zip(names, matrix.T, strict=True):
        scaled = column / max(float(np.abs(column).max()), np.finfo(float).tiny)
        rest = scaled - basis @ (basis.T @ scaled)
        if np.linalg.norm(rest) <= DEPENDENT * np.linalg.norm(scaled):
            raise ParameterError(
                "moderators",
                name,
                "a characteristic that varies between trials and that the intercept and the "
                "other moderators do not determine (collinearity)",
            )
        basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
