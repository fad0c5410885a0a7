"""Specification curve: every defensible analysis, sorted, with the choices behind each below."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from numpy.typing import ArrayLike

from evidence.dataset import Dataset
from evidence.display import companion_tables, text, words
from evidence.display.choices import choice_in_words
from evidence.display.figures.forest import BLUE, INK, SOFT
from evidence.display.output import Block, Figure
from evidence.specification import Analysis, Companions

WIDTH = 9.0
INTERVAL = "#7394c0"
"""Color of intervals: lighter than the estimates on them, and three times as dark as paper."""
CURVE_HEIGHT = 2.6
LINE_HEIGHT = 0.19
FONT_SIZE = 9


def panel_curve(
    dataset: Dataset, analysis: Analysis, beside: Companions, panel: pd.DataFrame
) -> Figure | Block:
    """Return the specification curve of a panel, or a sentence where there is one combination.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    beside : Companions
        What stands beside it.
    panel : DataFrame
        As `evidence.specification.panel` returns it.
    """
    if len(panel) == 1:
        said = "One trial and one way to read it: no other combination of choices gives a number."
        return Block(text=said, html=f"<p>{said}</p>")
    therapy, outcome = text.names(analysis, dataset)
    ordered = panel.sort_values(["effect", "estimate_id"], ignore_index=True)
    over = int(((ordered.ci_low <= 0) & (ordered.ci_high >= 0)).sum())
    position = int(ordered.index[ordered.main][0]) + 1
    alt = (
        f"{len(ordered)} combinations of choices sorted by their estimate, from "
        f"{words.fixed(ordered.effect.min())} to {words.fixed(ordered.effect.max())}; "
        f"{over} of their intervals include no difference. The main analysis, "
        f"{words.estimate(analysis.pooled.effect, analysis.pooled.ci_low, analysis.pooled.ci_high)}"
        f", is number {position} from below."
    )
    return Figure(
        figure_id="panel",
        matplotlib_figure=draw(ordered, marked=position - 1),
        alt=alt,
        caption=f"Specification panel. {len(ordered)} analyses of {outcome} with {therapy}: above, "
        "estimates with 95% intervals, sorted; below, the choices behind each. The main analysis "
        "is the one with the vertical line. The analyses share their trials, so their number is no "
        "measure of evidence.",
        table=companion_tables.panel_table(dataset, analysis, beside, ordered),
    )


def _bars(
    axes: Axes,
    places: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    color: str,
    linewidth: float = 0.8,
) -> None:
    """Draw vertical bars as one path, since hundreds of single marks would swell the page."""
    x = np.repeat(np.asarray(places, dtype=float), 3)
    y = np.column_stack([low, high, np.full(len(x) // 3, np.nan)]).ravel()
    x[2::3] = np.nan
    axes.plot(x, y, color=color, linewidth=linewidth, solid_capstyle="butt")


def draw(ordered: pd.DataFrame, *, marked: int, hollow: int | None = None) -> Canvas:
    """Draw a panel.

    Parameters
    ----------
    ordered : DataFrame
        Rows of `evidence.specification.panel` in the order in which they stand side by side.
    marked : int
        Place of the analysis with the vertical line and the filled diamond.
    hollow : int, optional
        Place of another one, with a hollow diamond.
    """
    lines = [
        (name, value)
        for name in companion_tables.varied_choices(ordered)
        for value in dict.fromkeys(ordered[name])
    ]
    choices_height = LINE_HEIGHT * (len(lines) + 0.6)
    height = CURVE_HEIGHT + choices_height + 0.45
    canvas = Canvas(figsize=(WIDTH, height))
    FigureCanvasAgg(canvas)
    left, right = 0.36, 0.99
    top = canvas.add_axes(
        (left, (choices_height + 0.2) / height, right - left, CURVE_HEIGHT / height)
    )
    places = np.arange(len(ordered))
    _bars(top, places, ordered.ci_low, ordered.ci_high, color=INTERVAL, linewidth=0.9)
    _bars(top, places, ordered.effect - 0.012, ordered.effect + 0.012, color=BLUE, linewidth=1.8)
    if hollow is not None:
        effect = ordered.effect.iloc[hollow]
        top.plot([hollow], [effect], "D", color=INK, markerfacecolor="white", markersize=6)
    top.plot([marked], [ordered.effect.iloc[marked]], "D", color=INK, markersize=6)
    top.axhline(0, color=INK, linewidth=0.9)
    top.set_ylabel("estimate (95% CI)", fontsize=FONT_SIZE, color=INK)
    below = canvas.add_axes((left, 0.1 / height, right - left, choices_height / height))
    for line, (name, value) in enumerate(lines):
        at = places[(ordered[name] == value).to_numpy()]
        _bars(below, at, np.full(len(at), line - 0.3), np.full(len(at), line + 0.3), color=BLUE)
        below.text(
            -0.01,
            line,
            choice_in_words(name, value),
            transform=below.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=FONT_SIZE - 1,
            color=INK,
        )
    below.set_ylim(len(lines) - 0.4, -0.6)
    for axes in (top, below):
        axes.set_xlim(-1, len(ordered))
        axes.axvline(marked, color=INK, linewidth=0.7)
        axes.set_xticks([])
        for side in ("right", "top", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["left"].set_color(SOFT)
        axes.tick_params(axis="y", colors=SOFT, labelsize=FONT_SIZE - 1)
    below.set_yticks([])
    below.spines["left"].set_visible(False)
    return canvas
