"""A trial that is taken out of the data and entered again gives the same rows and numbers."""

from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset, load
from evidence.data.validation.descriptor import TABLES
from evidence.entry import copy_without, preview, write
from evidence.entry.file import read_entry
from evidence.entry.proposal import propose
from evidence.terms import words_of
from tests.entry.entries import DATA, EXAMPLE, entry_of, proposed

REAL = load(DATA)
NUMBERS = ["effect", "se", "ci_low", "ci_high", "effect_low", "effect_high"]


def rows(dataset: Dataset, table: str) -> list[tuple[str, ...]]:
    return sorted(map(tuple, dataset.text(table).to_numpy().tolist()))


@pytest.mark.parametrize("trial_id", list(REAL.trials.trial_id))
def test_every_trial_of_the_data_can_be_entered(trial_id: str, tmp_path: Path) -> None:
    folder = copy_without(DATA, trial_id, tmp_path / "data")
    assert trial_id not in set(load(folder).trials.trial_id)
    after = proposed(entry_of(REAL, trial_id), folder, tmp_path).after
    for table in TABLES:
        if table != "claims":
            assert rows(after, table) == rows(REAL, table), table
    assert after.references == REAL.references


def test_the_same_estimates_come_of_the_example(tmp_path: Path) -> None:
    folder = copy_without(DATA, "diamond2010", tmp_path / "data")
    shown = preview(propose(read_entry(EXAMPLE), folder))
    write(shown)
    real = evidence.estimates(REAL, trial="diamond2010").set_index("estimate_id")
    made = evidence.estimates(load(folder), trial="diamond2010").set_index("estimate_id")
    assert set(made.index) == set(real.index)
    pd.testing.assert_frame_equal(made.loc[real.index, NUMBERS], real[NUMBERS])
    assert made.loc[real.index, "processing"].tolist() == real.processing.tolist()


def test_nothing_of_the_trial_is_left_in_the_copy(tmp_path: Path) -> None:
    folder = copy_without(DATA, "diamond2010", tmp_path / "data")
    for file in folder.iterdir():
        assert "d10_" not in file.read_text("utf-8"), file.name
        assert "diamond2010," not in file.read_text("utf-8"), file.name


def test_a_place_that_another_trial_names_stays(tmp_path: Path) -> None:
    first = copy_without(DATA, "israel2013", tmp_path / "first")
    facts = first / "trial_facts.csv"
    with facts.open("a", encoding="utf-8") as file:
        file.write("diamond2010,n_sites,1,sites,waraan2021_depression_abstract,\n")
    second = load(copy_without(first, "waraan2021", tmp_path / "second"))
    assert words_of(second.locator("waraan2021_depression_abstract").place) == "abstract"
    assert "waraan2021_ideation" not in set(second.publications.publication_id)


def test_an_unknown_trial_cannot_be_taken_out(tmp_path: Path) -> None:
    with pytest.raises(evidence.errors.ParameterError, match="diamond2002, diamond2010"):
        copy_without(DATA, "nobody", tmp_path / "data")
