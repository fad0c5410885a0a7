"""What a build knows of earlier builds: hashes of what went in and of what came out."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence import atomic

VERSION = 1
_SOURCES = ("*.py", "*.j2", "*.css", "*.js", "*.typ", "*.toml")


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


def of_folder(folder: Path, patterns: Iterable[str] = ("*",)) -> str:
    """Return the hash of the names and contents of the files in a folder, folders inside it too."""
    paths = sorted({path for one in patterns for path in folder.rglob(one) if path.is_file()})
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
    """Hashes of the last build, written when all else is in place.

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

    @classmethod
    def read(cls, path: Path, root: Path) -> "Manifest":
        """Return the manifest of the last build; an empty one where none can be read."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls(path, root)
        if not isinstance(content, dict) or content.get("version") != VERSION:
            return cls(path, root)
        return cls(path, root, content["inputs"], content["outputs"])

    def is_whole(self, key: str, inputs: str) -> bool:
        """Whether the files of a report are those that these inputs gave."""
        files = self.outputs.get(key)
        return (
            files is not None
            and self.inputs.get(key) == inputs
            and all(of_file(self.root / name) == digest for name, digest in files.items())
        )

    def put(self, key: str, inputs: str, contents: Mapping[Path, str | bytes]) -> None:
        """Replace the files of a report, those that are different, and remember their hashes.

        Files of the last build that are not among them are removed.
        """
        hashes = {}
        for path, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            digest = hashlib.sha256(data).hexdigest()
            if of_file(path) != digest:
                atomic.replace(path, content)
            hashes[path.relative_to(self.root).as_posix()] = digest
        for name in set(self.outputs.get(key, ())) - set(hashes):
            (self.root / name).unlink(missing_ok=True)
        self.inputs[key], self.outputs[key] = inputs, hashes

    def drop(self, keep: Iterable[str]) -> tuple[str, ...]:
        """Remove the files of reports that are no longer made; return their ids."""
        gone = tuple(sorted(set(self.outputs) - set(keep) - {""}))
        for key in gone:
            for name in self.outputs.pop(key):
                (self.root / name).unlink(missing_ok=True)
            self.inputs.pop(key, None)
        return gone

    def write(self) -> None:
        """Write it, last of all."""
        content = {"version": VERSION, "inputs": self.inputs, "outputs": self.outputs}
        atomic.replace(self.path, json.dumps(content, indent=1, sort_keys=True) + "\n")
