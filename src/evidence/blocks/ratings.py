"""Ratings by RoB 2 and GRADE that reviewers give themselves: a file of theirs, shown as theirs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block
from evidence.blocks.tables import table
from evidence.data.dataset import Dataset
from evidence.errors import DataError, Fault
from evidence.ledger import table as read_table
from evidence.terms import FreeText, words_of

FILE = "ratings.csv"
"""In the folder of the data package; there is none where nobody rated."""
COLUMNS = (
    *("scheme", "trial_id", "therapy", "comparator_class", "outcome_id", "domain", "rating"),
    *("reviewer", "date", "reasons"),
)
OVERALL = "overall"
_ROB2 = ("low", "some concerns", "high")
_GRADE = ("not serious", "serious", "very serious")
RATINGS: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "rob2": {
            "randomization": _ROB2,
            "deviations": _ROB2,
            "missing outcome data": _ROB2,
            "measurement": _ROB2,
            "selection of the result": _ROB2,
            OVERALL: _ROB2,
        },
        "grade": {
            "risk of bias": _GRADE,
            "inconsistency": _GRADE,
            "indirectness": _GRADE,
            "imprecision": _GRADE,
            "publication bias": ("undetected", "strongly suspected"),
            OVERALL: ("high", "moderate", "low", "very low"),
        },
    }
)
"""By scheme and domain what can be given (Sterne et al. 2019, BMJ 366:l4898; Guyatt et al. 2008,
BMJ 336:924)."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One domain as one person rates it.

    Attributes
    ----------
    scheme : {"rob2", "grade"}
        RoB 2 rates a trial, GRADE what is found of a therapy.
    trial_id, therapy, comparator_class, outcome_id : str
        What is rated: a result of a trial on an outcome; or all of a therapy on an outcome against
        a class of comparators, against all of them where it is empty.
    domain, given : str
        What was rated, and how.
    reviewer, why : FreeText
        Who did, and the reasons.
    day : date
        When.
    """

    scheme: str
    trial_id: str
    therapy: str
    comparator_class: str
    outcome_id: str
    domain: str
    given: str
    reviewer: FreeText
    day: date
    why: FreeText


def read(dataset: Dataset) -> tuple[Rating, ...]:
    """Return what reviewers rate, in the order of their file; nothing where there is none.

    Raises
    ------
    DataError
        If a row names what the package does not have, what a scheme does not know, nobody, no day
        or no reasons, or rates a domain twice for one person.
    """
    trials, outcomes = set(dataset.trials.trial_id), set(dataset.vocabulary("outcome"))
    known = {
        ("rob2", "trial_id"): trials,
        ("rob2", "therapy"): {""},
        ("rob2", "comparator_class"): {""},
        ("grade", "trial_id"): {""},
        ("grade", "therapy"): set(dataset.vocabulary("therapy")),
        ("grade", "comparator_class"): {"", *dataset.vocabulary("comparator_class")},
    }
    found: dict[tuple[str, ...], Rating] = {}
    faults = []
    for line, row in read_table(dataset.path / FILE, COLUMNS):
        scheme = row["scheme"]
        accepted: dict[str, Iterable[str]] = {"scheme": RATINGS}
        if scheme in RATINGS:
            accepted |= {name: known[of, name] for of, name in known if of == scheme}
            accepted |= {"outcome_id": outcomes, "domain": RATINGS[scheme]}
            if row["domain"] in RATINGS[scheme]:
                accepted["rating"] = RATINGS[scheme][row["domain"]]
        wrong = [
            Fault(FILE, line, name, row[name], _one_of(values))
            for name, values in accepted.items()
            if row[name] not in values
        ]
        wrong += [
            Fault(FILE, line, name, row[name], "text")
            for name in ("reviewer", "reasons")
            if not row[name].strip()
        ]
        day = _day(row["date"])
        if day is None:
            wrong.append(Fault(FILE, line, "date", row["date"], "a day, as 2026-11-30"))
        key = tuple(row[name] for name in (*COLUMNS[:6], "reviewer"))
        if key in found:
            wrong.append(Fault(FILE, line, "domain", row["domain"], "one rating by each person"))
        faults += wrong
        if day is not None and not wrong:
            found[key] = Rating(
                scheme,
                *(row["trial_id"], row["therapy"], row["comparator_class"], row["outcome_id"]),
                domain=row["domain"],
                given=row["rating"],
                reviewer=FreeText(row["reviewer"]),
                day=day,
                why=FreeText(row["reasons"]),
            )
    if faults:
        raise DataError(faults, FILE)
    return tuple(found.values())


def _one_of(values: Iterable[str]) -> str:
    listed = sorted(one for one in values if one)
    return f"one of {', '.join(listed)}" if listed else "nothing"


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def of_trial(dataset: Dataset, trial_id: str) -> Block:
    """Return how reviewers rate a trial by RoB 2; nothing where nobody does."""
    rated = [one for one in read(dataset) if one.trial_id == trial_id]
    return _shown(dataset, rated, "RoB 2, as reviewers of this workbook rate it")


def of_findings(dataset: Dataset, therapy: str, comparator_class: str) -> Block:
    """Return how reviewers rate findings by GRADE; nothing where nobody does."""
    rated = [
        one
        for one in read(dataset)
        if (one.therapy, one.comparator_class) == (therapy, comparator_class)
    ]
    against = dataset.in_text("comparator_class", comparator_class) if comparator_class else ""
    whose = dataset.in_text("therapy", therapy) + (f" against {against}" if against else "")
    return _shown(dataset, rated, f"GRADE, as reviewers of this workbook rate it: {whose}")


def _shown(dataset: Dataset, rated: Sequence[Rating], caption: str) -> Block:
    if not rated:
        return Block("")
    rows = [
        (
            language.capitalized(dataset.short("outcome", one.outcome_id)),
            one.domain,
            one.given,
            words_of(one.why),
            f"{words_of(one.reviewer)}, {one.day:%Y-%m-%d}",
        )
        for one in rated
    ]
    block = table(caption, ("Outcome", "Domain", "Rating", "Reasons", "By"), rows)
    return Block(f'<div class="rated">\n{block.html}\n</div>')


def raters(dataset: Dataset, trial_id: str) -> str:
    """Return who rated a trial by RoB 2, as HTML; empty where nobody did."""
    names = dict.fromkeys(
        words_of(one.reviewer) for one in read(dataset) if one.trial_id == trial_id
    )
    return html(language.listed(names))
