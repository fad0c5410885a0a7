import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from evidence.errors import ParameterError
from evidence.meta.reconstruction.decimals import Printed
from evidence.meta.reconstruction.proportion_intervals import (
    FORMULAS,
    limits_inside,
    proportion_interval,
)
from tests.tolerances import CLOSED_FORM, ITERATIVE

EVENTS, N = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(41), np.arange(1, 41)))
EVENTS, N = EVENTS[EVENTS <= N], N[EVENTS <= N]


@pytest.mark.parametrize(
    ("formula", "theirs"),
    [
        ("wald_z", "normal"),
        ("agresti_coull", "agresti_coull"),
        ("wilson", "wilson"),
        ("clopper_pearson", "beta"),
    ],
)
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_agrees_with_statsmodels(formula, theirs, level):
    low, high = proportion_interval(formula, EVENTS, N, level=level)
    # theirs are cut at 0 and 1
    their_low, their_high = proportion_confint(EVENTS, N, alpha=1 - level, method=theirs)
    np.testing.assert_allclose(np.clip(low, 0, 1), np.nan_to_num(their_low), atol=ITERATIVE)
    np.testing.assert_allclose(
        np.clip(high, 0, 1), np.nan_to_num(their_high, nan=1.0), atol=ITERATIVE
    )


def test_jeffreys_agrees_with_statsmodels_inside_and_is_0_and_1_at_the_ends():
    low, high = proportion_interval("jeffreys", EVENTS, N)
    their_low, their_high = proportion_confint(EVENTS, N, method="jeffreys")
    inner = (EVENTS > 0) & (EVENTS < N)
    np.testing.assert_allclose(low[inner], their_low[inner], atol=ITERATIVE)
    np.testing.assert_allclose(high[inner], their_high[inner], atol=ITERATIVE)
    assert np.all(low[EVENTS == 0] == 0)
    assert np.all(high[EVENTS == N] == 1)


def test_t_interval_is_that_of_the_mean_of_zeros_and_ones():
    scores = np.repeat([1.0, 0.0], [21, 9])
    half = 2.0452296421327034 * scores.std(ddof=1) / np.sqrt(30)  # t quantile, 29 df, tables
    low, high = proportion_interval("wald_t_n_minus_1", 21, 30)
    assert low == pytest.approx(scores.mean() - half, abs=1e-10)
    assert high == pytest.approx(scores.mean() + half, abs=1e-10)


def test_variants_of_wald_differ_by_quantile_and_denominator():
    half = {
        formula: float(high - 0.7)
        for formula in ("wald_z", "wald_z_n_minus_1", "wald_t", "wald_t_n_minus_1")
        for _, high in [proportion_interval(formula, 21, 30)]
    }
    assert half["wald_z_n_minus_1"] == pytest.approx(half["wald_z"] * np.sqrt(30 / 29))
    assert half["wald_t_n_minus_1"] == pytest.approx(half["wald_t"] * np.sqrt(30 / 29))
    assert half["wald_t"] / half["wald_z"] == pytest.approx(2.0452296421 / 1.9599639845)


def test_logit_and_arcsine_by_hand():
    low, high = proportion_interval("logit", 9, 26)
    middle, half = np.log(9 / 17), 1.959963984540054 * np.sqrt(1 / 9 + 1 / 17)
    assert low == pytest.approx(1 / (1 + np.exp(-(middle - half))), abs=CLOSED_FORM)
    assert high == pytest.approx(1 / (1 + np.exp(-(middle + half))), abs=CLOSED_FORM)
    low, high = proportion_interval("arcsine", 9, 26)
    middle, half = np.arcsin(np.sqrt(9 / 26)), 1.959963984540054 / (2 * np.sqrt(26))
    assert low == pytest.approx(np.sin(middle - half) ** 2, abs=CLOSED_FORM)
    assert high == pytest.approx(np.sin(middle + half) ** 2, abs=CLOSED_FORM)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_proportion_lies_inside(formula, level):
    # what the sieve of the search rests on
    low, high = proportion_interval(formula, EVENTS, N, level=level)
    some = ~np.isnan(low)
    assert some.sum() > 700
    assert np.all((low <= EVENTS / N + CLOSED_FORM)[some])
    assert np.all((high >= EVENTS / N - CLOSED_FORM)[some])


@pytest.mark.parametrize("formula", FORMULAS)
@given(n=st.integers(2, 200), share=st.floats(0, 1), digits=st.integers(0, 2))
@settings(max_examples=30)
def test_a_printed_limit_finds_its_table(formula, n, share, digits):
    events = round(share * n)
    limits = proportion_interval(formula, float(events), float(n))
    if np.isnan(limits[0]):
        return
    printed = [
        Printed.of("limit", f"{100 * float(limit):.{digits}f}", low=-1000, high=1000).range()
        for limit in limits
    ]
    all_events = np.arange(n + 1, dtype=float)
    found = limits_inside(
        formula, all_events, np.full(n + 1, float(n)), level=0.95, low=printed[0], high=printed[1]
    )
    assert found[events]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("exact", 3, 10), "formula"),
        (("wilson", 11, 10), "events"),
        (("wilson", -1, 10), "events"),
        (("wilson", 1, None), "n"),
    ],
)
def test_what_is_refused_is_named(arguments, name):
    with pytest.raises(ParameterError) as caught:
        proportion_interval(*arguments)
    assert caught.value.name == name
