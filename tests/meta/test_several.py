"""Models of several effects per trial answer what is asked next, as metafor and clubSandwich."""

import doctest
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta.answers import MOST_LINES, WIDTH
from evidence.meta.multilevel import profile
from evidence.meta.multilevel.profile import profile_intervals
from evidence.meta.several import Several
from tests.oracles import read
from tests.tolerances import SEARCHED

CONTENTS = read("synthesis/correlated", "assink2016")


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(one["args"], one["out"], id=one["id"])
        for one in CONTENTS["analyses"]
        if one["id"].endswith(kind)
    ]


@cache
def fitted(mods: str, v: str) -> Several:
    data = CONTENTS["sets"]["GEN"]
    table = pd.DataFrame({"trial": data["cluster"], "effect": data["yi"], "variance": data["vi"]})
    errors: dict[str, Any] = {"model": "three_level"} if v == "diag" else {"rho": 0.6}
    if mods == "1":
        found = meta.pool(table, cluster="trial", **errors)
    else:
        design = CONTENTS["designs"][mods]
        names = [f"x{i}" for i in range(1, len(design["columns"]))]
        table[names] = np.array(design["matrix"])[:, 1:]
        found = meta.regress(table, " + ".join(names), cluster="trial", **errors)
    assert isinstance(found, Several)
    return found


def aligned(found: Any, right: Any, by: float) -> None:
    """Compare numbers where both are there; what is not determined is None here."""
    pairs = [(a, b) for a, b in zip(found, right, strict=True) if a is not None and b is not None]
    assert pairs
    ours, theirs = (np.array(one, dtype=float) for one in zip(*pairs, strict=True))
    assert ours == pytest.approx(theirs, rel=by, abs=by)


@pytest.mark.parametrize(("args", "out"), cases("_predict_robust"))
def test_predictions_are_those_of_robust_results(args, out):
    fit = fitted(args["mods"], args["V"])
    rows = np.array(args["X"], dtype=float)
    new = pd.DataFrame({f"x{i}": rows[:, i] for i in range(1, rows.shape[1])})
    found = (fit.predict() if args["mods"] == "1" else fit.predict(new)).frame
    for ours, theirs in (("effect", "pred"), ("se", "se"), ("ci_low", "ci_lb"),
                         ("ci_high", "ci_ub"), ("prediction_low", "pi_lb"),
                         ("prediction_high", "pi_ub"), ("df", "ddf")):  # fmt: skip
        by = SEARCHED
        right = out[theirs] if isinstance(out[theirs], list) else [out[theirs]]
        aligned([None if pd.isna(one) else one for one in found[ours]], right, by)


@pytest.mark.parametrize(("args", "out"), cases("_cluster_fixed"))
def test_influence_of_trials_is_that_of_metafor(args, out):
    frame = fitted(args["mods"], args["V"]).influence().frame.set_index("trial")
    ours = frame.loc[out["cluster"]].astype(object).where(lambda one: one.notna(), None)
    aligned(ours.cook_distance, out["cooks"], SEARCHED)
    assert [one is None for one in ours.cook_distance] == [one is None for one in out["cooks"]]
    changes = [one for one in ours if one.startswith("dfbetas")]
    for name, right in zip(changes, out["dfbetas"].values(), strict=True):
        aligned(ours[name], right, SEARCHED)


@pytest.mark.parametrize(("args", "out"), cases("_cluster_refit"))
def test_influence_with_variances_estimated_anew_is_that_of_metafor(args, out):
    frame = fitted(args["mods"], args["V"]).influence(refit=True).frame.set_index("trial")
    ours = frame.loc[out["cluster"]].astype(object).where(lambda one: one.notna(), None)
    aligned(ours.cook_distance, out["cooks"], SEARCHED)
    changes = [one for one in ours if one.startswith("dfbetas")]
    assert len(changes) == len(out["dfbetas"])
    for name, right in zip(changes, out["dfbetas"].values(), strict=True):
        aligned(ours[name], right, SEARCHED)


@pytest.mark.parametrize(("args", "out"), cases("_hat"))
def test_hat_values_are_those_of_metafor(args, out):
    fit = fitted(args["mods"], args["V"])
    assert fit.fit is not None
    aligned(profile.trial_diagnostics(fit.fit).hat, out["hat"], SEARCHED)


@pytest.mark.parametrize(("args", "out"), cases("_wald_cr2"))
def test_terms_are_tested_as_clubsandwich_does(args, out):
    fit = fitted(args["mods"], args["V"])
    if args["mods"] == "year":
        found = fit.test("x1")
        ours = (found.statistic, found.df_denominator, found.p_value)
        right = (out["Fstat"], out["df_denom"], out["pval"])
        assert ours == pytest.approx(right, rel=SEARCHED)
    with pytest.raises(ParameterError, match="term: found 'z', expected one of 1, x1"):
        fit.test("z")


def test_all_are_compared() -> None:
    kinds = ("_predict_robust", "_cluster_fixed", "_cluster_refit", "_hat", "_wald_cr2")
    assert [len(cases(one)) for one in kinds] == [8, 8, 8, 8, 6]
    assert doctest.testmod(profile).failed == 0


def test_variances_have_profile_intervals_and_answers_are_short() -> None:
    fit = fitted("1", "rho0.6")
    assert fit.fit is not None
    found = fit.profile()
    right = profile_intervals(fit.fit)
    assert found.frame.high.tolist() == [one.high for one in right]
    for one in (fit, fitted("pubstatus+year", "diag"), found, fit.predict(), fit.influence()):
        lines = repr(one).splitlines()
        assert len(lines) <= MOST_LINES
        assert all(len(line) <= WIDTH for line in lines)
    assert fit.coefficients().estimate.tolist() == [fit.effect]
    with pytest.raises(ParameterError, match="term: found 'x1', expected one of a formula"):
        fit.test("x1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau2": "DL", "cluster": "trial"}, "tau2: found 'DL', expected nothing, since models of"),
        ({"model": "che"}, "model: found 'che', expected nothing without cluster"),
        ({"rho": 0.5}, "rho: found 0.5, expected nothing without cluster"),
        (
            {"model": "robust", "cluster": "trial"},
            "model: found 'robust', expected one of che, thr",
        ),
        ({"model": "three_level", "rho": 0.5, "cluster": "trial"}, "rho: found 0.5, expected noth"),
    ],
)
def test_choices_that_mean_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    table = pd.DataFrame({"trial": [*"aabbcd"], "effect": 0.1, "variance": 0.04, "x": range(6)})
    with pytest.raises(ParameterError, match=message):
        meta.regress(table, "x", **options)


def test_rows_without_a_moderator_leave_a_given_covariance_too() -> None:
    table = pd.DataFrame(
        {
            "trial": [*"aabbccdd"],
            "effect": [0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2],
            "variance": 0.05,
            "x": [1.0, None, 3, 5, 4, 6, 2, 1],
        }
    )
    whole = meta.repeated_covariance(table, cluster="trial", rho=0.6)
    found = meta.regress(table, "x", cluster="trial", covariance=whole)
    right = meta.regress(table.drop(1), "x", cluster="trial", rho=0.6)
    assert isinstance(found, Several)
    assert isinstance(right, Several)
    assert found.coefficients().estimate.tolist() == right.coefficients().estimate.tolist()
    assert len(found.left_out) == 1
