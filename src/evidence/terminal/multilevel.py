"""A model of several estimates per trial as a record of all its fields, as CSV and for reading."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis.multilevel import MultilevelAnalysis, participants
from evidence.data.dataset import Dataset
from evidence.estimation.row import QuotedScale
from evidence.meta.multilevel.inference import MultilevelFit
from evidence.terminal import Part, Table, left_out, plain, remarks, render

MODEL = {
    "che": "correlated and hierarchical effects (CHE; Pustejovsky and Tipton 2022)",
    "three_level": "three levels with independent errors (Van den Noortgate et al. 2013)",
}
_NOT_SHOWN = ("working", "coefficients", "covariance")


def _fields(fit: MultilevelFit) -> dict[str, Any]:
    mean = fit.coefficients[0]
    named = {
        "effect": mean.estimate,
        "se": mean.se,
        "ci_low": mean.ci_low,
        "ci_high": mean.ci_high,
        "p_value": mean.p_value,
        "df": mean.df,
    }
    rest = {
        name: getattr(fit, name)
        for name in MultilevelFit.__dataclass_fields__
        if name not in (*_NOT_SHOWN, "structure", "outcomes", "tau2", "rho")
    }
    return named | rest


def as_record(analysis: MultilevelAnalysis) -> dict[str, Any]:
    """Return the mean effect and the model, then specification, estimates, left_out and by_rho."""
    return {
        "estimate_id": analysis.estimate_id,
        "model": analysis.model,
        "rho": analysis.rho,
        **_fields(analysis.fit),
        "n": participants(analysis.selection.estimates),
        "metric": analysis.selection.metric,
        "specification": asdict(analysis.specification),
        "by_rho": [{"rho": rho, **_fields(fit)} for rho, fit in analysis.by_rho.items()],
        "estimates": plain(analysis.selection.estimates),
        "left_out": plain(analysis.selection.left_out),
    }


def as_csv(analysis: MultilevelAnalysis) -> str:
    """Return one line for the main correlation and one for each other."""
    rows = [(analysis.rho, analysis.fit), *analysis.by_rho.items()]
    frame = pd.DataFrame(
        [
            {
                "estimate_id": analysis.estimate_id if rho == analysis.rho else "",
                "model": analysis.model,
                "rho": rho,
                **_fields(fit),
                "n": participants(analysis.selection.estimates),
            }
            for rho, fit in rows
        ]
    )
    return render(frame, "csv")


def as_parts(analysis: MultilevelAnalysis, dataset: Dataset) -> list[Part]:
    """Return the result for reading: mean effect, model, other correlations, estimates."""
    specification, fit = analysis.specification, analysis.fit
    therapy = dataset.in_text("therapy", specification.therapy)
    outcome = dataset.in_text("outcome", specification.outcome)
    scale = analysis.selection.scale
    people = participants(analysis.selection.estimates)
    size = "n not known" if people is None else f"n = {people}"
    mean = analysis.mean
    p = "no P" if mean.p_value is None else language.p_value(mean.p_value)
    parts: list[Part] = [
        f"{therapy}, {outcome}, {dataset.in_text('timepoint', specification.timepoint)}: "
        f"{language.term(language.METRIC, analysis.selection.metric)} {_estimate(fit, scale)}, "
        f"k_trials = {fit.k_trials}, k_estimates = {fit.k_estimates}, {size}, {p}; "
        f"{language.SIDE[scale.favors]} favors {therapy}",
        f"id {analysis.estimate_id}",
        f"model: {MODEL[analysis.model]}"
        + ("" if analysis.rho is None else f", rho = {analysis.rho:g} (supposed)")
        + f"; {fit.method}; interval: cluster-robust, {fit.inference}"
        + ("" if mean.df is None else f", t with {mean.df:.1f} Satterthwaite degrees of freedom"),
        f"variance between trials {_variance(fit.sigma2_cluster)}, within trials "
        f"{_variance(fit.sigma2_effect)}"
        + ("" if fit.i2 is None else f"; I² = {language.fixed(100 * fit.i2, 0)}%"),
    ]
    if fit.prediction_low is not None and fit.prediction_high is not None:
        parts.append(
            "an effect in a further trial: "
            f"{language.limits(*scale.ends(fit.prediction_low, fit.prediction_high))}"
        )
    parts += fit.warnings
    if analysis.by_rho:
        tried = "; ".join(
            f"{rho:g}: {_estimate(other, scale)}" for rho, other in analysis.by_rho.items()
        )
        parts += ["", f"With other correlations: {tried}"]
    rows = analysis.selection.estimates
    parts += [
        "",
        Table(
            rows,
            (
                *("label", "intervention", "comparator", "instrument_id", "event"),
                *("n_intervention", "n_comparator", "effect", "ci_low", "ci_high", "processing"),
            ),
        ),
    ]
    return parts + remarks(rows) + left_out(analysis.selection.left_out)


def _estimate(fit: MultilevelFit, scale: QuotedScale) -> str:
    mean = fit.coefficients[0]
    return language.estimate(*scale.quoted(mean.estimate, mean.ci_low, mean.ci_high))


def _variance(value: float | None) -> str:
    return "not in the model" if value is None else language.fixed(value, 3)
