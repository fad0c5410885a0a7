"""Every defensible combination of choices of a pooled analysis."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evidence.dataset import Dataset
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.provenance import worst
from evidence.selection import STANDARDIZED
from evidence.specification.analysis import Analysis, Specification, analyze, signature
from evidence.specification.scenarios import STANDARDIZED_METRICS, ZERO, stress_test
from evidence.synthesis.univariate import pool

CHOICES: dict[str, tuple[str, ...]] = {
    "instrument": ("self_report_first", "clinician_first"),
    "adjustment": ("post", "ppc_imbalanced", "ppc"),
    "convention": ("exact", "metapsy"),
    "imputed": ("include", "exclude"),
    "trials": ("all", "with_overall", ZERO),
    "tau2": ("REML", "DL", "PM", "common"),
    "interval": ("hksj_adhoc", "hksj", "wald"),
}
"""The choices in the order of the ids, the main one first."""


def panel(dataset: Dataset, main: Specification) -> pd.DataFrame:
    """Return the pooled result of every combination of `CHOICES` that pools something of its own.

    Combinations that lead to the same numbers as one before them (a choice that no trial is
    touched by) are dropped, as are those that leave nothing to pool.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    main : Specification
        Therapy, outcome and timepoint; its other fields are those of the main analysis.

    Returns
    -------
    DataFrame
        Columns estimate_id, the choices (tau2 as tau2_method), effect, ci_low, ci_high, p_value,
        tau2, k, n, processing and main (True for the main analysis), in the order of the choices.

    Raises
    ------
    ParameterError
        If the main analysis itself leaves nothing to pool.
    """
    frames = {
        one: estimates(dataset, convention=one, correlation=main.correlation)
        for one in CHOICES["convention"]
    }
    first = analyze(dataset, main, frames[main.convention])
    rows = []
    seen: set[object] = set()
    on_estimates = ("instrument", "adjustment", "convention", "imputed", "trials")
    for values in product(*(CHOICES[one] for one in on_estimates)):
        choice: dict[str, Any] = dict(zip(on_estimates, values, strict=True))
        trials = choice.pop("trials")
        specification = replace(main, **choice)
        if trials == "with_overall":
            if first.selection.metric not in STANDARDIZED_METRICS or main.timepoint != "post":
                continue
            specification = replace(specification, overall="as_post", metric=STANDARDIZED)
        try:
            analysis = analyze(dataset, specification, frames[specification.convention])
        except (ParameterError, SelectionError):
            # This combination leaves nothing to pool.
            continue
        key = (signature(analysis), trials == ZERO)
        if key in seen:
            continue
        seen.add(key)
        rows += _by_method(analysis, {**choice, "trials": trials})
    frame = pd.DataFrame(rows)
    frame["main"] = frame.estimate_id == first.estimate_id
    return frame


def _by_method(analysis: Analysis, choice: dict[str, Any]) -> list[dict[str, Any]]:
    effect, variance = analysis.selection.effects()
    n = analysis.n
    processing = worst(analysis.selection.estimates.processing)
    scenario = ""
    if choice["trials"] == ZERO:
        test = stress_test(analysis)
        if test is None:
            return []
        entered = test.entered.variance.to_numpy(dtype=float)
        effect = np.concatenate([effect, np.zeros(len(entered))])
        variance = np.concatenate([variance, entered])
        n, processing, scenario = test.n, "imputed", ZERO
    methods = product(CHOICES["tau2"], CHOICES["interval"])
    if len(effect) == 1:
        # One trial is its own estimate by every method.
        methods = product(CHOICES["tau2"][:1], CHOICES["interval"][:1])
    rows = []
    for tau2, interval in methods:
        pooled = pool(
            effect, variance, tau2=tau2, interval=interval, level=analysis.specification.level
        )
        rows.append(
            {
                "estimate_id": analysis.scenario_id(scenario, tau2=tau2, interval=interval),
                **choice,
                "tau2_method": tau2,
                "interval": interval,
                "effect": pooled.effect,
                "ci_low": pooled.ci_low,
                "ci_high": pooled.ci_high,
                "p_value": pooled.p_value,
                "tau2": pooled.tau2,
                "k": pooled.k,
                "n": n,
                "processing": processing,
            }
        )
    return rows
