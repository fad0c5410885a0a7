"""Reviewers' own ratings by RoB 2 and GRADE: read whole or refused, and shown as theirs."""

from pathlib import Path

import pytest

import evidence
from evidence.blocks import ratings
from evidence.data.dataset import Dataset
from evidence.errors import DataError
from evidence.pages.summary.findings import findings
from evidence.pages.trial_card import read_card
from evidence.pages.trial_card.lines import lines
from evidence.pages.trial_card.screen import first_screen
from evidence.pages.trial_card.sections import risk_of_bias
from evidence.summary import collect
from tests.claims.packages import changed

ROB2 = "rob2,waraan2021,,,depression,overall,some concerns,A. Reader,2026-11-30,<b>Raters</b> knew"
GRADE = (
    'grade,,abft,usual_care,depression,overall,very low,A. Reader,2026-11-30,"Few, small trials"'
)


def rated(folder: Path, *rows: str) -> Dataset:
    dataset = changed(folder)
    text = "\n".join([",".join(ratings.COLUMNS), *rows, ""])
    (dataset.path / ratings.FILE).write_text(text, encoding="utf-8")
    return evidence.load(dataset.path)


def test_a_package_without_ratings_shows_none(dataset: Dataset) -> None:
    assert ratings.read(dataset) == ()
    assert ratings.of_trial(dataset, "waraan2021").html == ""
    assert ratings.raters(dataset, "waraan2021") == ""


def test_a_rating_of_a_trial_is_on_its_card_with_name_day_and_reasons(tmp_path: Path) -> None:
    dataset = rated(tmp_path, ROB2, GRADE)
    card = read_card(dataset, "waraan2021", evidence.estimates(dataset))
    shown = risk_of_bias(card)
    assert shown.text.splitlines() == [
        "RoB 2, as reviewers of this workbook rate it",
        "Outcome | Domain | Rating | Reasons | By",
        "Depressive symptoms | overall | some concerns | <b>Raters</b> knew | "
        "A. Reader, 2026-11-30",
    ]
    assert "<b>Raters" not in shown.html
    screen = first_screen(card, lines(card)).html
    assert 'RoB 2: <a href="#risk-of-bias">rated by A. Reader</a>.' in screen
    assert "RoB 2: not assessed" not in screen
    # Another trial is as before.
    other = read_card(dataset, "diamond2010", evidence.estimates(dataset))
    assert "RoB 2: not assessed" in first_screen(other, lines(other)).html


def test_a_rating_of_findings_is_below_their_table(tmp_path: Path) -> None:
    dataset = rated(tmp_path, ROB2, GRADE)
    said = findings(dataset, collect(dataset, ["abft"])).text
    caption = (
        "GRADE, as reviewers of this workbook rate it: ABFT against usual or enhanced usual care"
    )
    assert said.count(caption) == 1
    row = "Depressive symptoms | overall | very low | Few, small trials | A. Reader, 2026-11-30"
    assert row in said
    own = said.index("\nABFT against usual or enhanced usual care\n")
    assert own < said.index(caption) < said.index(row)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            ROB2.replace("rob2", "rob3", 1),
            "column scheme: found 'rob3', expected one of grade, rob2",
        ),
        (
            ROB2.replace("waraan2021", "x"),
            "column trial_id: found 'x', expected one of abct_students",
        ),
        (ROB2.replace(",,,", ",abft,,"), "column therapy: found 'abft', expected nothing"),
        (
            ROB2.replace("some concerns", "moderate"),
            "found 'moderate', expected one of high, low, some",
        ),
        (
            ROB2.replace("2026-11-30", "30.11.2026"),
            "column date: found '30.11.2026', expected a day",
        ),
        (ROB2.replace("A. Reader", " "), "column reviewer: found ' ', expected text"),
        (GRADE.replace("usual_care", "tau"), "column comparator_class: found 'tau'"),
        (GRADE.replace("overall", "randomization"), "column domain: found 'randomization'"),
        (f"{ROB2}\n{ROB2}", "row 3, column domain: found 'overall', expected one rating by each"),
    ],
)
def test_what_cannot_be_a_rating_is_refused_with_its_place(
    tmp_path: Path, row: str, told: str
) -> None:
    dataset = rated(tmp_path, row)
    with pytest.raises(DataError) as error:
        ratings.read(dataset)
    assert told in str(error.value)
    assert str(error.value).startswith("1 fault in ratings.csv")
