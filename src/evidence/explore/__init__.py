"""The workbook in the hands of a reader: widgets that show what follows from choices."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import TAKEN, WIDGET, rows_to_take, to_take
from evidence.data.dataset import Dataset, default_folder
from evidence.estimation.choices import Specification
from evidence.estimation.row import READ_FIRST
from evidence.explore.model import OPTIONS, Model, Trial
from evidence.explore.page import (
    LOOK,
    PARTS,
    basis,
    forest,
    nothing,
    option,
    part,
    result,
    standings,
)
from evidence.explore.request import ReportForm
from evidence.reports.build import find_root

NAMES = {
    "therapy": "Therapy",
    "outcome": "Outcome",
    "timepoint": "Time",
    "comparator_class": "Compared with",
    "instrument": "Which instrument counts",
    "adjustment": "Difference before treatment",
    "correlation": "Correlation of baseline and outcome",
    "imputed": "Imputed estimates",
    "tau2": "Variance between trials",
    "interval": "Interval",
}
"""Choices by the labels of their widgets, in the order of the keyboard."""

_ANY = "any"
"""Stands in a widget for no choice: a widget takes None for nothing selected."""


class Explorer:
    """Choices as widgets, with the result, figures and gaps that follow from them.

    A notebook shows it where it stands in the last line of a cell. Viewers without a running
    kernel show the result in words instead.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapy, outcome, timepoint : str
        The question to start with.
    root : Path, optional
        Folder of the project, for reports of one's own; found from the working folder where none
        is given. There is no form for reports where the data are not those of the project.

    Raises
    ------
    ParameterError
        If there is no such question, or no catalog of reports here or above.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        therapy: str,
        outcome: str,
        timepoint: str,
        root: Path | None = None,
    ) -> None:
        self.model = Model(dataset)
        self.specification = self.model.start(therapy, outcome, timepoint)
        # Reports of another package are built in its own folder.
        own = dataset.path == default_folder().resolve()
        self.form = ReportForm(self.model, root or find_root()) if root or own else None
        # Going back to a choice costs nothing.
        self._part = lru_cache(maxsize=512)(partial(part, self.model))
        self.choices = {
            name: widgets.Dropdown(description=NAMES[name], tooltip=NAMES[name]) for name in NAMES
        }
        for name, widget in self.choices.items():
            widget.observe(self._observer(name), names="value")
        self.reset = widgets.Button(description="Back to the main analysis")
        self.reset.on_click(lambda _: self.show(self._main()))
        self._offered: list[Trial] = []
        self.trials: dict[str, widgets.Checkbox] = {}
        self._trial_boxes = widgets.Box().add_class("evidence-trials")
        self.parts = {name: widgets.HTML() for name in PARTS}
        self.take = widgets.Button(description="Save the figure and the data")
        self.take.on_click(lambda _: self._take())
        self.taken = widgets.HTML()
        self._settling = False
        self.show(self.specification)
        self.box = self._arranged()

    def _arranged(self) -> widgets.VBox:
        choices = widgets.Box([*self.choices.values(), self.reset]).add_class("evidence-choices")
        answer, *rest = self.parts.values()
        return (
            widgets.VBox(
                [
                    widgets.HTML(LOOK),
                    choices,
                    answer,
                    widgets.HTML("<h2>Trials, each in or out</h2>"),
                    self._trial_boxes,
                    *rest,
                    self.take,
                    self.taken,
                    *([] if self.form is None else [self.form.box]),
                ]
            )
            .add_class("evidence-explore")
            .add_class("evidence-shown")
        )

    def _main(self) -> Specification:
        return self.model.start(*self.specification.question)

    def _observer(self, name: str) -> Any:
        def changed(change: Any) -> None:
            if not self._settling:
                value = None if change["new"] == _ANY else change["new"]
                self.show(self.model.changed(self.specification, name, value))

        return changed

    def show(self, specification: Specification) -> None:
        """Show a specification: its choices in the widgets, and what follows from it."""
        self.specification = specification
        self._settling = True
        try:
            self._settle(specification)
        finally:
            self._settling = False
        # Each part is sent when it is made, so that the answer need not wait for the figures.
        for name, widget in self.parts.items():
            widget.value = self._part(name, basis(self.model, name, specification))
        # What was made to be saved is of other choices.
        self.taken.value = ""
        self.take.disabled = self.model.found(specification).analysis is None
        if self.form is not None:
            self.form.start(specification)

    def _take(self) -> None:
        """Show links that save the forest plot, its data, and every result with its reason."""
        found = self.model.found(self.specification)
        figure = forest(self.model, found)
        if figure is None or found.selection is None:
            return
        selected = found.selection
        every = pd.concat([selected.estimates, selected.left_out], ignore_index=True)
        rows = rows_to_take("results", every[list(READ_FIRST)], "Every result, in or out (CSV)")
        self.taken.value = f'<p class="take">{to_take(figure, tuple(TAKEN))}</p>{rows.html}'

    def _settle(self, specification: Specification) -> None:
        """Set the widgets to a specification; those that offer something else get new options."""
        model = self.model
        offered: dict[str, Sequence[Any]] = {
            **OPTIONS,
            "comparator_class": (
                *OPTIONS["comparator_class"],
                *model.alone(specification.question),
            ),
            "therapy": model.therapies(),
            "outcome": model.outcomes(specification.therapy),
            "timepoint": model.timepoints(specification.therapy, specification.outcome),
            "instrument": model.instruments(specification.therapy, specification.outcome),
        }
        for name, widget in self.choices.items():
            options = tuple(
                (
                    language.capitalized(option(model.dataset, name, one)),
                    _ANY if one is None else one,
                )
                for one in offered[name]
            )
            if widget.options != options:
                widget.options = options
            chosen = getattr(specification, name)
            if name == "comparator_class":
                chosen = model.compared(specification)
            widget.value = _ANY if chosen is None else chosen
        # Only estimates that are adjusted for baseline rest on a correlation.
        self.choices["correlation"].disabled = specification.adjustment == "post"
        offered_trials = model.trials(specification)
        if offered_trials != self._offered:
            self._offered = offered_trials
            self.trials = {one.trial_id: self._box() for one in offered_trials}
            self._trial_boxes.children = tuple(self.trials.values())
        stands = standings(model.dataset, model.found(specification), self.trials)
        for one in offered_trials:
            box, stand = self.trials[one.trial_id], stands[one.trial_id]
            why = f"; {stand.why}" if stand.why else ""
            box.description = box.tooltip = f"{one.label} ({one.compared}){why}"
            box.value, box.disabled = stand.enters, not stand.free

    def _box(self) -> widgets.Checkbox:
        box = widgets.Checkbox(indent=False, value=True)
        box.observe(self._trials_changed, names="value")
        return box

    def _trials_changed(self, _: Any) -> None:
        if not self._settling:
            free = {one: box for one, box in self.trials.items() if not box.disabled}
            left_out = tuple(one for one, box in free.items() if not box.value)
            self.show(self.model.changed(self.specification, "leave_out", left_out))

    def in_words(self) -> str:
        """Return the result of the choices as a sentence, or why there is none."""
        found = self.model.found(self.specification)
        state = nothing if found.analysis is None else result
        return state(self.model.dataset, found)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the widgets for notebooks that run, and words for all other viewers."""
        said = self.in_words()
        note = "The choices can be changed where this notebook runs: make lab, then run this cell."
        return {
            WIDGET: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id},
            "text/html": f"<p>{html(said)}</p>\n<p>{note}</p>",
            "text/plain": f"{said}\n{note}",
        }
