"""Both times together across trials: a bivariate model of the end of treatment and follow-up."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from evidence.data.records import records
from evidence.estimation.lookups import number
from evidence.followup.pairs import TIMES, distance_from_print, measure, with_interval
from evidence.meta.multilevel import fit_multivariate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.inference import Coefficient, MultilevelFit, contrast

FEWEST_TRIALS = 3
"""Trials with both times below which no bivariate model is fitted."""

METRICS = ("hedges_g", "log_odds_ratio")
"""Metrics on which trials with different instruments have a common scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Bivariate:
    """A bivariate model of one outcome.

    Attributes
    ----------
    outcome_id, metric : str
        Outcome and metric; ratios are on the log scale.
    more_is : str
        "worse" where every estimate is of a harm, else empty.
    correlation : float
        Correlation of the errors of two estimates of one trial, supposed.
    k_post, k_follow_up, k_both : int
        Trials with an estimate at each time, and at both.
    post, follow_up, change : Coefficient
        Mean effects, positive where they favor the intervention, and follow-up minus post, below 0
        where the effect shrank; intervals are cluster-robust (CR2).
    fit : MultilevelFit
        The fit: ``tau2`` of follow_up and post in that order, ``rho`` their correlation between
        trials.
    """

    outcome_id: str
    metric: str
    more_is: str
    correlation: float
    k_post: int
    k_follow_up: int
    k_both: int
    post: Coefficient
    follow_up: Coefficient
    change: Coefficient
    fit: MultilevelFit


def bivariate_models(
    frame: pd.DataFrame, therapy: str, correlation: float
) -> tuple[Bivariate, ...]:
    """Return a model for each outcome and metric that enough trials have at both times.

    Trials with one of the times enter too, which is what a bivariate model is for; all follow-ups
    of a trial count as one later time.

    Parameters
    ----------
    frame : DataFrame
        Rows with the columns of `evidence.estimates`.
    therapy : str
        Therapy.
    correlation : float
        Correlation of the errors of two estimates of one trial; below 0, which no model of several
        estimates takes, it counts as 0.

    Notes
    -----
    Van Houwelingen, Arends and Stijnen (2002), Stat Med 21:589: random effects of both times with
    an unstructured covariance between trials.
    """
    rows = with_interval(frame)
    rows = rows[(rows.intervention == therapy) & (rows.comparator != therapy)]
    return tuple(_models(_nearest(rows), max(correlation, 0.0)))


def _nearest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each quantity: of several routes the one nearest to print."""
    kept: dict[tuple[object, ...], str] = {}
    for row in sorted(records(rows), key=distance_from_print):
        weeks = number(row.follow_up_weeks), number(row.weeks_since_randomization)
        kept.setdefault((*measure(row), row.timepoint, weeks), row.estimate_id)
    return rows[rows.estimate_id.isin(set(kept.values()))]


def _models(rows: pd.DataFrame, correlation: float) -> Iterator[Bivariate]:
    for (outcome, metric), own in rows.groupby(["outcome_id", "metric"], sort=True):
        if metric not in METRICS:
            continue
        post, later = (set(own.trial_id[own.timepoint == time]) for time in TIMES)
        if len(post & later) < FEWEST_TRIALS:
            continue
        trials = list(own.trial_id)
        fit = fit_multivariate(
            own.effect.to_numpy(dtype=float),
            correlated_covariance(own.variance.to_numpy(dtype=float), trials, correlation),
            trials,
            list(own.timepoint),
        )
        means = {one.name: one for one in fit.coefficients}
        yield Bivariate(
            outcome_id=str(outcome),
            metric=str(metric),
            more_is="worse" if set(own.more_is) == {"worse"} else "",
            correlation=correlation,
            k_post=len(post),
            k_follow_up=len(later),
            k_both=len(post & later),
            post=means["post"],
            follow_up=means["follow_up"],
            change=contrast(fit, {"follow_up": 1, "post": -1}),
            fit=fit,
        )
