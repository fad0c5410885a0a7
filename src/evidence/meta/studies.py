"""The rows of a table that are pooled: their effects, what these are, and what was left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta.answers import Scale, digits
from evidence.meta.effect_size.single_group import harmonic_mean
from evidence.meta.frame import EFFECT, SE, STUDY, VARIANCE, Column, Faults, Reading, study_names
from evidence.meta.measures import MEASURES
from evidence.meta.numerics import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Studies:
    """Rows of a table with an effect and a variance, and what was left out before them.

    Attributes
    ----------
    rows : DataFrame
        With the columns study, effect and variance.
    kept : ndarray of bool
        Which rows of the table they are.
    scale : Scale
    roles : mapping of str to str
        Columns by what they hold.
    left_out : DataFrame
    remarks : tuple of str
    """

    rows: pd.DataFrame
    kept: Any
    scale: Scale
    roles: Mapping[str, str]
    left_out: pd.DataFrame
    remarks: tuple[str, ...]

    @property
    def effects(self) -> Floats:
        """Effects, (k,)."""
        return self.rows[EFFECT].to_numpy(dtype=float)

    @property
    def variances(self) -> Floats:
        """Sampling variances, (k,)."""
        return self.rows[VARIANCE].to_numpy(dtype=float)


def scale_of(table: pd.DataFrame, rows: pd.DataFrame | None = None) -> Scale:
    """Return what the effects of a table are, as far as `effect_sizes` has noted it.

    Double arcsines are read as proportions by the harmonic mean of the sizes of `rows`.
    """
    measure, better = str(table.attrs.get("measure")), table.attrs.get("better")
    if measure not in MEASURES:
        return Scale()
    known = MEASURES[measure]
    # Scores are turned, so that a positive effect favors group 1; counts keep their sign.
    above = better == "higher" or known.of_scores
    favors = "" if better is None else "above" if above else "below"
    if known.groups == 1 and not known.of_scores:
        # A proportion, a mean or a correlation has no side that favors anybody.
        favors = ""
    back, name = known.back, known.name
    if known.by_size and back is not None:
        size = table.attrs.get("columns", {}).get("n")
        if rows is None or size not in rows:
            back, name = None, known.pooled_as
        else:
            back = partial(back, n=harmonic_mean(rows[size].to_numpy(dtype=float)))
    pooled_as = known.pooled_as if back else ""
    possible = known.possible if back or not known.back else (-np.inf, np.inf)
    return Scale(
        *(measure, name, known.ratio, favors, known.groups, known.null), back, pooled_as, possible
    )


def read_studies(
    table: pd.DataFrame,
    effect: Column,
    variance: Column | None,
    se: Column | None,
    study: Column | None,
    faults: Faults,
) -> Studies:
    """Return the rows of a table that can be pooled; parameters and errors as in `pool`."""
    if variance is not None and se is not None:
        raise ParameterError("se", "both", "a column of variances or one of standard errors")
    if variance is None and se is None:
        variance = VARIANCE if VARIANCE in table else None
        se = SE if variance is None else None
    study = STUDY if study is None and STUDY in table else study
    names = study_names(table, study)
    reading = Reading(table, names, faults)
    effects = reading.numbers(EFFECT, effect)
    given = variance if variance is not None else se
    assert given is not None
    spread = reading.numbers(VARIANCE if se is None else SE, given)
    reading.missing({EFFECT: effects, VARIANCE if se is None else SE: spread})
    for position in np.flatnonzero(reading.kept & ~(spread > 0)):
        role = VARIANCE if se is None else SE
        reading.refuse(int(position), role, float(spread[position]), "a number above 0")
    if not reading.kept.any():
        raise ParameterError("table", f"{len(table)} rows", f"one to pool ({reading.said(3)})")
    rows = table.loc[reading.kept].copy()
    rows.attrs = {}
    rows[STUDY] = names[reading.kept]
    rows[EFFECT] = effects[reading.kept]
    rows[VARIANCE] = (spread if se is None else spread**2)[reading.kept]
    left_out = [*table.attrs.get("left_out", []), *reading.rows]
    scale = scale_of(table, rows)
    remarks = [*table.attrs.get("remarks", []), *reading.remarks(), *_read_by_size(scale)]
    return Studies(
        rows,
        reading.kept,
        scale,
        dict(table.attrs.get("columns", {})),
        pd.DataFrame(left_out, columns=["row", "study", "reason"]),
        tuple(remarks),
    )


def _read_by_size(scale: Scale) -> list[str]:
    if not isinstance(scale.back, partial):
        return []
    return [
        "Double arcsines are read as proportions by the harmonic mean of the sizes, "
        f"{digits(scale.back.keywords['n'], 1)}, which can mislead where sizes differ much."
    ]


def given_covariance(table: pd.DataFrame, studies: Studies, given: Any) -> Floats:
    """Return the covariance of the rows that are pooled, of a DataFrame by its labels."""
    if isinstance(given, pd.DataFrame):
        labels = set(table.index)
        alike = all(one.is_unique and set(one) == labels for one in (given.index, given.columns))
        if not alike:
            raise ParameterError("covariance", "a DataFrame", "one with the labels of the rows")
        given = given.loc[table.index, table.index].to_numpy()
    try:
        matrix = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError("covariance", type(given).__name__, "a matrix of numbers") from None
    if matrix.shape != (len(table), len(table)):
        expected = f"a matrix of shape ({len(table)}, {len(table)})"
        raise ParameterError("covariance", matrix.shape, expected)
    matrix = matrix[np.ix_(studies.kept, studies.kept)]
    apart = ~np.isclose(np.diag(matrix), studies.variances, rtol=1e-6, atol=0.0)
    if apart.any():
        first = int(np.argmax(apart))
        raise ParameterError(
            f"covariance, {studies.rows[STUDY].iloc[first]}",
            float(matrix[first, first]),
            f"the variance of the row, {studies.variances[first]:g}, on the diagonal",
        )
    return matrix


def repeated(rows: pd.DataFrame) -> list[str]:
    """Say which names stand in several rows."""
    names = sorted(set(rows[STUDY][rows[STUDY].duplicated()]))
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [
        f"Several rows have the name {', '.join(names[:3])}{more}: effects of the same "
        "participants count more than once here; with cluster= they do not."
    ]
