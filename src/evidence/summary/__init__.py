"""Summary of findings: what each outcome and class of comparators shows, in absolute terms too."""

from evidence.summary.absolute import AbsoluteEffect, absolute_effects, risk_from_odds_ratio
from evidence.summary.by_comparator import (
    Finding,
    InPoints,
    findings,
    in_points,
    most_used_instrument,
)
from evidence.summary.collecting import Reconciliation, Summary, collect
from evidence.summary.needed import (
    Needed,
    common_effect_needed,
    needed_averages,
    presumed_trials,
)

__all__ = [
    "AbsoluteEffect",
    "Finding",
    "InPoints",
    "Needed",
    "Reconciliation",
    "Summary",
    "absolute_effects",
    "collect",
    "common_effect_needed",
    "findings",
    "in_points",
    "most_used_instrument",
    "needed_averages",
    "presumed_trials",
    "risk_from_odds_ratio",
]
