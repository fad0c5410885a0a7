"""Tables on how far a pooled result depends on trials, methods and assumptions."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.alternatives import Robustness
from evidence.analysis.power import EFFECTS, POWER, OneMoreTrial, information_size
from evidence.analysis.sensitivity import DeveloperGroup
from evidence.blocks.escape import html
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate, to_number, to_trial
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages.robustness import ledger_entries as made

INVOLVEMENT = {
    "yes": "developers took part",
    "collaborated": "developers collaborated",
    "no": "no developer took part",
    "not_known": "not known",
}


def leave_one_out(dataset: Dataset, found: Robustness) -> Block:
    """Return the result without each of its trials."""
    beside, main = found.beside, found.analysis
    if not beside.without_each:
        return paragraphs("One trial stands behind the result; without it nothing is left.")
    labels = dict(
        zip(main.selection.estimates.trial_id, main.selection.estimates.label, strict=True)
    )
    rows = [_left(entries.of_analysis(main, dataset), "All", main, main)]
    for one in beside.without_each:
        entry = entries.of_analysis(one, dataset)
        trial = next(iter(set(one.specification.leave_out) - set(main.specification.leave_out)))
        rows.append(_left(entry, f"Without {labels[trial]}", one, main))
    return table(
        "The pooled result without each of its trials",
        ("Trials", "Which are", "k", "n", "Pooled (95% CI)", "Moved by"),
        rows,
    )


def _left(entry: LedgerEntry, name: str, one: Analysis, main: Analysis) -> Sequence[Cell]:
    moved = one.pooled.effect - main.pooled.effect
    return (
        Cell(name),
        Cell(language.listed(one.selection.estimates.label)),
        Cell(str(one.pooled.k), numeric=True),
        Cell(str(one.size), numeric=True),
        to_estimate(entry),
        Cell("–" if one is main else language.fixed(moved), numeric=True),
    )


def one_more(dataset: Dataset, found: Robustness) -> Block:
    """Return what one more trial would have to show to move the lower limit over zero."""
    caption = (
        "Effects of one more trial that would move the lower limit over zero, and the highest "
        "lower limit that any effect gives"
    )
    if not found.one_more:
        return paragraphs(
            "The result is not in standard deviations, so no further trial is computed."
        )
    analysis, stress = found.analysis, found.beside.stress
    rows = []
    for one in found.one_more:
        cells: list[Cell] = [
            Cell(f"{one.size} participants"),
            Cell(one.what),
        ]
        for result, behind, there in (
            (one.printed, None, True),
            (one.at_zero, stress, stress is not None),
        ):
            ends = (
                () if result is None else made.of_one_more_trial(result, analysis, dataset, behind)
            )
            cells += _needed(result, ends, there=there)
        rows.append(cells)
    return table(
        caption,
        (
            *("Size", "Why this size", "Added to the printed results", "Highest lower limit"),
            *("Added to those with the unreported at zero", "Highest lower limit"),
        ),
        rows,
    )


def _needed(
    result: OneMoreTrial | None,
    ends: Sequence[LedgerEntry],
    *,
    there: bool,
) -> list[Cell]:
    if result is None:
        return [Cell("is above zero already" if there else "none unreported"), Cell("–")]
    limit = Cell(language.fixed(result.best_limit), numeric=True)
    if not ends:
        return [Cell("no effect would"), limit]
    markup = " to ".join(number_link(one, language.fixed(one.effect)) for one in ends)
    markup += "" if len(ends) > 1 else " or more"
    return [Cell(markup=markup, entries=tuple(ends)), limit]


def power(dataset: Dataset, found: Robustness) -> Block:
    """Return the power of each trial, and the sizes that would have been enough."""
    rows = []
    if found.power.empty:
        return paragraphs("No trial here is of known size.")
    for _, group in found.power.groupby("trial_id", sort=False):
        cells = []
        for row in records(group):
            entry = made.of_power(row, found.analysis, dataset)
            cells.append(to_number(entry, language.percent(row.power)))
        first = next(records(group))
        rows.append(
            (
                to_trial(dataset, first.trial_id),
                Cell(sentences.comparator(first, dataset)),
                Cell(sentences.sizes(first, dataset), numeric=True),
                *cells,
                Cell(language.fixed(first.detectable), numeric=True),
                Cell("has a number" if first.entered else "no usable number was found"),
            )
        )
    block = table(
        "Power of each trial, two-sided test at 5%, and the smallest difference with 80% power",
        (
            "Trial",
            "Compared with",
            "n",
            *(f"Power for {one:g} SD" for one in EFFECTS),
            "80% power for",
            "Here",
        ),
        rows,
    )
    return joined(block, paragraphs(optimal_sizes(found)))


def optimal_sizes(found: Robustness) -> str:
    """Return the optimal information sizes beside what there is."""
    wanted = language.listed(f"{information_size(one)} for {one:g} SD" for one in EFFECTS)
    stress = found.beside.stress
    with_all = (
        f", with those of which no usable number was found {stress.size}"
        if stress is not None
        else ""
    )
    return (
        f"Optimal information size (one trial with two equal arms, {POWER:.0%} power, two-sided "
        f"5%): {wanted}. The trials that entered have {found.analysis.size.of()}{with_all}. "
        "Where effects differ between trials, more are needed."
    )


def developers(dataset: Dataset, found: Robustness) -> Block:
    """Return the trials by the part of the developers, with what each group prints."""
    rows = []
    for group in found.developers:
        with_number = group.analysis
        cells = [Cell("no number"), Cell("–")]
        if with_number is not None:
            cells[0] = to_estimate(entries.of_analysis(with_number, dataset), numeric=False)
        if group.stress is not None and with_number is not None:
            cells[1] = to_estimate(group_stress(group, dataset), numeric=False)
        rows.append(
            (
                Cell(language.capitalized(INVOLVEMENT.get(group.involvement, group.involvement))),
                Cell(
                    "–"
                    if with_number is None
                    else language.listed(with_number.selection.estimates.label)
                ),
                cells[0],
                Cell(language.listed(group.without_number.label) or "–"),
                cells[1],
                _otherwise(group, found, dataset),
            )
        )
    block = table(
        "The result by the part that developers of the therapy took in the trials",
        (
            *("Part of the developers", "Trials with a number", "Estimate (95% CI)"),
            *("Without a usable number", "With these at zero", "What else they print"),
        ),
        rows,
    )
    return joined(block, paragraphs(how_few(found)))


def how_few(found: Robustness) -> str:
    """Return whether the groups by part of the developers can be compared at all."""
    with_number = [one for one in found.developers if one.analysis is not None]
    if len(with_number) < 2:
        return (
            f"Only {language.count(len(with_number), 'group')} of {len(found.developers)} prints a "
            "usable number, so whether results differ by who made the trial cannot be seen."
            if len(found.developers) > 1
            else "All trials are of one group, so there is nothing to compare."
        )
    sizes = language.listed(
        language.count(one.analysis.pooled.k, "trial")
        for one in with_number
        if one.analysis is not None
    )
    return f"The groups hold {sizes}; whether their results differ is not tested here."


def group_stress(group: DeveloperGroup, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a group's result with its unreported results at zero."""
    stress, analysis = group.stress, group.analysis
    if stress is None or analysis is None:
        raise ValueError(f"no stress test in the group {group.involvement}")
    return entries.of_stress_test(stress, analysis, dataset)


def _otherwise(group: DeveloperGroup, found: Robustness, dataset: Dataset) -> Cell:
    """Return what the trials of a group without a usable number print beside it."""
    parts: list[str] = []
    shown: list[LedgerEntry] = []
    for entry, row in converted(found, dataset):
        if row.trial_id in set(group.without_number.trial_id):
            shown.append(entry)
            number = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
            said = f"{row.label}: {dataset.in_text('event', row.event)} as d "
            parts.append(f'{html(said)}<a class="n" href="#n-{entry.estimate_id}">{number}</a>')
    stress = found.beside.stress
    if stress is not None:
        for row in records(stress.entered):
            if row.trial_id in set(group.without_number.trial_id) and row.bound == 0:
                parts.append(html(row.bound_source.removeprefix("held at zero: ")))
    return Cell(markup="; ".join(parts) or "–", entries=tuple(shown))


def converted(found: Robustness, dataset: Dataset) -> list[tuple[LedgerEntry, Any]]:
    """Return the events of trials without means as standardized differences."""
    events = found.beside.converted
    if events is None:
        return []
    return [(made.of_converted(row, dataset), row) for row in records(events.entered)]


def clusters(dataset: Dataset, found: Robustness) -> Block:
    """Return the result as if participants of a therapist were alike."""
    if not found.clustered:
        return paragraphs("The size of an arm is not known, so nothing is computed on clusters.")
    main = entries.of_analysis(found.analysis, dataset)
    rows = [
        (
            Cell("none, as analyzed"),
            Cell("–", numeric=True),
            Cell("1.00", numeric=True),
            to_estimate(main),
        )
    ]
    for one in found.clustered:
        rows.append(
            (
                Cell(f"{one.cluster_size:g} participants per therapist"),
                Cell(language.fixed(one.correlation), numeric=True),
                Cell(language.fixed(one.largest_factor), numeric=True),
                to_estimate(made.of_clustered(one, found.analysis, dataset)),
            )
        )
    return table(
        "The pooled result if participants of the same therapist were alike; imputed",
        ("Clusters", "Correlation (ICC)", "Variances times up to", "Pooled (95% CI)"),
        rows,
    )


def missing(dataset: Dataset, found: Robustness) -> Block:
    """Return events under assumptions about participants whose outcome is missing."""
    if found.missing.empty:
        return paragraphs(
            "No randomized trial prints this outcome at this time as an event of which the counts, "
            "and whether more is better, are known."
        )
    frame = found.analysis.frame.set_index("estimate_id", drop=False)
    rows = []
    for row in records(found.missing):
        observed = row.scenario == "observed"
        entry = (
            entries.of_estimate(frame.loc[row.estimate_id], dataset)
            if observed
            else made.of_scenario(row, dataset)
        )
        unknown = pd.isna(row.missing)
        rows.append(
            (
                Cell(f"{row.label}, {dataset.in_text('event', row.event)}"),
                Cell(
                    language.capitalized(made.SCENARIO[row.scenario])
                    + ("; who is missing is not known" if unknown else "")
                ),
                Cell("–" if unknown else str(row.missing), numeric=True),
                Cell(row.counts),
                to_estimate(entry),
                Cell("", tag=row.processing),
            )
        )
    return table(
        "Odds ratios of events under assumptions about missing participants; above 1 favors the "
        f"therapy; {language.OF_HARMS}",
        ("Trial and event", "Assumption", "Missing", "Counts", "Odds ratio (95% CI)", "Obtained"),
        rows,
    )
