"""Files that are replaced as a whole: a reader sees the old one or the new one, never a part."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

READABLE_BY_ALL = 0o644


def replace(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there in one step.

    Parameters
    ----------
    path : Path
        File to write; its folder is made where it is missing.
    content : str or bytes
        Whole content; text is written as UTF-8 with its line ends as they are.

    Raises
    ------
    OSError
        If it cannot be written; the old file then stands untouched.
    """
    written = _beside(path, content)
    try:
        written.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            written.unlink()
        raise


def replace_all(contents: Mapping[Path, str | bytes]) -> None:
    """Replace several files that are there: all of them, or none.

    Each is written beside its place; only when all are, they are moved there one by one. If a move
    fails, those before it are moved back.

    Parameters
    ----------
    contents : mapping of Path to str or bytes
        Whole content of each file, in the order in which they are replaced.

    Raises
    ------
    OSError
        If one cannot be written or moved; the old files then stand untouched.
    """
    with ExitStack() as leftovers:

        def prepared(path: Path, content: str | bytes) -> Path:
            made = _beside(path, content)
            leftovers.callback(made.unlink, missing_ok=True)
            return made

        new = {path: prepared(path, content) for path, content in contents.items()}
        old = {path: prepared(path, path.read_bytes()) for path in contents}
        moved: list[Path] = []
        try:
            for path, written in new.items():
                # Noted first: a move that is interrupted may have taken place.
                moved.append(path)
                written.replace(path)
        except BaseException:
            for path in reversed(moved):
                old[path].replace(path)
            raise


def _beside(path: Path, content: str | bytes) -> Path:
    """Write a file beside the place of another, safe on disk."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read.
        made.chmod(READABLE_BY_ALL)
    except BaseException:
        with suppress(FileNotFoundError):
            made.unlink()
        raise
    return made
