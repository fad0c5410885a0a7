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

    def trial(
        self,
        arms: dict[str, str],
        total: int | None = 60,
        weeks: int | None = 12,
        design: str = "randomized",
        **sizes: int,
    ) -> None:
        self.add("trials", **{**TRIAL, "design": design})
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
        for fact, value in (("n_randomized", total), ("treatment_weeks", weeks)):
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


def test_groups_not_formed_at_random_give_no_effect(package: Package) -> None:
    package.trial(TWO, na=30, nc=30, design="non_randomized")
    for arm, mean in (("na", 15), ("nc", 20)):
        package.result(arm, f"r_{arm}", n_analyzed=30, mean=mean, sd=8)
    (row,) = records(package.frame())
    assert row.left_out_by == LeftOut.NOT_RANDOMIZED
    assert pd.isna(row.effect)


@pytest.mark.parametrize("total", [30, 31])
def test_a_total_that_leaves_no_one_to_an_arm_is_no_share(package: Package, total: int) -> None:
    """Of 31 the last one would go to one of the two arms whose size is not printed."""
    package.trial({**TWO, "nd": "usual_care"}, total=total, na=30)
    package.statistic("s1", statistic="mean_difference", estimate=-4, se=2)
    (row,) = records(package.frame())
    assert row.n_intervention == 30
    assert pd.isna(row.n_comparator)
    assert has(row, RemarkKind.SIZES_NOT_PRINTED)
    assert not has(row, RemarkKind.SIZES_IMPUTED)


@pytest.mark.parametrize(("events", "combined"), [(12, ["17 of 58 against 5 of 28"]), ("", [])])
def test_arms_are_combined_only_where_the_events_of_each_are_known(
    package: Package, events: object, combined: list[str]
) -> None:
    package.trial({"na": "abft", "nc": "usual_care"}, total=None, na=30, nc=30)
    package.add(
        "arms",
        arm_id="nb",
        trial_id="newt",
        role="intervention",
        condition="abft",
        n_randomized=30,
        locator_id=PLACE,
    )
    for arm, number, n in (("na", 5, 29), ("nb", events, 29), ("nc", 5, 28)):
        package.result(
            arm, f"r_{arm}", instrument_id="ham_d", event="remission", events=number, n_analyzed=n
        )
    frame = package.frame()
    of_odds = frame[(frame.metric == "log_odds_ratio") & (frame.route == "combined_counts")]
    assert list(of_odds.convention) == combined


def test_a_magnitude_without_a_side_stands_and_is_not_pooled(package: Package) -> None:
    package.trial(TWO, na=30, nc=30)
    package.statistic(
        "s1", statistic="f_slope", estimate=4, df1=1, df2=58, favors_intervention_when=""
    )
    dataset = package.load()
    # sqrt(4 (1/30 + 1/30)) times J(58), by the gamma function; to either side
    size = 2 * (2 / 30) ** 0.5 * 0.987004
    row = package.frame().iloc[0]
    assert (row.effect, row.effect_low, row.effect_high) == pytest.approx(
        (size, -size, size), rel=1e-6
    )
    choice = Specification(
        therapy="abft", outcome="depression", timepoint="post", metric="standardized"
    )
    selection = analyze(dataset, choice).selection
    assert "newt" not in set(selection.estimates.trial_id)
    left = selection.left_out.set_index("trial_id").left_out_by
    assert left["newt"] == LeftOut.SIGN_UNKNOWN


@pytest.mark.parametrize(
    ("timepoint", "weeks", "treatment", "clock", "beside"),
    [
        # At the end of treatment a statistic is beside the events whatever its week is.
        ("post", (12, 14), 12, ("randomization",) * 2, True),
        ("follow_up", (40, 40), 12, ("randomization",) * 2, True),
        ("follow_up", (40, 24), 12, ("randomization",) * 2, False),
        # Weeks after treatment are known of neither, which makes 24 and 40 no one time.
        ("follow_up", (40, 24), None, ("randomization",) * 2, False),
        ("follow_up", (40, 40), None, ("randomization",) * 2, True),
        ("follow_up", (40, 24), None, ("end_of_treatment",) * 2, False),
        ("follow_up", (40, 40), None, ("not_stated",) * 2, True),
    ],
)
def test_counts_have_to_fit_the_odds_ratio_of_their_time(
    package: Package,
    timepoint: str,
    weeks: tuple[int, int],
    treatment: int | None,
    clock: tuple[str, str],
    beside: bool,
) -> None:
    """Percentages of 13 of 28 and 9 of 29, and an odds ratio that these counts do not have."""
    package.trial(TWO, weeks=treatment, na=30, nc=30)
    event = {"instrument_id": "ham_d", "event": "remission", "timepoint": timepoint}
    for arm, percent, n in (("na", "46.4", 28), ("nc", "31.0", 29)):
        timed = {"weeks": weeks[0], "clock": clock[0], **event}
        package.result(arm, f"r_{arm}", percent=percent, n_analyzed=n, **timed)
    package.statistic(
        "s1",
        statistic="odds_ratio",
        estimate="9.99",
        weeks=weeks[1],
        clock=clock[1],
        **{**event, "favors_intervention_when": "above_1"},
    )
    frame = package.frame()
    of_arms = [row for row in records(frame) if "r_na" in row.result_ids]
    counts = {row.convention for row in of_arms}
    assert counts == ({""} if beside else {"13 of 28 against 9 of 29"})
    assert all(("no whole numbers fit" in row.reason) == beside for row in of_arms)


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
