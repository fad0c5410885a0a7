"""Pooling of many sets of trials in one call: the kernel of every pooled estimate."""

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Flags, Floats, in_parts, once_each
from evidence.meta.pooling.heterogeneity import (
    TAU2_METHODS,
    between_trial_variance,
    i_squared,
    i_squared_of_q,
    q_profile,
    typical_variance,
)
from evidence.meta.pooling.weights import LIMIT, Sets, arrange, moments, numbers
from evidence.terms import Interval, Tau2

INTERVAL_METHODS: tuple[Interval, ...] = get_args(Interval)
PREDICTION_DF = ("default", "k-2")
GIVEN = "given"
"""Method of a tau2 that was given as a number."""


@dataclass(frozen=True, slots=True)
class PooledBatch:
    """Pooled estimates of many sets, one entry per set; NaN where a quantity is not defined.

    Attributes
    ----------
    effect, se, ci_low, ci_high, p_value : ndarray of shape (B,)
        Estimate on the scale of the input, its standard error, interval and two-sided p value
        against 0.
    level : float
        Coverage of all intervals.
    df : ndarray of shape (B,)
        Degrees of freedom of t; NaN where the normal distribution is used.
    tau2, tau2_ci_low, tau2_ci_high : ndarray of shape (B,)
        Variance between trials and its Q-profile interval; NaN for a single trial, the interval
        also where it was not asked for.
    tau2_converged : ndarray of bool, shape (B,)
    i2, h2 : ndarray of shape (B,)
        I2 from 0 to 1, and H2.
    q, q_df, q_p : ndarray of shape (B,)
        Cochran's Q with its test.
    prediction_low, prediction_high, prediction_df : ndarray of shape (B,)
        Interval for the effect of a new trial; its df is NaN where the normal distribution is
        used.
    k : ndarray of int, shape (B,)
        Trials in each set.
    weights : ndarray of shape (B, k)
        Weights, which sum to 1 in each set; 0 where the mask is False.
    tau2_method, interval_method : str
        As asked for; a set of one trial is its own estimate with the wald interval.
    """

    effect: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    level: float
    p_value: Floats
    df: Floats
    tau2: Floats
    tau2_ci_low: Floats
    tau2_ci_high: Floats
    tau2_converged: Flags
    i2: Floats
    h2: Floats
    q: Floats
    q_df: Floats
    q_p: Floats
    prediction_low: Floats
    prediction_high: Floats
    prediction_df: Floats
    k: NDArray[np.intp]
    weights: Floats
    tau2_method: str
    interval_method: str


def check_level(level: object) -> None:
    """Refuse a coverage that is not a number between 0 and 1."""
    is_number = isinstance(level, int | float | np.floating) and not isinstance(level, bool)
    if not is_number or not 0 < level < 1:  # type: ignore[operator]
        raise ParameterError("level", level, "a number between 0 and 1, such as 0.95")


def check_tau2(tau2: object) -> None:
    """Refuse what is neither the name of an estimator nor a variance."""
    if isinstance(tau2, int | float | np.floating) and not isinstance(tau2, bool):
        if not 0 <= tau2 <= LIMIT:
            raise ParameterError("tau2", tau2, "a finite variance of 0 or more, up to 1e50")
        return
    check_choice("tau2", tau2, TAU2_METHODS)


def fit(
    sets: Sets,
    *,
    tau2: Tau2 | float,
    interval: Interval,
    level: float,
    prediction_df: str,
    tau2_interval: bool,
) -> PooledBatch:
    """Pool each set; parameters and results as in `evidence.meta.pooling.batch.pool`."""
    check_tau2(tau2)
    check_choice("interval", interval, INTERVAL_METHODS)
    check_choice("prediction_df", prediction_df, PREDICTION_DF)
    check_level(level)
    n = sets.count.size
    several = np.flatnonzero(sets.count > 1)
    pooled = sets if several.size == n else sets.take(several)

    def spread(values: Floats) -> Floats:
        full = np.full(n, np.nan)
        full[several] = values
        return full

    between, converged = (
        between_trial_variance(pooled, tau2)
        if isinstance(tau2, str)
        else (np.full(several.size, float(tau2)), np.ones(several.size, dtype=bool))
    )
    alike = moments(pooled.effect, pooled.variance, 0.0)
    # Cochran (1954), Biometrics 10:101
    q = alike.q
    q_p = np.asarray(special.chdtrc(pooled.degrees, q), dtype=np.float64)
    i2, h2 = (
        i_squared_of_q(q, pooled.degrees)
        if tau2 == "common"
        else i_squared(typical_variance(alike, pooled.degrees), between)
    )
    low, high = (
        q_profile(pooled, level, q)
        if tau2_interval
        else (np.full(several.size, np.nan), np.full(several.size, np.nan))
    )
    # One trial has no tau2 of its own, but a given one holds for it too.
    everywhere = spread(between) if isinstance(tau2, str) else np.full(n, float(tau2))
    at = moments(sets.effect, sets.variance, np.nan_to_num(everywhere, nan=0.0))
    degrees = np.where(sets.count > 1, sets.degrees, np.nan)
    se = 1 / np.sqrt(at.total)
    df = np.full(n, np.nan)
    if interval != "wald":
        df = degrees
        # Hartung and Knapp (2001), Stat Med 20:3875; Sidik and Jonkman (2002), Stat Med 21:3153
        factor = at.q / np.where(sets.count > 1, degrees, 1.0)
        if interval == "hksj_adhoc":
            # never below 1: Knapp and Hartung (2003), Stat Med 22:2693
            factor = np.maximum(factor, 1.0)
        se = np.where(sets.count > 1, se * np.sqrt(factor), se)
    effect = at.mean + sets.shift
    margin = quantile(df, level) * se
    # Higgins, Thompson and Spiegelhalter (2009), J R Stat Soc A 172:137
    p_df = df if prediction_df == "default" else np.where(degrees > 1, degrees - 1, np.nan)
    reach = quantile(p_df, level) * np.sqrt(se**2 + spread(between))
    has_prediction = (sets.count > 1) & (tau2 != "common")
    if prediction_df == "k-2":
        has_prediction &= sets.count > 2
    return PooledBatch(
        effect=effect,
        se=se,
        ci_low=effect - margin,
        ci_high=effect + margin,
        level=float(level),
        p_value=two_sided_p(effect, se, df),
        df=df,
        tau2=everywhere,
        tau2_ci_low=spread(low),
        tau2_ci_high=spread(high),
        tau2_converged=_flags(n, several, converged),
        i2=spread(i2),
        h2=spread(h2),
        q=spread(q),
        q_df=degrees,
        q_p=spread(q_p),
        prediction_low=np.where(has_prediction, effect - reach, np.nan),
        prediction_high=np.where(has_prediction, effect + reach, np.nan),
        prediction_df=np.where(has_prediction, p_df, np.nan),
        k=sets.count,
        weights=sets.as_given(at.weight / at.total),
        tau2_method=tau2 if isinstance(tau2, str) else GIVEN,
        interval_method=interval,
    )


def _flags(n: int, rows: NDArray[np.intp], values: Flags) -> Flags:
    flags = np.ones(n, dtype=bool)
    flags[rows] = values
    return flags


def quantile(df: Floats, level: float) -> Floats:
    """Two-sided quantile of t, or of the normal distribution where df is NaN."""
    probability = (1 + level) / 2

    def of(distinct: Floats) -> Floats:
        normal = np.isnan(distinct)
        t = special.stdtrit(np.where(normal, 1.0, distinct), probability)
        return np.where(normal, special.ndtri(probability), t)

    return once_each(of, df)


def two_sided_p(effect: Floats, se: Floats, df: Floats) -> Floats:
    """Two-sided p value against 0 by t, or by the normal distribution where df is NaN.

    A standard error of 0 (plain Hartung-Knapp with equal effects) gives 0, or 1 for an effect of
    0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(effect == 0, 0.0, np.abs(effect) / se)
    normal = np.isnan(df)
    by_t = special.stdtr(np.where(normal, 1.0, df), -statistic)
    p_value: Floats = 2 * np.where(normal, special.ndtr(-statistic), by_t)
    return p_value


def pool(
    effect: Any,
    variance: Any,
    mask: Any = None,
    *,
    tau2: Tau2 | float = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
    prediction_df: str = "default",
    tau2_interval: bool = False,
) -> PooledBatch:
    """Pool each row of trials.

    Parameters
    ----------
    effect, variance : array_like of shape (B, k)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances. They are broadcast against each other, so that one row of variances serves all.
    mask : array_like of bool, shape (B, k), optional
        Which entries are trials; where False the numbers are ignored.
    tau2 : {"REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"}
        Estimator of the variance between trials; "common" is the common-effect model. A number is
        taken as that variance, for single trials too.
    interval : {"wald", "hksj", "hksj_adhoc"}
        Normal interval, Hartung-Knapp-Sidik-Jonkman, and the same with a factor of at least 1.
    level : float
        Coverage of the intervals.
    prediction_df : {"default", "k-2"}
        Prediction by the distribution of the interval (t with k - 1, or normal), or by t with
        k - 2.
    tau2_interval : bool
        Whether the Q-profile interval of tau2 is computed.

    Returns
    -------
    PooledBatch

    Raises
    ------
    ParameterError
        For a number that is not finite, a variance that is not positive, a row without a trial,
        shapes that do not fit, or a name that is not accepted.

    Examples
    --------
    >>> pooled = pool([[0.2, 0.4, 0.6], [0.1, 0.5, 0.3]], [0.04, 0.05, 0.06], tau2="DL")
    >>> pooled.effect.round(4).tolist()
    [0.373, 0.2838]
    """
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    if effects.ndim != 2:
        raise ParameterError("effect", effects.shape, "an array of shape (B, k)")
    present = _checked_mask(mask, effects.shape)
    try:
        variances = np.broadcast_to(variances, effects.shape)
    except ValueError:
        raise ParameterError(
            "variance", variances.shape, f"the shape of effect, {effects.shape}"
        ) from None
    return fit(
        arrange(effects, variances, present),
        tau2=tau2,
        interval=interval,
        level=level,
        prediction_df=prediction_df,
        tau2_interval=tau2_interval,
    )


PART = 8192
"""Rows that are pooled in one call of a shared loop: with fewer, to start a call takes longer."""


def pool_in_parts(
    effect: Floats,
    variance: Floats,
    mask: Flags | None,
    *,
    tau2: Tau2,
    interval: Interval,
    jobs: int | None,
) -> PooledBatch:
    """Pool many rows by parts of `PART` of them, which joblib may share out.

    Parameters
    ----------
    effect : ndarray of shape (B, k)
        Effects.
    variance : ndarray of shape (k,)
        Variances, those of every row.
    mask : ndarray of bool, shape (B, k), or None
        Which entries are trials.
    tau2, interval
        As in `pool`.
    jobs : int or None
        As in `evidence.meta.numerics.in_parts`.
    """
    starts = range(0, len(effect), PART)
    parts = [
        (effect[at : at + PART], variance, None if mask is None else mask[at : at + PART])
        for at in starts
    ]
    made = in_parts(partial(pool, tau2=tau2, interval=interval), parts, jobs)
    if len(made) == 1:
        return made[0]
    joined: dict[str, Any] = {
        one.name: np.concatenate([getattr(part, one.name) for part in made])
        for one in fields(PooledBatch)
        if isinstance(getattr(made[0], one.name), np.ndarray)
    }
    return replace(made[0], **joined)


def _checked_mask(mask: Any, shape: tuple[int, ...]) -> Flags | None:
    if mask is None:
        return None
    flags = np.asarray(mask)
    if flags.dtype != np.bool_:
        raise ParameterError("mask", str(flags.dtype), "an array of bool")
    try:
        return np.broadcast_to(flags, shape)
    except ValueError:
        raise ParameterError("mask", flags.shape, f"the shape of effect, {shape}") from None
