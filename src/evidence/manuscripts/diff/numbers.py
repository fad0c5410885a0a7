"""Every number that a data package gives, with the rows that it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence.analysis import Analysis
from evidence.analysis.missing_numbers import main_analyses
from evidence.analysis.stress_test import stress_test
from evidence.claims import verdicts
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.followup import durability
from evidence.ledger import TOLERANCE

_OF_A_TRIAL = (
    *("effect", "se", "ci_low", "ci_high", "effect_low", "effect_high"),
    *("n_intervention", "n_comparator"),
)
_POOLED = ("effect", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "k")
_CHANGE = {"effect": "change", "ci_low": "change_ci_low", "ci_high": "change_ci_high"}
_RETAINED = {
    "effect": "retained_fraction",
    "ci_low": "retained_ci_low",
    "ci_high": "retained_ci_high",
}

RETAINED = "retained_fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """What a number or a verdict rests on, by ids of the data package."""

    trials: frozenset[str] = frozenset()
    arms: frozenset[str] = frozenset()
    results: frozenset[str] = frozenset()
    instruments: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    syntheses: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()

    def __or__(self, other: "Rests") -> "Rests":
        """Return what either rests on."""
        return Rests(
            **{name: getattr(self, name) | getattr(other, name) for name in Rests.__slots__}
        )


@dataclass(frozen=True, slots=True)
class Number:
    """A number on the scale of its frame (ratios as logarithms); positive favors the therapy.

    Attributes
    ----------
    estimate_id, metric : str
        Its id and its metric; ``retained_fraction`` for a fraction.
    more_is : str
        "worse" for a number on a harm.
    values : mapping of str to float or None
        Effect, limits and what stands beside them; None where there is none.
    rests : Rests
        What it rests on.
    """

    estimate_id: str
    metric: str
    more_is: str
    values: Mapping[str, float | None]
    rests: Rests

    @property
    def side(self) -> str:
        """Where effect and interval lie to zero, in words; empty for a fraction."""
        effect, low, high = (self.values.get(name) for name in ("effect", "ci_low", "ci_high"))
        if self.metric == RETAINED or effect is None:
            return ""
        at = "at zero" if effect == 0 else "above zero" if effect > 0 else "below zero"
        if low is None or high is None:
            return f"{at}, no interval"
        return f"{at}, interval {'includes' if low <= 0 <= high else 'excludes'} zero"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a claim, and what it rests on."""

    claim_id: str
    verdict: str
    rests: Rests


def same(old: float | None, new: float | None) -> bool:
    """Return whether two values are the same within the tolerance of the ledger."""
    if old is None or new is None:
        return old is new
    return abs(new - old) <= TOLERANCE * max(1.0, abs(old), abs(new))


def numbers(dataset: Dataset) -> dict[str, Number]:
    """Return every number of a data package by its id.

    Estimates of trials, main pooled analyses with unreported results at zero, and changes and
    retained fractions at follow-up.
    """
    frame = estimates(dataset)
    found = {one.estimate_id: one for one in _of_trials(frame)}
    for analysis in main_analyses(dataset, frame):
        for one in _of_analysis(dataset, analysis, found):
            found[one.estimate_id] = one
    for therapy in sorted(set(frame.therapy)):
        try:
            lasting = durability(dataset, therapy=therapy)
        except ParameterError:
            # No trial of it has a result from after the end of treatment.
            continue
        derived = _of_trials(lasting.estimates)
        found = {one.estimate_id: one for one in derived} | found
        for row in records(lasting.comparisons):
            rests = _rests(row)
            for estimate_id, metric, columns in (
                (row.change_id, row.metric, _CHANGE),
                (row.retained_id, RETAINED, _RETAINED),
            ):
                values = {name: _number(getattr(row, of)) for name, of in columns.items()}
                if values["effect"] is not None:
                    found[estimate_id] = Number(estimate_id, metric, row.more_is, values, rests)
    return found


def judged(dataset: Dataset, found: Mapping[str, Number]) -> dict[str, Verdict]:
    """Return the verdict on each claim; ``found`` are the numbers of the same data package."""
    made = {}
    for row in records(verdicts(dataset)):
        rests = Rests(
            directions=frozenset(row.direction_ids),
            syntheses=frozenset(row.synthesis_ids),
            claims=frozenset({row.claim_id}),
        )
        for estimate_id in row.estimate_ids:
            if estimate_id in found:
                rests |= found[estimate_id].rests
        made[row.claim_id] = Verdict(row.claim_id, row.verdict, rests)
    return made


def _of_trials(frame: pd.DataFrame) -> list[Number]:
    given = frame[frame.effect.notna() | frame.effect_high.notna()]
    return [
        Number(
            row.estimate_id,
            row.metric,
            row.more_is,
            {name: _number(getattr(row, name)) for name in _OF_A_TRIAL},
            _rests(row),
        )
        for row in records(given)
    ]


def _of_analysis(
    dataset: Dataset, analysis: Analysis, found: Mapping[str, Number]
) -> Iterable[Number]:
    rests = Rests()
    for estimate_id in analysis.selection.estimates.estimate_id:
        rests |= found[estimate_id].rests
    values = {name: _number(getattr(analysis.pooled, name)) for name in _POOLED}
    scale = analysis.selection.scale
    about = (scale.metric, scale.more_is)
    yield Number(analysis.estimate_id, *about, values | {"n": analysis.size.n}, rests)
    stress = stress_test(analysis)
    if stress is None:
        return
    values = {name: _number(getattr(stress.at_zero, name)) for name in _POOLED}
    values |= {"low": stress.low.effect, "high": stress.high.effect, "n": stress.size.n}
    arms, frame = dataset.arms, analysis.frame
    for entered in records(stress.entered):
        # Its size stands with the arms, and what bounds it with its other rows on the outcome.
        rests |= Rests(
            trials=frozenset({entered.trial_id}),
            arms=frozenset(arms.arm_id[arms.trial_id == entered.trial_id]),
            results=frozenset(entered.result_ids),
        )
        on_outcome = frame.outcome_id == analysis.specification.outcome
        for row in records(frame[on_outcome & (frame.trial_id == entered.trial_id)]):
            rests |= _rests(row)
    yield Number(stress.estimate_id, *about, values, rests)


def _rests(row: Any) -> Rests:
    arms = {row.intervention_arm_id, row.comparator_arm_id} - {""}
    return Rests(
        trials=frozenset({row.trial_id}),
        arms=frozenset(arms),
        results=frozenset(row.result_ids),
        instruments=frozenset({row.instrument_id} - {""}),
    )


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
