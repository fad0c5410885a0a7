"""Parity with metafor's escalc and with the conversions of metafor and esc."""

import numpy as np
import pytest
from scipy.special import ndtr

from evidence.errors import ParameterError
from evidence.meta.effect_size import change, events, means, printed_values, scales
from evidence.meta.effect_size import conversions as convert
from tests.meta.effect_size.oracles import array, columns, conversions, escalc
from tests.tolerances import CLOSED_FORM

CONTINUOUS = ("furukawa2003", "gibson2002", "haeuser2009", "normand1999", "spooner2002")
BINARY = (
    "bcg",
    "bcg_alternate",
    "hahn2001",
    "hartmannboyce2018",
    "hine1989",
    "lee2004",
    "linde2005",
    "nielweise2007",
    "nissen2007",
)
ESCALC = escalc()
CONVERSIONS = conversions()


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=CLOSED_FORM, atol=CLOSED_FORM)


def agrees(effect, reference, kept):
    assert kept.any()
    close(effect.value, array(reference["yi"])[kept])
    close(effect.variance, array(reference["vi"])[kept])


def arms(data_set):
    return columns(data_set, "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")


def odds_of(method):
    def from_means(*given):
        effect = means.cohen_d(*given)
        return scales.odds_ratio_from_d(effect.value, effect.variance, method=method)

    return from_means


def correlation(mean_1, sd_1, n_1, mean_2, sd_2, n_2):
    d = means.cohen_d(mean_1, sd_1, n_1, mean_2, sd_2, n_2).value
    return scales.r_from_d(d, n_1, n_2)


FROM_MEANS = {
    "SMD": means.standardized_mean_difference,
    "SMD_uncorrected": means.cohen_d,
    "MD": means.mean_difference,
    "MD_HO": lambda *given: means.mean_difference(*given, equal_variances=True),
    "ROM": means.ratio_of_means,
    "ROM_uncorrected": lambda *given: means.ratio_of_means(*given, bias_corrected=False),
    "D2OR": odds_of("hasselblad_hedges"),
    "D2ORL": odds_of("hasselblad_hedges"),
    "D2ORN": odds_of("cox"),
    "RPB": correlation,
}


@pytest.mark.parametrize("data_set", CONTINUOUS)
def test_effects_from_means(data_set):
    given = arms(data_set)
    references = ESCALC[data_set]
    assert references.keys() <= FROM_MEANS.keys()
    for key, reference in references.items():
        kept = np.isfinite(array(reference["yi"])) & np.all(np.isfinite(given), axis=0)
        if key.startswith("ROM"):
            # a ratio of negative means is refused here
            kept &= (given[0] > 0) & (given[3] > 0)
        agrees(FROM_MEANS[key](*(column[kept] for column in given)), reference, kept)


def d_by(method):
    def from_counts(*given):
        effect = events.log_odds_ratio(*given)
        return scales.d_from_odds_ratio(effect.value, effect.variance, method=method)

    return from_counts


FROM_COUNTS = {
    "OR": events.log_odds_ratio,
    "RR": events.log_risk_ratio,
    "RD": events.risk_difference,
    "AS": events.arcsine_difference,
    "PETO": events.peto_log_odds_ratio,
    "OR_add0_none": lambda *given: events.log_odds_ratio(*given, add=0),
    "OR_all": lambda *given: events.log_odds_ratio(*given, to="all"),
    "OR_add025": lambda *given: events.log_odds_ratio(*given, add=0.25),
    "RR_all": lambda *given: events.log_risk_ratio(*given, to="all"),
    "OR2D": d_by("hasselblad_hedges"),
    "OR2DL": d_by("hasselblad_hedges"),
    "OR2DN": d_by("cox"),
}


@pytest.mark.parametrize("data_set", BINARY)
@pytest.mark.parametrize("key", FROM_COUNTS)
def test_effects_from_counts(data_set, key):
    given = columns(data_set, "ai", "n1i", "ci", "n2i")
    reference = ESCALC[data_set][key]
    kept = np.isfinite(array(reference["yi"])) & np.all(np.isfinite(given), axis=0)
    if key in ("RD", "PETO"):
        # metafor adds 1/2 to each table with a cell of 0; these two measures do not need it
        a, n_1, c, n_2 = given
        kept &= (a > 0) & (a < n_1) & (c > 0) & (c < n_2)
    agrees(FROM_COUNTS[key](*(column[kept] for column in given)), reference, kept)


@pytest.mark.parametrize("data_set", BINARY)
def test_one_zero_corrects_all_where_metafor_says_so(data_set):
    given = columns(data_set, "ai", "n1i", "ci", "n2i")
    kept = np.all(np.isfinite(given), axis=0)
    given = [column[kept] for column in given]
    to = "all" if np.any(events.log_odds_ratio(*given).corrected) else "where_needed"
    agrees(events.log_odds_ratio(*given, to=to), ESCALC[data_set]["OR_if0all"], kept)


@pytest.mark.parametrize("data_set", BINARY)
def test_flags_are_where_metafor_drops_or_cannot_compute(data_set):
    given = columns(data_set, "ai", "n1i", "ci", "n2i")
    kept = np.all(np.isfinite(given), axis=0)
    given = [column[kept] for column in given]
    effect = events.log_odds_ratio(*given)
    for key in ("OR_drop00", "RR_drop00", "RD_drop00"):
        dropped = ~np.isfinite(array(ESCALC[data_set][key]["yi"])[kept])
        np.testing.assert_array_equal(effect.double_zero, dropped)
    missing = ~np.isfinite(array(ESCALC[data_set]["OR_add0_none"]["yi"])[kept])
    np.testing.assert_array_equal(effect.corrected, missing)
    if missing.any():
        with pytest.raises(ParameterError, match="add"):
            events.log_odds_ratio(*given, add=0)


def test_every_reference_of_counts_is_compared():
    flags = {"OR_if0all", "OR_drop00", "RR_drop00", "RD_drop00"}
    for data_set in BINARY:
        assert ESCALC[data_set].keys() == FROM_COUNTS.keys() | flags
    assert ESCALC.keys() == {*CONTINUOUS, *BINARY, "morris2008"}


def test_effects_before_and_after():
    references = ESCALC["morris2008"]
    names = ("t_pre", "t_post", "sdt_pre", "sdt_post", "nt")
    names += ("c_pre", "c_post", "sdc_pre", "sdc_post", "nc", "ri")
    pre_1, post_1, sd_pre_1, sd_post_1, n_1, pre_2, post_2, sd_pre_2, sd_post_2, n_2, rho = columns(
        "morris2008", *names
    )
    first, second = (pre_1, post_1), (pre_2, post_2)
    raw, by_change = change.standardized_mean_change_raw, change.standardized_mean_change_change
    made = {
        # this call of the reference divides by the SD after
        "SMCR_T": raw(*first, sd_post_1, n_1, rho),
        "SMCR_C": raw(*second, sd_post_2, n_2, rho),
        "SMCC_T": by_change(*first, sd_pre_1, sd_post_1, n_1, rho),
        "SMCC_C": by_change(*second, sd_pre_2, sd_post_2, n_2, rho),
        "MC_T": change.mean_change(*first, sd_pre_1, sd_post_1, n_1, rho),
        "MC_C": change.mean_change(*second, sd_pre_2, sd_post_2, n_2, rho),
        "SMD_post": means.standardized_mean_difference(
            post_1, sd_post_1, n_1, post_2, sd_post_2, n_2
        ),
        "SMD_pre": means.standardized_mean_difference(pre_1, sd_pre_1, n_1, pre_2, sd_pre_2, n_2),
        "DSMCR": means.pre_post_control(
            *(pre_1, post_1, sd_pre_1, n_1, pre_2, post_2, sd_pre_2, n_2),
            correlation=rho,
            standardizer="own_pre",
        ),
    }
    assert made.keys() == references.keys()
    for key, effect in made.items():
        agrees(effect, references[key], np.full(5, True))


@pytest.mark.parametrize("data_set", ["normand1999", "gibson2002", "furukawa2003"])
def test_hedges_g_from_t_d_and_p(data_set):
    n_1, n_2 = columns(data_set, "n1i", "n2i")
    case = CONVERSIONS[f"SMD_from_t_{data_set}"]
    d = convert.d_from_t(array(case["args"]["ti"]), n_1, n_2).value
    agrees(means.hedges_g(d, n_1, n_2), case["out"], n_1 > 0)

    case = CONVERSIONS[f"SMD_from_d_{data_set}"]
    agrees(means.hedges_g(array(case["args"]["di"]), n_1, n_2), case["out"], n_1 > 0)

    case = CONVERSIONS[f"SMD_from_p_{data_set}"]
    signed = array(case["args"]["pi"])
    kept = signed != 0
    p, n_1, n_2 = np.abs(signed[kept]), n_1[kept], n_2[kept]
    d = np.sign(signed[kept]) * convert.d_from_p(p, n_1, n_2, distribution="t").value
    agrees(means.hedges_g(d, n_1, n_2), case["out"], kept)


@pytest.mark.parametrize("data_set", ["bcg", "linde2005", "nielweise2007", "hahn2001"])
def test_variance_from_interval_and_p_of_an_odds_ratio(data_set):
    case = CONVERSIONS[f"convwald_ci_{data_set}"]
    low, high = (np.log(case["args"][name]) for name in ("ci_lb", "ci_ub"))
    close(np.square(printed_values.se_from_interval(low, high)), case["out"]["vi"])
    close([convert.log_ratio(ratio) for ratio in case["args"]["out"]], case["out"]["yi"])

    case = CONVERSIONS[f"convwald_p_{data_set}"]
    se = printed_values.se_from_p(np.log(case["args"]["out"]), case["args"]["pval"])
    close(np.square(se), case["out"]["vi"])


SUMMARIES = [name for name in CONVERSIONS if name.startswith("sumesc_")]


@pytest.mark.parametrize("name", SUMMARIES)
def test_standard_errors(name):
    case = CONVERSIONS[name]
    data_set = case["args"]["csv"]
    if data_set in CONTINUOUS:
        effect = means.standardized_mean_difference(*arms(data_set))
    else:
        a, n_1, c, n_2 = given = columns(data_set, "ai", "n1i", "ci", "n2i")
        # the reference leaves out tables with a cell of 0
        kept = (a > 0) & (a < n_1) & (c > 0) & (c < n_2)
        effect = events.log_odds_ratio(*(column[kept] for column in given))
    close(effect.se, array(case["out"]["sei"]))
    close(effect.value / effect.se, array(case["out"]["zi"]))


ESC = [name for name in CONVERSIONS if name.startswith("esc_")]


@pytest.mark.parametrize("name", ESC)
def test_conversions_of_esc(name):
    case = CONVERSIONS[name]
    out = case["out"]
    given = [column[case["args"]["row"] - 1] for column in arms(case["args"]["csv"])]
    n_1, n_2 = given[2], given[5]
    t = case["args"]["t"]
    d = means.cohen_d(*given)
    by_t = convert.d_from_t(t, n_1, n_2)
    ratio = scales.odds_ratio_from_d(d.value, d.variance)
    made = {
        "mean_sd_d": (d.value, d.variance),
        # esc corrects by the approximation and keeps the variance of the uncorrected d
        "mean_sd_g": means.standardized_mean_difference(*given, convention="metapsy"),
        "t_d": by_t,
        "t_g": means.hedges_g(by_t.value, n_1, n_2, convention="metapsy"),
        # F as printed for these means, to two digits
        "f_d": convert.d_from_f(round(d.value**2 / (1 / n_1 + 1 / n_2), 2), n_1, n_2),
        "d2or": (np.exp(ratio.value), ratio.variance),
    }
    assert made.keys() == out.keys()
    for key, effect in made.items():
        value, variance = effect if isinstance(effect, tuple) else (effect.value, effect.variance)
        close(value, out[key]["es"])
        close(variance, out[key]["var"])


def test_transformations():
    def both(name, function):
        case = CONVERSIONS[name]
        close(function(np.array(case["args"]["x"])), case["out"]["y"])

    both("transf.dtorpb", lambda d: scales.r_from_d(d, 20, 25).value)
    both("transf.rpbtod", lambda r: scales.d_from_r(r, 20, 25).value)
    both("transf.lnortod.logis", lambda x: scales.d_from_odds_ratio(x, 1).value)
    both("transf.lnortod.norm", lambda x: scales.d_from_odds_ratio(x, 1, method="cox").value)
    both("transf.dtolnor.logis", lambda d: scales.odds_ratio_from_d(d, 1).value)
    both("transf.dtolnor.norm", lambda d: scales.odds_ratio_from_d(d, 1, method="cox").value)
    both(
        "transf.probit",
        lambda x: -np.sign(0.5 - x) * printed_values.z_from_p(2 * np.minimum(x, 1 - x)),
    )
    both("transf.iprobit", lambda x: events.response_from_means(-x, 1, 9, 0, "worse").proportion)
    np.testing.assert_allclose(ndtr(printed_values.z_from_p(0.05)), 0.975, rtol=CLOSED_FORM)


def test_every_conversion_is_compared():
    compared = {"probit", "iprobit", "dtorpb", "rpbtod"}
    compared |= {f"{way}.{kind}" for way in ("lnortod", "dtolnor") for kind in ("norm", "logis")}
    transformations = {name[7:] for name in CONVERSIONS if name.startswith("transf.")}
    assert transformations == compared
    others = set(CONVERSIONS) - {f"transf.{name}" for name in compared} - {*SUMMARIES, *ESC}
    waldlike = {
        f"convwald_{by}_{data_set}"
        for by in ("ci", "p")
        for data_set in ("bcg", "linde2005", "nielweise2007", "hahn2001")
    }
    standardized = {
        f"SMD_from_{by}_{data_set}"
        for by in ("t", "d", "p")
        for data_set in ("normand1999", "gibson2002", "furukawa2003")
    }
    assert others == waldlike | standardized
