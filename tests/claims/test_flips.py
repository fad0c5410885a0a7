"""Verdicts follow the data: change what a rule looks at, and the verdict changes as it says."""

from itertools import zip_longest
from pathlib import Path

import pytest

import evidence
from evidence.data.dataset import Dataset
from tests.claims.packages import Change, added, changed, emptied, where, without

Verdicts = dict[str, str]
Flips = dict[str, tuple[tuple[Change, ...], Verdicts]]
"""What is changed, and the verdicts that change with it; all others stay."""

DISTRESS = {"outcome_id": "affective_distress"}
ABCT_POST = where("statistics", result_id="c21_dass_abct_post")
ABCT_LATER = where("statistics", result_id="c21_dass_abct_fu")
ABCT_TRIALS = where("trials", therapy="abct")(design="single_arm")
NARROW = {"estimate": "-13.2", "ci_low": "-14.2", "ci_high": "-12.2"}
IABCT = {
    "trial_id": "iabct_chronic",
    "intervention_arm_id": "iabct_chronic_iabct",
    "comparator_arm_id": "iabct_chronic_wl",
    "n_intervention": "30",
    "n_comparator": "30",
    **NARROW,
}
FAVORABLE = tuple(
    where("directions", direction_id=one)(direction="favors_intervention")
    for one in ("c21_mbsr_all", "c21_mbsr_all_fu", "ia26_distress")
)
TWO_TRIALS = (
    *FAVORABLE,
    ABCT_POST(**NARROW),
    ABCT_LATER(**NARROW),
    added("statistics", {"result_id": "c21_dass_abct_post"}, result_id="ia_post", **IABCT),
    added("statistics", {"result_id": "c21_dass_abct_fu"}, result_id="ia_later", **IABCT),
)
EMOTION = where("syntheses", topic="attachment", outcome_id="emotion_regulation")
SELF_COMPASSION = where("directions", outcome_id="self_compassion", timepoint="follow_up")
DOSE = where("syntheses", synthesis_id="ciharova24_weeks")

UNCHANGED = {
    "abct_helps": "partly supported",
    "abct_lasts": "partly supported",
    "abct_self_compassion": "association only",
    "abft_closer": "cannot tell",
    "abft_conflict": "partly supported",
    "abft_standard_care": "contradicted",
    "adult_benefit": "contradicted",
    "attachment_emotion": "supported",
    "attachment_resilience": "association only",
    "therapy_emotion": "not tested",
    "attachment_self_esteem": "partly supported",
    "therapy_self_esteem": "not tested",
    "therapy_wounds": "cannot tell",
    "therapy_authenticity": "not tested",
    "neuroplasticity": "not tested",
    "attachment_becomes_secure": "cannot tell",
    "takes_months": "cannot tell",
    "slow_lasts": "not supported",
    "caregivers_shape": "association only",
    "brain_coded": "not tested",
    "sign_relationships": "cannot tell",
    "sign_emotions": "partly supported",
    "sign_self_worth": "not tested",
    "therapist_fit": "not tested",
    "nervous_system": "not tested",
    "corrective_experiences": "not tested",
    "felt_support": "not tested",
}

THERAPY: Flips = {
    "treatment effect: sign turned": (
        (ABCT_POST(favors_intervention_when="higher"),),
        {"abct_helps": "contradicted"},
    ),
    "treatment effect: interval over zero": (
        (ABCT_POST(ci_high="6.84"),),
        {"abct_helps": "not supported"},
    ),
    "treatment effect: only against another treatment": (
        (
            without("statistics", result_id="c21_dass_abct_post"),
            without("directions", direction_id="ia26_distress"),
        ),
        {"abct_helps": "cannot tell"},
    ),
    "treatment effect: not randomized": (
        (where("trials", trial_id="diamond2002")(design="non_randomized"),),
        {"abft_conflict": "cannot tell"},
    ),
    "treatment effect: nothing": (
        (
            without("corrections", result_id="c21_dass_d"),
            without("statistics", instrument_id="dass_21"),
            without("directions", **DISTRESS),
        ),
        {"abct_helps": "not tested", "abct_lasts": "not tested"},
    ),
    "treatment effect: every result in favor, in two trials": (
        TWO_TRIALS,
        {"abct_helps": "supported", "abct_lasts": "supported"},
    ),
    "treatment effect: the same against less than the claim says": (
        (*TWO_TRIALS, where("claims", claim_id="abct_helps")(comparator="relaxation")),
        {"abct_helps": "partly supported", "abct_lasts": "supported"},
    ),
    "treatment effect: the same with one trial without a difference": (
        (*TWO_TRIALS, where("directions", direction_id="c21_mbsr_all")(direction="no_difference")),
        {"abct_helps": "partly supported", "abct_lasts": "supported"},
    ),
    "treatment effect: the same with a wide pooled interval": (
        (
            *TWO_TRIALS,
            where("statistics", result_id="ia_post")(ci_low="-26", ci_high="-0.4"),
        ),
        {"abct_helps": "partly supported", "abct_lasts": "supported"},
    ),
    "treatment effect: words against it": (
        (where("directions", direction_id="d02_conflict")(direction="favors_comparator"),),
        {"abft_conflict": "contradicted"},
    ),
    "treatment effect: an outcome is measured between arms": (
        (where("directions", direction_id="d02_attachment")(direction="no_difference"),),
        {
            "abft_closer": "not supported",
            "attachment_becomes_secure": "not supported",
            "sign_relationships": "not supported",
        },
    ),
    "treatment effect: measured and not reported": (
        (where("directions", direction_id="d02_conflict")(direction="measured_not_reported"),),
        {"abft_conflict": "cannot tell"},
    ),
    "durability: no follow-up": (
        (
            without("statistics", instrument_id="dass_21", timepoint="follow_up"),
            without("directions", direction_id="c21_mbsr_all_fu"),
        ),
        {"abct_lasts": "not tested"},
    ),
    "single arms": (
        (ABCT_TRIALS,),
        {"abct_helps": "cannot tell", "abct_lasts": "cannot tell"},
    ),
    "durability: interval over zero": (
        (ABCT_LATER(ci_low="-15.2", ci_high="0.8"),),
        {"abct_lasts": "not supported"},
    ),
    "durability: sign turned": (
        (ABCT_LATER(favors_intervention_when="higher"),),
        {"abct_lasts": "not supported"},
    ),
    "durability: two trials, one may have lost more than half": (
        (
            *TWO_TRIALS,
            where("statistics", result_id="ia_later")(
                estimate="-7.0", ci_low="-8.0", ci_high="-6.0"
            ),
        ),
        {"abct_helps": "supported", "abct_lasts": "partly supported"},
    ),
    "two numbers of one trial, between which no rule chooses": (
        (
            added(
                "statistics",
                {"result_id": "c21_dass_abct_post"},
                result_id="against_mbsr",
                comparator_arm_id="collado2021_mbsr",
            ),
        ),
        {},
    ),
    "a mediation in one arm alone": (
        (where("directions", direction_id="c21_facets")(comparator_arm_id=""),),
        {},
    ),
    "no published synthesis": (
        (emptied("syntheses"),),
        {
            "slow_lasts": "not tested",
            "attachment_emotion": "not tested",
            "attachment_resilience": "not tested",
            "attachment_self_esteem": "not tested",
            "caregivers_shape": "not tested",
        },
    ),
    "another treatment of the trial is no evidence on the therapy": (
        (
            where("statistics", intervention_arm_id="collado2021_mbsr")(
                favors_intervention_when="higher"
            ),
        ),
        {},
    ),
    "a published synthesis is no evidence on what a therapy does": (
        (where("syntheses", topic="abft")(favors_intervention_when="lower"),),
        {},
    ),
    "a difference before treatment is no evidence": (
        (
            where("claims", claim_id="therapy_self_esteem")(
                outcome_id="functional_impairment", therapy="abft", timepoint=""
            ),
            *(
                added(
                    "arm_results",
                    {"result_id": f"d02_bdi_{arm}_base"},
                    result_id=f"before_{arm}",
                    instrument_id="fiq",
                )
                for arm in ("abft", "wl")
            ),
        ),
        {},
    ),
}

MECHANISM: Flips = {
    "mechanism: no mediation": (
        (SELF_COMPASSION(direction="no_mediation"),),
        {"abct_self_compassion": "not supported"},
    ),
    "mechanism: an indirect effect": (
        (where("claims", claim_id="abct_self_compassion")(outcome_id="anxiety", timepoint=""),),
        {"abct_self_compassion": "association only"},
    ),
    "mechanism: nothing on it": (
        (without("directions", outcome_id="self_compassion", timepoint="follow_up"),),
        {"abct_self_compassion": "not tested"},
    ),
    "mechanism: longer treatments do better": (
        (DOSE(estimate="0.014"),),
        {"slow_lasts": "association only"},
    ),
    "mechanism: interval over zero": (
        (DOSE(estimate="0.014", ci_low="-0.01", ci_high="0.04"),),
        {"slow_lasts": "not supported"},
    ),
    "mechanism: no number": ((DOSE(estimate=""),), {"slow_lasts": "cannot tell"}),
}

ASSOCIATION: Flips = {
    "associations: sign turned": (
        (EMOTION(favors_intervention_when="lower"),),
        {"attachment_emotion": "contradicted", "caregivers_shape": "contradicted"},
    ),
    "associations: intervals over zero": (
        (EMOTION(ci_low="-0.1", ci_high="0.9"),),
        {"attachment_emotion": "not supported", "caregivers_shape": "not supported"},
    ),
    "associations: one synthesis turned": (
        (where("syntheses", synthesis_id="pallini_control")(favors_intervention_when="lower"),),
        {"attachment_emotion": "partly supported", "caregivers_shape": "association only"},
    ),
    "associations: a synthesis on another topic": (
        (
            where("syntheses", synthesis_id="wilson_dep")(
                outcome_id="emotion_regulation", favors_intervention_when="lower"
            ),
        ),
        {},
    ),
    "associations: no number": (
        (EMOTION(estimate=""),),
        {"attachment_emotion": "cannot tell", "caregivers_shape": "cannot tell"},
    ),
    "associations: more is claimed": (
        (where("claims", claim_id="attachment_emotion")(assertion="cause"),),
        {"attachment_emotion": "association only"},
    ),
    "associations: less is claimed": (
        (where("claims", kind="association")(assertion="association"),),
        {
            "attachment_resilience": "supported",
            "attachment_self_esteem": "supported",
            "caregivers_shape": "supported",
        },
    ),
}


def during(arm: str, **cells: str) -> Change:
    """Return a result during treatment, like the one at its end."""
    like = {"result_id": f"d10_bdi_{arm}_post"}
    cells = {"result_id": f"during_{arm}", "timepoint": "mid", "weeks": "6", **cells}
    return added("arm_results", like, **cells)


def emotions(*others: Change, **cells: str) -> tuple[Change, ...]:
    """Return changes with other cells of a claim on several outcomes."""
    only = where("claims", claim_id="sign_emotions")
    return (*others, only(**cells))


SEVERAL: Flips = {
    "outcomes: one of which nothing is known": (
        emotions(outcome_id="self_esteem; authenticity"),
        {"sign_emotions": "not tested"},
    ),
    "outcomes: a supported one and one that is not tested": (
        emotions(*TWO_TRIALS, outcome_id="affective_distress; authenticity"),
        {"abct_helps": "supported", "abct_lasts": "supported"},
    ),
    "outcomes: each that is tested is not supported": (
        emotions(outcome_id="depression; authenticity"),
        {"sign_emotions": "not supported"},
    ),
    "outcomes: none supported even in part": (
        emotions(outcome_id="depression; unresolved_anger"),
        {"sign_emotions": "not supported"},
    ),
    "outcomes: none compared between randomized arms": (
        emotions(outcome_id="attachment_security; unresolved_anger"),
        {"sign_emotions": "cannot tell"},
    ),
}

WORDS: Flips = {
    "words: two sources that differ count for neither side": (
        (
            added(
                "directions",
                {"direction_id": "d02_conflict"},
                direction_id="differs",
                direction="no_difference",
            ),
        ),
        {"abft_conflict": "cannot tell"},
    ),
    "words: they say nothing beside a number": (
        (
            added(
                "directions",
                {"direction_id": "c21_mbsr_all"},
                direction_id="beside",
                comparator_arm_id="collado2021_tau",
                direction="favors_comparator",
            ),
        ),
        {},
    ),
    "measures: another one than that of the main analysis counts for no side": (
        (
            where("statistics", result_id="c21_dass_abct_post")(ci_high="6.84"),
            added(
                "statistics",
                {"result_id": "c21_dass_abct_post"},
                result_id="other",
                statistic="odds_ratio",
                event="remission",
                estimate="3.0",
                ci_low="2.0",
                ci_high="4.5",
                favors_intervention_when="above_1",
            ),
        ),
        {"abct_helps": "not supported"},
    ),
}

COURSE: Flips = {
    "comparator: as the claim says": (
        (where("arms", arm_id="diamond2002_wl")(condition="enhanced_usual_care"),),
        {"abft_standard_care": "supported"},
    ),
    "comparator: the therapy itself is none": (
        (where("claims", claim_id="abft_standard_care")(comparator="relaxation"),),
        {"abft_standard_care": "contradicted"},
    ),
    "comparator: not known which trial": (
        (where("claims", claim_id="abft_standard_care")(match="possible"),),
        {"abft_standard_care": "cannot tell"},
    ),
    "process: no length": (
        (without("trial_facts", fact="treatment_weeks"),),
        {"takes_months": "not tested"},
    ),
    "process: measured in one arm during treatment": (
        (during("abft"),),
        {"takes_months": "cannot tell"},
    ),
    "process: no difference between arms during treatment": (
        (during("abft"), during("euc")),
        {"takes_months": "not supported"},
    ),
    "process: a difference between arms during treatment": (
        (during("abft"), during("euc", mean="38.0")),
        {"takes_months": "partly supported"},
    ),
    "population: of another age": (
        (where("claims", claim_id="adult_benefit")(age_group="adolescents"),),
        {"adult_benefit": "supported"},
    ),
    "population: an age that holds the other": (
        (where("trials", trial_id="diamond2002")(age_group="adolescents_and_young_adults"),),
        {"adult_benefit": "supported"},
    ),
    "population: not known which trial": (
        (where("claims", claim_id="adult_benefit")(match="none"),),
        {"adult_benefit": "cannot tell"},
    ),
}

ROUNDS = list(
    zip_longest(
        *(
            list(group.items())
            for group in (THERAPY | SEVERAL | WORDS, MECHANISM, ASSOCIATION, COURSE)
        ),
        fillvalue=("", ((), {})),
    )
)
"""One flip of each group at a time: the groups rest on different rows, so a package serves all."""


def found(dataset: Dataset) -> Verdicts:
    frame = evidence.verdicts(dataset)
    return dict(zip(frame.claim_id, frame.verdict, strict=True))


def test_the_verdicts_on_the_data_as_they_are() -> None:
    assert found(evidence.load()) == UNCHANGED


@pytest.mark.parametrize(
    "flips", ROUNDS, ids=lambda one: " + ".join(name for name, _ in one if name)
)
def test_a_change_of_the_data_changes_the_verdicts_that_rest_on_it_and_no_other(
    flips: tuple[tuple[str, tuple[tuple[Change, ...], Verdicts]], ...], tmp_path: Path
) -> None:
    changes = [change for _, (several, _) in flips for change in several]
    expected = UNCHANGED.copy()
    for _, (_, verdicts) in flips:
        expected |= verdicts
    assert found(changed(tmp_path / "data", *changes)) == expected
