"""What two arms reported of one outcome at one time, gathered for other tools."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import SelectionError
from evidence.estimation import estimates
from evidence.estimation.from_events import Counts, event_tables
from evidence.estimation.from_means import DIRECTION
from evidence.estimation.from_statistics import SIGN
from evidence.estimation.lookups import Context
from evidence.terms import Convention

_MEANS = ("means", "means_change")
_COUNTS = ("counts", "reconstructed_counts")


class Means(NamedTuple):
    """Means, standard deviations and participants of both arms, in points of the instrument."""

    mean_1: float
    sd_1: float
    n_1: int
    mean_2: float
    sd_2: float
    n_2: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimate and the numbers of both arms behind it.

    Attributes
    ----------
    estimate : Any
        A row of `evidence.estimates` as a named tuple; its effect is positive where it favors the
        intervention.
    sign : int
        1 where more (points, participants with the event) favors the intervention, else -1: other
        tools subtract the comparator from the intervention, whatever that means for the patient,
        and their value times ``sign`` is ours.
    means : Means or None
        Where the estimate is made from means and standard deviations.
    counts : Counts or None
        Where it is made from numbers of participants with the event, printed or reconstructed.
    """

    estimate: Any
    sign: int
    means: Means | None
    counts: Counts | None


def contrasts(
    dataset: Dataset, *, convention: Convention = "exact", **filters: str
) -> list[Contrast]:
    """Return every estimate that has a variance, with the numbers behind it.

    Parameters
    ----------
    dataset : Dataset
        A data package as `evidence.load` returns it.
    convention : {"exact", "metapsy"}
        Small-sample convention of Hedges g.
    **filters : str
        As `evidence.estimates` takes them.

    Returns
    -------
    list of Contrast
        In the order of `evidence.estimates`. Baseline comparisons are among them.

    Raises
    ------
    ParameterError
        If a filter or its value is unknown.
    SelectionError
        If no estimate is left, or one whose direction nothing states.

    Examples
    --------
    >>> import evidence
    >>> found = contrasts(evidence.load(), trial="israel2013", metric="hedges_g", timepoint="post")
    >>> [(one.estimate.instrument_id, one.sign, one.means.mean_1) for one in found]
    [('ham_d', -1, 12.5), ('bdi_ii', -1, 22.8)]
    """
    named: dict[str, Any] = dict(filters)
    frame = estimates(dataset, convention=convention, **named)
    usable = frame[frame.effect.notna() & frame.variance.notna()]
    if usable.empty:
        raise SelectionError("no estimate with a variance is left by these filters")
    context = Context.of(dataset)
    printed = {one.result_id: one for one in records(context.arm_results)}
    return [_contrast(context, printed, one) for one in records(usable)]


def _contrast(context: Context, printed: dict[str, Any], estimate: Any) -> Contrast:
    arms = [printed[one] for one in estimate.result_ids if one in printed]
    sign = _sign(context, estimate)
    means = counts = None
    if estimate.route in _MEANS:
        means = _means(arms[:2])
    elif estimate.route in _COUNTS:
        tables = event_tables(context, (arms[0], arms[1]))
        counts = tables.fewest_missing if tables else None
    return Contrast(estimate, sign, means, counts)


def _sign(context: Context, estimate: Any) -> int:
    """Return 1 where more favors the intervention, else -1, by the event, instrument or source."""
    if sign := (
        context.dataset.event_sign(estimate.event)
        if estimate.event
        else DIRECTION[context.instruments[estimate.instrument_id].higher_is]
    ):
        return sign
    printed = context.statistics[context.statistics.result_id.isin(estimate.result_ids)]
    said = {SIGN[one] for one in printed.favors_intervention_when if one in SIGN}
    if len(said) != 1:
        raise SelectionError(
            f"{estimate.estimate_id}: whether more of {estimate.event} is better or worse stands "
            "neither with the event (more_is) nor with the number, so that it has no direction"
        )
    return said.pop()


def _means(arms: list[Any]) -> Means:
    one, two = arms
    return Means(one.mean, one.sd, int(one.n_analyzed), two.mean, two.sd, int(two.n_analyzed))


_BEST_FIRST = ("means", "counts", "reconstructed_counts", "printed")


def one_per_result(found: list[Contrast], metrics: tuple[str, ...]) -> list[Contrast]:
    """Return one contrast for each instrument or event, time and pair of arms.

    Within a metric means come before counts, and counts before printed and converted effects.
    Baseline comparisons are left to the tool that reads the table.

    Parameters
    ----------
    found : list of Contrast
        As `contrasts` returns them.
    metrics : tuple of str
        Metrics that the tool takes, the preferred one first.

    Returns
    -------
    list of Contrast
        In the given order.
    """
    best: dict[tuple[Any, ...], Contrast] = {}
    for one in found:
        row = one.estimate
        if row.timepoint == "baseline" or row.metric not in metrics:
            continue
        kept = best.get(key := _result_of(row))
        if kept is None or _rank(one, metrics) < _rank(kept, metrics):
            best[key] = one
    return list(best.values())


def _result_of(row: Any) -> tuple[Any, ...]:
    clocks = (row.weeks_since_randomization, row.follow_up_weeks)
    return (
        row.intervention_arm_id,
        row.comparator_arm_id,
        row.event or row.instrument_id,
        row.timepoint,
        *(None if pd.isna(one) else one for one in clocks),
    )


def _rank(one: Contrast, metrics: tuple[str, ...]) -> tuple[int, int]:
    route = one.estimate.route
    near = _BEST_FIRST.index(route) if route in _BEST_FIRST else len(_BEST_FIRST)
    return metrics.index(one.estimate.metric), near
