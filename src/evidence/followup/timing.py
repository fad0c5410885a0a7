"""How long after the end of treatment a result was measured, as far as its source says."""

from typing import Any, NamedTuple

import pandas as pd

from evidence.estimation.context import Context, number
from evidence.records import records


class Weeks(NamedTuple):
    """Least and greatest number of weeks since the end of treatment; None where not known."""

    low: float | None
    high: float | None


class Timing:
    """Weeks since the end of treatment, with what sources leave open."""

    def __init__(self, context: Context) -> None:
        frames = [context.arm_results, context.statistics]
        self._results = {one.result_id: one for frame in frames for one in records(frame)}
        facts = context.dataset.trial_facts
        self._lengths = facts[facts.fact == "treatment_weeks"].groupby("trial_id").value

    def weeks(self, row: Any) -> Weeks:
        """Return the weeks of an estimate.

        Where sources differ on the length of treatment, every length they print is taken; where a
        source does not say from when it counts, from randomization to the end of treatment.
        """
        if row.timepoint == "post":
            return Weeks(0.0, 0.0)
        result = self._results.get(row.result_ids[0])
        known = number(row.follow_up_weeks)
        if result is not None and result.follow_up_weeks_alternatives:
            all_of_them = [float(one) for one in result.follow_up_weeks_alternatives.split("; ")]
            return Weeks(min(all_of_them), max(all_of_them))
        if known is not None or result is None or pd.isna(result.weeks):
            return Weeks(known, known)
        if row.trial_id not in self._lengths.groups:
            return Weeks(None, None)
        longest = float(self._lengths.get_group(row.trial_id).max())
        return Weeks(max(result.weeks - longest, 0.0), float(result.weeks))
