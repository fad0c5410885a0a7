"""Builds reports: runs what has changed, replaces whole files, keeps the ledger of all numbers."""

import errno
import json
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import evidence
from evidence import ledger
from evidence.data import atomic
from evidence.data.safety import inside
from evidence.errors import EvidenceError, ParameterError, RenderError, check_choice
from evidence.ledger import Comparison, LedgerEntry
from evidence.reports import catalog
from evidence.reports import manifest as supersede
from evidence.reports.catalog import Report
from evidence.reports.manifest import (
    Manifest,
    of_file,
    of_folder,
    of_notebook,
    of_package,
    of_values,
)
from evidence.reports.stamp import Stamp, read_stamp

if TYPE_CHECKING:
    from evidence.reports.render import Page

BAD_INPUT = ("ParameterError", "DataError", "SelectionError")
"""Errors of notebooks that say: what was asked for cannot be made."""

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
        return self.reports, self.cache, self.cache / "numbers"

    def numbers(self, report_id: str) -> Path:
        """Return the file with the numbers of one report."""
        return inside(self.cache, "numbers", f"{report_id}.json")

    def report(self, report_id: str, suffix: str) -> Path:
        """Return a file of one report."""
        return inside(self.reports, f"{report_id}.{suffix}")

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


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did.

    Attributes
    ----------
    made, unchanged, removed : tuple of str
        Ids of reports.
    failures : tuple of Failure
        Reports that could not be made.
    comparison : Comparison
        Of the ledger before with the ledger now.
    """

    made: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failures: tuple[Failure, ...]
    comparison: Comparison

    @property
    def exit_code(self) -> int:
        """0; 2 if a report asked for what cannot be made; else 1 if a report failed."""
        if not self.failures:
            return 0
        return 2 if any(one.kind in BAD_INPUT for one in self.failures) else 1


def find_root(start: Path | None = None) -> Path:
    """Return the folder with ``reports/catalog.toml``, here or above.

    Raises
    ------
    ParameterError
        If there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "reports" / "catalog.toml").is_file():
            return folder
    raise ParameterError("folder", str(here), "one with reports/catalog.toml in it or above it")


def build(
    reports: Sequence[str] | None = None,
    *,
    force: bool = False,
    accept: bool = False,
    data: Path | None = None,
    root: Path | None = None,
    jobs: int | None = None,
    cell_timeout: int | None = None,
    progress: Callable[[str], None] | None = None,
    waiting: Callable[[str], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> Built:
    """Build the reports of the catalog whose inputs have changed.

    Parameters
    ----------
    reports : sequence of str, optional
        Ids; all where none is given.
    force : bool
        Build also what has not changed.
    accept : bool
        Let numbers of the ledger move though the version of the data is the same. Old values go to
        ``superseded.csv`` either way.
    data : Path, optional
        Data package; ``data`` in the folder of the project where none is given. Another package
        has its reports in its own folder, from a catalog that is written where it has none.
    root : Path, optional
        Folder of the project; found from the working folder where none is given.
    jobs : int, optional
        Notebooks that run at a time; two where there are two processors.
    cell_timeout : int, optional
        Seconds that a cell of a notebook may run; half an hour where none is given.
    progress : callable, optional
        Called with a line for each report that is ready.
    waiting : callable, optional
        Called with a line where another build of the project has to end first.
    told : callable, optional
        Called with each line on a catalog that was written: what it has, and what has too few
        trials.

    Returns
    -------
    Built
        A report that fails keeps its old files and is among the failures.

    Raises
    ------
    ParameterError
        If a report, its parameters, or the catalog are not what is accepted; nothing has run.
    DataError
        If the data package has faults; nothing has run.
    RenderError
        If one id stands for two values, or a number of the ledger moved within one version of the
        data without `accept`, or without a reason; nothing has been replaced.
    OSError
        If a file cannot be read or written; nothing has been replaced. So it is where a build is
        interrupted.
    """
    base = (root or find_root()).resolve()
    package = (data or base / "data").resolve()
    folders = Folders(base, package, None if package == (base / "data").resolve() else package)
    if folders.place and not (folders.reports / "catalog.toml").is_file():
        # What reads a package need not be loaded by a build with nothing to do.
        from evidence.reports import package_catalog

        for line in package_catalog.write(package, folders.reports / "catalog.toml"):
            if told is not None:
                told(line)
    every = catalog.read(
        folders.reports / "catalog.toml", notebooks=folders.notebooks, data=folders.data
    )
    wanted = _wanted(every, reports)
    inputs = _inputs(every, folders)
    shared = of_values([[one.report_id, inputs[one.report_id]] for one in every])

    def known() -> tuple[Manifest, list[Report]]:
        manifest = folders.manifest()
        return manifest, [
            one
            for one in wanted
            if force or not manifest.is_whole(one.report_id, inputs[one.report_id])
        ]

    manifest, stale = known()
    # A build that was killed when all was in its place has left what it had not cleared away.
    left = any(atomic.unfinished(one) for one in folders.written)
    if stale or left or not manifest.is_whole("", shared):
        with alone(folders, waiting):
            # What another build has made meanwhile need not be made again.
            manifest, stale = known()
            if stale or not manifest.is_whole("", shared):
                return _built(
                    every, wanted, stale, folders, manifest, inputs, shared, accept,
                    lambda stamp: _pages(
                        stale, folders, stamp, jobs, cell_timeout, progress, _glossary(every)
                    ),
                )  # fmt: skip
    return Built((), tuple(one.report_id for one in wanted), (), (), Comparison((), (), ()))


@contextmanager
def alone(folders: Folders, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Let one process at a time run notebooks of a project; clear away what a killed one left.

    Parameters
    ----------
    folders : Folders
        Of the project.
    waiting : callable, optional
        Called with a line where another process has to end first.

    Raises
    ------
    OSError
        If its folders cannot be written.
    """
    folders.cache.mkdir(parents=True, exist_ok=True)
    with (folders.cache / "build.lock").open("a+", encoding="utf-8") as lock:
        if not _locked(lock, wait=False):
            if waiting is not None:
                waiting("waiting for another build of this folder to end")
            _locked(lock, wait=True)
        # The system takes the lock away when the process ends, however it does.
        for folder in folders.written:
            atomic.tidy(folder)
        shutil.rmtree(folders.cache / "runtime", ignore_errors=True)
        try:
            yield
        finally:
            # A kernel that outlived a killed build may have written its file since.
            shutil.rmtree(folders.cache / "runtime", ignore_errors=True)


def _locked(lock: IO[str], *, wait: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
            else:
                return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _built(
    every: Sequence[Report],
    wanted: Sequence[Report],
    stale: Sequence[Report],
    folders: Folders,
    manifest: Manifest,
    inputs: Mapping[str, str],
    shared: str,
    accept: bool,
    made: Callable[[Stamp], tuple[dict[str, "Page"], tuple[Failure, ...]]],
) -> Built:
    # Loading what runs and renders takes two seconds; a build with nothing to do ends above.
    from evidence.data.dataset import load
    from evidence.reports import moved

    dataset = load(folders.data)
    stamp = read_stamp(folders.data)
    committed = folders.reports / "estimates.csv"
    old = ledger.read(committed, earlier=True) if committed.is_file() else ()
    # A raised data version declares that numbers move; within one version none should.
    refused = stamp.data_version in {one.data_version for one in old} and not accept
    message = partial(
        moved.message, old=old, file=folders.cache / "moved.txt", root=folders.place or folders.root
    )
    if refused and stale:
        foreseen = moved.foreseen(dataset, old)
        if foreseen.superseded:
            raise RenderError(message(foreseen, before=True))
    pages, failures = made(stamp)
    numbers, summaries = _numbers(every, pages, folders, manifest, old)
    merged = ledger.merge(numbers)
    comparison = ledger.compare(old, merged)
    superseded, without = supersede.file(folders.reports, comparison, old, stamp.data_version)
    if comparison.superseded and refused:
        raise RenderError(message(comparison, before=False))
    if without:
        raise RenderError(
            "numbers moved and nothing says why; nothing was replaced. Add a row to "
            f"reports/reasons.csv ({', '.join(supersede.REASONS)}) that names them: "
            f"{', '.join(without)}"
        )
    from evidence.reports.index import index

    listed = index(
        [(one, summaries[one.report_id]) for one in every if one.report_id in summaries],
        merged,
        stamp,
        dataset,
        {one: _page_of(one, pages, folders) for one in summaries},
    )

    removed = manifest.drop(one.report_id for one in every)
    for report_id, page in pages.items():
        manifest.put(
            report_id,
            inputs[report_id],
            {
                folders.report(report_id, "html"): page.html,
                folders.numbers(report_id): _to_json(page),
                **{
                    folders.report(report_id, suffix): content
                    for suffix, content in page.documents.items()
                },
            },
        )
    whole = all(manifest.is_whole(one.report_id, inputs[one.report_id]) for one in every)
    manifest.put(
        "",
        shared if whole else "",
        {
            # First the old values: a build that is killed between both finds the old ledger.
            folders.reports / "superseded.csv": superseded,
            committed: ledger.to_csv(merged),
            folders.reports / "index.html": listed,
        },
    )
    try:
        manifest.write()
    except OSError as error:
        said = f"{error.strerror or error}; no report was replaced"
        raise OSError(error.errno, said, error.filename) from error
    unchanged = tuple(one.report_id for one in wanted if one not in stale)
    return Built(tuple(sorted(pages)), unchanged, removed, failures, comparison)


def _wanted(every: Sequence[Report], names: Sequence[str] | None) -> list[Report]:
    by_id = {one.report_id: one for one in every}
    for name in names or ():
        check_choice("report", name, by_id)
    return [one for one in every if not names or one.report_id in names]


def _inputs(every: Sequence[Report], folders: Folders) -> dict[str, str]:
    """Return the hash of all that goes into each report."""
    common = of_values(
        of_folder(folders.data, within=False),
        of_folder(folders.data / "context"),
        of_package(Path(evidence.__file__).parent),
        of_file(folders.root / "requirements.lock"),
        sys.version,
    )
    return {
        one.report_id: of_values(
            common,
            of_notebook(one.notebook),
            one.title,
            one.lede,
            dict(one.parameters),
            one.formats,
        )
        for one in every
    }


def _pages(
    stale: Sequence[Report],
    folders: Folders,
    stamp: Stamp,
    jobs: int | None,
    cell_timeout: int | None,
    progress: Callable[[str], None] | None,
    words: Mapping[str, str],
) -> tuple[dict[str, "Page"], tuple[Failure, ...]]:
    """Run and render reports, some at a time; where that is interrupted, end it at once."""
    if not stale:
        return {}, ()
    from evidence.reports import kernel

    manager = kernel.manager(
        root=folders.root,
        cache=folders.cache,
        environment=kernel.surroundings(data=folders.data, cache=folders.cache, stamp=stamp),
    )

    ended = count(1)

    def make(report: Report) -> "Page | Failure":
        limit = cell_timeout or kernel.CELL_TIMEOUT
        made = _page(report, folders, stamp, manager, limit, words)
        if progress is not None:
            state = "failed" if isinstance(made, Failure) else "ready"
            progress(f"{next(ended)} of {len(stale)}: {report.report_id} {state}")
        return made

    pool = ThreadPoolExecutor(jobs or kernel.default_jobs())
    try:
        results = list(zip(stale, pool.map(make, stale), strict=True))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        manager.stop()
        raise
    pool.shutdown()
    return (
        {one.report_id: made for one, made in results if not isinstance(made, Failure)},
        tuple(made for _, made in results if isinstance(made, Failure)),
    )


def _glossary(every: Sequence[Report]) -> Mapping[str, str]:
    """Return where words of method are explained, nowhere where no report does so."""
    from evidence.pages import how_to_read

    there = any(one.report_id == how_to_read.PAGE for one in every)
    return how_to_read.addresses() if there else {}


def _page(
    report: Report,
    folders: Folders,
    stamp: Stamp,
    manager: Any,
    cell_timeout: int,
    words: Mapping[str, str],
) -> "Page | Failure":
    from evidence.pages import how_to_read
    from evidence.reports import kernel, render

    log = inside(folders.cache, "logs", f"{report.report_id}.txt")
    place = log.relative_to(folders.place or folders.root).as_posix()
    log.unlink(missing_ok=True)
    try:
        notebook = kernel.run(
            report.notebook,
            report.parameters,
            executed=inside(folders.cache, "executed", f"{report.report_id}.ipynb"),
            kernel_manager=manager,
            cell_timeout=cell_timeout,
        )
        # The page that explains the words needs no way to itself.
        told = {} if report.report_id == how_to_read.PAGE else words
        page = render.page(notebook, report, stamp, told)
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
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(whole + "\n", encoding="utf-8")
    return Failure(report.report_id, kind, " ".join(message.split()), place)


def _numbers(
    every: Sequence[Report],
    pages: Mapping[str, "Page"],
    folders: Folders,
    manifest: Manifest,
    old: Iterable[LedgerEntry],
) -> tuple[list[LedgerEntry], dict[str, str]]:
    """Return the numbers and the answers of all reports, those that were not made as they stand."""
    numbers: list[LedgerEntry] = []
    summaries: dict[str, str] = {}
    for report in every:
        key = report.report_id
        if key in pages:
            numbers += pages[key].entries
            summaries[key] = pages[key].summary
        elif manifest.is_whole(key, manifest.inputs.get(key, "")):
            content = json.loads(folders.numbers(key).read_text(encoding="utf-8"))
            numbers += [ledger.from_json(one) for one in content["entries"]]
            summaries[key] = content["summary"]
        elif folders.report(key, "html").is_file():
            # Nothing is known of its making, as in a fresh clone: the committed ledger stands.
            numbers += [replace(one, reports=(key,)) for one in old if key in one.reports]
            summaries[key] = ""
    return numbers, summaries


def _page_of(report_id: str, pages: Mapping[str, "Page"], folders: Folders) -> str:
    """Return the page of a report as it will stand."""
    if report_id in pages:
        return pages[report_id].html
    return folders.report(report_id, "html").read_text(encoding="utf-8")


def _to_json(page: "Page") -> str:
    content = {
        "summary": page.summary,
        "entries": [ledger.to_json(one) for one in page.entries],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
