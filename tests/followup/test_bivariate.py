"""Both times together: which trials enter, the change, and where no model is fitted."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.followup import Durability
from evidence.meta.multilevel import fit_multivariate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.inference import contrast
from evidence.terminal.followup import sentence
from tests import commands
from tests.metapsy.files import imported, means


def both(study: str, first: str, second: str) -> list[dict[str, str]]:
    return [
        means(study=study, mean_arm1=first),
        means(study=study, mean_arm1=second, time="FU1", time_weeks="26"),
    ]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three trials with both times, one with post and one with a follow-up alone."""
    return imported(
        tmp_path_factory.mktemp("both"),
        *both("Ahn 2001", "14.2", "16"),
        *both("Bo 2002", "15", "15.5"),
        *both("Cho 2003", "17", "19.5"),
        means(study="Dee 2004", mean_arm1="16"),
        means(study="Eun 2005", mean_arm1="18", time="FU1", time_weeks="52"),
        means(study="Fay 2006", condition_arm1="bat"),
    ).dataset


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy="cbt")


def test_the_model_is_that_of_all_estimates(dataset: Dataset, found: Durability) -> None:
    (model,) = found.bivariate
    frame = evidence.estimates(dataset, therapy="cbt", metric="hedges_g")
    trials = list(frame.trial_id)
    fit = fit_multivariate(
        frame.effect.to_numpy(),
        correlated_covariance(frame.variance.to_numpy(), trials, 0.5),
        trials,
        list(frame.timepoint),
    )
    assert (model.outcome_id, model.metric, model.correlation) == ("depression", "hedges_g", 0.5)
    assert (model.k_post, model.k_follow_up, model.k_both) == (4, 4, 3)
    assert model.fit.k_estimates == 8
    assert np.isclose(model.post.estimate, fit.coefficients[1].estimate)
    assert np.isclose(model.change.estimate, contrast(fit, {"follow_up": 1, "post": -1}).estimate)
    assert np.isclose(model.change.estimate, model.follow_up.estimate - model.post.estimate)
    assert model.change.estimate < 0


def test_several_follow_ups_of_one_comparison_are_apart(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        *both("Ahn 2001", "14.2", "16"),
        means(study="Ahn 2001", time="FU2", time_weeks="52", mean_arm1="17"),
        means(study="Ahn 2001", time="FU3", time_weeks="NA", mean_arm1="18"),
    ).dataset
    found = evidence.durability(dataset, therapy="cbt")
    ids = list(found.comparisons.change_id)
    assert len(ids) == len(set(ids))
    assert any(one.endswith("week_52_since_randomization") for one in ids)
    assert found.bivariate == ()
    assert not found.bivariate_model


def test_two_arms_with_one_condition_have_ids_of_their_own(tmp_path: Path) -> None:
    dataset = imported(
        tmp_path,
        *(one | {"multi_arm1": "group"} for one in both("Ahn 2001", "14.2", "16")),
        *(one | {"multi_arm1": "alone"} for one in both("Ahn 2001", "15.2", "17")),
    ).dataset
    found = evidence.durability(dataset, therapy="cbt")
    ids = list(found.comparisons.change_id)
    assert len(ids) == 2 * len(set(found.comparisons.metric))
    assert len(ids) == len(set(ids))
    assert len(set(found.comparisons.post_id)) == len(ids)


def test_the_main_data_have_no_model() -> None:
    assert evidence.durability(evidence.load(), therapy="abft").bivariate == ()


def test_the_sentence_names_both_times_and_what_is_supposed(
    dataset: Dataset, found: Durability
) -> None:
    said = sentence(found.bivariate[0], dataset)
    assert said.startswith("Both times together across trials, depression, Hedges g: ")
    assert "at the end of treatment (four trials)" in said
    assert "at follow-up (four trials; three with both times); change −0." in said
    assert "errors of one trial are supposed to correlate at 0.5." in said


def run(dataset: Dataset, *arguments: str) -> CompletedProcess[str]:
    return commands.run("followup", "--data", dataset.path, *arguments)


def test_command_without_a_therapy_takes_each_with_a_follow_up(dataset: Dataset) -> None:
    found = json.loads(run(dataset, "--format", "json").stdout)
    assert [one["therapy"] for one in found] == ["cbt"]
    assert found[0]["bivariate"][0]["k_both"] == 3
    assert "Both times together across trials" in run(dataset).stdout
    table = run(dataset, "--format", "csv").stdout.splitlines()
    assert len(table) == 1 + len(found[0]["comparisons"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--outcome", "sleep"), "outcome: found 'sleep', expected one with a result at follow-up"),
        (("--therapy", "bat"), "therapy: found 'bat', expected one with a result at follow-up"),
        (("--format", "xml"), "format: found 'xml', expected one of csv, json, md"),
    ],
)
def test_command_refuses(dataset: Dataset, arguments: tuple[str, ...], message: str) -> None:
    done = run(dataset, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
