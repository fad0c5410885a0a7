"""What sources say of one trial against each other: plans against reports, print against print."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evidence.display import origins, words
from evidence.display.card_links import place_of, remark_of
from evidence.display.escape import html
from evidence.display.output import Block
from evidence.display.tables import Cell, table, with_id
from evidence.display.trial_card import (
    Fact,
    TrialCard,
    distinct,
    joined,
    said,
    to_place,
)
from evidence.display.trial_card_printed import fact_name
from evidence.records import records
from evidence.terms import Said, words_of

_NOUN = {
    "n_randomized": "the number randomized",
    "n_enrolled": "the number enrolled",
    "n_planned": "the number planned",
    "n_screened": "the number screened",
    "percent_female": "the percentage of female participants",
    "percent_african_american": "the percentage of African American participants",
    "mean_age": "mean age",
    "age_min": "the lowest age",
    "age_max": "the highest age",
    "treatment_weeks": "the length of treatment",
    "comparator_weeks": "the length of the comparison condition",
    "sessions_coded": "the number of sessions",
    "sessions_attended_intervention": "the sessions attended in the intervention arm",
    "sessions_attended_comparator": "the sessions attended in the comparator arm",
    "percent_recovered_at_follow_up_intervention": "the percentage recovered at follow-up in the "
    "intervention arm",
}
"""Facts as nouns to stand in a sentence."""

ACTION = {
    "replace": "replaced",
    "withhold": "not used",
    "flag": "used, with this remark",
}


def registered_against_reported(card: TrialCard) -> Block:
    """Return what was planned beside what was reported."""
    rows = [*_planned_facts(card), *_silent(card)]
    parts = []
    if not card.trial.registry_id:
        parts.append(said("No registration of this trial was seen."))
    if rows:
        parts.append(
            table(
                "What a registration or a protocol says, and what was reported",
                ("What", "Registered or planned", "Reported"),
                rows,
            )
        )
    elif card.trial.registry_id:
        parts.append(
            said(
                f"Registered as {card.trial.registry_id}. No outcome or number was read in the "
                "registration, so it was not compared."
            )
        )
    if card.trial.note:
        parts.append(said(f"Remark on the trial: {card.trial.note}."))
    return joined(parts)


def _planned_facts(card: TrialCard) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for fact in distinct([one.fact for one in card.facts if one.planned]):
        planned = [one for one in card.about(fact) if one.planned]
        reported = [one for one in card.about(fact) if not one.planned]
        name = fact_name(fact)
        if fact == "n_planned":
            name = "participants"
            reported = [*card.about("n_randomized"), *card.about("n_enrolled")]
        rows.append(
            (
                Cell(words.capitalized(name)),
                _readings(card, planned),
                _readings(card, reported) if reported else Cell("nothing seen"),
            )
        )
    return rows


def _readings(card: TrialCard, facts: Sequence[Fact]) -> Cell:
    shown, markup = [], []
    for one in facts:
        locator = card.dataset.locator(one.locator_id)
        note = f"; {words_of(one.note)}" if one.note else ""
        where = origins.place_name(locator, card.dataset) + note
        shown.append(f"{one.shown} ({where})")
        markup.append(f"{to_place(one.place, one.shown)} ({html(where)})")
    return Cell("\n".join(shown), markup="<br>".join(markup))


def _silent(card: TrialCard) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for one in records(card.directions):
        if one.direction not in (Said.NOT_REPORTED, Said.NOT_SEEN):
            continue
        note = one.note or "measured or planned"
        rows.append(
            (
                Cell(words.capitalized(card.outcome(one.outcome_id))),
                Cell(note, href=f"#{place_of(one.direction_id)}"),
                Cell("no result in any source seen"),
            )
        )
    return rows


def contradictions(card: TrialCard) -> Block:
    """Return corrections, facts that differ between sources, and what the checks find else."""
    parts = []
    corrected = _corrections(card)
    if corrected:
        parts.append(
            table(
                "Printed values that cannot be right or need a remark",
                ("Value", "Printed", "What is used", "Why"),
                corrected,
            )
        )
    differences = differing(card)
    if differences:
        parts.append(table("What sources print differently", ("What", "Readings"), differences))
    others = _other_findings(card)
    if others:
        items = "".join(f"<li>{html(one)}</li>" for one in others)
        parts.append(
            Block(
                text="\n".join(["The checks of printed numbers also find:", *others]),
                html=f"<p>The checks of printed numbers also find:</p><ul>{items}</ul>",
            )
        )
    return joined(parts or [said("The checks found no contradiction in what was read.")])


def _corrections(card: TrialCard) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    measures = {
        one.result_id: f"{card.measure(one)}, {card.dataset.in_text('timepoint', one.timepoint)}"
        for one in (*records(card.arm_results), *records(card.statistics))
    }
    for one in records(card.corrections):
        used = one.used if one.action == "replace" else ""
        place = place_of(one.result_id)
        rows.append(
            (
                replace(
                    with_id(
                        f"{measures[one.result_id]}: {one.field.replace('_', ' ')}",
                        one.correction_id,
                    ),
                    anchor=remark_of(one.correction_id),
                ),
                Cell(words.minus(one.printed), href=f"#{place}"),
                Cell(used or ACTION[one.action]),
                Cell(one.reason),
            )
        )
    return rows


def differing(card: TrialCard) -> list[Sequence[Cell]]:
    """Return what sources print differently, each with its readings."""
    rows: list[Sequence[Cell]] = [
        (Cell(words.capitalized(fact_name(fact))), _readings(card, card.about(fact)))
        for fact in _differing_facts(card)
    ]
    rows += [_differing_words(card, one) for one in _differing_directions(card)]
    return rows


def differ_on(card: TrialCard) -> list[str]:
    """Return what sources print differently, as nouns to stand in a sentence."""
    outcomes = card.directions.set_index("direction_id").outcome_id
    return [
        *(words.term(_NOUN, one, {one: fact_name(one)}) for one in _differing_facts(card)),
        *(f"{card.outcome(outcomes[one])}, in words" for one in _differing_directions(card)),
    ]


def _differing(card: TrialCard) -> pd.DataFrame:
    return card.findings[card.findings.check == "sources_differ"]


def _differing_facts(card: TrialCard) -> list[str]:
    # The check knows that 15.2 and 15.21 are one reading.
    differing = set(_differing(card).fact)
    return [one for one in distinct([one.fact for one in card.facts]) if one in differing]


def _differing_directions(card: TrialCard) -> list[str]:
    ids = _differing(card).result_id
    return list(ids[ids.isin(card.directions.direction_id)])


def _differing_words(card: TrialCard, direction_id: str) -> Sequence[Cell]:
    rows = card.directions
    one = rows[rows.direction_id == direction_id].iloc[0]
    same = rows[
        (rows.outcome_id == one.outcome_id)
        & (rows.timepoint == one.timepoint)
        & (rows.intervention_arm_id == one.intervention_arm_id)
        & (rows.comparator_arm_id == one.comparator_arm_id)
    ]
    shown = [
        (
            row.direction_id,
            f"{row.direction.replace('_', ' ')}",
            origins.reference_name(
                card.dataset.locator(row.locator_id).publication_id, card.dataset
            ),
        )
        for row in records(same)
    ]
    return (
        Cell(f"{words.capitalized(card.outcome(one.outcome_id))}, in words"),
        Cell(
            "\n".join(f"{what} ({where})" for _, what, where in shown),
            markup="<br>".join(
                f"{to_place(place_of(row_id), what)} ({html(where)})"
                for row_id, what, where in shown
            ),
        ),
    )


def _other_findings(card: TrialCard) -> list[str]:
    """Return findings that neither a correction nor the table of differing sources tells."""
    told = set(zip(card.corrections.result_id, card.corrections.check, strict=True))
    found = []
    for one in records(card.findings):
        if one.check in ("sources_differ", "several_publications"):
            continue
        if (one.result_id, one.check) not in told:
            found.append(f"{_named(card, one.result_id)}{one.explanation}")
    return distinct(found)


def _named(card: TrialCard, result_id: str) -> str:
    for one in (*records(card.arm_results), *records(card.statistics)):
        if one.result_id == result_id:
            who = card.condition(one.arm_id) if hasattr(one, "arm_id") else ""
            when = card.dataset.in_text("timepoint", one.timepoint)
            return f"{', '.join(part for part in (card.measure(one), who, when) if part)}: "
    return ""
