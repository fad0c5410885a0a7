"""Which estimate stands for a trial in an analysis, by a named rule, and what was left out."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    *("means", "change_means", "means_change", "counts", "reconstructed_counts"),
    *("printed", "printed_b"),
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

    def __repr__(self) -> str:
        """Return in one line what entered and what did not."""
        return (
            f"Selection of {self.metric}: {len(self.estimates)} estimates, "
            f"{len(self.left_out)} left out, {len(self.without_number)} trials without a number"
        )

    @property
    def imputed(self) -> bool:
        """Whether an estimate that entered is imputed."""
        return "imputed" in set(self.estimates.processing)

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
    # Taking rows of a frame of so many columns is slow, so that it is done once.
    about = _check(estimates, choices, multilevel=multilevel)
    timepoint = choices.timepoint
    # A statistic over the whole course may stand for the end of treatment, never for later.
    times = [timepoint, "overall"] if timepoint == "post" else [timepoint]
    frame = estimates[about & estimates.timepoint.isin(times)]
    rows = list(records(frame))
    classes = set(estimates.comparator_class[about])
    if choices.comparator_class is not None and choices.comparator_class not in classes:
        raise ParameterError("comparator_class", choices.comparator_class, _one_of(classes))
    unknown = sorted(set(choices.leave_out) - set(estimates.trial_id))
    if unknown:
        raise ParameterError("leave_out", unknown[0], _one_of({row.trial_id for row in rows}))
    chosen_metric = _metric(rows, choices.metric)
    wanted = _wanted(estimates, about, rows, chosen_metric, choices.adjustment)
    reasons = [_reason(row, metric, choices) for row, metric in zip(rows, wanted, strict=True)]
    kept: dict[str, list[int]] = {}
    with_instrument: dict[str, set[str]] = {}
    for place, (row, reason) in enumerate(zip(rows, reasons, strict=True)):
        if reason is None:
            kept.setdefault(row.trial_id, []).append(place)
            with_instrument.setdefault(row.instrument_id, set()).add(row.trial_id)
    steps = _steps(
        choices,
        {one: len(trials) for one, trials in with_instrument.items()},
        multilevel=multilevel,
    )
    for trial_id, places in kept.items():
        own = {place: rows[place] for place in places}
        for place in _not_preferred(own, choices.instrument):
            reasons[place] = Reason(LeftOut.OTHER_INSTRUMENT, choices.instrument)
            del own[place]
        for step in steps:
            # One estimate is the first by every rule.
            if len(own) < 2:
                break
            for place in _beaten(own, step):
                reasons[place] = Reason(step.by, step.rule)
                del own[place]
        if len(own) > 1 and not multilevel:
            ids = ", ".join(row.estimate_id for row in own.values())
            raise SelectionError(
                f"trial {trial_id} has {len(own)} estimates by this rule ({ids}); "
                "name an instrument, a metric or a comparator class, leave some out, or ask for a "
                "model of several estimates per trial (che or three_level)"
            )
    chosen = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
    _check_units(chosen)
    why = [(row, reason) for row, reason in zip(rows, reasons, strict=True) if reason is not None]
    without = np.array([reason is not None for reason in reasons], dtype=bool)
    left_out = _with_reasons(frame[without].reset_index(drop=True), why)
    standing = {
        *(row.trial_id for row in chosen),
        *choices.leave_out,
        *_numbered(why, timepoint, chosen_metric),
    }
    return Selection(
        estimates=frame[~without].reset_index(drop=True),
        left_out=left_out,
        without_number=_without_number(left_out, why, standing, choices),
        metric=_pooled_metric({row.metric for row in chosen}, chosen_metric),
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row may not enter, what the analysis takes instead, and the text of a row itself."""

    by: LeftOut
    chosen: str = ""
    text: FreeText = NOTHING_SAID


def _with_reasons(frame: pd.DataFrame, why: Sequence[tuple[Any, Reason]]) -> pd.DataFrame:
    """Return the rows that were left out with kind, what was chosen instead, and words."""
    words = [
        words_of(one.text) or WHY[one.by].format(own=row.metric, chosen=one.chosen)
        for row, one in why
    ]
    # Nothing left out is a column of text too.
    return frame.assign(
        **{
            name: pd.Series(values, index=frame.index, dtype=frame.reason.dtype)
            for name, values in (
                ("left_out_by", [one.by.value for _, one in why]),
                ("chosen", [one.chosen for _, one in why]),
                ("reason", words),
            )
        }
    )


def _check_units(chosen: Sequence[Any]) -> None:
    """Refuse points of different instruments, which have no common unit."""
    points = sorted({row.instrument_id for row in chosen if row.metric == "mean_difference"})
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


def _check(frame: pd.DataFrame, choices: Specification, *, multilevel: bool) -> "pd.Series[bool]":
    """Return which rows are on the therapy and outcome; refuse choices that are not accepted."""
    therapy, outcome, timepoint = choices.question
    if therapy not in set(frame.therapy):
        raise ParameterError("therapy", therapy, _one_of(frame.therapy))
    of_therapy = (frame.therapy == therapy) & (frame.intervention == therapy)
    outcomes = set(frame.outcome_id[of_therapy])
    if outcome not in outcomes:
        raise ParameterError("outcome", outcome, _one_of(outcomes))
    about: pd.Series[bool] = of_therapy & (frame.outcome_id == outcome)
    times = set(frame.timepoint[about]) - {"overall", "baseline"}
    if timepoint not in times:
        raise ParameterError("timepoint", timepoint, _one_of(times))
    instruments = {
        *ACCEPTED["instrument"], *frame.instrument_id[about], *([EVERY] * multilevel)
    }  # fmt: skip
    for name in _RULES:
        accepted = instruments if name == "instrument" else ACCEPTED[name]
        value = getattr(choices, name)
        if value not in accepted or not value:
            raise ParameterError(name, value, _one_of(accepted))
    return about


_RULES = (
    *("instrument", "adjustment", "imputed", "overall", "analysis_set", "arms", "comparator"),
    "follow_up",
)


def _metric(rows: Sequence[Any], metric: str) -> str:
    if metric == STANDARDIZED:
        return metric
    usable = {row.metric for row in rows if pd.notna(row.effect) and pd.notna(row.variance)}
    if metric == "auto":
        return next((one for one in _AUTO_METRICS if one in usable), _AUTO_METRICS[0])
    if metric not in {row.metric for row in rows}:
        raise ParameterError("metric", metric, _one_of({"auto", STANDARDIZED, *usable}))
    return metric


def _measure(row: Any) -> tuple[str, str, str]:
    return row.trial_id, row.instrument_id, row.comparator_arm_id


def _wanted(
    estimates: pd.DataFrame,
    about: "pd.Series[bool]",
    rows: Sequence[Any],
    metric: str,
    adjustment: str,
) -> list[str]:
    """Return for each row the metric that may stand for its trial."""
    if metric == STANDARDIZED:
        with_g = {
            row.trial_id for row in rows if row.metric == "hedges_g" and pd.notna(row.variance)
        }
        return [_AUTO_METRICS[0 if row.trial_id in with_g else 1] for row in rows]
    if adjustment == "post" or metric != "hedges_g":
        return [metric for _ in rows]
    if adjustment == "ppc":
        return ["d_ppc2" for _ in rows]
    before = about & (estimates.timepoint == "baseline") & (estimates.metric == "hedges_g")
    imbalanced = {
        _measure(row) for row in records(estimates[before]) if abs(row.effect) > IMBALANCE
    }
    adjusted = {_measure(row) for row in rows if row.metric == "d_ppc2"}
    of_both = imbalanced & adjusted
    return ["d_ppc2" if _measure(row) in of_both else metric for row in rows]


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
        Rank of each of several rows.
    """

    by: LeftOut
    rule: str
    of: tuple[str, ...]
    rank: Callable[[Sequence[Any]], list[float]]


def _beaten(rows: Mapping[int, Any], step: _Step) -> list[int]:
    """Return the places of rows that a step does not take."""
    ranks = step.rank(list(rows.values()))
    # An empty number is like another one.
    among = [
        tuple(None if pd.isna(cell := getattr(row, name)) else cell for name in step.of)
        for row in rows.values()
    ]
    least: dict[tuple[Any, ...], float] = {}
    for key, rank in zip(among, ranks, strict=True):
        least[key] = min(rank, least.get(key, rank))
    return [place for place, key, rank in zip(rows, among, ranks, strict=True) if rank > least[key]]


def _order(values: Iterable[str], order: Sequence[str]) -> list[float]:
    """Return the place of each value in an order, the last for others."""
    places = {value: place for place, value in enumerate(order)}
    return [places.get(value, len(order)) for value in values]


def _first(name: str) -> Callable[[Sequence[Any]], list[float]]:
    """Return what gives the place of each value among those that are there, in their order."""

    def rank(rows: Sequence[Any]) -> list[float]:
        values = [getattr(row, name) for row in rows]
        return _order(values, list(dict.fromkeys(values)))

    return rank


def _steps(choices: Specification, common: Mapping[str, int], *, multilevel: bool) -> list[_Step]:
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
    of_combined = set(COMBINED.values())
    combined_first = 1 if arms == "combined" else -1

    def by_arms(rows: Sequence[Any]) -> list[float]:
        return [combined_first * (row.route not in of_combined) for row in rows]

    def by_week(rows: Sequence[Any]) -> list[float]:
        # Weeks are compared on the clock that most of the estimates have.
        weeks = [[getattr(row, name) for row in rows] for name in _WEEKS]
        clock = max(weeks, key=lambda own: sum(map(pd.notna, own)))
        return [math.inf if pd.isna(week) else sign * week for week in clock]

    of_all = [
        _Step(
            LeftOut.OTHER_TIME, "", (), lambda rows: [row.timepoint != timepoint for row in rows]
        ),
        _Step(
            LeftOut.OTHER_ANALYSIS_SET,
            choices.analysis_set,
            same,
            lambda rows: _order((row.analysis_set for row in rows), sets),
        ),
        _Step(LeftOut.OTHER_ARM, arms, conditions, by_arms),
        _Step(
            LeftOut.OTHER_ROUTE, "", same, lambda rows: _order((row.route for row in rows), routes)
        ),
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
            lambda rows: [-common[row.instrument_id] for row in rows],
        ),
        _Step(
            LeftOut.OTHER_COMPARATOR,
            comparator,
            (),
            lambda rows: _order((row.comparator_class for row in rows), order),
        ),
        _Step(LeftOut.OTHER_WEEK, choices.follow_up, (), by_week),
        _Step(LeftOut.OTHER_COMPARATOR, comparator, (), _first("comparator")),
        _Step(LeftOut.OTHER_ARM, arms, conditions, _first("intervention_arm_id")),
        _Step(LeftOut.OTHER_ARM, arms, conditions, _first("comparator_arm_id")),
        _Step(LeftOut.OTHER_INSTRUMENT, instrument, (), _first("instrument_id")),
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


def _not_preferred(rows: Mapping[int, Any], instrument: str) -> list[int]:
    """Return the places of rows of a trial that the instrument rule does not take."""
    if instrument == EVERY:
        return []
    if instrument in _PREFERRED_RATER:
        preferred = _PREFERRED_RATER[instrument]
        others = [place for place, row in rows.items() if row.rater != preferred]
        return others if len(others) < len(rows) else []
    return [place for place, row in rows.items() if row.instrument_id != instrument]


def _numbered(why: Iterable[tuple[Any, Reason]], timepoint: str, metric: str) -> set[str]:
    """Return trials that print a number of this kind at this time, though a rule leaves it out."""
    kind = {metric} if metric not in (*_CONTINUOUS, STANDARDIZED) else set(_CONTINUOUS)
    return {
        row.trial_id
        for row, reason in why
        if row.metric in kind
        and row.timepoint == timepoint
        and reason.by != LeftOut.SIGN_UNKNOWN
        and pd.notna(row.effect)
        and pd.notna(row.variance)
    }


def _without_number(
    left_out: pd.DataFrame,
    why: Iterable[tuple[Any, Reason]],
    standing: set[str],
    choices: Specification,
) -> pd.DataFrame:
    """Return one row per trial that no chosen estimate stands for, with what it reports."""
    best: dict[str, tuple[int, int]] = {}
    bare = []
    for place, (row, reason) in enumerate(why):
        if row.trial_id in standing or row.comparator_arm_id == "":
            continue
        if choices.comparator_class not in (None, row.comparator_class):
            continue
        numbered = (
            row.timepoint == choices.timepoint
            and row.event == ""
            and reason.by not in (LeftOut.IN_WORDS, LeftOut.NOT_RANDOMIZED, LeftOut.ONE_ARM)
            and row.metric not in _BOUNDS
        )
        if numbered and pd.notna(row.effect) and pd.isna(row.variance):
            bare.append(place)
        # A number stands before words, and words tell a reader more than why a statistic is
        # unusable.
        rank = 0 if numbered else 1 if reason.by == LeftOut.IN_WORDS else 2
        best[row.trial_id] = min((rank, place), best.get(row.trial_id, (rank, place)))
    places = [place for _, place in best.values()]
    rows = left_out[_ON_A_TRIAL].iloc[places]
    is_bare = rows.index.isin(bare)
    return rows.assign(
        left_out_by=rows.left_out_by.mask(is_bare, LeftOut.NO_VARIANCE.value),
        reason=rows.reason.mask(is_bare, WHY[LeftOut.NO_VARIANCE]),
        numbered=np.array([rank == 0 for rank, _ in best.values()], dtype=bool),
    ).reset_index(drop=True)


_BOUNDS = ("chi2_groups",)
"""Statistics that bound a difference without being a number of it."""

_ON_A_TRIAL = [
    *("trial_id", "label", "comparator", "comparator_class", "n_intervention", "n_comparator"),
    *("remarks", "result_ids", "locator_ids", "said", "metric", "left_out_by", "chosen", "reason"),
]
