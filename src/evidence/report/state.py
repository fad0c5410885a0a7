"""What a build knows of earlier builds: hashes of what went in and of what came out."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence import atomic
from evidence.errors import ParameterError
from evidence.safety import inside

VERSION = 1
_MADE = (".html", ".docx", ".pdf", ".csv", ".json")
_SHARED = ("index.html", "estimates.csv", "superseded.csv")
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
