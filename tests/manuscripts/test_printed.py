from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.manuscripts.numbers import printed

VALUES = st.floats(-1000, 1000, allow_nan=False).map(lambda one: round(one, 9))
DIGITS = st.integers(0, 4)


@given(VALUES, DIGITS, st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]))
def test_every_rounding_agrees(value: float, digits: int, rule: str) -> None:
    text = str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=rule))
    assert printed(text).agrees(value)


@given(VALUES, DIGITS, st.sampled_from([-3, -2, 2, 3]))
def test_a_number_two_units_away_does_not(value: float, digits: int, units: int) -> None:
    unit = Decimal(1).scaleb(-digits)
    text = str(Decimal(repr(value)).quantize(unit) + units * unit)
    assert not printed(text).agrees(value)


@given(st.floats(-1, 1).map(lambda one: round(one, 6)))
def test_a_share_agrees_with_its_percentage(value: float) -> None:
    text = f"{Decimal(repr(value)) * 100:.1f}"
    assert printed(text, percent=True).agrees(value, share=True)
    assert printed(text, percent=None).agrees(value, share=True)
    assert not printed(text, percent=True).agrees(value)


@pytest.mark.parametrize(
    ("digits", "percent", "value", "share", "agrees"),
    [
        ("0.125", False, 0.125, False, True),
        ("0.12", False, 0.125, False, True),
        ("0.13", False, 0.125, False, True),
        ("0.14", False, 0.125, False, False),
        (".52", False, 0.5205, False, True),
        ("35.4", False, 0.3537, True, False),
        ("0.354", True, 0.3537, True, False),
        ("0.354", None, 0.3537, True, True),
        ("35.4", None, 0.3537, True, True),
        ("35.4", None, 0.3537, False, False),
        ("1,234", False, 1234, False, True),
        ("4.8e-05", False, 4.81e-05, False, True),
        ("4.8e-05", False, 4.91e-05, False, False),
    ],
)
def test_units(digits: str, percent: bool | None, value: float, share: bool, agrees: bool) -> None:
    assert printed(digits, percent=percent).agrees(value, share=share) is agrees


@pytest.mark.parametrize(
    ("digits", "relation", "value", "agrees"),
    [
        (".001", "<", 0.0009, True),
        (".001", "<", 0.0011, False),
        (".05", ">", 0.11, True),
        (".05", ">", 0.04, False),
        (".001", "<", 0.001, True),
    ],
)
def test_bounds(digits: str, relation: str, value: float, agrees: bool) -> None:
    assert printed(digits, relation=relation).agrees(value) is agrees


@pytest.mark.parametrize("digits", ["", "x", "1.2.3", "nan", "inf"])
def test_no_number(digits: str) -> None:
    with pytest.raises(ValueError, match="number"):
        printed(digits)
