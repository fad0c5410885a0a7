"""What sources say of one trial against each other: plans against reports, print against print."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evidence import language
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, items, joined, paragraphs
from evidence.blocks.tables import Cell, place_of, remark_of, table, with_id
from evidence.data.records import records
from evidence.pages.trial_card import PLANNED_IN, Fact, TrialCard, distinct, to_place
from evidence.pages.trial_card.printed import DIRECTION, ROLE, fact_name
from evidence.terms import Said

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

REPORTED_AS = {
    "n_planned": "n_randomized",
    "n_enrolled": "n_randomized",
    "treatment_weeks_planned": "treatment_weeks",
}
"""Facts that stand beside another, as what was planned beside what was reported."""

ACTION = {
    "replace": "replaced",
    "withhold": "not used",
    "flag": "flagged",
}


def registered_against_reported(card: TrialCard) -> Block:
    """Return what was planned beside what was reported; nothing where nothing was planned."""
    silent = _silent(card)
    rows = [*_planned_facts(card), *silent.pop("plan", [])]
    parts = []
    if rows:
        parts.append(
            table(
                "What was registered or planned, and what was reported",
                ("What", "Registered or planned", "Reported"),
                rows,
            )
        )
    elif card.trial.registry_id:
        parts.append(
            paragraphs(
                f"Registered as {card.trial.registry_id}. No outcome or number was read in the "
                "registration, so it was not compared."
            )
        )
    for source, measured in silent.items():
        parts.append(
            table(
                f"Measured, according to a {source}, and what was reported",
                ("What", f"According to a {source}", "Reported"),
                measured,
            )
        )
    return joined(*parts)


def _planned_facts(card: TrialCard) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    by_name: dict[str, list[Fact]] = {}
    for one in card.facts:
        by_name.setdefault(REPORTED_AS.get(one.fact, one.fact), []).append(one)
    for fact, same in by_name.items():
        planned = [one for one in same if one.planned]
        reported = [one for one in same if not one.planned]
        if not planned:
            continue
        name = "participants" if fact == "n_randomized" else fact_name(fact)
        rows.append(
            (
                Cell(language.capitalized(name)),
                _readings(card, planned),
                _readings(card, reported) if reported else Cell("nothing seen"),
            )
        )
    return rows


def _readings(card: TrialCard, facts: Sequence[Fact]) -> Cell:
    shown = []
    for one in facts:
        note = f" ({html(one.note)})" if one.note else ""
        where = card.sources.links([one.locator_id])
        shown.append(f"{to_place(one.place, one.shown)}{note} {where}")
    return Cell(markup="<br>".join(shown))


def _silent(card: TrialCard) -> dict[str, list[Sequence[Cell]]]:
    """Return outcomes of which no result was seen, by the kind of source that names them."""
    rows: dict[str, list[Sequence[Cell]]] = {}
    for one in records(card.directions):
        if one.direction not in (Said.NOT_REPORTED, Said.NOT_SEEN):
            continue
        role = card.dataset.publication(card.dataset.locator(one.locator_id).publication_id).role
        source = "plan" if role in PLANNED_IN else language.term(ROLE, role)
        note = one.note or "measured or planned"
        rows.setdefault(source, []).append(
            (
                Cell(language.capitalized(card.outcome(one.outcome_id))),
                Cell(note, href=f"#{place_of(one.direction_id)}"),
                _told(card, one.outcome_id),
            )
        )
    return rows


def _told(card: TrialCard, outcome_id: str) -> Cell:
    """Return what is reported of an outcome all the same, in words or by other measures."""
    found = []
    for one in records(card.told(outcome_id)):
        says = DIRECTION[one.direction].format(
            first=card.brief(one.intervention_arm_id), second=card.brief(one.comparator_arm_id)
        )
        when = card.dataset.in_text("timepoint", one.timepoint)
        found.append((place_of(one.direction_id), f"{says}, {when}"))
    for one in (*records(card.arm_results), *records(card.statistics)):
        if (
            card.dataset.instrument(one.instrument_id).outcome_id == outcome_id
            and one.timepoint != "baseline"
        ):
            when = card.dataset.in_text("timepoint", one.timepoint)
            found.append((place_of(one.result_id), f"{card.measure(one)}, {when}"))
    if not found:
        return Cell("no result in any source seen")
    first = {shown: place for place, shown in reversed(found)}
    shown = distinct([what for _, what in found])
    return Cell(markup="<br>".join(to_place(first[one], one) for one in shown))


def contradictions(card: TrialCard) -> Block:
    """Return corrections, facts that differ between sources, and what the checks find else.

    Nothing where there is none.
    """
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
    planned = [_NOUN.get(one, fact_name(one)) for one in _differing_facts(card, planned=True)]
    if planned:
        above = '<a href="#registered-against-reported">registered against reported</a>'
        parts.append(Block(f"<p>On {html(language.listed(planned))}, see {above}.</p>"))
    others = _other_findings(card)
    if others:
        if card.dataset.imported:
            listed = items(map(html, others))
            parts.append(Block(f"<p>The checks of printed numbers also find:</p>{listed}"))
        else:
            count = language.count(len(others), "remark")
            place = "data-audit.html#what-contradicts-what"
            link = f'<a href="{place}">{count} more</a>'
            parts.append(Block(f"<p>The checks of printed numbers make {link}.</p>"))
    return joined(*parts)


def _corrections(card: TrialCard) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    measures = {
        one.result_id: ", ".join(
            (card.short_measure(one), card.dataset.in_text("timepoint", one.timepoint))
        )
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
                Cell(language.minus(one.printed), href=f"#{place}"),
                Cell(used or ACTION[one.action]),
                Cell(one.reason),
            )
        )
    return rows


def differing(card: TrialCard) -> list[Sequence[Cell]]:
    """Return what sources print differently, each with its readings, but for plans."""
    rows: list[Sequence[Cell]] = [
        (Cell(language.capitalized(fact_name(fact))), _readings(card, card.about(fact)))
        for fact in _differing_facts(card, planned=False)
    ]
    rows += [_differing_words(card, one) for one in _differing_directions(card)]
    return rows


def differ_on(card: TrialCard) -> list[str]:
    """Return what sources print differently, as nouns to stand in a sentence."""
    outcomes = card.directions.set_index("direction_id").outcome_id
    return [
        *(_NOUN.get(one, fact_name(one)) for one in _differing_facts(card, planned=None)),
        *(f"{card.outcome(outcomes[one])}, in words" for one in _differing_directions(card)),
    ]


def _differing(card: TrialCard) -> pd.DataFrame:
    return card.findings[card.findings.check == "sources_differ"]


def _differing_facts(card: TrialCard, *, planned: bool | None) -> list[str]:
    """Return facts that sources print differently: those that plans name too, others, or all."""
    # The check knows that 15.2 and 15.21 are one reading.
    differing = set(_differing(card).fact)
    found = [one for one in distinct([one.fact for one in card.facts]) if one in differing]
    return [
        fact
        for fact in found
        if planned is None or planned == any(one.planned for one in card.about(fact))
    ]


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
        Cell(f"{language.capitalized(card.outcome(one.outcome_id))}, in words"),
        Cell(
            markup="<br>".join(
                f"{to_place(place_of(row_id), what)} ({html(where)})"
                for row_id, what, where in shown
            )
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
