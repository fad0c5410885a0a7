"""Other therapies: as reported, by approach; no metrics mixed, nothing within beside between."""

import re
import tomllib
from importlib.resources import files

import pandas as pd
import pytest

import evidence
from evidence.blocks.output import Figure
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.pages import landscape
from evidence.pages.landscape import Landscape
from evidence.reports.inspection import faults
from tests.claims.packages import changed, emptied, where

JUDGED = tomllib.loads((files("evidence.pages") / "landscape.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return evidence.load()


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> Landscape:
    return landscape.read(dataset)


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> pd.DataFrame:
    text = dataset.text("syntheses")
    return text[text.topic == "landscape"]


def test_what_was_judged_covers_the_data_and_nothing_else(rows: pd.DataFrame) -> None:
    several = [one for names in JUDGED["people"].values() for one in names]
    assert sorted(several) == sorted(set(rows.approach))
    outcomes = JUDGED["outcomes"]
    both = outcomes["attachment"] + outcomes["symptoms"]
    assert sorted(both) == sorted(set(rows.outcome_id))
    assert set(outcomes["named_by_none"]) <= set(rows.synthesis_id)
    for one in JUDGED["together"]:
        assert set(one["publications"]) <= set(rows.publication_id)


def test_each_result_stands_once_with_what_its_source_says(
    found: Landscape, rows: pd.DataFrame
) -> None:
    shown = (landscape.compared(found).text + "\n" + landscape.elsewhere(found).text).replace(
        "\u00a0", " "
    )
    numbers = rows[rows.estimate.str.len().between(1, 5)]
    assert len(numbers) == 33
    for estimate, low, high in zip(numbers.estimate, numbers.ci_low, numbers.ci_high, strict=True):
        said = f"{estimate} ({low} to {high})" if low else estimate
        assert said.replace("-", "−") in shown
    assert "d 0.23 to d 0.77" in shown
    assert "g 1.37" in shown
    assert shown.count("no clear difference") == (rows.said == "no_difference").sum()
    assert len(re.findall(r"in favor(?! of)", shown)) == (rows.said == "in_favor").sum()
    assert shown.count("in favor of the other treatment") == (rows.said == "against").sum()
    assert shown.count("results differ") == (rows.said == "mixed").sum()


def test_changes_within_are_in_no_table_or_figure_of_comparisons(found: Landscape) -> None:
    picture = landscape.figure(found)
    assert isinstance(picture, Figure)
    before = " ".join(
        [
            landscape.first_screen(found).text,
            picture.alt,
            picture.table.text,
            landscape.compared(found).text,
        ]
    )
    for value in ("2.09", "0.93", "0.85", "−0.82", "−1.08", "−1.1 "):
        assert value not in before.replace("\u00a0", " ")
    for entry in (*picture.table.entries, *landscape.compared(found).entries):
        assert not entry.metric.endswith("within")
    within = [one for one in landscape.elsewhere(found).entries if one.metric.endswith("within")]
    assert len(within) == 6
    for entry in within:
        assert not entry.favors
        assert entry.label.endswith("a change within the treated, compared with nobody")


def test_a_panel_has_one_metric_and_one_side(found: Landscape) -> None:
    picture = landscape.figure(found)
    assert isinstance(picture, Figure)
    headings = [one.get_text() for one in picture.matplotlib_figure.texts if ": " in one.get_text()]
    assert len(headings) == len(set(headings)) == picture.data.axis.nunique() == 11
    assert "Odds ratio: which side is better is not stated" in headings


def test_the_first_screen(found: Landscape, rows: pd.DataFrame) -> None:
    text = landscape.first_screen(found).text
    assert text.startswith(
        "Nothing was found for individual therapy of adults that calls itself attachment-based, as "
        "a popular article has it; mentalization-based treatment rests on attachment and is tried "
        "in adults too."
    )
    assert f"{len(rows)} results were read in {rows.publication_id.nunique()} publications" in text
    assert f"{(rows.metric == 'difference').sum()} results are in words" in text
    assert "not effects on symptoms" in text
    assert "Stattin et al. 2015 and Högström et al. 2017 (one trial at two times)" in text


def test_each_number_on_symptoms_says_whose_it_is_and_whether_it_has_an_interval(
    found: Landscape,
) -> None:
    text = landscape.first_screen(found).text.replace("\u00a0", " ")
    told = re.findall(r".+, (?:review|single trial).*: .+, .+", text)
    assert len(told) == 5
    assert any(one.endswith("g 1.37; no interval found") for one in told)
    for one in told:
        assert bool(re.search(r"\(−?[\d.]+ to", one)) != ("no interval found" in one)


def test_single_trials_are_named_as_such(found: Landscape) -> None:
    text = landscape.compared(found).text
    assert "Cassidy et al. 2017, single trial, 141 participants" in text
    assert "Letourneau et al. 2015, review" in text


def test_every_number_has_its_place(found: Landscape) -> None:
    closing = landscape.closing_sections(found)
    parts = [landscape.first_screen(found), landscape.compared(found), landscape.elsewhere(found)]
    page = "".join(one.html for one in [*parts, closing])
    ids = [entry.estimate_id for one in [*parts, closing] for entry in one.entries]
    assert set(ids) == {entry.estimate_id for entry in closing.entries}
    assert len(closing.entries) == 36
    assert not [one for one in faults(page, anchors=[f"n-{one}" for one in ids]) if "id" in one]


def test_an_approach_that_was_not_judged_is_said_nothing_of(
    dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = changed(
        tmp_path_factory.mktemp("other") / "data",
        where("syntheses", synthesis_id="kho24_internalizing")(approach=""),
    )
    assert landscape.first_screen(landscape.read(other)).text.startswith("Whom each of these")


def test_one_approach_and_none(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = landscape.read(dataset, "circle_of_security")
    assert one.approaches == ["circle_of_security"]
    with pytest.raises(ParameterError, match="approach: found 'hugs'"):
        landscape.read(dataset, "hugs")
    none = landscape.read(changed(tmp_path_factory.mktemp("none") / "data", emptied("syntheses")))
    assert landscape.first_screen(none).text == "The data have nothing on other therapies."
    assert "no number" in getattr(landscape.figure(none), "text", "")
