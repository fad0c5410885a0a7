"""What first screens on rare events, effect sizes and single trials say of odd trials."""

import pytest

from evidence.display import effect_sections, rare_sections, trial_card_screen
from evidence.display.trial_card import read_card
from evidence.estimation import estimates
from evidence.specification.rare_events import rare_events
from tests.display.any_package import Result, Study, package
from tests.display.test_trial_card import lines


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
    text = trial_card_screen.first_screen(card, lines(card)).text
    assert said in text
    assert "interval on the side of usual care" in text
