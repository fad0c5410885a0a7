"""A file is the old one or the new one."""

from pathlib import Path

import pytest

from evidence import atomic


def test_content_is_written_as_it_is(tmp_path: Path) -> None:
    atomic.replace(tmp_path / "a" / "x", "é\n")
    assert (tmp_path / "a" / "x").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "a" / "x").stat().st_mode & 0o777 == 0o644


def test_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        atomic.replace(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
