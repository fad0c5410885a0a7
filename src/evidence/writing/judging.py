"""Each number of a manuscript held against the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.writing import draft as drafts
from evidence.writing.choosing import Located, choose, is_statistical, located, summed
from evidence.writing.closest import Place, closest
from evidence.writing.draft import Bound, Draft, Span
from evidence.writing.kinds import is_share
from evidence.writing.known import Known
from evidence.writing.prose import Reading

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
