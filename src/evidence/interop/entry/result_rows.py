"""Rows of results: numbers of arms, statistics, directions, corrections."""

import re
from typing import Any

from evidence.estimation.from_statistics import MAGNITUDES
from evidence.interop.entry.draft import Draft, DraftRow
from evidence.interop.entry.faults import one_of, slug
from evidence.interop.entry.parts import Part
from evidence.interop.entry.sections import ARM_NUMBERS, SECTIONS

_SHORT = {"baseline": "base", "follow_up": "fu"}
_CORRECTION = re.compile(r"c(\d+)")


def _time(cells: dict[str, str]) -> str:
    """Return a time as a part of an id."""
    timepoint = cells.get("timepoint", "")
    short = _SHORT.get(timepoint, slug(timepoint))
    return short + (slug(cells.get("weeks", "")) if timepoint == "follow_up" else "")


def _joined(cells: dict[str, str], *columns: str) -> str:
    """Return cells as a part of an id."""
    return "_".join(filter(None, (slug(cells.get(column, "")) for column in columns)))


def _clocked(cells: dict[str, str]) -> dict[str, str]:
    """Return cells with the clock where it follows: baseline is week 0, no week needs none."""
    if cells.get("timepoint") == "baseline" and "weeks" not in cells and "clock" not in cells:
        return {**cells, "weeks": "0", "clock": "randomization"}
    return cells if "weeks" in cells else {"clock": "not_stated", **cells}


def results(draft: Draft) -> None:
    """Add the numbers of arms: one row for each arm of a result."""
    keys = SECTIONS["result"].keys
    for part in draft.entry.sections["result"]:
        shared = draft.read(part, keys, part.values)
        arms = [name for name in part.values if name not in keys]
        for name in arms:
            if not draft.arms_known and name not in draft.arms:
                continue
            if name in draft.arms and isinstance(part.values[name], dict):
                _arm_result(draft, part, name, shared)
            elif name in draft.arms:
                draft.complain(
                    part, name, part.values[name], "numbers, as { n = 35, mean = 12.6, sd = 13.88 }"
                )
            elif isinstance(part.values[name], dict):
                draft.complain(
                    part, name, None, one_of(name, tuple(draft.arms), "the name of an [[arm]] of")
                )
            else:
                accepted = (*keys, *draft.arms)
                draft.complain(
                    part, name, None, one_of(name, accepted, "a key or the name of an arm out of")
                )
        if not arms:
            example = next(iter(draft.arms), "abft")
            draft.complain(
                part,
                "",
                None,
                f"the numbers of an arm, as {example} = {{ n = 35, mean = 12.6, sd = 13.88 }}",
            )


def _arm_result(draft: Draft, part: Part, name: str, shared: dict[str, str]) -> None:
    values: dict[str, Any] = part.values[name]
    draft.check_keys(part, ARM_NUMBERS, values, arm=name)
    own = draft.read(part, ARM_NUMBERS, values, arm=name)
    cells = _clocked({"analysis_set": "as_printed", **shared, **own})
    if not {"mean", "median", "events", "percent"} & set(cells):
        draft.complain(part, name, None, "a printed number: mean, median, events or percent")
    counted = {"events", "percent"} & set(cells)
    if counted and "event" not in cells and not draft.faults.has(part, "event"):
        draft.complain(
            part, "event", None, "the event that is counted, since events or percent are given"
        )
    measure = _joined(cells, "instrument_id", "event")
    proposed = f"{draft.trial_id}_{measure}_{name}_{_time(cells)}"
    named = values.get("locator") or part.get("locator")
    cells |= {
        "result_id": draft.new_id("arm_results", "result_id", own.get("result_id", ""), proposed),
        "trial_id": draft.trial_id,
        "arm_id": draft.arms[name].arm_id,
        "locator_id": draft.locator(
            part, named, f"{name}.locator" if values.get("locator") else "locator"
        ),
    }
    draft.rows.append(DraftRow("arm_results", cells, part, name))


def statistics(draft: Draft) -> None:
    """Add statistics of a contrast, or of a change within one arm."""
    keys = SECTIONS["statistic"].keys
    for part in draft.entry.sections["statistic"]:
        draft.check_keys(part, keys, part.values)
        cells = _clocked(draft.read(part, keys, part.values))
        kind = cells.get("statistic", "")
        if kind in MAGNITUDES and "favors_intervention_when" in cells:
            draft.complain(
                part,
                "favors_intervention_when",
                cells["favors_intervention_when"],
                f"nothing: a value of {kind} has no direction; whom the difference favors is said "
                "in a [[direction]] on this outcome and time",
            )
        measure = _joined(cells, "instrument_id", "event", "statistic")
        proposed = f"{draft.trial_id}_{measure}_{_time(cells)}"
        cells |= draft.contrast(part) | {
            "result_id": draft.new_id(
                "statistics", "result_id", cells.get("result_id", ""), proposed
            ),
            "trial_id": draft.trial_id,
            "locator_id": draft.locator(part, part.get("locator")),
        }
        draft.rows.append(DraftRow("statistics", cells, part))


def directions(draft: Draft) -> None:
    """Add what is said without a number."""
    keys = SECTIONS["direction"].keys
    for part in draft.entry.sections["direction"]:
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        outcome = slug(cells.get("outcome_id", ""))
        proposed = f"{draft.trial_id}_{outcome}_{_time(cells)}"
        cells |= draft.contrast(part) | {
            "direction_id": draft.new_id(
                "directions", "direction_id", cells.get("direction_id", ""), proposed
            ),
            "trial_id": draft.trial_id,
            "locator_id": draft.locator(part, part.get("locator")),
        }
        draft.rows.append(DraftRow("directions", cells, part))


def corrections(draft: Draft) -> None:
    """Add corrections of values of this entry; the printed value is taken from there."""
    keys = SECTIONS["correction"].keys
    rows = {row.cells["result_id"]: row for row in draft.rows if "result_id" in row.cells}
    numbers = [
        int(found[1])
        for one in draft.known("corrections", "correction_id")
        if (found := _CORRECTION.fullmatch(one)) is not None
    ]
    following = max(numbers, default=0) + 1
    for part in draft.entry.sections["correction"]:
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        result = draft.word(part, "result")
        target = rows.get(result)
        if target is None:
            accepted = one_of(result, tuple(rows), "the id of a result of this entry,")
            draft.complain(part, "result", result or None, accepted)
            continue
        printed = target.cells.get(cells.get("field", ""), "")
        if cells.get("field") and not printed:
            accepted = one_of(cells["field"], tuple(target.cells), "a column with a printed value,")
            draft.complain(part, "field", cells["field"], accepted)
            continue
        cells |= {
            "correction_id": draft.new_id(
                "corrections", "correction_id", cells.get("correction_id", ""), f"c{following:02d}"
            ),
            "table": target.table,
            "result_id": result,
            "printed": printed,
        }
        following += 1
        draft.rows.append(DraftRow("corrections", cells, part))
