"""The summary of findings: its first screen, methods, origins, citation and limits."""

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.stress_test import StressTest
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, joined
from evidence.blocks.tables import Cell, number_link
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.estimation import estimates
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages import pooled
from evidence.pages.summary import numbers
from evidence.pages.summary.beside import elsewhere, ours
from evidence.summary import Reconciliation, Summary


def first_screen(dataset: Dataset, summary: Summary) -> Block:
    """Return what the findings amount to, and the published value beside ours."""
    figures, said = _published(dataset, summary)
    say, paragraph = html(_say(summary)), html(_paragraph(dataset, summary))
    about = [one.outcome for one in summary.findings]
    return answer(say, paragraph, figures, said, about)


def _say(summary: Summary) -> str:
    with_number = [one.analysis for one in summary.findings if one.analysis is not None]
    if not summary.findings:
        return "No outcome has a comparison with a known class of comparators on a scale of SDs."
    single = sum(one.pooled.k == 1 for one in with_number)
    including = sum(one.pooled.ci_low <= 0 <= one.pooled.ci_high for one in with_number)
    told = (
        f"Of {language.count(len(summary.findings), 'comparison')} of an outcome in SDs with a "
        f"class of comparators, {_counted(len(with_number), 'has', 'have')} a number"
    )
    if not with_number:
        return f"{told}."
    rest = [one for one in with_number if not one.pooled.ci_low <= 0 <= one.pooled.ci_high]
    return (
        f"{told}, {language.count(single) if single else 'none'} of them from a single trial. "
        f"{_including(including)} no difference.{_others(rest, len(with_number))}"
    )


def _others(rest: list[Analysis], of: int) -> str:
    """Return on how much the intervals that exclude no difference rest, and which side they are."""
    if not rest:
        return ""
    trials = {trial for one in rest for trial in one.selection.estimates.trial_id}
    against = sum(one.pooled.ci_high < 0 for one in rest)
    later = sum(one.specification.timepoint == "follow_up" for one in rest)
    imputed = sum(one.selection.imputed for one in rest)
    if len(rest) == 1:
        said = [
            "is in favor of the comparator" if against else "",
            "is at follow-up" if later else "",
            "has an imputed number" if imputed else "",
        ]
        told = language.listed(one for one in said if one)
        return f" {'The other' if of > 1 else 'It'} {told}." if told else ""
    mixed = 0 < against < len(rest)
    sides = f", {language.count(against)} of them in favor of the comparator," if mixed else ""
    said = [
        "" if mixed else f"favor the {'comparator' if against else 'therapy'}",
        f"come from {language.count(len(trials), 'trial')}",
        f"{_counted(later, 'is', 'are')} at follow-up" if later else "",
        f"{_counted(imputed, 'rests', 'rest')} on imputed numbers" if imputed else "",
    ]
    told = language.listed(one for one in said if one)
    return f" The {language.count(len(rest), 'other')}{sides} {told}."


def _including(number: int) -> str:
    if number < 2:
        return f"{'One' if number else 'No'} interval includes"
    return f"{language.capitalized(language.count(number))} intervals include"


def _counted(number: int, one: str, several: str) -> str:
    """Return a count with its verb, as "none has" and "two have"."""
    return f"{language.count(number) if number else 'none'} {one if number < 2 else several}"


def _paragraph(dataset: Dataset, summary: Summary) -> str:
    harms = [one.tables.row.event for one in summary.absolute if one.events is not None]
    among = language.listed(dict.fromkeys(dataset.in_text("event", one) for one in harms))
    events = f", events{f', {among} among them,' if harms else ''} per 1,000"
    said = (
        "No GRADE rating was made: it takes a systematic search and a panel. What a panel would "
        f"weigh is in the tables{events if summary.absolute else ''}. An interval that excludes "
        "no difference in one small trial does not show that the effect holds elsewhere."
    )
    published = dataset.randomized_trials.trial_id
    developed = (
        sentences.developers_of(dataset, published[dataset.randomized_trials.therapy == one], one)
        for one in summary.therapies
    )
    return " ".join([said, *developed, *sentences.planned(dataset, *summary.therapies)])


def _published(dataset: Dataset, summary: Summary) -> tuple[list[Headline], list[str]]:
    """Return ours and a published value in large type, and what would make both hold."""
    several = [one for one in summary.reconciled if one.analysis.pooled.k > 1]
    if not several:
        return [], []
    first = several[0]
    analysis = first.analysis
    published = numbers.of_published(first.synthesis, dataset)
    name = origins.reference_name(first.synthesis.publication_id, dataset)
    therapy, outcome = sentences.names(analysis, dataset)
    compared = sentences.comparators(analysis.selection.estimates, dataset)
    figures = [
        Headline(
            entries.of_analysis(analysis, dataset),
            2,
            f"Hedges g, {outcome}, {therapy}: this workbook, "
            f"{language.count(analysis.pooled.k, 'trial')}, "
            f"{analysis.size.of(sentences.people(analysis, dataset))}, against {compared}",
        ),
        Headline(
            published,
            2,
            f"{outcome}, {therapy}, as {name} publish it: {published.k} trials, {published.n} "
            "participants",
        ),
    ]
    return figures, [*_at_zero(dataset, summary, analysis), *_needed(dataset, first, name)]


def _at_zero(dataset: Dataset, summary: Summary, analysis: Analysis) -> list[str]:
    """Return what a pooled value would be with the trials without a number at zero."""
    tests = [
        entries.of_stress_test(one.stress, analysis, dataset)
        for one in summary.totals
        if one.analysis is analysis and one.stress is not None
    ]
    return [
        "With trials without a usable number at zero the value of this workbook would be "
        f"{number_link(one, language.estimate(one.effect, one.ci_low, one.ci_high))}: a stress "
        "test, no result."
        for one in tests
    ]


def _needed(dataset: Dataset, one: Reconciliation, name: str) -> list[str]:
    wanted = {
        needed.assumption: (
            needed,
            numbers.of_needed(needed, analysis, one.synthesis, dataset),
        )
        for analysis, needed in one.needed
        if analysis is one.analysis
    }
    asked = [
        (whose, *wanted[assumption])
        for assumption, whose in (("presumed", html(name)), ("own", "this workbook"))
        if assumption in wanted
    ]
    parts = [
        (
            whose,
            language.listed(sorted(dataset.trial(trial).label for trial in needed.missing)),
            number_link(entry, language.fixed(entry.effect)),
        )
        for whose, needed, entry in asked
        if entry is not None
    ]
    if not parts:
        return []
    (whose, trials, number), *rest = parts
    told = (
        f"for the value of {whose} {html(trials)}, without a usable number, would have had to "
        f"average {number}"
    )
    for other, others, average in rest:
        of = "" if others == trials else f" {html(others)} would have had to average"
        told += f", for that of {other}{of} {average}"
    return [f"{language.capitalized(told)}."]


def _methods() -> Block:
    """Return how the tables were computed, with their assumptions."""
    return closing.methods(
        [
            "Laid out as in the Cochrane Handbook, chapter 14, for outcomes with a standardized "
            "effect of a randomized trial. Single trials have their own difference in points, "
            "where reported.",
            "Points of an instrument: the standardized effect and its limits times the SD of a "
            "comparator arm at the same time (chapter 15), for each trial with "
            "one on the instrument that most trials used, as if the others would have found as "
            "many SDs on it.",
            "Events per 1,000: odds ratio and limits applied to the risk p counted in a comparator "
            "arm, taken as known: OR p / (1 − p + OR p). For events to be avoided, which are rare, "
            "the exact odds ratio at each risk counted.",
            "Optimal information size: two equal arms, 80% power, two-sided 5%.",
            "Published pooled values: the trials that a review pooled are presumed from its k and "
            "n, if just one set of trials here adds up to them. An average needed is one effect "
            "common to all trials without a number, with the variance of a standardized difference "
            "of their sizes, at which the pooled value results by the main method.",
        ]
    )


def _numbers(dataset: Dataset, summary: Summary) -> list[tuple[LedgerEntry, Cell]]:
    """Return every number that is made here, with what entered it.

    Those of single trials are told on their cards, or by `_of_import`.
    """
    shown: list[tuple[LedgerEntry, Cell]] = []
    points = numbers.points_shown(dataset, summary)
    for finding in (*summary.totals, *summary.findings):
        if finding.analysis is None:
            continue
        members = _members(finding.analysis, dataset)
        told = [(entries.of_analysis(finding.analysis, dataset), members)]
        if finding.stress is not None:
            entry = entries.of_stress_test(finding.stress, finding.analysis, dataset)
            told.append((entry, _with_zeros(finding.analysis, finding.stress)))
        for standardized, what in told:
            shown.append((standardized, what))
            shown += [
                (entry, Cell(f"{language.fixed(standardized.effect)} × {one.sd:g}"))
                for one, entry in points.get(standardized.estimate_id, [])
            ]
    for one in summary.absolute:
        difference, counts = numbers.of_absolute(one, dataset), one.tables.fewest_missing
        if one.events is not None:
            cells = "; ".join(
                f"{item.row.label} {'/'.join(map(str, item.fewest_missing))}"
                for item in one.ratio.tables
            )
            shown.append((numbers.of_ratio(one, dataset), Cell(cells)))
        shown.append((difference, Cell(f"{counts.events_2} of {counts.n_2}")))
    for pair in summary.reconciled:
        shown.append((numbers.of_published(pair.synthesis, dataset), Cell("")))
        shown.append((ours(pair, summary, dataset), _members(pair.analysis, dataset)))
        for analysis, needed in pair.needed:
            average = numbers.of_needed(needed, analysis, pair.synthesis, dataset)
            if average is not None:
                known, missing, held = (
                    language.listed(dataset.trial(trial).label for trial in trials)
                    for trials in (needed.known, needed.missing, needed.held)
                )
                zeros = f"; at zero: {held}" if held else ""
                shown.append((average, Cell(f"{known}; needed of {missing}{zeros}")))
    # Neighbors share the start of their labels, which is said once.
    each = {entry.estimate_id: (entry, what) for entry, what in shown}
    return sorted(each.values(), key=lambda one: (one[0].label, one[0].estimate_id))


def _members(analysis: Analysis, dataset: Dataset) -> Cell:
    """Return what entered an analysis, each with a link to where it is told."""
    return pooled.members(analysis, on_cards=not dataset.imported)


def _with_zeros(analysis: Analysis, stress: StressTest) -> Cell:
    """Return the trials with a number, whose weights are not those alone, and those at zero."""
    known = language.listed(analysis.selection.estimates.label)
    return Cell(f"{known}; at zero: {language.listed(stress.entered.label)}")


def _of_import(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Return the single estimates that a report on an import shows or rests on."""
    frames = [estimates(dataset).iloc[:0]]
    if dataset.imported:
        analyses = (one.analysis for one in summary.findings)
        frames += [one.selection.estimates for one in analyses if one is not None]
        points = (one.points for one in summary.findings)
        frames += [pd.DataFrame([one]) for one in points if one is not None]
        ratios = (one.ratio for one in summary.absolute if one.events is None)
        frames += [pd.DataFrame([one]) for one in ratios]
        other = elsewhere(dataset, summary)
        frames.append(other[other.effect.notna()])
    return pd.concat(frames, ignore_index=True).drop_duplicates("estimate_id")


def closing_sections(dataset: Dataset, summary: Summary) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    imported, numbers = _of_import(dataset, summary), _numbers(dataset, summary)
    limits = closing.limits(
        dataset,
        also=[
            "A class of comparators still mixes treatments; an effect against it is an effect "
            "against no one of them.",
            "Points of an instrument and effects per 1,000 look more certain than they are: what "
            "they rest on is beside them.",
        ],
    )
    return joined(
        _methods(),
        origins.provenance(
            dataset, estimates=imported, pooled=numbers, heading="Numbers made in this report"
        ),
        closing.citation(dataset, imported, also=union(entry.locator_ids for entry, _ in numbers)),
        limits,
    )
