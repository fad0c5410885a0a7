"""Which estimate stands for a trial in an analysis, by a named rule, and what was left out."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evidence.effects.convert import correct_for_small_samples
from evidence.effects.effect import Effect
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.row import QuotedScale
from evidence.records import records
from evidence.terms import WHY, LeftOut

IMBALANCE = 0.25
"""Baseline difference in SDs above which adjustment "ppc_imbalanced" takes d_ppc2 for a trial."""

RULES: dict[str, tuple[str, ...]] = {
    "instrument": ("self_report_first", "clinician_first"),
    "adjustment": ("post", "ppc", "ppc_imbalanced"),
    "imputed": ("include", "exclude"),
    "overall": ("leave_out", "as_post"),
}
"""Accepted values of each rule, the default first; `instrument` also takes an instrument id."""

EVERY = "every"
"""Instrument rule that keeps all instruments and raters, for models of several estimates."""

_PREFERRED_RATER = {"self_report_first": "self", "clinician_first": "clinician"}
_AUTO_METRICS = ("hedges_g", "d_from_test_statistic")
ROUTES = ("means", "means_change", "counts", "reconstructed_counts", "printed", "printed_b")
"""Routes from nearest to the data to farthest; all others come after."""
_CONTINUOUS = ("hedges_g", "d_ppc2", "d_from_test_statistic", "mean_difference")
STANDARDIZED = "standardized"
"""Metric that mixes both: a sensitivity analysis, as d can be too large."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """One estimate per trial, and what was left out.

    Attributes
    ----------
    estimates : DataFrame
        Rows of the frame of estimates that stand for their trial, in order of the frame.
    left_out : DataFrame
        The other rows on this outcome and time, each with the kind of why in ``left_out_by``, its
        words in ``reason``, and in ``chosen`` what the rule takes instead, where a rule decided.
    without_number : DataFrame
        Trials on this outcome and time that print no number of the kind, one row each: trial_id,
        label, comparator, comparator_class, n_intervention, n_comparator, result_ids,
        locator_ids, said, metric, left_out_by, chosen, reason.
    metric : str
        The metric that is pooled; "mixed" where adjustment takes d_ppc2 for some trials only.
    """

    estimates: pd.DataFrame
    left_out: pd.DataFrame
    without_number: pd.DataFrame
    metric: str

    @property
    def scale(self) -> QuotedScale:
        """Scale on which its result is quoted; that of a harm where every estimate is of harms."""
        harms = set(self.estimates.more_is) == {"worse"}
        return QuotedScale(self.metric, "worse" if harms else "")

    def effects(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return effects and variances to pool.

        A d from a test statistic is corrected for small samples first (Hedges 1981): times J(df),
        its variance times J(df) squared, with df = n_intervention + n_comparator - 2.
        """
        effect = self.estimates.effect.to_numpy(dtype=float).copy()
        variance = self.estimates.variance.to_numpy(dtype=float).copy()
        converted = (self.estimates.metric == "d_from_test_statistic").to_numpy()
        sizes = self.estimates[["n_intervention", "n_comparator"]].to_numpy(dtype=float)
        if converted.any():
            df = sizes[converted].sum(axis=1) - 2
            corrected = correct_for_small_samples(
                Effect(effect[converted], variance[converted]), df
            )
            effect[converted], variance[converted] = corrected.value, corrected.variance
        return effect, variance


def select(
    estimates: pd.DataFrame,
    *,
    therapy: str,
    outcome: str,
    timepoint: str,
    instrument: str = "self_report_first",
    adjustment: str = "post",
    metric: str = "auto",
    imputed: str = "include",
    overall: str = "leave_out",
    comparator_class: str | None = None,
    leave_out: Sequence[str] = (),
    multilevel: bool = False,
) -> Selection:
    """Select the estimates that stand for their trials in one analysis.

    Parameters
    ----------
    estimates : DataFrame
        Frame of `evidence.estimates`, not filtered by timepoint (baselines are looked at).
    therapy, outcome, timepoint : str
        What is analyzed; rows whose intervention is not the therapy never enter.
    instrument : str
        "self_report_first", "clinician_first", or the id of one instrument; with `multilevel` also
        "every".
    adjustment : str
        "post" for values at the time, "ppc" for d_ppc2, "ppc_imbalanced" for d_ppc2 where the arms
        differed by more than `IMBALANCE` SDs at baseline.
    metric : str
        "auto" for hedges_g where any trial allows it, else d_from_test_statistic; "standardized"
        for hedges_g and, in trials without it, d from a test statistic; or a metric.
    imputed : {"include", "exclude"}
        Whether estimates with an imputed value may enter.
    overall : {"leave_out", "as_post"}
        Whether statistics over the whole course may stand for the end of treatment.
    comparator_class : str, optional
        Keep one class of comparators.
    leave_out : sequence of str
        Trials to leave out.
    multilevel : bool
        Whether several estimates of a trial may stay, for a model that handles them.

    Raises
    ------
    ParameterError
        If a value is not accepted or nothing is known on the outcome at that time.
    SelectionError
        If the rule leaves two estimates of one trial, or points of different instruments.
    """
    _check(
        estimates,
        therapy,
        outcome,
        timepoint,
        instrument,
        adjustment,
        imputed,
        overall,
        multilevel=multilevel,
    )
    about = estimates[
        (estimates.intervention == therapy)
        & (estimates.therapy == therapy)
        & (estimates.outcome_id == outcome)
    ]
    # A statistic over the whole course may stand for the end of treatment, never for later.
    times = [timepoint, "overall"] if timepoint == "post" else [timepoint]
    rows = about[about.timepoint.isin(times)]
    classes = set(about.comparator_class)
    if comparator_class is not None and comparator_class not in classes:
        raise ParameterError("comparator_class", comparator_class, _one_of(classes))
    unknown = sorted(set(leave_out) - set(estimates.trial_id))
    if unknown:
        raise ParameterError("leave_out", unknown[0], _one_of(set(rows.trial_id)))
    chosen_metric = _metric(rows, metric)
    wanted = _wanted(about, rows, chosen_metric, adjustment)
    reasons: dict[Hashable, Reason | None] = {
        index: _reason(
            row,
            wanted[index],
            timepoint,
            overall,
            imputed,
            comparator_class,
            leave_out,
        )
        for index, row in zip(rows.index, records(rows), strict=True)
    }
    kept = rows.loc[[index for index, reason in reasons.items() if reason is None]]
    for trial_id, group in kept.groupby("trial_id", sort=False):
        for index in _not_preferred(group, instrument):
            reasons[index] = Reason(LeftOut.OTHER_INSTRUMENT, instrument)
        remaining = [index for index in group.index if reasons[index] is None]
        if len(remaining) > 1:
            for index in _other_routes(group.loc[remaining], by_week=multilevel):
                reasons[index] = Reason(LeftOut.OTHER_ROUTE)
            remaining = [index for index in group.index if reasons[index] is None]
        if len(remaining) > 1 and not multilevel:
            ids = ", ".join(group.estimate_id.loc[remaining])
            raise SelectionError(
                f"trial {trial_id} has {len(remaining)} estimates by this rule ({ids}); "
                "name an instrument, a metric or a comparator class, leave some out, or ask for a "
                "model of several estimates per trial (che or three-level)"
            )
    chosen = rows.loc[[index for index, reason in reasons.items() if reason is None]]
    _check_units(chosen)
    left_out = _with_reasons(rows.drop(chosen.index), reasons)
    return Selection(
        estimates=chosen.reset_index(drop=True),
        left_out=left_out.reset_index(drop=True),
        without_number=_without_number(
            left_out,
            set(chosen.trial_id) | set(leave_out) | _numbered(left_out, timepoint, chosen_metric),
            comparator_class,
        ),
        metric=_pooled_metric(set(chosen.metric), chosen_metric),
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row may not enter, what the analysis takes instead, and the text of a row itself."""

    by: LeftOut
    chosen: str = ""
    text: str = ""


def _with_reasons(rows: pd.DataFrame, reasons: Mapping[Hashable, Reason | None]) -> pd.DataFrame:
    """Return the rows that were left out with kind, what was chosen instead, and words."""
    found = [reason for index in rows.index if (reason := reasons[index]) is not None]
    words = [
        one.text or WHY[one.by].format(own=own, chosen=one.chosen)
        for one, own in zip(found, rows.metric, strict=True)
    ]
    # Nothing left out is a column of text too.
    return rows.assign(
        **{
            name: pd.Series(values, index=rows.index, dtype=rows.reason.dtype)
            for name, values in (
                ("left_out_by", [one.by.value for one in found]),
                ("chosen", [one.chosen for one in found]),
                ("reason", words),
            )
        }
    )


def _check_units(chosen: pd.DataFrame) -> None:
    """Refuse points of different instruments, which have no common unit."""
    points = sorted(set(chosen.instrument_id[chosen.metric == "mean_difference"]))
    if len(points) > 1:
        raise SelectionError(
            f"points of different instruments ({', '.join(points)}) have no common unit; name one "
            "instrument or a standardized metric"
        )


def _pooled_metric(used: set[str], chosen: str) -> str:
    if chosen == STANDARDIZED or not used:
        return chosen
    return used.pop() if len(used) == 1 else "mixed"


def _one_of(values: Collection[str]) -> str:
    return f"one of {', '.join(sorted(set(values) - {''}))}"


def _check(
    frame: pd.DataFrame,
    therapy: str,
    outcome: str,
    timepoint: str,
    instrument: str,
    adjustment: str,
    imputed: str,
    overall: str,
    *,
    multilevel: bool,
) -> None:
    if therapy not in set(frame.therapy):
        raise ParameterError("therapy", therapy, _one_of(frame.therapy))
    of_therapy = frame[(frame.therapy == therapy) & (frame.intervention == therapy)]
    if outcome not in set(of_therapy.outcome_id):
        raise ParameterError("outcome", outcome, _one_of(of_therapy.outcome_id))
    of_outcome = of_therapy[of_therapy.outcome_id == outcome]
    times = set(of_outcome.timepoint) - {"overall", "baseline"}
    if timepoint not in times:
        raise ParameterError("timepoint", timepoint, _one_of(times))
    instruments = {*RULES["instrument"], *of_outcome.instrument_id, *([EVERY] * multilevel)}
    for name, value, accepted in (
        ("instrument", instrument, instruments),
        ("adjustment", adjustment, RULES["adjustment"]),
        ("imputed", imputed, RULES["imputed"]),
        ("overall", overall, RULES["overall"]),
    ):
        if value not in accepted or not value:
            raise ParameterError(name, value, _one_of(accepted))


def _metric(rows: pd.DataFrame, metric: str) -> str:
    usable = rows[rows.effect.notna() & rows.variance.notna()]
    if metric == STANDARDIZED:
        return metric
    if metric == "auto":
        return next((one for one in _AUTO_METRICS if one in set(usable.metric)), _AUTO_METRICS[0])
    if metric not in set(rows.metric):
        raise ParameterError("metric", metric, _one_of({"auto", STANDARDIZED, *usable.metric}))
    return metric


def _wanted(
    about: pd.DataFrame, rows: pd.DataFrame, metric: str, adjustment: str
) -> dict[Hashable, str]:
    """Return for each row the metric that may stand for its trial."""
    if metric == STANDARDIZED:
        with_g = set(rows.trial_id[(rows.metric == "hedges_g") & rows.variance.notna()])
        return {
            index: _AUTO_METRICS[0] if trial in with_g else _AUTO_METRICS[1]
            for index, trial in rows.trial_id.items()
        }
    if adjustment == "post" or metric != "hedges_g":
        return dict.fromkeys(rows.index, metric)
    if adjustment == "ppc":
        return dict.fromkeys(rows.index, "d_ppc2")
    measure = ["trial_id", "instrument_id", "comparator_arm_id"]
    before = about[(about.timepoint == "baseline") & (about.metric == "hedges_g")]
    imbalanced = set(before[before.effect.abs() > IMBALANCE][measure].itertuples(index=False))
    adjusted = set(rows[rows.metric == "d_ppc2"][measure].itertuples(index=False))
    keys = list(rows[measure].itertuples(index=False))
    return {
        index: "d_ppc2" if key in imbalanced and key in adjusted else metric
        for index, key in zip(rows.index, keys, strict=True)
    }


_SAME_QUANTITY = (
    "intervention_arm_id",
    "comparator_arm_id",
    "instrument_id",
    "event",
    "metric",
)
_WEEKS = ("weeks_since_randomization", "follow_up_weeks")


def _other_routes(group: pd.DataFrame, *, by_week: bool) -> list[int]:
    """Return the rows of a trial to whose quantity another row has a nearer route."""
    same_as = [*_SAME_QUANTITY, *(_WEEKS if by_week else ())]
    rank = group.route.map({route: i for i, route in enumerate(ROUTES)}).fillna(len(ROUTES))
    same = group.assign(_rank=rank).groupby(same_as, dropna=False)["_rank"]
    return list(group.index[rank > same.transform("min")])


def _reason(
    row: Any,
    metric: str,
    timepoint: str,
    overall: str,
    imputed: str,
    comparator_class: str | None,
    leave_out: Sequence[str],
) -> Reason | None:
    """Return why a row may not enter; None if it may."""
    if row.trial_id in leave_out:
        return Reason(LeftOut.BY_REQUEST)
    if comparator_class is not None and row.comparator_class != comparator_class:
        return Reason(LeftOut.OTHER_COMPARATOR_CLASS, comparator_class)
    if row.left_out_by:
        return Reason(LeftOut(row.left_out_by), text=row.reason)
    if row.comparator == row.intervention:
        return Reason(LeftOut.BOTH_ARMS_RECEIVE_IT)
    if row.timepoint != timepoint and overall != "as_post":
        return Reason(LeftOut.OTHER_TIME)
    if row.metric != metric:
        return Reason(LeftOut.OTHER_METRIC, metric)
    if pd.isna(row.variance) or pd.isna(row.effect):
        return Reason(LeftOut.NO_VARIANCE)
    if imputed == "exclude" and row.processing == "imputed":
        return Reason(LeftOut.IMPUTED)
    if row.effect_low < 0 < row.effect_high and abs(row.effect_low + row.effect_high) < 1e-12:
        return Reason(LeftOut.SIGN_UNKNOWN)
    return None


def _not_preferred(group: pd.DataFrame, instrument: str) -> list[int]:
    """Return the index of rows of a trial that the instrument rule does not take."""
    if instrument == EVERY:
        return []
    if instrument in _PREFERRED_RATER:
        preferred = group.rater == _PREFERRED_RATER[instrument]
        return list(group.index[~preferred]) if preferred.any() else []
    return list(group.index[group.instrument_id != instrument])


def _numbered(left_out: pd.DataFrame, timepoint: str, metric: str) -> set[str]:
    """Return trials that print a number of this kind at this time, though a rule leaves it out."""
    kind = {metric} if metric not in (*_CONTINUOUS, STANDARDIZED) else set(_CONTINUOUS)
    unsigned = left_out.left_out_by == LeftOut.SIGN_UNKNOWN
    rows = left_out[
        left_out.effect.notna()
        & left_out.variance.notna()
        & (left_out.timepoint == timepoint)
        & ~unsigned
    ]
    return set(rows.trial_id[rows.metric.isin(kind)])


def _without_number(
    left_out: pd.DataFrame, standing: set[str], comparator_class: str | None
) -> pd.DataFrame:
    """Return one row per trial that no chosen estimate stands for, with what it reports."""
    rows = left_out[~left_out.trial_id.isin(standing) & (left_out.comparator_arm_id != "")]
    if comparator_class is not None:
        rows = rows[rows.comparator_class == comparator_class]
    columns = [
        "trial_id",
        "label",
        "comparator",
        "comparator_class",
        "n_intervention",
        "n_comparator",
        "result_ids",
        "locator_ids",
        "said",
        "metric",
        "left_out_by",
        "chosen",
        "reason",
    ]
    # What a trial says in words tells a reader more than why a single statistic is unusable.
    worded = rows.left_out_by == LeftOut.IN_WORDS
    first: dict[str, int] = {}
    for place, (trial_id, says) in enumerate(zip(rows.trial_id, worded, strict=True)):
        if trial_id not in first or (says and not worded.iloc[first[trial_id]]):
            first[trial_id] = place
    return rows.iloc[list(first.values())][columns].reset_index(drop=True)
