"""Claims one by one: the numbers, words and syntheses behind a verdict, with their sources."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.stress_test import ZERO
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, anchor, folded, items, joined
from evidence.blocks.tables import Cell, table, to_estimate, to_number, to_trial
from evidence.claims import Judgement
from evidence.claims.sentences import Sentence
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, followup_entries, sentences, units
from evidence.pages.trial_card.printed import fact_name
from evidence.terms import Said, words_of

SIGN = {
    "supported": "●",
    "partly supported": "◐",
    "association only": "◇",
    "not supported": "○",
    "contradicted": "✕",
    "cannot tell": "?",
    "not tested": "–",
}
"""A sign beside each verdict; the word stands there too, so that no sign or color carries it."""

_METRIC = language.METRIC | {"cohens_d": "Cohen d"}
DIRECTION = {
    Said.FAVORS_INTERVENTION: "in favor of the therapy",
    Said.FAVORS_COMPARATOR: "in favor of the comparator",
    Said.NO_DIFFERENCE: "no difference",
    Said.IMPROVED_WITHIN_ARM: "improved within the arm",
    Said.MEDIATES: "mediates",
    Said.NO_MEDIATION: "does not mediate",
    Said.NOT_REPORTED: "measured, not reported",
    Said.NOT_SEEN: "measured, report not seen",
}


def place(judgement: Judgement) -> str:
    """Return the id of the place in the page where a claim is treated."""
    return f"claim-{judgement.claim.claim_id}".replace("_", "-")


def named(verdict: str) -> str:
    """Return a verdict as its sign and its word, which no line end parts."""
    return f"{SIGN[verdict]}\u00a0{verdict}"


def link(judgement: Judgement, *, opening: bool = False) -> str:
    """Return a claim as a link to its details, with a capital where it opens a line."""
    claim = words_of(judgement.claim.claim)
    shown = language.capitalized(claim) if opening else claim
    return f'<a href="#{html(place(judgement))}">{html(shown)}</a>'


def linked(sentence: Sentence) -> str:
    """Return a sentence as HTML, each of its numbers a link to where it comes from."""
    rest, parts = sentence.text, []
    for number in sentence.numbers:
        # The number as a whole: 0.52 is not part of 10.52 or 0.525.
        found = re.search(rf"(?<![\d.]){re.escape(number.text)}(?![\d.]\d?)", rest)
        if found is None:
            continue
        parts.append(_kept(html(rest[: found.start()])))
        parts.append(
            f'<a class="n" href="#{html(anchor(number.estimate_id))}">{html(number.text)}</a>'
        )
        rest = rest[found.end() :]
    return "".join([*parts, _kept(html(rest))])


def _kept(markup: str) -> str:
    """Return markup in which no line ends within "k = 3"."""
    return re.sub(r"\b([A-Za-zβ]) = ", "\\1\u00a0=\u00a0", markup)


def details(dataset: Dataset, judgements: Sequence[Judgement]) -> Block:
    """Return the claims one by one: question, verdict, what it rests on, limits."""
    listed = sources_behind(dataset, judgements)
    # What two claims rest on alike is shown with the first.
    first: dict[tuple[object, ...], Judgement] = {}
    return joined(
        *(
            _detail(dataset, one, listed, first.setdefault(_evidence(one), one))
            for one in judgements
        )
    )


def _evidence(judgement: Judgement) -> tuple[object, ...]:
    """Return what a verdict rests on, the claim itself where that is nothing."""
    found = judgement.gathered
    rows = (
        *found.estimates.estimate_id,
        *(one.estimate_id for one in found.analyses),
        *found.directions.direction_id,
        *found.syntheses.synthesis_id,
        *found.arms.arm_id,
        *zip(found.facts.trial_id, found.facts.fact, found.facts.locator_id, strict=True),
        *(() if found.retained is None else found.retained.change_id),
    )
    return rows or (judgement.claim.claim_id,)


def sources_behind(dataset: Dataset, judgements: Sequence[Judgement]) -> origins.Sources:
    """Return the places behind verdicts, by the numbers that the page names them by."""
    found = union(
        frame.locator_id
        for one in judgements
        for frame in (
            one.gathered.directions,
            one.gathered.syntheses,
            one.gathered.arms,
            one.gathered.facts,
        )
    )
    return origins.Sources(dataset, found)


def _detail(
    dataset: Dataset, judgement: Judgement, listed: origins.Sources, first: Judgement
) -> Block:
    claim = judgement.claim
    title = language.capitalized(words_of(claim.claim))
    tables = [
        one
        for one in (
            _estimates_table(dataset, judgement),
            _directions_table(dataset, judgement, listed),
            _syntheses_table(dataset, judgement, listed),
            _facts_table(dataset, judgement, listed),
        )
        if one is not None
    ]
    shown = "".join(one.html for one in tables)
    limits = list(judgement.limits)
    if first is not judgement:
        shown = f"<p>It rests on the same as: {link(first)}.</p>"
        limits = [one for one in limits if one not in first.limits]
    # What was not tested has no limits but that nothing was found.
    tested = judgement.verdict != "not tested"
    told = (
        f"<p>In “{html(claim.section)}”; asked: {html(claim.question)}</p>"
        + shown
        + (items(map(html, limits), "not") if limits and tested else "")
    )
    # The tables above have the answer; who asks why opens it.
    reason = f"{named(judgement.verdict)}: {judgement.rule.condition}"
    inner = folded(reason, Block(told), label=False)
    markup = (
        f'<section><h3 id="{html(place(judgement))}" tabindex="-1">{html(title)}</h3>'
        f"{inner.html}</section>"
    )
    return Block(markup, joined(*tables).entries)


def _estimates_table(dataset: Dataset, judgement: Judgement) -> Block | None:
    rows = []
    outcomes = judgement.gathered.estimates
    for row in records(outcomes[outcomes.effect.notna()]):
        entry = entries.of_estimate(row, dataset)
        rows.append(
            (
                to_trial(dataset, row.trial_id),
                Cell(sentences.comparator(row, dataset)),
                Cell(f"{_measure(row, dataset)}, {units.metric(row, dataset)}"),
                to_number(entry, entries.quoted(entry)),
                Cell("" if entry.n is None else str(entry.n), numeric=True),
                Cell("", tag=row.processing),
            )
        )
    for analysis, entry in pooled_behind(dataset, [judgement]):
        rows.append(
            (
                Cell(f"Pooled, {language.count(entry.k or 0, 'trial')}"),
                Cell(_against(entry, dataset)),
                Cell(
                    language.term(language.METRIC, analysis.selection.metric)
                    + (", unreported results at zero" if "at_zero" in entry.estimate_id else "")
                ),
                to_estimate(entry),
                Cell(str(entry.n), numeric=True),
                Cell("", tag=entry.processing),
            )
        )
    for row, entry in retained_behind(dataset, [judgement]):
        rows.append(
            (
                Cell(f"{row.label}, share of the effect left"),
                Cell(sentences.comparator(row, dataset)),
                Cell(
                    f"{_measure(row, dataset)}, share of the {language.term(_METRIC, row.metric)}"
                ),
                to_estimate(entry),
                Cell("" if entry.n is None else str(entry.n), numeric=True),
                Cell("", tag=entry.processing),
            )
        )
    if not rows:
        return None
    return table(
        f"Numbers behind the verdict, positive in favor of the therapy: {_short(judgement)}",
        ("Trial", "Compared with", "Measure", "Estimate (95% CI)", "n", "How obtained"),
        rows,
    )


def _measure(row: Any, dataset: Dataset) -> str:
    """Return what was measured: the event in words, else the instrument by its short name."""
    if row.event:
        return str(row.event).replace("_", " ")
    return dataset.measure(row.instrument_id)


def _against(entry: LedgerEntry, dataset: Dataset) -> str:
    return language.listed(
        (dataset.in_text("condition", one) for one in entry.comparator.split("; ")),
        "or",
    )


def _directions_table(
    dataset: Dataset, judgement: Judgement, listed: origins.Sources
) -> Block | None:
    rows = [
        (
            to_trial(dataset, row.trial_id),
            Cell(
                dataset.in_text("condition", row.comparator)
                if row.comparator
                else "no control group"
            ),
            Cell(DIRECTION[row.direction]),
            Cell(row.note or "–"),
            Cell(markup=listed.links([row.locator_id])),
        )
        for row in records(judgement.gathered.directions)
    ]
    if not rows:
        return None
    return table(
        f"What sources say in words: {_short(judgement)}",
        ("Trial", "Compared with", "Direction", "Remark", "From"),
        rows,
    )


def _syntheses_table(
    dataset: Dataset, judgement: Judgement, listed: origins.Sources
) -> Block | None:
    printed = dataset.text("syntheses").set_index("synthesis_id", drop=False)
    rows = []
    for row in records(printed.loc[list(judgement.gathered.syntheses.synthesis_id)]):
        low, high = (row.ci_low or row.range_low), (row.ci_high or row.range_high)
        spread = f"{low} to {high}" if low else ""
        value = row.estimate or spread or "without a number"
        limits = f" ({spread})" if row.estimate and spread else ""
        rows.append(
            (
                Cell(language.capitalized(row.contrast)),
                Cell(f"{language.term(_METRIC, row.metric)} {value}{limits}".replace(" -", " −")),
                Cell(row.k or "–", numeric=True),
                Cell(f"{int(row.n):,}" if row.n else "–", numeric=True),
                Cell(markup=listed.links([row.locator_id])),
            )
        )
    if not rows:
        return None
    return table(
        f"Published syntheses, as printed: {_short(judgement)}",
        ("What", "Value (95% CI)", "k", "n", "From"),
        rows,
    )


def _facts_table(dataset: Dataset, judgement: Judgement, listed: origins.Sources) -> Block | None:
    """Return arms and ages of the trial meant, or lengths of treatment, with their sources."""
    rows = [
        (
            Cell(dataset.trial(row.trial_id).label),
            Cell(dataset.in_text("condition", row.condition)),
            Cell(row.note or "–"),
            Cell(markup=listed.links([row.locator_id])),
        )
        for row in records(judgement.gathered.arms)
    ] + [
        (
            Cell(dataset.trial(row.trial_id).label),
            Cell(f"{language.capitalized(fact_name(row.fact))}: {row.value:g} {row.unit}"),
            Cell(row.note or "–"),
            Cell(markup=listed.links([row.locator_id])),
        )
        for row in records(judgement.gathered.facts)
    ]
    if not rows:
        return None
    return table(
        f"Facts behind the verdict: {_short(judgement)}",
        ("Trial", "Fact", "Remark", "From"),
        rows,
    )


def _short(judgement: Judgement) -> str:
    """Return a claim by its id, so that captions of tables differ."""
    return str(judgement.claim.claim_id)


def pooled_behind(
    dataset: Dataset, judgements: Iterable[Judgement]
) -> list[tuple[Analysis, LedgerEntry]]:
    """Return the pooled numbers behind verdicts, each once, with the analysis they are of."""
    found: dict[str, tuple[Analysis, LedgerEntry]] = {}
    for one in judgements:
        several = [analysis for analysis in one.gathered.analyses if analysis.pooled.k > 1]
        for analysis in several:
            entry = entries.of_analysis(analysis, dataset)
            found[entry.estimate_id] = analysis, entry
            for stress in one.gathered.stress:
                if stress.estimate_id == analysis.scenario_id(ZERO):
                    entry = entries.of_stress_test(stress, analysis, dataset)
                    found[entry.estimate_id] = analysis, entry
    return list(found.values())


def retained_behind(
    dataset: Dataset, judgements: Iterable[Judgement]
) -> list[tuple[Any, LedgerEntry]]:
    """Return the shares of an effect behind verdicts, each once, with the comparison of each."""
    found: dict[str, tuple[Any, LedgerEntry]] = {}
    for one in judgements:
        if one.gathered.retained is None:
            continue
        for row in records(one.gathered.retained):
            entry = followup_entries.of_retained(row, dataset)
            if entry is not None:
                found[entry.estimate_id] = row, entry
    return list(found.values())
