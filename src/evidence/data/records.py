"""Rows of a frame as named tuples."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows of a frame by attribute.

    The columns of a frame are known to its schema and not to a type checker, which would take each
    field for a union of all that a cell can hold.
    """
    return frame.itertuples(index=False)
