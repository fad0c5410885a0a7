"""What the first screen on follow-up says of any trials, held to the trials themselves.

The claim of a sentence is read from its words and worked out anew from the made-up results;
nothing here calls what the sentence was made with.
"""

import re
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import example, given, settings

import evidence
from evidence.pages.followup import first_screen
from evidence.pages.followup.tables import comparisons
from tests.metapsy import files
from tests.pages.any_package import QUANTILE, Result, Study, numbers, package, studies, words

CARDINALS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NUMBERS = {word: number for number, word in enumerate(CARDINALS)}
NAMES = {
    "depression": "depressive symptoms",
    "anxiety": "anxiety",
    "self_compassion": "self-compassion",
}
MEDIUM = 128
"""Two arms of 64 have 80% power for a difference of half an SD (Cohen 1988, table 2.4.1)."""

AGAIN = {"weeks": st.just(24.0)}


def both(outcome: str) -> st.SearchStrategy[tuple[Result, ...]]:
    """Return results on one outcome: at both times, at one, in words, or none."""
    post = st.one_of(numbers([outcome], "post"), words([outcome], "post"), st.none())
    later = st.one_of(
        numbers([outcome], "follow_up", **AGAIN), words([outcome], "follow_up"), st.none()
    )
    return st.tuples(post, later).map(lambda pair: tuple(one for one in pair if one))


any_trials = st.lists(
    studies(
        st.tuples(both("depression"), both("self_compassion")).map(lambda two: two[0] + two[1])
    ),
    min_size=1,
    max_size=3,
).filter(lambda made: any(one.timepoint == "follow_up" for study in made for one in study.results))


def said_of(made: list[Study]) -> str:
    dataset = package(made)
    found = evidence.durability(dataset, therapy="abft")
    comparisons(dataset, found)
    return first_screen(dataset, found).text


def of_both_times(made: list[Study]) -> list[tuple[int, Result, Result]]:
    return [
        (place, post, later)
        for place, study in enumerate(made)
        for post in study.results
        for later in study.results
        if post.timepoint == "post"
        and later.timepoint == "follow_up"
        and post.outcome == later.outcome
        and post.effect is not None
        and later.effect is not None
    ]


def check(made: list[Study], said: str) -> None:
    """Hold every claim that can be read from a first screen on follow-up to the trials."""
    answer = said.partition("\n")[0]
    pairs = of_both_times(made)
    assert answer.startswith("No trial prints the same number") == (not pairs), said
    moves = []
    for _, post, later in pairs:
        change = later.effect - post.effect
        margin = QUANTILE * (post.se**2 + later.se**2 - post.se * later.se) ** 0.5
        moves.append((change - margin > 0) - (change + margin < 0))
    clear = [
        (place, post, later)
        for place, post, later in pairs
        if not later.ends[0] <= 0 <= later.ends[1]
    ]
    found = re.findall(
        r"(?:^|; )(One (small )?trial|Made (\d)) found ([\w -]+?) (still )?(lower|higher) "
        "with ABFT",
        answer,
    )
    assert len(found) == len(clear), said
    for (who, small, label, name, still, moved), (place, post, later) in zip(
        found, clear, strict=True
    ):
        assert NAMES[later.outcome] == name, said
        assert not label or int(label) == place, said
        favored = moved == ("higher" if later.outcome == "self_compassion" else "lower")
        assert favored == (later.ends[0] > 0), said
        was = post.ends[0] > 0 if favored else post.ends[1] < 0
        assert bool(still) == was, said
        n = sum(later.sizes) if later.sizes else made[place].n and 2 * made[place].n
        assert bool(small) == (who.startswith("One") and n is not None and n < MEDIUM), said
    if not pairs:
        return
    away, toward = moves.count(-1), moves.count(1)
    assert ("is not known." in answer) == (away + toward == 0), said
    if "of the difference is lost, if any" in answer:
        assert all(
            post.ends[0] > 0 if later.ends[0] > 0 else post.ends[1] < 0 for _, post, later in clear
        ), said
    if "of the effect of" in answer or "The effect of" in answer:
        assert all(post.ends[0] > 0 for _, post, _ in pairs), said
        assert len(pairs) == (away if "is lost after" in answer else toward), said
        if "Part of the effect of ABFT is lost" in answer:
            assert all(later.ends[0] > 0 for _, _, later in pairs), said
    elif away + toward and len(pairs) == 1:
        side = "against" if away else "in favor of"
        assert f"The difference moves {side} ABFT after treatment." in answer, said
    elif away + toward:
        counted = {
            "all": rf"Of ({'|'.join(NUMBERS)}) differences",
            "away": r"(\w+) moves? against ABFT",
            "toward": r"(\w+) moves? in favor of ABFT",
            "open": r"of (\w+) it is not known whether it changes",
        }
        numbers_said = {
            name: NUMBERS[match[1]] if (match := re.search(pattern, answer)) else 0
            for name, pattern in counted.items()
        }
        rest = len(pairs) - away - toward
        assert numbers_said == {"all": len(pairs), "away": away, "toward": toward, "open": rest}
    for label, before, after in re.findall(
        r"In Made (\d), ABFT was ahead of [^.;]*? by (\S+) Hedges g, \S+ at the end of treatment "
        r"and by (\S+) at",
        said,
    ):
        assert "−" not in before + after, said
        assert any(
            place == int(label) and min(post.effect, later.effect) > 0
            for place, post, later in pairs
        ), said
    check_sizes(made, said)
    silent = re.search(r"No follow-up seen in the published trials: (.*)\.", said)
    listed = set(re.findall(r"Made (\d)", silent[1])) if silent else set()
    # Trials of which nothing at all is known are no more than planned.
    assert listed == {
        str(place)
        for place, study in enumerate(made)
        if study.status == "published"
        and not any(one.timepoint == "follow_up" for one in study.results)
    }, said


def check_sizes(made: list[Study], said: str) -> None:
    """Hold the sizes beside the numbers in large type to the first comparison."""
    place, post, later = of_both_times(made)[0]
    boxes = [line for line in said.split("\n") if "favors ABFT, at" in line]
    assert len(boxes) == 2, said
    for one, box in zip((post, later), boxes, strict=True):
        if one.sizes:
            assert f"{one.sizes[0]} + {one.sizes[1]} assessed" in box, said
        elif made[place].n is None:
            assert "n not known" in box, said
        else:
            size = made[place].n
            assert f"n not printed ({size} + {size} randomized)" in box, said


def two(before: float, after: float, se: float = 0.1, **more: object) -> Study:
    return Study(
        (Result(effect=before, se=se), Result("depression", "follow_up", after, se, weeks=24)),
        **more,  # type: ignore[arg-type]
    )


@settings(max_examples=8, deadline=None)
@given(any_trials)
# Favors the comparator and more so later: nothing is lost of an effect, and nobody was ahead.
@example([two(-0.8, -1.9)])
# One interval of a change excludes none, another does not: no disagreement.
@example([two(0.8, 0.1), two(0.8, 0.7)])
@example([two(0.8, 0.5, n=None)])
@example(
    [Study((Result(said="no_difference"), Result("depression", "follow_up", said="no_difference")))]
)
def test_what_is_said_of_follow_up_is_true_of_its_trials(made: list[Study]) -> None:
    check(made, said_of(made))


counts = st.tuples(st.integers(1, 19), st.just(20), st.integers(1, 19), st.just(20))


@settings(max_examples=4, deadline=None)
@given(st.sampled_from(["recovery", "attempts"]), st.lists(counts, min_size=2, max_size=3))
@example("recovery", [(10, 20, 5, 20), (10, 20, 5, 20), (4, 20, 2, 20)])
@example("attempts", [(2, 20, 5, 20), (1, 20, 9, 20)])
def test_what_is_said_of_events_is_true_of_their_counts(
    event: str, tables: list[tuple[int, int, int, int]]
) -> None:
    times = [
        Result(event, "follow_up" if place else "post", counts=one, weeks=12.0 * (1 + place))
        for place, one in enumerate(tables)
    ]
    said = said_of([Study(tuple(times))])
    before = tables[0]
    name = {"recovery": "recovery", "attempts": "suicide attempts"}[event]
    for place, after in enumerate(tables[1:]):
        match = re.search(
            rf"In Made 0, {name} \([^)]*\) ([a-z ]*?) from the end of treatment to "
            rf"{12 * (2 + place)} weeks after randomization: (\S+) to (\S+)% with ABFT, "
            r"(\S+) to (\S+)% with usual care",
            said,
        )
        assert match, said
        shares = [f"{5 * one:.1f}" for one in (before[0], after[0], before[2], after[2])]
        assert list(match.groups()[1:]) == shares, said
        signs = sorted(
            (new > old) - (new < old) for old, new in ((before[0], after[0]), (before[2], after[2]))
        )
        moved = {
            (-1, -1): "fell in both arms",
            (-1, 0): "fell in one arm",
            (0, 0): "stayed as frequent in both arms",
            (0, 1): "rose in one arm",
            (1, 1): "rose in both arms",
            (-1, 1): "rose in one arm and fell in the other",
        }
        assert match[1] == moved[signs[0], signs[1]], said
    # Of a harm fewer are better: a difference below 0 favors the therapy, and above 0 is a loss.
    side, loss = ("below 0", "above 0") if event == "attempts" else ("positive", "below 0")
    assert f"percentage points of {name}, {side} favors ABFT" in said
    assert f"({loss}: a change against ABFT)" in said


def test_groups_that_were_not_formed_at_random_are_not_called_uncontrolled() -> None:
    times = (Result("recovery", counts=(9, 20, 5, 20)),)
    times += (Result("recovery", "follow_up", counts=(8, 20, 4, 20), weeks=24),)
    said = said_of([Study(times, design="non_randomized")])
    assert "not randomized: Made 0, recovery in 8 of 20 (40.0%, 19.1 to 63.9%) with ABFT" in said
    assert "recovery in 4 of 20 (20.0%, 5.7 to 43.7%) with usual care" in said
    assert "uncontrolled" not in said


def test_words_on_a_change_within_an_arm_are_a_follow_up() -> None:
    times = (Result("depression", "follow_up", said="improved_in_intervention"),)
    said = said_of([two(0.5, 0.4), Study(times, design="single_arm"), Study((Result(),))])
    assert "No follow-up seen in the published trials" in said
    within = Study(times)
    assert "Made 1" not in said_of([two(0.5, 0.4), within]).partition("No follow-up")[2]


def test_an_imported_database(tmp_path: Path) -> None:
    later = {"time": "follow-up", "time_weeks": "24"}
    files.imported(
        tmp_path,
        files.means(),
        files.means(mean_arm1="17.2", mean_arm2="18.0", **later),
        files.means(study="Bo, 2003", mean_arm1="22.2", sd_arm1="6"),
        files.means(study="Bo, 2003", mean_arm1="29.2", sd_arm1="6", **later),
    )
    dataset = evidence.load(tmp_path / "made")
    found = evidence.durability(dataset, therapy="cbt")
    said = first_screen(dataset, found).text
    # By hand: Ahn goes from 5.7 to 0.8 points lower, Bo from 2.3 to 9.3 points higher with CBT.
    assert re.search(r"found \D* still higher with|found [^;.]* higher with", said), said
    assert not re.search(r"Bo,? 2003[^.]*was ahead", said), said
