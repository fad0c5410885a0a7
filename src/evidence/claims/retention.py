"""Which share of an effect is left at follow-up, for the comparisons behind a claim."""

from dataclasses import dataclass

import pandas as pd

from evidence.dataset import Dataset
from evidence.followup import durability
from evidence.records import records

CORRELATION = 0.5
"""Of the effects at both times; no source prints it, so shares at other values stand in the report
on follow-up."""


@dataclass(frozen=True, slots=True)
class Retained:
    """Share of an effect that is left at follow-up, with its 95% interval by Fieller.

    Attributes
    ----------
    retained_id, estimate_id : str
        Its id, and the estimate at follow-up.
    trial_id : str
        Whose.
    value, low, high : float
        1 where nothing was lost, 0 where nothing is left.
    """

    retained_id: str
    estimate_id: str
    trial_id: str
    value: float
    low: float
    high: float


def retained(dataset: Dataset, at_follow_up: pd.DataFrame) -> tuple[Retained, ...]:
    """Return the share left of each effect whose interval at post is clear of zero.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    at_follow_up : DataFrame
        Rows of `evidence.estimates` at follow-up that are asked about.
    """
    wanted = set(at_follow_up.estimate_id)
    made = []
    asked = at_follow_up[["therapy", "outcome_id"]].drop_duplicates()
    for therapy, outcome in records(asked):
        compared = durability(
            dataset, therapy=therapy, outcome=outcome, correlation=CORRELATION
        ).comparisons
        made += [
            Retained(
                one.retained_id,
                one.follow_up_id,
                one.trial_id,
                one.retained_fraction,
                one.retained_ci_low,
                one.retained_ci_high,
            )
            for one in records(compared[compared.retained_fraction.notna()])
            if one.follow_up_id in wanted
        ]
    return tuple(made)
