"""Comparisons at two times in the order and the words of a report."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import text, words
from evidence.display.followup_entries import of_time
from evidence.display.headline import Headline
from evidence.display.tables import number_link
from evidence.followup import Durability
from evidence.ledger import LedgerEntry
from evidence.provenance import worst
from evidence.records import records
from evidence.terms import RemarkKind, has

TIMES = ("post", "follow_up")

ABSOLUTE = ("risk_difference", "mean_difference", "hedges_g", "d_from_test_statistic")
"""Metrics that a report leads with, the first that a comparison has."""

RELATIVE = "log_odds_ratio"


@dataclass(frozen=True, slots=True)
class Group:
    """One comparison at both times on each of its metrics.

    Attributes
    ----------
    rows : dict
        Rows of ``comparisons`` by metric.
    main : namedtuple
        The one that a reader meets first.
    """

    rows: dict[str, Any]
    main: Any

    @property
    def imputed(self) -> bool:
        """Whether the effect at either time is imputed."""
        return worst([self.main.post_processing, self.main.follow_up_processing]) == "imputed"

    @property
    def digits(self) -> int:
        """Decimals of its effects: one for points and percentages."""
        return 1 if self.main.metric in ("mean_difference", "risk_difference") else 2

    @property
    def factor(self) -> float:
        """What its effects are multiplied by for readers: 100 for percentage points."""
        return 100.0 if self.main.metric == "risk_difference" else 1.0

    def unit(self, dataset: Dataset) -> str:
        """Return what its effects are counted in."""
        return unit(self.main, dataset)

    def at_times(self, found: Durability, dataset: Dataset) -> list[LedgerEntry]:
        """Return the entries of its effect at both times."""
        return [of_time(self.main, one, found, dataset) for one in TIMES]

    def number(self, entry: LedgerEntry) -> str:
        """Return a number of this comparison as a link."""
        return number_link(entry, self.shown(entry)[0])

    def shown(self, entry: LedgerEntry) -> tuple[str, str]:
        """Return number and limits in its unit and decimals."""
        return Headline(entry, self.digits, "", self.factor).shown

    def estimate(self, entry: LedgerEntry) -> str:
        """Return a number with its limits in brackets as a link."""
        return number_link(entry, "{} ({})".format(*self.shown(entry)))


def unit(row: Any, dataset: Dataset) -> str:
    """Return what the effects of a comparison are counted in."""
    if row.metric == "risk_difference":
        return f"percentage points of {dataset.in_text('event', row.event)}"
    metric = words.term(words.METRIC, row.metric)
    if row.event:
        return f"{dataset.in_text('event', row.event)}, {metric}"
    instrument = dataset.measure(row.instrument_id)
    return (
        f"points of {instrument}" if row.metric == "mean_difference" else f"{metric}, {instrument}"
    )


def short_contrast(row: Any, dataset: Dataset) -> str:
    """Return both treatments, by their short names."""
    both = (row.intervention, row.comparator)
    return " against ".join(dataset.short("condition", one) for one in both)


def condition_in_words(condition: str, dataset: Dataset) -> str:
    """Return a treatment or comparator in words."""
    return dataset.in_text("condition", condition)


def ratio(entry: LedgerEntry) -> str:
    """Return a ratio with its limits in brackets as a link."""
    return number_link(entry, "{} ({})".format(*Headline(entry, 2, "").shown))


def groups(found: Durability) -> list[Group]:
    """Return the comparisons, all metrics of each together, in the order of the data."""
    keys = ["trial_id", "intervention_arm_id", "comparator_arm_id", "instrument_id", "event"]
    made = []
    weeks = ["follow_up_weeks", "weeks_since_randomization"]
    for _, rows in found.comparisons.groupby([*keys, *weeks], sort=False, dropna=False):
        by_metric = {row.metric: row for row in records(rows)}
        first = next((one for one in ABSOLUTE if one in by_metric), next(iter(by_metric)))
        made.append(Group(by_metric, by_metric[first]))
    return made


@dataclass(frozen=True, slots=True)
class Parts:
    """Comparisons by the part that they have in a report.

    Attributes
    ----------
    main : list of Group
        Of the therapy, those that are not imputed if there are any.
    imputed : list of Group
        Others of the therapy.
    other_treatments : list of Group
        Treatments that the same trials compared with the same arm.
    derived : list of Group
        Contrasts with those treatments that no source prints.
    """

    main: list[Group]
    imputed: list[Group]
    other_treatments: list[Group]
    derived: list[Group]


def parts(found: Durability) -> Parts:
    """Return the comparisons of a therapy by their part."""
    every = groups(found)
    printed = [one for one in every if not one.main.derived]
    own = [one for one in printed if one.main.intervention == found.therapy]
    near = [one for one in own if not one.imputed]
    return Parts(
        main=near or own,
        imputed=[one for one in own if one.imputed] if near else [],
        other_treatments=[one for one in printed if one.main.intervention != found.therapy],
        derived=[one for one in every if one.main.derived],
    )


def arms_of(row: Any, found: Durability) -> pd.DataFrame:
    """Return the counts of both arms of a comparison at both times."""
    arms = found.arms
    chosen: pd.DataFrame = arms[
        (arms.trial_id == row.trial_id)
        & (arms.event == row.event)
        & arms.arm_id.isin([row.intervention_arm_id, row.comparator_arm_id])
        # A comparison can have several follow-ups.
        & arms.result_ids.map(set(row.result_ids).issuperset)
    ]
    return chosen


def assessed(row: Any, timepoint: str, found: Durability) -> str:
    """Return how many of each arm are behind a comparison at one time, or what is known of it."""
    rows = found.estimates
    one = next(records(rows[rows.estimate_id == getattr(row, f"{timepoint}_id")]))
    if pd.isna(one.n_intervention) or pd.isna(one.n_comparator):
        return "n not known"
    sizes = f"{one.n_intervention} + {one.n_comparator}"
    if has(one, RemarkKind.SIZES_IMPUTED):
        return f"{sizes} randomized, arm sizes imputed"
    if has(one, RemarkKind.SIZES_OF_RANDOMIZED):
        return f"n not printed ({sizes} randomized)"
    return f"{sizes} assessed"


def when(row: Any, found: Durability, dataset: Dataset) -> str:
    """Return the later time of a comparison in words, as "at 6 months after treatment"."""
    rows = found.estimates
    return text.when(next(records(rows[rows.estimate_id == row.follow_up_id])), dataset)
