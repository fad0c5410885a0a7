"""A second reading: a form that tells nothing of the first, and what differs is found by it."""

import csv
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.data.dataset import Dataset, load
from evidence.data.validation import read_package
from evidence.entry import proposal
from evidence.entry.file import EntryError
from evidence.entry.proposal import ChangedError
from evidence.entry.second_reading import _SAID, _WORDS, Reading, compare, form, told, write
from evidence.errors import DataError, ParameterError
from tests.commands import run
from tests.entry.entries import DATA, VERSION, contents, copied, rewrite, table
from tests.integrity.mutations import MEASURED

TRIAL = "diamond2010"
DAY = "2027-03-01"
TABLES = ("arms", "trial_facts", "arm_results", "statistics", "directions", "risk_of_bias")


def printed(folder: Path) -> Callable[[str, str, str], str]:
    """Return what a reader of the same sources writes for a table, row and column."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for name in (*TABLES, "syntheses"):
        for one in table(folder, name):
            columns = [key for key in one if key not in ("note", "value", "judgement")]
            id_column = next((key for key in columns[:1] if key != "trial_id"), "")
            rows[name, one[id_column] if id_column else "/".join(one[key] for key in columns)] = one

    def value(name: str, row: str, column: str) -> str:
        below = column == "p_value" and rows[name, row]["p_relation"] == "below"
        return f"< {rows[name, row][column]}" if below else rows[name, row][column]

    return value


def filled(blank: str, value: Callable[[str, str, str], str]) -> str:
    """Return a form as a reader hands it back."""
    lines, section, row = [], "", ""
    for line in blank.splitlines():
        if header := re.match(r"\[\[(\w+)\]\]", line):
            section = header[1]
        if named := re.match(r'row = "(.*)"', line):
            row = named[1]
        empty = re.fullmatch(r'(\w+) = ""( .*)?', line)
        if empty and empty[1] == "accessed":
            line = f'accessed = "{DAY}"'
        elif empty:
            line = f'{empty[1]} = "{value(section, row, empty[1])}"'
        lines.append(line)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def right(dataset: Dataset) -> str:
    """The form of a trial, filled in as its sources print."""
    return filled(form(dataset, TRIAL), printed(DATA))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "data")


def compared(text: str, folder: Path) -> Reading:
    file = folder.parent / "form.toml"
    file.write_text(text, encoding="utf-8")
    return compare(file, folder)


def read(text: str, folder: Path) -> Reading:
    write(found := compared(text, folder))
    return found


@pytest.mark.parametrize("trial_id", list(load(DATA).trials.trial_id))
def test_a_form_asks_for_every_value_of_each_place_of_a_trial(
    trial_id: str, dataset: Dataset
) -> None:
    asked = tomllib.loads(form(dataset, trial_id))
    places = {one["locator"] for one in asked["place"]}
    own = [one for name in TABLES for one in table(DATA, name) if one["trial_id"] == trial_id]
    assert {one["locator_id"] for one in own} >= places
    for name in ("arm_results", "statistics"):
        for one in table(DATA, name):
            found = [row for row in asked.get(name, []) if row["row"] == one["result_id"]]
            assert len(found) == (one["locator_id"] in places), one["result_id"]
            numbers = {
                key for key, cell in one.items() if key not in ("weeks", "note")
                and re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell)
            }  # fmt: skip
            assert not found or numbers <= set(found[0])
    for name, parts in asked.items():
        for part in parts:
            given = {key: cell for key, cell in part.items() if cell != ""}
            assert set(given) == ({"locator", "readings"} if name == "place" else {"row"})


def test_a_form_tells_nothing_of_the_first_reading(dataset: Dataset, folder: Path) -> None:
    """With every number another one and every direction turned, it is the same form."""
    other = {"lower": "higher", "higher": "lower", "above_1": "below_1", "below_1": "above_1"}
    for name, columns in (
        ("arm_results", ("mean", "sd", "percent", "percent_ci_low", "percent_ci_high")),
        ("statistics", ("estimate", "se", "favors_intervention_when")),
    ):
        rows = table(folder, name)
        for one in rows:
            for column in filter(one.get, columns):
                cell = one[column]
                one[column] = other.get(cell) or f"{float(cell) * 1.01:.4f}"
        rewrite(folder, name, rows)
    corrections = (folder / "corrections.csv").read_text("utf-8").splitlines()
    (folder / "corrections.csv").write_text(corrections[0] + "\n", encoding="utf-8")
    assert form(load(folder), TRIAL) == form(dataset, TRIAL)


def test_what_agrees_is_counted_by_place_and_nothing_else_changes(right: str, folder: Path) -> None:
    before, places = contents(folder), {one["locator_id"]: one for one in table(DATA, "locators")}
    found = read(right, folder)
    assert not found.differences
    assert len(found.raised) > 3
    after = {one["locator_id"]: one for one in table(folder, "locators")}
    for name, times in found.raised.items():
        assert times == int(places[name]["readings"]) + 1
        places[name] |= {"readings": str(times), "accessed": DAY}
    assert after == places
    version = "{}.{}.{}".format(*(int(n) + (at == 2) for at, n in enumerate(VERSION.split("."))))
    assert load(folder).version == found.version == version
    now = contents(folder)
    changed = {name for name in now if now[name] != before[name]}
    assert changed == {"locators.csv", "datapackage.json"}
    unlike = [
        old
        for old, new in zip(
            before["locators.csv"].splitlines(True),
            now["locators.csv"].splitlines(True),
            strict=True,
        )
        if old != new
    ]
    assert len(unlike) == len(found.raised)
    # The same form is one reading, however often it is handed in.
    with pytest.raises(EntryError, match="a form counts once") as raised:
        read(right, folder)
    assert len(raised.value.faults) == len(found.raised)
    assert contents(folder) == now


def test_a_difference_is_named_with_both_readings_and_its_place_does_not_count(
    right: str, folder: Path
) -> None:
    wrong = right.replace(
        'row = "d10_bdi_abft_post"\nn_analyzed = "35"',
        'row = "d10_bdi_abft_post"\nn_analyzed = "53"',
    )
    assert wrong != right
    found = read(wrong, folder)
    (one,) = found.differences
    assert (one.row, one.column, one.first, one.second) == (
        "d10_bdi_abft_post", "n_analyzed", "35", "53",
    )  # fmt: skip
    assert one.locator_id not in found.raised
    assert len(found.raised) == right.count("[[place]]") - 1
    said = told(found, load(folder))
    assert "- d10_bdi_abft_post, n_analyzed: first reading 35, second reading 53\n" in said


@pytest.mark.parametrize(
    ("second", "differs", "unread"),
    [("", 0, 1), ("none", 1, 0), ("35.0", 1, 0), ("35", 0, 0), ("about 35", 1, 0), ("~35", 1, 0)],
)
def test_what_is_not_read_or_not_printed_or_has_other_digits(
    second: str, differs: int, unread: int, right: str, folder: Path
) -> None:
    row = 'row = "d10_bdi_abft_post"\nn_analyzed = '
    changed = right.replace(f'{row}"35"', f'{row}"{second}"')
    if second in ("35.0", "about 35", "~35"):
        with pytest.raises(EntryError, match="a whole number"):
            read(changed, folder)
        return
    found = read(changed, folder)
    assert [len(found.differences), sum(one.unread for one in found.cells)] == [differs, unread]
    assert ("childadol_row119" in found.raised) == (not differs and not unread)


@pytest.mark.parametrize("second", ["33%", "33 %"])
def test_a_mean_is_no_percent(second: str, right: str, folder: Path) -> None:
    assert 'mean = "33"' in right
    with pytest.raises(EntryError, match="mean"):
        read(right.replace('mean = "33"', f'mean = "{second}"', 1), folder)


def test_a_percent_may_have_its_sign(right: str, folder: Path) -> None:
    one = re.search(r'\npercent = "([\d.]+)"', right)
    assert one is not None
    assert not read(right.replace(one[0], f'\npercent = "{one[1]}%"', 1), folder).differences


def test_places_of_several_lines_stay_as_they_are(right: str, folder: Path) -> None:
    """A note of a place that a spreadsheet broke in two, in the row that changes."""
    places = table(folder, "locators")
    for one in places:
        one["place"] = one["place"].replace(",", "") + "\nsecond line"
    rewrite(folder, "locators", places)
    found = read(right, folder)
    assert len(found.raised) > 3
    assert load(folder).version == found.version
    after = {one["locator_id"]: one["place"] for one in table(folder, "locators")}
    assert after == {one["locator_id"]: one["place"] for one in places}


def test_what_would_not_load_is_not_compared_as_written(
    right: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    monkeypatch.setattr(proposal, "_record", lambda *_: "one,two")
    with pytest.raises(DataError):
        compared(right, folder)
    assert contents(folder) == before


def test_digits_are_read_as_they_stand(right: str, folder: Path) -> None:
    assert 'mean = "33"' in right
    found = read(right.replace('mean = "33"', "mean = 33.0", 1), folder)
    assert [(one.first, one.second) for one in found.differences] == [("33", "33.0")]


with MEASURED.open(encoding="utf-8", newline="") as _file:
    EXCHANGED = [one["error"] for one in csv.DictReader(_file) if one["kind"] == "exchanged"]


@pytest.mark.parametrize("exchange", EXCHANGED)
def test_exchanged_means_and_events_are_found(exchange: str, folder: Path) -> None:
    """Each exchange that was typed into the data; arithmetic finds 3 of 15."""
    edits = re.findall(r"arm_results (\d+) (\w+) (\S+) -> ([^;\s]+)", exchange)
    rows = table(folder, "arm_results")
    for line, column, old, new in edits:
        assert rows[int(line) - 2][column] == old
        rows[int(line) - 2][column] = new
    rewrite(folder, "arm_results", rows)
    trial = rows[int(edits[0][0]) - 2]["trial_id"]
    changed = load(folder)
    found = read(filled(form(changed, trial), printed(DATA)), folder)
    typed = {
        (rows[int(line) - 2]["result_id"], column): (new, old)
        for line, column, old, new in edits
        if new != old
    }
    differences = found.differences
    assert {(one.row, one.column): (one.first, one.second) for one in differences} == typed
    assert len(differences) >= 2
    said = told(found, changed)
    for (row, column), (first, second) in typed.items():
        assert (
            f"{row}, {column}: first reading {first}, second reading {second}; exchanged with "
            in said
        )


def by_hand(locator: str, *, accessed: str = "", rows: str = "") -> str:
    """Return a form that nobody printed, of one place."""
    times = next(one["readings"] for one in table(DATA, "locators") if one["locator_id"] == locator)
    return f"""[[place]]
locator = "{locator}"
readings = {times}
accessed = "{accessed}"
{rows}"""


@pytest.mark.parametrize("accessed", ["", DAY])
def test_a_place_without_a_value_in_the_data_cannot_agree(accessed: str, folder: Path) -> None:
    sheets = read_package(DATA).sheets
    read_at = {
        row.text["locator_id"]
        for name, sheet in sheets.items()
        if name != "locators" and "locator_id" in sheet.columns
        for row in sheet.rows
    }
    empty = next(
        one.text["locator_id"]
        for one in sheets["locators"].rows
        if one.text["locator_id"] not in read_at
    )
    before = contents(folder)
    with pytest.raises(EntryError, match="at which the data have a value"):
        read(by_hand(empty, accessed=accessed), folder)
    assert contents(folder) == before


@pytest.mark.parametrize("accessed", ["", DAY])
def test_a_place_at_which_nothing_was_read_again_does_not_count(
    accessed: str, folder: Path
) -> None:
    before = contents(folder)
    found = read(by_hand("childadol_row119", accessed=accessed), folder)
    assert (found.raised, found.version, found.differences) == ({}, "", ())
    assert "- 0 values" not in told(found, load(folder))
    assert contents(folder) == before


def test_what_was_compared_is_written_and_nothing_else(right: str, folder: Path) -> None:
    before = contents(folder)
    found = compared(right, folder)
    assert found.raised
    assert contents(folder) == before
    rewrite(folder, "arm_results", table(folder, "arm_results")[:-1])
    changed = contents(folder)
    with pytest.raises(ChangedError, match=r"arm_results\.csv changed"):
        write(found)
    assert contents(folder) == changed


def test_an_odd_version_is_a_fault_and_nothing_is_written(right: str, folder: Path) -> None:
    file = folder / "datapackage.json"
    file.write_text(file.read_text("utf-8").replace(f'"{VERSION}"', '"one"', 1), encoding="utf-8")
    before = contents(folder)
    with pytest.raises(EntryError, match=r"found 'one', expected a version such as 1\.0\.0"):
        read(right, folder)
    assert contents(folder) == before


def test_each_column_is_read_or_says_which_row_is_meant(dataset: Dataset) -> None:
    """A new column of words is put in one of the lists, or does not come into a form unseen."""
    named = {
        *("arm_id", "role", "condition", "added_to", "fact", "unit", "instrument_id", "event"),
        *("trial_id", "result_id", "direction_id", "synthesis_id", "publication_id", "locator_id"),
        *("intervention_arm_id", "comparator_arm_id", "outcome_id", "timepoint", "analysis_set"),
        *("statistic", "topic", "contrast", "metric", "approach", "treated", "basis", "tool"),
        "domain",
    }
    words = {
        name
        for sheet in read_package(dataset.path).sheets.values()
        if "locator_id" in sheet.columns and sheet.table.name != "locators"
        for name, column in sheet.table.columns.items()
        if column.type == "string"
    }
    assert words == named | {*_WORDS, *_SAID}
    assert not named & {*_WORDS, *_SAID}


FAULTS = {
    "no TOML": ("[[place", "valid TOML"),
    "nothing of it": ("", r"a section \[place\]"),
    "another section": ("[[place]]\nlocator = 1\n[[trial]]\nid = 1", "a section out of place, "),
    "no list of sections": ("place = 1", r"a line \[place\] with keys"),
    "no place": ("[[place]]\nreadings = 2", "expected a locator_id"),
    "another key": (
        f'[[place]]\nlocator = "diamond2010_afsp"\nreadings = 2\nread = "{DAY}"',
        "a key out of",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_file_that_is_no_form_is_refused(text: str, expected: str, folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(EntryError, match=expected):
        read(text, folder)
    assert contents(folder) == before


FIRST = '[[place]]\nlocator = "childadol_row119"\n'
ROW = 'row = "d10_bdi_euc_post"'
N = f'{ROW}\nn_analyzed = "31"'
A_ROW = r"a row of arm_results\.csv"
CHANGES = {
    "a place twice": (FIRST, f"{FIRST}readings = 2\n{FIRST}", "each place once"),
    "a row twice": (ROW, 'row = "d10_bdi_abft_post"', "each row once"),
    "an unknown row": (ROW, 'row = "d10_bdi_euc"', A_ROW),
    "a row of another place": (ROW, 'row = "d19_bdi_fenst_post"', A_ROW),
    "an unknown column": (ROW, f"{ROW}\nvariance = 2", "a key out of n_analyzed"),
    "no number": (N, N.replace("31", "many"), "a whole number"),
    "a list": (N, N.replace('"31"', "[31]"), "text or a number"),
    "no date": (f'accessed = "{DAY}"', 'accessed = ""', "the date of your reading"),
    "an earlier date": (DAY, "2020-01-01", "or later"),
    "a date that is none": (DAY, "2027-02-30", "the date of your reading"),
    "a word that is none": (
        'direction = "favors_intervention"',
        'direction = "better"',
        "one of favors_intervention",
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_fault_is_told_with_its_line_and_nothing_is_written(
    old: str, new: str, expected: str, right: str, folder: Path
) -> None:
    before = contents(folder)
    assert old in right
    with pytest.raises(EntryError, match=expected) as raised:
        read(right.replace(old, new, 1), folder)
    assert "nothing was written" in str(raised.value)
    assert any(one.row for one in raised.value.faults)
    assert contents(folder) == before


def test_a_form_that_cannot_be_read_or_a_trial_that_is_none(dataset: Dataset, folder: Path) -> None:
    with pytest.raises(ParameterError, match="a file that can be read"):
        compare(folder / "none.toml", folder)
    with pytest.raises(ParameterError, match="diamond2020"):
        form(dataset, "diamond2020")


def test_a_write_that_fails_leaves_every_byte(
    right: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)

    def fsync(_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="no space left"):
        read(right, folder)
    assert contents(folder) == before


def test_the_command_prints_the_form_then_compares(right: str, folder: Path) -> None:
    asked = run("read-again", TRIAL, "--data", folder)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "place" in tomllib.loads(asked.stdout)
    file = folder.parent / "form.toml"
    file.write_text(right.replace('mean = "33"', 'mean = "32"', 1), encoding="utf-8")
    done = run("read-again", file, "--data", folder)
    assert done.returncode == 1, done.stderr
    assert re.match(
        r"\d+ values read again: \d+ agree, 1 differ; 0 not read again\.\n", done.stdout
    )
    assert "first reading 33, second reading 32" in done.stdout
    assert "Written: locators.csv; data version" in done.stdout
