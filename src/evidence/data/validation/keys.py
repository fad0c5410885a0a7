"""Keys and references: each row has its own, and what a row refers to is there."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from evidence.data.safety import ADDRESS_WORDS, ID, ID_WORDS, INVISIBLE, SEEN_WORDS, is_address
from evidence.data.validation.descriptor import ForeignKey
from evidence.data.validation.faults import Faults, parse_json
from evidence.data.validation.rows import Row, Sheet

REFERENCES = "references.json"


def read_references(text: str, faults: Faults) -> Mapping[str, dict[str, Any]] | None:
    """Read the references; None, and a fault, where the file is no list of items.

    Parameters
    ----------
    text : str
        Content of the file.
    faults : Faults
        Where broken JSON, items without id or type, and repeated ids are reported.
    """
    before = len(faults)
    items = parse_json(text, REFERENCES, faults)
    if len(faults) > before:
        return None
    if not isinstance(items, list):
        faults.add(REFERENCES, "a list of CSL-JSON items")
        return None
    references: dict[str, dict[str, Any]] = {}
    for position, item in enumerate(items, start=1):
        key = item.get("id") if isinstance(item, dict) else None
        if not isinstance(key, str) or not key:
            faults.add(REFERENCES, f"an item with an id (item {position} of the list)")
            continue
        if key in references:
            faults.add(REFERENCES, "each id once", value=key, cause=("id", key))
            continue
        references[key] = item
        if ID.fullmatch(key) is None:
            faults.add(REFERENCES, ID_WORDS, value=key)
        if "URL" in item and not is_address(str(item["URL"])):
            faults.add(REFERENCES, f"{ADDRESS_WORDS} (URL of {key})", value=str(item["URL"]))
        for hidden in map(INVISIBLE.search, _texts(item)):
            if hidden:
                accepted = f"{SEEN_WORDS} (U+{ord(hidden[0]):04X} in {key})"
                faults.add(REFERENCES, accepted, value=hidden.string, cause=(key, hidden[0]))
        if not isinstance(item.get("type"), str):
            faults.add(REFERENCES, "an item with a type, such as article-journal", value=key)
    return references


def _texts(value: Any) -> Iterator[str]:
    """All texts of an item, names of its fields too."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


Key = tuple[str, ...]

TERMS = (
    ("trials", "therapy", "therapy"),
    ("arms", "condition", "condition"),
    ("arms", "added_to", "condition"),
    ("instruments", "outcome_id", "outcome"),
    ("arm_results", "event", "event"),
    ("arm_results", "timepoint", "timepoint"),
    ("arm_results", "clock", "clock"),
    ("statistics", "event", "event"),
    ("statistics", "timepoint", "timepoint"),
    ("statistics", "clock", "clock"),
    ("directions", "outcome_id", "outcome"),
    ("directions", "timepoint", "timepoint"),
    ("syntheses", "outcome_id", "outcome"),
    ("syntheses", "approach", "approach"),
    ("claims", "therapy", "therapy"),
    ("claims", "outcome_id", "outcome"),
    ("claims", "timepoint", "timepoint"),
    ("claims", "comparator", "condition"),
    ("claims", "age_group", "age_group"),
    ("vocabularies", "comparator_class", "comparator_class"),
)
"""Columns that hold a term of ``vocabularies.csv``: table, column, vocabulary."""

SEPARATOR = ";"
SEVERAL = (("claims", "outcome_id"),)
"""Columns that hold one or more terms, separated by `SEPARATOR`."""

_OF_TRIAL = ForeignKey(("trial_id",), "trials", ("trial_id",))

# Columns that hold an arm, which has to be of the trial of the row.
_ARMS = (
    ("arm_results", "arm_id"),
    ("statistics", "intervention_arm_id"),
    ("statistics", "comparator_arm_id"),
    ("directions", "intervention_arm_id"),
    ("directions", "comparator_arm_id"),
)


def check_keys(
    sheets: Mapping[str, Sheet], references: Collection[str] | None, faults: Faults
) -> None:
    """Report repeated keys, references to nothing, unknown terms and arms of another trial.

    A reference is not reported where what it refers to could not be read.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        Tables that could be read, by name.
    references : collection of str or None
        Ids in ``references.json``; None where it could not be read.
    faults : Faults
        Where the faults are reported.
    """
    for sheet in sheets.values():
        _check_primary_key(sheet, faults)
        # A trial that is named has to be there, whatever the descriptor says of the column.
        of_trial = [_OF_TRIAL] if "trial_id" in sheet.columns else []
        for key in dict.fromkeys([*sheet.table.foreign_keys, *of_trial]):
            target = sheets.get(key.table)
            known = None if target is None else _keys(target, key.target)
            if target is not None and known is not None:
                accepted = f"a known {', '.join(key.target)} of {target.table.file}"
                _check_references(sheet, key.columns, known, accepted, faults)
    _check_terms(sheets, faults)
    _check_classes(sheets, faults)
    if references is not None and "publications" in sheets:
        known = {(reference,) for reference in references}
        accepted = f"an id of {REFERENCES}"
        _check_references(sheets["publications"], ("publication_id",), known, accepted, faults)
    _check_arms(sheets, faults)


def _key(row: Row, columns: Key) -> Key | None:
    """Text of the key of a row, None where a part of it is empty."""
    parts = tuple(row.text.get(column, "").strip() for column in columns)
    return parts if all(parts) else None


def _keys(sheet: Sheet, columns: Key) -> set[Key] | None:
    """All keys of a table, None where some may be lacking because of another fault."""
    if not sheet.complete or not sheet.columns.issuperset(columns):
        return None
    keys = [_key(row, columns) for row in sheet.rows]
    return None if None in keys else {key for key in keys if key is not None}


def _check_primary_key(sheet: Sheet, faults: Faults) -> None:
    columns = sheet.table.primary_key
    if not columns or not sheet.columns.issuperset(columns):
        return
    first: dict[Key, int] = {}
    for row in sheet.rows:
        key = _key(row, columns)
        if key is None:
            continue
        if key in first:
            faults.add(
                sheet.table.file,
                f"a key that no other row has (row {first[key]} has it)",
                row=row.line,
                column=", ".join(columns),
                value=", ".join(key),
                cause=("repeated", sheet.table.name, key),
            )
        else:
            first[key] = row.line


def _check_references(
    sheet: Sheet,
    columns: Key,
    known: Collection[Key],
    accepted: str,
    faults: Faults,
    *,
    several: bool = False,
) -> None:
    for row in sheet.rows:
        key = _key(row, columns)
        if key is None or key in known or any(row.faulty(column) for column in columns):
            continue
        if several and all((one.strip(),) in known for one in key[0].split(SEPARATOR)):
            continue
        faults.add(
            sheet.table.file,
            accepted,
            row=row.line,
            column=", ".join(columns),
            value=", ".join(key),
            # What is lacking is one cause, however many rows of whatever tables refer to it.
            cause=(accepted, key),
        )


def _check_terms(sheets: Mapping[str, Sheet], faults: Faults) -> None:
    vocabularies = sheets.get("vocabularies")
    known = None if vocabularies is None else _keys(vocabularies, ("vocabulary", "term"))
    if known is None:
        return
    for table, column, vocabulary in TERMS:
        if table in sheets:
            terms = {(term,) for name, term in known if name == vocabulary}
            listed = ", ".join(sorted(term for (term,) in terms)) or "none is there"
            accepted = f"a term of the vocabulary {vocabulary} in vocabularies.csv ({listed})"
            several = (table, column) in SEVERAL
            accepted += f", or several separated by {SEPARATOR}" if several else ""
            _check_references(sheets[table], (column,), terms, accepted, faults, several=several)


def _check_classes(sheets: Mapping[str, Sheet], faults: Faults) -> None:
    """Report conditions without a class, and classes and directions of what has none."""
    sheet = sheets.get("vocabularies")
    for row in () if sheet is None else sheet.rows:
        for vocabulary, column in (("condition", "comparator_class"), ("event", "more_is")):
            text = row.text.get(column)
            of_it = row.text.get("vocabulary") == vocabulary
            if text == "" and of_it and vocabulary == "condition":
                expected = "the class of the condition, unknown where it is not known"
            elif text and not of_it:
                expected = f"an empty cell, as this is no term of the vocabulary {vocabulary}"
            else:
                continue
            faults.add(
                "vocabularies.csv", expected, row=row.line, column=column, value=text or None
            )


def _check_arms(sheets: Mapping[str, Sheet], faults: Faults) -> None:
    """Report arms that belong to another trial than the row that names them."""
    if "arms" not in sheets or "trials" not in sheets:
        return
    trials = _keys(sheets["trials"], ("trial_id",))
    if trials is None:
        return
    trial_of = {
        row.word("arm_id"): row.word("trial_id")
        for row in sheets["arms"].rows
        if (row.word("trial_id"),) in trials
    }
    for table, column in _ARMS:
        if table not in sheets:
            continue
        for row in sheets[table].rows:
            arm, trial = row.word(column), row.word("trial_id")
            if (trial,) in trials and arm in trial_of and trial_of[arm] != trial:
                faults.add(
                    sheets[table].table.file,
                    f"an arm of {trial}; in arms.csv this one belongs to {trial_of[arm]}",
                    row=row.line,
                    column=column,
                    value=arm,
                    cause=("arm", arm, trial),
                )
