"""The sections of a pooled report, by one estimate for each trial or by a model of all of them."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from evidence.analysis import Analysis, analyze
from evidence.analysis.alternatives import Companions, companions
from evidence.analysis.multiverse import panel
from evidence.blocks.figures import points_forest
from evidence.blocks.output import Block, Figure
from evidence.data.dataset import Dataset
from evidence.errors import check_choice
from evidence.estimation.choices import Specification
from evidence.pages import pooled
from evidence.pages.pooled import panel as companion_tables
from evidence.pages.pooled import tables
from evidence.pages.pooled.several import SeveralPerTrial, several_per_trial
from evidence.terms import RHO, Model

ONE = "one_per_trial"
Extent = Literal["full", "short"]


@dataclass(frozen=True, slots=True, eq=False)
class OnePerTrial:
    """The sections of a report by one estimate for each trial.

    Attributes
    ----------
    dataset : Dataset
        Data package.
    main : Analysis
        Main analysis.
    beside : Companions
        What stands beside it.
    extent : {"full", "short"}
        Short: without combinations of choices, priors, and each trial left out in turn.
    """

    dataset: Dataset
    main: Analysis
    beside: Companions = field(repr=False)
    extent: Extent

    def first_screen(self) -> Block:
        """Return the answer, its numbers and remarks."""
        return pooled.first_screen(self.dataset, self.main, self.beside)

    def figure(self) -> Figure:
        """Return the forest plot."""
        return points_forest.pooled_figure(self.dataset, self.main, self.beside)

    def studies(self) -> Block:
        """Return the trials."""
        return tables.studies(self.dataset, self.main)

    def comparators(self) -> Block:
        """Return the same analysis within each class of comparators."""
        return tables.comparator_classes(self.dataset, self.beside)

    def unreported(self) -> Block:
        """Return what was not reported, and what it could change."""
        return tables.unreported(self.dataset, self.main, self.beside.stress)

    def choices(self) -> Block:
        """Return the analyses with one other choice."""
        return companion_tables.choices(self.dataset, self.main, self.beside)

    def combinations(self) -> Figure | Block:
        """Return every combination of choices; nothing in a short report."""
        if self.extent == "short":
            return Block("")
        every = panel(self.dataset, self.main.specification)
        return companion_tables.panel_curve(self.dataset, self.main, every)

    def priors(self) -> Block:
        """Return posteriors; nothing in a short report."""
        if self.extent == "short":
            return Block("")
        return companion_tables.priors(self.dataset, self.main, self.beside)

    def left_out(self) -> Block:
        """Return what did not enter."""
        return tables.left_out(self.dataset, self.main)

    def closing_sections(self) -> Block:
        """Return methods, where each number comes from, how to cite, and limits."""
        return pooled.closing_sections(self.dataset, self.main, self.beside)


def sections(
    dataset: Dataset,
    specification: Specification,
    *,
    model: Literal["one_per_trial"] | Model = "one_per_trial",
    rho: float = RHO,
    extent: Extent = "full",
) -> OnePerTrial | SeveralPerTrial:
    """Carry out a pooled analysis and return the sections of its report.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    specification : Specification
        Its choices.
    model : {"one_per_trial", "che", "three_level"}
        Whether one estimate stands for each trial, or a model takes all of them.
    rho : float
        For "che" the supposed correlation of the errors of two estimates of one trial.
    extent : {"full", "short"}
        Of a report by one estimate for each trial.

    Raises
    ------
    ParameterError
        If a choice is not accepted or too few estimates are left.
    SelectionError
        If the rule leaves two estimates of one trial.
    """
    check_choice("model", model, (ONE, *get_args(Model)))
    check_choice("extent", extent, get_args(Extent))
    if model != "one_per_trial":
        return several_per_trial(dataset, specification, model, rho)
    main = analyze(dataset, specification)
    beside = companions(dataset, main, short=extent == "short")
    return OnePerTrial(dataset, main, beside, extent)
