"""The catalog of reports: which notebook makes which report, with which parameters."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.data.safety import ID, ID_WORDS, INVISIBLE, SEEN_WORDS, visible
from evidence.errors import ParameterError, check_choice, of_file
from evidence.reports import parameters

FORMATS = ("html", "docx", "pdf")
"""What a report can be made into, and is where the catalog does not say."""

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_RESERVED = ("index",)
_TEXTS = ("id", "title", "notebook")
_KEYS = (*_TEXTS, "lede", "group", "parameters", "formats", "for_each")

GROUPS = {
    "answers": "What trials show",
    "durability": "Whether effects last",
    "trials": "The trials, one by one and side by side",
    "method": "Method, robustness and integrity",
}
"""Groups of reports in the index, and their headings there; the first is that of most."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes
    ----------
    report_id : str
        Name of its files.
    title : str
        Heading of the page.
    lede : str
        What and whom it covers, in one sentence below the heading; may be empty.
    notebook : Path
        Notebook that makes it.
    parameters : dict
        What the notebook is given, checked.
    formats : tuple of str
        What it is made into.
    group : str
        Where the index lists it, one of `GROUPS`.
    """

    report_id: str
    title: str
    lede: str
    notebook: Path
    parameters: Mapping[str, Any]
    formats: tuple[str, ...]
    group: str = "answers"


def read(path: Path, *, notebooks: Path, data: Path) -> tuple[Report, ...]:
    """Return the reports of a catalog, those made for each trial one by one.

    Parameters
    ----------
    path : Path
        TOML file with one ``[[report]]`` table per report: ``id``, ``title``, ``notebook`` (file
        name in the folder of notebooks), and where needed ``lede``, ``group`` (one of `GROUPS`,
        default the first), ``parameters``, ``formats``
        (default all; HTML is one of them, since the others are made from it) and
        ``for_each = "trials"``. The latter makes one report per row of ``trials.csv`` with the
        parameter ``trial_id``, the id ``<id>-<trial_id>``, and ``{label}`` in the title replaced by
        the label of the trial.
    notebooks, data : Path
        Folders of the notebooks and of the data package.

    Raises
    ------
    ParameterError
        If the catalog is missing, malformed, or its parameters are not those of its notebooks.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ParameterError(path.name, str(path), "a catalog of reports that exists") from error
    except UnicodeDecodeError as error:
        raise ParameterError(path.name, str(error), "a TOML file in UTF-8") from error
    return parsed(text, path.name, notebooks=notebooks, data=data)


def parsed(text: str, name: str, *, notebooks: Path, data: Path) -> tuple[Report, ...]:
    """Return the reports of the text of a catalog; `name` is what messages call it.

    Raises
    ------
    ParameterError
        As `read` does.
    """
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ParameterError(name, str(error), "a TOML file in UTF-8") from error
    items = content.get("report")
    if set(content) != {"report"} or not isinstance(items, list):
        raise ParameterError(name, sorted(content), "[[report]] tables and nothing else")
    found = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise ParameterError(f"{name}, report {number}", item, "a table")
        with of_file(f"{name}, report {number}"):
            found += _reports(item, notebooks, data)
    ids = [one.report_id for one in found]
    for one in ids:
        if ids.count(one) > 1:
            raise ParameterError(f"{name}, id", one, "each id once")
    return tuple(found)


def _reports(item: dict[str, Any], notebooks: Path, data: Path) -> list[Report]:
    for key in item:
        check_choice("key", key, _KEYS)
    for key in _TEXTS:
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise ParameterError(key, item.get(key), "a text")
        _all_seen(key, item[key])
    if not _ID.fullmatch(item["id"]) or item["id"] in _RESERVED:
        raise ParameterError("id", item["id"], "lower-case letters, digits and hyphens, not index")
    formats = item.get("formats", list(FORMATS))
    if (
        not isinstance(formats, list)
        or "html" not in formats
        or any(one not in FORMATS for one in formats)
    ):
        raise ParameterError(
            "formats", formats, f"a list out of {', '.join(FORMATS)} with html in it"
        )
    lede = item.get("lede", "")
    if not isinstance(lede, str):
        raise ParameterError("lede", lede, "a text")
    _all_seen("lede", lede)
    group = item.get("group", "answers")
    check_choice("group", group, tuple(GROUPS))
    given = item.get("parameters", {})
    if not isinstance(given, dict):
        raise ParameterError("parameters", given, "a table")
    notebook = notebooks / item["notebook"]
    if notebook not in (known := sorted(notebooks.glob("*.ipynb"))):
        accepted = ", ".join(one.name for one in known)
        raise ParameterError("notebook", item["notebook"], f"one of {accepted}")
    if "for_each" not in item:
        checked = parameters.checked(notebook, given)
        return [Report(item["id"], item["title"], lede, notebook, checked, tuple(formats), group)]
    if item["for_each"] != "trials":
        raise ParameterError("for_each", item["for_each"], "'trials', or no such key")
    return [
        Report(
            f"{item['id']}-{trial_id}",
            item["title"].replace("{label}", label),
            lede,
            notebook,
            parameters.checked(notebook, {**given, "trial_id": trial_id}),
            tuple(formats),
            group,
        )
        for trial_id, label in _trials(data)
    ]


def _trials(data: Path) -> list[tuple[str, str]]:
    path = data / "trials.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [(row["trial_id"], row["label"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(
            "for_each", str(error), "trials.csv in UTF-8 with the columns trial_id and label"
        ) from error
    for trial_id, _ in found:
        # Checked here too: the catalog is read before the data are.
        if not ID.fullmatch(trial_id or ""):
            raise ParameterError("trials.csv, trial_id", trial_id, ID_WORDS)
    return found


def _all_seen(place: str, text: str) -> None:
    if INVISIBLE.search(text):
        raise ParameterError(place, visible(text), SEEN_WORDS)
