"""Closing sections of a pooled report: methods, citation, limits."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import entries, origins, sections, text, words
from evidence.display.escape import html
from evidence.display.output import Block, anchor
from evidence.display.tables import Cell
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.records import records
from evidence.specification import Analysis, Companions, points_behind
from evidence.synthesis.univariate import FEW_TRIALS, i2_limits


def shown_estimates(analysis: Analysis) -> pd.DataFrame:
    """Return every estimate on the outcome of an analysis, at every time and of every arm."""
    frame = analysis.frame
    return frame[
        (frame.therapy == analysis.specification.therapy)
        & (frame.outcome_id == analysis.specification.outcome)
        & frame.effect.notna()
    ]


def provenance(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return the section that tells where each number of the report comes from."""
    return joint_provenance(dataset, [(analysis, beside)])


def joint_provenance(dataset: Dataset, pairs: Sequence[tuple[Analysis, Companions]]) -> Block:
    """Return that section for several analyses in one report."""
    pooled = [
        one for analysis, beside in pairs for one in pooled_numbers(dataset, analysis, beside)
    ]
    estimates = pd.concat([shown_estimates(analysis) for analysis, _ in pairs])
    return origins.provenance(dataset, estimates=estimates, pooled=pooled)


def pooled_numbers(
    dataset: Dataset, analysis: Analysis, beside: Companions
) -> list[tuple[LedgerEntry, Cell]]:
    """Return every pooled number of an analysis with what entered it in words."""
    analyses = {one.estimate_id: one for one in (analysis, *beside.analyses)}
    pooled = [(entries.of_analysis(one, dataset), members(one)) for one in analyses.values()]
    main = members(analysis)
    stress = beside.stress
    zeros = main
    if stress is not None:
        zeros = main.followed_by(f"; at zero: {words.listed(stress.entered.label)}")
        pooled.append((entries.of_stress_test(stress, analysis, dataset), zeros))
        allowed = main.followed_by(
            "; at the ends of what “no difference” allows: "
            + words.listed(
                f"{row.label} ±{words.fixed(row.bound)}" for row in records(stress.entered)
            )
        )
        pooled += [(end, allowed) for end in entries.of_stress_ends(stress, analysis, dataset)]
    for row in records(analysis.selection.estimates):
        if row.metric == "d_from_test_statistic" and not pd.isna(row.effect_low):
            pooled += [
                (end, Cell("the model of the trial, adjusted or of change, as correlations allow"))
                for end in entries.of_open_ends(row, dataset)
            ]
    if beside.converted is not None:
        converted = "; ".join(
            f"{row.label}, {row.convention}: ln odds ratio {words.fixed(row.effect)} × √3/π = "
            f"{words.fixed(row.d)}"
            for row in records(beside.converted.entered)
        )
        entry = entries.of_events_converted(beside.converted, analysis, dataset)
        pooled.append((entry, main.followed_by(f"; {converted}")))
    for view in beside.priors:
        entry = entries.of_posterior(view.estimate_id, view.posterior, analysis, dataset)
        pooled.append((entry, main))
        pooled.append((entries.of_probability(entry, view.posterior.probability_positive), main))
        if view.at_zero is not None:
            entry = entries.of_posterior(view.at_zero_id, view.at_zero, analysis, dataset, stress)
            pooled.append((entry, zeros))
            above = entries.of_probability(entry, view.at_zero.probability_positive)
            pooled.append((above, zeros))
    return pooled


def members(analysis: Analysis) -> Cell:
    """Return the estimates that entered an analysis, with weights, each with a link to its place.

    A page that shows it has to tell where each of these estimates comes from.
    """
    rows = analysis.selection.estimates
    entered = [
        (row, f" {words.fixed(row.effect)}{_weight(weight, len(rows))}")
        for row, weight in zip(records(rows), analysis.pooled.weights, strict=True)
    ]
    cells = [_to_estimate(row, said) for row, said in entered]
    return Cell("; ".join(one.text for one in cells), markup="; ".join(one.markup for one in cells))


def _to_estimate(row: Any, said: str) -> Cell:
    """Return the trial of an estimate as a link to its place, and what is said of it."""
    link = f'<a href="#{html(anchor(row.estimate_id))}">{html(row.label)}</a>'
    return Cell(f"{row.label}{said}", markup=f"{link}{html(said)}")


def _weight(weight: float, k: int) -> str:
    """Return a weight among pooled trials; one trial alone has none to share."""
    return f" (weight {words.percent(weight, 0)})" if k > 1 else ""


def methods(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return the methods section."""
    _, variance = analysis.selection.effects()
    return sections.methods(
        text.methods(
            analysis,
            dataset,
            i2_limits=i2_limits(analysis.pooled, variance),
            stress=beside.stress,
        )
    )


def joint_methods(dataset: Dataset, analyses: Sequence[Analysis]) -> Block:
    """Return what several analyses have in common, and that each report tells its own methods."""
    names = words.listed(
        " and ".join(text.names(one, dataset)).replace(" and ", ": ", 1) for one in analyses
    )
    return sections.methods(
        [
            f"This page shows the main results of the analyses of {names}. Each was made by the "
            "same rules: one estimate per trial, self-report before ratings by clinicians, Hedges "
            "g where any trial prints means, else g from a test statistic; random effects with "
            "restricted maximum likelihood; Hartung-Knapp interval with the ad hoc correction; "
            "unreported results entered at zero as a stress test. The report behind each link "
            "tells its methods whole."
        ]
    )


def citation(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return a sentence to cite, its id, and the references it needs."""
    points = points_behind(analysis)
    return sections.citation(
        dataset,
        shown_estimates(analysis),
        sentence=text.result(analysis, dataset, points, beside.stress),
        estimate_id=analysis.estimate_id if points is None else str(points.estimate_id),
        also=union(analysis.selection.without_number.locator_ids),
    )


def limits(dataset: Dataset, analysis: Analysis) -> Block:
    """Return what the report cannot say."""
    _, outcome = text.names(analysis, dataset)
    chosen = analysis.selection.estimates
    ids = [*chosen.trial_id, *analysis.selection.without_number.trial_id]
    imputed = list(dict.fromkeys(chosen.label[chosen.processing == "imputed"]))
    enters = "enters" if analysis.pooled.k == 1 else "enter"
    few = analysis.pooled.k < FEW_TRIALS
    also = [
        f"{_measured(dataset, ids, outcome)}; {words.count(analysis.pooled.k)} {enters} the "
        f"estimate.{' Estimates from so few trials move much with one more.' * few}",
        "The comparators differ; a pooled value over them is an effect against no one of them."
        if len(set(chosen.comparator)) > 1
        else "One comparator stands behind the estimate; against others nothing is known from it.",
        *([f"Imputed: the standardized estimate of {words.listed(imputed)}."] if imputed else []),
    ]
    return sections.limits(
        dataset, trial_ids=ids, also=also, outcome=analysis.specification.outcome
    )


def _measured(dataset: Dataset, trial_ids: Sequence[str], outcome: str) -> str:
    """Return how many trials measured an outcome, and which of them only planned to."""
    trials = dataset.trials.set_index("trial_id").loc[list(trial_ids)]
    ended = trials.status == "terminated"
    said = (
        f"{words.capitalized(words.count(int((~ended).sum()), 'randomized trial'))} measured "
        f"{outcome}"
    )
    if ended.any():
        said += f", {words.count(int(ended.sum()), 'terminated trial')} planned to"
    return said
