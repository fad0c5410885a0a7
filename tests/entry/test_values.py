"""Numbers of an entry keep the digits that a person writes, however they are written."""

import csv
import doctest
import importlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.entry import values
from evidence.entry.file import read_sections
from evidence.entry.sections import SECTIONS
from evidence.entry.values import RefusedError
from tests.entry.entries import DATA, edited, proposed

MODULES = ("file", "proposal", "values")


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"evidence.entry.{name}")
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,15})?", fullmatch=True))
def test_a_number_keeps_its_digits_bare_and_in_quotes(number: str) -> None:
    read = read_sections(f'bare = {number}\nquoted = "{number}"')
    expected = "0" if number == "-0" else number
    assert values.number(read["bare"]) == expected
    assert values.number(read["quoted"]) == number


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("−13.20", "-13.20"),
        ("–13.20", "-13.20"),
        (".18", "0.18"),
        ("-.50", "-0.50"),
        ("0·18", "0.18"),
        ("  70.0 ", "70.0"),
        ("1e-5", "1e-5"),
        ("4,786", "4,786"),
        ("30,1", "30,1"),
        ("12–14", "12–14"),
    ],
)
def test_typography_of_a_number(written: str, cell: str) -> None:
    """What is no number stays as written, for the checks of the package to name and refuse."""
    assert values.number(written) == cell


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        (["52.6", "87.4"], ("52.6", "87.4")),
        (["", "87.4"], ("", "87.4")),
        ("52.6 to 87.4", ("52.6", "87.4")),
        ("52.6-87.4", ("52.6", "87.4")),
        ("52.6–87.4%", ("52.6", "87.4")),
        ("52.6% to 87.4%", ("52.6", "87.4")),
        ("(−19.57, −6.84)", ("-19.57", "-6.84")),
        ("[-0.29; 1.33]", ("-0.29", "1.33")),
        ("-19.57 - -6.84", ("-19.57", "-6.84")),
    ],
)
def test_interval(written: Any, limits: tuple[str, str]) -> None:
    assert values.interval(written) == limits


@pytest.mark.parametrize("written", ["87.4", ["1"], ["1", "2", "3"], {"low": "1"}, "", "wide"])
def test_no_interval(written: Any) -> None:
    with pytest.raises(RefusedError, match="two limits"):
        values.interval(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0.18", ("0.18", "equal")),
        ("P = .003", ("0.003", "equal")),
        ("<.001", ("0.001", "below")),
        ("p < 0.05", ("0.05", "below")),
        ("≤ .01", ("0.01", "below")),
        ("1", ("1", "equal")),
    ],
)
def test_p(written: str, read: tuple[str, str]) -> None:
    assert values.p_value(written) == read


@pytest.mark.parametrize("written", ["ns", "> .05", "", "p", "0,18", "nan"])
def test_no_p(written: str) -> None:
    with pytest.raises(RefusedError, match="direction"):
        values.p_value(written)


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u202e", "\u00ad", "\x00", "\x1b", "\ufeff", "\ue000"]
)
def test_characters_that_no_reader_sees_are_refused(hidden: str) -> None:
    with pytest.raises(RefusedError, match=f"U\\+{ord(hidden):04X}"):
        values.text(f"a{hidden}b")


@pytest.mark.parametrize("written", ["javascript:alert(1)", "file:///etc/passwd", "doi.org/10.1"])
def test_what_is_no_address_of_a_page_is_refused(written: str) -> None:
    with pytest.raises(RefusedError, match="http:// or https://"):
        values.address(written)
    assert SECTIONS["locator"].keys["url"].kind == "address"


def test_an_address_stays_and_may_be_left_out() -> None:
    assert values.address("https://doi.org/10.1/x") == "https://doi.org/10.1/x"
    assert values.address("") == ""


@pytest.mark.parametrize("value", [True, ["a"], {"a": "b"}])
def test_only_text_is_text(value: Any) -> None:
    with pytest.raises(RefusedError, match="text or a number"):
        values.text(value)


@pytest.mark.parametrize("written", ["2010-13", "2010-01-32", "10", "spring 2010", ""])
def test_no_date(written: str) -> None:
    with pytest.raises(RefusedError, match="a year, or a date"):
        values.date_parts(written)


@pytest.mark.parametrize("written", ["doi.org/x", "11.1000/x", "https://example.org", ""])
def test_no_doi(written: str) -> None:
    with pytest.raises(RefusedError, match="a DOI"):
        values.doi(written)


@pytest.mark.parametrize(
    ("change", "table", "column", "expected"),
    [
        (("mean = 7.0,", "mean = 7.00,"), "arm_results", "mean", "7.00"),
        (('"52.6%"', "52.60"), "arm_results", "percent", "52.60"),
        (("estimate = 2.73", "estimate = 2.730"), "statistics", "estimate", "2.730"),
        (('ci = "1.06 to 7.01"', "ci = [1.060, 7.010]"), "statistics", "ci_high", "7.010"),
        (('p = "< .05"', 'p = ".0500"'), "statistics", "p_value", "0.0500"),
        (('p = "< .05"', "df = [1, 76.50]"), "statistics", "df2", "76.50"),
        (('p = "< .05"', "se = 0.10"), "statistics", "se", "0.10"),
        (('p = "< .05"', "n = [40, 38]"), "statistics", "n_comparator", "38"),
        (("treatment_weeks = 16", "treatment_weeks = 16.0"), "trial_facts", "value", "16.0"),
        (("n_randomized = 40", "n_randomized = '40'"), "arms", "n_randomized", "40"),
        (("range = [0, 21]", 'range = ["", 21.0]'), "instruments", "range_high", "21.0"),
    ],
)
def test_each_kind_of_number_arrives_in_its_cell(
    change: tuple[str, str], table: str, column: str, expected: str, tmp_path: Path
) -> None:
    new = proposed(edited(change), DATA, tmp_path).change.new[f"{table}.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(new)))
    known = (DATA / f"{table}.csv").read_text("utf-8")
    before = len(list(csv.DictReader(io.StringIO(known))))
    assert expected in [row[column] for row in rows[before:]]
