"""Figures of results: funnel, bubbles, and the style that all figures share."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.answers import Scale
from evidence.meta.frame import numbers_of

if TYPE_CHECKING:
    from evidence.meta.asymmetry import PooledStudies
    from evidence.meta.moderators import Moderated

INK, SOFT, BLUE, AMBER, PALE = "#1b1f24", "#57606a", "#0b5394", "#8a4f00", "#d8dee4"
PAPER = "#ffffff"
FONT_SIZE = 9
LEVELS = (0.10, 0.05, 0.01)
"""P values whose contours a funnel shows."""


class Plot(Figure):
    """A figure that is saved as journals take it."""

    def save(self, path: str | Path) -> None:
        """Write SVG with text, PNG at 300 dpi, or PDF with Type 42 fonts, by the end of the path.

        Parameters
        ----------
        path : str or Path
            Ends with .svg, .png or .pdf.

        Raises
        ------
        ParameterError
            For another ending.
        OSError
            If it cannot be written.
        """
        check_path(path)
        with rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
            self.savefig(path, dpi=300)


def check_path(path: str | Path) -> None:
    """Refuse a path that does not end as figures are saved."""
    if Path(path).suffix not in (".svg", ".png", ".pdf"):
        raise ParameterError("path", str(path), "a path that ends with .svg, .png or .pdf")


def canvas(width: float, height: float) -> Plot:
    """Return an empty figure of a size in inches."""
    figure = Plot(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def square(
    across: str, up: str, place: tuple[float, float, float, float] = (0.11, 0.12, 0.86, 0.84)
) -> tuple[Plot, Axes]:
    """Return a figure with one pair of axes and their labels."""
    figure = canvas(6.4, 4.6)
    axes = figure.add_axes(place)
    bare(axes)
    axes.set_xlabel(across, fontsize=FONT_SIZE)
    axes.set_ylabel(up, fontsize=FONT_SIZE)
    return figure, axes


def bare(axes: Axes) -> None:
    """Leave out what says nothing."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=FONT_SIZE, colors=SOFT)


def axis_name(scale: Scale) -> str:
    """Return the name of an axis of effects, with the side that favors group 1."""
    return f"{scale.name} ({scale.direction})" if scale.favors else scale.name


def effects_on(axis: Axis, limits: tuple[float, float], scale: Scale) -> None:
    """Put marks on an axis of effects at round numbers of the scale that is read."""
    if scale.back is not None:
        places = np.linspace(*limits, 2001)
        read = np.array([scale.read(float(one)) for one in places])
        # At an end of its range, as a proportion of 1, many places are read alike: the first holds.
        rounds = MaxNLocator(6).tick_values(read.min(), read.max())
        marks = rounds[(rounds >= read.min()) & (rounds <= read.max())]
        at = places[np.searchsorted(read, marks - 1e-12).clip(max=places.size - 1)]
        axis.set_ticks(at, labels=[f"{one:g}" for one in marks.round(12)])
        return
    if scale.ratio:
        marks = ratio_marks(*limits)
        axis.set_ticks(np.log(marks), labels=[f"{one:.12g}" for one in marks])


def ratio_marks(low: float, high: float) -> list[float]:
    """Return round ratios between two logarithms, two at least, near each other three.

    Parameters
    ----------
    low, high : float
        Ends of an axis on the log scale, apart by 1e-6 or more.
    """
    decades = range(math.floor(low / math.log(10)), math.ceil(high / math.log(10)) + 1)
    firsts = (1, 2, 5) if high - low < math.log(225) else (1,)
    every = 1 + (len(decades) - 1) // 9
    # A power of ten is exact as text alone.
    marks = [float(f"{m}e{e}") for e in decades if e % every == 0 for m in firsts]
    inside = [one for one in marks if low <= math.log(one) <= high]
    if len(inside) > 1:
        return inside
    # Near each other they are read as numbers are, in equal steps.
    ends = math.exp(low), math.exp(high)
    for count in (4, 6, 9):
        rounds = [
            float(f"{one:.12g}")
            for one in MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(*ends)
        ]
        inside = [one for one in rounds if one > 0 and low <= math.log(one) <= high]
        if len(inside) > 2:
            break
    return inside


def funnel(fit: "PooledStudies", *, contours: bool = True) -> Plot:
    """Draw effects against their standard errors, with regions of P about no difference.

    Parameters
    ----------
    fit : Fit
        A pooled estimate.
    contours : bool
        Whether the regions of P below .10, .05 and .01 are shaded, where there is a value of no
        difference.

    Notes
    -----
    Of studies that differ by chance alone, the dashed lines hold as many as the level of the fit.
    """
    figure, axes = square(axis_name(fit.scale), "standard error")
    se = np.sqrt(fit.variances)
    top = 1.08 * float(se.max())
    reach = max(float(np.abs(fit.effects).max()), float(special.ndtri(0.995)) * top)
    if contours and fit.scale.null:
        for level, shade in zip(LEVELS, ("#eef1f4", "#dfe4e9", "#cdd5dc"), strict=True):
            edge = float(special.ndtri(1 - level / 2)) * top
            for side in (-1, 1):
                axes.fill([0, side * edge, side * 2 * reach, side * 2 * reach], [0, top, top, 0],
                          color=shade, linewidth=0)  # fmt: skip
    half = float(special.ndtri((1 + fit.level) / 2)) * top
    axes.plot([fit.effect - half, fit.effect, fit.effect + half], [top, 0, top], "--", color=SOFT,
              linewidth=0.9)  # fmt: skip
    axes.axvline(fit.effect, color=SOFT, linewidth=0.9)
    axes.plot(fit.effects, se, "o", color=BLUE, markersize=5)
    if fit.scale.null:
        axes.set_xlim(-1.05 * reach, 1.05 * reach)
    axes.set_ylim(top, 0)
    effects_on(axes.xaxis, axes.get_xlim(), fit.scale)
    return figure


def bubble(found: "Moderated", moderator: str) -> Plot:
    """Draw effects against a moderator, with the line of the regression and its interval.

    Parameters
    ----------
    found : Moderated
        A meta-regression.
    moderator : str
        A column of numbers in it; other numbers are held at their mean, text at its mode.
    """
    values, _ = numbers_of(found.studies, moderator, moderator)
    grid = np.linspace(values.min(), values.max(), 60)
    line = found.predict(found.typical(moderator, grid))
    figure, axes = square(moderator, axis_name(found.scale))
    frame = line.to_frame()
    axes.fill_between(grid, frame.ci_low, frame.ci_high, color=PALE, linewidth=0)
    axes.plot(grid, frame.effect, color=INK)
    weight = 1 / (found.variances + found.tau2)
    axes.scatter(values, found.effects, s=10 + 190 * weight / weight.max(), color=BLUE, alpha=0.6)
    if found.scale.null:
        axes.axhline(0, color=SOFT, linewidth=0.7)
    effects_on(axes.yaxis, axes.get_ylim(), found.scale)
    return figure
