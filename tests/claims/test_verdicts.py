"""Verdicts with what they rest on: ids that exist, sentences that say against what."""

import re
from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.claims import COLUMNS, Judgement, judgements
from evidence.claims.rules import RULES, VERDICTS
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.terms import words_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answers(dataset: Dataset) -> dict[str, Judgement]:
    return {one.claim.claim_id: one for one in judgements(dataset)}


@pytest.fixture(scope="module")
def frame(dataset: Dataset) -> pd.DataFrame:
    return evidence.verdicts(dataset)


def test_one_row_per_claim_in_the_order_of_the_file(dataset: Dataset, frame: pd.DataFrame) -> None:
    assert tuple(frame.columns) == COLUMNS
    assert list(frame.claim_id) == list(dataset.claims.claim_id)
    assert set(frame.verdict) <= set(VERDICTS)


def test_no_claim_is_named_in_the_code(dataset: Dataset) -> None:
    sources = {path: path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")}
    assert len(sources) > 50
    for claim_id in dataset.claims.claim_id:
        assert [path for path, text in sources.items() if claim_id in text] == []


def test_every_id_is_one_of_the_data(dataset: Dataset, frame: pd.DataFrame) -> None:
    estimates = set(evidence.estimates(dataset).estimate_id)
    for ids in frame.estimate_ids:
        own = {one for one in ids if not re.search(r"\.(pooled|retained_fraction)", one)}
        assert own <= estimates
    assert set().union(*frame.direction_ids) <= set(dataset.directions.direction_id)
    assert set().union(*frame.synthesis_ids) <= set(dataset.syntheses.synthesis_id)


def test_what_was_not_tested_rests_on_nothing_and_says_so(frame: pd.DataFrame) -> None:
    for row in frame[frame.verdict == "not tested"].itertuples():
        assert (row.estimate_ids, row.direction_ids, row.synthesis_ids) == ((), (), ())
        assert row.sentence == "Nothing in this workbook addresses it; research elsewhere may."
    for row in frame[~frame.verdict.isin(["not tested", "contradicted"])].itertuples():
        assert row.estimate_ids or row.direction_ids or row.synthesis_ids or "weeks" in row.sentence


def test_sentences_are_one_line_that_ends_and_claims_have_limits(frame: pd.DataFrame) -> None:
    for row in frame.itertuples():
        assert row.sentence.endswith(".")
        assert "\n" not in row.sentence
        assert "nan" not in row.sentence.lower().split()
        assert row.sentence[0] == row.sentence[0].upper()
        assert "significant" not in row.sentence
        assert row.limits
        assert all(one.endswith(".") for one in row.limits)


def test_each_number_stands_in_its_sentence_with_k_and_n(answers: dict[str, Judgement]) -> None:
    for one in answers.values():
        rest = one.sentence.text
        for number in one.sentence.numbers:
            assert number.text in rest
            rest = rest.partition(number.text)[2]
            assert number.estimate_id in one.estimate_ids
        if one.sentence.numbers:
            assert re.search(
                r"k = \d+, n (= \d+|not printed \(\d+ randomized\))", one.sentence.text
            )


@pytest.mark.parametrize(
    ("claim_id", "parts"),
    [
        (
            "abct_helps",
            (
                "in favor of ABCT against usual care (Collado-Navarro 2021, 13.2 points of "
                "DASS-21, 95% CI 6.8 to 19.6, k = 1, n not printed (60 randomized), arm sizes "
                "imputed)",
                "no clear difference of ABCT from mindfulness-based stress reduction",
                "or waitlist (iABCT 2026, in words)",
            ),
        ),
        (
            "abct_lasts",
            ("7.2 points of DASS-21, 95% CI 0.8 to 13.6", "0.55 retained, 95% CI 0.07 to 1.04)"),
        ),
        ("abft_conflict", ("against 6-week waitlist (Diamond 2002, in words)",)),
        (
            "sign_emotions",
            (
                "6-week waitlist, usual care or enhanced usual care: g = 0.52, 95% CI "
                # no trial favors it by the estimate that the main analysis takes
                "−0.29 to 1.33 (k = 3, n = 118); no clear difference of ABFT from an active "
                "family-enhanced supportive therapy (Diamond 2019, in words) or usual care "
                "(Waraan 2021, in words); no result of a randomized comparison of ABCT.",
                "By outcome, depressive symptoms: not supported; distress",
                "(depression, anxiety and stress together): partly supported; anxiety",
                "anxiety: partly supported; unresolved anger: cannot tell.",
                "no result of a randomized comparison of ABCT",
            ),
        ),
        ("abft_standard_care", ("Diamond 2002 (likely)", "6-week waitlist, not usual care")),
        ("adult_benefit", ("Diamond 2002 (likely), the study treated adolescents, not adults",)),
        (
            "attachment_resilience",
            ("0.20 to 0.57 (k = 10, n = 2,305; 0.20 to 0.57 is the range of",),
        ),
        (
            "takes_months",
            ("8 to 26 (at most) weeks in 13 trials", "when a first change comes is not known"),
        ),
        ("slow_lasts", ("slope = −0.014 (k = 176, n = 15,158; 210 comparisons",)),
    ],
)
def test_sentences_say_what_was_found_and_against_what(
    answers: dict[str, Judgement], claim_id: str, parts: tuple[str, ...]
) -> None:
    for part in parts:
        assert part in answers[claim_id].sentence.text


@pytest.mark.parametrize(
    ("claim_id", "limit"),
    [
        ("abft_conflict", "6-week waitlist, which is less than the usual care that the article"),
        ("abft_conflict", "Measured or planned, no result seen: NCT00329199."),
        ("abft_closer", "a change within an arm is no effect of the therapy"),
        ("abct_helps", "Developers of the therapy took part in Collado-Navarro 2021 and iABCT"),
        ("abct_lasts", "a correlation of the effects at both times of 0.5, which no source prints"),
        ("abct_self_compassion", "for MBSR all three were"),
        ("abct_self_compassion", "no mediation was found: Montero-Marin 2018"),
        (
            "sign_emotions",
            "Other measures of Diamond 2002 against 6-week waitlist: loss of the diagnosis with an "
            "interval that includes no difference and, on another scale, in favor of the therapy.",
        ),
        ("sign_emotions", "Israel 2013 against usual care: HAM-D in favor of the therapy."),
        ("sign_emotions", "Waraan 2021 against usual care: remission with an interval that"),
        (
            "sign_emotions",
            "is 0.23 (95% CI −0.16 to 0.63; k = 5, n = 307, 189 of them as randomized), imputed.",
        ),
        ("attachment_resilience", "the range of single studies, not a confidence interval"),
        ("attachment_self_esteem", "How stable attachment itself is: stability of security"),
        ("slow_lasts", "not on the therapies of this workbook alone"),
    ],
)
def test_limits_name_what_stands_against_the_answer(
    answers: dict[str, Judgement], claim_id: str, limit: str
) -> None:
    assert any(limit in words_of(one) for one in answers[claim_id].limits)


def test_claims_about_therapy_stand_apart_from_those_about_attachment(
    answers: dict[str, Judgement],
) -> None:
    about_attachment = {one.claim.claim_id for one in answers.values() if not one.about_therapy}
    assert about_attachment == {
        one.claim.claim_id
        for one in answers.values()
        if one.claim.kind == "association" or one.claim.topic == "attachment"
    }


def test_a_kind_can_be_asked_for_and_an_unknown_one_is_refused(dataset: Dataset) -> None:
    (only,) = judgements(dataset, kind="durability")
    assert only.claim.kind == "durability"
    with pytest.raises(ParameterError, match="treatment_effect"):
        judgements(dataset, kind="opinion")


def test_the_decision_that_is_written_down_is_the_table_that_decides() -> None:
    text = (ROOT / "docs" / "decisions" / "0001-verdicts-by-rule.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ") and "Verdict" not in line]
    assert lines == [
        f"| {kind} | {rule.condition} | {rule.verdict} |"
        for kind, rules in RULES.items()
        for rule in rules
    ]
