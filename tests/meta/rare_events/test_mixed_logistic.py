"""Logistic mixed models, against metafor and lme4, and against adaptive quadrature of scipy."""

import doctest

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from evidence.errors import ParameterError
from evidence.meta import numerics
from evidence.meta import rare_events as rare
from evidence.meta.rare_events import mixed_likelihoods, mixed_logistic
from evidence.meta.rare_events.counts import read_tables
from evidence.meta.rare_events.mixed_logistic import mixed_odds_ratio, mixed_proportion
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE

FOLDER = "synthesis/glmm"
MODELS = {
    "CM.EL": "conditional_exact",
    "CM.AL": "conditional_approximate",
    "UM.FS": "fixed_intercepts",
    "UM.RS": "random_intercepts",
}
NOT_CONVERGED = {("nielweise2007", "glmm_UM.FS")}
"""The reference says so."""

SMALL = ([3, 6, 2, 9], [40, 50, 45, 60], [8, 9, 7, 10], [40, 50, 45, 60])


def fitted(contents, analysis, **options):
    counts, model = contents["counts"], analysis["args"].get("model")
    if model is None:
        return mixed_proportion(counts["xi"], counts["ni"], **options)
    arms = (counts[name] for name in ("ai", "n1i", "ci", "n2i"))
    return mixed_odds_ratio(*arms, model=MODELS[model], **options)


@pytest.mark.parametrize("module", [numerics, mixed_logistic])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", names(FOLDER))
def test_one_random_effect(name):
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        if analysis["args"].get("model") == "UM.RS":
            continue
        found, out = fitted(contents, analysis), analysis["out"]
        what = f"{name} {analysis['id']}"
        assert found.converged, what
        assert found.k == out.get("k", len(next(iter(contents["counts"].values())))), what
        # the reference has seven nodes and stops its search within 2e-4 of an SE
        by = 2e-3 if (name, analysis["id"]) in NOT_CONVERGED else 2e-4
        assert found.effect == pytest.approx(out["b"], abs=by * out["se"]), what
        assert found.se == pytest.approx(out["se"], rel=by + 1e-4), what
        assert found.tau2 == pytest.approx(out["tau2"], rel=5 * by, abs=1e-4), what
        assert found.q == pytest.approx(out["QE_LRT"], abs=1e-8), what
        if "QEp_LRT" in out:
            assert found.q_p == pytest.approx(out["QEp_LRT"], rel=1e-8), what
        if "pval" in out:
            assert found.ci_low == pytest.approx(out["ci_lb"], abs=2 * by * out["se"]), what
            assert found.ci_high == pytest.approx(out["ci_ub"], abs=2 * by * out["se"]), what
            assert found.p_value == pytest.approx(out["pval"], rel=10 * by, abs=1e-6), what
        if "ll" in out and (analysis["id"] == "glmm_CM.EL" or found.tau2 == 0):
            # with seven nodes lme4 gives the others up to a constant
            assert found.log_likelihood >= out["ll"] - 1e-6, what
            assert found.log_likelihood == pytest.approx(out["ll"], abs=5e-4), what


def laplace(name):
    contents = read(FOLDER, name)
    analysis = next(a for a in contents["analyses"] if a["args"].get("model") == "UM.RS")
    return fitted(contents, analysis, nodes=1), analysis["out"], name


QUICK = ("hine1989", "nielweise2007")
LONG = ("hahn2001", "lee2004", "linde2005", "nissen2007")


@pytest.mark.parametrize(
    "name",
    [
        *QUICK,
        *(pytest.param(n, marks=pytest.mark.slow) for n in (*LONG, "bcg", "bcg_alternate")),
    ],
)
def test_random_intercepts_by_laplace_as_in_the_reference(name):
    found, out, what = laplace(name)
    assert found.converged
    assert found.effect == pytest.approx(out["b"], abs=1e-3 * out["se"]), what
    # lme4 differentiates numerically where its search stopped
    assert found.se == pytest.approx(out["se"], rel=5e-3), what
    assert found.tau2 == pytest.approx(out["tau2"], rel=3e-4, abs=1e-6), what
    assert found.sigma2 == pytest.approx(out["sigma2"], rel=3e-4, abs=1e-6), what
    assert found.log_likelihood >= out["ll"] - 1e-6
    assert found.log_likelihood == pytest.approx(out["ll"], abs=5e-5), what
    assert found.q is None


def test_grid_is_complete():
    counts = {}
    for _, _, analysis in analyses(FOLDER):
        counts[analysis["id"]] = counts.get(analysis["id"], 0) + 1
    expected = {"glmm_CM.AL": 8, "glmm_UM.FS": 8, "glmm_UM.RS": 8, "glmm_CM.EL": 4, "glmm_PLO": 2}
    assert counts == expected
    compared = {*QUICK, *LONG, "bcg", "bcg_alternate"}
    assert compared == {
        name for name, _, analysis in analyses(FOLDER) if analysis["id"] == "glmm_UM.RS"
    }


def log_integral(log_density):
    """Of a standard normal mean of exp(log_density)."""
    points = np.linspace(-8, 8, 400)
    top = max(log_density(z) - z**2 / 2 for z in points)
    value, _ = integrate.quad(
        lambda z: np.exp(log_density(z) - z**2 / 2 - top), -10, 10, epsabs=1e-14, limit=400
    )
    return top + np.log(value / np.sqrt(2 * np.pi))


def test_heights_against_adaptive_quadrature():
    tables, theta = read_tables(*SMALL), np.array([-0.4, 0.7])
    rows = list(zip(*SMALL, strict=True))
    exact = sum(
        log_integral(
            lambda z, r=row: stats.nchypergeom_fisher.logpmf(
                r[0], r[1] + r[3], r[1], r[0] + r[2], np.exp(theta[0] + theta[1] * z)
            )
        )
        for row in rows
    )
    found, _ = mixed_likelihoods.conditional_exact(tables, 31).at(theta)
    assert found == pytest.approx(exact, abs=1e-9)
    rare_events = sum(
        log_integral(
            lambda z, r=row: stats.binom.logpmf(
                r[0],
                r[0] + r[2],
                special.expit(np.log(r[1] / r[3]) + theta[0] + theta[1] * z),
            )
        )
        for row in rows
    )
    found, _ = mixed_likelihoods.conditional_approximate(tables, 31).at(theta)
    assert found == pytest.approx(rare_events, abs=1e-9)


def test_height_of_random_intercepts_against_a_grid():
    tables = read_tables(*SMALL)
    effect, middle, s, t = theta = np.array([-0.4, -1.5, 0.6, 0.8])
    # the trapezoidal rule, which is exact to rounding for functions that die off on both sides
    grid = np.linspace(-9, 9, 361)
    u, v = np.meshgrid(grid, grid)
    half = (effect + t * v) / 2
    p_1, p_2 = special.expit(middle + s * u + half), special.expit(middle + s * u - half)
    normal = np.exp(-(u**2 + v**2) / 2) / (2 * np.pi) * (grid[1] - grid[0]) ** 2
    total = sum(
        np.log((stats.binom.pmf(a, n_1, p_1) * stats.binom.pmf(c, n_2, p_2) * normal).sum())
        for a, n_1, c, n_2 in zip(*SMALL, strict=True)
    )
    found, _ = mixed_likelihoods.random_intercepts(tables, 31).at(theta)
    assert found == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("model", list(MODELS.values()))
def test_slopes_are_those_of_the_heights(model):
    problem = mixed_logistic.BUILDERS[model](read_tables(*SMALL), 31)
    theta = problem.start + 0.3 * problem.unit
    by_height = numerics.slope(lambda at: problem.at(at)[0], theta, 0.05 * problem.unit)
    # for fixed intercepts this is the envelope: those found are the best
    np.testing.assert_allclose(problem.at(theta)[1], by_height, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", list(MODELS.values()))
def test_few_nodes_suffice_where_they_are_placed_well(model):
    tables = read_tables(*SMALL)
    few, many = (mixed_logistic.BUILDERS[model](tables, nodes) for nodes in (5, 41))
    theta = few.start + 0.5 * few.unit
    assert few.at(theta)[0] == pytest.approx(many.at(theta)[0], abs=5e-4)


def test_one_node_is_the_laplace_approximation():
    def kernel(x):
        return -np.exp(x), -np.exp(x), -np.exp(x)

    _, mass = mixed_likelihoods.line_points(kernel, np.array([0.5]), 0.8, 1)
    # the mode of -exp(0.5 + 0.8 z) - z^2 / 2 is where -0.8 exp(0.5 + 0.8 z) = z
    mode = -special.lambertw(0.64 * np.exp(0.5)).real / 0.8
    curvature = 1 + 0.64 * np.exp(0.5 + 0.8 * mode)
    height = -np.exp(0.5 + 0.8 * mode) - mode**2 / 2
    assert mass[0, 0] == pytest.approx(height - np.log(curvature) / 2, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("n", "center", "spread"), [(1000, -3, 10), (1000, -8, 10), (50, -6, 6), (200, -5, 30)]
)
def test_the_mode_is_found_where_steps_overshoot(n, center, spread):
    # All have the event: Newton's step from 0 leads far beyond the mode, and the next one back.
    def kernel(x):
        p = special.expit(x)
        return -n * np.logaddexp(0, -x), n * (1 - p), -n * p * (1 - p)

    z, _ = mixed_likelihoods.line_points(kernel, np.array([float(center)]), float(spread), 1)

    def slope(at):
        return spread * n * special.expit(-(center + spread * at)) - at

    assert z[0, 0] == pytest.approx(optimize.brentq(slope, 0, 9, xtol=1e-14), rel=1e-9)


def test_without_variation_the_models_are_the_ones_known():
    theta = np.array([0.0, 0.0])
    tables = read_tables(*SMALL)
    pooled = rare.exact(*SMALL)
    problem = mixed_likelihoods.conditional_exact(tables, 21)
    theta[0] = pooled.effect
    assert problem.at(theta)[1][0] == pytest.approx(0, abs=1e-8)
    events = np.concatenate([SMALL[0], SMALL[2]])
    sizes = np.concatenate([SMALL[1], SMALL[3]])
    design = np.column_stack([np.repeat([1.0, 0.0], 4), np.tile(np.eye(4), (2, 1))])
    glm = sm.GLM(
        np.column_stack([events, sizes - events]), design, family=sm.families.Binomial()
    ).fit(tol=1e-12)
    problem = mixed_likelihoods.fixed_intercepts(tables, 21)
    theta[0] = glm.params[0]
    height, slope = problem.at(theta)
    assert slope[0] == pytest.approx(0, abs=1e-6)
    assert height == pytest.approx(glm.llf, rel=ITERATIVE)
    found = mixed_odds_ratio(*SMALL, model="fixed_intercepts")
    assert found.tau2 == 0
    assert found.effect == pytest.approx(glm.params[0], abs=ITERATIVE_LOOSE)
    assert found.se == pytest.approx(glm.bse[0], rel=ITERATIVE_LOOSE)


@settings(max_examples=15)
@given(st.lists(st.tuples(*[st.integers(1, 14)] * 4), min_size=3, max_size=5))
def test_turning_the_arms_turns_the_effect(cells):
    a, b, c, d = (np.array(column) for column in zip(*cells, strict=True))
    for model in ("conditional_exact", "fixed_intercepts"):
        there = mixed_odds_ratio(a, a + b, c, c + d, model=model)
        back = mixed_odds_ratio(c, c + d, a, a + b, model=model)
        assert there.converged
        assert there.effect == pytest.approx(-back.effect, abs=1e-7)
        assert there.tau2 == pytest.approx(back.tau2, abs=1e-6)
        assert there.q == pytest.approx(back.q, abs=1e-7)


def test_studies_without_an_event_are_left_out_and_said():
    with_zero = tuple([*column, extra] for column, extra in zip(SMALL, (0, 10, 0, 12), strict=True))
    found, without = mixed_odds_ratio(*with_zero), mixed_odds_ratio(*SMALL)
    assert found.left_out == (4,)
    assert found.k == 4
    assert found.effect == without.effect
    assert "1 study has no event in either arm" in found.warnings[0]


def test_refused():
    with pytest.raises(ParameterError, match="finite odds ratio"):
        mixed_odds_ratio([0, 0, 0], [10, 10, 10], [3, 4, 2], [10, 10, 10])
    with pytest.raises(ParameterError, match="events_1: found 1, expected two or more"):
        mixed_odds_ratio([1, 0], [10, 10], [3, 0], [10, 10])
    with pytest.raises(ParameterError, match="model: found 'CM"):
        mixed_odds_ratio(*SMALL, model="CM.EL")
    with pytest.raises(ParameterError, match="nodes: found 0"):
        mixed_odds_ratio(*SMALL, nodes=0)
    with pytest.raises(ParameterError, match=r"events\[1\]: found 11.0, expected at most n"):
        mixed_proportion([3, 11], [10, 10])
    with pytest.raises(ParameterError, match="not everybody"):
        mixed_proportion([0, 0], [10, 10])
    with pytest.raises(ParameterError, match="two or more groups"):
        mixed_proportion([3], [10])


def test_own_odds_ratios_reach_the_highest():
    tables = read_tables([0, 3, 5], [5, 9, 5], [2, 4, 1], [6, 9, 6])
    kernel = mixed_likelihoods.hypergeometric(tables)
    reached = mixed_likelihoods.at_own_odds_ratio(kernel, tables)
    assert reached[0] == reached[2] == 0
    grid = np.linspace(-3, 3, 2001)
    assert reached[1] == pytest.approx(kernel(np.tile(grid, (3, 1)))[0][1].max(), abs=1e-6)
    at_1 = stats.nchypergeom_fisher.logpmf(3, 18, 9, 7, 1.0)
    assert kernel(np.zeros((3, 1)))[0][1, 0] == pytest.approx(at_1, rel=CLOSED_FORM)
