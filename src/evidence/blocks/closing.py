"""Closing sections that every report has: methods, citation, limits, references."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

import evidence
from evidence import language
from evidence.blocks import bias
from evidence.blocks.escape import addressed, html
from evidence.blocks.origins import reference_name
from evidence.blocks.output import Block, folded, items, joined, paragraphs
from evidence.blocks.tables import Cell, table
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.ledger import sentences
from evidence.ledger.citation import TITLE, database_of

SHOWN_AUTHORS = 6
MOST_OPEN = 300
"""Words of methods that stand open."""
HOW_TO_READ = "how-to-read.html"
"""Page of what holds for all reports."""
_LIMITS = f'<a href="{HOW_TO_READ}#limits">Limits of every report</a>'


def reference(item: dict[str, Any]) -> str:
    """Return one reference in the manner of AMA: authors, title, container, year, DOI."""
    authors = [_author(one) for one in item.get("author", [])]
    if len(authors) > SHOWN_AUTHORS:
        authors = [*authors[:3], "et al"]
    parts = [", ".join(authors)] if authors else []
    parts.append(str(item.get("title") or "[title not recorded]"))
    container = str(item.get("container-title") or item.get("publisher") or "")
    year = str(item.get("issued", {}).get("date-parts", [[""]])[0][0])
    volume = str(item.get("volume") or "")
    issue = f"({item['issue']})" if item.get("issue") else ""
    pages = f":{item['page']}" if item.get("page") else ""
    located = f"{volume}{issue}{pages}" if volume or pages else ""
    when = (";" if volume else "").join(part for part in (year, located) if part)
    parts.append(". ".join(part for part in (container, when) if part))
    if item.get("version"):
        parts.append(f"Version {item['version']}")
    if item.get("DOI"):
        parts.append(f"doi:{item['DOI']}")
    elif item.get("URL"):
        parts.append(str(item["URL"]))
    ended = [part if part.endswith("?") else f"{part.rstrip('.')}." for part in parts if part]
    return " ".join(ended)


def _author(one: dict[str, Any]) -> str:
    if "literal" in one:
        return str(one["literal"])
    initials = "".join(part[0] for part in str(one.get("given", "")).replace("-", " ").split())
    return f"{one.get('family', '')} {initials}".strip()


def named(publication_id: str, dataset: Dataset) -> str:
    """Return a publication by author and year, which lead to it; documents have it in full."""
    item = dataset.references[publication_id]
    address = f"https://doi.org/{item['DOI']}" if item.get("DOI") else str(item.get("URL") or "")
    shown = addressed(address, reference_name(publication_id, dataset))
    return f'<span data-reference="{html(reference(item))}">{shown}</span>'


def reference_list(publication_ids: Iterable[str], dataset: Dataset) -> str:
    """Return publications by author and year as an HTML list, in order of their references."""
    ordered = sorted(set(publication_ids), key=lambda one: reference(dataset.references[one]))
    lines = "\n".join(f"<li>{named(one, dataset)}</li>" for one in ordered)
    return f'<ol class="cited">\n{lines}\n</ol>'


def with_planned(block: Block, dataset: Dataset, therapy: str) -> Block:
    """Return a list of trials followed by how many more of the therapy are planned, if any."""
    planned = [
        f"{one} Their outcomes and participants may be other than those here."
        for one in sentences.planned(dataset, therapy)
    ]
    return joined(block, *map(paragraphs, planned))


def methods(texts: Sequence[str], shared: Sequence[tuple[str, str]] = ()) -> Block:
    """Return the methods section from its paragraphs.

    Parameters
    ----------
    texts : sequence of str
        What was done.
    shared : sequence of tuple
        What is told once for all reports: its place in how to read them, and its name.
    """
    links = language.listed(
        f'<a href="{HOW_TO_READ}#{html(place)}">{html(name)}</a>' for place, name in shared
    )
    once = Block(f"<p>Told once for all reports: {links}.</p>" if links else "")
    told = joined(paragraphs(*texts), once)
    if sum(len(one.split()) for one in texts) > MOST_OPEN:
        told = folded("How each step was done", told)
    return joined(Block('<h2 id="methods">Methods</h2>'), told)


def workbook(dataset: Dataset, report_id: str) -> str:
    """Return a report of the workbook to cite, with the versions of the package and of the data."""
    package = f"package version {evidence.__version__}"
    return f"{TITLE}, {package}, data version {dataset.version}, report {report_id}."


def counts_table(counts: Iterable[tuple[str, int, str]]) -> Block:
    """Return what each count of a page counts: name, number and what it is of.

    `counted` leads to the row of a count by its name.
    """
    rows = [(Cell(str(number), anchor=f"count-{name}"), Cell(of)) for name, number, of in counts]
    return table("Counts", ("Number", "Counted"), rows)


def counted(name: str, shown: object) -> str:
    """Return a count as a link to the row that says what it counts, as HTML."""
    return f'<a class="n" href="#count-{html(name)}">{html(str(shown))}</a>'


def citation(
    dataset: Dataset,
    frame: pd.DataFrame,
    *,
    sentence: str = "",
    estimate_id: str = "",
    also: Iterable[str] = (),
    sources: str = "",
) -> Block:
    """Return how to cite: a sentence to quote, the workbook, and the sources of the numbers.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    frame : DataFrame
        Estimates that the report shows.
    sentence : str
        A result in the words to quote; empty where the report has no single one.
    estimate_id : str
        Its id.
    also : iterable of str
        Locators beyond those of the estimates.
    sources : str
        Address of the place that lists the sources, where there is one already.
    """
    data = database_of(dataset) or f"data version {dataset.version}"
    workbook = f"{TITLE}, package version {evidence.__version__}, {data}" + (
        f"; estimate {estimate_id}." if estimate_id else "."
    )
    quoted = "".join(f'<p class="cite">{html(one)}</p>' for one in (sentence, workbook) if one)
    start = f'<h2 id="cite">How to cite</h2>{quoted}'
    beside = "Cite the sources, too"
    if sources:
        return Block(f'{start}<p><a href="{html(sources)}">Cite the sources, too.</a></p>')
    locators = union([*frame.locator_ids, tuple(also)])
    publications = dataset.publications
    main = publications[publications.role == "main"]
    mains = main.publication_id[main.trial_id.isin(frame.trial_id)]
    cited = union([tuple(mains), [dataset.locator(one).publication_id for one in locators]])
    every = Block(reference_list(cited, dataset))
    if len(set(cited)) > _MANY:
        every = folded(f"{len(set(cited))} sources", every)
    return Block(f"{start}<p>{beside}:</p>\n{every.html}")


_MANY = 8
"""Sources that are too many to stand open."""


def limits(
    dataset: Dataset, *, trial_ids: Sequence[str] = (), also: Sequence[str] = (), outcome: str = ""
) -> Block:
    """Return what a report cannot say, from the data behind it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_ids : sequence of str
        Trials that it rests on, those without a usable number too; none where it tells their risk
        of bias elsewhere.
    also : sequence of str
        Limits of this report alone.
    outcome : str
        The one outcome that it is about, if any.
    """
    told = [*map(html, also)]
    told += [_bias(dataset, trial_ids, outcome=outcome)] if trial_ids else []
    if dataset.imported:
        told = [
            *map(html, _where_read(dataset)),
            *told,
            "Nothing here says for whom a therapy works.",
        ]
    else:
        # What holds for each report stands on one page.
        told.insert(0, _LIMITS)
    return Block(f'<h2 id="limits">Limits</h2>{items(told)}')


def _bias(dataset: Dataset, trial_ids: Sequence[str], *, outcome: str) -> str:
    """Return how sources judge the risk of bias of trials, as HTML."""
    found = {one: bias.judgements(dataset, one, outcome=outcome) for one in trial_ids}
    judged = [one for one in found if found[one]]
    if not judged:
        whose = "any of these trials" if len(found) > 1 else "this trial"
        return f"Risk of bias was not assessed for {whose} in any source seen, nor here."
    if len(judged) == 1 or dataset.imported:
        each = [
            f"{dataset.trial(one).label}: {bias.judged(dataset, one, outcome=outcome)}"
            for one in judged
        ]
        said = html(". ".join(each))
    else:
        # The cards, and the column of a forest plot, say each item and by whom.
        high = [_high(dataset, one) for one in judged if "high" in found[one]]
        rest = len(judged) - len(high)
        parts = [f"high in some item for {language.listed(high)}"] if high else []
        parts += [f"in none for {language.count(rest)}{' more' if high else ''}"] if rest else []
        said = ", ".join(parts)
    others = len(found) - len(judged)
    which = " for this outcome" if outcome else ""
    left = f"{language.capitalized(language.count(others))} not judged{which}. " if others else ""
    return f"Risk of bias, as sources seen judge it: {said}. {left}Not assessed here."


def _high(dataset: Dataset, trial_id: str) -> str:
    """Return a trial as a link to its judgements, with the one outcome that they are on, if any."""
    only = bias.only_on(dataset, trial_id)
    about = f" ({html(dataset.short('outcome', only))} only)" if only else ""
    name = html(dataset.trial(trial_id).label)
    return f'<a href="trial-{html(trial_id)}.html#risk-of-bias">{name}</a>{about}'


def limits_of_card(dataset: Dataset, trial_id: str) -> Block:
    """Return the limits of a card: those of every report, since it says its own where they are."""
    if dataset.imported:
        return limits(dataset, trial_ids=[trial_id])
    return Block(f'<h2 id="limits">Limits</h2><p>{_LIMITS}</p>')


def _where_read(dataset: Dataset) -> tuple[str, ...]:
    """Return what was searched for trials, and where numbers were read."""
    database = database_of(dataset)
    if database:
        return (
            "No search was made here; a trial that is not in the database is missing.",
            f"All numbers were read in one place: {database}. No report of a trial was read here; "
            "what the database has wrong is wrong here.",
        )
    return ("No systematic search was made; most trials were read in abstracts.",)


def all_outcomes(dataset: Dataset) -> Block:
    """Return where it stands what each trial reports on each outcome, if a page tells it."""
    if dataset.imported:
        return Block("")
    place = "data-audit.html#what-each-trial-reports-on-each-outcome"
    return Block(
        f'<p><a href="{place}">What each trial reports on each outcome</a>, all trials.</p>'
    )
