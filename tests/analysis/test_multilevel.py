"""Several estimates per trial: what enters, the model, and correlations beside the main one."""

import json
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest

import evidence
from evidence.analysis import analyze
from evidence.analysis.multilevel import RHO, RHOS, analyze_several, participants
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification
from evidence.estimation.selection import EVERY
from evidence.meta.multilevel import fit_multilevel
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.terms import LeftOut
from tests import commands
from tests.metapsy.files import imported, means, ready
from tests.tolerances import CLOSED_FORM

MAIN = Specification(therapy="cbt", outcome="depression", timepoint="post", instrument=EVERY)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four trials; one with two instruments, one with two arms, one with a ready-made g."""
    return imported(
        tmp_path_factory.mktemp("several"),
        means(),
        means(instrument="HAM-D", rating="clinician", mean_arm1="10", mean_arm2="13"),
        means(study="Bo 2002", multi_arm1="group", mean_arm1="15"),
        means(study="Bo 2002", multi_arm1="alone", mean_arm1="18"),
        means(study="Cho 2003", mean_arm1="17.5", mean_arm2="16"),
        ready(study="Dee 2004"),
        means(study="Eun 2005", condition_arm1="bat"),
        positive_g="intervention",
    ).dataset


def test_all_estimates_of_the_therapy_enter(several: Dataset) -> None:
    found = analyze_several(several, MAIN)
    rows = found.selection.estimates
    assert list(rows.label) == ["Ahn 2001"] * 2 + ["Bo 2002"] * 2 + ["Cho 2003", "Dee 2004"]
    assert (found.fit.k_trials, found.fit.k_estimates) == (4, 6)
    assert found.estimate_id == "cbt.depression.post.hedges_g.pooled.model_che"
    left = found.selection.left_out.set_index("route")
    assert left.label[left.left_out_by == LeftOut.OTHER_ARM].to_dict() == {
        "combined_means": "Bo 2002"
    }


def test_the_fit_is_that_of_its_estimates(several: Dataset) -> None:
    found = analyze_several(several, MAIN, rho=0.3)
    effect, variance = found.selection.effects()
    trials = list(found.selection.estimates.trial_id)
    alone = fit_multilevel(effect, correlated_covariance(variance, trials, 0.3), trials)
    assert found.mean == alone.coefficients[0]
    assert found.fit.inference == "CR2"
    assert found.estimate_id.endswith(".model_che.rho_0.3")


def test_other_correlations_stand_beside(several: Dataset) -> None:
    found = analyze_several(several, MAIN)
    assert set(found.by_rho) == set(RHOS) - {RHO}
    other = analyze_several(several, MAIN, rho=0.2)
    assert found.by_rho[0.2].coefficients == other.fit.coefficients


def test_three_level_takes_errors_as_independent(several: Dataset) -> None:
    found = analyze_several(several, MAIN, model="three_level")
    effect, variance = found.selection.effects()
    trials = list(found.selection.estimates.trial_id)
    assert found.mean == fit_multilevel(effect, variance, trials).coefficients[0]
    assert found.rho is None
    assert not found.by_rho
    assert found.estimate_id.endswith(".model_three_level")


def test_an_instrument_rule_still_chooses(several: Dataset) -> None:
    first = analyze_several(several, replace(MAIN, instrument="self_report_first"))
    assert "ham_d" not in set(first.selection.estimates.instrument_id)
    assert first.fit.k_estimates == 5


def test_one_estimate_per_trial_is_asked_for_without_a_model(several: Dataset) -> None:
    one_each = replace(MAIN, instrument="self_report_first")
    # The rules take one of each trial: both arms of Bo 2002 as one.
    rows = analyze(several, one_each).selection.estimates.set_index("label")
    assert sorted(rows.index) == ["Ahn 2001", "Bo 2002", "Cho 2003", "Dee 2004"]
    assert rows.route["Bo 2002"] == "combined_means"
    assert rows.rater["Ahn 2001"] == "self"
    frame = evidence.estimates(several)
    doubled = pd.concat([frame, frame.assign(estimate_id=frame.estimate_id + ".again")])
    with pytest.raises(SelectionError, match="model of several estimates per trial"):
        analyze(several, one_each, frame=doubled.reset_index(drop=True))
    with pytest.raises(ParameterError, match="instrument: found 'every'"):
        analyze(several, MAIN)


def test_each_arm_counts_once(several: Dataset) -> None:
    found = analyze_several(several, MAIN)
    assert participants(found.selection.estimates) is None
    known = analyze_several(several, replace(MAIN, leave_out=("dee_2004",)))
    assert participants(known.selection.estimates) == (25 + 27) + (25 + 25 + 27) + (25 + 27)
    for arm in ("n_intervention", "n_comparator"):
        rows = known.selection.estimates.copy()
        rows.loc[rows.index[0], arm] = np.nan
        assert participants(rows) is None


def test_of_two_routes_to_one_estimate_the_nearer_one_enters(several: Dataset) -> None:
    frame = evidence.estimates(several)
    rows = frame[(frame.label == "Ahn 2001") & (frame.metric == "hedges_g")]
    printed = rows.assign(route="printed", estimate_id=rows.estimate_id + ".printed")
    doubled = pd.concat([frame, printed], ignore_index=True)
    found = analyze_several(several, MAIN, frame=doubled)
    assert found.fit.k_estimates == 6
    assert set(found.selection.estimates.route[found.selection.estimates.label == "Ahn 2001"]) == {
        "means"
    }


def test_follow_ups_of_other_weeks_are_other_estimates(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        means(),
        means(time="FU1", time_weeks="26"),
        ready(time="FU2", time_weeks="52"),
        means(study="Bo 2002"),
        means(study="Bo 2002", time="FU1", time_weeks="26"),
        positive_g="intervention",
    ).dataset
    found = analyze_several(dataset, replace(MAIN, timepoint="follow_up"))
    assert list(found.selection.estimates.weeks_since_randomization) == [26, 26, 52]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "CHE"}, "model: found 'CHE', expected one of che, three_level"),
        ({"rho": 1.0}, "rho: found 1.0"),
        ({"rho": -0.1}, "rho: found -0.1"),
        ({"model": "three_level", "rho": 1.0}, "rho: found 1.0"),
    ],
)
def test_options_that_are_not_accepted(
    several: Dataset, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        analyze_several(several, MAIN, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [("arms", "first"), ("comparator", "inactive_first"), ("follow_up", "shortest")],
)
def test_rules_of_one_estimate_mean_nothing_for_a_model(
    several: Dataset, name: str, value: str
) -> None:
    with pytest.raises(ParameterError, match=f"{name}: found '{value}', expected no such choice"):
        analyze_several(several, replace(MAIN, **{name: value}))  # type: ignore[arg-type]


def test_one_trial_is_no_model(several: Dataset) -> None:
    with pytest.raises(ParameterError, match="choices that leave two trials or more"):
        analyze_several(several, replace(MAIN, therapy="bat"))


def run(dataset: Dataset, *arguments: str) -> CompletedProcess[str]:
    options = ("--data", str(dataset.path), "--therapy", "cbt", "--outcome", "depression")
    return commands.run("pool", *options, *arguments)


def test_command_as_json_names_model_and_counts(several: Dataset) -> None:
    done = run(several, "--model", "che", "--rho", "0.5", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    expected = analyze_several(several, MAIN, rho=0.5)
    assert found["model"] == "che"
    assert found["rho"] == 0.5
    assert (found["k_trials"], found["k_estimates"]) == (4, 6)
    assert found["effect"] == pytest.approx(expected.mean.estimate, abs=CLOSED_FORM)
    assert np.isclose(found["sigma2_cluster"], expected.fit.sigma2_cluster)
    assert found["specification"]["instrument"] == "every"
    assert [one["rho"] for one in found["by_rho"]] == [0.2, 0.4, 0.6, 0.8]


def test_command_for_reading_and_as_csv(several: Dataset) -> None:
    read = run(several, "--model", "che").stdout
    assert "k_trials = 4, k_estimates = 6, n not known" in read
    assert "rho = 0.6 (supposed); REML; interval: cluster-robust, CR2" in read
    assert "With other correlations: 0.2:" in read
    lines = run(several, "--model", "three_level", "--format", "csv").stdout.splitlines()
    assert len(lines) == 2
    assert "three_level" in lines[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--model", "che", "--metric", "mean_difference"),
            "points of different instruments (bdi_ii, ham_d) have no common unit",
        ),
        (("--rho", "0.5"), "rho: found 0.5, expected no such choice without --model che"),
        (("--model", "three_level", "--rho", "0.5"), "no such choice with --model three_level"),
        (("--model", "che", "--tau2", "DL"), "tau2: found 'DL', expected no such choice"),
        # also where the default is asked for by name
        (("--model", "che", "--arms", "combined"), "arms: found 'combined', expected no such"),
        (("--model", "che", "--comparator", "active_first"), "comparator: found 'active_first'"),
        (("--model", "three_level", "--follow-up", "shortest"), "which keeps each arm, comparator"),
        (("--model", "rve"), "model: found 'rve', expected one of che, three_level"),
    ],
)
def test_command_refuses(several: Dataset, arguments: tuple[str, ...], message: str) -> None:
    done = run(several, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
