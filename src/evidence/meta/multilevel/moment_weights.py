"""Several effects per trial with weights from moments and cluster-robust errors (RVE)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError, check_choice
from evidence.meta.multilevel.covariance import BlockModel, evaluate
from evidence.meta.multilevel.inference import INFERENCE, Coefficient, Inference, Working
from evidence.meta.multilevel.random_effects import arrange_model, read_effects
from evidence.meta.numerics import Floats
from evidence.meta.pooling.weights import numbers

WEIGHTS = ("correlated", "hierarchical")


@dataclass(frozen=True, slots=True)
class RobustFit:
    """A robust meta-regression of several effects per trial.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        Of the columns of the design.
    covariance : tuple of tuple of float
    level : float
    tau2 : float
        Variance between trials, of which the weights are made.
    omega2 : float or None
        Variance between effects within trials, with hierarchical weights.
    weights, inference : str
    rho : float or None
        Assumed correlation of effects of one trial, with correlated weights.
    k_trials, k_estimates : int
    """

    coefficients: tuple[Coefficient, ...]
    covariance: tuple[tuple[float, ...], ...]
    level: float
    tau2: float
    omega2: float | None
    weights: str
    inference: str
    rho: float | None
    k_trials: int
    k_estimates: int


def robust_pool(
    effect: Any,
    variance: Any,
    cluster: Sequence[Hashable],
    *,
    design: Mapping[str, Any] | None = None,
    weights: str = "correlated",
    rho: float = 0.8,
    inference: str = "CR2",
    level: float = 0.95,
) -> RobustFit:
    """Pool or regress several effects per trial by robust variance estimation.

    Weights need not be right for the standard errors to be, given enough trials.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    cluster : sequence of length k
        The trial of each effect.
    design : mapping of str to array_like of shape (k,), optional
        Columns of the regression by name; by default the mean effect, named "intercept".
    weights : {"correlated", "hierarchical"}
        For effects of the same participants, 1 / (m (v + tau2)) with the mean variance v of the m
        effects of the trial; or for effects of several samples, 1 / (v + tau2 + omega2).
    rho : float
        Correlation assumed among effects of one trial, from 0 to 1; it enters tau2 of correlated
        weights alone, and little.
    inference : {"CR2", "CR1", "CR0", "t", "z"}
        As in `evidence.meta.multilevel.inference.MultilevelFit`.
    level : float

    Returns
    -------
    RobustFit

    Raises
    ------
    ParameterError
        As `evidence.meta.multilevel.fit_multilevel`, and for a correlation out of range.

    Notes
    -----
    Hedges, Tipton and Johnson (2010), Res Synth Methods 1:39; small samples: Tipton (2015),
    Psychol Methods 20:375, whose adjustment is CR2 with the inverse weights as working covariance.

    Examples
    --------
    >>> fit = robust_pool([0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2],
    ...                   [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04],
    ...                   ["a", "a", "b", "b", "c", "d", "d", "e"])
    >>> mean = fit.coefficients[0]
    >>> round(mean.estimate, 3), round(mean.se, 3), round(mean.df, 2)
    (0.305, 0.155, 3.98)
    """
    check_choice("weights", weights, WEIGHTS)
    check_choice("inference", inference, INFERENCE)
    correlation = numbers("rho", rho)
    if correlation.ndim or not 0 <= correlation <= 1:
        raise ParameterError("rho", rho, "a correlation from 0 to 1")
    effects = read_effects(effect)
    variances = numbers("variance", variance)
    if variances.shape != effects.shape:
        raise ParameterError("variance", variances.shape, f"the shape of effect, {effects.shape}")
    columns = {"intercept": np.ones(effects.size)} if design is None else design
    first = arrange_model(effects, variances, cluster, columns, "REML", level).model
    same = _same_trial(first, effects.size)
    scaled = variances / first.unit**2
    if weights == "correlated":
        tau2 = _correlated(first, scaled, same, float(correlation))
        omega2 = None
        size = same.sum(axis=1)
        working = size * (same @ scaled / size + tau2)
    else:
        tau2, omega2 = _hierarchical(first, scaled, same)
        working = scaled + tau2 + omega2
    arranged = arrange_model(effects, working * first.unit**2, cluster, columns, "REML", level)
    nothing = [np.zeros(group.covariance.shape) for group in arranged.model.groups]
    at = evaluate(arranged.model, nothing, restricted=True)
    inferred = Inference(Working(arranged.names, arranged.model, at), inference, level)
    return RobustFit(
        coefficients=inferred.coefficients(),
        covariance=inferred.covariance(),
        level=float(level),
        tau2=tau2 * first.unit**2,
        omega2=None if omega2 is None else omega2 * first.unit**2,
        weights=weights,
        inference=inference,
        rho=float(correlation) if weights == "correlated" else None,
        k_trials=first.k_trials,
        k_estimates=effects.size,
    )


def _same_trial(model: BlockModel, k: int) -> Floats:
    """Matrix of ones where two effects are of one trial."""
    trial = np.empty(k, dtype=np.intp)
    for group in model.groups:
        trial[group.rows] = group.trials[:, None]
    return np.where(trial[:, None] == trial[None, :], 1.0, 0.0)


def _residual_maker(model: BlockModel, weight: Floats) -> tuple[Floats, Floats]:
    """Give the matrix that turns effects into residuals, and these."""
    basis = model.basis
    inverse = np.linalg.inv(basis.T @ (weight[:, None] * basis))
    maker = np.eye(weight.size) - basis @ inverse @ (basis.T * weight)
    return maker, maker @ model.effect


def _correlated(model: BlockModel, variance: Floats, same: Floats, rho: float) -> float:
    """Estimate tau2; Hedges, Tipton and Johnson (2010), equation 15.

    Written as the moment equation that it solves: E(Q) is the trace of the quadratic form of Q
    times the covariance, which within a trial is v (rho + (1 - rho) [i = j]) + tau2.
    """
    size = same.sum(axis=1)
    mean = same @ variance / size
    weight = 1 / (size * mean)
    maker, residual = _residual_maker(model, weight)
    q = float((weight * residual**2).sum())
    form = maker.T @ (weight[:, None] * maker)
    errors = same * mean[:, None] * rho
    np.fill_diagonal(errors, mean)
    tau2 = (q - float((form * errors).sum())) / float((form * same).sum())
    return max(tau2, 0.0)


def _hierarchical(model: BlockModel, variance: Floats, same: Floats) -> tuple[float, float]:
    """Estimate tau2 and omega2 from two sums of squares of residuals (ibid., section 5).

    One is weighted by 1/v, the other is of the sums of residuals of each trial. A negative
    variance is set to 0, and the other one is then that of the weighted sum alone.
    """
    weight = 1 / variance
    maker, residual = _residual_maker(model, weight)
    by_effect = maker.T @ (weight[:, None] * maker)
    by_trial = maker.T @ same @ maker
    left = np.array(
        [[float((form * same).sum()), float(np.trace(form))] for form in (by_effect, by_trial)]
    )
    right = np.array(
        [
            float((weight * residual**2).sum() - np.diagonal(by_effect) @ variance),
            float(residual @ same @ residual - np.diagonal(by_trial) @ variance),
        ]
    )
    if abs(np.linalg.det(left / left.max(axis=1, keepdims=True))) < 1e-12:
        # one effect per trial, where the two variances cannot be told apart
        return max(0.0, float(right[0] / left[0, 0])), 0.0
    tau2, omega2 = np.linalg.solve(left, right)
    if omega2 < 0:
        return max(0.0, float(right[0] / left[0, 0])), 0.0
    if tau2 < 0:
        return 0.0, max(0.0, float(right[0] / left[0, 1]))
    return float(tau2), float(omega2)
