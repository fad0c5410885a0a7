"""Several effects per trial: three-level, correlated-effects and multivariate models."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.multilevel.covariance import Evaluation, evaluate
from evidence.meta.multilevel.inference import (
    INFERENCE,
    LOW_DF,
    Coefficient,
    Inference,
    MultilevelFit,
    Working,
)
from evidence.meta.multilevel.random_effects import (
    LEVELS,
    STRUCTURES,
    Arranged,
    Nested,
    Outcomes,
    RandomEffects,
    Searched,
    arrange_model,
    check_membership,
    climb,
    read_effects,
    read_outcomes,
)
from evidence.meta.numerics import Floats, Optimum
from evidence.meta.pooling import FEW_TRIALS

START_SHARES = (1e-4, 1e-2, 1e-1, 1.0)
"""Variances to start from, as shares of the variance of the effects."""


def fit_multilevel(
    effect: Any,
    covariance: Any,
    cluster: Sequence[Hashable],
    *,
    random: tuple[str, ...] = LEVELS,
    design: Mapping[str, Any] | None = None,
    method: str = "REML",
    inference: str = "CR2",
    level: float = 0.95,
) -> MultilevelFit:
    """Fit a model with random effects of the trial and of the effect within the trial.

    With variances this is the three-level model, with `correlated_covariance` the correlated and
    hierarchical effects model (CHE).

    Parameters
    ----------
    effect : array_like of shape (k,)
        Effects (positive favors the intervention; ratios on the log scale).
    covariance : array_like of shape (k,) or (k, k), or BlockCovariance
        Sampling variances of effects with independent errors, their covariance, or that of
        `evidence.meta.multilevel.covariance.correlated_covariance`.
    cluster : sequence of length k
        The trial of each effect.
    random : tuple of {"cluster", "effect"}
        Random effects in the model; without any it is generalized least squares.
    design : mapping of str to array_like of shape (k,), optional
        Columns of the regression by name; nothing is added to them. By default the mean effect,
        named "intercept".
    method : {"REML", "ML"}
    inference : {"CR2", "CR1", "CR0", "t", "z"}
        As in `MultilevelFit`.
    level : float
        Coverage of the intervals.

    Returns
    -------
    MultilevelFit

    Raises
    ------
    ParameterError
        For fewer than two trials, numbers that are not finite or positive, a covariance that is
        not positive definite or not 0 between trials, columns that determine each other, or a
        name that is not accepted.

    Notes
    -----
    y_ij = x_ij'b + u_j + w_ij + e_ij: Van den Noortgate et al. (2013), Behav Res Methods 45:576;
    Konstantopoulos (2011), Res Synth Methods 2:61; with correlated e, Pustejovsky and Tipton
    (2022), Prev Sci 23:425. Likelihood: Harville (1977), J Am Stat Assoc 72:320. Generalized least
    squares: Aitken (1935), Proc R Soc Edinb 55:42; of correlated effects Gleser and Olkin (1994),
    in The Handbook of Research Synthesis, 339.

    Examples
    --------
    >>> from evidence.meta.multilevel.covariance import correlated_covariance
    >>> trials = ["a", "a", "b", "b", "c", "d", "d", "e"]
    >>> covariance = correlated_covariance([0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04],
    ...                                    trials, 0.6)
    >>> fit = fit_multilevel([0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2], covariance, trials)
    >>> mean = fit.coefficients[0]
    >>> mean.name, round(mean.estimate, 3), round(mean.se, 3), round(mean.df, 2)
    ('intercept', 0.323, 0.142, 3.97)
    """
    check_choice("inference", inference, INFERENCE)
    if len(set(random)) < len(random) or not set(random) <= set(LEVELS):
        raise ParameterError("random", random, "none, one or both of cluster, effect")
    effects = read_effects(effect)
    columns = {"intercept": np.ones(effects.size)} if design is None else design
    arranged = arrange_model(effects, covariance, cluster, columns, method, level)
    said = []
    levels = tuple(name for name in LEVELS if name in random)
    if arranged.model.k_trials == effects.size and len(levels) == 2:
        # The two variances then enter the likelihood by their sum alone.
        levels = ("cluster",)
        said.append(
            "Every trial has one estimate: variation between trials and within them cannot be "
            "told apart, and the variance between trials holds both."
        )
    effects_of = Nested(arranged.model.groups, levels)
    optimum, at = _search(arranged, effects_of)
    cluster_share, effect_share = shares = effects_of.variances(optimum.theta)
    boundary = tuple(
        f"sigma2_{name}"
        for name, share in zip(LEVELS, shares, strict=True)
        if name in levels and share == 0
    )
    said += [
        "The estimate of the variance between "
        f"{'trials' if name == 'sigma2_cluster' else 'effects within trials'} is 0, which does "
        "not show that they are alike."
        for name in boundary
    ]
    total = cluster_share + effect_share
    whole = total + _typical_variance(arranged)
    unit = arranged.model.unit
    searched = Searched(effects_of, optimum.theta, arranged.restricted)
    working = Working(arranged.names, arranged.model, at, searched)
    inferred = Inference(working, inference, level)
    fit = _result(arranged, inferred, optimum, boundary, said)
    low, high = (None, None)
    if design is None and levels:
        low, high = _prediction(inferred, fit.coefficients[0], total * unit**2)
    return replace(
        fit,
        sigma2_cluster=cluster_share * unit**2 if "cluster" in levels else None,
        sigma2_effect=effect_share * unit**2 if "effect" in levels else None,
        i2=total / whole if levels else None,
        i2_cluster=cluster_share / whole if "cluster" in levels else None,
        i2_effect=effect_share / whole if "effect" in levels else None,
        prediction_low=low,
        prediction_high=high,
    )


def fit_multivariate(
    effect: Any,
    covariance: Any,
    cluster: Sequence[Hashable],
    outcome: Sequence[Any],
    *,
    structure: str = "UN",
    design: Mapping[str, Any] | None = None,
    method: str = "REML",
    inference: str = "CR2",
    level: float = 0.95,
) -> MultilevelFit:
    """Fit a model in which the outcomes (or times) of a trial have a covariance between trials.

    Parameters
    ----------
    effect, covariance, cluster, method, inference, level
        As in `fit_multilevel`.
    outcome : sequence of str, or of numbers, length k
        What each effect is about, such as "post" and "follow_up"; numbers for CAR.
    structure : {"UN", "CS", "HCS", "AR", "HAR", "CAR", "DIAG", "ID"}
        Covariance of the true effects of a trial: unstructured; one variance with one correlation
        (CS), with one that falls with the distance in order (AR) or in time (CAR, per unit);
        with a variance per outcome (HCS, HAR); without correlation (DIAG, ID).
    design : mapping of str to array_like of shape (k,), optional
        Columns of the regression by name. By default the mean of each outcome, named after it.

    Returns
    -------
    MultilevelFit

    Raises
    ------
    ParameterError
        As `fit_multilevel`; and for fewer than two outcomes, an outcome with its own variance in
        fewer than two trials, or a correlation that no trial has both outcomes for.

    Notes
    -----
    Van Houwelingen, Arends and Stijnen (2002), Stat Med 21:589; Jackson, Riley and White (2011),
    Stat Med 30:2481; for times Ishak et al. (2007), Clin Trials 4:525.

    Examples
    --------
    >>> fit = fit_multivariate(
    ...     [0.5, 0.3, 0.6, 0.5, 0.2, 0.1, 0.9], [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.09],
    ...     ["a", "a", "b", "b", "c", "c", "d"], ["post", "later"] * 3 + ["post"],
    ...     structure="CS")
    >>> [(c.name, round(c.estimate, 2)) for c in fit.coefficients]
    [('later', 0.33), ('post', 0.51)]
    """
    check_choice("inference", inference, INFERENCE)
    check_choice("structure", structure, STRUCTURES)
    effects = read_effects(effect)
    outcomes, index = read_outcomes(outcome, effects.size, structure)
    names = tuple(str(value) for value in outcomes)
    means = {name: (index == i).astype(np.float64) for i, name in enumerate(names)}
    arranged = arrange_model(
        effects, covariance, cluster, means if design is None else design, method, level
    )
    membership, said = check_membership(arranged, index, names, structure)
    times = np.array(outcomes if structure == "CAR" else range(len(outcomes)), dtype=np.float64)
    effects_of = Outcomes(membership, structure, times)
    more = []
    if structure in ("UN", "HCS", "HAR"):
        # Variances far apart can leave a lower maximum where one is 0: start from them too.
        apart = _search(arranged, Outcomes(membership, "DIAG", times))[0].theta
        more = effects_of.starts_from(np.maximum(apart, START_SHARES[1]))
    optimum, at = _search(arranged, effects_of, more)
    tau2, rho, boundary = effects_of.describe(optimum.theta, names)
    if boundary:
        said.append(
            f"At an end of its range, where the data say little about it: {', '.join(boundary)}."
        )
    searched = Searched(effects_of, optimum.theta, arranged.restricted)
    working = Working(arranged.names, arranged.model, at, searched)
    inferred = Inference(working, inference, level)
    return replace(
        _result(arranged, inferred, optimum, boundary, said),
        structure=structure,
        outcomes=names,
        tau2=tuple(value * arranged.model.unit**2 for value in tau2),
        rho=rho,
    )


def _search(
    arranged: Arranged, effects_of: RandomEffects, more: Sequence[Sequence[Floats]] = ()
) -> tuple[Optimum, Evaluation]:
    """Find the variances of the highest likelihood, and the fit there."""
    model, restricted = arranged.model, arranged.restricted
    # In units of the model the median sampling variance is 1.
    spread = max(1.0, float((model.effect**2).mean()))
    starts = [*effects_of.starts(spread * np.array(START_SHARES)), *more]
    optimum = climb(model, effects_of, starts, restricted=restricted)
    return optimum, evaluate(model, effects_of.blocks(optimum.theta), restricted=restricted)


def _without_random_effects(arranged: Arranged) -> Evaluation:
    nothing = [np.zeros(group.covariance.shape) for group in arranged.model.groups]
    return evaluate(arranged.model, nothing, restricted=False)


def _typical_variance(arranged: Arranged) -> float:
    """Typical sampling variance, (k - p) / tr P, in units of the model.

    Higgins and Thompson (2002), Stat Med 21:1539, equation 9, with P = W - W X (X'W X)^-1 X'W for
    W the inverse of the sampling covariance; Jackson et al. (2012), Stat Med 31:3805.
    """
    at = _without_random_effects(arranged)
    trace = 0.0
    for group, weight in zip(arranged.model.groups, at.precision, strict=True):
        weighted = weight @ arranged.model.basis[group.rows]
        trace += float(np.einsum("bmm->", weight))
        trace -= float(np.einsum("bmp,pq,bmq->", weighted, at.inverse, weighted))
    k, p = arranged.model.basis.shape
    return float((k - p) / trace)


def _prediction(
    inferred: Inference, mean: Coefficient, between: float
) -> tuple[float | None, float | None]:
    """Interval for an effect of a new trial, by the distribution of the mean's interval.

    Higgins, Thompson and Spiegelhalter (2009), J R Stat Soc A 172:137, with both variances.
    """
    if mean.se is None:
        return None, None
    margin = inferred.reach(mean.df) * float(np.sqrt(mean.se**2 + between))
    return mean.estimate - margin, mean.estimate + margin


def _result(
    arranged: Arranged,
    inferred: Inference,
    optimum: Optimum,
    boundary: tuple[str, ...],
    said: Sequence[str],
) -> MultilevelFit:
    """Give what all models have."""
    found = inferred.coefficients()
    k, p = arranged.model.basis.shape
    q = _without_random_effects(arranged).q
    return MultilevelFit(
        coefficients=found,
        covariance=inferred.covariance(),
        inference=inferred.kind,
        level=inferred.level,
        log_likelihood=optimum.height,
        q=q,
        q_df=k - p,
        q_p=float(special.chdtrc(k - p, q)),
        k_trials=arranged.model.k_trials,
        k_estimates=k,
        method="REML" if arranged.restricted else "ML",
        converged=optimum.converged,
        boundary=boundary,
        warnings=(*said, *_warnings(arranged, inferred, optimum, found)),
        working=inferred.working,
    )


def _warnings(
    arranged: Arranged,
    inferred: Inference,
    optimum: Optimum,
    found: tuple[Coefficient, ...],
) -> list[str]:
    said = []
    if arranged.model.k_trials < FEW_TRIALS:
        said.append(
            f"{arranged.model.k_trials} trials: so few cannot say how much effects vary between "
            "trials."
        )
    if not optimum.converged:
        said.append("The search for the variances did not converge.")
    elif optimum.flat:
        said.append("The data do not determine all variances and correlations: others fit as well.")
    unknown = [c.name for c in found if c.se is None]
    if unknown:
        said.append(
            "No cluster-robust standard error, because the model fits a trial exactly for it: "
            f"{', '.join(unknown)}."
        )
    low = [c.name for c in found if not c.enough_df]
    if low and inferred.kind not in ("t", "z"):
        said.append(
            f"Fewer than {LOW_DF} degrees of freedom, so that p values and intervals are "
            f"unreliable: {', '.join(low)}."
        )
    return said
