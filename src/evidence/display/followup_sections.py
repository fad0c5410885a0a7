"""Closing sections of a report on follow-up: methods, provenance, citation, limits."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import chains, origins, sections, text, words
from evidence.display.escape import html
from evidence.display.followup_entries import (
    of_change,
    of_proportion,
    of_retained,
    of_scenario,
    of_time,
)
from evidence.display.followup_groups import parts, when
from evidence.display.followup_tables import across_trials
from evidence.display.output import Block
from evidence.display.tables import Cell
from evidence.display.words import MINUS, fixed
from evidence.followup import Durability
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.records import records


def methods(found: Durability) -> Block:
    """Return the methods section from what was done."""
    tried = words.listed(f"{one:g}" for one in dict.fromkeys(found.changes.correlation))
    paragraphs = [
        "A comparison needs the same trial, arms, instrument or event, and metric at the end of "
        "treatment and at follow-up. A change within one arm is no evidence that a treatment "
        "lasts: people enter trials when they are unwell, and many get better without any "
        "treatment. Such follow-ups are listed apart.",
        "The change is the effect at follow-up minus the effect at the end of treatment, so that "
        "negative values mean that the effect shrank; of ratios it is the ratio of the two. Its "
        "variance is that of a difference of two correlated estimates (Borenstein et al. 2009, "
        "chapter 24), for logarithms of ratios by the delta method. No source prints the "
        f"correlation: the main intervals suppose {found.correlation:g}, and the table shows "
        f"{tried}. Whatever rests on it is marked imputed.",
        "For events the margins limit the correlation: within an arm, the shares at both times "
        "bound every joint table (Fréchet 1951; Hoeffding 1940), and with the participants seen at "
        "both times they bound the correlation of the two effects. Correlations beyond that are "
        "left out. The same bounds give the least and the greatest share of those recovered who "
        "stay recovered.",
        "The retained fraction is the effect at follow-up over that at the end of treatment (of "
        "ratios: of their logarithms), with the interval of Fieller (1954). It is given only where "
        "the effect at the end of treatment is more than 1.96 standard errors from zero, and never "
        "without its interval.",
        "Missing participants: beside the observed cases, all randomized participants are counted "
        "with the missing as not recovered, as recovered, and as favors each arm most (Cochrane "
        "Handbook 2019, 10.12.3). Shares have Clopper-Pearson intervals.",
    ]
    if found.comparisons.derived.any():
        paragraphs.append(
            "Where a trial compares two treatments with the same arm and prints no interval for "
            "the contrast between the two, it is derived: the difference of both contrasts, whose "
            "correlation follows from the shared arm and the sizes of the arms (Franchini et al. "
            "2012). It is imputed."
        )
    paragraphs.append(across_trials(found))
    return sections.methods(paragraphs)


def provenance(dataset: Dataset, found: Durability) -> Block:
    """Return the section that tells where each number comes from."""
    return origins.provenance(
        dataset,
        estimates=found.estimates,
        pooled=list(_computed(dataset, found)),
        heading="Shares, changes and what is left",
        caption="Numbers computed from the estimates above or from counts, with the numbers put in",
    )


def _computed(dataset: Dataset, found: Durability) -> Iterator[tuple[LedgerEntry, str | Cell]]:
    counted = found.uncontrolled[found.uncontrolled.proportion.notna()]
    for frame in (found.arms, counted):
        for row in records(frame):
            yield of_proportion(row, dataset), _printed(row, dataset)
    for row in records(found.comparisons):
        changes = found.changes[found.changes.change_id == row.change_id]
        at_times = [of_time(row, one, found, dataset) for one in ("post", "follow_up")]
        entries: dict[str, tuple[LedgerEntry, str]] = {}
        for one in (None, *(each for each in records(changes) if not each.reason)):
            change = of_change(row, dataset, one)
            entries[change.estimate_id] = change, _subtraction(row, at_times, one or row)
            kept = of_retained(row, dataset, one)
            if kept is not None:
                entries[kept.estimate_id] = kept, _division(row, kept)
        yield from entries.values()
        rows = found.scenarios
        assumed = rows[(rows.change_id == row.change_id) & (rows.scenario != "observed")]
        for _, group in assumed.groupby("scenario", sort=False):
            counts = [one.counts for one in records(group) if one.counts]
            for one in records(group):
                yield of_scenario(one, row, dataset), one.counts or ", then ".join(counts)


def _printed(row: Any, dataset: Dataset) -> Cell:
    """Return what is printed of an arm, and where."""
    said = chains.printed(row, dataset)
    markup = f"{html(said)}<br>{origins.sources(row.locator_ids, dataset)}"
    return Cell(said, markup=markup)


def _subtraction(row: Any, at_times: list[LedgerEntry], one: Any) -> str:
    before, after = at_times
    ratio = row.metric.startswith("log_")
    if ratio:
        value = f"{fixed(after.effect)} / {fixed(before.effect)}"
    else:
        value = f"{fixed(row.follow_up_effect, 3)} {MINUS} {fixed(row.post_effect, 3)}"
    errors = [fixed(variance**0.5, 3) for variance in (row.post_variance, row.follow_up_variance)]
    scale = "; standard error of its logarithm " if ratio else "; standard error "
    return (
        f"{value}{scale}√({errors[0]}² + {errors[1]}² {MINUS} 2 × {one.correlation:g} × "
        f"{errors[0]} × {errors[1]}) = {fixed(one.change_se, 3)}"
    )


def _division(row: Any, kept: LedgerEntry) -> str:
    return (
        f"{fixed(row.follow_up_effect, 3)} / {fixed(row.post_effect, 3)} = {fixed(kept.effect, 3)}"
    )


def citation(dataset: Dataset, found: Durability) -> Block:
    """Return a sentence to cite, its id, and the references it needs."""
    leading = parts(found).main
    also = union([*found.uncontrolled.locator_ids, *found.unpaired.locator_ids])
    if not leading:
        return sections.citation(dataset, found.estimates, also=also)
    group = leading[0]
    row = group.main
    before, after = (" (".join([*group.shown(one)]) + ")" for one in group.at_times(found, dataset))
    change = of_change(row, dataset)
    number, limits = group.shown(change)
    sentence = (
        f"{dataset.in_text('condition', row.intervention)} compared with "
        f"{text.comparator(row, dataset)}, {group.unit(dataset)}: {before} at the end of "
        f"treatment, {after} {when(row, found, dataset)}; change {number} (95% CI, {limits}, "
        f"at a correlation of {row.correlation:g} that no source prints; one trial, {row.label})."
    )
    return sections.citation(
        dataset, found.estimates, sentence=sentence, estimate_id=row.change_id, also=also
    )


def limits(dataset: Dataset, found: Durability) -> Block:
    """Return what the report cannot say."""
    none = found.trials[found.trials.state == "none"]
    total = len(found.trials)
    silent = f"{words.count(len(none))} {'has' if len(none) == 1 else 'have'}"
    reconstructed = "reconstructed" in set(found.comparisons.post_processing)
    also = [
        f"{words.capitalized(words.count(total, 'randomized trial'))} of this therapy are known "
        f"here; in the sources seen, {silent} no follow-up. Trials that found nothing at "
        "follow-up may be less likely to print it.",
        "A follow-up tells of those who were still there. Who leaves may differ by arm.",
        *(
            ["Counts are reconstructed from printed percentages; they are not printed."]
            if reconstructed
            else []
        ),
        *_uncertain_weeks(found.comparisons),
    ]
    return sections.limits(dataset, trial_ids=list(found.trials.trial_id), also=also)


def _uncertain_weeks(comparisons: pd.DataFrame) -> list[str]:
    """Return for which trials the time since the end of treatment is open."""
    made = {
        row.label: f"{row.label}: between {row.follow_up_weeks_low:g} and "
        f"{row.follow_up_weeks_high:g} weeks after the end of treatment, as its sources do not "
        "agree on the length of treatment or do not say from when they count."
        for row in records(comparisons)
        if row.follow_up_weeks_low < row.follow_up_weeks_high
    }
    return list(made.values())
