"""One row of the frame of estimates, the frame itself, and the scale that readers quote."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import pandas as pd
from scipy.special import ndtri

from evidence.data.provenance import union
from evidence.terms import (
    NOTHING_SAID,
    Basis,
    Favors,
    FreeText,
    LeftOut,
    Remark,
    RemarkKind,
    Said,
    has,
    words_of,
)

NORMAL_975 = float(ndtri(0.975))
"""Standard normal quantile of a two-sided 95% interval, 1.959964."""
_MEANS, _COUNTS = ("means", "change_means", "means_change"), ("counts", "reconstructed_counts")
OF_MEANS = frozenset([*_MEANS, *(f"combined_{one}" for one in _MEANS)])
"""Routes from means and SDs of arms, also of several arms taken as one."""
OF_COUNTS = frozenset([*_COUNTS, "combined_counts"])
"""Routes from counts of arms, which ``convention`` holds in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An estimate, or a result or trial that allows none; positive favors the intervention.

    ``effect`` is None where there is no estimate; then ``left_out_by`` is the kind of why, and
    ``reason`` its text, to show. ``said`` is what the source says in words instead of a number. A
    row may have an effect without a variance, where a source prints a value without its
    uncertainty. ``more_is`` is "better" or "worse" for an event, else empty;
    ``se_from`` says what the standard error of a printed value follows from.
    """

    estimate_id: str = ""
    trial_id: str
    label: str
    therapy: str
    intervention: str
    intervention_arm_id: str
    comparator_arm_id: str
    comparator: str
    comparator_class: str
    outcome_id: str = ""
    instrument_id: str = ""
    event: str = ""
    more_is: str = ""
    rater: str = ""
    timepoint: str = ""
    analysis_set: str = ""
    weeks_since_randomization: float | None = None
    follow_up_weeks: float | None = None
    metric: str = ""
    effect: float | None = None
    variance: float | None = None
    se: float | None = None
    se_from: Basis | Literal[""] = ""
    ci_low: float | None = None
    ci_high: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    n_intervention: int | None = None
    n_comparator: int | None = None
    route: str = ""
    convention: str = ""
    processing: str = ""
    baseline_adjusted: bool = False
    result_ids: tuple[str, ...] = ()
    locator_ids: tuple[str, ...] = ()
    correction_ids: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    said: Said | Literal[""] = ""
    left_out_by: LeftOut | Literal[""] = ""
    reason: FreeText = NOTHING_SAID

    def remarked(self, *remarks: tuple[RemarkKind, str]) -> "Row":
        """Return the row with further remarks, each once."""
        return replace(self, remarks=union([self.remarks, (Remark.of(*one) for one in remarks)]))

    def without(self, by: LeftOut, reason: str, **changes: Any) -> "Row":
        """Return the row as one that allows no estimate."""
        return replace(self, left_out_by=by, reason=FreeText(reason), **changes)


READ_FIRST = (
    *("estimate_id", "label", "comparator", "outcome_id", "timepoint", "instrument_id", "event"),
    *("metric", "effect", "ci_low", "ci_high", "n_intervention", "n_comparator", "processing"),
    *("said", "reason"),
)
"""Columns that a reader looks for; what rows are computed by comes after them."""
COLUMNS: tuple[str, ...] = (
    *READ_FIRST,
    *(field.name for field in fields(Row) if field.name not in READ_FIRST),
)

_NUMBERS = (
    *("weeks_since_randomization", "follow_up_weeks", "effect", "variance", "se", "ci_low"),
    *("ci_high", "effect_low", "effect_high"),
)
_COUNTS = ("n_intervention", "n_comparator")


@dataclass(frozen=True, slots=True)
class Size:
    """Participants behind a number.

    Attributes
    ----------
    n : int or None
        Those analyzed, None where no source prints them.
    randomized : int or None
        Those randomized, where they stand in for them.
    added : int
        How many of ``n`` are of trials that count as randomized, beside those analyzed.
    """

    n: int | None
    randomized: int | None = None
    added: int = 0

    def __str__(self) -> str:
        """Return the number, or what stands in its place."""
        return self.of().removeprefix("n ") if self.n is None else f"{self.n}{self._apart}"

    @property
    def named(self) -> str:
        """The number with its letter: "n = 118"."""
        return self.of() if self.n is None else f"n = {self.n}{self._apart}"

    @property
    def _apart(self) -> str:
        return f", {self.added} of them as randomized" if self.added else ""

    def of(self, people: str = "participants") -> str:
        """Return the number with its noun, or that it is not printed or not known."""
        if self.n is not None:
            return f"{self.n} {people}{self._apart}"
        if self.randomized is not None:
            return f"n not printed ({self.randomized} randomized)"
        return "n not known"

    def with_further(self, rows: Iterable[Any]) -> "Size":
        """Return the size with the participants of further rows, as many as are known."""
        n, randomized, added = self.n, self.randomized, self.added
        for row in rows:
            more = participants(row) or 0
            n = None if n is None else n + more
            randomized = None if randomized is None else randomized + more
            added += more * (n is not None and has(row, RemarkKind.SIZES_OF_RANDOMIZED))
        return Size(n, randomized, added)


def participants(row: Any) -> int | None:
    """Return the participants of both arms of a row, each once; None where a size is not known."""
    return of_both(row, row.n_intervention, row.n_comparator)


def of_both(row: Any, *sizes: Any) -> int | None:
    """Return the participants of the arms of a row, each once; None where one is not known."""
    if any(pd.isna(one) for one in sizes):
        return None
    known = [int(one) for one in sizes]
    return max(known) if has(row, RemarkKind.SAME_PERSONS) else sum(known)


def size_of(rows: Iterable[Any]) -> Size:
    """Return the participants of both arms of rows of the frame of estimates, of all together."""
    total, as_randomized = 0, []
    for row in rows:
        n = participants(row)
        if n is None:
            return Size(None)
        total += n
        as_randomized.append(has(row, RemarkKind.SIZES_OF_RANDOMIZED))
    if not any(as_randomized):
        return Size(total)
    return Size(None, total) if all(as_randomized) else Size(None)


@dataclass(frozen=True, slots=True)
class QuotedScale:
    """The scale on which readers quote a metric of the frame of estimates.

    In the frame positive favors the intervention. Readers quote ratios, not their logarithms, and
    what is counted of a harm in its usual direction: an odds ratio of suicide attempts below 1, a
    risk difference below 0 where the intervention has fewer.

    Attributes
    ----------
    metric : str
        Metric of the frame.
    more_is : str
        "worse" for an event to be avoided.
    """

    metric: str
    more_is: str = ""

    @property
    def ratio(self) -> bool:
        """Whether it is a ratio, quoted beside 1."""
        return self.metric.startswith("log_")

    @property
    def turned(self) -> bool:
        """Whether below no difference favors the intervention, as the usual direction of a harm."""
        return self.more_is == "worse" and (self.ratio or self.metric == "risk_difference")

    @property
    def favors(self) -> Favors:
        """The side that favors the intervention."""
        if self.turned:
            return Favors.BELOW_1 if self.ratio else Favors.BELOW_0
        return Favors.ABOVE_1 if self.ratio else Favors.ABOVE_0

    @property
    def no_difference(self) -> float:
        """What is quoted where there is no difference."""
        return 1.0 if self.ratio else 0.0

    def value(self, value: float) -> float:
        """Return a value of the frame as it is quoted."""
        # A zero that was turned is zero to every reader.
        value = -float(value) + 0.0 if self.turned else float(value)
        return math.exp(value) if self.ratio else value

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """Return two values of the frame as they are quoted, the lower one first."""
        one, two = self.value(low), self.value(high)
        return (two, one) if self.turned else (one, two)

    def quoted(
        self, effect: float, low: float | None, high: float | None
    ) -> tuple[float, float | None, float | None]:
        """Return an effect and its limits as they are quoted, the lower one first."""
        if low is None or high is None or math.isnan(low) or math.isnan(high):
            return self.value(effect), None, None
        return (self.value(effect), *self.ends(low, high))


def interval(effect: float, variance: float) -> dict[str, Any]:
    """Return the fields of an effect with its Wald interval on the normal quantile."""
    se = variance**0.5
    return {
        # A zero that was multiplied by -1 is zero to every reader.
        "effect": effect + 0.0,
        "variance": variance,
        "se": se,
        "ci_low": effect - NORMAL_975 * se,
        "ci_high": effect + NORMAL_975 * se,
    }


def to_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a frame with the columns of `COLUMNS`; empty numbers are NaN or <NA>."""
    # A column of text is one of pandas: the type of its cells ends here.
    records = [
        [words_of(row.reason) if name == "reason" else getattr(row, name) for name in COLUMNS]
        for row in rows
    ]
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    return frame.astype(
        {name: "float64" for name in _NUMBERS} | {name: "Int64" for name in _COUNTS}
    )
