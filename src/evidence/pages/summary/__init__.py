"""The summary of findings: its first screen, methods, origins, citation and limits."""

import pandas as pd

from evidence import language
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, joined
from evidence.blocks.tables import Cell, number_link
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages import pooled
from evidence.pages.summary import tables as made
from evidence.pages.summary.tables import elsewhere, overview, points_shown
from evidence.summary import Reconciliation, Summary


def first_screen(dataset: Dataset, summary: Summary) -> Block:
    """Return what the findings amount to, the published value beside ours, and all findings."""
    figures, said = _published(dataset, summary)
    say, paragraph = html(_say(summary)), html(_paragraph(dataset, summary))
    about = [one.outcome for one in summary.findings]
    return joined(answer(say, paragraph, figures, said, about), overview(dataset, summary))


def _say(summary: Summary) -> str:
    with_number = [one.analysis for one in summary.findings if one.analysis is not None]
    if not summary.findings:
        return "No outcome has a comparison with a known class of comparators on a scale of SDs."
    single = sum(one.pooled.k == 1 for one in with_number)
    including = sum(one.pooled.ci_low <= 0 <= one.pooled.ci_high for one in with_number)
    told = (
        f"Of {language.count(len(summary.findings), 'comparison')} of an outcome with a class of "
        f"comparators, {_counted(len(with_number), 'has', 'have')} a number"
    )
    if not with_number:
        return f"{told}."
    rest = [one for one in with_number if not one.pooled.ci_low <= 0 <= one.pooled.ci_high]
    trials = {trial for one in rest for trial in one.selection.estimates.trial_id}
    against = sum(one.pooled.ci_high < 0 for one in rest)
    others = ""
    if len(rest) > 1:
        sides = (
            f", {language.count(against)} of them in favor of the comparator," if against else ""
        )
        others = (
            f" The {language.count(len(rest), 'other')}{sides} come from "
            f"{language.count(len(trials), 'trial')}."
        )
    elif against:
        which = "The other" if len(with_number) > 1 else "It"
        others = f" {which} is in favor of the comparator."
    return (
        f"{told}, {language.count(single) if single else 'none'} of them from a single trial. "
        f"{_including(including)} no difference.{others}"
    )


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
    events = f"; events{f', {among} among them,' if harms else ''} stand there per 1,000"
    said = (
        "No GRADE rating was made: it takes a systematic search and a panel. What a panel would "
        f"weigh is computed below{events if summary.absolute else ''}. An interval that excludes "
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
    published = made.of_published(first.synthesis, dataset)
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
    return figures, _needed(dataset, first, name)


def _needed(dataset: Dataset, one: Reconciliation, name: str) -> list[str]:
    wanted = {
        needed.assumption: (
            needed,
            made.of_needed(needed, analysis, one.synthesis, dataset),
        )
        for analysis, needed in one.needed
        if analysis is one.analysis
    }
    parts = []
    for assumption, whose in (("presumed", name), ("own", "this workbook")):
        needed, entry = wanted.get(assumption, (None, None))
        if needed is not None and entry is not None:
            trials = language.listed(dataset.trial(trial).label for trial in needed.missing)
            parts.append(
                f"for the value of {html(whose)} {html(trials)} would have had to average "
                f"{number_link(entry, language.fixed(entry.effect))}"
            )
    if not parts:
        return []
    return [f"Both depend on trials without a usable number: {'; '.join(parts)}."]


def _methods(dataset: Dataset, summary: Summary) -> Block:
    """Return how the tables were computed, with their assumptions."""
    several = language.listed(dataset.in_text("therapy", one) for one in summary.therapies)
    return closing.methods(
        [
            f"Findings on {several} are laid out in the manner of the Cochrane Handbook, chapter "
            "14: a row per outcome, time and class of comparators (waitlist or no intervention; "
            "usual or enhanced usual care; another structured treatment), for outcomes on which a "
            "randomized trial prints a number that leads to a standardized effect. The analyses "
            "are those of the reports on each outcome: self-report before ratings by clinicians, "
            "random effects by restricted maximum likelihood, Hartung-Knapp interval with the ad "
            "hoc correction; one trial stands by its own normal interval. Where one trial prints a "
            "model coefficient, the coefficient in points stands in the table.",
            "Points of an instrument: the standardized effect and its limits times the standard "
            "deviation of a comparator arm at the same time (Cochrane Handbook, chapter 15), once "
            "for each trial that prints one on the instrument that most trials used. The SDs "
            "differ widely, so that each is shown. This is imputed: it supposes that the trials "
            "would have found the same number of SDs on that instrument.",
            "Events per 1,000: the odds ratio applied to the risk counted in a comparator arm, OR "
            "p / (1 − p + OR p), with the limits of the odds ratio; the risk with the comparator "
            "is taken as known. Events to be reached stand trial by trial, since the trials count "
            "different events. Events to be avoided are rare: their exact odds ratio stands at "
            "the risk of each comparator arm.",
            "What a panel would weigh: risk of bias as a source judged it, never by us; I² with "
            "its interval; who took part, where, and against what; whether the interval includes "
            "no difference, and participants beside the optimal information size (two equal arms, "
            "80% power, two-sided 5%); trials that measured the outcome without a usable "
            "number found, and the result with these at zero, which is imputed. No "
            "certainty was rated.",
            "Published pooled values: which trials a review pooled is presumed from its k and n, "
            "if just one set of trials here adds up to them. The average that trials without a "
            "number would have had to show is found by root finding: one effect common to all of "
            "them, with the variance of a standardized difference of their sizes, at which the "
            "pooled value results by the main method.",
        ]
    )


def _pooled(dataset: Dataset, summary: Summary) -> list[tuple[LedgerEntry, Cell]]:
    """Return every number beyond single estimates, with what entered it."""
    shown: list[tuple[LedgerEntry, Cell]] = []
    for effect in points_shown(dataset, summary):
        members = pooled.members(effect.analysis)
        if effect.stress is not None:
            zeros = language.listed(effect.stress.entered.label)
            members = members.followed_by(f"; at zero: {zeros}")
        shown.append((effect.standardized, members))
        shown += [
            (entry, Cell(f"{language.fixed(effect.standardized.effect)} × {one.sd:g}"))
            for one, entry in effect.each
        ]
    for finding in summary.findings:
        if finding.analysis is None:
            continue
        members = pooled.members(finding.analysis)
        shown.append((entries.of_analysis(finding.analysis, dataset), members))
        if finding.stress is not None:
            entry = entries.of_stress_test(finding.stress, finding.analysis, dataset)
            zeros = language.listed(finding.stress.entered.label)
            shown.append((entry, members.followed_by(f"; at zero: {zeros}")))
    for one in summary.absolute:
        difference = made.of_absolute(one, dataset)
        if one.events is not None:
            counts = "; ".join(
                f"{item.row.label} {'/'.join(map(str, item.fewest_missing))}"
                for item in one.ratio.tables
            )
            shown.append((made.of_ratio(one, dataset), Cell(counts)))
        shown.append(
            (
                difference,
                Cell(f"odds ratio at {made.per_1000(one.baseline)} per 1,000 with comparator"),
            )
        )
    for pair in summary.reconciled:
        place = "; ".join(
            origins.place_name(locator, dataset)
            for locator in [dataset.locator(pair.synthesis.locator_id)]
        )
        shown.append((made.of_published(pair.synthesis, dataset), Cell(place)))
        members = pooled.members(pair.analysis)
        shown.append((entries.of_analysis(pair.analysis, dataset), members))
        for analysis, needed in pair.needed:
            average = made.of_needed(needed, analysis, pair.synthesis, dataset)
            if average is not None:
                entered = pooled.members(analysis).followed_by(" and the average")
                shown.append((average, entered))
    return list({entry.estimate_id: (entry, what) for entry, what in shown}.values())


def _estimates(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Return the single estimates that the report shows or rests on."""
    frames = [
        one.analysis.selection.estimates for one in summary.findings if one.analysis is not None
    ]
    frames += [pd.DataFrame([one.points]) for one in summary.findings if one.points is not None]
    frames += [pd.DataFrame([one.ratio]) for one in summary.absolute if one.events is None]
    other = elsewhere(dataset, summary)
    frames.append(other[other.effect.notna()])
    return pd.concat(frames, ignore_index=True).drop_duplicates("estimate_id")


def closing_sections(dataset: Dataset, summary: Summary) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    estimates = _estimates(dataset, summary)
    also = union(
        [
            *(locators for one in summary.findings for locators in one.without_number.locator_ids),
            tuple(one.synthesis.locator_id for one in summary.reconciled),
        ]
    )
    limits = closing.limits(
        dataset,
        trial_ids=union(one.trial_ids for one in summary.findings),
        also=[
            "A class of comparators still mixes treatments; an effect against it is an effect "
            "against no one of them.",
            "Points of an instrument and effects per 1,000 look more certain than they are: what "
            "they rest on is stated beside them.",
            "Which trials a published review pooled is presumed, not printed.",
        ],
    )
    return joined(
        _methods(dataset, summary),
        origins.provenance(dataset, estimates=estimates, pooled=_pooled(dataset, summary)),
        closing.citation(dataset, estimates, sentence=_say(summary), also=also),
        limits,
    )
