"""The main figure of a pooled report: a forest plot of what its trials print."""

from evidence.dataset import Dataset
from evidence.display.figures.points_forest import points_forest
from evidence.display.figures.pooled_forest import pooled_forest
from evidence.display.output import Figure
from evidence.specification import Analysis, Companions, points_behind


def pooled_figure(dataset: Dataset, analysis: Analysis, beside: Companions) -> Figure:
    """Return the forest plot: standardized, or in points where a single trial prints those.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    beside : Companions
        What stands beside it.
    """
    points = points_behind(analysis)
    if points is not None:
        return points_forest(dataset, analysis, points)
    return pooled_forest(dataset, analysis, beside.stress)
