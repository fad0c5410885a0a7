"""What differs between two states of the data: numbers, conclusions, and the cells behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.writing.diff_cells import Cell, changed_cells
from evidence.writing.diff_numbers import Number, Rests, Verdict, judged, numbers, same
from evidence.writing.diff_sides import HEAD, Side, read_side

__all__ = ["Conclusion", "Diff", "Moved", "compare", "read_sides"]


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that moved, came or went.

    Attributes
    ----------
    estimate_id, metric : str
        Its id and its metric; logarithms for ratios.
    more_is : str
        "worse" for a number on a harm.
    fields : tuple of str
        Which of its values moved by more than the tolerance of the ledger.
    old, new : mapping of str to float or None, or None
        Its values on either side, None on the side that lacks it.
    cells : tuple of Cell
        The cells behind it.
    """

    estimate_id: str
    metric: str
    more_is: str
    fields: tuple[str, ...]
    old: Mapping[str, float | None] | None
    new: Mapping[str, float | None] | None
    cells: tuple[Cell, ...]

    def difference(self, field: str) -> float | None:
        """Return new minus old, None where either side has no value."""
        old, new = (None if one is None else one.get(field) for one in (self.old, self.new))
        return None if old is None or new is None else new - old


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A conclusion that changed.

    Attributes
    ----------
    kind : str
        ``side of zero`` of an estimate, or ``verdict`` on a claim.
    subject : str
        Id of the estimate or of the claim.
    old, new : str
        What it was and is; empty where a claim came or went.
    cells : tuple of Cell
        The cells behind it.
    """

    kind: str
    subject: str
    old: str
    new: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Diff:
    """What differs between two sides.

    Attributes
    ----------
    old, new : Side
        The sides.
    cells : tuple of Cell
        Every cell that differs, also those that no number rests on.
    moved : tuple of Moved
        Numbers that moved, came or went.
    conclusions : tuple of Conclusion
        Conclusions that changed.
    """

    old: Side
    new: Side
    cells: tuple[Cell, ...]
    moved: tuple[Moved, ...]
    conclusions: tuple[Conclusion, ...]

    @property
    def exit_code(self) -> int:
        """1 if a number or a conclusion moved, else 0."""
        return 1 if self.moved or self.conclusions else 0


def read_sides(
    old: str = HEAD, new: str | None = None, *, data: Path | None = None
) -> tuple[Side, Side]:
    """Return both sides of a comparison.

    Parameters
    ----------
    old : str
        Git revision or folder; by default the last commit.
    new : str, optional
        The same; by default the working tree.
    data : Path, optional
        Where the data package stands in the working tree.

    Raises
    ------
    ParameterError
        If one is neither a revision nor a folder with a data package.
    DataError
        With every fault of a data package.
    """
    return (
        read_side(old, name="OLD", data=data),
        read_side(new, name="NEW", data=data),
    )


def compare(old: Side, new: Side) -> Diff:
    """Return which numbers and conclusions differ between two data packages, and by which cells.

    Both are computed by the present code, so that only the data can differ. A number is laid to
    the changed cells of the rows that it rests on: its results with their corrections, its arms,
    instruments and the facts on its trials; where none of these changed, to those of its trials;
    where none of these did, to every changed cell that a number can rest on.

    Parameters
    ----------
    old, new : Side
        Sides, as `read_sides` returns them.

    Examples
    --------
    >>> side = read_side(None, name="NEW")
    >>> compare(side, side).exit_code
    0
    """
    if old.dataset.digest == new.dataset.digest:
        return Diff(old, new, (), (), ())
    cells = changed_cells(old.dataset, new.dataset)
    before, after = numbers(old.dataset), numbers(new.dataset)
    ids = list(dict.fromkeys([*before, *after]))
    moved = [_moved(before.get(one), after.get(one), cells) for one in ids]
    sides = [_side(before[one], after[one], cells) for one in ids if one in before and one in after]
    claims_before, claims_after = judged(old.dataset, before), judged(new.dataset, after)
    verdicts = [
        _verdict(claims_before.get(one), claims_after.get(one), cells)
        for one in dict.fromkeys([*claims_before, *claims_after])
    ]
    return Diff(
        old,
        new,
        cells,
        tuple(one for one in moved if one is not None),
        tuple(one for one in (*sides, *verdicts) if one is not None),
    )


def _moved(old: Number | None, new: Number | None, cells: tuple[Cell, ...]) -> Moved | None:
    number = new or old
    if number is None:
        return None
    values = [{} if one is None else one.values for one in (old, new)]
    fields = tuple(
        name
        for name in dict.fromkeys([*values[0], *values[1]])
        if not same(values[0].get(name), values[1].get(name))
    )
    if not fields:
        return None
    return Moved(
        number.estimate_id,
        number.metric,
        number.more_is,
        fields,
        None if old is None else old.values,
        None if new is None else new.values,
        _behind(_union(old, new), cells),
    )


def _side(old: Number, new: Number, cells: tuple[Cell, ...]) -> Conclusion | None:
    if old.side == new.side:
        return None
    behind = _behind(_union(old, new), cells)
    return Conclusion("side of zero", new.estimate_id, old.side, new.side, behind)


def _verdict(
    old: Verdict | None, new: Verdict | None, cells: tuple[Cell, ...]
) -> Conclusion | None:
    verdicts = ["" if one is None else one.verdict for one in (old, new)]
    judgement = new or old
    if judgement is None or verdicts[0] == verdicts[1]:
        return None
    behind = _behind(_union(old, new), cells)
    return Conclusion("verdict", judgement.claim_id, verdicts[0], verdicts[1], behind)


def _union(*sides: Number | Verdict | None) -> Rests:
    found = Rests()
    for one in sides:
        if one is not None:
            found |= one.rests
    return found


def _behind(rests: Rests, cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the changed cells that a number or verdict rests on, by the nearest that changed."""
    open_ones = tuple(one for one in cells if one.numeric)
    own = tuple(one for one in open_ones if _is_own(rests, one))
    return own or tuple(one for one in open_ones if _trial(one) in rests.trials) or open_ones


def _is_own(rests: Rests, cell: Cell) -> bool:
    row = cell.row
    named = {
        "arm_results": row.get("result_id") in rests.results,
        "statistics": row.get("result_id") in rests.results,
        "corrections": row.get("result_id") in rests.results,
        "directions": row.get("direction_id") in rests.results | rests.directions,
        "arms": row.get("arm_id") in rests.arms,
        "instruments": row.get("instrument_id") in rests.instruments,
        "trials": row.get("trial_id") in rests.trials,
        "trial_facts": row.get("trial_id") in rests.trials,
        "syntheses": row.get("synthesis_id") in rests.syntheses,
        "claims": row.get("claim_id") in rests.claims,
    }
    return named.get(cell.table, False)


def _trial(cell: Cell) -> str:
    return cell.row.get("trial_id", "")
