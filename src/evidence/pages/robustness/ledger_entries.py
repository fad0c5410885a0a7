"""From assumptions and what-ifs to entries of the ledger."""

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence.analysis import Analysis, analyze
from evidence.analysis.alternatives import includes_no_difference
from evidence.analysis.power import OneMoreTrial
from evidence.analysis.sensitivity import Clustered
from evidence.analysis.stress_test import ZERO, StressTest, stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.row import NORMAL_975, QuotedScale, participants
from evidence.estimation.selection import STANDARDIZED
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.ledger.choices import differing
from evidence.terms import EntryKind, Favors

SCENARIO = {
    "observed": "participants assessed",
    "missing_bad": "missing counted as having had the bad outcome",
    "missing_good": "missing counted as having had the good outcome",
    "best": "missing counted so as to favor the therapy most",
    "worst": "missing counted so as to favor the therapy least",
}
"""Assumptions about missing participants in words."""


def of_panel_row(row: Any, analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of one combination of choices, by making its analysis anew.

    Parameters
    ----------
    row : namedtuple
        Row of `evidence.analysis.multiverse.panel`.
    analysis : Analysis
        Main analysis.
    dataset : Dataset
        Data package.
    """
    specification = replace(
        analysis.specification,
        instrument=row.instrument,
        adjustment=row.adjustment,
        convention=row.convention,
        imputed=row.imputed,
        tau2=row.tau2_method,
        interval=row.interval,
    )
    if row.trials == "with_overall":
        specification = replace(specification, overall="as_post", metric=STANDARDIZED)
    same_frame = specification.convention == analysis.specification.convention
    made = analyze(dataset, specification, analysis.frame if same_frame else None)
    stress = stress_test(made) if row.trials == ZERO else None
    if stress is not None:
        return entries.of_stress_test(stress, made, dataset)
    return entries.of_analysis(made, dataset)


def of_share(panel: pd.DataFrame, analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the share of the panel whose intervals include no difference."""
    main = entries.of_analysis(analysis, dataset)
    including = includes_no_difference(panel)
    return replace(
        main,
        estimate_id=f"{analysis.estimate_id}.panel.share_including_no_difference",
        label=f"{_about(analysis, dataset)}, share of {len(panel)} analyses whose interval "
        "includes no difference",
        entry_kind=EntryKind.COUNT,
        metric="share_of_analyses",
        scale="proportion",
        favors="",
        effect=float(including.mean()),
        ci_low=None,
        ci_high=None,
        ci_level=None,
        p_value=None,
        k=None,
        n=None,
        processing="imputed",
        method=f"{int(including.sum())} of {len(panel)} combinations of choices",
    )


def of_clustered(one: Clustered, analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the pooled result under an assumption about clusters."""
    main = entries.of_analysis(analysis, dataset)
    pooled = one.pooled
    scale = analysis.selection.scale
    effect, low, high = scale.quoted(pooled.effect, pooled.ci_low, pooled.ci_high)
    return replace(
        main,
        estimate_id=one.estimate_id,
        label=f"{_about(analysis, dataset)}, as if {one.cluster_size:g} participants shared a "
        f"therapist, correlation {one.correlation:g}",
        entry_kind=EntryKind.WHAT_IF,
        effect=effect,
        ci_low=low,
        ci_high=high,
        p_value=pooled.p_value,
        processing="imputed",
        method=f"{main.method}; variances times 1 + (m - 1) ICC",
    )


def of_power(row: Any, analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the power of a trial, a row of `trial_power`."""
    specification = analysis.specification
    arms = dataset.arms
    printed = arms[arms.trial_id == row.trial_id].n_randomized.notna().all()
    return LedgerEntry(
        estimate_id=f"{row.trial_id}.{specification.outcome}.{specification.timepoint}"
        f".power_{row.effect:g}",
        label=f"{row.label}, against {sentences.comparator(row, dataset)}, power for a "
        "standardized "
        f"difference of {row.effect:g}",
        entry_kind=EntryKind.POWER,
        metric="power",
        scale="proportion",
        effect=row.power,
        k=1,
        n=participants(row),
        comparator=row.comparator,
        comparator_class=row.comparator_class,
        timepoint=specification.timepoint,
        processing="converted" if printed else "imputed",
        method=f"two-sided t test, {row.n_intervention} and {row.n_comparator} participants",
        trial_ids=(row.trial_id,),
        result_ids=row.result_ids,
        locator_ids=row.locator_ids,
        data_version=dataset.version,
    )


def of_one_more_trial(
    found: OneMoreTrial, analysis: Analysis, dataset: Dataset, stress: StressTest | None = None
) -> tuple[LedgerEntry, ...]:
    """Return the smallest and the largest effect of one more trial that moves the lower limit.

    Parameters
    ----------
    found : OneMoreTrial
        What was found; no entry where no effect does.
    analysis : Analysis
        Main analysis.
    dataset : Dataset
        Data package.
    stress : StressTest, optional
        Given where the trial was added to it.
    """
    start = (
        entries.of_analysis(analysis, dataset)
        if stress is None
        else entries.of_stress_test(stress, analysis, dataset)
    )
    size = found.n_1 + found.n_2
    among = "" if stress is None else ", unreported results at zero"
    return tuple(
        replace(
            start,
            estimate_id=f"{start.estimate_id}.one_more_trial_of_{size}.{end}",
            label=f"{_about(analysis, dataset)}, {name} effect of one more trial of {size} that "
            f"moves the lower limit over zero{among}",
            entry_kind=EntryKind.WHAT_IF,
            effect=value,
            ci_low=None,
            ci_high=None,
            ci_level=None,
            p_value=None,
            processing="imputed",
            method=f"root of the lower limit; {start.method}",
        )
        for end, name, value in (
            ("smallest", "smallest", found.low),
            ("largest", "largest", found.high),
        )
        if value is not None
    )


def of_scenario(row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of an odds ratio under an assumption about the missing.

    Parameters
    ----------
    row : namedtuple
        Row of `missing_participants` other than ``observed``.
    dataset : Dataset
        Data package.
    """
    scale = QuotedScale("log_odds_ratio", row.more_is)
    effect, low, high = scale.quoted(row.effect, row.ci_low, row.ci_high)
    return LedgerEntry(
        estimate_id=row.estimate_id,
        label=f"{row.label}, {dataset.in_text('event', row.event)}, "
        f"{dataset.in_text('timepoint', row.timepoint)}, "
        f"against {sentences.comparator(row, dataset)}, {SCENARIO[row.scenario]}"
        f"{entries.below_favors(scale, row.therapy, dataset)}",
        entry_kind=EntryKind.WHAT_IF,
        metric="odds_ratio",
        scale="ratio",
        favors=scale.favors,
        effect=effect,
        ci_low=low,
        ci_high=high,
        ci_level=0.95,
        k=1,
        n=row.n_intervention + row.n_comparator,
        counts=row.counts,
        comparator=row.comparator,
        comparator_class=row.comparator_class,
        timepoint=row.timepoint,
        processing=row.processing,
        method="odds ratio of the counts; normal quantile",
        trial_ids=(row.trial_id,),
        result_ids=row.result_ids,
        locator_ids=row.locator_ids,
        correction_ids=row.correction_ids,
        data_version=dataset.version,
    )


def of_converted(row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of an odds ratio converted to d, a row of `EventsConverted.entered`."""
    se = math.sqrt(row.d_variance)
    source = entries.of_estimate(row, dataset)
    return replace(
        source,
        estimate_id=f"{row.trial_id}.{row.outcome_id}.{row.event}.{row.timepoint}"
        ".d_from_odds_ratio",
        label=f"{row.label}, {dataset.in_text('event', row.event)}, "
        f"{dataset.in_text('timepoint', row.timepoint)}, against "
        f"{sentences.comparator(row, dataset)}, "
        "converted to a standardized difference",
        entry_kind=EntryKind.TRIAL,
        metric="d_from_odds_ratio",
        scale="difference",
        favors=Favors.ABOVE_0,
        effect=row.d,
        ci_low=row.d - NORMAL_975 * se,
        ci_high=row.d + NORMAL_975 * se,
        processing="imputed",
        method="log odds ratio times sqrt(3) / pi",
    )


def extremes(
    panel: pd.DataFrame, analysis: Analysis, dataset: Dataset
) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the lowest and the highest estimate of a panel."""
    ordered = list(records(panel.sort_values(["effect", "estimate_id"])))
    return (
        of_panel_row(ordered[0], analysis, dataset),
        of_panel_row(ordered[-1], analysis, dataset),
    )


def _about(analysis: Analysis, dataset: Dataset) -> str:
    specification = analysis.specification
    named = ", ".join(
        (
            dataset.in_text("therapy", specification.therapy),
            dataset.in_text("outcome", specification.outcome),
            dataset.in_text("timepoint", specification.timepoint),
        )
    )
    against = sentences.comparators(analysis.selection.estimates, dataset)
    return f"{named}, against {against}{differing(specification, dataset)}"
