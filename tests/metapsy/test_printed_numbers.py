"""Numbers of files: one separator becomes the point, and no digit is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.metapsy.records import decimals, missing, with_point

DIGITS = st.text("0123456789", min_size=1, max_size=12)


@given(sign=st.sampled_from(["", "-"]), whole=DIGITS, part=DIGITS)
def test_a_decimal_comma_is_a_decimal_point(sign: str, whole: str, part: str) -> None:
    assert with_point(f"{sign}{whole},{part}") == f"{sign}{whole}.{part}"
    assert with_point(f"{sign}{whole}.{part}") == f"{sign}{whole}.{part}"
    assert decimals(f"{sign}{whole}.{part}") == len(part)


@given(number=st.integers(1_000, 10**9), part=DIGITS)
def test_separators_of_thousands_go(number: int, part: str) -> None:
    english = f"{number:,}.{part}"
    assert with_point(english) == f"{number}.{part}"
    assert with_point(english.translate(str.maketrans(",.", ".,"))) == f"{number}.{part}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_program_writes_is_the_same_number(value: float) -> None:
    read = with_point(repr(value).replace(".", ","))
    assert read is not None
    assert float(read) == value


@given(st.text(max_size=12))
def test_what_is_read_is_a_number(text: str) -> None:
    read = with_point(text)
    if read is not None:
        float(read)


@pytest.mark.parametrize("text", ["1,2,3", "1.2.3", "1,23.4", "12.34,5", "abc", "<0.05", "5%", "-"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert with_point(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("−0,23", "-0.23"), ("+3", "3"), (" 7,50 ", "7.50"), ("1,2E-05", "1.2E-05"), (",5", ".5")],
)
def test_spellings(text: str, number: str) -> None:
    assert with_point(text) == number


@pytest.mark.parametrize("text", ["NA", "", "na", "n/a", "NR", "NaN", " NA "])
def test_missing(text: str) -> None:
    assert missing(text)


def test_zero_is_not_missing() -> None:
    assert not missing("0")
