"""Pooled estimates of tables that researchers have, by the numbers that metafor gives for them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta import multilevel, rare_events
from evidence.meta.multilevel.aggregation import aggregate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.moment_weights import robust_pool
from evidence.meta.pooling import pool as pool_arrays
from evidence.meta.rare_events.rates import mantel_haenszel_rates
from tests.meta import own
from tests.oracles import analyses, read
from tests.tolerances import CLOSED_FORM, SEARCHED, half_unit

# metafor 3.8-1, REML with the ad hoc Hartung-Knapp interval; exact small-sample correction.
RIGHT = {
    "twelve-studies-means": (0.4710, 0.2556, 0.6864, 0.0704, 29.33),
    "eight-heterogeneous": (0.5765, 0.0882, 1.0647, 0.3127, 88.78),
    "twelve-yi-vi": (0.5500, 0.3209, 0.7791, 0.0800, 28.60),
    "twelve-ready-made": (0.5500, 0.3209, 0.7791, 0.0816, 29.55),
}


def pooled(name: str, **options: Any) -> meta.Fit:
    table = own.table(name)
    if name == "twelve-yi-vi":
        found = meta.pool(table, effect="yi", variance="vi", **options)
    elif name == "twelve-ready-made":
        found = meta.pool(table, effect=".g", se=".g_se", **options)
    else:
        columns = own.MEANS if "mean_treat" in table else own.ARMS
        effects = meta.effect_sizes(table, "smd", study="study", better="lower", **columns)
        found = meta.pool(effects, **options)
    assert isinstance(found, meta.Fit)
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_tables_give_the_numbers_of_metafor(name: str) -> None:
    found, right = pooled(name), RIGHT[name]
    numbers = (found.effect, found.ci_low, found.ci_high, found.tau2)
    assert numbers == pytest.approx(right[:4], abs=5e-5)
    assert found.q == pytest.approx(right[4], abs=5e-3)


@pytest.mark.parametrize(
    ("measure", "right"),
    [
        ("odds_ratio", ("0.457", "0.256", "0.816")),
        ("risk_ratio", ("0.574", "0.370", "0.891")),
        ("risk_difference", ("-0.127", "-0.203", "-0.051")),
    ],
)
def test_counts_give_the_numbers_of_metafor(measure: str, right: tuple[str, ...]) -> None:
    found = meta.pool(meta.effect_sizes(own.table("events"), measure, **own.EVENTS))
    assert isinstance(found, meta.Fit)
    read = tuple(found.scale.read(one) for one in (found.effect, found.ci_low, found.ci_high))
    assert_printed(read, right)


def assert_printed(found: Any, printed: tuple[str, ...]) -> None:
    for one, text in zip(found, printed, strict=True):
        assert one == pytest.approx(float(text), abs=half_unit(text))


@pytest.mark.parametrize(
    ("measure", "right"),
    [("odds_ratio", ("0.429", "0.278", "0.661")), ("risk_ratio", ("0.524", "0.374", "0.733"))],
)
def test_mantel_haenszel_gives_the_numbers_of_metafor(measure: str, right: tuple[str, ...]) -> None:
    found = meta.pool_counts(own.table("events"), measure, **own.EVENTS)
    read = np.exp([found.effect, found.ci_low, found.ci_high])
    assert_printed(read, right)


@pytest.mark.parametrize("method", ["peto", "exact", "glmm"])
def test_other_methods_for_counts_are_reached(method: str) -> None:
    table = own.table("events")
    counts = {role: table[column].to_numpy() for role, column in own.EVENTS.items()}
    kernel: dict[str, Any] = {
        "peto": rare_events.peto,
        "exact": rare_events.exact,
        "glmm": rare_events.mixed_logistic.mixed_odds_ratio,
    }
    found = meta.pool_counts(table, method=method, **own.EVENTS)
    assert found.effect == kernel[method](**counts).effect
    with pytest.raises(ParameterError, match="measure: found 'risk_ratio'"):
        meta.pool_counts(table, "risk_ratio", method=method, **own.EVENTS)


def test_proportions_of_one_group_have_a_mixed_model() -> None:
    table = pd.DataFrame({"events": [3, 6, 2, 9], "n": [40, 50, 45, 60]})
    found = meta.pool_counts(table, "proportion", method="glmm", events="events", n="n")
    right = rare_events.mixed_logistic.mixed_proportion(table.events, table.n)
    assert (found.effect, found.ci_low) == (right.effect, right.ci_low)
    share = 1 / (1 + np.exp(-right.effect))
    assert f"proportion {share:.2f}" in repr(found)
    assert "Events: 20 of 195" in repr(found)
    assert ", P" not in repr(found)
    with pytest.raises(ParameterError, match="method: found 'mantel_haenszel', expected glmm, wh"):
        meta.pool_counts(table, "proportion", events="events", n="n")
    with pytest.raises(ParameterError, match=r"n - events, row 0: found -1\.0"):
        meta.pool_counts(
            table.assign(events=[41, 6, 2, 9]),
            "proportion", method="glmm", events="events", n="n",
        )  # fmt: skip


def test_rates_are_pooled_by_person_time() -> None:
    table = pd.DataFrame({"x1": [7, 8], "t1": [1344, 1600], "x2": [11, 8], "t2": [1988, 1461]})
    roles = {"events_1": "x1", "time_1": "t1", "events_2": "x2", "time_2": "t2"}
    for measure in ("rate_ratio", "rate_difference"):
        right = mantel_haenszel_rates(*(table[one] for one in roles.values()), measure=measure)
        found = meta.pool_counts(table, measure, **roles)
        assert (found.effect, found.ci_low) == (right.effect, right.ci_low)
    assert "15 of 2,944 in group 1, 19 of 3,449 in group 2 (person-time)" in repr(found)
    single = meta.effect_sizes(table, "IRR", **roles)
    assert single.effect.iloc[0] == pytest.approx(np.log((7 / 1344) / (11 / 1988)))


def test_sizes_are_known_or_not_known_and_never_0() -> None:
    assert pooled("twelve-studies-means").n == 1230
    assert pooled("eight-heterogeneous").n is not None
    for name in ("twelve-yi-vi", "twelve-ready-made"):
        assert pooled(name).n is None
        assert "n not known" in " ".join(repr(pooled(name)).split())


def several() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "trial": [*"aabbcdde"],
            "effect": [0.5, 0.3, 0.6, 0.5, 0.2, 0.9, 0.4, -0.2],
            "variance": [0.04, 0.05, 0.06, 0.06, 0.05, 0.07, 0.05, 0.04],
        }
    )


def test_several_effects_of_a_trial_have_a_model() -> None:
    table = several()
    errors = correlated_covariance(table.variance, list(table.trial), 0.6)
    right = multilevel.fit_multilevel(table.effect, errors, list(table.trial)).coefficients[0]
    found = meta.pool(table, cluster="trial")
    assert (found.effect, found.se, found.df) == (right.estimate, right.se, right.df)
    assert any("0.6" in one for one in found.remarks)
    independent = meta.pool(table, cluster="trial", model="three_level")
    alone = multilevel.fit_multilevel(table.effect, table.variance, list(table.trial))
    assert independent.effect == alone.coefficients[0].estimate
    assert "A new trial" in repr(found)
    averaged = meta.pool(table, cluster="trial", model="aggregate")
    assert isinstance(averaged, meta.Fit)
    made = aggregate(table.effect, errors, list(table.trial))
    assert averaged.effect == pool_arrays(made.effect, made.variance).effect
    with pytest.raises(ParameterError, match="model: found 'gee', expected one of che, three_lev"):
        meta.pool(table, cluster="trial", model="gee")  # type: ignore[arg-type]
    robust = meta.pool(table, cluster="trial", model="robust")
    moments = robust_pool(table.effect, table.variance, list(table.trial), rho=0.6)
    assert robust.effect == moments.coefficients[0].estimate


def with_covariance(analysis: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    data = read("synthesis/correlated", "hasselblad1998")["sets"][analysis["set"]]
    table = pd.DataFrame({"study": data["cluster"], "effect": data["yi"], "variance": data["vi"]})
    table.index = [f"r{i}" for i in range(len(table))][::-1]
    matrix = np.diag(table.variance.to_numpy())
    places = data["V"][analysis["args"]["V"]]
    for i, j, value in zip(*(places[key] for key in "ijv"), strict=True):
        matrix[i - 1, j - 1] = matrix[j - 1, i - 1] = value
    return table, pd.DataFrame(matrix, index=table.index, columns=table.index)


GIVEN = [
    one
    for name, _, one in analyses("synthesis/correlated")
    if name == "hasselblad1998" and one["args"]["mods"] == "1"
]


@pytest.mark.parametrize(
    "analysis", [one for one in GIVEN if one["group"] == "rma.mv.V"], ids=lambda one: one["id"]
)
def test_a_given_covariance_gives_the_numbers_of_rma_mv(analysis: dict[str, Any]) -> None:
    table, covariance = with_covariance(analysis)
    found = meta.pool(table, cluster="study", covariance=covariance.sample(frac=1, random_state=1))
    right = analysis["out"]
    assert found.effect == pytest.approx(right["coef"]["b"][0], rel=SEARCHED)
    sigma2 = [found.sigma2_cluster, found.sigma2_effect]
    # Each stands beside the sampling variances: on their scale.
    typical = float(np.median(table.variance))
    assert sigma2 == pytest.approx(right["sigma2"], rel=SEARCHED, abs=SEARCHED * typical)
    assert found.q == pytest.approx(right["QE"], rel=CLOSED_FORM)
    in_order = meta.pool(table, cluster="study", covariance=covariance.to_numpy())
    assert in_order.effect == found.effect
    assert not [one for one in found.remarks if "supposed" in one]


@pytest.mark.parametrize(
    "analysis",
    [one for one in GIVEN if one["group"] == "gls" and one["args"]["kind"] == "CR2"],
    ids=lambda one: f"{one['set']} {one['id']}",
)
def test_correlated_errors_alone_give_the_numbers_of_clubsandwich(analysis: dict[str, Any]) -> None:
    table, covariance = with_covariance(analysis)
    found = meta.pool(table, cluster="study", model="gls", covariance=covariance)
    right = analysis["out"]
    assert found.effect == pytest.approx(right["b"][0], rel=CLOSED_FORM)
    assert found.se == pytest.approx(right["se"][0], rel=CLOSED_FORM)
    assert "without random effects" in " ".join(repr(found).split())


def test_a_covariance_is_held_against_the_table() -> None:
    table = several()
    whole = meta.repeated_covariance(table, cluster="trial", rho=0.6)
    supposed = meta.pool(table, cluster="trial")
    assert meta.pool(table, cluster="trial", covariance=whole).effect == supposed.effect
    averaged = meta.pool(table, cluster="trial", model="aggregate", covariance=whole)
    assert averaged.effect == meta.pool(table, cluster="trial", model="aggregate").effect
    gap = table.assign(effect=[None, *table.effect[1:]])
    fewer = meta.pool(gap, cluster="trial", covariance=whole)
    assert fewer.effect == meta.pool(table[1:], cluster="trial").effect
    other = whole.rename(index={0: 99})
    for options, message in (
        ({"covariance": whole.iloc[:3, :3]}, "a DataFrame', expected one with the labels"),
        ({"covariance": other}, "a DataFrame', expected one with the labels of the rows"),
        ({"covariance": whole.to_numpy()[:3]}, r"found \(3, 8\), expected a matrix of shape"),
        ({"covariance": "whole"}, "covariance: found 'str', expected a matrix of numbers"),
        ({"covariance": 2 * whole}, r"covariance, row 1: found 0\.08, expected the variance"),
        ({"covariance": whole, "rho": 0.5}, "rho: found 0.5, expected nothing, since the cov"),
        ({"covariance": whole, "model": "robust"}, "covariance: found 'a matrix', expected noth"),
    ):
        with pytest.raises(ParameterError, match=message):
            meta.pool(table, cluster="trial", **options)


def test_participants_of_a_trial_count_once_where_its_rows_have_the_same_sizes() -> None:
    table = several().assign(n_t=[20, 20, 30, 30, 25, 40, 40, 10], n_c=20)
    effects = table.copy()
    effects.attrs["columns"] = {"n_1": "n_t", "n_2": "n_c"}
    for model in ("che", "aggregate", "robust"):
        assert meta.pool(effects, cluster="trial", model=model).n == 125 + 100
    assert "225 participants" in repr(meta.pool(effects, cluster="trial", model="aggregate"))
    unequal = effects.assign(n_t=[20, 21, *table.n_t[2:]])
    unequal.attrs = effects.attrs
    assert meta.pool(unequal, cluster="trial").n is None
    assert meta.pool(table, cluster="trial", model="aggregate").n is None


def test_a_common_effect_has_a_normal_interval_unless_another_is_asked_for() -> None:
    table = own.table("twelve-yi-vi")
    columns = {"effect": "yi", "variance": "vi"}
    assert meta.pool(table, tau2="common", **columns).interval_method == "wald"
    assert meta.pool(table, tau2="common", interval="hksj", **columns).interval_method == "hksj"
    assert meta.pool(table, tau2="DL", **columns).interval_method == "hksj_adhoc"


def test_a_direction_stands_beside_what_is_pooled() -> None:
    table = own.table("events")
    for better, side in (("lower", "below 1 favors group 1"), ("higher", "above 1 favors group 1")):
        assert side in repr(meta.pool_counts(table, better=better, **own.EVENTS))
        effects = meta.effect_sizes(table, "OR", better=better, **own.EVENTS)
        several_rows = effects.assign(trial=[*"aabbcd"])
        assert side in repr(meta.pool(several_rows, cluster="trial"))
    assert "favors" not in repr(meta.pool_counts(table, **own.EVENTS))


def test_effects_that_count_twice_are_said() -> None:
    found = meta.pool(several(), study="trial")
    assert found.remarks[0].startswith("Several rows have the name a, b, d: ")
    assert "8 effects of 5 studies, n counted more than once" in " ".join(repr(found).split())
    assert found.n is None
    assert not [one for one in pooled("twelve-yi-vi").remarks if "Several rows" in one]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effect": "g"}, "effect: found 'g', expected a column: trial, effect, variance"),
        ({"variance": "variance", "se": "variance"}, "se: found 'both'"),
        ({"model": "che"}, "cluster: found None, expected the column of trials"),
        ({"model": "two_level", "cluster": "trial"}, "model: found 'two_level', expected one of"),
        ({"tau2": "reml"}, "tau2: found 'reml'"),
        ({"rho": 0.5}, "rho: found 0.5, expected nothing, since no trials with several rows"),
        ({"cluster": "trial", "tau2": "DL"}, "tau2: found 'DL', expected nothing, since model che"),
        ({"cluster": "trial", "model": "three_level", "rho": 0.5}, "rho: found 0.5, expected noth"),
    ],
)
def test_what_cannot_be_done_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        meta.pool(several(), **options)


def test_a_variance_of_0_is_refused_or_left_out() -> None:
    table = several().assign(variance=[0.0, *[0.05] * 7])
    with pytest.raises(ParameterError, match=r"variance, row 0: found 0\.0, expected a number"):
        meta.pool(table)
    found = meta.pool(table, faults="leave_out")
    assert found.k == 7
    assert found.left_out.reason.tolist() == ["variance: found 0.0, expected a number above 0"]


def test_groups_become_one_as_if_they_had_been_one() -> None:
    generator = np.random.default_rng(7)
    scores = [generator.normal(mean, 5, size) for mean, size in ((10, 9), (12, 14), (9, 20))]
    table = pd.DataFrame(
        {
            "study": "A",
            "n": [one.size for one in scores],
            "m": [one.mean() for one in scores],
            "s": [one.std(ddof=1) for one in scores],
        }
    )
    whole = np.concatenate(scores)
    found = meta.pool_groups(table, "study", n="n", mean="m", sd="s").iloc[0]
    assert (found.n, found.m, found.s) == pytest.approx(
        (whole.size, whole.mean(), whole.std(ddof=1)), rel=1e-12
    )
    counts = pd.DataFrame({"study": [*"AAB"], "n": [10, 12, 8], "e": [1, 2, 3]})
    found_counts = meta.pool_groups(counts, "study", n="n", events="e")
    assert found_counts[["n", "e", "groups"]].to_numpy().tolist() == [[22, 3, 2], [8, 3, 1]]
    with pytest.raises(ParameterError, match="n with mean and sd, or n with events"):
        meta.pool_groups(counts, "study", n="n", mean="e")
    with pytest.raises(ParameterError, match="e, row 1: found None, expected a number"):
        meta.pool_groups(counts.assign(e=[1, None, 3]), "study", n="n", events="e")
