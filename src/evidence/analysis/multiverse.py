"""Every defensible combination of choices of a pooled analysis."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evidence.analysis import Analysis, analyze, signature
from evidence.analysis.stress_test import ZERO, results_at_zero
from evidence.data.dataset import Dataset
from evidence.data.provenance import worst
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.selection import STANDARDIZED, STANDARDIZED_METRICS
from evidence.meta.numerics import in_parts
from evidence.meta.pooling import batch
from evidence.meta.pooling.batch import PooledBatch
from evidence.terms import ACCEPTED, Interval, Tau2

ON_ESTIMATES = ("instrument", "adjustment", "convention", "imputed")
"""Choices on which estimates enter; those on trials and methods follow them."""

CHOICES: dict[str, tuple[Any, ...]] = {
    **{name: ACCEPTED[name] for name in ON_ESTIMATES},
    "trials": ("all", "with_overall", ZERO),
    "tau2": ("REML", "DL", "PM", "common"),
    "interval": ACCEPTED["interval"],
}
"""The choices in the order of the ids, the main one first."""

SAME = 1e-9
"""Results that differ by less are the same one, reached by other choices."""


def panel(
    dataset: Dataset,
    main: Specification,
    frames: Mapping[str, pd.DataFrame] | None = None,
    *,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Return the pooled result of every combination of `CHOICES` that pools something of its own.

    Combinations that lead to the same numbers as one before them (a choice that no trial is
    touched by) are dropped, as are those that leave nothing to pool.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    main : Specification
        Therapy, outcome and timepoint; its other fields are those of the main analysis.
    frames : mapping of str to DataFrame, optional
        Frames of `evidence.estimates` by convention, with the correlation of `main`, to save their
        making.
    jobs : int, optional
        As in `evidence.meta.numerics.in_parts`; the result is the same for any number.

    Returns
    -------
    DataFrame
        Columns estimate_id, the choices (tau2 as tau2_method), effect, ci_low, ci_high, p_value,
        tau2, k, n, processing and main (True for the main analysis), in the order of the choices.
        A main analysis that none of the combinations leads to stands at the end.

    Raises
    ------
    ParameterError
        If the main analysis itself leaves nothing to pool.
    """
    if frames is None:
        frames = {
            one: estimates(dataset, convention=one, correlation=main.correlation)
            for one in CHOICES["convention"]
        }
    first = analyze(dataset, main, frames[main.convention])
    sets = []
    seen: set[object] = set()
    for choice, analysis in _analyses(dataset, main, frames, _touched(first)):
        key = (signature(analysis), choice["trials"] == ZERO)
        made = None if key in seen else _Set.of(analysis, choice)
        seen.add(key)
        if made is not None:
            sets.append(made)
    frame, place = placed(pd.DataFrame(_pooled(sets, main.level, jobs)), first)
    frame["main"] = frame.index == place
    return frame


def placed(
    panel: pd.DataFrame, analysis: Analysis, *, trials: str = "all"
) -> tuple[pd.DataFrame, int]:
    """Return a panel that has a row for an analysis, and the index of that row.

    Parameters
    ----------
    panel : DataFrame
        From `panel`.
    analysis : Analysis
        An analysis of the same question. Its row is the one with its id, else one of the same
        trials that came to the same numbers (a choice that touches none of them), else a new one
        at the end.
    trials : str
        What the panel says of its trials.
    """
    pooled = analysis.pooled
    same = (panel.trials == trials) & (panel.k == pooled.k)
    if pooled.k > 1:
        # One trial is its own estimate by every method.
        chosen = analysis.specification
        same &= (panel.tau2_method == chosen.tau2) & (panel.interval == chosen.interval)
    for name in ("effect", "ci_low", "ci_high"):
        same &= (panel[name] - getattr(pooled, name)).abs() < SAME
    by_id = panel.estimate_id == analysis.estimate_id
    for match in (by_id, same):
        if match.any():
            return panel, int(match.to_numpy().argmax())
    specification = analysis.specification
    row = {
        "estimate_id": analysis.estimate_id,
        **{name: getattr(specification, name) for name in ON_ESTIMATES},
        "trials": trials,
        "tau2_method": specification.tau2,
        "interval": specification.interval,
        "effect": pooled.effect,
        "ci_low": pooled.ci_low,
        "ci_high": pooled.ci_high,
        "p_value": pooled.p_value,
        "tau2": pooled.tau2,
        "k": pooled.k,
        "n": analysis.size.n,
        "processing": worst(analysis.selection.estimates.processing),
    }
    return pd.concat([panel, pd.DataFrame([row])], ignore_index=True), len(panel)


def _analyses(
    dataset: Dataset,
    main: Specification,
    frames: Mapping[str, pd.DataFrame],
    touched: Mapping[str, bool],
) -> Iterator[tuple[dict[str, str], Analysis]]:
    """Yield each combination of the choices on estimates that leaves something to pool."""
    choices = {name: CHOICES[name] if touched[name] else CHOICES[name][:1] for name in ON_ESTIMATES}
    for values in product(*choices.values()):
        choice: dict[str, Any] = dict(zip(choices, values, strict=True))
        specification = replace(main, **choice)
        standing = _analyzed(dataset, specification, frames)
        if standing is not None:
            yield {**choice, "trials": "all"}, standing
        if main.timepoint == "post" and touched["trials"]:
            specification = replace(specification, overall="as_post", metric=STANDARDIZED)
            with_overall = _analyzed(dataset, specification, frames)
            if with_overall is not None:
                yield {**choice, "trials": "with_overall"}, with_overall
        if standing is not None:
            yield {**choice, "trials": ZERO}, standing


def _analyzed(
    dataset: Dataset, specification: Specification, frames: Mapping[str, pd.DataFrame]
) -> Analysis | None:
    try:
        return analyze(dataset, specification, frames[specification.convention])
    except (ParameterError, SelectionError):
        # This combination leaves nothing to pool.
        return None


def _touched(first: Analysis) -> dict[str, bool]:
    """Return which choices could touch an estimate at all; the others need not be tried."""
    main, frame = first.specification, first.frame
    rows = frame[
        (frame.intervention == main.therapy)
        & (frame.outcome_id == main.outcome)
        & frame.timepoint.isin([main.timepoint, "overall"])
        & frame.variance.notna()
    ]
    metrics = set(rows.metric)
    return {
        "instrument": len(set(rows.rater)) > 1,
        "adjustment": "d_ppc2" in metrics,
        "convention": bool(metrics & {"hedges_g", "d_ppc2"}),
        "imputed": "imputed" in set(rows.processing),
        "trials": first.selection.metric in STANDARDIZED_METRICS
        and ("overall" in set(rows.timepoint) or "d_from_test_statistic" in metrics),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Set:
    """Estimates that are pooled by every method, with the choices that led to them."""

    analysis: Analysis
    choice: dict[str, str]
    scenario: str
    effect: NDArray[np.float64]
    variance: NDArray[np.float64]
    n: int | None
    processing: str

    @classmethod
    def of(cls, analysis: Analysis, choice: dict[str, str]) -> "_Set | None":
        """Return the estimates of an analysis, with the unreported ones at zero if asked for."""
        effect, variance = analysis.selection.effects()
        if choice["trials"] != ZERO:
            processing = worst(analysis.selection.estimates.processing)
            return cls(analysis, choice, "", effect, variance, analysis.size.n, processing)
        entered = results_at_zero(analysis)
        if entered is None:
            return None
        n = analysis.size.with_further(records(entered)).n
        return cls(
            analysis,
            choice,
            ZERO,
            np.concatenate([effect, np.zeros(len(entered))]),
            np.concatenate([variance, entered.variance.to_numpy(dtype=float)]),
            n,
            "imputed",
        )


def _pooled(sets: Sequence[_Set], level: float, jobs: int | None) -> list[dict[str, Any]]:
    """Return a row for each set and method; sets of one size are pooled in one call."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    methods = list(product(CHOICES["tau2"], CHOICES["interval"]))
    calls: list[tuple[list[int], int]] = []
    parts = []
    for k in {len(one.effect) for one in sets}:
        places = [place for place, one in enumerate(sets) if len(one.effect) == k]
        effect = np.array([sets[place].effect for place in places])
        variance = np.array([sets[place].variance for place in places])
        # One trial is its own estimate by every method.
        for order, (tau2, interval) in enumerate(methods[:1] if k == 1 else methods):
            calls.append((places, order))
            parts.append((effect, variance, tau2, interval, level))
    for (places, order), pooled in zip(calls, in_parts(_by, parts, jobs), strict=True):
        tau2, interval = methods[order]
        for at, place in enumerate(places):
            one = sets[place]
            k = len(one.effect)
            rows[place, order] = {
                "estimate_id": one.analysis.scenario_id(one.scenario, tau2=tau2, interval=interval),
                **one.choice,
                "tau2_method": tau2,
                "interval": interval,
                "effect": float(pooled.effect[at]),
                "ci_low": float(pooled.ci_low[at]),
                "ci_high": float(pooled.ci_high[at]),
                "p_value": float(pooled.p_value[at]),
                "tau2": None if k == 1 else float(pooled.tau2[at]),
                "k": k,
                "n": one.n,
                "processing": one.processing,
            }
    return [rows[key] for key in sorted(rows)]


def _by(
    effect: NDArray[np.float64],
    variance: NDArray[np.float64],
    tau2: Tau2,
    interval: Interval,
    level: float,
) -> PooledBatch:
    return batch.pool(effect, variance, tau2=tau2, interval=interval, level=level)
