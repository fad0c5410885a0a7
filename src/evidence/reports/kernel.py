"""Runs a notebook in the interpreter that runs this, in surroundings that are the same anywhere."""

import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from evidence.blocks.output import FIGURES
from evidence.reports import interpreter
from evidence.reports.stamp import Stamp
from evidence.reports.work.forks import IS_POSSIBLE, Forks

DATA = "EVIDENCE_DATA"
"""Environment variable: the data package that notebooks load where no path is given."""

FORKED = 4
"""Kernels from which on they are forked: to import all that any notebook needs takes as long as to
start two of them."""

START_TIMEOUT = 120
STARTS = 3
"""How often a kernel is started that ends before it answers: another program can have taken one of
the ports that were chosen for it."""
_NO_ANSWER = "Kernel died before replying"  # as the client says it

CELL_TIMEOUT = 1800
"""Seconds that a cell may run; the longest of the workbook takes a hundredth of that."""


class NotebookError(Exception):
    """A cell of a notebook failed, ran too long, or took its kernel with it."""

    def __init__(self, kind: str, message: str, log: str) -> None:
        self.kind = kind
        self.log = log
        super().__init__(message)


def surroundings(*, data: Path, cache: Path, stamp: Stamp) -> dict[str, str]:
    """Return the environment variables of a kernel that makes a report.

    Time zone, language, hash seed, and the settings folders of IPython and matplotlib are fixed,
    so that a report does not depend on who builds it.
    """
    midnight = datetime.combine(stamp.sources_as_of, time(), tzinfo=UTC)
    return {
        DATA: str(data),
        FIGURES: "svg",
        "SOURCE_DATE_EPOCH": str(int(midnight.timestamp())),
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "IPYTHONDIR": str(cache / "ipython"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
    }


class Interpreter(AsyncKernelManager):
    """Starts the interpreter that runs this as a kernel, whatever kernels are there; by `manager`.

    Attributes
    ----------
    root, runtime : Path
        Folder of the kernels, and that of the files by which they are reached.
    specification : KernelSpec
        How they are started.
    forks : Forks or None
        From where they are forked; each is started anew where it is None.
    """

    root: ClassVar[Path]
    runtime: ClassVar[Path]
    specification: ClassVar[KernelSpec]
    forks: ClassVar[Forks | None] = None
    _started: ClassVar[list["Interpreter"]]
    _stopped: ClassVar[bool] = False

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.connection_file = str(self.runtime / f"kernel-{uuid.uuid4()}.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started."""
        return self.specification

    async def _async_pre_start_kernel(self, **keywords: Any) -> Any:
        self._started.append(self)
        if self._stopped:
            raise RuntimeError("no kernel starts any more")
        # The folder is that of the kernel; changing that of this process would disturb others.
        return await super()._async_pre_start_kernel(**{**keywords, "cwd": str(self.root)})

    pre_start_kernel = _async_pre_start_kernel

    async def _async_launch_kernel(self, kernel_cmd: list[str], **keywords: Any) -> None:
        if self.forks is None:
            await super()._async_launch_kernel(kernel_cmd, **keywords)
            return
        provisioner: Any = self.provisioner
        provisioner.process = self.forks.start(
            self.connection_file, cwd=self.root, env=keywords["env"]
        )
        provisioner.pid = provisioner.process.pid
        self._reconcile_connection_info(provisioner.connection_info)

    _launch_kernel = _async_launch_kernel

    @classmethod
    def stop(cls) -> None:
        """End all kernels of this class at once; no other one starts."""
        cls._stopped = True
        for one in cls._started:
            process = getattr(one.provisioner, "process", None)
            if process is not None:
                process.kill()
        if cls.forks is not None:
            cls.forks.close()


def manager(
    *, root: Path, cache: Path, environment: Mapping[str, str], kernels: int = 1
) -> type[Interpreter]:
    """Return a class of kernel managers for a folder and its settings.

    Where many kernels are to come, they are forked from one process that has imported what they
    need; `Interpreter.stop` ends it.
    """
    (cache / "runtime").mkdir(parents=True, exist_ok=True)

    class Here(Interpreter):
        runtime = cache / "runtime"
        specification = KernelSpec(
            argv=interpreter.argv(),
            display_name=interpreter.DISPLAY_NAME,
            language="python",
            env=dict(environment),
        )
        forks = Forks() if IS_POSSIBLE and kernels >= FORKED else None
        _started: ClassVar[list[Interpreter]] = []

    Here.root = root
    return Here


def run(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    executed: Path | None,
    kernel_manager: type[AsyncKernelManager],
    cell_timeout: int = CELL_TIMEOUT,
) -> Any:
    """Run a notebook and return it with its outputs.

    Parameters
    ----------
    notebook : Path
        What to run; it stays as it is.
    parameters : mapping
        Given to it; checked before by `evidence.reports.parameters`.
    executed : Path or None
        Where the notebook with its outputs is kept, also when a cell fails.
    kernel_manager : type
        From `manager`.
    cell_timeout : int
        Seconds that a cell may run.

    Raises
    ------
    NotebookError
        If a cell fails, with the name of its error, its message, and the full traceback as log; if
        one runs too long; if the kernel ends.
    """
    if executed is not None:
        executed.parent.mkdir(parents=True, exist_ok=True)
    execute = partial(
        papermill.execute_notebook,
        notebook,
        executed,
        parameters=dict(parameters),
        kernel_name="python3",
        language="python",
        progress_bar=False,
        log_output=False,
        request_save_on_cell_execute=False,
        start_timeout=START_TIMEOUT,
        execution_timeout=cell_timeout,
        kernel_manager_class=kernel_manager,
        shutdown_kernel="immediate",
    )
    # The client makes a loop for each thread and leaves it open.
    loop = ensure_event_loop()
    try:
        for _ in range(STARTS - 1):
            try:
                return execute()
            except RuntimeError as error:
                if _NO_ANSWER not in str(error):
                    raise
        return execute()
    except PapermillExecutionError as error:
        message = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
        raise NotebookError(error.ename, message, str(error)) from error
    except CellTimeoutError as error:
        message = (
            f"a cell ran longer than {cell_timeout} seconds and was stopped; --cell-timeout "
            "SECONDS sets another limit"
        )
        raise NotebookError("CellTimeout", message, str(error)) from error
    except RuntimeError as error:
        # So it says of a kernel that died and of one that does not start.
        message = f"the process that runs its notebook ended before it was done ({error})"
        raise NotebookError("KernelEnded", message, str(error)) from error
    finally:
        if not loop.is_running():
            loop.close()


def default_jobs() -> int:
    """Return how many notebooks run at a time: two where there are two processors."""
    return min(2, os.cpu_count() or 1)
