"""Selection models: the effect if trials were published depending on their P values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.bias import chance_warning
from evidence.meta.bias.selection_weights import (
    AT_BOUND,
    HIGHEST,
    SMOOTH,
    Likelihood,
    Smooth,
    Steps,
    search,
    standard_errors,
    step_function,
)
from evidence.meta.numerics import Flags, Floats, Optimum
from evidence.meta.pooling import Pooled, pool
from evidence.meta.pooling.batch import check_level, quantile, two_sided_p
from evidence.meta.pooling.weights import numbers
from evidence.terms import Tau2

SELECTIONS = ("step", *SMOOTH)
ALTERNATIVES = ("greater", "less", "two_sided")
TAU2_METHODS = ("ML", "common")


@dataclass(frozen=True, slots=True)
class SelectionModel:
    """An estimate under a model of what gets published; None where a quantity is not defined.

    Attributes
    ----------
    effect, se, ci_low, ci_high, p_value : float
        Mean effect of all trials, published or not, with its normal interval and two-sided P
        value against 0; all but the effect are None where the curvature does not give them.
    level : float
        Coverage of the interval.
    tau2, tau2_se : float or None
        Variance between trials, 0 in a common-effect model; no standard error there or at 0.
    parameters, parameters_se : tuple of float or None
        Of the function of selection: for "step" the weight of each interval of P values relative
        to the first, which is 1; none of 0, or that was fixed, has a standard error.
    intervals : tuple of int
        Trials in each interval; empty for other functions than "step".
    log_likelihood : float
    selection_statistic, selection_df, selection_p : float, int, float or None
        Likelihood ratio test that there is no selection; None where selection was fixed.
    heterogeneity_statistic, heterogeneity_p : float or None
        Likelihood ratio test that tau2 is 0, under the same kind of selection; None in a
        common-effect model.
    unadjusted : Pooled
        Estimate by the same method without selection.
    converged : bool
    k : int
        Number of trials.
    selection, alternative, tau2_method : str
    steps : tuple of float
        Upper ends of the intervals of P values; empty for other functions than "step".
    warnings : tuple of str
        Sentences that a reader needs.
    """

    effect: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    level: float
    tau2: float
    tau2_se: float | None
    parameters: tuple[float, ...]
    parameters_se: tuple[float | None, ...]
    intervals: tuple[int, ...]
    log_likelihood: float
    selection_statistic: float | None
    selection_df: int | None
    selection_p: float | None
    heterogeneity_statistic: float | None
    heterogeneity_p: float | None
    unadjusted: Pooled
    converged: bool
    k: int
    selection: str
    alternative: str
    tau2_method: str
    steps: tuple[float, ...]
    warnings: tuple[str, ...]


def selection_model(
    effect: Any,
    variance: Any,
    *,
    selection: str = "step",
    steps: Sequence[float] = (0.025,),
    parameters: Sequence[float] | None = None,
    alternative: str = "greater",
    tau2: Tau2 = "ML",
    level: float = 0.95,
) -> SelectionModel:
    """Estimate the effect together with how publication depends on P values.

    This is `selmodel` of metafor; with "step" and one cut point the three-parameter model.

    Parameters
    ----------
    effect, variance : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances.
    selection : {"step", "beta", "half_normal", "negative_exponential", "logistic", "power"}
        Probability of publication as a function of the P value.
    steps : sequence of float
        For "step", the P values at which the probability changes.
    parameters : sequence of float, optional
        Parameters of selection that are taken as known; they are estimated where this is None.
        For "step" the weights of all intervals, the first included (Vevea and Woods 2005).
    alternative : {"greater", "less", "two_sided"}
        Which P values matter: one-sided for effects above 0 or below 0, or two-sided, which is
        offered for "step".
    tau2 : {"ML", "common"}
        Variance between trials by maximum likelihood, or 0.
    level : float
        Coverage of the interval.

    Returns
    -------
    SelectionModel

    Raises
    ------
    ParameterError
        For fewer trials than estimated parameters, cut points that do not rise from 0 to 1,
        parameters out of their range, and as `evidence.meta.pooling.pool`.

    Notes
    -----
    Step function: Hedges (1992), Stat Sci 7:246; Vevea and Hedges (1995), Psychometrika 60:419.
    Sources of the other functions stand in `evidence.meta.bias.selection_weights`. Parameters
    of selection are sought up to 100.

    Examples
    --------
    >>> found = selection_model(
    ...     [0.1, 0.45, 0.5, 0.7, 0.3, 0.9, 0.6, 0.2],
    ...     [0.02, 0.04, 0.05, 0.1, 0.05, 0.15, 0.08, 0.02],
    ... )
    >>> found.intervals, round(found.unadjusted.effect, 3), round(found.effect, 3)
    ((5, 3), 0.34, 0.098)
    """
    check_choice("selection", selection, SELECTIONS)
    check_choice("alternative", alternative, ALTERNATIVES)
    check_choice("tau2", tau2, TAU2_METHODS)
    check_level(level)
    two_sided = alternative == "two_sided"
    if two_sided and selection != "step":
        raise ParameterError("alternative", alternative, f"greater or less, with {selection!r}")
    unadjusted = pool(effect, variance, tau2=tau2, interval="wald", level=level)
    cuts = _cuts(steps) if selection == "step" else ()
    function = step_function(cuts, two_sided=two_sided) if cuts else SMOOTH[selection]
    fixed = None if parameters is None else _fixed(parameters, function)
    # In units of a typical standard error, turned so that selection favors large effects.
    variances = numbers("variance", variance)
    unit = float(np.sqrt(np.median(variances)))
    sign = -1.0 if alternative == "less" else 1.0
    likelihood = Likelihood(
        sign * numbers("effect", effect) / unit, variances / unit**2, function, fixed, tau2 == "ML"
    )
    k = unadjusted.k
    counts = _counts(function, likelihood)
    if k < likelihood.size:
        raise ParameterError("effect", k, f"{likelihood.size} or more trials, one per parameter")
    start = sign * unadjusted.effect / unit, (unadjusted.tau2 or 0.0) / unit**2
    best, several = search(likelihood, *start)
    estimate = likelihood.unpack(best.theta)
    se = standard_errors(likelihood, best.theta)
    shape_se = se[-estimate.shape.size :] if fixed is None else [None] * estimate.shape.size
    weights = [1.0, *estimate.shape.tolist()] if cuts else estimate.shape.tolist()
    without = likelihood.without_selection(*start)
    lr, lr_p = _likelihood_ratio(best.height, without, estimate.shape.size)
    at_zero, at_zero_p = None, None
    if likelihood.random:
        common = likelihood.with_common_effect()
        at_zero, at_zero_p = _likelihood_ratio(best.height, search(common, *start)[0].height, 1)
    mean, mean_se = sign * estimate.mean * unit, None if se[0] is None else se[0] * unit
    margin = None if mean_se is None else float(quantile(np.array([np.nan]), level)[0]) * mean_se
    return SelectionModel(
        effect=mean,
        se=mean_se,
        ci_low=None if margin is None else mean - margin,
        ci_high=None if margin is None else mean + margin,
        p_value=None if mean_se is None else _p_value(mean, mean_se),
        level=float(level),
        tau2=estimate.tau2 * unit**2,
        tau2_se=se[1] * unit**2 if likelihood.random and se[1] is not None else None,
        parameters=tuple(weights),
        parameters_se=(None, *shape_se) if cuts else tuple(shape_se),
        intervals=counts,
        log_likelihood=best.height - k * float(np.log(unit)),
        selection_statistic=lr if fixed is None else None,
        selection_df=estimate.shape.size if fixed is None else None,
        selection_p=lr_p if fixed is None else None,
        heterogeneity_statistic=at_zero,
        heterogeneity_p=at_zero_p,
        unadjusted=unadjusted,
        converged=best.converged,
        k=k,
        selection=selection,
        alternative=alternative,
        tau2_method=tau2,
        steps=cuts,
        warnings=_warnings(k, best, several, counts if fixed is None else (), estimate.shape),
    )


def _likelihood_ratio(height: float, restricted: float, df: int) -> tuple[float, float]:
    statistic = max(0.0, 2 * (height - restricted))
    return statistic, float(special.chdtrc(df, statistic))


def _p_value(effect: float, se: float) -> float:
    return float(two_sided_p(np.array([effect]), np.array([se]), np.array([np.nan]))[0])


def _cuts(steps: Sequence[float]) -> tuple[float, ...]:
    given = numbers("steps", steps)
    if given.ndim != 1 or given.size == 0:
        raise ParameterError("steps", steps, "one or more P values")
    inner = given[:-1] if given[-1] == 1 else given
    rises: Flags = np.diff(np.concatenate([[0.0], inner, [1.0]])) > 0
    if inner.size == 0 or not rises.all():
        raise ParameterError("steps", steps, "P values that rise from above 0 to at most 1")
    return (*inner.tolist(), 1.0)


def _fixed(parameters: Sequence[float], function: Smooth | Steps) -> Floats:
    given = numbers("parameters", parameters)
    is_step = isinstance(function, Steps)
    count = len(function.no_selection) + is_step
    if given.shape != (count,):
        what = "weights, one per interval" if is_step else "parameters"
        raise ParameterError("parameters", parameters, f"{count} {what}")
    lowest = np.array([*([1e-5] if is_step else []), *function.lowest])
    if not (np.isfinite(given) & (given >= lowest)).all():
        raise ParameterError("parameters", parameters, f"finite numbers from {lowest.tolist()} on")
    return given[1:] / given[0] if is_step else given


def _counts(function: Smooth | Steps, likelihood: Likelihood) -> tuple[int, ...]:
    if isinstance(function, Smooth):
        return ()
    where = function.interval(likelihood.z)
    return tuple(np.bincount(where, minlength=len(function.cuts)).tolist())


def _warnings(
    k: int, best: Optimum, several: bool, counts: tuple[int, ...], shape: Floats
) -> tuple[str, ...]:
    sentences = [
        *chance_warning(k),
        "A selection model holds only if trials were selected by P value in the way it assumes.",
    ]
    if not best.converged:
        sentences.append("The search for the highest likelihood did not end.")
    elif best.flat:
        sentences.append("The trials do not determine all parameters of the model.")
    if several:
        sentences.append("Quite another effect fits the trials nearly as well.")
    if counts and counts[0] == 0:
        sentences.append(
            "No trial has a P value in the first interval, to which the others are relative: "
            "their weights have no upper limit."
        )
    if 0 in counts[1:]:
        sentences.append("An interval of P values holds no trial, which gives it the weight 0.")
    if (shape >= HIGHEST - AT_BOUND).any():
        sentences.append(f"A parameter of selection is at {HIGHEST:g}, the highest that is sought.")
    return tuple(sentences)
