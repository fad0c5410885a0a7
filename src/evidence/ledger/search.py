"""What the index knows numbers by: the words of readers, and which number answers them first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from evidence import language
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.missing_evidence import reported_outcomes
from evidence.ledger import LedgerEntry, sentences
from evidence.terms import EntryKind

_WORDS: Mapping[str, tuple[str, ...]] = {
    "therapy:abft": ("family therapy", "attachment based family therapy"),
    "therapy:abct": ("compassion", "compassion therapy", "attachment based compassion therapy"),
    "outcome:depression": ("depression", "depressed", "depressive", "mood"),
    "outcome:suicidal_ideation": ("ideation", "suicidality", "suicidal thoughts", "suicidal"),
    "outcome:suicide_attempt": ("suicide attempt", "attempts", "attempted suicide"),
    "outcome:self_harm": ("self injury", "nssi"),
    "outcome:affective_distress": ("distress",),
    "outcome:functional_impairment": ("impairment", "fibromyalgia"),
    "outcome:quality_of_life": ("qaly", "qol"),
    "outcome:cost": ("cost", "cost effectiveness"),
    "event:clinical_recovery": ("recovery", "recovered", "clinical recovery"),
    "event:no_longer_mdd": ("no longer depressed", "loss of the diagnosis", "diagnosis"),
    "event:remission": ("remission", "remitted", "in remission"),
    "event:response_50": ("response", "responders", "responded"),
    "time:post": (
        *("end of treatment", "end of therapy", "post treatment", "posttreatment", "post"),
        *("after treatment", "after therapy"),
    ),
    "time:follow_up": (
        *("follow up", "followup", "effects last", "does it last", "durability", "long term"),
    ),
    "time:baseline": ("baseline", "pre treatment", "pretreatment"),
    "class:inactive": ("no treatment", "no intervention"),
    "class:usual_care": ("usual care", "tau", "treatment as usual", "care as usual"),
    "class:active": ("active", "active control", "active treatment"),
    "arm:waitlist": ("waiting list", "wait list", "waitlist", "wlc"),
    "arm:enhanced_usual_care": ("euc", "enhanced tau"),
    "arm:supportive_therapy": ("supportive therapy", "nondirective supportive therapy"),
    "arm:mindfulness_based_stress_reduction": ("mbsr", "mindfulness"),
    "age:adolescents": ("adolescent", "adolescence", "teenagers", "teens", "youth", "young people"),
    "age:adults": ("adult",),
    "kind:pooled": ("pooled", "meta analysis"),
    "kind:published": ("review", "reviews", "published review", "published reviews"),
    "kind:stress_test": ("stress test",),
    "kind:power": ("power", "statistical power"),
    "kind:weight": ("weight", "weights"),
    "kind:absolute": ("number needed to treat", "nnt", "per 1 000", "absolute risk"),
    "metric:odds_ratio": ("odds ratio",),
    "metric:risk_ratio": ("risk ratio", "relative risk"),
    "metric:mean_difference": ("mean difference", "points"),
}
"""What readers type beside the words of the vocabularies, in lower case, spaces for hyphens."""

_INSTEAD = {"self_harm": "suicide_attempt"}
"""The outcome nearest to one that nothing here reports; it is another one."""

_KINDS = {EntryKind.TRIAL: 1, EntryKind.PUBLISHED: 4, EntryKind.ABSOLUTE: 5}
"""Places of kinds that answer a question."""
_BESIDE = 6
"""Place of the others, which qualify an answer, and of what was before treatment."""

_PART_OF_AN_INSTRUMENT = re.compile(r"([a-z]{3,})_(?:i+|jr|[a-z]|[0-9]+)")
"""Id of an instrument that is an edition, a form or a scale of one, as ``bdi_ii``."""

WEEKS_OF_A_MONTH = 52 / 12

_APART = re.compile(r"(?<=\w)[-_](?=\w)|[^\w\s-]")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words by which numbers are known.

    Attributes
    ----------
    concepts : tuple of str
        What a number can be of, each as ``facet:value``.
    phrases : dict of tuple of int
        Places of the concepts that a phrase can mean.
    nothing : dict of dict
        For the place of an outcome on which no trial here has a number: what is ``said``, and the
        words to ask for ``instead``, empty where no outcome is near.
    """

    concepts: tuple[str, ...]
    phrases: Mapping[str, tuple[int, ...]]
    nothing: Mapping[int, Mapping[str, str]]


def plain(text: str) -> str:
    """Return a text as phrases are compared: lower case, without hyphens and marks."""
    return " ".join(_APART.sub(" ", text.lower()).split())


def rank(entry: LedgerEntry) -> tuple[int, bool, bool, bool, int, str]:
    """Return the order in which numbers answer a question that all of them fit.

    Means of two or more trials that several reports show come first, then single trials, the mean
    "of one trial" after the trial itself, and means by other choices; differences before treatment
    are no answer. Then what has an interval, the end of treatment before follow-up, what rests on
    no imputed value, and what more reports show.
    """
    if entry.entry_kind == EntryKind.POOLED:
        place = 2 if (entry.k or 0) < 2 else 0 if len(entry.reports) > 1 else 3
    else:
        place = _KINDS.get(entry.entry_kind, _BESIDE)
    if entry.timepoint == "baseline":
        place = _BESIDE
    return (
        place,
        entry.ci_low is None,
        entry.timepoint == "follow_up",
        entry.processing == "imputed",
        -len(entry.reports),
        entry.estimate_id,
    )


class Known:
    """What each number is of, by the data package."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._ages = dict(zip(dataset.trials.trial_id, dataset.trials.age_group, strict=True))
        self._instruments = {*dataset.instruments.instrument_id}
        self._events = {*dataset.vocabulary("event")}
        self._results = {*dataset.arm_results.result_id, *dataset.statistics.result_id}

    def concepts(
        self, entry: LedgerEntry, answers: Iterable[tuple[str, Iterable[str]]]
    ) -> set[str]:
        """Return the concepts of a number; `answers` are those to the filters, by facet."""
        found = {f"{facet}:{one}" for facet, several in answers for one in several}
        found |= {f"arm:{one}" for one in entry.comparator.split("; ") if one}
        found |= {f"metric:{entry.metric.removeprefix('log_')}", f"kind:{entry.entry_kind}"}
        ages = {self._ages[one] for one in entry.trial_ids if one in self._ages}
        found |= {f"age:{one}" for one in ages}
        if entry.entry_kind in (EntryKind.TRIAL, EntryKind.TRIAL_RANGE_END):
            parts = entry.estimate_id.split(".")
            found |= {f"instrument:{one}" for one in self._instruments.intersection(parts)}
            found |= {f"event:{one}" for one in self._events.intersection(parts)}
            for one in self._results.intersection(entry.result_ids):
                weeks = self._dataset.result(one).weeks
                if not pd.isna(weeks):
                    months = round(weeks / WEEKS_OF_A_MONTH)
                    found |= {f"when:{weeks:g} weeks", f"when:{sentences.span(weeks)}"}
                    found |= {f"when:{months} months"}
        return found


def phrases(dataset: Dataset, used: Iterable[str]) -> Phrases:
    """Return all phrases of concepts that numbers are of, and of outcomes that none is of.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    used : iterable of str
        Concepts of the numbers.
    """
    means: dict[str, set[str]] = {}

    def add(concept: str, *words: str) -> None:
        for one in map(plain, words):
            if one:
                means.setdefault(one, set()).add(concept)

    facets = {
        "therapy": "therapy",
        "outcome": "outcome",
        "timepoint": "time",
        "age_group": "age",
        "comparator_class": "class",
        "condition": "arm",
        "event": "event",
    }
    outcomes = dataset.worded("outcome")
    known = {*used, *(f"outcome:{one}" for one in outcomes)}
    for name, facet in facets.items():
        for value, words in dataset.worded(name).items():
            add(f"{facet}:{value}", words, words.partition(" (")[0], value)
    for one in records(dataset.instruments):
        part = _PART_OF_AN_INSTRUMENT.fullmatch(one.instrument_id)
        add(
            f"instrument:{one.instrument_id}",
            one.instrument_id,
            part.group(1) if part else "",
            one.name,
            one.name.partition(",")[0],
        )
    for concept in known:
        facet, _, value = concept.partition(":")
        if facet == "when":
            add(concept, value, value.removesuffix("s"))
        add(concept, *_WORDS.get(concept, ()))
    reported, counted = reported_outcomes(dataset), set(used)
    nothing = {
        f"outcome:{one}": {
            "said": f"No trial here reports {words} as an outcome of its own."
            if one not in reported
            else f"No number here is of {words}: trials that measured it report words alone, or "
            "numbers that give no estimate.",
            "instead": outcomes.get(_INSTEAD.get(one, ""), ""),
        }
        for one, words in outcomes.items()
        if one not in reported or f"outcome:{one}" not in counted
    }
    concepts = tuple(sorted(known & {one for several in means.values() for one in several}))
    place = {one: number for number, one in enumerate(concepts)}
    return Phrases(
        concepts,
        {
            words: tuple(sorted(place[one] for one in several & known))
            for words, several in sorted(means.items())
            if several & known
        },
        {place[one]: value for one, value in nothing.items()},
    )


def mixed(entry: LedgerEntry, dataset: Dataset) -> str:
    """Return the comparators of a number that mixes several classes of them, in words."""
    if "; " not in entry.comparator_class:
        return ""
    return "mixes comparators: " + language.listed(
        dataset.in_text("condition", one) for one in entry.comparator.split("; ")
    )
