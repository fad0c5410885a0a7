"""Sections of a trial card: estimates, judgements, papers, what is missing, closing."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import closing, origins, ratings, tables
from evidence.blocks.closing import reference
from evidence.blocks.escape import html
from evidence.blocks.output import Block, folded, items, joined, paragraphs
from evidence.blocks.tables import Cell, table
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.records import records
from evidence.estimation.missing_evidence import missing_evidence
from evidence.pages.effects import without_estimate
from evidence.pages.trial_card import TrialCard, distinct, in_provenance
from evidence.pages.trial_card.checks import contradictions
from evidence.pages.trial_card.printed import ROLE, source

STATE = {
    "number": "● number",
    "event_only": "◑ event only",
    "course_only": "◑ whole course only",
    "range_only": "◐ range only",
    "side_unknown": "◒ side not known",
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
    "● number: an effect between the arms can be computed.",
    "◑ event only: an effect on an event, none on the score.",
    "◑ whole course only: an effect over the whole course, none on the score at a time.",
    "◐ range only: printed percentages leave a range.",
    "◒ side not known: a number between the arms, and nothing says whom it favors.",
    "○ words only: the source says whether the arms differed, without a usable number.",
    "△ within arm only: a result within an arm or a mediation, no comparison.",
    "✕ not reported: measured or planned, no result.",
    "▽ measured, report not seen: a source lists it among the measures, and whether a report gives "
    "a result could not be seen.",
    "⊘ unpublished: what is known comes from a review by the developers.",
    "◇ trial planned: no report so far, which outcomes it measures was not read, and it is in no "
    "count of randomized trials.",
    "? unknown: no source seen says whether it was measured.",
)


def _legend(states: Iterable[str]) -> str:
    """Return what the states in a matrix mean."""
    used = tuple({f"{STATE[one]}:" for one in states})
    return " ".join(one for one in LEGEND if one.startswith(used))


def missing_matrix(dataset: Dataset, states: pd.DataFrame, *, therapy: str) -> Block:
    """Return the matrix of what each trial with a comparison group reports on each outcome.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    states : DataFrame
        As `evidence.estimation.missing_evidence.missing_evidence` returns it.
    therapy : str
        Its therapy.
    """
    outcomes = list(dict.fromkeys(states.outcome_id))
    rows = []
    for _, group in states.groupby("trial_id", sort=False):
        first = group.iloc[0]
        size = _size(dataset, first)
        doubt = "" if first.design in RANDOMIZED else "; how groups were formed is not stated"
        by_outcome = group.set_index("outcome_id")
        rows.append(
            (
                Cell(f"{first.label}\n{size}, {first.status}{doubt}"),
                *(Cell(_state(by_outcome.state[one])) for one in outcomes),
            )
        )
    headings = [language.capitalized(dataset.short("outcome", one)) for one in outcomes]
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
    shown = joined(block, paragraphs(_legend(states.state)))
    return folded(
        f"Trial by trial, outcome by outcome: {dataset.in_text('therapy', therapy)}", shown
    )


def _state(state: str) -> str:
    # What stands in most cells of a row has its sign alone, which the legend explains.
    return STATE[state][0] if state in ("unknown", "planned") else STATE[state]


def _size(dataset: Dataset, trial: Any) -> str:
    """Return how many were randomized, else enrolled, else planned, as far as a source says."""
    for kind, number in tables.enrollment(dataset, trial.trial_id).items():
        return f"n = {number}" if kind == "randomized" else f"{number} {kind}"
    arms = dataset.arms.n_randomized[dataset.arms.trial_id == trial.trial_id]
    if arms.isna().any():
        return "size not known"
    return f"n = {arms.sum():g}" if trial.design in RANDOMIZED else f"{arms.sum():g} enrolled"


JUDGEMENT = {
    "self_report": "self-report, so no assessor to blind",
    "some_concerns": "some concerns",
}


def estimated(card: TrialCard) -> Block:
    """Return every estimate with its chain, and the results that allow none with the reason.

    There is nothing where there is neither; `left_out` says so.
    """
    found = []
    if len(card.estimates):
        found.append(origins.told_whole(card.dataset, card.estimates, card.sources, on_card=True))
    elif card.rows.effect.isna().any():
        found.append(paragraphs(_NO_EFFECT))
    if card.rows.effect.isna().any():
        found.append(without_estimate(card.rows, on_card=True))
    return joined(*found)


_NO_EFFECT = "No effect between randomized arms can be computed from what the sources print."


def left_out(card: TrialCard) -> Block:
    """Return what the sections would say that a card of few numbers goes without."""
    said = [
        "" if estimated(card).html else _NO_EFFECT,
        "" if contradictions(card).html else "The audit has no finding on this trial.",
    ]
    told = " ".join(one for one in said if one)
    return paragraphs(told) if told else Block("")


def risk_of_bias(card: TrialCard) -> Block:
    """Return the judgements that a source prints, and those of reviewers; nothing without any."""
    return joined(
        *(
            one
            for one in (
                _as_sources_judge(card),
                ratings.of_trial(card.dataset, card.trial.trial_id),
            )
            if one.html
        )
    )


def _as_sources_judge(card: TrialCard) -> Block:
    bias = card.dataset.risk_of_bias
    judged = list(records(bias[bias.trial_id == card.trial.trial_id]))
    if not judged:
        # The first screen names it among what is missing.
        return Block("")
    tools = distinct([origins.tool_name(one.tool, card.dataset) for one in judged])
    several = len(tools) > 1
    rows = [
        (
            Cell(language.capitalized(one.domain.replace("_", " "))),
            Cell(language.term(JUDGEMENT, one.judgement)),
            *([Cell(origins.tool_name(one.tool, card.dataset))] if several else []),
            source(card, one.locator_id),
        )
        for one in judged
    ]
    by = "by the tool named" if several else f"by {tools[0]}"
    columns = ("Item", "Judgement", *(["Tool"] if several else []), "From")
    return table(f"Risk of bias as a source judges it, {by}", columns, rows)


_FEW = 4
"""Papers that stand open on a card."""


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
    count = int((own.kind == "article").sum())
    on_trial = f"{language.count(count, 'article')} on one trial; " if count else ""
    rows = []
    for one in records(pd.concat([own, others])):
        unread = "" if (read.publication_id == one.publication_id).any() else "; no number read"
        item: dict[str, Any] = card.dataset.references[one.publication_id]
        doi = f"https://doi.org/{item['DOI']}" if item.get("DOI") else ""
        # What is on other trials too stands in full where it is cited.
        rows.append(
            (
                Cell(f"{language.capitalized(language.term(ROLE, one.role))}{unread}"),
                Cell(reference(item), href=doi or str(item.get("URL") or ""))
                if one.role == "main"
                else Cell(markup=closing.named(one.publication_id, card.dataset)),
            )
        )
    papers = table(
        language.capitalized(f"{on_trial}other sources"),
        ("Role", "Reference"),
        rows,
    )
    # Of many papers the number is said first.
    shown = folded(f"All {len(rows)} papers and sources", papers) if len(rows) > _FEW else papers
    return joined(shown, Block(in_provenance(card.sources.markup())))


def missing(card: TrialCard) -> Block:
    """Return what is known of each outcome, and what no source seen says.

    Nothing of a study of one arm, which is compared on no outcome, as its first screen says.
    """
    if card.trial.design == "single_arm":
        return Block("")
    if card.trial.design not in (*RANDOMIZED, "not_stated"):
        return paragraphs(
            "Only trials whose groups were formed at random, or may have been, are compared by "
            "outcome."
        )
    states = missing_evidence(card.dataset, card.frame, therapy=card.trial.therapy)
    own = states[states.trial_id == card.trial.trial_id]
    if set(own.state) == {"planned"}:
        return paragraphs(
            "No report of this trial so far; which outcomes it measures was not read."
        )
    known = own[own.state != "unknown"]
    parts = []
    if len(known):
        parts.append(
            Block(
                items(
                    html(f"{language.capitalized(card.outcome(one.outcome_id))}: ")
                    + html(f"{STATE[one.state]}{f' ({one.detail})' if one.detail else ''}")
                    for one in records(known)
                )
            )
        )
    unknown = [card.outcome(one) for one in own.outcome_id[own.state == "unknown"]]
    if unknown and not card.dataset.imported:
        place = "data-audit.html#what-each-trial-reports-on-each-outcome"
        others = language.count(len(unknown), "other outcome")
        parts.append(
            Block(f'<p>On <a href="{place}">{others}</a> of such trials: no word found.</p>')
        )
    elif unknown:
        parts.append(
            paragraphs(
                f"Of outcomes that other trials of {card.therapy} with a comparison group report, "
                f"no source seen says whether this one measured {language.listed(unknown, 'or')}."
            )
        )
    return joined(*parts)


def closing_sections(card: TrialCard) -> Block:
    """Return how to cite the trial's numbers, and limits.

    The index has a sentence to quote for each number.
    """
    name = f"trial-{card.trial.trial_id}"
    place = f"index.html#report={html(name)}"
    quoted = f'<p><a href="{place}">A sentence to quote for each number, in the index</a></p>'
    return joined(
        closing.citation(card.dataset, card.rows, sources="#papers-on-the-trial"),
        Block(quoted if card.rows.effect.notna().any() else ""),
        closing.limits_of_card(card.dataset, card.trial.trial_id),
    )
