"""From estimates and pooled results to entries of the ledger, on the scale that readers quote."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from evidence.analysis import Analysis
from evidence.analysis.multilevel import MultilevelAnalysis, participants
from evidence.analysis.stress_test import EventsConverted, StressTest
from evidence.data.dataset import Dataset
from evidence.data.provenance import union, worst
from evidence.estimation.choices import Specification
from evidence.estimation.row import OF_COUNTS, QuotedScale, Size, size_of
from evidence.estimation.selection import EVERY
from evidence.language import METRIC, estimate, fixed, limits, listed, term
from evidence.ledger import HETEROGENEITY, LedgerEntry, units
from evidence.ledger.chains import route
from evidence.ledger.choices import differing, method_in_words
from evidence.meta.bayes import Posterior
from evidence.meta.pooling import Pooled
from evidence.terms import EntryKind, RemarkKind, has

AT_ZERO = "at zero"
"""Where a stress test has what is not reported."""


def of_estimate(row: Any, dataset: Dataset) -> LedgerEntry:
    """Return the entry of one trial-level estimate, a row of the frame of estimates."""
    scale = QuotedScale(row.metric, row.more_is)
    effect, low, high = scale.quoted(row.effect, row.ci_low, row.ci_high)
    return LedgerEntry(
        estimate_id=row.estimate_id,
        label=", ".join(called(row, dataset)),
        entry_kind=EntryKind.TRIAL,
        metric=units.quoted_metric(row, dataset),
        scale="ratio" if scale.ratio else "difference",
        favors=scale.favors,
        effect=effect,
        ci_low=low,
        ci_high=high,
        ci_level=None if low is None else 0.95,
        k=1,
        n=size_of([row]).n,
        counts=row.convention if row.route in OF_COUNTS else "",
        comparator=row.comparator,
        comparator_class=row.comparator_class,
        timepoint=row.timepoint,
        processing=row.processing,
        method="; ".join(part for part in (route(row.route).method, row.convention) if part),
        trial_ids=(row.trial_id,),
        result_ids=tuple(row.result_ids),
        locator_ids=tuple(row.locator_ids),
        correction_ids=tuple(row.correction_ids),
        data_version=dataset.version,
    )


class Called(NamedTuple):
    """What an estimate is called: trial, what was measured when, what was compared, metric."""

    trial: str
    measured: str
    contrast: str
    metric: str


def called(row: Any, dataset: Dataset) -> Called:
    """Return what one trial-level estimate, a row of the frame of estimates, is called."""
    measure = (
        counted_event(row, dataset) if row.event else dataset.instrument_name(row.instrument_id)
    )
    scale = QuotedScale(row.metric, row.more_is)
    return Called(
        row.label,
        f"{measure}, {dataset.in_text('timepoint', row.timepoint)}",
        _contrast(row, dataset),
        f"{units.metric(row, dataset)}{_as_obtained(row, dataset)}"
        f"{below_favors(scale, row.intervention, dataset)}",
    )


def left_open(row: Any) -> str:
    """Return what a source leaves open that the range of an estimate from its statistic covers."""
    digits = " and the digits of P" if has(row, RemarkKind.DIGITS_OF_P) else ""
    return f"pre-post correlations of 0.3 to 0.8{digits}"


def of_open_ends(row: Any, dataset: Dataset) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the ends of the range that an imputed estimate leaves open."""
    entry = of_estimate(row, dataset)
    ends = QuotedScale(row.metric, row.more_is).ends(row.effect_low, row.effect_high)
    low, high = (
        replace(
            entry,
            estimate_id=f"{entry.estimate_id}.{end}est",
            label=f"{entry.label}, {end}est over {left_open(row)}",
            entry_kind=EntryKind.TRIAL_RANGE_END,
            effect=value,
            ci_low=None,
            ci_high=None,
            ci_level=None,
            processing="imputed",
        )
        for end, value in zip(("low", "high"), ends, strict=True)
    )
    return low, high


def quoted(entry: LedgerEntry) -> str:
    """Return a number with its limits as readers quote it: shares and their differences in percent.

    The rest has two decimals, quality-adjusted life years three and money one, so that what a
    source prints can be found again.
    """
    shares = entry.scale == "proportion" or entry.metric.endswith("risk_difference")
    factor = 100.0 if shares else 1.0
    digits = 1 if shares else units.DECIMALS.get(entry.metric, 2)
    effect, low, high = (
        None if one is None else factor * one for one in (entry.effect, entry.ci_low, entry.ci_high)
    )
    shown = estimate(effect or 0.0, low, high, digits)
    if entry.scale == "proportion":
        number, bracket, limits = shown.partition(" (")
        return f"{number}%" if low is None else f"{number}%{bracket}{limits}"
    return f"{shown} percentage points" if shares else shown


def quoted_numbers(
    metric: str, more_is: str, effect: float, low: float | None = None, high: float | None = None
) -> tuple[float, float | None, float | None, int]:
    """Return an effect of a frame and its limits as readers quote them, and the decimals.

    Risk differences are in percentage points.
    """
    factor, digits = (100, 1) if metric == "risk_difference" else (1, 2)
    effect, low, high = QuotedScale(metric, more_is).quoted(effect, low, high)
    low, high = (None if one is None else factor * one for one in (low, high))
    return factor * effect, low, high, digits


def range_left_open(row: Any) -> str:
    """Return from where to where an estimate is over what its source leaves open; empty if nowhere.

    Ends that are the same in the decimals of the estimate have one more.
    """
    if pd.isna(row.effect_low):
        return ""
    _, low, high, digits = quoted_numbers(
        row.metric, row.more_is, row.effect_low, row.effect_low, row.effect_high
    )
    same = fixed(low or 0.0, digits) == fixed(high or 0.0, digits)
    return limits(low, high, digits + same)


def counted_event(row: Any, dataset: Dataset) -> str:
    """Return an event as its vocabulary has it, a harm by what is counted: suicide attempts."""
    if row.more_is == "worse":
        return dataset.in_text("event", row.event)
    event = str(row.event)
    return dataset.vocabulary("event").get(event, event.replace("_", " "))


def below_favors(scale: QuotedScale, therapy: str, dataset: Dataset) -> str:
    """Return what the label of a number says whose usual direction is that of a harm."""
    if not scale.turned:
        return ""
    side = 1 if scale.ratio else 0
    return f", below {side} favors {dataset.in_text('therapy', therapy)}"


def heterogeneity(pooled: Pooled) -> dict[str, Any]:
    """Return what a model says beside its estimate, as fields of an entry.

    A common effect has no variance between trials, so that its tau2 is None, not zero.
    """
    common = pooled.tau2_method == "common"
    return {
        name: None if common and name == "tau2" else getattr(pooled, name) for name in HETEROGENEITY
    }


def of_analysis(analysis: Analysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of a pooled result."""
    what = "pooled" if analysis.pooled.k > 1 else "one trial"
    return _of_pooled(
        analysis.estimate_id, what, EntryKind.POOLED, analysis.pooled, analysis, dataset
    )


def one_per_trial(specification: Specification) -> Specification:
    """Return the choices of a model of all estimates for an analysis by one of each trial."""
    every = specification.instrument == EVERY
    return replace(specification, instrument="self_report_first") if every else specification


def of_several(analysis: MultilevelAnalysis, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the mean of a model of several estimates per trial."""
    mean, fit, rows = analysis.mean, analysis.fit, analysis.selection.estimates
    errors = "independent errors"
    if analysis.rho is not None:
        errors = f"errors that correlate by {analysis.rho:g}, supposed"
    name = "three levels" if analysis.rho is None else "correlated and hierarchical effects"
    return _entry(
        analysis.estimate_id,
        f"mean of {fit.k_estimates} estimates, {name}, {errors}",
        EntryKind.POOLED,
        (mean.estimate, mean.ci_low, mean.ci_high),
        analysis,
        dataset,
        rows,
        level=fit.level,
        p_value=mean.p_value,
        beside={"se": mean.se},
        k=fit.k_trials,
        n=participants(rows),
        processing=worst(rows.processing),
        method=f"{name}, {errors}; {fit.method}; cluster-robust interval ({fit.inference})",
    )


def of_stress_test(
    stress: StressTest, analysis: Analysis, dataset: Dataset, state: str = AT_ZERO
) -> LedgerEntry:
    """Return the entry of the result with unreported results at zero; state says where they are."""
    return _of_pooled(
        stress.estimate_id,
        _unreported(stress, state),
        EntryKind.STRESS_TEST,
        stress.at_zero,
        analysis,
        dataset,
        also=stress.entered,
        size=stress.size,
        processing="imputed",
    )


def of_stress_ends(
    stress: StressTest, analysis: Analysis, dataset: Dataset
) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the lowest and the highest result that unreported results allow."""
    made = partial(of_stress_test, stress, analysis, dataset)
    return ends_allowed(made, stress.low, stress.high)


def ends_allowed(
    made: Callable[[str], LedgerEntry], lowest: Pooled, highest: Pooled
) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the ends of what a result with unreported ones at zero could be.

    Parameters
    ----------
    made : function
        Of where they are, in words, to the result with them at zero, a standardized difference.
    lowest, highest : Pooled
        The results with them at the ends of what "no difference" allows.
    """
    low, high = (
        replace(
            entry := made(f"as {end} as what is reported allows"),
            estimate_id=f"{entry.estimate_id}.{end}est",
            entry_kind=EntryKind.STRESS_END,
            effect=one.effect,
            ci_low=one.ci_low,
            ci_high=one.ci_high,
            p_value=one.p_value,
            **heterogeneity(one),
            processing="imputed",
        )
        for end, one in (("low", lowest), ("high", highest))
    )
    return low, high


def of_events_converted(
    converted: EventsConverted, analysis: Analysis, dataset: Dataset
) -> LedgerEntry:
    """Return the entry of the result with odds ratios converted to d."""
    return _of_pooled(
        converted.estimate_id,
        "with odds ratios of trials without means converted",
        EntryKind.POOLED,
        converted.pooled,
        analysis,
        dataset,
        also=converted.entered,
        size=converted.size,
        processing=worst([*analysis.selection.estimates.processing, "imputed"]),
    )


def of_posterior(
    estimate_id: str,
    posterior: Posterior,
    analysis: Analysis,
    dataset: Dataset,
    stress: StressTest | None = None,
) -> LedgerEntry:
    """Return the entry of the median of a posterior; with `stress`, of that with nulls at zero."""
    rows = analysis.selection.estimates
    prior = posterior.prior.replace("_", "-")
    return _entry(
        estimate_id,
        f"posterior, {prior} prior of scale {posterior.prior_scale:g}"
        + (f", {_unreported(stress, AT_ZERO)}" if stress else ""),
        EntryKind.STRESS_POSTERIOR if stress else EntryKind.POSTERIOR,
        (posterior.median, posterior.ci_low, posterior.ci_high),
        analysis,
        dataset,
        rows if stress is None else pd.concat([rows, stress.entered], ignore_index=True),
        level=posterior.level,
        p_value=None,
        beside={},
        k=posterior.k,
        n=(analysis if stress is None else stress).size.n,
        processing=worst(rows.processing) if stress is None else "imputed",
        method=f"median and central interval of the posterior; tau {prior}",
    )


def of_probability(entry: LedgerEntry, probability: float) -> LedgerEntry:
    """Return the entry of the probability that a posterior gives to an effect above zero.

    Parameters
    ----------
    entry : LedgerEntry
        The median of the posterior.
    probability : float
        From 0 to 1.
    """
    return replace(
        entry,
        estimate_id=f"{entry.estimate_id}.probability_positive",
        label=f"{entry.label}, probability that it favors the therapy",
        entry_kind=entry.entry_kind,
        metric="probability",
        scale="proportion",
        favors="",
        effect=probability,
        ci_low=None,
        ci_high=None,
        ci_level=None,
        method=entry.method.replace("median and central interval", "share"),
    )


def _contrast(row: Any, dataset: Dataset) -> str:
    return (
        f"{dataset.in_text('condition', row.intervention)} against "
        f"{dataset.in_text('condition', row.comparator)}"
    )


def _as_obtained(row: Any, dataset: Dataset) -> str:
    """Return what tells a value that a source prints from one that follows from counts."""
    if row.route == "reconstructed_counts":
        return ", from reconstructed counts"
    if row.route != "printed":
        return ""
    analyzed = units.analyzed(row, dataset)
    return f", as printed{f', {analyzed}' if analyzed else ''}"


def _unreported(stress: StressTest, state: str) -> str:
    """Return which unreported results stand where."""
    return f"with unreported results {state} ({listed(stress.entered.label)})"


def _of_pooled(
    estimate_id: str,
    what: str,
    kind: EntryKind,
    pooled: Pooled,
    analysis: Analysis,
    dataset: Dataset,
    *,
    also: pd.DataFrame | None = None,
    size: Size | None = None,
    processing: str = "",
) -> LedgerEntry:
    rows = analysis.selection.estimates
    return _entry(
        estimate_id,
        what,
        kind,
        (pooled.effect, pooled.ci_low, pooled.ci_high),
        analysis,
        dataset,
        rows if also is None else pd.concat([rows, also], ignore_index=True),
        level=pooled.level,
        p_value=pooled.p_value,
        beside=heterogeneity(pooled),
        k=pooled.k,
        n=(size or analysis.size).n,
        processing=processing or worst(rows.processing),
        method=method_in_words(pooled),
    )


def _entry(
    estimate_id: str,
    what: str,
    kind: EntryKind,
    numbers: tuple[float, float | None, float | None],
    analysis: Analysis | MultilevelAnalysis,
    dataset: Dataset,
    rows: pd.DataFrame,
    *,
    level: float,
    p_value: float | None,
    beside: Mapping[str, Any],
    k: int,
    n: int | None,
    processing: str,
    method: str,
) -> LedgerEntry:
    specification = analysis.specification
    metric = analysis.selection.metric
    scale = analysis.selection.scale
    effect, low, high = scale.quoted(*numbers)
    return LedgerEntry(
        estimate_id=estimate_id,
        label=f"{dataset.in_text('therapy', specification.therapy)}, "
        f"{dataset.in_text('outcome', specification.outcome)}, "
        f"{dataset.in_text('timepoint', specification.timepoint)}, {term(METRIC, metric)}, {what}"
        f"{differing(one_per_trial(specification), dataset)}"
        f"{below_favors(scale, specification.therapy, dataset)}",
        entry_kind=kind,
        metric=metric.removeprefix("log_"),
        scale="ratio" if scale.ratio else "difference",
        favors=scale.favors,
        effect=effect,
        ci_low=low,
        ci_high=high,
        ci_level=None if low is None else level,
        p_value=p_value,
        k=k,
        n=n,
        **beside,
        comparator="; ".join(union([rows.comparator])),
        comparator_class="; ".join(union([rows.comparator_class])),
        timepoint=specification.timepoint,
        processing=processing,
        method=method,
        trial_ids=union([rows.trial_id]),
        result_ids=union(rows.result_ids),
        locator_ids=union(rows.locator_ids),
        correction_ids=union(one for one in rows.correction_ids if isinstance(one, tuple)),
        data_version=dataset.version,
    )
