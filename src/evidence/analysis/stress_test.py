"""What unreported results could change, and what a prior says where trials are few: imputed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evidence.analysis import Analysis
from evidence.data.records import records
from evidence.estimation.row import NORMAL_975, Size
from evidence.estimation.selection import STANDARDIZED_METRICS
from evidence.language import estimate, listed
from evidence.meta.bayes import Posterior, posterior
from evidence.meta.effect_size.scales import d_from_odds_ratio
from evidence.meta.pooling import Pooled, pool
from evidence.terms import Said

ZERO = "unreported_at_zero"
CONVERTED = "events_converted"
NEAR_ZERO = 0.1
"""A printed bound on the observed difference at or below this holds a trial at zero."""
# Zero would flatter whichever side a stated difference speaks against.
NEVER_ZERO = {
    Said.FAVORS_INTERVENTION: "it states a difference",
    Said.FAVORS_COMPARATOR: "it states a difference",
    Said.SOURCES_DIFFER: "its sources differ",
    Said.NOT_SEEN: "whether it is reported could not be seen",
}
"""Why a trial with these words enters no stress test."""


@dataclass(frozen=True, slots=True, eq=False)
class StressTest:
    """What unreported results could change: an imputed scenario, never a result.

    Attributes
    ----------
    estimate_id : str
        Id of the pooled number with unreported results at zero.
    at_zero : Pooled
        Pooled with each unreported result at zero.
    low, high : Pooled
        Pooled with the results that "no difference" leaves open at the ends of what it allows.
    entered : DataFrame
        Trials entered: columns of `Selection.without_number`, ``variance`` (1/n1 + 1/n2),
        ``bound`` (largest absolute effect that "no difference" allows, 0 where a printed statistic
        already says that it is near zero) and ``bound_source``.
    not_entered : DataFrame
        Trials whose size no source prints, those whose words are in `NEVER_ZERO`, and those that
        print a number, which is never zero for want of its uncertainty.
    size : Size
        Participants of all trials, those entered included.
    """

    estimate_id: str
    at_zero: Pooled
    low: Pooled
    high: Pooled
    entered: pd.DataFrame
    not_entered: pd.DataFrame
    size: Size

    def __repr__(self) -> str:
        """Return the pooled value with unreported results at zero, in one line."""
        said = estimate(self.at_zero.effect, self.at_zero.ci_low, self.at_zero.ci_high)
        entered = listed(dict.fromkeys(self.entered.label))
        return f"{self.estimate_id}: {said} with {entered} at zero; a stress test, no result"


def stress_test(analysis: Analysis) -> StressTest | None:
    """Enter trials that report no number at zero, and at the ends of what they leave open.

    Each trial enters with variance 1/n1 + 1/n2, the variance of a standardized difference of zero
    between arms of the sizes randomized. "No difference" is taken to allow an absolute effect of
    1.96 times the root of that variance; where the trial prints a statistic on the outcome that
    bounds its effect more closely, the trial is held at zero. The bounded trials move together.

    Returns
    -------
    StressTest or None
            None where no trial with a known size lacks a number, or the metric is not standardized:
        the variance of a zero effect is then not known from the sizes alone.
    """
    at_zero = results_at_zero(analysis)
    if at_zero is None:
        return None
    entered, without = at_zero, analysis.selection.without_number
    variance = entered.variance.to_numpy(dtype=float)
    open_to = NORMAL_975 * np.sqrt(variance)
    printed = [_printed_bound(analysis, trial_id) for trial_id in entered.trial_id]
    held = [bound is not None and bound[0] <= NEAR_ZERO for bound in printed]
    entered["bound"] = np.where(held, 0.0, open_to)
    entered["bound_source"] = [
        f"held at zero: {bound[1]}" if bound is not None and near else "1.96 standard errors"
        for bound, near in zip(printed, held, strict=True)
    ]
    effect, known_variance = analysis.selection.effects()
    specification = analysis.specification
    bound = entered["bound"].to_numpy(dtype=float)

    def pooled(values: Any) -> Pooled:
        return pool(
            np.concatenate([effect, values]),
            np.concatenate([known_variance, variance]),
            **specification.methods,
        )

    ends = sorted((pooled(-bound), pooled(bound)), key=lambda one: one.effect)
    return StressTest(
        estimate_id=analysis.scenario_id(ZERO),
        at_zero=pooled(np.zeros(len(entered))),
        low=ends[0],
        high=ends[1],
        entered=entered.reset_index(drop=True),
        not_entered=without[~without.trial_id.isin(entered.trial_id)].reset_index(drop=True),
        size=analysis.size.with_further(records(entered)),
    )


def results_at_zero(analysis: Analysis) -> pd.DataFrame | None:
    """Return the trials that a stress test enters, with the variance of a difference of zero.

    Columns of `Selection.without_number` and ``variance``, 1/n1 + 1/n2; None as in `stress_test`.
    """
    if analysis.selection.metric not in STANDARDIZED_METRICS:
        return None
    without = analysis.selection.without_number
    known = (
        without.n_intervention.notna()
        & without.n_comparator.notna()
        & ~without.said.isin(list(NEVER_ZERO))
        & ~without.numbered
    )
    entered = without[known].copy()
    if entered.empty:
        return None
    n_1 = entered.n_intervention.to_numpy(dtype=float)
    n_2 = entered.n_comparator.to_numpy(dtype=float)
    entered["variance"] = 1 / n_1 + 1 / n_2
    return entered


def _printed_bound(analysis: Analysis, trial_id: str) -> tuple[float, str] | None:
    """Return the bound that a printed chi-square sets on a trial's observed difference, if any."""
    rows = analysis.frame
    rows = rows[
        (rows.trial_id == trial_id)
        & (rows.outcome_id == analysis.specification.outcome)
        & rows.timepoint.isin([analysis.specification.timepoint, "overall"])
        & (rows.intervention == analysis.specification.therapy)
        & (rows.route == "chi2_bound")
    ]
    if rows.empty:
        return None
    row = rows.iloc[0]
    when = " over the whole course" if row.timepoint == "overall" else ""
    return float(row.effect_high), (
        f"a printed chi-square{when} bounds the observed difference by {row.effect_high:.3f}, if "
        "it tested the difference between the arms"
    )


@dataclass(frozen=True, slots=True, eq=False)
class EventsConverted:
    """The analysis with trials that print only events converted to a standardized difference.

    Attributes
    ----------
    estimate_id : str
        Id of the pooled number.
    pooled : Pooled
        The result.
    entered : DataFrame
        Rows of the frame of estimates that were converted, with ``d`` and ``d_variance``.
    size : Size
        Participants.
    """

    estimate_id: str
    pooled: Pooled
    entered: pd.DataFrame
    size: Size


def with_events_converted(analysis: Analysis) -> EventsConverted | None:
    """Pool with odds ratios of the trials that print no mean, converted to d.

    d = log odds ratio times sqrt(3) / pi (Hasselblad and Hedges 1995), which supposes a logistic
    distribution and a threshold that means the same in both arms; without small-sample correction.

    Returns
    -------
    EventsConverted or None
        None where the metric is not standardized or no such trial prints events.
    """
    if analysis.selection.metric not in ("hedges_g", "d_ppc2", "mixed", "standardized"):
        return None
    left = analysis.selection.left_out
    rows = left[
        (left.metric == "log_odds_ratio")
        & left.variance.notna()
        & left.trial_id.isin(analysis.selection.without_number.trial_id)
        & (left.timepoint == analysis.specification.timepoint)
    ].drop_duplicates("trial_id")
    if rows.empty:
        return None
    converted = d_from_odds_ratio(
        rows.effect.to_numpy(dtype=float), rows.variance.to_numpy(dtype=float)
    )
    d, d_variance = np.asarray(converted.value), np.asarray(converted.variance)
    effect, variance = analysis.selection.effects()
    specification = analysis.specification
    return EventsConverted(
        estimate_id=analysis.scenario_id(CONVERTED),
        pooled=pool(
            np.concatenate([effect, d]),
            np.concatenate([variance, d_variance]),
            **specification.methods,
        ),
        entered=rows.assign(d=d, d_variance=d_variance).reset_index(drop=True),
        size=analysis.size.with_further(records(rows)),
    )


@dataclass(frozen=True, slots=True)
class PriorView:
    """A posterior, and the same with unreported results at zero; never one without the other.

    Attributes
    ----------
    estimate_id, at_zero_id : str
        Ids of both medians.
    posterior : Posterior
        With the trials that print numbers.
    at_zero : Posterior or None
        With unreported results at zero; None where no trial of known size lacks a number.
    """

    estimate_id: str
    at_zero_id: str
    posterior: Posterior
    at_zero: Posterior | None


def with_priors(analysis: Analysis, stress: StressTest | None) -> list[PriorView]:
    """Return posteriors under the priors of the companion; empty for one trial.

    Half-normal priors of tau with scales 0.5 and 1.0, and a half-Cauchy one of scale 0.5, on the
    scale of standardized differences or log ratios; none where the metric has units of its own.
    """
    metric = analysis.selection.metric
    if analysis.pooled.k < 2 or metric in ("mean_difference", "risk_difference"):
        return []
    effect, variance = analysis.selection.effects()
    made = []
    for prior, scale in (("half_normal", 0.5), ("half_normal", 1.0), ("half_cauchy", 0.5)):
        method = {"tau2": f"{prior}_{scale:g}", "interval": "central"}
        at_zero = None
        if stress is not None:
            entered = stress.entered.variance.to_numpy(dtype=float)
            at_zero = posterior(
                np.concatenate([effect, np.zeros(len(entered))]),
                np.concatenate([variance, entered]),
                scale=scale,
                prior=prior,
            )
        made.append(
            PriorView(
                estimate_id=analysis.scenario_id("", **method),
                at_zero_id=analysis.scenario_id(ZERO, **method),
                posterior=posterior(effect, variance, scale=scale, prior=prior),
                at_zero=at_zero,
            )
        )
    return made
