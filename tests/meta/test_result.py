"""Results say what is so, in few lines, and reach every statistic beneath by a name."""

import doctest
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta import bias, influence
from evidence.meta.answers import MOST_LINES, WIDTH, digits, p_words
from evidence.meta.bayes import posterior
from evidence.meta.bias import (
    adjusted,
    excess_significance,
    fail_safe,
    selection_models,
    trim_and_fill,
)
from evidence.meta.bias.copas import copas
from evidence.meta.bias.p_curve import p_curve
from evidence.meta.figures import Plot
from evidence.meta.pooling import common_weights, i2_limits, shrinkage, tau2_profile
from evidence.meta.regression import permutation, subgroups
from tests.meta import own
from tests.meta.test_estimate import RIGHT, pooled

FIT = pooled("twelve-studies-means")
Y, V = FIT.effects, FIT.variances
METHODS: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "likelihood": (FIT.likelihood, tau2_profile.tau2_likelihood(Y, V), "profile_low"),
    "influence": (FIT.influence, influence.diagnostics(Y, V), "cook_distance"),
    "residuals": (FIT.residuals, influence.standardized_residuals(Y, V), "standardized"),
    "copas": (lambda: FIT.copas([-0.5], [0.1]), copas(Y, V, [-0.5], [0.1]), "points"),
    "baujat": (FIT.baujat, influence.baujat(Y, V), "heterogeneity"),
    "shrunken": (FIT.shrunken, shrinkage.shrunken_effects(Y, V), "effect"),
    "small_study": (FIT.small_study, bias.regression_test(Y, V, interval="hksj_adhoc"), "p_value"),
    "rank_test": (FIT.rank_test, bias.rank_test(Y, V), "tau"),
    "trim_and_fill": (FIT.trim_and_fill, trim_and_fill.trimfill(Y, V), "missing"),
    "selection_model": (FIT.selection_model, selection_models.selection_model(Y, V), "effect"),
    "outliers": (FIT.outliers, influence.outliers(Y, V), "positions"),
    "pet_peese": (FIT.pet_peese, adjusted.pet_peese(Y, V), "estimate"),
    "limit": (FIT.limit_meta_analysis, adjusted.limit_meta_analysis(Y, V), "estimate"),
    "p_curve": (FIT.p_curve, p_curve(Y, V), "power"),
    "excess": (FIT.excess_significance, excess_significance.test_of_excess(Y, V), "expected"),
    "fail_safe_n": (FIT.fail_safe_n, fail_safe.rosenthal(Y, V), "n"),
    "henmi_copas": (FIT.henmi_copas, common_weights.henmi_copas(Y, V), "ci_low"),
    "permutation": (FIT.permutation, permutation.permutation_test(Y, V), "p_values"),
    "posterior": (FIT.posterior, posterior(Y, V, scale=0.5, prior="half_normal"), "ci_low"),
}
WITHOUT_KERNEL = ["heterogeneity", "leave_one_out", "cumulative", "gosh", "predict"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_the_numbers_of_its_kernel(name: str) -> None:
    method, right, field = METHODS[name]
    assert getattr(method(), field) == getattr(right, field)


@pytest.mark.parametrize("name", [*METHODS, *WITHOUT_KERNEL])
def test_an_answer_shows_itself_in_few_lines(name: str) -> None:
    method = METHODS[name][0] if name in METHODS else getattr(FIT, name)
    found = method()
    lines = repr(found).splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(one) <= WIDTH for one in lines)
    assert found.title in found._repr_html_()
    assert found.summary().startswith(found.title)
    assert not found.to_frame().empty


def test_numbers_are_attributes_and_what_is_not_there_is_said() -> None:
    found = FIT.heterogeneity()
    assert (found.i2_ci_low, found.i2_ci_high) == i2_limits(FIT, V)
    assert "i2_ci_low" in dir(found)
    fit = pooled("eight-heterogeneous")
    low, high = (100 * one for one in i2_limits(fit, fit.variances))
    said = f"I2 {100 * fit.i2:.0f}% ({low:.0f} to {high:.0f})"
    assert fit.heterogeneity().said[1] == said
    with pytest.raises(AttributeError, match="Heterogeneity has no 'I2'; it has tau2"):
        _ = found.I2


def test_effects_that_are_alike_have_an_i2_of_0() -> None:
    alike = meta.pool(pd.DataFrame({"effect": [0.2, 0.21, 0.19], "variance": [0.1, 0.2, 0.3]}))
    assert alike.i2 == 0
    assert "I2 0%" in repr(alike)


def test_a_fit_says_how_many_studies_lie_on_a_side() -> None:
    said = repr(FIT)
    assert "Studies: 11 above 0, 1 below; above 0 favors group 1" in said
    assert "12 studies, 1,230 participants" in said
    assert "5 above 0" in repr(pooled("eight-heterogeneous"))
    # Nothing is said of a side that the table does not tell.
    assert "favors" not in repr(pooled("twelve-yi-vi"))


def test_choices_of_the_fit_reach_the_statistics_behind_its_methods() -> None:
    own_choices = {"tau2": "DL", "interval": "wald"}
    fit = pooled("twelve-studies-means", level=0.9, **own_choices)
    small = bias.regression_test(Y, V, level=0.9, **own_choices)
    assert (fit.small_study().p_value, fit.small_study().limit_ci_low) == (
        small.p_value,
        small.limit_ci_low,
    )
    left = influence.leave_one_out(Y, V, level=0.9, **own_choices)
    assert fit.leave_one_out().frame.ci_low.tolist() == left.ci_low.tolist()
    shrunken = shrinkage.shrunken_effects(Y, V, level=0.9, **own_choices)
    assert fit.shrunken().frame.low.tolist() == list(shrunken.low)
    assert "90% interval" in repr(fit)
    assert "99.5% interval" in repr(pooled("twelve-studies-means", level=0.995))


def test_selection_goes_by_the_side_that_favors_group_1() -> None:
    table = own.table("events")
    fit = meta.pool(meta.effect_sizes(table, "RR", better="lower", **own.EVENTS))
    right = selection_models.selection_model(fit.effects, fit.variances, alternative="less")
    found = fit.selection_model()
    assert found.effect == right.effect
    assert "one-sided P (less), steps at 0.025" in repr(found)
    assert FIT.selection_model().alternative == "greater"


def test_a_prior_has_the_unit_of_the_effects() -> None:
    points = meta.effect_sizes(own.table("twelve-studies-means"), "MD", better="lower", **own.MEANS)
    fit = meta.pool(points)
    with pytest.raises(ParameterError, match="scale: found None, expected the scale of the prior"):
        fit.posterior()
    assert fit.posterior(scale=5).prior_scale == 5


def test_participants_are_those_of_both_groups_or_not_known() -> None:
    table = own.table("twelve-yi-vi").assign(n_1=30)
    one = meta.pool(table, effect="yi", variance="vi")
    one.roles.update({"n_1": "n_1"})  # type: ignore[attr-defined]
    assert one.sizes() is None


def test_one_study_and_a_common_effect_have_no_estimate_of_tau2() -> None:
    alone = meta.pool(pd.DataFrame({"effect": [0.3], "variance": [0.04]}))
    assert "not defined" in alone.heterogeneity().said[0]
    assert "None" not in repr(alone.heterogeneity())
    common = pooled("twelve-studies-means", tau2="common")
    assert "tau2 taken as 0" in repr(common.heterogeneity())


def test_one_group_favors_no_group() -> None:
    table = pd.DataFrame({"r": [0.3, 0.4], "n": [40, 50], "a": 20.0, "b": 15.0, "s": 6.0, "c": 0.5})
    shares = meta.pool(meta.effect_sizes(table, "ZCOR", better="lower", r="r", n="n"))
    assert "favors" not in repr(shares)
    roles = {"mean_pre": "a", "mean_post": "b", "sd_pre": "s", "n": "n", "correlation": "c"}
    change = meta.pool(meta.effect_sizes(table, "SMCR", better="lower", **roles))
    assert "2 above 0, 0 below; above 0 is improvement" in repr(change)


def test_counts_are_read_as_ratios_with_their_side() -> None:
    table = own.table("events")
    found = meta.pool(meta.effect_sizes(table, "OR", better="lower", **own.EVENTS))
    assert "odds ratio 0.46 (0.26 to 0.82)" in repr(found)
    assert "0 above 1, 6 below; below 1 favors group 1" in repr(found)
    more = meta.pool(meta.effect_sizes(table, "OR", better="higher", **own.EVENTS))
    assert "above 1 favors group 1" in repr(more)


@pytest.mark.parametrize("name", RIGHT)
def test_a_fit_shows_itself_in_few_lines_remarks_first(name: str) -> None:
    found = pooled(name)
    lines = repr(found).splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(one) <= WIDTH for one in lines)
    assert len(found.to_frame()) == found.k
    said = found.summary()
    assert all(one in said for one in found.remarks)


def test_remarks_are_first_and_those_without_room_are_counted() -> None:
    found = meta.pool(pd.DataFrame({"effect": [0.1, 0.2], "variance": [0.05, 0.05]}))
    lines = repr(found).splitlines()
    assert lines[1].startswith("! Two trials")
    remarks = tuple(f"Remark {'long ' * 30}{i}." for i in range(9))
    crowded = meta.Answer("Title", {}, ("one", "two"), remarks, pd.DataFrame())
    shown = repr(crowded).splitlines()
    assert len(shown) <= MOST_LINES
    assert shown[-2:] == ["one", "two"]
    assert "more in .remarks" in shown[-3]


def test_lines_without_room_are_counted_whatever_they_say() -> None:
    said = tuple(f"{'term ' * 25}{i}" for i in range(8))
    for remarks in ((), ("A remark.", "Another.")):
        shown = repr(meta.Answer("Title", {}, said, remarks, pd.DataFrame())).splitlines()
        assert len(shown) == MOST_LINES
        assert all(len(one) <= WIDTH for one in shown)
        # A title, one line on remarks where there are any, and two for each of eight lines.
        cut = 1 + bool(remarks) + 16 - (MOST_LINES - 1)
        assert shown[-1] == f"and {cut} more lines in .summary()"


def test_groups_are_pooled_apart() -> None:
    table = own.table("events")
    fit = meta.pool(meta.effect_sizes(table, "OR", **own.EVENTS))
    found = fit.subgroups("comparator")
    right = subgroups(fit.effects, fit.variances, list(table.comparator))
    assert found.q_between == right.q_between
    assert found.frame.group.tolist() == list(right.names)
    unknown = fit.studies.assign(comparator=[None, *table.comparator[1:]])
    with_gap = fit.subgroups(unknown.comparator)
    assert with_gap.remarks[0] == "1 study of no known group is left out."


def test_counts_have_their_own_tests_of_asymmetry() -> None:
    table = own.table("events")
    fit = meta.pool(meta.effect_sizes(table, "OR", **own.EVENTS))
    counts = [table[name] for name in own.EVENTS.values()]
    assert fit.count_asymmetry().p_value == bias.peters_test(*counts).p_value
    assert fit.count_asymmetry("harbord").p_value == bias.harbord_test(*counts).p_value
    with pytest.raises(ParameterError, match="counts, of which events_1, events_2 lack"):
        FIT.count_asymmetry()
    with pytest.raises(ParameterError, match="test: found 'egger', expected peters or harbord"):
        fit.count_asymmetry("egger")


def test_cumulative_goes_by_a_column() -> None:
    years = [int(one.split()[-1]) for one in FIT.names]
    found = FIT.cumulative(years[::-1])
    assert found.frame.added.tolist() == FIT.names[::-1]
    assert found.frame.effect.iloc[-1] == pytest.approx(FIT.effect)
    with pytest.raises(ParameterError, match="by, row 1: found None, expected a number"):
        FIT.cumulative([2000, None, *years[2:]])


def test_methods_that_are_none_are_named() -> None:
    with pytest.raises(ParameterError, match="method: found 'rosental', expected one of rosenth"):
        FIT.fail_safe_n("rosental")


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_figures_are_saved_as_journals_take_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"forest{suffix}"
    figure = FIT.forest()
    assert isinstance(figure, Plot)
    figure.save(path)
    content = path.read_bytes()
    if suffix == ".svg":
        assert b"Adams 2001" in content
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    if suffix == ".pdf":
        assert b"/Type3" not in content
    with pytest.raises(ParameterError, match=r"ends with \.svg, \.png or \.pdf"):
        figure.save(tmp_path / "forest.jpg")


def test_a_forest_plot_shows_every_study_with_its_groups() -> None:
    shown = [one.get_text() for one in FIT.forest().texts]
    assert {"Adams 2001", "16.6 (7.6)", "n = 45", "22.4 (7.3)", "0.77 (0.36 to 1.19)"} <= {*shown}
    assert "0.47 (0.26 to 0.69)" in shown
    counts = meta.pool(meta.effect_sizes(own.table("events"), "OR", **own.EVENTS))
    assert {"12 of 45", "20 of 53"} <= {one.get_text() for one in counts.forest().texts}
    bare = [one.get_text() for one in pooled("twelve-yi-vi").forest().texts]
    assert "Group 1" not in bare


def test_a_funnel_has_a_point_for_each_study() -> None:
    (axes,) = FIT.funnel().axes
    points = axes.lines[-1]
    assert np.asarray(points.get_xdata()) == pytest.approx(Y)
    assert np.asarray(points.get_ydata()) == pytest.approx(np.sqrt(V))


@pytest.mark.parametrize(("level", "z"), [(0.9, 1.6448536270), (0.95, 1.9599639845)])
def test_the_lines_of_a_funnel_have_the_level_of_the_fit(level: float, z: float) -> None:
    fit = pooled("twelve-studies-means", level=level)
    (axes,) = fit.funnel().axes
    across, up = (np.asarray(one, dtype=float) for one in axes.lines[0].get_data())
    assert (across[2] - across[1]) / up[2] == pytest.approx(z)
    assert (across[1] - across[0]) / up[0] == pytest.approx(z)


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.0004, "P < .001"), (0.002, "P = .002"), (0.049, "P = .049"), (0.2, "P = .20"),
     (0.998, "P > .99"), (1.0, "P > .99"), (None, "P not defined")],
)  # fmt: skip
def test_p_is_read_as_journals_print_it(p: float | None, words: str) -> None:
    assert p_words(p) == words


@given(st.floats(-1e6, 1e6))
def test_digits_can_be_read_back(value: float) -> None:
    shown = digits(value)
    assert float(shown.replace(",", "").replace("−", "-")) == pytest.approx(value, abs=0.0051)
    assert not shown.startswith(("-", "−0.00"))


MODULES = ["answers", "arranging", "estimate", "frame", "moderators", "spreadsheet"]


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module: str) -> None:
    tried = doctest.testmod(importlib.import_module(f"evidence.meta.{module}"))
    assert tried.failed == 0


def test_the_namespace_is_the_table_of_contents() -> None:
    assert dir(meta) == sorted(meta.__all__)
    for name in meta.__all__:
        assert getattr(meta, name).__doc__ or name == "MEASURES"


def of_numbers(effects: Any, se: Any, measure: str = "effect", **options: Any) -> meta.Fit:
    table = pd.DataFrame({"effect": effects, "se": se})
    table.attrs["measure"] = measure
    found = meta.pool(table, **options)
    assert isinstance(found, meta.Fit)
    return found


@pytest.mark.parametrize(
    ("measure", "numbers", "right"),
    [
        ("mean_difference", (0.0004, 0.0001, 0.0007), "0.00040 (0.00010 to 0.00070)"),
        ("mean_difference", (-0.0004, -0.3, 0.3), "0.00 (−0.30 to 0.30)"),
        ("mean_difference", (0.14, 0.02, 0.26), "0.14 (0.02 to 0.26)"),
        ("mean_difference", (0.0, 0.0, 0.0), "0.00 (0.00 to 0.00)"),
        ("odds_ratio", np.log([0.0004, 0.0001, 0.0013]), "0.0004 (0.0001 to 0.0013)"),
        ("odds_ratio", np.log([1.0004, 1.0001, 1.0007]), "1.00040 (1.00010 to 1.00070)"),
        ("odds_ratio", np.log([0.46, 0.26, 0.82]), "0.46 (0.26 to 0.82)"),
        ("odds_ratio", (0.7, -np.inf, np.inf), "2.01 (0.00 to infinite)"),
        ("rate", (0.0027, 0.0013, 0.0056), "0.0027 (0.0013 to 0.0056)"),
        ("proportion", (0.004, 0.001, 0.3), "0.004 (0.001 to 0.300)"),
    ],
)
def test_small_effects_are_not_read_as_none(measure: str, numbers: Any, right: str) -> None:
    assert of_numbers([0.1, 0.2], [0.1, 0.1], measure).scale.words(*numbers) == right


def test_all_that_is_shown_of_small_numbers_has_digits() -> None:
    se = np.linspace(1e-4, 2e-4, 6)
    found = of_numbers([2e-4, 9e-4, 4e-4, 1e-4, 8e-4, 3e-4], se, "mean_difference")
    reg = meta.regress(found.studies.assign(x=range(6)), "x")
    trials = meta.pool(found.studies, cluster=[*"aabbcd"], model="three_level")
    shown = [
        *(found, found.heterogeneity(), found.likelihood(), found.posterior(scale=1e-3), reg),
        *(reg.location_scale("1"), trials, trials.profile(), found.leave_one_out()),
    ]
    for one in shown:
        # A limit of 0 is one; a whole interval is not.
        assert not re.search(r"[ (]−?0\.0+ \(−?0\.0+ to −?0\.0+\)|tau2 0\.0+[ ,]", repr(one)), one
        assert "e-0" not in one.summary()
    assert "0.00018" in found.summary()
    assert "0.00018" in found._repr_html_()


def test_limits_beyond_what_a_measure_can_be_are_said() -> None:
    shares = of_numbers([0.95, 0.9, 0.99, 0.85], [0.05, 0.06, 0.05, 0.05], "proportion")
    assert shares.ci_high > 1
    assert shares.prediction_high is not None
    assert shares.remarks[:2] == (
        "The interval reaches beyond 1, where no proportion can be.",
        "The prediction interval reaches beyond 1, where no proportion can be.",
    )
    said = "2 of 2 intervals reach beyond 1, where no proportion can be."
    assert said in shares.subgroups([*"aabb"]).remarks
    phi = of_numbers([-0.9, -0.95], [0.1, 0.1], "phi", interval="wald")
    assert phi.remarks[0] == "The interval reaches beyond −1, where no phi can be."
    rows = shares.studies.assign(x=[1, 2, 3, 4], trial=[*"aabc"])
    rows.attrs["measure"] = "proportion"
    for options in ({}, {"cluster": "trial", "model": "three_level"}):
        predicted = meta.regress(rows, "x", **options).predict(pd.DataFrame({"x": [1, 9]}))
        assert any("intervals reach beyond" in one for one in predicted.remarks)
    trials = meta.pool(rows, cluster="trial", model="three_level")
    assert "The interval reaches beyond 1, where no proportion can be." in trials.remarks
    inside = of_numbers([0.5, 0.4, 0.45, 0.5], [0.05] * 4, "proportion")
    assert not any("beyond" in one for one in inside.remarks)
    logs = of_numbers(np.log([0.9, 0.95]), [0.1, 0.1], "proportion_log", interval="wald")
    assert logs.remarks[0] == "The interval reaches beyond 1, where no proportion can be."
    free = of_numbers([5.0, 9.0], [0.1, 0.1], "mean_difference")
    assert not any("beyond" in one for one in free.remarks)


def test_gosh_says_how_many_subsets_are_of_one_study() -> None:
    said = of_numbers([0.1, 0.4, 0.3], [0.1, 0.2, 0.1]).gosh().said[0]
    assert said.startswith("7 subsets of studies (all, 3 of them of a single study); 95% of them")


def test_answers_say_their_measure_level_and_direction() -> None:
    fit = pooled("twelve-studies-means", level=0.9)
    whole = [
        *(fit.leave_one_out(), fit.cumulative(), fit.subgroups([*"ab"] * 6), fit.outliers()),
        *(fit.shrunken(), fit.henmi_copas(), fit.small_study(), fit.trim_and_fill()),
        *(fit.selection_model(), fit.pet_peese(), fit.limit_meta_analysis()),
        fit.copas([-0.5], [0.1]),
    ]
    for one in whole:
        assert ": Hedges g, 90% intervals; above 0 favors group 1" in repr(one)
    for one in (fit.heterogeneity(), fit.likelihood(), fit.posterior(), fit.predict()):
        assert "90%" in repr(one)
    for one in (fit.posterior(), fit.predict(), fit.rank_test(), fit.gosh(sample=20, seed=1)):
        assert "Hedges g" in repr(one)
    assert "above 0 favors group 1" in repr(fit.predict())
    assert "above 0 favors group 1" in repr(fit.posterior())
    rows = fit.studies.assign(x=np.arange(12), trial=[*"aabbccddeeff"])
    rows.attrs.update(measure="smd", better="lower")
    for options in ({}, {"cluster": "trial"}):
        reg = meta.regress(rows, "x", level=0.9, **options)
        new = pd.DataFrame({"x": range(8)}, index=[*"stuvwxyz"])
        found = reg.predict(new)
        assert "90%" in reg.lines()[0]
        assert "Hedges g, 90% intervals; above 0 favors group 1" in found.lines()[0]
        assert [one.split(":")[0] for one in found.said] == [
            *(f"row {name}" for name in "stuvwx"), "and 2 more in .frame"
        ]  # fmt: skip
        assert "Hedges g" in reg.test("x").lines()[0]
    assert "90%" in meta.regress(rows, "x", level=0.9).location_scale("x").lines()[0]
    assert "90%" in reg.profile().lines()[0]


def test_that_a_covariance_was_given_is_said() -> None:
    rows = FIT.studies.assign(trial=[*"aabbccddeeff"])
    given = meta.repeated_covariance(rows, cluster="trial", rho=0.5)
    text = "The covariance of the errors is the one that was given (covariance=)."
    for model in ("che", "gls", "aggregate"):
        assert text in meta.pool(rows, cluster="trial", model=model, covariance=given).remarks
        assert text not in meta.pool(rows, cluster="trial", model=model, rho=0.5).remarks
    found = meta.regress(rows.assign(x=range(12)), "x", cluster="trial", covariance=given)
    assert text in found.remarks
    assert text not in meta.pool(rows, cluster="trial", model="three_level").remarks


def test_standard_errors_that_hold_the_effect_are_said_where_they_are_tested() -> None:
    text = "The standard errors hold the effect itself, which can look like asymmetry."

    def said(fit: meta.Fit) -> list[bool]:
        found = [fit.small_study(), fit.small_study("lm", "vi"), fit.rank_test(),
                 fit.limit_meta_analysis(), fit.pet_peese()]  # fmt: skip
        return [text in one.remarks for one in found]

    assert said(FIT) == [True] * 5
    assert text not in FIT.small_study(predictor="ni").remarks
    numbers = [0.1, 0.4, 0.3, 0.2], [0.1, 0.2, 0.1, 0.3]
    for measure in ("odds_ratio", "risk_difference", "correlation"):
        assert said(of_numbers(*numbers, measure)) == [True] * 5
    for measure in ("effect", "mean_difference", "fisher_z", "arcsine_difference"):
        assert said(of_numbers(*numbers, measure)) == [False] * 5
