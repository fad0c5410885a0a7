"""What a notebook shows: text, HTML and the numbers behind them, in one output."""

import base64
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evidence.blocks import escape
from evidence.blocks.escape import html
from evidence.language import estimate
from evidence.ledger import LedgerEntry, to_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MIME = "application/vnd.evidence.estimate+json"
"""Type of the output that carries ledger entries."""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""Type of the output that stands for a widget of a running kernel, by a name of its own."""

TAKEN = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "csv": "text/csv;charset=utf-8",
}
"""Forms in which a figure stands in its page to be taken along, and what they are."""

_LINK = '<a download="{name}" href="data:{form};base64,{content}">'
"""A file that a page brings along."""

_TO_PAGE = re.compile(r'href="([\w.-]+\.html(?:#[^"]*)?)"')

FIGURES = "EVIDENCE_FIGURES"
"""Environment variable: "svg" while a report is built, else figures are shown as PNG."""


@dataclass(frozen=True, slots=True)
class Block:
    """Something to show, in one form from which its text and its tables are read.

    Attributes
    ----------
    html : str
        Markup, with all data in it escaped already.
    entries : tuple of LedgerEntry
        Numbers that it shows.
    """

    html: str
    entries: tuple[LedgerEntry, ...] = ()

    @property
    def text(self) -> str:
        """The same as lines of text."""
        return escape.lines(self.html)

    @property
    def frames(self) -> tuple[pd.DataFrame, ...]:
        """Its tables, each with the cells that it shows as text."""
        found = escape.table_cells(self.html)
        return tuple(pd.DataFrame(body, columns=head) for head, *body in found)

    @property
    def frame(self) -> pd.DataFrame:
        """Its one table; of a block with none or several, a ValueError says how many it has."""
        if len(self.frames) != 1:
            raise ValueError(f"this block has {len(self.frames)} tables; they are in its .frames")
        return self.frames[0]


def paragraphs(*sentences: str) -> Block:
    """Return sentences as a block, a paragraph each."""
    return Block("\n".join(f"<p>{html(one)}</p>" for one in sentences))


def joined(*blocks: Block) -> Block:
    """Return blocks as one, in their order."""
    entries = tuple(entry for one in blocks for entry in one.entries)
    return Block("\n".join(one.html for one in blocks), entries)


def folded(summary: str, block: Block, *, label: bool = True) -> Block:
    """Return a block folded under a line that says what it holds; paper shows it, links open it.

    A label is left out of documents, where nothing is folded; other lines stand there too.
    """
    if not block.html:
        return block
    kind = ' class="again"' if label else ""
    line = f"<summary{kind}>{html(summary)}</summary>"
    return Block(f"<details>\n{line}\n{block.html}\n</details>", block.entries)


def items(entries: Iterable[str], kind: str = "") -> str:
    """Return a list, a line for each entry, as HTML made from escaped parts."""
    named = f' class="{html(kind)}"' if kind else ""
    shown = "\n".join(f"<li>{one}</li>" for one in entries)
    return f"<ul{named}>\n{shown}\n</ul>"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it needs to be read without eyes.

    Attributes
    ----------
    figure_id : str
        Unique in its report.
    matplotlib_figure, phone : matplotlib.figure.Figure
        The drawing, and one for a narrow screen.
    alt : str
        What it shows, in words computed from its data.
    caption : str
        What it is.
    table : Block
        The same numbers as a table, or a summary where there are too many to read.
    data : DataFrame
        All that is drawn, to be taken along as a file.
    """

    figure_id: str
    matplotlib_figure: "Canvas"
    phone: "Canvas"
    alt: str
    caption: str
    table: Block
    data: pd.DataFrame


def anchor(estimate_id: str) -> str:
    """Return the id of the place in a page that tells where a number comes from."""
    return f"n-{estimate_id}"


def show(what: object) -> None:
    """Show a block, a figure, entries of the ledger, a frame or a result.

    Outside a notebook their text is printed.

    Parameters
    ----------
    what : Block, Figure, LedgerEntry, iterable of LedgerEntry, or object
        Entries are shown as one line each, "label: effect (low to high)"; a frame as a table of all
        that it has, any other object as it shows itself.
    """
    if isinstance(what, Figure):
        show_figure(what)
        return
    if isinstance(what, pd.DataFrame):
        _publish(what.to_string(), what.to_html(), ())
        return
    if isinstance(what, Block | LedgerEntry):
        block = what if isinstance(what, Block) else _lines(what)
    elif isinstance(what, Iterable):
        block = _lines(what)
    else:
        as_table = getattr(what, "_repr_html_", None)
        markup = paragraphs(repr(what)).html if as_table is None else as_table()
        _publish(repr(what), markup, ())
        return
    _publish(block.text, block.html, block.entries)


def show_figure(figure: Figure) -> None:
    """Show a figure: as PNG with its alt text, or in a report as SVG inside the page.

    Its table follows, so that no number can only be seen.
    """
    text = f"{figure.caption}\n{figure.table.text}"
    if _shell() is None:
        _publish(f"{figure.alt}\n{text}", "", ())
        return
    # Whoever has a figure has loaded matplotlib; whoever shows text need not wait for it.
    from evidence.blocks import drawing

    if os.environ.get(FIGURES) == "svg":
        _publish(f"{figure.alt}\n{text}", _markup(figure), figure.table.entries)
        return
    _bundle(
        {"image/png": drawing.to_png(figure.matplotlib_figure), "text/plain": figure.alt},
        {"image/png": {"alt": figure.alt}},
    )
    caption = f"<p>{html(figure.caption)}</p>\n{figure.table.html}"
    _publish(text, caption, figure.table.entries)


def _markup(figure: Figure) -> str:
    from evidence.blocks import drawing

    name, title = f"figure-{figure.figure_id}", figure.caption.partition(".")[0]
    about = {"title": title, "description": figure.alt}
    wide = drawing.to_svg(figure.matplotlib_figure, name=name, **about)
    links = to_take(figure, tuple(TAKEN), wide)
    phone = drawing.to_svg(figure.phone, name=f"{name}-phone", kind="phone", told=name, **about)
    told = f"<details><summary>The figure as a table</summary>\n{figure.table.html}\n</details>"
    if not figure.table.frames:
        # Words on where the tables are need no opening.
        told = figure.table.html
    return (
        f'<figure id="{html(figure.figure_id)}">\n{wide}\n{phone}\n'
        f'<figcaption>{html(figure.caption)}</figcaption>\n<p class="take">{links}</p>\n'
        f"{told}\n</figure>"
    )


def to_take(figure: Figure, kinds: Sequence[str], wide: str = "") -> str:
    """Return links that save a figure and its data, as HTML that holds the files.

    Parameters
    ----------
    figure : Figure
        The figure.
    kinds : sequence of str
        Out of `TAKEN`.
    wide : str
        The figure as SVG, where it was made already.
    """
    from evidence.blocks import drawing

    canvas = figure.matplotlib_figure
    about = {"title": figure.caption.partition(".")[0], "description": figure.alt}
    made: dict[str, Callable[[], bytes]] = {
        "svg": lambda: drawing.alone(
            wide or drawing.to_svg(canvas, name=f"figure-{figure.figure_id}", **about)
        ).encode(),
        "png": lambda: drawing.to_png(canvas, drawing.PRINT_DPI),
        "pdf": lambda: drawing.to_pdf(canvas),
        "csv": lambda: _csv(figure.data),
    }
    return " ".join(
        _taken(
            figure.figure_id, kind, made[kind](), "Data (CSV)" if kind == "csv" else kind.upper()
        )
        for kind in kinds
    )


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, float_format="%.12g", lineterminator="\n").encode()


def _taken(name: str, kind: str, content: bytes, shown: str) -> str:
    """Return a link that saves a file, which is in the page itself."""
    encoded = base64.b64encode(content).decode()
    link = _LINK.format(name=f"{html(name)}.{kind}", form=TAKEN[kind], content=encoded)
    return f"{link}{html(shown)}</a>"


def rows_to_take(name: str, frame: pd.DataFrame, shown: str) -> Block:
    """Return a link that saves rows which nobody reads line by line, as CSV.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    frame : DataFrame
        The rows.
    shown : str
        Words of the link.
    """
    return Block(f'<p class="take">{_taken(name, "csv", _csv(frame), shown)}</p>')


def taken_along(page: str) -> dict[str, str]:
    """Return the files of figures that a page brings along, in base64 by their names."""
    pattern = _LINK.format(name=r"([\w.-]+)", form=r"[^\"]*?", content=r"([^\"]*)")
    return dict(re.findall(pattern, page))


def _lines(what: LedgerEntry | Iterable[LedgerEntry]) -> Block:
    entries = (what,) if isinstance(what, LedgerEntry) else tuple(what)
    markup = "\n".join(
        f'<p id="{html(anchor(one.estimate_id))}" tabindex="-1">'
        f"{html(one.label)}: {html(estimate(one.effect, one.ci_low, one.ci_high))}</p>"
        for one in entries
    )
    return Block(markup, entries)


def _publish(text: str, markup: str, entries: tuple[LedgerEntry, ...]) -> None:
    if _shell() is None:
        sys.stdout.write(f"{text}\n")
        return
    data: dict[str, Any] = {"text/plain": text, "text/html": _looked(markup)}
    if entries:
        data[MIME] = {"version": 1, "entries": [to_json(one) for one in entries]}
    _bundle(data, {})


def _looked(markup: str) -> str:
    """Return HTML with its look where a notebook shows it; a report has a look of its own.

    Links to other pages lead to the reports, which stand beside the notebooks.
    """
    if os.environ.get(FIGURES) == "svg":
        return markup
    style = Path(__file__).with_name("notebook.css").read_text("utf-8")
    led = _TO_PAGE.sub(r'href="../reports/\1"', markup)
    return f'<style>{style}</style>\n<div class="evidence-shown">{led}</div>'


def _bundle(data: dict[str, Any], metadata: dict[str, Any]) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data, metadata)  # type: ignore[no-untyped-call]


def _shell() -> object | None:
    """Return the IPython shell that runs this, if one does."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell: object | None = get_ipython()
    return shell
