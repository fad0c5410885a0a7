"""A rare event: the usual direction first, intervals of differences, counts behind the ends."""

import re

import pytest

from evidence.analysis.rare_events import RareEvents, rare_events
from evidence.blocks.escape import plain
from evidence.data.dataset import Dataset
from evidence.pages import rare_events as rare_sections
from evidence.pages.summary import findings
from evidence.summary import collect
from tests.pages.any_package import EVENT, Result, Study, package


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
        "exact interval; Diamond 2019, 129 participants"
    )
    assert "; by the counts with fewest missing; 0.44 to 0.47 over all counts that fit" in second
    # The card of the trial has nearly the same ratio with another interval.
    assert "Intervals here are exact; the card of a trial has one by normal approximation" in said
    cited = rare_sections.closing_sections(dataset, events).text
    assert "odds ratio 0.46 (0.04 to 3.37), below 1 favors ABFT" in cited
    assert "P = .64 (twice the smaller exact tail; Fisher’s two-sided test gives .43)" in cited
    table = rare_sections.results_table(dataset, events).text
    # two-sided P of fisher.test, and of mantelhaen.test with 4 of 35 and 6 of 27 added (.185)
    for said in ("Fisher’s two-sided test gives .43)", "Fisher’s two-sided test gives .19)"):
        assert said in table
    for block in (rare_sections.first_screen, rare_sections.closing_sections):
        assert "2.17" not in block(dataset, events).text


def test_developers_are_named_first(dataset: Dataset, events: RareEvents) -> None:
    said = rare_sections.first_screen(dataset, events).html
    assert "<li>Developers of ABFT took part in both published trials.</li>" in said


def test_differences_per_1000_have_one_interval(dataset: Dataset, events: RareEvents) -> None:
    made = rare_sections.counts_table(dataset, events)
    # the exact limits 0.0405 and 3.3712 times the odds 4/59, as risks, less 4/63: -0.0608, 0.1225
    assert "4 of 63 (6.3%) | 33 fewer (61 fewer to 123 more) by the odds ratio |" in made.text
    label = "with an active family-enhanced supportive therapy, below 0 favors ABFT"
    assert made.entries[0].label.endswith(label)
    assert "below 1" not in made.entries[0].label
    assert made.entries[0] in findings.findings(dataset, collect(dataset, ("abft",))).entries
    # Counts that are not printed give a difference without an interval.
    assert "(22.2%) | 108 fewer |" in made.text


def test_a_time_that_no_source_states_has_no_week(dataset: Dataset, events: RareEvents) -> None:
    lines = rare_sections.counts_table(dataset, events).text.splitlines()
    by_trial = {line.partition(" ")[2][:4]: line for line in lines}
    assert "| at follow-up |" in by_trial["2010"]
    assert "| at the end of treatment, 16 weeks after randomization |" in by_trial["2019"]


def test_the_ends_of_a_range_name_their_own_counts(dataset: Dataset, events: RareEvents) -> None:
    rows = rare_sections.closing_sections(dataset, events).text.splitlines()
    exact = [row for row in rows if "interval_exact" in row and "Diamond 2010" in row]
    counts = [re.search(r"Diamond 2010 (\d+/\d+/\d+/\d+)", row) for row in exact]
    assert [one[1] for one in counts if one] == ["4/35/6/27", "2/19/6/27", "4/35/5/23"]
    result = next(one for one in events.results if one.low != one.high)
    assert len(result.counts_low) == len(result.counts_high) == len(result.tables)
    ends_of = zip(result.tables, result.counts_low, result.counts_high, strict=True)
    for one, low, high in ends_of:
        assert {low, high} <= set(one.tables)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        # limits of scipy.stats.contingency.odds_ratio: 1.41694 and 0.179654
        (
            (0, 66, 4, 63),
            "No finite odds ratio above 0; exact 95% interval: at most 1.42",
        ),
        (
            (2, 66, 0, 63),
            "No finite odds ratio above 0; exact 95% interval: at least 0.18",
        ),
        ((0, 66, 0, 63), "No event in either arm: no odds ratio"),
        ((9, 9, 8, 8), "These counts allow no odds ratio"),
    ],
)
def test_counts_without_a_finite_ratio_have_no_number(
    counts: tuple[int, int, int, int], said: str
) -> None:
    dataset = package([Study((Result("attempts", counts=counts),))])
    found = rare_events(dataset, therapy="abft", outcome="suicide_attempt", event="attempt")
    screen = rare_sections.first_screen(dataset, found)
    assert "It is not known whether ABFT changes the risk of suicide attempts." in screen.text
    assert said in plain(screen.html)
    assert said.lower() in rare_sections.closing_sections(dataset, found).text.lower()
    assert said in rare_sections.results_table(dataset, found).text
    assert not rare_sections.counts_table(dataset, found).entries
    exact = [
        entry
        for block in (screen, rare_sections.closing_sections(dataset, found))
        for entry in block.entries
        if entry.estimate_id.endswith("interval_exact")
    ]
    assert not exact


def test_remarks_are_on_the_event_and_the_times_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT, "recovery", ("clinical_recovery", "suicide_attempt"))
    times = (12.0, 12.0), (12.0, 30.0)
    for weeks in times:
        made = [
            Study(
                (
                    Result("attempts", counts=(2, 60, 9, 60), weeks=week),
                    Result("recovery", counts=(20, 60, 9, 60), weeks=week),
                )
            )
            for week in weeks
        ]
        dataset = package(made)
        shared = {"therapy": "abft", "outcome": "suicide_attempt"}
        found = rare_events(dataset, **shared, event="clinical_recovery")
        said = plain(rare_sections.first_screen(dataset, found).html)
        assert "Attempts" not in said
        until = "The trials counted recovery until different times: at the end of"
        assert (until in said) is (len(set(weeks)) > 1)
    # Of two counted events of one outcome each has its own ids.
    other = rare_events(dataset, **shared, event="attempt")
    ids = [{one.estimate_id for one in of.results} for of in (found, other)]
    assert not ids[0] & ids[1]
    assert "abft.suicide_attempt.attempt.last.log_odds_ratio.pooled.interval_exact" in ids[1]
