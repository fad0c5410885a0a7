"""Odds ratios and proportions pooled from counts by logistic models with random effects.

They rest on the binomial or hypergeometric distribution of the counts themselves, so that rare
events and empty cells need no constant and no variance is taken as known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evidence.errors import ParameterError, check_choice
from evidence.meta.numerics import Floats, curvature, curvature_of_slope, maximize, slope
from evidence.meta.pooling.batch import check_level, quantile, two_sided_p
from evidence.meta.pooling.weights import numbers
from evidence.meta.rare_events.counts import Tables, read_tables
from evidence.meta.rare_events.mixed_likelihoods import (
    Problem,
    conditional_approximate,
    conditional_exact,
    fixed_intercepts,
    one_group,
    random_intercepts,
)

BUILDERS = {
    "conditional_exact": conditional_exact,
    "conditional_approximate": conditional_approximate,
    "fixed_intercepts": fixed_intercepts,
    "random_intercepts": random_intercepts,
}

LARGEST = 30.0
"""Bound of log odds ratios, log odds and their SDs between studies."""

EXACT_FROM = 11
"""From this number of nodes on the slope of the integral is that of its approximation."""

LAST_DIGITS = 1e-12

WIDTH = 0.05
"""Step of differences in standard errors, where rounding and truncation are both below 1e-9."""


@dataclass(frozen=True, slots=True)
class MixedLogistic:
    """A pooled log odds ratio, or logit of a proportion; None where a quantity is not defined.

    Attributes
    ----------
    effect, se, ci_low, ci_high : float
        Log odds ratio, above 0 where events are more frequent in arm 1; or logit of the
        proportion. The interval is normal. The standard error is None where the likelihood does
        not determine it.
    level : float
    p_value : float
        Two-sided, against 0.
    tau2 : float
        Variance of true effects between studies.
    sigma2 : float or None
        Variance of the intercepts between studies, where they are random.
    q, q_df, q_p : float, int, float, or None
        Likelihood-ratio test of the model without variation between studies against one effect
        for each; None for random intercepts.
    log_likelihood : float
    k : int
        Studies that say something about the effect.
    left_out : tuple of int
        Positions of those that do not, without an event in either arm or with nothing else.
    model : str
    converged : bool
    warnings : tuple of str
        Sentences that a reader needs.
    """

    effect: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    level: float
    p_value: float | None
    tau2: float
    sigma2: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    log_likelihood: float
    k: int
    left_out: tuple[int, ...]
    model: str
    converged: bool
    warnings: tuple[str, ...]


def mixed_odds_ratio(
    events_1: Any,
    n_1: Any,
    events_2: Any,
    n_2: Any,
    *,
    model: str = "conditional_exact",
    nodes: int = 21,
    level: float = 0.95,
) -> MixedLogistic:
    """Pool odds ratios by a generalized linear mixed model.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like of shape (k,)
        Events and participants in both arms, of two or more informative studies.
    model : str
        "conditional_exact" (the margins of each table given: noncentral hypergeometric; CM.EL of
        metafor), "conditional_approximate" (its binomial approximation for rare events; CM.AL),
        "fixed_intercepts" (the arms binomial, with one intercept for each study; UM.FS), or
        "random_intercepts" (with normal ones; UM.RS). The log odds ratio is normal between studies.
    nodes : int
        Nodes of the quadrature for each random effect. metafor has 7 by default, and for random
        intercepts 1, the Laplace approximation.
    level : float
        Coverage of the interval.

    Returns
    -------
    MixedLogistic

    Raises
    ------
    ParameterError
        For counts that are not whole, negative, above the participants, or of unequal length,
        fewer than two informative studies, or an unknown model.

    Notes
    -----
    Stijnen, Hamza and Ozdemir (2010), Stat Med 29:3046; Jackson et al. (2018), Stat Med 37:1059.
    Studies without an event in either arm, or with nothing else, are left out, as in metafor.

    Examples
    --------
    >>> found = mixed_odds_ratio([3, 6, 2, 9], [40, 50, 45, 60], [8, 9, 7, 10], [40, 50, 45, 60])
    >>> round(found.effect, 3), round(found.tau2, 3)
    (-0.61, 0.0)
    """
    check_choice("model", model, tuple(BUILDERS))
    check_level(level)
    _check_nodes(nodes)
    tables = read_tables(events_1, n_1, events_2, n_2)
    kept = tables.informative
    if kept.sum() < 2:
        raise ParameterError("events_1", int(kept.sum()), "two or more informative studies")
    whole = Tables(tables.events_1[kept], tables.n_1[kept], tables.events_2[kept], tables.n_2[kept])
    _refuse_infinite(whole)
    problem = BUILDERS[model](whole, nodes)
    left_out = tuple(int(i) for i in np.flatnonzero(~kept))
    return _solved(problem, nodes, whole.n_1.size, left_out, model, level)


def mixed_proportion(events: Any, n: Any, *, nodes: int = 21, level: float = 0.95) -> MixedLogistic:
    """Pool proportions of single groups by a logistic model with normal random intercepts.

    Parameters
    ----------
    events, n : array_like of shape (k,)
        Events and participants of two or more groups.
    nodes, level
        As in `mixed_odds_ratio`.

    Returns
    -------
    MixedLogistic
        On the logit scale.

    Raises
    ------
    ParameterError
        As `mixed_odds_ratio`, and where nobody, or everybody, has the event.

    Notes
    -----
    Stijnen, Hamza and Ozdemir (2010), section 3.1.

    Examples
    --------
    >>> found = mixed_proportion([3, 6, 2, 9], [40, 50, 45, 60])
    >>> round(found.effect, 3)
    -2.169
    """
    check_level(level)
    _check_nodes(nodes)
    ones = np.ones(np.atleast_1d(numbers("events", events)).shape)
    try:
        tables = read_tables(events, n, 0 * ones, ones)
    except ParameterError as error:
        name = error.name.replace("_1", "")
        raise ParameterError(name, error.value, error.expected.replace("_1", "")) from None
    x, total = tables.events_1, tables.n_1
    if x.size < 2:
        raise ParameterError("events", int(x.size), "two or more groups")
    if not 0 < x.sum() < total.sum():
        raise ParameterError("events", float(x.sum()), "some, but not everybody, with the event")
    problem = one_group(x, total, nodes)
    return _solved(problem, nodes, x.size, (), "random_intercepts_of_one_group", level)


def _refuse_infinite(tables: Tables) -> None:
    """Refuse tables in which all studies have as few, or as many, events as margins allow."""
    least = np.maximum(0.0, tables.events - tables.n_2)
    most = np.minimum(tables.n_1, tables.events)
    for bound in (least, most):
        if (tables.events_1 == bound).all():
            raise ParameterError(
                "events_1",
                tables.events_1.tolist(),
                "events that allow a finite odds ratio: one arm has all events, or none, in "
                "each study",
            )


def _check_nodes(nodes: object) -> None:
    if isinstance(nodes, bool) or not isinstance(nodes, int) or not 1 <= nodes <= 200:
        raise ParameterError("nodes", nodes, "a whole number from 1 to 200")


def _solved(
    problem: Problem, nodes: int, k: int, left_out: tuple[int, ...], model: str, level: float
) -> MixedLogistic:
    size, deviations = problem.start.size, list(problem.deviations)
    steps = WIDTH * problem.unit

    def even(theta: Floats) -> tuple[float, Floats]:
        # An SD enters by its square, so that the height is even in it and its slope odd.
        sign = np.ones(size)
        sign[deviations] = np.where(theta[deviations] < 0, -1.0, 1.0)
        value, change = problem.at(theta * sign)
        return value, change * sign

    def height(theta: Floats) -> float:
        return even(theta)[0]

    def by_differences(theta: Floats) -> tuple[float, Floats]:
        return height(theta), slope(height, theta, steps)

    objective = even if nodes >= EXACT_FROM else by_differences
    lower, upper = np.full(size, -LARGEST), np.full(size, LARGEST)
    lower[deviations] = 0.0
    smaller = problem.start.copy()
    smaller[deviations] /= 5
    optimum = maximize(objective, [[problem.start], [smaller]], lower, upper)
    theta = optimum.theta.copy()
    for j in deviations:
        without = theta.copy()
        without[j] = 0.0
        # 0 whenever the likelihood there is not lower, to its last digits
        if height(without) >= optimum.height - LAST_DIGITS * (1 + abs(optimum.height)):
            theta = without
    information = -(
        curvature_of_slope(lambda point: even(point)[1], theta, steps)
        if nodes >= EXACT_FROM
        else curvature(height, theta, steps)
    )
    free = [j for j in range(size) if j not in deviations or theta[j] > 0]
    part = information[np.ix_(free, free)]
    determined = bool(
        np.linalg.eigvalsh(part * np.outer(problem.unit[free], problem.unit[free]))[0] > 1e-8
    )
    effect = float(theta[0])
    se = float(np.sqrt(np.linalg.inv(part)[0, 0])) if determined else None
    normal = np.full(1, np.nan)
    margin = None if se is None else float(quantile(normal, level)[0]) * se
    q = _heterogeneity(problem, theta)
    return MixedLogistic(
        effect=effect,
        se=se,
        ci_low=None if margin is None else effect - margin,
        ci_high=None if margin is None else effect + margin,
        level=float(level),
        p_value=None
        if se is None
        else float(two_sided_p(np.array([effect]), np.array([se]), normal)[0]),
        tau2=float(theta[-1] ** 2),
        sigma2=float(theta[2] ** 2) if size == 4 else None,
        q=q,
        q_df=None if q is None else k - 1,
        q_p=None if q is None else float(special.chdtrc(k - 1, q)),
        log_likelihood=height(theta),
        k=k,
        left_out=left_out,
        model=model,
        converged=optimum.converged,
        warnings=_warnings(left_out, converged=optimum.converged, determined=determined),
    )


def _heterogeneity(problem: Problem, theta: Floats) -> float | None:
    """Twice the distance of the model without variation from that of one effect per study."""
    if problem.saturated is None:
        return None

    def objective(effect: Floats) -> tuple[float, Floats]:
        height, slope = problem.at(np.array([effect[0], 0.0]))
        return height, slope[:1]

    bound = np.full(1, LARGEST)
    alone = maximize(objective, [[theta[:1]]], -bound, bound)
    return max(0.0, 2 * (problem.saturated - alone.height))


def _warnings(left_out: tuple[int, ...], *, converged: bool, determined: bool) -> tuple[str, ...]:
    sentences = []
    if left_out:
        which = "1 study has" if len(left_out) == 1 else f"{len(left_out)} studies have"
        sentences.append(
            f"{which} no event in either arm, or nothing else, and is left out."
            if len(left_out) == 1
            else f"{which} no event in either arm, or nothing else, and are left out."
        )
    if not converged:
        sentences.append("The search for the maximum of the likelihood did not converge.")
    if not determined:
        sentences.append("The counts do not determine the standard error.")
    return tuple(sentences)
