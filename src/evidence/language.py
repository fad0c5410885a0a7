"""Words and numbers as readers see them; rounding happens here and nowhere below."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from babel import Locale

from evidence.data.dataset import Dataset
from evidence.estimation.row import QuotedScale

MINUS = "−"
_SIGNED = re.compile(r"(?<![\w./-])-(?=\.?\d)")

METRIC = {
    "hedges_g": "Hedges g",
    "d_ppc2": "pre-post-control d",
    "d_from_test_statistic": "g from a test statistic",
    "mean_difference": "difference in points",
    "qaly_difference": "difference in quality-adjusted life years",
    "cost_difference": "difference in costs",
    "log_odds_ratio": "odds ratio",
    "log_risk_ratio": "risk ratio",
    "log_hazard_ratio": "hazard ratio",
    "log_incidence_rate_ratio": "incidence rate ratio",
    "risk_difference": "risk difference",
    "standardized": "Hedges g or g from a test statistic",
    "mixed": "Hedges g or pre-post-control d",
}
QALY = "quality-adjusted life years"
"""What differences of the metric ``qaly_difference`` are counted in."""
STATISTIC = {
    "hedges_g": "Hedges g",
    "cohens_d": "Cohen d",
    "hazard_ratio": "hazard ratio",
    "incidence_rate_ratio": "incidence rate ratio",
    "relative_risk_reduction_percent": "relative risk reduction in percent",
    "partial_eta_squared": "partial eta squared",
    "eta_squared": "eta squared",
    "cohens_f": "Cohen f",
    "standardized_beta": "standardized coefficient",
    "cohens_d_unspecified": "effect size, kind not stated",
    "cohens_d_at_least": "d of at least",
    "f_slope": "F of group by time",
    "t": "t of two arms",
    "z": "z of two arms",
    "p": "P of two arms",
    "mean_difference": "difference of means",
    "risk_ratio": "risk ratio",
    "t_within": "t of the change within the arm",
    "d_within": "d of the change within the arm",
    "t_time_both_arms": "t of time, both arms together",
    "slope_b": "slope B within the arm",
    "chi2_groups": "chi-square of the groups",
    "odds_ratio": "odds ratio",
    "odds_ratio_fisher": "odds ratio beside an exact test",
    "mixed_model_b": "B of a mixed model",
    "indirect_b": "indirect effect B",
    "qaly_difference": "difference in quality-adjusted life years",
    "risk_difference_percent": "risk difference in percent",
    "number_needed_to_treat": "number needed to treat",
}
"""Printed statistics in words."""
INTERVAL = {
    "hksj_adhoc": "Hartung-Knapp with the ad hoc correction",
    "hksj": "Hartung-Knapp without the correction",
    "wald": "normal quantile",
}
MOVED = {"worse": "lower", "better": "higher"}
"""Where scores are with the treatment that they favor, by what higher ones are."""
SIDE = {
    "above_0": "positive",
    "below_0": "below 0",
    "above_1": "above 1",
    "below_1": "below 1",
}
"""Sides of no difference in words, as before "favors"."""
_CARDINALS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
)


def term(words: Mapping[str, str], value: str) -> str:
    """Return the words for a term, else the term itself."""
    return words.get(value, value.replace("_", " "))


def country(code: str) -> str:
    """Return the country of an ISO 3166 code in English, a code that is none as it is."""
    return str(Locale("en").territories.get(code, code))


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Return a count in words up to ten, with its noun: "three trials"."""
    word = _CARDINALS[number] if 0 <= number < len(_CARDINALS) else f"{number:,}"
    if not noun:
        return word
    return f"{word} {noun if number == 1 else plural or noun + 's'}"


def capitalized(text: str) -> str:
    """Return the text with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def fixed(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed count of decimals and a typographic minus; a dash for none."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def minus(text: str) -> str:
    """Return printed numbers with a typographic minus: "(-19.57 to -6.84)", not "BDI-II"."""
    return _SIGNED.sub(MINUS, text)


def limits(low: float | None, high: float | None, digits: int = 2) -> str:
    """Return the limits of an interval as "−0.29 to 1.33"."""
    return f"{fixed(low, digits)} to {fixed(high, digits)}"


def estimate(effect: float, low: float | None, high: float | None, digits: int = 2) -> str:
    """Return an estimate with its interval as "0.52 (−0.29 to 1.33)"."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return f"{fixed(effect, digits)} (no interval)"
    return f"{fixed(effect, digits)} ({limits(low, high, digits)})"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as a percentage."""
    return "–" if fraction is None else f"{fixed(100 * fraction, digits)}%"


def p_value(p: float) -> str:
    """Return an exact P as "P = .18", with three digits below .01 and a bound below .001."""
    if p < 0.001:
        return "P < .001"
    if 0.995 <= p < 1:
        return "P > .99"
    digits = 3 if p < 0.01 else 2
    text = f"{p:.{digits}f}"
    return f"P = {text.removeprefix('0') if p < 1 else text}"


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join items as "a, b and c"."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


OF_HARMS = "for a harm, such as suicide attempts, a ratio below 1 or a difference below 0 does"
"""What follows on "positive values and ratios above 1 favor the therapy"."""

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
    *("hedges_g", "mean_difference", "d_from_test_statistic", "log_odds_ratio"),
    *("log_risk_ratio", "risk_difference"),
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


def as_table(frame: pd.DataFrame) -> str:
    """Return a frame of words as an HTML table for Jupyter, which sets cells to the right."""
    left = ' style="text-align: left"'
    shown = frame.to_html(index=False, border=0)
    return shown.replace("<th>", f"<th{left}>").replace("<td>", f"<td{left}>")


def counted(number: int, noun: str) -> str:
    """Return a count with its noun, "one trial" or "3 trials"."""
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def shown_estimate(rows: pd.DataFrame) -> Any | None:
    """Return the row of a comparison that a sentence shows, None where there is none."""
    order = {metric: place for place, metric in enumerate(_SHOWN_FIRST)}
    known = rows[rows.metric.isin(order)]
    if known.empty:
        return None
    ranked = known.assign(_metric=known.metric.map(order), _self=known.rater != "self")
    return ranked.sort_values(["_metric", "_self"], kind="stable").iloc[0]


def estimate_of(row: Any, names: Names) -> tuple[str, Number]:
    """Return an estimate with its 95% interval in words, and its number."""
    scale = QuotedScale(row.metric, row.more_is)
    points = f"points of {names.measure(row)}"
    said, number = _estimate_of(scale, row.effect, row.ci_low, row.ci_high, points)
    return said, Number(number.text, row.estimate_id)


def pooled_estimate(
    scale: QuotedScale, effect: float, low: float, high: float, estimate_id: str
) -> tuple[str, Number]:
    """Return a pooled estimate with its 95% interval in words, and its number."""
    said, number = _estimate_of(scale, effect, low, high)
    return said, Number(number.text, estimate_id)


def _estimate_of(
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
