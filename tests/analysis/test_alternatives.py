"""What is put together on the robustness of a result, and how its panel is counted."""

import pandas as pd
import pytest

from evidence.analysis import analyze
from evidence.analysis.alternatives import Robustness, examine, excluding, includes_no_difference
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification


@pytest.fixture(scope="module")
def depression(dataset: Dataset) -> Robustness:
    main = Specification(therapy="abft", outcome="depression", timepoint="post")
    return examine(dataset, analyze(dataset, main))


def test_intervals_are_counted_by_hand() -> None:
    frame = pd.DataFrame(
        {
            "ci_low": [-0.1, 0.0, 0.1, -0.3, 0.2],
            "ci_high": [0.5, 0.4, 0.6, -0.1, 0.3],
            "interval": ["wald", "wald", "wald", "wald", "hksj"],
            "trials": ["all", "all", "all", "unreported_at_zero", "all"],
        }
    )
    # An interval that ends at zero includes it; one below zero excludes it.
    assert list(includes_no_difference(frame)) == [True, True, False, False, False]
    assert excluding(frame, "wald", with_zeros=False) == (1, 3)
    assert excluding(frame, "wald", with_zeros=True) == (1, 1)
    assert excluding(frame, "hksj", with_zeros=True) == (0, 0)


def test_the_panel_turns_with_the_interval_and_with_the_unreported(depression: Robustness) -> None:
    panel = depression.panel
    for interval, without, with_zeros in (
        ("hksj_adhoc", (0, 56), (0, 56)),
        ("hksj", (16, 56), (0, 56)),
        ("wald", (56, 56), (1, 56)),
    ):
        assert excluding(panel, interval, with_zeros=False) == without
        assert excluding(panel, interval, with_zeros=True) == with_zeros


def test_one_more_trial_of_each_size(depression: Robustness) -> None:
    assert [one.size for one in depression.one_more] == [32, 66, 128, 352]
    for one in depression.one_more:
        assert one.printed is not None
        assert one.at_zero is not None
        assert one.printed.low is not None
        assert (one.at_zero.low is None) == (one.size < 352)
    needed = [one.printed.low for one in depression.one_more if one.printed is not None]
    assert needed == sorted(needed, reverse=True)  # type: ignore[type-var]


def test_a_lower_limit_above_zero_needs_no_further_trial(dataset: Dataset) -> None:
    main = Specification(therapy="abft", outcome="suicidal_ideation", timepoint="post")
    found = examine(dataset, analyze(dataset, main))
    assert found.analysis.pooled.ci_low > 0
    assert all(one.printed is None for one in found.one_more)
    assert all(one.at_zero is not None for one in found.one_more)


def test_a_metric_without_standard_deviations_has_no_further_trial(dataset: Dataset) -> None:
    main = Specification(
        therapy="abct", outcome="affective_distress", timepoint="post", metric="mean_difference"
    )
    assert examine(dataset, analyze(dataset, main)).one_more == []
