"""The rows that data/README.md shows load when they are appended to the data."""

import json
import re
import shutil
import textwrap

import pytest

import evidence
from evidence.data.dataset import Dataset, load
from tests.data.packages import DATA

README = (DATA / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(
    r"^ *`(\w+\.(?:csv|json))`\n\n( *)```(?:csv|json)\n(.*?)^ *```$",
    README,
    re.DOTALL | re.MULTILINE,
)
TRIAL = "example2027"


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("added") / "data"
    shutil.copytree(DATA, folder)
    for name, _, block in SHOWN:
        rows = textwrap.dedent(block)
        file = folder / name
        if name == "references.json":
            items = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps([*items, json.loads(rows)]), encoding="utf-8")
        else:
            with file.open("a", encoding="utf-8", newline="") as appended:
                appended.write(rows)
    return load(folder)


def test_every_step_with_rows_is_found() -> None:
    assert [name for name, _, _ in SHOWN] == [
        "references.json",
        "publications.csv",
        "locators.csv",
        "trials.csv",
        "arms.csv",
        "trial_facts.csv",
        "arm_results.csv",
        "statistics.csv",
        "directions.csv",
    ]


def test_the_rows_load(added: Dataset) -> None:
    assert added.trials.trial_id.iloc[-1] == TRIAL
    assert added.references[TRIAL]["title"].startswith("An invented trial")
    assert added.text("arm_results").sd.tolist()[-4:] == ["9.20", "9.75", "11.40", "12.10"]


def test_the_follow_up_has_its_place_on_both_clocks(added: Dataset) -> None:
    result = added.statistics.iloc[-1]
    assert result.weeks_since_randomization == 42
    assert result.follow_up_weeks == 26
    assert result.clock_note == ""


def test_the_trial_enters_the_estimates_without_a_change_of_code(added: Dataset) -> None:
    estimates = evidence.estimates(added, therapy="abft", outcome="depression", timepoint="post")
    row = estimates[(estimates.trial_id == TRIAL) & (estimates.metric == "hedges_g")].iloc[0]
    assert row.instrument_id == "bdi_ii"
    assert row.effect > 0
    ideation = evidence.estimates(added, therapy="abft", outcome="suicidal_ideation")
    assert ideation[ideation.trial_id == TRIAL].reason.tolist() != []
