"""Forest plots as journals print them, and one for a phone; drawn from rows, in points."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.textpath import text_to_path

from evidence.meta.answers import digits
from evidence.meta.figures import AMBER, BLUE, INK, PAPER, SOFT, Plot, ratio_marks

WIDTH = 694.0
PHONE = 262.5
"""Points across; on a phone 350 pixels, 390 without its margins."""
SHARE = 0.4
"""Least part of the width that the plot has."""
SIZE, SMALL, NOTE, AXIS = 9.2, 7.8, 8.2, 8.4
GAP, PAD, ROW = 11.0, 7.0, 13.0
NAME, REMARK = 165.0, 8.0
"""Most that the first column takes, and the air around words that stand in the plot."""
HALF = 5.5
"""Half the height of a diamond."""
SQUARE, ALONE = 11.5, 8.0
"""Side of the square of the trial with most weight, by which the area of others goes; and of a
trial that shares none."""
MARGIN = 3.0
"""Around everything that is drawn."""
DOT, DOTS = 4.6, 11.6
"""Radius of a sign of a judgement, and the distance of two."""
DOUBTED = "−"
"""The sign of a judgement that stands on a filled ground."""


class Kind(StrEnum):
    """What a row is, and so how it is drawn."""

    HEADING = "heading"
    TRIAL = "trial"
    POOLED = "pooled"
    SILENT = "silent"
    NOTE = "note"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the plot.

    Attributes
    ----------
    kind : Kind
        A trial is a square, a pooled value a diamond; a silent row has words alone, in its place
        of the estimate; a heading and a note go across.
    label, below : str
        Name, and a smaller line below it.
    phone : str
        The smaller line on a phone, where it is another.
    cells : tuple of str
        Columns between the name and the plot; lines after the first are small.
    signs : tuple of str
        Judgements on the risk of bias, one letter each.
    effect, ci_low, ci_high : float, optional
        As they are read: ratios as ratios.
    shown : str
        The estimate in words, or what stands in its place.
    weight : float, optional
        From 0 to 1.
    imputed : bool
        Whether it is hollow and amber.
    """

    kind: Kind
    label: str
    below: str = ""
    phone: str = ""
    cells: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    shown: str = ""
    weight: float | None = None
    imputed: bool = False

    @property
    def drawn(self) -> bool:
        """Whether it has a number that can be drawn; a range has ends alone."""
        return self.effect is not None or self.ci_low is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Rows on one axis.

    Attributes
    ----------
    rows : tuple of Row
        From top to bottom.
    name, estimate : str
        Headings of the first column and of the estimates.
    columns : tuple of str
        Headings of the cells of the rows; lines after the first are small.
    axis : str
        What the axis measures.
    below, above : str
        Words of the two sides of no difference, inside the axis.
    ratio : bool
        Whether the axis is logarithmic, with no difference at 1.
    null : bool
        Whether there is a value of no difference, which the axis has in its middle.
    whole : bool
        Whether the axis holds all rows; else it is that of the intervals of single trials, where
        there are any, and longer ones end in an arrow.
    """

    rows: tuple[Row, ...]
    name: str
    estimate: str
    axis: str
    below: str = ""
    above: str = ""
    columns: tuple[str, ...] = ()
    ratio: bool = False
    null: bool = True
    whole: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the axis on the scale that is drawn: as far from no difference on either side."""
        trials = [row for row in self.rows if row.kind == Kind.TRIAL and row.drawn]
        rows = self.rows if self.whole or not self.null or not trials else trials
        values = [
            self.at(one)
            for row in rows
            for one in (row.effect, row.ci_low, row.ci_high)
            if one is not None
        ]
        finite = [one for one in values if math.isfinite(one)]
        if not self.null and finite:
            pad = 0.06 * (max(finite) - min(finite)) or 1.0
            return min(finite) - pad, max(finite) + pad
        most = 1.06 * max([abs(one) for one in finite if one], default=1.0)
        return -most, most

    def at(self, value: float) -> float:
        """Return where a value lies on the scale that is drawn, 0 at no difference."""
        if not self.ratio:
            return value
        return math.log(value) if value > 0 else -math.inf

    @property
    def ticks(self) -> list[float]:
        """Values that are written at the axis, as they are read."""
        low, high = self.ends
        if self.ratio:
            return ratio_marks(low, high)
        half = (high - low) / 2
        power = math.floor(math.log10(half))
        steps = (m * 10.0**e for e in (power - 1, power, power + 1) for m in (1, 2, 5))
        step = next(one for one in steps if half / one < 4)
        # Whole steps, so that they are as far from no difference on either side.
        span = range(math.ceil(low / step), math.floor(high / step) + 1)
        return [float(f"{step * one:.6g}") + 0.0 for one in span]


def frame(parts: Sequence[Forest]) -> pd.DataFrame:
    """Return what is drawn as numbers, a row each, columns between included.

    Returns
    -------
    DataFrame
        ``kind, group, label, below, effect, ci_low, ci_high, weight, shown, imputed``, the cells
        by the headings of their columns, ``risk_of_bias`` where a row has signs, ``axis``.
    """
    made = []
    for part in parts:
        group = ""
        for row in part.rows:
            group = row.label if row.kind == Kind.HEADING else group
            if row.kind == Kind.HEADING:
                continue
            named = zip_longest(part.columns, row.cells, fillvalue="")
            cells = {" ".join(head.split()): " ".join(text.split()) for head, text in named}
            made.append(
                {"kind": str(row.kind), "group": "" if row.kind == Kind.NOTE else group,
                 "label": row.label, "below": row.below, **cells,
                 "risk_of_bias": " ".join(row.signs), "effect": row.effect, "ci_low": row.ci_low,
                 "ci_high": row.ci_high, "weight": row.weight, "shown": row.shown,
                 "imputed": row.imputed, "axis": part.axis or part.name}
            )  # fmt: skip
    found = pd.DataFrame(made)
    numbers = ["effect", "ci_low", "ci_high", "weight"]
    found[numbers] = found[numbers].astype(float)
    return found


def draw(parts: Sequence[Forest], *, phone: bool = False) -> Plot:
    """Draw rows, each part with an axis of its own below it.

    Parameters
    ----------
    parts : sequence of Forest
        From top to bottom.
    phone : bool
        Whether for a narrow screen: name and estimate in one line, the plot across below them.
    """
    drawn: list[Callable[[_Page], None]] = []
    # Columns that all parts share.
    rows = tuple(row for part in parts for row in part.rows)
    names, estimates = ([getattr(part, one) for part in parts] for one in ("name", "estimate"))
    joint = replace(parts[0], rows=rows, name=max(names, key=len), estimate=max(estimates, key=len))
    columns = _Columns.of(joint, phone=phone)
    width, height = columns.width, 2.0
    for part in parts:
        height = _lay(part, columns, height, drawn) + 12.0
    across, down = width + 2 * MARGIN, height - 8
    figure = Plot(figsize=(across / 72, down / 72))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-MARGIN, width + MARGIN)
    axes.set_ylim(down, 0)
    axes.set_axis_off()
    page = _Page(figure, axes, across, down)
    for one in drawn:
        one(page)
    return figure


def _wide(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is, in points, in the font that figures are laid out with."""
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    found = text_to_path.get_text_width_height_descent(text, font, False)
    return float(found[0])


def _widest(texts: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Return the width of the widest of texts; lines after the first of each are small."""
    widths = [
        _wide(line, SMALL if place else size, bold=bold and not place)
        for text in texts
        for place, line in enumerate(text.split("\n"))
    ]
    return max(widths, default=0.0)


def _folded(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Return a text in lines that are no wider than so many points, unless a word is."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _wide(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@dataclass(frozen=True, slots=True)
class _Page:
    """A canvas that is drawn on in points from its upper left corner."""

    figure: Plot
    axes: Axes
    width: float
    height: float

    def write(self, x: float, y: float, text: str, **style: Any) -> None:
        given = {"fontsize": SIZE, "color": INK, "ha": "left", "va": "center", **style}
        self.figure.text((x + MARGIN) / self.width, 1 - y / self.height, text, **given)

    def line(self, x: Sequence[float], y: Sequence[float], color: str, wide: float) -> None:
        self.axes.plot(x, y, color=color, linewidth=wide, solid_capstyle="butt")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where columns stand, in points."""

    width: float
    name: float
    signs: float
    cells: tuple[float, ...]
    left: float
    right: float
    estimate: float
    weight: float
    phone: bool

    @classmethod
    def of(cls, part: Forest, *, phone: bool) -> "_Columns":
        """Return the columns that the texts of a part need; the plot has what is left."""
        width = PHONE if phone else WIDTH
        if phone:
            return cls(width, width, 0, (), 12, width - 12, width, width, phone)
        rows = [row for row in part.rows if row.kind not in (Kind.HEADING, Kind.NOTE)]
        named = [
            _wide(line, SIZE, bold=True) for row in rows for line in _folded(row.label, NAME, SIZE)
        ]
        name = max(*named, min(_wide(part.name, AXIS), NAME))
        most = max((len(row.signs) for row in rows), default=0)
        signs = max(_wide("Risk of bias", AXIS), DOTS * most) + GAP if most else 0.0
        widths = [
            max(
                _widest([head], AXIS),
                _widest([row.cells[at] for row in rows if len(row.cells) > at], SIZE - 0.4),
            )
            for at, head in enumerate(part.columns)
        ]
        said = [row.shown for row in rows if row.drawn]
        estimate = max(_widest(said, SIZE, bold=True), _wide(part.estimate, AXIS)) + GAP
        weight = _wide("Weight", AXIS) + GAP if any(row.weight for row in rows) else 0.0
        before = name + GAP + signs + sum(widths) + GAP * len(widths)
        width = max(width, (before + estimate + weight) / (1 - SHARE))
        starts, x = [], name + GAP + signs
        for one in widths:
            starts.append(x)
            x += one + GAP
        right = width - estimate - weight
        return cls(width, name, name + GAP, tuple(starts), before, right, width - weight, width,
                   phone)  # fmt: skip

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def _lay(
    part: Forest, columns: _Columns, top: float, drawn: list[Callable[[_Page], None]]
) -> float:
    """Lay out the rows of a part from a height on, and return where it ends."""
    y = _heads(part, columns, top, drawn)
    for row in part.rows:
        laid = _on_a_phone if columns.phone else _across
        y = laid(part, row, columns, y, drawn)
    drawn.append(lambda page: _axis(page, part, columns, y))
    sides = max(len(_side(one, columns)) for one in (part.below, part.above))
    label = _folded(part.axis, columns.right - columns.left, AXIS)
    at = y + 24 + 10 * sides

    def write(page: _Page) -> None:
        for place, line in enumerate(label):
            page.write(columns.middle, at + 10.5 * place, line, ha="center", fontsize=AXIS)

    drawn.append(write)
    return at + 10.5 * len(label)


def _heads(
    part: Forest, columns: _Columns, y: float, drawn: list[Callable[[_Page], None]]
) -> float:
    heads = [(0.0, part.name, "left"), (columns.estimate, part.estimate, "right")]
    heads += [(x, text, "left") for x, text in zip(columns.cells, part.columns, strict=False)]
    if any(row.signs for row in part.rows) and not columns.phone:
        heads.append((columns.signs, "Risk of bias", "left"))
    if any(row.weight for row in part.rows) and not columns.phone:
        heads.append((columns.weight, "Weight", "right"))
    lines = max(text.count("\n") for _, text, _ in heads) + 1

    def write(page: _Page) -> None:
        for x, text, side in heads:
            for place, line in enumerate(text.split("\n")):
                size = SMALL if place else AXIS
                page.write(x, y + 7 + 10 * place, line, ha=side, color=SOFT, fontsize=size)

    drawn.append(write)
    return y + 10 * lines + PAD


def _color(row: Row) -> str:
    if row.imputed or row.kind == Kind.SILENT:
        return AMBER
    return SOFT if row.kind in (Kind.NOTE, Kind.PREDICTION) else INK


def _across(
    part: Forest, row: Row, columns: _Columns, y: float, drawn: list[Callable[[_Page], None]]
) -> float:
    """Lay out one row across the page."""
    color, bold = _color(row), row.kind in (Kind.POOLED, Kind.HEADING)
    weight = "bold" if bold else "normal"
    if row.kind == Kind.NOTE:
        return _note(row.label, columns.width, y, drawn)
    room = columns.middle - REMARK if row.kind == Kind.HEADING else columns.name
    names = _folded(row.label, room, SIZE, bold=bold)
    under = _folded(row.below, (columns.cells or (columns.left,))[0] - GAP, SMALL)
    # Words in place of a number go into the right half of the plot.
    words = [row.shown]
    if not row.drawn:
        words = _folded(row.shown, columns.estimate - columns.middle - REMARK, SIZE - 0.6)
    cells = [one.split("\n") for one in row.cells]
    small = max([len(one) - 1 for one in cells], default=0)
    tall = ROW * max(len(names), 1) + 9.5 * max(len(under), small, len(words) - 1)
    at = y + PAD / 2 + ROW / 2

    def write(page: _Page) -> None:
        for place, line in enumerate(names):
            page.write(0, at + ROW * place, line, color=color, fontweight=weight)
        below = at + ROW * (len(names) - 1) + 10
        for place, line in enumerate(under):
            page.write(0, below + 9.5 * place, line, color=SOFT, fontsize=SMALL)
        for x, lines in zip(columns.cells, cells, strict=False):
            for place, line in enumerate(lines):
                size = SMALL if place else SIZE - 0.4
                shade = SOFT if place else color
                page.write(x, at + 10 * place, line, color=shade, fontsize=size)
        for place, line in enumerate(words):
            size = SIZE if row.drawn else SIZE - 0.6
            page.write(columns.estimate, at + 10 * place, line, ha="right", color=color,
                       fontsize=size, fontweight=weight)  # fmt: skip
        if row.weight is not None:
            shown = f"{digits(100 * row.weight, 0)}%"
            page.write(columns.weight, at, shown, ha="right", color=color)
        for place, sign in enumerate(row.signs):
            _sign(page, columns.signs + DOT + 1 + DOTS * place, at, sign)
        if part.null:
            page.line([columns.middle] * 2, [y, y + tall + PAD], INK, 0.8)
        _mark(page, part, row, columns, at)

    drawn.append(write)
    return y + tall + PAD


def _on_a_phone(
    part: Forest, row: Row, columns: _Columns, y: float, drawn: list[Callable[[_Page], None]]
) -> float:
    """Lay out one row with its name and estimate in one line and the plot below them."""
    color, big, small = _color(row), SIZE + 0.8, SMALL + 1
    if row.kind == Kind.NOTE:
        return _note(row.label, columns.width, y, drawn, small)
    heading = row.kind == Kind.HEADING
    said = row.shown if row.drawn else ""
    names = _folded(row.label, columns.width, big, bold=True)
    beside = _wide(names[-1], big, bold=True) + _wide(said, big, bold=True) + 6 <= columns.width
    lines = len(names) if beside else len(names) + 1
    told = row.phone or row.below
    if not row.drawn and row.shown:
        told = f"{told}: {row.shown}" if told else row.shown
    under = _folded(told, columns.width, small)
    first, after = y + 8, y + 8 + 13 * lines

    def write(page: _Page) -> None:
        shade = SOFT if heading else color
        for place, line in enumerate(names):
            page.write(0, first + 13 * place, line, color=shade, fontsize=big, fontweight="bold")
        style = {"fontsize": big, "fontweight": "bold" if row.kind == Kind.POOLED else "normal"}
        page.write(columns.width, first + 13 * (lines - 1), said, ha="right", color=color, **style)
        for place, line in enumerate(under):
            page.write(0, after - 0.5 + 11 * place, line, color=SOFT, fontsize=small)
        if row.drawn:
            middle = after + 11 * len(under) + 3
            if part.null:
                page.line([columns.middle] * 2, [middle - 8, middle + 9], INK, 0.8)
            _mark(page, part, row, columns, middle)

    drawn.append(write)
    return after + 11 * len(under) + (16 if row.drawn else 1) + (0 if heading else 4)


def _note(
    text: str,
    width: float,
    y: float,
    drawn: list[Callable[[_Page], None]],
    size: float = SMALL + 0.4,
) -> float:
    lines = _folded(text, width, size)

    def write(page: _Page) -> None:
        for place, line in enumerate(lines):
            page.write(0, y + 9 + 11 * place, line, color=SOFT, fontsize=size)

    drawn.append(write)
    return y + 11 * len(lines) + PAD


def _side(words: str, columns: _Columns) -> list[str]:
    """Return the words of one side of the axis in lines that fit into it."""
    return _folded(words, (columns.right - columns.left) / 2 - 18, AXIS)


def _axis(page: _Page, part: Forest, columns: _Columns, y: float) -> None:
    y += 3
    page.line([columns.left, columns.right], [y, y], SOFT, 0.8)
    for value in part.ticks:
        x = _x(part, columns, value)
        page.line([x, x], [y, y + 3], SOFT, 0.8)
        shown = f"{value:.12g}".replace("-", "−")
        page.write(x, y + 9, shown, ha="center", color=SOFT, fontsize=AXIS)
    for words, sign in ((part.below, -1), (part.above, 1)):
        for place, line in enumerate(_side(words, columns)):
            # The arrow stands at the outer end of the first line.
            ended = line if place else f"← {line}" if sign < 0 else f"{line} →"
            page.write(columns.middle + 5 * sign, y + 20 + 10 * place, ended,
                       ha="right" if sign < 0 else "left", color=SOFT, fontsize=AXIS)  # fmt: skip


def _x(part: Forest, columns: _Columns, value: float) -> float:
    low, high = part.ends
    return columns.left + (columns.right - columns.left) * (part.at(value) - low) / (high - low)


def _mark(page: _Page, part: Forest, row: Row, columns: _Columns, y: float) -> None:
    """Draw the square or the diamond of a row, with arrows where its interval goes on."""
    if not row.drawn:
        return
    x = _x(part, columns, next(one for one in (row.effect, row.ci_low) if one is not None))
    low, high = (x if one is None else _x(part, columns, one) for one in (row.ci_low, row.ci_high))
    left, right = max(low, columns.left), min(high, columns.right)
    color = AMBER if row.imputed else {Kind.TRIAL: BLUE, Kind.PREDICTION: SOFT}.get(row.kind, INK)
    filled = PAPER if row.imputed else color
    for end, over, sign in ((left, low < left, 1), (right, high > right, -1)):
        if over:
            page.line([end + 4 * sign, end, end + 4 * sign], [y - 4, y, y + 4], color, 1.3)
    if row.kind == Kind.POOLED and row.ci_low is None:
        page.axes.plot([x], [y], "D", color=color, markerfacecolor=filled, markersize=6)
        return
    if row.effect is None:
        page.line([left, right], [y, y], color, 1.5)
        return
    if row.kind == Kind.POOLED:
        corners = [(left, y), (x, y - HALF), (right, y), (x, y + HALF)]
        page.axes.add_patch(
            Polygon(
                corners, closed=True, facecolor=filled, edgecolor=color, linewidth=1.2, zorder=3
            )
        )
        return
    page.line([left, right], [y, y], color, 1.5)
    if row.kind == Kind.TRIAL:
        side = ALONE
        if row.weight is not None:
            most = max(one.weight or 0.0 for one in part.rows)
            side = max(SQUARE * math.sqrt(row.weight / most), 2.5)
        page.axes.add_patch(
            Rectangle((x - side / 2, y - side / 2), side, side, facecolor=filled, edgecolor=color,
                      linewidth=1.2 if row.imputed else 0, zorder=3)
        )  # fmt: skip


def _sign(page: _Page, x: float, y: float, sign: str) -> None:
    """Draw a judgement: its letter in a ring, or on a filled ground where it is a bad one."""
    color = INK if sign in (DOUBTED, "+") else SOFT
    ground = color if sign == DOUBTED else PAPER
    page.axes.add_patch(Circle((x, y), DOT, facecolor=ground, edgecolor=color, linewidth=0.9))
    shade = PAPER if sign == DOUBTED else color
    page.write(x, y + 0.2, sign, ha="center", color=shade, fontsize=SMALL - 0.4, fontweight="bold")
