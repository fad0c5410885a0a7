"""Which trial reports which outcome: a number, a direction, nothing, or not known."""

from typing import Any

import pandas as pd

from evidence.dataset import RANDOMIZED, Dataset
from evidence.errors import ParameterError
from evidence.records import records
from evidence.terms import COMPARES, Said

NUMBERS = ("number", "event_only", "course_only")
"""States of a trial with an effect between its arms."""

STATES = (
    "number",
    "event_only",
    "course_only",
    "range_only",
    "direction_only",
    "within_arm_only",
    "not_reported",
    "not_seen",
    "unpublished",
    "planned",
    "unknown",
)
"""From most to least: an effect between arms; one on an event and none on the score, where other
trials have one on a score; one over the whole course alone; counts that leave only
a range; words on the arms; a change within an arm; measured or planned without a result;
measured, and whether it is reported could not be seen; by a trial that is not published;
by a planned trial without any report, whichever the outcome; no row in the data."""


def missing_evidence(dataset: Dataset, frame: pd.DataFrame, *, therapy: str) -> pd.DataFrame:
    """Return what each trial of a therapy with a comparison group reports on each outcome.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    frame : DataFrame
        Frame of `evidence.estimates`, unfiltered.
    therapy : str
        Therapy.

    Returns
    -------
    DataFrame
        One row per trial and outcome that any randomized trial of the therapy, or one of which no
        source says how its groups were formed, has a row on: trial_id, label, design, status,
        n_randomized (None where not known), outcome_id, state (one of `STATES`), detail (what is
        there, in words), result_ids.
    """
    trials = dataset.trials[dataset.trials.design.isin([*RANDOMIZED, "not_stated"])]
    arms = dataset.arms
    tested = arms[(arms.role == "intervention") & arms.trial_id.isin(trials.trial_id)]
    own = set(tested.trial_id[tested.condition == therapy])
    studied = trials[(trials.therapy == therapy) | trials.trial_id.isin(own)]
    if not studied.design.isin(RANDOMIZED).any():
        accepted = ", ".join(sorted(set(dataset.trials.therapy)))
        raise ParameterError("therapy", therapy, f"one with randomized trials, out of {accepted}")
    trials = studied
    rows = frame[frame.trial_id.isin(trials.trial_id) & (frame.timepoint != "baseline")]
    directions = dataset.directions
    directions = directions[directions.trial_id.isin(trials.trial_id)]
    outcomes = list(dict.fromkeys([*rows.outcome_id, *directions.outcome_id]))
    # Of a planned trial on which a source names outcomes, the others are not known.
    planned = set(dataset.planned_trials.trial_id) - {*rows.trial_id, *directions.trial_id}
    made = []
    for trial in records(trials):
        total = dataset.fact(trial.trial_id, "n_randomized").value
        for outcome in outcomes:
            about = rows[(rows.trial_id == trial.trial_id) & (rows.outcome_id == outcome)]
            said = directions[
                (directions.trial_id == trial.trial_id) & (directions.outcome_id == outcome)
            ]
            state, detail = _state(about, said, therapy)
            if trial.trial_id in planned:
                state, detail = (
                    "planned",
                    "no report so far; which outcomes it measures was not read",
                )
            elif trial.status == "unpublished" and state not in (*NUMBERS, "unknown"):
                state = "unpublished"
            made.append(
                {
                    "trial_id": trial.trial_id,
                    "label": trial.label,
                    "design": trial.design,
                    "status": trial.status,
                    "n_randomized": None if total.empty else int(total.iloc[0]),
                    "outcome_id": outcome,
                    "state": state,
                    "detail": detail,
                    "result_ids": tuple(
                        dict.fromkeys(
                            [one for ids in about.result_ids for one in ids]
                            + list(said.direction_id)
                        )
                    ),
                }
            )
    scored = {one["outcome_id"] for one in made if one["state"] == "number"}
    for one in made:
        # An outcome that every trial counts as an event has no score to miss.
        if one["state"] == "event_only" and one["outcome_id"] not in scored:
            one["state"] = "number"
    frame_of_states = pd.DataFrame(made)
    frame_of_states["n_randomized"] = frame_of_states["n_randomized"].astype("Int64")
    return frame_of_states


def _state(about: pd.DataFrame, said: pd.DataFrame, therapy: str) -> tuple[str, str]:
    between = about[(about.intervention == therapy) & (about.comparator != "")]
    numbers = between[between.effect.notna()]
    if not numbers.empty:
        scores = numbers[numbers.event == ""]
        state = "number" if (scores.timepoint != "overall").any() else "course_only"
        return "event_only" if scores.empty else state, _listed(numbers.timepoint)
    bounded = between[between.effect_low.notna()]
    if not bounded.empty:
        return "range_only", _listed(bounded.timepoint)
    words = said[said.direction.isin(COMPARES) & (said.comparator_arm_id != "")]
    if not words.empty:
        return "direction_only", _listed(words.direction)
    if (said.direction == Said.NOT_REPORTED).any():
        return "not_reported", "measured or planned, no result reported"
    # A direction stands in the frame of estimates too.
    if (said.direction != Said.NOT_SEEN).any() or (about.said != Said.NOT_SEEN).any():
        return "within_arm_only", "a change within an arm, or a mediation, without a comparison"
    if not said.empty:
        return "not_seen", "measured; whether it is reported could not be seen"
    return "unknown", "no source seen says whether it was measured"


def _listed(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(one).replace("_", " ") for one in values))
