"""Files as they are found: separators, encodings, quotes, columns; every fault in one error."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.analysis import analyze
from evidence.errors import DataError, ParameterError
from evidence.estimation.choices import Specification
from evidence.metapsy import Imported, import_database
from evidence.metapsy.records import Database, read_database
from tests.metapsy.files import MEANS, WHEN, as_text, events, imported, means, write


def read(tmp_path: Path, text: str | bytes) -> Database:
    return read_database(write(tmp_path, text))


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    found = read(tmp_path, as_text(means(), separator=separator))
    assert found.records[0].pair("mean", "sd", "n") == (
        ("14.2", "8.1", "25"),
        ("19.9", "9.0", "27"),
    )


def test_decimal_comma_in_some_columns(tmp_path: Path) -> None:
    found = read(tmp_path, as_text(means(mean_arm1="14,20", bl_mean_arm1="24.03")))
    assert found.records[0].numbers["mean_arm1"] == "14.20"
    assert found.records[0].numbers["bl_mean_arm1"] == "24.03"
    assert found.said["decimal comma read as decimal point"] == 1


def test_decimal_comma_between_commas_needs_quotes_and_has_them(tmp_path: Path) -> None:
    found = read(tmp_path, as_text(means(mean_arm1="14,2"), separator=","))
    assert found.records[0].numbers["mean_arm1"] == "14.2"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8-sig", "byte order mark left out"),
        ("cp1252", "text read as cp1252, not UTF-8"),
        ("utf-16", "text read as utf-16, not UTF-8"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, said: str) -> None:
    found = read(tmp_path, as_text(means(study="Löbner, 2018")).encode(encoding))
    assert found.records[0].text["study"] == "Löbner, 2018"
    assert said in found.said


def test_line_break_in_a_quoted_cell(tmp_path: Path) -> None:
    text = as_text(means(instrument="Prolonged grief (PG-13)\r\n"), means(study="Bo, 2002"))
    found = read(tmp_path, text)
    assert found.records[0].text["instrument"] == "Prolonged grief (PG-13)"
    assert found.records[1].line == 4
    inside = read(tmp_path, as_text(means(instrument="PG\n13")))
    assert inside.records[0].text["instrument"] == "PG 13"
    assert inside.said["line break in a cell replaced by a space"] == 1


def test_characters_that_nobody_sees_are_left_out(tmp_path: Path) -> None:
    made = imported(tmp_path, means(study="Ah\u00adn,\u2028200\ufeff1", outcome="de\x07pression"))
    assert made.dataset.trials.label.tolist() == ["Ahn 2001"]
    assert "normalized: character that nobody sees left out: 4" in made.lines


def test_digits_of_other_scripts_are_no_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, as_text(means(), means(study="Bo, 2002", time_weeks="٣")))
    (fault,) = found.aside
    assert (fault.file, fault.row, fault.column, fault.value) == ("file.csv", 3, "time_weeks", "٣")


def test_a_cell_longer_than_that_of_a_spreadsheet_is_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, as_text(means(), means(study="x" * 32_768)))
    (fault,) = found.aside
    assert (fault.file, fault.row, fault.column) == ("file.csv", 3, "study")
    assert fault.expected == "at most 32,767 characters in a cell"


@pytest.fixture
def usual_limit() -> Iterator[None]:
    """The limit that Python has for a cell: other libraries raise it for the whole process."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("usual_limit")
def test_a_header_with_a_cell_that_no_reader_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"file.csv, row 1: .*field larger than field limit"):
        read(tmp_path, f"{'x' * 200_000};{as_text(means())}")


def test_unnamed_column_of_row_numbers(tmp_path: Path) -> None:
    header, record = as_text(means()).splitlines()
    for first in ('"";', "...1;", "X;"):
        found = read(tmp_path, f'{first}{header}\n"1";{record}\n')
        assert found.records[0].text["study"] == "Ahn, 2001"
        assert found.said["column without a name left out"] == 1
    as_r_writes = read(tmp_path, f'{header}\n"1";{record}\n')
    assert as_r_writes.records[0].text["study"] == "Ahn, 2001"


def test_names_of_columns_with_question_mark_spaces_and_case(tmp_path: Path) -> None:
    names = {"time_weeks": "Time weeks?", "n_arm1": "N arm1", "outcome": "outcome_domain"}
    found = read(tmp_path, as_text(means(), names=names))
    assert found.records[0].numbers["time_weeks"] == "8"
    assert found.records[0].numbers["n_arm1"] == "25"
    assert found.records[0].text["outcome"] == "depression"


def test_empty_records_and_trailing_separators(tmp_path: Path) -> None:
    text = as_text(means())
    found = read(tmp_path, f"{text.rstrip()};;\n{';' * (len(MEANS) - 1)}\n\n")
    assert len(found.records) == 1
    assert found.said["empty record left out"] == 2


def test_missing_values_in_every_spelling(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        as_text(means(mean_arm1="NA", sd_arm1=" ", n_arm1="n/a", multi_arm1="NA", rating="na")),
    )
    assert "mean_arm1" not in found.records[0].numbers
    assert found.records[0].text["multi_arm1"] == ""
    assert found.records[0].text["rating"] == ""


def test_counts_lose_the_zeros_of_spreadsheets(tmp_path: Path) -> None:
    assert read(tmp_path, as_text(means(n_arm1="25,0"))).records[0].numbers["n_arm1"] == "25"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mean_arm1": "abc"}, "row 2, column mean_arm1: found 'abc', expected a number"),
        ({"n_arm1": "12.5"}, "row 2, column n_arm1: found '12.5', expected a whole number of at"),
        ({"n_arm1": "0"}, "column n_arm1: found '0', expected a whole number of at least 1"),
        ({"sd_arm1": "-1"}, "column sd_arm1: found '-1', expected a number of at least 0"),
        ({"time_weeks": "-3"}, "column time_weeks: found '-3', expected a number of at least 0"),
        ({"study": "NA"}, "column study: found 'NA', expected a value"),
        ({"time": "during"}, "column time: found 'during', expected post, FU"),
        ({"mean_arm2": "1e300"}, "found '1e300', expected a number below 1e15"),
    ],
)
def test_faults_of_cells(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(DataError) as caught:
        imported(tmp_path, means(**changed))
    assert said in str(caught.value)
    assert "in file.csv" in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_all_faults_are_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        imported(tmp_path, means(mean_arm1="x"), means(sd_arm2="y", n_arm1="z"))
    assert str(caught.value).startswith("3 faults in file.csv")
    assert [fault.row for fault in caught.value.faults] == [2, 3, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected text with a header"),
        ("a\0b", "without NUL characters"),
        ("a|b|c\n1|2|3\n", "expected cells separated by semicolons, commas, tabs and a header"),
        ("study;condition_arm1\nx;y\n", "expected the column condition_arm2"),
        ("study;condition_arm1;condition_arm2\nx;y;z\n", "expected columns with effects"),
        (as_text(means()).splitlines()[0] + "\n", "expected at least one record"),
        ("study;study;condition_arm1;condition_arm2;.g\n", "expected one column for study"),
        (as_text(means()).replace("Ahn", '"Ahn" x'), "expected quotation marks as CSV needs"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


GOOD = (means(), means(study="Bo, 2002", mean_arm1="16"), means(study="Cy, 2003", mean_arm1="12"))
MAIN = Specification(therapy="cbt", outcome="depression", timepoint="post")


def pooled(made: Imported) -> tuple[float, int]:
    found = analyze(made.dataset, MAIN).pooled
    assert found is not None
    return found.effect, found.k


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"n_arm1": "19,5"}, "row 5, column n_arm1: found '19,5', expected a whole number"),
        ({"mean_arm1": "3,63e+16"}, "row 5, column mean_arm1: found '3,63e+16', expected a number"),
        ({"sd_arm2": "-2"}, "row 5, column sd_arm2: found '-2', expected a number of at least 0"),
        ({"mean_arm2": "n.s."}, "row 5, column mean_arm2: found 'n.s.', expected a number"),
        ({"time": "during"}, "row 5, column time: found 'during', expected post, FU"),
    ],
)
def test_a_record_with_a_fault_is_set_aside(
    tmp_path: Path, changed: dict[str, str], place: str
) -> None:
    without = imported(tmp_path, *GOOD)
    found = imported(tmp_path, *GOOD, means(study="Di, 2004", **changed))
    assert found.lines[0] == "file.csv: 3 records of 3 studies, 1 record set aside"
    assert place in found.lines[1]
    report = (tmp_path / "made" / "import-report.md").read_text("utf-8")
    assert "1 record was set aside" in report
    assert pooled(found) == pooled(without)


def test_a_record_with_other_cells_than_the_header_is_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, as_text(*GOOD) + "one;two\n")
    assert [str(one) for one in found.aside] == [
        "file.csv, row 5: found '2 cells', expected 15 cells, as the header has"
    ]
    assert len(found.records) == 3


@pytest.mark.parametrize("column", ["rand_arm1", "bl_mean_arm1", "bl_n_arm2"])
def test_a_number_that_cannot_be_in_a_column_that_no_effect_needs(
    tmp_path: Path, column: str
) -> None:
    without = imported(tmp_path, *GOOD)
    found = imported(tmp_path, *GOOD[:2], GOOD[2] | {column: "3,63e+16"})
    assert found.lines[0] == "file.csv: 3 records of 3 studies"
    assert any(column in line and "left out" in line for line in found.lines)
    assert pooled(found) == pooled(without)


def test_baseline_means_under_their_long_name(tmp_path: Path) -> None:
    names = {"bl_mean_arm1": "baseline_mean_arm1"}
    found = read(tmp_path, as_text(means(bl_mean_arm1="25.5"), names=names))
    assert found.records[0].numbers["bl_mean_arm1"] == "25.5"


def test_risk_of_bias_in_words_and_not_in_codes(tmp_path: Path) -> None:
    text = as_text(*GOOD)
    header, *rows = text.splitlines()
    words = ("Low;some concerns;3", "high;low;2", "NA;low;1")
    lines = [f"{header};rob;rob_d1;sum", *(f"{a};{b}" for a, b in zip(rows, words, strict=True))]
    made = import_database(
        write(tmp_path, "\n".join(lines) + "\n"), tmp_path / "made", accessed=WHEN
    )
    judged = made.dataset.risk_of_bias
    assert sorted(zip(judged.trial_id, judged.domain, judged.judgement, strict=True)) == [
        ("ahn_2001", "d1", "some_concerns"),
        ("ahn_2001", "overall", "low"),
        ("bo_2002", "d1", "low"),
        ("bo_2002", "overall", "high"),
        ("cy_2003", "d1", "low"),
    ]
    coded = read(tmp_path, "\n".join([f"{header};rob", *(f"{one};3" for one in rows)]))
    assert "rob" in coded.ignored


def test_events_under_other_names(tmp_path: Path) -> None:
    records = [events(), events(study="Bo, 2002", event_arm1="15")]
    plain = imported(tmp_path, *records)
    other = {"event_arm1": "ev_t", "totaln_arm1": "tot_t", "event_arm2": "ev_c"}
    file = write(tmp_path, as_text(*records, names=other))
    names = {value: key for key, value in other.items()}
    mapped = import_database(file, tmp_path / "mapped", accessed=WHEN, names=names)
    assert list(mapped.dataset.arm_results.events) == list(plain.dataset.arm_results.events)
    with pytest.raises(DataError) as caught:
        import_database(file, tmp_path / "none", accessed=WHEN, names={"evt": "event_arm1"})
    assert "the column evt, to be read as event_arm1" in str(caught.value)
    assert "ev_t" in str(caught.value)


@pytest.mark.parametrize(("better", "side"), [("lower", "worse"), ("higher", "better")])
def test_a_direction_that_no_table_knows_is_said_or_named(
    tmp_path: Path, better: str, side: str
) -> None:
    records = [one | {"instrument": "ZZQ", "outcome": "zeal"} for one in GOOD]
    unsaid = imported(tmp_path, *records)
    assert any("whether higher is better is not known" in one for one in unsaid.lines)
    assert set(unsaid.dataset.instruments.higher_is) == {"not_stated"}
    said = imported(tmp_path, *records, better=better)
    assert set(said.dataset.instruments.higher_is) == {side}
    assert any("was said by the caller" in one for one in said.lines)
    with pytest.raises(ParameterError, match=r"^better: "):
        imported(tmp_path, *records, better="less")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a file that can be read"):
        import_database(tmp_path / "none.csv", tmp_path / "made", accessed=WHEN)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"positive_g": "benefit"}, "positive_g"),
        ({"doi": "zenodo"}, "doi"),
        ({"title": "two\nlines"}, "title"),
        ({"version": " "}, "version"),
    ],
)
def test_options_that_are_not_accepted(tmp_path: Path, options: dict[str, str], name: str) -> None:
    with pytest.raises(ParameterError, match=f"^{name}: "):
        imported(tmp_path, means(), **options)
    assert not (tmp_path / "made").exists()
