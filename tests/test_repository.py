"""Rules of the repository that no other tool holds."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src").rglob("*.py"))
MOST_LINES = 600


@pytest.mark.parametrize("module", MODULES, ids=lambda one: str(one.relative_to(ROOT / "src")))
def test_modules_are_short_and_say_what_they_are(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert module.stem not in {"utils", "helpers", "common", "misc"}


def test_no_module_has_the_name_of_a_public_function() -> None:
    # A lazy package would hand out the module in place of the function.
    source = (ROOT / "src" / "evidence" / "__init__.py").read_text(encoding="utf-8")
    exported = set(re.findall(r'^    "(\w+)": "evidence\.', source, re.MULTILINE))
    assert "load" in exported
    assert not exported & {one.stem for one in MODULES}


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^[\w.-]+==", lock, re.MULTILINE)
    assert len(pinned) > 100
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", lock)) >= len(pinned)


def test_no_test_reads_a_clock_of_its_own() -> None:
    # What a test may ask of time is a ratio within the run, or a count of work: tests/work.py.
    clock = re.compile(r"\b(perf_counter|process_time|monotonic|thread_time|time\.time)(_ns)?\(")
    tests = {
        one.relative_to(ROOT / "tests").as_posix(): one for one in (ROOT / "tests").rglob("*.py")
    }
    # It waits for a server to start, and asserts no time.
    allowed = {"work.py", "browser/test_lab.py"}
    found = {name for name, one in tests.items() if clock.search(one.read_text("utf-8"))}
    assert found == allowed


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        pytest.skip("no git history here")
    return done.stdout


def test_the_data_version_rises_with_every_changed_cell() -> None:
    history = git("log", "-n", "50", "--format=%H %P", "--", "data/*.csv", "data/references.json")
    for line in history.splitlines():
        commit, *parents = line.split()
        for parent in parents[:1]:
            before, after = (
                json.loads(git("show", f"{one}:data/datapackage.json"))["version"]
                for one in (parent, commit)
            )
            assert before != after, f"{commit} changes data and leaves version {before}"


def test_the_data_version_rises_before_a_change_is_committed() -> None:
    if git("status", "--porcelain", "--", "data/*.csv", "data/references.json"):
        committed = json.loads(git("show", "HEAD:data/datapackage.json"))["version"]
        current = json.loads((ROOT / "data" / "datapackage.json").read_text())["version"]
        assert current != committed


def said_to_readers() -> Iterator[tuple[str, str]]:
    """Yield the texts of pages and documents with their files: no remark and no docstring."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "src").rglob("*.j2")):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "src").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        seen = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
        for node in ast.walk(tree):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [one for one in parts if isinstance(one, ast.Constant) and id(one) not in seen]
            seen |= {id(one) for one in texts}
            yield path.name, "".join(str(one.value) for one in texts)


def test_ratios_above_1_favor_the_therapy_but_for_harms() -> None:
    general = re.compile(r"above 1\)?,?\s(?:favors?|does)\b.{0,90}", re.DOTALL)
    found = [(name, said[0]) for name, text in said_to_readers() for said in general.finditer(text)]
    assert len(found) >= 6
    assert [one for one in found if "harm" not in one[1]] == []
