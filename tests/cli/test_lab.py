"""JupyterLab is opened on this machine alone; what runs in it is in tests/browser/test_lab.py."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from evidence.cli import lab

ROOT = Path(__file__).parents[2]


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
        taken.bind((lab.HOST, 0))
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
    given = lab.arguments(ROOT, port=8890, browser=False)
    for one in (
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.allow_remote_access=False",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.port=8890",
        "--no-browser",
    ):
        assert one in given
    tokens = [one.partition("=")[2] for one in given if one.startswith("--IdentityProvider.token=")]
    assert len(tokens) == 1
    assert len(tokens[0]) == 48
    assert f"--IdentityProvider.token={tokens[0]}" not in lab.arguments(
        ROOT, port=None, browser=True
    )
    assert "--no-browser" not in lab.arguments(ROOT, port=None, browser=True)


def test_settings_and_kernels_are_those_of_the_folder(tmp_path: Path) -> None:
    made = lab.surroundings(tmp_path, tmp_path / "other")
    assert made.pop("EVIDENCE_DATA") == str(tmp_path / "other")
    assert made.pop("JUPYTER_NO_CONFIG") == "1"
    assert all(one.startswith(str(tmp_path / ".cache")) for one in made.values())
    assert "EVIDENCE_DATA" not in lab.surroundings(tmp_path, None)
    assert json.loads(json.dumps(lab.kernel()))["argv"][0] == sys.executable


HOSTILE = """
open({marker!r}, "w").close()
c.IdentityProvider.token = ""
c.ServerApp.token = ""
c.ServerApp.password = ""
c.ServerApp.allow_origin = "*"
c.ServerApp.allow_unauthenticated_access = True
"""


def test_no_settings_of_others_open_it(tmp_path: Path) -> None:
    """Settings wherever Jupyter looks for them, and no token by the environment."""
    project, home = tmp_path / "project", tmp_path / "home"
    for name in ("notebooks", "reports"):
        (project / name).mkdir(parents=True)
    (project / "reports" / "catalog.toml").touch()
    (project / lab.START).write_text("{}")
    marker = tmp_path / "was_run"
    for folder in (home, home / ".jupyter", project, project / ".cache" / "jupyter" / "config"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("jupyter_config", "jupyter_server_config", "jupyter_lab_config"):
            (folder / f"{name}.py").write_text(HOSTILE.format(marker=str(marker)))
    with socket.socket() as probe:
        probe.bind((lab.HOST, 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "evidence", "lab", "--no-browser", "--port", str(port)],
        cwd=project,
        env={
            **os.environ,
            "HOME": str(home),
            "JUPYTER_TOKEN": "",
            "JUPYTER_CONFIG_PATH": str(home),
            "JUPYTER_CONFIG_DIR": str(home),
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        runtime = project / ".cache" / "jupyter" / "runtime"
        # It says where it is before it listens.
        while not (known := list(runtime.glob("jpserver-*.json"))) or lab._is_free(port):
            assert server.poll() is None
            time.sleep(0.05)
        token = json.loads(known[0].read_text())["token"]
        assert len(token) == 48
        address = f"http://{lab.HOST}:{port}/api/contents"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address)
        asked = urllib.request.Request(f"{address}?token={token}", headers={"Origin": "http://x.y"})
        with urllib.request.urlopen(asked) as answer:
            # Who has the token may ask from anywhere; the star would let in those who have none.
            assert answer.headers["Access-Control-Allow-Origin"] != "*"
        assert not marker.exists()
    finally:
        server.kill()
        server.wait()
