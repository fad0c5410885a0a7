"""Counts behind printed percentages and what follows from them."""

import math

import pandas as pd
import pytest

import evidence
from evidence.terms import RemarkKind, has, words_of
from tests.tolerances import CLOSED_FORM, half_unit


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return evidence.estimates(evidence.load()).set_index("estimate_id", drop=False)


@pytest.mark.parametrize(
    ("stem", "counts", "odds_ratio"),
    [
        ("diamond2002.depression.no_longer_mdd.post", "13 of 16 against 7 of 15", "4.95"),
        (
            "diamond2010.suicidal_ideation.clinical_recovery.post",
            "27 of 31 against 15 of 29",
            "6.30",
        ),
        (
            "diamond2010.suicidal_ideation.clinical_recovery.follow_up",
            "21 of 30 against 9 of 26",
            "4.41",
        ),
        ("waraan2021.depression.remission.post", "3 of 30 against 2 of 30", "1.56"),
    ],
)
def test_the_only_counts_that_fit(
    frame: pd.DataFrame, stem: str, counts: str, odds_ratio: str
) -> None:
    rows = frame[frame.estimate_id.str.startswith(f"{stem}.log_odds_ratio")]
    row = rows[rows.route == "reconstructed_counts"].iloc[0]
    assert row.convention == counts
    assert row.processing == "reconstructed"
    assert math.exp(row.effect) == pytest.approx(float(odds_ratio), abs=half_unit(odds_ratio))


def test_printed_counts_are_converted(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2019.suicide_attempt.attempt.post.log_odds_ratio"]
    # Fewer attempts with the therapy count in its favor.
    assert row.effect == pytest.approx(-math.log((2 * 59) / (64 * 4)), rel=CLOSED_FORM)
    assert row.variance == pytest.approx(1 / 2 + 1 / 64 + 1 / 4 + 1 / 59, rel=CLOSED_FORM)
    assert row.processing == "converted"


def test_several_solutions_give_a_range(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2019.suicidal_ideation.response_50.post.log_odds_ratio"]
    assert (row.n_intervention, row.n_comparator) == (55, 61)
    assert row.effect_low <= row.effect <= row.effect_high
    assert row.effect_low < row.effect_high
    assert any("38 of 55 against 33 of 53" in words_of(one.text) for one in row.remarks)


def test_too_many_solutions_give_no_point(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2010.suicide_attempt.attempt.follow_up.events"]
    assert math.isnan(row.effect)
    assert 0 < row.effect_low < row.effect_high
    assert "tables fit" in row.reason


def test_missing_participants_are_counted(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2010.suicidal_ideation.clinical_recovery.post.log_odds_ratio"]
    assert "observed cases: 6 of 66 are missing" in [words_of(one.text) for one in row.remarks]


def test_reconstructed_sizes_are_not_called_imputed(frame: pd.DataFrame) -> None:
    rows = frame[frame.estimate_id.str.startswith("waraan2021.depression.remission.post")]
    row = rows[rows.route == "reconstructed_counts"].iloc[0]
    assert not has(row, RemarkKind.SIZES_IMPUTED)
