"""What is read from files that others write: valid ones to start from, and what must hold."""

import json
import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copy, copytree, rmtree
from typing import Any

import openpyxl
import pandas as pd

import evidence
from evidence import ledger
from evidence.data.dataset import Dataset
from evidence.data.validation import read_package
from evidence.entry import BrokenError, UnansweredError, copy_without, preview, write
from evidence.entry.file import read_entry
from evidence.entry.proposal import propose
from evidence.errors import EvidenceError, of_file
from evidence.integrity import audit
from evidence.manuscripts import check, markdown, word
from evidence.manuscripts.fill import fill_markdown, fill_word
from evidence.manuscripts.ledgers import Known, read_known
from evidence.manuscripts.mark import mark_markdown, mark_word
from evidence.meta import spreadsheet
from evidence.meta.table import read_table
from evidence.metapsy import import_database
from evidence.metapsy.records import read_database
from evidence.reports import catalog
from tests.data.packages import build
from tests.entry.entries import DATA, EXAMPLE, ROOT, WHOLE
from tests.fuzz.spoiling import members, zipped
from tests.metapsy import files

SOME = 8
"""Of so many inputs one is looked at in full, where that takes long."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input.

    Attributes
    ----------
    inputs : int
        How many there are of 20,000.
    prepare : callable
        Writes valid files to a folder and names those to change, often ones several times.
    first : callable
        The first check of a file: whether it is of its kind at all.
    meaning : callable
        Reads a file to its end, in full or in part, and returns what it means.
    """

    inputs: int
    prepare: Callable[[Path], list[str]]
    first: Callable[[Path], object]
    meaning: Callable[[Path, bool], object]


def _sane(dataset: Dataset) -> tuple[Any, ...]:
    """Return the effects of a package: finite ones, or none with a reason."""
    frame = evidence.estimates(dataset)
    there = frame.effect.notna()
    assert all(map(math.isfinite, frame.effect[there])), "an effect is not finite"
    assert frame.reason[~there].str.strip().ne("").all(), "neither an effect nor a reason"
    limits = frame[["effect", "ci_low", "ci_high"]].astype(float).round(12).fillna(math.inf)
    return (
        tuple(frame.estimate_id),
        tuple(frame.reason),
        *map(tuple, limits.to_numpy().tolist()),
    )


def _packages(folder: Path) -> list[str]:
    build(folder / "small")
    copytree(DATA, folder / "whole", ignore=lambda *_: ["context", "README.md"])
    small, whole = (
        sorted(str(one.relative_to(folder)) for one in (folder / name).iterdir())
        for name in ("small", "whole")
    )
    return small * 5 + whole


def _package(path: Path, in_full: bool) -> object:
    dataset = evidence.load(path.parent)
    meant = _sane(dataset)
    if in_full:
        assert audit(dataset).severity.isin(["low", "medium", "high"]).all()
    return meant


_OF_SMALL = {
    **{'"tau"': '"wl"', "tau =": "wl =", '"usual_care"': '"waitlist"', '"ham_d"': '"bdi"'},
    **{'"suicidal_ideation"': '"anxiety"', '"no_difference"': '"favors_intervention"'},
    "n_randomized = 78\n": "",
}
"""What an entry has in the terms of the small package."""


def _entries(folder: Path) -> list[str]:
    copytree(DATA, folder / "whole" / "data", ignore=lambda *_: ["context", "README.md"])
    copy_without(folder / "whole" / "data", "diamond2010", folder / "example" / "data")
    build(folder / "small" / "data")
    small = WHOLE
    for old, new in _OF_SMALL.items():
        small = small.replace(old, new)
    for name, text in (("whole", WHOLE), ("small", small), ("example", EXAMPLE.read_text("utf-8"))):
        (folder / name / "entry.toml").write_text(text, encoding="utf-8")
    return [f"{name}/entry.toml" for name in ("whole", "example", "small", "small", "small")]


def _entry(path: Path, in_full: bool) -> object:
    proposal = propose(read_entry(path), path.parent / "data")
    if in_full:
        would = preview(proposal)
        assert would.estimates.effect.notna().eq(would.estimates.reason.eq("")).all()
        old = {name: (path.parent / "data" / name).read_bytes() for name in proposal.change.new}
        try:
            write(would)
            read_package(path.parent / "data")
            for name, content in old.items():
                (path.parent / "data" / name).write_bytes(content)
        except (UnansweredError, BrokenError):
            pass  # A finding, with which nothing is written; whether that is so is looked at.
    return proposal.change.new


def _metapsy(folder: Path) -> list[str]:
    records = [
        one(study=f"{name}, {2001 + at}", **more)
        for at, name in enumerate(("Ahn", "Bell", "Cruz"))
        for one, more in (
            (files.means, {"rand_arm1": "26", "rand_arm2": "28"}),
            (files.events, {}),
            (files.ready, {"instrument": "HAM-D"}),
            (files.changes, {"time": "fu", "time_weeks": "26"}),
        )
    ]
    kinds = [records[:1], records[:4], records, records[::4], records[1::4], records[2::4]]
    for at, (kind, separator) in enumerate(zip(kinds, ";,;\t;,", strict=True)):
        files.write(folder, files.as_text(*kind, separator=separator), f"database-{at}.csv")
    return sorted(one.name for one in folder.iterdir())


def _database(path: Path, in_full: bool) -> object:
    made = path.parent / "made"
    imported = import_database(
        path, made, accessed=files.WHEN, positive_g="intervention", title="Fuzz", version="1"
    )
    meant = _sane(imported.dataset)
    if in_full:
        read_package(made)
    rmtree(made)
    return meant


def _spreadsheets(folder: Path) -> list[str]:
    for one in (ROOT / "tests" / "own").glob("*.csv"):
        copy(one, folder)
        book = openpyxl.Workbook()
        table = pd.read_csv(one, sep=None, engine="python").astype(object)
        for row in (list(table), *table.where(table.notna(), None).to_numpy().tolist()):
            book.active.append(row)
        content = BytesIO()
        book.save(content)
        # When it was made is no part of it: the same seed makes the same inputs.
        parts = {
            name: re.sub(rb"\d{4}(-\d\d){2}T[\d:]+Z", b"2026-01-01T00:00:00Z", part)
            for name, part in members(content.getvalue()).items()
        }
        (folder / f"{one.stem}.xlsx").write_bytes(zipped(parts))
    text = (folder / "twelve-studies-means.csv").read_text("utf-8")
    (folder / "tabs.tsv").write_text(text.replace(",", "\t"), encoding="utf-8")
    names = sorted(one.name for one in folder.iterdir())
    return names + [one for one in names if not one.endswith("xlsx")]


def _sheet(path: Path, in_full: bool) -> object:
    found = spreadsheet.read(path, better="lower")
    result = found.result
    assert math.isfinite(result.effect), "the pooled result is not finite"
    assert repr(result)
    made = spreadsheet.as_json(found)
    json.dumps(made | {"left_out": str(made["left_out"])}, allow_nan=False)
    return result.effect, result.ci_low, result.ci_high, len(found.left_out)


def _manuscripts(folder: Path) -> list[str]:
    examples = ROOT / "examples"
    for one in (*examples.glob("draft-*"), examples / "template.md"):
        copy(one, folder)
    blocks = (examples / "draft-wrong.md").read_text("utf-8").split("\n\n")
    for at in range(0, len(blocks), 6):
        text = "\n\n".join(blocks[at : at + 6])
        (folder / f"part-{at}.md").write_text(text + "\n", encoding="utf-8")
    names = sorted(one.name for one in folder.iterdir())
    return names + [one for one in names if one.startswith(("part", "draft-to"))] * 2


_KNOWN: list[Known] = []


def _draft(path: Path, in_full: bool) -> object:
    if not _KNOWN:
        _KNOWN.append(read_known(ROOT / "examples" / "ledger" / "estimates.csv", data=DATA))
    known = _KNOWN[0]
    checked = check.check_draft(check.read_draft(path), known)
    assert check.as_markdown(checked.findings)
    found = json.loads(check.as_json(checked.findings))
    if in_full:
        content, is_word = check.read_manuscript(path)
        # The commands name the file of which they have the content.
        with of_file(path.name):
            marked = (mark_word if is_word else mark_markdown)(content, known)
            (word if is_word else markdown).parse(marked.content)
            filled = (fill_word if is_word else fill_markdown)(content, known)
            (word if is_word else markdown).parse(filled.content)
    return found, checked.remarks


def _catalogs(folder: Path) -> list[str]:
    copytree(ROOT / "notebooks", folder / "notebooks")
    (folder / "data").mkdir()
    copy(DATA / "trials.csv", folder / "data")
    copy(ROOT / "reports" / "catalog.toml", folder)
    parts = (folder / "catalog.toml").read_text("utf-8").split("\n[[report]]")
    (folder / "short.toml").write_text("\n[[report]]".join(["", *parts[1:4]]), encoding="utf-8")
    return ["catalog.toml", "short.toml"]


def _reports(path: Path, in_full: bool) -> object:
    found = catalog.read(path, notebooks=path.parent / "notebooks", data=path.parent / "data")
    assert all(one.report_id and one.title and one.notebook.is_file() for one in found)
    return found


def _ledgers(folder: Path) -> list[str]:
    for name in ("estimates", "superseded"):
        lines = (ROOT / "reports" / f"{name}.csv").read_text("utf-8").splitlines(keepends=True)
        for at, step in enumerate((1, 12, 12, 12)):
            text = "".join([lines[0], *lines[1 + at :: step]])
            (folder / f"{name}-{at}.csv").write_text(text, encoding="utf-8")
    names = sorted(one.name for one in folder.iterdir())
    return names + [one for one in names if not one.endswith("-0.csv")] * 3


def _columns(path: Path) -> object:
    if path.name.startswith("superseded"):
        return ledger.table(path, ledger.SUPERSEDED, later="reason")
    return ledger.table(path, ledger.COLUMNS)


def _numbers(path: Path, in_full: bool) -> object:
    again = path.with_name("again.csv")
    try:
        if path.name.startswith("superseded"):
            rows = ledger.read_superseded(path)
            again.write_text(ledger.superseded_csv(rows), encoding="utf-8", newline="")
            assert ledger.read_superseded(again) == rows, "other values when written and read"
            return rows
        entries = ledger.read(path)
        ledger.write(again, entries)
        written = sorted(entries, key=lambda one: one.estimate_id)
        assert list(ledger.read(again)) == written, "other entries when written and read"
        return entries
    finally:
        again.unlink(missing_ok=True)


def _toml(path: Path) -> object:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise EvidenceError(str(error)) from None


KINDS = {
    "packages": Kind(1_500, _packages, lambda path: read_package(path.parent), _package),
    "entries": Kind(1_500, _entries, read_entry, _entry),
    "databases": Kind(1_500, _metapsy, partial(read_database, names={}), _database),
    "spreadsheets": Kind(6_000, _spreadsheets, read_table, _sheet),
    "manuscripts": Kind(2_500, _manuscripts, check.read_draft, _draft),
    "catalogs": Kind(4_000, _catalogs, _toml, _reports),
    "ledgers": Kind(3_000, _ledgers, _columns, _numbers),
}
