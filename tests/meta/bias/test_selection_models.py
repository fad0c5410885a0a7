import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.bias.selection_models import SELECTIONS, selection_model
from evidence.meta.bias.selection_weights import SMOOTH, Likelihood, step_function
from evidence.meta.pooling import pool
from tests.tolerances import ITERATIVE, ITERATIVE_LOOSE

EFFECTS = [0.1, 0.45, 0.5, 0.7, 0.3, 0.9, 0.6, 0.2, 0.35, 0.8, -0.1, 0.15]
VARIANCES = [0.02, 0.04, 0.05, 0.1, 0.05, 0.15, 0.08, 0.02, 0.03, 0.12, 0.02, 0.01]

NEUTRAL = {"step": (1, 1), "beta": (1, 1), **dict.fromkeys(("power", "logistic"), (0,))}


@pytest.mark.parametrize("selection", [*NEUTRAL, "half_normal", "negative_exponential"])
@pytest.mark.parametrize("tau2", ["ML", "common"])
def test_known_absence_of_selection_is_pooling(selection, tau2):
    found = selection_model(
        EFFECTS,
        VARIANCES,
        selection=selection,
        parameters=NEUTRAL.get(selection, (0,)),
        tau2=tau2,
    )
    pooled = pool(EFFECTS, VARIANCES, tau2=tau2, interval="wald")
    assert found.unadjusted == pooled
    assert found.effect == pytest.approx(pooled.effect, rel=ITERATIVE)
    assert found.tau2 == pytest.approx(pooled.tau2, abs=1e-7)
    # The curvature at the top is that of both parameters; pooling takes tau2 as known.
    if tau2 == "common":
        assert found.se == pytest.approx(pooled.se, rel=1e-6)
        assert found.p_value == pytest.approx(pooled.p_value, rel=1e-6)
    assert (found.selection_statistic, found.selection_df, found.selection_p) == (None,) * 3


def functions():
    yield from SMOOTH.values()
    yield step_function((0.025, 0.3, 1.0), two_sided=False)
    yield step_function((0.05, 0.3, 1.0), two_sided=True)


@settings(max_examples=30)
@given(
    st.sampled_from(list(functions())),
    st.floats(-1.5, 2.5),
    st.floats(0.05, 3),
    st.floats(0.3, 5),
    st.floats(0.3, 5),
)
def test_slopes_are_those_of_the_height(function, mean, tau2, first, second):
    effects, variances = np.array(EFFECTS) / 0.2, np.array(VARIANCES) / 0.04
    likelihood = Likelihood(effects, variances, function, None, True)
    theta = np.array([mean, tau2, first, second])[: likelihood.size]
    _, slope = likelihood(theta)
    for place in range(theta.size):
        width = np.zeros(theta.size)
        width[place] = 1e-5
        change = likelihood(theta + width)[0] - likelihood(theta - width)[0]
        assert slope[place] == pytest.approx(change / 2e-5, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_change_of_sign_changes_the_side(selection):
    one = selection_model(EFFECTS, VARIANCES, selection=selection)
    other = selection_model(
        [-effect for effect in EFFECTS], VARIANCES, selection=selection, alternative="less"
    )
    assert other.effect == pytest.approx(-one.effect, rel=ITERATIVE)
    assert other.ci_low == pytest.approx(-one.ci_high, rel=ITERATIVE)
    assert other.parameters == pytest.approx(one.parameters, rel=ITERATIVE)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_units_do_not_matter(selection):
    one = selection_model(EFFECTS, VARIANCES, selection=selection)
    other = selection_model(
        [100 * effect for effect in EFFECTS],
        [1e4 * variance for variance in VARIANCES],
        selection=selection,
    )
    assert other.effect == pytest.approx(100 * one.effect, rel=ITERATIVE_LOOSE)
    assert other.tau2 == pytest.approx(1e4 * one.tau2, rel=ITERATIVE_LOOSE, abs=1e-6)
    assert other.log_likelihood == pytest.approx(
        one.log_likelihood - 12 * np.log(100), abs=ITERATIVE
    )


def test_weights_count_relative_to_the_first():
    one = selection_model(EFFECTS, VARIANCES, parameters=(1, 0.3))
    other = selection_model(EFFECTS, VARIANCES, parameters=(2, 0.6))
    assert one.parameters == other.parameters == (1.0, 0.3)
    assert one.parameters_se == (None, None)
    assert one.effect == other.effect


def test_weights_that_were_estimated_and_then_known():
    free = selection_model(EFFECTS, VARIANCES, steps=(0.025, 0.5))
    known = selection_model(EFFECTS, VARIANCES, steps=(0.025, 0.5), parameters=free.parameters)
    assert known.log_likelihood == pytest.approx(free.log_likelihood, abs=ITERATIVE)
    assert known.effect == pytest.approx(free.effect, abs=ITERATIVE)
    # What is known makes the estimate more precise.
    assert known.se < free.se


def test_selection_that_was_simulated_is_found():
    generator = np.random.default_rng(20240)
    variances = generator.uniform(0.01, 0.15, 4000)
    effects = generator.normal(0.2, np.sqrt(variances + 0.02))
    small = effects / np.sqrt(variances) > 1.959964
    published = small | (generator.uniform(size=effects.size) < 0.25)
    found = selection_model(effects[published], variances[published])
    assert found.unadjusted.effect > 0.3
    assert found.effect == pytest.approx(0.2, abs=3 * found.se)
    assert found.parameters[1] == pytest.approx(0.25, abs=3 * found.parameters_se[1])
    assert found.tau2 == pytest.approx(0.02, abs=3 * found.tau2_se)
    assert found.selection_p < 1e-6
    assert found.heterogeneity_p < 0.01
    assert sum(found.intervals) == found.k == published.sum()


def test_intervals_belong_below_their_cut():
    # P of exactly 0.5 at an effect of 0
    function = step_function((0.025, 0.5, 1.0), two_sided=False)
    assert function.interval(np.array([3.0, 1.0, 0.0, -1e-9])).tolist() == [0, 1, 1, 2]
    both = step_function((0.05, 1.0), two_sided=True)
    assert both.interval(np.array([3.0, -3.0, 0.1])).tolist() == [0, 0, 1]


def test_empty_intervals_are_named():
    found = selection_model([0.1, 0.2, 0.15, 0.05], [0.1, 0.1, 0.2, 0.1])
    assert found.intervals == (0, 4)
    assert found.parameters == (1.0, 100.0)
    assert any("No trial has a P value in the first interval" in one for one in found.warnings)
    assert any("100, the highest that is sought" in one for one in found.warnings)
    later = selection_model(EFFECTS, VARIANCES, steps=(0.5, 0.99))
    assert later.intervals[-1] == 0
    assert later.parameters[-1] == 0
    assert later.parameters_se[-1] is None
    assert any("which gives it the weight 0" in one for one in later.warnings)


def test_steps_may_end_with_one_or_not():
    one = selection_model(EFFECTS, VARIANCES, steps=(0.025,))
    other = selection_model(EFFECTS, VARIANCES, steps=(0.025, 1))
    assert one == other
    assert one.steps == (0.025, 1.0)


def test_one_trial_with_known_weights():
    found = selection_model([0.3], [0.04], parameters=(1, 0.5), tau2="common")
    assert found.effect < 0.3
    assert found.heterogeneity_statistic is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selection": "linear"}, "selection: found 'linear', expected one of step, beta"),
        ({"alternative": "both"}, "alternative: found 'both', expected one of greater"),
        ({"tau2": "REML"}, "tau2: found 'REML', expected one of ML, common"),
        ({"steps": ()}, "steps: found .*, expected one or more P values"),
        ({"steps": (1,)}, "steps: found .*, expected P values that rise from above 0"),
        ({"steps": (0.5, 0.1)}, "steps: found .*, expected P values that rise"),
        ({"steps": (0.0, 0.1)}, "steps: found .*, expected P values that rise"),
        ({"steps": (0.1, float("nan"))}, "steps: found .*, expected P values that rise"),
        ({"parameters": (1,)}, "parameters: found .*, expected 2 weights, one per interval"),
        ({"parameters": (0, 1)}, "parameters: found .*, expected finite numbers from"),
        ({"parameters": (1, -0.1)}, "parameters: found .*, expected finite numbers from"),
        ({"selection": "beta", "parameters": (1,)}, "parameters: .*, expected 2 parameters"),
        (
            {"selection": "beta", "alternative": "two_sided"},
            "alternative: found 'two_sided', expected greater or less, with 'beta'",
        ),
        ({"level": 95}, "level: found 95"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ParameterError, match=message):
        selection_model(EFFECTS, VARIANCES, **options)


@pytest.mark.parametrize(
    ("options", "count"), [({}, 3), ({"tau2": "common"}, 2), ({"selection": "beta"}, 4)]
)
def test_more_parameters_than_trials(options, count):
    with pytest.raises(ParameterError, match=f"{count} or more trials, one per parameter"):
        selection_model(EFFECTS[: count - 1], VARIANCES[: count - 1], **options)
