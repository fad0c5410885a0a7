"""Tables with caption and scopes, from plain cells to HTML and text, and links to trial cards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.data.safety import is_address
from evidence.language import estimate, fixed
from evidence.ledger import LedgerEntry


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
        What stands in it, where it has no markup.
    href : str
        Where its text leads, if anywhere.
    tag : str
        A processing term, shown as a label after the text.
    numeric : bool
        Whether it is set to the right.
    anchor : str
        Id of the row that it opens; only in a first cell.
    markup : str
        Its content as HTML where text and one link do not do, with all data in it escaped already.
    entries : tuple of LedgerEntry
        Numbers of the ledger in it.
    """

    text: str = ""
    href: str = ""
    tag: str = ""
    numeric: bool = False
    anchor: str = ""
    markup: str = ""
    entries: tuple[LedgerEntry, ...] = ()

    def followed_by(self, text: str) -> "Cell":
        """Return the cell with more text after its own."""
        if self.markup:
            return replace(self, markup=f"{self.markup}{html(text)}")
        return replace(self, text=f"{self.text}{text}")


def to_number(entry: LedgerEntry, text: str, *, numeric: bool = True) -> Cell:
    """Return a cell whose number leads to where it comes from."""
    return Cell(text, f"#{anchor(entry.estimate_id)}", numeric=numeric, entries=(entry,))


def to_estimate(entry: LedgerEntry, digits: int = 2, *, numeric: bool = True) -> Cell:
    """Return a cell with an estimate and its limits, which lead to where they come from."""
    shown = estimate(entry.effect, entry.ci_low, entry.ci_high, digits)
    return to_number(entry, shown, numeric=numeric)


def with_id(text: str, one_id: str) -> Cell:
    """Return a cell with an id set apart after its text."""
    shown = f"{html(text)} " if text else ""
    return Cell(markup=f"{shown}<code>{html(one_id)}</code>")


def number_link(entry: LedgerEntry, text: str) -> str:
    """Return a number as a link to where it comes from, as HTML."""
    return f'<a class="n" href="#{html(anchor(entry.estimate_id))}">{html(text)}</a>'


def range_link(ends: tuple[LedgerEntry, LedgerEntry], digits: int = 2) -> str:
    """Return "0.20 to 0.34", each end a link to where it comes from, as HTML."""
    return " to ".join(number_link(one, fixed(one.effect, digits)) for one in ends)


def ends_link(ends: tuple[LedgerEntry, LedgerEntry]) -> str:
    """Return "0.20 (−0.39 to 0.79) to 0.34 (0.02 to 0.66)", each end a link, as HTML."""
    return " to ".join(
        number_link(one, estimate(one.effect, one.ci_low, one.ci_high)) for one in ends
    )


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    *,
    entries: Iterable[LedgerEntry] = (),
    table_id: str = "",
) -> Block:
    """Return a table; the first cell of a row is its header.

    Parameters
    ----------
    caption : str
        What the table shows.
    columns : sequence of str
        Headings.
    rows : iterable of sequences of Cell or str
        As many cells as columns.
    entries : iterable of LedgerEntry
        Numbers that the table shows beside those of its cells.
    table_id : str
        Id of the table in the page.
    """
    made = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    numeric = [all(row[i].numeric for row in made) and bool(made) for i in range(len(columns))]
    head = "".join(
        f'<th scope="col"{_right(right)}>{html(name)}</th>'
        for name, right in zip(columns, numeric, strict=True)
    )
    body = "\n".join(_row(row) for row in made)
    named = f' id="{html(table_id)}"' if table_id else ""
    markup = (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html(caption)}">\n'
        f"<table{named}>\n<caption>{html(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )
    found = (*(entry for row in made for cell in row for entry in cell.entries), *entries)
    return Block(markup, tuple({entry.estimate_id: entry for entry in found}.values()))


def _right(right: bool) -> str:
    return ' class="r"' if right else ""


def _row(cells: Sequence[Cell]) -> str:
    first, *rest = cells
    named = f' id="{html(first.anchor)}" tabindex="-1"' if first.anchor else ""
    return (
        f'<tr{named}><th scope="row">{_content(first)}</th>'
        + "".join(f"<td{_right(cell.numeric)}>{_content(cell)}</td>" for cell in rest)
        + "</tr>"
    )


def _content(cell: Cell) -> str:
    content = cell.markup or html(cell.text).replace("\n", "<br>")
    # Without a scheme it leads to a page beside this one, or into it.
    if cell.href and (":" not in cell.href or is_address(cell.href)):
        kind = ' class="n"' if cell.href.startswith("#") else ""
        content = f'<a{kind} href="{html(cell.href)}">{content}</a>'
    if cell.tag:
        content += f' <span class="tag {html(cell.tag)}">{html(cell.tag)}</span>'
    return content


SIZES = ("n_randomized", "n_enrolled", "n_planned")
"""Facts that say how many took part, the best first."""


def enrollment(dataset: Dataset, trial_id: str) -> dict[str, str]:
    """Return how many were randomized, enrolled and planned, as far as a source says, best first.

    Examples
    --------
    >>> import evidence
    >>> enrollment(evidence.load(), "collado2021")
    {'randomized': '90', 'planned': '90 or 130'}
    """
    return {
        fact.removeprefix("n_"): language.listed((f"{one:,.0f}" for one in values), "or")
        for fact in SIZES
        if (values := sorted(set(dataset.fact(trial_id, fact).value)))
    }


def place_of(row_id: str) -> str:
    """Return the id of the row of an arm, a result or a direction in the card of its trial."""
    return f"p-{row_id}"


def place_of_fact(fact: str, reading: int) -> str:
    """Return the id of a reading of a fact in the card of its trial; readings count from 1."""
    return place_of(f"fact-{fact}-{reading}")


def place_of_reason(estimate_id: str) -> str:
    """Return the id of the row that says why a result allows no estimate."""
    return f"reason-{estimate_id}"


def remark_of(correction_id: str) -> str:
    """Return the id of the row of a remark on a printed value in the card of its trial."""
    return f"remark-{correction_id}"


def to_card(trial_id: str, place: str, shown: str) -> str:
    """Return a printed number as a link to its row in the card of its trial, as HTML."""
    return f'<a class="n" href="trial-{html(trial_id)}.html#{html(place)}">{html(shown)}</a>'


def to_trial(dataset: Dataset, trial_id: str, also: str = "") -> Cell:
    """Return the name of a trial as a cell that leads to its card, if it has one.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        Trial.
    also : str
        What stands below its name.
    """
    label = html(dataset.trial(trial_id).label)
    card = label if dataset.imported else f'<a href="trial-{html(trial_id)}.html">{label}</a>'
    return Cell(markup=card + "".join(f"<br>{html(one)}" for one in also.splitlines()))


def to_size(dataset: Dataset, trial_id: str, n: float, shown: str) -> str:
    """Return a number of participants as a link to where it is printed, as HTML.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        Trial.
    n : float
        How many took part.
    shown : str
        The number in the page.

    Returns
    -------
    str
        Without a link where no source prints this number of the whole trial.
    """
    for fact in SIZES:
        for reading, one in enumerate(records(dataset.fact(trial_id, fact)), start=1):
            if one.value == n:
                return to_card(trial_id, place_of_fact(fact, reading), shown)
    return html(shown)
