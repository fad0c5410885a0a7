"""How many numbers were read, where and how often."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import origins
from evidence.blocks.output import Block, rows_to_take
from evidence.blocks.tables import Cell, table
from evidence.data.dataset import Dataset
from evidence.data.records import records

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
