"""Files that are replaced as a whole: a reader sees the old one or the new one, never a part."""

import os
import tempfile
from contextlib import suppress
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
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read.
        Path(name).chmod(READABLE_BY_ALL)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
