"""Events per participant at risks that trials count."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike
from scipy.special import expit, logit

from evidence.analysis.rare_events import RareEvents, RareResult, rare_events
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation import estimates
from evidence.estimation.from_arm_results import pairs
from evidence.estimation.from_events import Counts, EventTables, event_tables
from evidence.estimation.lookups import Context
from evidence.meta.effect_size import Array, inside, numbers, plain


def risk_from_odds_ratio(baseline: ArrayLike, log_odds_ratio: ArrayLike) -> float | Array:
    """Risk with the intervention from that with the comparator and an odds ratio.

    Parameters
    ----------
    baseline : float or array
        Risk with the comparator, between 0 and 1.
    log_odds_ratio : float or array
        Of the event, intervention against comparator.

    Returns
    -------
    float or ndarray
        OR p / (1 - p + OR p), from 0 to 1 (Cochrane Handbook 2019, chapter 15).

    Raises
    ------
    ParameterError
        For a risk outside 0 to 1, a missing value.

    Examples
    --------
    >>> round(risk_from_odds_ratio(0.5, 1.0986122886681098), 3)
    0.75
    """
    p = inside("baseline", baseline, 0, 1)
    # the same as OR p / (1 - p + OR p), Cochrane Handbook 2019, chapter 15
    return plain(expit(logit(p) + numbers("log_odds_ratio", log_odds_ratio)))


@dataclass(frozen=True, slots=True, eq=False)
class AbsoluteEffect:
    """An event with the therapy at a stated risk with the comparator.

    Attributes
    ----------
    estimate_id : str
        Id of the difference of risks.
    ratio : object
        The odds ratio behind it: a row of the frame of estimates, or a `RareResult`.
    events : RareEvents or None
        The event, where the ratio is a `RareResult`.
    tables : EventTables
        Counts that the stated risk is from.
    baseline : float
        Risk of the event with the comparator, from 0 to 1.
    risk, risk_low, risk_high : float
        Risk with the therapy, its interval from that of the odds ratio alone.
    n : int
        Participants behind the odds ratio.
    processing : str
        The worst of what entered.
    """

    estimate_id: str
    ratio: Any
    events: RareEvents | None
    tables: EventTables
    baseline: float
    risk: float
    risk_low: float
    risk_high: float
    n: int
    processing: str


def absolute_effects(dataset: Dataset, therapies: Sequence[str]) -> list[AbsoluteEffect]:
    """Return events per participant at risks that trials count in their comparator arms.

    An event to be reached stands trial by trial at the risk of its own comparator arm. An event to
    be avoided is rare: its exact odds ratios stand at the risk of each comparator arm counted.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapies : sequence of str
        Therapies.
    """
    context = Context.of(dataset)
    frame = estimates(dataset)
    points = frame[(frame.metric == "log_odds_ratio") & frame.variance.notna()]
    ratios = {tuple(row.result_ids[:2]): row for row in records(points)}
    made: list[AbsoluteEffect] = []
    rare: dict[tuple[str, str, str], RareEvents] = {}
    for one, two in pairs(context, list(records(context.arm_results))):
        found = event_tables(context, (one, two)) if dataset.event_sign(one.event) else None
        if found is None or found.row.intervention not in therapies:
            continue
        row = found.row
        if row.therapy != row.intervention or not context.randomized(row.trial_id):
            continue
        if row.more_is == "worse":
            key = (row.therapy, row.outcome_id, row.event)
            if key not in rare:
                rare[key] = rare_events(dataset, therapy=key[0], outcome=key[1], event=key[2])
            continue
        ratio = ratios.get((one.result_id, two.result_id))
        if ratio is not None:
            limits = (ratio.effect, ratio.ci_low, ratio.ci_high)
            made += _at_risk(ratio.estimate_id, ratio, None, found, limits)
    for events in rare.values():
        for result in events.results:
            if result.method == "exact":
                made += at_risks(result, events)
    return made


def at_risks(result: RareResult, events: RareEvents) -> list[AbsoluteEffect]:
    """Return a pooled odds ratio of an event at the risk of each comparator arm behind it."""
    pooled = result.pooled
    if pooled.effect is None or pooled.ci_low is None or pooled.ci_high is None:
        return []
    limits = (pooled.effect, pooled.ci_low, pooled.ci_high)
    if not all(map(math.isfinite, limits)):
        return []
    return [
        one
        for tables in result.tables
        for one in _at_risk(result.estimate_id, result, events, tables, limits)
    ]


def _at_risk(
    ratio_id: str,
    ratio: Any,
    events: RareEvents | None,
    tables: EventTables,
    limits: tuple[float, float, float],
) -> list[AbsoluteEffect]:
    counts: Counts = tables.fewest_missing
    baseline = counts.events_2 / counts.n_2
    if not 0 < baseline < 1:
        # Without events, or with nothing else, an odds ratio leads nowhere.
        return []
    # Odds ratios favor the intervention above 1, whatever the event: here that of the event.
    sign = -1 if tables.row.more_is == "worse" else 1
    risk, *ends = (float(risk_from_odds_ratio(baseline, sign * value)) for value in limits)
    members = ratio.tables if events is not None else (tables,)
    sizes = [one.fewest_missing for one in members]
    return [
        AbsoluteEffect(
            f"{ratio_id}.risk_of_{tables.row.trial_id}",
            ratio,
            events,
            tables,
            baseline,
            risk,
            min(ends),
            max(ends),
            sum(one.n_1 + one.n_2 for one in sizes),
            ratio.processing,
        )
    ]
