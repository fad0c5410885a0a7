"""From an executed notebook to a page, and from the page to documents: DOCX and PDF."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from html import unescape
from importlib.metadata import metadata
from importlib.resources import files
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import mistune
from nbconvert.exporters.templateexporter import TemplateExporter

from evidence import __version__
from evidence.blocks import escape
from evidence.blocks.output import MIME, anchor
from evidence.errors import RenderError
from evidence.ledger import LedgerEntry, from_json
from evidence.reports import documents as document_tree
from evidence.reports.catalog import Report
from evidence.reports.documents import source as document_source
from evidence.reports.documents import tables
from evidence.reports.inspection import faults, sealed
from evidence.reports.page_links import (
    to_cards,
    with_terms,
    with_ways_back,
    without_what_is_not_shown,
)
from evidence.reports.stamp import Stamp

if TYPE_CHECKING:
    from nbformat import NotebookNode


TEMPLATES = files("evidence.reports") / "template"
PACKAGE = f"{metadata('attachment-therapy-evidence')['Name']} {__version__}"

_SAY = re.compile(r'<p class="say">(.*?)</p>', re.DOTALL)
_PARAGRAPH = re.compile(r"<p(?: [^>]*)?>(.*?)</p>", re.DOTALL)
_ELEMENT = re.compile(r"<[^>]*>")
_HEADING = re.compile(r'<h2 id="([^"]+)"[^>]*>(.*?)</h2>', re.DOTALL)
_HERE = re.compile(r' id="(n-[^"]+)"')
_TO_CARD = re.compile(r'href="[^"#]+\.html#(n-[^"]+)"')
_NAMED = re.compile(r"\s*\{#([\w.-]+)\}\s*$")


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered report: its HTML, its answer in one sentence, its numbers, other formats of it."""

    html: str
    summary: str
    entries: tuple[LedgerEntry, ...]
    documents: Mapping[str, bytes] = field(default_factory=dict)


class _Prose(mistune.HTMLRenderer):
    """Markdown of a notebook: headings below the title of the page, with ids to link to."""

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        named = _NAMED.search(text)
        name = named[1] if named else "-".join(re.findall(r"[a-z0-9]+", unescape(text).lower()))
        text = _NAMED.sub("", text)
        level = max(level, 2)
        return f'<h{level} id="{escape.html(name)}">{text}</h{level}>\n'


def prose(source: str) -> str:
    """Return Markdown of a notebook as HTML; its own markup stays, since its author wrote it."""
    markdown = mistune.create_markdown(
        renderer=_Prose(escape=False), plugins=["table", "footnotes", "def_list"]
    )
    return str(markdown(source)).strip()


def shown(output: Mapping[str, Any]) -> str:
    """Return one output of a cell as HTML.

    Raises
    ------
    RenderError
        If a picture has no alternative text.
    """
    if output["output_type"] == "stream":
        # What goes to the error stream is for the log, not for readers.
        return f"<pre>{escape.html(output['text'])}</pre>" if output["name"] == "stdout" else ""
    data = output.get("data", {})
    if "text/html" in data:
        return str(data["text/html"])
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    if "image/png" in data:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        if not alt:
            raise RenderError("a picture without alternative text; show it with show_figure")
        encoded = "".join(data["image/png"].split())
        return f'<img alt="{escape.html(alt)}" src="data:image/png;base64,{encoded}">'
    return f"<pre>{escape.html(data['text/plain'])}</pre>" if "text/plain" in data else ""


def headings(markup: str) -> list[tuple[str, str]]:
    """Return the headings of the second level that can be linked to, each with its id, as HTML."""
    return [(one[1], _ELEMENT.sub("", one[2])) for one in _HEADING.finditer(markup)]


def entries(notebook: Mapping[str, Any], report_id: str) -> tuple[LedgerEntry, ...]:
    """Return the numbers that an executed notebook shows, as numbers of this report.

    Raises
    ------
    RenderError
        If an output has another version or other fields.
    """
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            payload = output.get("data", {}).get(MIME)
            if payload is None:
                continue
            if payload.get("version") != 1:
                raise RenderError(f"numbers of version {payload.get('version')!r}, expected 1")
            found += [from_json({**item, "reports": [report_id]}) for item in payload["entries"]]
    return tuple(found)


def page(
    notebook: "NotebookNode",
    report: Report,
    stamp: Stamp,
    words: Mapping[str, str] = MappingProxyType({}),
    reports: Collection[str] = (),
) -> Page:
    """Return the page of a report.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    report : Report
        Its line of the catalog.
    stamp : Stamp
        State of the data.
    words : mapping of str to str
        Address of what each word of method means.
    reports : collection of str
        Names of the reports beside it.

    Raises
    ------
    RenderError
        If the page would fetch or run anything, has a link or a number that leads nowhere, or two
        places with one name.
    """
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_paths=[str(TEMPLATES)],
        template_file="report.html.j2",
        filters={"html": escape.html, "prose": prose, "shown": shown, "headings": headings},
    )
    resources = {
        "style": (TEMPLATES / "style.css").read_text(encoding="utf-8"),
        "report": {
            "report_id": report.report_id,
            "formats": report.formats,
            "title": report.title,
            "lede": report.lede,
            "package": PACKAGE,
            "package_version": __version__,
            "state": stamp.state,
            "searched": stamp.searched,
            "own": stamp.own,
        },
    }
    told = copy(notebook)
    told["cells"] = list(_telling(notebook["cells"]))
    markup, _ = exporter.from_notebook_node(told, resources=resources)
    # A file that is taken along has the name of its report.
    markup = to_cards(markup, reports)
    if reports:
        markup = without_what_is_not_shown(markup)
    markup = with_ways_back(markup)
    markup = markup.replace('<a download="', f'<a download="{report.report_id}-')
    # What this page does not show is none of its numbers.
    led = set(_TO_CARD.findall(markup))
    there = led.union(_HERE.findall(markup))
    every = entries(notebook, report.report_id)
    numbers = tuple(one for one in every if not reports or anchor(one.estimate_id) in there)
    wrong = faults(markup, anchors={anchor(one.estimate_id) for one in numbers} - led)
    if wrong:
        raise RenderError("the page has " + "; ".join(wrong))
    return Page(sealed(tidy(with_terms(markup, words))), _summary(markup), numbers)


def _telling(cells: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Return cells without the words before outputs that are all empty."""
    for place, cell in enumerate(cells):
        after = takewhile(lambda one: one["cell_type"] == "code", cells[place + 1 :])
        outputs = [one for code in after for one in code["outputs"]]
        empty = bool(outputs) and not any(shown(one).strip() for one in outputs)
        if cell["cell_type"] != "markdown" or not empty:
            yield cell


def tidy(markup: str) -> str:
    """Return a page without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in markup.splitlines()) + "\n"


def _summary(markup: str) -> str:
    """Return the answer of a report, else its first paragraph below the lede, as plain text."""
    main = markup.partition('<p class="lede">')[2].partition("</p>")[2].partition("<footer>")[0]
    found = _SAY.search(main) or _PARAGRAPH.search(main)
    return " ".join(unescape(_ELEMENT.sub("", found[1])).split()) if found else ""


def documents(page: str, report: Report, stamp: Stamp, formats: Iterable[str]) -> dict[str, bytes]:
    """Return a report in other formats than its page, made from the page and nothing else.

    Numbers and words are those of the page, in its order; only tables too wide or too long for an
    upright page stand at the end. What the page folds away stands open, a link from a number leads
    to where it comes from, and each page of a document says the state of the data.

    Parameters
    ----------
    page : str
        HTML of the report.
    report : Report
        Its line of the catalog.
    stamp : Stamp
        State of the data.
    formats : iterable of str
        ``docx`` and ``pdf``; others are passed over.

    Returns
    -------
    dict of str to bytes
        By format. The same page gives the same bytes.

    Raises
    ------
    RenderError
        If a document cannot be made, or the PDF would not be accessible.
    """
    wanted = [one for one in formats if one in ("docx", "pdf")]
    if not wanted:
        return {}
    # Loading what writes documents takes time that a build with nothing to do should not take.
    from evidence.reports.documents import pdf, word

    writers = {"docx": word.make, "pdf": pdf.make}
    source = document_source.read(page)
    for number, picture in enumerate(source.pictures, start=1):
        if not picture.alt:
            raise RenderError(f"picture {number} of {report.report_id} has no text for its content")
    parts = tables.parts(document_tree.read(source.html))
    state = f"{stamp.state}; {stamp.searched}"
    return {
        one: writers[one](
            parts,
            source.pictures,
            title=report.title,
            description=f"{state}. Report {report.report_id}.",
            state=state,
            day=stamp.sources_as_of,
        )
        for one in wanted
    }
