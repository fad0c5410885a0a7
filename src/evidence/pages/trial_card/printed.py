"""Every printed number of a trial with its place: arms, times, facts, results, words."""

from collections.abc import Sequence
from typing import Any

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, place_of, remark_of, table
from evidence.data.dataset import RANDOMIZED
from evidence.data.records import records
from evidence.ledger import units
from evidence.pages.trial_card import TrialCard, distinct, in_provenance, place_list
from evidence.terms import Said, words_of

FACT = {
    "n_randomized": "participants randomized",
    "n_enrolled": "enrolled",
    "n_planned": "planned",
    "n_screened": "screened",
    "percent_female": "female",
    "percent_african_american": "African American",
    "mean_age": "mean age",
    "sd_age": "standard deviation of age",
    "age_min": "lowest age",
    "age_max": "highest age",
    "treatment_weeks": "length of treatment",
    "treatment_weeks_planned": "planned length of treatment",
    "comparator_weeks": "length of the comparison condition",
    "sessions_coded": "sessions, as a database codes them",
    "sessions_attended_intervention": "sessions attended, intervention arm",
    "sessions_attended_comparator": "sessions attended, comparator arm",
    "percent_recovered_at_follow_up_intervention": "recovered at follow-up, intervention arm",
}
DIRECTION = {
    Said.FAVORS_INTERVENTION: "in favor of {first}",
    Said.FAVORS_COMPARATOR: "in favor of {second}",
    Said.NO_DIFFERENCE: "no difference",
    Said.IMPROVED_WITHIN_ARM: "improved within the arm, no comparison",
    Said.MEDIATES: "mediates the effect of {first}",
    Said.NO_MEDIATION: "does not mediate the effect of {first}",
    Said.NOT_REPORTED: "measured or planned, no result reported",
    Said.NOT_SEEN: "measured; whether it is reported could not be seen",
}
ROLE = {
    "main": "report of the trial",
    "companion": "companion report",
    "secondary_source": "secondary source",
    "claim_source": "source of the claims",
}
"""Roles of publications in words."""


def fact_name(fact: str) -> str:
    """Return what a fact is, in words."""
    return language.term(FACT, fact)


def source(card: TrialCard, locator_id: str) -> Cell:
    """Return the number of the place where something was read, as a link to it."""
    return Cell(markup=card.sources.links([locator_id]))


def arms_and_facts(card: TrialCard) -> Block:
    """Return the arms with their sizes and what sources print on the trial as a whole."""
    verb = "randomized" if card.trial.design in RANDOMIZED else "enrolled"
    items = []
    for arm in records(card.arms):
        size = f"{arm.n_randomized} {verb}" if arm.n_randomized else "size not printed"
        name = f"{language.capitalized(card.condition(arm.arm_id))}, {arm.role}: {size}"
        note = f"; {arm.note}" if arm.note else ""
        items.append((place_of(arm.arm_id), _item(card, name + note, arm.locator_id)))
    for one in card.facts:
        note = f" ({words_of(one.note)})" if one.note else ""
        name = f"{language.capitalized(fact_name(one.fact))}: {one.shown}{note}"
        items.append((one.place, _item(card, name, one.locator_id)))
    return place_list("Arms and facts:", items)


def _item(card: TrialCard, printed: str, locator_id: str) -> str:
    """Return what is printed and where it was read, as HTML."""
    return f"{html(printed)}, {card.sources.links([locator_id])}"


def clocks(card: TrialCard) -> Block | None:
    """Return when each arm was measured, by both clocks."""
    derived = {}
    for name in ("arm_results", "statistics"):
        frame = getattr(card.dataset, name)
        for row in records(frame[frame.trial_id == card.trial.trial_id]):
            derived[row.result_id] = row
    texts = [*records(card.arm_results), *records(card.statistics)]
    groups: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for one in texts:
        timed = derived[one.result_id]
        key = (
            card.dataset.in_text("timepoint", one.timepoint),
            _printed_weeks(card, one),
            _weeks(timed.weeks_since_randomization),
            timed.follow_up_weeks_alternatives or _weeks(timed.follow_up_weeks),
            timed.clock_note or "–",
        )
        measured, arms = groups.setdefault(key, ([], []))
        full, short = card.measure(one), card.short_measure(one)
        # The tables below have the short name.
        named = full if one.event or short.lower() in full.lower() else f"{full} ({short})"
        measured.append(named)
        arms += _arms(one)
    if not groups:
        return None
    rows: list[list[Cell | str]] = [
        [
            "\n".join(filter(None, (language.capitalized(key[0]), _some(card, arms)))),
            "\n".join(distinct(measured)),
            *key[1:],
        ]
        for key, (measured, arms) in groups.items()
    ]
    block = table(
        "When it was measured",
        (
            *("Time, and arms where not all", "Measured", "As printed or coded"),
            *("Weeks from randomization", "Weeks from the end", "Remark"),
        ),
        rows,
    )
    return Block(in_provenance(block.html))


def _arms(one: Any) -> list[str]:
    if hasattr(one, "arm_id"):
        return [one.arm_id]
    return [arm for arm in (one.intervention_arm_id, one.comparator_arm_id) if arm]


def _some(card: TrialCard, arm_ids: Sequence[str]) -> str:
    """Return which arms were measured, nothing where all were."""
    if set(card.arms.arm_id) <= set(arm_ids):
        return ""
    return language.listed(map(card.condition, distinct(arm_ids)))


def _printed_weeks(card: TrialCard, one: Any) -> str:
    meaning = card.dataset.vocabulary("clock").get(one.clock, one.clock)
    if not one.weeks:
        return "no week"
    return f"{one.weeks}; {meaning}"


def _weeks(value: float) -> str:
    # A missing number is the only one that differs from itself.
    return "not known" if value != value else f"{value:g}"


def results(card: TrialCard) -> Block | None:
    """Return the results that sources print for one arm."""
    rows = [
        (
            Cell(_what(card, one), anchor=place_of(one.result_id)),
            Cell(card.condition(one.arm_id)),
            Cell(_arm_result(one)),
            _remarks(card, one),
            source(card, one.locator_id),
        )
        for one in records(card.arm_results)
    ]
    return _shown(
        rows,
        "Results of single arms, as printed",
        ("Time and measure", "Arm", "Printed", "Remarks", "From"),
    )


def statistics(card: TrialCard) -> Block | None:
    """Return the statistics that sources print for a contrast or for a change within an arm."""
    rows = [
        (
            Cell(_what(card, one), anchor=place_of(one.result_id)),
            Cell(card.contrast(one.intervention_arm_id, one.comparator_arm_id)),
            Cell(_statistic(one)),
            _remarks(card, one),
            source(card, one.locator_id),
        )
        for one in records(card.statistics)
    ]
    return _shown(
        rows,
        "Statistics of contrasts and changes, as printed",
        ("Time and measure", "Contrast or arm", "Printed", "Remarks", "From"),
    )


def directions(card: TrialCard) -> Block | None:
    """Return what sources say in words, one item for each."""
    items = []
    for one in records(card.directions):
        says = DIRECTION[one.direction].format(
            first=card.brief(one.intervention_arm_id), second=card.brief(one.comparator_arm_id)
        )
        outcome = language.capitalized(card.outcome(one.outcome_id))
        when = card.dataset.in_text("timepoint", one.timepoint)
        contrast = card.contrast(one.intervention_arm_id, one.comparator_arm_id)
        note = f" ({one.note})" if one.note else ""
        markup = _item(card, f"{outcome} {when}, {contrast}: {says}{note}", one.locator_id)
        items.append((place_of(one.direction_id), markup))
    return place_list("What sources say in words:", items) if items else None


def _what(card: TrialCard, one: Any) -> str:
    when = card.dataset.in_text("timepoint", one.timepoint)
    return f"{language.capitalized(when)}\n{card.short_measure(one)}"


def _arm_result(one: Any) -> str:
    parts = []
    if one.mean:
        parts.append(f"mean {language.minus(one.mean)}")
    if one.sd:
        parts.append(f"SD {one.sd}")
    if one.events:
        parts.append(f"{one.events} with the event")
    if one.percent:
        interval = (
            f" ({one.percent_ci_low} to {one.percent_ci_high})"
            if one.percent_ci_low and one.percent_ci_high
            else ""
        )
        parts.append(f"{one.percent}%{interval}")
    if one.n_analyzed:
        parts.append(f"n = {one.n_analyzed}")
    return ", ".join(parts)


def _statistic(one: Any) -> str:
    parts = [f"{language.term(language.STATISTIC, one.statistic)} {language.minus(one.estimate)}"]
    if one.ci_low and one.ci_high:
        parts[0] += f" ({language.minus(one.ci_low)} to {language.minus(one.ci_high)})"
    if one.se:
        parts.append(f"SE {one.se}")
    if one.df1:
        parts.append(f"df {one.df1}" + (f" and {one.df2}" if one.df2 else ""))
    if one.p_value:
        parts.append(f"p {'<' if one.p_relation == 'below' else '='} {one.p_value}")
    if one.n_intervention:
        second = f" and {one.n_comparator}" if one.n_comparator else ""
        parts.append(f"n = {one.n_intervention}{second}")
    return ", ".join(parts)


def _remarks(card: TrialCard, one: Any) -> Cell:
    """Return what the data note on a result, and links to the remarks on its values."""
    notes = [one.note] if one.note else []
    # What an imported file prints apart is told apart by its record, which stands beside it.
    if one.analysis_set in units.ANALYSIS_SET:
        notes.append(units.ANALYSIS_SET[one.analysis_set])
    corrected = card.corrections[card.corrections.result_id == one.result_id]
    links = [
        f'<a href="#{html(remark_of(correction))}">remark {html(correction)}</a>'
        for correction in corrected.correction_id
    ]
    return Cell(markup="; ".join([*map(html, notes), *links]) or "–")


def _shown(rows: Sequence[Sequence[Cell]], caption: str, columns: Sequence[str]) -> Block | None:
    if not rows:
        return None
    block = table(caption, columns, rows)
    return Block(in_provenance(block.html))


def printed(card: TrialCard) -> Block:
    """Return every printed number with its place: arms, facts, clocks, results, words."""
    blocks = (clocks(card), results(card), statistics(card), directions(card))
    found = [block for block in blocks if block is not None]
    if not found:
        found.append(paragraphs("No result in any source seen."))
    return joined(arms_and_facts(card), *found)
