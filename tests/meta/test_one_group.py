"""A share, a rate or a mean of one group is read on its own scale and tested against nothing.

Numbers are those of metafor's `predict` with the way back of each measure.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta.figures.forest import Kind
from evidence.meta.figures.forest_rows import of_fit
from evidence.meta.measures import MEASURES
from tests.oracles import read
from tests.tolerances import CLOSED_FORM

ORACLES = read("effects", "one_group")
INTERVAL = {"z": "wald", "knha": "hksj"}


def fit(measure: str, data: str = "pritz1997", **choices: str) -> meta.Fit:
    table = meta.effect_sizes(TABLES[data], measure, **{one: one for one in TABLES[data]})
    found = meta.pool(table, **choices)  # type: ignore[arg-type]
    assert isinstance(found, meta.Fit)
    return found


TABLES = {name: pd.DataFrame(columns) for name, columns in ORACLES["sets"].items()}


@pytest.mark.parametrize("analysis", ORACLES["analyses"], ids=lambda one: one["id"])
def test_pooled_values_are_read_as_metafor_reads_them_back(analysis):
    method = {"EE": "common"}.get(analysis["method"], analysis["method"])
    found = fit(
        analysis["measure"], analysis["data"], tau2=method, interval=INTERVAL[analysis["test"]]
    )
    fields = ("effect", "ci_low", "ci_high", "prediction_low", "prediction_high")
    read_back = [found.scale.read(getattr(found, one)) for one in fields]
    right = [analysis["out"][one] for one in ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")]
    assert [one is None for one in read_back] == [one is None for one in right]
    known = [one for one in right if one is not None]
    by = COARSE.get((analysis["measure"], method), CLOSED_FORM)
    assert [one for one in read_back if one is not None] == pytest.approx(known, rel=by, abs=0.0)


COARSE = {("IR", "REML"): 4e-7, ("IRS", "REML"): 4e-9, ("IR", "PM"): 2e-11}
"""Variances of rates are from 1e-7 to 1e-3: the thresholds of the reference, absolute on tau2, are
coarse for them. All others, those that are iterated too, are as near as closed forms."""


def test_all_analyses_are_compared():
    assert len(ORACLES["analyses"]) == 43


def test_studies_are_read_as_the_shares_they_had():
    for measure in ("PR", "PLN", "PLO", "PAS"):
        found = fit(measure)
        whole = (TABLES["pritz1997"].events / TABLES["pritz1997"].n).between(0.001, 0.999)
        shares = (TABLES["pritz1997"].events / TABLES["pritz1997"].n)[whole]
        assert [found.scale.read(one) for one in found.effects[whole]] == pytest.approx(
            list(shares)
        )


ONE_GROUP = [name for name, one in MEASURES.items() if not one.null]


def test_nothing_is_tested_and_no_line_is_drawn_where_0_means_nothing():
    assert len(ONE_GROUP) == 10
    for name in ONE_GROUP:
        data = next(one for one in TABLES if set(MEASURES[name].needs) == set(TABLES[one]))
        found = fit(name, data)
        said = repr(found) + repr(found.leave_one_out()) + repr(found.posterior(scale=1))
        estimate = next(one for one in repr(found).splitlines() if "interval" in one and "(" in one)
        assert "above" not in said
        assert "include" not in said
        assert ", P" not in repr(found).splitlines()[1] + estimate.split("interval")[-1]
        drawn = of_fit(found)
        assert not drawn.null
        assert (drawn.below, drawn.above) == ("", "")
        assert not found.funnel().axes[0].patches
        for rows in (found.leave_one_out(), found.cumulative(), found.subgroups(groups(found))):
            assert "p_value" not in rows.frame
        for method in (
            *(found.pet_peese, found.selection_model, found.p_curve, found.permutation),
            *(found.excess_significance, found.fail_safe_n),
        ):
            with pytest.raises(ParameterError, match="a value of no difference, which this method"):
                method()


def groups(found: meta.Fit) -> list[str]:
    return ["ab"[i % 2] for i in range(found.k)]


def moderated(formula: str, **options: Any) -> Any:
    table = TABLES["pritz1997"]
    effects = meta.effect_sizes(table, "PLO", events="events", n="n")
    effects["x"], effects["g"] = np.arange(14) ** 2 % 7, ["ab"[i % 2] for i in range(14)]
    effects["trial"] = np.arange(14) // 2
    return meta.regress(effects, formula, **options)


@pytest.mark.parametrize("options", [{}, {"cluster": "trial", "rho": 0.5}])
@pytest.mark.parametrize(
    ("formula", "tested"),
    [
        ("x + C(g)", [False, True, True]),
        ("0 + C(g)", [False, False]),
        # Means of two groups at 0, and what they share: a slope.
        ("0 + C(g) + x", [False, False, True]),
        # Through the origin, where a share would be one half.
        ("0 + x", [False]),
    ],
)
def test_moderators_are_tested_where_they_are_differences(formula, tested, options):
    found = moderated(formula, **options)
    names = [one.name for one in found.fit.coefficients]
    lines = {name: next(one for one in found.lines()[1:] if one.startswith(f"{name}:"))
             for name in names}  # fmt: skip
    assert [", P" in lines[name] for name in names] == tested
    frame = found.coefficients() if options else found.to_frame()
    assert frame.p_value.notna().tolist() == tested
    assert [one for one in frame.p_value if one == one] == [
        one.p_value for one, own in zip(found.fit.coefficients, tested, strict=True) if own
    ]
    whole = any("All moderators" in one for one in found.lines())
    assert whole == (not options and formula == "x + C(g)")
    for term, place in found.spec.term_slices.items():
        if all(tested[place]):
            assert "P" in found.test(str(term)).lines()[1]
        else:
            with pytest.raises(ParameterError, match="0 is no hypothesis on a proportion"):
                found.test(str(term))


def test_combinations_of_means_are_tested_where_they_are_differences_or_against_a_value():
    found = moderated("0 + C(g)")
    apart = moderated("C(g)").fit.coefficients[1]
    assert found.contrast([-1, 1]).p_value == pytest.approx(apart.p_value, rel=1e-6)
    with pytest.raises(ParameterError, match="right: found None, expected values, since 0 is none"):
        found.contrast([[-1, 1], [1, 0]])
    assert found.contrast([1, 0], right=[0.5]).p_value < 1
    spread = moderated("x").location_scale("x").frame.p_value
    assert spread.notna().tolist() == [False, True, False, True]


def test_associations_keep_their_test_and_are_read_as_correlations():
    table = TABLES["pritz1997"].assign(r=np.linspace(-0.2, 0.5, 14))
    found = meta.pool(meta.effect_sizes(table, "ZCOR", r="r", n="n"))
    assert isinstance(found, meta.Fit)
    assert found.scale.read(found.effect) == pytest.approx(np.tanh(found.effect))
    assert f"correlation {np.tanh(found.effect):.2f}" in repr(found)
    assert ", P " in repr(found)
    assert "pooled as Fisher's z" in repr(found)


def test_small_rates_have_two_digits_and_double_arcsines_say_their_size():
    assert "rate 0.0027 (0.0013 to 0.0056)" in repr(fit("IRLN", "nielweise2008", interval="hksj"))
    found = fit("PFT")
    assert any("by the harmonic mean of the sizes, 12.6" in one for one in found.remarks)
    ready = TABLES["pritz1997"].assign(effect=0.8, variance=0.01)
    ready.attrs["measure"] = "proportion_freeman_tukey"
    assert "double arcsine of a proportion 0.80" in repr(meta.pool(ready))


def test_the_axis_of_a_forest_plot_has_shares_on_it():
    drawn = of_fit(fit("PLO"))
    assert len(drawn.ticks) > 3
    assert all(0 <= one <= 1 for one in drawn.ticks)
    trials = [row for row in drawn.rows if row.kind == Kind.TRIAL]
    assert len(trials) == 14
    assert all(0 <= row.ci_low < row.effect < row.ci_high <= 1 for row in trials)
