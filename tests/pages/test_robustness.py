"""What the report on robustness says, and that it follows the numbers."""

import dataclasses
import re
from functools import cache

import pytest

from evidence.analysis import analyze
from evidence.analysis.alternatives import Robustness, examine
from evidence.blocks.output import Block
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.pages import robustness as screen
from evidence.pages.robustness import ledger_entries as made
from evidence.pages.robustness import tables
from evidence.reports.inspection import faults
from tests.pages import plain
from tests.tolerances import CLOSED_FORM


@cache
def examined(dataset: Dataset, therapy: str, outcome: str) -> Robustness:
    main = Specification(therapy=therapy, outcome=outcome, timepoint="post")
    return examine(dataset, analyze(dataset, main))


@pytest.fixture(scope="module")
def depression(dataset: Dataset) -> Robustness:
    return examined(dataset, "abft", "depression")


def test_the_first_screen(dataset: Dataset, depression: Robustness) -> None:
    said = plain(screen.first_screen(dataset, depression).html)
    for part in (
        "The answer depends on the choices made: 263 of 336 analyses of depressive symptoms with "
        "ABFT have an interval that includes no difference, 73 do not.",
        "Estimates run from 0.14 to 0.71, all on the side of ABFT; 78.3% of the intervals",
        "their number is no measure of evidence",
        "0.52 (−0.29 to 1.33)",
        "0.23 (−0.16 to 0.63)",
        "without one of them the estimate is 0.47 to 0.69; 3 of 3 intervals include no difference",
        "half-normal 0.5 0.54 (0.01 to 1.12), 97.6%; half-normal 1 0.55 (−0.15 to 1.31), ",
        "two of the three intervals include no difference. With the unreported results at zero, "
        "in that order: 0.24 (−0.10 to 0.67), 93.0%; ",
        "9.7% to 39.4% for a difference of 0.3 SD and 18.4% to 80.4% for a difference of 0.5 SD",
        "takes 352 participants, and behind the main result: 118 participants",
        "One more trial of 32 people would tip the result if its effect lay between 0.57 and 1.46; "
        "with the unreported results at zero no effect would.",
        "Developers of ABFT took part in four of the five published trials",
        "results cannot be compared by who made the trial",
    ):
        assert part in said
    assert screen.by_interval(depression.panel).frame.to_numpy().tolist() == [
        ["cautious, the main method", "0 of 56", "0 of 56"],
        ["the same without its correction", "16 of 56", "0 of 56"],
        ["normal quantile", "56 of 56", "1 of 56"],
    ]


def parts(dataset: Dataset, found: Robustness) -> list[Block]:
    return [
        screen.first_screen(dataset, found),
        tables.leave_one_out(dataset, found),
        tables.one_more(dataset, found),
        tables.power(dataset, found),
        tables.developers(dataset, found),
        tables.clusters(dataset, found),
        tables.missing(dataset, found),
        screen.closing_sections(dataset, found),
    ]


@pytest.mark.parametrize(
    ("therapy", "outcome"),
    [
        ("abft", "depression"),
        ("abft", "suicidal_ideation"),
        ("abct", "affective_distress"),
        ("abct", "functional_impairment"),
    ],
)
def test_every_number_leads_to_where_it_comes_from(
    dataset: Dataset, therapy: str, outcome: str
) -> None:
    found = examined(dataset, therapy, outcome)
    blocks = parts(dataset, found)
    page = "<h1>x</h1>" + "".join(one.html for one in blocks)
    entries = {entry.estimate_id: entry for one in blocks for entry in one.entries}
    assert faults(page, anchors=[f"n-{one}" for one in entries]) == ()
    values = {}
    for one in blocks:
        for entry in one.entries:
            # One id never stands for two values, nor for two labels.
            assert dataclasses.replace(entry, reports=()) == values.setdefault(
                entry.estimate_id, entry
            )
    linked = set(re.findall(r'href="#n-([a-z0-9_.]+)"', page))
    assert linked <= set(entries)


def test_judgements_of_two_sources_stand_with_their_source(
    dataset: Dataset, depression: Robustness
) -> None:
    said = screen.closing_sections(dataset, depression).text.partition("\nWhere each")[0]
    assert "judge it: Diamond 2002 high (a public database) and low (Henken et al. 2007); " in said
    assert "Israel 2013 low (a public database)" in said
    assert said.count("Diamond 2002") == 1


def test_with_one_trial_it_says_so(dataset: Dataset) -> None:
    found = examined(dataset, "abct", "functional_impairment")
    said = plain(screen.first_screen(dataset, found).html)
    assert "one stands behind the result; without it nothing is left" in said
    assert "One trial of impairment by fibromyalgia with ABCT, read in one way" in said
    assert "Estimates run from" not in said
    assert "Prior:" not in said
    assert "One more trial: the lower limit is above zero already." in said


def test_the_sentence_follows_the_panel(dataset: Dataset, depression: Robustness) -> None:
    over = depression.panel.assign(ci_low=-1.0, ci_high=1.0)
    said = plain(screen.first_screen(dataset, dataclasses.replace(depression, panel=over)).html)
    assert "The choice of method does not change it: all of 336 analyses" in said
    assert "100.0% of the intervals include no difference" in said
    apart = depression.panel.assign(ci_low=0.1, ci_high=1.0)
    said = plain(screen.first_screen(dataset, dataclasses.replace(depression, panel=apart)).html)
    assert "none of 336 analyses of depressive symptoms with ABFT has an interval" in said


def test_a_row_of_the_panel_is_made_anew_as_it_was(
    dataset: Dataset, depression: Robustness
) -> None:
    panel = depression.panel
    for row in records(panel.iloc[[0, 5, 17, 90, 150, 200, 250, 300, 335]]):
        entry = made.of_panel_row(row, depression.analysis, dataset)
        assert entry.estimate_id == row.estimate_id
        assert entry.effect == pytest.approx(row.effect, abs=CLOSED_FORM)
        assert entry.ci_low == pytest.approx(float(f"{row.ci_low:.12g}"), abs=CLOSED_FORM)
        assert (entry.k, entry.n) == (row.k, row.n)


def test_imputed_arm_sizes_make_power_imputed(dataset: Dataset, depression: Robustness) -> None:
    found = {
        row.trial_id: made.of_power(row, depression.analysis, dataset).processing
        for row in records(depression.power)
    }
    assert found["waraan2021"] == "imputed"
    assert found["diamond2010"] == "converted"


def test_the_trial_of_others_stands_with_what_it_prints(
    dataset: Dataset, depression: Robustness
) -> None:
    said = plain(tables.developers(dataset, depression).html)
    assert "Waraan 2021: remission as d 0.24 (−0.78 to 1.27)" in said
    assert "bounds the observed difference by 0.066" in said
    assert "Only one group of 3 prints a usable number" in said
