"""Sentences from an entry of the ledger: they change when it does."""

from pathlib import Path

import pytest

from evidence import ledger
from evidence.data.dataset import load
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry, entries, quotation
from evidence.reports.index import _rest, _row
from evidence.terms import NO_RESULT, EntryKind
from tests.manuscripts.ledgers import BARE, KNOWN, ODDS, POINTS, POOLED, SHARE, SHARES, ZERO, entry

ENTRIES = ledger.read(Path(__file__).parents[2] / "reports" / "estimates.csv")
DATASET = load(Path(__file__).parents[2] / "data")


def sentence(one: LedgerEntry, style: str = "ama") -> str:
    return quotation.sentence(one, DATASET, style)


@pytest.mark.parametrize(
    ("estimate_id", "style", "text"),
    [
        (POOLED, "ama", "Hedges g, 0.52 (95% CI, −0.29 to 1.33), P = .11"),
        (POOLED, "apa", "g = 0.52, 95% CI [−0.29, 1.33], p = .11"),
        (POOLED, "plain", "Hedges g of 0.52, 95% confidence interval −0.29 to 1.33, P = .11"),
        (ODDS, "ama", "odds ratio, 6.30 (95% CI, 1.76 to 22.61)"),
        (ODDS, "apa", "OR = 6.30, 95% CI [1.76, 22.61]"),
        (BARE, "ama", "odds ratio, 4.41 (no interval)"),
        (BARE, "apa", "OR = 4.41"),
        (SHARES, "ama", "risk difference, 35.4 percentage points (95% CI, 13.7 to 57.1)"),
        (SHARES, "apa", "RD = 35.4%, 95% CI [13.7%, 57.1%]"),
        (SHARE, "ama", "proportion, 87.1% (95% CI, 70.2 to 96.4)"),
        (POINTS, "ama", "mean difference, 13.20 points (95% CI, 6.84 to 19.57)"),
    ],
)
def test_statistic(estimate_id: str, style: str, text: str) -> None:
    assert quotation.statistic(KNOWN.entries[estimate_id], style) == text


def test_sentence() -> None:
    assert sentence(KNOWN.entries[POOLED]) == (
        "ABFT, depressive symptoms, at the end of treatment, pooled, compared with waitlist, usual "
        "care or enhanced usual care: Hedges g, 0.52 (95% CI, −0.29 to 1.33), P = .11; 3 trials, "
        "118 participants; positive favors the intervention."
    )
    assert sentence(KNOWN.entries[POOLED], "apa").endswith(
        "g = 0.52, 95% CI [−0.29, 1.33], p = .11; k = 3, N = 118; positive favors the intervention."
    )


@pytest.mark.parametrize("style", quotation.STYLES)
@pytest.mark.parametrize(
    "change",
    [
        {"effect": 0.41},
        {"ci_low": 0.1},
        {"ci_high": 2.5},
        {"ci_level": 0.9},
        {"p_value": 0.04},
        {"k": 4},
        {"n": 60},
        {"comparator": "waitlist"},
        {"timepoint": "last"},
        {"counts": "2 of 66 against 4 of 63"},
        {"favors": "below_0"},
        {"processing": "imputed"},
        {"processing": "reconstructed"},
        {"entry_kind": "stress_test"},
    ],
)
def test_a_changed_field_changes_the_sentence(style: str, change: dict[str, object]) -> None:
    assert sentence(entry(**change), style) != sentence(entry(), style)


def test_plain_words_say_what_the_interval_allows() -> None:
    def plain(low: float, high: float) -> str:
        return sentence(entry(ci_low=low, ci_high=high, effect=(low + high) / 2), "plain")

    assert "neither benefit nor its absence is shown" in plain(-0.29, 1.33)
    assert "the whole interval favors the intervention" in plain(0.1, 1.33)
    assert "the whole interval favors the comparator" in plain(-1.33, -0.1)
    assert "three trials, 118 participants" in plain(-0.29, 1.33)


@pytest.mark.parametrize("style", quotation.STYLES)
def test_what_is_imputed_is_said(style: str) -> None:
    assert "a stress test and no result" in sentence(KNOWN.entries[ZERO], style)
    assert "rests on values that no source gives (imputed)" in sentence(
        entry(processing="imputed"), style
    )
    assert "reconstructed" in sentence(KNOWN.entries[ODDS], style)


def test_a_change_in_points_says_so_once() -> None:
    change = entry(
        label="Collado 2021, DASS-21, ABCT against usual care: change in points, if both estimates "
        "correlate at 0.9 (assumed)",
        metric="change_in_points",
        entry_kind="change",
        timepoint="change",
        comparator="usual_care",
        effect=-6.0,
        ci_low=-9.5,
        ci_high=-2.5,
    )
    said = sentence(change, "plain")
    assert said.startswith(
        "Collado 2021, DASS-21, ABCT against usual care, if both estimates correlate at 0.9 "
        "(assumed), from the end of treatment to follow-up: change of −6.0 points, 95% confidence "
        "interval −9.5 to −2.5"
    )


def test_a_ratio_and_a_change_have_their_own_null() -> None:
    assert "above 1 favors the intervention" in sentence(KNOWN.entries[ODDS])
    change = entry(timepoint="change", metric="change_in_points")
    assert "positive means larger at follow-up" in sentence(change)
    assert "the interval includes no change" in sentence(change, "plain")
    below = entry(timepoint="change", ci_low=-2.0, ci_high=-1.0, effect=-1.5)
    assert "below no change" in sentence(below, "plain")
    assert "favors" not in sentence(entry(timepoint="baseline"), "plain").split(";")[1]


def test_a_harm_stands_in_its_usual_direction() -> None:
    def plain(low: float, high: float) -> str:
        fields = {"favors": "below_1", "scale": "ratio", "metric": "odds_ratio"}
        return sentence(entry(**fields, ci_low=low, ci_high=high, effect=low), "plain")

    assert "the whole interval favors the intervention" in plain(0.2, 0.8)
    assert "the whole interval favors the comparator" in plain(1.2, 1.8)
    assert "the interval includes no difference" in plain(0.2, 1.8)


def test_small_differences_keep_their_digits() -> None:
    one = entry(metric="mean_difference", effect=0.021, ci_low=0.009, ci_high=0.033, p_value=None)
    assert "0.021 points (95% CI, 0.009 to 0.033)" in quotation.statistic(one)


def test_years_of_life_are_no_points() -> None:
    one = entry(
        label="Trial, EuroQol five dimensions, quality-adjusted life years, at follow-up",
        metric="qaly_difference",
        effect=0.021,
        ci_low=0.009,
        ci_high=0.033,
    )
    assert "0.021 quality-adjusted life years (95% CI, 0.009 to 0.033)" in quotation.statistic(one)
    assert entries.quoted(one) == "0.021 (0.009 to 0.033)"
    assert entries.quoted(entry(effect=0.021, ci_low=0.009, ci_high=0.033)) == "0.02 (0.01 to 0.03)"


def test_a_posterior_has_a_credible_interval() -> None:
    one = entry(entry_kind="posterior", p_value=None)
    assert "95% CrI" in quotation.statistic(one)
    assert "95% credible interval" in quotation.statistic(one, "plain")


@pytest.mark.parametrize("style", quotation.STYLES)
def test_every_number_of_the_ledger(style: str) -> None:
    for one in ENTRIES:
        text = sentence(one, style)
        assert text.endswith(".")
        assert "None" not in text
        assert "nan" not in text
        assert "_" not in text, text
        if one.n is not None:
            assert f"{one.n:,}" in text or f"N = {one.n}" in text


@pytest.mark.parametrize("style", quotation.STYLES)
def test_what_is_no_result_says_so_and_favors_nothing(style: str) -> None:
    said_of = {
        EntryKind.STRESS_TEST: "a stress test",
        EntryKind.STRESS_END: "an end of a stress test",
        EntryKind.STRESS_POSTERIOR: "a posterior of a stress test",
        EntryKind.POSTERIOR: "a posterior",
        EntryKind.POWER: "the power of a trial",
        EntryKind.WHAT_IF: "a what-if",
    }
    assert {*said_of} == {*NO_RESULT}
    found = set()
    for one in ENTRIES:
        if one.entry_kind not in said_of:
            continue
        found.add(one.entry_kind)
        # The Cite button joins the subject and what the index stores after it.
        stored = quotation.subject(one, DATASET) + (
            _row(one, DATASET, {}).rest if style == "plain" else _rest(one, DATASET, style)
        )
        for said in (sentence(one, style), stored):
            assert said_of[one.entry_kind] in said, one.estimate_id
            assert "interval favors" not in said, one.estimate_id
    assert found == {*said_of}


def test_numbers_with_zeros_or_priors_in_their_ids_are_no_results() -> None:
    """By the ids, which know nothing of the kinds: none of them is taken for a result."""
    for one in ENTRIES:
        parts = one.estimate_id.split(".")
        if any(part.endswith("_at_zero") or part.startswith("tau2_half") for part in parts):
            assert one.entry_kind in {*NO_RESULT}, one.estimate_id


def test_unknown_style() -> None:
    with pytest.raises(ParameterError, match="style: found 'mla', expected one of ama, apa, plain"):
        sentence(entry(), "mla")


@pytest.mark.parametrize(
    ("estimate_id", "text"),
    [
        (POOLED, "0.52 (−0.29 to 1.33)"),
        (BARE, "4.41"),
        (SHARES, "35.4 percentage points (13.7 to 57.1)"),
        (SHARE, "87.1% (70.2 to 96.4)"),
        (POINTS, "13.20 points (6.84 to 19.57)"),
    ],
)
def test_a_number_stands_in_a_list_as_in_its_sentence(estimate_id: str, text: str) -> None:
    assert quotation.shown(KNOWN.entries[estimate_id]) == text
