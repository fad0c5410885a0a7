"""What the page on claims says of any trials, held to the trials themselves.

Claims are read from the words and worked out anew from the made-up results; nothing here calls
what the sentences were made with.
"""

import re
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

import evidence
from evidence.claims import judgements
from evidence.errors import ParameterError
from evidence.pages.claims import first_screen
from tests.metapsy import files
from tests.pages.any_package import Result, Study, numbers, package, studies, words

CLAIM = {
    "claim_id": "c0",
    "section": "s",
    "claim": "it helps",
    "kind": "treatment_effect",
    "therapy": "abft",
    "outcome_id": "depression",
    "timepoint": "post",
    "question": "q",
}
ANY_THERAPY = CLAIM | {"claim_id": "c1", "therapy": ""}
OTHER = CLAIM | {"claim_id": "c2", "outcome_id": "anxiety"}

any_trials = st.lists(
    studies(
        st.lists(
            st.one_of(numbers(["depression"], "post"), words(["depression"], "post")),
            min_size=1,
            max_size=2,
        )
        # One number for a comparison; words beside words may differ.
        .map(lambda some: tuple(some[: 1 if any(one.effect is not None for one in some) else 2])),
        therapy=st.sampled_from(["abft", "abct"]),
    ),
    min_size=1,
    max_size=4,
)
COMPARES = ("no_difference", "favors_intervention", "favors_comparator")


def side(study: Study) -> str:
    """Return what a trial says: above, over, below, differ, or nothing."""
    if study.results[0].effect is not None:
        low, high = study.results[0].ends
        return "above" if low > 0 else "below" if high < 0 else "over"
    said = {one.said for one in study.results} & {*COMPARES}
    if len(said) > 1:
        return "differ"
    return dict(zip(COMPARES, ("over", "above", "below"), strict=True)).get("".join(said), "")


def answers(made: list[Study], *claims: dict[str, Any]) -> tuple[list[tuple[str, str]], str]:
    dataset = package(made, claims=claims)
    found = judgements(dataset)
    return [(one.verdict, one.sentence.text) for one in found], first_screen(dataset, found).text


def check(made: list[Study], said: str, verdict: str, therapies: tuple[str, ...]) -> None:
    """Hold trials, sides and what is not compared to the trials."""
    own = {place: one for place, one in enumerate(made) if one.therapy in therapies}
    sides = {place: side(one) for place, one in own.items()}
    counted = {place for place, one in sides.items() if one in ("above", "over", "below")}
    if "measured or planned, with no result" in said:
        assert not any(sides.values()), said
    if "sources differ on every comparison" in said:
        assert "differ" in sides.values(), said
        assert not counted, said
    for words_of, name in (
        ("in favor of AB[FC]T against", "above"),
        ("no clear difference of AB[FC]T from", "over"),
        ("in favor of the comparator, AB[FC]T against", "below"),
    ):
        for part in re.findall(rf"{words_of} ([^;]*(?:\([^)]*\)[^;]*)*)", said):
            listed = {int(one) for one in re.findall(r"Made (\d)", part)}
            assert listed, said
            assert all(sides[one] == name for one in listed), said
    if match := re.search(r"single trials favor it: (.*)", said):
        listed = {int(one) for one in re.findall(r"Made (\d)", match[1].partition(";")[0])}
        assert all(sides[one] == "above" for one in listed), said
    for therapy in therapies:
        mine = [one for one in made if one.therapy == therapy]
        if f"no result of a randomized comparison of {therapy.upper()}" in said:
            assert not any(side(one) for one in mine), said
        if f"no comparison of {therapy.upper()} that counts" in said:
            assert all(side(one) in ("", "differ") for one in mine), said
    if verdict in ("supported", "partly supported"):
        assert "above" in sides.values(), said
    if verdict == "contradicted":
        assert "below" in sides.values(), said
        assert "above" not in sides.values(), said
    assert "k = 0" not in said
    assert "n = 0" not in said


@settings(max_examples=8, deadline=None)
@given(any_trials)
@example([Study((Result(said="favors_intervention"), Result(said="no_difference")))])
@example([Study((Result(effect=0.8),)), Study((Result(said="measured_not_seen"),), "abct")])
@example([Study((Result(effect=-one, se=0.1),)) for one in (0.5, 0.6, 0.55)])
def test_answers_are_true_of_their_trials(made: list[Study]) -> None:
    found, screen = answers(made, CLAIM, ANY_THERAPY, OTHER)
    for (verdict, said), therapies in zip(found, (("abft",), ("abft", "abct")), strict=False):
        check(made, said, verdict, therapies)
    assert found[2][0] == "not tested"
    verdicts = [verdict for verdict, _ in found]
    tally = screen.partition("\n")[0]
    supported = verdicts.count("supported")
    number = {0: "None", 3: "All"}.get(supported, str(supported))
    assert tally.startswith(f"{number} of the 3 claims about therapy"), screen
    for verdict, pattern in (
        ("partly supported", r"(\d) (?:is|are) partly supported"),
        ("contradicted", r"(\d) (?:is|are) contradicted"),
        ("not supported", r"(\d) (?:is|are) not supported"),
        ("not tested", r"(\d) (?:was|were) not tested"),
        ("cannot tell", r"(\d) cannot be told"),
    ):
        match = re.search(pattern, tally)
        assert (int(match[1]) if match else 0) == verdicts.count(verdict), screen


@pytest.mark.parametrize("claims", [[CLAIM], [OTHER]])
def test_one_claim_is_counted_as_one(claims: list[dict[str, Any]]) -> None:
    _, screen = answers([Study((Result(effect=0.8),))], *claims)
    assert screen.startswith("The one claim about therapy")
    assert "None of the" not in screen
    assert "about attachment and other associations" not in screen.partition("\n")[0]


def test_counts_of_randomized_arms_are_a_comparison_of_randomized_arms() -> None:
    made = [Study((Result("attempts", counts=(2, 60, 9, 60)),))]
    [(_, said)], _ = answers(made, CLAIM | {"outcome_id": "suicide_attempt"})
    assert "none compares randomized arms" not in said


def test_a_trial_without_a_result_is_a_comparison_still() -> None:
    made = [Study((Result(effect=0.8),)), Study((Result(said="measured_not_seen"),), "abct")]
    [(_, said)], _ = answers(made, ANY_THERAPY)
    assert "no result of a randomized comparison of ABCT" in said
    assert "no randomized comparison" not in said


def test_an_imported_database_has_no_claims(tmp_path: Path) -> None:
    files.imported(tmp_path, files.means())
    with pytest.raises(ParameterError, match="a data package with claims; it has none"):
        judgements(evidence.load(tmp_path / "made"))
