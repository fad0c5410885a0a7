"""What a build knows of earlier builds: hashes of what went in and came out, and old values."""

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from evidence.data import atomic
from evidence.data.safety import inside
from evidence.errors import DataError, Fault, ParameterError
from evidence.ledger import (
    Comparison,
    LedgerEntry,
    Superseded,
    read_superseded,
    superseded_csv,
    table,
)

VERSION = 1
_MADE = (".html", ".docx", ".pdf", ".csv", ".json")
_SHARED = ("index.html", "estimates.csv", "superseded.csv")
_SOURCES = ("*.py", "*.j2", "*.css", "*.js", "*.typ", "*.toml", "*.csv")


def of_file(path: Path) -> str:
    """Return the hash of a file; empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def of_values(*values: Any) -> str:
    """Return the hash of plain values."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def of_folder(folder: Path, patterns: Iterable[str] = ("*",), *, within: bool = True) -> str:
    """Return the hash of the names and contents of the files in a folder.

    Those in folders inside it are among them where `within` says so.
    """
    found = folder.rglob if within else folder.glob
    paths = sorted({path for one in patterns for path in found(one) if path.is_file()})
    return of_values([[path.relative_to(folder).as_posix(), of_file(path)] for path in paths])


def of_package(package: Path) -> str:
    """Return the hash of the source of this package."""
    return of_folder(package, _SOURCES)


def of_notebook(path: Path) -> str:
    """Return the hash of what a notebook does: sources and tags, not the outputs stored with it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return of_values(
        [
            [cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])]
            for cell in cells
        ]
    )


@dataclass(slots=True)
class Manifest:
    """Hashes of the last build, and what this one puts in the place of its files.

    Attributes
    ----------
    path : Path
        Its file.
    root : Path
        Folder that the paths of outputs start from.
    inputs : dict
        Hash of all that goes into a report, by its id.
    outputs : dict
        For each report id, and "" for what all reports share, the hashes of its files.
    """

    path: Path
    root: Path
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    _new: dict[Path, bytes] = field(default_factory=dict)
    _gone: list[Path] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, root: Path, folders: Collection[Path]) -> "Manifest":
        """Return the manifest of the last build; an empty one where there is none of this project.

        Parameters
        ----------
        path, root : Path
            Its file, and the folder that the paths in it start from.
        folders : collection of Path
            Where its files are: a manifest that names another place is none of this project, since
            what it names can be removed.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return cls(path, root)
        if not isinstance(content, dict) or content.get("version") != VERSION:
            return cls(path, root)
        inputs: Any = content.get("inputs")
        outputs: Any = content.get("outputs")
        whole = isinstance(outputs, dict) and all(map(_are_texts, outputs.values()))
        if not whole or not _are_texts(inputs):
            return cls(path, root)
        if not all(
            _is_own(root, key, one, folders) for key, files in outputs.items() for one in files
        ):
            return cls(path, root)
        return cls(path, root, inputs, outputs)

    def is_whole(self, key: str, inputs: str) -> bool:
        """Whether the files of a report are those that these inputs gave."""
        files = self.outputs.get(key)
        return (
            files is not None
            and self.inputs.get(key) == inputs
            and all(
                self.root / name in self._new or of_file(self.root / name) == digest
                for name, digest in files.items()
            )
        )

    def put(self, key: str, inputs: str, contents: Mapping[Path, str | bytes]) -> None:
        """Note new files of a report, those that are different; others of its last build go."""
        hashes = {}
        for path, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            digest = hashlib.sha256(data).hexdigest()
            if of_file(path) != digest:
                self._new[path] = data
            hashes[path.relative_to(self.root).as_posix()] = digest
        self._gone += [self.root / one for one in set(self.outputs.get(key, ())) - set(hashes)]
        self.inputs[key], self.outputs[key] = inputs, hashes

    def drop(self, keep: Iterable[str]) -> tuple[str, ...]:
        """Let the files of reports go that are no longer made; return their ids."""
        gone = tuple(sorted(set(self.outputs) - set(keep) - {""}))
        for key in gone:
            self._gone += [self.root / name for name in self.outputs.pop(key)]
            self.inputs.pop(key, None)
        return gone

    def write(self) -> None:
        """Put all that was noted in its place, and the manifest last: all of it, or nothing.

        Raises
        ------
        OSError
            If a file cannot be written; all files then stand as they were.
        """
        content = {"version": VERSION, "inputs": self.inputs, "outputs": self.outputs}
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        atomic.replace_all({**self._new, self.path: text}, self._gone)


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_own(root: Path, key: str, name: str, folders: Collection[Path]) -> bool:
    """Whether a path in a manifest is that of a file which builds make and may remove."""
    try:
        path = inside(root, name)
    except ParameterError:
        return False
    named = path.name.startswith(key) and path.suffix in _MADE if key else path.name in _SHARED
    return path.parent in folders and named


REASONS = ("data_version", "ids", "reason")
"""Columns of ``reasons.csv``: why numbers that stood under a version of the data moved by a change
of method. ``ids`` is a pattern of ids, with ``*`` for anything."""

_GENERATOR = re.compile(r'<meta name="generator" content="\S+ (\S+?)">')


def package_version(index: Path) -> str:
    """Return the package version that a page was made by; empty where there is no such page."""
    try:
        found = _GENERATOR.search(index.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return ""
    return found[1] if found else ""


def _reasons(path: Path) -> list[dict[str, str]]:
    """Return the rows of ``reasons.csv``, none of which leaves anything out."""
    rows = table(path, REASONS)
    faults = [
        Fault(path.name, line, name, cell, "text")
        for line, row in rows
        for name, cell in row.items()
        if not cell.strip()
    ]
    if faults:
        raise DataError(faults, path.name)
    return [row for _, row in rows]


def file(
    folder: Path, comparison: Comparison, old: Iterable[LedgerEntry], data_version: str
) -> tuple[str, tuple[str, ...]]:
    """Return ``superseded.csv`` with the old values of all numbers that moved or went, and why.

    Parameters
    ----------
    folder : Path
        Folder of reports, with ``superseded.csv`` so far, ``reasons.csv`` and the old index, which
        says the package version.
    comparison : Comparison
        Of the old ledger with the new one.
    old : iterable of LedgerEntry
        The old ledger.
    data_version : str
        Version of the data that the new one is from.

    Returns
    -------
    str
        The file.
    tuple of str
        Ids of numbers whose reason nothing says: no row of ``reasons.csv``, and not the data,
        whose version stayed, or which moved neither an effect nor a limit.

    Raises
    ------
    DataError
        If either file is not what it should be.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), tz=UTC) if epoch else datetime.now(tz=UTC)
    until = now.date()
    entries = {one.estimate_id: one for one in old}
    package = package_version(folder / "index.html") if comparison.superseded else ""
    given = _reasons(folder / "reasons.csv")
    rows = [*read_superseded(folder / "superseded.csv")]
    numbers_moved = {
        one.estimate_id for one in comparison.moved if one.field in ("effect", "ci_low", "ci_high")
    }
    # A build that was killed before it replaced the ledger has noted the same values already.
    last = {one.estimate_id: one for one in rows}
    without = []
    for estimate_id in comparison.superseded:
        one = entries[estimate_id]
        why = [
            row["reason"]
            for row in given
            if row["data_version"] == one.data_version and fnmatchcase(estimate_id, row["ids"])
        ]
        if not why and estimate_id in comparison.removed:
            why = ["no report shows it any more"]
        if not why and one.data_version != data_version and estimate_id in numbers_moved:
            why = [f"data {one.data_version} became {data_version}"]
        if not why:
            without.append(estimate_id)
        value = (estimate_id, one.effect, one.ci_low, one.ci_high)
        row = Superseded(*value, one.data_version, package, until, "; ".join(why))
        if estimate_id not in last or replace(last[estimate_id], until=until) != row:
            rows.append(row)
    return superseded_csv(rows), tuple(without)
