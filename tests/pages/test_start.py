"""The page to start with calls imputed what is imputed, and names what stands against an effect."""

import pytest

import evidence
from evidence.analysis import analyze
from evidence.analysis.alternatives import companions
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification
from evidence.pages import start
from evidence.pages.start import Question
from tests.pages import plain

ASKED = {
    "one": ("abft", "depression"),
    "two": ("abct", "affective_distress"),
    "three": ("abct", "functional_impairment"),
}


@pytest.fixture(scope="module")
def said() -> str:
    dataset: Dataset = evidence.load()
    questions = []
    for report_id, (therapy, outcome) in ASKED.items():
        choice = Specification(therapy=therapy, outcome=outcome, timepoint="post")
        analysis = analyze(dataset, choice)
        questions.append(Question(report_id, analysis, companions(dataset, analysis)))
    return plain(start.opening(dataset, questions).html)


@pytest.mark.parametrize(
    "part",
    [
        "three trials, 118 participants; 0.23 (−0.16 to 0.63) Hedges g, five trials, 307 "
        "participants, 189 of them as randomized, with unreported results at zero (imputed; "
        "these against usual care or an active family-enhanced supportive therapy).",
        "13.2 (6.8 to 19.6) points of DASS-21, one trial, n not printed (60 randomized), arm sizes "
        "imputed. In Collado-Navarro 2021 ABCT was not shown to be better than mindfulness-based "
        "stress reduction (MBSR).",
        "One further trial reports no clear difference, without a usable number.",
        "0.90 (0.31 to 1.50) g from a test statistic, one trial, n not printed (42 randomized), "
        "imputed.",
        "There is little evidence. Two of the three main results come from one trial each; the one "
        "over several trials could be no effect.",
        "Developers of ABCT took part in all three published trials.",
    ],
)
def test_what_the_first_screen_says(said: str, part: str) -> None:
    assert part in said
