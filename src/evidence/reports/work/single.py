"""One report: where it is made, run and rendered, and kept until its build has made the others."""

import base64
import errno
import json
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence import ledger
from evidence.data import atomic
from evidence.data.safety import inside
from evidence.errors import EvidenceError
from evidence.reports.catalog import Report
from evidence.reports.manifest import Manifest, of_values
from evidence.reports.stamp import Stamp

if TYPE_CHECKING:
    from evidence.reports.render import Page

_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""Faults of files that one report meets like the next."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a build reads and writes.

    Attributes
    ----------
    root, data : Path
        Folder of the project, and the data package.
    place : Path or None
        Folder that the reports stand in; that of the project where it is None.
    """

    root: Path
    data: Path
    place: Path | None = None

    @property
    def notebooks(self) -> Path:
        """Notebooks that make reports."""
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        """The catalog, and what is made from it."""
        return (self.place or self.root) / "reports"

    @property
    def cache(self) -> Path:
        """Executed notebooks, logs and the manifest; may be deleted at any time."""
        return (self.reports if self.place else self.root) / ".cache"

    @property
    def written(self) -> tuple[Path, ...]:
        """Folders in which a build replaces files."""
        return self.reports, self.cache, self.cache / "numbers", self.cache / "ready"

    def numbers(self, report_id: str) -> Path:
        """Return the file with the numbers of one report."""
        return inside(self.cache, "numbers", f"{report_id}.json")

    def report(self, report_id: str, suffix: str) -> Path:
        """Return a file of one report."""
        return inside(self.reports, f"{report_id}.{suffix}")

    def executed(self, report_id: str) -> Path:
        """Return the notebook of one report with its outputs."""
        return inside(self.cache, "executed", f"{report_id}.ipynb")

    def log(self, report_id: str) -> Path:
        """Return the file with all that is known of a failure."""
        return inside(self.cache, "logs", f"{report_id}.txt")

    def manifest(self) -> Manifest:
        """Return what is known of the last build."""
        made = (self.reports, self.cache / "numbers")
        return Manifest.read(self.cache / "manifest.json", self.place or self.root, made)


@dataclass(frozen=True, slots=True)
class Failure:
    """A report that could not be made; its old files stand.

    Attributes
    ----------
    report_id : str
        Which one.
    kind : str
        Name of the error.
    message : str
        What happened, in one line.
    log : str
        Path of the file with all the rest, from the folder of the project.
    """

    report_id: str
    kind: str
    message: str
    log: str

    def __str__(self) -> str:
        """Return the failure as one line."""
        return f"{self.report_id}: {self.message} (see {self.log})"


def failed(report_id: str, folders: Folders, kind: str, message: str, whole: str) -> Failure:
    """Write all that is known of a failure and return it as one line."""
    log = folders.log(report_id)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(whole + "\n", encoding="utf-8")
    place = log.relative_to(folders.place or folders.root).as_posix()
    return Failure(report_id, kind, " ".join(message.split()), place)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a report, so that its page can lead there.

    Attributes
    ----------
    words : mapping of str to str
        Address of what each word of method means.
    reports : tuple of str
        Names of all reports.
    """

    words: Mapping[str, str]
    reports: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"words": dict(self.words), "reports": list(self.reports)}


def made(
    report: Report,
    folders: Folders,
    stamp: Stamp,
    manager: Any,
    cell_timeout: int | None,
    beside: Beside,
) -> "Page | Failure":
    """Run the notebook of a report and render it in all its formats.

    Parameters
    ----------
    report : Report
        Its line of the catalog.
    folders : Folders
        Where the notebook with its outputs and the log of a failure are kept.
    stamp : Stamp
        State of the data.
    manager : type
        From `evidence.reports.kernel.manager`.
    cell_timeout : int or None
        Seconds that a cell may run; half an hour where None.
    beside : Beside
        What stands beside it.

    Raises
    ------
    OSError
        If a file cannot be written for a reason that the next report would meet too.
    """
    # Loading what runs and renders takes time that a build with nothing to do should not take.
    from evidence.pages import how_to_read
    from evidence.reports import kernel, render

    folders.log(report.report_id).unlink(missing_ok=True)
    try:
        notebook = kernel.run(
            report.notebook,
            report.parameters,
            executed=folders.executed(report.report_id),
            kernel_manager=manager,
            cell_timeout=cell_timeout or kernel.CELL_TIMEOUT,
        )
        # The page that explains the words needs no way to itself.
        told = {} if report.report_id == how_to_read.PAGE else beside.words
        page = render.page(notebook, report, stamp, told, beside.reports)
        return replace(page, documents=render.documents(page.html, report, stamp, report.formats))
    except kernel.NotebookError as error:
        kind, message, whole = error.kind, str(error), error.log
    except EvidenceError as error:
        kind, message, whole = type(error).__name__, str(error), str(error)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_PLACE:
            raise
        # A fault of one report, even one of the workbook, is none of the others.
        kind, whole = type(error).__name__, "".join(traceback.format_exception(error))
        message = f"{kind}: {error}"
    return failed(report.report_id, folders, kind, message, whole)


def to_json(page: "Page") -> str:
    """Return the numbers of a page and its answer, from which index and ledger are made anew."""
    content = {
        "summary": page.summary,
        "entries": [ledger.to_json(one) for one in page.entries],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def packed(page: "Page") -> dict[str, Any]:
    """Return a page with its documents as JSON has it."""
    return {
        "html": page.html,
        "numbers": to_json(page),
        "documents": {name: base64.b64encode(one).decode() for name, one in page.documents.items()},
    }


def unpacked(content: Mapping[str, Any]) -> "Page":
    """Return the page that `packed` was given."""
    from evidence.reports.render import Page

    numbers = json.loads(content["numbers"])
    return Page(
        content["html"],
        numbers["summary"],
        tuple(ledger.from_json(one) for one in numbers["entries"]),
        {name: base64.b64decode(one) for name, one in content["documents"].items()},
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """Pages that are made, kept until their build has made all: one that stopped goes on there.

    Attributes
    ----------
    folder : Path
        Where they are.
    beside : Beside
        What stands beside them, since pages lead there.
    """

    folder: Path
    beside: Beside

    def _path(self, report_id: str) -> Path:
        return inside(self.folder, f"{report_id}.json")

    def keep(self, report_id: str, inputs: str, page: "Page") -> None:
        """Keep a page; where that cannot be, it is made again by the build that comes next."""
        content = packed(page)
        stated = {"inputs": inputs, "beside": self.beside.to_json(), "hash": of_values(content)}
        text = json.dumps({**stated, "page": content}, ensure_ascii=False)
        with suppress(OSError):
            atomic.replace(self._path(report_id), text)

    def get(self, report_id: str, inputs: str) -> "Page | None":
        """Return the page that was made from these inputs, and None where there is none."""
        try:
            stated = json.loads(self._path(report_id).read_text(encoding="utf-8"))
            if (
                (stated["inputs"], stated["beside"]) == (inputs, self.beside.to_json())
                and stated["hash"] == of_values(stated["page"])
            ):  # fmt: skip
                return unpacked(stated["page"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError, EvidenceError):
            # Nobody needs to mend a file of the cache.
            return None
        return None

    def drop(self, report_ids: Any) -> None:
        """Let pages go, which stand where they belong now."""
        for one in report_ids:
            self._path(one).unlink(missing_ok=True)
