"""What each missing number would change: the pooled value over what it leaves open, and its width.

Imputed throughout: it shows which table is most worth getting, and is no result.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evidence.analysis import Analysis, analyze
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification
from evidence.estimation.row import participants
from evidence.meta.pooling import Pooled, pool

TIMEPOINTS = ("post", "follow_up")


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A trial without a usable number, and what the number could do to a pooled value.

    Attributes
    ----------
    estimate_id : str
        Id of `at_zero`.
    analysis : Analysis
        The analysis that the number is missing in.
    row : Series
        The trial, as in `Selection.without_number`.
    n : int
        Its participants.
    bound : float
        Largest absolute effect that what it prints leaves open.
    bound_source : str
        Where the bound comes from.
    at_zero, low, high : Pooled
        The trials with numbers and this one, by the method of the analysis, with its effect at
        zero and at either end of what is left open; the other trials without a number stay out.
    information : float
        Share of the information (inverse variance, without variance between trials) that this trial
        would have among the trials with numbers and itself, 0 to 1.
    half_width, half_width_then : float
        Half the width of the interval of a common effect now, and with a trial of the precision of
        this one's size: what precision alone does.
    """

    estimate_id: str
    analysis: Analysis
    row: Any
    n: int
    bound: float
    bound_source: str
    at_zero: Pooled
    low: Pooled
    high: Pooled
    information: float
    half_width: float
    half_width_then: float

    @property
    def spread(self) -> float:
        """Distance between the pooled values at the ends of what is left open."""
        return self.high.effect - self.low.effect


def main_analyses(dataset: Dataset, frame: pd.DataFrame) -> list[Analysis]:
    """Return the main analysis of every therapy, outcome and time that any trial has a number on.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    frame : DataFrame
        Frame of `evidence.estimates`, unfiltered, with the default choices.

    Examples
    --------
    >>> import evidence
    >>> data = evidence.load()
    >>> [one.estimate_id for one in main_analyses(data, evidence.estimates(data))][:2]
    ['abft.depression.post.hedges_g.pooled', 'abft.suicidal_ideation.post.hedges_g.pooled']
    """
    made = []
    keys = frame[["therapy", "outcome_id"]].drop_duplicates()
    for key in records(keys):
        for timepoint in TIMEPOINTS:
            specification = Specification(
                therapy=key.therapy, outcome=key.outcome_id, timepoint=timepoint
            )
            try:
                made.append(analyze(dataset, specification, frame))
            except (ParameterError, SelectionError):
                # Nothing to pool on this outcome at this time.
                continue
    return made


def gaps(analysis: Analysis) -> list[Gap]:
    """Return the trials of known size that lack a number, those first that would weigh most.

    A trial enters with variance 1/n1 + 1/n2, as in the stress test of all of them together, and
    leaves open what `stress_test` says. Where a printed statistic bounds its effect, that bound is
    taken.

    Parameters
    ----------
    analysis : Analysis
        A pooled analysis.

    Returns
    -------
    list of Gap
        Empty where no trial of known size lacks a number.

    Examples
    --------
    >>> import evidence
    >>> from evidence.analysis import analyze
    >>> from evidence.estimation.choices import Specification
    >>> data = evidence.load()
    >>> chosen = Specification(therapy="abft", outcome="depression", timepoint="post")
    >>> [(one.row.trial_id, round(one.information, 2)) for one in gaps(analyze(data, chosen))]
    [('diamond2019', 0.53), ('waraan2021', 0.35)]
    """
    stress = stress_test(analysis)
    if stress is None:
        return []
    effect, variance = analysis.selection.effects()
    information = float((1 / variance).sum())
    specification = analysis.specification
    found = []
    for row in records(stress.entered):
        bound, source = _bound(analysis, row)

        def pooled(value: float, row: Any = row) -> Pooled:
            return pool(
                np.append(effect, value), np.append(variance, row.variance), **specification.methods
            )

        own = 1 / row.variance
        then = np.append(variance, row.variance)
        found.append(
            Gap(
                estimate_id=analysis.scenario_id(f"{row.trial_id}_at_zero"),
                analysis=analysis,
                row=row,
                n=participants(row) or 0,
                bound=bound,
                bound_source=source,
                at_zero=pooled(0.0),
                low=pooled(-bound),
                high=pooled(bound),
                information=own / (information + own),
                half_width=_half_width(variance, specification.level),
                half_width_then=_half_width(then, specification.level),
            )
        )
    return sorted(found, key=lambda gap: -gap.information)


def _half_width(variance: NDArray[np.float64], level: float) -> float:
    """Return half the width of the interval of a common effect, whatever the effects are."""
    common = pool(np.zeros_like(variance), variance, tau2="common", interval="wald", level=level)
    return (common.ci_high - common.ci_low) / 2


def _bound(analysis: Analysis, row: Any) -> tuple[float, str]:
    """Return the largest absolute effect that a trial leaves open, and why."""
    if row.bound > 0:
        return float(row.bound), "1.96 standard errors"
    frame = analysis.frame
    bounded = frame[
        (frame.trial_id == row.trial_id)
        & (frame.outcome_id == analysis.specification.outcome)
        & (frame.route == "chi2_bound")
    ]
    return float(bounded.effect_high.iloc[0]), "a printed chi-square"


@dataclass(frozen=True, slots=True, eq=False)
class ImputedSpread:
    """A pooled value over what the imputed estimates in it leave open.

    Attributes
    ----------
    analysis : Analysis
        The analysis.
    rows : DataFrame
        Its imputed estimates with a range.
    low, high : float
        The pooled value with all of them at the lower and at the upper end of their range.
    """

    analysis: Analysis
    rows: pd.DataFrame
    low: float
    high: float


def imputed_spread(analysis: Analysis) -> ImputedSpread | None:
    """Return what imputed estimates leave open in a pooled value; None where none has a range."""
    rows = analysis.selection.estimates
    open_ones = (rows.effect_low.notna() & (rows.processing == "imputed")).to_numpy()
    if not open_ones.any():
        return None
    effect, variance = analysis.selection.effects()
    specification = analysis.specification

    def pooled(column: str) -> float:
        ends = rows[column].to_numpy(dtype=float)
        return pool(np.where(open_ones, ends, effect), variance, **specification.methods).effect

    return ImputedSpread(analysis, rows[open_ones], pooled("effect_low"), pooled("effect_high"))
