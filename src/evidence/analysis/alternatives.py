"""What stands beside a pooled result: companions, other choices, and what it depends on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evidence.analysis import (
    Analysis,
    by_comparator_class,
    with_other_choices,
    with_other_methods,
    without_each,
)
from evidence.analysis.multiverse import panel
from evidence.analysis.power import (
    EFFECTS,
    POWER,
    OneMoreTrial,
    information_size,
    known_sizes,
    one_more_trial,
    trial_power,
)
from evidence.analysis.sensitivity import (
    Clustered,
    DeveloperGroup,
    by_developers,
    missing_participants,
    with_clustering,
)
from evidence.analysis.stress_test import (
    ZERO,
    EventsConverted,
    PriorView,
    StressTest,
    stress_test,
    with_events_converted,
    with_priors,
)
from evidence.data.dataset import Dataset
from evidence.estimation.selection import STANDARDIZED_METRICS
from evidence.meta.regression import Regression, meta_regression
from evidence.terms import Interval


@dataclass(frozen=True, slots=True, eq=False)
class Companions:
    """What stands beside a pooled result in every report.

    Attributes
    ----------
    by_class : dict of str to Analysis
        The same analysis by class of comparator.
    other_methods, other_choices, without_each : list of Analysis
        The same trials by other methods, analyses with another choice of estimates, and the
        analysis without each trial in turn.
    moderator : Regression or None
        Comparator class as moderator; None where all trials have the same, or too few trials.
    stress : StressTest or None
        Unreported results at zero.
    converted : EventsConverted or None
        With events of trials without means converted.
    priors : list of PriorView
        Bayesian companion.
    """

    by_class: dict[str, Analysis]
    other_methods: list[Analysis]
    other_choices: list[Analysis]
    without_each: list[Analysis]
    moderator: Regression | None
    stress: StressTest | None
    converted: EventsConverted | None
    priors: list[PriorView]

    @property
    def analyses(self) -> list[Analysis]:
        """All analyses."""
        return [
            *self.by_class.values(),
            *self.other_methods,
            *self.other_choices,
            *self.without_each,
        ]


def companions(dataset: Dataset, analysis: Analysis, *, short: bool = False) -> Companions:
    """Return what stands beside a pooled result in every report.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    short : bool
        Without each trial left out in turn, and without priors.
    """
    stress = stress_test(analysis)
    return Companions(
        by_class=by_comparator_class(dataset, analysis),
        other_methods=with_other_methods(analysis) if analysis.pooled.k > 1 else [],
        other_choices=with_other_choices(dataset, analysis),
        without_each=[] if short else without_each(dataset, analysis),
        moderator=_by_class_of_comparator(analysis),
        stress=stress,
        converted=with_events_converted(analysis),
        priors=[] if short else with_priors(analysis, stress),
    )


def _by_class_of_comparator(analysis: Analysis) -> Regression | None:
    classes = list(analysis.selection.estimates.comparator_class)
    # A regression needs more trials than coefficients.
    if len(classes) <= len(set(classes)) or len(set(classes)) < 2:
        return None
    effect, variance = analysis.selection.effects()
    return meta_regression(
        effect, variance, {"comparator class": classes}, **analysis.specification.methods
    )


@dataclass(frozen=True, slots=True)
class OneMore:
    """One more trial of one size, added to the printed results and to the stress test."""

    size: int
    what: str
    printed: OneMoreTrial | None
    at_zero: OneMoreTrial | None


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """How far one pooled result depends on what it rests on.

    Attributes
    ----------
    analysis : Analysis
        Main analysis.
    beside : Companions
        What stands beside it.
    panel : DataFrame
        Every combination of choices.
    power : DataFrame
        Power of each trial.
    one_more : list of OneMore
        What one more trial would have to show; a side is None where its lower limit is above zero
        already; empty where the metric has no standard deviation for its unit.
    clustered : list of Clustered
        As if participants were clustered.
    developers : list of DeveloperGroup
        By the part of the developers.
    missing : DataFrame
        Events under assumptions about missing participants.
    """

    analysis: Analysis
    beside: Companions
    panel: pd.DataFrame
    power: pd.DataFrame
    one_more: list[OneMore]
    clustered: list[Clustered]
    developers: list[DeveloperGroup]
    missing: pd.DataFrame


def examine(dataset: Dataset, analysis: Analysis) -> Robustness:
    """Vary what a pooled result rests on: choices, trials, priors, assumptions.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    """
    beside = companions(dataset, analysis)
    return Robustness(
        analysis=analysis,
        beside=beside,
        panel=panel(dataset, analysis.specification),
        power=trial_power(analysis),
        one_more=_one_more(analysis, beside.stress),
        clustered=with_clustering(analysis),
        developers=by_developers(dataset, analysis),
        missing=missing_participants(dataset, analysis),
    )


def _one_more(analysis: Analysis, stress: StressTest | None) -> list[OneMore]:
    if analysis.selection.metric not in STANDARDIZED_METRICS:
        return []
    known = known_sizes(analysis)
    sizes: dict[int, str] = {}
    if known:
        of = "the trials that entered"
        if len(known) < analysis.pooled.k:
            of += ", of those whose size is known"
        sizes = {int(np.median(known)): f"median of {of}"}
        sizes.setdefault(max(known), f"largest of {of}")
    for wanted in sorted(EFFECTS, reverse=True):
        sizes.setdefault(
            information_size(wanted), f"has {POWER:.0%} power for a difference of {wanted:g} SD"
        )
    specification = analysis.specification
    effect, variance = analysis.selection.effects()

    def find(size: int, *, at_zero: bool) -> OneMoreTrial | None:
        start = analysis.pooled if not at_zero or stress is None else stress.at_zero
        if start.ci_low > 0 or (at_zero and stress is None):
            return None
        known, of_known = effect, variance
        if at_zero and stress is not None:
            zeros = stress.entered.variance.to_numpy(dtype=float)
            known = np.concatenate([effect, np.zeros(len(zeros))])
            of_known = np.concatenate([variance, zeros])
        return one_more_trial(known, of_known, size - size // 2, size // 2, **specification.methods)

    return [
        OneMore(size, what, find(size, at_zero=False), find(size, at_zero=True))
        for size, what in sizes.items()
    ]


def includes_no_difference(combinations: pd.DataFrame) -> "pd.Series[bool]":
    """Return for each row of a panel whether its interval includes zero."""
    return (combinations.ci_low <= 0) & (combinations.ci_high >= 0)


def excluding(
    combinations: pd.DataFrame, interval: Interval, *, with_zeros: bool
) -> tuple[int, int]:
    """Return how many intervals of one method exclude no difference, and how many there are.

    Parameters
    ----------
    combinations : DataFrame
        As `evidence.analysis.multiverse.panel` returns it.
    interval : str
        Method of the interval.
    with_zeros : bool
        Whether to count the analyses with unreported results at zero, else the others.
    """
    chosen = (combinations.interval == interval) & ((combinations.trials == ZERO) == with_zeros)
    part = combinations[chosen]
    return int((~includes_no_difference(part)).sum()), len(part)
