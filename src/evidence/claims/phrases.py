"""Words and numbers of one-sentence answers: terms of the data, counts, estimates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.estimation.row import QuotedScale

_WHEN = {
    "": "",
    "post": " at the end of treatment",
    "follow_up": " at follow-up",
}
_SYMBOL = {
    "hedges_g": "g",
    "d_ppc2": "d",
    "d_from_test_statistic": "g",
    "cohens_d": "d",
    "correlation": "r",
    "standardized_beta": "β",
}
_SHOWN_FIRST = (
    "hedges_g",
    "mean_difference",
    "d_from_test_statistic",
    "log_odds_ratio",
    "log_risk_ratio",
    "risk_difference",
)
"""Which of several estimates of one comparison a sentence shows: points where a trial prints a
coefficient, as d is imputed there."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a sentence, as it stands there, and the estimate that it is."""

    text: str
    estimate_id: str


class Names:
    """Names of trials, outcomes and comparators of a data set, as sentences need them."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.label = dict(zip(dataset.trials.trial_id, dataset.trials.label, strict=True))
        weeks = dataset.trial_facts[dataset.trial_facts.fact == "comparator_weeks"]
        self._weeks = dict(zip(weeks.trial_id, weeks.value, strict=True))

    def outcome(self, outcome_id: str) -> str:
        """Return an outcome in words."""
        return self._dataset.in_text("outcome", outcome_id)

    def event(self, event: str) -> str:
        """Return an event in words."""
        return self._dataset.in_text("event", event)

    def condition(self, condition: str, trial_id: str = "") -> str:
        """Return what a comparator received, with its length where it differs from treatment."""
        name = self._dataset.in_text("condition", condition)
        return f"{self._weeks[trial_id]:g}-week {name}" if trial_id in self._weeks else name

    def measure(self, row: Any) -> str:
        """Return what a row measures: an event in words, else its instrument."""
        return self.event(row.event) if row.event else self._dataset.measure(row.instrument_id)

    def therapy(self, therapy: str) -> str:
        """Return a therapy in words."""
        return self._dataset.in_text("therapy", therapy)

    @property
    def therapies(self) -> tuple[str, ...]:
        """All therapies of the vocabulary."""
        return tuple(self._dataset.worded("therapy"))

    def people(self, age_group: str) -> str:
        """Return an age group in words."""
        return self._dataset.in_text("age_group", age_group)

    def labels(self, trial_ids: Iterable[str]) -> str:
        """Return trials by their labels, each once, as a list."""
        return listed(dict.fromkeys(self.label[one] for one in trial_ids))


def when(timepoint: str) -> str:
    """Return a time in words, with the space before it; nothing for no time."""
    return _WHEN.get(timepoint, f", {timepoint.replace('_', ' ')}")


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join items as "a, b and c"."""
    parts = list(items)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def counted(number: int, noun: str) -> str:
    """Return a count with its noun, "one trial" or "3 trials"."""
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def fixed(value: float, digits: int = 2) -> str:
    """Return a number with a fixed count of decimals and a typographic minus."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def opened(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def shown_estimate(rows: pd.DataFrame) -> Any | None:
    """Return the row of a comparison that a sentence shows, None where there is none."""
    order = {metric: place for place, metric in enumerate(_SHOWN_FIRST)}
    known = rows[rows.metric.isin(order)]
    if known.empty:
        return None
    ranked = known.assign(_metric=known.metric.map(order), _self=known.rater != "self")
    return ranked.sort_values(["_metric", "_self"], kind="stable").iloc[0]


def estimate(row: Any, names: Names) -> tuple[str, Number]:
    """Return an estimate with its 95% interval in words, and its number."""
    scale = QuotedScale(row.metric, row.more_is)
    points = f"points of {names.measure(row)}"
    said, number = _estimate(scale, row.effect, row.ci_low, row.ci_high, points)
    return said, Number(number.text, row.estimate_id)


def pooled_estimate(
    scale: QuotedScale, effect: float, low: float, high: float, estimate_id: str
) -> tuple[str, Number]:
    """Return a pooled estimate with its 95% interval in words, and its number."""
    said, number = _estimate(scale, effect, low, high)
    return said, Number(number.text, estimate_id)


def _estimate(
    scale: QuotedScale, effect: float, low: float, high: float, points: str = ""
) -> tuple[str, Number]:
    digits = 2
    effect, (low, high) = scale.value(effect), scale.ends(low, high)
    metric = scale.metric.removeprefix("log_")
    if metric == "mean_difference" and points:
        digits = 1
        said = f"{fixed(effect, digits)} {points}"
    else:
        said = f"{_SYMBOL.get(metric, metric.replace('_', ' '))} = {fixed(effect, digits)}"
    interval = f"95% CI {fixed(low, digits)} to {fixed(high, digits)}"
    if scale.turned:
        interval += f" (below {1 if scale.ratio else 0} favors the therapy)"
    return f"{said}, {interval}", Number(fixed(effect, digits), "")


def synthesis(printed: Any) -> str:
    """Return a published synthesis in the digits that it prints, with k, n and its remark.

    Parameters
    ----------
    printed : named tuple
        Row of the text of `syntheses.csv`.
    """
    size = [
        f"{name} = {value}"
        for name, value in (("k", printed.k), ("n", _thousands(printed.n)))
        if value
    ]
    if printed.estimate:
        name = _SYMBOL.get(printed.metric, printed.metric.replace("_", " "))
        said = f"{name} = {printed.estimate}"
        if printed.ci_low:
            size.insert(0, f"95% CI {printed.ci_low} to {printed.ci_high}")
    elif printed.range_low:
        said = f"{printed.metric.replace('_', ' ')} {printed.range_low} to {printed.range_high}"
    else:
        said = f"{printed.metric.replace('_', ' ')} without a number"
    # What the source says of its number stands with it: k of the whole review, or a range.
    beside = "; ".join(part for part in (", ".join(size), printed.note) if part)
    shown = f"{said} ({beside})" if beside else said
    return shown.replace(" -", " −")


def _thousands(n: str) -> str:
    return f"{int(n):,}" if n else ""
