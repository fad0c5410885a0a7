"""Random effects of trials, and the input of models that have them.

Parameters are variances, or standard deviations and correlations, in units of the likelihood.
Each kind gives the covariance of the random effects for every group of trials, and turns the score
of those into the score of its parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ParameterError, check_choice
from evidence.meta.multilevel.covariance import (
    BlockModel,
    TrialGroup,
    arrange_groups,
    build_model,
    evaluate,
    rows_by_trial,
    score_blocks,
)
from evidence.meta.numerics import Floats, Optimum, Rows, maximize
from evidence.meta.pooling.batch import check_level
from evidence.meta.pooling.weights import LIMIT, numbers, refuse_far_apart, refuse_first

STRUCTURES = ("UN", "CS", "HCS", "AR", "HAR", "CAR", "DIAG", "ID")
LEVELS = ("cluster", "effect")

NONE = 1e-9
"""Variance, in units of the median sampling variance, that is none."""

NEAR_END = 1e-5
"""Distance of a correlation from an end of its range that cannot be told from none."""


class RandomEffects(ABC):
    """What a search for variances needs to know about random effects."""

    lower: Floats
    upper: Floats

    @abstractmethod
    def blocks(self, theta: Floats) -> list[Floats]:
        """Covariance of the random effects, of shape (b, m, m) for each group."""

    @abstractmethod
    def score(self, theta: Floats, scores: Sequence[Floats]) -> Floats:
        """Score of the parameters from the scores of the blocks."""

    @abstractmethod
    def starts(self, variances: Floats) -> list[list[Floats]]:
        """Families of parameters to start from, over a grid of positive variances."""

    @abstractmethod
    def among(self, kept: Sequence[Any], groups: Sequence[TrialGroup]) -> "RandomEffects":
        """Those of the trials that are kept (a mask for each group), which form these groups."""


class Nested(RandomEffects):
    """A random effect of the trial, one of the effect within the trial, or both.

    Van den Noortgate et al. (2013), Behav Res Methods 45:576, equations 5 to 7.
    """

    def __init__(self, groups: Sequence[TrialGroup], levels: tuple[str, ...]) -> None:
        self.levels = levels
        self.shapes = [group.rows.shape for group in groups]
        self.lower = np.zeros(len(levels))
        self.upper = np.full(len(levels), np.inf)

    def variances(self, theta: Floats) -> tuple[float, float]:
        """Variance of trials, and of effects within trials; 0 for what is not in the model."""
        of = dict(zip(self.levels, np.where(theta < NONE, 0.0, theta).tolist(), strict=True))
        return of.get("cluster", 0.0), of.get("effect", 0.0)

    def blocks(self, theta: Floats) -> list[Floats]:
        """Give variance of trials in all places, that of effects on the diagonal."""
        cluster, effect = self.variances(theta)
        return [np.tile(cluster + effect * np.eye(m), (b, 1, 1)) for b, m in self.shapes]

    def score(self, theta: Floats, scores: Sequence[Floats]) -> Floats:
        """Sum over all places, and over the diagonal."""
        sums = {
            "cluster": sum(float(score.sum()) for score in scores),
            "effect": sum(float(np.einsum("bmm->", score)) for score in scores),
        }
        return np.array([sums[level] for level in self.levels])

    def among(self, kept: Sequence[Any], groups: Sequence[TrialGroup]) -> "Nested":
        """Those of other groups, at the same levels."""
        return Nested(groups, self.levels)

    def starts(self, variances: Floats) -> list[list[Floats]]:
        """Every combination of the variances, in families by the first."""
        if not self.levels:
            return [[np.zeros(0)]]
        rest = [np.array(own) for own in product(variances, repeat=len(self.levels) - 1)]
        return [[np.append(first, own) for own in rest] for first in variances]


@dataclass(frozen=True, slots=True)
class Membership:
    """Which outcome each effect is of: `outcome` of shape (b, m) for each group."""

    outcome: tuple[NDArray[np.intp], ...]
    size: int


class Outcomes(RandomEffects):
    """One random effect per outcome (or time) of a trial, with a covariance between them.

    Jackson, Riley and White (2011), Stat Med 30:2481, section 2. The covariance is that of
    `kind`: UN unstructured; CS, AR, CAR one variance with one correlation, equal for all pairs,
    falling with the distance in rank, falling with the distance in time; HCS, HAR the same with
    a variance per outcome; DIAG and ID without correlation.
    """

    def __init__(self, membership: Membership, kind: str, times: Floats) -> None:
        self.membership = membership
        self.kind = kind
        self.own_variances = kind in ("HCS", "HAR", "DIAG")
        size = membership.size
        self.lower_triangle: tuple[Rows, Rows] = np.tril_indices(size)
        if kind == "UN":
            count = self.lower_triangle[0].size
            self.lower, self.upper = np.full(count, -np.inf), np.full(count, np.inf)
            return
        count = size if self.own_variances else 1
        lower, upper = [0.0] * count, [np.inf] * count
        distance = np.abs(np.subtract.outer(times, times))
        gaps = distance[distance > 0]
        # The correlation of the two nearest times is the parameter, so that powers exceed 1.
        self.gap = float(gaps.min()) if kind == "CAR" and gaps.size else 1.0
        if kind in ("CS", "HCS"):
            self.power: Floats = np.ones((size, size))
        elif kind == "CAR":
            self.power = distance / self.gap
        else:
            rank = np.arange(size, dtype=np.float64)
            self.power = np.abs(np.subtract.outer(rank, rank))
        if self.has_correlation:
            # Of equal correlations of m outcomes the lowest is -1 / (m - 1).
            floor = {"CS": -1 / max(size - 1, 1), "HCS": -1 / max(size - 1, 1), "CAR": 0.0}
            lower.append(floor.get(kind, -1.0))
            upper.append(1.0)
        self.lower, self.upper = np.array(lower), np.array(upper)

    @property
    def has_correlation(self) -> bool:
        """Whether a correlation is estimated."""
        return self.kind not in ("DIAG", "ID")

    def _correlations(self, rho: float) -> tuple[Floats, Floats]:
        """Correlations and their derivatives with respect to rho."""
        size = self.membership.size
        apart = ~np.eye(size, dtype=bool)
        powers = np.where(apart, self.power, 1.0)
        return (
            np.where(apart, np.power(rho, powers), 1.0),
            np.where(apart, powers * np.power(rho, powers - 1), 0.0),
        )

    def _parts(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Scale of each outcome (standard deviation), correlations and their derivatives."""
        size = self.membership.size
        if self.has_correlation:
            correlations, slopes = self._correlations(float(theta[-1]))
        else:
            correlations, slopes = np.eye(size), np.zeros((size, size))
        if self.kind in ("HCS", "HAR"):
            return theta[:-1], correlations, slopes
        variances = theta[:size] if self.own_variances else np.full(size, theta[0])
        return np.sqrt(variances), correlations, slopes

    def between(self, theta: Floats) -> Floats:
        """Covariance between outcomes, of shape (outcomes, outcomes)."""
        if self.kind == "UN":
            root = self._root(theta)
            return root @ root.T
        scale, correlations, _ = self._parts(theta)
        return scale[:, None] * correlations * scale

    def describe(
        self, theta: Floats, names: tuple[str, ...]
    ) -> tuple[tuple[float, ...], tuple[float | None, ...], tuple[str, ...]]:
        """Variances, correlations and the names of those at an end of their range."""
        between = self.between(theta)
        zero = np.diag(between) < NONE
        variances = np.where(zero, 0.0, np.diag(between))
        if self.kind == "UN":
            places = list(combinations(range(len(names)), 2))
            rho = [None if zero[i] or zero[j] else _correlation(between, i, j) for i, j in places]
            labels = [f"rho ({names[i]}, {names[j]})" for i, j in places]
            ends = (-1.0, 1.0)
        elif self.has_correlation:
            # At distance 1, whatever the nearest times are.
            rho = [None if zero.all() else float(theta[-1]) ** (1 / self.gap)]
            labels = ["rho"]
            ends = (float(self.lower[-1]), float(self.upper[-1]))
        else:
            rho, labels, ends = [], [], (-1.0, 1.0)
        single = self.kind in ("CS", "AR", "CAR", "ID")
        tau2 = tuple(variances[:1].tolist() if single else variances.tolist())
        at_zero = ["tau2" if single else f"tau2 ({names[i]})" for i in np.flatnonzero(zero)]
        at_end = [
            label
            for label, value in zip(labels, rho, strict=True)
            if value is not None and min(abs(value - end) for end in ends) < NEAR_END
        ]
        return tau2, tuple(rho), (*dict.fromkeys(at_zero), *at_end)

    def _root(self, theta: Floats) -> Floats:
        root = np.zeros((self.membership.size, self.membership.size))
        root[self.lower_triangle] = theta
        return root

    def blocks(self, theta: Floats) -> list[Floats]:
        """Pick the covariance of the outcomes that each trial has."""
        between = self.between(theta)
        return [between[own[:, :, None], own[:, None, :]] for own in self.membership.outcome]

    def score(self, theta: Floats, scores: Sequence[Floats]) -> Floats:
        """Sum the scores by pair of outcomes, then apply the chain rule."""
        total = np.zeros((self.membership.size, self.membership.size))
        for own, score in zip(self.membership.outcome, scores, strict=True):
            np.add.at(total, (own[:, :, None], own[:, None, :]), score)
        if self.kind == "UN":
            # d tr(S L L') / dL = 2 S L
            return np.asarray((2 * total @ self._root(theta))[self.lower_triangle])
        scale, correlations, slopes = self._parts(theta)
        parts: list[float] = []
        if self.kind == "DIAG":
            parts += np.diag(total).tolist()
        elif self.own_variances:
            parts += (2 * (total * correlations) @ scale).tolist()
        else:
            parts.append(float((total * correlations).sum()))
        if self.has_correlation:
            parts.append(float(scale @ (total * slopes) @ scale))
        return np.array(parts)

    def among(self, kept: Sequence[Any], groups: Sequence[TrialGroup]) -> "Outcomes":
        """Those of the same outcomes, in fewer trials."""
        own = [outcome[mask] for outcome, mask in zip(self.membership.outcome, kept, strict=True)]
        made = copy(self)
        made.membership = Membership(tuple(one for one in own if len(one)), self.membership.size)
        return made

    def starts(self, variances: Floats) -> list[list[Floats]]:
        """Equal variances, in families by the correlation."""
        equal = [np.full(self.membership.size, variance) for variance in variances]
        if not self.has_correlation:
            return [[own[: self.lower.size] for own in equal]]
        return [[self._start(own, rho) for own in equal] for rho in self._correlations_to_try()]

    def starts_from(self, variances: Floats) -> list[list[Floats]]:
        """Given variances of the outcomes, with each correlation to try."""
        return [[self._start(variances, rho)] for rho in self._correlations_to_try()]

    def _correlations_to_try(self) -> tuple[float, ...]:
        size = self.membership.size
        floor = -1 / (size - 1) if self.kind == "UN" else float(self.lower[-1])
        return floor / 2, 0.1, 0.5, 0.9

    def _start(self, variances: Floats, rho: float) -> Floats:
        if self.kind == "UN":
            scale = np.sqrt(variances)
            correlations = rho + (1 - rho) * np.eye(scale.size)
            root = np.linalg.cholesky(scale[:, None] * correlations * scale)
            return np.asarray(root[self.lower_triangle], dtype=np.float64)
        own = np.sqrt(variances) if self.own_variances else variances[:1]
        return np.append(own, rho)


def _correlation(between: Floats, i: int, j: int) -> float:
    return float(np.clip(between[i, j] / np.sqrt(between[i, i] * between[j, j]), -1, 1))


def pairs_seen(membership: Membership) -> dict[tuple[int, int], int]:
    """Count the trials that have both outcomes of each pair."""
    counts = dict.fromkeys(combinations(range(membership.size), 2), 0)
    for group in membership.outcome:
        for own in group:
            for pair in combinations(np.unique(own).tolist(), 2):
                counts[pair] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Searched:
    """Random effects, their parameters of the highest likelihood, and which likelihood that was."""

    effects_of: RandomEffects
    theta: Floats
    restricted: bool


def climb(
    model: BlockModel,
    effects_of: RandomEffects,
    starts: Sequence[Sequence[Floats]],
    *,
    restricted: bool,
) -> Optimum:
    """Find the parameters of the random effects of the highest likelihood."""

    def objective(theta: Floats) -> tuple[float, Floats]:
        try:
            at = evaluate(model, effects_of.blocks(theta), restricted=restricted)
        except np.linalg.LinAlgError:
            # Variances so large that the sampling covariance is lost beside them.
            return -np.inf, np.zeros(theta.shape)
        scores = score_blocks(model, at, restricted=restricted)
        return at.log_likelihood, effects_of.score(theta, scores)

    return maximize(objective, starts, effects_of.lower, effects_of.upper)


METHODS = ("REML", "ML")

DEPENDENT = 1e-8
"""A column of which less than this share is new is a combination of those before it."""

FEW_WITH_BOTH = 3
"""Below this number of trials with both outcomes their correlation cannot be told."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Checked input: names of the columns, the model, and whether to use REML."""

    names: tuple[str, ...]
    model: BlockModel
    restricted: bool


def read_effects(effect: Any) -> Floats:
    """Read the effects, or refuse them by name."""
    effects = numbers("effect", effect)
    if effects.ndim != 1 or effects.size == 0:
        raise ParameterError("effect", effects.shape, "a sequence of one number per effect")
    size = np.abs(effects)
    refuse_first("effect", effects, ~(size <= LIMIT), "a finite number of magnitude up to 1e50")
    return effects


def arrange_model(
    effects: Floats,
    covariance: Any,
    cluster: Sequence[Hashable],
    columns: Mapping[str, Any],
    method: str,
    level: float,
) -> Arranged:
    """Check what all models take."""
    check_choice("method", method, METHODS)
    check_level(level)
    trials, rows = rows_by_trial(cluster, effects.size)
    if len(trials) < 2:
        raise ParameterError("cluster", list(trials), "at least two trials")
    design = _read_columns(columns, effects.size)
    groups = arrange_groups(covariance, trials, rows)
    diagonals = [np.diagonal(group.covariance, axis1=1, axis2=2).ravel() for group in groups]
    refuse_far_apart(np.concatenate(diagonals))
    return Arranged(tuple(columns), build_model(effects, design, groups), method == "REML")


def _read_columns(columns: Mapping[str, Any], k: int) -> Floats:
    if not 0 < len(columns) < k:
        raise ParameterError("design", len(columns), f"from 1 to {k - 1} columns for {k} effects")
    basis, read = np.empty((k, 0)), []
    for name, values in columns.items():
        place = f"design[{name!r}]"
        column = numbers(place, values)
        if column.shape != (k,):
            raise ParameterError(place, column.shape, f"one number for each of {k} effects")
        refuse_first(
            place, column, ~(np.abs(column) <= LIMIT), "a finite number of magnitude up to 1e50"
        )
        scaled = column / max(float(np.abs(column).max()), np.finfo(float).tiny)
        rest = scaled - basis @ (basis.T @ scaled)
        if np.linalg.norm(rest) <= DEPENDENT * np.linalg.norm(scaled):
            raise ParameterError(
                "design", name, "a column that the columns before it do not determine"
            )
        basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
        read.append(column)
    return np.column_stack(read)


def read_outcomes(outcome: Sequence[Any], k: int, structure: str) -> tuple[list[Any], Rows]:
    """Give the outcomes in order, and which one each effect is of."""
    given = list(outcome)
    if len(given) != k:
        raise ParameterError("outcome", len(given), f"one outcome for each of {k} effects")
    text = all(isinstance(value, str) and value for value in given)
    expected = "names" if structure != "CAR" else "numbers, times for CAR"
    for i, value in enumerate(given):
        number = (
            isinstance(value, int | float | np.integer | np.floating)
            and not isinstance(value, bool)
            and np.isfinite(value)
        )
        if not (number or (text and structure != "CAR")):
            raise ParameterError(f"outcome[{i}]", value, f"{expected}, all of one kind")
    outcomes = sorted(set(given))
    if len(outcomes) < 2:
        raise ParameterError("outcome", outcomes, "at least two outcomes")
    place = {value: i for i, value in enumerate(outcomes)}
    return outcomes, np.array([place[value] for value in given], dtype=np.intp)


def check_membership(
    arranged: Arranged, index: Rows, names: tuple[str, ...], structure: str
) -> tuple[Membership, list[str]]:
    """Refuse a structure that the outcomes of the trials cannot inform; say where they hardly do.

    Raises
    ------
    ParameterError
        Where no trial has both outcomes of a correlation, or fewer than two trials have an
        outcome with its own variance.
    """
    membership = Membership(tuple(index[group.rows] for group in arranged.model.groups), len(names))
    if structure in ("UN", "HCS", "HAR", "DIAG"):
        for i, name in enumerate(names):
            trials = sum(int((own == i).any(axis=1).sum()) for own in membership.outcome)
            if trials < 2:
                raise ParameterError(
                    "structure", structure, f"at least two trials with the outcome {name}"
                )
    said = []
    if structure not in ("DIAG", "ID"):
        seen = pairs_seen(membership)
        if structure != "UN":
            seen = {(0, 1): max(seen.values())}
        for (i, j), trials in seen.items():
            both = f"{names[i]} and {names[j]}" if structure == "UN" else "two outcomes"
            if trials == 0:
                raise ParameterError("structure", structure, f"at least one trial with {both}")
            if trials < FEW_WITH_BOTH:
                said.append(
                    f"{'One trial has' if trials == 1 else 'Two trials have'} {both}: so few "
                    "cannot say how they go together."
                )
    return membership, said
