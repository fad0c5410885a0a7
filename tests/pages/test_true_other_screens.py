"""What first screens on rare events, effect sizes and single trials say of odd trials."""

import pytest

from evidence.analysis import analyze, multilevel
from evidence.analysis.alternatives import companions
from evidence.analysis.power import trial_power
from evidence.analysis.rare_events import rare_events
from evidence.blocks.escape import plain
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.row import size_of
from evidence.followup import durability
from evidence.ledger import entries, followup_entries
from evidence.pages import effects as effect_sections
from evidence.pages import pooled
from evidence.pages import rare_events as rare_sections
from evidence.pages.robustness import ledger_entries
from evidence.pages.trial_card import read_card, screen
from evidence.pages.trial_card.lines import lines
from tests.pages.any_package import Result, Study, package, with_cells


def test_trials_without_any_event_have_a_page() -> None:
    none = Study((Result("attempts", counts=(0, 20, 0, 20)),))
    dataset = package([none, none])
    found = rare_events(dataset, therapy="abft", outcome="suicide_attempt", event="attempt")
    assert "0 of 20" in rare_sections.first_screen(dataset, found).text


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        ((None,), "None of one randomized trial prints"),
        ((0.5,), "One of one randomized trial prints"),
        ((0.5, 0.4), "Two of two randomized trials print"),
    ],
)
def test_estimates_are_counted(effects: tuple[float | None, ...], said: str) -> None:
    made = [Study((Result(effect=one, said="no_difference"),)) for one in effects]
    dataset = package(made)
    text = effect_sections.first_screen(dataset, estimates(dataset)).text
    assert text.startswith(said)
    assert ": ." not in text


@pytest.mark.parametrize(("n", "said"), [(30, "number of all together"), (None, "number not")])
def test_a_card_without_a_total_tells_the_arms(n: int | None, said: str) -> None:
    dataset = package([Study((Result(effect=-0.5),), n=n)])
    card = read_card(dataset, "made0", estimates(dataset))
    text = screen.first_screen(card, lines(card)).text
    assert said in text
    assert "in favor of usual care by the interval" in text


MAIN = Specification(therapy="abft", outcome="depression", timepoint="post")


def test_a_plain_t_is_converted_and_leaves_no_range() -> None:
    made = package([Study((Result(effect=-0.6, sizes=(35, 31)),))])
    cells = {"statistic": "t", "estimate": 2.5, "df1": 64, "se": None}
    dataset = with_cells(made, "statistics", **cells, favors_intervention_when="higher")
    analysis = analyze(dataset, MAIN)
    # 2.5 times the root of 1/35 + 1/31, times J(64) = 0.988228 by the gamma function
    assert analysis.pooled.effect == pytest.approx(0.609332, abs=5e-7)
    beside = companions(dataset, analysis)
    said = plain(pooled.first_screen(dataset, analysis, beside).html)
    assert "The standardized value is converted from a test statistic." in said
    assert "Made 0: the standardized value is converted from t of a test." in said
    assert "imputed" not in said
    found = pooled.provenance(dataset, analysis, beside)
    assert not [one for one in found.entries if one.estimate_id.endswith("lowest")]


def test_persons_of_both_arms_count_once() -> None:
    crossed = {"design": "crossover", "n": 20}
    studies = [
        Study((Result(effect=0.4, sizes=(40, 40)),), **crossed),
        Study((Result(said="no_difference"),), **crossed),
    ]
    dataset = package(studies)
    analysis = analyze(dataset, MAIN)
    assert analysis.size.n == 40
    (one,) = records(analysis.selection.estimates)
    assert entries.of_estimate(one, dataset).n == 40
    (silent,) = records(analysis.selection.without_number)
    assert size_of([silent]).randomized == 20
    stress = companions(dataset, analysis).stress
    assert stress is not None
    assert stress.size.n == 40 + 20
    assert stress.size.named == "n = 60, 20 of them as randomized"
    assert stress.size.of("adults") == "60 adults, 20 of them as randomized"
    assert str(stress.size) == "60, 20 of them as randomized"
    power = trial_power(analysis)
    sizes = [ledger_entries.of_power(one, analysis, dataset).n for one in records(power)]
    assert set(sizes) == {40, 20}
    assert multilevel.participants(analysis.selection.estimates) == 40


def test_persons_of_both_arms_count_once_at_both_times() -> None:
    results = tuple(
        Result(timepoint=one, effect=0.6, se=0.1, sizes=(40, 38)) for one in ("post", "follow_up")
    )
    for design, n in (("crossover", 40), ("randomized", 78)):
        dataset = package([Study(results, design=design, n=20)])
        found = durability(dataset, therapy="abft")
        (row,) = records(found.comparisons)
        assert followup_entries.of_change(row, dataset).n == n
