"""The imported package: what is known of its database, its schema, its files written whole."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from evidence.data.atomic import READABLE_BY_ALL
from evidence.data.dataset import Dataset, load
from evidence.data.labels import slug
from evidence.data.safety import inside
from evidence.data.validation.descriptor import DESCRIPTOR
from evidence.data.validation.faults import Faults, parse_json, read_text
from evidence.errors import DataError, ParameterError
from evidence.ledger import csv_cell
from evidence.metapsy.vocabulary import NOT_STATED, OUTCOMES
from evidence.terms import IMPORTED, NOT_NAMED

PUBLICATION = "metapsy_database"
"""Id of the database in ``publications.csv``."""

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True)
class Source:
    """A database as it is cited.

    Attributes
    ----------
    file : str
        Name of the file.
    title, version, doi, license : str
        As the caller gives them; empty where not given.
    accessed : date
        When the file was read.
    outcome : str
        Outcome of records of which the file names none.
    """

    file: str
    title: str
    version: str
    doi: str
    license: str
    accessed: date
    outcome: str

    @property
    def url(self) -> str:
        """Address of the database, empty where none is known."""
        return f"https://doi.org/{self.doi}" if self.doi else ""

    @property
    def data_version(self) -> str:
        """Version of the data package, which needs one."""
        return self.version or "not stated"

    def place(self, number: int) -> str:
        """Return the place of a record in the file, in words."""
        version = f" (version {self.version})" if self.version else ""
        return f"{self.file}, record {number}{version}"

    def reference(self) -> dict[str, Any]:
        """Return the database as a CSL item."""
        item: dict[str, Any] = {"id": PUBLICATION, "type": "dataset", "title": self.title}
        if self.version:
            item["version"] = self.version
        if self.doi:
            item |= {"DOI": self.doi, "URL": self.url}
        if self.license:
            item["note"] = f"License: {self.license}"
        return item


def describe(
    path: Path,
    *,
    title: str | None,
    version: str | None,
    doi: str | None,
    license_name: str | None,
    outcome: str | None,
    accessed: date,
) -> Source:
    """Return what is known of a database.

    Parameters
    ----------
    path : Path
        File.
    title, version, doi, license_name, outcome : str or None
        As the caller knows them. Without a title the name of the folder stands there where the file
        has the plain name data.csv; the outcome is the first word of that name where it is a known
        outcome, as the project names its databases (``grief-psyctr``).
    accessed : date
        When the file was read.

    Raises
    ------
    ParameterError
        If a text has line breaks, or the DOI is none.
    """
    given = {"title": title, "version": version, "license": license_name, "outcome": outcome}
    for name, value in given.items():
        if value is not None and (not value.strip() or not _TEXT.fullmatch(value)):
            raise ParameterError(name, value, "one line of text")
    plain = (doi or "").strip().removeprefix("https://doi.org/").removeprefix("doi:")
    if doi is not None and not _DOI.fullmatch(plain):
        raise ParameterError("doi", doi, "a DOI, as 10.5281/zenodo.8364508")
    folder = path.resolve().parent.name
    name = folder if path.stem.lower() == "data" and folder else path.stem
    return Source(
        path.name,
        (title or f"Database {name} of the Metapsy data standard").strip(),
        (version or "").strip(),
        plain,
        (license_name or "").strip(),
        accessed,
        (outcome or _outcome_in(name)).strip(),
    )


def _outcome_in(name: str) -> str:
    first = slug(name).partition("_")[0]
    return first if first in OUTCOMES else NOT_NAMED


MADE_BY = "evidence import-metapsy"

REPORTS = "reports"
"""Folder that builds make in a package: its catalog, which people edit, and pages."""

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
        "name": IMPORTED,
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


ENTERED_BY_ALL = 0o755


def check_place(output: Path) -> None:
    """Refuse a place that holds something else than an imported package.

    Raises
    ------
    ParameterError
        If it is a file, or a folder with files that the importer did not make.
    """
    expected = f"a new or empty folder, or one that {MADE_BY} made"
    if output.exists() and not output.is_dir():
        raise ParameterError("output", str(output), expected)
    if output.is_dir() and any(output.iterdir()) and not _made_here(output):
        raise ParameterError("output", str(output), expected)


def _made_here(folder: Path) -> bool:
    try:
        stated = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stated, dict) and stated.get("made_by") == MADE_BY


def table_text(descriptor: Mapping[str, Any], table: str, rows: Sequence[Mapping[str, str]]) -> str:
    """Return a table as CSV, with the columns of its schema and texts that compute nothing.

    Parameters
    ----------
    descriptor : mapping
        Descriptor of the package.
    table : str
        Name of the table.
    rows : sequence of mapping
        Text of each cell by column; a column that is not in it is empty.
    """
    resource = next(one for one in descriptor["resources"] if one["name"] == table)
    columns = [field["name"] for field in resource["schema"]["fields"]]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([csv_cell(row.get(column, "").strip()) for column in columns])
    return buffer.getvalue()


def write_package(output: Path, files: Mapping[str, str]) -> Dataset:
    """Write a package as a whole and return it as loaded; nothing is left where it has a fault.

    Parameters
    ----------
    output : Path
        Its folder; one that the importer made before is replaced.
    files : mapping of str to str
        Content of each file by name.

    Raises
    ------
    ParameterError
        If the place cannot be used.
    DataError
        If what was made is no valid package.
    """
    check_place(output)
    output = output.resolve()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise ParameterError(
            "output", str(output), f"a folder that can be written ({error.strerror})"
        ) from None
    try:
        for name, text in files.items():
            path = inside(made, name)
            path.write_text(text, encoding="utf-8", newline="\n")
            path.chmod(READABLE_BY_ALL)
        load(made)
        # mkdtemp makes folders that only their owner can enter.
        made.chmod(ENTERED_BY_ALL)
        _move(made, output)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return load(output)


def _move(made: Path, output: Path) -> None:
    """Put a folder in the place of another, whose reports stay; it comes back where that fails."""
    if not output.exists():
        made.rename(output)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    old = aside / output.name
    output.rename(old)
    try:
        if (old / REPORTS).is_dir():
            (old / REPORTS).rename(made / REPORTS)
        made.rename(output)
    except OSError:
        with suppress(OSError):
            (made / REPORTS).rename(old / REPORTS)
        with suppress(OSError):
            old.rename(output)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
