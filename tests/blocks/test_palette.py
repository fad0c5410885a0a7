"""Colors of figures and pages for readers who see fewer colors, or none."""

import re
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Patch, Polygon, Rectangle
from numpy.typing import NDArray

from evidence.blocks import drawing
from evidence.blocks.figures import trajectory
from evidence.meta.figures import AMBER, BLUE, INK, PAPER, SOFT
from evidence.meta.figures.forest import Forest, Kind, Row, draw
from evidence.pages.pooled.panel import AT_ZERO, INTERVAL

mpl.use("agg")

REPORTS = Path(__file__).parents[2] / "reports"
STYLE = Path(__file__).parents[2] / "src" / "evidence" / "reports" / "template" / "style.css"
PALETTE = {INK, SOFT, BLUE, AMBER, INTERVAL, AT_ZERO, PAPER}

# Machado, Oliveira and Fernandes (2009), IEEE Transactions on Visualization and Computer Graphics
# 15(6), 1291-1298, table 1: full loss of one kind of cones, on linear RGB.
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# CIE XYZ of linear sRGB (IEC 61966-2-1), and its white.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ.sum(axis=1)

APART = 20.0
"""Least distance in CIE L*a*b*; about 2 can just be seen where colors touch."""


def linear(color: str) -> NDArray[np.float64]:
    """Return a color as linear RGB (IEC 61966-2-1)."""
    value = np.array(to_rgb(color))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(color: str, sight: str) -> NDArray[np.float64]:
    """Return CIE L*a*b* of a color as it is seen (CIE 15:2004, 8.2.1)."""
    seen = np.clip(np.array(SIGHT[sight]) @ linear(color), 0, 1)
    ratio = TO_XYZ @ seen / WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, two: str) -> float:
    """Return the contrast of two colors (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((float(TO_XYZ[1] @ linear(each)) for each in (one, two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_measures_know_published_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ff0000", "all cones") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    # Red and green of one lightness, which protanopes and deuteranopes confuse.
    red, green = "#c86400", "#8c8c00"
    for sight in ("protanopia", "deuteranopia"):
        near = np.linalg.norm(lab(red, sight) - lab(green, sight))
        assert near < np.linalg.norm(lab(red, "all cones") - lab(green, "all cones")) / 2


@pytest.mark.parametrize("sight", SIGHT)
def test_colors_that_mean_something_are_apart_to_every_eye(sight: str) -> None:
    for colors in (
        (BLUE, AMBER, INK, PAPER),
        trajectory.COLORS,
        (BLUE, INTERVAL, PAPER),
        (AMBER, AT_ZERO, INTERVAL, PAPER),
    ):
        for one, two in combinations(colors, 2):
            assert np.linalg.norm(lab(one, sight) - lab(two, sight)) > APART, (one, two)


def test_lines_and_letters_stand_out_from_paper() -> None:
    for color in (INK, SOFT, BLUE, AMBER):
        assert contrast(color, PAPER) >= 4.5
    # Marks without letters (WCAG 2.2, 1.4.11).
    assert min(contrast(one, PAPER) for one in (INTERVAL, AT_ZERO)) >= 3


def test_figures_of_all_pages_use_these_colors_alone() -> None:
    used: set[str] = set()
    for path in REPORTS.glob("*.html"):
        for svg in re.findall(r"<svg.*?</svg>", path.read_text("utf-8"), re.DOTALL):
            used |= set(
                re.findall(r"(?:fill|stroke)[:=]\s*\"?(?:var\(--\w+, )?(#[0-9a-f]{6})", svg)
            )
    assert used == PALETTE


def test_pages_and_figures_share_their_colors() -> None:
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", one))
        for one in STYLE.read_text("utf-8").split("prefers-color-scheme: dark")[:2]
    )
    assert {name: to_hex(light[name]) for name in drawing.INKS.values()} == {
        name: color for color, name in drawing.INKS.items()
    }
    # In the dark each letter still stands out, and what has another meaning another color.
    for name in ("ink", "soft", "blue", "amber"):
        assert min(contrast(dark[name], dark[one]) for one in ("paper", "wash")) >= 4.5, name
    assert min(contrast(one, dark["paper"]) for one in (INTERVAL, AT_ZERO)) >= 3
    for sight in SIGHT:
        named = [dark[one] for one in ("ink", "blue", "amber", "paper")]
        for one, two in combinations(named, 2):
            assert np.linalg.norm(lab(one, sight) - lab(two, sight)) > APART, (one, two)


def marks(kind: Kind, *, imputed: bool = False) -> list[Patch]:
    row = Row(
        kind=kind, label="A", effect=0.5, ci_low=0.1, ci_high=0.9, shown="0.5", imputed=imputed
    )
    return draw([Forest(rows=(row,), name="Trial", estimate="g", axis="g")]).axes[0].patches


def test_rows_of_a_forest_plot_differ_in_shape_or_filling() -> None:
    for kind, shape, color in ((Kind.TRIAL, Rectangle, BLUE), (Kind.POOLED, Polygon, INK)):
        (drawn,), (hollow,) = marks(kind), marks(kind, imputed=True)
        assert isinstance(drawn, shape)
        assert isinstance(hollow, shape)
        assert to_hex(drawn.get_facecolor()) == to_hex(drawn.get_edgecolor()) == color
        assert to_hex(hollow.get_facecolor()) == PAPER
        assert to_hex(hollow.get_edgecolor()) == AMBER


def test_series_of_a_trajectory_differ_in_their_filling_and_are_named() -> None:
    assert len(set(trajectory.FILLED)) == len(trajectory.FILLED) == len(trajectory.COLORS)
    points = tuple(
        trajectory.Point(week, week, value, value - 1, value + 1, str(value), "n = 9", week == 12)
        for week, value in ((0, 3.0), (12, 2.0))
    )
    series = tuple(trajectory.Series(name, points) for name in ("one", "two", "three"))
    panel = trajectory.Panel("Title", series, 0.0)
    (axes,) = trajectory.draw([panel]).axes
    named = [line for line in axes.lines if line.get_label() in ("one", "two", "three")]
    assert len({line.get_fillstyle() for line in named}) == 3
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two", "three"]
    # A single trial is a square, at both times; what is imputed is hollow and amber.
    drawn = [line for line in axes.lines if line.get_marker() == "s" and len(line.get_xdata())]
    assert len(drawn) == 6
    hollow = [one for one in drawn if one.get_color() == AMBER]
    assert [one.get_ydata()[0] for one in hollow] == [2.0, 2.0, 2.0]
    assert {to_hex(one.get_markerfacecolor()) for one in hollow} == {PAPER}
