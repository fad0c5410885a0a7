"""What becomes of a mark when a manuscript is filled."""

from dataclasses import dataclass

from evidence.display import quote
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
from evidence.writing.draft import Bound
from evidence.writing.judging import judge_bound
from evidence.writing.known import Known
from evidence.writing.prose import FIELDS, FIRM

FILL, REMOVE, LEAVE, KEEP = "fill", "remove", "leave", "keep"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a mark.

    Attributes
    ----------
    action : str
        `FILL`; `REMOVE` behind right numbers, or `KEEP` where marks are to stay; `LEAVE` behind a
        wrong one.
    text : str
        What stands for the mark, if it is filled.
    place : str
        Where it stands.
    """

    action: str
    text: str
    place: str


def number(entry: LedgerEntry, style: str) -> str:
    """Return the text that stands for a mark: number, interval, P, sizes, caveat."""
    parts = [quote.statistic(entry, style), quote.sizes(entry, style), quote.caveat(entry)]
    return "; ".join(part for part in parts if part)


def decide(bound: Bound, known: Known, style: str, *, keep_marks: bool) -> Decision:
    """Return what becomes of a mark.

    A mark behind numbers of its estimate is not filled: a manuscript that kept its marks can be
    filled once more.

    Raises
    ------
    ParameterError
        If the mark names no number or no style.
    """
    entry = known.entry(bound.estimate_id or "")
    style = bound.style or style
    if style not in quote.STYLES:
        raise ParameterError("style", style, f"one of {', '.join(quote.STYLES)}")
    place = "" if bound.mark is None else bound.mark.passage.where(bound.mark.start)
    findings = [one for one in judge_bound(bound, known) if one.estimate_id is not None]
    # A number that only may be meant as the estimate counts if it is right.
    printed = any(
        one.field in FIELDS[:3] and (one.status == "right" or one.reading.sureness == FIRM)
        for one in findings
    )
    if not printed:
        return Decision(FILL, number(entry, style), place)
    if any(one.status != "right" for one in findings):
        return Decision(LEAVE, "", place)
    return Decision(KEEP if keep_marks else REMOVE, "", place)
