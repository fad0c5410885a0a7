"""The tables of a summary of findings, with the facts that a panel would rate."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.power import EFFECTS, information_size
from evidence.blocks import bias, ratings
from evidence.blocks.escape import addressed, html
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_size
from evidence.data.dataset import CLASSES, RANDOMIZED, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.from_events import EventTables
from evidence.estimation.row import QuotedScale, Size, participants
from evidence.estimation.selection import IMBALANCE
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.meta.pooling import i2_limits
from evidence.pages.summary import numbers
from evidence.pages.summary.beside import to_told
from evidence.summary import Summary
from evidence.summary.absolute_effects import AbsoluteEffect
from evidence.summary.findings import ALL, Finding, InPoints
from evidence.terms import RemarkKind, Said, has, words_of

COLUMNS = (
    *("Outcome", "Participants (trials)", "Relative effect", "Absolute effect", "Risk of bias"),
    *("Inconsistency", "Indirectness", "Imprecision", "Publication bias"),
)
_EITHER_RANGE = {
    "dass_21": (
        "0 to 63 or 0 to 126",
        "21 items from 0 to 3 add up to 63; doubled, as on the scale of 42 items, to 126. No "
        "source read says which.",
    ),
}
"""Ranges of an instrument between which no source decides, and why there are several."""
_NO_GAP = "no known gap"
_FROM = "clinical_recovery"
"""An event that people reach from their outcome."""
_DEVELOPERS = {
    "yes": "developers took part",
    "collaborated": "developers collaborated",
    "no": "no developer took part",
    "not_known": "whether developers took part is not known",
}
_AT_ZERO = (
    "A stress test, no result: trials without a usable number are entered at zero, unless their "
    "size is not known or their sources say otherwise."
)
_RANDOMIZED = "Those randomized; how many were analyzed is in no source read."
_SHARES = "Arm sizes are imputed: equal shares of the total."
_OF_TABLES = "{}: of {} tables of counts that fit, that with fewest missing."
_CORRECTED = "Printed numbers cannot all be right; the card of the trial says what is used."
_REMARKED = "A printed number carries a remark, told on the card of the trial."


class Notes:
    """Footnotes of tables: each is told once, below them, and named by its number."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}

    def mark(self, markup: str) -> str:
        """Return a link to a note, which is HTML made from escaped parts, by its number."""
        number = self._found.setdefault(markup, len(self._found) + 1)
        return f' <a href="#note-{number}">[{number}]</a>'

    def block(self) -> Block:
        """Return the notes."""
        told = "\n".join(
            f'<li id="note-{number}" tabindex="-1">{markup}</li>'
            for markup, number in self._found.items()
        )
        return Block(f'<h3 id="notes">Notes</h3>\n<ol>\n{told}\n</ol>' if told else "")


@dataclass(frozen=True, slots=True)
class _Page:
    """What the cells of the tables draw on."""

    dataset: Dataset
    points: dict[str, list[tuple[InPoints, LedgerEntry]]]
    frame: pd.DataFrame
    notes: Notes


def findings(dataset: Dataset, summary: Summary) -> Block:
    """Return a table for each therapy and class of comparators, as Cochrane reviews have them.

    A row has an outcome with its instrument, participants and trials, the effect in SDs or as a
    ratio beside the absolute one, and what the five domains of GRADE would look at, unrated. What
    repeats is in notes below the tables.
    """
    page = _Page(dataset, numbers.points_shown(dataset, summary), estimates(dataset), Notes())
    blocks = []
    for therapy in summary.therapies:
        own = [one for one in (*summary.totals, *summary.findings) if one.therapy == therapy]
        events = _events(summary, therapy)
        alone = _without_ratio(page, therapy, events)
        for name in (ALL, *CLASSES, UNKNOWN_CLASS):
            rows = [_of_finding(page, one) for one in own if one.comparator_class == name]
            rows += [_of_event(page, one) for one in events if _class(one) == name]
            rows += [_of_bounds(page, one) for one in alone if _known(one) == name]
            against = dataset.in_text("comparator_class", name) if name else "all comparators"
            caption = f"{dataset.in_text('therapy', therapy)} against {against}"
            blocks += [table(caption, COLUMNS, rows)] if rows else []
            rated = ratings.of_findings(dataset, therapy, name)
            blocks += [rated] if rated.html else []
    if not blocks:
        return paragraphs("No outcome has a number or words against a comparison group.")
    sizes = " or ".join(f"{information_size(size)} ({size:g} SD)" for size in EFFECTS)
    said = (
        "Relative effects are in SDs (g) or odds ratios, absolute ones in points or events per "
        "1,000, with 95% intervals; that of events takes the comparator's risk as known. What is "
        f"above 0, or as an odds ratio above 1, favors the therapy; {language.OF_HARMS}. Times are "
        "the end of treatment where none is named. The last five columns have facts on "
        "the domains of GRADE; notes tell what bears on indirectness. Gaps are those of trials "
        f"known here; no search was made. Optimal information size: {sizes} participants."
    )
    return joined(paragraphs(said), *blocks, page.notes.block())


def _events(summary: Summary, therapy: str) -> list[list[AbsoluteEffect]]:
    """Return events with the risks at which each odds ratio is told."""
    ratios: dict[str, list[AbsoluteEffect]] = {}
    for one in summary.absolute:
        if one.tables.row.therapy == therapy:
            ratios.setdefault(one.ratio.estimate_id, []).append(one)
    return list(ratios.values())


def _members(one: AbsoluteEffect) -> list[Any]:
    """Return the contrasts behind an odds ratio."""
    return [one.tables.row] if one.events is None else [each.row for each in one.ratio.tables]


def _class(risks: list[AbsoluteEffect]) -> str:
    """Return the class of comparators that an odds ratio is against; `ALL` for several."""
    classes = {_known(row) for row in _members(risks[0])}
    return classes.pop() if len(classes) == 1 else ALL


def _known(row: Any) -> str:
    return row.comparator_class if row.comparator_class in CLASSES else UNKNOWN_CLASS


def _without_ratio(page: _Page, therapy: str, events: list[list[AbsoluteEffect]]) -> list[Any]:
    """Return trials behind a pooled odds ratio whose own one is known within bounds only."""
    pooled = {
        (row.trial_id, row.outcome_id, row.event)
        for risks in events
        for row in _members(risks[0])
        if len(_members(risks[0])) > 1
    }
    return [
        row
        for row in records(page.frame[page.frame.effect_low.notna() & page.frame.effect.isna()])
        if row.therapy == therapy and (row.trial_id, row.outcome_id, row.event) in pooled
    ]


def _of_finding(page: _Page, one: Finding) -> tuple[Cell, ...]:
    dataset, analysis = page.dataset, one.analysis
    name = language.capitalized(dataset.short("outcome", one.outcome))
    when = dataset.in_text("timepoint", one.timepoint)
    named = html(name if one.timepoint == "post" else f"{name}, {when}")
    if analysis is None:
        facts = _facts_of_finding(page, one)
        return (Cell(markup=named), Cell("–"), Cell("no number"), Cell("–"), *facts)
    instruments = dict.fromkeys(analysis.selection.estimates.instrument_id)
    measured = "; ".join(_measured(page, one) for one in instruments if one)
    entry = entries.of_analysis(analysis, dataset)
    metric = html(language.term(language.METRIC, analysis.selection.metric))
    # In this order, so that notes have their numbers as they are read.
    return (
        Cell(markup=f"{named} ({measured})" if measured else named),
        _size(page, analysis),
        Cell(markup=f"{metric} {_linked(entry)}", entries=(entry,), tag=entry.processing),
        _in_points(page, one, entry),
        *_facts_of_finding(page, one),
    )


def _linked(entry: LedgerEntry, digits: int = 2) -> str:
    return number_link(entry, language.estimate(entry.effect, entry.ci_low, entry.ci_high, digits))


def _measured(page: _Page, instrument_id: str) -> str:
    """Return an instrument with its range, where the data have one or several are possible."""
    dataset = page.dataset
    name = html(dataset.measure(instrument_id))
    known = dataset.instruments[dataset.instruments.instrument_id == instrument_id]
    if len(known) and known[["range_low", "range_high"]].notna().all(axis=None):
        low, high = known[["range_low", "range_high"]].iloc[0]
        return f"{name}, {low:g} to {high:g}"
    if instrument_id in _EITHER_RANGE:
        either, why = _EITHER_RANGE[instrument_id]
        return f"{name}, {html(either)}{page.notes.mark(html(why))}"
    return name


def _size(page: _Page, analysis: Analysis) -> Cell:
    n, k = analysis.size, analysis.pooled.k
    chosen = analysis.selection.estimates.remarks
    shared = any(one.kind == RemarkKind.SIZES_IMPUTED for found in chosen for one in found)
    randomized = page.notes.mark(html(_RANDOMIZED)) if n.n is None and n.randomized else ""
    shares = page.notes.mark(_SHARES) if shared else ""
    if n.n is None and n.randomized is not None:
        return Cell(markup=f"{n.randomized} ({k}){randomized}{shares}")
    return Cell(markup=f"{'not known' if n.n is None else n.n} ({k}){shares}")


def _in_points(page: _Page, one: Finding, standardized: LedgerEntry) -> Cell:
    """Return a finding in points: those that a single trial prints, else imputed from SDs."""
    if one.points is not None:
        entry = entries.of_estimate(one.points, page.dataset)
        unsized = has(one.points, RemarkKind.SIZES_IMPUTED)
        note = page.notes.mark(_SHARES) if unsized else ""
        name = html(page.dataset.measure(one.points.instrument_id))
        quoted = language.estimate(entry.effect, entry.ci_low, entry.ci_high, 1)
        told = to_told(entry, one.points, quoted, page.dataset)
        return replace(told, markup=f"{told.markup} points of {name}{note}")
    return Cell("–") if (said := _points(page, standardized)) is None else said


def _points(page: _Page, standardized: LedgerEntry) -> Cell | None:
    """Return a standardized effect in points, once with each SD, which a note tells."""
    points = page.points.get(standardized.estimate_id)
    if points is None:
        return None
    shown = " or ".join(_linked(entry, 1) for _, entry in points)
    spread = []
    for one, _ in points:
        locator = page.dataset.locator(one.locator_id)
        place = addressed(locator.url, words_of(locator.place))
        spread.append(f"{one.sd:g} ({html(one.label)}, {place})")
    note = page.notes.mark(
        f"Imputed: the SDs of the effect times that of a comparator arm, {' or '.join(spread)}."
    )
    name = html(page.dataset.measure(points[0][0].instrument_id))
    found = tuple(entry for _, entry in points)
    return Cell(markup=f"{shown} points of {name}{note}", entries=found, tag="imputed")


def _of_event(page: _Page, risks: list[AbsoluteEffect]) -> tuple[Cell, ...]:
    """Return an odds ratio once, with each risk of a comparator arm at which it is told."""
    dataset, one = page.dataset, risks[0]
    row, members = one.tables.row, _members(one)
    ratio, therapy = numbers.of_ratio(one, dataset), dataset.in_text("therapy", row.therapy)
    favors = f", {language.SIDE[ratio.favors]} favors {therapy}" if row.more_is == "worse" else ""
    quoted = language.estimate(ratio.effect, ratio.ci_low, ratio.ci_high)
    behind = (
        to_told(ratio, row, quoted, dataset)
        if one.events is None
        else Cell(markup=number_link(ratio, quoted), entries=(ratio,))
    )
    several = len(members) > 1
    differences = [numbers.of_absolute(each, dataset) for each in risks]
    absolute = "<br>".join(
        f"{_risk(page, each, named=several)}<br>{number_link(entry, numbers.in_1000(entry))}"
        for each, entry in zip(risks, differences, strict=True)
    )
    when = "at the last time of each trial" if several else sentences.when(row, dataset)
    note = _remark(page, members)
    behind_it = [one.tables] if one.events is None else one.ratio.tables
    counted = "".join(_tables(page, each) for each in behind_it)
    return (
        Cell(_event(dataset, row, "" if row.timepoint == "post" and not several else when)),
        Cell(markup=f"{one.n} ({len(members)}){counted}"),
        replace(
            behind,
            markup=f"odds ratio {behind.markup}{html(favors)}{note}",
            tag=one.processing,
        ),
        Cell(markup=absolute, entries=tuple(differences)),
        *_facts_of_event(page, one, members, ratio),
    )


def _remark(page: _Page, members: Iterable[Any]) -> str:
    """Return a note on what is remarked on printed numbers behind an odds ratio."""
    found = page.dataset.corrections
    ids = {one for each in members for one in each.correction_ids}
    actions = set(found.action[found.correction_id.isin(ids)])
    if not actions:
        return ""
    return page.notes.mark(_REMARKED if actions == {"flag"} else _CORRECTED)


def _tables(page: _Page, one: EventTables) -> str:
    """Return a note on the tables of counts that fit a trial, where several do."""
    if len(one.tables) < 2:
        return ""
    return page.notes.mark(html(_OF_TABLES.format(one.row.label, len(one.tables))))


def _risk(page: _Page, one: AbsoluteEffect, *, named: bool) -> str:
    """Return a risk counted in a comparator arm and that with the therapy, as HTML."""
    counts, row = one.tables.fewest_missing, one.tables.row
    whose = f", {row.label}" if named else ""
    therapy = page.dataset.in_text("therapy", row.therapy)
    told = numbers.per_1000
    counted = html(f"{told(one.baseline)} ({counts.events_2} of {counts.n_2}{whose})")
    treated = f"{told(one.risk)} ({told(one.risk_low)} to {told(one.risk_high)})"
    return f"{counted}{_tables(page, one.tables)}<br>{html(f'with {therapy} {treated}')}"


def _of_bounds(page: _Page, row: Any) -> tuple[Cell, ...]:
    """Return an event whose counts are not determined: what its odds ratio lies between."""
    dataset, scale = page.dataset, QuotedScale("log_odds_ratio", row.more_is)
    low, high = (language.fixed(one) for one in scale.ends(row.effect_low, row.effect_high))
    counts = "counts that fit"
    if not dataset.imported:
        counts = f'<a href="trial-{html(row.trial_id)}.html#numbers">{counts}</a>'
    side, therapy = language.SIDE[scale.favors], dataset.in_text("therapy", row.therapy)
    return (
        Cell(_event(dataset, row, sentences.when(row, dataset))),
        Cell("not known (1)"),
        Cell(
            markup=f"odds ratio between {html(f'{low} and {high}')}, bounds by {counts}, no "
            f"interval; {html(f'{side} favors {therapy}')}",
            tag="imputed",
        ),
        Cell("–"),
        Cell(markup=_bias(page, [row.trial_id], row.outcome_id)),
        Cell("one trial"),
        _indirectness(page, [row]),
        Cell("interval far wider"),
        Cell(_without_count(page, [row])),
    )


def _event(dataset: Dataset, row: Any, when: str) -> str:
    """Return an event with what it is of, when, and what counts as one."""
    event, outcome = dataset.in_text("event", row.event), dataset.in_text("outcome", row.outcome_id)
    if row.more_is == "worse":
        named, defined = event, ""
    else:
        meaning = dataset.vocabulary("event").get(row.event, event)
        named = f"{event} from {outcome}" if row.event == _FROM else f"{outcome}, {event}"
        defined = f" ({meaning})"
    return f"{language.capitalized(named)}{f', {when}' if when else ''}{defined}"


def _facts_of_finding(page: _Page, one: Finding) -> tuple[Cell, ...]:
    """Return what each domain would look at."""
    dataset, analysis = page.dataset, one.analysis
    chosen = [] if analysis is None else [analysis.selection.estimates]
    rows = [row for frame in (*chosen, one.without_number) for row in records(frame)]
    said, inconsistency, imprecision = [_bias(page, one.trial_ids, one.outcome)], "–", "–"
    if analysis is not None:
        labels = dataset.trials.set_index("trial_id").label
        therapy = dataset.in_text("therapy", one.therapy)
        said += _self_reported(records(analysis.selection.estimates))
        said += [
            html(
                f"{therapy} arm of {labels[trial]} {language.fixed(abs(value))} SD "
                f"{'better' if value > 0 else 'worse'} before treatment"
            )
            for trial, value in _apart_before(analysis).items()
        ]
        inconsistency = _inconsistency(analysis)
        includes = analysis.pooled.ci_low <= 0 <= analysis.pooled.ci_high
        imprecision = f"{_interval(includes)}{_optimal(analysis.size)}"
    return (
        Cell(markup="; ".join(said)),
        Cell(inconsistency),
        _indirectness(page, rows),
        Cell(imprecision),
        _missing(page, one),
    )


def _self_reported(rows: Iterable[Any]) -> list[str]:
    """Return which trials asked the participants themselves, who know what they were given."""
    every = list(rows)
    itself = [html(row.label) for row in every if row.rater == "self"]
    if not itself:
        return []
    of = "" if len(itself) == len(every) else f" in {language.listed(itself)}"
    return [f"self-report{of}"]


def _interval(includes: bool) -> str:
    return f"{'includes' if includes else 'excludes'} no difference"


def _optimal(size: Size) -> str:
    """Return which optimal information sizes participants reach."""
    n = size.n if size.n is not None else size.randomized
    wanted = [information_size(effect) for effect in EFFECTS]
    if n is None:
        return ""
    missed = [least for least in wanted if n < least]
    return f"; fewer than {min(missed)}" if missed else f"; {max(wanted)} or more"


def _facts_of_event(
    page: _Page, one: AbsoluteEffect, members: Sequence[Any], ratio: LedgerEntry
) -> tuple[Cell, ...]:
    """Return what each domain would look at; an absolute effect has a ratio with finite limits."""
    ids = list(dict.fromkeys(each.trial_id for each in members))
    includes = (ratio.ci_low or 0.0) <= 1 <= (ratio.ci_high or math.inf)
    return (
        Cell(markup=_bias(page, ids, one.tables.row.outcome_id)),
        Cell("one trial" if len(ids) == 1 else _spread_of_ratios(one, len(ids))),
        _indirectness(page, members),
        Cell(_interval(includes)),
        Cell(_without_count(page, members)),
    )


def _spread_of_ratios(one: AbsoluteEffect, k: int) -> str:
    """Return how odds ratios of a rare event differ, by the weights of Mantel and Haenszel."""
    results = [] if one.events is None else one.events.results
    q = next(
        (
            each.pooled
            for each in results
            if each.method == "mantel_haenszel" and each.tables == one.ratio.tables
        ),
        None,
    )
    said = f"{language.count(k, 'trial')}"
    if q is None or q.q is None or q.q_p is None:
        return f"{said}, odds ratios not compared"
    told = sentences.of_q(q.q_p).removesuffix(".")
    return f"{said}: Q {language.fixed(q.q)}, {language.p_value(q.q_p)} (Mantel-Haenszel); {told}"


def _without_count(page: _Page, members: Sequence[Any]) -> str:
    """Return the trials of the outcome and classes that are not behind the odds ratio."""
    row, ids = members[0], [each.trial_id for each in members]
    frame, trials = page.frame, page.dataset.trials
    randomized = trials.trial_id[trials.design.isin(RANDOMIZED)]
    classes = {each.comparator_class for each in members}
    rows = frame[
        (frame.intervention == row.therapy)
        & (frame.outcome_id == row.outcome_id)
        & frame.comparator_class.isin(classes)
        & frame.trial_id.isin(randomized)
        & ~frame.trial_id.isin(ids)
    ]
    labels = language.listed(dict.fromkeys(rows.label))
    return f"no such count found: {labels}" if labels else _NO_GAP


def _bias(page: _Page, trial_ids: Iterable[str], outcome: str) -> str:
    """Return in which trials a source judged a domain high, in which none, and who was not judged.

    A judgement on another outcome alone is none on this one. Names lead to the judgements, notes
    tell what is high, by which tool and source.
    """
    dataset, groups = page.dataset, dict[str, list[str]]()
    for trial in dict.fromkeys(trial_ids):
        label = dataset.trial(trial).label
        shown = html(label)
        said = "not assessed"
        if found := bias.judgements(dataset, trial, outcome=outcome):
            said = f"high in {'some' if 'high' in found else 'no'} domain"
            if not dataset.imported:
                shown = f'<a href="trial-{html(trial)}.html#risk-of-bias">{shown}</a>'
            if "high" in found:
                told = bias.judged(dataset, trial, outcome=outcome, only_high=True)
                shown += page.notes.mark(html(f"{label}: {told}."))
        groups.setdefault(said, []).append(shown)
    return ", ".join(f"{said} ({language.listed(labels)})" for said, labels in groups.items())


def _apart_before(analysis: Analysis) -> dict[str, float]:
    """Return how much better the therapy's arm was before treatment, where that is much."""
    chosen = analysis.selection.estimates
    instruments = set(zip(chosen.trial_id, chosen.instrument_id, strict=True))
    frame = analysis.frame
    before = frame[(frame.timepoint == "baseline") & (frame.metric == "hedges_g")]
    return {
        row.trial_id: row.effect
        for row in records(before)
        if (row.trial_id, row.instrument_id) in instruments and abs(row.effect) > IMBALANCE
    }


def _inconsistency(analysis: Analysis) -> str:
    pooled = analysis.pooled
    if pooled.k == 1:
        return "one trial"
    limits = i2_limits(pooled, analysis.selection.effects()[1])
    said = f"{language.count(pooled.k, 'trial')}: "
    if pooled.i2 is not None and limits is not None:
        said += (
            f"I² {language.percent(pooled.i2, 0)} "
            f"({language.limits(100 * limits[0], 100 * limits[1], 0)}%); "
        )
    spread = sentences.spread(pooled).removesuffix(".")
    return said + spread[:1].lower() + spread[1:]


def _indirectness(page: _Page, rows: Sequence[Any]) -> Cell:
    """Return links to the notes on what trials compared, who took part, where and with whom."""
    notes = dict.fromkeys(_about(page.dataset, row) for row in rows)
    return Cell(markup="".join(map(page.notes.mark, notes)).strip())


def _about(dataset: Dataset, row: Any) -> str:
    trial = dataset.trial(row.trial_id)
    said = [
        f"against {sentences.comparator(row, dataset)}",
        trial.population,
        language.country(trial.country) or "country not known",
        _DEVELOPERS.get(trial.developer_involved, ""),
    ]
    return html(f"{trial.label}: {'; '.join(one for one in said if one)}.")


def _missing(page: _Page, one: Finding) -> Cell:
    """Return the trials without a usable number, and the result with these at zero."""
    if one.without_number.empty:
        return Cell(_NO_GAP)
    said = f"no usable number: {_with_sizes(one.without_number, page.dataset)}"
    if one.stress is None or one.analysis is None:
        return Cell(markup=said)
    entry = entries.of_stress_test(one.stress, one.analysis, page.dataset)
    points = _points(page, entry)
    also = "" if points is None else f", {points.markup}"
    found = (entry, *(() if points is None else points.entries))
    note = page.notes.mark(html(_AT_ZERO))
    return Cell(markup=f"{said}; at zero {_linked(entry)}{note}{also}", entries=found)


_IN_WORDS = {
    # The words of a source that found no difference are no proof that there is none.
    Said.NO_DIFFERENCE: ": no clear difference",
    Said.FAVORS_INTERVENTION: ": in favor of the therapy, in words",
    Said.FAVORS_COMPARATOR: ": in favor of the comparator, in words",
    Said.SOURCES_DIFFER: ": sources differ",
    Said.NOT_SEEN: ": whether it is reported could not be seen",
}
"""What trials without a usable number say, after a colon."""


def _with_sizes(frame: pd.DataFrame, dataset: Dataset) -> str:
    """Return trials without a usable number, each with its size and what it says in words."""
    parts = []
    for one in records(frame):
        n = participants(one)
        size = "" if n is None else f" ({to_size(dataset, one.trial_id, n, str(n))})"
        parts.append(f"{html(one.label)}{size}{_IN_WORDS.get(one.said, '')}")
    return "; ".join(parts)
