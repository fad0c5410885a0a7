"""Which number of the ledger a printed one, or a whole statement, would be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.ledger import LedgerEntry
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.names import Named, fits, is_share
from evidence.manuscripts.numbers import Printed
from evidence.manuscripts.prose import FIELDS, Reading

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


_LIMITS_AND_EFFECT = ("effect", "ci_low", "ci_high")
_AGREES, _NEARLY, _LACKS, _DIFFERS = 4, 1, -2, -4
_LEAST_NAMES = 2
"""How many names have to agree where a single number does only nearly."""


def candidates(statement: Sequence[Reading], named: Named, known: Known) -> tuple[str, ...]:
    """Return the ids that a statement fits best, all that fit equally well.

    Effect, limits, P and sizes are held against each number together; one whose metric, trial,
    outcome, time or comparator is another than the sentence names is none.

    Parameters
    ----------
    statement : sequence of Reading
        Numbers printed together.
    named : Named
        What the sentence names.
    known : Known
        Ledger.

    Returns
    -------
    tuple of str
        The likeliest by the names first; empty where none fits.
    """
    readings = [one for one in statement if one.field in FIELDS]
    if not readings:
        return ()
    found: dict[str, None] = {}
    for one in readings:
        found |= known.near((one.field,), one.number.span)
    scored = _scored(found, readings, named, known)
    if (named.trial or named.outcome) and (not scored or max(scored.values()) < _AGREES):
        scored = _scored(known.entries, readings, named, known)
    best = max(scored.values(), default=0)
    if best <= 0:
        return ()
    likely = [key for key, score in scored.items() if score == best]
    names = {key: known.vocabulary.agreement(named, known.entries[key]) for key in likely}
    if best < _AGREES and max(names.values()) < _LEAST_NAMES:
        return ()
    return tuple(sorted(likely, key=lambda key: (-names[key], len(key), key)))


def _scored(
    ids: Iterable[str], readings: Sequence[Reading], named: Named, known: Known
) -> dict[str, int]:
    found = {}
    for key in ids:
        entry = known.entries[key]
        if any(
            one.field == "effect" and not fits(one.kind, entry, one.label) for one in readings
        ) or known.vocabulary.contradicted(named, entry):
            continue
        found[key] = sum(_score(one, entry) for one in readings)
    return found


def _score(reading: Reading, entry: LedgerEntry) -> int:
    value: float | None = getattr(entry, reading.field)
    if value is None:
        return _LACKS
    share = is_share(entry) and reading.field in _LIMITS_AND_EFFECT
    if reading.number.agrees(float(value), share=share):
        return _AGREES
    return _NEARLY if nearly(reading.number, float(value), share=share) else _DIFFERS


def nearly(number: Printed, value: float, *, share: bool = False) -> bool:
    """Return whether a number differs from a value, rounded as it is, in one digit or the sign.

    Examples
    --------
    >>> from evidence.manuscripts.numbers import printed
    >>> nearly(printed("0.62"), 0.5205), nearly(printed("-0.52"), 0.5205), nearly(printed("9"), 8.9)
    (True, True, False)
    """
    exponent = number.value.as_tuple().exponent
    digits = max(-exponent, 0) if isinstance(exponent, int) else 0
    shown = f"{abs(number.value):.{digits}f}"
    for scale in (1.0, 100.0) if share else (1.0,):
        whole = f"{abs(scale * value):.{digits}f}"
        unlike = sum(one != two for one, two in zip(shown, whole, strict=False))
        turned = (number.value < 0) != (value < 0)
        if len(shown) == len(whole) and unlike + turned == 1:
            return True
    return False
