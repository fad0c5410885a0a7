"""Subsets of trials, permutation tests and the interval of Henmi and Copas."""

import doctest

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from evidence.errors import ParameterError
from evidence.meta.influence import leave_one_out, subsets
from evidence.meta.influence.subsets import all_subsets
from evidence.meta.pooling import common_weights, pool
from evidence.meta.pooling.common_weights import henmi_copas
from evidence.meta.regression import meta_regression, permutation
from evidence.meta.regression.permutation import permutation_test
from tests.oracles import read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE

FOLDER = "synthesis/rearranged"
METHODS = {"EE": "common", "DL": "DL", "REML": "REML"}
INTERVALS = {"z": "wald", "knha": "hksj"}


def of(file):
    for analysis in read(FOLDER, file)["analyses"]:
        data = read("synthesis/pooling", analysis["data"])["sets"][analysis["set"]]
        yield analysis["data"], (data["yi"], data["vi"]), analysis["args"], analysis["out"]


def options_of(fit):
    method, test = fit.split("_")
    return {"tau2": METHODS[method], "interval": INTERVALS[test]}


@pytest.mark.parametrize("module", [common_weights, permutation, subsets])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_grid_is_complete():
    counts = {file: len(read(FOLDER, file)["analyses"]) for file in ("gosh", "permutest")}
    counts["henmi_copas"] = len(read(FOLDER, "henmi_copas")["analyses"])
    counts["moderators"] = len(read(FOLDER, "permutest_moderators")["analyses"])
    assert counts == {"gosh": 3, "permutest": 20, "henmi_copas": 27, "moderators": 12}


def test_henmi_copas():
    for name, data, _, out in of("henmi_copas"):
        found = henmi_copas(*data)
        assert found.effect == pytest.approx(out["beta"], rel=CLOSED_FORM), name
        assert found.se == pytest.approx(out["se"], rel=CLOSED_FORM), name
        assert found.tau2 == pytest.approx(out["tau2"], rel=CLOSED_FORM, abs=1e-12), name
        # the reference by default stops its search at 1e-4; the others have a narrower one
        for limit, theirs in ((found.ci_low, "ci_lb"), (found.ci_high, "ci_ub")):
            assert abs(limit - out[f"{theirs}_tight"]) <= ITERATIVE_LOOSE * found.se, name
            assert abs(limit - out[theirs]) <= 1e-4 * found.se, name


@pytest.mark.parametrize("name", ["bcg", "lee2004", "normand1999", "bcg_alternate"])
def test_henmi_copas_against_adaptive_quadrature(name):
    data = next(data for found, data, *_ in of("henmi_copas") if found == name)
    found, v = henmi_copas(*data), np.array(data[1])
    w = 1 / v
    # R is the error of the estimate, e a vector of errors; Q = e'A e with e given R normal
    spread = (w**2 * (v + found.tau2)).sum() / w.sum() ** 2
    a = np.diag(w) - np.outer(w, w) / w.sum()
    lever = (v + found.tau2) * w / w.sum() / spread
    sigma = np.diag(v + found.tau2) - spread * np.outer(lever, lever)

    def below(r):
        bound = (((r / found.quantile * w.sum()) ** 2 - w.sum()) / (w**2).sum()) * (
            w.sum() - (w**2).sum() / w.sum()
        ) + (v.size - 1)
        mean = r**2 * lever @ a @ lever + np.trace(a @ sigma)
        variance = 4 * r**2 * lever @ a @ sigma @ a @ lever + 2 * np.trace(a @ sigma @ a @ sigma)
        share = stats.gamma.cdf(bound, mean**2 / variance, scale=variance / mean)
        return share * stats.norm.pdf(r, scale=np.sqrt(spread))

    start = found.quantile / np.sqrt(w.sum())
    stop = start + 12 * np.sqrt(spread)
    tail, _ = integrate.quad(below, start, stop, epsabs=1e-14, epsrel=1e-12, limit=500)
    assert tail == pytest.approx(0.025, rel=ITERATIVE)


def test_without_variation_henmi_copas_is_wider_than_the_common_effect():
    data = [0.3, 0.31, 0.29, 0.3], [0.04, 0.05, 0.06, 0.05]
    found, common = henmi_copas(*data), pool(*data, tau2="common", interval="wald")
    assert found.se == pytest.approx(common.se)
    # the standard error could have come out larger, hence a smaller quantile
    assert found.quantile < stats.norm.ppf(0.975)
    assert henmi_copas(*data, level=0.8).quantile < found.quantile


def test_subsets():
    for name, data, _, out in of("gosh"):
        found = all_subsets(*data, tau2="common")
        members = np.array(out["incl"])
        rows = (members * 2 ** np.arange(members.shape[1])).sum(axis=1) - 1
        np.testing.assert_array_equal(found.members[rows], members == 1, err_msg=name)
        theirs = dict(zip(out["cols"], np.array(out["res"], float).T, strict=True))
        several = theirs["k"] > 1
        by = {"rtol": CLOSED_FORM, "atol": CLOSED_FORM}
        np.testing.assert_array_equal(found.pooled.k[rows], theirs["k"])
        np.testing.assert_allclose(found.pooled.effect[rows], theirs["estimate"], **by)
        for ours, column in (("q", "QE"), ("h2", "H2"), ("tau2", "tau2")):
            values = getattr(found.pooled, ours)[rows]
            np.testing.assert_allclose(values[several], theirs[column][several], **by)
        i2 = 100 * found.pooled.i2[rows][several]
        np.testing.assert_allclose(i2, theirs["I2"][several], rtol=CLOSED_FORM, atol=1e-10)
        assert found.complete
        assert sorted(rows) == list(range(found.members.shape[0]))


def test_subsets_hold_the_whole_and_those_without_one_trial():
    data = [0.1, 0.9, 0.2, 0.8], [0.02, 0.05, 0.03, 0.1]
    found, without = all_subsets(*data), leave_one_out(*data, interval="wald")
    assert found.pooled.effect[-1] == pytest.approx(pool(*data).effect, rel=CLOSED_FORM)
    for i in range(4):
        row = 2**4 - 1 - 2**i - 1
        assert found.pooled.tau2[row] == pytest.approx(without.tau2[i], rel=ITERATIVE)


def test_a_sample_of_subsets_can_be_had_again():
    data = np.linspace(0, 1, 30), np.full(30, 0.1)
    once, again = (all_subsets(*data, tau2="DL", sample=50, seed=7) for _ in range(2))
    np.testing.assert_array_equal(once.members, again.members)
    assert not once.complete
    assert once.members.any(axis=1).all()
    few = all_subsets([0.1, 0.2], [0.1, 0.1], tau2="DL", sample=200, seed=1)
    assert {tuple(row) for row in few.members.tolist()} == {
        (True, False),
        (False, True),
        (True, True),
    }


@pytest.mark.parametrize("call", [all_subsets, permutation_test])
def test_samples_that_cannot_be_drawn(call):
    many = np.linspace(0, 1, 17), np.full(17, 0.1)
    with pytest.raises(ParameterError, match="effect: found 17, expected at most 16 trials"):
        call(*many)
    with pytest.raises(ParameterError, match="seed: found None"):
        call(*many, sample=10)
    with pytest.raises(ParameterError, match="sample: found 0"):
        call(*many, sample=0, seed=1)


def test_signs():
    for name, data, arguments, out in of("permutest"):
        found = permutation_test(*data, **options_of(arguments["fit"]))
        assert found.p_values == pytest.approx(out["pval"], abs=CLOSED_FORM), name
        assert found.exact
        assert found.rearrangements == 2 ** len(data[0])


def test_moderators():
    contents = read(FOLDER, "permutest_moderators")
    for analysis in contents["analyses"]:
        moderators = {name: contents["moderators"][name] for name in analysis["mods"]}
        options = options_of(analysis["fit"])
        found = permutation_test(contents["yi"], contents["vi"], moderators, **options)
        assert found.p_values == pytest.approx(analysis["pval"], abs=CLOSED_FORM)
        assert found.qm_p == pytest.approx(analysis["QMp"], abs=CLOSED_FORM)
        assert found.statistics == pytest.approx(analysis["zval"], rel=ITERATIVE)
        assert found.qm == pytest.approx(analysis["QM"], rel=ITERATIVE)
        whole = meta_regression(contents["yi"], contents["vi"], moderators, **options)
        assert found.names == tuple(c.name for c in whole.coefficients)
        assert found.qm == pytest.approx(whole.qm, rel=ITERATIVE)


def test_the_ad_hoc_factor_reaches_moderators():
    y, v, x = [0.1, 0.2, 0.35, 0.4], [0.1, 0.2, 0.1, 0.3], {"x": [1, 2, 3, 4]}
    by = {
        interval: permutation_test(y, v, x, tau2="DL", interval=interval).statistics
        for interval in ("wald", "hksj", "hksj_adhoc")
    }
    assert by["hksj_adhoc"] == pytest.approx(by["wald"])
    assert abs(by["hksj"][1]) > abs(by["wald"][1])


TRIALS = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=5).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@settings(max_examples=30)
@given(TRIALS)
@example((np.array([0.0, 5e-324]), np.array([1.0, 1.0])))
@example((np.array([0.3, -0.3, 0.0]), np.array([0.1, 0.1, 0.3])))
def test_p_counts_rearrangements_and_ignores_the_direction(trials):
    effects, variances = trials
    found = permutation_test(effects, variances, tau2="DL")
    turned = permutation_test(-effects, variances, tau2="DL")
    count = found.p_values[0] * found.rearrangements
    assert count == pytest.approx(round(count))
    # each pattern of signs has its mirror image
    assert round(count) >= 2
    assert turned.p_values == found.p_values


def test_a_random_sample_is_near_the_exact_p():
    y, v = [0.2, 0.5, -0.1, 0.8, 0.4, 0.3], [0.04, 0.05, 0.06, 0.05, 0.1, 0.02]
    exact = permutation_test(y, v, tau2="DL")
    drawn = permutation_test(y, v, tau2="DL", sample=4000, seed=3)
    assert drawn.p_values[0] == pytest.approx(exact.p_values[0], abs=0.02)
    assert not drawn.exact
    by_order = {"x": [1.0, 4.0, 2.0, 6.0, 3.0, 5.0]}
    exact = permutation_test(y, v, by_order, tau2="DL")
    drawn = permutation_test(y, v, by_order, tau2="DL", sample=1000, seed=3)
    assert drawn.p_values[1] == pytest.approx(exact.p_values[1], abs=0.04)
    assert drawn.rearrangements == 1000


def test_too_few_and_too_many_trials():
    with pytest.raises(ParameterError, match="two or more"):
        henmi_copas([0.1], [0.1])
    with pytest.raises(ParameterError, match="two or more"):
        permutation_test([0.1], [0.1])
    with pytest.raises(ParameterError, match="at most 7 trials with moderators"):
        permutation_test(np.arange(8.0), np.ones(8), {"x": [1, 2, 3, 4, 5, 6, 7, 9]})


def test_differences_of_rounding_are_ties():
    # 0.1 + 0.2 is not 0.3 in doubles: the first estimate is 0 but for that, as is its mirror image
    y, v = np.array([0.1, 0.2, -0.3, 0.7]), np.full(4, 0.1)
    assert permutation_test(np.array([0.1, 0.2, -0.3]), v[:3], tau2="common").p_values == (1.0,)
    moved = {size: permutation_test(size * y, v, tau2="common") for size in (1.0, 1e-5, 1e5)}
    assert len({one.p_values for one in moved.values()}) == 1
    # a slope that is 0 but for rounding is no larger than any other
    level = permutation_test([0.1, 0.3, 0.1, 0.3], v, {"x": [1, 1, 2, 2]}, tau2="common")
    assert level.p_values[1] == level.qm_p == 1.0
