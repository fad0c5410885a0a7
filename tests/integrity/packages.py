"""Small packages of printed numbers, written as text as in the files of a data package."""

import json
from pathlib import Path

import pandas as pd

from evidence.integrity import audit

_DESCRIPTOR = json.loads(
    (Path(__file__).parents[2] / "data" / "datapackage.json").read_text(encoding="utf-8")
)
_FIELDS = {
    resource["name"]: {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    for resource in _DESCRIPTOR["resources"]
}

_ARMS = [
    {"arm_id": "a", "trial_id": "t1", "role": "intervention", "n_randomized": "30"},
    {"arm_id": "b", "trial_id": "t1", "role": "comparator", "n_randomized": "26"},
]
_INSTRUMENTS = [
    {"instrument_id": "bdi", "outcome_id": "depression", "range_low": "0", "range_high": "63",
     "higher_is": "worse"},
    {"instrument_id": "vas", "outcome_id": "pain", "higher_is": "worse"},
]  # fmt: skip


class Package:
    """Tables as a data set hands them out, from rows of text."""

    def __init__(self, **tables):
        given = {
            "arms": _ARMS,
            "instruments": _INSTRUMENTS,
            "trials": [{"trial_id": "t1", "label": "Trial 1"}],
            **tables,
        }
        self._text = {
            name: pd.DataFrame(
                [{column: row.get(column, "") for column in fields} for row in given.get(name, [])],
                columns=list(fields),
                dtype="str",
            )
            for name, fields in _FIELDS.items()
        }

    def text(self, table):
        return self._text[table]

    def lines(self, table):
        return range(2, len(self._text[table]) + 2)

    def printed(self, table):
        frame = self._text[table].copy()
        for column, kind in _FIELDS[table].items():
            if kind in ("number", "integer"):
                frame[column] = pd.to_numeric(frame[column].replace("", None)).astype("float64")
        return frame


def result(result_id, arm="a", **columns):
    """Row of arm_results."""
    return {
        "result_id": result_id, "trial_id": "t1", "arm_id": arm, "instrument_id": "bdi",
        "timepoint": "post", "clock": "randomization", "analysis_set": "as_printed",
        "locator_id": "l1", **columns,
    }  # fmt: skip


def statistic(result_id, kind, estimate, **columns):
    """Row of statistics."""
    return {
        "result_id": result_id, "trial_id": "t1", "intervention_arm_id": "a",
        "comparator_arm_id": "b", "instrument_id": "bdi", "timepoint": "post",
        "clock": "randomization", "statistic": kind, "estimate": estimate, "locator_id": "l1",
        **columns,
    }  # fmt: skip


def findings(*, check=None, **tables):
    """Findings of an audit as tuples of check, result, printed, expected, severity."""
    frame = audit(Package(**tables))
    return [
        (row.check, row.result_id, row.printed, row.expected, row.severity)
        for row in frame.itertuples()
        if check in (None, row.check)
    ]
