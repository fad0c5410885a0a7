"""Location-scale models, variance inflation and aggregation within trials."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.multilevel import aggregation
from evidence.meta.multilevel.aggregation import aggregate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.pooling import pool
from evidence.meta.regression import inference, meta_regression
from evidence.meta.regression import location_scale as scale_model
from evidence.meta.regression.inference import generalized_variance_inflation, variance_inflation
from evidence.meta.regression.location_scale import location_scale
from tests.oracles import read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE, SEARCHED

FOLDER = "synthesis/moderated"
UNDETERMINED = {"lee2004", "nissen2007"}
"""The variance goes to 0 in some trials, or in all."""


def of(group):
    for analysis in read(FOLDER, group)["analyses"]:
        data = read("synthesis/pooling", analysis["data"])["sets"][analysis["set"]]
        effects, variances = (np.array(data[name])[analysis["rows"]] for name in ("yi", "vi"))
        yield analysis["data"], (effects, variances), analysis["moderators"], analysis["out"]


@pytest.mark.parametrize("module", [aggregation, inference, scale_model])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_grid_is_complete():
    counts = {
        group: len(read(FOLDER, group)["analyses"]) for group in ("vif", "locscale", "aggregate")
    }
    assert counts == {"vif": 17, "locscale": 16, "aggregate": 10}


def test_variance_inflation():
    for name, data, moderators, out in of("vif"):
        found = meta_regression(*data, moderators)
        factors = variance_inflation(found.covariance)
        # the reference keeps years uncentered
        np.testing.assert_allclose(factors, out["vif"], rtol=ITERATIVE, err_msg=name)
        for i, factor in enumerate(factors):
            alone = generalized_variance_inflation(found.covariance, [i + 1])
            assert alone == pytest.approx(factor, rel=ITERATIVE)


def test_joint_inflation_of_independent_groups_is_one():
    covariance = np.diag([1.0, 2, 3, 4])
    covariance[1, 2] = covariance[2, 1] = 1
    assert variance_inflation(covariance) == pytest.approx((1.2, 1.2, 1))
    assert generalized_variance_inflation(covariance, [1, 2]) == pytest.approx(1)
    assert generalized_variance_inflation(covariance, [1, 3]) == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ([[1.0]], "a square matrix of the intercept and a moderator"),
        ([1.0, 2.0], "a square matrix"),
        ([[1, 0, 0], [0, 1, 2], [0, 2, 1]], "positive definite"),
        ([[1, 0, 0], [0, 1, 0.2], [0, 0.1, 1]], "symmetric"),
        ([[1, 0], [0, -1]], "variances above 0"),
    ],
)
def test_matrices_that_are_no_covariance(covariance, message):
    with pytest.raises(ParameterError, match=message):
        variance_inflation(covariance)


@pytest.mark.parametrize("together", [[0], [3], [1, 1], []])
def test_positions_that_are_not_there(together):
    with pytest.raises(ParameterError, match="together"):
        generalized_variance_inflation(np.eye(3), together)


def test_location_scale_agrees_with_metafor():
    for name, data, moderators, out in of("locscale"):
        found = location_scale(*data, moderators, moderators)
        if name in UNDETERMINED:
            # the reference goes on until its steps are small; a trial or all have no variance left
            assert found.log_likelihood == pytest.approx(out["ll"], abs=1e-3), name
            assert (found.scale, found.qs) == (None, None)
            assert "do not determine" in found.warnings[0]
            continue
        assert found.log_likelihood >= out["ll"] - 1e-10, name
        assert found.log_likelihood == pytest.approx(out["ll"], abs=ITERATIVE)
        coef = out["coef"]
        b, se = np.array(coef["b"]), np.array(coef["se"])
        location = np.array([[c.estimate, c.se, c.ci_low, c.ci_high] for c in found.location]).T
        assert location[0] / se == pytest.approx(b / se, rel=ITERATIVE_LOOSE, abs=ITERATIVE_LOOSE)
        assert location[1] == pytest.approx(se, rel=ITERATIVE_LOOSE)
        assert location[2] / se == pytest.approx(coef["ci_lb"] / se, abs=SEARCHED)
        assert location[3] / se == pytest.approx(coef["ci_ub"] / se, abs=SEARCHED)
        p_values = [c.p_value for c in found.location]
        assert p_values == pytest.approx(coef["pval"], rel=SEARCHED, abs=1e-9)
        scale_se = np.array(out["se_alpha"])
        scale = np.array([[c.estimate, c.se] for c in found.scale]).T
        assert scale[0] / scale_se == pytest.approx(out["alpha"] / scale_se, abs=SEARCHED)
        # of standard errors the reference differentiates numerically, on years uncentered
        assert scale[1] == pytest.approx(scale_se, rel=1e-4), name
        assert found.qs == pytest.approx(out["QS"], rel=2e-4, abs=1e-6), name


def test_an_empty_scale_is_a_meta_regression():
    _, data, moderators, _ = next(of("locscale"))
    for method in ("REML", "ML"):
        found = location_scale(*data, moderators, {}, method=method)
        whole = meta_regression(*data, moderators, tau2=method, interval="wald")
        assert found.tau2 == pytest.approx([whole.tau2] * len(found.tau2), rel=ITERATIVE_LOOSE)
        for ours, theirs in zip(found.location, whole.coefficients, strict=True):
            assert ours.estimate == pytest.approx(theirs.estimate, rel=ITERATIVE_LOOSE)
            assert ours.se == pytest.approx(theirs.se, rel=ITERATIVE_LOOSE)
        assert (found.qm, found.qm_df) == (pytest.approx(whole.qm, rel=ITERATIVE_LOOSE), 1)
        assert found.qs is None


def test_a_category_as_scale_gives_each_group_its_own_tau2():
    effects = [0.1, 0.9, 0.3, 0.5, 1.9, -1.2, 0.4, 2.2]
    variances = [0.02, 0.03, 0.02, 0.04, 0.02, 0.03, 0.02, 0.04]
    groups = {"group": list("aaaabbbb")}
    found = location_scale(effects, variances, groups, groups, method="ML")
    for part in (slice(0, 4), slice(4, 8)):
        apart = pool(effects[part], variances[part], tau2="ML")
        assert found.tau2[part] == pytest.approx([apart.tau2] * 4, rel=ITERATIVE_LOOSE)
    assert found.scale[1].name == "group: b"
    assert found.scale[1].estimate == pytest.approx(np.log(found.tau2[4] / found.tau2[0]))


def test_maximum_likelihood_agrees_with_metafor():
    weeks = {"weeks": [6, 8, 7, 12, 14, 12, 16, 16]}
    found = location_scale(
        [0.1, 0.3, 0.2, 0.9, -0.4, 1.2, 0.5, 1.6],
        [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.02],
        weeks,
        weeks,
        method="ML",
    )
    # metafor 3.8-1, rma(yi, vi, mods=~weeks, scale=~weeks, method="ML") with nlminb
    scale = [value for c in found.scale for value in (c.estimate, c.se)]
    assert scale == pytest.approx(
        [-10.7639419788, 5.07437177422, 0.720267847634, 0.383378293714], rel=ITERATIVE
    )
    location = [value for c in found.location for value in (c.estimate, c.se)]
    assert location == pytest.approx(
        [-0.559360528735, 0.33556561323, 0.11025117589, 0.0430923763525], rel=ITERATIVE
    )
    assert found.qs == pytest.approx(3.52966116592, rel=ITERATIVE)
    assert found.log_likelihood == pytest.approx(-3.14726154033, rel=ITERATIVE)


def test_scale_faults_are_named_so():
    with pytest.raises(ParameterError, match=r"scale\['x'\]: found 2, expected one value"):
        location_scale([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], {}, {"x": [1, 2]})
    with pytest.raises(ParameterError, match="method: found 'DL'"):
        location_scale([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], {}, {}, method="DL")


def test_aggregate_agrees_with_metafor():
    for analysis in read(FOLDER, "aggregate")["analyses"]:
        data = read("synthesis/multilevel", analysis["data"])["set"]
        rho = analysis["args"]["rho"]
        if rho == 1:
            # a singular covariance, of which the reference gives what rounding left
            with pytest.raises(ParameterError, match="rho: found 1"):
                correlated_covariance(data["vi"], data["cluster"], rho)
            continue
        covariance = correlated_covariance(data["vi"], data["cluster"], rho)
        found = aggregate(data["yi"], covariance, data["cluster"])
        np.testing.assert_allclose(found.effect, analysis["out"]["yi"], rtol=CLOSED_FORM)
        np.testing.assert_allclose(found.variance, analysis["out"]["vi"], rtol=CLOSED_FORM)
        assert sum(found.k_estimates) == len(data["yi"])


EFFECTS = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.01, 2), st.sampled_from("abc")), min_size=1, max_size=9
)


@settings(max_examples=60)
@given(EFFECTS, st.floats(0, 0.95))
def test_no_average_has_a_smaller_variance_than_the_weighted_one(rows, rho):
    effects, variances, trials = zip(*rows, strict=True)
    covariance = correlated_covariance(variances, trials, rho)
    weighted = aggregate(effects, covariance, trials)
    simple = aggregate(effects, covariance, trials, weighted=False)
    assert weighted.cluster == simple.cluster == tuple(dict.fromkeys(trials))
    for i, trial in enumerate(weighted.cluster):
        own = [y for y, _, name in rows if name == trial]
        assert weighted.variance[i] <= simple.variance[i] * (1 + 1e-9)
        assert simple.effect[i] == pytest.approx(np.mean(own), abs=1e-12)
        assert weighted.k_estimates[i] == len(own)
    # without correlation the average is the common effect of the trial
    apart = aggregate(effects, variances, trials)
    for i, trial in enumerate(apart.cluster):
        own = [(y, v) for y, v, name in rows if name == trial]
        pooled = pool(*zip(*own, strict=True), tau2="common", interval="wald")
        assert apart.effect[i] == pytest.approx(pooled.effect, abs=1e-9)
        assert apart.variance[i] == pytest.approx(pooled.se**2)


def test_weighted_is_true_or_false():
    with pytest.raises(ParameterError, match="weighted"):
        aggregate([0.1], [0.1], ["a"], weighted="yes")
