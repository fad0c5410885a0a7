"""All files of an entry are written or none, and what stood in them stays as it was written."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.data.dataset import load
from evidence.data.validation import read_package
from evidence.data.validation.faults import Faults
from evidence.data.validation.rows import read_sheet
from evidence.entry import (
    Preview,
    UnansweredError,
    preview,
    preview_file,
    unified_diff,
    write,
)
from evidence.entry.file import EntryError, EntryFaults
from evidence.entry.proposal import (
    ChangedError,
    raised,
    with_cells,
    with_items,
    with_rows,
    with_version,
)
from evidence.errors import ParameterError
from tests.entry.entries import (
    DATA,
    EXAMPLE,
    RAISED,
    VERSION,
    WHOLE,
    contents,
    copied,
    edited,
    proposed,
)

FILES = 13
"""Files that the whole entry changes: all tables that it has rows for, references, version."""


def shown(folder: Path, tmp_path: Path, text: str = WHOLE) -> Preview:
    return preview(proposed(text, folder, tmp_path))


@pytest.fixture(scope="module")
def would(tmp_path_factory: pytest.TempPathFactory) -> Preview:
    base = tmp_path_factory.mktemp("would")
    return shown(copied(base / "data"), base)


def test_what_was_shown_is_written_and_the_version_is_raised(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    before = contents(folder)
    would = shown(folder, tmp_path)
    assert contents(folder) == before
    names = write(would)
    after = contents(folder)
    assert {name for name in after if after[name] != before.get(name)} == set(names)
    assert {name: after[name] for name in names} == dict(would.proposal.change.new)
    dataset = load(folder)
    assert (dataset.version, dataset.digest) == (RAISED, would.proposal.after.digest)
    for name in names:
        if name.endswith(".csv"):
            assert after[name].startswith(before[name]), name


def test_the_diff_adds_rows_and_changes_the_version_alone(would: Preview) -> None:
    lines = unified_diff(would.proposal).splitlines()
    removed = [one for one in lines if one.startswith("-") and not one.startswith("---")]
    assert removed == [f'-  "version": "{VERSION}",']
    added = [one for one in lines if one.startswith("+") and not one.startswith("+++")]
    assert f'+  "version": "{RAISED}",' in added
    for row in would.proposal.rows:
        assert any(all(cell in line for cell in row.cells.values() if '"' not in cell)
                   for line in added), row  # fmt: skip


@pytest.mark.parametrize("failing", range(FILES + 1))
@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_every_byte(
    failing: int,
    error: BaseException,
    would: Preview,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = would.proposal.change.folder
    before = contents(folder)
    assert len(would.proposal.change.new) == FILES
    count = 0
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == failing + 1:
            raise error
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    if failing == FILES:
        write(would)
        assert contents(folder) != before
        monkeypatch.undo()
        for name, content in before.items():
            (folder / name).write_bytes(content)
        return
    with pytest.raises(type(error)):
        write(would)
    assert contents(folder) == before


@pytest.mark.parametrize("failing", range(0, 2 * FILES, 5))
def test_a_disk_that_is_full_leaves_every_byte(
    failing: int, would: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(would.proposal.change.folder)
    count = 0

    def fsync(_: Any) -> None:
        nonlocal count
        count += 1
        if count == failing + 1:
            raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="no space left"):
        write(would)
    assert contents(would.proposal.change.folder) == before


def test_a_package_loads_after_each_file_on_the_way(would: Preview, tmp_path: Path) -> None:
    """A power cut between two files leaves a package that all commands take."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in would.proposal.change.old.items():
        (folder / name).write_bytes(content)
    for name, content in would.proposal.change.new.items():
        (folder / name).write_bytes(content)
        load(folder)


def test_a_package_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    would = shown(folder, tmp_path)
    file = folder / "claims.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    before = contents(folder)
    with pytest.raises(ChangedError, match=r"claims\.csv changed"):
        write(would)
    assert contents(folder) == before


def test_what_was_checked_with_a_copy_cannot_be_written() -> None:
    before = contents(DATA)
    with pytest.raises(ParameterError, match="not with a copy"):
        write(preview_file(EXAMPLE, DATA, without="diamond2010"))
    assert contents(DATA) == before


def test_numbers_that_cannot_all_be_right_need_a_correction(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    before = contents(folder)
    wrong = ('percent = "52.6%"', "n = 38, percent = 51.0")
    would = shown(folder, tmp_path, edited(wrong))
    assert would.unanswered.check.tolist() == ["percent_integers", *["joint_counts"] * 2]
    with pytest.raises(UnansweredError, match=r"No whole number of 38 participants gives 51\.0"):
        write(would)
    assert contents(folder) == before
    answers = [
        f"""
[[correction]]
result = "akerstrom2027_ham_d_remission_{arm}_post"
field = "percent"
action = "flag"
reason = "printed so"
check = "{check}"
"""
        for arm, check in (
            ("abft", "percent_integers"),
            ("abft", "joint_counts"),
            ("tau", "joint_counts"),
        )
    ]
    would = shown(folder, tmp_path, edited(wrong) + "".join(answers))
    assert would.unanswered.empty
    write(would)
    *before, one, two, three = load(folder).corrections.correction_id
    highest = max(int(known.removeprefix("c")) for known in before)
    assert [one, two, three] == [f"c{highest + next_one}" for next_one in (1, 2, 3)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("tail", ["", "one", "three"])
def test_files_as_a_spreadsheet_writes_them_stay_so(
    end: str, mark: bytes, tail: str, tmp_path: Path
) -> None:
    folder = copied(tmp_path / "data")
    last = {"": "", "one": end, "three": 3 * end}[tail]
    for file in folder.glob("*.*"):
        text = file.read_text("utf-8").rstrip("\n").replace("\n", end) + last
        file.write_bytes(mark + text.encode())
    before = contents(folder)
    proposal = proposed(WHOLE, folder, tmp_path)
    for name, content in proposal.change.new.items():
        old = before[name]
        assert content.startswith(mark)
        assert content.count(b"\r\n") == (content.count(b"\n") if end == "\r\n" else 0)
        assert content.endswith((end.encode(), b"}", b"]"))
        if name.endswith(".csv"):
            assert content.startswith(old.rstrip(b"\r\n") + end.encode())
    assert proposal.after.trials.trial_id.iloc[-1] == "akerstrom2027"
    assert proposal.after.digest != proposal.before.digest


def test_a_record_of_several_lines_moves_the_line_that_faults_are_told_of() -> None:
    content = b'a,b\nx,"two\nlines"\n'
    made, line = with_rows(content, ("a", "b"), [{"a": "y"}])
    assert made == content + b"y,\n"
    assert line == 4


@pytest.mark.parametrize("letter", ["\u2028", "\x85", "\x0c", "\x0b", "\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_cells_change_where_they_stand_whatever_letters_are_before(letter: str, end: str) -> None:
    """Lines are those that the records were counted by; other line ends are letters of a text."""
    text = f'locator_id,place\none,"a{letter}b"\ntwo,"c{letter}d"\nthree,e{end}'
    stated = read_package(DATA).sheets["locators"].table
    two = {one: stated.columns[one] for one in ("locator_id", "place")}
    plain = text.replace("\r\n", "\n")
    sheet = read_sheet(replace(stated, columns=two), plain, Faults())
    assert sheet is not None
    lines = {row.text["locator_id"]: row.line for row in sheet.rows}
    changed = {lines["two"]: {"place": "C"}, lines["three"]: {"place": "E"}}
    made = with_cells(text.encode(), sheet, changed).decode()
    assert made == f'locator_id,place\none,"a{letter}b"\ntwo,C\nthree,E{end}'


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r", "\u2028"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_breaks_in_cells_beside_a_changed_one_stay(inside: str, end: str) -> None:
    quote = "" if inside == "\u2028" else '"'
    first, other, third = (f"{quote}{one}{inside}x{quote}" for one in "abc")
    text = f"locator_id,place,url{end}one,{first},{third}{end}two,e,f{end}"
    stated = read_package(DATA).sheets["locators"].table
    three = {one: stated.columns[one] for one in ("locator_id", "place", "url")}
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    sheet = read_sheet(replace(stated, columns=three), plain, Faults())
    assert sheet is not None
    line = sheet.rows[0].line
    made = with_cells(text.encode(), sheet, {line: {"place": f"b{inside}x"}}).decode()
    assert made == text.replace(first, other)


def test_text_is_quoted_as_in_the_files_that_are_there() -> None:
    text = 'a "quoted", listed; text'
    made, _ = with_rows(b"a,b\n", ("a", "b"), [{"a": text, "b": "plain; text"}])
    assert list(csv.reader(io.StringIO(made.decode())))[1] == [text, "plain; text"]
    assert made.decode().splitlines()[1] == '"a ""quoted"", listed; text",plain; text'


@pytest.mark.parametrize("content", ["[]", "[ ]\n", '[\n  {"id": "a"}\n]', '[{"id": "a"}]\r\n'])
def test_items_follow_those_that_are_there(content: str) -> None:
    made = with_items(content.encode(), [{"id": "é"}, {"id": "b"}]).decode()
    assert json.loads(made) == [*json.loads(content), {"id": "é"}, {"id": "b"}]
    assert made.startswith(content.strip().rstrip("]").rstrip())
    assert made.endswith("\r\n") == content.endswith("\r\n")


def test_only_the_version_of_the_package_is_changed() -> None:
    content = b'{"resources": [{"version": "1.0.0"}], "version":  "1.0.0"}\n'
    faults = EntryFaults("entry.toml")
    changed = b'{"resources": [{"version": "1.0.0"}], "version":  "1.1.0"}\n'
    assert with_version(content, "1.0.0", faults) == (changed, "1.1.0")
    assert not len(faults)
    assert with_version(content, "2.0.0", faults) == (content, "2.0.0")
    with pytest.raises(EntryError, match=r"found '2\.0\.0', expected a version such as"):
        faults.raise_any()


@pytest.mark.parametrize(("old", "new"), [("1.0.0", "1.1.0"), ("2.9.7", "2.10.0")])
def test_a_trial_raises_the_middle_number(old: str, new: str) -> None:
    assert raised(old) == new
