"""The two sides of a comparison: a git revision or a folder, each read as a data package."""

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.data.dataset import Dataset, load
from evidence.data.validation.descriptor import DESCRIPTOR
from evidence.errors import DataError, ParameterError

HEAD = "HEAD"
WORKING_TREE = "the working tree"

_DATA = "data"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    name : str
        As a reader would name it: the revision or the folder as given.
    dataset : Dataset
        Its data package.
    """

    name: str
    dataset: Dataset


def data_folder(data: Path | None = None) -> Path:
    """Return the folder of the data package that stands here, without reading it.

    Parameters
    ----------
    data : Path, optional
        Taken as it is. By default the folder that ``$EVIDENCE_DATA`` names, else ``data/`` in the
        current folder or above, else the one beside the source of this package.
    """
    named = data or os.environ.get("EVIDENCE_DATA")
    if named:
        return Path(named)
    here = Path.cwd()
    source = Path(__file__).resolve().parents[4]
    for folder in (here, *here.parents):
        if (folder / _DATA / DESCRIPTOR).is_file():
            return folder / _DATA
    return source / _DATA


def read_side(given: str | None, *, name: str, data: Path | None = None) -> Side:
    """Return a side of a comparison with its data package.

    Parameters
    ----------
    given : str or None
        A folder (a data package, or a project with one in ``data/``) or a git revision; a folder
        comes before a revision of the same name. None: the working tree.
    name : str
        Name of the argument, for messages.
    data : Path, optional
        Where the data package stands in the working tree; see `data_folder`.

    Raises
    ------
    ParameterError
        If it is neither a folder with a data package nor a revision that holds one.
    DataError
        With every fault of the data package, each file named with its side.
    """
    if given is None:
        return _read(WORKING_TREE, data_folder(data))
    folder = Path(given)
    for candidate in (folder, folder / _DATA):
        if given and (candidate / DESCRIPTOR).is_file():
            return _read(given, candidate)
    with _exported(given, name, data_folder(data)) as exported:
        return _read(given, exported)


def _read(name: str, folder: Path) -> Side:
    try:
        return Side(name, load(folder))
    except DataError as error:
        # Both sides have files of the same names.
        raise DataError(
            replace(fault, file=f"{name}: {fault.file}") for fault in error.faults
        ) from None


@contextmanager
def _exported(revision: str, name: str, folder: Path) -> Iterator[Path]:
    """Write the data package of a revision to a temporary folder."""
    expected = "a git revision, or a folder with a data package in it or in its data/"
    if not revision or not folder.is_dir():
        raise ParameterError(name, revision, expected)
    known = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^0")
    if known is None:
        raise ParameterError(name, revision, expected)
    # In a subfolder, git archives this folder alone.
    archive = _git(folder, "archive", "--format=tar", known.decode().strip())
    if archive is None:
        raise ParameterError(name, revision, f"a revision that holds {folder.name}/")
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(temporary, filter="data")
        yield Path(temporary)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, None where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
