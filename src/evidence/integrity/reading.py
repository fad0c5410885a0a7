"""The printed numbers of a data package as rows, with what is needed to compare them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pandas as pd

from evidence.effects.printed import range_from_printed
from evidence.errors import ParameterError

STANDARDIZED = ("hedges_g", "cohens_d_unspecified")
"""Kinds of statistics that are standardized differences of two arms."""


class Tables(Protocol):
    """What of a data set is read: its tables as printed and as text."""

    def printed(self, table: str) -> pd.DataFrame:
        """Values as printed, before corrections."""

    def text(self, table: str) -> pd.DataFrame:
        """Text of each cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: values and the text that they were read from."""

    values: Mapping[str, Any]
    texts: Mapping[str, str]

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
        self.results = self.rows("arm_results")
        self.statistics = self.rows("statistics")
        self.arms = {
            row["arm_id"]: Arm(
                row["arm_id"], row["trial_id"], row["role"], row.count("n_randomized")
            )
            for row in self.rows("arms")
        }
        self.instruments = {row["instrument_id"]: row for row in self.rows("instruments")}
        self.labels = {row["trial_id"]: row["label"] for row in self.rows("trials")}

    def rows(self, table: str) -> list[Row]:
        """Rows of a table."""
        values = self._tables.printed(table).to_dict("records")
        texts = self._tables.text(table).to_dict("records")
        return [
            Row({str(k): v for k, v in value.items()}, {str(k): str(v) for k, v in text.items()})
            for value, text in zip(values, texts, strict=True)
        ]

    @cached_property
    def facts(self) -> dict[tuple[str, ...], list[Row]]:
        """Rows of trial_facts by trial and fact."""
        return grouped(self.rows("trial_facts"), "trial_id", "fact")

    @cached_property
    def directions(self) -> list[Row]:
        """Rows of directions."""
        return self.rows("directions")

    @cached_property
    def pairs(self) -> list[Pair]:
        """Results of intervention and comparator arms, each comparator apart."""
        keys = ("trial_id", "instrument_id", "event", "timepoint", "analysis_set")
        found = []
        for rows in grouped(self.results, *keys).values():
            sides = grouped_by_role(rows, self.arms)
            found += [
                Pair(one, two) for one in sides["intervention"] for two in sides["comparator"]
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
        share = total / len(self._arms_by_trial[statistic["trial_id"]])
        return share, share, "per arm, as all arms together and equal shares give"


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
