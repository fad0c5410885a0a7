"""What the answer to a claim cannot say, from the data behind it."""

from collections.abc import Iterable

from evidence.claims.facts import CORRELATION, Gathered, Gatherer, side_of
from evidence.claims.rules import NOT_TESTED, Side
from evidence.data.dataset import CLASSES, Dataset
from evidence.data.records import records
from evidence.language import Names, capitalized, fixed, listed, synthesis
from evidence.terms import FreeText

STABILITY = "attachment_security"
"""Outcome of syntheses that say how stable attachment itself is."""


_SIDES: dict[Side, str] = {
    "above": "in favor of the therapy",
    "over": "with an interval that includes no difference",
    "below": "in favor of the comparator",
}


class Limits:
    """Limits of the answers to the claims of a data set."""

    def __init__(self, dataset: Dataset, gatherer: Gatherer, names: Names) -> None:
        self._gatherer = gatherer
        self._names = names
        self._trials = dataset.trials.set_index("trial_id", drop=False)
        self._condition = dict(zip(dataset.arms.arm_id, dataset.arms.condition, strict=True))
        self._printed = dataset.text("syntheses")

    def of(self, gathered: Gathered, verdict: str) -> tuple[FreeText, ...]:
        """Return the limits of one answer as sentences, which hold what people noted."""
        match "" if verdict == NOT_TESTED else gathered.claim.kind:
            case "":
                found = [
                    "No systematic search was made: that no row is here does not say that no study "
                    "exists."
                ]
            case "treatment_effect" | "durability":
                found = self._of_effect(gathered)
            case "mechanism" | "association":
                found = self._of_relation(gathered)
            case "comparator" | "population":
                found = self._of_match(gathered)
            case _:
                found = [
                    "How long a treatment was planned to last does not say when people notice a "
                    "change."
                ]
        return tuple(map(FreeText, found))

    def _of_effect(self, gathered: Gathered) -> list[str]:
        claim, findings = gathered.claim, gathered.evidence.findings
        made = [
            f"What stands for the claim here: {self._names.outcome(claim.outcome_id)}.",
            *self._of_match(gathered),
        ]
        if not findings:
            made.append(
                "People also change without treatment; a change within an arm is no effect of the "
                "therapy."
            )
        made += self._differing(gathered)
        made += self._others(gathered)
        made += self._weaker(gathered)
        made += self._stress(gathered)
        if gathered.retained is not None and len(gathered.retained):
            made.append(
                "The share retained rests on a correlation of the effects at both times of "
                f"{CORRELATION:g}, which no source prints."
            )
        silent = self._gatherer.unreported(claim)
        if len(silent):
            made.append(
                f"Measured or planned, no result seen: {self._names.labels(silent.trial_id)}."
            )
        return made + self._trial_remarks(one.trial_id for one in findings)

    def _of_match(self, gathered: Gathered) -> list[str]:
        claim = gathered.claim
        if not claim.likely_trial_id or claim.match == "strong":
            return []
        return [
            "The article names no study; that it means "
            f"{self._names.label[claim.likely_trial_id]} is {claim.match}."
        ]

    def _differing(self, gathered: Gathered) -> list[str]:
        """Return the comparisons whose sources say different things."""
        return [
            f"Sources differ on {self._names.label[one.trial_id]} against "
            f"{self._names.condition(self._condition[one.comparator_arm_id], one.trial_id)}; it "
            "counts for neither side."
            for one in gathered.evidence.differing
        ]

    def _others(self, gathered: Gathered) -> list[str]:
        """Return other measures of the comparisons, which count for no side."""
        made = []
        frame = gathered.others
        for arm_id in dict.fromkeys(frame.comparator_arm_id):
            rows = frame[frame.comparator_arm_id == arm_id]
            trial_id = rows.trial_id.iloc[0]
            against = self._names.condition(self._condition[arm_id], trial_id)
            sides: dict[str, dict[str, None]] = {}
            for row in records(rows):
                name = self._names.measure(row)
                sides.setdefault(name, {})[_SIDES[side_of(row)]] = None
            named = [
                f"{name} {' and, on another scale, '.join(own)}" for name, own in sides.items()
            ]
            made.append(
                f"Other measures of {self._names.label[trial_id]} against {against}: "
                f"{listed(named)}."
            )
        return made

    def _weaker(self, gathered: Gathered) -> list[str]:
        """Return that comparisons in favor are with less than what the claim names, if so."""
        named = gathered.evidence.comparator_class
        if not named:
            return []
        less = {
            (one.trial_id, one.comparator_arm_id, one.comparator_class)
            for one in gathered.evidence.on("above")
            if not gathered.evidence.as_strong(one.comparator_class)
        }
        return [
            f"{self._names.label[trial_id]} compared with "
            f"{self._names.condition(self._condition[arm_id], trial_id)}, which is "
            f"{'less than' if {named, own} <= set(CLASSES) else 'not known to be as much as'} the "
            f"{self._names.condition(gathered.claim.comparator)} that the article names."
            for trial_id, arm_id, own in sorted(less)
        ]

    def _stress(self, gathered: Gathered) -> list[str]:
        return [
            f"With the trials of which no usable mean was found at zero "
            f"({listed(one.entered.label)}), "
            f"the pooled value is {fixed(one.at_zero.effect)} (95% CI "
            f"{fixed(one.at_zero.ci_low)} to {fixed(one.at_zero.ci_high)}; k = {one.at_zero.k}, "
            f"{one.size.named}), imputed."
            for one in gathered.stress
        ]

    def _trial_remarks(self, trial_ids: Iterable[str]) -> list[str]:
        trials = self._trials.loc[list(dict.fromkeys(trial_ids))]
        made = [f"{one.label}: {one.note}." for one in records(trials) if one.note]
        unpublished = trials[trials.status != "published"]
        if len(unpublished):
            made.append(f"Not published: {listed(unpublished.label)}.")
        for term, words in (("yes", "took part"), ("collaborated", "collaborated")):
            own = trials[trials.developer_involved == term]
            if len(own):
                made.append(f"Developers of the therapy {words} in {listed(own.label)}.")
        return made

    def _of_relation(self, gathered: Gathered) -> list[str]:
        made = [f"{one.label}: {one.note}." for one in records(gathered.directions) if one.note]
        if gathered.claim.kind == "mechanism" and gathered.claim.topic:
            made.append(
                f"These syntheses are on {gathered.claim.topic.replace('_', ' ')}, not on the "
                "therapies of this workbook alone."
            )
        made += [
            f"Elsewhere no mediation was found: {one.label}, "
            f"{self._names.outcome(one.outcome_id)}" + (f" ({one.note})." if one.note else ".")
            for one in records(self._gatherer.other_mediations(gathered.claim))
            if gathered.claim.kind == "mechanism" and not gathered.claim.topic
        ]
        made += [
            f"{capitalized(one.contrast)}: {one.note}."
            for one in records(gathered.syntheses)
            if one.note
        ]
        silent = gathered.syntheses[gathered.syntheses.ci_low.isna()]
        if len(silent):
            whole = len(gathered.syntheses)
            of = f" for {len(silent)} of the {whole} values" if len(silent) < whole else ""
            made.append(f"No interval is printed{of}.")
        if gathered.claim.assertion in ("cause", "early_origin"):
            printed = self._printed
            stable = printed[
                printed.topic.isin(gathered.syntheses.topic)
                & (printed.outcome_id == STABILITY)
                & (gathered.claim.outcome_id != STABILITY)
            ]
            made += [
                f"How stable attachment itself is: {one.contrast}, {synthesis(one)}."
                for one in records(stable)
            ]
        return made
