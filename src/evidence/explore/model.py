"""What the choices of a reader lead to: the state behind the widgets, which needs no browser."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import pandas as pd

from evidence.analysis import Analysis, analyze, points_behind
from evidence.analysis.multiverse import CHOICES, panel, placed
from evidence.analysis.stress_test import StressTest, stress_test
from evidence.data.dataset import CLASSES, Dataset
from evidence.data.records import records
from evidence.errors import EvidenceError, ParameterError, SelectionError, check_choice
from evidence.estimation import CORRELATION, estimates
from evidence.estimation.choices import Specification
from evidence.estimation.selection import Selection, select
from evidence.followup import Durability, durability
from evidence.ledger import sentences
from evidence.terms import ACCEPTED, ComparatorClass

CORRELATIONS = (0.3, 0.5, 0.7, 0.8)
"""Correlations of baseline and outcome on offer; no source prints one."""

ALONE = "alone:"
"""Begins the choice of one condition of a class of comparators."""

CHOSEN_TRIALS = "trials chosen here"
"""What a panel calls trials that were chosen one by one or by their comparator."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that measured the outcome, to be taken in or left out.

    Attributes
    ----------
    trial_id, label : str
        Trial.
    compared : str
        Its comparator and how many took part.
    """

    trial_id: str
    label: str
    compared: str


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a specification leads to.

    Attributes
    ----------
    specification : Specification
        The choices.
    analysis : Analysis or None
        The result; None where the choices leave no estimate.
    stress : StressTest or None
        Unreported results at zero.
    points : Series or None
        The coefficient in points that stands for a single trial.
    selection : Selection or None
        What was selected and what was left out; None where a rule cannot select.
    refused : str
        Why a rule cannot select; empty where it can.
    """

    specification: Specification
    analysis: Analysis | None
    stress: StressTest | None
    points: pd.Series | None
    selection: Selection | None
    refused: str


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an analysis stands among all defensible ones on its question.

    Attributes
    ----------
    panel : DataFrame
        The panel of the question with all its trials, sorted by estimate; the analysis itself is
        the row `chosen`, put in where no combination of the panel leads to its numbers.
    chosen, main : int
        Places of the analysis and of the main one.
    among : bool
        Whether the analysis is one of the combinations.
    """

    panel: pd.DataFrame
    chosen: int
    main: int
    among: bool


class Model:
    """All questions of a data package with what can be chosen, ready to answer at once.

    Estimates, panels and follow-up are computed when it is made, so that a change of one choice
    costs one selection and one pooling; those of an imported database, which has hundreds of
    records, when they are first asked for.

    Parameters
    ----------
    dataset : Dataset
        Data package.

    Examples
    --------
    >>> import evidence
    >>> model = Model(evidence.load())
    >>> found = model.found(model.start("abft", "depression", "post"))
    >>> round(found.analysis.pooled.effect, 3), found.analysis.pooled.k
    (0.521, 3)
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._frame = cache(lambda one: estimates(dataset, correlation=one))
        self._main = self._frame(CORRELATION)
        self._of_therapy = self._main[
            (self._main.intervention == self._main.therapy) & (self._main.outcome_id != "")
        ]
        self._by_convention = cache(
            lambda: {"exact": self._main, "metapsy": estimates(dataset, convention="metapsy")}
        )
        self._panel = cache(self._made_panel)
        # Figures, forms and sentences ask for the same answer.
        self.found = lru_cache(maxsize=128)(self._found)
        self._trials: dict[tuple[str, str, str], list[Trial]] = {}
        self._durability = cache(self._made_durability)
        if not dataset.imported:
            self._prepare()

    def _prepare(self) -> None:
        for correlation in CORRELATIONS:
            self._frame(correlation)
        for therapy in self.therapies():
            self._durability(therapy)
            for outcome in self.outcomes(therapy):
                for timepoint in self.timepoints(therapy, outcome):
                    self._panel((therapy, outcome, timepoint))

    def _made_panel(self, question: tuple[str, str, str]) -> pd.DataFrame | None:
        therapy, outcome, timepoint = question
        specification = Specification(therapy=therapy, outcome=outcome, timepoint=timepoint)
        try:
            return panel(self.dataset, specification, self._by_convention())
        except (ParameterError, SelectionError):
            # Nothing to pool by default: the question has no panel.
            return None

    def _made_durability(self, therapy: str) -> Durability | None:
        try:
            return durability(self.dataset, therapy=therapy)
        except ParameterError:
            # No result of this therapy is from after the end of treatment.
            return None

    def therapies(self) -> list[str]:
        """Return the therapies that any row is about, in the order of the vocabulary."""
        present = set(self._of_therapy.therapy)
        return [one for one in self.dataset.vocabulary("therapy") if one in present]

    def outcomes(self, therapy: str) -> list[str]:
        """Return the outcomes that trials of a therapy measured, in the order of the vocabulary."""
        rows = self._of_therapy
        present = set(rows.outcome_id[(rows.therapy == therapy) & rows.timepoint.isin(_TIMES)])
        return [one for one in self.dataset.vocabulary("outcome") if one in present]

    def timepoints(self, therapy: str, outcome: str) -> list[str]:
        """Return the times after treatment at which trials measured an outcome."""
        rows = self._of_therapy
        present = set(rows.timepoint[(rows.therapy == therapy) & (rows.outcome_id == outcome)])
        return [one for one in _TIMES if one in present]

    def instruments(self, therapy: str, outcome: str) -> list[str]:
        """Return the rules for instruments, then the instruments that allow a pooled number."""
        rows = self._of_therapy
        of_outcome = rows[
            (rows.therapy == therapy)
            & (rows.outcome_id == outcome)
            & rows.metric.isin(["hedges_g", "d_from_test_statistic"])
            & rows.variance.notna()
        ]
        return [*ACCEPTED["instrument"], *sorted(set(of_outcome.instrument_id))]

    def trials(self, specification: Specification) -> list[Trial]:
        """Return the trials that measured the outcome at the time of a specification."""
        question = specification.question
        if question not in self._trials:
            self._trials[question] = self._measured(*question)
        return self._trials[question]

    def _measured(self, therapy: str, outcome: str, timepoint: str) -> list[Trial]:
        selection = self._selection(self.start(therapy, outcome, timepoint))
        if isinstance(selection, str):
            return []
        first: dict[str, Any] = {}
        for rows in (selection.estimates, selection.without_number, selection.left_out):
            for row in records(rows):
                first.setdefault(row.trial_id, row)
        return [
            Trial(
                row.trial_id,
                row.label,
                f"{sentences.comparator(row, self.dataset)}, {sentences.sizes(row, self.dataset)}",
            )
            for row in first.values()
            if row.comparator
        ]

    def alone(self, question: tuple[str, str, str]) -> dict[str, tuple[ComparatorClass, set[str]]]:
        """Return comparators that can be looked at alone within their class.

        Returns
        -------
        dict
            By condition with `ALONE` before it: its class, and the trials of that class that
            were compared with another. Empty where each class has one condition, or a trial was
            compared with several.
        """
        rows = self._of_therapy
        for name, value in zip(_QUESTION, question, strict=True):
            rows = rows[rows[name] == value]
        found: dict[str, tuple[ComparatorClass, set[str]]] = {}
        for name in CLASSES:
            own = rows[rows.comparator_class == name]
            conditions = dict.fromkeys(own.comparator)
            if len(conditions) < 2 or _several(own):
                continue
            for one in conditions:
                found[f"{ALONE}{one}"] = (name, set(own.trial_id[own.comparator != one]))
        return found

    def compared(self, specification: Specification) -> str | None:
        """Return the class of comparators of a specification, or the one condition within it."""
        for condition, (name, others) in self.alone(specification.question).items():
            # A trial that goes out by hand beside them leaves the comparator what it is.
            if specification.comparator_class == name and others <= set(specification.leave_out):
                return condition
        return specification.comparator_class

    def start(self, therapy: str, outcome: str, timepoint: str) -> Specification:
        """Return the main analysis of a question.

        Raises
        ------
        ParameterError
            If there is no such question.
        """
        for name, value, accepted in (
            ("therapy", therapy, self.therapies()),
            ("outcome", outcome, self.outcomes(therapy)),
            ("timepoint", timepoint, self.timepoints(therapy, outcome)),
        ):
            check_choice(name, value, accepted)
        return Specification(therapy=therapy, outcome=outcome, timepoint=timepoint)

    def changed(self, specification: Specification, name: str, value: Any) -> Specification:
        """Return a specification with another choice.

        What the new question does not have is set to its first: outcome, time, instrument; trials
        that it does not have are no longer left out. What it has stays as it was chosen.
        """
        if name == "comparator_class":
            return self._against(specification, value)
        made = replace(specification, **{name: value})
        made = replace(made, outcome=_kept(made.outcome, self.outcomes(made.therapy)))
        times = self.timepoints(made.therapy, made.outcome)
        made = replace(made, timepoint=_kept(made.timepoint, times))
        instruments = self.instruments(made.therapy, made.outcome)
        made = replace(made, instrument=_kept(made.instrument, instruments))
        known = {one.trial_id for one in self.trials(made)}
        return replace(made, leave_out=tuple(one for one in made.leave_out if one in known))

    def _against(self, specification: Specification, chosen: str | None) -> Specification:
        """Return a specification with a class of comparators, or one condition of a class."""
        alone = self.alone(specification.question)
        out = set(specification.leave_out)
        before = self.compared(specification)
        if before in alone:
            out -= alone[str(before)][1]
        own, others = alone.get(str(chosen), (chosen, set()))
        order = [one.trial_id for one in self.trials(specification)]
        kept = tuple(one for one in order if one in out | others)
        asked: Any = own
        return replace(specification, comparator_class=asked, leave_out=kept)

    def _found(self, specification: Specification) -> Found:
        """Return what a specification leads to; where that is nothing, why."""
        try:
            analysis = analyze(self.dataset, specification, self._frame(specification.correlation))
        except (ParameterError, SelectionError):
            selection = self._selection(specification)
            if isinstance(selection, str):
                return Found(specification, None, None, None, None, selection)
            return Found(specification, None, None, None, selection, "")
        return Found(
            specification,
            analysis,
            stress_test(analysis),
            points_behind(analysis),
            analysis.selection,
            "",
        )

    def _selection(self, specification: Specification) -> Selection | str:
        """Return the selection of a specification, or why its rule cannot select."""
        try:
            return select(self._frame(specification.correlation), specification)
        except SelectionError as error:
            return str(error)
        except EvidenceError as error:
            if specification.comparator_class is None:
                return str(error)
            compared = self.dataset.in_text("comparator_class", specification.comparator_class)
            return f"no trial on this outcome has {compared} as its comparator"

    def place(self, found: Found) -> Place | None:
        """Return where a result stands among all defensible ones; None where there are none."""
        specification = found.specification
        question = specification.question
        every = self._panel(question)
        if found.analysis is None or every is None:
            return None
        narrowed = specification.leave_out or specification.comparator_class
        rows, at = placed(every, found.analysis, trials=CHOSEN_TRIALS if narrowed else "all")
        rows = rows.assign(chosen=rows.index == at, main=rows.main.eq(True))
        ordered = rows.sort_values(["effect", "estimate_id"], ignore_index=True)
        return Place(
            ordered,
            int(ordered.chosen.argmax()),
            int(ordered.main.argmax()),
            among=len(rows) == len(every),
        )

    def follow_up(self, specification: Specification) -> Durability | None:
        """Return the comparisons at both times of the trials that a specification lets in."""
        found = self._durability(specification.therapy)
        if found is None:
            return None
        rows = found.comparisons
        kept = (rows.outcome_id == specification.outcome) & ~rows.trial_id.isin(
            specification.leave_out
        )
        if specification.comparator_class is not None:
            kept &= rows.comparator_class == specification.comparator_class
        apart = found.uncontrolled
        return replace(
            found,
            comparisons=rows[kept],
            uncontrolled=apart[apart.outcome_id == specification.outcome],
        )


_TIMES = ("post", "follow_up")
_QUESTION = ("therapy", "outcome_id", "timepoint")
"""Columns of the frame that a question is about."""

OPTIONS: dict[str, tuple[Any, ...]] = {
    "comparator_class": (None, *CLASSES),
    "adjustment": ACCEPTED["adjustment"],
    "correlation": CORRELATIONS,
    "imputed": ACCEPTED["imputed"],
    "tau2": tuple(dict.fromkeys((*CHOICES["tau2"], *ACCEPTED["tau2"]))),
    "interval": ACCEPTED["interval"],
}
"""What can be chosen on any question, the main choice first but for the correlation."""


def _several(rows: pd.DataFrame) -> bool:
    """Return whether a trial was compared with several conditions."""
    pairs = rows[["trial_id", "comparator"]].drop_duplicates()
    return bool(pairs.trial_id.duplicated().any())


def _kept(value: str, accepted: list[str]) -> str:
    return value if value in accepted else accepted[0]
