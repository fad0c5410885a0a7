"""Figures with a point for each study or subset: radial, L'Abbe, Baujat, GOSH."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.answers import rows_of
from evidence.meta.figures import (
    BLUE,
    FONT_SIZE,
    INK,
    PALE,
    SOFT,
    Plot,
    axis_name,
    canvas,
    effects_on,
    square,
)
from evidence.meta.frame import numbers_of
from evidence.meta.numerics import Floats

if TYPE_CHECKING:
    from evidence.meta.asymmetry import PooledStudies


def radial(fit: "PooledStudies") -> Plot:
    """Draw effects over their standard errors against the precision (Galbraith).

    The slope of a line from the origin through a study is its effect; the line drawn has the pooled
    one, and the band the width of a normal interval of single studies. With random effects the
    standard errors hold tau2, as in metafor.

    Notes
    -----
    Galbraith (1988), Technometrics 30:271.
    """
    spread = np.sqrt(fit.variances + (fit.tau2 or 0.0))
    across, up = 1 / spread, fit.effects / spread
    figure, axes = square(
        "1 / standard error" + (" with tau2" if fit.tau2 else ""),
        f"{fit.scale.as_pooled} / standard error",
        (0.11, 0.12, 0.77, 0.84),
    )
    end = 1.08 * float(across.max())
    half = float(special.ndtri((1 + fit.level) / 2))
    line = np.array([0.0, end])
    axes.fill_between(line, fit.effect * line - half, fit.effect * line + half, color=PALE, lw=0)
    axes.plot(line, fit.effect * line, color=INK, linewidth=0.9)
    axes.plot(across, up, "o", color=BLUE, markersize=5)
    axes.set_xlim(0, end)
    reach = 1.1 * max(float(np.abs(up).max()), abs(fit.effect) * end + half)
    axes.set_ylim(-reach, reach)
    # The height at the end of a line from the origin is an effect times that end.

    def effect(height: Any) -> Any:
        return np.asarray(height) / end

    def height(effect: Any) -> Any:
        return np.asarray(effect) * end

    scale = axes.secondary_yaxis("right", functions=(effect, height))
    scale.tick_params(labelsize=FONT_SIZE, colors=SOFT)
    effects_on(scale.yaxis, (-reach / end, reach / end), fit.scale)
    scale.set_ylabel(axis_name(fit.scale), fontsize=FONT_SIZE)
    return figure


def labbe(fit: "PooledStudies") -> Plot:
    """Draw the risk, or the rate, of group 1 against that of group 2 (L'Abbe).

    Studies are as they were counted; the line is where the pooled effect would have them, the thin
    one where groups are alike. Areas go by the weights.

    Raises
    ------
    ParameterError
        For effects that were not made of counts of two groups.

    Notes
    -----
    L'Abbe, Detsky and O'Rourke (1987), Ann Intern Med 107:224.
    """
    of = "time" if "time_1" in fit.roles else "n"
    roles = ("events_1", f"{of}_1", "events_2", f"{of}_2")
    if lacking := [role for role in roles if role not in fit.roles]:
        raise ParameterError("labbe", fit.scale.name, f"counts, of which {', '.join(lacking)} lack")
    events_1, size_1, events_2, size_2 = (
        numbers_of(fit.studies, role, fit.roles[role])[0] for role in roles
    )
    first, second = events_1 / size_1, events_2 / size_2
    what = "Risk" if of == "n" else "Rate"
    figure, axes = square(f"{what} in group 2", f"{what} in group 1")
    end = 1.0 if of == "n" else 1.08 * float(max(first.max(), second.max()))
    axes.plot([0, end], [0, end], color=SOFT, linewidth=0.8)
    grid = np.linspace(0, end, 201)
    line = risks_of_group_1(fit.scale.measure, grid, fit.effect)
    if line is not None:
        shown = (line >= 0) & (line <= end)
        axes.plot(grid[shown], line[shown], "--", color=INK)
    weights = np.asarray(fit.weights)
    sizes = 15 + 185 * weights / weights.max()
    axes.scatter(second, first, s=sizes, color=BLUE, alpha=0.6)
    axes.set_xlim(-0.03 * end, 1.03 * end)
    axes.set_ylim(-0.03 * end, 1.03 * end)
    axes.set_aspect("equal")
    return figure


def risks_of_group_1(measure: str, risk: Floats, effect: float) -> Floats | None:
    """Return what an effect makes of risks (or rates) of group 2; None for other measures."""
    with np.errstate(divide="ignore"):
        if measure in ("odds_ratio", "peto_odds_ratio"):
            return np.asarray(special.expit(special.logit(risk) + effect))
        if measure in ("risk_ratio", "rate_ratio"):
            return np.asarray(risk * np.exp(effect))
        if measure in ("risk_difference", "rate_difference"):
            return risk + effect
        if measure == "arcsine_difference":
            angle = np.arcsin(np.sqrt(risk)) + effect
            return np.where((angle < 0) | (angle > np.pi / 2), np.nan, np.sin(angle) ** 2)
    return None


def baujat(frame: pd.DataFrame) -> Plot:
    """Draw what studies do to the estimate against what they add to Q (Baujat).

    Parameters
    ----------
    frame : DataFrame
        ``study, heterogeneity, influence``.

    Notes
    -----
    Baujat et al. (2002), Stat Med 21:2641.
    """
    figure, axes = square("squared Pearson residual", "influence on the pooled estimate")
    axes.plot(frame.heterogeneity, frame.influence, "o", color=BLUE, markersize=5)
    # Names of those that lie far out; the others would cover each other.
    far = frame.heterogeneity / frame.heterogeneity.max() + frame.influence / frame.influence.max()
    for row in rows_of(frame.loc[far.nlargest(5).index]):
        place = (row.heterogeneity, row.influence)
        axes.annotate(
            str(row.study), place, (4, 3), textcoords="offset points", fontsize=7, color=SOFT
        )
    axes.margins(x=0.18)
    return figure


def gosh(fit: "PooledStudies", frame: pd.DataFrame) -> Plot:
    """Draw I2 against the pooled estimate of every subset of two or more studies (GOSH).

    Parameters
    ----------
    fit : PooledStudies
        That of all studies.
    frame : DataFrame
        ``k, effect, i2`` of each subset.

    Notes
    -----
    Olkin, Dahabreh and Trikalinos (2012), Res Synth Methods 3:214.
    """
    known = frame[frame.k > 1]
    figure = canvas(6.4, 4.6)
    above = figure.add_axes((0.11, 0.8, 0.86, 0.16))
    axes = figure.add_axes((0.11, 0.12, 0.86, 0.66), sharex=above)
    above.hist(known.effect, bins=40, color=PALE)
    above.set_axis_off()
    axes.plot(known.effect, 100 * known.i2.astype(float), ".", color=BLUE, alpha=0.25, ms=3)
    for one in (above, axes):
        one.axvline(fit.effect, color=INK, linewidth=0.9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=FONT_SIZE, colors=SOFT)
    effects_on(axes.xaxis, axes.get_xlim(), fit.scale)
    axes.set_xlabel(axis_name(fit.scale), fontsize=FONT_SIZE)
    axes.set_ylabel("I2, %", fontsize=FONT_SIZE)
    return figure
