"""Weeks since the end of treatment, and what sources leave open."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.lookups import Context
from evidence.followup.pairs import Timing, Weeks
from tests.data.packages import DATA, edit


def rows(dataset: Dataset, trial_id: str, timepoint: str) -> list[Any]:
    frame: pd.DataFrame = evidence.estimates(dataset)
    return list(records(frame[(frame.trial_id == trial_id) & (frame.timepoint == timepoint)]))


@pytest.mark.parametrize(
    ("trial_id", "low", "high"),
    [
        ("diamond2010", 8.0, 12.0),  # 24 weeks, treatment of 12 or 16
        ("collado2021", 18.0, 26.0),  # 26 weeks from randomization or from the end of 8
        ("montero2018", 13.0, 13.0),
    ],
)
def test_weeks(dataset: Dataset, trial_id: str, low: float, high: float) -> None:
    timing = Timing(Context(dataset))
    found = {
        timing.weeks(row)
        for row in rows(dataset, trial_id, "follow_up")
        if row.metric not in ("direction", "events")
    }
    assert found == {Weeks(low, high)}
    assert {timing.weeks(row) for row in rows(dataset, trial_id, "post")} == {Weeks(0.0, 0.0)}


def test_nothing_is_made_up_without_a_length_of_treatment(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    edit(
        folder, "trial_facts.csv", "collado2021,treatment_weeks,8,weeks,collado2021_protocol,\n", ""
    )
    data = evidence.load(folder)
    row = next(one for one in rows(data, "collado2021", "follow_up") if one.metric != "direction")
    assert Timing(Context(data)).weeks(row) == Weeks(None, None)
