"""The form that makes a report of choices: it shows an entry of the catalog, then writes it."""

from pathlib import Path

import ipywidgets as widgets

from evidence.blocks.escape import html
from evidence.errors import EvidenceError
from evidence.estimation.choices import Specification
from evidence.explore import request
from evidence.explore.model import Model


class ReportForm:
    """The way from choices to a report: an entry of the catalog, shown before it is written.

    Parameters
    ----------
    model : Model
        Questions and answers.
    root : Path
        Folder of the project.
    """

    def __init__(self, model: Model, root: Path) -> None:
        self.model = model
        self.root = root
        self.title = widgets.Text(description="Title of the report", continuous_update=False)
        self.report_id = widgets.Text(
            description="Its id, which names its files", continuous_update=False
        )
        self.preview = widgets.Button(description="Show the entry of the catalog")
        self.confirm = widgets.Button(description="Write this entry", disabled=True)
        self.said = widgets.HTML()
        self._proposal: request.Proposal | None = None
        self._specification: Specification | None = None
        self.preview.on_click(lambda _: self.propose())
        self.confirm.on_click(lambda _: self.write())
        for field in (self.title, self.report_id):
            field.observe(lambda _: self._withdraw(), names="value")
        self.box = widgets.VBox(
            [
                widgets.HTML("<h2>Make a report of this</h2>"),
                self.title,
                self.report_id,
                widgets.HBox([self.preview, self.confirm], layout={"flex_flow": "row wrap"}),
                self.said,
            ]
        ).add_class("evidence-request")

    def start(self, specification: Specification) -> None:
        """Turn to other choices: an entry that was shown and not written is withdrawn."""
        self._specification = specification
        found = self.model.found(specification)
        self.preview.disabled = found.analysis is None
        # What was suggested for other choices would be said of these.
        title, report_id = "", ""
        if found.analysis is not None:
            title = request.suggested_title(self.model.dataset, specification)
            report_id = request.suggested_id(found.analysis)
        self.title.value, self.report_id.value = title, report_id
        self._withdraw()

    def _withdraw(self) -> None:
        self._proposal = None
        self.confirm.disabled = True
        self.said.value = (
            "<p>Nothing is written before you have seen the entry.</p>"
            if not self.preview.disabled
            else "<p>A report needs choices that leave an estimate.</p>"
        )

    def propose(self) -> None:
        """Show the entry that would be written, or what stands in its way."""
        self._withdraw()
        if self._specification is None:
            return
        try:
            same = request.existing(self.root, self._specification)
            if same:
                self.said.value = _status(
                    f"The catalog has a report of these choices already: {same}."
                ) + _building(same)
                return
            self._proposal = request.propose(
                self.model.dataset,
                self.model.found(self._specification),
                root=self.root,
                report_id=self.report_id.value,
                title=self.title.value,
            )
        except EvidenceError as error:
            self.said.value = _status(f"No entry can be made: {error}.")
            return
        place = self._proposal.path.relative_to(self.root).as_posix()
        self.said.value = (
            _status(f"This would be added at the end of {place}; nothing is written yet.")
            + f"<pre>{html(self._proposal.entry)}</pre>"
        )
        self.confirm.disabled = False

    def write(self) -> None:
        """Write the entry that was shown, and say how its report is built."""
        proposal = self._proposal
        if proposal is None:
            return
        self._withdraw()
        try:
            request.write(proposal)
        except (EvidenceError, OSError) as error:
            self.said.value = _status(f"Nothing was written: {error}.")
            return
        self.said.value = _status(
            f"Written: the catalog now has the report {proposal.report_id}."
        ) + _building(proposal.report_id)


def _building(report_id: str) -> str:
    return (
        f"<p>To build it, run <code>.venv/bin/evidence build {html(report_id)}</code>, or "
        "<code>make reports</code> for all. Then open "
        f"<code>reports/{html(report_id)}.html</code>.</p>"
    )


def _status(said: str) -> str:
    return f'<p role="status">{html(said)}</p>'
