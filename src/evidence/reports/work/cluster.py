"""Makes reports on the workers of a dask scheduler, which take bytes and return bytes.

A task is a report: a worker is sent what goes into it, runs and renders it in a folder of its own,
and returns the page, the documents, the numbers and the notebook with its outputs. No folder is
shared, and nothing but the machine that builds writes reports. A task whose worker ends is given to
another one by the scheduler.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import requires, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import TYPE_CHECKING, Any

import evidence
from evidence.errors import EvidenceError, ParameterError
from evidence.reports.catalog import Report
from evidence.reports.manifest import of_package, of_values
from evidence.reports.stamp import Stamp
from evidence.reports.work import single
from evidence.reports.work.single import Beside, Failure, Folders

if TYPE_CHECKING:
    from evidence.reports.render import Page

_DISTRIBUTION = "attachment-therapy-evidence"
_ENDED = ("WorkersEnded", "workers ended one after the other while they ran its notebook")
_LOCK = Lock()
_UNPACKED: dict[str, Path] = {}
"""On a worker: folders with what was sent, by the hash of it."""
_KERNELS: dict[str, "_Kernels"] = {}
"""On a worker: where kernels come from, by the build that they run for."""


@dataclass(slots=True)
class _Kernels:
    manager: Any
    running: int = 0


def check_installed() -> None:
    """Refuse where what speaks with a scheduler is not installed.

    Raises
    ------
    EvidenceError
        With the command that installs it.
    """
    if find_spec("distributed") is None:
        raise EvidenceError(
            "scheduler: found no dask.distributed, which `pip install '.[cluster]'` adds"
        )


def surroundings() -> dict[str, str]:
    """Return what has to be the same wherever reports are made: package, Python, what it needs."""
    needed = {
        one.partition(">")[0].strip()
        for one in requires(_DISTRIBUTION) or ()
        if "extra ==" not in one
    }
    return {
        "source of the package": of_package(Path(evidence.__file__).parent),
        "Python": sys.version,
        **{one: version(one) for one in sorted(needed)},
    }


def make(
    stale: Sequence[Report],
    folders: Folders,
    stamp: Stamp,
    address: str,
    cell_timeout: int | None,
    beside: Beside,
    done: Callable[[Report, "Page | Failure"], None],
    waiting: Callable[[str], None] | None = None,
) -> None:
    """Make reports on the workers of a scheduler; where that is interrupted, end it there too.

    Parameters
    ----------
    stale : sequence of Report
        Lines of the catalog.
    folders : Folders
        Of the project.
    stamp : Stamp
        State of the data.
    address : str
        Of the scheduler.
    cell_timeout : int or None
        As `evidence.reports.work.single.made` takes it.
    beside : Beside
        What stands beside each report.
    done : callable
        Called with each report and its page or its failure, in the order in which they end.
    waiting : callable, optional
        Called with a line where no worker is there yet.

    Raises
    ------
    ParameterError
        If no scheduler answers at the address, or a worker has other versions.
    OSError
        If a worker has no place for files, or the scheduler ends.
    """
    from distributed import CancelledError, Client, KilledWorker, as_completed

    try:
        client = Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        expected = "the address of a dask scheduler that answers, as in tcp://10.0.0.1:8786"
        raise ParameterError("scheduler", address, expected) from error
    token = of_values(address, client.id)
    with client:
        if not client.scheduler_info()["workers"] and waiting is not None:
            waiting(f"waiting for a worker of {address}")
        client.wait_for_workers(1)
        _compare(client)
        # A task of its own: should the worker that holds it end, the scheduler makes it anew.
        sent = client.submit(bytes, _pack(folders, stale), key=f"evidence-inputs-{token}")
        tasks: dict[Any, Report] = {}

        def submit(report: Report, attempt: str) -> Any:
            task = client.submit(
                _made,
                sent,
                replace(report, notebook=Path(report.notebook.name)),
                stamp,
                cell_timeout,
                beside,
                token,
                len(stale),
                key=f"evidence-{report.report_id}-{token}{attempt}",
            )
            tasks[task] = report
            return task

        suspected: list[Report] = []
        try:
            first = [submit(one, "") for one in stale]
            for task in as_completed(first, loop=client.loop):  # type: ignore[no-untyped-call]
                # Released here, so that workers need not keep all results to the end.
                report = tasks.pop(task)
                try:
                    done(report, _received(report, folders, task.result()))
                except KilledWorker:
                    suspected.append(report)
            for report in suspected:
                # What only waited on a worker that ended is suspected too; alone it is known.
                task = submit(report, "-alone")
                try:
                    page = _received(report, folders, task.result())
                except KilledWorker as error:
                    page = single.failed(report.report_id, folders, *_ENDED, str(error))
                done(report, page)
            client.run(_stop, token)
        except CancelledError as error:
            raise OSError(f"the scheduler at {address} ended") from error
        except BaseException:
            with suppress(Exception):
                client.cancel(list(tasks))  # type: ignore[no-untyped-call]
                client.run(_stop, token)
            raise


def _compare(client: Any) -> None:
    """Refuse workers whose reports could have other bytes."""
    own = surroundings()
    try:
        found = client.run(surroundings)
    except ModuleNotFoundError as error:
        expected = "this package installed on each worker"
        raise ParameterError("scheduler", str(error), expected) from error
    for worker, there in found.items():
        for name, value in own.items():
            if there.get(name) != value:
                raise ParameterError(
                    f"worker {worker}, {name}", there.get(name), f"that of this machine, {value}"
                )


def _pack(folders: Folders, reports: Sequence[Report]) -> bytes:
    """Return all that goes into reports: the data package and the notebooks."""
    found = {
        f"data/{path.relative_to(folders.data).as_posix()}": path
        for within in (folders.data.glob("*"), (folders.data / "context").rglob("*"))
        for path in within
        if path.is_file()
    }
    found |= {f"notebooks/{one.notebook.name}": one.notebook for one in reports}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(found.items()):
            archive.writestr(name, path.read_bytes())
    return packed.getvalue()


def _received(report: Report, folders: Folders, result: bytes) -> "Page | Failure":
    """Keep what a worker sent beside the page, as if it had been made here."""
    content = json.loads(result)
    executed = folders.executed(report.report_id)
    if content["executed"]:
        executed.parent.mkdir(parents=True, exist_ok=True)
        executed.write_text(content["executed"], encoding="utf-8")
    if content["page"] is None:
        return single.failed(report.report_id, folders, *content["failure"])
    folders.log(report.report_id).unlink(missing_ok=True)
    return single.unpacked(content["page"])


def _place(sent: bytes) -> Path:
    """Return the folder of a worker with what was sent, which it unpacks once."""
    from distributed import get_worker

    name = of_values(sent.hex())
    with _LOCK:
        if name not in _UNPACKED:
            # The worker removes its folder when it ends; another one removes that of a killed one.
            folder = Path(mkdtemp(prefix="evidence-", dir=get_worker().local_directory))
            with zipfile.ZipFile(io.BytesIO(sent)) as archive:
                archive.extractall(folder)
            _UNPACKED[name] = folder
        return _UNPACKED[name]


def _made(
    sent: bytes,
    report: Report,
    stamp: Stamp,
    cell_timeout: int | None,
    beside: Beside,
    token: str,
    count: int,
) -> bytes:
    """Make a report on a worker; an error of its own is an answer, and no reason to try again."""
    root = _place(sent)
    folders = Folders(root, root / "data")
    with _kernels(token, folders, stamp, count) as manager:
        report = replace(report, notebook=folders.notebooks / report.notebook)
        page = single.made(report, folders, stamp, manager, cell_timeout, beside)
    executed, failure = folders.executed(report.report_id), None
    if isinstance(page, Failure):
        whole = folders.log(report.report_id).read_text(encoding="utf-8").removesuffix("\n")
        failure = (page.kind, page.message, whole)
    return json.dumps(
        {
            "page": None if isinstance(page, Failure) else single.packed(page),
            "failure": failure,
            "executed": executed.read_text(encoding="utf-8") if executed.is_file() else "",
        },
        ensure_ascii=False,
    ).encode()


@contextmanager
def _kernels(token: str, folders: Folders, stamp: Stamp, count: int) -> Iterator[Any]:
    """Lend the kernel manager of a build, which all of its reports on this worker share."""
    from evidence.reports import kernel

    with _LOCK:
        # Whoever built them may have gone without a word.
        for other in [one for one, kept in _KERNELS.items() if not kept.running and one != token]:
            _KERNELS.pop(other).manager.stop()
        if token not in _KERNELS:
            environment = kernel.surroundings(data=folders.data, cache=folders.cache, stamp=stamp)
            _KERNELS[token] = _Kernels(
                kernel.manager(
                    root=folders.root, cache=folders.cache, environment=environment, kernels=count
                )
            )
        kept = _KERNELS[token]
        kept.running += 1
    try:
        yield kept.manager
    finally:
        with _LOCK:
            kept.running -= 1


def _stop(token: str) -> None:
    """End what a worker runs for a build."""
    with _LOCK:
        if token in _KERNELS:
            _KERNELS.pop(token).manager.stop()
