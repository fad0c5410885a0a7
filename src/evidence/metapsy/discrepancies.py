"""Where a file's printed numbers differ from its data, and where it contradicts itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from evidence.metapsy.agreement import Compared
from evidence.metapsy.assignment import Placed
from evidence.metapsy.direction import Orientation
from evidence.metapsy.records import ARMS
from evidence.metapsy.results import Results, cells_of, effects_printed, ready_made
from evidence.metapsy.tables import randomized
from evidence.metapsy.vocabulary import NOT_STATED, event_sign

KINDS = {
    "sign": "the printed effect has the other sign than its data give",
    "rounding": "the printed effect is rounded",
    "formula": "another formula, or other data, give the printed effect",
    "unexplained": "no formula tried gives the printed effect",
    "duplicate_record": "an earlier record of the study prints the same result",
    "duplicate_trial": "one study under two labels, or one set of numbers in two studies",
    "missing_time": "no time is named",
    "contradictory_n": "sizes contradict each other",
    "kept_apart": "an arm has other numbers in other records",
    "direction_unknown": "whom the result favors is not known",
    "no_effect": "nothing to compute or take an effect from",
}
"""Kinds of discrepancies, the gravest first, with what each says."""


_REPEATED = {
    "mean": "mean",
    "change": "mean_change",
    "events": "event",
}
"""Columns of the file by kind of result of an arm."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One discrepancy.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    record, line : int
        Record and line of the file.
    study : str
        Study as printed.
    column : str
        Column of the number, empty where the whole record is meant.
    printed, recomputed : str
        The number as printed (with a decimal point), and what its data give.
    formula : str
        What gives the printed number, or what was compared with it.
    explanation : str
        In words.
    """

    kind: str
    record: int
    line: int
    study: str
    column: str
    printed: str
    recomputed: str
    formula: str
    explanation: str


def find_discrepancies(
    placed: Sequence[Placed],
    compared: Iterable[Compared],
    orientation: Orientation,
    found: Results,
) -> pd.DataFrame:
    """Return every discrepancy of a file.

    Parameters
    ----------
    placed : sequence of Placed
        Records with their places.
    compared : iterable of Compared
        Printed effects beside what their data give.
    orientation : Orientation
        Directions of the file.
    found : Results
        Results with those that were kept apart or stand twice.

    Returns
    -------
    DataFrame
        One row each with the fields of `Discrepancy`, by kind and record.
    """
    listed = [
        *_effects(compared),
        *_duplicates(placed, found),
        *_times(placed),
        *_sizes(placed),
        *_apart(placed, found),
        *_directions(placed, orientation),
        *(
            _of(one, "no_effect", explanation="the record prints no effect and no data of one")
            for one in placed
            if not effects_printed(one.record)
        ),
    ]
    order = list(KINDS)
    listed.sort(key=lambda one: (order.index(one.kind), one.record))
    columns = list(Discrepancy.__dataclass_fields__)
    return pd.DataFrame([asdict(one) for one in listed], columns=columns)


def _of(one: Placed, kind: str, **said: Any) -> Discrepancy:
    fields = dict.fromkeys(("column", "printed", "recomputed", "formula", "explanation"), "")
    return Discrepancy(
        kind=kind,
        record=one.record.number,
        line=one.record.line,
        study=one.trial.printed,
        **(fields | said),
    )


def _effects(compared: Iterable[Compared]) -> list[Discrepancy]:
    return [
        _of(
            one.placed,
            one.verdict,
            column=one.column,
            printed=one.printed,
            recomputed="" if one.recomputed is None else repr(one.recomputed),
            formula=one.formula,
            explanation=one.explanation,
        )
        for one in compared
        if one.verdict != "agrees"
    ]


def _duplicates(placed: Sequence[Placed], found: Results) -> list[Discrepancy]:
    made = [
        _of(
            one,
            "duplicate_record",
            column=_REPEATED.get(kind) or ready_made(one)[kind],
            explanation=f"the same as in record {first}; kept under its own id and not used, so "
            "that it does not count twice",
        )
        for one in placed
        for (number, kind), first in found.repeated.items()
        if number == one.record.number
    ]
    by_key: dict[str, list[Placed]] = defaultdict(list)
    by_numbers: dict[tuple[object, ...], list[Placed]] = defaultdict(list)
    for one in placed:
        if all(other.trial != one.trial for other in by_key[one.trial.key]):
            by_key[one.trial.key].append(one)
        numbers = tuple(
            sorted(
                (name, value)
                for name, value in one.record.numbers.items()
                if name.startswith(("mean", "sd", "n_arm", "event", "totaln", "precalc"))
            )
        )
        if len(numbers) >= len(("mean", "sd", "n")) * len(ARMS):
            key = (numbers, one.measure.outcome, one.timepoint)
            if all(other.trial != one.trial for other in by_numbers[key]):
                by_numbers[key].append(one)
    for same, what in (
        (by_key, "the same first name and year as {other}; kept as two trials"),
        (by_numbers, "the same numbers as record {record} of {other}; kept as two trials"),
    ):
        for first, *others in (one for one in same.values() if one):
            made += [
                _of(
                    one,
                    "duplicate_trial",
                    explanation=what.format(
                        other=repr(first.trial.printed), record=first.record.number
                    ),
                )
                for one in others
            ]
    return made


def _times(placed: Sequence[Placed]) -> list[Discrepancy]:
    made = []
    for one in placed:
        if one.time_missing:
            said = "taken as the end of treatment, as in databases without follow-ups"
            made.append(_of(one, "missing_time", column="time", explanation=said))
        if not one.weeks and one.timepoint != "baseline":
            said = "no week is printed; clocks of its results stay empty"
            made.append(_of(one, "missing_time", column="time_weeks", explanation=said))
    return made


def _sizes(placed: Sequence[Placed]) -> list[Discrepancy]:
    made = []
    told = set()
    for one in placed:
        for place in ARMS:
            arm, numbers = one.arms[place - 1], one.record.numbers
            sizes = randomized(arm, placed)
            if len(sizes) > 1 and arm.arm_id not in told:
                told.add(arm.arm_id)
                said = f"records print {' and '.join(sizes)} randomized to {arm.arm_id}; left empty"
                made.append(
                    _of(one, "contradictory_n", column=f"rand_arm{place}", explanation=said)
                )
            for column in ("n", "n_change", "totaln"):
                made += _above(one, f"{column}_arm{place}", f"rand_arm{place}", "randomized")
            made += _above(one, f"event_arm{place}", f"totaln_arm{place}", "participants")
            for name in ("event", "totaln"):
                data, used = f"{name}_arm{place}", f".{name}_arm{place}"
                if data in numbers and used in numbers and numbers[data] != numbers[used]:
                    made.append(
                        _of(
                            one,
                            "contradictory_n",
                            column=used,
                            printed=numbers[used],
                            recomputed=numbers[data],
                            explanation=f"{data} prints {numbers[data]}, which is used",
                        )
                    )
    return made


def _above(one: Placed, column: str, limit: str, noun: str) -> list[Discrepancy]:
    numbers = one.record.numbers
    if column not in numbers or limit not in numbers:
        return []
    if int(numbers[column]) <= int(numbers[limit]):
        return []
    return [
        _of(
            one,
            "contradictory_n",
            column=column,
            printed=numbers[column],
            explanation=f"more than the {numbers[limit]} {noun} that {limit} prints",
        )
    ]


def _apart(placed: Sequence[Placed], found: Results) -> list[Discrepancy]:
    separate = set(found.apart)
    made = []
    for one in placed:
        groups = {cell.group for cell in cells_of(one)} & separate
        if groups:
            names = ", ".join(sorted({name for _, name, _ in groups}))
            said = (
                f"{names}: other records of the study print other numbers for one of its arms, or "
                "compare other arms, so that its results stand by themselves"
            )
            made.append(_of(one, "kept_apart", explanation=said))
    return made


def _directions(placed: Sequence[Placed], orientation: Orientation) -> list[Discrepancy]:
    made = []
    for one in placed:
        kinds = {cell.kind for cell in cells_of(one)}
        if "events" in kinds and event_sign(one.event) is None:
            printed = one.record.text["outcome_type"]
            said = "whether more of this event is better or worse stands in no table"
            made.append(
                _of(
                    one,
                    "direction_unknown",
                    column="outcome_type",
                    printed=printed,
                    explanation=said,
                )
            )
        if kinds & {"mean", "change"} and (
            orientation.higher_is[one.measure.instrument_id] == NOT_STATED
        ):
            said = (
                "every printed g of the instrument contradicts the direction of its outcome, so "
                "that its direction is not known"
                if one.measure.instrument_id in orientation.contested
                else "whether a higher score is better or worse is not known"
            )
            made.append(
                _of(
                    one,
                    "direction_unknown",
                    column="instrument",
                    printed=one.measure.name,
                    explanation=said,
                )
            )
        column = ready_made(one).get("hedges_g")
        if column is not None and orientation.positive_g is None:
            said = "whom a positive g favors follows from nothing in the file; see --positive-g"
            made.append(_of(one, "direction_unknown", column=column, explanation=said))
    return made
