"""All that stands beside a pooled result."""

from dataclasses import dataclass

from evidence.dataset import Dataset
from evidence.specification.analysis import (
    Analysis,
    by_comparator_class,
    with_other_choices,
    with_other_methods,
    without_each,
)
from evidence.specification.scenarios import (
    EventsConverted,
    PriorView,
    StressTest,
    stress_test,
    with_events_converted,
    with_priors,
)
from evidence.synthesis.regression import Regression, meta_regression


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


def companions(dataset: Dataset, analysis: Analysis) -> Companions:
    """Return what stands beside a pooled result in every report."""
    stress = stress_test(analysis)
    return Companions(
        by_class=by_comparator_class(dataset, analysis),
        other_methods=with_other_methods(dataset, analysis) if analysis.pooled.k > 1 else [],
        other_choices=with_other_choices(dataset, analysis),
        without_each=without_each(dataset, analysis),
        moderator=_by_class_of_comparator(analysis),
        stress=stress,
        converted=with_events_converted(analysis),
        priors=with_priors(analysis, stress),
    )


def _by_class_of_comparator(analysis: Analysis) -> Regression | None:
    classes = list(analysis.selection.estimates.comparator_class)
    # A regression needs more trials than coefficients.
    if len(classes) <= len(set(classes)) or len(set(classes)) < 2:
        return None
    effect, variance = analysis.selection.effects()
    return meta_regression(
        effect,
        variance,
        {"comparator class": classes},
        tau2=analysis.specification.tau2,
        interval=analysis.specification.interval,
        level=analysis.specification.level,
    )
