"""What follows from assumptions that no source settles: clusters, developers, the missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from evidence.analysis import Analysis, analyze, signature
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.from_arm_results import pairs
from evidence.estimation.from_events import METRICS, Counts, EventTables, event_tables
from evidence.estimation.from_events import table as in_words
from evidence.estimation.lookups import Context
from evidence.estimation.row import interval
from evidence.meta.effect_size import Array, at_least, between, plain
from evidence.meta.effect_size.events import EventIs, missing_scenarios
from evidence.meta.pooling import Pooled, pool

CORRELATIONS = (0.05, 0.10)
"""Correlations within clusters that are tried."""

CLUSTER_SIZES = (5, 10)
"""Participants per therapist that are tried; no source seen prints any."""

SCENARIOS = ("observed", "missing_bad", "missing_good", "best", "worst")
"""Observed cases; all randomized with the missing of both arms counted as having had the bad or
the good outcome, or as favors the intervention most or least (Cochrane Handbook 2019, 10.12.3)."""

SCENARIO_COLUMNS = (
    *("estimate_id", "scenario", "trial_id", "label", "therapy", "comparator", "comparator_class"),
    *("event", "more_is", "timepoint", "counts", "missing", "effect", "variance", "se", "ci_low"),
    *("ci_high", "n_intervention", "n_comparator", "processing", "result_ids"),
    *("locator_ids", "correction_ids"),
)


def design_effect(cluster_size: ArrayLike, correlation: ArrayLike) -> float | Array:
    """Factor by which clustering multiplies the variance of an effect.

    Parameters
    ----------
    cluster_size : float or array
        Participants per cluster, such as those of one therapist, 1 or more.
    correlation : float or array
        Correlation within clusters (ICC), from 0 to 1.

    Returns
    -------
    float or ndarray
        1 + (m - 1) ICC (Kish 1965; Cochrane Handbook 2019, chapter 23), the same in both arms.

    Raises
    ------
    ParameterError
        For a size below 1, a correlation outside 0 to 1, a missing value.

    Examples
    --------
    >>> round(design_effect(10, 0.05), 2)
    1.45
    """
    m = at_least("cluster_size", cluster_size, 1)
    # Kish 1965, section 5.4
    return plain(1 + (m - 1) * between("correlation", correlation, 0, 1))


@dataclass(frozen=True, slots=True)
class Clustered:
    """A pooled result as if the participants of each trial were clustered: imputed.

    Attributes
    ----------
    estimate_id : str
        Id of the pooled number.
    cluster_size, correlation : float
        What was assumed.
    largest_factor : float
        Largest design effect of a trial.
    pooled : Pooled
        The result.
    """

    estimate_id: str
    cluster_size: float
    correlation: float
    largest_factor: float
    pooled: Pooled


def with_clustering(
    analysis: Analysis,
    cluster_sizes: Sequence[float] = CLUSTER_SIZES,
    correlations: Sequence[float] = CORRELATIONS,
) -> list[Clustered]:
    """Pool with the variance of each trial multiplied by a design effect.

    Parameters
    ----------
    analysis : Analysis
        Main analysis.
    cluster_sizes : sequence of float
        Participants per therapist; never more than the smaller arm of a trial has.
    correlations : sequence of float
        Correlations within clusters.

    Returns
    -------
    list of Clustered
        Empty where the size of an arm is not known.
    """
    effect, variance = analysis.selection.effects()
    rows = analysis.selection.estimates
    arms = rows[["n_intervention", "n_comparator"]]
    if arms.isna().any(axis=None):
        return []
    smaller = arms.to_numpy(dtype=float).min(axis=1)
    specification = analysis.specification
    made = []
    for size in cluster_sizes:
        for correlation in correlations:
            factor = np.asarray(design_effect(np.minimum(size, smaller), correlation))
            made.append(
                Clustered(
                    estimate_id=f"{analysis.estimate_id}.clusters_of_{size:g}.icc_{correlation:g}",
                    cluster_size=size,
                    correlation=correlation,
                    largest_factor=float(factor.max()),
                    pooled=pool(effect, variance * factor, **specification.methods),
                )
            )
    return made


@dataclass(frozen=True, slots=True, eq=False)
class DeveloperGroup:
    """Trials with the same part of the developers of the therapy.

    Attributes
    ----------
    involvement : str
        ``yes``, ``collaborated``, ``no`` or ``not_known``.
    analysis : Analysis or None
        The analysis of those that print a usable number; the main analysis itself where these are
        its trials. None where none does.
    stress : StressTest or None
        With the unreported results of the group at zero; None where there are none, or no number.
    without_number : DataFrame
        Its trials without a usable number.
    """

    involvement: str
    analysis: Analysis | None
    stress: StressTest | None
    without_number: pd.DataFrame


def by_developers(dataset: Dataset, analysis: Analysis) -> list[DeveloperGroup]:
    """Return the analysis by the part that developers of the therapy took in the trials.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.

    Returns
    -------
    list of DeveloperGroup
        In the order of the trials.
    """
    involved = dataset.trials.set_index("trial_id").developer_involved
    selection = analysis.selection
    trials = [*selection.estimates.trial_id, *selection.without_number.trial_id]
    main = analysis.specification
    made = []
    for involvement in dict.fromkeys(involved[one] for one in trials):
        others = tuple(one for one in trials if involved[one] != involvement)
        missing = selection.without_number
        missing = missing[missing.trial_id.map(involved) == involvement]
        alone: Analysis | None = None
        stress: StressTest | None = None
        if any(involved[one] == involvement for one in selection.estimates.trial_id):
            alone = analyze(
                dataset,
                replace(main, leave_out=(*main.leave_out, *others), metric=analysis.id_metric),
                analysis.frame,
            )
            stress = stress_test(alone)
            if signature(alone) == signature(analysis):
                alone = analysis
        made.append(DeveloperGroup(involvement, alone, stress, missing.reset_index(drop=True)))
    return made


def missing_participants(dataset: Dataset, analysis: Analysis) -> pd.DataFrame:
    """Return effects on events under assumptions about participants whose outcome is missing.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Its therapy, outcome and timepoint; events of randomized trials on that outcome are taken.

    Returns
    -------
    DataFrame
        Columns `SCENARIO_COLUMNS`, one row per event and scenario: log odds ratios, above 0 where
        they favor the intervention. Only ``observed``, which keeps the id of the estimate, where
        no source prints the arm sizes or more are counted than were randomized, with ``missing``
        <NA>.
    """
    context = Context.of(dataset)
    specification = analysis.specification
    frame = analysis.frame
    point = frame[(frame.metric == "log_odds_ratio") & frame.variance.notna()]
    ids = {tuple(row.result_ids[:2]): row.estimate_id for row in records(point)}
    made = []
    for pair in pairs(context, list(records(context.arm_results))):
        found = event_tables(context, pair) if dataset.event_sign(pair[0].event) else None
        observed_id = ids.get((pair[0].result_id, pair[1].result_id))
        # Counts that are not determined give no point, so assumptions would stand on nothing.
        if found is None or observed_id is None:
            continue
        row = found.row
        about = (row.therapy, row.intervention, row.outcome_id, row.timepoint)
        wanted = specification.question
        if about == (wanted[0], *wanted) and context.randomized(row.trial_id):
            made += _scenarios(context, found, observed_id)
    return pd.DataFrame(made, columns=list(SCENARIO_COLUMNS)).astype({"missing": "Int64"})


def _scenarios(context: Context, found: EventTables, observed_id: str) -> list[dict[str, object]]:
    row, counts = found.row, found.fewest_missing
    sizes = [context.size(one) for one in (row.intervention_arm_id, row.comparator_arm_id)]
    tables = {"observed": counts}
    missing = None
    if all(size.n is not None and not size.imputed for size in sizes):
        randomized = [int(size.n or 0) for size in sizes]
        supposed = _tables(counts, randomized, good=row.more_is == "better")
        missing = sum(randomized) - counts.n_1 - counts.n_2 if supposed else None
        tables |= supposed
    stem = f"{row.trial_id}.{row.outcome_id}.{row.event}.{row.timepoint}.log_odds_ratio"
    sign = context.dataset.event_sign(row.event)
    made: list[dict[str, object]] = []
    for scenario, table in tables.items():
        effect = METRICS["log_odds_ratio"](*table)
        observed = scenario == "observed"
        made.append(
            {
                **{name: getattr(row, name) for name in SCENARIO_COLUMNS if hasattr(row, name)},
                **interval(sign * float(effect.value), float(effect.variance)),
                "estimate_id": observed_id if observed else f"{stem}.randomized.{scenario}",
                "scenario": scenario,
                "counts": in_words(table),
                "missing": missing,
                "n_intervention": table.n_1,
                "n_comparator": table.n_2,
                "processing": found.processing if observed else "imputed",
            }
        )
    return made


def _tables(counts: Counts, randomized: Sequence[int], *, good: bool) -> dict[str, Counts]:
    event_is: EventIs = "good" if good else "bad"
    try:
        found = missing_scenarios(
            counts.events_1,
            counts.n_1,
            randomized[0],
            counts.events_2,
            counts.n_2,
            randomized[1],
            event_is=event_is,
        )
    except ParameterError:
        # More participants counted than randomized: a fault of the source, not a scenario.
        return {}
    without, having = found.missing_not_event, found.missing_event
    return {
        "missing_bad": Counts(*(without if good else having)),
        "missing_good": Counts(*(having if good else without)),
        "best": Counts(*found.best),
        "worst": Counts(*found.worst),
    }
