import pytest

from tests.integrity.packages import findings, result, statistic


def of(*rows, results=()):
    return [one[0:2] + one[3:] for one in findings(statistics=rows, arm_results=list(results))]


@pytest.mark.parametrize("d", ["0.67", "0.66", "-0.67"])
def test_d_that_belongs_to_its_t(d):
    # 2.5 x root of (1/30 + 1/26) is 0.670; with J 0.660
    rows = statistic("s1", "cohens_d_unspecified", d), statistic("s2", "t", "2.50", df1="54")
    assert of(*rows) == []


def test_d_that_does_not_belong_to_its_t():
    rows = statistic("s1", "cohens_d_unspecified", "0.97"), statistic("s2", "t", "2.50", df1="54")
    assert of(*rows) == [("d_from_t", "s1", "0.67", "medium")]
    other_time = statistic("s2", "t", "2.50", df1="54", timepoint="follow_up")
    assert of(rows[0], other_time) == []


def test_d_within_an_arm_by_the_formula_for_two_equal_arms():
    def rows(d):
        common = {"comparator_arm_id": "", "n_intervention": "66"}
        return (
            statistic("s1", "d_within", d, **common),
            statistic("s2", "t_within", "12.61", df1="127", **common),
        )

    assert of(*rows("2.24")) == [("d_from_t", "s1", "1.55", "medium")]
    assert of(*rows("1.55")) == []
    # by the SD of the scores: neither formula, and nothing to say
    assert of(*rows("1.80")) == []


def test_f_of_slopes_against_the_t_of_each():
    def rows(f):
        arms = [("a", "66", "12.61"), ("b", "63", "10.88")]
        return (
            statistic("s0", "f_slope", f, df1="1", df2="127", n_intervention="66",
                      n_comparator="63"),
            *(statistic(f"s{arm}", "t_within", t, intervention_arm_id=arm, comparator_arm_id="",
                        df1="127", n_intervention=n) for arm, n, t in arms),
        )  # fmt: skip

    assert of(*rows("1.81")) == [("f_from_t", "s0", "1.06", "medium")]
    assert of(*rows("1.06")) == []


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


def test_an_effect_of_unspecified_kind_against_the_others():
    means = (
        result("r1", n_analyzed="30", mean="12.5", sd="7.0"),
        result("r2", arm="b", n_analyzed="26", mean="19.5", sd="7.0"),
    )

    def found(d, **columns):
        row = statistic("s1", "cohens_d_unspecified", d, **columns)
        return [one for one in of(row, results=means) if one[0] == "compare"]

    assert found("1.00") == []
    # the same with small-sample correction
    assert found("0.99") == []
    assert found("1.20") == [("compare", "s1", "1.00", "medium")]
    assert found("1.20", timepoint="overall") == [("compare", "s1", "1.00", "medium")]
    assert found("1.20", timepoint="follow_up") == []
    assert found("1.20", instrument_id="vas") == []
