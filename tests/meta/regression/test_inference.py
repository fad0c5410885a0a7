"""Predictions, tests of coefficients, fit statistics and nested models against metafor; subgroups
with one tau2 against meta and metafor. tests/oracles/README.md says what agrees how far."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.bias.adjusted import limit_meta_analysis
from evidence.meta.effect_size.association import rate
from evidence.meta.multilevel import fit_multilevel
from evidence.meta.pooling import pool
from evidence.meta.regression import fit_design, meta_regression, subgroups
from evidence.meta.regression.inference import (
    column_test,
    likelihood_ratio,
    linear_test,
    predicted,
    regression_diagnostics,
)
from evidence.meta.regression.linear import LinearModel, log_likelihood, tau2_error
from evidence.terms import RemarkKind
from tests.meta.regression.test_regression import assert_close
from tests.oracles import analyses, read
from tests.tolerances import ITERATIVE, UNREFINED

FOLDER, GROUPS = "synthesis/predictions", "synthesis/subgroups"
METHODS = {"EE": "common"}
INTERVALS = {"z": "wald", "knha": "hksj", "adhoc": "hksj_adhoc", "classic": "wald", "HK": "hksj"}


def cases(folder, start):
    return [
        pytest.param(name, analysis, id=f"{name} {analysis['id']}")
        for name, _, analysis in analyses(folder)
        if analysis["id"].startswith(start)
    ]


@cache
def fitted(name, mods, method, test):
    """Fit of a design; with `mods` None that of the intercept alone."""
    contents = read(FOLDER, name)
    (data,) = contents["sets"].values()
    design = contents["designs"][mods or next(iter(contents["designs"]))]
    rows = [i - 1 for i in design["rows_in_set"]]
    columns, matrix = design["columns"], design["matrix"]
    if mods is None:
        columns, matrix = columns[:1], [row[:1] for row in matrix]
    yi, vi = ([data[key][i] for i in rows] for key in ("yi", "vi"))
    tau2, interval = METHODS.get(method, method), INTERVALS[test]
    return fit_design(yi, vi, columns, matrix, tau2=tau2, interval=interval)


def assert_statistics(found, expected, what):
    for kind in ("ML", "REML"):
        ours = getattr(found, kind.lower())
        for field, key in (("log_likelihood", "ll"), ("aic", "AIC"), ("bic", "BIC")):
            reference = expected[kind][key]
            assert_close(getattr(ours, field), reference, ITERATIVE, 1, f"{what} {kind} {key}")
        assert_close(ours.aicc, expected[kind]["AICc"], ITERATIVE, 1, f"{what} {kind} AICc")


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "predict_"))
def test_predictions_agree_with_metafor(name, analysis):
    arguments, expected, what = analysis["args"], analysis["out"], f"{name} {analysis['id']}"
    fit = fitted(name, arguments["mods"], arguments["method"], arguments["test"])
    model = expected["model"]
    assert_statistics(fit, model["fit"], what)
    if arguments["method"] == "EE":
        assert fit.tau2_se is None
    else:
        assert_close(fit.tau2_se, model["se_tau2"], ITERATIVE, 0, f"{what} se of tau2")
    assert_close(fit.qm, model["QM"], ITERATIVE, 1, f"{what} QM")
    for options, key in (
        ({}, None),
        ({"level": 0.9}, "level90"),
        ({"prediction_df": "k-p-1"}, "riley"),
    ):
        if key and key not in expected:
            assert arguments["method"] == "EE"
            continue
        out = expected[key] if key else expected
        found = predicted(fit, arguments["newmods"], **options)
        se = np.array(out["se"])
        assert_close(found.se, se, ITERATIVE, 0, f"{what} {options} se")
        for field, key in (("estimate", "pred"), ("ci_low", "ci_lb"), ("ci_high", "ci_ub")):
            actual = np.array(getattr(found, field))
            assert_close(actual / se, out[key] / se, ITERATIVE, 1, f"{what} {options} {key}")
        if arguments["method"] == "EE":
            # The reference repeats the confidence interval, or widens it to t.
            assert found.prediction_low is None
            assert found.prediction_high is None
            continue
        for field, key in (("prediction_low", "pi_lb"), ("prediction_high", "pi_ub")):
            actual = np.array(getattr(found, field))
            assert_close(actual / se, out[key] / se, ITERATIVE, 1, f"{what} {options} {key}")


def assert_wald(found, expected, what):
    statistic, df, p_value = (expected[key] for key in ("QM", "QMdf", "QMp"))
    assert_close(found.statistic, statistic, ITERATIVE, 1, what)
    assert [found.df_numerator, found.df_denominator] == df, what
    assert found.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-12), what


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "wald_"))
def test_terms_are_tested_as_in_metafor(name, analysis):
    fit = fitted(name, analysis["args"]["mods"], *analysis["args"]["fit"].split("_"))
    names = fit.on_basis.names
    for term, expected in analysis["out"]["terms"].items():
        tested = [names[i - 1] for i in expected["btt"]]
        assert_wald(column_test(fit, tested), expected, f"{name} {analysis['id']} {term}")


def assert_contrasts(found, expected, what):
    se = np.array(expected["se"])
    rows = {
        field: np.array([getattr(one, field) for one in found.contrasts])
        for field in ("estimate", "se", "p_value")
    }
    assert_close(rows["estimate"] / se, expected["est"] / se, ITERATIVE, 1, what)
    assert_close(rows["se"], se, ITERATIVE, 0, what)
    assert rows["p_value"] == pytest.approx(expected["pval"], rel=1e-6, abs=1e-12), what


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "contrasts_"))
def test_contrasts_agree_with_metafor(name, analysis):
    fit = fitted(name, analysis["args"]["mods"], *analysis["args"]["fit"].split("_"))
    found = linear_test(fit, analysis["args"]["L"])
    assert_contrasts(found, analysis["out"], f"{name} {analysis['id']}")
    # More differences of rows than columns depend on each other.
    assert (found.statistic is None) == (len(found.contrasts) >= len(fit.on_basis.names))


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "rhs_"))
def test_right_hand_sides_agree_with_metafor(name, analysis):
    fit = fitted(name, analysis["args"]["mods"], *analysis["args"]["fit"].split("_"))
    for kind, expected in analysis["out"].items():
        found = linear_test(fit, expected["L"], right=np.atleast_1d(expected["rhs"]))
        assert_contrasts(found, expected, f"{name} {analysis['id']} {kind}")
        assert_wald(found, expected, f"{name} {analysis['id']} {kind}")


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "lrt_"))
def test_likelihood_ratio_tests_agree_with_metafor(name, analysis):
    mods = analysis["args"]["mods"]
    larger = fitted(name, mods, "ML", "z")
    design = read(FOLDER, name)["designs"][mods]
    for kind, expected in analysis["out"].items():
        smaller = fitted(name, None, "ML", "z")
        if kind == "drop_last":
            kept = len(design["columns"]) - expected["df"]
            model = larger.on_basis.model
            smaller = fit_design(
                model.effect,
                model.variance,
                design["columns"][:kept],
                [row[:kept] for row in design["matrix"]],
                tau2="ML",
                interval="wald",
            )
        found, what = likelihood_ratio(larger, smaller), f"{name} {analysis['id']} {kind}"
        assert found.df == expected["df"], what
        assert_close(found.statistic, expected["LRT"], ITERATIVE, 1, what)
        assert_close(found.p_value, expected["pval"], ITERATIVE, 1e-3, what)
        for place, one in enumerate((larger, smaller)):
            for field, key in (("aic", "AIC"), ("bic", "BIC"), ("aicc", "AICc")):
                assert_close(getattr(one.ml, field), expected[key][place], ITERATIVE, 1, what)
        if found.r2 is None:
            assert expected["tau2_reduced"] == pytest.approx(0, abs=1e-9), what
        else:
            assert_close(100 * found.r2, expected["R2"], ITERATIVE, 1, what)


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "r2_"))
def test_pseudo_r2_agrees_with_metafor(name, analysis):
    for method, expected in analysis["out"].items():
        fit, null = (fitted(name, m, method, "z") for m in (analysis["args"]["mods"], None))
        what = f"{name} {analysis['id']} {method}"
        assert_close(100 * fit.r2, expected["R2"], ITERATIVE, 1, what)
        assert_close(null.tau2, expected["tau2_null"], ITERATIVE, 1e-3, what)
        assert_close(null.tau2_se, expected["se_tau2_null"], ITERATIVE, 0, what)


def numbers_of(values):
    return np.array([np.nan if one is None else float(one) for one in values])


@pytest.mark.parametrize(("name", "analysis"), cases(FOLDER, "diag_"))
def test_diagnostics_agree_with_metafor(name, analysis):
    expected, what = analysis["out"], f"{name} {analysis['id']}"
    fit = fitted(name, analysis["args"]["mods"], *analysis["args"]["fit"].split("_"))
    found = regression_diagnostics(fit)
    columns = {
        "rstudent": "rstudent",
        "dffits": "dffits",
        "cook_distance": "cook.d",
        "covariance_ratio": "cov.r",
        "tau2_deleted": "tau2.del",
        "q_deleted": "QE.del",
        "hat": "hat",
        "standardized": "rstandard",
    }
    for field, key in columns.items():
        right = expected[key]
        right = numbers_of(right["z"] if isinstance(right, dict) else right)
        if field == "standardized":
            # A trial that its own coefficient fits exactly: 0 over a rounded 0 there.
            right = np.where(np.array(expected["hat"]) > 1 - 1e-9, np.nan, right)
        actual = numbers_of(getattr(found, field))
        assert (np.isnan(actual) == np.isnan(right)).all(), f"{what} {key}"
        # A change of an estimate is a small difference of two, and ratios are of variances.
        close = {"rel": 1e-6, "abs": 1e-7, "nan_ok": True}
        assert actual == pytest.approx(right, **close), f"{what} {key}"
    for ours, theirs in zip(found.dfbetas.values(), expected["dfbs"].values(), strict=True):
        right = numbers_of(theirs)
        assert numbers_of(ours) == pytest.approx(right, rel=1e-6, abs=1e-7, nan_ok=True), what
    assert list(found.influential) == [bool(one) for one in expected["is_infl"]], what


@pytest.mark.parametrize(("name", "analysis"), cases(GROUPS, "sub_"))
def test_subgroups_agree_with_meta(name, analysis):
    (data,) = read(GROUPS, name)["sets"].values()
    arguments, expected, what = analysis["args"], analysis["out"], f"{name} {analysis['id']}"
    rows = [i - 1 for i in arguments["rows_in_set"]]
    found = subgroups(
        [data["yi"][i] for i in rows],
        [data["vi"][i] for i in rows],
        arguments["labels"],
        common_tau2=arguments["tau_common"],
        tau2=arguments["method"],
        interval=INTERVALS[arguments["ci"]],
    )
    places = [expected["levels"].index(label) for label in found.names]
    random = {key: np.array(values, float)[places] for key, values in expected["random"].items()}
    ours = {
        field: np.array([getattr(one, field) for one in found.estimates])
        for field in ("effect", "se", "ci_low", "ci_high", "p_value")
    }
    # With PM meta stops the search at the default of metafor.
    by = UNREFINED if arguments["method"] == "PM" else ITERATIVE
    se = random["se"]
    assert_close(ours["effect"] / se, random["TE"] / se, by, 1, what)
    assert_close(ours["se"], se, by, 0, what)
    assert_close(ours["ci_low"] / se, random["ci_lb"] / se, by, 1, what)
    assert_close(ours["ci_high"] / se, random["ci_ub"] / se, by, 1, what)
    assert_close(ours["p_value"], random["pval"], by, 0.1, what)
    assert_close(found.q_between, expected["Q_between_random"], by, 1, what)
    assert_close(found.q_p, expected["p_between_random"], by, 1e-3, what)
    if arguments["tau_common"]:
        assert_close(found.tau2, expected["tau2"][0], by, 1e-3, what)
    else:
        assert found.tau2 is None


@pytest.mark.parametrize(("name", "analysis"), cases(GROUPS, "submetafor_"))
def test_groups_without_an_intercept_agree_with_metafor(name, analysis):
    (data,) = read(GROUPS, name)["sets"].values()
    arguments, expected, what = analysis["args"], analysis["out"], f"{name} {analysis['id']}"
    rows, levels = [i - 1 for i in arguments["rows_in_set"]], expected["levels"]
    labels = arguments["labels"]
    fit = fit_design(
        [data["yi"][i] for i in rows],
        [data["vi"][i] for i in rows],
        levels,
        [[label == level for level in levels] for label in labels],
        intercept=False,
        tau2=arguments["method"],
        interval=INTERVALS[arguments["test"]],
    )
    one = expected["one"]
    se = np.array(one["coef"]["se"])
    assert_close([c.estimate for c in fit.coefficients] / se, one["coef"]["b"] / se, 1e-8, 1, what)
    assert_close([c.se for c in fit.coefficients], se, ITERATIVE, 0, what)
    assert fit.qm_df == one["QMdf"][0]
    assert_close(fit.qm, one["QM"], ITERATIVE, 1, what)
    assert_close(100 * (fit.r2 or 0), one["R2"], ITERATIVE, 1, what)
    size = len(levels)
    between = linear_test(fit, np.column_stack([-np.ones(size - 1), np.eye(size - 1)]))
    assert_wald(between, expected["one_between"], what)


def test_grid_is_complete():
    counts = Counter(
        (folder, one["id"].split("_")[0])
        for folder in (FOLDER, GROUPS)
        for _, _, one in analyses(folder)
    )
    assert counts == {
        (FOLDER, "predict"): 105,
        (FOLDER, "diag"): 39,
        (FOLDER, "wald"): 75,
        (FOLDER, "contrasts"): 55,
        (FOLDER, "rhs"): 75,
        (FOLDER, "lrt"): 15,
        (FOLDER, "r2"): 15,
        (GROUPS, "sub"): 48,
        (GROUPS, "submetafor"): 16,
    }


Y, V = [0.1, 0.3, 0.2, 0.7, 0.8], [0.04, 0.05, 0.06, 0.04, 0.05]
X = [[1, 6], [1, 8], [1, 8], [1, 12], [1, 16]]


def test_errors_of_tau2_are_what_the_likelihood_expects():
    # The expected information is the mean of minus the slope of the score over effects that vary
    # as the model says; for two estimators by simulation of neither.
    model = LinearModel(np.array(Y), np.array(V), np.linalg.qr(np.array(X, float))[0])
    w = 1 / (model.variance + 0.1)
    p = np.diag(w) - (w[:, None] * model.basis) @ np.linalg.solve(
        model.basis.T @ (w[:, None] * model.basis), model.basis.T * w
    )
    assert tau2_error(model, "REML", 0.1) == pytest.approx((2 / np.trace(p @ p)) ** 0.5, rel=1e-12)
    assert tau2_error(model, "ML", 0.1) == pytest.approx((2 / (w**2).sum()) ** 0.5, rel=1e-12)
    assert tau2_error(model, "HE", 0.1) is None
    assert log_likelihood(model, np.array([0.1]), restricted=False)[0] == pytest.approx(
        (np.log(w / (2 * np.pi)).sum() - model.effect @ p @ model.effect) / 2, rel=1e-12
    )


REFUSED = [
    ({"names": ["a", "a"]}, "names"),
    ({"names": ["a"]}, "matrix"),
    ({"matrix": X[:4]}, "matrix"),
    ({"matrix": [[1, np.inf], *X[1:]]}, "matrix[0, 1]"),
    ({"matrix": [[2, 6], *X[1:]]}, "matrix[0, 0]"),
    ({"matrix": [[1, 6]] * 5}, "moderators"),
    ({"names": list("abcde"), "matrix": np.vander(range(5))[:, ::-1]}, "moderators"),
    ({"tau2": 0.1}, "tau2"),
]


@pytest.mark.parametrize(("change", "name"), REFUSED)
def test_designs_that_do_not_fit_are_refused(change, name):
    with pytest.raises(ParameterError) as caught:
        fit_design(Y, V, **{"names": ["intercept", "x"], "matrix": X, **change})
    assert caught.value.name == name


def test_rows_and_models_that_do_not_fit_are_refused():
    fit = fit_design(Y, V, ["intercept", "x"], X, tau2="ML")
    null, reml = meta_regression(Y, V, {}, tau2="ML"), meta_regression(Y, V, {})
    other = meta_regression([*Y[:4], 0.9], V, {}, tau2="ML")
    for call, name in (
        (lambda: predicted(fit, [1, 2]), "rows"),
        (lambda: predicted(fit, [[1, np.nan]]), "rows[0, 1]"),
        (lambda: predicted(fit, [[1, 2]], level=95), "level"),
        (lambda: predicted(fit, [[1, 2]], prediction_df="k-2"), "prediction_df"),
        (lambda: linear_test(fit, [[0, 0]]), "weights[0, 0]"),
        (lambda: linear_test(fit, [[0, 1]], right=[1, 2]), "right"),
        (lambda: linear_test(fit, [[0, 1]], names=[]), "names"),
        (lambda: column_test(fit, ["weeks"]), "names"),
        (lambda: column_test(fit, []), "names"),
        (lambda: likelihood_ratio(fit, reml), "smaller"),
        (lambda: likelihood_ratio(null, fit), "smaller"),
        (lambda: likelihood_ratio(fit, other), "smaller"),
    ):
        with pytest.raises(ParameterError) as caught:
            call()
        assert caught.value.name == name


FAR = [1e-30, 1e30, 1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: meta_regression(Y, [10**400, *V[1:]], {}), "variance"),
        (lambda: pool([10**400, *Y[1:]], V), "effect"),
        (lambda: meta_regression(Y, V, 5), "moderators"),
        (lambda: meta_regression(Y, V, {"x": 5}), "moderators['x']"),
        (lambda: meta_regression(Y[:4], FAR, {"x": [1, 2, 3, 5]}), "variance"),
        (lambda: subgroups(Y[:4], FAR, list("aabb"), common_tau2=True), "variance"),
        (lambda: fit_multilevel(Y[:4], FAR, list("aabb")), "variance"),
        (lambda: limit_meta_analysis([1e50, -1e50, 1, 2], V[:4]), "effect"),
        (lambda: rate(10**400, 1), "events"),
    ],
)
def test_what_cannot_be_solved_is_refused_by_name(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name


def test_effects_on_a_line_leave_no_error_and_that_is_said():
    fit = meta_regression([0.1, 0.3, 0.5, 0.7], V[:4], {"x": [1, 2, 3, 4]}, interval="hksj")
    assert [c.se for c in fit.coefficients] == [0, 0]
    assert (fit.qm, fit.qm_p) == (None, None)
    assert "lie on the regression exactly" in fit.warnings[-1]
    without = regression_diagnostics(
        meta_regression([0.1, 0.3, 0.5, 0.75], V[:4], {"x": [1, 2, 3, 4]}, interval="hksj")
    )
    assert without.rstudent[3] is None
    groups = subgroups([0.1] * 4, V[:4], list("aabb"), interval="hksj")
    assert (groups.q_between, groups.q_p) == (None, None)
    assert "standard error of 0" in groups.warnings[-1]
    pooled = pool([0.1] * 3, V[:3], interval="hksj")
    assert pooled.se == 0
    assert RemarkKind.SE_OF_0 in [one.kind for one in pooled.warnings]


def test_a_given_variance_between_trials_is_used():
    found = pool(Y, V, tau2=0.1, interval="wald")
    weights = 1 / (np.array(V) + 0.1)
    assert found.effect == pytest.approx(weights @ Y / weights.sum(), rel=1e-14)
    assert (found.tau2, found.tau2_method) == (0.1, "given")
    assert pool([0.2], [0.04], tau2=0.05).se == pytest.approx(0.3, rel=1e-14)
    for bad in (-0.1, float("nan"), float("inf"), True):
        with pytest.raises(ParameterError, match="tau2"):
            pool(Y, V, tau2=bad)
