"""Rates per person-time and means of one group against escalc, and Mantel-Haenszel pooling of rates
and of tables in which everyone or no one had the event against rma.mh, of metafor."""

import json

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.effect_size.association import rate, rate_comparison
from evidence.meta.effect_size.means import group_mean
from evidence.meta.rare_events import mantel_haenszel
from evidence.meta.rare_events.rates import mantel_haenszel_rates
from tests.meta.effect_size.oracles import FOLDER
from tests.oracles import read
from tests.tolerances import CLOSED_FORM

ORACLES = json.loads((FOLDER / "rates.json").read_text(encoding="utf-8"))
SCALES = {"IR": "raw", "IRLN": "log", "IRS": "root", "IRFT": "freeman_tukey"}
COMPARISONS = {"IRR": "log_ratio", "IRD": "difference", "IRSD": "root_difference"}
MEANS = {"MN": "raw", "MNLN": "log", "SMN": "standardized"}
MEANS |= {"CVLN": "log_variation", "SDLN": "log_sd"}


def assert_agrees(found, right):
    assert found.value == pytest.approx(right["yi"], rel=CLOSED_FORM, abs=1e-15)
    assert found.variance == pytest.approx(right["vi"], rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, keys in ORACLES["escalc"].items() for key in keys]
)
def test_rates_agree_with_metafor(name, key):
    data, right = ORACLES["sets"][name], ORACLES["escalc"][name][key]
    kind, _, rest = key.partition("_")
    if kind in SCALES:
        found = rate(data[f"x{rest}i"], data[f"t{rest}i"], scale=SCALES[kind])
        assert_agrees(found, right)
        return
    counts = [data[one] for one in ("x1i", "t1i", "x2i", "t2i")]
    options = {"add": 0} if rest == "add0" else {}
    if key == "IRR_add0" and 0 in counts[0]:
        with pytest.raises(ParameterError, match="above 0"):
            rate_comparison(*counts, **options)
        return
    assert_agrees(rate_comparison(*counts, measure=COMPARISONS[kind], **options), right)


@pytest.mark.parametrize("key", ORACLES["single"])
def test_means_of_one_group_agree_with_metafor(key):
    kind, arm = key.split("_")
    given = (ORACLES["normand1999"][f"{one}{arm}i"] for one in ("m", "sd", "n"))
    assert_agrees(group_mean(*given, scale=MEANS[kind]), ORACLES["single"][key])


def assert_pooled(found, right):
    expected = [right[key] for key in ("b", "se", "ci_lb", "ci_ub", "pval")]
    actual = [found.effect, found.se, found.ci_low, found.ci_high, found.p_value]
    assert actual == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize("analysis", ORACLES["mh"], ids=lambda one: f"{one['set']} {one['id']}")
def test_pooled_rates_agree_with_metafor(analysis):
    data = ORACLES["sets"][analysis["set"]]
    measure = {"IRR": "rate_ratio", "IRD": "rate_difference"}[analysis["args"]["measure"]]
    counts = [data[one] for one in ("x1i", "t1i", "x2i", "t2i")]
    found = mantel_haenszel_rates(*counts, measure=measure)
    assert_pooled(found, analysis["out"])
    assert found.k == analysis["out"]["k"]
    empty = (np.add(data["x1i"], data["x2i"]) == 0).sum()
    assert found.k_informative == found.k - (empty if measure == "rate_ratio" else 0)


TABLES = read("synthesis/empty_tables", "made")
MEASURES = {"OR": "odds_ratio", "RR": "risk_ratio", "RD": "risk_difference"}


@pytest.mark.parametrize("analysis", TABLES["analyses"], ids=lambda one: one["id"])
def test_tables_with_all_or_no_events_agree_with_metafor(analysis):
    data = TABLES["sets"][analysis["set"]]
    counts = [np.array(data[one]) for one in ("ai", "n1i", "ci", "n2i")]
    measure = MEASURES[analysis["measure"]]
    found = mantel_haenszel(*counts, measure=measure)
    assert_pooled(found, analysis["out"])
    events, total = counts[0] + counts[2], counts[1] + counts[3]
    moves = {
        "odds_ratio": (events > 0) & (events < total),
        "risk_ratio": events > 0,
        "risk_difference": total > 0,
    }[measure]
    assert found.k_informative == moves.sum()
    if measure == "odds_ratio":
        assert found.k_informative == analysis["out"]["k_pos"]
    # What is counted as saying nothing moves nothing, and the rest does.
    for i in range(len(events)):
        without = mantel_haenszel(*(np.delete(one, i) for one in counts), measure=measure)
        assert (without.effect == pytest.approx(found.effect, rel=1e-13)) == (not moves[i])
    full = np.flatnonzero(events == total).tolist()
    assert list(found.all_events) == full
    said = [one for one in found.warnings if "everyone in both arms" in one]
    assert len(said) == bool(full)
    if full:
        assert ("says nothing" in said[0]) == (measure == "odds_ratio")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: rate(-1, 10), "events"),
        (lambda: rate(1, 0), "time"),
        (lambda: rate(0, 10, add=0), "events"),
        (lambda: rate_comparison(1, 10, 1.5, 10), "events_2"),
        (lambda: group_mean(-1, 2, 10, scale="log"), "mean"),
        (lambda: group_mean(1, 0, 10), "sd"),
        (lambda: mantel_haenszel_rates([1], [0], [1], [2]), "time_1[0]"),
        (lambda: mantel_haenszel_rates([1, 2], [1, 1], [1], [2]), "events_2"),
        (lambda: mantel_haenszel_rates([0.5], [1], [1], [2]), "events_1[0]"),
    ],
)
def test_what_cannot_be_is_refused(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name


def test_rates_without_events_have_no_ratio_and_no_error():
    nothing = ([0, 0], [10, 20], [0, 0], [12, 18])
    ratio = mantel_haenszel_rates(*nothing)
    assert (ratio.effect, ratio.k_informative, ratio.double_zero) == (None, 0, (0, 1))
    assert ratio.warnings[-1] == "Without an event a ratio cannot be estimated."
    for events, limit in ((([0, 0], [2, 3]), "0"), (([2, 3], [0, 0]), "infinite")):
        one_sided = mantel_haenszel_rates(events[0], [10, 20], events[1], [12, 18])
        assert one_sided.effect is None
        assert one_sided.warnings[-1].startswith(f"The estimated ratio is {limit}, of which there")
    difference = mantel_haenszel_rates(*nothing, measure="rate_difference")
    assert (difference.effect, difference.se, difference.p_value) == (0, 0, None)
    assert "for want of events" in difference.warnings[-1]
