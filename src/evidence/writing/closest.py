"""Which number of the ledger a printed one would be."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.writing.kinds import fits, is_share
from evidence.writing.known import Known
from evidence.writing.prose import Reading

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
