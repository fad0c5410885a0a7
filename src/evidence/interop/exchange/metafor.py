"""Rows that metafor's escalc() and rma() take (Viechtbauer 2010)."""

from typing import Any

from evidence.interop.exchange.contrast import Contrast
from evidence.terms import words_of

MEASURES = {
    "hedges_g": "SMD",
    "mean_difference": "MD",
    "log_odds_ratio": "OR",
    "log_risk_ratio": "RR",
    "risk_difference": "RD",
}
"""metafor's name of each metric that escalc() computes from the numbers of both arms."""

READY_MADE = "GEN"
"""metafor's name for effects that are not computed by escalc()."""

_DESCRIBED = (
    "label",
    "trial_id",
    "estimate_id",
    "therapy",
    "intervention",
    "comparator",
    "comparator_class",
    "outcome_id",
    "instrument_id",
    "event",
    "timepoint",
    "weeks_since_randomization",
    "follow_up_weeks",
    "metric",
)
_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
COLUMNS = (
    *("slab", *_DESCRIBED[1:], "measure", *_MEANS, "ai", "ci", "sign", "yi", "vi"),
    *("effect_low", "effect_high", "route", "processing", "baseline_adjusted", "remarks"),
)


def rows(found: list[Contrast]) -> list[dict[str, Any]]:
    """Return one row per estimate, with the names that metafor uses.

    Parameters
    ----------
    found : list of Contrast
        Estimates with the numbers behind them.

    Returns
    -------
    list of dict
        Keys `COLUMNS`. ``yi`` and ``vi`` are the estimate and its variance, positive where it
        favors the intervention (ratios on the log scale). ``measure`` names what escalc() computes
        from ``m1i`` to ``n2i``, or from ``ai``, ``n1i``, ``ci``, ``n2i``; its value times ``sign``
        is ``yi``. GEN marks effects that it cannot compute from numbers of arms.
    """
    return [_row(one) for one in found]


def _row(one: Contrast) -> dict[str, Any]:
    estimate = one.estimate
    measure = MEASURES.get(estimate.metric, READY_MADE)
    raw: dict[str, Any] = {}
    if one.means is not None and estimate.route == "means":
        raw = dict(zip(_MEANS, one.means, strict=True))
    elif one.counts is not None:
        raw = dict(zip(("ai", "n1i", "ci", "n2i"), one.counts, strict=True))
    else:
        measure = READY_MADE
        raw = {"n1i": estimate.n_intervention, "n2i": estimate.n_comparator}
    return {
        **{name: getattr(estimate, name) for name in _DESCRIBED[1:]},
        **raw,
        "slab": estimate.label,
        "measure": measure,
        "sign": one.sign,
        "yi": estimate.effect,
        "vi": estimate.variance,
        **{
            name: getattr(estimate, name)
            for name in ("effect_low", "effect_high", "route", "processing", "baseline_adjusted")
        },
        "remarks": "; ".join(words_of(one.text) for one in estimate.remarks),
    }
