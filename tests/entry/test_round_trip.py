"""A trial that is taken out of the data and entered again gives the same rows and numbers."""

from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset, load
from evidence.data.validation.descriptor import TABLES
from evidence.entry import copy_without, preview, write
from evidence.entry.file import EntryError, read_entry
from evidence.entry.proposal import propose
from evidence.terms import words_of
from tests.entry.entries import DATA, EXAMPLE, copied, entry_of, proposed, rewrite, table

REAL = load(DATA)
NUMBERS = ["effect", "se", "ci_low", "ci_high", "effect_low", "effect_high"]


def rows(dataset: Dataset, table: str) -> list[tuple[str, ...]]:
    return sorted(map(tuple, dataset.text(table).to_numpy().tolist()))


@pytest.mark.parametrize("trial_id", list(REAL.trials.trial_id))
def test_every_trial_of_the_data_can_be_entered(trial_id: str, tmp_path: Path) -> None:
    folder = copy_without(DATA, trial_id, tmp_path / "data")
    assert trial_id not in set(load(folder).trials.trial_id)
    after = proposed(entry_of(REAL, trial_id), folder, tmp_path).after
    for name in TABLES:
        if name != "claims":
            assert rows(after, name) == rows(REAL, name), name
    assert after.references == REAL.references


RESULTS = ("arm_results", "statistics", "directions", "corrections")


def without_results(folder: Path, trial_id: str) -> Path:
    """Take the results of a trial out of a copy; trial, arms, places and facts stay."""
    copied(folder)
    gone = {
        cells[0] for name in RESULTS[:3] for cells in rows(REAL, name) if trial_id in cells[1:2]
    }
    for name in RESULTS:
        column = "result_id" if name == "corrections" else None
        kept = [one for one in table(folder, name) if (one[column or next(iter(one))]) not in gone]
        rewrite(folder, name, kept)
    return folder


def addition(text: str, trial_id: str) -> str:
    """Return of the entry of a trial what adds its results to it."""
    sections = ("[[result]]", "[[statistic]]", "[[direction]]", "[[correction]]")
    kept = [one for one in text.split("\n\n") if one.startswith(sections)]
    return "\n\n".join([f'[trial]\nadd_to = "{trial_id}"', *kept])


@pytest.mark.parametrize("trial_id", ["diamond2010", "waraan2021"])
def test_results_can_be_added_to_a_trial_that_is_there(trial_id: str, tmp_path: Path) -> None:
    folder = without_results(tmp_path / "data", trial_id)
    assert len(rows(load(folder), "arm_results")) < len(rows(REAL, "arm_results"))
    text = addition(entry_of(REAL, trial_id), trial_id)
    after = proposed(text, folder, tmp_path).after
    for name in TABLES:
        assert rows(after, name) == rows(REAL, name), name
    assert after.references == REAL.references


ADDED = """
[trial]
add_to = "diamond2010"

[[locator]]
place = "Table 9"
publication = "diamond2010"
url = "https://example.org/table9"
accessed = 2027-03-01

[[result]]
instrument = "ham_d"
timepoint = "follow_up"
weeks = 52
clock = "end_of_treatment"
abft = { n = 30, mean = 8.1, sd = 4.2 }
euc = { n = 26, mean = 9.9, sd = 4.9 }
"""


def test_a_preview_of_what_is_added_shows_that_alone(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    shown = preview(proposed(ADDED, folder, tmp_path))
    assert set(shown.estimates.instrument_id) == {"ham_d"}
    assert shown.counts == ()
    new = shown.proposal.ids("result_id")
    assert len(new) == 2
    assert set(shown.findings.result_id) <= new
    assert {one.table for one in shown.proposal.rows} == {"arm_results", "locators"}
    before = load(folder)
    names = write(shown)
    assert set(names) == {"arm_results.csv", "locators.csv", "datapackage.json"}
    after = load(folder)
    assert list(after.trials.trial_id) == list(before.trials.trial_id)
    assert len(after.arm_results) == len(before.arm_results) + 2


ADDED_WRONG = {
    "no such trial": (
        '"diamond2010"\n\n[[l',
        '"diamond2011"\n\n[[l',
        r"^1 fault .*\n.*found 'diamond2011', expected one of diamond2002, ",
    ),
    "another key": ("\n\n[[l", '\ntherapy = "abft"\n\n[[l', "add_to alone"),
    "no such arm": ("euc =", "waitlist =", "the name of an .*arm.* of abft, euc"),
    "no place": (
        ADDED[ADDED.index("[[l") : ADDED.index("[[r")],
        "",
        "a locator_id of locators.csv",
    ),
    "no publication": ('publication = "diamond2010"\n', "", "a .*publication.* in this file"),
}


@pytest.mark.parametrize(("old", "new", "expected"), ADDED_WRONG.values(), ids=ADDED_WRONG)
def test_what_cannot_be_added_is_refused(old: str, new: str, expected: str, tmp_path: Path) -> None:
    assert ADDED.count(old) == 1
    with pytest.raises(EntryError, match=expected):
        proposed(ADDED.replace(old, new), DATA, tmp_path)


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
