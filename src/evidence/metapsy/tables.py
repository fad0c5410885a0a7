"""Tables of the data package: what the file prints, in the columns of the workbook."""

from collections.abc import Iterable, Sequence

from evidence.data.dataset import UNKNOWN_CLASS
from evidence.data.labels import slug
from evidence.data.validation.descriptor import TABLES
from evidence.metapsy.assignment import Arm, Placed, Trial
from evidence.metapsy.direction import Orientation
from evidence.metapsy.file import BIAS
from evidence.metapsy.package import PUBLICATION, Source
from evidence.metapsy.records import ARMS, Database
from evidence.metapsy.results import Results, change_instrument, in_words
from evidence.metapsy.vocabulary import AGE_GROUPS, CLASSES, CONDITIONS, COUNTRIES, EVENTS

Row = dict[str, str]

CHANGE_MEANING = "change from baseline"

_FIXED_TERMS = (
    ("comparator_class", "inactive", "waitlist or no intervention"),
    ("comparator_class", "usual_care", "usual or enhanced usual care"),
    ("comparator_class", "active", "another treatment"),
    ("comparator_class", UNKNOWN_CLASS, "a control condition that the file does not describe"),
    ("timepoint", "baseline", "before treatment"),
    ("timepoint", "post", "end of treatment"),
    ("timepoint", "follow_up", "after the end of treatment"),
    ("clock", "randomization", "weeks since randomization"),
    ("processing", "printed", "as the source prints it"),
    ("processing", "converted", "by a formula from printed numbers alone"),
    ("processing", "reconstructed", "integers that fit printed numbers"),
    ("processing", "imputed", "with a value that no source gives"),
)


def tables(
    database: Database,
    placed: Sequence[Placed],
    orientation: Orientation,
    results: Results,
    source: Source,
) -> dict[str, list[Row]]:
    """Return the rows of each table of the data package.

    Parameters
    ----------
    database : Database
        The file, normalized.
    placed : sequence of Placed
        Records with their places.
    orientation : Orientation
        Directions of the file.
    results : Results
        Results of arms and of comparisons with their corrections.
    source : Source
        What is known of the database.

    Returns
    -------
    dict of str to list of dict
        Text of each cell by column, by name of the table; columns that are empty are not in it.
    """
    trials = list(dict.fromkeys(one.trial for one in placed))
    arms = list(dict.fromkeys(arm for one in placed for arm in one.arms))
    made: dict[str, list[Row]] = {name: [] for name in TABLES}
    made["publications"] = [
        {"publication_id": PUBLICATION, "kind": "dataset", "role": "database"},
        *(
            {
                "publication_id": trial.trial_id,
                "kind": "article",
                "trial_id": trial.trial_id,
                "role": "main",
            }
            for trial in trials
            if printed_reference(trial, placed)
        ),
    ]
    made["locators"] = [
        {
            "locator_id": locator(one),
            "publication_id": PUBLICATION,
            "place": source.place(one.record.number),
            "url": source.url,
            "readings": "1",
            "accessed": source.accessed.isoformat(),
        }
        for one in placed
    ]
    made["trials"] = [_trial(trial, placed) for trial in trials]
    made["arms"] = [_arm(arm, placed) for arm in arms]
    made["trial_facts"] = _facts(database, placed)
    made["risk_of_bias"] = _risk_of_bias(placed)
    made["instruments"] = _instruments(placed, orientation, results)
    made["arm_results"] = results.arm_results
    made["statistics"] = results.statistics
    made["corrections"] = results.corrections
    made["vocabularies"] = _vocabularies(placed, arms, results)
    return made


def locator(one: Placed) -> str:
    """Return the id of the place of a record."""
    return f"record_{one.record.number}"


def printed_reference(trial: Trial, placed: Iterable[Placed]) -> str:
    """Return the first reference that the file prints for a trial; empty where it prints none."""
    return next(
        (
            one.record.text["reference"]
            for one in placed
            if one.trial is trial and one.record.text["reference"]
        ),
        "",
    )


def doi_of(trial: Trial, placed: Iterable[Placed]) -> str:
    """Return the DOI that the file prints for a trial; empty where it prints none."""
    found = (one.record.text["doi"] for one in placed if one.trial is trial)
    return next((one for one in found if one.startswith("10.")), "")


def _distinct(trial: Trial, placed: Iterable[Placed], column: str) -> list[str]:
    found = (one.record.text[column] for one in placed if one.trial is trial)
    return list(dict.fromkeys(one for one in found if one))


def _trial(trial: Trial, placed: Sequence[Placed]) -> Row:
    groups = [
        AGE_GROUPS.get(one.lower(), "" if one.isdigit() else slug(one))
        for one in _distinct(trial, placed, "age_group")
    ]
    populations = [one for one in _distinct(trial, placed, "population") if not one.isdigit()]
    places = _distinct(trial, placed, "country")
    country = COUNTRIES.get(places[0].lower(), "") if len(places) == 1 else ""
    notes = [f"printed as {trial.printed!r}" * (trial.printed != trial.label)]
    if places and not country:
        notes.append(f"country in the file: {', '.join(places)}")
    first = next(one for one in placed if one.trial is trial)
    return {
        "trial_id": trial.trial_id,
        "label": trial.label,
        "therapy": first.arms[0].condition,
        "design": "randomized",
        "status": "published",
        "age_group": ", ".join(dict.fromkeys(one for one in groups if one)),
        "population": "; ".join(populations),
        "country": country,
        "developer_involved": "not_known",
        "note": "; ".join(one for one in notes if one),
    }


def randomized(arm: Arm, placed: Iterable[Placed]) -> list[str]:
    """Return the sizes of an arm that the records print as randomized, each once."""
    sizes = (
        one.record.numbers.get(f"rand_arm{place}", "")
        for one in placed
        for place in ARMS
        if one.arms[place - 1] == arm
    )
    return list(dict.fromkeys(one for one in sizes if one))


def _arm(arm: Arm, placed: Sequence[Placed]) -> Row:
    sizes = randomized(arm, placed)
    notes = [f"named {arm.variant}" * bool(arm.variant)]
    if len(sizes) > 1:
        notes.append(f"records print different sizes randomized: {', '.join(sizes)}")
    return {
        "arm_id": arm.arm_id,
        "trial_id": arm.trial_id,
        "role": arm.role,
        "condition": arm.condition,
        "n_randomized": sizes[0] if len(sizes) == 1 else "",
        "locator_id": locator(next(one for one in placed if arm in one.arms)),
        "note": "; ".join(one for one in notes if one),
    }


def fractions(placed: Iterable[Placed]) -> bool:
    """Return whether a column named for percentages holds fractions of 1, but for a few of them."""
    values = [one.record.value("percent_women") for one in placed]
    known = [one for one in values if one is not None]
    return 2 * sum(one <= 1 for one in known) > len(known)


def _facts(database: Database, placed: Sequence[Placed]) -> list[Row]:
    shares = fractions(placed)
    percent = ("percent_female", "percent")
    kinds = {"mean_age": ("mean_age", "years"), "percent_women": percent}
    seen: dict[tuple[str, str, str], Row] = {}
    for one in placed:
        for column, (fact, unit) in kinds.items():
            value = one.record.numbers.get(column)
            if value is not None and column in database.columns:
                if shares and column == "percent_women" and float(value) <= 1:
                    fact, unit = "fraction_female", "fraction"
                key = one.trial.trial_id, fact, value
                seen.setdefault(
                    key,
                    {
                        "trial_id": one.trial.trial_id,
                        "fact": fact,
                        "value": value,
                        "unit": unit,
                        "locator_id": locator(one),
                    },
                )
    return list(seen.values())


def _risk_of_bias(placed: Sequence[Placed]) -> list[Row]:
    """Return the judgements that a file prints in words; where records differ, the worst."""
    order = ("low", "some_concerns", "high")
    seen: dict[tuple[str, str], Row] = {}
    for one in placed:
        for column, judgement in one.record.text.items():
            match = BIAS.fullmatch(column)
            if match is None:
                continue
            key = one.trial.trial_id, match["domain"] or "overall"
            row = {
                "trial_id": key[0],
                "tool": "not_named_in_the_file",
                "domain": key[1],
                "judgement": judgement,
                "locator_id": locator(one),
            }
            held = seen.setdefault(key, row)
            if order.index(judgement) > order.index(held["judgement"]):
                seen[key] = row
    return list(seen.values())


def _instruments(placed: Sequence[Placed], orientation: Orientation, results: Results) -> list[Row]:
    used = {one["instrument_id"] for one in (*results.arm_results, *results.statistics)}
    rows: dict[str, Row] = {}
    for one in placed:
        measure = one.measure
        for name, suffix in (
            (measure.instrument_id, ""),
            (change_instrument(measure.instrument_id), f", {CHANGE_MEANING}"),
        ):
            if name in used:
                rows.setdefault(
                    name,
                    {
                        "instrument_id": name,
                        "name": f"{measure.name}{suffix}",
                        "outcome_id": measure.outcome,
                        "rater": measure.rater,
                        "higher_is": orientation.higher_is[measure.instrument_id],
                    },
                )
    return list(rows.values())


def _vocabularies(placed: Sequence[Placed], arms: Sequence[Arm], results: Results) -> list[Row]:
    terms: dict[tuple[str, str], str] = {}
    for arm in arms:
        if arm.role == "intervention":
            terms.setdefault(("therapy", arm.condition), arm.meaning)
    for one in placed:
        printed = one.measure.outcome_name
        terms.setdefault(("outcome", one.measure.outcome), printed)
    for arm in arms:
        terms.setdefault(("condition", arm.condition), arm.meaning)
    for row in results.arm_results + results.statistics:
        event = row.get("event", "")
        if event:
            terms.setdefault(
                ("event", event), EVENTS[event][0] if event in EVENTS else in_words(event)
            )
    terms |= {(name, term): meaning for name, term, meaning in _FIXED_TERMS}
    unnamed = {one.time_missing for one in placed if one.timepoint == "post"}
    if True in unnamed:
        terms["timepoint", "post"] = (
            "end of treatment or a time not named" if False in unnamed else "time not named"
        )
    treatments = {known for known, _ in CONDITIONS.values()} - set(CLASSES)
    treatments |= {arm.condition for arm in arms if arm.role == "intervention"}

    def class_of(condition: str) -> str:
        # What a file compares with and no table knows is not taken for a treatment.
        return CLASSES.get(condition, "active" if condition in treatments else UNKNOWN_CLASS)

    return [
        {"vocabulary": name, "term": term, "meaning": meaning}
        | ({"comparator_class": class_of(term)} if name == "condition" else {})
        | ({"more_is": EVENTS[term][1]} if name == "event" and term in EVENTS else {})
        for (name, term), meaning in terms.items()
    ]
