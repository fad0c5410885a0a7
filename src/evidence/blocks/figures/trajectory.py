"""Trajectories: an effect, or a share by arm, at the end of treatment and later."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from evidence.language import limits as in_words
from evidence.meta.figures import AMBER, BLUE, INK, PAPER, SOFT

WIDTH, PHONE, FONT_SIZE = 8.2, 3.65, 9.5
"""Inches across, on a phone too, and the size of letters; of all figures but forest plots."""
HEIGHT = 3.9
ROOM_FOR_LABELS = 0.95
"""Inches on either side of the first and last time, for value and n."""
TITLE_WIDTH = {1: 100, 2: 52, 3: 34}
"""Characters of a line above a panel, by the number of panels."""
COLORS = (BLUE, INK, "#7394c0")
FILLED = ("full", "left", "bottom")
"""How much of the square of a series is filled; a hollow one in amber is imputed."""
SHIFT = 0.07
"""Inches between the series at one time, so that intervals do not overlap."""
LABEL_GAP = 0.085
"""Least distance of two labels at one time, as a share of the axis."""


@dataclass(frozen=True, slots=True)
class Point:
    """One time of a series.

    Attributes
    ----------
    weeks_low, weeks_high : float
        Weeks since the end of treatment, as far as the source says; a marker stands at the later.
    value, low, high : float
        Value with its interval, on the axis of the panel.
    shown : str
        The value in words.
    size : str
        How many participants stand behind it.
    imputed : bool
        Whether it is hollow and amber.
    """

    weeks_low: float
    weeks_high: float
    value: float
    low: float
    high: float
    shown: str
    size: str
    imputed: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Points that are joined by a line, with the name of the line."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that share an axis.

    Attributes
    ----------
    title : str
        What its axis measures, with its direction.
    series : tuple of Series
        At most as many as there are fillings.
    no_difference : float or None
        Where a line is drawn; None where there is no such value.
    ratio : bool
        Whether the axis is logarithmic.
    whole : tuple of float, optional
        Ends of the axis where all of it is shown, as 0 and 100 for percentages.
    """

    title: str
    series: tuple[Series, ...]
    no_difference: float | None = 0.0
    ratio: bool = False
    whole: tuple[float, float] | None = None


def draw(panels: Sequence[Panel], *, phone: bool = False) -> Canvas:
    """Draw panels side by side, on a phone below each other.

    Parameters
    ----------
    panels : sequence of Panel
        From left to right.
    phone : bool
        Whether for a narrow screen.
    """
    most = max(len(panel.series) for panel in panels)
    width, down = (PHONE, len(panels)) if phone else (WIDTH, 1)
    each = HEIGHT + 0.2 * most
    height = each * down
    canvas = Canvas(figsize=(width, height))
    FigureCanvasAgg(canvas)
    share = down / len(panels)
    for place, panel in enumerate(panels):
        across, over = (0, down - 1 - place) if phone else (place, 0)
        left, wide = across * share + 0.41 / width, share - 0.53 / width
        bottom = (each * over + 0.75 + 0.2 * most) / height
        axes = canvas.add_axes((left, bottom, wide, (HEIGHT - 1.4) / height))
        _draw(axes, panel, wide * width)
        title = fill(panel.title, 44 if phone else TITLE_WIDTH.get(len(panels), 24))
        top = (each * (over + 1) - 0.04) / height
        canvas.text(left - 0.33 / width, top, title, va="top", fontsize=FONT_SIZE, color=INK)
    return canvas


def frame(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return what is drawn as numbers, a row for each point."""
    return pd.DataFrame(
        [
            {"panel": panel.title, "series": series.label, "weeks_low": point.weeks_low,
             "weeks_high": point.weeks_high, "value": point.value, "ci_low": point.low,
             "ci_high": point.high, "size": point.size, "imputed": point.imputed}
            for panel in panels
            for series in panel.series
            for point in series.points
        ]
    )  # fmt: skip


def described(panels: Sequence[Panel]) -> str:
    """Return what the panels show in words, computed from their data."""
    return " ".join(
        f"{panel.title}: "
        + "; ".join(
            f"{series.label} " + ", ".join(f"{point.shown} {_at(point)}" for point in series.points)
            for series in panel.series
        )
        + "."
        for panel in panels
    )


def _at(point: Point) -> str:
    """Return the time of a point in words."""
    if point.weeks_high == 0:
        return "at the end of treatment"
    return f"{weeks(point)} weeks after the end of treatment"


def weeks(point: Point) -> str:
    """Return the weeks since the end of treatment in words: "8 to 12" where sources differ."""
    if point.weeks_low == point.weeks_high:
        return f"{point.weeks_high:g}"
    return in_words(point.weeks_low, point.weeks_high, 0)


def _draw(axes: Axes, panel: Panel, inches: float) -> None:
    last = max(point.weeks_high for series in panel.series for point in series.points)
    room = ROOM_FOR_LABELS / (inches - 2 * ROOM_FOR_LABELS) * last
    axes.set_xlim(-room, last + room)
    if panel.ratio:
        axes.set_yscale("log")
    if panel.no_difference is not None:
        axes.axhline(panel.no_difference, color=INK, linewidth=0.9)
    middle = (len(panel.series) - 1) / 2
    for place, series in enumerate(panel.series):
        shift = (place - middle) * SHIFT / inches * (last + 2 * room)
        _line(axes, series, shift, place)
    _limits(axes, panel)
    times = sorted({point.weeks_high for series in panel.series for point in series.points})
    for time in times:
        _labels(axes, panel, time, inches, on_the_left=time == times[0])
    axes.set_xticks(times)
    axes.set_xticklabels([f"{time:g}" for time in times])
    axes.set_xlabel("weeks since the end of treatment", fontsize=FONT_SIZE, color=INK)
    for side in ("right", "top"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
    axes.tick_params(colors=SOFT, labelsize=FONT_SIZE - 1)
    axes.minorticks_off()
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.21),
        frameon=False,
        fontsize=FONT_SIZE - 0.5,
        labelcolor=INK,
        borderaxespad=0,
        handletextpad=0.7,
        labelspacing=0.25,
    )


def _line(axes: Axes, series: Series, shift: float, place: int) -> None:
    color, filled = COLORS[place % len(COLORS)], FILLED[place % len(FILLED)]
    at = [point.weeks_high + shift for point in series.points]
    values = [point.value for point in series.points]
    dashed: dict[str, Any] = {"color": color, "linewidth": 1.2, "linestyle": (0, (2, 2))}
    axes.plot(at, values, **dashed)
    square: dict[str, Any] = {"marker": "s", "markersize": 7, "markerfacecoloralt": PAPER}
    hollow: dict[str, Any] = {"markerfacecolor": PAPER, "markeredgecolor": AMBER}
    named: dict[str, Any] = (
        hollow if all(one.imputed for one in series.points) else {"fillstyle": filled}
    )
    axes.plot([], [], label=series.label, **dashed, **square, **named)
    for x, point in zip(at, series.points, strict=True):
        shade = AMBER if point.imputed else color
        axes.plot([x, x], [point.low, point.high], color=shade, linewidth=1.5)
        look: dict[str, Any] = hollow if point.imputed else {"fillstyle": filled}
        axes.plot([x], [point.value], color=shade, zorder=3, **square, **look)
        if point.weeks_low < point.weeks_high:
            axes.plot(
                [point.weeks_low + shift, x], [point.value] * 2, color=shade, linewidth=3, alpha=0.3
            )


def _limits(axes: Axes, panel: Panel) -> None:
    if panel.whole is not None:
        axes.set_ylim(*panel.whole)
        return
    values = [
        one
        for series in panel.series
        for point in series.points
        for one in (point.low, point.high, point.value)
    ]
    values += [] if panel.no_difference is None else [panel.no_difference]
    low, high = _on_axis(panel, min(values)), _on_axis(panel, max(values))
    pad = 0.06 * (high - low or 1.0)
    ends = low - pad, high + pad
    axes.set_ylim(*(np.exp(ends) if panel.ratio else ends))
    if panel.ratio:
        ticks = [
            one for one in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if ends[0] < np.log(one) < ends[1]
        ]
        axes.set_yticks(ticks)
        axes.set_yticklabels([f"{one:g}" for one in ticks])


def _on_axis(panel: Panel, value: float) -> float:
    return float(np.log(value)) if panel.ratio else value


def _labels(axes: Axes, panel: Panel, time: float, inches: float, *, on_the_left: bool) -> None:
    """Write value and n beside each point of one time, moved apart where they would overlap."""
    points = sorted(
        (point for series in panel.series for point in series.points if point.weeks_high == time),
        key=lambda point: point.value,
    )
    to_axes = axes.transAxes.inverted()
    heights = [
        float(to_axes.transform(axes.transData.transform((time, point.value)))[1])
        for point in points
    ]
    x = float(to_axes.transform(axes.transData.transform((time, points[0].value)))[0])
    side = -1 if on_the_left else 1
    reach = (0.08 + SHIFT * len(panel.series) / 2) / inches
    for height, point in zip(spread(heights, LABEL_GAP), points, strict=True):
        axes.text(
            x + side * reach,
            height,
            f"{point.shown.partition(' (')[0]}\n{point.size}",
            transform=axes.transAxes,
            ha="right" if on_the_left else "left",
            va="center",
            fontsize=FONT_SIZE - 1.5,
            linespacing=0.95,
            color=INK,
        )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return ascending heights moved apart to a least distance, around their middle.

    Examples
    --------
    >>> spread([0.4, 0.5], 0.2)
    [0.35, 0.55]
    """
    if all(two - one >= gap for one, two in pairwise(heights)):
        return list(heights)
    moved = [heights[0]]
    for height in heights[1:]:
        moved.append(max(height, moved[-1] + gap))
    middle = (sum(heights) - sum(moved)) / len(heights)
    return [round(one + middle, 6) for one in moved]
