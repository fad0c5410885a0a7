"""Which of the numbers that a mark binds are those of its estimate.

A sentence holds more numbers than one estimate has: shares of the arms, sizes of other trials, a
second statistic. Effects, limits and P in a statistical form are compared always; counts, and what
prose only tells, if nothing else in the sentence says it rightly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evidence.ledger import LedgerEntry
from evidence.writing.draft import Bound, Span
from evidence.writing.kinds import fits, is_share
from evidence.writing.printed import Printed
from evidence.writing.prose import FIRM, LOOSE, PROSE, Reading, read

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
