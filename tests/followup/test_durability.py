"""Durability in the real data: known values, what is dropped, what is no comparison."""

import math
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation.lookups import Context
from evidence.followup import Durability
from evidence.followup.other_followups import uncontrolled
from tests.data.packages import DATA, edit
from tests.pages.any_package import Result, Study, package
from tests.tolerances import CLOSED_FORM, half_unit

RECOVERY = "diamond2010.suicidal_ideation.clinical_recovery"
DISTRESS = "affective_distress.dass_21"
ABCT = f"collado2021.abct_vs_usual_care.{DISTRESS}"
MBSR = f"collado2021.mindfulness_based_stress_reduction_vs_usual_care.{DISTRESS}"
BETWEEN = f"collado2021.abct_vs_mindfulness_based_stress_reduction.{DISTRESS}"


@pytest.fixture(scope="module")
def abft(dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy="abft")


@pytest.fixture(scope="module")
def abct(dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy="abct")


def one(found: Durability, change_id: str) -> pd.Series:
    return found.comparisons.set_index("change_id").loc[change_id]


def close(value: float, printed: str) -> bool:
    return abs(value - float(printed)) <= half_unit(printed)


def changed(tmp_path: Path, name: str, *edits: tuple[str, str]) -> Dataset:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    for old, new in edits:
        edit(folder, name, old, new)
    return evidence.load(folder)


def test_recovery_fell_in_both_arms(abft: Durability) -> None:
    arms = abft.arms.set_index("proportion_id")
    for timepoint, role, events, n, percent in (
        ("post", "intervention", 27, 31, "87.1"),
        ("follow_up", "intervention", 21, 30, "70.0"),
        ("post", "comparator", 15, 29, "51.7"),
        ("follow_up", "comparator", 9, 26, "34.6"),
    ):
        row = arms.loc[f"{RECOVERY}.{timepoint}.{role}.proportion"]
        assert (row.events, row.n) == (events, n)
        assert close(100 * row.proportion, percent)
        assert row.processing == "reconstructed"


def test_the_risk_difference_did_not_change(abft: Durability) -> None:
    row = one(abft, f"{RECOVERY}.change.risk_difference")
    assert close(100 * row.post_effect, "35.4")
    assert close(100 * row.follow_up_effect, "35.4")
    assert close(100 * row.change, "0.0")
    assert close(100 * row.change_ci_low, "-23")
    assert close(100 * row.change_ci_high, "23")
    assert (row.post_processing, row.processing) == ("reconstructed", "imputed")
    assert (row.post_n_intervention, row.post_n_comparator) == (31, 29)
    assert (row.follow_up_n_intervention, row.follow_up_n_comparator) == (30, 26)


def test_the_odds_ratio_fell(abft: Durability) -> None:
    row = one(abft, f"{RECOVERY}.change.log_odds_ratio")
    assert close(math.exp(row.post_effect), "6.30")
    assert close(math.exp(row.follow_up_effect), "4.41")
    assert close(math.exp(row.change), "0.70")
    assert close(math.exp(row.change_ci_low), "0.21")
    assert close(math.exp(row.change_ci_high), "2.34")
    assert row.correlation == 0.5


def test_the_risk_ratio_stands_beside_it(abft: Durability) -> None:
    row = one(abft, f"{RECOVERY}.change.log_risk_ratio")
    assert np.isclose(math.exp(row.post_effect), (27 / 31) / (15 / 29), rtol=CLOSED_FORM)
    assert np.isclose(math.exp(row.follow_up_effect), (21 / 30) / (9 / 26), rtol=CLOSED_FORM)


def test_missing_participants(abft: Durability) -> None:
    rows = abft.scenarios.set_index(["change_id", "scenario", "timepoint"])
    key = f"{RECOVERY}.change.log_odds_ratio"
    for timepoint, missing, odds_ratio, counts in (
        ("post", 6, "3.60", "27 of 35 against 15 of 31"),
        ("follow_up", 10, "3.67", "21 of 35 against 9 of 31"),
    ):
        row = rows.loc[(key, "missing_not_recovered", timepoint)]
        assert row.missing == missing
        assert row.counts == counts
        assert close(math.exp(row.effect), odds_ratio)
        assert row.processing == "imputed"
        best, worst = (rows.loc[(key, name, timepoint)].effect for name in ("best", "worst"))
        for scenario in ("observed", "missing_not_recovered", "missing_recovered"):
            assert worst < rows.loc[(key, scenario, timepoint)].effect < best
    assert rows.loc[(key, "worst", "post")].counts == "27 of 35 against 17 of 31"
    assert rows.loc[(key, "best", "post")].counts == "31 of 35 against 15 of 31"


def test_observed_cases_are_those_of_the_comparison(abft: Durability) -> None:
    rows = abft.scenarios[abft.scenarios.scenario == "observed"]
    for row in rows.itertuples():
        compared = one(abft, row.change_id)
        name = {"change": "change"}.get(row.timepoint, f"{row.timepoint}_effect")
        assert np.isclose(row.effect, compared[name], rtol=CLOSED_FORM, atol=CLOSED_FORM)
        known = {"change": "change_id"}.get(row.timepoint, f"{row.timepoint}_id")
        assert row.estimate_id == (row.change_id if known == "change_id" else compared[known])


def test_correlations_beyond_the_margins_are_dropped_and_said(abft: Durability) -> None:
    rows = abft.changes[abft.changes.change_id == f"{RECOVERY}.change.risk_difference"]
    by_correlation = rows.set_index("correlation")
    assert list(by_correlation.index) == [0.0, 0.3, 0.5, 0.7, 0.9]
    assert by_correlation.change.notna().tolist() == [True, True, True, False, False]
    assert by_correlation.reason.ne("").tolist() == [False, False, False, True, True]
    assert close(one(abft, rows.change_id.iloc[0]).correlation_high, "0.63")
    widths = (by_correlation.change_ci_high - by_correlation.change_ci_low).dropna()
    assert widths.is_monotonic_decreasing


def test_a_correlation_beyond_the_margins_is_replaced_by_their_bound(dataset: Dataset) -> None:
    found = evidence.durability(dataset, therapy="abft", correlation=0.9)
    row = one(found, f"{RECOVERY}.change.risk_difference.correlation_0.9")
    assert row.correlation == row.correlation_high < 0.9


def test_an_id_names_a_correlation_other_than_the_usual_one(
    dataset: Dataset, abct: Durability
) -> None:
    """So that no id stands for two values, whatever the main correlation is."""
    usual = abct.changes.set_index("estimate_id").change_se
    other = evidence.durability(dataset, therapy="abct", correlation=0.3)
    name = f"{ABCT}.change.mean_difference"
    assert one(other, f"{name}.correlation_0.3").change_se == usual[f"{name}.correlation_0.3"]
    again = other.changes.set_index("estimate_id").change_se
    assert again[name] == usual[name] == one(abct, name).change_se
    negative = evidence.durability(dataset, therapy="abct", correlations=(-0.3, 0.5)).changes
    assert f"{name}.correlation_minus_0.3" in set(negative.estimate_id)


def test_who_stays_recovered_is_bounded(abft: Durability) -> None:
    rows = abft.staying.set_index("condition")
    therapy, control = rows.loc["abft"], rows.loc["enhanced_usual_care"]
    assert close(therapy.share_low, "0.66")
    assert close(therapy.share_high, "0.80")
    assert (therapy.count_low, therapy.count_high) == (13, 21)
    assert control.share_low == 0
    assert close(control.share_high, "0.67")
    assert (control.count_low, control.count_high) == (0, 9)


def test_a_follow_up_of_one_arm_is_apart(abft: Durability) -> None:
    row = abft.uncontrolled.set_index("trial_id").loc["diamond2002"]
    assert (row.events, row.n) == (13, 15)
    assert (round(100 * row.ci_low), round(100 * row.ci_high)) == (60, 98)
    assert "diamond2002" not in set(abft.comparisons.trial_id)
    assert set(abft.arms.trial_id) == {"diamond2010"}


def test_trials_say_what_they_have(abft: Durability, abct: Durability) -> None:
    states = abft.trials.set_index("trial_id").state
    assert states["diamond2010"] == "both_times"
    assert states["diamond2002"] == "uncontrolled"
    assert states["diamond2019"] == "none"
    assert "russon2021" not in states.index
    assert abct.trials.set_index("trial_id").state["collado2021"] == "both_times"


def test_a_follow_up_without_a_partner_is_listed(abft: Durability, abct: Durability) -> None:
    assert list(abft.unpaired.event) == ["attempt"]
    assert {"quality_of_life"} < set(abct.unpaired.outcome_id)


@pytest.mark.parametrize(
    ("stem", "post", "later", "lost", "low", "high", "kept", "kept_low", "kept_high"),
    [
        (ABCT, "13.20", "7.20", "-6.0", "-12.4", "0.4", "0.55", "0.07", "1.04"),
        (MBSR, "11.51", "8.59", "-2.92", "-9.4", "3.6", "0.75", "0.24", "1.48"),
    ],
)
def test_points_lost_and_retained(
    abct: Durability, stem, post, later, lost, low, high, kept, kept_low, kept_high
) -> None:
    row = one(abct, f"{stem}.change.mean_difference")
    assert close(row.post_effect, post)
    assert close(row.follow_up_effect, later)
    assert close(row.change, lost)
    assert close(row.change_ci_low, low)
    assert close(row.change_ci_high, high)
    assert close(row.retained_fraction, kept)
    assert close(row.retained_ci_low, kept_low)
    assert close(row.retained_ci_high, kept_high)
    assert row.retained_id == f"{stem}.retained_fraction.mean_difference"


def test_the_contrast_that_no_source_prints(abct: Durability) -> None:
    row = one(abct, f"{BETWEEN}.change.mean_difference.shared_control")
    # The sources print B, negative where it favors ABCT: -1.69 (-8.1 to 4.7), 1.39 (-5.1 to 7.9).
    assert close(-row.post_effect, "-1.69")
    assert close(-row.post_ci_high, "-8.1")
    assert close(-row.post_ci_low, "4.7")
    assert close(-row.follow_up_effect, "1.39")
    assert close(-row.follow_up_ci_high, "-5.1")
    assert close(-row.follow_up_ci_low, "7.9")
    assert row.derived
    assert row.post_processing == row.follow_up_processing == "imputed"
    assert math.isnan(row.retained_fraction)
    rows = abct.estimates.set_index("estimate_id")
    assert rows.route[row.post_id] == "shared_control"


def test_only_the_therapy_is_counted_as_the_therapy(abct: Durability) -> None:
    own = abct.comparisons[abct.comparisons.intervention == "abct"]
    assert set(own.trial_id) == {"collado2021", "montero2018"}
    assert one(abct, f"{MBSR}.change.mean_difference").intervention != "abct"


def test_no_outcome_has_three_trials_with_both_times(abft: Durability, abct: Durability) -> None:
    assert abft.most_trials == abct.most_trials == 1
    assert not abft.bivariate_model


def test_ids_are_unique_and_in_the_form(abft: Durability, abct: Durability) -> None:
    ids = []
    for found in (abft, abct):
        new = found.scenarios[found.scenarios.scenario != "observed"]
        ids += [*found.changes.estimate_id, *new.estimate_id, *found.arms.proportion_id]
        ids += [*found.changes.retained_id, *found.uncontrolled.proportion_id]
        ids += list(found.estimates.estimate_id)
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z0-9_.]+", name)] == []
    assert f"{RECOVERY}.change.log_odds_ratio" in ids


def test_one_outcome(dataset: Dataset, abct: Durability) -> None:
    found = evidence.durability(dataset, therapy="abct", outcome="functional_impairment")
    assert set(found.comparisons.trial_id) == {"montero2018"}
    row = found.comparisons.iloc[0]
    assert row.change == one(abct, row.change_id).change


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"therapy": "cbt"}, "therapy"),
        ({"therapy": "abft", "outcome": "sleep"}, "outcome"),
        ({"therapy": "abft", "correlation": 1.0}, "correlation"),
        ({"therapy": "abft", "correlations": (0.5, 2.0)}, "correlations"),
    ],
)
def test_what_is_not_accepted_is_named(dataset: Dataset, arguments, named) -> None:
    with pytest.raises(ParameterError) as raised:
        evidence.durability(dataset, **arguments)
    assert raised.value.name == named


def test_the_data_do_not_change(dataset: Dataset) -> None:
    before = dataset.arm_results
    frame = evidence.durability(dataset, therapy="abft").arms
    frame["events"] = 0
    pd.testing.assert_frame_equal(dataset.arm_results, before)
    assert evidence.durability(dataset, therapy="abft").arms.events.min() > 0


def test_without_a_comparator_at_follow_up_there_is_no_comparison(tmp_path: Path) -> None:
    """The same percentages in one arm alone are never a comparison."""
    row = (
        "d10_si_euc_fu,diamond2010,diamond2010_euc,siq_jr,clinical_recovery,follow_up,24,"
        "randomization,,,,,,,,,,,,,,,34.6,15.6,54.2,as_printed,diamond2010_abstract,the abstract "
        "says self-reported; the registration and a later review name SIQ-JR\n"
    )
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    edit(folder, "arm_results.csv", row, "")
    correction = next(
        line
        for line in (folder / "corrections.csv").read_text("utf-8").splitlines(keepends=True)
        if line.startswith("c02,")
    )
    edit(folder, "corrections.csv", correction, "")
    found = evidence.durability(evidence.load(folder), therapy="abft")
    assert found.comparisons.empty
    assert found.scenarios.empty
    assert found.staying.empty
    assert set(found.uncontrolled.trial_id) == {"diamond2002", "diamond2010"}
    assert found.most_trials == 0


def test_three_trials_with_both_times_are_enough_for_a_model(abct: Durability) -> None:
    fields = {name: getattr(abct, name) for name in abct.__slots__}
    assert Durability(**{**fields, "most_trials": 3}).bivariate_model
    assert not Durability(**{**fields, "most_trials": 2}).bivariate_model


def test_several_follow_ups_are_told_apart_by_week(tmp_path: Path) -> None:
    row = (
        "c21_dass_abct_fu,collado2021,collado2021_abct,collado2021_tau,dass_21,,follow_up,26,"
        "not_stated,mixed_model_b,-7.20,,-13.63,-0.76,,,,,,,lower,,,,collado2021_abstract,printed "
        "as 6-month follow-up\n"
    )
    later = row.replace("c21_dass_abct_fu", "c21_dass_abct_fu2").replace(
        "26,not_stated", "52,end_of_treatment"
    )
    earlier = row.replace("26,not_stated", "26,end_of_treatment")
    data = changed(tmp_path, "statistics.csv", (row, earlier + later))
    found = evidence.durability(data, therapy="abct")
    ids = {name for name in found.comparisons.change_id if name.startswith(f"{ABCT}.change.mean")}
    assert ids == {
        f"{ABCT}.change.mean_difference.week_26",
        f"{ABCT}.change.mean_difference.week_52",
    }


def test_follow_ups_of_one_arm_have_ids_of_their_own() -> None:
    times = [Result("recovery", "follow_up", counts=(12, 20, 0, 1), weeks=one) for one in (24, 52)]
    dataset = package([Study(tuple(times), design="single_arm"), Study((Result(effect=0.5),))])
    frame = evidence.estimates(dataset)
    alone = uncontrolled(Context(dataset), frame[frame.timepoint == "follow_up"])
    stem = "made0.suicidal_ideation.clinical_recovery.follow_up"
    assert list(alone.proportion_id) == [
        f"{stem}.week_24_since_randomization.intervention.proportion",
        f"{stem}.week_52_since_randomization.intervention.proportion",
    ]
