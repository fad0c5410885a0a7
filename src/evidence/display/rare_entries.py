"""From pooled odds ratios of a rare event to entries of the ledger."""

import math
from dataclasses import replace

from evidence.dataset import Dataset
from evidence.display import words
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.specification.rare_events import RareEvents, RareResult

METHOD = {
    "exact": "exact conditional",
    "mantel_haenszel": "Mantel-Haenszel",
    "peto": "Peto",
}
"""Methods in words."""


def names(dataset: Dataset, events: RareEvents) -> tuple[str, str]:
    """Return the therapy and the event in words."""
    return (
        words.term(words.THERAPY, events.therapy),
        words.term(words.OUTCOME, events.outcome, dataset.vocabulary("outcome")),
    )


def of_result(result: RareResult, events: RareEvents, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a pooled odds ratio."""
    pooled = result.pooled
    therapy, outcome = names(dataset, events)
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


def usual(entry: LedgerEntry) -> tuple[str, str]:
    """Return an odds ratio of the event with its limits, the therapy against the comparator.

    The ledger turns it, so that above 1 favors the therapy, as everywhere; readers of trials expect
    the odds of the event with the therapy over those with the comparator.
    """
    effect, low, high = (
        None if one is None or one == 0 else 1 / one
        for one in (entry.effect, entry.ci_high, entry.ci_low)
    )
    return words.fixed(effect), words.limits(low, high)


def of_ends(
    result: RareResult, events: RareEvents, dataset: Dataset
) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the lowest and the highest odds ratio over all counts that fit."""
    entry = of_result(result, events, dataset)
    low, high = (
        replace(
            entry,
            estimate_id=f"{entry.estimate_id}.{end}est",
            label=f"{entry.label}, {end}est over all counts that fit",
            effect=math.exp(value),
            ci_low=None,
            ci_high=None,
            ci_level=None,
            p_value=None,
            processing="imputed",
        )
        for end, value in (("low", result.low), ("high", result.high))
    )
    return low, high
