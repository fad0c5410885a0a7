import doctest
import importlib
import pkgutil

import pytest

import evidence
import evidence.integrity
from evidence.integrity import CHECKS, audit
from tests.integrity.packages import Package

COLUMNS = [
    "check",
    "file",
    "row",
    "result_id",
    "printed",
    "expected",
    "severity",
    "explanation",
    "fact",
]


@pytest.fixture(scope="module")
def data():
    return evidence.load()


@pytest.fixture(scope="module")
def found(data):
    return audit(data)


def test_each_correction_is_found_again_by_its_check(data, found):
    findings = set(zip(found["check"], found["result_id"], strict=True))
    assert len(data.corrections)
    for row in data.corrections.itertuples():
        assert (row.check, row.result_id) in findings, row.correction_id


def test_the_finding_shows_the_printed_value_of_the_correction(data, found):
    for row in data.corrections.itertuples():
        of_row = found[(found["check"] == row.check) & (found["result_id"] == row.result_id)]
        # an estimate stands with its p or its interval
        assert any(row.printed in text for text in of_row["printed"]), row.correction_id


def test_what_a_correction_puts_in_place_is_what_is_expected(data, found):
    replaced = data.corrections[data.corrections["action"] == "replace"]
    joint = replaced[replaced["check"] == "joint_counts"]
    for row in joint.itertuples():
        of_row = found[(found["check"] == row.check) & (found["result_id"] == row.result_id)]
        assert of_row["expected"].tolist() == [row.used]


def test_nothing_of_high_severity_in_what_is_sound(data, found):
    corrected = set(zip(data.corrections["check"], data.corrections["result_id"], strict=True))
    high = found[found["severity"] == "high"]
    assert set(zip(high["check"], high["result_id"], strict=True)) <= corrected


def test_values_are_taken_as_printed_not_as_corrected(found):
    # the F that is used is 1.81, the one that is printed 181
    row = found[found["check"] == "p_from_f"].iloc[0]
    assert (row["result_id"], row["printed"]) == ("d19_si_f", "181, p = 0.18")


def test_one_row_per_finding_with_text_in_each_column(found):
    assert found.columns.tolist() == COLUMNS
    assert not found.duplicated().any()
    assert found["severity"].tolist() == sorted(
        found["severity"], key=["high", "medium", "low"].index
    )
    assert (found["explanation"].str.endswith(".")).all()
    for column in set(COLUMNS) - {"row"}:
        assert found[column].map(type).eq(str).all()


def test_each_finding_names_the_line_of_its_result(data, found):
    for row in found.itertuples():
        line = (data.path / row.file).read_text("utf-8").splitlines()[row.row - 1]
        assert row.result_id in line.split(","), row


def test_a_package_without_numbers_has_no_findings():
    empty = audit(Package(arms=[], trials=[]))
    assert empty.columns.tolist() == COLUMNS
    assert empty.empty


def test_all_checks_run():
    assert len(CHECKS) == len(set(CHECKS)) == 35


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(evidence.integrity.__path__)]
)
def test_examples_run(name):
    module = importlib.import_module(f"evidence.integrity.{name}")
    assert doctest.testmod(module).failed == 0
