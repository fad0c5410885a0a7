"""Parity with metafor for the less usual measures, conversions and transformations."""

import json

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from evidence.meta import effect_size
from evidence.meta.effect_size import (
    Effect,
    association,
    change,
    means,
    scales,
    single_group,
    unequal_variances,
)
from evidence.meta.reconstruction import five_numbers, margins
from tests.meta.effect_size.oracles import FOLDER, array, columns
from tests.tolerances import CLOSED_FORM


def contents(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


RTET = 2e-4
"""The search of the reference stops there: it misses its own tables by that much."""

ESCALC = contents("escalc_more.json")
CONVERSIONS = contents("conversions_more.json")["analyses"]


def close(actual, expected, tolerance=CLOSED_FORM):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def with_variance(value, variance):
    return Effect(value, variance)


def g_with(**options):
    def from_means(*given):
        d, n_1, n_2 = means.cohen_d(*given).value, given[2], given[5]
        g = means.hedges_g(d, n_1, n_2).value
        return with_variance(g, unequal_variances.variance_of_g(d, n_1, n_2, **options))

    return from_means


def biserial(*given):
    d = means.cohen_d(*given).value
    return single_group.biserial_from_d(d, given[2], given[5])


FROM_MEANS = {
    "SMD_LS2": g_with(method="LS2"),
    "SMD_UB": g_with(method="UB"),
    "SMD_AV": g_with(average=True),
    "SMDH": unequal_variances.standardized_mean_difference_unequal,
    "SMD1": unequal_variances.glass_delta,
    "SMD1H": lambda *given: unequal_variances.glass_delta(*given, equal_variances=False),
    "CLESN": unequal_variances.probability_of_superiority,
    "RBIS": biserial,
    "VR": lambda mean_1, sd_1, n_1, mean_2, sd_2, n_2: unequal_variances.log_variability_ratio(
        sd_1, n_1, sd_2, n_2
    ),
    "CVR": unequal_variances.log_coefficient_of_variation_ratio,
}


def fisher_z_of_phi(*given):
    phi = association.phi_coefficient(*given)
    z = single_group.fisher_z(phi.value)
    return with_variance(z, phi.variance / (1 - np.square(phi.value)) ** 2)


FROM_COUNTS = {
    "PHI": association.phi_coefficient,
    "ZPHI": fisher_z_of_phi,
    "YUQ": association.yule_q,
    "YUY": association.yule_y,
    "RTET": association.tetrachoric_correlation,
    "PBIT": association.probit_difference,
}


def proportion(scale, **options):
    return lambda x, n: single_group.proportion(x, n, scale=scale, **options)


FROM_PROPORTIONS = {
    "PR": proportion("raw"),
    "PR_add0": proportion("raw", add=0),
    "PLN": proportion("log"),
    "PLO": proportion("logit"),
    # the constant of 1/2 in every group
    "PLO_all": lambda x, n: single_group.proportion(x + 0.5, n + 1),
    "PAS": proportion("arcsine"),
    "PFT": proportion("freeman_tukey"),
}


def unbiased(r, n):
    value = single_group.correlation(r, n, scale="unbiased").value
    return with_variance(value, single_group.unbiased_variance_of_correlation(r, n))


FROM_CORRELATIONS = {
    "COR": lambda r, n: single_group.correlation(r, n, scale="raw"),
    "COR_AV": lambda r, n: single_group.correlation(r, n, scale="raw", average=True),
    "UCOR": lambda r, n: single_group.correlation(r, n, scale="unbiased"),
    "UCOR_UB": unbiased,
    "ZCOR": single_group.correlation,
}


def before_and_after(function, **options):
    return lambda pre, post, sd_pre, sd_post, n, r: function(
        pre, post, sd_pre, sd_post, n, r, **options
    )


def change_with_correction_of_both(pre, post, sd_pre, sd_post, n, r):
    d = (post - pre) / sd_pre
    value = change.standardized_mean_change_raw(pre, post, sd_pre, n, r).value
    return with_variance(value, change.variance_of_raw_change(d, n, r))


def change_without_bias(pre, post, sd_pre, sd_post, n, r):
    effect = change.standardized_mean_change_change(pre, post, sd_pre, sd_post, n, r)
    factor = effect_size.small_sample_correction(n - 1)
    return with_variance(effect.value, change.unbiased_variance_of_change(effect.value / factor, n))


FROM_PAIRS = {
    "SMCRH": before_and_after(change.standardized_mean_change_raw_unequal),
    "SMCRP": before_and_after(change.standardized_mean_change_average),
    "SMCRPH": before_and_after(change.standardized_mean_change_average, equal_variances=False),
    "ROMC": before_and_after(change.ratio_of_mean_change),
    "SMCR_LS2": change_with_correction_of_both,
    "SMCC_UB": change_without_bias,
}

COLUMNS = {
    "means": ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),
    "counts": ("ai", "n1i", "ci", "n2i"),
    "proportions": ("xi", "ni"),
    "correlations": ("ri", "ni"),
}
FUNCTIONS = {
    "means": FROM_MEANS,
    "counts": FROM_COUNTS,
    "proportions": FROM_PROPORTIONS,
    "correlations": FROM_CORRELATIONS,
}


def kind_of(key):
    return next(kind for kind, functions in FUNCTIONS.items() if key in functions)


CASES = [(ds, key) for ds, keys in ESCALC.items() if ds != "morris2008" for key in keys]


@pytest.mark.parametrize(("data_set", "key"), CASES)
def test_measures(data_set, key):
    kind, reference = kind_of(key), ESCALC[data_set][key]
    given = columns(data_set, *COLUMNS[kind])
    yi, vi = array(reference["yi"]), array(reference["vi"])
    kept = np.isfinite(yi) & np.isfinite(vi) & np.all(np.isfinite(given), axis=0)
    by = CLOSED_FORM
    if kind == "means" and key != "SMD_AV":
        # SDs of 0 are refused, and ratios of negative means
        kept &= (given[1] > 0) & (given[4] > 0)
        if key == "CVR":
            kept &= (given[0] > 0) & (given[3] > 0)
        if key == "RBIS":
            # a value beyond 1 enters the variance of the reference as 1
            kept &= np.abs(yi) < 1
    if kind == "counts":
        a, n_1, c, n_2 = given
        if key in ("PHI", "ZPHI"):
            # the reference adds 1/2 to tables with a cell of 0, which phi does not need
            kept &= (a > 0) & (a < n_1) & (c > 0) & (c < n_2)
        if key == "RTET":
            # where the search of the reference did not end it gives 1 or -1
            kept &= np.abs(yi) < 1
            by = RTET
    assert kept.any()
    effect = FUNCTIONS[kind][key](*(column[kept] for column in given))
    close(effect.value, yi[kept], by)
    close(effect.variance, vi[kept], by)


@pytest.mark.parametrize("data_set", ["bcg", "linde2005", "nielweise2007", "nissen2007"])
def test_tetrachoric_correlations_give_the_tables_back(data_set):
    given = columns(data_set, *COLUMNS["counts"])
    given = [column[np.all(np.isfinite(given), axis=0)] for column in given]
    effect = association.tetrachoric_correlation(*given)
    for a, n_1, c, n_2, rho, added in zip(*given, effect.value, effect.corrected, strict=True):
        a, c, n_1, n_2 = a + added / 2, c + added / 2, n_1 + added, n_2 + added
        n = n_1 + n_2
        cuts = [ndtri(n_1 / n), ndtri((a + c) / n)]
        below = multivariate_normal.cdf(cuts, cov=[[1, rho], [rho, 1]])
        assert below == pytest.approx(a / n, abs=1e-14)


def test_measures_of_pairs():
    references = ESCALC["morris2008"]
    compared = set()
    for arm, start in (("T", "t"), ("C", "c")):
        names = [f"{start}_post", f"{start}_pre", f"sd{start}_post", f"sd{start}_pre"]
        post, pre, sd_post, sd_pre, n, r = columns("morris2008", *names, f"n{start}", "ri")
        for key, function in FROM_PAIRS.items():
            name = "_".join((*key.split("_")[:1], arm, *key.split("_")[1:]))
            if name in references:
                # these calls of the reference divide by the SD after, and have the sign of post
                effect = function(-post, -pre, sd_post, sd_pre, n, r) if key != "ROMC" else None
                if key == "ROMC":
                    effect = function(pre, post, sd_pre, sd_post, n, r)
                close(effect.value, array(references[name]["yi"]))
                close(effect.variance, array(references[name]["vi"]))
                compared.add(name)
    assert compared == references.keys()


def test_every_measure_is_compared():
    counts = {}
    for _, key in CASES:
        counts[key] = counts.get(key, 0) + 1
    everywhere = {"SMDH": 5, "SMD_UB": 5}
    expected = dict.fromkeys(FROM_MEANS, 4) | everywhere
    expected |= dict.fromkeys(FROM_COUNTS, 9) | dict.fromkeys(FROM_PROPORTIONS, 2)
    expected |= dict.fromkeys(FROM_CORRELATIONS, 3)
    assert counts == expected


def at_tau2(function):
    return lambda x, extra: function(x, extra["tau2"])


P, R, D = single_group, single_group, scales
TRANSFORMATIONS = {
    "rtoz": R.fisher_z,
    "ztor": R.correlation_from_fisher_z,
    "ztor.int": at_tau2(R.mean_correlation_from_fisher_z),
    "ztor2": R.r_squared_from_fisher_z,
    "rpbtorbis": R.biserial_from_point_biserial,
    "rtorpb": R.point_biserial_from_biserial,
    "rtod": R.d_from_biserial,
    "dtorbis": lambda d, n_1, n_2: R.biserial_from_d(d, n_1, n_2).value,
    "ahw": R.alpha_root,
    "iahw": R.alpha_from_root,
    "logit": P.logit,
    "ilogit": P.proportion_from_logit,
    "ilogit.int": at_tau2(P.mean_proportion_from_logit),
    "arcsin": P.arcsine_root,
    "iarcsin": P.proportion_from_arcsine_root,
    "pft": P.freeman_tukey,
    "ipft": P.proportion_from_freeman_tukey,
    "ipft.hm": lambda x, extra: P.proportion_from_freeman_tukey(x, P.harmonic_mean(extra["ni"])),
    "abt": P.cumulative_hazard,
    "iabt": P.risk_from_cumulative_hazard,
    "exp.int": at_tau2(P.mean_ratio),
    "lnortorr": P.risk_ratio_from_log_odds_ratio,
    "lnortord": P.risk_difference_from_log_odds_ratio,
    "dtou1": D.cohen_u1,
    "dtou2": D.cohen_u2,
    "dtou3": D.cohen_u3,
    "dtocles": D.superiority_from_d,
    "dtobesd": D.binomial_effect_size,
    "dtomd": D.points_from_d,
    "lnortortet.pearson": association.tetrachoric_from_log_odds_ratio,
}
NOT_OFFERED = {"isqrt", "r2toz", "lnortortet.digby"}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_transformations(name):
    case = CONVERSIONS[f"transf.{name}"]
    x, y = np.array(case["args"]["x"]), array(case["out"]["y"])
    # the reference integrates over the normal distribution numerically
    by = 1e-10 if name.endswith(".int") else CLOSED_FORM
    close(TRANSFORMATIONS[name](x, *case["args"]["extra"]), y, by)


def test_share_of_variance():
    case = CONVERSIONS["transf.r2toz"]
    x, y = np.array(case["args"]["x"]), array(case["out"]["y"])
    # the reference gives 0 for a negative share, which is refused here
    close(R.fisher_z_of_r_squared(x[x >= 0]), y[x >= 0])


def test_every_conversion_is_compared():
    names = set(CONVERSIONS)
    transformations = {f"transf.{name}" for name in TRANSFORMATIONS.keys() | NOT_OFFERED}
    rest = names - transformations
    assert transformations <= names
    tables = {
        f"conv2x2_{by}_{data_set}"
        for by in ("or", "phi", "x2")
        for data_set in ("bcg", "linde2005", "nielweise2007", "hahn2001")
    }
    assert rest == tables | {f"fivenum_{i}_luo_wan_shi" for i in (1, 2, 3, 4)}


@pytest.mark.parametrize("name", [name for name in CONVERSIONS if name.startswith("conv2x2")])
def test_tables_from_margins(name):
    given, out = CONVERSIONS[name]["args"], CONVERSIONS[name]["out"]
    n_1, n, events = (np.array(given[key]) for key in ("n1i", "ni", "n2i"))
    kept = [value is not None for value in out["ai"]]
    assert any(kept)
    arms = (n_1, n - n_1, events)
    if "ori" in given:
        found = margins.table_from_odds_ratio(given["ori"], *arms)
    elif "ri" in given:
        found = margins.table_from_phi(given["ri"], *arms)
    else:
        signed = np.array(given["x2i"])
        tables = [
            margins.table_from_chi2(
                abs(value), *row, more_frequent_in_arm_1=value > 0, continuity_corrected=False
            )
            for value, *row in zip(signed, *arms, strict=True)
        ]
        np.testing.assert_array_equal([table.events_1 for table in tables], out["ai"])
        np.testing.assert_array_equal([table.events_2 for table in tables], out["ci"])
        return
    np.testing.assert_array_equal(found.events_1, out["ai"])
    np.testing.assert_array_equal(found.events_2, out["ci"])


@pytest.mark.parametrize("i", [1, 2, 3, 4])
def test_five_numbers(i):
    case = CONVERSIONS[f"fivenum_{i}_luo_wan_shi"]
    given = case["args"]
    found = five_numbers.moments_from_quantiles(
        given["n"],
        given["median"],
        minimum=given["min"],
        q1=given["q1"],
        q3=given["q3"],
        maximum=given["max"],
    )
    # the reference gives nothing where its test finds skewness
    assert found.skewed == (case["out"]["mean"] is None)
    if not found.skewed:
        close(found.mean, case["out"]["mean"])
        close(found.sd, case["out"]["sd"])
