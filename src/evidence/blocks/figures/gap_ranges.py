"""How far one missing number could move a pooled value: a dot for now, a bar for what is open."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from evidence.blocks.figures.forest import BLUE, FONT_SIZE, INK, ROW_HEIGHT, SOFT, WIDTH
from evidence.language import limits, percent

_LEFT, _RIGHT = 0.30, 0.68
_RANGE_AT, _SHARE_AT = 0.83, 0.997
_THINNEST, _THICKEST = 2.0, 12.0


@dataclass(frozen=True, slots=True)
class Line:
    """One missing number.

    Attributes
    ----------
    label, group : str
        Trial, and the pooled value that it is missing from; lines of a group stand together.
    now : float
        The pooled value without it.
    low, high : float
        The pooled value with it, over what it leaves open.
    information : float
        Share of the weight by precision that it would carry, from 0 to 1.
    """

    label: str
    group: str
    now: float
    low: float
    high: float
    information: float


def draw(lines: Sequence[Line]) -> Canvas:
    """Draw the lines from top to bottom, each group under its name."""
    groups = list(dict.fromkeys(one.group for one in lines))
    count = len(lines) + len(groups) + 1
    height = ROW_HEIGHT * count + 0.6
    canvas = Canvas(figsize=(WIDTH, height))
    FigureCanvasAgg(canvas)
    bottom, top = 0.55 / height, 1 - 0.05 / height
    axes = canvas.add_axes((_LEFT, bottom, _RIGHT - _LEFT, top - bottom))
    values = [0.0, *(value for one in lines for value in (one.now, one.low, one.high))]
    pad = 0.08 * (max(values) - min(values))
    axes.set_xlim(min(values) - pad, max(values) + pad)
    axes.set_ylim(count - 0.4, -0.6)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=SOFT, labelsize=FONT_SIZE - 1)
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.set_xlabel(
        "pooled standardized difference, positive = favors the therapy",
        color=INK,
        fontsize=FONT_SIZE,
    )

    def write(x: float, line: int, words: str, *, right: bool = False, color: str = INK) -> None:
        y = bottom + (top - bottom) * (count - 0.4 - line) / (count + 0.2)
        align = "right" if right else "left"
        # A name that crosses the line of no difference stands on a clear ground.
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        canvas.text(
            x, y, words, ha=align, va="center", color=color, fontsize=FONT_SIZE, bbox=ground
        )

    write(_RANGE_AT, 0, "pooled value", right=True, color=SOFT)
    write(_SHARE_AT, 0, "weight", right=True, color=SOFT)
    at = 1
    for group in groups:
        write(0.003, at, group, color=SOFT)
        for one in (line for line in lines if line.group == group):
            at += 1
            thickness = _THINNEST + (_THICKEST - _THINNEST) * one.information
            axes.hlines(at, one.low, one.high, color=BLUE, linewidth=thickness)
            axes.plot([one.now], [at], marker="o", color=INK, markersize=5)
            write(0.015, at, one.label)
            write(_RANGE_AT, at, limits(one.low, one.high), right=True)
            write(_SHARE_AT, at, percent(one.information, 0), right=True)
        at += 1
    return canvas
