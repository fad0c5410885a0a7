"""The imported package as files: written whole beside its place, checked, then moved there."""

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.atomic import READABLE_BY_ALL
from evidence.dataset import Dataset, load
from evidence.errors import ParameterError
from evidence.interop.metapsy.schema import MADE_BY
from evidence.ledger import csv_cell
from evidence.safety import inside
from evidence.validation import DESCRIPTOR

ENTERED_BY_ALL = 0o755


def check_place(output: Path) -> None:
    """Refuse a place that holds something else than an imported package.

    Raises
    ------
    ParameterError
        If it is a file, or a folder with files that the importer did not make.
    """
    expected = f"a new or empty folder, or one that {MADE_BY} made"
    if output.exists() and not output.is_dir():
        raise ParameterError("output", str(output), expected)
    if output.is_dir() and any(output.iterdir()) and not _made_here(output):
        raise ParameterError("output", str(output), expected)


def _made_here(folder: Path) -> bool:
    try:
        stated = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stated, dict) and stated.get("made_by") == MADE_BY


def table_text(descriptor: Mapping[str, Any], table: str, rows: Sequence[Mapping[str, str]]) -> str:
    """Return a table as CSV, with the columns of its schema and texts that compute nothing.

    Parameters
    ----------
    descriptor : mapping
        Descriptor of the package.
    table : str
        Name of the table.
    rows : sequence of mapping
        Text of each cell by column; a column that is not in it is empty.
    """
    resource = next(one for one in descriptor["resources"] if one["name"] == table)
    columns = [field["name"] for field in resource["schema"]["fields"]]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([csv_cell(row.get(column, "").strip()) for column in columns])
    return buffer.getvalue()


def write_package(output: Path, files: Mapping[str, str]) -> Dataset:
    """Write a package as a whole and return it as loaded; nothing is left where it has a fault.

    Parameters
    ----------
    output : Path
        Its folder; one that the importer made before is replaced.
    files : mapping of str to str
        Content of each file by name.

    Raises
    ------
    ParameterError
        If the place cannot be used.
    DataError
        If what was made is no valid package.
    """
    check_place(output)
    output = output.resolve()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise ParameterError(
            "output", str(output), f"a folder that can be written ({error.strerror})"
        ) from None
    try:
        for name, text in files.items():
            path = inside(made, name)
            path.write_text(text, encoding="utf-8", newline="\n")
            path.chmod(READABLE_BY_ALL)
        load(made)
        # mkdtemp makes folders that only their owner can enter.
        made.chmod(ENTERED_BY_ALL)
        _move(made, output)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return load(output)


def _move(made: Path, output: Path) -> None:
    """Put a folder in the place of another; the old one comes back where that fails."""
    if not output.exists():
        made.rename(output)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    old = aside / output.name
    output.rename(old)
    try:
        made.rename(output)
    except OSError:
        with suppress(OSError):
            old.rename(output)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
