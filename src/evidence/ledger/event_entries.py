"""From pooled odds ratios of a rare event to entries of the ledger."""

import math
from dataclasses import replace

from evidence import language
from evidence.analysis.rare_events import RareEvents, RareResult
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.estimation.from_events import table as in_words
from evidence.estimation.row import QuotedScale
from evidence.ledger import LedgerEntry
from evidence.ledger.entries import below_favors
from evidence.meta.rare_events.counts import PooledEvents
from evidence.terms import EntryKind

METHOD = {
    "exact": "exact conditional",
    "mantel_haenszel": "Mantel-Haenszel",
    "peto": "Peto",
}
"""Methods in words."""


def names(dataset: Dataset, events: RareEvents) -> tuple[str, str]:
    """Return the therapy and the event in words."""
    return (
        dataset.in_text("therapy", events.therapy),
        dataset.in_text("outcome", events.outcome),
    )


def label_of(result: RareResult, events: RareEvents, dataset: Dataset) -> str:
    """Return the label of a pooled odds ratio, without the side that favors the therapy."""
    therapy, outcome = names(dataset, events)
    trials = language.listed(one.row.label for one in result.tables)
    return f"{therapy}, {outcome}, odds ratio, {METHOD[result.method]}, {trials}"


def of_result(result: RareResult, events: RareEvents, dataset: Dataset) -> LedgerEntry | None:
    """Return the entry of a pooled odds ratio, None where the counts allow no finite one."""
    pooled = result.pooled
    if pooled.effect is None or not math.isfinite(pooled.effect):
        return None
    rows = [one.row for one in result.tables]
    sizes = [one.fewest_missing for one in result.tables]
    scale = scale_of(events)
    effect, low, high = scale.quoted(pooled.effect, pooled.ci_low, pooled.ci_high)
    return LedgerEntry(
        estimate_id=result.estimate_id,
        label=f"{label_of(result, events, dataset)}{below_favors(scale, events.therapy, dataset)}",
        entry_kind=EntryKind.POOLED,
        metric="odds_ratio",
        scale="ratio",
        favors=scale.favors,
        effect=effect,
        ci_low=low,
        ci_high=high,
        ci_level=pooled.level,
        p_value=pooled.p_value,
        p_note=_p_note(pooled),
        q=pooled.q,
        q_df=pooled.q_df,
        q_p=pooled.q_p,
        se=pooled.se,
        k=pooled.k,
        n=sum(one.n_1 + one.n_2 for one in sizes),
        counts="; ".join(
            f"{one.label} {in_words(counts)}" if len(rows) > 1 else in_words(counts)
            for one, counts in zip(rows, sizes, strict=True)
        ),
        comparator="; ".join(union([[one.comparator for one in rows]])),
        comparator_class="; ".join(union([[one.comparator_class for one in rows]])),
        timepoint="last",
        processing=result.processing,
        method=METHOD[result.method],
        trial_ids=tuple(one.trial_id for one in rows),
        result_ids=union(one.result_ids for one in rows),
        locator_ids=union(one.locator_ids for one in rows),
        correction_ids=union(one.correction_ids for one in rows),
        data_version=dataset.version,
    )


def no_ratio(result: RareResult, events: RareEvents) -> str:
    """Return why there is no finite odds ratio, and the one limit that an exact interval has."""
    if not any(one.fewest_missing.events_1 + one.fewest_missing.events_2 for one in result.tables):
        return "No event in either arm: no odds ratio"
    pooled = result.pooled
    if pooled.ci_low is None or pooled.ci_high is None:
        return "These counts allow no odds ratio"
    low, high = scale_of(events).ends(pooled.ci_low, pooled.ci_high)
    limit = (
        f"at least {language.fixed(low)}" if math.isinf(high) else f"at most {language.fixed(high)}"
    )
    return f"No finite odds ratio above 0; exact 95% interval: {limit}"


def _p_note(pooled: PooledEvents) -> str:
    """Return what the P beside an exact interval is, and that of Fisher's test."""
    if pooled.p_fisher is None:
        return ""
    # Without "P =": a sentence has one P that belongs to its interval, and `check` compares that.
    fisher = language.p_value(pooled.p_fisher).removeprefix("P ").removeprefix("= ")
    return f"twice the smaller exact tail; Fisher’s two-sided test gives {fisher}"


def scale_of(events: RareEvents) -> QuotedScale:
    """Return the scale on which the odds ratios of an event are quoted."""
    return QuotedScale("log_odds_ratio", events.tables[0].row.more_is)


def of_ends(
    result: RareResult, events: RareEvents, dataset: Dataset
) -> tuple[LedgerEntry, LedgerEntry] | None:
    """Return the entries of the lowest and the highest odds ratio over all counts that fit.

    There are none where the odds ratio, or an end, is not finite.
    """
    entry = of_result(result, events, dataset)
    if entry is None or not math.isfinite(result.low) or not result.low < result.high < math.inf:
        return None
    ends = scale_of(events).ends(result.low, result.high)
    low, high = (
        replace(
            entry,
            estimate_id=f"{entry.estimate_id}.{end}est",
            label=f"{entry.label}, {end}est over all counts that fit",
            entry_kind=EntryKind.POOLED_RANGE_END,
            effect=value,
            counts="",
            ci_low=None,
            ci_high=None,
            ci_level=None,
            p_value=None,
            p_note="",
            processing="imputed",
        )
        for end, value in zip(("low", "high"), ends, strict=True)
    )
    return low, high
