"""What holds for any content: numbers keep their text, and garbage gives a DataError or loads."""

import math
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.data.dataset import load
from evidence.errors import DataError
from tests.data.packages import VALID, build, edit
from tests.tolerances import half_unit

FILES = sorted(file.name for file in VALID.iterdir())
EACH = settings(max_examples=40)

digits = st.text("0123456789", min_size=1, max_size=12)
printed_numbers = st.builds(
    lambda sign, whole, point, fraction: f"{sign}{whole}{point}{fraction if point else ''}",
    st.sampled_from(["", "-"]),
    digits,
    st.sampled_from(["", "."]),
    digits,
)


def folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory()


@EACH
@given(printed_numbers)
def test_a_printed_number_keeps_its_text(number: str) -> None:
    with folder() as path:
        data = load(edit(build(Path(path)), "arm_results.csv", "11.8", number))
    assert data.text("arm_results")["mean"][0] == number
    assert data.arm_results["mean"][0] == float(number)
    assert math.isclose(data.arm_results["mean"][0], Decimal(number), abs_tol=half_unit(number))


@EACH
@given(st.sampled_from(FILES), st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_a_file_of_garbage_gives_a_data_error(name: str, content: bytes) -> None:
    with folder() as path:
        build(Path(path))
        (Path(path) / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            load(path)
    assert name in {fault.file for fault in caught.value.faults}


@EACH
@given(
    st.sampled_from([*FILES, "datapackage.json"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 20),
    st.text(max_size=8) | st.sampled_from([",", ";", '"', "\n", "-", "NaN", "9" * 400, "1e999"]),
)
def test_a_file_with_a_part_changed_gives_a_data_error_or_loads(
    name: str, place: float, length: int, new: str
) -> None:
    with folder() as path:
        file = build(Path(path)) / name
        text = file.read_text(encoding="utf-8")
        start = int(place * len(text))
        file.write_bytes((text[:start] + new + text[start + length :]).encode("utf-8", "replace"))
        with suppress(DataError):
            load(path)


cells = st.sampled_from(["", "one", "two", "one_abft", "0", "-1", "1e9", "x", "post", " ", "sd"])


@EACH
@given(
    st.sampled_from([name for name in FILES if name.endswith(".csv")]),
    st.lists(st.lists(cells, min_size=3, max_size=24), max_size=6),
)
def test_rows_of_garbage_give_a_data_error_or_load(name: str, rows: list[list[str]]) -> None:
    with folder() as path:
        file = build(Path(path)) / name
        width = file.read_text(encoding="utf-8").split("\n", 1)[0].count(",") + 1
        lines = [",".join((row * width)[:width]) for row in rows]
        with file.open("a", encoding="utf-8") as appended:
            appended.write("\n".join(lines))
        with suppress(DataError):
            load(path)
