"""Tables of trial-level data for other tools: metafor, Metapsy, RevMan."""

import csv
import io
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from evidence.data import atomic
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.exchange.contrast import Contrast, Means, contrasts, one_per_result
from evidence.ledger import csv_cell
from evidence.metapsy.vocabulary import printed_condition
from evidence.terms import Convention, words_of

MEASURES = {
    "hedges_g": "SMD",
    "mean_difference": "MD",
    "log_odds_ratio": "OR",
    "log_risk_ratio": "RR",
    "risk_difference": "RD",
}
"""metafor's name of each metric that escalc() computes from the numbers of both arms."""

READY_MADE = "GEN"
"""metafor's name for effects that are not computed by escalc()."""

_DESCRIBED = (
    *("label", "trial_id", "estimate_id", "therapy", "intervention", "comparator"),
    *("comparator_class", "outcome_id", "instrument_id", "event", "timepoint"),
    *("weeks_since_randomization", "follow_up_weeks", "metric"),
)
_METAFOR_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
METAFOR_COLUMNS = (
    *("slab", *_DESCRIBED[1:], "measure", *_METAFOR_MEANS, "ai", "ci", "sign", "yi", "vi"),
    *("effect_low", "effect_high", "route", "processing", "baseline_adjusted", "remarks"),
)


def metafor_rows(found: list[Contrast]) -> list[dict[str, Any]]:
    """Return one row per estimate, with the names that metafor uses.

    Parameters
    ----------
    found : list of Contrast
        Estimates with the numbers behind them.

    Returns
    -------
    list of dict
        Keys `COLUMNS`. ``yi`` and ``vi`` are the estimate and its variance, positive where it
        favors the intervention (ratios on the log scale). ``measure`` names what escalc() computes
        from ``m1i`` to ``n2i``, or from ``ai``, ``n1i``, ``ci``, ``n2i``; its value times ``sign``
        is ``yi``. GEN marks effects that it cannot compute from numbers of arms.
    """
    return [_row(one) for one in found]


def _row(one: Contrast) -> dict[str, Any]:
    estimate = one.estimate
    measure = MEASURES.get(estimate.metric, READY_MADE)
    raw: dict[str, Any] = {}
    if one.means is not None and estimate.route == "means":
        raw = dict(zip(_METAFOR_MEANS, one.means, strict=True))
    elif one.counts is not None:
        raw = dict(zip(("ai", "n1i", "ci", "n2i"), one.counts, strict=True))
    else:
        measure = READY_MADE
        raw = {"n1i": estimate.n_intervention, "n2i": estimate.n_comparator}
    return {
        **{name: getattr(estimate, name) for name in _DESCRIBED[1:]},
        **raw,
        "slab": estimate.label,
        "measure": measure,
        "sign": one.sign,
        "yi": estimate.effect,
        "vi": estimate.variance,
        **{
            name: getattr(estimate, name)
            for name in ("effect_low", "effect_high", "route", "processing", "baseline_adjusted")
        },
        "remarks": "; ".join(words_of(one.text) for one in estimate.remarks),
    }


REVMAN_COLUMNS = (
    *("Analysis group", "Analysis number", "Analysis name", "Subgroup", "Applicability"),
    *("Study", "Study year", "GIV Mean", "GIV SE"),
    *("Experimental mean", "Experimental SD", "Experimental cases", "Experimental N"),
    *("Control mean", "Control SD", "Control cases", "Control N"),
    *("O-E", "Variance", "Weight", "Mean", "CI start", "CI end", "Footnotes"),
)
REVMAN_METRICS = ("hedges_g", "log_odds_ratio", "mean_difference", "d_from_test_statistic")
"""Metrics that become rows, the preferred one first: points come before imputed d."""

_KINDS = {
    "mean_difference": "difference in the unit of the instrument",
    "d_from_test_statistic": "standardized, from a test statistic",
    "hedges_g": "standardized, as printed",
}
_REVMAN_RATERS = {
    "self": "self-rated",
    "clinician": "clinician-rated",
    "parent": "parent-rated",
    "report": "by report",
}
_TIMES = {"post": "end of treatment", "follow_up": "follow-up", "overall": "whole course"}


def revman_rows(dataset: Dataset, found: list[Contrast]) -> list[dict[str, Any]]:
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
            f"{outcome}, {_REVMAN_RATERS.get(row.rater, row.rater)}",
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


_METAPSY_MEANS = ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2")
_BEFORE = (
    *("bl_mean_arm1", "bl_sd_arm1", "bl_n_arm1"),
    *("bl_mean_arm2", "bl_sd_arm2", "bl_n_arm2"),
)
_COUNTS = ("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2")
METAPSY_COLUMNS = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2"),
    *("outcome_type", "outcome_domain", "instrument", "rating", "time", "time_weeks"),
    *_METAPSY_MEANS,
    *_BEFORE,
    "dich",
    *_COUNTS,
    *("precalc_g", "precalc_g_se", "rand_arm1", "rand_arm2"),
    *("year", "country", "age_group", "diagnosis", ".g", ".g_se"),
    *("estimate_id", "higher_is", "processing", "full_ref"),
)
METAPSY_METRICS = ("hedges_g", "log_odds_ratio", "d_from_test_statistic")
"""Metrics that the standard has columns for, the preferred one first."""

_EVENTS = {
    "response_50": "response",
    "attempt": "attempts",
    "no_longer_mdd": "remission",
    "clinical_recovery": "recovery",
}
_METAPSY_RATERS = {"self": "self-report", "report": "self-report"}


def metapsy_rows(dataset: Dataset, found: list[Contrast]) -> list[dict[str, Any]]:
    """Return one row per outcome, time and pair of arms, with the names of the standard.

    Parameters
    ----------
    dataset : Dataset
        Where the contrasts come from.
    found : list of Contrast
        One per result, made by the convention ``metapsy``.

    Returns
    -------
    list of dict
        Keys `COLUMNS`. Means, standard deviations and counts stand as the data package uses them
        (corrections applied). ``precalc_g`` holds effects that no source gives as numbers of arms,
        ``.g`` every standardized effect; both are positive where they favor the intervention.
        Follow-ups are numbered FU1, FU2 by time. A statistic over the whole course has no time in
        the standard and is left out.
    """
    found = [one for one in found if one.estimate.timepoint != "overall"]
    arms = {one.arm_id: one for one in records(dataset.arms)}
    trials = {one.trial_id: one for one in records(dataset.trials)}
    instruments = {one.instrument_id: one for one in records(dataset.instruments)}
    references = dataset.references
    main = {
        one.trial_id: one.publication_id
        for one in records(dataset.publications)
        if one.role == "main"
    }
    before = _baselines(dataset)
    times = _follow_ups(found)
    made = []
    for one in found:
        row = one.estimate
        trial, instrument = trials[row.trial_id], instruments[row.instrument_id]
        first, second = arms[row.intervention_arm_id], arms[row.comparator_arm_id]
        reference = references.get(main.get(row.trial_id, ""), {})
        several = sum(arm.trial_id == row.trial_id for arm in arms.values()) > 2
        measured: dict[str, Any] = {}
        if one.means is not None:
            measured = dict(zip(_METAPSY_MEANS, one.means, strict=True))
            at_start = before.get(
                (row.intervention_arm_id, row.comparator_arm_id, row.instrument_id)
            )
            measured |= dict(zip(_BEFORE, at_start or (), strict=False))
        elif one.counts is not None:
            measured = dict(zip(_COUNTS, one.counts, strict=True))
        else:
            measured = {
                "n_arm1": row.n_intervention,
                "n_arm2": row.n_comparator,
                "precalc_g": row.effect,
                "precalc_g_se": row.se,
            }
        standardized = row.metric != "log_odds_ratio"
        made.append(
            {
                "study": row.label,
                "condition_arm1": printed_condition(row.intervention),
                "condition_arm2": printed_condition(row.comparator),
                "multi_arm1": row.intervention if several else None,
                "multi_arm2": row.comparator if several else None,
                "outcome_type": _EVENTS.get(row.event, row.event) or _kind(one),
                "outcome_domain": row.outcome_id,
                "instrument": instrument.name,
                "dich": dataset.vocabulary("event").get(row.event, row.event),
                "rating": _METAPSY_RATERS.get(row.rater, row.rater),
                "time": times.get(row.estimate_id, row.timepoint),
                "time_weeks": row.weeks_since_randomization,
                **measured,
                "rand_arm1": first.n_randomized,
                "rand_arm2": second.n_randomized,
                "year": _year(reference),
                "country": trial.country,
                "age_group": trial.age_group,
                "diagnosis": trial.population,
                ".g": row.effect if standardized else None,
                ".g_se": row.se if standardized else None,
                "estimate_id": row.estimate_id,
                "higher_is": instrument.higher_is,
                "processing": row.processing,
                "full_ref": _reference(reference),
            }
        )
    return made


def _kind(one: Contrast) -> str:
    return "msd" if one.means is not None else "other statistic"


def _baselines(dataset: Dataset) -> dict[tuple[str, str, str], Means]:
    """Means before treatment of each pair of arms that has them."""
    frame = dataset.arm_results
    usable = frame[(frame.timepoint == "baseline") & frame["mean"].notna() & frame.sd.notna()]
    usable = usable[usable.n_analyzed.notna()]
    by_arm = {(one.arm_id, one.instrument_id): one for one in records(usable)}
    return {
        (one.arm_id, two.arm_id, one.instrument_id): Means(
            one.mean, one.sd, int(one.n_analyzed), two.mean, two.sd, int(two.n_analyzed)
        )
        for one in by_arm.values()
        for two in by_arm.values()
        if one.trial_id == two.trial_id
        and one.instrument_id == two.instrument_id
        and one.arm_id != two.arm_id
    }


def _follow_ups(found: list[Contrast]) -> dict[str, str]:
    """FU1, FU2 for each follow-up, by its time within trial."""
    late = [one.estimate for one in found if one.estimate.timepoint == "follow_up"]
    times: dict[str, list[float]] = {}
    for row in late:
        times.setdefault(row.trial_id, []).append(_time(row))
    return {
        row.estimate_id: f"FU{sorted(set(times[row.trial_id])).index(_time(row)) + 1}"
        for row in late
    }


def _time(row: Any) -> float:
    for value in (row.follow_up_weeks, row.weeks_since_randomization):
        if not pd.isna(value):
            return float(value)
    return float("inf")


def _year(reference: dict[str, Any]) -> int | None:
    parts = reference.get("issued", {}).get("date-parts", [[None]])
    return parts[0][0] if parts and parts[0] else None


def _reference(reference: dict[str, Any]) -> str:
    authors = ", ".join(
        one.get("family", one.get("literal", "")) for one in reference.get("author", [])
    )
    parts = (
        authors,
        reference.get("title"),
        reference.get("container-title"),
        reference.get("DOI"),
    )
    return ". ".join(part for part in parts if part)


Target = Literal["metafor", "metapsy", "revman"]


def export_table(dataset: Dataset, target: Target, path: Path, **filters: str) -> int:
    """Write estimates and the numbers behind them as a CSV file that another tool reads.

    Parameters
    ----------
    dataset : Dataset
        A data package as `evidence.load` returns it.
    target : {"metafor", "metapsy", "revman"}
        Whose column names to use; see `evidence.exchange.metafor_rows` and its siblings.
    path : Path
        File to write, replaced in one step; the same data give the same bytes.
    **filters : str
        As `evidence.estimates` takes them, such as therapy, outcome, timepoint.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    ParameterError
        If the path does not end in .csv, or a filter or its value is unknown.
    SelectionError
        If no estimate with a variance is left, or one whose direction nothing states.
    """
    if path.suffix != ".csv" or path.is_dir():
        raise ParameterError(target, str(path), "a file that ends in .csv")
    convention: Convention = "metapsy" if target == "metapsy" else "exact"
    found = contrasts(dataset, convention=convention, **filters)
    header: tuple[str, ...]
    if target == "metafor":
        header, rows = METAFOR_COLUMNS, metafor_rows(found)
    elif target == "metapsy":
        header, rows = (
            METAPSY_COLUMNS,
            metapsy_rows(dataset, one_per_result(found, METAPSY_METRICS)),
        )
    else:
        header, rows = REVMAN_COLUMNS, revman_rows(dataset, one_per_result(found, REVMAN_METRICS))
    # R reads NA as missing, spreadsheets and RevMan an empty cell.
    missing = "" if target == "revman" else "NA"
    atomic.replace(path, _csv(header, rows, missing))
    return len(rows)


def _csv(header: tuple[str, ...], rows: list[dict[str, Any]], missing: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row.get(name), missing) for name in header])
    return buffer.getvalue()


def _cell(value: Any, missing: str) -> str:
    if value is None or pd.isna(value) or value == "":
        return missing
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    return csv_cell(str(value))
