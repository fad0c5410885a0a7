"""What each trial does to a pooled estimate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling import Pooled, batch, pool
from evidence.meta.pooling.batch import PooledBatch
from evidence.meta.pooling.weights import numbers
from evidence.terms import Interval, Tau2


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Deletion diagnostics, one entry per trial in the order of the input.

    Attributes
    ----------
    rstudent : tuple of float
        Residual from the estimate without the trial, in standard errors.
    dffits : tuple of float
        Change of the trial's fitted value when it is left out, in standard errors.
    cook_distance : tuple of float
        Squared change of the estimate, in units of its variance.
    covariance_ratio : tuple of float
        Variance of the estimate without the trial over that with it.
    tau2_deleted, q_deleted : tuple of float
        tau2 and Cochran's Q without the trial.
    hat : tuple of float
        Weight of the trial, as a share of 1.
    dfbetas : tuple of float
        Change of the estimate, in standard errors without the trial.
    influential : tuple of bool
        True by one of the conventional bounds: |DFFITS| above 3 sqrt(1 / (k - 1)), Cook's
        distance above the median of chi-square with one degree of freedom, hat above 3 / k, or
        |DFBETAS| above 1.
    k : int
        Number of trials.
    """

    rstudent: tuple[float, ...]
    dffits: tuple[float, ...]
    cook_distance: tuple[float, ...]
    covariance_ratio: tuple[float, ...]
    tau2_deleted: tuple[float, ...]
    q_deleted: tuple[float, ...]
    hat: tuple[float, ...]
    dfbetas: tuple[float, ...]
    influential: tuple[bool, ...]
    k: int


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals from the pooled effect, one entry per trial in the order of the input.

    Attributes
    ----------
    residual : tuple of float
        Effect of the trial less the pooled effect.
    se : tuple of float or None
        Its standard error, the root of v + tau2 less the variance of the pooled effect; None where
        it is 0, for a single trial.
    standardized : tuple of float or None
        Residual in these standard errors (internally studentized).
    """

    residual: tuple[float, ...]
    se: tuple[float | None, ...]
    standardized: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Baujat:
    """Coordinates of a Baujat plot, one entry per trial in the order of the input.

    Attributes
    ----------
    heterogeneity : tuple of float
        Contribution to the weighted sum of squared residuals (to Q in a common-effect model),
        the horizontal axis.
    influence : tuple of float
        Squared change of the estimate when the trial is left out, in units of the variance of the
        estimate without it, the vertical axis.
    """

    heterogeneity: tuple[float, ...]
    influence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outliers:
    """Trials whose interval lies off the pooled one, and the estimate without them.

    Attributes
    ----------
    positions : tuple of int
        Of these trials, from 0.
    whole : Pooled
    without : Pooled or None
        The same model without them; None where none is left.
    """

    positions: tuple[int, ...]
    whole: Pooled
    without: Pooled | None


def outliers(
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
) -> Outliers:
    """Find the trials whose interval lies wholly off the pooled one, and pool without them.

    That a trial lies apart is no reason to leave it out; many do where effects differ.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention) and their sampling variances.
    tau2, interval, level
        As in `evidence.meta.pooling.pool`, for both estimates; the interval of a trial is its
        effect plus and minus 1.96 standard errors, whatever the level.

    Returns
    -------
    Outliers

    Raises
    ------
    ParameterError
        As `evidence.meta.pooling.pool`.

    Notes
    -----
    Harrer et al. (2021), Doing Meta-Analysis with R, section 5.4.1; `find.outliers` of dmetar.

    Examples
    --------
    >>> found = outliers([0.2, 0.4, 0.6, 2.9], [0.04, 0.05, 0.06, 0.05], interval="wald",
    ...                  tau2="common")
    >>> found.positions, round(found.without.effect, 3)
    ((0, 3), 0.491)
    """
    whole = pool(effect, variance, tau2=tau2, interval=interval, level=level)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    # Normal intervals of the studies, of the same coverage as the pooled one.
    reach = float(special.ndtri((1 + level) / 2)) * np.sqrt(variances)
    off = (effects + reach < whole.ci_low) | (effects - reach > whole.ci_high)
    without = None
    if not off.all():
        kept = (effects[~off], variances[~off])
        without = pool(*kept, tau2=tau2, interval=interval, level=level)
    return Outliers(tuple(np.flatnonzero(off).tolist()), whole, without)


def leave_one_out(
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2 = "REML",
    interval: Interval = "hksj_adhoc",
    level: float = 0.95,
    tau2_interval: bool = False,
) -> PooledBatch:
    """Pool once without each trial.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention) and their sampling variances, of two or more
        trials.
    tau2, interval, level, tau2_interval
        As in `evidence.meta.pooling.batch.pool`.

    Returns
    -------
    PooledBatch
        Entry i is the analysis without trial i; with two trials, each is the other one alone.

    Raises
    ------
    ParameterError
        For fewer than two trials, and as `evidence.meta.pooling.pool`.

    Examples
    --------
    >>> without = leave_one_out([0.2, 0.4, 0.6], [0.04, 0.05, 0.06])
    >>> without.effect.round(3).tolist()
    [0.491, 0.375, 0.289]
    """
    whole = pool(effect, variance, tau2=tau2, interval=interval, level=level)
    return _without_each(
        whole, effect, variance, tau2=tau2, interval=interval, tau2_interval=tau2_interval
    )


def diagnostics(
    effect: Any, variance: Any, *, tau2: Tau2 = "REML", interval: Interval = "hksj_adhoc"
) -> Diagnostics:
    """Say how far each trial stands apart and how much the estimate rests on it.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances, of three or more trials.
    tau2, interval
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    Diagnostics

    Raises
    ------
    ParameterError
        For fewer than three trials, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Viechtbauer and Cheung (2010), Res Synth Methods 1:112. tau2 is estimated anew without each
    trial. With a Hartung-Knapp interval its factor multiplies all variances, as in metafor.

    Examples
    --------
    >>> found = diagnostics([0.2, 0.4, 0.6, 1.9], [0.04, 0.05, 0.06, 0.05])
    >>> [round(value, 1) for value in found.rstudent]
    [-0.8, -0.5, -0.2, 5.9]
    """
    whole = pool(effect, variance, tau2=tau2, interval=interval)
    if whole.k < 3:
        raise ParameterError("effect", whole.k, "three or more trials")
    without = _without_each(whole, effect, variance, tau2=tau2, interval=interval)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    hat = np.array(whole.weights)
    change = whole.effect - without.effect
    factor = _hksj_factor(without, variances)
    # Variance of y_i about the mean, and about the estimate without trial i
    about_mean = factor * (without.tau2 + variances)
    rstudent = (effects - without.effect) / np.sqrt(without.se**2 + about_mean)
    dffits = change / np.sqrt(hat * about_mean)
    cook = change**2 / whole.se**2
    # The standard error that the whole set has with the tau2 found without trial i
    at_deleted = 1 / np.sqrt((1 / (variances + without.tau2[:, None])).sum(axis=1))
    dfbetas = change / (np.sqrt(factor) * at_deleted)
    k = whole.k
    influential = (
        (np.abs(dffits) > 3 * np.sqrt(1 / (k - 1)))
        # 0.4549 is the median of chi-square with one degree of freedom
        | (cook > 0.454936423119572)
        | (hat > 3 / k)
        | (np.abs(dfbetas) > 1)
    )
    return Diagnostics(
        rstudent=_plain(rstudent),
        dffits=_plain(dffits),
        cook_distance=_plain(cook),
        covariance_ratio=_plain(without.se**2 / whole.se**2),
        tau2_deleted=_plain(without.tau2),
        q_deleted=_plain(without.q),
        hat=whole.weights,
        dfbetas=_plain(dfbetas),
        influential=tuple(bool(flag) for flag in influential),
        k=k,
    )


def standardized_residuals(effect: Any, variance: Any, *, tau2: Tau2 = "REML") -> Residuals:
    """Say how far each trial lies from the pooled effect that it is part of.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances.
    tau2
        As in `evidence.meta.pooling.pool`.

    Returns
    -------
    Residuals
        Of trials left out of the estimate, which show an outlier more clearly, see `rstudent` of
        `diagnostics`.

    Raises
    ------
    ParameterError
        As `evidence.meta.pooling.pool`.

    Notes
    -----
    Hedges and Olkin (1985), section 12.B; Viechtbauer and Cheung (2010), Res Synth Methods
    1:112, for random effects. Var(y_i - mu) = v_i + tau2 - 1 / sum of weights.

    Examples
    --------
    >>> found = standardized_residuals([0.2, 0.4, 0.6, 1.9], [0.04, 0.05, 0.06, 0.05], tau2="DL")
    >>> [round(value, 2) for value in found.standardized]
    [-0.86, -0.55, -0.25, 1.67]
    """
    whole = pool(effect, variance, tau2=tau2, interval="wald")
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    residual = effects - whole.effect
    spread = variances + (whole.tau2 or 0.0)
    # v + tau2 - 1 / sum w = (v + tau2) times the share of weight that the others have
    # Summed, as 1 less the weight of a trial that has nearly all of it cancels.
    weights = np.array(whole.weights)
    others = np.array([np.delete(weights, i).sum() for i in range(weights.size)])
    se: list[float | None] = [float(x) if x > 0 else None for x in np.sqrt(spread * others)]
    return Residuals(
        residual=_plain(residual),
        se=tuple(se),
        standardized=tuple(
            None if error is None else float(value) / error
            for value, error in zip(residual, se, strict=True)
        ),
    )


def baujat(
    effect: Any, variance: Any, *, tau2: Tau2 = "REML", interval: Interval = "wald"
) -> Baujat:
    """Set what each trial adds to heterogeneity beside what it does to the estimate.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances, of two or more trials.
    tau2, interval
        As in `evidence.meta.pooling.pool`; tau2 is estimated anew without each trial.

    Returns
    -------
    Baujat

    Raises
    ------
    ParameterError
        For fewer than two trials, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Baujat et al. (2002), Stat Med 21:2641, for the common-effect model ("common").

    Examples
    --------
    >>> found = baujat([0.2, 0.4, 0.6, 1.9], [0.04, 0.05, 0.06, 0.05], tau2="common")
    >>> [round(value, 1) for value in found.heterogeneity]
    [7.5, 2.4, 0.4, 26.6]
    """
    whole = pool(effect, variance, tau2=tau2, interval=interval)
    without = _without_each(whole, effect, variance, tau2=tau2, interval=interval)
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    spread = variances + (whole.tau2 or 0.0)
    return Baujat(
        heterogeneity=_plain((effects - whole.effect) ** 2 / spread),
        influence=_plain((whole.effect - without.effect) ** 2 / without.se**2),
    )


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())


def _without_each(
    whole: Pooled,
    effect: Any,
    variance: Any,
    *,
    tau2: Tau2,
    interval: Interval,
    tau2_interval: bool = False,
) -> PooledBatch:
    if whole.k < 2:
        raise ParameterError("effect", whole.k, "two or more trials")
    shape = (whole.k, whole.k)
    return batch.pool(
        np.broadcast_to(numbers("effect", effect), shape),
        numbers("variance", variance),
        ~np.eye(whole.k, dtype=bool),
        tau2=tau2,
        interval=interval,
        level=whole.level,
        tau2_interval=tau2_interval,
    )


def _hksj_factor(without: PooledBatch, variances: Floats) -> Floats:
    """Square of the ratio of each standard error to that which the weights give."""
    weight = 1 / (variances + without.tau2[:, None])
    by_weights: Floats = 1 / (weight.sum(axis=1) - np.diagonal(weight))
    return without.se**2 / by_weights
