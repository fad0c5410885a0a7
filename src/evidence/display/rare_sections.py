"""A report on a rare event: counts first, pooled odds ratios behind them."""

import math

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import origins, sections, text, words
from evidence.display.escape import html
from evidence.display.output import Block, anchor
from evidence.display.tables import Cell, number_link, table, to_number, with_id
from evidence.estimation.from_events import EventTables
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.records import records
from evidence.specification.rare_events import RareEvents, RareResult

METHOD = {
    "exact": "exact conditional",
    "mantel_haenszel": "Mantel-Haenszel",
    "peto": "Peto",
}


def first_screen(dataset: Dataset, events: RareEvents) -> Block:
    """Return the first screen: what each trial counts, the pooled odds ratios, what is missing."""
    therapy, outcome = _names(dataset, events)
    results = [one for one in events.results if one.method == "exact"]
    known = all(one.pooled.ci_low is not None for one in results)
    over = known and all(
        (one.pooled.ci_low or 0) <= 0 <= (one.pooled.ci_high or 0) for one in results
    )
    say = (
        f"It is not known whether {therapy} changes the risk of {outcome}."
        if over
        else f"Counts of {outcome} with {therapy} and with its comparators differ; see how far."
    )
    counted = "; ".join(_counted(one, dataset) for one in events.tables)
    paragraph = (
        f"{counted}. So few events leave everything from fewer to more {outcome} open."
        if over
        else f"{counted}."
    )
    boxes = []
    found = []
    for one in results:
        entry = of_result(one, events, dataset)
        found.append(entry)
        who = words.listed(item.row.label for item in one.tables)
        span = (
            ""
            if one.low == one.high
            else f"; {words.limits(math.exp(one.low), math.exp(one.high))} over all counts that fit"
        )
        boxes.append(
            f'<div class="est"><b>{number_link(entry, words.fixed(entry.effect))} '
            f"<small>({html(words.limits(entry.ci_low, entry.ci_high))})</small></b>"
            f"<span>odds ratio, above 1 = fewer with {html(therapy)}; exact; {html(who)}, "
            f"{entry.n} participants; {html(one.processing)}{html(span)}</span></div>"
        )
    notes = dataset.arm_results.set_index("result_id").note
    remarks = [
        html(f"{one.row.label}: {note}.")
        for one in events.tables
        for note in dict.fromkeys(notes[result] for result in one.row.result_ids[:2])
        if note
    ]
    remarks += [html(one) for one in _others(dataset, events)]
    remarks.append(
        "Attempts were counted over different spans of time, and the sources do not say how they "
        "were asked for."
        if len(events.tables) > 1
        else "The source does not say how attempts were asked for."
    )
    markup = (
        f'<section class="answer" aria-label="Answer">\n<p class="say">{html(say)}</p>\n'
        f"<p>{html(paragraph)}</p>\n</section>\n"
        f'<div class="pair">{"".join(boxes)}</div>\n<ul class="not">'
        + "".join(f"<li>{one}</li>" for one in remarks)
        + "</ul>"
    )
    return Block(text=f"{say}\n{paragraph}", html=markup, entries=tuple(found))


def _names(dataset: Dataset, events: RareEvents) -> tuple[str, str]:
    return (
        words.term(words.THERAPY, events.therapy),
        words.term(words.OUTCOME, events.outcome, dataset.vocabulary("outcome")),
    )


def _counted(one: EventTables, dataset: Dataset) -> str:
    counts = one.fewest_missing
    therapy = words.term(words.THERAPY, one.row.intervention)
    said = (
        f"{one.row.label}: {counts.events_1} of {counts.n_1} with {therapy}, {counts.events_2} of "
        f"{counts.n_2} with {text.comparator(one.row, dataset)}"
    )
    if len(one.tables) == 1:
        return said
    printed = dataset.text("arm_results").set_index("result_id").percent
    percents = " and ".join(f"{printed[result]}%" for result in one.row.result_ids[:2])
    return (
        f"{one.row.label}: {percents} with {therapy} and with {text.comparator(one.row, dataset)}, "
        f"counts not printed (such as {counts.events_1} of {counts.n_1} and {counts.events_2} of "
        f"{counts.n_2})"
    )


def _when(one: EventTables) -> str:
    weeks = one.row.weeks_since_randomization
    when = words.term(words.TIMEPOINT, one.row.timepoint)
    return when if weeks is None else f"{when}, {weeks:g} weeks after randomization"


def _others(dataset: Dataset, events: RareEvents) -> list[str]:
    """Return what other randomized trials of the therapy say of the event, without counts."""
    counted = {one.row.trial_id for one in events.tables}
    trials = dataset.trials
    trials = trials[(trials.therapy == events.therapy) & (trials.design == "randomized")]
    said = dataset.directions
    said = said[(said.outcome_id == events.outcome) & said.trial_id.isin(trials.trial_id)]
    remarks = [
        f"{row.label}, against {_condition(row.comparator_arm_id, dataset)}, without a number: "
        f"{row.note or row.direction.replace('_', ' ')}."
        for row in records(said.merge(trials[["trial_id", "label"]], on="trial_id"))
    ]
    silent = trials.label[~trials.trial_id.isin(counted | set(said.trial_id))]
    if len(silent):
        remarks.append(
            f"Nothing on {words.OUTCOME[events.outcome]} seen in: {words.listed(silent)}."
        )
    return remarks


def _condition(arm_id: str, dataset: Dataset) -> str:
    """Return what a comparator arm received in words; "nothing" where there is no such arm."""
    if not arm_id:
        return "nothing"
    condition = dataset.arms.set_index("arm_id").condition[arm_id]
    return words.term(words.COMPARATOR, condition, dataset.vocabulary("condition"))


def of_result(result: RareResult, events: RareEvents, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a pooled odds ratio."""
    pooled = result.pooled
    therapy, outcome = _names(dataset, events)
    rows = [one.row for one in result.tables]
    sizes = [one.fewest_missing for one in result.tables]

    def scale(value: float | None) -> float | None:
        return None if value is None else math.exp(value)

    return LedgerEntry(
        estimate_id=result.estimate_id,
        label=f"{therapy}, {outcome}, odds ratio above 1 = fewer with {therapy}, "
        f"{METHOD[result.method]}, {words.listed(one.label for one in rows)}",
        metric="odds_ratio",
        scale="ratio",
        effect=math.exp(pooled.effect or 0.0),
        ci_low=scale(pooled.ci_low),
        ci_high=scale(pooled.ci_high),
        ci_level=pooled.level,
        p_value=pooled.p_value,
        k=pooled.k,
        n=sum(one.n_1 + one.n_2 for one in sizes),
        comparator="; ".join(union([[one.comparator for one in rows]])),
        comparator_class="; ".join(union([[one.comparator_class for one in rows]])),
        timepoint="last",
        processing=result.processing,
        method=METHOD[result.method],
        trial_ids=tuple(one.trial_id for one in rows),
        result_ids=union(one.result_ids for one in rows),
        locator_ids=union(one.locator_ids for one in rows),
        correction_ids=union(one.correction_ids for one in rows),
        reports=(),
        data_version=dataset.version,
    )


def counts_table(dataset: Dataset, events: RareEvents) -> Block:
    """Return counts and absolute risks trial by trial."""
    rows = []
    for one in events.tables:
        counts = one.fewest_missing
        risk_1, risk_2 = counts.events_1 / counts.n_1, counts.events_2 / counts.n_2
        rows.append(
            (
                Cell(one.row.label, tag=one.processing),
                Cell(text.comparator(one.row, dataset)),
                Cell(_when(one)),
                Cell(f"{counts.events_1} of {counts.n_1} ({words.percent(risk_1)})", numeric=True),
                Cell(f"{counts.events_2} of {counts.n_2} ({words.percent(risk_2)})", numeric=True),
                Cell(words.fixed(1000 * (risk_2 - risk_1), 0), numeric=True),
                Cell("–" if len(one.tables) == 1 else f"{len(one.tables)} tables fit"),
            )
        )
    therapy, _ = _names(dataset, events)
    return table(
        f"Participants with the event; fewer per 1,000 = fewer with {therapy}",
        (
            "Trial",
            "Compared with",
            "Counted until",
            therapy,
            "Comparator",
            "Fewer per 1,000",
            "Other counts",
        ),
        rows,
    )


def attrition_table(dataset: Dataset, frame: pd.DataFrame, *, therapy: str) -> Block:
    """Return participants randomized and analyzed, trial by trial, as far as sources print them."""
    trials = dataset.trials
    trials = trials[(trials.therapy == therapy) & (trials.design == "randomized")]
    rows = []
    for trial in records(trials):
        total = dataset.fact(trial.trial_id, "n_randomized").value
        of_trial = frame[(frame.trial_id == trial.trial_id) & frame.effect.notna()]
        sizes = sorted({n for row in records(of_trial) if (n := text.total(row)) is not None})
        analyzed = (
            "nothing analyzed seen"
            if not sizes
            else (f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}, by result")
        )
        rows.append(
            (
                Cell(trial.label),
                Cell("not printed" if total.empty else f"{total.iloc[0]:g}", numeric=True),
                Cell(analyzed),
                Cell("not seen in any source read"),
            )
        )
    return table(
        "Participants randomized and analyzed, and harms reported",
        ("Trial", "Randomized", "Behind its estimates", "Harms beyond the outcomes here"),
        rows,
    )


def results_table(dataset: Dataset, events: RareEvents) -> Block:
    """Return the pooled odds ratios by every method."""
    rows = []
    found = []
    for one in events.results:
        entry = of_result(one, events, dataset)
        found.append(entry)
        rows.append(
            (
                Cell(words.listed(item.row.label for item in one.tables), tag=one.processing),
                Cell(METHOD[one.method]),
                to_number(entry, words.estimate(entry.effect, entry.ci_low, entry.ci_high)),
                Cell("–" if entry.p_value is None else words.p_value(entry.p_value)),
                Cell(
                    words.limits(math.exp(one.low), math.exp(one.high))
                    if one.low != one.high
                    else "–",
                    numeric=True,
                ),
            )
        )
    therapy, _ = _names(dataset, events)
    return table(
        f"Odds ratios; above 1 = fewer events with {therapy}",
        ("Trials", "Method", "Odds ratio (95% CI)", "P", "Over all counts that fit"),
        rows,
        entries=found,
    )


def provenance(dataset: Dataset, events: RareEvents) -> Block:
    """Return where each number comes from."""
    pooled = [
        (
            of_result(one, events, dataset),
            "; ".join(
                f"{item.row.label} {'/'.join(map(str, item.fewest_missing))}" for item in one.tables
            ),
        )
        for one in events.results
    ]
    places = "".join(
        f"<dt>{html(_counted(one, dataset))}</dt>"
        f"<dd>{origins.sources(one.row.locator_ids, dataset)}</dd>"
        + "".join(f"<dd>{html(remark)}</dd>" for remark in one.row.warnings)
        for one in events.tables
    )
    rows = [
        (
            Cell(
                words.estimate(entry.effect, entry.ci_low, entry.ci_high),
                anchor=anchor(entry.estimate_id),
            ),
            with_id(entry.label, entry.estimate_id),
            Cell(members),
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
        f"<h3>Counts</h3><dl>{places}</dl><h3>Pooled odds ratios</h3>{block.html}</section>"
    )
    return Block(text=block.text, html=markup, entries=block.entries)


def methods(events: RareEvents) -> Block:
    """Return the methods section."""
    return sections.methods(
        [
            "Odds ratios compare the odds of the event with the comparator to those with the "
            "therapy, so that values above 1 favor the therapy. Exact conditional: the conditional "
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


def citation(dataset: Dataset, events: RareEvents) -> Block:
    """Return a sentence to cite, its id, and the references it needs."""
    result = next(one for one in events.results if one.method == "exact")
    entry = of_result(result, events, dataset)
    therapy, outcome = _names(dataset, events)
    counted = "; ".join(_counted(one, dataset) for one in result.tables)
    sentence = (
        f"{therapy}, {outcome}: {counted}; odds ratio (above 1 = fewer with {therapy}) "
        f"{words.estimate(entry.effect, entry.ci_low, entry.ci_high)}, exact"
        + ("." if entry.p_value is None else f"; {words.p_value(entry.p_value)}.")
    )
    rows = pd.DataFrame({"locator_ids": [one.row.locator_ids for one in events.tables]})
    return sections.citation(dataset, rows, sentence=sentence, estimate_id=entry.estimate_id)
