"""Follow-ups that are no comparison at two times: without a control group, or without a partner."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from evidence.data.records import records
from evidence.estimation.lookups import Context
from evidence.followup.event_counts import ARM_COLUMNS, proportion, shared
from evidence.followup.pairs import measure, week
from evidence.terms import Said

STATES = ("both_times", "follow_up_only", "uncontrolled", "no_result", "none")
"""From most to least: a comparison at both times; one at follow-up alone, or in words; a follow-up
without a randomized comparison; one whose result is not reported; none in any source seen."""


def uncontrolled(context: Context, later: pd.DataFrame) -> pd.DataFrame:
    """Return follow-ups of one arm alone, or of groups that were not formed at random.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    later : DataFrame
        Rows of `evidence.estimates` at follow-up.

    Returns
    -------
    DataFrame
        Columns `ARM_COLUMNS` and ``reason``, one row per arm and result; numbers are NaN where the
        result is no count.
    """
    results = {one.result_id: one for one in records(context.arm_results)}
    made = []
    for row in records(later):
        if row.comparator and context.randomized(row.trial_id):
            continue
        for result_id in row.result_ids:
            one = results.get(result_id)
            arm_id = row.intervention_arm_id if one is None else one.arm_id
            arm = context.arms[arm_id]
            counted = one is not None and not (pd.isna(one.events) or pd.isna(one.n_analyzed))
            made.append(
                {
                    **shared(row),
                    "arm_id": arm_id,
                    "condition": arm.condition,
                    "role": arm.role,
                    "n_randomized": context.size(arm_id).n,
                    "result_ids": (result_id,),
                    "locator_ids": row.locator_ids,
                    "reason": row.reason,
                    **(_counted(one) if counted else {}),
                }
            )
    frame = pd.DataFrame(made, columns=[*ARM_COLUMNS, "reason"])
    frame["proportion_id"] = [_proportion_id(row) for row in records(frame)]
    # Several follow-ups are told apart by week, then by arm, then by result.
    parts: list[Callable[[Any], str]] = []
    for part in (week, lambda row: row.arm_id, lambda row: row.result_ids[0]):
        parts.append(part)
        again = frame.proportion_id.duplicated(keep=False)
        frame["proportion_id"] = [
            _proportion_id(row, *(one(row) for one in parts)) if twice else row.proportion_id
            for row, twice in zip(records(frame), again, strict=True)
        ]
    return frame


def _proportion_id(row: Any, *told_apart: str) -> str:
    what = row.event or row.instrument_id
    parts = (row.trial_id, row.outcome_id, what, row.timepoint, *told_apart, row.role, "proportion")
    return ".".join(part for part in parts if part)


def _counted(one: Any) -> dict[str, Any]:
    events, n = int(one.events), int(one.n_analyzed)
    return {"events": events, "n": n, **proportion(events, n), "processing": "converted"}


def unpaired(context: Context, later: pd.DataFrame, pairs: list[tuple[Any, Any]]) -> pd.DataFrame:
    """Return results between randomized arms at follow-up that have no partner at post.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    later : DataFrame
        Rows of `evidence.estimates` at follow-up.
    pairs : list of tuple
        Estimates that have one.
    """
    done = {measure(row) for _, row in pairs}
    kept = [
        bool(row.comparator) and context.randomized(row.trial_id) and measure(row) not in done
        for row in records(later)
    ]
    return later[kept].reset_index(drop=True)


def states(
    context: Context,
    therapy: str,
    pairs: list[tuple[Any, Any]],
    alone: pd.DataFrame,
    later: pd.DataFrame,
) -> pd.DataFrame:
    """Return for each randomized trial of a therapy what it has at follow-up.

    Returns
    -------
    DataFrame
        trial_id, label, status, n_randomized (<NA> where not known), state (one of `STATES`).
    """
    silent = [Said.NOT_REPORTED, Said.NOT_SEEN]
    words = context.directions[context.directions.timepoint == "follow_up"]
    found = (
        {row.trial_id for _, row in pairs},
        set(alone.trial_id[~alone.said.isin(silent)]),
        # What is said of one arm alone is in no row of estimates.
        {*later.trial_id[~later.said.isin(silent)], *words.trial_id[~words.direction.isin(silent)]},
        set(later.trial_id),
    )
    made = []
    for trial in records(context.dataset.randomized_trials):
        if not context.tests(trial.trial_id, therapy):
            continue
        place = next((i for i, ids in enumerate(found) if trial.trial_id in ids), len(found))
        made.append(
            {
                "trial_id": trial.trial_id,
                "label": trial.label,
                "status": trial.status,
                "n_randomized": context.total_randomized(trial.trial_id),
                "state": STATES[place],
            }
        )
    frame = pd.DataFrame(made, columns=["trial_id", "label", "status", "n_randomized", "state"])
    return frame.astype({"n_randomized": "Int64"})
