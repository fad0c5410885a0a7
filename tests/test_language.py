"""Numbers and words as readers see them."""

import pytest

import evidence
from evidence import language


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.5205, 2, "0.52"),
        (-0.2875, 2, "−0.29"),
        (-0.001, 2, "0.00"),
        (None, 2, "–"),
        (float("nan"), 2, "–"),
        (13.2, 1, "13.2"),
    ],
)
def test_fixed(value: float | None, digits: int, shown: str) -> None:
    assert language.fixed(value, digits) == shown


def test_estimate_without_interval_says_so() -> None:
    assert language.estimate(0.4, None, None) == "0.40 (no interval)"
    assert language.estimate(0.52, -0.29, 1.33) == "0.52 (−0.29 to 1.33)"


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.18, "P = .18"),
        (0.0042, "P = .004"),
        (0.0004, "P < .001"),
        (1.0, "P = 1.00"),
        (0.996, "P > .99"),
    ],
)
def test_p_value(p: float, shown: str) -> None:
    assert language.p_value(p) == shown


def test_listed_and_counted() -> None:
    assert language.listed(["a", "b", "c"]) == "a, b and c"
    assert language.listed(["a"]) == "a"
    assert language.count(3, "trial") == "three trials"
    assert language.count(1, "trial") == "one trial"
    assert language.count(307, "trial") == "307 trials"
    assert language.percent(0.5689, 0) == "57%"


def test_a_term_falls_back_on_itself() -> None:
    assert language.term({"a": "A"}, "a") == "A"
    assert language.term({}, "some_term") == "some term"


def test_printed_numbers_have_a_typographic_minus_and_names_their_hyphen() -> None:
    said = language.minus("t(10) = -3.14 (-19.57 to -.84), BDI-II, m18-3, 2026-11-24, a/-1")
    assert said == "t(10) = −3.14 (−19.57 to −.84), BDI-II, m18-3, 2026-11-24, a/-1"


@pytest.mark.parametrize(
    ("instrument_id", "name"),
    [
        ("bdi_ii", "BDI-II"),
        ("siq_jr", "SIQ-JR"),
        ("eq_5d", "EQ-5D"),
        ("ideation_unspecified", "suicidal ideation, instrument not named in the source"),
        ("cost_eur", "costs, euros"),
        ("unknown_scale", "UNKNOWN-SCALE"),
    ],
)
def test_a_short_name_is_one_that_readers_know(instrument_id: str, name: str) -> None:
    assert evidence.load().measure(instrument_id) == name
