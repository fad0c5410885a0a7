"""Reading and checking the input of models of several effects per trial."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.synthesis.block_covariance import arrange_groups, rows_by_trial
from evidence.synthesis.block_likelihood import BlockModel, build_model
from evidence.synthesis.intervals import check_choice, check_level
from evidence.synthesis.random_effects import Membership, pairs_seen
from evidence.synthesis.roots import Floats, Rows
from evidence.synthesis.weighted import LIMIT, numbers, refuse_first

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
