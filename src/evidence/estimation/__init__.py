"""From a data set to one frame of trial-level estimates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.errors import ParameterError, check_choice
from evidence.estimation import from_arm_results, from_statistics, missing_evidence
from evidence.estimation.lookups import Context
from evidence.estimation.row import Row, interval, to_frame
from evidence.meta.effect_size import inside
from evidence.meta.effect_size.conversions import design_effect
from evidence.terms import ACCEPTED, Basis, Convention, RemarkKind

CORRELATION = 0.5
"""Correlation of baseline and outcome that is supposed where none is asked for."""
MEANS = ("means", "change_means", "combined_means", "combined_change_means")
"""Routes whose value depends on the small-sample convention."""
_SHORT_NAMES = {"outcome": "outcome_id", "trial": "trial_id", "instrument": "instrument_id"}
_FILTERS = (
    *("therapy", "trial_id", "outcome_id", "instrument_id", "event", "timepoint", "metric"),
    *("comparator", "comparator_class", "route", "processing"),
)


def estimates(
    dataset: Dataset,
    *,
    convention: Convention = "exact",
    correlation: float = CORRELATION,
    **filters: str,
) -> pd.DataFrame:
    """Return one row per estimate, and one per result or trial that allows none.

    Parameters
    ----------
    dataset : Dataset
        A data package as `evidence.load` returns it.
    convention : {"exact", "metapsy"}
        Small-sample convention of Hedges g; see
        `evidence.meta.effect_size.means.standardized_mean_difference`.
    correlation : float
        Correlation of baseline and outcome that the variance of d_ppc2 needs.
    **filters : str
        Values of columns to keep: therapy, outcome, trial, instrument, timepoint, event, metric,
        comparator, comparator_class, route, processing. Therapy keeps the rows whose intervention
        is that therapy, so that a comparator tested against another is never taken for it.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. ``effect`` is positive where it favors the intervention, on every metric
        (ratios on the log scale); it is NaN where there is no estimate: ``left_out_by`` is the kind
        of why, ``reason`` says it, and ``said`` is what the source says in words instead.
        ``effect_low`` and ``effect_high`` bound the effect over what the source leaves open.

    Raises
    ------
    ParameterError
        If a filter or its value is unknown.

    Examples
    --------
    >>> import evidence
    >>> frame = evidence.estimates(evidence.load(), therapy="abft", outcome="depression")
    >>> effects = frame.set_index("estimate_id").effect
    >>> round(float(effects["diamond2002.depression.bdi.post.hedges_g"]), 6)
    0.652027
    """
    check_choice("convention", convention, ACCEPTED["convention"])
    if not -1 < correlation < 1:
        raise ParameterError("correlation", correlation, "a number between -1 and 1")
    frame = dataset.once(
        ("estimates", convention, correlation), lambda: _made(dataset, convention, correlation)
    )
    return _filtered(frame, filters)


def _made(dataset: Dataset, convention: Convention, correlation: float) -> pd.DataFrame:
    context = Context.of(dataset)
    rows = [
        *from_arm_results.rows(context, convention=convention, correlation=correlation),
        *from_statistics.rows(context),
    ]
    rows += missing_evidence.rows(context, rows)
    rows = _sharing([_by_design(context, row) for row in rows])
    return to_frame(_identified(context, rows, correlation))


_OF_ARMS = ("means", "counts")
"""Endings of routes that take the participants of an arm as independent of each other."""


def _by_design(context: Context, row: Row) -> Row:
    """Return a row with what a trial of clusters, or of two periods, does to it."""
    design = context.trials[row.trial_id].design
    if design not in _DESIGNS:
        return row
    kind, facts, missing = _DESIGNS[design]
    tested = row.metric == "d_from_test_statistic"
    independent = (
        tested
        or row.metric == "d_ppc2"
        or row.route.split("_")[-1] in _OF_ARMS
        or row.se_from == Basis.SIZES
    )
    if row.effect is None or row.variance is None or not independent:
        # Whatever a source prints of them, each of the same persons counts once.
        same = kind == RemarkKind.SAME_PERSONS and row.comparator_arm_id
        return row.remarked((kind, _SAME_PERSONS)) if same else row
    known = [context.stated(row.trial_id, fact) for fact in facts]
    if kind == RemarkKind.CLUSTERS:
        if None in known:
            return row.remarked((kind, missing))
        if tested:
            return row.remarked((kind, "whether the test allows for clusters is not stated"))
        size, icc = (float(one or 0) for one in known)
        factor = float(design_effect(size, icc))
        said = f"variance times 1 + ({size:g} - 1) × {icc:g} = {factor:.3g} for clusters"
        made = replace(row, **interval(row.effect, row.variance * factor), se_from="")
        return made.remarked((kind, said))
    sizes = row.n_intervention, row.n_comparator
    if known[0] is None:
        return row.remarked((kind, missing))
    if None in sizes or row.metric not in ("hedges_g", "d_from_test_statistic"):
        return row.remarked((kind, f"{_SAME_PERSONS}: the estimate takes them as different ones"))
    between = 1 - float(inside("within_person_correlation", known[0], -1, 1))
    n = min(one or 0 for one in sizes)
    # A t of differences within persons: d = t sqrt(2 (1 - r) / n), Dunlap et al. 1996, eq. 3.
    turned = between**0.5 if tested else 1.0
    effect = row.effect * turned
    variance = 2 * between * (1 / n + effect**2 / (2 * n))  # Cochrane Handbook 2019, 23.2.7.2
    ends: dict[str, Any] = {
        name: None if (value := getattr(row, name)) is None else value * turned
        for name in ("effect_low", "effect_high")
    }
    said = f"{_SAME_PERSONS}: a correlation of {known[0]:g} between periods enters"
    made = replace(row, **ends, **interval(effect, variance), se_from="")
    return made.remarked((kind, said))


_SAME_PERSONS = "the arms are the same persons"
_DESIGNS = {
    "cluster_randomized": (
        RemarkKind.CLUSTERS,
        ("cluster_size", "icc"),
        "the variance leaves out that participants of a cluster resemble each other, so that it is "
        "too small: the facts cluster_size and icc would say by how much",
    ),
    "crossover": (
        RemarkKind.SAME_PERSONS,
        ("within_person_correlation",),
        f"{_SAME_PERSONS}: the estimate takes them as different ones, as the fact "
        "within_person_correlation is not stated",
    ),
}


def _sharing(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, those with a remark whose contrast shares an arm with another one."""
    contrasts = {
        (row.trial_id, row.intervention_arm_id, row.comparator_arm_id)
        for row in rows
        if row.effect is not None
    }
    shared = {
        one
        for one in contrasts
        for other in contrasts
        if one != other and one[0] == other[0] and set(one[1:]) & set(other[1:])
    }
    remark = "this contrast shares an arm with another one of the same trial"
    return [
        row.remarked((RemarkKind.SHARED_ARM, remark))
        if row.effect is not None
        and (row.trial_id, row.intervention_arm_id, row.comparator_arm_id) in shared
        else row
        for row in rows
    ]


def _identified(context: Context, rows: Sequence[Row], correlation: float) -> list[Row]:
    """Give each row its id; routes to the same quantity are told apart by route, then by result."""
    plain = [_stem(context, row, correlation) for row in rows]
    counts = Counter(plain)
    routed = [
        f"{stem}.{row.route}" if counts[stem] > 1 and row.route else stem
        for stem, row in zip(plain, rows, strict=True)
    ]
    counts = Counter(routed)
    return [
        replace(
            row,
            estimate_id=".".join([stem, *row.result_ids[:2]]) if counts[stem] > 1 else stem,
        )
        for stem, row in zip(routed, rows, strict=True)
    ]


def _stem(context: Context, row: Row, correlation: float) -> str:
    parts = [row.trial_id]
    if len(context.arms_of(row.trial_id)) > 2 and row.comparator:
        parts.append(f"{row.intervention}_vs_{row.comparator}")
    parts += [row.outcome_id, row.event or row.instrument_id, row.timepoint, row.metric]
    if row.metric == "hedges_g" and row.convention == "metapsy" and row.route in MEANS:
        parts.append("metapsy")
    if row.metric == "d_ppc2" and correlation != CORRELATION:
        parts.append(f"correlation_{correlation:g}")
    return ".".join(part for part in parts if part)


def _filtered(frame: pd.DataFrame, filters: dict[str, Any]) -> pd.DataFrame:
    for given, value in filters.items():
        column = _SHORT_NAMES.get(given, given)
        if column not in _FILTERS:
            accepted = sorted({*_FILTERS, *_SHORT_NAMES} - set(_SHORT_NAMES.values()))
            raise ParameterError(given, value, f"a filter among {', '.join(accepted)}")
        accepted = sorted(set(frame[column]) - {""})
        check_choice(given, value, accepted)
    for given, value in filters.items():
        column = _SHORT_NAMES.get(given, given)
        frame = frame[frame[column] == value]
        if column == "therapy":
            frame = frame[frame.intervention == value]
    return frame.reset_index(drop=True)
