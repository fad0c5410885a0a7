"""The words by which the index knows numbers, and their order."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence import ledger
from evidence.data.dataset import Dataset
from evidence.ledger import LedgerEntry, search
from evidence.terms import EntryKind
from tests.ledger.test_ledger import ENTRY

ROOT = Path(__file__).parents[2]
ENTRIES = {one.estimate_id: one for one in ledger.read(ROOT / "reports" / "estimates.csv")}


@pytest.fixture(scope="module")
def known(dataset: Dataset) -> search.Phrases:
    of = search.Known(dataset)
    return search.phrases(dataset, set().union(*(of.concepts(one, ()) for one in ENTRIES.values())))


def meant(known: search.Phrases, words: str) -> set[str]:
    return {known.concepts[one] for one in known.phrases[words]}


@pytest.mark.parametrize(
    ("words", "concept"),
    [
        ("euc", "arm:enhanced_usual_care"),
        ("waiting list", "arm:waitlist"),
        ("bdi ii", "instrument:bdi_ii"),
        ("bdi", "instrument:bdi_ii"),
        ("bdi", "instrument:bdi"),
        ("beck depression inventory", "instrument:bdi"),
        ("beck depression inventory", "instrument:bdi_ii"),
        ("6 months", "when:6 months"),
        ("6 month", "when:6 months"),
        ("26 weeks", "when:26 weeks"),
        ("self harm", "outcome:self_harm"),
        ("teenagers", "age:adolescents"),
        ("odds ratio", "metric:odds_ratio"),
    ],
)
def test_words_of_readers_mean_concepts(known: search.Phrases, words: str, concept: str) -> None:
    assert concept in meant(known, words)


def test_an_edition_is_not_the_first_one(known: search.Phrases) -> None:
    assert meant(known, "bdi ii") == {"instrument:bdi_ii"}
    assert "suicide" not in known.phrases


def test_what_no_trial_has_a_number_of_is_known(known: search.Phrases) -> None:
    said = {known.concepts[place]: one for place, one in known.nothing.items()}
    assert said["outcome:self_harm"]["said"].startswith("No trial here reports self-harm")
    assert said["outcome:self_harm"]["instead"] == "suicide attempts"
    assert said["outcome:anxiety"]["said"].startswith("No number here is of anxiety")
    assert said["outcome:anxiety"]["instead"] == ""


def test_an_outcome_with_a_number_is_never_said_to_have_none(dataset: Dataset) -> None:
    made = search.phrases(dataset, {"outcome:depression"})
    assert "outcome:depression" not in {made.concepts[one] for one in made.nothing}


def of(
    kind: EntryKind, k: int = 1, *, reports: int = 1, processing: str = "printed"
) -> LedgerEntry:
    shown = tuple(f"r{one}" for one in range(reports))
    return replace(ENTRY, entry_kind=kind, k=k, reports=shown, processing=processing)


def test_the_order_of_answers() -> None:
    ordered = [
        of(EntryKind.POOLED, 3, reports=2),
        of(EntryKind.TRIAL, reports=5),
        of(EntryKind.TRIAL),
        of(EntryKind.TRIAL, reports=5, processing="imputed"),
        of(EntryKind.POOLED, 1, reports=7),
        of(EntryKind.POOLED, 3),
        of(EntryKind.PUBLISHED),
        of(EntryKind.STRESS_TEST, 5, reports=9),
    ]
    assert sorted(reversed(ordered), key=search.rank) == ordered


def test_a_mixture_of_classes_says_so(dataset: Dataset) -> None:
    main = ENTRIES["abft.depression.post.hedges_g.pooled"]
    expected = "mixes comparators: waitlist, usual care and enhanced usual care"
    assert search.mixed(main, dataset) == expected
    of_one_class = ENTRIES["abft.depression.post.hedges_g.pooled.trials_usual_care"]
    assert search.mixed(of_one_class, dataset) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("BDI-II, post-treatment", "bdi ii post treatment"), ("hads_a", "hads a")],
)
def test_phrases_are_compared_without_marks(text: str, expected: str) -> None:
    assert search.plain(text) == expected
