"""Several estimates of one trial: a named rule takes one, shown before anything is written.

All trials and numbers here are invented.
"""

from pathlib import Path

import pytest

from evidence.analysis import Analysis, analyze
from evidence.analysis.stress_test import stress_test
from evidence.entry import BrokenError, blocks, preview, write
from evidence.estimation.choices import Specification
from evidence.meta.effect_size import Moments, combined_arms
from evidence.terms import LeftOut
from tests.entry.entries import DATA, contents, copied, proposed
from tests.entry.test_kinds_of_numbers import HIGHER, SIZES, TRIAL, statistic

ITT = (40, 12.1, 8.4, 40, 16.0, 9.1)
COMPLETERS = (30, 10.1, 8.4, 32, 15.5, 9.1)
MAIN = {"therapy": "abft", "outcome": "depression"}


def result(numbers: tuple[float, ...], lines: str = "", arms: tuple[str, ...] = ("t", "c")) -> str:
    body = f'[[result]]\ninstrument = "bdi_ii"\n{lines}\n'
    if "timepoint" not in lines:
        body += 'timepoint = "post"\n'
    for arm, at in zip(arms, range(0, len(numbers), 3), strict=True):
        n, mean, sd = numbers[at : at + 3]
        body += f"{arm} = {{ n = {n}, mean = {mean}, sd = {sd} }}\n"
    return body


def arm(name: str, role: str, condition: str) -> str:
    return (
        f'[[arm]]\nname = "{name}"\nrole = "{role}"\ncondition = "{condition}"\nn_randomized = 40\n'
    )


def follow_up(weeks: int) -> str:
    return f'timepoint = "follow_up"\nweeks = {weeks}\nclock = "end_of_treatment"'


def g(numbers: tuple[float, ...]) -> float:
    """Hedges g of two arms, lower scores better, by the approximate correction."""
    n_1, mean_1, sd_1, n_2, mean_2, sd_2 = numbers
    df = n_1 + n_2 - 2
    pooled = (((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / df) ** 0.5
    return (mean_2 - mean_1) / pooled * (1 - 3 / (4 * df - 1))


def own(analysis: Analysis) -> tuple[float, dict[str, str]]:
    """Return the effect that stands for the new trial, and by which rule each other is left out."""
    chosen = analysis.selection.estimates.set_index("trial_id")
    left = analysis.selection.left_out
    left = left[(left.trial_id == "new") & (left.metric == "hedges_g")]
    return chosen.effect["new"], dict(zip(left.estimate_id, left.left_out_by, strict=True))


TWO_SETS = result(ITT, 'analysis_set = "itt"') + result(COMPLETERS, 'analysis_set = "completers"')
TWO_ARMS = arm("u", "intervention", "abft") + result(
    (40, 12.1, 8.4, 20, 9.0, 7.0, 40, 16.0, 9.1), arms=("t", "u", "c")
)
TOGETHER = combined_arms([Moments(40, 12.1, 8.4), Moments(20, 9.0, 7.0)])
TWO_COMPARATORS = arm("w", "comparator", "waitlist") + result(
    (40, 12.1, 8.4, 40, 16.0, 9.1, 38, 19.0, 9.0), arms=("t", "c", "w")
)
TWO_WAITLISTS = arm("w", "comparator", "usual_care") + result(
    (40, 12.1, 8.4, 40, 16.0, 9.1, 38, 19.0, 9.0), arms=("t", "c", "w")
)
BOTH = combined_arms([Moments(40, 16.0, 9.1), Moments(38, 19.0, 9.0)])
TWO_WEEKS = result(ITT, follow_up(12)) + result(COMPLETERS, follow_up(52))
TWO_SCALES = result(ITT) + result(COMPLETERS).replace("bdi_ii", "bdi")

CASES = {
    "itt_and_completers": (TWO_SETS, {}, g(ITT), LeftOut.OTHER_ANALYSIS_SET),
    "completers_by_choice": (
        TWO_SETS,
        {"analysis_set": "completers_first"},
        g(COMPLETERS),
        LeftOut.OTHER_ANALYSIS_SET,
    ),
    "two_arms_of_the_therapy": (TWO_ARMS, {}, g((*TOGETHER, 40, 16.0, 9.1)), LeftOut.OTHER_ARM),
    "the_first_arm_by_choice": (TWO_ARMS, {"arms": "first"}, g(ITT), LeftOut.OTHER_ARM),
    "two_arms_of_the_comparator": (
        TWO_WAITLISTS,
        {},
        g((40, 12.1, 8.4, *BOTH)),
        LeftOut.OTHER_ARM,
    ),
    "two_comparators": (TWO_COMPARATORS, {}, g(ITT), LeftOut.OTHER_COMPARATOR),
    "an_inactive_comparator_by_choice": (
        TWO_COMPARATORS,
        {"comparator": "inactive_first"},
        g((40, 12.1, 8.4, 38, 19.0, 9.0)),
        LeftOut.OTHER_COMPARATOR,
    ),
    "two_follow_ups": (TWO_WEEKS, {}, g(COMPLETERS), LeftOut.OTHER_WEEK),
    "the_shorter_follow_up_by_choice": (
        TWO_WEEKS,
        {"follow_up": "shortest"},
        g(ITT),
        LeftOut.OTHER_WEEK,
    ),
    # more trials of the data have the second edition
    "two_scales_of_one_rater": (TWO_SCALES, {}, g(ITT), LeftOut.OTHER_INSTRUMENT),
}


@pytest.mark.parametrize("name", CASES)
def test_one_estimate_stands_by_a_named_rule(name: str, tmp_path: Path) -> None:
    body, choice, effect, by = CASES[name]
    timepoint = "follow_up" if body is TWO_WEEKS else "post"
    after = proposed(TRIAL + body, DATA, tmp_path).after
    analysis = analyze(after, Specification(**MAIN, timepoint=timepoint, **choice))
    found, left_out = own(analysis)
    assert found == pytest.approx(effect, rel=1e-4)
    assert set(left_out.values()) == {by}
    # the choice is in the id, so that no two numbers share one
    named = [f"{key}_{value}" for key, value in choice.items()]
    assert analysis.estimate_id.split(".")[5:] == named


def test_two_sets_are_shown_before_they_are_written(tmp_path: Path) -> None:
    would = preview(proposed(TRIAL + TWO_SETS, DATA, tmp_path))
    (standing,) = would.standing
    assert standing.chosen.analysis_set.tolist() == ["itt"]
    assert "completers" in set(standing.left_out.analysis_set)
    assert "itt_first takes another analysis set" in blocks.standing(would).text
    assert not would.broken


def test_arms_combined_have_their_chain(tmp_path: Path) -> None:
    would = preview(proposed(TRIAL + TWO_ARMS, DATA, tmp_path))
    text = blocks.estimated(would).text
    assert "12.1 (SD 8.4, n = 40) and 9 (SD 7, n = 20) together 11.07 (SD 8.04, n = 60)" in text
    assert "2 arms of abft combined" in text


TWICE = result(ITT) + result(COMPLETERS)


def test_what_would_break_a_report_is_refused_and_named(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    before = contents(folder)
    would = preview(proposed(TRIAL + TWICE, folder, tmp_path))
    assert [(one.outcome, one.timepoint) for one in would.broken] == [("depression", "post")]
    assert "the analysis would have no result any more" in blocks.standing(would).text
    with pytest.raises(BrokenError, match="depression, post: trial new has"):
        write(would)
    assert contents(folder) == before


BARE = statistic("mean_difference", 'estimate = -3.9\nfavors_intervention_when = "lower"')
OF_NO_KIND = statistic("cohens_d_unspecified", f"estimate = 0.51\n{HIGHER}")
WORDS = '[[direction]]\noutcome = "depression"\ntimepoint = "post"\ndirection = "no_difference"\n'


@pytest.mark.parametrize("body", [BARE, OF_NO_KIND, BARE + WORDS], ids=["bare", "kind", "words"])
def test_a_number_never_enters_as_zero(body: str, tmp_path: Path) -> None:
    after = proposed(TRIAL + body, DATA, tmp_path).after
    analysis = analyze(after, Specification(**MAIN, timepoint="post"))
    without = analysis.selection.without_number.set_index("trial_id")
    assert without.numbered["new"]
    assert not without.said["new"]
    test = stress_test(analysis)
    assert test is not None
    assert "new" not in set(test.entered.trial_id)
    assert "new" in set(test.not_entered.trial_id)


def test_words_without_a_number_still_enter_as_zero(tmp_path: Path) -> None:
    after = proposed(TRIAL + WORDS, DATA, tmp_path).after
    test = stress_test(analyze(after, Specification(**MAIN, timepoint="post")))
    assert test is not None
    assert "new" in set(test.entered.trial_id)


def test_a_g_with_its_interval_is_pooled_and_not_put_to_the_test(tmp_path: Path) -> None:
    body = statistic("hedges_g", f"estimate = 0.51\nci = [0.05, 0.97]\n{HIGHER}\n{SIZES}")
    analysis = analyze(
        proposed(TRIAL + body, DATA, tmp_path).after, Specification(**MAIN, timepoint="post")
    )
    pooled = analysis.pooled
    assert (pooled.k, round(pooled.effect, 2)) == (4, 0.52)
    assert (round(pooled.ci_low, 2), round(pooled.ci_high, 2)) == (0.05, 0.98)
    test = stress_test(analysis)
    assert test is not None
    zero = test.at_zero
    assert [round(one, 2) for one in (zero.effect, zero.ci_low, zero.ci_high)] == [
        0.29,
        -0.04,
        0.62,
    ]
