import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.bayes import posterior
from tests.meta.pooling.test_univariate import ALL
from tests.oracles import read
from tests.tolerances import ITERATIVE_LOOSE, half_unit

FOLDER = "synthesis/bayes"
PRIORS = {
    "halfnormal0.5": ("half_normal", 0.5),
    "halfnormal1": ("half_normal", 1.0),
    "halfcauchy0.5": ("half_cauchy", 0.5),
}
EXCLUDED_PRIORS = {
    "uniform": "improper prior of tau, not offered: with few trials it decides the interval",
    "halfnormal0.5_muN04": "normal prior of the mean, not offered",
}


@pytest.mark.parametrize(
    ("unreported", "scale", "median", "low", "high"),
    [
        (False, 0.5, "0.542", "0.007", "1.122"),
        (False, 1.0, "0.546", "-0.151", "1.314"),
        (True, 0.5, "0.242", "-0.095", "0.672"),
    ],
)
def test_known_values_of_abft(unreported, scale, median, low, high):
    effects, variances = ALL
    if unreported:
        effects = [*effects, 0.0, 0.0]
        variances = [*variances, 1 / 66 + 1 / 63, 1 / 30 + 1 / 30]
    after = posterior(effects, variances, scale=scale)
    assert after.median == pytest.approx(float(median), abs=half_unit(median))
    assert after.ci_low == pytest.approx(float(low), abs=half_unit(low))
    assert after.ci_high == pytest.approx(float(high), abs=half_unit(high))


@pytest.mark.parametrize("analysis", read(FOLDER, "quadrature")["analyses"], ids=lambda a: a["id"])
def test_agrees_with_dense_quadrature(analysis):
    arguments, expected = analysis["args"], analysis["out"]
    prior, scale = PRIORS[arguments["tau_prior"]]
    after = posterior(arguments["yi"], arguments["vi"], scale=scale, prior=prior)
    mean, tau, new = expected["mu"], expected["tau"], expected["predictive"]
    pairs = {
        "median": mean["median"],
        "mean": mean["mean"],
        "ci_low": mean["central"][0],
        "ci_high": mean["central"][1],
        "shortest_low": mean["shortest"][0],
        "shortest_high": mean["shortest"][1],
        "probability_positive": 1 - mean["p_lt_0"],
        "tau_median": tau["median"],
        "tau_mean": tau["mean"],
        "tau_ci_low": tau["central"][0],
        "tau_ci_high": tau["central"][1],
        "tau_shortest_low": tau["shortest"][0],
        "tau_shortest_high": tau["shortest"][1],
        "prediction_median": new["median"],
        "prediction_low": new["central"][0],
        "prediction_high": new["central"][1],
    }
    if prior == "half_cauchy" and after.k == 2:
        # The reference integrates to a finite bound; the variances are infinite.
        assert after.sd is None
        assert after.tau_sd is None
    else:
        pairs |= {"sd": mean["sd"], "tau_sd": tau["sd"]}
    for field, value in pairs.items():
        assert getattr(after, field) == pytest.approx(
            value, rel=ITERATIVE_LOOSE, abs=ITERATIVE_LOOSE
        ), field


def test_agrees_with_bayesmeta():
    contents = read(FOLDER, "bayesmeta")
    compared = excluded = 0
    for analysis in contents["analyses"]:
        arguments = analysis["args"]
        if arguments["tau_prior"] in EXCLUDED_PRIORS:
            assert "out" not in analysis
            excluded += 1
            continue
        prior, scale = PRIORS[arguments["tau_prior"]]
        data = contents["sets"][analysis["set"]]
        after = posterior(data["yi"], data["vi"], scale=scale, prior=prior)
        rows = dict(zip(analysis["out"]["summary_rows"], analysis["out"]["summary"], strict=True))
        # bayesmeta is good to 4 or 5 digits, its shortest intervals to 3 or 4; digits count
        # against the spread of what they describe.
        spread = after.ci_high - after.ci_low
        tau_spread = after.tau_ci_high - after.tau_ci_low
        shortest = arguments["interval"] == "shortest"
        places = {
            ("median", 1): (after.median, 1e-4 * spread),
            ("mean", 1): (after.mean, 1e-4 * spread),
            ("median", 0): (after.tau_median, 1e-4 * tau_spread),
            ("mean", 0): (after.tau_mean, 1e-4 * tau_spread),
        }
        if after.sd is not None:
            places["sd", 1] = (after.sd, 1e-3 * spread)
        if shortest:
            places["95% lower", 1] = (after.shortest_low, 1e-3 * spread)
            places["95% upper", 1] = (after.shortest_high, 1e-3 * spread)
            places["95% lower", 0] = (after.tau_shortest_low, 1e-3 * tau_spread)
            places["95% upper", 0] = (after.tau_shortest_high, 1e-3 * tau_spread)
        else:
            places["95% lower", 1] = (after.ci_low, 3e-4 * spread)
            places["95% upper", 1] = (after.ci_high, 3e-4 * spread)
            places["95% lower", 0] = (after.tau_ci_low, 3e-4 * tau_spread)
            places["95% upper", 0] = (after.tau_ci_high, 3e-4 * tau_spread)
            places["95% lower", 2] = (after.prediction_low, 1e-3 * spread)
            places["95% upper", 2] = (after.prediction_high, 1e-3 * spread)
        for (row, column), (value, tolerance) in places.items():
            what = f"{analysis['set']} {analysis['id']} {row} of column {column}"
            assert value == pytest.approx(rows[row][column], abs=tolerance), what
        compared += 1
    assert (compared, excluded) == (25, 10)


@given(
    st.integers(0, 10**6),
    st.integers(2, 6),
    st.sampled_from(["half_normal", "half_cauchy"]),
    st.integers(0, 3),
)
@settings(max_examples=25)
def test_properties(seed, k, prior, magnitudes):
    generator = np.random.default_rng(seed)
    variance = 10 ** generator.uniform(-magnitudes, magnitudes, k)
    effect = generator.normal(0.2, 0.5, k) + generator.normal(0, 1, k) * np.sqrt(variance)
    after = posterior(effect, variance, scale=0.5, prior=prior)
    mirrored = posterior(-effect, variance, scale=0.5, prior=prior)
    scaled = posterior(8 * effect, 64 * variance, scale=4.0, prior=prior)
    close = {"rel": ITERATIVE_LOOSE, "abs": ITERATIVE_LOOSE}
    assert mirrored.median == pytest.approx(-after.median, **close)
    assert mirrored.ci_low == pytest.approx(-after.ci_high, **close)
    assert mirrored.probability_positive == pytest.approx(1 - after.probability_positive, **close)
    assert scaled.ci_high == pytest.approx(8 * after.ci_high, **close)
    assert scaled.tau_median == pytest.approx(8 * after.tau_median, **close)
    width = after.ci_high - after.ci_low
    assert after.shortest_high - after.shortest_low <= width * (1 + 1e-9)
    assert after.tau_shortest_high - after.tau_shortest_low <= (
        after.tau_ci_high - after.tau_ci_low
    ) * (1 + 1e-9)
    assert after.prediction_high - after.prediction_low >= width
    for name in after.__slots__:
        value = getattr(after, name)
        assert value is None or isinstance(value, str) or math.isfinite(value), name


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0.5], [0.1]), {"scale": 0.5}, "effect: found 1, expected two or more trials"),
        (([0.5, 0.1], [0.1, 0.1]), {"scale": 0}, "scale: found 0, expected a positive number"),
        (([0.5, 0.1], [0.1, 0.1]), {"scale": "wide"}, "scale: found 'wide'"),
        (([0.5, 0.1], [0.1, 0.1]), {"scale": math.nan}, "scale: found nan"),
        (([0.5, 0.1], [0.1, 0.1]), {"scale": 1, "prior": "uniform"}, "prior: found 'uniform'"),
        (([0.5, 0.1], [0.1, 0.1]), {"scale": 1, "level": 1}, "level: found 1"),
        (([0.5, 0.1], [0.1, -1]), {"scale": 1}, "variance[1]: found -1.0"),
    ],
)
def test_refusals(arguments, options, message):
    with pytest.raises(ParameterError) as caught:
        posterior(*arguments, **options)
    assert message in str(caught.value)
