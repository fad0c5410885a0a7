"""Selection by named rules on the real data, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification

MAIN = {"therapy": "abft", "outcome": "depression", "timepoint": "post"}


@pytest.fixture(scope="module")
def frame(dataset: Dataset) -> pd.DataFrame:
    return evidence.estimates(dataset)


def test_main_analysis(frame: pd.DataFrame) -> None:
    selection = evidence.select(frame, Specification(**MAIN))
    chosen = selection.estimates
    assert list(zip(chosen.trial_id, chosen.instrument_id, strict=True)) == [
        ("diamond2002", "bdi"),
        ("israel2013", "bdi_ii"),
        ("diamond2010", "bdi_ii"),
    ]
    assert (chosen.n_intervention + chosen.n_comparator).sum() == 118
    assert selection.metric == "hedges_g"


def test_trials_without_a_usable_number(frame: pd.DataFrame) -> None:
    without = evidence.select(frame, Specification(**MAIN)).without_number
    sizes = (without.n_intervention + without.n_comparator).set_axis(without.trial_id)
    assert set(sizes.index) == {"diamond2019", "waraan2021", "nct00329199"}
    assert (sizes["diamond2019"], sizes["waraan2021"]) == (129, 60)
    assert pd.isna(sizes["nct00329199"])


def test_everything_on_the_outcome_is_chosen_or_left_out_with_a_reason(
    frame: pd.DataFrame,
) -> None:
    selection = evidence.select(frame, Specification(**MAIN))
    about = frame[
        (frame.intervention == "abft")
        & (frame.outcome_id == "depression")
        & frame.timepoint.isin(["post", "overall"])
    ]
    assert set(about.estimate_id) == {
        *selection.estimates.estimate_id,
        *selection.left_out.estimate_id,
    }
    assert (selection.left_out.reason != "").all()


def test_clinician_first_takes_the_other_instrument(frame: pd.DataFrame) -> None:
    chosen = evidence.select(frame, Specification(**MAIN, instrument="clinician_first")).estimates
    assert set(chosen.instrument_id[chosen.trial_id == "israel2013"]) == {"ham_d"}
    assert set(chosen.instrument_id[chosen.trial_id == "diamond2010"]) == {"bdi_ii"}


def test_adjustment_where_arms_differed(frame: pd.DataFrame) -> None:
    selection = evidence.select(frame, Specification(**MAIN, adjustment="ppc_imbalanced"))
    metrics = dict(zip(selection.estimates.trial_id, selection.estimates.metric, strict=True))
    assert metrics == {
        "diamond2002": "d_ppc2",
        "israel2013": "hedges_g",
        "diamond2010": "hedges_g",
    }
    assert selection.metric == "mixed"


def test_imputed_can_be_excluded(frame: pd.DataFrame) -> None:
    chosen = evidence.select(
        frame, Specification(**MAIN, adjustment="ppc", imputed="exclude")
    ).estimates
    assert chosen.empty


def test_overall_statistic_enters_only_by_request(frame: pd.DataFrame) -> None:
    choice = {**MAIN, "outcome": "suicidal_ideation", "metric": "d_from_test_statistic"}
    assert evidence.select(frame, Specification(**choice)).estimates.empty
    sensitive = evidence.select(frame, Specification(**choice, overall="as_post")).estimates
    assert list(sensitive.trial_id) == ["diamond2019"]


def test_abct_never_takes_the_active_comparator(frame: pd.DataFrame) -> None:
    selection = evidence.select(
        frame, Specification(therapy="abct", outcome="affective_distress", timepoint="post")
    )
    assert list(selection.estimates.intervention) == ["abct"]
    assert selection.metric == "d_from_test_statistic"
    assert list(selection.without_number.trial_id) == ["iabct_chronic"]
    effect, variance = selection.effects()
    row = selection.estimates.iloc[0]
    # The estimate carries J for 58 df (Hedges 1981) already; nothing is corrected twice.
    assert effect[0] == row.effect == pytest.approx(1.049489 * 0.987004, abs=2e-6)
    assert variance[0] == row.variance == pytest.approx(2 / 30 * 0.987004**2, abs=2e-6)


def test_two_estimates_of_one_trial_are_refused(frame: pd.DataFrame) -> None:
    doubled = pd.concat([frame, frame.assign(estimate_id=frame.estimate_id + ".again")])
    doubled = doubled.reset_index(drop=True)
    with pytest.raises(SelectionError, match="diamond2002 has 2 estimates by this rule"):
        evidence.select(doubled, Specification(**MAIN))
    assert len(evidence.select(doubled, Specification(**MAIN), multilevel=True).estimates) == 6


def test_trials_can_be_left_out(frame: pd.DataFrame) -> None:
    selection = evidence.select(frame, Specification(**MAIN, leave_out=("diamond2010",)))
    assert list(selection.estimates.trial_id) == ["diamond2002", "israel2013"]
    reasons = selection.left_out.set_index("trial_id").reason
    assert "by request" in set(reasons[["diamond2010"]]).pop()
    assert "diamond2010" not in set(selection.without_number.trial_id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"therapy": "cbt"}, "therapy: found 'cbt', expected one of abct, abft"),
        ({"outcome": "depresion"}, "outcome: found 'depresion', expected one of .*depression"),
        ({"timepoint": "later"}, "timepoint: found 'later', expected one of follow_up, post"),
        ({"instrument": "phq"}, "instrument: found 'phq', expected one of bdi, bdi_ii"),
        ({"metric": "cohen"}, "metric: found 'cohen', expected one of auto"),
        ({"adjustment": "yes"}, "adjustment: found 'yes', expected one of post, ppc"),
        ({"leave_out": ("x",)}, "leave_out: found 'x'"),
    ],
)
def test_bad_choices(frame: pd.DataFrame, change: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        evidence.select(frame, Specification(**{**MAIN, **change}))  # type: ignore[arg-type]


def test_slope_of_a_trial_can_stand_beside_printed_g(frame: pd.DataFrame) -> None:
    choice = {**MAIN, "outcome": "suicidal_ideation"}
    chosen = evidence.select(
        frame, Specification(**choice, metric="standardized", overall="as_post")
    ).estimates
    assert dict(zip(chosen.trial_id, chosen.metric, strict=True)) == {
        "diamond2010": "hedges_g",
        "diamond2019": "d_from_test_statistic",
    }


def test_points_of_different_instruments_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(SelectionError, match=r"points of different instruments \(bdi, bdi_ii\)"):
        evidence.select(frame, Specification(**MAIN, metric="mean_difference"))
    chosen = evidence.select(
        frame, Specification(**MAIN, metric="mean_difference", instrument="bdi_ii")
    ).estimates
    assert list(chosen.trial_id) == ["israel2013", "diamond2010"]


def test_an_excluded_number_is_not_a_missing_number(frame: pd.DataFrame) -> None:
    choice = {**MAIN, "adjustment": "ppc_imbalanced", "imputed": "exclude"}
    selection = evidence.select(frame, Specification(**choice))
    assert list(selection.estimates.trial_id) == ["israel2013", "diamond2010"]
    assert "diamond2002" not in set(selection.without_number.trial_id)


@pytest.mark.parametrize(
    ("randomization", "treatment", "rule", "chosen", "left_out"),
    [
        # A printed g of the longer follow-up is no other route to the means of the shorter one.
        ((24, 52), (None, None), "longest", "printed", "other_week"),
        ((24, 52), (None, None), "shortest", "means", "other_week"),
        ((24, 24), (None, None), "longest", "means", "other_route"),
        # 36 weeks after randomization are 24 after treatment, and sooner than 30 after it.
        ((36, None), (24, 30), "longest", "printed", "other_week"),
    ],
)
def test_weeks_are_compared_before_routes_and_on_one_clock(
    frame: pd.DataFrame,
    randomization: tuple[float, float],
    treatment: tuple[float, float],
    rule: str,
    chosen: str,
    left_out: str,
) -> None:
    row = frame[frame.estimate_id == "diamond2002.depression.bdi.post.hedges_g"]
    rows = pd.concat([row, row], ignore_index=True).assign(
        timepoint="follow_up",
        route=["means", "printed"],
        estimate_id=["means", "printed"],
        weeks_since_randomization=np.array(randomization, dtype="float64"),
        follow_up_weeks=np.array(treatment, dtype="float64"),
    )
    which = {**MAIN, "timepoint": "follow_up", "follow_up": rule}
    selection = evidence.select(rows, Specification(**which))
    assert list(selection.estimates.estimate_id) == [chosen]
    assert list(selection.left_out.left_out_by) == [left_out]
