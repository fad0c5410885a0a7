"""The workbook as an RO-Crate 1.1: one zip with data, reports, ledger, provenance and software."""

import json
import re
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

from evidence import __version__, ledger
from evidence.data import atomic
from evidence.data.dataset import Dataset, load
from evidence.errors import DataError, Fault, ParameterError, RenderError
from evidence.exchange.provenance_graph import PAGES, provenance_graph
from evidence.reports.build import find_root
from evidence.reports.release import contents, packed
from evidence.reports.stamp import Stamp, read_stamp

SOFTWARE = "attachment-therapy-evidence"

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*(.*?))?\s*\\?")
_HASH = re.compile(r"\s+--hash=sha256:([0-9a-f]{64})\s*\\?")


def bill_of_materials(lock: str) -> dict[str, Any]:
    r"""Return the packages of a lock file as a document in CycloneDX 1.6.

    Parameters
    ----------
    lock : str
        Text of the lock, in the format of pip: each pin with its environment marker, where it has
        one, and below it the hashes of its files.

    Returns
    -------
    dict
        To be written as JSON; components sorted by name and version. It has neither a time nor a
        random serial number, so the same lock gives the same document. Source: CycloneDX 1.6 (Ecma
        International, ECMA-424, 2024).

    Raises
    ------
    DataError
        If the text pins nothing, or a line is neither a pin, a hash of one, nor a comment.

    Examples
    --------
    >>> made = bill_of_materials("numpy==2.0.0 \\\n    --hash=sha256:" + 64 * "0")
    >>> made["components"][0]["purl"]
    'pkg:pypi/numpy@2.0.0'
    """
    components: dict[str, dict[str, Any]] = {}
    found: dict[str, Any] = {}
    for number, line in enumerate(lock.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if pin := _PIN.fullmatch(line):
            found = _component(components, *pin.groups())
        elif (digest := _HASH.fullmatch(line)) and found:
            listed = found.setdefault("hashes", [])
            one = {"alg": "SHA-256", "content": digest[1]}
            if one not in listed:
                listed.append(one)
        else:
            raise DataError([_fault(number, line, "a pin, name==version, or a hash below one")])
    if not components:
        raise DataError([_fault(None, None, "pins, name==version")])
    reference = f"pkg:pypi/{SOFTWARE}@{__version__}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference,
                "name": SOFTWARE,
                "version": __version__,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": [components[one] for one in sorted(components)],
    }


def _component(
    components: dict[str, dict[str, Any]], name: str, version: str, marker: str | None
) -> dict[str, Any]:
    """Return the component of a pin, made where it is new."""
    # Names compare as the index of Python packages normalizes them.
    name = re.sub(r"[-_.]+", "-", name).lower()
    reference = f"pkg:pypi/{name}@{version}"
    found = components.setdefault(
        reference,
        {
            "type": "library",
            "bom-ref": reference,
            "name": name,
            "version": version,
            "purl": reference,
        },
    )
    if marker:
        # A lock for several versions of Python pins one package more than once.
        prop = {"name": "evidence:environment-marker", "value": marker}
        found.setdefault("properties", []).append(prop)
    return found


def _fault(row: int | None, value: str | None, expected: str) -> Fault:
    return Fault("requirements.lock", row, None, value, expected)


METADATA = "ro-crate-metadata.json"
PROVENANCE = "provenance.jsonld"
BILL = "bill-of-materials.cdx.json"
LEDGER = "reports/estimates.csv"

_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_PROFILE = "https://w3id.org/ro/crate/1.1"
_MIT = "https://spdx.org/licenses/MIT"
_OF_SOURCES = "#rights-of-sources"
_CONTRIBUTORS = "#contributors"
_SOFTWARE = "#software"

_DATA = (".csv", ".json", ".md")
_FORMATS = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    "": "text/plain",
}
_NAMES = {
    BILL: "Software bill of materials (CycloneDX 1.6)",
    PROVENANCE: "Origins of all numbers (W3C PROV)",
    LEDGER: "Ledger: all numbers of all reports",
    "reports/superseded.csv": "Numbers that no longer stand",
    "data/datapackage.json": "Descriptor of the data package (Frictionless)",
    "data/references.json": "References (CSL JSON)",
    "data/README.md": "How the data are organized",
    "CITATION.cff": "How to cite the workbook",
    "LICENSE": "License of code and text",
}
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def export_ro_crate(path: Path, root: Path | None = None) -> tuple[str, ...]:
    """Write data, reports, ledger, provenance and software bill of materials as an RO-Crate.

    Parameters
    ----------
    path : Path
        The zip to write.
    root : Path, optional
        Folder of the project; found from the working folder where none is given.

    Returns
    -------
    tuple of str
        The files in it, sorted. Reports are packed as they stand, DOCX and PDF where they are
        built; the same project gives the same bytes. Source: RO-Crate Metadata Specification 1.1
        (Sefton et al, 2020).

    Raises
    ------
    ParameterError
        If the path is not one of a zip that can be written, or there is no project.
    DataError
        If the data package, the ledger or the lock has faults.
    RenderError
        If reports or ledger are missing, or not of these data.
    """
    if path.suffix != ".zip" or path.is_dir():
        raise ParameterError("ro_crate", str(path), "a file that ends in .zip")
    base = (root or find_root()).resolve()
    dataset, stamp = load(base / "data"), read_stamp(base / "data")
    files = _gathered(base, dataset)
    files[METADATA] = _json(_metadata(files, dataset, stamp))
    try:
        atomic.replace(path, packed(files, stamp.sources_as_of))
    except OSError as error:
        raise ParameterError("ro_crate", str(path), f"a file to write ({error})") from error
    return tuple(sorted(files))


def _gathered(base: Path, dataset: Dataset) -> dict[str, bytes]:
    """Return all files but the metadata, by their paths in the crate."""
    files = contents(base)
    missing = [one for one in (LEDGER, "reports/index.html") if one not in files]
    entries = () if missing else ledger.read(base / LEDGER)
    shown = {f"reports/{report}.html" for one in entries for report in one.reports}
    missing += sorted(shown - set(files))
    if missing:
        raise RenderError(f"missing, build the reports first: {', '.join(missing)}")
    files |= {
        f"data/{one.name}": one.read_bytes()
        for one in sorted((base / "data").iterdir())
        if one.suffix in _DATA
    }
    lock = base / "requirements.lock"
    if not lock.is_file():
        raise ParameterError("folder", str(base), f"one with {lock.name} in it")
    return files | {
        BILL: _json(bill_of_materials(lock.read_text(encoding="utf-8"))),
        PROVENANCE: _json(provenance_graph(entries, dataset, files)),
    }


def _metadata(files: Mapping[str, bytes], dataset: Dataset, stamp: Stamp) -> dict[str, Any]:
    descriptor = json.loads(files["data/datapackage.json"])
    meanings = {f"data/{one['path']}": one.get("description") for one in descriptor["resources"]}
    listed = sorted(files)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": "Attachment-therapy evidence workbook",
        "description": (
            f"{descriptor['description']} With them the effect sizes, pooled estimates and reports "
            f"that version {__version__} of the workbook computes from them, the ledger of all "
            "numbers, their origins and the software. No systematic search was made, and nothing "
            "here is clinical advice."
        ),
        "version": f"{__version__}, data {dataset.version}",
        "datePublished": stamp.sources_as_of.isoformat(),
        "license": {"@id": _MIT},
        "author": {"@id": _CONTRIBUTORS},
        "publisher": {"@id": _CONTRIBUTORS},
        "hasPart": [{"@id": one} for one in listed],
        "mentions": {"@id": _SOFTWARE},
    }
    about = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _PROFILE},
        "about": {"@id": "./"},
    }
    return {
        "@context": _CONTEXT,
        "@graph": [
            about,
            root,
            *(_file(one, files, meanings.get(one)) for one in listed),
            *_contextual(),
        ],
    }


def _file(path: str, files: Mapping[str, bytes], meaning: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": path,
        "@type": "File",
        "name": _name(path, files),
        "encodingFormat": _FORMATS[Path(path).suffix],
        "contentSize": str(len(files[path])),
    }
    if meaning:
        found["description"] = meaning
    if path == BILL:
        found["about"] = {"@id": _SOFTWARE}
    if path.startswith("data/"):
        # The license of the crate covers code and text, never the numbers of others.
        found["license"] = {"@id": _OF_SOURCES}
    return found


def _name(path: str, files: Mapping[str, bytes]) -> str:
    """Return what a file is: of a report, its title."""
    if path.endswith(PAGES):
        page = files[str(Path(path).with_suffix(".html"))].decode()
        if title := _TITLE.search(page):
            return f"{unescape(title[1]).strip()} ({Path(path).suffix[1:].upper()})"
    if path in _NAMES:
        return _NAMES[path]
    return f"Table {Path(path).stem}" if path.startswith("data/") else path


def _contextual() -> Iterable[dict[str, Any]]:
    """Return what is described and is no file."""
    return (
        {
            "@id": _MIT,
            "@type": "CreativeWork",
            "name": "MIT License",
            "description": "Of code and text; the numbers in data/ belong to their sources.",
        },
        {
            "@id": _OF_SOURCES,
            "@type": "CreativeWork",
            "name": "Rights of the sources",
            "description": (
                "Each number belongs to its source; numbers from databases of the Metapsy project "
                "are used under ODC-By 1.0 with attribution."
            ),
        },
        {
            "@id": _CONTRIBUTORS,
            "@type": "Organization",
            "name": "Attachment-therapy evidence workbook contributors",
        },
        {
            "@id": _SOFTWARE,
            "@type": "SoftwareApplication",
            "name": SOFTWARE,
            "softwareVersion": __version__,
        },
    )


def _json(content: object) -> bytes:
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    return f"{text}\n".encode()
