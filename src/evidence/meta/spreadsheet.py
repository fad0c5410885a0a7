"""From a file of somebody's own studies to a pooled estimate."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError, check_choice, of_file
from evidence.meta.answers import Answer
from evidence.meta.effect_size.printed_values import se_from_interval
from evidence.meta.estimate import pool
from evidence.meta.frame import (
    EFFECT,
    SE,
    STUDY,
    VARIANCE,
    accepted_roles,
    effect_sizes,
    numbers_of,
)
from evidence.meta.measures import canonical, measure_of
from evidence.meta.result import Fit
from evidence.meta.studies import scale_of
from evidence.meta.table import NEEDED, Kind, guess, read_table
from evidence.meta.table import Mapping as Roles
from evidence.terms import ACCEPTED, Better, Interval, Tau2

if TYPE_CHECKING:
    from evidence.meta.moderators import Moderated
    from evidence.meta.several import Several

SIZES = ("n_1", "n_2")
EXAMPLES = Path(__file__).parent / "examples"
"""Tables to try things with; all numbers in them are made up."""


def example(name: str = "scores") -> pd.DataFrame:
    """Return a table to try things with; all numbers in it are made up.

    Parameters
    ----------
    name : {"scores", "events"}
        Twelve studies with means, or six with counts of an event.

    Raises
    ------
    ParameterError
        For another name.

    Examples
    --------
    >>> example("scores").columns.tolist()
    ['study', 'year', 'weeks', 'comparator', 'm_t', 'sd_t', 'n_t', 'm_c', 'sd_c', 'n_c']
    """
    known = sorted(path.stem for path in EXAMPLES.glob("*.csv"))
    if name not in known:
        raise ParameterError("name", name, f"one of {', '.join(known)}")
    return pd.read_csv(EXAMPLES / f"{name}.csv")


@dataclass(frozen=True, eq=False)
class Spreadsheet:
    """A file of studies with the effects that follow from it.

    Attributes
    ----------
    path : Path
        The file.
    read_as : str
        How it was read, in one sentence.
    roles : Mapping
        What its columns are.
    effects : DataFrame
        As `effect_sizes` returns it.
    options : mapping of str to object
        Choices of pooling.
    """

    path: Path
    read_as: str
    roles: Roles
    effects: pd.DataFrame
    options: Mapping[str, Any]

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def name(self) -> str:
        """Name of the file in letters, digits and underscores, for ids."""
        return re.sub(r"[^a-z0-9]+", "_", self.path.stem.lower()).strip("_") or "studies"

    @property
    def version(self) -> str:
        """First digits of the hash of the file, by which its state is known again."""
        return f"sha256-{hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]}"

    @property
    def computed(self) -> bool:
        """Whether effects were computed from what groups had."""
        return self.roles.kind in (Kind.MEANS, Kind.EVENTS)

    @property
    def as_printed(self) -> bool:
        """Whether effects and their standard errors stand in the file."""
        return self.roles.kind in (Kind.EFFECT_AND_SE, Kind.EFFECT_AND_VARIANCE)

    @property
    def mapping(self) -> list[tuple[str, str]]:
        """Roles with their columns."""
        return [(str(role), column) for role, column in self.roles.roles.items()]

    @cached_property
    def result(self) -> Fit | Answer:
        """The estimate by the model that was chosen."""
        with of_file(self.file, *self.options):
            return pool(self.effects, faults="leave_out", **self.options)

    @property
    def fit(self) -> Fit:
        """The pooled estimate of independent studies, or of one effect per trial."""
        if isinstance(self.result, Fit):
            return self.result
        raise ParameterError("model", self.options["model"], "aggregate, or none, for this")

    def regress(self, formula: str) -> "Moderated | Several":
        """Return a meta-regression of the effects by a formula, with the choices of pooling."""
        # Reading formulas takes a second that nobody else should wait for.
        from evidence.meta.moderators import regress

        return regress(self.effects, formula, faults="leave_out", **self.options)

    @property
    def left_out(self) -> pd.DataFrame:
        """Rows that have no effect, with the reasons."""
        found: pd.DataFrame = self.result.left_out
        return found


def read(
    path: Path | str,
    *,
    measure: str = "",
    better: Better | None = None,
    columns: Mapping[str, str] | None = None,
    model: str = "",
    rho: float | None = None,
    tau2: Tau2 | None = None,
    interval: Interval | None = None,
    level: float = 0.95,
) -> Spreadsheet:
    """Read a file of studies and compute their effects.

    Parameters
    ----------
    path : Path or str
        CSV, TSV or XLSX.
    measure : str
        As in `effect_sizes`; Hedges g for means and the odds ratio for events where it is empty.
    better : {"lower", "higher"}, optional
        Whether lower or higher scores are better; asked for where scores are compared.
    columns : mapping of str to str, optional
        Columns by role, where their names do not tell.
    model : {"", "che", "three_level", "gls", "aggregate", "robust"}
        How several rows of one trial are handled; none of them where it is empty.
    rho, tau2, interval, level
        As in `pool`.

    Returns
    -------
    Spreadsheet
        Rows with a fault are left out with their reasons.

    Raises
    ------
    DataError
        If the file cannot be understood.
    ParameterError
        If columns do not tell what they are, a direction is not given, or no row has an effect.
    """
    if better is not None:
        check_choice("better", better, ACCEPTED["better"])
    if model:
        check_choice("model", model, ACCEPTED["several_model"])
    options: dict[str, Any] = {"tau2": tau2, "interval": interval, "rho": rho, "level": level}
    path = Path(path)
    table = read_table(path)
    with of_file(path.name, "map"):
        roles = guess([str(one) for one in table.columns[table.notna().any()]], columns or {})
    named = {str(role): column for role, column in roles.roles.items()}
    study = named.get("study")
    if roles.kind in (Kind.MEANS, Kind.EVENTS):
        chosen = measure or ("smd" if roles.kind == Kind.MEANS else "odds_ratio")
        needs = _needed(chosen, named, roles.kind)
        with of_file(path.name, "measure", "better"):
            effects = effect_sizes(
                table,
                chosen,
                study=study,
                better=better,
                instrument=named.get("instrument"),
                faults="leave_out",
                **needs,
            )
    else:
        if measure and measure_of(measure).ratio and roles.kind == Kind.EFFECT_AND_INTERVAL:
            raise ParameterError("measure", measure, "effects with an interval of differences")
        effects = _ready_made(table, roles.kind, named)
        options["variance" if VARIANCE in roles.roles else "se"] = (
            VARIANCE if VARIANCE in roles.roles else SE
        )
        effects.attrs["measure"] = canonical(measure) if measure else str(roles.measure)
        effects.attrs["columns"] = {one: named[one] for one in SIZES if one in named}
        counted = scale_of(effects).ratio
        effects.attrs["better"] = better if counted else None
        if better and not counted:
            effects.attrs["remarks"] = [
                "Effects stand in the file and keep their sign; which side favors group 1 is not "
                f"known from better = {better}."
            ]
    if STUDY not in effects and study:
        options["study"] = study
    if model:
        cluster = named.get("cluster") or (STUDY if STUDY in effects else study)
        options |= {"model": model, "cluster": cluster}
    return Spreadsheet(path, table.attrs["read_as"], roles, effects, options)


RESULT = (
    *("effect", "se", "ci_low", "ci_high", "level", "p_value", "df"),
    *("tau2", "tau2_ci_low", "tau2_ci_high", "i2", "h2", "q", "q_df", "q_p"),
    *("prediction_low", "prediction_high", "k", "n"),
)
"""Fields of a result, of which a model of several effects per trial has some."""


def as_json(found: Spreadsheet) -> dict[str, Any]:
    """Return what was pooled of a file, with what it rests on, as plain values.

    Parameters
    ----------
    found : Spreadsheet
        The file.

    Returns
    -------
    dict
        Fields of the result on the scale of the effects (of ratios the logarithm, with ``ratio``,
        ``ratio_low`` and ``ratio_high`` beside; of other scales ``read``, ``read_low`` and
        ``read_high``), ``measure``, ``favors``, ``remarks``,
        ``studies``, ``left_out``, ``mapping`` and ``read_as``.
    """
    result = found.result
    made: dict[str, Any] = {name: _plain(getattr(result, name, None)) for name in RESULT}
    scale = result.scale
    made |= {"measure": scale.measure, "favors": scale.direction}
    if scale.ratio:
        read = {"ratio": "effect", "ratio_low": "ci_low", "ratio_high": "ci_high"}
        made |= {name: scale.read(made[of]) for name, of in read.items()}
    elif scale.back is not None:
        read = {"read": "effect", "read_low": "ci_low", "read_high": "ci_high"}
        made |= {name: scale.read(made[of]) for name, of in read.items()}
    if not scale.null:
        made["p_value"] = None
    if isinstance(result, Fit):
        rows = result.to_frame()
    else:
        made |= {"k": result.k_trials, "k_estimates": result.k_estimates}
        spread = ("sigma2_cluster", "sigma2_effect", "tau2")
        # The robust model has one variance, the others have one for each level.
        made |= {name: _plain(getattr(result, name, None)) for name in spread}
        rows = result.to_frame()[[STUDY, EFFECT, VARIANCE]]
    return {
        **made,
        "model": found.options.get("model", ""),
        "remarks": list(result.remarks),
        "studies": [{name: _plain(one) for name, one in row.items()} for row in _records(rows)],
        "left_out": _records(found.left_out),
        "mapping": {role: column for role, column in found.mapping},
        "read_as": found.read_as,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): one for name, one in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value) or None
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _needed(measure: str, named: Mapping[str, str], kind: Kind) -> dict[str, str]:
    """Return the columns of the table that a measure takes."""
    needs = measure_of(measure).needs
    if not set(needs) <= {str(role) for places in NEEDED[kind] for role in places} or not needs:
        raise ParameterError("measure", measure, f"one for a table of {kind}")
    return {role: named[role] for role in accepted_roles(needs) if role in named}


def _ready_made(table: pd.DataFrame, kind: Kind, named: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with columns effect and variance or se; text stays, to be named later."""
    made = table.copy()
    made.attrs = dict(table.attrs)
    made[EFFECT] = table[named["effect"]]
    if kind == Kind.EFFECT_AND_VARIANCE:
        made[VARIANCE] = table[named["variance"]]
    elif kind == Kind.EFFECT_AND_SE:
        made[SE] = table[named["se"]]
    else:
        ratio = kind == Kind.RATIO_AND_INTERVAL
        parts = {
            role: numbers_of(table, role, named[role])[0]
            for role in ("effect", "ci_low", "ci_high")
        }
        if ratio:
            parts = {role: np.log(np.where(one > 0, one, np.nan)) for role, one in parts.items()}
            made[EFFECT] = parts["effect"]
        usable = parts["ci_high"] > parts["ci_low"]
        width = np.full(len(table), np.nan)
        width[usable] = se_from_interval(parts["ci_low"][usable], parts["ci_high"][usable])
        made[SE] = width
    return made
