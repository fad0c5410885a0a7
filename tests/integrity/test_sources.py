from pathlib import Path

import evidence
from evidence.integrity import audit
from tests.integrity.packages import findings, result, statistic


def fact(name, value, locator="l1"):
    return {"trial_id": "t1", "fact": name, "value": value, "locator_id": locator}


def direction(word, direction_id="d1", **columns):
    return {
        "direction_id": direction_id, "trial_id": "t1", "intervention_arm_id": "a",
        "comparator_arm_id": "b", "outcome_id": "depression", "timepoint": "post",
        "direction": word, "locator_id": "l1", **columns,
    }  # fmt: skip


def of(check, **tables):
    return [one[1:] for one in findings(check=check, **tables)]


def test_facts_that_differ():
    facts = [fact("treatment_weeks", "12"), fact("treatment_weeks", "16", "l2")]
    assert of("sources_differ", trial_facts=facts) == [("t1", "12 or 16", "", "medium")]
    facts = [fact("mean_age", "15.2"), fact("mean_age", "15.21", "l2")]
    assert of("sources_differ", trial_facts=facts) == []
    facts = [fact("mean_age", "17"), fact("mean_age", "18", "l2")]
    assert of("sources_differ", trial_facts=facts) == [("t1", "17 or 18", "", "low")]


def test_a_fact_that_repeats_a_result_is_reported_at_it():
    rows = [
        result("r2", percent="70", event="recovery"),
        result("r4", percent="70", event="recovery", timepoint="follow_up", locator_id="l9"),
        result("r1", percent="70", event="recovery", timepoint="follow_up"),
        result("r3", arm="b", percent="70", event="recovery", timepoint="follow_up"),
    ]
    name = "percent_recovered_at_follow_up_intervention"
    facts = [fact(name, "70"), fact(name, "87", "l2"), fact("percent_female", "70"),
             fact("percent_female", "87", "l2")]  # fmt: skip
    assert of("sources_differ", trial_facts=facts, arm_results=rows) == [
        ("r1", "70 or 87", "", "medium"),
        ("t1", "70 or 87", "", "low"),
    ]


TRIALS = [{"trial_id": one, "label": one} for one in ("t1", "t2")]


def test_the_same_numbers_under_another_title():
    mine = [result("r1", n_analyzed="38", mean="12.1", sd="8.40"),
            result("r2", arm="b", n_analyzed="36", mean="16.0", sd="9.1")]  # fmt: skip
    theirs = [row | {"result_id": f"o{at}", "trial_id": "t2"} for at, row in enumerate(mine)]
    rows = [*mine, *theirs]
    assert of("same_numbers", arm_results=rows, trials=TRIALS) == [("t2", "2", "", "medium")]
    # one arm alone, or other digits, can be alike by chance
    for other in ({"n_analyzed": "37"}, {"sd": "9.0"}, {"instrument_id": "vas"}, {"mean": ""}):
        changed = [*mine, theirs[0], theirs[1] | other]
        assert of("same_numbers", arm_results=changed, trials=TRIALS) == []
    # a trial may print its numbers in two places
    again = [row | {"trial_id": "t1", "locator_id": "l2"} for row in theirs]
    assert of("same_numbers", arm_results=[*mine, *again], trials=TRIALS) == []
    percent = {"event": "remission", "percent": "70", "percent_ci_low": "52.6",
               "percent_ci_high": "87.4"}  # fmt: skip
    ratio = {"ci_low": "1.06", "ci_high": "7.01"}
    both = [percent | {"trial_id": one} for one in ("t1", "t2")]
    tables = {
        "arm_results": [result(f"p{at}", **one) for at, one in enumerate(both)],
        "statistics": [
            statistic(f"s{one}", "odds_ratio", "2.73", **ratio | {"trial_id": one})
            for one in ("t1", "t2")
        ],
    }
    assert of("same_numbers", **tables, trials=TRIALS) == [("t2", "2", "", "medium")]


def test_arm_sizes_against_the_total():
    assert of("arm_sizes", trial_facts=[fact("n_randomized", "56")]) == []
    assert of("arm_sizes", trial_facts=[fact("n_randomized", "50")]) == [("t1", "50", "56", "high")]
    # the same persons are in both arms
    crossed = [{"trial_id": "t1", "label": "Trial 1", "design": "crossover"}]
    assert of("arm_sizes", trial_facts=[fact("n_randomized", "30")], trials=crossed) == []
    # an arm that the data leave out
    assert of("arm_sizes", trial_facts=[fact("n_randomized", "80")]) == [
        ("t1", "80", "56", "medium")
    ]


def test_unequal_times():
    def rows(weeks):
        return [result("r1", weeks="12"), result("r2", arm="b", weeks=weeks)]

    assert of("unequal_times", arm_results=rows("6")) == [("r1", "12", "6", "medium")]
    assert of("unequal_times", arm_results=rows("12.0")) == []
    assert of("unequal_times", arm_results=rows("")) == []


def test_one_trial_in_several_articles():
    def article(name, **columns):
        return {
            "publication_id": name,
            "kind": "article",
            "trial_id": "t1",
            "role": "main",
        } | columns

    articles = [article("p1"), article("p2", role="companion")]
    assert of("several_publications", publications=articles) == [("t1", "2", "1", "low")]
    others = [article("p1"), article("p2", role="protocol"), article("p3", kind="registry")]
    assert of("several_publications", publications=others) == []


def test_directions_that_differ_between_sources():
    rows = [direction("favors_intervention"), direction("no_difference", "d2")]
    assert of("sources_differ", directions=rows) == [
        ("d2", "no_difference", "favors_intervention", "medium")
    ]
    within = [direction("favors_intervention"), direction("improved_in_intervention", "d2")]
    assert of("sources_differ", directions=within) == []


def means(mean):
    return [
        result("r1", n_analyzed="30", mean=mean, sd="7.0"),
        result("r2", arm="b", n_analyzed="26", mean="19.5", sd="7.0"),
    ]


def test_means_against_words():
    def found(mean, word):
        return of("direction", arm_results=means(mean), directions=[direction(word)])

    assert found("12.5", "favors_intervention") == []
    assert found("12.5", "favors_comparator") == [
        ("r1", "favors the intervention", "favors_comparator", "high")
    ]
    assert found("12.5", "no_difference") == [
        ("r1", "favors the intervention", "no_difference", "medium")
    ]
    assert found("19.0", "no_difference") == []
    assert found("20.0", "favors_intervention") == [
        ("r1", "favors the comparator", "favors_intervention", "medium")
    ]
    assert found("12.5", "measured_not_reported") == []


def test_an_instrument_on_which_more_is_better():
    instruments = [
        {"instrument_id": "bdi", "outcome_id": "depression", "range_low": "0",
         "higher_is": "better"}
    ]  # fmt: skip
    words = [direction("favors_comparator")]
    rows = means("12.5")
    assert of("direction", arm_results=rows, directions=words, instruments=instruments) == []
    words = [direction("favors_intervention")]
    assert of("direction", arm_results=rows, directions=words, instruments=instruments) == [
        ("r1", "favors the comparator", "favors_intervention", "high")
    ]


def test_statistics_against_words():
    def found(kind, estimate, **columns):
        row = statistic("s1", kind, estimate, **columns)
        words = [direction("favors_comparator")]
        return [one[0] for one in of("direction", statistics=[row], directions=words)]

    interval = {"ci_low": "-19.57", "ci_high": "-6.84"}
    lower = {"favors_intervention_when": "lower"}
    assert found("mixed_model_b", "-13.20", **interval, **lower) == ["s1"]
    higher = {"favors_intervention_when": "higher"}
    assert found("hedges_g", "-0.766", se="0.256", **higher) == []
    assert found("mixed_model_b", "-13.20", **interval) == []
    assert found("hedges_g", "-0.766", se="0.256", **lower) == ["s1"]
    assert found("indirect_b", "-13.20", **interval, **lower) == []
    ratio = {"ci_low": "1.43", "ci_high": "13.60"}
    assert found("odds_ratio", "4.41", **ratio, favors_intervention_when="above_1") == ["s1"]
    assert found("odds_ratio", "4.41", **ratio, favors_intervention_when="below_1") == []


def test_a_claim_whose_trial_treated_others_or_compared_with_other_care():
    trial = {"trial_id": "t1", "label": "Trial 1", "therapy": "abft", "age_group": "adolescents"}
    arms = [
        {"arm_id": "a", "trial_id": "t1", "role": "intervention", "condition": "abft"},
        {"arm_id": "b", "trial_id": "t1", "role": "comparator", "condition": "waitlist"},
    ]
    classes = {"waitlist": "inactive", "usual_care": "usual_care", "enhanced": "usual_care",
               "else": "unknown"}  # fmt: skip
    vocabularies = [
        {"vocabulary": "condition", "term": term, "comparator_class": own}
        for term, own in classes.items()
    ]

    def found(*, age="adolescents", against="waitlist", **columns):
        claim = {"claim_id": "c1", "likely_trial_id": "t1", "match": "likely", **columns}
        tables = {
            "trials": [trial | {"age_group": age}],
            "arms": [arms[0], arms[1] | {"condition": against}],
            "vocabularies": vocabularies,
        }
        return of("claim_trial", claims=[claim], **tables)

    assert found(age_group="adults") == [("c1", "adults", "adolescents", "medium")]
    assert found(therapy="abct") == [("c1", "abct", "abft", "medium")]
    assert found(comparator="usual_care") == [("c1", "usual_care", "waitlist", "medium")]
    # the same people, and care of the same class
    assert found(age="adolescents, young_adults", age_group="adults", therapy="abft") == []
    assert found(against="enhanced", comparator="usual_care") == []
    # what one side does not state, and a trial that is only possibly meant
    assert found() == found(age="", age_group="adults") == []
    assert found(against="else", comparator="usual_care") == []
    assert found(age_group="adults", match="possible") == []


def test_the_article_and_the_trials_that_it_is_likely_to_mean():
    found = audit(evidence.load())
    found = found[found.check == "claim_trial"]
    lines = Path("data/claims.csv").read_text(encoding="utf-8").splitlines()
    assert [lines[row - 1].partition(",")[0] for row in found.row] == list(found.result_id)
    assert set(found.file) == {"claims.csv"}
    assert list(zip(found.result_id, found.printed, found.expected, strict=True)) == [
        ("abft_closer", "usual_care", "waitlist"),
        ("abft_conflict", "usual_care", "waitlist"),
        ("abft_standard_care", "usual_care", "waitlist"),
        ("adult_benefit", "adults", "adolescents"),
    ]
    assert found.explanation.iloc[-1] == (
        "The article speaks of adults; Diamond 2002, the trial that it seems to mean (match: "
        "likely), treated adolescents."
    )
