from fractions import Fraction

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.reconstruction.decimals import Printed


def read(text, **more):
    return Printed.of("number", text, low=-1000, high=1000, **more)


def held(text, value, rounding="half"):
    value = Fraction(value)
    numerator, denominator = np.array([value.numerator]), np.array([value.denominator])
    return bool(read(text).range(rounding).holds_ratio(numerator, denominator)[0])


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("70", ("69.5", "70.5"), ("69.49", "70.51")),
        ("70.0", ("69.95", "70.05"), ("69.94", "70.06")),
        ("-13.20", ("-13.205", "-13.195"), ("-13.206", "-13.194")),
        (".05", ("0.045", "0.055"), ("0.0449", "0.0551")),
        ("0", ("-0.5", "0.5"), ("-0.51", "0.51")),
    ],
)
def test_half_a_unit_on_both_sides_with_the_ends(text, inside, outside):
    assert all(held(text, value) for value in inside)
    assert not any(held(text, value) for value in outside)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("22", ("22", "22.99"), ("21.99", "23")),
        ("-22", ("-22", "-22.99"), ("-21.99", "-23")),
        ("2.5", ("2.5", "2.59"), ("2.49", "2.6")),
    ],
)
def test_digits_cut_off(text, inside, outside):
    assert all(held(text, value, "truncation") for value in inside)
    assert not any(held(text, value, "truncation") for value in outside)


def test_values_on_the_border_count_in_floating_point_too():
    assert read("0.3").range().holds(np.array([0.1 + 0.15, 0.35])).tolist() == [True, True]
    assert read("0.3").range().holds(np.array([0.2499, 0.3501, np.nan])).tolist() == [False] * 3


def test_below_a_value():
    printed = read("<.01", below=True)
    assert (printed.below, printed.value) == (True, 0.01)
    assert printed.range().holds(np.array([0, 0.0099, 0.01])).tolist() == [True, True, False]


def test_a_denominator_of_zero_is_never_inside():
    assert not read("0").range().holds_ratio(np.array([0]), np.array([0]))[0]


@pytest.mark.parametrize(
    "text", ["", ".", "1,5", "1e3", "nan", "12%", "<0.01", "1001", None, 70, 0.5]
)
def test_what_is_no_printed_number_is_refused(text):
    with pytest.raises(ParameterError, match="number: found"):
        read(text)
