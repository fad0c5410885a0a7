"""Analysis data rows in the layout of the data package of RevMan (Cochrane, version 1)."""

from typing import Any

from evidence.dataset import Dataset
from evidence.interop.exchange.contrast import Contrast
from evidence.records import records
from evidence.terms import words_of

COLUMNS = (
    *("Analysis group", "Analysis number", "Analysis name", "Subgroup", "Applicability"),
    *("Study", "Study year", "GIV Mean", "GIV SE"),
    *("Experimental mean", "Experimental SD", "Experimental cases", "Experimental N"),
    *("Control mean", "Control SD", "Control cases", "Control N"),
    *("O-E", "Variance", "Weight", "Mean", "CI start", "CI end", "Footnotes"),
)
METRICS = ("hedges_g", "log_odds_ratio", "mean_difference", "d_from_test_statistic")
"""Metrics that become rows, the preferred one first: points come before imputed d."""

_KINDS = {
    "mean_difference": "difference in the unit of the instrument",
    "d_from_test_statistic": "standardized, from a test statistic",
    "hedges_g": "standardized, as printed",
}
_RATERS = {
    "self": "self-rated",
    "clinician": "clinician-rated",
    "parent": "parent-rated",
    "report": "by report",
}
_TIMES = {"post": "end of treatment", "follow_up": "follow-up", "overall": "whole course"}


def rows(dataset: Dataset, found: list[Contrast]) -> list[dict[str, Any]]:
    """Return one row per outcome, time and pair of arms, grouped into analyses.

    Parameters
    ----------
    dataset : Dataset
        Where the contrasts come from.
    found : list of Contrast
        One per result.

    Returns
    -------
    list of dict
        Keys `COLUMNS`. A group is a therapy against a class of comparators; an analysis is one
        outcome at one time in one kind of data. RevMan subtracts control from experimental, so
        that on scales where less is better a negative difference favors the therapy; generic
        inverse-variance effects (``GIV Mean``) have the same direction, and are on the log scale
        for ratios. What RevMan computes itself (weight, mean, interval) is left empty. Footnotes
        say what is converted, reconstructed or imputed.
    """
    terms = {(one.vocabulary, one.term): one.meaning for one in records(dataset.vocabularies)}
    references = dataset.references
    years = {
        one.trial_id: references.get(one.publication_id, {}).get("issued", {}).get("date-parts")
        for one in records(dataset.publications)
        if one.role == "main"
    }
    instruments = {one.instrument_id: one.name for one in records(dataset.instruments)}
    groups: dict[tuple[str, str], int] = {}
    analyses: dict[tuple[str, ...], int] = {}
    taken: set[tuple[Any, ...]] = set()
    made = []
    for one in found:
        row = one.estimate
        group = (row.intervention, row.comparator_class)
        number = groups.setdefault(group, len(groups) + 1)
        kind, values = _values(one)
        key: tuple[str, ...] = (*group, row.event or row.outcome_id, row.timepoint, kind, row.rater)
        if (key, row.trial_id) in taken:
            key = (*key, row.instrument_id)
        taken.add((key, row.trial_id))
        order = analyses.setdefault(key, sum(other[:2] == group for other in analyses) + 1)
        outcome = (
            terms.get(("event", row.event), row.event)
            if row.event
            else terms.get(("outcome", row.outcome_id), row.outcome_id)
        )
        against = terms.get(("comparator_class", row.comparator_class), row.comparator_class)
        named = (
            f"{terms.get(('condition', row.intervention), row.intervention)} against {against}",
            f"{outcome}, {_RATERS.get(row.rater, row.rater)}",
            _TIMES.get(row.timepoint, row.timepoint),
            kind,
            *((instruments[row.instrument_id],) if key[-1] == row.instrument_id else ()),
        )
        year = years.get(row.trial_id)
        made.append(
            {
                "Analysis group": number,
                "Analysis number": order,
                "Analysis name": "; ".join(named),
                "Subgroup": terms.get(("condition", row.comparator), row.comparator),
                "Study": row.label,
                "Study year": year[0][0] if year else None,
                **values,
                "Footnotes": _footnote(one, instruments[row.instrument_id]),
            }
        )
    return sorted(made, key=lambda one: (one["Analysis group"], one["Analysis number"]))


def _values(one: Contrast) -> tuple[str, dict[str, Any]]:
    row = one.estimate
    if one.means is not None:
        mean_1, sd_1, n_1, mean_2, sd_2, n_2 = one.means
        return "continuous", {
            "Experimental mean": mean_1,
            "Experimental SD": sd_1,
            "Experimental N": n_1,
            "Control mean": mean_2,
            "Control SD": sd_2,
            "Control N": n_2,
        }
    if one.counts is not None:
        events_1, n_1, events_2, n_2 = one.counts
        return "dichotomous", {
            "Experimental cases": events_1,
            "Experimental N": n_1,
            "Control cases": events_2,
            "Control N": n_2,
        }
    return _KINDS.get(row.metric, "ratio, as printed"), {
        "GIV Mean": one.sign * row.effect,
        "GIV SE": row.se,
        "Experimental N": row.n_intervention,
        "Control N": row.n_comparator,
    }


def _footnote(one: Contrast, instrument: str) -> str:
    row = one.estimate
    favors = "more" if one.sign > 0 else "less"
    measured = instrument if not row.event else f"{instrument}, {row.event}"
    parts = (
        f"{measured}: {favors} favors the experimental arm",
        f"{row.processing}, by {row.route}",
        f"estimate {row.estimate_id}",
        *(words_of(one.text) for one in row.remarks),
    )
    return "; ".join(parts)
