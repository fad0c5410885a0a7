"""How many numbers were read, where and how often; what is known of each trial."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import origins, tables
from evidence.blocks.escape import addressed
from evidence.blocks.output import Block, folded, rows_to_take
from evidence.blocks.tables import Cell, table
from evidence.data.dataset import Dataset
from evidence.data.provenance import Locator
from evidence.data.records import records
from evidence.terms import words_of

SOURCES = {
    "trial_abstract": ("abstract of a trial", "abstracts of trials"),
    "database": ("public database", "public databases"),
    "registration": ("registration", "registrations"),
    "review_abstract": ("abstract of a review", "abstracts of reviews"),
    "elsewhere": ("elsewhere", "tables of reviews, quotations and news"),
}
"""Kinds of places, in the singular and in the plural."""

_TABLES = ("arm_results", "statistics", "arms", "trial_facts", "syntheses")
_TRIAL_TABLES = _TABLES[:-1]


def readings(dataset: Dataset) -> pd.DataFrame:
    """Return every place with what was read there.

    Parameters
    ----------
    dataset : Dataset
        Data package.

    Returns
    -------
    DataFrame
        One row per locator, in the order of the file: locator_id, source (a key of `SOURCES`),
        readings, numbers (printed numbers that name it), directions (statements without a number).
    """
    numbers = _numbers(dataset).groupby("locator_id").numbers.sum()
    said = dataset.directions.groupby("locator_id").size()
    rows = [
        {
            "locator_id": one.locator_id,
            "source": _source(dataset.publication(one.publication_id)),
            "readings": int(one.readings),
            "numbers": int(numbers.get(one.locator_id, 0)),
            "directions": int(said.get(one.locator_id, 0)),
        }
        for one in records(dataset.locators)
    ]
    return pd.DataFrame(rows)


def _source(publication: Any) -> str:
    if publication.kind == "dataset":
        return "database"
    if publication.kind == "registry":
        return "registration"
    if publication.kind == "article" and publication.read_as == "abstract":
        return "review_abstract" if publication.role == "review" else "trial_abstract"
    return "elsewhere"


def _numbers(dataset: Dataset) -> pd.DataFrame:
    """Return how many printed numbers each row of the tables holds, with its place and trial."""
    parts = []
    for name in _TABLES:
        printed = dataset.printed(name)
        # Columns that loading derives are not printed.
        columns = [
            one for one in dataset.text(name).columns if pd.api.types.is_numeric_dtype(printed[one])
        ]
        parts.append(
            pd.DataFrame(
                {
                    "locator_id": printed.locator_id,
                    "trial_id": printed.trial_id if name in _TRIAL_TABLES else "",
                    "numbers": printed[columns].notna().sum(axis=1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def counted(places: pd.DataFrame) -> str:
    """Return how many numbers were read, at how many places, how often and in what, in words."""
    used = places[places.numbers > 0]
    total, twice = used.numbers.sum(), used.numbers[used.readings > 1].sum()
    by_source = used.groupby("source").numbers.sum()
    kinds = language.listed(
        f"{by_source[one]} in {many}" for one, (_, many) in SOURCES.items() if one in by_source
    )
    once = f", {total - twice} once" if twice < total else ""
    rest = len(places) - len(used)
    at = f"{len(used)}" if not rest else f"{len(used)} of {len(places)}"
    other = "" if not rest else " (the rest gave none)"
    return (
        f"{total} printed numbers were read at {at} places{other}: {kinds}. {twice} were read at "
        f"least twice, independently{once}."
    )


def sources_table(places: pd.DataFrame) -> Block:
    """Return numbers by kind of place and by how often they were read."""
    rows = []
    for source, (_, many) in SOURCES.items():
        of_kind = places[places.source == source]
        if of_kind.empty:
            continue
        rows.append(_row(language.capitalized(many), of_kind))
    rows.append(_row("All", places))
    return table(
        "What was read where, and how often",
        ("Kind of place", "Places", "Numbers", "Read twice or more", "Read once", "Statements"),
        rows,
    )


def _row(name: str, places: pd.DataFrame) -> list[Cell]:
    several = places.readings > 1
    return [
        Cell(name),
        *(
            Cell(str(value), numeric=True)
            for value in (
                len(places),
                places.numbers.sum(),
                places.numbers[several].sum(),
                places.numbers[~several].sum(),
                places.directions.sum(),
            )
        ),
    ]


def places_to_take(dataset: Dataset, places: pd.DataFrame) -> Block:
    """Return every place with its address, readings and what was read there, as a file."""
    rows = []
    for one in records(places):
        locator = dataset.locator(one.locator_id)
        rows.append(
            {
                "place": origins.place_name(locator, dataset),
                "address": locator.url,
                "kind": SOURCES[one.source][0],
                "numbers": one.numbers,
                "statements": one.directions,
                "readings": one.readings,
                "last_reading": f"{locator.accessed:%Y-%m-%d}",
            }
        )
    return rows_to_take("places", pd.DataFrame(rows), f"All {len(rows)} places, one by one (CSV)")


def trials_table(dataset: Dataset, states: Mapping[str, pd.DataFrame]) -> Block:
    """Return what is known of each trial, from how many readings.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    states : mapping of str to DataFrame
        As `evidence.estimation.missing_evidence.missing_evidence` returns it, by therapy.
    """
    known = pd.concat(states.values())
    numbers = _numbers(dataset)
    said = dataset.directions
    rows = []
    for trial in records(dataset.trials):
        own = numbers[numbers.trial_id == trial.trial_id]
        found = {*own.locator_id, *said.locator_id[said.trial_id == trial.trial_id]}
        rows.append(
            (
                Cell(
                    f"{trial.label}\n{trial.design.replace('_', ' ')}, {trial.status}, "
                    f"read: {dataset.read_as(trial.trial_id)}"
                ),
                Cell(_people(dataset, trial.trial_id)),
                Cell(_weeks(dataset, trial.trial_id)),
                Cell(_outcomes(known[known.trial_id == trial.trial_id])),
                Cell(str(own.numbers.sum()), numeric=True),
                Cell(str(len(found)), numeric=True),
            )
        )
    block = table(
        "What is known of each trial, and at how many places it was read",
        (
            *("Trial", "Participants", "Treatment", "Outcomes (of trials that may be randomized)"),
            *("Numbers", "Places"),
        ),
        rows,
    )
    return folded(f"All {len(rows)} trials, one by one", block)


def short_place(locator: Locator, dataset: Dataset) -> str:
    """Return a place in a few words: author, year and place, or what kind of source it is.

    Examples
    --------
    >>> import evidence
    >>> data = evidence.load()
    >>> short_place(data.locator("diamond2010_abstract"), data)
    'Diamond et al. 2010, abstract'
    >>> short_place(data.locator("childadol_row28"), data)
    'database, data.csv, record 28 (version 23.0.2)'
    """
    kind = dataset.publication(locator.publication_id).kind
    if kind == "registry":
        return f"registration {locator.publication_id.upper()}"
    if kind == "dataset":
        return f"database, {words_of(locator.place)}"
    if kind == "web":
        return words_of(locator.place)
    return origins.place_name(locator, dataset)


def to_place(locator_id: str, dataset: Dataset) -> str:
    """Return a place in a few words as HTML, with its address."""
    locator = dataset.locator(locator_id)
    return addressed(locator.url, short_place(locator, dataset))


def _people(dataset: Dataset, trial_id: str) -> str:
    known = tables.enrollment(dataset, trial_id)
    return ", ".join(f"{number} {kind}" for kind, number in known.items()) or "not known"


def _weeks(dataset: Dataset, trial_id: str) -> str:
    values = sorted(set(dataset.fact(trial_id, "treatment_weeks").value))
    shown = language.listed((f"{one:g}" for one in values), "or")
    return f"{shown} weeks" if values else "not known"


_GROUPS = {
    "with a number": ("number", "event_only", "course_only", "range_only"),
    "with a number of no known side": ("side_unknown",),
    "in words only": ("direction_only",),
    "within an arm only": ("within_arm_only",),
    "measured, report not seen": ("not_seen",),
    "without a result": ("not_reported", "unpublished"),
}


def _outcomes(states: pd.DataFrame) -> str:
    """Return how many outcomes a trial reports, and how."""
    if states.empty:
        return "–"
    return (
        "\n".join(
            f"{n} {name}"
            for name, group in _GROUPS.items()
            if (n := int(states.state.isin(group).sum()))
        )
        or "none known"
    )
