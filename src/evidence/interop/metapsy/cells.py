"""Results of single arms, and which of them belong together."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from evidence.interop.metapsy.normalizing import ARMS
from evidence.interop.metapsy.placing import Arm, Placed

AS_PRINTED = "as_printed"
EVENT_NOT_STATED = "event_not_stated"

_Values = tuple[tuple[str, str], ...]
_Key = tuple[tuple[str, str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A result of one arm as a record prints it.

    Attributes
    ----------
    placed : Placed
        Its record.
    kind : str
        mean, change, events or baseline.
    arm : Arm
        Its arm.
    instrument_id : str
        Instrument; a change from baseline has one of its own.
    event : str
        Event that is counted; empty for means.
    timepoint, weeks : str
        When; weeks since randomization as printed.
    values : dict of str to str
        Columns of ``arm_results``.
    """

    placed: Placed
    kind: str
    arm: Arm
    instrument_id: str
    event: str
    timepoint: str
    weeks: str
    values: dict[str, str] = field(hash=False)

    @property
    def group(self) -> tuple[str, str, str]:
        """Trial, instrument and event: results that could be paired with each other."""
        return self.placed.trial.trial_id, self.instrument_id, self.event

    @property
    def time(self) -> tuple[str, str]:
        """Time as pairing tells times apart: weeks count after the end of treatment alone."""
        return self.timepoint, self.weeks if self.timepoint == "follow_up" else ""


def change_instrument(instrument_id: str) -> str:
    """Return the id of the change from baseline on an instrument."""
    return f"{instrument_id}_change"


def cells_of(one: Placed) -> list[Cell]:
    """Return the results of single arms that a record prints.

    Parameters
    ----------
    one : Placed
        A record with its place.
    """
    found = []
    for arm in ARMS:
        record, own = one.record, one.arms[arm - 1]
        measure = one.measure.instrument_id
        mean = _values(one, arm, {"mean": "mean", "sd": "sd", "n": "n_analyzed"})
        if "mean" in mean:
            found.append(Cell(one, "mean", own, measure, "", one.timepoint, one.weeks, mean))
        change = _values(
            one, arm, {"mean_change": "mean", "sd_change": "sd", "n_change": "n_analyzed"}
        )
        if "mean" in change:
            name = change_instrument(measure)
            found.append(Cell(one, "change", own, name, "", one.timepoint, one.weeks, change))
        events = _values(one, arm, {"event": "events", "totaln": "n_analyzed"})
        if "events" in events:
            event = one.event or EVENT_NOT_STATED
            found.append(Cell(one, "events", own, measure, event, one.timepoint, one.weeks, events))
        before = _values(one, arm, {"bl_mean": "mean", "bl_sd": "sd", "bl_n": "n_analyzed"})
        if "mean" in before and one.timepoint != "baseline" and record.pair("mean", "sd", "n"):
            found.append(Cell(one, "baseline", own, measure, "", "baseline", "", before))
    return found


def _values(one: Placed, arm: int, columns: dict[str, str]) -> dict[str, str]:
    numbers = one.record.numbers
    return {
        target: numbers[f"{column}_arm{arm}"]
        for column, target in columns.items()
        if f"{column}_arm{arm}" in numbers
    }


READY_MADE = {"hedges_g": (".g", "precalc_g"), "log_risk_ratio": (".log_rr", "precalc_log_rr")}
"""Columns of effects by kind: as the database computes them, and as it took them over."""

_DATA = (("mean", "sd", "n"), ("mean_change", "sd_change", "n_change"), ("event", "totaln"))


def ready_made(one: Placed) -> dict[str, str]:
    """Return the columns whose effects stand as results, by kind: where no arms print data.

    Parameters
    ----------
    one : Placed
        A record with its place.
    """
    if one.timepoint == "baseline" or any(one.record.pair(*columns) for columns in _DATA):
        return {}
    numbers = one.record.numbers
    return {
        kind: next(column for column in columns if column in numbers)
        for kind, columns in READY_MADE.items()
        if any(column in numbers for column in columns)
    }


def apart(cells: Sequence[Cell]) -> set[tuple[str, str, str]]:
    """Return the groups whose records have to be kept apart.

    Results of one trial, instrument and event stand together where pairing every intervention arm
    with every comparator arm gives the comparisons of the file, each once, and each arm has one
    value at each time. Else each record stands by itself.

    Parameters
    ----------
    cells : sequence of Cell
        Results of all records.
    """
    values: dict[_Key, dict[str, set[_Values]]] = defaultdict(dict)
    contrasts: dict[_Key, Counter[tuple[str, str]]] = defaultdict(Counter)
    of_record: dict[tuple[_Key, int], dict[str, str]] = defaultdict(dict)
    roles = {one.arm.arm_id: one.arm.role for one in cells}
    for one in cells:
        key = one.group, one.time
        printed = (*sorted(one.values.items()), ("weeks", one.weeks))
        values[key].setdefault(one.arm.arm_id, set()).add(printed)
        of_record[key, one.placed.record.number][one.arm.role] = one.arm.arm_id
    for (key, _), arms in of_record.items():
        if len(arms) == len(ARMS):
            contrasts[key][arms["intervention"], arms["comparator"]] += 1
    found = set()
    for key, by_arm in values.items():
        group, (when, _) = key
        first, second = (
            [arm for arm in by_arm if roles[arm] == role] for role in ("intervention", "comparator")
        )
        stated = contrasts[key]
        # The baseline of a comparison stands in each of its records.
        repeated = when != "baseline" and any(times > 1 for times in stated.values())
        if (
            set(product(first, second)) != set(stated)
            or repeated
            or any(len(own) > 1 for own in by_arm.values())
        ):
            found.add(group)
    return found


def record_set(number: int) -> str:
    """Return the analysis set of a record that stands by itself."""
    return f"{AS_PRINTED}_record_{number}"
