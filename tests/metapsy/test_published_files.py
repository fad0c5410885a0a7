"""Three published databases, where the folder that EVIDENCE_METAPSY_FILES names holds them."""

import os
from pathlib import Path

import numpy as np
import pytest

import evidence
from evidence.analysis.multilevel import analyze_several
from evidence.estimation.choices import Specification
from evidence.estimation.selection import EVERY
from evidence.meta.multilevel.covariance import evaluate
from evidence.metapsy import Imported, import_database
from evidence.reports import package_catalog
from tests.metapsy.files import WHEN
from tests.work import calls, name_of

FOLDER = os.environ.get("EVIDENCE_METAPSY_FILES", "")

pytestmark = pytest.mark.skipif(
    not FOLDER or not Path(FOLDER).is_dir(), reason="no folder of published databases is named"
)

SUICIDE = "suicide-psyctr"
SELF_GUIDED = "depression-selfguided-psyctr"
GRIEF = "grief-psyctr"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Imported]:
    made = {}
    for name in (SUICIDE, SELF_GUIDED, GRIEF):
        path = Path(FOLDER) / name / "data.csv"
        made[name] = import_database(path, tmp_path_factory.mktemp(name) / "made", accessed=WHEN)
    return made


@pytest.mark.parametrize(
    ("name", "records", "trials", "agreeing"),
    [(SUICIDE, 190, 145, 89), (SELF_GUIDED, 361, 92, 778), (GRIEF, 38, 35, 72)],
)
def test_all_records_are_read(
    read: dict[str, Imported], name: str, records: int, trials: int, agreeing: int
) -> None:
    dataset = read[name].dataset
    assert len(dataset.locators) == records
    assert len(dataset.trials) == trials
    assert int((read[name].recomputed.verdict == "agrees").sum()) == agreeing


@pytest.mark.parametrize("name", [SUICIDE, SELF_GUIDED, GRIEF])
def test_every_comparison_is_one_of_the_file(read: dict[str, Imported], name: str) -> None:
    """No pairing of arms that stand in different records, and none lost."""
    frame = evidence.estimates(read[name].dataset, convention="metapsy")
    assert frame.estimate_id.is_unique
    made = read[name].recomputed
    printed = made[(made.column == ".g") & made.formula.str.endswith("metapsy")]
    rows = frame[(frame.metric == "hedges_g") & (frame.timepoint != "baseline")]
    rows = rows[rows.route == "means"]
    found = np.sort(np.abs(rows.effect.to_numpy()))
    expected = np.sort(np.abs(printed.metapsy.to_numpy(dtype=float)))
    # Results that a later record repeats are used once.
    repeated = read[name].discrepancies.kind.eq("duplicate_record").sum()
    assert len(found) == len(expected) - repeated
    assert all(np.min(np.abs(expected - value)) < 1e-9 for value in found)


def test_the_largest_gives_a_model_without_a_long_search(read: dict[str, Imported]) -> None:
    main = Specification(
        therapy="cbt",
        outcome="depression",
        timepoint="post",
        instrument=EVERY,
        convention="metapsy",
    )
    results = []
    made = calls(lambda: results.append(analyze_several(read[SELF_GUIDED].dataset, main)))
    found = results[0]
    # Some 740 evaluations of the likelihood of 113 estimates: seconds.
    assert made[name_of(evaluate)] < 3_000
    assert (found.fit.k_trials, found.fit.k_estimates) == (68, 113)
    assert found.fit.converged
    assert found.mean.df is not None


def test_both_times_of_the_largest(read: dict[str, Imported]) -> None:
    found = evidence.durability(read[SELF_GUIDED].dataset, therapy="cbt", outcome="depression")
    assert found.bivariate_model
    model = next(one for one in found.bivariate if one.metric == "hedges_g")
    assert model.k_both == 34
    assert found.comparisons.change_id.is_unique


def test_the_catalog_of_the_largest(read: dict[str, Imported]) -> None:
    asked = package_catalog.questions(read[SELF_GUIDED].dataset)
    enough = {one.report_id: one for one in asked if one.trials >= package_catalog.ENOUGH}
    assert (len(enough), len(asked)) == (29, 38)
    main = enough["cbt-depression-post"]
    assert (main.trials, main.parameters["model"]) == (68, "che")


def test_the_sign_of_one_needs_the_caller(read: dict[str, Imported], tmp_path: Path) -> None:
    frame = evidence.estimates(read[SUICIDE].dataset, outcome="suicidal_ideation")
    assert frame.effect.isna().all()
    path = Path(FOLDER) / SUICIDE / "data.csv"
    made = import_database(path, tmp_path / "made", accessed=WHEN, positive_g="comparator")
    turned = evidence.estimates(made.dataset, outcome="suicidal_ideation")
    row = turned[turned.label == "Diamond 2010"].iloc[0]
    # As the workbook itself has it from the same database.
    assert row.effect == pytest.approx(0.766209825942987, abs=1e-12)
