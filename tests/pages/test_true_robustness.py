"""What the page on robustness says of any trials, held to the trials and the panel of numbers.

Claims are read from the words and worked out anew; nothing here calls what they were made with.
"""

import re
from html import unescape

import hypothesis.strategies as st
from hypothesis import Phase, example, given, settings

from evidence.analysis import analyze
from evidence.analysis.alternatives import Robustness, examine
from evidence.estimation.choices import Specification
from evidence.pages import robustness
from evidence.pages.robustness import first_screen, tables
from tests.pages.any_package import QUANTILE, Result, Study, numbers, package, studies, words

any_trials = st.lists(
    studies(
        st.one_of(numbers(["depression"], "post"), words(["depression"], "post")).map(
            lambda one: (one,)
        )
    ),
    min_size=2,
    max_size=4,
).filter(lambda made: any(one.results[0].effect is not None for one in made))


def page(made: list[Study]) -> tuple[str, Robustness]:
    dataset = package(made)
    specification = Specification(therapy="abft", outcome="depression", timepoint="post")
    found = examine(dataset, analyze(dataset, specification))
    for one in (
        tables.one_more,
        tables.power,
        tables.developers,
        tables.clusters,
        robustness.closing_sections,
    ):
        one(dataset, found)
    markup = first_screen(dataset, found).html
    return unescape(re.sub(r"<[^>]*>", "", markup)), found


def check(made: list[Study], said: str, found: Robustness) -> None:
    """Hold counts of the panel, sides, single trials, sizes and developers."""
    ends = list(zip(found.panel.ci_low, found.panel.ci_high, strict=True))
    over = sum(low <= 0 <= high for low, high in ends)
    above, below = sum(low > 0 for low, _ in ends), sum(high < 0 for _, high in ends)
    number = len(ends)
    if "does not change it" in said:
        assert number in (over, above, below), said
        assert f"{'all' if over else 'none'} of {number} analyses" in said, said
    elif "The answer depends" in said:
        assert sorted([over, above, below])[1] > 0, said
        assert not (above and below) or f"{above} favor ABFT, {below} the comparators" in said
    else:
        assert "no choice can be varied" in said, said
        assert number == 1, said
    sides = re.findall(r"all on the side of (ABFT|the comparators)", said)
    effects = found.panel.effect
    own = ["ABFT"] * int((effects > 0).all()) + ["the comparators"] * int((effects < 0).all())
    assert sides == (own if number > 1 else []), said
    counted = [study for study in made if study.results[0].effect is not None]
    if len(counted) == 2:
        # Without either trial the other stands by its own normal interval.
        alone = [study.results[0].ends for study in counted]
        included = sum(low <= 0 <= high for low, high in alone)
        assert f"{included} of 2 intervals include no difference" in said, said
    if len(counted) == 1:
        assert "Single trials: one stands behind the result" in said, said
    sized = {study.results[0].sizes or study.n for study in made} - {None}
    assert ("no trial here is of known size" in said) == (not sized), said
    assert "n = 0" not in said
    assert "not known stand" not in said
    tied = [
        study
        for study in made
        if study.results[0].said == "no_difference"
        and study.status == "published"
        and study.developer in ("no", "collaborated")
    ]
    if "least tied" in said:
        listed = set(re.findall(r"Made (\d)", said.partition(" prints a usable number here")[2]))
        assert listed <= {str(place) for place, one in enumerate(made) if one in tied}, said
    if "the lower limit is above zero already" in said:
        assert found.analysis.pooled.ci_low > 0, said


# A page takes seconds, so a find is shown as it was found.
@settings(max_examples=2, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(any_trials)
@example([Study((Result(effect=0.8, se=0.1),)), Study((Result(effect=-0.7, se=0.3),), n=None)])
@example(
    [
        Study((Result(effect=0.4),), developer="yes"),
        Study((Result(said="no_difference"),), developer="not_known"),
    ]
)
def test_a_page_on_robustness_is_true_of_its_trials(made: list[Study]) -> None:
    check(made, *page(made))


def test_three_trials_that_favor_the_comparator() -> None:
    made = [Study((Result(effect=-one, se=0.1),)) for one in (0.5, 0.6, 0.55)]
    said, found = page(made)
    check(made, said, found)
    assert "all on the side of the comparators" in said
    # With two trials left the interval has one degree of freedom, a quantile of 12.7.
    assert "3 of 3 intervals include no difference" in said


def test_one_trial_of_unknown_size() -> None:
    se = 0.3
    made = [Study((Result(effect=0.4, se=se),), n=None)]
    said, found = page(made)
    check(made, said, found)
    low, high = 0.4 - QUANTILE * se, 0.4 + QUANTILE * se
    assert f"0.40 (−{-low:.2f} to {high:.2f})" in said
    assert "n not known" in said
