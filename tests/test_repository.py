"""Rules of the repository that no other tool holds."""

import ast
import importlib
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import language

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "evidence"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 600
MOST_FILES_OF_A_FOLDER = 16
# Whoever raises these says in the same commit what for. Version 0.1.0 had 59,356 lines; facts with
# kinds, their truth on any data, and the reading of printed uncertainty and direction came after;
# then what analysts of trials missed: predictions, contrasts and nested models of regressions,
# covariance of effects that share arms, outcomes or times, profile intervals of variances,
# PET-PEESE, Copas, limit meta-analysis, p-curve, tests of asymmetry for counts, rates, diagnostics
# with moderators; and the reading of a researcher's own table (meta/cells.py, meta/table.py: 760
# lines). The results and the report that own studies lead to are meta/frame.py to
# meta/spreadsheet.py; what they say of direction, prediction and choices that were not taken, and
# the figures of diagnostics, came after; then reports of imported packages, models of several
# effects with moderators and diagnostics, seven more figures, pages on other therapies, forest
# plots for paper, phone and dark, and what a check did not compare; then a second reading of
# places (entry/second_reading.py), results added to a trial that is there, and marks that are
# written where they are certain; then the workbook that says what can be asked, results as tables
# in Jupyter, an explorer of own studies and databases that gives code and files, and the search of
# pages by their words; then old values that a killed build does not lose, and its files that the
# next one clears away.
MOST_FILES_IN_ALL = 300
MOST_LINES_IN_ALL = 80_320
FEWEST_LINES_OF_A_PART = 60
"""Of code: what has fewer and is read by one module alone belongs into that module."""
NAMES_THAT_SAY_NOTHING = {
    *("utils", "helpers", "common", "misc"),
    *("placing", "aside", "deciding", "closest", "known", "following", "opening"),
}


def dotted(module: Path) -> str:
    parts = module.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {dotted(one): ast.parse(one.read_text(encoding="utf-8")) for one in MODULES}


def lines_of_code(module: Path) -> int:
    """Count lines that are neither empty nor a comment nor of a docstring."""
    text = module.read_text(encoding="utf-8")
    documented: set[int] = set()
    for node in ast.walk(TREES[dotted(module)]):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            documented.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
        if number not in documented
    )


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{one.name}" for one in node.names}
            found.update(one if one in TREES else node.module for one in inner)
    return found & set(TREES)


@pytest.mark.parametrize("module", MODULES, ids=lambda one: str(one.relative_to(ROOT / "src")))
def test_modules_are_short_and_say_what_they_are(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert module.stem not in NAMES_THAT_SAY_NOTHING


def test_the_package_stays_of_a_size_to_find_ones_way_in() -> None:
    assert len(MODULES) <= MOST_FILES_IN_ALL
    lines = sum(len(one.read_text(encoding="utf-8").splitlines()) for one in MODULES)
    assert lines <= MOST_LINES_IN_ALL


def test_no_folder_is_a_drawer() -> None:
    files = Counter(one.parent for one in MODULES)
    full = {str(one): count for one, count in files.items() if count > MOST_FILES_OF_A_FOLDER}
    assert set(full) <= {str(PACKAGE / "cli")}


def test_no_part_is_cut_off_from_the_one_module_that_reads_it() -> None:
    reads = {name: imported(tree) - {name} for name, tree in TREES.items()}
    read_by = Counter(one for found in reads.values() for one in found)
    small = {
        dotted(one)
        for one in MODULES
        if read_by[dotted(one)] == 1
        and not {"cli", "pages", "figures"} & set(one.relative_to(PACKAGE).parts)
        and lines_of_code(one) < FEWEST_LINES_OF_A_PART
    }
    assert not small


def hands_on(tree: ast.Module) -> bool:
    """Say whether a module imports names of the package and defines nothing."""
    own = [
        one
        for one in tree.body
        if not isinstance(one, ast.Import | ast.ImportFrom)
        and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        and not (isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__all__")
    ]
    return not own and bool(imported(tree))


def test_no_module_only_hands_on_what_others_define() -> None:
    assert {name for name, tree in TREES.items() if hands_on(tree)} == set()


def defined(module: str) -> set[str]:
    found: set[str] = set()
    for one in TREES[module].body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            found.add(one.name)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            found.update(ast.unparse(target) for target in targets)
    return found


def test_names_that_moved_lead_somewhere() -> None:
    rows = (ROOT / "docs" / "moved-names.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "old,new"
    for row in rows[1:]:
        new = row.split(",")[1]
        module, _, name = new.rpartition(".")
        assert new in TREES or name in defined(module), row


def test_no_module_has_the_name_of_a_public_function() -> None:
    # A lazy package would hand out the module in place of the function.
    source = (ROOT / "src" / "evidence" / "__init__.py").read_text(encoding="utf-8")
    exported = set(re.findall(r'^    "(\w+)": "evidence\.', source, re.MULTILINE))
    assert "load" in exported
    beside = {one.stem for one in PACKAGE.iterdir()}
    assert "ledger" in beside
    assert not exported & beside


@pytest.mark.parametrize(("name", "fewest"), [("", 100), ("-test", 20)])
def test_a_lock_has_hashes_and_no_address(name: str, fewest: int) -> None:
    lock = (ROOT / f"requirements{name}.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^[\w.-]+==", lock, re.MULTILINE)
    assert len(pinned) > fewest
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", lock)) >= len(pinned)


def test_reports_are_built_without_what_only_tests_need() -> None:
    """A driver of browsers alone is 165 MB."""
    built, tested = (
        set(re.findall(r"^([\w.-]+)==", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-test.lock")
    )
    assert {"playwright", "pytest", "mypy", "hypothesis"} <= tested
    assert not built & tested


def test_no_test_reads_a_clock_of_its_own() -> None:
    # What a test may ask of time is a ratio within the run, or a count of work: tests/work.py.
    clock = re.compile(r"\b(perf_counter|process_time|monotonic|thread_time|time\.time)(_ns)?\(")
    tests = {
        one.relative_to(ROOT / "tests").as_posix(): one for one in (ROOT / "tests").rglob("*.py")
    }
    # They wait for a server to start or kill a build at some moment, and assert no time.
    allowed = {"work.py", "browser/test_lab.py", "kills/running.py"}
    found = {name for name, one in tests.items() if clock.search(one.read_text("utf-8"))}
    assert found == allowed


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        pytest.skip("no git history here")
    return done.stdout


DATA = (":(glob)data/*.csv", "data/references.json")
"""Of the package alone: databases that stand beside it are in a folder of their own."""


def test_the_data_version_rises_with_every_changed_cell() -> None:
    history = git("log", "-n", "50", "--format=%H %P", "--", *DATA)
    for line in history.splitlines():
        commit, *parents = line.split()
        for parent in parents[:1]:
            before, after = (
                json.loads(git("show", f"{one}:data/datapackage.json"))["version"]
                for one in (parent, commit)
            )
            assert before != after, f"{commit} changes data and leaves version {before}"


def test_the_data_version_rises_before_a_change_is_committed() -> None:
    if git("status", "--porcelain", "--", *DATA):
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
            # The clause that all of them share is put in by its name.
            said = [
                str(one.value) if isinstance(one, ast.Constant) else language.OF_HARMS
                for one in parts
                if one in texts
                or (
                    isinstance(one, ast.FormattedValue)
                    and ast.unparse(one.value) == "language.OF_HARMS"
                )
            ]
            yield path.name, "".join(said)


def test_ratios_above_1_favor_the_therapy_but_for_harms() -> None:
    general = re.compile(r"above 1\)?,?\s(?:favors?|does)\b.{0,90}", re.DOTALL)
    found = [(name, said[0]) for name, text in said_to_readers() for said in general.finditer(text)]
    assert len(found) >= 6
    assert [one for one in found if "harm" not in one[1]] == []


@pytest.mark.parametrize("package", [one.parent for one in MODULES if one.stem == "__init__"])
def test_no_name_of_a_package_hides_one_of_its_modules(package: Path) -> None:
    whole = ".".join(package.relative_to(ROOT / "src").parts)
    inside = [one.stem for one in package.glob("*.py") if not one.stem.startswith("__")]
    for name in inside:
        part = importlib.import_module(f"{whole}.{name}")
        found = getattr(importlib.import_module(whole), name)
        # A function may have the name of the module that is there for it.
        assert found is part or found.__module__ == part.__name__, f"{whole} has another {name}"
