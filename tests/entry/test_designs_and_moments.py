"""What is printed of arms in other words than mean and SD, and trials of clusters and of periods.

All trials and numbers here are invented; what is right is worked out beside them.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evidence
from evidence.entry.file import EntryError
from evidence.terms import RemarkKind, has, words_of
from tests.entry.entries import DATA, proposed
from tests.entry.test_kinds_of_numbers import (
    EVENT,
    HIGHER,
    LOWER,
    SIZES,
    TRIAL,
    WORDS,
    Right,
    estimated,
    ratio,
    statistic,
)
from tests.tolerances import CLOSED_FORM

Z = NormalDist().inv_cdf(0.975)


def j(df: float) -> float:
    """Correction of Hedges 1981, equation 6e, by the gamma function."""
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


J_72 = j(72)
G_OF_SIZES = J_72 * 0.51
# 1/n_1 + 1/n_2 + g^2 / 2N, Hedges and Olkin 1985
SE_OF_SIZES = math.sqrt(1 / 38 + 1 / 36 + G_OF_SIZES**2 / (2 * 74))
OF_LOG_ERROR = 3.4 * math.exp(-Z * 0.53), 3.4 * math.exp(Z * 0.53)
SE_90 = (5.1 - 1.1) / (2 * NormalDist().inv_cdf(0.95))
BELOW = 'favors_intervention_when = "below_1"'

NUMBERS = {
    "d_with_interval": (
        statistic("cohens_d", f"estimate = 0.51\nci = [0.05, 0.97]\n{HIGHER}\n{SIZES}"),
        # SE of d 0.2347, of g J times that
        Right("hedges_g", J_72 * 0.51, J_72 * 0.05, J_72 * 0.97, "converted"),
    ),
    "d_with_sizes": (
        statistic("cohens_d", f"estimate = 0.51\n{HIGHER}\n{SIZES}"),
        Right(
            "hedges_g",
            G_OF_SIZES,
            G_OF_SIZES - Z * SE_OF_SIZES,
            G_OF_SIZES + Z * SE_OF_SIZES,
            "converted",
        ),
    ),
    "b_with_a_90_percent_interval": (
        # SE (5.1 - 1.1) / (2 * 1.645) = 1.216
        statistic(
            "mixed_model_b", f"estimate = -3.1\nci = [-5.1, -1.1]\nci_level = 90\n{LOWER}\n{SIZES}"
        ),
        Right("mean_difference", 3.1, 3.1 - Z * SE_90, 3.1 + Z * SE_90, "converted"),
    ),
    "odds_ratio_with_the_error_of_its_logarithm": (
        statistic(
            "odds_ratio",
            'estimate = 3.4\nse = 0.53\nse_of = "logarithm"\nfavors_intervention_when = "above_1"',
            EVENT,
        ),
        ratio("log_odds_ratio", 3.4, *OF_LOG_ERROR, "converted"),
    ),
    "odds_ratio_with_its_own_error": (
        # 1.802 / 3.4 = 0.53
        statistic(
            "odds_ratio",
            'estimate = 3.4\nse = 1.802\nse_of = "ratio"\nfavors_intervention_when = "above_1"',
            EVENT,
        ),
        ratio("log_odds_ratio", 3.4, *OF_LOG_ERROR, "converted"),
    ),
    "hazard_ratio": (
        statistic("hazard_ratio", f"estimate = 0.74\nci = [0.51, 1.08]\n{BELOW}", EVENT),
        ratio("log_hazard_ratio", 1 / 0.74, 1 / 1.08, 1 / 0.51, "printed"),
    ),
    "incidence_rate_ratio": (
        statistic("incidence_rate_ratio", f"estimate = 0.74\nci = [0.51, 1.08]\n{BELOW}", EVENT),
        ratio("log_incidence_rate_ratio", 1 / 0.74, 1 / 1.08, 1 / 0.51, "printed"),
    ),
    "relative_risk_reduction": (
        # 40% (10 to 60) is a risk ratio of 0.6 (0.4 to 0.9)
        statistic(
            "relative_risk_reduction_percent", f"estimate = 40\nci = [10, 60]\n{HIGHER}", EVENT
        ),
        ratio("log_risk_ratio", 1 / 0.6, 1 / 0.9, 1 / 0.4, "converted"),
    ),
}


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    bodies = {name: body for name, (body, _) in NUMBERS.items()}
    # F = .06 / .94 * 72 = 4.596; of f, the root of .06 / .94, the same
    bodies["partial_eta"] = statistic("partial_eta_squared", f'estimate = ".06"\n{SIZES}')
    bodies["eta"] = statistic("eta_squared", f'estimate = ".06"\ndf = [1, 72]\n{SIZES}')
    bodies["f"] = statistic("cohens_f", f'estimate = "{(0.06 / 0.94) ** 0.5!r}"\n{SIZES}')
    bodies["beta"] = statistic("standardized_beta", f"estimate = 0.2\n{HIGHER}\n{SIZES}")
    trial = TRIAL + WORDS.format(timepoint="post")
    return estimated(bodies, tmp_path_factory.mktemp("entry"), trial)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_kind_of_statistic_is_converted(name: str, frame: pd.DataFrame) -> None:
    right = NUMBERS[name][1]
    row = frame.loc[(name, right.metric)]
    assert row.effect == pytest.approx(right.effect, rel=CLOSED_FORM)
    assert (row.ci_low, row.ci_high) == pytest.approx((right.low, right.high), rel=CLOSED_FORM)
    assert row.se == pytest.approx((right.high - right.low) / (2 * Z), rel=CLOSED_FORM)
    assert row.processing == right.processing


@pytest.mark.parametrize("name", ["partial_eta", "eta", "f"])
def test_shares_of_variance_have_the_direction_of_words(name: str, frame: pd.DataFrame) -> None:
    row = frame.loc[(name, "d_from_test_statistic")]
    assert row.effect == pytest.approx(
        J_72 * math.sqrt(0.06 / 0.94 * 72 * (1 / 38 + 1 / 36)), rel=CLOSED_FORM
    )
    assert row.processing == "imputed"


def test_what_is_not_converted_is_kept_with_its_kind(frame: pd.DataFrame) -> None:
    row = frame.loc[("beta", "standardized_beta")]
    assert pd.isna(row.effect)
    assert "kept" in row.reason


def g(numbers: Sequence[float]) -> float:
    """Hedges g of two arms, lower scores better."""
    n_1, mean_1, sd_1, n_2, mean_2, sd_2 = numbers
    df = n_1 + n_2 - 2
    pooled = (((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / df) ** 0.5
    return (mean_2 - mean_1) / pooled * j(df)


def of_quartiles(n: int, q1: float, median: float, q3: float) -> tuple[int, float, float]:
    """Mean by Luo et al. 2018, equation 15, and SD by Wan et al. 2014, equation 16."""
    weight = 0.7 + 0.39 / n
    sd = (q3 - q1) / (2 * NormalDist().inv_cdf((0.75 * n - 0.125) / (n + 0.25)))
    return n, weight * (q1 + q3) / 2 + (1 - weight) * median, sd


def sd_of_limits(n: int, low: float, high: float) -> float:
    return (high - low) * n**0.5 / (2 * stats.t.ppf(0.975, n - 1))


def arms(one: str, two: str, lines: str = "") -> str:
    return (
        f'[[result]]\ninstrument = "bdi_ii"\ntimepoint = "post"\n{lines}\n'
        f"t = {{ n = 38, {one} }}\nc = {{ n = 36, {two} }}\n"
    )


MOMENTS = {
    "standard_errors": (
        arms("mean = 12.1, se = 1.36", "mean = 16.0, se = 1.52"),
        g((38, 12.1, 1.36 * 38**0.5, 36, 16.0, 1.52 * 36**0.5)),
    ),
    "intervals": (
        arms("mean = 12.1, mean_ci = [9.344, 14.856]", "mean = 16.0, mean_ci = [12.914, 19.086]"),
        g((38, 12.1, sd_of_limits(38, 9.344, 14.856), 36, 16.0, sd_of_limits(36, 12.914, 19.086))),
    ),
    "medians": (
        arms("median = 12, iqr = [7, 18]", "median = 16, iqr = [9, 22]"),
        g((*of_quartiles(38, 7, 12, 18), *of_quartiles(36, 9, 16, 22))),
    ),
    "reductions": (
        arms("mean = 14.1, sd = 8.0", "mean = 9.2, sd = 9.0", 'measured_as = "reduction"'),
        -g((38, 14.1, 8.0, 36, 9.2, 9.0)),
    ),
    "changes": (
        arms("mean = -14.1, sd = 8.0", "mean = -9.2, sd = 9.0", 'measured_as = "change"'),
        g((38, -14.1, 8.0, 36, -9.2, 9.0)),
    ),
    "improvements": (
        arms("mean = 14.1, sd = 8.0", "mean = 9.2, sd = 9.0", 'measured_as = "improvement"'),
        -g((38, 14.1, 8.0, 36, 9.2, 9.0)),
    ),
}


def of_new(text: str, tmp_path: Path) -> pd.DataFrame:
    frame = evidence.estimates(proposed(text, DATA, tmp_path).after)
    return frame[frame.trial_id == "new"].set_index("metric", drop=False)


@pytest.mark.parametrize("name", MOMENTS)
def test_arms_in_other_words_than_mean_and_sd(name: str, tmp_path: Path) -> None:
    body, effect = MOMENTS[name]
    row = of_new(TRIAL + body, tmp_path).loc["hedges_g"]
    assert row.effect == pytest.approx(effect, rel=CLOSED_FORM)
    assert row.processing == "converted"
    assert row.remarks


def test_levels_are_not_compared_with_changes(tmp_path: Path) -> None:
    # n, mean and SD of each arm, with levels and with changes
    names = ("changes", "standard_errors")
    bodies = [MOMENTS[one][0] for one in names]
    found = of_new(TRIAL + "".join(bodies), tmp_path)
    effects = sorted(found[found.metric == "hedges_g"].effect)
    assert effects == pytest.approx(sorted(MOMENTS[one][1] for one in names), rel=CLOSED_FORM)


def test_f_of_more_than_two_groups_has_no_direction(tmp_path: Path) -> None:
    body = statistic("f_slope", f"estimate = 4.71\ndf = [2, 72]\n{SIZES}")
    row = of_new(TRIAL + WORDS.format(timepoint="post") + body, tmp_path).loc["f_slope"]
    assert math.isnan(row.effect)
    assert "no direction" in row.reason


BEFORE = "t = { n = 38, mean = 30.1, sd = 8.0 }\nc = { n = 36, mean = 29.8, sd = 9.0 }\n"
BASELINE = f'[[result]]\ninstrument = "bdi_ii"\ntimepoint = "baseline"\n{BEFORE}'
AGAINST = arms("mean = 14.1, sd = 8.0", "mean = 9.2, sd = 9.0")
IN_FAVOR = arms("mean = 9.2, sd = 9.0", "mean = 14.1, sd = 8.0")
ASKED = {
    "lower_is_better": (AGAINST, True),
    "in_favor": (IN_FAVOR, False),
    "said": (AGAINST.replace("\nt =", '\nmeasured_as = "level"\nt =', 1), False),
    "with_means_before": (BASELINE + AGAINST, False),
    "with_means_before_further_down": (AGAINST + BASELINE, False),
    "higher_is_better": (AGAINST.replace("bdi_ii", "scs"), False),
    "higher_is_better_and_against": (IN_FAVOR.replace("bdi_ii", "scs"), True),
}


@pytest.mark.parametrize("name", ASKED)
def test_means_that_may_be_reductions_are_asked_for(name: str, tmp_path: Path) -> None:
    """As a level "reduction 14.1 against 9.2" would count against the therapy that did better."""
    body, asked = ASKED[name]
    if not asked:
        proposed(TRIAL + body, DATA, tmp_path)
        return
    with pytest.raises(EntryError, match="measured_as: expected one of level, change, reduction"):
        proposed(TRIAL + body, DATA, tmp_path)


CLUSTERS = (
    'cluster_size = { value = 8, unit = "participants" }\nicc = { value = 0.05, unit = "r" }\n'
)
PERIODS = 'within_person_correlation = { value = 0.6, unit = "r" }\n'
SCORES = arms("mean = 12.1, sd = 8.4", "mean = 16.0, sd = 9.1")


def test_clusters_enlarge_the_variance_by_the_design_effect(tmp_path: Path) -> None:
    plain = of_new(TRIAL + SCORES, tmp_path).loc["hedges_g"]
    trial = TRIAL.replace('"randomized"', '"cluster_randomized"')
    said = of_new(trial + CLUSTERS + SCORES, tmp_path).loc["hedges_g"]
    assert said.variance == pytest.approx(1.35 * plain.variance)
    alike = CLUSTERS.replace("0.05", "0")
    assert of_new(trial + alike + SCORES, tmp_path).loc["hedges_g"].variance == plain.variance
    unsaid = of_new(trial + SCORES, tmp_path).loc["hedges_g"]
    assert unsaid.variance == plain.variance
    assert "too small" in words_of(unsaid.remarks[-1].text)


@pytest.mark.parametrize(("printed", "factor"), [("", 1.35), ("se = 0.3\n", 1.0)])
def test_an_error_by_sizes_takes_participants_of_a_cluster_as_independent(
    printed: str, factor: float, tmp_path: Path
) -> None:
    body = statistic("cohens_d", f"estimate = 0.5\n{printed}{LOWER}\nn = [33, 32]")
    plain = of_new(TRIAL + body, tmp_path).loc["hedges_g"]
    trial = TRIAL.replace('"randomized"', '"cluster_randomized"')
    row = of_new(trial + CLUSTERS + body, tmp_path).loc["hedges_g"]
    assert row.variance == pytest.approx(factor * plain.variance)
    assert has(row, RemarkKind.CLUSTERS) is (factor > 1)


def test_whether_a_test_allows_for_clusters_is_said_not_to_be_known(tmp_path: Path) -> None:
    trial = TRIAL.replace('"randomized"', '"cluster_randomized"')
    body = statistic("t", f"estimate = 2.1\n{LOWER}\nn = [33, 32]")
    row = of_new(trial + CLUSTERS + body, tmp_path).loc["d_from_test_statistic"]
    said = words_of(row.remarks[-1].text)
    assert said == "whether the test allows for clusters is not stated"


def test_a_cross_over_trial_needs_the_correlation_of_its_persons(tmp_path: Path) -> None:
    trial = TRIAL.replace('"randomized"', '"crossover"')
    body = SCORES.replace("n = 36", "n = 38")
    row = of_new(trial + PERIODS + body, tmp_path).loc["hedges_g"]
    # Cochrane Handbook 23.2.7.2: SE = sqrt(1/n + d^2/2n) sqrt(2 (1 - r))
    right = math.sqrt((1 / 38 + row.effect**2 / 76) * 2 * (1 - 0.6))
    assert row.se == pytest.approx(right)
    unsaid = of_new(trial + body, tmp_path).loc["hedges_g"]
    assert "within_person_correlation" in words_of(unsaid.remarks[-1].text)
    # a printed difference with the error of the differences within persons is what it is
    printed = statistic("mean_difference", f"estimate = -0.6\nse = 0.7\n{LOWER}\nn = [10, 10]")
    assert of_new(trial + printed, tmp_path).loc["mean_difference"].se == pytest.approx(0.7)


def test_a_t_within_persons_is_g_by_their_correlation(tmp_path: Path) -> None:
    """Dunlap et al. 1996, equation 3, held to scores of persons and their plain g."""
    control = np.array([9.0, 14, 11, 20, 16, 8, 13, 17, 22, 10, 12, 19])
    # The same scores of other persons, less 3: the SDs are equal, so that d is 3 by their SD.
    treated = np.roll(np.sort(control), 2)[np.argsort(np.argsort(control))] - 3
    n = len(control)
    within = np.corrcoef(treated, control)[0, 1]
    t = stats.ttest_rel(treated, control).statistic
    right = j(2 * n - 2) * 3 / control.std(ddof=1)
    trial = TRIAL.replace('"randomized"', '"crossover"')
    periods = PERIODS.replace("0.6", f'"{float(within)!r}"')
    lines = f'estimate = "{float(t)!r}"\n{LOWER}\nn = [{n}, {n}]'
    row = of_new(trial + periods + statistic("t", lines), tmp_path).loc["d_from_test_statistic"]
    assert row.effect == pytest.approx(right, rel=CLOSED_FORM)
    assert row.variance == pytest.approx(2 * (1 - within) * (1 / n + right**2 / (2 * n)))
