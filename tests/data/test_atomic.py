"""A file is the old one or the new one."""

from pathlib import Path

import pytest

from evidence.data import atomic


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


def test_files_are_added_and_removed_with_those_that_are_replaced(tmp_path: Path) -> None:
    old, new, gone = (tmp_path / name for name in ("a", "sub/b", "c"))
    old.write_text("old")
    gone.write_text("gone")
    atomic.replace_all({old: "new", new: "added"}, [gone, tmp_path / "never", old])
    assert (old.read_text(), new.read_text()) == ("new", "added")
    assert sorted(tmp_path.rglob("*")) == [old, new.parent, new]


def test_where_one_cannot_be_removed_nothing_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, gone = (tmp_path / name for name in "abc")
    old.write_text("old")
    gone.write_text("gone")
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == gone:
            raise OSError("in use")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(OSError, match="in use"):
        atomic.replace_all({old: "new", new: "added"}, [gone])
    assert (old.read_text(), gone.read_text()) == ("old", "gone")
    assert sorted(tmp_path.iterdir()) == [old, gone]


@pytest.mark.parametrize("links", [True, False])
def test_what_is_interrupted_stands_as_it_was(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for path in (first, second):
        path.write_text("old")
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        made = real(path, target)
        if target == second and target.read_text() == "new":
            raise KeyboardInterrupt
        return made

    def no_links(path: Path, target: Path) -> None:
        raise OSError("this file system has none")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        atomic.replace_all(dict.fromkeys((first, second), "new"))
    assert [path.read_text() for path in (first, second)] == ["old"] * 2
    assert sorted(tmp_path.iterdir()) == [first, second]
