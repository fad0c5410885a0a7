"""Builds reports: runs what has changed, replaces whole files, keeps the ledger of all numbers."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

import evidence
from evidence import ledger
from evidence.data import atomic
from evidence.errors import ParameterError, RenderError, check_choice
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
from evidence.reports.work import single
from evidence.reports.work.single import Beside, Failure, Folders, Ready

if TYPE_CHECKING:
    from evidence.reports.render import Page

BAD_INPUT = ("ParameterError", "DataError", "SelectionError")
"""Errors of notebooks that say: what was asked for cannot be made."""


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


@dataclass(frozen=True, slots=True)
class _Runs:
    """How a build runs notebooks, and to whom it tells how far it is."""

    jobs: int | None
    scheduler: str | None
    cell_timeout: int | None
    progress: Callable[[str], None] | None
    waiting: Callable[[str], None] | None


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
    scheduler: str | None = None,
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
    scheduler : str, optional
        Address of a scheduler of dask.distributed: notebooks run on its workers, as many as these
        take, and the files are written here.
    cell_timeout : int, optional
        Seconds that a cell of a notebook may run; half an hour where none is given.
    progress : callable, optional
        Called with a line for each report that is ready.
    waiting : callable, optional
        Called with a line where another build of the project has to end first, or no worker is
        there yet.
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

    runs = _Runs(jobs, scheduler, cell_timeout, progress, waiting)
    if scheduler is not None:
        from evidence.reports.work import cluster

        cluster.check_installed()
    manifest, stale = known()
    # A build that was killed when all was in its place has left what it had not cleared away.
    left = any(atomic.unfinished(one) for one in folders.written)
    if stale or left or not manifest.is_whole("", shared):
        with alone(folders, waiting):
            # What another build has made meanwhile need not be made again.
            manifest, stale = known()
            if stale or not manifest.is_whole("", shared):
                names = tuple(one.report_id for one in every)
                ready = Ready(folders.cache / "ready", Beside(_glossary(every), names))
                if force:
                    ready.drop(one.report_id for one in stale)
                return _built(
                    every, wanted, stale, folders, manifest, inputs, shared, accept,
                    ready, lambda stamp: _pages(stale, folders, stamp, inputs, ready, runs),
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
    ready: Ready,
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
                folders.numbers(report_id): single.to_json(page),
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
    ready.drop(pages)
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
    inputs: Mapping[str, str],
    ready: Ready,
    runs: "_Runs",
) -> tuple[dict[str, "Page"], tuple[Failure, ...]]:
    """Run and render reports, but for those that an earlier build made before it was stopped."""
    made: dict[str, Page | Failure] = {}
    for one in stale:
        if (page := ready.get(one.report_id, inputs[one.report_id])) is not None:
            made[one.report_id] = page
    if made and runs.progress is not None:
        runs.progress(f"{len(made)} of {len(stale)} were ready when an earlier build stopped")
    left = [one for one in stale if one.report_id not in made]
    lock = Lock()

    def done(report: Report, page: "Page | Failure") -> None:
        if not isinstance(page, Failure):
            ready.keep(report.report_id, inputs[report.report_id], page)
        with lock:
            made[report.report_id] = page
            if runs.progress is not None:
                state = "failed" if isinstance(page, Failure) else "ready"
                runs.progress(f"{len(made)} of {len(stale)}: {report.report_id} {state}")

    if left and runs.scheduler is not None:
        from evidence.reports.work import cluster

        cluster.make(
            left,
            folders,
            stamp,
            runs.scheduler,
            runs.cell_timeout,
            ready.beside,
            done,
            runs.waiting,
        )
    elif left:
        _make(left, folders, stamp, runs, ready.beside, done)
    results = {one.report_id: made[one.report_id] for one in stale}
    return (
        {one: page for one, page in results.items() if not isinstance(page, Failure)},
        tuple(page for page in results.values() if isinstance(page, Failure)),
    )


def _make(
    stale: Sequence[Report],
    folders: Folders,
    stamp: Stamp,
    runs: "_Runs",
    beside: Beside,
    done: Callable[[Report, "Page | Failure"], None],
) -> None:
    """Make reports on this machine, some at a time; where that is interrupted, end it at once."""
    from evidence.reports import kernel

    manager = kernel.manager(
        root=folders.root,
        cache=folders.cache,
        environment=kernel.surroundings(data=folders.data, cache=folders.cache, stamp=stamp),
        kernels=len(stale),
    )

    def make(report: Report) -> None:
        done(report, single.made(report, folders, stamp, manager, runs.cell_timeout, beside))

    pool = ThreadPoolExecutor(runs.jobs or kernel.default_jobs())
    try:
        list(pool.map(make, stale))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        manager.stop()
        raise
    pool.shutdown()
    manager.stop()


def _glossary(every: Sequence[Report]) -> Mapping[str, str]:
    """Return where words of method are explained, nowhere where no report does so."""
    from evidence.pages import how_to_read

    there = any(one.report_id == how_to_read.PAGE for one in every)
    return how_to_read.addresses() if there else {}


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
