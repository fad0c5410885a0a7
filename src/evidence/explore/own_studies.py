"""Studies of one's own in the hands of a reader: methods and studies as widgets."""

from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from evidence.blocks import drawing
from evidence.blocks.escape import html
from evidence.blocks.output import WIDGET, Figure, to_take
from evidence.errors import EvidenceError
from evidence.explore.page import LOOK, code, unlinked
from evidence.meta.frame import STUDY
from evidence.meta.result import Fit
from evidence.meta.spreadsheet import Spreadsheet
from evidence.pages import own_studies
from evidence.terms import ACCEPTED

NAMES = {"tau2": "Variance between studies", "interval": "Interval"}
"""Choices by the labels of their widgets."""

_AS_READ = "as the file was read"


class StudiesExplorer:
    """Methods and studies as widgets, with the result, the figure and the code that follow.

    Parameters
    ----------
    found : Spreadsheet
        A file of studies, as `evidence.meta.read` returns it.
    """

    def __init__(self, found: Spreadsheet) -> None:
        self.found = found
        self.chosen: dict[str, Any] = {}
        self.left_out: tuple[str, ...] = ()
        # Effects that stand in the file keep the name of their column of studies.
        self._column = STUDY if STUDY in found.effects else str(found.options.get("study") or "")
        named = found.effects.get(self._column, found.effects.index)
        self._study = [str(one) for one in named]
        self.choices = {
            name: widgets.Dropdown(
                description=label,
                tooltip=label,
                options=[(_AS_READ, ""), *((one, one) for one in ACCEPTED[name])],
                value="",
            )
            for name, label in NAMES.items()
        }
        self.studies = {
            one: widgets.Checkbox(description=one, tooltip=one, indent=False, value=True)
            for one in dict.fromkeys(self._study)
        }
        for widget in (*self.choices.values(), *self.studies.values()):
            widget.observe(lambda _: self._changed(), names="value")
        self.parts = {name: widgets.HTML() for name in ("answer", "forest", "code")}
        self._show()
        self.box = (
            widgets.VBox(
                [
                    widgets.HTML(LOOK),
                    widgets.Box([*self.choices.values()]).add_class("evidence-choices"),
                    self.parts["answer"],
                    widgets.HTML("<h2>Studies, each in or out</h2>"),
                    widgets.Box([*self.studies.values()]).add_class("evidence-trials"),
                    self.parts["forest"],
                    self.parts["code"],
                ]
            )
            .add_class("evidence-explore")
            .add_class("evidence-shown")
        )

    def shown(self) -> Spreadsheet:
        """Return the studies that are in, by the methods that are chosen.

        Raises
        ------
        ParameterError
            If no study with an effect is left.
        """
        kept = [one not in self.left_out for one in self._study]
        effects = self.found.effects[kept]
        effects.attrs = dict(self.found.effects.attrs)
        return replace(self.found, effects=effects, options={**self.found.options, **self.chosen})

    def _changed(self) -> None:
        self.chosen = {name: one.value for name, one in self.choices.items() if one.value}
        self.left_out = tuple(name for name, box in self.studies.items() if not box.value)
        self._show()

    def _show(self) -> None:
        shown = self.shown()
        try:
            result = shown.result
        except EvidenceError as error:
            said = f"<p>Nothing to pool: {html(str(error))}</p>"
            self.parts["answer"].value = f'<div class="answer" role="status">{said}</div>'
            self.parts["forest"].value = self.parts["code"].value = ""
            return
        # A model of several rows per trial has no forest plot of its own.
        alone = isinstance(result, Fit)
        answer = own_studies.first_screen(shown).html if alone else result._repr_html_()
        self.parts["answer"].value = f'<div role="status">{unlinked(answer)}</div>'
        self.parts["forest"].value = _drawn(own_studies.figure(shown)) if alone else ""
        self.parts["code"].value = code(self.as_code())

    def as_code(self) -> str:
        """Return the lines of Python that lead to what is shown."""
        found = self.found
        better = found.effects.attrs.get("better")
        measure = found.effects.attrs.get("measure", "")
        given = {
            "measure": measure if found.computed else "",
            "better": better or "",
            **{name: one for name, one in found.options.items() if name in _READ},
            **self.chosen,
        }
        said = "".join(f", {name}={one!r}" for name, one in given.items() if one)
        lines = ["from evidence import meta", "", f"found = meta.read({str(found.path)!r}{said})"]
        if self.left_out:
            rows = f"[{self._column!r}]" if self._column else ".index"
            lines += [
                f"kept = ~found.effects{rows}.astype(str).isin({list(self.left_out)!r})",
                "print(meta.pool(found.effects[kept], faults='leave_out', **found.options))",
            ]
        else:
            lines.append("print(found.result)")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the widgets for notebooks that run, and words for all other viewers."""
        said = repr(self.shown().result)
        return {
            WIDGET: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id},
            "text/html": f"<pre>{html(said)}</pre>",
            "text/plain": said,
        }


_READ = ("model", "rho", "tau2", "interval", "level")
"""Choices that the reading of a file takes."""


def _drawn(figure: Figure) -> str:
    svg = drawing.to_svg(
        figure.matplotlib_figure,
        name="explore-own-studies",
        title="Forest plot",
        description=figure.alt,
    )
    return (
        f'<figure><div class="scroll" tabindex="0" role="region" aria-label="Forest plot">{svg}'
        f"</div>\n<figcaption>{html(figure.caption)}</figcaption>\n"
        f'<p class="take">{to_take(figure, ("svg", "csv"))}</p></figure>'
    )
