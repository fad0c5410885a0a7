"""Meta-regression by a formula gives the numbers of the kernel, and says what cannot be done."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta.answers import MOST_LINES, WIDTH
from evidence.meta.regression import meta_regression
from evidence.meta.regression.inference import (
    column_test,
    likelihood_ratio,
    predicted,
    regression_diagnostics,
)
from evidence.meta.regression.location_scale import location_scale
from tests.oracles import read

COLUMNS = {
    **{"mean_1": "m_t", "sd_1": "sd_t", "n_1": "n_t"},
    **{"mean_2": "m_c", "sd_2": "sd_c", "n_2": "n_c"},
}
EFFECTS = meta.effect_sizes(meta.example(), "smd", study="study", better="lower", **COLUMNS)
BOTH = meta.regress(EFFECTS, "weeks + C(comparator)")
KERNEL = meta_regression(
    EFFECTS.effect,
    EFFECTS.variance,
    {"weeks": list(EFFECTS.weeks), "comparator": list(EFFECTS.comparator)},
)


def test_coefficients_are_those_of_the_kernel() -> None:
    assert [one.name for one in BOTH.fit.coefficients] == [
        "Intercept",
        "weeks",
        "C(comparator)[T.waiting list]",
    ]
    for ours, right in zip(BOTH.fit.coefficients, KERNEL.coefficients, strict=True):
        assert (ours.estimate, ours.se) == pytest.approx((right.estimate, right.se), rel=1e-9)
    assert (BOTH.tau2, BOTH.qe) == pytest.approx((KERNEL.tau2, KERNEL.qe), rel=1e-8)


def test_a_formula_has_an_intercept_unless_it_says_so() -> None:
    without = meta.regress(EFFECTS, "0 + C(comparator)")
    assert len(without.fit.coefficients) == 2
    apart = meta.regress(EFFECTS, "C(comparator)")
    usual = without.fit.coefficients[0]
    assert usual.estimate == pytest.approx(apart.fit.coefficients[0].estimate, rel=1e-7)


def test_predictions_are_those_of_the_kernel() -> None:
    new = pd.DataFrame({"weeks": [8, 16], "comparator": ["usual care", "waiting list"]})
    found = BOTH.predict(new).frame
    right = predicted(BOTH.fit, [[1, 8, 0], [1, 16, 1]])
    assert found.effect.tolist() == pytest.approx(right.estimate)
    assert found.prediction_low.tolist() == pytest.approx(right.prediction_low)
    with pytest.raises(ParameterError, match=r"columns \['comparator'\]"):
        BOTH.predict(new[["weeks"]])
    with pytest.raises(ParameterError, match=r"new: found .*nothing"):
        BOTH.predict(new.assign(comparator="nothing"))


def test_terms_and_models_are_tested_together() -> None:
    right = column_test(BOTH.fit, ["C(comparator)[T.waiting list]"])
    assert BOTH.test("C(comparator)").p_value == right.p_value
    with pytest.raises(ParameterError, match="term: found 'year', expected one of 1, weeks, C"):
        BOTH.test("year")
    full = meta.regress(EFFECTS, "weeks + C(comparator)", tau2="ML")
    part = meta.regress(EFFECTS, "weeks", tau2="ML")
    assert full.compare(part).statistic == likelihood_ratio(full.fit, part.fit).statistic
    assert part.compare(full).statistic == full.compare(part).statistic
    by_method = {"REML": "reml", "ML": "ml", "DL": "ml", "common": "ml"}
    for method, likelihood in by_method.items():
        found = meta.regress(EFFECTS, "weeks", tau2=method)
        assert found.aic == getattr(found.fit, likelihood).aic
    held = BOTH.contrast([0, 1, 0])
    assert held.contrasts[0].estimate == pytest.approx(BOTH.fit.coefficients[1].estimate)


def of_metafor(group: str, data: str) -> tuple[pd.DataFrame, str, Any]:
    """Return the table, the moderator and the numbers of one analysis."""
    analyses = read("synthesis/moderated", group)["analyses"]
    one = next(one for one in analyses if one["data"] == data and len(one["moderators"]) == 1)
    sets = read("synthesis/pooling", data)["sets"][one["set"]]
    rows = {name: np.array(sets[key])[one["rows"]] for name, key in OF.items()}
    (name,) = one["moderators"]
    return pd.DataFrame({**rows, **one["moderators"]}), name, one["out"]


OF = {"effect": "yi", "variance": "vi"}


def test_inflation_of_variances_is_said_by_term() -> None:
    table, name, out = of_metafor("vif", "baskerville2012")
    # Text of three levels is one term: its own inflation is 1, whatever its columns share.
    one_term = meta.regress(table, name).vif().frame
    assert (one_term.df.tolist(), one_term.vif.tolist()) == ([2], pytest.approx([1.0]))
    columns = pd.get_dummies(table[name], dtype=float).iloc[:, 1:]
    columns.columns = ["a", "b"]
    apart = meta.regress(table.join(columns), "a + b").vif().frame
    assert apart.vif.tolist() == pytest.approx(out["vif"], rel=1e-7)
    assert apart.root.tolist() == pytest.approx(np.sqrt(out["vif"]), rel=1e-7)
    both = BOTH.vif()
    assert both.frame.term.tolist() == ["weeks", "C(comparator)"]
    for formula, message in (("0 + weeks", "with an intercept"), ("1", "with moderators")):
        with pytest.raises(ParameterError, match=message):
            meta.regress(EFFECTS, formula).vif()


def test_the_variance_between_studies_can_go_with_moderators() -> None:
    table, name, out = of_metafor("locscale", "baskerville2012")
    found = meta.regress(table, name).location_scale(name)
    assert found.log_likelihood == pytest.approx(out["ll"], abs=1e-7)
    effect = found.frame[found.frame["of"] == "effect"]
    spread = found.frame[found.frame["of"] == "log tau2"]
    assert effect.estimate.tolist() == pytest.approx(out["coef"]["b"], rel=1e-4)
    assert spread.estimate.tolist() == pytest.approx(out["alpha"], abs=1e-4)
    alone = meta.regress(EFFECTS, "1").location_scale("weeks")
    right = location_scale(EFFECTS.effect, EFFECTS.variance, {}, {"weeks": list(EFFECTS.weeks)})
    assert alone.log_likelihood == right.log_likelihood
    for formula in ("0 + weeks", "years", "weeks +*"):
        with pytest.raises(ParameterError, match=f"formula: found '{re.escape(formula)}'"):
            BOTH.location_scale(formula)


def test_influence_names_each_study() -> None:
    found = BOTH.influence()
    right = regression_diagnostics(BOTH.fit)
    assert found.frame.study.tolist() == EFFECTS.study.tolist()
    assert found.frame.cook_distance.tolist() == list(right.cook_distance)
    assert found.frame["dfbetas weeks"].tolist() == list(right.dfbetas["weeks"])
    assert len(repr(found).splitlines()) <= MOST_LINES


def test_what_many_moderators_have_no_room_for_is_counted() -> None:
    random = np.random.default_rng(7)
    names = [f"x{i:02}" for i in range(11)]
    table = pd.DataFrame(random.normal(size=(60, 11)), columns=names)
    table = table.assign(effect=random.normal(0.3, 0.4, 60), variance=0.05)
    found = meta.regress(table, " + ".join(names))
    for shown, rows in ((found.vif(), 11), (found.location_scale("x00"), 14)):
        lines = repr(shown).splitlines()
        assert len(lines) <= MOST_LINES
        assert all(len(one) <= WIDTH for one in lines)
        assert len(shown.frame) == rows
        assert f"and {rows - 8} more in .frame" in lines or "more lines in .summary()" in lines[-1]
    assert repr(found.vif()).splitlines()[-1] == "and 3 more in .frame"


def test_it_shows_itself_in_few_lines() -> None:
    lines = repr(BOTH).splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(one) <= WIDTH for one in lines)
    assert BOTH.to_frame().name.tolist() == [one.name for one in BOTH.fit.coefficients]
    with pytest.raises(AttributeError):
        _ = BOTH.nothing


def test_a_bubble_for_each_study() -> None:
    (axes,) = meta.regress(EFFECTS, "weeks").bubble("weeks").axes
    assert len(axes.collections[-1].get_offsets()) == len(EFFECTS)


def test_rows_without_a_moderator_are_left_out_with_the_reason() -> None:
    table = EFFECTS.copy()
    table["weeks"] = table.weeks.astype(float)
    table.loc[3, "weeks"] = np.nan
    found = meta.regress(table, "weeks")
    assert found.fit.k == 11
    assert found.left_out.study.tolist() == ["Dubois 2008"]
    assert "Dubois 2008" in found.remarks[0]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("week", "columns of the table, which has no week"),
        ("weeks +* year", "formula: found"),
        ("effect ~ weeks", "moderators alone"),
        ("weeks + I(2 * weeks)", "collinearity"),
        ("np.log(weeks - 20)", "formula: found"),
        ("weeks[0]", "formula: found"),
    ],
)
def test_a_formula_that_is_none_is_said(formula: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        meta.regress(EFFECTS, formula)
