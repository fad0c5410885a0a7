"""The forest plot of a table of studies, and the line on their spread that every such plot has."""

from typing import Any

import pandas as pd

from evidence.meta.answers import digits, enough, interval, p_words, percent, rows_of
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.meta.pooling import Pooled, i2_limits


def spread_line(pooled: Pooled, variance: Any, prediction: str) -> str:
    """Return heterogeneity and prediction in one line.

    Parameters
    ----------
    pooled : Pooled
        A pooled estimate of two or more studies.
    variance : array_like of shape (k,)
        The sampling variances that were pooled.
    prediction : str
        The prediction interval, or that there is none.
    """
    common = pooled.tau2_method == "common"
    limits, shares = "", i2_limits(pooled, variance)
    decimals = enough((pooled.tau2, pooled.tau2_ci_low, pooled.tau2_ci_high))
    if pooled.tau2_ci_low is not None:
        limits = f" ({interval(pooled.tau2_ci_low, pooled.tau2_ci_high, decimals)})"
    spread = ""
    if shares is not None:
        spread = f" ({interval(100 * shares[0], 100 * shares[1], 0)}%)"
    return " · ".join(
        [
            f"tau² taken as 0{limits}"
            if common
            else f"tau² {digits(pooled.tau2, decimals)}{limits}",
            f"I² {digits(100 * (pooled.i2 or 0.0), 0)}%{spread}",
            f"Q {digits(pooled.q)} on {pooled.q_df} df, {p_words(pooled.q_p)}",
            prediction,
        ]
    )


def _counted(value: Any) -> str:
    """Return how many there are, or how long; what is no whole number keeps its decimals."""
    if pd.isna(value):
        return "not known"
    # What was divided, as shares of a control group, has no end: two decimals of it say enough.
    decimals = next((one for one in range(2) if round(value, one) == value), enough([value]))
    return digits(float(value), decimals)


def _arm(fit: Any, position: int, group: str) -> str:
    """Return what is known of one group: mean (SD) and n, or events of n."""
    known = {
        role: fit.studies[fit.roles[role]]
        for role in (f"{one}_{group}" for one in ("mean", "sd", "events", "n", "time"))
        if role in fit.roles
    }
    counted = {
        one: _counted(known[f"{one}_{group}"].iloc[position])
        for one in ("events", "n", "time")
        if f"{one}_{group}" in known
    }
    n = counted.get("n", "")
    if f"mean_{group}" in known and f"sd_{group}" in known:
        columns = [known[f"{one}_{group}"] for one in ("mean", "sd")]
        # As many decimals in all rows, by the larger ones; digits of small scores are kept.
        decimals = max(enough(column, 1) for column in columns)
        mean, sd = (digits(float(one.iloc[position]), decimals) for one in columns)
        return f"{mean} ({sd})\nn = {n}"
    if "time" in counted:
        return f"{counted['events']} in {counted['time']}"
    return f"{counted['events']} of {n}" if "events" in counted else n


def of_fit(fit: Any) -> Forest:
    """Return the rows of a pooled estimate of a table of studies.

    Parameters
    ----------
    fit : Fit
        A pooled estimate.
    """
    read, roles = fit.scale.read, fit.roles
    known = {"mean_1": "mean (SD)", "time_1": "events in time", "events_1": "events of n"}
    what = next((words for role, words in known.items() if role in roles), "n")
    arms = {"n_1", "n_2"} <= set(roles) or {"time_1", "time_2"} <= set(roles)
    rows = [
        Row(
            kind=Kind.TRIAL,
            label=str(row.study),
            cells=tuple(_arm(fit, place, one) for one in "12") if arms else (),
            phone=" / ".join(filter(None, (_arm(fit, place, o).replace("\n", ", ") for o in "12"))),
            effect=read(row.effect),
            ci_low=read(row.ci_low),
            ci_high=read(row.ci_high),
            shown=fit.scale.words(row.effect, row.ci_low, row.ci_high),
            weight=float(row.weight) if fit.k > 1 else None,
        )
        for place, row in enumerate(rows_of(fit.to_frame()))
    ]
    if fit.k > 1:
        rows.append(
            Row(
                kind=Kind.POOLED,
                label="Pooled",
                effect=read(fit.effect),
                ci_low=read(fit.ci_low),
                ci_high=read(fit.ci_high),
                shown=fit.scale.words(fit.effect, fit.ci_low, fit.ci_high),
            )
        )
    if fit.prediction_low is not None:
        rows.append(
            Row(
                kind=Kind.PREDICTION,
                label="A new study",
                effect=read(fit.effect),
                ci_low=read(fit.prediction_low),
                ci_high=read(fit.prediction_high),
                shown=fit.scale.limits(fit.prediction_low, fit.prediction_high),
            )
        )
    if fit.k > 1:
        said = spread_line(
            fit,
            fit.variances,
            "no prediction" if fit.prediction_low is None else "prediction above",
        )
        rows.append(Row(kind=Kind.NOTE, label=said))
    return Forest(
        rows=tuple(rows),
        name="Study",
        estimate=f"{fit.scale.name} ({percent(fit.level)} CI)",
        columns=(f"Group 1\n{what}", f"Group 2\n{what}") if arms else (),
        axis=fit.scale.name,
        below=fit.scale.side("below") if fit.scale.favors else "",
        above=fit.scale.side("above") if fit.scale.favors else "",
        ratio=fit.scale.ratio,
        null=fit.scale.null,
    )
