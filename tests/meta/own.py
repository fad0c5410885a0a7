"""Tables of studies as researchers have them; the numbers in them are made up."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[1] / "own"

MEANS = {
    **{"mean_1": "mean_treat", "sd_1": "sd_treat", "n_1": "n_treat"},
    **{"mean_2": "mean_ctrl", "sd_2": "sd_ctrl", "n_2": "n_ctrl"},
}
EVENTS = {
    **{"events_1": "events_treat", "n_1": "n_treat"},
    **{"events_2": "events_ctrl", "n_2": "n_ctrl"},
}
ARMS = {f"{name}_{i}": f"{name}_arm{i}" for name in ("mean", "sd", "n") for i in (1, 2)}


def table(name: str) -> pd.DataFrame:
    """Read one of the tables as pandas does."""
    return pd.read_csv(FOLDER / f"{name}.csv")
