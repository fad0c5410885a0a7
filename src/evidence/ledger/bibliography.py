"""References as reference managers and text processors take them: CSL-JSON, BibTeX, RIS."""

import json
import re
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

Item = dict[str, Any]
"""A reference in CSL-JSON."""

CSL_STYLES = {"ama": "american-medical-association.csl", "apa": "apa.csl"}

_BIBTEX_TYPE = {"article-journal": "article", "dataset": "misc", "software": "misc"}
_RIS_TYPE = {"article-journal": "JOUR", "dataset": "DATA", "software": "COMP", "webpage": "ELEC"}
_TEX = {one: f"\\{one}" for one in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def formatted(items: Sequence[Item], style: str) -> list[str]:
    """Return references as lines of text, in the manner of AMA or APA.

    Parameters
    ----------
    items : sequence of dict
        References; in the manner of AMA they keep their order, in that of APA they are sorted.
    style : str
        ``ama`` or ``apa``.
    """
    import pypandoc  # type: ignore[import-untyped]

    style_file = files("evidence.ledger") / "styles" / CSL_STYLES[style]
    with tempfile.TemporaryDirectory() as folder:
        bibliography = Path(folder) / "references.json"
        bibliography.write_text(csl([_with_version(one, style) for one in items]), encoding="utf-8")
        chosen = Path(folder) / "style.csl"
        chosen.write_bytes(style_file.read_bytes())
        cited = ", ".join(f"@{one['id']}" for one in items)
        text = pypandoc.convert_text(
            f"---\nnocite: '{cited}'\n---\n",
            "plain",
            format="markdown",
            extra_args=[
                "--citeproc",
                "--wrap=none",
                f"--csl={chosen}",
                f"--bibliography={bibliography}",
            ],
        )
    lines = [_CONTROL.sub(" ", line).strip() for line in text.splitlines()]
    return [re.sub(r"^[0-9]+\. +", "", line) for line in lines if line]


def _with_version(item: Item, style: str) -> Item:
    """Return an item whose version shows: the style of AMA prints none."""
    if style == "ama" and item.get("version"):
        return {**item, "title": f"{item['title']}. Version {item['version']}"}
    return item


def csl(items: Sequence[Item]) -> str:
    """Return references as CSL-JSON."""
    return json.dumps(list(items), ensure_ascii=False, indent=2)


def bibtex(items: Sequence[Item]) -> str:
    """Return references as BibTeX; titles keep their case."""
    return "\n\n".join(_bibtex(one) for one in items)


def _bibtex(item: Item) -> str:
    kind = _BIBTEX_TYPE.get(str(item.get("type")), "misc")
    container = "journal" if kind == "article" else "howpublished"
    fields = {
        "author": " and ".join(_bibtex_name(one) for one in item.get("author", [])),
        "title": f"{{{_tex(item.get('title', ''))}}}" if item.get("title") else "",
        container: _tex(item.get("container-title") or item.get("publisher") or ""),
        "year": _year(item),
        "volume": _tex(item.get("volume", "")),
        "number": _tex(item.get("issue") or item.get("number") or ""),
        "pages": _tex(item.get("page", "")).replace("-", "--"),
        "version": _tex(item.get("version", "")),
        "doi": _address(item.get("DOI", "")),
        "url": "" if item.get("DOI") else _address(item.get("URL", "")),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{item['id']},", *lines, "}"])


def _bibtex_name(one: dict[str, Any]) -> str:
    if "literal" in one:
        return f"{{{_tex(one['literal'])}}}"
    return ", ".join(_tex(one[part]) for part in ("family", "given") if one.get(part))


def _tex(text: object) -> str:
    return "".join(_TEX.get(one, one) for one in _line(text))


def _address(text: object) -> str:
    return re.sub(r"[{}\\\s]", "", str(text))


def _line(text: object) -> str:
    return " ".join(_CONTROL.sub(" ", str(text)).split())


def _year(item: Item) -> str:
    return str(item.get("issued", {}).get("date-parts", [[""]])[0][0])


def ris(items: Sequence[Item]) -> str:
    """Return references as RIS."""
    return "\n".join(_ris(one) for one in items)


def _ris(item: Item) -> str:
    first, _, last = str(item.get("page", "")).partition("-")
    fields = [
        ("TY", _RIS_TYPE.get(str(item.get("type")), "GEN")),
        *(("AU", _ris_name(one)) for one in item.get("author", [])),
        ("TI", item.get("title", "")),
        ("JO" if item.get("type") == "article-journal" else "PB", _container(item)),
        ("PY", _year(item)),
        ("VL", item.get("volume", "")),
        ("IS", item.get("issue", "")),
        ("SP", first),
        ("EP", last),
        ("ET", item.get("version", "")),
        ("DO", item.get("DOI", "")),
        ("UR", item.get("URL", "")),
        ("ID", item["id"]),
    ]
    lines = [f"{tag}  - {_line(value)}" for tag, value in fields if value]
    return "\n".join([*lines, "ER  - ", ""])


def _container(item: Item) -> object:
    return item.get("container-title") or item.get("publisher") or ""


def _ris_name(one: dict[str, Any]) -> str:
    if "literal" in one:
        return str(one["literal"])
    return ", ".join(str(one[part]) for part in ("family", "given") if one.get(part))
