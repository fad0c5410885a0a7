"""Sentences of first screens on any data, each held to the rows it speaks of.

The claim of a sentence is read from its words and worked out anew from the made-up trials; nothing
here calls what the sentence was made with.
"""

import csv
import math
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from evidence.analysis.alternatives import Companions
from evidence.ledger import sentences
from evidence.pages import pooled
from tests.pages.any_data import Trial, analyzed

OWN = Path(__file__).parents[1] / "own"
QUANTILE = 1.959963984540054
CARDINALS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NUMBERS = {word: number for number, word in enumerate(CARDINALS)}
NUMBERS |= {"none": 0, "neither": 0, "both": 2}

ALONE = Companions({}, [], [], [], None, None, None, [])

trials = st.lists(
    st.builds(
        Trial,
        effect=st.one_of(st.none(), st.floats(-1.5, 1.5).map(lambda x: round(x, 3)), st.just(0.0)),
        se=st.floats(0.05, 0.6),
        said=st.sampled_from(
            ["no_difference", "favors_intervention", "favors_comparator", "measured_not_reported"]
        ),
        n=st.one_of(st.none(), st.integers(5, 1000)),
        developer=st.sampled_from(["yes", "collaborated", "no", "not_known"]),
        status=st.sampled_from(["published", "published", "unpublished"]),
        comparator=st.sampled_from(["usual_care", "waitlist", "relaxation"]),
    ),
    min_size=1,
    max_size=12,
).filter(lambda made: any(one.effect is not None for one in made))


def number(word: str) -> int:
    return NUMBERS[word] if word in NUMBERS else int(word.replace(",", ""))


def claim(pattern: str, said: str) -> re.Match[str]:
    """Find a claim that must be made, so that no other wording of it passes unread."""
    match = re.search(pattern, said)
    assert match, f"{pattern} is not in: {said}"
    return match


def check(made: list[Trial], said: str, low: float, high: float) -> None:
    """Hold every claim that can be read from an answer to the trials."""
    counted = [one for one in made if one.effect is not None]
    silent = [one for one in made if one.effect is None and one.status == "published"]
    ends = [(one.effect - QUANTILE * one.se, one.effect + QUANTILE * one.se) for one in counted]
    k = len(counted)
    lower = "lower depressive symptoms" in said
    higher = "higher depressive symptoms" in said
    # A pooled interval over zero lets nobody say that either side is ahead.
    assert (lower or higher) == (not low <= 0 <= high), said
    assert ("It is not known whether" in said) == (low <= 0 <= high), said
    if lower or higher:
        assert (low > 0) == lower, said
    side = 1 if lower else -1
    clear = lower or higher
    if clear and k > 1:
        match = claim(r"(?:all )?(\w+)(?: of the \w+)? estimates? (?:is|are) on this side", said)
        on_side = sum(side * one.effect > 0 for one in counted)
        assert number(match[1]) == on_side, said
        other = re.search(r"on this side and (\w+) on the other", said)
        assert (number(other[1]) if other else 0) == sum(
            side * one.effect < 0 for one in counted
        ), said
        match = claim(r"(\w+) of the (\w+) intervals lies? wholly on this side", said)
        apart = sum((a if side > 0 else -b) > 0 for a, b in ends)
        assert (number(match[1]), number(match[2])) == (apart, k), said
        away = re.search(r"and (\w+) wholly on the other", said)
        assert (number(away[1]) if away else 0) == sum(
            (b if side > 0 else -a) < 0 for a, b in ends
        ), said
    if not clear and k > 1:
        match = claim(r"The estimates of (?:all )?(\w+)[^.;]* favor ABFT", said)
        assert number(match[1]) == sum(one.effect > 0 for one in counted), said
    sizes = [one.n for one in counted]
    if not clear:
        size = claim(r"\(n (?:= ([\d,]+)|not known)\)", said)[1]
        assert (size and number(size)) == (None if None in sizes else 2 * sum(sizes)), said
    assert "n = 0" not in said
    assert ("n not known" in said) <= (None in sizes), said
    if "no clear difference" in said:
        assert any(one.said == "no_difference" for one in silent), said
    if match := re.search(r"(\w+) reports? no clear difference", said):
        count = sum(one.said == "no_difference" for one in silent)
        if match[1] in NUMBERS:
            assert number(match[1]) == count, said
    if all(one.said == "favors_comparator" for one in silent):
        assert "no clear difference" not in said, said
    assert "small" not in said.lower(), said


@settings(max_examples=30, deadline=None)
@given(trials, st.sampled_from(["hksj_adhoc", "wald"]))
@example([Trial(-0.5, 0.1), Trial(-0.6, 0.1), Trial(-0.4, 0.1)], "wald")
@example([Trial(1.2, 0.1), Trial(-0.2, 0.1), Trial(1.1, 0.1), Trial(1.0, 0.05)], "wald")
@example([Trial(0.4, 0.3), Trial(0.45, 0.3), Trial(0.42, 0.3)], "wald")
@example([Trial(None, said="favors_comparator"), Trial(0.6, 0.2)], "wald")
@example([Trial(0.0, 0.2, n=None)], "wald")
def test_an_answer_is_true_of_its_trials(made: list[Trial], interval: str) -> None:
    dataset, analysis = analyzed(made, interval=interval)
    block = pooled.first_screen(dataset, analysis, ALONE)
    said = unescape(re.sub(r"<[^>]*>", "", block.html.partition("</section>")[0]))
    check(made, said, analysis.pooled.ci_low, analysis.pooled.ci_high)


@settings(max_examples=30, deadline=None)
@given(trials)
def test_developers_are_counted_among_what_is_known(made: list[Trial]) -> None:
    dataset, analysis = analyzed(made)
    said = sentences.developers(analysis, dataset)
    known = [one for one in made if one.status == "published"]
    unknown = [one for one in known if one.developer == "not_known"]
    if not known:
        assert said == ""
        return
    # "no of the 12" said of trials of which nothing is known.
    assert ("not known" in said) == bool(unknown), said
    if len(unknown) == len(known):
        assert "took part in none" not in said
        return
    yes, collaborated = (
        sum(one.developer == what for one in known) for what in ("yes", "collaborated")
    )
    if yes or not collaborated:
        assert number(claim(r"took part in (?:all |the )?(\w+)", said)[1]) == yes, said
    if collaborated:
        assert number(claim(r"collaborated in (?:all |the )?(\w+)", said)[1]) == collaborated, said


@pytest.mark.parametrize(
    ("effects", "se", "expected"),
    [
        # Q-profile limits of tau2 0.5 to 5.3; R 4.2.2, metafor 5.1-12 gives the lower one above 0
        ((1.5, -1.5, 1.4, -1.4, 1.5), 0.1, "The effects of the trials differ."),
        ((0.5, 0.2, 0.8), 0.3, "neither shown nor excluded"),
        ((0.5, 0.5, 0.5, 0.5, 0.5), 0.3, "closer together than chance alone"),
    ],
)
def test_the_spread_is_said_by_the_interval_of_tau2(
    effects: tuple[float, ...], se: float, expected: str
) -> None:
    _, analysis = analyzed([Trial(one, se) for one in effects])
    assert expected in sentences.spread(analysis.pooled)


def test_where_q_and_the_interval_of_tau2_differ_both_are_said() -> None:
    # P of Q lies below .05 while the 95% Q-profile interval, two-sided, still holds zero: between
    # the 95% and the 97.5% quantile of chi-square with 2 df, 5.99 and 7.38.
    spread = (6.6 / 2) ** 0.5 * 0.2
    _, analysis = analyzed([Trial(0.5 + one, 0.2) for one in (-spread, 0.0, spread)])
    assert analysis.pooled.q == pytest.approx(6.6)
    assert "The test of Q says" in sentences.spread(analysis.pooled)


def answer_of(made: list[Trial], **choices: str) -> str:
    dataset, analysis = analyzed(made, **choices)
    block = pooled.first_screen(dataset, analysis, ALONE)
    said = unescape(re.sub(r"<[^>]*>", "", block.html))
    check(made, said.partition("Hedges g")[0], analysis.pooled.ci_low, analysis.pooled.ci_high)
    return said


def own(name: str, columns: tuple[str, ...], comparator: str) -> list[Trial]:
    """Trials of a spreadsheet: means, SDs and sizes of the treated arm, then of the other one."""
    with (OWN / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = []
    for row in rows:
        m1, s1, n1, m2, s2, n2 = (float(row[one]) for one in columns)
        df = n1 + n2 - 2
        d = (m2 - m1) / math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
        g = d * math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
        se = math.sqrt(1 / n1 + 1 / n2 + g * g / (2 * (n1 + n2)))
        made.append(Trial(g, se, n=None, comparator=comparator))
    return made


def test_eight_heterogeneous_studies() -> None:
    columns = ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2")
    made = own("eight-heterogeneous.csv", columns, "waitlist")
    said = answer_of(made)
    # g 0.5765 (0.0882 to 1.0647), tau2 0.3127 (metafor): three of eight are on the other side.
    assert "0.58 (95% CI 0.09 to 1.06" in said
    assert "five of the eight estimates are on this side and three on the other" in said
    assert "The effects of the trials differ." in said
    for false in ("In eight of eight", "neither show", "in all", "took part in no"):
        assert false not in said


def test_twelve_studies() -> None:
    columns = ("mean_treat", "sd_treat", "n_treat", "mean_ctrl", "sd_ctrl", "n_ctrl")
    said = answer_of(own("twelve-studies-means.csv", columns, "usual_care"))
    # g 0.4710 (0.2556 to 0.6864), tau2 0.0704, Q 29.33 (metafor); Baker 2004 lies below zero.
    assert "0.47 (95% CI 0.26 to 0.69" in said
    assert "11 of the 12 estimates are on this side and one on the other" in said
    assert "The effects of the trials differ." in said


def test_three_trials_that_favor_the_comparator() -> None:
    said = answer_of([Trial(-0.5, 0.1), Trial(-0.6, 0.1), Trial(-0.55, 0.1)])
    assert "participants had higher depressive symptoms with ABFT" in said
    assert "all three estimates are on this side" in said


def test_trials_with_words_for_the_comparator_do_not_report_no_difference() -> None:
    said = answer_of([Trial(0.6, 0.2), *[Trial(None, said="favors_comparator")] * 2])
    assert "the other two report a difference in favor of the comparator" in said
    assert "no clear difference" not in said


def test_effects_with_an_i2_of_95_percent_differ() -> None:
    said = answer_of([Trial(x, 0.1) for x in (-0.6, 0.1, 0.7, 1.2, 0.2)])
    assert "The effects of the trials differ." in said


@pytest.mark.parametrize(
    ("route", "printed"),
    [("means", "means"), ("combined_change_means", "means"), ("printed", "numbers")],
)
def test_means_are_said_of_routes_from_means_alone(route: str, printed: str) -> None:
    dataset, analysis = analyzed([Trial(0.4, 0.3), Trial(0.45, 0.3)])
    rows = analysis.selection.estimates.assign(route=route)
    changed = replace(analysis, selection=replace(analysis.selection, estimates=rows))
    block = pooled.first_screen(dataset, changed, ALONE)
    assert f"two trials that print {printed}" in block.html


def test_an_unknown_n_is_said() -> None:
    said = answer_of([Trial(0.5, 0.2, n=None), Trial(0.4, 0.2, n=None)])
    assert "(n not known)" in said


def test_no_single_interval_need_exclude_zero() -> None:
    said = answer_of([Trial(0.4, 0.3), Trial(0.45, 0.3), Trial(0.42, 0.3)], interval="wald")
    assert "all three estimates are on this side; none of the three intervals" in said
