"""The design of a meta-regression and the weighted linear model that it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats, Rows, bracketed_newton
from evidence.meta.pooling.batch import quantile, two_sided_p
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
        trace, trace_squared = at.trace, _trace_squared(model, at)
    else:
        trace, trace_squared = at.weight.sum(axis=1), (at.weight**2).sum(axis=1)
    # y'P P P y = sum w (w r)^2 - u'A u with u = X'W (w r)
    u = (at.weight * weighted) @ model.basis
    cubic = (at.weight * weighted**2).sum(axis=1) - (u * (at.inverse @ u[:, :, None])[:, :, 0]).sum(
        axis=1
    )
    return ((weighted**2).sum(axis=1) - trace) / 2, trace_squared / 2 - cubic


def _trace_squared(model: LinearModel, at: WeightedFit) -> Floats:
    """Trace of P P, (m,)."""
    second = at.inverse @ _products(model, at.weight**2)
    third = at.inverse @ _products(model, at.weight**3)
    # tr(P P) = sum w^2 - 2 tr(A X'W^3 X) + tr(A X'W^2 X A X'W^2 X), A = (X'W X)^-1
    total: Floats = (
        (at.weight**2).sum(axis=1)
        - 2 * np.trace(third, axis1=1, axis2=2)
        + (second * second.transpose(0, 2, 1)).sum(axis=(1, 2))
    )
    return total


def tau2_error(model: LinearModel, method: str, tau2: float) -> float | None:
    """Give the standard error of tau2; None for estimators without one here.

    By the expected information for REML and ML (Viechtbauer 2005, J Educ Behav Stat 30:261), and
    for DL and PM by the variance of the weighted sum of squared residuals that they equate to its
    expectation (Biggerstaff and Tweedie 1997, Stat Med 16:753; for PM as in metafor).
    """
    at_zero, at = weighted_fit(model, np.zeros(1)), weighted_fit(model, np.array([tau2]))
    if method == "REML":
        variance = 2 / _trace_squared(model, at)[0]
    elif method == "ML":
        variance = 2 / (at.weight**2).sum()
    elif method == "DL":
        trace = at_zero.trace[0]
        # Var(Q) = 2 tr(P S P S), S = V + tau2 I and P V P = P
        spread = model.degrees + 2 * tau2 * trace + tau2**2 * _trace_squared(model, at_zero)[0]
        variance = 2 * spread / trace**2
    elif method == "PM":
        # sum w (k - p) / k in place of the trace of P, as for the estimator of Morris (1983)
        trace = at.weight.sum() * model.degrees / model.effect.size
        variance = 2 * model.degrees / trace**2
    else:
        return None
    return float(np.sqrt(variance))


def log_likelihood(model: LinearModel, tau2: Floats, *, restricted: bool) -> Floats:
    """Give the (restricted) log-likelihood at tau2, (m,).

    Harville (1977), J Am Stat Assoc 72:320; in REML with log|X'X|, which is 0 on the basis.
    """
    at = weighted_fit(model, tau2)
    free = model.degrees if restricted else model.effect.size
    height: Floats = (np.log(at.weight).sum(axis=1) - at.q - free * np.log(2 * np.pi)) / 2
    if restricted:
        height += np.linalg.slogdet(at.inverse)[1] / 2
    return height


def _likelihood(model: LinearModel, *, restricted: bool) -> tuple[float, bool]:
    def score(tau2: Floats, _: Rows) -> tuple[Floats, Floats]:
        value, slope = likelihood_score(model, tau2.ravel(), restricted=restricted)
        return value.reshape(tau2.shape), slope.reshape(tau2.shape)

    def height(tau2: Floats, _: Rows) -> Floats:
        return log_likelihood(model, tau2, restricted=restricted)

    # As for pooling: the score is negative beyond the larger root of
    # (k - p) t^2 = SS (t + v_max - v_min), t = v_min + tau2.
    smallest = float(model.variance.min())
    spread = float(model.variance.max()) - smallest
    squares, degrees = model.sum_of_squares, model.degrees
    bound = (squares + np.sqrt(squares**2 + 4 * degrees * squares * spread)) / (2 * degrees)
    tau2, converged = maximize(
        lambda tau2, rows: score(tau2, rows)[0],
        score,
        height,
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
    """Columns of a regression, with the intercept first where there is one.

    Attributes
    ----------
    names : tuple of str
        Name of each column: the moderator, or "moderator: level" for a level of a category
        against its reference.
    matrix : ndarray of shape (k, p)
    moderators : int
        Number of moderators, however many columns they take.
    intercept : bool
        Whether the first column is the intercept.
    """

    names: tuple[str, ...]
    matrix: Floats
    moderators: int
    intercept: bool = True


@dataclass(frozen=True, slots=True)
class OnBasis:
    """A fitted regression in coordinates in which a year near 2000 costs no digits.

    Attributes
    ----------
    names : tuple of str
        Columns of the design.
    model : LinearModel
        Its design is basis @ triangle.
    triangle : ndarray of shape (p, p)
    estimate : ndarray of shape (p,)
        Coefficients on the basis.
    covariance : ndarray of shape (p, p)
    """

    names: tuple[str, ...]
    model: LinearModel
    triangle: Floats
    estimate: Floats
    covariance: Floats

    def rows(self, of_design: Floats) -> Floats:
        """Turn weights of the coefficients of the design, (q, p), into weights on the basis."""
        # L beta = L R^-1 gamma
        return np.asarray(np.linalg.solve(self.triangle.T, of_design.T).T, dtype=np.float64)


def wald_test(
    fit: OnBasis, rows: Floats, values: Floats, df: int | None
) -> tuple[float | None, int | None, float | None]:
    """Test that linear combinations are all 0: chi-square, or F on their number and `df`.

    Parameters
    ----------
    fit : OnBasis
    rows : ndarray of shape (q, p)
        Weights on the basis.
    values : ndarray of shape (q,)
        The combinations, less what they are tested against.
    df : int or None

    Returns
    -------
    statistic, numerator df, p value
        None for the first and last where the combinations depend on each other or have no
        variance; all None without a combination.
    """
    count = values.size
    if count == 0:
        return None, None, None
    size = np.linalg.norm(rows, axis=1)
    if count > rows.shape[1] or not size.all() or not fit.covariance.any():
        return None, count, None
    basis, triangle = np.linalg.qr((rows / size[:, None]).T)
    if np.abs(np.diag(triangle)).min() <= DEPENDENT:
        return None, count, None
    apart = np.linalg.solve(triangle.T, values / size)
    statistic = float(apart @ np.linalg.solve(basis.T @ fit.covariance @ basis, apart))
    if df is None:
        return statistic, count, float(special.chdtrc(count, statistic))
    statistic /= count
    return statistic, count, float(special.fdtrc(count, df, statistic))


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


def coefficients(
    names: Sequence[str], estimates: Floats, se: Floats, df: float | None, level: float
) -> tuple[Coefficient, ...]:
    """Give estimates with intervals and p values by t, or by the normal distribution."""
    degrees = np.full(estimates.size, np.nan if df is None else float(df))
    margin = quantile(degrees, level) * se
    p_values = two_sided_p(estimates, se, degrees)
    columns = [estimates, se, estimates - margin, estimates + margin, p_values]
    rows = np.column_stack(columns).tolist()
    return tuple(Coefficient(name, *row) for name, row in zip(names, rows, strict=True))


def check_design(
    names: Sequence[str], matrix: Any, k: int, *, intercept: bool, moderators: int | None
) -> Design:
    """Check a design that is given as a matrix.

    Raises
    ------
    ParameterError
        For names that are missing, repeated or no text, a matrix of another shape or with a number
        that is not finite, a first column other than 1 where it is the intercept, a column that
        those before it determine, and as many columns as trials.
    """
    given, columns = tuple(names), numbers("matrix", matrix)
    if not given or len(set(given)) < len(given) or not all(isinstance(n, str) for n in given):
        raise ParameterError("names", given, "a different name for each column")
    if columns.shape != (k, len(given)):
        raise ParameterError("matrix", columns.shape, f"the shape ({k}, {len(given)})")
    refuse_first("matrix", columns, ~np.isfinite(columns), "a finite number")
    if intercept:
        first = columns[:, :1]
        refuse_first("matrix", first, first != 1, "1 in the first column, which is the intercept")
    before = "the intercept and the other moderators" if intercept else "the columns before it"
    _refuse_dependent(list(given), columns, before)
    _refuse_saturated(given, k)
    count = len(given) - intercept if moderators is None else moderators
    return Design(given, columns, count, intercept)


def read_design(moderators: Mapping[str, Sequence[Any]], k: int) -> Design:
    """Build the design from numbers and categories.

    Text is a category; its first level in alphabetical order is the reference.

    Raises
    ------
    ParameterError
        For a moderator of another length, with a missing value, without variation, or that the
        others determine (collinearity); and where no trial is left to estimate the residual.
    """
    if not isinstance(moderators, Mapping):
        raise ParameterError("moderators", moderators, "a mapping of names to values")
    names, columns = [INTERCEPT], [np.ones(k)]
    for name, values in moderators.items():
        added = _columns(f"moderators[{name!r}]", name, values, k)
        names += [column for column, _ in added]
        columns += [column for _, column in added]
    matrix = np.column_stack(columns)
    _refuse_dependent(names, matrix, "the intercept and the other moderators")
    _refuse_saturated(names, k)
    return Design(tuple(names), matrix, len(moderators))


def _columns(place: str, name: str, values: Any, k: int) -> list[tuple[str, Floats]]:
    given = list(values) if isinstance(values, Iterable) else []
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


def _refuse_saturated(names: Sequence[str], k: int) -> None:
    if k <= len(names):
        expected = f"fewer columns, intercept included, than the {k} trials"
        raise ParameterError("moderators", len(names), expected)


def _refuse_dependent(names: list[str], matrix: Floats, before: str) -> None:
    """Refuse the first column that the columns before it determine."""
    basis = np.empty((matrix.shape[0], 0))
    for name, column in zip(names, matrix.T, strict=True):
        scaled = column / max(float(np.abs(column).max()), np.finfo(float).tiny)
        rest = scaled - basis @ (basis.T @ scaled)
        if np.linalg.norm(rest) <= DEPENDENT * np.linalg.norm(scaled):
            raise ParameterError(
                "moderators",
                name,
                f"a characteristic that varies between trials and that {before} do not "
                "determine (collinearity)",
            )
        basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
