"""The report on the claims: each with its verdict, what it rests on, and what it cannot say."""

from collections.abc import Iterable, Sequence

import pandas as pd

from evidence import language
from evidence.blocks import closing, origins
from evidence.blocks.escape import addressed, html
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, folded, joined, paragraphs
from evidence.blocks.tables import Cell, table
from evidence.claims import Judgement
from evidence.claims.rules import PARTLY_SUPPORTED, RULES, VERDICTS, Finding, Side
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.missing_evidence import reported_outcomes
from evidence.ledger import LedgerEntry, entries
from evidence.pages import pooled as pooled_sections
from evidence.pages.claims.details import (
    SIGN,
    link,
    linked,
    named,
    pooled_behind,
    retained_behind,
    sources_behind,
)


def in_few_words(dataset: Dataset, judgement: Judgement) -> str:
    """Return the condition or the limit of a verdict, empty where the verdict says it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    judgement : Judgement
        The answer to a claim.
    """
    claim = judgement.claim
    if claim.kind == "comparator" and claim.likely_trial_id and claim.match != "strong":
        label = dataset.trial(claim.likely_trial_id).label
        return f"if the article means {label}, which is {claim.match} but not stated"
    if judgement.verdict != PARTLY_SUPPORTED:
        return ""
    match claim.kind:
        case "association":
            if claim.assertion == "early_origin":
                return "how early it begins is not shown"
            return "other syntheses do not find it"
        case _:
            return _of_effect(dataset, judgement)


def _of_effect(dataset: Dataset, judgement: Judgement) -> str:
    evidence = judgement.gathered.evidence
    over = [
        one.specification
        for one in judgement.gathered.analyses
        if one.pooled.k > 1 and one.pooled.ci_low <= 0 <= one.pooled.ci_high
    ]
    if over:
        # Of a claim on several therapies or outcomes it holds for those alone that are named.
        claim = judgement.claim
        of = language.listed(
            ("" if claim.therapy else f" of {dataset.in_text('therapy', one.therapy)}")
            + (f" on {dataset.in_text('outcome', one.outcome)}" if len(claim.outcomes) > 1 else "")
            for one in over
        )
        return f"the pooled interval{of} includes no difference"
    favorable = evidence.on("above")
    against = _compared(dataset, favorable)
    trials = language.count(len({one.trial_id for one in favorable}), "trial")
    by = "" if any(one.has_number for one in favorable) else ", in words"
    therapies = language.listed(
        dict.fromkeys(
            dataset.in_text("therapy", dataset.trial(one.trial_id).therapy) for one in favorable
        )
    )
    said = [f"in {trials} of {therapies} against {language.listed(against)}{by}"]
    sides: tuple[tuple[Side, str], ...] = (
        ("over", "no clear difference from"),
        ("below", "in favor of"),
    )
    for side, words_of_side in sides:
        others = [one for one in _compared(dataset, evidence.on(side)) if one not in against]
        if others:
            said.append(f"{words_of_side} {language.listed(others, 'or')}")
    if judgement.claim.kind == "durability" and not evidence.lasting_trials:
        said.append("how much of it is left is not known")
    return "; ".join(said)


def _compared(dataset: Dataset, findings: Iterable[Finding]) -> list[str]:
    """Return what the therapy was compared with, each once, in few words."""
    names = (
        dataset.short("condition", dataset.arm(one.comparator_arm_id).condition) for one in findings
    )
    return list(dict.fromkeys(names))


KIND = {
    "treatment_effect": "What a therapy does",
    "durability": "What lasts",
    "mechanism": "How a therapy works",
    "association": "What goes with attachment",
    "comparator": "What was compared",
    "process": "How long it takes",
    "population": "Who was treated",
    "several_outcomes": "Several outcomes in one claim",
}
_ORDER = tuple(SIGN)
_ANSWERED = (
    *("supported", "partly supported", "association only", "not supported", "contradicted"),
)
"""Verdicts whose claims the first screen names."""


_COUNTED = {
    "partly supported": ("is partly supported", "are partly supported"),
    "contradicted": ("is contradicted", "are contradicted"),
    "not supported": ("is not supported", "are not supported"),
    "association only": ("rests on an association only", "rest on an association only"),
    "not tested": ("was not tested here", "were not tested here"),
    "cannot tell": ("cannot be told", "cannot be told"),
}
"""What is said of one claim, and of several, with a verdict; in the order in which it is said."""
_ABOUT_THERAPY = "therapy"
_ABOUT_OTHER = "attachment and other associations"


def first_screen(dataset: Dataset, judgements: Sequence[Judgement]) -> Block:
    """Return how many claims got which verdict, of therapies and of attachment, and the legend.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    judgements : sequence of Judgement
        All answers.
    """
    therapy, other = _split(judgements)
    by_therapy, by_other = _counts(therapy), _counts(other)
    say = " ".join(
        _tally(group, about)
        for group, about in ((therapy, _ABOUT_THERAPY), (other, _ABOUT_OTHER))
        if group
    )
    paragraph = _article(dataset) + html(
        "A verdict says how far the evidence gathered here bears out the wording of the article, "
        "by fixed rules. It is no verdict on a therapy: partly supported may rest on one small "
        "trial, and what was not tested here may be true. That secure attachment goes with an "
        "outcome does not show that a therapy changes it."
    )
    legend = table(
        "The verdicts, what each means, and how many claims got it",
        ("Verdict", "Meaning", "Therapy", "Attachment"),
        [
            *(
                (
                    Cell(named(verdict), anchor=_place_of_count(verdict)),
                    meaning,
                    Cell(str(by_therapy[verdict]), numeric=True),
                    Cell(str(by_other[verdict]), numeric=True),
                )
                for verdict, meaning in VERDICTS.items()
            ),
            (
                Cell("all", anchor=_place_of_count("all")),
                "claims of the article, in our words",
                Cell(str(len(therapy)), numeric=True),
                Cell(str(len(other)), numeric=True),
            ),
        ],
        table_id="verdicts",
    )
    boxes = [
        f"<b>{_count('supported', counts['supported'])} of "
        f"{_count('all', len(group))} <small>supported</small></b><span>{html(name)}; "
        f"{_count('partly supported', counts['partly supported'])} more partly</span>"
        for name, group, counts in (
            ("claims about therapy", therapy, by_therapy),
            ("claims about attachment and associations", other, by_other),
        )
    ]
    named_claims = [
        (
            f"{language.capitalized(verdict)}, {about}",
            [one for one in group if one.verdict == verdict],
        )
        for verdict in _ANSWERED
        for about, group in (("on therapy", therapy), ("on attachment", other))
    ]
    answers = [
        f"{html(lead)}: {'; '.join(_with_limit(dataset, one) for one in found)}."
        for lead, found in named_claims
        if found
    ]
    return joined(answer(html(say), paragraph, boxes, answers, reported_outcomes(dataset)), legend)


def _article(dataset: Dataset) -> str:
    """Return which article the claims are of, as HTML; empty where the data name none."""
    publications = dataset.publications
    sources = publications.publication_id[publications.role == "claim_source"]
    named = []
    for one in sources:
        item = dataset.references[one]
        year = item.get("issued", {}).get("date-parts", [[""]])[0][0]
        where = ", ".join(str(part) for part in (item.get("container-title"), year) if part)
        name = f"“{item['title']}”{f' ({where})' if where else ''}"
        named.append(addressed(str(item.get("URL", "")), name))
    if not named:
        return ""
    return f"The article: {language.listed(named)}; ABT in it is attachment-based therapy. "


def _with_limit(dataset: Dataset, judgement: Judgement) -> str:
    """Return a claim as a link to its details, with what limits its verdict, as HTML."""
    limit = in_few_words(dataset, judgement)
    return f"{link(judgement)}{f' ({html(limit)})' if limit else ''}"


def _tally(group: Sequence[Judgement], about: str) -> str:
    """Return how many of one or more claims are supported as worded, and what the others got."""
    counts = _counts(group)
    claims, supported = len(group), counts["supported"]
    others = [(counts[verdict], said) for verdict, said in _COUNTED.items() if counts[verdict]]
    if claims == 1:
        verdict = "supported as worded" if supported else group[0].verdict
        return f"The one claim about {about}: {verdict}."
    number = "None" if not supported else "All" if supported == claims else str(supported)
    verb = "are" if supported > 1 else "is"
    listed = ", ".join(f"{count} {said[count != 1]}" for count, said in others)
    return (
        f"{number} of the {claims} claims about {about} {verb} supported as worded"
        f"{': ' if listed else ''}{listed}."
    )


def _place_of_count(verdict: str) -> str:
    """Return the id of the row that says how many claims got a verdict."""
    return f"count-{verdict.replace(' ', '-')}"


def _count(verdict: str, number: int) -> str:
    """Return a number of claims as a link to its row, as HTML."""
    return f'<a class="n" href="#{_place_of_count(verdict)}">{number}</a>'


def _split(judgements: Sequence[Judgement]) -> tuple[list[Judgement], list[Judgement]]:
    """Return the claims about therapy, and those about attachment."""
    return (
        [one for one in judgements if one.about_therapy],
        [one for one in judgements if not one.about_therapy],
    )


def _counts(judgements: Iterable[Judgement]) -> dict[str, int]:
    counts = dict.fromkeys(VERDICTS, 0)
    for one in judgements:
        counts[one.verdict] += 1
    return counts


def overview(dataset: Dataset, judgements: Sequence[Judgement], *, about_therapy: bool) -> Block:
    """Return one line per claim: what the article says, the verdict, what was found.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    judgements : sequence of Judgement
        All answers.
    about_therapy : bool
        Whether to show the claims about therapy, else those about attachment.
    """
    group = _split(judgements)[0 if about_therapy else 1]
    if not group:
        return paragraphs("No claim of this kind.")
    ranked = sorted(group, key=lambda one: _ORDER.index(one.verdict))
    name = "therapy" if about_therapy else "attachment and other associations"
    return table(
        f"Claims about {name}, by verdict",
        ("The article says", "Verdict", "What was found"),
        [
            (
                Cell(markup=link(one, opening=True)),
                named(one.verdict),
                # The meaning of the verdict, above, says it.
                Cell(markup="–" if one.verdict == "not tested" else linked(one.sentence)),
            )
            for one in ranked
        ],
        entries=_entries(dataset, group),
        table_id=f"claims-on-{'therapy' if about_therapy else 'attachment'}",
    )


def _entries(dataset: Dataset, judgements: Sequence[Judgement]) -> tuple[LedgerEntry, ...]:
    """Return the entries of all numbers in the sentences of some claims."""
    shown = {number.estimate_id for one in judgements for number in one.sentence.numbers}
    made = [
        entries.of_estimate(row, dataset)
        for one in judgements
        for row in records(one.gathered.estimates)
        if row.estimate_id in shown
    ]
    made += [entry for _, entry in pooled_behind(dataset, judgements)]
    made += [entry for _, entry in retained_behind(dataset, judgements)]
    return tuple({one.estimate_id: one for one in made if one.estimate_id in shown}.values())


def rule_table() -> Block:
    """Return the rules by kind of claim, in the order in which they are tried."""
    return joined(
        Block('<p id="rules">Of each kind the first that holds decides.</p>'),
        *(
            table(
                KIND[kind],
                ("If", "Verdict"),
                [(language.capitalized(rule.condition), named(rule.verdict)) for rule in rules],
            )
            for kind, rules in RULES.items()
        ),
    )


def _methods() -> Block:
    """Return how a verdict is reached."""
    block = closing.methods(
        [
            "Each claim names a kind, and where it can a therapy, an outcome and a time. Evidence "
            "on it is what this workbook holds on that outcome and time, of that therapy, or of "
            "all where it names none; a claim on attachment or on the dose of treatment rests on "
            "published syntheses alone. Comparisons count where a randomized trial compares the "
            "therapy with another arm: by the estimate that the main analysis takes for this "
            "comparison, else by words of its sources. Other measures of the same comparison are "
            "named among the limits; where sources differ, it counts for neither side.",
            "The verdict follows from the rules below, which are code, with no exception for any "
            "claim. Which outcome stands for a claim was decided by reading the article; each "
            "answer names it.",
        ]
    )
    return joined(block, folded("The rules, in order", rule_table()))


def _provenance(dataset: Dataset, judgements: Sequence[Judgement]) -> Block:
    frames = [one.gathered.estimates for one in judgements]
    estimates = pd.concat(frames).drop_duplicates("estimate_id")
    labels = {
        stress.estimate_id: language.listed(stress.entered.label)
        for one in judgements
        for stress in one.gathered.stress
    }
    pooled = [
        (
            entry,
            pooled_sections.members(analysis).followed_by(
                f"; at zero: {labels[entry.estimate_id]}" if entry.estimate_id in labels else ""
            ),
        )
        for analysis, entry in pooled_behind(dataset, judgements)
    ]
    pooled += [
        (
            entry,
            Cell(
                f"{language.fixed(row.post_effect)} at the end of treatment, "
                f"{language.fixed(row.follow_up_effect)} at follow-up"
            ),
        )
        for row, entry in retained_behind(dataset, judgements)
    ]
    return origins.provenance(
        dataset,
        estimates=estimates[estimates.effect.notna()],
        pooled=pooled,
        listed=sources_behind(dataset, judgements),
    )


def closing_sections(dataset: Dataset, judgements: Sequence[Judgement]) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    therapy, other = _split(judgements)
    group, about = (therapy, _ABOUT_THERAPY) if therapy else (other, _ABOUT_OTHER)
    sentence = _tally(group, f"{about} in a popular article on attachment-based therapies")
    frames = [one.gathered.estimates for one in judgements]
    also = union(
        frame.locator_id
        for one in judgements
        for frame in (
            one.gathered.directions,
            one.gathered.syntheses,
            one.gathered.arms,
            one.gathered.facts,
        )
    )
    cited = closing.citation(dataset, pd.concat(frames), sentence=sentence, also=also)
    trials = union(
        frame.trial_id
        for one in judgements
        for frame in (one.gathered.estimates, one.gathered.directions)
    )
    limits = closing.limits(
        dataset,
        trial_ids=trials,
        also=[
            "The claims are given in other words than those of the article. Which outcome stands "
            "for a claim, and which trial it may mean, is a reading of it.",
            "A rule counts trials and intervals. It weighs neither the size of a trial nor its "
            "risk of bias; both stand beside the numbers.",
            "Published syntheses were read in their abstracts, and chosen without a systematic "
            "search.",
        ],
    )
    return joined(_methods(), _provenance(dataset, judgements), cited, limits)
