"""Parity of multilevel models with metafor's rma.mv and anova.

Robust errors are compared in test_robust_oracles.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from evidence.meta.multilevel import fit_multilevel, fit_multivariate
from evidence.meta.multilevel.covariance import correlated_covariance, evaluate
from evidence.meta.multilevel.inference import (
    Coefficient,
    MultilevelFit,
    Working,
    coefficients,
    contrast,
    joint_test,
)
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, SEARCHED

FOLDER = "synthesis/multilevel"

# What is not compared, and why.
EXCLUDED_VCOV = {
    "CR1S": "CR0 times another constant; not offered",
    "CR3": "leave-one-cluster-out; not offered",
}
EXCLUDED_TESTS = {
    "z": "normal distribution with cluster-robust errors; Satterthwaite is offered",
    "naive-t": "t with J - 1 degrees of freedom; Satterthwaite is offered",
    "saddlepoint": "not offered",
}

# Where the optimizer of the reference stopped on the flat top of the likelihood, 1e-11 below the
# maximum found here: variances agree to 1e-4 and the likelihood decides.
STOPPED_EARLY = {("nakagawa2007", "ml3_ML_z"), ("nakagawa2007", "ml3_ML_t")}

# The reference keeps a year near 1976 uncentered and loses digits: exact rational arithmetic gives
# the numbers here to 1e-13.
UNCENTERED = {("konstantopoulos2011", "ml3_mr_year")}

Analysis = dict[str, Any]


def excluded(analysis: Analysis) -> bool:
    arguments = analysis["args"]
    if analysis["group"] != "clubSandwich" or "Wald" in analysis["id"]:
        return False
    # A confidence interval has no test: it is Satterthwaite's.
    return arguments["vcov"] in EXCLUDED_VCOV or arguments.get("test") in EXCLUDED_TESTS


def find(name: str, identity: str) -> Analysis:
    return next(a for a in read(FOLDER, name)["analyses"] if a["id"] == identity)


def of_group(name: str, *groups: str) -> list[Analysis]:
    return [a for a in read(FOLDER, name)["analyses"] if a["group"] in groups and not excluded(a)]


def sampling_covariance(data: dict[str, Any], arguments: Analysis) -> Any:
    v, cluster = np.array(data["vi"]), np.array(data["cluster"])
    together = (cluster[:, None] == cluster) & ~np.eye(v.size, dtype=bool)
    if "within" in data:
        return np.diag(v) + together * np.array(data["within"])
    if "phi_V" in arguments:
        times = np.array(data["time"], dtype=float)
        rho = np.where(together, arguments["phi_V"] ** np.abs(times[:, None] - times), 0.0)
        return np.diag(v) + rho * np.sqrt(np.outer(v, v))
    if "rho_V" in arguments:
        return correlated_covariance(v, cluster.tolist(), arguments["rho_V"])
    return v


def regression(data: dict[str, Any], moderators: list[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {"intrcpt": np.ones(len(data["yi"]))}
    for moderator in moderators:
        values = data[moderator]
        if isinstance(values[0], str):
            for level in sorted(set(values))[1:]:
                columns[moderator + level] = [float(value == level) for value in values]
        else:
            columns[moderator] = values
    return columns


def outcome_by_year(data: dict[str, Any]) -> dict[str, Any]:
    year = np.array(data["year"]) - 1983
    is_first = np.array([float(value == "AL") for value in data["outcome"]])
    return {
        "AL": is_first,
        "PD": 1 - is_first,
        "AL by year": is_first * year,
        "PD by year": (1 - is_first) * year,
    }


@cache
def fitted(name: str, identity: str, inference: str | None = None) -> MultilevelFit:
    analysis = find(name, identity)
    arguments, data = analysis["args"], read(FOLDER, name)["set"]
    mods = arguments.get("mods", [])
    if "rows_in_set" in arguments:
        kept = [row - 1 for row in arguments["rows_in_set"]]
        data = {key: [values[i] for i in kept] for key, values in data.items()}
    # Regressions on moderators of the trial were run with t.
    t = arguments.get("test") == "t" or ("random" in arguments and mods)
    common: dict[str, Any] = {
        "method": arguments.get("method", "REML"),
        "inference": inference or ("t" if t else "z"),
    }
    covariance = sampling_covariance(data, arguments)
    if "struct" in arguments:
        outcome = data["outcome"] if "outcome" in data else data["time"]
        return fit_multivariate(
            data["yi"],
            covariance,
            data["cluster"],
            data["tnum"] if arguments["struct"] == "CAR" else outcome,
            structure=arguments["struct"],
            design=outcome_by_year(data) if "year" in str(mods) else None,
            **common,
        )
    return fit_multilevel(
        data["yi"],
        covariance,
        data["cluster"],
        random=("cluster", "effect") if arguments["random"].endswith("/es") else ("cluster",),
        design=regression(data, mods) if mods else None,
        **common,
    )


def with_variances_of_reference(name: str, identity: str) -> MultilevelFit:
    """Give the fit with the variances that the reference found, to test what follows from them."""
    fit, out = fitted(name, identity), find(name, identity)["out"]
    data, model = read(FOLDER, name)["set"], fit.working.model
    if "G" in out:
        key = "outcome" if "outcome" in data else "time"
        levels = sorted(set(data[key]))
        index = np.array([levels.index(value) for value in data[key]])
        between = np.array(out["G"]) / model.unit**2
        blocks = [
            between[index[g.rows][:, :, None], index[g.rows][:, None, :]] for g in model.groups
        ]
    else:
        sigma2 = [*out["sigma2"], 0.0][:2] / np.array(model.unit**2)
        blocks = [
            np.tile(sigma2[0] + sigma2[1] * np.eye(g.rows.shape[1]), (g.rows.shape[0], 1, 1))
            for g in model.groups
        ]
    at = evaluate(model, blocks, restricted=fit.method == "REML")
    return replace(
        fit,
        log_likelihood=at.log_likelihood,
        working=Working(fit.working.names, model, at),
    )


def closed_form(name: str, identity: str) -> float:
    return ITERATIVE if (name, identity) in UNCENTERED else CLOSED_FORM


def close(actual: Any, expected: Any, tolerance: float, scale: Any, what: str) -> None:
    """Compare relative to the expected value or the scale, whichever is larger."""
    given, wanted = np.array(actual, dtype=float), np.array(expected, dtype=float)
    allowed = tolerance * np.maximum(np.abs(wanted), scale)
    assert (np.abs(given - wanted) <= allowed).all(), f"{what}: {given} against {wanted}"


def assert_coefficients(
    found: tuple[Coefficient, ...],
    expected: Mapping[str, Any],
    tolerance: float,
    what: str,
    keys: Mapping[str, str],
) -> None:
    """Compare the fields that the reference has; a probability by its statistic squared."""
    se = [c.se for c in found]
    statistic = np.array([c.estimate for c in found]) / np.array(se, dtype=float)
    for field, key in keys.items():
        if key not in expected:
            continue
        actual = [getattr(c, field) for c in found]
        scale = {"se": 0, "df": 0, "p_value": 0}.get(field, np.array(se))
        if field == "p_value":
            loose = 1 + float((statistic**2).max())
            close(actual, expected[key], tolerance * loose, 0, f"{what} {field}")
        elif field in ("ci_low", "ci_high"):
            width = np.array([c.ci_high - c.ci_low for c in found])  # type: ignore[operator]
            close(actual, expected[key], tolerance, width, f"{what} {field}")
        else:
            close(actual, expected[key], tolerance, scale, f"{what} {field}")


OF_MODEL = {
    "estimate": "b",
    "se": "se",
    "p_value": "pval",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
}


def variances(fit: MultilevelFit) -> list[float | None]:
    nested = [fit.sigma2_cluster, fit.sigma2_effect]
    return [value for value in nested if value is not None] or list(fit.tau2)


@pytest.mark.parametrize("name", names(FOLDER))
def test_search_finds_the_variances_of_metafor(name: str) -> None:
    for analysis in of_group(name, "rma.mv"):
        if analysis["id"] == "ml_lrt":
            continue
        out, what = analysis["out"], f"{name} {analysis['id']}"
        fit = fitted(name, analysis["id"])
        assert fit.converged, what
        # The reference can stop below the top, never above it.
        assert fit.log_likelihood >= out["ll"] - 1e-10, what
        assert fit.log_likelihood <= out["ll"] + 1e-7, what
        unit = float(np.median(read(FOLDER, name)["set"]["vi"]))
        loose = 10 if (name, analysis["id"]) in STOPPED_EARLY else 1
        expected = out.get("sigma2") or out["tau2"]
        close(variances(fit), expected, loose * SEARCHED, 1e-3 * unit, what)
        if out.get("rho", [0]) != [0]:
            close(fit.rho, out["rho"], SEARCHED, 1, what)
        assert_coefficients(fit.coefficients, out["coef"], SEARCHED, what, OF_MODEL)


@pytest.mark.parametrize("name", names(FOLDER))
def test_variances_at_zero_are_zero(name: str) -> None:
    for analysis in of_group(name, "rma.mv"):
        for label, value in zip(
            ("sigma2_cluster", "sigma2_effect"), analysis["out"].get("sigma2", []), strict=False
        ):
            fit = fitted(name, analysis["id"])
            at_zero = value < 1e-8
            assert (getattr(fit, label) == 0) == at_zero, f"{name} {analysis['id']}"
            assert (label in fit.boundary) == at_zero, f"{name} {analysis['id']}"


@pytest.mark.parametrize("name", names(FOLDER))
def test_what_follows_from_the_variances_agrees_with_metafor(name: str) -> None:
    for analysis in of_group(name, "rma.mv"):
        if analysis["id"] == "ml_lrt":
            continue
        out, what = analysis["out"], f"{name} {analysis['id']}"
        fit = with_variances_of_reference(name, analysis["id"])
        by = closed_form(name, analysis["id"])
        found = coefficients(fit, fit.inference)
        assert_coefficients(found, out["coef"], by, what, OF_MODEL)
        close(fit.log_likelihood, out["ll"], by, 1, what)
        close(fit.q, out["QE"], by, 1, what)
        close(fit.q_p, out["QEp"], by * (1 + out["QE"]), 0, what)
        assert fit.k_estimates == out["k"], what
        if "ddf" in out:
            assert [c.df for c in found] == out["ddf"], what
            joint = joint_test(fit, jointly(fit))
            assert joint.df_numerator == out["QMdf"][0], what
            assert joint.df_denominator == out["QMdf"][1], what
            close(joint.statistic, out["QM"], by, 0, what)
            close(joint.p_value, out["QMp"], by * (1 + 2 * out["QM"]), 0, what)


def jointly(fit: MultilevelFit) -> list[str]:
    """Name what R tests together: all coefficients but an intercept, or the intercept alone."""
    known = list(fit.working.names)
    return known if known[0] not in ("intercept", "intrcpt") or len(known) == 1 else known[1:]


@pytest.mark.parametrize("name", names(FOLDER))
def test_heterogeneity_and_prediction_agree_with_metafor(name: str) -> None:
    for analysis in of_group(name, "rma.mv"):
        if analysis["id"] == "ml_lrt":
            continue
        out, what = analysis["out"], f"{name} {analysis['id']}"
        fit = fitted(name, analysis["id"])
        if "I2" in out:
            # In percent there, of each level in turn.
            i2 = out["I2"]
            levels = [fit.i2_cluster, fit.i2_effect][: len(i2["I2_levels"])]
            loose = 10 if (name, analysis["id"]) in STOPPED_EARLY else 1
            close(levels, np.array(i2["I2_levels"]) / 100, loose * SEARCHED, 1, what)
            close(fit.i2, i2["I2_total"] / 100, SEARCHED, 1, what)
            total = sum(value for value in variances(fit) if value is not None)
            assert fit.i2 is not None
            close(total * (1 - fit.i2) / fit.i2, i2["typical_v"], CLOSED_FORM, 0, what)
        if out.get("predict"):
            low, high = out["predict"]
            limits = [fit.prediction_low, fit.prediction_high]
            close(limits, out["predict"], SEARCHED, high - low, what)


@pytest.mark.parametrize("name", names(FOLDER))
def test_dropping_a_variance_agrees_with_metafor(name: str) -> None:
    """Twice the difference of the restricted likelihoods with and without one random effect."""
    for analysis in of_group(name, "rma.mv"):
        if analysis["id"] != "ml_lrt":
            continue
        data = read(FOLDER, name)["set"]
        full = fitted(name, "ml3_REML_z").log_likelihood
        for key, kept in (("drop_cluster", "effect"), ("drop_es", "cluster")):
            fit = fit_multilevel(data["yi"], data["vi"], data["cluster"], random=(kept,))
            ratio = 2 * (full - fit.log_likelihood)
            close(ratio, analysis["out"][key], SEARCHED, 1e-2, f"{name} {key}")


@pytest.mark.parametrize("name", names(FOLDER))
def test_contrasts_agree_with_metafor(name: str) -> None:
    for analysis in of_group(name, "contrast"):
        out, what = analysis["out"], f"{name} {analysis['id']}"
        fit = with_variances_of_reference(name, analysis["args"]["fit"])
        by = closed_form(name, analysis["args"]["fit"])
        weights = dict(zip(fit.working.names, analysis["args"]["L"], strict=True))
        found = contrast(fit, weights)
        expected = {"b": [out["est"]], "se": [out["se"]], "pval": [out["pval"]]}
        assert_coefficients((found,), expected, by, what, OF_MODEL)


def test_grid_is_complete() -> None:
    compared, left_out = Counter[str](), Counter[str]()
    for name, _, analysis in analyses(FOLDER):
        if excluded(analysis):
            assert "out" not in analysis, f"{name} {analysis['id']} is left out but has numbers"
            left_out[analysis["group"]] += 1
        else:
            assert analysis["out"], f"{name} {analysis['id']}"
            compared[analysis["group"]] += 1
    assert compared == {"rma.mv": 93, "contrast": 35, "robust": 90, "clubSandwich": 187}
    assert left_out == {"clubSandwich": 225}
