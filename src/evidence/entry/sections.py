"""What an entry may hold: its sections, their keys, and the columns that these fill."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a section.

    Attributes
    ----------
    columns : tuple of str
        Columns of the table that it fills; none where rows are made from it otherwise.
    kind : str
        How it is read: a name of `evidence.entry.values.READERS`.
    required : bool
        Whether it has to be given, beyond what the schema of the data package requires.
    """

    columns: tuple[str, ...] = ()
    kind: str = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section: the table that it fills, its keys, and whether it may stand several times."""

    table: str
    keys: Mapping[str, Key]
    several: bool = True


def _same(*names: str, kind: str = "text") -> dict[str, Key]:
    """Keys that are named like their column."""
    return {name: Key((name,), kind) for name in names}


_PLACE = {"locator": Key(), "note": Key(("note",))}
_TIME = {
    "timepoint": Key(("timepoint",)),
    "weeks": Key(("weeks",), "number"),
    "clock": Key(("clock",)),
}
_CONTRAST = {"intervention": Key(), "comparator": Key(), "within": Key()}

ARM_NUMBERS: Mapping[str, Key] = {
    "id": Key(("result_id",), "id"),
    "n": Key(("n_analyzed",), "size"),
    "mean": Key(("mean",), "number"),
    "sd": Key(("sd",), "number"),
    "se": Key(("se",), "number"),
    "mean_ci": Key(("ci_low", "ci_high"), "interval"),
    "ci_level": Key(("ci_level",), "percent"),
    "median": Key(("median",), "number"),
    "iqr": Key(("q1", "q3"), "interval"),
    "range": Key(("minimum", "maximum"), "interval"),
    "events": Key(("events",), "number"),
    "percent": Key(("percent",), "percent"),
    "ci": Key(("percent_ci_low", "percent_ci_high"), "interval"),
    "weeks": Key(("weeks",), "number"),
    "clock": Key(("clock",)),
    "analysis_set": Key(("analysis_set",)),
    **_PLACE,
}
"""Keys of the numbers of one arm inside a result."""

ADD_TO = "add_to"
"""Key of a trial that is there, to which the entry adds, in place of those of a new one."""

CSL: Mapping[str, str] = {
    "title": "title",
    "journal": "container-title",
    "container-title": "container-title",
    "original-title": "original-title",
    "publisher": "publisher",
    "volume": "volume",
    "issue": "issue",
    "page": "page",
    "number": "number",
    "version": "version",
    "language": "language",
    "PMID": "PMID",
    "PMCID": "PMCID",
    "URL": "URL",
    "note": "note",
}
"""Keys of a publication that are text in its CSL item; the others are read apart."""

SECTIONS: Mapping[str, Section] = {
    "trial": Section(
        "trials",
        {
            ADD_TO: Key(),
            "id": Key(("trial_id",), "id"),
            **_same(
                "label",
                "therapy",
                "design",
                "status",
                "age_group",
                "population",
                "country",
                "registry_id",
                "developer_involved",
                "note",
            ),
        },
        several=False,
    ),
    "publication": Section(
        "publications",
        {
            "id": Key(("publication_id",), "id"),
            "kind": Key(("kind",)),
            "role": Key(("role",)),
            "read_as": Key(("read_as",)),
            **dict.fromkeys(("type", "author", "issued", "accessed", "DOI", *CSL), Key()),
        },
    ),
    "locator": Section(
        "locators",
        {
            "name": Key(),
            "id": Key(("locator_id",), "id"),
            "publication": Key(),
            **_same("place", "accessed"),
            **_same("url", kind="address"),
            "readings": Key(("readings",), "number"),
        },
    ),
    "arm": Section(
        "arms",
        {
            "name": Key(required=True),
            "id": Key(("arm_id",), "id"),
            **_same("role", "condition", "added_to"),
            "n_randomized": Key(("n_randomized",), "size"),
            **_PLACE,
        },
    ),
    "facts": Section(
        "trial_facts",
        {
            "value": Key(("value",), "number"),
            "unit": Key(("unit",)),
            **_PLACE,
        },
        several=False,
    ),
    "term": Section(
        "vocabularies",
        _same("vocabulary", "term", "meaning", "in_text", "short", "comparator_class", "more_is"),
    ),
    "instrument": Section(
        "instruments",
        {
            "id": Key(("instrument_id",), "id"),
            **_same("name", "rater", "higher_is"),
            "outcome": Key(("outcome_id",)),
            "range": Key(("range_low", "range_high"), "interval"),
        },
    ),
    "result": Section(
        "arm_results",
        {
            "instrument": Key(("instrument_id",)),
            "event": Key(("event",)),
            **_TIME,
            **_same("analysis_set", "measured_as"),
            "ci_level": Key(("ci_level",), "percent"),
            **_PLACE,
        },
    ),
    "statistic": Section(
        "statistics",
        {
            "id": Key(("result_id",), "id"),
            **_CONTRAST,
            "instrument": Key(("instrument_id",)),
            "event": Key(("event",)),
            **_TIME,
            "statistic": Key(("statistic",)),
            "estimate": Key(("estimate",), "percent"),
            "se": Key(("se",), "number"),
            "ci": Key(("ci_low", "ci_high"), "interval"),
            "p": Key(("p_value", "p_relation"), "p"),
            "df": Key(("df1", "df2"), "df"),
            "n": Key(("n_intervention", "n_comparator"), "sizes"),
            **_same("favors_intervention_when", "se_of", "analysis_set"),
            "ci_level": Key(("ci_level",), "percent"),
            **_PLACE,
        },
    ),
    "direction": Section(
        "directions",
        {
            "id": Key(("direction_id",), "id"),
            **_CONTRAST,
            "outcome": Key(("outcome_id",)),
            "timepoint": Key(("timepoint",)),
            "direction": Key(("direction",)),
            **_PLACE,
        },
    ),
    "correction": Section(
        "corrections",
        {
            "id": Key(("correction_id",), "id"),
            "result": Key(required=True),
            **_same("field", "action", "reason", "check"),
            "used": Key(("used",), "number"),
        },
    ),
    "risk_of_bias": Section(
        "risk_of_bias", {**_same("tool", "domain", "judgement"), "locator": Key()}
    ),
}
"""Sections in the order in which they are read."""

REQUIRED = ("locator", "arm")
"""Sections without which there is no new trial."""

KEY_OF: Mapping[str, Mapping[str, str]] = {
    name: {
        "locator_id": "locator",
        "publication_id": "publication",
        "intervention_arm_id": "intervention",
        "comparator_arm_id": "comparator",
    }
    | {
        column: key
        for keys in ((section.keys, ARM_NUMBERS) if name == "result" else (section.keys,))
        for key, one in keys.items()
        for column in one.columns
    }
    for name, section in SECTIONS.items()
}
"""Key of each column, by section, for messages."""
