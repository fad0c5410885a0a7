import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta import regression
from evidence.meta.pooling import pool
from evidence.meta.pooling.batch import INTERVAL_METHODS
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from evidence.meta.pooling.tau2_profile import FitStatistics
from evidence.meta.regression import meta_regression, subgroups
from evidence.meta.regression.linear import LinearModel, likelihood_score
from tests.meta.pooling.test_univariate import ALL
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE, assert_close

FOLDER = "synthesis/regression"
METHODS = {"EE": "common", "DL": "DL", "REML": "REML", "ML": "ML", "PM": "PM"}
INTERVALS = {"z": "wald", "knha": "hksj"}
EXCLUDED = {"mr_lrt": "likelihood-ratio test of moderators; the Wald and F tests are offered"}


def excluded(analysis):
    return any(analysis["id"].startswith(start) for start in EXCLUDED)


def inputs(contents, analysis):
    """Effects, variances and moderators of the rows that the analysis used."""
    data, arguments = contents["sets"][analysis["set"]], analysis["args"]
    rows = [i - 1 for i in arguments["rows_in_set"]]
    wanted = [arguments["by"]] if "by" in arguments else arguments["mods"]
    moderators = {name: [data["moderators"][name][i] for i in rows] for name in wanted}
    return [data["yi"][i] for i in rows], [data["vi"][i] for i in rows], moderators


def as_text(values):
    """Levels of a category as R prints them."""
    return [value if isinstance(value, str) else f"{value:g}" for value in values]


def assert_agrees(found, expected, variances, what, *, r2=True):
    # The reference solves the normal equations with a year near 2000 uncentered, which costs it
    # the last digits of closed forms too (see the exact arithmetic below).
    by = ITERATIVE
    se = np.array(expected["se"])
    assert found.coefficients[0].name == "intercept", what
    rows = {
        field: np.array([getattr(c, field) for c in found.coefficients])
        for field in ("estimate", "se", "ci_low", "ci_high", "p_value")
    }
    assert_close(rows["estimate"] / se, expected["b"] / se, by, 1, f"{what} estimate")
    assert_close(rows["se"], se, by, 0, f"{what} se")
    assert_close(rows["ci_low"] / se, expected["ci_lb"] / se, by, 1, f"{what} ci_low")
    assert_close(rows["ci_high"] / se, expected["ci_ub"] / se, by, 1, f"{what} ci_high")
    assert_close(rows["p_value"], expected["pval"], by, 1e-4, f"{what} p_value")
    if "vb" in expected:
        scale = np.outer(se, se)
        assert_close(found.covariance / scale, expected["vb"] / scale, by, 1, f"{what} covariance")
    assert found.df == expected["df"], what
    assert_close(found.tau2, expected["tau2"], by, np.median(variances), f"{what} tau2")
    assert_close(100 * found.i2, expected["I2"], by, 1, f"{what} i2")
    assert_close(found.h2, expected["H2"], by, 0, f"{what} h2")
    assert_close(found.qe, expected["QE"], by, 0, f"{what} qe")
    assert_close(found.qe_p, expected["QEp"], by, 1e-4, f"{what} qe_p")
    assert_close(found.qm, expected["QM"], by, 1, f"{what} qm")
    assert_close(found.qm_p, expected["QMp"], by, 1e-4, f"{what} qm_p")
    if not r2:
        return
    if found.r2 is None:
        # tau2 is 0 without moderators, where metafor gives 0 for 0 / 0.
        assert not expected["R2"], what
        assert found.tau2 == 0, what
    else:
        assert_close(100 * found.r2, expected["R2"], by, 1, f"{what} r2")


@pytest.mark.parametrize("name", names(FOLDER))
def test_meta_regression_agrees_with_metafor(name):
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        if analysis["group"] != "metareg" or excluded(analysis):
            continue
        effects, variances, moderators = inputs(contents, analysis)
        arguments, expected = analysis["args"], analysis["out"]
        what = f"{name} {analysis['id']}"
        if "confint" in analysis["id"]:
            found = meta_regression(effects, variances, moderators)
            _, low, high = expected["tau2"]
            scale = np.median(variances)
            assert_close(found.tau2_ci_low, low, ITERATIVE, scale, what)
            # crisafulli2020: the reference stopped its search for a root at an absolute 1e-8.
            assert_close(found.tau2_ci_high, high, ITERATIVE_LOOSE, scale, what)
            continue
        tau2, interval = METHODS[arguments["method"]], INTERVALS[arguments["test"]]
        found = meta_regression(effects, variances, moderators, tau2=tau2, interval=interval)
        # R2 of a common-effect model is that of a weighted regression there; not offered.
        assert_agrees(found, expected, variances, what, r2=tau2 != "common")


@pytest.mark.parametrize("name", names(FOLDER))
def test_subgroups_agree_with_metafor(name):
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        if analysis["group"] != "subgroup":
            continue
        effects, variances, moderators = inputs(contents, analysis)
        labels = as_text(next(iter(moderators.values())))
        expected, what = analysis["out"], f"{name} {analysis['id']}"
        if analysis["id"].startswith("subcommon"):
            found = meta_regression(effects, variances, {"g": labels}, interval="wald")
            assert_agrees(found, expected, variances, what)
            continue
        groups = subgroups(effects, variances, labels, interval="wald")
        assert groups.q_df == expected["Q_df"], what
        assert_close(groups.q_between, expected["Q_between"], ITERATIVE, 1, what)
        assert_close(groups.q_p, expected["Q_p"], ITERATIVE, 1e-4, what)
        levels = {str(level["level"]): level for level in expected["levels"]}
        assert sorted(levels) == list(groups.names), what
        for label, pooled in zip(groups.names, groups.estimates, strict=True):
            assert pooled.k == levels[label]["k"], what
            if "b" in levels[label]:
                assert_close(pooled.effect, levels[label]["b"], ITERATIVE, pooled.se, what)
                assert_close(pooled.se, levels[label]["se"], ITERATIVE, 0, what)


def test_grid_is_complete():
    counts = {}
    for _, _, analysis in analyses(FOLDER):
        arguments = analysis["args"]
        key = (analysis["group"], arguments.get("method"), arguments.get("test"))
        if excluded(analysis):
            assert "out" not in analysis
            key = ("excluded",)
        else:
            assert "out" in analysis
        counts[key] = counts.get(key, 0) + 1
    assert counts == {
        **{("metareg", method, test): 33 for method in METHODS for test in INTERVALS},
        ("metareg", None, None): 33,
        ("excluded",): 33,
        ("subgroup", None, None): 26,
    }


def exact_residual_q(y, v, x):
    """Residual Q of a regression on one moderator, in rational arithmetic."""
    y, x = [Fraction(a) for a in y], [Fraction(a) for a in x]
    w = [1 / Fraction(a) for a in v]
    total = sum(w)
    x_mean = sum(a * b for a, b in zip(w, x, strict=True)) / total
    y_mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
    dx, dy = [a - x_mean for a in x], [a - y_mean for a in y]
    slope = sum(a * b * c for a, b, c in zip(w, dx, dy, strict=True)) / sum(
        a * b * b for a, b in zip(w, dx, strict=True)
    )
    return float(sum(a * (c - slope * b) ** 2 for a, b, c in zip(w, dx, dy, strict=True)))


def test_years_cost_no_digits():
    contents = read(FOLDER, "lee2004")
    analysis = next(a for a in contents["analyses"] if a["id"] == "mr_year_EE_z")
    effects, variances, moderators = inputs(contents, analysis)
    found = meta_regression(effects, variances, moderators, tau2="common")
    exact = exact_residual_q(effects, variances, moderators["year"])
    assert found.qe == pytest.approx(exact, rel=CLOSED_FORM)
    assert analysis["out"]["QE"] == pytest.approx(exact, rel=ITERATIVE)
    assert analysis["out"]["QE"] != pytest.approx(exact, rel=10 * CLOSED_FORM)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize("interval", INTERVAL_METHODS)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 12))
@settings(max_examples=15)
def test_without_moderators_it_is_pooling(tau2, interval, seed, k):
    generator = np.random.default_rng(seed)
    variances = 10 ** generator.uniform(-2, 0, k)
    effects = generator.normal(0.3, 1, k) * np.sqrt(variances + 0.05)
    found = meta_regression(effects, variances, {}, tau2=tau2, interval=interval)
    pooled = pool(effects, variances, tau2=tau2, interval=interval)
    (intercept,) = found.coefficients
    close = {"rel": ITERATIVE, "abs": 1e-12}
    assert intercept.estimate == pytest.approx(pooled.effect, **close)
    assert intercept.ci_low == pytest.approx(pooled.ci_low, **close)
    assert intercept.p_value == pytest.approx(pooled.p_value, **close)
    for ours, theirs in (
        ("tau2", "tau2"),
        ("tau2_ci_high", "tau2_ci_high"),
        ("i2", "i2"),
        ("h2", "h2"),
        ("qe", "q"),
        ("qe_p", "q_p"),
    ):
        assert getattr(found, ours) == pytest.approx(getattr(pooled, theirs), **close), ours
    assert (found.qm, found.qm_df, found.qm_p) == (None, None, None)
    assert found.df == pooled.df


@given(st.integers(0, 10**6), st.sampled_from(TAU2_METHODS))
@settings(max_examples=60)
def test_units_of_a_moderator_do_not_matter(seed, tau2):
    generator = np.random.default_rng(seed)
    variances = 10 ** generator.uniform(-2, 0, 9)
    x, z = generator.normal(0, 1, 9), generator.normal(0, 1, 9)
    effects = 0.3 + 0.4 * x + generator.normal(0, 0.4, 9)
    plain = meta_regression(effects, variances, {"x": x, "z": z}, tau2=tau2)
    scaled = meta_regression(effects, variances, {"x": 1e6 * x + 2e6, "z": z - 5}, tau2=tau2)
    close = {"rel": ITERATIVE, "abs": 1e-10}
    assert scaled.tau2 == pytest.approx(plain.tau2, **close)
    assert scaled.qm == pytest.approx(plain.qm, **close)
    assert 1e6 * scaled.coefficients[1].estimate == pytest.approx(
        plain.coefficients[1].estimate, **close
    )
    assert scaled.coefficients[2].ci_low == pytest.approx(plain.coefficients[2].ci_low, **close)


@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=60)
def test_likelihood_has_no_higher_point(seed, restricted):
    generator = np.random.default_rng(seed)
    k = int(generator.integers(4, 9))
    v = 10 ** generator.uniform(-3, 1, k)
    x = np.column_stack([np.ones(k), generator.normal(0, 1, k)])
    y = generator.standard_t(2, k) * np.sqrt(v + generator.exponential())

    def height(tau2):
        w = 1 / (v + tau2)
        information = x.T @ (w[:, None] * x)
        residual = y - x @ np.linalg.solve(information, x.T @ (w * y))
        determinant = np.linalg.slogdet(information)[1] if restricted else 0.0
        return (np.log(w).sum() - determinant - w @ residual**2) / 2

    found = meta_regression(y, v, {"x": x[:, 1]}, tau2="REML" if restricted else "ML")
    highest = max(height(t) for t in [0.0, *np.geomspace(1e-6, 1e5, 1500)])
    assert found.tau2_converged
    assert height(found.tau2) >= highest - 1e-9 * (1 + abs(highest))


@pytest.mark.parametrize("restricted", [True, False])
def test_slope_is_the_derivative_of_the_score(restricted):
    x = np.column_stack([np.ones(5), [6.0, 8.0, 12.0, 12.0, 16.0]])
    model = LinearModel(
        np.array([0.1, 0.9, -0.4, 0.6, 0.2]),
        np.array([0.02, 0.5, 0.1, 1.3, 0.07]),
        np.linalg.qr(x)[0],
    )
    step = 1e-6
    _, slope = likelihood_score(model, np.array([0.3]), restricted=restricted)
    values, _ = likelihood_score(model, np.array([0.3 - step, 0.3 + step]), restricted=restricted)
    assert slope[0] == pytest.approx(np.diff(values)[0] / (2 * step), rel=1e-7)


def test_the_higher_of_two_maxima_is_taken_as_in_pooling():
    variances = [1e-4, 1.1e-4, 0.01, 0.01]
    for distance in np.linspace(0.2, 0.8, 25):
        effects = [0.0, 0.001, distance, -distance]
        found, pooled = meta_regression(effects, variances, {}), pool(effects, variances)
        assert found.tau2 == pytest.approx(pooled.tau2, rel=ITERATIVE, abs=1e-12)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
def test_effects_that_do_not_vary_leave_nothing(tau2):
    found = meta_regression(
        [0.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.1, 0.3], {"x": [1, 2, 3, 5]}, tau2=tau2
    )
    assert found.tau2 == pytest.approx(0, abs=1e-12)
    assert (found.tau2_ci_low, found.tau2_ci_high) == (0, 0)
    assert found.qe == pytest.approx(0, abs=1e-12)


def test_categories_are_compared_with_the_first_level():
    effects, variances = [0.1, 0.3, 0.7, 0.9, 0.4], [0.04] * 5
    labels = ["usual_care", "usual_care", "active", "active", "inactive"]
    found = meta_regression(effects, variances, {"comparator": labels}, tau2="common")
    assert [c.name for c in found.coefficients] == [
        "intercept",
        "comparator: inactive",
        "comparator: usual_care",
    ]
    assert [c.estimate for c in found.coefficients] == pytest.approx([0.8, -0.4, -0.6])


def test_few_trials_are_said():
    effects, variances = ALL
    found = meta_regression(effects, variances, {"weeks": [6, 12, 12]})
    assert found.k == 3
    assert found.df == 1
    assert "3 trials for one characteristic: below 10 trials for each" in found.warnings[0]
    generator = np.random.default_rng(1)
    x, z, y = generator.normal(0, 1, (3, 15))
    two = meta_regression(y, np.full(15, 0.1), {"x": x, "z": z})
    assert "15 trials for 2 characteristics" in two.warnings[0]
    assert meta_regression(y, np.full(15, 0.1), {"x": x}).warnings == ()
    assert "below 10" in subgroups(effects, variances, ["a", "b", "b"]).warnings[0]


def test_a_search_that_does_not_end_is_said(monkeypatch):
    effects, variances, years = np.linspace(0, 1, 30), np.full(30, 0.1), np.arange(30.0)
    said = "The search for tau2 did not converge."
    whole = meta_regression(effects, variances, {"year": years})
    assert said not in whole.warnings
    monkeypatch.setattr(regression, "between_trial_variance", lambda *_: (0.04, False))
    found = meta_regression(effects, variances, {"year": years})
    assert not found.tau2_converged
    assert said in found.warnings


def test_results_are_plain_and_frozen():
    found = meta_regression([0.1, 0.3, 0.2, 0.9], [0.04] * 4, {"x": [1, 2, 3, 5]})
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.tau2 = 0.0
    plain = (float, int, bool, str, tuple, type(None), FitStatistics)
    for field in dataclasses.fields(found):
        # What tests and predictions start from are arrays, and not shown.
        assert type(getattr(found, field.name)) in plain or not field.repr, field.name
    assert type(found.coefficients[0].estimate) is float


@pytest.mark.parametrize(
    ("moderators", "message"),
    [
        ({"x": [1, 2, 3, 4], "twice": [2, 4, 6, 8]}, "moderators: found 'twice', expected a char"),
        ({"x": [1, 2, 3, 5], "sum": [3, 4, 5, 7]}, "moderators: found 'sum'"),
        ({"constant": [2, 2, 2, 2]}, "moderators: found 'constant'"),
        ({"constant": ["a"] * 4}, "moderators: found 'constant'"),
        ({"zero": [0, 0, 0, 0]}, "moderators: found 'zero'"),
        ({"year": [2001, 2002, 2003, 2005], "y": [1, 2, 3, 5]}, "moderators: found 'y'"),
        ({"x": [1, 2, 3]}, "moderators['x']: found 3, expected one value for each of 4 trials"),
        ({"x": [1, 2, None, 3]}, "moderators['x'][2]: found nan, expected a finite number"),
        ({"x": ["a", "b", None, "a"]}, "moderators['x'][2]: found None, expected text"),
        ({"x": ["a", "b", "", "a"]}, "moderators['x'][2]: found '', expected text"),
        (
            {"x": [1, 2, 3, 5], "z": [1, 0, 0, 1], "u": [0, 1, 0, 0]},
            "moderators: found 4, expected fewer columns, intercept included, than the 4 trials",
        ),
    ],
)
def test_refused_moderators(moderators, message):
    with pytest.raises(ParameterError) as caught:
        meta_regression([0.1, 0.3, 0.2, 0.9], [0.04] * 4, moderators)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a", "a", "a"], "groups: found ('a',), expected at least two different groups"),
        (["a", "b"], "groups: found 2, expected one group for each of 3 trials"),
        (["a", "b", None], "groups[2]: found None, expected the name of a group"),
    ],
)
def test_refused_groups(groups, message):
    with pytest.raises(ParameterError) as caught:
        subgroups([0.1, 0.3, 0.2], [0.04] * 3, groups)
    assert message in str(caught.value)


def test_refusals_of_pooling_hold():
    with pytest.raises(ParameterError, match=r"variance\[1\]: found -1.0"):
        meta_regression([0.1, 0.3, 0.2], [1, -1, 1], {"x": [1, 2, 4]})
    with pytest.raises(ParameterError, match="tau2: found 'reml'"):
        meta_regression([0.1, 0.3, 0.2], [1, 1, 1], {"x": [1, 2, 4]}, tau2="reml")
    with pytest.raises(ParameterError, match=r"effect\[0\]: found nan"):
        subgroups([float("nan"), 0.3], [1, 1], ["a", "b"])
