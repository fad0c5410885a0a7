"""What figures draw are the numbers of metafor; how they look is for people to see."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta.answers import rows_of
from evidence.meta.bias import ENOUGH_TRIALS
from evidence.meta.figures import Plot, curves, studies
from evidence.meta.multilevel.profile import profile_likelihood
from tests.meta.test_several import CONTENTS, fitted
from tests.oracles import read
from tests.tolerances import CLOSED_FORM, ITERATIVE, LIKELIHOOD, SEARCHED

BCG = read("synthesis/pooling", "bcg")
METHODS = {"EE": "common"}
TESTS = {"z": "wald", "knha": "hksj", "adhoc": "hksj_adhoc"}
CASES = [
    (one["id"], one["set"], one["out"])
    for one in BCG["analyses"]
    if one["args"].get("method") in ("EE", "DL", "REML") and one["args"].get("test") in TESTS
    if "out" in one and (one["set"] == "OR" or one["id"] in ("uni_EE_z", "uni_REML_knha"))
    if one["set"] in ("OR", "RR", "RD")
]


def pooled(name: str, of: str) -> meta.Fit:
    method, test = name.split("_")[1:]
    sets = BCG["sets"][of]
    table = pd.DataFrame({"effect": sets["yi"], "variance": sets["vi"]})
    found = meta.pool(table, tau2=METHODS.get(method, method), interval=TESTS[test])  # type: ignore[arg-type]
    assert isinstance(found, meta.Fit)
    return found


def drawn(axes: Axes, line: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.asarray(one, dtype=float) for one in axes.lines[line].get_data())  # type: ignore[return-value]


def counts(measure: str) -> meta.Fit:
    raw = read("synthesis/rare", "bcg")["sets"]["raw2x2"]
    roles = {"events_1": "ai", "n_1": "n1i", "events_2": "ci", "n_2": "n2i"}
    found = meta.pool(meta.effect_sizes(pd.DataFrame(raw), measure, **roles))
    assert isinstance(found, meta.Fit)
    return found


def test_cases_are_many() -> None:
    assert len(CASES) == 12


@pytest.mark.parametrize(("name", "of", "out"), CASES)
def test_a_radial_plot_has_the_pooled_effect_as_its_slope(name, of, out):
    axes = pooled(name, of).radial().axes[0]
    (line_x, line_y), (x, y) = drawn(axes, 0), drawn(axes, 1)
    assert y / x == pytest.approx(np.array(BCG["sets"][of]["yi"]), rel=1e-9)
    assert 1 / x**2 - np.array(BCG["sets"][of]["vi"]) == pytest.approx(out["tau2"], abs=1e-7)
    slope = float(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0])
    assert slope == pytest.approx(out["b"], rel=1e-7)
    assert line_y[-1] / line_x[-1] == pytest.approx(out["b"], rel=1e-7)


@pytest.mark.parametrize(("name", "of", "out"), CASES)
def test_curves_of_a_drapery_are_cut_at_the_limits_of_metafor(name, of, out):
    found = pooled(name, of)
    limits = np.array([out["ci_lb"], out["ci_ub"]])
    assert curves.p_values(limits, found.effect, found.se, found.df) == pytest.approx(
        0.05, rel=1e-6
    )
    assert curves.p_values(np.zeros(1), found.effect, found.se, found.df)[0] == pytest.approx(
        out["pval"], rel=1e-6
    )
    axes = found.drapery().axes[0]
    grid, heights = drawn(axes, found.k)
    assert grid[heights.argmax()] == found.effect
    assert heights == pytest.approx(curves.p_values(grid, found.effect, found.se, found.df))
    inside = (grid > limits[0]) & (grid < limits[1])
    assert (heights[inside] > 0.05).all()
    assert (heights[~inside] < 0.05 + 1e-6).all()
    if out["predict"][0] is not None:
        grid, heights = drawn(axes, found.k + 1)
        inside = (grid > out["predict"][0]) & (grid < out["predict"][1])
        assert (heights[inside] > 0.05).all()
        assert (heights[~inside] < 0.05 + 1e-6).all()


@pytest.mark.parametrize(("name", "of", "out"), CASES)
def test_an_orchard_has_the_intervals_of_metafor(name, of, out):
    found = pooled(name, of)
    axes = found.orchard().axes[0]
    ends = [sorted(drawn(axes, line)[0]) for line in range(len(axes.lines))]
    assert [out["ci_lb"], out["ci_ub"]] in [pytest.approx(one, rel=1e-6) for one in ends]
    if out["predict"][0] is not None:
        assert out["predict"] in [pytest.approx(one, rel=1e-6) for one in ends]
    fruits = np.asarray(axes.collections[0].get_offsets(), dtype=float)
    assert fruits[:, 0] == pytest.approx(found.effects)
    assert np.unique(fruits[:, 1]).size == found.k


def test_an_orchard_has_a_branch_for_each_group() -> None:
    fit = counts("OR")
    groups = ["x", "y", "x", None, *"xyxyxyxyx"]
    axes = fit.orchard(groups).axes[0]
    subgroups = fit.subgroups(groups).frame
    assert [one.get_text() for one in axes.get_yticklabels()] == [
        f"{row.group}\nk = {row.k}" for row in rows_of(subgroups)
    ]
    assert [len(one.get_offsets()) for one in axes.collections] == subgroups.k.tolist()


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_labbe_has_the_risks_and_the_line_of_the_pooled_effect(measure: str) -> None:
    fit = counts(measure)
    axes = fit.labbe().axes[0]
    raw = {
        key: np.array(one) for key, one in read("synthesis/rare", "bcg")["sets"]["raw2x2"].items()
    }
    points = np.asarray(axes.collections[0].get_offsets(), dtype=float)
    assert points[:, 0] == pytest.approx(raw["ci"] / raw["n2i"])
    assert points[:, 1] == pytest.approx(raw["ai"] / raw["n1i"])
    right = next(o["b"] for n, of, o in CASES if (n, of) == ("uni_REML_knha", measure))
    second, first = (one[1:-1] for one in drawn(axes, 1))
    effect = {
        "OR": np.log(first / (1 - first)) - np.log(second / (1 - second)),
        "RR": np.log(first / second),
        "RD": first - second,
    }[measure]
    assert effect == pytest.approx(right, rel=1e-6)


def test_other_lines_of_labbe_are_the_inverse_of_their_measures() -> None:
    risk = np.linspace(0.2, 0.7, 6)
    turned = studies.risks_of_group_1("arcsine_difference", risk, 0.2)
    assert turned is not None
    assert np.arcsin(np.sqrt(turned)) - np.arcsin(np.sqrt(risk)) == pytest.approx(0.2)
    assert studies.risks_of_group_1("phi", risk, 0.2) is None
    table = pd.DataFrame({"a": [7, 8], "s": [1344, 1600], "b": [11, 8], "t": [1988, 1461]})
    roles = {"events_1": "a", "time_1": "s", "events_2": "b", "time_2": "t"}
    rates = meta.pool(meta.effect_sizes(table, "IRR", **roles))
    assert isinstance(rates, meta.Fit)
    axes = rates.labbe().axes[0]
    assert axes.get_ylabel() == "Rate in group 1"
    second, first = drawn(axes, 1)
    assert first[1:] / second[1:] == pytest.approx(np.exp(rates.effect))
    with pytest.raises(ParameterError, match="labbe: found 'effect', expected counts, of whi"):
        pooled("uni_EE_z", "OR").labbe()


def test_baujat_has_the_points_of_metafor() -> None:
    analyses = [
        one for one in read("synthesis/trials", "bcg")["analyses"] if one["group"] == "baujat"
    ]
    assert len(analyses) == 2
    for one in analyses:
        found = pooled(f"uni_{one['args']['fit']}", one["set"])
        x, y = drawn(found.baujat().plot().axes[0], 0)
        assert x == pytest.approx(np.array(one["out"]["x"]), rel=1e-6)
        assert y == pytest.approx(np.array(one["out"]["y"]), rel=1e-4)


def test_gosh_has_the_subsets_of_metafor() -> None:
    (one,) = (
        a for a in read("synthesis/rearranged", "gosh")["analyses"] if a["data"] == "hine1989"
    )
    sets = read("synthesis/pooling", "hine1989")["sets"][one["set"]]
    table = pd.DataFrame({"effect": sets["yi"], "variance": sets["vi"]})
    found = meta.pool(table, tau2="common")
    assert isinstance(found, meta.Fit)
    x, y = drawn(found.gosh().plot().axes[1], 0)
    right = pd.DataFrame(one["out"]["res"], columns=one["out"]["cols"]).query("k > 1")
    assert len(right) == 57
    assert sorted(x) == pytest.approx(sorted(right.estimate), rel=1e-9)
    assert sorted(y) == pytest.approx(sorted(right.I2), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_profile_is_cut_at_the_limits_of_metafor(method: str) -> None:
    folder = "synthesis/likelihood"
    limits = [
        (one["set"], one["out"])
        for one in read(folder, "intervals")["analyses"]
        if one["data"] == "bcg" and one["args"] == {"method": method, "type": "PL"}
    ]
    tops = {
        one["set"]: one["out"]["ll"]
        for one in read(folder, "fits")["analyses"]
        if one["data"] == "bcg" and one["args"]["method"] == method
    }
    assert len(limits) == {"REML": 5, "ML": 1}[method]
    for of, (tau2, low, high) in limits:
        sets = BCG["sets"][of]
        table = pd.DataFrame({"effect": sets["yi"], "variance": sets["vi"]})
        fit = meta.pool(table, tau2=method)  # type: ignore[arg-type]
        assert isinstance(fit, meta.Fit)
        axes = fit.likelihood().plot().axes[0]
        values, heights = drawn(axes, 0)
        at, top = drawn(axes, 1)
        assert at[0] == pytest.approx(tau2, rel=1e-6)
        assert top[0] == pytest.approx(tops[of], rel=ITERATIVE)
        assert top[0] == pytest.approx(heights.max(), rel=CLOSED_FORM)
        cut = drawn(axes, 2)[1][0]
        assert tops[of] - cut == pytest.approx(1.9207294103470, rel=1e-6)
        for end in filter(None, (low, high)):
            assert np.interp(end, values, heights) == pytest.approx(cut, rel=1e-6)
        inside = (values > low) & (values < high)
        assert (heights[inside] > cut - 1e-9).all()
        assert (heights[~inside] < cut + 1e-9)[values[~inside] > 0].all()


@pytest.mark.parametrize("v", ["diag", "rho0.6"])
def test_profiles_of_two_variances_are_cut_at_the_limits_of_metafor(v: str) -> None:
    fit = fitted("1", v)
    figure = fit.profile().plot()
    cases = [
        one
        for one in CONTENTS["analyses"]
        if one["args"].get("parameter") == "sigma2" and one["id"].startswith(f"ml_{v}_1_")
    ]
    assert len(cases) == len(figure.axes) == 2
    for one, axes, name in zip(cases, figure.axes, ("cluster", "effect"), strict=True):
        estimate, low, high = one["out"]["random"]
        top, cut = one["out"]["ll"], one["out"]["ll"] - one["out"]["lr_ub"] / 2
        assert axes.get_xlabel() == f"sigma2_{name}"
        values, heights = drawn(axes, 0)
        at, height = drawn(axes, 1)
        assert at[0] == pytest.approx(estimate, rel=SEARCHED)
        assert height[0] == pytest.approx(top, abs=LIKELIHOOD)
        assert drawn(axes, 2)[1][0] == pytest.approx(cut, abs=LIKELIHOOD)
        assert heights.max() == pytest.approx(top, abs=LIKELIHOOD)
        for end in (low, high):
            assert np.interp(end, values, heights) == pytest.approx(cut, abs=SEARCHED)
        assert fit.fit is not None
        ends = profile_likelihood(fit.fit, f"sigma2_{name}", [low, high])
        right = [top - one["out"][side] / 2 for side in ("lr_lb", "lr_ub")]
        assert ends == pytest.approx(right, abs=LIKELIHOOD)
        inside = (values > low) & (values < high)
        assert (heights[inside] > cut - SEARCHED).all()
        assert (heights[~inside] < cut + SEARCHED).all()
    with pytest.raises(ParameterError, match=r"values\[1\]: found -0.1, expected from 0 to inf"):
        profile_likelihood(fit.fit, "sigma2_effect", [0.1, -0.1])


def test_all_figures_share_one_form_and_answers_without_one_say_so() -> None:
    fit = counts("OR")
    assert fit.k > ENOUGH_TRIALS
    for figure in (fit.radial(), fit.labbe(), fit.drapery(), fit.orchard(), fit.funnel(),
                   fit.baujat().plot(), fit.gosh(sample=50, seed=1).plot(),
                   fit.likelihood().plot()):  # fmt: skip
        assert isinstance(figure, Plot)
        for side in ("top", "right"):
            assert not figure.axes[0].spines[side].get_visible() or not figure.axes[0].axison
    with pytest.raises(ParameterError, match="plot: found 'Henmi and Copas', expected an answ"):
        fit.henmi_copas().plot()
