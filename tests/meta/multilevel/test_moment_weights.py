"""Robust variance estimation with weights from moments, against robumeta."""

import doctest

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.multilevel import moment_weights
from evidence.meta.multilevel.moment_weights import robust_pool
from evidence.meta.pooling import pool
from tests.oracles import read
from tests.tolerances import CLOSED_FORM, ITERATIVE

ANALYSES = read("synthesis/moderated", "robumeta")["analyses"]
WEIGHTS = {"CORR": "correlated", "HIER": "hierarchical"}

EFFECTS = [0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2]
VARIANCES = [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04]
TRIALS = ["a", "a", "b", "b", "c", "d", "d", "e"]


def test_examples_run():
    assert doctest.testmod(moment_weights).failed == 0


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: f"{a['data']}-{a['id']}")
def test_agrees_with_robumeta(analysis):
    data, out = read("synthesis/multilevel", analysis["data"])["set"], analysis["out"]
    found = robust_pool(
        data["yi"], data["vi"], data["cluster"], weights=WEIGHTS[analysis["args"]["model"]]
    )
    mean, by = found.coefficients[0], {"rel": 10 * CLOSED_FORM}
    assert mean.estimate == pytest.approx(out["b"], **by)
    assert mean.se == pytest.approx(out["se"], **by)
    assert mean.df == pytest.approx(out["dfs"], **by)
    assert mean.p_value == pytest.approx(out["p"], rel=1e-9)
    assert found.tau2 == pytest.approx(out["tau2"], **by)
    if found.weights == "correlated":
        assert mean.ci_low == pytest.approx(out["ci_lb"], rel=1e-9)
        assert mean.ci_high == pytest.approx(out["ci_ub"], rel=1e-9)
    else:
        assert found.omega2 == pytest.approx(out["omega2"], abs=1e-15, **by)


def test_grid_is_complete():
    assert len(ANALYSES) == 10


@pytest.mark.parametrize("weights", list(WEIGHTS.values()))
def test_one_effect_per_trial_has_the_weights_of_dersimonian_and_laird(weights):
    found = robust_pool(EFFECTS[:5], VARIANCES[:5], list("abcde"), weights=weights)
    pooled = pool(EFFECTS[:5], VARIANCES[:5], tau2="DL")
    assert found.tau2 == pytest.approx(pooled.tau2, abs=1e-12)
    assert found.coefficients[0].estimate == pytest.approx(pooled.effect, rel=ITERATIVE)


@pytest.mark.parametrize("weights", list(WEIGHTS.values()))
def test_units_and_order_do_not_matter(weights):
    order = [4, 7, 0, 2, 6, 1, 3, 5]
    design = {"intercept": np.ones(8), "x": np.arange(8.0)}
    found = robust_pool(EFFECTS, VARIANCES, TRIALS, weights=weights, design=design)
    turned = robust_pool(
        [10 * EFFECTS[i] for i in order],
        [100 * VARIANCES[i] for i in order],
        [TRIALS[i] for i in order],
        weights=weights,
        design={name: column[order] for name, column in design.items()},
    )
    assert turned.tau2 == pytest.approx(100 * found.tau2, rel=ITERATIVE, abs=1e-10)
    for ours, theirs in zip(found.coefficients, turned.coefficients, strict=True):
        assert 10 * ours.estimate == pytest.approx(theirs.estimate, rel=ITERATIVE)
        assert 10 * ours.se == pytest.approx(theirs.se, rel=ITERATIVE)
        assert ours.df == pytest.approx(theirs.df, rel=ITERATIVE)


def test_alike_effects_leave_no_variance():
    found = robust_pool([0.3] * 8, VARIANCES, TRIALS, weights="hierarchical")
    assert (found.tau2, found.omega2) == (0, 0)
    assert robust_pool([0.3] * 8, VARIANCES, TRIALS).tau2 == 0


def test_effects_that_vary_within_trials_alone():
    effects = [1.0, -1.0, 1.2, -1.2, 0.0, 1.1, -1.1, 0.0]
    found = robust_pool(effects, VARIANCES, TRIALS, weights="hierarchical")
    assert found.tau2 == 0
    assert found.omega2 > 0.5


def test_refused():
    with pytest.raises(ParameterError, match="rho: found 1"):
        robust_pool(EFFECTS, VARIANCES, TRIALS, rho=1.5)
    with pytest.raises(ParameterError, match="weights: found 'CORR'"):
        robust_pool(EFFECTS, VARIANCES, TRIALS, weights="CORR")
    with pytest.raises(ParameterError, match="variance"):
        robust_pool(EFFECTS, VARIANCES[:3], TRIALS)
