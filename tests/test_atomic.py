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


def test_several_files_are_replaced_together(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("old")
    atomic.replace_all({path: f"new {path.name}" for path in paths})
    assert [path.read_text() for path in paths] == ["new a", "new b", "new c"]
    assert sorted(tmp_path.iterdir()) == paths


@pytest.mark.parametrize("failing", range(3))
def test_where_one_cannot_be_moved_all_stay(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("old")
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target == paths[failing] and "new" in path.read_text():
            raise OSError("in use")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="in use"):
        atomic.replace_all(dict.fromkeys(paths, "new"))
    assert [path.read_text() for path in paths] == ["old"] * 3
    assert sorted(tmp_path.iterdir()) == paths


def test_a_file_that_is_not_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(FileNotFoundError):
        atomic.replace_all({path: "new", tmp_path / "b": "new"})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
