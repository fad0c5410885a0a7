"""One number of the ledger in words to quote, in the manner of AMA, of APA, or plain.

A sentence is made from the fields of its entry alone, so that it changes when they do.
"""

from evidence import language
from evidence.data.dataset import Dataset
from evidence.errors import check_choice
from evidence.ledger import LedgerEntry
from evidence.terms import IMPUTED_BY_KIND, NO_RESULT, EntryKind, Favors

STYLES = ("ama", "apa", "plain")
"""Manners of quoting."""

_NAME = {
    "hedges_g": ("Hedges g", "g"),
    "d_ppc2": ("pre-post-control d", "d"),
    "d_from_test_statistic": ("g from a test statistic", "g"),
    "d_from_odds_ratio": ("d from an odds ratio", "d"),
    "mixed": ("Hedges g or pre-post-control d", "d"),
    "standardized": ("Hedges g or g from a test statistic", "g"),
    "mean_difference": ("mean difference", "MD"),
    "qaly_difference": ("mean difference", "MD"),
    "cost_difference": ("mean difference", "MD"),
    "odds_ratio": ("odds ratio", "OR"),
    "risk_ratio": ("risk ratio", "RR"),
    "risk_difference": ("risk difference", "RD"),
    "change_in_points": ("change", "change"),
    "cohens_d": ("Cohen d", "d"),
    "correlation": ("effect expressed as a correlation", "r"),
    "standardized_mean_difference": ("standardized mean difference", "SMD"),
    "effect_size": ("effect size, kind not named", "ES"),
    "hedges_g_within": ("Hedges g of the change", "g"),
    "cohens_d_within": ("Cohen d of the change", "d"),
}
_IN_UNITS = {
    "mean_difference": "points",
    "qaly_difference": language.QALY,
    "change_in_points": "points",
}
_ONE_DECIMAL = ("change_in_points", "cost_difference")
_BETWEEN = {
    "last": "at the last assessment",
    "change": "from the end of treatment to follow-up",
}
"""Times of numbers in words that no table of the data has."""

_TIMELESS = (EntryKind.PUBLISHED, EntryKind.POWER)
"""Kinds whose labels do not name the time; none names the two above."""
_POOLED = {
    EntryKind.POOLED,
    EntryKind.POOLED_RANGE_END,
    EntryKind.POOLED_REEXPRESSED,
    EntryKind.STRESS_TEST,
    EntryKind.STRESS_END,
    EntryKind.STRESS_POSTERIOR,
    EntryKind.POSTERIOR,
    EntryKind.WEIGHT,
}
"""Kinds whose labels do not name what it was compared with; all others name the contrast."""
SMALL = 1.0
"""Below this, differences in points have three decimals: quality-adjusted years, for instance."""


def _is_share(entry: LedgerEntry) -> bool:
    return entry.scale == "proportion" or entry.metric.endswith("risk_difference")


def _numbers(entry: LedgerEntry) -> list[str | None]:
    """Return effect and limits as they are quoted; shares in percent, without the sign."""
    numbers = (entry.effect, entry.ci_low, entry.ci_high)
    if _is_share(entry):
        return [None if one is None else language.fixed(100 * one, 1) for one in numbers]
    points = entry.metric in _IN_UNITS
    small = points and max(abs(one) for one in numbers if one is not None) < SMALL
    digits = 3 if small else 1 if entry.metric in _ONE_DECIMAL else 2
    return [None if one is None else language.fixed(one, digits) for one in numbers]


def _interval_name(entry: LedgerEntry, style: str) -> str:
    level = language.fixed(100 * (entry.ci_level or 0.95), 3).rstrip("0").rstrip(".")
    bayesian = entry.entry_kind in (EntryKind.POSTERIOR, EntryKind.STRESS_POSTERIOR)
    if style == "plain":
        return f"{level}% {'credible' if bayesian else 'confidence'} interval"
    return f"{level}% {'CrI' if bayesian else 'CI'}"


def statistic(entry: LedgerEntry, style: str = "ama") -> str:
    """Return a number with its interval and P, to stand in a sentence.

    Parameters
    ----------
    entry : LedgerEntry
        Number of the ledger.
    style : str
        One of `STYLES`.

    Raises
    ------
    ParameterError
        If the style is unknown.

    Examples
    --------
    ``Hedges g, 0.52 (95% CI, −0.29 to 1.33), P = .11`` in the manner of AMA;
    ``g = 0.52, 95% CI [−0.29, 1.33], p = .11`` in that of APA.
    """
    check_choice("style", style, STYLES)
    name, symbol = _NAME.get(entry.metric, (language.term({}, entry.metric),) * 2)
    effect, low, high = _numbers(entry)
    sign = "%" if _is_share(entry) else ""
    interval = _interval_name(entry, style)
    has_interval = low is not None and high is not None
    p = None if entry.p_value is None else p_value(entry)
    unit = _unit(entry)
    if style == "apa":
        limits = f", {interval} [{low}{sign}, {high}{sign}]" if has_interval else ""
        p = "" if p is None else f", {p.replace('P', 'p', 1)}"
        return f"{symbol} = {effect}{sign}{limits}{p}"
    p = "" if p is None else f", {p}"
    if style == "ama":
        limits = f" ({interval}, {low} to {high})" if has_interval else " (no interval)"
        return f"{name}, {effect}{unit}{limits}{p}"
    limits = f", {interval} {low} to {high}" if has_interval else ", without an interval"
    return f"{name} of {effect}{unit}{limits}{p}"


def p_value(entry: LedgerEntry) -> str:
    """Return the P of a number, with how it was made where that has to be said."""
    p = "" if entry.p_value is None else language.p_value(entry.p_value)
    return f"{p} ({entry.p_note})" if p and entry.p_note else p


def _unit(entry: LedgerEntry) -> str:
    if entry.scale == "proportion":
        return "%"
    if _is_share(entry):
        return " percentage points"
    unit = _IN_UNITS.get(entry.metric)
    return f" {unit}" if unit else ""


def shown(entry: LedgerEntry) -> str:
    """Return a number with its limits at the precision of the sentences, to stand in a list.

    Examples
    --------
    ``0.52 (−0.29 to 1.33)``; ``35.4 percentage points (13.7 to 57.1)``; ``87.1%``.
    """
    effect, low, high = _numbers(entry)
    limits = f" ({low} to {high})" if low is not None and high is not None else ""
    return f"{effect}{_unit(entry)}{limits}"


def sizes(entry: LedgerEntry, style: str = "ama") -> str:
    """Return trials and participants, empty where neither is known."""
    if style == "apa":
        parts = [f"{name} = {n}" for name, n in (("k", entry.k), ("N", entry.n)) if n is not None]
        return ", ".join(parts)
    parts = []
    if entry.k is not None:
        one = language.count(entry.k, "trial") if style == "plain" else f"{entry.k} trial"
        parts.append(one if style == "plain" or entry.k == 1 else f"{one}s")
    if entry.n is not None:
        parts.append(f"{entry.n:,} participant{'' if entry.n == 1 else 's'}")
    return ", ".join(parts)


def caveat(entry: LedgerEntry) -> str:
    """Return what a reader has to know of how a number came about, empty where nothing."""
    kind = NO_RESULT.get(entry.entry_kind, "")
    if entry.entry_kind in IMPUTED_BY_KIND:
        return kind
    how = {
        "imputed": "rests on values that no source gives (imputed)",
        "reconstructed": "from counts reconstructed from printed numbers",
    }.get(entry.processing, "")
    return "; ".join(one for one in (kind, how) if one)


def times(dataset: Dataset) -> dict[str, str]:
    """Return the times of numbers in words, by term, those of the ledger alone among them."""
    return dataset.worded("timepoint") | _BETWEEN


def subject(entry: LedgerEntry, dataset: Dataset) -> str:
    """Return what the number is about: treatment, outcome, comparator, time."""
    text = entry.label
    name = language.METRIC.get(entry.metric) or language.METRIC.get(f"log_{entry.metric}")
    if name:
        text = text.replace(f", {name}", "", 1)
    if entry.metric == "change_in_points":
        text = text.replace(": change in points", "")
    compared = language.listed(
        [dataset.in_text("condition", one) for one in entry.comparator.split("; ") if one], "or"
    )
    if compared and entry.entry_kind in _POOLED:
        text += f", compared with {compared}"
    timeless = bool(entry.timepoint) and entry.entry_kind in _TIMELESS
    if entry.timepoint in _BETWEEN or timeless:
        text += f", {language.term(times(dataset), entry.timepoint)}"
    return text


def direction(entry: LedgerEntry) -> str:
    """Return which side of no difference favors the intervention, empty where none does.

    The label of a number on a harm says it, with the name of the therapy.
    """
    if not entry.favors:
        return ""
    if entry.timepoint == "change":
        return f"{language.SIDE[entry.favors]} means larger at follow-up"
    return "" if _below(entry) else f"{language.SIDE[entry.favors]} favors the intervention"


def _below(entry: LedgerEntry) -> bool:
    return entry.favors in (Favors.BELOW_0, Favors.BELOW_1)


def reading(entry: LedgerEntry) -> str:
    """Return what the interval allows to say, empty where there is none or no such question."""
    low, high = entry.ci_low, entry.ci_high
    if low is None or high is None or not entry.favors or entry.timepoint == "baseline":
        return ""
    null = 1.0 if entry.scale == "ratio" else 0.0
    if entry.timepoint == "change":
        if low <= null <= high:
            return "the interval includes no change"
        return f"the whole interval lies {'above' if low > null else 'below'} no change"
    if entry.entry_kind in NO_RESULT:
        # Only results favor anything; that the interval includes no difference stays true.
        return "the interval includes no difference" if low <= null <= high else ""
    if low > null or high < null:
        favored = "comparator" if (low > null) == _below(entry) else "intervention"
        return f"the whole interval favors the {favored}"
    return "the interval includes no difference: neither benefit nor its absence is shown"


def sentence(entry: LedgerEntry, dataset: Dataset, style: str = "ama") -> str:
    """Return a number as a sentence to quote: comparator, time, trials, participants, caveats.

    Parameters
    ----------
    entry : LedgerEntry
        Number of the ledger.
    dataset : Dataset
        Data package with the words for its terms.
    style : str
        One of `STYLES`.

    Raises
    ------
    ParameterError
        If the style is unknown.
    """
    parts = [
        statistic(entry, style),
        sizes(entry, style),
        entry.counts,
        caveat(entry),
        direction(entry),
    ]
    if style == "plain":
        parts.insert(1, reading(entry))
    return f"{subject(entry, dataset)}: {'; '.join(part for part in parts if part)}."
