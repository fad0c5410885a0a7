"""Packs what a release hands out: all reports in all formats, the ledger, and their checksums."""

import hashlib
import io
import sys
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from evidence import __version__
from evidence.data import atomic
from evidence.data.safety import inside
from evidence.errors import EvidenceError, RenderError
from evidence.reports.build import build, find_root
from evidence.reports.stamp import read_stamp

SUMS = "SHA256SUMS"
PREFIX = "attachment-therapy-evidence-"
_KINDS = (".html", ".docx", ".pdf", ".csv")
_BESIDE = ("CITATION.cff", "LICENSE")
READABLE_BY_ALL = 0o644


def release(root: Path | None = None) -> Path:
    """Pack the reports of a project, built anew where something has changed.

    Parameters
    ----------
    root : Path, optional
        Folder of the project; found from the working folder where none is given.

    Returns
    -------
    Path
        Of the package, ``dist/attachment-therapy-evidence-<version>-data-<version>.zip``. In it
        ``SHA256SUMS`` lists its files; beside it a file of that name lists the package. Older
        packages are removed. The same reports give the same bytes.

    Raises
    ------
    RenderError
        If a report could not be made, or a file in the folder of reports belongs to none.
    """
    base = (root or find_root()).resolve()
    built = build(root=base)
    if built.failures:
        raise RenderError("; ".join(map(str, built.failures)))
    stamp = read_stamp(base / "data")
    name = f"{PREFIX}{__version__}-data-{stamp.data_version}"
    found = contents(base)
    found[SUMS] = _sums(found)
    package = packed(
        {f"{name}/{one}": content for one, content in found.items()}, stamp.sources_as_of
    )
    folder = base / "dist"
    path = inside(folder, f"{name}.zip")
    atomic.replace(path, package)
    for one in folder.glob(f"{PREFIX}*.zip"):
        if one != path:
            one.unlink()
    atomic.replace(folder / SUMS, _sums({path.name: package}))
    return path


def contents(base: Path) -> dict[str, bytes]:
    """Return what is handed out of a project, by its path from there.

    Raises
    ------
    RenderError
        If a file in the folder of reports belongs to none.
    """
    found = {
        f"reports/{path.name}": path.read_bytes()
        for path in sorted((base / "reports").iterdir())
        if path.suffix in _KINDS
    }
    strange = [one for one in found if not one.endswith(".csv") and not _has_page(base / one)]
    if strange:
        raise RenderError(f"files that belong to no report: {', '.join(strange)}")
    return found | {one: (base / one).read_bytes() for one in _BESIDE if (base / one).is_file()}


def _has_page(path: Path) -> bool:
    return path.with_suffix(".html").is_file()


def _sums(files: Mapping[str, bytes]) -> bytes:
    """Return the lines that ``sha256sum --check`` reads."""
    lines = [f"{hashlib.sha256(files[one]).hexdigest()}  {one}\n" for one in sorted(files)]
    return "".join(lines).encode()


def packed(files: Mapping[str, bytes], day: date) -> bytes:
    """Return files as a zip, sorted by name and all of one day, so that its bytes are the same."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = READABLE_BY_ALL << 16
            package.writestr(entry, files[path])
    return made.getvalue()


def main() -> None:
    """Pack a release of the project in the working folder and print its path."""
    try:
        path = release()
    except EvidenceError as error:
        sys.stderr.write(f"release: {error}\n")
        raise SystemExit(1) from None
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
