"""The command as a user types it, run in this process: another one takes seconds to import it.

That it also runs as a program of its own, each command is told once in `tests/cli` and in what
`tests/test_readme.py` reads.
"""

import io
import os
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

from evidence.cli import main

ROOT = Path(__file__).parents[1]


def run(
    *arguments: object, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> CompletedProcess[str]:
    """Run ``evidence`` with these arguments and return what it wrote and its exit code.

    Parameters
    ----------
    *arguments : object
        As they are typed.
    cwd : Path
        Folder in which it runs.
    environment : mapping, optional
        Variables beside those of this process.
    """
    typed = ["evidence", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "argv", typed),
        mock.patch.dict(os.environ, {"COLUMNS": "80", **(environment or {})}),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return CompletedProcess(typed, code, out.getvalue(), err.getvalue())
