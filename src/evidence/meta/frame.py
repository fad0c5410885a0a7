"""From the columns of a table of studies to effects: one row each, and what is left out and why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from evidence.errors import ParameterError, check_choice
from evidence.meta.measures import EVENTS, MEASURES, canonical, measure_of, with_empty_cell
from evidence.meta.numerics import Floats
from evidence.terms import ACCEPTED, Better

Column = str | int | Sequence[Any] | pd.Series
"""Name of a column, or its values."""
Faults = Literal["refuse", "leave_out"]

EFFECT, VARIANCE, SE, STUDY = "effect", "variance", "se", "study"
MADE = (STUDY, EFFECT, VARIANCE, SE)
"""Columns that a table of effects begins with."""


_SPARED = {"sd": ("se", "n"), "n": ("non_events", "events")}
"""A column that can be worked out from two others: an SD from its SE, a size from both counts."""


def effect_sizes(
    table: pd.DataFrame,
    measure: str,
    *,
    study: Column | None = None,
    better: Better | None = None,
    instrument: Column | None = None,
    faults: Faults = "refuse",
    **columns: Column,
) -> pd.DataFrame:
    """Return the effect of each study of a table.

    Parameters
    ----------
    table : DataFrame of k rows
        A study, or a comparison, in each.
    measure : str
        One of `MEASURES`, as "smd", "mean_difference", "odds_ratio", "risk_ratio", "fisher_z";
        names of metafor are taken too.
    study : str or sequence, optional
        Column with the names of studies; rows are numbered where none is given.
    better : {"lower", "higher"}, optional
        Whether lower or higher scores are better, asked for where scores are compared: a positive
        effect then favors group 1. What is counted or correlated keeps the sign that the measure
        has, so that a ratio below 1 means fewer events in group 1.
    instrument : str or sequence, optional
        Column with the instrument: SDs are then held against those of the same one alone.
    faults : {"refuse", "leave_out"}
        What happens to a row with a value that is not accepted: an error, or the row is left out
        with the reason. Rows with a missing value are always left out with the reason.
    **columns : str or sequence
        For each role the column that has it: ``mean_1, sd_1, n_1, mean_2, sd_2, n_2`` (group 1 is
        the intervention), ``events_1, n_1, events_2, n_2``, ``events_1, time_1, events_2, time_2``
        with person-time, ``events, n``, ``r, n``, ``mean, sd,
        n`` or ``mean_pre, mean_post, sd_pre, sd_post, n, correlation``. ``se_1`` can stand for
        ``sd_1`` (the SD is its product with the root of n), ``non_events_1`` for ``n_1``.

    Returns
    -------
    DataFrame
        ``study, effect, variance, se``, then the columns of the table, for the rows that have an
        effect; ratios on the log scale. ``attrs`` has ``measure``, ``better``, ``columns`` (role
        to column), ``left_out`` (row, study, reason), ``remarks``, and ``doubted``: studies
        whose SDs look like standard errors.

    Raises
    ------
    ParameterError
        For a measure, role or column that is not there, a direction that is not given, a value
        that is no number (with its row and column), and where no row has an effect.

    Notes
    -----
    Formulas with their sources stand in `evidence.meta.effect_size`.

    Examples
    --------
    >>> trials = pd.DataFrame(
    ...     {
    ...         "trial": ["A", "B"],
    ...         **{"m_t": [16.6, 22.5], "s_t": [7.6, 7.9], "n_t": [45, 66]},
    ...         **{"m_c": [22.4, 21.6], "s_c": [7.3, 9.1], "n_c": [53, 52]},
    ...     }
    ... )
    >>> found = effect_sizes(
    ...     trials, "smd", study="trial", better="lower",
    ...     mean_1="m_t", sd_1="s_t", n_1="n_t", mean_2="m_c", sd_2="s_c", n_2="n_c",
    ... )
    >>> found[["study", "effect", "se"]].round(3).to_numpy().tolist()
    [['A', 0.774, 0.21], ['B', -0.106, 0.186]]
    """
    chosen = measure_of(measure)
    if chosen.compute is None:
        others = ", ".join(name for name, one in MEASURES.items() if one.compute is not None)
        expected = f"one that columns give ({others}); pool takes this one ready made"
        raise ParameterError("measure", measure, expected)
    if better is not None:
        check_choice("better", better, ACCEPTED["better"])
    if chosen.of_scores and better is None:
        raise ParameterError(
            "better",
            None,
            "'lower' or 'higher': whether lower or higher scores are better, since a positive "
            "effect is to favor group 1",
        )
    reading = read_columns(table, measure, chosen.needs, study, faults, columns)
    studies, values, named = reading.studies, reading.values, dict(reading.named)
    for role in ("sd_1", "sd_2"):
        # A pooled SD exists where one SD is 0; that all participants scored the same does not.
        for position in np.flatnonzero(reading.kept & (values.get(role, np.ones(1)) <= 0)):
            reading.refuse(int(position), role, float(values[role][position]), "an SD above 0")
    made = reading.computed(chosen.compute)
    sign = -1.0 if better == "lower" and chosen.of_scores else 1.0
    kept = reading.kept
    if not kept.any():
        raise ParameterError(
            "table", f"{len(table)} rows", f"one with an effect ({reading.said(3)})"
        )
    front = pd.DataFrame(
        {
            STUDY: studies[kept],
            EFFECT: sign * made[0][kept],
            VARIANCE: made[1][kept],
            SE: np.sqrt(made[1][kept]),
        },
        index=table.index[kept],
    )
    rest = table.loc[kept].rename(columns={name: f"{name}_given" for name in MADE if name != study})
    rest = rest.drop(columns=[study] if isinstance(study, str) and study == STUDY else [])
    found = pd.concat([front, rest], axis=1)
    for role in chosen.needs:
        if not isinstance(columns.get(role), str):
            found[role], named[role] = values[role][kept], role
    odd = _odd_spread(values, studies, kept, _instruments(table, instrument))
    found.attrs = {
        "measure": canonical(measure),
        "better": better,
        "columns": {
            role: f"{name}_given" if name in MADE and name != study else name
            for role, name in named.items()
        },
        "left_out": reading.rows,
        "remarks": [
            *reading.remarks(),
            *_empty_cells(measure, values, studies, kept),
            *odd.values(),
        ],
        "doubted": list(odd),
    }
    return found


def read_columns(
    table: pd.DataFrame,
    measure: str,
    needs: Sequence[str],
    study: Column | None,
    faults: Faults,
    columns: Mapping[str, Column],
) -> "Reading":
    """Return the columns of a table by role; rows that lack a value are left out.

    Raises
    ------
    ParameterError
        For a role that the measure has no use for or that is not given, and as `effect_sizes`.
    """
    accepted = accepted_roles(needs)
    if unknown := set(columns) - set(accepted):
        raise ParameterError(
            "columns", sorted(unknown), f"for {measure} the roles {', '.join(accepted)}"
        )
    reading = Reading(table, study_names(table, study), faults)
    given = {role: reading.numbers(role, one) for role, one in columns.items()}
    reading.values = {role: _worked_out(role, given, measure, needs) for role in needs}
    reading.named = {role: one if isinstance(one, str) else role for role, one in columns.items()}
    reading.missing(reading.values)
    return reading


def study_names(table: pd.DataFrame, study: Column | None) -> pd.Series:
    """Return the names of studies as text, "row 1" and so on where there is no column."""
    if study is None:
        return pd.Series([f"row {i + 1}" for i in range(len(table))], index=table.index)
    given = aligned(table, STUDY, study)
    return pd.Series(
        [
            f"row {i + 1}" if pd.isna(one) else " ".join(str(one).split())
            for i, one in enumerate(given)
        ],
        index=table.index,
        dtype=object,
    )


def aligned(table: pd.DataFrame, role: str, given: Column) -> pd.Series:
    """Return a column of a table, or a sequence beside it; a Series by its labels.

    Raises
    ------
    ParameterError
        For a column that is not there, another length, or a Series with other labels.
    """
    if isinstance(given, str | int | np.integer) or given is None:
        if given not in table:
            raise ParameterError(role, given, f"a column: {', '.join(map(str, table.columns))}")
        if (table.columns == given).sum() > 1:
            raise ParameterError(role, given, "a column whose name stands once in the table")
        return table[given]
    if isinstance(given, pd.Series):
        if not given.index.is_unique or set(given.index) != set(table.index):
            raise ParameterError(role, "a Series", "one with the labels of the rows of the table")
        return given.reindex(table.index)
    held: Any = np.ma.asarray(given, dtype=object)
    if held.shape != (len(table),):
        found = len(held) if held.ndim == 1 else f"an array of shape {held.shape}"
        raise ParameterError(role, found, f"one value for each of {len(table)} rows")
    masked = np.ma.getmaskarray(held)
    values = [None if hidden else one for one, hidden in zip(held.data, masked, strict=True)]
    return pd.Series(values, index=table.index, dtype=object)


def numbers_of(table: pd.DataFrame, role: str, given: Column) -> tuple[Floats, dict[int, Any]]:
    """Return a column as numbers, NaN where missing, and what is none by its position.

    Dates, booleans and text are none, even where they could be read as numbers.
    """
    found = aligned(table, role, given)
    values = np.full(len(found), np.nan)
    wrong: dict[int, Any] = {}
    for i, one in enumerate(found):
        if pd.api.types.is_scalar(one) and pd.isna(one):
            continue
        number = isinstance(one, int | float | np.integer | np.floating)
        if not number or isinstance(one, bool | np.bool_) or not np.isfinite(float(one)):
            wrong[i] = one
        else:
            values[i] = float(one)
    return values, wrong


def row_label(table: pd.DataFrame, position: int) -> str:
    """Return how a reader finds a row: its line in the file, else its label."""
    lines = table.attrs.get("lines")
    if lines is not None and len(lines) == len(table):
        return f"line {lines[position]}"
    return f"row {table.index[position]}"


class Reading:
    """Rows that have no effect, with the reasons, as they are found."""

    def __init__(self, table: pd.DataFrame, studies: pd.Series, faults: Faults) -> None:
        if faults not in ("refuse", "leave_out"):
            raise ParameterError("faults", faults, "'refuse' or 'leave_out'")
        self.table, self.studies, self.faults = table, studies, faults
        self.kept = np.ones(len(table), dtype=bool)
        self.rows: list[dict[str, str]] = []
        self.values: dict[str, Floats] = {}
        self.named: dict[str, str] = {}

    def add(self, position: int, reason: str) -> None:
        """Leave a row out for its first reason."""
        if self.kept[position]:
            self.kept[position] = False
            place, study = row_label(self.table, position), str(self.studies.iloc[position])
            self.rows.append({"row": place, "study": study, "reason": reason})

    def refuse(self, position: int, role: str, value: Any, expected: str) -> None:
        """Leave a row out for a value, or refuse the table."""
        if self.faults == "refuse":
            raise ParameterError(f"{role}, {row_label(self.table, position)}", value, expected)
        self.add(position, f"{role}: found {value!r}, expected {expected}")

    def numbers(self, role: str, given: Column) -> Floats:
        """Return a column as numbers."""
        values, wrong = numbers_of(self.table, role, given)
        label = f"{role} (column {given})" if isinstance(given, str) and given != role else role
        for position, value in wrong.items():
            self.refuse(position, label, value, "a number, or nothing")
        return values

    def missing(self, values: Mapping[str, Floats]) -> None:
        """Leave out rows that lack a value."""
        for position in range(len(self.table)):
            lacking = [role for role, one in values.items() if np.isnan(one[position])]
            if lacking:
                self.add(position, f"no {', '.join(lacking)}")

    def checked(self, compute: Callable[..., Any]) -> tuple[Any, Any]:
        """Return the rows that a function takes and what it gives; others are left out."""
        while self.kept.any():
            at = np.flatnonzero(self.kept)
            try:
                return at, compute(**{role: one[at] for role, one in self.values.items()})
            except ParameterError:
                self._refuse_first(compute, at)
        return np.flatnonzero(self.kept), None

    def computed(self, compute: Callable[..., Any]) -> Floats:
        """Return effects and variances, (2, k), NaN where there is none."""
        made = np.full((2, len(self.table)), np.nan)
        while self.kept.any():
            at, found = self.checked(compute)
            if found is None:
                break
            made[0, at], made[1, at] = found.value, found.variance
            bad = at[~(made[1, at] > 0)]
            if not bad.size:
                break
            for position in bad:
                self.refuse(int(position), VARIANCE, float(made[1, position]), "one above 0")
        return made

    def _refuse_first(self, compute: Callable[..., Any], at: Any) -> None:
        for position in at:
            try:
                compute(**{role: one[position] for role, one in self.values.items()})
            except ParameterError as error:
                self.refuse(int(position), error.name, error.value, error.expected)
                return
        raise ParameterError("table", f"{len(at)} rows", "numbers that this measure takes together")

    def said(self, most: int) -> str:
        """Return the first reasons in words."""
        shown = [f"{one['study']}: {one['reason']}" for one in self.rows[:most]]
        more = len(self.rows) - most
        return "; ".join([*shown, *([f"and {more} more"] if more > 0 else [])])

    def remarks(self) -> list[str]:
        """Return a sentence on the rows that were left out."""
        if not self.rows:
            return []
        count = len(self.rows)
        return [
            f"{count} of {len(self.table)} rows {'was' if count == 1 else 'were'} left out: "
            f"{self.said(2)}."
        ]


def accepted_roles(needs: Sequence[str]) -> list[str]:
    """Return the roles of a measure with those that can stand for one of them."""
    accepted = list(needs)
    for role in needs:
        stem, _, group = role.partition("_")
        for one in _SPARED.get(stem, ())[:1]:
            if stem == "sd" or any(other.startswith("events") for other in needs):
                accepted.append("_".join(filter(None, (one, group))))
    return accepted


def _worked_out(
    role: str, values: Mapping[str, Floats], measure: str, needs: Sequence[str]
) -> Floats:
    if role in values:
        return values[role]
    stem, _, group = role.partition("_")
    if stem in _SPARED:
        of, by = ("_".join(filter(None, (one, group))) for one in _SPARED[stem])
        if of in values and by in values:
            return values[of] * np.sqrt(values[by]) if stem == "sd" else values[of] + values[by]
    raise ParameterError(role, None, f"its column: {measure} needs {', '.join(needs)}")


_COUNTED = ("odds_ratio", "risk_ratio", "risk_difference", "rate_ratio", "rate_difference")
"""Measures that are pooled of counts without adding to them, those of rates last."""


def _empty(values: Mapping[str, Floats], measure: str) -> Any:
    """Return whether 1/2 was added to the counts of each study."""
    if measure in (*_COUNTED[:3], *("probit_difference", "yule_q", "yule_y", "tetrachoric")):
        return with_empty_cell(*(values[role] for role in EVENTS))
    if measure in _COUNTED:
        return (values["events_1"] == 0) | (values["events_2"] == 0)
    if measure in ("rate", "rate_log"):
        return values["events"] == 0
    if measure in ("proportion", "proportion_log", "proportion_logit"):
        return (values["events"] == 0) | (values["events"] == values["n"])
    return None


def _empty_cells(
    measure: str, values: Mapping[str, Floats], studies: pd.Series, kept: Any
) -> list[str]:
    measure = canonical(measure)
    empty = _empty({role: one[kept] for role, one in values.items()}, measure)
    if empty is None or not empty.any():
        return []
    named = list(studies[kept][empty])
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    without = "; pool_counts pools without that" if measure in _COUNTED else ""
    return [
        f"Where a group has no event, or nothing else, 1/2 was added to each count{without}: "
        f"{', '.join(named[:3])}{more}."
    ]


USUAL_RATIO = 3
"""An SD of a third of the others is looked at; whether it would be usual as a standard error."""


def _instruments(table: pd.DataFrame, instrument: Column | None) -> list[str]:
    if instrument is None:
        return [""] * len(table)
    given = aligned(table, "instrument", instrument)
    return [str(one).strip().casefold() for one in given]


def _odd_spread(
    values: Mapping[str, Floats], studies: pd.Series, kept: Any, instruments: Sequence[str]
) -> dict[str, str]:
    """Name SDs that are far below those of the same instrument and usual if they are SEs."""
    if not {"sd_1", "sd_2", "n_1", "n_2"} <= set(values):
        return {}
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(values["sd_1"] * values["sd_2"])
        as_se = spread * np.sqrt(np.sqrt(values["n_1"] * values["n_2"]))
    found: dict[str, str] = {}
    entered = [int(one) for one in np.flatnonzero(kept)]
    for i in entered:
        same = [j for j in entered if j != i and instruments[j] == instruments[i]]
        if not same:
            continue
        others = float(np.median(spread[same]))
        if spread[i] * USUAL_RATIO < others and 0.5 < as_se[i] / others < 2:
            found[str(studies.iloc[i])] = (
                f"{studies.iloc[i]}: its SDs are {others / spread[i]:.0f} times smaller than "
                "those of the other studies and would be usual as standard errors. They are pooled "
                "as they stand: look into the source first."
            )
    return found
