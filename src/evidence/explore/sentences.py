"""What is said of a choice: its result, why there is none, and how it differs from the main one."""

from evidence import language
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.explore.model import Found
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


_OF_EVENTS = {"log_odds_ratio", "log_risk_ratio", "risk_difference"}


def _question(dataset: Dataset, specification: Specification) -> str:
    therapy = dataset.in_text("therapy", specification.therapy)
    outcome = dataset.in_text("outcome", specification.outcome)
    when = dataset.in_text("timepoint", specification.timepoint)
    return f"{outcome} with {therapy}, {when},"


def option(dataset: Dataset, name: str, value: object) -> str:
    """Return one option of a choice in words."""
    if value is None:
        return "any comparator"
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
