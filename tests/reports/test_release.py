"""A release holds all reports, the ledger and checksums that a tool of the system accepts."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evidence import __version__
from evidence.errors import RenderError
from evidence.reports.release import release
from tests.reports import projects

NAME = f"attachment-therapy-evidence-{__version__}-data-1.0.0"
FILES = [
    "LICENSE",
    "SHA256SUMS",
    "reports/estimates.csv",
    "reports/first.docx",
    "reports/first.html",
    "reports/first.pdf",
    "reports/index.html",
    "reports/superseded.csv",
]


def project(root: Path) -> Path:
    made = projects.make(root, catalog=projects.CATALOG.replace('formats = ["html"]\n', ""))
    (made / "LICENSE").write_text("MIT\n")
    return made


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(project(tmp_path_factory.mktemp("released")))


def test_package_holds_reports_ledger_and_checksums(released: Path) -> None:
    assert released.name == f"{NAME}.zip"
    assert sorted(one.name for one in released.parent.iterdir()) == ["SHA256SUMS", released.name]
    with zipfile.ZipFile(released) as package:
        assert package.namelist() == [f"{NAME}/{one}" for one in FILES]
        assert {one.date_time[:3] for one in package.infolist()} == {(2026, 2, 1)}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum")
def test_checksums_are_right(released: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(released) as package:
        package.extractall(tmp_path)
    for folder in (released.parent, tmp_path / NAME):
        run = subprocess.run(
            ["sha256sum", "--check", "--strict", "SHA256SUMS"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.count(": OK") == (1 if folder == released.parent else len(FILES) - 1)


def test_a_release_is_made_again_byte_for_byte_and_takes_the_place_of_the_last(
    released: Path, tmp_path: Path
) -> None:
    root = project(tmp_path)
    (root / "dist").mkdir()
    (root / "dist" / "attachment-therapy-evidence-0.0.1-data-0.9.0.zip").write_text("old")
    (root / "dist" / "own.txt").write_text("something else")
    run = subprocess.run(
        [sys.executable, "-m", "evidence.reports.release"],
        cwd=root,
        env={**os.environ, "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    made = Path(run.stdout.strip())
    assert made.read_bytes() == released.read_bytes()
    assert sorted(one.name for one in made.parent.iterdir()) == [
        "SHA256SUMS",
        made.name,
        "own.txt",
    ]


def test_no_release_of_a_report_that_failed(tmp_path: Path) -> None:
    failing = projects.CATALOG.replace('"one"', '"fail"')
    with pytest.raises(RenderError, match="first: ParameterError: word"):
        release(projects.make(tmp_path, catalog=failing))
    assert not (tmp_path / "dist").exists()


def test_no_release_with_a_document_of_no_report(tmp_path: Path) -> None:
    root = projects.make(tmp_path)
    (root / "reports" / "gone.pdf").write_bytes(b"%PDF")
    with pytest.raises(RenderError, match=r"files that belong to no report: reports/gone\.pdf"):
        release(root)
