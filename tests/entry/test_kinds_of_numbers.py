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
from evidence.entry.file import EntryError
from evidence.entry.values import interval
from tests.entry.entries import DATA, proposed

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


WORDS = """
[[direction]]
outcome = "depression"
timepoint = "{timepoint}"
direction = "favors_intervention"
"""
MAGNITUDES = {
    # z of .03 is 2.170; times the root of 1/38 + 1/36, and J(72) at most 1% less
    "p_alone": statistic("p", f'estimate = ".03"\n{SIZES}'),
    # F of one df is the square of t
    "f": statistic("f_slope", f"estimate = 4.71\ndf = [1, 72]\n{SIZES}"),
}


@pytest.mark.parametrize(("timepoint", "pooled"), [("post", True), ("follow_up", False)])
def test_what_has_no_direction_takes_that_of_words_of_its_time(
    timepoint: str, pooled: bool, tmp_path: Path
) -> None:
    trial = TRIAL + WORDS.format(timepoint=timepoint)
    found = estimated(MAGNITUDES, tmp_path, trial)
    for name in MAGNITUDES:
        row = found.loc[(name, "d_from_test_statistic")]
        assert row.effect == pytest.approx(0.505, abs=6e-3)
        # without a direction the effect may lie to either side, and no analysis takes it
        assert (row.effect_low < 0) != pooled


@pytest.mark.parametrize("kind", ["p", "f_slope", "chi2_groups"])
def test_a_direction_of_what_has_none_is_refused(kind: str, tmp_path: Path) -> None:
    body = statistic(kind, f'estimate = ".03"\n{LOWER}\n{SIZES}')
    with pytest.raises(EntryError) as caught:
        proposed(TRIAL + body, DATA, tmp_path)
    (fault,) = caught.value.faults
    assert fault.column == "favors_intervention_when"
    assert "has no direction" in fault.expected


SIZES_OF_T = {
    "t_with_df_of_fewer": (statistic("t", f"estimate = -2.5\ndf = 72\n{LOWER}"), (37, 37)),
    "t_without_df": (statistic("t", f"estimate = -2.5\n{LOWER}"), (40, 40)),
}


@pytest.mark.parametrize("name", SIZES_OF_T)
def test_sizes_of_those_randomized_are_no_printed_sizes(name: str, tmp_path: Path) -> None:
    body, sizes = SIZES_OF_T[name]
    row = estimated({name: body}, tmp_path).loc[(name, "d_from_test_statistic")]
    assert (row.n_intervention, row.n_comparator) == sizes
    assert row.processing == "imputed"
    assert row.effect == pytest.approx(2.5 * sum(1 / n for n in sizes) ** 0.5, rel=1.5e-2)


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("0\N{MIDDLE DOT}90\N{EN DASH}1\N{MIDDLE DOT}63", ["0.90", "1.63"]),
        ("(0.90\N{EN DASH}1.63)", ["0.90", "1.63"]),
        ("\N{MINUS SIGN}5.1\N{EN DASH}\N{MINUS SIGN}1.1", ["-5.1", "-1.1"]),
        ("-5.1--1.1", ["-5.1", "-1.1"]),
        ("0.90\N{EM DASH}1.63", ["0.90", "1.63"]),
        ("52.6%\N{EN DASH}87.4%", ["52.6", "87.4"]),
    ],
)
def test_an_interval_as_journals_print_it(written: str, limits: list[str]) -> None:
    assert list(interval(written)) == limits


def test_a_size_that_is_about_a_number_is_kept_with_its_remark(tmp_path: Path) -> None:
    body = (
        '[[result]]\ninstrument = "bdi_ii"\ntimepoint = "post"\n'
        't = { n = "~38", mean = 12.1, sd = 8.4, note = "completers" }\n'
        'c = { n = "about 36", mean = 16.0, sd = 9.1 }\n'
    )
    results = proposed(TRIAL + body, DATA, tmp_path).after.arm_results
    rows = results[results.trial_id == "new"]
    assert rows.n_analyzed.tolist() == [38, 36]
    assert rows.note.tolist() == ["completers; n printed as ~38", "n printed as about 36"]


TERM = """
[[term]]
vocabulary = "event"
term = "{term}"
meaning = "as the trial defines it"
{more_is}

[[result]]
instrument = "attachment_unspecified"
event = "{term}"
timepoint = "post"
t = {{ n = 60, events = 31 }}
c = {{ n = 60, events = 20 }}
"""


@pytest.mark.parametrize(
    ("term", "more_is", "odds"),
    [
        # (31/29) / (20/40) = 2.138
        ("secure_attachment", "better", 31 * 40 / (29 * 20)),
        ("self_harm", "worse", 29 * 20 / (31 * 40)),
        # a name that sounds good or bad decides nothing
        ("relapse", "better", 31 * 40 / (29 * 20)),
        ("response", "worse", 29 * 20 / (31 * 40)),
    ],
)
def test_a_new_event_has_the_direction_that_its_term_states(
    term: str, more_is: str, odds: float, tmp_path: Path
) -> None:
    text = TRIAL + TERM.format(term=term, more_is=f'more_is = "{more_is}"')
    frame = evidence.estimates(proposed(text, DATA, tmp_path).after)
    row = frame[frame.trial_id == "new"].set_index("metric").loc["log_odds_ratio"]
    assert row.effect == pytest.approx(math.log(odds))
    assert row.more_is == more_is


def test_the_direction_of_a_new_event_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(EntryError) as caught:
        proposed(TRIAL + TERM.format(term="relapse", more_is=""), DATA, tmp_path)
    (fault,) = caught.value.faults
    assert (fault.column, fault.section) == ("more_is", "[[term]] 1")
