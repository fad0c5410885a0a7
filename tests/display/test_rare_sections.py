"""A rare event: the usual direction first, intervals of differences, counts behind the ends."""

import re

import pytest

import evidence
from evidence.dataset import Dataset
from evidence.display import rare_sections, summary_tables
from evidence.display.headline import plain
from evidence.specification.rare_events import RareEvents, rare_events
from evidence.summary import collect


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return evidence.load()


@pytest.fixture(scope="module")
def events(dataset: Dataset) -> RareEvents:
    return rare_events(dataset, therapy="abft", outcome="suicide_attempt", event="attempt")


def test_the_usual_direction_stands_first(dataset: Dataset, events: RareEvents) -> None:
    said = plain(rare_sections.first_screen(dataset, events).html)
    boxes = said.split("odds ratio of suicide attempts, ")
    assert [one[-19:] for one in boxes[:2]] == ["0.46 (0.04 to 3.37)", "0.46 (0.13 to 1.50)"]
    first, second = boxes[1:]
    assert first.startswith(
        "ABFT against an active family-enhanced supportive therapy (below 1 favors ABFT); "
        "exact; Diamond 2019, 129 participants"
    )
    assert "; 0.44 to 0.47 over all counts that fit" in second
    cited = rare_sections.citation(dataset, events).text
    assert "odds ratio 0.46 (0.04 to 3.37), below 1 favors ABFT" in cited
    assert "P = .64 (twice the smaller exact tail; Fisher’s two-sided test gives .43)" in cited
    table = rare_sections.results_table(dataset, events).text
    # two-sided P of fisher.test, and of mantelhaen.test with 4 of 35 and 6 of 27 added (.185)
    for said in ("Fisher’s two-sided test gives .43)", "Fisher’s two-sided test gives .19)"):
        assert said in table
    for block in (rare_sections.first_screen, rare_sections.provenance):
        assert "2.17" not in block(dataset, events).text


def test_developers_are_named_first(dataset: Dataset, events: RareEvents) -> None:
    said = rare_sections.first_screen(dataset, events).html
    assert "<li>Developers of ABFT took part in both published trials.</li>" in said


def test_differences_per_1000_have_one_interval(dataset: Dataset, events: RareEvents) -> None:
    made = rare_sections.counts_table(dataset, events)
    # the exact limits 0.0405 and 3.3712 times the odds 4/59, as risks, less 4/63: -0.0608, 0.1225
    assert "4 of 63 (6.3%) | 33 fewer (61 fewer to 123 more) by the odds ratio |" in made.text
    assert made.entries[0] in summary_tables.absolute(dataset, collect(dataset, ("abft",))).entries
    # Counts that are not printed give a difference without an interval.
    assert "(22.2%) | 108 fewer |" in made.text


def test_a_time_that_no_source_states_has_no_week(dataset: Dataset, events: RareEvents) -> None:
    lines = rare_sections.counts_table(dataset, events).text.splitlines()
    by_trial = {line.partition(" ")[2][:4]: line for line in lines}
    assert "| at follow-up |" in by_trial["2010"]
    assert "| at the end of treatment, 16 weeks after randomization |" in by_trial["2019"]


def test_the_ends_of_a_range_name_their_own_counts(dataset: Dataset, events: RareEvents) -> None:
    rows = rare_sections.provenance(dataset, events).text.splitlines()
    exact = [row for row in rows if "interval_exact" in row and "Diamond 2010" in row]
    counts = [re.search(r"Diamond 2010 (\d+/\d+/\d+/\d+)", row) for row in exact]
    assert [one[1] for one in counts if one] == ["4/35/6/27", "2/19/6/27", "4/35/5/23"]
    result = next(one for one in events.results if one.low != one.high)
    assert len(result.counts_low) == len(result.counts_high) == len(result.tables)
    ends_of = zip(result.tables, result.counts_low, result.counts_high, strict=True)
    for one, low, high in ends_of:
        assert {low, high} <= set(one.tables)
