"""Results of arms and of comparisons, each once, with what has to be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.interop.metapsy.agreement import Compared
from evidence.interop.metapsy.cells import (
    AS_PRINTED,
    EVENT_NOT_STATED,
    READY_MADE,
    Cell,
    apart,
    cells_of,
    ready_made,
    record_set,
)
from evidence.interop.metapsy.normalizing import Record
from evidence.interop.metapsy.orienting import Orientation
from evidence.interop.metapsy.placing import Placed
from evidence.interop.metapsy.terms import event_sign

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
            "mean_arm1",
            "mean_change_arm1",
            "event_arm1",
            ".g",
            "precalc_g",
            ".log_rr",
            "precalc_log_rr",
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
