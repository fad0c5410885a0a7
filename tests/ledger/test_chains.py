"""Conversions with the numbers put in can be followed by hand."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import chains


@pytest.fixture(scope="module")
def frame(dataset: Dataset) -> pd.DataFrame:
    return evidence.estimates(dataset)


@pytest.mark.parametrize(
    ("estimate_id", "chain"),
    [
        ("diamond2002.depression.bdi.post.hedges_g", "(18.5 − 11.8) / 10.02 × 0.9748 = 0.65"),
        ("diamond2002.depression.bdi.post.mean_difference", "18.5 − 11.8 = 6.70"),
        (
            "diamond2002.depression.bdi.post.d_ppc2",
            "((23.8 − 11.8) − (28 − 18.5)) / 7.25 × small-sample factor = 0.34",
        ),
        (
            "collado2021.abct_vs_usual_care.affective_distress.dass_21.post.d_from_test_statistic",
            "SE = (−6.84 − (−19.57)) / (2 × 1.96) = 3.25; z = 13.2 / 3.25 = 4.06; g = 4.06 × "
            "√(1/30 + 1/30) × 0.9870 = 1.04",
        ),
        (
            "montero2018.functional_impairment.fiq.post.d_from_test_statistic",
            "z of a two-sided p of 0.003 = 2.97; g = 2.97 × √(1/23 + 1/19) × 0.9811 = 0.90",
        ),
        (
            "diamond2019.suicidal_ideation.siq_jr.overall.d_from_test_statistic",
            "√1.81 × √(1/66 + 1/63) × 0.9941 = 0.24",
        ),
        (
            "diamond2019.suicide_attempt.attempt.post.log_odds_ratio",
            "2 of 66 against 4 of 63; below 1 favors the treatment",
        ),
    ],
)
def test_conversion(dataset: Dataset, frame: pd.DataFrame, estimate_id: str, chain: str) -> None:
    row = next(records(frame[frame.estimate_id == estimate_id]))
    assert chains.conversion(row, dataset).startswith(chain)


def test_printed_numbers_keep_their_digits(dataset: Dataset, frame: pd.DataFrame) -> None:
    stem = "collado2021.abct_vs_usual_care.affective_distress.dass_21.post"
    row = next(records(frame[frame.estimate_id == f"{stem}.mean_difference"]))
    assert "−13.20 (−19.57 to −6.84)" in chains.printed(row, dataset)


def test_every_estimate_has_a_chain(dataset: Dataset, frame: pd.DataFrame) -> None:
    for row in records(frame[frame.effect.notna()]):
        assert chains.printed(row, dataset)
        assert chains.conversion(row, dataset)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ({"se": 0.53, "se_of": "logarithm"}, "interval: logarithm ± 1.96 × its standard error"),
        (
            {"se": 2.205, "se_of": "ratio"},
            "standard error of the logarithm 2.205 / 4.41; interval: logarithm ± 1.96 × its "
            "standard error",
        ),
        # ln 4.41 = 1.4839; z of p = .01 is 2.5758; 1.4839 / 2.5758 = 0.5761
        (
            {"p_value": 0.01, "p_relation": "equal"},
            "standard error 0.58 from p: 1.48 / 2.58; interval: value ± 1.96 × it",
        ),
        # (1.4839 - ln 1.5) / 1.96 = 0.5502
        ({"ci_low": 1.5}, "standard error 0.55 from the one limit; interval: value ± 1.96 × it"),
    ],
)
@pytest.mark.parametrize("kind", ["odds_ratio", "hazard_ratio"])
def test_a_standard_error_has_the_origin_that_is_printed(
    dataset: Dataset, kind: str, printed: dict[str, Any], said: str
) -> None:
    statistics = dataset.statistics.astype(object)
    here = statistics.result_id == "d10_si_or_fu"
    blank = dict.fromkeys(("se", "ci_low", "ci_high", "p_value")) | {"se_of": "", "p_relation": ""}
    for name, value in (blank | {"statistic": kind} | printed).items():
        statistics.loc[here, name] = value
    changed = replace(dataset, _used={**dataset._used, "statistics": statistics})
    rows = evidence.estimates(changed, trial="diamond2010")
    row = next(records(rows[rows.result_ids == ("d10_si_or_fu",)]))
    assert chains.conversion(row, changed) == f"as printed; {said}"
