"""Profile-likelihood intervals of variances and correlations, and what each trial does."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import linalg, special
from scipy.optimize import brentq

from evidence.errors import ParameterError
from evidence.meta.multilevel.covariance import BlockModel, TrialGroup, evaluate
from evidence.meta.multilevel.inference import Inference, MultilevelFit
from evidence.meta.multilevel.random_effects import (
    Membership,
    Nested,
    Outcomes,
    RandomEffects,
    Searched,
    climb,
)
from evidence.meta.numerics import Floats
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import numbers, refuse_first

REACH = 1e6
"""Variances are looked for up to this multiple of the median sampling variance."""

CLOSE = 1e-9
"""Relative distance to which a limit is found."""


@dataclass(frozen=True, slots=True)
class ProfileInterval:
    """All values of one parameter that a likelihood-ratio test does not reject.

    Attributes
    ----------
    name : str
        "sigma2_cluster", "sigma2_effect", "tau2", "tau2 (outcome)", "rho" or "rho (one, other)".
    estimate : float
        The most likely value.
    low, high : float or None
        Limits; an end of the range (0, or the ends of a correlation) where that is not rejected,
        None for an upper limit that was not found.
    level : float
        Coverage.
    """

    name: str
    estimate: float
    low: float
    high: float | None
    level: float


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter in its own units, and the random effects in which it can be held.

    Attributes
    ----------
    estimate, low, high : float
        The most likely value, and the ends of its range.
    hold : callable
        Gives the random effects with the parameter held at a value, and where to start.
    """

    name: str
    estimate: float
    low: float
    high: float
    hold: "Callable[[float], tuple[_Held, Floats]]"


class _Held(RandomEffects):
    """Random effects of which some parameters are held: theta = turn @ free + fixed."""

    def __init__(self, base: RandomEffects, turn: Floats, fixed: Floats, lower: Floats) -> None:
        self.base, self.turn, self.fixed = base, turn, fixed
        own = [int(np.flatnonzero(column)[0]) for column in turn.T]
        self.lower: Floats = np.maximum(base.lower[own], lower)
        self.upper: Floats = base.upper[own]

    def blocks(self, theta: Floats) -> list[Floats]:
        """Those of the base."""
        return self.base.blocks(self.turn @ theta + self.fixed)

    def score(self, theta: Floats, scores: Sequence[Floats]) -> Floats:
        """Give the score of the base, by the chain rule."""
        return self.turn.T @ self.base.score(self.turn @ theta + self.fixed, scores)

    def among(self, kept: Sequence[Any], groups: Sequence[TrialGroup]) -> "_Held":
        """Those of the base, with the same held."""
        fewer = copy(self)
        fewer.base = self.base.among(kept, groups)
        return fewer

    def starts(self, variances: Floats) -> list[list[Floats]]:
        """One equal scale after the other for what is free, in one family."""
        roots = [np.full(self.lower.size, variance) for variance in variances]
        inside = [np.clip(root, self.lower, np.minimum(self.upper, 1e3)) for root in roots]
        return [[np.where(np.isfinite(self.upper), own / 2, own) for own in inside]]


def profile_intervals(
    fit: MultilevelFit, names: Sequence[str] | None = None, *, level: float | None = None
) -> tuple[ProfileInterval, ...]:
    """Give profile-likelihood intervals of variances and correlations.

    Parameters
    ----------
    fit : MultilevelFit
        With random effects.
    names : sequence of str, optional
        Which parameters, as in `ProfileInterval`; all by default.
    level : float, optional
        Coverage; that of the fit by default.

    Returns
    -------
    tuple of ProfileInterval

    Raises
    ------
    ParameterError
        For a model without random effects, and a name that is not a parameter of it.

    Notes
    -----
    The likelihood, or restricted likelihood, is climbed anew in all other parameters with this one
    held: Hardy and Thompson (1996), Stat Med 15:619; `confint` of metafor's rma.mv.

    Examples
    --------
    >>> from evidence.meta.multilevel import fit_multilevel
    >>> trials = ["a", "a", "b", "b", "c", "d", "d", "e"]
    >>> fit = fit_multilevel([0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2],
    ...                      [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04], trials)
    >>> found = profile_intervals(fit)[0]
    >>> found.name, found.low, round(found.high, 2)
    ('sigma2_cluster', 0.0, 0.59)
    """
    coverage = fit.level if level is None else level
    check_level(coverage)
    cut = fit.log_likelihood - float(special.chdtri(1, 1 - coverage)) / 2
    model = fit.working.model
    return tuple(
        _interval(parameter, model, cut, float(coverage), _heights(fit, parameter))
        for parameter in _chosen(fit, names)
    )


def profile_likelihood(fit: MultilevelFit, name: str, values: Any) -> Floats:
    """Give the log-likelihood at values of one variance or correlation, all others at their best.

    Parameters
    ----------
    fit : MultilevelFit
        With random effects.
    name : str
        Which parameter, as in `ProfileInterval`.
    values : array_like of shape (m,)
        In its range: 0 or more, or a correlation that the structure can have.

    Returns
    -------
    ndarray of shape (m,)

    Raises
    ------
    ParameterError
        For a value out of range, and as `profile_intervals`.

    Examples
    --------
    >>> from evidence.meta.multilevel import fit_multilevel
    >>> trials = ["a", "a", "b", "b", "c", "d", "d", "e"]
    >>> fit = fit_multilevel([0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2],
    ...                      [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04], trials)
    >>> profile_likelihood(fit, "sigma2_cluster", [0.0, 0.05]).round(3).tolist()
    [-2.002, -1.704]
    """
    (parameter,) = _chosen(fit, [name])
    places = np.atleast_1d(numbers("values", values))
    within = (places >= parameter.low) & (places <= parameter.high)
    refuse_first("values", places, ~within, f"from {parameter.low:g} to {parameter.high:g}")
    height = _heights(fit, parameter)
    return np.array([height(float(one)) for one in places])


def _chosen(fit: MultilevelFit, names: Sequence[str] | None) -> "list[_Parameter]":
    searched = fit.working.searched
    parameters = {} if searched is None else {p.name: p for p in _parameters(fit, searched)}
    if not parameters:
        raise ParameterError("fit", "no random effects", "a model with variances to estimate")
    chosen = list(parameters) if names is None else list(names)
    for name in chosen:
        if name not in parameters:
            raise ParameterError("names", name, "one of " + ", ".join(parameters))
    return [parameters[name] for name in chosen]


def _heights(fit: MultilevelFit, parameter: "_Parameter") -> Callable[[float], float]:
    """Give the likelihood with a parameter held, climbed in the others."""
    model, searched = fit.working.model, fit.working.searched
    last: list[Floats] = []
    spread = max(1.0, float((model.effect**2).mean())) * np.array([1e-2, 1.0])

    def height(value: float) -> float:
        held, start = parameter.hold(value)
        # From the most likely values, and from where the parameter was held before.
        families = [[start], last[-1:] if last else held.starts(spread)[0]]
        restricted = searched is None or searched.restricted
        best = climb(model, held, families, restricted=restricted)
        last.append(best.theta)
        return best.height

    return height


def _interval(
    parameter: _Parameter,
    model: BlockModel,
    cut: float,
    level: float,
    height: Callable[[float], float],
) -> ProfileInterval:
    def above(value: float) -> float:
        return height(value) - cut

    def root(inside: float, outside: float) -> float:
        return float(brentq(above, inside, outside, xtol=1e-300, rtol=CLOSE))

    estimate, low, high = parameter.estimate, parameter.low, parameter.high
    lower, upper = low, high if np.isfinite(high) else None
    if estimate > low and above(low) < 0:
        lower = root(estimate, low)
    if np.isfinite(high):
        if estimate < high and above(high) < 0:
            upper = root(estimate, high)
    else:
        scale = model.unit**2
        inside, outside = estimate, 2 * estimate + scale
        while above(outside) > 0 and outside < REACH * scale:
            inside, outside = outside, 2 * outside
        if outside < REACH * scale:
            upper = root(inside, outside)
    return ProfileInterval(parameter.name, estimate, lower, upper, level)


def _parameters(fit: MultilevelFit, searched: Searched) -> list[_Parameter]:
    base, theta, unit = searched.effects_of, searched.theta, fit.working.model.unit
    if isinstance(base, Nested):
        return [
            _coordinate(base, theta, i, f"sigma2_{name}", lambda value: value / unit**2, unit**2)
            for i, name in enumerate(base.levels)
        ]
    if not isinstance(base, Outcomes):
        return []
    if base.kind == "UN":
        return _unstructured(fit, base, theta)
    found = []
    for i in range(base.lower.size - base.has_correlation):
        name = f"tau2 ({fit.outcomes[i]})" if base.own_variances else "tau2"
        by_sd = base.kind in ("HCS", "HAR")
        scaled = (lambda value: np.sqrt(value) / unit) if by_sd else (lambda v: v / unit**2)
        square = theta[i] if by_sd else 1.0
        found.append(_coordinate(base, theta, i, name, scaled, square * unit**2))
    if base.has_correlation and fit.rho[0] is not None:
        gap, last = base.gap, base.lower.size - 1
        # The parameter is the correlation of the two nearest times.
        rho = _coordinate(base, theta, last, "rho", lambda value: value**gap, 1.0)
        low, high = (float(end) ** (1 / gap) for end in (base.lower[-1], base.upper[-1]))
        found.append(_Parameter("rho", float(theta[-1]) ** (1 / gap), low, high, rho.hold))
    return found


def _coordinate(
    base: RandomEffects,
    theta: Floats,
    place: int,
    name: str,
    to_theta: Callable[[float], float],
    unit: float,
) -> _Parameter:
    """Give a parameter that is an element of theta by itself."""
    turn = np.delete(np.eye(theta.size), place, axis=1)

    def hold(value: float) -> tuple[_Held, Floats]:
        fixed = np.zeros(theta.size)
        fixed[place] = to_theta(value)
        lower = np.full(theta.size - 1, -np.inf)
        return _Held(base, turn, fixed, lower), np.delete(theta, place)

    return _Parameter(name, float(theta[place]) * unit, 0.0, np.inf, hold)


def _unstructured(fit: MultilevelFit, base: Outcomes, theta: Floats) -> list[_Parameter]:
    """Variances and correlations of a Cholesky factor, in which they come first in their turn."""
    between, unit = base.between(theta), fit.working.model.unit
    size, found = between.shape[0], []

    def first(*places: int) -> tuple[Outcomes, Floats]:
        order = [*places, *(i for i in range(size) if i not in places)]
        place = np.argsort(order)
        outcome = tuple(place[own] for own in base.membership.outcome)
        turned = Outcomes(Membership(outcome, size), "UN", np.arange(size, dtype=np.float64))
        # With a variance that a factor of a singular matrix needs.
        least = 1e-8 * np.diag(np.maximum(np.diag(between), 1e-4))
        root = np.linalg.cholesky((between + least)[np.ix_(order, order)])
        return turned, np.asarray(root[turned.lower_triangle], dtype=np.float64)

    for i, name in enumerate(fit.outcomes):
        turned, start = first(i)
        to_theta = lambda value: np.sqrt(value) / unit  # noqa: E731
        part = _coordinate(turned, start, 0, f"tau2 ({name})", to_theta, 1.0)
        estimate = float(between[i, i]) * unit**2
        found.append(_Parameter(part.name, estimate, 0.0, np.inf, part.hold))
    for (i, j), correlation in zip(combinations(range(size), 2), fit.rho, strict=True):
        if correlation is None:
            continue
        turned, start = first(i, j)
        name = f"rho ({fit.outcomes[i]}, {fit.outcomes[j]})"
        found.append(_Parameter(name, correlation, -1.0, 1.0, _hold_correlation(turned, start)))
    return found


def _hold_correlation(base: Outcomes, theta: Floats) -> Callable[[float], tuple[_Held, Floats]]:
    """Hold the correlation of the first two: L_21 = rho s_2, L_22 = sqrt(1 - rho^2) s_2."""

    def hold(value: float) -> tuple[_Held, Floats]:
        turn = np.delete(np.eye(theta.size), 2, axis=1)
        turn[1, 1], turn[2, 1] = value, np.sqrt(1 - value**2)
        start = np.delete(theta, 2)
        start[1] = np.hypot(theta[1], theta[2])
        lower = np.full(theta.size - 1, -np.inf)
        lower[:2] = 0.0
        return _Held(base, turn, np.zeros(theta.size), lower), start

    return hold


@dataclass(frozen=True, slots=True)
class TrialDiagnostics:
    """Deletion diagnostics of trials, in order of first appearance.

    Attributes
    ----------
    cook_distance : tuple of float or None
        Squared distance of all coefficients with and without a trial, by their covariance; None
        where the others do not determine them.
    dfbetas : dict of str to tuple of float or None
        Change of each coefficient in standard errors of the model, with the trial minus without.
    hat : tuple of float
        Of each effect, how much its fitted value moves with it.
    """

    cook_distance: tuple[float | None, ...]
    dfbetas: dict[str, tuple[float | None, ...]]
    hat: tuple[float, ...]


def trial_diagnostics(fit: MultilevelFit, *, refit: bool = False) -> TrialDiagnostics:
    """Say how much the coefficients rest on each trial.

    Parameters
    ----------
    fit : MultilevelFit
    refit : bool
        Whether variances and correlations are estimated anew without each trial; else those of all
        trials are kept.

    Returns
    -------
    TrialDiagnostics

    Raises
    ------
    ParameterError
        For fewer than three trials.

    Notes
    -----
    `cooks.distance` and `dfbetas` of metafor's rma.mv with ``cluster`` and ``reestimate``, and
    `hatvalues`: standard errors are those of the model, for DFBETAS of all trials with the
    variances that the others have. Viechtbauer and Cheung (2010), Res Synth Methods 1:112.

    Examples
    --------
    >>> from evidence.meta.multilevel import fit_multilevel
    >>> fit = fit_multilevel([0.5, 0.3, 0.6, 0.5, 0.2, 0.9], [0.04, 0.05, 0.06, 0.06, 0.05, 0.07],
    ...                      ["a", "a", "b", "c", "c", "d"])
    >>> [round(one, 2) for one in trial_diagnostics(fit).cook_distance]
    [0.21, 0.05, 0.52, 0.43]
    >>> [round(one, 2) for one in trial_diagnostics(fit, refit=True).cook_distance]
    [0.83, 0.0, 1.05, 0.43]
    """
    model, at = fit.working.model, fit.working.at
    if model.k_trials < 3:
        raise ParameterError("fit", model.k_trials, "three or more trials")
    p = model.basis.shape[1]
    products, right = np.zeros((model.k_trials, p, p)), np.zeros((model.k_trials, p))
    hat = np.zeros(model.effect.size)
    for group, weight in zip(model.groups, at.precision, strict=True):
        columns = model.basis[group.rows]
        weighted = weight @ columns
        products[group.trials] = columns.transpose(0, 2, 1) @ weighted
        right[group.trials] = np.einsum("bmp,bm->bp", weighted, model.effect[group.rows])
        # H = X (X'W X)^-1 X'W
        hat[group.rows] = np.einsum("bmp,pq,bmq->bm", columns, at.inverse, weighted)
    whole = products.sum(axis=0)
    inferred = Inference(fit.working, "z", fit.level)
    turn = inferred.on_design(np.eye(p))
    moved = [
        _without(whole - own, right.sum(axis=0) - part, at.coefficients)
        for own, part in zip(products, right, strict=True)
    ]
    spreads = [at.inverse] * model.k_trials
    searched = fit.working.searched
    if refit and searched is not None and searched.theta.size:
        for trial, one in enumerate(moved):
            if one is not None:
                others, spreads[trial] = _refitted(model, searched, trial)
                moved[trial] = at.coefficients - others
    lost: tuple[None, ...] = (None,) * p
    changes = []
    for one, spread in zip(moved, spreads, strict=True):
        se = np.sqrt(np.einsum("ij,jk,ik->i", turn, spread, turn))
        changes.append(lost if one is None else (turn @ one / se).tolist())
    return TrialDiagnostics(
        cook_distance=tuple(None if one is None else float(one @ whole @ one) for one in moved),
        dfbetas=dict(zip(fit.working.names, zip(*changes, strict=True), strict=True)),
        hat=tuple(hat.tolist()),
    )


def _without(information: Floats, right: Floats, coefficients: Floats) -> Floats | None:
    # The basis is orthonormal, so that what the others do not determine has no information.
    smallest, *_, largest = np.linalg.eigvalsh(information)[[0, -1]]
    if smallest <= 1e-10 * largest:
        return None
    return np.asarray(coefficients - np.linalg.solve(information, right))


def _refitted(model: BlockModel, searched: Searched, trial: int) -> tuple[Floats, Floats]:
    """Give the coefficients without a trial on the basis of all, and the covariance of all there.

    The latter has the variances that the other trials have.
    """
    kept = [group.trials != trial for group in model.groups]
    stays = np.ones(model.effect.size, dtype=bool)
    for group, mask in zip(model.groups, kept, strict=True):
        stays[group.rows[~mask]] = False
    place = np.cumsum(stays) - 1
    groups = tuple(
        TrialGroup(
            group.trials[mask] - (group.trials[mask] > trial),
            place[group.rows[mask]],
            group.covariance[mask],
        )
        for group, mask in zip(model.groups, kept, strict=True)
        if mask.any()
    )
    basis, triangle = np.linalg.qr(model.basis[stays])
    offset = basis.T @ model.effect[stays]
    # In the units of all trials, in which the variances are.
    fewer = BlockModel(
        groups, model.effect[stays] - basis @ offset, basis, triangle, offset, model.unit,
        model.k_trials - 1,
    )  # fmt: skip
    effects_of = searched.effects_of.among(kept, groups)
    spread = max(1.0, float((fewer.effect**2).mean())) * np.array([1e-2, 1.0])
    starts = [[searched.theta], *effects_of.starts(spread)]
    best = climb(fewer, effects_of, starts, restricted=searched.restricted)
    at = evaluate(fewer, effects_of.blocks(best.theta), restricted=searched.restricted)
    whole = evaluate(model, searched.effects_of.blocks(best.theta), restricted=searched.restricted)
    return linalg.solve_triangular(triangle, offset + at.coefficients), whole.inverse
