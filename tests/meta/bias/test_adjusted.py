"""PET-PEESE, limit meta-analysis, tests for counts, p-curve and outliers against meta, metasens,
dmetar and metafor. tests/oracles/README.md says what agrees how far."""

from collections import Counter

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.bias import harbord_test, peters_test, regression_test
from evidence.meta.bias.adjusted import limit_meta_analysis, pet_peese
from evidence.meta.bias.copas import copas
from evidence.meta.bias.p_curve import p_curve
from evidence.meta.influence import outliers
from tests.oracles import analyses, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE, UNREFINED

FOLDER = "synthesis/adjusted"
INTERVALS = {"z": "wald", "knha": "hksj"}
METHODS = {"EE": "common"}


def cases(group):
    return [
        pytest.param(contents["sets"][one["set"]], one, id=f"{name} {one['id']}")
        for name, contents, one in analyses(FOLDER)
        if one["group"] == group
    ]


def assert_lines(found, expected, by):
    rows = {key: np.array(expected[key]) for key in ("b", "se", "pval", "ci_lb", "ci_ub")}
    for i, line in enumerate((found.intercept, found.slope)):
        se = rows["se"][i]
        for field, key in (("estimate", "b"), ("ci_low", "ci_lb"), ("ci_high", "ci_ub")):
            right = rows[key][i] / se
            assert getattr(line, field) / se == pytest.approx(right, rel=by, abs=by), key
        assert line.se == pytest.approx(se, rel=by)
        assert line.p_value == pytest.approx(rows["pval"][i], rel=1e3 * by)


@pytest.mark.parametrize(("data", "analysis"), cases("petpeese"))
def test_pet_and_peese_agree_with_metafor(data, analysis):
    arguments, expected = analysis["args"], analysis["out"]
    options = {"model": "lm"}
    by = CLOSED_FORM
    if arguments["errors"] == "additive":
        method = arguments["method"]
        by = ITERATIVE
        options = {
            "model": "rma",
            "tau2": METHODS.get(method, method),
            "interval": INTERVALS[arguments["ci"]],
        }
        expected = expected["coef"]
    found = pet_peese(data["yi"], data["vi"], **options)
    line = found.pet if arguments["test"] == "PET" else found.peese
    assert_lines(line, expected, by)
    chosen = found.peese if found.pet.intercept.p_value < 0.1 else found.pet
    assert found.chosen == ("PEESE" if chosen is found.peese else "PET")
    assert found.estimate == chosen.intercept.estimate


@pytest.mark.parametrize(("data", "analysis"), cases("limitmeta"))
def test_limit_meta_analysis_agrees_with_metasens(data, analysis):
    arguments, expected = analysis["args"], analysis["out"]
    found = limit_meta_analysis(
        data["yi"], data["vi"], adjustment=arguments["adjust"], tau2=arguments["method"]
    )
    # metasens takes REML as metafor gives it by default.
    by = 1e-10 if arguments["method"] == "DL" else UNREFINED
    se = expected["seTE_adjust"]
    assert found.se == pytest.approx(se, rel=by)
    for field, key in (("estimate", "TE_adjust"), ("ci_low", "ci_lb"), ("ci_high", "ci_ub")):
        assert getattr(found, field) / se == pytest.approx(expected[key] / se, rel=by, abs=by)
    assert found.p_value == pytest.approx(expected["pval"], rel=100 * by)
    assert found.slope == pytest.approx(expected["alpha_r"], rel=by)
    assert found.intercept == pytest.approx(expected["beta_r"], rel=by, abs=by)
    assert found.limits == pytest.approx(expected["TE_limit"], rel=by, abs=by)
    assert found.q_small == pytest.approx(expected["Q_small"], rel=1e-10)
    assert found.q_residual == pytest.approx(expected["Q_resid"], rel=1e-10)
    assert found.g2 == pytest.approx(expected["G2"], rel=by)


@pytest.mark.parametrize(("data", "analysis"), cases("metabias"))
def test_tests_of_asymmetry_agree_with_meta(data, analysis):
    expected, kind = analysis["out"], analysis["id"].split("_")[0]
    by = 1e-10
    if kind in ("Peters", "Harbord"):
        counts = [data[key] for key in ("ai", "n1i", "ci", "n2i")]
        if kind == "Harbord":
            found = harbord_test(*counts)
        else:
            measure = "odds_ratio" if analysis["id"].endswith("OR") else "risk_ratio"
            found = peters_test(*counts, measure=measure)
    elif kind == "Egger":
        found = regression_test(data["yi"], data["vi"], model="lm")
    else:
        # Thompson and Sharp: t with k - 2 there, normal or Hartung-Knapp here.
        by = by if analysis["args"]["method"] == "DL" else UNREFINED
        found = regression_test(data["yi"], data["vi"], tau2=analysis["args"]["method"])
    assert found.slope.estimate == pytest.approx(expected["estimate"][0], rel=by)
    assert found.slope.se == pytest.approx(expected["estimate"][1], rel=by)
    assert found.statistic == pytest.approx(expected["stat"], rel=by)
    assert found.intercept.estimate == pytest.approx(expected["intercept"], rel=by)
    if kind != "Thompson":
        assert found.df == expected["df"]
        assert found.p_value == pytest.approx(expected["pval"], rel=by)


@pytest.mark.parametrize(("data", "analysis"), cases("pcurve"))
def test_p_curve_agrees_with_its_definition_in_r(data, analysis):
    expected = analysis["out"]
    if "error" in expected:
        with pytest.raises(ParameterError, match="three or more trials"):
            p_curve(data["yi"], data["vi"])
        return
    found = p_curve(data["yi"], data["vi"])
    assert (found.k_below_05, found.k_below_025) == (expected["k_sig"], expected["k_025"])
    for field, key in (
        ("right_full", "Z_full"),
        ("right_half", "Z_half"),
        ("flat_full", "Z33_full"),
        ("flat_half", "Z33_half"),
        ("power", "power"),
        ("power_low", "power_lb"),
        ("power_high", "power_ub"),
    ):
        # A power is the root of an equation; everything else is a closed form.
        by = ITERATIVE if field.startswith("power") else CLOSED_FORM
        assert getattr(found, field) == pytest.approx(expected[key], rel=by), key
    for field, key in (
        ("right_full_p", "p_full"),
        ("right_half_p", "p_half"),
        ("flat_full_p", "p33_full"),
        ("flat_half_p", "p33_half"),
        ("right_binomial_p", "binom_right"),
        ("flat_binomial_p", "binom_33"),
    ):
        assert getattr(found, field) == pytest.approx(expected[key], rel=CLOSED_FORM), key


@pytest.mark.parametrize(("data", "analysis"), cases("find.outliers"))
def test_outliers_agree_with_dmetar(data, analysis):
    method, test = analysis["args"]["fit"].split("_")
    found = outliers(
        data["yi"], data["vi"], tau2=METHODS.get(method, method), interval=INTERVALS[test]
    )
    expected = analysis["out"]
    assert [i + 1 for i in found.positions] == np.atleast_1d(expected["outliers"]).tolist()
    refit = expected["refit"]
    assert found.without.k == refit["k"]
    se = refit["coef"]["se"][0]
    assert found.without.effect / se == pytest.approx(refit["coef"]["b"][0] / se, rel=ITERATIVE)
    assert found.without.se == pytest.approx(se, rel=ITERATIVE)
    assert found.without.ci_low == pytest.approx(refit["coef"]["ci_lb"][0], rel=ITERATIVE)


@pytest.mark.parametrize(("data", "analysis"), cases("copas"))
def test_copas_reaches_the_top_of_its_likelihood(data, analysis):
    given, expected = analysis["args"], analysis["out"]
    kept = slice(None, None, 3)
    found = copas(data["yi"], data["vi"], given["gamma0"][kept], given["gamma1"][kept])
    for i, point in enumerate(found.points):
        right = {key: expected[key][kept][i] for key in expected if key != "note"}
        assert point.log_likelihood == pytest.approx(right["ll"], abs=1e-10)
        for ours, key in ((point.effect, "mu"), (point.rho, "rho"), (point.tau2**0.5, "tau")):
            assert ours == pytest.approx(right[key], abs=ITERATIVE_LOOSE), key
        assert point.unseen == pytest.approx(right["N_unpubl"], rel=1e-10)
        # At one point of gibson2002 the model with a slope has a higher top than the reference
        # found, so that the P is smaller.
        if (analysis["set"], i) == ("SMD", 1):
            assert 0.5 * right["p_rsb"] < point.asymmetry_p < right["p_rsb"]
        else:
            assert point.asymmetry_p == pytest.approx(right["p_rsb"], rel=ITERATIVE_LOOSE)
        if right["se"] is not None:
            assert point.se == pytest.approx(right["se"], rel=UNREFINED)
            assert point.ci_high - point.effect == pytest.approx(1.959964 * point.se, rel=1e-6)
        if abs(right["rho"]) > 0.999:
            assert (point.se, point.ci_low) == (None, None)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"effect": [0.1, 0.2], "variance": [0.1, 0.2]}, "effect"),
        ({"gamma0": [0.1, np.inf]}, "gamma0"),
        ({"gamma0": [0.1]}, "gamma0"),
        ({"gamma1": [0.1, -0.1]}, "gamma1"),
        ({"level": 95}, "level"),
    ],
)
def test_selections_that_cannot_be_are_refused(change, name):
    given = {"effect": [0.1, 0.2, 0.4], "variance": [0.1, 0.2, 0.3]}
    with pytest.raises(ParameterError) as caught:
        copas(**{**given, "gamma0": [0.1, 0.2], "gamma1": [0.1, 0.2], **change})
    assert caught.value.name == name


def test_grid_is_complete():
    assert Counter(one["group"] for _, _, one in analyses(FOLDER)) == {
        "petpeese": 48,
        "limitmeta": 24,
        "metabias": 18,
        "pcurve": 4,
        "find.outliers": 16,
        "copas": 4,
    }


COUNTS = [[3, 5, 2], [20, 30, 25], [6, 4, 5], [20, 31, 24]]


@pytest.mark.parametrize("test", [peters_test, harbord_test])
def test_tables_that_say_nothing_are_refused(test):
    with pytest.raises(ParameterError, match="three or more"):
        test(*(row[:2] for row in COUNTS))
    with pytest.raises(ParameterError, match="events and with others"):
        test([0, 5, 2], COUNTS[1], [0, 4, 5], COUNTS[3])
    four = [[20, *COUNTS[0]], [20, *COUNTS[1]], [20, *COUNTS[2]], [20, *COUNTS[3]]]
    found = test(*four)
    assert (found.k, found.slope) == (3, test(*COUNTS).slope)
    assert found.warnings[0] == "1 table in which nobody or everybody had the event: left out."
    with pytest.raises(ParameterError):
        test([30, 5, 2], *COUNTS[1:])


def test_what_no_line_can_be_drawn_through_is_refused():
    with pytest.raises(ParameterError, match="three or more"):
        limit_meta_analysis([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(ParameterError, match="not all the same"):
        limit_meta_analysis([0.1, 0.2, 0.5], [0.1, 0.1, 0.1])
    with pytest.raises(ParameterError, match="variance between trials"):
        limit_meta_analysis([0.1, 0.2, 0.5], [0.1, 0.2, 0.1], tau2="common")


def test_all_trials_can_lie_off():
    found = outliers([-5.0, 5.0], [0.01, 0.01], tau2="common", interval="wald")
    assert (found.positions, found.without) == ((0, 1), None)


def test_low_power_and_none_look_flat():
    assert read(FOLDER, "raudenbush1985")["analyses"]
    # P values of .045 or so: less right-skewed than a power of 33% gives.
    z = np.array([2.0, 2.01, 1.99, 2.02, 1.98, 2.3])
    found = p_curve(z, np.ones(6))
    assert found.none_or_low_power
    assert not found.true_effect
    assert found.power_low == pytest.approx(0.05)
