"""Figures of whole distributions and functions: drapery, orchard, profile likelihood."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evidence.meta.answers import digits
from evidence.meta.figures import (
    BLUE,
    FONT_SIZE,
    INK,
    LEVELS,
    SOFT,
    Plot,
    axis_name,
    bare,
    canvas,
    effects_on,
    square,
)
from evidence.meta.numerics import Floats

if TYPE_CHECKING:
    from evidence.meta.asymmetry import PooledStudies
    from evidence.meta.pooling import Pooled


def p_values(at: Floats, effect: float, se: float, df: float | None = None) -> Floats:
    """Return the two-sided P of an estimate against each value."""
    ratio = -np.abs(effect - at) / se
    return np.asarray(2 * (special.ndtr(ratio) if df is None else special.stdtr(df, ratio)))


def drapery(fit: "PooledStudies") -> Plot:
    """Draw the P value of each study and of the pooled effect against every value.

    A horizontal line cuts a curve at the limits of the interval of that level: P of .05 at those of
    95%. That of a new study, dashed, has its prediction intervals.

    Notes
    -----
    Rücker and Schwarzer (2021), Res Synth Methods 12:50.
    """
    figure, axes = square(axis_name(fit.scale), "P value", (0.11, 0.12, 0.82, 0.84))
    se = np.sqrt(fit.variances)
    low, high = float((fit.effects - 3 * se).min()), float((fit.effects + 3 * se).max())
    grid = np.union1d(np.linspace(low, high, 501), [*fit.effects, fit.effect])
    for effect, own in zip(fit.effects, se, strict=True):
        axes.plot(grid, p_values(grid, effect, own), color=SOFT, linewidth=0.5)
    axes.plot(grid, p_values(grid, fit.effect, fit.se, fit.df), color=BLUE, linewidth=2)
    if fit.prediction_low is not None and fit.tau2 is not None:
        spread = float(np.hypot(fit.se, np.sqrt(fit.tau2)))
        new = p_values(grid, fit.effect, spread, fit.prediction_df)
        axes.plot(grid, new, "--", color=INK, linewidth=1.2)
    for level in LEVELS:
        axes.axhline(level, color=SOFT, linewidth=0.4, linestyle=":")
        axes.text(high, level, f" {digits(level)}", fontsize=7, color=SOFT, va="center")
    if fit.scale.null:
        axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.02)
    effects_on(axes.xaxis, axes.get_xlim(), fit.scale)
    return figure


def orchard(
    fit: "PooledStudies", groups: "Sequence[tuple[str, Pooled, Sequence[int]]]" = ()
) -> Plot:
    """Draw effects as fruits on a branch: interval thick, prediction interval thin.

    Parameters
    ----------
    fit : PooledStudies
    groups : sequence of (name, Pooled, positions of its studies)
        A branch for each; one of all studies where there is none.

    Notes
    -----
    Nakagawa et al. (2021), Res Synth Methods 12:4. Areas go by the precision, 1 / standard error;
    how far a fruit is off its branch says nothing.
    """
    branches = groups or [("All studies", fit, range(fit.k))]
    figure = canvas(6.4, 1.2 + 1.1 * len(branches))
    axes = figure.add_axes((0.22, 0.62 / (1.2 + 1.1 * len(branches)), 0.75, 0.8))
    bare(axes)
    precision = 1 / np.sqrt(fit.variances)
    for line, (_, pooled, members) in enumerate(branches):
        own = np.array(members, dtype=int)
        # Steps of the golden ratio never fall on each other.
        off = 0.6 * ((np.arange(own.size) * 0.6180339887498949) % 1 - 0.5)
        axes.scatter(
            fit.effects[own], line + off, s=10 + 110 * precision[own] / precision.max(),
            color=BLUE, alpha=0.35, linewidth=0,
        )  # fmt: skip
        if pooled.prediction_low is not None and pooled.prediction_high is not None:
            axes.plot([pooled.prediction_low, pooled.prediction_high], [line] * 2, color=INK, lw=1)
        axes.plot([pooled.ci_low, pooled.ci_high], [line] * 2, color=INK, linewidth=4)
        axes.plot(pooled.effect, line, "o", color=INK, markersize=9, markerfacecolor="white")
    axes.set_yticks(range(len(branches)), [f"{name}\nk = {len(own)}" for name, _, own in branches])
    axes.set_ylim(len(branches) - 0.4, -0.6)
    if fit.scale.null:
        axes.axvline(0, color=SOFT, linewidth=0.8, zorder=0)
    effects_on(axes.xaxis, axes.get_xlim(), fit.scale)
    axes.set_xlabel(axis_name(fit.scale), fontsize=FONT_SIZE)
    return figure


def profiles(curves: Sequence[tuple[str, Floats, Floats, float]], top: float, level: float) -> Plot:
    """Draw log-likelihoods at values of variances; what lies above the line is the interval.

    Parameters
    ----------
    curves : sequence of (name, ndarray of shape (m,), ndarray of shape (m,), float)
        What the variance is, its values, the log-likelihood there, and the estimate.
    top : float
        The log-likelihood at the estimates.
    level : float
        Coverage of the intervals.
    """
    height = 4.6 * len(curves)
    figure = canvas(6.4, height)
    for place, (name, values, heights, estimate) in enumerate(curves):
        below = len(curves) - 1 - place
        axes = figure.add_axes((0.13, (4.6 * below + 0.55) / height, 0.84, 3.86 / height))
        bare(axes)
        axes.set_xlabel(name, fontsize=FONT_SIZE)
        axes.set_ylabel("log-likelihood", fontsize=FONT_SIZE)
        axes.plot(values, heights, color=BLUE)
        axes.plot(estimate, top, "o", color=INK, markersize=5)
        axes.axhline(top - float(special.chdtri(1, 1 - level)) / 2, color=SOFT, linestyle=":")
    return figure
