"""What the likelihood says about the variance between trials, and how well models fit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from scipy.optimize import brentq

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import check_level, quantile
from evidence.meta.pooling.weights import Sets, arrange_one, moments, numbers, refuse_first
from evidence.terms import Tau2

METHODS = ("REML", "ML")


@dataclass(frozen=True, slots=True)
class FitStatistics:
    """How well a model fits.

    Attributes
    ----------
    log_likelihood : float
        Restricted or not.
    aic, bic, aicc : float
        Information criteria, comparable between models of the same trials by the same likelihood;
        by the restricted one only between models with the same moderators.
    """

    log_likelihood: float
    aic: float
    bic: float
    aicc: float


def fit_statistics(log_likelihood: float, parameters: int, size: int) -> FitStatistics:
    """Give the information criteria; `size` is k, or k - p with a restricted likelihood.

    Akaike (1974), Schwarz (1978), and Hurvich and Tsai (1989), Biometrika 76:297, with at least
    one degree of freedom left.
    """
    deviance, least = -2 * log_likelihood, max(size, parameters + 2)
    return FitStatistics(
        log_likelihood,
        deviance + 2 * parameters,
        deviance + parameters * float(np.log(size)),
        deviance + 2 * parameters * least / (least - parameters - 1),
    )


@dataclass(frozen=True, slots=True)
class Tau2Likelihood:
    """Likelihood-based inference on tau2.

    Attributes
    ----------
    tau2, se : float
        Estimate, and standard error by the expected information.
    profile_low, profile_high : float
        Profile-likelihood interval: all tau2 that a likelihood-ratio test does not reject. The
        lower limit is 0 where it does not reject 0.
    wald_low, wald_high : float
        Estimate plus and minus normal standard errors, at least 0; poor with few trials.
    level : float
        Coverage of both intervals.
    log_likelihood : float
        Restricted or not, by the method, at the estimate.
    aic, bic, aicc : float
        Information criteria with two parameters; comparable between models of the same trials
        by the same method, and with REML only where they have the same moderators.
    k : int
        Number of trials.
    method : str
    """

    tau2: float
    se: float
    profile_low: float
    profile_high: float
    wald_low: float
    wald_high: float
    level: float
    log_likelihood: float
    aic: float
    bic: float
    aicc: float
    k: int
    method: str


def tau2_likelihood(
    effect: Any, variance: Any, *, method: Tau2 = "REML", level: float = 0.95
) -> Tau2Likelihood:
    """Give the profile-likelihood and Wald intervals of tau2, and the fit of the model.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects and their sampling variances, of two or more trials.
    method : {"REML", "ML"}
    level : float
        Coverage of the intervals.

    Returns
    -------
    Tau2Likelihood

    Raises
    ------
    ParameterError
        For fewer than two trials, another method, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Hardy and Thompson (1996), Stat Med 15:619; Viechtbauer (2007), Stat Med 26:37, who finds the
    Q-profile interval, which `evidence.meta.pooling.pool` gives, closer to its level.

    Examples
    --------
    >>> found = tau2_likelihood([0.2, 0.4, 0.9, 1.5], [0.04, 0.05, 0.06, 0.05])
    >>> round(found.tau2, 3), round(found.profile_low, 3), round(found.profile_high, 3)
    (0.292, 0.049, 2.913)
    """
    check_choice("method", method, METHODS)
    check_level(level)
    whole = pool(effect, variance, tau2=method, interval="wald", level=level)
    if whole.k < 2 or whole.tau2 is None:
        raise ParameterError("effect", whole.k, "two or more trials")
    sets = arrange_one(effect, variance)
    height = _log_likelihood(sets, restricted=method == "REML")
    top = height(whole.tau2)
    cut = top - float(special.chdtri(1, 1 - level)) / 2
    low = 0.0
    if height(0.0) < cut:
        low = float(brentq(lambda x: height(x) - cut, 0.0, whole.tau2, xtol=1e-300, rtol=1e-14))
    far = 2 * whole.tau2 + float(sets.largest_variance[0])
    while height(far) > cut:
        far *= 2
    high = float(brentq(lambda x: height(x) - cut, whole.tau2, far, xtol=1e-300, rtol=1e-14))
    se = _standard_error(sets, whole.tau2, restricted=method == "REML")
    margin = float(quantile(np.full(1, np.nan), level)[0]) * se
    # the mean and tau2; the mean uses up one of the contrasts that REML leaves
    fit = fit_statistics(top, 2, whole.k - 1 if method == "REML" else whole.k)
    return Tau2Likelihood(
        tau2=whole.tau2,
        se=se,
        profile_low=low,
        profile_high=high,
        wald_low=max(0.0, whole.tau2 - margin),
        wald_high=whole.tau2 + margin,
        level=float(level),
        log_likelihood=top,
        aic=fit.aic,
        bic=fit.bic,
        aicc=fit.aicc,
        k=whole.k,
        method=method,
    )


def log_likelihoods(effect: Any, variance: Any, tau2: Any, *, method: Tau2 = "REML") -> Floats:
    """Give the log-likelihood at values of tau2, the mean being the best at each.

    Parameters
    ----------
    effect, variance, method
        As in `tau2_likelihood`.
    tau2 : array_like of shape (m,)
        Values of 0 or more.

    Returns
    -------
    ndarray of shape (m,)

    Raises
    ------
    ParameterError
        For a value below 0, and as `tau2_likelihood`.

    Examples
    --------
    >>> log_likelihoods([0.2, 0.4, 0.9, 1.5], [0.04, 0.05, 0.06, 0.05], [0.0, 0.292]).round(3)
    array([-9.007, -2.636])
    """
    check_choice("method", method, METHODS)
    values = np.atleast_1d(numbers("tau2", tau2))
    refuse_first("tau2", values, ~(values >= 0), "a variance of 0 or more")
    height = _log_likelihood(arrange_one(effect, variance), restricted=method == "REML")
    return np.array([height(float(one)) for one in values])


def _log_likelihood(sets: Sets, *, restricted: bool) -> Callable[[float], float]:
    k = int(sets.count[0])

    def height(tau2: float) -> float:
        at = moments(sets.effect, sets.variance, tau2)
        value = np.log(at.weight).sum() - at.q[0] - k * np.log(2 * np.pi)
        if restricted:
            # metafor, and Harville (1974), Biometrika 61:383, with log |X'X| = log k
            value += np.log(2 * np.pi) + np.log(k) - np.log(at.total[0])
        return float(value / 2)

    return height


def _standard_error(sets: Sets, tau2: float, *, restricted: bool) -> float:
    """Root of 2 / tr(P P), with W for P in ML; Viechtbauer (2005), J Educ Behav Stat 30:261."""
    weight = moments(sets.effect, sets.variance, tau2).weight[:, 0]
    squares = float((weight**2).sum())
    if restricted:
        total = weight.sum()
        squares += -2 * float((weight**3).sum()) / total + (squares / total) ** 2
    return float(np.sqrt(2 / squares))
