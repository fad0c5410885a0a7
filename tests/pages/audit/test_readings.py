"""Numbers counted from the files themselves, and places in a few words."""

import base64
import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest

from evidence.blocks.output import taken_along
from evidence.data.dataset import Dataset
from evidence.pages.audit import readings

DATA = Path(__file__).parents[3] / "data"
NUMBERS = {
    "arm_results": "weeks n_analyzed mean sd events percent percent_ci_low percent_ci_high",
    "statistics": "weeks estimate se ci_low ci_high p_value df1 df2 n_intervention n_comparator",
    "arms": "n_randomized",
    "trial_facts": "value",
    "syntheses": "k n estimate ci_low ci_high i2 range_low range_high",
}


def counted_in_files() -> dict[str, int]:
    found: dict[str, int] = {}
    for table, columns in NUMBERS.items():
        with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                n = sum(bool(row[column]) for column in columns.split())
                found[row["locator_id"]] = found.get(row["locator_id"], 0) + n
    return {key: n for key, n in found.items() if n}


@pytest.fixture(scope="module")
def places(dataset: Dataset) -> pd.DataFrame:
    return readings.readings(dataset)


def test_each_place_has_as_many_numbers_as_name_it(places: pd.DataFrame) -> None:
    with_numbers = places[places.numbers > 0].set_index("locator_id").numbers
    assert with_numbers.to_dict() == counted_in_files()


def test_corrections_and_derived_times_are_not_counted(
    dataset: Dataset, places: pd.DataFrame
) -> None:
    """A withheld limit was printed and read; weeks since randomization were not."""
    assert dataset.arm_results.percent_ci_high.isna().sum() > 0
    assert places.numbers.sum() == sum(counted_in_files().values())


def test_the_sentence_adds_up(places: pd.DataFrame) -> None:
    said = readings.counted(places)
    total, used, read, *parts, twice, once = map(int, re.findall(r"\b\d+\b", said))
    assert total == sum(parts) == twice + once == places.numbers.sum()
    assert used == (places.numbers > 0).sum()
    assert read == len(places)
    assert "(the rest gave none)" in said
    every = readings.counted(places[places.numbers > 0])
    assert f"read at {used} places: " in every
    assert once == places.numbers[places.readings == 1].sum() > 0


def test_nothing_read_once_is_not_said(places: pd.DataFrame) -> None:
    assert "once" not in readings.counted(places.assign(readings=2))


def test_kinds_of_places_add_up_to_all(places: pd.DataFrame) -> None:
    rows = [line.split(" | ") for line in readings.sources_table(places).text.splitlines()]
    *kinds, whole = [[int(cell) for cell in row[1:]] for row in rows[2:]]
    assert [sum(column) for column in zip(*kinds, strict=True)] == whole
    assert whole[0] == len(places)


@pytest.mark.parametrize(
    ("locator_id", "source"),
    [
        ("diamond2010_abstract", "trial_abstract"),
        ("schulte2024_abstract", "review_abstract"),
        ("diamond2021_table1", "elsewhere"),
        ("childadol_row28", "database"),
        ("israel2013_registry", "registration"),
    ],
)
def test_each_place_is_of_a_kind(places: pd.DataFrame, locator_id: str, source: str) -> None:
    assert places.set_index("locator_id").source[locator_id] == source


def test_every_place_can_be_taken_along(dataset: Dataset, places: pd.DataFrame) -> None:
    block = readings.places_to_take(dataset, places)
    content = base64.b64decode(taken_along(block.html)["places.csv"]).decode()
    rows = pd.read_csv(io.StringIO(content))
    assert list(rows.numbers) == list(places.numbers)
    assert list(rows.readings) == list(places.readings)
    assert set(rows.readings) == {1, 2}
    assert list(rows.address) == [dataset.locator(one).url for one in places.locator_id]
    assert f"All {len(places)} places" in block.text
