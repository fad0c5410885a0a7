"""Meta-regression and subgroups: whether characteristics of trials go with their effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.pooling import Pooled, pool
from evidence.meta.pooling.batch import INTERVAL_METHODS, check_level
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.meta.pooling.tau2_profile import FitStatistics, fit_statistics
from evidence.meta.pooling.weights import TIED, arrange_one, magnitude, numbers, refuse_far_apart
from evidence.meta.regression.linear import (
    DEPENDENT,
    Coefficient,
    Design,
    LinearModel,
    OnBasis,
    between_trial_variance,
    check_design,
    coefficients,
    log_likelihood,
    q_profile,
    read_design,
    tau2_error,
    wald_test,
    weighted_fit,
)
from evidence.terms import Interval, Tau2

TRIALS_PER_MODERATOR = 10
"""Cochrane Handbook, section 10.11.5.1."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A meta-regression; None where a quantity is not defined.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        The intercept first, where there is one.
    covariance : tuple of tuple of float
        Of the coefficients, in their order.
    level : float
        Coverage of all intervals.
    df : int or None
        Degrees of freedom of t, k - p; None where the normal distribution is used.
    tau2, tau2_ci_low, tau2_ci_high : float
        Variance between trials that the moderators leave, with its Q-profile interval.
    tau2_se : float or None
        Its standard error; None but with REML, ML, DL and PM.
    tau2_converged : bool
    i2, h2 : float
        I2 (0 to 1) and H2 of what the moderators leave.
    r2 : float or None
        Share of tau2 that the moderators account for, at least 0; None where tau2 is 0 without
        them, in a common-effect model, or where the columns hold no intercept.
    qe, qe_df, qe_p : float, int, float
        Test of the residual heterogeneity.
    qm, qm_df, qm_p : float, int, float
        Test of all coefficients but the intercept: chi-square, or F on `qm_df` and `df`; None
        without moderators, and where the standard errors are 0.
    ml, reml : FitStatistics
        By the likelihood and the restricted likelihood, at this tau2 by whatever method.
    k : int
        Number of trials.
    tau2_method, interval_method : str
    warnings : tuple of str
        Sentences that a reader needs.
    on_basis : OnBasis
        What predictions and tests in `evidence.meta.regression.inference` start from.
    """

    coefficients: tuple[Coefficient, ...]
    covariance: tuple[tuple[float, ...], ...]
    level: float
    df: int | None
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    tau2_se: float | None
    tau2_converged: bool
    i2: float
    h2: float
    r2: float | None
    qe: float
    qe_df: int
    qe_p: float
    qm: float | None
    qm_df: int | None
    qm_p: float | None
    ml: FitStatistics
    reml: FitStatistics
    k: int
    tau2_method: str
    interval_method: str
    warnings: tuple[str, ...]
    on_basis: OnBasis = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Estimates of groups of trials and the test that they are the same.

    Attributes
    ----------
    names : tuple of str
        Groups in alphabetical order.
    estimates : tuple of Pooled
        One for each, with its own tau2 or the common one.
    tau2, tau2_ci_low, tau2_ci_high : float or None
        The common variance between trials within groups, with its Q-profile interval; None where
        each group has its own.
    q_between, q_df, q_p : float, int, float
        Chi-square test across the groups; the statistic and p value are None where a standard
        error is 0.
    warnings : tuple of str
    """

    names: tuple[str, ...]
    estimates: tuple[Pooled, ...]
    tau2: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    q_between: float | None
    q_df: int
    q_p: float | None
    warnings: tuple[str, ...]


def meta_regression(
    effect: Any,
    variance: Any,
    moderators: Mapping[str, Sequence[Any]],
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> Regression:
    """Regress effects on characteristics of trials, with variance between trials.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    moderators : mapping of str to sequence of length k
        Numbers, or text for a category, whose first level in alphabetical order is the reference.
    tau2 : {"REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"}
    interval : {"wald", "hksj", "hksj_adhoc"}
        As in `evidence.meta.pooling.pool`; the factor is Q / (k - p).
    level : float
        Coverage of the intervals.

    Returns
    -------
    Regression

    Raises
    ------
    ParameterError
        For moderators that are collinear, do not vary, or have missing values, too few trials,
        and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Berkey et al. (1995), Stat Med 14:395; intervals Knapp and Hartung (2003), Stat Med 22:2693.

    Examples
    --------
    >>> found = meta_regression(
    ...     [0.1, 0.3, 0.2, 0.7, 0.8], [0.04, 0.05, 0.06, 0.04, 0.05], {"weeks": [6, 8, 8, 12, 16]}
    ... )
    >>> slope = found.coefficients[1]
    >>> slope.name, round(slope.estimate, 3), round(slope.ci_low, 3), round(slope.ci_high, 3)
    ('weeks', 0.076, -0.01, 0.162)
    """
    k = int(arrange_one(effect, variance).count[0])
    design = read_design(moderators, k)
    return _fit(effect, variance, design, tau2, interval, level)


def fit_design(
    effect: Any,
    variance: Any,
    names: Sequence[str],
    matrix: Any,
    *,
    intercept: bool = True,
    moderators: int | None = None,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> Regression:
    """Regress effects on the columns of a design.

    Parameters
    ----------
    effect, variance, tau2, interval, level
        As in `meta_regression`.
    names : sequence of str
        Name of each column.
    matrix : array_like of shape (k, p)
        The design, to which nothing is added.
    intercept : bool
        Whether the first column is the intercept, and all 1. Without one the test of moderators
        covers all columns.
    moderators : int, optional
        Number of characteristics that the columns stand for; by default each but the intercept is
        one.

    Returns
    -------
    Regression

    Raises
    ------
    ParameterError
        For a matrix that does not fit the trials or the names, a first column other than 1 where
        it is the intercept, and as `meta_regression`.

    Examples
    --------
    >>> found = fit_design([0.1, 0.3, 0.7, 0.8, 0.6], [0.04, 0.05, 0.04, 0.05, 0.04],
    ...                    ["a", "b"], [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], intercept=False)
    >>> [(c.name, round(c.estimate, 3)) for c in found.coefficients], found.qm_df
    ([('a', 0.189), ('b', 0.693)], 2)
    """
    k = int(arrange_one(effect, variance).count[0])
    design = check_design(names, matrix, k, intercept=intercept, moderators=moderators)
    return _fit(effect, variance, design, tau2, interval, level)


def _fit(
    effect: Any, variance: Any, design: Design, tau2: Tau2, interval: Interval, level: float
) -> Regression:
    check_choice("tau2", tau2, TAU2_METHODS)
    check_choice("interval", interval, INTERVAL_METHODS)
    check_level(level)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    refuse_far_apart(variances)
    basis, triangle = np.linalg.qr(design.matrix)
    model = LinearModel(effects, variances, basis)
    between, converged = between_trial_variance(model, tau2)
    at_zero = weighted_fit(model, np.zeros(1))
    fit = weighted_fit(model, np.array([between]))
    degrees = model.degrees
    factor = 1.0
    if interval != "wald":
        # Knapp and Hartung (2003); never below 1 in the ad hoc version
        exact = float(np.abs(fit.residual).max()) <= TIED * magnitude(effects)
        factor = 0.0 if exact else float(fit.q[0]) / degrees
        factor = max(factor, 1.0) if interval == "hksj_adhoc" else factor
    # Back from the orthonormal columns to those of the design: X = basis R
    back = np.linalg.inv(triangle)
    on_basis = OnBasis(design.names, model, triangle, fit.coefficients[0], factor * fit.inverse[0])
    estimates = back @ on_basis.estimate
    covariance = back @ on_basis.covariance @ back.T
    df = None if interval == "wald" else degrees
    qe = float(at_zero.q[0])
    i2, h2 = _shares(tau2, between, qe, float(at_zero.trace[0]), degrees)
    low, high = q_profile(model, level)
    tested = on_basis.rows(np.eye(len(design.names))[1 if design.intercept else 0 :])
    qm, qm_df, qm_p = wald_test(on_basis, tested, tested @ on_basis.estimate, df)
    parameters = len(design.names) + (tau2 != "common")
    at = np.array([between])
    ml, reml = (
        fit_statistics(float(log_likelihood(model, at, restricted=by)[0]), parameters, size)
        for by, size in ((False, effects.size), (True, degrees))
    )
    return Regression(
        coefficients=coefficients(
            design.names, estimates, np.sqrt(np.diagonal(covariance)), df, level
        ),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        level=float(level),
        df=df,
        tau2=between,
        tau2_ci_low=low,
        tau2_ci_high=high,
        tau2_se=tau2_error(model, tau2, between),
        tau2_converged=converged,
        i2=i2,
        h2=h2,
        r2=_explained(model, tau2, between),
        qe=qe,
        qe_df=degrees,
        qe_p=float(special.chdtrc(degrees, qe)),
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        ml=ml,
        reml=reml,
        k=effects.size,
        tau2_method=tau2,
        interval_method=interval,
        warnings=_warnings(effects.size, design.moderators, converged=converged, exact=factor == 0),
        on_basis=on_basis,
    )


def subgroups(
    effect: Any,
    variance: Any,
    groups: Sequence[Any],
    *,
    common_tau2: bool = False,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> Subgroups:
    """Pool groups of trials apart and test whether their estimates differ.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        As in `meta_regression`.
    groups : sequence of str
        Group of each trial; at least two different.
    common_tau2 : bool
        Whether one variance between trials, that of a regression on the groups, holds within all
        of them; else each group has its own.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`, for each group apart.

    Returns
    -------
    Subgroups
        The test weighs the estimates by their standard errors.

    Raises
    ------
    ParameterError
        For one group only, a group that is not text, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Borenstein et al. (2009), chapter 19, with separate estimates of tau2 and with a pooled one.
    With a pooled tau2 and Hartung-Knapp each group has its own factor, as in the R package meta;
    `fit_design` on the groups gives the F test with one factor, as in metafor.

    Examples
    --------
    >>> found = subgroups([0.1, 0.3, 0.7, 0.8], [0.04, 0.05, 0.04, 0.05], ["a", "a", "b", "b"])
    >>> found.names, round(found.q_between, 2), found.q_df
    (('a', 'b'), 6.94, 1)
    """
    arrange_one(effect, variance)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    given = list(groups)
    if len(given) != effects.size:
        raise ParameterError("groups", len(given), f"one group for each of {effects.size} trials")
    for i, group in enumerate(given):
        if not isinstance(group, str) or not group:
            raise ParameterError(f"groups[{i}]", group, "the name of a group")
    names = tuple(sorted(set(given)))
    if len(names) < 2:
        raise ParameterError("groups", names, "at least two different groups")
    common: Regression | None = None
    if common_tau2:
        common = meta_regression(effects, variances, {"group": given}, tau2=tau2, level=level)
    estimates = []
    for name in names:
        members = np.array([group == name for group in given])
        between = tau2 if common is None or tau2 == "common" else common.tau2
        estimates.append(
            pool(effects[members], variances[members], tau2=between, interval=interval, level=level)
        )
    degrees = len(names) - 1
    q = q_p = None
    sentences = _warnings(effects.size, 1, converged=common is None or common.tau2_converged)
    errors = np.array([pooled.se for pooled in estimates])
    if (errors > 0).all():
        weight, values = errors**-2.0, np.array([pooled.effect for pooled in estimates])
        mean = weight @ values / weight.sum()
        q = float(weight @ (values - mean) ** 2)
        q_p = float(special.chdtrc(degrees, q))
    else:
        sentences += ("A group has a standard error of 0, so that the groups cannot be compared.",)
    return Subgroups(
        names=names,
        estimates=tuple(estimates),
        tau2=None if common is None else common.tau2,
        tau2_ci_low=None if common is None else common.tau2_ci_low,
        tau2_ci_high=None if common is None else common.tau2_ci_high,
        q_between=q,
        q_df=degrees,
        q_p=q_p,
        warnings=sentences,
    )


def _shares(method: str, tau2: float, qe: float, trace: float, degrees: int) -> tuple[float, float]:
    """I2 and H2 as in pooling, with k - p degrees of freedom."""
    if method == "common":
        h2 = qe / degrees
        return 1 - 1 / max(h2, 1.0), h2
    typical = degrees / trace
    return tau2 / (tau2 + typical), (tau2 + typical) / typical


def _explained(model: LinearModel, method: str, tau2: float) -> float | None:
    if method == "common":
        return None
    k = model.effect.size
    ones = np.ones(k)
    if np.linalg.norm(ones - model.basis @ (model.basis.T @ ones)) > DEPENDENT * k**0.5:
        return None
    alone = LinearModel(model.effect, model.variance, np.full((k, 1), k**-0.5))
    total, _ = between_trial_variance(alone, method)
    # Raudenbush (2009): (tau2 without - tau2 with) / tau2 without
    return max(0.0, (total - tau2) / total) if total > 0 else None


def _warnings(k: int, moderators: int, *, converged: bool, exact: bool = False) -> tuple[str, ...]:
    sentences = []
    if k < TRIALS_PER_MODERATOR * moderators:
        what = "one characteristic" if moderators == 1 else f"{moderators} characteristics"
        sentences.append(
            f"{k} trials for {what}: below {TRIALS_PER_MODERATOR} trials for each, a difference "
            "between trials can be chance, and it never shows a cause."
        )
    if not converged:
        sentences.append("The search for tau2 did not converge.")
    if exact:
        sentences.append(
            "The effects lie on the regression exactly, so that the plain Hartung-Knapp standard "
            "errors are 0 and the intervals have no width; hksj_adhoc prevents that."
        )
    return tuple(sentences)
