"""Which way a file's effects and instruments run, as far as the file or a table says."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.data.labels import slug
from evidence.metapsy.assignment import Measure, Placed
from evidence.metapsy.formulas import Match, match, standardized
from evidence.metapsy.vocabulary import INSTRUMENTS, NOT_STATED, OUTCOMES, event_sign

ENOUGH = 0.9
"""Share of comparable records that have to agree before a file is said to have a convention."""

WORSE_OR_BETTER = {"worse": -1, "better": 1}
BETTER = {"lower": -1, "higher": 1}
SIDES = {"intervention": 1, "comparator": -1}


@dataclass(frozen=True, slots=True)
class Orientation:
    """Directions of a file.

    Attributes
    ----------
    positive_g : int or None
        1 where a positive g favors the intervention, -1 where it favors the comparator, None where
        neither the file nor the caller says.
    by_caller : bool
        Whether the caller said so.
    favoring, against : int
        Records whose data can be compared: a positive g favors the intervention, or the comparator.
    higher_is : dict of str to str
        worse, better or not_stated by instrument id.
    by_g : tuple of str
        Instruments whose direction follows from the sign of the printed g alone.
    contested : tuple of str
        Instruments for which every printed g contradicts the direction of their outcome: either all
        these have the wrong sign, or the instrument runs the other way. Their direction counts as
        not stated.
    by_option : tuple of str
        Instruments whose direction the caller alone says.
    """

    positive_g: int | None
    by_caller: bool
    favoring: int
    against: int
    higher_is: dict[str, str]
    by_g: tuple[str, ...]
    contested: tuple[str, ...]
    by_option: tuple[str, ...] = ()


def own_match(one: Placed) -> Match | None:
    """Return the formula by which the data of a record give its printed g."""
    printed = one.record.numbers.get(".g")
    return None if printed is None else match(printed, standardized(one.record))


def orient(
    placed: Sequence[Placed], positive_g: str | None, better: str | None = None
) -> Orientation:
    """Return the directions of a file.

    Parameters
    ----------
    placed : sequence of Placed
        Records with their places.
    positive_g : {"intervention", "comparator"} or None
        Whom a positive printed g favors, where the caller knows.
    better : {"lower", "higher"} or None
        Which scores are better on instruments of which neither a table nor the file says it.

    Returns
    -------
    Orientation
        The convention of g follows from records that print data too, whose outcome stands in the
        table of outcomes; the direction of an instrument from that table, else from the sign of its
        printed g where the convention is known and all its records agree.
    """
    measures: dict[str, Measure] = {one.measure.instrument_id: one.measure for one in placed}
    known = {name: _documented(measure) for name, measure in measures.items()}
    votes = [
        sign
        for one in placed
        if (found := own_match(one)) is not None
        and (sign := _vote(found, _direction(one, found, known), one.record.value(".g"))) != 0
    ]
    favoring, against = votes.count(1), votes.count(-1)
    convention: int | None = None
    if positive_g is not None:
        convention = SIDES[positive_g]
    elif votes and max(favoring, against) >= ENOUGH * len(votes):
        convention = 1 if favoring > against else -1
    by_g: list[str] = []
    contested: list[str] = []
    by_option: list[str] = []
    higher_is = {}
    for name, direction in known.items():
        used = direction
        printed = None if convention is None else _from_signs(name, placed, convention)
        if direction is None and printed is not None:
            used = printed
            by_g.append(name)
        elif printed is not None and printed != direction and not _in_table(measures[name]):
            used = None
            contested.append(name)
        elif used is None and better is not None:
            used = BETTER[better]
            by_option.append(name)
        higher_is[name] = {-1: "worse", 1: "better", None: NOT_STATED}[used]
    return Orientation(
        convention,
        positive_g is not None,
        favoring,
        against,
        higher_is,
        tuple(by_g),
        tuple(contested),
        tuple(by_option),
    )


def _in_table(measure: Measure) -> str | None:
    return INSTRUMENTS.get(slug(measure.name))


def _documented(measure: Measure) -> int | None:
    stated = _in_table(measure)
    if stated is not None:
        return WORSE_OR_BETTER[stated]
    for _, (term, higher_is) in OUTCOMES.items():
        if term == measure.outcome:
            return WORSE_OR_BETTER[higher_is]
    return None


def _direction(one: Placed, found: Match, known: dict[str, int | None]) -> int | None:
    if found.candidate.counts_events:
        return event_sign(one.event)
    return known[one.measure.instrument_id]


def _vote(found: Match, direction: int | None, printed: float | None) -> int:
    """Return 1 where the printed g is positive in favor of the intervention, -1 against, else 0."""
    if direction is None or printed is None:
        return 0
    product = found.candidate.value * direction * printed
    return (product > 0) - (product < 0)


def _from_signs(name: str, placed: Sequence[Placed], convention: int) -> int | None:
    signs = {
        convention * _vote(found, 1, one.record.value(".g"))
        for one in placed
        if one.measure.instrument_id == name
        and (found := own_match(one)) is not None
        and not found.candidate.counts_events
    } - {0}
    return signs.pop() if len(signs) == 1 else None
