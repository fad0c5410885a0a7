"""What differs between two states of the data: numbers, conclusions, and the cells behind them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.data.validation.descriptor import TABLES
from evidence.manuscripts.diff.numbers import Number, Rests, Verdict, judged, numbers, same
from evidence.manuscripts.diff.sides import HEAD, Side, read_side

KEYS: Mapping[str, tuple[str, ...]] = {
    "publications": ("publication_id",),
    "locators": ("locator_id",),
    "trials": ("trial_id",),
    "arms": ("arm_id",),
    "trial_facts": ("trial_id", "fact", "locator_id"),
    "instruments": ("instrument_id",),
    "arm_results": ("result_id",),
    "statistics": ("result_id",),
    "directions": ("direction_id",),
    "corrections": ("correction_id",),
    "syntheses": ("synthesis_id",),
    "risk_of_bias": ("trial_id", "tool", "domain"),
    "claims": ("claim_id",),
    "vocabularies": ("vocabulary", "term"),
}
"""Columns that name a row of each table."""

_PROSE = frozenset({"note", "label", "reason", "name", "population", "country", "locator_id"})
"""Columns that no number is computed from."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that differs, or a row that only one side has.

    Attributes
    ----------
    table, key : str
        Table, and the key of the row; parts of a key are joined by a slash.
    column : str
        Column; empty for a whole row.
    old, new : str or None
        The text on either side; for a whole row its cells, None on the side that lacks it.
    row : mapping of str to str
        The row, of the new side where it has one: by it a cell finds its trial and its result.
    """

    table: str
    key: str
    column: str
    old: str | None
    new: str | None
    row: Mapping[str, str]

    @property
    def numeric(self) -> bool:
        """Whether a number can rest on it."""
        return self.column not in _PROSE

    def __str__(self) -> str:
        """Return the change as a few words."""
        place = f"{self.table}.csv, {self.key}"
        if self.column:
            return f"{place}, {self.column}: {_shown(self.old)} -> {_shown(self.new)}"
        return f"{place}: row {'added' if self.old is None else 'removed'}"


def _shown(text: str | None) -> str:
    return text or "(empty)"


def changed_cells(old: Dataset, new: Dataset) -> tuple[Cell, ...]:
    """Return what differs between two data packages, in the order of tables, rows and columns.

    Parameters
    ----------
    old, new : Dataset
        Data packages. The order of rows is no difference; a row with another key is one that went
        and one that came.
    """
    found: list[Cell] = []
    for table in TABLES:
        before, after = _rows(old, table), _rows(new, table)
        for key in dict.fromkeys([*before, *after]):
            found += _of_row(table, key, before.get(key), after.get(key))
    return tuple(found)


def _of_row(
    table: str, key: str, old: Mapping[str, str] | None, new: Mapping[str, str] | None
) -> list[Cell]:
    if old is None or new is None:
        row = old or new or {}
        texts = [
            None if one is None else ", ".join(filter(None, one.values())) for one in (old, new)
        ]
        return [Cell(table, key, "", texts[0], texts[1], row)]
    return [
        Cell(table, key, column, old.get(column, ""), new.get(column, ""), new)
        for column in dict.fromkeys([*old, *new])
        if old.get(column, "") != new.get(column, "")
    ]


def _rows(dataset: Dataset, table: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table by their keys; a key that comes again is counted."""
    seen: Counter[str] = Counter()
    found = {}
    for record in records(dataset.text(table)):
        row: dict[str, str] = record._asdict()
        key = "/".join(row[name] for name in KEYS[table])
        seen[key] += 1
        found[key if seen[key] == 1 else f"{key}/{seen[key]}"] = row
    return found


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
