"""A copy of a data package without a trial: to enter it anew and see that the same comes of it."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from evidence.errors import ParameterError
from evidence.validation import DESCRIPTOR, Row, read_package
from evidence.validation.bibliography import REFERENCES

_OF_TRIAL = (
    "trials",
    "arms",
    "trial_facts",
    "arm_results",
    "statistics",
    "directions",
    "risk_of_bias",
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
