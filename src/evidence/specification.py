"""One analysis and its alternatives: choices, ids, and what unreported results could change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from evidence.dataset import CLASSES, Dataset
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.estimation.row import NORMAL_975
from evidence.records import records
from evidence.selection import Selection, select
from evidence.synthesis.univariate import Pooled, pool

ZERO = "unreported_at_zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """Every choice of a pooled analysis; the defaults are those of the main analysis."""

    therapy: str
    outcome: str
    timepoint: str
    metric: str = "auto"
    instrument: str = "self_report_first"
    adjustment: str = "post"
    convention: str = "exact"
    correlation: float = 0.5
    imputed: str = "include"
    overall: str = "leave_out"
    comparator_class: str | None = None
    leave_out: tuple[str, ...] = ()
    tau2: str = "REML"
    interval: str = "hksj_adhoc"
    level: float = 0.95

    def estimate_id(self, metric: str, scenario: str = "") -> str:
        """Return the id of the pooled number: choices other than the default, in a fixed order."""
        default = {one.name: one.default for one in fields(self)}
        parts = [self.therapy, self.outcome, self.timepoint, metric, "pooled"]
        if self.instrument != default["instrument"]:
            parts.append(f"instrument_{self.instrument}")
        if self.adjustment != default["adjustment"]:
            parts.append(f"adjustment_{self.adjustment}")
            if self.correlation != default["correlation"]:
                parts.append(f"correlation_{self.correlation:g}")
        if self.convention != default["convention"]:
            parts.append(f"convention_{self.convention}")
        if self.imputed != default["imputed"]:
            parts.append(f"imputed_{self.imputed}")
        if self.comparator_class is not None:
            parts.append(f"trials_{self.comparator_class}")
        if self.overall != default["overall"]:
            parts.append("trials_with_overall")
        parts += [f"trials_without_{trial}" for trial in sorted(self.leave_out)]
        if scenario:
            parts.append(f"trials_with_{scenario}")
        if self.tau2 != default["tau2"]:
            parts.append(f"tau2_{self.tau2.lower()}")
        if self.interval != default["interval"]:
            parts.append(f"interval_{self.interval}")
        if self.level != default["level"]:
            parts.append(f"level_{100 * self.level:g}")
        return ".".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A specification carried out.

    Attributes
    ----------
    estimate_id : str
        Id of the pooled number.
    specification : Specification
        Its choices.
    selection : Selection
        Estimates that entered and what was left out.
    pooled : Pooled
        The result; positive favors the therapy.
    frame : DataFrame
        The frame of estimates that the selection was made from.
    """

    estimate_id: str
    specification: Specification
    selection: Selection
    pooled: Pooled
    frame: pd.DataFrame = field(repr=False)

    @property
    def n(self) -> int:
        """Participants in the trials that entered."""
        return int(_sizes(self.selection.estimates).sum())


@dataclass(frozen=True, slots=True, eq=False)
class StressTest:
    """What unreported results could change: an imputed scenario, never a result.

    Attributes
    ----------
    estimate_id : str
        Id of the pooled number with unreported results at zero.
    at_zero : Pooled
        Pooled with each unreported result at zero.
    low, high : Pooled
        Pooled with the results that "no difference" leaves open at the ends of what it allows.
    entered : DataFrame
        Trials entered: columns of `Selection.without_number`, ``variance`` (1/n1 + 1/n2),
        ``bound`` (largest absolute effect that "no difference" allows, 0 where a printed statistic
        already says that it is near zero) and ``bound_source``.
    not_entered : DataFrame
        Trials whose size no source prints.
    n : int
        Participants of all trials, those entered included.
    """

    estimate_id: str
    at_zero: Pooled
    low: Pooled
    high: Pooled
    entered: pd.DataFrame
    not_entered: pd.DataFrame
    n: int


def _sizes(frame: pd.DataFrame) -> pd.Series:
    return frame.n_intervention.astype("float64") + frame.n_comparator.astype("float64")


def analyze(
    dataset: Dataset, specification: Specification, frame: pd.DataFrame | None = None
) -> Analysis:
    """Select and pool as a specification says.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    specification : Specification
        Choices.
    frame : DataFrame, optional
        Frame of `evidence.estimates` with the same convention and correlation, to save its making.

    Raises
    ------
    ParameterError
        If a choice is not accepted or no estimate is left.
    SelectionError
        If the rule leaves two estimates of one trial.
    """
    if frame is None:
        frame = estimates(
            dataset,
            convention=specification.convention,
            correlation=specification.correlation,
        )
    selection = select(
        frame,
        therapy=specification.therapy,
        outcome=specification.outcome,
        timepoint=specification.timepoint,
        instrument=specification.instrument,
        adjustment=specification.adjustment,
        metric=specification.metric,
        imputed=specification.imputed,
        overall=specification.overall,
        comparator_class=specification.comparator_class,
        leave_out=specification.leave_out,
    )
    if selection.estimates.empty:
        said = "; ".join(f"{row.label}: {row.reason}" for row in records(selection.left_out))
        raise ParameterError(
            "selection",
            f"{specification.therapy}, {specification.outcome}, {specification.timepoint}",
            f"choices that leave an estimate with a standard error (left out: {said})",
        )
    effect, variance = selection.effects()
    pooled = pool(
        effect,
        variance,
        tau2=specification.tau2,
        interval=specification.interval,
        level=specification.level,
    )
    metric = _id_metric(selection, specification)
    return Analysis(specification.estimate_id(metric), specification, selection, pooled, frame)


def _id_metric(selection: Selection, specification: Specification) -> str:
    """Return the metric of the id: an adjustment is named apart, so it keeps the metric's name."""
    adjusted = selection.metric in ("d_ppc2", "mixed") and specification.adjustment != "post"
    return "hedges_g" if adjusted else selection.metric


def by_comparator_class(dataset: Dataset, analysis: Analysis) -> dict[str, Analysis]:
    """Return the same analysis for each class of comparators that has an estimate."""
    present = set(analysis.selection.estimates.comparator_class)
    return {
        one: analyze(
            dataset,
            replace(
                analysis.specification,
                comparator_class=one,
                metric=_pinned_metric(analysis),
            ),
            analysis.frame,
        )
        for one in CLASSES
        if one in present
    }


def with_other_methods(dataset: Dataset, analysis: Analysis) -> list[Analysis]:
    """Return the same trials pooled by the other intervals, and by a common effect."""
    main = analysis.specification
    choices: list[Mapping[str, Any]] = [
        {"interval": "hksj"},
        {"interval": "wald"},
        {"tau2": "DL", "interval": "wald"},
        {"tau2": "PM", "interval": "hksj_adhoc"},
        {"tau2": "common", "interval": "wald"},
    ]
    made = []
    for choice in choices:
        changed = replace(main, **choice)
        if changed != main:
            made.append(analyze(dataset, changed, analysis.frame))
    return made


def with_other_choices(dataset: Dataset, analysis: Analysis) -> list[Analysis]:
    """Return the analysis with one choice on the estimates changed at a time, where it matters."""
    main = analysis.specification
    choices: list[Mapping[str, Any]] = [
        {"instrument": "clinician_first"},
        {"adjustment": "ppc_imbalanced"},
        {"adjustment": "ppc"},
        {"convention": "metapsy"},
        {"imputed": "exclude"},
        {"overall": "as_post"},
    ]
    made = []
    seen = {_signature(analysis)}
    for choice in choices:
        changed = replace(main, **choice)
        same_frame = changed.convention == main.convention
        try:
            one = analyze(dataset, changed, analysis.frame if same_frame else None)
        except ParameterError:
            # A choice that leaves nothing to pool is no alternative.
            continue
        if _signature(one) not in seen:
            seen.add(_signature(one))
            made.append(one)
    return made


def _signature(analysis: Analysis) -> tuple[tuple[str, float], ...]:
    rows = analysis.selection.estimates
    return tuple(zip(rows.estimate_id, rows.effect, strict=True))


def _pinned_metric(analysis: Analysis) -> str:
    """Return the metric to keep in a subset, where "auto" could fall on another one."""
    metric = analysis.selection.metric
    return "hedges_g" if metric in ("d_ppc2", "mixed") else metric


def stress_test(analysis: Analysis) -> StressTest | None:
    """Enter trials that report no number at zero, and at the ends of what they leave open.

    Each trial enters with variance 1/n1 + 1/n2, the variance of a standardized difference of zero
    between arms of the sizes randomized. "No difference" is taken to allow an absolute effect of
    1.96 times the root of that variance; where the trial prints a statistic on the outcome that
    bounds its effect more closely, the trial is held at zero. The bounded trials move together.

    Returns
    -------
    StressTest or None
        None where no trial with a known size lacks a number.
    """
    without = analysis.selection.without_number
    known = without.n_intervention.notna() & without.n_comparator.notna()
    entered = without[known].copy()
    if entered.empty:
        return None
    n_1 = entered.n_intervention.to_numpy(dtype=float)
    n_2 = entered.n_comparator.to_numpy(dtype=float)
    variance = 1 / n_1 + 1 / n_2
    bounded = [_near_zero(analysis, trial_id) for trial_id in entered.trial_id]
    entered["variance"] = variance
    entered["bound"] = np.where(bounded, 0.0, NORMAL_975 * np.sqrt(variance))
    entered["bound_source"] = [
        "held at zero: " + one if one else "1.96 standard errors" for one in bounded
    ]
    effect, known_variance = analysis.selection.effects()
    specification = analysis.specification
    bound = entered["bound"].to_numpy(dtype=float)

    def pooled(values: Any) -> Pooled:
        return pool(
            np.concatenate([effect, values]),
            np.concatenate([known_variance, variance]),
            tau2=specification.tau2,
            interval=specification.interval,
            level=specification.level,
        )

    ends = sorted((pooled(-bound), pooled(bound)), key=lambda one: one.effect)
    return StressTest(
        estimate_id=specification.estimate_id(_id_metric(analysis.selection, specification), ZERO),
        at_zero=pooled(np.zeros(len(entered))),
        low=ends[0],
        high=ends[1],
        entered=entered.reset_index(drop=True),
        not_entered=without[~known].reset_index(drop=True),
        n=analysis.n + int((n_1 + n_2).sum()),
    )


def _near_zero(analysis: Analysis, trial_id: str) -> str:
    """Say which printed statistic on the outcome bounds a trial's effect; empty if none does."""
    rows = analysis.frame
    rows = rows[
        (rows.trial_id == trial_id)
        & (rows.outcome_id == analysis.specification.outcome)
        & (rows.route == "chi2_bound")
    ]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    return f"a printed chi-square bounds its absolute effect by {row.effect_high:.3f}"


def points_behind(analysis: Analysis) -> pd.Series | None:
    """Return the row in points of the instrument behind a single d from a test statistic, if any.

    Such a trial prints a model coefficient with its interval; the coefficient is the number that a
    reader can trust, and d stands behind it.
    """
    chosen = analysis.selection.estimates
    if len(chosen) != 1 or chosen.metric.iloc[0] != "d_from_test_statistic":
        return None
    found = analysis.frame[
        (analysis.frame.metric == "mean_difference")
        & analysis.frame.result_ids.map(lambda ids: ids == chosen.result_ids.iloc[0])
    ]
    return None if found.empty else found.iloc[0]


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
    """

    by_class: dict[str, Analysis]
    other_methods: list[Analysis]
    other_choices: list[Analysis]
    stress: StressTest | None

    @property
    def analyses(self) -> list[Analysis]:
        """All analyses."""
        return [*self.by_class.values(), *self.other_methods, *self.other_choices]


def companions(dataset: Dataset, analysis: Analysis) -> Companions:
    """Return what stands beside a pooled result in every report."""
    return Companions(
        by_class=by_comparator_class(dataset, analysis),
        other_methods=with_other_methods(dataset, analysis) if analysis.pooled.k > 1 else [],
        other_choices=with_other_choices(dataset, analysis),
        stress=stress_test(analysis),
    )
