"""Whether small trials show other effects than large ones: regression and rank tests."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from evidence.errors import ParameterError, check_choice
from evidence.meta.effect_size.events import log_odds_ratio, log_risk_ratio
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import (
    INTERVAL_METHODS,
    check_level,
    quantile,
    two_sided_p,
)
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.meta.pooling.weights import (
    TIED,
    arrange_one,
    magnitude,
    moments,
    numbers,
    refuse_first,
    tied_ranks,
)
from evidence.meta.rare_events.counts import Tables, read_tables
from evidence.meta.regression import meta_regression
from evidence.meta.regression.linear import DEPENDENT, Coefficient
from evidence.terms import Interval, Tau2

PREDICTORS = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
MODELS = ("rma", "lm")

AT_INFINITY = ("sei", "vi", "ninv", "sqrtninv")
"""Predictors that are 0 for a trial of endless size."""

ENOUGH_TRIALS = 10
"""Sterne et al. (2011), BMJ 343:d4002, recommendation on the number of studies."""


@dataclass(frozen=True, slots=True)
class RegressionTest:
    """Effects regressed on a measure of the size of trials.

    Attributes
    ----------
    statistic, p_value : float
        Test that the slope is 0, two-sided; infinite where all trials lie on the line.
    df : int or None
        Degrees of freedom of t; None where the normal distribution is used.
    intercept, slope : Coefficient
        With `predictor` "sei" the slope is the bias of Egger et al.; above 0, small trials show
        effects that favor the intervention more.
    limit, limit_ci_low, limit_ci_high : float or None
        Effect that the line gives for a trial of endless size, which is the intercept; None with
        the predictors "ni" and "sqrtni".
    tau2 : float or None
        Variance between trials that the line leaves; None with model "lm".
    level : float
        Coverage of the intervals.
    model, predictor : str
    k : int
        Number of trials.
    warnings : tuple of str
        Sentences that a reader needs.
    """

    statistic: float
    p_value: float
    df: int | None
    intercept: Coefficient
    slope: Coefficient
    limit: float | None
    limit_ci_low: float | None
    limit_ci_high: float | None
    tau2: float | None
    level: float
    model: str
    predictor: str
    k: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankTest:
    """Rank correlation of standardized effects and variances.

    Attributes
    ----------
    tau, p_value : float or None
        Kendall's tau-b and its two-sided p value; None where all effects or all variances are
        the same. Above 0, small trials show effects that favor the intervention more.
    exact : bool
        Whether the p value comes from all orders, and not from the normal distribution.
    k : int
        Number of trials.
    warnings : tuple of str
    """

    tau: float | None
    p_value: float | None
    exact: bool
    k: int
    warnings: tuple[str, ...]


def regression_test(
    effect: Any,
    variance: Any,
    n_analyzed: Any = None,
    *,
    model: str = "rma",
    predictor: str = "sei",
    tau2: Tau2 = "REML",
    interval: Interval = "wald",
    level: float = 0.95,
) -> RegressionTest:
    """Regress effects on their standard errors, or on another measure of size.

    This is `regtest` of metafor, and Egger's test with model "lm" and predictor "sei".

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances, of three or more trials.
    n_analyzed : array_like of shape (k,), optional
        Participants of each trial, for the predictors that rest on them.
    model : {"rma", "lm"}
        Meta-regression with variance between trials, or weighted least squares whose residual
        variance is estimated.
    predictor : {"sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"}
        Standard error, variance, participants, their inverse, their root, inverse of the root.
    tau2, interval
        As in `evidence.meta.pooling.pool`; for model "rma" only.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RegressionTest

    Raises
    ------
    ParameterError
        For fewer than three trials, a predictor that is missing or the same for all trials, and
        as `evidence.meta.pooling.pool`.

    Notes
    -----
    Egger et al. (1997), BMJ 315:629, regress effect / SE on 1 / SE; weighted by 1 / variance that
    is the regression of the effect on SE, with intercept and slope exchanged (Sterne and Egger
    2005, in Rothstein, Sutton and Borenstein, chapter 6).

    Examples
    --------
    >>> found = regression_test(
    ...     [0.1, 0.2, 0.4, 0.5, 0.9], [0.01, 0.02, 0.05, 0.08, 0.2], model="lm"
    ... )
    >>> round(found.slope.estimate, 3), round(found.statistic, 2), found.df
    (2.291, 38.64, 3)
    """
    check_choice("model", model, MODELS)
    check_choice("predictor", predictor, PREDICTORS)
    check_choice("tau2", tau2, TAU2_METHODS)
    check_choice("interval", interval, INTERVAL_METHODS)
    check_level(level)
    k = int(arrange_one(effect, variance).count[0])
    if k < 3:
        raise ParameterError("effect", k, "three or more trials")
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    size = _size(predictor, variances, n_analyzed)
    between, sentences = None, list(chance_warning(k))
    if model == "lm":
        intercept, slope = _least_squares(effects, variances, size, predictor, level)
        df: int | None = k - 2
    else:
        fit = meta_regression(
            effects,
            variances,
            {predictor: size.tolist()},
            tau2=tau2,
            interval=interval,
            level=level,
        )
        intercept, slope = fit.coefficients
        between, df = fit.tau2, fit.df
        if not fit.tau2_converged:
            sentences.append("The search for tau2 did not converge.")
    has_limit = predictor in AT_INFINITY
    return RegressionTest(
        statistic=_ratio(slope),
        p_value=slope.p_value,
        df=df,
        intercept=intercept,
        slope=slope,
        limit=intercept.estimate if has_limit else None,
        limit_ci_low=intercept.ci_low if has_limit else None,
        limit_ci_high=intercept.ci_high if has_limit else None,
        tau2=between,
        level=float(level),
        model=model,
        predictor=predictor,
        k=k,
        warnings=tuple(sentences),
    )


def peters_test(
    events_1: Any,
    n_1: Any,
    events_2: Any,
    n_2: Any,
    *,
    measure: str = "odds_ratio",
    level: float = 0.95,
) -> RegressionTest:
    """Regress log odds or risk ratios on the inverse of the participants, for counts of events.

    Unlike standard errors these do not depend on the effect itself, which Egger's test mistakes for
    asymmetry.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like of shape (k,)
        Events and participants of both arms, of three or more trials; the ratio is that of arm 1
        to arm 2, with 1/2 added to each cell of a table with an empty one.
    measure : {"odds_ratio", "risk_ratio"}
    level : float

    Returns
    -------
    RegressionTest

    Raises
    ------
    ParameterError
        For counts that cannot be, fewer than three tables with events and with others, and sizes
        that are all the same.

    Notes
    -----
    Peters et al. (2006), JAMA 295:676: weights 1 / (1 / events + 1 / others) of both arms.
    """
    check_choice("measure", measure, ("odds_ratio", "risk_ratio"))
    check_level(level)
    tables, said = _tables(events_1, n_1, events_2, n_2)
    ratio = log_odds_ratio if measure == "odds_ratio" else log_risk_ratio
    effects = np.asarray(
        ratio(tables.events_1, tables.n_1, tables.events_2, tables.n_2).value, dtype=np.float64
    )
    variances = 1 / tables.events + 1 / (tables.total - tables.events)
    return _count_test(effects, variances, 1 / tables.total, "ninv", "peters", level, said)


def harbord_test(
    events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, level: float = 0.95
) -> RegressionTest:
    """Regress the score over its variance on the inverse root of that variance, for odds ratios.

    Parameters
    ----------
    events_1, n_1, events_2, n_2, level
        As in `peters_test`; nothing is added to empty cells.

    Returns
    -------
    RegressionTest

    Raises
    ------
    ParameterError
        As `peters_test`.

    Notes
    -----
    Harbord, Egger and Sterne (2006), Stat Med 25:3443: Z = a - m n_1 / N and V = n_1 n_2 m (N - m)
    / (N^2 (N - 1)) for m events among N; Z / sqrt(V) on sqrt(V).
    """
    check_level(level)
    tables, said = _tables(events_1, n_1, events_2, n_2)
    score, v = tables.excess, tables.variance
    return _count_test(score / v, 1 / v, 1 / np.sqrt(v), "sei", "harbord", level, said)


def _tables(events_1: Any, n_1: Any, events_2: Any, n_2: Any) -> tuple[Tables, tuple[str, ...]]:
    """Give the tables with events and with others, and say what was left out."""
    tables = read_tables(events_1, n_1, events_2, n_2)
    kept = tables.informative
    if kept.sum() < 3:
        expected = "three or more tables with events and with others"
        raise ParameterError("events_1", int(kept.sum()), expected)
    if kept.all():
        return tables, ()
    cells = (tables.events_1, tables.n_1, tables.events_2, tables.n_2)
    lost = int((~kept).sum())
    said = f"{lost} {'table' if lost == 1 else 'tables'} in which nobody or everybody had the event"
    return read_tables(*(one[kept] for one in cells)), (f"{said}: left out.",)


def _count_test(
    effects: Floats,
    variances: Floats,
    size: Floats,
    predictor: str,
    model: str,
    level: float,
    said: tuple[str, ...],
) -> RegressionTest:
    intercept, slope = _least_squares(effects, variances, size, predictor, level)
    k = effects.size
    return RegressionTest(
        statistic=_ratio(slope),
        p_value=slope.p_value,
        df=k - 2,
        intercept=intercept,
        slope=slope,
        limit=intercept.estimate,
        limit_ci_low=intercept.ci_low,
        limit_ci_high=intercept.ci_high,
        tau2=None,
        level=float(level),
        model=model,
        predictor=predictor,
        k=k,
        warnings=(*said, *chance_warning(k)),
    )


def rank_test(effect: Any, variance: Any, *, exact: bool = True) -> RankTest:
    """Correlate the ranks of standardized effects with those of variances.

    This is `ranktest` of metafor.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention) and their sampling variances, of two or more
        trials.
    exact : bool
        Count all orders, where there are no ties.

    Returns
    -------
    RankTest

    Raises
    ------
    ParameterError
        For one trial, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Begg and Mazumdar (1994), Biometrics 50:1088: Kendall's tau of (y - mean) / sqrt(v*) and v,
    with the weighted mean and v* = v - 1 / sum(1 / v).

    Examples
    --------
    >>> found = rank_test([0.1, 0.3, 0.2, 0.5, 0.9], [0.01, 0.02, 0.05, 0.08, 0.2])
    >>> round(found.tau, 3), round(found.p_value, 4)
    (0.8, 0.0833)
    """
    sets = arrange_one(effect, variance)
    k = int(sets.count[0])
    if k < 2:
        raise ParameterError("effect", k, "two or more trials")
    effects, variances = sets.effect[:, 0], sets.variance[:, 0]
    at = moments(effects, variances, 0.0)
    # v* = v (sum w - w) / sum w, in which nothing cancels for the trial with the largest weight
    others = np.array([np.delete(at.weight, i).sum() for i in range(k)])
    scale = np.sqrt(variances * others / at.total)
    deviates = at.residual / scale
    sentences = list(chance_warning(k))
    if np.unique(effects).size == 1 or np.unique(variances).size == 1:
        what = "effects" if np.unique(effects).size == 1 else "variances"
        sentences.append(f"All {what} are the same: there are no ranks to correlate.")
        return RankTest(None, None, False, k, tuple(sentences))
    ranks = tied_ranks(deviates, TIED * magnitude(effects + sets.shift) / scale)
    tied = np.unique(ranks).size < k or np.unique(variances).size < k
    by_order = exact and not tied
    found = stats.kendalltau(ranks, variances, method="exact" if by_order else "asymptotic")
    return RankTest(float(found.statistic), float(found.pvalue), by_order, k, tuple(sentences))


def chance_warning(k: int) -> tuple[str, ...]:
    """Say of fewer than ten trials that no method tells asymmetry from chance."""
    if k >= ENOUGH_TRIALS:
        return ()
    trials = "One trial" if k == 1 else f"{k} trials"
    return (
        f"{trials}: with fewer than {ENOUGH_TRIALS}, methods for small-study effects cannot tell "
        "asymmetry from chance (Sterne et al. 2011).",
    )


def _ratio(slope: Coefficient) -> float:
    """Slope over its standard error, which is 0 where all trials lie on the line."""
    if slope.se == 0:
        return math.copysign(math.inf, slope.estimate) if slope.estimate else 0.0
    return slope.estimate / slope.se


def _size(predictor: str, variances: Floats, n_analyzed: Any) -> Floats:
    if predictor == "vi":
        return variances
    if predictor == "sei":
        return np.sqrt(variances)
    if n_analyzed is None:
        raise ParameterError("n_analyzed", None, f"participants of each trial, for {predictor!r}")
    n = numbers("n_analyzed", n_analyzed)
    if n.shape != variances.shape:
        raise ParameterError("n_analyzed", n.shape, f"the shape of effect, {variances.shape}")
    refuse_first("n_analyzed", n, ~((n > 0) & np.isfinite(n)), "a finite positive number")
    sizes = {"ni": n, "ninv": 1 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1 / np.sqrt(n)}
    return np.asarray(sizes[predictor], dtype=np.float64)


def _least_squares(
    effects: Floats, variances: Floats, size: Floats, predictor: str, level: float
) -> tuple[Coefficient, Coefficient]:
    """Weighted least squares on one predictor, about the weighted means."""
    k = effects.size
    weight = variances.min() / variances
    at = weight @ size / weight.sum()
    spread = size - at
    squares = float(weight @ spread**2)
    if squares <= DEPENDENT**2 * float(weight @ size**2):
        raise ParameterError("predictor", predictor, "a measure that varies between trials")
    mean = weight @ effects / weight.sum()
    slope = float(weight @ (spread * (effects - mean))) / squares
    residual = effects - mean - slope * spread
    dispersion = float(weight @ residual**2) / (k - 2)
    estimates = np.array([mean - slope * at, slope])
    se = np.sqrt(dispersion * np.array([1 / weight.sum() + at**2 / squares, 1 / squares]))
    df = np.full(2, float(k - 2))
    margin = quantile(df, level) * se
    columns = [estimates, se, estimates - margin, estimates + margin]
    rows = np.column_stack([*columns, two_sided_p(estimates, se, df)]).tolist()
    return Coefficient("intercept", *rows[0]), Coefficient(predictor, *rows[1])
