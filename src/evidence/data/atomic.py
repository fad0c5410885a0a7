"""Files that are replaced as a whole: a reader sees the old one or the new one, never a part."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

READABLE_BY_ALL = 0o644
_UNFINISHED = ".evidence-part"


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


def replace_all(contents: Mapping[Path, str | bytes], gone: Iterable[Path] = ()) -> None:
    """Replace or add several files and remove others: all of that, or nothing.

    Each is written beside its place; only when all are, they are moved there one by one. If a move
    fails or is interrupted, those before it are moved back.

    Parameters
    ----------
    contents : mapping of Path to str or bytes
        Whole content of each file, in the order in which they are replaced.
    gone : iterable of Path
        Files to remove, after that; those that are not there are passed over.

    Raises
    ------
    OSError
        If one cannot be written or moved; the old files then stand untouched.
    """
    with ExitStack() as leftovers:

        def kept(made: Path) -> Path:
            leftovers.callback(made.unlink, missing_ok=True)
            return made

        new = {path: kept(_beside(path, content)) for path, content in contents.items()}
        removed = [path for path in gone if path not in new and path.exists()]
        # A second name of the old file needs no room, which a full disk does not have.
        old = {path: kept(_second(path)) for path in (*new, *removed) if path.exists()}
        moved: list[Path] = []
        try:
            for path, written in new.items():
                # Noted first: a move that is interrupted may have taken place.
                moved.append(path)
                written.replace(path)
            for path in removed:
                moved.append(path)
                path.unlink()
        except BaseException:
            for path in reversed(moved):
                if path in old:
                    old[path].replace(path)
                else:
                    path.unlink(missing_ok=True)
            raise


def tidy(folder: Path) -> None:
    """Remove what a process that was killed left unfinished in a folder.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    if folder.is_dir():
        for path in unfinished(folder):
            path.unlink(missing_ok=True)
        _beside(folder / "empty", b"").unlink()


def unfinished(folder: Path) -> list[Path]:
    """Return what is being written in a folder, or was left by a process that was killed."""
    return list(folder.glob(f".*{_UNFINISHED}"))


def _second(path: Path) -> Path:
    """Return another name of a file beside it; of a copy where there are no such names."""
    made = _beside(path, b"")
    try:
        made.unlink()
        made.hardlink_to(path)
    except OSError:
        with suppress(FileNotFoundError):
            made.unlink()
        return _beside(path, path.read_bytes())
    return made


def _beside(path: Path, content: str | bytes) -> Path:
    """Write a file beside the place of another, safe on disk."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)
        return _written(descriptor, Path(name), data)
    except OSError as error:
        if error.errno is None:
            raise
        # Named is the file that is asked for, not the one beside it.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _written(descriptor: int, made: Path, data: bytes) -> Path:
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
