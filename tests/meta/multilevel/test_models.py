"""Multilevel models: the likelihood, its maximum, equivalences, and what is refused."""

import tracemalloc
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evidence.meta.multilevel import fit_multilevel, fit_multivariate
from evidence.meta.multilevel.covariance import (
    BlockCovariance,
    arrange_groups,
    build_model,
    correlated_covariance,
    evaluate,
    rows_by_trial,
    score_blocks,
)
from evidence.meta.multilevel.inference import (
    Coefficient,
    MultilevelFit,
    coefficients,
    contrast,
    joint_test,
)
from evidence.meta.multilevel.random_effects import (
    STRUCTURES,
    Membership,
    Nested,
    Outcomes,
    RandomEffects,
    pairs_seen,
)
from evidence.meta.numerics import maximize
from evidence.meta.pooling import pool
from tests.tolerances import CLOSED_FORM, ITERATIVE, ITERATIVE_LOOSE

Floats = NDArray[np.float64]

EFFECT = [0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2, 0.1, 0.8]
VARIANCE = [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04, 0.09, 0.03]
TRIAL = ["a", "a", "b", "b", "c", "d", "d", "e", "e", "e"]
OUTCOME = ["post", "later", "post", "later", "post", "post", "later", "post", "later", "end"]


def dense_log_likelihood(y: Floats, x: Floats, covariance: Floats, *, restricted: bool) -> float:
    """(Restricted) normal log-likelihood, written as in textbooks."""
    k, p = x.shape
    weight = np.linalg.inv(covariance)
    products = x.T @ weight @ x
    residual = y - x @ np.linalg.solve(products, x.T @ weight @ y)
    deviance = np.linalg.slogdet(covariance)[1] + residual @ weight @ residual
    if restricted:
        deviance += np.linalg.slogdet(products)[1] - np.linalg.slogdet(x.T @ x)[1]
        return float(-((k - p) * np.log(2 * np.pi) + deviance) / 2)
    return float(-(k * np.log(2 * np.pi) + deviance) / 2)


def dense_sampling(variance: Any, trial: list[str], rho: float) -> Floats:
    v = np.array(variance)
    same = np.equal.outer(trial, trial)
    return np.where(np.eye(v.size, dtype=bool), np.diag(v), rho * same * np.sqrt(np.outer(v, v)))


def dense_three_level(trial: list[str], cluster: float, effect: float) -> Floats:
    return cluster * np.equal.outer(trial, trial) + effect * np.eye(len(trial))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[float], list[float], list[str], float]:
    """Two to six trials of one to four effects, in any order."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=6))
    trials = [f"t{i}" for i, size in enumerate(sizes) for _ in range(size)]
    trials = draw(st.permutations(trials))
    k = len(trials)
    effect = draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k))
    variance = draw(st.lists(st.floats(0.01, 1), min_size=k, max_size=k))
    return effect, variance, list(trials), draw(st.sampled_from([0.0, 0.3, 0.8]))


def kinds_of_random_effects(groups: Any) -> list[tuple[str, RandomEffects, Floats]]:
    index = np.array([["post", "later", "end"].index(name) for name in OUTCOME])
    membership = Membership(tuple(index[group.rows] for group in groups), 3)
    theta = {
        "UN": [0.9, -0.3, 0.6, 0.2, 0.4, 0.3],
        "CS": [0.7, 0.4],
        "AR": [0.7, -0.4],
        "CAR": [0.7, 0.6],
        "HCS": [0.5, 0.8, 1.1, 0.3],
        "HAR": [0.5, 0.8, 1.1, -0.5],
        "DIAG": [0.5, 0.8, 0.1],
        "ID": [0.5],
    }
    times = np.array([0.0, 12.0, 52.0])
    return [
        ("nested", Nested(groups, ("cluster", "effect")), np.array([0.4, 0.7])),
        *((kind, Outcomes(membership, kind, times), np.array(theta[kind])) for kind in STRUCTURES),
    ]


@pytest.mark.parametrize("restricted", [True, False])
def test_likelihood_is_that_of_the_whole_matrix(restricted: bool) -> None:
    y, x = np.array(EFFECT), np.column_stack([np.ones(10), np.arange(10) ** 2 + 1900.0])
    rows = rows_by_trial(TRIAL, 10)
    groups = arrange_groups(correlated_covariance(VARIANCE, TRIAL, 0.6), *rows)
    model = build_model(y, x, groups)
    blocks = Nested(model.groups, ("cluster", "effect")).blocks(
        np.array([0.02, 0.05]) / model.unit**2
    )
    at = evaluate(model, blocks, restricted=restricted)
    whole = dense_sampling(VARIANCE, TRIAL, 0.6) + dense_three_level(TRIAL, 0.02, 0.05)
    expected = dense_log_likelihood(y, x, whole, restricted=restricted)
    assert at.log_likelihood == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("place", range(1 + len(STRUCTURES)))
def test_score_is_the_slope_of_the_likelihood(restricted: bool, place: int) -> None:
    y, x = np.array(EFFECT), np.column_stack([np.ones(10), np.arange(10.0)])
    groups = arrange_groups(correlated_covariance(VARIANCE, TRIAL, 0.6), *rows_by_trial(TRIAL, 10))
    model = build_model(y, x, groups)
    name, random, theta = kinds_of_random_effects(model.groups)[place]

    def height(at: Floats) -> float:
        return evaluate(model, random.blocks(at), restricted=restricted).log_likelihood

    at = evaluate(model, random.blocks(theta), restricted=restricted)
    score = random.score(theta, score_blocks(model, at, restricted=restricted))
    for j in range(theta.size):
        step = np.zeros(theta.size)
        step[j] = 1e-5
        slope = (height(theta + step) - height(theta - step)) / 2e-5
        assert score[j] == pytest.approx(slope, rel=1e-6, abs=1e-7), name


@given(problems(), st.sampled_from(["REML", "ML"]), st.floats(0, 2), st.floats(0, 2))
@settings(max_examples=60)
def test_no_variances_are_likelier(
    problem: tuple[list[float], list[float], list[str], float],
    method: str,
    cluster: float,
    within: float,
) -> None:
    effect, variance, trial, rho = problem
    covariance = correlated_covariance(variance, trial, rho)
    fit = fit_multilevel(effect, covariance, trial, method=method, inference="t")
    assert fit.converged
    y, x = np.array(effect), np.ones((len(trial), 1))
    sampling = dense_sampling(variance, trial, rho)

    def height(sigma2_cluster: float, sigma2_effect: float) -> float:
        whole = sampling + dense_three_level(trial, sigma2_cluster, sigma2_effect)
        return dense_log_likelihood(y, x, whole, restricted=method == "REML")

    top = height(fit.sigma2_cluster or 0.0, fit.sigma2_effect or 0.0)
    assert fit.log_likelihood == pytest.approx(top, rel=1e-8, abs=1e-8)
    # Where no trial has two effects, the sum alone counts.
    assert top >= height(cluster, within) - 1e-7


@given(problems())
@settings(max_examples=40)
def test_results_are_finite_or_none(
    problem: tuple[list[float], list[float], list[str], float],
) -> None:
    effect, variance, trial, rho = problem
    fit = fit_multilevel(effect, correlated_covariance(variance, trial, rho), trial)
    for kind in ("CR0", "CR1", "CR2", "t", "z"):
        for found in coefficients(fit, kind):
            assert_finite(found)
    assert_finite(fit)


def assert_finite(result: Coefficient | MultilevelFit) -> None:
    for own in fields(result):
        value = getattr(result, own.name)
        if isinstance(value, float):
            assert np.isfinite(value), own.name


@given(problems(), st.randoms(use_true_random=False), st.floats(0.01, 100), st.floats(-5, 5))
@settings(max_examples=30)
def test_order_units_and_zero_do_not_matter(
    problem: tuple[list[float], list[float], list[str], float],
    random: Any,
    unit: float,
    shift: float,
) -> None:
    effect, variance, trial, rho = problem
    order = list(range(len(trial)))
    random.shuffle(order)
    moved = [trial[i] for i in order]
    one = fit_multilevel(effect, correlated_covariance(variance, trial, rho), trial)
    two = fit_multilevel(
        [unit * (effect[i] + shift) for i in order],
        correlated_covariance([unit**2 * variance[i] for i in order], moved, rho),
        moved,
    )
    first, second = one.coefficients[0], two.coefficients[0]
    scale = max(variance) ** 0.5
    assert second.estimate / unit - shift == pytest.approx(
        first.estimate, rel=ITERATIVE_LOOSE, abs=1e-5 * scale
    )
    assert two.i2 == pytest.approx(one.i2, abs=1e-4)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_one_effect_per_trial_is_pooling(method: str) -> None:
    names = [str(i) for i in range(10)]
    fit = fit_multilevel(EFFECT, VARIANCE, names, method=method, inference="z")
    pooled = pool(EFFECT, VARIANCE, tau2=method, interval="wald")
    assert fit.sigma2_cluster == pytest.approx(pooled.tau2, rel=ITERATIVE)
    assert fit.sigma2_effect is None
    mean = fit.coefficients[0]
    assert mean.estimate == pytest.approx(pooled.effect, rel=ITERATIVE)
    assert mean.se == pytest.approx(pooled.se, rel=ITERATIVE)
    assert mean.p_value == pytest.approx(pooled.p_value, rel=ITERATIVE)
    assert fit.q == pytest.approx(pooled.q, rel=CLOSED_FORM)
    assert fit.i2 == pytest.approx(pooled.i2, rel=ITERATIVE)
    assert fit.prediction_low == pytest.approx(pooled.prediction_low, rel=ITERATIVE)
    assert any("cannot be told apart" in said for said in fit.warnings)


def test_trials_of_one_outcome_each_are_separate_pools() -> None:
    """Without correlation each outcome has the tau2 that pooling it alone gives."""
    first, second = EFFECT[:5], EFFECT[5:]
    fit = fit_multivariate(
        EFFECT,
        VARIANCE,
        list("abcdeabcde"),
        ["post"] * 5 + ["then"] * 5,
        structure="DIAG",
        inference="z",
    )
    for place, (effect, variance) in enumerate([(first, VARIANCE[:5]), (second, VARIANCE[5:])]):
        pooled = pool(effect, variance, interval="wald")
        assert fit.tau2[place] == pytest.approx(pooled.tau2, rel=ITERATIVE_LOOSE)
        assert fit.coefficients[place].estimate == pytest.approx(pooled.effect, rel=ITERATIVE_LOOSE)


def test_covariance_in_three_forms_gives_one_fit() -> None:
    blocks = correlated_covariance(VARIANCE, TRIAL, 0.6)
    matrix = dense_sampling(VARIANCE, TRIAL, 0.6)
    backwards = BlockCovariance(
        tuple(rows[::-1] for rows in blocks.rows[::-1]),
        tuple(own[::-1, ::-1] for own in blocks.matrices[::-1]),
    )
    fits = [fit_multilevel(EFFECT, form, TRIAL) for form in (blocks, matrix, backwards)]
    assert fits[1].log_likelihood == pytest.approx(fits[0].log_likelihood, rel=CLOSED_FORM)
    assert fits[2] == fits[0]
    independent = fit_multilevel(EFFECT, correlated_covariance(VARIANCE, TRIAL, 0), TRIAL)
    assert independent == fit_multilevel(EFFECT, VARIANCE, TRIAL)


def test_design_of_the_mean_is_the_default() -> None:
    named = fit_multilevel(EFFECT, VARIANCE, TRIAL, design={"intercept": [1] * 10})
    default = fit_multilevel(EFFECT, VARIANCE, TRIAL)
    assert named.coefficients == default.coefficients
    assert named.prediction_low is None
    assert default.prediction_low is not None


def test_compound_symmetry_is_the_three_level_model() -> None:
    """With one effect per outcome, tau2 = sigma2 of both levels and rho its share of trials."""
    trial, outcome = list("aabbccddee"), ["post", "then"] * 5
    effect = [0.9, 0.8, 0.1, 0.3, 0.5, 0.2, 1.4, 0.9, -0.3, 0.1]
    variance = [0.02] * 10
    nested = fit_multilevel(
        effect,
        variance,
        trial,
        design={"post": [1, 0] * 5, "then": [0, 1] * 5},
        inference="z",
    )
    fit = fit_multivariate(effect, variance, trial, outcome, structure="CS", inference="z")
    assert nested.sigma2_cluster is not None
    assert nested.sigma2_effect is not None
    total = nested.sigma2_cluster + nested.sigma2_effect
    assert fit.tau2[0] == pytest.approx(total, rel=ITERATIVE_LOOSE)
    assert fit.rho[0] == pytest.approx(nested.sigma2_cluster / total, rel=ITERATIVE_LOOSE)
    assert fit.log_likelihood == pytest.approx(nested.log_likelihood, rel=ITERATIVE)


def test_correlation_in_time_is_per_unit_of_time() -> None:
    trial = [name for name in "abcdefgh" for _ in range(3)]
    generator = np.random.default_rng(7)
    effect = np.repeat(generator.normal(0, 1, 8), 3) + generator.normal(0, 0.5, 24)
    common: dict[str, Any] = {"structure": "CAR", "inference": "z"}
    weeks = fit_multivariate(effect, [0.05] * 24, trial, [0, 12, 52] * 8, **common)
    quarters = fit_multivariate(effect, [0.05] * 24, trial, [0, 1, 52 / 12] * 8, **common)
    assert quarters.log_likelihood == pytest.approx(weeks.log_likelihood, rel=ITERATIVE)
    assert weeks.rho[0] is not None
    assert quarters.rho[0] == pytest.approx(weeks.rho[0] ** 12, rel=ITERATIVE_LOOSE)


def test_effects_that_are_alike_have_variances_of_zero_with_a_warning() -> None:
    fit = fit_multilevel([0.4] * 10, VARIANCE, TRIAL)
    assert fit.sigma2_cluster == 0
    assert fit.sigma2_effect == 0
    assert fit.boundary == ("sigma2_cluster", "sigma2_effect")
    assert fit.converged
    assert sum("does not show that they are alike" in said for said in fit.warnings) == 2
    assert fit.coefficients[0].estimate == pytest.approx(0.4, rel=CLOSED_FORM)


def test_correlation_at_its_end_is_said() -> None:
    fit = fit_multivariate(
        [0.1, 0.1, 0.5, 0.5, 0.9, 0.9, 1.3, 1.3],
        [0.01] * 8,
        list("aabbccdd"),
        ["post", "then"] * 4,
    )
    assert fit.converged
    assert fit.boundary == ("rho (post, then)",)
    assert fit.rho[0] == pytest.approx(1, abs=1e-5)
    assert any("rho (post, then)" in said for said in fit.warnings)


def test_few_trials_are_said() -> None:
    fit = fit_multivariate(EFFECT[:5], VARIANCE[:5], TRIAL[:5], OUTCOME[:5], structure="CS")
    assert "3 trials: so few cannot say how much effects vary between trials." in fit.warnings
    assert any(said.startswith("Two trials have two outcomes") for said in fit.warnings)
    assert any("degrees of freedom" in said for said in fit.warnings)


def test_a_search_that_fails_says_so() -> None:
    def upwards(point: Floats) -> tuple[float, Floats]:
        return float(point.sum()), np.ones(point.shape)

    optimum = maximize(upwards, [[np.ones(1)]], np.zeros(1), np.full(1, np.inf))
    assert not optimum.converged


def test_a_search_takes_the_higher_of_two_tops() -> None:
    def two_tops(point: Floats) -> tuple[float, Floats]:
        x = float(point[0])
        height = np.exp(-((x - 1) ** 2)) + 2 * np.exp(-((x - 6) ** 2))
        slope = -2 * (x - 1) * np.exp(-((x - 1) ** 2)) - 4 * (x - 6) * np.exp(-((x - 6) ** 2))
        return float(height), np.array([slope])

    families = [[np.array([0.5])], [np.array([5.0])]]
    optimum = maximize(two_tops, families, np.zeros(1), np.full(1, np.inf))
    assert optimum.converged
    assert optimum.theta[0] == pytest.approx(6, rel=ITERATIVE_LOOSE)


def test_memory_grows_with_blocks_not_with_all_effects() -> None:
    generator = np.random.default_rng(1)
    trial = np.repeat(np.arange(800), 5).tolist()
    variance = generator.uniform(0.01, 0.2, 4000)
    between = generator.normal(0, 0.3, 800)
    effect = between[trial] + generator.normal(0, np.sqrt(variance + 0.04))
    tracemalloc.start()
    fit = fit_multilevel(effect, correlated_covariance(variance, trial, 0.6), trial)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fit.converged
    # One matrix of 4,000 by 4,000 would take 128 MB.
    assert peak < 40e6


def test_contrast_of_follow_up_and_post() -> None:
    fit = fit_multivariate(EFFECT, VARIANCE, TRIAL, OUTCOME, structure="CS", inference="z")
    change = contrast(fit, {"later": 1, "post": -1})
    later, post = fit.coefficients[1], fit.coefficients[2]
    assert [later.name, post.name] == ["later", "post"]
    assert change.name == "later - post"
    assert change.estimate == pytest.approx(later.estimate - post.estimate, rel=CLOSED_FORM)
    covariance = np.array(fit.covariance)
    variance = covariance[1, 1] + covariance[2, 2] - 2 * covariance[1, 2]
    assert change.se == pytest.approx(np.sqrt(variance), rel=CLOSED_FORM)
    assert contrast(fit, {"later": 0.5, "post": 0.5}).name == "0.5 later + 0.5 post"
    assert contrast(fit, {"post": -1}).name == "-post"


def test_joint_test_of_one_coefficient_is_its_own() -> None:
    fit = fit_multilevel(EFFECT, VARIANCE, TRIAL)
    for kind in ("z", "t", "CR2"):
        (mean,) = coefficients(fit, kind)
        joint = joint_test(fit, ["intercept"], inference=kind)
        assert joint.p_value == pytest.approx(mean.p_value, rel=ITERATIVE)
        assert joint.df_denominator == (
            None if mean.df is None else pytest.approx(mean.df, rel=ITERATIVE)
        )


def test_pairs_of_outcomes_are_counted_by_trial() -> None:
    outcome = (np.array([[0], [1]]), np.array([[0, 1], [1, 1]]), np.array([[2, 0, 1]]))
    assert pairs_seen(Membership(outcome, 3)) == {(0, 1): 2, (0, 2): 1, (1, 2): 1}
