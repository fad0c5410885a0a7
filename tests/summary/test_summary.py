"""Findings, absolute effects and the averages that would make a pooled value hold."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidence.analysis import Analysis
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.meta.pooling import pool
from evidence.summary import collect
from evidence.summary.absolute_effects import absolute_effects, risk_from_odds_ratio
from evidence.summary.findings import findings, in_points, most_used_instrument
from evidence.summary.needed_averages import (
    Needed,
    common_effect_needed,
    needed_averages,
    presumed_trials,
)
from tests.claims.packages import changed, where
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit

BOTH = ("abft", "abct")


def synthesis(dataset: Dataset, synthesis_id: str) -> Any:
    return next(one for one in records(dataset.syntheses) if one.synthesis_id == synthesis_id)


def test_each_class_of_comparators_has_its_finding(dataset: Dataset) -> None:
    found = {
        (one.outcome, one.timepoint, one.comparator_class): one for one in findings(dataset, BOTH)
    }
    assert len(found) == 13
    # measured, by a review, though no result of it was seen
    ideation = found["suicidal_ideation", "post", "inactive"]
    assert ideation.analysis is None
    assert ideation.trial_ids == ("diamond2002",)
    inactive = found["depression", "post", "inactive"]
    assert inactive.trial_ids == ("diamond2002",)
    assert inactive.stress is None
    usual = found["depression", "post", "usual_care"]
    assert usual.trial_ids == ("israel2013", "diamond2010", "waraan2021", "nct00329199")
    assert usual.analysis is not None
    assert usual.analysis.pooled.effect == pytest.approx(0.472, abs=half_unit("0.472"))
    assert usual.stress is not None
    assert list(usual.stress.entered.trial_id) == ["waraan2021"]
    active = found["depression", "post", "active"]
    assert active.analysis is None
    assert active.trial_ids == ("diamond2019",)
    distress = found["affective_distress", "post", "usual_care"]
    assert distress.points is not None
    assert distress.points.effect == 13.2
    against_mbsr = found["affective_distress", "post", "active"]
    assert against_mbsr.analysis is None
    assert against_mbsr.trial_ids == ("collado2021",)


def test_points_are_the_effect_times_each_sd(dataset: Dataset, depression: Analysis) -> None:
    assert most_used_instrument(depression) == "bdi_ii"
    main = depression.specification
    found = in_points(dataset, "x", depression.pooled, main, "bdi_ii")
    assert [(one.trial_id, one.sd) for one in found] == [
        ("israel2013", 8.8),
        ("diamond2010", 15.91),
    ]
    for one in found:
        assert one.effect == pytest.approx(0.520527 * one.sd, abs=1e-4)
        assert one.ci_low == pytest.approx(-0.287521 * one.sd, abs=1e-4)
        assert one.ci_high == pytest.approx(1.328576 * one.sd, abs=1e-4)
    results = dataset.arm_results.set_index("result_id")
    assert [results.sd[one.result_id] for one in found] == [8.8, 15.91]
    assert in_points(dataset, "x", depression.pooled, main, "siq_jr") == []


@pytest.mark.parametrize("baseline", [0.01, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 4.0])
def test_a_risk_follows_from_the_formula_of_the_handbook(baseline: float, ratio: float) -> None:
    expected = ratio * baseline / (1 - baseline + ratio * baseline)
    found = risk_from_odds_ratio(baseline, math.log(ratio))
    assert found == pytest.approx(expected, abs=CLOSED_FORM)


def test_a_risk_outside_its_range_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        risk_from_odds_ratio(1.0, 0.5)
    assert caught.value.name == "baseline"


def test_at_its_own_risk_a_trial_gives_back_its_counts(dataset: Dataset) -> None:
    found = {one.estimate_id: one for one in absolute_effects(dataset, BOTH)}
    one = found[
        "diamond2010.suicidal_ideation.clinical_recovery.post.log_odds_ratio.risk_of_diamond2010"
    ]
    assert one.baseline == pytest.approx(15 / 29, abs=CLOSED_FORM)
    assert one.risk == pytest.approx(27 / 31, abs=CLOSED_FORM)
    ratio = 27 * 14 / (4 * 15)
    se = math.sqrt(1 / 27 + 1 / 4 + 1 / 15 + 1 / 14)
    for limit, sign in ((one.risk_low, -1), (one.risk_high, 1)):
        odds = 15 / 14 * ratio * math.exp(sign * 1.959963984540054 * se)
        assert limit == pytest.approx(odds / (1 + odds), abs=ITERATIVE)


def test_attempts_stand_at_each_risk_that_was_counted(dataset: Dataset) -> None:
    found = [one for one in absolute_effects(dataset, BOTH) if one.events is not None]
    assert [(round(one.baseline, 3), one.n) for one in found] == [
        (round(4 / 63, 3), 129),
        (round(4 / 63, 3), 191),
        (round(6 / 27, 3), 191),
    ]
    # Before it is quoted a ratio above 1 favors the therapy: the risk of an attempt is lower.
    for one in found:
        assert one.ratio.pooled.effect > 0
        assert one.risk < one.baseline
        assert one.risk_low < one.risk < one.risk_high
        odds = one.baseline / (1 - one.baseline) / math.exp(one.ratio.pooled.effect)
        assert one.risk == pytest.approx(odds / (1 + odds), abs=CLOSED_FORM)


def test_only_one_set_of_trials_adds_up(dataset: Dataset, tmp_path: Path) -> None:
    presumed = ("diamond2002", "diamond2010", "diamond2019", "waraan2021")
    assert presumed_trials(dataset, synthesis(dataset, "schulte_dep")) == presumed
    assert presumed_trials(dataset, synthesis(dataset, "eckshtain_dep")) == ()
    other = changed(tmp_path / "n", where("syntheses", synthesis_id="schulte_dep")(n="286"))
    assert presumed_trials(other, synthesis(other, "schulte_dep")) == ()
    # A second trial of 66 would leave open which of the two was pooled.
    twice = changed(
        tmp_path / "twice",
        where("trial_facts", trial_id="aftercare", fact="n_randomized")(value="66"),
    )
    assert presumed_trials(twice, synthesis(twice, "schulte_dep")) == ()


def by_bisection(effect: Any, variance: Any, sizes: list[tuple[int, int]], target: float) -> float:
    low, high = -2.0, 2.0
    for _ in range(80):
        x = (low + high) / 2
        v = [1 / one + 1 / two + x * x / (2 * (one + two)) for one, two in sizes]
        value = pool(np.append(effect, [x] * len(sizes)), np.append(variance, v)).effect
        low, high = (x, high) if value < target else (low, x)
    return (low + high) / 2


def test_the_average_needed_for_the_published_value(dataset: Dataset, depression: Analysis) -> None:
    found: dict[str, Needed] = {
        one.assumption: one
        for one in needed_averages(dataset, depression, synthesis(dataset, "schulte_dep"))
    }
    assert list(found) == ["presumed", "presumed_bounded", "all", "own"]
    effect, variance = depression.selection.effects()
    without_israel = np.array([0, 2])
    both = [(66, 63), (30, 30)]
    for assumption, expected in (
        ("presumed", by_bisection(effect[without_israel], variance[without_israel], both, 0.33)),
        (
            "presumed_bounded",
            by_bisection(
                np.append(effect[without_israel], 0.0),
                np.append(variance[without_israel], 2 / 30),
                both[:1],
                0.33,
            ),
        ),
        ("all", by_bisection(effect, variance, both, 0.33)),
        ("own", by_bisection(effect, variance, both, depression.pooled.effect)),
    ):
        one = found[assumption]
        assert one.average == pytest.approx(expected, abs=ITERATIVE)
        assert one.pooled is not None
        assert one.pooled.effect == pytest.approx(one.target, abs=ITERATIVE)
    assert found["presumed"].known == ("diamond2002", "diamond2010")
    assert found["presumed_bounded"].held == ("waraan2021",)
    assert found["presumed"].average == pytest.approx(0.256, abs=half_unit("0.256"))


def test_a_closed_form_and_a_value_out_of_reach() -> None:
    """With a common effect the missing trial has to balance: w y + u x = (w + u) target."""
    found = common_effect_needed([0.5], [0.04], [(50, 50)], 0.3, tau2="common", interval="wald")
    assert found is not None
    x, pooled = found
    w, u = 25.0, 1 / (0.04 + x * x / 200)
    assert (w * 0.5 + u * x) / (w + u) == pytest.approx(0.3, abs=ITERATIVE)
    assert pooled.k == 2
    assert common_effect_needed([0.5], [0.0001], [(3, 3)], -2.0) is None


def test_only_syntheses_of_an_analyzed_outcome_stand_beside(dataset: Dataset) -> None:
    summary = collect(dataset, BOTH)
    assert [one.synthesis.synthesis_id for one in summary.reconciled] == [
        "schulte_si",
        "schulte_dep",
    ]
    assert [one.outcome for one in summary.totals] == ["depression"]
    assert collect(dataset, ("abct",)).reconciled == []
