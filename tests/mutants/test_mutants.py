"""What is changed, where nothing is, and that a change which nobody notices is told."""

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import changes as drawing
from tests.mutants.__main__ import explained
from tests.mutants.changes import SAMPLE, Change, changed, changes, sample
from tests.mutants.reach import Reach
from tests.mutants.running import BUDGET, BUILT, Planted, plan

CODE = '''"""Words of 1 module."""
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elsewhere import Two

LIMIT = 3


@dataclass(frozen=True)
class Pair:
    """Words of 2 things."""

    first: "dict[str, int] | None" = None

    def larger(self, n: int = 1) -> float:
        """Return 1 or 2."""
        if not n < LIMIT:
            raise ValueError(f"{n + 1} is too many" + " of 3")
        return max(-n, 2 * n)


def is_there(one: object) -> bool:
    assert one, "nothing of 1"
    return isinstance(one, int | str) and one != "a"


def both(a: list[int], b: list[int]) -> str:
    return f"{len(a) + 1} of " + ", ".join(str(x) for x, _ in zip(a, b, strict=True))
'''
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
JOINED = "', '.join((str(x) for x, _ in zip(a, b, strict=True)))"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of code beside the package."""
    (tmp_path / "evidence" / "meta").mkdir(parents=True)
    for folder in (tmp_path / "evidence", tmp_path / "evidence" / "meta"):
        (folder / "__init__.py").write_text("")
    (tmp_path / "evidence" / "meta" / "small.py").write_text(CODE, encoding="utf-8")
    monkeypatch.setattr(drawing, "SOURCE", tmp_path)
    return "evidence.meta.small"


@pytest.fixture
def known(module: str) -> list[Change]:
    """Every change of it."""
    return changes(module)


def test_results_are_changed_and_words_types_and_errors_are_not(known: list[Change]) -> None:
    assert [(one.function, one.kind, one.after) for one in known] == [
        ("<module>", "constant", "LIMIT = 4"),
        ("Pair.larger", "constant", "self, n: int=2"),
        ("Pair.larger", "branch", "if False:"),
        ("Pair.larger", "not", "if n < LIMIT:"),
        ("Pair.larger", "boundary", "if not n <= LIMIT:"),
        ("Pair.larger", "comparison", "if not n >= LIMIT:"),
        ("Pair.larger", "return", "return max(-n, 2 * n) + 1"),
        ("Pair.larger", "min, max", "return min(-n, 2 * n)"),
        ("Pair.larger", "sign", "return max(n, 2 * n)"),
        ("Pair.larger", "operator", "return max(-n, 2 / n)"),
        ("Pair.larger", "constant", "return max(-n, 3 * n)"),
        ("is_there", "return", "return not (isinstance(one, int | str) and one != 'a')"),
        ("is_there", "and, or", "return isinstance(one, int | str) or one != 'a'"),
        ("is_there", "comparison", "return isinstance(one, int | str) and one == 'a'"),
        ("both", "return", "return ''"),
        ("both", "operator", "return f'{len(a) - 1} of ' + " + JOINED),
        ("both", "constant", "return f'{len(a) + 2} of ' + " + JOINED),
    ]
    assert {one.before for one in known if one.function == "<module>"} == {"LIMIT = 3"}
    assert [one.line for one in known[:2]] == [8, 17]


def test_a_change_is_made_at_its_place_alone(module: str, known: list[Change]) -> None:
    plain = ast.unparse(ast.parse(CODE))
    made = [ast.unparse(changed(module, one.at)) for one in known]
    assert len({plain, *made}) == len(known) + 1
    with pytest.raises(IndexError):
        changed(module, len(known))


def test_the_changed_module_is_imported_and_no_file_is_written(
    module: str, known: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = drawing.file_of(module)
    before = sorted(source.parent.rglob("*"))
    monkeypatch.setattr(sys, "meta_path", [Planted(known[0]), *sys.meta_path])
    monkeypatch.setattr("evidence.meta.__path__", [str(source.parent)])
    try:
        assert importlib.import_module(module).LIMIT == 4
    finally:
        sys.modules.pop(module, None)
    assert source.read_text(encoding="utf-8") == CODE
    assert sorted(source.parent.rglob("*")) == before


def test_the_same_seed_draws_the_same_changes_of_every_package() -> None:
    drawn = sample(1)
    assert drawn == sample(1) != sample(2)
    assert Counter(one.package for one in drawn) == SAMPLE
    assert sum(SAMPLE.values()) == 300
    assert len(set(drawn)) == 300


def test_what_reaches_a_change_is_run_first_and_no_longer_than_allowed() -> None:
    change = Change("evidence.meta.small", "f", 1, 0, "constant", "1", "2")
    key, all_slow = "evidence.meta.small:f", BUDGET + 1
    reaches = [
        Reach("t/far.py", {"far": 1.0}, {"far": {key}}, set()),
        Reach("t/meta/near.py", {"b": 2.0, "a": 1.0, "c": 0.5},
              {"a": {key}, "b": {key}, "c": set()}, set()),
        Reach("t/other.py", {"o": 0.1}, {"o": {"evidence.meta.small:g"}}, set()),
        Reach("t/slow.py", {"s": all_slow}, {"s": {key}}, set()),
        Reach("t/shared.py", {"p": 1.0}, {"p": set()}, {key}),
        Reach(BUILT, {"x": all_slow, "y": 1.0}, {"x": {key}, "y": set()}, set()),
    ]  # fmt: skip
    first, rest, built = plan(change, reaches)
    assert list(first.items()) == [("t/meta/near.py", ["a", "b"]), ("t/far.py", ["far"])]
    assert rest == {"t/meta/near.py": ["c"], "t/shared.py": ["p"]}
    assert built == {BUILT: ["x", "y"]}


def test_each_change_that_makes_no_difference_is_there_and_says_why() -> None:
    functions: dict[str, set[str]] = {}
    for (module, function, before, after), why in explained().items():
        found = functions.setdefault(module, {one.function for one in changes(module)})
        assert function in found, f"{module} has no {function}: tests/mutants/equivalent.toml"
        assert before != after
        assert len(why) > 20


def test_the_documentation_counts_every_change_once() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Changed code")[2]
    rows = re.findall(r"^\| `(\w+|all five)`" + r" \| (\d+)" * 6 + r" \|$", text, re.M)
    table = {name: [int(one) for one in numbers] for name, *numbers in rows}
    assert list(table) == [*SAMPLE, "all five"]
    for name, (drawn, *became) in table.items():
        assert drawn == sum(became), name
    whole = table.pop("all five")
    assert whole == [sum(row[at] for row in table.values()) for at in range(6)]
    assert len(explained()) == whole[3]
