"""The command `evidence lab`."""

import json
import os
import secrets
import socket
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import say
from evidence.data import atomic
from evidence.errors import ParameterError
from evidence.reports import interpreter

HOST = "127.0.0.1"
START = "notebooks/00_start_here.ipynb"
KERNEL = ".cache/jupyter/share/kernels/python3/kernel.json"


def lab(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port; default: 8888 or the next that is free."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and open no browser.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data package of the notebooks; default: data/.")
    ] = None,
) -> None:
    """Open the notebooks in JupyterLab, on this machine alone and with a token."""
    from evidence.reports.build import find_root

    root = find_root()
    if not (root / START).is_file():
        raise ParameterError("folder", str(root), f"one with {START} in it")
    if port is not None and not _is_free(port):
        raise ParameterError("port", port, "a port that no other program uses")
    made = surroundings(root, data)
    for name in [one for one in os.environ if one.startswith("JUPYTER")]:
        # A token, a password, a path of settings: none is taken from where this was started.
        del os.environ[name]
    os.environ.update(made)
    atomic.replace(root / KERNEL, json.dumps(kernel()))
    say(f"JupyterLab opens {START}. To stop it, press Control-C here twice.", err=True)

    # The paths of Jupyter are read from the environment when it is loaded.
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments(root, port=port, browser=not no_browser))


def surroundings(root: Path, data: Path | None) -> dict[str, str]:
    """Return the environment variables of the server: settings and kernels of this folder alone.

    Settings of the user could open the server to others, or start another interpreter.
    """
    jupyter = root / ".cache" / "jupyter"
    made = {
        # No file of settings is read, be it of the user, the interpreter or the system: one could
        # be a program. What is chosen in the menus is kept.
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(jupyter / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(jupyter / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "JUPYTER_PATH": str(jupyter / "share"),
        "IPYTHONDIR": str(root / ".cache" / "ipython"),
        "MPLCONFIGDIR": str(root / ".cache" / "matplotlib"),
    }
    if data is not None:
        made["EVIDENCE_DATA"] = str(data.resolve())
    return made


def kernel() -> dict[str, object]:
    """Return the kernel of the notebooks, in the form of its file."""
    return {
        "argv": interpreter.argv(),
        "display_name": interpreter.DISPLAY_NAME,
        "language": "python",
    }


def arguments(root: Path, *, port: int | None, browser: bool) -> list[str]:
    """Return what JupyterLab is started with."""
    made = [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.allow_remote_access=False",
        # Made anew at each start, and in the address that is printed.
        f"--IdentityProvider.token={secrets.token_hex(24)}",
        "--ServerApp.allow_origin=",
        "--ServerApp.allow_origin_pat=",
        "--ServerApp.disable_check_xsrf=False",
        # In a container root is often the only user; the server is closed to others either way.
        "--ServerApp.allow_root=True",
        "--Application.log_level=ERROR",
        f"--LabApp.default_url=/lab/tree/{START}",
        # Nothing is fetched: no news, no look for updates, no list of extensions.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if port is not None:
        made += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        made.append("--no-browser")
    return made


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server does: a port whose last connections are closing can be taken again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
