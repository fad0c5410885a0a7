"""Figures, one module each: drawn from data, with alt text computed from the same data."""

from collections.abc import Sequence

from evidence.blocks.output import Block, Figure
from evidence.meta.figures.forest import Forest, draw, frame


def forest_figure(
    figure_id: str, plots: Sequence[Forest], *, alt: str, caption: str, table: Block
) -> Figure:
    """Return forest plots under each other as a figure, drawn wide and for a phone.

    Parameters
    ----------
    figure_id : str
        Unique in its report.
    plots : sequence of Forest
        From top to bottom.
    alt, caption : str
        What it shows in words, and what it is.
    table : Block
        Its numbers.
    """
    wide, phone = draw(plots), draw(plots, phone=True)
    return Figure(figure_id, wide, phone, alt, caption, table, frame(plots))
