"""The state of the data that a report prints: their version, and how recent the sources are."""

import csv
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evidence import __version__
from evidence.errors import ParameterError
from evidence.terms import IMPORTED


@dataclass(frozen=True, slots=True)
class Stamp:
    """State of the data that a page prints.

    Attributes
    ----------
    data_version : str
        Version of the data package.
    sources_as_of : date
        Last day on which a source was read, or a file was changed.
    own : str
        What the numbers are where they are of no data package; empty elsewhere.
    database : str
        The database that the data package was imported from; empty elsewhere.
    """

    data_version: str
    sources_as_of: date
    own: str = ""
    database: str = ""

    @property
    def state(self) -> str:
        """What numbers rest on, in words: a data package, or a file of somebody's own."""
        if self.own:
            return f"{self.own}, workbook {__version__}, file of {self.day}"
        if self.database:
            data = f"{self.database}, version {self.data_version}"
            return f"{data}, workbook {__version__}, read {self.day}"
        return f"Data {self.data_version}, workbook {__version__}, sources as of {self.day}"

    @property
    def searched(self) -> str:
        """What was searched for trials: nothing, by whoever made this."""
        return "no search beyond that database" if self.database else "no systematic search"

    @property
    def day(self) -> str:
        """The date as readers write it, in no locale."""
        months = (
            "January February March April May June July August September October November December"
        )
        month = months.split()[self.sources_as_of.month - 1]
        return f"{self.sources_as_of.day} {month} {self.sources_as_of.year}"


def read_stamp(data: Path) -> Stamp:
    """Return version of a data package and the last date on which a source was read.

    It is read apart from the rest, which the notebooks load and validate.

    Raises
    ------
    ParameterError
        If the folder has no such version or dates.
    """
    try:
        stated = json.loads((data / "datapackage.json").read_text(encoding="utf-8"))
        version = stated["version"]
        database = str(stated["title"]) if stated.get("name") == IMPORTED else ""
        with (data / "locators.csv").open(encoding="utf-8-sig", newline="") as file:
            newest = max(date.fromisoformat(row["accessed"]) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise ParameterError(
            "data", str(data), f"a data package with a version and dates of access ({error})"
        ) from error
    return Stamp(version, newest, database=database)
