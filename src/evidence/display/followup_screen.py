"""The first screen of a report on follow-up: both times, the change, and what stands apart."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import remarks, text, words
from evidence.display.card_links import to_size
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
    Group,
    Parts,
    arms_of,
    condition_in_words,
    parts,
    ratio,
    short_contrast,
    when,
)
from evidence.display.headline import Headline, answer, plain
from evidence.display.output import Block
from evidence.display.tables import number_link
from evidence.followup import Durability
from evidence.records import records
from evidence.specification.power import information_size
from evidence.terms import RemarkKind, has

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
    paragraph = " ".join(_sentence(one, found, dataset) for one in by_part.main)
    figures = [one for group in by_part.main[:1] for one in _headlines(group, found, dataset)]
    said = list(_remarks(by_part, found, dataset))
    block = answer(_say(by_part, found, dataset), paragraph, figures, said)
    return replace(block, text="\n".join([block.text, *(f"- {plain(one)}" for one in said)]))


def _remarks(by_part: Parts, found: Durability, dataset: Dataset) -> Iterator[str]:
    for group in by_part.main:
        yield from _missing(group, found, dataset)
        yield from _counts(group, found, dataset)
        yield from _correlations(group, found, dataset)
    for group in by_part.other_treatments:
        yield _other_treatment(group, found, dataset)
    for group in by_part.derived:
        yield _derived(group, found, dataset)
    for group in by_part.imputed:
        yield _imputed(group, found, dataset)
    for row in records(found.uncontrolled):
        yield _uncontrolled(row, dataset)
    trials = found.trials
    none = trials.label[(trials.state == "none") & (trials.status == "published")]
    if not none.empty:
        yield f"No follow-up in any source seen: {html(words.listed(none))}."
    in_points = {one.main.instrument_id for one in by_part.main if one.main.metric == POINTS}
    for instrument_id in sorted(in_points):
        yield from remarks.unknown_range(dataset, instrument_id)


def _say(by_part: Parts, found: Durability, dataset: Dataset) -> str:
    """Return whether a difference is there at follow-up, and what is known of its change."""
    therapy = dataset.in_text("therapy", found.therapy)
    changes = [one.main for one in by_part.main]
    if not changes:
        return f"No trial compares {therapy} with anything both at the end of treatment and later."
    there = [_later(row, found, dataset) for row in changes if row.follow_up_ci_low > 0]
    first = f"{words.capitalized('; '.join(there))}" if there else ""
    if all(row.change_ci_low <= 0 <= row.change_ci_high for row in changes):
        if there:
            return f"{first}; how much of the difference is lost, if any, is not known."
        return f"Whether any difference between {therapy} and other care lasts is not known."
    if all(row.change_ci_high < 0 for row in changes):
        change = f"Part of the effect of {therapy} is lost after treatment."
    elif all(row.change_ci_low > 0 for row in changes):
        change = f"The effect of {therapy} is larger at follow-up than at the end of treatment."
    else:
        change = f"Trials do not agree on how much of the effect of {therapy} lasts."
    return f"{first}. {change}" if there else change


def _later(row: Any, found: Durability, dataset: Dataset) -> str:
    """Return a difference at follow-up whose interval excludes none, in words alone."""
    still = "still " if row.post_ci_low > 0 else ""
    n = row.follow_up_n_intervention + row.follow_up_n_comparator
    small = "small " if n < information_size(MEDIUM) else ""
    if row.event:
        outcome = dataset.short("outcome", row.outcome_id)
        what = f"{dataset.in_text('event', row.event)} ({outcome})"
        moved = "more frequent" if row.more_is == "better" else "less frequent"
    else:
        what = dataset.short("outcome", row.outcome_id)
        higher_is = dataset.instruments.set_index("instrument_id").higher_is[row.instrument_id]
        moved = "lower" if higher_is == "worse" else "higher"
    treatment, other = _both(row, dataset)
    # The sentence after this one says from when it is counted.
    at = when(row, found, dataset).partition(" (")[0]
    return f"in one {small}trial {what} was {still}{moved} with {treatment} than with {other} {at}"


def _sentence(group: Group, found: Durability, dataset: Dataset) -> str:
    if RELATIVE in group.rows and not arms_of(group.main, found).empty:
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
            f"{number_link(before, words.fixed(100 * before.effect, 1))} to "
            f"{number_link(after, words.percent(after.effect))} with "
            f"{html(condition_in_words(first.condition, dataset))}"
        )
    moved = {-2: "fell in both arms", 2: "rose in both arms"}.get(sum(directions), "changed")
    relative = group.rows[RELATIVE]
    at_post, at_follow_up = (of_time(relative, one, found, dataset) for one in TIMES)
    event = f"{dataset.in_text('event', row.event)} ({event_in_words(row.event, dataset)})"
    later = when(row, found, dataset).removeprefix("at ")
    return (
        f"In {html(row.label)}, {html(event)} {moved} from the end of treatment to {html(later)}: "
        f"{', '.join(spans)}. {_difference(group, found, dataset)} The odds ratio went from "
        f"{ratio(at_post)} to {ratio(at_follow_up)}; their ratio is "
        f"{ratio(of_change(relative, dataset))}."
    )


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
    return (
        f"In {html(row.label)}, {html(_ahead(row, dataset))} by {group.number(before)} "
        f"{html(group.unit(dataset))} at the end of treatment and by {group.number(after)} "
        f"{html(when(row, found, dataset))}: "
        f"{_lost(group, dataset)}{_kept(group, dataset)}."
    )


def _ahead(row: Any, dataset: Dataset) -> str:
    """Return who was ahead of whom, as "ABCT added to usual care was ahead of usual care alone"."""
    return " was ahead of ".join(_both(row, dataset))


def _both(row: Any, dataset: Dataset) -> tuple[str, str]:
    """Return both treatments, as "ABCT added to usual care" and "usual care alone"."""
    name = condition_in_words(row.intervention, dataset)
    against = text.comparator(row, dataset)
    if row.comparator == "usual_care" and text.added(row.intervention_arm_id, dataset):
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
    limits = f"({words.limits(100 * low, 100 * high, 0)}%)"
    shown = f"{words.percent(share, 0)} of the difference was left {limits}"
    return f", {number_link(entry, shown)}"


def _headlines(group: Group, found: Durability, dataset: Dataset) -> list[Headline]:
    row = group.main
    sizes_imputed = has(row, RemarkKind.SIZES_IMPUTED)
    made = []
    for timepoint, at in zip(
        TIMES, (dataset.in_text("timepoint", "post"), when(row, found, dataset)), strict=True
    ):
        entry = of_time(row, timepoint, found, dataset)
        sizes = " + ".join(
            str(getattr(row, f"{timepoint}_n_{arm}")) for arm in ("intervention", "comparator")
        )
        who = f"{sizes} randomized, arm sizes imputed" if sizes_imputed else f"{sizes} assessed"
        caption = (
            f"{group.unit(dataset)} in favor of "
            f"{dataset.in_text('condition', row.intervention)}, {at}; "
            f"against {text.comparator(row, dataset)}; {who}; {entry.processing}"
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
    ends = [(tried[0], entries[0]), (tried[-1], entries[-1])]
    shown = " and ".join(
        f"{number_link(entry, group.shown(entry)[1])} if {one.correlation:g}" for one, entry in ends
    )
    bound = (
        f"; the percentages allow at most {words.fixed(row.correlation_high)}"
        if row.correlation_high < 1
        else ""
    )
    beyond = {one.change_ci_low > 0 or one.change_ci_high < 0 for one in tried}
    none = "1" if row.metric.startswith("log_") else "0"
    decides = ", so whether it includes no change depends on that" if len(beyond) > 1 else ""
    yield (
        f"Intervals of a change suppose that the estimates at both times correlate at "
        f"{row.correlation:g}, which no source prints{bound}. The interval of the change "
        f"(below {none}: a loss) is {shown}{decides}."
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
    gone = ", then ".join(words.count(int(one.missing)) for one in at_times)
    yield (
        f"Of {size} randomized, {gone} are missing. With the "
        f"{scenario_in_words(name, relative.more_is)} the odds ratio is {ratio(first)}, then "
        f"{ratio(second)}."
    )


def _counts(group: Group, found: Durability, dataset: Dataset) -> Iterator[str]:
    if not group.main.event or group.main.post_processing != "reconstructed":
        return
    rows = found.scenarios
    chosen = rows[(rows.change_id == group.main.change_id) & (rows.scenario == "observed")]
    counts = [
        number_link(of_time(group.main, one.timepoint, found, dataset), one.counts)
        for one in records(chosen)
        if one.timepoint in TIMES
    ]
    yield f"Counts are not printed but reconstructed from what is: {', then '.join(counts)}."


def _other_treatment(group: Group, found: Durability, dataset: Dataset) -> str:
    row = group.main
    before, after = group.at_times(found, dataset)
    return (
        f"In the same trial, {html(_ahead(row, dataset))} by {group.estimate(before)} at the end "
        f"of treatment, {group.estimate(after)} at follow-up{_kept(group, dataset)}."
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
        f"{html(row.label)} against {html(text.comparator(row, dataset))}: "
        f"{html(group.unit(dataset))} {group.estimate(before)} at the end of treatment, "
        f"{group.estimate(after)} at follow-up, imputed; change {group.estimate(change)}."
    )


def _uncontrolled(row: Any, dataset: Dataset) -> str:
    after = text.when(row, dataset)
    if pd.isna(row.proportion):
        return html(f"Apart, since uncontrolled: {row.label} {after}, without a count.")
    entry = of_proportion(row, dataset)
    event = dataset.in_text("event", row.event)
    limits = words.limits(100 * row.ci_low, 100 * row.ci_high, 1)
    shown = f"{int(row.events)} of {int(row.n)} ({words.percent(entry.effect)}, {limits}%)"
    return (
        f"Apart, since uncontrolled: {html(row.label)}, {html(event)} in "
        f"{number_link(entry, shown)} {html(after)}."
    )
