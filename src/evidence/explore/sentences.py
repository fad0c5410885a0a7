"""What is said of a choice: its result, why there is none, and how it differs from the main one."""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence import language
from evidence.data.dataset import Dataset, default_folder
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.explore.model import ALONE, Found
from evidence.ledger import choices, sentences
from evidence.terms import LeftOut

MAIN_ANALYSIS = "This is the main analysis."

REASONS_SHOWN = 3


def result(dataset: Dataset, found: Found) -> str:
    """Return the result of choices as a sentence to quote.

    It names comparator, k, n and interval, and with trials that print no number the stress test.

    Raises
    ------
    ValueError
        If the choices lead to no result.
    """
    if found.analysis is None:
        raise ValueError("there is no result to state")
    return sentences.result(found.analysis, dataset, found.points, found.stress)


def nothing(dataset: Dataset, found: Found) -> str:
    """Return why choices lead to no result."""
    specification = found.specification
    said = f"Nothing to pool on {_question(dataset, specification)} by these choices: "
    if found.selection is None:
        return f"{said}{found.refused}."
    reasons = per_trial(dataset, found)
    if not reasons:
        return f"{said}no trial reports on it."
    shown = [f"{label}: {why}" for label, why in list(reasons.values())[:REASONS_SHOWN]]
    more = len(reasons) - len(shown)
    rest = f"; and {language.count(more)} more, listed below" if more else ""
    rows = found.selection.left_out
    printed = set(rows.metric[rows.variance.notna()])
    events = (
        " What trials print on it are counts of events; the reports on follow-up and on rare "
        "events show those."
        if printed and printed <= _OF_EVENTS
        else ""
    )
    return f"{said}{'; '.join(shown)}{rest}.{events}"


def per_trial(dataset: Dataset, found: Found) -> dict[str, tuple[str, str]]:
    """Return label and reason of each trial that did not enter, by its id.

    Of several reasons the one that tells most: what the trial says in words, then which choice
    keeps it out, then that its numbers are of another kind.
    """
    if found.selection is None:
        return {}
    left_out = found.selection.left_out
    other_kind = left_out.left_out_by == LeftOut.OTHER_METRIC
    standing = set(found.selection.estimates.trial_id)
    reasons: dict[str, tuple[str, str]] = {}
    for rows in (
        found.selection.without_number,
        left_out[~other_kind],
        left_out[other_kind],
    ):
        for row in records(rows):
            if row.trial_id not in standing:
                said = (row.label, sentences.reason_in_words(row, dataset))
                reasons.setdefault(row.trial_id, said)
    return reasons


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a trial is in a result, and why it is or is not.

    Attributes
    ----------
    enters : bool
        Whether its number, or zero in the stress test, is behind what is shown.
    why : str
        What keeps it out, or how it enters without a number; empty where it enters with one.
    free : bool
        Whether a reader can take it in or out; what other choices keep out comes back with these.
    """

    enters: bool
    why: str
    free: bool


def standings(dataset: Dataset, found: Found, trial_ids: Iterable[str]) -> dict[str, Standing]:
    """Return how each trial stands in what choices lead to."""
    by_hand = set(found.specification.leave_out)
    entered = set() if found.analysis is None else set(found.analysis.selection.estimates.trial_id)
    at_zero = set() if found.stress is None else set(found.stress.entered.trial_id)
    reasons = per_trial(dataset, found)
    made = {}
    for one in trial_ids:
        if one in by_hand:
            made[one] = Standing(enters=False, why="left out by hand", free=True)
        elif one in entered:
            made[one] = Standing(enters=True, why="", free=True)
        elif one in at_zero:
            made[one] = Standing(enters=True, why="at zero, in the stress test alone", free=True)
        else:
            why = reasons[one][1] if one in reasons else "no result on this question"
            made[one] = Standing(enters=False, why=why, free=False)
    return made


_OF_EVENTS = {"log_odds_ratio", "log_risk_ratio", "risk_difference"}


def _question(dataset: Dataset, specification: Specification) -> str:
    therapy = dataset.in_text("therapy", specification.therapy)
    outcome = dataset.in_text("outcome", specification.outcome)
    when = dataset.in_text("timepoint", specification.timepoint)
    return f"{outcome} with {therapy}, {when},"


def as_code(dataset: Dataset, specification: Specification) -> str:
    """Return the lines of Python that lead to the result of choices."""
    own = "" if dataset.path == default_folder().resolve() else repr(str(dataset.path))
    given = [*map(repr, specification.question)]
    given += [f"{name}={value!r}" for name, value in specification.changed.items()]
    asked = ",\n    ".join(given)
    return (
        f"import evidence\n\nbook = evidence.load({own})\n"
        f"found = book.analyze(\n    {asked},\n)\nprint(found)"
    )


def option(dataset: Dataset, name: str, value: object) -> str:
    """Return one option of a choice in words."""
    if value is None:
        return "any comparator"
    condition = str(value).removeprefix(ALONE)
    if condition != value:
        return f"{dataset.in_text('condition', condition)} alone"
    if name == "tau2" and value in sentences.TAU2_SOURCE:
        return f"{value}: {sentences.TAU2_SOURCE[str(value)].partition(' (')[0]}"
    if name == "instrument":
        rule = sentences.INSTRUMENT_RULE.get(str(value))
        return rule or dataset.instrument_name(str(value))
    if name in ("therapy", "outcome", "timepoint", "comparator_class"):
        return dataset.in_text(name, str(value))
    return choices.choice_in_words(name, str(value))


def differing(dataset: Dataset, specification: Specification) -> str:
    """Return how choices differ from those of the main analysis, as a sentence."""
    said = choices.differing(specification, dataset).removeprefix(", ")
    return f"Otherwise than in the main analysis: {said}." if said else MAIN_ANALYSIS
