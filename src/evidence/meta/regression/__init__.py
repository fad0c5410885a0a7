"""Meta-regression and subgroups: whether characteristics of trials go with their effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling import Pooled, pool
from evidence.meta.pooling.batch import (
    INTERVAL_METHODS,
    check_choice,
    check_level,
    quantile,
    two_sided_p,
)
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.meta.pooling.weights import arrange_one, numbers
from evidence.meta.regression.linear import (
    Coefficient,
    LinearModel,
    between_trial_variance,
    q_profile,
    read_design,
    weighted_fit,
)

__all__ = ["Coefficient", "Regression", "Subgroups", "meta_regression", "subgroups"]

TRIALS_PER_MODERATOR = 10
"""Cochrane Handbook, section 10.11.5.1."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A meta-regression; None where a quantity is not defined.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        The intercept first.
    covariance : tuple of tuple of float
        Of the coefficients, in their order.
    level : float
        Coverage of all intervals.
    df : int or None
        Degrees of freedom of t, k - p; None where the normal distribution is used.
    tau2, tau2_ci_low, tau2_ci_high : float
        Variance between trials that the moderators leave, with its Q-profile interval.
    tau2_converged : bool
    i2, h2 : float
        I2 (0 to 1) and H2 of what the moderators leave.
    r2 : float or None
        Share of tau2 that the moderators account for, at least 0; None where tau2 is 0 without
        them, or in a common-effect model.
    qe, qe_df, qe_p : float, int, float
        Test of the residual heterogeneity.
    qm, qm_df, qm_p : float, int, float
        Test of all coefficients but the intercept: chi-square, or F on `qm_df` and `df`; None
        without moderators.
    k : int
        Number of trials.
    tau2_method, interval_method : str
    warnings : tuple of str
        Sentences that a reader needs.
    """

    coefficients: tuple[Coefficient, ...]
    covariance: tuple[tuple[float, ...], ...]
    level: float
    df: int | None
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
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
    k: int
    tau2_method: str
    interval_method: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Estimates of groups of trials and the test that they are the same.

    Attributes
    ----------
    names : tuple of str
        Groups in alphabetical order.
    estimates : tuple of Pooled
        One for each, with its own tau2.
    q_between, q_df, q_p : float, int, float
        Chi-square test across the groups.
    warnings : tuple of str
    """

    names: tuple[str, ...]
    estimates: tuple[Pooled, ...]
    q_between: float
    q_df: int
    q_p: float
    warnings: tuple[str, ...]


def meta_regression(
    effect: Any,
    variance: Any,
    moderators: Mapping[str, Sequence[Any]],
    *,
    tau2: str = "REML",
    interval: str = "hksj_adhoc",
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
    check_choice("tau2", tau2, TAU2_METHODS)
    check_choice("interval", interval, INTERVAL_METHODS)
    check_level(level)
    # Checks the numbers, with the messages of pooling.
    k = int(arrange_one(effect, variance).count[0])
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    design = read_design(moderators, k)
    basis, triangle = np.linalg.qr(design.matrix)
    model = LinearModel(effects, variances, basis)
    between, converged = between_trial_variance(model, tau2)
    at_zero = weighted_fit(model, np.zeros(1))
    fit = weighted_fit(model, np.array([between]))
    degrees = model.degrees
    factor = 1.0
    if interval != "wald":
        # Knapp and Hartung (2003); never below 1 in the ad hoc version
        factor = float(fit.q[0]) / degrees
        factor = max(factor, 1.0) if interval == "hksj_adhoc" else factor
    # Back from the orthonormal columns to those of the design: X = basis R
    back = np.linalg.inv(triangle)
    estimates = back @ fit.coefficients[0]
    covariance = factor * back @ fit.inverse[0] @ back.T
    df = np.full(estimates.size, np.nan if interval == "wald" else float(degrees))
    se = np.sqrt(np.diagonal(covariance))
    margin = quantile(df, level) * se
    p_values = two_sided_p(estimates, se, df)
    qe = float(at_zero.q[0])
    i2, h2 = _shares(tau2, between, qe, float(at_zero.trace[0]), degrees)
    low, high = q_profile(model, level)
    qm, qm_df, qm_p = _test_of_moderators(estimates, covariance, interval, degrees)
    return Regression(
        coefficients=tuple(
            Coefficient(name, *(float(value) for value in row))
            for name, row in zip(
                design.names,
                np.column_stack([estimates, se, estimates - margin, estimates + margin, p_values]),
                strict=True,
            )
        ),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        level=float(level),
        df=None if interval == "wald" else degrees,
        tau2=between,
        tau2_ci_low=low,
        tau2_ci_high=high,
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
        k=k,
        tau2_method=tau2,
        interval_method=interval,
        warnings=_warnings(k, design.moderators, converged=converged),
    )


def subgroups(
    effect: Any,
    variance: Any,
    groups: Sequence[Any],
    *,
    tau2: str = "REML",
    interval: str = "hksj_adhoc",
    level: float = 0.95,
) -> Subgroups:
    """Pool groups of trials apart and test whether their estimates differ.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        As in `meta_regression`.
    groups : sequence of str
        Group of each trial; at least two different.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`, for each group apart.

    Returns
    -------
    Subgroups
        The test weighs the estimates by the standard errors that the weights of trials give.

    Raises
    ------
    ParameterError
        For one group only, a group that is not text, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Borenstein et al. (2009), chapter 19: separate estimates of tau2.

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
    estimates, precision = [], []
    for name in names:
        members = np.array([group == name for group in given])
        pooled = pool(
            effects[members], variances[members], tau2=tau2, interval=interval, level=level
        )
        estimates.append(pooled)
        precision.append(float((1 / (variances[members] + (pooled.tau2 or 0.0))).sum()))
    weight, values = np.array(precision), np.array([pooled.effect for pooled in estimates])
    mean = weight @ values / weight.sum()
    q = float(weight @ (values - mean) ** 2)
    degrees = len(names) - 1
    return Subgroups(
        names=names,
        estimates=tuple(estimates),
        q_between=q,
        q_df=degrees,
        q_p=float(special.chdtrc(degrees, q)),
        warnings=_warnings(effects.size, 1, converged=True),
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
    alone = LinearModel(model.effect, model.variance, np.full((k, 1), k**-0.5))
    total, _ = between_trial_variance(alone, method)
    # Raudenbush (2009): (tau2 without - tau2 with) / tau2 without
    return max(0.0, (total - tau2) / total) if total > 0 else None


def _test_of_moderators(
    estimates: Floats, covariance: Floats, interval: str, degrees: int
) -> tuple[float | None, int | None, float | None]:
    tested = estimates[1:]
    if tested.size == 0:
        return None, None, None
    statistic = float(tested @ np.linalg.solve(covariance[1:, 1:], tested))
    if interval == "wald":
        return statistic, tested.size, float(special.chdtrc(tested.size, statistic))
    statistic /= tested.size
    return statistic, tested.size, float(special.fdtrc(tested.size, degrees, statistic))


def _warnings(k: int, moderators: int, *, converged: bool) -> tuple[str, ...]:
    sentences = []
    if k < TRIALS_PER_MODERATOR * moderators:
        what = "one characteristic" if moderators == 1 else f"{moderators} characteristics"
        sentences.append(
            f"{k} trials for {what}: below {TRIALS_PER_MODERATOR} trials for each, a difference "
            "between trials can be chance, and it never shows a cause."
        )
    if not converged:
        sentences.append("The search for tau2 did not converge.")
    return tuple(sentences)
