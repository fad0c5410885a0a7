"""All that stands beside a pooled result."""

from dataclasses import dataclass

from evidence.dataset import Dataset
from evidence.specification.analysis import (
    Analysis,
    by_comparator_class,
    with_other_choices,
    with_other_methods,
)
from evidence.specification.scenarios import (
    EventsConverted,
    PriorView,
    StressTest,
    stress_test,
    with_events_converted,
    with_priors,
)


@dataclass(frozen=True, slots=True, eq=False)
class Companions:
    """What stands beside a pooled result in every report.

    Attributes
    ----------
    by_class : dict of str to Analysis
        The same analysis by class of comparator.
    other_methods, other_choices : list of Analysis
        The same trials by other methods, and analyses with another choice of estimates.
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
    stress: StressTest | None
    converted: EventsConverted | None
    priors: list[PriorView]

    @property
    def analyses(self) -> list[Analysis]:
        """All analyses."""
        return [*self.by_class.values(), *self.other_methods, *self.other_choices]


def companions(dataset: Dataset, analysis: Analysis) -> Companions:
    """Return what stands beside a pooled result in every report."""
    stress = stress_test(analysis)
    return Companions(
        by_class=by_comparator_class(dataset, analysis),
        other_methods=with_other_methods(dataset, analysis) if analysis.pooled.k > 1 else [],
        other_choices=with_other_choices(dataset, analysis),
        stress=stress,
        converted=with_events_converted(analysis),
        priors=with_priors(analysis, stress),
    )
