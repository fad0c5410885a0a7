import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.pooling import batch, pool
from evidence.meta.pooling.batch import INTERVAL_METHODS
from evidence.meta.pooling.heterogeneity import TAU2_METHODS
from tests.tolerances import CLOSED_FORM, ITERATIVE
from tests.work import calls


def random_sets(seed, rows, k):
    generator = np.random.default_rng(seed)
    variance = 10 ** generator.uniform(-2, 0, (rows, k))
    return generator.normal(0.3, 1.0, (rows, k)) * np.sqrt(variance + 0.05), variance


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize("interval", INTERVAL_METHODS)
def test_each_row_is_the_single_analysis(tau2, interval):
    effect, variance = random_sets(1, 40, 6)
    mask = np.random.default_rng(2).random((40, 6)) < 0.6
    mask[:, 0] = True
    mask[0, 1:] = False
    effect[~mask], variance[~mask] = np.nan, -1.0
    pooled = batch.pool(effect, variance, mask, tau2=tau2, interval=interval, tau2_interval=True)
    assert set(pooled.k) >= {1, 2, 3, 4}
    names = [f.name for f in dataclasses.fields(pooled)]
    for row in range(40):
        single = pool(
            effect[row, mask[row]], variance[row, mask[row]], tau2=tau2, interval=interval
        )
        for name in names:
            expected, actual = getattr(single, name), getattr(pooled, name)
            if name == "weights":
                assert actual[row, mask[row]] == pytest.approx(expected, rel=ITERATIVE)
                assert (actual[row, ~mask[row]] == 0).all()
            elif name in ("level", "tau2_method"):
                assert actual == expected
            elif name == "interval_method":
                assert actual == interval
            elif expected is None:
                assert np.isnan(actual[row]), name
            else:
                assert actual[row] == pytest.approx(expected, rel=ITERATIVE, abs=1e-14), name


def test_fields_are_those_of_a_single_analysis_without_warnings():
    pooled = batch.pool([[0.1, 0.2]], [[1.0, 1.0]])
    single = pool([0.1, 0.2], [1.0, 1.0])
    names = [f.name for f in dataclasses.fields(single)]
    assert [f.name for f in dataclasses.fields(pooled)] == names[:-1]
    assert np.isnan(pooled.tau2_ci_high).all()


def test_one_row_of_variances_serves_all():
    effect, variance = random_sets(3, 4, 3)
    shared = batch.pool(effect, variance[0])
    repeated = batch.pool(effect, np.repeat(variance[:1], 4, axis=0))
    assert (shared.effect == repeated.effect).all()


def test_no_rows_give_no_results():
    assert batch.pool(np.empty((0, 3)), np.empty((0, 3))).effect.shape == (0,)


@given(st.integers(0, 10**6), st.integers(2, 9))
@settings(max_examples=50)
def test_order_of_trials_does_not_matter(seed, k):
    effect, variance = random_sets(seed, 1, k)
    order = np.random.default_rng(seed).permutation(k)
    before = batch.pool(effect, variance)
    after = batch.pool(effect[:, order], variance[:, order])
    assert before.effect == after.effect
    assert before.tau2 == after.tau2
    assert (before.weights[:, order] == after.weights).all()


@given(
    st.integers(0, 10**6),
    st.integers(2, 9),
    st.sampled_from(TAU2_METHODS),
    st.sampled_from(INTERVAL_METHODS),
)
@settings(max_examples=100)
def test_shift_scale_and_sign(seed, k, tau2, interval):
    effect, variance = random_sets(seed, 1, k)
    plain = batch.pool(effect, variance, tau2=tau2, interval=interval, tau2_interval=True)
    # 7 and 4 keep the arithmetic of the shift and scale nearly exact.
    moved = batch.pool(
        -4 * effect + 7, 16 * variance, tau2=tau2, interval=interval, tau2_interval=True
    )
    close = {"rel": ITERATIVE, "abs": 1e-10}
    assert moved.effect[0] == pytest.approx(7 - 4 * plain.effect[0], **close)
    assert moved.ci_low[0] == pytest.approx(7 - 4 * plain.ci_high[0], **close)
    assert moved.tau2[0] == pytest.approx(16 * plain.tau2[0], **close)
    assert moved.tau2_ci_high[0] == pytest.approx(16 * plain.tau2_ci_high[0], **close)
    assert moved.i2[0] == pytest.approx(plain.i2[0], **close)


@given(st.integers(0, 10**6), st.integers(2, 9), st.sampled_from(TAU2_METHODS))
@settings(max_examples=100)
def test_interval_and_p_value_agree(seed, k, tau2):
    effect, variance = random_sets(seed, 1, k)
    for interval in INTERVAL_METHODS:
        pooled = batch.pool(effect, variance, tau2=tau2, interval=interval)
        excludes = (pooled.ci_low[0] > 0) or (pooled.ci_high[0] < 0)
        assert excludes == (pooled.p_value[0] < 0.05)
        assert pooled.weights.sum() == pytest.approx(1, rel=CLOSED_FORM)
    widths = {
        interval: np.ptp(
            [
                getattr(batch.pool(effect, variance, tau2=tau2, interval=interval), end)
                for end in ("ci_low", "ci_high")
            ]
        )
        for interval in INTERVAL_METHODS
    }
    assert widths["hksj_adhoc"] >= widths["hksj"]
    assert widths["hksj_adhoc"] >= widths["wald"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1], [1.0]), "effect: found (1,), expected an array of shape (B, k)"),
        (([[0.1, 0.2]], [[1.0, 1.0, 1.0]]), "variance: found (1, 3), expected the shape of effect"),
        (([[0.1, 0.2], [0.1, np.nan]], [1.0, 1.0]), "effect[1, 1]: found nan"),
        (([[0.1, 0.2], [0.1, 0.3]], [[1.0, 1.0], [0.0, 1.0]]), "variance[1, 0]: found 0.0"),
        (([[0.1]], [[1.0]], [[1]]), "mask: found 'int64', expected an array of bool"),
        (([[0.1]], [[1.0]], [[True, True]]), "mask: found (1, 2), expected the shape of effect"),
        (([[0.1]], [[1.0]], [[False]]), "mask[0]: found 0, expected at least one trial"),
    ],
)
def test_refusals_name_the_position(arguments, message):
    with pytest.raises(ParameterError) as caught:
        batch.pool(*arguments)
    assert message in str(caught.value)


def test_many_sets_take_no_loop():
    effect, variance = random_sets(4, 100_000, 5)
    pooled = []
    made = calls(lambda: pooled.append(batch.pool(effect, variance)))
    # Some 2,800: blocks of sets are worked on at once, and none alone.
    assert made.total() < 5_000
    assert pooled[0].tau2_converged.all()
    assert np.isfinite(pooled[0].effect).all()
