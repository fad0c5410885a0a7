"""What a meta-regression says beyond its coefficients: predictions, contrasts, inflation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level, quantile
from evidence.meta.pooling.weights import TIED, magnitude, numbers, refuse_first
from evidence.meta.regression import Regression
from evidence.meta.regression.linear import (
    DEPENDENT,
    Coefficient,
    LinearModel,
    between_trial_variance,
    coefficients,
    wald_test,
    weighted_fit,
)

PREDICTION_DF = ("default", "k-p-1")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Mean effects at rows of a design, in their order.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : tuple of float
        Mean effect with its standard error and interval.
    prediction_low, prediction_high : tuple of float, or None
        Interval for the effect of a new trial; None in a common-effect model, and where k - p - 1
        is 0.
    level : float
        Coverage of all intervals.
    """

    estimate: tuple[float, ...]
    se: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    prediction_low: tuple[float, ...] | None
    prediction_high: tuple[float, ...] | None
    level: float


@dataclass(frozen=True, slots=True)
class LinearTest:
    """Linear combinations of coefficients, each and all together.

    Attributes
    ----------
    contrasts : tuple of Coefficient
        Each combination, less its right-hand side.
    statistic, p_value : float or None
        Test that all are 0: chi-square, or F; None where they depend on each other or have no
        variance.
    df_numerator : int
    df_denominator : int or None
        None where the statistic is chi-square.
    """

    contrasts: tuple[Coefficient, ...]
    statistic: float | None
    df_numerator: int
    df_denominator: int | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """Two nested models of the same trials, by maximum likelihood.

    Attributes
    ----------
    statistic, df, p_value : float, int, float
        Twice the difference of log-likelihoods, and chi-square on the number of columns between.
    r2 : float or None
        Share of the smaller model's tau2 that the larger one accounts for, at least 0; None where
        that tau2 is 0.
    """

    statistic: float
    df: int
    p_value: float
    r2: float | None


@dataclass(frozen=True, slots=True)
class RegressionDiagnostics:
    """Deletion diagnostics of a meta-regression, one entry per trial in the order of the input.

    None where the other trials do not determine all coefficients, or leave no residual or, with
    plain Hartung-Knapp, no standard error.

    Attributes
    ----------
    standardized : tuple of float or None
        Residual from the regression that the trial is part of, in standard errors; None also where
        the trial lies on it whatever its effect is.
    rstudent : tuple of float or None
        Residual from the regression without the trial, in standard errors.
    dffits : tuple of float or None
        Change of the trial's fitted value when it is left out, in standard errors.
    cook_distance : tuple of float or None
        Squared change of all coefficients, in units of their covariance.
    covariance_ratio : tuple of float or None
        Determinant of that covariance without the trial over that with it.
    tau2_deleted, q_deleted : tuple of float or None
        tau2 and the test of residual heterogeneity without the trial.
    hat : tuple of float
        Weight of the trial in its own fitted value.
    dfbetas : dict of str to tuple of float or None
        Change of each coefficient, in standard errors without the trial.
    influential : tuple of bool
        True by one of the conventional bounds: |DFFITS| above 3 sqrt(p / (k - p)), Cook's distance
        above the median of chi-square on p, hat above 3 p / k, or a |DFBETAS| above 1; by
        hat alone where the others are None.
    k : int
    """

    standardized: tuple[float | None, ...]
    rstudent: tuple[float | None, ...]
    dffits: tuple[float | None, ...]
    cook_distance: tuple[float | None, ...]
    covariance_ratio: tuple[float | None, ...]
    tau2_deleted: tuple[float | None, ...]
    q_deleted: tuple[float | None, ...]
    hat: tuple[float, ...]
    dfbetas: dict[str, tuple[float | None, ...]]
    influential: tuple[bool, ...]
    k: int


def predicted(
    fit: Regression, rows: Any, *, level: float | None = None, prediction_df: str = "default"
) -> Predictions:
    """Predict the mean effect, and that of a new trial, at rows of the design.

    Parameters
    ----------
    fit : Regression
    rows : array_like of shape (m, p)
        One value for each column of the design, an intercept of 1 included.
    level : float, optional
        Coverage of the intervals; that of the fit by default.
    prediction_df : {"default", "k-p-1"}
        Prediction by the distribution of the interval (t with k - p, or normal), or by t with
        k - p - 1.

    Returns
    -------
    Predictions

    Raises
    ------
    ParameterError
        For rows of another length, or with a number that is not finite.

    Notes
    -----
    Mean x'b with variance x'Cx; a new trial adds tau2: Higgins, Thompson and Spiegelhalter (2009),
    J R Stat Soc A 172:137; k - p - 1 as Riley, Higgins and Deeks (2011), BMJ 342:d549.

    Examples
    --------
    >>> from evidence.meta.regression import meta_regression
    >>> fit = meta_regression(
    ...     [0.1, 0.3, 0.2, 0.7, 0.8], [0.04, 0.05, 0.06, 0.04, 0.05], {"weeks": [6, 8, 8, 12, 16]})
    >>> at = predicted(fit, [[1, 10]])
    >>> round(at.estimate[0], 3), round(at.ci_low[0], 3), round(at.ci_high[0], 3)
    (0.427, 0.119, 0.736)
    """
    check_choice("prediction_df", prediction_df, PREDICTION_DF)
    coverage = fit.level if level is None else level
    check_level(coverage)
    turned = fit.on_basis.rows(_rows(fit, "rows", rows))
    estimate, se = turned @ fit.on_basis.estimate, _errors(fit, turned)
    margin = _quantile(fit.df, coverage) * se
    df = fit.df if prediction_df == "default" else fit.qe_df - 1
    reach = None
    if fit.tau2_method != "common" and (df is None or df > 0):
        reach = _quantile(df, coverage) * np.sqrt(se**2 + fit.tau2)
    return Predictions(
        estimate=_plain(estimate),
        se=_plain(se),
        ci_low=_plain(estimate - margin),
        ci_high=_plain(estimate + margin),
        prediction_low=None if reach is None else _plain(estimate - reach),
        prediction_high=None if reach is None else _plain(estimate + reach),
        level=float(coverage),
    )


def linear_test(
    fit: Regression, weights: Any, *, right: Any = None, names: Sequence[str] | None = None
) -> LinearTest:
    """Test linear combinations of the coefficients, each and all together.

    Parameters
    ----------
    fit : Regression
    weights : array_like of shape (q, p)
        A row of weights of the coefficients for each combination.
    right : array_like of shape (q,), optional
        What each is tested against; 0 by default.
    names : sequence of str, optional
        Names of the combinations; "contrast 1" and so on by default.

    Returns
    -------
    LinearTest

    Raises
    ------
    ParameterError
        For weights that do not fit the coefficients, are not finite or all 0 in a row, and as many
        right-hand sides or names as there are no combinations for.

    Examples
    --------
    >>> from evidence.meta.regression import fit_design
    >>> fit = fit_design([0.1, 0.3, 0.7, 0.8, 0.6], [0.04, 0.05, 0.04, 0.05, 0.04],
    ...                  ["a", "b"], [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], intercept=False)
    >>> found = linear_test(fit, [[-1, 1]])
    >>> round(found.contrasts[0].estimate, 3), round(found.p_value, 3)
    (0.504, 0.078)
    """
    rows = _rows(fit, "weights", weights)
    empty = ~rows.any(axis=1, keepdims=True)
    refuse_first("weights", rows, np.broadcast_to(empty, rows.shape), "weights that are not all 0")
    count = rows.shape[0]
    against = np.zeros(count) if right is None else numbers("right", right)
    if against.shape != (count,):
        raise ParameterError("right", against.shape, f"one number for each of {count} rows")
    refuse_first("right", against, ~np.isfinite(against), "a finite number")
    given = [f"contrast {i + 1}" for i in range(count)] if names is None else list(names)
    if len(given) != count:
        raise ParameterError("names", given, f"one name for each of {count} rows")
    turned = fit.on_basis.rows(rows)
    values = turned @ fit.on_basis.estimate - against
    statistic, _, p_value = wald_test(fit.on_basis, turned, values, fit.df)
    return LinearTest(
        contrasts=coefficients(given, values, _errors(fit, turned), fit.df, fit.level),
        statistic=statistic,
        df_numerator=count,
        df_denominator=fit.df,
        p_value=p_value,
    )


def column_test(fit: Regression, names: Sequence[str]) -> LinearTest:
    """Test whether the coefficients of some columns, such as the levels of a factor, are all 0.

    Parameters
    ----------
    fit : Regression
    names : sequence of str
        Columns.

    Returns
    -------
    LinearTest

    Raises
    ------
    ParameterError
        For a name that is not a column, and no or repeated names.
    """
    accepted = fit.on_basis.names
    for name in names:
        if name not in accepted:
            raise ParameterError("names", name, "one of " + ", ".join(accepted))
    if not names or len(set(names)) < len(names):
        raise ParameterError("names", list(names), "one or more columns, each once")
    places = [accepted.index(name) for name in names]
    return linear_test(fit, np.eye(len(accepted))[places], names=names)


def likelihood_ratio(larger: Regression, smaller: Regression) -> LikelihoodRatio:
    """Compare a model with one whose columns it contains.

    Parameters
    ----------
    larger, smaller : Regression
        Of the same trials, both by "ML", or both "common".

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    ParameterError
        For other trials, another estimator (restricted likelihoods of different moderators are not
        comparable), or a model that the larger one does not contain.

    Notes
    -----
    Huizenga, Visser and Dolan (2011), Br J Math Stat Psychol 64:1; with few trials it is liberal.

    Examples
    --------
    >>> from evidence.meta.regression import meta_regression
    >>> trials = [0.1, 0.3, 0.2, 0.7, 0.8], [0.04, 0.05, 0.06, 0.04, 0.05]
    >>> found = likelihood_ratio(meta_regression(*trials, {"weeks": [6, 8, 8, 12, 16]}, tau2="ML"),
    ...                          meta_regression(*trials, {}, tau2="ML"))
    >>> round(found.statistic, 2), found.df, round(found.p_value, 3)
    (6.94, 1, 0.008)
    """
    for name, fit in (("larger", larger), ("smaller", smaller)):
        if fit.tau2_method not in ("ML", "common") or fit.tau2_method != larger.tau2_method:
            raise ParameterError(name, fit.tau2_method, "a fit by ML (or both by common)")
    full, part = larger.on_basis.model, smaller.on_basis.model
    same = (full.effect, part.effect), (full.variance, part.variance)
    if not all(np.array_equal(a, b) for a, b in same):
        raise ParameterError("smaller", smaller.k, "a model of the same trials as larger")
    outside = part.basis - full.basis @ (full.basis.T @ part.basis)
    df = full.basis.shape[1] - part.basis.shape[1]
    if df < 1 or np.linalg.norm(outside, axis=0).max() > DEPENDENT:
        expected = "a model whose columns, and others, larger has"
        raise ParameterError("smaller", smaller.on_basis.names, expected)
    statistic = max(0.0, 2 * (larger.ml.log_likelihood - smaller.ml.log_likelihood))
    tau2 = smaller.tau2
    return LikelihoodRatio(
        statistic=statistic,
        df=df,
        p_value=float(special.chdtrc(df, statistic)),
        r2=max(0.0, (tau2 - larger.tau2) / tau2) if tau2 > 0 else None,
    )


def regression_diagnostics(fit: Regression) -> RegressionDiagnostics:
    """Say how far each trial stands apart from a regression and how much that rests on it.

    Parameters
    ----------
    fit : Regression

    Returns
    -------
    RegressionDiagnostics

    Raises
    ------
    ParameterError
        Where the standard errors of the fit are 0.

    Notes
    -----
    Viechtbauer and Cheung (2010), Res Synth Methods 1:112. tau2, and the Hartung-Knapp factor, are
    estimated anew without each trial.

    Examples
    --------
    >>> from evidence.meta.regression import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.2, 0.7, 0.8, 0.1], [0.04, 0.05, 0.06, 0.04, 0.05, 0.04],
    ...                       {"weeks": [6, 8, 8, 12, 16, 14]})
    >>> [round(one, 1) for one in regression_diagnostics(fit).rstudent]
    [-0.2, 0.2, -0.1, 1.2, 0.9, -2.5]
    """
    own, model = fit.on_basis, fit.on_basis.model
    if not own.covariance.any():
        raise ParameterError("fit", 0.0, "standard errors above 0")
    k, p = model.basis.shape
    weight = 1 / (model.variance + fit.tau2)
    information = model.basis.T @ (weight[:, None] * model.basis)
    # H = X (X'W X)^-1 X'W
    leverage = model.basis @ np.linalg.solve(information, model.basis.T * weight)
    hat = np.diag(leverage)
    apart = np.eye(k) - leverage
    error = np.sqrt(np.diag(apart / weight @ apart.T))
    residual = model.effect - model.basis @ own.estimate
    lost = [(None,) * 7] * k
    lines = [_without(fit, i, float(hat[i])) or lost[i] for i in range(k)]
    columns = list(zip(*(line[:6] for line in lines), strict=True))
    betas = [(None,) * p if line[6] is None else line[6] for line in lines]
    bounds = (3 * np.sqrt(p / (k - p)), float(special.chdtri(p, 0.5)), 3 * p / k)
    return RegressionDiagnostics(
        standardized=tuple(
            None if h > 1 - DEPENDENT else float(r / e)
            for r, e, h in zip(residual, error, hat, strict=True)
        ),
        rstudent=columns[0],
        dffits=columns[1],
        cook_distance=columns[2],
        covariance_ratio=columns[3],
        tau2_deleted=columns[4],
        q_deleted=columns[5],
        hat=_plain(hat),
        dfbetas=dict(zip(own.names, zip(*betas, strict=True), strict=True)),
        influential=tuple(
            bool(hat[i] > bounds[2])
            or (
                line[1] is not None
                and (abs(line[1]) > bounds[0] or line[2] > bounds[1] or max(map(abs, line[6])) > 1)
            )
            for i, line in enumerate(lines)
        ),
        k=k,
    )


def _without(fit: Regression, i: int, hat: float) -> tuple[Any, ...] | None:
    """Give what changes without trial i, or None where the others do not determine the fit."""
    own, whole = fit.on_basis, fit.on_basis.model
    kept = np.arange(whole.effect.size) != i
    basis, triangle = np.linalg.qr(whole.basis[kept])
    if whole.degrees < 2 or np.abs(np.diag(triangle)).min() <= DEPENDENT:
        return None
    model = LinearModel(whole.effect[kept], whole.variance[kept], basis)
    tau2, _ = between_trial_variance(model, fit.tau2_method)
    at = weighted_fit(model, np.array([tau2]))
    exact = float(np.abs(at.residual).max()) <= TIED * magnitude(model.effect)
    if fit.interval_method == "hksj" and exact:
        return None
    factor = 1.0 if fit.interval_method == "wald" else float(at.q[0]) / model.degrees
    factor = max(factor, 1.0) if fit.interval_method == "hksj_adhoc" else factor
    back = np.linalg.inv(triangle)
    covariance = factor * back @ at.inverse[0] @ back.T
    change = own.estimate - back @ at.coefficients[0]
    row = whole.basis[i]
    spread = factor * (tau2 + whole.variance[i])
    residual = whole.effect[i] - row @ (own.estimate - change)
    # The covariance that the whole set has with the tau2 found without trial i
    weight = 1 / (whole.variance + tau2)
    scale = factor * np.linalg.inv(whole.basis.T @ (weight[:, None] * whole.basis))
    turn = own.rows(np.eye(len(own.names)))
    se = np.sqrt(np.diag(turn @ scale @ turn.T))
    ratio = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(own.covariance)[1]
    return (
        float(residual / np.sqrt(row @ covariance @ row + spread)),
        float(row @ change / np.sqrt(hat * spread)),
        float(change @ np.linalg.solve(own.covariance, change)),
        float(np.exp(ratio)),
        tau2,
        float(weighted_fit(model, np.zeros(1)).q[0]),
        _plain(turn @ change / se),
    )


def _rows(fit: Regression, name: str, values: Any) -> Floats:
    rows, columns = numbers(name, values), len(fit.on_basis.names)
    if rows.ndim != 2 or rows.shape[1] != columns or rows.shape[0] == 0:
        raise ParameterError(name, rows.shape, f"rows of {columns} numbers, one for each column")
    refuse_first(name, rows, ~np.isfinite(rows), "a finite number")
    return rows


def _errors(fit: Regression, turned: Floats) -> Floats:
    variances = ((turned @ fit.on_basis.covariance) * turned).sum(axis=1)
    return np.asarray(np.sqrt(variances), dtype=np.float64)


def _quantile(df: int | None, level: float) -> float:
    return float(quantile(np.array([np.nan if df is None else float(df)]), level)[0])


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())


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
