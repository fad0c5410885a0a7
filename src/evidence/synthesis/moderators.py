"""The design of a meta-regression, read from named characteristics of trials, and its results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.synthesis.roots import Floats
from evidence.synthesis.weighted import numbers, refuse_first

INTERCEPT = "intercept"

DEPENDENT = 1e-8
"""A column of which less than this share is new is a combination of those before it."""


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of a regression, with the intercept first.

    Attributes
    ----------
    names : tuple of str
        Name of each column: the moderator, or "moderator: level" for a level of a category
        against its reference.
    matrix : ndarray of shape (k, p)
    moderators : int
        Number of moderators, however many columns they take.
    """

    names: tuple[str, ...]
    matrix: Floats
    moderators: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient with its interval.

    Attributes
    ----------
    name : str
        "intercept", the moderator, or "moderator: level" against its reference.
    estimate, se, ci_low, ci_high : float
        Change of the effect per unit of the moderator.
    p_value : float
        Two-sided, against 0.
    """

    name: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float


def read_design(moderators: Mapping[str, Sequence[Any]], k: int) -> Design:
    """Build the design from numbers and categories.

    Text is a category; its first level in alphabetical order is the reference.

    Raises
    ------
    ParameterError
        For a moderator of another length, with a missing value, without variation, or that the
        others determine (collinearity); and where no trial is left to estimate the residual.
    """
    names, columns = [INTERCEPT], [np.ones(k)]
    for name, values in moderators.items():
        added = _columns(f"moderators[{name!r}]", name, values, k)
        names += [column for column, _ in added]
        columns += [column for _, column in added]
    matrix = np.column_stack(columns)
    _refuse_dependent(names, matrix)
    if k <= matrix.shape[1]:
        raise ParameterError(
            "moderators",
            len(names),
            f"fewer columns, intercept included, than the {k} trials",
        )
    return Design(tuple(names), matrix, len(moderators))


def _columns(place: str, name: str, values: Sequence[Any], k: int) -> list[tuple[str, Floats]]:
    given = list(values)
    if len(given) != k:
        raise ParameterError(place, len(given), f"one value for each of {k} trials")
    if not any(isinstance(value, str) for value in given):
        column = numbers(place, given)
        refuse_first(place, column, ~np.isfinite(column), "a finite number")
        return [(name, column)]
    for i, value in enumerate(given):
        if not isinstance(value, str) or not value:
            raise ParameterError(f"{place}[{i}]", value, "text, as in other trials")
    levels = sorted(set(given))
    return [
        (f"{name}: {level}", np.array([float(value == level) for value in given]))
        for level in levels[1:]
    ] or [(name, np.ones(k))]


def _refuse_dependent(names: list[str], matrix: Floats) -> None:
    """Refuse the first column that the columns before it determine."""
    basis = np.empty((matrix.shape[0], 0))
    for name, column in zip(names, matrix.T, strict=True):
        scaled = column / max(float(np.abs(column).max()), np.finfo(float).tiny)
        rest = scaled - basis @ (basis.T @ scaled)
        if np.linalg.norm(rest) <= DEPENDENT * np.linalg.norm(scaled):
            raise ParameterError(
                "moderators",
                name,
                "a characteristic that varies between trials and that the intercept and the "
                "other moderators do not determine (collinearity)",
            )
        basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
