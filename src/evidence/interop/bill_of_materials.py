"""The software that a build runs with, as a bill of materials in CycloneDX 1.6."""

import re
from typing import Any

from evidence import __version__
from evidence.errors import DataError, Fault

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
