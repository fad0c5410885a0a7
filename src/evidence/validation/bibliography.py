"""References: ``references.json``, a list of CSL-JSON items."""

from collections.abc import Mapping
from typing import Any

from evidence.validation.faults import Faults
from evidence.validation.files import parse_json

REFERENCES = "references.json"


def read_references(text: str, faults: Faults) -> Mapping[str, dict[str, Any]] | None:
    """Read the references; None, and a fault, where the file is no list of items.

    Parameters
    ----------
    text : str
        Content of the file.
    faults : Faults
        Where broken JSON, items without id or type, and repeated ids are reported.
    """
    before = len(faults)
    items = parse_json(text, REFERENCES, faults)
    if len(faults) > before:
        return None
    if not isinstance(items, list):
        faults.add(REFERENCES, "a list of CSL-JSON items")
        return None
    references: dict[str, dict[str, Any]] = {}
    for position, item in enumerate(items, start=1):
        key = item.get("id") if isinstance(item, dict) else None
        if not isinstance(key, str) or not key:
            faults.add(REFERENCES, f"an item with an id (item {position} of the list)")
            continue
        if key in references:
            faults.add(REFERENCES, "each id once", value=key, cause=("id", key))
            continue
        references[key] = item
        if not isinstance(item.get("type"), str):
            faults.add(REFERENCES, "an item with a type, such as article-journal", value=key)
    return references
