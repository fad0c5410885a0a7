"""Which estimate stands for a trial in an analysis, by a named rule, and what was left out."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification
from evidence.estimation.from_arm_results import COMBINED
from evidence.estimation.row import QuotedScale
from evidence.terms import ACCEPTED, NOTHING_SAID, WHY, FreeText, LeftOut, words_of

IMBALANCE = 0.25
"""Baseline difference in SDs above which adjustment "ppc_imbalanced" takes d_ppc2 for a trial."""

EVERY = "every"
"""Instrument rule that keeps all instruments and raters, for models of several estimates."""

_PREFERRED_RATER = {"self_report_first": "self", "clinician_first": "clinician"}
_AUTO_METRICS = ("hedges_g", "d_from_test_statistic")
ROUTES = (
    "means",
    "change_means",
    "means_change",
    "counts",
    "reconstructed_counts",
    "printed",
    "printed_b",
)
"""Routes from nearest to the data to farthest; all others come after."""
_CONTINUOUS = ("hedges_g", "d_ppc2", "d_from_test_statistic", "mean_difference")
STANDARDIZED = "standardized"
"""Metric that mixes both: a sensitivity analysis, as a g of a statistic can be too large."""
STANDARDIZED_METRICS = ("hedges_g", "d_ppc2", "mixed", STANDARDIZED, "d_from_test_statistic")
"""What a pooled number in standard deviations can be of."""


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
        label, comparator, comparator_class, n_intervention, n_comparator, remarks, result_ids,
        locator_ids, said, metric, left_out_by, chosen, reason, and ``numbered``, whether it prints
        a number that cannot be used, for want of its uncertainty, direction or kind: never "no
        difference".
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

    def too_few(self, choices: "Specification", needed: str) -> ParameterError:
        """Return the error that says what was left out, and that ``needed`` has to be left."""
        said = "; ".join(f"{row.label}: {row.reason}" for row in records(self.left_out))
        return ParameterError(
            "selection",
            ", ".join(choices.question),
            f"choices that leave {needed} with a standard error (left out: {said})",
        )

    def effects(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return effects and variances to pool."""
        return (
            self.estimates.effect.to_numpy(dtype=float, copy=True),
            self.estimates.variance.to_numpy(dtype=float, copy=True),
        )


def select(
    estimates: pd.DataFrame, choices: Specification, *, multilevel: bool = False
) -> Selection:
    """Select the estimates that stand for their trials in one analysis.

    Parameters
    ----------
    estimates : DataFrame
        Frame of `evidence.estimates`, not filtered by timepoint (baselines are looked at).
    choices : Specification
        What is analyzed, and by which rules.
    multilevel : bool
        Whether several estimates of a trial may stay, for a model that handles them.

    Raises
    ------
    ParameterError
        If a value is not accepted or nothing is known on the outcome at that time.
    SelectionError
        If the rule leaves two estimates of one trial, or points of different instruments.
    """
    _check(estimates, choices, multilevel=multilevel)
    therapy, outcome, timepoint = choices.question
    about = estimates[
        (estimates.intervention == therapy)
        & (estimates.therapy == therapy)
        & (estimates.outcome_id == outcome)
    ]
    # A statistic over the whole course may stand for the end of treatment, never for later.
    times = [timepoint, "overall"] if timepoint == "post" else [timepoint]
    rows = about[about.timepoint.isin(times)]
    classes = set(about.comparator_class)
    if choices.comparator_class is not None and choices.comparator_class not in classes:
        raise ParameterError("comparator_class", choices.comparator_class, _one_of(classes))
    unknown = sorted(set(choices.leave_out) - set(estimates.trial_id))
    if unknown:
        raise ParameterError("leave_out", unknown[0], _one_of(set(rows.trial_id)))
    chosen_metric = _metric(rows, choices.metric)
    wanted = _wanted(about, rows, chosen_metric, choices.adjustment)
    reasons: dict[Hashable, Reason | None] = {
        index: _reason(row, wanted[index], choices)
        for index, row in zip(rows.index, records(rows), strict=True)
    }
    kept = rows.loc[[index for index, reason in reasons.items() if reason is None]]
    common = kept.groupby("instrument_id").trial_id.nunique()
    steps = _steps(choices, common, multilevel=multilevel)
    for trial_id, group in kept.groupby("trial_id", sort=False):
        for index in _not_preferred(group, choices.instrument):
            reasons[index] = Reason(LeftOut.OTHER_INSTRUMENT, choices.instrument)
        remaining = group.loc[[index for index in group.index if reasons[index] is None]]
        for step in steps:
            # One estimate is the first by every rule.
            if len(remaining) < 2:
                break
            rank = step.rank(remaining)
            least = (
                rank.groupby([remaining[name] for name in step.of], dropna=False).transform("min")
                if step.of
                else rank.min()
            )
            for index in remaining.index[rank > least]:
                reasons[index] = Reason(step.by, step.rule)
            remaining = remaining[rank <= least]
        if len(remaining) > 1 and not multilevel:
            ids = ", ".join(remaining.estimate_id)
            raise SelectionError(
                f"trial {trial_id} has {len(remaining)} estimates by this rule ({ids}); "
                "name an instrument, a metric or a comparator class, leave some out, or ask for a "
                "model of several estimates per trial (che or three_level)"
            )
    chosen = rows.loc[[index for index, reason in reasons.items() if reason is None]]
    _check_units(chosen)
    left_out = _with_reasons(rows.drop(chosen.index), reasons)
    return Selection(
        estimates=chosen.reset_index(drop=True),
        left_out=left_out.reset_index(drop=True),
        without_number=_without_number(
            left_out,
            {*chosen.trial_id, *choices.leave_out, *_numbered(left_out, timepoint, chosen_metric)},
            choices,
        ),
        metric=_pooled_metric(set(chosen.metric), chosen_metric),
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row may not enter, what the analysis takes instead, and the text of a row itself."""

    by: LeftOut
    chosen: str = ""
    text: FreeText = NOTHING_SAID


def _with_reasons(rows: pd.DataFrame, reasons: Mapping[Hashable, Reason | None]) -> pd.DataFrame:
    """Return the rows that were left out with kind, what was chosen instead, and words."""
    found = [reason for index in rows.index if (reason := reasons[index]) is not None]
    words = [
        words_of(one.text) or WHY[one.by].format(own=own, chosen=one.chosen)
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


def _check(frame: pd.DataFrame, choices: Specification, *, multilevel: bool) -> None:
    therapy, outcome, timepoint = choices.question
    if therapy not in set(frame.therapy):
        raise ParameterError("therapy", therapy, _one_of(frame.therapy))
    of_therapy = frame[(frame.therapy == therapy) & (frame.intervention == therapy)]
    if outcome not in set(of_therapy.outcome_id):
        raise ParameterError("outcome", outcome, _one_of(of_therapy.outcome_id))
    of_outcome = of_therapy[of_therapy.outcome_id == outcome]
    times = set(of_outcome.timepoint) - {"overall", "baseline"}
    if timepoint not in times:
        raise ParameterError("timepoint", timepoint, _one_of(times))
    instruments = {*ACCEPTED["instrument"], *of_outcome.instrument_id, *([EVERY] * multilevel)}
    for name in _RULES:
        accepted = instruments if name == "instrument" else ACCEPTED[name]
        value = getattr(choices, name)
        if value not in accepted or not value:
            raise ParameterError(name, value, _one_of(accepted))


_RULES = (
    *("instrument", "adjustment", "imputed", "overall", "analysis_set", "arms", "comparator"),
    "follow_up",
)


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


_ARMS = ("intervention_arm_id", "comparator_arm_id")
_SAME_QUANTITY = (
    *_ARMS,
    "instrument_id",
    "event",
    "metric",
)
_WEEKS = ("weeks_since_randomization", "follow_up_weeks")


_SETS = ("itt", "as_printed", "treated_cases_assessed", "completers")
"""Analysis sets from all who were randomized to those who stayed."""

_CLASS_ORDER = {
    "usual_care_first": ("usual_care", "inactive", "active"),
    "inactive_first": ("inactive", "usual_care", "active"),
    "active_first": ("active", "usual_care", "inactive"),
}


@dataclass(frozen=True, slots=True)
class _Step:
    """A rule that takes some of several estimates of a trial: those of the lowest rank.

    Attributes
    ----------
    by : LeftOut
        Why the others are left out.
    rule : str
        What the rule takes.
    of : tuple of str
        Columns that have to be the same for estimates to be ranked; none for all of the trial.
    rank : function
        Rank of each row.
    """

    by: LeftOut
    rule: str
    of: tuple[str, ...]
    rank: Callable[[pd.DataFrame], pd.Series]


def _order(values: pd.Series, order: Sequence[str]) -> pd.Series:
    """Return the place of each value in an order, the last for others."""
    return values.map({value: place for place, value in enumerate(order)}).fillna(len(order))


def _first(values: pd.Series) -> pd.Series:
    """Return the place of each value among those that are there, in the order of the frame."""
    return _order(values, list(dict.fromkeys(values)))


def _steps(choices: Specification, common: pd.Series, *, multilevel: bool) -> list[_Step]:
    """Return the rules in the order in which they are applied to the estimates of a trial.

    ``common`` is in how many trials each instrument has an estimate.
    """
    timepoint, instrument, comparator = choices.timepoint, choices.instrument, choices.comparator
    # Routes and analysis sets of one week are compared; between weeks the rule on them decides.
    weekly = multilevel or timepoint != "post"
    same = (*_SAME_QUANTITY, *(_WEEKS if weekly else ()))
    arm_free = tuple(name for name in same if name not in _ARMS)
    conditions = ("intervention", "comparator", *arm_free)
    sets = _SETS if choices.analysis_set == "itt_first" else _SETS[::-1]
    sign = -1 if choices.follow_up == "longest" else 1
    routes = [route for one in ROUTES for route in (one, COMBINED.get(one)) if route]
    arms = EVERY if multilevel else choices.arms
    combined_first = 1 if arms == "combined" else -1

    def by_arms(rows: pd.DataFrame) -> pd.Series:
        combined = rows.route.isin(COMBINED.values())
        return combined_first * (~combined).astype(float)

    def by_week(rows: pd.DataFrame) -> pd.Series:
        # Weeks are compared on the clock that most of the estimates have.
        clock = max(_WEEKS, key=lambda name: rows[name].notna().sum())
        return (sign * rows[clock]).fillna(np.inf)

    of_all = [
        _Step(LeftOut.OTHER_TIME, "", (), lambda rows: (rows.timepoint != timepoint).astype(float)),
        _Step(
            LeftOut.OTHER_ANALYSIS_SET,
            choices.analysis_set,
            same,
            lambda rows: _order(rows.analysis_set, sets),
        ),
        _Step(LeftOut.OTHER_ARM, arms, conditions, by_arms),
        _Step(LeftOut.OTHER_ROUTE, "", same, lambda rows: _order(rows.route, routes)),
    ]
    if multilevel:
        return of_all
    order = _CLASS_ORDER[comparator]
    return [
        *of_all,
        _Step(
            LeftOut.OTHER_INSTRUMENT,
            instrument,
            (),
            lambda rows: -rows.instrument_id.map(common).astype(float),
        ),
        _Step(
            LeftOut.OTHER_COMPARATOR,
            comparator,
            (),
            lambda rows: _order(rows.comparator_class, order),
        ),
        _Step(LeftOut.OTHER_WEEK, choices.follow_up, (), by_week),
        _Step(LeftOut.OTHER_COMPARATOR, comparator, (), lambda rows: _first(rows.comparator)),
        _Step(LeftOut.OTHER_ARM, arms, conditions, lambda rows: _first(rows.intervention_arm_id)),
        _Step(LeftOut.OTHER_ARM, arms, conditions, lambda rows: _first(rows.comparator_arm_id)),
        _Step(LeftOut.OTHER_INSTRUMENT, instrument, (), lambda rows: _first(rows.instrument_id)),
    ]


def _reason(row: Any, metric: str, choices: Specification) -> Reason | None:
    """Return why a row may not enter; None if it may."""
    if row.trial_id in choices.leave_out:
        return Reason(LeftOut.BY_REQUEST)
    if choices.comparator_class not in (None, row.comparator_class):
        return Reason(LeftOut.OTHER_COMPARATOR_CLASS, choices.comparator_class)
    if row.left_out_by:
        return Reason(LeftOut(row.left_out_by), text=FreeText(row.reason))
    if row.comparator == row.intervention:
        return Reason(LeftOut.BOTH_ARMS_RECEIVE_IT)
    if row.timepoint != choices.timepoint and choices.overall != "as_post":
        return Reason(LeftOut.OTHER_TIME)
    if row.metric != metric:
        return Reason(LeftOut.OTHER_METRIC, metric)
    if pd.isna(row.variance) or pd.isna(row.effect):
        return Reason(LeftOut.NO_VARIANCE)
    if choices.imputed == "exclude" and row.processing == "imputed":
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
    left_out: pd.DataFrame, standing: set[str], choices: Specification
) -> pd.DataFrame:
    """Return one row per trial that no chosen estimate stands for, with what it reports."""
    rows = left_out[~left_out.trial_id.isin(standing) & (left_out.comparator_arm_id != "")]
    if choices.comparator_class is not None:
        rows = rows[rows.comparator_class == choices.comparator_class]
    numbered = (
        (rows.timepoint == choices.timepoint)
        & (rows.event == "")
        & ~rows.left_out_by.isin([LeftOut.IN_WORDS, LeftOut.NOT_RANDOMIZED, LeftOut.ONE_ARM])
        & ~rows.metric.isin(_BOUNDS)
    )
    bare = numbered & rows.effect.notna() & rows.variance.isna()
    rows = rows.assign(
        left_out_by=rows.left_out_by.mask(bare, LeftOut.NO_VARIANCE.value),
        reason=rows.reason.mask(bare, WHY[LeftOut.NO_VARIANCE]),
    )
    # A number stands before words, and words tell a reader more than why a statistic is unusable.
    rank = pd.Series(2, index=rows.index).mask(rows.left_out_by == LeftOut.IN_WORDS, 1)
    ranked = rows.assign(numbered=numbered, _rank=rank.mask(numbered, 0))
    kept = ranked[ranked._rank == ranked.groupby("trial_id")._rank.transform("min")]
    first = kept.drop_duplicates("trial_id").set_index("trial_id")
    return first.loc[list(dict.fromkeys(rows.trial_id))].reset_index()[_ON_A_TRIAL]


_BOUNDS = ("chi2_groups",)
"""Statistics that bound a difference without being a number of it."""

_ON_A_TRIAL = [
    "trial_id",
    "label",
    "comparator",
    "comparator_class",
    "n_intervention",
    "n_comparator",
    "remarks",
    "result_ids",
    "locator_ids",
    "said",
    "metric",
    "left_out_by",
    "chosen",
    "reason",
    "numbered",
]
