"""Lookups that every route to an estimate needs: rows by id, printed numbers, uncertainty."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.row import Row
from evidence.meta.effect_size import conversions, printed_values
from evidence.terms import Basis, Remark, RemarkKind

OF_RANDOMIZED = Remark.of(
    RemarkKind.SIZES_OF_RANDOMIZED,
    "the sizes are those randomized, as no source prints how many were analyzed",
)


@dataclass(frozen=True, slots=True)
class ArmSize:
    """Participants of an arm; the remark says what is not printed, or that it is a share."""

    n: int | None
    remark: Remark | None = None

    @property
    def imputed(self) -> bool:
        """Whether the size is a share of a total."""
        return self.remark is not None and self.remark.kind == RemarkKind.SIZES_IMPUTED


_NOT_PRINTED = Remark.of(
    RemarkKind.SIZES_NOT_PRINTED, "arm sizes are not printed in any source seen"
)


def _by(frame: pd.DataFrame, key: str) -> dict[str, Any]:
    return {getattr(row, key): row for row in records(frame)}


class Context:
    """Tables of a data set by their keys, and the fields that rows of a contrast share."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.trials = _by(dataset.trials, "trial_id")
        self.arms = _by(dataset.arms, "arm_id")
        self.instruments = _by(dataset.instruments, "instrument_id")
        self.arm_results = dataset.arm_results
        self.statistics = dataset.statistics
        self.directions = dataset.directions
        terms = dataset.vocabularies
        self._therapies = set(terms.term[terms.vocabulary == "therapy"])
        self._corrections: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        for place, one in enumerate(records(dataset.corrections)):
            self._corrections.setdefault((one.table, one.result_id), []).append((place, one))
        self._texts = {
            one: {text.result_id: text for text in records(dataset.text(one))}
            for one in ("arm_results", "statistics")
        }

    @classmethod
    def of(cls, dataset: Dataset) -> "Context":
        """Return the lookups of a data set, made once."""
        return dataset.once("context", lambda: cls(dataset))

    def arms_of(self, trial_id: str, role: str | None = None) -> list[Any]:
        """Arms of a trial in file order, all or those of one role."""
        return [
            arm
            for arm in self.arms.values()
            if arm.trial_id == trial_id and role in (None, arm.role)
        ]

    def more_is(self, event: str) -> str:
        """Whether more of an event is "better" or "worse"; empty where that is not known."""
        return {1: "better", -1: "worse", 0: ""}[self.dataset.event_sign(event)]

    def randomized(self, trial_id: str) -> bool:
        """Whether the trial allotted its participants at random."""
        return self.trials[trial_id].design in RANDOMIZED

    def total_randomized(self, trial_id: str) -> int | None:
        """Total of participants randomized as printed, if all sources print the same."""
        total = self.stated(trial_id, "n_randomized")
        return None if total is None else int(total)

    def stated(self, trial_id: str, fact: str) -> float | None:
        """Value of a fact on a trial, if all sources print the same."""
        values = set(self.dataset.fact(trial_id, fact).value.dropna())
        return float(values.pop()) if len(values) == 1 else None

    def size(self, arm_id: str) -> ArmSize:
        """Participants randomized to an arm: as printed, or an equal share of the printed total."""
        arm = self.arms[arm_id]
        if not pd.isna(arm.n_randomized):
            return ArmSize(int(arm.n_randomized))
        total = self.total_randomized(arm.trial_id)
        if total is None:
            return ArmSize(None, _NOT_PRINTED)
        arms = self.arms_of(arm.trial_id)
        missing = [one for one in arms if pd.isna(one.n_randomized)]
        known = sum(int(one.n_randomized) for one in arms if not pd.isna(one.n_randomized))
        share, remainder = divmod(total - known, len(missing))
        if share < 1:
            return ArmSize(None, _NOT_PRINTED)
        position = [one.arm_id for one in missing].index(arm_id)
        return ArmSize(
            share + (position < remainder),
            Remark.of(
                RemarkKind.SIZES_IMPUTED,
                f"arm sizes imputed: equal shares of the {total} randomized, as no source seen "
                "prints them",
            ),
        )

    def therapy_of(self, trial_id: str, condition: str) -> str:
        """Therapy under study in a contrast: what its arm received, or that of the trial.

        A trial can test several therapies; an arm that received none of the vocabulary (a treatment
        beside the therapy under study) belongs to the therapy of its trial.
        """
        return condition if condition in self._therapies else str(self.trials[trial_id].therapy)

    def tests(self, trial_id: str, therapy: str) -> bool:
        """Whether a trial studies a therapy: as its own, or in one of its intervention arms."""
        return therapy in {
            self.trials[trial_id].therapy,
            *(arm.condition for arm in self.arms_of(trial_id, "intervention")),
        }

    def base(self, trial_id: str, intervention_arm_id: str, comparator_arm_id: str) -> Row:
        """Return a row with the fields of trial and contrast filled."""
        trial = self.trials[trial_id]
        intervention = self.arms[intervention_arm_id].condition
        comparator = self.arms[comparator_arm_id].condition if comparator_arm_id else ""
        return Row(
            trial_id=trial_id,
            label=trial.label,
            therapy=self.therapy_of(trial_id, intervention),
            intervention=intervention,
            intervention_arm_id=intervention_arm_id,
            comparator_arm_id=comparator_arm_id,
            comparator=comparator,
            comparator_class=self.dataset.comparator_class(comparator) if comparator else "",
        )

    def measured(self, row: Row, instrument_id: str, event: str = "") -> Row:
        """Return the row with outcome, instrument, event and rater filled."""
        instrument = self.instruments[instrument_id]
        return replace(
            row,
            outcome_id=instrument.outcome_id,
            instrument_id=instrument_id,
            event=event,
            rater=instrument.rater,
        )

    def _corrections_of(self, table: str, result_ids: tuple[str, ...]) -> list[Any]:
        """Corrections of results in the order of the file."""
        found = {
            place: one
            for result_id in result_ids
            for place, one in self._corrections.get((table, result_id), ())
        }
        return [found[place] for place in sorted(found)]

    def corrected(self, row: Row, table: str, result_ids: tuple[str, ...]) -> Row:
        """Return the row with the corrections of its results and what they say as remarks."""
        found = self._corrections_of(table, result_ids)
        said = []
        for one in found:
            what = {
                "replace": f"printed {one.field} {one.printed}, used {one.used}",
                "withhold": f"printed {one.field} {one.printed}, not used",
                "flag": f"printed {one.field} {one.printed}, used with this remark",
            }[one.action]
            said.append((RemarkKind.CORRECTION, f"{what}: {one.reason}"))
        return replace(
            row,
            result_ids=union([row.result_ids, result_ids]),
            correction_ids=union([row.correction_ids, (one.correction_id for one in found)]),
        ).remarked(*said)

    def used_text(self, table: str, result_id: str, field: str) -> str:
        """Return a printed number as text, as corrected; empty where missing or withheld."""
        for one in self._corrections_of(table, (result_id,)):
            if one.field == field and one.action != "flag":
                return str(one.used)
        return str(getattr(self._texts[table][result_id], field))

    def sized(self, row: Row, n_intervention: Any, n_comparator: Any) -> tuple[Row, bool]:
        """Return the row with arm sizes: as given, else those randomized; and whether imputed."""
        remarks: list[Remark] = []
        imputed = False
        sizes: list[int | None] = []
        for given, arm_id in (
            (n_intervention, row.intervention_arm_id),
            (n_comparator, row.comparator_arm_id),
        ):
            if not pd.isna(given):
                sizes.append(int(given))
            elif arm_id:
                size = self.size(arm_id)
                sizes.append(size.n)
                imputed = imputed or size.imputed
                remarks += [size.remark] if size.remark else []
                remarks += [OF_RANDOMIZED] if size.n is not None else []
            else:
                sizes.append(None)
        sized = replace(
            row,
            n_intervention=sizes[0],
            n_comparator=sizes[1],
            remarks=union([row.remarks, remarks]),
        )
        return sized, imputed


def number(value: Any) -> float | None:
    """Return a number of a frame, None where it is missing."""
    return None if pd.isna(value) else float(value)


LEVEL = 0.95
"""Level of the intervals of the frame of estimates."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Uncertainty of a printed value, on the scale of the effect and with the sign of the source.

    Attributes
    ----------
    basis : Basis
        What the standard error follows from.
    se : float or None
        None where nothing is printed that it follows from.
    low, high : float or None
        Limits of 95% as printed; None where not both are.
    quantile : float
        By which the distance of a limit was divided.
    """

    basis: Basis
    se: float | None = None
    low: float | None = None
    high: float | None = None
    quantile: float = 0.0


def spread(
    one: Any,
    scale: Callable[[float], float] = float,
    *,
    se_unit: float | None = 1.0,
    df: float | None = None,
    by_sizes: Callable[[float], float] | None = None,
) -> Spread:
    """Return the uncertainty of a statistic from whatever is printed beside it.

    Parameters
    ----------
    one : row of statistics
        With estimate, se, ci_low, ci_high, ci_level, p_value and p_relation.
    scale : function
        From a printed value to the scale of the effect, as the logarithm of a ratio.
    se_unit : float or None
        A printed standard error of 1 on the scale of the effect; None where it is not known what a
        printed standard error is that of.
    df : float, optional
        Degrees of freedom of the t behind p; without it p is that of a z.
    by_sizes : function, optional
        Standard error of a value by the sizes of the arms.

    Raises
    ------
    ParameterError
        For a value or limits out of the range of the scale, limits in the wrong order, a value
        outside its limits.

    Notes
    -----
    A p that is printed as below a value gives the largest standard error that fits it (Cochrane
    Handbook 2019, 6.5.2.3).
    """
    value = scale(one.estimate)
    limits = [_limit(limit, scale) for limit in (one.ci_low, one.ci_high)]
    known = [limit for limit in limits if limit is not None]
    level = (number(one.ci_level) or 95) / 100
    printed = number(one.se)
    se = None if printed is None or se_unit is None else printed * se_unit
    if len(known) == 2:
        low, high = sorted(known)
        basis = Basis.INTERVAL if se is None else Basis.STANDARD_ERROR
        width = float(printed_values.se_from_interval(low, high, level=level))
        if not low <= value <= high:
            raise ParameterError("estimate", one.estimate, "a value between its limits")
        # Limits of another level are not those that are shown, which are of 95%.
        shown = (low, high) if level == LEVEL else (None, None)
        return Spread(basis, width if se is None else se, *shown)
    if se is not None:
        return Spread(Basis.STANDARD_ERROR, se)
    if known and known[0] != value:
        quantile = float(printed_values.z_from_p(1 - level))
        return Spread(Basis.LIMIT, abs(known[0] - value) / quantile, quantile=quantile)
    if by_sizes is not None:
        return Spread(Basis.SIZES, by_sizes(value))
    p = number(one.p_value)
    if value and p is not None and 0 < p < 1:
        basis = Basis.P if one.p_relation == "equal" else Basis.P_BELOW
        return Spread(basis, float(printed_values.se_from_p(value, p, df=df)))
    return Spread(Basis.NOTHING)


def _limit(printed: Any, scale: Callable[[float], float]) -> float | None:
    value = number(printed)
    # A limit of a ratio that is printed as 0.00 has no logarithm; the other one still counts.
    if value is None or (scale is conversions.log_ratio and value <= 0):
        return None
    return scale(value)
