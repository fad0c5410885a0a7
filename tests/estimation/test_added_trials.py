"""What researchers add: odd trials end in an estimate or a reason, never in a traceback."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evidence
from evidence.analysis import analyze
from evidence.analysis.alternatives import companions
from evidence.analysis.multiverse import panel
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.pages import pooled
from evidence.pages.pooled import tables
from evidence.terms import LeftOut, RemarkKind, Said, has

DATA = Path(__file__).parents[2] / "data"
TRIAL = {
    "trial_id": "newt",
    "label": "New 2027",
    "therapy": "abft",
    "design": "randomized",
    "status": "published",
    "developer_involved": "no",
}
PLACE = "diamond2002_abstract"
BESIDE_TWO = (
    "Of three further trials with 249 adolescents, two report no clear difference, "
    "without a usable number"
)
"""What the first screen says of Waraan 2021 and Diamond 2019, before it says of the new trial."""


class Package:
    """A copy of the data to which rows can be appended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(DATA, folder)

    def add(self, table: str, **values: Any) -> None:
        path = self.folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert set(values) <= set(header)
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(values.get(one, "") for one in header)

    def trial(self, arms: dict[str, str], total: int | None = 60, **sizes: int) -> None:
        self.add("trials", **TRIAL)
        for number, (arm, condition) in enumerate(arms.items()):
            self.add(
                "arms",
                arm_id=arm,
                trial_id="newt",
                role="intervention" if number == 0 else "comparator",
                condition=condition,
                n_randomized=sizes.get(arm, ""),
                locator_id=PLACE,
            )
        for fact, value in (("n_randomized", total), ("treatment_weeks", 12)):
            if value is not None:
                unit = "participants" if fact == "n_randomized" else "weeks"
                self.add(
                    "trial_facts",
                    trial_id="newt",
                    fact=fact,
                    value=value,
                    unit=unit,
                    locator_id=PLACE,
                )

    def result(self, arm: str, result_id: str, **values: Any) -> None:
        defaults = {
            "trial_id": "newt",
            "arm_id": arm,
            "result_id": result_id,
            "instrument_id": "bdi_ii",
            "timepoint": "post",
            "weeks": 12,
            "clock": "randomization",
            "analysis_set": "as_printed",
            "locator_id": PLACE,
        }
        self.add("arm_results", **{**defaults, **values})

    def statistic(self, result_id: str, **values: Any) -> None:
        defaults = {
            "trial_id": "newt",
            "intervention_arm_id": "na",
            "comparator_arm_id": "nc",
            "result_id": result_id,
            "instrument_id": "bdi_ii",
            "timepoint": "post",
            "weeks": 12,
            "clock": "randomization",
            "favors_intervention_when": "lower",
            "locator_id": PLACE,
        }
        self.add("statistics", **{**defaults, **values})

    def load(self) -> Dataset:
        return evidence.load(self.folder)

    def frame(self) -> pd.DataFrame:
        frame = evidence.estimates(self.load())
        assert frame.estimate_id.is_unique
        return frame[frame.trial_id == "newt"].set_index("metric", drop=False)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path / "data")


TWO = {"na": "abft", "nc": "usual_care"}


def test_a_total_of_three_arms_is_no_total_of_two(package: Package) -> None:
    package.trial({**TWO, "nw": "waitlist"}, total=90)
    for arm, result_id, percent in (("na", "r1", "3.33"), ("nc", "r2", "6.67")):
        package.result(arm, result_id, instrument_id="ham_d", event="remission", percent=percent)
    frame = package.frame()
    assert "2 of 60" not in " ".join(frame.convention)


def test_two_baselines_of_one_arm_are_not_those_of_both(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    package.result("na", "b1", timepoint="baseline", weeks=0, n_analyzed=30, mean=30, sd=8)
    package.result(
        "na",
        "b2",
        timepoint="baseline",
        weeks=0,
        n_analyzed=20,
        mean=20,
        sd=8,
        analysis_set="completers",
    )
    package.result("na", "p1", n_analyzed=30, mean=15, sd=8)
    package.result("nc", "p2", n_analyzed=30, mean=20, sd=8)
    frame = package.frame()
    assert "hedges_g" in frame.index
    assert "d_ppc2" not in frame.index


def test_no_event_in_either_arm_gives_no_ratio(package: Package) -> None:
    package.trial(TWO, na=60, nc=20, total=80)
    for arm, result_id, n in (("na", "r1", 60), ("nc", "r2", 20)):
        package.result(
            arm, result_id, instrument_id="ham_d", event="remission", events=0, n_analyzed=n
        )
    frame = package.frame()
    assert pd.isna(frame.effect["log_odds_ratio"])
    assert "no ratio" in frame.reason["log_odds_ratio"]
    assert set(zip(frame.n_intervention, frame.n_comparator, strict=True)) == {(60, 20)}
    assert set(frame.convention) == {"0 of 60 against 0 of 20"}
    assert frame.effect["risk_difference"] == 0


@pytest.mark.parametrize(
    "values",
    [
        {"statistic": "mixed_model_b", "estimate": -3, "p_value": "1.00", "p_relation": "equal"},
        {"statistic": "mixed_model_b", "estimate": -3, "p_value": "0.000", "p_relation": "equal"},
        {"statistic": "mixed_model_b", "estimate": -3, "ci_low": -2.9, "ci_high": -1},
        {"statistic": "hedges_g", "estimate": -0.4, "se": 0},
        {"statistic": "odds_ratio", "estimate": 0.13, "ci_low": "0.00", "ci_high": 2},
        {"statistic": "odds_ratio", "estimate": 4.41, "ci_low": 5, "ci_high": 9},
        {"statistic": "f_slope", "estimate": 3.1},
    ],
)
def test_an_odd_statistic_does_not_stop_the_rest(package: Package, values: dict[str, Any]) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic("s1", **values)
    frame = package.frame()
    assert ((frame.effect.notna()) == (frame.reason == "")).all()
    assert (
        analyze(
            package.load(), Specification(therapy="abft", outcome="depression", timepoint="post")
        ).pooled.k
        >= 3
    )


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ({"statistic": "mean_difference", "estimate": -4, "se": 2}, 4.0),
        # times J(58), by the gamma function
        ({"statistic": "t", "estimate": 2.0}, -2.0 * (2 / 30) ** 0.5 * 0.987004),
        (
            {
                "statistic": "log_odds_ratio",
                "estimate": 0.7,
                "se": 0.3,
                "favors_intervention_when": "higher",
            },
            0.7,
        ),
    ],
)
def test_statistics_with_an_error_of_their_own(
    package: Package, values: dict[str, Any], effect: float
) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic("s1", **{"favors_intervention_when": "lower", **values})
    row = package.frame().iloc[0]
    assert row.effect == pytest.approx(effect)
    assert row.variance > 0


@pytest.mark.parametrize(
    ("statistic", "estimate"),
    [
        ("relative_risk_reduction_percent", 40),
        ("odds_ratio", 2),
        ("mean_difference", -4),
        ("cohens_d", 0.4),
        ("t", 2),
    ],
)
def test_a_number_whose_side_nobody_says_gives_no_effect(
    package: Package, statistic: str, estimate: float
) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic("s1", statistic=statistic, estimate=estimate, favors_intervention_when="")
    row = package.frame().iloc[0]
    assert pd.isna(row.effect)
    assert row.left_out_by == LeftOut.SIGN_UNKNOWN


def test_an_error_of_0_is_said_to_be_the_reason(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic("s1", statistic="mean_difference", estimate=-4, se=0)
    row = package.frame().iloc[0]
    assert pd.isna(row.effect)
    assert row.reason == "a standard error of 0 is printed"


def test_means_stand_before_a_printed_g(package: Package) -> None:
    for arm, result_id, mean in (("abft", "r1", 20), ("euc", "r2", 30)):
        package.result(
            f"diamond2010_{arm}",
            result_id,
            trial_id="diamond2010",
            instrument_id="siq_jr",
            n_analyzed=30,
            mean=mean,
            sd=15,
        )
    dataset = package.load()
    analysis = analyze(
        dataset, Specification(therapy="abft", outcome="suicidal_ideation", timepoint="post")
    )
    assert list(analysis.selection.estimates.route) == ["means"]
    assert "another route" in " ".join(analysis.selection.left_out.reason)
    assert len(panel(dataset, analysis.specification)) > 1
    assert companions(dataset, analysis).stress is not None


def test_two_arms_of_one_condition_keep_their_ids_apart(package: Package) -> None:
    package.trial({"na": "abft", "nc": "waitlist", "nd": "waitlist"}, total=90)
    for arm, mean in (("na", 15), ("nc", 20), ("nd", 18)):
        package.result(arm, f"r_{arm}", n_analyzed=30, mean=mean, sd=8)
    frame = package.frame()
    routes = frame.route[frame.metric == "hedges_g"].tolist()
    assert routes == ["means", "means", "combined_means"]
    assert all(has(one, RemarkKind.SHARED_ARM) for one in records(frame[frame.effect.notna()]))


@pytest.mark.parametrize(
    ("direction", "note", "entered", "said"),
    [
        (
            "favors_comparator",
            "no difference at baseline",
            False,
            f"{BESIDE_TWO}; one reports a difference in favor of the comparator, "
            "without a usable number.",
        ),
        (
            "favors_intervention",
            "",
            False,
            f"{BESIDE_TWO}; one reports a difference in favor of ABFT, without a usable number.",
        ),
        (
            "no_difference",
            "no difference in favor of either arm",
            True,
            "Three further trials with 249 adolescents report no clear difference, "
            "without a usable number.",
        ),
        (
            "measured_not_reported",
            "a difference in favor of the therapy was expected",
            True,
            f"{BESIDE_TWO}; one reports no result on it.",
        ),
    ],
)
def test_the_kind_of_what_is_said_decides_and_never_its_note(
    package: Package, direction: str, note: str, entered: bool, said: str
) -> None:
    package.trial(TWO, na=30, nc=30)
    package.add(
        "directions",
        direction_id="n_dep",
        trial_id="newt",
        intervention_arm_id="na",
        comparator_arm_id="nc",
        outcome_id="depression",
        timepoint="post",
        direction=direction,
        note=note,
        locator_id=PLACE,
    )
    dataset = package.load()
    analysis = analyze(
        dataset, Specification(therapy="abft", outcome="depression", timepoint="post")
    )
    test = stress_test(analysis)
    assert test is not None
    assert ("newt" in set(test.entered.trial_id)) == entered
    assert ("newt" in set(test.not_entered.trial_id)) == (not entered)
    assert pooled.others(dataset, analysis) == said


def test_sources_that_differ_are_neither_zero_nor_no_difference(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    for direction in ("no_difference", "favors_intervention"):
        package.add(
            "directions",
            direction_id=f"n_{direction}",
            trial_id="newt",
            intervention_arm_id="na",
            comparator_arm_id="nc",
            outcome_id="depression",
            timepoint="post",
            direction=direction,
            locator_id=PLACE,
        )
    dataset = package.load()
    analysis = analyze(
        dataset, Specification(therapy="abft", outcome="depression", timepoint="post")
    )
    without = analysis.selection.without_number.set_index("trial_id")
    assert without.said["newt"] == Said.SOURCES_DIFFER
    test = stress_test(analysis)
    assert test is not None
    assert "newt" in set(test.not_entered.trial_id)
    assert pooled.others(dataset, analysis) == (
        f"{BESIDE_TWO}; one is reported differently by different sources."
    )
    assert "its sources differ" in tables.unreported(dataset, analysis, test).text


def test_a_large_chi_square_holds_nothing_at_zero(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic("s1", statistic="chi2_groups", estimate=40, df1=2)
    test = stress_test(
        analyze(
            package.load(), Specification(therapy="abft", outcome="depression", timepoint="post")
        )
    )
    assert test is not None
    bounds = dict(zip(test.entered.trial_id, test.entered.bound, strict=True))
    assert bounds["newt"] == pytest.approx(1.959964 * (2 / 30) ** 0.5, abs=1e-5)


def test_f_at_two_times_takes_its_direction_from_one(package: Package) -> None:
    for arm, percent in (("abft", "80.0"), ("nst", "75.0")):
        package.result(
            f"diamond2019_{arm}",
            f"r_{arm}",
            trial_id="diamond2019",
            instrument_id="siq_jr",
            event="response_50",
            timepoint="follow_up",
            weeks=32,
            percent=percent,
        )
    frame = evidence.estimates(package.load()).set_index("estimate_id")
    row = frame.loc["diamond2019.suicidal_ideation.siq_jr.overall.d_from_test_statistic"]
    assert row.effect == pytest.approx(0.2356, abs=5e-5)


def test_a_statistic_over_the_course_never_stands_for_follow_up(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    for arm, mean in (("na", 20), ("nc", 30)):
        package.result(
            arm,
            f"r_{arm}",
            instrument_id="siq_jr",
            timepoint="follow_up",
            weeks=40,
            n_analyzed=30,
            mean=mean,
            sd=15,
        )
    choice = Specification(
        therapy="abft",
        outcome="suicidal_ideation",
        timepoint="follow_up",
        metric="standardized",
        overall="as_post",
    )
    analysis = analyze(package.load(), choice)
    assert list(analysis.selection.estimates.trial_id) == ["newt"]
    assert "diamond2019" not in set(analysis.selection.without_number.trial_id)
