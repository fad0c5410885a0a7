"""What the audit finds of seeded typing errors, and that nothing odd stops it."""

import csv
import random
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.integrity import audit
from tests.integrity.mutations import KINDS, MEASURED, OF_EACH, Bench, errors

DOCUMENT = Path(__file__).parents[2] / "docs" / "what-arithmetic-can-find.md"
AGAIN = 7
"""Of so many measured errors one is tried again."""
GOALS = ("sign", "limits", "n", "arms", "direction", "SE for SD", "factor 10")
ODD = ("0", "-1", "-0.5", "0.5", "1", "7", "99999999", "1e-300", "1e300", "-1e12", "0.0000000001")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(evidence.load().path, tmp_path_factory.mktemp("bench") / "data")


@pytest.fixture(scope="module")
def measured() -> list[dict[str, str]]:
    with MEASURED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_goals_are_met(measured: list[dict[str, str]]) -> None:
    counted = Counter(row["kind"] for row in measured)
    found = Counter(row["kind"] for row in measured if row["found"])
    assert list(counted) == list(KINDS)
    assert max(counted.values()) <= OF_EACH
    assert found.total() / counted.total() >= 0.6
    for kind in GOALS:
        assert found[kind] / counted[kind] >= 0.8, kind


def test_the_table_of_the_documentation_holds_what_was_measured(
    measured: list[dict[str, str]],
) -> None:
    rows = re.findall(r"^\| ([^|]+) \| .* \| (\d+) of (\d+) \|$", DOCUMENT.read_text("utf-8"), re.M)
    counted = Counter(row["kind"] for row in measured)
    found = Counter(row["kind"] for row in measured if row["found"])
    assert [(kind, int(one), int(of)) for kind, one, of in rows] == [
        *((kind, found[kind], counted[kind]) for kind in KINDS),
        ("all", found.total(), counted.total()),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_measured_is_found_again(
    bench: Bench, measured: list[dict[str, str]], kind: str
) -> None:
    by_name = {bench.written(error): error for error in errors(bench, kind)}
    rows = [row for row in measured if row["kind"] == kind]
    for row in rows[::AGAIN]:
        moved, found = bench.outcome(by_name[row["error"]]) or (False, [])
        assert (moved, "; ".join(found)) == (True, row["found"]), row["error"]


def test_every_direction_that_is_turned_round_in_a_statistic_is_found(
    bench: Bench, measured: list[dict[str, str]]
) -> None:
    turned = [row for row in measured if "favors_intervention_when" in row["error"]]
    assert len(turned) > 7
    assert all(row["found"] for row in turned)


class Odd:
    """The tables of a data set with values that nobody would print."""

    def __init__(self, dataset: evidence.data.dataset.Dataset, seed: int) -> None:
        self._dataset = dataset
        chance = random.Random(seed)
        self._cells = {
            (table, at, column): chance.choice(ODD)
            for table in ("arm_results", "statistics", "arms", "instruments")
            for column, kind in dataset.printed(table).dtypes.items()
            if kind.kind in "if"
            for at in range(len(dataset.text(table)))
            if chance.random() < 0.4
        }

    def text(self, table: str) -> pd.DataFrame:
        frame = self._dataset.text(table)
        for (name, at, column), value in self._cells.items():
            if name == table and column in frame:
                frame.loc[at, column] = value
        return frame

    def printed(self, table: str) -> pd.DataFrame:
        frame = self._dataset.printed(table)
        for (name, at, column), value in self._cells.items():
            if name == table:
                number = float(value)
                whole = frame[column].dtype == "Int64"
                frame.loc[at, column] = int(min(max(number, -1e12), 1e12)) if whole else number
        return frame

    def lines(self, table: str) -> tuple[int, ...]:
        return self._dataset.lines(table)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_odd_stops_it(bench: Bench, seed: int) -> None:
    found = audit(Odd(bench.base, seed))
    assert (found.check == "impossible").sum() > 5
    assert (found.file.str.endswith(".csv") & (found.row > 1)).all()
