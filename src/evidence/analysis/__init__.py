"""One pooled analysis: its choices, its id, and the same with another choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import pandas as pd

from evidence.data.dataset import CLASSES, Dataset
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.row import Size, size_of
from evidence.estimation.selection import STANDARDIZED, STANDARDIZED_METRICS, Selection, select
from evidence.language import METRIC, SIDE, as_table, estimate, term
from evidence.meta.pooling import Pooled, pool
from evidence.terms import ACCEPTED


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A specification carried out.

    Attributes
    ----------
    specification : Specification
        Its choices.
    selection : Selection
        Estimates that entered and what was left out.
    pooled : Pooled
        The result; positive favors the therapy.
    frame : DataFrame
        The frame of estimates that the selection was made from.
    """

    specification: Specification
    selection: Selection
    pooled: Pooled
    frame: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        """Return the result in one line."""
        scale, pooled = self.selection.scale, self.pooled
        said = estimate(*scale.quoted(pooled.effect, pooled.ci_low, pooled.ci_high))
        return (
            f"{self.estimate_id}: {term(METRIC, self.selection.metric)} {said}, k = {pooled.k}, "
            f"{self.size.named}; {SIDE[scale.favors]} favors {self.specification.therapy}"
            f"{'; imputed' if self.selection.imputed else ''}"
        )

    def _repr_html_(self) -> str:
        """Return the trials, the result and what did not enter, as Jupyter shows them."""
        scale, pooled = self.selection.scale, self.pooled
        entered = [
            (
                row.label,
                row.comparator,
                size_of([row]).named,
                estimate(*scale.quoted(row.effect, row.ci_low, row.ci_high)),
                row.processing,
            )
            for row in records(self.selection.estimates)
        ]
        said = estimate(*scale.quoted(pooled.effect, pooled.ci_low, pooled.ci_high))
        together = (f"together, k = {pooled.k}", "", self.size.named, said, "")
        shown = pd.DataFrame(
            [*entered, together],
            columns=[
                *("trial", "against", "participants", term(METRIC, self.selection.metric)),
                "how obtained",
            ],
        )
        without = self.selection.without_number
        words = [f"{row.label}: {row.reason}" for row in records(without)]
        left = f"<p>Without a usable number: {escape('; '.join(words))}.</p>" if words else ""
        imputed = "; imputed" if self.selection.imputed else ""
        side = f"{SIDE[scale.favors]} favors {self.specification.therapy}{imputed}"
        return (
            f"{as_table(shown)}<p>{escape(side)}. <code>{escape(self.estimate_id)}</code></p>{left}"
        )

    @property
    def estimate_id(self) -> str:
        """Id of the pooled number."""
        return self.specification.estimate_id(self.id_metric)

    @property
    def size(self) -> Size:
        """Participants in the trials that entered."""
        return size_of(records(self.selection.estimates))

    @property
    def id_metric(self) -> str:
        """Metric in the id: an adjustment is named apart, so it keeps the metric's name."""
        metric = self.selection.metric
        adjusted = metric in ("d_ppc2", "mixed") and self.specification.adjustment != "post"
        return "hedges_g" if adjusted else metric

    def scenario_id(self, scenario: str, **changed: Any) -> str:
        """Return the id of a number that differs from this one by a scenario or a method."""
        return replace(self.specification, **changed).estimate_id(self.id_metric, scenario)


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
    selection = select(frame, specification)
    if selection.estimates.empty:
        raise selection.too_few(specification, "an estimate")
    effect, variance = selection.effects()
    pooled = pool(effect, variance, **specification.methods)
    return Analysis(specification, selection, pooled, frame)


def by_comparator_class(dataset: Dataset, analysis: Analysis) -> dict[str, Analysis]:
    """Return the same analysis for each class of comparators that has an estimate."""
    present = set(analysis.selection.estimates.comparator_class)
    return {
        one: analyze(
            dataset,
            replace(
                analysis.specification,
                comparator_class=one,
                metric=analysis.id_metric,
            ),
            analysis.frame,
        )
        for one in CLASSES
        if one in present
    }


def with_other_methods(analysis: Analysis) -> list[Analysis]:
    """Return the same trials pooled by the other intervals, and by a common effect."""
    main = analysis.specification
    choices: list[Mapping[str, Any]] = [
        {"interval": "hksj"},
        {"interval": "wald"},
        {"tau2": "DL", "interval": "wald"},
        {"tau2": "PM", "interval": "hksj_adhoc"},
        {"tau2": "common", "interval": "wald"},
    ]
    effect, variance = analysis.selection.effects()
    return [
        replace(analysis, specification=changed, pooled=pool(effect, variance, **changed.methods))
        for choice in choices
        if (changed := replace(main, **choice)) != main
    ]


def with_other_choices(dataset: Dataset, analysis: Analysis) -> list[Analysis]:
    """Return the analysis with one choice on the estimates changed at a time, where it matters."""
    main = analysis.specification
    choices: list[Mapping[str, Any]] = [
        {"instrument": "clinician_first"},
        {"adjustment": "ppc_imbalanced"},
        {"adjustment": "ppc"},
        {"convention": "metapsy"},
        {"imputed": "exclude"},
        *(
            {name: value}
            for name in ("analysis_set", "arms", "comparator", "follow_up")
            for value in ACCEPTED[name][1:]
        ),
    ]
    if analysis.selection.metric in STANDARDIZED_METRICS and main.timepoint == "post":
        choices.append({"overall": "as_post", "metric": STANDARDIZED})
    made = []
    seen = {signature(analysis)}
    for choice in choices:
        changed = replace(main, **choice)
        same_frame = changed.convention == main.convention
        try:
            one = analyze(dataset, changed, analysis.frame if same_frame else None)
        except (ParameterError, SelectionError):
            # A choice that leaves nothing to pool, or no single estimate, is no alternative.
            continue
        if signature(one) not in seen:
            seen.add(signature(one))
            made.append(one)
    return made


def without_each(dataset: Dataset, analysis: Analysis) -> list[Analysis]:
    """Return the analysis without each of its trials in turn; empty for one trial."""
    main = analysis.specification
    trials = list(analysis.selection.estimates.trial_id)
    if len(trials) < 2:
        return []
    return [
        analyze(
            dataset,
            replace(main, leave_out=(*main.leave_out, trial), metric=analysis.id_metric),
            analysis.frame,
        )
        for trial in trials
    ]


def signature(analysis: Analysis) -> tuple[tuple[str, float], ...]:
    """Return what entered an analysis: analyses with the same signature pool the same numbers."""
    rows = analysis.selection.estimates
    return tuple(zip(rows.estimate_id, rows.effect, strict=True))


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
