"""The tables of a summary of findings, with the facts that a panel would rate."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.power import EFFECTS, information_size
from evidence.analysis.stress_test import stress_test
from evidence.blocks import bias
from evidence.blocks.escape import addressed, html
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table
from evidence.data.dataset import CLASSES, RANDOMIZED, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.selection import IMBALANCE
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.meta.pooling import i2_limits
from evidence.pages.summary import tables as made
from evidence.summary import Summary
from evidence.summary.absolute_effects import AbsoluteEffect
from evidence.summary.findings import Finding
from evidence.terms import RemarkKind, has, words_of

ALL = ""
"""In place of a class of comparators: all of them together."""
COLUMNS = (
    "Outcome",
    "Participants (trials)",
    "Relative effect",
    "Absolute effect",
    "Risk of bias",
    "Inconsistency",
    "Indirectness",
    "Imprecision",
    "Publication bias",
)
_EITHER_RANGE = {
    "dass_21": (
        "0 to 63 or 0 to 126",
        "The 21 items, each from 0 to 3, add up to 63; doubled, as beside the scale of 42 items, "
        "to 126. No source read says which.",
    ),
}
"""Ranges of an instrument between which no source decides, and why there are several."""
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
    points: dict[str, made.Reexpressed]
    frame: pd.DataFrame
    notes: Notes


def findings(dataset: Dataset, summary: Summary) -> Block:
    """Return a table for each therapy and class of comparators, as Cochrane reviews have them.

    A row has an outcome with its instrument, participants and trials, the effect in SDs or as a
    ratio beside the absolute one, and what the five domains of GRADE would look at, unrated. What
    repeats is in notes below the tables.
    """
    points = {
        one.standardized.estimate_id: one for one in made.points_shown(dataset, summary) if one.each
    }
    page = _Page(dataset, points, estimates(dataset), Notes())
    blocks = []
    for therapy in summary.therapies:
        own = [
            *(_total(one) for one in summary.totals if one.specification.therapy == therapy),
            *(one for one in summary.findings if one.therapy == therapy),
        ]
        events = [one for one in summary.absolute if one.tables.row.therapy == therapy]
        for name in (ALL, *CLASSES, UNKNOWN_CLASS):
            rows = [_of_finding(page, one) for one in own if one.comparator_class == name]
            rows += [_of_event(page, one) for one in events if _class(one) == name]
            against = dataset.in_text("comparator_class", name) if name else "all comparators"
            caption = f"{dataset.in_text('therapy', therapy)} against {against}"
            blocks += [table(caption, COLUMNS, rows)] if rows else []
    if not blocks:
        return paragraphs("No outcome has a number or words against a comparison group.")
    sizes = " or ".join(f"{information_size(size)} ({size:g} SD)" for size in EFFECTS)
    said = (
        "Relative effects are in SDs (g) or odds ratios, absolute ones in points or events per "
        "1,000, with 95% intervals; that of events follows from the odds ratio alone. What is "
        f"above 0, or as an odds ratio above 1, favors the therapy; {language.OF_HARMS}. Times are "
        "the end of treatment, unless a row says otherwise. The last five columns have facts on "
        "the domains "
        "of GRADE, risk of bias as sources judged it, and no rating: the panel of a review would "
        "rate. Notes tell of each trial what bears on indirectness. Optimal information size: "
        f"{sizes} participants."
    )
    return joined(paragraphs(said), *blocks, page.notes.block())


def _class(one: AbsoluteEffect) -> str:
    """Return the class of the comparator arm whose risk is taken."""
    found = str(one.tables.row.comparator_class)
    return found if found in CLASSES else UNKNOWN_CLASS


def _total(one: Analysis) -> Finding:
    """Return an analysis over several classes of comparators as a finding on all of them."""
    choices = one.specification
    return Finding(
        therapy=choices.therapy,
        outcome=choices.outcome,
        timepoint=choices.timepoint,
        comparator_class=ALL,
        analysis=one,
        points=None,
        stress=stress_test(one),
        without_number=one.selection.without_number,
    )


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
    if n.n is None and n.randomized is not None:
        return Cell(markup=f"{n.randomized} ({k}){page.notes.mark(html(_RANDOMIZED))}")
    return Cell(f"{'not known' if n.n is None else n.n} ({k})")


def _in_points(page: _Page, one: Finding, standardized: LedgerEntry) -> Cell:
    """Return a finding in points: those that a single trial prints, else imputed from SDs."""
    if one.points is not None:
        entry = entries.of_estimate(one.points, page.dataset)
        unsized = has(one.points, RemarkKind.SIZES_IMPUTED)
        note = page.notes.mark("Its arm sizes are imputed.") if unsized else ""
        name = html(page.dataset.measure(one.points.instrument_id))
        quoted = language.estimate(entry.effect, entry.ci_low, entry.ci_high, 1)
        told = made.to_told(entry, one.points, quoted, page.dataset)
        return replace(told, markup=f"{told.markup} points of {name}{note}")
    return Cell("–") if (said := _points(page, standardized)) is None else said


def _points(page: _Page, standardized: LedgerEntry) -> Cell | None:
    """Return a standardized effect in points, once with each SD, which a note tells."""
    effect = page.points.get(standardized.estimate_id)
    if effect is None:
        return None
    numbers = " or ".join(_linked(entry, 1) for _, entry in effect.each)
    spread = []
    for one, _ in effect.each:
        locator = page.dataset.locator(one.locator_id)
        place = addressed(locator.url, words_of(locator.place))
        spread.append(f"{one.sd:g} ({html(one.label)}, {place})")
    note = page.notes.mark(
        f"Imputed: the SDs of the effect times that of a comparator arm, {' or '.join(spread)}."
    )
    name = html(page.dataset.measure(effect.each[0][0].instrument_id))
    found = tuple(entry for _, entry in effect.each)
    return Cell(markup=f"{numbers} points of {name}{note}", entries=found)


def _of_event(page: _Page, one: AbsoluteEffect) -> tuple[Cell, ...]:
    dataset, row = page.dataset, one.tables.row
    ratio, difference = made.of_ratio(one, dataset), made.of_absolute(one, dataset)
    counts, therapy = one.tables.fewest_missing, dataset.in_text("therapy", row.therapy)
    members = [row] if one.events is None else [each.row for each in one.ratio.tables]
    together = ""
    if len(members) > 1:
        labels = language.listed(each.label for each in members)
        together = page.notes.mark(html(f"{labels} together, whatever they compared with."))
    favors = f", {language.SIDE[ratio.favors]} favors {therapy}" if row.more_is == "worse" else ""
    quoted = language.estimate(ratio.effect, ratio.ci_low, ratio.ci_high)
    behind = (
        made.to_told(ratio, row, quoted, dataset)
        if one.events is None
        else Cell(markup=number_link(ratio, quoted), entries=(ratio,))
    )
    per_1000 = made.per_1000
    whose = f", {row.label}" if together else ""
    absolute = "<br>".join(
        [
            html(f"{per_1000(one.baseline)} ({counts.events_2} of {counts.n_2}{whose})"),
            html(
                f"with {therapy} {per_1000(one.risk)} "
                f"({per_1000(one.risk_low)} to {per_1000(one.risk_high)})"
            ),
            number_link(difference, made.in_1000(difference)),
        ]
    )
    return (
        Cell(_event(dataset, row)),
        Cell(markup=f"{one.n} ({len(members)}){together}"),
        replace(
            behind,
            markup=f"odds ratio {behind.markup}{html(favors)}",
            tag=one.processing,
        ),
        Cell(markup=absolute, entries=(difference,)),
        *_facts_of_event(page, one, members, ratio),
    )


def _event(dataset: Dataset, row: Any) -> str:
    """Return an event with what it is of, when, and what counts as one."""
    event, outcome = dataset.in_text("event", row.event), dataset.in_text("outcome", row.outcome_id)
    if row.more_is == "worse":
        named, defined = event, ""
    else:
        meaning = dataset.vocabulary("event").get(row.event, event)
        named = f"{event} from {outcome}" if row.event == _FROM else f"{outcome}, {event}"
        defined = f" ({meaning})"
    when = "" if row.timepoint == "post" else f", {sentences.when(row, dataset)}"
    return f"{language.capitalized(named)}{when}{defined}"


def _facts_of_finding(page: _Page, one: Finding) -> tuple[Cell, ...]:
    """Return what each domain would look at."""
    dataset, analysis = page.dataset, one.analysis
    chosen = [] if analysis is None else [analysis.selection.estimates]
    rows = [row for frame in (*chosen, one.without_number) for row in records(frame)]
    said, inconsistency, imprecision = [_bias(dataset, one.trial_ids, one.outcome)], "–", "–"
    if analysis is not None:
        labels = dataset.trials.set_index("trial_id").label
        said += [
            html(f"arms of {labels[trial]} {language.fixed(value)} SD apart before treatment")
            for trial, value in _apart_before(analysis).items()
        ]
        inconsistency = _inconsistency(analysis)
        imprecision = _interval(analysis.pooled.ci_low <= 0 <= analysis.pooled.ci_high)
    return (
        Cell(markup="; ".join(said)),
        Cell(inconsistency),
        _indirectness(page, rows),
        Cell(imprecision),
        _missing(page, one),
    )


def _interval(includes: bool) -> str:
    return f"{'includes' if includes else 'excludes'} no difference"


def _facts_of_event(
    page: _Page, one: AbsoluteEffect, members: Sequence[Any], ratio: LedgerEntry
) -> tuple[Cell, ...]:
    """Return what each domain would look at; an absolute effect has a ratio with finite limits."""
    ids = list(dict.fromkeys(each.trial_id for each in members))
    several = f"{language.count(len(ids), 'trial')}, odds ratios not compared"
    includes = (ratio.ci_low or 0.0) <= 1 <= (ratio.ci_high or math.inf)
    return (
        Cell(markup=_bias(page.dataset, ids, one.tables.row.outcome_id)),
        Cell("one trial" if len(ids) == 1 else several),
        _indirectness(page, members),
        Cell(_interval(includes)),
        Cell(_without_count(page, members)),
    )


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
    return f"no such count found: {labels}" if labels else "no missing trial known"


def _bias(dataset: Dataset, trial_ids: Iterable[str], outcome: str) -> str:
    """Return in which trials a source judged a domain high, in which none, and who was not judged.

    A judgement on another outcome alone is none on this one. Names lead to the judgements.
    """
    groups: dict[str, list[str]] = {}
    for trial in dict.fromkeys(trial_ids):
        shown = html(dataset.trial(trial).label)
        said = "not assessed"
        if found := bias.judgements(dataset, trial, outcome=outcome):
            said = f"high in {'some' if 'high' in found else 'no'} domain"
            if not dataset.imported:
                shown = f'<a href="trial-{html(trial)}.html#risk-of-bias">{shown}</a>'
        groups.setdefault(said, []).append(shown)
    return ", ".join(f"{said} ({language.listed(labels)})" for said, labels in groups.items())


def _apart_before(analysis: Analysis) -> dict[str, float]:
    """Return how far the arms of trials differed before treatment, where that is much."""
    chosen = analysis.selection.estimates
    instruments = set(zip(chosen.trial_id, chosen.instrument_id, strict=True))
    frame = analysis.frame
    before = frame[(frame.timepoint == "baseline") & (frame.metric == "hedges_g")]
    return {
        row.trial_id: abs(row.effect)
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
    return said + sentences.spread(pooled).removesuffix(".")


def _indirectness(page: _Page, rows: Sequence[Any]) -> Cell:
    """Return links to the notes on what trials compared, who took part, where and with whom."""
    notes = dict.fromkeys(_about(page.dataset, row) for row in rows)
    return Cell(markup="".join(map(page.notes.mark, notes)).strip())


def _about(dataset: Dataset, row: Any) -> str:
    trial, judged = dataset.trial(row.trial_id), dataset.risk_of_bias
    itself = judged.trial_id[judged.judgement == "self_report"]
    said = [
        f"against {sentences.comparator(row, dataset)}",
        trial.population,
        language.country(trial.country) or "country not known",
        _DEVELOPERS.get(trial.developer_involved, ""),
        "assessed by self-report" if row.trial_id in set(itself) else "",
    ]
    return html(f"{trial.label}: {'; '.join(one for one in said if one)}.")


def _missing(page: _Page, one: Finding) -> Cell:
    """Return the trials without a usable number, and the result with these at zero."""
    if one.without_number.empty:
        return Cell("no missing trial known")
    said = f"no usable number: {made.with_sizes(one.without_number, page.dataset).markup}"
    if one.stress is None or one.analysis is None:
        return Cell(markup=said)
    entry = entries.of_stress_test(one.stress, one.analysis, page.dataset)
    points = _points(page, entry)
    also = "" if points is None else f", {points.markup}"
    found = (entry, *(() if points is None else points.entries))
    note = page.notes.mark(html(_AT_ZERO))
    return Cell(markup=f"{said}; at zero {_linked(entry)}{note}{also}", entries=found)
