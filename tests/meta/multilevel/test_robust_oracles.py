"""Parity of cluster-robust errors with clubSandwich and metafor's robust."""

import numpy as np
import pytest

from evidence.meta.multilevel.inference import (
    Inference,
    MultilevelFit,
    coefficients,
    hotelling,
    joint_test,
)
from tests.meta.multilevel.test_oracles import (
    FOLDER,
    OF_MODEL,
    Analysis,
    assert_coefficients,
    close,
    closed_form,
    fitted,
    jointly,
    of_group,
    with_variances_of_reference,
)
from tests.oracles import names
from tests.tolerances import SEARCHED, of_tail

# One category is that of a single trial, which the model fits exactly: its error shows in no
# residual, and clubSandwich's variances hold as little as a tenth of that of the model. They are
# compared; coefficients and tests here have None in their place.
FITS_A_TRIAL = {("assink2016", "ml3_mr_deltype")}


def assert_hidden(
    fit: MultilevelFit,
    chosen: list[str],
    arguments: Analysis,
    out: Analysis,
    by: float,
    what: str,
) -> None:
    """Compare what is computed but not given, because it leaves out a trial's error."""
    if chosen:
        inference = Inference(fit.working, "CR2", fit.level)
        assert inference.sandwich is not None
        place = [fit.working.names.index(own) for own in chosen]
        contrasts = inference.on_design(np.eye(len(fit.working.names))[place])
        statistic, degrees = hotelling(inference.sandwich, contrasts, inference.estimate)
        close([statistic, degrees], [out["Fstat"], out["df_denom"]], by, 0, what)
        assert joint_test(fit, chosen, inference="CR2").statistic is None, what
    elif "SE" in out:
        inference = Inference(fit.working, arguments["vcov"], fit.level)
        close(np.sqrt(np.diag(inference.covariance())), out["SE"], by, 0, what)
        assert [c.se for c in coefficients(fit, arguments["vcov"])] == [None] * 3, what


@pytest.mark.parametrize("name", names(FOLDER))
def test_robust_errors_agree_with_clubsandwich(name: str) -> None:
    for analysis in of_group(name, "clubSandwich"):
        arguments, out = analysis["args"], analysis["out"]
        what = f"{name} {analysis['id']}"
        fit = with_variances_of_reference(name, arguments["fit"])
        by = closed_form(name, arguments["fit"])
        chosen = [fit.working.names[i - 1] for i in arguments.get("coefs", [])]
        if (name, arguments["fit"]) in FITS_A_TRIAL:
            assert_hidden(fit, chosen, arguments, out, by, what)
            continue
        if chosen:
            joint = joint_test(fit, chosen, inference="CR2")
            close(joint.statistic, out["Fstat"], by, 0, what)
            close(joint.df_denominator, out["df_denom"], by, 0, what)
            close(joint.p_value, out["p_val"], of_tail(out["p_val"], by), 0, what)
            continue
        found = coefficients(fit, arguments["vcov"])
        keys = {"se": "SE", "p_value": "p_Satt", "ci_low": "CI_L", "ci_high": "CI_U"}
        keys["df"] = "df" if "df" in out else "df_Satt"
        assert_coefficients(found, out, by, what, keys)


@pytest.mark.parametrize("name", names(FOLDER))
def test_robust_errors_agree_with_metafor(name: str) -> None:
    for analysis in of_group(name, "robust"):
        arguments, out = analysis["args"], analysis["out"]
        what = f"{name} {analysis['id']}"
        fit = with_variances_of_reference(name, arguments["fit"])
        by = closed_form(name, arguments["fit"])
        assert fit.k_trials == out["n_clusters"], what
        se = np.array(out["se"])
        if not arguments["clubSandwich"]:
            # Its factor is J / (J - p), for which CR0 stands here.
            p = len(se)
            covariance = np.array(Inference(fit.working, "CR0", fit.level).covariance())
            factor = fit.k_trials / (fit.k_trials - p)
            close(factor * covariance, out["vb"], by, np.outer(se, se), what)
            continue
        covariance = Inference(fit.working, "CR2", fit.level).covariance()
        close(covariance, out["vb"], by, np.outer(se, se), what)
        if (name, arguments["fit"]) in FITS_A_TRIAL:
            assert joint_test(fit, jointly(fit), inference="CR2").statistic is None, what
            continue
        found = coefficients(fit, "CR2")
        assert_coefficients(found, out, by, what, {**OF_MODEL, "df": "dfs"})
        joint = joint_test(fit, jointly(fit), inference="CR2")
        assert joint.df_numerator == out["QMdf"][0], what
        if out["QMp"] is None:
            # No degrees of freedom are left (four coefficients, five trials).
            assert joint.statistic is None, what
            assert joint.p_value is None, what
        else:
            close(joint.statistic, out["QM"], by, 0, what)
            close(joint.df_denominator, out["QMdf"][1], by, 0, what)
            close(joint.p_value, out["QMp"], of_tail(out["QMp"], by), 0, what)
        if out.get("predict"):
            low, high = out["predict"]
            robust = fitted(name, arguments["fit"], "CR2")
            limits = [robust.prediction_low, robust.prediction_high]
            close(limits, out["predict"], SEARCHED, high - low, what)
