"""Words and numbers as readers see them; rounding happens here and nowhere below."""

import math
import re
from collections.abc import Iterable, Mapping

from babel import Locale

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
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
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
