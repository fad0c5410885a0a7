"""Every fault has its message; each folder of broken/ holds the files that differ from valid/."""

import csv
import json
from pathlib import Path

import pytest

from evidence.data.dataset import load
from evidence.errors import SHOWN_FAULTS, DataError
from tests.data.packages import BROKEN, build, edit

FAULTS = sorted(folder for folder in BROKEN.iterdir() if folder.is_dir())


@pytest.mark.parametrize("overlay", FAULTS, ids=lambda folder: folder.name)
def test_a_broken_package_gives_its_message(overlay: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(build(tmp_path, overlay))
    assert f"{caught.value}\n" == (overlay / "expected.txt").read_text(encoding="utf-8")


def test_the_package_without_changes_is_valid(tmp_path: Path) -> None:
    assert len(load(build(tmp_path)).trials) == 2


def test_a_trial_that_is_named_is_there_whatever_the_schema_says(tmp_path: Path) -> None:
    edit(build(tmp_path), "publications.csv", "one2020,article,one", "one2020,article,three")
    descriptor = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    for one in descriptor["resources"]:
        one["schema"].pop("foreignKeys", None)
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        "1 fault in the data package\n"
        "publications.csv, row 2, column trial_id: found 'three', expected a known trial_id of "
        "trials.csv"
    )


def test_a_cell_of_ten_megabytes_is_one_fault_with_a_short_value(tmp_path: Path) -> None:
    before = csv.field_size_limit(1000)
    edit(build(tmp_path), "trials.csv", "Two 2021", "x" * 10_000_000)
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        "1 fault in the data package\n"
        f"trials.csv, row 4, column label: found '{'x' * 60}... (10,000,000 characters)', "
        "expected at most 32,767 characters in a cell"
    )
    assert csv.field_size_limit(before) == 1000


def test_all_faults_are_counted_and_the_first_fifty_shown(tmp_path: Path) -> None:
    build(tmp_path)
    rows = "".join(f"one,rob,domain_{number},maybe,one_table2\n" for number in range(60))
    header = "trial_id,tool,domain,judgement,locator_id\n"
    (tmp_path / "risk_of_bias.csv").write_text(header + rows, encoding="utf-8")
    edit(tmp_path, "trials.csv", "no,", "maybe,")
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0] == "61 faults in the data package"
    assert lines[1].startswith("trials.csv, row 2, column developer_involved: found 'maybe'")
    assert lines[2].startswith("risk_of_bias.csv, row 2, column judgement")
    assert lines[-1] == "and 11 more"
    assert len(lines) == SHOWN_FAULTS + 2
    assert [fault.row for fault in caught.value.faults[1:]] == list(range(2, 62))


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"datapackage\.json: expected this file"):
        load(tmp_path / "nowhere")


def test_a_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    (build(tmp_path) / "trials.csv").unlink()
    (tmp_path / "trials.csv").mkdir()
    with pytest.raises(DataError, match=r"trials\.csv: expected a file that can be read"):
        load(tmp_path)


def test_json_nested_without_end_is_a_fault(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "references.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match=r"references\.json: expected valid JSON"):
        load(tmp_path)


def test_json_with_nan_is_a_fault(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "references.json").write_text('[{"id": NaN}]', encoding="utf-8")
    with pytest.raises(DataError, match="NaN is not a JSON number"):
        load(tmp_path)


def test_a_misprint_of_a_source_that_is_corrected_is_no_fault(tmp_path: Path) -> None:
    build(tmp_path)
    edit(tmp_path, "statistics.csv", "-19.57,-6.84", "-19.57,-68.4")
    edit(tmp_path, "corrections.csv", "-6.84", "-68.4")
    assert load(tmp_path).printed("statistics").ci_high[0] == -68.4


def test_a_printed_value_is_compared_as_a_number(tmp_path: Path) -> None:
    build(tmp_path)
    edit(tmp_path, "statistics.csv", "-13.20", "-1.32e1")
    assert load(tmp_path).statistics.estimate[0] == -13.2
