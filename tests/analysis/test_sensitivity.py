"""Clusters, developers and the missing, against closed forms and counts made by hand."""

import math

import numpy as np
import pytest

from evidence.analysis import Analysis, analyze, sensitivity
from evidence.analysis.sensitivity import (
    SCENARIOS,
    by_developers,
    design_effect,
    missing_participants,
    with_clustering,
)
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from evidence.meta.pooling import pool
from tests.pages.any_package import Result, Study, package
from tests.tolerances import CLOSED_FORM


@pytest.fixture(scope="module")
def ideation(dataset: Dataset) -> Analysis:
    specification = Specification(therapy="abft", outcome="suicidal_ideation", timepoint="post")
    return analyze(dataset, specification)


def test_the_design_effect_by_hand() -> None:
    assert design_effect(21, 0.02) == pytest.approx(1.40, abs=CLOSED_FORM)
    assert design_effect(1, 0.5) == 1.0
    assert design_effect(30, 0.0) == 1.0


@pytest.mark.parametrize(
    ("size", "correlation", "name"),
    [(0.5, 0.05, "cluster_size"), (5, 1.5, "correlation"), (math.nan, 0.05, "cluster_size")],
)
def test_what_is_not_accepted_is_named(size: float, correlation: float, name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        design_effect(size, correlation)
    assert caught.value.name == name


def test_clusters_of_five_widen_every_interval_by_the_root(depression: Analysis) -> None:
    """All arms hold at least five, so all variances grow alike and the weights stay."""
    main = depression.pooled
    five = [one for one in with_clustering(depression) if one.cluster_size == 5]
    assert [one.correlation for one in five] == [0.05, 0.10]
    for one, factor in zip(five, (1.2, 1.4), strict=True):
        assert one.largest_factor == pytest.approx(factor, abs=CLOSED_FORM)
        assert one.pooled.effect == pytest.approx(main.effect, abs=CLOSED_FORM)
        assert one.pooled.se == pytest.approx(main.se * math.sqrt(factor), abs=CLOSED_FORM)


def test_a_cluster_is_never_larger_than_an_arm(depression: Analysis) -> None:
    found = {(one.cluster_size, one.correlation): one for one in with_clustering(depression)}
    effect, variance = depression.selection.effects()
    assert list(depression.selection.estimates.trial_id) == [
        "diamond2002",
        "israel2013",
        "diamond2010",
    ]
    # Israel 2013 has nine in its smaller arm.
    factor = 1 + (np.array([10, 9, 10]) - 1) * 0.10
    expected = pool(effect, variance * factor)
    assert found[10, 0.10].pooled.effect == pytest.approx(expected.effect, abs=CLOSED_FORM)
    assert found[10, 0.10].pooled.ci_low == pytest.approx(expected.ci_low, abs=CLOSED_FORM)
    assert len({one.estimate_id for one in found.values()}) == 4


def test_no_trial_with_a_number_was_made_without_developers(
    dataset: Dataset, depression: Analysis
) -> None:
    found = {one.involvement: one for one in by_developers(dataset, depression)}
    assert list(found) == ["yes", "collaborated", "not_known"]
    assert found["yes"].analysis is depression
    assert found["collaborated"].analysis is None
    assert list(found["collaborated"].without_number.trial_id) == ["waraan2021"]
    stress = found["yes"].stress
    assert stress is not None
    assert list(stress.entered.trial_id) == ["diamond2019"]
    effect, variance = depression.selection.effects()
    by_hand = pool(np.append(effect, 0.0), np.append(variance, 1 / 66 + 1 / 63))
    assert stress.at_zero.effect == pytest.approx(by_hand.effect, abs=CLOSED_FORM)
    assert stress.estimate_id.endswith("trials_without_waraan2021.trials_with_unreported_at_zero")


def test_a_trial_of_others_stands_apart(dataset: Dataset, depression: Analysis) -> None:
    table = dataset.trials
    table.loc[table.trial_id == "israel2013", "developer_involved"] = "no"

    class Other:
        trials = table

    found = {one.involvement: one for one in by_developers(Other(), depression)}  # type: ignore[arg-type]
    apart = found["no"].analysis
    assert apart is not None
    assert list(apart.selection.estimates.trial_id) == ["israel2013"]
    assert found["no"].stress is None
    rest = found["yes"].analysis
    assert rest is not None
    assert list(rest.selection.estimates.trial_id) == ["diamond2002", "diamond2010"]


def odds_ratio(a: int, n_1: int, c: int, n_2: int) -> float:
    return math.log(a * (n_2 - c) / ((n_1 - a) * c))


def test_missing_participants_of_a_good_event(dataset: Dataset, ideation: Analysis) -> None:
    frame = missing_participants(dataset, ideation)
    rows = frame[frame.trial_id == "diamond2010"].set_index("scenario")
    assert tuple(rows.index) == SCENARIOS
    assert set(rows.missing) == {6}
    for scenario, counts in {
        "observed": (27, 31, 15, 29),
        "missing_bad": (27, 35, 15, 31),
        "missing_good": (31, 35, 17, 31),
        "best": (31, 35, 15, 31),
        "worst": (27, 35, 17, 31),
    }.items():
        assert rows.effect[scenario] == pytest.approx(odds_ratio(*counts), abs=CLOSED_FORM)
    assert rows.estimate_id["observed"] in set(ideation.frame.estimate_id)
    assert rows.processing["observed"] == "reconstructed"
    assert set(rows.processing.drop("observed")) == {"imputed"}
    assert not set(rows.estimate_id.drop("observed")) & set(ideation.frame.estimate_id)


def test_more_counted_than_randomized_allow_no_scenario() -> None:
    made = package([Study((Result(outcome="recovery", counts=(10, 30, 5, 25)),), n=28)])
    main = Specification(
        therapy="abft", outcome="suicidal_ideation", timepoint="post", metric="log_odds_ratio"
    )
    frame = missing_participants(made, analyze(made, main))
    # 55 of 56: who is missing is not known, since of one arm there are two too many.
    assert list(frame.scenario) == ["observed"]
    assert frame.missing.isna().all()


def test_imputed_arm_sizes_allow_no_scenario(dataset: Dataset, depression: Analysis) -> None:
    frame = missing_participants(dataset, depression)
    rows = frame[frame.trial_id == "waraan2021"]
    assert list(rows.scenario) == ["observed"]
    assert rows.missing.isna().all()
    assert set(frame.trial_id) == {"diamond2002", "waraan2021"}
    assert frame.estimate_id.is_unique


def test_more_participants_counted_than_randomized_are_no_scenario() -> None:
    assert sensitivity._tables(sensitivity.Counts(3, 20, 4, 18), (19, 19), good=True) == {}
