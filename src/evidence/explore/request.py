"""A report of one's own choices: a form that shows its entry in the catalog, then writes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from evidence import language
from evidence.analysis import Analysis
from evidence.blocks.escape import html
from evidence.data import atomic
from evidence.data.dataset import Dataset
from evidence.errors import EvidenceError, ParameterError
from evidence.estimation.choices import Specification
from evidence.explore.model import Found, Model
from evidence.explore.page import differing
from evidence.ledger import sentences
from evidence.reports import catalog

NOTEBOOK = "10_pooled_effects.ipynb"
"""Notebook that makes the report of a pooled analysis."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry for the catalog that has been checked and not been written.

    Attributes
    ----------
    report_id : str
        Id of the report, the name of its files.
    entry : str
        What would be added, as TOML.
    path : Path
        The catalog.
    before, after : str
        The catalog as it stood when the proposal was made, and with the entry.
    """

    report_id: str
    entry: str
    path: Path
    before: str
    after: str


def parameters(specification: Specification) -> dict[str, Any]:
    """Return what the notebook is given: the question, and choices other than the main ones."""
    question = dict(zip(("therapy", "outcome", "timepoint"), specification.question, strict=True))
    given = {**question, **specification.changed}
    return {name: list(one) if isinstance(one, tuple) else one for name, one in given.items()}


def suggested_id(analysis: Analysis) -> str:
    """Return an id made from the choices: that of the number, without its metric.

    Examples
    --------
    ``abft-depression-post-trials-usual-care-tau2-dl``
    """
    question = ".".join(analysis.specification.question)
    choices = analysis.estimate_id.partition(".pooled")[2]
    return f"{question}{choices}".replace(".", "-").replace("_", "-")


def suggested_title(dataset: Dataset, specification: Specification) -> str:
    """Return a title made from the question."""
    therapy = dataset.vocabulary("therapy")[specification.therapy]
    outcome = dataset.in_text("outcome", specification.outcome)
    also = ", by choices other than the main ones" if specification.changed else ""
    return f"{language.capitalized(therapy)} and {outcome.partition(' (')[0]}{also}"


def _lede(dataset: Dataset, analysis: Analysis) -> str:
    specification = analysis.specification
    when = dataset.in_text("timepoint", specification.timepoint).removeprefix("at the ")
    people = language.capitalized(sentences.people(analysis, dataset))
    also = f" {differing(dataset, specification)}" if specification.changed else ""
    return f"{people}, {when.removeprefix('at ')}, randomized trials.{also}"


def existing(root: Path, specification: Specification) -> str:
    """Return the id of the report that the catalog has for the same choices, else nothing.

    Raises
    ------
    ParameterError
        If the catalog cannot be read.
    """
    return next(
        (
            one.report_id
            for one in _reports(root, _text(root))
            if one.notebook.name == NOTEBOOK
            and parameters(Specification(**_as_choices(one.parameters)))
            == parameters(specification)
        ),
        "",
    )


def _as_choices(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of the notebook as the choices that they stand for."""
    made = {name: tuple(one) if isinstance(one, list) else one for name, one in given.items()}
    if made.get("comparator_class") == "all":
        made["comparator_class"] = None
    return made


def propose(
    dataset: Dataset, found: Found, *, root: Path, report_id: str = "", title: str = ""
) -> Proposal:
    """Return the entry for a report of choices, checked as a build checks it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : Found
        The choices and what they lead to.
    root : Path
        Folder of the project.
    report_id, title : str
        Id and heading; made from the choices where empty.

    Raises
    ------
    ParameterError
        If the choices lead to no result, the id is taken or not in the form of ids, or the catalog
        cannot be read.
    """
    if found.analysis is None:
        raise ParameterError(
            "choices", "no estimate", "choices that leave an estimate: a report needs one"
        )
    before = _text(root)
    taken = {one.report_id for one in _reports(root, before)}
    wanted = report_id.strip() or _free(suggested_id(found.analysis), taken)
    if wanted in taken:
        raise ParameterError("id", wanted, "an id that no other report has")
    values = {
        "id": wanted,
        "title": title.strip() or suggested_title(dataset, found.specification),
        "lede": _lede(dataset, found.analysis),
        "notebook": NOTEBOOK,
    }
    given = ", ".join(
        f"{name} = {_toml(one)}" for name, one in parameters(found.specification).items()
    )
    entry = "\n".join(
        [
            "[[report]]",
            *(f"{name} = {_toml(value)}" for name, value in values.items()),
            f"parameters = {{ {given} }}",
            "",
        ]
    )
    after = f"{before.rstrip()}\n\n{entry}"
    _reports(root, after)
    return Proposal(wanted, entry, _catalog(root), before, after)


def write(proposal: Proposal) -> None:
    """Write an entry into the catalog: the whole of it, or nothing.

    Raises
    ------
    ParameterError
        If the catalog has changed since the entry was shown.
    OSError
        If it cannot be written; the old one then stands.
    """
    if proposal.path.read_text(encoding="utf-8") != proposal.before:
        raise ParameterError(
            proposal.path.name, "a change since the entry was shown", "the catalog as it was"
        )
    atomic.replace(proposal.path, proposal.after)


def _free(wanted: str, taken: set[str]) -> str:
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(one for one in candidates if one not in taken)


def _catalog(root: Path) -> Path:
    return root / "reports" / "catalog.toml"


def _text(root: Path) -> str:
    try:
        return _catalog(root).read_text(encoding="utf-8")
    except OSError as error:
        raise ParameterError("catalog.toml", str(error), "a catalog that can be read") from error


def _reports(root: Path, content: str) -> tuple[catalog.Report, ...]:
    return catalog.parsed(content, "catalog.toml", notebooks=root / "notebooks", data=root / "data")


def _toml(value: Any) -> str:
    """Return a value as TOML, whose strings and lists of them are written as those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


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
        self._proposal: Proposal | None = None
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
            title = suggested_title(self.model.dataset, specification)
            report_id = suggested_id(found.analysis)
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
            same = existing(self.root, self._specification)
            if same:
                self.said.value = _status(
                    f"The catalog has a report of these choices already: {same}."
                ) + _building(same)
                return
            self._proposal = propose(
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
            write(proposal)
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
