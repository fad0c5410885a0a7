"""Rows of the Metapsy data standard, one per comparison of two arms."""

from typing import Any

import pandas as pd

from evidence.dataset import Dataset
from evidence.interop.exchange.contrast import Contrast, Means
from evidence.interop.metapsy.terms import printed_condition
from evidence.records import records

_MEANS = ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2")
_BEFORE = (
    *("bl_mean_arm1", "bl_sd_arm1", "bl_n_arm1"),
    *("bl_mean_arm2", "bl_sd_arm2", "bl_n_arm2"),
)
_COUNTS = ("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2")
COLUMNS = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2"),
    *("outcome_type", "outcome_domain", "instrument", "rating", "time", "time_weeks"),
    *_MEANS,
    *_BEFORE,
    "dich",
    *_COUNTS,
    *("precalc_g", "precalc_g_se", "rand_arm1", "rand_arm2"),
    *("year", "country", "age_group", "diagnosis", ".g", ".g_se"),
    *("estimate_id", "higher_is", "processing", "full_ref"),
)
METRICS = ("hedges_g", "log_odds_ratio", "d_from_test_statistic")
"""Metrics that the standard has columns for, the preferred one first."""

_EVENTS = {
    "response_50": "response",
    "attempt": "attempts",
    "no_longer_mdd": "remission",
    "clinical_recovery": "recovery",
}
_RATERS = {"self": "self-report", "report": "self-report"}


def rows(dataset: Dataset, found: list[Contrast]) -> list[dict[str, Any]]:
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
            measured = dict(zip(_MEANS, one.means, strict=True))
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
                "rating": _RATERS.get(row.rater, row.rater),
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
