"""From pooled odds ratios of a rare event to entries of the ledger."""

from dataclasses import replace

from evidence.dataset import Dataset
from evidence.display import words
from evidence.display.entries import below_favors
from evidence.estimation.from_events import table as in_words
from evidence.estimation.row import QuotedScale
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.specification.rare_events import RareEvents, RareResult
from evidence.synthesis.counts import PooledEvents
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


def of_result(result: RareResult, events: RareEvents, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a pooled odds ratio."""
    pooled = result.pooled
    therapy, outcome = names(dataset, events)
    rows = [one.row for one in result.tables]
    sizes = [one.fewest_missing for one in result.tables]
    scale = scale_of(events)
    effect, low, high = scale.quoted(pooled.effect or 0.0, pooled.ci_low, pooled.ci_high)
    return LedgerEntry(
        estimate_id=result.estimate_id,
        label=f"{therapy}, {outcome}, odds ratio, {METHOD[result.method]}, "
        f"{words.listed(one.label for one in rows)}"
        f"{below_favors(scale, events.therapy, dataset)}",
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
        reports=(),
        data_version=dataset.version,
    )


def _p_note(pooled: PooledEvents) -> str:
    """Return what the P beside an exact interval is, and that of Fisher's test."""
    if pooled.p_fisher is None:
        return ""
    # Without "P =": a sentence has one P that belongs to its interval, and `check` compares that.
    fisher = words.p_value(pooled.p_fisher).removeprefix("P ").removeprefix("= ")
    return f"twice the smaller exact tail; Fisher’s two-sided test gives {fisher}"


def scale_of(events: RareEvents) -> QuotedScale:
    """Return the scale on which the odds ratios of an event are quoted."""
    return QuotedScale("log_odds_ratio", events.tables[0].row.more_is)


def of_ends(
    result: RareResult, events: RareEvents, dataset: Dataset
) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the lowest and the highest odds ratio over all counts that fit."""
    entry = of_result(result, events, dataset)
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
