"""What the summary of findings says of any trials, held to the trials themselves.

Claims are read from the words and worked out anew from the made-up results; nothing here calls
what the sentences were made with.
"""

import re
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

import evidence
from evidence.pages import summary as summary_sections
from evidence.pages.summary import weighing
from evidence.summary import collect
from tests.metapsy import files
from tests.pages.any_package import CLASS, Result, Study, numbers, package, studies, words

CARDINALS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NUMBERS = {word: number for number, word in enumerate(CARDINALS)}
OUTCOMES = ("depression", "self_compassion")
KNOWN = ("inactive", "usual_care", "active")

any_trials = st.lists(
    studies(
        st.one_of(numbers(OUTCOMES, "post"), words(OUTCOMES, "post")).map(lambda one: (one,)),
        therapy=st.sampled_from(["abft", "abct", "bat"]),
    ),
    min_size=1,
    max_size=4,
)


def first_and_table(made: list[Study], *therapies: str) -> tuple[str, str]:
    dataset = package(made, third="bat")
    summary = collect(dataset, therapies or tuple(dataset.vocabulary("therapy")))
    said = summary_sections.first_screen(dataset, summary).text
    return said, weighing.weighed(dataset, summary).text


def check(made: list[Study], said: str, weighed: str) -> None:
    """Hold counts, sides, spread and developers to the trials."""
    cells: dict[tuple[str, str, str], list[Study]] = {}
    for study in made:
        if CLASS[study.comparator] in KNOWN:
            outcome = study.results[0].outcome
            cells.setdefault((study.therapy, outcome, CLASS[study.comparator]), []).append(study)
    # An outcome on which no trial of a therapy has a number is in the other table.
    numbered = {
        (study.therapy, study.results[0].outcome)
        for study in made
        if study.results[0].effect is not None
    }
    cells = {key: trials for key, trials in cells.items() if key[:2] in numbered}
    answer = said.partition("\n")[0]
    rows = [line for line in weighed.split("\n") if "at the end of treatment, against" in line]
    assert len(rows) == len(cells), said
    with_number = [
        one
        for trials in cells.values()
        if (one := [study.results[0] for study in trials if study.results[0].effect is not None])
    ]
    match = re.match(
        r"Of (\w+) comparisons? of an outcome with a class of comparators, (\w+) ha\w+ a number",
        answer,
    )
    if not cells:
        assert answer.startswith("No outcome has a comparison with a known class"), said
        return
    assert match, said
    assert [NUMBERS[one] for one in match.groups()] == [len(cells), len(with_number)], said
    assert " no have" not in answer, said
    if with_number:
        single = re.search(r"a number, (\w+) of them from a single trial", answer)
        assert single, said
        assert NUMBERS[single[1]] == sum(len(one) == 1 for one in with_number), said
    if all(len(one) == 1 for one in with_number):
        ends = [one[0].ends for one in with_number]
        included = re.search(r"(\w+) intervals? includes? no difference", answer)
        over = sum(low <= 0 <= high for low, high in ends)
        assert included or not with_number, said
        word = included[1].lower() if included else "no"
        assert (0 if word == "no" else NUMBERS[word]) == over, said
        below = sum(high < 0 for _, high in ends)
        against = re.search(r"(\w+) of them in favor of the comparator", answer)
        one_other = re.search(r"(The other|It) is in favor of the comparator\.", answer) is not None
        assert (NUMBERS[against[1]] if against else int(one_other)) == below, said
    assert "suicide attempts among them" not in said
    for key, trials in cells.items():
        row = next(
            line
            for line in rows
            if name(key[0]) in line and OUTCOME[key[1]] in line and AGAINST[key[2]] in line
        )
        involved = [study.developer for study in trials if study.status == "published"]
        missing = row.rpartition("|")[2]
        assert ("is not known" in missing) == ("not_known" in involved), row
        if set(involved) == {"not_known"}:
            assert "took part in none" not in row, row
        assert ("collaborated" in missing) == ("collaborated" in involved), row
        assert "so few" not in row, row
        for study in trials:
            for word in ("intervention", "comparator"):
                if study.results[0].said == f"favors_{word}" and len(trials) == 1:
                    side = "the therapy" if word == "intervention" else "the comparator"
                    assert f"in favor of {side}, in words" in row, row


OUTCOME = {"depression": "Depressive symptoms", "self_compassion": "Self-compassion"}
AGAINST = {
    "inactive": "against waitlist or no intervention",
    "usual_care": "against usual or enhanced usual care",
    "active": "against another structured treatment",
}


def name(therapy: str) -> str:
    return f", {therapy if therapy == 'bat' else therapy.upper()}, "


@settings(max_examples=12, deadline=None)
@given(any_trials)
@example(
    [Study((Result(said="no_difference"),)), Study((Result(effect=0.4),), comparator="unheard")]
)
@example([Study((Result(effect=-0.8),))])
@example([Study((Result(effect=-0.8),)), Study((Result(effect=-0.8),), comparator="waitlist")])
def test_a_summary_is_true_of_its_trials(made: list[Study]) -> None:
    check(made, *first_and_table(made))


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        # I2 near 100%; lower Q-profile limit of tau2 far above 0
        ((1.5, -1.5, 1.4, -1.2, 0.9, -0.3), "The effects of the trials differ"),
        ((0.5, 0.5, 0.5, 0.5, 0.5), "closer together than chance alone"),
        ((0.5, 0.3), "neither shown nor excluded"),
    ],
)
def test_inconsistency_is_said_by_what_was_found(effects: tuple[float, ...], said: str) -> None:
    made = [Study((Result(effect=one, se=0.05 if "differ" in said else 0.3),)) for one in effects]
    _, weighed = first_and_table(made)
    assert said in weighed.partition("Inconsistency")[2]


def test_three_trials_that_favor_the_comparator() -> None:
    said, _ = first_and_table([Study((Result(effect=-one, se=0.1),)) for one in (0.5, 0.6, 0.55)])
    assert "It is in favor of the comparator." in said


def test_a_third_therapy_stands_in_the_summary_of_all() -> None:
    made = [Study((Result(effect=0.8),), therapy=one) for one in ("abft", "bat")]
    said, _ = first_and_table(made)
    assert said.startswith("Of two comparisons")
    assert "Depressive symptoms, bat, at the end of treatment" in said


@pytest.mark.parametrize("event", ["recovery", "attempts"])
def test_events_are_named_where_there_are_any(event: str) -> None:
    said, _ = first_and_table([Study((Result(event, counts=(2, 20, 5, 20)),))])
    assert said.startswith("No outcome has a comparison")
    assert ("suicide attempts among them" in said) == (event == "attempts")


def test_an_imported_database(tmp_path: Path) -> None:
    files.imported(
        tmp_path,
        files.means(),
        files.means(study="Bo, 2003", mean_arm1="29.2", sd_arm1="6"),
        files.means(study="Cy, 2004", condition_arm2="cau", mean_arm1="29.2", sd_arm1="6"),
    )
    dataset = evidence.load(tmp_path / "made")
    summary = collect(dataset, tuple(dataset.vocabulary("therapy")))
    said = summary_sections.first_screen(dataset, summary).text
    # By hand: 5.7 lower and 9.3 higher against the waitlist; 9.3 higher, d 1.2, against usual care.
    assert said.startswith("Of two comparisons of an outcome with a class of comparators, two have")
    assert "one of them from a single trial. One interval includes no difference." in said
    assert "The other is in favor of the comparator." in said
