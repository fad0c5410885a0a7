"""One plain sentence per claim: what was found, against what, in how many trials and people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence.analysis import Analysis
from evidence.claims.facts import Gathered
from evidence.claims.rules import ASSOCIATION_ONLY, CANNOT_TELL, NOT_TESTED, VERDICTS, Side
from evidence.data.dataset import Dataset
from evidence.data.provenance import Processing, union
from evidence.data.records import records
from evidence.estimation.row import size_of
from evidence.language import (
    Names,
    Number,
    capitalized,
    estimate_of,
    fixed,
    listed,
    pooled_estimate,
    shown_estimate,
    synthesis,
    when,
)
from evidence.terms import RemarkKind, Said, has


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the numbers in it, in order."""

    text: str
    numbers: tuple[Number, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Comparison:
    """All that one trial reports on one comparison."""

    trial_id: str
    therapy: str
    comparator: str
    side: Side
    estimates: pd.DataFrame


class Sentences:
    """Sentences on the claims of a data set."""

    def __init__(self, dataset: Dataset, names: Names) -> None:
        self._names = names
        self._condition = dict(zip(dataset.arms.arm_id, dataset.arms.condition, strict=True))
        self._therapy = dict(zip(dataset.trials.trial_id, dataset.trials.therapy, strict=True))
        self._printed = dataset.text("syntheses")

    def of(self, gathered: Gathered, verdict: str) -> Sentence:
        """Return the sentence on a claim with its verdict."""
        if verdict == NOT_TESTED:
            return Sentence(f"{capitalized(VERDICTS[NOT_TESTED])}.")
        match gathered.claim.kind:
            case "treatment_effect" | "durability":
                return self._effect(gathered, verdict)
            case "mechanism":
                return self._mechanism(gathered, verdict)
            case "association":
                return self._association(gathered)
            case "comparator":
                return self._comparator(gathered, verdict)
            case "population":
                return self._population(gathered, verdict)
            case _:
                return self._process(gathered)

    def _effect(self, gathered: Gathered, verdict: str) -> Sentence:
        claim = gathered.claim
        lead = capitalized(f"{self._names.outcome(claim.outcome_id)}{when(claim.time)}")
        if not gathered.evidence.findings:
            return Sentence(f"{lead}: {self._nothing_between(gathered)}.")
        parts: list[str] = []
        numbers: list[Number] = []
        comparisons = self._comparisons(gathered)
        pooled = {one.specification.therapy: one for one in gathered.analyses if one.pooled.k > 1}
        for therapy in dict.fromkeys(one.therapy for one in comparisons):
            own = [one for one in comparisons if one.therapy == therapy]
            if therapy in pooled:
                said, number = self._pooled(pooled[therapy], own)
                parts += said
                numbers.append(number)
                entered = set(pooled[therapy].selection.estimates.trial_id)
                own = [one for one in own if one.trial_id not in entered]
            for side, words in _LEANINGS.items():
                phrases = [self._phrase(one, gathered) for one in own if one.side == side]
                if not phrases:
                    continue
                against = listed((phrase for phrase, _ in phrases), "or")
                parts.append(f"{words.format(therapy=self._names.therapy(therapy))} {against}")
                numbers += [number for _, found in phrases for number in found]
        if verdict == CANNOT_TELL:
            parts.append(
                "a comparison with another treatment does not say whether the therapy helps"
            )
        if not claim.therapy:
            found = {one.therapy for one in comparisons}
            # Where sources differ there is a result, and none that counts.
            silent = {*gathered.estimates.trial_id, *gathered.directions.trial_id}
            beside = {self._therapy[one] for one in silent} - found
            parts += [
                f"no comparison of {self._names.therapy(one)} that counts on this outcome"
                if one in beside
                else f"no result of a randomized comparison of {self._names.therapy(one)}"
                for one in self._names.therapies
                if one not in found
            ]
        return Sentence(f"{lead}: {'; '.join(parts)}.", tuple(numbers))

    @staticmethod
    def _nothing_between(gathered: Gathered) -> str:
        """Return what there is where no comparison of randomized arms says one thing."""
        if gathered.evidence.differing:
            return "sources differ on every comparison of randomized arms, and none has a number"
        said = gathered.directions
        reported = said[~said.direction.isin([Said.NOT_REPORTED, Said.NOT_SEEN])]
        trials = {*gathered.estimates.trial_id, *reported.trial_id}
        if not trials:
            return "measured or planned, with no result in the sources read"
        say = "one study says" if len(trials) == 1 else f"{len(trials)} studies say"
        rows = gathered.estimates
        if (rows.effect.notna() & (rows.comparator_arm_id != "")).any():
            return f"{say} something on it, and the main analysis takes no number between arms"
        return f"{say} something on it, and none compares randomized arms"

    def _pooled(self, analysis: Analysis, own: list[_Comparison]) -> tuple[list[str], Number]:
        therapy = self._names.therapy(analysis.specification.therapy)
        rows = analysis.selection.estimates
        against = listed(
            union([[self._names.condition(one.comparator, one.trial_id) for one in records(rows)]]),
            "or",
        )
        pooled = analysis.pooled
        said, number = pooled_estimate(
            analysis.selection.scale,
            pooled.effect,
            pooled.ci_low,
            pooled.ci_high,
            analysis.estimate_id,
        )
        parts = [f"{therapy} against {against}: {said} (k = {pooled.k}, {analysis.size.named})"]
        favorable = [one for one in own if one.side == "above"]
        if favorable and pooled.ci_low <= 0 <= pooled.ci_high:
            singles = listed(self._favorable(one) for one in favorable)
            parts.append(
                f"the pooled interval includes no difference; single trials favor it: {singles}"
            )
        return parts, number

    def _favorable(self, one: _Comparison) -> str:
        """Return a trial with the measure that favors the therapy, the least processed of them."""
        rows = one.estimates[one.estimates.ci_low > 0]
        label = self._names.label[one.trial_id]
        if rows.empty:
            return f"{label} (in words)"
        row = min(records(rows), key=lambda row: Processing.of(row.processing))
        said = [self._names.measure(row)]
        if Processing.of(row.processing) > Processing.CONVERTED:
            said.append(row.processing)
        return f"{label} ({', '.join(said)})"

    def _phrase(self, one: _Comparison, gathered: Gathered) -> tuple[str, list[Number]]:
        """Return a comparator with trial, size and, where there is one, its number."""
        said = [self._names.label[one.trial_id]]
        numbers: list[Number] = []
        row = shown_estimate(one.estimates)
        if row is None:
            said.append("in words")
        else:
            words, number = estimate_of(row, self._names)
            event = f"{self._names.event(row.event)}, " if row.event else ""
            said += [f"{event}{words}", "k = 1"]
            said.append(size_of([row]).named)
            if has(row, RemarkKind.SIZES_IMPUTED):
                said.append("arm sizes imputed")
            numbers.append(number)
        left = ""
        if row is not None and gathered.retained is not None:
            shares = gathered.retained
            for share in records(shares[shares.follow_up_id == row.estimate_id]):
                value = fixed(share.retained_fraction)
                left = (
                    f"; of the difference at the end of treatment {value} retained, 95% CI "
                    f"{fixed(share.retained_ci_low)} to {fixed(share.retained_ci_high)}"
                )
                numbers.append(Number(value, share.retained_id))
        return f"{one.comparator} ({', '.join(said)}{left})", numbers

    def _comparisons(self, gathered: Gathered) -> list[_Comparison]:
        order = {trial_id: place for place, trial_id in enumerate(self._therapy)}
        made = []
        for one in sorted(gathered.evidence.findings, key=lambda one: order[one.trial_id]):
            rows, trial_id, arm_id = gathered.estimates, one.trial_id, one.comparator_arm_id
            rows = rows[(rows.trial_id == trial_id) & (rows.comparator_arm_id == arm_id)]
            made.append(
                _Comparison(
                    trial_id,
                    self._therapy[trial_id],
                    self._names.condition(self._condition[arm_id], trial_id),
                    one.side,
                    rows,
                )
            )
        return made

    def _mechanism(self, gathered: Gathered, verdict: str) -> Sentence:
        outcome = self._names.outcome(gathered.claim.outcome_id)
        if gathered.evidence.mediation:
            mediating = Said.MEDIATES in gathered.evidence.mediation
            rows = gathered.directions
            if mediating:
                rows = rows[rows.direction == Said.MEDIATES]
            trials = listed(
                union(
                    [
                        *([self._trial_against(one)] for one in records(rows)),
                        *([self._trial_against(one)] for one in records(gathered.estimates)),
                    ]
                )
            )
            time = when(gathered.claim.time)
            if mediating:
                return Sentence(
                    f"{capitalized(outcome)} is reported as a mediator{time} ({trials}); a "
                    "mediation is an association within a trial and does not show the cause."
                )
            return Sentence(f"{capitalized(outcome)}: no mediation is reported{time} ({trials}).")
        closing = (
            "an association across studies does not show the cause"
            if verdict == ASSOCIATION_ONLY
            else "none of this shows what the claim says"
        )
        return Sentence(f"{self._synthesized(gathered)}; {closing}.")

    def _trial_against(self, row: Any) -> str:
        said = f"{row.label}, {self._names.condition(row.intervention)}"
        if not row.comparator:
            return f"{said} alone"
        return f"{said} against {self._names.condition(row.comparator, row.trial_id)}"

    def _association(self, gathered: Gathered) -> Sentence:
        closing = {
            "cause": "an association does not show a cause",
            "early_origin": "how early in life it begins is not shown",
        }.get(gathered.claim.assertion, "none of this is an effect of a therapy")
        return Sentence(f"{self._synthesized(gathered)}; {closing}.")

    def _synthesized(self, gathered: Gathered) -> str:
        """Return all syntheses with their contrasts in the digits that they print."""
        printed = self._printed.set_index("synthesis_id", drop=False)
        chosen = printed.loc[list(gathered.syntheses.synthesis_id)]
        return capitalized(
            "; ".join(f"{one.contrast}: {synthesis(one)}" for one in records(chosen))
        )

    def _comparator(self, gathered: Gathered, verdict: str) -> Sentence:
        claim = gathered.claim
        if verdict == CANNOT_TELL:
            return Sentence(
                "Which study the article means is not known, so neither is what it compared."
            )
        actual = listed(
            self._names.condition(one, claim.likely_trial_id) for one in gathered.arms.condition
        )
        named = self._names.condition(claim.comparator)
        agrees = gathered.evidence.comparator_class in gathered.evidence.trial_classes
        return Sentence(
            f"If the article means {self._names.label[claim.likely_trial_id]} ({claim.match}), the "
            f"comparator was {actual}{', as it says' if agrees else f', not {named}'}."
        )

    def _population(self, gathered: Gathered, verdict: str) -> Sentence:
        claim = gathered.claim
        if verdict == CANNOT_TELL:
            return Sentence("Which study the article means, or whom it treated, is not known.")
        treated = listed(self._names.people(one) for one in gathered.evidence.trial_age_groups)
        named = self._names.people(claim.age_group)
        agrees = gathered.evidence.ages_overlap
        return Sentence(
            f"If the article means {self._names.label[claim.likely_trial_id]} ({claim.match}), "
            f"the study treated {treated}{', as it says' if agrees else f', not {named}'}."
        )

    def of_several(self, parts: Sequence[tuple[str, str, Sentence]]) -> Sentence:
        """Return the sentence on a claim from outcomes, verdicts and sentences of its parts."""
        summary = "; ".join(f"{self._names.outcome(one)}: {verdict}" for one, verdict, _ in parts)
        tested = [sentence for _, verdict, sentence in parts if verdict != NOT_TESTED]
        return Sentence(
            " ".join([f"By outcome, {summary}.", *(one.text for one in tested)]),
            tuple(number for one in tested for number in one.numbers),
        )

    def _process(self, gathered: Gathered) -> Sentence:
        weeks = gathered.evidence.treatment_weeks
        during = (
            "results between arms during treatment are in the data"
            if gathered.evidence.during
            else "no result between arms during treatment is in the data, so when a first change "
            "comes is not known"
        )
        shortest, longest = (_with_notes(gathered.facts, one(weeks)) for one in (min, max))
        return Sentence(
            f"The treatments tested lasted {shortest} to {longest} weeks in "
            f"{gathered.facts.trial_id.nunique()} trials; {during}."
        )


def _with_notes(facts: pd.DataFrame, value: float) -> str:
    """Return a value of facts, with the remarks where none stands without one."""
    notes = facts.note[facts.value == value]
    shown = "; ".join(dict.fromkeys(notes)) if all(notes) else ""
    return f"{value:g}{f' ({shown})' if shown else ''}"


_LEANINGS: dict[Side, str] = {
    "above": "in favor of {therapy} against",
    "over": "no clear difference of {therapy} from",
    "below": "in favor of the comparator, {therapy} against",
}
"""What a comparison says, before its comparator, in the order in which it is said."""
