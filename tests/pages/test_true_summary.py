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
from evidence.pages.summary import findings
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


def first_and_tables(made: list[Study], *therapies: str) -> tuple[str, str]:
    dataset = package(made, third="bat")
    summary = collect(dataset, therapies or tuple(dataset.vocabulary("therapy")))
    said = summary_sections.first_screen(dataset, summary).text
    return said, findings.findings(dataset, summary).text


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
    rows = findings_of(weighed)
    assert set(rows) == {(name(one), AGAINST[three], OUTCOME[two]) for one, two, three in cells}
    with_number = [
        one
        for trials in cells.values()
        if (one := [study.results[0] for study in trials if study.results[0].effect is not None])
    ]
    match = re.match(
        r"Of (\w+) comparisons? of an outcome in SDs with a class of comparators, (\w+) ha\w+ a "
        r"number",
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
        one_other = re.search(r"(The other|It) is in favor of the comparator\b", answer) is not None
        if all_others := re.search(r"The (\w+) others favor the (\w+)", answer):
            left = [one for one in ends if not one[0] <= 0 <= one[1]]
            assert NUMBERS[all_others[1]] == len(left), said
            assert below == (len(left) if all_others[2] == "comparator" else 0), said
        else:
            assert (NUMBERS[against[1]] if against else int(one_other)) == below, said
    assert "suicide attempts among them" not in said
    for (therapy, outcome, against), trials in cells.items():
        row = rows[name(therapy), AGAINST[against], OUTCOME[outcome]]
        marks = re.findall(r"\[(\d+)\]", row.split(" | ")[findings.COLUMNS.index("Indirectness")])
        notes = [line for line in weighed.split("\n") if line.startswith("- Made ")]
        for study in trials:
            label = f"Made {made.index(study)}"
            involved = {
                "yes": "developers took part",
                "collaborated": "developers collaborated",
                "no": "no developer took part",
                "not_known": "whether developers took part is not known",
            }[study.developer]
            of_it = [one for one in notes if one.startswith(f"- {label}:")]
            assert any(involved in one for one in of_it), weighed
            assert label in row, row
            for word in ("intervention", "comparator"):
                if study.results[0].said == f"favors_{word}" and len(trials) == 1:
                    side = "the therapy" if word == "intervention" else "the comparator"
                    assert f"in favor of {side}, in words" in row, row
        assert len(marks) == len(trials), row
        assert "so few" not in row, row


def findings_of(text: str) -> dict[tuple[str, str, str], str]:
    """Return the rows on classes of comparators by therapy, class and outcome."""
    rows: dict[tuple[str, str, str], str] = {}
    therapy = against = ""
    for line in text.split("\n"):
        if (caption := re.fullmatch(r"(\w+) against (.*)", line)) is not None:
            therapy, against = caption.groups()
        elif " | " in line and against != "all comparators":
            outcome = re.split(r" \(| \|", line)[0]
            if outcome in OUTCOME.values():
                rows[therapy, against, outcome] = line
    return rows


OUTCOME = {"depression": "Depressive symptoms", "self_compassion": "Self-compassion"}
AGAINST = {
    "inactive": "waitlist or no intervention",
    "usual_care": "usual or enhanced usual care",
    "active": "another structured treatment",
}


def name(therapy: str) -> str:
    return therapy if therapy == "bat" else therapy.upper()


@settings(max_examples=12, deadline=None)
@given(any_trials)
@example(
    [Study((Result(said="no_difference"),)), Study((Result(effect=0.4),), comparator="unheard")]
)
@example([Study((Result(effect=-0.8),))])
@example([Study((Result(effect=-0.8),)), Study((Result(effect=-0.8),), comparator="waitlist")])
def test_a_summary_is_true_of_its_trials(made: list[Study]) -> None:
    check(made, *first_and_tables(made))


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        # I2 near 100%; lower Q-profile limit of tau2 far above 0
        ((1.5, -1.5, 1.4, -1.2, 0.9, -0.3), "the effects of the trials differ"),
        ((0.5, 0.5, 0.5, 0.5, 0.5), "closer together than chance alone"),
        ((0.5, 0.3), "neither shown nor excluded"),
    ],
)
def test_inconsistency_is_said_by_what_was_found(effects: tuple[float, ...], said: str) -> None:
    made = [Study((Result(effect=one, se=0.05 if "differ" in said else 0.3),)) for one in effects]
    _, weighed = first_and_tables(made)
    assert said in weighed.partition("Inconsistency")[2]


def test_three_trials_that_favor_the_comparator() -> None:
    said, _ = first_and_tables([Study((Result(effect=-one, se=0.1),)) for one in (0.5, 0.6, 0.55)])
    assert "It is in favor of the comparator." in said


def test_a_third_therapy_stands_in_the_summary_of_all() -> None:
    made = [Study((Result(effect=0.8),), therapy=one) for one in ("abft", "bat")]
    said, found = first_and_tables(made)
    assert said.startswith("Of two comparisons")
    assert ("bat", AGAINST["usual_care"], OUTCOME["depression"]) in findings_of(found)


@pytest.mark.parametrize("event", ["recovery", "attempts"])
def test_events_are_named_where_there_are_any(event: str) -> None:
    said, _ = first_and_tables([Study((Result(event, counts=(2, 20, 5, 20)),))])
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
    assert said.startswith(
        "Of two comparisons of an outcome in SDs with a class of comparators, two"
    )
    assert "one of them from a single trial. One interval includes no difference." in said
    assert "The other is in favor of the comparator." in said
