"""References: ``references.json``, a list of CSL-JSON items."""

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.safety import ADDRESS_WORDS, ID, ID_WORDS, INVISIBLE, SEEN_WORDS, is_address
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
        if ID.fullmatch(key) is None:
            faults.add(REFERENCES, ID_WORDS, value=key)
        if "URL" in item and not is_address(str(item["URL"])):
            faults.add(REFERENCES, f"{ADDRESS_WORDS} (URL of {key})", value=str(item["URL"]))
        for hidden in map(INVISIBLE.search, _texts(item)):
            if hidden:
                accepted = f"{SEEN_WORDS} (U+{ord(hidden[0]):04X} in {key})"
                faults.add(REFERENCES, accepted, value=hidden.string, cause=(key, hidden[0]))
        if not isinstance(item.get("type"), str):
            faults.add(REFERENCES, "an item with a type, such as article-journal", value=key)
    return references


def _texts(value: Any) -> Iterator[str]:
    """All texts of an item, names of its fields too."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
