"""What the data hold on a claim: its row, comparisons, pooled analyses, syntheses, what lasts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from evidence.analysis import Analysis, analyze
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.claims.rules import Evidence, Finding, Side
from evidence.data.dataset import RANDOMIZED, Dataset
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification
from evidence.estimation.selection import select
from evidence.followup import durability
from evidence.terms import FreeText, LeftOut, Said


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and the question that it puts to the evidence; empty fields are "".

    Attributes
    ----------
    claim_id : str
        Its id.
    section, claim : FreeText
        Where the article says it, and what, in other words.
    kind : str
        treatment_effect, durability, mechanism, association, comparator, process or population.
    assertion : str
        For an association: association, early_origin or cause.
    topic : str
        Topic of the published syntheses that it rests on, where one is meant.
    therapy, outcome_id, timepoint : str
        What it is about; an empty therapy means all. Several outcomes are separated by semicolons.
    comparator : str
        Condition that the article compares with, where it names one.
    likely_trial_id, match : str
        Trial that the article seems to mean, and how sure that is.
    question : FreeText
        What the evidence has to answer.
    age_group : str
        For a population, the age group that it is about.
    """

    claim_id: str
    section: FreeText
    claim: FreeText
    kind: str
    assertion: str
    topic: str
    therapy: str
    outcome_id: str
    timepoint: str
    comparator: str
    likely_trial_id: str
    match: str
    question: FreeText
    age_group: str

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes that it names."""
        return tuple(one.strip() for one in self.outcome_id.split(";") if one.strip())

    @property
    def time(self) -> str:
        """Timepoint asked about; that of what lasts is follow-up."""
        return self.timepoint or ("follow_up" if self.kind == "durability" else "")


def claims_of(dataset: Dataset) -> tuple[Claim, ...]:
    """Return the claims of a data set, in the order of the file."""
    kinds: dict[str, Any] = {field.name: field.type for field in fields(Claim)}
    return tuple(
        Claim(*(kind(cell) for kind, cell in zip(kinds.values(), row, strict=True)))
        for row in records(dataset.claims[list(kinds)])
    )


CORRELATION = 0.5
"""Of the effects at both times; no source prints it, so shares at other values stand in the report
on follow-up."""


def retained(dataset: Dataset, at_follow_up: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons whose effect at post is clear of zero, with the share left of it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    at_follow_up : DataFrame
        Rows of `evidence.estimates` at follow-up that are asked about; at least one.

    Returns
    -------
    DataFrame
        Rows of ``comparisons`` of `evidence.durability` with a ``retained_fraction``.
    """
    found = [
        durability(dataset, therapy=therapy, outcome=outcome, correlation=CORRELATION).comparisons
        for therapy, outcome in records(at_follow_up[["therapy", "outcome_id"]].drop_duplicates())
    ]
    compared = pd.concat(found, ignore_index=True)
    return compared[
        compared.retained_fraction.notna() & compared.follow_up_id.isin(at_follow_up.estimate_id)
    ].reset_index(drop=True)


BETWEEN: dict[str, Side] = {
    Said.FAVORS_INTERVENTION: "above",
    Said.NO_DIFFERENCE: "over",
    Said.FAVORS_COMPARATOR: "below",
}
"""What a direction says of two arms; changes within an arm and mediations compare nothing."""

ATTACHMENT = "attachment"
"""Topic of syntheses that an association rests on where the claim names none."""

WEEKS = "treatment_weeks"
"""Fact that says how long a treatment lasted."""
AGES = ("age_min", "age_max", "mean_age")
"""Facts that say how old those who took part were."""

_INDIRECT = ("indirect_b",)
"""Metrics of an effect through a mediator."""

_CONTRAST = ["trial_id", "intervention_arm_id", "comparator_arm_id"]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What there is on one claim.

    Attributes
    ----------
    claim : Claim
        The claim.
    evidence : Evidence
        What the rules look at.
    estimates : DataFrame
        Rows of the frame of estimates that bear on the verdict: the comparisons between randomized
        arms with an interval; where there are none, whatever there is.
    directions, syntheses : DataFrame
        Rows of these tables that bear on it, chosen alike.
    analyses : tuple of Analysis
        Main pooled analysis of each therapy asked about that has an estimate.
    stress : tuple of StressTest
        What unreported results could change in those of two or more trials.
    retained : DataFrame or None
        Comparisons with the share of their effect that is left at follow-up, for a claim on what
        lasts; see `evidence.claims.facts.retained`.
    others : DataFrame
        Other intervals of the comparisons, on measures that the main analysis does not take.
    arms : DataFrame
        Arms of the trial that the claim seems to mean: its comparators, for a claim on the
        comparator; all, for one on the population.
    facts : DataFrame
        Lengths of treatment, for a claim on the course of treatment; ages in the trial that the
        claim seems to mean, for one on the population.
    """

    claim: Claim
    evidence: Evidence
    estimates: pd.DataFrame
    directions: pd.DataFrame
    syntheses: pd.DataFrame
    analyses: tuple[Analysis, ...]
    stress: tuple[StressTest, ...]
    retained: pd.DataFrame | None
    others: pd.DataFrame
    arms: pd.DataFrame
    facts: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Contrasts:
    """What contrasts say, those on which sources differ, and the rows behind them."""

    findings: tuple[Finding, ...]
    differing: tuple[Finding, ...]
    numbers: pd.DataFrame
    worded: pd.DataFrame
    others: pd.DataFrame


class Gatherer:
    """A data set and its estimates, made once for all claims."""

    def __init__(self, dataset: Dataset, frame: pd.DataFrame) -> None:
        self.dataset = dataset
        self.frame = frame
        self._trials = dataset.trials.set_index("trial_id", drop=False)
        self._condition = dict(
            zip(dataset.arms.arm_id, dataset.arms.condition, strict=True),
        )
        self._directions = self._with_trial(dataset.directions)
        self._syntheses = dataset.syntheses

    def gather(self, claim: Claim) -> Gathered:
        """Return what there is on a claim."""
        synthesized = self._synthesized(claim)
        if claim.topic or claim.kind == "association":
            # A claim with a topic rests on its syntheses alone.
            estimates, directions = self.frame.iloc[:0], self._directions.iloc[:0]
        else:
            estimates, directions = self._rows(claim)
        contrasts = self._contrasts(claim, estimates, directions)
        numbers, worded = contrasts.numbers, contrasts.worded
        findings = contrasts.findings
        analyses = self._analyses(claim) if claim.kind == "treatment_effect" and findings else ()
        lasting = claim.kind == "durability" and len(numbers) > 0
        left = retained(self.dataset, numbers) if lasting else None
        about_mechanism = claim.kind == "mechanism"
        arms, facts = self._comparators(claim), self._facts(claim)
        mediation = (
            self._mediation(estimates, directions)
            if about_mechanism
            else (estimates.iloc[:0], directions.iloc[:0])
        )
        evidence = Evidence(
            outcome=bool(claim.outcome_id),
            assertion=claim.assertion,
            match=claim.match,
            rows=len(estimates) + len(directions),
            findings=findings,
            differing=contrasts.differing,
            comparator_class=(
                self.dataset.comparator_class(claim.comparator) if claim.comparator else ""
            ),
            pooled_above=bool(analyses) and all(one.pooled.ci_low > 0 for one in analyses),
            retained_low={} if left is None else _least(left),
            mediation=(
                *(Said.MEDIATES for _ in records(mediation[0])),
                *mediation[1].direction,
            ),
            syntheses=tuple(_side(one) for one in records(synthesized)),
            trial_classes=tuple(self.dataset.comparator_class(one) for one in arms.condition),
            treatment_weeks=tuple(facts.value[facts.fact == WEEKS]),
            during=self._during(claim),
            age_group=claim.age_group,
            trial_age_groups=self._ages(claim),
        )
        if about_mechanism:
            estimates, directions = mediation
        elif findings or contrasts.differing:
            estimates, directions = numbers, worded
        return Gathered(
            claim=claim,
            evidence=evidence,
            estimates=estimates.reset_index(drop=True),
            directions=directions.reset_index(drop=True),
            syntheses=synthesized.reset_index(drop=True),
            analyses=analyses,
            stress=tuple(
                test
                for one in analyses
                if one.pooled.k > 1 and (test := stress_test(one)) is not None
            ),
            retained=left,
            others=contrasts.others.reset_index(drop=True),
            arms=arms.reset_index(drop=True),
            facts=facts.reset_index(drop=True),
        )

    def unreported(self, claim: Claim) -> pd.DataFrame:
        """Return directions that say that a trial measured the outcome and reports no result."""
        found = self._directions
        return found[
            self._asked(found, claim)
            & (found.outcome_id == claim.outcome_id)
            & (found.direction == Said.NOT_REPORTED)
        ]

    def other_mediations(self, claim: Claim) -> pd.DataFrame:
        """Return directions against a mediation in trials of the therapy, on other outcomes."""
        found = self._directions
        return found[
            self._asked(found, claim)
            & (found.outcome_id != claim.outcome_id)
            & (found.direction == Said.NO_MEDIATION)
        ]

    def _with_trial(self, directions: pd.DataFrame) -> pd.DataFrame:
        trials = self._trials
        return directions.assign(
            label=directions.trial_id.map(trials.label),
            therapy=directions.trial_id.map(trials.therapy),
            intervention=directions.intervention_arm_id.map(self._condition),
            comparator=directions.comparator_arm_id.map(self._condition).fillna(""),
        )

    @staticmethod
    def _asked(rows: pd.DataFrame, claim: Claim) -> "pd.Series[bool]":
        """Whether rows are of a therapy asked about, as the intervention; blank asks for all."""
        own = rows.intervention == rows.therapy
        return own & (rows.therapy == claim.therapy) if claim.therapy else own

    def _rows(self, claim: Claim) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return estimates and directions of any design on outcome and time of a claim."""
        chosen = []
        for rows in (self.frame, self._directions):
            kept = rows[self._asked(rows, claim) & (rows.outcome_id == claim.outcome_id)]
            # A difference before treatment is no result of it.
            kept = kept[kept.timepoint != "baseline"]
            chosen.append(kept[kept.timepoint == claim.time] if claim.time else kept)
        estimates, directions = chosen
        # Rows that the frame makes of directions are counted there.
        return estimates[estimates.said == ""], directions

    def _between(
        self, estimates: pd.DataFrame, directions: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what compares the arms of randomized trials: intervals, and words."""
        numbers = estimates[
            self._randomized(estimates)
            & (estimates.comparator_arm_id != "")
            & estimates.ci_low.notna()
            & estimates.ci_high.notna()
        ]
        worded = directions[
            self._randomized(directions)
            & (directions.comparator_arm_id != "")
            & directions.direction.isin(BETWEEN)
        ]
        return numbers, worded

    def _randomized(self, rows: pd.DataFrame) -> "pd.Series[bool]":
        return rows.trial_id.map(self._trials.design).isin(RANDOMIZED)

    def _contrasts(
        self, claim: Claim, estimates: pd.DataFrame, directions: pd.DataFrame
    ) -> _Contrasts:
        """Return for each contrast what it says: the estimate that the main analysis takes.

        Where the main analysis takes none, the words of its sources; where these differ, it
        counts for neither side.
        """
        numbers, worded = self._between(estimates, directions)
        findings: list[Finding] = []
        differing: list[Finding] = []
        behind, said = [], []
        keys = pd.concat([numbers[_CONTRAST], worded[_CONTRAST]]).drop_duplicates()
        for key in records(keys):
            own = numbers[(numbers[_CONTRAST] == list(key)).all(axis=1)]
            texts = worded[(worded[_CONTRAST] == list(key)).all(axis=1)]
            row = self._main(claim, own)
            sides = {BETWEEN[one] for one in texts.direction}
            if row is not None:
                findings.append(self._finding(row.estimate_id, row, side_of(row), number=True))
                # A coefficient in points stands with the standardized value made of it.
                same = own.result_ids.map(lambda ids, row=row: ids == row.result_ids)
                points = own.metric == "mean_difference"
                behind += list(own.index[(own.estimate_id == row.estimate_id) | (same & points)])
            elif len(texts):
                said += list(texts.index)
                one = next(records(texts))
                found = self._finding(one.direction_id, one, min(sides), number=False)
                (findings if len(sides) == 1 else differing).append(found)
        chosen = numbers.loc[behind]
        measures = chosen[["trial_id", "comparator_arm_id", "instrument_id", "event"]]
        shown = set(measures.itertuples(index=False, name=None))
        other = [
            index
            for index, row in zip(numbers.index, records(numbers), strict=True)
            if (row.trial_id, row.comparator_arm_id, row.instrument_id, row.event) not in shown
        ]
        return _Contrasts(
            tuple(findings), tuple(differing), chosen, worded.loc[said], numbers.loc[other]
        )

    def _main(self, claim: Claim, own: pd.DataFrame) -> Any | None:
        """Return the estimate of a contrast that the main analysis takes; None where none."""
        if own.empty:
            return None
        first = next(records(own))
        asked = Specification(
            therapy=first.therapy, outcome=claim.outcome_id, timepoint=claim.time or "post"
        )
        # Without the other contrasts of the trial: each counts for itself.
        trial = self.frame.trial_id == first.trial_id
        frame = self.frame[~trial | (self.frame.comparator_arm_id == first.comparator_arm_id)]
        try:
            selection = select(frame, asked, multilevel=True)
        except (ParameterError, SelectionError):
            return None
        # The main analysis takes several arms of one condition as one.
        together = selection.left_out[selection.left_out.left_out_by == LeftOut.OTHER_ARM]
        chosen = pd.concat([together, selection.estimates])
        chosen = chosen[chosen.estimate_id.isin(own.estimate_id)]
        if chosen.empty and claim.kind == "durability":
            compared = durability(
                self.dataset, therapy=first.therapy, outcome=claim.outcome_id
            ).comparisons
            chosen = own[own.estimate_id.isin(compared.follow_up_id)]
        # Of several measures between which no rule chooses none stands for the contrast.
        measures = chosen[["instrument_id", "event"]].drop_duplicates()
        return next(records(chosen)) if len(measures) == 1 else None

    def _finding(self, row_id: str, row: Any, side: Side, *, number: bool) -> Finding:
        return Finding(
            row_id,
            row.trial_id,
            row.comparator_arm_id,
            self.dataset.comparator_class(row.comparator),
            side,
            has_number=number,
        )

    def _mediation(
        self, estimates: pd.DataFrame, directions: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what is said of a mediation: indirect effects, and words."""
        return (
            estimates[estimates.metric.isin(_INDIRECT)],
            directions[directions.direction.isin([Said.MEDIATES, Said.NO_MEDIATION])],
        )

    def _synthesized(self, claim: Claim) -> pd.DataFrame:
        topic = claim.topic or (ATTACHMENT if claim.kind == "association" else "")
        found = self._syntheses
        if not topic or not claim.outcome_id:
            return found.iloc[:0]
        return found[(found.topic == topic) & (found.outcome_id == claim.outcome_id)]

    def _analyses(self, claim: Claim) -> tuple[Analysis, ...]:
        made = []
        for therapy in (claim.therapy,) if claim.therapy else self.dataset.worded("therapy"):
            specification = Specification(
                therapy=therapy, outcome=claim.outcome_id, timepoint=claim.timepoint or "post"
            )
            try:
                made.append(analyze(self.dataset, specification, self.frame))
            except (ParameterError, SelectionError):
                # No trial of this therapy prints a number, or one prints several that the main
                # rule does not choose between: nothing pooled stands for it.
                continue
        return tuple(made)

    def _comparators(self, claim: Claim) -> pd.DataFrame:
        arms = self.dataset.arms
        meant = arms.trial_id == claim.likely_trial_id
        if claim.kind == "population":
            return arms[meant]
        return arms[meant & (arms.role == "comparator") & (claim.kind == "comparator")]

    def _facts(self, claim: Claim) -> pd.DataFrame:
        facts = self.dataset.trial_facts
        if claim.kind == "population":
            return facts[facts.fact.isin(AGES) & (facts.trial_id == claim.likely_trial_id)]
        lengths = (facts.fact == WEEKS) & facts.value.notna()
        return facts[lengths & self._of_therapy(facts, claim) & (claim.kind == "process")]

    def _during(self, claim: Claim) -> tuple[Side, ...]:
        """Return what results between randomized arms during treatment say."""
        if claim.kind != "process":
            return ()
        rows, said = (
            rows[self._asked(rows, claim) & (rows.timepoint == "mid")]
            for rows in (self.frame[self.frame.said == ""], self._directions)
        )
        found: list[Side] = []
        for outcome in dict.fromkeys([*rows.outcome_id, *said.outcome_id]):
            one = replace(claim, outcome_id=outcome, timepoint="mid")
            own = rows[rows.outcome_id == outcome], said[said.outcome_id == outcome]
            found += [finding.side for finding in self._contrasts(one, *own).findings]
        return tuple(found)

    def _ages(self, claim: Claim) -> tuple[str, ...]:
        """Return the age groups of the trial that a claim on a population seems to mean."""
        if claim.kind != "population" or not claim.likely_trial_id:
            return ()
        group = str(self._trials.age_group[claim.likely_trial_id])
        return tuple(one.strip() for one in group.split(",") if one.strip())

    def _of_therapy(self, rows: pd.DataFrame, claim: Claim) -> "pd.Series[bool]":
        therapy = rows.trial_id.map(self._trials.therapy)
        return therapy == claim.therapy if claim.therapy else therapy.notna()


def merged(claim: Claim, parts: Sequence[Gathered], verdicts: Sequence[str]) -> Gathered:
    """Return what there is on the outcomes of a claim together, with the verdict on each."""
    shares = [one.retained for one in parts if one.retained is not None]
    first = parts[0].evidence
    return Gathered(
        claim=claim,
        evidence=replace(
            first,
            rows=sum(one.evidence.rows for one in parts),
            findings=tuple(found for one in parts for found in one.evidence.findings),
            differing=tuple(found for one in parts for found in one.evidence.differing),
            outcome_verdicts=tuple(verdicts),
        ),
        estimates=pd.concat([one.estimates for one in parts], ignore_index=True),
        directions=pd.concat([one.directions for one in parts], ignore_index=True),
        syntheses=pd.concat([one.syntheses for one in parts], ignore_index=True),
        analyses=tuple(analysis for one in parts for analysis in one.analyses),
        stress=tuple(test for one in parts for test in one.stress),
        retained=pd.concat(shares, ignore_index=True) if shares else None,
        others=pd.concat([one.others for one in parts], ignore_index=True),
        arms=parts[0].arms,
        facts=parts[0].facts,
    )


def _least(left: pd.DataFrame) -> dict[str, float]:
    """Return for each trial the lowest limit over its measures, so that no choice helps."""
    return dict(left.groupby("trial_id").retained_ci_low.min())


def side_of(row: Any) -> Side:
    """Return on which side of no effect the interval of an estimate lies."""
    return _of_interval(row.ci_low, row.ci_high)


def _of_interval(low: float, high: float) -> Side:
    if low > 0:
        return "above"
    return "below" if high < 0 else "over"


def _side(synthesis: Any) -> Side:
    """Return on which side of no effect a printed synthesis lies; "unknown" without a number."""
    ratio = synthesis.favors_intervention_when in ("above_1", "below_1")
    # A range of single studies says on which side both its ends lie.
    values = [
        synthesis.estimate,
        synthesis.ci_low,
        synthesis.ci_high,
        synthesis.range_low,
        synthesis.range_high,
    ]
    known = [
        math.log(one) if ratio else float(one)
        for one in values
        if not pd.isna(one) and not (ratio and one <= 0)
    ]
    if not known:
        return "unknown"
    side = _of_interval(min(known), max(known))
    if synthesis.favors_intervention_when not in ("lower", "below_1"):
        return side
    turned: dict[Side, Side] = {"above": "below", "below": "above", "over": "over"}
    return turned[side]
