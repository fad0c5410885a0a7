"""Where each number of a report comes from: print, place, conversion, processing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks.escape import addressed, html
from evidence.blocks.output import Block, anchor
from evidence.blocks.tables import Cell, table, with_id
from evidence.data.dataset import Dataset
from evidence.data.provenance import Locator, union
from evidence.data.records import records
from evidence.ledger import LedgerEntry, chains, entries
from evidence.terms import words_of

TOOL = {
    "cochrane_rob1_four_items": "four items of the first Cochrane tool (RoB 1)",
    "maastricht_amsterdam_list": "the Maastricht-Amsterdam list",
    "rob2": "RoB 2",
}
"""Tools of risk of bias in words."""
_TO_ESTIMATE = re.compile(r'<a href="#(n-[^"]+)">([^<]*)</a>')


def reference_name(publication_id: str, dataset: Dataset) -> str:
    """Return a publication in a few words: first author and year, or title where no author is."""
    item = dataset.references.get(publication_id, {})
    year = item.get("issued", {}).get("date-parts", [[""]])[0][0]
    authors = item.get("author", [])
    if item.get("type") == "dataset" or not authors:
        name = str(item.get("title", publication_id))
    else:
        name = str(authors[0].get("family") or authors[0].get("literal") or publication_id)
        if len(authors) > 1:
            name += " et al."
    return f"{name} {year}".strip()


def tool_name(tool: str, dataset: Dataset) -> str:
    """Return a tool of risk of bias in words; that of a publication, by its name."""
    publication = tool in dataset.references
    return reference_name(tool, dataset) if publication else language.term(TOOL, tool)


def sources(locator_ids: Iterable[str], dataset: Dataset) -> str:
    """Return places where numbers were read, as HTML with their addresses."""
    parts = []
    for locator_id in locator_ids:
        locator = dataset.locator(locator_id)
        times = language.count(locator.readings, "reading")
        parts.append(f"{_place(locator_id, dataset)} ({times}, {locator.accessed:%Y-%m-%d})")
    return "<br>".join(parts)


def provenance(
    dataset: Dataset,
    *,
    estimates: pd.DataFrame,
    pooled: Sequence[tuple[LedgerEntry, str | Cell]] = (),
    heading: str = "Pooled results",
    caption: str = "Pooled results, the estimates that entered, and how",
) -> Block:
    """Return the section that every number of a report leads to.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    estimates : DataFrame
        Rows of the frame of estimates that the report shows, each with an effect.
    pooled : sequence of tuple
        Pooled results, or others computed from estimates, each with what entered it.
    heading, caption : str
        What these are called.
    """
    found: list[LedgerEntry] = []
    items: list[str] = []
    for row in records(estimates.drop_duplicates("estimate_id")):
        entry = entries.of_estimate(row, dataset)
        found.append(entry)
        items.append(_estimate(row, entry, dataset))
    markup = (
        '<section class="provenance">\n<h2 id="numbers">Where each number comes from</h2>\n'
        "<h3>Estimates of single trials</h3>\n" + "\n".join(items)
    )
    if pooled:
        block = table(
            caption,
            ("Number", "What", "From", "Method", "How obtained"),
            [_pooled_row(entry, members, estimates, dataset) for entry, members in pooled],
            entries=[entry for entry, _ in pooled],
        )
        markup += f"\n<h3>{html(heading)}</h3>\n{block.html}"
        found += block.entries
    return Block(f"{markup}\n</section>", tuple(found))


def _pooled_row(
    entry: LedgerEntry, members: str | Cell, estimates: pd.DataFrame, dataset: Dataset
) -> Sequence[Cell]:
    members = members if isinstance(members, Cell) else Cell(members)
    return (
        Cell(entries.quoted(entry), anchor=anchor(entry.estimate_id)),
        with_id(entry.label, entry.estimate_id),
        with_sources(members, entry, estimates, dataset),
        Cell(entry.method),
        Cell("", tag=entry.processing),
    )


def with_sources(
    members: Cell, entry: LedgerEntry, estimates: pd.DataFrame, dataset: Dataset
) -> Cell:
    """Return what a number was computed from, with the places that no link in it leads to.

    Parameters
    ----------
    members : Cell
        What it was computed from.
    entry : LedgerEntry
        The number.
    estimates : DataFrame
        Estimates of single trials in the page, each with its own places.
    dataset : Dataset
        Data package.
    """
    there = {anchor(one) for one in estimates.estimate_id}
    shown = _TO_ESTIMATE.sub(
        lambda link: link[0] if link[1] in there else link[2],
        members.markup or html(members.text).replace("\n", "<br>"),
    )
    linked = {one for one in estimates.estimate_id if f'"#{anchor(one)}"' in shown}
    told = union(estimates.locator_ids[estimates.estimate_id.isin(linked)])
    places = {
        _place(one, dataset): html(dataset.locator(one).url)
        for one in entry.locator_ids
        if one not in told
    }
    rest = [place for place, address in places.items() if f'"{address}"' not in shown]
    read_in = [f"Read in {'; '.join(rest)}"] if rest else []
    return replace(members, markup="<br>".join([part for part in (shown, *read_in) if part]))


def place_name(locator: Locator, dataset: Dataset) -> str:
    """Return a publication with the place in it, as text."""
    return f"{reference_name(locator.publication_id, dataset)}, {words_of(locator.place)}"


def _place(locator_id: str, dataset: Dataset) -> str:
    """Return a place where a number was read as a link, as HTML."""
    locator = dataset.locator(locator_id)
    return addressed(locator.url, place_name(locator, dataset))


def _estimate(row: Any, entry: LedgerEntry, dataset: Dataset) -> str:
    """Return one estimate as a definition list that a link can lead to."""
    remarks = union([row.remarks])
    parts = [
        ("Printed", html(chains.printed(row, dataset)).replace("\n", "<br>")),
        ("Read in", sources(row.locator_ids, dataset)),
        ("Conversion", html(chains.conversion(row, dataset))),
        (
            "How obtained",
            f'<span class="tag {html(row.processing)}">{html(row.processing)}</span>',
        ),
    ]
    if not pd.isna(row.effect_low):
        _, low, high, digits = entries.quoted_numbers(
            row.metric, row.more_is, row.effect_low, row.effect_low, row.effect_high
        )
        span = language.limits(low, high, digits + 1)
        parts.append(("Range left open", html(span)))
    if remarks:
        parts.append(
            ("Remarks", "<ul>" + "".join(f"<li>{html(one.text)}</li>" for one in remarks) + "</ul>")
        )
    parts.append(("Id", f"<code>{html(row.estimate_id)}</code>"))
    shown = entries.quoted(entry)
    body = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in parts)
    return (
        f'<article class="origin" id="{html(anchor(row.estimate_id))}" tabindex="-1">'
        f"<h4>{html(shown)} <small>{html(entry.label)}</small></h4><dl>{body}</dl></article>"
    )
