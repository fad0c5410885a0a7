"""A kernel that ends before it answers is started again, and one that never answers is an error."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from evidence.reports import kernel
from tests.reports import projects


def manager(root: Path, times: int) -> tuple[type[kernel.Interpreter], list[int]]:
    """A manager whose kernels find a port of theirs taken, so many times, and the ports."""
    found: list[int] = []

    class Taken(kernel.manager(root=root, cache=root / ".cache", environment={})):  # type: ignore[misc]
        async def _async_launch_kernel(self, kernel_cmd: list[str], **keywords: Any) -> None:
            found.append(self.shell_port)
            with socket.socket() as other:
                if len(found) <= times:
                    other.bind((self.ip, self.shell_port))
                    other.listen()
                await super()._async_launch_kernel(kernel_cmd, **keywords)
                while len(found) <= times and self.provisioner.process.poll() is None:
                    time.sleep(0.01)

        _launch_kernel = _async_launch_kernel

    return Taken, found


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(projects.notebook(("", "code", "print(6 * 7)"))))
    return path


def test_one_whose_port_was_taken_is_started_again(tmp_path: Path, notebook: Path) -> None:
    taken, ports = manager(tmp_path, 1)
    done = kernel.run(notebook, {}, executed=None, kernel_manager=taken)
    assert done.cells[0].outputs[0].text == "42\n"
    assert len(ports) == 2


def test_one_that_never_answers_is_an_error(tmp_path: Path, notebook: Path) -> None:
    taken, ports = manager(tmp_path, kernel.STARTS)
    with pytest.raises(kernel.NotebookError, match="ended before it was done") as caught:
        kernel.run(notebook, {}, executed=None, kernel_manager=taken)
    assert caught.value.kind == "KernelEnded"
    assert len(ports) == kernel.STARTS
