"""Forest plot: trials, their comparators, their pooled value, and who printed no number."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Polygon, Rectangle

from evidence.language import estimate, fixed

INK, SOFT, BLUE, AMBER = "#1b1f24", "#57606a", "#0b5394", "#8a4f00"
WIDTH = 8.2
ROW_HEIGHT = 0.33
PLOT_LEFT, PLOT_RIGHT = 0.515, 0.745
COMPARATOR_AT, SIZES_AT, ESTIMATE_AT, WEIGHT_AT = 0.205, 0.50, 0.93, 0.997
FONT_SIZE = 9.5
CHARACTERS = {0.003: 22, COMPARATOR_AT: 24}
"""Characters of a line in the left columns, by their place."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of the plot.

    Attributes
    ----------
    kind : {"trial", "pooled", "stress", "unreported", "heading"}
        Trials have squares, pooled values diamonds (hollow for a stress test), trials without a
        number only words.
    label, comparator, sizes : str
        Texts of the left columns.
    effect, ci_low, ci_high : float or None
        On the axis of the plot.
    weight : float or None
        From 0 to 1.
    remark : str
        What stands in place of the estimate where there is none.
    """

    kind: Literal["trial", "pooled", "stress", "unreported", "heading"]
    label: str
    comparator: str = ""
    sizes: str = ""
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    weight: float | None = None
    remark: str = ""


def draw(
    rows: Sequence[ForestRow],
    *,
    axis_label: str,
    favors_low: str,
    favors_high: str,
    heading: str,
    first_column: str = "Trial",
    digits: int = 2,
) -> Canvas:
    """Draw the plot.

    Parameters
    ----------
    rows : sequence of ForestRow
        From top to bottom.
    axis_label : str
        What the axis measures, with its direction.
    favors_low, favors_high : str
        Words under the left and the right half of the axis.
    heading : str
        Heading of the column of estimates, as "g (95% CI)".
    first_column : str
        Heading of the first column.
    digits : int
        Decimals of the estimates.
    """
    height = ROW_HEIGHT * (len(rows) + 1) + 1.05
    canvas = Canvas(figsize=(WIDTH, height))
    FigureCanvasAgg(canvas)
    bottom, top = 0.90 / height, 1 - 0.05 / height
    axes = canvas.add_axes((PLOT_LEFT, bottom, PLOT_RIGHT - PLOT_LEFT, top - bottom))
    low, high = _span(rows)
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) + 0.5, -0.6)
    _frame(axes, height, axis_label, favors_low, favors_high)
    weighted = any(row.weight is not None for row in rows)
    columns = (first_column, "Compared with", "n", heading, "Weight" if weighted else "")
    _texts(canvas, axes, 0, columns, color=SOFT)
    for line, row in enumerate(rows, start=1):
        _row(canvas, axes, line, row, (low, high), digits)
    return canvas


def _span(rows: Sequence[ForestRow]) -> tuple[float, float]:
    values = [0.0]
    values += [
        one for row in rows for one in (row.effect, row.ci_low, row.ci_high) if one is not None
    ]
    low, high = min(values), max(values)
    pad = 0.08 * (high - low or 1.0)
    return low - pad, high + pad


def _frame(axes: Axes, height: float, axis_label: str, favors_low: str, favors_high: str) -> None:
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=SOFT, labelsize=FONT_SIZE - 1)
    axes.axvline(0, ymin=0, ymax=1, color=INK, linewidth=0.9)
    axes.set_xlabel(axis_label, color=INK, fontsize=FONT_SIZE, labelpad=22)
    zero = float(axes.transData.transform((0, 0))[0])
    left, right = axes.transAxes.transform([(0, 0), (1, 0)])[:, 0]
    at_zero = (zero - left) / (right - left)
    style: dict[str, Any] = {
        "transform": axes.transAxes,
        "fontsize": FONT_SIZE - 0.5,
        "color": SOFT,
        "va": "top",
    }
    offset = -0.30 / (axes.get_position().height * height)
    axes.text(at_zero - 0.03, offset, f"← {favors_low}", ha="right", **style)
    axes.text(at_zero + 0.03, offset, f"{favors_high} →", ha="left", **style)


def _texts(
    canvas: Canvas,
    axes: Axes,
    line: int,
    texts: Sequence[str],
    *,
    color: str = INK,
    weight: str = "normal",
) -> None:
    y = float(canvas.transFigure.inverted().transform(axes.transData.transform((0, line)))[1])
    places = (
        (0.003, "left"),
        (COMPARATOR_AT, "left"),
        (SIZES_AT, "right"),
        (ESTIMATE_AT, "right"),
        (WEIGHT_AT, "right"),
    )
    for text, (x, side) in zip(texts, places, strict=True):
        if text:
            canvas.text(
                x,
                y,
                fill(text, CHARACTERS[x]) if x in CHARACTERS else text,
                ha=side,
                va="center",
                fontsize=FONT_SIZE,
                linespacing=0.95,
                color=color,
                fontweight=weight,
            )


def _row(
    canvas: Canvas, axes: Axes, line: int, row: ForestRow, span: tuple[float, float], digits: int
) -> None:
    color = {"unreported": AMBER, "heading": SOFT, "stress": AMBER}.get(row.kind, INK)
    bold = "bold" if row.kind in ("pooled", "stress") else "normal"
    said = row.remark
    if row.effect is not None:
        said = estimate(row.effect, row.ci_low, row.ci_high, digits)
    share = "" if row.weight is None else f"{fixed(100 * row.weight, 0)}%"
    _texts(
        canvas,
        axes,
        line,
        (row.label, row.comparator, row.sizes, said, share),
        color=color,
        weight=bold,
    )
    if row.effect is None:
        return
    low = row.effect if row.ci_low is None else row.ci_low
    high = row.effect if row.ci_high is None else row.ci_high
    if row.kind == "trial":
        axes.plot([low, high], [line, line], color=BLUE, linewidth=1.5, solid_capstyle="butt")
        # The area of a square is in proportion to the weight of its trial.
        side = 0.16 + 0.5 * float(np.sqrt(row.weight if row.weight is not None else 0.25))
        inches_high = axes.get_position().height * canvas.get_figheight()
        inches_wide = axes.get_position().width * canvas.get_figwidth()
        lines_high = abs(axes.get_ylim()[1] - axes.get_ylim()[0])
        wide = side * inches_high / lines_high * (span[1] - span[0]) / inches_wide
        axes.add_patch(
            Rectangle((row.effect - wide / 2, line - side / 2), wide, side, color=BLUE, zorder=3)
        )
    else:
        hollow = row.kind == "stress"
        corners = [(low, line), (row.effect, line - 0.28), (high, line), (row.effect, line + 0.28)]
        axes.add_patch(
            Polygon(
                corners,
                closed=True,
                facecolor="white" if hollow else INK,
                edgecolor=AMBER if hollow else INK,
                linewidth=1.3,
                zorder=3,
            )
        )
