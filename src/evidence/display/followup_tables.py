"""Tables of a report on follow-up: comparisons, correlations, the missing, what is apart."""

from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import row_words, sections, text, words
from evidence.display.card_links import enrollment
from evidence.display.entries import quoted_numbers
from evidence.display.escape import html
from evidence.display.followup_entries import (
    event_in_words,
    of_change,
    of_proportion,
    of_retained,
    of_scenario,
    of_time,
    scenario_in_words,
)
from evidence.display.followup_groups import (
    RELATIVE,
    TIMES,
    assessed,
    condition_in_words,
    short_contrast,
    unit,
    when,
)
from evidence.display.headline import Headline
from evidence.display.output import Block
from evidence.display.tables import Cell, number_link, table, to_number
from evidence.followup import Durability
from evidence.ledger import LedgerEntry
from evidence.records import records

POINTS = "risk_difference"
"""Metric in percentage points."""

STATE = {
    "both_times": "a comparison at both times",
    "follow_up_only": "a comparison, without the same number at the end of treatment",
    "uncontrolled": "a follow-up without a randomized comparison",
    "no_result": "measured or planned, and no result seen",
    "none": "no follow-up in any source seen",
}


def _shown(entry: LedgerEntry, metric: str = "") -> str:
    """Return a number with its limits in the decimals of its metric."""
    number, limits = _headline(entry, metric).shown
    return f"{number} ({limits})"


def _headline(entry: LedgerEntry, metric: str) -> Headline:
    percent = metric in (POINTS, "proportion")
    digits = 1 if percent or metric == "mean_difference" else 2
    return Headline(entry, digits, "", 100.0 if percent else 1.0)


def _limits(entry: LedgerEntry, metric: str = "") -> Cell:
    return to_number(entry, _headline(entry, metric).shown[1])


def _value(entry: LedgerEntry, metric: str = "") -> Cell:
    return to_number(entry, _headline(entry, metric).shown[0])


def _sized(entry: LedgerEntry, row: Any, timepoint: str, found: Durability) -> Cell:
    """Return a number as a link with the participants assessed below it."""
    shown, size = _shown(entry, row.metric), assessed(row, timepoint, found)
    markup = f"{number_link(entry, shown)}<br>{html(size)}"
    return Cell(f"{shown} {size}", numeric=True, markup=markup)


def _said(sentence: str) -> Block:
    return Block(text=sentence, html=f"<p>{html(sentence)}</p>")


def comparisons(dataset: Dataset, found: Durability) -> Block:
    """Return every comparison at both times, trials side by side, and that they are not pooled.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Durability
        What `evidence.durability` returns.
    """
    rows, entries = [], []
    later: dict[str, str] = {}
    for row in records(found.comparisons):
        at_times = [of_time(row, one, found, dataset) for one in TIMES]
        change, kept = of_change(row, dataset), of_retained(row, dataset)
        entries += [*at_times, change, *([kept] if kept else [])]
        later[row.label] = when(row, found, dataset)
        rows.append(
            (
                Cell(f"{row.label}\n{short_contrast(row, dataset)}"),
                Cell(unit(row, dataset), tag=at_times[1].processing),
                *(
                    _sized(entry, row, one, found)
                    for entry, one in zip(at_times, TIMES, strict=True)
                ),
                to_number(change, _shown(change, row.metric)),
                to_number(kept, _shown(kept)) if kept else Cell("–", numeric=True),
            )
        )
    times = "; ".join(f"{label} {at}" for label, at in later.items())
    block = table(
        "Comparisons at the end of treatment and at follow-up; positive (ratios: above 1) favors "
        "the treatment named first, of a harm below. The change of a ratio is the ratio of both. "
        f"Follow-up: {times}.",
        (
            "Trial and contrast",
            "Measure",
            "End of treatment",
            "Follow-up",
            "Change",
            "Retained fraction",
        ),
        rows,
        entries=entries,
    )
    said = across_trials(found)
    return Block(f"{block.text}\n{said}", f"{block.html}\n<p>{said}</p>", block.entries)


def across_trials(found: Durability) -> str:
    """Return whether enough trials have both times for a model across trials."""
    most = words.count(found.most_trials, "trial")
    if found.bivariate_model:
        return (
            f"One outcome has {most} with both times on one scale, enough for a bivariate model of "
            "both times together; this page shows them side by side."
        )
    return (
        "No outcome has three trials with both times on one scale (the most is "
        f"{most}), so the trials stand side by side and no bivariate model is fitted."
    )


def _by_correlation(found: Durability, row: Any) -> list[Any]:
    return list(records(found.changes[found.changes.change_id == row.change_id]))


def _headings(found: Durability) -> list[str]:
    return [f"r = {one:g}" for one in dict.fromkeys(found.changes.correlation)]


def correlations(dataset: Dataset, found: Durability) -> Block:
    """Return the interval of each change by the correlation that it supposes."""
    rows, entries, bounds = [], [], []
    for row in records(found.comparisons):
        cells = []
        tried = _by_correlation(found, row)
        for one in tried:
            if one.reason:
                cells.append(Cell("not possible", numeric=True))
                continue
            entry = of_change(row, dataset, one)
            entries.append(entry)
            cells.append(_limits(entry, row.metric))
        if any(one.reason for one in tried):
            span = words.limits(row.correlation_low, row.correlation_high)
            bounds.append(f"{span} for the {words.term(words.METRIC, row.metric)}")
        change = of_change(row, dataset)
        name = f"{short_contrast(row, dataset)}\n{unit(row, dataset)}"
        rows.append((Cell(name), _value(change, row.metric), *cells))
    block = table(
        "95% intervals of the change by the correlation of the estimates at both times",
        ("Comparison", "Change", *_headings(found)),
        rows,
        entries=entries,
    )
    if not bounds:
        return block
    said = (
        "Not possible: the shares at both times allow correlations of the two estimates from "
        f"{words.listed(bounds)} only."
    )
    return Block(f"{block.text}\n{said}", f"{block.html}\n<p>{html(said)}</p>", block.entries)


def retained(dataset: Dataset, found: Durability) -> Block:
    """Return the retained fraction of each comparison by correlation."""
    rows, entries = [], []
    for row in records(found.comparisons):
        made = [of_retained(row, dataset, one) for one in _by_correlation(found, row)]
        kept = [one for one in made if one]
        entries += kept
        if kept:
            cells = [_limits(one) if one else Cell("–", numeric=True) for one in made]
            name = f"{short_contrast(row, dataset)}\n{unit(row, dataset)}"
            rows.append((Cell(name), _value(kept[0]), *cells))
    if not rows:
        return _said(
            "No effect at the end of treatment is clear enough of zero for a fraction of it to "
            "mean anything."
        )
    return table(
        "Retained fraction with its 95% Fieller interval by the correlation of both estimates, "
        "where the effect at the end of treatment is clear of zero",
        ("Comparison", "Fraction", *_headings(found)),
        rows,
        entries=entries,
    )


def missing(dataset: Dataset, found: Durability) -> Block:
    """Return effects on events at both times under assumptions about the missing."""
    if found.scenarios.empty:
        return _said("No comparison here rests on counts, so nothing can be said of the missing.")
    blocks = [
        _scenarios(dataset, found, metric, counts=metric == RELATIVE)
        for metric in (RELATIVE, "log_risk_ratio", POINTS)
    ]
    return Block(
        "\n".join(one.text for one in blocks),
        "\n".join(one.html for one in blocks),
        tuple(entry for one in blocks for entry in one.entries),
    )


def _scenarios(dataset: Dataset, found: Durability, metric: str, *, counts: bool) -> Block:
    compared = {row.change_id: row for row in records(found.comparisons)}
    frame = found.scenarios[found.scenarios.metric == metric]
    rows: dict[tuple[str, str], list[Cell]] = {}
    entries = []
    for one in records(frame):
        row = compared[one.change_id]
        entry = _of_scenario(one, row, found, dataset)
        entries.append(entry)
        cells = rows.setdefault((one.change_id, one.scenario), [])
        if not cells:
            said = words.capitalized(scenario_in_words(one.scenario, row.more_is))
            cells.append(Cell(f"{row.label}: {said}", tag=one.processing))
        if counts and one.counts:
            cells.append(Cell(one.counts))
        cells.append(to_number(entry, _shown(entry, metric)))
    name = words.capitalized(words.term(words.METRIC, metric))
    headings = [
        heading
        for at in ("end", "later")
        for heading in (*([f"Counts, {at}"] if counts else []), f"{name}, {at}")
    ]
    return table(
        f"{name}{' in percentage points' if metric == POINTS else ''} at the end of treatment and "
        "later under assumptions about the missing",
        ("Assumption", *headings, "Change"),
        rows.values(),
        entries=entries,
    )


def _of_scenario(one: Any, row: Any, found: Durability, dataset: Dataset) -> LedgerEntry:
    if one.scenario != "observed":
        return of_scenario(one, row, dataset)
    if one.timepoint == "change":
        return of_change(row, dataset)
    return of_time(row, one.timepoint, found, dataset)


def staying(dataset: Dataset, found: Durability) -> Block:
    """Return what the counts allow for those who recovered and stayed recovered."""
    if found.staying.empty:
        return _said("No trial prints an event to be reached by arm at both times.")
    rows = [
        (
            Cell(f"{row.label}: {condition_in_words(row.condition, dataset)}"),
            Cell(f"{row.events_post} of {row.n_post}", numeric=True),
            Cell(f"{row.events_follow_up} of {row.n_follow_up}", numeric=True),
            Cell(
                f"{words.limits(100 * row.share_low, 100 * row.share_high, 1)}%",
                numeric=True,
            ),
            Cell(
                "–"
                if pd.isna(row.count_low)
                else f"{row.count_low} to {row.count_high} of {row.events_post}",
                numeric=True,
            ),
        )
        for row in records(found.staying)
    ]
    return table(
        "Of those recovered at the end of treatment, how many still are at follow-up: the least "
        "and the most that the counts allow, as no source says who. Stay recovered: possible "
        "percentage of those recovered at the end who still are, if nobody missing changes the "
        "percentages. Seen twice: those seen recovered both times, whoever is missing.",
        ("Arm", "End of treatment", "Follow-up", "Stay recovered", "Seen twice"),
        rows,
    )


def uncontrolled(dataset: Dataset, found: Durability) -> Block:
    """Return follow-ups of one arm alone."""
    if found.uncontrolled.empty:
        return _said("No source seen prints a follow-up of one arm alone.")
    rows, entries = [], []
    for row in records(found.uncontrolled):
        counted = not pd.isna(row.proportion)
        entry = of_proportion(row, dataset) if counted else None
        entries += [entry] if entry else []
        rows.append(
            (
                Cell(f"{row.label}: {condition_in_words(row.condition, dataset)}"),
                Cell(event_in_words(row.event, dataset) if row.event else row.outcome_id),
                Cell(text.when(row, dataset).removeprefix("at ")),
                Cell(f"{int(row.events)} of {int(row.n)}" if counted else "–", numeric=True),
                to_number(entry, _shown(entry, "proportion")) if entry else Cell("–", numeric=True),
                Cell(row.reason),
            )
        )
    return table(
        "Follow-ups without a randomized control group: no comparison, and no evidence that a "
        "treatment keeps people well",
        ("Trial and arm", "Event", "Time", "Counts", "Percent (95% CI)", "Why it stands apart"),
        rows,
        entries=entries,
    )


def unpaired(dataset: Dataset, found: Durability) -> Block:
    """Return results at follow-up whose comparison has no number at the end of treatment."""
    if found.unpaired.empty:
        return _said("Every comparison at follow-up has its partner at the end of treatment.")
    return table(
        "Comparisons at follow-up without the same number at the end of treatment",
        ("Trial and contrast", "Outcome", "What the source gives"),
        [
            (
                Cell(f"{row.label}\n{short_contrast(row, dataset)}"),
                Cell(dataset.in_text("outcome", row.outcome_id)),
                Cell(row.reason or _without_partner(row, dataset)),
            )
            for row in records(found.unpaired)
        ],
    )


def _without_partner(row: Any, dataset: Dataset) -> str:
    """Return a number at follow-up on the scale that readers quote, and whom it counts."""
    metric = row_words.metric(row, dataset)
    effect, low, high, digits = quoted_numbers(
        row.metric, row.more_is, row.effect, row.ci_low, row.ci_high
    )
    digits = row_words.DECIMALS.get(row_words.quoted_metric(row, dataset), digits)
    shown = words.estimate(effect, low, high, digits)
    return ", ".join(filter(None, (f"{metric} {shown}", row_words.analyzed(row, dataset))))


def _took_part(row: Any, dataset: Dataset) -> str:
    """Return how many were randomized, else how many were enrolled or planned."""
    if not pd.isna(row.n_randomized):
        return str(row.n_randomized)
    for kind, number in enrollment(dataset, row.trial_id).items():
        return f"not printed ({number} {kind})"
    return "not known"


def trials(dataset: Dataset, found: Durability) -> Block:
    """Return what each randomized trial of the therapy has at follow-up."""
    involved = dataset.trials.set_index("trial_id").developer_involved
    block = table(
        "Randomized trials and what they have at follow-up",
        ("Trial", "Randomized", "Status", "At follow-up", "Developers took part"),
        [
            (
                Cell(f"{row.label}\nread: {dataset.read_as(row.trial_id)}"),
                Cell(_took_part(row, dataset)),
                Cell(row.status),
                Cell(STATE[row.state]),
                Cell(involved[row.trial_id].replace("_", " ")),
            )
            for row in records(found.trials)
        ],
    )
    return sections.with_planned(block, dataset, found.therapy)
