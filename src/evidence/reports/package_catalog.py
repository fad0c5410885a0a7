"""The catalog of another data package: a report of each question that two of its trials answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from evidence import language
from evidence.data import atomic
from evidence.data.dataset import Dataset, load
from evidence.errors import ParameterError, SelectionError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.row import OF_COUNTS
from evidence.estimation.selection import EVERY, select
from evidence.followup.pairs import paired

ENOUGH = 2
"""Trials from which a question gets a report."""

TIMES = ("post", "follow_up")

_ASKED = ("therapy", "outcome", "timepoint")

_HEADING = """\
# Reports of this data package, one table each; evidence build --data with the folder of the package
# makes them. What stands here may be changed: id (name of the file), title, lede, notebook and its
# parameters, group of the index (answers, durability, trials, method), formats (html, docx, pdf).
# Without this file, the next build writes it anew.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a report would answer.

    Attributes
    ----------
    report_id, title, lede, notebook : str
        As a catalog has them.
    trials : int
        Trials with what the report needs.
    parameters : dict
        Of the notebook.
    group : str
        Of the index.
    """

    report_id: str
    title: str
    lede: str
    notebook: str
    trials: int
    parameters: dict[str, Any] = field(default_factory=dict)
    group: str = "answers"


def questions(dataset: Dataset) -> list[Question]:
    """Return what the trials of a package could answer, those with too few trials too.

    Each therapy has for each outcome the pooled effect at each time, events counted, and both times
    together; and all its effect sizes. Where a trial has several estimates of one outcome and time,
    the report takes a model of all of them.
    """
    frame = estimates(dataset)
    known = frame[frame.effect.notna() & (frame.therapy == frame.intervention)]
    order = [one for one in dataset.vocabulary("therapy") if one in set(known.therapy)]
    found: list[Question] = []
    for therapy in order:
        own = known[known.therapy == therapy]
        for outcome in dict.fromkeys(own.outcome_id):
            rows = own[own.outcome_id == outcome]
            found += _pooled(dataset, frame, therapy, outcome)
            found += _counted(dataset, rows, therapy, outcome)
            found += _both_times(dataset, rows, therapy, outcome)
        name = language.capitalized(dataset.in_text("therapy", therapy))
        found.append(
            Question(
                _id(therapy, "effect-sizes"),
                f"{name}: every effect size",
                "All outcomes and times.",
                "20_effect_sizes.ipynb",
                own.trial_id.nunique(),
                {"therapy": therapy},
                "trials",
            )
        )
    return found


def _pooled(
    dataset: Dataset, frame: pd.DataFrame, therapy: str, outcome: str
) -> Iterator[Question]:
    """Return the pooled effect on a score at each time that has one."""
    for timepoint in TIMES:
        asked = Specification(
            therapy=therapy, outcome=outcome, timepoint=timepoint, instrument=EVERY
        )
        try:
            every = select(frame, asked, multilevel=True)
        except (ParameterError, SelectionError):
            continue
        trials = every.estimates.trial_id
        if trials.empty:
            continue
        several = "che" if trials.duplicated().any() else "one_per_trial"
        yield Question(
            _id(therapy, outcome, timepoint),
            _title(dataset, therapy, outcome),
            f"{language.capitalized(dataset.in_text('timepoint', timepoint))}.",
            "10_pooled_effects.ipynb",
            trials.nunique(),
            {**dict(zip(_ASKED, asked.question, strict=True)), "model": several, "extent": "short"},
        )


def _counted(
    dataset: Dataset, rows: pd.DataFrame, therapy: str, outcome: str
) -> Iterator[Question]:
    """Return the events of an outcome that is one: nothing but counts."""
    if (rows.event == "").any():
        return
    counted = rows[rows.route.isin(OF_COUNTS) & (rows.timepoint != "baseline")]
    for event, own in counted.groupby("event", sort=False):
        yield Question(
            _id(therapy, outcome, str(event)),
            f"{_title(dataset, therapy, outcome)}, counted",
            "At the last time that a source counts.",
            "11_rare_events.ipynb",
            own.trial_id.nunique(),
            {"therapy": therapy, "outcome": outcome, "event": event},
        )


def _both_times(
    dataset: Dataset, rows: pd.DataFrame, therapy: str, outcome: str
) -> Iterator[Question]:
    """Return the comparison of both times, where a trial has any."""
    trials = {later.trial_id for _, later in paired(rows[rows.timepoint.isin(TIMES)])}
    if trials:
        yield Question(
            _id(therapy, outcome, "both-times"),
            f"{_title(dataset, therapy, outcome)} at follow-up",
            "End of treatment and follow-up.",
            "12_follow_up.ipynb",
            len(trials),
            {"therapy": therapy, "outcome": outcome},
            "durability",
        )


def _id(*parts: str) -> str:
    return "-".join(parts).replace("_", "-")


def _title(dataset: Dataset, therapy: str, outcome: str) -> str:
    name = language.capitalized(dataset.in_text("therapy", therapy))
    return f"{name} and {dataset.in_text('outcome', outcome)}"


def as_toml(found: list[Question]) -> str:
    """Return questions as the text of a catalog."""
    tables = []
    for one in found:
        given = ", ".join(f"{name} = {_text(value)}" for name, value in one.parameters.items())
        tables.append(
            "\n[[report]]\n"
            f"id = {_text(one.report_id)}\ntitle = {_text(one.title)}\nlede = {_text(one.lede)}\n"
            f"group = {_text(one.group)}\n"
            f'notebook = {_text(one.notebook)}\nparameters = {{ {given} }}\nformats = ["html"]\n'
        )
    return _HEADING + "".join(tables)


def _text(value: Any) -> str:
    # A JSON string is a basic string of TOML, but for one sign.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def write(package: Path, path: Path) -> list[str]:
    """Write the catalog of a package; return what it has, and what has too few trials, in lines.

    Parameters
    ----------
    package : Path
        Folder of the package.
    path : Path
        Catalog to write.

    Raises
    ------
    DataError
        If the package has faults.
    ParameterError
        If no question has two trials; nothing is written.
    OSError
        If it cannot be written.
    """
    found = questions(load(package))
    enough = [one for one in found if one.trials >= ENOUGH]
    if not enough:
        raise ParameterError(
            "data", str(package), "a package with an outcome that two trials of a therapy report"
        )
    atomic.replace(path, as_toml(enough))
    few = [one.report_id for one in found if one.trials < ENOUGH]
    lines = [f"{path}: written, {language.counted(len(enough), 'report')}"]
    lines += [f"  {one.report_id}: {one.trials} trials" for one in enough]
    if few:
        lines.append(f"not built, one trial each: {', '.join(few)}")
    return lines
