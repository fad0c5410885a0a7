"""Choices of an analysis in words, and in what one differs from the main analysis."""

from collections.abc import Sequence

from evidence import language
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification
from evidence.meta.pooling import Pooled

CHOICE = {
    "instrument": {
        "self_report_first": "self-report first",
        "clinician_first": "ratings by clinicians first",
    },
    "adjustment": {
        "post": "values at the time",
        "ppc": "adjusted for baseline in every trial (pre-post-control)",
        "ppc_imbalanced": "adjusted for baseline where arms differed before",
    },
    "convention": {"exact": "exact correction", "metapsy": "approximate correction (Metapsy)"},
    "imputed": {
        "exclude": "imputed estimates of single trials left out",
        "include": "imputed estimates of single trials enter",
    },
    "overall": {
        "as_post": "statistics over the whole course enter",
        "leave_out": "statistics over the whole course left out",
    },
    "analysis_set": {
        "itt_first": "all who were randomized before completers",
        "completers_first": "completers before all who were randomized",
    },
    "arms": {
        "combined": "arms of one condition combined",
        "first": "of several arms of one condition the first",
    },
    "comparator": {
        "usual_care_first": "of several comparators usual care",
        "inactive_first": "of several comparators an inactive one",
        "active_first": "of several comparators an active one",
    },
    "follow_up": {
        "longest": "of several follow-ups the longest",
        "shortest": "of several follow-ups the shortest",
    },
    "trials": {
        "all": "trials with a usable number",
        "with_overall": "statistics over the whole course enter",
        "unreported_at_zero": "unreported results at zero (imputed)",
    },
    "tau2": {"common": "common effect"},
    "interval": {
        "hksj_adhoc": "Hartung-Knapp, ad hoc correction",
        "hksj": "Hartung-Knapp, no correction",
        "wald": "normal quantile",
    },
}
"""Choices in words."""


def choice_in_words(name: str, value: str) -> str:
    """Return one choice in words."""
    known = CHOICE.get("tau2" if name == "tau2_method" else name, {})
    return known.get(value, f"tau² by {value}" if name.startswith("tau2") else value)


def differing(specification: Specification, dataset: Dataset) -> str:
    """Return every choice that is not that of the main analysis, each after a comma.

    Numbers that differ by a choice alone are told apart by it, so none may stay unsaid.

    Parameters
    ----------
    specification : Specification
        Choices; the defaults are those of the main analysis.
    dataset : Dataset
        Data package, for the names of trials and instruments.

    Returns
    -------
    str
        Empty for the main analysis.
    """
    changed = specification.changed
    said = [_in_words(name, value, dataset) for name, value in changed.items() if name in _SAID]
    if "adjustment" in changed and "correlation" in changed:
        said.append(f"pre-post correlation {specification.correlation:g}")
    if specification.interval in ("hksj", "wald") or specification.tau2 == "common":
        said.append("a less cautious method than the default")
    return "".join(f", {one}" for one in said)


_SAID = (
    *("instrument", "adjustment", "convention", "imputed", "overall", "analysis_set", "arms"),
    *("comparator", "follow_up", "comparator_class", "leave_out", "tau2", "interval", "level"),
)


def _in_words(name: str, value: str | float | Sequence[str], dataset: Dataset) -> str:
    if name == "leave_out" and not isinstance(value, str | float):
        return f"without {language.listed(str(dataset.trial(one).label) for one in sorted(value))}"
    if isinstance(value, float):
        return f"{100 * value:g}% interval"
    text = str(value)
    if name == "comparator_class":
        return f"comparisons with {dataset.in_text('comparator_class', text)} only"
    if name == "instrument" and text not in CHOICE["instrument"]:
        return f"{dataset.instrument_name(text)} alone"
    shown = choice_in_words(name, text)
    return f"interval by {shown}" if name == "interval" else shown


def method_in_words(pooled: Pooled) -> str:
    """Return how trials were pooled in a few words; of one trial, that nothing was."""
    if pooled.k == 1:
        return "one trial, not pooled; interval by the normal quantile"
    model = (
        "common effect"
        if pooled.tau2_method == "common"
        else f"random effects ({pooled.tau2_method})"
    )
    interval = {
        "hksj_adhoc": "Hartung-Knapp interval with the ad hoc correction",
        "hksj": "Hartung-Knapp interval without the correction",
        "wald": "interval by the normal quantile",
    }[pooled.interval_method]
    return f"{model}, {interval}"
