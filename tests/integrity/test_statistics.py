import pytest
from scipy import stats

from evidence.errors import ParameterError
from evidence.integrity.statistics import p_from_chi2, p_from_f, p_from_t, p_from_z
from tests.integrity.packages import findings, statistic
from tests.tolerances import CLOSED_FORM


def test_p_values_agree_with_scipy():
    assert p_from_z(-1.7) == pytest.approx(2 * stats.norm.sf(1.7), rel=CLOSED_FORM)
    assert p_from_t(2.1, 9.11) == pytest.approx(2 * stats.t.sf(2.1, 9.11), rel=1e-10)
    assert p_from_f(1.81, 1, 127) == pytest.approx(stats.f.sf(1.81, 1, 127), rel=1e-10)
    assert p_from_chi2(0.06, 2) == pytest.approx(stats.chi2.sf(0.06, 2), rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: p_from_t(2, 0), "df"),
        (lambda: p_from_f(-1, 1, 10), "f"),
        (lambda: p_from_f(1, 0, 10), "df1"),
        (lambda: p_from_f(1, 1, float("nan")), "df2"),
        (lambda: p_from_chi2(-1, 1), "chi2"),
    ],
)
def test_what_is_refused_is_named(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name


def p_findings(kind, estimate, p, relation="equal", **columns):
    row = statistic("s1", kind, estimate, p_value=p, p_relation=relation, **columns)
    found = findings(statistics=[row])
    return [one[0:1] + one[3:] for one in found if one[0].startswith("p_from")]


@pytest.mark.parametrize(
    ("kind", "estimate", "p", "columns"),
    [
        ("t", "2.00", "0.05", {"df1": "54"}),
        ("t", "-2.00", "0.051", {"df1": "54"}),
        # 1.995 to 2.005 give .0500 to .0511
        ("t", "2.00", "0.0501", {"df1": "54"}),
        ("f_slope", "1.81", "0.18", {"df1": "1", "df2": "127"}),
        ("chi2_groups", "0.06", "0.97", {"df1": "2"}),
        ("chi2_groups", "0", "1.00", {"df1": "2"}),
        ("z", "-3.01", "0.003", {}),
        ("t", "0.0", "1.00", {"df1": "54"}),
    ],
)
def test_p_that_belongs_to_its_statistic(kind, estimate, p, columns):
    assert p_findings(kind, estimate, p, **columns) == []


@pytest.mark.parametrize(
    ("kind", "estimate", "p", "columns", "finding"),
    [
        ("t", "2.00", "0.04", {"df1": "54"}, ("p_from_t", "p = 0.0505", "high")),
        ("f_slope", "181", "0.18", {"df1": "1", "df2": "127"}, ("p_from_f", "p = 3e-26", "high")),
        ("chi2_groups", "6.0", "0.97", {"df1": "2"}, ("p_from_chi2", "p = 0.0498", "high")),
        ("z", "-3.01", "0.03", {}, ("p_from_z", "p = 0.00261", "high")),
        # half of the two-sided p
        ("t", "2.00", "0.025", {"df1": "54"}, ("p_from_t", "p = 0.0505", "medium")),
    ],
)
def test_p_that_does_not(kind, estimate, p, columns, finding):
    assert p_findings(kind, estimate, p, **columns) == [finding]


def test_p_below_a_value():
    assert p_findings("t", "-3.32", "0.01", "below", df1="31.05") == []
    assert p_findings("t", "-3.14", "0.01", "below", df1="10") == [
        ("p_from_t", "p = 0.0105", "medium")
    ]
    assert p_findings("t", "-1.00", "0.01", "below", df1="10") == [
        ("p_from_t", "p = 0.341", "high")
    ]


def test_a_difference_that_is_the_z_of_its_p():
    assert p_findings("mixed_model_b", "-3.01", "0.003") == [("p_from_z", "", "medium")]
    assert p_findings("mixed_model_b", "-7.01", "0.003") == []
    # with an interval the estimate is what it is called
    assert p_findings("mixed_model_b", "-3.01", "0.003", ci_low="-5.0", ci_high="-1.0") == []


def test_a_difference_against_its_standard_error_and_p():
    assert p_findings("mixed_model_b", "-6.0", "0.003", se="2.0") == []
    assert p_findings("mixed_model_b", "-6.0", "0.4", se="2.0") == [
        ("p_from_z", "p = 0.0027", "medium")
    ]


def test_intervals():
    def of(kind, estimate, low, high):
        row = statistic("s1", kind, estimate, ci_low=low, ci_high=high)
        return [one[0:1] + one[3:] for one in findings(statistics=[row])]

    assert of("mixed_model_b", "-13.20", "-19.57", "-6.84") == []
    assert of("qaly_difference", "0.023", "0.010", "0.141") == [
        ("interval_symmetry", "0.075", "medium")
    ]
    assert of("indirect_b", "-2.04", "-4.44", "-0.04") == [("interval_symmetry", "-2.240", "low")]
    assert of("mean_difference", "5.0", "5.5", "9.0") == [("interval_order", "", "high")]
    assert of("mean_difference", "5.0", "9.0", "1.0") == [("interval_order", "", "high")]
    # ratios are centered on the logarithmic scale
    assert of("odds_ratio", "4.41", "1.43", "13.60") == []
    assert of("odds_ratio", "4.41", "1.43", "7.39") == [("interval_symmetry", "3.251", "medium")]
    for kind in ("hazard_ratio", "incidence_rate_ratio"):
        assert of(kind, "4.41", "1.43", "7.39") == [("interval_symmetry", "3.251", "medium")]
        row = statistic("s1", kind, "0.74", ci_low="0.51", ci_high="1.08", p_value="0.7")
        # ln 0.74 = -0.301, by (ln 1.08 - ln 0.51) / 3.92 = 0.191 a z of 1.57
        assert [one[0:1] + one[3:] for one in findings(statistics=[row])] == [
            ("p_from_interval", "p = 0.116", "medium")
        ]
    # the exact interval of Fisher's test is not centered
    assert of("odds_ratio_fisher", "4.41", "1.43", "7.39") == []
    # a t is no estimate with a symmetric interval
    assert of("z", "2.0", "0.0", "9.0") == []


CROSSOVER = [{"trial_id": "t1", "label": "Trial 1", "design": "crossover"}]
BOTH = [
    {"arm_id": one, "trial_id": "t1", "role": role, "n_randomized": "40"}
    for one, role in (("a", "intervention"), ("b", "comparator"))
]


@pytest.mark.parametrize(
    ("kind", "columns", "check"),
    [
        # 40 persons have 39 differences; with a correlation of .8 their SE is .10, not .22
        ("t", {"estimate": "2.5", "df1": "39"}, "df"),
        ("hedges_g", {"estimate": "0.3", "se": "0.10"}, "se"),
    ],
)
def test_the_arms_of_a_cross_over_trial_are_the_same_persons(kind, columns, check):
    row = statistic("s1", kind, n_intervention="40", n_comparator="40", **columns)
    assert findings(check=check, statistics=[row], trials=CROSSOVER, arms=BOTH) == []
    assert findings(check=check, statistics=[row], arms=BOTH)
    wrong = statistic("s1", "t", "2.5", n_intervention="40", n_comparator="40", df1="78")
    ((*_, expected, severity),) = findings(
        check="df", statistics=[wrong], trials=CROSSOVER, arms=BOTH
    )
    assert (expected, severity) == ("39", "medium")


def test_an_interval_of_another_level():
    # 5 -+ 1.644854 * 2.5; its P by z = 2 is .0455
    columns = {"se": "2.50", "ci_low": "0.89", "ci_high": "9.11", "p_value": "0.046",
               "p_relation": "equal"}  # fmt: skip
    row = statistic("s1", "mean_difference", "5.00", **columns)
    assert findings(statistics=[row | {"ci_level": "90"}]) == []
    assert {one[0] for one in findings(statistics=[row])} == {"se", "p_from_interval"}
