"""Each claim of the article that the workbook answers, judged by rules that are code."""

from dataclasses import dataclass, replace

import pandas as pd

from evidence.claims.facts import Claim, Gathered, Gatherer, claims_of, merged
from evidence.claims.limits import Limits
from evidence.claims.rules import NOT_TESTED, SEVERAL, Rule, decide
from evidence.claims.sentences import Sentence, Sentences
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.language import Names
from evidence.terms import FreeText, words_of

COLUMNS = (
    *("claim_id", "verdict", "estimate_ids", "direction_ids", "synthesis_ids"),
    *("limits", "sentence"),
)


ALL = "all"
"""Stands for every kind of claim."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """The answer to one claim.

    Attributes
    ----------
    claim : Claim
        The claim.
    rule : Rule
        The line of the rule table that decided.
    gathered : Gathered
        What it rests on.
    sentence : Sentence
        The answer in one sentence.
    limits : tuple of FreeText
        What it cannot say.
    """

    claim: Claim
    rule: Rule
    gathered: Gathered
    sentence: Sentence
    limits: tuple[FreeText, ...]

    @property
    def verdict(self) -> str:
        """A key of `VERDICTS`."""
        return self.rule.verdict

    @property
    def estimate_ids(self) -> tuple[str, ...]:
        """Estimates behind it: of trials, shares of them, pooled ones with their stress tests."""
        several = [one for one in self.gathered.analyses if one.pooled.k > 1]
        shares = self.gathered.retained
        return union(
            [
                self.gathered.estimates.estimate_id,
                () if shares is None else shares.retained_id,
                [one.estimate_id for one in several],
                [one.estimate_id for one in self.gathered.stress],
            ]
        )

    @property
    def about_therapy(self) -> bool:
        """Whether it says something of a therapy: not an association, and not of attachment."""
        return self.claim.kind != "association" and self.claim.topic != "attachment"


def judgements(dataset: Dataset, *, kind: str = ALL) -> tuple[Judgement, ...]:
    """Return the answer to each claim of a data package, in the order of the file.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    kind : str
        "all", or one kind of claim, as the table of claims names it.

    Raises
    ------
    ParameterError
        If the kind is unknown, or no claim is of it.
    """
    claims = [one for one in claims_of(dataset) if kind in (ALL, one.kind)]
    if dataset.claims.empty:
        raise ParameterError("data", dataset.path.name, "a data package with claims; it has none")
    if not claims:
        known = dict.fromkeys(one.kind for one in claims_of(dataset))
        raise ParameterError("kind", kind, f"one of {', '.join((ALL, *known))}")
    frame = estimates(dataset)
    gatherer = Gatherer(dataset, frame)
    names = Names(dataset)
    sentences = Sentences(dataset, names)
    limits = Limits(dataset, gatherer, names)
    made = []
    for claim in claims:
        parts = []
        for one in claim.outcomes or ("",):
            gathered = gatherer.gather(replace(claim, outcome_id=one))
            rule = decide(claim.kind, gathered.evidence)
            said = sentences.of(gathered, rule.verdict)
            limited = limits.of(gathered, rule.verdict)
            parts.append(Judgement(gathered.claim, rule, gathered, said, limited))
        made.append(parts[0] if len(parts) == 1 else _combined(claim, parts, sentences))
    return tuple(made)


def _combined(claim: Claim, parts: list[Judgement], sentences: Sentences) -> Judgement:
    """Return the answer to a claim on several outcomes from the answers on each."""
    gathered = merged(claim, [one.gathered for one in parts], [one.verdict for one in parts])
    rule = decide(SEVERAL, gathered.evidence)
    tested = [one for one in parts if one.verdict != NOT_TESTED] or parts
    said = [(one.claim.outcome_id, one.verdict, one.sentence) for one in parts]
    return Judgement(
        claim, rule, gathered, sentences.of_several(said), union(one.limits for one in tested)
    )


def verdicts(dataset: Dataset) -> pd.DataFrame:
    """Return the verdict on each claim with what it rests on.

    The rules are those of `RULES`; the first that holds decides. Evidence are the rows on outcome
    and time of the claim, of its therapy, or of all where it names none; a claim with a topic
    rests on the published syntheses of that topic alone.

    Parameters
    ----------
    dataset : Dataset
        Data package.

    Returns
    -------
    DataFrame
        One row per claim in the order of the file, columns `COLUMNS`: ``verdict`` is a key of
        `VERDICTS`; the ids and ``limits`` are tuples of str, empty where there are none;
        ``sentence`` is the answer in one plain sentence.

    Raises
    ------
    ParameterError
        If a claim is of a kind without rules.

    Examples
    --------
    >>> import evidence
    >>> found = evidence.verdicts(evidence.load())
    >>> sorted(set(found.verdict))[:2]
    ['association only', 'cannot tell']
    """
    return pd.DataFrame(
        [
            (
                one.claim.claim_id,
                one.verdict,
                one.estimate_ids,
                tuple(one.gathered.directions.direction_id),
                tuple(one.gathered.syntheses.synthesis_id),
                tuple(map(words_of, one.limits)),
                one.sentence.text,
            )
            for one in judgements(dataset)
        ],
        columns=list(COLUMNS),
    )
