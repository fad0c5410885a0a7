"""The missing-evidence matrix: trial by outcome, in the manner of ROB-ME."""

from typing import Any

import pandas as pd

from evidence.dataset import RANDOMIZED, Dataset
from evidence.display import card_links, words
from evidence.display.output import Block
from evidence.display.tables import Cell, table

STATE = {
    "number": "● number",
    "event_only": "◑ event only",
    "course_only": "◑ whole course only",
    "range_only": "◐ range only",
    "direction_only": "○ words only",
    "within_arm_only": "△ within arm only",
    "not_reported": "✕ not reported",
    "not_seen": "▽ measured, report not seen",
    "unpublished": "⊘ unpublished",
    "planned": "◇ trial planned",
    "unknown": "? unknown",
}
"""Each state in a sign and in words, so that neither color nor sign carries it alone."""

LEGEND = (
    "● number: an effect between the arms can be computed. ◑ event only: an effect on an event, "
    "none on the score. ◑ whole course only: an effect over the whole course, none on the score "
    "at a time. ◐ range only: printed percentages leave a range. ○ words only: the source says "
    "whether the arms differed, without a usable number. △ within arm only: a change within "
    "an arm or a mediation, no comparison. ✕ not reported: measured or planned, no result. ▽ "
    "measured, report not seen: a source lists it among the measures, and whether a report gives a "
    "result could not be seen. ⊘ unpublished: what is known comes from a review by the developers. "
    "◇ trial planned: no report so far, which outcomes it measures was not read, and it is in no "
    "count of randomized trials. ? unknown: no source seen says whether it was measured."
)


def missing_matrix(dataset: Dataset, states: pd.DataFrame, *, therapy: str) -> Block:
    """Return the matrix of what each trial with a comparison group reports on each outcome.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    states : DataFrame
        As `evidence.estimation.missing.missing_evidence` returns it.
    therapy : str
        Its therapy.
    """
    outcomes = list(dict.fromkeys(states.outcome_id))
    rows = []
    for _, group in states.groupby("trial_id", sort=False):
        first = group.iloc[0]
        size = _size(dataset, first)
        doubt = "" if first.design in RANDOMIZED else "; how groups were formed is not stated"
        read = f"read: {dataset.read_as(first.trial_id)}"
        by_outcome = group.set_index("outcome_id")
        rows.append(
            (
                Cell(f"{first.label}\n{size}, {first.status}{doubt}, {read}"),
                *(Cell(STATE[by_outcome.state[one]]) for one in outcomes),
            )
        )
    headings = [words.capitalized(dataset.short("outcome", one)) for one in outcomes]
    unclear = (
        ""
        if states.design.isin(RANDOMIZED).all()
        else ", and those of which no source says how groups were formed,"
    )
    block = table(
        f"What randomized trials of {dataset.in_text('therapy', therapy)}{unclear} report on each "
        "outcome",
        ("Trial", *headings),
        rows,
    )
    return Block(text=f"{block.text}\n{LEGEND}", html=f"{block.html}\n<p>{LEGEND}</p>", entries=())


def _size(dataset: Dataset, trial: Any) -> str:
    """Return how many were randomized, else enrolled, else planned, as far as a source says."""
    for kind, number in card_links.enrollment(dataset, trial.trial_id).items():
        return f"n = {number}" if kind == "randomized" else f"{number} {kind}"
    arms = dataset.arms.n_randomized[dataset.arms.trial_id == trial.trial_id]
    if arms.isna().any():
        return "size not known"
    return f"n = {arms.sum():g}" if trial.design in RANDOMIZED else f"{arms.sum():g} enrolled"
