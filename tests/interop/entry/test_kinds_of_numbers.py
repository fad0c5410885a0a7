"""What abstracts print, kind by kind: each number ends in an estimate, and none is lost.

All trials and numbers here are invented. What is right is worked out in the remarks, by hand or by
a formula that is not that of the package.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import evidence
from tests.interop.entry.entries import DATA, proposed

TRIAL = """
[trial]
id = "new"
label = "New 2031"
therapy = "abft"
design = "randomized"
status = "published"
developer_involved = "no"
age_group = "adolescents"
country = "DE"

[[publication]]
author = ["Muster, A. B."]
issued = 2031
title = "An invented trial"
journal = "Journal of Invented Trials"
DOI = "10.9999/invented.2031"

[[locator]]
place = "abstract"
url = "https://example.org/a"
accessed = 2031-03-01

[[arm]]
name = "t"
role = "intervention"
condition = "abft"
n_randomized = 40

[[arm]]
name = "c"
role = "comparator"
condition = "usual_care"
n_randomized = 40

[facts]
treatment_weeks = 16
"""
EVENT = 'instrument = "mdd_diagnosis"\nevent = "no_longer_mdd"\n'
SCORE = 'instrument = "bdi_ii"\n'


def statistic(kind: str, lines: str, of: str = SCORE) -> str:
    return f'[[statistic]]\nstatistic = "{kind}"\n{of}timepoint = "post"\n{lines}\n'


def estimated(bodies: dict[str, str], folder: Path, trial: str = TRIAL) -> pd.DataFrame:
    """Return the estimates of a trial with all results, each with its name as its id."""
    text = trial + "".join(f'{body}id = "{name}"\n' for name, body in bodies.items())
    frame = evidence.estimates(proposed(text, DATA, folder).after)
    frame = frame[(frame.trial_id == "new") & frame.result_ids.map(len).eq(1)]
    return frame.assign(name=frame.result_ids.str[0]).set_index(["name", "metric"])


@dataclass(frozen=True)
class Right:
    """An estimate that has to come: value and limits to the digits given."""

    metric: str
    effect: float
    low: float | None
    high: float | None
    processing: str


def ratio(metric: str, effect: float, low: float, high: float, processing: str) -> Right:
    return Right(metric, *(math.log(one) for one in (effect, low, high)), processing)


LOWER = 'favors_intervention_when = "lower"'
HIGHER = 'favors_intervention_when = "higher"'
ABOVE = 'favors_intervention_when = "above_1"'
SIZES = "n = [38, 36]"
T_03 = stats.t.isf(0.015, 72)
Z_03 = stats.norm.isf(0.015)

NUMBERS = {
    "g_with_interval": (
        statistic("hedges_g", f"estimate = 0.51\nci = [0.05, 0.97]\n{HIGHER}\n{SIZES}"),
        # SE (0.97 - 0.05) / 3.92 = 0.2347; the limits as printed
        Right("hedges_g", 0.51, 0.05, 0.97, "converted"),
    ),
    "g_with_one_limit": (
        statistic("hedges_g", f'estimate = 0.51\nci = [0.05, ""]\n{HIGHER}\n{SIZES}'),
        Right("hedges_g", 0.51, 0.05, 0.97, "converted"),
    ),
    "g_with_standard_error": (
        statistic("hedges_g", f"estimate = -0.51\nse = 0.23\n{LOWER}\n{SIZES}"),
        Right("hedges_g", 0.51, 0.51 - 1.96 * 0.23, 0.51 + 1.96 * 0.23, "printed"),
    ),
    "g_with_sizes_alone": (
        # 1/38 + 1/36 + 0.51^2 / (2 * 74) = 0.05584, SE 0.2363
        statistic("hedges_g", f"estimate = 0.51\n{HIGHER}\n{SIZES}"),
        Right("hedges_g", 0.51, 0.51 - 1.96 * 0.2363, 0.51 + 1.96 * 0.2363, "converted"),
    ),
    "b_with_standard_error": (
        statistic("mixed_model_b", f"estimate = -3.1\nse = 1.2\n{LOWER}\n{SIZES}"),
        Right("mean_difference", 3.1, 0.748, 5.452, "converted"),
    ),
    "b_with_standard_error_and_p": (
        statistic("mixed_model_b", f"estimate = -3.1\nse = 1.2\np = 0.01\n{LOWER}\n{SIZES}"),
        Right("mean_difference", 3.1, 0.748, 5.452, "converted"),
    ),
    "difference_with_p": (
        # Cochrane Handbook 6.5.2.3: SE = 3.9 / t, t of 72 df at .03 = 2.214
        statistic("mean_difference", f"estimate = -3.9\np = 0.03\n{LOWER}\n{SIZES}"),
        Right(
            "mean_difference", 3.9, 3.9 * (1 - 1.96 / T_03), 3.9 * (1 + 1.96 / T_03), "converted"
        ),
    ),
    "difference_with_p_below": (
        # the largest standard error that fits: that of .03
        statistic("mean_difference", f'estimate = -3.9\np = "< .03"\n{LOWER}\n{SIZES}'),
        Right("mean_difference", 3.9, 3.9 * (1 - 1.96 / T_03), 3.9 * (1 + 1.96 / T_03), "imputed"),
    ),
    "difference_in_percentage_points_with_p": (
        statistic("risk_difference_percent", f"estimate = 20\np = 0.03\n{HIGHER}", EVENT),
        Right(
            "risk_difference", 0.2, 0.2 * (1 - 1.96 / Z_03), 0.2 * (1 + 1.96 / Z_03), "converted"
        ),
    ),
    "difference_in_percentage_points_with_standard_error": (
        statistic("risk_difference_percent", f"estimate = 20\nse = 9\n{HIGHER}", EVENT),
        Right("risk_difference", 0.2, 0.2 - 0.1764, 0.2 + 0.1764, "converted"),
    ),
    "odds_ratio_with_p": (
        # ln 3.4 = 1.2238; / 2.326 = 0.526
        statistic("odds_ratio", f"estimate = 3.4\np = 0.02\n{ABOVE}\n{SIZES}", EVENT),
        ratio("log_odds_ratio", 3.4, 1.212, 9.535, "converted"),
    ),
    "risk_ratio_with_p": (
        statistic("risk_ratio", f"estimate = 2.0\np = 0.05\n{ABOVE}", EVENT),
        ratio("log_risk_ratio", 2.0, 1.0, 4.0, "converted"),
    ),
    "odds_ratio_with_a_limit_of_zero": (
        # 0.00 has no logarithm: SE (ln 0.9 - ln 0.2) / 1.96
        statistic(
            "odds_ratio",
            'estimate = 0.2\nci = [0.00, 0.9]\nfavors_intervention_when = "above_1"',
            EVENT,
        ),
        ratio("log_odds_ratio", 0.2, 0.2**2 / 0.9, 0.9, "converted"),
    ),
    "number_needed_to_treat_with_interval": (
        statistic("number_needed_to_treat", f"estimate = 4\nci = [2, 30]\n{HIGHER}", EVENT),
        Right("risk_difference", 0.25, 1 / 30, 0.5, "converted"),
    ),
    "number_needed_to_treat_through_infinity": (
        # benefit 4, harm 20: the difference from 1/4 down to -1/20
        statistic("number_needed_to_treat", f"estimate = 10\nci = [-20, 4]\n{HIGHER}", EVENT),
        Right("risk_difference", 0.1, -0.05, 0.25, "converted"),
    ),
}


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    bodies = {name: body for name, (body, _) in NUMBERS.items()}
    return estimated(bodies, tmp_path_factory.mktemp("entry"))


@pytest.mark.parametrize("name", NUMBERS)
def test_printed_uncertainty_is_read(name: str, frame: pd.DataFrame) -> None:
    right = NUMBERS[name][1]
    row = frame.loc[(name, right.metric)]
    assert row.effect == pytest.approx(right.effect, rel=1e-12)
    assert (row.ci_low, row.ci_high) == pytest.approx((right.low, right.high), abs=5e-4)
    # what is pooled has the width of what is shown
    assert row.se == pytest.approx((right.high - right.low) / 3.92, rel=5e-3)
    assert row.processing == right.processing
