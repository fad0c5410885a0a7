"""One trial with all that the data hold on it: facts, arms, results, estimates, findings."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block
from evidence.blocks.tables import SIZES, place_of_fact
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.missing_evidence import reported_outcomes
from evidence.integrity import audit
from evidence.ledger import sentences as text
from evidence.terms import FreeText, Said

PLANNED_IN = ("registration", "protocol")
"""Roles of the publications that say what was planned."""
PLANNED = ("n_planned", "treatment_weeks_planned")
"""Facts that say what was planned, wherever they stand."""
TOOK_PART = ("n_randomized", "n_enrolled")
"""Facts that say who took part, wherever they stand: a registration is completed afterwards."""

_ABBREVIATED = re.compile(r".+ \(([A-Z]{2,})\)")


@dataclass(frozen=True, slots=True)
class Fact:
    """One reading of a fact on a trial, with the digits that its source prints.

    Attributes
    ----------
    fact, value, unit, locator_id, note : str
        As in ``trial_facts.csv``.
    place : str
        Id of its row in the page.
    planned : bool
        Whether it was stated before any result: by a registration or a protocol, or by a page of
        its own on a trial that nothing reports on yet.
    """

    fact: str
    value: str
    unit: str
    locator_id: str
    note: FreeText
    place: str
    planned: bool

    @property
    def shown(self) -> str:
        """Value with its unit."""
        return f"{self.value}%" if self.unit == "percent" else f"{self.value} {self.unit}"


@dataclass(frozen=True, slots=True, eq=False)
class TrialCard:
    """One trial.

    Attributes
    ----------
    dataset : Dataset
        Data package.
    trial : namedtuple
        Its row of ``trials``.
    arms, arm_results, statistics, directions : DataFrame
        Its rows, each cell as the text of its file.
    facts : tuple of Fact
        What sources say of it.
    frame : DataFrame
        The frame of estimates of all trials.
    findings : DataFrame
        What the checks of printed numbers found in this trial.
    corrections : DataFrame
        Rows of ``corrections`` on its results.
    """

    dataset: Dataset
    trial: Any
    arms: pd.DataFrame
    arm_results: pd.DataFrame
    statistics: pd.DataFrame
    directions: pd.DataFrame
    facts: tuple[Fact, ...]
    frame: pd.DataFrame
    findings: pd.DataFrame
    corrections: pd.DataFrame

    @property
    def therapy(self) -> str:
        """Its therapy in words."""
        return self.dataset.in_text("therapy", self.trial.therapy)

    @property
    def outcomes(self) -> set[str]:
        """Outcomes on which it reports; those of its therapy where it reports on none yet."""
        trials = self.dataset.trials
        same = trials.trial_id[trials.therapy == self.trial.therapy]
        own = reported_outcomes(self.dataset, [self.trial.trial_id])
        return own or reported_outcomes(self.dataset, same)

    @property
    def rows(self) -> pd.DataFrame:
        """Its rows of the frame of estimates."""
        return _of_trial(self.frame, str(self.trial.trial_id))

    @property
    def estimates(self) -> pd.DataFrame:
        """Its rows with an effect."""
        return self.rows[self.rows.effect.notna()]

    @property
    def locator_ids(self) -> tuple[str, ...]:
        """Every place where something on the trial was read."""
        bias = self.dataset.risk_of_bias
        return union(
            [
                self.arms.locator_id,
                [one.locator_id for one in self.facts],
                self.arm_results.locator_id,
                self.statistics.locator_id,
                self.directions.locator_id,
                bias.locator_id[bias.trial_id == self.trial.trial_id],
            ]
        )

    @property
    def sources(self) -> origins.Sources:
        """Places that its page names by their numbers."""
        return origins.Sources(self.dataset, union([self.locator_ids, *self.estimates.locator_ids]))

    @property
    def publications(self) -> pd.DataFrame:
        """Rows of ``publications`` that report on this trial alone."""
        return _of_trial(self.dataset.publications, str(self.trial.trial_id))

    def about(self, fact: str) -> tuple[Fact, ...]:
        """Return the readings of one fact."""
        return tuple(one for one in self.facts if one.fact == fact)

    def outcome(self, outcome_id: str) -> str:
        """Return an outcome in a few words."""
        return self.dataset.short("outcome", outcome_id)

    def told(self, outcome_id: str) -> pd.DataFrame:
        """Return the directions that say something of an outcome, not that nothing is reported."""
        silent = self.directions.direction.isin([Said.NOT_REPORTED, Said.NOT_SEEN])
        return self.directions[(self.directions.outcome_id == outcome_id) & ~silent]

    def condition(self, arm_id: str) -> str:
        """Return what an arm received, in words; nothing for no arm."""
        if not arm_id:
            return ""
        arm = self.arms[self.arms.arm_id == arm_id].iloc[0]
        if arm.role == "intervention":
            return self.dataset.in_text("condition", arm.condition)
        row = SimpleNamespace(trial_id=self.trial.trial_id, comparator=arm.condition)
        return text.comparator(row, self.dataset)

    def treatment(self, arm_id: str) -> str:
        """Return what an arm received and what it came with."""
        added_to = self.arms[self.arms.arm_id == arm_id].added_to.iloc[0]
        also = f" with {self.dataset.in_text('condition', added_to)}" if added_to else ""
        return f"{self.condition(arm_id)}{also}"

    def compared(
        self, intervention_arm_id: str, comparator_arm_ids: Sequence[str], word: str = "against"
    ) -> str:
        """Return what is compared with what, and what it came with: once where all have it.

        Parameters
        ----------
        intervention_arm_id, comparator_arm_ids : str, sequence of str
            Arms of the trial.
        word : str
            How the comparison is said.
        """
        arms = self.arms.set_index("arm_id")
        added = arms.added_to[intervention_arm_id]
        also = self.dataset.in_text("condition", added) if added else ""
        shared, alone, other = [], [], []
        for one in comparator_arm_ids:
            if added and arms.added_to[one] == added:
                shared.append(one)
            elif added and arms.condition[one] == added and not arms.added_to[one]:
                alone.append(f"{self.condition(one)} alone")
            else:
                other.append(self.treatment(one))
        if not shared or other:
            others = [*map(self.treatment, shared), *alone, *other]
            against = f" {word} {language.listed(others)}" if others else ""
            return f"{self.treatment(intervention_arm_id)}{against}"
        names = language.listed(map(self.condition, shared))
        both = f"{'both' if len(shared) == 1 else 'all'} with {also}"
        rest = f", and {word} {alone[0]}" if alone else ""
        return f"{self.condition(intervention_arm_id)} {word} {names}, {both}{rest}"

    def contrast(self, intervention_arm_id: str, comparator_arm_id: str) -> str:
        """Return what is compared with what."""
        first, second = self.brief(intervention_arm_id), self.brief(comparator_arm_id)
        return f"{first} against {second}" if second else first

    def brief(self, arm_id: str) -> str:
        """Return what an arm received, by its abbreviation where its words give one."""
        name = self.condition(arm_id)
        found = _ABBREVIATED.fullmatch(name)
        return found[1] if found else name

    @property
    def comparators(self) -> tuple[str, ...]:
        """What the comparison groups received."""
        ids = self.arms.arm_id[self.arms.role == "comparator"]
        return tuple(self.condition(one) for one in ids)

    @property
    def size(self) -> str:
        """How many took part, as HTML with a link to where it is printed."""
        for fact in SIZES:
            found = self.about(fact)
            if not found:
                continue
            said = f"{values(found)} {html(self._people(found[0]))}"
            if fact != "n_planned":
                return said
            note = f" ({html(found[0].note)})" if found[0].note else ""
            return f"{said} planned{note}"
        arms = "" if self.arms.empty or (self.arms.n_randomized == "").any() else " of all together"
        return f"{html(self._people(None))}, number{arms} not printed"

    def _people(self, fact: Fact | None) -> str:
        if fact is not None and fact.unit != "participants":
            return fact.unit
        return self.people

    @property
    def people(self) -> str:
        """Who took part, in one word."""
        group = self.trial.age_group
        return self.dataset.in_text("age_group", group) if group else "participants"

    @property
    def who(self) -> str:
        """Who took part; a population that names the people already stands alone."""
        population = str(self.trial.population)
        if self.people in population:
            return population
        return f"{self.people}, {population or 'not stated'}"

    def short_measure(self, row: Any) -> str:
        """Return what was measured: the instrument by its short name, or the event alone."""
        if row.event:
            return language.capitalized(self._event(row))
        return language.capitalized(self.dataset.measure(row.instrument_id))

    def _event(self, row: Any) -> str:
        event = str(row.event)
        return self.dataset.vocabulary("event").get(event, event.replace("_", " "))

    def measure(self, row: Any) -> str:
        """Return what was measured, with the instrument named in full."""
        instruments = self.dataset.instruments.set_index("instrument_id").name
        name = str(instruments.get(row.instrument_id, ""))
        if not row.event:
            return name
        meaning = self._event(row)
        # "Suicide attempt, suicide attempt" says it twice.
        same = name.lower() == meaning.lower() or "diagnosis" in name.lower()
        return language.capitalized(meaning) if same else f"{name}: {meaning}"


def read_card(dataset: Dataset, trial_id: str, frame: pd.DataFrame) -> TrialCard:
    """Return all that the data hold on a trial.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        Trial.
    frame : DataFrame
        Frame of `evidence.estimates`, unfiltered.

    Raises
    ------
    ParameterError
        If there is no such trial.

    Examples
    --------
    >>> import evidence
    >>> dataset = evidence.load()
    >>> read_card(dataset, "israel2013", evidence.estimates(dataset)).comparators
    ('usual care',)
    """
    trials = dataset.trials
    found = trials[trials.trial_id == trial_id]
    if found.empty:
        raise ParameterError("trial_id", trial_id, f"one of {', '.join(trials.trial_id)}")
    own = {
        name: _of_trial(dataset.text(name), trial_id)
        for name in ("arms", "arm_results", "statistics", "directions")
    }
    results = {*own["arm_results"].result_id, *own["statistics"].result_id}
    # Of all trials at once, since findings of one rest on others.
    findings = dataset.once("findings", lambda: audit(dataset))
    named = {trial_id, *results, *own["directions"].direction_id}
    corrections = dataset.corrections
    return TrialCard(
        dataset=dataset,
        trial=next(records(found)),
        arms=own["arms"],
        arm_results=own["arm_results"],
        statistics=own["statistics"],
        directions=own["directions"],
        facts=facts_of(dataset, trial_id),
        frame=frame,
        findings=findings[findings.result_id.isin(named)],
        corrections=corrections[corrections.result_id.isin(results)],
    )


def _of_trial(frame: pd.DataFrame, trial_id: str) -> pd.DataFrame:
    return frame[frame.trial_id == trial_id].reset_index(drop=True)


def facts_of(dataset: Dataset, trial_id: str) -> tuple[Fact, ...]:
    """Return what sources say of a trial as a whole, each reading by itself."""
    trials = dataset.trials
    ongoing = trials.trial_id[trials.status == "ongoing"]
    unreported = trial_id in {*dataset.planned_trials.trial_id, *ongoing}
    own = set(_of_trial(dataset.publications, trial_id).publication_id)
    seen: dict[str, int] = {}
    made = []
    for row in records(_of_trial(dataset.text("trial_facts"), trial_id)):
        seen[row.fact] = seen.get(row.fact, 0) + 1
        source = dataset.locator(row.locator_id).publication_id
        before = dataset.publication(source).role in PLANNED_IN or (unreported and source in own)
        made.append(
            Fact(
                row.fact,
                row.value,
                row.unit,
                row.locator_id,
                FreeText(row.note),
                place_of_fact(row.fact, seen[row.fact]),
                row.fact in PLANNED or (before and row.fact not in TOOK_PART),
            )
        )
    return tuple(made)


def to_place(place: str, shown: str) -> str:
    """Return a printed number as a link to the row that says where it was read, as HTML."""
    return f'<a class="n" href="#{html(place)}">{html(shown)}</a>'


def sentences(parts: Iterable[str]) -> str:
    """Join sentences that are HTML already, those that are empty left out."""
    return " ".join(part for part in parts if part)


def in_provenance(markup: str) -> str:
    """Return markup as a part of the page that numbers lead to."""
    return f'<div class="provenance">\n{markup}\n</div>'


def place_list(caption: str, items: Sequence[tuple[str, str]]) -> Block:
    """Return a list of printed numbers that links can lead to.

    Parameters
    ----------
    caption : str
        What is listed.
    items : sequence of tuple
        Id of the item in the page, and its content as HTML.
    """
    body = "\n".join(
        f'<li id="{html(place)}" tabindex="-1">{markup}</li>' for place, markup in items
    )
    return Block(in_provenance(f'<p>{html(caption)}</p>\n<ul class="not">\n{body}\n</ul>'))


def values(facts: Iterable[Fact]) -> str:
    """Return the values of a fact, each once, linked to where they are printed, as HTML."""
    first: dict[str, Fact] = {}
    for one in facts:
        first.setdefault(one.value, one)
    return language.listed([to_place(one.place, one.value) for one in first.values()], "or")


def distinct(items: Sequence[str]) -> list[str]:
    """Return items without repetition, in order."""
    return list(dict.fromkeys(items))
