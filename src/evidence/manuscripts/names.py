"""What a sentence names: trial, outcome, time and comparator, held against those of a number."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from evidence.ledger import LedgerEntry

FIELDS = ("trial", "outcome", "timepoint", "comparator")
"""What a sentence can name beside the metric."""

_TIMES = {
    "follow_up": r"(?<!to )\bfollow(?:ed)?[- ]?ups?\b"
    r"|\b(?:days?|weeks?|months?|years?) (?:after|post|later|following)[ -](?!baseline|random)"
    r"(?:(?:the )?end of )?(?:the )?(?:treatment|therapy|intervention)?",
    "post": r"\bpost-?(?:treatment|intervention|test)?\b|\bend of (?:the )?(?:treatment|therapy|"
    r"intervention)|\bafter (?:the )?(?:treatment|therapy|intervention)\b|\btreatment end\b"
    r"|\bimmediately after\b",
    "baseline": r"\bat baseline\b|\bbefore (?:the )?(?:treatment|therapy|intervention)\b"
    r"|\bpre-?treatment\b",
}
_CONDITIONS = {
    "waitlist": r"wait(?:ing)?[- ]?lists?(?: controls?)?",
    "enhanced_usual_care": r"enhanced (?:usual care|TAU|treatment as usual|care as usual)|EUC",
    "usual_care": r"usual care|treatment as usual|care as usual|TAU|CAU|routine care",
    "no_intervention": r"no (?:intervention|treatment)",
}
_AGAINST = re.compile(
    r"\b(?:against|versus|vs?\.?|compared (?:with|to)|comparison with|than|relative to|over"
    r"|controls? (?:was|were|received))\s[^.;()]{0,90}",
    re.IGNORECASE,
)
_POPULATION = re.compile(
    r"\b(?:with|having|(?:treatment|therapy) (?:of|for)|major) $", re.IGNORECASE
)
_YEAR = re.compile(r"(?P<names>.+?)(?P<year>(?:19|20)[0-9]{2}[a-z]?)")
_NOT_TIMES = ("post", "follow_up", "baseline")


_STANDARDIZED = re.compile(r"hedges_g|d_\w+|mixed|standardized")
_COHENS_D = re.compile(r"(?<![A-Za-z])[dD]$|\bCohen")
_NAMED = ("odds_ratio", "risk_ratio", "mean_difference", "retained_fraction", "proportion")
_SHARES = ("risk_difference", "retained_fraction", "proportion", "share")


def kind(entry: LedgerEntry) -> str:
    """Return the kind of metric of an entry, empty where no word of prose settles it."""
    if entry.scale == "proportion":
        return "proportion"
    if _STANDARDIZED.fullmatch(entry.metric):
        return "standardized"
    if entry.metric in ("qaly_difference", "cost_difference"):
        return "mean_difference"
    if entry.metric in _NAMED:
        return entry.metric
    # The change of a risk difference is one of shares too.
    return "risk_difference" if entry.metric.endswith("risk_difference") else ""


def is_share(entry: LedgerEntry) -> bool:
    """Whether a number is a share of a whole, or a difference of shares, quoted in percent."""
    return kind(entry) in _SHARES


def fits(told: str, entry: LedgerEntry, label: str = "") -> bool:
    """Whether what a text calls a number can be the metric of an entry.

    Parameters
    ----------
    told : str
        Kind of a reading; empty where the text does not say.
    entry : LedgerEntry
        Number of the ledger.
    label : str
        The words; Cohen's d is no Hedges g.

    Examples
    --------
    The word "odds ratio" cannot mean Hedges g; "effect" can mean anything.
    """
    meant = kind(entry)
    if entry.metric == "hedges_g" and _COHENS_D.search(label):
        return False
    if not told or told == meant or told in entry.metric:
        return True
    if told == "ratio":
        return entry.scale == "ratio"
    if told == "share":
        return not meant or meant in _SHARES
    return not meant


@dataclass(frozen=True, slots=True)
class Named:
    """What a sentence names, each with the words; empty where it names none."""

    trial: Mapping[str, str]
    outcome: Mapping[str, str]
    timepoint: Mapping[str, str]
    comparator: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """Words by which sentences name trials, outcomes and comparators.

    Attributes
    ----------
    trials : mapping of str to str
        Label of each trial, "Diamond 2010".
    outcomes, conditions, therapies : mapping of str to tuple
        Words for each term; those of therapies name no outcome.
    """

    trials: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    therapies: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def _patterns(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        """Patterns with kind and term, the longest words first: what they match is gone."""
        found = []
        listed_words = (self.outcomes, self.conditions, self.therapies)
        for kind, words in zip(("outcome", "comparator", ""), listed_words, strict=True):
            for term, names in words.items():
                listed = {_plain(one) for one in (*names, term.replace("_", " ")) if len(one) > 2}
                found += [(kind, term, _word(one), len(one)) for one in listed]
        for term, pattern in _CONDITIONS.items():
            found.append(("comparator", term, rf"\b(?:{pattern})\b", len(pattern)))
        found.sort(key=lambda one: (-one[3], one[1]))
        return tuple(
            (kind, term, re.compile(pattern, re.IGNORECASE)) for kind, term, pattern, _ in found
        )

    @cached_property
    def _trial_patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        found = []
        for key, label in self.trials.items():
            match = _YEAR.fullmatch(label)
            if match is None:
                found.append((key, re.compile(_word(label), re.IGNORECASE)))
                continue
            first = re.escape(match["names"].split(" et al")[0].strip(" ,"))
            found.append(
                (
                    key,
                    re.compile(
                        rf"\b{first}[^.;0-9]{{0,40}}(?:al\.)?[^.;0-9]{{0,6}}{match['year']}"
                    ),
                )
            )
        return tuple(found)

    def named(self, text: str) -> Named:
        """Return what a text names.

        An outcome of the patients, as in "adolescents with depression", names none.
        """
        plain = " ".join(text.replace("‑", "-").replace("–", "-").split())
        trials = {}
        for key, pattern in self._trial_patterns:
            match = pattern.search(plain)
            if match is not None:
                trials[key] = match[0]
        times = {}
        timed = plain
        for key, words in _TIMES.items():
            match = re.search(words, timed, re.IGNORECASE)
            if match is not None:
                times[key] = match[0]
                # "12 weeks after treatment" does not name the end of treatment too.
                timed = re.sub(words, "#", timed, flags=re.IGNORECASE)
        outcomes: dict[str, str] = {}
        left = plain
        comparators: dict[str, str] = {}
        beside = [one.span() for one in _AGAINST.finditer(plain)]
        for kind, term, pattern in self._patterns:
            for match in list(pattern.finditer(left)):
                if kind == "outcome" and not _POPULATION.search(left[: match.start()][-24:]):
                    outcomes.setdefault(term, match[0])
                elif kind == "comparator" and any(
                    start < match.start() < end for start, end in beside
                ):
                    comparators.setdefault(term, match[0])
                left = f"{left[: match.start()]}{'#' * len(match[0])}{left[match.end() :]}"
        return Named(trials, outcomes, times, comparators)

    def outcome(self, entry: LedgerEntry) -> str:
        """Return the outcome of a number, empty where its id names none that is known."""
        return next((one for one in entry.estimate_id.split(".") if one in self.outcomes), "")

    def contradicted(self, named: Named, entry: LedgerEntry) -> dict[str, tuple[str, str]]:
        """Return what a sentence names otherwise than a number is, with the words and what it is.

        Where a sentence names several, one that is right is enough.
        """
        outcome = self.outcome(entry)
        comparators = tuple(one.strip() for one in entry.comparator.split(";") if one.strip())
        timepoint = entry.timepoint if entry.timepoint in _NOT_TIMES else ""
        holds: dict[str, Iterable[str]] = {
            "trial": entry.trial_ids,
            "outcome": (outcome,) if outcome else (),
            "timepoint": (timepoint,) if timepoint else (),
            "comparator": comparators,
        }
        found = {}
        for name, right in holds.items():
            told: Mapping[str, str] = getattr(named, name)
            values = tuple(right)
            if told and values and not set(told) & set(values):
                found[name] = next(iter(told.values())), "; ".join(values)
        return found

    def agreement(self, named: Named, entry: LedgerEntry) -> int:
        """Return how many of the names of a sentence are those of a number, and no others.

        A sentence that names one trial is of that trial alone before it is of several.
        """
        count = 2 * (bool(named.trial) and set(named.trial) == set(entry.trial_ids))
        count += bool(named.outcome) and self.outcome(entry) in named.outcome
        count += bool(named.timepoint) and entry.timepoint in named.timepoint
        comparators = {one.strip() for one in entry.comparator.split(";")}
        return count + (bool(named.comparator) and set(named.comparator) == comparators)


def _plain(text: str) -> str:
    return " ".join(text.replace("‑", "-").split())


def _word(text: str) -> str:
    return rf"(?<![\w-]){re.escape(text)}(?![\w])"


def of_entries(entries: Iterable[LedgerEntry]) -> Vocabulary:
    """Return the words that the ids of a ledger alone give: trials by name and year."""
    trials = {}
    for one in entries:
        for key in one.trial_ids:
            match = re.fullmatch(r"(?P<name>[a-z_]+?)_?(?P<year>(?:19|20)[0-9]{2}[a-z]?)", key)
            if match is not None:
                trials[key] = f"{match['name'].replace('_', ' ').title()} {match['year']}"
    return Vocabulary(trials, {}, {})


def read(folder: Path, entries: Iterable[LedgerEntry]) -> Vocabulary:
    """Return the words of a data package, or those of the ids where there is none.

    Parameters
    ----------
    folder : Path
        Of the package.
    entries : iterable of LedgerEntry
        Of the ledger.
    """
    names = ("trials", "vocabularies", "instruments")
    if not all((folder / f"{one}.csv").is_file() for one in names):
        return of_entries(entries)
    trials, terms, instruments = (_rows(folder / f"{one}.csv") for one in names)
    outcomes: dict[str, list[str]] = {}
    conditions: dict[str, list[str]] = {}
    for row in terms:
        into = {"outcome": outcomes, "condition": conditions}.get(row["vocabulary"])
        if into is not None:
            into[row["term"]] = [row[name] for name in ("meaning", "in_text", "short") if row[name]]
    for row in instruments:
        if row["outcome_id"] in outcomes:
            short = row["instrument_id"].replace("_", "-").upper()
            outcomes[row["outcome_id"]] += [row["name"], row["name"].split(",")[0], short]
    treatments = {row["therapy"] for row in trials}
    return Vocabulary(
        {row["trial_id"]: row["label"] for row in trials},
        {key: tuple(words) for key, words in outcomes.items()},
        {key: tuple(words) for key, words in conditions.items() if key not in treatments},
        {key: tuple(words) for key, words in conditions.items() if key in treatments},
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(file)]
