"""What each outcome shows against each class of comparators, also in points of an instrument."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evidence.analysis import Analysis, analyze
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.data.dataset import CLASSES, Dataset
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.lookups import Context
from evidence.meta.pooling import Pooled
from evidence.terms import COMPARES, ComparatorClass, Said

TIMEPOINTS = ("post", "follow_up")
ALL = ""
"""In place of a class of comparators: all of them together."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One outcome at one time against one class of comparators.

    Attributes
    ----------
    therapy, outcome, timepoint, comparator_class : str
        What it is about; the class is `ALL` for several together.
    analysis : Analysis or None
        None where no trial prints a usable number.
    points : Series or None
        The difference in points that a single trial has itself: a printed coefficient, or that of
        its means.
    stress : StressTest or None
        With the unreported results against this class at zero.
    without_number : DataFrame
        Randomized trials that measured the outcome against this class and print no usable number.
    """

    therapy: str
    outcome: str
    timepoint: str
    comparator_class: str
    analysis: Analysis | None
    points: "pd.Series[Any] | None"
    stress: StressTest | None
    without_number: pd.DataFrame

    @property
    def trial_ids(self) -> tuple[str, ...]:
        """Trials with a usable number, then those without."""
        with_number = () if self.analysis is None else self.analysis.selection.estimates.trial_id
        return (*with_number, *self.without_number.trial_id)


def findings(dataset: Dataset, therapies: Sequence[str]) -> list[Finding]:
    """Return what is known of each outcome that any randomized trial prints on a scale of SDs.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapies : sequence of str
        Therapies.

    Returns
    -------
    list of Finding
        By therapy, time, outcome and class of comparators, those without a number among them.
    """
    frame = estimates(dataset)
    made = []
    for therapy in therapies:
        for timepoint in TIMEPOINTS:
            for outcome in dict.fromkeys(frame.outcome_id[frame.intervention == therapy]):
                main = _analyzed(
                    dataset,
                    Specification(therapy=therapy, outcome=outcome, timepoint=timepoint),
                    frame,
                )
                if main is not None:
                    made += [_finding(dataset, main, one) for one in _classes(main)]
    return made


def _analyzed(
    dataset: Dataset, specification: Specification, frame: pd.DataFrame
) -> Analysis | None:
    try:
        return analyze(dataset, specification, frame)
    except (ParameterError, SelectionError):
        # Nothing on this outcome and time can be pooled by the rules.
        return None


def _classes(main: Analysis) -> list[ComparatorClass]:
    selection = main.selection
    left = selection.left_out
    present = {
        *selection.estimates.comparator_class,
        *selection.without_number.comparator_class,
        *left.comparator_class[left.said.isin([*COMPARES, Said.SOURCES_DIFFER])],
    }
    return [one for one in CLASSES if one in present]


def _finding(dataset: Dataset, main: Analysis, comparator_class: ComparatorClass) -> Finding:
    specification = main.specification
    alone = _analyzed(
        dataset,
        replace(specification, comparator_class=comparator_class, metric=main.id_metric),
        main.frame,
    )
    left = main.selection.left_out
    silent = left[(left.comparator_class == comparator_class) & (left.said != "")].drop_duplicates(
        "trial_id"
    )
    without = silent if alone is None else alone.selection.without_number
    return Finding(
        therapy=specification.therapy,
        outcome=specification.outcome,
        timepoint=specification.timepoint,
        comparator_class=comparator_class,
        analysis=alone,
        points=None if alone is None else _own_points(alone),
        stress=None if alone is None else stress_test(alone),
        without_number=without.reset_index(drop=True),
    )


def _own_points(analysis: Analysis) -> "pd.Series[Any] | None":
    """Return the difference in points that a single trial has from the same results, if any."""
    chosen, frame = analysis.selection.estimates, analysis.frame
    if len(chosen) != 1:
        return None
    found = frame[
        (frame.metric == "mean_difference")
        & frame.effect.notna()
        & frame.result_ids.map(lambda ids: ids == chosen.result_ids.iloc[0])
    ]
    return None if found.empty else found.iloc[0]


@dataclass(frozen=True, slots=True)
class InPoints:
    """A standardized effect as points of an instrument: imputed.

    Attributes
    ----------
    estimate_id : str
        Id of the number.
    instrument_id, trial_id, label : str
        The instrument, and the trial whose comparator arm gives the SD.
    sd : float
        That SD, in points, at the same time.
    result_id, locator_id : str
        Where the SD is printed.
    effect, ci_low, ci_high : float
        Points, positive in favor of the intervention.
    """

    estimate_id: str
    instrument_id: str
    trial_id: str
    label: str
    sd: float
    result_id: str
    locator_id: str
    effect: float
    ci_low: float
    ci_high: float


def in_points(
    dataset: Dataset,
    estimate_id: str,
    pooled: Pooled,
    specification: Specification,
    instrument_id: str,
) -> list[InPoints]:
    """Multiply a standardized effect by each SD that a comparator arm prints.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    estimate_id : str
        Id of the standardized effect.
    pooled : Pooled
        It.
    specification : Specification
        Therapy and time whose comparator arms are taken.
    instrument_id : str
        Instrument in whose points it is expressed.

    Returns
    -------
    list of InPoints
        One per randomized trial of the therapy that prints the SD of its comparator arm on the
        instrument at that time (Cochrane Handbook 2019, chapter 15).
    """
    context = Context.of(dataset)
    made = []
    for row in records(context.arm_results):
        trial, arm = context.trials[row.trial_id], context.arms[row.arm_id]
        if (
            row.instrument_id == instrument_id
            and row.timepoint == specification.timepoint
            and arm.role == "comparator"
            and trial.therapy == specification.therapy
            and context.randomized(row.trial_id)
            and not pd.isna(row.sd)
        ):
            # Cochrane Handbook 2019, chapter 15: standardized difference times SD
            effect, low, high = (
                value * row.sd for value in (pooled.effect, pooled.ci_low, pooled.ci_high)
            )
            made.append(
                InPoints(
                    f"{estimate_id}.points_of_{instrument_id}.sd_of_{row.trial_id}",
                    instrument_id,
                    row.trial_id,
                    trial.label,
                    float(row.sd),
                    row.result_id,
                    row.locator_id,
                    effect,
                    low,
                    high,
                )
            )
    return made


def most_used_instrument(analysis: Analysis) -> str:
    """Return the instrument that most trials of an analysis used, the first of several."""
    return str(analysis.selection.estimates.instrument_id.mode(dropna=True).iloc[0])
