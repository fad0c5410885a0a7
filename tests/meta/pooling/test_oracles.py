"""Parity of pooling with metafor on every data set of tests/oracles/synthesis/pooling."""

from typing import Any

import numpy as np
import pytest

from evidence.meta.pooling import Pooled, i2_limits, pool
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE, assert_close

FOLDER = "synthesis/pooling"
METHODS = {
    **{name: name for name in ("REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS")},
    "EE": "common",
}
INTERVALS = {"z": "wald", "knha": "hksj", "adhoc": "hksj_adhoc"}

# What is not compared, and why.
EXCLUDED_METHODS = {
    "GENQ": "estimator with a free choice of weights; not offered",
    "PMM": "median-unbiased variant of PM; not offered",
    "DLIT": "iterated DL, whose limit is PM; not offered",
    "SJIT": "iterated SJ, whose limit is PM; not offered",
    "HSk": "small-sample variant of HS; not offered",
}
EXCLUDED_TESTS = {"t": "t distribution without the Hartung-Knapp standard error; not offered"}
EXCLUDED_INTERVALS = {
    "PL": "profile likelihood interval of tau2; the Q-profile interval is offered",
    "Wald": "normal interval of tau2; the Q-profile interval is offered",
    "GENQ": "interval of an estimator that is not offered",
}

# Iterative results that agree less than to ITERATIVE, and why. In crisafulli2020 the sampling
# variances are near 1e-9, so that the absolute thresholds at which the reference stopped (1e-12
# and 1e-13 on tau2) are coarse: these reach ITERATIVE_LOOSE.
LOOSE = {("crisafulli2020", "PR", "PM")}
# The threshold exceeds even that: tau2 is compared to it, and the likelihood decides.
STOPPED_EARLY = {("crisafulli2020", "PR", "REML")}


def excluded(analysis: dict[str, Any]) -> bool:
    arguments = analysis["args"]
    if analysis["group"] == "confint":
        return arguments["type"] in EXCLUDED_INTERVALS
    return arguments["method"] in EXCLUDED_METHODS or arguments["test"] in EXCLUDED_TESTS


def numbers_of(contents: dict[str, Any], analysis: dict[str, Any]) -> tuple[Any, Any]:
    data = contents["sets"][analysis["set"]]
    return data["yi"], data["vi"]


def assert_agrees(
    pooled: Pooled, expected: dict[str, Any], tolerance: float, variances: Any, what: str
) -> None:
    def check(field: str, actual: Any, value: Any, scale: float, by: float = tolerance) -> None:
        assert_close(actual, value, by, scale, f"{what} {field}")

    se = expected["se"]
    check("effect", pooled.effect, expected["b"], se)
    check("se", pooled.se, se, 0)
    # An interval is as wide as its quantile, which is 12.7 for k = 2.
    width = expected["ci_ub"] - expected["ci_lb"]
    check("ci_low", pooled.ci_low, expected["ci_lb"], width)
    check("ci_high", pooled.ci_high, expected["ci_ub"], width)
    # The relative error of a tail probability is that of its statistic times its square.
    statistic = (expected["b"] / se) ** 2
    check("p_value", pooled.p_value, expected["pval"], 0, tolerance * (1 + statistic))
    assert pooled.df == expected["df"], what
    check("tau2", pooled.tau2, expected["tau2"], float(np.median(variances)))
    assert pooled.i2 is not None
    check("i2", pooled.i2, expected["I2"] / 100, 1)
    check("h2", pooled.h2, expected["H2"], 0)
    check("q", pooled.q, expected["QE"], 0, CLOSED_FORM)
    check("q_p", pooled.q_p, expected["QEp"], 0, CLOSED_FORM * (1 + expected["QE"]))
    if "weights_pct" in expected:
        for i, weight in enumerate(expected["weights_pct"]):
            check(f"weights[{i}]", pooled.weights[i], weight / 100, 0)


def assert_prediction(pooled: Pooled, expected: Any, tolerance: float, what: str) -> None:
    low, high = expected
    scale = 0 if low is None else high - low
    assert_close(pooled.prediction_low, low, tolerance, scale, f"{what} prediction_low")
    assert_close(pooled.prediction_high, high, tolerance, scale, f"{what} prediction_high")


def log_likelihood(effects: Any, variances: Any, tau2: float) -> float:
    """Restricted log-likelihood, written as in textbooks and in extended precision."""
    y, v = np.asarray(effects, np.longdouble), np.asarray(variances, np.longdouble)
    w = 1 / (v + np.longdouble(tau2))
    residual = y - (w * y).sum() / w.sum()
    return float((np.log(w).sum() - np.log(w.sum()) - (w * residual**2).sum()) / 2)


@pytest.mark.parametrize("name", names(FOLDER))
def test_pool_agrees_with_metafor(name: str) -> None:
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        if analysis["group"] != "rma.uni" or excluded(analysis):
            continue
        effects, variances = numbers_of(contents, analysis)
        arguments, expected = analysis["args"], analysis["out"]
        tau2, interval = METHODS[arguments["method"]], INTERVALS[arguments["test"]]
        what = f"{name} {analysis['set']} {analysis['id']}"
        pooled = pool(effects, variances, tau2=tau2, interval=interval)
        assert pooled.tau2_converged, what
        place = (name, analysis["set"], arguments["method"])
        if place in STOPPED_EARLY:
            assert pooled.tau2 == pytest.approx(expected["tau2"], abs=1e-12), what
            assert log_likelihood(effects, variances, pooled.tau2) >= log_likelihood(
                effects, variances, expected["tau2"]
            )
            continue
        iterative = ITERATIVE_LOOSE if place in LOOSE else ITERATIVE
        tolerance = iterative if tau2 in ("REML", "ML", "PM", "EB") else CLOSED_FORM
        assert_agrees(pooled, expected, tolerance, variances, what)
        if "predict" in expected:
            assert_prediction(pooled, expected["predict"], tolerance, what)
        if "predict_90" in expected:
            at_90 = pool(effects, variances, tau2=tau2, interval=interval, level=0.9)
            assert_prediction(at_90, expected["predict_90"], tolerance, f"{what} 90%")
        # With two trials metafor uses one degree of freedom; k - 2 = 0 allows no prediction here.
        if "predict_riley" in expected and len(effects) > 2:
            riley = pool(effects, variances, tau2=tau2, interval=interval, prediction_df="k-2")
            assert_prediction(riley, expected["predict_riley"], tolerance, f"{what} k-2")


@pytest.mark.parametrize("name", names(FOLDER))
def test_q_profile_agrees_with_metafor(name: str) -> None:
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        if analysis["group"] != "confint" or excluded(analysis):
            continue
        effects, variances = numbers_of(contents, analysis)
        pooled = pool(effects, variances, tau2=METHODS[analysis["args"]["method"]])
        what = f"{name} {analysis['set']} {analysis['id']}"
        _, low, high = analysis["out"]["tau2"]
        scale = float(np.median(variances))
        assert_close(pooled.tau2_ci_low, low, ITERATIVE, scale, what)
        if high == 100:
            # metafor looks no further than 100 (three sets of two trials).
            assert pooled.k == 2, what
            assert pooled.tau2_ci_high > 100, what
        else:
            assert_close(pooled.tau2_ci_high, high, ITERATIVE, scale, what)
            limits = i2_limits(pooled, variances)
            assert limits is not None
            coarse = (name, analysis["set"], analysis["args"]["method"]) in STOPPED_EARLY
            by = ITERATIVE_LOOSE if coarse else ITERATIVE
            for actual, percent in zip(limits, analysis["out"]["I2"][1:], strict=True):
                assert_close(100 * actual, percent, by, 1, f"{what} I2")


def test_grid_is_complete() -> None:
    compared: dict[tuple[str, ...], int] = {}
    left_out = 0
    for name, _, analysis in analyses(FOLDER):
        arguments = analysis["args"]
        if excluded(analysis):
            assert "out" not in analysis, f"{name} {analysis['id']} is left out but has numbers"
            left_out += 1
        elif analysis["group"] == "rma.uni":
            key = ("rma.uni", METHODS[arguments["method"]], INTERVALS[arguments["test"]])
            compared[key] = compared.get(key, 0) + 1
        else:
            assert arguments["type"] == "QP"
            compared["confint",] = compared.get(("confint",), 0) + 1
    expected = {
        ("rma.uni", tau2, interval): count
        for tau2, counts in {
            "common": {"wald": 79, "hksj": 79},
            "DL": {"wald": 80, "hksj": 79, "hksj_adhoc": 27},
            "REML": {"wald": 80, "hksj": 79, "hksj_adhoc": 27},
            "SJ": {"wald": 79, "hksj": 79, "hksj_adhoc": 27},
            "PM": {"wald": 79, "hksj": 79, "hksj_adhoc": 27},
            **{m: dict.fromkeys(INTERVALS.values(), 27) for m in ("ML", "EB", "HE", "HS")},
        }.items()
        for interval, count in counts.items()
    }
    assert compared == {**expected, ("confint",): 268}
    assert sum(compared.values()) + left_out == 1440 + 480
