"""A report on a rare event: counts first, pooled odds ratios behind them."""

from collections.abc import Sequence

import pandas as pd

from evidence import language
from evidence.analysis.rare_events import RareEvents, RareResult
from evidence.blocks import closing, origins
from evidence.blocks.escape import html, plain
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, anchor, joined
from evidence.blocks.tables import (
    Cell,
    range_link,
    table,
    to_estimate,
    to_number,
    to_trial,
    with_id,
)
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.from_events import Counts, EventTables
from evidence.estimation.row import size_of
from evidence.ledger import quotation, sentences
from evidence.ledger.entries import quoted
from evidence.ledger.event_entries import METHOD, names, no_ratio, of_ends, of_result, scale_of
from evidence.pages.summary.numbers import in_1000, more_or_fewer, of_absolute
from evidence.summary.absolute_effects import at_risks


def first_screen(dataset: Dataset, events: RareEvents) -> Block:
    """Return the first screen: what each trial counts, the pooled odds ratios, what is missing."""
    therapy, outcome = names(dataset, events)
    results = [one for one in events.results if one.method == "exact"]
    limits = [(one.pooled.ci_low, one.pooled.ci_high) for one in results]
    open_ = all(low is None or high is None or low <= 0 <= high for low, high in limits)
    say = (
        f"It is not known whether {therapy} changes the risk of {outcome}."
        if open_
        else f"Counts of {outcome} with {therapy} and with its comparators differ; see how far."
    )
    counted = "; ".join(_counted(one, dataset) for one in events.tables)
    few = f" With so few events, {html(therapy)} could lower or raise the risk."
    paragraph = f"{counted}.{few if open_ and any(low is not None for low, _ in limits) else ''}"
    figures: list[Headline | str] = []
    for one in results:
        who = language.listed(item.row.label for item in one.tables)
        entry = of_result(one, events, dataset)
        if entry is None:
            without = f"{no_ratio(one, events)} ({who})."
            figures.append(f"<span>{html(without)}</span>")
            continue
        ends = of_ends(one, events, dataset)
        span = (
            ""
            if ends is None
            else f"; by the counts with fewest missing; {range_link(ends)} over all counts that fit"
        )
        if ends is None and one.low < one.high:
            span = "; without a finite end over all counts that fit"
        against = language.listed(
            dict.fromkeys(sentences.comparator(item.row, dataset) for item in one.tables), "or"
        )
        caption = (
            f"odds ratio of {outcome}, {therapy} against {against} "
            f"({language.SIDE[entry.favors]} favors {therapy}); exact interval; {who}, "
            f"{entry.n} participants; {one.processing}"
        )
        figures.append(Headline(entry, 2, caption, also=span))
    remarks = [
        html(f"{one.row.label}: {note}.")
        for one in events.tables
        for note in dict.fromkeys(dataset.result(result).note for result in one.row.result_ids[:2])
        if note
    ]
    remarks += [html(one) for one in _others(dataset, events)]
    took_part = sentences.developers_of(
        dataset, [one.row.trial_id for one in events.tables], events.therapy
    )
    remarks += [html(took_part)] if took_part else []
    if not dataset.imported and any(isinstance(one, Headline) for one in figures):
        remarks.append(
            "Intervals here are exact; the card of a trial has one by normal approximation, so "
            "that nearly the same odds ratio has another there."
        )
    times = [(_when(one, dataset), one.row.label) for one in events.tables]
    if len({when for when, _ in times}) > 1:
        until = language.listed(f"{when} ({label})" for when, label in times)
        event = dataset.in_text("event", events.event)
        remarks.append(html(f"The trials counted {event} until different times: {until}."))
    return answer(html(say), paragraph, figures, remarks, [events.outcome])


def _counted(one: EventTables, dataset: Dataset) -> str:
    """Return the counts of a trial in words, each number a link to its place, as HTML."""
    counts = one.fewest_missing
    label, therapy, other = (
        html(part)
        for part in (
            one.row.label,
            dataset.in_text("condition", one.row.intervention),
            sentences.comparator(one.row, dataset),
        )
    )
    first = _to_counts(one, f"{counts.events_1} of {counts.n_1}")
    second = _to_counts(one, f"{counts.events_2} of {counts.n_2}")
    if len(one.tables) == 1:
        return f"{label}: {first} with {therapy}, {second} with {other}"
    printed = dataset.text("arm_results").set_index("result_id").percent
    percents = " and ".join(
        _to_counts(one, f"{printed[result]}%") for result in one.row.result_ids[:2]
    )
    return (
        f"{label}: {percents} with {therapy} and with {other}, counts not printed (such as {first} "
        f"and {second})"
    )


def _place(one: EventTables) -> str:
    """Return the id of the counts of a trial in the page."""
    return f"p-{one.row.trial_id}"


def _to_counts(one: EventTables, shown: str) -> str:
    return f'<a class="n" href="#{html(_place(one))}">{html(shown)}</a>'


def _when(one: EventTables, dataset: Dataset) -> str:
    weeks = one.row.weeks_since_randomization
    when = dataset.in_text("timepoint", one.row.timepoint)
    if weeks is None:
        return when
    return f"{when}, {weeks:g} weeks after randomization"


def _per_1000(one: EventTables, dataset: Dataset, events: RareEvents) -> Cell:
    """Return how many more or fewer per 1,000 have the event with the therapy.

    Where a trial prints its counts, by its exact odds ratio at the risk of its comparator arm, the
    one interval that this quantity has; else as the counts that stand here have it.
    """
    for result in events.results:
        if result.method == "exact" and result.tables == (one,):
            for effect in at_risks(result, events):
                entry = of_absolute(effect, dataset)
                return to_number(entry, f"{in_1000(entry)} by the odds ratio")
    counts = one.fewest_missing
    difference = counts.events_1 / counts.n_1 - counts.events_2 / counts.n_2
    return Cell(more_or_fewer(difference), href=f"#{_place(one)}", numeric=True)


def _others(dataset: Dataset, events: RareEvents) -> list[str]:
    """Return what other randomized trials of the therapy say of the event, without counts."""
    counted = {one.row.trial_id for one in events.tables}
    trials = dataset.randomized_trials
    trials = trials[trials.therapy == events.therapy]
    said = dataset.directions
    said = said[(said.outcome_id == events.outcome) & said.trial_id.isin(trials.trial_id)]
    remarks = [
        f"{row.label}, against {_condition(row.comparator_arm_id, dataset)}, in words: "
        f"{row.note or row.direction.replace('_', ' ')}."
        for row in records(said.merge(trials[["trial_id", "label"]], on="trial_id"))
    ]
    silent = trials.label[~trials.trial_id.isin(counted | set(said.trial_id))]
    if len(silent):
        remarks.append(
            f"Nothing on {dataset.in_text('outcome', events.outcome)} seen in: "
            f"{language.listed(silent)}."
        )
    return remarks


def _condition(arm_id: str, dataset: Dataset) -> str:
    """Return what a comparator arm received in words; "nothing" where there is no such arm."""
    if not arm_id:
        return "nothing"
    condition = dataset.arm(arm_id).condition
    return dataset.in_text("condition", condition)


def counts_table(dataset: Dataset, events: RareEvents) -> Block:
    """Return counts and absolute risks trial by trial."""
    rows = []
    for one in events.tables:
        counts = one.fewest_missing
        risk_1, risk_2 = counts.events_1 / counts.n_1, counts.events_2 / counts.n_2
        rows.append(
            (
                Cell(one.row.label, tag=one.processing),
                Cell(sentences.comparator(one.row, dataset)),
                Cell(_when(one, dataset)),
                *(
                    Cell(said, href=f"#{_place(one)}", numeric=True)
                    for said in (
                        f"{counts.events_1} of {counts.n_1} ({language.percent(risk_1)})",
                        f"{counts.events_2} of {counts.n_2} ({language.percent(risk_2)})",
                    )
                ),
                _per_1000(one, dataset, events),
                Cell("–")
                if len(one.tables) == 1
                else Cell(f"{len(one.tables)} tables fit", href=f"#{_place(one)}"),
            )
        )
    therapy, _ = names(dataset, events)
    return table(
        f"Participants with the event, and how many more or fewer per 1,000 with {therapy}",
        (
            "Trial",
            "Compared with",
            "Counted until",
            therapy,
            "Comparator",
            "Per 1,000 (95% CI)",
            "Other counts",
        ),
        rows,
    )


def attrition_table(dataset: Dataset, frame: pd.DataFrame, *, therapy: str) -> Block:
    """Return participants randomized and analyzed, trial by trial, as far as sources print them."""
    trials = dataset.randomized_trials
    trials = trials[trials.therapy == therapy]
    rows = []
    for trial in records(trials):
        total = dataset.fact(trial.trial_id, "n_randomized").value
        of_trial = frame[(frame.trial_id == trial.trial_id) & frame.effect.notna()]
        sizes = sorted({n for row in records(of_trial) if (n := size_of([row]).n) is not None})
        analyzed = (
            "nothing analyzed seen"
            if not sizes
            else (f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}, by result")
        )
        rows.append(
            (
                to_trial(dataset, trial.trial_id),
                Cell("not printed" if total.empty else f"{total.iloc[0]:g}", numeric=True),
                Cell(analyzed),
            )
        )
    return table(
        "Participants randomized and analyzed",
        ("Trial", "Randomized", "Behind its estimates"),
        rows,
    )


def results_table(dataset: Dataset, events: RareEvents) -> Block:
    """Return the pooled odds ratios by every method."""
    rows = []
    for one in events.results:
        entry, ends = of_result(one, events, dataset), of_ends(one, events, dataset)
        rows.append(
            (
                Cell(language.listed(item.row.label for item in one.tables), tag=one.processing),
                Cell(METHOD[one.method]),
                Cell(no_ratio(one, events)) if entry is None else to_estimate(entry),
                Cell((entry and quotation.p_value(entry)) or "–"),
                Cell("without a finite end" if one.low < one.high else "–", numeric=True)
                if ends is None
                else Cell(markup=range_link(ends), numeric=True),
            )
        )
    therapy, outcome = names(dataset, events)
    return table(
        f"Odds ratios of {outcome}, {therapy} against the "
        f"comparator; {language.SIDE[scale_of(events).favors]} favors {therapy}",
        ("Trials", "Method", "Odds ratio (95% CI)", "P", "Over all counts that fit"),
        rows,
    )


def _provenance(dataset: Dataset, events: RareEvents) -> Block:
    pooled = []
    for one in events.results:
        entered = tuple(item.fewest_missing for item in one.tables)
        entry, ends = of_result(one, events, dataset), of_ends(one, events, dataset)
        pooled += [] if entry is None else [(entry, _members(one, entered))]
        if ends is not None:
            behind = (one.counts_low, one.counts_high)
            # The lowest odds ratio of a harm is the one that favors the therapy most.
            behind = behind[::-1] if scale_of(events).turned else behind
            for end, counts in zip(ends, behind, strict=True):
                pooled.append((end, _members(one, counts)))
        if len(one.tables) == 1 and one.method == "exact":
            pooled += [
                (of_absolute(effect, dataset), _members(one, entered))
                for effect in at_risks(one, events)
            ]
    places = "".join(_origin(one, dataset) for one in events.tables)
    rows = [
        (
            Cell(quoted(entry), anchor=anchor(entry.estimate_id)),
            with_id(entry.label, entry.estimate_id),
            members,
            Cell("", tag=entry.processing),
        )
        for entry, members in pooled
    ]
    block = table(
        "Pooled odds ratios and the counts that entered (events and participants with the therapy, "
        "then with the comparator)",
        ("Number", "What", "From", "How obtained"),
        rows,
        entries=[entry for entry, _ in pooled],
    )
    markup = (
        '<section class="provenance"><h2 id="numbers">Where each number comes from</h2>'
        f'<h3>Counts</h3><dl class="counts">{places}</dl><h3>Pooled odds ratios</h3>{block.html}'
        "</section>"
    )
    return Block(markup, block.entries)


def _origin(one: EventTables, dataset: Dataset) -> str:
    """Return where the counts of a trial come from, and what follows, as terms of a list."""
    counts = one.fewest_missing
    risk_1, risk_2 = counts.events_1 / counts.n_1, counts.events_2 / counts.n_2
    said = [
        origins.sources(one.row.locator_ids, dataset),
        html(
            f"{counts.events_1} of {counts.n_1} ({language.percent(risk_1)}) and "
            f"{counts.events_2} of "
            f"{counts.n_2} ({language.percent(risk_2)}): {more_or_fewer(risk_1 - risk_2)} per 1,000"
        ),
        f'<span class="tag {html(one.processing)}">{html(one.processing)}</span>',
    ]
    if len(one.tables) > 1:
        said.append(html(f"{len(one.tables)} tables fit what is printed"))
    said += [html(remark.text) for remark in one.row.remarks]
    counted = html(plain(_counted(one, dataset)))
    return f'<dt id="{html(_place(one))}" tabindex="-1">{counted}</dt>' + "".join(
        f"<dd>{each}</dd>" for each in said
    )


def _members(one: RareResult, entered: Sequence[Counts]) -> Cell:
    """Return the counts that entered a pooled odds ratio, each trial with a link to its place."""
    return Cell(
        markup="; ".join(
            f'<a href="#{html(_place(item))}">{html(item.row.label)}</a> {"/".join(map(str, own))}'
            for item, own in zip(one.tables, entered, strict=True)
        )
    )


def closing_sections(dataset: Dataset, events: RareEvents) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    told = closing.methods(
        [
            "Odds ratios are the odds of the event with the therapy over those with the "
            "comparator. Exact conditional: the conditional "
            "maximum likelihood estimate with its exact interval (Fisher 1935; Mehta, Patel and "
            "Gray 1985). Mantel-Haenszel (Mantel and Haenszel 1959) with the variance of Robins, "
            "Breslow and Greenland (1986). Peto: the one-step estimate (Yusuf et al. 1985), for "
            "rare events and arms of similar size. Nothing is added to any cell.",
            "Where a source prints percentages without counts, every pair of counts within the "
            "numbers randomized that rounds to the printed percentages is tried; the one with most "
            "participants, which supposes the fewest missing, stands in the tables, and the range "
            "over all of them beside it.",
        ]
    )
    counted = [one.row.trial_id for one in events.tables]
    limits = closing.limits(dataset, trial_ids=counted, outcome=events.outcome)
    return joined(told, _provenance(dataset, events), _citation(dataset, events), limits)


def _citation(dataset: Dataset, events: RareEvents) -> Block:
    result = next(one for one in events.results if one.method == "exact")
    entry = of_result(result, events, dataset)
    therapy, outcome = names(dataset, events)
    counted = plain("; ".join(_counted(one, dataset) for one in result.tables))
    sentence = f"{therapy}, {outcome}: {counted}; "
    if entry is None:
        without = no_ratio(result, events)
        sentence += f"{without[0].lower()}{without[1:]}."
    else:
        sentence += (
            f"odds ratio {language.estimate(entry.effect, entry.ci_low, entry.ci_high)}, "
            f"{language.SIDE[entry.favors]} favors {therapy}, exact"
            + ("." if entry.p_value is None else f"; {quotation.p_value(entry)}.")
        )
    rows = pd.DataFrame(
        {
            "trial_id": [one.row.trial_id for one in events.tables],
            "locator_ids": [one.row.locator_ids for one in events.tables],
        }
    )
    return closing.citation(
        dataset, rows, sentence=sentence, estimate_id="" if entry is None else entry.estimate_id
    )
