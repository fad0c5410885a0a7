"""What the ledger holds now, and what it held before."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from operator import itemgetter
from pathlib import Path

from evidence import ledger
from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
from evidence.manuscripts import names
from evidence.manuscripts.names import Vocabulary

LEDGER = "estimates.csv"
SUPERSEDED = "superseded.csv"

_OLD_FIELDS = ("effect", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Known:
    """Numbers by their ids.

    Attributes
    ----------
    entries : mapping of str to LedgerEntry
        Those that stand.
    superseded : mapping of str to tuple
        Earlier values, each a mapping of field to number.
    vocabulary : Vocabulary
        Words by which sentences name trials, outcomes and comparators.
    """

    entries: Mapping[str, LedgerEntry]
    superseded: Mapping[str, tuple[Mapping[str, float], ...]]
    vocabulary: Vocabulary = field(default_factory=Vocabulary, repr=False, compare=False)
    _in_order: dict[str, list[tuple[float, str]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def near(self, fields: Iterable[str], span: tuple[float, float]) -> dict[str, None]:
        """Return the ids of which a field, or a hundred times it, lies in a span.

        What cannot agree is never looked at, so that a check takes as long as its manuscript is.
        """
        low, high = span
        found: dict[str, None] = {}
        for name in fields:
            if name not in self._in_order:
                values = ((getattr(one, name), key) for key, one in self.entries.items())
                self._in_order[name] = sorted((float(n), key) for n, key in values if n is not None)
            listed = self._in_order[name]
            for scale in (1.0, 100.0):
                start = bisect_left(listed, (low / scale,))
                end = bisect_right(listed, high / scale, key=itemgetter(0))
                found |= dict.fromkeys(key for _, key in listed[start:end])
        return found

    def value(self, estimate_id: str, field: str) -> float | None:
        """Return a number of the ledger, None where it has none."""
        entry = self.entries.get(estimate_id)
        return None if entry is None else getattr(entry, field)

    def names(self, estimate_id: str) -> bool:
        """Return whether an id names a number, now or before."""
        return estimate_id in self.entries or estimate_id in self.superseded

    def earlier(self, estimate_id: str, field: str) -> tuple[float, ...]:
        """Return the values that a field had before."""
        rows = self.superseded.get(estimate_id, ())
        return tuple(row[field] for row in rows if field in row)

    def entry(self, estimate_id: str) -> LedgerEntry:
        """Return the entry of an id.

        Raises
        ------
        ParameterError
            If there is none; the message names the nearest ids.
        """
        found = self.entries.get(estimate_id)
        if found is None:
            raise ParameterError("id", estimate_id, self.expected(estimate_id))
        return found

    def expected(self, estimate_id: str) -> str:
        """Return what is accepted instead of an unknown id, as the end of a sentence."""
        near = self.nearest(estimate_id)
        return f"an id of the ledger, as {', '.join(near)}" if near else "an id of the ledger"

    def nearest(self, estimate_id: str, count: int = 3) -> tuple[str, ...]:
        """Return the ids most like a given one, the most like first."""
        given = estimate_id.lower()[:300]

        def likeness(one: str) -> tuple[bool, float]:
            return one.startswith(given), SequenceMatcher(None, given, one).ratio()

        ranked = sorted(self.entries, key=lambda one: (likeness(one), one), reverse=True)
        return tuple(ranked[:count])


def find_ledger(path: Path | None = None, *, data: Path | None = None) -> Path:
    """Return the file of the ledger.

    Parameters
    ----------
    path : Path, optional
        A file, or a folder with ``estimates.csv``.
    data : Path, optional
        A data package: without a path, the ledger in ``reports/`` in it, else beside it.

    Returns
    -------
    Path
        Without either, the ledger of the project here or above, else of the one that this package
        runs from.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if path is None and data is not None:
        own = data.resolve() / "reports"
        path = own if own.is_dir() else own.parents[1] / "reports"
    if path is not None:
        found = path / LEDGER if path.is_dir() else path
        if not found.is_file():
            raise ParameterError("ledger", str(path), "a ledger, as reports/estimates.csv")
        return found
    here = Path.cwd().resolve()
    source = Path(__file__).resolve().parents[3]
    for folder in (here, *here.parents, source):
        if (folder / "reports" / LEDGER).is_file():
            return folder / "reports" / LEDGER
    raise ParameterError("folder", str(here), f"one with reports/{LEDGER} in it or above it")


def read_known(path: Path | None = None, *, data: Path | None = None) -> Known:
    """Return the ledger and, from the file beside it, what is superseded; see `find_ledger`.

    Raises
    ------
    ParameterError
        If there is no ledger.
    DataError
        If a file is not what it should be.
    """
    found = find_ledger(path, data=data)
    entries = ledger.read(found)
    return Known(
        {one.estimate_id: one for one in entries},
        _superseded(found.parent / SUPERSEDED),
        names.read(data or found.parent.parent / "data", entries),
    )


def _superseded(path: Path) -> dict[str, tuple[Mapping[str, float], ...]]:
    found: dict[str, list[Mapping[str, float]]] = {}
    for row in ledger.read_superseded(path):
        values = {name: getattr(row, name) for name in _OLD_FIELDS}
        known = {name: value for name, value in values.items() if value is not None}
        found.setdefault(row.estimate_id, []).append(known)
    return {key: tuple(rows) for key, rows in found.items()}
