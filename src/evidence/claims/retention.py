"""Which share of an effect is left at follow-up, for the comparisons behind a claim."""

import pandas as pd

from evidence.dataset import Dataset
from evidence.followup import durability
from evidence.records import records

CORRELATION = 0.5
"""Of the effects at both times; no source prints it, so shares at other values stand in the report
on follow-up."""


def retained(dataset: Dataset, at_follow_up: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons whose effect at post is clear of zero, with the share left of it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    at_follow_up : DataFrame
        Rows of `evidence.estimates` at follow-up that are asked about; at least one.

    Returns
    -------
    DataFrame
        Rows of ``comparisons`` of `evidence.durability` with a ``retained_fraction``.
    """
    found = [
        durability(dataset, therapy=therapy, outcome=outcome, correlation=CORRELATION).comparisons
        for therapy, outcome in records(at_follow_up[["therapy", "outcome_id"]].drop_duplicates())
    ]
    compared = pd.concat(found, ignore_index=True)
    return compared[
        compared.retained_fraction.notna() & compared.follow_up_id.isin(at_follow_up.estimate_id)
    ].reset_index(drop=True)
