"""Estimates at both times: which belong together, how far apart, and the change they give.

All effects are positive where they favor the intervention; ratios are on the log scale. Nothing
here knows how two estimates of the same participants correlate: the correlation is an argument.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evidence.data.provenance import Processing, union
from evidence.data.records import records
from evidence.estimation.lookups import Context, number
from evidence.estimation.row import Row, interval, to_frame
from evidence.meta.effect_size import Effect, at_least, between, finite_effect, inside
from evidence.terms import RemarkKind


class Fraction(NamedTuple):
    """A ratio of two effects with its interval.

    Attributes
    ----------
    value, low, high : float
        1 where nothing was lost, 0 where nothing is left, below 0 where the effect turned.
    """

    value: float
    low: float
    high: float


def change_from_post(post: Effect, follow_up: Effect, correlation: float) -> Effect:
    """Change of an effect after the end of treatment.

    Parameters
    ----------
    post, follow_up : Effect
        The same comparison at both times; ratios on the log scale.
    correlation : float
        Correlation of the two estimates, from -1 to 1.

    Returns
    -------
    Effect
        Follow-up minus post, below 0 where the effect shrank, with variance
        v1 + v2 - 2 r sqrt(v1 v2) (Borenstein et al. 2009, chapter 24, on time-points within a
        study). With log ratios it is the log of the ratio of the two ratios, and the variances are
        those of the delta method (Altman and Bland 2003 for uncorrelated ones).

    Raises
    ------
    ParameterError
        For a correlation outside -1 to 1, a negative or missing variance.

    Examples
    --------
    >>> change_from_post(Effect(5.0, 4.0), Effect(2.0, 4.0), 0.5)
    Effect(value=-3.0, variance=4.0)
    """
    before, after, covariance = _moments(post, follow_up, correlation)
    # Borenstein et al. 2009, chapter 24: a change of a correlated pair
    variance = before + after - 2 * covariance
    # With a correlation of 1 and equal variances the sum can fall below 0 by its last digit.
    return finite_effect(np.asarray(follow_up.value - post.value), np.maximum(variance, 0.0))


def retained_fraction(
    post: Effect, follow_up: Effect, correlation: float, *, level: float = 0.95
) -> Fraction | None:
    """Fraction of an effect that is left at follow-up, with its Fieller interval.

    Parameters
    ----------
    post, follow_up : Effect
        The same comparison at both times; ratios on the log scale.
    correlation : float
        Correlation of the two estimates, from -1 to 1.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    Fraction or None
        Follow-up over post. The interval holds every fraction f for which
        follow-up - f post is compatible with 0 (Fieller 1954). It is None where the effect at post
        is not further from 0 than the quantile of the level times its standard error: then the
        interval has no end, and a fraction of nearly nothing means nothing.

    Raises
    ------
    ParameterError
        For a level outside 0 to 1, and as `change_from_post`.

    Examples
    --------
    >>> fraction = retained_fraction(Effect(10.0, 4.0), Effect(5.0, 4.0), 0.5)
    >>> round(fraction.value, 2), round(fraction.low, 2), round(fraction.high, 2)
    (0.5, 0.13, 0.87)
    """
    z = float(ndtri((1 + inside("level", level, 0, 1)) / 2))
    before, after, covariance = _moments(post, follow_up, correlation)
    first, last = float(post.value), float(follow_up.value)
    # Fieller 1954: (last - f first)^2 <= z^2 (after - 2 f covariance + f^2 before), solved for f
    square = first**2 - z**2 * before
    if square <= 0:
        return None
    half = first * last - z**2 * covariance
    constant = last**2 - z**2 * after
    root = max(half**2 - square * constant, 0.0) ** 0.5
    return Fraction(last / first, (half - root) / square, (half + root) / square)


def between_treatments(
    one: Effect, two: Effect, n_one: float, n_two: float, n_shared: float
) -> Effect:
    """Difference between two treatments that were each compared with the same arm.

    Parameters
    ----------
    one, two : Effect
        Differences of each treatment from the shared arm, in points, positive where they favor
        the treatment.
    n_one, n_two, n_shared : float
        Participants of the three arms, 1 or more.

    Returns
    -------
    Effect
        One minus two. The covariance of the two contrasts is the variance of the shared arm
        (Franchini et al. 2012): with equal variances per participant they correlate at
        (1/n_shared) / sqrt((1/n_one + 1/n_shared) (1/n_two + 1/n_shared)), which is 0.5 for equal
        arms.

    Raises
    ------
    ParameterError
        For arms below 1, a negative or missing variance.

    Examples
    --------
    >>> between_treatments(Effect(5.0, 4.0), Effect(3.0, 4.0), 30, 30, 30)
    Effect(value=2.0, variance=4.0)
    """
    shared = 1 / at_least("n_shared", n_shared, 1)
    first = 1 / at_least("n_one", n_one, 1) + shared
    second = 1 / at_least("n_two", n_two, 1) + shared
    # Franchini et al. 2012: contrasts with a common arm covary by the variance of its mean
    return change_from_post(two, one, float(shared / np.sqrt(first * second)))


def _moments(post: Effect, follow_up: Effect, correlation: float) -> tuple[float, float, float]:
    before = float(at_least("post.variance", post.variance, 0))
    after = float(at_least("follow_up.variance", follow_up.variance, 0))
    r = float(between("correlation", correlation, -1, 1))
    return before, after, r * (before * after) ** 0.5


TIMES = ("post", "follow_up")

SHARED_CONTROL = "shared_control"
"""Route of a contrast that is the difference of two with the same comparator arm."""

_CONTRAST = ("trial_id", "intervention_arm_id", "comparator_arm_id")
_MEASURE = (*_CONTRAST, "instrument_id", "event", "metric")


def with_interval(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame of estimates that are an effect with a variance at either time."""
    usable = frame.effect.notna() & frame.variance.notna() & frame.timepoint.isin(TIMES)
    return frame[usable & (frame.comparator_arm_id != "")]


def paired(frame: pd.DataFrame) -> list[tuple[Any, Any]]:
    """Return each estimate at follow-up with the one of the same comparison at post.

    Parameters
    ----------
    frame : DataFrame
        Rows with the columns of `evidence.estimates`.

    Returns
    -------
    list of tuple
        Rows at post and at follow-up that share trial, arms, instrument, event and metric. Where
        several routes lead to one of them, the one nearest to print stands.
    """
    post: dict[tuple[Any, ...], Any] = {}
    later: dict[tuple[Any, ...], Any] = {}
    for row in sorted(records(with_interval(frame)), key=distance_from_print):
        key = measure(row)
        if row.timepoint == "post":
            post.setdefault(key, row)
        else:
            weeks = number(row.follow_up_weeks), number(row.weeks_since_randomization)
            later.setdefault((*key, weeks), row)
    order = {one: place for place, one in enumerate(frame.estimate_id)}
    found = [(post[key[:-1]], row) for key, row in later.items() if key[:-1] in post]
    return sorted(found, key=lambda pair: order[pair[1].estimate_id])


def measure(row: Any) -> tuple[Any, ...]:
    """Return what has to be the same at both times."""
    return tuple(getattr(row, name) for name in _MEASURE)


def distance_from_print(row: Any) -> int:
    """Return how far a row is from print, 0 for what a source prints."""
    return Processing.of(row.processing)


def derived(context: Context, frame: pd.DataFrame, therapy: str) -> pd.DataFrame:
    """Return contrasts of a therapy with another treatment of its trial, by their shared arm.

    Parameters
    ----------
    context : Context
        Lookups over the data set.
    frame : DataFrame
        Rows with the columns of `evidence.estimates`.
    therapy : str
        Therapy.

    Returns
    -------
    DataFrame
        Columns of `evidence.estimates`, always ``imputed``: differences in points at post and at
        follow-up between the therapy and each treatment that was compared with the same arm, where
        no source prints the contrast itself.
    """
    rows = with_interval(frame)
    rows = rows[rows.metric == "mean_difference"]
    direct = {(*measure(row), row.timepoint) for row in records(rows)}
    made: list[Row] = []
    same = [
        *("trial_id", "comparator_arm_id", "instrument_id", "event", "timepoint"),
        *("weeks_since_randomization", "follow_up_weeks"),
    ]
    for _, group in rows.groupby(same, sort=False, dropna=False):
        for one, two in permutations(records(group), 2):
            if one.intervention != therapy or two.intervention == therapy:
                continue
            row = _contrast(context, one, two)
            if row is not None and (*measure(row), row.timepoint) not in direct:
                made.append(row)
    return to_frame(made)


def _contrast(context: Context, one: Any, two: Any) -> Row | None:
    sizes = (one.n_intervention, two.n_intervention, one.n_comparator)
    if any(pd.isna(size) for size in sizes):
        return None
    n_one, n_two, n_shared = (int(size) for size in sizes)
    difference = between_treatments(
        Effect(one.effect, one.variance), Effect(two.effect, two.variance), n_one, n_two, n_shared
    )
    base = context.base(one.trial_id, one.intervention_arm_id, two.intervention_arm_id)
    contrast = f"{base.intervention}_vs_{base.comparator}"
    measured = f"{one.outcome_id}.{one.instrument_id}.{one.timepoint}.{one.metric}"
    shared = context.arms[one.comparator_arm_id].condition.replace("_", " ")
    remark = (
        f"no source prints this contrast with an interval: it is the difference of the two against "
        f"{shared}, whose correlation follows from the shared arm and the sizes of the three"
    )
    return replace(
        base,
        estimate_id=f"{one.trial_id}.{contrast}.{measured}.{SHARED_CONTROL}",
        outcome_id=one.outcome_id,
        instrument_id=one.instrument_id,
        event=one.event,
        more_is=one.more_is,
        rater=one.rater,
        timepoint=one.timepoint,
        weeks_since_randomization=number(one.weeks_since_randomization),
        follow_up_weeks=number(one.follow_up_weeks),
        metric=one.metric,
        n_intervention=n_one,
        n_comparator=n_two,
        route=SHARED_CONTROL,
        convention="difference of two contrasts with one comparator arm, in points",
        processing="imputed",
        result_ids=union([one.result_ids, two.result_ids]),
        locator_ids=union([one.locator_ids, two.locator_ids]),
        correction_ids=union([one.correction_ids, two.correction_ids]),
        remarks=union([one.remarks, two.remarks]),
        **interval(float(difference.value), float(difference.variance)),
    ).remarked((RemarkKind.DERIVED_CONTRAST, remark))


def trials_with_both(pairs: Iterable[tuple[Any, Any]], therapy: str) -> int:
    """Return the most trials of a therapy that have one outcome on one metric at both times."""
    trials: dict[tuple[str, str], set[str]] = {}
    for _, row in pairs:
        if row.intervention == therapy and row.route != SHARED_CONTROL:
            trials.setdefault((row.outcome_id, row.metric), set()).add(row.trial_id)
    return max((len(found) for found in trials.values()), default=0)


def week(later: Any) -> str:
    """Return what tells the id of a follow-up from that of another of the same arms."""
    if not pd.isna(later.follow_up_weeks):
        return f"week_{later.follow_up_weeks:g}"
    if not pd.isna(later.weeks_since_randomization):
        return f"week_{later.weeks_since_randomization:g}_since_randomization"
    return "week_not_known"


class Weeks(NamedTuple):
    """Least and greatest number of weeks since the end of treatment; None where not known."""

    low: float | None
    high: float | None


class Timing:
    """Weeks since the end of treatment, with what sources leave open."""

    def __init__(self, context: Context) -> None:
        frames = [context.arm_results, context.statistics]
        self._results = {one.result_id: one for frame in frames for one in records(frame)}
        facts = context.dataset.trial_facts
        self._lengths = facts[facts.fact == "treatment_weeks"].groupby("trial_id").value

    def weeks(self, row: Any) -> Weeks:
        """Return the weeks of an estimate.

        Where sources differ on the length of treatment, every length they print is taken; where a
        source does not say from when it counts, from randomization to the end of treatment.
        """
        if row.timepoint == "post":
            return Weeks(0.0, 0.0)
        result = self._results.get(row.result_ids[0])
        known = number(row.follow_up_weeks)
        if result is not None and result.follow_up_weeks_alternatives:
            all_of_them = [float(one) for one in result.follow_up_weeks_alternatives.split("; ")]
            return Weeks(min(all_of_them), max(all_of_them))
        if known is not None or result is None or pd.isna(result.weeks):
            return Weeks(known, known)
        if row.trial_id not in self._lengths.groups:
            return Weeks(None, None)
        longest = float(self._lengths.get_group(row.trial_id).max())
        return Weeks(max(result.weeks - longest, 0.0), float(result.weeks))
