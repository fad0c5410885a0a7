"""Numbers of several metrics, each metric in a panel with an axis of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from evidence.blocks.figures.forest import BLUE, FONT_SIZE, INK, SOFT

WIDTH = 8.2
LINE, HEAD, AXIS = 0.25, 0.34, 0.34
"""Heights in inches: of a line, of the heading of a panel, of its axis."""
LEFT, RIGHT = 0.575, 0.785
"""Where the axes begin and end, as shares of the width."""
RATIOS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
"""Ticks of ratios."""


@dataclass(frozen=True, slots=True)
class Line:
    """One number: its name, how it is written, where it stands.

    Attributes
    ----------
    label, shown : str
        Left and right of the panel.
    effect, low, high : float or None
        On the axis; a range has no effect, a number without an interval no limits.
    pooled : bool
        Drawn as a diamond; else as a square.
    """

    label: str
    shown: str
    effect: float | None
    low: float | None
    high: float | None
    pooled: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Numbers of one metric.

    Attributes
    ----------
    heading : str
        Metric, and which side favors what.
    lines : sequence of Line
        From top to bottom.
    ratio : bool
        On a logarithmic axis, on which 1 is no difference.
    """

    heading: str
    lines: Sequence[Line]
    ratio: bool


def draw(panels: Sequence[Panel]) -> Canvas:
    """Draw the panels below each other."""
    heights = [HEAD + LINE * len(one.lines) + AXIS for one in panels]
    total = sum(heights)
    canvas = Canvas(figsize=(WIDTH, total))
    FigureCanvasAgg(canvas)
    top = total
    for panel, height in zip(panels, heights, strict=True):
        canvas.text(
            0.003,
            (top - HEAD / 2) / total,
            panel.heading,
            fontsize=FONT_SIZE,
            color=SOFT,
            va="center",
        )
        axes = canvas.add_axes(
            (LEFT, (top - height + AXIS) / total, RIGHT - LEFT, (height - HEAD - AXIS) / total)
        )
        _panel(canvas, axes, panel)
        top -= height
    return canvas


def _panel(canvas: Canvas, axes: Axes, panel: Panel) -> None:
    nothing = 1.0 if panel.ratio else 0.0
    values = [nothing]
    values += [v for one in panel.lines for v in (one.effect, one.low, one.high) if v is not None]
    low, high = min(values), max(values)
    if panel.ratio:
        pad = (high / low) ** 0.1
        axes.set_xscale("log")
        axes.set_xlim(low / pad, high * pad)
        ticks = [one for one in RATIOS if low / pad <= one <= high * pad]
        axes.set_xticks(ticks, [f"{one:g}" for one in ticks])
        axes.minorticks_off()
    else:
        pad = 0.1 * (high - low or 1.0)
        axes.set_xlim(low - pad, high + pad)
        axes.locator_params(axis="x", nbins=5)
    axes.set_ylim(len(panel.lines) - 0.5, -0.5)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=SOFT, labelsize=FONT_SIZE - 1.5, length=2.5, pad=1.5)
    axes.axvline(nothing, color=INK, linewidth=0.8)
    box = axes.get_position()
    for place, one in enumerate(panel.lines):
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [place, place], color=BLUE, linewidth=1.2)
        if one.effect is not None:
            mark = "D" if one.pooled else "s"
            axes.plot([one.effect], [place], mark, color=BLUE, markersize=5)
        height = box.y1 - box.height * (place + 0.5) / len(panel.lines)
        canvas.text(0.012, height, one.label, fontsize=FONT_SIZE - 0.5, color=INK, va="center")
        canvas.text(
            0.997, height, one.shown, fontsize=FONT_SIZE - 0.5, color=INK, va="center", ha="right"
        )
