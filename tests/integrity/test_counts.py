import pytest

from evidence.integrity import audit
from tests.integrity.packages import Package, findings, result, statistic

RECOVERED = {"instrument_id": "vas", "event": "recovery"}


def row(result_id, arm="a", **columns):
    return result(result_id, arm, **RECOVERED, **columns)


def joint(estimate, kind="odds_ratio", **columns):
    return statistic("s1", kind, estimate, **RECOVERED, **columns)


def found(check, *rows, statistics=(), **tables):
    every = findings(check=check, arm_results=rows, statistics=statistics, **tables)
    return [one[1:] for one in every]


def test_percent_against_counts():
    assert found("percent_counts", row("r1", events="21", percent="70", n_analyzed="30")) == []
    wrong = row("r1", events="21", percent="72.0", n_analyzed="30")
    assert found("percent_counts", wrong) == [("r1", "72.0", "70.0", "high")]
    more = row("r1", events="31", n_analyzed="30")
    assert found("percent_counts", more) == [("r1", "31", "at most 30", "high")]


def test_more_analyzed_than_randomized():
    assert found("sizes", row("r1", n_analyzed="31")) == [("r1", "31", "at most 30", "high")]
    assert found("sizes", row("r1", n_analyzed="30")) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"percent": "70"}, []),
        # 30 were randomized
        ({"percent": "69"}, [("r1", "69", "", "medium")]),
        ({"percent": "3.45"}, [("r1", "3.45", "1 of 29", "medium")]),
        ({"percent": "0.9"}, [("r1", "0.9", "", "high")]),
        # 30 are printed as analyzed
        ({"percent": "69", "n_analyzed": "30"}, [("r1", "69", "", "high")]),
        # 23 of 30 with digits cut off
        ({"percent": "76", "n_analyzed": "30"}, [("r1", "76", "", "medium")]),
    ],
)
def test_percentages_of_whole_numbers(columns, expected):
    assert found("percent_integers", row("r1", **columns)) == expected


def test_risk_differences_of_whole_numbers():
    def of(estimate, **columns):
        return found(
            "percent_integers",
            statistics=[joint(estimate, "risk_difference_percent", **columns)],
        )

    sizes = {"n_intervention": "23", "n_comparator": "19"}
    assert of("40.0", **sizes) == [("s1", "40.0", "", "medium")]
    # 14 of 23 less 4 of 19, in either direction
    assert of("39.8", **sizes) == []
    assert of("-39.8", **sizes) == []


def intervals(*limits):
    rows = []
    for at, (percent, low, high) in enumerate(limits):
        rows.append(row(f"r{at}", percent=percent, percent_ci_low=low, percent_ci_high=high))
    return rows


def test_a_misprinted_limit_is_found_by_the_formula_of_the_others():
    good = ("70", "52.6", "87.4")
    assert found("recompute", *intervals(good, ("34.6", "15.0", "54.2"))) == []
    assert found("recompute", *intervals(good, ("34.6", "15.6", "54.2"))) == [
        ("r1", "15.6", "15.0", "high")
    ]
    assert found("recompute", *intervals(good, ("51.7", "32.4", "54.32"))) == [
        ("r1", "54.32", "71.07", "high")
    ]


def test_limits_of_no_formula_are_a_remark():
    assert found("recompute", *intervals(("70", "51.0", "90.0"))) == [
        ("r0", "70 (51.0 to 90.0)", "", "low")
    ]
    # one limit of two is too little to call the other one wrong
    assert found("recompute", *intervals(("70", "52.6", "90.0"))) == [
        ("r0", "70 (52.6 to 90.0)", "", "low")
    ]


def test_percentages_against_the_odds_ratio():
    arms = row("r1", percent="70"), row("r2", "b", percent="34.6")
    assert found("joint_counts", *arms, statistics=[joint("4.41")]) == []
    # turned round
    assert found("joint_counts", *arms, statistics=[joint("0.227")]) == []
    assert found("joint_counts", *arms, statistics=[joint("4.14")]) == [
        ("r1", "70", "", "high"),
        ("r2", "34.6", "", "high"),
    ]
    # A note decides nothing; what is found says that an adjusted ratio may differ.
    noted = joint("4.14", note="adjusted for baseline")
    assert len(found("joint_counts", *arms, statistics=[noted])) == 2
    other_time = joint("4.14", timepoint="follow_up")
    assert found("joint_counts", *arms, statistics=[other_time]) == []


def test_counts_against_several_effects():
    arms = row("r1", events="21", n_analyzed="30"), row("r2", "b", events="9", n_analyzed="26")
    right = [
        joint("4.41"),
        joint("4.28", "odds_ratio_fisher", p_value="0.015", p_relation="equal"),
        joint("2.02", "risk_ratio"),
        joint("35.4", "risk_difference_percent"),
        joint("3", "number_needed_to_treat"),
    ]
    for kind in right:
        assert found("joint_counts", *arms, statistics=[kind]) == []
    wrong = joint("4.28", "odds_ratio_fisher", p_value="0.15", p_relation="equal")
    assert found("joint_counts", *arms, statistics=[wrong]) == [
        ("r1", "21", "", "high"),
        ("r2", "9", "", "high"),
    ]


def test_percentages_of_all_participants():
    arms = [
        {"arm_id": "a", "trial_id": "t1", "role": "intervention"},
        {"arm_id": "b", "trial_id": "t1", "role": "comparator"},
    ]
    facts = [{"trial_id": "t1", "fact": "n_randomized", "value": "60", "locator_id": "l1"}]
    rows = row("r1", percent="5"), row("r2", "b", percent="3.33")
    fisher = joint("1.54", "odds_ratio_fisher", p_value="1", p_relation="equal")
    given = {"arms": arms, "trial_facts": facts}
    assert found("joint_counts", *rows, statistics=[fisher], **given) == [
        ("r1", "5", "10", "high"),
        ("r2", "3.33", "6.67", "high"),
    ]
    text = audit(Package(arm_results=rows, statistics=[fisher], **given)).explanation[0]
    assert "3 of 30 and 2 of 30" in text
    # without a total there is nothing to go by
    assert found("joint_counts", *rows, statistics=[fisher], arms=arms) == []


def test_a_level_and_its_change_are_two_results():
    level, change = result("r1", mean="12", sd="8"), result("r2", mean="-18", sd="7")
    assert found("arm_twice", level, change | {"measured_as": "change"}) == []
    assert found("arm_twice", level, change | {"measured_as": "level"}) == [
        ("r2", "a", "", "medium")
    ]
