"""The page that leads to all reports and finds every number, from disk and without a network."""

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jinja2
from markupsafe import Markup

from evidence import language
from evidence.blocks.output import anchor
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError, RenderError
from evidence.ledger import LedgerEntry, bibliography, citation, quotation, search
from evidence.ledger.bibliography import Item
from evidence.reports.catalog import GROUPS, Report
from evidence.reports.inspection import faults, sealed
from evidence.reports.page_links import shown_at
from evidence.reports.render import PACKAGE, TEMPLATES, tidy
from evidence.reports.stamp import Stamp

# What could end the element of a page that a text stands in, or a line of it.
_UNSAFE = {*map(ord, "<>&\u2028\u2029"), *range(0x7F, 0xA0)}
_ESCAPED = {code: f"\\u{code:04x}" for code in _UNSAFE}
_AT_A_TIME = 2
"""Bibliographies that are formatted at a time."""


_FACETS = ("therapy", "outcome", "time", "class")
"""What the first filters ask, as concepts name it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A question by which numbers are found.

    Attributes
    ----------
    name : str
        Its name in an address.
    label : str
        What is asked.
    options : tuple of (str, str)
        Answers that some number gives: value and words.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A number of the list.

    Attributes
    ----------
    shown, href : str
        The number, and where a report tells its origin.
    subject, rest : str
        The plain sentence in two parts.
    origin : str
        Id, state of the data, method, as a citation says them.
    processing : str
        How it was obtained.
    is_main : bool
        Whether it is the result of a main analysis.
    mixed : str
        Its comparators, where it mixes several classes of them.
    """

    shown: str
    href: str
    subject: str
    rest: str
    origin: str
    processing: str
    is_main: bool
    mixed: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All numbers of the index.

    Attributes
    ----------
    rows : tuple of Row
        Main analyses first, then what most reports show, then by id.
    filters : tuple of Filter
        In the order in which they are asked.
    data : str
        JSON for the script of the page, which may stand in an element of it. ``numbers`` has for
        each row its ``id``, its ``kind``, its answers to the filters (``at``), the places of its
        ``concepts`` (``of``), its place among answers to one question (``rank``), what follows the
        subject in the sentences ``ama`` and ``apa``, and the place of its references in ``sets``,
        null where they are not known. ``phrases`` and ``nothing`` are those of `search.Phrases`. A
        set has places of ``items`` (with ``bibtex`` and ``ris`` beside them) and, for each manner,
        of ``lines``. ``away`` has, by report, numbers whose origin another one tells.
    """

    rows: tuple[Row, ...]
    filters: tuple[Filter, ...]
    data: str


def listing(
    entries: Iterable[LedgerEntry],
    dataset: Dataset,
    reports: Mapping[str, str],
    texts: Mapping[str, str] | None = None,
) -> Listing:
    """Return the numbers of the ledger as the index lists them.

    Parameters
    ----------
    entries : iterable of LedgerEntry
        The ledger.
    dataset : Dataset
        Data package. A number of a report that was made from other data has no references here.
    reports : mapping of str
        Title of each report by its id, in the order of the catalog.
    texts : mapping of str to str, optional
        Page of each report as HTML, to find it by its words.
    """
    told = _told(texts or {})
    entries = list(entries)
    away = _away(entries, texts or {})
    ordered = sorted(
        entries, key=lambda one: (not _is_main(one), -len(one.reports), one.estimate_id)
    )
    found = _Finder(dataset)
    answers = [found.answers(one) for one in ordered]
    filters = _filters(answers, dataset, reports)
    references = _References()
    known = search.Known(dataset)
    concepts = [
        known.concepts(entry, zip(_FACETS, answer, strict=False))
        for entry, answer in zip(ordered, answers, strict=True)
    ]
    phrases = search.phrases(dataset, set().union(*concepts))
    number_of = {one: number for number, one in enumerate(phrases.concepts)}
    ranked = {one.estimate_id: rank for rank, one in enumerate(sorted(ordered, key=search.rank))}
    numbers = [
        {
            "id": entry.estimate_id,
            "kind": entry.entry_kind.value,
            "at": answer,
            "of": sorted(number_of[one] for one in of if one in number_of),
            "rank": ranked[entry.estimate_id],
            "ama": _rest(entry, dataset, "ama"),
            "apa": _rest(entry, dataset, "apa"),
            "set": references.place(entry, dataset),
        }
        for entry, answer, of in zip(ordered, answers, concepts, strict=True)
    ]
    content = {
        "heading": citation.HEADING,
        "numbers": numbers,
        "concepts": phrases.concepts,
        "phrases": phrases.phrases,
        "nothing": phrases.nothing,
        **references.content(),
        "told": told,
        "away": away,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    rows = tuple(_row(one, dataset, away) for one in ordered)
    return Listing(rows, filters, text.translate(_ESCAPED))


_NO_WORDS = re.compile(r"<(script|style|svg)\b.*?</\1>|<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{3,}")


def _told(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return reports, and by word the places of those that have it.

    Words of more than half of them lead to those that have it in a heading, if these are fewer.
    """
    pages = [_NO_WORDS.sub(" ", markup) for markup in texts.values()]
    sections = [" ".join(_SECTION.findall(markup)) for markup in texts.values()]
    found, titled = _by_word(pages), _by_word([_NO_WORDS.sub(" ", one) for one in sections])
    most = len(texts) // 2
    ways = {
        one: found[one] if len(found[one]) <= most else titled.get(one, []) for one in sorted(found)
    }
    few = {one: places for one, places in ways.items() if 0 < len(places) <= most}
    return {"reports": list(texts), "words": few}


_SECTION = re.compile(r"<h[23]\b.*?</h[23]>", re.DOTALL)


def _by_word(texts: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for one in dict.fromkeys(_WORD.findall(html.unescape(text).lower())):
            found.setdefault(one, []).append(place)
    return found


def _is_main(entry: LedgerEntry) -> bool:
    # Choices that differ from the main analysis are appended to its id.
    return entry.estimate_id.endswith((".pooled", ".pooled.model_che"))


def _rest(entry: LedgerEntry, dataset: Dataset, style: str) -> str:
    said = quotation.sentence(entry, dataset, style)
    return said.removeprefix(quotation.subject(entry, dataset))


def _away(entries: Iterable[LedgerEntry], texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return numbers of each report whose origin another one tells, with where they are shown.

    That is what the id of the first link to their origin begins with; empty where none has an id.
    """
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        place = anchor(entry.estimate_id)
        for report in entry.reports:
            page = texts.get(report, "")
            if page and f' id="{place}"' not in page:
                first = shown_at(place)
                begins = first.removesuffix(entry.estimate_id) if f' id="{first}"' in page else ""
                found.setdefault(report, {})[entry.estimate_id] = begins
    return found


def _row(entry: LedgerEntry, dataset: Dataset, away: Mapping[str, Mapping[str, str]]) -> Row:
    told = (one for one in entry.reports if entry.estimate_id not in away.get(one, {}))
    home = next(told, entry.reports[0])
    return Row(
        shown=quotation.shown(entry),
        href=f"{home}.html#{anchor(entry.estimate_id)}",
        subject=quotation.subject(entry, dataset),
        rest=_rest(entry, dataset, "plain"),
        origin=citation.origin(entry),
        processing=entry.processing,
        is_main=_is_main(entry),
        mixed=search.mixed(entry, dataset),
    )


class _Finder:
    """Answers to the filters, from the fields of an entry and the parts of its id."""

    def __init__(self, dataset: Dataset) -> None:
        trials, syntheses = dataset.trials, dataset.syntheses
        self._therapy_of = dict(zip(trials.trial_id, trials.therapy, strict=True))
        self._synthesis = {one.synthesis_id: one for one in records(syntheses)}
        self._therapies = dataset.vocabulary("therapy")
        self._outcomes = dataset.vocabulary("outcome")

    def answers(self, entry: LedgerEntry) -> list[Sequence[str]]:
        parts = entry.estimate_id.split(".")
        review = self._synthesis.get(parts[-1])
        outcomes = [one for one in parts if one in self._outcomes][:1]
        if not outcomes and review is not None and review.outcome_id:
            outcomes = [review.outcome_id]
        return [
            self._therapies_of(entry, parts, review),
            outcomes,
            [entry.timepoint] if entry.timepoint else [],
            [one for one in entry.comparator_class.split("; ") if one],
            [entry.processing],
            entry.reports,
        ]

    def _therapies_of(self, entry: LedgerEntry, parts: Sequence[str], review: Any) -> Sequence[str]:
        contrast = [one.partition("_vs_")[0] for one in parts if "_vs_" in one]
        if contrast:
            # The treatment that is compared: not always the one that its trial is listed under.
            return contrast
        if parts[0] in self._therapies:
            return parts[:1]
        if review is not None:
            return [review.topic] if review.topic in self._therapies else []
        return union(
            [[self._therapy_of[one]] for one in entry.trial_ids if one in self._therapy_of]
        )


def _filters(
    answers: Sequence[Sequence[Sequence[str]]], dataset: Dataset, reports: Mapping[str, str]
) -> tuple[Filter, ...]:
    asked = (
        ("therapy", "Therapy", dataset.worded("therapy") | dataset.worded("condition")),
        ("outcome", "Outcome", dataset.worded("outcome")),
        ("timepoint", "Time", quotation.times(dataset)),
        ("comparator", "Compared with", dataset.worded("comparator_class")),
        ("processing", "How obtained", dataset.worded("processing")),
        ("report", "Report", reports),
    )
    filters = []
    for place, (name, label, meanings) in enumerate(asked):
        given = {value for answer in answers for value in answer[place]}
        known = [one for one in meanings if one in given]
        options = [*known, *sorted(given.difference(known))]
        filters.append(
            Filter(
                name,
                label,
                tuple((one, language.capitalized(language.term(meanings, one))) for one in options),
            )
        )
    return tuple(filters)


class _References:
    """References of all numbers, each stored once."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._sets: dict[tuple[str, ...], int] = {}

    def place(self, entry: LedgerEntry, dataset: Dataset) -> int | None:
        """Return the place of the references of a number; None where the data lack them."""
        try:
            items = citation.references(entry, dataset)
        except ParameterError:
            return None
        self._items |= {one["id"]: one for one in items}
        return self._sets.setdefault(tuple(one["id"] for one in items), len(self._sets))

    def content(self) -> dict[str, Any]:
        """Return sets, items, their forms for reference managers, and their lines of text."""
        places = {key: place for place, key in enumerate(self._items)}
        lines: dict[str, int] = {}

        def placed(texts: Iterable[str]) -> list[int]:
            return [lines.setdefault(one, len(lines)) for one in texts]

        # Each set for itself: names and years that APA tells apart depend on what stands beside.
        wanted = [
            ([self._items[one] for one in keys], style)
            for keys in self._sets
            for style in bibliography.CSL_STYLES
        ]
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            texts = iter(list(pool.map(lambda one: citation.listed(*one), wanted)))
        sets = [
            {"items": [places[one] for one in keys]}
            | {style: placed(next(texts)) for style in bibliography.CSL_STYLES}
            for keys in self._sets
        ]
        items = list(self._items.values())
        return {
            "sets": sets,
            "items": items,
            "bibtex": [bibliography.bibtex([one]) for one in items],
            "ris": [bibliography.ris([one]) for one in items],
            "lines": list(lines),
        }


def _examples(listed: Listing) -> list[str]:
    """Return what can be asked of these numbers: words of the first one, and its digits."""
    if not listed.rows:
        return []
    first, asked = listed.rows[0], [one.options for one in listed.filters[:2]]
    words = [options[0][1] for options in asked if options]
    return [", ".join(words), first.shown.partition(" ")[0]]


def _groups(shown: Iterable[tuple[Report, str]]) -> list[dict[str, Any]]:
    """Return the reports by their groups, each with its id, title and answer."""
    pages: dict[str, list[dict[str, str]]] = {one: [] for one in GROUPS}
    for report, summary in shown:
        pages[report.group].append(
            {"report_id": report.report_id, "title": report.title, "summary": summary}
        )
    return [
        {"name": name, "heading": heading, "pages": pages[name]}
        for name, heading in GROUPS.items()
        if pages[name]
    ]


_SCRIPTS = 2
"""Data, and what works with them."""


def index(
    pages: Iterable[tuple[Report, str]],
    numbers: Iterable[LedgerEntry],
    stamp: Stamp,
    dataset: Dataset,
    texts: Mapping[str, str] | None = None,
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
    texts : mapping of str to str, optional
        Page of each report as HTML, to find it by its words.

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
    listed = listing(
        numbers, dataset, {report.report_id: report.title for report, _ in shown}, texts
    )
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
        heading=stamp.database or "Evidence on attachment-based therapies",
        state=stamp.state,
        searched=stamp.searched,
        groups=_groups(shown),
        filters=listed.filters,
        examples=_examples(listed),
        rows=listed.rows,
    )
    wrong = faults(markup, scripts=_SCRIPTS)
    if wrong:
        raise RenderError("the index has " + "; ".join(wrong))
    return sealed(tidy(markup))


def _part(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
