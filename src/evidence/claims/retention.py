"""Which share of an effect is left at follow-up, for the comparisons behind a claim."""

from dataclasses import dataclass

import pandas as pd

from evidence.effects.effect import Effect
from evidence.followup.pairing import paired
from evidence.followup.two_times import retained_fraction

CORRELATION = 0.5
"""Of the effects at both times; no source prints it, so shares at other values stand in the report
on follow-up."""


@dataclass(frozen=True, slots=True)
class Retained:
    """Share of an effect that is left at follow-up, with its 95% interval by Fieller.

    Attributes
    ----------
    estimate_id : str
        Estimate at follow-up.
    trial_id, comparator_arm_id : str
        Whose, and against which arm.
    value, low, high : float
        1 where nothing was lost, 0 where nothing is left.
    """

    estimate_id: str
    trial_id: str
    comparator_arm_id: str
    value: float
    low: float
    high: float


def retained(frame: pd.DataFrame, at_follow_up: pd.DataFrame) -> tuple[Retained, ...]:
    """Return the share left of each effect that has an interval clear of zero at post.

    Parameters
    ----------
    frame : DataFrame
        Frame of `evidence.estimates`.
    at_follow_up : DataFrame
        Its rows at follow-up that are asked about.
    """
    wanted = set(at_follow_up.estimate_id)
    made = []
    for post, later in paired(frame):
        if later.estimate_id not in wanted:
            continue
        share = retained_fraction(
            Effect(post.effect, post.variance), Effect(later.effect, later.variance), CORRELATION
        )
        if share is not None:
            made.append(
                Retained(later.estimate_id, later.trial_id, later.comparator_arm_id, *share)
            )
    return tuple(made)
