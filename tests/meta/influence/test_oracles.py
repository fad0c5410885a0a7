"""Cumulative, shrunken, residual and Baujat numbers of trials, against metafor."""

import numpy as np
import pytest

from evidence.meta.influence import baujat, standardized_residuals
from evidence.meta.influence.subsets import cumulative
from evidence.meta.pooling import pool
from evidence.meta.pooling.shrinkage import shrunken_effects
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, SEARCHED, assert_close

FOLDER = "synthesis/trials"
METHODS = {"EE": "common", "DL": "DL", "REML": "REML"}
INTERVALS = {"z": "wald", "knha": "hksj"}


def of(group):
    for name in names(FOLDER):
        sets = read("synthesis/pooling", name)["sets"]
        for analysis in read(FOLDER, name)["analyses"]:
            if analysis["group"] == group:
                method, test = analysis["args"]["fit"].split("_")
                data = sets[analysis["set"]]
                yield (
                    f"{name} {analysis['id']}",
                    (data["yi"], data["vi"]),
                    {"tau2": METHODS[method], "interval": INTERVALS[test]},
                    analysis,
                )


def test_cumulative():
    for what, data, options, analysis in of("cumul"):
        places, out, steps = (
            analysis["args"].get("order"),
            analysis["out"],
            analysis["args"]["steps"],
        )
        # what places trials in the order of the reference, as a year does
        keys = None if places is None else np.argsort(places)
        found = cumulative(*data, keys, **options)
        if places is not None:
            assert found.order == tuple(place - 1 for place in places), what
        exact = ITERATIVE if options["tau2"] == "REML" else CLOSED_FORM
        pooled, se = found.pooled, np.array(out["se"])
        several = np.array(steps) > 0
        assert_close(pooled.effect[steps], out["estimate"], exact, np.median(se), f"{what} effect")
        assert_close(pooled.se[steps], se, exact, 0, f"{what} se")
        assert_close(pooled.p_value[steps], out["pval"], 10 * exact, 1e-3, f"{what} p")
        for ours, theirs, scale in (
            (pooled.q, "Q", 1),
            (pooled.q_p, "Qp", 1e-3),
            (pooled.tau2, "tau2", np.median(data[1])),
            (100 * pooled.i2, "I2", 1),
        ):
            if theirs in out:
                # not defined here for a single trial
                assert_close(
                    ours[steps][several],
                    np.array(out[theirs])[several],
                    10 * exact,
                    scale,
                    f"{what} {theirs}",
                )
        if "ci.lb" in out:
            scale = np.median(se)
            assert_close(pooled.ci_low[steps], out["ci.lb"], exact, scale, f"{what} ci_low")
            assert_close(pooled.ci_high[steps], out["ci.ub"], exact, scale, f"{what} ci_high")


@pytest.mark.parametrize(("group", "start"), [("blup", ""), ("ranef", "deviation")])
def test_shrunken_effects(group, start):
    for what, data, options, analysis in of(group):
        found, out = shrunken_effects(*data, **options), analysis["out"]
        fields = {"pred": "", "se": "se", "pi.lb": "low", "pi.ub": "high"}
        scale = np.median(np.sqrt(data[1]))
        for theirs, field in fields.items():
            ours = "_".join(part for part in (start, field) if part) or "effect"
            # Where tau2 is 0 the reference has up to 1e-12, the square root of which shows.
            by = SEARCHED if found.tau2 == 0 else ITERATIVE
            assert_close(getattr(found, ours), out[theirs], by, scale, f"{what} {ours}")


def test_residuals():
    for what, data, options, analysis in of("rstandard"):
        found, out = standardized_residuals(*data, tau2=options["tau2"]), analysis["out"]
        scale = np.median(np.sqrt(data[1]))
        assert_close(found.residual, out["resid"], ITERATIVE, scale, f"{what} residual")
        assert_close(found.se, out["se"], ITERATIVE, 0, f"{what} se")
        assert_close(found.standardized, out["z"], ITERATIVE, 1, f"{what} standardized")


def test_baujat():
    for what, data, options, analysis in of("baujat"):
        found, out = baujat(*data, **options), analysis["out"]
        exact = ITERATIVE if options["tau2"] == "REML" else CLOSED_FORM
        assert_close(found.heterogeneity, out["x"], 10 * exact, 1, f"{what} x")
        # squared small differences of estimates
        assert_close(found.influence, out["y"], 100 * exact, 0.1, f"{what} y")


def test_grid_is_complete():
    counts = {}
    for _, _, analysis in analyses(FOLDER):
        counts[analysis["group"]] = counts.get(analysis["group"], 0) + 1
    assert counts == {"cumul": 84, "blup": 46, "ranef": 23, "rstandard": 23, "baujat": 46}


def test_the_step_at_which_the_reference_did_not_converge():
    data = read("synthesis/pooling", "nielweise2007")["sets"]["OR"]
    for analysis in read(FOLDER, "nielweise2007")["analyses"]:
        if analysis["group"] == "cumul" and analysis["args"]["fit"] == "REML_z":
            assert 7 not in analysis["args"]["steps"]
    assert cumulative(data["yi"], data["vi"]).pooled.tau2_converged.all()


def test_the_last_step_is_the_whole_and_ties_keep_their_order():
    data = [0.1, 0.9, 0.2, 0.8], [0.02, 0.05, 0.03, 0.1]
    found = cumulative(*data, [2001, 1999, 2001, 1999])
    assert found.order == (1, 3, 0, 2)
    assert found.pooled.effect[-1] == pytest.approx(pool(*data).effect, rel=CLOSED_FORM)
    assert found.pooled.k.tolist() == [1, 2, 3, 4]
    assert found.pooled.weights[1].tolist()[0::2] == [0, 0]
