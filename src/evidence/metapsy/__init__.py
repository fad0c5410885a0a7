"""Databases of the Metapsy data standard as data packages: `import_database`."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from evidence.data.dataset import Dataset, default_folder, load
from evidence.data.validation.descriptor import DESCRIPTOR
from evidence.data.validation.keys import REFERENCES
from evidence.errors import ParameterError
from evidence.metapsy.agreement import compare
from evidence.metapsy.assignment import place
from evidence.metapsy.direction import BETTER, SIDES, orient
from evidence.metapsy.discrepancies import find_discrepancies
from evidence.metapsy.package import (
    check_place,
    describe,
    table_text,
    widened,
    workbook_schema,
    write_package,
)
from evidence.metapsy.records import read_database
from evidence.metapsy.report import recomputed, report, summary
from evidence.metapsy.results import results
from evidence.metapsy.tables import doi_of, printed_reference, tables
from evidence.terminal import render

REPORT = "import-report.md"
DISCREPANCIES = "import-discrepancies.csv"
RECOMPUTED = "import-recomputed.csv"
PUBLISHED = "source.json"
"""Beside a database file that is stored as published: what its publication says of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """An imported database.

    Attributes
    ----------
    dataset : Dataset
        The data package as loaded.
    discrepancies : DataFrame
        Where printed numbers differ from their data, and where the file contradicts itself.
    recomputed : DataFrame
        Every printed effect and standard error beside what its data give.
    lines : tuple of str
        What was read, normalized and found, in words.
    """

    dataset: Dataset
    discrepancies: pd.DataFrame
    recomputed: pd.DataFrame
    lines: tuple[str, ...]


def import_database(
    path: Path,
    output: Path,
    *,
    accessed: date,
    title: str | None = None,
    version: str | None = None,
    doi: str | None = None,
    license_name: str | None = None,
    outcome: str | None = None,
    positive_g: str | None = None,
    better: str | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    schema: Path | None = None,
) -> Imported:
    """Read a database file of the Metapsy data standard and write it as a data package.

    The standard is that of Harrer et al. (metapsyTools, docs.metapsy.org/data-preparation/format);
    files of the project differ from it and from each other, and what is normalized is counted.

    Parameters
    ----------
    path : Path
        The database file.
    output : Path
        Folder to write, whole or not at all; one that an import made before is replaced.
    accessed : date
        When the file was read.
    title, version, doi, license_name : str, optional
        What is known of the database; they go into its reference and the locators.
    outcome : str, optional
        Outcome of records of which the file names none.
    positive_g : {"intervention", "comparator"}, optional
        Whom a positive g of the file favors, where the file prints no data to tell.
    better : {"lower", "higher"}, optional
        Which scores are better on instruments of which neither a table nor the file says it.
    names : mapping of str to str, optional
        Name of the standard for columns that the file names otherwise.
    schema : Path, optional
        Data package whose schema is used; by default that of the workbook.

    Returns
    -------
    Imported

    Raises
    ------
    DataError
        If the structure of the file is not understood or no record is without a fault: row, column,
        value and what is accepted. Single records with faults are set aside.
    ParameterError
        If the folder holds something else, or an argument is not accepted.
    """
    if positive_g is not None and positive_g not in SIDES:
        raise ParameterError("positive_g", positive_g, f"one of {', '.join(SIDES)}")
    if better is not None and better not in BETTER:
        raise ParameterError("better", better, f"one of {', '.join(BETTER)}")
    check_place(output)
    source = describe(
        path,
        title=title,
        version=version,
        doi=doi,
        license_name=license_name,
        outcome=outcome,
        accessed=accessed,
    )
    database = read_database(path, names)
    placed = place(database, outcome=source.outcome)
    orientation = orient(placed, positive_g, better)
    compared = compare(placed, orientation)
    found = results(placed, orientation, compared)
    rows = tables(database, placed, orientation, found, source)
    discrepancies = find_discrepancies(placed, compared, orientation, found)
    compared_frame = recomputed(compared)
    descriptor = widened(workbook_schema(schema or default_folder()), source)
    references = [
        source.reference(),
        *(
            {"id": trial.trial_id, "type": "article-journal", "title": reference}
            | ({"DOI": doi_of(trial, placed)} if doi_of(trial, placed) else {})
            for trial in dict.fromkeys(one.trial for one in placed)
            if (reference := printed_reference(trial, placed))
        ),
    ]
    files = {
        DESCRIPTOR: json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n",
        REFERENCES: json.dumps(references, ensure_ascii=False, indent=2) + "\n",
        **{f"{name}.csv": table_text(descriptor, name, own) for name, own in rows.items()},
        REPORT: report(source, database, placed, orientation, compared, discrepancies),
        DISCREPANCIES: render(discrepancies, "csv") + "\n",
        RECOMPUTED: render(compared_frame, "csv") + "\n",
    }
    return Imported(
        write_package(output, files),
        discrepancies,
        compared_frame,
        tuple(summary(database, placed, orientation, compared, discrepancies)),
    )


def open_database(folder: Path) -> tuple[Dataset, str]:
    """Return a database to set a therapy beside: a data package, or a file as published.

    With it, how it is known whom a positive g of the file favors, where that is said.

    Parameters
    ----------
    folder : Path
        Folder that an import wrote, or one with ``data.csv`` as published and ``source.json``
        beside it, which says title, version, DOI, license, date of reading, outcome, whom a
        positive g favors, and the SHA-256 of the file. The latter is imported for the time being.

    Raises
    ------
    ParameterError
        If the file is another one than was stored.
    DataError
        If the folder holds neither, or the data have faults.
    """
    described = folder / PUBLISHED
    if not described.is_file():
        return load(folder), ""
    said = json.loads(described.read_text(encoding="utf-8"))
    file = folder / "data.csv"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != said["sha256"]:
        raise ParameterError(
            f"{folder.name}/data.csv",
            f"SHA-256 {digest}",
            f"the file as published, {said['sha256']}",
        )
    with tempfile.TemporaryDirectory() as made:
        imported = import_database(
            file,
            Path(made) / "package",
            accessed=date.fromisoformat(said["accessed"]),
            title=said["title"],
            version=said["version"],
            doi=said["doi"],
            license_name=said["license"],
            outcome=said["outcome"],
            positive_g=said["positive_g"],
        )
    return imported.dataset, said["why"]
