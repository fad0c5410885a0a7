"""Which trial, arms, instrument and time each record belongs to, with an id for each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.data.labels import read_label, slug
from evidence.metapsy.records import ARMS, Database, Record
from evidence.metapsy.vocabulary import NOT_STATED, OUTCOMES, RATERS, condition, event_of, timepoint

ROLES = ("intervention", "comparator")


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial: its id, the label for display, the label as printed, and its key of spelling."""

    trial_id: str
    label: str
    printed: str
    key: str


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: what the file says that its participants received."""

    arm_id: str
    trial_id: str
    role: str
    condition: str
    meaning: str
    variant: str


@dataclass(frozen=True, slots=True)
class Measure:
    """An instrument as one rater uses it for one outcome."""

    instrument_id: str
    name: str
    outcome: str
    outcome_name: str
    rater: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with its place.

    Attributes
    ----------
    record : Record
        The record.
    trial : Trial
        Its trial.
    arms : tuple of Arm
        Intervention and comparator.
    measure : Measure
        Instrument, outcome and rater.
    event : str
        Event that a dichotomous result counts; empty where the record names none.
    timepoint : str
        baseline, post or follow_up.
    time_missing : bool
        Whether the file names no time.
    """

    record: Record
    trial: Trial
    arms: tuple[Arm, Arm]
    measure: Measure
    event: str
    timepoint: str
    time_missing: bool

    @property
    def weeks(self) -> str:
        """Weeks since randomization as printed; empty where none are."""
        return self.record.numbers.get("time_weeks", "")


def place(database: Database, *, outcome: str) -> tuple[Placed, ...]:
    """Return each record with its place.

    Parameters
    ----------
    database : Database
        The file, normalized.
    outcome : str
        Outcome of records of which the file names none.

    Returns
    -------
    tuple of Placed
        A study is one trial, however many records it has; two spellings are two trials. Arms are
        told apart by role, condition and ``multi_arm`` (or, without it, the description).
    """
    trials = _trials(database.records)
    arms = _arms(database.records, trials)
    measures = _measures(database.records, outcome)
    placed = []
    for one in database.records:
        printed = one.text["time"]
        when = timepoint(printed) or "post"
        trial = trials[one.text["study"]]
        first, second = (arms[_arm_key(one, arm)] for arm in ARMS)
        placed.append(
            Placed(
                one,
                trial,
                (first, second),
                measures[_measure_key(one, outcome)],
                event_of(one.text["outcome_type"]) or "",
                when,
                not printed,
            )
        )
    return tuple(placed)


def _trials(records: Sequence[Record]) -> dict[str, Trial]:
    printed = list(dict.fromkeys(one.text["study"] for one in records))
    labels = {one: read_label(one) for one in printed}
    same = Counter(label.text for label in labels.values())
    ids = _Ids()
    return {
        one: Trial(
            ids.new(slug(labels[one].text)),
            # Two spellings of one label would be the same line in every table.
            one if same[labels[one].text] > 1 else labels[one].text,
            one,
            labels[one].key,
        )
        for one in printed
    }


class _Ids:
    """Ids that are given once: a second one of the same name gets a number."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def new(self, stem: str) -> str:
        self._given[stem] += 1
        times = self._given[stem]
        return stem if times == 1 else self.new(f"{stem}_{times}")


_ArmKey = tuple[str, int, str, str]


def _arm_key(one: Record, arm: int) -> _ArmKey:
    variant = one.text[f"multi_arm{arm}"] or one.text[f"descr_arm{arm}"]
    return one.text["study"], arm, condition(one.text[f"condition_arm{arm}"])[0], variant


def _arms(records: Sequence[Record], trials: dict[str, Trial]) -> dict[_ArmKey, Arm]:
    keys = dict.fromkeys(_arm_key(one, arm) for one in records for arm in ARMS)
    meanings = {
        _arm_key(one, arm)[2]: condition(one.text[f"condition_arm{arm}"])[1]
        for one in records
        for arm in ARMS
    }
    variants: dict[tuple[str, int, str], list[str]] = {}
    for study, arm, term, variant in keys:
        variants.setdefault((study, arm, term), []).append(variant)
    ids = _Ids()
    found: dict[_ArmKey, Arm] = {}
    for key in keys:
        study, arm, term, variant = key
        named = [one for one in variants[key[:3]] if one]
        if not variant and len(named) == 1:
            # A record that does not say which arm means the only one there is.
            continue
        trial = trials[study]
        both = (study, 3 - arm, term) in variants
        parts = [trial.trial_id, term]
        parts += [slug(variant)[:40]] if len(variants[key[:3]]) > 1 and variant else []
        parts += ["comparator"] if both and arm == ARMS[1] else []
        found[key] = Arm(
            ids.new("_".join(parts)),
            trial.trial_id,
            ROLES[arm - 1],
            term,
            meanings[term],
            variant,
        )
    for key in keys:
        if key not in found:
            found[key] = found[(*key[:3], next(one for one in variants[key[:3]] if one))]
    return found


_MeasureKey = tuple[str, str, str]


def outcome_of(one: Record, default: str) -> str:
    """Return the outcome of a record as printed, or the one of records that name none."""
    stated = one.text["outcome"]
    kind = one.text["outcome_type"]
    if stated or not kind:
        return stated or default
    plain = " ".join(kind.lower().split())
    if event_of(kind) is None or OUTCOMES.get(plain, ("",))[0] == "suicide_attempt":
        return kind
    return default


def _measure_key(one: Record, default: str) -> _MeasureKey:
    printed = " ".join(outcome_of(one, default).lower().split())
    term = OUTCOMES.get(printed, (slug(printed), ""))[0]
    rater = RATERS.get(one.text["rating"].lower(), NOT_STATED)
    return slug(one.text["instrument"]) if one.text["instrument"] else "", term, rater


def _measures(records: Iterable[Record], default: str) -> dict[_MeasureKey, Measure]:
    names: dict[_MeasureKey, tuple[str, str]] = {}
    for one in records:
        names.setdefault(
            _measure_key(one, default), (one.text["instrument"], outcome_of(one, default))
        )
    outcomes: dict[str, set[str]] = {}
    raters: dict[tuple[str, str], set[str]] = {}
    for name, term, rater in names:
        outcomes.setdefault(name, set()).add(term)
        raters.setdefault((name, term), set()).add(rater)
    ids = _Ids()
    found = {}
    for (name, term, rater), (printed, outcome_name) in names.items():
        parts = [name or f"{term}_instrument_not_stated"]
        parts += [term] if name and len(outcomes[name]) > 1 else []
        parts += [rater] if len(raters[name, term]) > 1 else []
        found[name, term, rater] = Measure(
            ids.new("_".join(parts)),
            printed or "instrument not stated",
            term,
            " ".join(outcome_name.split()) or "outcome not named in the file",
            rater,
        )
    return found
