"""Typing errors that other printed numbers, roles, words and judgements contradict."""

import pytest

from tests.integrity.packages import findings, result, statistic

LOWER = {"favors_intervention_when": "lower"}
HIGHER = {"favors_intervention_when": "higher"}
EVENTS = [
    {"vocabulary": "event", "term": "remission", "more_is": "better"},
    {"vocabulary": "event", "term": "attempt", "more_is": "worse"},
]
FAVORS = {"trial_id": "t1", "intervention_arm_id": "a", "comparator_arm_id": "b",
          "outcome_id": "depression", "timepoint": "post", "locator_id": "l1"}  # fmt: skip


def words(said, **columns):
    return [{"direction_id": "d1", "direction": said, **FAVORS, **columns}]


def of(check, **tables):
    """Result, printed, expected and severity of the findings of a check."""
    return [one[1:] for one in findings(check=check, **tables)]


def ids(check, **tables):
    return [one[0] for one in of(check, **tables)]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("t", {"estimate": "2.5", "df1": "54"}),
        ("z", {"estimate": "2.5"}),
        ("mixed_model_b", {"estimate": "2.5", "p_value": "0.012", "p_relation": "equal"}),
        ("mixed_model_b", {"estimate": "2.5", "se": "1"}),
        ("hedges_g", {"estimate": "0.8", "n_intervention": "30", "n_comparator": "26"}),
    ],
)
def test_every_signed_statistic_against_words(kind, columns):
    rows = [statistic("s1", kind, **columns, **LOWER)]
    assert of("direction", statistics=rows, directions=words("favors_intervention")) == [
        ("s1", "favors the comparator", "favors_intervention", "high")
    ]
    assert of("direction", statistics=rows, directions=words("favors_comparator")) == []


def test_a_p_alone_has_the_side_that_is_said():
    rows = [statistic("s1", "p", "0.01", **HIGHER)]
    assert ids("direction", statistics=rows, directions=words("favors_comparator")) == ["s1"]
    assert ids("direction", statistics=rows, directions=words("favors_intervention")) == []


@pytest.mark.parametrize(
    ("kind", "columns", "wrong", "right"),
    [
        ("mixed_model_b", {}, "higher", "lower"),
        ("mean_difference", {}, "higher", "lower"),
        ("odds_ratio", {"event": "remission"}, "below_1", "above_1"),
        ("risk_ratio", {"event": "attempt"}, "above_1", "below_1"),
        ("risk_difference_percent", {"event": "remission"}, "lower", "higher"),
    ],
)
def test_whom_a_number_favors_against_what_more_is(kind, columns, wrong, right):
    def found(when):
        row = statistic("s1", kind, "2", favors_intervention_when=when, **columns)
        return of("direction", statistics=[row], vocabularies=EVENTS)

    assert found(wrong) == [("s1", wrong, right, "high")]
    assert found(right) == []


@pytest.mark.parametrize("kind", ["hedges_g", "t"])
def test_standardized_effects_may_be_turned_round(kind):
    assert of("direction", statistics=[statistic("s1", kind, "0.97", **HIGHER)]) == []


def test_a_ratio_against_the_percentages_of_both_arms():
    rows = [
        result("r1", event="remission", percent="70"),
        result("r2", arm="b", event="remission", percent="34.6"),
    ]

    def found(estimate, when):
        row = statistic(
            "s1", "odds_ratio", estimate, event="remission", favors_intervention_when=when
        )
        return [
            one[3]
            for one in of("direction", arm_results=rows, statistics=[row], vocabularies=EVENTS)
        ]

    assert found("4.41", "above_1") == []
    assert found("0.227", "above_1") == ["high"]
    assert "high" in found("4.41", "below_1")


@pytest.mark.parametrize(
    ("shares", "columns", "expected"),
    [
        (("70", "34.6"), {}, ["high"]),
        # 15 of 30 and 12 of 26 hardly differ: an adjusted ratio may lie on the other side
        (("50", "46.2"), {}, ["medium"]),
        # of other weeks, and of others than were counted
        (("50", "46.2"), {"weeks": "52"}, []),
        (("50", "46.2"), {"analysis_set": "completers"}, []),
    ],
)
def test_a_ratio_is_held_to_the_counts_of_its_time_and_participants(shares, columns, expected):
    shared = {"event": "remission", "timepoint": "follow_up", "weeks": "24"}
    rows = [
        result(f"r_{arm}", arm=arm, percent=share, n_analyzed=n, **shared)
        for arm, share, n in zip("ab", shares, ("30", "26"), strict=True)
    ]
    ratio = {"estimate": "0.227", "favors_intervention_when": "above_1"}
    row = statistic("s1", "odds_ratio", **ratio, **{**shared, **columns})
    found = findings(arm_results=rows, statistics=[row], vocabularies=EVENTS)
    assert [one[4] for one in found if one[:2] == ("direction", "s1")] == expected
    joint = [one for one in found if one[0] == "joint_counts"]
    # .227 is the odds ratio of 70 and 34.6 percent turned round, which sources do
    assert bool(joint) is (expected == ["medium"])


def test_results_of_one_outcome_that_clearly_favor_different_sides():
    rows = [
        statistic("s1", "z", "-3.0", **LOWER),
        statistic("s2", "z", "3.3", timepoint="follow_up", **LOWER),
    ]
    assert ids("direction", statistics=rows) == ["s1", "s2"]
    rows[1] = statistic("s2", "z", "1.3", timepoint="follow_up", **LOWER)
    assert ids("direction", statistics=rows) == []
    rows.append(statistic("s3", "z", "-2.5", timepoint="follow_up", **LOWER))
    assert ids("direction", statistics=rows) == ["s2"]


def test_an_instrument_on_which_no_arm_improves():
    rows = [
        result(f"{arm}{time}", arm=arm, timepoint=time, mean=mean, sd="8", n_analyzed="26")
        for arm, time, mean in [
            ("a", "baseline", "30"), ("a", "post", "12"), ("b", "baseline", "30"),
            ("b", "post", "29"),
        ]
    ]  # fmt: skip

    def found(higher_is):
        bdi = {"instrument_id": "bdi", "outcome_id": "depression", "higher_is": higher_is}
        return [one for one in of("direction", arm_results=rows, instruments=[bdi])]

    assert found("worse") == []
    assert ("bdi", "better", "worse", "medium") in found("better")
    # changes are no levels: -18 and -1 from 30 would be a gain for any instrument
    for row in rows[1::2]:
        change = float(row["mean"]) - 30
        row |= {"mean": f"{change:g}", "measured_as": "change"}
    assert ("bdi", "better", "worse", "medium") not in found("better")
    assert ("bdi", "worse", "better", "medium") not in found("worse")


def test_arms_in_the_place_of_each_other():
    exchanged = {"intervention_arm_id": "b", "comparator_arm_id": "a"}
    rows = [statistic("s1", "z", "2", **exchanged), statistic("s2", "z", "2")]
    assert of("roles", statistics=rows, directions=words("no_difference", **exchanged)) == [
        ("s1", "b against a", "a against b", "high"),
        ("d1", "b against a", "a against b", "high"),
    ]


def test_the_therapy_of_a_trial_is_not_its_comparator():
    arms = [
        {"arm_id": "a", "trial_id": "t1", "role": "comparator", "condition": "abft"},
        {"arm_id": "b", "trial_id": "t1", "role": "intervention", "condition": "waitlist"},
    ]
    trials = [{"trial_id": "t1", "label": "Trial 1", "therapy": "abft"}]
    assert of("roles", arms=arms, trials=trials) == [("a", "comparator", "intervention", "high")]
    for arm, role in zip(arms, ("intervention", "comparator"), strict=True):
        arm["role"] = role
    assert of("roles", arms=arms, trials=trials) == []


def test_two_follow_ups_of_both_arms_are_no_unequal_times():
    def found(*weeks):
        rows = [
            result(f"r{at}", arm=arm, timepoint="follow_up", weeks=week, mean="12", sd="8")
            for at, (arm, week) in enumerate(zip("aabb", weeks, strict=True))
        ]
        return ids("unequal_times", arm_results=rows)

    assert found("12", "52", "12", "52") == []
    assert found("12", "52", "12", "50") == ["r1"]


def test_one_source_reports_an_arm_once_at_a_time():
    rows = [result("r1", mean="12", weeks="12"), result("r2", mean="18", weeks="6")]
    assert ids("arm_twice", arm_results=rows) == ["r2"]
    assert ids("arm_twice", arm_results=[rows[0], rows[1] | {"locator_id": "l2"}]) == []
    later = [row | {"timepoint": "follow_up"} for row in rows]
    assert ids("arm_twice", arm_results=later) == []


def test_df_of_a_test_between_arms():
    def found(kind, n, **columns):
        sizes = {"n_intervention": "40", "n_comparator": n}
        row = statistic("s1", kind, "2.5", **sizes, **columns)
        return [(one[1], one[2]) for one in of("df", statistics=[row])]

    assert found("t", "40", df1="72") == [("72", "78")]
    assert found("t", "40", df1="78") == found("t", "40", df1="76") == []
    assert found("t", "40", df1="79") == [("79", "78")]
    # unequal variances, and groups by three times
    assert found("t", "40", df1="70.3") == found("f_slope", "40", df1="2", df2="156") == []
    assert found("f_slope", "30", df1="1", df2="78") == [("78", "68")]


@pytest.mark.parametrize("arms", [{"n_randomized": "30"}, {"n_randomized": ""}])
def test_more_analyzed_in_a_statistic_than_randomized(arms):
    rows = [{"arm_id": "a", "trial_id": "t1", "role": "intervention", **arms}]
    facts = [{"trial_id": "t1", "fact": "n_randomized", "value": "30", "locator_id": "l1"}]
    row = statistic("s1", "t", "2", comparator_arm_id="", n_intervention="31")
    found = of("sizes", arms=rows, trial_facts=facts, statistics=[row])
    assert found == [("s1", "31", "at most 30", "high")]
    row["n_intervention"] = "30"
    assert of("sizes", arms=rows, trial_facts=facts, statistics=[row]) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"se": "0.256"}, []),
        ({"se": "0.0256"}, ["0.256"]),
        ({"se": "2.56"}, ["0.256"]),
        # half of the variance explained by the baseline, and clusters
        ({"se": "0.19"}, []),
        ({"se": "0.5"}, []),
    ],
)
def test_g_its_standard_error_and_the_sizes(columns, expected):
    # sqrt(1/35 + 1/31 + 0.766^2 / 132) = 0.2553
    sizes = {"n_intervention": "35", "n_comparator": "31"}
    row = statistic("s1", "hedges_g", "-0.766", **sizes, **columns)
    found = [one[2] for one in of("se", statistics=[row])]
    assert found == (["0.255"] if expected else [])


def test_a_standard_error_against_its_interval():
    # (9.8 + 9.8) / (2 x 1.96) = 5
    interval = {"ci_low": "-9.8", "ci_high": "9.8"}
    for se, expected in (("5.0", []), ("4.4", []), ("6.0", ["5.03"]), ("2.0", ["5.03"])):
        row = statistic("s1", "mixed_model_b", "0.0", se=se, **interval)
        assert [one[2] for one in of("se", statistics=[row])] == expected, se


@pytest.mark.parametrize(
    ("kind", "estimate", "low", "high", "p", "wrong"),
    [
        # -13.20 / 3.2475 is z = 4.06
        ("mixed_model_b", "-13.20", "-19.57", "-6.84", "0.0001", False),
        ("mixed_model_b", "-13.20", "-19.57", "-6.84", "0.01", True),
        ("mixed_model_b", "-7.20", "-13.63", "-0.76", "0.03", False),
        ("mixed_model_b", "-7.20", "-13.63", "-0.76", "0.3", True),
        ("odds_ratio", "4.41", "1.43", "13.60", "0.01", False),
        ("odds_ratio", "4.41", "1.43", "13.60", "0.10", True),
    ],
)
def test_p_against_estimate_and_interval(kind, estimate, low, high, p, wrong):
    row = statistic("s1", kind, estimate, ci_low=low, ci_high=high, p_value=p, p_relation="equal")
    assert ids("p_from_interval", statistics=[row]) == (["s1"] if wrong else [])


@pytest.mark.parametrize(
    ("kind", "columns", "column"),
    [
        ("t", {"estimate": "2", "df1": "-3", "p_value": "0.05", "p_relation": "equal"}, "-3"),
        ("odds_ratio", {"estimate": "-4.41"}, "-4.41"),
        ("f_slope", {"estimate": "-181", "df1": "1"}, "-181"),
        ("chi2_groups", {"estimate": "-1", "df1": "2"}, "-1"),
        ("mean_difference", {"estimate": "2", "se": "0"}, "0"),
        ("p", {"estimate": "1.2"}, "1.2"),
        ("number_needed_to_treat", {"estimate": "0.3"}, "0.3"),
        ("eta_squared", {"estimate": "1.06"}, "1.06"),
        ("partial_eta_squared", {"estimate": "-0.06"}, "-0.06"),
        ("cohens_f", {"estimate": "-0.25"}, "-0.25"),
        ("relative_risk_reduction_percent", {"estimate": "140"}, "140"),
    ],
)
def test_values_that_no_number_of_its_kind_can_have(kind, columns, column):
    found = of("impossible", statistics=[statistic("s1", kind, **columns)])
    assert [one[:2] + one[3:] for one in found] == [("s1", column, "high")]


def test_an_sd_of_0():
    rows = [
        result("r1", mean="12.1", sd="0", n_analyzed="38"),
        result("r2", arm="b", mean="16.0", sd="9.1", n_analyzed="26"),
    ]
    assert of("impossible", arm_results=rows) == [("r1", "0", "above 0", "high")]
    # all at the lowest score
    assert of("impossible", arm_results=[rows[0] | {"mean": "0.0"}]) == []


def four(*sds, means=("23.8", "28", "11.8", "18.5")):
    return [
        result(f"r{at}", arm=arm, timepoint=time, mean=mean, sd=sd, n_analyzed="16")
        for at, (arm, time, mean, sd) in enumerate(
            zip("abab", ("baseline", "baseline", "post", "post"), means, sds, strict=True)
        )
    ]


@pytest.mark.parametrize(
    ("sds", "check", "expected"),
    [
        (("7.4", "7.1", "8.8", "11.1"), "", []),
        (("1.8", "7.1", "8.8", "11.1"), "se_as_sd", [("r0", "1.8", "7.2", "medium")]),
        (("74", "7.1", "8.8", "11.1"), "factor_10", [("r0", "74", "7.4", "medium")]),
        (("0.74", "7.1", "8.8", "11.1"), "factor_10", [("r0", "0.74", "7.4", "medium")]),
        (("23.8", "7.1", "8.8", "11.1"), "mean_as_sd", [("r0", "23.8", "", "medium")]),
    ],
)
def test_the_scale_of_an_sd(sds, check, expected):
    scales = ("se_as_sd", "factor_10", "mean_as_sd")
    found = {name: of(name, arm_results=four(*sds)) for name in scales}
    assert {name: one for name, one in found.items() if one} == ({check: expected} if check else {})


def test_the_scale_of_a_mean():
    sds = ("7.4", "7.1", "8.8", "11.1")
    wrong = four(*sds, means=("2.38", "28", "11.8", "18.5"))
    assert of("factor_10", arm_results=wrong) == [("r0", "2.38", "23.8", "medium")]
    # few points, and no number of SDs, from the others
    near = four("7", "7", "9", "9", means=("1", "8", "9", "6"))
    assert of("factor_10", arm_results=near) == []


def test_a_percentage_outside_its_interval():
    row = result("r1", event="remission", percent="8.7", percent_ci_low="74.6",
                 percent_ci_high="99.6")  # fmt: skip
    assert of("interval_order", arm_results=[row]) == [("r1", "8.7 (74.6 to 99.6)", "", "high")]
    assert of("interval_order", arm_results=[row | {"percent": "87"}]) == []


def test_a_risk_difference_against_the_number_needed_to_treat():
    def found(points, nnt):
        rows = [
            statistic("s1", "risk_difference_percent", points, event="remission"),
            statistic("s2", "number_needed_to_treat", nnt, event="remission"),
        ]
        return of("compare", statistics=rows)

    assert found("40.0", "3") == found("40.0", "2.5") == []
    assert found("4.0", "3") == [("s2", "3", "25.0", "high")]


def test_judgements_that_contradict_each_other():
    rows = [
        {"trial_id": "t1", "tool": tool, "domain": "blinding", "judgement": judgement,
         "locator_id": tool}
        for tool, judgement in (("one", "high"), ("two", "low"), ("three", "some_concerns"))
    ]  # fmt: skip
    assert of("judgements_differ", risk_of_bias=rows) == [("t1", "low", "high", "medium")]
    assert of("judgements_differ", risk_of_bias=[rows[0], rows[2]]) == []


@pytest.mark.parametrize(
    ("used", "expected"),
    [("1.81", []), ("18.1", [("c1", "18.1", "p = 4e-05", "high")])],
)
def test_what_is_used_against_the_p_beside_it(used, expected):
    row = statistic("s1", "f_slope", "181", df1="1", df2="127", p_value="0.18",
                    p_relation="equal")  # fmt: skip
    correction = {"correction_id": "c1", "table": "statistics", "result_id": "s1",
                  "field": "estimate", "printed": "181", "used": used, "action": "replace",
                  "check": "p_from_f"}  # fmt: skip
    assert of("correction", statistics=[row], corrections=[correction]) == expected


def test_an_interval_of_a_qaly_is_centered():
    row = statistic("s1", "qaly_difference", "0.021", ci_low="0.009", ci_high="0.033")
    assert ids("interval_symmetry", statistics=[row]) == []
    assert ids("interval_symmetry", statistics=[row | {"ci_high": "0.141"}]) == ["s1"]
