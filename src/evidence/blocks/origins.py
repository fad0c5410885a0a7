"""Where each number of a report comes from: print, place, conversion, processing."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks.escape import addressed, html
from evidence.blocks.output import Block, anchor
from evidence.blocks.tables import Cell, remark_of
from evidence.data.dataset import Dataset
from evidence.data.provenance import Locator, union
from evidence.data.records import records
from evidence.estimation.row import size_of
from evidence.ledger import LedgerEntry, chains, entries
from evidence.terms import Remark, RemarkKind, words_of

TOOL = {
    "cochrane_rob1_four_items": "four items of the first Cochrane tool (RoB 1)",
    "maastricht_amsterdam_list": "the Maastricht-Amsterdam list",
    "rob2": "RoB 2",
}
"""Tools of risk of bias in words."""
_ON_NO_CARD = ("shared_control",)
"""Routes of estimates that pages make for a question of theirs."""
_PART = re.compile(r"(?<=[,:] )")
_TO_ESTIMATE = re.compile(r'<a href="#(n-[^"]+)">([^<]*)</a>')


def reference_name(publication_id: str, dataset: Dataset) -> str:
    """Return a publication in a few words: first author and year, or title where no author is."""
    item = dataset.references.get(publication_id, {})
    year = item.get("issued", {}).get("date-parts", [[""]])[0][0]
    authors = item.get("author", [])
    if not authors:
        name = str(item.get("title") or item.get("container-title") or publication_id)
    else:
        name = str(authors[0].get("family") or authors[0].get("literal") or publication_id)
        if len(authors) > 1:
            name += " et al."
    return f"{name} {year}".strip()


def tool_name(tool: str, dataset: Dataset) -> str:
    """Return a tool of risk of bias in words; that of a publication, by its name.

    A database is known by its title.
    """
    item = dataset.references.get(tool)
    if item is None:
        return language.term(TOOL, tool)
    return str(item["title"]) if item.get("type") == "dataset" else reference_name(tool, dataset)


def sources(locator_ids: Iterable[str], dataset: Dataset) -> str:
    """Return places where numbers were read, as HTML with their addresses."""
    return "<br>".join(f"{_place(one, dataset)} ({_read(one, dataset)})" for one in locator_ids)


def _read(locator_id: str, dataset: Dataset) -> str:
    """Return how often a place was read, and when last."""
    locator = dataset.locator(locator_id)
    return f"{language.count(locator.readings, 'reading')}, {locator.accessed:%Y-%m-%d}"


def provenance(
    dataset: Dataset,
    *,
    estimates: pd.DataFrame,
    pooled: Sequence[tuple[LedgerEntry, str | Cell]] = (),
    heading: str = "Pooled results",
    whole: bool = False,
    listed: "Sources | None" = None,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Block:
    """Return the section that every number of a report leads to.

    How an estimate follows from print stands whole on the card of its trial; elsewhere a line says
    what it is, from which source, and leads there. A package that has no cards has it whole.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    estimates : DataFrame
        Rows of the frame of estimates that the report shows, each with an effect.
    pooled : sequence of tuple
        Pooled results, or others computed from estimates, each with what entered it.
    heading : str
        What these are called.
    whole : bool
        Whether to tell each estimate whole, as the card of its trial does.
    listed : Sources, optional
        Places that the page names by their numbers before this section.
    elsewhere : mapping of str to str
        Report that tells a pooled result whole, by its id.
    """
    # What several rows of a page share is told with the first of them.
    first = {entry.estimate_id: (entry, what) for entry, what in reversed(pooled)}
    pooled = list(first.values())[::-1]
    rows = list(records(estimates.drop_duplicates("estimate_id")))
    found = [entries.of_estimate(row, dataset) for row in rows]
    listed = listed or Sources(dataset)
    parts = ['<section class="provenance">\n<h2 id="numbers">Where each number comes from</h2>']
    pairs = list(zip(rows, found, strict=True))
    alone = whole or dataset.imported
    told = [one for one in pairs if alone or one[0].route in _ON_NO_CARD]
    short = [one for one in pairs if not alone and one[0].route not in _ON_NO_CARD]
    if short and (elsewhere or not (pooled or told)):
        there = "Numbers of single trials lead to their cards"
        if elsewhere:
            there = "Numbers lead to the reports and cards that tell where they come from"
        parts.append(f"<p>{there}.</p>")
    # A link to a place in it opens it, and paper shows it.
    parts.append('<details>\n<summary class="again">Each number</summary>')
    if told:
        parts.append("<h3>Estimates of single trials</h3>")
        parts += _by_print(told, dataset, listed)
    found += [entry for entry, _ in pooled]
    here = [one for one in pooled if one[0].estimate_id not in elsewhere]
    if here:
        parts.append(f"<h3>{html(heading)}</h3>")
        parts += _computed(here, estimates, listed)
    away = [one for one, _ in pooled if one.estimate_id in elsewhere]
    if short or away:
        # A page beside the others does without: its numbers lead straight to them.
        parts.append('<section class="on-cards">\n<h3>Told whole in other reports</h3>')
        parts += [*_by_trial(short, listed), *_by_report(away, elsewhere), "</section>"]
    parts += [listed.markup(), "</details>\n</section>"]
    return Block("\n".join(one for one in parts if one), tuple(found))


class Sources:
    """Places of print that a page names by their numbers, each told once.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    first : iterable of str
        Locators that have the first numbers; others follow as they are named.
    """

    def __init__(self, dataset: Dataset, first: Iterable[str] = ()) -> None:
        self.dataset = dataset
        self._found = {one: place for place, one in enumerate(dict.fromkeys(first), start=1)}

    def links(self, locator_ids: Iterable[str]) -> str:
        """Return links to places by their numbers, as "[1] [2]", as HTML."""
        numbers = [self._found.setdefault(one, len(self._found) + 1) for one in locator_ids]
        return " ".join(f'<a href="#source-{one}">[{one}]</a>' for one in dict.fromkeys(numbers))

    def markup(self) -> str:
        """Return the places, each with how often and when it was read."""
        if not self._found:
            return ""
        often = Counter(_read(one, self.dataset) for one in self._found)
        ((usual, count),) = often.most_common(1)
        # What one place alone says is said with it.
        usual = usual if count > 1 else ""
        lines = []
        for one, number in self._found.items():
            read = _read(one, self.dataset)
            when = "" if read == usual else f" ({read})"
            place = f"{_place(one, self.dataset)}{when}"
            lines.append(f'<li id="source-{number}" tabindex="-1">{place}</li>')
        but = ", unless said otherwise" if len(often) > 1 else ""
        said = f"<p>Each: {usual}{but}.</p>\n" if usual else ""
        told = "\n".join(lines)
        heading = '<h3 id="sources">Sources [in brackets]</h3>'
        return f'{heading}\n{said}<ol class="sources">\n{told}\n</ol>'


def told_whole(
    dataset: Dataset, estimates: pd.DataFrame, listed: Sources, *, on_card: bool = False
) -> Block:
    """Return estimates with what is printed and how they follow, those of one print together.

    On a card corrections are named, since it tells them whole elsewhere.
    """
    rows = list(records(estimates.drop_duplicates("estimate_id")))
    found = [entries.of_estimate(row, dataset) for row in rows]
    pairs = list(zip(rows, found, strict=True))
    parts = _by_print(pairs, dataset, listed, heading="h3", on_card=on_card)
    body = "\n".join(parts)
    return Block(f'<section class="provenance">\n{body}\n</section>', tuple(found))


def _by_print(
    rows: Sequence[tuple[Any, LedgerEntry]],
    dataset: Dataset,
    listed: Sources,
    heading: str = "h4",
    *,
    on_card: bool = False,
) -> list[str]:
    """Return estimates with their chains; what those of the same print share is said once."""
    grouped: dict[tuple[Any, ...], list[tuple[Any, LedgerEntry]]] = {}
    one_trial = len({row.trial_id for row, _ in rows}) == 1
    one_contrast = (
        one_trial and len({entries.called(row, dataset).contrast for row, _ in rows}) == 1
    )
    for row, entry in rows:
        name = entries.called(row, dataset)
        # Where all are of one trial, or of one contrast, the page says which.
        measured = name.measured if one_contrast else f"{name.measured}, {name.contrast}"
        key = (name.trial, measured, chains.printed(row, dataset), *row.locator_ids)
        grouped.setdefault(key, []).append((row, entry))
    parts = []
    for (trial, measured, printed, *places), each in grouped.items():
        told_by = Counter(
            one for row, _ in each for one in {one.text for one in _remarks(row, on_card=on_card)}
        )
        shared = [
            html(one.text)
            for one in _remarks(each[0][0], on_card=on_card)
            if told_by[one.text] == len(each)
        ]
        corrected = union(row.correction_ids for row, _ in each) if on_card else ()
        links = [f'<a href="#{html(remark_of(one))}">remark {html(one)}</a>' for one in corrected]
        told = [
            ("Printed", html(printed).replace("\n", "<br>")),
            ("From", listed.links(places)),
            ("Participants", html(str(size_of([each[0][0]])))),
            ("Remarks", "<br>".join([*shared, *links])),
        ]
        body = "".join(f"<dt>{term}</dt><dd>{value}</dd>" for term, value in told if value)
        titled = measured if one_trial else f"{trial}, {measured}"
        lines = []
        for row, entry in each:
            own = [
                html(one.text)
                for one in _remarks(row, on_card=on_card)
                if told_by[one.text] < len(each)
            ]
            metric = entries.called(row, dataset).metric
            made = chains.conversion(row, dataset)
            # "As printed: as printed" says it twice.
            said = metric if metric.endswith(made) else f"{metric}: {made}"
            how = [html(said), _span(row), *own]
            lines.append(_line(entry, html(entries.quoted(entry)), "; ".join(filter(None, how))))
        parts.append(
            f'<article class="origin">\n<{heading}>{html(titled)}</{heading}>\n<dl>{body}</dl>\n'
            '<ul class="lines">\n' + "\n".join(lines) + "\n</ul>\n</article>"
        )
    return parts


def _remarks(row: Any, *, on_card: bool) -> list[Remark]:
    """Return the remarks on an estimate but for that on sizes, which the participants say.

    A card tells corrections elsewhere.
    """
    left = {RemarkKind.SIZES_OF_RANDOMIZED, *([RemarkKind.CORRECTION] if on_card else [])}
    return [one for one in row.remarks if one.kind not in left]


def _span(row: Any) -> str:
    """Return the range that a source leaves open, in words."""
    span = entries.range_left_open(row)
    return html(f"range left open {span}") if span else ""


def _by_trial(rows: Sequence[tuple[Any, LedgerEntry]], listed: Sources) -> list[str]:
    """Return the estimates of each contrast of each trial, a line each."""
    grouped: dict[tuple[str, str], list[tuple[Any, LedgerEntry]]] = {}
    dataset = listed.dataset
    for row, entry in rows:
        key = row.trial_id, entries.called(row, dataset).contrast
        grouped.setdefault(key, []).append((row, entry))
    parts = []
    for (trial_id, contrast), each in grouped.items():
        card, label = f"trial-{trial_id}.html", each[0][0].label
        parts.append(f'<h4><a href="{html(card)}">{html(label)}</a>, {html(contrast)}</h4>')
        lines = []
        for row, entry in each:
            place = html(anchor(row.estimate_id))
            shown = f'<a href="{html(card)}#{place}">{html(entries.quoted(entry))}</a>'
            name = entries.called(row, dataset)
            # The card names an instrument in full.
            measure = "" if row.event else dataset.measure(row.instrument_id)
            when = dataset.in_text("timepoint", row.timepoint)
            measured = f"{measure}, {when}" if measure else name.measured
            what = f"{measured}, {name.metric}"
            origin = _joined(html(entry.counts), listed.links(row.locator_ids))
            lines.append(_Line(entry, what, shown, origin))
        parts += _lists(lines)
    return parts


def _by_report(pooled: Sequence[LedgerEntry], elsewhere: Mapping[str, str]) -> list[str]:
    """Return pooled results that other reports tell whole, a line each."""
    lines = []
    for entry in pooled:
        place = html(f"{elsewhere[entry.estimate_id]}.html#{anchor(entry.estimate_id)}")
        shown = f'<a href="{place}">{html(entries.quoted(entry))}</a>'
        lines.append(_Line(entry, entry.label, shown, ""))
    return _lists(lines)


@dataclass(frozen=True, slots=True)
class _Line:
    """A number that a link can lead to: what it is, the number as HTML, and where it is from."""

    entry: LedgerEntry
    what: str
    shown: str
    origin: str


def _lists(lines: Sequence[_Line]) -> list[str]:
    """Return numbers in lists; what neighbors are called alike is said once, above them."""
    parts: list[str] = []
    for shared, group in _runs(lines):
        # What shares nothing would stand under the words of those before it.
        heading = shared.rstrip(",: ") or ("Others" if parts else "")
        if heading:
            parts.append(f'<p class="shared">{html(heading)}:</p>')
        items = [
            _line(one.entry, one.shown, _told(html(one.what.removeprefix(shared)), one.origin))
            for one in group
        ]
        parts.append('<ul class="lines">\n' + "\n".join(items) + "\n</ul>")
    return parts


def _runs(lines: Sequence[_Line]) -> list[tuple[str, Sequence[_Line]]]:
    """Return neighbors with what all labels of a run begin with, so that the words are fewest."""
    split = [_PART.split(one.what) for one in lines]
    # Of the first lines: words, where their last run begins, and what it shares.
    best: list[tuple[int, int, str]] = [(0, 0, "")]
    for end, alone in enumerate(split, start=1):
        options = [(best[-1][0] + _words(alone), end - 1, "")]
        common, own = alone[:-1], _words(alone)
        for start in range(end - 2, -1, -1):
            common = common[: _alike(common, split[start][:-1])]
            if not common:
                break
            own += _words(split[start])
            saved = (end - start - 1) * _words(common)
            options.append((best[start][0] + own - saved, start, "".join(common)))
        best.append(min(options))
    runs: list[tuple[str, Sequence[_Line]]] = []
    end = len(lines)
    while end:
        _, start, shared = best[end]
        runs.append((shared, lines[start:end]))
        end = start
    merged: list[tuple[str, Sequence[_Line]]] = []
    for shared, group in reversed(runs):
        if merged and not shared and not merged[-1][0]:
            merged[-1] = ("", [*merged[-1][1], *group])
        else:
            merged.append((shared, group))
    return merged


def _words(parts: Sequence[str]) -> int:
    return sum(len(one.split()) for one in parts)


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many parts two labels begin with alike."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return sum(1 for _ in pairs)


def _told(what: str, origin: str) -> str:
    """Return what a number is, and where it is from; a page that shows it says what it is there."""
    return _joined(f'<span class="what">{what}</span>' if what else "", origin)


def _joined(*parts: str) -> str:
    return "; ".join(one for one in parts if one)


def _line(entry: LedgerEntry, shown: str, told: str) -> str:
    """Return a number in a line that a link can lead to."""
    return (
        f'<li id="{html(anchor(entry.estimate_id))}" tabindex="-1"><b>{shown}</b> {told} '
        f'<span class="tag {html(entry.processing)}">{html(entry.processing)}</span> '
        f"<code>{html(entry.estimate_id)}</code></li>"
    )


def _computed(
    pooled: Sequence[tuple[LedgerEntry, str | Cell]], estimates: pd.DataFrame, listed: Sources
) -> list[str]:
    """Return numbers that were computed from others; what several were made from is said once."""
    made = []
    for entry, made_from in pooled:
        cell = made_from if isinstance(made_from, Cell) else Cell(made_from)
        before = "from " if cell.text or cell.markup else ""
        made.append((entry, before, _members(cell, entry, estimates, listed)))
    # Places have words of people in them, so that no number of words decides.
    sets = _Named("set", [members for _, before, members in made if before], least=1)
    every = [html(entry.method) for entry, *_ in made]
    (usual, often), *_ = Counter(every).most_common(1)
    usual = usual if often > 2 else ""
    methods = _Named("method", [one for one in every if one != usual], least=5)
    lines = []
    for (entry, before, members), method in zip(made, every, strict=True):
        drawn = members and (sets.link(members) or f"{before}{members}")
        how = "" if method == usual else methods.link(method) or method
        lines.append(_Line(entry, entry.label, html(entries.quoted(entry)), _joined(how, drawn)))
    unsaid = [f"<p>Method, where none is named: {usual}.</p>"] if usual else []
    return [
        *unsaid,
        *methods.told("Other methods:" if usual else "Methods:"),
        *sets.told("Sets of numbers:"),
        *_lists(lines),
    ]


class _Named:
    """What several numbers share of their origin, told once and named by a number.

    Parameters
    ----------
    kind : str
        What it is called.
    origins : sequence of str
        What each number says, as HTML.
    least : int
        Words that are many enough to be said once; what is shorter is said with each.
    """

    def __init__(self, kind: str, origins: Sequence[str], *, least: int) -> None:
        self.kind = kind
        often = Counter(origins)
        named = [one for one in often if often[one] > 1 and len(one.split()) >= least]
        self._place = {one: place for place, one in enumerate(named, start=1)}

    def link(self, origin: str) -> str:
        """Return a link to what is told once, empty where it is not."""
        place = self._place.get(origin)
        return f'<a href="#{self.kind}-{place}">{self.kind} {place}</a>' if place else ""

    def told(self, heading: str) -> list[str]:
        """Return the list of what is told once."""
        items = [
            f'<li id="{self.kind}-{place}" tabindex="-1">{origin}</li>'
            for origin, place in self._place.items()
        ]
        return [f"<p>{heading}</p>", '<ol class="sets">', *items, "</ol>"] if items else []


def _members(members: Cell, entry: LedgerEntry, estimates: pd.DataFrame, listed: Sources) -> str:
    """Return what a number was computed from, with the places that no link in it leads to."""
    there = {anchor(one) for one in estimates.estimate_id}
    said = members.markup or html(members.text).replace("\n", "<br>")
    if not said:
        return listed.links(entry.locator_ids)
    shown = _TO_ESTIMATE.sub(lambda link: link[0] if link[1] in there else link[2], said)
    linked = {one for one in estimates.estimate_id if f'"#{anchor(one)}"' in shown}
    told = union(estimates.locator_ids[estimates.estimate_id.isin(linked)])
    rest = [one for one in entry.locator_ids if one not in told]
    return "; ".join([one for one in (shown, listed.links(rest)) if one])


def place_name(locator: Locator, dataset: Dataset) -> str:
    """Return a publication with the place in it, as text."""
    return f"{reference_name(locator.publication_id, dataset)}, {words_of(locator.place)}"


def _place(locator_id: str, dataset: Dataset) -> str:
    """Return a place where a number was read as a link, as HTML."""
    locator = dataset.locator(locator_id)
    return addressed(locator.url, place_name(locator, dataset))
