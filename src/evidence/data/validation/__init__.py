"""Checks of a data package: everything that makes a number unsafe to use, in one go.

Types, constraints and keys are those of ``datapackage.json``, applied by frictionless cell by cell;
what frictionless lets pass (other separators, NaN, spaces, huge cells) is refused here, and so is
what a schema cannot say.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.data.validation.descriptor import (
    DESCRIPTOR,
    Descriptor,
    read_descriptor,
)
from evidence.data.validation.faults import Faults, read_text
from evidence.data.validation.keys import REFERENCES, check_keys, read_references
from evidence.data.validation.rows import Sheet, read_sheet
from evidence.data.validation.rules import Corrected, check_corrections, check_rules
from evidence.errors import DataError


@dataclass(frozen=True, slots=True)
class Package:
    """A data package without faults.

    Attributes
    ----------
    name : str
        Name of the package; empty where it states none.
    version : str
        Version of the data.
    digest : str
        SHA-256 of its files; the same for the same text with other line breaks.
    sheets : mapping of str to Sheet
        Tables by name.
    references : mapping of str to dict
        CSL items by id.
    corrected : Corrected
        Values used instead of printed ones.
    """

    name: str
    version: str
    digest: str
    sheets: Mapping[str, Sheet]
    references: Mapping[str, dict[str, Any]]
    corrected: Corrected


def read_package(folder: Path) -> Package:
    """Read and check a data package.

    Parameters
    ----------
    folder : Path
        Folder with ``datapackage.json``.

    Returns
    -------
    Package

    Raises
    ------
    DataError
        With every fault found, ordered by file and row.
    """
    faults = Faults()
    descriptor = read_descriptor(folder, faults)
    if descriptor is None:
        raise DataError(faults.in_order([DESCRIPTOR]))
    texts = {
        name: read_text(folder, name, faults)
        for name in (*(table.file for table in descriptor.tables.values()), REFERENCES)
    }
    sheets: dict[str, Sheet] = {}
    for table in descriptor.tables.values():
        text = texts[table.file]
        sheet = None if text is None else read_sheet(table, text, faults)
        if sheet is not None:
            sheets[table.name] = sheet
    text = texts[REFERENCES]
    references = None if text is None else read_references(text, faults)
    check_keys(sheets, references, faults)
    corrected = check_corrections(sheets, faults)
    check_rules(sheets, corrected, faults)
    if len(faults) or references is None:
        raise DataError(faults.in_order([DESCRIPTOR, *texts]))
    return Package(
        name=descriptor.name,
        version=descriptor.version,
        digest=_digest(descriptor, texts),
        sheets=sheets,
        references=references,
        corrected=corrected,
    )


def _digest(descriptor: Descriptor, texts: Mapping[str, str | None]) -> str:
    """SHA-256 over name, length and content of all files in sorted order."""
    content = {DESCRIPTOR: descriptor.text, **texts}
    digest = hashlib.sha256()
    for name in sorted(content):
        encoded = (content[name] or "").encode()
        digest.update(f"{name}\0{len(encoded)}\0".encode())
        digest.update(encoded)
    return digest.hexdigest()
