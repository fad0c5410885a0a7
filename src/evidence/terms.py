"""Kinds of what is said: by a source, on what is left out, in remarks, with a number.

Programs decide by these kinds. Words are made from them, and no program searches the words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NoReturn, Protocol, final, get_args

Convention = Literal["exact", "metapsy"]
Tau2 = Literal["REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"]
Interval = Literal["hksj_adhoc", "hksj", "wald"]
Model = Literal["che", "three_level"]
SeveralModel = Literal["che", "three_level", "gls", "aggregate", "robust"]
Better = Literal["lower", "higher"]
ComparatorClass = Literal["inactive", "usual_care", "active"]
InstrumentRule = Literal["self_report_first", "clinician_first"]
Adjustment = Literal["post", "ppc_imbalanced", "ppc"]
Imputed = Literal["include", "exclude"]
Overall = Literal["leave_out", "as_post"]
AnalysisSetRule = Literal["itt_first", "completers_first"]
ArmsRule = Literal["combined", "first"]
ComparatorRule = Literal["usual_care_first", "inactive_first", "active_first"]
FollowUpRule = Literal["longest", "shortest"]

ACCEPTED: dict[str, tuple[str, ...]] = {
    "convention": get_args(Convention),
    "tau2": get_args(Tau2),
    "interval": get_args(Interval),
    "model": get_args(Model),
    "several_model": get_args(SeveralModel),
    "better": get_args(Better),
    "comparator_class": get_args(ComparatorClass),
    "instrument": get_args(InstrumentRule),
    "adjustment": get_args(Adjustment),
    "imputed": get_args(Imputed),
    "overall": get_args(Overall),
    "analysis_set": get_args(AnalysisSetRule),
    "arms": get_args(ArmsRule),
    "comparator": get_args(ComparatorRule),
    "follow_up": get_args(FollowUpRule),
}
"""Accepted values of each choice of an analysis, the default of a rule first.

A comparator class and `better` have no default, and `instrument` also takes the id of an
instrument. `model` is of an analysis of the data package, `several_model` of any table.
"""

IMPORTED = "imported-metapsy-database"
"""Name of a data package that was made from a database of the Metapsy standard."""

RHO = 0.6
"""Correlation of the errors of two effects of one trial that is supposed where none is given."""


class Said(StrEnum):
    """What a source says in words on a contrast or an arm; the values of `directions.direction`.

    The last stands where sources, or measures of one outcome, say different things.
    """

    NO_DIFFERENCE = "no_difference"
    FAVORS_INTERVENTION = "favors_intervention"
    FAVORS_COMPARATOR = "favors_comparator"
    IMPROVED_WITHIN_ARM = "improved_in_intervention"
    MEDIATES = "mediates"
    NO_MEDIATION = "no_mediation"
    NOT_REPORTED = "measured_not_reported"
    NOT_SEEN = "measured_not_seen"
    SOURCES_DIFFER = "sources_differ"


NOT_NAMED = "outcome not named"
"""Outcome of the records of an imported database that nobody names one for."""

COMPARES = (Said.NO_DIFFERENCE, Said.FAVORS_INTERVENTION, Said.FAVORS_COMPARATOR)
"""What compares two arms; mediation and changes within an arm do not."""

SAYS = {
    Said.NO_DIFFERENCE: "reports no difference between the arms, in words",
    Said.FAVORS_INTERVENTION: "reports a difference in favor of the intervention, in words",
    Said.FAVORS_COMPARATOR: "reports a difference in favor of the comparator, in words",
    Said.NOT_REPORTED: "measured or planned, no result reported",
    Said.NOT_SEEN: "measured; whether it is reported could not be seen",
}
"""What a trial without a number says of two arms, in words."""


class Favors(StrEnum):
    """On which side of no difference a number as readers quote it favors the intervention."""

    ABOVE_0 = "above_0"
    BELOW_0 = "below_0"
    ABOVE_1 = "above_1"
    BELOW_1 = "below_1"


class LeftOut(StrEnum):
    """Why an estimate or a result did not enter an analysis."""

    BY_REQUEST = "by_request"
    OTHER_COMPARATOR_CLASS = "other_comparator_class"
    OTHER_TIME = "other_time"
    OTHER_METRIC = "other_metric"
    OTHER_INSTRUMENT = "other_instrument"
    OTHER_ROUTE = "other_route"
    OTHER_ANALYSIS_SET = "other_analysis_set"
    OTHER_ARM = "other_arm"
    OTHER_COMPARATOR = "other_comparator"
    OTHER_WEEK = "other_week"
    BOTH_ARMS_RECEIVE_IT = "both_arms_receive_it"
    NO_VARIANCE = "no_variance"
    IMPUTED = "imputed"
    SIGN_UNKNOWN = "sign_unknown"
    NOT_RANDOMIZED = "not_randomized"
    ONE_ARM = "one_arm"
    IN_WORDS = "in_words"
    NO_ESTIMATE = "no_estimate"


WHY = {
    LeftOut.BY_REQUEST: "trial left out by request",
    LeftOut.OTHER_COMPARATOR_CLASS: "its comparator is not {chosen}",
    LeftOut.OTHER_TIME: "a statistic over the whole course, not of this time",
    LeftOut.OTHER_METRIC: "metric {own}; this analysis uses {chosen}",
    LeftOut.OTHER_INSTRUMENT: "the instrument rule {chosen} takes another instrument",
    LeftOut.OTHER_ROUTE: "another route to the same quantity is nearer to the data",
    LeftOut.OTHER_ANALYSIS_SET: "the rule {chosen} takes another analysis set of the same trial",
    LeftOut.OTHER_ARM: "the rule {chosen} takes other arms of the same conditions",
    LeftOut.OTHER_COMPARATOR: "the rule {chosen} takes another comparator of the same trial",
    LeftOut.OTHER_WEEK: "the rule {chosen} takes another week of the same trial",
    LeftOut.BOTH_ARMS_RECEIVE_IT: "both arms receive the therapy",
    LeftOut.NO_VARIANCE: "a number without uncertainty: neither standard error nor interval nor p",
    LeftOut.IMPUTED: "imputed, and imputed estimates are excluded",
    LeftOut.SIGN_UNKNOWN: "its direction is not known",
}
"""Why a rule leaves an estimate out, in words; a row that is no estimate says why itself.

``own`` is the value of the row, ``chosen`` that of the analysis.
"""


class RemarkKind(StrEnum):
    """What a remark on an estimate, or on a pooled one, is about."""

    SIZES_IMPUTED = "sizes_imputed"
    SIZES_NOT_PRINTED = "sizes_not_printed"
    SIZES_OF_RANDOMIZED = "sizes_of_randomized"
    UNEQUAL_TIMES = "unequal_times"
    CLOCK = "clock"
    CORRECTION = "correction"
    SHARED_ARM = "shared_arm"
    ARMS_COMBINED = "arms_combined"
    MOMENTS_DERIVED = "moments_derived"
    CHANGE_SCORES = "change_scores"
    CLUSTERS = "clusters"
    SAME_PERSONS = "same_persons"
    CORRELATION_IMPUTED = "correlation_imputed"
    ZERO_CELL = "zero_cell"
    COUNTS_RECONSTRUCTED = "counts_reconstructed"
    PARTICIPANTS_MISSING = "participants_missing"
    NO_INTERVAL = "no_interval"
    SPREAD_DERIVED = "spread_derived"
    SCALE_OF_SE_UNKNOWN = "scale_of_se_unknown"
    FROM_A_MODEL = "from_a_model"
    DIGITS_OF_P = "digits_of_p"
    SIGN_FROM_WORDS = "sign_from_words"
    SIGN_FROM_EVENTS = "sign_from_events"
    SIGN_UNKNOWN = "sign_unknown"
    DERIVED_CONTRAST = "derived_contrast"
    ONE_TRIAL = "one_trial"
    TWO_TRIALS = "two_trials"
    FEW_TRIALS = "few_trials"
    NOT_CONVERGED = "not_converged"
    TAU2_OF_0 = "tau2_of_0"
    CLOSER_THAN_CHANCE = "closer_than_chance"
    INTERVAL_TOO_NARROW = "interval_too_narrow"
    SE_OF_0 = "se_of_0"


class Basis(StrEnum):
    """What a standard error follows from, the nearest to it first."""

    STANDARD_ERROR = "standard_error"
    INTERVAL = "interval"
    LIMIT = "limit"
    SIZES = "sizes"
    P = "p"
    P_BELOW = "p_below"
    NOTHING = "nothing"


class EntryKind(StrEnum):
    """What a number of the ledger is; there is none for the rest, so that none goes unsaid.

    `TRIAL` is an estimate of one trial, `PUBLISHED` a pooled value as a review prints it,
    `POOLED_REEXPRESSED` one in the points of an instrument, `COUNT` a share of those counted. A
    `STRESS_TEST` enters results that no source reports, a `STRESS_END` at an end of what is open,
    a `STRESS_POSTERIOR` with a prior besides. A `WHAT_IF` rests on an assumption that is tried out.
    """

    TRIAL = "trial"
    TRIAL_RANGE_END = "trial_range_end"
    POOLED = "pooled"
    POOLED_RANGE_END = "pooled_range_end"
    POOLED_REEXPRESSED = "pooled_reexpressed"
    PUBLISHED = "published"
    ABSOLUTE = "absolute"
    CHANGE = "change"
    RETAINED = "retained"
    STRESS_TEST = "stress_test"
    STRESS_END = "stress_end"
    STRESS_POSTERIOR = "stress_posterior"
    POSTERIOR = "posterior"
    POWER = "power"
    WEIGHT = "weight"
    WHAT_IF = "what_if"
    COUNT = "count"


NO_RESULT = {
    EntryKind.STRESS_TEST: "a stress test and no result: trials without a usable number count as "
    "zero (imputed)",
    EntryKind.STRESS_END: "an end of a stress test and no result: trials without a usable number "
    "count as far from zero as what they report leaves open (imputed)",
    EntryKind.STRESS_POSTERIOR: "a posterior of a stress test and no result: it rests on a prior "
    "too, and trials without a usable number count as zero (imputed)",
    EntryKind.POSTERIOR: "a posterior: it rests on a prior too",
    EntryKind.POWER: "the power of a trial: it follows from sizes and no result",
    EntryKind.WHAT_IF: "a what-if and no result: it rests on an assumption (imputed)",
}
"""What is said with each number that is no result of the trials alone."""

IMPUTED_BY_KIND = {*NO_RESULT} - {EntryKind.POSTERIOR, EntryKind.POWER}
"""Kinds of which `NO_RESULT` says already that they are imputed."""


@final
@dataclass(frozen=True, slots=True)
class FreeText:
    """What people wrote, or words made of it: to be shown, and never searched.

    It has no ``in``, no ``startswith`` and no ``split``, which a type checker refuses by any name,
    and is neither formatted nor turned into `str`, so that its words leave by `words_of` alone.
    """

    _written: str

    def __bool__(self) -> bool:
        """Whether anything is written."""
        return bool(self._written)

    def __str__(self) -> NoReturn:
        """Refuse to become what can be searched."""
        raise TypeError("free text is shown by evidence.terms.words_of, html or markdown")

    def __format__(self, _: str) -> NoReturn:
        """Refuse to become part of a text by the way."""
        self.__str__()


NOTHING_SAID = FreeText("")
"""Where there is nothing to say."""


def words_of(text: FreeText) -> str:
    """Return free text to be shown, or to be part of free text."""
    return text._written


@dataclass(frozen=True, slots=True)
class Remark:
    """What has to be said beside an estimate: its kind, to decide by, and its text, to show."""

    kind: RemarkKind
    text: FreeText

    @classmethod
    def of(cls, kind: RemarkKind, text: str) -> "Remark":
        """Return a remark with words just made."""
        return cls(kind, FreeText(text))


class _Remarked(Protocol):
    @property
    def remarks(self) -> tuple[Remark, ...]: ...


def has(row: _Remarked, kind: RemarkKind) -> bool:
    """Return whether a row bears a remark of a kind."""
    return any(one.kind == kind for one in row.remarks)


_AGES = {
    "children_and_adolescents": {"children", "adolescents"},
    "adolescents_and_young_adults": {"adolescents", "young_adults"},
    "adults": {"adults", "young_adults", "older_adults"},
}
"""Age groups that a group holds; one that is not named here holds itself alone."""


def ages_overlap(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether some people can be of both: each a list of age groups."""
    held = [
        {age for group in groups for age in _AGES.get(group, {group})} for groups in (one, other)
    ]
    return bool(held[0] & held[1])
