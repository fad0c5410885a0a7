"""One pooled estimate with what it rests on and what has to be said about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import GIVEN, PooledBatch, fit
from evidence.meta.pooling.heterogeneity import typical_variance
from evidence.meta.pooling.weights import arrange_one, moments
from evidence.terms import Interval, Remark, RemarkKind, Tau2

FEW_TRIALS = 5
"""Below this number of trials the variation between them cannot be told."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled estimate; None where a quantity is not defined.

    Attributes
    ----------
    effect, se, ci_low, ci_high : float
        Estimate on the scale of the input (positive favors the intervention), its standard error
        and interval.
    level : float
        Coverage of all intervals, 0.95 for 95%.
    p_value : float
        Two-sided, against 0, by the distribution of the interval.
    df : int or None
        Degrees of freedom of t; None where the normal distribution is used.
    tau2, tau2_ci_low, tau2_ci_high : float or None
        Variance between trials with its Q-profile interval. The interval does not depend on the
        estimator, and stands beside the 0 of a common-effect model too.
    tau2_converged : bool
        False where the search for tau2 did not end.
    i2, h2 : float or None
        I2 from 0 to 1, and H2.
    q, q_df, q_p : float, int, float or None
        Cochran's Q, its degrees of freedom and p value.
    prediction_low, prediction_high : float or None
        Interval for the effect of a new trial; None in a common-effect model.
    prediction_df : int or None
        Degrees of freedom of t in that interval; None where the normal distribution is used.
    k : int
        Number of trials.
    weights : tuple of float
        In the order of the input, summing to 1.
    tau2_method, interval_method : str
        Methods; one trial always has "wald".
    warnings : tuple of Remark
        What a reader of the estimate needs: each a kind, to decide by, and a sentence.
    """

    effect: float
    se: float
    ci_low: float
    ci_high: float
    level: float
    p_value: float
    df: int | None
    tau2: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau2_converged: bool
    i2: float | None
    h2: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    prediction_low: float | None
    prediction_high: float | None
    prediction_df: int | None
    k: int
    weights: tuple[float, ...]
    tau2_method: str
    interval_method: str
    warnings: tuple[Remark, ...]


def pool(
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2 | float = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
    prediction_df: str = "default",
) -> Pooled:
    """Pool the effects of independent trials by inverse variance.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    tau2 : {"REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"}
        Estimator of the variance between trials; "common" is the common-effect model. A number is
        taken as that variance, for a single trial too; its method is then "given".
    interval : {"wald", "hksj", "hksj_adhoc"}
        Normal interval, Hartung-Knapp-Sidik-Jonkman, and the same with a factor of at least 1,
        so that the standard error is never below the one that the weights give.
    level : float
        Coverage of the intervals.
    prediction_df : {"default", "k-2"}
        Prediction by the distribution of the interval (t with k - 1, or normal), or by t with
        k - 2.

    Returns
    -------
    Pooled

    Raises
    ------
    ParameterError
        Without a trial, for a number that is not finite, a variance that is not positive, shapes
        that do not fit, or a name that is not accepted. Few trials never raise.

    Notes
    -----
    The estimate is sum(w y) / sum(w) with w = 1 / (v + tau2); DerSimonian and Laird (1986),
    Control Clin Trials 7:177. Sources of the estimators and intervals stand in
    `evidence.meta.pooling.heterogeneity` and `evidence.meta.pooling.batch`.

    Examples
    --------
    >>> pooled = pool([0.2, 0.4, 0.6], [0.04, 0.05, 0.06])
    >>> round(pooled.effect, 4), round(pooled.ci_low, 4), round(pooled.ci_high, 4)
    (0.373, -0.1749, 0.9209)
    """
    sets = arrange_one(effect, variance)
    batch = fit(
        sets,
        tau2=tau2,
        interval=interval,
        level=level,
        prediction_df=prediction_df,
        tau2_interval=True,
    )
    return _single(batch, sets.variance[:, 0])


def _single(batch: PooledBatch, variance: Floats) -> Pooled:
    k = int(batch.k[0])
    return Pooled(
        effect=float(batch.effect[0]),
        se=float(batch.se[0]),
        ci_low=float(batch.ci_low[0]),
        ci_high=float(batch.ci_high[0]),
        level=batch.level,
        p_value=float(batch.p_value[0]),
        df=_count(batch.df),
        tau2=_number(batch.tau2),
        tau2_ci_low=_number(batch.tau2_ci_low),
        tau2_ci_high=_number(batch.tau2_ci_high),
        tau2_converged=bool(batch.tau2_converged[0]),
        i2=_number(batch.i2),
        h2=_number(batch.h2),
        q=_number(batch.q),
        q_df=_count(batch.q_df),
        q_p=_number(batch.q_p),
        prediction_low=_number(batch.prediction_low),
        prediction_high=_number(batch.prediction_high),
        prediction_df=_count(batch.prediction_df),
        k=k,
        weights=tuple(batch.weights[0].tolist()),
        tau2_method=batch.tau2_method,
        interval_method=batch.interval_method if k > 1 else "wald",
        warnings=_warnings(batch, variance),
    )


def _number(values: Floats) -> float | None:
    return None if np.isnan(values[0]) else float(values[0])


def _count(values: Floats) -> int | None:
    return None if np.isnan(values[0]) else int(values[0])


def _warnings(batch: PooledBatch, variance: Floats) -> tuple[Remark, ...]:
    k = int(batch.k[0])
    if k == 1:
        return (
            Remark.of(
                RemarkKind.ONE_TRIAL,
                "One trial: this is its own estimate with a normal interval; nothing was pooled, "
                "and how much effects vary between trials cannot be estimated.",
            ),
        )
    said = []
    if k == 2:
        text = (
            "Two trials: how much effects vary between trials can hardly be estimated, and the "
            "interval rests on one degree of freedom or on an assumption."
        )
        said.append((RemarkKind.TWO_TRIALS, text))
    elif k < FEW_TRIALS:
        text = (
            f"{'Three' if k == 3 else 'Four'} trials: so few cannot say how much effects vary "
            "between trials."
        )
        said.append((RemarkKind.FEW_TRIALS, text))
    if not batch.tau2_converged[0]:
        said.append((RemarkKind.NOT_CONVERGED, "The search for tau2 did not converge."))
    if batch.tau2_method not in ("common", GIVEN) and batch.tau2[0] == 0:
        text = (
            "The estimate of the variance between trials is 0, which does not show that the "
            "effects are alike: see its interval."
        )
        said.append((RemarkKind.TAU2_OF_0, text))
    if batch.tau2_ci_high[0] == 0:
        text = (
            "The effects lie closer together than their variances lead to expect; the interval of "
            "tau2 is empty and is given as 0 to 0."
        )
        said.append((RemarkKind.CLOSER_THAN_CHANCE, text))
    if batch.interval_method == "hksj":
        # The standard error that the weights alone give, at the estimated tau2.
        by_weights = 1 / np.sqrt((1 / (variance + batch.tau2[0])).sum())
        if batch.se[0] == 0:
            text = (
                "All effects are the same, so that the plain Hartung-Knapp standard error is 0 and "
                "its interval has no width; hksj_adhoc prevents that."
            )
            said.append((RemarkKind.SE_OF_0, text))
        elif batch.se[0] < by_weights * (1 - 1e-9):
            text = (
                "The plain Hartung-Knapp standard error is smaller than the one that the weights "
                "give; its interval can be too narrow, and hksj_adhoc prevents that."
            )
            said.append((RemarkKind.INTERVAL_TOO_NARROW, text))
    return tuple(Remark.of(*one) for one in said)


def i2_limits(pooled: Pooled, variance: Any) -> tuple[float, float] | None:
    """Return the interval of I2 (0 to 1) that the Q-profile interval of tau2 gives.

    Higgins and Thompson (2002), Stat Med 21:1539, equation 9 at both limits of tau2 (Viechtbauer
    2007, Stat Med 26:37), as metafor's confint gives it. None where tau2 has no interval.

    Parameters
    ----------
    pooled : Pooled
        Pooled estimate.
    variance : array_like of shape (k,)
        The sampling variances that were pooled.

    Examples
    --------
    >>> variance = [0.04, 0.05, 0.06]
    >>> low, high = i2_limits(pool([0.2, 0.4, 0.6], variance), variance)
    >>> low, round(high, 3)
    (0.0, 0.969)
    """
    if pooled.tau2_ci_low is None or pooled.tau2_ci_high is None:
        return None
    sets = arrange_one(np.zeros(pooled.k), variance)
    typical = typical_variance(moments(sets.effect, sets.variance, 0.0), sets.degrees)[0]
    low, high = (limit / (limit + typical) for limit in (pooled.tau2_ci_low, pooled.tau2_ci_high))
    return float(low), float(high)
