"""The printed numbers of a data package as rows, with what is needed to compare them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import pandas as pd

from evidence.errors import ParameterError
from evidence.meta.effect_size.printed_values import range_from_printed

STANDARDIZED = ("hedges_g", "cohens_d", "cohens_d_unspecified")
"""Kinds of statistics that are standardized differences of two arms."""


RATIOS = (
    *("odds_ratio", "odds_ratio_fisher", "risk_ratio", "hazard_ratio", "incidence_rate_ratio"),
)
"""Kinds that are ratios, printed as such."""
SCORES = ("mixed_model_b", "mean_difference", "slope_b", "qaly_difference")
"""Kinds that are differences on the scale of the instrument."""
DIFFERENCES = (*SCORES, "indirect_b", "log_odds_ratio", "log_risk_ratio")
"""Kinds whose standard error is on the scale of the estimate."""
WHOLE_COURSE = "overall"
LEVELS = ("", "level")
"""What a result is measured as that is a score and not its change."""

KEYS = {
    "arm_results": "result_id",
    "statistics": "result_id",
    "directions": "direction_id",
    "corrections": "correction_id",
    "trials": "trial_id",
    "arms": "arm_id",
    "instruments": "instrument_id",
    "claims": "claim_id",
}
"""Tables whose rows a finding can be about, and their ids."""

_LARGEST = 1e9
_SMALLEST = 1e-9
_ABOVE_0 = ("se", "df1", "df2", "sd")
_FROM_1 = ("n_analyzed", "n_intervention", "n_comparator", "n_randomized")


class Tables(Protocol):
    """What of a data set is read: its tables as printed and as text."""

    def printed(self, table: str) -> pd.DataFrame:
        """Values as printed, before corrections."""

    def text(self, table: str) -> pd.DataFrame:
        """Text of each cell."""

    def lines(self, table: str) -> Sequence[int]:
        """Line of the file on which each record starts."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: values and the text that they were read from."""

    values: Mapping[str, Any]
    texts: Mapping[str, str]
    file: str
    line: int

    def __getitem__(self, column: str) -> str:
        """Text of a cell."""
        return self.texts[column]

    @property
    def id(self) -> str:
        """Id of a result."""
        return self.texts["result_id"]

    def number(self, column: str) -> float | None:
        """Value as printed; None if empty."""
        value = self.values[column]
        return None if pd.isna(value) else float(value)

    def count(self, column: str) -> int | None:
        """Whole number; None if empty."""
        value = self.values[column]
        return None if pd.isna(value) else int(value)

    @property
    def level(self) -> float:
        """Level of an interval, 0.95 where no other is printed that an interval can have."""
        printed = self.number("ci_level")
        return printed / 100 if printed is not None and 50 <= printed < 100 else 0.95

    def range(self, column: str) -> tuple[float, float]:
        """Values that are printed so; the column must not be empty."""
        try:
            return range_from_printed(self.texts[column])
        except ParameterError:
            # printed with an exponent
            value = float(self.values[column])
            return value, value


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of a trial."""

    arm_id: str
    trial_id: str
    role: str
    n_randomized: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Results of two arms of one trial on the same instrument or event at the same time."""

    intervention: Row
    comparator: Row


class Reading:
    """Rows and lookups over the printed numbers.

    Parameters
    ----------
    tables : Tables
        A data set.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows: dict[str, list[Row]] = {}
        self.impossible: list[tuple[Row, str, str]] = []
        self.instruments = {row["instrument_id"]: row for row in self.rows("instruments")}
        self.results = self.rows("arm_results")
        # what has the range and the steps of an instrument: scores, not their changes
        self.levels = [row for row in self.results if row["measured_as"] in LEVELS]
        self.statistics = self.rows("statistics")
        self.arms = {
            row["arm_id"]: Arm(
                row["arm_id"], row["trial_id"], row["role"], row.count("n_randomized")
            )
            for row in self.rows("arms")
        }
        self.labels = {row["trial_id"]: row["label"] for row in self.rows("trials")}
        # trials whose arms are the same persons
        self.crossovers = {
            row["trial_id"] for row in self.rows("trials") if row["design"] == "crossover"
        }

    def rows(self, table: str) -> list[Row]:
        """Rows of a table, without values that no number of their kind can have."""
        if table not in self._rows:
            self._rows[table] = list(self._read(table))
        return self._rows[table]

    def _read(self, table: str) -> Iterator[Row]:
        values = self._tables.printed(table).to_dict("records")
        texts = self._tables.text(table).to_dict("records")
        for value, text, line in zip(values, texts, self._tables.lines(table), strict=True):
            row = Row(
                {str(k): v for k, v in value.items()},
                {str(k): str(v) for k, v in text.items()},
                f"{table}.csv",
                line,
            )
            possible = self._possible(table, row)
            if possible is not None:
                yield possible

    def _possible(self, table: str, row: Row) -> Row | None:
        """Return a row without values that no number of its kind can have; they are kept apart."""
        wrong = dict(_impossible(table, row))
        if "sd" in wrong and row.number("sd") == 0 and self._at_an_end(row):
            del wrong["sd"]
        if not wrong:
            return row
        self.impossible += [(row, column, accepted) for column, accepted in wrong.items()]
        if "estimate" in wrong:
            return None
        return replace(
            row,
            values={**row.values, **dict.fromkeys(wrong)},
            texts={**row.texts, **dict.fromkeys(wrong, "")},
        )

    def _at_an_end(self, row: Row) -> bool:
        """Whether a mean is the lowest or the highest score, so that all scores can be alike."""
        instrument = self.instruments.get(row["instrument_id"])
        ends = ("range_low", "range_high")
        mean = row.number("mean")
        return instrument is not None and mean in [
            end for name in ends if (end := instrument.number(name)) is not None
        ]

    @cached_property
    def _places(self) -> dict[str, Row]:
        """Row of each id."""
        found: dict[str, Row] = {}
        for table, key in KEYS.items():
            for row in self.rows(table):
                found.setdefault(row[key], row)
        return found

    def row_of(self, one_id: str) -> Row:
        """Return the row of a result, direction, correction, trial, arm, instrument or claim."""
        return self._places[one_id]

    @cached_property
    def facts(self) -> dict[tuple[str, ...], list[Row]]:
        """Rows of trial_facts by trial and fact."""
        return grouped(self.rows("trial_facts"), "trial_id", "fact")

    @cached_property
    def more_is(self) -> dict[str, int]:
        """Whether more of an event is better (1) or worse (-1)."""
        signs = {"better": 1, "worse": -1}
        return {
            row["term"]: signs[row["more_is"]]
            for row in self.rows("vocabularies")
            if row["vocabulary"] == "event" and row["more_is"] in signs
        }

    @cached_property
    def directions(self) -> list[Row]:
        """Rows of directions."""
        return self.rows("directions")

    @cached_property
    def pairs(self) -> list[Pair]:
        """Results of intervention and comparator arms, each comparator apart."""
        keys = (
            *("trial_id", "instrument_id", "event", "measured_as", "timepoint", "analysis_set"),
        )
        found = []
        for rows in grouped(self.results, *keys).values():
            sides = grouped_by_role(rows, self.arms)
            both = [(one, two) for one in sides["intervention"] for two in sides["comparator"]]
            matched = [pair for pair in both if _time(pair[0]) == _time(pair[1])]
            # of several follow-ups of both arms each belongs to the one of its week
            done = {id(row) for pair in matched for row in pair}
            found += [
                Pair(one, two)
                for one, two in both
                if (one, two) in matched or not {id(one), id(two)} & done
            ]
        return found

    @cached_property
    def _pairs_by_trial(self) -> dict[str, list[Pair]]:
        found: dict[str, list[Pair]] = defaultdict(list)
        for pair in self.pairs:
            found[pair.intervention["trial_id"]].append(pair)
        return found

    def pairs_of_trial(self, trial_id: str) -> list[Pair]:
        """Pairs of one trial."""
        return self._pairs_by_trial[trial_id]

    @cached_property
    def statistics_by_trial(self) -> dict[str, list[Row]]:
        """Statistics of each trial."""
        return {key[0]: rows for key, rows in grouped(self.statistics, "trial_id").items()}

    @cached_property
    def _arms_by_trial(self) -> dict[str, list[Arm]]:
        found: dict[str, list[Arm]] = defaultdict(list)
        for arm in self.arms.values():
            found[arm.trial_id].append(arm)
        return found

    def randomized(self, trial_id: str) -> int | None:
        """Participants randomized in all; None where no source says so, or they differ."""
        totals = {row.count("value") for row in self.facts.get((trial_id, "n_randomized"), [])}
        return totals.pop() if len(totals) == 1 else None

    def most(self, arm_id: str) -> int | None:
        """Participants that an arm can have: those randomized to it, else to all arms."""
        arm = self.arms.get(arm_id)
        return None if arm is None else arm.n_randomized or self.randomized(arm.trial_id)

    def size(self, result: Row) -> tuple[int | None, bool]:
        """Participants behind an arm result, and whether that is exact or an upper bound."""
        n = result.count("n_analyzed")
        if n is not None:
            return n, True
        return self.arms[result["arm_id"]].n_randomized, False

    def contrast_sizes(self, statistic: Row) -> tuple[float, float, str] | None:
        """Participants of both arms of a contrast, with words on where they come from."""
        sizes = [statistic.count("n_intervention"), statistic.count("n_comparator")]
        if None not in sizes:
            return float(sizes[0] or 0), float(sizes[1] or 0), "analyzed"
        arms = [statistic["intervention_arm_id"], statistic["comparator_arm_id"]]
        sizes = [self.arms[arm].n_randomized if arm in self.arms else None for arm in arms]
        if None not in sizes:
            return float(sizes[0] or 0), float(sizes[1] or 0), "randomized"
        total = self.randomized(statistic["trial_id"])
        if total is None:
            return None
        if statistic["trial_id"] in self.crossovers:
            return total, total, "all randomized, who were in both arms"
        share = total / len(self._arms_by_trial[statistic["trial_id"]])
        return share, share, "per arm, as all arms together and equal shares give"


def _impossible(table: str, row: Row) -> Iterator[tuple[str, str]]:
    """Columns whose value no number of its kind can have, and what is accepted."""
    if table not in ("arm_results", "statistics", "arms", "instruments"):
        return
    for column, value in row.values.items():
        if column not in row.texts or not isinstance(value, int | float) or pd.isna(value):
            continue
        accepted = _accepted(column, row, float(value))
        low = row.number("range_low") if column == "range_high" else None
        if low is not None and value <= low:
            accepted = f"above {row['range_low']}, the lowest score"
        if accepted:
            yield column, accepted


def _accepted(column: str, row: Row, value: float) -> str:
    """Return what is accepted in a cell; empty where its value is."""
    kind = row.texts.get("statistic", "")
    if column == "estimate":
        # a ratio of 0 is what a source prints where one arm has no event
        if kind in RATIOS and value < 0:
            return "0 or more"
        if kind in ("f_slope", "chi2_groups", "cohens_f") and value < 0:
            return "0 or more"
        if kind in ("eta_squared", "partial_eta_squared") and not 0 <= value < 1:
            return "from 0, below 1"
        if kind == "relative_risk_reduction_percent" and value > 100:
            return "at most 100"
        if kind == "risk_difference_percent" and abs(value) > 100:
            return "from -100 to 100"
        if kind == "p" and not 0 < value <= 1:
            return "above 0, up to 1"
        if kind == "number_needed_to_treat" and abs(value) < 1:
            return "at least 1, or -1 and below"
    if column in _ABOVE_0 and not value > 0:
        return "above 0"
    if column in _FROM_1 and not value >= 1:
        return "1 or more"
    if column == "events" and value < 0:
        return "0 or more"
    if column == "percent" and not 0 <= value <= 100:
        return "from 0 to 100"
    if column == "p_value" and not 0 <= value <= 1:
        return "from 0 to 1"
    if column.startswith(("ci_", "p_")) or kind == "p":
        return "" if abs(value) <= _LARGEST else f"at most {_LARGEST:.0e} in size"
    if abs(value) > _LARGEST or 0 < abs(value) < _SMALLEST:
        return f"0, or from {_SMALLEST:.0e} to {_LARGEST:.0e} in size"
    return ""


def of_pair(row: Row, pair: Pair) -> bool:
    """Whether a statistic is on the arms, event, time and participants of a pair of results."""
    one, two = pair.intervention, pair.comparator
    return (
        (row["intervention_arm_id"], row["comparator_arm_id"]) == (one["arm_id"], two["arm_id"])
        and all(row[key] == one[key] for key in ("instrument_id", "event", "timepoint"))
        and (not row["weeks"] or not one["weeks"] or _time(row) == _time(one))
        and row["analysis_set"] in ("", "as_printed", one["analysis_set"])
    )


def _time(row: Row) -> tuple[str, float | None]:
    return row["clock"], row.number("weeks")


def grouped(rows: Iterable[Row], *columns: str) -> dict[tuple[str, ...], list[Row]]:
    """Rows by the text of some columns, in order of appearance."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return dict(found)


def grouped_by_role(rows: Iterable[Row], arms: Mapping[str, Arm]) -> dict[str, list[Row]]:
    """Results of the intervention and of comparators."""
    found: dict[str, list[Row]] = {"intervention": [], "comparator": []}
    for row in rows:
        found[arms[row["arm_id"]].role].append(row)
    return found
