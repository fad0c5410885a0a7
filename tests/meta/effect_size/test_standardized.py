import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ParameterError
from evidence.meta.effect_size import (
    Moments,
    combined_arms,
    large_sample_variance,
    small_sample_correction,
)
from evidence.meta.effect_size.events import (
    Counts,
    combined_events,
    log_odds_ratio,
    log_risk_ratio,
    risk_difference,
)
from evidence.meta.effect_size.single_group import proportion
from tests.meta.effect_size.oracles import FOLDER
from tests.tolerances import CLOSED_FORM


def by_products(df):
    """J for an even df as a product of rationals, without a gamma function."""
    # gamma(m) / gamma(m - 1/2) = 4^(m-1) (m-1)! (m-1)! / ((2m-2)! sqrt(pi)), m = df / 2
    m = df // 2
    ratio = Fraction(4 ** (m - 1) * math.factorial(m - 1) ** 2, math.factorial(2 * m - 2))
    return float(ratio) / math.sqrt(math.pi) / math.sqrt(m)


@pytest.mark.parametrize("df", [2, 4, 20, 30, 64, 100, 298, 300, 302, 1000, 2000])
def test_exact_correction(df):
    assert small_sample_correction(df) == pytest.approx(by_products(df), rel=CLOSED_FORM)


def test_series_takes_over_without_a_step():
    df = np.array([299.0, 299.999999, 300.0, 301.0])
    below, almost, at, after = small_sample_correction(df)
    assert below < almost < at < after
    assert at - almost == pytest.approx((after - at) * 1e-6, rel=1e-2)


def test_correction_of_millions():
    # the limit is 1 - 3 / (4 df), with an error of the order of 1 / df^2
    assert small_sample_correction(1e8) == pytest.approx(1 - 0.75e-8, abs=1e-15)


def test_approximation():
    assert small_sample_correction(10, convention="metapsy") == 1 - 3 / 39


@given(st.floats(min_value=1.5, max_value=1e6))
def test_correction_lies_below_one_and_rises(df):
    for convention in ("exact", "metapsy"):
        here = small_sample_correction(df, convention=convention)
        later = small_sample_correction(df + 1, convention=convention)
        assert 0 < here < later < 1


def test_large_sample_variance():
    variance = large_sample_variance(np.array(1.0), np.array(10.0), np.array(10.0))
    assert variance == pytest.approx(0.2 + 1 / 40, rel=CLOSED_FORM)


POOLED_ARMS = json.loads((FOLDER / "pool_groups.json").read_text(encoding="utf-8"))["analyses"]


@pytest.mark.parametrize("name", POOLED_ARMS)
def test_arms_combined_as_in_dmetar(name):
    arms, right = POOLED_ARMS[name]["args"], POOLED_ARMS[name]["out"]["dmetar"]
    found = combined_arms([Moments(*one) for one in zip(*arms.values(), strict=True)])
    assert found == pytest.approx((right["n"], right["mean"], right["sd"]), rel=CLOSED_FORM)


POOLED_EVENTS = json.loads((FOLDER / "pool_events.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("analysis", POOLED_EVENTS["analyses"], ids=lambda one: one["id"])
def test_events_combined_as_in_r(analysis):
    arms, right = analysis["args"], analysis["out"]
    found = combined_events([Counts(*one) for one in zip(*arms.values(), strict=True)])
    assert found == (right["events"], right["n"])
    logit = proportion(found.events, found.n, scale="logit")
    assert logit.value == pytest.approx(right["PLO"], rel=CLOSED_FORM)
    assert logit.variance == pytest.approx(right["PLO_vi"], rel=CLOSED_FORM)


@pytest.mark.parametrize("study", POOLED_EVENTS["hasselblad1998"], ids=lambda one: one["study"])
def test_active_arms_against_their_reference_as_in_metafor(study):
    first = combined_events([Counts(*one) for one in study["arms1"]])
    assert first == (study["ai"], study["n1i"])
    measures = {"OR": log_odds_ratio, "RR": log_risk_ratio, "RD": risk_difference}
    for name, right in study["effects"].items():
        found = measures[name](*first, study["ci"], study["n2i"])
        both = (found.value, found.variance)
        assert both == pytest.approx((right["yi"], right["vi"]), rel=CLOSED_FORM)


@pytest.mark.parametrize("arms", [[], [(3, 2)], [(1.5, 4)], [(-1, 4)], [(1, 4), (0, 0)]])
def test_counts_that_cannot_be_are_not_combined(arms):
    with pytest.raises(ParameterError):
        combined_events([Counts(*one) for one in arms])


def test_arms_combined_are_the_scores_of_all():
    rng = np.random.default_rng(3)
    scores = [rng.normal(mean, sd, n) for mean, sd, n in ((12, 8, 30), (10, 7, 25), (15, 9, 5))]
    found = combined_arms([Moments(len(x), x.mean(), x.std(ddof=1)) for x in scores])
    together = np.concatenate(scores)
    assert found == pytest.approx((60, together.mean(), together.std(ddof=1)), rel=CLOSED_FORM)
