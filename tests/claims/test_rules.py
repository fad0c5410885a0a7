"""The rule table by itself: every line can be reached, in its order, and one always holds."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.claims.rules import RETAINED, RULES, VERDICTS, Evidence, Finding, Side, decide
from evidence.data.dataset import CLASSES
from evidence.errors import ParameterError


def finding(
    side: Side, trial: str = "one", against: str = "usual_care", *, number: bool = True
) -> Finding:
    return Finding(f"{trial}_{side}", trial, f"{trial}_{against}", against, side, number)


ABOVE = finding("above")
ABOVE_TOO = finding("above", "two", "inactive")
OVER = finding("over", "three")
OVER_ACTIVE = finding("over", "three", "active")
BELOW = finding("below", "four")


def seen(*findings: Finding, rows: int = 1, **more: object) -> Evidence:
    return replace(Evidence(rows=rows, findings=findings), **more)  # type: ignore[arg-type]


def on_each(*verdicts: str) -> Evidence:
    return Evidence(outcome_verdicts=verdicts)


LASTING = {"one": RETAINED, "two": 0.9}

REACHED: dict[str, list[tuple[Evidence, str]]] = {
    "treatment_effect": [
        (Evidence(), "not tested"),
        (seen(), "cannot tell"),
        (seen(BELOW, OVER), "contradicted"),
        (seen(OVER_ACTIVE), "cannot tell"),
        (seen(OVER_ACTIVE, OVER), "not supported"),
        (seen(ABOVE, ABOVE_TOO, pooled_above=True), "supported"),
        (seen(ABOVE, ABOVE_TOO, OVER, pooled_above=True), "partly supported"),
    ],
    "durability": [
        (Evidence(), "not tested"),
        (seen(), "cannot tell"),
        (seen(OVER, OVER_ACTIVE), "not supported"),
        (seen(ABOVE, ABOVE_TOO, retained_low=LASTING), "supported"),
        (seen(ABOVE, ABOVE_TOO, retained_low={"one": 0.5, "two": 0.49}), "partly supported"),
    ],
    "mechanism": [
        (Evidence(), "not tested"),
        (Evidence(mediation=("no_mediation", "mediates")), "association only"),
        (Evidence(mediation=("no_mediation",)), "not supported"),
        (Evidence(syntheses=("above", "unknown")), "association only"),
        (Evidence(syntheses=("unknown",)), "cannot tell"),
    ],
    "association": [
        (Evidence(), "not tested"),
        (Evidence(syntheses=("below", "over")), "contradicted"),
        (Evidence(syntheses=("over", "unknown")), "not supported"),
        (Evidence(syntheses=("unknown",)), "cannot tell"),
        (Evidence(syntheses=("above",), assertion="cause"), "association only"),
        (Evidence(syntheses=("above",), assertion="early_origin"), "partly supported"),
        (Evidence(syntheses=("above", "over"), assertion="association"), "partly supported"),
        (Evidence(syntheses=("above",), assertion="association"), "supported"),
    ],
    "comparator": [
        (Evidence(match="possible", comparator_class="active"), "cannot tell"),
        (
            Evidence(match="likely", comparator_class="active", trial_classes=("active",)),
            "supported",
        ),
        (
            Evidence(match="strong", comparator_class="active", trial_classes=("inactive",)),
            "contradicted",
        ),
    ],
    "process": [
        (Evidence(), "not tested"),
        (Evidence(treatment_weeks=(8.0,)), "cannot tell"),
        (Evidence(treatment_weeks=(8.0,), during=("over", "above")), "partly supported"),
        (Evidence(treatment_weeks=(8.0,), during=("below",)), "not supported"),
    ],
    "population": [
        (
            Evidence(match="possible", age_group="adults", trial_age_groups=("adults",)),
            "cannot tell",
        ),
        (Evidence(match="likely", age_group="adults", trial_age_groups=("adults",)), "supported"),
        (
            Evidence(match="likely", age_group="adults", trial_age_groups=("adolescents",)),
            "contradicted",
        ),
    ],
    "several_outcomes": [
        (on_each("not tested", "not tested"), "not tested"),
        (on_each("supported", "supported"), "supported"),
        (on_each("cannot tell", "not tested"), "cannot tell"),
        (on_each("not supported", "not supported"), "not supported"),
        (on_each("contradicted", "not tested"), "contradicted"),
        (on_each("association only", "not tested"), "association only"),
        (on_each("supported", "not tested"), "partly supported"),
        (on_each("contradicted", "cannot tell"), "not supported"),
    ],
}
"""For each rule, in order, evidence that it and no rule before it holds for."""


def test_every_kind_is_here() -> None:
    assert {kind: len(cases) for kind, cases in REACHED.items()} == {
        kind: len(rules) for kind, rules in RULES.items()
    }


@pytest.mark.parametrize(
    ("kind", "place"),
    [(kind, place) for kind, rules in RULES.items() for place in range(len(rules))],
)
def test_every_rule_of_every_kind_is_reached(kind: str, place: int) -> None:
    evidence, verdict = REACHED[kind][place]
    rule = decide(kind, evidence)
    assert rule is RULES[kind][place]
    assert rule.verdict == verdict


def test_every_verdict_is_given_by_some_rule_and_explained() -> None:
    given = {rule.verdict for rules in RULES.values() for rule in rules}
    assert given == set(VERDICTS)


def test_conditions_of_a_kind_differ() -> None:
    for rules in RULES.values():
        assert len({rule.condition for rule in rules}) == len(rules)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match="treatment_effect, durability"):
        decide("opinion", Evidence())


@pytest.mark.parametrize(
    ("named", "against", "verdict"),
    [
        ("", "inactive", "supported"),
        ("inactive", "usual_care", "supported"),
        ("usual_care", "usual_care", "supported"),
        ("usual_care", "inactive", "partly supported"),
        ("active", "usual_care", "partly supported"),
    ],
)
def test_a_weaker_comparator_than_the_claims_carries_no_full_support(
    named: str, against: str, verdict: str
) -> None:
    found = (finding("above", "one", against), finding("above", "two", against))
    evidence = seen(*found, comparator_class=named, pooled_above=True)
    assert decide("treatment_effect", evidence).verdict == verdict


def test_words_carry_no_full_support() -> None:
    found = (finding("above", "one"), finding("above", "two", number=False))
    evidence = seen(*found, pooled_above=True)
    assert decide("treatment_effect", evidence).verdict == "partly supported"


def test_a_pooled_interval_over_zero_carries_no_full_support() -> None:
    evidence = seen(ABOVE, ABOVE_TOO, pooled_above=False)
    assert decide("treatment_effect", evidence).verdict == "partly supported"


def test_a_result_for_and_one_against_are_partly_supported() -> None:
    evidence = seen(ABOVE, ABOVE_TOO, BELOW, pooled_above=True)
    assert decide("treatment_effect", evidence).verdict == "partly supported"


@pytest.mark.parametrize("low", [0.49, None])
def test_two_trials_have_to_keep_enough_of_their_effect(low: float | None) -> None:
    kept = {"one": 0.6} | ({} if low is None else {"two": low})
    evidence = seen(ABOVE, ABOVE_TOO, retained_low=kept)
    assert decide("durability", evidence).verdict == "partly supported"


@pytest.mark.parametrize(
    ("claimed", "treated", "verdict"),
    [
        ("adults", ("young_adults",), "supported"),
        ("young_adults", ("adults",), "supported"),
        ("adults", ("adolescents_and_young_adults",), "supported"),
        ("adolescents", ("adolescents_and_young_adults",), "supported"),
        ("young_adults", ("adolescents",), "contradicted"),
        ("adults", ("children", "adolescents"), "contradicted"),
        ("adults", ("adolescents", "adults"), "supported"),
        ("adults", (), "cannot tell"),
        ("", ("adults",), "cannot tell"),
    ],
)
def test_age_groups_overlap_by_what_they_hold(
    claimed: str, treated: tuple[str, ...], verdict: str
) -> None:
    evidence = Evidence(match="strong", age_group=claimed, trial_age_groups=treated)
    assert decide("population", evidence).verdict == verdict


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["above", "over", "below"]),
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(CLASSES),
        number=st.booleans(),
    ),
    max_size=5,
)
EVIDENCE = st.builds(
    Evidence,
    outcome=st.booleans(),
    assertion=st.sampled_from(["", "association", "early_origin", "cause"]),
    match=st.sampled_from(["strong", "likely", "possible", "none"]),
    rows=st.integers(0, 3),
    findings=FINDINGS.map(tuple),
    comparator_class=st.sampled_from(["", *CLASSES]),
    pooled_above=st.booleans(),
    retained_low=st.dictionaries(st.sampled_from(["one", "two", "three"]), st.floats(-1, 1)),
    mediation=st.lists(st.sampled_from(["mediates", "no_mediation"]), max_size=2).map(tuple),
    syntheses=st.lists(st.sampled_from(get_args(Side)), max_size=3).map(tuple),
    trial_classes=st.lists(st.sampled_from(CLASSES), max_size=2).map(tuple),
    treatment_weeks=st.lists(st.floats(1, 60), max_size=3).map(tuple),
    during=st.lists(st.sampled_from(get_args(Side)), max_size=2).map(tuple),
    age_group=st.sampled_from(["", "adults", "adolescents"]),
    trial_age_groups=st.lists(st.sampled_from(["adults", "young_adults"])).map(tuple),
    outcome_verdicts=st.lists(st.sampled_from(sorted(VERDICTS)), max_size=3).map(tuple),
)


@given(st.sampled_from(sorted(RULES)), EVIDENCE)
def test_one_rule_always_holds(kind: str, evidence: Evidence) -> None:
    assert decide(kind, evidence).verdict in VERDICTS


@given(EVIDENCE, st.sampled_from(["over", "below"]))
def test_nothing_but_favorable_results_is_supported(evidence: Evidence, side: Side) -> None:
    worse = replace(evidence, rows=evidence.rows + 1, findings=(*evidence.findings, finding(side)))
    assert decide("treatment_effect", worse).verdict != "supported"


@given(EVIDENCE)
def test_claims_on_causes_are_never_supported(evidence: Evidence) -> None:
    assert decide("mechanism", evidence).verdict not in ("supported", "partly supported")
    cause = replace(evidence, assertion="cause")
    assert decide("association", cause).verdict not in ("supported", "partly supported")
