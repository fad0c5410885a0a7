"""Outcomes of randomized trials that are in no row of the tables on findings."""

from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_card
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.summary import Summary


def others(dataset: Dataset, summary: Summary) -> Block:
    """Return outcomes of randomized trials that are in no row of the tables before.

    Numbers of one outcome share a row.
    """
    said: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for row in records(elsewhere(dataset, summary)):
        when = dataset.in_text("timepoint", row.timepoint)
        where = row.label if row.timepoint == "post" else f"{row.label}, {when}"
        outcome = dataset.in_text("outcome", row.outcome_id)
        trial = said.setdefault((where, sentences.comparator(row, dataset)), {})
        trial.setdefault(outcome, []).append(_in_words(dataset, row))
    rows = []
    for (where, compared), outcomes in said.items():
        for outcome, cells in outcomes.items():
            markup = "; ".join(dict.fromkeys(one.markup for one in cells))
            found = tuple(entry for one in cells for entry in one.entries)
            rows.append(
                (
                    Cell(language.capitalized(outcome)),
                    Cell(where),
                    Cell(compared),
                    Cell(markup=markup, entries=found),
                )
            )
    if not rows:
        return paragraphs("Every outcome that a randomized trial reports is above.")
    return table(
        "Other outcomes of randomized trials: what sources say, in words or on a scale of its own",
        ("Outcome", "Trial", "Compared with", "What it reports"),
        rows,
    )


def _in_words(dataset: Dataset, row: Any) -> Cell:
    """Return what a source says of an outcome: a difference on a scale of its own, or words."""
    if pd.isna(row.effect):
        return Cell(markup=html(row.reason) or "–")
    entry = entries.of_estimate(row, dataset)
    notes = dataset.statistics.set_index("result_id").note
    after = f" ({note})" if (note := notes.get(row.result_ids[0], "")) else ""
    shown = to_told(entry, row, entries.quoted(entry), dataset)
    return shown.followed_by(f" {dataset.instrument_name(row.instrument_id)}{after}")


def to_told(entry: LedgerEntry, row: Any, shown: str, dataset: Dataset) -> Cell:
    """Return an estimate of one trial with a link to its card, or into the report of an import."""
    if dataset.imported:
        return Cell(markup=number_link(entry, shown), entries=(entry,))
    return Cell(markup=to_card(row.trial_id, anchor(entry.estimate_id), shown))


def elsewhere(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Return the rows of the frame of estimates on outcomes that no finding is about."""
    told = {(one.therapy, one.outcome) for one in summary.findings}
    told |= {(one.tables.row.therapy, one.tables.row.outcome_id) for one in summary.absolute}
    frame = estimates(dataset)
    chosen = [
        row.intervention == row.therapy
        and row.therapy in summary.therapies
        and bool(row.comparator_arm_id)
        and dataset.trial(row.trial_id).design in RANDOMIZED
        and (row.therapy, row.outcome_id) not in told
        for row in records(frame)
    ]
    return frame[chosen]
