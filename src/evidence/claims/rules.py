"""The rule table: evidence on a claim in, verdict out; the first rule that holds decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from evidence.data.dataset import CLASSES, UNKNOWN_CLASS
from evidence.errors import check_choice
from evidence.terms import Said, ages_overlap

SUPPORTED = "supported"
PARTLY_SUPPORTED = "partly supported"
ASSOCIATION_ONLY = "association only"
NOT_SUPPORTED = "not supported"
CONTRADICTED = "contradicted"
CANNOT_TELL = "cannot tell"
NOT_TESTED = "not tested"

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        SUPPORTED: "what was found carries the claim as it is worded",
        PARTLY_SUPPORTED: "something speaks for it and does not carry all of it",
        ASSOCIATION_ONLY: "two things go together; no cause was shown",
        NOT_SUPPORTED: "nothing found speaks for it; no proof of the opposite",
        CONTRADICTED: "what was found points the other way",
        CANNOT_TELL: "there are data, of a kind that cannot answer it",
        NOT_TESTED: "nothing in this workbook addresses it; research elsewhere may",
    }
)
"""Each verdict with what it means."""

RETAINED = 0.5
"""Share of the effect at the end of treatment that has to be left for an effect to have lasted."""

Side = Literal["above", "over", "below", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a contrast, two arms of a randomized trial, says: an interval, or words of its sources.

    Attributes
    ----------
    row_id : str
        Id of the estimate or of the direction.
    trial_id, comparator_arm_id, comparator_class : str
        Whose, and against what.
    side : str
        "above" where the interval lies above zero or the source says that it favors the
        intervention, "below" for the opposite, "over" where the interval includes zero or the
        source says that the arms did not differ.
    has_number : bool
        Whether it is an interval.
    """

    row_id: str
    trial_id: str
    comparator_arm_id: str
    comparator_class: str
    side: Side
    has_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the rules look at, for one claim.

    Attributes
    ----------
    outcome : bool
        Whether the claim names an outcome.
    assertion, match : str
        As the claim has them.
    rows : int
        Estimates and directions of any design on outcome and time; syntheses do not count.
    findings : tuple of Finding
        Contrasts of randomized trials, each with what the main analysis takes for it, or with the
        words of its sources.
    differing : tuple of Finding
        Contrasts without a number whose sources say different things; their side says nothing.
    comparator_class : str
        Class of the comparator that the claim names; empty where it names none.
    pooled_above : bool
        Whether the interval of the main pooled analysis lies above zero, of each therapy asked
        about that has an estimate.
    retained_low : mapping of str to float
        By trial the lower limit of the share of the effect that is left at follow-up.
    mediation : tuple of str
        What sources say of a mediation: "mediates" (or an indirect effect), "no_mediation".
    syntheses : tuple of str
        Side of each synthesis on topic and outcome.
    trial_classes : tuple of str
        Classes of the comparators of the trial that the claim seems to mean.
    treatment_weeks : tuple of float
        Lengths of treatment that sources print.
    during : tuple of str
        Sides of the results between randomized arms that were taken during treatment.
    age_group : str
        Age group that the claim is about.
    trial_age_groups : tuple of str
        Age groups of the trial that the claim seems to mean.
    outcome_verdicts : tuple of str
        For a claim on several outcomes the verdict on each.
    """

    outcome: bool = True
    assertion: str = ""
    match: str = ""
    rows: int = 0
    findings: tuple[Finding, ...] = ()
    differing: tuple[Finding, ...] = ()
    comparator_class: str = ""
    pooled_above: bool = False
    retained_low: Mapping[str, float] = field(default_factory=dict)
    mediation: tuple[str, ...] = ()
    syntheses: tuple[Side, ...] = ()
    trial_classes: tuple[str, ...] = ()
    treatment_weeks: tuple[float, ...] = ()
    during: tuple[Side, ...] = ()
    age_group: str = ""
    trial_age_groups: tuple[str, ...] = ()
    outcome_verdicts: tuple[str, ...] = ()

    def on(self, side: Side) -> tuple[Finding, ...]:
        """Comparisons on one side of zero."""
        return tuple(one for one in self.findings if one.side == side)

    @property
    def comparable_trials(self) -> frozenset[str]:
        """Trials with an interval above zero against a comparator as the claim's or stronger."""
        return frozenset(
            one.trial_id
            for one in self.on("above")
            if one.has_number
            and (not self.comparator_class or self.as_strong(one.comparator_class))
        )

    def as_strong(self, comparator_class: str) -> bool:
        """Whether a class is the claim's or above it; of an unknown one nobody can say so."""
        known = {comparator_class, self.comparator_class} <= set(CLASSES)
        return known and CLASSES.index(comparator_class) >= CLASSES.index(self.comparator_class)

    @property
    def ages_overlap(self) -> bool:
        """Whether the trial meant treated people of the age that the claim is about."""
        return ages_overlap([self.age_group], self.trial_age_groups)

    @property
    def tested(self) -> frozenset[str]:
        """Verdicts on those of several outcomes that anything was found on."""
        return frozenset(self.outcome_verdicts) - {NOT_TESTED}

    @property
    def lasting_trials(self) -> frozenset[str]:
        """Trials with an interval above zero at follow-up that surely kept enough of the effect."""
        return frozenset(
            one.trial_id
            for one in self.on("above")
            if one.has_number and self.retained_low.get(one.trial_id, -1.0) >= RETAINED
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: when it holds, in words and as code, and the verdict."""

    condition: str
    verdict: str
    holds: Callable[[Evidence], bool]


def _always(_: Evidence) -> bool:
    return True


_TREATMENT_EFFECT = (
    Rule("no estimate or direction of any design", NOT_TESTED, lambda e: e.rows == 0),
    Rule(
        "no comparison between randomized arms that says one thing",
        CANNOT_TELL,
        lambda e: not e.findings,
    ),
    Rule(
        "a comparison against the therapy and none in its favor",
        CONTRADICTED,
        lambda e: bool(e.on("below")) and not e.on("above"),
    ),
    Rule(
        "no difference, and only against other structured treatments or what is not known",
        CANNOT_TELL,
        lambda e: (
            not e.on("above")
            and all(one.comparator_class in ("active", UNKNOWN_CLASS) for one in e.findings)
        ),
    ),
    Rule(
        "no difference from waitlist, no intervention or usual care, and none in favor",
        NOT_SUPPORTED,
        lambda e: not e.on("above"),
    ),
    Rule(
        "every comparison in its favor, two or more trials with numbers against a comparator as "
        "strong as the claim's, and the pooled interval above zero",
        SUPPORTED,
        lambda e: (
            not e.on("over")
            and not e.on("below")
            and len(e.comparable_trials) >= 2
            and e.pooled_above
        ),
    ),
    Rule(
        "some comparison in its favor, without all that full support takes",
        PARTLY_SUPPORTED,
        _always,
    ),
)

_DURABILITY = (
    Rule("no row at follow-up", NOT_TESTED, lambda e: e.rows == 0),
    Rule(
        "no comparison between randomized arms at follow-up that says one thing",
        CANNOT_TELL,
        lambda e: not e.findings,
    ),
    Rule(
        "no comparison at follow-up in favor of the therapy",
        NOT_SUPPORTED,
        lambda e: not e.on("above"),
    ),
    Rule(
        "two or more trials above zero at follow-up whose lower limit of the share retained is "
        f"{RETAINED:g} or more",
        SUPPORTED,
        lambda e: len(e.lasting_trials) >= 2,
    ),
    Rule(
        "some comparison at follow-up in its favor, without all that full support takes",
        PARTLY_SUPPORTED,
        _always,
    ),
)

_MECHANISM = (
    Rule(
        "no outcome named, or nothing on the mechanism",
        NOT_TESTED,
        lambda e: not e.outcome or not (e.mediation or e.syntheses),
    ),
    Rule(
        "a mediation or an indirect effect is reported",
        ASSOCIATION_ONLY,
        lambda e: Said.MEDIATES in e.mediation,
    ),
    Rule(
        "only no mediation, or a synthesis that finds nothing or the opposite",
        NOT_SUPPORTED,
        lambda e: bool(e.mediation) or "over" in e.syntheses or "below" in e.syntheses,
    ),
    Rule(
        "a synthesis in the claimed direction", ASSOCIATION_ONLY, lambda e: "above" in e.syntheses
    ),
    Rule("syntheses that print no direction", CANNOT_TELL, _always),
)

_ASSOCIATION = (
    Rule(
        "no outcome named, or no synthesis on the topic",
        NOT_TESTED,
        lambda e: not e.outcome or not e.syntheses,
    ),
    Rule(
        "a synthesis against it and none for it",
        CONTRADICTED,
        lambda e: "below" in e.syntheses and "above" not in e.syntheses,
    ),
    Rule(
        "an interval that includes none, and no synthesis for it",
        NOT_SUPPORTED,
        lambda e: "over" in e.syntheses and "above" not in e.syntheses,
    ),
    Rule("syntheses that print no direction", CANNOT_TELL, lambda e: "above" not in e.syntheses),
    Rule("found, and a cause is claimed", ASSOCIATION_ONLY, lambda e: e.assertion == "cause"),
    Rule(
        "found, and an origin early in life is claimed",
        PARTLY_SUPPORTED,
        lambda e: e.assertion == "early_origin",
    ),
    Rule(
        "found by some syntheses and not by others",
        PARTLY_SUPPORTED,
        lambda e: "below" in e.syntheses or "over" in e.syntheses,
    ),
    Rule("found, and no more than an association is claimed", SUPPORTED, _always),
)

_COMPARATOR = (
    Rule(
        "the trial meant, its comparator or that of the claim is not known",
        CANNOT_TELL,
        lambda e: (
            e.match not in ("strong", "likely")
            or e.comparator_class in ("", UNKNOWN_CLASS)
            or set(e.trial_classes) <= {UNKNOWN_CLASS}
        ),
    ),
    Rule(
        "a comparator of the trial has the class of the claim's",
        SUPPORTED,
        lambda e: e.comparator_class in e.trial_classes,
    ),
    Rule("no comparator of the trial has that class", CONTRADICTED, _always),
)

_PROCESS = (
    Rule("no length of treatment is printed", NOT_TESTED, lambda e: not e.treatment_weeks),
    Rule("no result between arms during treatment", CANNOT_TELL, lambda e: not e.during),
    Rule(
        "a result between arms during treatment in favor of the therapy",
        PARTLY_SUPPORTED,
        lambda e: "above" in e.during,
    ),
    Rule("results between arms during treatment, none in its favor", NOT_SUPPORTED, _always),
)

_POPULATION = (
    Rule(
        "the trial meant, its age group or that of the claim is not known",
        CANNOT_TELL,
        lambda e: e.match not in ("strong", "likely") or not e.age_group or not e.trial_age_groups,
    ),
    Rule("the trial treated people of that age", SUPPORTED, lambda e: e.ages_overlap),
    Rule("the trial treated people of another age", CONTRADICTED, _always),
)

_SEVERAL_OUTCOMES = (
    Rule("nothing on any of the outcomes", NOT_TESTED, lambda e: not e.tested),
    Rule("each outcome is supported", SUPPORTED, lambda e: set(e.outcome_verdicts) == {SUPPORTED}),
    *(
        Rule(
            f"each outcome with data: {verdict}",
            verdict,
            lambda e, alone=verdict: e.tested == {alone},  # type: ignore[misc]
        )
        for verdict in (CANNOT_TELL, NOT_SUPPORTED, CONTRADICTED, ASSOCIATION_ONLY)
    ),
    Rule(
        "one or more of the outcomes supported or partly supported",
        PARTLY_SUPPORTED,
        lambda e: bool(e.tested & {SUPPORTED, PARTLY_SUPPORTED}),
    ),
    Rule("outcomes that differ, none of them supported even in part", NOT_SUPPORTED, _always),
)

SEVERAL = "several_outcomes"
"""Rules that combine the verdicts on the outcomes of a claim that names more than one."""

RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "treatment_effect": _TREATMENT_EFFECT,
        "durability": _DURABILITY,
        "mechanism": _MECHANISM,
        "association": _ASSOCIATION,
        "comparator": _COMPARATOR,
        "process": _PROCESS,
        "population": _POPULATION,
        SEVERAL: _SEVERAL_OUTCOMES,
    }
)
"""Rules by kind of claim, in the order in which they are tried; the last of each always holds."""


def decide(kind: str, evidence: Evidence) -> Rule:
    """Return the first rule of a kind of claim that holds.

    Parameters
    ----------
    kind : str
        A key of `RULES`.
    evidence : Evidence
        What there is on the claim.

    Raises
    ------
    ParameterError
        If there is no such kind.

    Examples
    --------
    >>> decide("treatment_effect", Evidence()).verdict
    'not tested'
    """
    check_choice("kind", kind, RULES)
    return next(rule for rule in RULES[kind] if rule.holds(evidence))
