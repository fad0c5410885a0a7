"""Estimates of a trial, judgements on it, papers on it, and what none of them says."""

from typing import Any

import pandas as pd

from evidence.dataset import RANDOMIZED
from evidence.display import entries, origins, row_words, text, words
from evidence.display.effect_sections import ROUTE, without_estimate
from evidence.display.missing_table import STATE
from evidence.display.output import Block
from evidence.display.references import reference
from evidence.display.tables import Cell, table, to_number
from evidence.display.trial_card import TrialCard, distinct, joined, said
from evidence.display.trial_card_printed import ROLE, source
from evidence.estimation.missing import missing_evidence
from evidence.estimation.row import size_of
from evidence.records import records

JUDGEMENT = {
    "self_report": "self-report, so no assessor to blind",
    "some_concerns": "some concerns",
}


def estimates_table(card: TrialCard) -> Block | None:
    """Return every estimate of the trial with its route, each leading to its chain."""
    rows, found = [], []
    for row in records(card.estimates):
        entry = entries.of_estimate(row, card.dataset)
        found.append(entry)
        size = size_of([row])
        what = f"{words.capitalized(card.outcome(row.outcome_id))}, {text.when(row, card.dataset)}"
        rows.append(
            (
                Cell(f"{what}\n{card.measure(row)}"),
                Cell(card.contrast(row.intervention_arm_id, row.comparator_arm_id)),
                Cell(row_words.metric(row, card.dataset)),
                to_number(entry, entries.quoted(entry)),
                Cell(str(size), numeric=True),
                Cell(ROUTE.get(row.route, row.route), tag=row.processing),
            )
        )
    if not rows:
        return None
    return table(
        "Every estimate between arms, and its route from the printed numbers; several of one trial "
        "are views of the same participants",
        ("Outcome, time, measure", "Contrast", "Metric", "Estimate (95% CI)", "n", "Route"),
        rows,
        entries=found,
    )


def estimated(card: TrialCard) -> Block:
    """Return every estimate with its route, and the results that allow none with the reason."""
    estimates = estimates_table(card)
    found = [
        said("No effect between randomized arms can be computed from what the sources print.")
        if estimates is None
        else estimates
    ]
    if card.rows.effect.isna().any():
        found.append(without_estimate(card.rows, on_card=True))
    return joined(found)


def risk_of_bias(card: TrialCard) -> Block:
    """Return the judgements that a source prints, or that none does."""
    bias = card.dataset.risk_of_bias
    rows = [
        (
            Cell(words.capitalized(one.domain.replace("_", " "))),
            Cell(words.term(JUDGEMENT, one.judgement)),
            Cell(origins.tool_name(one.tool, card.dataset)),
            source(card, one.locator_id),
        )
        for one in records(bias[bias.trial_id == card.trial.trial_id])
    ]
    if not rows:
        return said("Not assessed in any source seen.")
    return table(
        "Risk of bias as a source judges it",
        ("Item", "Judgement", "Tool", "Read in"),
        rows,
    )


def companions(card: TrialCard) -> Block:
    """Return every publication on the trial, and the other sources that print its numbers."""
    own = card.publications
    locators = card.dataset.locators
    read = locators[locators.locator_id.isin(card.locator_ids)]
    publications = card.dataset.publications
    others = publications[
        publications.publication_id.isin(read.publication_id)
        & ~publications.publication_id.isin(own.publication_id)
    ]
    count = int(((own.kind == "article") & own.role.isin(["main", "companion"])).sum())
    which = "one and the same" if count > 1 else "the"
    rows = []
    for one in records(pd.concat([own, others])):
        places = distinct(list(read.place[read.publication_id == one.publication_id]))
        item: dict[str, Any] = card.dataset.references[one.publication_id]
        doi = f"https://doi.org/{item['DOI']}" if item.get("DOI") else ""
        rows.append(
            (
                Cell(words.capitalized(words.term(ROLE, one.role))),
                Cell(reference(item), href=doi or str(item.get("URL") or "")),
                Cell(words.listed(places) or "no number was read in it"),
            )
        )
    return table(
        f"{words.capitalized(words.count(count, 'article'))} on {which} trial; then registrations "
        "and other sources that print its numbers",
        ("Role", "Reference", "Read"),
        rows,
    )


def missing(card: TrialCard) -> Block:
    """Return what is known of each outcome, and what no source seen says."""
    if card.trial.design not in (*RANDOMIZED, "not_stated"):
        return said(
            "Outcomes are set against each other for trials whose groups were, or may have been, "
            "formed at random; what this study says of its outcomes stands above."
        )
    states = missing_evidence(card.dataset, card.frame, therapy=card.trial.therapy)
    own = states[states.trial_id == card.trial.trial_id]
    if set(own.state) == {"planned"}:
        return said("No report of this trial so far; which outcomes it measures was not read.")
    known = own[own.state != "unknown"]
    parts = []
    if len(known):
        parts.append(
            table(
                "What the trial reports on each outcome that a source mentions",
                ("Outcome", "State", "In detail"),
                [
                    (
                        Cell(words.capitalized(card.outcome(one.outcome_id))),
                        Cell(STATE[one.state]),
                        Cell(one.detail),
                    )
                    for one in records(known)
                ],
            )
        )
    unknown = [card.outcome(one) for one in own.outcome_id[own.state == "unknown"]]
    if unknown:
        parts.append(
            said(
                f"Of outcomes that other trials of {card.therapy} with a comparison group report, "
                f"no source seen says whether this one measured {words.listed(unknown, 'or')}."
            )
        )
    return joined(parts)
