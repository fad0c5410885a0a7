"""Kernels that are forked from one process which has imported what notebooks import.

A kernel that starts anew imports Jupyter, pandas and this package, which takes most of the seconds
of a report. Here one process imports them once and forks for each kernel. It runs nothing itself,
so each kernel is as fresh as one that was started: with a group of processes of its own, killed
alone, and in the surroundings that it is given. The process ends its kernels and itself when
whoever started it closes the connection, or is gone.
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from select import select
from threading import Lock
from typing import Any, NoReturn

IS_POSSIBLE = sys.platform == "linux"
"""Elsewhere libraries of the system do not stand a fork."""

_PARENT = "JPY_PARENT_PID"
"""Environment variable: the parent of a kernel, with which it ends. It is read by an import."""

_ENDED = "the process that starts kernels ended"
_MANY = 2**20
_PRELOADED = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib.backends.backend_svg")
_WORKBOOK = "evidence.workbook"
_OF_PACKAGE = ("evidence.pages", "evidence.blocks.figures")


class Fork:
    """A kernel as `subprocess.Popen` shows it.

    Attributes
    ----------
    pid : int
        Of its process, which is the first of its group.
    returncode : int or None
        How it ended; negative where a signal ended it.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = b""
        self._lock = Lock()
        self.returncode: int | None = None
        while b"\n" not in self._read and self.returncode is None:
            self._receive(None)
        if self.returncode is not None:
            raise RuntimeError(_ENDED)
        first, _, self._read = self._read.partition(b"\n")
        self.pid = int(first)

    def _receive(self, timeout: float | None) -> None:
        with self._lock:
            if self.returncode is not None or not select([self._connection], [], [], timeout)[0]:
                return
            more = b""
            # A signal that the process did not read any more resets the connection.
            with suppress(ConnectionError):
                more = self._connection.recv(64)
            self._read += more
            if not more:
                # Without a word of how: with the process that forks.
                said = self._read.partition(b"\n")[0]
                self.returncode = int(said) if said and hasattr(self, "pid") else -signal.SIGKILL
                self._connection.close()

    def poll(self) -> int | None:
        """Return how it ended, None where it runs."""
        self._receive(0)
        # The word of how it ended comes before the end of the connection.
        if self.returncode is None and self._read:
            self._receive(None)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end and return how it ended."""
        while self.poll() is None:
            self._receive(timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it and all that it started, if it runs."""
        with self._lock, suppress(OSError):
            if self.returncode is None:
                # By the process that would have to bury it: no other one can have its number.
                self._connection.sendall(f"{number}\n".encode())

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process that forks, from the side of those who want kernels; it starts with the first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._made: list[Fork] = []

    def start(self, connection_file: str, *, cwd: Path, env: Mapping[str, str]) -> Fork:
        """Return a kernel.

        Parameters
        ----------
        connection_file : str
            By which it is reached.
        cwd : Path
            Its folder.
        env : mapping of str to str
            Its environment variables.

        Raises
        ------
        RuntimeError
            If the process that forks has ended.
        """
        with self._lock:
            if self._connection is None:
                self._connection, theirs = socket.socketpair()
                with theirs:
                    self._process = subprocess.Popen(
                        [sys.executable, "-m", __name__, str(theirs.fileno())],
                        cwd=cwd,
                        env=dict(env),
                        pass_fds=[theirs.fileno()],
                        stdin=subprocess.DEVNULL,
                        # Ctrl-C in a terminal is for whoever started it.
                        start_new_session=True,
                    )
            own, theirs = socket.socketpair()
            asked = {"file": connection_file, "cwd": str(cwd), "env": dict(env)}
            message = json.dumps(asked).encode()
            with theirs:
                try:
                    # The length first: a message may come in parts.
                    head = len(message).to_bytes(8, "big")
                    socket.send_fds(self._connection, [head], [theirs.fileno()])
                    self._connection.sendall(message)
                except OSError as error:
                    own.close()
                    raise RuntimeError(_ENDED) from error
        made = Fork(own)
        self._made.append(made)
        return made

    def close(self) -> None:
        """End the process and all of its kernels."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            if self._process is not None:
                self._process.wait()
            for one in self._made:
                one.wait()
            self._connection = self._process = None


def _preload() -> None:
    names = [*_PRELOADED]
    for name in _OF_PACKAGE:
        with suppress(Exception):
            found = importlib.import_module(name).__path__
            names += [one.name for one in pkgutil.walk_packages(found, f"{name}.")]
    for name in names:
        # What cannot be imported is said by the notebook that imports it.
        with suppress(Exception):
            importlib.import_module(name)
    with suppress(Exception):
        importlib.import_module(_WORKBOOK).share()


def _kernel(asked: Mapping[str, Any]) -> NoReturn:
    """Be a kernel, in the process that was forked for it."""
    code = 1
    try:
        os.chdir(asked["cwd"])
        parent = {_PARENT: str(os.getppid())}
        os.environ.clear()
        os.environ.update({**asked["env"], **parent})
        from ipykernel import kernelapp

        sys.argv = ["ipykernel_launcher", "-f", asked["file"], "--log-level=ERROR"]
        kernelapp.launch_new_instance()
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Server:
    """The process that forks: one thread, which waits for wishes, signals and ends."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.kernels: dict[socket.socket, int] = {}
        self.woken, self.wakes = socket.socketpair()
        for one in (self.woken, self.wakes):
            one.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wakes.fileno())

    def serve(self) -> None:
        """Fork until the connection ends; then end all kernels."""
        try:
            while True:
                ready, _, _ = select([self.control, self.woken, *self.kernels], [], [])
                for one in ready:
                    if one is self.woken:
                        with suppress(BlockingIOError):
                            self.woken.recv(_MANY)
                        self._bury()
                    elif one is self.control:
                        if not self._fork():
                            return
                    elif one in self.kernels:
                        self._signal(one)
        finally:
            for pid in self.kernels.values():
                _killed(pid, signal.SIGKILL)

    def _fork(self) -> bool:
        head, files, _, _ = socket.recv_fds(self.control, 8, 1)
        if not head:
            return False
        connection = socket.socket(fileno=files[0])
        message = b""
        while len(message) < int.from_bytes(head, "big"):
            message += self.control.recv(int.from_bytes(head, "big") - len(message))
        with warnings.catch_warnings():
            # The threads of libraries of numbers, which are made for a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (self.control, self.woken, self.wakes, connection, *self.kernels):
                one.close()
            _kernel(json.loads(message))
        self.kernels[connection] = pid
        connection.sendall(f"{pid}\n".encode())
        return True

    def _bury(self) -> None:
        for connection, pid in list(self.kernels.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self.kernels[connection]
                with suppress(OSError), connection:
                    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())

    def _signal(self, connection: socket.socket) -> None:
        said = connection.recv(64)
        for number in said.split() or [str(int(signal.SIGKILL)).encode()]:
            _killed(self.kernels[connection], int(number))
        if not said:
            # Nobody is there any more who could ask how it ended.
            os.waitpid(self.kernels.pop(connection), 0)
            connection.close()


def _killed(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        # It has no group of its own yet.
        with suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    # As where a kernel is started: no file of the folder stands for a module of a library.
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    import gc

    os.environ[_PARENT] = str(os.getpid())
    _preload()
    # What is there for good need not be looked through, and so copied, by each kernel.
    gc.collect()
    gc.freeze()
    _Server(socket.socket(fileno=int(sys.argv[1]))).serve()
