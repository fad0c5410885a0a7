"""References of publications as readers cite them, from their CSL items."""

from collections.abc import Iterable
from typing import Any

from evidence.dataset import Dataset
from evidence.display.escape import html

SHOWN_AUTHORS = 6


def reference(item: dict[str, Any]) -> str:
    """Return one reference in the manner of AMA: authors, title, container, year, DOI."""
    authors = [_author(one) for one in item.get("author", [])]
    if len(authors) > SHOWN_AUTHORS:
        authors = [*authors[:3], "et al"]
    parts = [", ".join(authors)] if authors else []
    parts.append(str(item.get("title") or "[title not recorded]"))
    container = str(item.get("container-title") or item.get("publisher") or "")
    year = str(item.get("issued", {}).get("date-parts", [[""]])[0][0])
    volume = str(item.get("volume") or "")
    issue = f"({item['issue']})" if item.get("issue") else ""
    pages = f":{item['page']}" if item.get("page") else ""
    located = f"{volume}{issue}{pages}" if volume or pages else ""
    when = ";".join(part for part in (year, located) if part)
    parts.append(". ".join(part for part in (container, when) if part))
    if item.get("version"):
        parts.append(f"Version {item['version']}")
    if item.get("DOI"):
        parts.append(f"doi:{item['DOI']}")
    elif item.get("URL"):
        parts.append(str(item["URL"]))
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _author(one: dict[str, Any]) -> str:
    if "literal" in one:
        return str(one["literal"])
    initials = "".join(part[0] for part in str(one.get("given", "")).replace("-", " ").split())
    return f"{one.get('family', '')} {initials}".strip()


def reference_list(publication_ids: Iterable[str], dataset: Dataset) -> str:
    """Return references as an HTML list, in order of first author and year."""
    items = [dataset.references[one] for one in dict.fromkeys(publication_ids)]
    texts = sorted(reference(item) for item in items)
    return "<ol>" + "".join(f"<li>{html(one)}</li>" for one in texts) + "</ol>"
