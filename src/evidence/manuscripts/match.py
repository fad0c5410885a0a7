"""Each number of a manuscript held against the ledger: which it would be, and whether it is.

A sentence holds more numbers than one estimate has: shares of the arms, sizes of other trials, a
second statistic. Effects, limits and P in a statistical form are compared always; counts, and what
prose only tells, if nothing else in the sentence says it rightly.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evidence import manuscripts as drafts
from evidence.ledger import LedgerEntry
from evidence.manuscripts import Bound, Draft, Span
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.numbers import Printed
from evidence.manuscripts.prose import FIRM, LOOSE, PROSE, Reading, read

_STANDARDIZED = re.compile(r"hedges_g|d_\w+|mixed|standardized")
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


def fits(told: str, entry: LedgerEntry) -> bool:
    """Whether what a text calls a number can be the metric of an entry.

    Parameters
    ----------
    told : str
        Kind of a reading; empty where the text does not say.
    entry : LedgerEntry
        Number of the ledger.

    Examples
    --------
    The word "odds ratio" cannot mean Hedges g; "effect" can mean anything.
    """
    meant = kind(entry)
    if not told or told == meant:
        return True
    if told == "share":
        return not meant or meant in _SHARES
    return not meant


MOST_SIZES = 8
"""How many sizes of arms in one sentence are added up."""


@dataclass(frozen=True, slots=True)
class Located:
    """A reading and the part of the manuscript in which it was made."""

    reading: Reading
    span: Span

    @property
    def words(self) -> Span:
        """The very words."""
        start = self.span.start
        return replace(self.span, start=start + self.reading.start, end=start + self.reading.end)

    def opened(self) -> "Located":
        """Return the reading with a number that may be meant as a percentage."""
        number = replace(self.reading.number, percent=None)
        return replace(self, reading=replace(self.reading, number=number))

    def showing(self, text: str) -> "Located":
        """Return the reading with another text as what is printed."""
        number = replace(self.reading.number, text=text)
        return replace(self, reading=replace(self.reading, number=number))


@dataclass(frozen=True, slots=True)
class Choice:
    """What is compared, and what stands beside it in a form of its own.

    Attributes
    ----------
    compared : tuple of Located
        Numbers of the estimate.
    besides : tuple of Located
        Statistics that cannot be of its metric, where another can: no mark binds them.
    sums : tuple of Located
        Sizes of arms that add up to that of the estimate, as one.
    """

    compared: tuple[Located, ...]
    besides: tuple[Located, ...]
    sums: tuple[Located, ...]


def located(bound: Bound) -> list[Located]:
    """Return the readings of all parts that a mark binds; groups of different parts differ."""
    found = []
    for number, span in enumerate(bound.spans):
        for one in read(span.text, hint=span.hint, percent=span.percent):
            group = one.group if one.group < 0 else one.group + 100_000 * number
            found.append(Located(replace(one, group=group), span))
    return found


def choose(
    readings: Sequence[Located],
    entry: LedgerEntry | None,
    agrees: Callable[[Reading], bool],
) -> Choice:
    """Return which readings are those of an estimate.

    Parameters
    ----------
    readings : sequence of Located
        What a mark binds, in order.
    entry : LedgerEntry or None
        Number of the mark; None where there is none of that id.
    agrees : callable
        Whether a reading is what the ledger has, or had, for the mark.
    """
    if entry is not None and is_share(entry):
        readings = _opened(readings)
    effects, besides = _effects(readings, entry, agrees)
    intervals = [one for one in readings if one.reading.field in ("ci_low", "ci_high")]
    groups = {one.reading.group for one in besides}
    besides += [one for one in intervals if one.reading.group in groups]
    limits = _limits([one for one in intervals if one.reading.group not in groups], agrees)
    sums = _sums([one for one in readings if one.reading.field == "n"], entry)
    # "27 of 31" is the size of an arm for its share alone.
    of_arm = entry is not None and entry.scale == "proportion"
    sizes = [] if sums else _counts(readings, "n", of_arm, agrees)
    trials = _counts(readings, "k", False, agrees)
    p_values = [one for one in readings if one.reading.field == "p_value"]
    compared = {id(one) for one in (*effects, *limits, *sizes, *trials, *p_values)}
    return Choice(
        tuple(one for one in readings if id(one) in compared), tuple(besides), tuple(sums)
    )


def _opened(readings: Sequence[Located]) -> list[Located]:
    """Let limits without a sign be percentages where the effect is one."""
    shown = any(
        one.reading.field == "effect" and one.reading.number.percent is not False
        for one in readings
    )
    bare = ("ci_low", "ci_high")
    return [
        one.opened()
        if shown and one.reading.field in bare and one.reading.number.percent is False
        else one
        for one in readings
    ]


def _effects(
    readings: Sequence[Located], entry: LedgerEntry | None, agrees: Callable[[Reading], bool]
) -> tuple[list[Located], list[Located]]:
    effects = [one for one in readings if one.reading.field == "effect"]

    def of(sureness: int) -> list[Located]:
        return [one for one in effects if one.reading.sureness == sureness]

    def fitting(some: list[Located]) -> list[Located]:
        return [one for one in some if entry is None or fits(one.reading.kind, entry)]

    def right(some: list[Located]) -> list[Located]:
        return [one for one in some if agrees(one.reading)]

    firm, told, loose = of(FIRM), of(PROSE), of(LOOSE)
    if fits_all := fitting(firm):
        known = {id(one) for one in fits_all}
        return fits_all + right(told), [one for one in firm if id(one) not in known]
    only = right(fitting(told)) or right(fitting(loose))
    if only:
        return only[-1:], firm
    if firm:
        return firm, []
    candidates = fitting(told) or fitting(loose) or told or loose
    return candidates[-1:], []


def _limits(intervals: Sequence[Located], agrees: Callable[[Reading], bool]) -> list[Located]:
    firm = [one for one in intervals if one.reading.sureness == FIRM]
    if firm:
        return firm
    swapped = {"ci_low": "ci_high", "ci_high": "ci_low"}
    near = {
        one.reading.group
        for one in intervals
        if agrees(one.reading) or agrees(replace(one.reading, field=swapped[one.reading.field]))
    }
    return [one for one in intervals if one.reading.group in near]


def _counts(
    readings: Sequence[Located], field: str, loose: bool, agrees: Callable[[Reading], bool]
) -> list[Located]:
    """Return the counts that are compared: right ones, else what is most surely that of all."""
    counts = [one for one in readings if one.reading.field == field]
    right = [one for one in counts if agrees(one.reading)]
    firm = [one for one in counts if one.reading.sureness == FIRM]
    told = [one for one in counts if one.reading.sureness == PROSE]
    return right or firm or told or (counts if loose else [])


def _sums(sizes: Sequence[Located], entry: LedgerEntry | None) -> list[Located]:
    """Return sizes of arms as one number, where several of them add up to that of the entry."""
    if entry is None or entry.n is None or not 2 <= len(sizes) <= MOST_SIZES:
        return []
    if any(one.reading.number.value == entry.n for one in sizes):
        return []
    for count in range(2, len(sizes) + 1):
        for some in combinations(sizes, count):
            if sum(one.reading.number.value for one in some) == entry.n:
                return [some[0].showing(" + ".join(one.reading.number.text for one in some))]
    return []


def is_statistical(reading: Reading) -> bool:
    """Whether a number without a mark stands in a form that only a statistic has."""
    if reading.sureness < FIRM:
        return False
    if reading.field == "effect":
        return bool(reading.kind and reading.kind != "share") or reading.group >= 0
    return True


def summed(number: Printed) -> bool:
    """Whether a number stands for several that were added up."""
    return " + " in number.text


_ALIKE = {
    "effect": ("effect", "ci_low", "ci_high"),
    "ci_low": ("ci_low", "ci_high", "effect"),
    "ci_high": ("ci_high", "ci_low", "effect"),
    "p_value": ("p_value",),
    "n": ("n",),
    "k": ("k",),
}
"""Fields whose values can stand in each other's place, the likeliest first."""

MOST_TOGETHER = 20
"""How many numbers printed with one are looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """One number of the ledger."""

    estimate_id: str
    field: str


def closest(
    reading: Reading, estimate_id: str | None, together: Sequence[Reading], known: Known
) -> Place | None:
    """Return the number of the ledger that a printed one agrees with, None where there is none.

    Parameters
    ----------
    reading : Reading
        The printed number.
    estimate_id : str or None
        Of its mark.
    together : sequence of Reading
        Numbers printed with it: the estimate that has most of them comes first, behind the one of
        the mark itself, whose limits may have been swapped.
    known : Known
        Ledger.
    """
    best: tuple[tuple[float, ...], str] | None = None
    found = None
    beside = together[:MOST_TOGETHER]
    fields = _ALIKE[reading.field]
    for key in known.near(fields, reading.number.span):
        entry = known.entries[key]
        if reading.field == "effect" and not fits(reading.kind, entry):
            continue
        for rank, field in enumerate(fields):
            if not _agrees(reading, key, field, known):
                continue
            also = sum(_agrees(one, key, one.field, known) for one in beside)
            prefix = _shared_start(key, estimate_id or "")
            order = (-(key == estimate_id), -also, rank, -prefix, len(key)), key
            if best is None or order < best:
                best, found = order, Place(key, field)
            break
    return found


def _agrees(reading: Reading, estimate_id: str, field: str, known: Known) -> bool:
    value = known.value(estimate_id, field)
    entry = known.entries[estimate_id]
    if value is None:
        return False
    share = is_share(entry) and field in ("effect", "ci_low", "ci_high")
    return reading.number.agrees(float(value), share=share)


def _shared_start(one: str, two: str) -> int:
    """Return how many characters two ids share at their start."""
    unlike = (at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    return next(unlike, min(len(one), len(two)))


STATUSES = ("right", "wrong", "superseded", "unmarked")


@dataclass(frozen=True, slots=True)
class Finding:
    """One number of a manuscript and what the ledger says of it.

    Attributes
    ----------
    estimate_id : str or None
        Of the mark that binds it; None if no mark does.
    field : str
        ``effect``, ``ci_low``, ``ci_high``, ``p_value``, ``n`` or ``k``.
    status : str
        ``right``, ``wrong``, ``superseded`` or ``unmarked``.
    printed : str
        As it stands in the manuscript.
    expected : float or int or None
        As the ledger has it; None where it has none.
    place : str
        Where it stands.
    closest : Place or None
        A number of the ledger that it would be; of a right one None.
    reading : Reading
        What was read.
    words : Span
        The very words.
    share : bool
        Whether the number is a share of a whole, which readers may see in percent.
    """

    estimate_id: str | None
    field: str
    status: str
    printed: str
    expected: float | int | None
    place: str
    closest: Place | None
    reading: Reading
    words: Span
    share: bool = False


def judge(draft: Draft, known: Known) -> list[Finding]:
    """Return a finding for each number that a mark binds or that stands in a statistical form.

    Parameters
    ----------
    draft : Draft
        Manuscript.
    known : Known
        Ledger.

    Returns
    -------
    list of Finding
        In the order of the manuscript.
    """
    return [finding for bound in drafts.bound(draft) for finding in judge_bound(bound, known)]


def unknown_ids(draft: Draft, known: Known) -> list[str]:
    """Return the ids of marks that name no number, now or before, each once."""
    ids = (bound.estimate_id for bound in drafts.bound(draft))
    return list(dict.fromkeys(one for one in ids if one is not None and not known.names(one)))


def judge_bound(bound: Bound, known: Known) -> list[Finding]:
    """Return the findings of what one mark binds, or of text that none binds."""
    readings = located(bound)
    estimate_id = bound.estimate_id
    if estimate_id is None:
        return _unmarked([one for one in readings if is_statistical(one.reading)], known)
    choice = choose(
        readings,
        known.entries.get(estimate_id),
        lambda one: _status(one, estimate_id, known) != "wrong",
    )
    together = [one.reading for one in choice.compared]
    findings = _unmarked(choice.besides, known)
    for one in (*choice.compared, *choice.sums):
        status = "right" if summed(one.reading.number) else _status(one.reading, estimate_id, known)
        findings.append(
            Finding(
                estimate_id,
                one.reading.field,
                status,
                one.reading.number.text,
                known.value(estimate_id, one.reading.field),
                one.words.passage.where(one.words.start),
                closest(one.reading, estimate_id, together, known) if status == "wrong" else None,
                one.reading,
                one.words,
                _is_share(one.reading.field, estimate_id, known),
            )
        )
    order = {id(span.passage): number for number, span in enumerate(bound.spans)}
    return sorted(findings, key=lambda one: (order[id(one.words.passage)], one.words.start))


def _status(reading: Reading, estimate_id: str, known: Known) -> str:
    field = reading.field
    share = _is_share(field, estimate_id, known)
    value = known.value(estimate_id, field)
    if value is not None and reading.number.agrees(float(value), share=share):
        return "right"
    earlier = known.earlier(estimate_id, field)
    if any(reading.number.agrees(one, share=share) for one in earlier):
        return "superseded"
    return "wrong"


def _is_share(field: str, estimate_id: str, known: Known) -> bool:
    entry = known.entries.get(estimate_id)
    # Of an id that is gone the metric is not known any more; it may have been a share.
    return field in ("effect", "ci_low", "ci_high") and (entry is None or is_share(entry))


def _unmarked(readings: Sequence[Located], known: Known) -> list[Finding]:
    found = []
    groups: dict[int, list[Reading]] = {}
    for one in readings:
        groups.setdefault(one.reading.group, []).append(one.reading)
    for at, one in enumerate(readings):
        reading = one.reading
        # A P or a size stands beside the estimate that it belongs to.
        beside = [other.reading for other in readings[max(0, at - 6) : at + 7]]
        together = groups[reading.group] if reading.group >= 0 else beside
        found.append(
            Finding(
                None,
                reading.field,
                "unmarked",
                reading.number.text,
                None,
                one.words.passage.where(one.words.start),
                closest(reading, None, together, known),
                reading,
                one.words,
            )
        )
    return found
