"""Results of arms and of comparisons, each once, with what has to be said of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from evidence.metapsy.agreement import Compared
from evidence.metapsy.assignment import Arm, Placed
from evidence.metapsy.direction import Orientation
from evidence.metapsy.records import ARMS, Record
from evidence.metapsy.vocabulary import event_sign

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


Row = dict[str, str]

CHANGE = (
    "a change from baseline, whose g is by the standard deviation of changes, not of scores; the "
    "two are not on one scale"
)
DUPLICATE = "the same numbers stand in record {first}, so that they would count twice"
OTHER_SIGN = "the file prints g {printed} for this comparison, which has the other sign"
ABOVE_TOTAL = "more events than participants, which cannot be"


@dataclass(frozen=True, slots=True)
class Results:
    """Rows of three tables.

    Attributes
    ----------
    arm_results, statistics, corrections : list of dict
        Text of each cell by column.
    repeated : dict of (int, str) to int
        Number of a record and kind of result that an earlier record prints too: that one.
    apart : tuple of tuple of str
        Trial, instrument and event of records that had to be kept apart.
    """

    arm_results: list[Row]
    statistics: list[Row]
    corrections: list[Row]
    repeated: dict[tuple[int, str], int]
    apart: tuple[tuple[str, str, str], ...]


def results(
    placed: Sequence[Placed], orientation: Orientation, compared: Sequence[Compared]
) -> Results:
    """Return the results of all records, as printed.

    A record's means, changes and events are results of its arms. Its ready-made g or log risk ratio
    is a statistic only where it prints nothing that they could be made of.

    Parameters
    ----------
    placed : sequence of Placed
        Records with their places.
    orientation : Orientation
        Directions of the file.
    compared : sequence of Compared
        Printed effects beside what their data give.
    """
    turned = {
        one.placed.record.number: one.printed
        for one in compared
        if one.column == ".g" and one.verdict == "sign"
    }
    cells = [cell for one in placed for cell in cells_of(one)]
    repeated = repeated_results(cells, placed)
    separate = apart([one for one in cells if (one.placed.record.number, one.kind) not in repeated])
    arm_rows: dict[tuple[str, ...], Row] = {}
    corrections: list[Row] = []
    for cell in cells:
        number = cell.placed.record.number
        first = repeated.get((number, cell.kind))
        alone = cell.group in separate or first is not None
        label = record_set(number) if alone else AS_PRINTED
        key = (cell.arm.arm_id, *cell.group, *cell.time, label)
        if key in arm_rows:
            _also(arm_rows[key], number)
            continue
        row = _arm_row(cell, label)
        arm_rows[key] = row
        corrections += _corrections(cell, row, first, turned.get(number))
    statistics = [row for one in placed for row in _statistics(one, orientation)]
    corrections += [
        _correction(row, "statistics", "estimate", "withhold", DUPLICATE, "duplicate_record", first)
        for one in placed
        for row in statistics
        if row["locator_id"] == f"record_{one.record.number}"
        and (first := repeated.get((one.record.number, row["statistic"]))) is not None
    ]
    for place, row in enumerate(corrections, start=1):
        row["correction_id"] = f"c{place}"
    return Results(list(arm_rows.values()), statistics, corrections, repeated, tuple(separate))


def repeated_results(cells: Sequence[Cell], placed: Sequence[Placed]) -> dict[tuple[int, str], int]:
    """Return the results that an earlier record of the same study prints for both arms too.

    Parameters
    ----------
    cells : sequence of Cell
        Results of single arms.
    placed : sequence of Placed
        Records with their places.

    Returns
    -------
    dict of (int, str) to int
        Number of the record and kind of result (of a cell, or a statistic): the earlier record.
    """
    printed: dict[tuple[int, str], list[tuple[object, ...]]] = {}
    for cell in cells:
        if cell.kind != "baseline":
            printed.setdefault((cell.placed.record.number, cell.kind), []).append(
                (cell.arm, cell.instrument_id, cell.event, *sorted(cell.values.items()))
            )
    for one in placed:
        for kind, column in ready_made(one).items():
            value = one.record.numbers[column], one.record.numbers.get(f"{column}_se")
            printed[one.record.number, kind] = [(*one.arms, one.measure, one.event, *value)]
    times = {
        one.record.number: (one.timepoint, one.weeks, one.record.text["dich_type"])
        for one in placed
    }
    seen: dict[tuple[object, ...], int] = {}
    found = {}
    for (number, kind), values in printed.items():
        when = times[number] if kind == "events" else times[number][:2]
        first = seen.setdefault((kind, when, *values), number)
        if first != number:
            found[number, kind] = first
    return found


def effects_printed(record: Record) -> bool:
    """Return whether a record prints any effect, or data of one."""
    return any(
        column in record.numbers
        for column in (
            *("mean_arm1", "mean_change_arm1", "event_arm1", ".g", "precalc_g"),
            *(".log_rr", "precalc_log_rr"),
        )
    )


def _arm_row(cell: Cell, label: str) -> Row:
    record = cell.placed.record
    place = cell.placed.arms.index(cell.arm) + 1
    definition = [record.text["dich"], record.text["dich_type"]] if cell.kind == "events" else []
    return {
        "result_id": f"r{record.number}_{cell.kind}_arm{place}",
        "trial_id": cell.placed.trial.trial_id,
        "arm_id": cell.arm.arm_id,
        "instrument_id": cell.instrument_id,
        "event": cell.event,
        "timepoint": cell.timepoint,
        "weeks": cell.weeks,
        "clock": "randomization",
        **cell.values,
        "analysis_set": label,
        "locator_id": f"record_{record.number}",
        "note": "; ".join(dict.fromkeys(one for one in definition if one)),
    }


def _also(row: Row, number: int) -> None:
    """Note that another record prints the same result."""
    start = "also in record "
    before, found, after = row["note"].rpartition(start)
    others = after.split(", ") if found else []
    if str(number) == row["locator_id"].removeprefix("record_") or str(number) in others:
        return
    if found:
        row["note"] = f"{before}{start}{', '.join([*others, str(number)])}"
    else:
        row["note"] = "; ".join(filter(None, [row["note"], f"{start}{number}"]))


def _corrections(cell: Cell, row: Row, first: int | None, turned: str | None) -> list[Row]:
    field = "events" if cell.kind == "events" else "mean"
    made = []
    if first is not None:
        made.append(
            _correction(row, "arm_results", field, "withhold", DUPLICATE, "duplicate_record", first)
        )
    elif cell.kind == "events" and _above_total(cell.values):
        made.append(
            _correction(row, "arm_results", field, "withhold", ABOVE_TOTAL, "events_above_total")
        )
    if cell.kind == "change":
        made.append(_correction(row, "arm_results", field, "flag", CHANGE, "change_score"))
    if turned is not None and cell.kind != "baseline" and cell.arm.role == "intervention":
        said = OTHER_SIGN.format(printed=turned)
        made.append(_correction(row, "arm_results", field, "flag", said, "printed_g_sign"))
    return made


def _above_total(values: dict[str, str]) -> bool:
    return "n_analyzed" in values and int(values["events"]) > int(values["n_analyzed"])


def _correction(
    row: Row,
    table: str,
    field: str,
    action: str,
    reason: str,
    check: str,
    first: int | None = None,
) -> Row:
    return {
        "correction_id": "",
        "table": table,
        "result_id": row["result_id"],
        "field": field,
        "printed": row[field],
        "action": action,
        "reason": reason.format(first=first),
        "check": check,
    }


def _statistics(one: Placed, orientation: Orientation) -> list[Row]:
    record = one.record
    made = []
    for kind, column in ready_made(one).items():
        is_g = kind == "hedges_g"
        given = READY_MADE[kind][1]
        made.append(
            {
                "result_id": f"r{record.number}_{'g' if is_g else 'log_rr'}",
                "trial_id": one.trial.trial_id,
                "intervention_arm_id": one.arms[0].arm_id,
                "comparator_arm_id": one.arms[1].arm_id,
                "instrument_id": one.measure.instrument_id,
                "event": "" if is_g else one.event or EVENT_NOT_STATED,
                "timepoint": one.timepoint,
                "weeks": one.weeks,
                "clock": "randomization",
                "statistic": kind,
                "estimate": record.numbers[column],
                "se": record.numbers.get(f"{column}_se", ""),
                **_sizes(record, "n" if is_g else "totaln"),
                "favors_intervention_when": _favors(one, orientation, is_g),
                "locator_id": f"record_{record.number}",
                "note": _note(record, column, given),
            }
        )
    return made


def _sizes(record: Record, column: str) -> Row:
    return {
        name: record.numbers.get(f"{column}_arm{arm}", "")
        for arm, name in ((1, "n_intervention"), (2, "n_comparator"))
    }


def _favors(one: Placed, orientation: Orientation, is_g: bool) -> str:
    direction = orientation.positive_g if is_g else event_sign(one.event)
    return {1: "higher", -1: "lower", None: ""}[direction]


def _note(record: Record, column: str, given: str) -> str:
    other = record.numbers.get(given)
    if column == given or other is None or other == record.numbers[column]:
        return f"column {column} of the database"
    return f"column {column} of the database; its column {given} prints {other}"


def in_words(event: str) -> str:
    """Return what an event is that no table describes."""
    if event == EVENT_NOT_STATED:
        return "an event that the file does not name"
    return event.replace("_", " ")
