"""The data package as frames: values as used and as printed, two clocks, places in sources."""

import json
import math
import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import pandas as pd

from evidence.data.provenance import Locator, References
from evidence.data.records import records
from evidence.data.validation import read_package
from evidence.data.validation.descriptor import DESCRIPTOR, Value
from evidence.data.validation.rows import Row, Sheet
from evidence.data.validation.rules import Corrected
from evidence.errors import DataError, Fault, ParameterError, check_choice
from evidence.terms import IMPORTED, ComparatorClass, FreeText

T = TypeVar("T")


def text_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the text of each cell."""
    return pd.DataFrame(
        {
            name: pd.Series([row.text[name] for row in sheet.rows], dtype="str")
            for name in sheet.table.columns
        }
    )


def printed_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the values as printed."""
    return _frame(sheet, lambda row, column: row.values.get(column))


def used_frame(sheet: Sheet, corrected: Corrected) -> pd.DataFrame:
    """Return the values as used: replaced or withheld where a correction says so."""
    return _frame(sheet, lambda row, column: corrected.value(sheet.table.name, row, column))


def _frame(sheet: Sheet, value: Callable[[Row, str], Value | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: _series(column.type, [value(row, column.name) for row in sheet.rows])
            for column in sheet.table.columns.values()
        }
    )


def _series(kind: str, cells: list[Any]) -> "pd.Series[Any]":
    match kind:
        case "integer":
            return pd.Series(cells, dtype="Int64")
        case "number":
            numbers = [float("nan") if cell is None else float(cell) for cell in cells]
            return pd.Series(numbers, dtype="float64")
        case "date":
            return pd.Series(cells, dtype="object")
        case _:
            return pd.Series(["" if cell is None else cell for cell in cells], dtype="str")


_NO_WEEK = "No source seen prints the week."
_NO_CLOCK = "The source does not say from when it counts."
_WHOLE_COURSE = "The statistic covers the whole course, not one time."
_BEFORE_THE_END = "Measured before the end of treatment."
_BEFORE_THE_STATED_END = "The week lies before the end of treatment that the sources state."


@dataclass(frozen=True, slots=True)
class _Length:
    """Weeks of treatment: those used, all that sources print, and what to say about them."""

    used: float
    printed: tuple[float, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Times:
    weeks_since_randomization: float
    follow_up_weeks: float
    follow_up_weeks_alternatives: str
    clock_note: str


class Clocks:
    """Both clocks, from the clock of the source and the length of the treatment.

    Parameters
    ----------
    facts, locators, publications : DataFrame
        Tables ``trial_facts`` (fact ``treatment_weeks``), ``locators`` and ``publications``. Where
        sources differ on the length, the one read in the trial's publication of role ``main`` is
        used, and what follows from the others is listed.
    """

    def __init__(
        self, facts: pd.DataFrame, locators: pd.DataFrame, publications: pd.DataFrame
    ) -> None:
        main = publications[publications["role"] == "main"]
        main_of = dict(zip(main["publication_id"], main["trial_id"], strict=True))
        read_in = dict(zip(locators["locator_id"], locators["publication_id"], strict=True))
        readings: dict[str, list[tuple[float, bool]]] = {}
        lengths = facts[facts["fact"] == "treatment_weeks"]
        for trial, weeks, locator in zip(
            lengths["trial_id"], lengths["value"], lengths["locator_id"], strict=True
        ):
            in_main = main_of.get(read_in[locator]) == trial
            readings.setdefault(trial, []).append((weeks, in_main))
        self._lengths = {trial: _length(read) for trial, read in readings.items()}

    def add_to(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame of results with the four columns of the clocks added."""
        times = [
            self._times(row.trial_id, row.timepoint, row.weeks, row.clock)
            for row in frame.itertuples(index=False)
        ]
        numbers = ("weeks_since_randomization", "follow_up_weeks")
        texts = ("follow_up_weeks_alternatives", "clock_note")
        added: dict[str, pd.Series[Any]] = {
            name: pd.Series([getattr(one, name) for one in times], dtype=dtype)
            for names, dtype in ((numbers, "float64"), (texts, "str"))
            for name in names
        }
        return frame.assign(**added)

    def _times(self, trial: Any, timepoint: Any, weeks: Any, clock: Any) -> _Times:
        length = self._lengths.get(
            trial, _Length(math.nan, (), "No source seen prints the length of treatment.")
        )
        notes = []
        since_randomization = follow_up = math.nan
        alternatives = ""
        if math.isnan(weeks):
            notes.append(_NO_WEEK)
        elif clock == "randomization":
            since_randomization = weeks
        elif clock == "end_of_treatment":
            since_randomization = weeks + length.used
            notes.append(length.note)
        else:
            notes.append(_NO_CLOCK)
        match timepoint:
            case "post":
                # The time of the measurement after treatment is the end of treatment by definition.
                follow_up = 0.0
            case "overall":
                notes = [_WHOLE_COURSE]
            case "baseline" | "mid":
                notes.append(_BEFORE_THE_END)
            case _ if clock == "end_of_treatment":
                follow_up = weeks
            case _ if clock == "randomization" and not math.isnan(weeks):
                follow_up = weeks - length.used
                notes.append(length.note)
                if follow_up < 0:
                    follow_up = math.nan
                    notes.append(_BEFORE_THE_STATED_END)
                if len(length.printed) > 1:
                    since = sorted(weeks - printed for printed in length.printed)
                    alternatives = "; ".join(f"{one:g}" for one in since)
        return _Times(since_randomization, follow_up, alternatives, " ".join(filter(None, notes)))


def _length(readings: list[tuple[float, bool]]) -> _Length:
    """Length of a treatment from its readings, each with whether the main publication has it."""
    printed = tuple(sorted({weeks for weeks, _ in readings}))
    if len(printed) == 1:
        return _Length(printed[0], printed, "")
    differ = (
        f"Sources differ on the length of treatment "
        f"({' or '.join(f'{weeks:g}' for weeks in printed)} weeks)"
    )
    in_main = {weeks for weeks, main in readings if main}
    if len(in_main) != 1:
        return _Length(math.nan, printed, f"{differ}, and the main publication does not settle it.")
    used = in_main.pop()
    return _Length(used, printed, f"{differ}; {used:g}, as in the main publication, is used.")


CLASSES: tuple[ComparatorClass, ...] = get_args(ComparatorClass)
"""Known comparator classes, from the least to the most that the comparison group received."""

UNKNOWN_CLASS = "unknown"
"""Class of a comparator that is not known; in no group by class."""

RANDOMIZED = ("randomized", "cluster_randomized", "crossover")
"""Designs in which chance forms the groups, or the order of treatments."""

_TIMED = ("arm_results", "statistics")

_DEPTHS = (
    *("full_text", "abstract", "table_of_a_review", "database_row"),
    *("protocol", "registry_record", "news_page"),
)
"""How a publication can have been read, the deepest first."""


class Term(NamedTuple):
    """A term of a vocabulary, with what the cells of its row say.

    ``in_text`` is said in a sentence, ``short`` in tables and on axes; meaning serves for both.
    """

    meaning: str
    in_text: str
    short: str
    comparator_class: str
    more_is: str


class _Frame:
    """Attribute of a data set that hands out a copy of one of its frames."""

    def __init__(self, meaning: str) -> None:
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, dataset: "Dataset", owner: type) -> pd.DataFrame:
        return dataset._used[self._name].copy()


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data package; nothing that a caller does changes it.

    Text columns hold str and "" where a cell is empty, integer columns ``Int64``, number columns
    float64 with NaN, date columns ``datetime.date``. Rows are in the order of the file.

    ``arm_results`` and ``statistics`` hold values as used (corrected or withheld as
    ``corrections.csv`` says) and four more columns: ``weeks_since_randomization``,
    ``follow_up_weeks`` (since the end of treatment), ``follow_up_weeks_alternatives`` (all values
    that follow where sources differ on the length of treatment) and ``clock_note`` (why a clock is
    empty or that sources differ).

    Attributes
    ----------
    path : Path
        Folder of the data package.
    name, version : str
        Name of the package, and version of the data.
    digest : str
        SHA-256 of its content.
    """

    path: Path
    name: str
    version: str
    digest: str
    _used: Mapping[str, pd.DataFrame]
    _printed: Mapping[str, pd.DataFrame]
    _text: Mapping[str, pd.DataFrame]
    _lines: Mapping[str, tuple[int, ...]]
    _references: Mapping[str, str]
    _terms: Mapping[tuple[str, str], Term]
    _made: dict[Hashable, Any] = field(init=False, default_factory=dict)

    trials = _Frame("Trials, each once however many papers report it.")
    arms = _Frame("Arms of the trials.")
    arm_results = _Frame("Results printed for one arm, as used.")
    statistics = _Frame("Statistics printed for a contrast or a change, as used.")
    directions = _Frame("Directions printed without a number.")
    instruments = _Frame("Instruments and what they measure.")
    locators = _Frame("Places in publications where numbers were read.")
    publications = _Frame("Publications, registrations, databases and web pages.")
    corrections = _Frame("Corrections of printed values.")
    trial_facts = _Frame("Facts on trials, one row for each reading.")
    syntheses = _Frame("Pooled results of published reviews.")
    risk_of_bias = _Frame("Judgements on the risk of bias that a source prints.")
    claims = _Frame("Claims of the article that the workbook answers.")
    vocabularies = _Frame("Terms and their meanings.")

    def __repr__(self) -> str:
        """Name folder and version."""
        return f"Dataset({str(self.path)!r}, version {self.version})"

    @property
    def imported(self) -> bool:
        """Whether an import made the package of a database, whose trials have no pages."""
        return self.name == IMPORTED

    @property
    def planned_trials(self) -> pd.DataFrame:
        """Randomized trials of which no report exists: ongoing, or registered and silent since."""
        trials = self.trials[self._used["trials"]["design"].isin(RANDOMIZED)]
        told = {
            trial_id
            for table in ("arm_results", "statistics", "directions")
            for trial_id in self._used[table]["trial_id"]
        }
        silent = (trials["status"] != "published") & ~trials["trial_id"].isin(told)
        return trials[(trials["status"] == "ongoing") | silent]

    @property
    def randomized_trials(self) -> pd.DataFrame:
        """Randomized trials, without those that are no more than planned."""
        planned = self.planned_trials["trial_id"]
        trials = self.trials[self._used["trials"]["design"].isin(RANDOMIZED)]
        return trials[~trials["trial_id"].isin(planned)]

    def read_as(self, trial_id: str) -> str:
        """Return how deep a trial was read, in words: the deepest of its own publications.

        What is planned comes after what is reported: of a trial with a protocol alone, the
        abstract of the protocol was read.

        Examples
        --------
        >>> import evidence
        >>> data = evidence.load()
        >>> [data.read_as(one) for one in ("diamond2010", "repair", "nct05766592")]
        ['abstract', 'protocol abstract', 'registry record']
        """
        own = self._used["publications"]
        own = own[(own["trial_id"] == trial_id) & own["read_as"].isin(_DEPTHS)]
        beside = ~own["role"].isin(["main", "companion"])
        depths = map(_DEPTHS.index, own["read_as"])
        found = sorted(zip(beside, depths, own["role"], strict=True))
        if not found:
            return "nothing of its own"
        _, depth, role = found[0]
        said = _DEPTHS[depth].replace("_", " ")
        return f"protocol {said}" if role == "protocol" and said != role else said

    def printed(self, table: str) -> pd.DataFrame:
        """Return a table with the values as printed, without corrections.

        Raises
        ------
        ParameterError
            If there is no such table, as `text` and `lines` do.
        """
        return self._table(self._printed, table)

    def text(self, table: str) -> pd.DataFrame:
        """Return a table with the text of each cell, so with the digits that the source prints."""
        return self._table(self._text, table)

    def lines(self, table: str) -> tuple[int, ...]:
        """Return the line of the file on which each record of a table starts; the header is 1."""
        self._table(self._text, table)
        return self._lines[table]

    def _table(self, frames: Mapping[str, pd.DataFrame], table: str) -> pd.DataFrame:
        check_choice("table", table, frames)
        return frames[table].copy()

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """Return what is made of this data set alone, made once under a name of its own.

        Whoever gets it must not change it.
        """
        if what not in self._made:
            self._made[what] = make()
        made: T = self._made[what]
        return made

    def _row(self, id_column: str, value: str, *tables: str) -> Any:
        """Return the row with an id; one that none of the tables has is refused."""
        frames = [self._used[table] for table in tables]
        rows = self.once(
            tables, lambda: {getattr(one, id_column): one for of in frames for one in records(of)}
        )
        if value not in rows:
            files = " or ".join(f"{table}.csv" for table in tables)
            raise ParameterError(id_column, value, f"a {id_column} of {files}")
        return rows[value]

    def trial(self, trial_id: str) -> Any:
        """Return the row of a trial; this and its neighbors raise ParameterError if unknown."""
        return self._row("trial_id", trial_id, "trials")

    def arm(self, arm_id: str) -> Any:
        """Return the row of an arm."""
        return self._row("arm_id", arm_id, "arms")

    def instrument(self, instrument_id: str) -> Any:
        """Return the row of an instrument."""
        return self._row("instrument_id", instrument_id, "instruments")

    def publication(self, publication_id: str) -> Any:
        """Return the row of a publication."""
        return self._row("publication_id", publication_id, "publications")

    def result(self, result_id: str) -> Any:
        """Return a result as used, of an arm or a contrast."""
        return self._row("result_id", result_id, "arm_results", "statistics")

    def locator(self, locator_id: str) -> Locator:
        """Return a place in a publication."""
        row = self._row("locator_id", locator_id, "locators")
        return Locator(
            locator_id=row.locator_id,
            publication_id=row.publication_id,
            place=FreeText(row.place),
            url=row.url,
            readings=int(row.readings),
            accessed=row.accessed,
        )

    @property
    def references(self) -> Mapping[str, dict[str, Any]]:
        """CSL items by id."""
        return References(self._references)

    def vocabulary(self, name: str) -> dict[str, str]:
        """Return the terms of a vocabulary with their meanings, in the order of the file.

        Raises
        ------
        ParameterError
            If there is no such vocabulary.
        """
        found = {term: one.meaning for (of, term), one in self._terms.items() if of == name}
        if not found:
            names = ", ".join(dict.fromkeys(of for of, _ in self._terms))
            raise ParameterError("vocabulary", name, f"one of {names}")
        return found

    def term(self, vocabulary: str, term: str) -> Term:
        """Return a term of a vocabulary with its words.

        Raises
        ------
        ParameterError
            If the vocabulary has no such term.

        Examples
        --------
        >>> import evidence
        >>> evidence.load().term("condition", "mindfulness_based_stress_reduction").short
        'MBSR'
        """
        found = self._terms.get((vocabulary, term))
        if found is None:
            known = ", ".join(one for name, one in self._terms if name == vocabulary)
            raise ParameterError(vocabulary, term, f"one of {known or 'none: it has no terms'}")
        return found

    def in_text(self, vocabulary: str, term: str) -> str:
        """Return a term as a sentence has it; one that the package does not describe as it is."""
        found = self._terms.get((vocabulary, term))
        return term.replace("_", " ") if found is None else found.in_text

    def short(self, vocabulary: str, term: str) -> str:
        """Return a term as tables and axes have it; one that is not described as it is."""
        found = self._terms.get((vocabulary, term))
        return term.replace("_", " ") if found is None else found.short

    def worded(self, vocabulary: str) -> dict[str, str]:
        """Return the terms of a vocabulary as sentences have them, in the order of the file."""
        return {
            term: one.in_text for (name, term), one in self._terms.items() if name == vocabulary
        }

    def measure(self, instrument_id: str) -> str:
        """Return an instrument by its short name; one named for its outcome by its name.

        Examples
        --------
        >>> import evidence
        >>> [evidence.load().measure(one) for one in ("bdi_ii", "ideation_unspecified")]
        ['BDI-II', 'suicidal ideation, instrument not named in the source']
        """
        if instrument_id in {*self._used["instruments"].instrument_id}:
            one = self.instrument(instrument_id)
            # An id that shares a word with the outcome is no abbreviation that readers know.
            if {*instrument_id.split("_")} & {*one.outcome_id.split("_")}:
                return str(one.name[:1].lower() + one.name[1:])
        return instrument_id.upper().replace("_", "-")

    def instrument_name(self, instrument_id: str) -> str:
        """Return an instrument by its name, an id that the package does not have as it is."""
        known = {*self._used["instruments"].instrument_id}
        return str(self.instrument(instrument_id).name) if instrument_id in known else instrument_id

    def comparator_class(self, condition: str) -> str:
        """Return the class of what a comparison group received: one of `CLASSES`, or unknown.

        Raises
        ------
        ParameterError
            If the package has no such condition.

        Examples
        --------
        >>> import evidence
        >>> evidence.load().comparator_class("relaxation")
        'active'
        """
        return self.term("condition", condition).comparator_class

    def event_sign(self, event: str) -> int:
        """Return 1 where more of an event is better, -1 where worse, 0 where that is not known."""
        found = self._terms.get(("event", event))
        return 0 if found is None else {"better": 1, "worse": -1}.get(found.more_is, 0)

    def corrections_for(self, table: str, result_id: str) -> pd.DataFrame:
        """Return the corrections of one result; none is an empty frame."""
        corrections = self._used["corrections"]
        found = (corrections["table"] == table) & (corrections["result_id"] == result_id)
        return corrections[found].reset_index(drop=True)

    def fact(self, trial_id: str, fact: str) -> pd.DataFrame:
        """Return the rows of ``trial_facts`` on one fact: several where sources differ."""
        facts = self._used["trial_facts"]
        lines: dict[Any, Any] = self.once(
            "facts", lambda: facts.groupby(["trial_id", "fact"], sort=False).indices
        )
        found: pd.DataFrame = facts.iloc[lines.get((trial_id, fact), [])].reset_index(drop=True)
        return found


def load(path: str | os.PathLike[str] | None = None) -> Dataset:
    """Read and check a data package.

    Parameters
    ----------
    path : str or path-like, optional
        Its folder. By default the folder that ``$EVIDENCE_DATA`` names, else ``data/`` in the
        current folder or above, else the one beside the source of this package.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        With every fault of the package: file, row, column, value and what is accepted.

    Examples
    --------
    >>> import evidence
    >>> data = evidence.load()
    >>> data.fact("diamond2010", "treatment_weeks").value.tolist()
    [12.0, 16.0]
    """
    folder = default_folder() if path is None else Path(path)
    package = read_package(folder)
    printed = {name: printed_frame(sheet) for name, sheet in package.sheets.items()}
    used = {name: used_frame(sheet, package.corrected) for name, sheet in package.sheets.items()}
    clocks = Clocks(used["trial_facts"], used["locators"], used["publications"])
    for frames in (printed, used):
        for name in _TIMED:
            frames[name] = clocks.add_to(frames[name])
    return Dataset(
        path=folder.resolve(),
        name=package.name,
        version=package.version,
        digest=package.digest,
        _used=used,
        _printed=printed,
        _text={name: text_frame(sheet) for name, sheet in package.sheets.items()},
        _lines={
            name: tuple(row.line for row in sheet.rows) for name, sheet in package.sheets.items()
        },
        _references={one: json.dumps(item) for one, item in package.references.items()},
        _terms={
            (one.vocabulary, one.term): Term(
                one.meaning,
                one.in_text or one.meaning,
                one.short or one.in_text or one.meaning,
                one.comparator_class,
                one.more_is,
            )
            for one in records(used["vocabularies"])
        },
    )


def default_folder() -> Path:
    """Return the folder of the data package that `load` reads where none is named.

    Raises
    ------
    DataError
        If there is none.
    """
    named = os.environ.get("EVIDENCE_DATA")
    if named:
        return Path(named)
    here = Path.cwd()
    source = Path(__file__).resolve().parents[3]
    for folder in (here, *here.parents, source):
        if (folder / "data" / DESCRIPTOR).is_file():
            return folder / "data"
    expected = (
        f"a folder data/ with this file in {here} or above; "
        "another place can be named with --data or $EVIDENCE_DATA"
    )
    raise DataError([Fault(DESCRIPTOR, None, None, None, expected)])
