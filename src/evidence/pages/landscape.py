"""Other therapies that carry the word attachment: what published reviews and trials report."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import closing, origins
from evidence.blocks.escape import addressed, html
from evidence.blocks.figures import forest_figure
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, Figure, anchor, items, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, with_id
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import check_choice
from evidence.ledger import LedgerEntry
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.pages.summary.numbers import of_published
from evidence.terms import EntryKind, words_of

TOPIC = "landscape"
BETWEEN, WITHIN = "between", "within"
SYMBOL = {
    **dict.fromkeys(("hedges_g", "hedges_g_within"), "g"),
    **dict.fromkeys(("cohens_d", "cohens_d_within", "cohens_d_range"), "d"),
    "correlation": "r",
    "odds_ratio": "OR",
    "risk_ratio": "RR",
    "standardized_mean_difference": "SMD",
    "effect_size": "effect size",
}
METRIC = {
    "hedges_g": "Hedges g",
    "cohens_d": "Cohen d",
    "cohens_d_range": "Cohen d, lowest to highest of several measures",
    "correlation": "effect expressed as a correlation (r)",
    "odds_ratio": "odds ratio",
    "risk_ratio": "risk ratio",
    "standardized_mean_difference": "standardized mean difference (SMD)",
    "effect_size": "effect size, kind not named",
}
WORDS = {
    "in_favor": "in favor",
    "no_difference": "no clear difference",
    "against": "in favor of the other treatment",
    "mixed": "results differ",
}
"""What a source says where the data have its words alone."""
BETTER = {
    "higher": "",
    "lower": ", lower is better",
    "above_1": ", above 1 is better",
    "below_1": ", below 1 is better",
    "": ", better side not stated",
}
"""What follows a number, so that nobody takes it for the wrong side."""
SIDE = {
    "higher": "higher favors the intervention",
    "lower": "lower favors the intervention",
    "above_1": f"{language.SIDE['above_1']} favors the intervention",
    "below_1": f"{language.SIDE['below_1']} favors the intervention",
    "": "which side is better is not stated",
}
_LONG = 4
"""Decimals from which a value is a computed one, and is shown with two."""


@cache
def _judged() -> Mapping[str, Any]:
    return tomllib.loads((files("evidence.pages") / "landscape.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A row of the landscape: typed, as text, and with its numbers of the ledger.

    Attributes
    ----------
    row, printed : named tuple
        Row of ``syntheses``, its values as numbers and in the digits of the source.
    outcome : str
        Its outcome in few words.
    entries : tuple of LedgerEntry
        One number, the two ends of a range, or none.
    """

    row: Any
    printed: Any
    outcome: str
    entries: tuple[LedgerEntry, ...]

    @property
    def values(self) -> list[str]:
        """Numbers in the digits of the source; one that was computed, with two decimals."""
        one = self.printed
        given = (one.estimate, one.ci_low, one.ci_high) if one.estimate else _ends(one)
        return [_short(value) for value in given if value]

    @property
    def said(self) -> str:
        """The number with its symbol, as text; the words of the source where there is none."""
        if not self.entries:
            return language.term(WORDS, self.row.said)
        effect, *limits = self.values
        if len(self.entries) > 1:
            return f"{self.symbol}\u00a0{effect} to {limits[0]}"
        return f"{self.symbol}\u00a0{effect}" + (f" ({limits[0]} to {limits[1]})" if limits else "")

    @property
    def symbol(self) -> str:
        """The metric as it stands before a number."""
        return language.term(SYMBOL, self.row.metric)

    @property
    def markup(self) -> str:
        """The same as HTML, each number a link to where it comes from, with its better side."""
        if not self.entries:
            return html(self.said)
        linked = [number_link(self.entries[0], self.said)]
        if len(self.entries) > 1:
            pairs = zip(self.entries, self.values, strict=True)
            linked = [number_link(entry, f"{self.symbol}\u00a0{value}") for entry, value in pairs]
        side = language.term(BETTER, self.row.favors_intervention_when or "")
        return f"{' to '.join(linked)}{html(side)}"

    @property
    def compared(self) -> str:
        """What was compared: the contrast up to what was measured."""
        return str(self.row.contrast).partition(", ")[0]

    @property
    def measured(self) -> str:
        """What was measured: the rest of the contrast, with the outcome where it names none."""
        rest = str(self.row.contrast).partition(", ")[2]
        outcomes = _judged()["outcomes"]
        if rest and self.is_known and self.row.synthesis_id not in outcomes["named_by_none"]:
            return rest
        return ", ".join(one for one in (self.outcome, rest) if one)

    @property
    def is_known(self) -> bool:
        """Whether its approach is one of those that were judged."""
        people = _judged()["people"].values()
        return any(self.row.approach in several for several in people)

    @property
    def is_of_one_study(self) -> bool:
        """Whether the source says it of a single study."""
        return not pd.isna(self.row.k) and self.row.k == 1

    @property
    def size(self) -> str:
        """Studies and participants, where a review says them of this result."""
        parts = []
        if self.printed.k and not self.is_of_one_study:
            parts.append(f"{int(self.row.k):,} studies")
        if self.printed.n and not self.is_of_one_study:
            parts.append(f"{int(self.row.n):,} participants")
        return f" ({', '.join(parts)})" if parts else ""


def _ends(row: Any) -> tuple[Any, Any]:
    """Return the ends of a range; the limits are one where the metric says so."""
    if row.metric.endswith("_range"):
        return row.ci_low, row.ci_high
    return row.range_low, row.range_high


def _short(value: str) -> str:
    long = len(value.partition(".")[2]) >= _LONG
    return language.minus(language.fixed(float(value)) if long else value)


@dataclass(frozen=True)
class Landscape:
    """What the data have on other therapies, in the order of their rows."""

    dataset: Dataset
    results: tuple[Result, ...]

    @cached_property
    def publications(self) -> dict[str, list[Result]]:
        """Results by publication."""
        found: dict[str, list[Result]] = {}
        for one in self.results:
            found.setdefault(one.row.publication_id, []).append(one)
        return found

    @property
    def approaches(self) -> list[str]:
        """Approaches, each once."""
        return list(dict.fromkeys(one.row.approach for one in self.results))

    def of_basis(self, *bases: str) -> list[Result]:
        """Return the results against a comparison group, within the treated, or of neither."""
        return [one for one in self.results if one.row.basis in bases]

    def name(self, approach: str) -> str:
        """Return an approach in words."""
        return self.dataset.in_text("approach", approach)

    def is_review(self, publication: str) -> bool:
        """Whether a publication gathers studies, by its role."""
        return bool(self.dataset.publication(publication).role == "review")

    def is_one_trial(self, publication: str) -> bool:
        """Whether all results of a publication are of one study."""
        return all(one.is_of_one_study for one in self.publications[publication])


def read(dataset: Dataset, approach: str = "all") -> Landscape:
    """Return the landscape of a data package, without a row where it has none.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    approach : str
        One approach, or all.

    Raises
    ------
    ParameterError
        If the approach is none of the vocabulary.
    """
    check_choice("approach", approach, ("all", *dataset.vocabulary("approach")))
    typed = dataset.syntheses[dataset.syntheses.topic == TOPIC]
    if approach != "all":
        typed = typed[typed.approach == approach]
    text = dataset.text("syntheses").set_index("synthesis_id")
    printed = records(text.loc[list(typed.synthesis_id)])
    found = [
        Result(row, one, dataset.short("outcome", row.outcome_id), _entries(row, dataset))
        for row, one in zip(records(typed), printed, strict=True)
    ]
    return Landscape(dataset, tuple(found))


def _entries(row: Any, dataset: Dataset) -> tuple[LedgerEntry, ...]:
    if not pd.isna(row.estimate):
        return (of_published(row, dataset),)
    low, high = _ends(row)
    if pd.isna(low) or pd.isna(high):
        return ()
    made = {
        end: of_published(row._replace(estimate=value, ci_low=None, ci_high=None), dataset)
        for end, value in (("lowest", low), ("highest", high))
    }
    return tuple(
        replace(
            one,
            estimate_id=f"{one.estimate_id}.{end}",
            label=f"{one.label}, {end} of several measures",
            entry_kind=EntryKind.PUBLISHED,
            metric=one.metric.removesuffix("_range"),
        )
        for end, one in made.items()
    )


def first_screen(found: Landscape) -> Block:
    """Return what was found for whom, and what may not be read out of it."""
    if not found.results:
        return paragraphs("The data have nothing on other therapies.")
    numbers = {name: closing.counted(name, number) for name, number, _ in _counts(found)}
    people = _judged()["people"]
    parents = sum(one in people["parents"] for one in found.approaches)
    judged = {one for several in people.values() for one in several}
    if not set(found.approaches) <= judged:
        say = "Whom each of these therapies treats was not judged; the tables say it as reported."
    elif any(one in people["individual_adults"] for one in found.approaches):
        say = "Of therapies that carry the word attachment, some treat single adults."
    else:
        named = people["adults_by_another_name"]
        others = [found.name(one) for one in named if one in found.approaches]
        rest = "rests on attachment and is" if len(others) == 1 else "rest on attachment and are"
        also = f"; {language.listed(others)} {rest} tried in adults too" if others else ""
        say = (
            "Nothing was found for individual therapy of adults that calls itself "
            f'attachment-based, as <a href="claims.html">a popular article</a> has it{html(also)}.'
        )
    paragraph = (
        f"Of {numbers['approaches']} other approaches that carry the word attachment or rest on "
        f"it, {html(language.count(parents))} treat parents or parents with their child. "
        f"{numbers['results']} results were read in {numbers['publications']} publications, "
        f"{numbers['reviews']} of them reviews and {numbers['single']} on a single trial; "
        f"{numbers['abstracts']} were read in the abstract alone. {numbers['words']} results are "
        "in words without a number. Nothing is pooled here."
    )
    shown = [one for one in found.of_basis(BETWEEN) if one.entries and _is_symptom(one)]
    listed = items(_with_source(found, one) for one in shown)
    remarks = [
        "Effects on attachment, on the sensitivity of parents or on a relationship are not "
        "effects on symptoms. "
        + (
            "On symptoms, stress or behavior against a comparison group, these are all the "
            f"numbers, each of something else:\n{listed}"
            if shown
            else "On symptoms against a comparison group there is no number."
        ),
        "A change within the treated shows no effect of a therapy, since people change without "
        'one, too; such values <a href="#changes">are apart</a>.',
        _same_trials(found),
    ]
    about = {one.row.outcome_id for one in found.results}
    return joined(
        Block(answer(say, paragraph, (), remarks, about).html),
        Block("", tuple(entry for one in shown for entry in one.entries)),
    )


def _counts(found: Landscape) -> list[tuple[str, int, str]]:
    publications = found.publications
    read_as = [found.dataset.publication(one).read_as for one in publications]
    return [
        ("approaches", len(found.approaches), "approaches"),
        ("results", len(found.results), "rows of syntheses.csv, topic landscape"),
        ("publications", len(publications), "publications"),
        ("reviews", sum(map(found.is_review, publications)), "reviews"),
        ("single", sum(map(found.is_one_trial, publications)), "on one study"),
        ("abstracts", read_as.count("abstract"), "read as abstracts"),
        ("words", sum(not one.entries for one in found.results), "rows without a number"),
    ]


def _with_source(found: Landscape, one: Result) -> str:
    """Return a number with whose it is, of what, against what, and that it has no interval."""
    source = origins.reference_name(one.row.publication_id, found.dataset)
    kind = "review" if found.is_review(one.row.publication_id) else "single trial"
    bare = "; no interval found" if len(one.values) == 1 else ""
    said = f"{source}, {kind}{one.size}: {one.outcome}, {one.compared}, "
    return f"{html(said)}{one.markup}{bare}"


def _is_symptom(one: Result) -> bool:
    return one.row.outcome_id in _judged()["outcomes"]["symptoms"]


def _same_trials(found: Landscape) -> str:
    """Return which publications tell of one trial, and which reviews can share trials, as HTML."""
    said = []
    for one in _judged()["together"]:
        there = [name for name in one["publications"] if name in found.publications]
        if len(there) == len(one["publications"]):
            names = language.listed(origins.reference_name(name, found.dataset) for name in there)
            said.append(f"{names} ({one['says']})")
    overlapping = [
        f"{found.name(approach)} ({language.count(count, 'review')})"
        for approach in found.approaches
        if (
            count := sum(
                found.is_review(name)
                for name, rows in found.publications.items()
                if rows[0].row.approach == approach
            )
        )
        > 1
    ]
    parts = []
    if said:
        parts.append(f"Not independent: {'; '.join(said)}.")
    if overlapping:
        parts.append(
            f"Reviews of one approach can hold the same trials: {'; '.join(overlapping)}. Those of "
            "interventions of any kind can hold trials of the programs."
        )
    return html(" ".join(parts) or "No two rows are known to tell of one trial.")


def figure(found: Landscape) -> Figure | Block:
    """Return the numbers against a comparison group, one panel for each metric and its side."""
    numbers = [one for one in found.of_basis(BETWEEN) if one.entries]
    if not numbers:
        return paragraphs("There is no number against a comparison group.")
    groups: dict[tuple[str, str], list[Result]] = {}
    for one in numbers:
        groups.setdefault((one.row.metric, one.row.favors_intervention_when or ""), []).append(one)
    panels = [
        Forest(
            rows=tuple(_row(one, found) for one in group),
            name=f"{language.capitalized(language.term(METRIC, metric))}: {SIDE[side]}",
            estimate="as reported",
            axis="",
            ratio=metric.endswith("_ratio"),
            whole=True,
        )
        for (metric, side), group in sorted(groups.items(), key=lambda item: -len(item[1]))
    ]
    spoken = "; ".join(f"{_name(one, found)}, {one.outcome}: {one.said}" for one in numbers)
    return forest_figure(
        "landscape",
        panels,
        alt=f"Numbers as reported, one panel for each metric. {spoken}.",
        caption="Results against a comparison group, as reported. Each panel has a metric and an "
        "axis of its own; values of different panels, outcomes or comparators are not to be "
        "compared. Diamonds are of reviews, squares of single trials; no line: no interval was "
        "reported.",
        table=paragraphs("The tables below have each number, with what was compared."),
    )


def _name(one: Result, found: Landscape) -> str:
    return origins.reference_name(one.row.publication_id, found.dataset)


def _row(one: Result, found: Landscape) -> Row:
    numbers = [one.row.estimate, one.row.ci_low, one.row.ci_high]
    if len(one.entries) > 1:
        numbers = [None, *(entry.effect for entry in one.entries)]
    effect, low, high = (None if pd.isna(value) else float(value) for value in numbers)
    return Row(
        kind=Kind.TRIAL if one.is_of_one_study else Kind.POOLED,
        label=_name(one, found),
        below=one.outcome,
        effect=effect,
        ci_low=low,
        ci_high=high,
        shown=one.said,
    )


def compared(found: Landscape) -> Block:
    """Return the results against a comparison group, a table for each approach."""
    return _tables(found.of_basis(BETWEEN), found, "")


def _tables(rows: Sequence[Result], found: Landscape, also: str) -> Block:
    blocks = []
    for approach in dict.fromkeys(one.row.approach for one in rows):
        own = [one for one in rows if one.row.approach == approach]
        caption = f"{language.capitalized(found.name(approach))}{also}"
        blocks.append(_table(own, found, caption))
    return joined(*blocks) if blocks else paragraphs("None.")


def _table(rows: Sequence[Result], found: Landscape, caption: str) -> Block:
    """Return results by publication, those on symptoms apart from those on attachment."""
    outcomes = _judged()["outcomes"]
    columns = (
        ("Attachment, parenting, relationship", outcomes["attachment"]),
        ("Symptoms, stress, behavior", outcomes["symptoms"]),
        ("Other outcomes", {one.row.outcome_id for one in rows}.difference(*outcomes.values())),
    )
    shown = [one for one in columns if any(row.row.outcome_id in one[1] for row in rows)]
    by_source: dict[tuple[str, ...], list[Result]] = {}
    for one in rows:
        key = (one.row.publication_id, one.row.treated, one.compared)
        by_source.setdefault(key, []).append(one)
    body = [
        (
            Cell(markup=_source(publication, several, found)),
            Cell(f"{treated}: {contrast}"),
            *(
                _results([one for one in several if one.row.outcome_id in accepted])
                for _, accepted in shown
            ),
        )
        for (publication, treated, contrast), several in by_source.items()
    ]
    names = (name for name, _ in shown)
    return table(caption, ("Source", "Who was treated: what was compared", *names), body)


def _results(rows: Sequence[Result]) -> Cell:
    lines = [f"{html(one.measured)}: {one.markup}{html(one.size)}" for one in rows]
    return Cell(
        markup="<br>".join(lines) or "–",
        entries=tuple(entry for one in rows for entry in one.entries),
    )


def _source(publication: str, rows: Sequence[Result], found: Landscape) -> str:
    """Return a publication, what it is, and links to the places that were read, as HTML."""
    name = origins.reference_name(publication, found.dataset)
    kind = "review" if found.is_review(publication) else ""
    if found.is_one_trial(publication):
        n = sorted({int(one.printed.n) for one in rows if one.printed.n})
        kind = "single trial" + (f", {n[-1]:,} participants" if n else "")
    read = dict.fromkeys(one.row.locator_id for one in rows)
    places = [_place(locator_id, found.dataset) for locator_id in read]
    return f"{html(', '.join(one for one in (name, kind) if one))}<br>{'; '.join(places)}"


def elsewhere(found: Landscape) -> Block:
    """Return the results whose comparison is not named, and the changes within the treated."""
    unnamed = [one for one in found.results if one.row.basis not in (BETWEEN, WITHIN)]
    within = found.of_basis(WITHIN)
    blocks = [
        Block('<h2 id="unnamed">Where no comparison is named</h2>'),
        paragraphs(
            "What was read names no comparison group for these, also where a line says control; "
            "uncontrolled studies can be among them."
        ),
        _tables(unnamed, found, ", comparison not named"),
        Block('<h2 id="changes">Changes within the treated, compared with nobody</h2>'),
        paragraphs(
            "From before to after, in those treated alone. They hold what would have happened "
            "anyway and are no effects of a therapy; no value above is of their kind."
        ),
        _tables(within, found, ", change within the treated"),
    ]
    return joined(*blocks)


def closing_sections(found: Landscape) -> Block:
    """Return remarks of the data, methods, where each number comes from, how to cite, limits."""
    cited = closing.workbook(found.dataset, "landscape")
    return joined(
        _remarks(found),
        closing.methods(
            [
                "Published reviews, and main trials, of therapies other than ABFT and ABCT. "
                "Numbers and words are those of the source; nothing was computed, turned or "
                "pooled. Which outcomes count as symptoms, whom an approach treats and which "
                "publications tell of one trial was judged by reading."
            ]
        ),
        _provenance(found),
        Block(
            f'<h2 id="cite">How to cite</h2><p class="cite">{html(cited)}</p>'
            "<p>Cite the source of a number beside the workbook; the index gives it.</p>"
        ),
        Block(
            '<h2 id="limits">Limits</h2>'
            + items(
                [
                    "No systematic search was made; what nobody here knows of is missing.",
                    "A result without a number here can have one in its paper.",
                    "Nobody here judged the risk of bias of these trials and reviews.",
                ]
            )
        ),
    )


def _remarks(found: Landscape) -> Block:
    """Return the remarks of the data, folded, each once for its publication."""
    lines = []
    for publication, rows in found.publications.items():
        notes = dict.fromkeys(one.row.note for one in rows if one.row.note)
        if notes:
            name = origins.reference_name(publication, found.dataset)
            lines.append(f"{html(name)}: {html('. '.join(notes))}.")
    again = '<summary class="again">Remarks of the data, by publication</summary>'
    folded = f"<details>\n{again}\n{items(lines)}\n</details>"
    made = f'<h2 id="remarks">Remarks on these results</h2>\n{folded}'
    return Block(made if lines else "")


def _provenance(found: Landscape) -> Block:
    numbers = [(one, entry) for one in found.results for entry in one.entries]
    rows = [
        (
            Cell(
                _quoted(one, entry),
                anchor=anchor(entry.estimate_id),
                entries=(entry,),
            ),
            with_id("", entry.estimate_id),
            Cell(markup=_place(one.row.locator_id, found.dataset)),
            Cell("", tag=entry.processing),
        )
        for one, entry in numbers
    ]
    block = joined(
        table("Numbers as reported", ("Number", "Id", "Read in", "How obtained"), rows),
        closing.counts_table(_counts(found)),
    )
    return Block(
        '<section class="provenance">\n<h2 id="numbers">Where each number comes from</h2>\n'
        f"{block.html}\n</section>",
        block.entries,
    )


def _quoted(one: Result, entry: LedgerEntry) -> str:
    if len(one.entries) == 1:
        return one.said
    return f"{one.symbol} {one.values[one.entries.index(entry)]}"


def _place(locator_id: str, dataset: Dataset) -> str:
    locator = dataset.locator(locator_id)
    return addressed(locator.url, words_of(locator.place))
