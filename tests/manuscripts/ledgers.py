"""A small ledger for tests: one entry of each kind, and an earlier version of one."""

from typing import Any

from evidence.ledger import LedgerEntry
from evidence.manuscripts.ledgers import Known

POOLED = "abft.depression.post.hedges_g.pooled"
ZERO = "abft.depression.post.hedges_g.pooled.trials_with_unreported_at_zero"
ODDS = "trial.ideation.recovery.post.log_odds_ratio"
BARE = "trial.ideation.recovery.post.log_odds_ratio.printed"
SHARES = "trial.ideation.recovery.post.risk_difference"
SHARE = "trial.ideation.recovery.post.intervention.proportion"
POINTS = "trial.distress.scale.post.mean_difference"
KEPT = "trial.distress.scale.retained_fraction.mean_difference"
GONE = "abft.depression.post.hedges_g.pooled.gone"

SIDE = {"difference": "above_0", "ratio": "above_1"}


def entry(estimate_id: str = POOLED, **fields: Any) -> LedgerEntry:
    """Return an entry; what is not given is that of the pooled one."""
    return LedgerEntry(
        **{
            "estimate_id": estimate_id,
            "label": "ABFT, depressive symptoms, at the end of treatment, Hedges g, pooled",
            "entry_kind": "pooled",
            "metric": "hedges_g",
            "scale": "difference",
            "favors": SIDE.get(fields.get("scale", "difference"), ""),
            "effect": 0.5205273829,
            "ci_low": -0.2875211305,
            "ci_high": 1.3285758963,
            "ci_level": 0.95,
            "p_value": 0.1092502588,
            "p_note": "",
            "k": 3,
            "n": 118,
            "counts": "",
            "comparator": "waitlist; usual_care; enhanced_usual_care",
            "comparator_class": "inactive; usual_care",
            "timepoint": "post",
            "processing": "converted",
            "method": "tau2 REML, interval hksj_adhoc",
            "trial_ids": ("diamond2002", "israel2013", "diamond2010"),
            "result_ids": (),
            "locator_ids": ("childadol_row28",),
            "correction_ids": (),
            "reports": ("abft-depression-post",),
            "data_version": "1.0.0",
        }
        | fields
    )


def of_trial(estimate_id: str, metric: str, effect: float, **fields: Any) -> LedgerEntry:
    """Return an entry of one trial, without a P."""
    return entry(
        estimate_id,
        **{
            "label": "Trial 2010, recovery, at the end of treatment, ABFT against usual care",
            "entry_kind": "trial",
            "metric": metric,
            "effect": effect,
            "p_value": None,
            "k": 1,
            "n": 60,
            "comparator": "usual_care",
            "comparator_class": "usual_care",
            "processing": "reconstructed",
        }
        | fields,
    )


ENTRIES = (
    entry(),
    entry(
        ZERO,
        label="ABFT, depressive symptoms, at the end of treatment, Hedges g, with unreported "
        "results at zero",
        entry_kind="stress_test",
        effect=0.2331385257,
        ci_low=-0.1613781137,
        ci_high=0.627655165,
        p_value=0.1761968196,
        k=5,
        n=307,
        processing="imputed",
    ),
    of_trial(ODDS, "odds_ratio", 6.3, scale="ratio", ci_low=1.7552488, ci_high=22.6121789),
    of_trial(
        BARE, "odds_ratio", 4.41, scale="ratio", ci_low=None, ci_high=None, ci_level=None, n=56
    ),
    of_trial(SHARES, "risk_difference", 0.3537263626, ci_low=0.1369247971, ci_high=0.5705279281),
    of_trial(
        SHARE,
        "proportion",
        27 / 31,
        scale="proportion",
        ci_low=0.7016611,
        ci_high=0.9637036,
        n=31,
        comparator="",
        comparator_class="",
    ),
    of_trial(POINTS, "mean_difference", 13.2, ci_low=6.84, ci_high=19.57, processing="printed"),
    of_trial(
        KEPT,
        "retained_fraction",
        0.5454545455,
        scale="ratio",
        favors="",
        ci_low=0.0749914,
        ci_high=1.0401272,
    ),
)

KNOWN = Known(
    {one.estimate_id: one for one in ENTRIES},
    {
        POOLED: ({"effect": 0.58, "ci_low": -0.21, "ci_high": 1.37},),
        GONE: ({"effect": 0.44, "ci_low": 0.1, "ci_high": 0.78},),
    },
)
