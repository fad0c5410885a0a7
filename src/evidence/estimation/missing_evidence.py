"""Trials and outcomes without a number: which there are, and their rows in the frame."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.lookups import Context
from evidence.estimation.row import Row
from evidence.terms import COMPARES, SAYS, LeftOut, Said, words_of

NUMBERS = ("number", "event_only", "course_only")
"""States of a trial with an effect between its arms."""

STATES = (
    *("number", "event_only", "course_only", "range_only", "side_unknown", "direction_only"),
    *("within_arm_only", "not_reported", "not_seen", "unpublished", "planned", "unknown"),
)
"""From most to least: an effect between arms; one on an event and none on the score, where other
trials have one on a score; one over the whole course alone; counts that leave only
a range; a number of which nothing says whom it favors; words on the arms; a result within an arm;
measured or planned without a result; measured, and whether it is reported could not be seen; by a
trial that is not published; by a planned trial without any report, whichever the outcome; no row
in the data."""


_READ = (
    *("trial_id", "timepoint", "outcome_id", "result_ids", "intervention", "comparator", "event"),
    *("effect", "effect_low", "left_out_by", "said"),
)
"""Columns of the frame of estimates on which states rest."""


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
    # Of which rows, too: a caller may have others than those of the data set.
    rows = tuple(pd.util.hash_pandas_object(frame[list(_READ)], index=False))
    made = dataset.once(
        ("missing evidence", therapy, rows), lambda: _states(dataset, frame, therapy)
    )
    return made.copy()


def _states(dataset: Dataset, frame: pd.DataFrame, therapy: str) -> pd.DataFrame:
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
    sideless = between[between.left_out_by == LeftOut.SIGN_UNKNOWN]
    if not sideless.empty:
        return "side_unknown", f"{_listed(sideless.timepoint)}; whom it favors is not known"
    words = said[said.direction.isin(COMPARES) & (said.comparator_arm_id != "")]
    if not words.empty:
        return "direction_only", _listed(words.direction)
    if (said.direction == Said.NOT_REPORTED).any():
        return "not_reported", "measured or planned, no result reported"
    # A direction stands in the frame of estimates too.
    if (said.direction != Said.NOT_SEEN).any() or (about.said != Said.NOT_SEEN).any():
        return "within_arm_only", "a result within an arm, or a mediation, without a comparison"
    if not said.empty:
        return "not_seen", "measured; whether it is reported could not be seen"
    return "unknown", "no source seen says whether it was measured"


def _listed(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(one).replace("_", " ") for one in values))


_CONTINUOUS = ("hedges_g", "mean_difference", "d_from_test_statistic")


def rows(context: Context, known: Sequence[Row]) -> list[Row]:
    """Return one row per randomized contrast, outcome and timepoint with a direction but no number.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    known : sequence of Row
        Rows made from results; where one of them has an effect on a continuous scale for the same
        contrast, outcome and timepoint, the direction adds nothing to pool.
    """
    numbered = {
        (
            row.trial_id,
            row.intervention_arm_id,
            row.comparator_arm_id,
            row.outcome_id,
            row.timepoint,
        )
        for row in known
        if row.effect is not None
        and row.variance is not None
        and (row.metric in _CONTINUOUS or row.rater == "report")
    }
    found: dict[tuple[str, ...], Row] = {}
    for one in records(context.directions):
        if one.direction not in SAYS or not one.comparator_arm_id:
            continue
        key = (
            one.trial_id,
            one.intervention_arm_id,
            one.comparator_arm_id,
            one.outcome_id,
            one.timepoint,
        )
        if not context.randomized(one.trial_id) or key in numbered:
            continue
        row = context.base(*key[:3])
        row, _ = context.sized(row, None, None)
        words = SAYS[Said(one.direction)] + (f" ({one.note})" if one.note else "")
        earlier = found.get(key)
        said = Said(one.direction) if earlier is None else together(earlier.said, one.direction)
        found[key] = row.without(
            LeftOut.IN_WORDS,
            f"{words_of(earlier.reason)}; {words}" if earlier else words,
            said=said,
            outcome_id=one.outcome_id,
            timepoint=one.timepoint,
            metric="direction" if said in (*COMPARES, Said.SOURCES_DIFFER) else "not_reported",
            result_ids=union([earlier.result_ids if earlier else (), (one.direction_id,)]),
            locator_ids=union([earlier.locator_ids if earlier else (), (one.locator_id,)]),
        )
    return list(found.values())


def together(*said: str) -> Said:
    """Return what several sources say of two arms as one: a comparison tells more than none."""
    kinds = {Said(one) for one in said}
    kinds = {one for one in kinds if one in (*COMPARES, Said.SOURCES_DIFFER)} or kinds
    if len(kinds) == 1:
        return kinds.pop()
    return Said.NOT_SEEN if kinds == {Said.NOT_SEEN, Said.NOT_REPORTED} else Said.SOURCES_DIFFER


def reported_outcomes(dataset: Dataset, trial_ids: Iterable[str] | None = None) -> set[str]:
    """Return the outcomes on which trials, or all, report a number or words."""
    ids = set(dataset.trials.trial_id if trial_ids is None else trial_ids)
    instruments = dataset.instruments
    of_instrument = dict(zip(instruments.instrument_id, instruments.outcome_id, strict=True))
    measured = {
        one
        for table in (dataset.arm_results, dataset.statistics)
        for one in table.instrument_id[table.trial_id.isin(ids)]
    }
    told = dataset.directions.outcome_id[dataset.directions.trial_id.isin(ids)]
    return {of_instrument[one] for one in measured if one in of_instrument} | {*told}
