"""A few inputs of each kind, and that what must not be is told."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import EvidenceError
from tests.fuzz import running
from tests.fuzz.__main__ import INPUTS, SEED, main
from tests.fuzz.kinds import KINDS
from tests.fuzz.running import run

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
FEW = range(20)
LEDGERS = KINDS["ledgers"]


@pytest.mark.parametrize("name", KINDS)
def test_every_input_is_understood_or_refused(name: str) -> None:
    found = run(name, KINDS[name], SEED, FEW)
    assert found.failures == []
    assert found.accepted + found.refused == found.inputs == len(FEW)
    assert found.past_first >= len(FEW) / 4
    assert found.accepted


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, second, other = (run("ledgers", LEDGERS, seed, FEW) for seed in (1, 1, 2))
    assert first == second != other


def planted(path: Path, in_full: bool) -> object:
    raise KeyError("planted")


def nameless(path: Path, in_full: bool) -> object:
    raise EvidenceError("something is wrong")


def half_written(path: Path, in_full: bool) -> object:
    path.with_name("part.csv").write_text("", encoding="utf-8")
    return LEDGERS.meaning(path, in_full)


def endless(path: Path, in_full: bool) -> object:
    try:
        threading.Event().wait(60)
    except Exception:  # noqa: BLE001 - a reader that hides what stops it
        return None
    return None


def drifting(path: Path, in_full: bool) -> object:
    return object()


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        (planted, "KeyError: 'planted'"),
        (nameless, "an error without its file"),
        (half_written, "something was left behind"),
        (endless, "HangError"),
        (drifting, "it means something else"),
    ],
)
def test_what_must_not_be_is_a_failure(
    meaning: Callable[[Path, bool], object],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(running, "SECONDS", 1)
    kind = replace(LEDGERS, meaning=meaning, first=lambda path: None)
    monkeypatch.setitem(KINDS, "ledgers", kind)
    steps = "3:5" if meaning is endless else "0:40"
    assert main(["--steps", steps, "ledgers"]) == 1
    told = capsys.readouterr().out
    assert said in told
    assert f"ledgers, seed {SEED}, step " in told


def test_there_are_as_many_as_are_promised() -> None:
    assert INPUTS == 20_000
    assert min(kind.inputs for kind in KINDS.values()) >= 1_500


def test_the_documentation_counts_what_is_made() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", text, re.M)
    table = {kind: [int(one.replace(",", "")) for one in numbers] for kind, *numbers in rows}
    assert list(table) == [*KINDS, "all"]
    for name, kind in KINDS.items():
        inputs, past, understood, refused = table[name]
        assert (inputs, understood + refused) == (kind.inputs, kind.inputs), name
        assert past >= inputs / 3, name
    sums = [sum(table[name][at] for name in KINDS) for at in range(4)]
    assert table["all"] == sums, json.dumps(sums)
