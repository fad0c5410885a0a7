"""JupyterLab is opened on this machine alone; what runs in it is in tests/browser/test_lab.py."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from evidence.commands import opening

ROOT = Path(__file__).parents[1]


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evidence", "lab", "--no-browser", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_a_port_in_use_is_refused_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind((opening.HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("--port", port)
    assert done.returncode == 2
    assert done.stderr == (
        f"evidence: port: found {port}, expected a port that no other program uses\n"
    )


def test_a_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    done = run(folder=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "catalog.toml" in done.stderr


def test_it_listens_on_the_loopback_device_and_fetches_nothing() -> None:
    given = opening.arguments(ROOT, port=8890, browser=False)
    for one in (
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.allow_remote_access=False",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.port=8890",
        "--no-browser",
    ):
        assert one in given
    assert not any("token" in one or "password" in one for one in given)
    assert "--no-browser" not in opening.arguments(ROOT, port=None, browser=True)


def test_settings_and_kernels_are_those_of_the_folder(tmp_path: Path) -> None:
    made = opening.surroundings(tmp_path, tmp_path / "other")
    assert made.pop("EVIDENCE_DATA") == str(tmp_path / "other")
    assert all(one.startswith(str(tmp_path / ".cache")) for one in made.values())
    assert "EVIDENCE_DATA" not in opening.surroundings(tmp_path, None)
    assert json.loads(json.dumps(opening.kernel()))["argv"][0] == sys.executable
