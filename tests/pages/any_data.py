"""Packages of any content, for sentences that must be true on any data: no file, no real trial."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

import evidence
from evidence.analysis import Analysis, analyze
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification
from evidence.estimation.row import NORMAL_975, Row, to_frame
from evidence.terms import FreeText, LeftOut, Said

THERAPY, OUTCOME, INSTRUMENT = "abft", "depression", "bdi_ii"


@dataclass(frozen=True, slots=True)
class Trial:
    """One made-up trial: an effect with its standard error, or words alone.

    Attributes
    ----------
    effect, se : float or None
        Hedges g, positive favors the therapy; None where nothing but ``said`` is known.
    said : str
        Direction in words where there is no number.
    n : int or None
        Participants of each arm; None where not known.
    developer : str
        As in `trials.developer_involved`.
    status : str
        As in `trials.status`.
    comparator : str
        Condition of the other arm.
    """

    effect: float | None
    se: float = 0.2
    said: str = "no_difference"
    n: int | None = 30
    developer: str = "not_known"
    status: str = "published"
    comparator: str = "usual_care"


@cache
def _real() -> Dataset:
    return evidence.load()


def package(trials: Sequence[Trial]) -> tuple[Dataset, pd.DataFrame]:
    """Return a data set and a frame of estimates that hold these trials and no other."""
    real = _real()
    like_trial = real.trials.iloc[0]
    like_arm = real.arms.iloc[0]
    rows, arms, made = [], [], []
    for number, trial in enumerate(trials):
        trial_id = f"made{number}"
        made.append(
            {
                **like_trial,
                "trial_id": trial_id,
                "label": f"Made {number}",
                "therapy": THERAPY,
                "design": "randomized",
                "status": trial.status,
                "developer_involved": trial.developer,
                "note": "",
            }
        )
        for role, condition in (("intervention", THERAPY), ("comparator", trial.comparator)):
            arms.append(
                {
                    **like_arm,
                    "arm_id": f"{trial_id}_{role}",
                    "trial_id": trial_id,
                    "role": role,
                    "condition": condition,
                    "n_randomized": pd.NA if trial.n is None else trial.n,
                    "note": "",
                }
            )
        rows.append(_row(trial_id, number, trial))
    used = {
        **{name: real._used[name].iloc[:0] for name in real._used},
        **{
            name: real._used[name]
            for name in ("instruments", "vocabularies", "publications", "locators")
        },
        "trials": pd.DataFrame(made),
        "arms": pd.DataFrame(arms).astype({"n_randomized": "Int64"}),
    }
    return replace(real, _used=used), to_frame(rows)


def _row(trial_id: str, number: int, trial: Trial) -> Row:
    classes = {"usual_care": "usual_care", "waitlist": "inactive", "relaxation": "active"}
    common = {
        "trial_id": trial_id,
        "label": f"Made {number}",
        "therapy": THERAPY,
        "intervention": THERAPY,
        "intervention_arm_id": f"{trial_id}_intervention",
        "comparator_arm_id": f"{trial_id}_comparator",
        "comparator": trial.comparator,
        "comparator_class": classes[trial.comparator],
        "outcome_id": OUTCOME,
        "timepoint": "post",
        "n_intervention": trial.n,
        "n_comparator": trial.n,
    }
    if trial.effect is None:
        return Row(
            **common,
            estimate_id=f"{trial_id}.words",
            metric="not_reported" if trial.said.startswith("measured") else "direction",
            said=Said(trial.said),
            left_out_by=LeftOut.IN_WORDS,
            reason=FreeText("in words"),
        )
    return Row(
        **common,
        estimate_id=f"{trial_id}.{OUTCOME}.{INSTRUMENT}.post.hedges_g",
        instrument_id=INSTRUMENT,
        rater="self",
        metric="hedges_g",
        effect=trial.effect,
        variance=trial.se**2,
        se=trial.se,
        ci_low=trial.effect - NORMAL_975 * trial.se,
        ci_high=trial.effect + NORMAL_975 * trial.se,
        effect_low=np.nan,
        effect_high=np.nan,
        route="means",
        convention="exact",
        processing="converted",
        result_ids=(f"{trial_id}_r",),
    )


def analyzed(trials: Sequence[Trial], **choices: object) -> tuple[Dataset, Analysis]:
    """Return a data set of these trials and its pooled analysis."""
    dataset, frame = package(trials)
    specification = Specification(
        therapy=THERAPY,
        outcome=OUTCOME,
        timepoint="post",
        **choices,  # type: ignore[arg-type]
    )
    return dataset, analyze(dataset, specification, frame)
