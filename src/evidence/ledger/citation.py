"""A number of the ledger to cite: a sentence, and the references behind it."""

from collections.abc import Sequence
from importlib.metadata import metadata

import evidence
from evidence import language
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.errors import ParameterError, check_choice
from evidence.ledger import LedgerEntry, bibliography, quotation
from evidence.ledger.bibliography import Item

FORMATS = ("text", "bibtex", "csl", "ris")

TITLE = "Attachment-therapy evidence workbook"
WORKBOOK = "attachment_therapy_evidence"
"""Id of the workbook among the references."""

HEADING = "References: trials and sources of the numbers, workbook"
"""What stands above the references of a number."""


def database_of(dataset: Dataset) -> str:
    """Return the database that a package was imported from, with its version.

    Empty for a package that no import made.
    """
    if not dataset.imported:
        return ""
    publications = dataset.publications
    named = publications.publication_id[publications.role == "database"]
    titles = language.listed(str(dataset.references[one].get("title", one)) for one in named)
    return f"{titles}, version {dataset.version}"


def workbook(dataset: Dataset, data_version: str = "") -> Item:
    """Return the workbook as a reference, with its version and that of its data.

    A number of another state of the data, as of somebody's own studies, is not of that version.
    """
    data = (
        f"data of {database}" if (database := database_of(dataset)) else f"data {dataset.version}"
    )
    of_data = data_version in ("", dataset.version)
    newest = max(dataset.locators.accessed)
    return {
        "id": WORKBOOK,
        "type": "software",
        "title": TITLE,
        "author": [{"literal": metadata("attachment-therapy-evidence")["Author"]}],
        "version": evidence.__version__ + (f" with {data}" if of_data else ""),
        "issued": {"date-parts": [[newest.year, newest.month, newest.day]]},
    }


def references(entry: LedgerEntry, dataset: Dataset) -> list[Item]:
    """Return the references of a number: reports of its trials, sources it was read in, workbook.

    Parameters
    ----------
    entry : LedgerEntry
        Number of the ledger.
    dataset : Dataset
        Data package.

    Raises
    ------
    ParameterError
        If the data package lacks a place that the number was read in: ledger and data differ.
    """
    publications = dataset.publications
    main = publications[publications.role == "main"]
    trials = [tuple(main.publication_id[main.trial_id == trial_id]) for trial_id in entry.trial_ids]
    places = set(dataset.locators.locator_id)
    unknown = [one for one in entry.locator_ids if one not in places]
    if unknown:
        raise ParameterError("data", unknown[0], "the data package that the ledger was made from")
    sources = [dataset.locator(one).publication_id for one in entry.locator_ids]
    return [
        *(dataset.references[one] for one in union([*trials, sources])),
        workbook(dataset, entry.data_version),
    ]


def origin(entry: LedgerEntry) -> str:
    """Return which number of which state of the data a citation is of, and how it was computed."""
    return (
        f"Estimate {entry.estimate_id}, data version {entry.data_version}. "
        f"How it was computed: {entry.method}."
    )


def listed(items: Sequence[Item], style: str) -> list[str]:
    """Return references as lines of text, in the manner that goes with a style of sentences."""
    return bibliography.formatted(items, "apa" if style == "apa" else "ama")


def exported(items: Sequence[Item], form: str) -> str:
    """Return references for a reference manager: ``bibtex``, ``csl`` or ``ris``."""
    writers = {"bibtex": bibliography.bibtex, "csl": bibliography.csl, "ris": bibliography.ris}
    return writers[form](items)


def citation(
    entry: LedgerEntry, dataset: Dataset, *, style: str = "ama", form: str = "text"
) -> str:
    """Return a number to cite.

    Parameters
    ----------
    entry : LedgerEntry
        Number of the ledger.
    dataset : Dataset
        Data package.
    style : str
        ``ama``, ``apa`` or ``plain``.
    form : str
        One of `FORMATS`: a sentence with references, or the references alone.

    Raises
    ------
    ParameterError
        If style or format is unknown, or the data package is not that of the ledger.
    """
    check_choice("format", form, FORMATS)
    sentence = quotation.sentence(entry, dataset, style)
    items = references(entry, dataset)
    if form != "text":
        return exported(items, form)
    return "\n".join(
        [
            sentence,
            "",
            origin(entry),
            "",
            HEADING,
            *(f"- {one}" for one in listed(items, style)),
        ]
    )
