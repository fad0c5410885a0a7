import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.contingency_tables import StratifiedTable

from evidence.errors import ParameterError
from evidence.meta.rare_events import exact, mantel_haenszel, peto
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit

FOLDER = "synthesis/rare"
MEASURES = {"OR": "odds_ratio", "RR": "risk_ratio", "RD": "risk_difference"}

# Suicide attempts in Diamond 2019: comparator 4 of 63, ABFT 2 of 66.
DIAMOND_2019 = (4, 63, 2, 66)


def counts_of(contents):
    tables = contents["sets"]["raw2x2"]
    return [np.array(tables[name]) for name in ("ai", "n1i", "ci", "n2i")]


def estimate(analysis, counts):
    if analysis["group"] == "rma.peto":
        return peto(*counts)
    return mantel_haenszel(*counts, measure=MEASURES[analysis["args"]["measure"]])


@pytest.mark.parametrize("name", names(FOLDER))
def test_agrees_with_metafor(name):
    contents = read(FOLDER, name)
    counts = counts_of(contents)
    for analysis in contents["analyses"]:
        expected, what = analysis["out"], f"{name} {analysis['id']}"
        if "_l1o_" in analysis["id"]:
            for i, (effect, se) in enumerate(
                zip(expected["estimate"], expected["se"], strict=True)
            ):
                without = estimate(analysis, [np.delete(column, i) for column in counts])
                assert without.effect == pytest.approx(effect, rel=CLOSED_FORM), what
                assert without.se == pytest.approx(se, rel=CLOSED_FORM), what
            continue
        pooled = estimate(analysis, counts)
        assert pooled.effect == pytest.approx(expected["b"], rel=CLOSED_FORM), what
        assert pooled.se == pytest.approx(expected["se"], rel=CLOSED_FORM), what
        width = expected["ci_ub"] - expected["ci_lb"]
        assert pooled.ci_low == pytest.approx(expected["ci_lb"], abs=CLOSED_FORM * width), what
        assert pooled.ci_high == pytest.approx(expected["ci_ub"], abs=CLOSED_FORM * width), what
        if "pval" in expected:
            assert pooled.p_value == pytest.approx(expected["pval"], rel=CLOSED_FORM), what
        for q, p in (("TA", "TAp"), ("QE", "QEp")):
            if q in expected:
                assert pooled.q == pytest.approx(expected[q], rel=CLOSED_FORM), what
                # a tail probability has the relative error of its statistic times the statistic
                assert pooled.q_p == pytest.approx(
                    expected[p], rel=CLOSED_FORM * (1 + expected[q])
                ), what


def test_grid_is_complete():
    compared = {}
    for _, _, analysis in analyses(FOLDER):
        compared[analysis["group"]] = compared.get(analysis["group"], 0) + 1
    assert compared == {"rma.mh": 78, "rma.peto": 9}


@pytest.mark.parametrize("name", ["bcg", "hine1989", "lee2004"])
def test_agrees_with_statsmodels(name):
    a, n_1, c, n_2 = counts_of(read(FOLDER, name))
    tables = np.array([[a, n_1 - a], [c, n_2 - c]], dtype=float)
    reference = StratifiedTable(tables)
    pooled = mantel_haenszel(a, n_1, c, n_2)
    assert pooled.effect == pytest.approx(reference.logodds_pooled, rel=CLOSED_FORM)
    assert pooled.se == pytest.approx(reference.logodds_pooled_se, rel=CLOSED_FORM)
    tarone = reference.test_equal_odds(adjust=True)
    assert pooled.q == pytest.approx(tarone.statistic, rel=ITERATIVE)
    assert pooled.q_df == len(a) - 1
    ratio = mantel_haenszel(a, n_1, c, n_2, measure="risk_ratio")
    assert math.exp(ratio.effect) == pytest.approx(reference.riskratio_pooled, rel=CLOSED_FORM)


def test_suicide_attempts_of_diamond_2019():
    crude = math.log(4 / 59 / (2 / 64))
    single = mantel_haenszel(*DIAMOND_2019)
    assert single.effect == pytest.approx(crude, rel=CLOSED_FORM)
    # Woolf's variance, to which that of Mantel and Haenszel reduces for one table
    assert single.se == pytest.approx(math.sqrt(1 / 4 + 1 / 59 + 1 / 2 + 1 / 64), rel=CLOSED_FORM)
    assert (single.k, single.k_informative, single.q) == (1, 1, None)
    conditional = exact(*DIAMOND_2019)
    assert conditional.ci_low < 0 < conditional.ci_high
    assert conditional.se is None


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12), st.integers(1, 12))
@settings(max_examples=150)
def test_exact_of_one_table_agrees_with_scipy(a, b, c, d):
    table = [[a, b], [c, d]]
    found = exact(a, a + b, c, c + d)
    if a + c == 0:
        assert found.effect is None
        return
    reference = odds_ratio(table)
    low, high = reference.confidence_interval(0.95)
    for actual, expected in ((found.effect, reference.statistic), (found.ci_low, low)):
        # scipy stops its search at about 1e-12 on the ratio.
        assert math.exp(actual) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert math.exp(found.ci_high) == pytest.approx(high, rel=1e-7)
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), rel=1e-9)
    assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)
    assert found.p_fisher == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)


def test_exact_of_two_tables_agrees_with_enumeration():
    tables = [(3, 9, 1, 8), (5, 11, 2, 13)]
    found = exact(*zip(*tables, strict=True))
    weight: dict[int, Fraction] = {}
    ranges = [range(max(0, a + c - n_2), min(n_1, a + c) + 1) for a, n_1, c, n_2 in tables]
    for events in product(*ranges):
        ways = 1
        for x, (a, n_1, c, n_2) in zip(events, tables, strict=True):
            ways *= math.comb(n_1, x) * math.comb(n_2, a + c - x)
        weight[sum(events)] = weight.get(sum(events), 0) + ways

    def share(ratio, keep):
        total = sum(w * ratio**s for s, w in weight.items())
        return sum(w * ratio**s for s, w in weight.items() if keep(s)) / total

    ratio = math.exp(found.effect)
    mean = sum(s * share(ratio, lambda x, s=s: x == s) for s in weight)
    assert mean == pytest.approx(8, rel=1e-10)
    assert share(math.exp(found.ci_low), lambda s: s >= 8) == pytest.approx(0.025, rel=1e-10)
    assert share(math.exp(found.ci_high), lambda s: s <= 8) == pytest.approx(0.025, rel=1e-10)
    assert found.p_value == pytest.approx(2 * float(share(1, lambda s: s >= 8)), rel=CLOSED_FORM)
    as_rare = share(1, lambda s: weight[s] <= weight[8])
    assert found.p_fisher == pytest.approx(float(as_rare), rel=CLOSED_FORM)


def test_fisher_of_suicide_attempts():
    """Diamond 2019 as scipy has it, and with Diamond 2010 by convolution of two of its margins."""
    assert exact(*DIAMOND_2019).p_fisher == pytest.approx(0.43, abs=half_unit("0.43"))
    assert fisher_exact([[2, 64], [4, 59]]).pvalue == pytest.approx(0.43, abs=half_unit("0.43"))
    sums = np.convolve(
        hypergeom(129, 6, 66).pmf(np.arange(7)), hypergeom(62, 10, 35).pmf(np.arange(11))
    )
    as_rare = sums[sums <= sums[2 + 4] * (1 + 1e-7)].sum()
    found = exact([2, 4], [66, 35], [4, 6], [63, 27])
    assert found.p_fisher == pytest.approx(as_rare, rel=1e-9)
    assert found.p_fisher == pytest.approx(0.185, abs=half_unit("0.185"))


def test_double_zero_tables_are_visible_and_harmless_for_ratios():
    with_empty = ([4, 0, 5], [63, 20, 40], [2, 0, 3], [66, 25, 41])
    without = ([4, 5], [63, 40], [2, 3], [66, 41])
    for method in (mantel_haenszel, peto, exact):
        pooled, plain = method(*with_empty), method(*without)
        assert pooled.effect == pytest.approx(plain.effect, rel=1e-10)
        assert pooled.ci_low == pytest.approx(plain.ci_low, rel=1e-10)
        assert pooled.q_p == (plain.q_p and pytest.approx(plain.q_p, rel=1e-10))
        assert (pooled.k, pooled.k_informative, pooled.double_zero) == (3, 2, (1,))
        assert any("no event in either arm" in sentence for sentence in pooled.warnings)
        assert plain.warnings == ()
    difference = mantel_haenszel(*with_empty, measure="risk_difference")
    assert abs(difference.effect) < abs(mantel_haenszel(*without, measure="risk_difference").effect)
    assert difference.k_informative == 3


def test_one_arm_without_events():
    for measure in ("odds_ratio", "risk_ratio"):
        pooled = mantel_haenszel([0, 0], [10, 12], [5, 3], [12, 11], measure=measure)
        assert pooled.effect is None
        assert pooled.warnings[-1].startswith("The estimated ratio is 0, of which there is no")
        other_way = mantel_haenszel([5, 3], [12, 11], [0, 0], [10, 12], measure=measure)
        assert "ratio is infinite" in other_way.warnings[-1]
    conditional = exact([0, 0], [10, 12], [5, 3], [12, 11])
    assert conditional.effect == -math.inf
    assert conditional.ci_low == -math.inf
    assert conditional.ci_high < 0
    assert exact([5, 3], [12, 11], [0, 0], [10, 12]).ci_low == pytest.approx(-conditional.ci_high)


@pytest.mark.parametrize("events", [0, 10])
def test_tables_that_say_nothing(events):
    for measure in ("odds_ratio", "risk_ratio"):
        assert mantel_haenszel(events, 10, events, 10, measure=measure).effect is None
    assert peto(events, 10, events, 10).effect is None
    assert exact(events, 10, events, 10).p_value is None
    difference = mantel_haenszel(events, 10, events, 10, measure="risk_difference")
    assert (difference.effect, difference.se, difference.p_value) == (0, 0, None)
    assert any("not by precision" in sentence for sentence in difference.warnings)


@given(st.lists(st.tuples(*[st.integers(0, 15)] * 4), min_size=1, max_size=4))
@settings(max_examples=60)
def test_swapping_arms_turns_the_sign(tables):
    counts = [np.array(column) for column in zip(*tables, strict=True)]
    a, b, c, d = counts
    forward, backward = (a, a + b + 1, c, c + d + 1), (c, c + d + 1, a, a + b + 1)
    close = {"rel": 1e-9, "abs": 1e-9}
    for method in (
        mantel_haenszel,
        peto,
        exact,
        lambda *x: mantel_haenszel(*x, measure="risk_difference"),
    ):
        one, other = method(*forward), method(*backward)
        if one.effect is None:
            assert other.effect is None
            continue
        assert one.effect == pytest.approx(-other.effect, **close)
        assert one.ci_low == pytest.approx(-other.ci_high, **close)
        if one.p_value is not None:
            assert one.p_value == pytest.approx(other.p_value, **close)


def test_large_counts_stay_finite():
    many = exact([1] * 1000 + [2] * 500, [3] * 1500, [1] * 1500, [3] * 1500)
    assert 0 < many.ci_low < many.effect < many.ci_high < 1
    found = exact([5000, 3000], [100_000, 90_000], [5200, 3100], [100_000, 90_000])
    approximate = mantel_haenszel([5000, 3000], [100_000, 90_000], [5200, 3100], [100_000, 90_000])
    assert found.effect == pytest.approx(approximate.effect, rel=1e-3)
    assert found.ci_low == pytest.approx(approximate.ci_low, rel=1e-2)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((1.5, 10, 1, 10), "events_1[0]: found 1.5, expected a whole number of at least 0"),
        ((-1, 10, 1, 10), "events_1[0]: found -1.0, expected a whole number of at least 0"),
        (([1, 11], [10, 10], [1, 1], [10, 10]), "events_1[1]: found 11.0, expected at most n_1"),
        ((1, 0, 1, 10), "n_1[0]: found 0.0, expected a whole number of at least 1"),
        ((1, 10, math.nan, 10), "events_2[0]: found nan"),
        (([1, 1], 10, 1, 10), "n_1: found (1,), expected one whole number per table"),
        (([], [], [], []), "events_1: found (0,), expected one whole number per table"),
        (("x", 10, 1, 10), "events_1: found 'x', expected numbers"),
    ],
)
def test_refusals_name_argument_and_value(counts, message):
    for method in (mantel_haenszel, peto, exact):
        with pytest.raises(ParameterError) as caught:
            method(*counts)
        assert message in str(caught.value)


def test_unknown_measure():
    with pytest.raises(ParameterError, match="measure: found 'OR', expected one of odds_ratio"):
        mantel_haenszel(1, 10, 2, 10, measure="OR")
