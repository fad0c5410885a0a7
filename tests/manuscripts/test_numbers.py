import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.manuscripts.numbers import plain, tokens


def read(text: str) -> list[str]:
    return [one.digits for one in tokens(plain(text)) if not one.attached]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("−0.29 to 1.33", ["-0.29", "1.33"]),
        ("-0.29-1.33", ["-0.29", "1.33"]),
        ("−0.29–1.33", ["-0.29", "1.33"]),
        ("–0.29 – 1.33", ["-0.29", "1.33"]),
        ("-2.32--0.10", ["-2.32", "-0.10"]),
        ("−2.32–−0.10", ["-2.32", "-0.10"]),
        ("0.29 –1.33", ["0.29", "1.33"]),
        ("CI − 0.29", ["-0.29"]),
        ("(− 0.29, 1.33)", ["-0.29", "1.33"]),
        ("0·52 (−0·29)", ["0.52", "-0.29"]),
        ("(.15;.89)", [".15", ".89"]),
        ("6.8%-19.6%", ["6.8", "19.6"]),
        ("+1.39", ["1.39"]),
        ("1,234 and 5", ["1,234", "5"]),
        ("1,234 and 1,23", ["1.234", "1.23"]),
        ("0,31 and 0.52 (1,2)", ["0.31", "0.52", "1", "2"]),
        ("4.8 × 10⁻⁵ and 4.8e-05", ["4.8e-5", "4.8e-05"]),
        ("DASS-21, HAM-D17, BDI-II, EQ-5D, 6-week, 12-item, x2", []),
        ("0.52¹² and 0.52*", ["0.52", "0.52"]),
        ("I² of 5", ["5"]),
    ],
)
def test_signs_ranges_and_words(text: str, digits: list[str]) -> None:
    assert read(text) == digits


@pytest.mark.parametrize(
    "text",
    ["35.4%", "35.4 %", "35.4 percent", "35.4 per cent", "35.4 percentage points", "35.4 pp"],
)
def test_percent(text: str) -> None:
    assert [one.percent for one in tokens(text)] == [True]


@given(st.text(max_size=200))
def test_places_are_those_of_the_text(text: str) -> None:
    seen = plain(text)
    assert len(seen) == len(text)
    at = 0
    for one in tokens(seen):
        assert at <= one.start < one.end <= len(text)
        at = one.end
        float(one.digits.replace(",", ""))
