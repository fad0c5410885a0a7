"""Intervals of tau2 by the likelihood and fit of the models, against metafor."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from evidence.errors import ParameterError
from evidence.meta.pooling import pool, tau2_profile
from evidence.meta.pooling.tau2_profile import tau2_likelihood as by_likelihood
from tests.oracles import read
from tests.tolerances import ITERATIVE, ITERATIVE_LOOSE

FOLDER = "synthesis/likelihood"

COARSE = {("crisafulli2020", "PR"): 2e-4, ("crisafulli2020", "PFT"): ITERATIVE_LOOSE}
"""Variances near 1e-9, beside which the absolute thresholds of the reference are coarse."""


def of(file):
    for analysis in read(FOLDER, file)["analyses"]:
        data = read("synthesis/pooling", analysis["data"])["sets"][analysis["set"]]
        by = COARSE.get((analysis["data"], analysis["set"]), ITERATIVE)
        yield (data["yi"], data["vi"]), analysis["args"], analysis["out"], by


def test_examples_run():
    assert doctest.testmod(tau2_profile).failed == 0


def test_intervals():
    for data, arguments, (tau2, low, high), by in of("intervals"):
        found = by_likelihood(*data, method=arguments["method"])
        limits = (
            (found.profile_low, found.profile_high)
            if arguments["type"] == "PL"
            else (found.wald_low, found.wald_high)
        )
        scale = np.median(data[1])
        assert found.tau2 == pytest.approx(tau2, rel=by, abs=by * scale)
        assert limits[0] == pytest.approx(low, rel=by, abs=by * scale)
        assert limits[1] == pytest.approx(high, rel=by, abs=by * scale)


def test_fits():
    for data, arguments, out, by in of("fits"):
        found = by_likelihood(*data, method=arguments["method"])
        assert found.log_likelihood == pytest.approx(out["ll"], abs=ITERATIVE)
        assert found.aic == pytest.approx(out["AIC"], abs=ITERATIVE)
        assert found.bic == pytest.approx(out["BIC"], abs=ITERATIVE)
        assert found.aicc == pytest.approx(out["AICc"], abs=ITERATIVE)
        assert found.se == pytest.approx(out["se_tau2"], rel=max(by, ITERATIVE))


def test_grid_is_complete():
    counts = {}
    for analysis in read(FOLDER, "intervals")["analyses"]:
        key = (analysis["args"]["type"], analysis["args"]["method"])
        counts[key] = counts.get(key, 0) + 1
    assert counts == {("PL", "REML"): 79, ("PL", "ML"): 27, ("Wald", "REML"): 79}
    assert len(read(FOLDER, "fits")["analyses"]) == 107


TRIALS = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=8).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@given(TRIALS, st.sampled_from(["REML", "ML"]))
def test_the_estimate_lies_inside_and_a_higher_level_reaches_further(trials, method):
    narrow, wide = (by_likelihood(*trials, method=method, level=level) for level in (0.5, 0.9))
    assert narrow.tau2 == pool(*trials, tau2=method).tau2
    assert 0 <= wide.profile_low <= narrow.profile_low <= narrow.tau2
    assert narrow.tau2 < narrow.profile_high < wide.profile_high


@given(TRIALS, st.floats(0, 4))
def test_likelihoods_are_those_of_densities(trials, tau2):
    """The restricted one is the density of error contrasts, Patterson and Thompson (1971).

    Of any orthonormal ones, here of the last columns of a QR decomposition, by scipy's density of
    the multivariate normal distribution; the other is the product of univariate densities.
    """
    effects, variances = trials
    spread = variances + tau2
    frame = np.column_stack([np.ones(effects.size), np.eye(effects.size)[:, 1:]])
    contrasts = np.linalg.qr(frame)[0][:, 1:]
    right = {
        "REML": multivariate_normal.logpdf(
            contrasts.T @ effects, cov=contrasts.T @ np.diag(spread) @ contrasts
        ),
        "ML": norm.logpdf(effects, np.average(effects, weights=1 / spread), np.sqrt(spread)).sum(),
    }
    for method, height in right.items():
        found = tau2_profile.log_likelihoods(*trials, [tau2], method=method)
        assert found == pytest.approx([height], rel=1e-11, abs=1e-11)


def test_refused():
    with pytest.raises(ParameterError, match="two or more trials"):
        by_likelihood([0.1], [0.1])
    with pytest.raises(ParameterError, match="method: found 'DL'"):
        by_likelihood([0.1, 0.2], [0.1, 0.1], method="DL")
