"""Entry of a new trial: what would come of it, shown first, then written to the data package."""

import csv
import difflib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.data.validation import read_package
from evidence.data.validation.descriptor import DESCRIPTOR
from evidence.data.validation.keys import REFERENCES
from evidence.data.validation.rows import Row
from evidence.entry.file import read_entry
from evidence.entry.proposal import Proposal, propose
from evidence.errors import EvidenceError, ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.from_arm_results import pairs
from evidence.estimation.from_events import reconstruction
from evidence.estimation.lookups import Context
from evidence.estimation.selection import select
from evidence.integrity import audit
from evidence.integrity.findings import handled, not_handled
from evidence.manuscripts.diff import Diff, compare
from evidence.manuscripts.diff.sides import Side
from evidence.meta.reconstruction import Reconstruction
from evidence.terms import NOTHING_SAID, FreeText, LeftOut

_OF_TRIAL = (
    *("trials", "arms", "trial_facts", "arm_results", "statistics", "directions", "risk_of_bias"),
)


def copy_without(folder: Path, trial_id: str, target: Path) -> Path:
    """Write a copy of a data package in which nothing of a trial is left.

    Its publications go too, with their places and references, unless rows of another trial name
    one of these places. Claims that name the trial stay, without it.

    Parameters
    ----------
    folder : Path
        The data package; nothing in it changes.
    trial_id : str
        The trial.
    target : Path
        Folder to make.

    Returns
    -------
    Path
        The folder made.

    Raises
    ------
    ParameterError
        If there is no such trial.
    """
    package = read_package(folder)
    tables = {name: sheet.rows for name, sheet in package.sheets.items()}
    trials = [row.text["trial_id"] for row in tables["trials"]]
    if trial_id not in trials:
        raise ParameterError("without", trial_id, f"a trial out of {', '.join(trials)}")
    kept: dict[str, list[Row]] = {
        name: [row for row in rows if name not in _OF_TRIAL or row.text["trial_id"] != trial_id]
        for name, rows in tables.items()
    }
    results = {row.text["result_id"] for name in _RESULTS for row in kept[name]}
    kept["corrections"] = [row for row in kept["corrections"] if row.text["result_id"] in results]
    named = {
        row.text["locator_id"] for name in kept if name != "locators" for row in kept[name]
        if row.text.get("locator_id")
    }  # fmt: skip
    needed = {
        row.text["publication_id"] for row in kept["locators"] if row.text["locator_id"] in named
    }
    gone = {
        row.text["publication_id"]
        for row in kept["publications"]
        if row.text["trial_id"] == trial_id and row.text["publication_id"] not in needed
    }
    for name in ("publications", "locators"):
        kept[name] = [row for row in kept[name] if row.text["publication_id"] not in gone]
    target.mkdir(parents=True, exist_ok=True)
    (target / DESCRIPTOR).write_bytes((folder / DESCRIPTOR).read_bytes())
    references = [one for key, one in package.references.items() if key not in gone]
    (target / REFERENCES).write_text(
        json.dumps(references, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline=""
    )
    for name, sheet in package.sheets.items():
        # Publications that stay for their places, and claims, no longer name the trial.
        cells = (_without_name(row.text, trial_id) for row in kept[name])
        _write(target / sheet.table.file, tuple(sheet.table.columns), cells)
    return target


_RESULTS = ("arm_results", "statistics")
_NAMES = ("trial_id", "likely_trial_id")


def _without_name(cells: Mapping[str, str], trial_id: str) -> dict[str, str]:
    return {
        column: "" if column in _NAMES and text == trial_id else text
        for column, text in cells.items()
    }


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")


CONTEXT_LINES = 1
"""Lines that stood there before, shown around added ones: rows are long."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Percentages of an event in two arms, and what fits them.

    Attributes
    ----------
    arms : tuple of str
        Conditions of intervention and comparator.
    measure, timepoint : str
        Event or instrument, and time: terms of the data.
    found : Reconstruction or None
        None where too little is printed to search.
    reason : FreeText
        Why there was no search.
    """

    arms: tuple[str, str]
    measure: str
    timepoint: str
    found: Reconstruction | None
    reason: FreeText = NOTHING_SAID


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What stands for the trial in one main analysis that it has several estimates for.

    Attributes
    ----------
    outcome, timepoint : str
        Of the analysis.
    chosen : DataFrame
        The estimate that stands, at most one row of the frame of estimates.
    left_out : DataFrame
        The others that a rule left out, with ``reason``.
    error : str
        Why the analysis would have no result any more; empty where it has one.
    """

    outcome: str
    timepoint: str
    chosen: pd.DataFrame
    left_out: pd.DataFrame
    error: str = ""


_RULES = (
    LeftOut.OTHER_ANALYSIS_SET,
    LeftOut.OTHER_ARM,
    LeftOut.OTHER_COMPARATOR,
    LeftOut.OTHER_WEEK,
    LeftOut.OTHER_INSTRUMENT,
    LeftOut.OTHER_ROUTE,
)


@dataclass(frozen=True, eq=False)
class Preview:
    """What would come of an entry; nothing has been written.

    Attributes
    ----------
    proposal : Proposal
        The rows and files.
    counts : tuple of Counts
        Percentages and the counts that fit them.
    findings : DataFrame
        What the checks find on the new rows, with the correction that answers each; columns of
        `evidence.integrity.findings.handled`.
    estimates : DataFrame
        Rows of `evidence.estimates` on the trial, those without an estimate too.
    standing : tuple of Standing
        What stands for the trial where it has several estimates.
    """

    proposal: Proposal
    counts: tuple[Counts, ...]
    findings: pd.DataFrame
    estimates: pd.DataFrame
    standing: tuple[Standing, ...]

    @property
    def broken(self) -> tuple[Standing, ...]:
        """Analyses that the entry would leave without a result: with them nothing is written."""
        return tuple(one for one in self.standing if one.error)

    @property
    def unanswered(self) -> pd.DataFrame:
        """Findings of high severity without a correction: with them nothing is written."""
        return not_handled(self.findings)

    @cached_property
    def diff(self) -> Diff:
        """Numbers and conclusions that differ without and with the entry."""
        before, after = self.proposal.before, self.proposal.after
        return compare(Side("the data", before), Side("the data with the entry", after))


def preview(proposal: Proposal) -> Preview:
    """Return what would come of an entry.

    Parameters
    ----------
    proposal : Proposal
        As `evidence.entry.proposal.propose` returns it.
    """
    trial = proposal.trial_id
    frame = estimates(proposal.after)
    own = frame[frame.trial_id == trial]
    # Of a trial that is there, what the entry changes.
    known = {_shown(one) for one in records(estimates(proposal.before))}
    new = [_shown(one) not in known for one in records(own)]
    return Preview(
        proposal,
        tuple(_counts(proposal)),
        _findings(proposal),
        own[new].reset_index(drop=True),
        tuple(_standing(frame, trial, proposal.before)),
    )


def _shown(row: Any) -> tuple[str, ...]:
    numbers = (row.effect, row.ci_low, row.ci_high)
    return row.estimate_id, row.reason, *map(repr, (*numbers, row.result_ids))


def _standing(frame: pd.DataFrame, trial_id: str, before: Dataset) -> Iterator[Standing]:
    """Yield what stands for a trial in each main analysis that it enters with several estimates."""
    own = frame[(frame.trial_id == trial_id) & (frame.therapy == frame.intervention)]
    none = own.iloc[:0]
    times = own.timepoint.isin(["post", "follow_up"])
    for therapy, outcome, timepoint in dict.fromkeys(
        own[times][["therapy", "outcome_id", "timepoint"]].itertuples(index=False, name=None)
    ):
        asked = Specification(therapy=therapy, outcome=outcome, timepoint=timepoint)
        try:
            found = select(frame, asked)
        except SelectionError as error:
            if not _broken_already(before, asked):
                yield Standing(outcome, timepoint, none, none, str(error))
            continue
        left = found.left_out
        left = left[(left.trial_id == trial_id) & left.left_out_by.isin(_RULES)]
        if not left.empty:
            chosen = found.estimates[found.estimates.trial_id == trial_id]
            yield Standing(outcome, timepoint, chosen, left)


def _broken_already(before: Dataset, asked: Specification) -> bool:
    try:
        select(estimates(before), asked)
    except SelectionError:
        return True
    except ParameterError:
        # Nothing was known on the outcome at that time.
        return False
    return False


def preview_file(path: Path, folder: Path, *, without: str = "") -> Preview:
    """Return what would come of the file of an entry.

    Parameters
    ----------
    path : Path
        The file.
    folder : Path
        The data package; nothing in it changes.
    without : str
        A trial that is taken out of a copy of the data package first, to enter it anew. The copy is
        not kept, so that nothing can be written.

    Raises
    ------
    EntryError
        With every fault of the entry.
    ParameterError
        If there is no such file or no such trial.
    """
    entry = read_entry(path)
    if not without:
        return preview(propose(entry, folder))
    with tempfile.TemporaryDirectory() as copies:
        return preview(propose(entry, copy_without(folder, without, Path(copies) / folder.name)))


def unified_diff(proposal: Proposal) -> str:
    """Return what would change in the files, as a unified diff."""
    lines: list[str] = []
    # References take many lines, so the tables come first.
    for name, content in sorted(
        proposal.change.new.items(), key=lambda one: one[0].endswith(".json")
    ):
        old, new = (_lines(one) for one in (proposal.change.old[name], content))
        lines += difflib.unified_diff(
            old, new, f"a/{name}", f"b/{name}", n=CONTEXT_LINES, lineterm=""
        )
    return "\n".join(lines)


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8-sig").splitlines()


def _counts(proposal: Proposal) -> Iterator[Counts]:
    context = Context.of(proposal.after)
    results = proposal.after.arm_results
    new = proposal.ids("result_id")
    rows = list(records(results[results.trial_id == proposal.trial_id]))
    for one, two in pairs(context, rows):
        if not one.event or not {one.result_id, two.result_id} & new:
            continue
        arms = (context.arms[one.arm_id].condition, context.arms[two.arm_id].condition)
        try:
            found = reconstruction(context, (one, two))
        except ParameterError as error:
            yield Counts(arms, one.event, one.timepoint, None, FreeText(str(error)))
            continue
        if found is not None:
            yield Counts(arms, one.event, one.timepoint, found)


def _findings(proposal: Proposal) -> pd.DataFrame:
    """Return findings on the trial: on its rows, and those that only the entry brings up."""
    found, known = (handled(one, audit(one)) for one in (proposal.after, proposal.before))
    own = proposal.ids("result_id") | proposal.ids("direction_id")
    there = {_signature(one) for one in records(known)}
    keep = [one.result_id in own or _signature(one) not in there for one in records(found)]
    return found[keep].reset_index(drop=True)


def _signature(finding: Any) -> tuple[str, ...]:
    return finding.check, finding.result_id, finding.printed, finding.explanation


class UnansweredError(EvidenceError):
    """Printed numbers that cannot all be right, without a correction that says what is used."""


class BrokenError(EvidenceError):
    """An entry with which an analysis would have no result any more."""


def write(preview: Preview) -> tuple[str, ...]:
    """Write the rows of an entry to the data package, and raise its version.

    Parameters
    ----------
    preview : Preview
        What was shown: exactly that is written.

    Returns
    -------
    tuple of str
        Names of the files that changed.

    Raises
    ------
    ParameterError
        If it was checked with a copy that was not kept.
    UnansweredError
        If a finding of high severity has no correction.
    BrokenError
        If an analysis would have no result any more.
    ChangedError
        If the data package is no longer the one that the entry was checked with.
    OSError
        If a file cannot be written; the data package then stands as it was.
    """
    proposal = preview.proposal
    if not proposal.change.folder.is_dir():
        raise ParameterError(
            "write",
            True,
            "an entry that was checked with the data, not with a copy without a trial",
        )
    unanswered = preview.unanswered
    if len(unanswered):
        named = "; ".join(unanswered.result_id + ": " + unanswered.explanation)
        raise UnansweredError(
            "nothing was written: printed numbers cannot all be right, and no [[correction]] says "
            f"what is used instead ({named})"
        )
    if preview.broken:
        named = "; ".join(f"{one.outcome}, {one.timepoint}: {one.error}" for one in preview.broken)
        raise BrokenError(
            "nothing was written: with the entry an analysis would have no result any more "
            f"({named})"
        )
    proposal.change.put()
    return tuple(proposal.change.new)
