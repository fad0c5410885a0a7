"""What is known of a database: title, version, DOI, license, and when it was read."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from evidence.dataset.labels import slug
from evidence.errors import ParameterError
from evidence.interop.metapsy.terms import OUTCOMES

PUBLICATION = "metapsy_database"
"""Id of the database in ``publications.csv``."""

NOT_NAMED = "outcome not named"
"""Outcome of records where neither the file nor its folder nor the caller names one."""

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
        return self.version or "version-not-stated"

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
