"""From estimates and pooled results to entries of the ledger, on the scale that readers quote."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display.text import total
from evidence.display.words import COMPARATOR, METRIC, OUTCOME, THERAPY, TIMEPOINT, term
from evidence.ledger import LedgerEntry
from evidence.provenance import union, worst
from evidence.specification import Analysis, StressTest
from evidence.synthesis.univariate import Pooled


def of_estimate(row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of one trial-level estimate, a row of the frame of estimates."""
    ratio = row.metric.startswith("log_")
    scale = math.exp if ratio else float
    instruments = dataset.instruments.set_index("instrument_id").name
    measure = row.event or instruments.get(row.instrument_id, row.instrument_id)
    return LedgerEntry(
        estimate_id=row.estimate_id,
        label=f"{row.label}, {measure}, {term(TIMEPOINT, row.timepoint)}, "
        f"{term(THERAPY, row.intervention)} against {term(COMPARATOR, row.comparator)}",
        metric=row.metric.removeprefix("log_"),
        scale="ratio" if ratio else "difference",
        effect=scale(row.effect),
        ci_low=_maybe(row.ci_low, scale),
        ci_high=_maybe(row.ci_high, scale),
        ci_level=None if pd.isna(row.ci_low) else 0.95,
        p_value=None,
        k=1,
        n=total(row),
        comparator=row.comparator,
        comparator_class=row.comparator_class,
        timepoint=row.timepoint,
        processing=row.processing,
        method=f"{row.route}; {row.convention}" if row.convention else row.route,
        trial_ids=(row.trial_id,),
        result_ids=tuple(row.result_ids),
        locator_ids=tuple(row.locator_ids),
        correction_ids=tuple(row.correction_ids),
        reports=(),
        data_version=dataset.version,
    )


def of_analysis(analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a pooled result."""
    rows = analysis.selection.estimates
    return _pooled(
        analysis.estimate_id,
        "pooled",
        analysis.pooled,
        analysis,
        rows,
        analysis.n,
        worst(rows.processing),
        dataset,
    )


def of_stress_test(stress: StressTest, analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the result with unreported results at zero."""
    rows = pd.concat([analysis.selection.estimates, stress.entered], ignore_index=True)
    return _pooled(
        stress.estimate_id,
        "with unreported results at zero",
        stress.at_zero,
        analysis,
        rows,
        stress.n,
        "imputed",
        dataset,
    )


def _pooled(
    estimate_id: str,
    what: str,
    pooled: Pooled,
    analysis: Analysis,
    rows: pd.DataFrame,
    n: int,
    processing: str,
    dataset: Dataset,
) -> LedgerEntry:
    specification = analysis.specification
    ratio = analysis.selection.metric.startswith("log_")
    scale = math.exp if ratio else float
    return LedgerEntry(
        estimate_id=estimate_id,
        label=f"{term(THERAPY, specification.therapy)}, {term(OUTCOME, specification.outcome)}, "
        f"{term(TIMEPOINT, specification.timepoint)}, {term(METRIC, analysis.selection.metric)}, "
        f"{what}",
        metric=analysis.selection.metric.removeprefix("log_"),
        scale="ratio" if ratio else "difference",
        effect=scale(pooled.effect),
        ci_low=scale(pooled.ci_low),
        ci_high=scale(pooled.ci_high),
        ci_level=pooled.level,
        p_value=pooled.p_value,
        k=pooled.k,
        n=n,
        comparator="; ".join(union([rows.comparator])),
        comparator_class="; ".join(union([rows.comparator_class])),
        timepoint=specification.timepoint,
        processing=processing,
        method=f"tau2 {pooled.tau2_method}, interval {pooled.interval_method}",
        trial_ids=union([rows.trial_id]),
        result_ids=union(rows.result_ids),
        locator_ids=union(rows.locator_ids),
        correction_ids=union(analysis.selection.estimates.correction_ids),
        reports=(),
        data_version=dataset.version,
    )


def _maybe(value: Any, scale: Callable[[float], float]) -> float | None:
    return None if pd.isna(value) else scale(value)
