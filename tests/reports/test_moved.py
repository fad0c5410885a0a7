"""Numbers that would move: which the data move, and how that is said."""

from dataclasses import replace
from pathlib import Path

import evidence
from evidence.analysis.missing_numbers import main_analyses
from evidence.data.records import records
from evidence.ledger import Comparison, compare
from evidence.ledger.entries import of_analysis, of_estimate
from evidence.reports.moved import SHOWN, foreseen, message

DATASET = evidence.load()
FRAME = evidence.estimates(DATASET)
POOLED = [of_analysis(one, DATASET) for one in main_analyses(DATASET, FRAME)]
TRIAL = of_estimate(next(records(FRAME[FRAME.effect.notna()])), DATASET)
LEDGER = [*POOLED, TRIAL, replace(TRIAL, estimate_id="of.another.package", effect=9.0)]


def said(found: Comparison, folder: Path) -> list[str]:
    text = message(found, old=LEDGER, file=folder / "moved.txt", root=folder, before=True)
    return text.splitlines()


def test_what_the_data_move_is_found_without_a_notebook() -> None:
    assert foreseen(DATASET, LEDGER) == Comparison((), (), ())
    was = {one.estimate_id: replace(one, effect=one.effect + 0.01) for one in LEDGER[3:5]}
    was[TRIAL.estimate_id] = replace(TRIAL, k=7)
    found = foreseen(DATASET, [was.get(one.estimate_id, one) for one in LEDGER])
    assert found.superseded == tuple(sorted(was))
    assert {one.field for one in found.moved} == {"effect", "k"}


def test_five_are_shown_pooled_ones_first_and_all_are_in_the_file(tmp_path: Path) -> None:
    now = [replace(one, effect=one.effect + 1) for one in [TRIAL, *POOLED]]
    lines = said(compare([TRIAL, *POOLED], now), tmp_path)
    assert lines[0].endswith(f"stayed at {DATASET.version}; nothing was built")
    shown = lines[1 : 1 + SHOWN]
    first = sorted(one.estimate_id for one in POOLED)[:SHOWN]
    assert [line.rpartition("(")[2].rstrip(")") for line in shown] == first
    assert lines[1 + SHOWN] == f"  and {len(now) - SHOWN} more; all are in moved.txt"
    assert "raise version" in lines[-1]
    written = (tmp_path / "moved.txt").read_text().splitlines()
    assert {line.partition(":")[0] for line in written} == {one.estimate_id for one in now}


def test_a_move_is_said_in_as_few_decimals_as_show_it(tmp_path: Path) -> None:
    one = next(one for one in POOLED if one.estimate_id == "abft.depression.post.hedges_g.pooled")
    small = said(compare([one], [replace(one, effect=one.effect + 1e-4)]), tmp_path)
    assert ": 0.5205 (−0.2875 to 1.3286) -> 0.5206 (−0.2875 to 1.3286) (abft." in small[1]
    size = said(compare([one], [replace(one, n=None, p_value=0.5)]), tmp_path)
    assert ": p_value 0.1093 -> 0.5000; n 118 -> none (" in size[1]
    gone = said(compare([one], []), tmp_path)
    assert ": no longer shown (" in gone[1]
