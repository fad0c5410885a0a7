"""Packages of any content, down to the printed results: for pages that estimate anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import hypothesis.strategies as st
import pandas as pd

import evidence
from evidence.data.dataset import Dataset, Term

QUANTILE = 1.959963984540054
SIDE = {"post": "at the end of treatment", "follow_up": "at follow-up"}
CLASS = {
    "waitlist": "inactive",
    "usual_care": "usual_care",
    "relaxation": "active",
    "unheard": "unknown",
}
"""Conditions of comparison groups that made-up trials have, with their class."""
INSTRUMENT = {"depression": "bdi_ii", "anxiety": "hads_a", "self_compassion": "scs"}
"""An instrument of each outcome that made-up trials measure; higher is better on the last."""
EVENT = {
    "recovery": ("clinical_recovery", "ideation_unspecified"),
    "attempts": ("attempt", "suicide_attempt"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One printed result between the arms of a made-up trial.

    Attributes
    ----------
    outcome : str
        A key of `INSTRUMENT`, or of `EVENT`.
    timepoint : str
    effect, se : float or None
        Positive favors the therapy: SDs, or points where ``points`` is true. None where words
        (``said``) or counts (``counts``) are all that is printed.
    counts : tuple of int or None
        Events and participants of the therapy, then of the other arm.
    said : str
        Direction in words.
    points : bool
        Whether the number is a difference in points.
    weeks : float or None
        Weeks since randomization.
    sizes : tuple of int or None
        Participants analyzed, where they are printed.
    """

    outcome: str = "depression"
    timepoint: str = "post"
    effect: float | None = None
    se: float = 0.2
    counts: tuple[int, int, int, int] | None = None
    said: str = ""
    points: bool = False
    weeks: float | None = 12.0
    sizes: tuple[int, int] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        assert self.effect is not None
        return self.effect - QUANTILE * self.se, self.effect + QUANTILE * self.se


@dataclass(frozen=True, slots=True)
class Study:
    """One made-up trial with its results."""

    results: tuple[Result, ...] = ()
    therapy: str = "abft"
    comparator: str = "usual_care"
    n: int | None = 30
    design: str = "randomized"
    status: str = "published"
    developer: str = "not_known"
    age_group: str = "adults"


@cache
def _real() -> Dataset:
    return evidence.load()


def package(
    studies: Sequence[Study],
    *,
    claims: Iterable[dict[str, Any]] = (),
    third: str = "",
) -> Dataset:
    """Return a data set with these trials, each with its own two arms, and nothing else.

    Parameters
    ----------
    studies : sequence of Study
    claims : iterable of dict
        Cells of rows of ``claims``; the rest is empty.
    third : str
        A therapy to add to the vocabulary.
    """
    real = _real()
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("trials", "arms", "arm_results", "statistics", "directions", "claims")
    }
    for number, study in enumerate(studies):
        _add(tables, number, study)
    tables["claims"] = [{"assertion": "", "match": "none", **one} for one in claims]
    vocabularies = [
        {"vocabulary": "condition", "term": "unheard", "comparator_class": "unknown"},
        *({"vocabulary": one, "term": third} for one in ("therapy", "condition") if third),
    ]
    used = {name: frame.iloc[:0] for name, frame in real._used.items()}
    for name in ("instruments", "vocabularies", "publications", "locators"):
        used[name] = real._used[name]
    used["publications"] = real._used["publications"].assign(trial_id="")
    for name, rows in tables.items():
        used[name] = _frame(rows, real._used[name])
    words = [{"meaning": one["term"], **one} for one in vocabularies]
    more = _frame(words, real._used["vocabularies"])
    used["vocabularies"] = pd.concat([used["vocabularies"], more], ignore_index=True)
    text = {name: frame.astype("string").fillna("").astype("str") for name, frame in used.items()}
    terms = {
        (one["vocabulary"], one["term"]): Term(
            one["meaning"], one["meaning"], one["meaning"], one.get("comparator_class", ""), ""
        )
        for one in words
    }
    return replace(
        real,
        _used=used,
        _printed=used,
        _text=text,
        _lines={name: tuple(range(2, 2 + len(frame))) for name, frame in used.items()},
        _terms={**real._terms, **terms},
    )


def with_cells(dataset: Dataset, table: str, **cells: Any) -> Dataset:
    """Return a data set whose rows of a table have these cells."""
    like = dataset._used[table]
    frame = like.assign(**cells).astype(like.dtypes)
    used = {**dataset._used, table: frame}
    text = {**dataset._text, table: frame.astype("string").fillna("").astype("str")}
    return replace(dataset, _used=used, _printed=used, _text=text)


def _frame(rows: list[dict[str, Any]], like: pd.DataFrame) -> pd.DataFrame:
    """Return rows as a frame of the columns and types of another, empty where nothing is said."""
    frame = pd.DataFrame(rows, columns=list(like.columns), dtype=object)
    for name, kind in like.dtypes.items():
        if kind == "str":
            frame[name] = frame[name].where(frame[name].notna(), "")
        frame[name] = frame[name].astype(kind)
    return frame


def _add(tables: dict[str, list[dict[str, Any]]], number: int, study: Study) -> None:
    trial_id = f"made{number}"
    shared = {"trial_id": trial_id, "locator_id": "diamond2010_abstract"}
    tables["trials"].append(
        {
            **shared,
            "label": f"Made {number}",
            "therapy": study.therapy,
            "design": study.design,
            "status": study.status,
            "age_group": study.age_group,
            "developer_involved": study.developer,
        }
    )
    arms = {"intervention": f"{trial_id}_a", "comparator": f"{trial_id}_b"}
    alone = study.design == "single_arm"
    for role, condition in (("intervention", study.therapy), ("comparator", study.comparator)):
        if role == "comparator" and alone:
            continue
        tables["arms"].append(
            {
                **shared,
                "arm_id": arms[role],
                "role": role,
                "condition": condition,
                "n_randomized": study.n,
            }
        )
    between = {
        "intervention_arm_id": arms["intervention"],
        "comparator_arm_id": "" if alone else arms["comparator"],
    }
    for place, one in enumerate(study.results):
        result_id = f"{trial_id}_r{place}"
        timed = {
            "timepoint": one.timepoint,
            "weeks": one.weeks,
            "clock": "not_stated" if one.weeks is None else "randomization",
            "weeks_since_randomization": one.weeks,
            "analysis_set": "as_printed",
        }
        if one.counts is not None:
            event, instrument = EVENT[one.outcome]
            for role, (events, n) in zip(arms, (one.counts[:2], one.counts[2:]), strict=True):
                if role == "comparator" and alone:
                    continue
                tables["arm_results"].append(
                    {
                        **shared,
                        **timed,
                        "result_id": f"{result_id}_{role}",
                        "arm_id": arms[role],
                        "instrument_id": instrument,
                        "event": event,
                        "events": events,
                        "n_analyzed": n,
                    }
                )
        elif one.effect is None:
            tables["directions"].append(
                {
                    **shared,
                    **between,
                    "direction_id": result_id,
                    "outcome_id": one.outcome,
                    "timepoint": one.timepoint,
                    "direction": one.said,
                }
            )
        else:
            better = one.outcome == "self_compassion"
            sizes = one.sizes or (None, None)
            tables["statistics"].append(
                {
                    **shared,
                    **timed,
                    **between,
                    "result_id": result_id,
                    "instrument_id": INSTRUMENT[one.outcome],
                    "statistic": "mean_difference" if one.points else "hedges_g",
                    "estimate": one.effect if better else -one.effect,
                    "se": one.se,
                    "favors_intervention_when": "higher" if better else "lower",
                    "n_intervention": sizes[0],
                    "n_comparator": sizes[1],
                }
            )


EFFECTS = st.one_of(st.floats(-1.5, 1.5).map(lambda x: round(x, 2)), st.just(0.0))
ERRORS = st.floats(0.05, 0.6).map(lambda x: round(x, 2))
SAID = st.sampled_from(
    [
        "no_difference",
        "favors_intervention",
        "favors_comparator",
        "measured_not_reported",
        "measured_not_seen",
    ]
)
SIZES = st.one_of(st.none(), st.tuples(st.integers(5, 400), st.integers(5, 400)))


def numbers(outcomes: Sequence[str], timepoint: str, **more: Any) -> st.SearchStrategy[Result]:
    """Return results with a number at one time."""
    return st.builds(
        Result,
        outcome=st.sampled_from(outcomes),
        timepoint=st.just(timepoint),
        effect=EFFECTS,
        se=ERRORS,
        sizes=SIZES,
        **more,
    )


def words(outcomes: Sequence[str], timepoint: str) -> st.SearchStrategy[Result]:
    """Return results in words at one time."""
    return st.builds(
        Result, outcome=st.sampled_from(outcomes), timepoint=st.just(timepoint), said=SAID
    )


def studies(results: st.SearchStrategy[tuple[Result, ...]], **more: Any) -> Any:
    """Return trials with such results."""
    return st.builds(
        Study,
        results=results,
        comparator=st.sampled_from(list(CLASS)),
        n=st.one_of(st.none(), st.integers(5, 400)),
        status=st.sampled_from(["published", "published", "unpublished"]),
        developer=st.sampled_from(["yes", "collaborated", "no", "not_known"]),
        **more,
    )
