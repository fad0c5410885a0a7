"""What the first screens on follow-up say, and that they follow the data."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.followup import Durability
from evidence.pages.followup import first_screen
from evidence.pages.followup.tables import across_trials, staying
from tests.data.packages import DATA, edit
from tests.pages import plain

LINK = re.compile(r'<a class="n" href="#n-([a-z0-9_.]+)">')


@pytest.fixture(scope="module")
def abft(dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy="abft")


@pytest.fixture(scope="module")
def abct(dataset: Dataset) -> Durability:
    return evidence.durability(dataset, therapy="abct")


def test_that_a_correlation_decides_is_said_where_it_does(
    dataset: Dataset, abft: Durability
) -> None:
    words = "so whether it includes no change depends on that"
    assert words not in plain(first_screen(dataset, abft).html)
    changes = abft.changes.copy()
    made = changes.reason == ""
    lowest = made & (changes.correlation == changes.correlation[made].min())
    changes.loc[lowest, ["change_ci_low", "change_ci_high"]] = (-0.6, -0.2)
    beyond = dataclasses.replace(abft, changes=changes)
    assert words in plain(first_screen(dataset, beyond).html)


def test_abft(dataset: Dataset, abft: Durability) -> None:
    said = plain(first_screen(dataset, abft).html)
    for part in (
        "One small trial found recovery (suicidal ideation) still more frequent with ABFT "
        "than with enhanced usual care at 24 weeks after randomization; how much of the difference "
        "is lost, if any, is not known.",
        "recovery (suicidal ideation below the clinical range) fell in both arms",
        "to 24 weeks after randomization",
        "87.1 to 70.0% with ABFT, 51.7 to 34.6% with enhanced usual care",
        "was 35.4 percentage points both times; its change is 0.0 (−23.2 to 23.3)",
        "The odds ratio went from 6.30 (1.76 to 22.61) to 4.41 (1.43 to 13.56); their ratio is "
        "0.70 "
        "(0.21 to 2.34).",
        "35.4 (13.7 to 57.1)",
        "35.4 (10.8 to 59.9)",
        "31 + 29 assessed; reconstructed",
        "30 + 26 assessed; reconstructed",
        "Of 66 randomized, six, then ten are missing.",
        "missing counted as not recovered the odds ratio is 3.60 (1.25 to 10.37), then 3.67 (1.31 "
        "to 10.26).",
        "not printed but reconstructed from what is: 27 of 31 against 15 of 29, then 21 of 30 "
        "against 9 of 26",
        "correlate at 0.5, which no source prints; the percentages allow at most 0.63",
        "Apart, since uncontrolled: Diamond 2002, loss of the diagnosis in 13 of 15 (86.7%, 59.5 "
        "to 98.3%) at 6 months after treatment.",
        "No follow-up seen in the published trials: Israel 2013, Diamond 2019, Waraan 2021",
        "Developers of ABFT took part in five of the six published trials and collaborated in one",
    ):
        assert part in said, part


def test_abct(dataset: Dataset, abct: Durability) -> None:
    said = plain(first_screen(dataset, abct).html)
    for part in (
        "One small trial found distress still lower with ABCT added to usual care than with usual "
        "care alone at 6 months; how much of the difference is lost, if any, is not known.",
        "ABCT added to usual care was ahead of usual care alone by 13.2 points of DASS-21 at the "
        "end of treatment and by 7.2 at 6 months (counted from when is not stated)",
        "6.0 points lost (−0.4 to 12.4), 55% of the difference was left (7 to 104%).",
        "13.2 (6.8 to 19.6)",
        "7.2 (0.8 to 13.6)",
        "30 + 30 randomized, arm sizes imputed; printed",
        "(MBSR) added to usual care was ahead of usual care alone by 11.5 (5.0 to 18.0) at the end "
        "of treatment, 8.6 (2.1 to 15.1) at follow-up, 75% of the difference was left (24 to "
        "148%).",
        "ABCT against MBSR, imputed from the arm that both share (positive favors ABCT): 1.7 (−4.7 "
        "to 8.1) at the end of treatment, −1.4 (−7.9 to 5.1) at follow-up; both intervals include "
        "no difference.",
        "−15.1 to 3.1 if 0 and −8.9 to −3.1 if 0.9, so whether it includes no change depends "
        "on that",
        "Montero-Marin 2018 against relaxation: g from a test statistic, FIQ 0.90 (0.31 to 1.50) "
        "at "
        "the end of treatment, 1.00 (0.40 to 1.60) at follow-up, imputed; change 0.10 (−0.50 to "
        "0.69).",
        "No follow-up seen in the published trials: iABCT 2026.",
        "Developers of ABCT took part in all three published trials.",
        "cannot be called large or small",
    ):
        assert part in said, part


@pytest.mark.parametrize("therapy", ["abft", "abct"])
def test_it_is_short_enough_for_one_screen(dataset: Dataset, therapy: str) -> None:
    """Title and lede take up to 200 of the first 2,000 characters; where help is stands below."""
    found = evidence.durability(dataset, therapy=therapy)
    answer = re.split('<p class="(?:safety|advice)">', first_screen(dataset, found).html)[0]
    assert len(plain(answer)) < 1800


def test_a_retained_fraction_never_stands_without_its_interval(
    dataset: Dataset, abct: Durability
) -> None:
    said = plain(first_screen(dataset, abct).html)
    shares = re.findall(r"\d+% of the difference was left (\S+)", said)
    assert len(shares) == 2
    assert all(one.startswith("(") for one in shares)


def test_the_text_says_what_the_page_says(dataset: Dataset, abft: Durability) -> None:
    block = first_screen(dataset, abft)
    for part in ("fell in both arms", "then 3.67", "13 of 15 (86.7%"):
        assert part in block.text
    assert "<" not in block.text


def altered(found: Durability, **columns: float) -> Durability:
    frame = found.comparisons.assign(**columns)
    return dataclasses.replace(found, comparisons=frame)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.5, 0.5, "Whether any difference between ABFT and other care lasts is not known."),
        (-0.5, -0.1, "Part of the effect of ABFT, or all of it, is lost after treatment."),
        (0.1, 0.5, "The effect of ABFT is larger at follow-up than at the end of treatment."),
    ],
)
def test_the_answer_follows_the_interval_of_the_change(
    dataset: Dataset, abft: Durability, low: float, high: float, said: str
) -> None:
    found = altered(abft, change_ci_low=low, change_ci_high=high, follow_up_ci_low=-0.1)
    assert first_screen(dataset, found).text.startswith(said)
    still_there = altered(abft, change_ci_low=low, change_ci_high=high)
    first, _, _ = first_screen(dataset, still_there).text.partition("\n")
    assert first.startswith(
        "One small trial found recovery (suicidal ideation) still more frequent with ABFT"
    )
    assert ("is not known" in first) == ("is not known" in said)
    said = said.replace(", or all of it,", "")
    assert first.endswith(said) == ("is not known" not in said)


def test_a_difference_that_is_there_only_later_is_not_still_there(
    dataset: Dataset, abct: Durability
) -> None:
    later = altered(abct, post_ci_low=-0.1)
    assert "found distress lower with ABCT added to usual care" in first_screen(dataset, later).text
    large = altered(abct, follow_up_n_intervention=64, follow_up_n_comparator=64)
    assert first_screen(dataset, large).text.startswith("One trial found distress still lower")


def test_trials_that_disagree(dataset: Dataset, abct: Durability) -> None:
    """One loses, of the other nothing is known, or it gains; both are printed."""
    frame = abct.comparisons[abct.comparisons.intervention == "abct"].copy()
    own = frame[~frame.derived & frame.metric.isin(["mean_difference", "d_from_test_statistic"])]
    own = own.assign(post_processing="printed", follow_up_processing="printed")
    other = own.trial_id == "montero2018"
    own.loc[~other, ["change_ci_low", "change_ci_high"]] = [-9.0, -1.0]
    lost = "Of two differences, one moves against ABCT after treatment and"
    for low, said in (
        (0.1, "one moves in favor of ABCT after treatment."),
        (-0.1, "of one it is not known whether it changes."),
    ):
        own.loc[other, ["change_ci_low", "change_ci_high"]] = [low, 0.5]
        found = dataclasses.replace(abct, comparisons=own)
        first, _, _ = first_screen(dataset, found).text.partition("\n")
        assert f"{lost} {said}" in first


def test_who_was_seen_twice_is_counted_where_it_can_be(dataset: Dataset, abft: Durability) -> None:
    rows = abft.staying.assign(count_low=20, count_high=27)
    shown = staying(dataset, dataclasses.replace(abft, staying=rows)).text
    assert f"| 20 to 27 of {rows.events_post.iloc[0]}" in shown
    unknown = dataclasses.replace(abft, staying=rows.assign(count_low=None))
    assert "20 to 27" not in staying(dataset, unknown).text
    assert "| –" in staying(dataset, unknown).text


def test_without_a_comparison_nothing_is_claimed(dataset: Dataset, abft: Durability) -> None:
    found = dataclasses.replace(
        abft,
        comparisons=abft.comparisons.iloc[:0],
        changes=abft.changes.iloc[:0],
        scenarios=abft.scenarios.iloc[:0],
        arms=abft.arms.iloc[:0],
    )
    said = first_screen(dataset, found).text
    assert said.startswith("No trial prints the same number on ABFT against a comparison group")
    assert "Apart, since uncontrolled: Diamond 2002" in said
    assert "odds ratio" not in said


@pytest.mark.parametrize(
    ("post", "later", "said"),
    [
        (0.5, 0.5, "fell in both arms"),
        (0.5, 0.9, "rose in both arms"),
    ],
)
def test_the_direction_of_the_arms_follows_their_shares(
    dataset: Dataset, abft: Durability, post: float, later: float, said: str
) -> None:
    arms = abft.arms.copy()
    arms.loc[arms.timepoint == "post", "proportion"] = post
    arms.loc[arms.timepoint == "follow_up", "proportion"] = later
    found = dataclasses.replace(abft, arms=arms)
    moved = said in first_screen(dataset, found).text
    assert moved == (post != later)


def test_intervals_that_include_no_difference_are_counted(
    dataset: Dataset, abct: Durability
) -> None:
    for lows, said in (
        ((0.1, -1.0), "one interval includes no difference"),
        ((0.1, 0.1), "neither interval includes no difference"),
    ):
        frame = abct.comparisons.copy()
        frame.loc[frame.derived, ["post_ci_low", "follow_up_ci_low"]] = lows
        found = dataclasses.replace(abct, comparisons=frame)
        assert said in first_screen(dataset, found).text


def test_whether_three_trials_have_both_times_is_counted(abft: Durability) -> None:
    assert across_trials(abft).startswith("No outcome has three trials with both times")
    enough = dataclasses.replace(abft, most_trials=3)
    assert "three trials with both times on one scale, enough" in across_trials(enough)


@pytest.mark.parametrize("therapy", ["abft", "abct"])
def test_text_from_data_is_never_markup(tmp_path: Path, therapy: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    edit(folder, "trials.csv", ",Diamond 2010,", ",<i>Diamond</i> & 2010,")
    edit(folder, "trials.csv", ",Collado-Navarro 2021,", ",<i>Collado</i> & 2021,")
    data = evidence.load(folder)
    markup = first_screen(data, evidence.durability(data, therapy=therapy)).html
    assert "<i>" not in markup
    assert "&lt;i&gt;" in markup
