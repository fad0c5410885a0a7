import pytest

from tests.integrity.packages import findings, result, statistic

ARMS = [
    {"arm_id": "a", "trial_id": "t1", "role": "intervention", "n_randomized": "66"},
    {"arm_id": "b", "trial_id": "t1", "role": "comparator", "n_randomized": "63"},
]


def of(*rows, results=(), **tables):
    made = findings(statistics=rows, arm_results=list(results), **tables)
    return [one[0:2] + one[3:] for one in made]


@pytest.mark.parametrize(
    ("d", "t"), [("0.67", "2.50"), ("0.66", "2.50"), ("-0.67", "2.50"), ("0.00", "0.00")]
)
def test_d_that_belongs_to_its_t(d, t):
    # 2.5 x root of (1/30 + 1/26) is 0.670; with J 0.660
    rows = statistic("s1", "cohens_d_unspecified", d), statistic("s2", "t", t, df1="54")
    assert of(*rows) == []


def test_d_that_does_not_belong_to_its_t():
    rows = statistic("s1", "cohens_d_unspecified", "0.97"), statistic("s2", "t", "2.50", df1="54")
    assert of(*rows) == [("d_from_t", "s1", "0.67", "medium")]
    other_time = statistic("s2", "t", "2.50", df1="54", timepoint="follow_up")
    assert of(rows[0], other_time) == []


def test_d_within_an_arm_by_the_formula_for_two_equal_arms():
    def rows(d, df="127"):
        common = {"comparator_arm_id": "", "n_intervention": "66"}
        return (
            statistic("s1", "d_within", d, **common),
            statistic("s2", "t_within", "12.61", df1=df, **common),
        )

    assert of(*rows("2.24"), arms=ARMS) == [("d_from_t", "s1", "1.55", "medium")]
    assert of(*rows("1.55"), arms=ARMS) == []
    # both formulas give the same
    assert of(*rows("1.55", df="264"), arms=ARMS) == []
    # by the SD of the scores: neither formula, and nothing to say
    assert of(*rows("1.80"), arms=ARMS) == []


def test_f_of_slopes_against_the_t_of_each():
    def rows(f):
        arms = [("a", "66", "12.61"), ("b", "63", "10.88")]
        return (
            statistic("s0", "f_slope", f, df1="1", df2="127", n_intervention="66",
                      n_comparator="63"),
            *(statistic(f"s{arm}", "t_within", t, intervention_arm_id=arm, comparator_arm_id="",
                        df1="127", n_intervention=n) for arm, n, t in arms),
        )  # fmt: skip

    assert of(*rows("1.81"), arms=ARMS) == [("f_from_t", "s0", "1.06", "medium")]
    assert of(*rows("1.06"), arms=ARMS) == []


def test_a_bound_on_d_against_the_intervals_that_it_covers():
    def rows(d):
        interval = {"ci_low": "-13.63", "ci_high": "-0.76"}
        return (
            statistic("s1", "cohens_d_at_least", d, timepoint="overall"),
            statistic("s2", "mixed_model_b", "-7.20", timepoint="follow_up", **interval),
        )

    # |z| = 2.192 times root of (1/30 + 1/26)
    assert of(*rows("0.60")) == [("d_from_interval", "s1", "0.59", "medium")]
    assert of(*rows("0.59")) == []


def compared(d, means=("12.50", "19.50", "7.00"), **columns):
    mean_1, mean_2, sd = means
    results = (
        result("r1", n_analyzed="30", mean=mean_1, sd=sd),
        result("r2", arm="b", n_analyzed="26", mean=mean_2, sd=sd),
    )
    row = statistic("s1", "cohens_d_unspecified", d, **columns)
    return [one for one in of(row, results=results) if one[0] == "compare"]


def test_a_bound_on_d_with_equal_shares_of_the_total():
    arms = [{"arm_id": arm, "trial_id": "t1", "role": "comparator"} for arm in "abc"]
    facts = [{"trial_id": "t1", "fact": "n_randomized", "value": "90", "locator_id": "l1"}]
    rows = (
        statistic("s1", "cohens_d_at_least", "0.90", timepoint="overall"),
        statistic("s2", "mixed_model_b", "-7.20", ci_low="-13.63", ci_high="-0.76"),
    )
    found = findings(statistics=rows, arms=arms, trial_facts=facts)
    # 2.192 times root of (1/30 + 1/30)
    assert found == [("d_from_interval", "s1", "0.90", "0.57", "medium")]


def test_the_digits_of_the_means_leave_a_range():
    # 6 to 8 points of an SD of 6.5 to 7.5
    for d in ("0.82", "1.21"):
        assert compared(d, means=("12", "19", "7")) == []
    assert compared("0.75", means=("12", "19", "7"))
    assert compared("0.00", means=("19", "19", "7")) == []


def test_an_effect_of_unspecified_kind_against_the_others():
    found = compared
    assert found("1.00") == []
    # the same with small-sample correction
    assert found("0.99") == []
    assert found("1.20") == [("compare", "s1", "1.00", "medium")]
    assert found("1.20", timepoint="overall") == [("compare", "s1", "1.00", "medium")]
    assert found("1.20", timepoint="follow_up") == []
    assert found("1.20", instrument_id="vas") == []
