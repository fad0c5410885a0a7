"""The schema of an imported package: that of the workbook, with what databases hold beyond it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.errors import DataError
from evidence.interop.metapsy.source import Source
from evidence.interop.metapsy.terms import NOT_STATED
from evidence.validation import DESCRIPTOR
from evidence.validation.faults import Faults
from evidence.validation.files import parse_json, read_text

MADE_BY = "evidence import-metapsy"

RATIO = "log_risk_ratio"
"""Statistic that databases print and the workbook's own sources do not."""


def workbook_schema(folder: Path) -> dict[str, Any]:
    """Return the descriptor of a data package, from which that of an imported one is made.

    Parameters
    ----------
    folder : Path
        Folder of the package.

    Raises
    ------
    DataError
        If it has no descriptor that can be read.
    """
    faults = Faults()
    text = read_text(folder, DESCRIPTOR, faults)
    stated = None if text is None else parse_json(text, DESCRIPTOR, faults)
    if not len(faults) and not (isinstance(stated, dict) and stated.get("resources")):
        faults.add(DESCRIPTOR, "a descriptor with resources")
    if len(faults) or not isinstance(stated, dict):
        raise DataError(faults.in_order([DESCRIPTOR]))
    return stated


def widened(schema: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """Return the descriptor of an imported package.

    Parameters
    ----------
    schema : mapping
        Descriptor of the workbook's package.
    source : Source
        What is known of the database.

    Returns
    -------
    dict
        The same tables and columns. Wider are: raters and directions that a file
        does not state; analysis sets that name a record; log risk ratios.
    """
    made: dict[str, Any] = json.loads(json.dumps(schema))
    named = {
        "name": "imported-metapsy-database",
        "title": source.title,
        "version": source.data_version,
        "description": f"Imported from {source.file}. Numbers stand as the file prints them, with "
        "a decimal point; nothing here is computed. See import-report.md.",
        "made_by": MADE_BY,
    }
    made |= named
    # Those of the workbook are of its own rows.
    made.pop("licenses", None)
    made.pop("sources", None)
    if source.license:
        made["licenses"] = [{"title": source.license}]
    if source.doi:
        made["sources"] = [{"title": source.title, "path": source.url}]
    _set(made, "trials", "therapy", "therapy of the first record of the trial")
    _add(made, "instruments", "rater", NOT_STATED)
    _add(made, "instruments", "higher_is", NOT_STATED)
    _add(made, "statistics", "statistic", RATIO)
    _set(
        made,
        "arm_results",
        "analysis_set",
        "as_printed; as_printed_record_N where the results of record N stand by themselves, "
        "because other records print other numbers for the same arm, or other comparisons",
    )
    return made


def _field(descriptor: dict[str, Any], table: str, column: str) -> dict[str, Any]:
    resource = next(one for one in descriptor["resources"] if one["name"] == table)
    found: dict[str, Any] = next(
        one for one in resource["schema"]["fields"] if one["name"] == column
    )
    return found


def _set(descriptor: dict[str, Any], table: str, column: str, meaning: str) -> None:
    field = _field(descriptor, table, column)
    field["description"] = meaning
    field["constraints"].pop("enum", None)


def _add(descriptor: dict[str, Any], table: str, column: str, term: str) -> None:
    field = _field(descriptor, table, column)
    if term not in field["constraints"]["enum"]:
        field["constraints"]["enum"].append(term)
    field["description"] = ", ".join(field["constraints"]["enum"])
