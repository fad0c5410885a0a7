"""Each number of a manuscript held against the ledger: which it would be, and whether it is.

A sentence holds more numbers than one estimate has: shares of the arms, sizes of other trials, a
second statistic. Effects, limits and P in a statistical form are compared always; counts, and what
prose only tells, if nothing else in the sentence says it rightly.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

from evidence import manuscripts as drafts
from evidence.ledger import LedgerEntry
from evidence.manuscripts import Bound, Draft, Span, prose
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.names import fits, is_share
from evidence.manuscripts.numbers import Printed
from evidence.manuscripts.prose import FIELDS, FIRM, LOOSE, PROSE, Reading, read
from evidence.manuscripts.statements import Place, candidates, closest

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
        for one in read(span.text, hint=span.hint, percent=span.percent, cell=span.cell):
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
    if reading.label in (prose.ARM_SHARE, prose.NEEDED_TO_TREAT):
        return True
    if reading.sureness < FIRM or reading.field not in FIELDS:
        return False
    if reading.field == "effect":
        return bool(reading.kind and reading.kind != "share") or reading.group >= 0
    return True


def summed(number: Printed) -> bool:
    """Whether a number stands for several that were added up."""
    return " + " in number.text


BAD = ("wrong", "superseded", "not_compared")
"""Statuses of numbers that a writer has to look at."""
STATUSES = ("right", "wrong", "superseded", "unmarked", "not_compared", "other")
"""Of a number: `not_compared` stands in the form of a statistic and could not be held against the
ledger; `other` is none of the estimate, as a citation or a mean.
"""

_WHY_NOT = {
    "effect": "the sentence does not say that it is the effect of the mark",
    "ci_low": "the sentence does not say that it is a limit of the mark",
    "ci_high": "the sentence does not say that it is a limit of the mark",
    prose.UNREAD: "what it is could not be read",
}
_WHY_OTHER = {
    "effect": "told in prose; another number of the sentence is the effect",
    "ci_low": "a range of something else",
    "ci_high": "a range of something else",
    "p_value": "another P",
    "n": "the size of something else",
    "k": "a count of something else",
    "q": "Q, which the ledger has not for this id",
    "q_df": "degrees of freedom of Q, which the ledger has not for this id",
    "q_p": "P of heterogeneity, which the ledger has not for this id",
    "tau2": "tau², which the ledger has not for this id",
    "i2": "I², which the ledger has not for this id",
    "se": "a standard error, which the ledger has not for this id",
    "citation": "a citation",
    "correlation": "a correlation",
    "statistic": "another statistic",
    prose.LEVEL: "the level of another interval",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One number of a manuscript and what the ledger says of it.

    Attributes
    ----------
    estimate_id : str or None
        Of the mark that binds it; None if no mark does.
    field : str
        ``effect``, ``ci_low``, ``ci_high``, ``p_value``, ``n`` or ``k``, another quantity, or what
        the sentence names: ``metric``, ``trial``, ``outcome``, ``timepoint``, ``comparator``.
    status : str
        One of `STATUSES`.
    printed : str
        As it stands in the manuscript.
    expected : float or int or str or None
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
    reason : str
        Why a number was not compared.
    candidates : tuple of str
        Of an unmarked number all ids that its statement fits equally well.
    statement : int
        Numbers of one statement without a mark have the same.
    agrees : bool
        Of an unmarked number whether the first candidate has it.
    """

    estimate_id: str | None
    field: str
    status: str
    printed: str
    expected: float | int | str | None
    place: str
    closest: Place | None
    reading: Reading
    words: Span
    share: bool = False
    reason: str = ""
    candidates: tuple[str, ...] = ()
    statement: int = -1
    agrees: bool = False


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
        return _unmarked(bound, [one for one in readings if is_statistical(one.reading)], known)
    entry = known.entries.get(estimate_id)
    if entry is not None and entry.metric == "correlation":
        # Beside other effects r is a statistic; of this number it is the effect.
        readings = [
            replace(one, reading=replace(one.reading, field="effect"))
            if one.reading.field == "correlation"
            else one
            for one in readings
        ]
    choice = choose(
        readings,
        entry,
        lambda one: _status(one, estimate_id, known) != "wrong",
    )
    together = [one.reading for one in choice.compared]
    findings = _unmarked(bound, choice.besides, known)
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
    effects = [one for one in findings if one.field == "effect" and one.estimate_id]
    if any(one.field in FIELDS and one.estimate_id for one in findings):
        findings += _not_bound(readings, choice, estimate_id, known)
    findings += [one for one in map(partial(_metric, known=known), effects) if one is not None]
    findings += _named_otherwise(bound, findings, known)
    order = {id(span.passage): number for number, span in enumerate(bound.spans)}
    return sorted(findings, key=lambda one: (order[id(one.words.passage)], one.words.start))


def _not_bound(
    readings: Sequence[Located], choice: Choice, estimate_id: str, known: Known
) -> Iterator[Finding]:
    """Yield what stands in the reach of a mark and is no effect, limit, P or size of it."""
    done = {id(one) for one in (*choice.compared, *choice.besides)}
    entry = known.entries.get(estimate_id)
    summed_up = bool(choice.sums)
    groups = {one.reading.group for one in choice.compared if one.reading.field == "ci_low"}
    for one in readings:
        reading = one.reading
        if id(one) in done or (summed_up and reading.field == "n"):
            continue
        value: float | None = getattr(entry, reading.field, None) if entry else None
        status, reason = "other", _WHY_OTHER.get(reading.field, "")
        if reading.field == prose.LEVEL and (reading.group in groups or one.span.cell):
            if value is not None:
                value *= 100
            number = replace(reading.number, percent=False)
            status = "right" if value is not None and number.agrees(value) else "wrong"
        elif reading.field in prose.HETEROGENEITY and value is not None:
            of_share = reading.field == "se" and entry is not None and is_share(entry)
            agrees = reading.number.agrees(value, share=reading.field == "i2" or of_share)
            status = "right" if agrees else "wrong"
        elif reading.field == prose.UNREAD or (reading.formal and reading.field in _WHY_NOT):
            status, reason = "not_compared", _WHY_NOT[reading.field]
        yield Finding(
            estimate_id,
            reading.field,
            status,
            reading.number.text,
            value,
            one.words.passage.where(one.words.start),
            None,
            reading,
            one.words,
            reason=reason if status in STATUSES[4:] else "",
        )


def _metric(finding: Finding, *, known: Known) -> Finding | None:
    """Return what is wrong about the metric that a sentence gives to a right effect."""
    entry = known.entries.get(finding.estimate_id or "")
    if entry is None or finding.status == "wrong" or not finding.reading.label:
        return None
    told = finding.reading.label
    if fits(finding.reading.kind, entry, told):
        return None
    return replace(
        finding, field="metric", status="wrong", printed=told, expected=entry.metric, closest=None
    )


def _named_otherwise(bound: Bound, findings: Sequence[Finding], known: Known) -> Iterator[Finding]:
    """Yield what the sentence of a mark names and the number of the mark is not."""
    entry = known.entries.get(bound.estimate_id or "")
    first = next((one for one in findings if one.estimate_id and one.status == "right"), None)
    if entry is None or first is None:
        return
    text = " ; ".join(one.text for one in bound.spans)
    named = known.vocabulary.named(text)
    for field, (words, holds) in known.vocabulary.contradicted(named, entry).items():
        yield replace(first, field=field, status="wrong", printed=words, expected=holds, reason="")


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


def _unmarked(bound: Bound, readings: Sequence[Located], known: Known) -> list[Finding]:
    """Return the findings of numbers without a mark, those of one statement with one candidate."""
    found = []
    for number, (sentence, statement) in enumerate(_statements(bound, readings)):
        one_of = [one.reading for one in statement]
        ids = candidates(one_of, known.vocabulary.named(sentence), known)
        for one in statement:
            field = one.reading.field
            has = known.value(ids[0], field) if ids and field in FIELDS else None
            found.append(
                Finding(
                    None,
                    field,
                    "unmarked",
                    one.reading.number.text,
                    has,
                    one.words.passage.where(one.words.start),
                    Place(ids[0], field) if has is not None else None,
                    one.reading,
                    one.words,
                    share=bool(ids) and _is_share(field, ids[0], known),
                    candidates=ids,
                    statement=number,
                    agrees=bool(ids) and _status(one.reading, ids[0], known) == "right"
                    if field in FIELDS
                    else False,
                )
            )
    return found


def _statements(bound: Bound, readings: Sequence[Located]) -> Iterator[tuple[str, list[Located]]]:
    """Yield each statement of a text with its sentence: effect, limits, P and sizes together."""
    units: dict[tuple[int, int], list[Located]] = {}
    texts: dict[tuple[int, int], str] = {}
    for one in readings:
        if one.span.cell:
            key, text = (0, -1), " ; ".join(span.text for span in bound.spans)
        else:
            whole = one.span.passage.text
            starts = [*drafts.sentence_starts(whole), len(whole)]
            at = bisect_right(starts, one.words.start) - 1
            key, text = (id(one.span.passage), at), whole[starts[at] : starts[at + 1]]
        units.setdefault(key, []).append(one)
        texts[key] = text
    for key, unit in units.items():
        effects = [one for one in unit if one.reading.field == "effect"]
        groups: list[list[Located]] = [[one] for one in effects] or [[]]
        # A statement begins where the statement before is over, at the latest with its effect.
        for one in unit:
            if one.reading.field == "effect":
                continue
            grouped = [
                at for at, first in enumerate(effects) if first.reading.group == one.reading.group
            ]
            before = [at for at, first in enumerate(effects) if first.words.start < one.words.start]
            own = grouped if one.reading.group >= 0 and grouped else before
            groups[own[-1] if own else 0].append(one)
        for group in groups:
            yield texts[key], sorted(group, key=lambda one: one.words.start)
