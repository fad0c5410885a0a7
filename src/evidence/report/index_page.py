"""The page that leads to all reports and finds every number, from disk and without a network."""

from collections.abc import Iterable

import jinja2
from markupsafe import Markup

from evidence import __version__
from evidence.dataset import Dataset
from evidence.errors import RenderError
from evidence.ledger import LedgerEntry
from evidence.report.catalog import Report
from evidence.report.index_numbers import listing
from evidence.report.inspection import faults, sealed
from evidence.report.render import PACKAGE, TEMPLATES, tidy
from evidence.report.stamp import Stamp

_SCRIPTS = 2
"""Data, and what works with them."""


def index(
    pages: Iterable[tuple[Report, str]],
    numbers: Iterable[LedgerEntry],
    stamp: Stamp,
    dataset: Dataset,
) -> str:
    """Return the page that lists all reports, each with its answer, and all numbers.

    Parameters
    ----------
    pages : iterable of (Report, str)
        Reports and the answer of each in one sentence.
    numbers : iterable of LedgerEntry
        The ledger.
    stamp : Stamp
        State of the data.
    dataset : Dataset
        Data package, for the references of the numbers.

    Returns
    -------
    str
        HTML. Without scripts it is a plain list of sentences.

    Raises
    ------
    RenderError
        If the page would fetch anything or has a fault of its own.
    """
    shown = list(pages)
    listed = listing(numbers, dataset, {report.report_id: report.title for report, _ in shown})
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(TEMPLATES)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    markup = environment.get_template("index.html.j2").render(
        style=Markup(_part("style.css") + _part("index.css")),
        script=Markup(_part("index.js")),
        data=Markup(listed.data),
        package=PACKAGE,
        package_version=__version__,
        data_version=stamp.data_version,
        sources_as_of=stamp.day,
        pages=[
            {"report_id": report.report_id, "title": report.title, "summary": summary}
            for report, summary in shown
        ],
        filters=listed.filters,
        rows=listed.rows,
    )
    wrong = faults(markup, scripts=_SCRIPTS)
    if wrong:
        raise RenderError("the index has " + "; ".join(wrong))
    return sealed(tidy(markup))


def _part(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
