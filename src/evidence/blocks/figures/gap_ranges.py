"""How far a missing number could move a pooled value: a diamond now, a bar for what is open."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from evidence.blocks.figures.trajectory import FONT_SIZE, PHONE, WIDTH
from evidence.language import limits, percent
from evidence.meta.figures import AMBER, INK, PAPER, SOFT

ROW_HEIGHT = 0.33
_THINNEST, _THICKEST = 0.12, 0.6
"""Heights of bars, in rows."""


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


def frame(lines: Sequence[Line]) -> pd.DataFrame:
    """Return what is drawn as numbers."""
    return pd.DataFrame([asdict(one) for one in lines])


def draw(lines: Sequence[Line], *, phone: bool = False) -> Canvas:
    """Draw the lines from top to bottom, each group under its name.

    Parameters
    ----------
    lines : sequence of Line
        Lines of a group stand together.
    phone : bool
        Whether for a narrow screen: words above each bar, not beside it.
    """
    width, left, right = (PHONE, 0.02, 0.98) if phone else (WIDTH, 0.30, 0.68)
    groups = list(dict.fromkeys(one.group for one in lines))
    each = 2 if phone else 1
    count = each * len(lines) + len(groups) + 1
    height = ROW_HEIGHT * count + 0.6
    canvas = Canvas(figsize=(width, height))
    FigureCanvasAgg(canvas)
    bottom, top = 0.55 / height, 1 - 0.05 / height
    axes = canvas.add_axes((left, bottom, right - left, top - bottom))
    values = [0.0, *(value for one in lines for value in (one.now, one.low, one.high))]
    pad = 0.08 * (max(values) - min(values))
    axes.set_xlim(min(values) - pad, max(values) + pad)
    axes.set_ylim(count - 0.4, -0.6)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=SOFT, labelsize=FONT_SIZE - 1)
    axes.set_xlabel(
        "pooled standardized difference, positive = favors the therapy",
        color=INK,
        fontsize=FONT_SIZE - phone,
    )

    def write(x: float, line: int, words: str, *, end: bool = False, color: str = INK) -> None:
        y = bottom + (top - bottom) * (count - 0.4 - line) / (count + 0.2)
        style: dict[str, Any] = {
            "ha": "right" if end else "left",
            "color": color,
            "fontsize": FONT_SIZE - phone,
        }
        canvas.text(x, y, words, va="center", **style)

    range_at, share_at = (0.997, 0.997) if phone else (0.83, 0.997)
    if phone:
        write(share_at, 0, "pooled value (weight)", end=True, color=SOFT)
    else:
        write(range_at, 0, "pooled value", end=True, color=SOFT)
        write(share_at, 0, "weight", end=True, color=SOFT)
    at = 1
    for group in groups:
        write(0.003, at, group, color=SOFT)
        for one in (line for line in lines if line.group == group):
            at += 1
            shown, share = limits(one.low, one.high), percent(one.information, 0)
            write(0.015, at, one.label)
            write(range_at, at, f"{shown} ({share})" if phone else shown, end=True)
            if not phone:
                write(share_at, at, share, end=True)
            at += each - 1
            tall = _THINNEST + (_THICKEST - _THINNEST) * one.information
            axes.barh(at, one.high - one.low, left=one.low, height=tall, color=PAPER,
                      edgecolor=AMBER, linewidth=1.2)  # fmt: skip
            axes.plot([0, 0], [at - 0.5, at + 0.5], color=INK, linewidth=0.9)
            axes.plot([one.now], [at], marker="D", color=INK, markersize=5)
        at += 1
    return canvas
