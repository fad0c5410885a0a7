"""Correlated effects without random effects, and profile-likelihood intervals, against metafor's
rma.mv and clubSandwich. tests/oracles/README.md says what agrees how far."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.multilevel import fit_multilevel, fit_multivariate
from evidence.meta.multilevel.inference import coefficients, joint_test
from evidence.meta.multilevel.profile import profile_intervals, trial_diagnostics
from tests.meta.multilevel.test_models import EFFECT, TRIAL, VARIANCE
from tests.oracles import analyses, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, SEARCHED, UNREFINED, of_tail

FOLDER = "synthesis/correlated"


def cases(group):
    return [
        pytest.param(name, one, id=f"{name} {one['set']} {one['id']}")
        for name, _, one in analyses(FOLDER)
        if one["group"] == group
    ]


def inputs(name, analysis):
    """Effects, covariance, trials and design of an analysis."""
    contents = read(FOLDER, name)
    data, arguments = contents["sets"][analysis["set"]], analysis["args"]
    covariance = np.diag(data["vi"]).astype(float)
    if arguments["V"] != "diag":
        places = data["V"][arguments["V"]]
        for i, j, value in zip(*(places[key] for key in "ijv"), strict=True):
            covariance[i - 1, j - 1] = covariance[j - 1, i - 1] = value
    design = None
    if arguments["mods"] != "1":
        own = contents["designs"][arguments["mods"]]
        design = dict(zip(own["columns"], np.array(own["matrix"]).T, strict=True))
    return data, (data["yi"], covariance, data["cluster"]), design


@cache
def gls(name, set_name, mods, v):
    analysis = {"set": set_name, "args": {"mods": mods, "V": v}}
    _, given, design = inputs(name, analysis)
    return fit_multilevel(*given, random=(), design=design, inference="z")


def rows(found, *fields):
    return [np.array([getattr(one, field) for one in found], float) for field in fields]


@pytest.mark.parametrize(("name", "analysis"), cases("gls"))
def test_least_squares_agree_with_metafor(name, analysis):
    arguments, expected = analysis["args"], analysis["out"]
    kind = arguments["kind"]
    fit = gls(name, analysis["set"], arguments["mods"], arguments["V"])
    found = coefficients(fit, kind)
    model = kind in "zt"
    reference = expected["coef"] if model else expected
    # The reference does not center the year.
    by = ITERATIVE if "year" in arguments["mods"] else CLOSED_FORM
    if kind.startswith("CR"):
        # Degrees of freedom and P are compared where a robust error is given at all: one category
        # of assink2016 is that of a single trial.
        keep = [i for i, one in enumerate(found) if one.se is not None]
        assert len(keep) == len(found) or arguments["mods"] == "deltype"
    else:
        keep = list(range(len(found)))
    estimate, se, p_value = rows([found[i] for i in keep], "estimate", "se", "p_value")
    right = {key: np.array(reference[key], float)[keep] for key in ("b", "se", "pval")}
    assert estimate / right["se"] == pytest.approx(right["b"] / right["se"], rel=by, abs=by)
    assert se == pytest.approx(right["se"], rel=by)
    for ours, theirs in zip(p_value, right["pval"], strict=True):
        assert ours == pytest.approx(theirs, rel=100 * of_tail(theirs, by) if theirs else by)
    if not model:
        df = rows([found[i] for i in keep], "df")[0]
        assert df == pytest.approx(np.array(expected["df"], float)[keep], rel=10 * by)
        return
    assert fit.q == pytest.approx(expected["QE"], rel=by)
    assert fit.log_likelihood == pytest.approx(expected["ll"], rel=by)
    names = fit.working.names
    tested = names[1:] if arguments["mods"] in ("deltype", "year", "pubstatus+year") else names
    joint = joint_test(fit, tested, inference=kind)
    assert joint.statistic == pytest.approx(expected["QM"], rel=10 * by)
    assert joint.df_numerator == expected["QMdf"][0]
    assert (fit.sigma2_cluster, fit.sigma2_effect, fit.i2, fit.prediction_low) == (None,) * 4


@cache
def searched(name, set_name, random, struct, mods, v):
    analysis = {"set": set_name, "args": {"mods": mods, "V": v}}
    data, given, design = inputs(name, analysis)
    if struct is None:
        return fit_multilevel(*given, design=design, inference="z")
    by = random.split(" | ")[0]
    return fit_multivariate(*given, data[by], structure=struct, design=design, inference="z")


def parameter_name(fit, kind, index):
    if kind == "sigma2":
        return ("sigma2_cluster", "sigma2_effect")[index - 1]
    if kind == "rho":
        return f"rho ({', '.join(fit.outcomes)})" if fit.structure == "UN" else "rho"
    return "tau2" if len(fit.tau2) == 1 else f"tau2 ({fit.outcomes[index - 1]})"


OF_OUTCOMES = [one for one in cases("diagnostics.mv") if "struct" in one.values[1]["args"]]


@pytest.mark.parametrize(("name", "analysis"), OF_OUTCOMES)
def test_influence_of_trials_on_several_outcomes_agrees_with_metafor(name, analysis):
    arguments, out = analysis["args"], analysis["out"]
    fit = searched(
        name, analysis["set"], *(arguments[key] for key in ("random", "struct", "mods", "V"))
    )
    found = trial_diagnostics(fit, refit=arguments["reestimate"])
    assert found.cook_distance == pytest.approx(out["cooks"], rel=SEARCHED)
    for ours, theirs in zip(found.dfbetas.values(), out["dfbetas"].values(), strict=True):
        assert ours == pytest.approx(theirs, rel=SEARCHED, abs=SEARCHED)


@pytest.mark.parametrize(("name", "analysis"), cases("confint.mv"))
def test_profile_intervals_agree_with_metafor(name, analysis):
    arguments = analysis["args"]
    fit = searched(
        name,
        analysis["set"],
        *(arguments.get(key) for key in ("random", "struct", "mods", "V")),
    )
    estimate, low, high = analysis["out"]["random"]
    parameter = parameter_name(fit, arguments["parameter"], arguments["index"])
    (found,) = profile_intervals(fit, [parameter])
    assert found.name == parameter
    scale = high if arguments["parameter"] != "rho" else 1.0
    assert found.estimate == pytest.approx(estimate, rel=UNREFINED, abs=SEARCHED * scale)
    for ours, theirs, ratio in (
        (found.low, low, analysis["out"]["lr_lb"]),
        (found.high, high, analysis["out"]["lr_ub"]),
    ):
        # Where the reference met an end of its own range, or stopped short, its ratio says so.
        inside = abs(ratio - 3.841458820694124) < 1e-5
        assert inside or theirs in (0, -1, 1), f"{theirs} {ratio}"
        assert ours == pytest.approx(theirs, rel=SEARCHED, abs=SEARCHED * scale)


def test_grid_is_complete():
    counts = Counter((name, one["group"]) for name, _, one in analyses(FOLDER))
    assert counts == {
        ("hasselblad1998", "gls"): 80,
        ("hasselblad1998", "rma.mv.V"): 8,
        ("assink2016", "predict.mv"): 8,
        ("assink2016", "diagnostics.mv"): 24,
        ("berkey1998", "diagnostics.mv"): 4,
        ("assink2016", "anova"): 6,
        ("hasselblad1998", "confint.mv"): 12,
        ("assink2016", "gls"): 20,
        ("assink2016", "confint.mv"): 10,
        ("berkey1998", "gls"): 15,
        ("berkey1998", "confint.mv"): 16,
        ("ishak2007", "gls"): 10,
        ("ishak2007", "confint.mv"): 13,
    }


def test_intervals_of_what_is_not_there_are_refused():
    nothing = fit_multilevel(EFFECT, VARIANCE, TRIAL, random=())
    with pytest.raises(ParameterError, match="random effects"):
        profile_intervals(nothing)
    with pytest.raises(ParameterError, match="sigma2_cluster"):
        profile_intervals(fit_multilevel(EFFECT, VARIANCE, TRIAL), ["tau2"])
