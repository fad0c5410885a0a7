"""Rows that an entry gives: on the trial itself, and its results."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from evidence.data.safety import ID
from evidence.entry.draft import ROLES, Arm, Draft, DraftRow
from evidence.entry.file import Part, one_of, slug
from evidence.entry.sections import ADD_TO, ARM_NUMBERS, CSL, SECTIONS
from evidence.entry.values import NUMBER, RefusedError, address, date_parts, doi, person, text
from evidence.estimation.from_statistics import MAGNITUDES

_TYPE = {
    "article": "article-journal",
    "dataset": "dataset",
    "registry": "webpage",
    "web": "webpage",
}
_ROLE = {"registry": "registration", "dataset": "database"}
_OF_NO_TRIAL = ("review", "database", "claim_source")
"""Roles of publications that are on many trials."""

_RESERVED = (*SECTIONS["result"].keys, *ARM_NUMBERS)


def terms_and_instruments(draft: Draft) -> None:
    """Add new terms and instruments."""
    for part in draft.entry.sections["term"]:
        keys = SECTIONS["term"].keys
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        if cells.get("vocabulary") == "event" and "more_is" not in cells:
            accepted = "better or worse, for whether more of the event is that; no name says it"
            draft.faults.add(part, "more_is", None, accepted)
        draft.rows.append(DraftRow("vocabularies", cells, part))
    for part in draft.entry.sections["instrument"]:
        keys = SECTIONS["instrument"].keys
        draft.check_keys(part, keys, part.values)
        draft.rows.append(DraftRow("instruments", draft.read(part, keys, part.values), part))


def trial(draft: Draft) -> None:
    """Add the trial, with id and label proposed from author and year of its main report.

    Of one that is there nothing is added here; its arms can be named.
    """
    part = draft.entry.one("trial")
    if part is None:
        return
    keys = SECTIONS["trial"].keys
    draft.check_keys(part, keys, part.values)
    if ADD_TO in part.values:
        _trial_that_is_there(draft, part)
        return
    cells = draft.read(part, keys, part.values)
    reports = draft.entry.sections["publication"]
    found = _author_and_year(reports[0]) if reports else ("", "")
    if found is None:
        draft.faults.expect(part, "label")
    family, year = found or ("", "")
    registered = cells.get("registry_id", "")
    # A trial without a report goes by its registration.
    label = cells.get("label") or f"{family} {year}".strip() or registered
    # Names in other scripts leave nothing that an id can be made of.
    proposed = _first_id(_author_id(family, year), slug(label), f"trial_{slug(label)}".strip("_"))
    if not label and found is not None:
        draft.faults.add(part, "label", None, "a label, since author and year are not given")
    given = cells.get("trial_id", "")
    draft.trial_id = draft.new_id("trials", "trial_id", given, proposed)
    draft.rows.append(
        DraftRow("trials", cells | {"label": label, "trial_id": draft.trial_id}, part)
    )
    for row in draft.package.sheets["trials"].rows:
        if registered and row.text["registry_id"].lower() == registered.lower():
            draft.faults.add(
                part,
                "registry_id",
                registered,
                f"a trial that is not in the data; {row.text['trial_id']} has this registration",
            )


def _trial_that_is_there(draft: Draft, part: Part) -> None:
    """Take the trial and the arms that the entry adds to."""
    draft.there = True
    draft.trial_id = draft.word(part, ADD_TO)
    known = draft.known("trials", "trial_id")
    if draft.trial_id not in known and not draft.faults.has(part, ADD_TO):
        draft.faults.add(part, ADD_TO, draft.trial_id or None, one_of(draft.trial_id, known))
    for key in part.values:
        if key != ADD_TO:
            expected = f"{ADD_TO} alone: what is known of a trial that is there stays as it is"
            draft.faults.add(part, key, part.values[key], expected)
    for row in draft.package.sheets["arms"].rows:
        if row.text["trial_id"] == draft.trial_id:
            arm_id = row.text["arm_id"]
            short = arm_id.removeprefix(f"{draft.trial_id}_")
            name = arm_id if short in _RESERVED else short
            draft.arms[name] = Arm(arm_id, row.text["role"])


def _author_and_year(part: Part) -> tuple[str, str] | None:
    """Return the first author's family name and the year, each empty where not given.

    None where one is refused, which is reported where the publication is read.
    """
    authors = part.get("author")
    first = authors[0] if isinstance(authors, list) else authors
    try:
        named = person(first) if first else {}
        issued = part.get("issued")
        year = str(date_parts(issued)[0]) if issued else ""
    except RefusedError:
        return None
    return named.get("family", named.get("literal", "")), year


def _author_id(family: str, year: str) -> str:
    return slug(family).replace("_", "") + year


def _first_id(*proposed: str) -> str:
    """Return the first text that is an id and no bare number, empty where none is."""
    return next((one for one in proposed if ID.fullmatch(one) and not one.isdigit()), "")


def publications(draft: Draft) -> None:
    """Add publications with their CSL items."""
    keys = SECTIONS["publication"].keys
    dois = {
        str(item["DOI"]).lower(): name
        for name, item in draft.package.references.items()
        if "DOI" in item
    }
    trial_part = draft.entry.one("trial")
    registered = "" if trial_part is None else draft.word(trial_part, "registry_id")
    for position, part in enumerate(draft.entry.sections["publication"]):
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        kind = cells.setdefault("kind", "article")
        main = "main" if position == 0 and not draft.there else ""
        role = cells.setdefault("role", _ROLE.get(kind, main))
        found = _author_and_year(part)
        family, year = found or ("", "")
        number = draft.word(part, "number") or registered if kind == "registry" else ""
        main_id = draft.trial_id if role == "main" else ""
        proposed = _first_id(slug(number), _author_id(family, year), main_id)
        given = cells.get("publication_id", "")
        if not given and not proposed:
            if found is not None:
                draft.faults.add(part, "id", None, "an id, since none follows from author and year")
            proposed = f"{draft.trial_id}_{slug(kind)}"
        publication_id = draft.new_id("publications", "publication_id", given, proposed)
        cells["publication_id"] = publication_id
        if role not in _OF_NO_TRIAL:
            cells["trial_id"] = draft.trial_id
        draft.publications[publication_id] = publication_id
        draft.rows.append(DraftRow("publications", cells, part))
        item = {"id": publication_id, "type": _TYPE.get(kind, "document"), **_item(draft, part)}
        draft.references.append(item)
        there = dois.get(item.get("DOI", "").lower())
        if there is not None:
            draft.faults.add(
                part,
                "DOI",
                item["DOI"],
                f"a publication that is not in the data; {there} has this DOI",
            )


def _item(draft: Draft, part: Part) -> dict[str, Any]:
    """Return the CSL fields of a publication in the order in which they are given."""
    item: dict[str, Any] = {}
    for key, value in part.values.items():
        if value not in ("", [], {}):
            item |= draft.value(part, key, value, partial(_csl, key)) or {}
    return item


def _csl(key: str, value: Any) -> dict[str, Any]:
    if key == "author":
        return {key: [person(one) for one in _listed(value)]}
    if key in ("issued", "accessed"):
        return {key: {"date-parts": [date_parts(value)]}}
    if key == "DOI":
        return {key: doi(value)}
    if key == "type":
        return {key: text(value)}
    return {CSL[key]: (address if key == "URL" else text)(value)} if key in CSL else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def locators(draft: Draft) -> None:
    """Add the places where numbers were read."""
    keys = SECTIONS["locator"].keys
    for part in draft.entry.sections["locator"]:
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        cells.setdefault("readings", "1")
        own = list(draft.publications)
        if part.get("publication") is None and own:
            cells["publication_id"] = own[0]
        elif part.get("publication") is None:
            draft.faults.add(
                part,
                "publication",
                None,
                "a [[publication]] in this file, or here the publication_id of one in "
                "publications.csv",
            )
            cells["publication_id"] = ""
        else:
            cells["publication_id"] = draft.refer(
                part,
                "publication",
                part.get("publication"),
                draft.publications,
                draft.known("publications", "publication_id"),
                "the id of a [[publication]] here, or a publication_id of publications.csv",
            )
        name = draft.word(part, "name") or slug(cells.get("place", ""))
        if not name:
            draft.faults.add(part, "place", None, "the place in the source, such as abstract")
            continue
        if name in draft.locators:
            draft.faults.add(part, "name", name, "a name that no other [[locator]] has")
        proposed = f"{cells['publication_id'] or draft.trial_id}_{slug(name)}"
        cells["locator_id"] = draft.new_id(
            "locators", "locator_id", cells.get("locator_id", ""), proposed
        )
        # A place can be named as it is written there, or by its short name.
        for one in (cells.get("place", ""), name):
            if one:
                draft.locators[one] = cells["locator_id"]
        draft.rows.append(DraftRow("locators", cells, part))


def arms(draft: Draft) -> None:
    """Add the arms."""
    draft.arms_known = bool(draft.entry.sections["arm"] or draft.arms)
    keys = SECTIONS["arm"].keys
    for part in draft.entry.sections["arm"]:
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values)
        name = draft.word(part, "name")
        if not name or name in _RESERVED or name in draft.arms or ID.fullmatch(name) is None:
            draft.faults.add(
                part,
                "name",
                name or None,
                "a short name of lower-case letters, digits and underscores that no other arm has "
                "and that is no key of [[result]], such as abft or usual_care",
            )
            draft.arms_known = False
            continue
        proposed = f"{draft.trial_id}_{name}"
        cells["arm_id"] = draft.new_id("arms", "arm_id", cells.get("arm_id", ""), proposed)
        cells |= {
            "trial_id": draft.trial_id,
            "locator_id": draft.locator(part, part.get("locator")),
        }
        draft.arms[name] = Arm(cells["arm_id"], cells.get("role", ""))
        draft.rows.append(DraftRow("arms", cells, part))


def facts(draft: Draft) -> None:
    """Add facts: a number, or a mapping with value, unit, locator and note, or several of them."""
    part = draft.entry.one("facts")
    if part is None:
        return
    keys = SECTIONS["facts"].keys
    known = draft.package.sheets["trial_facts"].rows
    units = {row.text["fact"]: row.text["unit"] for row in known}
    for name, given in part.values.items():
        if given in ("", [], {}):
            continue
        for one in _listed(given):
            values = one if isinstance(one, dict) else {"value": one}
            draft.check_keys(part, keys, values, arm=name)
            cells = draft.read(part, keys, values, arm=name)
            if ID.fullmatch(name) is None:
                draft.faults.add(part, name, None, "a fact in lower-case letters, as mean_age")
            if "unit" not in cells and name not in units:
                expected = one_of(
                    name,
                    tuple(dict.fromkeys(units)),
                    'a unit, as { value = 3, unit = "sessions" }, for a fact other than',
                )
                draft.faults.add(part, f"{name}.unit", None, expected)
            cells = {
                "trial_id": draft.trial_id,
                "fact": name,
                "unit": units.get(name, ""),
                **cells,
                "locator_id": draft.locator(part, values.get("locator"), f"{name}.locator"),
            }
            draft.rows.append(DraftRow("trial_facts", cells, part, name))


def risk_of_bias(draft: Draft) -> None:
    """Add judgements that a source prints."""
    keys = SECTIONS["risk_of_bias"].keys
    for part in draft.entry.sections["risk_of_bias"]:
        draft.check_keys(part, keys, part.values)
        cells = draft.read(part, keys, part.values) | {
            "trial_id": draft.trial_id,
            "locator_id": draft.locator(part, part.get("locator")),
        }
        draft.rows.append(DraftRow("risk_of_bias", cells, part))


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
                draft.faults.add(
                    part, name, part.values[name], "numbers, as { n = 35, mean = 12.6, sd = 13.88 }"
                )
            elif isinstance(part.values[name], dict):
                draft.faults.add(
                    part, name, None, one_of(name, tuple(draft.arms), "the name of an [[arm]] of")
                )
            else:
                accepted = (*keys, *draft.arms)
                draft.faults.add(
                    part, name, None, one_of(name, accepted, "a key or the name of an arm out of")
                )
        if not arms:
            example = next(iter(draft.arms), "abft")
            draft.faults.add(
                part,
                "",
                None,
                f"the numbers of an arm, as {example} = {{ n = 35, mean = 12.6, sd = 13.88 }}",
            )
    _ask_whether_levels(draft)


def _ask_whether_levels(draft: Draft) -> None:
    """Ask what means are that as levels speak against the therapy, with none before treatment.

    "Mean reduction 14.1 against 9.2" is read as a level where nothing else is said, and counts then
    against the therapy that did better.
    """
    sheets = draft.package.sheets
    drafted = draft.drafted("arm_results")
    instruments: list[Mapping[str, str]] = [row.text for row in sheets["instruments"].rows]
    instruments += [row.cells for row in draft.drafted("instruments")]
    higher_is = {one.get("instrument_id"): one.get("higher_is") for one in instruments}
    there: list[Mapping[str, str]] = [row.text for row in sheets["arm_results"].rows]
    before = {
        one.get("instrument_id")
        for one in (*there, *(row.cells for row in drafted))
        if one.get("trial_id") == draft.trial_id and one.get("timepoint") == "baseline"
    }
    accepted = ", ".join(sheets["arm_results"].table.columns["measured_as"].constraints["enum"])
    for part in draft.entry.sections["result"]:
        means: dict[str, list[float]] = {role: [] for role in ROLES}
        for row in drafted:
            asked = row.part is part and row.cells.get("instrument_id") not in before
            role = draft.arms[row.arm].role
            if asked and role in means and NUMBER.fullmatch(row.cells.get("mean", "")):
                means[role].append(float(row.cells["mean"]))
        own, other = means.values()
        if not own or not other or part.get("measured_as") is not None:
            continue
        measure = higher_is.get(part.get("instrument"))
        worse = measure == "worse" and min(own) > max(other)
        if worse or (measure == "better" and max(own) < min(other)):
            draft.faults.add(
                part,
                "measured_as",
                None,
                f"one of {accepted}, since these means speak against the intervention if they are "
                "levels, and none before treatment is given beside which they can be held",
            )


def _arm_result(draft: Draft, part: Part, name: str, shared: dict[str, str]) -> None:
    values: dict[str, Any] = part.values[name]
    draft.check_keys(part, ARM_NUMBERS, values, arm=name)
    own = draft.read(part, ARM_NUMBERS, values, arm=name)
    cells = _clocked({"analysis_set": "as_printed", **shared, **own})
    if not {"mean", "median", "events", "percent"} & set(cells):
        draft.faults.add(part, name, None, "a printed number: mean, median, events or percent")
    counted = {"events", "percent"} & set(cells)
    if counted and "event" not in cells and not draft.faults.has(part, "event"):
        draft.faults.add(
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
            draft.faults.add(
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
    """Add corrections of values of the trial; the printed value is taken from there."""
    keys = SECTIONS["correction"].keys
    rows = {
        row.text["result_id"]: (table, row.text)
        for table in ("arm_results", "statistics")
        for row in draft.package.sheets[table].rows
        if row.text["trial_id"] == draft.trial_id
    } | {
        row.cells["result_id"]: (row.table, dict(row.cells))
        for row in draft.rows
        if "result_id" in row.cells
    }
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
        if result not in rows:
            accepted = one_of(result, tuple(rows), "the id of a result of this trial,")
            draft.faults.add(part, "result", result or None, accepted)
            continue
        table, target = rows[result]
        printed = target.get(cells.get("field", ""), "")
        if cells.get("field") and not printed:
            filled = [name for name, cell in target.items() if cell]
            accepted = one_of(cells["field"], filled, "a column with a printed value,")
            draft.faults.add(part, "field", cells["field"], accepted)
            continue
        cells |= {
            "correction_id": draft.new_id(
                "corrections", "correction_id", cells.get("correction_id", ""), f"c{following:02d}"
            ),
            "table": table,
            "result_id": result,
            "printed": printed,
        }
        following += 1
        draft.rows.append(DraftRow("corrections", cells, part))
