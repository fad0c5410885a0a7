"""Reference numbers of effect sizes; where they come from is in the README beside them."""

import csv
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[2] / "oracles" / "effects"


def columns(data_set, *names):
    """Columns of a data set as arrays, NaN where a cell is empty."""
    with (FOLDER / f"{data_set}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[name] or "nan") for row in rows]) for name in names]


def escalc():
    return json.loads((FOLDER / "escalc.json").read_text(encoding="utf-8"))


def conversions():
    return json.loads((FOLDER / "conversions.json").read_text(encoding="utf-8"))["analyses"]


def array(values):
    """List with null for what the reference program left out."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)
