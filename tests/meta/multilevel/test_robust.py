"""Cluster-robust errors: their definition by whole matrices, and what they are in known cases."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from evidence.meta.multilevel import fit_multilevel
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.inference import (
    Inference,
    MultilevelFit,
    coefficients,
    joint_test,
    sandwich,
)
from tests.tolerances import CLOSED_FORM, ITERATIVE

Floats = NDArray[np.float64]

TRIAL = ["a", "a", "b", "b", "b", "c", "d", "d", "e", "e", "f", "g", "g", "h"]
EFFECT = [0.5, 0.3, 0.6, 0.5, -0.1, 0.2, 0.9, 0.4, -0.2, 0.1, 0.8, 0.3, 0.6, 0.0]
VARIANCE = [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04, 0.09, 0.03, 0.1, 0.04, 0.05, 0.08]
YEARS = [1.0, 1, 4, 4, 4, 2, 6, 6, 3, 3, 9, 5, 5, 7]


def regression() -> MultilevelFit:
    return fit_multilevel(
        EFFECT,
        correlated_covariance(VARIANCE, TRIAL, 0.6),
        TRIAL,
        design={"intercept": [1] * 14, "year": YEARS, "second": [0, 1, 0, 1, 1, 0] + [0, 1] * 4},
    )


def whole(fit: MultilevelFit) -> tuple[Floats, Floats, Floats, Floats]:
    """Design on the basis, working covariance, bread and residuals, as whole matrices."""
    model, at = fit.working.model, fit.working.at
    k = model.effect.size
    covariance = np.zeros((k, k))
    for group, precision in zip(model.groups, at.precision, strict=True):
        for rows, own in zip(group.rows, precision, strict=True):
            covariance[np.ix_(rows, rows)] = np.linalg.inv(own)
    x = model.basis
    bread = np.linalg.inv(x.T @ np.linalg.inv(covariance) @ x)
    return x, covariance, bread, model.effect - x @ at.coefficients


def symmetric_root(matrix: Floats, power: float) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values**power) @ vectors.T)


def adjustments(fit: MultilevelFit, kind: str) -> dict[str, Floats]:
    """A of each trial by the definition of Pustejovsky and Tipton (2018), equations 6 to 8."""
    x, covariance, bread, _ = whole(fit)
    k = x.shape[0]
    hat = x @ bread @ x.T @ np.linalg.inv(covariance)
    given: dict[str, Floats] = {}
    for trial in dict.fromkeys(TRIAL):
        rows = np.flatnonzero(np.array(TRIAL) == trial)
        given[trial] = np.eye(rows.size)
        if kind == "CR2":
            left = (np.eye(k) - hat)[rows]
            # Any D with D'D = Phi serves: here the symmetric root, in the package Cholesky's.
            d = symmetric_root(covariance[np.ix_(rows, rows)], 0.5)
            given[trial] = d @ symmetric_root(d @ left @ covariance @ left.T @ d, -0.5) @ d
    return given


def loadings(fit: MultilevelFit, kind: str) -> Floats:
    """Rows (J, p, k) that give each trial's term in the coefficients from all effects."""
    x, covariance, bread, _ = whole(fit)
    k = x.shape[0]
    hat = x @ bread @ x.T @ np.linalg.inv(covariance)
    terms = []
    for trial, adjustment in adjustments(fit, kind).items():
        rows = np.flatnonzero(np.array(TRIAL) == trial)
        weight = np.linalg.inv(covariance[np.ix_(rows, rows)])
        terms.append(bread @ x[rows].T @ weight @ adjustment @ (np.eye(k) - hat)[rows])
    return np.array(terms)


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_covariance_is_the_definition(kind: str) -> None:
    fit = regression()
    _, _, _, residual = whole(fit)
    terms = loadings(fit, kind) @ residual
    expected = terms.T @ terms
    found = sandwich(fit.working.model, fit.working.at, kind)
    assert found.covariance == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
def test_degrees_of_freedom_are_the_definition(kind: str) -> None:
    fit = regression()
    _, covariance, _, _ = whole(fit)
    terms = loadings(fit, "CR2" if kind == "CR2" else "CR0")
    by = Inference(fit.working, kind, 0.95)
    for weights, found in zip(np.eye(3), coefficients(fit, kind), strict=True):
        rows = np.einsum("jpk,p->jk", terms, by.on_design(weights))
        quadratic = rows @ covariance @ rows.T
        expected = np.trace(quadratic) ** 2 / (quadratic**2).sum()
        assert found.df == pytest.approx(expected, rel=1e-9)


def test_joint_test_is_the_definition() -> None:
    """Tipton and Pustejovsky (2015): Var(d_st) summed over the pairs of trials."""
    fit = regression()
    _, covariance, bread, _ = whole(fit)
    by = Inference(fit.working, "CR2", 0.95)
    contrasts = by.on_design(np.eye(3)[1:])
    standard = symmetric_root(contrasts @ bread @ contrasts.T, -0.5) @ contrasts
    rows = np.einsum("jpk,sp->sjk", loadings(fit, "CR2"), standard)
    pairs = np.einsum("sik,kl,tjl->stij", rows, covariance, rows)
    spread = sum(
        (pairs[s, s] * pairs[t, t]).sum() + (pairs[s, t] * pairs[t, s]).sum()
        for s in range(2)
        for t in range(2)
    )
    eta = 2 * 3 / spread
    robust = contrasts @ by.on_basis @ contrasts.T
    value = contrasts @ by.estimate
    statistic = (eta - 1) / (2 * eta) * value @ np.linalg.solve(robust, value)
    joint = joint_test(fit, ["year", "second"])
    assert joint.statistic == pytest.approx(statistic, rel=1e-9)
    assert joint.df_denominator == pytest.approx(eta - 1, rel=1e-9)
    assert joint.p_value == pytest.approx(stats.f.sf(statistic, 2, eta - 1), rel=1e-9)


@given(st.lists(st.floats(0.02, 1), min_size=14, max_size=14), st.floats(0, 0.9))
@settings(max_examples=40)
def test_cr2_is_unbiased_under_the_working_covariance(variance: list[float], rho: float) -> None:
    fit = fit_multilevel(
        EFFECT,
        correlated_covariance(variance, TRIAL, rho),
        TRIAL,
        design={"intercept": [1] * 14, "year": YEARS},
    )
    by = Inference(fit.working, "CR2", 0.95)
    assert by.sandwich is not None
    for contrast in by.on_design(np.eye(2)):
        expected = contrast @ fit.working.at.inverse @ contrast
        assert by.sandwich.expected(contrast, contrast) == pytest.approx(expected, rel=ITERATIVE)


def test_cr1_is_cr0_times_a_constant() -> None:
    fit = regression()
    plain, scaled = coefficients(fit, "CR0"), coefficients(fit, "CR1")
    for one, two in zip(plain, scaled, strict=True):
        assert one.se is not None
        assert two.se == pytest.approx(one.se * np.sqrt(8 / 7), rel=CLOSED_FORM)
        assert two.df == pytest.approx(one.df, rel=CLOSED_FORM)


def test_mean_of_equal_trials_is_students_t() -> None:
    effect = [0.3, 0.9, -0.2, 0.5, 1.4, 0.0]
    fit = fit_multilevel(effect, [0.1] * 6, list("abcdef"))
    mean = fit.coefficients[0]
    student = stats.ttest_1samp(effect, 0)
    low, high = student.confidence_interval(0.95)
    assert mean.df == pytest.approx(5, rel=CLOSED_FORM)
    assert mean.estimate / mean.se == pytest.approx(student.statistic, rel=CLOSED_FORM)  # type: ignore[operator]
    assert mean.p_value == pytest.approx(student.pvalue, rel=CLOSED_FORM)
    assert mean.ci_low == pytest.approx(low, rel=CLOSED_FORM)
    assert mean.ci_high == pytest.approx(high, rel=CLOSED_FORM)


def test_two_groups_of_equal_trials_are_welchs_test() -> None:
    """CR2 has Welch's standard error, and the degrees that his have with equal variances."""
    first, second = [0.3, 0.9, -0.2, 0.5, 1.4, 0.0], [0.1, 0.2, 0.9]
    fit = fit_multilevel(
        first + second,
        [0.1] * 9,
        list("abcdefghi"),
        design={"first": [1] * 6 + [0] * 3, "second": [0] * 6 + [1] * 3},
    )
    by = Inference(fit.working, "CR2", 0.95)
    change = by.contrast("change", np.array([1.0, -1.0]))
    welch = stats.ttest_ind(first, second, equal_var=False)
    assert change.se is not None
    assert change.estimate / change.se == pytest.approx(welch.statistic, rel=CLOSED_FORM)
    shares = np.array([1 / 6, 1 / 3])
    expected = shares.sum() ** 2 / (shares**2 / np.array([5, 2])).sum()
    assert change.df == pytest.approx(expected, rel=CLOSED_FORM)


def test_a_coefficient_of_one_trial_has_no_robust_error() -> None:
    only_h = [0.0] * 13 + [1.0]
    fit = fit_multilevel(EFFECT, VARIANCE, TRIAL, design={"intercept": [1] * 14, "only": only_h})
    mean, only = fit.coefficients
    assert mean.se is not None
    assert (only.se, only.ci_low, only.ci_high, only.df, only.p_value) == (None,) * 5
    assert any(said.startswith("No cluster-robust standard error") for said in fit.warnings)
    for kind in ("CR0", "CR1"):
        assert [found.se is None for found in coefficients(fit, kind)] == [False, True]
    by_model: Any = coefficients(fit, "t")[1]
    assert by_model.se > 0


def test_correct_working_covariance_holds_its_level() -> None:
    """Of 100 sets with ten trials the 95% interval by CR2 covers the truth about as often."""
    generator = np.random.default_rng(20)
    trial = [name for name in "abcdefghij" for _ in range(3)]
    covered = 0
    for _ in range(100):
        variance = generator.uniform(0.02, 0.3, 30)
        own = np.repeat(generator.normal(0, 0.25, 10), 3)
        error = generator.normal(0, np.sqrt(variance)) + own
        fit = fit_multilevel(error, correlated_covariance(variance, trial, 0.6), trial)
        mean: Any = fit.coefficients[0]
        covered += bool(mean.ci_low <= 0 <= mean.ci_high)
    # Four standard errors of a share of 0.95 in 100.
    assert abs(covered / 100 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 100)
