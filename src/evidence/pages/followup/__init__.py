"""A report on follow-up: its first screen and its closing sections."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis.power import information_size
from evidence.blocks import closing, origins, remarks
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, joined
from evidence.blocks.tables import Cell, number_link, to_size
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.row import QuotedScale, of_both
from evidence.followup import Durability
from evidence.ledger import LedgerEntry, chains, sentences
from evidence.ledger.followup_entries import (
    event_in_words,
    of_change,
    of_proportion,
    of_retained,
    of_scenario,
    of_time,
    scenario_in_words,
)
from evidence.pages.followup.tables import (
    RELATIVE,
    TIMES,
    Group,
    Parts,
    across_trials,
    arms_of,
    assessed,
    condition_in_words,
    parts,
    ratio,
    short_contrast,
    uncertain_weeks,
    when,
)

POINTS = "mean_difference"

MEDIUM = 0.5
"""Standardized difference that a trial has to be large enough to show, not to be called small."""


def first_screen(dataset: Dataset, found: Durability) -> Block:
    """Return the first screen: what trials show at both times, and what stands apart.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Durability
        What `evidence.durability` returns.
    """
    by_part = parts(found)
    if len(by_part.main) > sentences.NAMED:
        paragraph = "Each difference stands below, by trial, with what is known of its change."
        figures, said = [], list(_of_trials(by_part, found, dataset))
    else:
        paragraph = " ".join(_sentence(one, found, dataset) for one in by_part.main)
        figures = [one for group in by_part.main[:1] for one in _headlines(group, found, dataset)]
        said = [*_of_groups(by_part, found, dataset), *_of_trials(by_part, found, dataset)]
    about = found.estimates.outcome_id
    return answer(html(_say(by_part, found, dataset)), paragraph, figures, said, about)


def _of_groups(by_part: Parts, found: Durability, dataset: Dataset) -> Iterator[str]:
    """Return what is remarked on each difference."""
    for group in by_part.main:
        row = group.main
        several = len(by_part.main) > 1
        whose = f"{html(row.label)}, {html(when(row, found, dataset))}: " if several else ""
        for said in (_missing, _counts, _correlations):
            yield from (f"{whose}{one}" for one in said(group, found, dataset))
    for group in by_part.other_treatments:
        yield _other_treatment(group, by_part.main, found, dataset)
    for group in by_part.derived:
        yield _derived(group, found, dataset)
    for group in by_part.imputed:
        yield _imputed(group, found, dataset)
    for row in records(found.uncontrolled):
        yield _uncontrolled(row, dataset)


def _of_trials(by_part: Parts, found: Durability, dataset: Dataset) -> Iterator[str]:
    """Return what is remarked on trials and instruments together."""
    trials = found.trials
    none = trials.label[(trials.state == "none") & (trials.status == "published")]
    if not none.empty:
        yield f"No follow-up seen in the published trials: {html(language.listed(none))}."
    took_part = sentences.developers_of(dataset, trials.trial_id, found.therapy)
    if took_part:
        yield html(took_part)
    in_points = {one.main.instrument_id for one in by_part.main if one.main.metric == POINTS}
    for instrument_id in sorted(in_points):
        yield from remarks.unknown_range(dataset, instrument_id)


def _say(by_part: Parts, found: Durability, dataset: Dataset) -> str:
    """Return whether a difference is there at follow-up, and what is known of its change."""
    therapy = dataset.in_text("therapy", found.therapy)
    changes = [one.main for one in by_part.main]
    if not changes:
        return (
            f"No trial prints the same number on {therapy} against a comparison group both at the "
            "end of treatment and later."
        )
    clear = [row for row in changes if not row.follow_up_ci_low <= 0 <= row.follow_up_ci_high]
    if len(changes) > sentences.NAMED:
        there = [_in_counts(changes, therapy)]
    else:
        there = [_later(row, found, dataset, alone=len(clear) == 1) for row in clear]
    first = language.capitalized("; ".join(there))
    away = sum(row.change_ci_high < 0 for row in changes)
    toward = sum(row.change_ci_low > 0 for row in changes)
    number = len(changes)
    if not away + toward:
        if there:
            was = bool(clear) and all(_still(row) for row in clear)
            what = "how much of the difference is lost, if any," if was else "whether it changes"
            return f"{first}; {what} is not known."
        return f"Whether any difference between {therapy} and other care lasts is not known."
    # Only an effect that was there can be lost, or be larger later.
    effect = all(row.post_ci_low > 0 for row in changes)
    if effect and away == number:
        left = all(row.follow_up_ci_low > 0 for row in changes)
        lost = f"Part of the effect of {therapy}{'' if left else ', or all of it,'}"
        change = f"{lost} is lost after treatment."
    elif effect and toward == number:
        change = f"The effect of {therapy} is larger at follow-up than at the end of treatment."
    else:
        parts = [
            f"{language.count(count)} {'moves' if count == 1 else 'move'} {where} after treatment"
            for count, where in ((away, f"against {therapy}"), (toward, f"in favor of {therapy}"))
            if count
        ]
        rest = number - away - toward
        parts += [f"of {language.count(rest)} it is not known whether it changes"] if rest else []
        change = (
            f"The difference {parts[0].removeprefix('one ')}."
            if number == 1
            else f"Of {language.count(number)} differences, {language.listed(parts)}."
        )
    return f"{first}. {change}" if there else change


def _in_counts(changes: Sequence[Any], therapy: str) -> str:
    """Return where the intervals of many differences at follow-up lie."""
    trials = language.count(len({row.trial_id for row in changes}), "trial")
    sides = (
        sum(row.follow_up_ci_low > 0 for row in changes),
        sum(row.follow_up_ci_high < 0 for row in changes),
    )
    favor, against = (language.count(one) if one else "none" for one in sides)
    return (
        f"of {language.count(len(changes))} differences at follow-up, of {trials}, {favor} "
        f"{'has' if sides[0] < 2 else 'have'} an interval wholly in favor of {therapy} and "
        f"{against} wholly against it"
    )


def _still(row: Any) -> bool:
    """Return whether a difference at follow-up was there at the end of treatment."""
    return bool(row.post_ci_low > 0 if row.follow_up_ci_low > 0 else row.post_ci_high < 0)


def _later(row: Any, found: Durability, dataset: Dataset, *, alone: bool) -> str:
    """Return a difference at follow-up whose interval excludes none, in words alone."""
    favors = row.follow_up_ci_low > 0
    still = "still " if _still(row) else ""
    n = of_both(row, row.follow_up_n_intervention, row.follow_up_n_comparator)
    small = "small " if n is not None and n < information_size(MEDIUM) else ""
    if row.event:
        outcome = dataset.short("outcome", row.outcome_id)
        what = f"{dataset.in_text('event', row.event)} ({outcome})"
        moved = "more frequent" if (row.more_is == "better") == favors else "less frequent"
    else:
        what = dataset.short("outcome", row.outcome_id)
        higher_is = dataset.instrument(row.instrument_id).higher_is
        moved = "lower" if (higher_is == "worse") == favors else "higher"
    treatment, other = _both(row, dataset)
    # The sentence after this one says from when it is counted.
    at = when(row, found, dataset).partition(" (")[0]
    # Two differences can be of one trial.
    trial = f"one {small}trial" if alone else row.label
    return f"{trial} found {what} {still}{moved} with {treatment} than with {other} {at}"


def _sentence(group: Group, found: Durability, dataset: Dataset) -> str:
    at_times = arms_of(group.main, found).groupby("role").size()
    # A file may count one arm at one time only.
    if RELATIVE in group.rows and len(at_times) == 2 and at_times.min() > 1:
        return _of_event(group, found, dataset)
    return _of_scores(group, found, dataset)


def _of_event(group: Group, found: Durability, dataset: Dataset) -> str:
    row = group.main
    directions, spans = [], []
    for _, at_times in arms_of(row, found).groupby("role", sort=False):
        first, *_, last = records(at_times)
        before, after = (of_proportion(one, dataset) for one in (first, last))
        directions.append((after.effect > before.effect) - (after.effect < before.effect))
        spans.append(
            f"{number_link(before, language.fixed(100 * before.effect, 1))} to "
            f"{number_link(after, language.percent(after.effect))} with "
            f"{html(condition_in_words(first.condition, dataset))}"
        )
    moved = _MOVED.get((min(directions), max(directions)), "changed")
    relative = group.rows[RELATIVE]
    at_post, at_follow_up = (of_time(relative, one, found, dataset) for one in TIMES)
    event, meaning = dataset.in_text("event", row.event), event_in_words(row.event, dataset)
    event += f" ({meaning})" * (meaning != event)
    later = when(row, found, dataset).removeprefix("at ")
    return (
        f"In {html(row.label)}, {html(event)} {moved} from the end of treatment to {html(later)}: "
        f"{', '.join(spans)}. {_difference(group, found, dataset)} The odds ratio went from "
        f"{ratio(at_post)} to {ratio(at_follow_up)}; their ratio is "
        f"{ratio(of_change(relative, dataset))}."
    )


_MOVED = {
    (-1, -1): "fell in both arms",
    (-1, 0): "fell in one arm",
    (0, 0): "stayed as frequent in both arms",
    (0, 1): "rose in one arm",
    (1, 1): "rose in both arms",
    (-1, 1): "rose in one arm and fell in the other",
}
"""How an event moved in the arms, by the least and the greatest sign of a change."""


def _difference(group: Group, found: Durability, dataset: Dataset) -> str:
    before, after = group.at_times(found, dataset)
    span = (
        f"was {group.number(before)} percentage points both times"
        if group.shown(before)[0] == group.shown(after)[0]
        else f"went from {group.number(before)} to {group.number(after)} percentage points"
    )
    return (
        f"The difference between the arms {span}; its change is "
        f"{group.estimate(of_change(group.main, dataset))}."
    )


def _of_scores(group: Group, found: Durability, dataset: Dataset) -> str:
    row = group.main
    before, after = group.at_times(found, dataset)
    at, unit = html(when(row, found, dataset)), html(group.unit(dataset))
    if _stays_ahead(row) and row.change:
        return (
            f"In {html(row.label)}, {html(_ahead(row, dataset))} by {group.number(before)} {unit} "
            f"at the end of treatment and by {group.number(after)} {at}: "
            f"{_lost(group, dataset)}{_kept(group, dataset)}."
        )
    change = "ratio of both" if row.metric.startswith("log_") else "change"
    return (
        f"In {html(row.label)}, {html(' against '.join(_both(row, dataset)))}: "
        f"{group.number(before)} {unit} at the end of treatment and {group.number(after)} {at} "
        f"({_side(before, row, dataset)}); {change} {group.estimate(of_change(row, dataset))}."
    )


def _stays_ahead(row: Any) -> bool:
    """Return whether both estimates favor the intervention, on a scale of differences."""
    return not row.event and min(row.post_effect, row.follow_up_effect) > 0


def _side(entry: LedgerEntry, row: Any, dataset: Dataset) -> str:
    """Return which side of an effect favors the treatment named first, as HTML."""
    name = condition_in_words(row.intervention, dataset)
    return html(f"{language.SIDE[entry.favors]} favors {name}")


def _ahead(row: Any, dataset: Dataset) -> str:
    """Return who was ahead of whom, as "ABCT added to usual care was ahead of usual care alone"."""
    return " was ahead of ".join(_both(row, dataset))


def _both(row: Any, dataset: Dataset) -> tuple[str, str]:
    """Return both treatments, as "ABCT added to usual care" and "usual care alone"."""
    name = condition_in_words(row.intervention, dataset)
    against = sentences.comparator(row, dataset)
    if row.comparator == "usual_care" and sentences.added(row.intervention_arm_id, dataset):
        return f"{name} added to {against}", f"{against} alone"
    return name, against


def _lost(group: Group, dataset: Dataset) -> str:
    """Return what was lost or gained, as a positive number with its limits."""
    entry = of_change(group.main, dataset)
    # The change of a harm is quoted in its usual direction; what is lost is lost on either.
    lost = group.main.change < 0
    if entry.effect < 0:
        high, low = (-(one or 0.0) for one in (entry.ci_low, entry.ci_high))
        entry = replace(entry, effect=-entry.effect, ci_low=low, ci_high=high)
    points = "points " if group.main.metric == POINTS else ""
    verb = "lost" if lost else "gained"
    limits = number_link(entry, group.shown(entry)[1])
    return f"{group.number(entry)} {points}{verb} ({limits})"


def _kept(group: Group, dataset: Dataset) -> str:
    entry = of_retained(group.main, dataset)
    if entry is None:
        return ""
    share, (low, high) = entry.effect, (entry.ci_low or 0.0, entry.ci_high or 0.0)
    limits = f"({language.limits(100 * low, 100 * high, 0)}%)"
    shown = f"{language.percent(share, 0)} of the difference was left {limits}"
    return f", {number_link(entry, shown)}"


def _headlines(group: Group, found: Durability, dataset: Dataset) -> list[Headline]:
    row = group.main
    made = []
    # The sentence before them says from when the time is counted.
    later = when(row, found, dataset).partition(" (")[0]
    for timepoint, at in zip(TIMES, (dataset.in_text("timepoint", "post"), later), strict=True):
        entry = of_time(row, timepoint, found, dataset)
        caption = (
            f"{group.unit(dataset)}, {language.SIDE[entry.favors]} favors "
            f"{dataset.in_text('condition', row.intervention)}, {at}; "
            f"against {sentences.comparator(row, dataset)}; {assessed(row, timepoint, found)}; "
            f"{entry.processing}"
        )
        made.append(Headline(entry, group.digits, caption, group.factor))
    return made


def _correlations(group: Group, found: Durability, dataset: Dataset) -> Iterator[str]:
    row = group.main
    changes = found.changes
    tried = [
        one for one in records(changes[changes.change_id == row.change_id]) if one.reason == ""
    ]
    if not tried:
        return
    entries = [of_change(row, dataset, one) for one in tried]
    ends = list(zip(tried, entries, strict=True))[:: max(1, len(tried) - 1)]
    shown = " and ".join(
        f"{number_link(entry, group.shown(entry)[1])} if {one.correlation:g}" for one, entry in ends
    )
    bound = (
        f"; the percentages allow at most {language.fixed(row.correlation_high)}"
        if row.correlation_high < 1
        else ""
    )
    beyond = {one.change_ci_low > 0 or one.change_ci_high < 0 for one in tried}
    scale = QuotedScale(row.metric, row.more_is)
    loss = f"{'above' if scale.turned else 'below'} {scale.no_difference:g}"
    therapy = html(condition_in_words(row.intervention, dataset))
    decides = ", so whether it includes no change depends on that" if len(beyond) > 1 else ""
    yield (
        f"Intervals of a change suppose that estimates at both times correlate at "
        f"{row.correlation:g}, which no source prints{bound}. The interval of the change "
        f"({loss}: a change against {therapy}) is {shown}{decides}."
    )


def _missing(group: Group, found: Durability, dataset: Dataset) -> Iterator[str]:
    relative = group.rows.get(RELATIVE)
    if relative is None:
        return
    rows = found.scenarios
    name = "missing_not_recovered"
    chosen = rows[(rows.change_id == relative.change_id) & (rows.scenario == name)]
    at_times = [one for one in records(chosen) if one.timepoint in TIMES]
    if not any(one.missing for one in at_times):
        return
    first, second = (of_scenario(one, relative, dataset) for one in at_times)
    total = int(at_times[0].n_intervention + at_times[0].n_comparator)
    size = to_size(dataset, relative.trial_id, total, str(total))
    gone = ", then ".join(language.count(int(one.missing)) for one in at_times)
    yield (
        f"Of {size} randomized, {gone} are missing. With the "
        f"{scenario_in_words(name, relative.more_is)} the odds ratio is {ratio(first)}, then "
        f"{ratio(second)}."
    )


def _counts(group: Group, found: Durability, dataset: Dataset) -> Iterator[str]:
    row = group.main
    made = [one for one in TIMES if getattr(row, f"{one}_processing") == "reconstructed"]
    if not row.event or not made:
        return
    rows = found.scenarios
    chosen = rows[(rows.change_id == row.change_id) & (rows.scenario == "observed")]
    counts = [
        number_link(of_time(row, one.timepoint, found, dataset), one.counts)
        for one in records(chosen)
        if one.timepoint in made
    ]
    at = "" if len(made) == len(TIMES) else f" {dataset.in_text('timepoint', made[0])}"
    yield f"Counts{at} are not printed but reconstructed from what is: {', then '.join(counts)}."


def _other_treatment(group: Group, main: list[Group], found: Durability, dataset: Dataset) -> str:
    row = group.main
    own = {one.main.trial_id for one in main} == {row.trial_id}
    where = "In the same trial" if own else f"In {html(row.label)}"
    before, after = group.at_times(found, dataset)
    ahead = _stays_ahead(row)
    lead = f"{_ahead(row, dataset)} by" if ahead else f"{' against '.join(_both(row, dataset))}:"
    also = _kept(group, dataset) if ahead else f" ({_side(before, row, dataset)})"
    return (
        f"{where}, {html(lead)} {group.estimate(before)} at the end of treatment, "
        f"{group.estimate(after)} at follow-up{also}."
    )


def _derived(group: Group, found: Durability, dataset: Dataset) -> str:
    row = group.main
    before, after = group.at_times(found, dataset)
    include = sum(
        getattr(row, f"{one}_ci_low") <= 0 <= getattr(row, f"{one}_ci_high") for one in TIMES
    )
    said = {2: "both intervals include no difference", 1: "one interval includes no difference"}
    return (
        f"{html(short_contrast(row, dataset))}, imputed from the arm that both share (positive "
        f"favors {html(condition_in_words(row.intervention, dataset))}): "
        f"{group.estimate(before)} at the end of treatment, "
        f"{group.estimate(after)} at follow-up; "
        f"{said.get(include, 'neither interval includes no difference')}."
    )


def _imputed(group: Group, found: Durability, dataset: Dataset) -> str:
    row = group.main
    before, after = group.at_times(found, dataset)
    change = of_change(row, dataset)
    return (
        f"{html(row.label)} against {html(sentences.comparator(row, dataset))}: "
        f"{html(group.unit(dataset))} {group.estimate(before)} at the end of treatment, "
        f"{group.estimate(after)} at follow-up, imputed; change {group.estimate(change)}."
    )


def _uncontrolled(row: Any, dataset: Dataset) -> str:
    after = sentences.when(row, dataset)
    compared = dataset.trial(row.trial_id).design == "non_randomized"
    why = f"Apart, since {'not randomized' if compared else 'uncontrolled'}"
    # Without its treatment a share of a comparison group reads as one of the therapy.
    named = compared or row.role == "comparator"
    whose = f" with {condition_in_words(row.condition, dataset)}" if named else ""
    if pd.isna(row.proportion):
        return html(f"{why}: {row.label}{whose} {after}, without a count.")
    entry = of_proportion(row, dataset)
    event = dataset.in_text("event", row.event)
    limits = language.limits(100 * row.ci_low, 100 * row.ci_high, 1)
    shown = f"{int(row.events)} of {int(row.n)} ({language.percent(entry.effect)}, {limits}%)"
    return (
        f"{why}: {html(row.label)}, {html(event)} in "
        f"{number_link(entry, shown)}{html(whose)} {html(after)}."
    )


def closing_sections(dataset: Dataset, found: Durability) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    return joined(
        _methods(dataset, found),
        _provenance(dataset, found),
        _citation(dataset, found),
        _limits(dataset, found),
    )


SHARED_METHODS = (
    "A comparison needs the same trial, arms, instrument or event, and metric at the end of "
    "treatment and at follow-up. A change within one arm is no evidence that a treatment lasts: "
    "people enter trials when they are unwell, and many get better without any treatment. Such "
    "follow-ups are listed apart.",
    "The change is the effect at follow-up minus the effect at the end of treatment, so that "
    "negative values mean that the effect shrank; of ratios it is the ratio of the two. Its "
    "variance is that of a difference of two correlated estimates (Borenstein et al. 2009, "
    "chapter 24), for logarithms of ratios by the delta method.",
    "For events the margins limit the correlation: within an arm, the shares at both times bound "
    "every joint table (Fréchet 1951; Hoeffding 1940), and with the participants seen at both "
    "times they bound the correlation of the two effects. Correlations beyond that are left out. "
    "The same bounds give the least and the greatest share of those recovered who stay recovered.",
    "The retained fraction is the effect at follow-up over that at the end of treatment (of "
    "ratios: of their logarithms), with the interval of Fieller (1954). It is given only where the "
    "effect at the end of treatment is more than 1.96 standard errors from zero, and never without "
    "its interval.",
    "Missing participants: beside the observed cases, all randomized participants are counted with "
    "the missing as not recovered, as recovered, and as favors each arm most (Cochrane Handbook "
    "2019, 10.12.3). Shares have Clopper-Pearson intervals.",
)
"""What holds for every report on follow-up; those of the workbook tell it once."""


def _methods(dataset: Dataset, found: Durability) -> Block:
    """Return what was done."""
    tried = language.listed(f"{one:g}" for one in dict.fromkeys(found.changes.correlation))
    paragraphs = [
        *(SHARED_METHODS if dataset.imported else ()),
        f"No source prints the correlation: the main intervals suppose {found.correlation:g}, and "
        f"the table shows {tried}. Whatever rests on it is marked imputed.",
    ]
    if found.comparisons.derived.any():
        paragraphs.append(
            "Where a trial compares two treatments with the same arm and prints no interval for "
            "the contrast between the two, it is derived: the difference of both contrasts, whose "
            "correlation follows from the shared arm and the sizes of the arms (Franchini et al. "
            "2012). It is imputed."
        )
    shared = () if dataset.imported else (("follow-up", "how follow-ups are compared"),)
    return closing.methods([*paragraphs, across_trials(found)], shared)


def _provenance(dataset: Dataset, found: Durability) -> Block:
    return origins.provenance(
        dataset,
        estimates=found.estimates,
        pooled=list(_computed(dataset, found)),
        heading="Shares, changes and what is left",
    )


def _computed(dataset: Dataset, found: Durability) -> Iterator[tuple[LedgerEntry, str | Cell]]:
    counted = found.uncontrolled[found.uncontrolled.proportion.notna()]
    for frame in (found.arms, counted):
        for row in records(frame):
            yield of_proportion(row, dataset), Cell(chains.printed(row, dataset))
    for row in records(found.comparisons):
        changes = found.changes[found.changes.change_id == row.change_id]
        at_times = [of_time(row, one, found, dataset) for one in ("post", "follow_up")]
        # At other correlations the numbers are the same, and the method says which it is.
        supposed = [None, *(each for each in records(changes) if not each.reason)]
        changed = [of_change(row, dataset, one) for one in supposed]
        kept = [of_retained(row, dataset, one) for one in supposed]
        for family, told in (
            (changed, chains.subtraction(row, *at_times)),
            (kept, chains.division(row) if row.post_effect else ""),
        ):
            entries = {one.estimate_id: one for one in family if one is not None}
            for place, one in enumerate(entries.values()):
                yield one, "" if place else told
        rows = found.scenarios
        assumed = rows[(rows.change_id == row.change_id) & (rows.scenario != "observed")]
        for _, group in assumed.groupby("scenario", sort=False):
            counts = [one.counts for one in records(group) if one.counts]
            for one in records(group):
                yield of_scenario(one, row, dataset), one.counts or ", then ".join(counts)


def _citation(dataset: Dataset, found: Durability) -> Block:
    leading = parts(found).main
    also = union([*found.uncontrolled.locator_ids, *found.unpaired.locator_ids])
    if not leading:
        return closing.citation(dataset, found.estimates, also=also)
    group = leading[0]
    row = group.main
    before, after = (" (".join([*group.shown(one)]) + ")" for one in group.at_times(found, dataset))
    change = of_change(row, dataset)
    number, limits = group.shown(change)
    sentence = (
        f"{dataset.in_text('condition', row.intervention)} compared with "
        f"{sentences.comparator(row, dataset)}, {group.unit(dataset)}: {before} at the end of "
        f"treatment, {after} {when(row, found, dataset)}; change {number} (95% CI, {limits}, "
        f"at a correlation of {row.correlation:g} that no source prints; one trial, {row.label})."
    )
    return closing.citation(
        dataset, found.estimates, sentence=sentence, estimate_id=row.change_id, also=also
    )


def _limits(dataset: Dataset, found: Durability) -> Block:
    none = found.trials[found.trials.state == "none"]
    total = len(found.trials)
    silent = f"{language.count(len(none))} {'has' if len(none) == 1 else 'have'}"
    reconstructed = "reconstructed" in set(found.comparisons.post_processing)
    also = [
        f"{language.capitalized(language.count(total, 'randomized trial'))} of this therapy "
        "are known "
        f"here; in the sources seen, {silent} no follow-up. Trials that found nothing at "
        "follow-up may be less likely to print it.",
        "A follow-up tells of those who were still there. Who leaves may differ by arm.",
        *(
            ["Counts are reconstructed from printed percentages; they are not printed."]
            if reconstructed
            else []
        ),
        *uncertain_weeks(found.comparisons),
    ]
    return closing.limits(dataset, trial_ids=list(found.trials.trial_id), also=also)
