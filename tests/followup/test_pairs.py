"""Which estimates make a pair, which contrasts are derived, and who counts as the therapy."""

from types import SimpleNamespace

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.estimation.lookups import Context
from evidence.followup.event_counts import staying
from evidence.followup.pairs import derived, paired, trials_with_both

MBSR = "mindfulness_based_stress_reduction"


@pytest.fixture(scope="module")
def frame(dataset: Dataset) -> pd.DataFrame:
    every = evidence.estimates(dataset)
    return every[every.therapy == "abct"].reset_index(drop=True)


def test_only_contrasts_of_the_therapy_are_derived(dataset: Dataset, frame: pd.DataFrame) -> None:
    """Two other treatments with the same arm make no contrast of their own."""
    third = frame[frame.intervention == MBSR].assign(
        intervention="relaxation", intervention_arm_id="montero2018_relax"
    )
    made = derived(Context(dataset), pd.concat([frame, third], ignore_index=True), "abct")
    assert set(made.intervention) == {"abct"}
    assert set(made.comparator) == {MBSR, "relaxation"}
    assert len(made) == 4


def test_what_a_source_prints_is_not_derived(dataset: Dataset, frame: pd.DataFrame) -> None:
    printed = frame[(frame.intervention == MBSR) & (frame.metric == "mean_difference")].assign(
        intervention="abct",
        intervention_arm_id="collado2021_abct",
        comparator=MBSR,
        comparator_arm_id="collado2021_mbsr",
    )
    direct = printed[printed.timepoint == "post"]
    made = derived(Context(dataset), pd.concat([frame, direct], ignore_index=True), "abct")
    assert list(made.timepoint) == ["follow_up"]


def test_arm_sizes_are_needed(dataset: Dataset, frame: pd.DataFrame) -> None:
    unknown = frame.assign(n_comparator=pd.NA)
    assert derived(Context(dataset), unknown, "abct").empty


def test_the_route_nearest_to_print_stands(frame: pd.DataFrame) -> None:
    rows = frame[frame.metric == "mean_difference"]
    far = rows[rows.timepoint == "follow_up"].assign(
        processing="imputed", estimate_id=lambda one: one.estimate_id + ".far", effect=99.0
    )
    pairs = paired(pd.concat([far, rows], ignore_index=True))
    assert pairs
    assert all(row.processing == "printed" and row.effect != 99.0 for _, row in pairs)


@pytest.mark.parametrize("column", ["instrument_id", "comparator_arm_id", "metric", "event"])
def test_a_pair_shares_trial_arms_measure_and_metric(frame: pd.DataFrame, column: str) -> None:
    one = frame[frame.intervention == "abct"]
    other = one.copy()
    other.loc[other.timepoint == "follow_up", column] = "another"
    assert paired(one)
    assert paired(other) == []


def test_an_estimate_without_a_variance_is_no_pair(frame: pd.DataFrame) -> None:
    assert paired(frame.assign(variance=float("nan"))) == []


def row(trial_id: str, intervention: str = "abct", route: str = "printed_b") -> SimpleNamespace:
    return SimpleNamespace(
        trial_id=trial_id,
        intervention=intervention,
        route=route,
        outcome_id="anxiety",
        metric="hedges_g",
    )


def test_trials_are_counted_once_and_as_the_therapy_alone() -> None:
    rows = [
        row("one"),
        row("one"),
        row("two"),
        row("three", intervention=MBSR),
        row("four", route="shared_control"),
    ]
    assert trials_with_both([(one, one) for one in rows], "abct") == 2
    assert trials_with_both([], "abct") == 0


def test_nobody_stays_recovered_from_an_event_to_be_avoided(dataset: Dataset) -> None:
    arms = evidence.durability(dataset, therapy="abft").arms
    assert len(staying(arms, dataset)) == 2
    assert staying(arms.assign(event="attempt"), dataset).empty
    assert staying(arms.assign(events=0), dataset).empty
